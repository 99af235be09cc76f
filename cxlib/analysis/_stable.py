"""Analysis room: how stable process charts behave, by simulation with a fixed seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from typing import Any

import numpy as np

from cxlib.analysis._rules import Values, limits, signals

SIMULATED = 20_000
SEED = 20_260_901
MARGIN_Z = 2.0
"""Standard errors of the simulated count that are added to a p-value."""


@dataclass(frozen=True, kw_only=True)
class StableCharts:
    """What stable charts of one shape do: how often they raise a flag, and how strong it is."""

    any_flag: float
    latest_flag: float
    strengths: Mapping[str, Values]  # rule → sorted strengths of the last point
    smallest: Values  # sorted smallest p-values over the rules; 1 where nothing is flagged

    def p_values(self, strength: Mapping[str, float]) -> dict[str, float]:
        """Return each rule's own p-value of an observed last point; 1 where it is not flagged."""
        return {
            rule: _tail(self.strengths[rule], value) if value > 0 else 1.0
            for rule, value in strength.items()
        }

    def p_value(self, strength: Mapping[str, float]) -> float:
        """Return how often a stable chart's last point gives as strong a signal by any rule.

        The upper end of what the simulation leaves open, so that its own noise breaks no promise.
        """
        best = min(self.p_values(strength).values(), default=1.0)
        if best >= 1:
            return 1.0
        as_strong = np.searchsorted(self.smallest, best * (1 + 1e-12), side="right")
        return float(_upper(as_strong, self.smallest.size))

    def false_alarm(self, level: float) -> float:
        """Return how often a stable chart's last point falls at or below a p-value of `level`."""
        n = self.smallest.size
        counts = np.searchsorted(self.smallest, self.smallest, side="right")
        return float(((_upper(counts, n) <= level) & (self.smallest < 1)).mean())


def _upper(count: Any, n: int) -> Any:
    return (1 + count + MARGIN_Z * np.sqrt(1 + count)) / (1 + n)


def _tail(ordered: Values, value: float) -> float:
    stronger = ordered.size - int(np.searchsorted(ordered, value * (1 - 1e-12), side="left"))
    return (1 + stronger) / (1 + ordered.size)


@lru_cache(maxsize=64)
def stable_charts(
    measured: tuple[bool, ...],
    errors: tuple[float, ...] | None,
    process: float,
    *,
    screen: bool,
    rules: tuple[str, ...],
) -> StableCharts:
    """Simulate 20,000 stable charts of one shape with a fixed seed: independent normal values.

    Parameters
    ----------
    measured : tuple of bool
        Which periods have a value, up to the latest one.
    errors : tuple of float, optional
        Standard errors of the values, anything in gaps; None for an XmR chart.
    process : float
        Standard deviation of the process itself (tau); 1 for an XmR chart, which has no scale.
    screen, rules
        As the chart's own.
    """
    generator = np.random.default_rng(SEED)
    spread = np.full(len(measured), process) if errors is None else np.hypot(process, errors)
    spread = np.where(measured, spread, np.nan)
    values = generator.standard_normal((SIMULATED, len(measured))) * spread
    known = None if errors is None else np.where(measured, errors, np.nan)
    found = signals(values, limits(values, known, screen=screen), rules)
    any_flag = np.zeros(SIMULATED, dtype=bool)
    latest = np.zeros(SIMULATED, dtype=bool)
    smallest = np.ones(SIMULATED)
    strengths: dict[str, Values] = {}
    for rule in rules:
        any_flag |= found.flags[rule].any(axis=1)
        latest |= found.flags[rule][:, -1]
        ordered = np.sort(found.strength[rule])
        strengths[rule] = ordered
        stronger = SIMULATED - np.searchsorted(ordered, found.strength[rule], side="left")
        p = (1 + stronger) / (1 + SIMULATED)
        smallest = np.minimum(smallest, np.where(found.strength[rule] > 0, p, 1.0))
    return StableCharts(
        any_flag=float(any_flag.mean()),
        latest_flag=float(latest.mean()),
        strengths=strengths,
        smallest=np.sort(smallest),
    )


def stable_like(
    values: Values, errors: Values | None, *, screen: bool, rules: tuple[str, ...]
) -> StableCharts:
    """Return how stable charts of the same shape as this one behave (cached by shape).

    Parameters
    ----------
    values : array of shape (periods,)
        One segment, gaps NaN, at least one value. Gaps after the latest value play no part.
    errors : array of shape (periods,), optional
        Standard errors of a score chart.
    screen, rules
        As the chart's own.
    """
    there = ~np.isnan(values)
    end = int(np.flatnonzero(there)[-1]) + 1
    measured = tuple(there[:end].tolist())
    if errors is None:
        return stable_charts(measured, None, 1.0, screen=screen, rules=rules)
    half = limits(values[None, :end], errors[:end], screen=screen).half[0, -1]
    tau2 = (half / 3) ** 2 - errors[end - 1] ** 2
    known = tuple(np.where(there, errors, 0.0)[:end].tolist())
    process = sqrt(tau2) if tau2 > 0 else 0.0
    return stable_charts(measured, known, process, screen=screen, rules=rules)
