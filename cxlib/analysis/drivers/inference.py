"""Tests of driver models: robust F, permutation of the outcome, collinearity, suppression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis.drivers.sample import Sample, batches
from cxlib.analysis.validate import Floats


def collinearity(sample: Sample) -> tuple[Floats, float]:
    """Return each rating's VIF, weighted (statsmodels' is not), and the condition number."""
    columns = sample.design[:, 1:]
    centred = columns - np.average(columns, weights=sample.weights, axis=0)
    moments = (centred * sample.weights[:, None]).T @ centred
    size = np.sqrt(np.diag(moments))
    correlation = moments / np.outer(size, size)
    values = np.linalg.eigvalsh(correlation)
    inflation = np.diag(np.linalg.inv(correlation))[-len(sample.names) :]
    return inflation, float(np.sqrt(values[-1] / max(values[0], 1e-300)))


class RobustFit:
    """Weighted least squares with a covariance that trusts neither variances nor repeats.

    HC3 (Long, Ervin 2000, Am. Stat. 54), or CR1 by customer where customers repeat, with one degree
    of freedom less than there are customers (Cameron, Miller 2015, J. Human Resources 50).
    """

    def __init__(self, sample: Sample, design: Floats) -> None:
        from statsmodels.regression.linear_model import WLS

        root = np.sqrt(sample.weights)[:, None]
        room = 1 - (np.linalg.qr(design * root)[0] ** 2).sum(axis=1)
        shared = room > 1e-10  # a row that a column describes alone is fitted exactly: without both
        rows = design[shared]
        kept = np.ones(design.shape[1], dtype=bool)
        if not shared.all():
            r = np.linalg.qr(rows * root[shared], mode="r")
            kept = np.abs(np.diag(r)) > 1e-9 * np.linalg.norm(rows * root[shared], axis=0).max()
        robust: dict[str, Any] = {"cov_type": "HC3"}
        if sample.groups is not None:
            robust = {"cov_type": "cluster", "cov_kwds": {"groups": sample.groups[shared]}}
        model = WLS(sample.outcome[shared], rows[:, kept], weights=sample.weights[shared])
        fit = model.fit(**robust, use_t=True)
        width = design.shape[1]
        self.coefficients, self.p_values = np.full((2, width), np.nan)
        self.coefficients[kept], self.p_values[kept] = fit.params, fit.pvalues
        self.covariance = np.full((width, width), np.nan)
        self.covariance[np.ix_(kept, kept)] = fit.cov_params()
        self.df = int(fit.df_resid if sample.groups is None else sample.units - 1)
        self.exact = fit.ssr <= 1e-20 * fit.centered_tss
        if self.exact:  # what is left are rounding errors, which no test may weigh
            size = np.abs(self.coefficients) * design.std(axis=0) / sample.outcome.std()
            self.p_values = np.where(kept, np.where(size > 1e-9, 0.0, 1.0), np.nan)

    def test(self, columns: Sequence[int]) -> tuple[float, float]:
        """Return F and p of the hypothesis that all coefficients of `columns` are 0.

        NaN where there are too few customers to test so many coefficients at once.
        """
        from scipy import stats

        chosen = list(columns)
        if self.exact:
            p = float(np.min(self.p_values[chosen]))
            return (np.inf if p == 0 else p - 1), p
        beta, covariance = self.coefficients[chosen], self.covariance[np.ix_(chosen, chosen)]
        if len(chosen) > self.df or not (np.diag(covariance) > 0).all():
            return np.nan, np.nan
        scale = np.sqrt(np.diag(covariance))
        inverse = np.linalg.pinv(covariance / np.outer(scale, scale), hermitian=True)
        f = float(beta / scale @ inverse @ (beta / scale)) / len(chosen)
        return f, float(stats.f.sf(f, len(chosen), self.df))


def permutation_p(sample: Sample, count: int, rng: np.random.Generator) -> float:
    """Return how rarely chance alone explains as much: (1 + reached) / (1 + count).

    The outcome is shuffled over respondents (Phipson, Smyth 2010, SAGMB 9). Where customers repeat,
    answers are not interchangeable: the signs of whole customers' deviations from the mean are
    flipped (Cameron, Gelbach, Miller 2008, REStat 90).
    """
    if count == 0:
        return np.nan
    root = np.sqrt(sample.weights)
    centre = root / np.linalg.norm(root)
    basis = np.linalg.qr(sample.design * root[:, None])[0]
    deviation = sample.outcome - np.average(sample.outcome, weights=sample.weights)

    def explained(outcomes: Floats) -> Floats:
        scaled = outcomes * root
        scaled -= np.outer(scaled @ centre, centre)
        share: Floats = ((scaled @ basis) ** 2).sum(axis=1) / (scaled**2).sum(axis=1)
        return share

    observed = explained(deviation[None])[0] * (1 - 1e-12)
    reached = 0
    for size in batches(count, sample.n):
        if sample.groups is None:
            drawn = rng.permuted(np.broadcast_to(deviation, (size, sample.n)), axis=1)
        else:
            signs = rng.integers(0, 2, (size, sample.units)) * 2.0 - 1.0
            drawn = signs[:, sample.groups] * deviation
        reached += int((explained(drawn) >= observed).sum())
    return (1 + reached) / (1 + count)


def suppressors(sample: Sample, fit: RobustFit, table: pd.DataFrame) -> tuple[str, ...]:
    """Name the proven drivers that matter only beside others, or against their correlation.

    A suppressor adds more to the full model than it explains alone, or its coefficient has the
    other sign than its correlation (Tzelgov, Henik 1991, Psychological Bulletin 109).
    """
    root = np.sqrt(sample.weights)[:, None]
    basis = np.linalg.qr(np.column_stack([np.ones(sample.n), sample.fixed]) * root)[0]
    columns = np.column_stack([sample.ratings, sample.outcome]) * root
    left = columns - basis @ (basis.T @ columns)
    moments = left.T @ left
    inner = moments[:-1, :-1]
    alone = moments[:-1, -1] ** 2 / np.diag(inner)
    beta = fit.coefficients[-len(sample.names) :]
    added = beta**2 / np.diag(np.linalg.inv(inner))
    flagged = (beta * moments[:-1, -1] < 0) | (added > alone * (1 + 1e-9))
    return tuple(table.loc[table["proven"].to_numpy() & flagged, "driver"])
