"""How R² divides: over usage, each driver and the unexplained; in the sample and in resamples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxlib.analysis import _sweep
from cxlib.analysis._driver_columns import Array
from cxlib.analysis._driver_data import DriverData

CONSTANT = 1e-12
"""A column whose variance is less than this share of its mean square is constant to rounding."""


@dataclass(frozen=True, kw_only=True)
class Draws:
    """Respondents (or customers) resampled with replacement, one row a draw."""

    share: Array
    r_squared: Array
    performance: Array

    @property
    def ranks(self) -> Array:
        """Rank of each driver in each draw, 1 the most important."""
        order = np.argsort(-self.share, axis=1, kind="stable")
        ranks = np.empty(order.shape)
        places = np.broadcast_to(np.arange(1.0, order.shape[1] + 1), order.shape)
        np.put_along_axis(ranks, order, places, axis=1)
        return ranks


def divide(moments: Array, *, unused: int, method: str) -> tuple[Array, Array]:
    """Divide R² over the drivers after the usage indicators have taken theirs.

    Parameters
    ----------
    moments : numpy.ndarray, shape (batch, d, d)
        Weighted second moments of intercept, usage indicators, ratings, outcome, in this order.
    unused : int
        How many usage indicators there are.
    method : {"shapley", "johnson"}
        How what they leave is shared.

    Returns
    -------
    (numpy.ndarray of shape (batch, p), numpy.ndarray of shape (batch,))
        Importances and the R² of usage, NaN where the outcome does not vary.
    """
    first = moments[:, 0, 1:]
    centred = moments[:, 1:, 1:] - first[:, :, None] * first[:, None] / moments[:, :1, :1]
    raw = np.diagonal(moments, axis1=1, axis2=2)[:, 1:]
    variance = np.diagonal(centred, axis1=1, axis2=2)
    constant = variance <= CONSTANT * raw
    centred = _scale(centred, np.where(constant, 0.0, variance))
    left = _sweep.sweep_out(centred, unused)
    spread = np.diagonal(left, axis1=1, axis2=2).copy()
    spread[spread <= _sweep.PIVOT] = 0.0
    spread[:, -1] = 1.0  # the outcome stays in units of its whole variance
    left = _scale(left, spread)
    share_out = _sweep.shapley if method == "shapley" else _sweep.johnson
    importance = np.maximum(share_out(left), 0.0)
    by_use = np.clip(1 - left[:, -1, -1], 0.0, 1.0) if unused else np.zeros(len(left))
    flat = constant[:, -1]
    importance[flat], by_use[flat] = np.nan, np.nan
    return importance, by_use


def _scale(matrices: Array, variances: Array) -> Array:
    factor = np.sqrt(_sweep.invert(variances, floor=0.0))
    scaled: Array = matrices * factor[:, :, None] * factor[:, None]
    return scaled


def shares(importance: Array) -> Array:
    """Divide importances by their sum; NaN where nothing is explained."""
    total = importance.sum(axis=-1, keepdims=True)
    empty = np.full_like(importance, np.nan)
    divided: Array = np.divide(importance, total, out=empty, where=total > 0)
    return divided


def columns(data: DriverData) -> Array:
    """Return intercept, usage indicators, ratings, centred outcome: what the moments are of."""
    centre = np.average(data.outcome, weights=data.weights)
    return np.column_stack([data.design, data.outcome - centre])


def full_sample(data: DriverData, method: str) -> tuple[Array, float]:
    """Return importances and the R² of usage in the sample."""
    table = columns(data)
    moments = (table * data.weights[:, None]).T @ table
    importance, by_use = divide(moments[None], unused=data.unused.shape[1], method=method)
    return importance[0], float(by_use[0])


def among_users(data: DriverData, method: str, importance: Array) -> Array:
    """Return each driver's importance refitted on its own users.

    NaN where they are no more than the model has columns, or all give one outcome.
    """
    table = columns(data)
    found = importance.copy()
    partial = np.flatnonzero(~data.used.all(axis=0))
    fitted = [j for j in partial if data.used[:, j].sum() > table.shape[1]]
    found[partial] = np.nan
    if fitted:
        moments = np.stack(
            [(table[u] * data.weights[u, None]).T @ table[u] for u in data.used[:, fitted].T]
        )
        refitted, _by_use = divide(moments, unused=data.unused.shape[1], method=method)
        found[fitted] = refitted[np.arange(len(fitted)), fitted]
    return found


def bootstrap(data: DriverData, method: str, count: int, rng: np.random.Generator) -> Draws:
    """Resample respondents, or whole customers where they repeat, and divide R² anew each time."""
    size, drivers = columns(data).shape[1], len(data.names)
    upper = np.triu_indices(size)
    products = _products(data, upper) if count else np.empty((0, 0))
    first_rating = size - drivers - 1
    parts = [(np.empty((0, drivers)), np.empty(0), np.empty((0, drivers)))]
    for times in data.resamples(rng, count):
        sums = times @ products
        moments = np.empty((len(times), size, size))
        moments[:, upper[0], upper[1]] = sums[:, :-drivers]
        moments[:, upper[1], upper[0]] = sums[:, :-drivers]
        importance, by_use = divide(moments, unused=data.unused.shape[1], method=method)
        reached = sums[:, -drivers:]
        above = moments[:, 0, first_rating:-1] * _sweep.invert(reached, floor=0.0)
        means = np.where(reached > 0, data.means + above, np.nan)
        parts.append((shares(importance), by_use + importance.sum(axis=1), means))
    share, r_squared, performance = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Draws(share=share, r_squared=r_squared, performance=performance)


def _products(data: DriverData, upper: tuple[NDArray[np.intp], ...]) -> Array:
    """Return each unit's weighted products of all pairs of columns, then its weight by use.

    A resample's moments are then one matrix product away.
    """
    table, drivers = columns(data), len(data.names)
    products = np.empty((data.n, len(upper[0]) + drivers))
    np.multiply(table[:, upper[0]], table[:, upper[1]], out=products[:, :-drivers])
    products[:, -drivers:] = data.used
    products *= data.weights[:, None]
    return data.by_unit(products)
