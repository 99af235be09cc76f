"""Warm kernels are a matter of speed only: what comes out is the same to the byte."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import nbformat
import pytest

from cxlib.batch import _forkserver, forkserver
from cxlib.batch.forkserver import fork_server
from cxlib.batch.plan import Job, Run
from cxlib.errors import RunError
from tests.batch.conftest import PERIOD, Place

Look = Callable[[Run], dict[str, Job]]
pytestmark = pytest.mark.skipif(not forkserver.can_fork(), reason="no forking on this system")

FIGURE = """
from cxlib.analysis import scores
from cxlib.chapters.assessment import figures
survey = engagement.survey()
standing = engagement.standing()
engagement.show(standing)
main = engagement.metrics[0]
ratings = scores.distribution(survey[main.key], scale=main.scale)
engagement.draw(figures.distribution, ratings)
print({"a", "b", "c", "d"}, hash("order"))
_ = engagement.save(standing=standing)
"""


def test_a_warm_report_equals_a_cold_one_to_the_byte(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    place.add_client("c00", answers=120, languages="[en, zh]")
    place.add_notebook("02-figure", FIGURE, opens=True)
    made = []
    for cold in (False, True):
        place.limits = replace(place.limits, cold=cold)
        if not cold:
            fork_server().close()  # so that it starts with the pinned time
        run = place.run(force=True)
        assert not [e.error for e in run.ended if e.error]
        files = sorted(place.out.rglob("*.html"))
        assert len(files) == 2
        results = place.workspace.results("c00") / PERIOD / "en" / "figure.json"
        made.append([p.read_bytes() for p in (*files, results)])
    fork_server().close()
    for warm, cold_one in zip(*made, strict=True):
        assert difflib(warm, cold_one) == []
    assert b"<svg" in made[0][0]
    assert made[0][0] != made[0][1]


def difflib(a: bytes, b: bytes) -> list[str]:
    """Return the lines that differ, shortened."""
    lines = zip(a.decode().splitlines(), b.decode().splitlines(), strict=False)
    return [f"{x[:200]} | {y[:200]}" for x, y in lines if x != y]


def test_the_executed_notebook_is_as_papermill_makes_it(two: Place) -> None:
    run = two.run(clients=("c00",))
    notebook = nbformat.read(next(e.notebook for e in run.ended if e.notebook), as_version=4)
    about = notebook.metadata.papermill
    assert about.parameters == {"client": "c00", "period": PERIOD, "language": "en"}
    assert about.exception is None
    assert about.duration > 0
    tags = [c.metadata.get("tags", []) for c in notebook.cells]
    assert ["injected-parameters"] in tags
    assert {c.metadata.papermill.status for c in notebook.cells} == {"completed"}
    assert [c.execution_count for c in notebook.cells if c.cell_type == "code"] == [1, 2, 3]


def test_the_warm_process_has_one_thread_and_the_libraries() -> None:
    assert fork_server().call(_forkserver.threads) == 1
    assert fork_server().call(_loaded) == []


def _loaded() -> list[str]:
    import sys

    wanted = ("pandas", "matplotlib.pyplot", "duckdb", "papermill", "cxlib.engagement")
    return [name for name in wanted if name not in sys.modules]


def test_what_a_child_raises_is_raised_here() -> None:
    with pytest.raises(ZeroDivisionError):
        fork_server().call(_divide, 1, 0)


def _divide(a: float, b: float) -> float:
    return a / b


def test_in_a_stopped_run_none_is_started_for_what_did_not_begin(two: Place) -> None:
    forkserver.stop_fork_server()
    with pytest.raises(forkserver.DiedError, match="stopped"):
        fork_server()
    assert {e.state for e in two.run().ended} == {"done"}  # new work may


def test_a_child_that_dies_or_dawdles_is_told_apart() -> None:
    with pytest.raises(forkserver.DiedError):
        fork_server().call(os._exit, 3)
    with pytest.raises(forkserver.TimedOutError):
        fork_server().call(_sleep, timeout=0.3)


def _sleep() -> None:
    import time

    time.sleep(60)


def test_without_fork_kernels_start_cold(two: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cxlib.batch.work.can_fork", lambda: False)
    monkeypatch.setattr("cxlib.batch.plan.can_fork", lambda: False)
    monkeypatch.setattr(forkserver.ForkServer, "call", _divide)
    assert {e.state for e in two.run().ended} == {"done"}


def test_without_unix_sockets_the_line_to_a_kernel_is_encrypted(
    two: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pathlib import Path

    from cxlib.batch.provision import JobKernelManager

    monkeypatch.setattr("cxlib.batch.provision.sys.platform", "win32")
    manager = JobKernelManager.for_job(Path("/x"), memory=0, forked=None)()
    assert (manager.transport, manager.transport_encryption) == ("tcp", "required")


def test_a_warm_process_that_cannot_start_says_why_and_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(folder: object = None) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": "", "PYTHONHOME": "/nowhere"}

    monkeypatch.setattr(forkserver, "environment", fail)
    broken = forkserver.ForkServer()
    try:
        with pytest.raises(RunError, match=r"no warm process: .+; try `cx run --cold`"):
            broken.call(os.getpid)
    finally:
        broken.close()
