"""Is a score clear of a fixed number: one-sided, in the direction that counts as better."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan, sqrt

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from cxlib.analysis._options import number
from cxlib.analysis._score import Score
from cxlib.analysis.metrics import Direction, check_direction
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError
from cxlib.words import mark as _


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """A score against a fixed number.

    Attributes
    ----------
    value, low, high : float
        The score and its own two-sided interval, in its unit.
    target : float
        The fixed number, in the same unit.
    difference : float
        ``value - target``.
    direction : str
        Which way is better.
    reached : bool
        Whether the point estimate is at the target or on its better side.
    p_value : float
        One-sided: how often a score truly at the target would look this much better.
    p_missed : float
        One-sided: how often it would look this much worse.
    p_met : float
        Φ(z) in the target's direction: at least one half exactly where the target is reached.
    statistic, df : float
        z before the correction for skewness (df infinite) or t; positive on the better side.
    unit, metric : str
        As in `Score`.
    n : int
        Answers used.
    confidence : float
        Coverage of the interval.
    caveats : tuple of Caveat
        Reservations.
    """

    value: float
    low: float
    high: float
    target: float
    difference: float
    direction: Direction
    reached: bool
    p_value: float
    p_missed: float
    p_met: float
    statistic: float
    df: float
    unit: str
    metric: str
    n: int
    confidence: float
    caveats: tuple[Caveat, ...] = ()


def benchmark(score: Score, target: float, *, direction: Direction) -> Benchmark:
    """Test a score against a fixed number, one-sided and fair to either side.

    Parameters
    ----------
    score : Score
        What was measured.
    target : float
        The number to be reached, in the score's unit (CSAT in percent).
    direction : {"higher", "lower"}
        Which way is better: the test asks whether the score is better than the target.

    Returns
    -------
    Benchmark
        NPS: the score test, its z corrected for skewness under the target. Shares: the score z,
        with the target in the variance. Means: t.

    Raises
    ------
    DataError
        If the target lies where the score cannot, or the direction is unknown.

    References
    ----------
    .. [1] Tango, T. (1998). Equivalence test and confidence interval for the difference in
       proportions for the paired-sample design. Statistics in Medicine 17, 891-908.
    """
    check_direction(direction)
    if not isinstance(score, Score):
        raise DataError(f"a benchmark needs a score, not a {type(score).__name__}.")
    target = number(target, "the target")
    _check_target(score, target)
    caveats = score.caveats
    statistic, df, p_value, p_missed, p_met = against(
        score.metric,
        score.value,
        target,
        direction=direction,
        n_star=score.n_star,
        promoters=float(score.detail.get("promoters", nan)),
        detractors=float(score.detail.get("detractors", nan)),
        standard_error=score.standard_error,
        df=score.df if score.clustered or score.unit == "mean" else inf,
    )
    if np.isnan(statistic):
        message = _("The answers show no spread, so the target cannot be tested.")
        caveats = (*caveats, Caveat(message))
    gap = gap_of(score.value, target)
    return Benchmark(
        value=score.value,
        low=score.low,
        high=score.high,
        target=target,
        difference=gap,
        direction=direction,
        reached=gap >= 0 if direction == "higher" else gap <= 0,
        p_value=p_value,
        p_missed=p_missed,
        p_met=p_met,
        statistic=statistic,
        df=df,
        unit=score.unit,
        metric=score.metric,
        n=score.n,
        confidence=score.confidence,
        caveats=caveats,
    )


def against(
    kind: str,
    value: float,
    target: float,
    *,
    direction: str,
    n_star: float,
    promoters: float = nan,
    detractors: float = nan,
    standard_error: float = nan,
    df: float = inf,
) -> tuple[float, float, float, float, float]:
    """Return statistic, df, p_value (met), p_missed and p_met of an estimate against a target."""
    gap = gap_of(value, target)
    if kind == "nps":
        z, z_c = score_test(promoters, detractors, n_star, target / 100)
    elif kind in ("csat", "share"):
        error = sqrt(max(target * (100 - target), 0.0) / n_star)
        z = z_c = gap / error if error > 0 else _at_the_end(gap)
    else:
        df = max(df, 1.0)
        z = z_c = gap / standard_error if standard_error > 0 else nan
    if direction == "lower":
        z, z_c = -z, -z_c
    tail = norm if df == inf else student(max(df, 1.0))
    return z, df, float(tail.sf(z_c)), float(tail.cdf(z_c)), float(tail.cdf(z))


def score_test(promoters: float, detractors: float, n: float, target: float) -> tuple[float, float]:
    """Return z of a net share against `target` (fractions), and z corrected for its skewness.

    The variance is that of the most likely shares under the target (Tango 1998); the skewness of
    one answer under it enters by the first Cornish-Fisher term.
    """
    net, voiced = promoters - detractors, promoters + detractors
    gap = gap_of(net, target)
    b = voiced + net * target
    c = target * (net - (1 - voiced) * target)
    under = (b + sqrt(max(b * b - 4 * c, 0.0))) / 2
    variance = under - target**2
    if variance <= 1e-12:
        z = _at_the_end(gap)
        return z, z
    z = gap / sqrt(variance / n)
    p, d, q = (under + target) / 2, (under - target) / 2, 1 - under
    skew = (p * (1 - target) ** 3 - d * (1 + target) ** 3 - q * target**3) / variance**1.5
    return z, z - skew * (z * z - 1) / (6 * sqrt(n))


def gap_of(value: float, target: float) -> float:
    """Return how far a value lies above its target; what only rounding sets apart is equal."""
    gap = value - target
    return 0.0 if abs(gap) <= 1e-12 * max(abs(value), abs(target), 1.0) else gap


def _at_the_end(gap: float) -> float:
    """Return z against 0 or 100 %: one answer on the other side settles it, none proves it."""
    return 0.0 if gap == 0 else float(np.copysign(inf, gap))


def _check_target(score: Score, target: float) -> None:
    span: tuple[float, float] | None = score.scale
    if score.metric == "nps":
        span = (-100, 100)
    elif score.metric == "csat":
        span = (0, 100)
    if span is None:
        span = (-inf, inf)
    if not span[0] <= target <= span[1] or abs(target) == inf:
        raise DataError(
            f"the target {target:g} lies outside {span[0]:g} to {span[1]:g}, "
            f"where a {score.metric} can be."
        )
