"""The spreadsheet of a period: every table behind the report, and the table book."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from cxlib.analysis.scores import Crosstab, crosstab
from cxlib.columns import COLUMNS
from cxlib.data.face import Face
from cxlib.data.survey import given
from cxlib.present import tables
from cxlib.present.formats import DASH
from cxlib.present.sheets import MAIN, MUTED, RULE, Cell, Grid, Workbook, grid, internal, typed
from cxlib.present.withhold import is_empty
from cxlib.report.saved import FIRST, Saved, made_at
from cxlib.words import Words, mark as _

if TYPE_CHECKING:
    from cxlib.engagement import Engagement
    from cxlib.envelope import Part

MOST_HEADINGS = 90
"""Characters of what the contents say that a table holds."""
OPEN_COMMENT = "comment"
"""The canonical column of the open question that every survey may have."""


def workbook(
    engagement: Engagement, chapters: Sequence[Saved], *, face: Face | None = None
) -> bytes:
    """Return the workbook of one client, period and language, in the client's `face`."""
    words = engagement.words
    face = face or Face()
    mark = face.confidential or words.say(_("Confidential"))
    book = Workbook(
        words,
        subject=f"{engagement.name} · {words.period(engagement.period)}",
        made=made_at(),
        main=face.colours.get("main", MAIN),
        mark=mark,
        foot=face.footer,
    )
    _name, contents = book.sheet(words.say(_("Contents")))
    listed: list[tuple[str, str, int, str]] = []
    named: dict[str, str] = {}
    for chapter in sorted(chapters, key=lambda c: (c.stem != FIRST, c.file)):
        grids = list(_grids(engagement, chapter))
        if not grids:
            continue
        listed.append((chapter.title, "", 0, ""))
        name, starts = book.tables(_short(chapter), chapter.title, grids)
        named[chapter.stem] = name
        listed += [
            (each.title, name, row, " · ".join(dict.fromkeys(each.headings)))
            for each, row in zip(grids, starts, strict=True)
        ]
    book.link(named)
    told = table_book(engagement)
    everybody = told + who(engagement, told) if told else []
    sheets: list[tuple[str, str, list[tuple[str, Crosstab]], dict[Column, str]]] = [
        (_("Toplines"), _("Toplines: every question, everybody"), everybody, {}),
        (_("Table book"), _("Table book: every question by every group"), told, _banner(told)),
    ]
    for tab, title, asked, columns in sheets if told else ():
        name, questions = _write_table_book(book, engagement, asked, tab, title, columns)
        listed.append((words.say(title), "", 0, ""))
        listed += [(question, name, row, "") for question, row in questions]
    missing = [chapter.title for chapter in chapters if chapter.missing]
    _write_contents(book, contents, engagement, listed, [mark, *missing])
    return book.content


def _short(chapter: Saved) -> str:
    number, dash, _stem = chapter.file.partition("-")
    return f"{number if dash and number.isdigit() else ''} {chapter.title}".strip(" ?？")


def _write_contents(
    book: Workbook,
    sheet: Any,
    engagement: Engagement,
    listed: list[tuple[str, str, int, str]],
    before: list[str],
) -> None:
    words, row, (mark, *missing) = book.words, 4, before
    sheet.set_row(0, 24)
    book.put(sheet, 0, 0, (engagement.name, ""), bold=True, font_size=16)
    book.put(sheet, 1, 0, (words.period(engagement.period), ""), font_size=12)
    book.put(sheet, 2, 0, (mark, ""), font_color=MUTED)
    for title in missing:
        note = words.say(_("Missing: “{title}” could not be made in this run."), title=title)
        book.put(sheet, row, 0, (note, ""), bold=True)
        row += 1
    for title, name, at, headings in listed:
        if not name:
            row += 1
            book.put(sheet, row, 0, (title, ""), bold=True, bottom=1)
            book.put(sheet, row, 1, (None, ""), bottom=1)
        else:
            look = book.look(font_color=book.main, indent=1)
            sheet.write_url(row, 0, internal(name, at), look, title[:255] or "–")
            told = textwrap.shorten(headings, MOST_HEADINGS, placeholder=" …")
            book.put(sheet, row, 1, (told, ""), font_color=MUTED, font_size=9)
        row += 1
    for note in (
        _("Numbers are unrounded; the formats show as many digits as they bear."),
        _("Percentages are shares of one, durations parts of a day; “from” and “to” are the ends "
          "of 95% intervals. Small bases are withheld here as in the reports."),
    ):  # fmt: skip
        row += 1
        book.put(sheet, row, 0, (words.say(note), ""), font_color=MUTED, text_wrap=True)
    book.lay(sheet, (66, 84))


