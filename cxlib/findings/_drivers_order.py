"""What the drivers chapter found about the order: what carries most, and how sure that is."""

from __future__ import annotations

import pandas as pd

from cxlib.analysis.driver_order import OrderCertainty
from cxlib.analysis.drivers import DriverImportance
from cxlib.findings.finding import ALPHA, Finding, Severity
from cxlib.words import Quantity
from cxlib.words import mark as _

SURE = 0.8
"""Probability from which a place in the order or on the map is called sure: four in five."""

LITTLE = 0.25
"""R² below which the questionnaire misses most of what moves the outcome (Cohen 1988 calls .26 a
large effect)."""


def order(importance: DriverImportance, certainty: OrderCertainty) -> list[Finding]:
    """Say which touchpoints go with the outcome, how sure the order is, and how much is explained.

    Parameters
    ----------
    importance : DriverImportance
    certainty : OrderCertainty
    """
    if importance.p_any >= ALPHA:
        return [_nothing(importance)]
    found = [_leading(importance, certainty)]
    if len(certainty.leading) > 1:
        found.append(_inner_order(importance, certainty))
    others = importance.table[~(importance.table["p_unique"] < ALPHA)]
    if certainty.leading and len(others):
        found.append(_others(importance, others))
    return [*found, _methods(importance, certainty), _explained(importance)]


def _nothing(importance: DriverImportance) -> Finding:
    return Finding(
        id="drivers.order.none",
        message=_(
            "What the touchpoints together explain of {outcome}, {explained} ({low} to {high}), is "
            "no more than chance (p = {p:.2f}, n = {n}); their order says nothing."
        ),
        facts=_explained_facts(importance) | {"p": importance.p_any},
        severity="warning",
        consequence=100,
        base=importance.n_used,
        next_step=_("Join several periods, or ask more customers about fewer touchpoints."),
    )


def _leading(importance: DriverImportance, certainty: OrderCertainty) -> Finding:
    names = certainty.leading
    facts = {
        "drivers": names,
        "count": len(names),
        "outcome": importance.outcome,
        "share": Quantity(certainty.share, "share"),
        "low": Quantity(certainty.share_low, "share"),
        "high": Quantity(certainty.share_high, "share"),
        "p": Quantity(certainty.p_set, "share"),
        "n": importance.n_used,
    }
    severity: Severity = "serious"
    step = _("Put effort here before anything else.")
    if not names:
        first = _first(importance)
        facts |= {"first": first["driver"]} | _interval(first, "share")
        severity, step = (
            "warning",
            _("Ask more customers before money is spent on any one of them."),
        )
        message = _(
            "Together the touchpoints go with {outcome}, but none is proven beyond the others; "
            "{first} has the largest share of what they explain, {share} ({low} to {high}), "
            "n = {n}."
        )
    elif len(names) == len(importance.table):
        first = _first(importance)
        facts |= {"first": first["driver"]} | _interval(first, "share")
        message = _(
            "Each of {drivers} is proven to go with {outcome} beyond the others; {first} has the "
            "largest share of what they explain, {share} ({low} to {high}), n = {n}."
        )
    elif len(names) == 1:
        message = _(
            "{drivers} alone is proven to go with {outcome} beyond all others: {share} ({low} to "
            "{high}, n = {n}) of what the touchpoints explain, first in {p} of resamples."
        )
    else:
        message = _(
            "{drivers} carry {share} ({low} to {high}, n = {n}) of what the touchpoints explain of "
            "{outcome}; they are the first {count} in {p} of resamples."
        )
    return Finding(
        id="drivers.order.leading",
        message=message,
        facts=facts,
        severity=severity,
        consequence=100,
        base=importance.n_used,
        next_step=step,
    )


