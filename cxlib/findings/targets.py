"""What the targets chapter found: met or not, on the way or not, provable or not, and what next."""

from __future__ import annotations

from math import ceil, isfinite
from typing import TYPE_CHECKING, Any

import pandas as pd

from cxlib.findings._targets_next import OUT_OF_REACH, plan, proposals
from cxlib.findings.finding import Finding, Severity
from cxlib.words import Quantity
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.analysis.contract import Review

__all__ = ["plan", "proof", "proposals", "state", "way"]

MET, OPEN = "met", "cannot tell at this n"

WORTH_SAYING = 0.05
"""A rebound below a twentieth of what is asked changes nothing."""


def state(review: Review) -> list[Finding]:
    """Say of every target whether it is met, is not, or cannot be told, and what would settle it.

    Parameters
    ----------
    review : Review
        Small bases withheld.
    """
    return [_state(row) for row in _rows(review)]


def _rows(review: Review) -> list[dict[Any, Any]]:
    return review.table.dropna(subset=["value"]).to_dict("records")


def _facts(row: dict[Any, Any]) -> dict[str, Any]:
    unit = row["unit"]
    return {
        "metric": row["metric"],
        "clause": row["clause"] or "–",
        "due": row["due"],
        "target": Quantity(row["target"], unit),
        "value": Quantity(row["value"], unit),
        "low": Quantity(row["low"], unit),
        "high": Quantity(row["high"], unit),
        "n": _whole(row["n"]),
    }


def _whole(value: Any) -> Any:
    return "–" if pd.isna(value) else int(value)


def _finding(row: dict[Any, Any], kind: str, **parts: Any) -> Finding:
    base = None if pd.isna(row["n"]) else int(row["n"])
    return Finding(id=f"targets.{row['metric']}.{row['due']}.{kind}", base=base, **parts)


def _state(row: dict[Any, Any]) -> Finding:
    facts = _facts(row) | {"missing": Quantity(row["missing"], row["unit"], sign=True)}
    due = pd.notna(row["remaining"]) and int(row["remaining"]) <= 0
    if row["basis"] == "census":
        return _counted(row, facts, due=due)
    if pd.isna(row["p_met"]):
        message = _("All {n} answers to {metric} are alike ({value}): no verdict on {target}.")
        return _verdict(row, message, facts, "note", 40.0, None)
    if row["status"] == MET:
        message = _("{metric} meets its target of {target}: {value} ({low} to {high}, n = {n}).")
        return _verdict(row, message, facts, "good", 60.0, _kept(row, due=due))
    if row["status"] == OPEN:
        message = _(
            "Whether {metric} reaches {target} cannot be told at this n: {value} ({low} to {high}, "
            "n = {n}), a chance of {chance} that it does."
        )
        facts["chance"] = Quantity(min(max(row["p_met"], 0.001), 0.999), "share")
        needed = row["n_to_settle"]
        facts["needed"] = ceil(needed - 1e-9) if isfinite(needed) else "–"
        return _verdict(row, message, facts, "warning", 90.0, _settling(row))
    if due:
        message = _("{metric} misses its target of {target}: {value} ({low} to {high}, n = {n}).")
        step = (
            _("Agree on a remedy or a new date before clause {clause} comes up for acceptance.")
            if row["clause"]
            else _("Agree on a remedy or a new date.")
        )
        return _verdict(row, message, facts, "serious", 100.0, step)
    message = _(
        "{metric} is short of its target of {target}, {missing} to go: {value} ({low} to {high}, "
        "n = {n}); it is due in {due}."
    )
    step = (
        _("Check against the plan below whether clause {clause} can still be kept.")
        if row["clause"]
        else _("Check against the plan below whether it can still be kept.")
    )
    return _verdict(row, message, facts, "serious", 95.0, step)


def _verdict(
    row: dict[Any, Any],
    message: str,
    facts: dict[str, Any],
    severity: Severity,
    weight: float,
    step: str | None,
) -> Finding:
    return _finding(
        row,
        "verdict",
        message=message,
        facts=facts,
        severity=severity,
        consequence=weight,
        next_step=step,
    )


def _kept(row: dict[Any, Any], *, due: bool) -> str:
    if due and row["clause"]:
        return _("Put the verdict before the client: clause {clause} is fit for acceptance.")
    if due:
        return _("Put the verdict before the client for acceptance.")
    if row["clause"]:
        return _("Hold it until {due}: the verdict of that period decides clause {clause}.")
    return _("Hold it until {due}: the verdict of that period decides.")


def _settling(row: dict[Any, Any]) -> str:
    needed = row["n_to_settle"]
    if not isfinite(needed):
        return _("It lies on the line, where no sample decides: agree now what will.")
    if needed > OUT_OF_REACH * row["n"]:
        return _(
            "So small a gap takes {needed} answers: agree now whether the point estimate decides."
        )
    return _("{needed} answers would settle it at the present gap.")


