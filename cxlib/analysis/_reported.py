"""Analysis: a client's already aggregated figures, read into one series a KPI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.analysis.trends._series import require
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

LARGE = 20.0
"""From here on one decimal is enough for a reader."""
COLUMNS = ("kpi", "period", "unit", "value", "numerator", "denominator")


class Definition(Protocol):
    """What the client file says of a reported figure."""

    @property
    def direction(self) -> str:
        """Which way is better."""

    @property
    def target(self) -> float | None:
        """What is to be reached, in the figure's unit."""

    @property
    def format(self) -> str:
        """``number``, ``percent`` or ``currency``."""


@dataclass(frozen=True, kw_only=True)
class Reported:
    """One figure by period, and its reservations."""

    key: str
    series: pd.DataFrame
    caveats: tuple[Caveat, ...]


def read(figures: pd.DataFrame, key: str, definition: Definition) -> Reported:
    """Return a figure as one value a period: ratios summed over units, plain values averaged.

    Parameters
    ----------
    figures : pandas.DataFrame
        Columns `COLUMNS`.
    key : str
        Which figure.
    definition : Definition

    Returns
    -------
    Reported
        Its series: ``metric, unit, direction, period, value, low, high, standard_error, base``
        (`low`, `high` and `standard_error` NaN: the figure counts everything; `base` the
        denominator of a ratio).

    Raises
    ------
    DataError
        If a column is missing, or the figure has no rows.
    """
    require(figures, COLUMNS)
    rows = figures[figures["kpi"] == key]
    if rows.empty:
        near = nearest(key, figures["kpi"].unique())
        raise DataError(f"no row of the figures is {key!r}{near or '.'}")
    ratio = rows["denominator"].notna().all()
    grouped = rows.groupby("period", sort=False)
    caveats: tuple[Caveat, ...] = ()
    if ratio:
        base = grouped["denominator"].sum()
        values = grouped["numerator"].sum() / base
    else:
        values = grouped["value"].mean()
        base = pd.Series(np.nan, index=values.index)
        n_units = rows["unit"].nunique()
        if n_units > 1:
            message = _(
                "{metric} is the plain mean of {n} units: the figures come without denominators."
            )
            caveats = (Caveat(message, metric=key, n=n_units),)
    series = pd.DataFrame({"value": values, "base": base}).reindex(periods.order(values.index))
    series = series.rename_axis("period").reset_index()
    series = series.assign(
        metric=key,
        unit=unit_of(definition, values),
        direction=definition.direction,
        low=np.nan,
        high=np.nan,
        standard_error=np.nan,
    )
    ordered = ["metric", "unit", "direction", "period"]
    ordered += ["value", "low", "high", "standard_error", "base"]
    return Reported(key=key, series=series[ordered], caveats=caveats)


def unit_of(definition: Definition, values: pd.Series) -> str:
    """Return the unit a figure is shown in: a share where it is written as one, else a number."""
    if definition.format == "percent":
        return "share"
    return "points" if values.abs().max() >= LARGE else "number"
