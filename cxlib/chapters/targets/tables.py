"""The tables of this chapter: what each target asks, whether it can be shown, and what comes next.

Whether a target is met, and where its trajectory stands, is `Engagement.judged`'s to say; nothing
here compares a value with a target.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import inf, nan
from types import SimpleNamespace
from typing import Any

import pandas as pd

from cxlib import periods
from cxlib.analysis import targets
from cxlib.analysis.kpis.verdicts import stands
from cxlib.analysis.targets import Outlook, Proposal
from cxlib.analysis.targets.measured import read
from cxlib.analysis.targets.proposals import LOW, REALISTIC, STRETCH
from cxlib.chapters.rows import joined
from cxlib.columns import records
from cxlib.present.tiles import STATES
from cxlib.words import Words, mark as _

SURVEY = ("survey",)
BEYOND = 3
"""Where the client file names no invitations, so many times the present answers can be had."""
RUNGS = {
    (LOW,): LOW,
    (REALISTIC,): REALISTIC,
    (STRETCH,): STRETCH,
    (LOW, REALISTIC): _("low and realistic"),
    (REALISTIC, STRETCH): _("realistic and stretch"),
    (LOW, REALISTIC, STRETCH): _("low, realistic and stretch"),
}


def contract(engagement: Any) -> pd.DataFrame:
    """Return one row a target: `Engagement.judged` with what it asks, and what would settle it."""
    judged = engagement.judged().table
    standing = engagement.standing("survey", "touchpoint", "tickets", "reported").table
    stakes = standing.drop_duplicates("kpi").set_index("kpi")["stake"]
    found = targets.demands(
        judged,
        _own(engagement),
        answers=engagement.settings.answers,
        limits=_limits(engagement),
        all_required=engagement.settings.all_required,
    )
    return found.assign(stake=found["kpi"].map(stakes).astype("float64"))


def targeted(engagement: Any) -> Any:
    """Return how the KPIs stand that have a target: what the tiles show."""
    standing = engagement.standing()
    return replace(standing, table=standing.table.dropna(subset=["target"]))


def underway(table: pd.DataFrame) -> pd.DataFrame:
    """Return the targets that have a way to draw, with what is said of each before it is due.

    Adds ``said`` (`verdicts.stands`), ``look`` ("good", "bad" or "open"), and how many are so.
    """
    said = stands(table)
    look = said.map(STATES).fillna("open")
    counts: dict[str, Any] = {name: int((look == name).sum()) for name in ("good", "bad", "open")}
    shown = table["start"].notna() & (table["asks"] != "asks for nothing")
    found = table.assign(said=said, look=look, total=len(table), **counts)[shown]
    return found.reset_index(drop=True)


def undecided(table: pd.DataFrame) -> pd.DataFrame:
    """Return the targets that are too close to call."""
    return table[table["status"] == "too close to call"].reset_index(drop=True)


def paths(engagement: Any, table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return what was measured and what is expected, by KPI that still has a way to go."""
    own, found = _own(engagement), {}
    for row in records(table[table["status"] != "met"].drop_duplicates("kpi")):
        past = own[own["kpi"] == row["kpi"]][["period", "value", "low", "high", "n"]]
        way = _way(engagement, row, past)
        if way.empty:
            continue
        merged = past.merge(way, on="period", how="outer", sort=False).set_index("period")
        about = merged.loc[periods.order(merged.index)].reset_index()
        found[row["kpi"]] = about.assign(**{k: row[k] for k in ("kpi", "unit", "target", "due")})
    return found


def _way(engagement: Any, row: Mapping[Any, Any], past: pd.DataFrame) -> pd.DataFrame:
    """Return the path of a target; empty where there is none to go."""
    blank = pd.DataFrame({"period": pd.Series(dtype="str"), "expected": [], "agreed": []})
    kind, due = periods.kind_of(engagement.period), row["due"]
    if row["asks"] in ("asks for nothing", "no baseline") or pd.isna(row["remaining"]):
        return blank
    first = past["period"].iloc[0] if len(past) else due
    start = row["baseline"] if periods.kind_of(row["baseline"]) else first
    if kind is None or periods.parse(due).end <= periods.parse(start).end:
        return blank
    agreed: Mapping[str, float] = next(
        (t.path for t in engagement.client.targets if (t.metric, t.due) == (row["kpi"], due)), {}
    )
    scale = 100.0 if row["unit"] == "percent" and row["source"] in ("tickets", "reported") else 1.0
    return targets.path(
        start=start,
        baseline=row["start"],
        due=due,
        target=row["target"],
        agreed={period: scale * value for period, value in agreed.items()},
        kind=kind,
    )


