"""The batch engine against the loop it replaces, in one run on one machine: `make bench`.

``CX_BENCH_CLIENTS=1000`` adds a thousand clients to the growth table; ``CX_BENCH_LOOP=30`` runs
all thirty jobs of the plain loop instead of extrapolating from three.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import psutil
import pytest

from cxlib.batch.console import cores
from cxlib.batch.forkserver import can_fork
from tests.conftest import DEMO_CLIENTS, lay_out

pytestmark = [
    pytest.mark.bench,
    pytest.mark.skipif(not can_fork(), reason="kernels are not forked on this system"),
]
ROOT = Path(__file__).resolve().parents[2]
JOBS = 30
SHORT = (
    "from cxlib import Engagement\n"
    "engagement = Engagement.open(client, period=period, language=language, chapter='short')\n"
    "survey = engagement.survey()",
    "engagement.show(engagement.standing())",
)


def furnish(root: Path, clients: int, *, answers: int = 200) -> None:
    """Lay out a workspace of synthetic clients, each with two quarters of a small survey."""
    for name in ("params", "data", "notebooks"):
        (root / name).mkdir(parents=True)
    (root / "notebooks" / "only-these").touch()
    for number in range(clients):
        name = f"c{number:04}"
        draw = np.random.default_rng(number)
        folder = root / "data" / name
        folder.mkdir()
        (folder / "demo.key").write_text("cd" * 32, encoding="ascii")
        rows = ["id,date,rec,sat,a,b,c,tier"]
        scores = draw.integers(1, 6, size=(answers, 4))
        for i, (sat, a, b, c) in enumerate(scores):
            month, day = 1 + i % 6, 1 + i % 28
            rec, tier = min(10, 2 * sat + i % 3), "gold" if i % 3 else "silver"
            rows.append(f"r{i},2026-{month:02}-{day:02},{rec},{sat},{a},{b},{c},{tier}")
        (folder / "survey.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        (root / "params" / f"{name}.yaml").write_text(
            f"client: {name}\ndemo: true\nlanguage: en\nperiod: quarter\n"
            "survey:\n  source: survey.csv\n  columns: {id: id, date: date}\n"
            "  metrics:\n    nps: {column: rec, scale: [0, 10]}\n"
            "    csat: {column: sat, scale: [1, 5], top: 2}\n"
            "  touchpoints:\n"
            "    - {key: order, column: a, scale: [1, 5]}\n"
            "    - {key: delivery, column: b, scale: [1, 5]}\n"
            "    - {key: support, column: c, scale: [1, 5]}\n"
            "  segments: {tier: tier}\n",
            encoding="utf-8",
        )


def add_short_chapter(root: Path) -> None:
    notebook = nbformat.v4.new_notebook(metadata={"cx": {"schema": 1, "needs": [["survey"]]}})
    notebook.cells = [
        nbformat.v4.new_markdown_cell("# Short"),
        nbformat.v4.new_code_cell(
            'client = "c0000"\nperiod = "latest"\nlanguage = "en"',
            metadata={"tags": ["parameters"]},
        ),
        *map(nbformat.v4.new_code_cell, SHORT),
    ]
    nbformat.write(notebook, root / "notebooks" / "01-short.ipynb")


def command(root: Path, *arguments: str) -> float:
    """Run a command in a workspace; returns seconds."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=root,
        env={**os.environ, "CX_HOME": str(root), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began


@contextmanager
def watched() -> Iterator[list[float]]:
    """Sample the memory of all processes below this one (each page counted once); yields the peak.

    Yields
    ------
    list of float
        One number, MB.
    """
    peak, stop = [0.0], threading.Event()

    def look() -> None:
        while not stop.wait(0.5):
            total = 0
            for process in psutil.Process().children(recursive=True):
                try:
                    total += process.memory_full_info().pss
                except (psutil.Error, FileNotFoundError):
                    continue
            peak[0] = max(peak[0], total / 2**20)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


def plain_loop(root: Path, jobs: int) -> float:
    """Seconds a job of today's practice: papermill's command, then nbconvert's."""
    out = root / "plain"
    out.mkdir()
    chapter = root / "notebooks" / "02-assessment.ipynb"
    began = time.perf_counter()
    for number in range(jobs):
        done = out / f"{number}.ipynb"
        client = ["-p", "client", f"c{number:04}", "-p", "language", "en"]
        command(root, "papermill", str(chapter), str(done), *client, "-k", "python3")
        command(root, "jupyter", "nbconvert", "--to", "html", "--no-input", str(done))
    return (time.perf_counter() - began) / jobs


WARM = """
import json, os, sys, time
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
import nbformat
from cxlib.batch import _forkserver
_forkserver.preload()
os.environ["CX_JOB"] = "1"
shell = InteractiveShell.instance()
cells = [c.source for c in nbformat.read(sys.argv[1], 4).cells if c.cell_type == "code"]
took = []
for number in range(int(sys.argv[2])):
    began = time.perf_counter()
    for at, cell in enumerate(cells):
        told = f'client, period, language = "c{number:04}", "latest", "en"' if at == 0 else cell
        with capture_output():
            result = shell.run_cell(told)
        result.raise_error()
    took.append(time.perf_counter() - began)
print(json.dumps(sum(took[1:]) / len(took[1:])))
"""


def warm_cells(root: Path, jobs: int) -> float:
    """Seconds a job of the same cells in one process that has the libraries: the floor."""
    told = subprocess.run(
        [sys.executable, "-c", WARM, str(root / "notebooks" / "02-assessment.ipynb"), str(jobs)],
        cwd=root,
        env={
            **os.environ,
            "CX_HOME": str(root),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr[-2000:]
    return float(json.loads(told.stdout.splitlines()[-1]))


def test_thirty_jobs_against_the_plain_loop(tmp_path: Path) -> None:
    furnish(tmp_path, JOBS)
    shutil.copy(ROOT / "notebooks" / "02-assessment.ipynb", tmp_path / "notebooks")
    with watched() as peak:
        wall = command(tmp_path, "cxlib", "run", "--jobs", str(cores()))
    with watched() as again:
        forced = command(tmp_path, "cxlib", "run", "--jobs", str(cores()), "--force")
    cold = command(tmp_path, "cxlib", "run", "--jobs", str(cores()), "--force", "--cold")
    sample = int(os.environ.get("CX_BENCH_LOOP", "3"))
    loop = plain_loop(tmp_path, sample) * JOBS
    floor = warm_cells(tmp_path, 6) * JOBS / cores()
    said = "measured" if sample >= JOBS else f"{sample} measured, extrapolated"
    print(
        f"\n{JOBS} jobs (chapter assessment, 200 answers a client), {cores()} cores, "
        f"{platform.processor() or platform.machine()}, Python {platform.python_version()}\n"
        f"  plain loop ({said:24}) {loop:7.1f} s   1.0 ×\n"
        f"  cx run --cold                        {cold:7.1f} s {loop / cold:5.1f} ×\n"
        f"  cx run, first time (with ingest)     {wall:7.1f} s {loop / wall:5.1f} ×   "
        f"peak {peak[0]:.0f} MB\n"
        f"  cx run --force                       {forced:7.1f} s {loop / forced:5.1f} ×   "
        f"peak {again[0]:.0f} MB\n"
        f"  the cells alone, warm, / cores       {floor:7.1f} s: cx run is {forced / floor:.2f} ×"
    )
    assert loop / forced > 4


def test_the_whole_book_of_the_demo_clients_against_its_chapters(tmp_path: Path) -> None:
    workspace = lay_out(tmp_path / "demo", *DEMO_CLIENTS)
    chapters = command(workspace.root, "cxlib", "run", "--jobs", str(cores()))
    books = command(workspace.root, "cxlib", "run", "--jobs", str(cores()), "--book")
    bound = sorted(workspace.reports.rglob("book.html"))
    papers = len(list(workspace.reports.rglob("book.pdf")))
    reports = list(workspace.reports.rglob("[0-9]*.html"))
    bare = [len(re.sub(r"<svg.*?</svg>", "", p.read_text("utf-8"), flags=re.S)) for p in reports]
    print(
        f"\nthe demo clients, {cores()} cores\n"
        f"  {len(reports)} chapters          {chapters:7.1f} s\n"
        f"  {len(bound)} books, {papers} printed  {books:7.1f} s: {books / chapters:.2f} of that\n"
        f"  largest chapter {max(p.stat().st_size for p in reports) / 1000:.0f} KB, "
        f"without its figures {max(bare) / 1000:.0f} KB; "
        f"largest book {max(p.stat().st_size for p in bound) / 1000:.0f} KB"
    )
    assert bound
    assert books < chapters


def test_growth_is_linear_in_time_and_flat_in_memory(tmp_path: Path) -> None:
    sizes = [10, 100, *([int(most)] if (most := os.environ.get("CX_BENCH_CLIENTS")) else [])]
    rows = []
    for size in sizes:
        root = tmp_path / str(size)
        furnish(root, size, answers=60)
        add_short_chapter(root)
        with watched() as peak:
            wall = command(root, "cxlib", "run", "--jobs", str(cores()))
        assert len(list((root / "reports").rglob("01-short.html"))) == size
        rows.append((size, wall, peak[0]))
    print("\nclients      time   time a client   peak memory of the tree")
    for size, wall, peak_memory in rows:
        print(f"{size:7} {wall:7.1f} s {1000 * wall / size:12.0f} ms {peak_memory:12.0f} MB")
    for (small, wall_small, memory_small), (large, wall_large, memory_large) in pairwise(rows):
        assert wall_large / wall_small < 1.5 * large / small
        # ten jobs are over before their peak is sampled: flat means less than twice, not equal
        assert memory_large < 2 * memory_small
