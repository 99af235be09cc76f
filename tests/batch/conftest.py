"""Small workspaces for the batch engine: clients of forty answers, notebooks of a cell or two."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner, Result

from cxlib.batch.plan import Job, Request, Run, make_plan
from cxlib.batch.run import alone, execute
from cxlib.cli import main
from cxlib.data.apart import Limits
from cxlib.workspace import Workspace

PARAMETERS = 'client: str = "c00"\nperiod: str = "latest"\nlanguage: str = "client"'
OPEN = (
    "from cxlib import Engagement\n"
    "engagement = Engagement.open(client, period=period, language=language, chapter={stem!r})"
)
PERIOD = "2026Q2"


@dataclass
class Place:
    """A workspace that a test furnishes, and the ways to run in it."""

    workspace: Workspace
    limits: Limits = field(default_factory=lambda: Limits(timeout=60))

    @property
    def root(self) -> Path:
        return self.workspace.root

    @property
    def out(self) -> Path:
        return self.workspace.reports

    def add_client(self, name: str, *, answers: int = 40, languages: str = "en") -> None:
        folder = self.root / "data" / name
        folder.mkdir(parents=True)
        seed = sum(map(ord, name))
        rows = [
            f"r{i},2026-0{1 + i % 6}-1{i % 9},{1 + (i * 7 + seed) % 5},{(i * 3 + seed) % 11}"
            for i in range(answers)
        ]
        text = "\n".join(["id,date,sat,rec", *rows]) + "\n"
        (folder / "survey.csv").write_text(text, encoding="utf-8")
        (folder / "demo.key").write_text("ab" * 32, encoding="ascii")
        (self.root / "params" / f"{name}.yaml").write_text(
            f"client: {name}\ndemo: true\nlanguage: {languages}\nperiod: quarter\n"
            "survey:\n  source: survey.csv\n  columns: {id: id, date: date}\n"
            "  metrics:\n    nps: {column: rec, scale: [0, 10]}\n"
            "    csat: {column: sat, scale: [1, 5], top: 2}\n",
            encoding="utf-8",
        )

    def add_notebook(
        self, name: str, *cells: str, reads: Sequence[str] = (), opens: bool = False, **about: Any
    ) -> Path:
        stem = name.partition("-")[2]
        sources = [OPEN.format(stem=stem), *cells] if opens else list(cells)
        about = {"schema": 1, "needs": [["survey"]], "reads": list(reads)} | about
        notebook = nbformat.v4.new_notebook(metadata={"cx": about})
        notebook.cells = [
            nbformat.v4.new_markdown_cell(f"# {stem.capitalize()}"),
            nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
            *(nbformat.v4.new_code_cell(source) for source in sources),
        ]
        path = self.root / "notebooks" / f"{name}.ipynb"
        nbformat.write(notebook, path)
        return path

    def request(self, **changes: Any) -> Request:
        return replace(Request(out=self.out, jobs=2, limits=self.limits), **changes)

    def plan(self, **changes: Any) -> Any:
        return make_plan(self.workspace, self.request(**changes), write=False)

    def run(self, **changes: Any) -> Run:
        """Run in this process's own server, which stays warm for the next test."""
        request = self.request(**changes)
        with alone(self.workspace, request), ThreadPoolExecutor(2) as pool:
            plan = make_plan(self.workspace, request)
            return execute(self.workspace, plan, request, executor=pool)

    def report(self, client: str, chapter: str, *, out: Path | None = None) -> Path:
        return (out or self.out) / client / PERIOD / "en" / f"{chapter}.html"

    def says(self, *arguments: str) -> Result:
        """Give a command in this process: nothing of it outlives it."""
        return CliRunner().invoke(main, arguments, env={"CX_HOME": str(self.root)})

    def cx(self, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cxlib", *arguments],
            cwd=self.root,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "cxlib", *arguments],
            cwd=self.root,
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # shells start what runs in the background with Ctrl-C ignored
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )

    def environment(self) -> dict[str, str]:
        return {**os.environ, "CX_HOME": str(self.root), "TMPDIR": str(self.root / "t")}

    def manifest(self) -> dict[str, Any]:
        path = self.root / ".cx" / "manifest.json"
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return told


def furnished(root: Path) -> Place:
    """Lay out an empty workspace."""
    for name in ("params", "data", "notebooks", "t"):
        (root / name).mkdir(parents=True)
    (root / "notebooks" / "only-these").touch()
    return Place(Workspace(root.resolve()))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty workspace."""
    return furnished(tmp_path)


@pytest.fixture
def two(place: Place) -> Place:
    """A workspace with two clients and one sound chapter."""
    place.add_client("c00")
    place.add_client("c01")
    place.add_notebook("01-sound", "print(client, period, language)")
    return place


@pytest.fixture(scope="session")
def by_key() -> Callable[[Run], dict[str, Job]]:
    """Look jobs up by ``client/chapter``."""

    def look(run: Run) -> dict[str, Job]:
        return {f"{e.client}/{e.stem}": e for e in run.ended}

    return look
