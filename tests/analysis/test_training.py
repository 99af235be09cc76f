"""Training: Student's own data, textbook item statistics, and what must hold."""

from __future__ import annotations

from math import isnan, sqrt

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis.training import against, evaluate, items
from cxlib.errors import DataError

SLEEP = pd.DataFrame(
    {
        "pre": [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
        "post": [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
    }
)


def test_students_sleep_data() -> None:
    told = evaluate(SLEEP)
    assert told.value == pytest.approx(1.58)
    assert told.statistic == pytest.approx(4.0621, abs=5e-5)
    assert told.p_value == pytest.approx(0.002833, abs=5e-7)
    assert (told.low, told.high) == pytest.approx((0.7001, 2.4599), abs=5e-4)
    assert told.df == 9
    assert told.effect_size == pytest.approx(1.58 / SLEEP["pre"].std())
    gain = SLEEP["post"] - SLEEP["pre"]
    assert told.d_z == pytest.approx(gain.mean() / gain.std() * (1 - 3 / (4 * 9 - 1)), rel=2e-3)


def test_who_was_lost_is_counted_and_told() -> None:
    more = pd.DataFrame({"pre": [-5.0, -4.0, np.nan, np.nan], "post": [np.nan, np.nan, 3, np.nan]})
    told = evaluate(pd.concat([SLEEP, more], ignore_index=True))
    assert told.value == pytest.approx(1.58)
    assert (told.n, told.n_before_only, told.n_after_only, told.n_neither) == (10, 2, 1, 1)
    assert told.lost_before == pytest.approx(-4.5)
    assert told.caveats[0].facts["n"] == 2


def test_groups_and_what_must_hold() -> None:
    data = SLEEP.assign(site=["north", "south"] * 5)
    told = evaluate(data, by="site")
    assert told.table["n"].sum() == 10
    assert np.average(told.table["value"], weights=told.table["n"]) == pytest.approx(told.value)
    moved = evaluate(SLEEP * 3 + 2)
    assert moved.value == pytest.approx(3 * 1.58)
    assert moved.effect_size == pytest.approx(evaluate(SLEEP).effect_size)
    assert evaluate(SLEEP).effect_low < evaluate(SLEEP).effect_size < evaluate(SLEEP).effect_high


def test_nothing_gained_alike_has_no_interval() -> None:
    told = evaluate(pd.DataFrame({"pre": [1.0, 2, 3], "post": [2.0, 3, 4]}))
    assert told.value == 1
    assert isnan(told.p_value)
    with pytest.raises(DataError, match="two are needed"):
        evaluate(pd.DataFrame({"pre": [1.0, 2], "post": [2.0, np.nan]}))
    with pytest.raises(DataError, match="no column 'post'"):
        evaluate(SLEEP[["pre"]])


def test_items_by_hand() -> None:
    # Guttman: totals 0 1 2 3; p = .75 .5 .25, Σpq = .625, variance of totals 1.25 → KR-20 = .75
    told = items(pd.DataFrame({"a": [0, 1, 1, 1], "b": [0, 0, 1, 1], "c": [0, 0, 0, 1]}))
    assert told.reliability == pytest.approx(0.75)
    assert told.table["difficulty"].tolist() == [0.75, 0.5, 0.25]
    assert told.table["upper_lower"].tolist() == [1, 1, 1]
    assert told.table["discrimination"].iloc[1] == pytest.approx(
        np.corrcoef([0, 0, 1, 1], [0, 1, 1, 2])[0, 1]
    )
    assert told.standard_error == pytest.approx(np.std([0, 1, 2, 3], ddof=1) * sqrt(0.25))


def test_a_question_that_points_the_wrong_way_is_named() -> None:
    rng = np.random.default_rng(3)
    skill = rng.normal(size=(200, 1))
    right = (skill + rng.normal(size=(200, 6)) > [-2.5, -1, 0, 0, 1, 3]).astype(int)
    answers = pd.DataFrame(right, columns=list("abcdef")).assign(g=(skill[:, 0] < 0).astype(int))
    told = items(answers).table.set_index("item")["advice"]
    assert told["g"] == "points the wrong way"
    assert told["f"] == "too hard"
    assert (told[["b", "c", "d"]] == "").all()
    gaps = answers.astype(float)
    gaps.iloc[0] = np.nan
    gaps.iloc[1, 0] = np.nan
    assert items(gaps).n_dropped == 1
    assert items(gaps).table["n"].iloc[0] == 198
    with pytest.raises(DataError, match="marks go from 0 to 1"):
        items(answers.assign(b=2), marks=dict.fromkeys("abcdefg", 1.0))


def test_with_and_without_is_welchs_test_of_the_gains() -> None:
    """R: t.test(extra ~ group, data = sleep) gives t 1.8608 on 17.776, p 0.07939."""
    gains = pd.concat([SLEEP["post"], SLEEP["pre"]], ignore_index=True)
    data = pd.DataFrame({"pre": 0.0, "post": gains, "trained": [True] * 10 + [False] * 10})
    told = against(data)
    assert (told.value, told.gain, told.gain_without) == pytest.approx((1.58, 2.33, 0.75))
    assert told.statistic == pytest.approx(1.8608, abs=5e-5)
    assert told.df == pytest.approx(17.776, abs=5e-4)
    assert told.p_value == pytest.approx(0.07939, abs=5e-6)
    assert (told.low, told.high) == pytest.approx((-0.2055, 3.3655), abs=5e-5)
    swapped = against(data.assign(trained=~data["trained"]))
    assert (swapped.value, swapped.low) == pytest.approx((-told.value, -told.high))
    lone = pd.DataFrame({"pre": [1.0], "post": [None], "trained": [True]})
    assert against(pd.concat([data, lone])).n == 10  # who took one test only does not count
    with pytest.raises(DataError, match="10 with and 0 without the training"):
        against(data[data["trained"]])
