"""How stable process charts behave, simulated, and a chart's segments judged against them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import ceil, isnan, nan, sqrt
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis.trends.rules import (
    LEVEL,
    LEVEL_POINTS,
    SETTLED,
    Limits,
    Values,
    level_shift,
    limits,
    signals,
)  # fmt: skip
from cxlib.analysis.trends.series import Series, without_season
from cxlib.words import mark as _

SIMULATED = 10_000
SEED = 20_260_901
MARGIN_Z = 2.0
"""Standard errors of the simulated count that are added to a p-value."""
CARRY_STEP, MOST_CARRY = 0.1, 0.9
SKEW_STEP, MOST_SKEW = 0.5, 2.0
SKEW_MARGIN = 1.5
"""A skewness of few points is biased towards none; with this factor the promise of
`early_warnings` holds for exponential noise from 24 points and for half its skew from 8."""
FEWEST = 5
"""Fewer points show neither carry-over nor skewness."""


@dataclass(frozen=True, kw_only=True)
class Stable:
    """What stable charts of one shape do: how often they raise a flag, and how strong it is."""

    any_flag: float
    latest_flag: float
    strengths: Mapping[str, Values]  # rule → sorted strengths of the last point
    smallest: Values  # sorted smallest p-values over the rules; 1 where nothing is flagged
    steps: Values  # sorted: the largest step between two levels, wherever it lies

    def p_values(self, strength: Mapping[str, float]) -> dict[str, float]:
        """Return each rule's own p-value of an observed last point; 1 where it is not flagged."""
        return {
            rule: float(_tail(self.strengths[rule], np.array(value))) if value > 0 else 1.0
            for rule, value in strength.items()
        }

    def p_value(self, strength: Mapping[str, float]) -> float:
        """Return how often a stable chart's last point gives as strong a signal by any rule.

        The upper end of what the simulation leaves open, so that its own noise breaks no promise.
        """
        best = min(self.p_values(strength).values(), default=1.0)
        if best >= 1:
            return 1.0
        as_strong = np.searchsorted(self.smallest, best * (1 + 1e-12), side="right")
        return float(_upper(np.array(as_strong), self.smallest.size))

    def shift_chance(self, step: float) -> float:
        """Return how often a stable chart shows as large a step between two levels."""
        return float(_tail(self.steps, np.array(step))) if step > 0 else 1.0

    def false_alarm(self, level: float) -> float:
        """Return how often a stable chart's last point falls at or below a p-value of `level`."""
        n = self.smallest.size
        counts = np.searchsorted(self.smallest, self.smallest, side="right")
        return float(((_upper(counts, n) <= level) & (self.smallest < 1)).mean())


def _upper(count: Any, n: int) -> Values:
    found: Values = (1 + count + MARGIN_Z * np.sqrt(1 + count)) / (1 + n)
    return found


def _tail(ordered: Values, value: Values) -> Values:
    stronger = ordered.size - np.searchsorted(ordered, value * (1 - 1e-12), side="left")
    found: Values = (1 + stronger) / (1 + ordered.size)
    return found


@lru_cache(maxsize=64)
def _simulated(
    measured: tuple[bool, ...],
    noise: tuple[float, ...] | None,
    process: float,
    character: tuple[float, float],
    season: tuple[tuple[float, ...], ...] | None,
    screen: bool,
    rules: tuple[str, ...],
    draws: int,
) -> Stable:
    (carry, skew), n = character, len(measured)
    generator = np.random.default_rng(SEED)
    if skew:
        shape = 4 / skew**2
        z = np.sign(skew) * (generator.gamma(shape, size=(draws, n)) - shape) / sqrt(shape)
    else:
        z = generator.standard_normal((draws, n))
    for t in range(1, n):
        z[:, t] = carry * z[:, t - 1] + sqrt(1 - carry**2) * z[:, t]
    known = None if noise is None else np.where(measured, noise, np.nan)
    spread = np.ones(n) if known is None else np.sqrt((process + known) / (1 - carry))
    values = np.where(measured, z * spread, np.nan)
    if season is not None:
        values = values - np.nan_to_num(values[:, :-1]) @ np.array(season)
    values = np.asfortranarray(values)  # rules go along the periods of all charts at once
    limit = limits(values, known, screen=screen)
    found = signals(values, limit, rules)
    flags = np.any(list(found.flags.values()), axis=0)
    smallest = np.ones(draws)
    ordered = {rule: np.sort(strength) for rule, strength in found.strength.items()}
    for rule, strength in found.strength.items():
        p = np.where(strength > 0, _tail(ordered[rule], strength), 1.0)
        smallest = np.minimum(smallest, p)
    step, _at = level_shift(values, limit)
    return Stable(
        any_flag=float(flags.any(axis=1).mean()),
        latest_flag=float(flags[:, -1].mean()),
        strengths=ordered,
        smallest=np.sort(smallest),
        steps=np.sort(np.abs(step)),
    )


