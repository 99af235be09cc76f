"""The summary's rows: read from the core and from what the chapters saved, nothing recomputed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from cxlib.chapters import register
from cxlib.columns import Column
from cxlib.present.findings import Finding, in_order
from cxlib.words import mark as _
from cxlib.workspace import as_name

if TYPE_CHECKING:
    from cxlib.analysis.kpis import Estimates

MOST = 3
"""Things to do: a board remembers three."""

COLUMNS = {
    "step": Column(_("What to do"), "text"),
    "about": Column(_("About"), "text"),
    "worth_points": Column(_("Points at stake"), "points", "Of the first KPI; an association."),
    "named": Column(_("Named"), "text"),
    "met": Column(_("Met"), "int"),
    "all": Column(_("Targets"), "int"),
}


def chapters(engagement: Any) -> list[Any]:
    """Return what every chapter that applies to the client saved for this period."""
    folder = engagement.workspace.results(engagement.client.client) / as_name(engagement.period)
    stems = sorted(path.stem for path in folder.glob("*.json") if path.stem != engagement.chapter)
    return [engagement.read(stem) for stem in stems]


def headline(engagement: Any) -> Estimates:
    """Return the KPIs of the strip: those with a target, else the survey's; at most eight."""
    from dataclasses import replace

    standing: Estimates = engagement.standing()
    table = standing.table
    shown = table[table["status"].notna()]
    shown = shown if len(shown) else table[table["source"] == "survey"]
    return replace(standing, table=shown.head(8).reset_index(drop=True))


def findings(engagement: Any) -> list[Finding]:
    """Return the findings of all chapters, gravest first: each subject and each step once."""
    found = chapters(engagement)
    for saved in found:
        register(saved.chapter)
    told = [f for saved in found for f in saved.findings if isinstance(f, Finding)]
    once: dict[str, Finding] = {}
    steps: set[str] = set()
    for finding in in_order(told):
        step = finding.step(engagement.words)
        small = finding.base is not None and finding.base < engagement.minimum_base
        if small or finding.subject in once or (step and step in steps):
            continue
        once[finding.subject] = finding
        steps.add(step)
    return list(once.values())


def contract(engagement: Any) -> pd.DataFrame:
    """Return how the contract stands, as one row: how many targets are met, and which are not."""
    judged = engagement.judged().table
    if judged.empty:
        return pd.DataFrame()
    words = engagement.words
    comma, last = ("、", "和") if words.language == "zh" else (", ", " and ")

    def named(rows: pd.DataFrame) -> str:
        *first, end = [words.label(kpi) for kpi in dict.fromkeys(rows["kpi"])] or [""]
        return f"{comma.join(first)}{last}{end}" if first else end

    missed = judged[judged["status"] == "missed"]
    met = int((judged["status"] == "met").sum())
    case = "all met" if met == len(judged) else "open"
    if len(missed):
        case = "missed" if len(set(missed["kpi"])) > 1 else "one missed"
    stake = float(engagement.standing().table["stake"].sum())  # it leads what it is the sum of
    row = {"subject": "contract", "case": case, "met": met, "all": len(judged), "stake": stake}
    return pd.DataFrame([row | {"named": named(missed)}])


def things(engagement: Any, found: list[Finding] | None = None) -> pd.DataFrame:
    """Return the three things to do: the gravest findings that name a step, each step once."""
    words = engagement.words
    rows: list[dict[str, Any]] = []
    for finding in findings(engagement) if found is None else found:
        if not finding.next_step or finding.severity not in ("serious", "warning"):
            continue
        rows.append(
            {
                "rank": len(rows) + 1,
                "step": finding.step(words),
                "about": words.label(finding.subject),
                "worth_points": finding.stake or float("nan"),
                "owner": words.say(_("no owner yet")),
                "chapter": finding.chapter,
            }
        )
        if len(rows) == MOST:
            break
    return pd.DataFrame(rows)


def at_risk(engagement: Any) -> pd.DataFrame:
    """Return the targets that are missed, behind or too close to call, the next due first."""
    judged: Estimates = engagement.judged()
    table = judged.table
    doubt = (table["status"] != "met") | table["course"].isin(("behind", "too close to call"))
    return table[doubt].sort_values("due", kind="stable", na_position="last")
