"""The table book: every question by every group, with bases and letters, and its toplines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd

from cxlib.analysis.metrics import resolve
from cxlib.analysis.scores import Crosstab, crosstab
from cxlib.columns import COLUMNS, records
from cxlib.data.survey import given
from cxlib.present import tables
from cxlib.present.formats import DASH
from cxlib.present.sheets import Cell, typed
from cxlib.present.workbooks import MUTED, ROW, RULE, Workbook
from cxlib.words import Said, Words, mark as _

if TYPE_CHECKING:
    from cxlib.engagement import Engagement

OPEN_COMMENT = "comment"
"""The canonical column of the open question that every survey may have."""


def write_table_book(book: Workbook, engagement: Engagement) -> list[tuple[str, str, int, str]]:
    """Write the toplines and the table book; returns what the contents say of them."""
    told = table_book(engagement)
    everybody = told + who(engagement, told) if told else []
    sheets: list[tuple[str, str, list[tuple[str, Crosstab]], dict[Column, str]]] = [
        (_("Toplines"), _("Toplines: every question, everybody"), everybody, {}),
        (_("Table book"), _("Table book: every question by every group"), told, banner(told)),
    ]
    listed: list[tuple[str, str, int, str]] = []
    for tab, title, asked, columns in sheets if told else ():
        name, questions = write_sheet(book, engagement, asked, tab, title, columns)
        listed.append((book.words.say(title), "", 0, ""))
        listed += [(question, name, row, "") for question, row in questions]
    return listed


def table_book(engagement: Engagement) -> list[tuple[str, Crosstab]]:
    """Return every question by every segment, one cross table each, small bases withheld.

    KPIs and touchpoints with the answers behind them, the survey's other questions, and how many
    left a comment; with the nested banners and the nets of the client file. Empty without a survey
    or without segments.
    """
    client = engagement.client
    if client.survey is None or not engagement.segments:
        return []
    written = [key for key, item in client.survey.questions.items() if item.kind == "open"]
    wrote = {}  # whether, not what: texts of millions are not held together
    for name in (*written, OPEN_COMMENT):
        texts = engagement.survey(columns=[name]).get(name, pd.Series(dtype="str"))
        wrote[name] = texts.str.strip().ne("") & texts.notna()
    survey = engagement.survey(columns=engagement.closed)
    survey = survey.assign(**{name: flag.map({True: "x"}) for name, flag in wrote.items()})
    rated = {q.key: q for q in engagement.questions}
    asked: list[tuple[str, Any]] = list(rated.items())
    asked += [(key, {key: item.kind}) for key, item in client.survey.questions.items()]
    if survey[OPEN_COMMENT].notna().any():
        asked.append((OPEN_COMMENT, {OPEN_COMMENT: "open"}))
    columns = [str(name) for name in survey.columns]
    found = []
    for key, rows in asked:
        own = [c for c in columns if c == key or c.startswith(f"{key}=")]
        if not own or not survey[own].notna().any(axis=None):
            continue
        told = crosstab(
            survey, rows=rows, by=(*engagement.segments, *client.tablebook.banners),
            design=engagement.design, answers=True, minimum_base=engagement.minimum_base,
            nets={key: _nets(engagement, key, survey) or boxes(rated.get(key), engagement.words)},
        )  # fmt: skip
        found.append((key, told))
    shown = engagement.withheld([told for _key, told in found])
    return list(zip((key for key, _told in found), shown, strict=True))


def who(engagement: Engagement, told: Sequence[tuple[str, Crosstab]]) -> list[tuple[str, Crosstab]]:
    """Return who answered: the share of each level of the segments that are no questions."""
    survey, known = engagement.survey(columns=engagement.scored), dict(told)
    found = [
        crosstab(survey, rows={name: "single"}, by=name, design=engagement.design,
                 minimum_base=engagement.minimum_base)
        for name in engagement.segments if name not in known
    ]  # fmt: skip
    shown = []
    for name, one in zip(engagement.segments, engagement.withheld(found), strict=False):
        table = one.table
        small = table.loc[table["withheld"] & table["level"].notna(), "level"]
        hidden = table["withheld"] | table["choice"].isin(set(small))
        shown.append((name, replace(one, table=table.assign(withheld=hidden))))
    return shown


def _nets(engagement: Engagement, key: str, survey: pd.DataFrame) -> dict[str, list[Any]]:
    """Return a question's nets, of the answers that were given in this period."""
    nets = engagement.client.tablebook.nets.get(key, {})
    item = engagement.client.survey.questions.get(key) if engagement.client.survey else None
    if not nets or item is None:
        return {name: list(net.choices) for name, net in nets.items()}

    now = given(survey, key)
    told = {
        name: [one for one in map(str, net.choices) if one in now] for name, net in nets.items()
    }
    return {name: of for name, of in told.items() if of}


