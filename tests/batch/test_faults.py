"""Whatever one notebook does, the others come out and the fault is told where it was."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import nbformat
import psutil
import pytest

from cxlib.batch.forkserver import can_fork, fork_server
from cxlib.batch.plan import Job, Run, make_plan
from cxlib.batch.run import execute
from tests.batch.conftest import Place

Look = Callable[[Run], dict[str, Job]]
pytestmark = pytest.mark.skipif(not can_fork(), reason="kernels are not forked on this system")


def sound(place: Place) -> bool:
    return all("Sound" in place.report(c, "01-sound").read_text("utf-8") for c in ("c00", "c01"))


def failing(place: Place, look: Look, source: str, **limits: float) -> str:
    """Run a chapter that fails for c00 only, and return what is said of it."""
    place.limits = replace(place.limits, **limits)  # type: ignore[arg-type]
    place.add_notebook("02-bad", "x = 1", f"if client == 'c00':\n    {source}")
    run = place.run()
    ended = look(run)
    assert sound(place)
    assert ended["c01/bad"].state == "done"
    assert ended["c00/bad"].state == "failed"
    assert not place.report("c00", "02-bad").exists()
    assert run.failed
    notebook = ended["c00/bad"].notebook
    assert notebook is not None
    assert "x = 1" in notebook.read_text("utf-8")
    return ended["c00/bad"].error


def test_an_error_names_its_cell(two: Place, by_key: Look) -> None:
    assert failing(two, by_key, "1 / 0") == "cell [4]: ZeroDivisionError: division by zero"


def test_a_kernel_that_ends_itself_fails_its_own_job(two: Place, by_key: Look) -> None:
    said = failing(two, by_key, "import os; os._exit(3)")
    assert said.startswith("cell [4]: the kernel died (exit status 3)")


def test_a_kernel_that_is_killed_fails_its_own_job(two: Place, by_key: Look) -> None:
    said = failing(two, by_key, "import os; os.kill(os.getpid(), 9)")
    assert said.startswith("cell [4]: the kernel died (SIGKILL)")


def test_a_kernel_that_hangs_is_stopped_at_its_time_limit(two: Place, by_key: Look) -> None:
    began = time.monotonic()
    said = failing(two, by_key, "import time; time.sleep(600)", timeout=30.0)
    assert said == "cell [4]: stopped at its time limit of 30 s"
    assert time.monotonic() - began < 500


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="Linux limits memory")  # noqa: PTH110
def test_a_kernel_that_eats_memory_is_refused_more(two: Place, by_key: Look) -> None:
    said = failing(two, by_key, "import numpy; numpy.ones(2**28)", memory=512)
    assert said.startswith("cell [4]: ")
    assert "it needs more than its memory limit of 512 MB" in said


def test_a_notebook_that_is_no_json_fails_alone(two: Place) -> None:
    (two.root / "notebooks" / "03-torn.ipynb").write_text('{"cells": [', encoding="utf-8")
    two.add_notebook("04-reader", "1", reads=["torn"])
    run = two.run()
    assert sound(two)
    assert "03-torn.ipynb is not a notebook" in run.faults["03-torn.ipynb"]
    assert "reads 'torn', whose notebook is damaged" in run.faults["04-reader.ipynb"]
    assert run.failed


@pytest.mark.parametrize("lost", ["params/c00.yaml", ".cx/c00/tables/survey.parquet"])
def test_what_vanishes_between_plan_and_run_fails_one_client(
    two: Place, by_key: Look, lost: str
) -> None:
    request = two.request()
    plan = make_plan(two.workspace, request)
    content = (two.root / lost).read_bytes()
    (two.root / lost).unlink()
    with ThreadPoolExecutor(2) as pool:
        ended = by_key(execute(two.workspace, plan, request, executor=pool))
    assert ended["c00/sound"].state == "failed"
    assert ended["c00/sound"].error
    assert ended["c01/sound"].state == "done"
    assert not two.report("c00", "01-sound").exists()
    if lost.startswith("params"):
        (two.root / lost).write_bytes(content)
    assert by_key(two.run())["c00/sound"].state == "done"


def test_raw_data_that_vanish_refuse_one_client(two: Place, by_key: Look) -> None:
    (two.workspace.data("c00") / "survey.csv").unlink()
    run = two.run()
    assert "survey.csv" in run.faults["c00"]
    assert by_key(run)["c01/sound"].state == "done"


def test_an_output_folder_that_cannot_be_written_is_said(two: Place, by_key: Look) -> None:
    two.out.mkdir()
    (two.out / "c00").write_text("a file where a folder should be", encoding="utf-8")
    ended = by_key(two.run())
    assert ended["c00/sound"].state == "failed"
    assert "cannot write" in ended["c00/sound"].error
    assert str(two.report("c00", "01-sound")) in ended["c00/sound"].error
    assert ended["c01/sound"].state == "done"
    (two.out / "c00").unlink()
    ended = by_key(two.run())
    assert (ended["c00/sound"].state, ended["c01/sound"].state) == ("done", "fresh")


def test_a_fork_server_that_is_killed_is_lit_again(two: Place) -> None:
    two.add_notebook("02-slow", "import time; time.sleep(1.5)")
    server = fork_server()
    server.call(os.getpid)
    first = server.pid

    def strike() -> None:
        time.sleep(1.0)
        os.kill(first, signal.SIGKILL)

    thread = threading.Thread(target=strike)
    thread.start()
    run = two.run()
    thread.join()
    assert server.pid != first
    assert {e.state for e in run.ended} == {"done"}
    assert sound(two)


def test_a_worker_that_is_killed_is_replaced(two: Place) -> None:
    mark = two.root / "struck"
    two.add_notebook("02-slow", "import os, time; print(os.getppid()); time.sleep(1.5)")

    def strike() -> None:
        for _attempt in range(400):
            for job in _workers():
                with suppress(ProcessLookupError):
                    os.kill(job, signal.SIGKILL)
                    mark.touch()
                    return
            time.sleep(0.02)

    fork_server().call(os.getpid)
    thread = threading.Thread(target=strike)
    thread.start()
    run = two.run(chapters=("slow",))
    thread.join()
    assert mark.exists()
    assert {e.state for e in run.ended} == {"done"}
    assert max(e.attempts for e in run.ended) == 2


def _workers() -> list[int]:
    """Return the processes that execute jobs now: children of the server that have a kernel."""
    found = []
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(fork_server().pid).children():
            with suppress(psutil.NoSuchProcess):
                if child.children():
                    found.append(child.pid)
    return found


def test_a_job_that_kills_its_worker_each_time_fails_after_three_attempts(
    two: Place, by_key: Look
) -> None:
    two.add_notebook("02-bad", "import os, time\nif client == 'c00':\n    time.sleep(30)")
    stop = threading.Event()

    def strike() -> None:
        while not stop.wait(0.05):
            for job in _workers():
                with suppress(ProcessLookupError):
                    os.kill(job, signal.SIGKILL)

    thread = threading.Thread(target=strike)
    thread.start()
    try:
        ended = by_key(two.run(clients=("c00",), chapters=("bad",)))
    finally:
        stop.set()
        thread.join()
    assert ended["c00/bad"].state == "failed"
    assert "begun 3 times" in ended["c00/bad"].error


def test_a_report_that_cannot_be_rendered_fails_its_job(two: Place, by_key: Look) -> None:
    two.add_notebook(
        "02-odd",
        "from IPython.display import display",
        "display({'application/vnd.cx.findings+json': {'items': [{'id': 1}]}}, raw=True)",
    )
    ended = by_key(two.run())
    assert ended["c00/odd"].error.startswith("its report: KeyError: ")
    assert ended["c00/sound"].state == "done"


def test_no_kernel_and_no_folder_is_left(two: Place) -> None:
    two.add_notebook("02-bad", "import subprocess; subprocess.Popen(['sleep', '987.25'])")
    two.run()
    server = fork_server()
    for _attempt in range(50):
        left = psutil.Process(server.pid).children(recursive=True)
        sleepers = [
            p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "987.25"]
        ]
        if not left and not sleepers:
            break
        time.sleep(0.05)
    assert not left
    assert not sleepers
    mine = [p for p in Path(tempfile.gettempdir()).glob("cx-job-*") if _ours(p)]
    assert not mine


def _ours(folder: Path) -> bool:
    try:
        return (folder / "held").read_text(encoding="utf-8") == str(os.getpid())
    except FileNotFoundError:  # another run's, which has just removed it
        return False


def test_the_kept_notebook_shows_the_error(two: Place, by_key: Look) -> None:
    two.add_notebook("02-bad", "1 / 0")
    ended = by_key(two.run())["c00/bad"]
    assert ended.notebook is not None
    notebook = nbformat.read(ended.notebook, as_version=4)
    assert any(
        o.output_type == "error" for c in notebook.cells if "outputs" in c for o in c.outputs
    )
    assert notebook.metadata.papermill.parameters == {
        "client": "c00",
        "period": "2026Q2",
        "language": "en",
    }
