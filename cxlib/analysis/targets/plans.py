"""The way to a target, how fast the KPI has ever moved, and whether a plan gets there in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from cxlib import periods
from cxlib.analysis.estimation import z_of
from cxlib.analysis.metrics import Direction, check_direction
from cxlib.analysis.results import Result
from cxlib.analysis.targets.proposals import HAIRCUT, HAIRCUT_LEAST, PLAN, check_haircut
from cxlib.errors import DataError
from cxlib.words import mark as _

SURE = 0.80  # chance that the counted change reaches the target from which a plan counts as enough
REACHES, SLOW, IN_FULL = _("reaches"), _("too slow"), _("only in full")
SHORT, THERE, UNTARGETED = _("falls short"), _("already there"), _("no target")


@dataclass(frozen=True, kw_only=True)
class Outlook(Result):
    """What a joint scenario brings a KPI, and whether that reaches its target, in the KPI's unit.

    ``table``, a row a driver, the largest step first: ``driver, rating_now, rating_planned`` (mean
    rating by its users), ``change`` (what it adds after the haircut; the steps add up),
    ``change_low, change_high`` (a quarter of the prediction, and all of it), ``capped``.
    ``summary``, one row: ``kpi, means`` (what the scenario stands for), ``gets_there`` ("reaches",
    "too slow", "only in full", "falls short", "already there", "no target"), ``unit, direction,
    value, target, due, predicted`` (after the haircut) with ``predicted_low, predicted_high`` (a
    quarter of the change, and all of it), ``predicted_change, full_change`` (after the haircut,
    and before), ``p_reach`` (chance that the counted change reaches the target, sampling alone),
    ``left`` (what it leaves open), ``remaining`` (periods), ``pace_needed, pace_best`` (a period;
    the fastest ever seen), ``n``.
    """

    table: pd.DataFrame
    summary: pd.DataFrame


def outlook(
    scenario: Any,
    *,
    value: float | None = None,
    target: float | None = None,
    due: str = "",
    direction: Direction = "higher",
    remaining: float = nan,
    history: pd.DataFrame | None = None,
    plan: str = PLAN,
    haircut: float = HAIRCUT,
) -> Outlook:
    """Say what a joint scenario is counted on to bring, and whether it reaches the target in time.

    "reaches" needs three things: the change after its haircut gets there with a chance of 80 %
    (sampling alone), the time left is known and not over, and the KPI has moved fast enough before
    in so many periods. "only in full": all of the predicted change would get there, the part that
    is counted on would not.

    Parameters
    ----------
    scenario : Scenario
        The changes together, as `drivers.scenario` predicts them; steps that do not add up to its
        change are an error.
    value : float, optional
        The client's headline, to which the predicted change is applied; the observed score of the
        scenario's respondents if not said.
    target, due, direction
        What the contract asks for (None without one), by when, and which way is better.
    remaining : float
        Periods until due; NaN if unknown.
    history : pandas.DataFrame, optional
        The KPI by period: ``period, value``, in order; how fast it has ever moved.
    plan, haircut
        What the scenario stands for, as in `propose`, and how much of its change is counted on.
    """
    check_direction(direction)
    steps = scenario.table
    if abs(float(steps["step"].sum()) - scenario.change) > 1e-6 * max(1, abs(scenario.change)):
        raise DataError("the scenario's steps do not add up to its change.")
    check_haircut(haircut)
    now = float(scenario.baseline_observed if value is None else value)
    goal = nan if target is None else float(target)
    change, full = haircut * scenario.change, float(scenario.change)
    predicted = now + change
    ends = sorted(now + share * full for share in (HAIRCUT_LEAST, 1.0))
    sign = 1.0 if direction == "higher" else -1.0
    half = haircut * (scenario.change_high - scenario.change_low) / 2
    lead, p_reach = sign * (predicted - goal), nan
    if isfinite(lead) and isfinite(half):
        p_reach = float(
            norm.cdf(lead / (half / z_of(scenario.confidence))) if half > 0 else lead >= 0
        )
    best = fastest(history, direction=direction)
    needed = max(0.0, sign * (goal - now)) / remaining if remaining > 0 else nan
    if not isfinite(goal):
        case = UNTARGETED
    elif sign * (now - goal) >= 0:
        case = THERE
    elif p_reach >= SURE:
        case = REACHES if needed <= best else SLOW
    else:
        case = IN_FULL if sign * (now + full - goal) >= 0 else SHORT
    summary = {
        "kpi": scenario.outcome,
        "means": plan,
        "gets_there": case,
        "unit": "points" if scenario.kind == "nps" else "percent",
        "direction": direction,
        "value": now,
        "target": goal,
        "due": due,
        "predicted": predicted,
        "predicted_low": ends[0],
        "predicted_high": ends[1],
        "predicted_change": change,
        "full_change": full,
        "p_reach": p_reach,
        "left": nan if not isfinite(goal) else 0.0 if lead >= 0 else goal - predicted,
        "remaining": remaining,
        "pace_needed": sign * needed,
        "pace_best": sign * best,
        "n": int(scenario.n_used),
    }
    largest = steps["step"].abs().sort_values(ascending=False, kind="stable").index
    steps = steps.loc[largest].reset_index(drop=True)
    counted = np.sort(np.outer(steps["step"], [HAIRCUT_LEAST, 1.0]), axis=1)
    names = {"mean_now": "rating_now", "mean_used": "rating_planned"}
    table = (
        steps[["driver", *names]]
        .rename(columns=names)
        .assign(
            change=haircut * steps["step"],
            change_low=counted[:, 0],
            change_high=counted[:, 1],
            capped=steps["capped"].astype(bool),
        )
    )
    return Outlook(table=table, summary=pd.DataFrame([summary]), caveats=tuple(scenario.caveats))


def fastest(history: pd.DataFrame | None, *, direction: Direction) -> float:
    """Return the largest improvement from one period to the next; NaN if fewer than two are known.

    Never less than 0: a KPI that only ever fell has not moved the right way yet.
    """
    if history is None or len(history) < 2:
        return nan
    steps = np.diff(history["value"].to_numpy(dtype=float))
    steps = steps[np.isfinite(steps)] * (1.0 if direction == "higher" else -1.0)
    return max(0.0, float(steps.max())) if len(steps) else nan


def path(
    *,
    start: str,
    baseline: float,
    due: str,
    target: float,
    agreed: Mapping[str, float] | None = None,
    kind: periods.Kind | None = None,
) -> pd.DataFrame:
    """Lay out the periods from the baseline to the due date.

    Parameters
    ----------
    start, due : str
        Period labels: ``2026Q3``, ``2026-09`` or ``2026``; `due` must be the later one.
    baseline, target : float
        The KPI's value in either, in its unit.
    agreed : mapping of str to float, optional
        Steps that the contract names, by period; they replace the straight line.
    kind : {"month", "quarter", "year"}, optional
        Kind of the periods laid out; that of `start` if not said.

    Returns
    -------
    pandas.DataFrame
        ``period, expected, agreed``: a row a period, `start` and `due` included; between agreed
        steps the line is straight in days, as in `kpis.judge`.
    """
    kind = kind or periods.kind_of(start)
    if kind is None or periods.kind_of(due) is None:
        raise DataError(f"a path runs between periods of a calendar, not {start!r} and {due!r}.")
    first, last = (periods.containing(periods.parse(p).end, kind) for p in (start, due))
    if last.ordinal <= first.ordinal:
        raise DataError(f"due {due} is not after the start {start}; a path needs a later period.")
    way = [first + step for step in range(last.ordinal - first.ordinal + 1)]
    steps = {periods.containing(periods.parse(p).end, kind): v for p, v in (agreed or {}).items()}
    known = pd.Series([steps.get(period, nan) for period in way], dtype="float64")
    fixed = known.copy()
    fixed.iloc[0], fixed.iloc[-1] = baseline, target
    fixed.index = pd.Index([period.end.toordinal() for period in way])
    expected = fixed.interpolate(method="index").to_numpy()
    return pd.DataFrame({"period": map(str, way), "expected": expected, "agreed": known})
