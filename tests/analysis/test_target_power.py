from __future__ import annotations

from math import ceil, inf, isinf, nan, sqrt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import norm
from statsmodels.stats.power import NormalIndPower

from cxlib.analysis import scores, targets
from cxlib.errors import DataError
from tests.reference import sample_sizes as sizes


def _nps(promoters: int, passives: int, detractors: int) -> scores.Score:
    return scores.nps(pd.Series([10] * promoters + [8] * passives + [3] * detractors))


def test_an_nps_change_of_10_needs_1099_a_wave_or_433_against_a_fixed_target() -> None:
    two = targets.sample_size(change=10, variance=0.7)
    assert (two.n, two.n_total, two.design, two.sides) == (1099, 2198, "two waves", 2)
    one = targets.sample_size(change=10, variance=0.7, design="fixed target")
    assert (one.n, one.n_total, one.design, one.sides) == (433, 433, "fixed target", 1)
    assert (one.alpha, one.power, one.design_effect) == (0.05, 0.8, 1.0)


def test_shares_agree_with_rs_trialsize() -> None:
    size = targets.sample_size(change=20, share=65)
    assert size.n == sizes.SHARES_65_85


def test_means_follow_lehrs_rule_before_he_rounded_it() -> None:
    size = targets.sample_size(change=0.02, sd=1)
    assert size.n == pytest.approx(sizes.LEHR_UNROUNDED / 0.02**2, rel=1e-4)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("change", [4.0, 12.0])
def test_the_size_is_the_one_that_statsmodels_solves_for(sides: int, change: float) -> None:
    wanted = NormalIndPower().solve_power(
        change / 100 / sqrt(0.62),
        alpha=0.05,
        power=0.9,
        alternative="two-sided" if sides == 2 else "larger",
    )
    assert targets.sample_size(change=change, variance=0.62, sides=sides, power=0.9).n == ceil(
        wanted
    )


def test_the_power_curve_agrees_with_statsmodels_and_passes_80_percent_at_the_size_needed() -> None:
    curve = targets.power_curve(variance=0.7, changes=[10], sizes=[200, 1098, 1099])
    expected = [NormalIndPower().power(0.1 / sqrt(0.7), n, 0.05) for n in (200, 1098, 1099)]
    assert curve.table["power"].tolist() == pytest.approx(expected)
    assert curve.table["enough"].tolist() == [False, False, True]
    assert curve.table.columns.tolist() == ["change", "n", "power", "enough"]


def test_the_change_that_the_figure_names_is_computed_and_no_step_of_its_grid() -> None:
    score = _nps(230, 180, 184)  # 594 answers
    curve = targets.power_curve(score=score, n=594)
    by_hand = (norm.ppf(0.975) + norm.ppf(0.8)) * score.standard_error * sqrt(2)
    assert curve.smallest == pytest.approx(by_hand)
    assert curve.smallest not in set(curve.table["change"])
    assert curve.smallest == targets.detectable_change(score=score, n=594).change
    at = targets.power_curve(score=score, n=594, changes=[curve.smallest]).table
    assert at.set_index("n").loc[594, "power"] == pytest.approx(0.8, abs=1e-4)


def test_a_simulated_share_is_seen_as_often_as_planned() -> None:
    plan = targets.sample_size(change=8, share=70, design="fixed target")
    rng = np.random.default_rng(5)
    share = rng.binomial(plan.n, 0.78, 20_000) / plan.n
    z = (share - 0.70) / sqrt(0.7 * 0.3 / plan.n)
    assert (z > norm.ppf(0.95)).mean() == pytest.approx(0.8, abs=0.025)