# --- the tables behind the report --------------------------------------------------------------


def _grids(engagement: Engagement, chapter: Saved) -> Iterable[Grid]:
    """Yield a chapter's tables as its page shows them, and the numbers behind its figures."""
    parts = chapter.envelope.parts if chapter.envelope else ()
    shown = {_digest(part) for part in parts if part.kind == "table"}
    titles: dict[str, int] = {}
    for part in (part for part in parts if part.kind != "findings"):
        if part.kind == "figure" and _digest(part) in shown:
            continue  # its table stands there
        for each in _grids_of(engagement, chapter, part):
            titles[each.title] = titles.get(each.title, 0) + 1
            n = titles[each.title]
            title = f"{each.title} ({n})" if n > 1 else each.title
            yield replace(each, title=title)


def _digest(part: Part) -> str:
    return repr(part.data)


def _grids_of(engagement: Engagement, chapter: Saved, part: Part) -> Iterable[Grid]:
    from cxlib.envelope import decode

    options = decode(part.options)
    asked = options if part.kind == "table" else {}
    words = engagement.spoken(asked.get("language", engagement.language))
    heading = chapter.sections.get(part.cell, "") or chapter.title
    said = words.say(asked["caption"]) if asked.get("caption") else ""
    if part.kind == "figure":
        said = words.say(_("numbers behind the figure"))
    title = f"{heading} – {said}" if said not in ("", heading) else heading
    result = part.result()
    for one in result if isinstance(result, list) else [result]:
        has_table = isinstance(one, pd.DataFrame) or isinstance(
            getattr(one, asked.get("table", "table"), None), pd.DataFrame
        )
        if is_empty(one) or not (has_table or part.kind == "table"):
            continue
        yield grid(
            one,
            words=words,
            minimum_base=engagement.minimum_base,
            columns=asked.get("columns"),
            table=asked.get("table", "table"),
            title=title,
        )


# --- the table book ---------------------------------------------------------------------------


def table_book(engagement: Engagement) -> list[tuple[str, Crosstab]]:
    """Return every question by every segment, one cross table each, small bases withheld.

    KPIs and touchpoints with the answers behind them, the survey's other questions, and how many
    left a comment; with the nested banners and the nets of the client file. Empty without a survey
    or without segments.
    """
    client = engagement.client
    if client.survey is None or not engagement.segments:
        return []
    survey = engagement.survey()
    asked: list[tuple[str, Any]] = [(q.key, q) for q in engagement.questions]
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
            design=engagement.design, answers=True, nets={key: _nets(engagement, key, survey)},
            minimum_base=engagement.minimum_base,
        )  # fmt: skip
        found.append((key, told))
    shown = engagement.withheld([told for _key, told in found])
    return list(zip((key for key, _told in found), shown, strict=True))


def who(engagement: Engagement, told: Sequence[tuple[str, Crosstab]]) -> list[tuple[str, Crosstab]]:
    """Return who answered: the share of each level of the segments that are no questions."""
    survey, known = engagement.survey(), dict(told)
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


NOTES = (
    _("Each table: percent, mean or net points (weighted where the survey is), its base, and its "
      "effective base (Kish)."),
    _("Letters: this column lies significantly above the column of that letter in the same group "
      "of columns. ▲ ▼: it lies above or below all other columns of its group together."),
    _("Two families of tests, each adjusted within its table (Benjamini-Hochberg, 5%): against "
      "all others, and pairwise. Columns on too few answers are in neither."),
)  # fmt: skip
ARROWS = {"higher": "▲", "lower": "▼"}


