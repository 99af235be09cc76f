"""Is a score clear of a fixed number: one-sided, in the direction that counts as better."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import inf, nan, sqrt
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm, t as student

from cxlib.analysis.estimation import Score
from cxlib.analysis.metrics import Direction, check_direction, number
from cxlib.analysis.results import Tested, said
from cxlib.errors import DataError
from cxlib.words import mark as _

POWER = 0.8
"""Four chances in five (Cohen 1988): the definition of every number of answers needed."""
SPANS = {"nps": (-100.0, 100.0), "csat": (0.0, 100.0), "share": (0.0, 100.0)}


class Benchmark(Tested):
    """A score against a fixed number: ``difference`` is value less target, ``low, high`` two-sided.

    ``reached``: the point estimate is at the target or on its better side. ``p_value, p_missed``:
    one-sided, how often a score truly at the target would look this much better, or worse.
    ``p_met``: Φ(z) in the target's direction, at least one half exactly where the target is
    reached. ``statistic, df``: z before the correction for skewness (df infinite) or t; positive on
    the better side.
    """

    target: float
    difference: float
    direction: Direction
    reached: bool
    p_missed: float
    p_met: float
    unit: str
    metric: str
    n: int
    confidence: float


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
        NPS: the score test (Tango 1998, Statistics in Medicine 17), its z corrected for skewness
        under the target. Shares: the score z, with the target in the variance. Means: t.

    Raises
    ------
    DataError
        If the target lies where the score cannot, or the direction is unknown.
    """
    check_direction(direction)
    if not isinstance(score, Score):
        raise DataError(f"a benchmark needs a score, not a {type(score).__name__}.")
    target = number(target, "the target")
    low, high = ends_of(score.metric, score.scale)
    if not low <= target <= high or abs(target) == inf:
        raise DataError(
            f"the target {target:g} lies outside {low:g} to {high:g}, where a {score.metric} can "
            "be."
        )
    statistic, df, p_value, p_missed, p_met = against(score.as_row(), target, direction)
    message = _("The answers show no spread, so the target cannot be tested.")
    gap = gap_of(score.value, target)
    same = ("value", "low", "high", "unit", "metric", "n", "confidence")
    return Benchmark(
        target=target,
        difference=gap,
        direction=direction,
        reached=is_reached(gap, direction),
        p_value=p_value,
        p_missed=p_missed,
        p_met=p_met,
        statistic=statistic,
        df=df,
        caveats=(*score.caveats, *said(np.isnan(statistic), message)),
        **{name: getattr(score, name) for name in same},
    )


def against(
    row: Mapping[str, Any], target: float, direction: str
) -> tuple[float, float, float, float, float]:
    """Return statistic, df, p_value (met), p_missed and p_met of an estimate against a target."""
    gap, df = gap_of(row["value"], target), row["df"]
    if row["kind"] == "nps":
        z, z_c = score_test(row["promoters"], row["detractors"], row["n_star"], target / 100)
    elif row["kind"] in ("csat", "share"):
        error = sqrt(max(target * (100 - target), 0.0) / row["n_star"])
        z = z_c = gap / error if error > 0 else _at_the_end(gap)
    else:
        df, error = max(df, 1.0), row["standard_error"]
        z = z_c = gap / error if error > 0 else np.nan
    if direction == "lower":
        z, z_c = -z, -z_c
    tail = norm if df == inf else student(max(df, 1.0))
    return z, df, float(tail.sf(z_c)), float(tail.cdf(z_c)), float(tail.cdf(z))


def ends_of(kind: str, scale: Any) -> tuple[float, float]:
    """Return what a KPI can be: of a mean its scale, (1, 7) or 1-7 as rows of estimates have it."""
    if kind in SPANS or not isinstance(scale, (str, tuple, list)):
        return SPANS.get(kind, (-inf, inf))
    found = re.fullmatch(r"(-?\d+)-(-?\d+)", scale) if isinstance(scale, str) else None
    ends: Any = scale if found is None else found.groups()
    return float(ends[0]), float(ends[1])


def provable(row: Mapping[str, Any], target: float, direction: str, alpha: float) -> float:
    """Return the true value at which "met" has a chance of 80 %; NaN if the scale has none.

    The errors are those of the test: under the target's variance, then under the truth's.
    """
    sign = 1.0 if direction == "higher" else -1.0
    low, high = ends_of(row["kind"], row["scale"])
    z, power = float(norm.isf(alpha)), float(norm.ppf(POWER))
    if row["kind"] not in SPANS:
        z = z if row["df"] == inf else float(student.isf(alpha, max(row["df"], 1.0)))
        at = target + sign * (z + power) * row["standard_error"]
        return at if row["standard_error"] > 0 and low <= at <= high and abs(at) < inf else nan
    voiced = row["promoters"] + row["detractors"]  # as many passives as now

    def spread(value: float) -> float:
        """Return the standard deviation of one answer if the KPI stood at `value`."""
        if row["kind"] != "nps":
            return sqrt(max(value * (100 - value), 0.0))
        return 100 * sqrt(max(max(voiced, abs(value / 100)) - (value / 100) ** 2, 0.0))

    def lead(value: float) -> float:
        noise = z * spread(target) + power * spread(value)
        return sign * (value - target) - noise / sqrt(row["n_star"])

    start, end = target + sign * 1e-9, high if sign > 0 else low
    if not (row["n_star"] > 0 and sign * (end - start) > 0) or lead(end) < 0:
        return nan
    return float(brentq(lead, start, end)) if lead(start) < 0 else target


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


def is_reached(gap: float, direction: str) -> bool:
    """Return whether a gap is none or on the better side."""
    return gap >= 0 if direction == "higher" else gap <= 0


def _at_the_end(gap: float) -> float:
    """Return z against 0 or 100 %: one answer on the other side settles it, none proves it."""
    return 0.0 if gap == 0 else float(np.copysign(inf, gap))
