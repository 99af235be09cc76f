"""What a hostile notebook tries against other clients, the machine and the run: many in one run.

Each try is a chapter of its own; all run at once, two at a time, with real kernels.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from cxlib.batch import confine
from cxlib.batch.forkserver import stop_fork_server
from cxlib.batch.plan import Job
from tests.batch.conftest import PERIOD, furnished

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the boundaries are Linux's"),
    pytest.mark.xdist_group("attack"),
]
landlock = pytest.mark.skipif(confine.landlock_abi() == 0, reason="no Landlock in this kernel")

SAVED = (
    "path = '.cx/{c}/results/2026Q2/en/{stem}.json'; import os; os.makedirs(os.path.dirname(path))"
)
SLEEPER = "import subprocess; subprocess.Popen({how}['sleep', '{tag}'], start_new_session=True)"
EATER = "import time; b = bytearray(200 << 20); b[::4096] = b'x' * len(b[::4096]); time.sleep(60)"
LISTEN = """
import re, time, zmq
heard, seen, end = [], set(), time.monotonic() + 6
context = zmq.Context()
while time.monotonic() < end and not heard:
    for path in set(re.findall(r'\\S*cx-job-\\S+', open('/proc/net/unix').read())) - seen:
        seen.add(path)
        ear = context.socket(zmq.SUB)
        ear.subscribe(b'')
        ear.connect('ipc://' + path)
        seen.add(ear)
    for ear in [s for s in seen if not isinstance(s, str)]:
        if ear.poll(20):
            heard.append(b' '.join(ear.recv_multipart()))
