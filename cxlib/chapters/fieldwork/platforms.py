"""A questionnaire as text that survey platforms import: each platform's format, as data.

Sources: Qualtrics, "Import and export surveys" (Advanced Format TXT); the LimeSurvey manual, "Tab
Separated Value survey structure"; 问卷星, 文本导入 (the titles of its kinds of question).
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cxlib.chapters.fieldwork.questionnaire import Item
from cxlib.words import Words

Row = tuple[str, ...]


def _plain(text: str) -> str:
    """Return a client's text on one line, without what the formats themselves mean."""
    return re.sub(r"\[(?=\[)|\](?=\])", r"\g<0> ", " ".join(text.split()))


def _bare(text: str) -> str:
    """Return a text on one line in which 问卷星 finds no kind of question."""
    return " ".join(text.split()).replace("[", "【").replace("]", "】")


def _html(text: str) -> str:
    """Return a text as HTML without LimeSurvey's expressions."""
    escaped = html.escape(" ".join(text.split()), quote=False)
    return escaped.replace("{", "&#123;").replace("}", "&#125;")


@dataclass(frozen=True, kw_only=True)
class Platform:
    """How one platform writes a questionnaire.

    Every line is a row of cells, filled with ``{text}``, ``{title}``, ``{kind}``, ``{column}`` (of
    the client file), ``{named}`` (column and text), ``{code}``, ``{number}``, ``{language}`` and
    ``{others}`` (further languages).

    Parameters
    ----------
    file : str
        Its name; with ``{language}``, each language has a file of its own.
    kinds : mapping
        What the platform calls a "text", "open", "single", "multiple", "rating" (a row of numbered
        answers) and "scale" (numbered 1, 2, 3 … and nothing else) question.
    head, first, last, group, question, option, part : tuple of rows
        What stands at the head, for the text before and after the questions, before all questions,
        for each question, answer, and answer of several.
    clean : callable
        Makes a client's text harmless there.
    tabs : bool
        Cells are separated by tabs, in quotation marks where they must.
    """

    file: str
    kinds: Mapping[str, str]
    head: Sequence[Row]
    question: Sequence[Row]
    option: Sequence[Row]
    first: Sequence[Row]
    last: Sequence[Row]
    group: Sequence[Row] = ()
    part: Sequence[Row] = ()
    choices: Sequence[Row] = ()
    clean: Callable[[str], str] = _plain
    tabs: bool = False
    languages: Mapping[str, str] = field(default_factory=dict)


# fmt: off
QUALTRICS = Platform(
    file="questionnaire.{language}.txt",
    kinds={"text": "DB", "open": "TE:Essay", "single": "MC:SingleAnswer:Vertical",
           "multiple": "MC:MultipleAnswer:Vertical", "rating": "MC:SingleAnswer:Horizontal",
           "scale": "MC:SingleAnswer:Horizontal"},
    head=[("[[AdvancedFormat]]",), ("",), ("[[Block:{title}]]",)],
    first=[("",), ("[[Question:{kind}]]",), ("{text}",)],
    last=[("",), ("[[Question:{kind}]]",), ("{text}",)],
    question=[("",), ("[[Question:{kind}]]",), ("[[ID:{column}]]",), ("{text}",)],
    choices=[("",), ("[[Choices]]",)],
    option=[("{text}",)],
)
WENJUANXING = Platform(  # an answer "0" exported as its place would be 1: such scales are choices
    file="questionnaire.{language}.wjx.txt",
    kinds={"text": "段落说明", "open": "填空题", "single": "单选题", "multiple": "多选题",
           "rating": "单选题", "scale": "量表题"},
    head=[("{title}",)],
    first=[("{text}",)],
    last=[("",), ("{text}[{kind}]",)],
    question=[("",), ("{number}. {named}[{kind}]",)],
    option=[("{text}",)],
    clean=_bare,
)
LIMESURVEY = Platform(
    file="questionnaire.limesurvey.txt",
    kinds={"text": "X", "open": "T", "single": "L", "multiple": "M", "rating": "L", "scale": "L"},
    head=[("S", "", "language", "", "{language}"),
          ("S", "", "additional_languages", "", "{others}"), ("S", "", "format", "", "G")],
    first=[("SL", "", "surveyls_title", "", "{title}", "", "{language}"),
           ("SL", "", "surveyls_welcometext", "", "{text}", "", "{language}")],
    last=[("SL", "", "surveyls_endtext", "", "{text}", "", "{language}")],
    group=[("G", "", "{title}", "1", "", "", "{language}")],
    question=[("Q", "{kind}", "{code}", "1", "{named}", "", "{language}", "", "N", "N")],
    option=[("A", "0", "{code}", "", "{text}", "", "{language}")],
    part=[("SQ", "0", "{code}", "1", "{text}", "", "{language}")],
    clean=_html, tabs=True,
    languages={"zh": "zh-Hans"},
)
# fmt: on
PLATFORMS = (QUALTRICS, WENJUANXING, LIMESURVEY)
COLUMNS = ("class", "type/scale", "name", "relevance", "text", "help", "language", "validation",
           "mandatory", "other")  # fmt: skip
