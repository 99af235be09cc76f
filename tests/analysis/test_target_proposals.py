from __future__ import annotations

from math import isnan, nan, sqrt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import norm

from cxlib.analysis import scores, targets
from cxlib.analysis.shrinkage import expected_extreme, random_effects, rebound_of_worst
from cxlib.errors import CxError, DataError
from tests.reference import normal_extremes as extremes


def _csat(top: int, rest: int) -> scores.Score:
    return scores.csat(pd.Series([5] * top + [2] * rest))


BASELINE = scores.nps(pd.Series([10] * 900 + [8] * 300 + [3] * 800))  # NPS 5 on 2,000


def _table(values: list[float], error: float, *, n: int = 400, label: str = "tier") -> pd.DataFrame:
    names = [f"{label} {i}" for i in range(len(values))]
    return pd.DataFrame({label: names, "value": values, "standard_error": error, "n": n})


def _scenario(change: float) -> Any:
    return SimpleNamespace(change=change)


def test_each_target_has_the_ground_it_is_said_to_have() -> None:
    proposal = targets.propose(
        BASELINE,
        direction="higher",
        scenario=_scenario(24),
        segments=_table([0, 5, 10, 30], 2.0),
        benchmark=18,
        n_next=3000,
        periods=4,
    )
    table = proposal.table.set_index("level")
    assert table["ground"].to_dict() == {
        "low": "detectable",
        "realistic": "scenario",
        "stretch": "segment best",
    }
    assert table.loc["realistic", "target"] == pytest.approx(5 + 24 / 2)  # half is counted on
    assert table.loc["realistic", "per_period"] == pytest.approx(3)
    assert table.loc["low", "change"] == pytest.approx(proposal.detectable_change)
    _, tau2 = random_effects(np.array([0.0, 5, 10, 30]), np.full(4, 2.0))
    assert tau2 == pytest.approx(np.var([0, 5, 10, 30], ddof=1) - 4)  # equal errors: by hand
    assert table.loc["stretch", "target"] == pytest.approx(11.25 + 18.75 * tau2 / (tau2 + 4))
    assert table["detectable"].all()
    assert table["coincides"].tolist() == ["", "", ""]
    assert proposal.caveats == ()
    ground = proposal.candidates.set_index("ground")["change"]
    assert ground[["scenario least", "scenario", "scenario most"]].tolist() == [6, 12, 24]


@pytest.mark.parametrize("plan", [targets.PLAN, targets.RECOVERY, targets.BEST_GROUP])
def test_a_ground_is_named_as_what_it_is(plan: str) -> None:
    proposal = targets.propose(
        BASELINE, direction="higher", scenario=_scenario(12), plan=plan, n_next=3000
    )
    told = {str(words) for words in proposal.candidates["grounds"].iloc[1:]}
    assert len(told) == 3
    assert all(plan.rsplit(maxsplit=1)[-1] in words or "best group" in words for words in told)


@settings(max_examples=60, deadline=None)
@given(
    change=st.floats(-20, 60),
    benchmark=st.floats(-100, 100),
    past=st.lists(st.floats(-90, 90), min_size=0, max_size=6),
    values=st.lists(st.floats(-90, 90), min_size=0, max_size=6),
    direction=st.sampled_from(["higher", "lower"]),
    picked_from=st.sampled_from([None, 5]),
    n_next=st.integers(20, 5000),
)
def test_targets_are_in_order_and_realistic_is_no_more_than_was_ever_reached(
    change: float,
    benchmark: float,
    past: list[float],
    values: list[float],
    direction: Any,
    picked_from: int | None,
    n_next: int,
) -> None:
    proposal = targets.propose(
        BASELINE,
        direction=direction,
        scenario=_scenario(change),
        benchmark=benchmark,
        history=_table(past, 5.0, label="period"),
        segments=_table(values, 5.0),
        picked_from=picked_from,
        n_next=n_next,
    )
    sign = 1 if direction == "higher" else -1
    gains = sign * proposal.table["change"].to_numpy()
    assert (gains >= 0).all()
    assert (np.diff(gains) >= -1e-9).all()
    assert proposal.table["target"].between(-100 - 1e-9, 100 + 1e-9).all()
    seen = gains >= proposal.detectable_change - 1e-9
    assert (proposal.table["detectable"] == (seen & (gains > 0))).all()
    reached = [sign * (v - 5) for table in (past, values) if len(table) > 1 for v in table]
    if reached:
        assert gains[1] <= max(0, *reached) + 1e-9
    same = proposal.table["coincides"] != ""
    assert (same.to_numpy()[1:] == (np.diff(gains) < BASELINE.standard_error)).all()


