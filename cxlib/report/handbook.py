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

from cxlib.words import LANGUAGES, Words
from cxlib.words import mark as _
from cxlib.workspace import write_whole

TEXTS = Path(__file__).with_name("handbook.yaml")
PARTS = ("question", "formula", "assumes", "read", "avoid", "source")
HEADS = {
    "formula": _("Formula"),
    "assumes": _("What it assumes"),
    "read": _("How to read it"),
    "avoid": _("When not to use it"),
    "source": _("Literature"),
}
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """
main{max-width:54rem} code,pre{font-size:.85em} pre{overflow-x:auto;white-space:pre}
.formula{padding:.5rem .8rem;border-left:3px solid var(--accent);overflow-wrap:anywhere}
article{margin-top:2rem}
article dt{font-weight:600;margin-top:.6rem} article dd{margin:0}
nav.all ul{columns:2;column-gap:2rem} @media(max-width:36rem){nav.all ul{columns:1}}
@media print{details{display:none}}
"""


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
    at = LANGUAGES.index(language)
    found = []
    for told in _told():
        texts = {part: told[part] for part in PARTS}
        texts = {part: v if isinstance(v, str) else v[at] for part, v in texts.items()}
        entry = Entry(
            id=told["id"],
            title=told["title"][at],
            functions=tuple(told["of"]),
            chapters=tuple(told["chapters"]),
            texts=texts,
        )
        found.append(entry)
    return tuple(found)


@cache
def _told() -> Any:
    from ruamel.yaml import YAML

    return YAML(typ="safe").load(TEXTS.read_text(encoding="utf-8"))


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
    style = (Path(__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
    listed = entries(words.language)
    title = escape(words.say(_("Handbook of methods")))
    links = "".join(f'<li><a href="#{e.id}">{escape(e.title)}</a></li>' for e in listed)
    body = "".join(_article(entry, words) for entry in listed)
    lang = {"zh": "zh-Hans"}.get(words.language, words.language)
    lead = escape(words.say(_("Each method: what it answers, how, and when not to use it.")))
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{title}</title>'
        f"<style>{style}{STYLE}</style></head><body><header><h1>{title}</h1><p>{lead}</p></header>"
        f'<nav class="all" aria-label="{title}"><ul>{links}</ul></nav><main>{body}</main>'
        "</body></html>\n"
    )


def _article(entry: Entry, words: Words) -> str:
    rows = ""
    for part, head in HEADS.items():
        text = entry.texts[part]
        said = _formula(text) if part == "formula" else escape(text)
        kind = ' class="formula"' if part == "formula" else ""
        rows += f"<dt>{escape(words.say(head))}</dt><dd{kind}>{said}</dd>"
    code = "".join(_function(name, words) for name in entry.functions)
    return (
        f'<article id="{entry.id}"><h2>{escape(entry.title)}</h2>'
        f"<p><strong>{escape(entry.texts['question'])}</strong></p><dl>{rows}</dl>{code}</article>"
    )


def _formula(text: str) -> str:
    """Return a formula as text with real subscripts and superscripts."""
    told = escape(text, quote=False)
    for mark, tag in (("_", "sub"), (r"\^", "sup")):
        for _depth in range(2):
            told = re.sub(rf"{mark}\{{([^{{}}]*)\}}", rf"<{tag}>\1</{tag}>", told)
    return "<br>".join(told.split(";  "))


def function_of(name: str) -> Callable[..., Any]:
    """Return the function of a name as the texts write it: ``scores.nps``."""
    module, _dot, function = name.rpartition(".")
    found: Callable[..., Any] = getattr(import_module(f"cxlib.analysis.{module}"), function)
    return found


def _function(name: str, words: Words) -> str:
    function = inspect.unwrap(function_of(name))
    lines, first = inspect.getsourcelines(function)
    root = Path(__file__).resolve().parent.parent.parent
    path = Path(inspect.getsourcefile(function) or "").resolve().relative_to(root).as_posix()
    doc = inspect.getdoc(function) or ""
    where = f"{path}:{first}–{first + len(lines) - 1}"
    signature = f"{name}{inspect.signature(function)}"
    head = words.say(_("The lines that do it: {where}"), where=where)
    return (
        f"<details><summary><code>{escape(name)}</code> · {escape(head)}</summary>"
        f'<pre lang="en">{escape(signature)}\n\n{escape(doc)}</pre>'
        f'<pre lang="en">{escape("".join(_body(lines)))}</pre></details>'
    )


def _body(lines: list[str]) -> list[str]:
    """Return a function's lines without its docstring, which stands above."""
    text = "".join(lines)
    return [re.sub(r'\n\s+"""[\s\S]*?"""(?=\n)', "", text, count=1)]
