"""Parts of a scenario: groups of the outcome, what a segment reaches, shifts and averaged steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq

from cxlib.analysis._driver_columns import Array, Keyed, name_of, require_columns
from cxlib.analysis._driver_data import DriverData
from cxlib.analysis._inputs import row_of
from cxlib.analysis._options import number
from cxlib.analysis._shrink import random_effects
from cxlib.analysis.results import CARE_BASE
from cxlib.errors import DataError, nearest

KINDS = {
    "nps": ((-100.0, 0.0, 100.0), (6.0, 9.0), (0, 10)),
    "csat": ((0.0, 100.0), (4.0,), (1, 5)),
}
"""Values of the groups, the cut points between them, and the scale these suit."""

_CUT_HELP = {
    "nps": "the highest rating of a detractor and the lowest of a promoter, such as (6, 9)",
    "csat": "the lowest rating that counts as satisfied, such as (4,)",
}

EXACT_ORDERS = 10
"""Changes up to which steps are averaged over all orders (1,024 predictions); above it over
`SAMPLED_ORDERS` seeded pairs of an order and its reverse, which still add up exactly."""

SAMPLED_ORDERS = 100


def kind_and_cuts(
    outcome: str | Keyed, kind: str | None, cut_points: Sequence[float] | None
) -> tuple[str, Sequence[float] | None, tuple[float, float] | None]:
    """Return kind, cut points and scale as told, else as a metric declares them itself."""
    declared = getattr(outcome, "kind", None)
    chosen = kind or declared or "nps"
    if chosen not in KINDS:
        raise DataError(f"kind {chosen!r} is not predicted here{nearest(str(chosen), KINDS)}")
    scale = getattr(outcome, "scale", None)
    if declared != chosen or not scale or cut_points is not None:
        return chosen, cut_points, None
    if chosen == "csat":
        return chosen, (scale[1] - (getattr(outcome, "top", None) or 2) + 1,), scale
    return chosen, getattr(outcome, "cut_points", None), scale


def outcome_groups(
    sample: DriverData,
    kind: str,
    cut_points: Sequence[float] | None,
    scale: tuple[float, float] | None,
    index: pd.Index,
) -> tuple[NDArray[np.intp], Array]:
    """Sort the outcome into groups; return each row's group and the groups' values.

    A group that nobody is in is left out: it has no probability to model.
    """
    values, cuts, usual = KINDS[kind]
    low, high = scale or usual
    name, scores = sample.outcome_name, sample.outcome
    if cut_points is None or scale:
        stray = np.flatnonzero((scores < low) | (scores > high) | (scores % 1 != 0))
        if len(stray):
            raise DataError(
                f"{name!r} holds {scores[stray[0]]:g} (row {row_of(index, sample.rows[stray[0]])}, "
                f"{len(stray)} such), off the scale {low:g}-{high:g} of {kind}; give cut_points "
                "for another scale."
            )
    if cut_points is not None:
        cuts = tuple(number(cut, "a cut point") for cut in cut_points)
        if len(cuts) != len(values) - 1 or not all(np.diff(cuts) > 0):
            raise DataError(f"cut_points {cut_points!r}: give {_CUT_HELP[kind]}.")
    groups = (scores >= cuts[-1]).astype(np.intp)
    if kind == "nps":
        groups += scores > cuts[0]
    present, numbered = np.unique(groups, return_inverse=True)
    if len(present) < 2:
        raise DataError(f"all {sample.n} answers to {name!r} fall into one group of {kind}.")
    return numbered.astype(np.intp), np.array(values)[present]


@dataclass(frozen=True)
class Reach:
    """The distinct ratings of one driver's users, and how far they can move."""

    ratings: Array
    masses: Array
    places: NDArray[np.intp]
    low: float
    high: float

    @property
    def mean(self) -> float:
        """What its users give it now."""
        return float(self.masses @ self.ratings / self.masses.sum())

    def moved(self, target: float) -> Array:
        """Return each user's change when all move by one amount, within the scale, to `target`."""

        def miss(amount: float) -> float:
            shifted = np.clip(self.ratings + amount, self.low, self.high)
            return float(self.masses @ shifted / self.masses.sum()) - target

        width = self.high - self.low
        if miss(width) <= 0:
            amount = width
        elif miss(-width) >= 0:
            amount = -width
        else:
            amount = float(brentq(miss, -width, width, xtol=1e-12))
        change: Array = np.clip(self.ratings + amount, self.low, self.high) - self.ratings
        return change[self.places]