def boxes(question: Any, words: Words) -> dict[str, list[int]]:
    """Return the best and the worst answers of a long scale, as many as its score counts, or 2."""
    metric = None if question is None else resolve(question)
    if metric is None or metric.kind == "nps" or metric.scale is None:
        return {}
    best = list(range(metric.scale[0], metric.scale[1] + 1))
    if metric.direction == "higher":
        best.reverse()
    n = metric.top or 2
    if 2 * n >= len(best):
        return {}
    told = {_("Top {n} ({answers})"): best[:n], _("Bottom {n} ({answers})"): best[-n:]}
    if metric.unit == "percent":  # that is its score
        del told[_("Top {n} ({answers})")]
    spans = {said: (min(of), max(of)) for said, of in told.items()}
    return {
        words.say(said, n=n, answers=Said(f"{low}–{high}" if low < high else f"{low}")): told[said]
        for said, (low, high) in spans.items()
    }


NOTES = (
    _("Each table: percent, mean or net points (weighted where the survey is) of those who "
      "answered; “no answer” and “not asked” count the others. The effective base is Kish's; "
      "a weighted base has weights of mean 1."),
    _("Letters: this column lies significantly above the column of that letter in the same group "
      "of columns. ▲ ▼: it lies above or below all other columns of its group together."),
    _("Two families of tests, each adjusted within its table (Benjamini-Hochberg, 5%): against "
      "all others, and pairwise. Columns on too few answers are in neither."),
)  # fmt: skip
ARROWS = {"higher": "▲", "lower": "▼"}


def write_sheet(
    book: Workbook, engagement: Engagement, told: list[tuple[str, Crosstab]],
    tab: str, title: str, columns: dict[Column, str],
) -> tuple[str, list[tuple[str, int]]]:  # fmt: skip
    """Write a sheet of questions; return its name, and the row at which each question begins."""
    words = book.words
    name, sheet = book.sheet(words.say(tab))
    sheet.set_row(0, 20)
    book.put(sheet, 0, 0, (words.say(title), ""), bold=True, font_size=14)
    row, widths = 1, (40, *[11.0] * (len(columns) + 1 if columns else 3))
    for note in NOTES if columns else NOTES[:1]:
        book.note(sheet, row, words.say(note), widths)
        row += 1
    row = _write_banner(book, sheet, row, columns)
    sheet.freeze_panes(row, 1)
    sheet.repeat_rows(row - 3, row - 1)
    starts, blocks = [], []
    for key, found in told:
        starts.append((_question(key, words), row + 1))
        row = _write_question(book, sheet, row + 1, key, found, columns)
        blocks.append((starts[-1][1], row))
    book.lay(sheet, widths, blocks, 3 * ROW)
    every = pd.concat([found.table for _key, found in told], ignore_index=True)
    small = every["withheld"].any()
    for note in tables.notes_of(None, every, words, engagement.minimum_base) if small else ():
        row += 1
        book.note(sheet, row, note, widths)
    return name, starts


Column: TypeAlias = tuple[Any, ...]
"""The levels that it is nested in, each with its segment; its segment, and its level."""
Cells: TypeAlias = dict[Column, dict[Any, Any]]


def _place(row: dict[Any, Any], by: Sequence[str]) -> Column:
    if not isinstance(row["segment"], str):
        return ()
    outer = ((name, row[name]) for name in by if row.get(name) is not None)
    return *outer, row["segment"], row["level"]


def banner(told: list[tuple[str, Crosstab]]) -> dict[Column, str]:
    """Return the columns of the book, each with its letter; the first is everybody."""
    rows = [(_place(r, t.by), r["column"]) for _k, t in told for r in records(t.table)]
    return {place: column for place, column in rows if place}


def _write_banner(book: Workbook, sheet: Any, row: int, columns: dict[Column, str]) -> int:
    words, at = book.words, 2
    told = [words.say(_("All"))]
    told += [] if columns else [words.label(COLUMNS[end].heading) for end in ENDS]
    for n, heading in enumerate(told, 1):
        book.put(sheet, row + 1, n, (heading, ""), bold=True, align="right")
    families = list(dict.fromkeys(place[:-1] for place in columns))
    for family in families:
        *outer, segment = family
        own = [place[-1] for place in columns if place[:-1] == family]
        labels = [words.label(f"{name}={level}") for name, level in outer]
        label = " · ".join([*labels, words.label(segment)])
        look = book.look(bold=True, align="center", bottom=1, text_wrap=True)
        if len(own) > 1:
            sheet.merge_range(row, at, row, at + len(own) - 1, "", look)
        sheet.write_string(row, at, label, look)
        for level in own:
            book.put(sheet, row + 1, at, (words.label(f"{segment}={level}"), ""),
                     bold=True, align="right", text_wrap=True)  # fmt: skip
            book.put(sheet, row + 2, at, (columns[*family, level], ""), align="right",
                     font_color=MUTED)  # fmt: skip
            at += 1
    return row + 3


