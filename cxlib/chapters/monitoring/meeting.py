"""What the review meeting has before it: customers' words, advice, and the sheet that is signed."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cxlib.analysis.kpis import Estimates
from cxlib.analysis.kpis.verdicts import OPEN, stands
from cxlib.chapters import rows
from cxlib.chapters.rows import BLANK
from cxlib.present.conclusions import SEVERITY_WORDS
from cxlib.present.findings import in_order, on_record, tell
from cxlib.present.formats import named
from cxlib.words import mark as _

COMMENTS = 3
"""Enough to hear the tone, too few to be mistaken for a count."""


def recorded(engagement: Any) -> dict[str, str]:
    """Return what is being done, by KPI: of the register of actions, else of the client file."""
    if engagement.register("actions") is not None:
        return rows.recorded(engagement)
    given = engagement.settings.actions
    said = {k: a if isinstance(a, dict) else {"": a} for k, a in given.items()}
    return {k: a.get(engagement.language) or next(iter(a.values()), "") for k, a in said.items()}


def comments(engagement: Any, standing: Estimates, parts: Estimates) -> pd.DataFrame:
    """Return up to three comments of those who rate a place lowest that got worse."""
    columns = ["kpi", "rating", "comment"]
    if engagement.client.survey is None:
        return pd.DataFrame(columns=columns)
    worse = pd.concat([standing.table, parts.table])
    worse = worse[(worse["signal"] == "worse") & (worse["held_back"] == "")]
    asked = list(dict.fromkeys(worse["fell_with"].fillna(worse["kpi"])))
    questions = {q.key: q for q in engagement.questions}
    named = [*asked, "comment"]
    there = asked and engagement.period in engagement.periods
    share, _n = engagement.share_of(rows.READ) if there else (1.0, 0)
    answers = engagement.survey(columns=named, share=share) if there else None
    found = []
    for key in asked:
        question = questions.get(key)
        if answers is None or question is None or "comment" not in answers or not question.scale:
            continue
        said = rows.displeased(answers, question)
        said = said.assign(long=said["comment"].str.len())
        said = said.sort_values(["bad", "long"], ascending=[True, False], kind="stable")
        said = said.drop_duplicates("comment").head(COMMENTS)
        found.append(said.assign(kpi=key, rating=said[key].astype("Int64"))[columns])
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)


def advice(engagement: Any, rules: Any, *tables: Estimates) -> pd.DataFrame:
    """Return the findings' next steps in order of consequence, each said once."""
    found = []
    for table in tables:
        found += tell(engagement.withheld(table), rules, chapter=engagement.chapter)
    steps: dict[str, list[str]] = {}
    urgency: dict[str, str] = {}
    actions = recorded(engagement)
    for finding in in_order(on_record(finding, actions) for finding in found):
        step = finding.step(engagement.words)
        if step:
            urgency.setdefault(step, SEVERITY_WORDS[finding.severity])
            steps.setdefault(step, []).append(named(finding.subject, engagement.words))
    listed = pd.DataFrame({"rank": range(1, len(steps) + 1), "urgency": list(urgency.values())})
    return listed.assign(
        advised=list(steps), concerns=[*map(engagement.words.listed, steps.values())]
    )


def sheet(*tables: Estimates) -> pd.DataFrame:
    """Return the sheet of a review meeting: every KPI, and every touchpoint that warns."""
    kpis, *parts = (each.table for each in tables)
    shown = pd.concat([kpis, *(part[part["signal"] != ""] for part in parts)], ignore_index=True)
    told = shown["signal"].where(shown["why"] != "unclear", OPEN)
    signal = told.where(shown["held_back"] == "", _("other customers"))
    verdict = stands(shown).where(shown["status"].notna(), signal)
    action = shown["action"].where(shown["action"].notna(), "")
    return shown.assign(verdict=verdict, action=action, decision=BLANK)
