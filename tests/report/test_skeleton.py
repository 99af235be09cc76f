"""A new chapter works from the first minute, in the kit and in a workspace, and leaves no trace."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from cxlib.errors import SetupError
from cxlib.report.skeleton import new_chapter
from cxlib.workspace import Workspace
from tests.conftest import ROOT, copy_workspace, made


def test_a_private_chapter_runs_in_its_workspace(tmp_path: Path) -> None:
    place = copy_workspace(tmp_path / "here", "nova-mall")
    (path,) = new_chapter(place, 90, "toy")
    made(place, chapters=("toy",), language="en")
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
        *(f"cxlib/chapters/new_thing/{n}.py" for n in ("__init__", "figures", "tables")),
        *(f"cxlib/chapters/new_thing/{n}" for n in ("findings.yaml", "columns.csv")),
        "tests/chapters/test_new_thing.py",
    }
    config = f"--config={ROOT / 'pyproject.toml'}"
    for check in (["check", config, "--ignore=I001"], ["format", "--check", config]):
        code = [str(path) for path in files if path.suffix in (".py", ".ipynb")]
        ruff = [sys.executable, "-m", "ruff", *check, *code]
        told = subprocess.run(ruff, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert told.returncode == 0, told.stdout


def checkout(root: Path) -> Path:
    """Return a small checkout of the kit, with the demo clients and what looks at chapters."""
    without = shutil.ignore_patterns("_kit")
    for name in ("cxlib", "notebooks", "params", "data"):
        shutil.copytree(ROOT / name, root / name, ignore=without)
    files = ("pyproject.toml", "ARCHITECTURE.md", "tests/__init__.py")
    for name in (*files, *(f"tests/{n}.py" for n in ("conftest", "test_catalogues"))):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    (root / "tests" / "chapters").mkdir()
    return root


def translate(path: Path) -> int:
    """Write something Chinese for every message that lacks it; return for how many."""
    with path.open("rb") as file:
        lacking = [str(m.id) for m in read_po(file) if m.id and not m.string]
    text = path.read_text("utf-8")
    for message in lacking:
        facts = "".join(re.findall(r"\{\w+\}", message))
        said = f"玩具{facts}" + ("。" if message.endswith(".") else "")
        text = text.replace(f'msgid "{message}"\nmsgstr ""', f'msgid "{message}"\nmsgstr "{said}"')
    path.write_text(text, encoding="utf-8")
    return len(lacking)


@pytest.mark.slow
def test_what_architecture_says_of_adding_a_chapter_is_followed_to_the_letter(
    tmp_path: Path,
) -> None:
    root = checkout(tmp_path / "kit")
    page = (root / "ARCHITECTURE.md").read_text(encoding="utf-8")
    _before, _heading, steps = page.partition("## To add a chapter\n")
    assert "`cx new-chapter 17 stem`" in steps
    assert "`make catalogue`" in steps
    environment = {k: v for k, v in os.environ.items() if k not in ("CX_HOME", "CX_JOB")}

    def run(*arguments: str) -> str:
        told = subprocess.run(
            [sys.executable, "-m", *arguments], cwd=root, capture_output=True, text=True,
            env=environment | {"PYTHONPATH": str(root)}, check=False,
        )  # fmt: skip
        assert told.returncode == 0, told.stdout + told.stderr
        return told.stdout

    run("cxlib", "new-chapter", "17", "toy")
    folder = root / "cxlib" / "chapters" / "toy"
    for part in re.findall(
        r"`(\w+\.(?:py|yaml|csv))` \(", steps
    ):  # step 2 names what the folder holds
        assert (folder / part).is_file(), part
    assert "zh/toy" in run("cxlib.report.catalogue")
    assert translate(folder / "zh.po") >= 5
    tests = ("tests/chapters/test_toy.py", "tests/test_catalogues.py")
    told = run("pytest", "-v", "-p", "no:cacheprovider", *tests, "-k", "toy")
    assert all(name in told for name in tests)
    assert "17-toy" in run("cxlib", "list", "nova-mall")
    (root / "notebooks" / "17-toy.ipynb").unlink()
    shutil.rmtree(folder)
    assert "toy" not in run("cxlib", "list", "nova-mall")


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
