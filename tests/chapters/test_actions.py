"""Chapter 08: the register against what was found, what is late and what moved since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cxlib import Engagement, params
from cxlib.analysis.actions import Plan
from cxlib.analysis.kpis import elsewhere
from cxlib.analysis.members import Experience
from cxlib.batch.registers import propose
from cxlib.chapters.actions import findings, tables
from cxlib.chapters.actions.register import Register
from cxlib.chapters.assessment import findings as assessment, tables as rows
from cxlib.chapters.monitoring import meeting
from cxlib.chapters.service import tables as service
from cxlib.data.registers import read_register
from cxlib.envelope import Envelope, write
from cxlib.params import InvalidParams
from cxlib.present.findings import tell
from tests.conftest import copy_workspace


def found_by(e: Engagement) -> None:
    """Save what the assessment finds, as a run would."""
    told = (
        *tell(rows.kpis(e), assessment.KPIS, chapter="assessment"),
        *tell(rows.journey(e), assessment.TOUCHPOINTS, chapter="assessment"),
    )
    path = e.workspace.result(e.client.client, e.period, e.words.language, "assessment")
    known: Any = {"client": e.client.client, "chapter": "assessment", "period": e.period}
    write(path, Envelope(**known, kit="0", results={}, findings=told))


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Engagement:
    place = copy_workspace(tmp_path_factory.mktemp("actions"), "lakeside-bank")
    e = Engagement.open("lakeside-bank", language="en", chapter="actions", workspace=place)
    found_by(e)
    return e


@pytest.fixture(scope="module")
def plan(bank: Engagement) -> Plan:
    return tables.plan(bank)


def test_what_was_planted_is_found(bank: Engagement, plan: Plan) -> None:
    table = plan.table.set_index("id")
    assert table["overdue"].to_dict() == {key: key == "a1" for key in table.index}
    assert table.loc["a1", "days_late"] == 30
    assert table.loc["a5", "afterwards"] == tables.BETTER
    assert table.loc["a6", "afterwards"] == tables.UNCLEAR
    assert table.loc["a5", "beside"] == elsewhere.SAME  # ease rose in every region alike
    assert table.loc["a6", "beside"] == elsewhere.SAME
    assert (table.loc[["a1", "a2"], "beside"] == "").all()
    assert table.loc["a4", "found"] is True
    assert table.loc["a7", "found"] is False
    assert table.loc["a8", "found"] is None  # the drivers did not run: nothing is known
    assert "a7" in plan.caveats[0]


def test_a_finished_actions_kpi_is_the_cores_own_comparison(bank: Engagement, plan: Plan) -> None:
    row = plan.table.set_index("id").loc["a5"]
    core = bank.compared("2025Q3").table.set_index("kpi").loc["ces"]
    assert row["against"] == "2025Q3"
    assert (row["like"], row["value"]) == (core["like"], core["value"])


def test_a_rise_that_came_everywhere_is_no_success(bank: Engagement, plan: Plan) -> None:
    done = tables.finished(bank, plan)
    told = tell(done, findings.OUTCOMES, chapter="actions", about="outcome_of")
    ease = {f.id: f for f in told}["actions.a5.outcome"]
    assert ease.severity == "note"
    assert len([rule for rule in ease.rules if rule.says]) == 1
    assert done.set_index("id")["where"].to_dict() | {"a2": ""} == {
        "a2": "", "a5": "North", "a6": "North and West",
    }  # fmt: skip


def test_groups_of_an_action_are_named_with_their_segment(bank: Engagement) -> None:
    client = params.load("lakeside-bank", bank.workspace)
    rows = (
        {"id": "a", "title": {"en": "A"}, "segment": "region"},
        {"id": "b", "title": {"en": "B"}, "levels": ("North",)},
        {"id": "c", "title": {"en": "C"}, "segment": "regoin", "levels": ("North",)},
        {"id": "d", "title": {"en": "D"}, "segment": "age", "levels": ("18-35",)},
    )
    register = Register.model_validate({"actions": rows})
    said = [p.message for p in register.problems(client)]
    assert ["segment and its levels" in m for m in said] == [True, True, False, False]
    assert "'region'" in said[2]
    assert "'18-34'" in said[3]


def test_an_effect_is_halved_and_put_in_points_of_the_first_kpi(
    bank: Engagement, plan: Plan
) -> None:
    row = plan.table.set_index("id").loc["a8"]
    worth = bank.standing("touchpoint").table.set_index("kpi").loc["contact_centre", "worth"]
    assert row["brings"] == 0.25
    assert row["in_points"] == pytest.approx(0.25 * worth)
    assert row["priority"] == pytest.approx(10 * row["in_points"] / 60)
    first = tables.first(plan)
    assert first["priority"].is_monotonic_decreasing
    assert set(first["state"]) <= {"proposed", "approved", "in progress"}


def test_findings_name_the_late_one_and_its_owner(bank: Engagement, plan: Plan) -> None:
    told = tell(plan.table, findings.ACTIONS, chapter="actions", about="id")
    late = {f.id: f for f in told}["actions.a1"]
    assert "Call-back offer" in late.headline(bank.words)
    assert "Head of the contact centre" in late.step(bank.words)
    (progress,) = tell(tables.progress(plan), findings.PROGRESS, chapter="actions", about="subject")
    assert "3 of 10" in progress.headline(bank.words)


def test_what_no_action_answers_is_listed_and_what_one_answers_is_not(
    bank: Engagement, plan: Plan
) -> None:
    said = " ".join(tables.unanswered(bank, plan)["headline"])
    assert "NPS" in said
    assert "Fees and rates" not in said


def test_chapters_9_and_11_read_the_register(bank: Engagement) -> None:
    agreed = service.agreed(bank).set_index("action")
    assert len(agreed) == 4  # a1, a2, a3 and a10 are on ticket KPIs
    assert agreed.loc["Call-back offer when all lines are busy", "state"] == "in progress"
    said = meeting.recorded(bank)
    assert said["fees"].endswith("(Head of cards, due on 31 December 2026)")
    assert "branch" not in said  # done
    assert "app" in said  # proposed: on record in every chapter alike


def test_contact_reasons_rank_by_work(bank: Engagement) -> None:
    reasons = tables.reasons(bank)
    table = reasons.table
    assert table["share"].sum() == pytest.approx(1)
    assert table["hours"].is_monotonic_decreasing
    assert (table["hours"] * 3600 / table["n"] - table["handle"]).abs().max() < 1e-9
    assert ((table["saved_low"] < table["saved"]) & (table["saved"] < table["saved_high"])).all()
    assert table["saved"].sum() == pytest.approx(0.2 * table["hours"].sum())


def test_drafts_answer_findings_once_and_bring_older_records_along(
    tmp_path: Path,
) -> None:
    place = copy_workspace(tmp_path, "harbour-hotels")
    register = place.data("harbour-hotels") / "registers" / "actions.yaml"
    register.unlink()
    file = place.params / "harbour-hotels.yaml"
    text = file.read_text(encoding="utf-8")
    older = "  monitoring: {actions: {wifi: {en: New router, zh: 新路由器}}}\n"
    file.write_text(text.replace("chapters:\n", f"chapters:\n{older}"), encoding="utf-8")
    with pytest.raises(InvalidParams, match=r"no file data/harbour-hotels/registers/actions\.yaml"):
        Engagement.open("harbour-hotels", workspace=place)
    list(propose(place, "harbour-hotels", period="latest", write=True))
    e = Engagement.open("harbour-hotels", language="en", chapter="actions", workspace=place)
    assert [a.title["zh"] for a in e.register("actions").actions] == ["新路由器"]
    found_by(e)
    told = list(propose(place, "harbour-hotels", period="latest", write=True))
    e = Engagement.open("harbour-hotels", language="en", chapter="actions", workspace=place)
    actions = e.register("actions").actions
    found = {finding.id: finding for finding in e.gathered()}
    for drafted in (action for action in actions if action.finding in found):
        assert drafted.note["en"] == found[drafted.finding].headline(e.words)
        assert any(line.endswith(f"({drafted.note['zh']})") for line in told)
    by_kpi = {a.kpi: a for a in actions}
    assert by_kpi["checkin"].finding == "assessment.checkin"
    assert by_kpi["checkin"].kind == "touchpoint"
    assert by_kpi["checkin"].effect > 0.8  # what was lost, like for like
    assert all(a.state == "proposed" for a in actions if a.finding)
    said = read_register(e.client, "actions", Register, place).faults
    assert [f.severity for f in said] == ["warning"]
    assert "chapters: monitoring" in said[0].message
    last = list(propose(place, "harbour-hotels", period="latest", write=True))
    assert last == ["Nothing to draft: every grave finding of the reports has its action."]


def test_the_register_speaks_both_languages(bank: Engagement) -> None:
    chinese = Engagement.open(
        "lakeside-bank", language="zh", chapter="actions", workspace=bank.workspace
    )
    told = tell(tables.plan(chinese).table, findings.ACTIONS, chapter="actions", about="id")
    late = {f.id: f for f in told}["actions.a1"]
    assert "线路全忙时提供回拨" in late.headline(chinese.words)
    assert "客服中心经理" in late.step(chinese.words)


def with_steps(e: Engagement, **changed: Any) -> None:
    """Save what the membership chapter would, with two steps of known worth."""
    spend = {"outcome_key": "spend", "unit": "GBP", "days": 180, "here": 2_000, "turn": "more"}
    spend |= {"step_value_low": 60.0, "step_value_high": 140.0, "n": 300} | changed
    table = pd.DataFrame([spend | {"step_value": 120.0}, spend | {"step_value": 80.0}])
    nothing = {name: pd.DataFrame() for name in ("groups", "members")}
    steps = Experience(table=table, **nothing, horizon=180, n=900, adjusted=())
    known: Any = {"client": e.client.client, "chapter": "membership", "period": e.period}
    path = e.workspace.result(e.client.client, e.period, e.words.language, "membership")
    write(path, Envelope(**known, kit="0", results={"steps": steps}, findings=()))


def test_an_action_is_put_in_money_where_membership_knows_it(bank: Engagement, plan: Plan) -> None:
    assert tables.in_money(bank, plan).empty  # the membership chapter has not run
    with_steps(bank)
    row = tables.in_money(bank, plan).set_index("id").loc["a4"]
    points = 2_000 / 100  # members whom a point of the score is made of
    assert row["spend_more"] == pytest.approx(row["in_points"] * points * 100.0)
    assert row["spend_more_low"] == pytest.approx(row["in_points_low"] * points * 60.0)
    assert row["spend_more_high"] == pytest.approx(row["in_points_high"] * points * 140.0)
    assert row["in_points"] < row["in_points_high"]  # after the haircut
    assert "£" in str(bank.view(tables.in_money(bank, plan), "spend_more"))


def test_no_action_is_put_in_money_where_no_step_is_clear(bank: Engagement, plan: Plan) -> None:
    with_steps(bank, turn="unclear")
    assert tables.in_money(bank, plan).empty
