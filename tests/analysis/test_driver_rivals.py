"""A competitor's ratings on the client's mix: worked by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from cxlib.analysis import driver_rivals, drivers
from cxlib.analysis.metrics import Touchpoint
from cxlib.errors import DataError
from tests.analysis.surveys import NAMES, survey

APP = [Touchpoint("app")]


def brands() -> pd.DataFrame:
    """Own: half card holders. Rival: a fifth; its card holders rate 2 or 3, the others 4 or 5."""
    own = pd.DataFrame({"brand": "own", "product": ["card"] * 50 + ["loan"] * 50, "app": 4.0})
    rival = pd.DataFrame(
        {
            "brand": "North",
            "product": ["card"] * 20 + ["loan"] * 80,
            "app": [2.0, 3.0] * 10 + [4.0, 5.0] * 40,
        }
    )
    small = pd.DataFrame({"brand": "South", "product": ["card"] * 3, "app": [1.0, 2.0, 3.0]})
    return pd.concat([own, rival, small], ignore_index=True).assign(weight=1.0)


def value(found: driver_rivals.RivalRatings | None) -> float:
    assert found is not None
    return float(found.table["value"].iloc[0])


def test_the_competitor_is_brought_to_the_clients_mix() -> None:
    plain = driver_rivals.ratings(brands(), touchpoints=APP)
    matched = driver_rivals.ratings(brands(), touchpoints=APP, match=["product"])
    assert value(plain) == pytest.approx(0.2 * 2.5 + 0.8 * 4.5)
    assert value(matched) == pytest.approx(0.5 * 2.5 + 0.5 * 4.5)
    assert matched is not None
    assert (matched.brand, matched.matched) == ("North", ("product",))
    assert "weighted to the client's mix of product" in matched.caveats[0]


def test_groups_that_only_one_brand_has_are_not_matched() -> None:
    found = driver_rivals.ratings(brands(), touchpoints=APP, brand="South", match=["product"])
    assert found is not None
    assert found.matched == ()
    assert "of another mix" in found.caveats[0]


def test_nobody_else_was_asked_and_an_unknown_brand_is_named() -> None:
    own = brands().query("brand == 'own'")
    assert driver_rivals.ratings(own, touchpoints=APP) is None
    with pytest.raises(DataError, match="no answers about brand 'Noth'; did you mean 'North'"):
        driver_rivals.ratings(brands(), touchpoints=APP, brand="Noth")


def test_the_gaps_come_in_order_of_importance_with_both_bases() -> None:
    own, theirs = survey(300, 1).assign(brand="own"), survey(90, 2).assign(brand="North")
    data = pd.concat([own, theirs], ignore_index=True).assign(weight=1.0)
    points = [Touchpoint(name) for name in NAMES]
    importance = drivers.importance(
        own, outcome="nps", drivers=points, bootstrap=50, permutations=0
    )
    rival = driver_rivals.ratings(data, touchpoints=points)
    assert rival is not None
    priorities = drivers.priorities(importance, competitor=rival)
    table = driver_rivals.gaps(priorities, rival, importance=importance).table
    assert list(table["driver"])[:2] == ["t0", "t1"]
    assert table["share"].is_monotonic_decreasing
    assert list(table["gap"]) == pytest.approx(list(table["own"] - table["competitor"]))
    assert set(table["n"]) == {90}
    assert set(table["n_own"]) == {300}
    assert table["proven"].iloc[0]
