"""The summary's rows: read from the core and from what the chapters saved, nothing recomputed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pandas as pd

from cxlib.analysis.actions import OPEN
from cxlib.analysis.kpis import Estimates
from cxlib.analysis.kpis.verdicts import BEHIND, MET, MISSED, ON, stands
from cxlib.analysis.obligations import LATE
from cxlib.chapters.rows import joined
from cxlib.columns import records
from cxlib.present.findings import Finding
from cxlib.present.formats import named
from cxlib.present.tables import few
from cxlib.words import Said, Words, mark as _

TOLD = 5
"""Findings on the page."""
MOST = 3
"""Things to do: a board remembers three."""
WORTH = ("in_points", "in_points_low", "in_points_high")
"""What an action is expected to bring, as chapter 08 saved it: columns of its plan."""
LEAST = 0.05
"""Points that round to none."""
NO_WORTH = _("{action} (not shown to bring anything yet: at most {most:.1f} points)")
CALLING = ("serious", "warning")
"""Severities that call for something to be done."""
MOST_OPEN = 5
"""Open obligations on the page; chapter 14 has them all."""


def headline(engagement: Any) -> Estimates:
    """Return the KPIs of the strip: those with a target, else the survey's, else all; at most 8."""
    standing: Estimates = engagement.standing()
    table = standing.table
    shown = table[table["status"].notna()]
    shown = shown if len(shown) else table[table["source"] == "survey"]
    shown = shown if len(shown) else table[table["value"].notna()]
    return replace(standing, table=shown.head(8).reset_index(drop=True))


def contract(engagement: Any) -> pd.DataFrame:
    """Return how the contract stands, as one row: how many targets are met, and which are not."""
    judged = engagement.judged().table
    if judged.empty:
        return pd.DataFrame()
    said = stands(judged)
    missed = judged[said.isin((MISSED, BEHIND))]
    met = int(said.isin((MET, ON)).sum())
    case = "all met" if met == len(judged) else "open" if met else "all open"
    if len(missed):
        case = "missed" if len(set(missed["kpi"])) > 1 else "one missed"
    if len(judged) == 1:
        case = "only one missed" if len(missed) else "only one met" if met else "only one open"
    named = missed["kpi"] if len(missed) else judged["kpi"]
    row = {"subject": "all targets", "case": case, "met": met, "all": len(judged), "answers": True}
    return pd.DataFrame([row | {"named": engagement.words.listed(dict.fromkeys(named))}])


def board(engagement: Any) -> list[Finding]:
    """Return what all chapters found of the business.

    What rests on so few answers that it calls for care is left to its chapter, save of a KPI; so
    is how many actions are done: those that are late are told one by one.
    """
    kpis = set(engagement.standing().table["kpi"])
    found = [f for f in engagement.gathered() if f.subject in kpis or not few(f.base)]
    found = [f for f in found if not f.measuring and f.row.get("counts") is not True]
    quoted = " ".join(str(f.row.get("action") or "") for f in found[:TOLD])
    late, label = ("overdue", "not agreed"), engagement.words.label  # told of by a step above
    return [
        f for f in found if f.row.get("case") not in late or label(f.row.get("title")) not in quoted
    ]


def evidence(engagement: Any) -> pd.DataFrame:
    """Return what is to be known of the measuring itself; the steps stand in their chapters."""
    found = (f for f in engagement.gathered() if f.measuring and f.severity in CALLING)
    rows = [{"headline": f.headline(engagement.words), "chapter": f.chapter} for f in found]
    return pd.DataFrame(rows[:MOST])


