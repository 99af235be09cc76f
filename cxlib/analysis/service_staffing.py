"""Analysis: what staff a telephone line needs in a week, and what one agent fewer costs callers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis.arrivals import arrivals
from cxlib.analysis.business_time import DAYS
from cxlib.analysis.queues import ANSWER_SECONDS
from cxlib.analysis.results import MINIMUM_BASE, Caveat
from cxlib.analysis.service import ticket_kpis
from cxlib.analysis.service_terms import Terms, calendar_period
from cxlib.analysis.staffing import SERVICE_LEVEL, schedule
from cxlib.analysis.tickets import bounds
from cxlib.words import mark as _

PLANNED, ONE_FEWER = _("as planned"), _("one fewer where there are two")

DAY_NAMES = {
    "mon": _("Monday"),
    "tue": _("Tuesday"),
    "wed": _("Wednesday"),
    "thu": _("Thursday"),
    "fri": _("Friday"),
    "sat": _("Saturday"),
    "sun": _("Sunday"),
}

NO_HANDLE_TIME = _("No staff is planned: the tickets have no handle time.")
NO_CHANNEL = _("No staff is planned: no channel tells calls from letters.")
NO_CALLS = _("No staff is planned: no ticket came by {channels}.")
FEW_CALLS = _("No staff is planned: {n} calls are too few.")


@dataclass(frozen=True, kw_only=True)
class Staffing:
    """A week's staff; see `staff` for the columns.

    Attributes
    ----------
    table, week, cost, answered : pandas.DataFrame
        Empty where nothing can be planned.
    reason : Caveat or None
        Why nothing can be planned.
    channels : tuple of str
        What counts as calls.
    n : int
        Calls it rests on.
    handle_seconds, service_level, answer_seconds, shrinkage, max_occupancy : float
        What it was planned with.
    agent_hours, position_hours : float
        Of the week: at the desk, and to be paid.
    caveats : tuple of Caveat
    """

    table: pd.DataFrame
    week: pd.DataFrame
    cost: pd.DataFrame
    answered: pd.DataFrame
    reason: Caveat | None
    channels: tuple[str, ...]
    n: int
    handle_seconds: float
    service_level: float
    answer_seconds: float
    shrinkage: float
    max_occupancy: float
    agent_hours: float
    position_hours: float
    caveats: tuple[Caveat, ...]


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """When work comes in; see `rhythm` for the columns."""

    table: pd.DataFrame
    n: int
    caveats: tuple[Caveat, ...]


def rhythm(tickets: pd.DataFrame, *, terms: Terms, period: str | None) -> Rhythm:
    """Average what comes in by weekday and hour, whether the service is open or not.

    Parameters
    ----------
    tickets : pandas.DataFrame
        The canonical table; cancelled and merged tickets were contacts too.
    terms : Terms
    period : str or None

    Returns
    -------
    Rhythm
        ``table``: ``weekday, start, tickets_per_hour, low, high, days`` (that the mean is over),
        ``tickets``.
    """
    found = arrivals(tickets, minutes=60, period=calendar_period(period), as_of=terms.as_of)
    table = found.table.rename(columns={"calls_per_hour": "tickets_per_hour", "n": "days"})
    return Rhythm(table=table.drop(columns="calls"), n=found.n, caveats=found.caveats)


def staff(
    tickets: pd.DataFrame,
    *,
    terms: Terms,
    period: str | None,
    channels: Sequence[str],
    minutes: int = 30,
    service_level: float = SERVICE_LEVEL,
    answer_seconds: float = ANSWER_SECONDS,
    shrinkage: float = 0.0,
    max_occupancy: float = 1.0,
    patience_seconds: float | None = None,
    minimum_base: int = MINIMUM_BASE,
) -> Staffing:
    """Plan a week's agents from the calls of a period, half hour by half hour.

    Parameters
    ----------
    tickets : pandas.DataFrame
        The canonical table.
    terms : Terms
        Days without business hours are not planned.
    period : str or None
        Whose calls are expected again.
    channels : sequence of str
        Values of ``channel`` that are calls: work that is lost if nobody answers at once.
    minutes, service_level, answer_seconds, shrinkage, max_occupancy, patience_seconds
        As in :func:`cxlib.analysis.staffing.schedule`.
    minimum_base : int
        Fewer calls are not planned on.

    Returns
    -------
    Staffing
        ``table``: the columns of :func:`cxlib.analysis.staffing.schedule`, from the first
        interval of the week that had calls to the last. ``week``: ``weekday, day`` (its name),
        ``calls`` (a day),
        ``peak_start, peak_agents, agent_hours, position_hours, n`` (calls counted). ``cost``, as
        planned and with one agent fewer in each interval that has two: ``plan, service_level,
        mean_wait`` (of all calls; infinite where a queue never clears), ``never_clears``
        (intervals), ``n``. ``answered``: ``value, low, high, n``, the share answered within
        `answer_seconds` in the period.

    Raises
    ------
    DataError
        If the log is impossible or a number of the plan is.
    """
    calls, reason = _calls(tickets, channels, period, minimum_base)
    planned: dict[str, Any] = {
        "channels": tuple(channels),
        "service_level": service_level,
        "answer_seconds": answer_seconds,
        "shrinkage": shrinkage,
        "max_occupancy": max_occupancy,
    }
    if reason is not None:
        return _nothing(reason, planned)
    known = calendar_period(period)
    found = ticket_kpis(
        calls,
        period=known,
        as_of=terms.as_of,
        calendar=terms.calendar,
        sla={"first_response": answer_seconds},
    ).table
    handle = found[(found["kpi"] == "handle_time") & (found["statistic"] == "mean")]
    if handle.empty or not handle["n"].iloc[0] or not handle["value"].iloc[0] > 0:
        return _nothing(Caveat(NO_HANDLE_TIME), planned)
    inflow = arrivals(
        calls, minutes=minutes, period=known, as_of=terms.as_of, calendar=terms.calendar
    )
    plan = schedule(
        _busy(inflow.table),
        handle_seconds=float(handle["value"].iloc[0]),
        minutes=minutes,
        service_level=service_level,
        answer_seconds=answer_seconds,
        shrinkage=shrinkage,
        max_occupancy=max_occupancy,
        patience_seconds=patience_seconds,
    )
    answered = found[(found["kpi"] == "first_response_sla") & (found["clock"] == "calendar")]
    return Staffing(
        table=plan.table,
        week=_week(plan.table, inflow.table, minutes),
        cost=_cost(plan.table, inflow.n),
        answered=answered[["value", "low", "high", "n"]].reset_index(drop=True),
        reason=None,
        n=inflow.n,
        handle_seconds=float(handle["value"].iloc[0]),
        agent_hours=plan.agent_hours,
        position_hours=plan.position_hours,
        caveats=tuple(dict.fromkeys((*inflow.caveats, *plan.caveats))),
        **planned,
    )


def _calls(
    tickets: pd.DataFrame, channels: Sequence[str], period: str | None, least: int
) -> tuple[pd.DataFrame, Caveat | None]:
    """Return the tickets that are calls, and why nothing can be planned on them."""
    if "handle_seconds" not in tickets or not tickets["handle_seconds"].notna().any():
        return tickets, Caveat(NO_HANDLE_TIME)
    if "channel" not in tickets or not tickets["channel"].notna().any():
        return tickets, Caveat(NO_CHANNEL)
    calls = tickets[tickets["channel"].isin(list(channels))]
    if calls.empty:
        return calls, Caveat(NO_CALLS, channels=tuple(channels))
    known = calendar_period(period)
    opened = calls["created_at"].dt.tz_localize(None)
    n = len(calls)
    if known is not None:
        first, following = bounds(known)
        n = int(((opened >= first) & (opened < following)).sum())
    return calls, Caveat(FEW_CALLS, n=n) if n < least else None


def _nothing(reason: Caveat, planned: dict[str, Any]) -> Staffing:
    empty = pd.DataFrame()
    return Staffing(
        table=empty,
        week=empty,
        cost=empty,
        answered=empty,
        reason=reason,
        n=0,
        handle_seconds=nan,
        agent_hours=nan,
        position_hours=nan,
        caveats=(),
        **planned,
    )


def _busy(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out the hours of the night: what lies before the first and after the last call."""
    starts = table.loc[table["tickets"] > 0, "start"]
    return table[table["start"].between(starts.min(), starts.max())].reset_index(drop=True)


