"""What the membership chapter shows: its columns, and the frames of its tables and figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis import members
from cxlib.analysis.members import Movement
from cxlib.chapters.membership.options import Options
from cxlib.chapters.membership.study import YEAR, Study
from cxlib.columns import Column
from cxlib.words import mark as _

COLUMNS = {
    "members": Column(_("Members"), "int", "Unweighted members behind the row."),
    "share_of_members": Column(_("Share of members"), "percent"),
    "active": Column(_("Active"), "percent", "Bought within `active_days`."),
    "spend": Column(_("Spend a year"), "unit", "Mean a member."),
    "spend_share": Column(_("Share of spend"), "percent"),
    # recency, frequency, money
    "kind": Column(_("Kind"), "word"),
    "recency": Column(_("Days since the last purchase"), "int"),
    "frequency": Column(_("Days with a purchase"), "points"),
    "money": Column(_("Spend so far"), "unit"),
    # tiers
    "tier_before": Column(_("Tier a year ago"), "key"),
    "tier_after": Column(_("Tier now"), "key"),
    "way": Column(_("Change of tier"), "word", "up, down, same, joined or left."),
    "moved_share": Column(_("Share of the tier"), "percent"),
    "use": Column(_("Used one"), "percent", "Share of members who used a benefit."),
    "uses": Column(_("Uses a member"), "number"),
    "cost": Column(_("Cost a member"), "unit", "", ("cost_low", "cost_high")),
    "cost_total": Column(_("Cost in all"), "unit"),
    "points_sum": Column(_("Points"), "int"),
    "points_share": Column(_("Share of those issued"), "percent"),
    # who stays
    "stay": Column(_("Still there after a year"), "percent", "", ("stay_low", "stay_high")),
    "stay_others": Column(_("All other members"), "percent"),
    "left_n": Column(_("Left"), "int"),
    "stays_p": Column(_("p (log-rank, adjusted)"), "p"),
    "joined_in": Column(_("Joined in"), "period"),
    "tenure": Column(_("Tenure"), "text"),
    "leaving": Column(_("Leave within a month"), "percent", "Events a month at risk."),
    "hazard": Column(_("Hazard ratio"), "number", "", ("hazard_low", "hazard_high")),
    "reference_level": Column(_("Against"), "key"),
    "p_proportional": Column(_("p (proportional)"), "p"),
    "age": Column(_("Periods since joining"), "int"),
    "retention": Column(_("Still there"), "percent"),
    "expected_share": Column(_("By the model"), "percent"),
    # what they are worth
    "worth_total": Column(_("Value"), "unit", "", ("worth_low", "worth_high")),
    "worth_mean": Column(_("Value a member"), "unit"),
    "worth_share": Column(_("Share of value"), "percent"),
    "bought_before": Column(_("Repeat purchases before"), "int"),
    "bought_expected": Column(_("Expected"), "number"),
    "bought_actual": Column(_("Actually made"), "number"),
    "parameter": Column(_("Parameter"), "text"),
    "estimate": Column(_("Estimate"), "number", "", ("estimate_low", "estimate_high")),
    # what experience is worth
    "step_key": Column(_("From and to"), "word"),
    "outcome_key": Column(_("What"), "word"),
    "step_value": Column(_("Difference"), "signed", "", ("step_value_low", "step_value_high")),
    "step_raw": Column(_("Unadjusted"), "signed"),
    "step_gain": Column(
        _("If all of them took it"), "unit", "Money.", ("step_gain_low", "step_gain_high")
    ),
    "n_from": Column(_("Asked members"), "int", "Of the class that the step leaves."),
    "days": Column(_("Days"), "int"),
    "complain_share": Column(_("Of their comments"), "percent"),
    "lowest": Column(_("Rated lowest"), "key"),
    # does it work, what if
    "joined_more": Column(
        _("More than comparable others"), "signed", "Money a member.", ("joined_low", "joined_high")
    ),
    "joined_raw": Column(_("More than all others"), "signed", "Afterwards, not adjusted."),
    "earlier": Column(
        _("The same before joining"), "signed", "0 if all is well.", ("earlier_low", "earlier_high")
    ),
    "n_others": Column(_("Others"), "int", "Effectively, once weighted."),
    "covariate": Column(_("Before joining"), "word"),
    "mean_members": Column(_("Members' mean"), "number"),
    "mean_others": Column(_("All others"), "number"),
    "mean_weighted": Column(_("Comparable others"), "number"),
    "apart_weighted": Column(_("Apart, in standard deviations"), "number"),
    "threshold": Column(_("Threshold"), "unit"),
    "keeps": Column(_("Keeps a member and year"), "signed", "", ("keeps_low", "keeps_high")),
    "cost_more": Column(_("Costs a member and year"), "signed"),
    "net": Column(_("Left over"), "signed", "", ("net_low", "net_high")),
    "pays": Column(_("Verdict"), "word", "pays, costs more, open or too few."),
    "design": Column(_("Design"), "key"),
    "design_cost": Column(_("Cost a year"), "unit", "", ("design_low", "design_high")),
    "saving": Column(_("Against today"), "signed", "", ("saving_low", "saving_high")),
    "down": Column(_("Fall"), "int", "Members in a lower tier than today."),
    "up": Column(_("Rise"), "int"),
    "under": Column(_("Just under it"), "int", "Within a tenth under the threshold."),
    "recommended": Column(_("Recommended"), "word"),
    "reason_text": Column(_("Why"), "word"),
}
TIER = {"en": "Tier", "zh": "等级"}
WHOLE = {"en": "All members", "zh": "全体会员"}
TODAY = {"en": "Today", "zh": "现状"}
SAID = (_("spend"), _("stay"), _("detractor to passive"), _("passive to promoter"), _("up"),
        _("down"), _("same"), _("joined"), _("left"), _("yes"), _("no"), _("all"))  # fmt: skip


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
    order = list(study.engagement.client.members.tiers) if study.thresholds else []
    rank = {tier: at for at, tier in enumerate(order)}
    table = table.sort_values("level", key=lambda c: c.map(rank).fillna(99), kind="stable")
    if study.bought is None:
        table[["active", "spend", "total"]] = np.nan
    return table.assign(
        segment="tier", members=table["n"], unit=study.currency,
        share_of_members=table["n"] / table["n"].sum(),
        spend_share=table["total"] / table["total"].sum(),
    ).reset_index(drop=True)  # fmt: skip


def rfm(study: Study) -> Any:
    """Return members by recency, frequency and money."""
    bought = study.bought
    if bought is None:
        return None
    found = study.tried("rfm", lambda: members.rfm(bought, as_of=study.as_of))
    if found is None:
        return None
    table = found.table.assign(kind=found.table["level"], members=found.table["n"])
    table = table.assign(
        unit=study.currency, share_of_members=table["share"], spend_share=table["money_share"]
    )
    return members.Rfm(
        members=found.members, table=table, groups=found.groups, caveats=found.caveats
    )


def movement(study: Study) -> Movement | None:
    """Return who rose and fell: the tiers that spend of the last year and the one before earns."""
    if not study.thresholds:
        return None
    people, ago = study.people, study.as_of - YEAR
    joined = people.get("joined", pd.Series(pd.NaT, index=people.index))
    left = people.get("left", pd.Series(pd.NaT, index=people.index))
    then = ~(joined > ago) & ~(left <= ago)
    rows = pd.DataFrame(
        {
            "before": members.tier_of(people["spend_before"], study.thresholds),
            "after": members.tier_of(people["spend"], study.thresholds),
        },
        index=people.index,
    )
    rows["before"] = rows["before"].where(then, None)
    rows["after"] = rows["after"].where(people["there"], None)
    order = list(study.thresholds)
    found = members.tier_movement(rows[then | people["there"]], order=order)
    table = found.table.assign(
        tier_before=[_tier(v, order) for v in found.table["before"]],
        tier_after=[_tier(v, order) for v in found.table["after"]],
        way=found.table["direction"], members=found.table["n"], moved_share=found.table["share"],
        level=found.table["before"] + "→" + found.table["after"], segment="movement",
    )  # fmt: skip
    return Movement(table=table, order=found.order, n=found.n)


def _tier(value: str, order: list[str]) -> str:
    return f"tier={value}" if value in order else value


def benefits(study: Study) -> Any:
    """Return what benefits cost, a row a tier, with the points' ledger beside it."""
    found = study.benefits
    if found is None:
        return None
    rank = {tier: at for at, tier in enumerate(study.thresholds)}
    table = found.table.assign(unit=study.currency, members=found.table["n"])
    table = table.sort_values("level", key=lambda c: c.map(rank).fillna(99), kind="stable")
    points = found.points.assign(
        kind=found.points["kind"], points_sum=found.points["points"].round().astype("int64"),
        points_share=found.points["share"],
    )  # fmt: skip
    return members.Benefits(
        table=table.rename(columns={"total": "cost_total"}), points=points, caveats=found.caveats
    )


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
    table = table.assign(
        segment="tier", unit=study.currency, members=table["n"],
        share_of_members=table["n"] / table["n"].sum(), months=round(found.horizon / 4.348),
    )  # fmt: skip
    rank = {tier: at for at, tier in enumerate(study.thresholds)}
    table = table.sort_values("level", key=lambda c: c.map(rank).fillna(99), kind="stable")
    ahead = table["worth_share"] - table["share_of_members"]
    top = len(table) > 1
    table["case"] = np.where(top & (ahead == ahead.max()), "top", "")
    return type(found)(
        customers=found.customers.head(0), table=table.reset_index(drop=True),
        horizon=found.horizon, unit=study.currency, margin=found.margin, discount=found.discount,
        caveats=found.caveats,
    )  # fmt: skip


