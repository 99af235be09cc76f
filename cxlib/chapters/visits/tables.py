"""The rows of this chapter: locations, standards, critical failures, visitors, and the change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import fisher_exact

from cxlib import periods
from cxlib.analysis.results import Result
from cxlib.analysis.visits import Scorecard, change, scorecard
from cxlib.chapters.rows import given
from cxlib.columns import records
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

ALPHA = 0.05
MOST = 10
"""Standards on the page; the method part has them all."""
PLACES = 12
"""Locations that the map of failures can hold; the weakest are shown."""
FEW = 4
"""Visits a location and wave below which little can be said of it."""


class Visited(Result):
    """The visits of the latest round, and of the one before it."""

    rows: pd.DataFrame
    wave: str
    wave_before: str
    card: Scorecard
    before: Scorecard | None
    segment: str


def visited(engagement: Any) -> Visited | None:
    """Return the latest round of visits up to the period, summed up; None where there is none."""
    register = engagement.register("visits")
    visits = register.frame("visits")
    segment = _segment(engagement, set(visits["location"]))
    visits["location"] = (f"{segment}=" if segment else "") + visits["location"]
    rows = register.frame("scores").rename(columns={"points": "score"})
    rows = rows.merge(visits.rename(columns={"id": "visit"}), on="visit")
    form = register.frame("standards").merge(
        register.frame("sections").rename(columns={"id": "section", "title": "part",
                                                   "weight": "section_weight"}),
        on="section",
    )  # fmt: skip
    rows = rows.merge(form.rename(columns={"id": "standard"}), on="standard")
    rows = rows[rows["score"].notna()].astype({"section_weight": float})
    rows, waves = _rounds(rows, engagement.period)
    if not waves:
        return None
    cards = [scorecard(rows[rows["wave"] == wave]) for wave in waves[-2:]]
    return Visited(
        rows=rows,
        wave=waves[-1],
        wave_before=waves[-2] if len(waves) > 1 else "",
        card=cards[-1],
        before=cards[0] if len(cards) > 1 else None,
        segment=segment,
    )


def _rounds(rows: pd.DataFrame, period: str) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows of every round that was over by the period, and the rounds in time order."""
    if rows.empty:
        return rows, []
    days, kind = pd.to_datetime(rows["date"]), periods.kind_of(period)
    by_day = [str(periods.containing(day.date(), kind)) for day in days] if kind else days.dt.year
    wave = rows["wave"].where(rows["wave"].notna(), pd.Series(by_day, rows.index)).astype(str)
    told = rows.assign(wave=wave, day=days)
    first = told.groupby("wave")["day"].min().sort_values(kind="stable")
    if kind:
        told = told[told["day"] <= pd.Timestamp(periods.parse(period).end)]
        waves = [name for name in first.index if name in set(told["wave"])]
    else:
        waves = list(first.index)
        if period != "all":  # of a client without periods every round counts
            waves = waves[: waves.index(period) + 1] if period in waves else []
    return told[told["wave"].isin(waves)], waves


def _segment(engagement: Any, places: set[str]) -> str:
    """Return the segment of the survey whose groups are the locations; empty if none is."""
    chosen = engagement.settings.segment
    if chosen is not None and chosen not in engagement.segments:
        raise DataError(
            f"chapters: visits: segment is {chosen!r}, no segment of this client"
            f"{nearest(chosen, engagement.segments)}"
        )
    if chosen or not engagement.segments:
        return chosen or ""
    every = engagement.kpis().table
    shared = {
        name: len(places & set(every.loc[every["segment"] == name, "level"]))
        for name in engagement.segments
    }
    best = max(shared, key=lambda name: shared[name])
    return best if shared[best] else ""


def glance(engagement: Any, found: Visited | None) -> pd.DataFrame:
    """Return what is to be said first: that nothing was visited, or not in this period."""
    if found is None:
        return pd.DataFrame({"case": ["none"], "period": [engagement.period]})
    row = {"wave": found.wave, "period": engagement.period, "location": "", "case": ""}
    notes = [row | {"case": "earlier"}] if _past(found, engagement.period) else []
    table = found.card.table
    if _confounded(found):
        notes.append(row | {"case": "confounded"})
    elif len(table) > 1 and not locations(found)["case"].isin(["below"]).any():
        notes.append(row | {"case": "alike"})
    return pd.DataFrame(notes)


