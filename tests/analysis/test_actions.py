"""The plan of actions: the haircut, the order, what is late."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import actions
from cxlib.errors import DataError


def frame(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{"id": f"a{n}"} | row for n, row in enumerate(rows, start=1)])


def one(**row: Any) -> Any:
    return actions.plan(frame(row), as_of="2026Q3").table.iloc[0]


def test_half_of_a_predicted_effect_is_expected_a_quarter_to_all_of_it_is_shown() -> None:
    found = one(kpi="nps", effect=8.0, effect_low=4.0, effect_high=12.0, effort=20)
    assert (found["expected"], found["expected_low"], found["expected_high"]) == (4.0, 1.0, 12.0)
    assert found["gain"] == 4.0
    assert found["priority"] == pytest.approx(2.0)  # 4 points, 20 days: 2 points per 10 days


def test_an_effect_that_lowers_a_time_keeps_its_sign_and_counts_by_its_size() -> None:
    found = one(kpi="handle_time", effect=-60.0, effort=10)
    assert (found["expected"], found["expected_low"], found["expected_high"]) == (-30, -60, -15)
    assert found["gain"] == 30


@pytest.mark.parametrize("haircut", [0.01, 0.2, 0.5, 0.9, 1.0])
def test_what_is_expected_lies_in_its_interval(haircut: float) -> None:
    rng = np.random.default_rng(1)
    effect, ends = rng.uniform(-50, 50, 500), rng.uniform(0, 30, (2, 500))
    rows = {"effect": effect, "effect_low": effect - ends[0], "effect_high": effect + ends[1]}
    found = actions.plan(pd.DataFrame(rows).assign(id=range(500)), haircut=haircut).table
    assert (found["expected_low"] <= found["expected"] + 1e-9).all()
    assert (found["expected"] <= found["expected_high"] + 1e-9).all()


def test_effects_on_different_kpis_are_put_on_one_footing() -> None:
    points = pd.Series({"nps": 1.0, "branch": 12.0})
    table = actions.plan(
        frame(
            {"kpi": "nps", "effect": 6.0, "effort": 10},
            {"kpi": "branch", "effect": 1.0, "effort": 10},
            {"kpi": "branch", "effect": 1.0},
            {"kpi": None},
        ),
        points=points,
    ).table
    assert table["id"].tolist() == ["a2", "a1", "a3", "a4"]
    assert table["gain"].tolist()[:3] == [6.0, 3.0, 6.0]
    assert table["rank"].tolist()[:2] == [1, 2]
    assert table["rank"].isna().tolist()[2:] == [True, True]


def test_an_open_action_is_late_after_the_last_day_of_its_period_and_a_finished_one_never() -> None:
    rows = [
        {"due": "2026Q3", "state": "in progress"},
        {"due": "2026-08", "state": "in progress"},
        {"due": "2026-08", "state": "done"},
        {"due": "2026-10-01", "state": "approved"},
    ]
    table = actions.plan(frame(*rows), as_of=dt.date(2026, 9, 30)).table.set_index("id")
    assert table["overdue"].to_dict() == {"a1": False, "a2": True, "a3": False, "a4": False}
    assert table.loc["a2", "days_late"] == 30
    later = actions.plan(frame(*rows), as_of="2026-10-01").table.set_index("id")
    assert later.loc["a1", "days_late"] == 1


def test_progress_counts_every_action_once() -> None:
    states = ["proposed", "done", "done", "stopped", "in progress"]
    rows = [{"state": state, "due": "2026-01"} for state in states]
    found = actions.plan(frame(*rows, {}), as_of="2026Q3")
    assert found.progress.set_index("state")["actions"].to_dict() == {
        "proposed": 2, "in progress": 1, "done": 2, "stopped": 1,
    }  # fmt: skip
    assert found.progress["overdue"].sum() == 2


def test_an_action_for_a_finding_that_is_no_longer_made_is_named() -> None:
    rows = [{"finding": "drivers.app"}, {"finding": "drivers.branch"}, {}]
    found = actions.plan(frame(*rows), findings=["drivers.branch"])
    assert found.table.set_index("id")["found"].to_dict() == {"a1": False, "a2": True, "a3": None}
    assert "a1" in found.caveats[0]
    assert actions.plan(frame(*rows)).caveats == ()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"id": "x"}, {"id": "x"}], "'x' is given to two"),
        ([{"state": "donne"}], "did you mean 'done'"),
        ([{"kind": "proces"}], "did you mean 'process'"),
        ([{"effort": 0}], "effort 0 of 'a1'"),
        ([{"started": "2026-05-01", "done": "2026-04-01"}], "before started on 2026-05-01"),
    ],
)
def test_what_cannot_be_is_refused(rows: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(DataError, match=said):
        actions.plan(frame(*rows))


def test_an_empty_plan_is_a_plan() -> None:
    found = actions.plan(pd.DataFrame({"id": []}))
    assert found.table.empty
    assert found.progress.empty
