"""How far to aim: low, realistic and stretch targets, each with its grounds."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

import pandas as pd

from cxlib.analysis._evidence import Measured, evidence
from cxlib.analysis._grounds import (
    Ground,
    alike,
    benchmarked,
    predicted_by,
    rebound_of,
    seen_before,
)
from cxlib.analysis._options import number
from cxlib.analysis._plan import ALPHA, POWER, size_of
from cxlib.analysis._power import detectable_change, sample_size
from cxlib.analysis._provable import noise
from cxlib.analysis._shrink import shrink
from cxlib.analysis.metrics import Direction, check_direction
from cxlib.analysis.results import CARE_BASE, Caveat
from cxlib.errors import DataError
from cxlib.words import mark as _

LEVELS = (_("low"), _("realistic"), _("stretch"))
BARE_POWERS = (0.80, 0.90, 0.95)
"""Where nothing but the sample speaks: the chances to see each target's change."""
SETTING = ("scenario", "history quartile", "segment quartile")
"""Grounds that make a target realistic, the first that there is; the rest only stretch it."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Three targets and why.

    ``table``: ``level`` (low, realistic, stretch), ``target`` and ``change`` (metric's unit, change
    signed), ``per_period`` (change a period until due), ``ground`` (key), ``grounds`` (the ground
    in words, a `Caveat` with its facts), ``detectable`` (told from noise at ``n_next``),
    ``n_needed`` (answers a wave that would tell it).
    ``candidates``: every ground looked at: ``ground, grounds, target, change, improves``.
    ``detectable_change`` and ``rebound`` (what comes back by itself) are sizes in its unit.
    """

    table: pd.DataFrame
    candidates: pd.DataFrame
    baseline: float
    direction: Direction
    detectable_change: float
    rebound: float
    n_next: int
    caveats: tuple[Caveat, ...]


def propose(
    baseline: Measured,
    *,
    direction: Direction,
    history: Any = None,
    segments: Any = None,
    scenario: Any = None,
    benchmark: float | None = None,
    picked_from: int | None = None,
    periods: int = 1,
    n_next: int | None = None,
    design_effect: float = 1.0,
    alpha: float = ALPHA,
    power: float = POWER,
) -> Proposal:
    """Propose a low, a realistic and a stretch target, each with its grounds.

    Parameters
    ----------
    baseline : Score
        Where the metric starts.
    direction : {"higher", "lower"}
        Which way is better.
    history : table of scores by period, optional
        Columns ``period, value, standard_error``; the baseline's own period may be among them.
    segments : table of scores by segment, optional
        Columns ``value, standard_error, n``; segments below 30 answers are left out.
    scenario : Scenario, optional
        What the planned changes are predicted to do: ``predicted, low, high, change``.
    benchmark : float, optional
        A competitor's or a sector's value, in the metric's unit.
    picked_from : int, optional
        Of how many (branches, touchpoints, periods) the baseline was chosen because it was the
        worst. A baseline that is the worst of its `history` is noticed without this.
    periods : int
        Periods until the target is due.
    n_next : int, optional
        Answers of the wave that will judge it; as many as the baseline has if not said.
    design_effect, alpha, power : float
        As in `sample_size`; the waves are compared two-sided.

    Returns
    -------
    Proposal
        Targets in order, within the metric's scale.

    Raises
    ------
    DataError
        If the baseline is at the end of its scale, or a number is out of its range.

    Notes
    -----
    Realistic is what the planned changes are predicted to bring, else the best quartile already
    seen, else the nearest other ground. Low is the smallest change that can be told from noise, or,
    if that is beyond the realistic one, the smallest ground. Stretch is the furthest ground. None
    is less than the rebound that comes by itself. Past bests are shrunken: the raw best of several
    noisy scores is a winner's curse. Without other grounds all three come from the sample alone:
    the changes seen with 80, 90 and 95 % chance.
    """
    check_direction(direction)
    seen = evidence(baseline)
    planned = int(seen.n if n_next is None else size_of(n_next, "n_next"))
    _check_counts(periods=periods, picked_from=picked_from)
    sign = 1.0 if direction == "higher" else -1.0
    end = seen.scale[1] if sign > 0 else seen.scale[0]
    room = sign * (end - seen.value)
    if room <= 0:
        raise DataError(f"the baseline {seen.value:g} is at the end of its scale; nothing is left.")
    asked = _Asked(baseline, seen.n, planned, direction, design_effect, alpha)
    smallest = asked.detectable(power)
    past = None if history is None else shrink(history, what="history")
    parts = None if segments is None else shrink(segments, what="segments", minimum_base=CARE_BASE)
    rebound, warnings = rebound_of(seen.value, seen.standard_error, sign, past, parts, picked_from)
    warnings += [*alike(past, "history"), *alike(parts, "segment")]
    grounds = [
        *seen_before(past, "history", sign, seen.value),
        *seen_before(parts, "segment", sign, seen.value),
        *predicted_by(scenario, sign, seen.value),
        *benchmarked(benchmark, sign, seen.value, seen.scale),
    ]
    provable = Ground("detectable", smallest, _can_beseen_before(smallest, planned, power))
    levels = _levels(grounds, provable)
    if levels is None:
        warnings.append(
            Caveat(_("Only the sample speaks for these targets; add a scenario or a benchmark."))
        )
        levels = []
        for chance in (max(power, bare) for bare in BARE_POWERS):
            far = asked.detectable(chance)
            levels.append(Ground("detectable", far, _can_beseen_before(far, planned, chance)))
    levels = [_bounded(level, rebound, room, end) for level in levels]
    table = _table(levels, seen.value, sign, smallest, periods, asked, power)
    for row in table[~table["detectable"]].to_dict("records"):
        facts = (row["target"], row["change"], smallest, planned, row["n_needed"])
        warnings.append(noise(*facts))
    return Proposal(
        table=table,
        candidates=_candidates([provable, *grounds], seen.value, sign),
        baseline=seen.value,
        direction=direction,
        detectable_change=smallest,
        rebound=rebound,
        n_next=planned,
        caveats=tuple(dict.fromkeys(warnings)),
    )


