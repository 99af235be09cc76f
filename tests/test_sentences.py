"""What sentences say stands in what their chapters show: each number, as it is written there.

Read from the reports and saved results of every chapter of every demo client.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from numbers import Real
from typing import Any

import pandas as pd
import pytest

from cxlib import Engagement
from cxlib.analysis.results import CARE_BASE
from cxlib.chapters.summary.tables import board
from cxlib.envelope import Envelope
from cxlib.present.findings import Finding, facts
from cxlib.words import Words
from cxlib.workspace import Workspace
from tests.conftest import DEMO_CLIENTS
from tests.test_coherence import each_client, frames, saved

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("coherence")]

NUMBER = re.compile(r"(?<![\w.])\d(?:[\d,]*\d)?(?:\.\d+)?%?")
GIVEN = {"answer_seconds", "days", "periods_both", "service_level", "weeks", "years"}
"""What the client file, the register or the calendar sets: no result."""


def told_of(finding: Finding) -> set[str]:
    """Return the columns that a finding's headline, evidence and next step tell of."""
    texts = (*(t for r in finding.rules for t in (r.says, r.also)), finding.next_step)
    named = re.findall(r"{(?:by_)?(\w+)", " ".join((*texts, finding.evidence)))
    return {name for name in named if is_number(finding.row.get(name))}


def is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and not math.isnan(value)


def findings_of(each: Envelope) -> Iterator[Finding]:
    for finding in each.findings:
        if isinstance(finding, Finding) and not finding.desk:
            yield finding


def close(value: float) -> float:
    return abs(float(f"{value:.9g}"))


def shown(each: Envelope) -> set[float]:
    """Return every number of what a chapter's page shows, and how many rows its tables have."""
    found: set[float] = set()
    for part in each.parts:
        for table in frames(part.result()) if part.kind != "findings" else ():
            found |= {close(v) for name in table for v in table[name] if is_number(v)}
            counted = [c for c in table if table[c].dtype.kind in "iu"]
            found |= {float(len(table)), *(float(table[name].sum()) for name in counted)}
            for name in table.columns[table.dtypes.eq(object)]:
                found |= set(table[name].map(str).value_counts().cumsum().map(float))
    return found


def unsupported(each: Envelope, numbers: set[float]) -> list[str]:
    """Return the facts of a chapter's findings that are among no numbers of its page."""
    return [
        f"{finding.id}: {name} {finding.row[name]}"
        for finding in findings_of(each)
        for name in sorted(told_of(finding) - GIVEN)
        if close(float(finding.row[name])) not in numbers
    ]


@each_client
def test_each_number_of_a_finding_stands_in_its_chapter(run: Workspace, client: str) -> None:
    told = 0
    for each in saved(run, client):
        numbers = shown(each)
        if each.chapter != "summary":  # it counts what stands in its own tables
            assert unsupported(each, numbers) == []
        told += sum(len(told_of(finding)) for finding in findings_of(each))
    assert told > 100


@pytest.mark.parametrize("client", DEMO_CLIENTS[:1])
def test_a_number_that_is_nowhere_would_be_seen(run: Workspace, client: str) -> None:
    each = next(e for e in saved(run, client) if e.chapter == "assessment")
    first = next(f for f in findings_of(each) if is_number(f.row.get("value")))
    for name in ("value", "n", "low"):
        wrong = replace(first, row={**first.row, name: float(first.row[name]) + 0.4})
        altered = replace(each, findings=(wrong,))
        assert unsupported(altered, shown(each)) == [f"{first.id}: {name} {wrong.row[name]}"]


def written(text: str) -> set[str]:
    plain = re.sub(r"<[^>]+>", " ", text).replace("\u00a0", " ").replace("\u200b", " ")
    return set(NUMBER.findall(plain))


def as_said(finding: Finding, words: Words) -> Mapping[str, set[str]]:
    said = facts(finding.row, words)
    return {name: set(NUMBER.findall(said[name])) for name in told_of(finding) - GIVEN}


@each_client
@pytest.mark.parametrize("language", ["en"])
def test_a_number_is_written_as_the_tables_and_figures_write_it(
    run: Workspace, client: str, language: str
) -> None:
    """One rounding and one unit: 79.4% is nowhere 79% or 0.79."""
    opened = Engagement.open(client, language=language, workspace=run)
    shown_at = written("")
    for page in sorted((run.reports / client).rglob("[01]*-*.html")):
        text = re.sub(r"<style.*?</style>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        kept = re.findall(r'(?s)<table.*?</table>|aria-label=".*?"|class="tile .*?</div>', text)
        shown_at |= written(" ".join(kept))
    assert len(shown_at) > 200
    for each in saved(run, client):
        opened.learn(each.chapter)
        for finding in findings_of(each):
            for name, numbers in as_said(finding, opened.words).items():
                assert numbers <= shown_at, (finding.id, name, numbers - shown_at)


@each_client
def test_the_summary_gives_the_step_that_the_chapter_gives(run: Workspace, client: str) -> None:
    opened = Engagement.open(client, language="en", chapter="summary", workspace=run)
    page = next((run.reports / client).rglob("15-summary.html")).read_text(encoding="utf-8")
    above = re.sub(r"<[^>]+>", "", page[page.index("<section") : page.index("<table")])
    told = [finding for finding in board(opened) if finding.severity != "note"][:5]
    assert len(told) == 5
    kpis = set(opened.standing().table["kpi"])
    assert all(f.subject in kpis or f.base is None or f.base >= CARE_BASE for f in told)
    for finding in told:
        opened.learn(finding.chapter)
        step = finding.step(opened.words)
        assert html.escape(finding.headline(opened.words), quote=False) in above, finding.id
        assert html.escape(step, quote=False) in above or "As above." in above, (finding.id, step)


@each_client
def test_an_action_is_worth_in_the_summary_what_the_chapter_on_actions_expects(
    run: Workspace, client: str
) -> None:
    by_chapter = {each.chapter: each for each in saved(run, client)}
    plan = by_chapter["actions"].results["plan"].table.set_index("title")
    opened = Engagement.open(client, language="en", workspace=run)
    things = [
        part.result()
        for part in by_chapter["summary"].parts
        if part.kind == "table" and "due_on" in str(part.options) and "about" in str(part.options)
    ]
    (table,) = things
    titles = {opened.words.label(title): title for title in plan.index}
    matched = table[table["step"].isin(titles)]
    for row in matched.to_dict("records"):
        action = plan.loc[titles[row["step"]]]
        for name in ("in_points", "in_points_low", "in_points_high"):
            assert row[name] == pytest.approx(action[name], nan_ok=True)
        assert row["due_on"] == action["due_on"]
    assert len(matched) or client == "nova-mall"
    assert pd.notna(table["owner"]).all()
