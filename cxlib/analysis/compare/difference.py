"""Do two scores differ, and which of many differences stand."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isnan, nan, sqrt
from typing import Any, Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import norm, t as student
from statsmodels.stats.multitest import multipletests

from cxlib.analysis import estimation
from cxlib.analysis.metrics import Metric, Touchpoint, one_of, resolve
from cxlib.analysis.results import Tested, said
from cxlib.analysis.validate import Floats, OffScale, answers_of, check_confidence, numbers
from cxlib.errors import DataError
from cxlib.words import mark as _

Method = Literal["bh", "holm", "bonferroni"]
METHODS: dict[str, str] = {"bh": "fdr_bh", "holm": "holm", "bonferroni": "bonferroni"}


class Difference(Tested):
    """How far one score lies above another, in their unit.

    ``value, low, high``: first less second, and its interval, NaN where there is no spread;
    ``p_value`` (two-sided), ``statistic, df`` of z (df infinite) or t, and the ``standard_error``
    it divides by, of NPS after adjustment, of shares pooled; ``n_a, n_b`` answers on either side,
    ``n_dropped`` rows without one (if `paired`, without both).
    """

    standard_error: float
    unit: str
    metric: str
    n_a: int
    n_b: int
    n_dropped: int
    confidence: float
    paired: bool = False


def difference(
    a: estimation.Score | pd.Series,
    b: estimation.Score | pd.Series,
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
        added to each side), cut at ±200. Shares: Newcombe's interval (1998, Statistics in Medicine
        17), pooled z. Means: Welch. Paired: the t of the differences. Weighted scores enter with
        n*.

    Raises
    ------
    DataError
        If the scores are of different kinds, scales or confidence, or no pair is left.
    """
    if paired:
        if isinstance(a, estimation.Score) or isinstance(b, estimation.Score):
            raise DataError("a paired difference needs both columns of answers, not two scores.")
        coverage = 0.95 if confidence is None else confidence
        told = _paired(a, b, metric, off_scale, coverage)
        message = _("The pairs show no spread, so their difference has no interval and no test.")
    else:
        a, b = (
            s if isinstance(s, estimation.Score) else _scored(s, metric, off_scale, confidence)
            for s in (a, b)
        )
        coverage = _comparable(a, b, confidence)
        told = gap_test(a.as_row(), b.as_row(), coverage)
        told |= {"value": a.value - b.value, "unit": a.unit, "metric": a.metric, "n_a": a.n}
        told |= {"n_b": b.n, "n_dropped": a.n_dropped + b.n_dropped}
        message = _("The answers show no spread, so their difference has no interval and no test.")
    caveats = said(isnan(told["p_value"]), message)
    return Difference(**told, paired=paired, confidence=coverage, caveats=caveats)


def _scored(
    answers: pd.Series, metric: Any, off_scale: OffScale, confidence: Any
) -> estimation.Score:
    answers = answers_of(answers)
    question = Metric(str(answers.name), "mean") if metric is None else resolve(metric)
    coverage = 0.95 if confidence is None else confidence
    return estimation.score_answers(answers, question, off_scale=off_scale, confidence=coverage)


def _comparable(a: estimation.Score, b: estimation.Score, confidence: float | None) -> float:
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
    check_confidence(coverage)
    return coverage


def gap_test(a: Mapping[str, Any], b: Mapping[str, Any], confidence: float) -> dict[str, Any]:
    """Return ``low, high, p_value, statistic, df, standard_error`` of ``a - b``, two estimates.

    NPS from adjusted estimates and variances, shares by Newcombe and pooled z, means by Welch.
    """
    names = ("value", "standard_error", "df", "n_star", "promoters", "detractors")
    (p, error_a, df_a, n, *shares_a), (q, error_b, df_b, m, *shares_b) = (
        [float(side[name]) for name in names] for side in (a, b)
    )
    gap, df = p - q, max(min(df_a, df_b), 1.0)
    if a["kind"] == "nps":
        net_a, var_a = estimation.adjusted_net(shares_a[0], shares_a[1], n)
        net_b, var_b = estimation.adjusted_net(shares_b[0], shares_b[1], m)
        found = by_t(100 * (net_a - net_b), 100 * sqrt(var_a + var_b), df, confidence)
        return found | {"low": max(found["low"], -200.0), "high": min(found["high"], 200.0)}
    if a["kind"] in ("csat", "share"):
        low, high = estimation.newcombe(p / 100, n, q / 100, m, confidence)
        pooled = (p / 100 * n + q / 100 * m) / (n + m)
        error = 100 * sqrt(max(pooled * (1 - pooled), 0.0) * (1 / n + 1 / m))
        same = {"p_value": 1.0, "statistic": 0.0, "df": inf, "standard_error": 0.0}
        found = by_t(gap, error, df, confidence) if error > 0 else same
        return found | {"low": 100 * low, "high": 100 * high}
    parts = (error_a**2, error_b**2)
    error = sqrt(sum(parts))
    if isnan(error) or error == 0:
        return dict.fromkeys(("low", "high", "p_value", "statistic", "df", "standard_error"), nan)
    welch = sum(parts) ** 2 / (parts[0] ** 2 / df_a + parts[1] ** 2 / df_b)
    return by_t(gap, error, welch, confidence)


