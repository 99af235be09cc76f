"""The spreadsheet of a period: every table behind the report, and the table book."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from cxlib.data.face import Face
from cxlib.present.sheets import Grid, grid
from cxlib.present.withhold import is_empty
from cxlib.present.workbooks import MAIN, MUTED, Workbook, internal, wide
from cxlib.report.saved import FIRST, Saved, made_at
from cxlib.report.tablebook import write_table_book
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.engagement import Engagement
    from cxlib.envelope import Part

CONTENTS = (62, 62)
"""Widths of the two columns of the contents."""


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
        grids = sorted(_grids(engagement, chapter), key=lambda each: not each.printed)
        if not grids:
            continue
        listed.append((chapter.title, "", 0, ""))
        name, starts = book.tables(_short(chapter), chapter.title, grids)
        named[chapter.stem] = name
        listed += [
            (each.title, name, row, " · ".join(dict.fromkeys(each.headings)))
            for each, row in zip(grids, starts, strict=True)
            if each.printed or not re.search(r" \(\d+\)$", each.title)  # a panel, below the first
        ]
    book.link(named)
    listed += write_table_book(book, engagement)
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
    book.titled(sheet, 0, engagement.name, CONTENTS, font_size=16)
    book.put(sheet, 1, 0, (words.period(engagement.period), ""), font_size=12)
    book.put(sheet, 2, 0, (mark, ""), font_color=MUTED)
    for title in missing:
        note = words.say(_("Missing: “{title}” could not be made in this run."), title=title)
        book.put(sheet, row, 0, (note, ""), bold=True)
        row += 1
    for title, name, at, headings in listed:
        if not name:
            row += 1
            book.put(sheet, row, 0, (_cut(title), ""), bold=True, bottom=1)
            book.put(sheet, row, 1, (None, ""), bottom=1)
        else:
            look = book.look(font_color=book.main, indent=1)
            sheet.write_url(row, 0, internal(name, at), look, _cut(title) or "–")
            told = _cut(headings)
            if told != headings and " " in told:
                told = f"{told.rpartition(' ')[0]} …"
            book.put(sheet, row, 1, (told, ""), font_color=MUTED)
        row += 1
    for note in (
        _("Numbers are unrounded; the formats show as many digits as they bear."),
        _("Percentages are shares of one, durations parts of a day; “from” and “to” are the ends "
          "of 95% intervals. Small bases are withheld here as in the reports."),
        _("Numbers behind figures stand last on each sheet and are not printed."),
    ):  # fmt: skip
        row += 1
        book.note(sheet, row, words.say(note), CONTENTS)
    book.lay(sheet, CONTENTS)


def _cut(title: str) -> str:
    """Return a title that keeps to its column of the contents."""
    room, kept = CONTENTS[0] - 3, title
    while wide(kept) > room:
        kept = kept[: min(len(kept) - 1, len(kept) * room // math.ceil(wide(kept)))]
    return kept if kept == title else f"{kept.rstrip()}…"


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
            yield replace(each, title=title, printed=part.kind != "figure")


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
