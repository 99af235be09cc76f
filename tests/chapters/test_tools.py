"""Chapter 12: what the demo plants is what the chapter says; faults are told where they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cxlib import Engagement
from cxlib.chapters.tools import figures, findings, register, tables
from cxlib.data.demo import _tools as planted
from cxlib.data.registers import read_register
from cxlib.envelope import Envelope, read, write
from cxlib.params import load
from cxlib.plots import theme
from cxlib.present.findings import tell
from cxlib.workspace import Workspace
from tests.conftest import copy_workspace

SMALL = """\
choice: {kind: feedback, years: 2, users: 10, price_rise: 10%}
criteria:
  - {id: a, weight: 3}
  - {id: b, weight: 1}
options:
  - {id: x, title: X, licence: 100, set_up: 50, training: 20, per_user: 5}
  - {id: y, title: Y, licence: 80, per_user: 5}
assessors:
  - {id: p, title: P}
  - {id: q, title: Q}
scores:
  - {option: x, criterion: a, assessor: p, score: 5}
  - {option: x, criterion: b, assessor: p, score: 2}
  - {option: y, criterion: a, assessor: p, score: 3}
  - {option: y, criterion: b, assessor: p, score: 4}
"""
PAIRS = "criteria: [{id: a}, {id: b}, {id: c}]\ncomparisons:\n"


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Engagement:
    place = copy_workspace(tmp_path_factory.mktemp("tools"), "lakeside-bank")
    return Engagement.open("lakeside-bank", language="en", chapter="tools", workspace=place)


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return copy_workspace(tmp_path / "w", "lakeside-bank")


def opened(place: Workspace, text: str) -> Engagement:
    (place.data("lakeside-bank") / "registers/tools.yaml").write_text(text, encoding="utf-8")
    return Engagement.open("lakeside-bank", language="en", chapter="tools", workspace=place)


def faults(place: Workspace, text: str) -> list[tuple[int, str, str]]:
    (place.data("lakeside-bank") / "registers/tools.yaml").write_text(text, encoding="utf-8")
    client = load("lakeside-bank", place)
    found = read_register(client, "tools", register.Register, place).faults
    return [(fault.line, fault.severity, fault.message) for fault in found]


def told(rows: Any, rules: Any) -> dict[str, Any]:
    return {f.subject: f for f in tell(rows, rules, chapter="tools", about="subject")}


def test_what_was_planted_is_found(bank: Engagement) -> None:
    found = tables.scored(bank)
    ranking = tables.ranking(bank, found)
    table = ranking.set_index("id")
    assert list(ranking["id"][:3]) == ["deskwise", "callgrid", "ticketfox"]
    assert table.loc["deskwise", "p_first"] >= tables.FIRM
    assert table.loc["cloudline", "reasons"] == ("musts.home",)
    assert table.loc["minidesk", "reasons"] == ("criteria.security",)
    (choice,) = told(tables.recommendation(ranking, 3), findings.CHOICE).values()
    said = choice.headline(bank.words)
    assert choice.severity == "good"
    assert "“Deskwise”" in said and "“TicketFox”" in said
    assert len(said.split()) <= 25
    worst = tables.disagreement(bank).iloc[0]
    assert (worst["id"], worst["case"]) == ("ease", "talk")
    (half,) = tables.incomplete(bank, found).to_dict("records")
    assert half["subject"] == f"assessors.{planted.HALF}"
    assert (half["scores_given"], half["scores_asked"], half["case"]) == (17, 35, "incomplete")
    states = tables.rollout(bank).set_index("id")["state"]
    assert states.to_dict() == {
        "categories": "done", "sla": "late", "events": "open", "articles": "open", "users": "open"
    }  # fmt: skip


def test_the_weights_behind_the_comparisons_are_the_planted_ones(bank: Engagement) -> None:
    found = tables.weights(bank).set_index("id")["weighs_in"]
    assert found.sum() == pytest.approx(1)
    for name, weight in planted.WEIGHTS.items():
        assert found[name] == pytest.approx(weight, abs=0.03)
    assert tables.contradictions(bank).empty


def test_a_cost_is_drawn_in_its_currency_with_what_it_is_for(bank: Engagement) -> None:
    ranked = tables.ranking(bank, tables.scored(bank)).dropna(subset=["p_first", "years_cost"])
    choice = bank.register("tools").choice
    with theme.applied():
        axes = figures.value_for_money(ranked, words=bank.words)
        axes.figure.canvas.draw()
        assert all("£" in label.get_text() for label in axes.get_xticklabels())
    for number in (choice.years, choice.users):
        assert str(number) in axes.get_xlabel()


def test_what_is_saved_is_free_of_any_language_and_reads_back(
    bank: Engagement, tmp_path: Path
) -> None:
    ranking = tables.ranking(bank, tables.scored(bank))
    out = tuple(told(tables.knocked_out(bank), findings.OUT).values())
    known: Any = {"client": "lakeside-bank", "chapter": "tools", "period": bank.period}
    write(tmp_path / "e.json", Envelope(**known, kit="0", results={"r": ranking}, findings=out))
    again = read(tmp_path / "e.json")
    reasons = again.results["r"].set_index("id")["reasons"]
    assert tuple(reasons["cloudline"]) == ("musts.home",)
    chinese = Engagement.open(
        "lakeside-bank", language="zh", chapter="tools", workspace=bank.workspace
    )
    said = [finding.headline(chinese.words) for finding in again.findings]
    assert "“CloudLine”被淘汰，未满足：客户数据存放在境内。" in said


def test_costs_by_hand(place: Workspace) -> None:
    e = opened(place, SMALL)
    costs = tables.costs(e).set_index("id")
    # x: (100 + 10·5) a year, 10% dearer in the second, 70 once; y: (80 + 50) · 2.1
    assert costs.loc["x", "years_cost"] == pytest.approx(70 + 150 + 165)
    assert costs.loc["x", ["first_year", "later_year"]].tolist() == pytest.approx([220, 165])
    assert costs.loc["y", "years_cost"] == pytest.approx(130 * 2.1)
    assert costs.loc["x", "user_month"] == pytest.approx(385 / 10 / 24)
    ranking = tables.ranking(e, tables.scored(e)).set_index("id")
    assert ranking["weighted_sum"].to_dict() == pytest.approx({"x": 4.25, "y": 3.25})
    (row,) = tables.recommendation(ranking.reset_index(), 2).to_dict("records")
    assert (row["price"], row["cheapest"]) == ("dearer", "options.y")
    assert row["extra_cost"] == pytest.approx(385 - 273)


def test_an_option_without_costs_is_not_called_cheap(place: Workspace) -> None:
    e = opened(place, SMALL.replace(", licence: 80, per_user: 5", ""))
    ranking = tables.ranking(e, tables.scored(e))
    assert np.isnan(ranking.set_index("id").loc["y", "years_cost"])
    assert "price" not in tables.recommendation(ranking, 2)


def test_two_options_alike_are_too_close_to_call(place: Workspace) -> None:
    even = SMALL.replace("weight: 3", "weight: 1").replace("score: 2}", "score: 1}")
    even = even.replace(
        "criterion: a, assessor: p, score: 3", "criterion: a, assessor: p, score: 1"
    )
    even = even.replace(
        "criterion: b, assessor: p, score: 4", "criterion: b, assessor: p, score: 5"
    )
    e = opened(place, even)
    ranking = tables.ranking(e, tables.scored(e))
    assert ranking["p_first"].tolist() == pytest.approx([0.5, 0.5], abs=0.1)
    (row,) = tables.recommendation(ranking, 2).to_dict("records")
    assert row["case"] == "close"


def test_who_scored_a_part_and_decides_by_it_is_told(place: Workspace) -> None:
    half = "  - {option: y, criterion: a, assessor: q, score: 5}\n"
    alike = SMALL.replace("assessor: p, score: 5", "assessor: p, score: 4")
    alike = alike.replace(
        "criterion: a, assessor: p, score: 3", "criterion: a, assessor: p, score: 3"
    )
    lines = faults(place, alike + half)
    assert [(line, severity) for line, severity, _said in lines] == [(10, "warning")]
    assert "q gave 1 of 4 scores" in lines[0][2]
    e = opened(place, alike + half)
    (row,) = tables.incomplete(e, tables.scored(e)).to_dict("records")
    assert row["case"] == "decides"  # alone p puts x first; with q's one score y leads
    (finding,) = told(tables.incomplete(e, tables.scored(e)), findings.ASSESSORS).values()
    assert finding.severity == "serious"


def test_with_one_or_no_option_left_nothing_is_ranked(place: Workspace) -> None:
    musts = "musts:\n  - {id: m, title: Must}\n"
    one = SMALL.replace("title: X", "title: X, fails: [m]") + musts
    e = opened(place, one)
    assert tables.scored(e) is None
    (row,) = tables.recommendation(tables.ranking(e, None), 2).to_dict("records")
    assert (row["case"], row["best_option"]) == ("one left", "options.y")
    e = opened(place, one.replace("title: Y", "title: Y, fails: [m]"))
    (row,) = tables.recommendation(tables.ranking(e, tables.scored(e)), 2).to_dict("records")
    assert row["case"] == "none left"
    assert told(tables.recommendation(tables.ranking(e, None), 2), findings.CHOICE)


def test_comparisons_that_are_not_reciprocal_are_named(place: Workspace) -> None:
    text = (
        PAIRS
        + """\
  - {criterion: a, other: b, value: 3}
  - {criterion: b, other: a, value: 1/2}
  - {criterion: a, other: c, value: 2}
  - {criterion: b, other: c, value: 1}