def _question(key: str, words: Words) -> str:
    return words.say(_("Left a comment")) if key == OPEN_COMMENT else words.label(key)


ENDS = ("low", "high")
BASES = (
    (_("Answers (base)"), "n"), (_("Weighted base"), "n_weighted"),
    (_("Effective base"), "n_effective"), (_("No answer"), "n_dropped"),
    (_("Not asked"), "n_not_asked"),
)  # fmt: skip
SCORES = {"points": _("Net score (points)"), "percent": _("Percent"), "mean": _("Mean")}


def _write_question(
    book: Workbook, sheet: Any, row: int, key: str, found: Crosstab, columns: dict[Column, str]
) -> int:
    """Write one question's table; returns the row after it."""
    words, table = book.words, found.table
    places: list[Column] = [(), *columns]
    book.put(sheet, row, 0, (_question(key, words), ""), bold=True, font_color=book.main)
    row += 1
    weighted = bool((table["n"] - table["n_weighted"]).abs().gt(1e-6).any())
    several: dict[str, Cells] = {}

    def line(said: str, cells: Sequence[Cell], **look: Any) -> None:
        nonlocal row
        rating: Cell = (int(said), "0") if said.isascii() and said.isdigit() else (said, "")
        book.put(sheet, row, 0, rating, align="left", text_wrap=True, **look)
        for at, cell in enumerate(cells, 1):
            book.put(sheet, row, at, cell, align="right", **look)
        row += 1

    for n, (choice, rows) in enumerate(table.groupby("choice", sort=False)):
        cells = {_place(r, found.by): r for r in records(rows)}
        own = [cells.get(place) for place in places]
        for heading, name in BASES if n == 0 else ():
            if name in ("n", "n_effective") or (
                weighted if name == "n_weighted" else bool(rows[name].gt(0).any())
            ):
                line(words.say(heading), [_base(r, name, words) for r in own], font_color=MUTED)
        strong = choice == "" or bool(rows["net"].iloc[0])
        values = [_number(r, "value", "unit", words) for r in own]
        if not columns:
            values += [_number(own[0], end, "unit", words) for end in ENDS]
        line(_said(rows.iloc[0].to_dict(), words), values, bold=strong)
        marks = [_marks(r) for r in own]
        if any(marks):
            line("", [(mark, "") for mark in marks], font_color=MUTED)
        if rows["deviation"].notna().any():
            spread = [_number(r, "deviation", "number", words) for r in own]
            line(words.say(_("Standard deviation")), spread, font_color=MUTED)
        if rows["of_answers"].notna().any():
            several[_said(rows.iloc[0].to_dict(), words)] = cells
    if several:
        line(words.say(_("Of all answers given")), [], font_color=MUTED)
        for said, cells in several.items():
            line(said, [_number(cells.get(p), "of_answers", "unit", words) for p in places])
        each = [_answers_each(several.values(), place) for place in places]
        line(words.say(_("Answers a person")),
             [_number(r, "each", "number", words) for r in each], font_color=MUTED)  # fmt: skip
    for at in range(len(places) + 1):
        book.put(sheet, row, at, (None, ""), top=1, top_color=RULE)
    return row


def _answers_each(choices: Iterable[Cells], place: Column) -> dict[Any, Any] | None:
    """Return of a column how many of several choices one person made."""
    rows = [cells[place] for cells in choices if place in cells]
    return rows[0] | {"each": sum(row["value"] for row in rows) / 100} if rows else None


def _said(row: dict[Any, Any], words: Words) -> str:
    if row["choice"] == "":
        return words.say(SCORES[row["unit"]])
    return words.label(tables.value_of(row, "choice", COLUMNS["choice"], words))


def _base(row: dict[Any, Any] | None, name: str, words: Words) -> Cell:
    value, shape = _number(row, name, "int", words)
    few = row is not None and name == "n" and bool(shape) and tables.few(value)
    return value, shape + '" *"' if few else shape


def _number(row: dict[Any, Any] | None, name: str, kind: Any, words: Words) -> Cell:
    if row is None:
        return None, ""
    if row.get("withheld"):
        return DASH, ""
    return typed(row[name], kind, words=words, unit=row["unit"])


def _marks(row: dict[Any, Any] | None) -> str:
    if row is None or row.get("withheld"):
        return ""
    return f"{ARROWS.get(row['against_rest'], '')} {row['letters'] or ''}".strip()
