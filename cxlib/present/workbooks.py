"""Sheets in the making: titled tables one beneath the other, on pages that keep them whole."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from cxlib.errors import CxError
from cxlib.plots.wrapping import em
from cxlib.present import formats
from cxlib.present.sheets import Cell, Grid
from cxlib.words import Words, mark as _

FONTS = {"en": "Calibri", "zh": "Microsoft YaHei"}
INK, MUTED, MAIN, RULE = "#1c2733", "#5f6b7a", "#1f5f99", "#d5dbe2"
WIDEST, WIDE, LONGEST, TITLE = 44, 28, 31, 30.0
"""Characters of a sheet's first column, of any other, of a sheet's name, and of a title's line."""
LINE, MOST_LINES = 13.5, 30
"""Points of a line, and lines of a row; Excel bears 409 points."""
MOST_TEXT = 32_000
"""Characters of a cell; Excel holds 32,767."""
ACROSS, DOWN = 784.0, 505.0
"""Points that an A4 page holds within its margins, lying."""
SMALLEST = 0.8
"""Of their size: letters of 10 points print in 8, which can be read, and in no smaller ones."""
PAGE = 0.98 * ACROSS / SMALLEST
"""Points of columns that a printed page holds side by side."""
ROW = 15.0
"""Points of a row of one line."""
READ = 150.0
"""Characters of a line of notes, at most."""


