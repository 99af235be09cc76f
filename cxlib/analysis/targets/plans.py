"""What a target asks, the way to it, and whether a plan or the pace so far gets there in time."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isfinite, isnan, nan
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from cxlib import periods
from cxlib.analysis.estimation import z_of
from cxlib.analysis.kpis.verdicts import ALPHA, OPEN, trajectory
from cxlib.analysis.metrics import Direction, check_direction
from cxlib.analysis.results import Tabled
from cxlib.analysis.shrinkage import rebound_of, shrink
from cxlib.analysis.targets.measured import holm_level, read
from cxlib.analysis.targets.power import detectable_change, sample_size
from cxlib.analysis.targets.proposals import HAIRCUT, HAIRCUT_LEAST, PLAN, check_haircut
from cxlib.errors import DataError
from cxlib.words import mark as _

SURE = 0.80  # chance that the counted change reaches the target from which a plan counts as enough
REACHES, SLOW, IN_FULL = _("reaches"), _("too slow"), _("only in full")
SHORT, THERE, UNTARGETED = _("falls short"), _("already there"), _("no target")
LONG = 8
"""Periods from which "always past its target" says something."""
NOTHING, WITHIN, BEYOND_CHANCE = _("asks for nothing"), _("no"), _("yes")
FACT, UNKNOWN = _("every case is counted"), _("no baseline")
BY_ANSWERS, NO_SURVEY, ON_LINE = _("more answers"), _("no survey of this size"), _("no sample")
NEVER, SEEN, NO_PACE = _("faster than ever"), _("seen before"), _("not known")
TWO_WAVES, FIXED = _("two periods"), _("a fixed number")
ADDED = (
    *("remaining", "asked", "asks", "compared", "smallest", "n_next", "n_needed", "rebound"),
    *("n_to_settle", "settles", "pace_needed", "pace_best", "pace", "held", "of_periods"),
)


class Outlook(Tabled):
    """What a joint scenario brings a KPI, and whether that reaches its target, in the KPI's unit.

    ``table``, a row a driver, the largest step first: ``driver, rating_now, rating_planned,
    change`` (after the haircut; they add up), ``change_low, change_high`` (a quarter of the
    prediction, all of it), ``capped``. ``summary``, one row: ``kpi, means`` (what the scenario
    stands for), ``gets_there`` ("reaches", "too slow", "only in full", "falls short", "already
    there", "no target"), ``unit, direction, value, target, due, predicted`` (after the haircut;
    ``_low, _high`` as above), ``predicted_change, full_change, p_reach`` (sampling alone), ``left,
    remaining`` (periods), ``pace_needed, pace_best`` (a period), ``n``.
    """

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
    is counted on would not. `scenario` is what `drivers.scenario` predicts; `value` the client's
    headline (the observed score of its respondents if not said); `remaining`: periods until due;
    `history`: the KPI by period, in order; `plan, haircut` as in `propose`.
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
    left = nan if not isfinite(goal) else 0.0 if lead >= 0 else goal - predicted
    unit = "points" if scenario.kind == "nps" else "percent"
    summary: dict[str, Any] = {"kpi": scenario.outcome, "means": plan, "gets_there": case}
    summary |= {"unit": unit, "direction": direction, "value": now, "target": goal, "due": due}
    summary |= {"predicted": predicted, "predicted_low": ends[0], "predicted_high": ends[1]}
    summary |= {"predicted_change": change, "full_change": full, "p_reach": p_reach, "left": left}
    summary |= {"remaining": remaining, "pace_needed": sign * needed, "pace_best": sign * best}
    summary |= {"n": int(scenario.n_used)}
    table = _steps(steps, haircut)
    return Outlook(table=table, summary=pd.DataFrame([summary]), caveats=tuple(scenario.caveats))


def _steps(steps: pd.DataFrame, haircut: float) -> pd.DataFrame:
    """Return what each driver adds after the haircut, the largest step first."""
    largest = steps["step"].abs().sort_values(ascending=False, kind="stable").index
    steps = steps.loc[largest].reset_index(drop=True)
    counted = np.sort(np.outer(steps["step"], [HAIRCUT_LEAST, 1.0]), axis=1)
    names = {"mean_now": "rating_now", "mean_used": "rating_planned"}
    return (
        steps[["driver", *names]]
        .rename(columns=names)
        .assign(
            change=haircut * steps["step"],
            change_low=counted[:, 0],
            change_high=counted[:, 1],
            capped=steps["capped"].astype(bool),
        )
    )


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

    `start` and `due` are labels (``2026Q3``, ``2026-09`` or ``2026``), `due` the later one;
    `baseline` and `target` the KPI's value in either; `agreed` the steps that the contract names,
    by period, which replace the straight line; `kind` that of the periods laid out (that of `start`
    if not said). Returns ``period, expected, agreed``: a row a period, `start` and `due` included;
    between agreed steps the line is straight in days, as in `kpis.judge`.
    """
    kind = kind or periods.kind_of(start)
    if kind is None or periods.kind_of(due) is None:
        raise DataError(f"a path runs between periods of a calendar, not {start!r} and {due!r}.")
    first, last = (periods.containing(periods.parse(p).end, kind) for p in (start, due))
    if last.ordinal <= first.ordinal:
        raise DataError(f"due {due} is not after the start {start}; a path needs a later period.")
    way = [first + step for step in range(last.ordinal - first.ordinal + 1)]
    steps = {periods.containing(periods.parse(p).end, kind): v for p, v in (agreed or {}).items()}
    points = [*(agreed or {}).items(), (due, target), (start, baseline)]
    rows = [(str(p), trajectory(str(p), points), steps.get(p, nan)) for p in way]
    return pd.DataFrame(rows, columns=["period", "expected", "agreed"])


