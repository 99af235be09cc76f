"""Limits and rules of process charts, on arrays.

One chart a row, one period a column, NaN for a gap: the chart of a client and the thousands of
simulated stable ones run through the same lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import pi, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cxlib.words import mark as _

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

RULES = (_("outside"), _("trend"), _("two in three"), _("shift"))
"""In the order in which they give a point its direction, as NHSRplotthedots does."""

LEVEL = _("new level")
"""A shift of level: found where the two levels differ more than stable charts' do."""
SETTLED = 8
"""Points since a shift from which on they, not the earlier ones, say what is usual."""

XMR_FACTOR = 2.66
"""Limits per mean moving range: 3/1.128 (Wheeler 1993)."""
HALF_NORMAL = sqrt(2 / pi)
"""Mean of the absolute value of a standard normal: what a standardised moving range averages."""
SCREEN_FACTOR = 3.267
"""Upper limit of moving ranges (D4 for two): larger ones are screened out once."""
IN_A_ROW = 7
"""Points on one side, or rising or falling, that NHS England calls a special cause."""
OUTER_THIRD = 2 / 3
LEVEL_POINTS = 4
"""A shift is looked for from the fifth point on: a level rests on four points at least."""

_TOLERANCE = 1e-9
"""Of the largest value: what rounding in a mean may add; nothing smaller is a difference."""


class Limits(NamedTuple):
    """Centre and half width of the limits, with the moving ranges behind them."""

    centre: Values  # (charts, 1)
    half: Values  # (charts, periods)
    moving: Values  # (charts, periods); NaN where the period before has no value
    screened: Flags  # (charts, periods)


def limits(values: Values, noise: Values | None = None, *, screen: bool) -> Limits:
    """Set limits from moving ranges; `noise` is the sampling variance of each period's value."""
    moving = np.full_like(values, np.nan)
    moving[:, 1:] = np.abs(np.diff(values, axis=1))
    there = ~np.isnan(moving)
    if noise is None:
        size, pair = moving, None
    else:
        pair = np.r_[np.nan, noise[1:] + noise[:-1]]
        spread = np.sqrt(2 * _process(moving, pair, there) + pair)
        infinite = np.where(moving > 0, np.inf, moving)
        size = np.divide(moving, spread, out=infinite, where=spread > 0)
    mean = _mean(size, there)
    kept = there & ~(size > SCREEN_FACTOR * mean) if screen else there
    bare = ~(_mean(size, kept) > 0)  # screening would leave only zeros
    kept = np.where(bare, there, kept)
    if noise is None or pair is None:
        half = np.broadcast_to(XMR_FACTOR * _mean(moving, kept), values.shape)
        centre = _mean(values, ~np.isnan(values))
    else:
        spread = _process(moving, pair, kept) + noise
        half = np.where(kept.any(axis=1, keepdims=True), 3 * np.sqrt(spread), np.nan)
        weight = np.divide(1.0, spread, out=np.ones(spread.shape), where=spread > 0)
        centre = _mean(values, ~np.isnan(values), weight)
    return Limits(centre=centre, half=half, moving=moving, screened=there & ~kept)


def _mean(values: Values, kept: Flags, weight: Values | float = 1.0) -> Values:
    w = np.where(kept, weight, 0.0)
    total, n = (np.where(kept, values, 0.0) * w).sum(axis=1, keepdims=True), w.sum(1, keepdims=True)
    mean: Values = np.divide(total, n, out=np.full(total.shape, np.nan), where=n > 0)
    return mean


def _process(moving: Values, pair: Values, kept: Flags) -> Values:
    """Return tau² of each chart: where standardised moving ranges average as they should, else 0.

    Newton's method on 1/mean², which is concave in tau² and straight for equal noise: after the
    first step it climbs to the root and never passes it.
    """
    ranges, n = np.where(kept, moving, 0.0), np.maximum(kept.sum(axis=1, keepdims=True), 1)
    noise = np.where(kept, pair, 1.0)
    start = (ranges.sum(axis=1, keepdims=True) / n / HALF_NORMAL) ** 2 / 2
    tiny = 1e-12 * (start + noise.mean()) + 1e-300
    process = np.array(start)
    for _step in range(7):
        inner = 2 * process + noise + tiny
        sized = ranges / np.sqrt(inner)
        mean = sized.sum(axis=1, keepdims=True) / n
        slope = (sized / inner).sum(axis=1, keepdims=True) / n
        mean, slope = np.maximum(mean, 1e-150), np.maximum(slope, 1e-300)
        process = np.maximum(process - (mean - mean**3 / HALF_NORMAL**2) / (2 * slope), 0.0)
    return process


