"""A sheet as a table: where the names stand, which rows are answers, who wrote it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from cxlib.data.excel import ERRORS
from cxlib.data.formats import Sheet, matches
from cxlib.data.platforms import as_asked, header_name, platform
from cxlib.errors import DataError
from cxlib.words import mark as _

Integers = np.ndarray[Any, np.dtype[np.int64]]

REPEATS = _("repeats the header")
TOTAL = _("total of the rows above")
NOTE = _("note below the table")

_SEARCHED = 30
"""Rows that are looked at for the column names."""
_TAIL = 5
"""Filled rows at the end among which totals and notes are looked for."""
_TOTAL = re.compile(
    r"(合计|总计|小计|汇总|总数|平均[值分数]?|均值|合計|總計|小計|total|grand total|sub-?total|sum|"
    r"totale?( g[eé]n[eé]ral)?|総計|平均|합계|총계|평균|average|mean|overall|count|gesamt|summe|"
    r"gesamt(summe|ergebnis)|durchschnitt|mittelwert|somme|moyenne( g[eé]n[eé]rale)?|promedio|"
    r"suma|media|totaal|gemiddelde|итого|всего|среднее)"
    r"\s*[:：]?\s*([(（].*[)）]|[\d,.%]*)",
    re.IGNORECASE,
)
_IMPORT = re.compile(r"\s*\{\s*'?\"ImportId\"")
_SUFFIX = re.compile(r"(.*)#(\d+)")


@dataclass(kw_only=True)
class Grid:
    """The text cells of a sheet under its column names.

    `cells` has a column a name; `rows` their numbers as a spreadsheet shows them; `aliases` further
    names of columns, `repeated` names that several bear, `wording` what a second header row says;
    `left` counts rows left out by reason, `notes` says what was found, `spoilt` in how many rows a
    column shows an error of a spreadsheet, with the first; `header` is where the names stand,
    counted from 0, and over how many rows.
    """

    cells: pd.DataFrame
    rows: Integers
    aliases: dict[str, str] = field(default_factory=dict)
    repeated: dict[str, list[str]] = field(default_factory=dict)
    wording: dict[str, str] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    spoilt: dict[str, tuple[int, str]] = field(default_factory=dict)
    held: int = 0
    name: str = ""
    platform: str = ""
    header: tuple[int, int] = (0, 1)

    @property
    def names(self) -> list[str]:
        """The names of its columns."""
        return [str(name) for name in self.cells.columns]


class Named(NamedTuple):
    """The columns that a section of the client file names, and those of ids and dates.

    As `header_name` writes them; `codes` are errors of a spreadsheet that it says the meaning of.
    """

    columns: Sequence[str] = ()
    ids: Sequence[str] = ()
    codes: Sequence[str] = ()

    def held(self, row: Sequence[str]) -> int:
        """Return how many of the columns a row of names holds."""
        names = {header_name(cell) for cell in row} - {""}
        return sum(_holds(names, name) for name in self.columns)


ANY = Named()
"""Whatever columns there are."""


def _holds(names: set[str], wanted: str) -> bool:
    if "*" in wanted:
        return wanted in names or any(matches(name, wanted) for name in names)
    counted = _SUFFIX.fullmatch(wanted)
    return wanted in names or (counted is not None and counted[1].strip() in names)


def lay_out(
    sheet: Sheet,
    *,
    file: str,
    named: Named = ANY,
    header_row: int | None = None,
    header_rows: int | None = None,
    skipped: int = 0,
    last: bool = True,
) -> Grid:
    """Return a sheet's table: names found by the columns that are `named`, answers below them.

    Of the first rows the one that holds most of those columns is the header; where ids or dates
    stand, a word such as Total is no respondent. `header_row` is
    counted from 1, `header_rows` are those from it to the first answer. Of a table in pieces, each
    under its header, `skipped` counts the rows of the pieces before this one, and totals and notes
    stand below the `last`.
    """
    rows = sheet.rows
    at, deep, met = _header(rows, named, header_row, header_rows)
    if at is None:
        raise DataError(f"{file} has no row {header_row}." if header_row else f"{file} is empty.")
    written, below = rows[at], rows[at + 1] if at + 1 < len(rows) else []
    header = as_asked(written, named.columns)
    if header_rows is None:
        deep = max(deep, _qualtrics(rows, at), _survey_monkey(written, below))
    names, aliases, repeated, wording = _names(header, below if deep > 1 else None)
    width = max((i + 1 for i, name in enumerate(names) if name), default=0)
    body, numbers = _padded(rows[at + deep :], at + deep + 1 + skipped, width, len(header), file)
    merged = _filled_down(body, sheet, at + deep, names)
    columns = list(zip(*body, strict=True)) if body else [()] * width
    kept = [i for i, name in enumerate(names[:width]) if name]
    wrong = ERRORS.difference(named.codes)
    spoilt = {
        names[i]: {at: text for at, text in enumerate(columns[i]) if text in wrong}
        for i in kept
        if not wrong.isdisjoint(columns[i])
    }
    cells = pd.DataFrame({names[i]: pd.Series(columns[i], dtype="str") for i in kept})
    for name, errors in spoilt.items():
        cells.loc[[*errors], name] = ""
    grid = Grid(
        cells=cells, rows=numbers, aliases=aliases, repeated=repeated, wording=wording, held=met,
        name=sheet.name,
        header=(at, deep),
    )  # fmt: skip
    if at and any(cell.strip() for row in rows[:at] for cell in row):
        grid.notes.append(f"the column names stand in row {at + 1}")
    if deep > 1 and header_rows is None:
        grid.notes.append(f"{deep} header rows")
    if merged:
        listed = ", ".join(map(repr, merged))
        grid.warnings.append(f"{file}: merged cells of column {listed} are filled down.")
    if kept and body:
        raw = {names[i]: header_name(written[i]) if i < len(written) else "" for i in kept}
        own = {aliases.get(name, name) for name in named.ids}
        _left_out(grid, raw, own, file, last=last)
    _count_errors(grid, spoilt, numbers)
    grid.platform = platform(written)
    return grid


def _count_errors(grid: Grid, spoilt: Mapping[str, Mapping[int, str]], numbers: Integers) -> None:
    """Count by column the errors of rows that hold something else."""
    if not spoilt:
        return
    filled = np.zeros(len(grid.cells), dtype=bool)
    for name in grid.names:
        filled |= (grid.cells[name].str.strip() != "").to_numpy(dtype=bool)
    used = set(grid.rows[filled].tolist())
    for name, errors in spoilt.items():
        rows = {int(numbers[at]): text for at, text in errors.items() if int(numbers[at]) in used}
        if rows:
            row, text = next(iter(rows.items()))
            grid.spoilt[name] = (len(rows), f"{text} in row {row}")


def _header(
    rows: list[list[str]], named: Named, row: int | None, deep: int | None
) -> tuple[int | None, int, int]:
    """Return where the names stand, over how many rows, and how many of those wanted they hold."""
    if row is not None:
        if row > len(rows):
            return None, 1, 0
        return row - 1, deep or _deep(rows, row - 1, named), named.held(rows[row - 1])
    filled = [i for i, cells in enumerate(rows) if any(cell.strip() for cell in cells)][:_SEARCHED]
    if not filled:
        return None, 1, 0
    found = {i: _met(rows, i, named, _deep(rows, i, named)) for i in filled}
    best = max(filled, key=lambda i: (found[i], -i))
    if not found[best]:  # no name is there: the first row that is more than a title
        best = filled[0]
        widths = {i: sum(bool(cell.strip()) for cell in rows[i]) for i in filled}
        if widths[best] == 1 and max(widths.values()) > 1:
            best = next(i for i in filled if widths[i] > 1)
    return best, deep or _deep(rows, best, named), found[best]


def _deep(rows: list[list[str]], at: int, named: Named) -> int:
    """Return 2 where more of the wanted names stand as "top / sub" than in the top row alone."""
    return 2 if _met(rows, at, named, 2) > _met(rows, at, named, 1) else 1


def _met(rows: list[list[str]], at: int, named: Named, deep: int) -> int:
    if deep == 1 or at + 1 >= len(rows):
        return named.held(rows[at])
    tops, below = rows[at], rows[at + 1]
    top, both = "", []
    for i in range(max(len(tops), len(below))):
        top = (tops[i] if i < len(tops) else "") or top
        both.append(f"{top} / {below[i]}" if i < len(below) and below[i].strip() else "")
    return named.held([*tops, *both])


def _qualtrics(rows: list[list[str]], at: int) -> int:
    """Return how many header rows a Qualtrics export has, told by its row of ImportIds."""
    for deep in (1, 2, 3):
        row = [cell for cell in rows[at + deep] if cell] if at + deep < len(rows) else []
        if row and all(_IMPORT.match(cell) for cell in row):
            return deep + 1
    return 1


def _survey_monkey(header: Sequence[str], below: Sequence[str]) -> int:
    """Return 2 where a second row holds the sub-questions of a SurveyMonkey export."""
    if platform(header) != "SurveyMonkey" or not any(cell.strip() for cell in below):
        return 1
    ids = [i for i, cell in enumerate(header) if header_name(cell).casefold() == "respondent id"]
    return 1 if any(i < len(below) and below[i].strip() for i in ids) else 2


Names = tuple[list[str], dict[str, str], dict[str, list[str]], dict[str, str]]


def _names(header: Sequence[str], below: Sequence[str] | None) -> Names:
    """Return unique names, further names of columns, names borne by several, and wordings."""
    names = [header_name(cell) for cell in header]
    aliases: dict[str, str] = {}
    blocks: dict[str, list[int]] = {}
    wording: dict[str, str] = {}
    subs = [header_name(cell) for cell in below or ()]
    subs += [""] * (len(names) - len(subs))
    names += [""] * (len(subs) - len(names))
    top, start = "", 0
    for i, sub in enumerate(subs):
        if names[i]:
            top, start = names[i], i
            if sub:
                aliases[f"{top} / {sub}"] = top
                wording[top] = sub
        elif sub and top:
            names[i] = f"{top} / {sub}"
            blocks.setdefault(top, [start]).append(i)
    for top, places in blocks.items():
        if subs[places[0]]:
            names[places[0]] = f"{top} / {subs[places[0]]}"
    repeated: dict[str, list[str]] = {}
    for name in [name for name, n in Counter(filter(None, names)).items() if n > 1]:
        places = [i for i, other in enumerate(names) if other == name]
        for k, i in enumerate(places):
            mark = "#" if f"{name}#{k + 1}" not in names else "##"  # an exact header wins
            names[i] = f"{name}{mark}{k + 1}"
        repeated[name] = [names[i] for i in places]
        aliases = {alias: column for alias, column in aliases.items() if column != name}
    repeated |= {top: [names[i] for i in places] for top, places in blocks.items()}
    known = set(names)
    return names, {a: c for a, c in aliases.items() if c in known}, repeated, wording


def _padded(
    body: list[list[str]], first: int, width: int, wide: int, file: str
) -> tuple[list[list[str]], Integers]:
    """Return rows of one width with their numbers; raise DataError where they cannot be trusted."""
    numbers = np.arange(first, first + len(body), dtype=np.int64)
    if all(len(row) == width for row in body):
        return body, numbers
    filled = [i for i, row in enumerate(body) if any(cell.strip() for cell in row)]
    last_whole = max((i for i in filled if len(body[i]) >= width), default=-1)
    for i in filled:
        over = [cell for cell in body[i][wide:] if cell.strip()]
        if over:
            raise DataError(
                f"{file}: line {first + i} has {len(body[i])} fields, its header {wide}: "
                f"{over[0]!r} stands under no name; a separator inside a text must stand in "
                "quotation marks, or declare `separator:` under `source:`."
            )
    short = [i for i in filled if len(body[i]) < width]
    for i, after in pairwise(short):
        if after == i + 1 and len(body[i]) + len(body[after]) == width + 1 and after <= last_whole:
            raise DataError(
                f"{file}: row {first + i} has {len(body[i])} fields of {width}, and the next "
                f"{len(body[after])}; a line break inside a text must stand in quotation marks; an "
                ".xlsx file has no such trouble."
            )
    return [(row + [""] * (width - len(row)))[:width] for row in body], numbers


def _filled_down(body: list[list[str]], sheet: Sheet, first: int, names: list[str]) -> list[str]:
    """Fill vertically merged cells with what they show; return the names of their columns."""
    found: dict[str, None] = {}
    for (top, left), (bottom, _right) in sheet.merged:
        name = names[left] if left < len(names) else ""
        if bottom > top >= first and name:
            for row in body[top - first + 1 : bottom - first + 1]:
                row[left] = body[top - first][left]
            found[name] = None
    return list(found)


def _left_out(grid: Grid, header: dict[str, str], ids: set[str], file: str, *, last: bool) -> None:
    """Leave out rows that repeat the header, totals, and notes below the table."""
    cells = grid.cells
    gone = pd.Series(False, index=cells.index)

    def drop(i: int, reason: str, what: str) -> None:
        if gone[i]:
            return
        gone[i] = True
        if reason not in grid.left:
            grid.warnings.append(f"row {grid.rows[i]} of {file} {what}; it is left out.")
        grid.left[reason] = grid.left.get(reason, 0) + 1

    first = str(cells.columns[0])
    for i in cells.index[_where(cells[first], lambda text: _same(text, header[first]))]:
        if all(_same(cells[name].loc[i], header[str(name)]) for name in cells):
            drop(i, REPEATS, "repeats the header")
    known = ids & set(map(str, cells.columns))
    totals = {name: _where(cells[name], is_total) for name in {*known, *cells.columns[:2]}}
    for name in known:
        for i in cells.index[totals[name]]:
            drop(i, TOTAL, "is a total, not an answer")
    for i in _subtotals(cells[~gone], totals):
        drop(i, TOTAL, "is a total, not an answer")
    tail = cells[~gone].tail(50)
    blank = (tail.apply(lambda column: column.str.strip()) == "").all(axis=1)
    tail, gap = tail[~blank].tail(_TAIL), max(blank.index[blank], default=-1)
    for i, row in reversed(list(tail.iterrows())) if last else ():
        filled = {str(name): text.strip() for name, text in row.items() if text.strip()}
        name, text = next(iter(filled.items()))
        if is_total(text) and (cells[name].str.strip() == text).sum() == 1 and len(cells) > 1:
            drop(int(str(i)), TOTAL, "is a total, not an answer")
        elif _is_note(filled, cells.shape[1], apart=int(str(i)) > gap >= 0) and name == first:
            drop(int(str(i)), NOTE, "is a note below the table")
        else:
            break
    grid.cells = cells[~gone].reset_index(drop=True)
    grid.rows = grid.rows[(~gone).to_numpy()]


def _same(text: object, name: str) -> bool:
    return header_name(text).casefold() == name.casefold()


def _where(cells: pd.Series, function: Callable[[str], object]) -> pd.Series:
    return cells.isin([text for text in cells.unique().tolist() if function(text)])


def is_total(text: str) -> bool:
    """Tell whether a cell says that its row is a total."""
    return _TOTAL.fullmatch(text.strip()) is not None


def _subtotals(cells: pd.DataFrame, totals: Mapping[str, pd.Series]) -> Iterable[int]:
    """Return rows that begin with Total and lack what every other row has, such as an id."""
    found = pd.Series(False, index=cells.index)
    for place, name in enumerate(cells.columns[:2]):
        before = (cells[cells.columns[:place]] == "").all(axis=1)
        found |= totals[name] & before
    if not found.any():
        return ()
    filled = cells.apply(lambda column: column.str.strip()) != ""
    others = filled[~found & (filled.sum(axis=1) > 1)]
    always = others.all()
    lacks = found & ~filled.loc[:, always].all(axis=1)
    return [int(i) for i in cells.index[lacks]] if len(others) > found.sum() else ()


def _is_note(filled: dict[str, str], width: int, *, apart: bool) -> bool:
    """Tell whether a row is a note: one cell, or a few with a colon apart from the table."""
    text = next(iter(filled.values()))
    if apart and 1 < len(filled) <= width // 2:
        return re.search(r"[^\W\d_]{2}\s*[:：]", text) is not None
    words = re.search(r"[\s:：，。=]", text) and re.search(r"[^\W\d_]{2}|=", text)
    return len(filled) == 1 < width and len(text) > 3 and words is not None
