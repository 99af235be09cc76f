from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import kpis, trends
from cxlib.analysis.metrics import Metric, Touchpoint
from cxlib.errors import DataError

CSAT = Metric("csat", "csat")
NPS = Metric("nps", "nps")
WAIT = Metric("wait", "mean", direction="lower")


def answers(brand: str, n: int, satisfied: int, tier: str = "gold") -> pd.DataFrame:
    return pd.DataFrame(
        {"brand": brand, "csat": [5.0] * satisfied + [2.0] * (n - satisfied), "tier": tier}
    )


def test_the_raw_gap_agrees_with_newcombe_1998() -> None:
    """Newcombe (1998), Statistics in Medicine 17, 873-890, table II, example (a), method 10."""
    data = pd.concat([answers("own", 70, 56), answers("rival", 80, 48)])  # repeated row labels
    row = trends.compare_competitors(data, metrics=[CSAT], segments=[]).table.iloc[0]
    assert [row["change"], row["change_low"], row["change_high"]] == pytest.approx(
        [20.0, 5.24, 33.39], abs=0.005
    )
    assert (row["turn"], row["brand"]) == ("better", "rival")


def mixed() -> pd.DataFrame:
    """Each tier is equally satisfied with both brands; only the tiers differ."""
    return pd.concat(
        [
            answers("own", 300, 240, "gold"),  # 80 %
            answers("own", 100, 40, "basic"),  # 40 %
            answers("rival", 100, 80, "gold"),
            answers("rival", 300, 120, "basic"),
        ],
        ignore_index=True,
    )


def test_an_equal_mix_takes_away_a_gap_that_is_only_mix() -> None:
    row = trends.compare_competitors(mixed(), metrics=[CSAT], segments=["tier"]).table.iloc[0]
    assert row["change"] == pytest.approx(70 - 50)
    assert row["like"] == pytest.approx(0, abs=1e-6)
    assert (row["turn"], row["cause"]) == ("unclear", "mix")


def test_it_is_the_comparison_that_every_chapter_makes() -> None:
    data = mixed()
    here = trends.compare_competitors(data, metrics=[CSAT], segments=["tier"]).table
    there = kpis.contrast(data, questions=[CSAT], by="brand", segments=["tier"]).table
    pd.testing.assert_frame_equal(here, there)


def test_swapping_the_brands_turns_the_gap_around() -> None:
    data = pd.concat([answers("own", 70, 56), answers("rival", 80, 48)], ignore_index=True)
    there = trends.compare_competitors(data, metrics=[CSAT], segments=[]).table.iloc[0]
    back = trends.compare_competitors(data, metrics=[CSAT], segments=[], own="rival").table.iloc[0]
    assert back["change"] == pytest.approx(-there["change"])
    assert (back["turn"], back["brand"]) == ("worse", "own brand")


def test_lower_can_be_better() -> None:
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"brand": ["own"] * 50 + ["rival"] * 50})
    data["wait"] = np.r_[rng.normal(5, 1, 50), rng.normal(9, 1, 50)]
    row = trends.compare_competitors(data, metrics=[WAIT], segments=[]).table.iloc[0]
    assert row["change"] < 0
    assert row["turn"] == "better"


def test_touchpoints_are_compared_by_their_users() -> None:
    data = pd.DataFrame(
        {
            "brand": ["own"] * 40 + ["rival"] * 40,
            "booking": [4.0, 5.0] * 15 + [np.nan] * 10 + [3.0, 4.0] * 20,
        }
    )
    found = trends.compare_competitors(data, metrics=[Touchpoint("booking")], segments=[])
    row = found.table.iloc[0]
    assert row["change"] == pytest.approx(1.0)
    assert row["n"] == 30


def test_stable_competitors_are_rarely_called_different() -> None:
    rng = np.random.default_rng(21)
    brands = np.repeat(["own", "a", "b"], 80)
    tier = np.tile(["gold", "basic"], 120)
    wrong = 0
    for _ in range(40):
        data = pd.DataFrame({"brand": brands, "tier": tier})
        data["nps"] = rng.choice(11, 240, p=[0.04] * 7 + [0.12, 0.2, 0.2, 0.2]).astype(float)
        data["csat"] = rng.integers(1, 6, 240).astype(float)
        found = trends.compare_competitors(data, metrics=[NPS, CSAT], segments=["tier"])
        wrong += found.table["turn"].ne("unclear").any()
    assert wrong <= 8  # 40 tables at 5 % (7 % at worst): more than 8 has probability 0.003


DATA = pd.concat([answers("own", 12, 6), answers("rival", 12, 6)], ignore_index=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metrics": []}, "no metric to compare"),
        ({"own": "ownn"}, "'ownn'; did you mean 'own'"),
        ({"brand": "brands"}, "did you mean 'brand'"),
        ({"segments": ["teir"]}, "teir"),
        ({"metrics": [NPS]}, "no column 'nps'"),
    ],
)
def test_comparisons_that_cannot_be_made_are_refused(
    options: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        trends.compare_competitors(DATA, **{"metrics": [CSAT], "segments": []} | options)


def test_a_client_without_competitors_is_told_so() -> None:
    with pytest.raises(DataError, match="holds only 'own': there is no competitor"):
        trends.compare_competitors(DATA.iloc[:12], metrics=[CSAT], segments=[])
