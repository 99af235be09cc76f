"""A chart's segments: where its level shifts, and the limits and flags between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isnan, nan

import numpy as np
import pandas as pd

from cxlib.analysis.trends.rules import (
    LEVEL,
    LEVEL_POINTS,
    SETTLED,
    Values,
    level_shift,
    limits,
    signals,
)
from cxlib.analysis.trends.series import Series, without_season
from cxlib.analysis.trends.stable import stable_like
from cxlib.words import mark as _

SHIFT_CHANCE = 0.01
"""A stable chart is divided into two levels at most this often."""


@dataclass(frozen=True)
class Segments:
    """A chart between its rebases and shifts of level: limits, flags and marks of each part."""

    series: Series
    improvement: str | None
    screen: bool
    rules: tuple[str, ...]
    ends: tuple[float | None, float | None]

    def table(
        self, declared: Sequence[slice], *, look: bool
    ) -> tuple[pd.DataFrame, tuple[str, ...], float]:
        """Return the chart's table, where its level shifted, and its false-alarm rate."""
        series = self.series
        cuts = {rows.start for rows in declared}
        found = sorted(at for rows in declared for at in self._shifts(rows)) if look else []
        end = int(np.flatnonzero(~np.isnan(series.points))[-1])
        bounds = [*sorted({*cuts, *found}), len(series.points)]
        # a shift that only the latest point shows is judged by the limits before it
        single = bool(found) and found[-1] == bounds[-2] and self._count(found[-1], end + 1) == 1
        if single:
            bounds.remove(found[-1])
        parts: list[pd.DataFrame] = []
        alarms: list[float] = []
        for number, (start, stop) in enumerate(pairwise(bounds), start=1):
            fitted = slice(start, found[-1] if single and stop == bounds[-1] else stop)
            shifted = start in found and start not in cuts
            unsettled = shifted and self._count(start, stop) < SETTLED
            before = parts[-1]["centre"].iloc[-1] if parts else nan
            part, rate = self._segment(slice(start, stop), fitted, unsettled, before)
            parts.append(part.assign(segment=number))
            alarms.append(rate)
        table = pd.concat(parts, ignore_index=True)
        rate = float(1 - np.prod(1 - np.asarray(alarms)))
        return table, tuple(series.periods[at] for at in found), rate

    def _count(self, start: int, stop: int) -> int:
        return int((~np.isnan(self.series.points[start:stop])).sum())

    def _noise(self, rows: slice) -> Values | None:
        """Return v_t; of a share at the centre of the segment, which itself depends on v_t."""
        series = self.series
        if series.sizes is None:
            return None
        sizes = series.sizes[rows]
        if series.variance is not None:
            return np.asarray(series.variance / sizes)
        values = series.points[None, rows]
        centre = float(np.nansum(values[0] * sizes) / np.nansum(sizes))
        for _step in range(3):
            noise = centre * (series.whole - centre) / sizes
            centre = float(limits(values, noise, screen=self.screen).centre[0, 0])
        return np.asarray(centre * (series.whole - centre) / sizes)

    def _shifts(self, rows: slice) -> list[int]:
        """Return where the level shifts: the clearest step, then those on either side of it."""
        values = self.series.points[rows]
        if (~np.isnan(values)).sum() <= LEVEL_POINTS:
            return []
        noise = self._noise(rows)
        values, season = without_season(self.series.periods[rows], values)
        stable, _carry = stable_like(
            values, noise, season=season, screen=self.screen, rules=self.rules
        )
        end = int(np.flatnonzero(~np.isnan(values))[-1]) + 1
        row, known = values[None, :end], None if noise is None else noise[:end]
        step, at = level_shift(row, limits(row, known, screen=self.screen))
        if stable.shift_chance(float(abs(step[0]))) > SHIFT_CHANCE:
            return []
        middle = rows.start + int(at[0])
        earlier, later = slice(rows.start, middle), slice(middle, rows.stop)
        return [*self._shifts(earlier), middle, *self._shifts(later)]

    def _segment(
        self, rows: slice, fitted: slice, unsettled: bool, before: float
    ) -> tuple[pd.DataFrame, float]:
        values, noise = self.series.points[None, rows], self._noise(rows)
        basis = np.array(values)
        basis[:, fitted.stop - rows.start :] = np.nan
        limit = limits(basis, noise, screen=self.screen)
        found, places = signals(values, limit, self.rules), range(values.shape[1])
        flags = [", ".join(r for r in self.rules if found.flags[r][0, t]) for t in places]
        ways = [
            next((w for r in self.rules if (w := found.direction[r][0, t])), 0.0) for t in places
        ]
        half, centre = np.array(limit.half[0]), float(limit.centre[0, 0])
        rate = 0.0
        if unsettled:
            half[:], way = nan, float(np.sign(centre - before))
            there = ~np.isnan(values[0])
            flags, ways = [LEVEL if t else "" for t in there], [way if t else 0.0 for t in there]
            centre = nan
        else:
            stable, _carry = stable_like(
                values[0], noise, plain=True, screen=self.screen, rules=self.rules
            )
            rate = stable.any_flag
        low, high = self.ends
        part = pd.DataFrame(
            {
                "period": self.series.periods[rows],
                "value": values[0],
                "centre": centre,
                "lower": np.maximum(centre - half, -np.inf if low is None else low),
                "upper": np.minimum(centre + half, np.inf if high is None else high),
                "flags": flags,
                "signal": [signal_of(way, self.improvement) for way in ways],
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
