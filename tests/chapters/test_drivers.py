"""The drivers of the demo clients are those that were planted, and only those."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

from cxlib import Engagement
from cxlib.analysis import driver_choice, driver_order, driver_plan, driver_rivals, drivers
from cxlib.data.demo import harbour, lakeside, nova
from cxlib.findings import drivers as findings
from cxlib.workspace import Workspace

TRUTH: dict[str, ModuleType] = {"harbour": harbour, "lakeside": lakeside, "nova": nova}


@dataclass
class Told:
    engagement: Engagement
    survey: Any
    model: dict[str, Any]
    importance: drivers.DriverImportance
    order: driver_order.OrderCertainty
    lost: driver_plan.LostGround


@pytest.fixture(scope="module")
def told(demo_workspace: Workspace) -> dict[str, Told]:
    return {name: chapter(demo_workspace, module.NAME) for name, module in TRUTH.items()}


def chapter(workspace: Workspace, client: str) -> Told:
    e = Engagement.open(client, language="en", chapter="drivers", workspace=workspace)
    history = e.survey(period="history")
    survey = driver_choice.recent(history)
    outcome = driver_choice.outcome_of(e.metrics)
    choice = driver_choice.choose(survey, outcome=outcome, touchpoints=e.touchpoints)
    assert choice.possible
    repeats = e.client.survey is not None and e.client.survey.repeat_respondents
    model: dict[str, Any] = {"outcome": outcome, "drivers": choice.drivers, "weights": "weight"}
    model["cluster"] = "respondent_id" if repeats else None
    importance = drivers.importance(survey, **model, bootstrap=300, permutations=99)
    lost = driver_plan.lost_ground(
        history, survey, drivers=choice.drivers, match=e.segments, cluster=model["cluster"]
    )
    return Told(e, survey, model, importance, driver_order.certainty(importance), lost)


@pytest.mark.parametrize("name", TRUTH)
def test_the_planted_drivers_are_proven_and_no_other(told: dict[str, Told], name: str) -> None:
    table = told[name].importance.table
    proven = set(table.loc[table["p_unique"] < 0.05, "driver"])
    assert proven == set(TRUTH[name].MODEL.drivers)
    assert set(told[name].order.leading) == proven
    assert told[name].order.p_set > 0.6


@pytest.mark.parametrize("name", TRUTH)
def test_parts_use_and_remainder_make_one_hundred_percent(told: dict[str, Told], name: str) -> None:
    one = told[name].importance
    assert one.table["importance"].sum() + one.r_squared_use + one.unexplained == pytest.approx(1)


@pytest.mark.parametrize("name", TRUTH)
def test_what_is_broken_is_to_be_fixed_first(told: dict[str, Told], name: str) -> None:
    one = told[name]
    found = {
        f.id: f for f in findings.priorities(drivers.priorities(one.importance), one.importance)
    }
    assert found[f"drivers.fix_first.{TRUTH[name].BROKEN}"].severity == "serious"


@pytest.mark.parametrize("name", TRUTH)
def test_groups_have_the_same_drivers_as_was_planted(told: dict[str, Told], name: str) -> None:
    one = told[name]
    comparison = driver_order.compare_segments(
        one.survey, segments=one.engagement.segments, **one.model, bootstrap=0, permutations=0
    )
    assert [f.id for f in findings.segments(comparison)] == ["drivers.segment.none"]


def test_only_harbours_check_in_lost_ground(told: dict[str, Told]) -> None:
    names = {
        name: list(one.lost.changes(list(one.lost.table["driver"]))) for name, one in told.items()
    }
    assert names == {"harbour": [harbour.BROKEN], "lakeside": [], "nova": []}
    row = told["harbour"].lost.table.set_index("driver").loc[harbour.BROKEN]
    assert row["period"] < harbour.CHANGED_WAVE
    assert row["low"] < 0.9 < row["high"]  # a shift of -1.0 before the scale ends it


def test_northgates_contact_centre_is_the_better_one(told: dict[str, Told]) -> None:
    one = told["lakeside"]
    rival = driver_rivals.ratings(
        one.engagement.survey(brand=None),
        touchpoints=one.model["drivers"],
        match=one.engagement.segments,
    )
    assert rival is not None
    assert rival.brand == lakeside.COMPETITOR
    priorities = drivers.priorities(one.importance, competitor=rival)
    gaps = driver_rivals.gaps(priorities, rival, importance=one.importance)
    assert [f.id for f in findings.rival(gaps)] == [f"drivers.rival.{lakeside.BROKEN}"]


def test_a_scenario_raises_what_is_proven_within_what_a_group_reaches(
    told: dict[str, Told],
) -> None:
    one = told["lakeside"]
    model = drivers.scenario_model(
        one.survey, segments=one.engagement.segments, bootstrap=50, **one.model
    )
    priorities = drivers.priorities(one.importance)
    plan = driver_plan.plan(model, importance=one.importance, priorities=priorities)
    assert set(plan.changes) <= set(lakeside.MODEL.drivers)
    scenario = model.predict(plan.changes)
    assert scenario.table["step"].sum() == pytest.approx(scenario.change)
    assert (scenario.table["mean_used"] <= scenario.table["cap"] + 1e-9).all()
    assert scenario.change_low > 0
    (finding,) = findings.scenario(scenario, plan)
    assert finding.message.startswith("If all customers rated")
