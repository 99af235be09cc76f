"""Shares of R² from covariance matrices: exact Shapley by sweep-and-double, Johnson's weights."""

from __future__ import annotations

from math import factorial

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PIVOT = 1e-10
"""A driver with less than this share of its variance left after the others adds nothing: beyond
it the sweep would divide rounding errors (double precision keeps about 16 digits)."""

CHUNK = 2**17
"""Matrices worked on at once: 1 MB of results, about what a processor's cache holds."""


def invert(values: Array, *, floor: float = PIVOT) -> Array:
    """Return 1/value, and 0 where a value is not above `floor`."""
    return np.divide(1.0, values, out=np.zeros_like(values), where=values > floor)


def sweep_out(matrices: Array, count: int) -> Array:
    """Take the first `count` variables out of covariance matrices.

    Parameters
    ----------
    matrices : numpy.ndarray, shape (batch, d, d)
        Covariance or correlation matrices.
    count : int
        How many leading variables to regress all others on.

    Returns
    -------
    numpy.ndarray, shape (batch, d - count, d - count)
        What is left of the other variables' covariance.
    """
    for _ in range(count):
        pivot = invert(matrices[:, 0, 0])[:, None, None]
        row = matrices[:, :1, 1:]
        matrices = matrices[:, 1:, 1:] - row.transpose(0, 2, 1) * row * pivot
    return matrices


def residual_variances(matrices: Array) -> Array:
    """Variance of the last variable left by every subset of the others.

    The matrices lie on the last axis. Each step takes one variable off: the stack doubles into
    the matrices without it and the matrices swept on it, while their order falls by one, so all
    2^p subsets cost a few passes over the final vector [1]_.

    Parameters
    ----------
    matrices : numpy.ndarray, shape (p + 1, p + 1, batch)
        Covariances with the outcome last; drivers scaled to variance 1.

    Returns
    -------
    numpy.ndarray, shape (2 ** p, batch)
        Row s is the subset whose drivers are the bits of s.

    References
    ----------
    .. [1] Goodnight, J. H. (1979). A tutorial on the SWEEP operator. Am. Stat. 33, 149-158.
    """
    batch = matrices.shape[2]
    stack = matrices
    while len(stack) > 1:
        order, size = len(stack) - 1, stack.shape[2]
        pivot, row, rest = stack[0, 0], stack[0, 1:], stack[1:, 1:]
        scaled = row * invert(pivot)
        doubled = np.empty((order, order, 2, size))
        for i in range(order):  # only the upper triangle is ever read
            doubled[i, i:, 0] = rest[i, i:]
            swept = doubled[i, i:, 1]
            np.multiply(scaled[i], row[i:], out=swept)
            np.subtract(rest[i, i:], swept, out=swept)
        stack = doubled.reshape(order, order, 2 * size)
    return stack.reshape(-1, batch)


def shapley(matrices: Array) -> Array:
    """Shapley (LMG) shares: each driver's gain in explained variance averaged over all orders.

    Parameters
    ----------
    matrices : numpy.ndarray, shape (batch, p + 1, p + 1)
        Covariances with the outcome last; drivers scaled to variance 1.

    Returns
    -------
    numpy.ndarray, shape (batch, p)
        In units of the outcome's variance; a row sums to what all drivers explain.

    References
    ----------
    .. [1] Lindeman, Merenda, Gold (1980). Introduction to Bivariate and Multivariate Analysis.
    .. [2] Grömping, U. (2007). Estimators of relative importance. Am. Stat. 61, 139-147.
    """
    drivers = matrices.shape[1] - 1
    step = max(1, CHUNK >> drivers)
    parts = [
        _average_gains(residual_variances(np.moveaxis(matrices[i : i + step], 0, -1).copy()))
        for i in range(0, len(matrices), step)
    ]
    return np.concatenate(parts)


def _average_gains(residual: Array) -> Array:
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


def johnson(matrices: Array) -> Array:
    """Johnson's relative weights, by the drivers' nearest orthogonal counterparts.

    Parameters
    ----------
    matrices : numpy.ndarray, shape (batch, p + 1, p + 1)
        Covariances with the outcome last; drivers scaled to variance 1.

    Returns
    -------
    numpy.ndarray, shape (batch, p)
        In units of the outcome's variance; a row sums to what all drivers explain.

    References
    ----------
    .. [1] Johnson, J. W. (2000). A heuristic method for estimating the relative weight of
       predictor variables. Multivariate Behavioral Research 35, 1-19.
    """
    values, vectors = np.linalg.eigh(matrices[:, :-1, :-1])
    roots = np.sqrt(np.clip(values, 0.0, None))
    turned = vectors.transpose(0, 2, 1)
    loadings = (vectors * roots[:, None]) @ turned
    inverse = (vectors * invert(roots, floor=PIVOT**0.5)[:, None]) @ turned
    beta = inverse @ matrices[:, :-1, -1:]
    weights: Array = (loadings**2 @ beta**2)[..., 0]
    return weights
