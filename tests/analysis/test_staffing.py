from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from cxlib.analysis import staffing
from cxlib.errors import DataError
from tests.reference import queues

CASE: dict[str, Any] = {"calls_per_hour": 200, "handle_seconds": 180}


def test_erlang_c_gives_the_published_case() -> None:
    queue = staffing.erlang_c(**CASE, agents=14)
    found = (queue.p_wait, queue.service_level, queue.mean_wait, queue.occupancy)
    assert found == pytest.approx((0.17413, 0.88835, 7.84, 0.71429), abs=5e-3, rel=0)
    assert found[:2] == pytest.approx((0.17413, 0.88835), abs=5e-6)


def test_erlang_a_gives_the_published_case() -> None:
    queue = staffing.erlang_a(**CASE, agents=14, patience_seconds=300)
    assert (queue.p_wait, queue.p_abandon, queue.service_level) == pytest.approx(
        (0.14526, 0.01398, 0.91679), abs=5e-6
    )
    assert queue.mean_wait == pytest.approx(4.20, abs=5e-3)


def test_eighty_in_twenty_with_thirty_percent_shrinkage_takes_14_agents_of_20() -> None:
    need = staffing.agents_needed(
        **CASE, service_level=0.8, answer_seconds=20, shrinkage=0.3, max_occupancy=0.85
    )
    assert (need.agents, need.positions) == (14, 20)
    fewer = staffing.erlang_c(**CASE, agents=13)
    assert fewer.service_level < 0.8


def test_erlang_b_agrees_with_the_tabled_ten_erlangs_on_ten_lines() -> None:
    assert staffing.blocking(10, 10) == pytest.approx(0.2146, abs=5e-5)  # ITU tables of Erlang B


def test_one_agent_is_the_single_server_queue() -> None:
    """M/M/1 in closed form: P(wait) = ρ, W = ρs/(1−ρ), P(W > t) = ρe^(−(1−ρ)t/s)."""
    queue = staffing.erlang_c(calls_per_hour=12, handle_seconds=240, agents=1, answer_seconds=60)
    assert queue.p_wait == pytest.approx(0.8)
    assert queue.mean_wait == pytest.approx(0.8 * 240 / 0.2)
    assert queue.service_level == pytest.approx(1 - 0.8 * math.exp(-0.2 * 60 / 240))


@pytest.mark.parametrize(
    ("calls", "handle", "agents", "patience", "within", "states"),
    [
        (200, 180, 14, 300, 20, 120),
        (200, 180, 8, 60, 20, 120),  # more load than agents
        (5, 600, 1, 30, 0, 60),
        (3000, 240, 200, 90, 10, 420),
        (60, 120, 3, 3600, 45, 500),
    ],
)
def test_erlang_a_solves_the_balance_equations(
    calls: float, handle: float, agents: int, patience: float, within: float, states: int
) -> None:
    expected = queues.chain(
        arrivals=calls / 3600,
        handle=handle,
        agents=agents,
        patience=patience,
        within=within,
        states=states,
    )
    queue = staffing.erlang_a(
        calls_per_hour=calls,
        handle_seconds=handle,
        agents=agents,
        patience_seconds=patience,
        answer_seconds=within,
    )
    found = (queue.p_wait, queue.p_abandon, queue.service_level, queue.mean_wait)
    assert found == pytest.approx(
        (expected.p_wait, expected.p_abandon, expected.service_level, expected.mean_wait),
        rel=1e-8,
        abs=1e-12,
    )


@pytest.mark.parametrize("patience", [300.0, math.inf])
def test_simulated_callers_fare_as_the_formulas_say(patience: float) -> None:
    """60,000 calls leave a standard error of about .004 on shares, for waits are correlated."""
    told = queues.simulate(
        arrivals=200 / 3600,
        handle=180,
        agents=13,
        patience=patience,
        within=20,
        calls=60_000,
        seed=7,
    )
    if math.isinf(patience):
        queue: Any = staffing.erlang_c(**CASE, agents=13)
    else:
        queue = staffing.erlang_a(**CASE, agents=13, patience_seconds=patience)
        assert queue.p_abandon == pytest.approx(told.p_abandon, abs=0.004)
    assert queue.p_wait == pytest.approx(told.p_wait, abs=0.02)
    assert queue.service_level == pytest.approx(told.service_level, abs=0.02)
    assert queue.mean_wait == pytest.approx(told.mean_wait, rel=0.12)