def reaches(
    sample: DriverData, drivers: Sequence[str | Keyed], scale: tuple[float, float] | None
) -> tuple[Reach, ...]:
    """Return how far each driver's ratings can move: on its scale, else within what was given."""
    if scale is not None:
        scale = check_range(scale)
    declared = [drivers] if isinstance(drivers, str) else list(drivers)
    found = []
    for j, name in enumerate(sample.names):
        used = sample.used[:, j]
        ratings = np.round(sample.ratings[used, j] + sample.means[j], 12)
        low, high = scale or getattr(declared[j], "scale", None) or (ratings.min(), ratings.max())
        if ratings.min() < low or ratings.max() > high:
            stray = ratings.min() if ratings.min() < low else ratings.max()
            raise DataError(f"{name!r} holds {stray:g}, off its scale {low:g}-{high:g}.")
        distinct, places = np.unique(ratings, return_inverse=True)
        masses = np.asarray(np.bincount(places, sample.weights[used]), dtype=np.float64)
        found.append(Reach(distinct, masses, places, float(low), float(high)))
    return tuple(found)


def check_range(scale: Sequence[float]) -> tuple[float, float]:
    """Return the lowest and the highest rating, in this order."""
    ends = tuple(scale) if isinstance(scale, (tuple, list)) else ()
    if len(ends) != 2 or not number(ends[0], "scale") < number(ends[1], "scale"):
        raise DataError(f"scale is {scale!r}; give the lowest and the highest rating, as (1, 5).")
    return float(ends[0]), float(ends[1])


def segment_caps(data: pd.DataFrame, sample: DriverData, segments: Sequence[str | Keyed]) -> Array:
    """Return the mean rating of each driver's best segment, shrunken towards the whole.

    Levels with fewer than 30 users are not looked at. Each level's mean is drawn towards the
    whole by τ²/(τ² + SE²), τ² being the variance between the levels of one segment beyond their
    sampling errors, and SE from the variance within levels, pooled: the best of several raw means
    is best partly by luck [1]_.

    Returns
    -------
    numpy.ndarray, shape (p,)
        NaN where no segment has two such levels; never below the present mean.

    References
    ----------
    .. [1] Efron, B., Morris, C. (1975). Data analysis using Stein's estimator. JASA 70, 311-319.
    """
    columns = [name_of(segment) for segment in segments]
    require_columns(data, columns)
    caps = np.full(len(sample.names), np.nan)
    for column in columns:
        codes = pd.factorize(data[column].iloc[sample.rows])[0]
        for j in range(len(sample.names)):
            best = _best_level(sample, j, codes)
            caps[j] = np.fmax(caps[j], best)
    return np.where(np.isnan(caps), np.nan, np.maximum(caps, sample.means))


def _best_level(sample: DriverData, j: int, codes: NDArray[np.intp]) -> float:
    known = sample.used[:, j] & (codes >= 0)
    levels, mass, x = codes[known], sample.weights[known], sample.ratings[known, j]
    size = np.bincount(levels)
    total = np.bincount(levels, mass)
    means = np.bincount(levels, mass * x) / np.where(total > 0, total, 1)
    squares = np.bincount(levels, mass * (x - means[levels]) ** 2)
    large = size >= CARE_BASE
    if large.sum() < 2:
        return np.nan
    within = squares[large].sum() / total[large].sum()
    effective = total[large] ** 2 / np.bincount(levels, mass**2)[large]
    error = within / effective
    if not within:
        return float(sample.means[j] + means[large].max())
    between = random_effects(means[large], np.sqrt(error))[1]
    return float(sample.means[j] + (between / (between + error) * means[large]).max())


def order_weights(count: int, rng: np.random.Generator) -> dict[int, Array]:
    """Return how the prediction under each subset of changes enters each change's step.

    Returns
    -------
    dict of int to numpy.ndarray, shape (count,)
        Keys are subsets as bits. The steps so weighted are gains averaged over orders.
    """
    bits = np.arange(count)
    if count <= EXACT_ORDERS:
        whole = factorial(count)
        gain = [factorial(s) * factorial(count - s - 1) / whole for s in range(count)] + [0.0]
        found = {}
        for subset in range(2**count):
            inside = (subset >> bits) & 1 == 1
            size = int(inside.sum())
            found[subset] = np.where(inside, gain[size - 1], -gain[size])
        return found
    weights: dict[int, Array] = {}
    half = [rng.permutation(count) for _ in range(SAMPLED_ORDERS)]
    for order in (*half, *(order[::-1] for order in half)):
        subset = 0
        for driver in order.tolist():
            for bit, sign in ((subset, -1.0), (subset | 1 << driver, 1.0)):
                entry = weights.setdefault(bit, np.zeros(count))
                entry[driver] += sign / (2 * SAMPLED_ORDERS)
            subset |= 1 << driver
    return weights