@settings(max_examples=40, deadline=None)
@given(
    change=st.floats(1, 40),
    share=st.floats(5, 55),
    effect=st.floats(0.5, 4),
    design=st.sampled_from(["two waves", "fixed target"]),
)
def test_size_and_detectable_change_undo_each_other(
    change: float, share: float, effect: float, design: Any
) -> None:
    for spread in ({"share": share}, {"variance": 0.6}, {"sd": 20.0}):
        plan: Any = {**spread, "design": design, "design_effect": effect}
        n = targets.sample_size(change=change, **plan).n
        assert targets.detectable_change(n=n, **plan).change <= change * (1 + 1e-9)
        if n > 2:
            assert targets.detectable_change(n=n - 1, **plan).change > change * (1 - 1e-9)


def test_the_design_effect_multiplies_the_answers() -> None:
    plain = targets.sample_size(change=1, variance=0.7).n
    assert targets.sample_size(change=1, variance=0.7, design_effect=2).n == pytest.approx(
        2 * plain, abs=1
    )


def test_a_score_brings_its_own_variance_and_weights() -> None:
    score = _nps(450, 150, 400)
    by_hand = 0.45 + 0.40 - 0.05**2
    assert targets.sample_size(change=7, score=score) == targets.sample_size(
        change=7, variance=by_hand
    )
    ratings = pd.Series([10, 10, 8, 3, 9, 6] * 50)
    weighted = scores.nps(ratings, weights=pd.Series([1, 4, 1, 1, 2, 3] * 50))
    needed = targets.sample_size(change=7, score=weighted, design="fixed target").n
    z = norm.ppf(0.95) + norm.ppf(0.8)
    assert needed == ceil(300 * (weighted.standard_error * z / 7) ** 2)


def test_answers_of_the_wave_before_are_counted_on_their_own() -> None:
    found = targets.detectable_change(n=400, n_before=1600, variance=0.7).change
    by_hand = 100 * (norm.ppf(0.975) + norm.ppf(0.8)) * sqrt(0.7 / 400 + 0.7 / 1600)
    assert found == pytest.approx(by_hand)


def test_a_share_with_no_room_left_has_no_detectable_change() -> None:
    assert isinf(targets.detectable_change(n=20, share=99).change)
    lower = targets.detectable_change(n=200, share=99, direction="lower").change
    higher = targets.detectable_change(n=200, share=1).change
    assert lower == pytest.approx(higher)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"change": 0}, "change is 0"),
        ({"change": nan}, "change is nan"),
        ({"change": 300}, "more than the whole scale"),
        ({"variance": 0}, "must be positive"),
        ({"variance": 7000}, "impossible"),
        ({"variance": None}, "exactly one of"),
        ({"share": 50}, "exactly one of"),
        ({"variance": None, "share": 95}, "off the scale"),
        ({"variance": None, "share": 950}, "0 to 100"),
        ({"variance": None, "sd": -1}, "must be positive"),
        ({"power": 1}, "power is 1"),
        ({"power": 0}, "power is 0"),
        ({"alpha": 0}, "alpha is 0"),
        ({"power": 0.01}, "ask for more"),
        ({"sides": 3}, "sides is 3"),
        ({"design": "two wave"}, "did you mean 'two waves'"),
        ({"metric": "npss"}, "did you mean 'nps'"),
        ({"variance": None, "sd": 1, "metric": "share"}, "describes a mean"),
        ({"design_effect": 0}, "design_effect is 0"),
    ],
)
def test_an_impossible_plan_is_named(wrong: dict[str, Any], message: str) -> None:
    plan: dict[str, Any] = {"change": 10, "variance": 0.7} | wrong
    with pytest.raises(DataError, match=message):
        targets.sample_size(**plan)


@pytest.mark.parametrize("n", [0, -5, nan, inf])
def test_a_wave_without_answers_is_refused(n: float) -> None:
    with pytest.raises(DataError, match="at least 1"):
        targets.detectable_change(n=n, variance=0.7)
    with pytest.raises(DataError, match="at least 1"):
        targets.power_curve(variance=0.7, sizes=[n])


def test_a_fixed_target_has_no_wave_before_it() -> None:
    with pytest.raises(DataError, match="n_before"):
        targets.detectable_change(n=100, n_before=50, variance=0.7, design="fixed target")
