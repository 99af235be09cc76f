"""What the service chapter found in groups: who is served worse, and who is late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from cxlib.findings.finding import ALPHA, Finding
from cxlib.words import Quantity
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.analysis.service_groups import Groups

SHOWN = 3
"""Groups named one by one; the tables show them all."""

LATE_SHARE, LATE_WEIGHT = 0.2, 1.25
"""Worth naming: a fifth of the late tickets, and clearly more than the group's size explains."""

WORTH = 0.02
"""Two points: what thousands of tickets call clear may still be too small to act on."""


def groups(groups: Groups) -> list[Finding]:
    """Name the groups that are clearly served worse than all others, and who holds the late ones.

    Parameters
    ----------
    groups : Groups
        Small bases withheld.
    """
    worse = _worse(groups.compared)
    said = {(row["segment"], row["level"], row["kpi"]) for row in worse}
    return [*(_one(row) for row in worse), *_late(groups.late, said)]


def _worse(table: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return the worst group of each KPI, each group once, by whatever name it goes."""
    sign = table["direction"].map({"higher": -1.0, "lower": 1.0}).astype("float64")
    worse = table.assign(by=sign * table["difference"])
    clear = worse[(worse["p_adjusted"] < ALPHA) & (worse["by"] > WORTH)]
    named: list[dict[Any, Any]] = []
    for row in clear.sort_values("by", ascending=False, kind="stable").to_dict("records"):
        known = {each["kpi"] for each in named} | {each["n"] for each in named}
        if row["kpi"] not in known and row["n"] not in known:
            named.append(row)
    return named[:SHOWN]


def _one(row: dict[Any, Any]) -> Finding:
    return Finding(
        id=f"service.{row['segment']}.{row['level']}.{row['kpi']}",
        message=_(
            "Served worse than all others: {level} ({segment}), with {metric} {value} against "
            "{others}, {gap} ({low} to {high}), n = {n}."
        ),
        facts={
            "level": f"{row['segment']}={row['level']}",
            "segment": row["segment"],
            "metric": row["kpi"],
            "value": Quantity(row["value"], "share"),
            "others": Quantity(row["others"], "share"),
            "gap": Quantity(row["difference"], "share", sign=True),
            "low": Quantity(row["difference_low"], "share", sign=True),
            "high": Quantity(row["difference_high"], "share", sign=True),
            "n": int(row["n"]),
        },
        severity="warning",
        consequence=50 + 10 * float(row["by"]),
        base=int(row["n"]),
        next_step=_("Read a sample of these tickets and name the three commonest causes."),
    )


def _late(table: pd.DataFrame, said: set[tuple[Any, Any, Any]]) -> list[Finding]:
    found = []
    for kpi, part in table.groupby("kpi", sort=False):
        heavy = part[(part["share"] >= LATE_SHARE) & (part["weight"] >= LATE_WEIGHT)]
        if heavy.empty:
            continue
        row = heavy.iloc[int(heavy["weight"].argmax())]
        if (row["segment"], row["level"], kpi) in said:
            continue
        found.append(
            Finding(
                id=f"service.late.{kpi}",
                message=_(
                    "Most can be won where {level} ({segment}) are late: {share} of all tickets "
                    "outside the SLA ({metric}) on {part} of the volume ({late} of n = {n})."
                ),
                facts={
                    "level": f"{row['segment']}={row['level']}",
                    "segment": row["segment"],
                    "metric": str(kpi),
                    "share": Quantity(row["share"], "share"),
                    "part": Quantity(row["share_of_tickets"], "share"),
                    "late": int(row["late"]),
                    "n": int(row["n"]),
                },
                severity="warning",
                consequence=52,
                base=int(row["n"]),
                next_step=_("Start the remedy there; elsewhere it moves the total little."),
            )
        )
    return found
