"""The journey's rows: touchpoints in order, stages, and the same for groups of customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.analysis.actions import last_day, past
from cxlib.analysis.journey import JourneyMap, drop_off, map_journey
from cxlib.chapters.rows import READ, displeased
from cxlib.columns import records
from cxlib.words import mark as _

GOOD = 0.5
"""Feeling from which on a touchpoint hurts nobody: 4 of 5, halfway from the middle to the best."""
WELL = {"pain point": "", "failing moment of truth": "moment of truth"}
"""What a touchpoint that is rated well is called where others are rated better still."""
UNSTAGED = _("the journey")
MOST = 6
"""Groups that one figure can hold apart; the largest are shown."""
QUOTED = 160
"""Characters a quote may have."""


def chart(engagement: Any) -> JourneyMap | None:
    """Return the journey of this period; None for a client without touchpoints."""
    standing = engagement.standing("touchpoint").table
    if standing.empty:
        return None
    table = engagement.withheld(standing).rename(columns={"kpi": "touchpoint"})
    found = map_journey(
        _stages(engagement, set(table["touchpoint"])),
        scores=table,
        scales=_scales(engagement),
        importance=getattr(engagement.result("drivers", "importance"), "table", None),
        lower_is_better=[t.key for t in engagement.touchpoints if t.direction == "lower"],
    )
    role, felt = found.table["role"], found.table["emotion"]
    role = role.mask(felt >= GOOD, role.replace(WELL))
    typical = (role == "strength") & (found.table["emotion_low"] <= felt.median())
    rows = found.table.assign(
        kpi=found.table["touchpoint"],
        role=role.mask(typical, ""),
        weighs=found.table["importance"],
        source="touchpoint",
        unit=found.table["touchpoint"].map(table.set_index("touchpoint")["unit"]),
        stake=found.table["touchpoint"].map(table.set_index("touchpoint")["stake"]),
    )
    return replace(found, table=rows)


def rows(found: JourneyMap | None) -> pd.DataFrame:
    """Return one row a touchpoint, or none; ``above``: it clearly beats the typical one."""
    if found is None:
        return pd.DataFrame()
    return found.table.assign(above=found.table["emotion_low"] > found.table["emotion"].median())


def weighed(found: JourneyMap | None) -> pd.DataFrame:
    """Return the touchpoints whose part in the score is known."""
    return rows(found).dropna(subset=["weighs"]) if found is not None else rows(found)


def stages(found: JourneyMap | None) -> pd.DataFrame:
    """Return the stages, the one that feels worst marked where there are several."""
    if found is None or len(found.stages) < 2 or found.stages["emotion"].notna().sum() < 2:
        return pd.DataFrame()
    table = found.stages.drop(columns=["entered", "left", "drop_off", "low", "high"])
    lowest = table["emotion"] == table["emotion"].min()
    return table.assign(case=np.where(lowest, "lowest", ""))


def groups(engagement: Any) -> pd.DataFrame:
    """Return each touchpoint's feeling for every group of one segment that is large enough."""
    segment = engagement.settings.segment or next(iter(engagement.segments), None)
    every = engagement.kpis().table.query("brand == 'own'")
    here = every[(every["period"] == engagement.period) & (every["source"] == "touchpoint")]
    mine = engagement.withheld(here[here["segment"] == segment])
    mine = mine[mine["value"].notna()]
    if mine.empty or mine["level"].nunique() < 2:
        return pd.DataFrame()
    largest = mine.groupby("level")["n"].max().nlargest(MOST).index
    mine, scales = mine[mine["level"].isin(largest)], _scales(engagement)
    down = {t.key for t in engagement.touchpoints if t.direction == "lower"}
    ends = mine["kpi"].map(scales)
    low, high = ends.str[0].astype(float), ends.str[1].astype(float)
    feeling = 2 * (mine["value"] - low) / (high - low) - 1
    told: pd.DataFrame = mine.assign(emotion=feeling.where(~mine["kpi"].isin(down), -feeling))
    return told


def apart(engagement: Any, groups: pd.DataFrame) -> pd.DataFrame:
    """Return the touchpoints at which two groups are clearly apart: their intervals do not meet."""
    if groups.empty:
        return pd.DataFrame(columns=["kpi"])
    rows = []
    for kpi, mine in groups.groupby("kpi", sort=False):
        told = records(mine.sort_values("emotion", kind="stable"))
        worst, best = told[0], told[-1]
        if best["low"] > worst["high"] or best["high"] < worst["low"]:
            rows.append(
                {"kpi": kpi, "segment": best["segment"], "best_group": _named(best)}
                | {"worst_group": _named(worst), "spread": best["emotion"] - worst["emotion"]}
            )
    table = pd.DataFrame(rows, columns=["kpi", "segment", "best_group", "worst_group", "spread"])
    for name in ("best_group", "worst_group"):
        table[name] = [engagement.words.label(value) for value in table[name]]
    return table.sort_values("spread", ascending=False, kind="stable").head(5)