def level_shift(
    values: Values, limit: Limits, *, latest: int | None = None
) -> tuple[Values, NDArray[np.int64]]:
    """Return the largest standardised step between two levels, and the first point of the second.

    Levels are means weighted by the inverse of each point's variance, as the limits have it; the
    second one reaches to the last column and may be a single point, or `latest` at most.
    """
    there = ~np.isnan(values)
    variance = np.where(limit.half > 0, limit.half / 3, np.nan) ** 2
    weight = np.where(there, np.divide(1.0, variance), 0.0)
    weight = np.nan_to_num(weight)
    sums = np.cumsum(weight * np.where(there, values, 0.0), axis=1)
    weights = np.cumsum(weight, axis=1)
    points = np.cumsum(there, axis=1)
    before, rest = weights[:, :-1], weights[:, -1:] - weights[:, :-1]
    fits = (points[:, :-1] >= LEVEL_POINTS) & (rest > 0) & there[:, 1:]
    if latest is not None:
        fits &= points[:, -1:] - points[:, :-1] <= latest
    with np.errstate(divide="ignore", invalid="ignore"):
        step = (sums[:, -1:] - sums[:, :-1]) / rest - sums[:, :-1] / before
        size = np.where(fits, step / np.sqrt(1 / before + 1 / rest), 0.0)
    if not size.size:
        return np.zeros(len(values)), np.zeros(len(values), dtype=np.int64)
    at = np.abs(size).argmax(axis=1)
    return size[np.arange(len(size)), at], at + 1


class Signals(NamedTuple):
    """Which points each rule flags, in which direction, and how strong the latest signal is."""

    flags: Mapping[str, Flags]  # rule → (charts, periods)
    direction: Mapping[str, Values]  # rule → (charts, periods), +1 up, -1 down, 0 not flagged
    strength: Mapping[str, Values]  # rule → (charts,), of the last column; 0 not flagged
    step: Values  # (charts,): to another level within the last points; its size is a strength
    since: NDArray[np.int64]  # (charts,): the first point of that level


def signals(values: Values, limit: Limits, rules: tuple[str, ...]) -> Signals:
    """Apply the rules; a gap or a value on the centre line ends a run, as in NHSRplotthedots."""
    size = np.nanmax(np.abs(values), axis=1, keepdims=True) * _TOLERANCE
    gap = values - limit.centre
    side = np.where(np.abs(gap) > size, np.sign(np.nan_to_num(gap)), 0.0)
    outside = np.abs(gap) - limit.half > size
    outer = (np.abs(gap) - OUTER_THIRD * limit.half > size) & ~outside
    relative = np.divide(
        np.abs(gap), limit.half, out=np.full(gap.shape, np.inf), where=limit.half > 0
    )
    rising, falling = run_lengths(values, up=True), run_lengths(values, up=False)
    rises, falls = part_of_run(rising), part_of_run(falling)
    above, below = same_side(side, 1), same_side(side, -1)
    flags: dict[str, Flags] = {
        "outside": outside,
        "trend": rises | falls,
        "two in three": two_in_three(side, outer, outside),
        "shift": part_of_run(above) | part_of_run(below),
    }
    turned = rises & falls  # a peak or trough of two trends points to the later one
    trend = np.where(turned, np.where(falling == 1, -1.0, 1.0), rises * 1.0 - falls)
    direction = {
        rule: np.where(flags[rule], trend if rule == "trend" else side, 0) for rule in RULES
    }
    last = {
        "outside": relative[:, -1],
        "trend": np.maximum(rising, falling)[:, -1],
        "two in three": relative[:, -3:].sum(axis=1),
        "shift": np.maximum(above, below)[:, -1],
    }
    strength = {rule: np.where(flags[rule][:, -1], last[rule], 0.0) for rule in rules}
    step, at = level_shift(values, limit, latest=SETTLED - 1)
    return Signals(
        flags={rule: flags[rule] for rule in rules},
        direction={rule: direction[rule] for rule in rules},
        strength=strength | {LEVEL: np.abs(step)},
        step=step,
        since=at,
    )


def same_side(side: Values, sign: int) -> Values:
    """Return, per point, how many points in a row up to it lie on one side of the centre."""
    here = side == sign
    return _runs(here, here[:, 1:])


def run_lengths(values: Values, *, up: bool) -> Values:
    """Return, per point, how many points in a row up to it rise (or fall); 0 in a gap."""
    return _runs(~np.isnan(values), np.diff(values, axis=1) * (1 if up else -1) > 0)


def _runs(here: Flags, goes_on: Flags) -> Values:
    length: Values = here.astype(np.float64)
    for t in range(1, here.shape[1]):
        length[:, t] += np.where(goes_on[:, t - 1], length[:, t - 1], 0.0)
    return length


def part_of_run(length: Values) -> Flags:
    """Return which points belong to a run of `IN_A_ROW` points or more, the early ones included."""
    part = length >= IN_A_ROW
    for t in range(length.shape[1] - 2, -1, -1):
        goes_on = (length[:, t] > 0) & (length[:, t + 1] == length[:, t] + 1)
        part[:, t] |= part[:, t + 1] & goes_on
    return part


def two_in_three(side: Values, outer: Flags, outside: Flags) -> Flags:
    """Return the outer-third points of every three on one side with two of them, none outside."""
    flagged = np.zeros_like(outer)
    length = max(side.shape[1] - 2, 0)
    threes = [slice(start, start + length) for start in range(3)]
    a, b, c = (outer[:, three] for three in threes)
    found = ((a & b) | (b & c) | (a & c)) & (np.abs(sum(side[:, three] for three in threes)) == 3)
    for three in threes:
        found &= ~outside[:, three]
    for three in threes:
        flagged[:, three] |= found & outer[:, three]
    return flagged
