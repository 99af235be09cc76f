"""How far to aim: low, realistic and stretch targets, each with its grounds."""

from __future__ import annotations

from functools import partial
from math import inf, isfinite
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from cxlib.analysis.compare.benchmark import POWER
from cxlib.analysis.kpis.verdicts import ALPHA
from cxlib.analysis.metrics import Direction, check_direction, number
from cxlib.analysis.results import CARE_BASE, Caveat, Tabled, said
from cxlib.analysis.shrinkage import Shrunken, rebound_of, rebound_of_worst, shrink
from cxlib.analysis.targets.measured import Measured, read
from cxlib.analysis.targets.power import detectable_change, sample_size, size_of
from cxlib.errors import DataError
from cxlib.words import mark as _

LOW, REALISTIC, STRETCH = LEVELS = (_("low"), _("realistic"), _("stretch"))
HAIRCUT, HAIRCUT_LEAST, HAIRCUT_MOST = 0.5, 0.25, 1.0
"""How much of a scenario's change is counted on: half by convention, a quarter to all of it shown.
Ratings share a halo and are unreliable, so that predicted and causal effects differ by factors."""
BARE_POWERS = (0.80, 0.90, 0.95)
"""Where nothing but the sample speaks: the chances to see each target's change."""
TINY = 1e-6  # a gain that floating point makes
QUARTILE_OF = 4  # fewer scores than this have a best, but no quartile

PLAN, RECOVERY = _("the plan"), _("regaining lost ground")
BEST_GROUP = _("the best group's ratings for all")
"""What a scenario stands for; a ground is named as what it is."""
_SCENARIO = {
    PLAN: (
        _("a quarter of what the plan is predicted to bring"),
        _("half of what the plan is predicted to bring"),
        _("all that the plan is predicted to bring"),
    ),
    RECOVERY: (
        _("a quarter of what regaining lost ground is predicted to bring"),
        _("half of what regaining lost ground is predicted to bring"),
        _("all that regaining lost ground is predicted to bring"),
    ),
    BEST_GROUP: (
        _("a quarter of what the best group's ratings for all are predicted to bring"),
        _("half of what the best group's ratings for all are predicted to bring"),
        _("all that the best group's ratings for all are predicted to bring"),
    ),
}
_SEEN = {
    "history": (
        _("The {n} periods differ no more than chance: the best of them is no ground."),
        _("the best period seen, {label}, less its luck"),
        _("the top 25% of {n} periods, less their luck"),
    ),
    "segment": (
        _("The {n} groups differ no more than chance: the best of them is no ground."),
        _("the best group seen, {label}, less its luck"),
        _("the top 25% of {n} groups, less their luck"),
    ),
}


class Proposal(Tabled):
    """Three targets and why, in the KPI's unit.

    ``table``: ``level`` (low, realistic, stretch), ``target, change, per_period, ground`` (key),
    ``grounds`` (in words, a `Caveat`), ``coincides`` (the lower level less than one standard error
    away), ``detectable`` (larger than chance at ``n_next`` answers), ``n_needed`` (answers a wave
    that would show it). ``candidates``, every ground looked at: ``ground, grounds, target, change,
    improves``. ``reach``: the furthest change that own history or the best segment has shown,
    infinite where neither is known; ``rebound``: what comes back by itself.
    """

    candidates: pd.DataFrame
    baseline: float
    direction: Direction
    detectable_change: float
    reach: float
    rebound: float
    n_next: int


class _Ground(NamedTuple):
    """One reason to aim that far; the gain is in the improving direction."""

    key: str
    gain: float
    words: Caveat