def test_a_scenario_beyond_all_that_was_ever_reached_is_no_realistic_target() -> None:
    history = _table([0, 2, 16.6, 9, 5], 2.0, label="period")
    proposal = targets.propose(
        BASELINE, direction="higher", history=history, scenario=_scenario(60)
    )
    table = proposal.table.set_index("level")
    assert table.loc["realistic", "ground"] == "reach"
    assert 5 < table.loc["realistic", "target"] < 16.6  # the best, shrunken
    assert table.loc["stretch", "target"] == 65


def test_where_nothing_better_was_shown_the_level_is_held_and_levels_are_said_to_coincide() -> None:
    history = _table([4.0, 5.5, 5.0, 4.5], 3.0, label="period")  # differ by chance alone
    table = targets.propose(
        BASELINE, direction="higher", history=history, segments=_table([3, 5, 7, 9], 6.0)
    ).table.set_index("level")
    assert table.loc["realistic", ["target", "ground"]].tolist() == [5.0, "hold"]
    assert table.loc[["realistic", "stretch"], "coincides"].tolist() == ["low", "low"]
    assert pd.isna(table.loc["realistic", "n_needed"])


def test_a_target_closer_than_the_detectable_change_is_within_chance() -> None:
    proposal = targets.propose(BASELINE, direction="higher", scenario=_scenario(2))
    assert not proposal.table["detectable"].any()
    needed = targets.sample_size(score=BASELINE, change=1).n
    assert proposal.table["n_needed"][1] == needed


def test_without_other_grounds_the_sample_speaks_and_says_that_it_is_alone() -> None:
    proposal = targets.propose(BASELINE, direction="lower")
    assert proposal.table["ground"].eq("detectable").all()
    z = [norm.ppf(0.975) + norm.ppf(power) for power in (0.8, 0.9, 0.95)]
    by_hand = [-100 * both * sqrt(0.8475 * 2 / 2000) for both in z]
    assert proposal.table["change"].tolist() == pytest.approx(by_hand)
    assert any("Only the sample" in caveat for caveat in proposal.caveats)


def test_segments_that_differ_by_chance_only_are_no_ground() -> None:
    proposal = targets.propose(BASELINE, direction="higher", segments=_table([3, 5, 7, 9], 6.0))
    assert not proposal.candidates["ground"].str.startswith("segment").any()
    assert any("no more than chance" in caveat for caveat in proposal.caveats)


def test_small_segments_set_no_target() -> None:
    segments = _table([0, 10, 20, 90], 2.0)
    segments.loc[3, "n"] = 29
    proposal = targets.propose(BASELINE, direction="higher", segments=segments)
    assert proposal.candidates["target"].max() < 20


def test_a_metric_where_lower_is_better_aims_down() -> None:
    effort = scores.ces(pd.Series([1, 2, 3, 4, 5] * 100), direction="lower")
    proposal = targets.propose(effort, direction="lower", benchmark=2.2)
    assert proposal.table["target"].tolist()[1:] == pytest.approx([2.2, 2.2])
    assert proposal.table["coincides"].tolist()[2] == "realistic"
    assert (proposal.table["change"] < 0).all()


def test_targets_stop_at_the_end_of_the_scale() -> None:
    score = _csat(97, 3)
    proposal = targets.propose(score, direction="higher", scenario=_scenario(60))
    assert proposal.table["target"].tolist()[1:] == [100.0, 100.0]
    assert proposal.table["ground"].tolist()[1:] == ["scale end"] * 2
    assert proposal.table["coincides"].tolist()[2] != ""