def plans(engagement: Any, table: pd.DataFrame) -> list[Outlook]:
    """Return what each plan that the drivers' chapter predicted does for its KPI's target."""
    own, found = _own(engagement), []
    for plan, scenario in _scenarios(engagement).items():
        rows = table[table["kpi"] == scenario.outcome]
        row = rows.iloc[-1].to_dict() if len(rows) else {}
        if row.get("status") == "met":
            continue  # it is there: what a change brings stands in the drivers' chapter
        past = own[own["kpi"] == scenario.outcome]
        here = past[past["period"] == engagement.period]["value"]
        left = row.get("remaining", pd.NA)
        found.append(
            targets.outlook(
                scenario,
                value=float(here.iloc[0]) if len(here) else None,
                target=row.get("target"),
                due=str(row.get("due") or ""),
                direction=row.get("direction", "higher"),
                remaining=nan if pd.isna(left) else float(left),
                history=past,
                plan=plan,
                haircut=engagement.settings.haircut,
            )
        )
    return found


def outcomes(outlooks: list[Outlook]) -> pd.DataFrame:
    """Return what each plan leads to, a row a plan."""
    return joined([outlook.summary for outlook in outlooks])


def steps(outlooks: list[Outlook]) -> pd.DataFrame:
    """Return the steps of all plans, as a table shows them."""
    names = {"step": "driver"} | {f"change{end}": f"adds{end}" for end in ("", "_low", "_high")}
    about = ("means", "unit", "n")
    return joined([
        one.table.rename(columns=names).assign(**{a: one.summary[a].iloc[0] for a in about})
        for one in outlooks
    ])  # fmt: skip


def told(table: pd.DataFrame, outlooks: list[Outlook]) -> pd.DataFrame:
    """Return one row a KPI for the findings: its next target, and what a plan does for it."""
    due = table["remaining"].fillna(0) <= 0
    first = table.assign(_over=due).sort_values(["_over", "remaining"], kind="stable")
    first = first.drop_duplicates("kpi").drop(columns="_over").sort_index()
    first = first.assign(means="", gets_there="")
    for outlook in reversed(outlooks):
        plan = outlook.summary.iloc[0]
        first.loc[first["kpi"] == plan["kpi"], ["means", "gets_there"]] = (
            plan["means"],
            plan["gets_there"],
        )
    return first


def rungs(engagement: Any) -> dict[str, pd.DataFrame]:
    """Return what to agree on next, by KPI: a row a level, those that coincide as one."""
    found, limits = {}, _limits(engagement)
    for row, proposal in _proposed(engagement):
        rows: list[dict[str, Any]] = []
        for record in records(proposal.table):
            one = {str(name): value for name, value in record.items()}
            levels = (one["level"],)
            if one["coincides"]:
                levels = (*rows[-1]["levels"], *levels)
                one = one if one["level"] == REALISTIC else rows[-1]  # the middle speaks for both
                rows.pop()
            rows.append(one | {"levels": levels})
        if set(proposal.table["ground"]) == {"detectable"}:  # only the sample speaks
            rows = [rows[0] | {"levels": (LOW,)}]
        about = {name: row[name] for name in ("kpi", "unit", "value", "low", "high", "n")}
        table = pd.DataFrame([r | about for r in rows])
        needed = table["n_needed"].astype("float64")
        found[row["kpi"]] = table.assign(
            rung=[RUNGS[r["levels"]] for r in rows],
            grounds=pd.Series([r["grounds"] for r in rows], dtype=object),
            n_needed=needed.where(needed <= limits.get(row["kpi"], inf)),  # can be invited
        ).drop(columns=["levels", "level", "coincides"])
    return found


def every(levels: dict[str, pd.DataFrame], words: Words) -> pd.DataFrame:
    """Return the levels of all KPIs as one table, with what speaks for each."""
    table = joined(list(levels.values()))
    if table.empty:
        return table
    said = [words.say(grounds.message, **grounds.facts) for grounds in table.pop("grounds")]
    return table.assign(on_grounds=said)