def demands(
    judged: pd.DataFrame,
    history: pd.DataFrame,
    *,
    answers: Mapping[str, float] | None = None,
    limits: Mapping[str, float] | None = None,
    all_required: bool = False,
) -> pd.DataFrame:
    """Say of every judged target what it asks, what would settle it, and at what pace.

    From a measured baseline: two waves compared, two-sided, with a chance of 80 %. From a number:
    one wave against it, one-sided. `judged` is what `kpis.judge` returns; `history` the client's
    totals by period; `answers` those of the next period by KPI (as many as now if not said),
    `limits` how many a period can bring. Added are ``remaining`` (periods until due; 0 or less:
    due), ``asked`` (target less baseline), ``asks`` (is that larger than chance), ``compared,
    smallest, n_next, n_needed`` (the test behind it), ``rebound`` (what comes back by itself after
    a bad baseline), ``n_to_settle`` (of a target too close to call, at the level after Holm's
    adjustment), ``settles`` (what would), ``pace_needed, pace_best`` (per period), ``pace, held``
    ("always" past the target), ``of_periods``. Numbers of answers beyond `limits` are NaN.
    """
    rows = []
    for record in judged.to_dict("records"):
        row = {str(name): value for name, value in record.items()}
        past = history[history["kpi"] == row["kpi"]].reset_index(drop=True)
        row["n_next"] = (answers or {}).get(row["kpi"], row["n"])
        side = "p_value" if row["reached"] else "p_missed"
        level = ALPHA if all_required else holm_level(row[side], judged[side])
        limit = (limits or {}).get(row["kpi"], inf)
        added = _settling(row, level, limit) | _demand(row, past) | _pace(row, past)
        if added["n_needed"] > limit:
            added["n_needed"] = nan
        rows.append(row | added)
    table = pd.DataFrame(rows, columns=[*judged.columns, *ADDED])
    return table.astype(dict.fromkeys(("n", "remaining", "n_next", "of_periods"), "Int64"))


