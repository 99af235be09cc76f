"""Analysis room: the limits and rules of process charts, on arrays.

Every function takes one chart a row, one period a column, NaN for a gap, so that the chart of a
client and the thousands of simulated stable ones run through the same lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxlib.words import mark as _

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

RULES = (_("outside"), _("trend"), _("two in three"), _("shift"))
"""In the order in which they give a point its direction, as NHSRplotthedots does."""

XMR_FACTOR = 2.66
"""Limits per mean moving range: 3/1.128 (Wheeler 1993)."""
D2 = 1.128
"""Mean range of two normal values, in standard deviations."""
SCREEN_FACTOR = 3.267
"""Upper limit of moving ranges (D4 for two): larger ones are screened out once."""
IN_A_ROW = 7
"""Points on one side, or rising or falling, that NHS England calls a special cause."""
OUTER_THIRD = 2 / 3

_TOLERANCE = 1e-9
"""Of the largest value: what rounding in a mean may add; nothing smaller is a difference."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Centre and half width of the limits, with the moving ranges behind them."""

    centre: Values  # (charts, 1)
    half: Values  # (charts, periods)
    moving: Values  # (charts, periods); NaN where the period before has no value
    screened: Flags  # (charts, periods)


def limits(values: Values, errors: Values | None = None, *, screen: bool) -> Limits:
    """Set limits from the values' own moving ranges, and from their standard errors where given.

    Parameters
    ----------
    values : array of shape (charts, periods)
        Gaps are NaN.
    errors : array of shape (periods,), optional
        Standard errors of the values: ``3 sqrt(tau2 + SE2)`` instead of ``2.66 mR``.
    screen : bool
        Leave moving ranges above 3.267 times their mean out, once, unless only zeros remain.
    """
    moving = np.full(values.shape, np.nan)
    moving[:, 1:] = np.abs(np.diff(values, axis=1))
    there = ~np.isnan(moving)
    mean = _mean(moving, there)
    kept = there & ~(moving > SCREEN_FACTOR * mean) if screen else there
    trimmed = _mean(moving, kept)
    bare = ~(trimmed > 0)
    mean, kept = np.where(bare, mean, trimmed), np.where(bare, there, kept)
    half = np.broadcast_to(XMR_FACTOR * mean, values.shape)
    if errors is not None:
        tau = np.maximum(0.0, (mean / D2) ** 2 - np.nanmean(errors**2))
        half = 3 * np.sqrt(tau + errors**2)
    centre = _mean(values, ~np.isnan(values))
    return Limits(centre=centre, half=half, moving=moving, screened=there & ~kept)


def _mean(values: Values, kept: Flags) -> Values:
    n = kept.sum(axis=1, keepdims=True)
    total = np.where(kept, values, 0.0).sum(axis=1, keepdims=True)
    mean: Values = np.divide(total, n, out=np.full(total.shape, np.nan), where=n > 0)
    return mean


@dataclass(frozen=True, kw_only=True)
class Signals:
    """Which points each rule flags, in which direction, and how strong the latest signal is."""

    flags: Mapping[str, Flags]  # rule → (charts, periods)
    direction: Mapping[str, Values]  # rule → (charts, periods), +1 up, -1 down, 0 not flagged
    strength: Mapping[str, Values]  # rule → (charts,), of the last column; 0 not flagged


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
    trend = part_of_run(rising) * 1.0 - part_of_run(falling)
    run = np.maximum(same_side(side, 1), same_side(side, -1))
    third = two_in_three(side, outer, outside)
    flags: dict[str, Flags] = {
        "outside": outside,
        "trend": part_of_run(rising) | part_of_run(falling),
        "two in three": third,
        "shift": part_of_run(same_side(side, 1)) | part_of_run(same_side(side, -1)),
    }
    turned = flags["trend"] & (trend == 0)  # a peak or trough of two trends points to the later one
    trend = np.where(turned, np.where(part_of_run(falling) & (falling == 1), -1.0, 1.0), trend)
    direction = {
        rule: np.where(flags[rule], trend if rule == "trend" else side, 0) for rule in RULES
    }
    last = {
        "outside": relative[:, -1],
        "trend": np.maximum(rising, falling)[:, -1],
        "two in three": relative[:, -3:].sum(axis=1),
        "shift": run[:, -1],
    }
    return Signals(
        flags={rule: flags[rule] for rule in rules},
        direction={rule: direction[rule] for rule in rules},
        strength={rule: np.where(flags[rule][:, -1], last[rule], 0.0) for rule in rules},
    )


def same_side(side: Values, sign: int) -> Values:
    """Return, per point, how many points in a row up to it lie on one side of the centre."""
    length = np.zeros(side.shape)
    for t in range(side.shape[1]):
        length[:, t] = np.where(side[:, t] == sign, (length[:, t - 1] if t else 0.0) + 1, 0.0)
    return length


def run_lengths(values: Values, *, up: bool) -> Values:
    """Return, per point, how many points in a row up to it rise (or fall); 0 in a gap."""
    length = np.where(np.isnan(values), 0.0, 1.0)
    steps = np.diff(values, axis=1) * (1 if up else -1)
    for t in range(1, values.shape[1]):
        length[:, t] += np.where(steps[:, t - 1] > 0, length[:, t - 1], 0.0)
    return length


def part_of_run(length: Values, *, needed: int = IN_A_ROW) -> Flags:
    """Return which points belong to a run of at least `needed` points, the early ones included."""
    part = length >= needed
    for t in range(length.shape[1] - 2, -1, -1):
        goes_on = (length[:, t] > 0) & (length[:, t + 1] == length[:, t] + 1)
        part[:, t] |= part[:, t + 1] & goes_on
    return part


def two_in_three(side: Values, outer: Flags, outside: Flags) -> Flags:
    """Return the outer-third points of every three on one side with two of them, none outside."""
    flagged = np.zeros(side.shape, dtype=bool)
    for t in range(2, side.shape[1]):
        three = slice(t - 2, t + 1)
        found = (
            (np.abs(side[:, three].sum(axis=1)) == 3)
            & (outer[:, three].sum(axis=1) >= 2)
            & ~outside[:, three].any(axis=1)
        )
        flagged[:, three] |= found[:, None] & outer[:, three]
    return flagged
