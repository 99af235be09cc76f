"""What the service chapter shows: its columns, and the frames that its rules and tables read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.analysis.service import SHOWN, arrivals, unit_of
from cxlib.analysis.service import actions as acts
from cxlib.columns import Column
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.analysis.kpis import Estimates
    from cxlib.analysis.service import (
        Action,
        Arrivals,
        Backlog,
        Course,
        FollowUp,
        Groups,
        Terms,
        TicketKpis,
    )
    from cxlib.analysis.staffing import Staffing

COLUMNS = {
    "tickets": Column(_("Tickets"), "int", "Tickets behind the row."),
    "clock": Column(_("Clock"), "word", "calendar, or business: the client's opening hours."),
    "median": Column(_("Half within"), "unit", "The median; open tickets count as running."),
    "mean": Column(_("Mean"), "unit"),
    "p80": Column(_("80% within"), "unit"),
    "p90": Column(_("90% within"), "unit"),
    "within": Column(_("In time"), "percent", "Share within the SLA, on the clock it was set on."),
    # the months
    "since": Column(_("Since"), "period", "First month of the present signal."),
    "month": Column(_("Month"), "period"),
    "month_value": Column(_("In that month"), "unit"),
    "usual": Column(
        _("Usually"), "unit", "Centre of the process chart, or the level before a shift."
    ),
    # the groups
    "split": Column(_("Split by"), "key"),
    "group": Column(_("Tickets of"), "key"),
    "others": Column(_("All others"), "unit", "The same KPI over all other tickets."),
    "twin": Column(_("The same tickets as"), "key"),
    "late_level": Column(_("Where it is lost"), "key"),
    "share_of_late": Column(_("Share of the late ones"), "percent"),
    "share_of_tickets": Column(_("Share of all tickets"), "percent"),
    "first_response": Column(_("First response, half within"), "unit"),
    "first_response_sla": Column(_("First response in time"), "percent"),
    "resolution_p90": Column(_("Resolution, 90% within"), "unit"),
    "resolution_sla": Column(_("Resolution in time"), "percent"),
    "handle_time": Column(_("Handle time, mean"), "duration"),
    "fcr": Column(_("Solved at first contact"), "percent"),
    "reopen_rate": Column(_("Reopened"), "percent"),
    "reassign_rate": Column(_("Reassigned"), "percent"),
    "ticket_csat": Column(_("Rating, mean"), "number"),
    # what lies open
    "opened": Column(_("New"), "int", "Opened during the period."),
    "resolved": Column(_("Solved"), "int", "Resolved or closed during the period."),
    "open": Column(_("Open at its end"), "int"),
    "open_before": Column(_("Open before"), "int"),
    "age_median": Column(_("Half are older than"), "duration"),
    "age_oldest": Column(_("Oldest"), "duration"),
    "old": Column(_("Older than 30 days"), "int"),
    "share_open": Column(_("Still open"), "percent"),
    "closed_median": Column(_("Half of the closed ones within"), "unit"),
    "ends": Column(_("Log ends"), "date"),
    # the calls
    "weekday": Column(_("Day"), "word"),
    "calls": Column(_("Calls a day"), "points"),
    "peak_agents": Column(_("Agents at the peak"), "int"),
    "peak_start": Column(_("Peak from"), "text"),
    "peak_day": Column(_("Busiest day"), "word"),
    "agent_hours": Column(_("Hours at the desk"), "points"),
    "paid_hours": Column(_("Paid hours"), "int"),
    "plan": Column(_("Agents in each half hour"), "word"),
    "service_level": Column(_("Answered in time"), "percent"),
    "answer_seconds": Column(_("Answer time"), "duration"),
    "answered_in_time": Column(_("Answered in time"), "percent"),
    "mean_wait": Column(_("Mean wait"), "duration"),
    "never_clears": Column(_("Half hours that never clear"), "int"),
    "shrinkage": Column(_("Breaks and absence"), "percent"),
    # first contact
    "method": Column(_("First contact judged by"), "word"),
    "window_days": Column(_("Window, days"), "int"),
    "numerator": Column(_("Solved at once"), "int"),
    "denominator": Column(_("Of tickets"), "int"),
    "window_open": Column(_("Window still open"), "int"),
    # the actions
    "action": Column(_("Action"), "text"),
    "owner": Column(_("Owner"), "text"),
    "due_on": Column(_("Due on"), "date", "Its last day."),
    "state": Column(_("State"), "word"),
    "now": Column(_("Its KPI now"), "word", "Where the KPI of a done action stands."),
    "note": Column(_("Remark"), "text"),
    "done_action": Column(_("Done"), "text"),
    "done_on": Column(_("Done on"), "date"),
    "decision": Column(_("Decision, owner, date, signature"), "text"),
}

WORDS = (
    _("calendar time"),
    _("business time"),
    _("overdue"),
    _("the customer did not come again"),
    _("the customer says so"),
    _("the ticket was not reopened"),
    _("Monday"),
    _("Tuesday"),
    _("Wednesday"),
    _("Thursday"),
    _("Friday"),
    _("Saturday"),
    _("Sunday"),
    _("channel=phone"),
    _("channel=chat"),
    _("channel=email"),
    _("priority=high"),
    _("priority=normal"),
    _("priority=low"),
)
"""Words that the chapter's tables hold, and raw values that most logs share."""