@dataclass(frozen=True)
class _Asked:
    """The two waves that will be compared."""

    baseline: Measured
    n_before: float
    n_next: int
    direction: Direction
    design_effect: float
    alpha: float

    def detectable(self, power: float) -> float:
        return detectable_change(
            score=self.baseline,
            n=self.n_next,
            n_before=self.n_before,
            direction=self.direction,
            design_effect=self.design_effect,
            alpha=self.alpha,
            power=power,
        ).change

    def needed(self, change: float, power: float) -> int:
        return sample_size(
            score=self.baseline,
            change=change,
            design_effect=self.design_effect,
            alpha=self.alpha,
            power=power,
        ).n


def _levels(grounds: list[Ground], provable: Ground) -> list[Ground] | None:
    """Choose the grounds of low, realistic and stretch; None if there is none to choose."""
    ahead = [g for g in grounds if g.gain > 0]
    firm = [g for g in ahead if g.key not in ("scenario low", "scenario high")]
    if not firm:
        return None
    by_key = {g.key: g for g in firm}
    setting = [by_key[key] for key in SETTING if key in by_key]
    realistic = setting[0] if setting else min(firm, key=lambda g: g.gain)
    low = provable if provable.gain <= realistic.gain else min(ahead, key=lambda g: g.gain)
    stretch = max(ahead, key=lambda g: g.gain)
    return [min(low, realistic, key=lambda g: g.gain), realistic, stretch]


def _bounded(ground: Ground, rebound: float, room: float, end: float) -> Ground:
    if ground.gain < rebound:
        message = _("about {rebound:.1f} comes back by itself (regression to the mean)")
        ground = Ground("regression", rebound, Caveat(message, rebound=rebound))
    if ground.gain > room:
        return Ground("scale end", room, Caveat(_("the scale ends at {end:g}"), end=end))
    return ground


def _table(
    levels: list[Ground],
    start: float,
    sign: float,
    smallest: float,
    periods: int,
    asked: _Asked,
    power: float,
) -> pd.DataFrame:
    rows = []
    for level, ground in zip(LEVELS, levels, strict=True):
        change = sign * ground.gain
        rows.append(
            {
                "level": level,
                "target": start + change,
                "change": change,
                "per_period": change / periods,
                "ground": ground.key,
                "grounds": ground.words,
                "detectable": ground.gain >= smallest - 1e-9,
                "n_needed": asked.needed(change, power),
            }
        )
    words = pd.Series([ground.words for ground in levels], dtype=object)  # caveats, not text
    return pd.DataFrame(rows).assign(grounds=words)


def _candidates(grounds: list[Ground], start: float, sign: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "ground": [g.key for g in grounds],
            "grounds": pd.Series([g.words for g in grounds], dtype=object),
            "target": [start + sign * g.gain for g in grounds],
            "change": [sign * g.gain for g in grounds],
            "improves": [g.gain > 0 for g in grounds],
        }
    )


def _can_beseen_before(change: float, n: int, power: float) -> Caveat:
    message = _(
        "the smallest change that {n} answers show with {chance:.0f} % chance, {change:.1f}"
    )
    return Caveat(message, n=n, chance=100 * power, change=change)


def _check_counts(*, periods: int, picked_from: int | None) -> None:
    if not (isfinite(number(periods, "periods")) and periods >= 1):
        raise DataError(f"periods is {periods:g}; a target is due after at least 1.")
    if picked_from is not None and not number(picked_from, "picked_from") >= 1:
        raise DataError(f"picked_from is {picked_from:g}; the worst of how many?")
