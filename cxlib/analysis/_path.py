"""The way from a baseline to its target, period by period, and what a measured score may show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite, nan, sqrt
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.stats import norm
from scipy.stats import t as student

from cxlib import periods
from cxlib.analysis._evidence import Evidence, Measured, evidence
from cxlib.analysis._intervals import check_confidence, z_of
from cxlib.analysis._options import number
from cxlib.analysis._plan import size_of
from cxlib.analysis._shrink import Shrunken, shrink
from cxlib.analysis._verdict import check_baseline, check_on_scale
from cxlib.analysis.metrics import Direction, check_direction
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

Shape = Literal["linear", "front", "back"]
SHAPES: dict[str, Callable[[float], float]] = {
    "linear": lambda way: way,
    "front": lambda way: 1 - (1 - way) ** 2,  # quick wins first, the last steps are slow
    "back": lambda way: way**2,  # groundwork first, effects late
}
LEAST_HISTORY = 3  # a level and its spread from fewer periods is no projection


@dataclass(frozen=True, kw_only=True)
class TargetPath:
    """Where the score should stand each period until the target is due.

    ``table``: ``period``; ``expected`` (on the path), ``low``, ``high`` (the interval that a score
    measured on ``n`` answers would fall in if the path were followed; at the start, the baseline's
    own), ``n``; ``projected, projected_low, projected_high`` (what the history alone leads to
    expect; NaN without a history). All in the metric's unit.
    """

    table: pd.DataFrame
    baseline: float
    target: float
    direction: Direction
    start: str
    due: str
    shape: str
    n: int
    confidence: float
    caveats: tuple[Caveat, ...]


def path(
    baseline: Measured,
    target: float,
    *,
    start: str | int,
    due: str | int,
    direction: Direction | None = None,
    shape: Shape = "linear",
    n: int | None = None,
    history: Any = None,
    now: str | int | None = None,
    confidence: float = 0.95,
) -> TargetPath:
    """Lay out the periods from the baseline to the due date.

    Parameters
    ----------
    baseline : Score
        The score of period `start`.
    target : float
        The score of period `due`, in the metric's unit.
    start, due : str or int
        Period labels of one kind: ``2026Q3``, ``2026-09`` or ``2026``.
    direction : {"higher", "lower"}, optional
        Which way is better; the way to the target if not said.
    shape : {"linear", "front", "back"}
        Even steps; quick wins first, 1 − (1 − t)²; or groundwork first, t².
    n : int, optional
        Answers a wave to come; as many as the baseline's if not said.
    history : table of scores by period, optional
        ``period, value, standard_error``: the projection is their random-effects mean, and its fan
        the interval of one more period measured on `n` answers.
    now : str or int, optional
        The present period: a due date before it is refused.
    confidence : float
        Coverage of the fans.

    Returns
    -------
    TargetPath
        A row a period, `start` and `due` included.

    Raises
    ------
    DataError
        If the due date is not after the start or lies in the past, the labels are of two kinds, or
        the target is off the scale or on the wrong side of the baseline.

    References
    ----------
    .. [1] Higgins, Thompson, Spiegelhalter (2009). A re-evaluation of random-effects meta-analysis.
       JRSS A 172, 137-159 (the prediction interval).
    """
    seen = evidence(baseline)
    target = number(target, "the target")
    if not isfinite(target):
        raise DataError(f"the target is {target:g}; it must be a number.")
    check_confidence(confidence)
    check_on_scale(seen, target)
    way: Direction = "higher" if target > seen.value else "lower"
    if direction is not None:
        check_direction(direction)
        way = direction
    check_baseline(baseline, target, way)
    if shape not in SHAPES:
        raise DataError(f"unknown shape {shape!r}{nearest(str(shape), SHAPES)}")
    planned = seen.n if n is None else size_of(n, "n")
    labels = _periods(start, due, now)
    table = _fan(seen, target, labels, SHAPES[shape], planned, confidence)
    table, caveats = _project(table, seen, history, planned, confidence)
    return TargetPath(
        table=table,
        baseline=seen.value,
        target=target,
        direction=way,
        start=labels[0],
        due=labels[-1],
        shape=shape,
        n=int(planned),
        confidence=confidence,
        caveats=caveats,
    )


def _periods(start: str | int, due: str | int, now: str | int | None) -> list[str]:
    first, last = periods.parse(start), periods.parse(due)
    present = None if now is None else periods.parse(now)
    if first.kind != last.kind:
        raise DataError(f"start {start} and due {due} are periods of two kinds; write both alike.")
    if last.ordinal <= first.ordinal:
        raise DataError(f"due {due} is not after the start {start}; a path needs a later period.")
    if present is not None and last.end < present.start:
        raise DataError(f"due {due} lies in the past: it is {now} now; agree on a new date.")
    return [str(first + step) for step in range(last.ordinal - first.ordinal + 1)]


def _fan(
    seen: Evidence,
    target: float,
    labels: list[str],
    shape: Callable[[float], float],
    n: float,
    confidence: float,
) -> pd.DataFrame:
    ways = np.array([shape(i / (len(labels) - 1)) for i in range(len(labels))])
    expected = seen.value + (target - seen.value) * ways
    expected[-1] = target
    half = z_of(confidence) * np.array([_error_at(seen, value, n) for value in expected])
    lowest, highest = seen.scale
    table = pd.DataFrame(
        {
            "period": labels,
            "expected": expected,
            "low": np.clip(expected - half, lowest, highest),
            "high": np.clip(expected + half, lowest, highest),
            "n": int(n),
        }
    )
    table.loc[0, ["low", "high", "n"]] = [seen.low, seen.high, int(seen.n)]
    return table.astype({"n": "int64"})


def _error_at(seen: Evidence, value: float, n: float) -> float:
    """Return the standard error of a score of `value` on `n` answers, designed as the baseline."""
    variance = seen.variance
    base = seen.value * (100 - seen.value)
    if seen.form == "share" and base > 0:
        variance *= value * (100 - value) / base
    return sqrt(max(variance, 0.0) / n)


def _project(
    table: pd.DataFrame, seen: Evidence, history: Any, n: float, confidence: float
) -> tuple[pd.DataFrame, tuple[Caveat, ...]]:
    blank = table.assign(projected=nan, projected_low=nan, projected_high=nan)
    if history is None:
        return blank, ()
    past = shrink(history, what="history")
    count = len(past.labels)
    if count < LEAST_HISTORY:
        message = _("{n} periods of history are too few to project from.")
        return blank, (Caveat(message, n=count),)
    half = _prediction(past, _error_at(seen, past.mean, n), confidence)
    lowest, highest = seen.scale
    blank["projected"] = past.mean
    blank["projected_low"] = min(max(past.mean - half, lowest), highest)
    blank["projected_high"] = min(max(past.mean + half, lowest), highest)
    return blank, (Caveat(_("The projection assumes that the process stays as it was.")),)


def _prediction(past: Shrunken, error: float, confidence: float) -> float:
    """Return half the interval of one more period: τ², its own noise, and that of the mean."""
    of_mean = 1 / float((1 / (past.tau2 + past.errors**2)).sum())
    tail = (1 + confidence) / 2
    df = len(past.labels) - 2  # Higgins et al.: one for the mean, one for τ²
    quantile = student.ppf(tail, df) if past.tau2 > 0 else norm.ppf(tail)
    return float(quantile) * sqrt(past.tau2 + error**2 + of_mean)