def test_the_largest_of_k_agrees_with_harter() -> None:
    for k, expected in extremes.EXPECTED_LARGEST.items():
        assert expected_extreme(k) == pytest.approx(expected, abs=6e-6)
    assert expected_extreme(1) == 0


def test_the_worst_of_ten_comes_back_as_far_as_foretold() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(20, 3, (40_000, 10))
    first, second = truth + rng.normal(0, 4, truth.shape), truth + rng.normal(0, 4, truth.shape)
    worst = first.argmin(axis=1)
    rows = np.arange(len(truth))
    came_back = (second[rows, worst] - first[rows, worst]).mean()
    assert rebound_of_worst(10, 4, 9) == pytest.approx(came_back, abs=0.08)


def test_a_baseline_picked_because_it_was_bad_is_warned_of() -> None:
    error = BASELINE.standard_error
    history = _table([5, 14, 12, 15, 11], error, label="period")
    proposal = targets.propose(BASELINE, direction="higher", history=history)
    mean, tau2 = random_effects(history["value"].to_numpy(), np.full(5, error))
    by_hand = (mean - 5) * error**2 / (tau2 + error**2)
    assert mean == pytest.approx(11.4)
    assert proposal.rebound == pytest.approx(by_hand)
    assert any("regression to the mean" in caveat for caveat in proposal.caveats)
    history.loc[1, "value"] = -20
    assert targets.propose(BASELINE, direction="higher", history=history).rebound == 0
    picked = targets.propose(BASELINE, direction="higher", picked_from=6)
    assert picked.rebound == pytest.approx(expected_extreme(6) * error)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"direction": "up"}, "'higher' or 'lower'"),
        ({"benchmark": 140}, "off the scale -100 to 100"),
        ({"periods": 0}, "at least 1"),
        ({"picked_from": 0}, "picked_from is 0"),
        ({"n_next": 0}, "at least 1"),
        ({"power": 2}, "power is 2"),
        ({"history": pd.DataFrame({"value": [1.0]})}, "no column 'standard_error'"),
        ({"segments": [1, 2]}, "must be a table"),
        ({"scenario": SimpleNamespace(change=nan)}, "no prediction"),
        ({"scenario": SimpleNamespace()}, "no 'change'"),
        ({"scenario": SimpleNamespace(change=1), "plan": "luck"}, "not 'luck'"),
        ({"haircut": 0}, "haircut is 0"),
    ],
)
def test_an_impossible_proposal_is_named(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        targets.propose(BASELINE, **({"direction": "higher"} | wrong))


def test_the_best_possible_baseline_leaves_nothing_to_reach() -> None:
    with pytest.raises(DataError, match="end of its scale"):
        targets.propose(_csat(40, 0), direction="higher")


# --- the way there, and what a plan brings ------------------------------------------------------


def test_the_path_goes_by_even_steps() -> None:
    found = targets.path(start="2026Q3", baseline=5, due="2027Q1", target=15)
    assert found["period"].tolist() == ["2026Q3", "2026Q4", "2027Q1"]
    assert found["expected"].tolist() == pytest.approx([5, 5 + 10 * 92 / 182, 15])  # by days
    assert found["agreed"].isna().all()


def test_agreed_steps_replace_the_straight_line_between_them() -> None:
    found = targets.path(
        start="2026-01", baseline=0, due="2026-07", target=12, agreed={"2026-03": 6, "2026-04": 9}
    )
    by_days = [0, 6 * 28 / 59, 6, 9, 9 + 3 * 31 / 92, 9 + 3 * 61 / 92, 12]
    assert found["expected"].tolist() == pytest.approx(by_days)
    assert found["agreed"].notna().sum() == 2


def test_a_year_of_baseline_or_due_date_ends_in_its_last_period() -> None:
    found = targets.path(start="2025", baseline=0, due="2026", target=4, kind="quarter")
    assert found["period"].tolist() == ["2025Q4", "2026Q1", "2026Q2", "2026Q3", "2026Q4"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"due": "2026Q1"}, "not after the start"),
        ({"due": "2025Q4"}, "not after the start"),
        ({"due": "soon"}, "'soon'"),
        ({"start": "first"}, "'first'"),
    ],
)
def test_an_impossible_path_is_named(wrong: dict[str, Any], message: str) -> None:
    asked: dict[str, Any] = {"start": "2026Q1", "due": "2026Q4", "baseline": 5, "target": 15}
    with pytest.raises(CxError, match=message):
        targets.path(**(asked | wrong))


