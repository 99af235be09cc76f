"""The house itself: who may import whom, what loads what, and documents that must stay true."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args

import pytest
from ruamel.yaml import YAML

from cxlib.workspace import kit_yaml

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "cxlib"

ORDER = (
    ("errors",),
    ("periods",),
    ("words",),
    ("workspace",),
    ("columns",),
    ("analysis",),
    ("params",),
    ("data", "plots"),
    ("present",),
    ("envelope",),
    ("chapters",),
    ("page",),
    ("standing",),
    ("engagement",),
    ("report",),
    ("learn",),
    ("batch",),
    ("cli",),
    ("__main__",),
)
LEVEL = {room: level for level, rooms in enumerate(ORDER) for room in rooms}


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = (
                [f"{node.module}.{a.name}" for a in node.names] if node.module == "cxlib" else []
            )
            found.update(names or [node.module])
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return {name.split(".")[1] for name in found if name.startswith("cxlib.")}


def modules() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_point_one_way(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for other in imports_of(path) & LEVEL.keys():
        same = other == room
        assert same or LEVEL[other] < LEVEL[room], f"{room} imports {other}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_a_file_is_one_question(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= 400


def test_the_statistics_know_no_files_and_no_plots() -> None:
    for path in (PACKAGE / "analysis").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"^\s*(import|from) (matplotlib|seaborn|pathlib|duckdb)", text, re.M
        ), path
        assert "print(" not in text, path


def test_what_reads_a_survey_names_the_columns_that_it_needs() -> None:
    """Of millions of answers ids and comments take most of the memory: none is read unasked."""
    files = [*(PACKAGE / "chapters").rglob("*.py"), *(PACKAGE / "report").rglob("*.py")]
    cells = {path: path.read_text(encoding="utf-8") for path in files}
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        book = json.loads(path.read_text(encoding="utf-8"))
        code = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
        cells[path] = "\n".join(code)
    asked = 0
    for path, source in cells.items():
        for each in ast.walk(ast.parse(source)):
            if isinstance(each, ast.Call) and getattr(each.func, "attr", "") == "survey":
                assert "columns" in {given.arg for given in each.keywords}, (path, each.lineno)
                asked += 1
    assert asked > 10


@pytest.mark.parametrize("module", ["cxlib", "cxlib.cli", "cxlib.params"])
def test_what_starts_often_loads_nothing_heavy(module: str) -> None:
    heavy = "{'pandas', 'numpy', 'matplotlib', 'seaborn', 'statsmodels', 'papermill', 'nbconvert'}"
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_no_exception_is_swallowed() -> None:
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                assert not (len(node.body) == 1 and isinstance(node.body[0], ast.Pass)), path
            assert not isinstance(node, ast.Assert), f"{path} asserts"


CONDA_NAMES = {"duckdb": "python-duckdb"}


def test_environment_yml_equals_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = set(project["dependencies"])
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\s+- ([\w.-]+[<>=][^\s]*)$", text, re.M)) - {
        "python>=3.11",
        "hatchling>=1.27",
    }
    back = {conda: pypi for pypi, conda in CONDA_NAMES.items()}
    told = {re.sub(r"^[\w-]+", lambda m: back.get(m[0], m[0]), line) for line in listed}
    assert told == wanted
    assert f"python{project['requires-python']}" in text


def test_architecture_names_every_room() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = {
        p.name
        for p in PACKAGE.iterdir()
        if (p.is_dir() and not p.name.startswith("_")) or p.suffix == ".py"
    }
    rooms -= {"__init__.py"}
    for room in rooms:
        assert f"`{room.removesuffix('.py')}" in text, f"ARCHITECTURE.md does not name {room}"
    for path in re.findall(r"`((?:cxlib|tests|notebooks|params|data)/[\w./-]*)`", text):
        assert (ROOT / path).exists(), f"ARCHITECTURE.md names {path}, which is not there"


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.yaml")), ids=lambda path: path.name)
def test_the_kits_texts_are_read_alike_by_both_readers(path: Path) -> None:
    """A bare yes, no or on is another thing in YAML 1.1; a key that comes twice is refused."""
    text = path.read_text(encoding="utf-8")
    if "$" in text and "demo" in path.parts:
        pytest.skip("a template: what is made of it is a client file or a register")
    assert repr(kit_yaml(path)) == repr(YAML(typ="safe", pure=True).load(text))


def test_locks_hold_hashes_and_no_addresses() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "index" not in re.sub(r"^\w[\w.-]*==.*$", "", text, flags=re.M)


def test_no_files_import_one_another_in_a_circle() -> None:
    """Whatever guards the import: for type checkers, or inside a function."""
    from graphlib import CycleError, TopologicalSorter

    names = {".".join(p.relative_to(ROOT).with_suffix("").parts): p for p in modules()}
    names = {name.removesuffix(".__init__"): path for name, path in names.items()}
    graph: dict[str, set[str]] = {}
    for name, path in names.items():
        found = set()
        for each in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(each, ast.ImportFrom) and each.module:
                inner = {f"{each.module}.{alias.name}" for alias in each.names}
                found |= {i if i in names else each.module for i in inner}
        graph[name] = {other for other in found if other in names and other != name}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as circle:
        order = circle.args[1:]
    assert set(order) >= set(names), f"a circle: {order}"


def test_all_chapters_columns_mean_one_thing() -> None:
    from cxlib import columns
    from cxlib.chapters import FOLDER, register

    stems = [path.name for path in sorted(FOLDER.iterdir()) if (path / "columns.csv").is_file()]
    assert len(stems) >= 6
    for stem in stems:
        register(stem)  # two meanings of one name are an error
    for path in PACKAGE.rglob("columns.csv"):
        names = re.findall(r"^([^#,]+),", path.read_text(encoding="utf-8"), re.M)
        assert len(set(names)) == len(names), path
        for column in columns.read(path).values():
            assert column.kind in get_args(columns.Kind), (path, column)
            assert column.interval is None or len(column.interval) == 2, (path, column)
