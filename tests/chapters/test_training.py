"""Chapter 13: what the demo training plants is what the chapter says; nobody is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from cxlib import Engagement
from cxlib.chapters.engagement import tables as obligations
from cxlib.chapters.training import findings, register, tables
from cxlib.data.demo import _training as planted
from cxlib.data.registers import read_register
from cxlib.envelope import Envelope, write
from cxlib.params import load
from cxlib.present.findings import tell
from cxlib.workspace import Workspace
from tests.conftest import copy_workspace

BASICS = """\
courses:
  - {id: c, title: Basics}
sessions:
  - {id: s, course: c, date: 2026-05-04, held: 2026-05-04}
tests:
"""


@pytest.fixture(scope="module")
def mall(tmp_path_factory: pytest.TempPathFactory) -> Engagement:
    place = copy_workspace(tmp_path_factory.mktemp("training"), "nova-mall")
    return Engagement.open("nova-mall", language="en", chapter="training", workspace=place)


def other(base: Path, text: str) -> Engagement:
    """Open the mall with another register."""
    place = copy_workspace(base, "nova-mall")
    (place.data("nova-mall") / "registers/training.yaml").write_text(text, encoding="utf-8")
    return Engagement.open("nova-mall", language="en", chapter="training", workspace=place)


def test_what_was_planted_is_found(mall: Engagement) -> None:
    gains = tables.gains(mall).set_index("subject")
    assert set(gains["moved"]) == {"rose"}
    assert gains.loc["reading", ["n", "took_one"]].tolist() == [21, 3]
    (with_and_without,) = tables.contrasts(mall).to_dict("records")
    more = planted.GAIN - planted.GAIN_WITHOUT
    assert with_and_without["difference_low"] < more < with_and_without["difference_high"]
    assert with_and_without["case"] == "more"
    sides = (with_and_without["people"], with_and_without["people_without"])
    assert with_and_without["n"] == min(sides) < 30 <= max(sides)  # both stand on the page
    behaviour = tables.behaviours(mall).set_index("subject")
    for told_by, rise in (("observed", planted.OBSERVED), ("self-rated", planted.SELF_RATED)):
        row = behaviour.loc[f"returns.{told_by}"]
        assert row["change_low"] < rise < row["change_high"]
    assert behaviour.loc["reading.observed", "moved"] == "unclear"
    questions = tables.questions(mall).set_index("item")
    told = questions.loc[questions["advice"] != "", "advice"].to_dict()
    assert told == {
        f"q{planted.TOO_EASY}": "too easy", f"q{planted.WRONG_WAY}": "points the wrong way"
    }  # fmt: skip
    reactions = tables.reactions(mall).set_index("subject")
    assert set(reactions.query("case == 'weak'").index) == {"returns.organisation"}


def test_the_gain_is_the_paired_difference_of_the_files_own_marks(mall: Engagement) -> None:
    rows = mall.register("training").frame("tests").query("course == 'returns' and trained")
    pre, post = (rows[end].astype(float) for end in ("pre", "post"))
    row = tables.gains(mall).set_index("subject").loc["returns"]
    test = stats.ttest_rel(post, pre)
    ends = test.confidence_interval(0.95)
    assert row[["change", "change_low", "change_high", "p_value"]].tolist() == pytest.approx(
        [(post - pre).mean(), ends.low, ends.high, test.pvalue]
    )


def test_plan_and_attendance_count_what_was_held_by_the_end_of_the_period(
    mall: Engagement,
) -> None:
    plan = tables.plan(mall).set_index("course_id")
    assert plan.loc["reading", ["hours", "asked_in", "came"]].tolist() == [6, 26, 24]
    assert plan["sessions_held"].to_dict() == {"reading": 1, "upset": 0, "returns": 2}
    late = tables.late(tables.sessions(mall))
    assert late[["id", "subject"]].to_numpy().tolist() == [["s2", "d6"]]  # as chapter 14 has it
    june = Engagement.open("nova-mall", period="2026-06", chapter="training",
                           workspace=mall.workspace)  # fmt: skip
    assert tables.sessions(june).set_index("id").loc["s2", "state"] == "still to come"
    assert tables.behaviours(june).empty  # the eight weeks are not over


def test_findings_are_plain_and_of_two_numbers_at_most(mall: Engagement) -> None:
    gains = tables.gains(mall)
    told = [
        *tell(gains, findings.GAINS, chapter="training", about="subject"),
        *tell(tables.lost(gains), findings.LOST, chapter="training", about="subject"),
        *tell(tables.contrasts(mall), findings.CONTRAST, chapter="training", about="subject"),
        *tell(tables.behaviours(mall), findings.BEHAVIOUR, chapter="training", about="subject"),
    ]
    by_id = {finding.id: finding for finding in told}
    assert by_id["training.reading.observed"].severity == "warning"  # learnt, but not seen at work
    assert by_id["training.reading.lost"].severity == "warning"
    assert by_id["training.returns.self-rated"].severity == "note"  # what is told is no proof
    for finding in told:
        assert len(finding.headline(mall.words).split()) <= 25
        assert bool(finding.step(mall.words)) or finding.severity not in ("serious", "warning")


def test_the_mean_of_a_few_who_were_lost_is_withheld(mall: Engagement) -> None:
    losses = tables.losses(mall).set_index(["title", "tests_taken"])
    few = ("courses.reading", "only the first")
    assert losses.loc[few, "people"] == 3
    shown = mall.withheld(tables.losses(mall)).set_index(["title", "tests_taken"])
    assert np.isnan(shown.loc[few, "before"])
    assert shown.loc[("courses.reading", "both tests"), "before"] > 0


def test_no_participant_leaves_the_chapter(mall: Engagement) -> None:
    tested = mall.register("training").frame("tests")["participant"]
    made = (tables.sessions, tables.plan, tables.gains, tables.losses, tables.contrasts,
            tables.questions, tables.reactions, tables.behaviours)  # fmt: skip
    for make in made:
        said = json.dumps(make(mall).astype(str).to_dict("records"))
        assert not any(f'"{code}"' in said for code in tested)


def test_a_course_of_first_tests_alone_tells_no_gain(tmp_path: Path) -> None:
    rows = "".join(f"  - {{course: c, participant: p{n:02d}, pre: {50 + n}}}\n" for n in range(12))
    e = other(tmp_path / "w", BASICS + rows)
    gains = tables.gains(e)
    assert gains[["n", "took_one"]].to_numpy().tolist() == [[0, 12]]
    assert gains["change"].isna().all()
    assert tell(e.withheld(gains), findings.GAINS, chapter="training", about="subject") == []
    (told,) = tell(tables.lost(gains), findings.LOST, chapter="training", about="subject")
    assert "none of the 12" in told.headline(e.words)
    assert tables.contrasts(e).empty
    assert tables.questions(e).empty
    (warned,) = faults(e)
    assert (warned.severity, warned.line, warned.key) == ("warning", 6, "tests[0].post")
    assert "12 in c took the first test only (p00, p01" in warned.message


def faults(e: Engagement) -> tuple[Any, ...]:
    client = load("nova-mall", e.workspace)
    return read_register(client, "training", register.Register, e.workspace).faults


def faults_of(place: Workspace, text: str) -> dict[int, str]:
    path = place.data("nova-mall") / "registers/training.yaml"
    path.write_text(text, encoding="utf-8")
    client = load("nova-mall", place)
    found = read_register(client, "training", register.Register, place).faults
    return {fault.line: str(fault) for fault in found}


def test_faults_name_the_row_and_never_a_persons_name(tmp_path: Path) -> None:
    place = copy_workspace(tmp_path / "w", "nova-mall")
    told = faults_of(place, """\
