"""What the service chapter shows: its columns, and the frames of its tables and figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.analysis import service
from cxlib.analysis.actions import FINISHED, last_day
from cxlib.analysis.kpis import Estimates
from cxlib.analysis.metrics import TICKET_KPIS
from cxlib.analysis.staffing import Staffing
from cxlib.columns import records
from cxlib.params.service import agreed_actions
from cxlib.words import mark as _

DAY = {"mon": _("Monday"), "tue": _("Tuesday"), "wed": _("Wednesday"), "thu": _("Thursday"),
       "fri": _("Friday"), "sat": _("Saturday"), "sun": _("Sunday")}  # fmt: skip
CLOCK = {"calendar": _("calendar time"), "business": _("business time")}
METHOD = {
    "repeat": _("the customer did not come again"),
    "survey": _("the customer says so"),
    "reopened": _("the ticket was not reopened"),
}
HEADLINE = ("ticket_csat", "fcr", "handle_time", "first_response_sla", "resolution_sla", "sla_met",
            "abandonment_rate")  # fmt: skip
"""What service contracts are usually judged by, in the order in which they are read."""

INSTEAD = {"first_response_sla": "first_response", "resolution_sla": "resolution"}
"""What stands for a share within the SLA where none is agreed."""


def headline(standing: Estimates) -> pd.DataFrame:
    """Return the KPIs that head the report: those of contracts, and any that has a target."""
    table = standing.table
    told = set(table["kpi"])
    wanted = [k if k in told else INSTEAD.get(k, k) for k in HEADLINE]
    targeted = table.loc[table["status"].notna(), "kpi"]
    order = [k for k in dict.fromkeys([*wanted, *targeted]) if k in told]
    shown = table.set_index("kpi").loc[order].reset_index()
    return shown.assign(tickets=shown["n"])


def charted(standing: Estimates, actions: pd.DataFrame) -> list[str]:
    """Return the KPIs whose months are charted: the headline's, the waits, and the actions'."""
    keys = [*headline(standing)["kpi"], "first_response", *actions["kpi"]]
    return list(dict.fromkeys(keys))


def waits(found: service.TicketKpis, *, clock: str | None = None) -> pd.DataFrame:
    """Return one row a wait and clock: ``median, p80, p90, within`` the SLA, ``tickets``."""
    table, rows = found.table.assign(clock=found.table["clock"].fillna("calendar")), []
    for kpi in ("first_response", "resolution", "handle_time"):
        for of, cells in table[table["kpi"] == kpi].groupby("clock", sort=False):
            name, n = str(of), int(cells["n"].iloc[0])
            if not n or (clock is not None and (name != clock or kpi == "handle_time")):
                continue
            kept = table[(table["kpi"] == f"{kpi}_sla") & (table["clock"] == name)]
            within = kept["value"].iloc[0] if len(kept) else np.nan
            by = cells.set_index("statistic")["value"]
            row = {"kpi": kpi, "clock": CLOCK[name], "within": within, "n": n, "tickets": n}
            row |= {q: by.get(q, np.nan) for q in ("median", "p80", "p90", "mean")}
            rows.append(
                row | {"unit": service.unit_of(kpi, name), "open": int(cells["open"].iloc[0])}
            )
    return pd.DataFrame(rows)


def in_full(found: service.TicketKpis) -> service.TicketKpis:
    """Return the waits on every clock, with what was left out of them as notes."""
    return replace(found, table=waits(found))


def first_contact(found: service.TicketKpis) -> pd.DataFrame:
    """Return what first-contact resolution rests on."""
    table = found.first_contact
    return table if table.empty else table.assign(method=table["method"].map(METHOD))


def targets(standing: Estimates) -> dict[str, float]:
    """Return the first target of each KPI, in its display unit."""
    table = standing.table
    known = table[["kpi", "target"]].dropna() if "target" in table else table.head(0)
    return {str(row["kpi"]): float(row["target"]) for row in records(known)}


def end_of(terms: service.Terms, period: str | None) -> dt.date | None:
    """Return the last day of the report: of its period, else of the log."""
    if period is not None and periods.kind_of(period):
        return periods.parse(period).end
    return None if terms.as_of is None else pd.Timestamp(terms.as_of).date()


def rhythm(tickets: pd.DataFrame, *, terms: service.Terms, period: str | None) -> service.Arrivals:
    """Return what comes in by weekday and hour, whether the service is open or not."""
    known = period if period is not None and periods.kind_of(period) else None
    found = service.arrivals(tickets, minutes=60, period=known, as_of=terms.as_of)
    return replace(found, table=found.table.rename(columns={"n": "days"}))


def late(groups: service.Groups) -> pd.DataFrame:
    """Return each group's share of the late tickets, of the SLA that most depends on, if any."""
    table = groups.compared
    table = table[table["share_of_late"].notna() & (table["same_segment"] == "")]
    resolved = table["kpi"] == "resolution_sla"
    table = table[resolved] if resolved.any() else table
    order = {name: at for at, name in enumerate(dict.fromkeys(table["segment"]))}
    table = table.assign(at=table["segment"].map(order))
    return table.sort_values(["at", "share_of_late"], ascending=[True, False], kind="stable")


