"""The staff of a week from the calls of a period, and what one agent fewer costs callers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field, replace
from math import inf, nan
from typing import Any, TypedDict, Unpack

import numpy as np
import pandas as pd

from cxlib.analysis.business_time import DAYS
from cxlib.analysis.metrics import number
from cxlib.analysis.results import MINIMUM_BASE, Caveat, Result, counted, said
from cxlib.analysis.service import Terms, arrivals, calendar_period, kpis, opened_in
from cxlib.analysis.staffing import queues
from cxlib.analysis.validate import count, numbers, refuse, require
from cxlib.errors import DataError
from cxlib.words import mark as _

PLANNED, ONE_FEWER = _("as planned"), _("one fewer where there are two")
NO_HANDLE_TIME = _("No staff is planned: the tickets have no handle time.")
NO_CHANNEL = _("No staff is planned: no channel tells calls from letters.")
NO_CALLS = _("No staff is planned: no ticket came by {channels}.")
FEW_CALLS = _("No staff is planned: there are too few calls.")
NOT_PLANNED = (NO_HANDLE_TIME, NO_CHANNEL, NO_CALLS, FEW_CALLS)

_STATE = ("service_level", "mean_wait", "occupancy", "p_abandon")
_FEWER = ("service_level_one_fewer", "mean_wait_one_fewer", "extra_wait")


class Aim(TypedDict, total=False):
    """What a plan is to keep, as `agents_needed` takes it."""

    service_level: float
    answer_seconds: float
    shrinkage: float
    max_occupancy: float
    patience_seconds: float | None


class Schedule(Result):
    """Agents per interval, and hours over all: at the desk, and paid.

    ``table``: ``positions`` are of one interval alone (for a roster take ``paid_hours``),
    ``mean_wait`` in seconds (``mean_wait_one_fewer`` infinite where the queue would grow without
    limit), ``extra_wait`` a call for want of one agent (NaN without calls, or an agent to spare).
    """

    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    agent_hours: float = nan
    paid_hours: float = nan


class Staffing(Schedule):
    """A week's staff; its tables are empty where nothing can be planned: ``reason`` says why.

    ``table``: that of `schedule`, from the first interval of the week that had calls to the last.
    ``week``: a row a day, its hours added up. ``cost``: as planned, and with one agent fewer where
    there are two: ``mean_wait`` (of all calls; infinite where a queue never clears),
    ``never_clears`` (intervals). ``n``: the calls it rests on; ``answered``: the share of the
    period's answered calls that were answered in time (NaN where the log does not tell).
    """

    service_level: float
    answer_seconds: float
    shrinkage: float
    reason: Caveat | None = None
    week: pd.DataFrame = field(default_factory=pd.DataFrame)
    cost: pd.DataFrame = field(default_factory=pd.DataFrame)
    n: int = 0
    handle_seconds: float = nan
    answered: float = nan


def schedule(
    arrivals: pd.DataFrame,
    *,
    handle_seconds: float,
    by: str | Sequence[str] = ("weekday", "start"),
    minutes: int = 30,
    minimum_agents: int = 0,
    **aim: Unpack[Aim],
) -> Schedule:
    """Turn arrivals per half hour into agents per half hour, and price one agent fewer.

    `arrivals` has one row an interval: the `by` columns, which are carried over, and
    ``calls_per_hour``, as :func:`cxlib.analysis.service.arrivals` returns them; `handle_seconds`
    and **aim as in :func:`agents_needed`, each interval taken as long enough to settle; `minutes`
    is the length of an interval, `minimum_agents` the fewest at any, calls or none.
    """
    keys = [by] if isinstance(by, str) else list(by)
    calls = _calls_per_hour(arrivals, keys)
    number(minutes, "minutes", above=0)
    fewest = count(minimum_agents, "minimum_agents")
    shrinkage, patience = aim.get("shrinkage", 0.0), aim.get("patience_seconds")

    def one(calls: float) -> dict[str, float]:
        need = queues.agents_needed(calls_per_hour=calls, handle_seconds=handle_seconds, **aim)
        agents = max(need.agents, fewest)
        at = queues.queue_of(
            calls, handle_seconds, aim.get("answer_seconds", queues.ANSWER_SECONDS), patience
        )
        waits = _one_fewer(at, calls, agents, endless=patience is None)
        return {"agents": agents, "positions": queues.paid(agents, shrinkage)} | waits

    known = {each: one(each) for each in calls.unique()}
    table = arrivals.loc[:, keys].reset_index(drop=True)
    table["calls_per_hour"] = calls.to_numpy()
    table["load"] = table["calls_per_hour"] * handle_seconds / 3600
    rows = pd.DataFrame([known[each] for each in calls])
    table = pd.concat([table, rows.astype({"agents": "int64", "positions": "int64"})], axis=1)
    hours, endless = table["agents"].sum() * minutes / 60, np.isinf(table["mean_wait_one_fewer"])
    long = _("The plan assumes that nobody hangs up, so real waits are rather shorter.")
    message = _("In {n} {n:interval|intervals} the queue would never clear with one agent fewer.")
    return Schedule(
        table=table,
        agent_hours=float(hours),
        paid_hours=float(queues.paid(hours, shrinkage)),
        caveats=said(patience is None, long) + counted((endless.sum(), message)),
    )


def _calls_per_hour(arrivals: pd.DataFrame, keys: Sequence[str]) -> pd.Series:
    require(arrivals, (*keys, "calls_per_hour"), "arrivals")
    if arrivals.empty:
        raise DataError("the arrivals have no rows, so there is nothing to staff.")
    calls = pd.Series(numbers(arrivals["calls_per_hour"]), arrivals.index, name="calls_per_hour")
    refuse(calls, ~calls.between(0, inf, inclusive="left"), "; it is a number, 0 or more.")
    return calls


def _one_fewer(
    at: Callable[..., queues.Queue], calls: float, agents: int, *, endless: bool
) -> dict[str, float]:
    row = dict.fromkeys((*_STATE, *_FEWER), nan)
    if calls == 0:
        return row | ({"occupancy": 0.0} if agents else {})
    now = at(agents=agents)
    row |= {name: getattr(now, name) for name in _STATE}
    if agents == 1:
        return row
    level, wait = 0.0, inf
    if not endless or agents - 1 >= queues.least_stable(now.load):
        fewer = at(agents=agents - 1)
        level, wait = fewer.service_level, fewer.mean_wait
    return row | dict(zip(_FEWER, (level, wait, wait - now.mean_wait), strict=True))


def staff(
    tickets: pd.DataFrame,
    *,
    terms: Terms,
    channels: Sequence[str],
    period: str | None = None,
    minutes: int = 30,
    minimum_base: int = MINIMUM_BASE,
    **aim: Unpack[Aim],
) -> Staffing:
    """Plan a week's agents from the calls of a period, half hour by half hour.

    `channels` are the values of ``channel`` that are calls: work that is lost if nobody answers at
    once. Days without business hours are not planned. The rest as in :mod:`cxlib.analysis.service`
    and `schedule`.
    """
    answer, shrinkage = aim.get("answer_seconds", queues.ANSWER_SECONDS), aim.get("shrinkage", 0.0)
    level = aim.get("service_level", queues.SERVICE_LEVEL)
    nothing = Staffing(service_level=level, answer_seconds=answer, shrinkage=shrinkage)
    known = calendar_period(period)
    calls, reason = _calls(tickets, channels, known, minimum_base)
    if reason is not None:
        return replace(nothing, reason=reason)
    sla: Any = {"first_response": answer}
    found = kpis(calls, terms=replace(terms, sla=sla, clock="calendar"), period=known).table
    values = found.set_index(["kpi", "statistic"])["value"]
    handle = float(values.get(("handle_time", "mean"), nan))
    if not handle > 0:
        return replace(nothing, reason=Caveat(NO_HANDLE_TIME))
    inflow = arrivals(
        calls, minutes=minutes, period=known, as_of=terms.as_of, calendar=terms.calendar
    )
    starts = inflow.table.loc[inflow.table["tickets"] > 0, "start"]
    busy = inflow.table[inflow.table["start"].between(starts.min(), starts.max())]
    busy = busy.reset_index(drop=True)
    plan = schedule(busy, handle_seconds=handle, minutes=minutes, **aim)
    return replace(
        nothing,
        table=plan.table,
        week=_week(plan.table, inflow.table, minutes, shrinkage),
        cost=_cost(plan.table, inflow.n),
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
    for column, reason in (("handle_seconds", NO_HANDLE_TIME), ("channel", NO_CHANNEL)):
        if column not in tickets or not tickets[column].notna().any():
            return tickets, Caveat(reason)
    calls = tickets[tickets["channel"].isin(list(channels))]
    if calls.empty:
        return calls, Caveat(NO_CALLS, channels=tuple(channels))
    opened = calls["created_at"].dt.tz_localize(None)
    n = len(calls) if period is None else int(opened_in(opened, period).sum())
    return calls, Caveat(FEW_CALLS) if n < least else None


def _week(plan: pd.DataFrame, inflow: pd.DataFrame, minutes: int, shrinkage: float) -> pd.DataFrame:
    rows = []
    for day in (day for day in DAYS if (plan["weekday"] == day).any()):
        mine = plan[plan["weekday"] == day]
        peak = mine.iloc[int(mine["agents"].argmax())]
        calls, hours = (float(mine[of].sum() * minutes / 60) for of in ("calls_per_hour", "agents"))
        row = {"weekday": day, "calls": calls, "peak_start": str(peak["start"])}
        row |= {"peak_agents": int(peak["agents"]), "agent_hours": hours}
        row |= {"paid_hours": float(queues.paid(hours, shrinkage))}
        rows.append(row | {"n": int(inflow.loc[inflow["weekday"] == day, "tickets"].sum())})
    return pd.DataFrame(rows)


def _cost(plan: pd.DataFrame, n: int) -> pd.DataFrame:
    """Weigh waits and service levels by the calls that meet them, with and without one agent."""
    open_ = plan[plan["calls_per_hour"] > 0]
    weight = open_["calls_per_hour"] / open_["calls_per_hour"].sum()
    alone = open_["agents"] <= 1
    rows = []
    for name, suffix in ((PLANNED, ""), (ONE_FEWER, "_one_fewer")):
        level, wait = (
            open_[f"{of}{suffix}"].where(~alone, open_[of]) for of in ("service_level", "mean_wait")
        )
        endless = int(np.isinf(wait).sum())
        mean_wait = inf if endless else float((weight * wait).sum())
        row = {"plan": name, "service_level": float((weight * level).sum())}
        rows.append(row | {"mean_wait": mean_wait, "never_clears": endless, "n": n})
    return pd.DataFrame(rows)
