"""What the service chapter's rules read: one row a subject, with all that is true of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.analysis import service
from cxlib.analysis.actions import FINISHED, last_day
from cxlib.analysis.kpis import Estimates
from cxlib.analysis.service.log import cohort
from cxlib.analysis.service.terms import calendar_period
from cxlib.analysis.staffing import Staffing
from cxlib.chapters.service.tables import headline, waits
from cxlib.columns import records

OLD_DAYS, MANY_OLD, GREW = 30, 0.2, 0.1
"""A month old is forgotten; a fifth of the open ones is many; below a tenth nothing grew."""

MANY_OPEN = 0.05
"""Below a twentieth, open tickets hardly move a median."""

ALPHA = 0.05
HEAVY = 1.25
"""A group with a quarter more of the late tickets than of all is where a remedy pays."""

WORTH = 2.0
"""Points: what thousands of tickets call clear may still be too small to act on."""

UNDER_REVIEW = 0.9
"""Complaints settled in time: supervisors of banks and telecoms ask for nine in ten or more."""


def kpis(
    standing: Estimates, course: service.Course, follow_up: service.FollowUp, groups: service.Groups
) -> pd.DataFrame:
    """Return one row a KPI family: verdict, the run of its months, where it is lost, what is done.

    A wait, its percentile and its share within the SLA are one family; the row is that of the
    member that misses its target, else of the one that got worse, else of the one with a target.
    """
    latest = course.latest[course.latest["since"] != ""].set_index("kpi")
    signals = latest[latest["variation"].isin(["concerning", "improving"])]
    keys = {*headline(standing)["kpi"], *signals.index}
    table = standing.table
    told: dict[str, list[dict[Any, Any]]] = {}
    for row in records(table[table["kpi"].isin(keys)]):
        moved = signals["variation"].get(row["kpi"])
        told.setdefault(service.actions.family(row["kpi"]), []).append(row | {"variation": moved})
    late = lost_in(groups)
    rows = []
    for family, members in told.items():
        row = min(members, key=_rank)
        row["kept"] = any(member["status"] == "met" for member in members)
        if row["variation"] is not None:
            now = signals.loc[row["kpi"]]
            row |= {"since": now["since"], "month": now["period"], "month_value": now["value"]}
            settled = pd.notna(now["centre"])
            row |= {"usual": now["centre"] if settled else now["before"], "settled": bool(settled)}
        missing = row["status"] == "missed" or row["course"] == "behind"
        if missing and row["kpi"] in late.index:
            row |= late.loc[row["kpi"]].to_dict()
        row["calls_for_action"] = missing or row["variation"] == "concerning"
        rows.append(row | _answer(family, follow_up))
    found = pd.DataFrame(rows)
    cases = [name for name in ("status", "course", "variation") if name in found]
    plain = {name: found[name].astype(object) for name in cases}
    return found.assign(**{name: v.where(v.notna(), None) for name, v in plain.items()})


def _rank(row: dict[Any, Any]) -> int:
    if row["status"] == "missed" or row["course"] == "behind":
        return 0
    if row["status"] == "too close to call" or row["variation"] == "concerning":
        return 1
    return 2 if row["status"] is not None else 3 if row["variation"] else 4


def _answer(family: str, follow_up: service.FollowUp) -> dict[str, Any]:
    """Return what is being done about a KPI: the first running action, the last one done."""
    table = follow_up.table
    mine = table[table["kpi"].map(service.actions.family) == family] if len(table) else table
    running = mine[mine["state"].isin(service.actions.RUNNING)]
    done = mine[mine["state"].isin(FINISHED) & mine["moved"].notna()]
    told: dict[str, Any] = {"answer": "none" if mine.empty else "none left", "done_moved": None}
    if len(running):
        first = running.iloc[0]
        told |= {"answer": "overdue" if first["overdue"] else "running"}
        told |= {"action": first["action"], "owner": first["owner"]}
        told |= {"due_on": last_day(first["due"])}
    if len(done):
        last = done.iloc[-1]
        told |= {"done_moved": last["moved"], "done_action": last["action"]}
    return told


def still_open(
    tickets: pd.DataFrame, found: service.TicketKpis, *, terms: service.Terms, period: str | None
) -> pd.DataFrame:
    """Return what the figures do not hold yet: open tickets, and a period that is not over."""
    rows: list[dict[str, Any]] = []
    if "resolution" not in set(found.table["kpi"]):
        known = "closed_at" in tickets and tickets["closed_at"].notna().any()
        case = "only closed" if known else "never resolved"
        rows.append({"subject": "resolution", "case": case})
    wait = waits(found, clock=terms.clock)
    mine = wait[wait["kpi"] == "resolution"] if len(wait) else wait
    if len(mine) and mine["open"].iloc[0] > MANY_OPEN * found.n_used:
        half, n_open = float(mine["median"].iloc[0]), int(mine["open"].iloc[0])
        case = "not reached" if np.isnan(half) else "reached"
        rows.append(
            {"subject": "open", "case": case, "open": n_open, "share_open": n_open / found.n_used}
            | {"median": half, "closed_median": _closed_median(tickets, terms, period)}
            | {"unit": mine["unit"].iloc[0], "n": found.n_used, "basis": "census"}
        )
    if period and periods.kind_of(period):
        end = terms.log(tickets).wall(found.as_of).date()
        if end < periods.parse(period).end:
            rows.append(
                {"subject": "running", "case": "running", "period": period, "ends": end}
                | {"n": found.n_used, "basis": "census"}
            )
    return pd.DataFrame(rows)


def _closed_median(tickets: pd.DataFrame, terms: service.Terms, period: str | None) -> float:
    """Return the median resolution of the closed ones alone: what forgetting the open ones says."""
    closed = cohort(terms.log(tickets), calendar_period(period)).dropna(subset=["resolved_at"])
    start, end = (closed[c].dt.tz_localize("UTC") for c in ("created_at", "resolved_at"))
    if terms.clock == "business" and terms.calendar is not None:
        return float(terms.calendar.seconds_between(start, end).median())
    return float((end - start).dt.total_seconds().median())


def lost_in(groups: service.Groups) -> pd.DataFrame:
    """Return for each SLA the group that has more of the late tickets than its size explains."""
    table = groups.compared
    table = table[(table["same_segment"] == "") & (table["share_of_late"] >= 0.2)]
    heavy = table[table["share_of_late"] >= HEAVY * table["share_of_tickets"]]
    heavy = heavy.sort_values("share_of_late", ascending=False, kind="stable")
    late = heavy.drop_duplicates("kpi").set_index("kpi")
    level = late["segment"] + "=" + late["level"]
    return late[["share_of_late", "share_of_tickets"]].assign(late_level=level, has_late=True)


def worst(groups: service.Groups, *, most: int = 3) -> pd.DataFrame:
    """Return the group that is clearly served worst on each KPI, each set of tickets once."""
    table = groups.compared
    sign = table["direction"].map({"higher": -1.0, "lower": 1.0}).astype("float64")
    table = table.assign(worse_by=sign * table["difference"], twin=_twins(table))
    clear = table[(table["p_adjusted"] < ALPHA) & (table["worse_by"] > WORTH)]
    clear = clear.sort_values("worse_by", ascending=False, kind="stable")
    once = clear.drop_duplicates("kpi").drop_duplicates(["segment", "level"])
    return once.head(most).assign(basis="census", has_twin=once["twin"].notna())


def _twins(table: pd.DataFrame) -> pd.Series:
    """Return for each group the other name under which the same tickets go; None without one."""
    known = table[table["same_segment"] != ""].drop_duplicates(["same_segment", "same_level"])
    other = {
        (row["same_segment"], row["same_level"]): f"{row['segment']}={row['level']}"
        for row in records(known)
    }
    keys = zip(table["segment"], table["level"], strict=True)
    return pd.Series([other.get(key) for key in keys], index=table.index, dtype=object)


def backlog(found: service.Backlog) -> pd.DataFrame:
    """Return the backlog now, as one row: how many are old, and whether it grows."""
    if found.table.empty:
        return pd.DataFrame([{"subject": "backlog", "case": "no ends"}])
    last = found.table.iloc[-1]
    ageing = found.ageing[found.ageing["period"] == last["period"]]
    old = int(ageing.loc[ageing["from_days"] >= OLD_DAYS, "tickets"].sum())
    n = int(last["open"])
    before = int(found.table["open"].iloc[-2]) if len(found.table) > 1 else n
    grows = n > before * (1 + GREW) and n - before > 2 * before**0.5
    case = "none" if not n else "old" if old / n > MANY_OLD else "young"
    row = {"subject": "backlog", "case": case, "grows": grows, "open_before": before, "old": old}
    return pd.DataFrame([dict(last) | row | {"date": last["at"].date()}])


def needed(plan: Staffing) -> pd.DataFrame:
    """Return what the calls need, as one row."""
    names = ("service_level", "answer_seconds", "shrinkage", "agent_hours", "paid_hours", "n")
    row: dict[str, Any] = {"subject": "calls"} | dict.fromkeys((*names, "answered_in_time"))
    if plan.reason is not None:
        row |= {k: ", ".join(map(str, v)) for k, v in plan.reason.facts.items()}
        row["case"] = plan.reason.message
    else:
        short = plan.answered < plan.service_level
        case = "unknown" if np.isnan(plan.answered) else "short" if short else "kept"
        row |= {name: getattr(plan, name) for name in names}
        row |= {"case": case, "answered_in_time": plan.answered, "basis": "census"}
    return pd.DataFrame([row])


def settled(found: service.TicketKpis, clock: str) -> pd.DataFrame:
    """Return the share of complaints settled in time, as one row; none where nothing is known."""
    table = found.table
    mine = table[(table["kpi"] == "resolution_sla") & (table["clock"] == clock)]
    mine = mine.dropna(subset=["value"])
    late = mine["value"] < UNDER_REVIEW
    mine = mine.drop(columns=["low", "high"])  # every complaint is counted
    case = late.map({True: "late", False: "in time"})
    return mine.assign(
        subject="complaints", case=case, basis="census", unit="percent", value=100 * mine["value"]
    )
