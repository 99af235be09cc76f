"""Is a score clear of a fixed number: one-sided, in the direction that counts as better."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan, nan, sqrt

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
    statistic, df : float
        z (df infinite) or t; positive on the better side.
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
    statistic: float
    df: float
    unit: str
    metric: str
    n: int
    confidence: float
    caveats: tuple[Caveat, ...] = ()


def benchmark(score: Score, target: float, *, direction: Direction) -> Benchmark:
    """Test a score against a fixed number, one-sided.

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
        NPS: z of the adjusted estimate by its adjusted standard error. Shares: the score z, with
        the target in the variance. Means: t.

    Raises
    ------
    DataError
        If the target lies where the score cannot, or the direction is unknown.

    References
    ----------
    .. [1] Rocks, B. (2016). Interval estimation for the Net Promoter Score. The American
       Statistician 70, 365-372.
    """
    check_direction(direction)
    if not isinstance(score, Score):
        raise DataError(f"a benchmark needs a score, not a {type(score).__name__}.")
    target = number(target, "the target")
    _check_target(score, target)
    gap, df, caveats = score.value - target, inf, score.caveats
    if score.metric == "nps":
        statistic = (score.adjusted - target) / score.adjusted_error
    elif score.metric == "csat":
        error = sqrt(target * (100 - target) / score.n_star)
        statistic = gap / error if error > 0 else _at_the_end(gap, direction)
    else:
        df = score.df
        statistic = gap / score.standard_error if score.standard_error > 0 else nan
        if isnan(statistic):
            message = _("The answers show no spread, so the target cannot be tested.")
            caveats = (*caveats, Caveat(message))
    if direction == "lower":
        statistic = -statistic
    tail = norm.sf(statistic) if df == inf else student.sf(statistic, max(df, 1))
    return Benchmark(
        value=score.value,
        low=score.low,
        high=score.high,
        target=target,
        difference=gap,
        direction=direction,
        reached=gap >= 0 if direction == "higher" else gap <= 0,
        p_value=float(tail),
        statistic=statistic,
        df=df,
        unit=score.unit,
        metric=score.metric,
        n=score.n,
        confidence=score.confidence,
        caveats=caveats,
    )


def _at_the_end(gap: float, direction: Direction) -> float:
    """Return z against 0 or 100 %: one answer on the other side settles it, none proves it."""
    if gap == 0:
        return -inf if direction == "higher" else inf
    return inf if gap > 0 else -inf


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
