"""How many agents a service level takes (Erlang C and A), and what one fewer costs callers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.analysis.results import Caveat
from cxlib.analysis.staffing.queues import (
    ANSWER_SECONDS,
    ErlangA,
    ErlangC,
    erlang_a,
    erlang_c,
    finite,
    least_stable,
    offered_load,
)
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

SERVICE_LEVEL = 0.8
TOLERANCE = 1e-9
"""A roster this close to a whole number of people is that number: 14 / 0.7 is 20, not 21."""


@dataclass(frozen=True, kw_only=True)
class AgentsNeeded:
    """The least staff that keeps the promise.

    Attributes
    ----------
    agents : int
        At their desks at the same time.
    positions : int
        On the roster, so that `agents` are there after shrinkage.
    queue : ErlangC or ErlangA or None
        How the queue then does; None where there are no calls.
    """

    agents: int
    positions: int
    queue: ErlangC | ErlangA | None


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Agents per interval; see :func:`schedule` for the columns of `table`.

    Attributes
    ----------
    table : pandas.DataFrame
    agent_hours, paid_hours : float
        Over the table: at the desk, and to be paid for with shrinkage.
    caveats : tuple of Caveat
    """

    table: pd.DataFrame
    agent_hours: float
    paid_hours: float
    caveats: tuple[Caveat, ...]


def agents_needed(
    *,
    calls_per_hour: float,
    handle_seconds: float,
    service_level: float = SERVICE_LEVEL,
    answer_seconds: float = ANSWER_SECONDS,
    shrinkage: float = 0.0,
    max_occupancy: float = 1.0,
    patience_seconds: float | None = None,
) -> AgentsNeeded:
    """Find the fewest agents that keep a service level without working above an occupancy.

    Parameters
    ----------
    calls_per_hour, handle_seconds, answer_seconds, patience_seconds
        As in :func:`erlang_c` and :func:`erlang_a`; without patience nobody hangs up (Erlang C).
    service_level : float
        Share of calls to be answered within `answer_seconds`, between 0 and 1.
    shrinkage : float
        Share of paid time away from the desk (breaks, training, sickness), from 0 to below 1;
        applied once, at the end.
    max_occupancy : float
        Highest bearable share of time on calls, above 0 to 1.

    Returns
    -------
    AgentsNeeded
        ``agents`` at their desks, ``positions`` on the roster, and the ``queue`` they give. No
        calls need no agents.

    Raises
    ------
    DataError
        If a number is impossible.
    """
    load = offered_load(calls_per_hour, handle_seconds)
    _strictly_between(service_level, "service_level")
    if not 0 <= finite(shrinkage, "shrinkage") < 1:
        raise DataError(f"shrinkage is {shrinkage:g}; it is a share of paid time, 0 to below 1.")
    if not 0 < finite(max_occupancy, "max_occupancy") <= 1:
        raise DataError(f"max_occupancy is {max_occupancy:g}; it is a share, above 0 to 1.")
    queue = _queue(calls_per_hour, handle_seconds, answer_seconds, patience_seconds)
    if load == 0:
        return AgentsNeeded(agents=0, positions=0, queue=None)

    def enough(agents: int) -> bool:
        state = queue(agents)
        return state.service_level >= service_level and state.occupancy <= max_occupancy + 1e-12

    agents = _fewest(enough, start=1 if patience_seconds is not None else least_stable(load))
    return AgentsNeeded(agents=agents, positions=paid(agents, shrinkage), queue=queue(agents))


def paid(hours: float, shrinkage: float) -> int:
    """Return the whole hours (or people) to pay for so that `hours` are worked: once, at the end.

    Over a day or a week the hours at the desk are added first: 107 at 30 % are 153, where rounding
    each half hour up would make 170 of them.
    """
    return math.ceil(hours / (1 - shrinkage) - TOLERANCE)