def _plan(change: float, *, half: float = 2.0) -> Any:
    steps = pd.DataFrame(
        {
            "driver": ["a", "b", "c"],
            "mean_now": 3.0,
            "mean_used": 3.4,
            "capped": [True, False, False],
        }
    ).assign(step=[0.5 * change, 0.6 * change, -0.1 * change])
    return SimpleNamespace(
        table=steps,
        change=change,
        change_low=change - half,
        change_high=change + half,
        baseline_observed=9.0,
        outcome="nps",
        kind="nps",
        confidence=0.95,
        n_used=500,
        caveats=(),
    )


@pytest.mark.parametrize(
    ("change", "target", "remaining", "case"),
    [
        (30, 25, 2, "reaches"),  # 9.1 + 15 − 25 < 0: see the value below
        (40, 25, 1, "too slow"),  # the best quarter ever brought 8.5, this one would need 15.9
        (24, 25, 2, "only in full"),
        (10, 25, 2, "falls short"),
        (10, 5, 2, "already there"),
        (40, 25, nan, "too slow"),
        (40, 25, 0, "too slow"),
        (40, None, 2, "no target"),
    ],
)
def test_a_plan_is_enough_only_after_its_haircut_and_at_a_pace_ever_seen(
    change: float, target: float | None, remaining: float, case: str
) -> None:
    history = pd.DataFrame({"period": ["2026Q1", "2026Q2", "2026Q3"], "value": [32.6, 0.6, 9.1]})
    value = 12.0 if case == "reaches" else 9.1
    found = targets.outlook(
        _plan(change), value=value, target=target, remaining=remaining, history=history
    ).summary.iloc[0]
    assert found["gets_there"] == case
    assert found["predicted"] == pytest.approx(value + change / 2)
    assert found["pace_best"] == pytest.approx(8.5)
    assert (found["predicted_low"], found["predicted_high"]) == pytest.approx(
        (value + change / 4, value + change)
    )


def test_without_a_history_no_plan_is_fast_enough() -> None:
    found = targets.outlook(_plan(60), value=9.1, target=25, remaining=2).summary.iloc[0]
    assert found["gets_there"] == "too slow"
    assert isnan(found["pace_best"])


def test_a_kpi_that_only_fell_has_no_pace_and_lower_may_be_better() -> None:
    falling = pd.DataFrame({"value": [9.0, 7.0, 4.0]})
    assert targets.fastest(falling, direction="higher") == 0
    assert targets.fastest(falling, direction="lower") == 3
    assert isnan(targets.fastest(falling.head(1), direction="lower"))


def test_the_steps_sum_to_the_whole() -> None:
    found = targets.outlook(_plan(20), value=9.1, target=60, remaining=2)
    about, steps = found.summary.iloc[0], found.table.set_index("driver")
    assert 9.1 + steps["change"].sum() == pytest.approx(about["predicted"])
    assert about["predicted"] + about["left"] == pytest.approx(60)
    assert steps.index.tolist() == ["b", "a", "c"]  # the largest first
    assert steps.loc["b", ["change_low", "change", "change_high"]].tolist() == [3, 6, 12]
    assert steps.loc["c", ["change_low", "change_high"]].tolist() == [-2, -0.5]
    assert steps.loc["a", "capped"]


def test_steps_that_do_not_add_up_are_refused() -> None:
    broken = _plan(20)
    broken.change = 21
    with pytest.raises(DataError, match="do not add up"):
        targets.outlook(broken)