def _inner_order(importance: DriverImportance, certainty: OrderCertainty) -> Finding:
    first = certainty.table.iloc[0]
    facts = {
        "first": first["driver"],
        "drivers": certainty.leading,
        "p_first": Quantity(first["p_rank_1"], "share"),
        "p_order": Quantity(certainty.p_order, "share"),
        "n": importance.n_used,
    } | _interval(_first(importance), "share")
    if first["p_rank_1"] >= SURE:
        message = _(
            "{first} is the most important, {share} ({low} to {high}), first in {p_first} of "
            "resamples; all of {drivers} come in this order in {p_order} (n = {n})."
        )
        step = _("The first place can be relied on; do not argue about the others.")
    else:
        message = _(
            "Which of {drivers} comes first is open: {first}, {share} ({low} to {high}), leads in "
            "{p_first} of resamples, this whole order holds in {p_order} (n = {n})."
        )
        step = _("Choose between them by cost and by what can be done soon.")
    return Finding(
        id="drivers.order.first",
        message=message,
        facts=facts,
        consequence=80,
        base=importance.n_used,
        next_step=step,
    )


def _others(importance: DriverImportance, others: pd.DataFrame) -> Finding:
    largest = others.sort_values("share", kind="stable").iloc[-1]
    return Finding(
        id="drivers.order.others",
        message=_(
            "Once the others are counted, nothing is proven for {drivers}; the largest of them, "
            "{first}, has {share} ({low} to {high}) of what is explained, p = {p:.2f} (adjusted), "
            "n = {n}."
        ),
        facts={
            "drivers": tuple(others["driver"]),
            "first": largest["driver"],
            "p": float(largest["p_unique"]),
            "n": importance.n_used,
        }
        | _interval(largest, "share"),
        consequence=60,
        base=importance.n_used,
        next_step=_("Keep their standard, but do not spend on them for the sake of this score."),
    )


def _methods(importance: DriverImportance, certainty: OrderCertainty) -> Finding:
    first = certainty.table.iloc[0]
    facts = {
        "first": first["driver"],
        "shapley": Quantity(first["share"], "share"),
        "johnson": Quantity(first["share_johnson"], "share"),
        "n": importance.n_used,
    } | _interval(_first(importance), "share")
    if certainty.agree:
        message = _(
            "Two methods agree on the whole order: {first} has {shapley} ({low} to {high}) by "
            "Shapley shares and {johnson} by Johnson's weights, n = {n}."
        )
    else:
        moved = certainty.table[certainty.table["rank"] != certainty.table["rank_johnson"]]
        facts |= {"drivers": tuple(moved["driver"])}
        message = _(
            "Two methods disagree on the ranks of {drivers}; on {first} they give {shapley} ({low} "
            "to {high}, Shapley) and {johnson} (Johnson), n = {n}."
        )
    return Finding(
        id="drivers.order.methods",
        message=message,
        facts=facts,
        consequence=20,
        base=importance.n_used,
        next_step=_("The order does not hang on the method.")
        if certainty.agree
        else _("Treat these ranks as tied."),
    )


def _explained(importance: DriverImportance) -> Finding:
    little = importance.r_squared_high < LITTLE
    return Finding(
        id="drivers.explained",
        message=_(
            "The ratings explain {explained} ({low} to {high}) of the differences in {outcome}, "
            "{use} of it by which touchpoints were used; {rest} lies elsewhere, n = {n}."
        ),
        facts=_explained_facts(importance),
        severity="warning" if little else "note",
        consequence=50,
        base=importance.n_used,
        next_step=_("Look for the rest in comments: price, expectations, what was never asked."),
    )


def _explained_facts(importance: DriverImportance) -> dict[str, object]:
    return {
        "outcome": importance.outcome,
        "explained": Quantity(importance.r_squared, "share"),
        "low": Quantity(importance.r_squared_low, "share"),
        "high": Quantity(importance.r_squared_high, "share"),
        "use": Quantity(importance.r_squared_use, "share"),
        "rest": Quantity(importance.unexplained, "share"),
        "n": importance.n_used,
    }


def _first(importance: DriverImportance) -> pd.Series:
    return importance.table.sort_values("rank", kind="stable").iloc[0]


def _interval(row: pd.Series, name: str) -> dict[str, object]:
    return {
        name: Quantity(row[name], "share"),
        "low": Quantity(row[f"{name}_low"], "share"),
        "high": Quantity(row[f"{name}_high"], "share"),
    }
