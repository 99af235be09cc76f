"""A commit that would carry what a notebook showed of a client is refused."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="no git here")


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    own = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "core.hooksPath=.ci/hooks")
    return subprocess.run(
        ["git", *own, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "一 checkout"
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    git(folder, "init", "-q")
    return folder


def a_notebook(**of_cell: object) -> nbformat.NotebookNode:
    cell = nbformat.v4.new_code_cell("1 + 1")
    cell.update(of_cell)
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A"), cell])


HELD = {
    "outputs": a_notebook(outputs=[nbformat.v4.new_output("stream", text="Frau Müller said")]),
    "execution counts": a_notebook(execution_count=3),
    "attachments": a_notebook(),
    "states of widgets": a_notebook(),
}
HELD["attachments"].cells[0]["attachments"] = {"a.png": {"image/png": "aa"}}
HELD["states of widgets"].metadata["widgets"] = {"state": {"a": 1}}


@pytest.mark.parametrize("what", HELD)
@pytest.mark.parametrize("name", ["notebooks/02-a.ipynb", "一 两.IPYNB", "-x\n.ipynb"])
def test_what_a_notebook_showed_is_not_committed(checkout: Path, what: str, name: str) -> None:
    path = checkout / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(nbformat.writes(HELD[what]), encoding="utf-8")
    git(checkout, "add", "--", name)
    told = git(checkout, "commit", "-qm", "x")
    assert told.returncode != 0
    assert what in told.stderr
    assert "Traceback" not in told.stderr
    path.write_text(nbformat.writes(a_notebook()), encoding="utf-8")
    assert git(checkout, "commit", "-qm", "staged is what counts").returncode != 0
    git(checkout, "add", "--", name)
    assert git(checkout, "commit", "-qm", "x").returncode == 0


def test_what_is_no_notebook_is_refused_and_the_rest_is_none_of_its_business(
    checkout: Path,
) -> None:
    for content in ("{", "[]", '{"cells": [1]}'):
        (checkout / "a.ipynb").write_text(content, encoding="utf-8")
        git(checkout, "add", "a.ipynb")
        assert "cannot be read" in git(checkout, "commit", "-qm", "x").stderr
    git(checkout, "rm", "-qf", "a.ipynb")
    (checkout / "a.md").write_text("outputs", encoding="utf-8")
    git(checkout, "add", "a.md", ".ci")
    assert git(checkout, "commit", "-qm", "x").returncode == 0


def test_the_kits_own_notebooks_pass(checkout: Path) -> None:
    shutil.copytree(ROOT / "notebooks", checkout / "notebooks")
    git(checkout, "add", ".")
    assert git(checkout, "commit", "-qm", "x").returncode == 0