def _counted(row: dict[Any, Any], facts: dict[str, Any], *, due: bool) -> Finding:
    met = row["status"] == MET
    message = (
        _("{metric} meets its target of {target}: {value}, every case counted (n = {n}).")
        if met
        else _("{metric} is not at its target of {target}: {value}, every case counted (n = {n}).")
    )
    return _finding(
        row,
        "verdict",
        message=message,
        facts=facts,
        severity="good" if met else "serious",
        consequence=100.0 if due else 95.0,
        next_step=None if met else _("A counted figure needs no sample: look for the cause."),
    )


def way(review: Review) -> list[Finding]:
    """Say of every target that is still to be reached whether its KPI is on the way.

    Parameters
    ----------
    review : Review
        Small bases withheld. Silent where the way begins with the present period.
    """
    found = []
    for row in _rows(review):
        left = row["remaining"]
        if pd.isna(row["expected_low"]) or row["start"] == row["period"] or row["start"] == "":
            continue
        if pd.isna(left) or int(left) <= 0 or row["reached"]:
            continue
        sign = 1.0 if row["direction"] == "higher" else -1.0
        ends = sorted((sign * row["expected_low"], sign * row["expected_high"]))
        facts = _facts(row) | {
            "period": row["period"],
            "expected": Quantity(row["expected"], row["unit"]),
            "low": Quantity(row["expected_low"], row["unit"]),
            "high": Quantity(row["expected_high"], row["unit"]),
            "pace": Quantity(row["missing"] / int(left), row["unit"], sign=True),
        }
        severity: Severity
        if sign * row["value"] < ends[0]:
            severity = "serious"
            message = _(
                "{metric} is behind its path: {value} in {period}, where {expected} ({low} to "
                "{high}, n = {n}) leads to {target}."
            )
        elif sign * row["value"] > ends[1]:
            severity = "good"
            message = _(
                "{metric} is ahead of its path: {value} in {period}, where {expected} ({low} to "
                "{high}, n = {n}) leads to {target}."
            )
        else:
            severity = "note"
            message = _(
                "{metric} is on its path as far as {n} answers can tell: {value} in {period}, "
                "expected {expected} ({low} to {high})."
            )
        found.append(
            _finding(
                row,
                "way",
                message=message,
                facts=facts,
                severity=severity,
                consequence=70.0,
                next_step=_("To arrive in {due}, it has to move by {pace} a period from here."),
            )
        )
    return found


def proof(review: Review) -> list[Finding]:
    """Warn of targets that noise alone could reach, that ask for nothing, or that rest on bad luck.

    Parameters
    ----------
    review : Review
        Small bases withheld.
    """
    return [one for row in _rows(review) for one in (*_demand(row), *_luck(row))]


def _demand(row: dict[Any, Any]) -> list[Finding]:
    """Warn of a target that asks for nothing, or for less than can be seen."""
    unit = row["unit"]
    facts = _facts(row) | {
        "baseline": Quantity(row["baseline"], unit),
        "asked": Quantity(row["asked"], unit, sign=True),
        "smallest": Quantity(row["detectable_change"], unit, sign=True),
        "needed": _whole(row["n_needed"]),
        "planned": _whole(row["n_next"]),
    }
    if pd.notna(row["baseline"]) and not row["short"]:
        message = _(
            "{metric} stood at {baseline} when its target of {target} was set: the target asks "
            "for nothing (now {value}, {low} to {high}, n = {n})."
        )
        step = _("Agree on a target beyond the baseline, or on holding it.")
        return [_warning(row, "asks_nothing", message, facts, 85.0, step)]
    if pd.isna(row["detectable"]) or row["detectable"]:
        return []
    step = _("{needed} answers a wave would tell it; else aim further.")
    if isfinite(row["detectable_change"]):
        message = _(
            "The target of {target} for {metric} cannot be told from noise: it asks for {asked} "
            "on {baseline}, and {planned} answers a wave show no less than {smallest}."
        )
    else:
        message = _(
            "The target of {target} for {metric} cannot be told from noise: it asks for {asked} "
            "on {baseline}, and {planned} answers a wave show no change on this scale."
        )
    return [_warning(row, "noise", message, facts, 80.0, step)]


def _luck(row: dict[Any, Any]) -> list[Finding]:
    """Warn of a baseline that was bad enough to mend by itself."""
    if not row["rebound"] > WORTH_SAYING * abs(row["asked"]):
        return []
    facts = _facts(row) | {
        "baseline": Quantity(row["baseline"], row["unit"]),
        "asked": Quantity(row["asked"], row["unit"], sign=True),
        "rebound": Quantity(row["rebound"], row["unit"]),
        "waves": int(row["worst_of"]),
        "start": row["start"],
    }
    message = _(
        "The baseline of {metric}, {baseline} in {start}, was the worst of {waves} periods: "
        "about {rebound} of the {asked} asked comes back by itself (n = {n})."
    )
    step = _("Credit the work only with what goes beyond that.")
    return [_warning(row, "rebound", message, facts, 50.0, step)]


def _warning(
    row: dict[Any, Any], kind: str, message: str, facts: dict[str, Any], weight: float, step: str
) -> Finding:
    return _finding(
        row,
        kind,
        message=message,
        facts=facts,
        severity="warning",
        consequence=weight,
        next_step=step,
    )
