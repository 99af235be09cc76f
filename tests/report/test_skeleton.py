"""A new chapter works from the first minute, in the kit and in a workspace, and leaves no trace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cxlib.errors import SetupError
from cxlib.report.skeleton import new_chapter
from cxlib.workspace import Workspace
from tests.conftest import ROOT, copy_workspace


def test_a_private_chapter_runs_in_its_workspace(tmp_path: Path) -> None:
    place = copy_workspace(tmp_path / "here", "nova-mall")
    (path,) = new_chapter(place, 90, "toy")
    environment = {k: v for k, v in os.environ.items() if k not in ("CX_HOME", "CX_JOB")}
    command = [sys.executable, "-m", "cxlib", "run", "-c", "toy", "-l", "en"]
    told = subprocess.run(
        command, cwd=place.root, env=environment, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
    (report,) = place.reports.rglob("90-toy.html")
    assert "What does toy ask?" in report.read_text(encoding="utf-8")
    path.unlink()
    assert not list(place.notebooks.glob("*toy*"))


def test_a_chapter_of_the_kit_is_a_notebook_a_folder_and_a_test(tmp_path: Path) -> None:
    (tmp_path / "cxlib" / "chapters").mkdir(parents=True)
    (tmp_path / "params").mkdir()
    files = new_chapter(Workspace(tmp_path), 17, "new-thing")
    names = {path.relative_to(tmp_path).as_posix() for path in files}
    assert names == {
        "notebooks/17-new-thing.ipynb",
        *(f"cxlib/chapters/new_thing/{n}.py" for n in ("__init__", "findings", "tables")),
        *(f"cxlib/chapters/new_thing/{n}.py" for n in ("figures", "options")),
        "tests/chapters/test_new_thing.py",
    }
    config = f"--config={ROOT / 'pyproject.toml'}"
    for check in (["check", config, "--ignore=I001"], ["format", "--check", config]):
        ruff = [sys.executable, "-m", "ruff", *check, *map(str, files)]
        told = subprocess.run(ruff, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert told.returncode == 0, told.stdout


@pytest.mark.parametrize(
    ("number", "stem"), [(2, "other"), (44, "assessment"), (44, "../x"), (444, "x")]
)
def test_what_is_there_or_no_name_is_refused_and_nothing_is_written(
    tmp_path: Path, number: int, stem: str
) -> None:
    place = copy_workspace(tmp_path / "here", "nova-mall")
    before = sorted(place.root.rglob("*"))
    with pytest.raises(SetupError):
        new_chapter(place, number, stem)
    assert sorted(place.root.rglob("*")) == before
