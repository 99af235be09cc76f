"""What the membership chapter shows: its columns, and the frames of its tables and figures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis import members
from cxlib.analysis.members import Movement
from cxlib.chapters.membership import Options
from cxlib.chapters.membership.study import YEAR, Study
from cxlib.chapters.rows import joined
from cxlib.present.linked import Lattice
from cxlib.words import mark as _

TIER = {"en": "Tier", "zh": "等级"}
WHOLE = {"en": "All", "zh": "全部"}
TODAY = {"en": "Today", "zh": "现状"}


def labels(client: Any, language: str) -> dict[str, str]:
    """Return the names of tiers and designs in a language."""
    asked = Options(**client.chapters.get("membership", {})).designs
    named: dict[str, dict[Any, str]] = {k: dict(d.label or {}) for k, d in asked.items()}
    told = {f"design={key}": label.get(language, key) for key, label in named.items()}
    own = {"tier": TIER[language], "tier=all": WHOLE[language]}
    return {**own, "design=today": TODAY[language], **told}


def who(study: Study) -> pd.DataFrame:
    """Return the members of today, a row a tier."""
    people = study.people[study.people["there"]]
    if people.empty:
        return pd.DataFrame()
    level = people["tier"].fillna("–") if "tier" in people else pd.Series("all", people.index)
    since = study.as_of - pd.Timedelta(days=study.options.active_days)
    told = people.assign(level=level, active=people["last"] > since).groupby("level", sort=False)
    table = told.agg(n=("active", "size"), active=("active", "mean"), spend=("spend", "mean"),
                     total=("spend", "sum")).reset_index()  # fmt: skip
    table = study.of_members(study.by_tier(table)).assign(segment="tier")
    if study.bought is None:
        table[["active", "spend", "total"]] = np.nan
    return table.assign(
        share_of_members=table["n"] / table["n"].sum(),
        spend_share=table["total"] / table["total"].sum(),
    )


def rfm(study: Study) -> Any:
    """Return members by recency, frequency and money."""
    found = study.tried(_("rfm"), members.rfm, study.own, as_of=study.as_of)
    if found is None:
        return None
    names = {"level": "kind", "share": "share_of_members", "money_share": "spend_share"}
    table = study.of_members(found.table)
    return replace(found, table=table.assign(**{new: table[old] for old, new in names.items()}))


def movement(study: Study) -> Movement | None:
    """Return who rose and fell: the tiers that spend of the last year and the one before earns."""
    if not study.thresholds:
        return None
    people, ago = study.people, study.as_of - YEAR
    joined = people.get("joined", pd.Series(pd.NaT, index=people.index))
    left = people.get("left", pd.Series(pd.NaT, index=people.index))
    then = ~(joined > ago) & ~(left <= ago)
    rows = pd.DataFrame(index=people.index)
    rows["before"] = members.tier_of(people["spend_before"], study.thresholds)
    rows["after"] = members.tier_of(people["spend"], study.thresholds)
    rows["before"] = rows["before"].where(then, None)
    rows["after"] = rows["after"].where(people["there"], None)
    order = list(study.thresholds)
    found = members.tier_movement(rows[then | people["there"]], order=order)
    table = found.table.assign(
        tier_before=[_tier(v, order) for v in found.table["before"]],
        tier_after=[_tier(v, order) for v in found.table["after"]],
        way=found.table["direction"], members=found.table["n"], moved_share=found.table["share"],
        level=found.table["before"] + "→" + found.table["after"], segment="movement",
        withheld=_followed(found.table, study.engagement.minimum_base),
    )  # fmt: skip
    return replace(found, table=table)


def _followed(moves: pd.DataFrame, minimum_base: int) -> list[bool]:
    """Return which moves are small, or tell a small one: tiers are known in size."""
    known = Lattice(minimum_base)
    for name in ("before", "after"):
        sums = moves.groupby(name)["n"].sum()
        ends = {frozenset({(name, str(tier))}): float(n) for tier, n in sums.items()}
        known.add(ends, [tier for tier, n in ends.items() if n < minimum_base])
    known.settle()
    pairs = zip(moves["before"], moves["after"], strict=True)
    cells = [frozenset({("before", start), ("after", end)}) for start, end in pairs]
    n = dict(zip(cells, moves["n"], strict=True))
    known.add(n, [cell for cell in cells if n[cell] < minimum_base])
    known.settle()
    return [cell in known.hidden or known.seals(cell) for cell in cells]


def _tier(value: str, order: list[str]) -> str:
    return f"tier={value}" if value in order else value


def benefits(study: Study) -> Any:
    """Return what benefits cost, a row a tier, with the points' ledger beside it."""
    found = study.benefits
    if found is None:
        return None
    table = study.of_members(study.by_tier(found.table)).rename(columns={"total": "cost_total"})
    points = found.points.assign(
        points_sum=found.points["points"].round().astype("int64"),
        points_share=found.points["share"],
    )
    return replace(found, table=table, points=points)