def stable_like(
    values: Values,
    noise: Values | None,
    *,
    season: Values | None = None,
    plain: bool = False,
    screen: bool,
    rules: tuple[str, ...],
) -> tuple[Stable, float]:
    """Return how stable charts of the same shape behave, and the carry-over they were given.

    The shape is points, gaps, sampling noise, and, unless `plain`, the chart's own lag-1
    correlation and skewness; `season` maps the points before the last to what was taken off every
    point, as it was here. Gaps after the latest value play no part.
    """
    there = ~np.isnan(values)
    end = int(np.flatnonzero(there)[-1]) + 1
    row = values[None, :end]
    known = None if noise is None else noise[:end]
    limit = limits(row, known, screen=screen)
    character = (0.0, 0.0) if plain else _character(row, limit)
    process = 1.0
    if known is not None:
        process = max(float((limit.half[0, -1] / 3) ** 2 - known[-1]), 0.0)
        process = 0.0 if np.isnan(process) else process
    stable = _simulated(
        tuple(there[:end].tolist()),
        None if known is None else tuple(np.where(there[:end], known, 0.0).tolist()),
        process,
        character,
        None if season is None else tuple(map(tuple, season.tolist())),
        screen,
        rules,
        SIMULATED,
    )
    return stable, character[0]


def _character(row: Values, limit: Limits) -> tuple[float, float]:
    """Return a chart's lag-1 correlation and skewness, on grids so that like charts share.

    A shift raises the correlation and an outlier the skewness, although neither is carry-over or
    skew: the correlation is the mean of that about one level and that about two, less the bias of
    few points; the skewness is about two levels, without the latest point, and rounded outward.
    """
    x = row[0]
    there = ~np.isnan(x)
    n = int(there.sum())
    if n < FEWEST:
        return 0.0, 0.0
    _step, at = level_shift(row, limit, latest=SETTLED - 1)
    one = x - np.nanmean(x)
    two = np.array(one)
    for part in (slice(None, int(at[0])), slice(int(at[0]), None)):
        if there[part].any():
            two[part] -= np.nanmean(two[part])
    r = (autocorrelation(one) + autocorrelation(two)) / 2
    carry = r + (1 + 3 * max(r, 0.0)) / n
    steps = ceil(round(min(max(carry, 0.0), MOST_CARRY) / CARRY_STEP, 6))
    before = two[there][:-1] - two[there][:-1].mean()
    deviation = before.std()
    if deviation <= 1e-9 * np.abs(x[there]).max():
        return round(steps * CARRY_STEP, 2), 0.0
    m = len(before)
    skew = SKEW_MARGIN * (before**3).mean() / deviation**3 * sqrt(m * (m - 1)) / (m - 2)
    size = min(ceil(max(abs(skew) - SKEW_STEP / 2, 0.0) / SKEW_STEP) * SKEW_STEP, MOST_SKEW)
    return round(steps * CARRY_STEP, 2), float(np.sign(skew) * size)


def autocorrelation(gap: Values) -> float:
    """Return the lag-1 autocorrelation of deviations from a centre; gaps break pairs."""
    total = float(np.nansum(gap**2))
    return float(np.nansum(gap[1:] * gap[:-1])) / total if total > 0 else 0.0


SHIFT_CHANCE = 0.01
"""A stable chart is divided into two levels at most this often."""


