"""Durations of which some are still running (censored), and what they say."""

from __future__ import annotations

from functools import cached_property
from math import inf, nan

import numpy as np
import numpy.typing as npt
from scipy.stats import binom, norm, t

Floats = npt.NDArray[np.float64]
Estimate = tuple[float, float, float]
UNKNOWN: Estimate = (nan, nan, nan)
_TIE = 1e-12
"""A survival share this close to its mark has reached it: a product of ratios is rarely exact."""


def wilson(successes: float, n: float, confidence: float) -> Estimate:
    """Return a share with its Wilson interval; NaN where nothing was counted."""
    from statsmodels.stats.proportion import proportion_confint

    if n == 0:
        return UNKNOWN
    low, high = proportion_confint(successes, n, alpha=1 - confidence, method="wilson")
    share = successes / n
    return share, min(max(float(low), 0.0), share), max(min(float(high), 1.0), share)


def mean_t(values: npt.ArrayLike, confidence: float) -> Estimate:
    """Return a mean with its t interval (n − 1 df); one value has no interval."""
    found = np.asarray(values, dtype=np.float64)
    if found.size < 2:
        return (float(found[0]), nan, nan) if found.size else UNKNOWN
    half = t.ppf((1 + confidence) / 2, found.size - 1) * found.std(ddof=1) / np.sqrt(found.size)
    return float(found.mean()), float(found.mean() - half), float(found.mean() + half)


class Durations:
    """Durations and, for each, whether it is over; one still running lasts longer than its time.

    Kaplan–Meier and Greenwood are statsmodels'; the quantile is the smallest t with S(t) ≤ 1 − q
    (statsmodels' own takes S(t) < 1 − q).
    """

    def __init__(self, seconds: npt.ArrayLike, ended: npt.ArrayLike) -> None:
        values, over = np.asarray(seconds, dtype=np.float64), np.asarray(ended, dtype=bool)
        order = np.argsort(values, kind="stable")
        self.seconds, self.ended = values[order], over[order]
        self.n, self.open = len(values), int((~over).sum())

    @cached_property
    def _curve(self) -> tuple[Floats, Floats, Floats]:
        """Times at which any ended, the share left after each, and its standard error."""
        from statsmodels.duration.survfunc import SurvfuncRight

        found = SurvfuncRight(self.seconds, self.ended.astype(int))
        return tuple(  # type: ignore[return-value]
            np.asarray(each, dtype=np.float64)
            for each in (found.surv_times, found.surv_prob, found.surv_prob_se)
        )

    def _band(self, confidence: float) -> tuple[Floats, Floats]:
        """Return the log-log band of the curve; where it has none, the curve itself."""
        _times, left, error = self._curve
        inner = (left > 0) & (left < 1)
        share = np.where(inner, left, 0.5)
        spread = norm.ppf((1 + confidence) / 2) * error / (share * np.abs(np.log(share)))
        low, high = (share ** np.exp(sign * spread) for sign in (1, -1))
        return np.where(inner, low, left), np.where(inner, high, left)

    def quantile(self, q: float, *, confidence: float) -> Estimate:
        """Return the time by which a share `q` has ended, with its interval.

        Nothing running: the linear percentile and the interval of order statistics. Otherwise
        Kaplan–Meier, NaN if not reached, with Brookmeyer–Crowley limits. An upper limit that the
        data do not reach is infinite; a lower one is the longest time seen (0 if none ended).
        """
        if self.n == 0:
            return UNKNOWN
        if self.open == 0:
            tail = (1 - confidence) / 2
            low, high = int(binom.ppf(tail, self.n, q)), int(binom.ppf(1 - tail, self.n, q)) + 1
            return (
                float(np.quantile(self.seconds, q)),
                float(self.seconds[low - 1]) if low >= 1 else 0.0,
                float(self.seconds[high - 1]) if high <= self.n else inf,
            )
        if not self.ended.any():
            return nan, 0.0, inf
        times, left, _error = self._curve
        early, late = self._band(confidence)
        value, low_limit, high_limit = (
            float(times[int(np.argmax(reached))]) if reached.any() else otherwise
            for reached, otherwise in (
                (left <= 1 - q + _TIE, nan),
                (early <= 1 - q + _TIE, float(self.seconds[-1])),
                (late <= 1 - q + _TIE, inf),
            )
        )
        return value, low_limit, high_limit

    def within(self, limit: float, *, confidence: float) -> Estimate:
        """Return the share that ended within `limit`: 1 − S(limit).

        Wilson's interval where none was still running before the limit, Greenwood's log-log
        interval otherwise; NaN if the longest duration is running and below the limit, for then
        nothing is known of the limit.
        """
        if self.n == 0:
            return UNKNOWN
        before = int(np.searchsorted(self.seconds, limit, side="left"))
        ended = int(self.ended[: int(np.searchsorted(self.seconds, limit, side="right"))].sum())
        running = int((~self.ended[:before]).sum())
        if not running:
            return wilson(ended, self.n, confidence)
        if before == self.n and not self.ended[self.seconds == self.seconds[-1]].all():
            return UNKNOWN
        if ended == 0:
            return wilson(0, self.n - running, confidence)
        times, left, _error = self._curve
        at = int(np.searchsorted(times, limit, side="right")) - 1
        if left[at] <= 0:
            return wilson(ended, ended, confidence)
        low, high = self._band(confidence)
        return 1 - float(left[at]), 1 - float(high[at]), 1 - float(low[at])
