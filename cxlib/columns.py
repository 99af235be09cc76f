"""What every public column means: its heading, its format, its interval, said once.

Tables, spreadsheets, findings and docstrings refer to this registry: ``columns.csv``, and the
columns that a chapter alone has (``chapters/<stem>/columns.csv``). A row says a column's name,
kind, heading (a msgid), meaning (unit, range, definition), the two columns of its interval, and
the words of the kit that its cells may hold.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cxlib.errors import CxError

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal[
    "key",  # a key of the client, shown as its label
    "level",  # a value of the segment that stands in the row's ``segment``
    "text",  # shown as it stands
    "word",  # a msgid of the kit
    "period",
    "date",
    "unit",  # a number in the unit of its row (or of the result)
    "signed",  # a change in that unit
    "int",
    "needed",  # a number of answers that is enough: rounded up
    "percent",  # a share 0 to 1 shown in percent
    "share_change",  # a change of such a share, in points
    "chance",  # a probability 0 to 1 in percent, never as 0% or 100%
    "points",  # a number with one decimal
    "number",  # a number with two decimals
    "p",
    "duration",  # seconds shown in the fitting unit
    "hours",  # seconds shown in hours
    "mark",  # a boolean shown as a tick
]
WORDS_KINDS = ("key", "level", "text", "word", "period", "date")
"""Kinds that are read, not compared: set flush left."""


@dataclass(frozen=True)
class Column:
    """One column of any public table.

    Parameters
    ----------
    heading : str
        A msgid.
    kind : Kind
        Its format.
    meaning : str
        Unit, range and definition, for whoever reads the table in Python.
    interval : (str, str), optional
        Columns of its interval, shown beside the number in brackets.
    """

    heading: str
    kind: Kind = "text"
    meaning: str = ""
    interval: tuple[str, str] | None = None


def read(path: Path) -> dict[str, Column]:
    """Return the columns of a ``columns.csv`` by name; ``#`` begins a line of comment."""
    return {
        row["name"]: Column(
            row["heading"], row["kind"], row["meaning"], tuple(row["interval"].split()) or None
        )
        for row in _rows(path)
    }


def messages(path: Path) -> Iterator[str]:
    """Yield what a ``columns.csv`` has to be translated: headings, and words that cells hold."""
    for row in _rows(path):
        yield from (row["heading"], *filter(None, row["words"].split("; ")))


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader((x for x in file if not x.startswith("#")), restval=""))


COLUMNS = read(Path(__file__).with_suffix(".csv"))
INTERVALS = {
    end: column.kind for column in COLUMNS.values() if column.interval for end in column.interval
}
"""Columns that only stand as ends of an interval, with the format of what they enclose."""


def register(columns: Mapping[str, Column]) -> None:
    """Take in the columns that a chapter alone has.

    Raises
    ------
    CxError
        If a name means something else already.
    """
    for name, column in columns.items():
        if COLUMNS.get(name, column) != column:
            raise CxError(
                f"column {name!r} would mean two things: {column.heading!r} and "
                f"{COLUMNS[name].heading!r}; give one of them another name."
            )
        COLUMNS[name] = column
        if column.interval:
            INTERVALS.update(dict.fromkeys(column.interval, column.kind))


def kind_of(name: str) -> Kind | None:
    """Return the format of a column; None if no one has said it."""
    if name in COLUMNS:
        return COLUMNS[name].kind
    inner = INTERVALS.get(name)
    return "unit" if inner == "signed" and not name.startswith(_CHANGES) else inner


_CHANGES = ("change", "like", "mix", "difference", "brand_gap")


def records(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return a frame's rows as pandas' ``to_dict("records")`` does, several times as fast.

    pandas makes a Series of every column; the tables of a report have thirty, and few rows.
    """
    import numpy as np
    import pandas as pd

    def plain(value: Any) -> Any:
        if isinstance(value, np.generic):
            return value.item()
        return None if value is pd.NA else value

    names, rows = frame.columns.tolist(), frame.to_numpy(dtype=object).tolist()
    return [dict(zip(names, map(plain, row), strict=True)) for row in rows]