"""What LimeSurvey calls the cells of a row."""
CODE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,19}")
"""What LimeSurvey takes as the code of a question."""


def texts(asked: Mapping[str, tuple[list[Item], Words]]) -> dict[str, bytes]:
    """Return a questionnaire in the format of every platform, by the file's name.

    Every question is one of its own and bears the column of the client file, so that an export of
    answers in words is read as it is. In the first language the answers are the raw cells.

    Parameters
    ----------
    asked : mapping
        The questions and words of each language, the client's first language first.
    """
    files: dict[str, bytes] = {}
    for platform in PLATFORMS:
        rows: dict[str, list[Row]] = {}
        named = [platform.languages.get(language, language) for language in asked]
        for at, (language, (items, words)) in enumerate(asked.items()):
            lines = rows.setdefault(platform.file.format(language=language), [])
            there = {"language": named[at], "others": " ".join(named[1:])}
            there |= {"title": platform.clean(words.say("Questionnaire"))}
            for form, said in _lines(platform, items, words, base=at == 0):
                whole = {**there, **said}
                lines += [] if form is platform.head and lines else [
                    tuple(cell.format_map(whole) for cell in row) for row in form
                ]  # fmt: skip
        files |= {name: _written(platform, lines) for name, lines in rows.items()}
    return files


def _lines(
    platform: Platform, items: list[Item], words: Words, *, base: bool
) -> Iterator[tuple[Sequence[Row], Mapping[str, str]]]:
    """Yield rows of a platform's format, each with what fills them, in one language."""
    first, *questions, last = items
    kind, clean = platform.kinds["text"], platform.clean
    ends = [(form, {"text": clean(item.text), "kind": kind})
            for form, item in ((platform.first, first), (platform.last, last))]  # fmt: skip
    yield platform.head, {}
    yield from ends if platform.tabs else ends[:1]
    yield platform.group, {}
    for number, item in enumerate(questions, start=1):
        column, code, parts = _codes(item, number)
        mark = "：" if words.language == "zh" else ": "
        named = item.text if platform.tabs and code == column else f"{column}{mark}{item.text}"
        said = {"column": clean(column), "named": clean(named), "text": clean(item.text)}
        kind = platform.kinds[_kind(item)]
        yield platform.question, said | {"kind": kind, "code": code, "number": str(number)}
        yield (platform.choices if item.options else ()), {}
        form = platform.part if item.kind == "multiple" and platform.part else platform.option
        for part, (cell, text) in zip(parts, item.options, strict=True):
            yield form, {"code": part, "text": clean(_choice(item, cell, text, base=base))}
    yield from () if platform.tabs else ends[1:]


def _codes(item: Item, number: int) -> tuple[str, str, list[str]]:
    """Return a question's column, its code, and a code for each answer."""
    column = item.columns[0] if item.columns else item.key
    parts = [cell if item.numbered and cell.isdigit() else f"A{at}"
             for at, (cell, _text) in enumerate(item.options, start=1)]  # fmt: skip
    split = [name.partition("_") for name in item.columns]
    if len(split) > 1 and len({stem for stem, _mark, _part in split}) == 1:
        column, parts = split[0][0], [part for _stem, _mark, part in split]
    return column, column if CODE.fullmatch(column) else f"q{number}", parts


def _kind(item: Item) -> str:
    if not item.numbered:
        return item.kind
    cells = [cell for cell, _text in item.options]
    return "scale" if cells == [str(i) for i in range(1, len(cells) + 1)] else "rating"


def _choice(item: Item, cell: str, text: str, *, base: bool) -> str:
    if item.numbered and cell.lstrip("-").isdigit():
        return f"{cell} - {text}" if text else cell
    raw = base and len(item.columns) == 1 and any(c.isalpha() for c in cell)
    return cell if raw else text or cell


def _written(platform: Platform, rows: list[Row]) -> bytes:
    if not platform.tabs:
        return ("\n".join(cell for row in rows for cell in row) + "\n").encode("utf-8")
    made = io.StringIO()
    writer = csv.writer(made, dialect="excel-tab", lineterminator="\n")
    writer.writerows(row + ("",) * (len(COLUMNS) - len(row)) for row in [COLUMNS, *rows])
    return made.getvalue().encode("utf-8-sig")
