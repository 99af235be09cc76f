"""The rows of this chapter: the register of the choice, scored, costed and rolled out."""

from __future__ import annotations

from math import nan
from typing import Any

import pandas as pd

from cxlib.analysis import selection
from cxlib.analysis.actions import past
from cxlib.analysis.selection import Selection, Weighting
from cxlib.chapters.rows import plain
from cxlib.chapters.tools.register import RECIPROCAL, starter

FIRM = 0.8
"""Share of the draws from which on the first place is called firm."""
SPREAD = 0.25
"""Standard deviation of the log-normal factor by which each weight moves in a draw."""
APART = 0.4
"""Mean gap between assessors, as a share of the scale, from which on a criterion is told."""


def labels(_client: Any, language: str) -> dict[str, str]:
    """Return the names of the starter sets' criteria and steps; a register's own come first."""
    return {
        f"{part}.{one['id']}": one["title"][language]
        for kind in ("feedback", "crm", "service-desk")
        for part in ("criteria", "rollout")
        for one in starter(kind)[part]
    }


def weighting(engagement: Any) -> Weighting | None:
    """Return the weights behind the comparisons in pairs; None if weights are given."""
    register = engagement.register("tools")
    return selection.ahp(register.matrix(), tolerance=RECIPROCAL) if register.comparisons else None


def weights(engagement: Any) -> pd.DataFrame:
    """Return what each criterion counts, the most first."""
    counted, found = engagement.register("tools").counted, weighting(engagement)
    given = {one.id: one.weight or 1.0 for one in counted}
    raw = pd.Series(given, dtype=float) if found is None else found.weights
    table = pd.DataFrame({"id": raw.index, "weighs_in": (raw / raw.sum()).to_numpy()})
    table["title"] = "criteria." + table["id"].astype(str)
    return table.sort_values("weighs_in", ascending=False, kind="stable", ignore_index=True)


def contradictions(engagement: Any) -> pd.DataFrame:
    """Return the comparison that fits the others least, where all contradict too much."""
    found = weighting(engagement)
    if found is None or found.consistency_ratio <= selection.CONSISTENT:
        return pd.DataFrame()
    worst = found.table.head(1).assign(subject="comparisons", case="contradict")
    worst["title"] = "criteria." + worst["criterion"]
    worst["compared_with"] = "criteria." + worst["other"]
    return worst.assign(consistency=found.consistency_ratio)


def knocked_out(engagement: Any) -> pd.DataFrame:
    """Return the options that are out, and why: a must they fail, or a mean score too low."""
    register, told = engagement.register("tools"), []
    means = register.frame("scores").groupby(["option", "criterion"])["score"].mean()
    for option in register.options:
        why = [f"musts.{must}" for must in option.fails]
        why += [
            f"criteria.{one.id}"
            for one in register.counted
            if one.knock_out is not None and means.get((option.id, one.id), nan) < one.knock_out
        ]
        if why:
            row = {"id": option.id, "subject": option.id, "title": f"options.{option.id}"}
            told.append(row | {"reasons": tuple(why)})
    return pd.DataFrame(told, columns=["id", "subject", "title", "reasons"])


def scored(engagement: Any, *, without: tuple[str, ...] = ()) -> Selection | None:
    """Return the ranking of the options that are not out; None below two of them."""
    scores = engagement.register("tools").frame("scores")
    scores = scores[~scores["option"].isin(knocked_out(engagement)["id"])]
    scores = scores[~scores["assessor"].isin(without)]
    if scores["option"].nunique() < 2:
        return None
    counted = weights(engagement).set_index("id")["weighs_in"]
    return selection.score(scores, weights=counted, spread=SPREAD)


def ranking(engagement: Any, found: Selection | None) -> pd.DataFrame:
    """Return all options in their order, those that are out last."""
    out = knocked_out(engagement)
    ids = [one.id for one in engagement.register("tools").options]
    every = pd.DataFrame({"id": pd.Series(ids, dtype=object)})
    every["title"] = "options." + every["id"].astype(str)
    names = ["weighted_sum", "topsis", "rank", "rank_low", "rank_high", "p_first"]
    if found is None:
        every[names] = nan
    else:
        every = every.join(found.table.set_index("option")[names], on="id")
    every = every.join(out.set_index("id")["reasons"], on="id")
    every["places"] = [
        None if pd.isna(low) else f"{low:.0f}" if low == high else f"{low:.0f}–{high:.0f}"
        for low, high in zip(every["rank_low"], every["rank_high"], strict=True)
    ]
    every = every.join(
        costs(engagement).set_index("id")[["years_cost", "unit", "years", "users"]], on="id"
    )
    return every.sort_values("rank", kind="stable", na_position="last", ignore_index=True)


def costs(engagement: Any) -> pd.DataFrame:
    """Return each option's cost over the years; NaN where the register names none."""
    register = engagement.register("tools")
    choice, told = register.choice, []
    for option in register.options:
        parts = (option.licence, option.set_up, option.training, option.per_user)
        row: dict[str, Any] = {"id": option.id, "title": f"options.{option.id}"}
        row |= {
            "years": choice.years,
            "users": choice.users,
            "first_year": nan,
            "later_year": nan,
            "years_cost": nan,
        }
        if any(part is not None for part in parts):
            licence, set_up, training, per_user = (part or 0.0 for part in parts)
            yearly = licence + per_user * choice.users
            years = [yearly * (1 + choice.price_rise) ** year for year in range(choice.years)]
            once = set_up + training
            row |= {"first_year": once + years[0], "years_cost": once + sum(years)}
            row |= {"later_year": years[-1] if choice.years > 1 else nan}
        row["user_month"] = row["years_cost"] / choice.users / choice.years / 12
        told.append(row)
    table = pd.DataFrame(told, columns=["id", "title", "years", "users", "first_year", "later_year",
                                        "years_cost", "user_month"])  # fmt: skip
    table["unit"] = engagement.client.currency or "count"
    return table.sort_values("years_cost", kind="stable", ignore_index=True)


