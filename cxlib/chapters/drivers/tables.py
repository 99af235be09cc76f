"""The chapter's columns, and the rows that its results are shown and told as."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis import drivers
from cxlib.analysis.drivers.planning import BEST_GROUP, STEP
from cxlib.columns import Column
from cxlib.plots.waterfall import STEP as BAR
from cxlib.plots.waterfall import TOTAL
from cxlib.words import mark as _

LITTLE = 0.25
"""R² below which the questionnaire misses most of what moves the outcome (Cohen 1988 calls .26 a
large effect)."""

ON_THE_LINE = _("fix first or keep up")
"""The place of a touchpoint that matters and is rated neither clearly low nor clearly well."""

TAKES_ROOM = 0.01
"""Points of a rating below which nothing is to be raised."""

COLUMNS = {
    "outcome": Column(_("KPI explained"), "key"),
    "drivers": Column(_("Touchpoints"), "key"),
    "first": Column(_("First"), "key"),
    "importance": Column(_("Contribution to total variance"), "percent", "A part of R²."),
    "relative": Column(
        _("Relative importance"),
        "percent",
        "Share of what all touchpoints explain, 0 to 1.",
        ("relative_low", "relative_high"),
    ),
    "relative_johnson": Column(_("By Johnson's weights"), "percent"),
    "rank_johnson": Column(_("Rank by Johnson's weights"), "int"),
    "p_top3": Column(_("Chance to be in the first three"), "chance"),
    "p_unique": Column(_("p (adjusted)"), "p", "Beyond all other touchpoints, Holm-adjusted."),
    "proven": Column(_("Proven"), "mark", "p_unique below 5%."),
    "performance": Column(_("Mean rating"), "number", "", ("performance_low", "performance_high")),
    "quadrant": Column(
        _("Place"), "word", "fix first, keep up, watch (or not proven), maintain, or on the line."
    ),
    "p_low": Column(_("Chance to be rated low"), "percent", "Below the cut of the map."),
    "p_well": Column(_("Chance to be rated well"), "percent", "Above the cut of the map."),
    "explained": Column(_("Explained"), "percent", "R².", ("explained_low", "explained_high")),
    "lost": Column(_("Lost ground"), "word", "yes where it got worse like for like and is proven."),
    "regain": Column(_("Worth winning back"), "points", "Points of the outcome."),
    "own": Column(_("Own value"), "unit"),
    "most": Column(_("Differs most"), "key"),
    "competitor_turn": Column(
        _("Against the competitor"), "word", "better, worse or unclear, equal mix."
    ),
    "reason": Column(_("Why not"), "word"),
    "kept": Column(_("In the model"), "mark"),
    "levels": Column(_("Groups"), "int"),
    "p_driver": Column(_("p of that touchpoint (adjusted)"), "p"),
    "differs": Column(_("Differs"), "word"),
    "mean_now": Column(_("Mean today"), "number"),
    "mean_used": Column(_("In the scenario"), "number"),
    "mean_asked": Column(_("Asked for"), "number"),
    "cap": Column(_("Best group reaches"), "number"),
    "ground": Column(_("Because"), "word"),
    "gain": Column(_("Worth"), "signed", "Of the outcome.", ("gain_low", "gain_high")),
}


def relative(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of shares under the name that this chapter gives them."""
    names = {"share": "relative", "share_low": "relative_low", "share_high": "relative_high"}
    return table.rename(columns=names)


def steps_of(scenario: drivers.Scenario | None) -> pd.Series:
    """Return each changed driver's step."""
    if scenario is None or scenario.table.empty:
        return pd.Series(dtype=float)
    return scenario.table.set_index("driver")["step"]


def leading(importance: drivers.DriverImportance | None) -> pd.DataFrame:
    """Return what carries most of the outcome, in one row: its case, share, what is explained."""
    if importance is None:
        return pd.DataFrame()
    first = importance.table.sort_values("rank", kind="stable").iloc[0]
    told = importance.leading()
    row: dict[Any, Any] = {"first": first["driver"], "count": 0, "share": first["share"]}
    row |= told.iloc[0].to_dict() if len(told) else {}
    few = {0: "none", 1: "one"}.get(int(row["count"]), "several")
    if row["count"] == len(importance.table):
        few, row["share"] = "all", first["share"]
    row |= {
        "kpi": importance.outcome,
        "case": "chance" if importance.p_any >= 1 - importance.confidence else few,
        "little": "yes" if importance.r_squared_high < LITTLE else "no",
        "relative": row["share"],
        "explained": importance.r_squared,
        "explained_low": importance.r_squared_low,
        "explained_high": importance.r_squared_high,
        "n": importance.n_used,
    }
    return pd.DataFrame([row])


def plan(scenario: drivers.Scenario | None) -> pd.DataFrame:
    """Return what the planned changes together are worth, in one row."""
    if scenario is None or scenario.table.empty:
        return pd.DataFrame()
    table = scenario.table
    rises = table["mean_used"] - table["mean_now"]
    ground = str(table["ground"].iloc[0])
    if ground == BEST_GROUP and rises.max() < TAKES_ROOM:
        case = "no room"
    elif ground == BEST_GROUP and rises.max() < STEP:
        case = "little room"
    else:
        case = {BEST_GROUP: "best group"}.get(ground, ground)
    row = {
        "subject": "plan",
        "kpi": scenario.outcome,
        "case": case,
        "drivers": tuple(table["driver"]),
        "before": scenario.baseline,
        "after": scenario.predicted,
        "change": scenario.change,
        "low": np.nan if case == "no room" else scenario.change_low,
        "high": np.nan if case == "no room" else scenario.change_high,
        "unit": drivers.UNITS[scenario.kind],
        "n": scenario.n_used,
    }
    return pd.DataFrame([row])


def methods(importance: drivers.DriverImportance | None) -> pd.DataFrame:
    """Return each touchpoint's relative importance and rank by both methods."""
    if importance is None:
        return pd.DataFrame()
    table = relative(importance.table)
    other = table["johnson"] / table["johnson"].sum()
    ranks = other.rank(ascending=False, method="first").astype(int)
    return table.assign(relative_johnson=other, rank_johnson=ranks).sort_values("rank")


def worth(scenario: drivers.Scenario | None, only: Any = None) -> pd.DataFrame:
    """Return what each touchpoint's step is worth (of those in `only`), the largest first."""
    if scenario is None:
        return pd.DataFrame()
    names = {"step": "gain", "step_low": "gain_low", "step_high": "gain_high"}
    table = scenario.table.rename(columns=names)
    table = table.assign(unit=drivers.UNITS[scenario.kind], n=scenario.n_used)
    table = table if only is None else table[table["driver"].isin(only)]
    return table.sort_values("gain", ascending=False, kind="stable", ignore_index=True)


def waterfall(scenario: drivers.Scenario | None) -> pd.DataFrame:
    """Return a scenario as rows that add up: the headline, each step, and all together."""
    if scenario is None or scenario.table.empty:
        return pd.DataFrame()
    steps = scenario.table.rename(columns={"step": "value", "step_low": "low", "step_high": "high"})
    totals = pd.DataFrame({"role": TOTAL, "value": [scenario.baseline, scenario.predicted]})
    parts = [totals.iloc[:1], steps.assign(role=BAR), totals.iloc[1:]]
    return pd.concat(parts, ignore_index=True).assign(
        outcome=scenario.outcome,
        unit=drivers.UNITS[scenario.kind],
        change=scenario.change,
        n=scenario.n_used,
    )