def segments(
    series: Series, declared: Sequence[slice], *, look: bool
) -> tuple[pd.DataFrame, tuple[str, ...], float]:
    """Return a chart's table, where its level shifted, and its false-alarm rate.

    Limits, flags and marks are those of each part between rebases and shifts.
    """
    cuts = {rows.start for rows in declared}
    found = sorted(at for rows in declared for at in _shifts(series, rows)) if look else []
    end = int(np.flatnonzero(~np.isnan(series.points))[-1])
    bounds = [*sorted({*cuts, *found}), len(series.points)]
    # a shift that only the latest point shows is judged by the limits before it
    single = bool(found) and found[-1] == bounds[-2] and _count(series, found[-1], end + 1) == 1
    if single:
        bounds.remove(found[-1])
    parts: list[pd.DataFrame] = []
    alarms: list[float] = []
    for number, (start, stop) in enumerate(pairwise(bounds), start=1):
        fitted = slice(start, found[-1] if single and stop == bounds[-1] else stop)
        shifted = start in found and start not in cuts
        unsettled = shifted and _count(series, start, stop) < SETTLED
        before = parts[-1]["centre"].iloc[-1] if parts else nan
        part, rate = _segment(series, slice(start, stop), fitted, unsettled, before)
        parts.append(part.assign(segment=number))
        alarms.append(rate)
    table = pd.concat(parts, ignore_index=True)
    rate = float(1 - np.prod(1 - np.asarray(alarms)))
    return table, tuple(series.periods[at] for at in found), rate


def _count(series: Series, start: int, stop: int) -> int:
    return int((~np.isnan(series.points[start:stop])).sum())


def _noise(series: Series, rows: slice) -> Values | None:
    """Return v_t; of a share at the centre of the segment, which itself depends on v_t."""
    if series.sizes is None:
        return None
    sizes = series.sizes[rows]
    if series.variance is not None:
        return np.asarray(series.variance / sizes)
    values = series.points[None, rows]
    centre = float(np.nansum(values[0] * sizes) / np.nansum(sizes))
    for _step in range(3):
        noise = centre * (series.whole - centre) / sizes
        centre = float(limits(values, noise, screen=series.screen).centre[0, 0])
    return np.asarray(centre * (series.whole - centre) / sizes)


def _shifts(series: Series, rows: slice) -> list[int]:
    """Return where the level shifts: the clearest step, then those on either side of it."""
    values = series.points[rows]
    if (~np.isnan(values)).sum() <= LEVEL_POINTS:
        return []
    noise = _noise(series, rows)
    values, season = without_season(series.periods[rows], values)
    stable, _carry = stable_like(
        values, noise, season=season, screen=series.screen, rules=series.rules
    )
    end = int(np.flatnonzero(~np.isnan(values))[-1]) + 1
    row, known = values[None, :end], None if noise is None else noise[:end]
    step, at = level_shift(row, limits(row, known, screen=series.screen))
    if stable.shift_chance(float(abs(step[0]))) > SHIFT_CHANCE:
        return []
    middle = rows.start + int(at[0])
    earlier, later = slice(rows.start, middle), slice(middle, rows.stop)
    return [*_shifts(series, earlier), middle, *_shifts(series, later)]


def _segment(
    series: Series, rows: slice, fitted: slice, unsettled: bool, before: float
) -> tuple[pd.DataFrame, float]:
    values, noise = series.points[None, rows], _noise(series, rows)
    basis = np.array(values)
    basis[:, fitted.stop - rows.start :] = np.nan
    limit = limits(basis, noise, screen=series.screen)
    found, places = signals(values, limit, series.rules), range(values.shape[1])
    flags = [", ".join(r for r in series.rules if found.flags[r][0, t]) for t in places]
    ways = [next((w for r in series.rules if (w := found.direction[r][0, t])), 0.0) for t in places]
    half, centre = np.array(limit.half[0]), float(limit.centre[0, 0])
    rate = 0.0
    if unsettled:
        half[:], way = nan, float(np.sign(centre - before))
        there = ~np.isnan(values[0])
        flags, ways = [LEVEL if t else "" for t in there], [way if t else 0.0 for t in there]
        centre = nan
    else:
        stable, _carry = stable_like(
            values[0], noise, plain=True, screen=series.screen, rules=series.rules
        )
        rate = stable.any_flag
    low, high = series.ends
    part = pd.DataFrame(
        {
            "period": series.periods[rows],
            "value": values[0],
            "centre": centre,
            "lower": np.maximum(centre - half, -np.inf if low is None else low),
            "upper": np.minimum(centre + half, np.inf if high is None else high),
            "flags": flags,
            "signal": [signal_of(way, series.improvement) for way in ways],
            "moving_range": limit.moving[0],
            "screened": limit.screened[0],
        }
    )
    return part if noise is None else part.assign(standard_error=np.sqrt(noise)), rate


def signal_of(way: float, improvement: str | None) -> str:
    """Return which way a signal points: better or worse, high or low without a direction."""
    if way == 0 or isnan(way):
        return ""
    if improvement is None:
        return _("high") if way > 0 else _("low")
    return _("better") if (way > 0) == (improvement == "higher") else _("worse")
