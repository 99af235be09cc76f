"""Findings: rules and a row, merged, ranked, said plainly with their evidence beneath."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from cxlib import columns
from cxlib.analysis.drivers.planning import AGAINST
from cxlib.analysis.results import Caveat
from cxlib.analysis.staffing import NOT_PLANNED
from cxlib.chapters import FOLDER, Findings, every, register, rows
from cxlib.chapters.drivers import findings as drivers
from cxlib.chapters.service import findings as service
from cxlib.columns import Column
from cxlib.errors import CxError
from cxlib.present import verdicts
from cxlib.present.conclusions import view_findings
from cxlib.present.findings import Finding, Rule, in_order, on_record, tell
from cxlib.present.formats import say_caveat
from cxlib.present.tiles import LAST, kpi_tiles, verdict_state
from cxlib.words import Words

PACKAGE = FOLDER.parent
RULES = (
    Rule({"status": "missed"}, "{kpi} misses: {value} against {target}.", "serious", "On {kpi}."),
    Rule({"status": "met"}, "{kpi} meets: {value}.", "good"),
    Rule({"turn": "worse"}, "{kpi} got worse by {by_like}.", also="It got worse by {by_like}."),
    Rule({"status": "met", "turn": "worse"}, severity="warning", next_step="Look into it."),
)


def row(**of: Any) -> dict[str, Any]:
    known = {"kpi": "nps", "source": "survey", "segment": None, "unit": "points", "n": 400}
    known |= {"value": -3.25, "low": -8.0, "high": 2.0, "target": 12.0, "status": "missed"}
    return known | {"turn": "unclear", "like": np.nan, "stake": 15.25} | of


def told(*rows: dict[str, Any]) -> list[Finding]:
    return tell(pd.DataFrame(rows), RULES, chapter="toy")


@pytest.mark.parametrize(
    ("level", "said"),
    [("6", "“Age: 6” fall"), ("18-34", "“Age: 18-34” fall"), ("No", "“Age: No” fall"),
     ("否", "“Age: 否” fall"), ("App", "App fall"), ("老客户", "老客户 fall"),
     ("7", "Sevens fall"), ("cold", "“Age: cold” fall")],
)  # fmt: skip
def test_a_group_that_is_a_bare_code_is_named_with_its_segment(level: str, said: str) -> None:
    words = Words(labels={"age": "Age", "age=7": "Sevens"}, segments=("age",))
    table = pd.DataFrame([{"segment": "age", "level": level}])
    (found,) = tell(
        table, (Rule({}, "{level} fall"),), chapter="toy", about="level", evidence="{segment}"
    )
    assert found.headline(words) == said
    grounds = say_caveat(Caveat("the best, {label}", label=f"age={level}"), words)
    assert grounds == f"the best, {said.removesuffix(' fall')}"


def test_a_rule_and_a_row_make_a_plain_headline_with_its_evidence_beneath() -> None:
    (found,) = told(row())
    words = Words(labels={"nps": "Recommendation"})
    assert found.headline(words) == "Recommendation misses: −3.2 against 12.0."
    (item,) = view_findings([found], words=words).data["items"]
    assert (item["evidence"], item["next"]) == (
        "95% interval −8.0 to 2.0, 400 answers",
        "On Recommendation.",
    )
    assert (found.id, found.severity, found.stake, found.base) == ("toy.nps", "serious", 15.25, 400)


def test_the_interval_beneath_is_that_of_the_number_that_is_stated() -> None:
    gap = {"like": -9.5, "like_low": -14.0, "like_high": -5.0}
    silent = Rule({"status": "missed"}, "{kpi} hurts.")
    table = pd.DataFrame([row(turn="worse", status="", **gap), row()])
    of_gap, of_value = tell(table, (RULES[2], silent), chapter="toy")
    assert of_gap.proof(Words()) == "95% interval −14.0 to −5.0, 400 answers"
    assert of_value.proof(Words()) == "−3.2; 95% interval −8.0 to 2.0, 400 answers"


def test_a_sentence_about_a_column_that_is_not_there_is_refused() -> None:
    table, known = pd.DataFrame([row()]), (Rule({"status": "missed"}, "{kpi} misses."),)
    for rules, evidence in (
        (known, "{n} answers, {invited} invited"),
        ((Rule({"status": "missed"}, "{kpi} misses by {by_gap}."),), ""),
        ((Rule({"status": "missed"}, "{kpi} misses.", next_step="{who} acts."),), ""),
    ):
        with pytest.raises(CxError, match=r"toy\.nps: no column '(invited|gap|who)'"):
            tell(table, rules, chapter="toy", evidence=evidence)
    line = "{n} answers, {invited} invited"
    for invited, n, said in ((900, 400, "400 answers, 900 invited"), (None, None, "")):
        one = pd.DataFrame([row(n=n, invited=invited)])
        (found,) = tell(one, known, chapter="toy", evidence=line)
        assert found.proof(Words()) == said
    (found,) = tell(pd.DataFrame([row(invited=None)]), known, chapter="toy", evidence=line)
    assert found.proof(Words()) == "400 answers, – invited"  # a gap is seen


def test_what_else_is_true_joins_and_the_last_rule_has_the_last_word() -> None:
    (found,) = told(row(status="met", turn="worse", like=-4.0))
    assert found.headline(Words()) == "nps meets: −3.2. It got worse by 4.0."
    assert (found.severity, found.next_step) == ("warning", "Look into it.")
    (zh,) = (found.headline(Words("zh")),)
    assert ". " not in zh  # Chinese sentences stand side by side


def test_nothing_is_said_of_a_withheld_row_or_one_that_no_rule_fits() -> None:
    assert told(row(withheld=True)) == []
    assert told(row(status=None)) == []
    assert told(row(status=np.nan, turn=None)) == []


def test_a_census_says_so_and_a_row_without_a_base_says_nothing() -> None:
    counted, plain = told(row(low=np.nan, basis="census"), row(n=None, kpi="sales"))
    assert "counted" in counted.evidence
    assert plain.evidence == ""


def test_client_text_is_never_a_format_or_a_label_of_something_else() -> None:
    rule = Rule({"case": "x"}, "{text} of {n}.")
    frame = pd.DataFrame([{"case": "x", "text": "{n} 2026", "n": 2, "kpi": "k"}])
    (found,) = tell(frame, (rule,), chapter="toy")
    assert found.headline(Words(labels={"2": "Two stars"})) == "{n} 2026 of 2."


def test_the_gravest_comes_first_then_kpis_then_what_is_at_stake() -> None:
    found = told(
        row(kpi="small", stake=1.0),
        row(kpi="part", source="touchpoint", stake=99.0),
        row(kpi="fine", status="met", stake=50.0),
        row(kpi="big", stake=9.0),
    )
    assert [f.subject for f in in_order(found)] == ["big", "small", "part", "fine"]


def test_what_seeks_somebody_to_act_names_the_action_that_is_on_record() -> None:
    seeks = Rule({}, "{kpi} fell.", "serious", "Find somebody.", seeks=True)
    plain = Rule({}, "{kpi} fell.", "serious", "Agree on another target.")
    actions = {"checkin": "Second desk, Front office, 1 May 2026"}
    fell = {"kpi": "nps", "fell_with": "checkin"}
    found = on_record(Finding(id="x.nps", row=fell, rules=(seeks,)), actions)
    assert actions["checkin"] in found.step(Words())
    assert (found.headline(Words()), found.severity) == ("nps fell.", "serious")
    for other in (
        Finding(id="x.nps", row=fell, rules=(seeks, plain)),  # what is asked for is another thing
        Finding(id="x.nps", row={"kpi": "nps"}, rules=(seeks,)),
    ):
        assert on_record(other, actions) is other


def test_what_is_the_consultants_alone_is_no_finding_of_the_client() -> None:
    rules = (Rule({}, "{kpi} is not coded.", "note", "Code it.", desk=True),)
    desk = Finding(id="x.a", row={"kpi": "a"}, rules=rules)
    both = Finding(id="x.b", row={"kpi": "b"}, rules=(*rules, Rule({}, "{kpi} fell.", "warning")))
    assert (desk.desk, both.desk) == (True, False)
    view = view_findings([desk, both], words=Words())
    marks = {item["id"]: item["mark"] for item in view.data["items"]}
    assert marks["x.a"] == "For the consultant" != marks["x.b"]


def test_an_unknown_severity_and_two_meanings_of_a_column_are_refused() -> None:
    with pytest.raises(CxError, match="grave"):
        Rule({}, "x", "grave")
    with pytest.raises(CxError, match="two things"):
        columns.register({"kpi": Column("Something else")})


@pytest.mark.parametrize("stem", every())
def test_a_chapters_rules_speak_of_columns_and_of_words_that_the_kit_writes(stem: str) -> None:
    said = Findings(str(FOLDER / stem / "__init__.py")).whole()
    for told in said.values():
        for rule in (told,) if isinstance(told, Rule) else told if isinstance(told, tuple) else ():
            for name, wanted in rule.when.items():
                assert name in names()
                for case in wanted if isinstance(wanted, tuple) else (wanted,):
                    assert not isinstance(case, str) or is_written(case), case


FILE = re.compile(r"client file|`|\b(chapters|columns|tickets|resolution):")


@pytest.mark.parametrize("stem", every())
def test_what_the_client_file_lacks_is_told_at_the_desk_alone(stem: str) -> None:
    said = Findings(str(FOLDER / stem / "__init__.py")).whole()
    for told in said.values():
        for rule in (told,) if isinstance(told, Rule) else told if isinstance(told, tuple) else ():
            assert rule.desk or not FILE.search(f"{rule.says} {rule.next_step}"), rule


WHEN = re.compile(
    r"\b(this week|within|before|by when|by the|next|until|now|new day|new date|weeks|in writing)\b"
    r"|every meeting|due {",
    re.IGNORECASE,
)
WHO = re.compile(
    r"^(The (manager|trainer|analyst|project lead|owner|fieldwork manager)|Team leads|Operations)\b"
)


@pytest.mark.parametrize("stem", every())
def test_what_is_to_be_done_says_by_when_and_whose_it_is_where_it_names_somebody(stem: str) -> None:
    said = Findings(str(FOLDER / stem / "__init__.py")).whole()
    for told in (*said.values(), *(verdicts.ALL if stem == "targets" else ())):
        for rule in (told,) if isinstance(told, Rule) else told if isinstance(told, tuple) else ():
            if rule.next_step and rule.severity in ("serious", "warning") and not rule.desk:
                assert WHEN.search(rule.next_step), rule.next_step
            if WHO.match(rule.next_step):
                assert rule.who and rule.next_step.startswith(rule.who), rule.next_step


def test_whose_a_step_is_comes_from_its_rule_or_its_row() -> None:
    rule = Rule(
        {},
        "{place} fails.",
        "serious",
        "The manager of {place} mends it.",
        who="The manager of {place}",
    )
    step = Rule({}, "It is late.", "warning", "Ask what holds it up.")
    named, owned, nobody = (
        Finding(id="x.a", row={"place": "Hall"} | row, rules=(told,))
        for told, row in (
            (rule, {"whose": "Ann"}),
            (step, {"whose": "Ann"}),
            (step, {"whose": None}),
        )
    )
    assert [f.whose(Words()) for f in (named, owned, nobody)] == ["The manager of Hall", "Ann", ""]


def is_written(case: str) -> bool:
    """Tell whether code writes a word: as it stands, or put together after its first part."""
    return f'"{case}"' in code() or f'"{case.partition(" ")[0]} "' in code()


@cache
def names() -> set[str]:
    return set(re.findall(r"\w+", code()))


@cache
def code() -> str:
    """The kit's code and notebooks; a text over several lines as one."""
    paths = (*PACKAGE.rglob("*.py"), *PACKAGE.parent.glob("notebooks/*.ipynb"))
    text = "\n".join(path.read_text("utf-8").replace('\\"', '"') for path in paths)
    return re.sub(r'"\s*\n\s*"', "", text)


