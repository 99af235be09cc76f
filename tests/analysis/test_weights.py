from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from cxlib.analysis import scores, weights
from cxlib.errors import DataError

CELLS = pd.read_csv(Path(__file__).parents[1] / "reference" / "raking.csv", comment="#")
SAMPLE = CELLS.loc[CELLS.index.repeat(CELLS["sample"]), ["a", "b", "ratio"]].reset_index(drop=True)
COUNTS = {name: CELLS.groupby(name)["population"].sum().to_dict() for name in ("a", "b")}


def test_raking_agrees_with_kalton_and_flores_2003() -> None:
    found = weights.rake(SAMPLE, COUNTS)
    assert found.converged
    assert (found.weights - SAMPLE["ratio"]).abs().max() < 0.0051  # printed to two decimals
    assert found.weights.sum() == pytest.approx(CELLS["population"].sum())


@pytest.mark.parametrize("whole", [1, 100])
def test_shares_and_percent_give_weights_around_one(whole: float) -> None:
    margins = {
        name: {level: whole * count / 1500 for level, count in known.items()}
        for name, known in COUNTS.items()
    }
    found = weights.rake(SAMPLE, margins)
    assert found.weights.mean() == pytest.approx(1)
    expected = weights.rake(SAMPLE, COUNTS)
    assert found.weights.to_numpy() * 1.5 == pytest.approx(expected.weights.to_numpy())
    assert found.n_effective == pytest.approx(expected.n_effective)


def test_one_margin_is_post_stratification_by_hand() -> None:
    data = pd.DataFrame({"sex": ["f"] * 6 + ["m"] * 2}, index=list("abcdefgh"))
    found = weights.rake(data, {"sex": {"f": 0.5, "m": 0.5}})
    assert found.weights["a"] == pytest.approx(2 / 3)
    assert found.weights["h"] == pytest.approx(2)
    # Kish: 8 · (6 · 4/9 + 2 · 4) / 64 = 4/3
    assert found.design_effect == pytest.approx(4 / 3)
    assert found.n_effective == pytest.approx(6)
    assert found.weights.index.equals(data.index)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_raked_shares_meet_every_margin(seed: int) -> None:
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"a": rng.integers(0, 3, 300), "b": rng.integers(0, 4, 300)})
    margins = {
        "a": dict(zip(range(3), rng.dirichlet([9] * 3), strict=True)),
        "b": dict(zip(range(4), rng.dirichlet([9] * 4), strict=True)),
    }
    found = weights.rake(data, margins)
    assert found.converged
    for name, known in margins.items():
        shares = found.weights.groupby(data[name]).sum() / found.weights.sum()
        assert shares.to_dict() == pytest.approx(known, abs=1e-7)
    assert max(found.residuals.values()) < 1e-7


def test_a_cap_is_kept_and_the_rest_raked_again() -> None:
    found = weights.rake(SAMPLE, COUNTS, cap=1.5)
    assert found.converged
    assert found.weights.max() <= 1.5 * found.weights.mean() * (1 + 1e-9)
    assert max(found.residuals.values()) < 1e-7
    free = weights.rake(SAMPLE, COUNTS)
    assert free.weights.max() > 1.5 * free.weights.mean()
    assert found.n_capped == 150
    assert "150 rows" in found.caveats[0]


def test_a_margin_out_of_reach_is_said_with_its_gap() -> None:
    found = weights.rake(SAMPLE, COUNTS, cap=1.1)
    assert not found.converged
    assert found.residuals["a"] > 0.01
    assert f"{found.residuals['a']:.2%}" in found.caveats[0]
    assert found.weights.max() <= 1.1 * found.weights.mean() * (1 + 1e-9)
    empty = pd.DataFrame({"a": ["x", "y"], "b": ["p", "q"]})  # a and b say the same
    torn = weights.rake(empty, {"a": {"x": 0.5, "y": 0.5}, "b": {"p": 0.9, "q": 0.1}})
    assert not torn.converged and torn.residuals["a"] == pytest.approx(0.4)


