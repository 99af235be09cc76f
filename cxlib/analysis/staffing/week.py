"""What staff the calls of a period need in a week, and what one agent fewer costs callers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, nan
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis.business_time import DAYS
from cxlib.analysis.results import MINIMUM_BASE, Caveat
from cxlib.analysis.service.flow import arrivals
from cxlib.analysis.service.log import opened_in
from cxlib.analysis.service.terms import Terms, calendar_period, kpis
from cxlib.analysis.staffing.plan import SERVICE_LEVEL, paid, schedule
from cxlib.analysis.staffing.queues import ANSWER_SECONDS
from cxlib.words import mark as _

PLANNED, ONE_FEWER = _("as planned"), _("one fewer where there are two")
NO_HANDLE_TIME = _("No staff is planned: the tickets have no handle time.")
NO_CHANNEL = _("No staff is planned: no channel tells calls from letters.")
NO_CALLS = _("No staff is planned: no ticket came by {channels}.")
FEW_CALLS = _("No staff is planned: there are too few calls.")
NOT_PLANNED = (NO_HANDLE_TIME, NO_CHANNEL, NO_CALLS, FEW_CALLS)


@dataclass(frozen=True, kw_only=True)
class Staffing:
    """A week's staff; see `staff` for the columns.

    Attributes
    ----------
    table, week, cost : pandas.DataFrame
        Empty where nothing can be planned.
    reason : Caveat or None
        Why nothing can be planned.
    n : int
        Calls it rests on.
    handle_seconds, service_level, answer_seconds, shrinkage : float
        What it was planned with.
    answered : float
        Share of the period's answered calls that were answered within `answer_seconds`; NaN where
        the log does not tell.
    agent_hours, paid_hours : float
        Of the week: at the desk, and to be paid.
    caveats : tuple of Caveat
    """

    table: pd.DataFrame
    week: pd.DataFrame
    cost: pd.DataFrame
    reason: Caveat | None
    n: int
    handle_seconds: float
    service_level: float
    answer_seconds: float
    shrinkage: float
    answered: float
    agent_hours: float
    paid_hours: float
    caveats: tuple[Caveat, ...]


def staff(
    tickets: pd.DataFrame,
    *,
    terms: Terms,
    channels: Sequence[str],
    period: str | None = None,
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
    channels : sequence of str
        Values of ``channel`` that are calls: work that is lost if nobody answers at once.
    period : str, optional
        Whose calls are expected again.
    minutes, service_level, answer_seconds, shrinkage, max_occupancy, patience_seconds
        As in `schedule`.
    minimum_base : int
        Fewer calls are not planned on.

    Returns
    -------
    Staffing
        ``table``: the columns of `schedule`, from the first interval of the week that had calls to
        the last. ``week``, a row a day: ``weekday, calls`` (a day), ``peak_start, peak_agents,
        agent_hours, paid_hours`` (of the day's hours added up), ``n`` (calls counted). ``cost``,
        as planned and with one agent fewer in each interval that has two: ``plan, service_level,
        mean_wait`` (of all calls; infinite where a queue never clears), ``never_clears``
        (intervals), ``n``.

    Raises
    ------
    DataError
        If the log is impossible or a number of the plan is.
    """
    nothing = Staffing(
        table=pd.DataFrame(),
        week=pd.DataFrame(),
        cost=pd.DataFrame(),
        reason=Caveat(NO_HANDLE_TIME),
        n=0,
        handle_seconds=nan,
        service_level=service_level,
        answer_seconds=answer_seconds,
        shrinkage=shrinkage,
        answered=nan,
        agent_hours=nan,
        paid_hours=nan,
        caveats=(),
    )
    calls, reason = _calls(tickets, channels, period, minimum_base)
    if reason is not None:
        return replace(nothing, reason=reason)
    known = calendar_period(period)
    aim: dict[str, float | dict[str, float]] = {"first_response": answer_seconds}
    found = kpis(calls, terms=replace(terms, sla=aim, clock="calendar"), period=known).table
    values = found.set_index(["kpi", "statistic"])["value"]
    handle = float(values.get(("handle_time", "mean"), nan))
    if not handle > 0:
        return nothing
    inflow = arrivals(
        calls, minutes=minutes, period=known, as_of=terms.as_of, calendar=terms.calendar
    )
    starts = inflow.table.loc[inflow.table["tickets"] > 0, "start"]
    busy = inflow.table[inflow.table["start"].between(starts.min(), starts.max())]
    plan = schedule(
        busy.reset_index(drop=True),
        handle_seconds=handle,
        minutes=minutes,
        service_level=service_level,
        answer_seconds=answer_seconds,
        shrinkage=shrinkage,
        max_occupancy=max_occupancy,
        patience_seconds=patience_seconds,
    )
    return replace(
        nothing,
        table=plan.table,
        week=_week(plan.table, inflow.table, minutes, shrinkage),
        cost=_cost(plan.table, inflow.n),
        reason=None,
        n=inflow.n,
        handle_seconds=handle,
        answered=float(values.get(("first_response_sla", "share"), nan)),
        agent_hours=plan.agent_hours,
        paid_hours=plan.paid_hours,
        caveats=tuple(dict.fromkeys((*inflow.caveats, *plan.caveats))),
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
        n = int(opened_in(opened, known).sum())
    return calls, Caveat(FEW_CALLS) if n < least else None


def _week(plan: pd.DataFrame, inflow: pd.DataFrame, minutes: int, shrinkage: float) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for day in DAYS:
        mine = plan[plan["weekday"] == day]
        if mine.empty:
            continue
        peak = mine.iloc[int(mine["agents"].argmax())]
        hours = float(mine["agents"].sum() * minutes / 60)
        rows.append(
            {
                "weekday": day,
                "calls": float(mine["calls_per_hour"].sum() * minutes / 60),
                "peak_start": str(peak["start"]),
                "peak_agents": int(peak["agents"]),
                "agent_hours": hours,
                "paid_hours": float(paid(hours, shrinkage)),
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
        mean_wait = inf if endless else float((weight * wait).sum())
        share = float((weight * level).sum())
        row = {"plan": name, "service_level": share, "mean_wait": mean_wait}
        rows.append(row | {"never_clears": endless, "n": n})
    return pd.DataFrame(rows)
