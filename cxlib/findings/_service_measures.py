"""What the service chapter found in the improvement measures: late, effective, or missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from cxlib import periods
from cxlib.analysis.service_measures import (
    BEFORE,
    BETTER,
    EARLY,
    NO_MEASURE,
    UNMOVED,
    WORSE,
    last_day,
)
from cxlib.findings.finding import Finding, Severity
from cxlib.words import Quantity
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.analysis.service_measures import FollowUp, Measure

SETTLED = 3
"""Months after which a measure that works should show: fewer give the chart's rules no chance."""

_DONE: Mapping[str, tuple[str, str]] = {
    BETTER: (
        _(
            "Done ({finished}): “{measure}”. {metric} has been better than usual since {since}: "
            "{value} in {period}, {lower} to {upper} is ordinary (n = {n})."
        ),
        _("Keep it up; it came before the change, which does not prove that it is the cause."),
    ),
    BEFORE: (
        _(
            "Done ({finished}): “{measure}”. {metric} is better than usual, but already since "
            "{since}: {value} in {period}, {lower} to {upper} is ordinary (n = {n})."
        ),
        _("Do not count the improvement as this measure's before {owner} has explained the dates."),
    ),
    UNMOVED: (
        _(
            "Done ({finished}): “{measure}”, yet {metric} has not clearly moved: {value} in "
            "{period}, {lower} to {upper} is ordinary (n = {n}; months since: {months})."
        ),
        _("Ask {owner} whether the measure has reached the tickets, and what else it takes."),
    ),
    WORSE: (
        _(
            "Done ({finished}): “{measure}”, yet {metric} is worse than usual since {since}: "
            "{value} in {period}, {lower} to {upper} is ordinary (n = {n})."
        ),
        _("Let {owner} say at the review meeting why, and what follows."),
    ),
    EARLY: (
        _(
            "Done ({finished}): “{measure}”. No month of figures has begun since, so it is too "
            "early to tell whether {metric} moves: {value} in {period} (n = {n})."
        ),
        _("Look at {metric} again in the next report."),
    ),
}


def answered(measure: Measure | None) -> dict[str, Any]:
    """Return the facts of the measure that answers a finding; none where there is none."""
    if measure is None:
        return {}
    return {"measure": measure.measure, "owner": measure.owner, "due": when(measure.due)}


def when(label: str) -> str | dt.date:
    """Return a due date as a fact: a period's label, or a day."""
    return label if periods.kind_of(label) else last_day(label)


def measures(follow_up: FollowUp) -> list[Finding]:
    """Say which measures are late, what became of those done, and which KPIs have none.

    Parameters
    ----------
    follow_up : FollowUp
        Small bases withheld.
    """
    kpis = {row["kpi"]: row for row in follow_up.kpis.to_dict("records")}
    found = []
    for at, row in enumerate(follow_up.table.to_dict("records"), start=1):
        known = kpis.get(row["kpi"])
        facts = _facts(row, known)
        if row["overdue"]:
            found.append(_late(at, row, facts))
        elif row["moved"] in _DONE and known is not None and pd.notna(known["value"]):
            found.append(_done(at, row, facts))
    return [*found, *_missing(follow_up)]


def _facts(row: dict[Any, Any], known: dict[Any, Any] | None) -> dict[str, Any]:
    facts = {"measure": row["measure"], "owner": row["owner"], "due": when(row["due"])}
    facts |= {"metric": row["kpi"], "state": row["state"]}
    if row["finished"]:
        facts |= {"finished": when(row["finished"]), "months": int(row["months"])}
    if known is not None and pd.notna(known["value"]):
        names = ("value", "lower", "upper")
        facts |= {name: Quantity(known[name], known["unit"]) for name in names}
        facts |= {name: known[name] for name in ("period", "since")} | {"n": int(known["n"])}
    return facts


def _late(at: int, row: dict[Any, Any], facts: dict[str, Any]) -> Finding:
    message = _("Overdue: “{measure}” ({owner}) was due {due} and is {state}; it is for {metric}.")
    if "value" in facts:
        message = _(
            "Overdue: “{measure}” ({owner}) was due {due} and is {state}; {metric} is at {value} "
            "in {period} (n = {n})."
        )
    return Finding(
        id=f"service.measure.{at}.{row['kpi']}.overdue",
        message=message,
        facts=facts,
        severity="warning",
        consequence=90,
        base=facts.get("n"),
        next_step=_("Agree with {owner} on a new date, or stop the measure."),
    )


def _done(at: int, row: dict[Any, Any], facts: dict[str, Any]) -> Finding:
    moved = str(row["moved"])
    message, step = _DONE[moved]
    failed = moved == WORSE or (moved == UNMOVED and row["months"] >= SETTLED)
    severity: Severity = "good" if moved == BETTER else "warning" if failed else "note"
    return Finding(
        id=f"service.measure.{at}.{row['kpi']}.done",
        message=message,
        facts=facts,
        severity=severity,
        consequence=60,
        base=facts["n"],
        next_step=step,
    )


def _missing(follow_up: FollowUp) -> list[Finding]:
    base = {"n": follow_up.n_used, "all": follow_up.n_judged}
    said = {
        True: _(
            "No measure recorded yet for {metrics}; KPIs that miss their target or are worse than "
            "usual without one: {count} of {all} (n = {n})."
        ),
        False: _(
            "No measure is left for {metrics}: all are done or stopped. KPIs that still miss their "
            "target or are worse than usual: {count} of {all} (n = {n})."
        ),
    }
    found = []
    never = follow_up.unanswered["measure"] == NO_MEASURE
    for first, message in said.items():
        rows = follow_up.unanswered[never == first]
        if len(rows):
            facts = {"metrics": tuple(rows["kpi"]), "count": len(rows)} | base
            found.append(
                Finding(
                    id=f"service.measures.{'none' if first else 'over'}",
                    message=message,
                    facts=facts,
                    severity="warning",
                    consequence=80,
                    base=follow_up.n_used,
                    next_step=_("Agree on a measure for {metrics}: what, who, by when."),
                )
            )
    if not found and follow_up.table.empty:
        message = _("No measure is recorded, and none of {all} KPIs calls for one (n = {n}).")
        found.append(
            Finding(
                id="service.measures.idle",
                message=message,
                facts=base,
                consequence=5,
                base=follow_up.n_used,
            )
        )
    return found
