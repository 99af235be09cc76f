"""Queues worked out otherwise than by their formulas: balance equations, and simulated callers."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm


@dataclass(frozen=True)
class Measured:
    p_wait: float
    p_abandon: float
    service_level: float
    mean_wait: float


def chain(
    *, arrivals: float, handle: float, agents: int, patience: float, within: float, states: int
) -> Measured:
    """Solve the birth-death chain of M/M/n+M, cut off far above its agents.

    The wait of a caller who meets `k` others in the queue is the time of `k` + 1 departures, whose
    distribution is a matrix exponential; `patience` may be infinite.
    """
    count = np.arange(states)
    leave = np.minimum(count, agents) / handle + np.maximum(count - agents, 0) / patience
    logs = np.concatenate([[0.0], np.cumsum(np.log(arrivals) - np.log(leave[1:]))])
    share = np.exp(logs - logs.max())
    share /= share.sum()
    waiting = np.maximum(count - agents, 0)
    queue = float(share @ waiting)
    ahead = share[agents:]
    # state k: k others still ahead of the caller; state "served" is absorbing, leaving is dropped
    size = len(ahead)
    steps = np.zeros((size + 1, size + 1))
    for k in range(size):
        onward = agents / handle + k / patience
        steps[k, k - 1 if k else size] = onward
        steps[k, k] = -(onward + 1 / patience)
    served = expm(steps * within)[:size, size]
    return Measured(
        p_wait=float(ahead.sum()),
        p_abandon=queue / patience / arrivals,
        service_level=float(share[:agents].sum() + ahead @ served),
        mean_wait=queue / arrivals,
    )


def simulate(
    *,
    arrivals: float,
    handle: float,
    agents: int,
    patience: float,
    within: float,
    calls: int,
    seed: int,
) -> Measured:
    """Let callers come, wait, lose patience and be served in turn; the first tenth is warm-up."""
    rng = np.random.default_rng(seed)
    at = np.cumsum(rng.exponential(1 / arrivals, calls))
    work = rng.exponential(handle, calls)
    patient = rng.exponential(patience, calls) if np.isfinite(patience) else np.full(calls, np.inf)
    free = [0.0] * agents
    wait, left = np.zeros(calls), np.zeros(calls, dtype=bool)
    for i in range(calls):
        start = max(at[i], free[0])
        if start - at[i] > patient[i]:
            wait[i], left[i] = patient[i], True
            continue
        wait[i] = start - at[i]
        heapq.heapreplace(free, start + work[i])
    wait, left = wait[calls // 10 :], left[calls // 10 :]
    return Measured(
        p_wait=float((wait > 0).mean()),
        p_abandon=float(left.mean()),
        service_level=float((~left & (wait <= within)).mean()),
        mean_wait=float(wait.mean()),
    )