@pytest.mark.parametrize("agents", [1020, 5100, 20_400])
def test_endless_patience_turns_erlang_a_into_c_at_any_size(agents: int) -> None:
    case = {"calls_per_hour": agents / 1.02 * 20, "handle_seconds": 180.0, "agents": agents}
    c = staffing.erlang_c(**case)
    a = staffing.erlang_a(**case, patience_seconds=1e9)
    assert a.p_wait == pytest.approx(c.p_wait, rel=1e-3)
    assert a.service_level == pytest.approx(c.service_level, rel=1e-3)
    assert 0 <= c.p_wait <= 1
    assert 0 <= c.service_level <= 1


def test_an_overloaded_patient_queue_loses_just_what_it_cannot_serve() -> None:
    queue = staffing.erlang_a(
        calls_per_hour=20_000, handle_seconds=180, agents=900, patience_seconds=1e8
    )
    assert queue.p_abandon == pytest.approx(0.1, rel=1e-6)
    assert queue.occupancy == pytest.approx(1, rel=1e-6)
    assert queue.service_level == pytest.approx(0, abs=1e-9)


@given(
    load=st.floats(0.01, 60),
    spare=st.integers(1, 20),
    handle=st.floats(10, 2000),
    patience=st.floats(1, 5000),
    within=st.floats(0, 600),
)
@settings(max_examples=60, deadline=None)
def test_probabilities_stay_probabilities_and_one_more_agent_never_hurts(
    load: float, spare: int, handle: float, patience: float, within: float
) -> None:
    agents = int(load) + spare
    case = {
        "calls_per_hour": load / handle * 3600,
        "handle_seconds": handle,
        "answer_seconds": within,
    }
    pairs: list[tuple[Any, Any]] = [
        tuple(
            staffing.erlang_a(**case, agents=n, patience_seconds=patience)
            for n in (agents, agents + 1)
        ),  # type: ignore[list-item]
        tuple(staffing.erlang_c(**case, agents=n) for n in (agents, agents + 1)),  # type: ignore[list-item]
    ]
    for now, more in pairs:
        for share in (now.p_wait, now.service_level, now.occupancy):
            assert -1e-12 <= share <= 1 + 1e-12
        assert now.mean_wait >= 0
        assert more.service_level >= now.service_level - 1e-9
        assert more.mean_wait <= now.mean_wait + 1e-9
    a, c = pairs[0][0], pairs[1][0]
    assert a.p_wait <= c.p_wait + 1e-9  # those who leave make room
    assert a.p_abandon <= a.p_wait + 1e-12


def test_no_calls_wait_for_nobody_and_need_nobody() -> None:
    quiet = {"calls_per_hour": 0, "handle_seconds": 180}
    c = staffing.erlang_c(**quiet, agents=1)
    a = staffing.erlang_a(**quiet, agents=1, patience_seconds=60)
    for queue in (c, a):
        assert (queue.p_wait, queue.service_level, queue.mean_wait, queue.occupancy) == (0, 1, 0, 0)
    assert a.p_abandon == 0
    need = staffing.agents_needed(**quiet)
    assert (need.agents, need.positions) == (0, 0)


