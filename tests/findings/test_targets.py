from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis.contract import Outlook, Proposed, Review
from cxlib.findings import Finding
from cxlib.findings import targets as findings
from cxlib.words import Words

LABELS = {"nps": "推荐意愿（NPS）"}
ROW: dict[str, Any] = {
    "clause": "2.2.1",
    "metric": "nps",
    "unit": "points",
    "direction": "higher",
    "basis": "sample",
    "due": "2026Q4",
    "start": "2026Q2",
    "baseline": 0.0,
    "period": "2026Q3",
    "value": 9.06,
    "low": 2.76,
    "high": 15.27,
    "n": 618,
    "target": 25.0,
    "asked": 25.0,
    "short": True,
    "remaining": 1,
    "missing": 15.94,
    "detectable_change": 12.7,
    "detectable": True,
    "n_needed": 167,
    "n_next": 618,
    "rebound": 0.0,
    "worst_of": 7,
    "expected": 12.8,
    "expected_low": 6.5,
    "expected_high": 19.0,
    "reached": False,
    "status": "not met",
    "p_met": 0.001,
    "n_to_settle": 155.0,
}


def review(**changes: Any) -> Review:
    return Review(table=pd.DataFrame([ROW | changes]), verdicts=None, courses=(), caveats=())


def said(finding: Finding, language: str = "en") -> str:
    words = Words.load(language, labels=LABELS if language == "zh" else {"nps": "NPS"})
    step = words.say(finding.next_step, **finding.facts) if finding.next_step else ""
    return f"{words.say(finding.message, **finding.facts)} {step}".strip()


def test_a_target_that_is_not_reached_yet_says_how_far_and_by_when() -> None:
    (found,) = findings.state(review())
    assert (found.id, found.severity, found.base) == ("targets.nps.2026Q4.verdict", "serious", 618)
    assert said(found) == (
        "NPS is short of its target of 25.0, +15.9 to go: 9.1 (2.8 to 15.3, n = 618); it is due "
        "in Q4 2026. Check against the plan below whether clause 2.2.1 can still be kept."
    )
    assert said(found, "zh") == (
        "推荐意愿（NPS）未达到目标 25.0，尚需变化 +15.9：9.1（2.8 至 15.3，n = 618），"
        "2026年第4季度到期。 请对照下文的计划，确认第 2.2.1 条是否仍可兑现。"
    )


def test_a_target_missed_when_it_was_due_is_missed() -> None:
    (found,) = findings.state(review(remaining=0))
    assert "misses its target" in found.message
    assert "remedy" in str(found.next_step)


@pytest.mark.parametrize(
    ("needed", "step"),
    [
        (5825.0, "5,825 answers would settle it at the present gap."),
        (133_643.0, "So small a gap takes 133,643 answers: agree now whether the point"),
        (np.inf, "It lies on the line, where no sample decides"),
    ],
)
def test_what_cannot_be_told_says_what_would_settle_it(needed: float, step: str) -> None:
    (found,) = findings.state(
        review(status="cannot tell at this n", p_met=0.785, n_to_settle=needed)
    )
    assert found.severity == "warning"
    assert "a chance of 78.5 % that it does" in said(found)
    assert step in said(found)


def test_a_met_target_is_good_and_carries_its_clause() -> None:
    (found,) = findings.state(review(status="met", reached=True, p_met=0.99, remaining=0))
    assert found.severity == "good"
    assert "clause 2.2.1 is fit for acceptance" in said(found)
    (no_clause,) = findings.state(review(status="met", p_met=0.99, clause=None))
    assert "clause" not in said(no_clause)


def test_a_counted_figure_has_no_interval() -> None:
    (found,) = findings.state(review(basis="census", low=np.nan, high=np.nan))
    assert "every case counted (n = 618)" in said(found)


def test_answers_that_are_all_alike_have_no_verdict() -> None:
    (found,) = findings.state(review(p_met=np.nan, status="cannot tell at this n"))
    assert said(found) == "All 618 answers to NPS are alike (9.1): no verdict on 25.0."


def test_withheld_rows_are_passed_over() -> None:
    blank = review(value=np.nan)
    assert findings.state(blank) == findings.way(blank) == findings.proof(blank) == []


@pytest.mark.parametrize(
    ("value", "severity", "words"),
    [(9.06, "note", "on its path"), (-3.0, "serious", "behind"), (21.0, "good", "ahead")],
)
def test_the_way_is_told_by_the_paths_interval(value: float, severity: str, words: str) -> None:
    (found,) = findings.way(review(value=value))
    assert (found.severity, words in found.message) == (severity, True)
    assert "it has to move by +15.9 a period from here" in said(found)


def test_where_lower_is_better_a_high_value_is_behind() -> None:
    (found,) = findings.way(review(direction="lower", value=21.0))
    assert "behind" in found.message


