"""A client's series, read into periods in time order with gaps, and its season."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import gcd
from typing import Any

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.analysis import validate
from cxlib.analysis.metrics import one_of
from cxlib.analysis.results import TableResult
from cxlib.analysis.trends.rules import RULES, Values
from cxlib.analysis.validate import called, refuse, require
from cxlib.errors import Count, DataError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\b")
LONGEST_GAP = 120
"""More absent periods in a row than ten years of months are a mistyped date, not a pause."""


@dataclass(frozen=True)
class Series:
    """What is charted: values in time order, gaps NaN, and how their chart is drawn.

    `sizes` are the answers behind survey scores.
    """

    periods: list[str]
    points: Values
    what: str
    sizes: Values | None = None
    variance: float | None = None  # of one answer, pooled; None: a share's, at the centre
    whole: float = 1.0  # a share's largest value
    unplaced: int = 0  # values without a number of answers
    improvement: str | None = None
    screen: bool = True
    rules: tuple[str, ...] = RULES
    ends: tuple[float | None, float | None] = (None, None)


def numbers(column: pd.Series) -> Values:
    """Return a column as floats, missing values NaN; refuse what is no measurement."""
    if pd.api.types.is_bool_dtype(column):
        raise DataError(f"{called(column)} holds {column.dtype} values, not numbers.")
    found = np.array(validate.numbers(column))
    values = pd.Series(found, column.index, name=column.name)
    refuse(values, np.isinf(found), ", which is not finite.")
    return found


def read_values(values: pd.Series) -> Series:
    """Read one value a period from a series indexed by periods."""
    if np.ndim(values) != 1:
        raise DataError(f"a chart takes one series, not a {type(values).__name__} of several.")
    series = values if isinstance(values, pd.Series) else pd.Series(values, dtype=object)
    what, found = called(series), numbers(series)
    if np.isnan(found).all():
        raise DataError(f"{what} has no values: all {len(found)} are missing.")
    order = lay_out(labels_of(series.index, what=what), what=what)
    return _series(order, what, points=found)


def read_scores(table: pd.DataFrame, *, limits: tuple[float, float] | None) -> Series:
    """Read one score a period with the answers behind it and the variance of one of them."""
    require(table, ("period",), "table")
    counted = "numerator" in table and "denominator" in table and "value" not in table
    if counted:
        parts = [numbers(table[name]) for name in ("numerator", "denominator")]
        sizes = np.where(parts[1] > 0, parts[1], np.nan)
        found = parts[0] / sizes
    else:
        require(table, ("value",), "table")
        found = numbers(table["value"])
        size = next((name for name in ("n_star", "n") if name in table), None)
        if size is None:
            raise DataError(
                "the table has no column 'n' (or 'n_star', with the design effect): limits rest on "
                "the variance of one answer, pooled over the periods, and on how many there were."
            )
        sizes = numbers(table[size])
    if limits is not None and not limits[0] < limits[1]:
        raise DataError("limits ({:g}, {:g}) are not a lowest and a highest score.".format(*limits))
    low, high = limits or (-np.inf, np.inf)
    beyond = (found < low) | (found > high)
    values = pd.Series(found, table.index, name="value")
    refuse(values, beyond, f", beyond its limits {low:g} to {high:g}.")
    if (negative := np.flatnonzero(sizes < 0)).size:
        at = negative[0]
        raise DataError(f"there are {sizes[at]:g} answers in row {table.index[at]}.")
    unplaced = ~np.isnan(found) & ~(sizes > 0)
    found = np.where(unplaced, np.nan, found)
    if np.isnan(found).all():
        raise DataError(
            f"'value' has no scores with a number of answers in "
            f"{(n := Count(len(found)))} {n:row|rows}."
        )
    there = ~np.isnan(found)
    sizes = np.where(there, sizes, np.nan)
    kinds = set(table["kind"].dropna()) if "kind" in table else set()
    share = counted or bool(kinds & {"csat", "share"})
    percent = "csat" in kinds or ("unit" in table and table["unit"].eq("percent").all())
    whole = limits[1] if limits is not None else 100.0 if percent else 1.0
    if share and ((found < 0) | (found > whole)).any():
        raise DataError(f"a share lies between 0 and {whole:g}, not at {np.nanmax(found):g}.")
    order = lay_out(labels_of(pd.Index(table["period"]), what="the table"), what="the table")
    placed = _series(order, "the table", points=found, sizes=sizes)
    pooled = None if share else _one_answer(table, sizes)
    return replace(placed, variance=pooled, whole=whole, unplaced=int(unplaced.sum()))


def _one_answer(table: pd.DataFrame, sizes: Values) -> float:
    """Return the variance of one answer, pooled over the periods by their answers."""
    if "variance" in table:
        each = numbers(table["variance"])
    elif "standard_error" in table:
        each = numbers(table["standard_error"]) ** 2 * sizes
    else:
        raise DataError(
            "the table has neither 'variance' (of one answer) nor 'standard_error'; a share of "
            "yes and no needs neither: say so in a column 'kind' with 'share'."
        )
    if (negative := np.flatnonzero(each < 0)).size:
        raise DataError(f"'variance' holds {each[negative[0]]:g}; a variance is never negative.")
    known = ~np.isnan(each) & ~np.isnan(sizes)
    return float(np.average(each[known], weights=sizes[known])) if known.any() else 0.0


def _series(order: list[tuple[str, int | None]], what: str, **columns: Values) -> Series:
    """Return columns in time order, with gaps where a period has no row."""
    placed: Any = {
        name: np.array([np.nan if row is None else found[row] for _label, row in order])
        for name, found in columns.items()
    }
    return Series(periods=[label for label, _row in order], what=what, **placed)


def rebased_at(
    series: Series, rebase: Sequence[str] | Mapping[str, str] | None
) -> tuple[tuple[tuple[str, str], ...], list[slice]]:
    """Return each rebase with its reason in time order, and the segments between them."""
    named = [rebase] if isinstance(rebase, (str, int)) else rebase or ()
    given = named.items() if isinstance(named, Mapping) else ((label, "") for label in named)
    reasons = {str(label).strip(): str(reason) for label, reason in given}
    starts = {}
    for label, reason in reasons.items():
        kind = periods.kind_of(label)
        known = label if kind is None else periods.label_of(periods.parse(label))
        at = known if known in series.periods else label
        one_of(at, series.periods, f"rebase names {label!r}, no period of {series.what}")
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


def labels_of(index: pd.Index, *, what: str) -> list[str]:
    """Return an index as period labels: text as it stands, dates by the calendar step they keep."""
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
    """
    kinds = {periods.kind_of(label) for label in labels}
    calendar = bool(labels) and None not in kinds
    if calendar and len(kinds) > 1:
        named = ", ".join(sorted(str(kind) for kind in kinds))
        raise DataError(f"{what} mixes kinds of periods ({named}); chart one kind at a time.")
    if calendar:
        labels = [periods.label_of(periods.parse(label)) for label in labels]
    validate.once(labels, f"{what} has period {{}} {{n}} times; give one value a period.")
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