def holdout(study: Study) -> pd.DataFrame:
    """Return purchases held out against those expected, by purchases before."""
    found = study.holdout
    if found is None:
        return pd.DataFrame()
    return found.table.assign(
        bought_before=found.table["frequency"].astype(int),
        bought_expected=found.table["expected"],
        bought_actual=found.table["actual"],
        members=found.table["n"],
        ratio=found.ratio,
    )


def models(study: Study) -> pd.DataFrame:
    """Return the parameters of the models of value."""
    fits = [fit.table for fit in (study.purchases, study.money) if fit is not None]
    return pd.concat(fits, ignore_index=True) if fits else pd.DataFrame()


# --- does it work, what if -----------------------------------------------------------------------


def effects(study: Study) -> Any:
    """Return what each tier keeps at its threshold and what it costs more."""
    found = study.effects
    if found is None:
        return None
    names = ("kept", "kept_low", "kept_high", "cost", "net", "net_low", "net_high")
    blank = {name: np.nan for name in names if name not in found.table}
    table = found.table.assign(**blank, unit=study.currency, pays=found.table["status"])
    smaller = table[["n", "n_below"]].min(axis=1)
    loss = table["pays"] == "costs more"  # told as a loss, with its interval
    table = table.assign(
        cost_more=table["cost"], members=table["n"], n=smaller,
        low=table["net_low"].where(~loss, -table["net_high"]),
        high=table["net_high"].where(~loss, -table["net_low"]),
    )  # fmt: skip
    kept = table.drop(columns=["cost", "status", "n_below"])
    kept = kept.rename(columns=lambda name: name.replace("kept", "keeps"))
    return type(found)(table=kept, bandwidth=found.bandwidth, caveats=found.caveats)


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
    table = table.assign(
        subject="design", design="design=" + table["design"], unit=study.currency,
        members=table["n"], low=table["saving_low"], high=table["saving_high"],
        better=np.where((table["recommended"] == "yes") & (table.index > 0), "yes", "no"),
        falls=np.where(table["down"] > 0, "some", "nobody"),
    ).drop(columns=["benefits", "points", "breakage", "down_share"])  # fmt: skip
    table.loc[0, ["saving", "saving_low", "saving_high"]] = np.nan  # today, against itself
    tiers = found.tiers.assign(design="design=" + found.tiers["design"], members=found.tiers["n"])
    return type(found)(table=table, tiers=tiers, caveats=found.caveats)


def parted(result: Any) -> Any:
    """Return a result only if it has more than one group: else there is nothing to compare."""
    return None if result is None or len(result.table) < 2 else result


def absent(**made: Any) -> pd.DataFrame:
    """Return what the client's tables do not hold, by name, for a note at its place."""
    return pd.DataFrame({"case": [name for name, result in made.items() if result is None]})


def refused(study: Study) -> pd.DataFrame:
    """Return what cannot be told, and why."""
    rows = list(study.refused.items())
    return pd.DataFrame(rows, columns=["case", "reason_text"])


REFUSED = (_("who stays"), _("cohorts"), _("renewals"), _("worth"), _("holdout"), _("experience"),
           _("benefits"), _("effects"), _("designs"), _("hazards"), _("rfm"),
           _("joining"))  # fmt: skip
