"""What the targets chapter says of what comes next: the plan, and targets to agree on."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import TYPE_CHECKING

from cxlib.findings.finding import Finding, Severity
from cxlib.words import Quantity
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.analysis.contract import Outlook, Proposed

PLAN = "The plan"
OUT_OF_REACH = 20
"""More than so many times the present answers is no sample that anyone will collect."""

SURE, UNLIKELY = 0.80, 0.20
"""Chances above and below which a plan counts as enough, or as not enough."""


def plan(outlook: Outlook) -> list[Finding]:
    """Say whether the planned changes together reach the target.

    Parameters
    ----------
    outlook : Outlook
    """
    facts = {
        "plan": outlook.plan,
        "metric": outlook.metric,
        "clause": outlook.clause or "–",
        "change": Quantity(outlook.change, outlook.unit, sign=True),
        "predicted": Quantity(outlook.predicted, outlook.unit),
        "low": Quantity(outlook.low, outlook.unit),
        "high": Quantity(outlook.high, outlook.unit),
        "target": Quantity(outlook.target, outlook.unit),
        "gap": Quantity(outlook.gap, outlook.unit, sign=True),
        "n": outlook.n_used,
    }
    severity: Severity = "note"
    step: str | None = None
    sign = 1.0 if outlook.direction == "higher" else -1.0
    if not isfinite(outlook.target) or sign * (outlook.now - outlook.target) >= 0:
        if not isfinite(outlook.target):
            step = _("Agree on a target for it: the proposals below start from this plan.")
        message = _(
            "{plan} is worth {change} of {metric}: {predicted} ({low} to "
            "{high}, n = {n}), all else as it is."
        )
    elif outlook.p_reach >= SURE:
        severity, step = "good", _("Hold the owners of the touchpoints to the planned ratings.")
        message = _(
            "{plan} reaches the target of {target} for {metric}: {change} lead to {predicted} "
            "({low} to {high}, n = {n}), all else as it is."
        )
    elif outlook.p_reach <= UNLIKELY:
        severity, step = "serious", _("Plan for more, or agree on what the plan can reach.")
        message = _(
            "{plan} does not reach the target of {target} for {metric}: {change} lead to "
            "{predicted} ({low} to {high}, n = {n}), with {gap} still to go."
        )
    else:
        severity, step = "warning", _("Add a change to the plan that gives it room.")
        message = _(
            "{plan} may or may not reach the target of {target} for {metric}: {change} lead to "
            "{predicted} ({low} to {high}, n = {n}), all else as it is."
        )
    return [
        Finding(
            id=f"targets.{outlook.metric}.{'plan' if outlook.plan == PLAN else 'recovery'}",
            message=message,
            facts=facts,
            severity=severity,
            consequence=92.0,
            base=outlook.n_used,
            next_step=step,
        )
    ]


def proposals(proposed: Iterable[Proposed]) -> list[Finding]:
    """Say which target would be realistic for every KPI, and why.

    Parameters
    ----------
    proposed : sequence of Proposed
        Small bases withheld; one without a proposal is passed over.
    """
    found = []
    for one in proposed:
        rows = one.table[one.table["level"] == "realistic"].dropna(subset=["target"])
        if rows.empty:
            continue
        row = rows.iloc[0]
        step = None
        if row["detectable"]:
            message = _(
                "A realistic next target for {metric} is {target} ({change} on {value}, {low} to "
                "{high}, n = {n}): {reason}."
            )
        elif row["n_needed"] <= OUT_OF_REACH * one.n:
            message = _(
                "A realistic next target for {metric} is {target} ({change} on {value}, {low} to "
                "{high}, n = {n}): {reason}; it takes {needed} answers a wave to be seen."
            )
        else:
            message = _(
                "Nothing speaks for a rise of {metric} that could be seen: {change} on {value} "
                "({low} to {high}, n = {n}) is {reason}."
            )
            step = _("Agree on holding the present level, or plan for more.")
        found.append(
            Finding(
                id=f"targets.{one.metric}.proposal",
                message=message,
                facts={
                    "metric": one.metric,
                    "target": Quantity(row["target"], one.unit),
                    "change": Quantity(row["change"], one.unit, sign=True),
                    "value": Quantity(one.baseline, one.unit),
                    "low": Quantity(one.low, one.unit),
                    "high": Quantity(one.high, one.unit),
                    "n": one.n,
                    "reason": row["reason"],
                    "needed": int(row["n_needed"]),
                },
                severity="note",
                consequence=30.0,
                base=one.n,
                next_step=step,
            )
        )
    return found
