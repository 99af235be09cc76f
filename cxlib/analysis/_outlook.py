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

NOW, AFTER, MISSING = _("Now"), _("After it"), _("Still missing")
PLAN, RECOVERY = _("The plan"), _("Regaining lost ground")
_WHOLE = 1e-6


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """A joint scenario laid out from the present score to its target; in the score's unit.

    ``table``, in the order of a waterfall: ``step`` ("Now", a driver each, "After it", "Still
    missing"), ``role`` (total, step, gap), ``rating_now, rating_planned`` (mean rating of a driver
    by its users), ``change, change_low, change_high`` (what a step adds), ``begin, end`` (from
    where to where its bar reaches), ``end_low, end_high`` (of a total), ``capped`` (a driver held
    at what the best segment shows). Steps are averaged over orders and add up.
    ``predicted, low, high`` are the score with the plan, ``p_reach`` the chance that it is on the
    target's side if the changes come true, ``gap`` what the plan leaves open (0 if nothing),
    signed like the way to the target. ``target`` is NaN where the contract sets none. ``plan``
    says which plan it is.
    """

    table: pd.DataFrame
    plan: str
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


def outlook(scenario: Any, *, targets: pd.DataFrame | None = None, plan: str = PLAN) -> Outlook:
    """Lay a joint scenario out as a waterfall from the present score to its target.

    Parameters
    ----------
    scenario : Scenario
        The planned changes together, as `drivers.scenario` predicts them.
    targets : pandas.DataFrame, optional
        The table of a `Review`; of its targets on the scenario's outcome the last that is due
        counts.
    plan : str
        What a reader calls it: `PLAN` or `RECOVERY`.

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
        plan=plan,
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
    model = (scenario.baseline_low, scenario.baseline_high)
    low, high = (end + now - scenario.baseline for end in model)
    if aim is not None:
        low, high = float(aim["low"]), float(aim["high"])
    rows = [_bar(NOW, "total", end=now, end_low=low, end_high=high)]
    at = now
    largest = steps["step"].abs().sort_values(ascending=False, kind="stable").index
    for row in steps.loc[largest].to_dict("records"):
        rows.append(
            _bar(
                row["driver"],
                "step",
                rating_now=row["mean_now"],
                rating_planned=row["mean_used"],
                change=row["step"],
                change_low=row["step_low"],
                change_high=row["step_high"],
                begin=at,
                end=at + row["step"],
                capped=bool(row["capped"]),
            )
        )
        at += row["step"]
    predicted, low, high = after
    rows.append(_bar(AFTER, "total", end=predicted, end_low=low, end_high=high))
    if isfinite(target) and gap:
        rows.append(_bar(MISSING, "gap", change=gap, begin=predicted, end=target))
    return pd.DataFrame(rows)


_NUMBERS = (
    "rating_now",
    "rating_planned",
    "change",
    "change_low",
    "change_high",
    "begin",
    "end",
    "end_low",
    "end_high",
)


def _bar(step: str, role: str, *, capped: bool = False, **numbers: float) -> dict[str, Any]:
    return {"step": step, "role": role, **dict.fromkeys(_NUMBERS, nan), **numbers, "capped": capped}
