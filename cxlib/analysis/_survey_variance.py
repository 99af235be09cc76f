"""The variance of a weighted mean, by linearisation, with customers who answer more than once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Moments:
    """A weighted mean and what its interval needs.

    ``variance`` is the weighted population variance S², ``linearised`` the variance v of the mean,
    ``units`` the number of independent respondents (clusters), ``n_effective`` Kish's,
    ``n_star`` = min(n_effective, S²/v), ``df`` the degrees of freedom of its t. Where G customers
    give n_g answers each, few of them tell their own spread badly: n* takes S²(G − 1)/(vG), and df
    is (Σn_g)²/Σn_g² − 1.
    """

    mean: float
    variance: float
    linearised: float
    units: int
    n: int
    n_effective: float
    n_star: float
    df: float
    clustered: bool


def even(weights: Floats) -> Floats:
    """Return weights around one; equal weights become exactly one, so that they change nothing."""
    if weights.size == 0 or np.ptp(weights) == 0:
        return np.ones_like(weights)
    scaled: Floats = weights / weights.max()  # first, so that no sum overflows
    around_one: Floats = scaled / scaled.mean()
    return around_one


def kish(weights: Floats) -> float:
    """Return Kish's effective number of answers, (Σw)² / Σw².

    References
    ----------
    .. [1] Kish, L. (1965). Survey Sampling. Wiley.
    """
    weights = even(weights)
    return float(weights.sum() ** 2 / (weights**2).sum())


def moments(x: Floats, weights: Floats | None = None, clusters: Integers | None = None) -> Moments:
    """Return the moments of `x`, one number a respondent, none missing, at least one.

    v is Σ(w(x − x̄)/Σw)², over cluster totals where `clusters` are given. Where v is 0 the answers
    say nothing about their own spread, and Kish's number over the independent units stands in.

    References
    ----------
    .. [1] Binder, D. A. (1983). On the variances of asymptotically normal estimators from complex
       surveys. International Statistical Review 51, 279-292.
    """
    w = np.ones_like(x) if weights is None else even(weights)
    total = w.sum()
    same = bool((x == x[0]).all())
    mean = float(x[0]) if same else float(w @ x / total)
    deviations = x - mean
    parts = w * deviations / total
    unit_weights, df, room = w, float(x.size - 1), 1.0
    if clusters is not None:
        codes: Any = np.unique(clusters, return_inverse=True)[1]
        parts = np.bincount(codes, parts).astype(float)
        unit_weights = np.bincount(codes, w).astype(float)
        if 1 < parts.size < x.size:  # one answer a customer is no cluster
            answers = np.bincount(codes).astype(float)
            df = float(answers.sum() ** 2 / (answers**2).sum() - 1)
            room = (parts.size - 1) / parts.size
        elif parts.size == 1:
            df = 0.0
    variance = float(w @ deviations**2 / total)
    linearised = float(parts @ parts) if parts.size > 1 else 0.0
    by_kish = float(total**2 / (w @ w))
    if linearised > 0:
        n_star = min(by_kish, room * variance / linearised)
    else:
        n_star = min(by_kish, float(total**2 / (unit_weights @ unit_weights)))
    return Moments(
        mean=mean,
        variance=variance,
        linearised=linearised,
        units=int(parts.size),
        n=int(x.size),
        n_effective=by_kish,
        n_star=n_star,
        df=df,
        clustered=parts.size < x.size,
    )
