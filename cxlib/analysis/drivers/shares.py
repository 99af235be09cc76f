"""How R² divides: exact Shapley shares by sweep-and-double, Johnson's weights, and resamples.

Own code, since no package gives LMG shares of a thousand resamples in less than minutes.
"""

from __future__ import annotations

from math import factorial

import numpy as np

from cxlib.analysis.drivers.sample import Sample
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
