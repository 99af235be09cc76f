"""A questionnaire as text that survey platforms import; each one's format is in platforms.yaml."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cxlib.chapters import held
from cxlib.chapters.fieldwork.questionnaire import Item
from cxlib.words import Words

COLUMNS = ("class", "type/scale", "name", "relevance", "text", "help", "language", "validation",
           "mandatory", "other")  # fmt: skip
"""What LimeSurvey calls the cells of a row."""
CODE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,19}")
"""What LimeSurvey takes as the code of a question."""


def texts(asked: Mapping[str, tuple[list[Item], Words]]) -> dict[str, bytes]:
    """Return a questionnaire, by language, in the format of every platform, by the file's name.

    Every question is one of its own and bears the column of the client file, so that an export of
    answers in words is read as it is. In the first language the answers are the raw cells.
    """
    files: dict[str, bytes] = {}
    for platform, form in held(__file__, "platforms.yaml").items():
        rows: dict[str, list[list[str]]] = {}
        named = [form.get("languages", {}).get(language, language) for language in asked]
        for at, (language, (items, words)) in enumerate(asked.items()):
            lines = rows.setdefault(form["file"].format(language=language), [])
            there = {"language": named[at], "others": " ".join(named[1:])}
            there |= {"title": _clean(platform, words.say("Questionnaire"))}
            for part, said in _lines(platform, form, items, words, base=at == 0):
                if part != "head" or not lines:
                    whole = there | said
                    lines += [[c.format_map(whole) for c in row] for row in form.get(part, ())]
        files |= {name: _written(lines, tabs="tabs" in form) for name, lines in rows.items()}
    return files


def _clean(platform: str, text: str) -> str:
    """Return a client's text on one line, without what the platform's format itself means."""
    line = " ".join(text.split())
    if platform == "wenjuanxing":  # finds the kind of a question in brackets
        return line.replace("[", "【").replace("]", "】")
    if platform == "limesurvey":  # reads HTML, and expressions in braces
        escaped = html.escape(line, quote=False)
        return escaped.replace("{", "&#123;").replace("}", "&#125;")
    return re.sub(r"\[(?=\[)|\](?=\])", r"\g<0> ", line)


def _lines(
    platform: str, form: Mapping[str, Any], items: list[Item], words: Words, *, base: bool
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield parts of a platform's format, each with what fills it, in one language."""
    first, *questions, last = items
    kinds, tabs = form["kinds"], "tabs" in form
    begin, end = (
        (part, {"text": _clean(platform, item.text), "kind": kinds["text"]})
        for part, item in (("first", first), ("last", last))
    )
    yield "head", {}
    yield from (begin, end) if tabs else (begin,)
    yield "group", {}
    for number, item in enumerate(questions, start=1):
        column, code, parts = _codes(item, number)
        mark = "：" if words.language == "zh" else ": "
        named = item.text if tabs and code == column else f"{column}{mark}{item.text}"
        said = {"column": column, "named": named, "text": item.text}
        said = {name: _clean(platform, text) for name, text in said.items()}
        yield "question", said | {"kind": kinds[kind_of(item)], "code": code, "number": str(number)}
        yield ("choices" if item.options else ""), {}
        option = "part" if item.kind == "multiple" and "part" in form else "option"
        for at, (cell, text) in zip(parts, item.options, strict=True):
            shown = _choice(item, cell, text, base=base)
            yield option, {"code": at, "text": _clean(platform, shown)}
    yield from () if tabs else (end,)


def _codes(item: Item, number: int) -> tuple[str, str, list[str]]:
    """Return a question's column, its code, and a code for each answer."""
    column = item.columns[0] if item.columns else item.key
    parts = [cell if item.numbered and cell.isdigit() else f"A{at}"
             for at, (cell, _text) in enumerate(item.options, start=1)]  # fmt: skip
    split = [name.partition("_") for name in item.columns]
    if len(split) > 1 and len({stem for stem, _mark, _part in split}) == 1:
        column, parts = split[0][0], [part for _stem, _mark, part in split]
    return column, column if CODE.fullmatch(column) else f"q{number}", parts


def kind_of(item: Item) -> str:
    """Return what a platform has to be told a question is: a "scale" if numbered 1, 2, 3 …."""
    if not item.numbered:
        return item.kind
    cells = [cell for cell, _text in item.options]
    return "scale" if cells == [str(i) for i in range(1, len(cells) + 1)] else "rating"


def _choice(item: Item, cell: str, text: str, *, base: bool) -> str:
    if item.numbered and cell.lstrip("-").isdigit():
        return f"{cell} - {text}" if text else cell
    raw = base and len(item.columns) == 1 and any(c.isalpha() for c in cell)
    return cell if raw else text or cell


def _written(rows: list[list[str]], *, tabs: bool) -> bytes:
    if not tabs:
        return ("\n".join(cell for row in rows for cell in row) + "\n").encode("utf-8")
    made = io.StringIO()
    writer = csv.writer(made, dialect="excel-tab", lineterminator="\n")
    writer.writerows(row + [""] * (len(COLUMNS) - len(row)) for row in [[*COLUMNS], *rows])
    return made.getvalue().encode("utf-8-sig")
