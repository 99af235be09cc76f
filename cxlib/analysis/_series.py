"""Analysis room: a client's series, read into periods in time order with gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.analysis._rules import Values
from cxlib.analysis._timeline import labels_of, lay_out
from cxlib.errors import DataError, nearest

LARGEST = 1e100
"""A larger value is no measurement, and its square is none of the machine's numbers."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """Values in time order, gaps NaN; `errors` are the standard errors of survey scores."""

    periods: list[str]
    points: Values
    errors: Values | None
    what: str
    unplaced: int  # values without a standard error


def numbers(column: pd.Series, *, what: str) -> Values:
    """Return a column as floats, missing values NaN.

    Raises
    ------
    DataError
        If a value is no number, or not finite.
    """
    kind = pd.api.types
    if any(
        wrong(column)
        for wrong in (kind.is_datetime64_any_dtype, kind.is_bool_dtype, kind.is_complex_dtype)
    ):
        raise DataError(f"{what} holds {column.dtype} values, not numbers.")
    read = pd.to_numeric(column.astype(object), errors="coerce")
    found = np.array(read.to_numpy(dtype=float, na_value=np.nan))
    bad = np.flatnonzero((np.isnan(found) & column.notna().to_numpy()) | (abs(found) > LARGEST))
    if bad.size:
        first = bad[0]
        value = column.iloc[first]
        shown = repr(value) if isinstance(value, str) else str(value)
        wanted = f"a number up to {LARGEST:g}" if np.isfinite(found[first]) else "a finite number"
        raise DataError(
            f"{what} holds {shown} (row {column.index[first]}, {bad.size} such), "
            f"which is not {wanted}."
        )
    return found


def read_values(values: pd.Series) -> Series:
    """Read one value a period from a series indexed by periods."""
    if np.ndim(values) != 1:
        raise DataError(f"a chart takes one series, not a {type(values).__name__} of several.")
    series = values if isinstance(values, pd.Series) else pd.Series(values, dtype=object)
    what = "the series" if series.name is None else repr(str(series.name))
    found = numbers(series, what=what)
    if np.isnan(found).all():
        raise DataError(f"{what} has no values: all {len(found)} are missing.")
    order = lay_out(labels_of(series.index, what=what), what=what)
    return Series(
        periods=[label for label, _row in order],
        points=_placed(found, order),
        errors=None,
        what=what,
        unplaced=0,
    )


def read_scores(table: pd.DataFrame, *, limits: tuple[float, float] | None) -> Series:
    """Read one score a period with its standard error from a table."""
    require(table, ("period", "value", "standard_error"))
    found = numbers(table["value"], what="'value'")
    errors = numbers(table["standard_error"], what="'standard_error'")
    _within(table, found, errors, limits)
    unplaced = ~np.isnan(found) & np.isnan(errors)
    found, errors = np.where(unplaced, np.nan, found), np.where(np.isnan(found), np.nan, errors)
    if np.isnan(found).all():
        raise DataError(f"'value' has no scores with a standard error in {len(found)} rows.")
    order = lay_out(labels_of(pd.Index(table["period"]), what="the table"), what="the table")
    return Series(
        periods=[label for label, _row in order],
        points=_placed(found, order),
        errors=_placed(errors, order),
        what="the table",
        unplaced=int(unplaced.sum()),
    )


def require(table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise DataError if the table lacks one of the columns."""
    for column in columns:
        if column not in table.columns:
            raise DataError(f"the table has no column {column!r}{nearest(column, table.columns)}")


def _within(
    table: pd.DataFrame, found: Values, errors: Values, limits: tuple[float, float] | None
) -> None:
    if (negative := np.flatnonzero(errors < 0)).size:
        row = negative[0]
        raise DataError(
            f"'standard_error' holds {errors[row]:g} (row {table.index[row]}, "
            f"{negative.size} such); a standard error is never negative."
        )
    if limits is None:
        return
    low, high = limits
    if not low < high:
        raise DataError(f"limits ({low:g}, {high:g}) are not a lowest and a highest score.")
    if (beyond := np.flatnonzero((found < low) | (found > high))).size:
        row = beyond[0]
        raise DataError(
            f"'value' holds {found[row]:g} (row {table.index[row]}, {beyond.size} such), "
            f"beyond its limits {low:g} to {high:g}."
        )


def _placed(found: Values, order: list[tuple[str, int | None]]) -> Values:
    return np.array([np.nan if row is None else found[row] for _label, row in order])


def rebased_at(
    series: Series, rebase: Sequence[str] | Mapping[str, str] | None
) -> tuple[tuple[tuple[str, str], ...], list[slice]]:
    """Return each rebase with its reason in time order, and the segments between them.

    Raises
    ------
    DataError
        If a period is unknown, or a segment has no value.
    """
    reasons = _reasons(rebase)
    starts = {}
    for label, reason in reasons.items():
        kind = periods.kind_of(label)
        known = label if kind is None else periods.label_of(periods.parse(label))
        at = known if known in series.periods else label
        if at not in series.periods:
            raise DataError(
                f"rebase names {label!r}, no period of {series.what}"
                f"{nearest(label, series.periods)}"
            )
        starts[series.periods.index(at)] = (at, reason)
    ordered = sorted(starts)
    cuts = [0, *(at for at in ordered if at), len(series.periods)]
    segments = [slice(a, b) for a, b in pairwise(cuts)]
    for segment in segments:
        if np.isnan(series.points[segment]).all():
            raise DataError(
                f"from {series.periods[segment.start]!r} on there is no value before the next "
                "rebase; leave one of the two rebases out."
            )
    return tuple(starts[at] for at in ordered), segments


def _reasons(rebase: Sequence[str] | Mapping[str, str] | None) -> dict[str, str]:
    if rebase is None:
        return {}
    if isinstance(rebase, Mapping):
        return {str(label).strip(): str(reason) for label, reason in rebase.items()}
    if isinstance(rebase, (str, int)):
        return {str(rebase).strip(): ""}
    return {str(label).strip(): "" for label in rebase}
