"""Tests of driver models: robust F of coefficients, and permutation of the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from cxlib.analysis._driver_columns import Array
from cxlib.analysis._driver_data import DRAWS_AT_ONCE, DriverData


@dataclass(frozen=True, kw_only=True)
class RobustFit:
    """A weighted least-squares fit with a covariance that trusts neither variances nor repeats."""

    coefficients: Array
    covariance: Array
    df: int
    r_squared: float

    def p_value(self, columns: Sequence[int]) -> tuple[float, float]:
        """Return F and p of the hypothesis that all coefficients of `columns` are 0.

        NaN where there are too few customers to test so many coefficients at once.
        """
        chosen = list(columns)
        if len(chosen) > self.df:
            return np.nan, np.nan
        beta, covariance = self.coefficients[chosen], self.covariance[np.ix_(chosen, chosen)]
        scale = np.sqrt(np.diag(covariance))
        if not (scale > 0).all():
            return np.nan, np.nan
        standard = beta / scale
        if len(chosen) == 1:
            return float(standard[0] ** 2), float(2 * stats.t.sf(abs(standard[0]), self.df))
        correlation = covariance / np.outer(scale, scale)
        f = float(standard @ np.linalg.pinv(correlation, hermitian=True) @ standard) / len(chosen)
        return f, float(stats.f.sf(f, len(chosen), self.df))


def robust_fit(data: DriverData, design: Array) -> RobustFit:
    """Fit the outcome on `design` by weighted least squares.

    The covariance is HC3, or CR1 by customer where customers repeat (then with one degree of
    freedom less than there are customers).

    References
    ----------
    .. [1] Long, J. S., Ervin, L. H. (2000). Using heteroscedasticity consistent standard errors
       in the linear regression model. Am. Stat. 54, 217-224.
    .. [2] Cameron, A. C., Miller, D. L. (2015). A practitioner's guide to cluster-robust
       inference. J. Human Resources 50, 317-372.
    """
    root = np.sqrt(data.weights)
    x, y = design * root[:, None], data.outcome * root
    q, r = np.linalg.qr(x)
    inverse = np.linalg.solve(r, np.eye(len(r)))
    beta = inverse @ (q.T @ y)
    residual = y - x @ beta
    n, k = x.shape
    if data.groups is None:
        room = 1 - (q**2).sum(axis=1)
        lone = room < 1e-10  # a row that a column describes alone is fitted exactly
        parts = q * np.where(lone, 0.0, residual / np.where(lone, 1.0, room))[:, None]
        df, factor = n - k, 1.0
    else:
        parts = data.by_unit(q * residual[:, None])
        df = data.units - 1
        factor = data.units / df * (n - 1) / (n - k)
    covariance = inverse @ (parts.T @ parts) @ inverse.T * factor
    centred = root * (data.outcome - np.average(data.outcome, weights=data.weights))
    r_squared = 1 - float(residual @ residual) / float(centred @ centred)
    return RobustFit(coefficients=beta, covariance=covariance, df=df, r_squared=r_squared)


def permutation_p(data: DriverData, design: Array, count: int, rng: np.random.Generator) -> float:
    """Return how rarely chance alone explains as much: (1 + reached) / (1 + count).

    The outcome is shuffled over respondents. Where customers repeat, their answers are no longer
    interchangeable; then the signs of whole customers' deviations from the mean are flipped.

    References
    ----------
    .. [1] Phipson, B., Smyth, G. K. (2010). Permutation p-values should never be zero. SAGMB 9.
    .. [2] Cameron, A. C., Gelbach, J. B., Miller, D. L. (2008). Bootstrap-based improvements for
       inference with clustered errors. REStat 90, 414-427.
    """
    if count == 0:
        return np.nan
    root = np.sqrt(data.weights)
    centre = root / np.linalg.norm(root)
    basis = np.linalg.qr(design * root[:, None])[0]
    deviation = data.outcome - np.average(data.outcome, weights=data.weights)

    def explained(outcomes: Array) -> Array:
        scaled = outcomes * root
        scaled -= np.outer(scaled @ centre, centre)
        share: Array = ((scaled @ basis) ** 2).sum(axis=1) / (scaled**2).sum(axis=1)
        return share

    observed = explained(deviation[None])[0] * (1 - 1e-12)
    batch = max(1, DRAWS_AT_ONCE // data.n)
    reached = 0
    for start in range(0, count, batch):
        size = min(batch, count - start)
        if data.groups is None:
            drawn = rng.permuted(np.broadcast_to(deviation, (size, data.n)), axis=1)
        else:
            signs = rng.integers(0, 2, (size, data.units)) * 2.0 - 1.0
            drawn = signs[:, data.groups] * deviation
        reached += int((explained(drawn) >= observed).sum())
    return (1 + reached) / (1 + count)
