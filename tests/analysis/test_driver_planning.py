"""Which touchpoints can be modelled, and which ratings a scenario raises."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import drivers
from cxlib.analysis.drivers.planning import (
    ASKED,
    BEST_GROUP,
    FEW,
    SMALL_STEP,
    UNASKED,
    UNIFORM,
    choose,
    outcome_of,
    recent,
)
from cxlib.analysis.metrics import Metric, Touchpoint
from cxlib.errors import DataError
from tests.analysis.surveys import NAMES, survey, with_use

NPS = Metric("nps", "nps")
POINTS = [Touchpoint(name) for name in NAMES]


def chosen(data: pd.DataFrame, **options: Any) -> Any:
    return choose(data, outcome=NPS, touchpoints=options.pop("touchpoints", POINTS), **options)


def reasons(data: pd.DataFrame, **options: Any) -> dict[str, str]:
    table = chosen(data, **options).table
    return dict(zip(table["touchpoint"], table["reason"].fillna("in"), strict=True))


def test_everything_that_varies_is_kept_and_can_be_modelled() -> None:
    data = with_use(survey(), "t3", 0.3)
    choice = chosen(data)
    assert choice.possible
    assert [driver.key for driver in choice.drivers] == NAMES
    assert (choice.n_used, choice.n_dropped) == (400, 0)
    fitted = drivers.importance(
        data, outcome=NPS, drivers=choice.drivers, bootstrap=0, permutations=0
    )
    assert fitted.n_used == choice.n_used


def test_each_touchpoint_left_out_has_its_reason() -> None:
    data = survey()
    data.loc[29:, "t0"] = np.nan  # 29 ratings: one too few, and no row of the others is lost to it
    data["t1"] = 4.0
    only = ["t0", "t1", "t2"]
    assert reasons(data, only=only) == {"t0": FEW, "t1": UNIFORM, "t2": "in", "t3": UNASKED}
    choice = chosen(data, only=only)
    assert choice.n_used == 400
    assert not choice.possible
    assert choice.caveats == ("Only 1 of 4 touchpoints can be modelled; two are needed.",)


def test_what_was_not_chosen_is_said_to_be_so_and_a_slip_is_named() -> None:
    assert reasons(survey(), only=["t0", "t2"])["t1"] == UNASKED
    with pytest.raises(DataError, match="'t9' is no touchpoint; there is 't0'"):
        chosen(survey(), only=["t9"])


def test_ratings_of_those_who_did_not_use_it_do_not_count() -> None:
    data = survey(100)
    data["t0_used"] = pd.array([True] * 25 + [False] * 75, dtype="boolean")
    assert reasons(data)["t0"] == FEW


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            "few",
            "31 respondents answered nps and every touchpoint; 35 are needed for 7 touchpoints.",
        ),
        ("same", "All 400 answers to nps are the same, so nothing goes with them."),
        ("none", "The survey rates no touchpoints, so there is nothing to weigh up."),
    ],
)
def test_what_stands_against_a_model_is_said(spoil: str, message: str) -> None:
    data, points = survey(400, effects=(0.5,) * 7), [Touchpoint(f"t{j}") for j in range(7)]
    if spoil == "few":
        data = data.head(31)
    elif spoil == "same":
        data["nps"] = 9.0
    else:
        points = []
    choice = chosen(data, touchpoints=points)
    assert (choice.possible, list(choice.caveats)) == (False, [message])


def test_the_outcome_is_the_one_wanted_else_nps_else_the_first() -> None:
    csat, ces = Metric("csat", "csat"), Metric("ces", "ces")
    assert outcome_of([csat, NPS]).key == "nps"
    assert outcome_of([ces, csat]).key == "ces"
    assert outcome_of([csat, NPS], "csat").key == "csat"
    with pytest.raises(DataError, match="no KPI 'nsp' to find drivers of; did you mean 'nps'"):
        outcome_of([csat, NPS], "nsp")
    with pytest.raises(DataError, match="asks for no KPI"):
        outcome_of([])


def test_the_last_periods_are_joined() -> None:
    data = pd.DataFrame({"period": ["2026Q2", "2025Q4", "2026Q1", None], "nps": [1, 2, 3, 4]})
    assert list(recent(data, periods=2)["nps"]) == [1, 3]
    assert list(recent(data)["nps"]) == [1]
    with pytest.raises(DataError, match="periods is 0"):
        recent(data, periods=0)


def test_where_lower_is_better_a_rating_is_turned_round() -> None:
    data = survey(200).assign(t1=lambda d: 6 - d["t1"])
    points = [*POINTS[:1], Touchpoint("t1", scale=(1, 5), direction="lower"), *POINTS[2:]]
    turned = drivers.oriented(data, touchpoints=points)
    assert turned["t1"].tolist() == survey(200)["t1"].tolist()
    assert turned["t0"].tolist() == data["t0"].tolist()


# --- which ratings a scenario raises --------------------------------------------------------------


@pytest.fixture(scope="module")
def fitted() -> tuple[drivers.ScenarioModel, drivers.Priorities]:
    data = survey(600)
    importance = drivers.importance(data, outcome="nps", drivers=NAMES, bootstrap=0, permutations=0)
    model = drivers.scenario_model(data, outcome="nps", drivers=NAMES, bootstrap=0)
    return model, drivers.priorities(importance, cuts=(0.2, 5.0))  # t0 and t1 to fix, t2 to watch


def capped(model: drivers.ScenarioModel, *rises: float) -> drivers.ScenarioModel:
    return replace(model, caps=tuple(m + r for m, r in zip(model.means, rises, strict=True)))


def test_the_proven_are_raised_to_the_best_group(fitted: Any) -> None:
    model, priorities = fitted
    told = drivers.plan(capped(model, 0.4, 0.0, 0.2, 1.0), priorities)
    assert told.table["driver"].tolist() == ["t0", "t1"]
    rises = told.table["mean_used"] - told.table["mean_now"]
    assert rises.tolist() == pytest.approx([0.4, 0.0])
    assert set(told.table["ground"]) == {BEST_GROUP}
    assert set(told.table["quadrant"]) == {"fix first"}
    assert told.table["step"].sum() == pytest.approx(told.change)
    assert told.change > 0


def test_where_no_group_shows_what_is_reached_a_tenth_is_told(fitted: Any) -> None:
    model, priorities = fitted
    table = drivers.plan(model, priorities).table
    assert (table["mean_used"] - table["mean_now"]).tolist() == pytest.approx([0.1, 0.1])
    assert set(table["ground"]) == {SMALL_STEP}


def test_what_the_client_asks_for_goes_before_all_and_is_held_to_the_cap(fitted: Any) -> None:
    model, priorities = fitted
    told = drivers.plan(capped(model, 0.4, 0.0, 0.2, 0.3), priorities, asked={"t3": 1})
    assert told.table["driver"].tolist() == ["t3"]
    assert told.table["mean_used"][0] - told.table["mean_now"][0] == pytest.approx(0.3)
    assert (told.table["ground"][0], bool(told.table["capped"][0])) == (ASKED, True)


def test_without_proof_nothing_is_planned(fitted: Any) -> None:
    model, priorities = fitted
    doubtful = replace(priorities, table=priorities.table.assign(proven=False))
    told = drivers.plan(model, doubtful, headline=9.1)
    assert told.table.empty
    assert (told.change, told.predicted) == (0, pytest.approx(9.1))
    assert "no change is planned" in told.caveats[-1]
