"""What monitoring found by comparison: with last period, with last year, with competitors."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cxlib.analysis.competitors import Competition
from cxlib.analysis.splits import ChangeSplits, PeriodChanges
from cxlib.findings.finding import ALPHA, Finding, Severity
from cxlib.words import Quantity
from cxlib.words import mark as _

NAMED = 3
"""KPIs and touchpoints named per competitor; the table shows them all."""


def changes(compared: PeriodChanges, splits: ChangeSplits | None) -> list[Finding]:
    """Say of every KPI whether it changed, and how much of that is other customers.

    Parameters
    ----------
    compared : PeriodChanges
    splits : ChangeSplits or None
        Silent on the mix without it.
    """
    table = compared.table
    clear = table[table["p_adjusted"] < ALPHA]
    found = [_changed(row, splits) for _label, row in clear.iterrows()]
    rest = table[table["p_adjusted"] >= ALPHA]
    for (against, reference), part in rest.groupby(["against", "reference"], sort=False):
        found.append(
            Finding(
                id=f"monitoring.change.none.{str(against).replace(' ', '_')}",
                message=_("No clear change against {reference} ({against}): {metrics}."),
                facts={
                    "against": against,
                    "reference": reference,
                    "metrics": tuple(part["metric"]),
                },
                consequence=10,
                next_step=_("Do not explain these differences: they are within noise."),
            )
        )
    counted = table[table["counted"].eq(True) & table["change"].notna()]
    return [*found, *(_counted(row) for _label, row in counted.iterrows())]


def _changed(row: pd.Series, splits: ChangeSplits | None) -> Finding:
    unit, metric = str(row["unit"]), str(row["metric"])
    facts: dict[str, Any] = {
        "metric": metric,
        "against": row["against"],
        "reference": row["reference"],
        "change": Quantity(row["change"], unit, sign=True),
        "low": Quantity(row["low"], unit, sign=True),
        "high": Quantity(row["high"], unit, sign=True),
        "value": Quantity(row["value"], unit),
        "n": int(row["base"]),
    }
    better = (row["change"] > 0) == (row["direction"] == "higher")
    severity: Severity = "good" if better else "warning"
    message = _(
        "{metric} changed by {change} ({low} to {high}) against {reference} ({against}), to "
        "{value}; n = {n}."
    )
    step = None if better else _("Look at the touchpoints that moved with it.")
    part = splits.main(metric, str(row["against"])) if splits is not None else None
    if part is not None:
        facts |= {
            "segment": part["segment"],
            "rate": Quantity(part["rate"], unit, sign=True),
            "mix": Quantity(part["mix"], unit, sign=True),
            "mix_low": Quantity(part["mix_low"], unit, sign=True),
            "mix_high": Quantity(part["mix_high"], unit, sign=True),
        }
        mostly = abs(part["mix"]) > abs(part["rate"]) and part["mix_low"] * part["mix_high"] > 0
        message = (
            _(
                "{metric} changed by {change} ({low} to {high}) against {reference} ({against}), "
                "to {value}: mostly a different mix of {segment}, {mix} ({mix_low} to {mix_high}); "
                "like for like {rate}; n = {n}."
            )
            if mostly
            else _(
                "{metric} changed by {change} ({low} to {high}) against {reference} ({against}), "
                "to {value}: {rate} like for like, {mix} ({mix_low} to {mix_high}) by the mix of "
                "{segment}; n = {n}."
            )
        )
        if mostly:
            step = _("Plan for the new mix; do not credit or blame the service for it.")
    return Finding(
        id=f"monitoring.{metric}.change.{str(row['against']).replace(' ', '_')}",
        message=message,
        facts=facts,
        severity=severity,
        consequence=80 if row["against"] == "last period" else 70,
        base=int(row["base"]),
        next_step=step,
    )


def _counted(row: pd.Series) -> Finding:
    unit, metric = str(row["unit"]), str(row["metric"])
    return Finding(
        id=f"monitoring.{metric}.change.{str(row['against']).replace(' ', '_')}",
        message=_(
            "{metric} is {value}, {change} against {reference} ({against}). The figure counts "
            "every case, so it has no interval: whether the change is more than noise, its chart "
            "says."
        ),
        facts={
            "metric": metric,
            "against": row["against"],
            "reference": row["reference"],
            "change": Quantity(row["change"], unit, sign=True),
            "value": Quantity(row["value"], unit),
        },
        consequence=30,
    )


def rivals(competition: Competition) -> list[Finding]:
    """Say where the client is clearly behind or ahead of each competitor.

    Parameters
    ----------
    competition : Competition
        Small bases withheld.
    """
    found: list[Finding] = []
    for name, part in competition.table.groupby("competitor", sort=False):
        shown = part[~part["withheld"]]
        sure = shown.assign(t=(shown["gap"] / (shown["high"] - shown["low"])).abs())
        sure = sure.sort_values("t", ascending=False)
        for standing in ("behind", "ahead"):
            rows = sure[sure["standing"] == standing]
            named = rows.head(NAMED).iterrows()
            found += [_gap(row, str(name), competition) for _label, row in named]
        if len(shown) and not shown["standing"].isin(["behind", "ahead"]).any():
            found.append(
                Finding(
                    id=f"monitoring.rival.{name}.none",
                    message=_("No clear difference from {competitor} in {n} comparisons."),
                    facts={"competitor": name, "n": len(shown)},
                    base=int(shown["n"].min()),
                    consequence=25,
                    next_step=_("Survey more of its customers before claiming a lead."),
                )
            )
    return found


def _gap(row: pd.Series, competitor: str, competition: Competition) -> Finding:
    unit = str(row["unit"])
    behind = row["standing"] == "behind"
    message = {
        (True, False): _(
            "Behind {competitor} in {metric}: {own} against {theirs}, {gap} ({low} to {high}, n = "
            "{n_own} and {n_theirs})."
        ),
        (False, False): _(
            "Ahead of {competitor} in {metric}: {own} against {theirs}, {gap} ({low} to {high}, n "
            "= {n_own} and {n_theirs})."
        ),
        (True, True): _(
            "Behind {competitor} in {metric} at the same mix of {match}: {own} against {theirs}, "
            "{gap} ({low} to {high}, n = {n_own} and {n_theirs})."
        ),
        (False, True): _(
            "Ahead of {competitor} in {metric} at the same mix of {match}: {own} against {theirs}, "
            "{gap} ({low} to {high}, n = {n_own} and {n_theirs})."
        ),
    }[behind, bool(competition.match)]
    return Finding(
        id=f"monitoring.rival.{competitor}.{row['metric']}",
        message=message,
        facts={
            "competitor": competitor,
            "metric": row["metric"],
            "match": competition.match,
            "own": Quantity(row["own"], unit),
            "theirs": Quantity(row["competitor_value"], unit),
            "gap": Quantity(row["gap"], unit, sign=True),
            "low": Quantity(row["low"], unit, sign=True),
            "high": Quantity(row["high"], unit, sign=True),
            "n_own": int(row["n_own"]),
            "n_theirs": int(row["n_competitor"]),
        },
        severity="warning" if behind else "good",
        consequence=50 + 10 * float(row["t"]),
        base=int(row["n"]),
        next_step=_("Find out what {competitor} does differently there.") if behind else None,
    )
