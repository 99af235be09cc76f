"""Does the plan reach the target: the planned changes laid end to end from where a KPI stands."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

import pandas as pd
from scipy.stats import norm

from cxlib.analysis._intervals import z_of
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError
from cxlib.words import mark as _

NOW, PLANNED, MISSING = _("Now"), _("With the plan"), _("Still missing")
_WHOLE = 1e-6


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """A joint scenario laid out from the present score to its target; in the score's unit.

    ``table``, in the order of a waterfall: ``step`` ("Now", a driver each, "With the plan", "Still
    missing"), ``role`` (total, step, gap), ``value`` (a total's height, a step's size), ``low,
    high`` (its interval), ``begin, end`` (from where to where its bar reaches), ``capped`` (a
    driver held at what the best segment shows). Steps are averaged over orders and add up.
    ``predicted, low, high`` are the score with the plan, ``p_reach`` the chance that it is on the
    target's side if the changes come true, ``gap`` what the plan leaves open (0 if nothing),
    signed like the way to the target. ``target`` is NaN where the contract sets none.
    """

    table: pd.DataFrame
    metric: str
    unit: str
    direction: str
    clause: str | None
    due: str
    target: float
    now: float
    change: float
    change_low: float
    change_high: float
    predicted: float
    low: float
    high: float
    p_reach: float
    gap: float
    n: int
    n_used: int
    confidence: float
    caveats: tuple[Caveat, ...]


def outlook(scenario: Any, *, targets: pd.DataFrame | None = None) -> Outlook:
    """Lay a joint scenario out as a waterfall from the present score to its target.

    Parameters
    ----------
    scenario : Scenario
        The planned changes together, as `drivers.scenario` predicts them.
    targets : pandas.DataFrame, optional
        The table of a `Review`; of its targets on the scenario's outcome the last that is due
        counts.

    Returns
    -------
    Outlook

    Raises
    ------
    DataError
        If the scenario's steps do not add up to its change.

    Notes
    -----
    The model starts from the respondents it could use; its change is added to the score of all,
    and its interval moves along: predicted ± as in the scenario. ``p_reach`` takes that interval
    as normal.
    """
    steps = scenario.table
    if abs(float(steps["step"].sum()) - scenario.change) > _WHOLE * max(1, abs(scenario.change)):
        raise DataError("the scenario's steps do not add up to its change.")
    aim = _aim(scenario.outcome, targets)
    now = scenario.baseline_observed if aim is None else float(aim["value"])
    shift = now + scenario.change - scenario.predicted
    predicted, low, high = now + scenario.change, scenario.low + shift, scenario.high + shift
    target, direction = nan, "higher"
    if aim is not None:
        target, direction = float(aim["target"]), str(aim["direction"])
    sign = 1.0 if direction == "higher" else -1.0
    gap = target - predicted if sign * (target - predicted) > 0 else 0.0
    return Outlook(
        table=_bars(steps, scenario, now, (predicted, low, high), target, gap, aim),
        metric=scenario.outcome,
        unit="points" if scenario.kind == "nps" else "percent",
        direction=direction,
        clause=None if aim is None else aim["clause"],
        due="" if aim is None else str(aim["due"]),
        target=target,
        now=now,
        change=scenario.change,
        change_low=scenario.change_low,
        change_high=scenario.change_high,
        predicted=predicted,
        low=low,
        high=high,
        p_reach=_chance(sign * (predicted - target), high - low, scenario.confidence),
        gap=gap if isfinite(target) else nan,
        n=scenario.n_used if aim is None else int(aim["n"]),
        n_used=scenario.n_used,
        confidence=scenario.confidence,
        caveats=tuple(scenario.caveats),
    )


def _aim(outcome: str, targets: pd.DataFrame | None) -> pd.Series | None:
    if targets is None or "due" not in targets:
        return None
    own = targets[targets["metric"] == outcome]
    if own.empty:
        return None
    last = own["remaining"].astype("float64").fillna(0.0).argmax()
    return own.iloc[int(last)]


def _chance(lead: float, width: float, confidence: float) -> float:
    if not (isfinite(lead) and isfinite(width)):
        return nan
    if width <= 0:
        return float(lead >= 0)
    return float(norm.cdf(lead / (width / (2 * z_of(confidence)))))


def _bars(
    steps: pd.DataFrame,
    scenario: Any,
    now: float,
    after: tuple[float, float, float],
    target: float,
    gap: float,
    aim: pd.Series | None,
) -> pd.DataFrame:
    names = ["step", "role", "value", "low", "high", "begin", "end", "capped"]
    first = (scenario.baseline_low + now - scenario.baseline, now, scenario.baseline_high)
    low, high = first[0], first[2] + now - scenario.baseline
    if aim is not None:
        low, high = float(aim["low"]), float(aim["high"])
    rows: list[tuple[Any, ...]] = [(NOW, "total", now, low, high, nan, now, False)]
    at = now
    largest = steps.reindex(steps["step"].abs().sort_values(ascending=False, kind="stable").index)
    for row in largest.to_dict("records"):
        ends = (row["step_low"], row["step_high"], at, at + row["step"])
        rows.append((row["driver"], "step", row["step"], *ends, bool(row["capped"])))
        at += row["step"]
    predicted, after_low, after_high = after
    rows.append((PLANNED, "total", predicted, after_low, after_high, nan, predicted, False))
    if isfinite(target) and gap:
        rows.append((MISSING, "gap", gap, nan, nan, predicted, target, False))
    return pd.DataFrame(rows, columns=names)