def test_a_way_that_begins_now_is_not_judged() -> None:
    assert findings.way(review(start="2026Q3")) == []
    assert findings.way(review(start="")) == []


def test_a_target_within_noise_is_warned_of() -> None:
    (found,) = findings.proof(
        review(detectable=False, asked=5.0, baseline=20.0, target=25.0, n_needed=1301)
    )
    assert said(found) == (
        "The target of 25.0 for NPS cannot be told from noise: it asks for +5.0 on 20.0, and 618 "
        "answers a wave show no less than +12.7. 1,301 answers a wave would tell it; else aim "
        "further."
    )
    (endless,) = findings.proof(review(detectable=False, detectable_change=np.inf))
    assert "show no change on this scale" in said(endless)


def test_a_target_that_asks_for_nothing_is_said_before_its_noise() -> None:
    (found,) = findings.proof(review(short=False, baseline=30.0, detectable=pd.NA))
    assert "asks for nothing" in found.message


def test_a_baseline_picked_because_it_was_bad_is_warned_of() -> None:
    (found,) = findings.proof(review(rebound=2.04))
    assert "the worst of 7 periods: about 2.0 of the +25.0 asked" in said(found)
    assert findings.proof(review(rebound=1.0)) == []  # less than a twentieth


def outlook(**changes: Any) -> Outlook:
    given: dict[str, Any] = {
        "table": pd.DataFrame(),
        "plan": "The plan",
        "metric": "nps",
        "unit": "points",
        "direction": "higher",
        "clause": "2.2.1",
        "due": "2026Q4",
        "target": 25.0,
        "now": 9.0,
        "change": 5.1,
        "change_low": 4.0,
        "change_high": 6.0,
        "predicted": 14.1,
        "low": 7.8,
        "high": 21.3,
        "p_reach": 0.001,
        "gap": 10.9,
        "n": 618,
        "n_used": 556,
        "confidence": 0.95,
        "caveats": (),
    }
    return Outlook(**(given | changes))


@pytest.mark.parametrize(
    ("chance", "severity", "words"),
    [
        (0.001, "serious", "{plan} does not reach"),
        (0.5, "warning", "{plan} may or may not"),
        (0.9, "good", "{plan} reaches"),
    ],
)
def test_the_plan_is_judged_by_its_chance(chance: float, severity: str, words: str) -> None:
    (found,) = findings.plan(outlook(p_reach=chance))
    assert (found.severity, words in found.message) == (severity, True)
    assert "5.1 lead to 14.1 (7.8 to 21.3, n = 556)" in said(found)
    assert said(found).startswith("The plan")
    assert said(found, "zh").startswith("计划")


def test_regaining_lost_ground_is_told_apart_from_the_plan() -> None:
    (found,) = findings.plan(outlook(plan="Regaining lost ground", p_reach=0.9))
    assert found.id == "targets.nps.recovery"
    assert said(found).startswith("Regaining lost ground reaches the target of 25.0")


def test_a_plan_for_what_is_reached_already_claims_nothing() -> None:
    (found,) = findings.plan(outlook(now=30.0, p_reach=0.99))
    assert found.severity == "note"
    assert found.next_step is None
    (free,) = findings.plan(outlook(target=np.nan, p_reach=np.nan, gap=np.nan))
    assert "Agree on a target" in str(free.next_step)


def proposed(**changes: Any) -> Proposed:
    table = pd.DataFrame(
        {
            "level": ["low", "realistic", "stretch"],
            "target": [21.7, 32.4, 33.9],
            "change": [12.7, 23.3, 24.9],
            "reason": "the best quarter of the periods already seen",
            "detectable": True,
            "n_needed": [618, 183, 161],
            "n": 618,
        }
    ).assign(**changes)
    return Proposed(
        table=table,
        candidates=table,
        metric="nps",
        unit="points",
        direction="higher",
        baseline=9.06,
        low=2.76,
        high=15.27,
        n=618,
        n_next=618,
        detectable_change=12.7,
        rebound=0.0,
        periods=4,
        caveats=(),
    )


def test_a_realistic_target_is_told_with_its_grounds_in_both_languages() -> None:
    (found,) = findings.proposals([proposed()])
    assert said(found) == (
        "A realistic next target for NPS is 32.4 (+23.3 on 9.1, 2.8 to 15.3, n = 618): the best "
        "quarter of the periods already seen."
    )
    assert "依据：历史各期中最好的四分之一" in said(found, "zh")
    (unseen,) = findings.proposals([proposed(detectable=False)])
    assert "it takes 183 answers a wave to be seen" in said(unseen)
    (hopeless,) = findings.proposals([proposed(detectable=False, n_needed=2_393_021)])
    assert "Nothing speaks for a rise of NPS" in said(hopeless)


def test_what_has_no_proposal_is_passed_over() -> None:
    assert findings.proposals([proposed(target=np.nan)]) == []
