"""What a scenario raises, and what was lost: against planted levels and against chance."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import drivers
from cxlib.analysis.driver_plan import ASKED, BEST_GROUP, SMALL_STEP, lost_ground, plan
from cxlib.analysis.metrics import Touchpoint
from tests.analysis.surveys import NAMES, survey

POINTS = [Touchpoint(name, scale=(-1, 5)) for name in NAMES]  # room for what is taken off


@pytest.fixture(scope="module")
def fitted() -> tuple[drivers.DriverImportance, drivers.Priorities]:
    importance = drivers.importance(
        survey(), outcome="nps", drivers=NAMES, bootstrap=50, permutations=0
    )
    return importance, drivers.priorities(importance, cuts=(0.1, 5.0))


def model(caps: list[float]) -> Any:
    return SimpleNamespace(drivers=tuple(NAMES), means=(3.0, 3.0, 3.0, 3.0), caps=tuple(caps))


def test_the_proven_are_raised_to_the_best_group(fitted: Any) -> None:
    importance, priorities = fitted
    told = plan(model([3.4, 3.0, 3.2, 4.0]), importance=importance, priorities=priorities)
    assert list(told.changes) == ["t0", "t1"]  # t2 is no tenth of what is explained
    assert list(told.changes.values()) == pytest.approx([0.4, 0.0])
    assert set(told.table["ground"]) == {BEST_GROUP}
    assert told.room


def test_where_the_groups_show_nothing_there_is_no_room(fitted: Any) -> None:
    importance, priorities = fitted
    flat = plan(model([3.0, 3.0, 3.0, 4.0]), importance=importance, priorities=priorities)
    assert not flat.room
    nobody = plan(model([np.nan] * 4), importance=importance, priorities=priorities)
    assert nobody.changes == {"t0": 0.1, "t1": 0.1}
    assert set(nobody.table["ground"]) == {SMALL_STEP}


def test_what_the_client_asks_for_goes_before_all(fitted: Any) -> None:
    importance, priorities = fitted
    told = plan(
        model([3.4, 3.0, 3.2, 4.0]), importance=importance, priorities=priorities, asked={"t3": 1}
    )
    assert told.changes == {"t3": 1.0}
    assert list(told.table["ground"]) == [ASKED]


def test_without_proof_nothing_is_planned(fitted: Any) -> None:
    importance, priorities = fitted
    doubtful = replace(importance, table=importance.table.assign(p_unique=0.5))
    told = plan(model([4.0] * 4), importance=doubtful, priorities=priorities)
    assert told.changes == {}
    assert told.caveats


def waves(shift: float, card: tuple[float, ...] = (0.3, 0.3, 0.3)) -> pd.DataFrame:
    """Three waves; t0 falls by `shift` in the last, and card holders rate t1 a point lower."""
    parts = []
    for number, share in enumerate(card):
        wave = survey(500, seed=number)
        kind = np.where(np.arange(500) < share * 500, "card", "loan")
        wave["t0"] = wave["t0"] - (shift if number == 2 else 0)
        wave["t1"] = wave["t1"] - np.where(kind == "card", 1.0, 0.0)
        parts.append(wave.assign(period=f"2026Q{number + 1}", product=kind, weight=1.0))
    return pd.concat(parts, ignore_index=True)


def lost(history: pd.DataFrame, **options: Any) -> Any:
    now = history[history["period"] == "2026Q3"]
    return lost_ground(history, now, drivers=POINTS, **options)


def test_a_planted_fall_is_found_and_nothing_else() -> None:
    found = lost(waves(1.0))
    assert list(found.changes(NAMES)) == ["t0"]
    assert found.changes(NAMES)["t0"] == pytest.approx(1.0, abs=0.15)
    assert found.changes(["t1"]) == {}
    assert found.periods == 2
    row = found.table.set_index("driver").loc["t0"]
    assert row["lost"] == pytest.approx(row["before"] - row["now"])
    assert row["low"] < row["lost"] < row["high"]


def test_other_customers_are_not_taken_for_lost_ground() -> None:
    mixed = waves(0.0, card=(0.2, 0.2, 0.8))
    assert "t1" in lost(mixed).changes(NAMES)
    assert lost(mixed, match=["product"]).changes(NAMES) == {}


def test_the_first_period_has_lost_nothing() -> None:
    history = waves(1.0)
    first = history[history["period"] == "2026Q1"]
    found = lost_ground(first, first, drivers=POINTS)
    assert (len(found.table), found.periods, found.changes(NAMES)) == (0, 0, {})


def test_a_touchpoint_that_was_not_asked_before_is_passed_over() -> None:
    history = waves(1.0)
    history.loc[history["period"] != "2026Q3", "t3"] = np.nan
    assert "t3" not in set(lost(history).table["driver"])
