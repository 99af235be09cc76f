"""The chapter's columns, and the rows that its results are shown and told as."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis import drivers
from cxlib.analysis.drivers.planning import BEST_GROUP, STEP
from cxlib.chapters.rows import given
from cxlib.plots.waterfall import STEP as BAR, TOTAL
from cxlib.words import mark as _

LITTLE = 0.25
"""R² below which the questionnaire misses most of what moves the outcome (Cohen 1988 calls .26 a
large effect)."""

ON_THE_LINE = _("fix first or keep up")
"""The place of a touchpoint that matters and is rated neither clearly low nor clearly well."""

TAKES_ROOM = 0.01
"""Points of a rating below which nothing is to be raised."""


def relative(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of shares under the name that this chapter gives them."""
    names = {"share": "relative", "share_low": "relative_low", "share_high": "relative_high"}
    return table.rename(columns=names)


def steps_of(scenario: drivers.Scenario | None) -> pd.Series:
    """Return each changed driver's step."""
    if scenario is None or scenario.table.empty:
        return pd.Series(dtype=float)
    return scenario.table.set_index("driver")["step"]


@given
def leading(importance: drivers.DriverImportance) -> pd.DataFrame:
    """Return what carries most of the outcome, in one row: its case, share, what is explained."""
    first = importance.table.sort_values("rank", kind="stable").iloc[0]
    told = importance.leading()
    row: dict[Any, Any] = {"first": first["driver"], "count": 0, "share": first["share"]}
    row["drivers"] = None
    row |= told.iloc[0].to_dict() if len(told) else {}
    few = {0: "none", 1: "one"}.get(int(row["count"]), "several")
    if row["count"] == len(importance.table):
        few, row["share"] = "all", first["share"]
    case = "chance" if importance.p_any >= 1 - importance.confidence else few
    row |= {
        "kpi": importance.outcome,
        "case": case,
        "answers": case in ("chance", "none"),
        "little": "yes" if importance.r_squared_high < LITTLE else "no",
        "relative": row["share"],
        "explained": importance.r_squared,
        "explained_low": importance.r_squared_low,
        "explained_high": importance.r_squared_high,
        "n": importance.n_used,
    }
    return pd.DataFrame([row])


@given
def plan(scenario: drivers.Scenario) -> pd.DataFrame:
    """Return what the planned changes together are worth, in one row."""
    if scenario.table.empty:
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
    narrow = case == "no room"
    row = {
        "subject": "plan",
        "kpi": scenario.outcome,
        "case": case,
        "drivers": tuple(table["driver"]),
        "before": scenario.baseline,
        "after": scenario.predicted,
        "change": scenario.change,
        **dict.fromkeys(("low", "change_low"), np.nan if narrow else scenario.change_low),
        **dict.fromkeys(("high", "change_high"), np.nan if narrow else scenario.change_high),
        "unit": drivers.UNITS[scenario.kind],
        "n": scenario.n_used,
    }
    return pd.DataFrame([row])


@given
def methods(importance: drivers.DriverImportance) -> pd.DataFrame:
    """Return each touchpoint's relative importance and rank by both methods."""
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


@given
def waterfall(scenario: drivers.Scenario) -> pd.DataFrame:
    """Return a scenario as rows that add up: the headline, each step, and all together."""
    if scenario.table.empty:
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