def by_group(
    groups: service.Groups, clock: str, names: Sequence[str] = service.SHOWN
) -> pd.DataFrame:
    """Return every group's KPIs beside one another; empty where nothing is known of them."""
    known = [name for name in names if groups.table[name].notna().any()]
    table = groups.table[[*known, "n"]] if known else groups.table[["n"]].head(0)
    split = groups.table["segment"]
    table.insert(0, "split", split)
    table.insert(1, "group", split + "=" + groups.table["level"])
    return table.assign(tickets=table["n"], unit=service.unit_of("resolution", clock))


def columns_of(table: pd.DataFrame) -> list[str]:
    """Return the columns of a table of groups that are shown."""
    return [str(name) for name in table if name not in ("n", "unit")]


def week(plan: Staffing) -> pd.DataFrame:
    """Return the staff of a week, a row a day."""
    return plan.week if plan.week.empty else plan.week.assign(weekday=plan.week["weekday"].map(DAY))


def outcomes(found: service.TicketKpis, clock: str) -> pd.DataFrame:
    """Return what became of complaints, a row a KPI, times by their median."""
    table = found.table
    mine = table[table["clock"].isna() | (table["clock"] == clock)]
    mine = mine[~mine["statistic"].isin(["p80", "p90"])].drop(columns=["low", "high"])
    share = mine["unit"] == "share"
    units = {
        "share": "percent",
        "tickets": "count",
        "seconds": service.unit_of("resolution", clock),
    }
    unit = mine["unit"].replace(units)
    value = mine["value"].where(~share, 100 * mine["value"])
    return mine.assign(unit=unit, value=value, tickets=mine["n"])


def agreed(engagement: Any) -> pd.DataFrame:
    """Return the agreed actions on ticket KPIs: the register's, else those of the client file."""
    register = engagement.register("actions")
    if register is None:
        return agreed_actions(engagement.client, language=engagement.language)
    label = engagement.words.label
    rows = [
        (label(row["title"]), row["kpi"], label(row["owner"] or ""), row["due"], row["state"],
         str(row["done"] or row["due"]) if row["state"] in FINISHED else "",
         label(row["note"] or ""))
        for row in records(register.frame("actions"))
        if row["kpi"] in TICKET_KPIS and row["due"] and row["state"] != "proposed"
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(service.actions.ACTIONS))


def register(follow_up: service.FollowUp) -> pd.DataFrame:
    """Return the actions as a table: what, which KPI, whose, until when, and where it stands."""
    table = follow_up.table
    state = table["state"].where(~table["overdue"], "overdue")
    told = table.assign(due_on=table["due"].map(last_day), state=state, now=table["moved"])
    return told.drop(columns=["n", "unit"])


def sign_off(shown: pd.DataFrame) -> pd.DataFrame:
    """Return the sheet for the review meeting, with room for what it decides."""
    return shown.assign(decision="", clause=shown["clause"].fillna(""))