def recommendation(table: pd.DataFrame, years: int) -> pd.DataFrame:
    """Return what to choose and how firm that is, as one row; of `ranking`."""
    if table.empty:
        return table
    stays = table[table["reasons"].isna()]
    row: dict[str, Any] = {"subject": "choice", "case": "none left", "years": years}
    row |= {"answers": True, "p_first": None}  # the chapter's question: stands first
    if len(stays):
        first = stays.iloc[0]
        row |= {"best_option": first["title"], "p_first": first["p_first"], "case": "one left"}
        cheap = stays.dropna(subset=["years_cost"]).sort_values("years_cost", kind="stable")
        if len(cheap) == len(stays) > 1:
            extra = first["years_cost"] - cheap["years_cost"].iloc[0]
            row |= {"cheapest": cheap["title"].iloc[0], "extra_cost": extra, "unit": first["unit"]}
            row["price"] = "dearer" if extra > 0 else "cheapest"
    if len(stays) > 1:
        sums = stays.sort_values("weighted_sum", ascending=False, kind="stable")
        agree = sums["title"].iloc[0] == first["title"]
        rivals = stays.iloc[1:].sort_values("p_first", ascending=False, kind="stable")
        row["other_option"] = (rivals if agree else sums)["title"].iloc[0]
        firm = "firm" if first["p_first"] >= FIRM else "close"
        row["case"] = firm if agree else "differ"
    return pd.DataFrame([row])


def disagreement(engagement: Any) -> pd.DataFrame:
    """Return how far assessors are apart on each criterion, the one to talk about first."""
    register = engagement.register("tools")
    scores = register.frame("scores")
    scores = scores[~scores["option"].isin(knocked_out(engagement)["id"])]
    by = scores.groupby(["criterion", "option"], sort=False)["score"].agg(["count", "min", "max"])
    by = by[by["count"] > 1].assign(apart_by=by["max"] - by["min"])
    if by.empty:
        return pd.DataFrame()
    table = by.groupby("criterion", sort=False).agg(
        apart_by=("apart_by", "mean"), lowest_score=("min", "min"), highest_score=("max", "max")
    )
    table = table.reset_index(names="id").sort_values("apart_by", ascending=False, kind="stable")
    table["title"] = "criteria." + table["id"].astype(str)
    far = table["apart_by"] >= APART * (register.choice.best - 1)
    table["case"] = ["talk" if f and n == 0 else "" for n, f in enumerate(far)]
    table["subject"] = "scores." + table["id"].astype(str)
    shown: pd.DataFrame = table.reset_index(drop=True)
    return shown


def incomplete(engagement: Any, found: Selection | None) -> pd.DataFrame:
    """Return assessors who scored a part only, and whether the first place rests on them."""
    register, told = engagement.register("tools"), []
    asked = len(register.options) * len(register.counted)
    for assessor in register.assessors:
        given = sum(one.assessor == assessor.id for one in register.scores)
        if given == asked:
            continue
        case = "incomplete"
        others = [one for one in register.scores if one.assessor != assessor.id]
        whole = {(one.option, one.criterion) for one in others}
        if found is not None and len(whole) == asked:
            again = scored(engagement, without=(assessor.id,))
            first = [one.table["option"].iloc[0] for one in (found, again) if one is not None]
            case = "decides" if len(set(first)) > 1 else case
        told.append(
            {"subject": f"assessors.{assessor.id}", "title": f"assessors.{assessor.id}",
             "case": case, "scores_given": given, "scores_asked": asked}
        )  # fmt: skip
    return pd.DataFrame(told)


def firmness(engagement: Any, found: Selection | None) -> pd.DataFrame:
    """Return how far the assessors agree and the comparisons are consistent, as one row."""
    agreed, weighed = found and found.agreement, weighting(engagement)
    row = {"agreement": agreed.value if agreed else nan}
    row["consistency"] = nan if weighed is None else weighed.consistency_ratio
    return pd.DataFrame([row])


def rollout(engagement: Any) -> pd.DataFrame:
    """Return the checklist of the rollout with what is late; the starter list if none is kept."""
    register = engagement.register("tools")
    end = engagement.last_day
    rows = register.frame("rollout").rename(columns={"due": "due_on", "owner": "whose"})
    if rows.empty:
        rows = pd.DataFrame(starter(register.choice.kind)["rollout"])
        rows["title"] = "rollout." + rows["id"]
        rows[["due_on", "done", "whose"]] = None
    rows = plain(rows)
    finished = [day is not None and (end is None or day <= end) for day in rows["done"]]
    late = [past(due, end) for due in rows["due_on"]]
    rows["state"] = [
        "done" if f else "late" if behind else "open"
        for f, behind in zip(finished, late, strict=True)
    ]
    rows["subject"] = "rollout." + rows["id"].astype(str)
    return rows
