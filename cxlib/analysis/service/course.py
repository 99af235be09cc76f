"""A service month by month: which KPI moved, since when, and which only varies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from cxlib import periods
from cxlib.analysis.results import Result
from cxlib.analysis.service.terms import Terms, calendar_period, kpi_rows, unit_of
from cxlib.analysis.ticket_targets import TICKET_KPIS
from cxlib.analysis.trends import XmrChart, score_chart, xmr

FEWEST_POINTS = 3
"""Two points have one moving range: no limits can be drawn from it."""

_LIMITS = ("centre", "lower", "upper")
_DRAWN = (*_LIMITS, "flags", "signal", "segment")
_LATEST = ("kpi", "period", "value", *_LIMITS, "n", "unit", "target")
_TOLD = ("variation", "since", "trial", "before", "direction")


@dataclass(frozen=True, kw_only=True)
class Course(Result):
    """KPIs by month with their process charts; see `course` for the columns."""

    table: pd.DataFrame
    latest: pd.DataFrame
    charts: Mapping[str, XmrChart]


def course(
    tickets: pd.DataFrame,
    *,
    terms: Terms,
    period: str | None = None,
    kpis: Sequence[str] = tuple(TICKET_KPIS),
    targets: Mapping[str, float] | None = None,
) -> Course:
    """Chart every KPI month by month, up to the end of a period.

    Parameters
    ----------
    kpis : sequence of str
        Keys of :data:`cxlib.analysis.ticket_targets.TICKET_KPIS`; those that the log does not
        allow are passed over.
    targets : mapping of str to float, optional
        By KPI, in the units below.

    Returns
    -------
    Course
        ``table``: ``kpi, period, value, n, unit, target`` (shares in percent, times in seconds),
        ``centre, lower, upper, flags, signal, segment`` as `cxlib.analysis.trends` has them, with
        shifts of level looked for: a share or rating by `score_chart`, a time by `xmr`. ``latest``,
        a row a KPI: ``kpi, period, value, centre, lower, upper, n, unit, target, variation, since``
        (first month of the present signal, empty for none), ``trial`` (limits on fewer than 12
        months), ``before`` (the level before the latest shift), ``direction``.
    """
    known = calendar_period(period)
    rows = kpi_rows(tickets, terms=terms, period_kind="month")
    if known is not None:
        last = periods.containing(periods.parse(known).end, "month")
        rows = rows[rows["period"] <= str(last)]
    tables: list[pd.DataFrame] = []
    latest: list[dict[str, Any]] = []
    charts: dict[str, XmrChart] = {}
    for key in kpis:
        series = _series(rows[rows["kpi"] == key], key, terms.clock)
        if series.empty:
            continue
        series["target"] = (targets or {}).get(key, np.nan)
        if len(series) >= FEWEST_POINTS:
            chart = charts[key] = _chart(series, key)
            series = series.merge(chart.table[["period", *_DRAWN]], how="left", on="period")
        else:
            series = series.assign(**dict.fromkeys(_LIMITS, np.nan), flags="", signal="", segment=1)
        tables.append(series.drop(columns="variance"))
        latest.append(_latest(series, charts.get(key)))
    return Course(
        table=pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["kpi"]),
        latest=pd.DataFrame(latest, columns=[*_LATEST, *_TOLD]),
        charts=charts,
        caveats=tuple(dict.fromkeys(c for chart in charts.values() for c in chart.caveats)),
    )


def _series(rows: pd.DataFrame, key: str, clock: str) -> pd.DataFrame:
    """Return a KPI's months in its display unit, with the variance of one rating."""
    unit = TICKET_KPIS[key].unit
    scale = 100.0 if unit == "share" else 1.0
    error = (rows["high"] - rows["low"]) / (2 * norm.ppf(0.975))
    series = rows[["kpi", "period", "value", "n"]].reset_index(drop=True)
    variance = (error**2 * rows["n"]).to_numpy()
    return series.assign(value=scale * series["value"], unit=unit_of(key, clock), variance=variance)


def _chart(series: pd.DataFrame, key: str) -> XmrChart:
    wanted = TICKET_KPIS[key]
    if wanted.unit == "seconds":  # no time is negative
        values = series.set_index("period")["value"]
        return xmr(values, improvement=wanted.direction, limits=(0.0, None), shifts=True)
    share = series.assign(kind="share") if wanted.unit == "share" else series
    return score_chart(share, improvement=wanted.direction, shifts=True)


def _latest(table: pd.DataFrame, chart: XmrChart | None) -> dict[str, Any]:
    last = table.iloc[-1]
    since = ""
    for row in reversed(table.to_dict("records")):
        same = row["signal"] == last["signal"] and row["segment"] == last["segment"]
        if not row["signal"] or not same:
            break
        since = str(row["period"])
    told: tuple[Any, ...] = (None, since, True, np.nan, TICKET_KPIS[str(last["kpi"])].direction)
    if chart is not None:
        told = (chart.variation, since, chart.trial, chart.before, told[-1])
    return {name: last[name] for name in _LATEST} | dict(zip(_TOLD, told, strict=True))
