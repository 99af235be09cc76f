"""The handbook: every method's question, formula, limits and the lines that do it, as one page.

What can be read from the code (signature, parameters, errors, source) is read from it; the rest
stands in ``handbook.yaml``, English beside Chinese.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any

from markupsafe import Markup

from cxlib.report.html import page_of, style
from cxlib.words import LANGUAGES, Words, mark as _
from cxlib.workspace import kit_yaml, write_whole

TEXTS = Path(__file__).with_name("handbook.yaml")
PARTS = ("question", "formula", "assumes", "read", "avoid", "source")
HEADS = {
    "formula": _("Formula"),
    "assumes": _("What it assumes"),
    "read": _("How to read it"),
    "avoid": _("When not to use it"),
    "source": _("Literature"),
}


@dataclass(frozen=True)
class Entry:
    """A method: its texts in one language, and the functions that do it."""

    id: str
    title: str
    functions: tuple[str, ...]
    chapters: tuple[str, ...]
    texts: dict[str, str]


@cache
def entries(language: str) -> tuple[Entry, ...]:
    """Return all methods in a language, in the handbook's order."""
    at, found = LANGUAGES.index(language), []
    for told in kit_yaml(TEXTS):
        texts = {part: v if isinstance(v := told[part], str) else v[at] for part in PARTS}
        title, of, chapters = told["title"][at], tuple(told["of"]), tuple(told["chapters"])
        found.append(Entry(told["id"], title, of, chapters, texts))
    return tuple(found)


def of_chapter(stem: str, language: str) -> list[tuple[str, str]]:
    """Return the methods that a chapter rests on: where the handbook has each, and its title."""
    above = f"../../../{file_name(language)}"  # client, period, language
    return [(f"{above}#{e.id}", e.title) for e in entries(language) if stem in e.chapters]


def write(folder: Path, kit: str) -> list[Path]:
    """Write the handbook in every language above the reports, where it is not there of this kit."""
    made, mark_ = [folder / file_name(language) for language in LANGUAGES], f"<!-- {kit} -->\n"
    for path, language in zip(made, LANGUAGES, strict=True):
        if not path.is_file() or not path.read_text(encoding="utf-8").endswith(mark_):
            write_whole(path, (page(Words.load(language)) + mark_).encode("utf-8"))
    return made


def file_name(language: str) -> str:
    """Return what the handbook of a language is called."""
    return f"handbook.{language}.html"


def page(words: Words) -> str:
    """Return the handbook in one language as a page that loads and runs nothing."""
    return page_of(
        "handbook.html.j2", words, style=style(), entries=entries(words.language), heads=HEADS,
        formula=_formula, lines_of=_lines,
    )  # fmt: skip


def _formula(text: str) -> Markup:
    """Return a formula as text with real subscripts and superscripts."""
    told = escape(text, quote=False)
    for mark, tag in (("_", "sub"), (r"\^", "sup")):
        for _depth in range(2):
            told = re.sub(rf"{mark}\{{([^{{}}]*)\}}", rf"<{tag}>\1</{tag}>", told)
    return Markup("<br>".join(told.split(";  ")))


def function_of(name: str) -> Callable[..., Any]:
    """Return the function of a name as the texts write it: ``scores.nps``."""
    module, _dot, function = name.rpartition(".")
    found: Callable[..., Any] = getattr(import_module(f"cxlib.analysis.{module}"), function)
    return found


def _lines(name: str) -> dict[str, str]:
    """Return where a function stands, its signature and docstring, and its lines without that."""
    function = inspect.unwrap(function_of(name))
    lines, first = inspect.getsourcelines(function)
    root = Path(__file__).resolve().parent.parent.parent
    path = Path(inspect.getsourcefile(function) or "").resolve().relative_to(root).as_posix()
    return {
        "where": f"{path}:{first}–{first + len(lines) - 1}",
        "signature": f"{name}{inspect.signature(function)}",
        "doc": inspect.getdoc(function) or "",
        "code": re.sub(r'\n\s+"""[\s\S]*?"""(?=\n)', "", "".join(lines), count=1),
    }
