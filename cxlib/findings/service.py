"""What the service chapter found: promises kept or not, what moved, what waits, what it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from cxlib import periods
from cxlib.analysis.service_measures import answering
from cxlib.findings._service_groups import groups
from cxlib.findings._service_measures import answered, measures
from cxlib.findings._service_pile import backlog, complaints
from cxlib.findings._service_staffing import staffing
from cxlib.findings.finding import Finding, Severity, change_facts
from cxlib.words import Quantity
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.analysis.service_course import Course
    from cxlib.analysis.service_measures import Measure
    from cxlib.analysis.service_review import Glance

__all__ = [
    "backlog",
    "changes",
    "complaints",
    "contract",
    "groups",
    "measures",
    "scope",
    "staffing",
]

MANY_OPEN = 0.05
"""Below a twentieth, open tickets hardly move a median."""


def contract(review: Any, *, clauses: bool, measures: Sequence[Measure] = ()) -> list[Finding]:
    """Say of every target on the service whether it is kept.

    Parameters
    ----------
    review : Review or None
        Small bases withheld; None for a contract without such targets.
    clauses : bool
        Whether the contract sets targets on the service at all.
    measures : sequence of Measure
        What is being done; the next step on a target that is missed names the one that answers it.
    """
    if not clauses:
        return [
            Finding(
                id="service.targets.none",
                message=_("The contract sets no target on the service, so nothing is judged here."),
                next_step=_("Agree on targets for the two or three KPIs that customers feel."),
            )
        ]
    if review is None or "value" not in review.table:
        return []
    rows = review.table.dropna(subset=["value"]).to_dict("records")
    return [_target(row, answering(measures, row["metric"])) for row in rows]


def _target(row: dict[Any, Any], measure: Measure | None) -> Finding:
    unit = row["unit"]
    facts = {
        "metric": row["metric"],
        "clause": row["clause"] or "–",
        "value": Quantity(row["value"], unit),
        "target": Quantity(row["target"], unit),
        "gap": Quantity(-row["missing"], unit, sign=True),
        "period": row["period"],
        "n": int(row["n"]),
    }
    if row["basis"] == "sample":
        facts |= {name: Quantity(row[name], unit) for name in ("low", "high")}
    severity: Severity
    if row["status"] == "cannot tell at this n":
        message = _(
            "{metric} is {value} in {period} ({low} to {high}, n = {n}): too near its target of "
            "{target} to say that it is kept."
        )
        severity = "warning"
        step = _("Ask more customers about their ticket, then judge {metric}.")
    elif row["status"] == "met" and row["basis"] == "census":
        message = _(
            "{metric} keeps its target of {target}: {value} in {period}, all {n} tickets counted."
        )
        severity, step = "good", _("Put clause {clause} before the review meeting as kept.")
    elif row["status"] == "met":
        message = _(
            "{metric} keeps its target of {target}: {value} in {period} ({low} to {high}, n = {n})."
        )
        severity, step = "good", _("Put clause {clause} before the review meeting as kept.")
    else:
        message = _(
            "{metric} is not at its target of {target}: {value} in {period} ({gap}), n = {n}."
        )
        if row["basis"] == "sample":
            message = _(
                "{metric} misses its target of {target}: {value} in {period} ({low} to {high}, "
                "n = {n})."
            )
        facts |= answered(measure)
        severity, step = "serious", _("Agree on the measure for clause {clause}, and who owns it.")
        if measure is not None:
            step = _("“{measure}” answers it ({owner}, due {due}): ask whether it will be enough.")
    return Finding(
        id=f"service.{row['metric']}.target",
        message=message,
        facts=facts,
        severity=severity,
        consequence=100,
        base=int(row["n"]),
        next_step=step,
    )


def changes(glance: Glance, course: Course, *, measures: Sequence[Measure] = ()) -> list[Finding]:
    """Say what moved: first by the run of the months, else against the period before.

    Parameters
    ----------
    glance : Glance
        Small bases withheld.
    course : Course
        Small bases withheld.
    measures : sequence of Measure
        What is being done; a signal for the worse names the one that answers it.
    """
    if not course.charts:
        return [_too_short(glance)]
    told: dict[str, Finding] = {}
    for _label, row in course.latest.iterrows():
        if row["variation"] in ("concerning", "improving") and row["since"]:
            told[str(row["metric"])] = _signal(row, answering(measures, str(row["metric"])))
    quiet = []
    for _label, row in glance.headline.iterrows():
        metric = str(row["metric"])
        if metric in told or pd.isna(row["change"]):
            continue
        if row["change_low"] > 0 or row["change_high"] < 0:
            told[metric] = _moved(row, glance.previous or "")
        else:
            quiet.append(metric)
    found = list(told.values())
    if quiet and glance.previous:
        found.append(
            Finding(
                id="service.quiet",
                message=_("No clear change since {previous} in {metrics} (n = {n})."),
                facts={"previous": glance.previous, "metrics": tuple(quiet), "n": glance.n_used},
                consequence=20,
                base=glance.n_used,
                next_step=_("Leave it alone: explaining ups and downs is wasted effort."),
            )
        )
    return found


def _too_short(glance: Glance) -> Finding:
    return Finding(
        id="service.course.short",
        message=_("The log holds fewer than three months, so no course can be judged (n = {n})."),
        facts={"n": glance.n_used},
        consequence=10,
        base=glance.n_used,
        next_step=_("Ask for the log of a year or more."),
    )


def _signal(row: pd.Series, measure: Measure | None) -> Finding:
    unit, worse = row["unit"], row["variation"] == "concerning"
    facts = {
        "metric": row["metric"],
        "since": row["since"],
        "period": row["period"],
        **{name: Quantity(row[name], unit) for name in ("value", "centre", "lower", "upper")},
        "n": int(row["n"]),
    }
    message = (
        _(
            "{metric} is worse than usual since {since}: {value} in {period}, ordinary months lie "
            "around {centre} ({lower} to {upper}), n = {n}."
        )
        if worse
        else _(
            "{metric} is better than usual since {since}: {value} in {period}, ordinary months "
            "lie around {centre} ({lower} to {upper}), n = {n}."
        )
    )
    step = _("Find out what made it better in {since}, and keep it.")
    if worse:
        step = _("Ask what was changed in {since}: staff, opening hours, a campaign, a system.")
    if worse and measure is not None:
        facts |= answered(measure)
        step = _(
            "“{measure}” answers it ({owner}, due {due}). Ask what was changed in {since}: staff, "
            "opening hours, a campaign, a system."
        )
    return Finding(
        id=f"service.{row['metric']}.course",
        message=message,
        facts=facts,
        severity="serious" if worse else "good",
        consequence=85,
        base=int(row["n"]),
        next_step=step,
    )


def _moved(row: pd.Series, previous: str) -> Finding:
    better = (row["change"] > 0) == (row["direction"] == "higher")
    message = (
        _("{metric} is better than in {previous}: {change} ({low} to {high}) to {value}, n = {n}.")
        if better
        else _(
            "{metric} is worse than in {previous}: {change} ({low} to {high}) to {value}, n = {n}."
        )
    )
    return Finding(
        id=f"service.{row['metric']}.change",
        message=message,
        facts={"metric": row["metric"], **change_facts(row, previous)},
        severity="good" if better else "warning",
        consequence=70,
        base=int(row["n"]),
        next_step=None
        if better
        else _("See which group carries it; one period is no trend yet, so watch the next one."),
    )


def scope(glance: Glance) -> list[Finding]:
    """Say what the figures do not hold yet: open tickets, a period that is not over.

    Parameters
    ----------
    glance : Glance
    """
    found = []
    resolution = glance.durations
    resolution = resolution[
        (resolution["metric"] == "resolution") & (resolution["clock"] == glance.clock)
    ]
    if len(resolution) and glance.n_open > MANY_OPEN * glance.n_used:
        median = float(resolution["median"].iloc[0])
        reached = pd.notna(median)
        facts = {
            "open": glance.n_open,
            "share": Quantity(glance.n_open / glance.n_used, "share"),
            "closed": Quantity(glance.closed_median, "seconds"),
            "median": Quantity(median, "seconds"),
            "n": glance.n_used,
        }
        message = (
            _(
                "{open} of {n} tickets ({share}) are still open. They count as running: the "
                "median resolution is {median}; over the closed ones alone it would look like "
                "{closed}."
            )
            if reached
            else _(
                "{open} of {n} tickets ({share}) are still open, so half of all are not solved "
                "yet; the {closed} of the closed ones alone say nothing about the rest."
            )
        )
        found.append(
            Finding(
                id="service.open",
                message=message,
                facts=facts,
                severity="warning",
                consequence=65,
                base=glance.n_used,
                next_step=_("Quote no resolution time without its open tickets."),
            )
        )
    if glance.period and periods.kind_of(glance.period):
        end = periods.parse(glance.period).end
        if glance.as_of.date() < end:
            found.append(
                Finding(
                    id="service.period.running",
                    message=_("{period} is not over: the log ends on {day} (n = {n})."),
                    facts={
                        "period": glance.period,
                        "day": glance.as_of.date(),
                        "n": glance.n_used,
                    },
                    consequence=60,
                    base=glance.n_used,
                    next_step=_("Run the report again when the period is complete."),
                )
            )
    return found