DAY = dict(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), WORDS[6:13], strict=True))
CLOCK = {"calendar": "calendar time", "business": "business time"}
METHOD = {
    "repeat": "the customer did not come again",
    "survey": "the customer says so",
    "reopened": "the ticket was not reopened",
}
HEADLINE = (
    "ticket_csat",
    "fcr",
    "handle_time",
    "first_response_sla",
    "resolution_sla",
    "sla_met",
    "abandonment_rate",
)
"""What service contracts are usually judged by, in the order in which they are read."""

INSTEAD = {"first_response_sla": "first_response", "resolution_sla": "resolution"}
"""What stands for a share within the SLA where none is agreed."""

OLD_DAYS, MANY_OLD, GREW = 30, 0.2, 0.1
"""A month old is forgotten; a fifth of the open ones is many; below a tenth nothing grew."""

MANY_OPEN = 0.05
"""Below a twentieth, open tickets hardly move a median."""

HEAVY = 1.25
"""A group with a quarter more of the late tickets than of all is where a remedy pays."""

WORTH = 2.0
"""Points: what thousands of tickets call clear may still be too small to act on."""

UNDER_REVIEW = 0.9
"""Complaints settled in time: supervisors of banks and telecoms ask for nine in ten or more."""


# --- at a glance ----------------------------------------------------------------------------------


def headline(standing: Estimates) -> pd.DataFrame:
    """Return the KPIs that head the report: those of contracts, and any that has a target."""
    table = standing.table
    told = set(table["kpi"])
    wanted = [k if k in told else INSTEAD.get(k, k) for k in HEADLINE]
    targeted = table.loc[table["status"].notna(), "kpi"]
    order = [k for k in dict.fromkeys([*wanted, *targeted]) if k in told]
    shown = table.set_index("kpi").loc[order].reset_index()
    return shown.assign(tickets=shown["n"])


def charted(standing: Estimates, actions: Sequence[Action]) -> list[str]:
    """Return the KPIs whose months are charted: the headline's, the waits, and the actions'."""
    keys = [*headline(standing)["kpi"], "first_response", *(one.kpi for one in actions)]
    return list(dict.fromkeys(keys))


def kpis(standing: Estimates, course: Course, follow_up: FollowUp, groups: Groups) -> pd.DataFrame:
    """Return one row a KPI family: verdict, the run of its months, where it is lost, what is done.

    A wait, its percentile and its share within the SLA are one family; the row is that of the
    member that misses its target, else of the one that got worse, else of the one with a target.
    """
    latest = course.latest[course.latest["since"] != ""].set_index("kpi")
    signals = latest[latest["variation"].isin(["concerning", "improving"])]
    keys = {*headline(standing)["kpi"], *signals.index}
    table = standing.table
    told: dict[str, list[dict[Any, Any]]] = {}
    for row in table[table["kpi"].isin(keys)].to_dict("records"):
        moved = signals["variation"].get(row["kpi"])
        told.setdefault(acts.family(row["kpi"]), []).append(row | {"variation": moved})
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


