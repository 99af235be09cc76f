"""What many tests share: a workspace of the demo clients, away from the checkout."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from cxlib import Engagement
from cxlib.workspace import Workspace

# The same examples every time: a build that fails must fail again when someone looks.
settings.register_profile("kit", derandomize=True, deadline=None)
settings.load_profile("kit")

os.environ.setdefault("CX_INTAKE_LIMITS", "0,0")  # read in the tests' own process: faster
# Else every command and fork server that a test starts would compile the kit's 300 files anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
ROOT = Path(__file__).resolve().parent.parent
DEMO_CLIENTS = ("harbour-hotels", "lakeside-bank", "nova-mall")


TOGETHER = {"chapters", "report"}
"""Folders whose modules each stay in one worker: what their fixtures make is made once."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a module's tests together where its fixtures cost more than its tests."""
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
    environment = {k: v for k, v in os.environ.items() if k not in ("CX_HOME", "CX_JOB")}
    command = [sys.executable, "-m", "cxlib", "run", "--language", "en"]
    told = subprocess.run(
        command, cwd=place.root, env=environment, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-1000:]
    return place
