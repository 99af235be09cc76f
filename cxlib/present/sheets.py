"""Results as spreadsheets: numbers stay numbers, with formats; text is never a formula."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pandas as pd

from cxlib.columns import COLUMNS, WORDS_KINDS, Column, Kind
from cxlib.errors import CxError
from cxlib.present import formats, tables
from cxlib.words import Words, mark as _

DAY = 86_400.0
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
FONTS = {"en": "Calibri", "zh": "Microsoft YaHei"}
INK, MUTED, MAIN, RULE = "#1c2733", "#5f6b7a", "#1f5f99", "#d5dbe2"
WIDEST, WIDE, LONGEST = 44, 28, 31
"""Characters of a sheet's first column, of any other, and of a sheet's name."""
PAGE = 230.0
"""Characters that a printed page holds side by side at a size that can be read."""
LINE, MOST_LINES = 13.5, 30
"""Points of a line, and lines of a row; Excel bears 409 points."""
MOST_TEXT = 32_000
"""Characters of a cell; Excel holds 32,767."""

_UNITS = {"points": "0.0", "percent": "0.0%", "share": "0.0%", "mean": "0.00", "count": "#,##0"}
_CLOCK = "[h]:mm:ss"
_KINDS: dict[str, tuple[str, float]] = {
    "int": ("#,##0", 1.0),
    "percent": ("0.0%", 1.0),
    "chance": ("0.0%", 1.0),
    "share_change": ("+0.0;-0.0;0.0", 0.01),
    "points": ("0.0", 1.0),
    "number": ("0.00", 1.0),
    "p": ("0.000", 1.0),
    "hours": ("0.0", 3600.0),
    "duration": (_CLOCK, DAY),
}

Cell = tuple[Any, str]
"""A value (text, number, date or None) and its number format, empty for text."""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A table as a sheet holds it.

    Parameters
    ----------
    title : str
    headings : tuple of str
    rows : tuple of tuple of (value, format)
    notes : tuple of str
        What stands beneath.
    leads : tuple of str
        Row by row, the stem of the chapter that it is about.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()


def grid(
    result: Any,
    *,
    words: Words,
    minimum_base: int,
    columns: str | Sequence[str] | None = None,
    table: str = "table",
    title: str = "",
) -> Grid:
    """Lay out one frame of a result (already withheld) with typed cells.

    Parameters
    ----------
    result : DataFrame or a frozen result
    words : Words
    minimum_base : int
    columns : str or sequence of str, optional
        These, in this order; without it those that the registry knows and that say something. The
        ends of their intervals and the bases join them.
    table : str
        Which of the result's frames, when it has several.
    title : str
        Said already.
    """
    frame = result if isinstance(result, pd.DataFrame) else tables.frame_of(result, table)
    unit = "" if isinstance(result, pd.DataFrame) else str(getattr(result, "unit", "") or "")
    asked = columns.split() if isinstance(columns, str) else columns
    chosen = tables.choose(result, frame, asked)
    if asked is None:
        known = {*COLUMNS, *(getattr(result, "by", None) or ())}
        if "brand" in frame and frame["brand"].eq("own").all():
            known.discard("brand")
        chosen = [n for n in chosen if n in known and not _unlike(frame[n], COLUMNS.get(n))]
    shown = list(_with_ends(frame, chosen, result))
    rows = [
        tuple(_cell(record, name, column, words, unit) for name, column, _heading in shown)
        for record in frame.to_dict("records")
    ]
    return Grid(
        title=title,
        headings=tuple(_heading(column, end, words) for _name, column, end in shown),
        rows=tuple(rows),
        notes=tuple(tables.notes_of(result, frame, words, minimum_base)),
        leads=tuple(map(str, frame["chapter"])) if "chapter" in frame else (),
    )


def _unlike(cells: pd.Series[Any], column: Column | None) -> bool:
    """Tell whether a column of words holds numbers: it only shares its name."""
    worded = column is not None and column.kind in WORDS_KINDS
    return worded and pd.api.types.is_numeric_dtype(cells)


def _with_ends(
    frame: pd.DataFrame, names: list[str], result: Any
) -> Iterable[tuple[str, Column, str]]:
    """Yield each column, the ends of its interval after it, and the bases that were not asked."""
    for name in names:
        column = tables.column_of(frame, name, result)
        yield name, column, ""
        for end, which in zip(column.interval or (), ("low", "high"), strict=False):
            if end in frame and end not in names and bool(frame[end].notna().any()):
                yield end, column, which
    for name in ("n", "n_effective"):
        if name in frame and name not in names and bool(frame[name].notna().any()):
            yield name, COLUMNS[name], ""


_ENDS = {"low": _("{heading}: from"), "high": _("{heading}: to")}


def _heading(column: Column, end: str, words: Words) -> str:
    heading = words.label(column.heading)
    return words.say(_ENDS[end], heading=heading) if end else heading


def _cell(record: dict[Any, Any], name: str, column: Column, words: Words, unit: str) -> Cell:
    withheld = bool(record.get("withheld", False))
    value = tables.value_of(record, name, column, words)
    if withheld and column.kind not in WORDS_KINDS:
        return formats.DASH, ""
    unit = str(record.get("unit") or unit)
    told, shape = typed(value, column.kind, words=words, unit=unit)
    return told, shape + '" *"' if name == "n" and shape and tables.few(value) else shape


def typed(value: Any, kind: Kind, *, words: Words, unit: str = "") -> Cell:
    """Return one cell: a number with its format, or text; None where there is none.

    Percentages are shares of one and durations parts of a day, as spreadsheets count them; a
    difference of percentages is in points.
    """
    if formats.absent(value):
        return None, ""
    if kind in ("date", "period") and isinstance(value, str) and _DAY.fullmatch(value):
        value = dt.date.fromisoformat(value)
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day), "yyyy-mm-dd"
    if kind in WORDS_KINDS or kind == "mark":
        return formats.cell(value, kind, words=words), ""
    if isinstance(value, str):  # another chapter's number has the same name
        return value, ""
    number = float(value)
    if math.isinf(number):
        return words.number(number), ""
    if kind == "needed":
        return math.ceil(number - 1e-9), "#,##0"
    if kind == "signed":
        return _signed(number, unit)
    if kind == "unit":
        if unit in ("seconds", "working"):
            return number / DAY, _CLOCK
        return (number / 100 if unit == "percent" else number), _UNITS.get(unit, "0.00")
    shape, size = _KINDS[kind]
    return (int(number) if kind == "int" and number.is_integer() else number / size), shape


def _signed(number: float, unit: str) -> Cell:
    if unit in ("seconds", "working"):  # a negative part of a day cannot be shown as a time
        return number / 3600, '+0.00" h";-0.00" h";0.00" h"'
    shape = "0.00" if unit == "mean" else "0.0"
    return number, f"+{shape};-{shape};{shape}"


# --- writing ----------------------------------------------------------------------------------


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
        self._leads: list[tuple[Any, int, str, str]] = []

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
        sheet.set_header(self._head)
        sheet.set_footer(self._foot)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})  # a clause is no number
        return title, sheet

    def lay(self, sheet: Any, widths: Sequence[float]) -> None:
        """Give columns their widths; printed on as few pages side by side as can be read."""
        for at, width in enumerate(widths):
            sheet.set_column(at, at, width)
        pages = max(1, math.ceil((sum(widths) - widths[0]) / (PAGE - widths[0])))
        sheet.fit_to_pages(pages, 0)
        if pages > 1:
            sheet.repeat_columns(0)

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
        """Write tables one beneath the other; returns the sheet's name and each table's row."""
        sheet_name, sheet = self.sheet(name)
        sheet.freeze_panes(1, 1)
        sheet.repeat_rows(0)
        sheet.set_row(0, 20)
        self.put(sheet, 0, 0, (title, ""), bold=True, font_size=14)
        row, starts, widths = 2, [], _widths(grids)
        for each in grids:
            starts.append(row)
            if each.title:
                self.put(sheet, row, 0, (each.title, ""), bold=True, font_color=self.main)
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
                    self._leads.append((sheet, row, cells[0][0], lead))
                self._high(sheet, row, ["" if shape else value for value, shape in cells], widths)
                for at, cell in enumerate(cells):
                    look = {"text_wrap": not _is_number(each, at), **_side(each, at)}
                    self.put(sheet, row, at, cell, bottom=1, bottom_color=RULE, **look)
                row += 1
            for note in each.notes:
                self.put(sheet, row, 0, (note, ""), font_color=MUTED, font_size=9)
                row += 1
            row += 2
        self.lay(sheet, widths)
        return sheet_name, starts

    def _high(self, sheet: Any, row: int, texts: Sequence[Any], widths: Sequence[float]) -> None:
        """Make a row as high as its wrapped texts need: not every program does so by itself."""
        lines = [_lines(text, w) for text, w in zip(texts, widths, strict=False)]
        if max(lines, default=1) > 1:
            sheet.set_row(row, LINE * min(max(lines), MOST_LINES))

    def link(self, sheets: Mapping[str, str]) -> None:
        """Have rows lead to the sheet of the chapter that they are about, by its stem."""
        for sheet, row, text, stem in self._leads:
            if stem in sheets:
                look = self.look(font_color=self.main, text_wrap=True, bottom=1, bottom_color=RULE)
                sheet.write_url(row, 0, internal(sheets[stem]), look, formats.legal(text)[:255])

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


def _em(text: str) -> float:
    """Return the width of a text in characters of the standard font; Chinese ones are two wide."""
    return sum(2.0 if ord(c) > 0x2E7F else 1.0 for c in text)


def _lines(text: Any, width: float) -> int:
    """Return how many lines a text takes in a column."""
    return sum(max(1, math.ceil(_em(line) / (width - 1))) for line in str(text or "").split("\n"))


def _widths(grids: Sequence[Grid]) -> list[float]:
    """Return the widths of columns that tables one beneath the other share."""
    widths = [9.0] * max((len(each.headings) for each in grids), default=1)
    for each in grids:
        for at, heading in enumerate(each.headings):
            texts = ["x" * 10 if row[at][1] else str(row[at][0] or "") for row in each.rows]
            wide = max([_em(heading) / 2, *(_em(x) for text in texts for x in text.split("\n"))])
            widths[at] = min(max(widths[at], wide + 2), WIDE if at else WIDEST)
    return widths


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
