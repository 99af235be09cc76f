"""Exploring leaves the kit's notebooks alone; forgetting leaves nothing of a client."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from cxlib.batch.chapters import discover
from cxlib.batch.explore import START, explore
from cxlib.batch.plan import notebook_digest
from tests.batch.conftest import Place

ROOT = Path(__file__).resolve().parents[2]


def dirty(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["language_info"] = {"version": "3.99"}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("stream", text="a client's verbatim")]
            cell.execution_count = 1
    nbformat.write(notebook, path)


def test_copies_to_explore_are_the_clients_and_stay(two: Place) -> None:
    source = two.root / "notebooks" / "01-sound.ipynb"
    before = source.read_bytes()
    chapters = discover(two.workspace.notebooks).chapters
    start, copy = explore(two.workspace, "c01", chapters)
    assert start.name == START
    assert copy == two.root / "explore" / "c01" / "01-sound.ipynb"
    parameters = nbformat.read(copy, as_version=4).cells[1].source
    assert 'client: str = "c01"' in parameters
    assert 'period: str = "latest"' in parameters
    dirty(copy)
    after = copy.read_bytes()
    assert explore(two.workspace, "c01", chapters) == [start, copy]
    assert (copy.read_bytes(), source.read_bytes()) == (after, before)
    assert copy.parent.stat().st_mode & 0o077 == 0


def test_a_chapter_that_was_looked_at_is_as_fresh_as_before(two: Place) -> None:
    two.run()
    path = two.root / "notebooks" / "01-sound.ipynb"
    before = notebook_digest(path)
    dirty(path)
    shutil.copy(path, path.with_name("01-sound-Copy1.ipynb"))
    assert notebook_digest(path) == before
    assert {job.state for job in two.plan().jobs} == {"fresh"}
    notebook = json.loads(path.read_text("utf-8"))
    notebook["cells"][-1]["source"] = "'another'"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    assert notebook_digest(path) != before


def test_forgetting_removes_all_but_the_raw_data_and_those_too_if_asked(two: Place) -> None:
    two.run()
    explore(two.workspace, "c00", discover(two.workspace.notebooks).chapters)
    elsewhere = two.root / "elsewhere"
    assert not two.run(clients=("c00",), out=elsewhere, force=True).failed
    others = [p for p in two.root.rglob("*") if p.is_file() and "c01" in p.parts]
    refused = two.says("forget", "c00")
    assert refused.exit_code != 0
    assert ".cx/c00" in refused.output
    assert two.workspace.tables("c00").exists()
    told = two.says("forget", "c00", "--yes")
    assert told.exit_code == 0, told.output
    left = [p for p in two.root.rglob("*") if "c00" in p.name and "t" not in p.parts]
    assert {p.relative_to(two.root).as_posix() for p in left} == {"data/c00", "params/c00.yaml"}
    two.says("forget", "c00", "--raw", "--yes")
    assert not [p for p in two.root.rglob("*") if "c00" in p.name and "t" not in p.parts]
    assert all(p.exists() for p in others)
    assert "Nothing is kept" in two.says("forget", "c00", "--raw", "--yes").output


@pytest.mark.parametrize("name", ["..", "../c01", "/etc", ""])
def test_only_a_clients_name_can_be_forgotten(two: Place, name: str) -> None:
    assert two.says("forget", name, "--raw", "--yes").exit_code != 0
    assert (two.root / "params" / "c01.yaml").is_file()


def test_a_key_is_handed_over_by_the_command(two: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = two.root / "copy.key"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(two.root / "config"))
    told = two.says("key", "export", "c00", str(copy))
    assert "public one beside its data" in told.output
    assert told.exit_code != 0
    path = two.root / "params" / "c00.yaml"
    path.write_text(path.read_text("utf-8").replace("demo: true", "demo: false"), encoding="utf-8")

    assert "no key yet" in two.says("key", "export", "c00", str(copy)).output
    copy.write_text("ab" * 32, encoding="ascii")
    assert two.says("key", "import", "c00", str(copy)).exit_code == 0
    kept = two.root / "config" / "cx" / "keys" / "c00.key"
    assert kept.read_text("ascii").strip() == "ab" * 32
    assert kept.stat().st_mode & 0o777 == 0o600
    os.remove(copy)  # noqa: PTH107
    assert two.says("key", "export", "c00", str(copy)).exit_code == 0
    assert copy.stat().st_mode & 0o777 == 0o600


def test_no_wheel_is_built_of_notebooks_with_outputs(tmp_path: Path) -> None:
    files = ("pyproject.toml", "README.md", "hatch_build.py")
    for name in ("cxlib", "notebooks", "params", "data", ".ci", *files):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    dirty(tmp_path / "notebooks" / "02-assessment.ipynb")
    told = subprocess.run(build, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode != 0
    assert "02-assessment.ipynb: outputs" in told.stderr + told.stdout
    assert not list(tmp_path.glob("dist/*.whl"))
    shutil.copy(ROOT / "notebooks" / "02-assessment.ipynb", tmp_path / "notebooks")
    told = subprocess.run(build, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert list(tmp_path.glob("dist/*.whl"))
