"""What the service chapter found in the pile of open tickets, and in the complaints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cxlib.findings.finding import Finding
from cxlib.words import Quantity
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.analysis.service import Backlog, Complaints

OLD_DAYS = 30
"""A ticket open for a month has been forgotten more often than it is being worked on."""

MANY_OLD = 0.2
GREW = 0.1
"""A pile that grew by less than a tenth is as it was."""

UNDER_REVIEW = 0.9
"""Complaints settled in time: supervisors of banks and telecoms ask for nine in ten or more."""


def backlog(backlog: Backlog) -> list[Finding]:
    """Say how old the pile is, and whether it grows.

    Parameters
    ----------
    backlog : Backlog
        By month.
    """
    last = backlog.table.iloc[-1]
    ageing = backlog.ageing[backlog.ageing["period"] == last["period"]]
    old = int(ageing.loc[ageing["from_days"] >= OLD_DAYS, "tickets"].sum())
    n = int(last["open"])
    if not n:
        return []
    facts = {
        "period": last["period"],
        "open": n,
        "old": old,
        "days": OLD_DAYS,
        "share": Quantity(old / n, "share"),
        "median": Quantity(last["age_median"], "seconds"),
        "oldest": Quantity(last["age_oldest"], "seconds"),
    }
    many = old / n > MANY_OLD
    found = [
        Finding(
            id="service.backlog.age",
            message=_(
                "{old} of {open} open tickets ({share}) are older than {days} days; the oldest "
                "has waited {oldest}."
            )
            if many
            else _(
                "{open} tickets are open at the end of {period}, half of them for less than "
                "{median}; {old} are older than {days} days."
            ),
            facts=facts,
            severity="warning" if many else "note",
            consequence=60 if many else 25,
            next_step=_("Go through the old ones one by one: solve, close or merge them.")
            if many
            else None,
        )
    ]
    if len(backlog.table) > 1:
        before = int(backlog.table["open"].iloc[-2])
        if n > before * (1 + GREW) and n - before > before**0.5 * 2:
            found.append(
                Finding(
                    id="service.backlog.grows",
                    message=_(
                        "The backlog grew from {before} to {open} in {period}: {opened} came, "
                        "{resolved} were solved."
                    ),
                    facts=facts
                    | {
                        "before": before,
                        "opened": int(last["opened"]),
                        "resolved": int(last["resolved"]),
                    },
                    severity="warning",
                    consequence=58,
                    next_step=_("Plan the hours that bring it back before it ages."),
                )
            )
    return found


def complaints(found: Complaints | None, *, clock: str) -> list[Finding]:
    """Say how complaints fared.

    Parameters
    ----------
    found : Complaints or None
        Small bases withheld; None where the log marks none.
    clock : str
        On which the service levels are judged.
    """
    if found is None:
        return []
    table = found.table
    cells = table[table["clock"].isna() | (table["clock"] == clock)].set_index("kpi")
    shares = cells[cells["statistic"] == "share"].dropna(subset=["value"]).to_dict("index")
    told: list[Finding] = []
    in_time = shares.get("resolution_sla")
    if in_time:
        late = bool(in_time["high"] < UNDER_REVIEW)
        told.append(
            Finding(
                id="service.complaints.in_time",
                message=_("{value} of complaints were settled in time ({low} to {high}, n = {n})."),
                facts=_share(in_time),
                severity="warning" if late else "note",
                consequence=55 if late else 30,
                base=int(in_time["n"]),
                next_step=_("Put one person in charge of complaints past half of their time.")
                if late
                else None,
            )
        )
    upheld = shares.get("upheld")
    if upheld:
        told.append(
            Finding(
                id="service.complaints.upheld",
                message=_(
                    "{value} of the complaints decided were justified ({low} to {high}, n = {n})."
                ),
                facts=_share(upheld),
                consequence=28,
                base=int(upheld["n"]),
                next_step=_("Trace the justified ones to the process that caused them."),
            )
        )
    return told


def _share(row: dict[Any, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {
        name: Quantity(row[name], "share") for name in ("value", "low", "high")
    }
    return facts | {"n": int(row["n"])}