def propose(
    baseline: Any,
    *,
    direction: Direction,
    history: Any = None,
    segments: Any = None,
    scenario: Any = None,
    plan: str = PLAN,
    haircut: float = HAIRCUT,
    benchmark: float | None = None,
    picked_from: int | None = None,
    periods: int = 1,
    n_next: int | None = None,
    design_effect: float = 1.0,
    alpha: float = ALPHA,
    power: float = POWER,
) -> Proposal:
    """Propose a low, a realistic and a stretch target, each with its grounds.

    Realistic is half of what the scenario predicts, else the best quartile already seen, else the
    nearest other ground; never more than the best that own periods or segments have shown. Where
    they have shown nothing better than the baseline by more than its standard error, it is to hold
    the present level. Low is the smallest change larger than chance if that is less than the
    realistic one, else the smallest ground that is. Stretch is the furthest ground. Past bests are
    shrunken: the raw best of several noisy scores is a winner's curse. Without other grounds all
    three come from the sample alone.

    Parameters
    ----------
    baseline : Score or row of Estimates
        Where the KPI starts.
    direction : {"higher", "lower"}
        Which way is better.
    history : table of scores by period, optional
        Columns ``period, value, standard_error``; the baseline's own period may be among them.
    segments : table of scores by segment, optional
        Columns ``value, standard_error, n``; segments below 30 answers are left out.
    scenario : Scenario, optional
        What changes of ratings are predicted to do: its ``change``.
    plan, haircut
        What the scenario stands for (`PLAN`, `RECOVERY` or `BEST_GROUP`), and how much of its
        change counts as realistic, above 0 and at most 1.
    benchmark : float, optional
        A competitor's or a sector's value, in the KPI's unit.
    picked_from : int, optional
        Of how many (branches, touchpoints, periods) the baseline was chosen because it was the
        worst. A baseline that is the worst of its `history` is noticed without this.
    periods, n_next : int
        Periods until the target is due; answers of the wave that will judge it, as many as the
        baseline has if not said.
    design_effect, alpha, power : float
        As in `sample_size`; the waves are compared two-sided.

    Raises
    ------
    DataError
        If the baseline is at the end of its scale, or a number is out of its range.
    """
    check_direction(direction)
    seen = read(baseline)
    planned = int(seen.n if n_next is None else size_of(n_next, "n_next"))
    number(periods, "periods", least=1)
    check_haircut(haircut)
    sign = 1.0 if direction == "higher" else -1.0
    end = seen.scale[1] if sign > 0 else seen.scale[0]
    room = sign * (end - seen.value)
    if room <= 0:
        raise DataError(f"the baseline {seen.value:g} is at the end of its scale; nothing is left.")

    errors: Any = {"design_effect": design_effect, "alpha": alpha}
    waves: Any = {"n": planned, "n_before": seen.n, "direction": direction}

    def visible(chance: float) -> _Ground:
        smallest = detectable_change(score=baseline, power=chance, **waves, **errors).change
        message = _("the smallest change that {n} answers show with {chance:.0f}% chance")
        return _Ground("detectable", smallest, Caveat(message, n=planned, chance=100 * chance))

    past = None if history is None else shrink(history, what="history")
    parts = None if segments is None else shrink(segments, what="segments", minimum_base=CARE_BASE)
    grounds, caveats = _grounds(past, parts, seen, sign, benchmark)
    grounds += _predicted(scenario, plan, haircut, sign)
    reach = _reach(past, parts, sign, seen.value)
    rebound = _rebound(past, parts, seen, sign, picked_from)
    message = _("Part of any improvement comes back by itself (regression to the mean).")
    caveats += said(rebound > 0, message, rebound=rebound)
    detectable = visible(power)
    near = seen.standard_error  # closer than one standard error, two levels are the same
    levels = _levels([g for g in grounds if g.gain > TINY], detectable, reach, near)
    message = _("Only the sample speaks for these targets; add a scenario or a benchmark.")
    caveats += said(not levels, message)
    levels = levels or [visible(max(power, bare)) for bare in BARE_POWERS]
    levels = [_bounded(level, min(rebound, reach), room, end) for level in levels]

    sized = partial(sample_size, score=baseline, power=power, **errors)
    return Proposal(
        table=_laid_out(levels, seen, sign, detectable.gain, periods, sized),
        candidates=_candidates([detectable, *grounds], seen.value, sign),
        baseline=seen.value,
        direction=direction,
        detectable_change=detectable.gain,
        reach=reach,
        rebound=rebound,
        n_next=planned,
        caveats=tuple(dict.fromkeys(caveats)),
    )


def _laid_out(
    levels: list[_Ground], seen: Measured, sign: float, smallest: float, periods: int, size: Any
) -> pd.DataFrame:
    """Return the targets as a table; levels closer than one standard error coincide."""
    rows: list[dict[str, Any]] = []
    for level, ground in zip(LEVELS, levels, strict=True):
        change = sign * ground.gain
        same = [r["level"] for r in rows if abs(r["change"] - change) < seen.standard_error]
        row = {"level": level, "target": seen.value + change, "change": change}
        row |= {"per_period": change / periods, "ground": ground.key, "grounds": ground.words}
        row |= {"coincides": same[0] if same else ""}
        row["detectable"] = ground.gain > 0 and ground.gain >= smallest - 1e-9
        rows.append(row | {"n_needed": size(change=change).n if ground.gain > TINY else pd.NA})
    words = pd.Series([row["grounds"] for row in rows], dtype=object)  # caveats, not text
    return pd.DataFrame(rows).assign(grounds=words).astype({"n_needed": "Int64"})


def _reach(past: Shrunken | None, parts: Shrunken | None, sign: float, start: float) -> float:
    """Return the furthest gain that own periods or segments have shown; infinite if unknown.

    Scores that differ no more than chance have shown nothing better than one another.
    """
    known = [t for t in (past, parts) if t is not None and len(t.labels) >= 2]
    if not known:
        return inf
    return max(0.0, *(float((sign * (t.shrunken - start)).max()) for t in known if t.tau2 > 0), 0.0)