mine = os.getcwd().rpartition('/')[0]
foreign = [p for p in seen if isinstance(p, str) and not p.startswith(mine)]
assert foreign, 'nobody else was there to be heard'
assert not [h for h in heard if b'c01-says' in h], 'heard another kernel'
""".replace("import re", "import os, re")

TRIES = {
    "link": SAVED + "; os.symlink({secret!r}, path)",
    "link-above": "import os; os.makedirs('.cx/{c}/results'); os.symlink({folder!r}, "
    "'.cx/{c}/results/2026Q2')",
    "hard-link": SAVED + "; os.link('params/{c}.yaml', path)",
    "pipe": SAVED + "; os.mkfifo(path)",
    "large": SAVED + "; os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 300 << 20)",
    "not-mine": SAVED + "; engagement.save(x=1); written = open(path).read(); "
    "open(path, 'w').write(written.replace('\"{c}\"', '\"c01\"'))",
    "params": "import os; os.remove('params/{c}.yaml'); os.symlink({secret!r}, 'params/{c}.yaml')",
    "outputs": "import os; os.symlink({secret!r}, '../w/executed.ipynb')",
    "swap": "import os; os.remove('../w/params/{c}.yaml')",
    "sleeper": SLEEPER.format(how="", tag="{tag}.1"),
    "deep-sleeper": SLEEPER.format(how="['setsid', '-f', 'setsid'] + ", tag="{tag}.2"),
    "killer": SLEEPER.format(how="", tag="{tag}.3") + "; import os; os._exit(3)",
    "many": "import subprocess, sys, time\nfor _ in range(4):\n"
    "    subprocess.Popen([sys.executable, '-c', {eater!r}])\ntime.sleep(60)",
    "shared": "import mmap, time\nm = mmap.mmap(-1, 1 << 30)\nfor at in range(0, 1 << 30, 4096):\n"
    "    m[at] = 1\ntime.sleep(60)",
    "lost": "import sys; print('MemoryError', file=open('tmp/kernel.log', 'a'))",
    "flood": "import sys\nfor _ in range(1200):\n    sys.stdout.write('x' * (1 << 20)); "
    "sys.stdout.flush()",
    "phone": "print('call 138 1234 5678')",
}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Job]]:
    root = tmp_path_factory.mktemp("attack")
    place = furnished(root)
    place.add_client("c00")
    place.add_client("c01")
    folder = root / "outside"
    folder.mkdir()
    secret = folder / "outside.json"
    secret.write_text('{"top": "secret-of-the-house"}', encoding="utf-8")
    for number, (stem, source) in enumerate(TRIES.items(), start=20):
        filled = source
        for key, value in {
            "{c}": "c00", "{stem}": stem, "{tag}": TAG, "{secret!r}": repr(str(secret)),
            "{folder!r}": repr(str(folder)), "{eater!r}": repr(EATER),
        }.items():  # fmt: skip
            filled = filled.replace(key, value)
        guarded = "if client == 'c00':\n    " + filled.replace("\n", "\n    ")
        place.add_notebook(f"{number}-{stem}", guarded, opens=True)
    place.add_notebook("01-duo", "import time\nif client == 'c01':\n    for _ in range(60):\n"
        "        print('c01-says'); time.sleep(0.1)\nelse:\n    "
        + LISTEN.strip().replace("\n", "\n    "))  # fmt: skip
    place.limits = replace(place.limits, memory=512)
    duo = place.run(chapters=("duo",))
    rest = place.run(clients=("c00",), chapters=tuple(TRIES))
    both = {f"{e.client}/{e.stem}": e for e in (*duo.ended, *rest.ended)}
    yield both
    stop_fork_server()
    assert secret.read_text("utf-8") == '{"top": "secret-of-the-house"}'
    assert [p.name for p in folder.iterdir()] == ["outside.json"]
    everything = (p for p in root.rglob("*") if p.is_file() and folder not in p.parents)
    for path in everything:
        if path.parent.name != "notebooks":
            assert b"secret-of-the-house" not in path.read_bytes(), path
    assert not [p for p in root.rglob("*") if p.is_symlink()]


TAG = f"9{time.time_ns() % 10**7:07}"


@pytest.mark.parametrize("stem", ["link", "link-above", "hard-link", "pipe", "large", "not-mine"])
def test_what_a_job_left_is_opened_without_following_and_must_be_its_own(
    ended: dict[str, Job], stem: str
) -> None:
    one = ended[f"c00/{stem}"]
    assert one.state == "failed"
    assert re.match("what it left: ", one.error), one.error


@landlock
def test_what_the_worker_reads_and_writes_is_out_of_the_notebooks_reach(
    ended: dict[str, Job],
) -> None:
    for stem in ("outputs", "swap"):
        assert "PermissionError" in ended[f"c00/{stem}"].error
    assert ended["c00/params"].state == "done"  # the report was made from the worker's own copy


def test_kernels_do_not_hear_each_other(ended: dict[str, Job]) -> None:
    assert (ended["c00/duo"].state, ended["c00/duo"].error) == ("done", "")
    assert ended["c01/duo"].state == "done"


def test_nothing_that_a_cell_started_outlives_its_job(ended: dict[str, Job]) -> None:
    assert ended["c00/sleeper"].state == ended["c00/deep-sleeper"].state == "done"
    assert "the kernel died (exit status 3)" in ended["c00/killer"].error
    left = [p.info["cmdline"] for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"]]
    assert not [line for line in left if TAG in " ".join(line)]


@pytest.mark.parametrize("stem", ["many", "shared"])
def test_the_memory_limit_is_of_all_processes_together_and_of_shared_memory(
    ended: dict[str, Job], stem: str
) -> None:
    assert "together need more than its memory limit of 512 MB" in ended[f"c00/{stem}"].error


def test_what_a_notebook_prints_counts_as_well(ended: dict[str, Job]) -> None:
    assert ended["c00/flood"].state == "failed"
    assert "memory limit of 512 MB" in ended["c00/flood"].error


def test_output_that_a_limit_lost_is_said(ended: dict[str, Job]) -> None:
    assert ended["c00/lost"].error == "output was lost to its memory limit of 512 MB"


def test_the_gate_stops_a_report_and_leaves_the_notebook(ended: dict[str, Job]) -> None:
    one = ended["c00/phone"]
    assert one.error == "not delivered: its notebook holds a telephone number (13…)"
    assert one.report is None
    assert one.notebook is not None
    assert one.notebook.stat().st_mode & 0o077 == 0


def test_cold_kernels_leave_nothing_running_either(tmp_path: Path) -> None:
    place = furnished(tmp_path)
    place.add_client("c00")
    place.add_notebook("01-cold", SLEEPER.format(how="['setsid', '-f'] + ", tag=f"{TAG}.4"))
    place.limits = replace(place.limits, cold=True)
    (one,) = place.run().ended
    assert (one.state, one.error) == ("done", "")
    assert place.report("c00", "01-cold").parent.parent.name == PERIOD
    until = time.monotonic() + 30
    while time.monotonic() < until:
        lines = [" ".join(p.info["cmdline"] or ()) for p in psutil.process_iter(["cmdline"])]
        if not [line for line in lines if f"{TAG}.4" in line]:
            return
        time.sleep(0.05)
    pytest.fail("it still runs")