def things(engagement: Any, found: list[Finding]) -> pd.DataFrame:
    """Return the three things to do: the gravest findings that name a step, each step once.

    Whose they are, until when and what that is worth is taken from the first open action for the
    finding, or for its KPI or the part that it moved with; of findings with one answer the gravest
    stands.
    """
    words, agreed = engagement.words, _open_actions(engagement)
    rows: list[dict[str, Any]] = []
    listed: set[Any] = set()
    for finding in found:
        if not finding.next_step or finding.measuring or finding.severity not in CALLING:
            continue
        if finding.subject in listed or finding.row.get("counts") is True:
            continue  # of an action above, or only how many there are
        first = _answer(agreed, finding)
        listed.add(first.get("id"))
        named = first.get("whose")
        whose = words.label(named) if isinstance(named, str) else finding.whose(words)
        step = words.label(first["title"]) if first else finding.step(words)
        if step in {row["step"] for row in rows}:
            continue
        worth = {name: first.get(name, float("nan")) for name in WORTH}
        if worth["in_points"] < LEAST:
            step = words.say(NO_WORTH, action=Said(step), most=worth["in_points_high"])
            worth = dict.fromkeys(WORTH, float("nan"))
        rows.append(
            {
                "rank": len(rows) + 1,
                "step": step,
                "about": _about(finding, words),
                **worth,
                "owner": whose or words.say(_("no owner yet")),
                "due_on": first.get("due_on"),
                "chapter": finding.chapter,
            }
        )
        if len(rows) == MOST:
            break
    return pd.DataFrame(rows)


def _about(finding: Finding, words: Words) -> str:
    """Return what a finding is about; a dash where its subject is a word of the kit's own."""
    label = named(finding.row.get("title") or finding.subject, words)
    own = finding.subject in (finding.row.get("case"), finding.row.get("subject"))
    return "–" if own and label == finding.subject and re.fullmatch("[a-z_ .]+", label) else label


def _answer(agreed: list[dict[str, Any]], finding: Finding) -> dict[str, Any]:
    """Return the first open action for a finding, else for its KPI or the part it moved with."""
    mine = [a for a in agreed if a["finding"] == finding.id]
    mine += [a for a in agreed if a["kpi"] in finding.answered_by]
    return mine[0] if mine else {}


def _open_actions(engagement: Any) -> list[dict[str, Any]]:
    """Return the open actions as chapter 08 saved them, the first due first."""
    plan = engagement.result("actions", "plan")
    if plan is None:
        return []
    running = plan.table[plan.table["state"].isin(OPEN)]
    rows = running.assign(day=pd.to_datetime(running["due_on"])).sort_values("day", kind="stable")
    told: list[dict[str, Any]] = records(rows)
    return told


def money(engagement: Any) -> pd.DataFrame:
    """Return what each step to a better answer goes with in members' spend, as chapter 10 saved it.

    Nothing where no step is clear: then there is no price to be told.
    """
    steps = engagement.result("membership", "steps")
    if steps is None:
        return pd.DataFrame()
    spend: pd.DataFrame = steps.table[steps.table["outcome_key"] == "spend"]
    return spend if spend["turn"].eq("more").any() else spend.head(0)


def obligations(engagement: Any) -> pd.DataFrame:
    """Return what is open of the contract, as chapter 14 saved it: the late and the next due.

    Among them every notice that can still be given, by its last day.
    """
    table, notices = (engagement.result("engagement", name) for name in ("open", "notices"))
    if table is None:
        return pd.DataFrame()
    shown = joined([table.head(MOST_OPEN - (0 if notices is None else len(notices))), notices])
    by = shown["notice_by"].fillna(shown["due_on"]) if "notice_by" in shown else shown["due_on"]
    order = shown.assign(rest=shown["state"] != LATE, by=by)
    return order.sort_values(["rest", "by"], kind="stable", ignore_index=True)


def at_risk(engagement: Any) -> pd.DataFrame:
    """Return the targets that are missed, behind or too close to call, the next due first."""
    judged: Estimates = engagement.judged()
    table = judged.table
    doubt = table[~stands(table).isin((MET, ON))]
    risk = doubt.sort_values("due", kind="stable", na_position="last")
    asked = engagement.result("targets", "targets")
    if asked is not None:
        paces = asked.drop_duplicates(["kpi", "due"])[["kpi", "due", "pace"]]
        risk = risk.merge(paces, on=["kpi", "due"], how="left")
    return risk.assign(verdict=stands(risk))
