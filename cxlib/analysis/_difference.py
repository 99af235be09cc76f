"""Do two scores differ, and which of many differences stand."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan, nan, sqrt
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm
from scipy.stats import t as student

from cxlib.analysis import _inputs, _intervals
from cxlib.analysis._inputs import OffScale
from cxlib.analysis._kpis import score_answers
from cxlib.analysis._score import Score, contributions
from cxlib.analysis.metrics import Metric, Touchpoint, resolve
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError
from cxlib.words import mark as _


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How far one score lies above another.

    Attributes
    ----------
    value : float
        First less second, in their unit (points, percentage points, or scale points).
    low, high : float
        Its interval; NaN where there is no spread to judge by, which a caveat says.
    p_value : float
        Two-sided.
    statistic, df : float
        z (df infinite) or t with its degrees of freedom.
    standard_error : float
        What the statistic divides by; of NPS after adjustment, of shares pooled.
    unit, metric : str
        As in `Score`.
    paired : bool
        Whether the same respondents stand on both sides.
    n_a, n_b : int
        Answers on either side.
    n_dropped : int
        Rows left out: without an answer, or, if paired, without both.
    confidence : float
        Coverage of the interval.
    caveats : tuple of Caveat
        Reservations.
    """

    value: float
    low: float
    high: float
    p_value: float
    statistic: float
    df: float
    standard_error: float
    unit: str
    metric: str
    n_a: int
    n_b: int
    n_dropped: int
    confidence: float
    paired: bool = False
    caveats: tuple[Caveat, ...] = ()


def difference(
    a: Score | pd.Series,
    b: Score | pd.Series,
    *,
    paired: bool = False,
    metric: Metric | Touchpoint | None = None,
    off_scale: OffScale = "error",
    confidence: float | None = None,
) -> Difference:
    """Compare two scores of different people, or two answers of the same people.

    Parameters
    ----------
    a, b : Score or pandas.Series
        Two scores of the same kind; the difference is ``a - b``. With `paired`, two columns of
        answers matched by row label. Unpaired columns are scored first.
    paired : bool
        Whether the same respondents stand on both sides.
    metric : Metric or Touchpoint, optional
        How columns are scored; without it, as means.
    off_scale : {"error", "missing"}
        As in `scores.nps`, for columns.
    confidence : float, optional
        Coverage; by default that of the scores, else 0.95.

    Returns
    -------
    Difference
        NPS: the value is raw, interval and z from adjusted estimates and variances (three answers
        added to each side), cut at ±200. Shares: Newcombe's interval, pooled z. Means: Welch.
        Paired: the t of the differences. Weighted scores enter with n*.

    Raises
    ------
    DataError
        If the scores are of different kinds, scales or confidence, or no pair is left.

    References
    ----------
    .. [1] Newcombe, R. G. (1998). Interval estimation for the difference between independent
       proportions. Statistics in Medicine 17, 873-890.
    .. [2] Welch, B. L. (1947). The generalization of Student's problem. Biometrika 34, 28-35.
    """
    if paired:
        if isinstance(a, Score) or isinstance(b, Score):
            raise DataError("a paired difference needs both columns of answers, not two scores.")
        return _paired(a, b, metric, off_scale, 0.95 if confidence is None else confidence)
    if not isinstance(a, Score):
        a = _scored(a, metric, off_scale, confidence)
    if not isinstance(b, Score):
        b = _scored(b, metric, off_scale, confidence)
    coverage = _comparable(a, b, confidence)
    found = gap_test(a.metric, Side.of(a), Side.of(b), coverage)
    message = _("The answers show no spread, so their difference has no interval and no test.")
    return Difference(
        value=a.value - b.value,
        **found,
        unit=a.unit,
        metric=a.metric,
        n_a=a.n,
        n_b=b.n,
        n_dropped=a.n_dropped + b.n_dropped,
        confidence=coverage,
        caveats=(Caveat(message),) if isnan(found["p_value"]) else (),
    )


def _scored(
    answers: pd.Series,
    metric: Metric | Touchpoint | None,
    off_scale: OffScale,
    confidence: float | None,
) -> Score:
    answers = _inputs.answers_of(answers)
    question = Metric(str(answers.name), "mean") if metric is None else resolve(metric)
    coverage = 0.95 if confidence is None else confidence
    return score_answers(answers, question, off_scale=off_scale, confidence=coverage)


def _comparable(a: Score, b: Score, confidence: float | None) -> float:
    if a.metric != b.metric:
        raise DataError(f"a {a.metric} cannot be compared with a {b.metric}.")
    if a.scale != b.scale and None not in (a.scale, b.scale):
        raise DataError(f"scores on the scales {a.scale} and {b.scale} cannot be compared.")
    if a.direction != b.direction:
        raise DataError(
            f"{a.direction} is better in one score, {b.direction} in the other; turn one around."
        )
    for rule in ("top", "detractor_to", "promoter_from"):
        if a.detail.get(rule) != b.detail.get(rule):
            raise DataError(
                f"the scores follow different rules: {rule} is {a.detail.get(rule)} in one and "
                f"{b.detail.get(rule)} in the other."
            )
    if confidence is None and a.confidence != b.confidence:
        raise DataError(
            f"one score is at {a.confidence:g} confidence, the other at {b.confidence:g}; "
            "pass confidence=."
        )
    coverage = a.confidence if confidence is None else confidence
    _intervals.check_confidence(coverage)
    return coverage