def _write_table_book(
    book: Workbook, engagement: Engagement, told: list[tuple[str, Crosstab]],
    tab: str, title: str, columns: dict[Column, str],
) -> tuple[str, list[tuple[str, int]]]:  # fmt: skip
    words = book.words
    name, sheet = book.sheet(words.say(tab))
    sheet.set_row(0, 20)
    book.put(sheet, 0, 0, (words.say(title), ""), bold=True, font_size=14)
    row = 1
    for note in NOTES if columns else NOTES[:1]:
        book.put(sheet, row, 0, (words.say(note), ""), font_color=MUTED, font_size=9)
        row += 1
    row = _write_banner(book, sheet, row, columns)
    sheet.freeze_panes(row, 1)
    sheet.repeat_rows(row - 3, row - 1)
    book.lay(sheet, (40, *[11.0] * (len(columns) + 1)))
    starts = []
    for key, found in told:
        starts.append((_question(key, words), row + 1))
        row = _write_question(book, sheet, row + 1, key, found, columns)
    every = pd.concat([found.table for _key, found in told], ignore_index=True)
    small = every["withheld"].any()
    for note in tables.notes_of(None, every, words, engagement.minimum_base) if small else ():
        row += 1
        book.put(sheet, row, 0, (note, ""), font_color=MUTED, font_size=9)
    return name, starts


Column = tuple[Any, ...]
"""The levels that it is nested in, each with its segment; its segment, and its level."""


def _place(row: dict[Any, Any], by: Sequence[str]) -> Column:
    if not isinstance(row["segment"], str):
        return ()
    outer = ((name, row[name]) for name in by if row.get(name) is not None)
    return *outer, row["segment"], row["level"]


def _banner(told: list[tuple[str, Crosstab]]) -> dict[Column, str]:
    """Return the columns of the book, each with its letter; the first is everybody."""
    rows = [(_place(r, t.by), r["column"]) for _k, t in told for r in t.table.to_dict("records")]
    return {place: column for place, column in rows if place}


def _write_banner(book: Workbook, sheet: Any, row: int, columns: dict[Column, str]) -> int:
    words, at = book.words, 2
    book.put(sheet, row + 1, 1, (words.say(_("All")), ""), bold=True, align="right")
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


SCORES = {"points": _("Net score (points)"), "percent": _("Percent"), "mean": _("Mean")}


def _write_question(
    book: Workbook, sheet: Any, row: int, key: str, found: Crosstab, columns: dict[Column, str]
) -> int:
    """Write one question's table; returns the row after it."""
    words, table = book.words, found.table
    places: list[Column] = [(), *columns]
    book.put(sheet, row, 0, (_question(key, words), ""), bold=True, font_color=book.main)
    row += 1
    for n, (choice, rows) in enumerate(table.groupby("choice", sort=False)):
        cells = {_place(r, found.by): r for r in rows.to_dict("records")}
        strong = choice == "" or bool(rows["net"].iloc[0])
        if n == 0:
            for heading, name in ((_("Answers (base)"), "n"), (_("Effective base"), "n_effective")):
                book.put(sheet, row, 0, (words.say(heading), ""), font_color=MUTED)
                for at, place in enumerate(places, 1):
                    book.put(sheet, row, at, _base(cells.get(place), name, words),
                             align="right", font_color=MUTED)  # fmt: skip
                row += 1
        said = _said(rows.iloc[0].to_dict(), words)
        rating: Cell = (int(said), "0") if said.isascii() and said.isdigit() else (said, "")
        book.put(sheet, row, 0, rating, align="left", text_wrap=True, bold=strong)
        for at, place in enumerate(places, 1):
            cell = _number(cells.get(place), "value", "unit", words)
            book.put(sheet, row, at, cell, align="right", bold=strong)
        row += 1
        marks = [_marks(cells.get(place)) for place in places]
        if any(marks):
            for at, mark in enumerate(marks, 1):
                if mark:
                    book.put(sheet, row, at, (mark, ""), align="right", font_color=MUTED,
                             font_size=8)  # fmt: skip
            row += 1
    for at in range(len(places) + 1):
        book.put(sheet, row, at, (None, ""), top=1, top_color=RULE)
    return row


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
