"""Drafts for the register: an action for each grave finding, and what older files record."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cxlib.analysis.metrics import TICKET_KPIS
from cxlib.chapters.actions.tables import AFTER
from cxlib.columns import records
from cxlib.params.service import agreed_actions
from cxlib.present.findings import Finding

_KIND = {"touchpoint": "touchpoint", "tickets": "process"}
"""What a finding's source suggests; the consultant knows better."""


def drafts(
    engagements: Mapping[str, Any], actions: Sequence[Any], *, today: str
) -> list[dict[str, Any]]:
    """Return new rows for the register, proposed `today`, as a YAML file would hold them.

    `engagements`: the client opened in each of its languages. A finding that one of `actions`, the
    register's rows, answers, and what it recorded under the same title before, is not drafted
    again.
    """
    first = next(iter(engagements.values()))
    client = first.client
    rows = [*_recorded(engagements), *_answers(engagements, today)]
    titles = {text for action in actions for text in action.title.values()}
    answered = {action.finding for action in actions}
    busy = {a.kpi for a in actions if a.state in ("approved", "in progress")}
    ids = {action.id for action in actions}
    asked = (question.key for question in (*client.metrics, *client.touchpoints))
    keys = {*asked, *client.kpis, *(TICKET_KPIS if client.tickets is not None else ())}
    kept: list[dict[str, Any]] = []
    for row in rows:
        finding = row.get("finding")
        known = finding in answered or row["kpi"] in busy if finding else False
        if known or titles & set(row["title"].values()):
            continue
        number = len(kept) + 1
        while f"p{number}" in ids:
            number += 1
        ids.add(f"p{number}")
        told = {k: v for k, v in row.items() if k != "kpi" or v in keys}
        kept.append({"id": f"p{number}", **told})
    return kept


def _answers(engagements: Mapping[str, Any], today: str) -> list[dict[str, Any]]:
    """Return an action for each grave finding that says what follows from it."""
    first = next(iter(engagements.values()))
    rows = []
    for finding in first.gathered(but=AFTER):
        if not finding.next_step or finding.severity not in ("serious", "warning"):
            continue
        told = {
            "title": {name: finding.step(e.words) for name, e in engagements.items()},
            "note": {name: finding.headline(e.words) for name, e in engagements.items()},
        }
        row = told | {"finding": finding.id, "kpi": finding.subject, "state": "proposed"}
        kind = _KIND.get(str(finding.row.get("source")))
        rows.append(
            row | ({"kind": kind} if kind else {}) | _at_stake(finding) | {"proposed": today}
        )
    return rows


def _at_stake(finding: Finding) -> dict[str, float]:
    """Return what the KPI would gain if the target were reached, or what was lost came back."""
    facts = finding.row
    if facts.get("status") == "missed":
        wanted = {"effect": "gap"}
    elif facts.get("turn") == "worse":
        wanted = {"effect": "like", "effect_low": "like_high", "effect_high": "like_low"}
    else:
        return {}
    found = {name: facts.get(column) for name, column in wanted.items()}
    return {
        name: float(f"{-value:.3g}")
        for name, value in found.items()
        if isinstance(value, (int, float)) and math.isfinite(value)
    }


def _recorded(engagements: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what `chapters: {service: …, monitoring: …}` of the client file records."""
    rows: list[dict[str, Any]] = []
    client = next(iter(engagements.values())).client
    told = {name: agreed_actions(client, language=name) for name in engagements}
    for same in zip(*(records(table) for table in told.values()), strict=True):
        texts = dict(zip(told, same, strict=True))
        row: dict[str, Any] = dict(same[0])
        row |= {of: {n: a[of] for n, a in texts.items()} for of in ("action", "owner", "note")}
        kept = ("kpi", "owner", "due", "state", *(["note"] if same[0]["note"] else []))
        rows.append({"title": row["action"]} | {name: row[name] for name in kept})
    given = client.chapters.get("monitoring", {})
    for kpi, text in (given.get("actions") or given.get("measures") or {}).items():
        title = text if isinstance(text, dict) else dict.fromkeys(engagements, text)
        rows.append({"title": dict(title), "kpi": kpi, "state": "in progress"})
    return rows
