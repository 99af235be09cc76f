"""Which touchpoints can be modelled: worked by hand, and every reason named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import drivers
from cxlib.analysis.driver_choice import FEW, REVERSED, UNASKED, UNIFORM, choose, outcome_of, recent
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
    points = [*POINTS[:3], Touchpoint("t3", direction="lower")]
    assert reasons(data, touchpoints=points) == {
        "t0": FEW,
        "t1": UNIFORM,
        "t2": "in",
        "t3": REVERSED,
    }
    choice = chosen(data, touchpoints=points)
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
