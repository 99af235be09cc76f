"""A service month by month, and what is being done to improve it: what moved, what is late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.analysis.actions import FINISHED, STATES, last_day, past
from cxlib.analysis.estimation import z_of
from cxlib.analysis.metrics import TICKET_KPIS
from cxlib.analysis.results import MINIMUM_BASE, Tabled
from cxlib.analysis.service.terms import calendar_period, kpi_rows, unit_of
from cxlib.analysis.service.waits import Terms
from cxlib.analysis.trends import XmrChart, score_chart, xmr
from cxlib.columns import records
from cxlib.words import mark as _

RUNNING = STATES[1:3]
FORMERLY = dict(zip(("planned", "under way"), RUNNING, strict=True))
"""What older client files call a state."""

BETTER, WORSE = _("better than usual"), _("worse than usual")
BEFORE = _("better, but already before")
UNMOVED = _("within its usual months")
EARLY = _("too early to tell")

ACTIONS = ("action", "kpi", "owner", "due", "state", "finished", "note")
"""The columns of the actions that are being done."""
_TABLE = (*ACTIONS[:5], "overdue", "moved", "note", "finished")
_NOW = ("period", "value", "lower", "upper", "since", "n", "unit")

FEWEST_POINTS = 3
"""Two points have one moving range: no limits can be drawn from it."""

_LIMITS = ("centre", "lower", "upper")
_DRAWN = (*_LIMITS, "flags", "signal", "segment")
_LATEST = ("kpi", "period", "value", *_LIMITS, "n", "unit", "target")
_TOLD = ("variation", "since", "trial", "before", "direction")


class Course(Tabled):
    """KPIs by month with their process charts.

    ``table``: ``value`` and ``target`` are shares in percent, times in seconds; the limits, flags
    and signal are those of `cxlib.analysis.trends`. ``latest``: a row a KPI, with ``since`` (first
    month of the present signal, empty for none), ``trial`` (limits on fewer than 12 months) and
    ``before`` (the level before the latest shift).
    """

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
    """Chart every KPI (those that the log allows) month by month, up to the end of a period.

    Shifts of level are looked for; `targets` are in the units of the table.
    """
    known = calendar_period(period)
    rows = kpi_rows(tickets, terms=terms, period_kind="month")
    if known is not None:
        last = periods.containing(periods.parse(known).end, "month")
        rows = rows[rows["period"] <= str(last)]
    tables, latest = [], []
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
    error = (rows["high"] - rows["low"]) / (2 * z_of(0.95))
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
    for row in reversed(records(table)):
        same = row["signal"] == last["signal"] and row["segment"] == last["segment"]
        if not row["signal"] or not same:
            break
        since = str(row["period"])
    told: tuple[Any, ...] = (None, since, True, np.nan, TICKET_KPIS[str(last["kpi"])].direction)
    if chart is not None:
        told = (chart.variation, since, chart.trial, chart.before, told[-1])
    return {name: last[name] for name in _LATEST} | dict(zip(_TOLD, told, strict=True))


class FollowUp(Tabled):
    """The actions as they stand."""

    as_of: dt.date | None  # the day as of which an action is overdue


def follow_up(
    actions: pd.DataFrame,
    *,
    course: Course,
    end: dt.date | None,
    minimum_base: int = MINIMUM_BASE,
) -> FollowUp:
    """Say how the actions stand at the `end` of a period, by the `course` of their KPIs.

    `actions`, a row each: ``action`` (what is done, in the reader's language), ``kpi`` (a key of
    TICKET_KPIS), ``owner, due`` (a period, whose last day counts, or a day), ``state`` (of
    `cxlib.analysis.actions.STATES`, or as it was called before), ``finished`` (when it was done,
    written as ``due``; empty for one that is not) and ``note``.
    Overdue ones come first, then by due day; ``moved`` is where the KPI of an action done by then
    stands, by the rules of its process chart, else None; ``months`` counts the figures that began
    after it was done; the rest is the KPI's latest month.
    """
    usable = course.latest[course.latest["n"] >= minimum_base]
    latest = {row["kpi"]: row for row in records(usable)}
    rows = []
    for row in records(actions.replace({"state": FORMERLY})):
        now, finished = latest.get(row["kpi"]), row["finished"]
        done = str(periods.containing(last_day(finished or row["due"]), "month"))
        months, over = 0, row["state"] in FINISHED  # of figures that began after it was done
        if over and len(course.table):
            own = course.table[course.table["kpi"] == row["kpi"]]
            months = int(((own["period"] > done) & (own["n"] >= minimum_base)).sum())
        late = row["state"] in RUNNING and past(row["due"], end)
        later = end is not None and finished != "" and last_day(finished) > end
        moved = _moved(now, done, months) if over and not later else None
        row |= {"overdue": late, "note": row["note"] or None, "moved": moved, "months": months}
        rows.append(row | {name: None if now is None else now[name] for name in _NOW})
    table = pd.DataFrame(rows, columns=[*_TABLE, *_NOW, "months"]).astype({"overdue": bool})
    order = table.assign(later=~table["overdue"], day=table["due"].map(last_day))
    order = order.sort_values(["later", "day"], kind="stable")
    return FollowUp(table=table.loc[order.index].reset_index(drop=True), as_of=end)


def family(key: str) -> str:
    """Return what a KPI is about: a wait, its percentile and its SLA share are one."""
    return TICKET_KPIS[key].kpi.removesuffix("_sla")


def _moved(now: dict[Any, Any] | None, done: str, months: int) -> str | None:
    """Return where the KPI of a done action stands, by its chart; None where nothing can tell."""
    if now is None or now["variation"] is None:
        return None
    if not months:
        return EARLY
    if now["variation"] == "improving":
        return BETTER if now["since"] >= done else BEFORE
    return WORSE if now["variation"] == "concerning" else UNMOVED
