"""The same jobs on a real Dask scheduler, two workers on loopback, one of them killed mid-run."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from cxlib.batch.forkserver import can_fork
from cxlib.batch.plan import make_plan
from cxlib.batch.run import cluster, make_parcel
from cxlib.errors import RunError
from tests.batch.conftest import Place

pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.skipif(not can_fork(), reason="kernels are not forked on this system"),
    pytest.mark.xdist_group("cluster"),
]


@dataclass
class Cluster:
    """A scheduler and its workers, each a process started from the command line."""

    address: str
    log: Path
    scheduler: subprocess.Popen[str]
    workers: list[subprocess.Popen[str]] = field(default_factory=list)

    def add_worker(self) -> None:
        # a folder of its own, where nothing of the workspace is to be found
        folder = self.log.parent / f"worker{len(self.workers)}"
        folder.mkdir()
        command = ["worker", self.address, "--nthreads", "1", "--nworkers", "1", "--no-dashboard"]
        self.workers.append(
            dask(self.log, folder, *command, "--no-nanny", "--local-directory", str(folder))
        )


def dask(log: Path, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CX_")}
    with log.open("a", encoding="utf-8") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments],
            cwd=folder,
            env=environment | {"TMPDIR": str(folder)},
            stdout=file,
            stderr=file,
            text=True,
        )


@pytest.fixture
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("dask")
    log = folder / "log"
    scheduler = dask(
        log, folder, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"
    )
    address = _told(log, r"Scheduler at:\s+(tcp://127\.0\.0\.1:\d+)")[0]
    made = Cluster(address, log, scheduler)
    for _number in range(2):
        made.add_worker()
    _told(log, r"Registered to:\s+(\S+)", count=2)
    yield made
    for process in (*made.workers, scheduler):
        process.kill()
        process.wait()


def _told(log: Path, pattern: str, *, count: int = 1) -> list[str]:
    for _attempt in range(600):
        found = re.findall(pattern, log.read_text(encoding="utf-8"))
        if len(found) >= count:
            return [str(each) for each in found]
        time.sleep(0.05)
    raise AssertionError(log.read_text(encoding="utf-8"))


def test_a_worker_killed_mid_run_loses_no_job(place: Place, two_workers: Cluster) -> None:
    for number in range(4):
        place.add_client(f"c{number:02}")
    place.add_notebook(
        "01-first", "import time; time.sleep(0.7)", "_ = engagement.save(x={'a': 1})", opens=True
    )
    place.add_notebook("02-second", "engagement.read('first')['x']", reads=["first"], opens=True)
    struck = threading.Event()
    victim = two_workers.workers[0]

    def strike() -> None:
        process = psutil.Process(victim.pid)
        for _attempt in range(1500):
            kernels = [p for p in process.children(recursive=True) if p.parent() != process]
            if len(kernels) >= 2:  # a job and its kernel, below the server
                victim.send_signal(signal.SIGKILL)
                struck.set()
                return
            time.sleep(0.02)

    thread = threading.Thread(target=strike)
    thread.start()
    told = place.cx("run", "--dask", two_workers.address, "--json")
    thread.join()
    assert struck.is_set()
    assert told.returncode == 0, told.stderr
    manifest = place.manifest()
    assert manifest["executor"] == two_workers.address
    assert [job["state"] for job in manifest["jobs"]] == ["done"] * 8
    assert len(list(place.out.rglob("0*.html"))) == 8
    assert all(p.read_bytes().endswith(b"</html>") for p in place.out.rglob("0*.html"))


def test_a_parcel_for_a_cluster_carries_all_it_needs(two: Place) -> None:
    (job, *_rest) = make_plan(two.workspace, two.request(clients=("c00",))).jobs
    parcel = make_parcel(two.workspace, job, carry=True)
    assert all(isinstance(content, bytes) for content in parcel.files.values())
    assert "params/c00.yaml" in parcel.files
    assert not [name for name in parcel.files if "c01" in name or name.endswith((".key", ".csv"))]


def test_a_scheduler_that_does_not_answer_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cxlib.batch.run.PATIENCE", "1s")
    with (
        pytest.raises(RunError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"),
        cluster("tcp://127.0.0.1:9"),
    ):
        pytest.fail("nobody listens there")


def test_without_the_extra_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(RunError, match=r"cxlib\[dask\]"), cluster("tcp://127.0.0.1:9"):
        pytest.fail("there is no such package")
