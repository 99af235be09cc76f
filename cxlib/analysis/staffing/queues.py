"""What a staffed queue does to callers: Erlang C (all wait) and Erlang A (some leave).

Stable from one agent to many thousands; no package of the kit has these formulas.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from math import exp, expm1, inf, log, log1p, pi, sqrt
from typing import Any

import numpy as np
from scipy.special import expit, gammainc

from cxlib.analysis.metrics import number
from cxlib.analysis.results import Result
from cxlib.analysis.validate import count
from cxlib.errors import DataError

ANSWER_SECONDS = 20.0
"""The usual clause of a service level is "80 % within 20 seconds"."""
SERVICE_LEVEL = 0.8
TOLERANCE = 1e-9
"""A roster this close to a whole number of people is that number: 14 / 0.7 is 20, not 21."""


class Queue(Result):
    """How a staffed queue does: shares from 0 to 1, times in seconds.

    ``p_wait`` (share of calls that wait at all), ``service_level`` (share of offered calls answered
    within the answer time), ``mean_wait`` (over all offered calls), ``occupancy`` (share of an
    agent's time on calls), ``load`` (offered, in agents), ``p_abandon`` (share who hang up).
    """

    p_wait: float
    service_level: float
    mean_wait: float
    occupancy: float
    load: float
    p_abandon: float = 0.0


def erlang_c(
    *,
    calls_per_hour: float,
    handle_seconds: float,
    agents: int,
    answer_seconds: float = ANSWER_SECONDS,
) -> Queue:
    """Describe a queue in which nobody hangs up (Gans, Koole, Mandelbaum 2003, M&SOM 5).

    Parameters
    ----------
    calls_per_hour : float
        Offered calls (or chats) per hour, 0 or more.
    handle_seconds : float
        Mean handle time: talk, hold and after-call work, in seconds.
    agents : int
        Agents at their desks, at least 1.
    answer_seconds : float
        The answer time that the service level promises, in seconds.

    Raises
    ------
    DataError
        If the load is not below the agents: the queue would grow without limit.
    """
    load = offered_load(calls_per_hour, handle_seconds)
    agents = count(number(agents, "agents", least=1), "agents")
    within = number(answer_seconds, "answer_seconds", least=0)
    if load > 0 and load >= agents * (1 - 1e-12):
        raise DataError(
            f"a load of {load:.4g} agents ({calls_per_hour:g} calls an hour of "
            f"{handle_seconds:g} s) is not below the {agents} at work, so the queue would "
            f"grow without limit; at least {least_stable(load)} agents are needed."
        )
    blocked = blocking(load, agents)
    p_wait = blocked / (1 - load / agents * (1 - blocked))
    spare = agents - load
    return Queue(
        p_wait=p_wait,
        service_level=1 - p_wait * exp(-spare * within / handle_seconds),
        mean_wait=p_wait * handle_seconds / spare,
        occupancy=load / agents,
        load=load,
    )


def erlang_a(
    *,
    calls_per_hour: float,
    handle_seconds: float,
    agents: int,
    patience_seconds: float,
    answer_seconds: float = ANSWER_SECONDS,
) -> Queue:
    """Describe a queue whose callers hang up after an exponential patience (M/M/n+M).

    ``service_level`` is the share of all offered calls that are served within the answer time, and
    ``mean_wait`` is over all offered calls, those who hang up included (Palm 1957; Zeltyn,
    Mandelbaum 2005, Queueing Systems 51).

    Parameters
    ----------
    calls_per_hour, handle_seconds, agents, answer_seconds
        As in :func:`erlang_c`; the load may exceed the agents, for then callers leave.
    patience_seconds : float
        Mean time a caller is ready to wait, in seconds.
    """
    load = offered_load(calls_per_hour, handle_seconds)
    agents = count(number(agents, "agents", least=1), "agents")
    within = number(answer_seconds, "answer_seconds", least=0)
    patience = number(patience_seconds, "patience_seconds", above=0)
    arriving = calls_per_hour / 3600
    p_wait, p_abandon, level = _waiting_a(arriving, handle_seconds, agents, patience, within)
    return Queue(
        p_wait=p_wait,
        p_abandon=p_abandon,
        service_level=level,
        mean_wait=p_abandon * patience,
        occupancy=min(1.0, load * (1 - p_abandon) / agents),
        load=load,
    )


class AgentsNeeded(Result):
    """The least staff that keeps the promise.

    ``agents`` are at their desks at the same time, ``positions`` on the roster so that they are
    there after shrinkage; ``queue`` is how it then does, None where there are no calls.
    """

    agents: int
    positions: int
    queue: Queue | None


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
    """Find the fewest agents that keep a service level and an occupancy; no calls need none.

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
    """
    load = offered_load(calls_per_hour, handle_seconds)
    number(service_level, "service_level", above=0, below=1)
    number(shrinkage, "shrinkage", least=0, below=1)
    number(max_occupancy, "max_occupancy", above=0, most=1)
    at = queue_of(calls_per_hour, handle_seconds, answer_seconds, patience_seconds)
    if load == 0:
        return AgentsNeeded(agents=0, positions=0, queue=None)

    def enough(agents: int) -> bool:
        state = at(agents=agents)
        return state.service_level >= service_level and state.occupancy <= max_occupancy + 1e-12

    start = 1 if patience_seconds is not None else least_stable(load)
    step, low, high = 1, start - 1, start
    while not enough(high):  # doubling steps, then halving
        low, high, step = high, high + step, step * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return AgentsNeeded(agents=high, positions=paid(high, shrinkage), queue=at(agents=high))


def paid(hours: float, shrinkage: float) -> int:
    """Return the whole hours (or people) to pay for so that `hours` are worked: once, at the end.

    Over a day or a week the hours at the desk are added first: 107 at 30 % are 153, where rounding
    each half hour up would make 170 of them.
    """
    away = number(shrinkage, "shrinkage", least=0, below=1)
    return math.ceil(hours / (1 - away) - TOLERANCE)


def queue_of(
    calls_per_hour: float, handle_seconds: float, answer_seconds: float, patience: float | None
) -> Callable[..., Queue]:
    """Return the queue of so many calls as a function of its `agents`."""
    calls: dict[str, Any] = {"calls_per_hour": calls_per_hour, "handle_seconds": handle_seconds}
    calls |= {"answer_seconds": answer_seconds}
    if patience is None:
        return partial(erlang_c, **calls)
    return partial(erlang_a, patience_seconds=patience, **calls)


def offered_load(calls_per_hour: float, handle_seconds: float) -> float:
    """Return the load in agents (erlangs): calls an hour × hours a call."""
    calls = number(calls_per_hour, "calls_per_hour", least=0)
    load = calls * number(handle_seconds, "handle_seconds", above=0) / 3600
    return number(load, "the load (calls an hour × hours a call)", least=0)


def least_stable(load: float) -> int:
    """Return the fewest agents above the load."""
    return math.floor(load * (1 + 1e-12)) + 1


_LONGEST_SERIES = 2_000_000
_SPREAD = 12.0
"""Terms of the series beyond this many standard deviations of their peak are below 1e-30 of it."""


def blocking(load: float, agents: int) -> float:
    """Return Erlang B, the share of calls that find `agents` busy where nobody waits.

    B(n) = aB(n−1) / (n + aB(n−1)) stays between 0 and 1: no overflow, whatever the agents.
    """
    share = 1.0
    for n in range(1, agents + 1):
        share = load * share / (n + load * share)
        if share == 0.0:
            break
    return share


def _waiting_a(
    arrivals: float, handle: float, agents: int, patience: float, within: float
) -> tuple[float, float, float]:
    """Return P(wait), P(abandon) and P(served within `within`) of the queue M/M/n+M.

    The offered wait has, beyond zero, a density in proportion to
    exp(η(1 − e^(−θv)) − cθv), with θ = 1/patience, η = arrivals/θ and c = agents/(handle·θ);
    its integrals are the series of :func:`_log_series`.
    """
    if arrivals == 0:
        return 0.0, 0.0, 1.0
    eta, c = arrivals * patience, agents * patience / handle
    blocked = blocking(arrivals * handle, agents - 1)
    total = _log_series(c, eta)
    odds = log(eta) + total + (log(blocked) if blocked > 0 else -inf)
    p_wait = float(expit(odds))
    served = _log_series(c + 1, eta)
    p_abandon = p_wait * max(0.0, -expm1(served - total))
    decay = within / patience
    remaining = eta * -expm1(-decay) - decay * (c + 1) + _log_series(c + 1, eta * exp(-decay))
    in_time = -expm1(min(0.0, remaining - served)) * exp(served - total)
    return p_wait, p_abandon, 1 - p_wait + p_wait * in_time


def _log_series(c: float, eta: float) -> float:
    """Return the logarithm of Σ η^k / (c(c+1)…(c+k)) over k ≥ 0, which is η^(−c) e^η γ(c, η)."""
    if eta == 0:
        return -log(c)
    peak = max(0.0, eta - c)
    terms = int(peak + _SPREAD * sqrt(max(c, eta)) + 100)
    if terms > _LONGEST_SERIES and eta >= c:  # the incomplete gamma is near 1/2 or above here
        excess = (eta - c) / c
        stirling = 0.5 * log(2 * pi / c) + 1 / (12 * c)
        return float(c * (excess - log1p(excess)) + stirling + np.log(gammainc(c, eta)))
    logs = np.cumsum(log(eta) - np.log(c + np.arange(1, min(terms, _LONGEST_SERIES))))
    largest = max(0.0, float(logs.max()))
    return largest + log(exp(-largest) + float(np.exp(logs - largest).sum())) - log(c)
