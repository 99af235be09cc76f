"""What speaks for a target: the best seen, a scenario, a benchmark, and what comes by itself."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from cxlib.analysis._options import number
from cxlib.analysis._shrink import Shrunken, rebound_from, rebound_of_worst
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError
from cxlib.words import mark as _

QUARTILE_OF = 4  # fewer scores than this have a best, but no quartile


@dataclass(frozen=True)
class Ground:
    """One reason to aim that far."""

    key: str
    gain: float  # in the improving direction
    words: Caveat


def alike(scores: Shrunken | None, kind: str) -> list[Caveat]:
    """Say that the best of a table is no ground where its scores differ by chance only."""
    if scores is None or len(scores.labels) < 2 or scores.tau2 > 0:
        return []
    if kind == "history":
        message = _("The {n} periods differ no more than chance: the best of them is no ground.")
    else:
        message = _("The {n} segments differ no more than chance: the best of them is no ground.")
    return [Caveat(message, n=len(scores.labels))]


def seen_before(scores: Shrunken | None, kind: str, sign: float, start: float) -> list[Ground]:
    """Return the best score and the best quartile of a table, shrunken."""
    if scores is None or len(scores.labels) < 2 or scores.tau2 == 0:
        return []
    gains = sign * (scores.shrunken - start)
    best = int(np.argmax(gains))
    if kind == "history":
        best_words = _("the best period seen, {label}, {value:.1f} after shrinkage")
        quartile_words = _("the best quarter of {n} periods, {value:.1f} after shrinkage")
    else:
        best_words = _("the best segment seen, {label}, {value:.1f} after shrinkage")
        quartile_words = _("the best quarter of {n} segments, {value:.1f} after shrinkage")
    words = Caveat(best_words, label=scores.labels[best], value=float(scores.shrunken[best]))
    grounds = [Ground(f"{kind} best", float(gains[best]), words)]
    if len(gains) >= QUARTILE_OF:
        quartile = float(np.quantile(gains, 0.75))
        words = Caveat(quartile_words, n=len(gains), value=start + sign * quartile)
        grounds.append(Ground(f"{kind} quartile", quartile, words))
    return grounds


def predicted_by(scenario: Any, sign: float, start: float) -> list[Ground]:
    """Return the scenario's middle and both ends, as changes from where its model starts."""
    if scenario is None:
        return []
    lacking = [name for name in ("predicted", "low", "high") if not hasattr(scenario, name)]
    if lacking:
        raise DataError(f"the scenario has no {lacking[0]!r}; give what drivers.scenario returns.")
    predicted = float(scenario.predicted)
    change = getattr(scenario, "change", None)
    change = predicted - start if change is None else float(change)
    limits: list[Any] = [getattr(scenario, name, None) for name in ("change_low", "change_high")]
    if None in limits:  # without its own interval the change has that of the prediction
        limits = [change + float(end) - predicted for end in (scenario.low, scenario.high)]
    ends = sorted(sign * float(limit) for limit in limits)
    if not all(map(isfinite, (change, *ends))):
        raise DataError("the scenario has no prediction with an interval.")
    return [
        Ground(key, gain, Caveat(message, value=sign * gain))
        for key, gain, message in (
            ("scenario low", ends[0], _("the cautious end of the planned changes, {value:+.1f}")),
            ("scenario", sign * change, _("what the planned changes are predicted, {value:+.1f}")),
            ("scenario high", ends[1], _("the hopeful end of the planned changes, {value:+.1f}")),
        )
    ]


def benchmarked(
    benchmark: float | None, sign: float, start: float, scale: tuple[float, float]
) -> list[Ground]:
    if benchmark is None:
        return []
    benchmark = number(benchmark, "the benchmark")
    if not (isfinite(benchmark) and scale[0] <= benchmark <= scale[1]):
        raise DataError(
            f"the benchmark {benchmark:g} is off the scale {scale[0]:g} to {scale[1]:g}."
        )
    words = Caveat(_("the benchmark, {value:.1f}"), value=float(benchmark))
    return [Ground("benchmark", sign * (benchmark - start), words)]


def rebound_of(
    value: float,
    error: float,
    sign: float,
    past: Shrunken | None,
    parts: Shrunken | None,
    picked_from: int | None,
) -> tuple[float, list[Caveat]]:
    """Return what a baseline that was picked for being bad regains by itself, and the warning."""
    rebound, warnings = 0.0, []
    if past is not None and len(past.labels) >= 2 and (sign * (past.raw - value) >= -1e-9).all():
        rebound = max(0.0, sign * rebound_from(value, error, past.mean, past.tau2))
        if rebound > 0:
            message = _(
                "The baseline is the worst of {n} periods: about {rebound:.1f} of any improvement "
                "will come by itself (regression to the mean)."
            )
            warnings.append(Caveat(message, n=len(past.labels), rebound=rebound))
    if picked_from is not None and picked_from > 1:
        known = parts if parts is not None else past
        picked = rebound_of_worst(picked_from, error, 0.0 if known is None else known.tau2)
        message = _(
            "The baseline was picked as the worst of {n}: up to {rebound:.1f} of any improvement "
            "will come by itself (regression to the mean)."
        )
        warnings.append(Caveat(message, n=picked_from, rebound=picked))
        rebound = max(rebound, picked)
    return rebound, warnings
