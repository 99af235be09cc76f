"""The summary repeats what the core and the chapters say, and recomputes nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from cxlib import Engagement
from cxlib.analysis.actions import Plan
from cxlib.analysis.kpis import Estimates
from cxlib.analysis.kpis.verdicts import stands
from cxlib.analysis.members import Experience
from cxlib.chapters.assessment import findings as assessment, tables as rows
from cxlib.chapters.summary import findings, tables
from cxlib.envelope import Envelope, write
from cxlib.present.findings import Finding, Rule, in_order, tell
from tests.conftest import copy_workspace


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Engagement:
    """The bank, with what its assessment saved."""
    place = copy_workspace(tmp_path_factory.mktemp("summary"), "lakeside-bank")
    e = Engagement.open("lakeside-bank", language="en", chapter="summary", workspace=place)
    told = (
        *tell(rows.kpis(e), assessment.KPIS, chapter="assessment"),
        *tell(rows.journey(e), assessment.TOUCHPOINTS, chapter="assessment"),
    )
    path: Path = place.result(e.client.client, e.period, "en", "assessment")
    known = {"client": "lakeside-bank", "chapter": "assessment", "period": e.period}
    write(path, Envelope(**known, kit="0", results={}, findings=told))
    return e


def test_it_counts_the_verdicts_of_the_core(opened: Engagement) -> None:
    row = tables.contract(opened).iloc[0]
    judged = opened.judged().table
    assert (row["met"], row["all"]) == ((judged["status"] == "met").sum(), len(judged))
    missed = judged.loc[judged["status"] == "missed", "kpi"]
    assert all(opened.words.label(kpi) in row["named"] for kpi in missed)
    (told,) = tell(tables.contract(opened), findings.CONTRACT, chapter="summary", about="subject")
    assert told.severity == "serious"


def test_three_things_to_do_are_the_gravest_findings_steps_each_once(opened: Engagement) -> None:
    things = tables.things(opened, opened.gathered())
    assert 1 <= len(things) <= 3
    assert things["step"].is_unique
    gravest = in_order(opened.gathered())[0]
    assert things["step"].iloc[0] == gravest.step(opened.words)
    assert set(things["owner"]) == {"no owner yet"}


def test_a_board_is_told_of_no_theme_on_few_answers_but_of_every_kpi(
    opened: Engagement, monkeypatch: pytest.MonkeyPatch
) -> None:
    kpi = opened.standing().table["kpi"].iloc[0]
    subjects = {
        "comments.rare": 29,
        "comments.usual": 30,
        f"assessment.{kpi}": 12,
        "visits.hall": None,
    }
    rule = Rule({}, "It is so.", "warning", "Mend it this week.")
    found = [Finding(id=id, row={"n": n}, rules=(rule,)) for id, n in subjects.items()]
    monkeypatch.setattr(opened, "gathered", lambda: found)
    told = [finding.id for finding in tables.board(opened)]
    assert told == ["comments.usual", f"assessment.{kpi}", "visits.hall"]


def test_an_action_is_listed_once_and_a_count_of_actions_is_none(
    opened: Engagement, monkeypatch: pytest.MonkeyPatch
) -> None:
    kpi = opened.standing().table["kpi"].iloc[0]
    action = {"id": "a1", "title": "Mend", "kpi": kpi, "finding": None, "whose": "Ann"}
    monkeypatch.setattr(tables, "_open_actions", lambda engagement: [action])
    steps = {f"assessment.{kpi}": "It.", "actions.a1": "Ask.", "actions.progress": "Go through."}
    found = [
        Finding(
            id=id, row={"counts": id.endswith("progress")}, rules=(Rule({}, "x", "serious", step),)
        )
        for id, step in (steps | {"visits.hall": "See to it."}).items()
    ]
    listed = tables.things(opened, found)
    assert list(listed["step"]) == ["Mend", "See to it."]
    assert list(listed["owner"]) == ["Ann", "no owner yet"]


def test_what_mends_the_measuring_is_a_note_on_the_evidence_not_a_thing_to_do(
    opened: Engagement, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = Rule({}, "Too many break off.", "serious", "Shorten the question.", measuring=True)
    shop = Rule({}, "The hall is dirty.", "warning", "Clean it.")
    found = [
        Finding(id="fieldwork.pool", row={}, rules=(field,)),
        Finding(id="visits.hall", row={}, rules=(shop,)),
        Finding(id="visits.desk", row={}, rules=(field, shop)),  # the business, too
    ]
    monkeypatch.setattr(opened, "gathered", lambda: found)
    assert [f.id for f in tables.board(opened)] == ["visits.hall", "visits.desk"]
    assert list(tables.things(opened, found)["about"]) == ["hall"]
    own = Finding(id="membership.unhappy", row={"subject": "unhappy"}, rules=(shop,))
    assert list(tables.things(opened, [own])["about"]) == ["–"]
    assert tables.evidence(opened).to_dict("records") == [
        {"headline": "Too many break off.", "chapter": "fieldwork"}
    ]


def test_what_is_not_shown_to_bring_anything_is_said_so_in_words(
    opened: Engagement, monkeypatch: pytest.MonkeyPatch
) -> None:
    kpi = opened.standing().table["kpi"].iloc[0]
    action = {"id": "a1", "title": "Mend it", "kpi": kpi, "finding": None, "whose": "Ann"}
    worth = {"in_points": 0.04, "in_points_low": 0.0, "in_points_high": 3.4}
    monkeypatch.setattr(tables, "_open_actions", lambda engagement: [action | worth])
    found = [Finding(id=f"assessment.{kpi}", row={}, rules=(Rule({}, "x", "serious", "It."),))]
    row = tables.things(opened, found).iloc[0]
    assert row["step"] == "Mend it (not shown to bring anything yet: at most 3.4 points)"
    assert row[list(tables.WORTH)].isna().all()


def test_owner_and_day_come_from_the_register_as_chapter_8_saved_it(opened: Engagement) -> None:
    found = opened.gathered()
    first = next(f for f in found if f.next_step and f.severity in ("serious", "warning"))
    row = {"id": "a1", "title": "actions.a8", "kpi": first.subject, "finding": first.id}
    row |= {"whose": "actions.a8.owner", "state": "approved", "due_on": dt.date(2026, 12, 1)}
    row |= {"in_points": 3.9, "in_points_low": 0.8, "in_points_high": 12.4}
    plan = Plan(table=pd.DataFrame([row]), progress=pd.DataFrame(), as_of=None)
    path = opened.workspace.result(
        opened.client.client, opened.period, opened.words.language, "actions"
    )
    known: Any = {"client": "lakeside-bank", "chapter": "actions", "period": opened.period}
    write(path, Envelope(**known, kit="0", results={"plan": plan}, findings=()))
    things = tables.things(opened, found)
    path.unlink()
    assert things["step"].iloc[0] == "Train agents to settle card questions at once"
    assert things["owner"].iloc[0] == "Head of the contact centre"
    assert things["due_on"].iloc[0] == dt.date(2026, 12, 1)
    worth = things[list(tables.WORTH)].iloc[0].tolist()
    assert worth == [3.9, 0.8, 12.4]  # what the chapter on actions expects, not all that is missing


def test_every_subject_is_told_once(opened: Engagement) -> None:
    subjects = [finding.subject for finding in opened.gathered()]
    assert len(subjects) == len(set(subjects))


def test_what_is_at_risk_is_what_the_headline_does_not_count(
    opened: Engagement, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = opened.judged().table
    counted = stands(judged).isin(("met", "on course"))
    assert set(tables.at_risk(opened)["kpi"]) == set(judged.loc[~counted, "kpi"])
    assert int(counted.sum()) == tables.contract(opened)["met"].iloc[0]
    course = judged["course"].where(judged["status"] == "met", "on course")
    early = replace(opened.judged(), table=judged.assign(course=course))
    monkeypatch.setattr(opened, "judged", lambda: early)
    assert tables.at_risk(opened).empty


def test_a_client_without_targets_has_a_summary_all_the_same(tmp_path: Path) -> None:
    place = copy_workspace(tmp_path, "nova-mall")
    file = place.client_file("nova-mall")
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: text.index("targets:")], encoding="utf-8")
    e = Engagement.open("nova-mall", language="en", workspace=place)
    assert tables.contract(e).empty
    assert tables.at_risk(e).empty
    assert list(tables.headline(e).table["source"].unique()) == ["survey"]
    alone = pd.DataFrame({"source": "tickets", "status": None, "value": [46.9, None]})
    asked = SimpleNamespace(standing=lambda: Estimates(table=alone))
    assert tables.headline(asked).table["value"].tolist() == [46.9]  # of a client without a survey


def test_one_target_is_not_counted(opened: Engagement) -> None:
    class Alone:
        words = opened.words

        def __init__(self, status: str) -> None:
            self.status = status

        def judged(self) -> Any:
            judged = opened.judged()
            first = judged.table.head(1).assign(status=self.status, course="due")
            return replace(judged, table=first)

    for status, word in (("met", "met"), ("missed", "missed"), ("too close to call", "open")):
        row = tables.contract(Alone(status))
        (told,) = tell(row, findings.CONTRACT, chapter="summary", about="subject")
        assert (row["case"].iloc[0], " of " in told.headline(opened.words)) == (
            f"only one {word}",
            False,
        )


def test_members_money_is_told_only_where_a_step_is_clear(opened: Engagement) -> None:
    assert tables.money(opened).empty
    nothing = {name: pd.DataFrame() for name in ("groups", "members")}
    for turn, rows_ in (("more", 1), ("unclear", 0)):
        row = {"outcome_key": "spend", "step_key": "detractor to passive", "turn": turn, "n": 99}
        stay = row | {"outcome_key": "stay", "turn": "more"}
        steps = Experience(table=pd.DataFrame([row, stay]), **nothing, horizon=1, n=99, adjusted=())
        known: Any = {"client": "lakeside-bank", "chapter": "membership", "period": opened.period}
        path = opened.workspace.result(
            "lakeside-bank", opened.period, opened.words.language, "membership"
        )
        write(path, Envelope(**known, kit="0", results={"steps": steps}, findings=()))
        assert len(tables.money(opened)) == rows_


def test_an_overdue_action_that_a_finding_names_is_told_once(
    opened: Engagement, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"case": "overdue", "title": "Two desks"}
    late = Finding(id="actions.a1", row=row, rules=(Rule({}, "{title}"),))
    named = replace(
        opened.gathered()[0], row=opened.gathered()[0].row | {"action": "Two desks (A)"}
    )
    monkeypatch.setattr(opened, "gathered", lambda: [named, late])
    assert [f.id for f in tables.board(opened)] == [named.id]
    monkeypatch.setattr(opened, "gathered", lambda: [late])
    assert [f.id for f in tables.board(opened)] == [late.id]
