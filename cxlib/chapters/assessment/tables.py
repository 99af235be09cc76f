"""The assessment's rows: KPIs, touchpoints and groups with what is said of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis import compare, scores
from cxlib.analysis.fitness import FitnessForUse
from cxlib.analysis.kpis import Estimates
from cxlib.chapters.rows import fell_with
from cxlib.columns import records

STRAIGHT_LINING = 0.15
NO_ANSWER = 0.10
"""Shares of respondents above which the data themselves are a finding."""


def kpis(engagement: Any) -> Estimates:
    """Return the survey's KPIs, each with the touchpoint that fell with it, if one did."""
    standing: Estimates = engagement.standing("survey")
    fell = fell_with(standing.table, engagement.standing("touchpoint").table)
    told = ["no" if name is None else "yes" for name in fell]
    return replace(standing, table=standing.table.assign(fell_with=fell, told_with=told))


def ratings(engagement: Any) -> scores.Distribution | pd.DataFrame:
    """Return how the first KPI that anybody answered was rated; empty where nobody answered one."""
    survey = engagement.survey(columns=engagement.closed)
    main = next((m for m in engagement.metrics if survey[m.key].notna().any()), None)
    if main is None or main.scale is None:
        return pd.DataFrame()
    return scores.distribution(
        survey[main.key],
        scale=main.scale,
        kind=main.kind,
        cut_points=main.cut_points,
        weights=survey["weight"],
    )


def trends(engagement: Any, standing: Estimates) -> list[Estimates]:
    """Return each KPI's course so far, with its target and the steps that broke it on every row."""
    found = []
    for row in records(standing.table):
        series: Estimates = engagement.series(str(row["kpi"]))
        if series.table["value"].notna().sum() < 2:  # one point is no course
            continue
        table = series.table.assign(target=row.get("target"))
        table["breaks_at"] = [row["breaks_at"]] * len(table)
        found.append(replace(series, table=table))
    return found


def journey(engagement: Any) -> Estimates:
    """Return the touchpoints in journey order; the one that is clearly the weakest is marked."""
    standing: Estimates = engagement.standing("touchpoint")
    table = standing.table.copy()
    table["typical"], table["place"] = table["value"].median(), ""
    if len(table) > 2 and (table["direction"] == "higher").all() and len(set(table["scale"])) == 1:
        low = table.nsmallest(2, "value")
        if low["high"].iloc[0] < low["low"].iloc[1]:
            table.loc[low.index[0], "place"] = "weakest"
            others = table["value"].drop(low.index[0])
            table["typical"] = others.median()
            short = (table["typical"] - table["value"]).clip(lower=0) * table["worth"].fillna(0)
            table["stake"] = table["stake"].where(table["place"] != "weakest", short)
    return replace(standing, table=table)


def groups(engagement: Any) -> Estimates:
    """Return every group against comparable others, with the shift of the mix that it made."""
    found: Estimates = engagement.groups()
    table = found.table.drop(columns=["share_before", "share_after", "to"], errors="ignore")
    levels = table.groupby("segment")["level"].transform("size")
    share = table["n"].astype(float) / table.groupby("segment")["n"].transform("sum").astype(float)
    table = table.assign(
        mirrored=np.where(levels == 2, "yes", "no"),
        stake=share * table["like"].fillna(table["change"]).abs() * (table["turn"] == "worse"),
        stake_moved=0.0,
        grew="no",
        share_before=np.nan,
        share_after=np.nan,
        to=None,
    )
    shifts = pd.concat([engagement.standing(s).table for s in ("survey", "touchpoint")])
    shifts = shifts[shifts["cause"].isin(["mix", "both"])]
    if len(shifts):  # one shift of the mix makes one finding
        top = shifts.iloc[0]
        here = (table["segment"] == top["mix_segment"]) & (table["level"] == top["mix_level"])
        table.loc[here, "grew"] = "yes"
        for name in ("share_before", "share_after", "to", "stake_moved"):
            table.loc[here, name] = top[name]
    return replace(found, table=table)


def shift(engagement: Any) -> Any:
    """Return a KPI that the mix moved, group by group of the segment that moved it most."""
    every = engagement.compared("previous").table
    row = every[every["cause"].isin(["mix", "both"]) & (every["source"] == "survey")].iloc[:1]
    segment = row["mix_segment"].iloc[0] if len(row) else None
    if not isinstance(segment, str):
        return None
    before, now = (
        engagement.survey(period=p, columns=engagement.closed) for p in ("previous", None)
    )
    metric = next(m for m in engagement.metrics if m.key == row["kpi"].iloc[0])
    found = compare.decompose_change(before, now, metric=metric, by=segment, bootstrap=0)
    return found.table.rename(columns={segment: "level"}).assign(segment=segment, unit=found.unit)


def data(fit: FitnessForUse) -> pd.DataFrame:
    """Return what the data cannot carry, one row a case."""
    rows: list[dict[str, Any]] = []
    if fit.straight_lining.value > STRAIGHT_LINING:
        rows.append({"case": "straight lining", "share": fit.straight_lining.value})
    skipped = fit.questions[fit.questions["share_no_answer"] > NO_ANSWER]
    rows += [
        {
            "case": "no answer" if row["answered"] else "nobody",
            "share": row["share_no_answer"],
            "question": row["question"],
        }
        for row in records(skipped)
    ]
    skewed = fit.representativeness
    skewed = skewed[skewed["p_value"] < 0.05] if len(skewed) else skewed
    if len(skewed):
        worst = skewed.iloc[int(skewed["difference"].abs().argmax())]
        named = ("segment", "level", "sample_share", "known_share")
        rows.append({"case": "skewed"} | {name: worst[name] for name in named})
    return pd.DataFrame(rows, columns=["case", *{k: 0 for r in rows for k in r if k != "case"}])