def test_rows_without_a_level_keep_their_part() -> None:
    data = pd.DataFrame({"sex": ["f", "f", "f", "m", None]})
    found = weights.rake(data, {"sex": {"f": 0.5, "m": 0.5}})
    assert found.weights.tolist() == pytest.approx([2 / 3] * 3 + [2, 1])
    assert "1 row has no sex" in found.caveats[0]


def test_raking_starts_from_the_weights_there_are() -> None:
    data = pd.DataFrame({"sex": ["f", "f", "m"], "weight": [1.0, 3.0, 1.0]})
    found = weights.rake(data, {"sex": {"f": 0.5, "m": 0.5}}, weights="weight")
    assert found.weights.tolist() == pytest.approx([0.375, 1.125, 1.5])


def test_levels_are_matched_as_text() -> None:
    data = pd.DataFrame({"stars": [1.0, 2.0, 2.0]})
    assert weights.rake(data, {"stars": {"1": 50, 2: 50}}).converged


def test_weights_go_straight_into_a_score() -> None:
    data = pd.DataFrame({"sex": ["f"] * 6 + ["m"] * 2, "nps": [9] * 6 + [3] * 2})
    found = weights.rake(data, {"sex": {"f": 0.5, "m": 0.5}})
    assert scores.nps(data["nps"], weights=found.weights).value == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("margins", "message"),
    [
        ({}, "no margins are given"),
        ({"a": {}}, "margin 'a' is empty"),
        ({"c": {"x": 1}}, "no column 'c'"),
        ({"a": {"a1": 1, "a2": 1, "a3": 1, "a4": 1, "a5": 1}}, "level 'a5' that no row"),
        ({"a": {"a1": 1, "a2": 1, "a3": 1}}, "level 'a4' (200 rows) that its margin lacks"),
        ({"a": {"a1": -1, "a2": 1, "a3": 1, "a4": 1}}, "is -1; it must be above 0"),
        ({"a": {"a1": 0, "a2": 1, "a3": 1, "a4": 1}}, "is 0; it must be above 0"),
        ({"a": {"a1": np.nan, "a2": 1, "a3": 1, "a4": 1}}, "is nan; it must"),
        ({"a": {"a1": "x", "a2": 1, "a3": 1, "a4": 1}}, "is 'x'; it must be a number"),
        ({"a": {"a1": 0.2, "a2": 0.2, "a3": 0.2, "a4": 0.2}}, "sum to 0.8, not to 1"),
        (COUNTS | {"b": {"b1": 500, "b2": 500, "b3": 400}}, "'a' sums to 1500, 'b' to 1400"),
    ],
)
def test_margins_that_cannot_be_met_are_named(margins: dict, message: str) -> None:
    with pytest.raises(DataError) as told:
        weights.rake(SAMPLE, margins)
    assert message in str(told.value)


def test_nothing_to_weight_and_a_cap_below_the_mean_are_refused() -> None:
    with pytest.raises(DataError, match="no rows to weight"):
        weights.rake(SAMPLE.iloc[:0], COUNTS)
    with pytest.raises(DataError, match="must be above 1"):
        weights.rake(SAMPLE, COUNTS, cap=1)
    with pytest.raises(DataError, match="no values to match"):
        weights.rake(SAMPLE.assign(a=None), COUNTS)


def test_a_cap_that_can_be_kept_is_said_to_be_met() -> None:
    # the last rescaling after trimming moved a margin just across the tolerance
    rng = np.random.default_rng(4)
    margins = {"a": {"x": 0.5, "y": 0.25, "z": 0.25}, "b": {1: 0.6, 2: 0.4}}
    for _sample in range(60):
        n = int(rng.integers(50, 400))
        tiers = rng.choice(list("xyz"), n, p=[0.7, 0.2, 0.1])
        sample = pd.DataFrame({"a": tiers, "b": rng.choice([1, 2], n, p=[0.8, 0.2])})
        if sample["a"].nunique() < 3:
            continue
        raked = weights.rake(sample, margins, cap=2.5)
        worst = max(raked.residuals.values())
        assert raked.converged or worst > 1e-6
        assert raked.weights.max() <= 2.5 * raked.weights.mean() * (1 + 1e-9)