def test_every_reason_against_a_model_or_a_plan_is_told() -> None:
    for reasons, rules in ((AGAINST, drivers.MODEL), (NOT_PLANNED, service.CALLS)):
        assert set(reasons) <= {rule.says for rule in rules if rule.when == {"case": rule.says}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- when: {status: met}\n  sayz: x", "'sayz', which no rule has; did you mean 'says'"),
        ("- verdicts.MISES", "has no 'verdicts.MISES'; did you mean 'verdicts.MISSES'"),
        ("- like: verdicts.MEETS\n  severity: grave", "severity 'grave'"),
    ],
)
def test_a_rule_that_cannot_be_read_says_where(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(CxError, match=told):
        _rules = of(tmp_path, text).RULES


def test_a_chapter_says_of_a_target_what_all_say_but_for_its_own(
    tmp_path: Path,
) -> None:
    found = of(tmp_path, "- like: verdicts.MEETS\n  next_step: ''\n- verdicts.ALL")
    assert dir(found) == ["RULES"]
    assert not hasattr(found, "_repr_html_")
    assert (replace(verdicts.MEETS, next_step=""), *verdicts.ALL) == found.RULES


def of(folder: Path, rules: str) -> Findings:
    (folder / "findings.yaml").write_text(f"RULES:\n{rules}", encoding="utf-8")
    return Findings(str(folder / "__init__.py"))


@pytest.mark.parametrize("status", ["met", "missed", "too close to call"])
@pytest.mark.parametrize(
    "course", ["on course", "behind", "too close to call", "due", "no trajectory"]
)
def test_every_verdict_has_exactly_one_sentence(status: str, course: str) -> None:
    fit = [r for r in verdicts.ALL if r.fits({"status": status, "course": course})]
    assert len([r for r in fit if r.says]) == 1


@pytest.mark.parametrize(
    ("status", "course", "state"),
    [
        ("met", "due", "good"),
        ("missed", "no trajectory", "bad"),
        ("too close to call", "due", "open"),
        ("missed", "on course", "good"),
        ("met", "behind", "bad"),
        ("missed", "too close to call", "open"),
        (None, None, ""),
    ],
)
def test_a_tiles_colour_is_the_verdicts(status: Any, course: Any, state: str) -> None:
    assert verdict_state({"status": status, "course": course}) == state


def test_a_tile_says_its_verdict_and_its_movement_in_words() -> None:
    moved = row(due="2026Q4", course="behind", expected=11.8, to="2026Q2", at="2026Q3")
    moved |= {"change": -10.8, "cause": "mix", "moved": "fell", "last_year": 16.6}
    moved |= {"history": (1.0, 2.0, 1.5)}
    (tile,) = kpi_tiles(pd.DataFrame([moved]), words=Words()).data["tiles"]
    assert tile["state"] == "bad"
    assert tile["lines"] == [
        "Target 12.0 by Q4 2026",
        "Behind its path: 11.8 expected now",
        "−10.8 in Q3 2026: other customers answered",
        "A year ago: 16.6",
    ]
    assert tile["spark"] == [[0.0, 20.0], [50.0, 0.0], [100.0, 10.0]]
    assert tile["breaks"] == []


def test_a_sparkline_marks_the_breaks_of_the_periods_it_shows() -> None:
    moved = row(history=(1.0, 2.0, 1.5), broken=(1, 2))
    shown = kpi_tiles(pd.DataFrame([moved]), words=Words())
    (tile,) = shown.data["tiles"]
    assert tile["breaks"] == [25.0, 75.0]  # each half way to the period that it precedes
    assert 'd="M25 -2V22M75 -2V22"' in str(shown.html)
    moved |= {"history": tuple(range(LAST + 2)), "broken": (2, 3)}
    (tile,) = kpi_tiles(pd.DataFrame([moved]), words=Words()).data["tiles"]
    assert len(tile["spark"]) == LAST
    assert tile["breaks"] == [pytest.approx(50 / (LAST - 1), abs=0.1)]  # not one at its left end
    moved |= {"history": (2.0, 2.0, 2.0)}
    assert kpi_tiles(pd.DataFrame([moved]), words=Words()).data["tiles"][0]["breaks"] == []


def test_a_word_under_another_chapters_number_is_told_as_a_word() -> None:
    register("drivers")  # there `statistic` is an F
    (told,) = tell(
        pd.DataFrame({"kpi": ["complaints"], "statistic": ["share"]}),
        [Rule({}, says="It is a {statistic}.")],
        chapter="service",
    )
    assert told.headline(Words("en")) == "It is a share."


POINTING = re.compile(r"\b(these (?!\{)|here\b)|^\w+ (it|them)\b(?!.*\{)")


def test_a_step_names_what_it_is_about_since_the_summary_gives_it_alone() -> None:
    read = YAML(typ="safe")
    pointing = [
        (path.parent.name, rule["next_step"])
        for path in sorted(FOLDER.glob("*/findings.yaml"))
        for rules in read.load(path.read_text(encoding="utf-8")).values()
        for rule in (rules if isinstance(rules, list) else ())
        if isinstance(rule, dict)
        and rule.get("severity") in ("serious", "warning")
        and not (rule.get("measuring") or rule.get("desk"))
        and POINTING.search(rule.get("next_step") or "")
    ]
    assert pointing == []


def test_an_action_on_record_without_an_owner_says_so() -> None:
    assert rows.action_named(Words(), "Ours", None, None) == "Ours (no owner yet)"