def _rebound(
    past: Shrunken | None, parts: Shrunken | None, seen: Measured, sign: float, of: int | None
) -> float:
    """Return what comes back by itself: of the worst of a history, or of so many it was of."""
    rebound = rebound_of(seen.value, seen.standard_error, sign, past)
    if of is None or number(of, "picked_from", least=1) <= 1:
        return rebound
    known = parts or past
    tau2 = 0.0 if known is None else known.tau2
    return max(rebound, rebound_of_worst(of, seen.standard_error, tau2))


def _levels(ahead: list[_Ground], visible: _Ground, reach: float, near: float) -> list[_Ground]:
    """Choose the grounds of low, realistic and stretch; none if nothing but the sample speaks."""
    if not ahead and reach == inf:
        return []
    hold = _Ground(
        "hold", 0.0, Caveat(_("no period or group was better by more than chance: hold this level"))
    )
    by_key = {g.key: g for g in ahead}
    setting = [
        by_key[k] for k in ("scenario", "history quartile", "segment quartile") if k in by_key
    ]
    firm = [g for g in ahead if not g.key.startswith("scenario ")]
    realistic = setting[0] if setting else min(firm, key=lambda g: g.gain, default=hold)
    if realistic.gain > reach:
        message = _("no more than the best that own periods or groups have shown")
        realistic = _Ground("reach", reach, Caveat(message))
    if realistic.gain <= near and reach < inf:
        realistic = hold
    below = [g for g in (visible, *sorted(ahead, key=lambda g: g.gain)) if g.gain < realistic.gain]
    stretch = max([*ahead, realistic], key=lambda g: g.gain)
    return [below[0] if below else realistic, realistic, stretch]


def _bounded(ground: _Ground, rebound: float, room: float, end: float) -> _Ground:
    if ground.gain < rebound:  # what comes by itself is no target
        message = _("what comes back by itself after a bad period (regression to the mean)")
        ground = _Ground("regression", rebound, Caveat(message, rebound=rebound))
    if ground.gain > room:
        return _Ground("scale end", room, Caveat(_("the scale ends at {end:g}"), end=end))
    return ground


def _grounds(
    past: Shrunken | None, parts: Shrunken | None, seen: Measured, sign: float, benchmark: Any
) -> tuple[list[_Ground], list[Caveat]]:
    """Return the best and the best quartile of each table, shrunken, and the benchmark."""
    grounds: list[_Ground] = []
    caveats: list[Caveat] = []
    for kind, scores in (("history", past), ("segment", parts)):
        if scores is None or len(scores.labels) < 2:
            continue
        (alike, best_words, quartile_words), n = _SEEN[kind], len(scores.labels)
        if scores.tau2 == 0:
            caveats.append(Caveat(alike, n=n))
            continue
        gains = sign * (scores.shrunken - seen.value)
        best = int(np.argmax(gains))
        words = Caveat(best_words, label=scores.labels[best])
        grounds.append(_Ground(f"{kind} best", float(gains[best]), words))
        if n >= QUARTILE_OF:
            quartile, words = float(np.quantile(gains, 0.75)), Caveat(quartile_words, n=n)
            grounds.append(_Ground(f"{kind} quartile", quartile, words))
    if benchmark is not None:
        benchmark, (low, high) = number(benchmark, "the benchmark"), seen.scale
        if not (isfinite(benchmark) and low <= benchmark <= high):
            raise DataError(f"the benchmark {benchmark:g} is off the scale {low:g} to {high:g}.")
        gain = sign * (benchmark - seen.value)
        grounds.append(_Ground("benchmark", gain, Caveat(_("the benchmark"))))
    return grounds, caveats


def _candidates(looked: list[_Ground], start: float, sign: float) -> pd.DataFrame:
    rows = [(g.key, start + sign * g.gain, sign * g.gain, g.gain > 0) for g in looked]
    table = pd.DataFrame(rows, columns=["ground", "target", "change", "improves"])
    table.insert(1, "grounds", pd.Series([g.words for g in looked], dtype=object))
    return table


def _predicted(scenario: Any, plan: str, haircut: float, sign: float) -> list[_Ground]:
    """Return the scenario's change after its haircut, and a quarter and all of it."""
    if scenario is None:
        return []
    change = getattr(scenario, "change", None)
    if change is None:
        raise DataError("the scenario has no 'change'; give what drivers.scenario returns.")
    gain = sign * float(change)
    if not isfinite(gain):
        raise DataError("the scenario has no prediction.")
    if plan not in _SCENARIO:
        raise DataError(f"a scenario is {', '.join(map(repr, _SCENARIO))}, not {plan!r}.")
    least, half, most = _SCENARIO[plan]
    if haircut != HAIRCUT:
        half = _("the part of the predicted change that is counted on")
    shares = {"least": (HAIRCUT_LEAST, least), "": (haircut, half), "most": (HAIRCUT_MOST, most)}
    return [
        _Ground(f"scenario {key}".rstrip(), share * gain, Caveat(message))
        for key, (share, message) in shares.items()
    ]


def check_haircut(haircut: float) -> None:
    """Refuse what is no share of a scenario."""
    number(haircut, "haircut", above=0, most=1)
