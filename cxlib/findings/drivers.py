"""What the drivers chapter found: what goes with the outcome, how sure that is, where to begin."""

from __future__ import annotations

import pandas as pd

from cxlib.analysis.driver_choice import DriverChoice
from cxlib.analysis.driver_order import SegmentComparison
from cxlib.analysis.driver_rivals import RivalGaps
from cxlib.analysis.drivers import DriverImportance, Priorities
from cxlib.findings._drivers_order import SURE, order
from cxlib.findings._drivers_scenario import recovery, scenario, sensitivity, unpredictable
from cxlib.findings.finding import ALPHA, Finding
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
    "unpredictable",
]


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