def _week(plan: pd.DataFrame, inflow: pd.DataFrame, minutes: int) -> pd.DataFrame:
    rows = []
    for day in DAYS:
        mine = plan[plan["weekday"] == day]
        if mine.empty:
            continue
        peak = mine.iloc[int(mine["agents"].argmax())]
        rows.append(
            {
                "weekday": day,
                "day": DAY_NAMES[day],
                "calls": float(mine["calls_per_hour"].sum() * minutes / 60),
                "peak_start": str(peak["start"]),
                "peak_agents": int(peak["agents"]),
                "agent_hours": float(mine["agents"].sum() * minutes / 60),
                "position_hours": float(mine["positions"].sum() * minutes / 60),
                "n": int(inflow.loc[inflow["weekday"] == day, "tickets"].sum()),
            }
        )
    return pd.DataFrame(rows)


def _cost(plan: pd.DataFrame, n: int) -> pd.DataFrame:
    """Weigh waits and service levels by the calls that meet them, with and without one agent."""
    open_ = plan[plan["calls_per_hour"] > 0]
    weight = open_["calls_per_hour"] / open_["calls_per_hour"].sum()
    alone = open_["agents"] <= 1
    rows = []
    for name, suffix in ((PLANNED, ""), (ONE_FEWER, "_one_fewer")):
        level = open_[f"service_level{suffix}"].where(~alone, open_["service_level"])
        wait = open_[f"mean_wait{suffix}"].where(~alone, open_["mean_wait"])
        endless = int(np.isinf(wait).sum())
        rows.append(
            {
                "plan": name,
                "service_level": float((weight * level).sum()),
                "mean_wait": inf if endless else float((weight * wait).sum()),
                "never_clears": endless,
                "n": n,
            }
        )
    return pd.DataFrame(rows)