def _confounded(found: Visited) -> bool:
    """Tell whether a weak location might be a strict visitor, who went nowhere else."""
    who = set(found.card.visits["visitor"].dropna())
    return len(who) > 1 and bool(found.card.table["adjusted"].isna().all())


def _past(found: Visited, period: str) -> bool:
    kind = periods.kind_of(period)
    last = found.rows.loc[found.rows["wave"] == found.wave, "day"].max()
    return bool(kind) and last.date() < periods.parse(period).start


@given
def locations(found: Visited) -> pd.DataFrame:
    """Return one row a location, weakest first, with its score in the round before.

    One is below if it is clearly so, at the same visitors where these can be told.
    """
    table = found.card.table.rename(columns={"n": "visits", "critical": "critical_visits"})
    below = (table["p_adjusted"] < ALPHA) & (table["difference"] < 0) & (not _confounded(found))
    case = np.select([table["visits"] == 1, below], ["once", "below"], default="")
    was = dict(found.before.table[["location", "value"]].to_numpy()) if found.before else {}
    return table.assign(
        case=case, then=table["location"].map(was).astype(float), unit="percent",
        title=table["location"], subject="visits of " + table["location"], wave=found.wave,
    )  # fmt: skip


@given
def sections(found: Visited) -> pd.DataFrame:
    """Return one row a section of the form."""
    titles = found.rows.drop_duplicates("section").set_index("section")["part"]
    table = found.card.sections.rename(columns={"n": "visits"})
    return table.assign(part=table["section"].map(titles), unit="percent").sort_values(
        "value", kind="stable", ignore_index=True
    )


@given
def standards(found: Visited) -> pd.DataFrame:
    """Return one row a standard, least points won first, and where it fails most."""
    titles = found.rows.drop_duplicates("standard").set_index("standard")
    names = {"n": "visits", "critical": "is_critical", "weakest": "most_at"}
    names |= {"value": "won", "low": "won_low", "high": "won_high"}
    table = found.card.standards.rename(columns=names)
    leads = (table.index == 0) & (table["failed"] > 0) & (table["visits"] >= FEW)
    there = leads & np.array([_clearly_there(found, row) for row in records(table)])
    return table.assign(
        standard=table["standard"].map(titles["title"]),
        part=table["standard"].map(titles["part"]),
        most_at=table["most_at"].where(table["most_at"] != "", None),
        title=table["standard"].map(titles["title"]),
        subject=table["standard"],
        case=np.select([there, leads], ["fails there", "fails most"], default=""),
        unit="percent",
    )


def _clearly_there(found: Visited, row: dict[Any, Any]) -> bool:
    """Tell whether a standard fails more at its worst place than elsewhere (Fisher, one-sided)."""
    mine = found.rows[(found.rows["standard"] == row["standard"])
                      & (found.rows["wave"] == found.wave)]  # fmt: skip
    counts = pd.crosstab(mine["location"] == row["most_at"], mine["score"] < mine["maximum"])
    if counts.shape != (2, 2):
        return False
    p = fisher_exact(counts.to_numpy(), alternative="greater").pvalue
    return bool(p * mine["location"].nunique() < ALPHA)


@given
def cells(found: Visited) -> pd.DataFrame:
    """Return how often each standard failed at each location; a share from `FEW` visits on."""
    rows = found.rows[found.rows["wave"] == found.wave]
    worst = standards(found).head(MOST)["subject"].tolist()
    places = locations(found)["location"].head(PLACES).tolist()
    rows = rows[rows["standard"].isin(worst) & rows["location"].isin(places)]
    failed = (rows["score"] < rows["maximum"]).to_numpy()
    by = rows.assign(failed=failed).groupby(["standard", "location"], sort=False)
    table = by.agg(visits=("visit", "nunique"), failed=("failed", "sum"), title=("title", "first"))
    table = table.reset_index().rename(columns={"standard": "subject", "title": "standard"})
    share = (table["failed"] / table["visits"]).where(table["visits"] >= FEW)
    order = table["subject"].map(worst.index), table["location"].map(places.index)
    ranked = table.assign(failed_share=share, row=order[0], column=order[1])
    return ranked.sort_values(["row", "column"], kind="stable", ignore_index=True)


