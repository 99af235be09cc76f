"""What a scenario rests on: groups of the outcome, how far ratings can move, averaged steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import factorial

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from cxlib.analysis.drivers.sample import Sample
from cxlib.analysis.metrics import Question, number, one_of
from cxlib.analysis.results import CARE_BASE
from cxlib.analysis.shrinkage import random_effects
from cxlib.analysis.validate import Floats, Integers, column, refuse
from cxlib.errors import DataError

EXACT_ORDERS = 10
"""Changes up to which steps are averaged over all orders (1,024 predictions); above it over
`SAMPLED_ORDERS` seeded pairs of an order and its reverse, which still add up exactly."""

SAMPLED_ORDERS = 100

KINDS = {
    "nps": ((-100.0, 0.0, 100.0), (6.0, 9.0), (0, 10)),
    "csat": ((0.0, 100.0), (4.0,), (1, 5)),
    "share": ((0.0, 100.0), (1.0,), (0, 1)),
}
"""Values of the groups, the cut points between them, and the scale these suit."""

_CUT_HELP = {
    "nps": "the highest rating of a detractor and the lowest of a promoter, such as (6, 9)",
    "csat": "the lowest rating that counts as satisfied, such as (4,)",
    "share": "the lowest answer that counts, such as (1,)",
}


def groups(
    sample: Sample,
    outcome: Question,
    kind: str | None,
    cut_points: Sequence[float] | None,
    index: pd.Index,
) -> tuple[str, Integers, Floats]:
    """Sort the outcome into groups: their kind, each row's group, the groups' values.

    A group that nobody is in is left out: it has no probability to model.
    """
    declared, name, scores = getattr(outcome, "kind", None), sample.outcome_name, sample.outcome
    chosen = kind or declared or ("share" if sample.binary and cut_points is None else "nps")
    one_of(chosen, KINDS, f"kind {chosen!r} is not predicted here")
    values, cuts, scale = KINDS[chosen]
    own = getattr(outcome, "scale", None) if declared == chosen else None
    if own and cut_points is None:
        scale, top = own, getattr(outcome, "top", None) or 2
        cuts = (own[1] - top + 1,) if chosen == "csat" else getattr(outcome, "cut_points", cuts)
    if cut_points is not None:
        cuts = tuple(number(cut, "a cut point") for cut in cut_points)
        if len(cuts) != len(values) - 1 or not all(np.diff(cuts) > 0):
            raise DataError(f"cut_points {cut_points!r}: give {_CUT_HELP[chosen]}.")
    else:
        stray = (scores < scale[0]) | (scores > scale[1]) | (scores % 1 != 0)
        told = f", off the scale {scale[0]:g}-{scale[1]:g} of {chosen}; give cut_points for another"
        refuse(pd.Series(scores, index[sample.rows], name=name), stray, f"{told} scale.")
    if own and "lower" in (getattr(outcome, "best", ""), getattr(outcome, "direction", "")):
        scores = sum(own) - scores  # the best answers are the lowest
    groups = (scores >= cuts[-1]).astype(np.intp)
    if chosen == "nps":
        groups += scores > cuts[0]
    present, numbered = np.unique(groups, return_inverse=True)
    if len(present) < 2:
        raise DataError(f"all {sample.n} answers to {name!r} fall into one group of {chosen}.")
    return chosen, numbered.astype(np.intp), np.array(values)[present]


def limits(
    sample: Sample, declared: Mapping[str, object], scale: tuple[float, float] | None
) -> Floats:
    """Return the lowest and the highest rating of each driver, as told, declared or given."""
    if scale is not None:
        ends = tuple(scale) if isinstance(scale, (tuple, list)) else ()
        if len(ends) != 2 or not number(ends[0], "scale") < number(ends[1], "scale"):
            raise DataError(f"scale is {scale!r}; give the lowest and the highest, as (1, 5).")
    found = []
    for j, name in enumerate(sample.names):
        ratings = np.round(sample.ratings[sample.used[:, j], j] + sample.means[j], 12)
        low, high = (
            scale or getattr(declared[name], "scale", None) or (ratings.min(), ratings.max())
        )
        if ratings.min() < low or ratings.max() > high:
            stray = ratings.min() if ratings.min() < low else ratings.max()
            raise DataError(f"{name!r} holds {stray:g}, off its scale {low:g}-{high:g}.")
        found.append((float(low), float(high)))
    return np.array(found)


def moved(ratings: Floats, weights: Floats, target: float, low: float, high: float) -> Floats:
    """Return each user's change when all move by one amount, within the scale, to `target`."""
    distinct, places = np.unique(np.round(ratings, 12), return_inverse=True)
    masses = np.bincount(places, weights) / weights.sum()

    def miss(amount: float) -> float:
        return float(masses @ np.clip(distinct + amount, low, high)) - target

    width = high - low
    if miss(width) <= 0:
        amount = width
    elif miss(-width) >= 0:
        amount = -width
    else:
        amount = float(brentq(miss, -width, width, xtol=1e-12))
    change: Floats = (np.clip(distinct + amount, low, high) - distinct)[places]
    return change


