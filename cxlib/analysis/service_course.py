"""Analysis: a service month by month: which KPI moved, since when, and which only wobbles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cxlib import periods
from cxlib.analysis.results import Caveat
from cxlib.analysis.service_review import HEADLINE, row_of
from cxlib.analysis.service_terms import Terms, calendar_period, kpis
from cxlib.analysis.ticket_targets import TICKET_KPIS
from cxlib.analysis.tickets import bounds
from cxlib.analysis.trends import XmrChart, xmr

SHOWN = (*HEADLINE, "first_response", "resolution")
"""The KPIs of the headline, and the wait itself: a generous SLA hides a wait that doubles. The
time of the resolution stands in where no SLA is agreed on it."""

_LATEST = ("metric", "period", "value", "centre", "lower", "upper", "n", "unit")

FEWEST_POINTS = 3
"""Two points have one moving range: no limits can be drawn from it."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """KPIs by month with their process charts; see `course` for the columns.

    Attributes
    ----------
    table, latest : pandas.DataFrame
    charts : mapping of str to XmrChart
    caveats : tuple of Caveat
    """

    table: pd.DataFrame
    latest: pd.DataFrame
    charts: Mapping[str, XmrChart]
    caveats: tuple[Caveat, ...]


def course(
    tickets: pd.DataFrame,
    *,
    terms: Terms,
    period: str | None,
    metrics: Sequence[str] = SHOWN,
) -> Course:
    """Chart every KPI month by month, up to the end of a period.

    Parameters
    ----------
    tickets : pandas.DataFrame
        The canonical table.
    terms : Terms
    period : str or None
        The last one; months after it are left out.
    metrics : sequence of str
        Keys of :data:`cxlib.analysis.ticket_targets.TICKET_KPIS`; those that the log does not
        allow are passed over.

    Returns
    -------
    Course
        ``table``: ``metric, period, value, low, high, n, unit, centre, lower, upper, flags`` (of
        :func:`cxlib.analysis.trends.xmr`; limits are NaN on fewer than three months).
        ``latest``, a row a KPI: ``metric, period, value, centre, lower, upper, variation, since``
        (first month of the present signal, empty for none), ``n, unit, direction``.
    """
    parts = kpis(tickets, terms=terms, by="month").table
    known = calendar_period(period)
    if known is not None:
        last = periods.containing((bounds(known)[1] - pd.Timedelta(days=1)).date(), "month")
        parts = parts[parts["month"] <= str(last)]
    tables: list[pd.DataFrame] = []
    latest: list[dict[str, Any]] = []
    charts: dict[str, XmrChart] = {}
    for key in metrics:
        series = _series(parts, key, terms.clock)
        told = {row["metric"] for row in latest}
        if not series["value"].notna().any() or (key == "resolution" and f"{key}_sla" in told):
            continue
        chart = None
        if series["value"].notna().sum() >= FEWEST_POINTS:
            way = TICKET_KPIS[key].direction
            chart = charts[key] = xmr(series.set_index("period")["value"], improvement=way)
        tables.append(_charted(series, chart))
        latest.append(_latest(key, tables[-1], chart))
    columns = ("metric", "period", "value", "low", "high", "n", "unit")
    return Course(
        table=pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns),
        latest=pd.DataFrame(latest, columns=[*_LATEST, "variation", "since", "direction"]),
        charts=charts,
        caveats=tuple(dict.fromkeys(c for chart in charts.values() for c in chart.caveats)),
    )


def _series(parts: pd.DataFrame, key: str, clock: str) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for month, cells in parts.groupby("month", sort=True):
        row = row_of(cells, TICKET_KPIS[key], clock)
        if row is not None:
            values = {name: float(row[name]) for name in ("value", "low", "high")}
            rows.append({"metric": key, "period": str(month), **values, "n": int(row["n"])})
    series = pd.DataFrame(rows, columns=["metric", "period", "value", "low", "high", "n"])
    return series.assign(unit=TICKET_KPIS[key].unit)


def _charted(series: pd.DataFrame, chart: XmrChart | None) -> pd.DataFrame:
    limits = ["centre", "lower", "upper", "flags"]
    if chart is None:
        return series.assign(centre=float("nan"), lower=float("nan"), upper=float("nan"), flags="")
    charted = series.merge(chart.table[["period", *limits]], how="left", on="period")
    return charted.assign(flags=charted["flags"].fillna(""))


def _latest(key: str, table: pd.DataFrame, chart: XmrChart | None) -> dict[str, Any]:
    last = table.iloc[-1]
    since = ""
    for row in reversed(table.to_dict("records")):
        same_side = (row["value"] > row["centre"]) == (last["value"] > last["centre"])
        if not row["flags"] or not same_side:
            break
        since = str(row["period"])
    return {
        **{name: last[name] for name in _LATEST},
        "variation": None if chart is None else chart.variation,
        "since": since,
        "direction": TICKET_KPIS[key].direction,
    }
