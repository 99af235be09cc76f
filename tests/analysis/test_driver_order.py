"""How sure the order is, counted by hand from made-up resamples; segments with planted drivers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import drivers
from cxlib.analysis.driver_order import TOO_SMALL, certainty, compare_segments
from cxlib.errors import DataError
from tests.analysis.surveys import NAMES, survey

QUICK: dict[str, Any] = {"outcome": "nps", "drivers": NAMES, "bootstrap": 50, "permutations": 0}


@pytest.fixture(scope="module")
def importance() -> drivers.DriverImportance:
    return drivers.importance(survey(), **QUICK)


def test_probabilities_are_counted_from_the_resamples(importance: Any) -> None:
    draws = np.array(
        [[0.5, 0.3, 0.15, 0.05], [0.3, 0.5, 0.15, 0.05], [0.5, 0.1, 0.35, 0.05], [np.nan] * 4]
    )
    order = certainty(replace(importance, share_draws=draws))
    table = order.table.set_index("driver")
    assert list(table.loc["t0", ["p_rank_1", "p_rank_2"]]) == pytest.approx([2 / 3, 1 / 3])
    assert table.loc["t3", "p_rank_4"] == 1
    assert order.leading == ("t0", "t1", "t2")
    assert (order.p_set, order.p_order) == pytest.approx((1.0, 1 / 3))
    pair = certainty(replace(importance, share_draws=draws), most=2)
    assert (pair.p_set, pair.p_order) == pytest.approx((2 / 3, 1 / 3))
    assert pair.share_low == pytest.approx(np.percentile([0.8, 0.8, 0.6], 2.5))


def test_every_row_and_every_rank_sums_to_one(importance: Any) -> None:
    table = certainty(importance).table
    cells = table[[f"p_rank_{place}" for place in range(1, 5)]].to_numpy()
    assert cells.sum(axis=0) == pytest.approx(np.ones(4))
    assert cells.sum(axis=1) == pytest.approx(np.ones(4))
    assert table["share_johnson"].sum() == pytest.approx(1)
    assert list(table["rank"]) == [1, 2, 3, 4]
    assert cells[:, :3].sum(axis=1) == pytest.approx(table["p_top3"].to_numpy(dtype=float))


def test_without_resamples_nothing_is_sure_but_the_shares_stand() -> None:
    order = certainty(drivers.importance(survey(), **QUICK | {"bootstrap": 0}))
    assert np.isnan(order.p_set)
    assert order.share > 0.9
    assert order.caveats == ("No resamples were drawn: no rank is sure.",)


def test_where_nothing_is_proven_nothing_leads() -> None:
    order = certainty(drivers.importance(survey(effects=(0.0, 0.0, 0.0, 0.0)), **QUICK))
    assert order.leading == ()
    assert np.isnan(order.share)


def test_disagreement_of_the_methods_is_told(importance: Any) -> None:
    table = importance.table.assign(johnson=[0.1, 0.2, 0.05, 0.01])
    assert certainty(importance).agree
    assert not certainty(replace(importance, table=table)).agree


def test_the_leading_are_at_least_one(importance: Any) -> None:
    with pytest.raises(DataError, match="most is 0"):
        certainty(importance, most=0)


def test_a_planted_difference_is_found_and_an_even_split_is_not() -> None:
    one, other = survey(400, 1, (1.0, 0.1, 0.1, 0.0)), survey(400, 2, (0.0, 0.1, 1.0, 0.0))
    data = pd.concat([one.assign(group="a"), other.assign(group="b")], ignore_index=True)
    data["coin"] = np.where(np.arange(800) % 2, "x", "y")
    data["lone"] = "only"
    found = compare_segments(data, segments=["group", "coin", "lone"], **QUICK)
    table = found.table.set_index("segment")
    assert table["p_adjusted"]["group"] < 0.001
    assert table.loc["group", "driver"] in {"t0", "t2"}
    assert table["p_adjusted"]["coin"] > 0.05
    assert (table.loc["lone", "reason"], table.loc["lone", "levels"]) == (TOO_SMALL, 0)
    assert found.of() is found.of("group")
    assert found.of("lone") is None


def test_no_segments_make_an_empty_table() -> None:
    found = compare_segments(survey(), segments=[], **QUICK)
    assert found.table.empty
    assert found.of() is None