# --- what they are worth -------------------------------------------------------------------------


def worth(study: Study) -> Any:
    """Return the value of the coming year, by tier."""
    found = study.worth
    if found is None:
        return None
    table = found.table.rename(
        columns={"total": "worth_total", "total_low": "worth_low", "total_high": "worth_high",
                 "mean": "worth_mean", "share": "worth_share"}
    )  # fmt: skip
    table = study.of_members(study.by_tier(table)).assign(
        segment="tier", share_of_members=table["n"] / table["n"].sum(),
        months=round(found.horizon / 4.348),
    )  # fmt: skip
    ahead = table["worth_share"] - table["share_of_members"]
    top = len(table) > 1
    table["case"] = np.where(top & (ahead == ahead.max()), "top", "")
    return replace(found, customers=found.customers.head(0), table=table, unit=study.currency)


def holdout(study: Study) -> pd.DataFrame:
    """Return purchases held out against those expected, by purchases before."""
    found = study.holdout
    if found is None:
        return pd.DataFrame()
    table = found.table.assign(members=found.table["n"], ratio=found.ratio)
    names = {"frequency": "bought_before", "expected": "bought_expected", "actual": "bought_actual"}
    return table.rename(columns=names).astype({"bought_before": int})


def models(study: Study) -> pd.DataFrame:
    """Return the parameters of the models of value."""
    return joined([fit.table for fit in (study.purchases, study.money) if fit is not None])


# --- does it work, what if -----------------------------------------------------------------------


def effects(study: Study) -> Any:
    """Return what each tier keeps at its threshold and what it costs more."""
    found = study.effects
    if found is None:
        return None
    names = ("kept", "kept_low", "kept_high", "cost", "net", "net_low", "net_high")
    blank = {name: np.nan for name in names if name not in found.table}
    table = study.of_members(found.table).assign(**blank, pays=found.table["status"])
    smaller = table[["n", "n_below"]].min(axis=1)
    loss = table["pays"] == "costs more"  # told as a loss, with its interval
    table = table.assign(
        cost_more=table["cost"], n=smaller,
        low=table["net_low"].where(~loss, -table["net_high"]),
        high=table["net_high"].where(~loss, -table["net_low"]),
    )  # fmt: skip
    kept = table.drop(columns=["cost", "status", "n_below"])
    kept = kept.rename(columns=lambda name: name.replace("kept", "keeps"))
    return replace(found, table=kept)


def designs(study: Study) -> Any:
    """Return the designs side by side."""
    found = study.designs
    if found is None:
        return None
    table = found.table.rename(
        columns={"cost": "design_cost", "cost_low": "design_low", "cost_high": "design_high",
                 "cost_change": "saving", "cost_change_low": "saving_low",
                 "cost_change_high": "saving_high"}
    )  # fmt: skip
    table = study.of_members(table).assign(
        subject="design", design="design=" + table["design"],
        low=table["saving_low"], high=table["saving_high"],
        better=np.where((table["recommended"] == "yes") & (table.index > 0), "yes", "no"),
        falls=np.where(table["down"] > 0, "some", "nobody"),
    ).drop(columns=["benefits", "points", "breakage", "down_share"])  # fmt: skip
    table.loc[0, ["saving", "saving_low", "saving_high"]] = np.nan  # today, against itself
    tiers = found.tiers.assign(design="design=" + found.tiers["design"], members=found.tiers["n"])
    return replace(found, table=table, tiers=tiers)


def parted(result: Any) -> Any:
    """Return a result only if it has more than one group: else there is nothing to compare."""
    return None if result is None or len(result.table) < 2 else result


def absent(study: Study, **made: Any) -> pd.DataFrame:
    """Return what the tables of a client with tiers do not hold, by name, for a note there."""
    lacking = [name for name, result in made.items() if result is None]
    return pd.DataFrame({"case": lacking if "tier" in study.people else []})


def refused(study: Study) -> pd.DataFrame:
    """Return what cannot be told, and why."""
    rows = list(study.refused.items())
    return pd.DataFrame(rows, columns=["case", "reason_text"], dtype=object)