SEASON_POINTS = 24
"""Fewer points show no season that can be told from chance (two years of months)."""
EFFECT_POINTS = 48
"""From here on every month may have its own effect; below, one sine wave serves all."""
SEASON_LEVEL = 0.05


class Seasonality(TableResult):
    """A test for a season, made without the latest point, and what the season adds to each.

    ``table``: ``period``, ``effect`` (KPI units, averaging 0: what the time of year adds).
    ``n_used``: points the test rests on; ``n_dropped``: gaps.
    """

    seasonal: bool  # whether `p_value` is below .05
    form: str  # "wave" (one sine and cosine) or "months" (an effect for each time of year)
    p_value: float  # of the F test; NaN where the series does not vary
    projection: Values  # (periods − 1, periods): points before the last → effect on every one


def seasonality(values: pd.Series) -> Seasonality:
    """Test whether a series follows the time of year, and by how much (Harvey 1990, ch. 5).

    `values` has one a month or quarter, indexed by calendar periods; gaps are left out. From 48
    points each month (or quarter) has its effect if their F test says so; else, and from 24 points,
    one sine and cosine a year. The latest point takes no part: it is judged by them.
    """
    series = read_values(values)
    found = season_of(series.periods, series.points)
    if found is None:
        n = int((~np.isnan(series.points)).sum())
        raise DataError(
            f"{series.what} is too short for a season: {n} {Count(n):value|values}; it takes "
            f"{SEASON_POINTS} months or quarters."
        )
    return found


def season_of(labels: list[str], values: Values) -> Seasonality | None:
    """Return the test of a series in time order, or None where it cannot be made."""
    kind = periods.kind_of(labels[0])
    there = ~np.isnan(values)
    if kind not in ("month", "quarter") or there.sum() < SEASON_POINTS:
        return None
    ordinals = np.array([periods.parse(label).ordinal for label in labels])
    if (np.diff(ordinals) != 1).any():
        return None
    a_year = periods.PER_YEAR[kind]
    end = int(np.flatnonzero(there)[-1])
    fitted = there.copy()
    fitted[end:] = False
    angle = 2 * np.pi * ordinals / a_year
    designs = {"wave": np.column_stack([np.sin(angle), np.cos(angle)])}
    months = (ordinals[:, None] % a_year == np.arange(1, a_year)).astype(float)
    if there.sum() >= EFFECT_POINTS:
        designs = {"months": months} | designs
    y = values[fitted] - values[fitted].mean()
    tested = [(form, _f_test(y, design[fitted])) for form, design in designs.items()]
    form, p_value = next((each for each in tested if each[1] < SEASON_LEVEL), tested[-1])
    design = designs[form] - designs[form][fitted].mean(axis=0)
    projection = np.zeros((end, len(values)))
    projection[fitted[:end]] = np.linalg.pinv(design[fitted]).T @ design.T
    effect = np.where(fitted, values, 0.0)[:end] @ projection
    return Seasonality(
        table=pd.DataFrame({"period": labels, "effect": effect}),
        seasonal=bool(p_value < SEASON_LEVEL),
        form=form,
        p_value=p_value,
        n_used=int(fitted.sum()),
        n_dropped=int((~there).sum()),
        projection=projection[:, : end + 1],
    )


def without_season(labels: list[str], values: Values) -> tuple[Values, Values | None]:
    """Return values less their season where 24 points show one, and the projection it is by."""
    found = season_of(labels, values)
    if found is None or not found.seasonal:
        return values, None
    return values - found.table["effect"].to_numpy(dtype=float), found.projection


def _f_test(y: Values, design: Values) -> float:
    """Return the p-value of the F test of a design beside a constant."""
    from statsmodels.regression.linear_model import OLS

    fit = OLS(y, np.column_stack([np.ones(len(y)), design])).fit()
    still = fit.centered_tss <= 1e-18 * len(y) * (1 + np.abs(y).max()) ** 2
    if still or fit.df_model < 1 or fit.df_resid < 1:
        return float("nan")
    return 0.0 if fit.ssr <= 1e-12 * fit.centered_tss else float(fit.f_pvalue)