"""
    )
    ((line, severity, message),) = faults(place, text)
    assert (line, severity) == (4, "error")
    assert "b against a is 0.5, and the other way round 3; 0.333 would be its reciprocal" in message
    fine = text.replace("1/2", "1/3")
    assert faults(place, fine.replace("value: 1}", "value: 1/2}")) == []


def test_comparisons_that_contradict_name_the_worst(place: Workspace) -> None:
    text = (
        PAIRS
        + """\
  - {criterion: a, other: b, value: 3}
  - {criterion: b, other: c, value: 3}
  - {criterion: a, other: c, value: 1/9}
"""
    )
    ((line, severity, message),) = faults(place, text)
    assert severity == "warning"
    assert line in (3, 4, 5)
    assert "consistency ratio" in message
    assert "compare them once more" in message
    e = opened(place, text)
    (row,) = tables.contradictions(e).to_dict("records")
    (finding,) = told(tables.contradictions(e), findings.COMPARISONS).values()
    assert row["consistency"] > 0.1
    assert finding.severity == "warning"


def test_faults_name_the_row(place: Workspace) -> None:
    lines = faults(place, PAIRS + "  - {criterion: a, other: b, value: 3}\n")
    assert lines[0][1] == "error"
    assert "not compared: a with c, b with c" in lines[0][2]
    lines = faults(place, PAIRS + "  - {criterion: a, other: b, value: 30}\n")
    assert lines[0][0] == 3
    assert "write 1 to 9, or 1/2 to 1/9" in lines[0][2]
    wrong = SMALL.replace("option: x, criterion: b", "option: z, criterion: b")
    assert faults(place, wrong)[0][:2] == (13, "error")
    high = SMALL.replace("score: 5", "score: 6")
    assert any("scores go from 1 to 5" in message for _l, _s, message in faults(place, high))
    gap = SMALL.replace("  - {option: y, criterion: b, assessor: p, score: 4}\n", "")
    assert any(line == 7 and "y has no score on b" in m for line, _s, m in faults(place, gap))
    part = SMALL.replace("{id: b, weight: 1}", "{id: b}")
    assert any("give one here too" in message for _l, _s, message in faults(place, part))


def test_without_criteria_the_starter_set_of_the_kind_holds(place: Workspace) -> None:
    e = opened(place, "choice: {kind: crm}\n")
    ids = [one["id"] for one in register.starter("crm")["criteria"]]
    assert set(tables.weights(e)["id"]) == set(ids)
    for language in ("en", "zh"):
        known = tables.labels(e.client, language)
        assert all(f"criteria.{one}" in known for one in ids)
    steps = tables.rollout(e)
    assert set(steps["kind"]) == {"configuration", "training"}
    assert set(steps["state"]) == {"open"}
    nothing = tables.ranking(e, tables.scored(e))
    assert nothing.empty and tables.recommendation(nothing, 3).empty


def test_starter_sets_are_whole_in_both_languages() -> None:
    for kind in ("feedback", "crm", "service-desk"):
        for part in ("criteria", "rollout"):
            rows = register.starter(kind)[part]
            assert len({one["id"] for one in rows}) == len(rows) >= 5
            assert all(set(one["title"]) == {"en", "zh"} for one in rows)
