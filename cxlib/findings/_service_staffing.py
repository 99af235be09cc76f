"""What the service chapter found on its telephones: how fast they are answered, what that takes."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from cxlib.findings.finding import Finding
from cxlib.words import Quantity
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.analysis.service_staffing import Staffing


def staffing(plan: Staffing) -> list[Finding]:
    """Say how many calls were answered in time, what staff it takes, and what one fewer costs.

    Parameters
    ----------
    plan : Staffing
    """
    if plan.reason is not None:
        return [
            Finding(
                id="service.staffing.none",
                message=plan.reason.message,
                facts=plan.reason.facts,
                consequence=5,
                next_step=_("Add it to the export, or name the calls under chapters: service."),
            )
        ]
    return [*_answered(plan), _needed(plan), _cost(plan)]


def _promise(plan: Staffing) -> dict[str, Any]:
    return {
        "level": Quantity(plan.service_level, "share"),
        "answer": Quantity(plan.answer_seconds, "seconds"),
        "n": plan.n,
    }


def _answered(plan: Staffing) -> list[Finding]:
    if plan.answered.empty:
        return []
    row = plan.answered.iloc[0]
    short = bool(row["high"] < plan.service_level)
    facts = _promise(plan) | {
        **{name: Quantity(row[name], "share") for name in ("value", "low", "high")},
        "n": int(row["n"]),
    }
    return [
        Finding(
            id="service.calls.answered",
            message=_(
                "Only {value} of calls ({low} to {high}, n = {n}) were answered within {answer}; "
                "{level} is the aim."
            )
            if short
            else _(
                "{value} of calls ({low} to {high}, n = {n}) were answered within {answer}; "
                "{level} is the aim."
            ),
            facts=facts,
            severity="serious" if short else "good",
            consequence=80,
            base=int(row["n"]),
            next_step=_("Compare the roster with the agents needed below, half hour by half hour.")
            if short
            else None,
        )
    ]


def _needed(plan: Staffing) -> Finding:
    peak = plan.week.iloc[int(plan.week["peak_agents"].argmax())]
    return Finding(
        id="service.staffing.needed",
        message=_(
            "To answer {level} of calls within {answer} takes {hours:.0f} hours at the telephone "
            "a week, {paid:.0f} paid hours with {shrinkage} shrinkage; the peak is {day} {start} "
            "with {agents} agents (n = {n} calls)."
        ),
        facts=_promise(plan)
        | {
            "hours": plan.agent_hours,
            "paid": plan.position_hours,
            "shrinkage": Quantity(plan.shrinkage, "share"),
            "day": peak["day"],
            "start": str(peak["peak_start"]),
            "agents": int(peak["peak_agents"]),
        },
        consequence=45,
        base=plan.n,
        next_step=_("Set the roster of the next period against it."),
    )


def _cost(plan: Staffing) -> Finding:
    now, fewer = (plan.cost.iloc[at] for at in (0, 1))
    endless = not isfinite(fewer["mean_wait"])
    facts = _promise(plan) | {
        "now": Quantity(now["service_level"], "share"),
        "fewer": Quantity(fewer["service_level"], "share"),
        "wait": Quantity(now["mean_wait"], "seconds"),
        "longer": Quantity(fewer["mean_wait"], "seconds"),
        "intervals": int(fewer["never_clears"]),
    }
    message = (
        _(
            "One agent fewer in each half hour: {fewer} of calls answered within {answer} instead "
            "of {now}; in {intervals} half hours a week the queue would never clear (n = {n})."
        )
        if endless
        else _(
            "One agent fewer in each half hour: {fewer} of calls answered within {answer} instead "
            "of {now}, and a mean wait of {longer} instead of {wait} (n = {n})."
        )
    )
    return Finding(
        id="service.staffing.one_fewer",
        message=message,
        facts=facts,
        consequence=44,
        base=plan.n,
        next_step=_("Weigh that wait against the wage before a shift is cut."),
    )
