"""How R² divides, exactly, over a thousand resamples, and the tests of what it divides over.

Own code, since no package gives LMG shares of a thousand resamples in less than minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis.drivers.sample import Sample, batches
from cxlib.analysis.validate import Floats, Integers

PIVOT = 1e-10
"""A driver with less than this share of its variance left after the others adds nothing: beyond
it the sweep would divide rounding errors (double precision keeps about 16 digits)."""

CONSTANT = 1e-12
"""A column whose variance is less than this share of its mean square is constant to rounding."""

CHUNK = 2**17
"""Matrices worked on at once: 1 MB of results, about what a processor's cache holds."""


def _invert(values: Floats, *, floor: float = PIVOT) -> Floats:
    """Return 1/value, and 0 where a value is not above `floor`."""
    return np.divide(1.0, values, out=np.zeros_like(values), where=values > floor)


def _sweep_out(matrices: Floats, count: int) -> Floats:
    """Take the first `count` variables out of a batch of covariance matrices."""
    for _step in range(count):
        pivot = _invert(matrices[:, 0, 0])[:, None, None]
        row = matrices[:, :1, 1:]
        matrices = matrices[:, 1:, 1:] - row.transpose(0, 2, 1) * row * pivot
    return matrices


def _residual_variances(matrices: Floats) -> Floats:
    """Return the variance of the last variable left by every subset of the others.

    `matrices` lie on the last axis, shape (p + 1, p + 1, batch). Each step takes one variable off:
    the stack doubles into the matrices without it and those swept on it (Goodnight 1979, Am. Stat.
    33), while their order falls by one, so all 2^p subsets cost a few passes. Row s of the result,
    shape (2 ** p, batch), is the subset whose drivers are the bits of s.
    """
    batch = matrices.shape[2]
    stack = matrices
    while len(stack) > 1:
        order, size = len(stack) - 1, stack.shape[2]
        pivot, row, rest = stack[0, 0], stack[0, 1:], stack[1:, 1:]
        scaled = row * _invert(pivot)
        doubled = np.empty((order, order, 2, size))
        for i in range(order):  # only the upper triangle is ever read
            doubled[i, i:, 0] = rest[i, i:]
            swept = doubled[i, i:, 1]
            np.multiply(scaled[i], row[i:], out=swept)
            np.subtract(rest[i, i:], swept, out=swept)
        stack = doubled.reshape(order, order, 2 * size)
    return stack.reshape(-1, batch)


def shapley(matrices: Floats) -> Floats:
    """Return Shapley (LMG) shares: each driver's gain averaged over all orders (Grömping 2007).

    `matrices` are covariances with the outcome last, shape (batch, p + 1, p + 1), drivers scaled
    to variance 1. A row of the result sums to what all drivers explain.
    """
    step = max(1, CHUNK >> (matrices.shape[1] - 1))
    parts = [
        _average_gains(_residual_variances(np.moveaxis(matrices[i : i + step], 0, -1).copy()))
        for i in range(0, len(matrices), step)
    ]
    return np.concatenate(parts)


def _average_gains(residual: Floats) -> Floats:
    """Turn the residual variance of every subset, shape (2 ** p, batch), into Shapley shares.

    A subset of s drivers has weight w(s) = s!(p - s - 1)!/p! in the gain of a driver outside it,
    and w(s - 1) in that of a driver inside; so a share is a sum over the subsets that hold the
    driver minus one over all, and one halving pass serves all drivers.
    """
    subsets, batch = residual.shape
    drivers = subsets.bit_length() - 1
    sizes = np.bitwise_count(np.arange(subsets))
    whole = factorial(drivers)
    weights = [factorial(s) * factorial(drivers - s - 1) / whole for s in range(drivers)]
    outside = np.array([*weights, 0.0])[sizes]
    inside = np.array([0.0, *weights])[sizes]
    base = outside @ residual
    folded = (inside + outside)[:, None] * residual
    shares = np.empty((batch, drivers))
    for driver in reversed(range(drivers)):
        halves = folded.reshape(2, -1, batch)
        shares[:, driver] = base - halves[1].sum(axis=0)
        folded = halves[0] + halves[1]
    return shares


def johnson(matrices: Floats) -> Floats:
    """Return Johnson's relative weights, by the drivers' nearest orthogonal counterparts (2000)."""
    values, vectors = np.linalg.eigh(matrices[:, :-1, :-1])
    roots = np.sqrt(np.clip(values, 0.0, None))
    turned = vectors.transpose(0, 2, 1)
    loadings = (vectors * roots[:, None]) @ turned
    inverse = (vectors * _invert(roots, floor=PIVOT**0.5)[:, None]) @ turned
    beta = inverse @ matrices[:, :-1, -1:]
    weights: Floats = (loadings**2 @ beta**2)[..., 0]
    return weights


