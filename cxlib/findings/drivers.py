"""What the drivers chapter found: what goes with the outcome, how sure that is, where to begin."""

from __future__ import annotations

import pandas as pd

from cxlib.analysis.driver_choice import DriverChoice
from cxlib.analysis.driver_order import OrderCertainty, SegmentComparison
from cxlib.analysis.driver_rivals import RivalGaps
from cxlib.analysis.drivers import DriverImportance, Priorities
from cxlib.findings._drivers_scenario import recovery, scenario, sensitivity
from cxlib.findings.finding import ALPHA, Finding, Severity
from cxlib.words import Quantity
from cxlib.words import mark as _

__all__ = [
    "model",
    "order",
    "priorities",
    "recovery",
    "rival",
    "scenario",
    "segments",
    "sensitivity",
]

SURE = 0.8
"""Probability from which a place in the order or on the map is called sure: four in five."""

LITTLE = 0.25
"""R² below which the questionnaire misses most of what moves the outcome (Cohen 1988 calls .26 a
large effect)."""


def model(choice: DriverChoice) -> list[Finding]:
    """Say why no drivers can be told, where that is so.

    Parameters
    ----------
    choice : DriverChoice
    """
    return [
        Finding(
            id="drivers.data.impossible",
            message=caveat.message,
            facts=dict(caveat.facts),
            severity="warning",
            consequence=100,
            next_step=_("Join several periods, or ask more customers about fewer touchpoints."),
        )
        for caveat in choice.caveats
    ]


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


def priorities(priorities: Priorities, importance: DriverImportance) -> list[Finding]:
    """Say of every proven driver whether to fix it or to keep it up, and how sure that is.

    Parameters
    ----------
    priorities : Priorities
    importance : DriverImportance
    """
    tests = importance.table.set_index("driver")
    table = priorities.table.sort_values("share", ascending=False, kind="stable")
    table = table[table["driver"].map(tests["p_unique"]) < ALPHA]
    found = []
    for _label, row in table.iterrows():
        n = int(tests.loc[row["driver"], "n"])
        if row["quadrant"] == "fix first":
            found.append(_to_fix(row, n))
        elif row["quadrant"] == "keep up":
            found.append(_to_keep(row, n))
    return found


def _place(row: pd.Series, n: int, probability: str) -> dict[str, object]:
    return {
        "driver": row["driver"],
        "share": Quantity(row["share"], "share"),
        "value": Quantity(row["performance"], "mean"),
        "low": Quantity(row["performance_low"], "mean"),
        "high": Quantity(row["performance_high"], "mean"),
        "p": Quantity(row[probability], "share"),
        "n": n,
    }


def _to_fix(row: pd.Series, n: int) -> Finding:
    sure = row["p_fix_first"] >= SURE
    return Finding(
        id=f"drivers.fix_first.{row['driver']}",
        message=_(
            "Fix {driver} first: it carries {share} of what is explained and is rated only {value} "
            "({low} to {high}, n = {n}); probability {p}."
        )
        if sure
        else _(
            "{driver} is more likely to be fixed first than to be kept up ({p}): it carries "
            "{share} of what is explained and is rated {value} ({low} to {high}, n = {n})."
        ),
        facts=_place(row, n, "p_fix_first"),
        severity="serious" if sure else "warning",
        consequence=70 + 20 * float(row["share"]),
        base=n,
        next_step=_("Find out with its customers and staff what goes wrong there, then repair it.")
        if sure
        else _("It matters either way: guard it at the least, and improve it where that is cheap."),
    )


def _to_keep(row: pd.Series, n: int) -> Finding:
    return Finding(
        id=f"drivers.keep_up.{row['driver']}",
        message=_(
            "{driver} matters and is rated well, {value} ({low} to {high}, n = {n}), with {share} "
            "of what is explained; keep it up (probability {p})."
        ),
        facts=_place(row, n, "p_keep_up"),
        severity="good",
        consequence=40 + 20 * float(row["share"]),
        base=n,
        next_step=_("Guard it: a fall here would cost most."),
    )


def rival(gaps: RivalGaps) -> list[Finding]:
    """Name the proven drivers on which the client is clearly behind a competitor, or ahead of it.

    Parameters
    ----------
    gaps : RivalGaps
    """
    clear = gaps.table[gaps.table["proven"] & ((gaps.table["low"] > 0) | (gaps.table["high"] < 0))]
    found = []
    for _label, row in clear.iterrows():
        behind = row["gap"] < 0
        found.append(
            Finding(
                id=f"drivers.rival.{row['driver']}",
                message=_(
                    "{driver} matters and is rated lower than at {brand}: {gap} ({low} to {high}; "
                    "{own} against {theirs}, n = {n_own} and {n})."
                )
                if behind
                else _(
                    "{driver} matters and is rated higher than at {brand}: {gap} ({low} to {high}; "
                    "{own} against {theirs}, n = {n_own} and {n})."
                ),
                facts={
                    "driver": row["driver"],
                    "brand": gaps.brand,
                    "gap": Quantity(row["gap"], "mean", sign=True),
                    "low": Quantity(row["low"], "mean", sign=True),
                    "high": Quantity(row["high"], "mean", sign=True),
                    "own": Quantity(row["own"], "mean"),
                    "theirs": Quantity(row["competitor"], "mean"),
                    "n": int(row["n"]),
                    "n_own": int(row["n_own"]),
                },
                severity="serious" if behind else "good",
                consequence=60 + 10 * abs(float(row["gap"])),
                base=int(min(row["n"], row["n_own"])),
                next_step=_("See how they do it: customers can compare.")
                if behind
                else _("Say so in the market, and hold it."),
            )
        )
    return found


def segments(comparison: SegmentComparison) -> list[Finding]:
    """Say whether groups of customers have different drivers, or the same plan serves all.

    Parameters
    ----------
    comparison : SegmentComparison
    """
    tested = comparison.table.dropna(subset=["p_value"])
    clear = tested[tested["p_adjusted"] < ALPHA].sort_values("p_value", kind="stable")
    found = [
        Finding(
            id=f"drivers.segment.{row['segment']}",
            message=_(
                "What goes with the outcome differs by {segment} (p = {p:.3f}, adjusted), most of "
                "all {driver} (p = {p_driver:.3f}), n = {n}."
            ),
            facts={
                "segment": row["segment"],
                "driver": row["driver"],
                "p": float(row["p_adjusted"]),
                "p_driver": float(row["p_driver"]),
                "n": int(row["n"]),
            },
            severity="warning",
            consequence=55,
            base=int(row["n"]),
            next_step=_("Plan for these groups apart; the figure shows what matters to each."),
        )
        for _label, row in clear.iterrows()
    ]
    if found or tested.empty:
        return found
    return [
        Finding(
            id="drivers.segment.none",
            message=_(
                "No group of {segments} is shown to have other drivers (smallest p = {p:.2f}, "
                "adjusted, n = {n}); differences between their shares are within chance."
            ),
            facts={
                "segments": tuple(tested["segment"]),
                "p": float(tested["p_adjusted"].min()),
                "n": int(tested["n"].min()),
            },
            consequence=30,
            base=int(tested["n"].min()),
            next_step=_("Nothing here calls for a plan of its own for any group."),
        )
    ]