def _demand(row: Mapping[str, Any], past: pd.DataFrame) -> dict[str, Any]:
    """Return what a target asks of its baseline, and whether that is larger than chance."""
    found: dict[str, Any] = {"asked": row["target"] - row["start"], "asks": UNKNOWN, "compared": ""}
    found |= {"smallest": nan, "n_needed": nan, "rebound": nan}
    sign = -1.0 if row["direction"] == "lower" else 1.0
    if not isfinite(row["start"]):
        return found
    if sign * found["asked"] <= 0:
        return found | {"asks": NOTHING}
    if row["basis"] == "census":
        return found | {"asks": FACT}
    base = past[past["period"] == row["baseline"]]
    seen = read(base.iloc[0] if len(base) else row)
    if not seen.variance > 0 or pd.isna(row["n_next"]):
        return found
    before, plan = None, _fixed(row, seen)
    if len(base):
        before, plan = seen.n, {"score": base.iloc[0]}
    waves = {"n": float(row["n_next"]), "n_before": before, "direction": row["direction"]}
    size = detectable_change(**waves, **plan).change
    found |= {"smallest": sign * size, "compared": TWO_WAVES if len(base) else FIXED}
    found["n_needed"] = float(sample_size(change=found["asked"], **plan).n)
    found["asks"] = BEYOND_CHANCE if sign * found["asked"] >= size - 1e-9 else WITHIN
    if len(base) and len(known := past.loc[: base.index[0]]) > 2:
        luck = rebound_of(seen.value, seen.standard_error, sign, shrink(known, what="history"))
        found["rebound"] = sign * luck
    return found


def _fixed(row: Mapping[str, Any], seen: Any) -> dict[str, Any]:
    """Return the plan of one period against a baseline that was agreed as a number."""
    plan: dict[str, Any] = {"design": "fixed target"}
    if seen.kind != "share":
        scale = 1e4 if seen.kind == "nps" else 1.0
        metric = "nps" if seen.kind == "nps" else "mean"
        return plan | {"variance": seen.variance / scale, "metric": metric}
    own = seen.value * (100 - seen.value)
    effect = seen.variance / own if own > 0 else 1.0
    return plan | {"share": row["start"], "design_effect": effect}


def _settling(row: Mapping[str, Any], level: float, limit: float) -> dict[str, Any]:
    """Return what would settle a target that is too close to call; blank for all others."""
    if row["status"] != OPEN:
        return {"n_to_settle": nan, "settles": ""}
    needed = read(row).settle(row["target"], level)
    if needed > limit or isnan(needed) or needed == inf:
        return {"n_to_settle": nan, "settles": ON_LINE if needed == inf else NO_SURVEY}
    return {"n_to_settle": needed, "settles": BY_ANSWERS}


def _pace(row: Mapping[str, Any], past: pd.DataFrame) -> dict[str, Any]:
    """Return how fast the KPI would have to move, how fast it ever has, and whether it was past."""
    sign = -1.0 if row["direction"] == "lower" else 1.0
    best = fastest(past, direction=row["direction"])
    kind, due, left = periods.kind_of(row["period"]), row["due"], None
    if kind is not None and due is not None and periods.kind_of(due) is not None:
        last = periods.containing(periods.parse(due).end, kind)
        left = last.ordinal - periods.parse(row["period"]).ordinal
    needed = nan
    if left is not None and left > 0 and not row["reached"]:
        needed = abs(row["gap"]) / left
    ahead = sign * (past["value"] - row["target"]) >= 0
    pace = THERE if row["reached"] else NO_PACE
    if isfinite(needed) and isfinite(best):
        pace = NEVER if needed > best else SEEN
    return {
        "remaining": pd.NA if left is None else left,
        "pace_needed": sign * needed,
        "pace_best": sign * best,
        "pace": pace,
        "held": "always" if len(past) >= LONG and bool(ahead.all()) else "",
        "of_periods": len(past),
    }
