"""What monitoring found: early warnings and their places, targets in or out of reach, changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from cxlib.analysis.investigation import NO_MEASURE, Cause, WarningList
from cxlib.analysis.pages import ChartPage
from cxlib.findings._monitoring_changes import changes, rivals
from cxlib.findings._monitoring_charts import assurance, benchmarks, charts, single
from cxlib.findings.finding import Finding, Severity
from cxlib.words import Quantity
from cxlib.words import mark as _

__all__ = ["assurance", "benchmarks", "changes", "charts", "places", "rivals", "single", "warnings"]

ALL_CASES = _("all cases")
RARE = 0.001
"""Below this a probability is said as "fewer than one in a thousand"."""


def warnings(found: WarningList, page: ChartPage) -> list[Finding]:
    """Say of every early warning since when and how sure; or that there is none.

    Parameters
    ----------
    found : WarningList
    page : ChartPage
        That a process is stable is no comfort where it stably misses its target.
    """
    out_of_reach = page.table["assurance"].eq("misses").any()
    rate = Quantity(found.false_alarm_rate, "share")
    if not found.n_charts:
        return []
    if not len(found.table):
        return [
            Finding(
                id="monitoring.warning.none",
                message=_(
                    "No early warning: none of {n} charts signals at its latest value. A page of "
                    "stable processes wrongly warns in at most {rate} of reports."
                ),
                facts={"n": found.n_charts, "rate": rate},
                severity="note" if out_of_reach else "good",
                next_step=None
                if out_of_reach
                else _("Leave the process alone: explaining ups and downs is wasted effort."),
            )
        ]
    told = [_warning(cause.row, rank) for rank, cause in enumerate(found.causes)]
    return [*told, _page(found, rate)]


def _page(found: WarningList, rate: Quantity) -> Finding:
    return Finding(
        id="monitoring.warning.page",
        message=_(
            "{n} of {charts} charts warn. If every process were stable, at most {rate} of such "
            "reports would hold any warning."
        ),
        facts={"n": len(found.table), "charts": found.n_charts, "rate": rate},
        consequence=20,
    )


_SURE = {
    ("worsening", True): _(
        "{metric} is worsening since {since}: {value}, usually {centre} (n = {n}); a stable "
        "process signals so strongly in fewer than 1 report of 1,000."
    ),
    ("worsening", False): _(
        "{metric} is worsening since {since}: {value}, usually {centre} (n = {n}); a stable "
        "process signals so strongly in {p} of reports."
    ),
    ("improving", True): _(
        "{metric} is improving since {since}: {value}, usually {centre} (n = {n}); a stable "
        "process signals so strongly in fewer than 1 report of 1,000."
    ),
    ("improving", False): _(
        "{metric} is improving since {since}: {value}, usually {centre} (n = {n}); a stable "
        "process signals so strongly in {p} of reports."
    ),
}
_MOVED = {
    True: _(
        "{metric} moved since {since}: {value}, usually {centre} (n = {n}); a stable process "
        "signals so strongly in fewer than 1 report of 1,000."
    ),
    False: _(
        "{metric} moved since {since}: {value}, usually {centre} (n = {n}); a stable process "
        "signals so strongly in {p} of reports."
    ),
}


def _warning(row: pd.Series, rank: int) -> Finding:
    counted = pd.notna(row["base"])
    facts: dict[str, Any] = {
        "metric": row["metric"],
        "since": row["since"],
        "value": Quantity(row["value"], row["unit"]),
        "centre": Quantity(row["centre"], row["unit"]),
        "p": Quantity(row["p_value"], "share"),
        "n": int(row["base"]) if counted else ALL_CASES,
        "measure": row["measure"],
    }
    rare = bool(row["p_value"] < RARE)
    severity: Severity = row["severity"]
    if row["direction"] == "improving":
        step = _("Find out what made it better, and secure it.")
    elif row["measure"] == NO_MEASURE:
        step = _("No measure is recorded against it yet: name who answers for it.")
    else:
        step = _("Recorded against it: {measure}. Ask at the meeting whether it works.")
    return Finding(
        id=f"monitoring.{row['metric']}.warning",
        message=_SURE.get((row["direction"], rare)) or _MOVED[rare],
        facts=facts,
        severity=severity,
        consequence=200 - rank,
        base=int(row["base"]) if counted else None,
        next_step=step,
    )


def places(found: WarningList, page: ChartPage) -> list[Finding]:
    """Say where the warned KPIs changed: one finding a place, naming every KPI that it explains.

    Parameters
    ----------
    found : WarningList
    page : ChartPage
    """
    told: list[Finding] = []
    named = {str(cause.row["touchpoint"]) for cause in found.causes}
    for rank, (place, causes) in enumerate(_together(found.causes).items()):
        first = causes[0]
        keys = tuple(str(cause.row["metric"]) for cause in causes)
        if place != ("", "", "") and first.drilldown is not None:
            told.append(_place(first, keys, rank))
        elif first.mix is not None and abs(first.mix["mix"]) > abs(first.mix["rate"]):
            told += _mixed_apart([cause for cause in causes if cause.mix is not None])
        elif first.units is not None:
            told += [_by_unit(cause, page) for cause in causes if cause.units is not None]
        else:
            told += [_nowhere(c) for c in causes if c.row["metric"] not in named]
    return told


def _together(causes: Sequence[Cause]) -> dict[tuple[str, str, str], list[Cause]]:
    """Group warnings by where they sit; a warned touchpoint that fell everywhere is its own."""
    groups: dict[tuple[str, str, str], list[Cause]] = {}
    for cause in causes:
        row = cause.row
        place = (str(row["touchpoint"]), str(row["segment"]), str(row["level"]))
        groups.setdefault(place, []).append(cause)
    return groups


def _place(cause: Cause, keys: tuple[str, ...], rank: int) -> Finding:
    row = cause.row
    place = cause.drilldown.place if cause.drilldown is not None else None
    unit = str(place["unit"]) if place is not None else str(row["unit"])
    if row["touchpoint"] and row["level"]:
        message = _(
            "What moved with {metrics} since {before} is {touchpoint}, most of all for {level} "
            "({segment}): {change} ({low} to {high}) at an equal mix of customers, n = {n}."
        )
    elif row["touchpoint"]:
        message = _(
            "What moved with {metrics} since {before} is {touchpoint}, in all groups alike: "
            "{change} ({low} to {high}) at an equal mix of customers, n = {n}."
        )
    else:
        message = _(
            "{metrics} changed since {before} above all for {level} ({segment}): {change} ({low} "
            "to {high}) at an equal mix of customers, n = {n}."
        )
    return Finding(
        id=f"monitoring.{keys[0]}.place",
        message=message,
        facts={
            "metrics": keys,
            "before": cause.before,
            "touchpoint": row["touchpoint"],
            "segment": row["segment"],
            "level": f"{row['segment']}={row['level']}",
            "change": Quantity(row["change"], unit, sign=True),
            "low": Quantity(row["low"], unit, sign=True),
            "high": Quantity(row["high"], unit, sign=True),
            "n": int(row["place_n"]),
        },
        severity="warning" if row["direction"] == "worsening" else "note",
        consequence=150 - rank,
        base=int(row["place_n"]),
        next_step=_("Start there: read the comments below, then ask who runs it what changed."),
    )


def _mixed_apart(causes: Sequence[Cause]) -> list[Finding]:
    """Tell the mix of each KPI; of touchpoints only where no KPI tells the same segment."""
    told: dict[str, list[Finding]] = {}
    for cause in causes:
        if cause.mix is None:
            continue
        said = told.setdefault(str(cause.mix["segment"]), [])
        step = cause.drilldown is not None and len(set(cause.drilldown.table["question"])) == 1
        said += [] if said and step else [_mixed(cause)]
    return [finding for said in told.values() for finding in said]


def _mixed(cause: Cause) -> Finding:
    row, mix = cause.row, cause.mix
    if mix is None:
        return _nowhere(cause)
    unit = str(row["unit"])
    return Finding(
        id=f"monitoring.{row['metric']}.place",
        message=_(
            "No touchpoint and no group explains {metric}: of {total} since {before}, {mix} "
            "({low} to {high}) is a different mix of {segment}, n = {n}."
        ),
        facts={
            "metric": row["metric"],
            "before": cause.before,
            "segment": mix["segment"],
            "total": Quantity(mix["total"], unit, sign=True),
            "mix": Quantity(mix["mix"], unit, sign=True),
            "low": Quantity(mix["mix_low"], unit, sign=True),
            "high": Quantity(mix["mix_high"], unit, sign=True),
            "n": int(mix["n"]),
        },
        severity="warning",
        consequence=150,
        base=int(mix["n"]),
        next_step=_("Ask why other customers came, or answered; the service did not change."),
    )


def _by_unit(cause: Cause, page: ChartPage) -> Finding:
    row, units = cause.row, cause.units
    if units is None:
        return _nowhere(cause)
    way = 1 if units.total >= 0 else -1
    pulling = units.table[units.table["total"] * way > 0]
    largest = pulling.head(3)
    unit = str(row["unit"])
    return Finding(
        id=f"monitoring.{row['metric']}.place",
        message=_(
            "{metric} changed by {total} since {before}: {rate} within {n} units, {mix} by their "
            "weights. The largest parts: {units}, together {part}. Every case is counted: no "
            "interval."
        ),
        facts={
            "metric": row["metric"],
            "before": cause.before,
            "total": Quantity(units.total, unit, sign=True),
            "rate": Quantity(units.rate, unit, sign=True),
            "mix": Quantity(units.mix, unit, sign=True),
            "n": units.n_units,
            "units": tuple(largest["place"]),
            "part": Quantity(float(largest["total"].sum()), unit, sign=True),
        },
        severity="warning" if row["direction"] == "worsening" else "note",
        consequence=150,
        base=None,
        next_step=_("Visit these units first."),
    )


def _nowhere(cause: Cause) -> Finding:
    row = cause.row
    facts: dict[str, Any] = {"metric": row["metric"], "since": row["since"], "before": cause.before}
    if cause.drilldown is None:
        message = _("Where {metric} changed cannot be told: there is nothing to split it by.")
        if cause.before is None:
            message = _(
                "Where {metric} changed cannot be told: the signal began with the first period."
            )
        step = _("Ask for the figure by place or group with the next delivery.")
    else:
        whole = cause.drilldown.whole
        unit = str(row["unit"])
        facts |= {
            "change": Quantity(whole["change"], unit, sign=True),
            "low": Quantity(whole["low"], unit, sign=True),
            "high": Quantity(whole["high"], unit, sign=True),
            "n": int(whole["n"]),
        }
        message = _(
            "{metric} changed by {change} ({low} to {high}, n = {n}) since {before}, in no group "
            "clearly more than in the others."
        )
        step = _("Look for one cause that reaches every customer.")
    return Finding(
        id=f"monitoring.{row['metric']}.place",
        message=message,
        facts=facts,
        consequence=140,
        base=facts.get("n"),
        next_step=step,
    )
