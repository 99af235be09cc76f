"""Chapter 01: what the demo register plants is found; small bases and bad registers do not pass."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cxlib import Engagement
from cxlib.analysis.agreement import krippendorff_alpha
from cxlib.analysis.needs import NeedRegister
from cxlib.chapters import registers_of
from cxlib.chapters.needs import findings, tables
from cxlib.chapters.needs.register import Register
from cxlib.data.demo import _needs
from cxlib.data.registers import read_register
from cxlib.params import load
from cxlib.present.findings import tell
from tests.conftest import copy_workspace

BANK = "lakeside-bank"


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Engagement:
    place = copy_workspace(tmp_path_factory.mktemp("needs"), BANK)
    return Engagement.open(BANK, language="en", chapter="needs", workspace=place)


@pytest.fixture(scope="module")
def study(bank: Engagement) -> NeedRegister:
    return tables.study(bank)


def said(rules: Any, table: pd.DataFrame, about: str) -> dict[str, Any]:
    return {f.subject: f for f in tell(table, rules, chapter="needs", about=about)}


def test_what_was_planted_is_found(bank: Engagement, study: NeedRegister) -> None:
    rows = study.sources.set_index("need")
    assert rows.index[0] == "n1"
    assert rows.loc["n1", "sources"] == 3
    for source, heard in _needs.HEARD.items():
        assert rows.loc["n1", source] == heard["n1"]
    told = said(findings.NEEDS, tables.told(study), "need")
    assert set(told) == {"n3", "n5", "n6", "n7"}
    assert "no action" in told["n6"].headline(bank.words)
    assert set(tables.contradictions(study)["need"]) == {"n3"}
    assert set(tables.contradictions(study)["stance"]) == {"for", "against"}
    whole = said(findings.PAGE, tables.page(bank, study), "subject")
    assert set(whole) == {"g4", "saturation", "unsorted"}
    assert whole["saturation"].severity == "good"
    assert len(tables.unsorted(study)) == len(_needs.UNSORTED)


def test_the_weightiest_need_without_an_action_is_told_first(study: NeedRegister) -> None:
    told = tables.told(replace(study, table=study.table.assign(actions=""))).set_index("need")
    assert told.loc["n1", "unanswered"] == "weightiest"
    assert told.loc["n5", "unanswered"] == ""  # heard from nobody: nothing is to be answered


def test_no_number_rests_on_too_few_people_nor_can_one_be_worked_out(
    bank: Engagement, study: NeedRegister
) -> None:
    rows = study.sources.set_index("need")
    numbers = rows[["voices", *tables.SOURCES]]
    assert not (numbers < bank.minimum_base).any(axis=None)
    heard = pd.DataFrame(_needs.HEARD)
    for need in ("n4", "n7"):
        hidden = [
            s for s in tables.SOURCES if heard.loc[need, s] > 0 and pd.isna(rows.loc[need, s])
        ]
        assert len(hidden) != 1 or pd.isna(rows.loc[need, "voices"])
        assert not hidden or pd.isna(rows.loc[need, "weight"])
    assert set(tables.quotes(study)["need"]) >= {"n3"}  # its words are shown all the same


def test_people_are_codes_and_what_they_said_is_masked(bank: Engagement) -> None:
    quotes = bank.register("needs").frame("evidence")["quote"]
    assert quotes.str.contains(r"\[phone\]").sum() == 1
    kept = bank.workspace.register(BANK, "needs").read_text(encoding="utf-8")
    assert "7946" not in kept
    assert json.loads(kept)["needs"][0]["id"] == "n1"


@pytest.mark.parametrize(
    ("new", "case"),
    [
        ([3, 1, 0], "too few"),
        ([4, 1, 0, 1, 0, 0, 0], "reached"),
        ([4, 1, 0, 1, 1, 0, 0, 0], "reached"),
        ([4, 1, 0, 1, 0, 0, 1], "not reached"),
        ([10, 5, 3, 2, 0, 0, 1], "reached"),  # one new need against twenty: 5%
    ],
)
def test_saturation_is_what_the_last_conversations_add(new: list[int], case: str) -> None:
    course = pd.DataFrame({"new": new, "known": pd.Series(new).cumsum()})
    assert tables.saturated(course) == case


def test_a_focus_group_is_one_conversation(study: NeedRegister) -> None:
    talks = study.evidence
    interviews = talks.loc[talks["source"] == "interview", "who"].nunique()
    days = talks.loc[talks["source"] == "focus group", "when"].nunique()
    assert len(tables.saturation(study)) == interviews + days
    assert tables.saturation(study)["known"].iloc[-1] == len(_needs.SAID)


def test_two_coders_are_compared_where_both_judged(bank: Engagement) -> None:
    found = tables.agreement(bank)
    evidence = bank.register("needs").frame("evidence")
    both = evidence.dropna(subset=["need", "second"])
    assert found.value == krippendorff_alpha(both[["need", "second"]], bootstrap=0).value
    (row,) = tables.coders(found).to_dict("records")
    assert (row["case"], row["partial"], row["n"]) == ("reliable", False, len(both))
    differ = tables.disagreements(bank, found)
    assert len(differ) == (both["need"] != both["second"]).sum()
    assert (differ["first_coder"] != differ["second_coder"]).all()
    few = evidence[["need", "second"]].rename(columns=lambda c: f"{c}_coder")
    few.loc[few.index % 3 > 0, "second_coder"] = None
    (row,) = tables.coders(krippendorff_alpha(few)).to_dict("records")
    assert row["partial"]
    assert row["judged_once"] + row["judged_twice"] == len(evidence)


def test_each_need_is_traced_to_what_answers_it(bank: Engagement, study: NeedRegister) -> None:
    rows = tables.trace(bank, study)
    assert set(rows["title"]) == set(study.sources["title"])
    mine = rows[rows["title"] == "needs.n4"]
    assert mine["answer"].tolist() == ["actions.a3", "actions.a8", "deliverables.b4"]
    assert mine["answer_state"].tolist() == ["in progress", "approved", "not delivered"]
    assert rows.loc[rows["title"] == "needs.n6", "answer"].tolist() == [None]
    assert set(tables.sheet(study)["need"]) == {"n3", "n5", "n7"}
    assert set(tables.confirmed(study)["need"]) == {"n1", "n2", "n4", "n6"}


def test_it_speaks_chinese(bank: Engagement) -> None:
    e = Engagement.open(BANK, language="zh", chapter="needs", workspace=bank.workspace)
    told = said(findings.NEEDS, tables.told(tables.study(e)), "need")
    assert "随时查询申请进度" in told["n6"].headline(e.words)


BAD = [
    ("    confirmed_by: {en: Head of the", "    # {en: Head of the", "confirmed_by", "needs[0]"),
    ("    confirmed_on: 2026-08-25\n", "", "confirmed_on", "needs[0].state"),
    ("- id: n2\n", "- id: n1\n", "already", "needs[1].id"),
    ("{en: To know a fee before it is charged, zh: 扣费前知晓费用}",
     "{en: To get through on the phone within minutes, zh: 电话几分钟内接通}",
     "listed", "needs[1].title"),
    ("need: n2,", "need: n22,", "'n22' is no need", "need"),
    ("second: n2,", "second: n22,", "'n22' is no need", "second"),
    ("group: g2", "group: g9", "'g9' is no group", "group"),
    ("who: Q", "who: Ms Wang ", "code for a person", "who"),
    ("source: interview", "source: interviews", "interview", "source"),
    ("stance: against", "stance: maybe", "against", "stance"),
    ("actions: [a1]", "actions: [a99]", "'a99' is not in actions", "needs[0].actions"),
    ("deliverables: [b3]", "deliverables: [z3]", "'z3' is not in obligations", "deliverables"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "told", "where"), BAD)
def test_what_cannot_stand_is_named_with_its_place(
    tmp_path: Path, old: str, new: str, told: str, where: str
) -> None:
    place = copy_workspace(tmp_path, BANK)
    path = place.data(BANK) / "registers" / "needs.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    client = load(BANK, place)
    models = registers_of(client)
    read = read_register(client, "needs", Register, place, beside=models)
    errors = [str(f) for f in read.faults if f.severity == "error"]
    assert read.register is None
    assert any(told in e and where in e and "needs.yaml:" in e for e in errors), errors


@pytest.mark.parametrize(
    "text",
    ["needs: []\n", "needs: [{id: n1, title: Speed}]\n",
     "evidence: [{id: e1, source: interview, quote: hm, who: I1, when: 2026-07-01}]\n"],
)  # fmt: skip
def test_a_list_that_has_only_begun_is_shown_as_it_is(tmp_path: Path, text: str) -> None:
    place = copy_workspace(tmp_path, "nova-mall")
    path = place.data("nova-mall") / "registers" / "needs.yaml"
    path.write_text(text, encoding="utf-8")
    file = place.params / "nova-mall.yaml"
    text = file.read_text(encoding="utf-8").replace(
        "actions: reg", "needs: registers/needs.yaml\nactions: reg"
    )
    file.write_text(text, encoding="utf-8")
    e = Engagement.open("nova-mall", language="en", chapter="needs", workspace=place)
    found = tables.study(e)
    assert tables.saturated(tables.saturation(found)) == "too few"
    assert tables.agreement(e) is None
    assert "saturation" in set(tables.page(e, found)["subject"])
    shown = [
        *(tables.told(found), tables.drawn(found), tables.quotes(found)),
        *(tables.contradictions(found), tables.groups(e, found), tables.sheet(found)),
    ]
    for table in shown:
        assert len(table) <= 1
    assert len(tables.trace(e, found)) == len(found.sources)


def test_an_action_needs_a_register_and_a_half_coded_list_is_warned_of(tmp_path: Path) -> None:
    place = copy_workspace(tmp_path, BANK)
    file = place.params / f"{BANK}.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("obligations: registers/obligations.yaml\n", ""), encoding="utf-8")
    path = place.data(BANK) / "registers" / "needs.yaml"
    head, *pieces = path.read_text(encoding="utf-8").split("  - {id: e")
    kept = [p if at % 3 == 0 else _without_second(p) for at, p in enumerate(pieces)]
    path.write_text("  - {id: e".join([head, *kept]), encoding="utf-8")
    client = load(BANK, place)
    read = read_register(client, "needs", Register, place, beside=registers_of(client))
    warnings = "\n".join(str(f) for f in read.faults if f.severity == "warning")
    assert "names none under obligations" in warnings
    assert "second coder judged" in warnings


def _without_second(piece: str) -> str:
    before, _comma, after = piece.partition(", second: ")
    return before + after[2:] if after else piece