def divide(moments: Floats, *, fixed: int, method: str) -> tuple[Floats, Floats]:
    """Divide R² over the drivers after the fixed columns have taken theirs.

    `moments` are weighted second moments of intercept, fixed columns, ratings and outcome, shape
    (batch, d, d). Returns importances and the fixed columns' R², NaN where the outcome is constant.
    """
    first = moments[:, 0, 1:]
    centred = moments[:, 1:, 1:] - first[:, :, None] * first[:, None] / moments[:, :1, :1]
    raw = np.diagonal(moments, axis1=1, axis2=2)[:, 1:]
    variance = np.diagonal(centred, axis1=1, axis2=2)
    constant = variance <= CONSTANT * raw
    centred = _scale(centred, np.where(constant, 0.0, variance))
    left = _sweep_out(centred, fixed)
    spread = np.diagonal(left, axis1=1, axis2=2).copy()
    spread[spread <= PIVOT] = 0.0
    spread[:, -1] = 1.0  # the outcome stays in units of its whole variance
    left = _scale(left, spread)
    importance = np.maximum(shapley(left) if method == "shapley" else johnson(left), 0.0)
    by_fixed = np.clip(1 - left[:, -1, -1], 0.0, 1.0) if fixed else np.zeros(len(left))
    flat = constant[:, -1]
    importance[flat], by_fixed[flat] = np.nan, np.nan
    return importance, by_fixed


def _scale(matrices: Floats, variances: Floats) -> Floats:
    factor = np.sqrt(_invert(variances, floor=0.0))
    scaled: Floats = matrices * factor[:, :, None] * factor[:, None]
    return scaled


def shares(importance: Floats) -> Floats:
    """Divide importances by their sum; NaN where nothing is explained."""
    total = importance.sum(axis=-1, keepdims=True)
    empty = np.full_like(importance, np.nan)
    divided: Floats = np.divide(importance, total, out=empty, where=total > 0)
    return divided


def ranks(values: Floats) -> Integers:
    """Return the rank of each value within its row, 1 the largest; ties keep the order given."""
    order = np.argsort(-values, axis=-1, kind="stable")
    return np.argsort(order, axis=-1, kind="stable") + 1


def _columns(sample: Sample) -> Floats:
    centre = np.average(sample.outcome, weights=sample.weights)
    return np.column_stack([sample.design, sample.outcome - centre])


def full_sample(sample: Sample, method: str) -> tuple[Floats, float]:
    """Return importances and the R² of the fixed columns in the sample."""
    table = _columns(sample)
    moments = (table * sample.weights[:, None]).T @ table
    importance, by_fixed = divide(moments[None], fixed=sample.fixed.shape[1], method=method)
    return importance[0], float(by_fixed[0])


def among_users(sample: Sample, method: str, importance: Floats) -> Floats:
    """Return each driver's importance refitted on its own users.

    NaN where they are no more than the model has columns, or all give one outcome.
    """
    table = _columns(sample)
    found = importance.copy()
    partial = np.flatnonzero(~sample.used.all(axis=0))
    fitted = [j for j in partial if sample.used[:, j].sum() > table.shape[1]]
    found[partial] = np.nan
    if fitted:
        moments = np.stack(
            [(table[u] * sample.weights[u, None]).T @ table[u] for u in sample.used[:, fitted].T]
        )
        refitted, _fixed = divide(moments, fixed=sample.fixed.shape[1], method=method)
        found[fitted] = refitted[np.arange(len(fitted)), fitted]
    return found


def bootstrap(
    sample: Sample, method: str, count: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Resample respondents (or customers); return shares, R² and users' means, a row a draw."""
    size, drivers = sample.design.shape[1] + 1, len(sample.names)
    upper = np.triu_indices(size)
    first = size - drivers - 1
    parts = [(np.empty((0, drivers)), np.empty(0), np.empty((0, drivers)))]
    products = _products(sample, upper) if count else np.empty((0, 0))
    for times in sample.resamples(rng, count):
        sums = times @ products
        moments = np.empty((len(times), size, size))
        moments[:, upper[0], upper[1]] = sums[:, :-drivers]
        moments[:, upper[1], upper[0]] = sums[:, :-drivers]
        importance, by_fixed = divide(moments, fixed=sample.fixed.shape[1], method=method)
        reached = sums[:, -drivers:]
        above = moments[:, 0, first:-1] * _invert(reached, floor=0.0)
        means = np.where(reached > 0, sample.means + above, np.nan)
        parts.append((shares(importance), by_fixed + importance.sum(axis=1), means))
    share, r_squared, performance = (np.concatenate(part) for part in zip(*parts, strict=True))
    return share, r_squared, performance


def _products(sample: Sample, upper: tuple[Integers, ...]) -> Floats:
    """Return each unit's weighted products of all pairs of columns, then its weight by use.

    A resample's moments are then one matrix product away.
    """
    table, drivers = _columns(sample), len(sample.names)
    products = np.empty((sample.n, len(upper[0]) + drivers))
    np.multiply(table[:, upper[0]], table[:, upper[1]], out=products[:, :-drivers])
    products[:, -drivers:] = sample.used
    products *= sample.weights[:, None]
    return sample.by_unit(products)


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
