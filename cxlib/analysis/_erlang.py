"""Analysis: the queueing formulas behind staffing, stable from one agent to many thousands."""

from __future__ import annotations

from math import exp, expm1, inf, log, log1p, pi, sqrt

import numpy as np
from scipy.special import expit, gammainc

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


def waiting_c(load: float, agents: int) -> float:
    """Return Erlang C, the share of calls that wait where nobody hangs up; needs load < agents."""
    blocked = blocking(load, agents)
    return blocked / (1 - load / agents * (1 - blocked))


def waiting_a(
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


def mean_and_level_c(
    load: float, handle: float, agents: int, within: float
) -> tuple[float, float, float]:
    """Return P(wait), the share answered within `within` and the mean wait of Erlang C."""
    p_wait = waiting_c(load, agents)
    spare = agents - load
    return p_wait, 1 - p_wait * exp(-spare * within / handle), p_wait * handle / spare


__all__ = ["blocking", "mean_and_level_c", "waiting_a", "waiting_c"]