tests:
  - {course: basics, participant: 张三, pre: 12, post: 15}
reactions:
  - {course: basics, sheet: r1, content: 6}
""")  # fmt: skip
    assert set(told) == {2, 4}
    assert "names do not belong here" in told[2]
    assert "张三" not in told[2]
    told = faults_of(place, """\
courses:
  - {id: basics, title: Basics, marks: 20}
items:
  - {course: basics, id: q1}
tests:
  - {course: basic, participant: p1, pre: 12, post: 15}
  - {course: basics, participant: p2, pre: 12, post: 25}
  - {course: basics, participant: p3, pre: 12, post: 15, right: [q2]}
attendance:
  - {session: s1, participant: p1}
""")  # fmt: skip
    assert set(told) == {6, 7, 8, 10}
    assert "did you mean 'basics'" in told[6]
    assert "above the full marks of basics, 20" in told[7]
    assert "'q2' is no question of basics" in told[8]
    assert "'s1' is no session" in told[10]


def test_a_group_without_training_that_is_too_small_is_withheld(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    rows = "".join(
        f"  - {{course: c, participant: p{n:02d}, pre: {rng.integers(40, 60)}, "
        f"post: {rng.integers(60, 80)}{', trained: false' if n < 5 else ''}}}\n"
        for n in range(30)
    )
    e = other(tmp_path / "w", BASICS + rows)
    contrasts = tables.contrasts(e)
    assert contrasts["n"].tolist() == [5]
    shown = e.withheld(contrasts)
    assert shown[["change", "without", "difference"]].isna().to_numpy().all()
    assert tell(shown, findings.CONTRAST, chapter="training", about="subject") == []


def test_the_contracts_annex_reads_what_was_held(mall: Engagement) -> None:
    reader = Engagement.open(
        "nova-mall", language="en", chapter="engagement", workspace=mall.workspace
    )
    duties = obligations.training(reader, obligations.status(reader))
    assert duties["came"].isna().all()  # chapter 13 has not run
    path = mall.workspace.result("nova-mall", mall.period, mall.words.language, "training")
    known: Any = {"client": "nova-mall", "chapter": "training", "period": mall.period}
    plan = {"plan": mall.withheld(tables.plan(mall))}
    write(path, Envelope(**known, kit="0", results=plan, findings=()))
    duties = obligations.training(reader, obligations.status(reader)).set_index("id")
    assert duties[["hours_held", "came"]].to_numpy().tolist() == [[6, 24], [0, 0]]
    path.unlink()
