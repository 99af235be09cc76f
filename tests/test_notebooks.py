"""Notebooks are committed clean, and are forms to think in, not programs."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cxlib import columns
from cxlib.analysis.results import CARE_BASE
from cxlib.batch.chapters import discover
from cxlib.chapters import every, register

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LONGEST_CELL = 14

pytestmark = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    every = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [{**c, "source": "".join(c["source"])} for c in every if c["cell_type"] == kind]


def test_there_are_no_outputs(path: Path) -> None:
    assert all(not c["outputs"] and c["execution_count"] is None for c in cells(path, "code"))


def test_it_asks_one_question(path: Path) -> None:
    headings = [re.findall(r"^# .+", c["source"], re.M) for c in cells(path, "markdown")]
    assert sum(map(len, headings)) == 1


def test_a_cell_is_short_and_defines_nothing(path: Path) -> None:
    for cell in cells(path, "code"):
        assert len(cell["source"].splitlines()) <= LONGEST_CELL, cell["source"]
        nodes = list(ast.walk(ast.parse(cell["source"])))
        assert not any(isinstance(n, (ast.FunctionDef, ast.ClassDef, ast.Try)) for n in nodes)
        assert not re.search(r"open\(.*['\"]/|Path\(|\.csv|\.xlsx", cell["source"])


def test_it_imports_the_kit_and_neither_report_nor_batch_nor_cli(path: Path) -> None:
    code = "\n".join(c["source"] for c in cells(path, "code"))
    assert not re.search(r"cxlib\.(report|batch|cli)|from cxlib import .*(report|batch|cli)", code)


JARGON = re.compile(
    r"p-values?\b|Benjamini|Hochberg|\bHolm\b|interaction test|heterosced|Shapley|hazard"
    r"|Krippendorff"
)


def test_p_values_and_names_of_methods_stand_under_method_and_data(path: Path) -> None:
    if path not in CHAPTERS:
        pytest.skip("a lesson")
    for stem in every():
        register(stem)
    for cell in (*cells(path, "code"), *cells(path, "markdown")):
        if "method" in cell["metadata"].get("tags", []):
            continue
        shown = " ".join(re.findall(r'show\([^"]*"([^"]*)"', cell["source"])).split()
        assert not [n for n in shown if columns.kind_of(n.removesuffix("?")) == "p"], cell["source"]
        assert cell["cell_type"] == "code" or not JARGON.search(cell["source"]), cell["source"]


def test_the_summary_names_the_base_that_it_leaves_to_the_chapters(path: Path) -> None:
    if path.stem == "15-summary":
        text = " ".join(c["source"] for c in cells(path, "markdown"))
        assert f"fewer than {CARE_BASE} answers" in text


def test_a_client_of_reported_figures_alone_reads_of_nobody_who_was_asked(path: Path) -> None:
    metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
    if ["kpis"] not in metadata.get("cx", {}).get("needs", []):
        pytest.skip("needs more than reported figures")
    for cell in cells(path, "markdown"):
        if re.search(
            "comparable customers (judge|changed)|other customers answered", cell["source"]
        ):
            method = "method" in cell["metadata"].get("tags", [])
            assert method or "Where customers were asked" in cell["source"]


def test_a_chapters_parameters_are_the_same_form(path: Path) -> None:
    if path not in CHAPTERS:
        pytest.skip("a lesson")
    tagged = [c for c in cells(path, "code") if "parameters" in c["metadata"].get("tags", [])]
    assert len(tagged) == 1
    tree = ast.parse(tagged[0]["source"])
    assert all(isinstance(node, ast.AnnAssign) for node in tree.body)
    names = [node.target.id for node in tree.body if isinstance(node.target, ast.Name)]
    assert names == ["client", "period", "language"]


def test_a_note_on_the_method_of_a_section_names_a_section(path: Path) -> None:
    texts = ["".join(cell["source"]) for cell in cells(path, "markdown")]
    sections = {name for text in texts for name in re.findall(r"^## (.+?)\s*$", text, re.MULTILINE)}
    named = {
        name for text in texts for name in re.findall(r"^- <!-- (.+?) --> ", text, re.MULTILINE)
    }
    assert named <= sections


def test_its_metadata_can_be_planned(path: Path) -> None:
    if path not in CHAPTERS:
        pytest.skip("a lesson")
    assert path.name in {chapter.path.name for chapter in discover(ROOT / "notebooks").chapters}


@pytest.fixture(scope="module")
def typing_errors(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Check the code of all notebooks at once: mypy's start is what takes the time."""
    folder = tmp_path_factory.mktemp("typed")
    for path in NOTEBOOKS:
        code = "\n\n".join(c["source"] for c in cells(path, "code"))
        (folder / module_of(path)).write_text(code, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--ignore-missing-imports", "--no-error-summary"]
    every = sorted(str(path) for path in folder.glob("*.py"))
    told = subprocess.run([*command, *every], capture_output=True, text=True, cwd=ROOT, check=False)
    assert "error: " not in told.stderr
    return told.stdout


def module_of(path: Path) -> str:
    return f"nb_{path.parent.name}_{path.stem.replace('-', '_')}.py"


@pytest.mark.xdist_group("mypy")  # one worker: two that fill one cache break it
def test_its_code_is_typed(path: Path, typing_errors: str) -> None:
    told = typing_errors.splitlines()
    assert [line for line in told if module_of(path) in line and ": error:" in line] == []


def test_it_knows_the_labels_of_the_registers_that_its_readings_speak_of(path: Path) -> None:
    from cxlib.chapters import part

    about = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("cx", {})
    reads = [part(stem.rstrip("?"), "register") for stem in about.get("reads", ())]
    sections = {name.rstrip("?") for name in about.get("sections", ())}
    assert {module.SECTION for module in reads if module is not None} <= sections