@dataclass(frozen=True)
class Side:
    """What a test of a difference needs of either side, in the KPI's unit."""

    value: float
    standard_error: float
    df: float
    n_star: float
    promoters: float = nan
    detractors: float = nan

    @classmethod
    def of(cls, score: Score) -> Side:
        """Take them from a score; a net or a share is z unless customers repeat."""
        by_t = score.clustered or score.unit == "mean"
        shares = (float(score.detail.get(name, nan)) for name in ("promoters", "detractors"))
        df = score.df if by_t else inf
        return cls(score.value, score.standard_error, df, score.n_star, *shares)


def gap_test(kind: str, a: Side, b: Side, confidence: float) -> dict[str, Any]:
    """Return ``low, high, p_value, statistic, df, standard_error`` of ``a - b``.

    NPS from adjusted estimates and variances, shares by Newcombe and pooled z, means by Welch.
    """
    gap = a.value - b.value
    df = max(min(a.df, b.df), 1.0)
    if kind == "nps":
        (net_a, var_a), (net_b, var_b) = (
            _intervals.adjusted_net(s.promoters, s.detractors, s.n_star) for s in (a, b)
        )
        error, gap = 100 * sqrt(var_a + var_b), 100 * (net_a - net_b)
        found = by_t(gap, error, df, confidence)
        return found | {"low": max(found["low"], -200.0), "high": min(found["high"], 200.0)}
    if kind in ("csat", "share"):
        p, q, n, m = a.value / 100, b.value / 100, a.n_star, b.n_star
        low, high = _intervals.newcombe(p, n, q, m, confidence)
        pooled = (p * n + q * m) / (n + m)
        error = 100 * sqrt(max(pooled * (1 - pooled), 0.0) * (1 / n + 1 / m))
        found = by_t(gap, error, df, confidence) if error > 0 else _NO_SHARES
        return found | {"low": 100 * low, "high": 100 * high}
    parts = (a.standard_error**2, b.standard_error**2)
    error = sqrt(sum(parts))
    if isnan(error) or error == 0:
        return dict.fromkeys(("low", "high", "p_value", "statistic", "df", "standard_error"), nan)
    welch = sum(parts) ** 2 / (parts[0] ** 2 / a.df + parts[1] ** 2 / b.df)
    return by_t(gap, error, welch, confidence)


_NO_SHARES = {"p_value": 1.0, "statistic": 0.0, "df": inf, "standard_error": 0.0}


def by_t(gap: float, error: float, df: float, coverage: float) -> dict[str, float]:
    """Return ``low, high, p_value, statistic, df, standard_error`` of a gap by t, or z."""
    half = _intervals.z_of(coverage, df) * error
    tail = norm.sf(abs(gap / error)) if df == inf else student.sf(abs(gap / error), df)
    return {
        "low": gap - half,
        "high": gap + half,
        "p_value": 2 * float(tail),
        "statistic": gap / error,
        "df": df,
        "standard_error": error,
    }


def _paired(
    a: pd.Series,
    b: pd.Series,
    metric: Metric | Touchpoint | None,
    off_scale: OffScale,
    coverage: float,
) -> Difference:
    _intervals.check_confidence(coverage)
    question = Metric("", "mean") if metric is None else resolve(metric)
    sides = []
    for side in map(_inputs.answers_of, (a, b)):
        whole = question.kind != "mean"
        values = _inputs.ratings_of(side, scale=question.scale, whole=whole, off_scale=off_scale)[0]
        sides.append(pd.Series(contributions(values, question), index=side.index))
    first, second = sides
    if not first.index.equals(second.index):
        if not (first.index.is_unique and second.index.is_unique):
            raise DataError("pairs cannot be matched: row labels repeat; use one id a row.")
        first, second = first.align(second, join="outer")
    gaps = first.to_numpy(dtype=float) - second.to_numpy(dtype=float)
    complete = gaps[~np.isnan(gaps)]
    n = complete.size
    if n == 0:
        raise DataError(f"no pair is complete among {gaps.size} rows.")
    error = float(complete.std(ddof=1)) / sqrt(n) if n > 1 else nan
    caveats: tuple[Caveat, ...] = ()
    if n > 1 and error > 0:
        numbers = by_t(float(complete.mean()), error, n - 1, coverage)
    else:
        numbers = dict.fromkeys(("low", "high", "p_value", "statistic", "df"), nan)
        numbers["standard_error"] = error
        message = _("The pairs show no spread, so their difference has no interval and no test.")
        caveats = (Caveat(message),)
    return Difference(
        value=float(complete.mean()),
        **numbers,
        unit=question.unit,
        metric=question.kind,
        n_a=n,
        n_b=n,
        n_dropped=int(gaps.size - n),
        confidence=coverage,
        paired=True,
        caveats=caveats,
    )
