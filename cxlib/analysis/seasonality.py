"""Analysis room: whether a series rises and falls with the time of year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy.stats import f

from cxlib import periods
from cxlib.analysis._rules import Values
from cxlib.analysis._series import read_values
from cxlib.errors import DataError

SEASONAL_LEVEL = 0.01
"""A season is said at this level: a page of twenty charts is then wrongly told of one in at most
one report of five."""
_A_YEAR = {"month": 12, "quarter": 4}
_YEARS = 2


@dataclass(frozen=True, kw_only=True)
class Seasonality:
    """A test for a season.

    Attributes
    ----------
    table : pandas.DataFrame
        ``season`` (1 to 12, or 1 to 4), ``effect`` (KPI units: deviation of that month or quarter
        from the trend; the effects average 0), ``n`` (values).
    seasonal : bool
        Whether `p_value` is below `level`.
    statistic, p_value : float
        Of the F test; NaN where the series does not vary.
    share : float
        Part of the variation about trend and carry-over that the season takes away (0 to 1).
    level : float
        Significance level, 0.01.
    n_used, n_dropped : int
        Values that enter the test (a value, and one the period before), and those that do not.
    """

    counts: ClassVar[str] = "periods"
    table: pd.DataFrame
    seasonal: bool
    statistic: float
    p_value: float
    share: float
    level: float
    n_used: int
    n_dropped: int


def seasonality(values: pd.Series) -> Seasonality:
    """Test whether months (or quarters) differ, beside a trend and carry-over between neighbours.

    The F test of the season's indicators in a regression on a linear trend and the value of the
    period before, without which an autocorrelated series shows seasons that are not there.

    Parameters
    ----------
    values : pandas.Series
        One value a month or quarter, indexed by calendar periods; at least two years of them
        (24 months or 8 quarters with a value). Gaps are left out.

    Returns
    -------
    Seasonality

    Raises
    ------
    DataError
        If the periods are no months or quarters, or are too few to tell.

    References
    ----------
    .. [1] Harvey, A. C. (1990). The Econometric Analysis of Time Series, 2nd ed., ch. 5 and 7.
    """
    series = read_values(values)
    found = season_of(series.periods, series.points)
    if found is None:
        n = int((~np.isnan(series.points)).sum())
        raise DataError(
            f"{series.what} is too short for a season: {n} values; it takes two years of months "
            "or quarters with few gaps."
        )
    return found


def season_of(labels: list[str], values: Values) -> Seasonality | None:
    """Return the test of a series in time order, or None where it cannot be made."""
    kind = periods.kind_of(labels[0])
    a_year = _A_YEAR.get(str(kind), 0)
    if not a_year or int((~np.isnan(values)).sum()) < _YEARS * a_year:
        return None
    first = periods.parse(labels[0]).ordinal
    time = np.array([periods.parse(label).ordinal - first for label in labels])
    if len(time) > 1 and time[1] - time[0] != 1:
        return None
    start = periods.parse(labels[0])
    season = (time + (start.month if kind == "month" else start.quarter) - 1) % a_year
    before = np.r_[np.nan, values[:-1]]
    used = ~np.isnan(values) & ~np.isnan(before)
    n_each = np.bincount(season[used], minlength=a_year)
    if n_each.min() == 0 or used.sum() <= a_year + 3:
        return None
    statistic, p_value, share = _f_test(values[used], before[used], time[used], season[used])
    return Seasonality(
        table=_effects(values, time, season, a_year),
        seasonal=bool(p_value < SEASONAL_LEVEL),
        statistic=statistic,
        p_value=p_value,
        share=share,
        level=SEASONAL_LEVEL,
        n_used=int(used.sum()),
        n_dropped=len(values) - int(used.sum()),
    )


def _f_test(y: Values, before: Values, time: Values, season: Values) -> tuple[float, float, float]:
    y, before = y - y.mean(), before - before.mean()
    scale = np.abs(y).max()
    if scale == 0:
        return float("nan"), float("nan"), 0.0
    common = np.column_stack([time - time.mean(), before / scale])
    indicators = (season[:, None] == np.unique(season)).astype(float)
    small = np.column_stack([np.ones(len(y)), common])
    large = np.column_stack([indicators, common])
    rest, left = _residual(y, small), _residual(y, large)
    added = np.linalg.matrix_rank(large) - np.linalg.matrix_rank(small)
    df = len(y) - np.linalg.matrix_rank(large)
    if rest <= 1e-18 * len(y) * scale**2:
        return float("nan"), float("nan"), 0.0
    statistic = np.inf if left <= 1e-12 * rest else (rest - left) / added / (left / df)
    return float(statistic), float(f.sf(statistic, added, df)), float(1 - left / rest)


def _residual(y: Values, design: Values) -> float:
    fitted = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return float(((y - fitted) ** 2).sum())


def _effects(values: Values, time: Values, season: Values, a_year: int) -> pd.DataFrame:
    there = ~np.isnan(values)
    indicators = (season[there, None] == np.arange(a_year)).astype(float)
    design = np.column_stack([indicators, time[there] - time[there].mean()])
    effect = np.linalg.lstsq(design, values[there], rcond=None)[0][:a_year]
    return pd.DataFrame(
        {
            "season": np.arange(1, a_year + 1),
            "effect": effect - effect.mean(),
            "n": indicators.sum(axis=0).astype(int),
        }
    )