class Workbook:
    """A workbook in the making: sheets of titled tables; `content` is its bytes."""

    def __init__(
        self, words: Words, *, subject: str = "", made: dt.datetime | None = None,
        main: str = MAIN, mark: str = "", foot: str = "",
    ) -> None:  # fmt: skip
        import xlsxwriter

        self._buffer = BytesIO()
        self._book = xlsxwriter.Workbook(
            self._buffer,
            {"in_memory": True, "strings_to_numbers": False, "strings_to_formulas": False,
             "strings_to_urls": False},
        )  # fmt: skip
        subject = formats.legal(subject)[:200]
        properties: dict[str, Any] = {"title": subject, "author": "", "comments": ""}
        if made is not None:
            properties["created"] = made.replace(tzinfo=None)
        self._book.set_properties(properties)
        self.words, self.main = words, main
        self._head, self._foot = _sides(subject, _plain(mark)), _sides(foot, "&P / &N")
        self._formats: dict[tuple[Any, ...], Any] = {}
        self._names: set[str] = set()
        self._leads: list[tuple[Any, int, int, str, str]] = []
        self._heights: dict[tuple[str, int], float] = {}

    def look(self, **properties: Any) -> Any:
        """Return a format: the kit's font, with these properties."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            font = FONTS.get(self.words.language, FONTS["en"])
            base = {"font_name": font, "font_size": 10, "font_color": INK, "valign": "top"}
            self._formats[key] = self._book.add_format(base | properties)
        return self._formats[key]

    def sheet(self, name: str) -> tuple[str, Any]:
        """Add a sheet of this name, made one that a workbook can bear; landscape, a page wide."""
        plain = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", name).strip("' ") or "–"
        title, n = plain[:LONGEST], 1
        if len(plain) > LONGEST and " " in title[1:]:
            title = title.rsplit(" ", 1)[0].rstrip(" ,;:–") or title
        while title.casefold() in {*self._names, "history"}:
            n += 1
            title = f"{plain[: LONGEST - len(str(n)) - 1].rstrip()} {n}"
        self._names.add(title.casefold())
        sheet = self._book.add_worksheet(title)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(left=0.4, right=0.4, top=0.65, bottom=0.6)
        sheet.set_header(self._head)
        sheet.set_footer(self._foot)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})  # a clause is no number
        return title, sheet

    def lay(
        self, sheet: Any, widths: Sequence[float], blocks: Sequence[tuple[int, int]] = (),
        repeated: float = 0.0, across: int | None = None,
    ) -> None:  # fmt: skip
        """Give columns their widths; printed on as few pages side by side as can be read.

        No page ends within a block (first row, and the row after its last) that fits one;
        `repeated` are the points of the rows that every page begins with. Where a little smaller
        letters save pages, they are taken; only the first columns are printed where `across` says
        how many. Excel heeds no breaks on a sheet that is made to fit.
        """
        for at, width in enumerate(widths):
            sheet.set_column(at, at, width)
        widths = widths[:across]
        beside = _beside(widths)
        if len(beside) > 1:
            sheet.repeat_columns(0)
            sheet.set_v_pagebreaks(beside[1:])
            sheet.print_across()
        ends = [*beside[1:], len(widths)]
        pages = zip(beside, ends, strict=True)
        page = max(_points((*widths[: min(a, 1)], *widths[a:b])) for a, b in pages)
        scale = min(1.0, 0.98 * ACROSS / page)
        smaller = (scale, 0.95 * scale, 0.9 * scale, 0.85 * scale)
        tried = [
            (*self._breaks(sheet, blocks, DOWN / each - repeated - ROW), each)
            for each in (scale, *(each for each in smaller if each >= SMALLEST))
        ]
        breaks, _pages, scale = min(tried, key=lambda one: one[1])
        sheet.set_print_scale(max(10, math.floor(100 * scale + 1e-6)))
        if breaks:
            sheet.set_h_pagebreaks(breaks)

    def _breaks(
        self, sheet: Any, blocks: Sequence[tuple[int, int]], room: float
    ) -> tuple[list[int], int]:
        """Return the rows before which a page ends, so that blocks stay whole; and the pages."""

        def high(first: int, last: int) -> float:
            return sum(self._heights.get((sheet.name, row), ROW) for row in range(first, last))

        breaks, begun, pages = [], blocks[0][0] if blocks else 0, 1
        for first, last in blocks:
            if high(begun, last) <= room:
                continue
            if first > begun:
                breaks.append(begun := first)
                pages += 1
            row = begun
            while row < last:  # a block longer than a page
                row += 1
                if high(begun, row) > room:
                    begun = row - 1
                    pages += 1
        return breaks, pages

    def note(self, sheet: Any, row: int, text: str, widths: Sequence[float]) -> None:
        """Write a note across the columns that a page holds, as high as it needs."""
        last, wide = 0, widths[0]
        while last + 1 < len(widths) and wide + widths[last + 1] <= READ:
            last += 1
            wide += widths[last]
        if last:
            sheet.merge_range(row, 0, row, last, "", self.look(font_color=MUTED))
        self.put(sheet, row, 0, (text, ""), font_color=MUTED, text_wrap=True)
        self._high(sheet, row, [text], [wide])

    def put(self, sheet: Any, row: int, column: int, cell: Cell, **look: Any) -> None:
        """Write one cell: text as text, whatever it looks like."""
        value, shape = cell
        look = look | ({"num_format": shape} if shape else {})
        if value is None or value == "":
            sheet.write_blank(row, column, None, self.look(**look))
        elif isinstance(value, dt.datetime):
            sheet.write_datetime(row, column, value, self.look(**look))
        elif isinstance(value, str):
            text = formats.legal(value)[:MOST_TEXT]
            if text[:1] in "=+-@\t\r":
                look |= {"quote_prefix": True}  # also after someone has edited the cell
            sheet.write_string(row, column, text, self.look(**look))
        else:
            sheet.write_number(row, column, value, self.look(**look))

    def tables(self, name: str, title: str, grids: Sequence[Grid]) -> tuple[str, list[int]]:
        """Write tables one beneath the other; returns the sheet's name and each table's row.

        What is not printed stands last.
        """
        sheet_name, sheet = self.sheet(name)
        sheet.freeze_panes(1, 1)
        sheet.repeat_rows(0)
        row, starts, widths = 2, [], _widths(grids)
        own = [at for at, each in enumerate(grids) if each.printed] or range(len(grids))
        across = max((len(grids[at].headings) for at in own), default=1)
        told = widths if len(_beside(widths[:across])) == 1 else widths[:1]
        self.titled(sheet, 0, title, widths, font_size=14)
        blocks: list[tuple[int, int]] = []
        for each in grids:
            starts.append(row)
            if each.title:
                self.titled(sheet, row, each.title, widths, font_color=self.main)
                row += 1
            self._high(sheet, row, each.headings, widths)
            for at, heading in enumerate(each.headings):
                look = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"} | _side(
                    each, at
                )
                self.put(sheet, row, at, (heading, ""), **look)
            row += 1
            for cells, lead in zip(each.rows, each.leads or [""] * len(each.rows), strict=True):
                if lead and isinstance(cells[0][0], str):
                    fits = (at for at, (told, shape) in enumerate(cells) if told and not shape)
                    at = next((n for n in fits if _lines(cells[n][0], widths[n]) == 1), 0)
                    self._leads.append((sheet, row, at, str(cells[at][0]), lead))
                self._high(sheet, row, ["" if shape else value for value, shape in cells], widths)
                for at, cell in enumerate(cells):
                    look = {"text_wrap": not _is_number(each, at), **_side(each, at)}
                    self.put(sheet, row, at, cell, bottom=1, bottom_color=RULE, **look)
                row += 1
            for note in each.notes:
                self.note(sheet, row, note, told)  # in what every page across repeats, or it is cut
                row += 1
            blocks.append((starts[-1], row))
            row += 2
        blocks = [blocks[at] for at in own]
        if len(own) < len(grids):
            sheet.print_area(0, 0, blocks[-1][1] - 1, across - 1)
        self.lay(sheet, widths, blocks, self._heights.get((sheet.name, 0), 20.0), across)
        return sheet_name, starts

    def titled(
        self, sheet: Any, row: int, title: str, widths: Sequence[float], **look: Any
    ) -> None:
        """Write a title within the first column, which every page across repeats."""
        self.put(sheet, row, 0, (title, ""), bold=True, text_wrap=True, **look)
        size = look.get("font_size", 10) / 10
        high = _lines(title, widths[0] / size / 1.05) * LINE * size * 1.1
        self._heights[sheet.name, row] = max(high, ROW)
        sheet.set_row(row, self._heights[sheet.name, row])

    def _high(self, sheet: Any, row: int, texts: Sequence[Any], widths: Sequence[float]) -> None:
        """Make a row as high as its wrapped texts need: not every program does so by itself."""
        lines = [_lines(text, w) for text, w in zip(texts, widths, strict=False)]
        if max(lines, default=1) > 1:
            self._heights[sheet.name, row] = LINE * min(max(lines), MOST_LINES)
            sheet.set_row(row, self._heights[sheet.name, row])

    def link(self, sheets: Mapping[str, str]) -> None:
        """Have rows lead to the sheet of the chapter that they are about, by its stem."""
        for sheet, row, at, text, stem in self._leads:
            if stem in sheets:
                look = self.look(font_color=self.main, text_wrap=True, bottom=1, bottom_color=RULE)
                sheet.write_url(row, at, internal(sheets[stem]), look, formats.legal(text)[:255])

    @property
    def content(self) -> bytes:
        """Finish the workbook and return it."""
        self._book.close()
        return self._buffer.getvalue()


def internal(sheet: str, row: int = 0) -> str:
    """Return the address of a row of a sheet of the same workbook."""
    return f"internal:'{sheet.replace(chr(39), chr(39) * 2)}'!A{row + 1}"


def _plain(text: str) -> str:
    """Return a text as heads and feet of pages hold it, where & begins a code."""
    return formats.legal(text)[:100].replace("&", "&&")


def _sides(left: str, right: str) -> str:
    """Return a head or foot: a text at the left, codes at the right."""
    return (f"&L{_plain(left)}" if left else "") + (f"&R{right}" if right else "")


def _is_number(each: Grid, at: int) -> bool:
    return any(row[at][1] for row in each.rows)


def _side(each: Grid, at: int) -> dict[str, Any]:
    """Return how a column is set: numbers right, words left and clear of a number before them."""
    if _is_number(each, at):
        return {"align": "right"}
    return {"align": "left", "indent": int(at > 0 and _is_number(each, at - 1))}


def wide(text: str) -> float:
    """Return the width of a text in characters of the standard font; Chinese ones are two wide."""
    return 2 * em(text, latin=0.5)


def _lines(text: Any, width: float) -> int:
    """Return how many lines a text takes in a column."""
    return sum(max(1, math.ceil(wide(line) / (width - 1))) for line in str(text or "").split("\n"))


def _widths(grids: Sequence[Grid]) -> list[float]:
    """Return the widths of columns that tables one beneath the other share, titles in the first."""
    widths = [TITLE, *[7.0] * max((len(each.headings) - 1 for each in grids), default=0)]
    for each in grids:
        for at, heading in enumerate(each.headings):
            texts = [_shown(*row[at]) for row in each.rows]
            words = [wide(word) for word in heading.split()]
            needs = max(
                [wide(heading) / 2.5, *words, *(wide(x) for t in texts for x in t.split("\n"))]
            )
            widths[at] = min(max(widths[at], needs + 2), WIDE if at else WIDEST)
    return widths


def _shown(value: Any, shape: str) -> str:
    """Return about what a cell shows, for the width of its column."""
    if not shape or value is None:
        return str(value or "")
    if isinstance(value, dt.datetime) or shape.startswith("["):
        return "x" * 10
    digits = len(re.sub(r".*\.|[^0]", "", shape.partition(";")[0])) if "." in shape else 0
    return f"{100 * value if '%' in shape else value:,.{digits}f}" + "x" * (shape[0] == "+")


def _points(widths: Sequence[float]) -> float:
    """Return how wide columns are on paper, also where the font is a wider one than asked for."""
    return sum(7.0 * width + 3.75 for width in widths)


def _beside(widths: Sequence[float]) -> list[int]:
    """Return the columns at which pages side by side begin, about equally wide."""
    first, rest = _points(widths[:1]), _points(widths[1:])
    share = rest / max(1, math.ceil(rest / (PAGE - first)))
    begins, held, here = [0], 0.0, 0.0
    for at, width in enumerate(widths[1:], start=1):
        own = _points([width])
        if held and (held + own / 2 > share * len(begins) or first + here + own > PAGE):
            begins.append(at)
            here = 0.0
        held, here = held + own, here + own
    return begins


def workbook_of(grids: Sequence[Grid], *, words: Words, subject: str) -> bytes:
    """Return a workbook of one sheet.

    Raises
    ------
    CxError
        If there is nothing in it.
    """
    if not any(each.rows for each in grids):
        raise CxError("there is nothing to export: the result has no rows.")
    book = Workbook(words, subject=subject)
    book.tables(words.say(_("Tables")), subject, grids)
    return book.content
