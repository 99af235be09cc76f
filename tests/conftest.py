"""What many tests share: a workspace of the demo clients, away from the checkout."""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from cxlib import Engagement
from cxlib.batch.forkserver import stop_fork_server
from cxlib.batch.plan import Request, Run, make_plan
from cxlib.batch.run import alone, execute
from cxlib.workspace import Workspace

# The same examples every time: a build that fails must fail again when someone looks.
settings.register_profile("kit", derandomize=True, deadline=None)
settings.load_profile("kit")

gc.set_threshold(20_000, 20, 20)  # as in a job: figures are cycles, and looking for them costs
# Optional to jsonschema, as for jobs: its grammars take two seconds in every process of the tests.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
os.environ.setdefault("CX_INTAKE_LIMITS", "0,0")  # read in the tests' own process: faster
# Else every command and fork server that a test starts would compile the kit's 300 files anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
ROOT = Path(__file__).resolve().parent.parent
DEMO_CLIENTS = ("harbour-hotels", "lakeside-bank", "nova-mall")


TOGETHER = {"chapters", "report"}
"""Folders whose modules each stay in one worker: what their fixtures make is made once."""


LONGEST = (
    *("test_payloads", "test_coherence", "test_end_to_end", "test_survival", "test_every_chapter"),
    *("test_faults", "test_mutated", "test_public_data", "test_lessons", "test_forms"),
    *("test_skeleton", "test_monitoring", "test_actions", "test_pieces", "test_warnings"),
)
"""Modules to begin with, so that no worker is left alone with one of them."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a module's tests together where its fixtures cost more than its tests."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = {name: at for at, name in enumerate(LONGEST)}
        items.sort(key=lambda item: place.get(item.path.stem, len(LONGEST)))
    for item in items if "PYTEST_XDIST_WORKER" in os.environ else ():
        alone = item.get_closest_marker("xdist_group") is None
        if alone and item.path.parent.name in TOGETHER:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


MADE: list[Path] = []
"""Where what the kit makes of the demo clients' data is kept for all workers of this session."""


@pytest.fixture(scope="session", autouse=True)
def _made(tmp_path_factory: pytest.TempPathFactory) -> None:
    base = tmp_path_factory.getbasetemp()
    MADE.append(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)


def lay_out(target: Path, *clients: str) -> Workspace:
    """Lay out a workspace in `target` with some of the demo clients, and the kit's notebooks."""
    (target / "params").mkdir(parents=True)
    for client in clients:
        shutil.copy(ROOT / "params" / f"{client}.yaml", target / "params")
        shutil.copytree(ROOT / "data" / client, target / "data" / client)
    shutil.copytree(ROOT / "notebooks", target / "notebooks")
    return Workspace(target.resolve())


def copy_workspace(target: Path, *clients: str) -> Workspace:
    """Lay out a workspace whose clients' data are taken in and measured already."""
    place = lay_out(target, *clients)
    for client in clients:
        shutil.copytree(taken_in(client), place.state(client))
    return place


@cache
def taken_in(client: str) -> Path:
    """Return the tables and estimates of a demo client, made by whichever worker comes first."""
    folder = MADE[0] / f"made-{client}"
    with MADE[0].joinpath(f"{client}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            place = lay_out(MADE[0] / f"source-{client}", client)
            engagement = Engagement.open(client, workspace=place)
            engagement.standing("survey", "touchpoint", "tickets", "reported")
            left = shutil.ignore_patterns("registers", "scratch", "*.lock")
            shutil.copytree(place.state(client), folder, ignore=left)
    return folder


def made(place: Workspace, *clients: str, **asked: Any) -> Run:
    """Run what `cx run` would, in the warm process of this worker; all of it must end well."""
    request = Request(place.reports, clients, **asked)
    with alone(place, request):
        run = execute(place, make_plan(place, request), request)
    assert run.faults == {}
    failed = {job.key: job.error or job.state for job in run.ended}
    assert {key: why for key, why in failed.items() if why not in ENDED_WELL} == {}
    return run


ENDED_WELL = ("done", "fresh", "not applicable")


@pytest.fixture(scope="session", autouse=True)
def _embers() -> Iterator[None]:
    yield
    stop_fork_server()


@pytest.fixture(scope="session")
def demo_workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """All three demo clients; read it, do not change it."""
    return copy_workspace(tmp_path_factory.mktemp("demo") / "演示 workspace", *DEMO_CLIENTS)


@pytest.fixture(scope="session")
def public_data() -> Path:
    """Public data sets: in ``CX_SHARED_DATA``, or ``shared/data`` beside the checkout."""
    folder = Path(os.environ.get("CX_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the public data sets are not here; name their folder in CX_SHARED_DATA")
    return folder


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Every chapter of every demo client, executed as a consultant would."""
    place = copy_workspace(tmp_path_factory.mktemp("coherence"), *DEMO_CLIENTS)
    made(place, language="en")
    return place