def curve(engagement: Any) -> Any:
    """Return what this many answers to the first KPI can show; None where nothing varies."""
    now = _own(engagement).query("source == 'survey' and period == @engagement.period")
    if now.empty or not now["standard_error"].iloc[0] > 0:
        return None
    row = now.iloc[0]
    return targets.power_curve(score=SimpleNamespace(**row), n=int(row["n"]))


# --- how they are made ----------------------------------------------------------------------------


def _own(engagement: Any) -> pd.DataFrame:
    """Return the client's totals, period by period, on bases that may be shown."""
    own = engagement.kpis().own
    enough = own["n"].fillna(engagement.minimum_base) >= engagement.minimum_base
    found: pd.DataFrame = own[enough].reset_index(drop=True)
    return found


def _limits(engagement: Any) -> dict[str, float]:
    """Return how many answers a period can bring, by KPI: never more than are invited."""
    own = _own(engagement)
    now = own[(own["period"] == engagement.period) & (own["basis"] == "sample")]
    invited = engagement.invited.get(engagement.period) if engagement.invited else None
    most = {}
    for kpi, source, n in now[["kpi", "source", "n"]].itertuples(index=False):
        planned = engagement.settings.answers.get(kpi, 0)
        usual = BEYOND * float(n) if invited is None or source == "tickets" else float(invited)
        most[kpi] = max(planned, usual)
    return most


def _scenarios(engagement: Any) -> dict[str, Any]:
    """Return what the drivers' chapter predicted, by what it stands for, the furthest first.

    It is the client's plan only where the client file names the changes; a step of a tenth that
    nobody asked for is no plan.
    """
    if not engagement.touchpoints:
        return {}
    found, scenario = {}, engagement.result("drivers", "scenario")
    if scenario is not None and engagement.client.chapters.get("drivers", {}).get("changes"):
        found[targets.PLAN] = scenario
    elif scenario is not None and scenario.table["cap"].notna().all():
        found[targets.BEST_GROUP] = scenario
    if (recovery := engagement.result("drivers", "recovery")) is not None:
        found[targets.RECOVERY] = recovery
    order = sorted(found, key=lambda p: (p != targets.PLAN, -abs(found[p].change)))
    return {plan: found[plan] for plan in order}


def _proposed(engagement: Any) -> list[tuple[dict[str, Any], Proposal]]:
    own, every = _own(engagement), engagement.kpis().table
    scenarios, settings = _scenarios(engagement), engagement.settings
    here = own[(own["source"] == "survey") & (own["period"] == engagement.period)]
    competitors = best_competitors(engagement)
    found = []
    for record in records(here):
        row = {str(name): value for name, value in record.items()}
        seen = read(SimpleNamespace(**row))
        end = seen.scale[0] if row["direction"] == "lower" else seen.scale[1]
        if not seen.standard_error > 0 or seen.value == end:
            continue
        mine = {p: s for p, s in scenarios.items() if s.outcome == row["kpi"]}
        plan = next(iter(mine), targets.PLAN)
        groups = every[
            (every["kpi"] == row["kpi"]) & (every["brand"] == "own") & every["segment"].notna()
        ]
        horizon = settings.horizon
        due_in = horizon if isinstance(horizon, int) else horizon.get(row["kpi"], 4)
        proposal = targets.propose(
            SimpleNamespace(**row),
            direction=row["direction"],
            history=own[own["kpi"] == row["kpi"]],
            segments=groups[groups["period"] == engagement.period],
            scenario=mine.get(plan),
            plan=plan,
            haircut=settings.haircut,
            benchmark=settings.benchmarks.get(row["kpi"], competitors.get(row["kpi"])),
            periods=due_in,
            n_next=settings.answers.get(row["kpi"]),
        )
        found.append((row, proposal))
    return found


def best_competitors(engagement: Any) -> dict[str, float]:
    """Return the best competitor by KPI, at the client's own mix, on at least 30 answers."""
    table = engagement.competitors().table
    if table.empty:
        return {}
    table = table[table["n_before"] >= 30] if "n_before" in table else table
    at = table.assign(theirs=table["value"] - table["like"].fillna(table["change"]))
    known = at.dropna(subset=["theirs"]).groupby("kpi")
    best = {"higher": "max", "lower": "min"}
    return {
        str(kpi): float(rows["theirs"].agg(best[rows["direction"].iloc[0]])) for kpi, rows in known
    }