def schedule(
    arrivals: pd.DataFrame,
    *,
    handle_seconds: float,
    by: str | Sequence[str] = ("weekday", "start"),
    minutes: int = 30,
    service_level: float = SERVICE_LEVEL,
    answer_seconds: float = ANSWER_SECONDS,
    shrinkage: float = 0.0,
    max_occupancy: float = 1.0,
    patience_seconds: float | None = None,
    minimum_agents: int = 0,
) -> Schedule:
    """Turn arrivals per half hour into agents per half hour, and price one agent fewer.

    Parameters
    ----------
    arrivals : pandas.DataFrame
        One row an interval: the `by` columns and ``calls_per_hour``, as
        :func:`cxlib.analysis.service.arrivals` returns them.
    handle_seconds, service_level, answer_seconds, shrinkage, max_occupancy, patience_seconds
        As in :func:`agents_needed`; each interval is taken as long enough to settle.
    by : str or sequence of str
        Columns that name an interval; they are carried over.
    minutes : int
        Length of an interval, for the hours to be paid.
    minimum_agents : int
        Fewest agents at any open interval, calls or none.

    Returns
    -------
    Schedule
        ``table``: the `by` columns, ``calls_per_hour``, ``load``, ``agents``, ``positions``,
        ``service_level``, ``mean_wait`` (seconds), ``occupancy``, ``p_abandon`` (0 without
        patience), ``service_level_one_fewer``, ``mean_wait_one_fewer`` (infinite where the queue
        would grow without limit) and ``extra_wait`` (seconds a call for want of one agent; NaN
        where there are no calls, or no agent to take away). ``positions`` are those of one
        interval alone: for a roster take ``paid_hours``, of the hours added up.

    Raises
    ------
    DataError
        If a column is missing, the frame is empty, or a number is impossible.
    """
    keys = [by] if isinstance(by, str) else list(by)
    _check_arrivals(arrivals, [*keys, "calls_per_hour"])
    if not finite(minutes, "minutes") > 0:
        raise DataError(f"minutes is {minutes}; an interval lasts more than no time.")
    if finite(minimum_agents, "minimum_agents") < 0 or minimum_agents != int(minimum_agents):
        raise DataError(f"minimum_agents is {minimum_agents}; write a whole number, 0 or more.")

    def one(calls: float) -> dict[str, float]:
        need = agents_needed(
            calls_per_hour=calls,
            handle_seconds=handle_seconds,
            service_level=service_level,
            answer_seconds=answer_seconds,
            shrinkage=shrinkage,
            max_occupancy=max_occupancy,
            patience_seconds=patience_seconds,
        )
        agents = max(need.agents, int(minimum_agents))
        positions = paid(agents, shrinkage)
        queue = _queue(calls, handle_seconds, answer_seconds, patience_seconds)
        return {"agents": agents, "positions": positions} | _one_fewer(queue, calls, agents)

    calls = arrivals["calls_per_hour"].astype(float)
    known = {each: one(each) for each in calls.unique()}
    table = arrivals.loc[:, keys].reset_index(drop=True)
    table["calls_per_hour"] = calls.to_numpy()
    table["load"] = table["calls_per_hour"] * handle_seconds / 3600
    rows = pd.DataFrame([known[each] for each in calls])
    table = pd.concat([table, rows.astype({"agents": "int64", "positions": "int64"})], axis=1)
    hours = float(table["agents"].sum() * minutes / 60)
    return Schedule(
        table=table,
        agent_hours=hours,
        paid_hours=float(paid(hours, shrinkage)),
        caveats=_schedule_caveats(table, patience_seconds),
    )


def _one_fewer(
    queue: Callable[[int], ErlangC | ErlangA], calls: float, agents: int
) -> dict[str, float]:
    nothing = dict.fromkeys(
        ("service_level", "mean_wait", "occupancy", "p_abandon"), math.nan
    ) | dict.fromkeys(("service_level_one_fewer", "mean_wait_one_fewer", "extra_wait"), math.nan)
    if calls == 0:
        return nothing | ({"occupancy": 0.0} if agents else {})
    now = queue(agents)
    row = {
        "service_level": now.service_level,
        "mean_wait": now.mean_wait,
        "occupancy": now.occupancy,
        "p_abandon": now.p_abandon if isinstance(now, ErlangA) else 0.0,
    }
    if agents == 1:
        return nothing | row
    if not isinstance(now, ErlangA) and agents - 1 < least_stable(now.load):
        level, wait = 0.0, math.inf
    else:
        fewer = queue(agents - 1)
        level, wait = fewer.service_level, fewer.mean_wait
    return row | {
        "service_level_one_fewer": level,
        "mean_wait_one_fewer": wait,
        "extra_wait": wait - now.mean_wait,
    }


def _schedule_caveats(table: pd.DataFrame, patience: float | None) -> tuple[Caveat, ...]:
    caveats = []
    if patience is None:
        caveats.append(Caveat(_("Nobody is taken to hang up, so waits are on the long side.")))
    endless = int(np.isinf(table["mean_wait_one_fewer"]).sum())
    if endless:
        caveats.append(
            Caveat(
                _("In {n} intervals the queue would never clear with one agent fewer."), n=endless
            )
        )
    return tuple(caveats)


def _queue(
    calls_per_hour: float, handle_seconds: float, answer_seconds: float, patience: float | None
) -> Callable[[int], ErlangC | ErlangA]:
    if patience is None:
        return lambda agents: erlang_c(
            calls_per_hour=calls_per_hour,
            handle_seconds=handle_seconds,
            agents=agents,
            answer_seconds=answer_seconds,
        )
    return lambda agents: erlang_a(
        calls_per_hour=calls_per_hour,
        handle_seconds=handle_seconds,
        agents=agents,
        answer_seconds=answer_seconds,
        patience_seconds=patience,
    )


def _fewest(enough: Callable[[int], bool], *, start: int) -> int:
    """Return the least number from `start` that is enough: doubling steps, then halving."""
    step, low, high = 1, start - 1, start
    while not enough(high):
        low, high, step = high, high + step, step * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _check_arrivals(arrivals: pd.DataFrame, columns: Sequence[str]) -> None:
    for column in columns:
        if column not in arrivals:
            raise DataError(
                f"column {column!r} is not in the arrivals{nearest(column, arrivals.columns)}"
            )
    if arrivals.empty:
        raise DataError("the arrivals have no rows, so there is nothing to staff.")
    calls = arrivals["calls_per_hour"]
    if not pd.api.types.is_numeric_dtype(calls):
        raise DataError(f"calls_per_hour is {calls.dtype}, not numbers.")
    bad = calls.isna() | (calls < 0) | np.isinf(calls.astype(float))
    if bad.any():
        row = bad.idxmax()
        raise DataError(
            f"calls_per_hour is {calls[bad].iloc[0]} (row {row}, {int(bad.sum())} such); "
            "it is a number, 0 or more."
        )


def _strictly_between(value: float, name: str) -> None:
    if not 0 < finite(value, name) < 1:
        raise DataError(f"{name} is {value:g}; it is a share between 0 and 1, such as 0.8.")