def voices(engagement: Any, found: JourneyMap | None) -> pd.DataFrame:
    """Return a comment for every pain point: of those who rate it lowest, the fullest."""
    columns = ["kpi", "comment"]
    if found is None or engagement.client.survey is None:
        return pd.DataFrame(columns=columns)
    share, _n = engagement.share_of(READ)
    named = [*(t.key for t in engagement.touchpoints), "comment"]
    answers = engagement.survey(columns=named, share=share)
    if "comment" not in answers:
        return pd.DataFrame(columns=columns)
    rows: list[dict[str, Any]] = []
    asked = {touchpoint.key: touchpoint for touchpoint in engagement.touchpoints}
    for kpi in found.table.loc[found.table["role"].str.contains("pain|failing"), "kpi"]:
        said = displeased(answers, asked[kpi])["comment"]
        said = said[said.str.len().between(8, QUOTED) & ~said.isin([r["comment"] for r in rows])]
        rows += [{"kpi": kpi, "comment": text} for text in said.head(2)]
    return pd.DataFrame(rows, columns=columns)


OVER = ("done", "verified", "stopped")
"""States of an action that is open no more."""


def drops(engagement: Any) -> pd.DataFrame:
    """Return where customers went no further, stage by stage, as far as the period can tell."""
    if engagement.client.events is None:
        return pd.DataFrame()
    stage = {t.key: t.stage or UNSTAGED for t in engagement.touchpoints}
    events = engagement.rows("events").rename(columns={"customer_id": "customer", "date": "time"})
    events["stage"] = events["step"].map(lambda step: stage.get(step, step))
    order = dict.fromkeys(stage.get(key, key) for key in (*stage, *engagement.client.events.steps))
    span: dict[str, Any] = {}
    if periods.kind_of(engagement.period):
        when = periods.parse(engagement.period)
        span = {"since": pd.Timestamp(when.start), "until": pd.Timestamp((when + 1).start)}
    found = drop_off(
        events, stages=list(order), window=engagement.client.events.days, **span
    ).rename(columns={"drop_off": "left_share", "low": "left_low", "high": "left_high"})
    told = found[found["left_share"].notna() & (found["n"] >= engagement.minimum_base)]
    above = [row["left_low"] > told.drop(at)["left_high"].max() for at, row in told.iterrows()]
    most = pd.Series(above, told.index, dtype=bool).reindex(found.index, fill_value=False)
    return found.assign(case=np.where(most, "most", ""), subject="drop-off at " + found["stage"])


def owned(engagement: Any, found: JourneyMap | None) -> pd.DataFrame:
    """Return each touchpoint with what is being done about it: the open action due first."""
    register = engagement.register("actions")
    if found is None or register is None:
        return pd.DataFrame()
    actions = register.frame("actions")
    actions = actions[~actions["state"].isin(OVER) & actions["kpi"].notna()]
    days = [None if pd.isna(due) else last_day(due).isoformat() for due in actions["due"]]
    actions = actions.assign(due=pd.Series(days, actions.index, dtype=object))
    first = actions.sort_values("due", kind="stable", na_position="last").drop_duplicates("kpi")
    first = first.rename(columns={"title": "open_action", "owner": "led_by", "due": "action_due"})
    end = engagement.last_day
    first["action_state"] = [
        "late" if past(due, end) else state
        for due, state in zip(first["action_due"], first["state"], strict=True)
    ]
    names = ["kpi", "led_by", "open_action", "action_due", "action_state"]
    told = found.table[["stage", "kpi", "role", "n"]].merge(first[names], on="kpi", how="left")
    matters = told["role"].str.contains("pain|moment") | told["open_action"].notna()
    return told[matters].reset_index(drop=True)


def wall(engagement: Any) -> pd.DataFrame:
    """Return all that stands on the sheet for the wall, one row a touchpoint."""
    found = chart(engagement)
    if found is None:
        return pd.DataFrame()
    table, done, lost = found.table, owned(engagement, found), drops(engagement)
    table = table.merge(voices(engagement, found).drop_duplicates("kpi"), on="kpi", how="left")
    if len(done):
        table = table.merge(done.drop(columns=["stage", "role", "n"]), on="kpi", how="left")
    if len(lost):
        lost = engagement.withheld(lost)[["stage", "left_share", "left_low", "left_high"]]
        table = table.merge(lost, on="stage", how="left")
    texts = ("comment", "led_by", "open_action", "action_due", "action_state")
    numbers = ("left_low", "left_high")
    told = table.reindex(columns=[*dict.fromkeys([*table, *texts, "left_share", *numbers])])
    return told.astype(dict.fromkeys(texts, object))


def _named(row: Any) -> str:
    return f"{row['segment']}={row['level']}"


def _scales(engagement: Any) -> dict[str, tuple[float, float]]:
    return {t.key: tuple(t.scale) for t in engagement.touchpoints if t.scale}


def _stages(engagement: Any, scored: set[str]) -> Mapping[str, Sequence[str]]:
    told: dict[str, list[str]] = {}
    for touchpoint in engagement.touchpoints:
        if touchpoint.key in scored:
            told.setdefault(touchpoint.stage or UNSTAGED, []).append(touchpoint.key)
    return told
