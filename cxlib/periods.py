"""Periods of reporting and their labels: ``2026Q3``, ``2026-09``, ``2026``, a wave's own name."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cxlib.errors import CxError, DataError, nearest

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["year", "quarter", "month"]
FREQUENCY: dict[Kind, str] = {"year": "Y", "quarter": "Q", "month": "M"}
PER_YEAR: dict[Kind, int] = {"year": 1, "quarter": 4, "month": 12}

_YEAR = r"((?!0000)[0-9]{4})"
_LABELS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("quarter", re.compile(_YEAR + r"-?Q([1-4])", re.IGNORECASE)),
    ("month", re.compile(_YEAR + r"-(0[1-9]|1[0-2])")),
    ("year", re.compile(_YEAR)),
)


@dataclass(frozen=True)
class Period:
    """A calendar year, quarter or month.

    Parameters
    ----------
    kind : {"year", "quarter", "month"}
        How long it is.
    ordinal : int
        How many periods of its kind lie between year 0 and it.
    """

    kind: Kind
    ordinal: int

    def __add__(self, by: int) -> Period:
        return Period(self.kind, self.ordinal + by)

    def __sub__(self, by: int) -> Period:
        return self + -by

    def __str__(self) -> str:
        if self.kind == "year":
            return f"{self.year:04d}"
        if self.kind == "quarter":
            return f"{self.year:04d}Q{self.quarter}"
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def year(self) -> int:
        """The calendar year."""
        return self.ordinal // PER_YEAR[self.kind]

    @property
    def month(self) -> int:
        """The calendar month, 1 to 12, that it begins in."""
        return 1 + self.ordinal % PER_YEAR[self.kind] * (12 // PER_YEAR[self.kind])

    @property
    def quarter(self) -> int:
        """The calendar quarter, 1 to 4, that it begins in."""
        return (self.month + 2) // 3

    @property
    def start(self) -> dt.date:
        """The first day."""
        return dt.date(self.year, self.month, 1)

    @property
    def end(self) -> dt.date:
        """The last day."""
        after = self + 1
        if after.year > dt.MAXYEAR:
            return dt.date.max
        return after.start - dt.timedelta(days=1)


def kind_of(label: str | int) -> Kind | None:
    """Return what kind of calendar period a label names, or None for a wave's own name."""
    text = str(label)
    return next((kind for kind, pattern in _LABELS if pattern.fullmatch(text)), None)


def parse(label: str | int) -> Period:
    """Read a calendar period from its label.

    Parameters
    ----------
    label : str or int
        ``2026Q3``, ``2026-Q3``, ``2026-09`` or ``2026`` (papermill passes the last as an int).

    Returns
    -------
    Period
        Its ``kind`` and its days ``start`` and ``end``; as text it is the kit's own label.

    Raises
    ------
    CxError
        If the label names no calendar period.
    """
    text = str(label).strip()
    for kind, pattern in _LABELS:
        found = pattern.fullmatch(text)
        if found:
            year, part = int(found[1]), int(found[2]) if kind != "year" else 1
            return Period(kind, year * PER_YEAR[kind] + part - 1)
    raise CxError(
        f"{text!r} is not a period; write a quarter 2026Q3, a month 2026-09 or a year 2026."
    )


def containing(day: dt.date, kind: Kind) -> Period:
    """Return the year, quarter or month that `day` lies in."""
    return Period(kind, day.year * PER_YEAR[kind] + (day.month - 1) * PER_YEAR[kind] // 12)


def label_of(period: Period) -> str:
    """Return the kit's label of a period: ``2026Q3``, ``2026-09`` or ``2026``."""
    return str(period)


def label_dates(dates: pd.Series, kind: Kind) -> pd.Series:
    """Return each date's period label as text; a missing date has none."""
    import numpy as np
    import pandas as pd

    local = dates.dt.tz_localize(None) if getattr(dates.dtype, "tz", None) else dates
    codes, unique = pd.factorize(local.dt.to_period(FREQUENCY[kind]))
    names = np.array([*map(str, unique), None], dtype=object)
    return pd.Series(names[codes], index=dates.index, name=dates.name, dtype="str")


def shift(label: str | int, by: int) -> str:
    """Return the label `by` periods later (earlier if negative) than a calendar label.

    Raises
    ------
    CxError
        If the label names no calendar period, or the shift leaves the calendar.
    """
    moved = parse(label) + by
    if not dt.MINYEAR <= moved.year <= dt.MAXYEAR:
        raise CxError(f"{by:+d} periods from {label} leaves the calendar.")
    return str(moved)


def between(first: str | int, last: str | int) -> list[str]:
    """Return every label from `first` to `last`, both included; none if `last` comes earlier.

    Raises
    ------
    CxError
        If one names no calendar period, or the two are not of one kind.
    """
    begin, end = parse(first), parse(last)
    if begin.kind != end.kind:
        raise CxError(f"{first} is a {begin.kind} and {last} a {end.kind}; write two of one kind.")
    return [str(Period(begin.kind, n)) for n in range(begin.ordinal, end.ordinal + 1)]


def order(labels: Iterable[str]) -> list[str]:
    """Return labels in time order: calendar labels by date, numbered waves by number.

    Other names of waves stand as they came. Where labels begin on one day, the longer period comes
    first; each label comes once.
    """
    unique = list(dict.fromkeys(labels))
    if not all(kind_of(label) for label in unique):
        numbers = _numbered(unique)
        return sorted(unique, key=lambda label: numbers[label]) if numbers else unique
    spans = {label: parse(label) for label in unique}
    return sorted(unique, key=lambda label: (spans[label].start, -spans[label].end.toordinal()))


NUMERALS = "一二三四五六七八九十"
"""From 1 to 10."""
_DIGITS = re.compile(rf"\d+|(?<=第)[{NUMERALS}](?=[期轮波次季])")
_GO_ROUND = re.compile(r"月|季|周|q#|quarter|month|week|[a-z]{3}-#", re.IGNORECASE)
"""Without a year, what comes again: of 11月, 12月, 1月 the last is the latest."""


def _numbered(labels: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Return the numbers of waves whose names differ in nothing else; none if that is no order."""
    found = {
        label: tuple(
            1 + NUMERALS.index(part) if part in NUMERALS else int(part)
            for part in _DIGITS.findall(label)
        )
        for label in labels
    }
    names = {_DIGITS.sub("#", label).casefold() for label in labels}
    years = all(numbers and 1900 <= numbers[0] < 2100 for numbers in found.values())
    alone = all(len(numbers) == 1 for numbers in found.values())
    fits = len(names) == 1 and (years or (alone and not _GO_ROUND.search(min(names))))
    return found if fits else {}


def has(known: Sequence[str], asked: str) -> bool:
    """Tell whether a label, however it is written, is among those known."""
    return (asked.upper().replace("-Q", "Q") if kind_of(asked) else asked) in known


def choose(asked: str, known: Sequence[str]) -> str:
    """Return the period that was asked for, among those a client has.

    ``latest`` is the last one, as is the kind alone: ``month``.

    Raises
    ------
    DataError
        If the client has no such period; names the nearest.
    """
    if not known:
        raise DataError("the client's tables hold no period: no row has a date that can be read.")
    if asked == "latest" or asked in FREQUENCY:
        return known[-1]
    label = asked
    if kind_of(asked):
        label = asked.upper().replace("-Q", "Q")
    if label not in known:
        raise DataError(f"no data in period {asked!r}{nearest(label, known)}")
    return label
