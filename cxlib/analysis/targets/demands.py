"""What each target asks, whether that can be shown, and how fast the KPI would have to move."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isfinite, isnan, nan
from types import SimpleNamespace
from typing import Any

import pandas as pd

from cxlib import periods
from cxlib.analysis.kpis.verdicts import ALPHA, OPEN
from cxlib.analysis.shrinkage import rebound_of, shrink
from cxlib.analysis.targets.measured import holm_level, read
from cxlib.analysis.targets.plans import fastest
from cxlib.analysis.targets.power import detectable_change, sample_size
from cxlib.words import mark as _

LONG = 8
"""Periods from which "always past its target" says something."""
NOTHING, WITHIN, BEYOND_CHANCE = _("asks for nothing"), _("no"), _("yes")
FACT, UNKNOWN = _("every case is counted"), _("no baseline")
BY_ANSWERS, NO_SURVEY, ON_LINE = _("more answers"), _("no survey of this size"), _("no sample")
NEVER, SEEN, NO_PACE = _("faster than ever"), _("seen before"), _("not known")
THERE, TWO_WAVES, FIXED = _("already there"), _("two periods"), _("a fixed number")
ADDED = (
    *("remaining", "asked", "asks", "compared", "smallest", "n_next", "n_needed", "rebound"),
    *("n_to_settle", "settles", "pace_needed", "pace_best", "pace", "held", "of_periods"),
)


def demands(
    judged: pd.DataFrame,
    history: pd.DataFrame,
    *,
    answers: Mapping[str, float] | None = None,
    limits: Mapping[str, float] | None = None,
    all_required: bool = False,
) -> pd.DataFrame:
    """Say of every judged target what it asks, what would settle it, and at what pace.

    Parameters
    ----------
    judged : pandas.DataFrame
        As `kpis.judge` returns it: a row a target, with its verdict, which stays what it is.
    history : pandas.DataFrame
        The client's totals by period, in order: rows of `Estimates`.
    answers : mapping of str to float, optional
        Answers of the next period by KPI; as many as now if not said.
    limits : mapping of str to float, optional
        How many answers a period can bring, by KPI.
    all_required : bool
        As the targets were judged: then nothing is adjusted.

    Returns
    -------
    pandas.DataFrame
        With ``remaining`` (periods until due; 0 or less: due), ``asked`` (target less baseline),
        ``asks`` (is that larger than chance), ``compared, smallest, n_next, n_needed`` (the test
        behind it, and its sizes), ``rebound`` (what comes back by itself after a bad baseline);
        ``n_to_settle`` (of a target too close to call), ``settles`` (what would); ``pace_needed,
        pace_best`` (per period; the fastest ever seen), ``pace``, ``held`` ("always" past the
        target), ``of_periods``. Numbers of answers beyond `limits` are NaN.

    Notes
    -----
    From a measured baseline: two waves compared, two-sided, with a chance of 80 %. From a number:
    one wave against it, one-sided. ``n_to_settle`` stands at the level after Holm's adjustment.
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


def _sign(row: Mapping[str, Any]) -> float:
    return -1.0 if row["direction"] == "lower" else 1.0


def _demand(row: Mapping[str, Any], past: pd.DataFrame) -> dict[str, Any]:
    """Return what a target asks of its baseline, and whether that is larger than chance."""
    found: dict[str, Any] = {"asked": row["target"] - row["start"], "asks": UNKNOWN, "compared": ""}
    found |= {"smallest": nan, "n_needed": nan, "rebound": nan}
    sign = _sign(row)
    if not isfinite(row["start"]):
        return found
    if sign * found["asked"] <= 0:
        return found | {"asks": NOTHING}
    if row["basis"] == "census":
        return found | {"asks": FACT}
    base = past[past["period"] == row["baseline"]]
    seen = read(SimpleNamespace(**(base.iloc[0] if len(base) else row)))
    if not seen.variance > 0 or pd.isna(row["n_next"]):
        return found
    before, plan = None, _fixed(row, seen)
    if len(base):
        before, plan = seen.n, {"score": SimpleNamespace(**base.iloc[0])}
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
    needed = read(SimpleNamespace(**row)).settle(row["target"], level)
    if needed > limit or isnan(needed) or needed == inf:
        return {"n_to_settle": nan, "settles": ON_LINE if needed == inf else NO_SURVEY}
    return {"n_to_settle": needed, "settles": BY_ANSWERS}


def _pace(row: Mapping[str, Any], past: pd.DataFrame) -> dict[str, Any]:
    """Return how fast the KPI would have to move, how fast it ever has, and whether it was past."""
    sign, best = _sign(row), fastest(past, direction=row["direction"])
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
