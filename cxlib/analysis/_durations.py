"""Analysis: durations counted by distinct time, some still running, and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf, nan, sqrt

import numpy as np
import numpy.typing as npt
from scipy.stats import binom, norm, t

from cxlib.analysis import _intervals

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Estimate = tuple[float, float, float]
_TIE = 1e-12
"""A survival share this close to its mark has reached it: a product of ratios is rarely exact."""


def wilson(successes: int, n: int, confidence: float) -> Estimate:
    """Return a share with its Wilson interval; NaN where nothing was counted."""
    if n == 0:
        return nan, nan, nan
    share = successes / n
    low, high = _intervals.wilson(share, n, confidence)
    return share, low if successes else 0.0, high if successes < n else 1.0


def mean_t(total_mean: float, sd: float, n: int, confidence: float) -> Estimate:
    """Return a mean with its t interval (n − 1 df); one value has no interval."""
    if n == 0:
        return nan, nan, nan
    if n == 1:
        return total_mean, nan, nan
    half = float(t.ppf((1 + confidence) / 2, n - 1)) * sd / sqrt(n)
    return total_mean, total_mean - half, total_mean + half


@dataclass(frozen=True)
class Durations:
    """Durations in seconds, counted: `ended` and `running` at each distinct time, ascending.

    A duration that is still running (censored) is known to last longer than its time.
    """

    times: Floats
    ended: Counts
    running: Counts

    @classmethod
    def of(cls, seconds: npt.ArrayLike, ended: npt.ArrayLike) -> Durations:
        """Count durations; `ended` tells for each whether it is over."""
        values, over = np.asarray(seconds, dtype=np.float64), np.asarray(ended, dtype=bool)
        times, place = np.unique(values, return_inverse=True)
        counts = [np.bincount(place[mask], minlength=len(times)) for mask in (over, ~over)]
        return cls(times, counts[0].astype(np.int64), counts[1].astype(np.int64))

    @property
    def n(self) -> int:
        """How many durations there are, over or not."""
        return int(self.ended.sum() + self.running.sum())

    @property
    def open(self) -> int:
        """How many are still running."""
        return int(self.running.sum())

    @cached_property
    def _cumulative(self) -> Counts:
        return np.cumsum(self.ended)

    @cached_property
    def at_risk(self) -> Floats:
        """How many last at least as long as each time."""
        leaving = self.ended + self.running
        return np.asarray(self.n - np.cumsum(leaving) + leaving, dtype=np.float64)

    @cached_property
    def survival(self) -> Floats:
        """Kaplan–Meier: the share that lasts longer than each time."""
        return np.asarray(np.cumprod(1 - self.ended / self.at_risk), dtype=np.float64)

    @cached_property
    def greenwood(self) -> Floats:
        """Greenwood's Σ d / (r(r − d)); infinite once all have ended."""
        left = self.at_risk - self.ended
        terms = np.divide(
            self.ended, self.at_risk * left, out=np.full(len(left), inf), where=left > 0
        )
        return np.asarray(np.cumsum(terms), dtype=np.float64)

    def _curves(self, confidence: float) -> tuple[Floats, Floats]:
        """Return the log-log band of the survival curve; NaN where it has none."""
        z = float(norm.ppf((1 + confidence) / 2))
        inner = (self.survival > 0) & (self.survival < 1)
        logs = np.log(self.survival, out=np.full(len(self.times), nan), where=inner)
        spread = z * np.sqrt(np.where(inner, self.greenwood, nan)) / np.abs(logs)
        low = np.where(inner, np.exp(logs * np.exp(spread)), nan)
        high = np.where(inner, np.exp(logs * np.exp(-spread)), nan)
        return low, high

    def quantile(self, q: float, *, confidence: float) -> Estimate:
        """Return the time by which a share `q` has ended, with its interval.

        Nothing running: the linear percentile, and the interval of order statistics. Otherwise
        Kaplan–Meier: the smallest time with S(t) ≤ 1 − q, NaN if not reached; its limits are
        where the log-log band crosses the same mark (Brookmeyer–Crowley). An upper limit that the
        data do not reach is infinite; a lower one is the longest time seen (0 if none ended).
        """
        if self.n == 0:
            return nan, nan, nan
        if self.open == 0:
            return (self._linear(q), *self._order_interval(q, confidence))
        low, high = self._curves(confidence)
        level = 1 - q
        value = self._first(self.survival <= level + _TIE, nan)
        early = np.where(np.isnan(low), self.survival, low)
        late = np.where(np.isnan(high), self.survival, high)
        return (
            value,
            self._first(early <= level + _TIE, float(self.times[-1]) if self.ended.any() else 0.0),
            self._first(late <= level + _TIE, inf),
        )

    def _first(self, reached: npt.NDArray[np.bool_], otherwise: float) -> float:
        return float(self.times[int(np.argmax(reached))]) if reached.any() else otherwise

    def _ranked(self, rank: int) -> float:
        """Return the value of a rank from 1 to n among those that ended."""
        return float(self.times[int(np.searchsorted(self._cumulative, rank))])

    def _linear(self, q: float) -> float:
        place = q * (self.n - 1)
        below = int(place + 1e-9)
        first = self._ranked(below + 1)
        part = place - below
        return first + max(part, 0.0) * (self._ranked(min(below + 2, self.n)) - first)

    def _order_interval(self, q: float, confidence: float) -> tuple[float, float]:
        tail = (1 - confidence) / 2
        lower = int(binom.ppf(tail, self.n, q))
        upper = int(binom.ppf(1 - tail, self.n, q)) + 1
        low = self._ranked(lower) if lower >= 1 else 0.0
        return low, self._ranked(upper) if upper <= self.n else inf

    def within(self, limit: float, *, confidence: float) -> Estimate:
        """Return the share that ended within `limit` seconds: 1 − S(limit).

        Wilson's interval where none was still running before the limit, Greenwood's log-log
        interval otherwise; NaN if the longest duration is running and below the limit, for then
        nothing is known of the limit.
        """
        if self.n == 0:
            return nan, nan, nan
        place = int(np.searchsorted(self.times, limit, side="right")) - 1
        before = int(np.searchsorted(self.times, limit, side="left"))
        ended = int(self.ended[: place + 1].sum())
        if not self.running[:before].any():
            return wilson(ended, self.n, confidence)
        share = 1 - float(self.survival[place])
        if before == len(self.times) and self.running[-1] > 0 and share < 1:
            return nan, nan, nan
        if ended == 0:
            left = self.n - int(self.running[:before].sum())
            return wilson(0, left, confidence)
        if share >= 1:
            return wilson(ended, ended, confidence)
        low, high = self._curves(confidence)
        return share, 1 - float(high[place]), 1 - float(low[place])
