"""What a staffed queue does to callers: Erlang C (all wait) and Erlang A (some leave).

Stable from one agent to many thousands; no package of the kit has these formulas.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from math import exp, expm1, inf, log, log1p, pi, sqrt
from numbers import Real

import numpy as np
from scipy.special import expit, gammainc

from cxlib.errors import DataError

ANSWER_SECONDS = 20.0
"""The usual clause of a service level is "80 % within 20 seconds"."""


@dataclass(frozen=True, kw_only=True)
class ErlangC:
    """A queue in which everybody waits: shares from 0 to 1, times in seconds.

    Attributes
    ----------
    p_wait : float
        Share of calls that wait at all.
    service_level : float
        Share of offered calls answered within the answer time.
    mean_wait : float
        Mean wait over all offered calls, in seconds.
    occupancy : float
        Share of an agent's time spent on calls.
    load : float
        Offered load in agents (erlangs).
    """

    p_wait: float
    service_level: float
    mean_wait: float
    occupancy: float
    load: float


@dataclass(frozen=True, kw_only=True)
class ErlangA(ErlangC):
    """A queue whose callers hang up; `p_abandon` is the share of offered calls that do."""

    p_abandon: float


def erlang_c(
    *,
    calls_per_hour: float,
    handle_seconds: float,
    agents: int,
    answer_seconds: float = ANSWER_SECONDS,
) -> ErlangC:
    """Describe a queue in which nobody hangs up.

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

    Returns
    -------
    ErlangC
        ``p_wait``, ``service_level`` and ``occupancy`` as shares, ``mean_wait`` in seconds.

    Raises
    ------
    DataError
        If a number is impossible, or the load is not below the agents: the queue would grow
        without limit.

    References
    ----------
    .. [1] Gans, N., Koole, G., Mandelbaum, A. (2003). Telephone call centers: tutorial, review and
       research prospects. M&SOM 5(2), 79-141.
    """
    load = offered_load(calls_per_hour, handle_seconds)
    agents = _whole_agents(agents)
    within = at_least_zero(answer_seconds, "answer_seconds")
    if load > 0 and load >= agents * (1 - 1e-12):
        raise DataError(
            f"a load of {load:.4g} agents ({calls_per_hour:g} calls an hour of "
            f"{handle_seconds:g} s) is not below the {agents} at work, so the queue would "
            f"grow without limit; at least {least_stable(load)} agents are needed."
        )
    blocked = blocking(load, agents)
    p_wait = blocked / (1 - load / agents * (1 - blocked))
    spare = agents - load
    return ErlangC(
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
) -> ErlangA:
    """Describe a queue whose callers hang up after an exponential patience (M/M/n+M).

    Parameters
    ----------
    calls_per_hour, handle_seconds, agents, answer_seconds
        As in :func:`erlang_c`; the load may exceed the agents, for then callers leave.
    patience_seconds : float
        Mean time a caller is ready to wait, in seconds.

    Returns
    -------
    ErlangA
        ``service_level`` is the share of all offered calls that are served, and within the answer
        time; ``mean_wait`` is over all offered calls, those who hang up included.

    Raises
    ------
    DataError
        If a number is impossible.

    References
    ----------
    .. [1] Palm, C. (1957). Research on telephone traffic carried by full availability groups.
    .. [2] Zeltyn, S., Mandelbaum, A. (2005). Call centers with impatient customers: many-server
       asymptotics of the M/M/n+G queue. Queueing Systems 51, 361-402.
    """
    load = offered_load(calls_per_hour, handle_seconds)
    agents = _whole_agents(agents)
    patience = above_zero(patience_seconds, "patience_seconds")
    within = at_least_zero(answer_seconds, "answer_seconds")
    p_wait, p_abandon, level = _waiting_a(
        calls_per_hour / 3600, handle_seconds, agents, patience, within
    )
    return ErlangA(
        p_wait=p_wait,
        p_abandon=p_abandon,
        service_level=level,
        mean_wait=p_abandon * patience,
        occupancy=min(1.0, load * (1 - p_abandon) / agents),
        load=load,
    )


def offered_load(calls_per_hour: float, handle_seconds: float) -> float:
    """Return the load in agents (erlangs): calls an hour × hours a call."""
    calls = at_least_zero(calls_per_hour, "calls_per_hour")
    return calls * above_zero(handle_seconds, "handle_seconds") / 3600


def least_stable(load: float) -> int:
    """Return the fewest agents above the load."""
    return math.floor(load * (1 + 1e-12)) + 1


def _whole_agents(agents: float) -> int:
    if isinstance(agents, bool) or finite(agents, "agents") != int(agents) or agents < 1:
        raise DataError(f"agents is {agents}; write a whole number, 1 or more.")
    return int(agents)


def finite(value: float, name: str) -> float:
    """Return `value`, or raise DataError if it is not a finite number."""
    if not isinstance(value, Real) or not math.isfinite(value):
        raise DataError(f"{name} is {value!r}; it is a finite number.")
    return float(value)


def at_least_zero(value: float, name: str) -> float:
    """Return `value`, or raise DataError if it is below 0."""
    if finite(value, name) < 0:
        raise DataError(f"{name} is {value:g}; it is 0 or more.")
    return float(value)


def above_zero(value: float, name: str) -> float:
    """Return `value`, or raise DataError if it is not above 0."""
    if finite(value, name) <= 0:
        raise DataError(f"{name} is {value:g}; it is more than 0.")
    return float(value)


_LONGEST_SERIES = 2_000_000
_SPREAD = 12.0
"""Terms of the series beyond this many standard deviations of their peak are below 1e-30 of it."""


def blocking(load: float, agents: int) -> float:
    """Return Erlang B, the share of calls that find `agents` busy where nobody waits.

    The recursion B(n) = aB(n−1) / (n + aB(n−1)) stays between 0 and 1, so it neither overflows
    nor cancels, whatever the number of agents.
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
    eta = arrivals * patience
    c = agents * patience / handle
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
