"""The command itself: interrupted, killed, out of disk, two at once; the next run goes on."""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from cxlib.batch.state import job_folder, sweep
from tests.batch.conftest import Place

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and flock")


def ours(place: Place) -> list[psutil.Process]:
    """Return the processes that a run in this workspace started and that still live."""
    found = []
    for process in psutil.process_iter(["pid"]):
        try:
            if process.environ().get("TMPDIR", "").startswith(str(place.root)):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return [p for p in found if p.pid != os.getpid()]


def gone(processes: list[psutil.Process]) -> bool:
    _gone, alive = psutil.wait_procs(processes, timeout=120)
    return not [p for p in alive if _lives(p)]


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it ended between the two questions
        return False


def tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def warm_ones(process: subprocess.Popen[bytes]) -> Iterator[int]:
    """Yield which warm processes a run has, again and again until it ends, or for 30 s."""
    until = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < until:
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            for child in psutil.Process(process.pid).children():
                if os.getsid(child.pid) == child.pid:  # others are what jobs left
                    yield child.pid
        time.sleep(0.02)


def whole(place: Place) -> bool:
    """Return whether every report that is there is whole."""
    return all(
        p.read_bytes().endswith(b"</html>")
        for p in place.out.rglob("*.html")
        if p.name != "index.html"
    )


@pytest.fixture
def busy(place: Place) -> Place:
    """Four clients, two chapters, half a second each."""
    for number in range(4):
        place.add_client(f"c{number:02}")
    place.add_notebook(
        "01-first", "import time; time.sleep(0.4)", "_ = engagement.save(x={'a': 1})", opens=True
    )
    place.add_notebook("02-second", "engagement.read('first')['x']", reads=["first"], opens=True)
    return place


def test_run_list_and_manifest_tell_the_same(two: Place) -> None:
    two.add_notebook("02-bad", "1 / 0")
    plan = two.says("run", "--dry-run")
    assert plan.exit_code == 0, plan.stderr
    assert "4 of 4 would run." in plan.stdout
    assert "never run       no report yet" in plan.stdout
    assert not (two.root / ".cx").exists()
    told = two.cx("run", "--json", "--jobs", "2", "--timeout", "50", "--memory", "1024")
    assert told.returncode == 1
    assert "✗ c00 · 02-bad · 2026Q2 · en" in told.stderr
    assert "cell [3]: ZeroDivisionError: division by zero" in told.stderr
    assert "see .cx/c00/runs/2026Q2/en/02-bad.ipynb" in told.stderr
    manifest = json.loads(told.stdout)
    assert manifest == two.manifest()
    assert manifest["limits"] == {"timeout_seconds": 50.0, "memory_megabytes": 1024}
    assert manifest["kernels"] == "warm"
    counts = [job["state"] for job in manifest["jobs"]]
    assert (counts.count("done"), counts.count("failed")) == (2, 2)
    listed = two.says("list").stdout
    assert listed.count("fresh") == 2
    assert listed.count("failed          cell [3]: ZeroDivisionError") == 2
    assert gone(ours(two))
    assert list((two.root / "t").iterdir()) == []


def records(place: Place) -> dict[Path, int]:
    return {p: p.stat().st_mtime_ns for p in (place.root / ".cx").glob("*/runs/*/*/first.json")}


def test_an_interrupted_run_leaves_nothing_half_done(busy: Place) -> None:
    """Ctrl-C, a polite end and a kill, each while jobs run; then a run that goes on."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        before = records(busy)
        process = busy.start("run", "--jobs", "2", "--force")
        until = time.monotonic() + 60
        while records(busy) == before and time.monotonic() < until:
            time.sleep(0.02)
        family = tree(process.pid)
        assert len(family) >= 2  # the run, its warm process, and most often jobs
        process.send_signal(number)
        warm = set(warm_ones(process))
        code = process.wait(timeout=30)
        assert warm <= {p.pid for p in family}  # nothing begins any more
        assert code == (-9 if number == signal.SIGKILL else 130)
        assert gone(family)
        assert whole(busy)
        if number != signal.SIGKILL:
            assert busy.manifest()["interrupted"]
            assert "interrupted" in {job["state"] for job in busy.manifest()["jobs"]}
    assert _goes_on(busy).count("fresh") > 0


@pytest.mark.slow
def test_ten_kills_at_random_moments_then_a_run_that_completes(busy: Place) -> None:
    dice = random.Random(20)
    for _time in range(10):
        process = busy.start("run", "--jobs", "2", "--force")
        time.sleep(dice.uniform(0.1, 5.0))
        family = tree(process.pid)
        process.kill()
        process.wait(timeout=30)
        assert gone(family)
        assert whole(busy)
    _goes_on(busy)
    assert list((busy.root / "t").iterdir()) == []
    assert gone(ours(busy))


def _goes_on(place: Place) -> list[str]:
    finished = len(list(place.out.rglob("0*.html")))
    told = place.cx("run", "--json", "--jobs", "2")
    assert told.returncode == 0, told.stderr
    states = [job["state"] for job in json.loads(told.stdout)["jobs"]]
    assert len(states) == len(list(place.out.rglob("0*.html"))) == 8
    assert set(states) <= {"done", "fresh"}
    assert states.count("fresh") <= finished
    assert not list(place.root.rglob(".*.part"))
    return states


def test_a_second_run_waits_for_the_first_and_says_so(busy: Place) -> None:
    first = busy.start("run", "--jobs", "2")
    lock = busy.workspace.state("c00") / "lock"
    until = time.monotonic() + 30
    while time.monotonic() < until and not _held(lock):
        time.sleep(0.02)
    second = busy.cx("run", "c00", "--json")
    assert first.wait(timeout=60) == 0
    assert second.returncode == 0, second.stderr
    assert f"waiting for another run (process {first.pid}) that has c00" in second.stderr
    assert {job["state"] for job in json.loads(second.stdout)["jobs"]} == {"fresh"}


def _held(lock: Path) -> bool:
    if not lock.exists():
        return False
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk_loses_no_other_report(two: Place) -> None:
    small = two.root / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "cx-test", str(small)], check=False
    )
    if mounted.returncode:
        pytest.skip("a small tmpfs cannot be mounted here")
    try:
        two.run(clients=("c00",))
        pages = -(-two.report("c00", "01-sound").stat().st_size // 4096)
        (small / "ballast").write_bytes(b"x" * (65536 - 4096 * pages))
        told = two.cx("run", "--json", "--force", "--out", str(small), "--jobs", "1")
        jobs = json.loads(told.stdout)["jobs"]
        assert told.returncode == 1
        assert [job["state"] for job in jobs] == ["done", "failed"]
        assert "No space left on device" in jobs[1]["error"]
        assert all(p.read_bytes().endswith(b"</html>") for p in small.rglob("0*.html"))
        assert not list(small.rglob(".*.part"))
        (small / "ballast").unlink()
        assert not two.run(out=small, jobs=1).failed
        assert len(list(small.rglob("01-sound.html"))) == 2
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_folders_of_killed_runs_are_swept_and_those_in_use_are_not() -> None:
    code = (
        "from cxlib.batch.state import job_folder; import os\n"
        "with job_folder() as f: print(f, flush=True); os.kill(os.getpid(), 9)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    orphan = Path(told.stdout.strip())
    assert orphan.is_dir()
    with job_folder() as mine:
        assert sweep() >= 1
        assert not orphan.exists()
        assert mine.is_dir()
        assert mine.parent.stat().st_mode & 0o077 == 0
    assert not mine.parent.exists()