@given(calls=st.floats(0.1, 3000), level=st.floats(0.05, 0.99), patient=st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_agents_needed_are_enough_and_one_fewer_is_not(
    calls: float, level: float, patient: bool
) -> None:
    patience = None if patient else 120.0
    need = staffing.agents_needed(
        calls_per_hour=calls, handle_seconds=200, service_level=level, patience_seconds=patience
    )
    assert need.queue is not None
    assert need.queue.service_level >= level
    load = calls * 200 / 3600
    if need.agents > 1 and patience is not None:
        fewer = staffing.erlang_a(
            calls_per_hour=calls,
            handle_seconds=200,
            agents=need.agents - 1,
            patience_seconds=patience,
        )
        assert fewer.service_level < level
    elif need.agents - 1 > load:
        fewer_c = staffing.erlang_c(
            calls_per_hour=calls, handle_seconds=200, agents=need.agents - 1
        )
        assert fewer_c.service_level < level


def test_occupancy_can_ask_for_more_agents_than_the_service_level() -> None:
    free = staffing.agents_needed(calls_per_hour=2000, handle_seconds=180)
    eased = staffing.agents_needed(calls_per_hour=2000, handle_seconds=180, max_occupancy=0.8)
    assert free.agents < eased.agents == 125  # 100 erlangs / 0.8


def test_load_above_agents_names_the_load_and_the_way_out() -> None:
    with pytest.raises(DataError, match=r"load of 10 agents .* is not below the 10 .* at least 11"):
        staffing.erlang_c(**CASE, agents=10)
    with pytest.raises(DataError, match="at least 11 agents"):
        staffing.erlang_c(**CASE, agents=3)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"calls_per_hour": -1}, "calls_per_hour is -1; it must be at least 0"),
        ({"calls_per_hour": math.nan}, "calls_per_hour is nan"),
        ({"calls_per_hour": math.inf}, "calls_per_hour is inf"),
        ({"handle_seconds": 0}, "handle_seconds is 0; it must be above 0"),
        ({"service_level": 0}, "service_level is 0; it must be above 0 and below 1"),
        ({"service_level": 1}, "service_level is 1"),
        ({"service_level": 80}, "service_level is 80"),
        ({"answer_seconds": -5}, "answer_seconds is -5"),
        ({"shrinkage": 1}, "shrinkage is 1; it must"),
        ({"shrinkage": -0.1}, "shrinkage is -0.1"),
        ({"max_occupancy": 0}, "max_occupancy is 0"),
        ({"max_occupancy": 1.2}, "max_occupancy is 1.2"),
        ({"patience_seconds": 0}, "patience_seconds is 0"),
    ],
)
def test_impossible_numbers_are_named(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        staffing.agents_needed(**(CASE | wrong))
    if "shrinkage" in wrong:
        with pytest.raises(DataError, match=said):
            staffing.paid(100, **wrong)


@pytest.mark.parametrize("agents", [0, -1, 2.5, True, math.nan])
def test_agents_are_whole_and_at_least_one(agents: Any) -> None:
    with pytest.raises(DataError, match="agents is"):
        staffing.erlang_c(calls_per_hour=1, handle_seconds=60, agents=agents)


def test_a_schedule_prices_one_agent_fewer() -> None:
    arrivals = pd.DataFrame(
        {
            "weekday": ["mon"] * 3,
            "start": ["09:00", "09:30", "10:00"],
            "calls_per_hour": [200.0, 0.0, 230.0],
        },
        index=[4, 4, 9],
    )
    plan = staffing.schedule(arrivals, handle_seconds=180, shrinkage=0.3)
    busy = plan.table.iloc[0]
    assert (busy["agents"], busy["positions"]) == (14, 20)
    now, fewer = (staffing.erlang_c(**CASE, agents=n) for n in (14, 13))
    assert busy["extra_wait"] == pytest.approx(fewer.mean_wait - now.mean_wait)
    assert busy["service_level_one_fewer"] == pytest.approx(fewer.service_level)
    assert plan.table["agents"].tolist()[1] == 0
    assert np.isnan(plan.table["extra_wait"].iloc[1])
    assert plan.agent_hours == plan.table["agents"].sum() / 2
    assert list(plan.table.columns[:3]) == ["weekday", "start", "calls_per_hour"]


def test_one_agent_fewer_may_mean_an_endless_queue() -> None:
    one = pd.DataFrame({"weekday": ["mon"], "start": ["09:00"], "calls_per_hour": [200.0]})
    plan = staffing.schedule(one, handle_seconds=180, service_level=0.1, answer_seconds=300)
    assert plan.table["agents"].iloc[0] == 11
    assert np.isinf(plan.table["mean_wait_one_fewer"].iloc[0])
    assert any("never clear" in caveat for caveat in plan.caveats)
    losing = staffing.schedule(
        one, handle_seconds=180, service_level=0.1, answer_seconds=300, patience_seconds=60
    )
    assert np.isfinite(losing.table["mean_wait_one_fewer"].iloc[0])
    assert losing.table["p_abandon"].iloc[0] > 0


def test_a_schedule_needs_arrivals_that_are_numbers() -> None:
    good = pd.DataFrame({"weekday": ["mon"], "start": ["09:00"], "calls_per_hour": [2.0]})
    with pytest.raises(DataError, match="no column 'calls_per_hour' in the arrivals"):
        staffing.schedule(good.drop(columns="calls_per_hour"), handle_seconds=60)
    with pytest.raises(DataError, match=r"'calls_per_hour' holds -2 \(row 0, 1 such\)"):
        staffing.schedule(good.assign(calls_per_hour=-2.0), handle_seconds=60)
    with pytest.raises(DataError, match="no rows"):
        staffing.schedule(good.iloc[:0], handle_seconds=60)


def test_one_column_may_name_an_interval_of_a_schedule() -> None:
    arrivals = pd.DataFrame({"start": ["09:00"], "calls_per_hour": [200]})
    table = staffing.schedule(arrivals, handle_seconds=180, by="start").table
    assert table.loc[0, ["start", "agents"]].tolist() == ["09:00", 14]


def test_nobody_works_more_than_all_the_time() -> None:
    queue = staffing.erlang_a(
        calls_per_hour=1e12, handle_seconds=180, agents=14, patience_seconds=300
    )
    assert queue.occupancy == 1


def test_calls_that_take_no_time_keep_nobody_waiting() -> None:
    queue = staffing.erlang_a(
        calls_per_hour=200, handle_seconds=1e-300, agents=14, patience_seconds=300
    )
    assert (queue.p_wait, queue.p_abandon, queue.service_level) == (0, 0, 1)
