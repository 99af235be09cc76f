"""Results as spreadsheets: numbers stay numbers, with formats; text is never a formula."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cxlib.columns import COLUMNS, WORDS_KINDS, Column, Kind, records
from cxlib.present import formats, tables
from cxlib.words import Words, mark as _

DAY = 86_400.0
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_UNITS = {"points": "0.0", "percent": "0.0%", "share": "0.0%", "mean": "0.00", "count": "#,##0"}
_CLOCK = "[h]:mm:ss"
_KINDS: dict[str, tuple[str, float]] = {
    "int": ("#,##0", 1.0),
    "percent": ("0.0%", 1.0),
    "chance": ('[<0.01]"< 1%";[>0.99]"> 99%";0.0%', 1.0),
    "share_change": ("+0.0;-0.0;0.0", 0.01),
    "points": ("0.0", 1.0),
    "number": ("0.00", 1.0),
    "p": ('[<0.001]"< 0.001";0.000', 1.0),
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
    printed : bool
        Whether it stands on paper; numbers behind a figure are for the screen.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    printed: bool = True


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
        for record in records(frame)
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