def _answer(family: str, follow_up: FollowUp) -> dict[str, Any]:
    """Return what is being done about a KPI: the first running action, the last one done."""
    table = follow_up.table
    mine = table[table["kpi"].map(acts.family) == family] if len(table) else table
    running = mine[mine["state"].isin(acts.RUNNING)]
    done = mine[(mine["state"] == acts.DONE) & mine["moved"].notna()]
    told: dict[str, Any] = {"answer": "none" if mine.empty else "none left", "done_moved": None}
    if len(running):
        first = running.iloc[0]
        told |= {"answer": "overdue" if first["overdue"] else "running"}
        told |= {"action": first["action"], "owner": first["owner"]}
        told |= {"due_on": acts.last_day(first["due"])}
    if len(done):
        last = done.iloc[-1]
        told |= {"done_moved": last["moved"], "done_action": last["action"]}
        told |= {"done_on": acts.last_day(last["finished"])}
    return told


def waits(found: TicketKpis, *, clock: str | None = None) -> pd.DataFrame:
    """Return one row a wait and clock: ``median, p80, p90, within`` the SLA, ``tickets``."""
    rows = []
    for kpi in ("first_response", "resolution", "handle_time"):
        mine = found.table[found.table["kpi"] == kpi]
        for name in dict.fromkeys(mine["clock"].fillna("calendar")):
            if clock is not None and (name != clock or kpi == "handle_time"):
                continue
            cells = mine[mine["clock"].fillna("calendar") == name].set_index("statistic")
            if not cells["n"].iloc[0]:
                continue
            kept = found.table[
                (found.table["kpi"] == f"{kpi}_sla") & (found.table["clock"] == name)
            ]
            within = kept["value"].iloc[0] if len(kept) else np.nan
            values = {q: cells["value"].get(q, np.nan) for q in ("median", "p80", "p90", "mean")}
            n = int(cells["n"].iloc[0])
            unit = unit_of(kpi, name)
            row = {"kpi": kpi, "clock": CLOCK[name], "within": within, "n": n, "tickets": n}
            rows.append(row | values | {"unit": unit, "open": int(cells["open"].iloc[0])})
    return pd.DataFrame(rows)


def in_full(found: TicketKpis) -> TicketKpis:
    """Return the waits on every clock, with what was left out of them as notes."""
    return replace(found, table=waits(found))


