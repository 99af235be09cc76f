"""What the drivers chapter says, in both languages, on small results with planted answers."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import driver_choice, driver_order, driver_plan, driver_rivals, drivers
from cxlib.analysis.metrics import Metric, Touchpoint
from cxlib.findings import Finding
from cxlib.findings import drivers as findings
from cxlib.words import Words
from tests.analysis.surveys import NAMES, survey

NPS = Metric("nps", "nps")
POINTS = [Touchpoint(name) for name in NAMES]
MODEL: dict[str, Any] = {"outcome": NPS, "drivers": POINTS}


@pytest.fixture(scope="module")
def importance() -> drivers.DriverImportance:
    return drivers.importance(survey(), bootstrap=100, permutations=99, **MODEL)


@pytest.fixture(scope="module")
def free() -> drivers.ScenarioModel:
    return drivers.scenario_model(survey(), bootstrap=50, **MODEL)


def said(finding: Finding, language: str = "en") -> str:
    return Words.load(language).say(finding.message, **finding.facts)


def by_id(told: list[Finding]) -> dict[str, Finding]:
    assert len({finding.id for finding in told}) == len(told)
    return {finding.id: finding for finding in told}


def test_the_leading_drivers_are_told_with_share_interval_base_and_certainty(
    importance: drivers.DriverImportance,
) -> None:
    order = driver_order.certainty(importance)
    leading = by_id(findings.order(importance, order))["drivers.order.leading"]
    text = said(leading)
    assert text.startswith("t0, t1, t2 carry ")
    assert f"{100 * order.share:.1f} %" in text
    assert "n = 400" in text
    assert "the first 3 in" in text
    assert leading.severity == "serious"
    assert "t3" in said(by_id(findings.order(importance, order))["drivers.order.others"])


def test_one_proven_driver_is_told_in_the_singular(importance: drivers.DriverImportance) -> None:
    one = replace(importance, table=importance.table.assign(p_unique=[0.001, 0.2, 0.3, 1.0]))
    told = by_id(findings.order(one, driver_order.certainty(one)))
    assert said(told["drivers.order.leading"]).startswith("t0 alone is proven to go with nps")
    assert "drivers.order.first" not in told


def test_where_all_are_proven_nobody_is_told_that_they_carry_all_of_it(
    importance: drivers.DriverImportance,
) -> None:
    every = replace(importance, table=importance.table.head(3))
    order = replace(driver_order.certainty(importance), leading=("t0", "t1", "t2"))
    told = by_id(findings.order(every, order))
    assert said(told["drivers.order.leading"]).startswith("Each of t0, t1, t2 is proven to go with")


def test_a_mean_is_not_predicted_and_that_is_said() -> None:
    choice = driver_choice.choose(survey(), outcome=NPS, touchpoints=POINTS)
    (told,) = findings.unpredictable(choice)
    assert "makes no prediction (n = 400)" in said(told)
    few = driver_choice.choose(survey(20), outcome=NPS, touchpoints=POINTS)
    assert findings.unpredictable(few) == []


def test_without_proof_the_word_is_not_used(importance: drivers.DriverImportance) -> None:
    none = replace(importance, table=importance.table.assign(p_unique=0.4))
    told = by_id(findings.order(none, driver_order.certainty(none)))
    assert "none is proven" in said(told["drivers.order.leading"])
    assert told["drivers.order.leading"].severity == "warning"
    assert "drivers.order.others" not in told
    priorities = drivers.priorities(none)
    assert findings.priorities(priorities, none) == []


def test_what_may_be_chance_has_no_order(importance: drivers.DriverImportance) -> None:
    chance = replace(importance, p_any=0.31)
    (told,) = findings.order(chance, driver_order.certainty(chance))
    assert "no more than chance (p = 0.31, n = 400)" in said(told)


@pytest.mark.parametrize(
    ("agree", "start"), [(True, "Two methods agree"), (False, "Two methods d")]
)
def test_agreement_of_the_methods_is_said_out_loud(
    importance: drivers.DriverImportance, agree: bool, start: str
) -> None:
    table = importance.table if agree else importance.table.assign(johnson=[0.1, 0.2, 0.0, 0.0])
    one = replace(importance, table=table)
    told = by_id(findings.order(one, driver_order.certainty(one)))
    assert said(told["drivers.order.methods"]).startswith(start)


def test_an_open_first_place_is_called_open(importance: drivers.DriverImportance) -> None:
    draws = np.tile([[0.5, 0.3, 0.15, 0.05], [0.3, 0.5, 0.15, 0.05]], (5, 1))
    one = replace(importance, share_draws=draws)
    told = by_id(findings.order(one, driver_order.certainty(one)))
    assert said(told["drivers.order.first"]).startswith("Which of t0, t1, t2 comes first is open")
    assert "50.0 %" in said(told["drivers.order.first"])


def test_fix_and_keep_follow_the_quadrants_of_the_proven(
    importance: drivers.DriverImportance,
) -> None:
    priorities = drivers.priorities(importance, cuts=(0.1, 3.5))
    table = priorities.table.assign(
        quadrant=["fix first", "keep up", "fix first", "watch"],
        p_fix_first=[0.95, 0.1, 0.6, 0.0],
        p_keep_up=[0.05, 0.9, 0.2, 0.0],
    )
    told = by_id(findings.priorities(replace(priorities, table=table), importance))
    assert set(told) == {"drivers.fix_first.t0", "drivers.keep_up.t1", "drivers.fix_first.t2"}
    severities = [told[f"drivers.{one}"].severity for one in ("fix_first.t0", "fix_first.t2")]
    assert severities == ["serious", "warning"]
    assert "probability 95.0 %" in said(told["drivers.fix_first.t0"])
    assert told["drivers.keep_up.t1"].severity == "good"


def test_only_proven_and_clear_gaps_to_a_competitor_are_told() -> None:
    table = pd.DataFrame(
        {
            "driver": ["t0", "t1", "t2", "t3"],
            "share": [0.5, 0.3, 0.15, 0.05],
            "proven": [True, True, True, False],
            "own": 3.0,
            "competitor": [3.6, 2.5, 3.1, 3.9],
            "gap": [-0.6, 0.5, -0.1, -0.9],
            "low": [-0.8, 0.3, -0.3, -1.1],
            "high": [-0.4, 0.7, 0.1, -0.7],
            "n_own": 300,
            "n": 90,
        }
    )
    told = by_id(findings.rival(driver_rivals.RivalGaps(table=table, brand="North", caveats=())))
    assert set(told) == {"drivers.rival.t0", "drivers.rival.t1"}
    text = said(told["drivers.rival.t0"])
    assert "t0 matters and is rated lower than at North: −0.60 (−0.80 to −0.40;" in text
    assert told["drivers.rival.t0"].base == 90


@pytest.mark.parametrize(
    ("p", "name"), [(0.001, "drivers.segment.tier"), (0.4, "drivers.segment.none")]
)
def test_groups_differ_or_are_not_shown_to(p: float, name: str) -> None:
    row = {"segment": "tier", "levels": 2, "statistic": 3.0, "p_value": p, "p_adjusted": p}
    row |= {"driver": "t1", "p_driver": p, "n": 400.0, "reason": None}
    comparison = driver_order.SegmentComparison(table=pd.DataFrame([row]), results=(), caveats=())
    (told,) = findings.segments(comparison)
    assert told.id == name
    assert "n = 400" in said(told)


def test_nothing_tested_nothing_said() -> None:
    comparison = driver_order.compare_segments(survey(), segments=[], **MODEL)
    assert findings.segments(comparison) == []


def change_plan(change: float, cap: float, ground: str) -> driver_plan.ChangePlan:
    table = pd.DataFrame(
        {"driver": ["t0"], "quadrant": "fix first", "mean_now": 3.5, "cap": cap, "change": change}
    )
    return driver_plan.ChangePlan(
        table=table.assign(ground=ground), room=abs(change) > 0.01, caveats=()
    )


@pytest.mark.parametrize(
    ("change", "cap", "ground", "start"),
    [
        (0.3, 3.8, driver_plan.ASKED, "With t0 changed by +0.30, nps is predicted at"),
        (
            0.3,
            3.8,
            driver_plan.BEST_GROUP,
            "If all customers rated t0 as the best group does (+0.30)",
        ),
        (0.05, 3.55, driver_plan.BEST_GROUP, "Groups hardly differ on t0"),
        (0.0, 3.5, driver_plan.BEST_GROUP, "No group of customers rates t0 higher"),
        (0.1, np.nan, driver_plan.SMALL_STEP, "No group shows how far t0 can rise"),
    ],
)
def test_a_scenario_says_on_what_grounds_it_stands(
    free: drivers.ScenarioModel, change: float, cap: float, ground: str, start: str
) -> None:
    predicted = free.predict({"t0": change})
    (told,) = findings.scenario(predicted, change_plan(change, cap, ground))
    assert said(told).startswith(start)
    assert "n = 400" in said(told)
    assert told.next_step


def test_a_tenth_of_a_point_is_told_of_the_proven_only(
    importance: drivers.DriverImportance, free: drivers.ScenarioModel
) -> None:
    tenth = free.predict(dict.fromkeys(NAMES, 0.1))
    (told,) = findings.sensitivity(tenth, importance)
    assert told.facts["driver"] == "t0"
    none = replace(importance, table=importance.table.assign(p_unique=0.4))
    assert findings.sensitivity(tenth, none) == []


def test_lost_ground_is_told_with_its_period_and_what_winning_it_back_goes_with(
    free: drivers.ScenarioModel,
) -> None:
    row = {"driver": "t0", "period": "2026Q1", "before": 4.1, "now": 3.5, "lost": 0.6, "low": 0.4}
    row |= {"high": 0.8, "clear": True, "n": 400, "n_before": 380}
    lost = driver_plan.LostGround(table=pd.DataFrame([row]), periods=3)
    (told,) = findings.recovery(free.predict({"t0": 0.6}), lost)
    assert said(told).startswith("t0 stood at 4.10 in Q1 2026, now at 3.50: 0.60 lost")
    assert "2026年第1季度" in said(told, "zh")


def test_what_cannot_be_modelled_is_said() -> None:
    choice = driver_choice.choose(survey(20), outcome=NPS, touchpoints=POINTS)
    (told,) = findings.model(choice)
    assert said(told) == "Only 0 of 4 touchpoints can be modelled; two are needed."
    assert findings.model(driver_choice.choose(survey(), outcome=NPS, touchpoints=POINTS)) == []


def test_both_languages_say_the_same_numbers(
    importance: drivers.DriverImportance, free: drivers.ScenarioModel
) -> None:
    told = findings.order(importance, driver_order.certainty(importance))
    told += findings.priorities(drivers.priorities(importance), importance)
    told += findings.scenario(free.predict({"t0": 0.3}), change_plan(0.3, 3.8, driver_plan.ASKED))
    for finding in told:
        english, chinese = said(finding), said(finding, "zh")
        assert re.search("[\u4e00-\u9fff]", chinese), finding.id
        numbers = [re.findall(r"\d+\.\d+", text) for text in (english, chinese)]
        assert sorted(numbers[0]) == sorted(numbers[1]), finding.id
        for text in (finding.next_step,):
            assert text
            assert Words.load("zh").say(text, **finding.facts) != text