def by_t(gap: float, error: float, df: float, coverage: float) -> dict[str, float]:
    """Return ``low, high, p_value, statistic, df, standard_error`` of a gap by t, or z."""
    half = estimation.z_of(coverage, df) * error
    tail = norm.sf(abs(gap / error)) if df == inf else student.sf(abs(gap / error), df)
    found = {"low": gap - half, "high": gap + half, "p_value": 2 * float(tail)}
    return found | {"statistic": gap / error, "df": df, "standard_error": error}


def _paired(
    a: pd.Series, b: pd.Series, metric: Any, off_scale: OffScale, coverage: float
) -> dict[str, Any]:
    check_confidence(coverage)
    question = Metric("", "mean") if metric is None else resolve(metric)
    first, second = (
        pd.Series(
            estimation.contributions(estimation.answers_to(question, side, off_scale)[0], question),
            side.index,
        )
        for side in map(answers_of, (a, b))
    )
    if not first.index.equals(second.index):
        if not (first.index.is_unique and second.index.is_unique):
            raise DataError("pairs cannot be matched: row labels repeat; use one id a row.")
        first, second = first.align(second, join="outer")
    gaps = first.to_numpy(dtype=float) - second.to_numpy(dtype=float)
    complete = gaps[~np.isnan(gaps)]
    n = complete.size
    if n == 0:
        raise DataError(f"no pair is complete among {gaps.size} rows.")
    value, error = float(complete.mean()), float(complete.std(ddof=1)) / sqrt(n) if n > 1 else nan
    found: dict[str, Any] = dict.fromkeys(("low", "high", "p_value", "statistic", "df"), nan)
    found["standard_error"] = error
    if n > 1 and error > 0:
        found = by_t(value, error, n - 1, coverage)
    told = {"value": value, "unit": question.unit, "metric": question.kind, "n_a": n, "n_b": n}
    return found | told | {"n_dropped": int(gaps.size - n)}


@overload
def adjust(p_values: pd.Series, *, method: Method = "bh") -> pd.Series: ...
@overload
def adjust(p_values: ArrayLike, *, method: Method = "bh") -> Floats: ...
def adjust(p_values: Any, *, method: Method = "bh") -> pd.Series | Floats:
    """Adjust the p-values of one family for their number.

    Parameters
    ----------
    p_values : pandas.Series or array
        One a comparison; a missing one (a withheld cell) is no member of the family and stays
        missing. A Series gives a Series.
    method : {"bh", "holm", "bonferroni"}
        ``"bh"`` (Benjamini, Hochberg 1995) keeps the false discovery rate, the others (Holm 1979)
        the chance of any false alarm.

    Raises
    ------
    DataError
        If a p-value lies outside 0 to 1, or the method is unknown.
    """
    one_of(method, METHODS, f"{method!r} is no adjustment")
    if isinstance(p_values, pd.DataFrame) or np.ndim(p_values) > 1:
        raise DataError("p-values of one family come in one column or list, not in a table.")
    series = p_values if isinstance(p_values, pd.Series) else pd.Series(p_values, dtype=object)
    values = numbers(series.rename("p_values"))
    family = np.flatnonzero(~np.isnan(values))
    p = values[family]
    if p.size and (p.min() < 0 or p.max() > 1):
        raise DataError(f"a p-value lies between 0 and 1, not {p[(p < 0) | (p > 1)][0]:g}.")
    adjusted = np.full(values.shape, np.nan)
    if p.size and method == "holm":  # statsmodels' own collects the whole heap's garbage each time
        order = np.argsort(p)
        steps = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
        adjusted[family[order]] = np.minimum(steps, 1.0)
    elif p.size:
        adjusted[family] = multipletests(p, method=METHODS[method])[1]
    if isinstance(p_values, pd.Series):
        return pd.Series(adjusted, index=p_values.index, name=p_values.name)
    return adjusted