@given
def critical(found: Visited) -> pd.DataFrame:
    """Return one row a critical standard and location at which it failed in the latest round."""
    rows = found.rows[found.rows["critical"] & (found.rows["wave"] == found.wave)]
    failed = (rows["score"] < rows["maximum"]).to_numpy()
    by = rows.assign(failed=failed).groupby(["location", "standard"], sort=False)
    table = by.agg(visits=("visit", "nunique"), failed=("failed", "sum"), named=("title", "first"))
    table = table[table["failed"] > 0].sort_values("failed", ascending=False, kind="stable")
    told = table.reset_index()
    return told.assign(
        case=np.where(told["failed"] == 1, "once", "often"),
        subject="critical " + told["standard"] + " " + told["location"],
        standard=told["named"],
        title=told["named"],
    ).drop(columns="named")


@given
def visitors(found: Visited) -> pd.DataFrame:
    """Return how each visitor scores against the others, over all rounds, in the same rounds."""
    rows = found.rows.assign(spot=found.rows["location"] + "\n" + found.rows["wave"])
    whole = scorecard(rows, by="spot").visitors
    parts, told = [], whole.assign(case="")
    while (clear := told[told["p_adjusted"].astype(float) < ALPHA]).shape[0]:
        far = clear.loc[[clear["effect"].astype(float).abs().idxmax()]]
        parts.append(far.assign(case=np.where(far["effect"] < 0, "strict", "lenient")))
        rows = rows[rows["visitor"] != far["visitor"].iloc[0]]  # beside one strict, others err
        told = scorecard(rows, by="spot").visitors.assign(case="")
    judged = pd.concat([*parts, told], ignore_index=True)
    names = {"n": "visits", "effect": "difference"}
    names |= {end: f"difference_{end}" for end in ("low", "high")}
    return judged.rename(columns=names).assign(
        subject="visitor " + judged["visitor"].astype(str), title=judged["visitor"], unit="percent",
    ).sort_values("difference", kind="stable", ignore_index=True)  # fmt: skip


@given
def agreement(found: Visited) -> pd.DataFrame:
    """Return how far visitors of the same location and round agree, as one row."""
    told = found.card.agreement
    if told is None:
        return pd.DataFrame()
    row = {"alpha": told.value, "alpha_low": told.low, "alpha_high": told.high}
    return pd.DataFrame([row | {"judged_by_more": told.n_units}])


@given
def moved(found: Visited) -> pd.DataFrame:
    """Return the change since the round before: of all locations together, then of each."""
    if found.before is None:
        return pd.DataFrame()
    table = change(found.before, found.card).rename(columns={"visits_after": "visits"})
    if table.empty:
        return table
    clear = table["p_adjusted"] < ALPHA
    side = np.where(table["change"] < 0, "fell", "rose")
    whole = table["location"].isna()
    place = table["location"].where(~whole, _("all locations"))
    return table.assign(
        case=np.where(clear, side, "unclear"), about=np.where(whole, "all", "one"),
        location=place, title=place, subject="change of " + place, unit="percent",
        wave=found.wave, wave_before=found.wave_before,
    )  # fmt: skip


@given
def beside(engagement: Any, found: Visited) -> pd.DataFrame:
    """Return each location's score beside what its customers say of the first KPI, as it stands."""
    if not found.segment:
        return pd.DataFrame()
    groups = engagement.withheld(engagement.groups()).table
    mine = groups[groups["segment"] == found.segment]
    mine = mine.assign(location=f"{found.segment}=" + mine["level"].astype(str))
    named = {name: f"survey_{name}" for name in ("value", "low", "high")}
    named |= {"n": "answers", "turn": "stands"}
    told = mine[["location", "kpi", "unit", *named]].rename(columns=named)
    scores = {"value": "visit_score", "low": "visit_low", "high": "visit_high"}
    table = locations(found).drop(columns="unit").rename(columns=scores).merge(told, on="location")
    both = (table["case"] == "below") & (table["stands"] == "worse")
    return table.assign(case=np.where(both, "both", ""))
