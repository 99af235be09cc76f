"""The learner's notebooks, made from the solutions, and the workspace they lie in."""

from __future__ import annotations

import ast
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cxlib.errors import SetupError
from cxlib.learn import marks
from cxlib.learn.lesson import words_of
from cxlib.report.markdown import translate_code, translate_markdown
from cxlib.words import Words, mark as _
from cxlib.workspace import kit_file, make_private, write_whole

CLIENTS = ("harbour-hotels", "lakeside-bank", "nova-mall")
_REGION = re.compile(r"(?ms)^### BEGIN SOLUTION\n(.*?)^### END SOLUTION\n?")
"""The marks of nbgrader, so that its users know them."""


def lessons() -> list[Path]:
    """Return the notebooks of all lessons, with their solutions, in order."""
    return sorted((kit_file("notebooks") / "lessons").glob("*.ipynb"))


def exercise(path: Path, language: str) -> dict[str, Any]:
    """Return a lesson as the learner gets it: each solution gives way to dots to be replaced."""
    notebook = _in_language(path, language)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    left = "\n".join(_REGION.sub("", cell["source"]) for cell in code)
    words = words_of(language)
    for cell in code:
        cell["source"] = _REGION.sub(
            lambda found: _prompt(found[1], left, words), cell["source"]
        ).rstrip("\n")
    return notebook


def solution(path: Path, language: str) -> dict[str, Any]:
    """Return a lesson with its solutions, in the trainer's language."""
    notebook = _in_language(path, language)
    for cell in notebook["cells"]:
        cell["source"] = re.sub(r"(?m)^### (BEGIN|END) SOLUTION\n?", "", cell["source"]).rstrip()
    return notebook


def _in_language(path: Path, language: str) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    words = words_of(language)
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if "parameters" in cell["metadata"].get("tags", []):
            source = re.sub(r'(?m)^(language: str = )"\w+"', rf'\1"{language}"', source)
        say = translate_markdown if cell["cell_type"] == "markdown" else translate_code
        cell["source"] = say(source, words)
    return notebook


def _prompt(region: str, left: str, words: Words) -> str:
    """Return what takes the place of a solution: the names that are asked for, and dots."""
    asked = dict.fromkeys(
        node.id
        for node in ast.walk(ast.parse(region))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    wanted = [name for name in asked if re.search(rf"\b{name}\b", left)]
    prompt = "# " + words.say(_("Your turn: replace the dots."))
    return "".join(f"{line}\n" for line in (prompt, *(f"{name} = ..." for name in wanted)))


def lay_out(folder: Path, language: str, *, trainer: bool = False) -> list[Path]:
    """Make the learner's workspace in `folder`, or add what it lacks; return what was written.

    Private and unknown to git, wherever it lies; nothing that is there is changed: it may be
    somebody's work. `trainer`: also the solutions, the guide, the test and its key, in
    ``trainer/<language>/``. A workspace of another kind is refused: clients' work and lessons do
    not mix.
    """
    if (folder / "params").is_dir() and not (folder / "lessons").is_dir():
        raise SetupError(f"{folder} is a workspace already; name another folder for the course.")
    make_private(folder)
    made = [*_texts(folder, language, trainer=trainer)]
    written = [path for path, _text in made if not path.exists()]
    for path, text in made:
        if not path.exists():
            write_whole(path, text.encode("utf-8"))
    lacking = [name for name in CLIENTS if not (folder / "data" / name).exists()]
    if lacking:
        from cxlib.data.demo import build

        (folder / "data").mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as beside:
            build(Path(beside), lacking)
            for name in lacking:
                target = folder / "data" / name
                shutil.move(Path(beside) / "data" / name, target)
                written.append(target)
    return written


def _texts(folder: Path, language: str, *, trainer: bool) -> Iterator[tuple[Path, str]]:
    yield folder / ".gitignore", "*\n"
    for name in CLIENTS:
        yield folder / "params" / f"{name}.yaml", _read(kit_file("params") / f"{name}.yaml")
    for path in lessons():
        yield folder / "lessons" / language / path.name, _text(exercise(path, language))
        if trainer:
            yield folder / "trainer" / language / path.name, _text(solution(path, language))
    if trainer:
        own = folder / "trainer" / language
        yield own / "guide.md", _read(kit_file("notebooks") / "lessons" / f"guide.{language}.md")
        yield own / "test.md", marks.paper(language)
        yield own / "key.md", marks.paper(language, key=True)
        yield folder / "trainer" / "answers.csv", marks.sheet()


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _text(notebook: dict[str, Any]) -> str:
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
