from __future__ import annotations

from math import nan, sqrt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from cxlib.analysis import scores, targets
from cxlib.analysis._shrink import expected_extreme, random_effects, rebound_of_worst
from cxlib.errors import CxError, DataError
from tests.reference import normal_extremes as extremes


def _csat(top: int, rest: int) -> scores.Score:
    return scores.csat(pd.Series([5] * top + [2] * rest))


BASELINE = scores.nps(pd.Series([10] * 900 + [8] * 300 + [3] * 800))  # NPS 5 on 2,000


def _table(values: list[float], error: float, *, n: int = 400, label: str = "tier") -> pd.DataFrame:
    names = [f"{label} {i}" for i in range(len(values))]
    return pd.DataFrame({label: names, "value": values, "standard_error": error, "n": n})


def _scenario(change: float, half: float) -> Any:
    return SimpleNamespace(
        predicted=7 + change,
        low=7 + change - 2 * half,
        high=7 + change + 2 * half,
        change=change,
        change_low=change - half,
        change_high=change + half,
    )


def test_each_target_has_the_ground_it_is_said_to_have() -> None:
    proposal = targets.propose(
        BASELINE,
        direction="higher",
        scenario=_scenario(12, 3),
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
    assert table.loc["realistic", "target"] == pytest.approx(17)
    assert table.loc["realistic", "per_period"] == pytest.approx(3)
    assert table.loc["low", "change"] == pytest.approx(proposal.detectable_change)
    _, tau2 = random_effects(np.array([0.0, 5, 10, 30]), np.full(4, 2.0))
    assert tau2 == pytest.approx(np.var([0, 5, 10, 30], ddof=1) - 4)  # equal errors: by hand
    assert table.loc["stretch", "target"] == pytest.approx(11.25 + 18.75 * tau2 / (tau2 + 4))
    assert table["detectable"].all()
    assert proposal.caveats == ()
    assert "planned changes" in str(table.loc["realistic", "grounds"])


@settings(max_examples=30, deadline=None)
@given(
    change=st.floats(-20, 60),
    half=st.floats(0.1, 30),
    benchmark=st.floats(-100, 100),
    values=st.lists(st.floats(-90, 90), min_size=0, max_size=6),
    direction=st.sampled_from(["higher", "lower"]),
    n_next=st.integers(20, 5000),
)
def test_targets_are_in_order_and_on_the_scale(
    change: float, half: float, benchmark: float, values: list[float], direction: Any, n_next: int
) -> None:
    proposal = targets.propose(
        BASELINE,
        direction=direction,
        scenario=_scenario(change, half),
        benchmark=benchmark,
        history=_table(values, 5.0, label="period"),
        segments=_table(values, 5.0),
        picked_from=5,
        n_next=n_next,
    )
    sign = 1 if direction == "higher" else -1
    gains = sign * proposal.table["change"].to_numpy()
    assert (gains > 0).all()
    assert (np.diff(gains) >= -1e-9).all()
    assert proposal.table["target"].between(-100 - 1e-9, 100 + 1e-9).all()
    assert (gains >= proposal.rebound - 1e-9).all()
    assert (proposal.table["detectable"] == (gains >= proposal.detectable_change - 1e-9)).all()


def test_a_target_closer_than_the_detectable_change_is_noise_and_says_so() -> None:
    proposal = targets.propose(BASELINE, direction="higher", scenario=_scenario(2, 1))
    assert not proposal.table["detectable"].any()
    assert sum("cannot be told from noise" in caveat for caveat in proposal.caveats) == 3
    found = targets.check(BASELINE, 7, direction="higher")
    assert not found.detectable
    assert "cannot be told from noise" in found.caveats[0]
    enough = targets.check(BASELINE, 7, direction="higher", n_next=found.n_needed)
    assert not enough.detectable  # the baseline wave stays as small as it was
    assert targets.check(BASELINE, 25, direction="higher").caveats == ()


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
    assert (proposal.table["change"] < 0).all()


def test_targets_stop_at_the_end_of_the_scale() -> None:
    score = _csat(97, 3)
    proposal = targets.propose(score, direction="higher", scenario=_scenario(9, 1))
    assert proposal.table["target"].tolist() == [100.0, 100.0, 100.0]
    assert proposal.table["ground"].eq("scale end").all()


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
    assert "regression to the mean" in proposal.caveats[0]
    history.loc[1, "value"] = -20
    assert targets.propose(BASELINE, direction="higher", history=history).rebound == 0
    picked = targets.propose(BASELINE, direction="higher", picked_from=6)
    assert picked.rebound == pytest.approx(expected_extreme(6) * error)
    assert "worst of 6" in picked.caveats[0]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"direction": "up"}, "'higher' or 'lower'"),
        ({"benchmark": 140}, "off the scale -100 to 100"),
        ({"periods": 0}, "at least 1"),
        ({"picked_from": 0}, "worst of how many"),
        ({"n_next": 0}, "at least 1"),
        ({"power": 2}, "power is 2"),
        ({"history": pd.DataFrame({"value": [1.0]})}, "no column 'standard_error'"),
        ({"segments": [1, 2]}, "must be a table"),
        ({"scenario": SimpleNamespace(predicted=nan, low=0, high=1)}, "no prediction"),
    ],
)
def test_an_impossible_proposal_is_named(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        targets.propose(BASELINE, **({"direction": "higher"} | wrong))


def test_the_best_possible_baseline_leaves_nothing_to_reach() -> None:
    with pytest.raises(DataError, match="end of its scale"):
        targets.propose(_csat(40, 0), direction="higher")


def test_a_check_refuses_a_target_on_the_wrong_side() -> None:
    with pytest.raises(DataError, match="wrong side of the baseline 5"):
        targets.check(BASELINE, 2, direction="higher")


# --- the way there ---------------------------------------------------------------------------


def test_the_path_goes_by_even_steps_with_the_fan_of_its_sample() -> None:
    found = targets.path(BASELINE, 15, start="2026Q3", due="2027Q1", n=500)
    assert found.table["period"].tolist() == ["2026Q3", "2026Q4", "2027Q1"]
    assert found.table["expected"].tolist() == pytest.approx([5, 10, 15])
    half = norm.ppf(0.975) * 100 * sqrt(0.8475 / 500)
    assert found.table["low"].tolist()[1:] == pytest.approx([10 - half, 15 - half])
    assert found.table.loc[0, "low"] == BASELINE.low
    assert found.table["n"].tolist() == [2000, 500, 500]
    assert found.direction == "higher"


def test_a_share_spreads_less_near_the_end_of_its_scale() -> None:
    found = targets.path(_csat(250, 250), 90, start=2026, due=2028).table
    half = norm.ppf(0.975) * 100 * sqrt(0.9 * 0.1 / 500)
    assert found.loc[2, "high"] == pytest.approx(90 + half)


@pytest.mark.parametrize(("shape", "middle"), [("linear", 10), ("front", 12.5), ("back", 7.5)])
def test_shapes_share_their_ends_only(shape: Any, middle: float) -> None:
    table = targets.path(BASELINE, 15, start="2026-11", due="2027-01", shape=shape).table
    assert table["expected"].tolist() == pytest.approx([5, middle, 15])


def test_a_history_is_projected_as_it_was() -> None:
    history = _table([4.0, 4.0, 4.0, 4.0], 2.0, label="period")
    table = targets.path(BASELINE, 15, start="2026Q1", due="2026Q4", history=history).table
    half = norm.ppf(0.975) * sqrt(BASELINE.standard_error**2 + 1)  # 1: the mean's own variance
    assert table["projected"].tolist() == [4.0] * 4
    assert table["projected_high"].tolist() == pytest.approx([4 + half] * 4)
    short = targets.path(BASELINE, 15, start="2026Q1", due="2026Q4", history=history.head(2))
    assert short.table["projected"].isna().all()
    assert "too few" in short.caveats[0]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"due": "2026Q1"}, "not after the start"),
        ({"due": "2025Q4"}, "not after the start"),
        ({"due": "2027-01"}, "two kinds"),
        ({"due": "soon"}, "not a period"),
        ({"now": "2027Q1"}, "lies in the past"),
        ({"shape": "liner"}, "did you mean 'linear'"),
        ({"target": 150}, "off the scale"),
        ({"target": 5}, "wrong side"),
        ({"target": 2, "direction": "higher"}, "wrong side"),
        ({"n": 0}, "at least 1"),
        ({"confidence": 1}, "confidence"),
    ],
)
def test_an_impossible_path_is_named(wrong: dict[str, Any], message: str) -> None:
    asked: dict[str, Any] = {"target": 15, "start": "2026Q1", "due": "2026Q4"} | wrong
    if asked["target"] == 5:
        asked["target"] = BASELINE.value
    with pytest.raises(CxError, match=message):
        targets.path(BASELINE, asked.pop("target"), **asked)