def still_open(
    tickets: pd.DataFrame, found: TicketKpis, *, terms: Terms, period: str | None
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


def _closed_median(tickets: pd.DataFrame, terms: Terms, period: str | None) -> float:
    """Return the median resolution of the closed ones alone: what forgetting the open ones says."""
    from cxlib.analysis.service.kpis import calendar_period
    from cxlib.analysis.service.log import cohort

    closed = cohort(terms.log(tickets), calendar_period(period)).dropna(subset=["resolved_at"])
    start, end = (closed[c].dt.tz_localize("UTC") for c in ("created_at", "resolved_at"))
    if terms.clock == "business" and terms.calendar is not None:
        return float(terms.calendar.seconds_between(start, end).median())
    return float((end - start).dt.total_seconds().median())


def first_contact(found: TicketKpis) -> pd.DataFrame:
    """Return what first-contact resolution rests on."""
    table = found.first_contact
    return table if table.empty else table.assign(method=table["method"].map(METHOD))


def targets(standing: Estimates) -> dict[str, float]:
    """Return the first target of each KPI, in its display unit."""
    table = standing.table
    known = table[["kpi", "target"]].dropna() if "target" in table else table.head(0)
    return {str(row["kpi"]): float(row["target"]) for row in known.to_dict("records")}


def end_of(terms: Terms, period: str | None) -> dt.date | None:
    """Return the last day of the report: of its period, else of the log."""
    if period is not None and periods.kind_of(period):
        return periods.parse(period).end
    return None if terms.as_of is None else pd.Timestamp(terms.as_of).date()


def rhythm(tickets: pd.DataFrame, *, terms: Terms, period: str | None) -> Arrivals:
    """Return what comes in by weekday and hour, whether the service is open or not."""
    known = period if period is not None and periods.kind_of(period) else None
    found = arrivals(tickets, minutes=60, period=known, as_of=terms.as_of)
    return replace(found, table=found.table.rename(columns={"n": "days"}))


# --- groups ---------------------------------------------------------------------------------------


def lost_in(groups: Groups) -> pd.DataFrame:
    """Return for each SLA the group that has more of the late tickets than its size explains."""
    table = groups.compared
    table = table[(table["same_segment"] == "") & (table["share_of_late"] >= 0.2)]
    heavy = table[table["share_of_late"] >= HEAVY * table["share_of_tickets"]]
    heavy = heavy.sort_values("share_of_late", ascending=False, kind="stable")
    late = heavy.drop_duplicates("kpi").set_index("kpi")
    level = late["segment"] + "=" + late["level"]
    return late[["share_of_late", "share_of_tickets"]].assign(late_level=level, has_late=True)


def worst(groups: Groups, *, most: int = 3) -> pd.DataFrame:
    """Return the group that is clearly served worst on each KPI, each set of tickets once."""
    table = groups.compared
    sign = table["direction"].map({"higher": -1.0, "lower": 1.0}).astype("float64")
    table = table.assign(worse_by=sign * table["difference"], twin=_twins(table))
    clear = table[(table["p_adjusted"] < 0.05) & (table["worse_by"] > WORTH)]
    clear = clear.sort_values("worse_by", ascending=False, kind="stable")
    once = clear.drop_duplicates("kpi").drop_duplicates(["segment", "level"])
    return once.head(most).assign(basis="census", has_twin=once["twin"].notna())


def _twins(table: pd.DataFrame) -> pd.Series:
    """Return for each group the other name under which the same tickets go; None without one."""
    known = table[table["same_segment"] != ""].drop_duplicates(["same_segment", "same_level"])
    other = {
        (row["same_segment"], row["same_level"]): f"{row['segment']}={row['level']}"
        for row in known.to_dict("records")
    }
    keys = zip(table["segment"], table["level"], strict=True)
    return pd.Series([other.get(key) for key in keys], index=table.index, dtype=object)


def late(groups: Groups) -> pd.DataFrame:
    """Return each group's share of the late tickets, of the SLA that most depends on, if any."""
    table = groups.compared
    table = table[table["share_of_late"].notna() & (table["same_segment"] == "")]
    resolved = table["kpi"] == "resolution_sla"
    table = table[resolved] if resolved.any() else table
    order = {name: at for at, name in enumerate(dict.fromkeys(table["segment"]))}
    table = table.assign(at=table["segment"].map(order))
    return table.sort_values(["at", "share_of_late"], ascending=[True, False], kind="stable")


def by_group(groups: Groups, clock: str, names: Sequence[str] = SHOWN) -> pd.DataFrame:
    """Return every group's KPIs beside one another; empty where nothing is known of them."""
    known = [name for name in names if groups.table[name].notna().any()]
    table = groups.table[[*known, "n"]] if known else groups.table[["n"]].head(0)
    split = groups.table["segment"]
    table.insert(0, "split", split)
    table.insert(1, "group", split + "=" + groups.table["level"])
    return table.assign(tickets=table["n"], unit=unit_of("resolution", clock))


def columns_of(table: pd.DataFrame) -> list[str]:
    """Return the columns of a table of groups that are shown."""
    return [str(name) for name in table if name not in ("n", "unit")]


# --- what lies open, and who must be there --------------------------------------------------------


def pile(backlog: Backlog) -> pd.DataFrame:
    """Return the backlog now, as one row: how many are old, and whether it grows."""
    if backlog.table.empty:
        return pd.DataFrame([{"subject": "backlog", "case": "no ends"}])
    last = backlog.table.iloc[-1]
    ageing = backlog.ageing[backlog.ageing["period"] == last["period"]]
    old = int(ageing.loc[ageing["from_days"] >= OLD_DAYS, "tickets"].sum())
    n = int(last["open"])
    before = int(backlog.table["open"].iloc[-2]) if len(backlog.table) > 1 else n
    grows = n > before * (1 + GREW) and n - before > 2 * before**0.5
    case = "none" if not n else "old" if old / n > MANY_OLD else "young"
    row = {"subject": "backlog", "case": case, "grows": grows, "open_before": before, "old": old}
    return pd.DataFrame([dict(last) | row])


def needed(plan: Staffing) -> pd.DataFrame:
    """Return what the calls need, as one row."""
    row: dict[str, Any] = {"subject": "calls"}
    if plan.reason is not None:
        row |= {k: ", ".join(map(str, v)) for k, v in plan.reason.facts.items()}
        row["case"] = plan.reason.message
    else:
        short = plan.answered < plan.service_level
        peak = plan.week.iloc[int(plan.week["peak_agents"].argmax())]
        case = "unknown" if np.isnan(plan.answered) else "short" if short else "kept"
        names = ("service_level", "answer_seconds", "shrinkage", "agent_hours", "paid_hours", "n")
        row |= {name: getattr(plan, name) for name in names}
        row |= {"case": case, "answered_in_time": plan.answered, "basis": "census"}
        row |= {"peak_day": DAY[peak["weekday"]], "peak_start": peak["peak_start"]}
        row |= {"peak_agents": int(peak["peak_agents"])}
    return pd.DataFrame([row])


def week(plan: Staffing) -> pd.DataFrame:
    """Return the staff of a week, a row a day."""
    return plan.week if plan.week.empty else plan.week.assign(weekday=plan.week["weekday"].map(DAY))


def settled(found: TicketKpis, clock: str) -> pd.DataFrame:
    """Return the share of complaints settled in time, as one row; none where nothing is known."""
    table = found.table
    mine = table[(table["kpi"] == "resolution_sla") & (table["clock"] == clock)]
    mine = mine.dropna(subset=["value"])
    late = mine["value"] < UNDER_REVIEW
    shares = {name: 100 * mine[name] for name in ("value", "low", "high")}
    case = late.map({True: "late", False: "in time"})
    return mine.assign(subject="complaints", case=case, basis="census", unit="percent", **shares)


def outcomes(found: TicketKpis, clock: str) -> pd.DataFrame:
    """Return what became of complaints, a row a KPI, times by their median."""
    table = found.table
    mine = table[table["clock"].isna() | (table["clock"] == clock)]
    mine = mine[~mine["statistic"].isin(["p80", "p90"])].drop(columns=["low", "high"])
    share = mine["unit"] == "share"
    unit = mine["unit"].replace(
        {"share": "percent", "tickets": "count", "seconds": unit_of("resolution", clock)}
    )
    value = mine["value"].where(~share, 100 * mine["value"])
    return mine.assign(unit=unit, value=value, tickets=mine["n"])


# --- actions and the review meeting ---------------------------------------------------------------


def register(follow_up: FollowUp) -> pd.DataFrame:
    """Return the actions as a table: what, which KPI, whose, until when, and where it stands."""
    table = follow_up.table
    state = table["state"].where(~table["overdue"], "overdue")
    return table.assign(
        due_on=table["due"].map(acts.last_day), state=state, now=table["moved"]
    ).drop(columns=["n", "unit"])


def sign_off(shown: pd.DataFrame) -> pd.DataFrame:
    """Return the sheet for the review meeting, with room for what it decides."""
    return shown.assign(decision="", clause=shown["clause"].fillna(""))
