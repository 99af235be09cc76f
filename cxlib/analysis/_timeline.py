"""Analysis room: the periods of a series in time order, with the absent ones shown as gaps."""

from __future__ import annotations

import re
from itertools import pairwise
from math import gcd

import pandas as pd

from cxlib import periods
from cxlib.errors import CxError, DataError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\b")
LONGEST_GAP = 120
"""More absent periods in a row than ten years of months are a mistyped date, not a pause."""


def labels_of(index: pd.Index, *, what: str) -> list[str]:
    """Return an index as period labels: text as it stands, dates by the calendar step they keep.

    Parameters
    ----------
    index : pandas.Index
        Text, whole numbers, a PeriodIndex or a DatetimeIndex.
    what : str
        The series' name, for messages.

    Raises
    ------
    DataError
        If a period is missing.
    """
    if isinstance(index, pd.MultiIndex):
        raise DataError(f"{what} is indexed by {index.nlevels} levels; keep the periods alone.")
    if index.hasnans or any(label is None for label in index):
        row = next(i for i, gone in enumerate(index.isna()) if gone)
        raise DataError(f"{what} has no period in row {row}; give every row its period.")
    if isinstance(index, pd.DatetimeIndex):
        return _dates(index)
    if pd.api.types.is_float_dtype(index.dtype) and (index % 1 == 0).all():  # years beside a gap
        index = index.astype("int64")
    return [str(label).strip() for label in index]


def _dates(index: pd.DatetimeIndex) -> list[str]:
    days = index.tz_localize(None).normalize()
    starts, ends = bool(days.is_month_start.all()), bool(days.is_month_end.all())
    months = days.to_period("M")
    step = _step([m.ordinal for m in months])
    if (starts or ends) and months.is_unique and len(days):
        first = (days.month[0] - 1) % 12 if starts else days.month[0] % 12
        if step and step % 12 == 0 and first == 0:
            return [str(day.year) for day in days]
        if step and step % 3 == 0 and step % 12 and first % 3 == 0:
            return [str(quarter) for quarter in days.to_period("Q")]
        if step <= 1:
            return [str(month) for month in months]
    return [f"{day:%Y-%m-%d}" for day in days]


def lay_out(labels: list[str], *, what: str) -> list[tuple[str, int | None]]:
    """Return each period in time order with the row it came from; None marks an absent period.

    Calendar labels are sorted and absent periods between them are added, at the step the labels
    keep (months labelled every third month are quarters, not gaps). Days (``2026-09-30``) are
    sorted. Waves' own names stay as given.

    Parameters
    ----------
    labels : list of str
        One label a row.
    what : str
        The series' name, for messages.

    Raises
    ------
    DataError
        If a period comes twice, kinds of periods are mixed, or a gap is longer than ten years.
    """
    kinds = {periods.kind_of(label) for label in labels}
    calendar = bool(labels) and None not in kinds
    if calendar and len(kinds) > 1:
        named = ", ".join(sorted(str(kind) for kind in kinds))
        raise DataError(f"{what} mixes kinds of periods ({named}); chart one kind at a time.")
    if calendar:
        labels = [periods.label_of(periods.parse(label)) for label in labels]
    twice = next((label for i, label in enumerate(labels) if label in labels[:i]), None)
    if twice is not None:
        times = labels.count(twice)
        raise DataError(f"{what} has period {twice!r} {times} times; give one value a period.")
    if not calendar:
        rows = list(range(len(labels)))
        if all(map(_DAY.match, labels)):
            rows.sort(key=labels.__getitem__)
        return [(labels[row], row) for row in rows]
    return _calendar(labels, what=what)


def _calendar(labels: list[str], *, what: str) -> list[tuple[str, int | None]]:
    rows = {periods.parse(label).ordinal: row for row, label in enumerate(labels)}
    ordered = sorted(rows)
    step = max(_step(ordered), 1)
    for before, after in pairwise(ordered):
        if (after - before) // step > LONGEST_GAP:
            raise DataError(
                f"{what} has no period between {labels[rows[before]]!r} and "
                f"{labels[rows[after]]!r}; is one of them mistyped?"
            )
    first = periods.parse(labels[rows[ordered[0]]])
    return [
        (periods.label_of(first + (at - ordered[0])), rows.get(at))
        for at in range(ordered[0], ordered[-1] + 1, step)
    ]


def _step(ordinals: list[int]) -> int:
    ordered = sorted(set(ordinals))
    return gcd(*(after - before for before, after in pairwise(ordered)))


def earlier(label: str, *, years: int = 0, steps: int = 0) -> str | None:
    """Return the calendar label so many years or steps before, or None for a wave's own name."""
    kind = periods.kind_of(label)
    if kind is None:
        return None
    a_year = {"year": 1, "quarter": 4, "month": 12}[kind]
    try:
        return periods.shift(label, -(steps + years * a_year))
    except (CxError, ValueError):
        return None