def caps(data: pd.DataFrame, sample: Sample, segments: Sequence[str]) -> Floats:
    """Return the mean rating of each driver's best segment, shrunken towards the whole.

    Levels with fewer than 30 users are not looked at. Each level's mean is drawn towards the
    whole by τ²/(τ² + SE²), τ² being the variance between the levels of one segment beyond their
    sampling errors, and SE from the variance within levels, pooled: the best of several raw means
    is best partly by luck (Efron, Morris 1975, JASA 70). NaN where no segment has two such levels;
    never below the present.
    """
    caps = np.full(len(sample.names), np.nan)
    for name in segments:
        codes = pd.factorize(column(data, name).iloc[sample.rows])[0]
        best = [_best_level(sample, j, codes) for j in range(len(caps))]
        caps = np.fmax(caps, best)
    return np.where(np.isnan(caps), np.nan, np.maximum(caps, sample.means))


def _best_level(sample: Sample, j: int, codes: Integers) -> float:
    known = sample.used[:, j] & (codes >= 0)
    levels, mass, x = codes[known], sample.weights[known], sample.ratings[known, j]
    total = np.bincount(levels, mass)
    means = np.bincount(levels, mass * x) / np.where(total > 0, total, 1)
    squares = np.bincount(levels, mass * (x - means[levels]) ** 2)
    large = np.bincount(levels) >= CARE_BASE
    if large.sum() < 2:
        return np.nan
    within = squares[large].sum() / total[large].sum()
    if not within:
        return float(sample.means[j] + means[large].max())
    error = within * np.bincount(levels, mass**2)[large] / total[large] ** 2
    between = random_effects(means[large], np.sqrt(error))[1]
    return float(sample.means[j] + (between / (between + error) * means[large]).max())


def order_weights(count: int, rng: np.random.Generator) -> dict[int, Floats]:
    """Return by subset (as bits) how its prediction enters each change's step.

    The steps so weighted are gains averaged over orders.
    """
    bits = np.arange(count)
    weights: dict[int, Floats] = {}
    if count <= EXACT_ORDERS:
        whole = factorial(count)
        gain = [factorial(s) * factorial(count - s - 1) / whole for s in range(count)] + [0.0]
        for subset in range(2**count):
            inside = (subset >> bits) & 1 == 1
            size = int(inside.sum())
            weights[subset] = np.where(inside, gain[size - 1], -gain[size])
        return weights
    half = [rng.permutation(count) for _ in range(SAMPLED_ORDERS)]
    for order in (*half, *(order[::-1] for order in half)):
        subset = 0
        for driver in order.tolist():
            for bit, sign in ((subset, -1.0), (subset | 1 << driver, 1.0)):
                entry = weights.setdefault(bit, np.zeros(count))
                entry[driver] += sign / (2 * SAMPLED_ORDERS)
            subset |= 1 << driver
    return weights
