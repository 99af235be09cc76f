"""The frames on what experience is worth: each step's money, and the valuable unhappy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cxlib import chapters, periods
from cxlib.analysis import comments
from cxlib.analysis.results import Tabled
from cxlib.chapters.membership.study import YEAR, Study
from cxlib.chapters.rows import quotes
from cxlib.words import mark as _


def steps(study: Study) -> Any:
    """Return what each step from detractor to promoter goes with."""
    found = study.experience
    if found is None:
        return None
    spend = found.table["outcome"] == "spend"
    scale = np.where(spend, 1.0, 100.0)
    table = found.table.assign(
        unit=np.where(spend, study.currency, "percent"),
        step_key=found.table["step"], outcome_key=found.table["outcome"], days=found.horizon,
        members=found.table["n_from"] + found.table["n_to"],
        step_value=found.table["value"] * scale,
        step_value_low=found.table["value_low"] * scale,
        step_value_high=found.table["value_high"] * scale,
        step_raw=found.table["raw"] * scale, subject=found.table["step"],
        low=found.table["value_low"] * scale, high=found.table["value_high"] * scale,
        here=int(study.people["there"].sum()),
    )  # fmt: skip
    for end in ("", "_low", "_high"):  # if all who were asked took the step
        table[f"step_gain{end}"] = (table[f"step_value{end}"] * table["n_from"]).where(spend)
    table = table.drop(
        columns=["value", "value_low", "value_high", "raw", "step", "outcome", "gain"]
    )
    clear = (table["outcome_key"] == "spend") & (table["turn"] != "unclear")
    table["none_clear"] = "no" if clear.any() else "yes"
    return replace(found, table=table, members=found.members.head(0))


class Unhappy(Tabled):
    """The most valuable third of members whose last answer of a year was a detractor's.

    `table`: a row a tier; `whole`: one row, for the finding; `themes`: what enough of them complain
    of, a row a theme; `quotes`: ``theme, comment``.
    """

    whole: pd.DataFrame
    themes: pd.DataFrame
    quotes: pd.DataFrame


def unhappy(study: Study) -> Unhappy:
    """Return the valuable unhappy: how many, which tier, what they say."""
    empty = pd.DataFrame()
    who = _unhappy(study)
    if who.empty:
        return Unhappy(table=empty, whole=empty, themes=empty, quotes=empty)
    themes, quotes = _said(study, who)
    level = who["tier"].fillna("–") if "tier" in who else pd.Series("all", who.index)
    table = who.groupby(level.rename("level")).agg(n=("spend", "size"), spend=("spend", "mean"))
    table = study.by_tier(table.reset_index()).assign(segment="tier", unit=study.currency)
    row = {
        "subject": "unhappy", "title": _("valuable detractors"),
        "n": len(who), "members": len(who), "unit": study.currency,
        "spend": who["spend"].mean(), "lowest": _lowest(study, who),
        "theme": themes["theme"].iloc[0] if len(themes) else None,
    }  # fmt: skip
    row["case"] = "said" if row["theme"] else "named" if row["lowest"] else "unnamed"
    return Unhappy(
        table=table.assign(members=table["n"]), whole=pd.DataFrame([row]), themes=themes,
        quotes=quotes,
    )  # fmt: skip


def _unhappy(study: Study) -> pd.DataFrame:
    """Return them, a row a member, with their last answer."""
    engagement = study.engagement
    metric = next((m for m in engagement.metrics if m.kind == "nps"), None)
    if metric is None or study.bought is None or study.people.empty:
        return pd.DataFrame()
    people = study.people[study.people["there"]]
    top = people[people["spend"] >= max(people["spend"].quantile(2 / 3), 1e-9)]
    since = study.as_of - YEAR
    upto = engagement.periods[: engagement.periods.index(engagement.period) + 1]
    late = [p for p in upto if not periods.kind_of(p) or periods.parse(p).end >= since.date()]
    told = ["respondent_id", "date", metric.key, *(t.key for t in engagement.touchpoints)]
    survey = engagement.survey(period=f"last {max(1, len(late))}", columns=[*told, "comment"])
    survey = survey[survey["date"] > since].sort_values("date", kind="stable")
    survey = survey.dropna(subset=[metric.key]).drop_duplicates("respondent_id", keep="last")
    low = survey[survey[metric.key] <= (metric.cut_points or (6, 9))[0]]
    top = top[["member_id", "spend", *(["tier"] if "tier" in top else [])]]
    low = low.drop(columns=top.columns, errors="ignore")
    both: pd.DataFrame = low.merge(top, left_on="respondent_id", right_on="member_id")
    return both


def _lowest(study: Study, who: pd.DataFrame) -> str | None:
    """Return the touchpoint that they rate worst of those that enough of them rated."""
    engagement, told = study.engagement, {}
    for asked in engagement.touchpoints:
        rated = who[asked.key].dropna() if asked.key in who else who.head(0)
        if len(rated) >= engagement.minimum_base:
            low, high = asked.scale
            share = (float(np.mean(rated.to_numpy(float))) - low) / (high - low)
            told[asked.key] = share if asked.direction == "higher" else 1 - share
    return min(told, key=lambda key: told[key]) if told else None


def _said(study: Study, who: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the themes they complain of by the codebook of the comments' chapter, and quotes."""
    books, options = chapters.part("comments", "codebooks"), chapters.options_of("comments")
    if "comment" not in who or books is None or options is None:
        return pd.DataFrame(), pd.DataFrame()
    study.engagement.learn("comments")
    text = who["comment"].astype("string").str.strip()
    text = text[text.notna() & (text != "")].astype(object)
    settings = options(**study.engagement.client.chapters.get("comments", {}))
    found = comments.themes(text, codebook=books.read(settings))
    table = found.table[found.table["negative"] > 0].assign(complaints=found.table["negative"])
    base = found.n_used
    table = table.assign(n=table["complaints"], complain_share=table["complaints"] / max(base, 1))
    table = table.sort_values("n", ascending=False, kind="stable")[["theme", "n", "complain_share"]]
    table = table[table["n"] >= study.engagement.minimum_base].head(6)
    rows: list[dict[str, str]] = []
    hits = found.hits[found.hits["score"] < 0].sort_values("score", kind="stable")
    for theme in table["theme"].head(3):
        mine = text[hits.loc[hits["theme"] == theme, "comment"].drop_duplicates()]
        fit = quotes(mine, [row["comment"] for row in rows])
        rows += [{"theme": theme, "comment": said} for said in fit]
    return table.assign(members=table["n"]), pd.DataFrame(rows)


def joining(study: Study) -> Any:
    """Return what members spend more once they have joined than comparable others."""
    found = study.joining
    if found is None:
        return None
    table = found.table.assign(
        subject="joining", unit=study.currency, days=found.horizon, members=found.table["n"],
        joined_more=found.table["effect"], joined_low=found.table["effect_low"],
        joined_high=found.table["effect_high"], joined_raw=found.table["raw"],
        low=found.table["effect_low"], high=found.table["effect_high"],
        earlier=found.table["trend"], earlier_low=found.table["trend_low"],
        earlier_high=found.table["trend_high"],
    )  # fmt: skip
    behind = (table["turn"] == "unclear") & (table["joined_raw"] <= 0)
    table["turn"] = table["turn"].mask(behind, "unclear, not ahead")
    balance = found.balance.assign(
        mean_members=found.balance["mean"], members=found.balance["n"]
    ).drop(columns="mean")  # fmt: skip
    own = [name for name in map(str, table) if name.startswith(("joined_", "earlier"))]
    kept = ["subject", "unit", "days", "n", "members", "turn", "low", "high", "n_others", *own]
    return replace(found, table=table[kept], balance=balance)
