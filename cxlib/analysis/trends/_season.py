"""Whether a series rises and falls with the time of year, and by how much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import f

from cxlib import periods
from cxlib.analysis.trends._rules import Values
from cxlib.analysis.trends._series import read_values
from cxlib.errors import DataError

SEASON_POINTS = 24
"""Fewer points show no season that can be told from chance (two years of months)."""
EFFECT_POINTS = 48
"""From here on every month may have its own effect; below, one sine wave serves all."""
LEVEL = 0.05


@dataclass(frozen=True, kw_only=True)
class Seasonality:
    """A test for a season, made without the latest point, and what the season adds to each.

    Attributes
    ----------
    table : pandas.DataFrame
        ``period``, ``effect`` (KPI units, averaging 0: what the time of year adds to the value).
    seasonal : bool
        Whether `p_value` is below .05.
    form : str
        ``"wave"`` (one sine and cosine) or ``"months"`` (an effect for each time of year).
    p_value : float
        Of the F test; NaN where the series does not vary.
    n_used, n_dropped : int
        Points the test rests on, and gaps.
    """

    table: pd.DataFrame
    seasonal: bool
    form: str
    p_value: float
    n_used: int
    n_dropped: int
    projection: Values  # (periods − 1, periods): points before the last → effect on every one


def seasonality(values: pd.Series) -> Seasonality:
    """Test whether a series follows the time of year, and estimate by how much.

    From 48 points each month (or quarter) has its effect if their F test says so; else, and from
    24 points, one sine and cosine a year. The latest point takes no part: it is judged by them.

    Parameters
    ----------
    values : pandas.Series
        One value a month or quarter, indexed by calendar periods. Gaps are left out.

    Raises
    ------
    DataError
        If the periods are no months or quarters, or fewer than 24 have a value.

    References
    ----------
    .. [1] Harvey, A. C. (1990). The Econometric Analysis of Time Series, 2nd ed., ch. 5 and 7.
    """
    series = read_values(values)
    found = season_of(series.periods, series.points)
    if found is None:
        n = int((~np.isnan(series.points)).sum())
        raise DataError(
            f"{series.what} is too short for a season: {n} values; it takes {SEASON_POINTS} "
            "months or quarters."
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
    form, p_value = next((each for each in tested if each[1] < LEVEL), tested[-1])
    design = designs[form] - designs[form][fitted].mean(axis=0)
    projection = np.zeros((end, len(values)))
    projection[fitted[:end]] = np.linalg.pinv(design[fitted]).T @ design.T
    effect = np.where(fitted, values, 0.0)[:end] @ projection
    return Seasonality(
        table=pd.DataFrame({"period": labels, "effect": effect}),
        seasonal=bool(p_value < LEVEL),
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
    design = design - design.mean(axis=0)
    rest = float((y**2).sum())
    left = float(((y - design @ np.linalg.lstsq(design, y, rcond=None)[0]) ** 2).sum())
    added = int(np.linalg.matrix_rank(design))
    df = len(y) - 1 - added
    if added == 0 or df < 1 or rest <= 1e-18 * len(y) * (1 + np.abs(y).max()) ** 2:
        return float("nan")
    if left <= 1e-12 * rest:
        return 0.0
    return float(f.sf((rest - left) / added / (left / df), added, df))
