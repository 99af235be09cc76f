from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from cxlib.analysis import drivers
from cxlib.analysis.drivers.groups import TOO_SMALL
from cxlib.errors import DataError
from tests.analysis.surveys import NAMES, survey

QUICK: dict[str, Any] = {"bootstrap": 0, "permutations": 0}


def two_segments(n: int, seed: int, difference: float) -> pd.DataFrame:
    one = survey(n, seed, (0.8, 0.2, 0.2)).assign(tier="gold")
    two = survey(n, seed + 1, (0.8 - difference, 0.2 + difference, 0.2)).assign(tier="basic")
    return pd.concat([one, two], ignore_index=True)


def test_segments_that_differ_are_told_from_those_that_do_not() -> None:
    options: dict[str, Any] = {"outcome": "nps", "drivers": NAMES[:3], "segment": "tier"}
    real = drivers.by_segment(two_segments(250, 0, 0.6), **options, **QUICK)
    assert real.table["p_value"][0] < 0.001
    assert (real.interactions["p_adjusted"] < 0.01).tolist() == [True, True, False]
    same = [
        drivers.by_segment(two_segments(100, 10 * s, 0.0), **options, **QUICK).table["p_value"][0]
        for s in range(60)
    ]
    assert np.mean(np.array(same) < 0.1) <= 0.2  # 6 expected of 60; more than 12 has p < .01


def test_the_interaction_test_is_the_robust_f_of_statsmodels() -> None:
    data = two_segments(100, 3, 0.3)
    gold = (data["tier"] == "gold").astype(float)
    columns = {name: data[name] for name in NAMES[:3]} | {"gold": gold}
    columns |= {f"{name}_gold": data[name] * gold for name in NAMES[:3]}
    fit = sm.OLS(data["nps"], sm.add_constant(pd.DataFrame(columns))).fit(
        cov_type="HC3", use_t=True
    )
    whole = fit.f_test("t0_gold = 0, t1_gold = 0, t2_gold = 0")
    result = drivers.by_segment(data, outcome="nps", drivers=NAMES[:3], segment="tier", **QUICK)
    assert result.table["statistic"][0] == pytest.approx(float(whole.fvalue))
    assert result.table["p_value"][0] == pytest.approx(float(whole.pvalue))
    raw = fit.pvalues[["t0_gold", "t1_gold", "t2_gold"]].to_numpy()
    assert result.interactions["p_value"].to_numpy() == pytest.approx(raw)


def test_each_level_is_analysed_as_if_alone() -> None:
    data = two_segments(100, 5, 0.3)
    result = drivers.by_segment(data, outcome="nps", drivers=NAMES[:3], segment="tier", **QUICK)
    assert result.by_level["level"].unique().tolist() == ["basic", "gold"]
    gold = data[data["tier"] == "gold"]
    alone = drivers.importance(gold, outcome="nps", drivers=NAMES[:3], **QUICK)
    part = result.by_level[result.by_level["level"] == "gold"].drop(columns=["segment", "level"])
    pd.testing.assert_frame_equal(part.reset_index(drop=True), alone.table)


def test_small_and_uniform_levels_are_left_out_by_name() -> None:
    data = two_segments(60, 5, 0.3)
    few = survey(29, 8, (0.5, 0.5, 0.5)).assign(tier="new")
    flat = survey(60, 9, (0.5, 0.5, 0.5)).assign(tier="flat", t1=4.0)
    lost = survey(10, 9, (0.5, 0.5, 0.5)).assign(tier=None)
    data = pd.concat([data, few, flat, lost], ignore_index=True)
    result = drivers.by_segment(data, outcome="nps", drivers=NAMES[:3], segment="tier", **QUICK)
    assert (result.left_out["tier"], result.n_used, result.n_dropped) == (("flat", "new"), 120, 99)
    assert result.caveats[0].facts["levels"] == ("flat", "new")


def test_a_segment_too_small_is_not_tested_and_says_so() -> None:
    data = two_segments(29, 5, 0.3)
    result = drivers.by_segment(data, outcome="nps", drivers=NAMES[:3], segment="tier", **QUICK)
    row = result.table.iloc[0]
    assert (row["levels"], row["reason"]) == (0, TOO_SMALL)
    assert np.isnan(row["p_value"]) and result.by_level.empty


def test_several_segments_are_one_family() -> None:
    one, other = survey(400, 1, (1.0, 0.1, 0.1, 0.0)), survey(400, 2, (0.0, 0.1, 1.0, 0.0))
    data = pd.concat([one.assign(group="a"), other.assign(group="b")], ignore_index=True)
    data["coin"] = np.where(np.arange(800) % 2, "x", "y")
    data["number"] = np.where(data["group"] == "a", 7, 3)
    options: dict[str, Any] = {"outcome": "nps", "drivers": NAMES} | QUICK
    table = drivers.by_segment(data, segment=["group", "coin", "number"], **options).table
    table = table.set_index("segment")
    assert table["p_adjusted"]["group"] < 0.001
    assert table.loc["group", "driver"] in {"t0", "t2"}
    assert table["p_adjusted"]["coin"] > 0.05
    assert table["p_value"]["number"] == pytest.approx(table["p_value"]["group"])
    assert table["p_adjusted"]["coin"] >= table["p_value"]["coin"]
    assert drivers.by_segment(data, segment=[], **options).table.empty


def test_an_unknown_segment_and_one_that_is_a_driver_are_refused() -> None:
    data = two_segments(60, 5, 0.3)
    with pytest.raises(DataError, match="no column 'teir' in the data; did you mean 'tier'"):
        drivers.by_segment(data, outcome="nps", drivers=NAMES[:3], segment="teir")
    with pytest.raises(DataError, match="segment 't0' is also a driver"):
        drivers.by_segment(data, outcome="nps", drivers=NAMES[:3], segment="t0")
