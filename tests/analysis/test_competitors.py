from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import trends
from cxlib.analysis.compare import adjust, difference
from cxlib.analysis.metrics import Metric, Touchpoint
from cxlib.analysis.scores import csat
from cxlib.errors import DataError

CSAT = Metric("csat", "csat")
NPS = Metric("nps", "nps")
WAIT = Metric("wait", "mean", direction="lower")


def answers(brand: str, n: int, satisfied: int, tier: str = "gold") -> pd.DataFrame:
    return pd.DataFrame(
        {"brand": brand, "csat": [5.0] * satisfied + [2.0] * (n - satisfied), "tier": tier}
    )


def test_the_gap_agrees_with_newcombe_1998() -> None:
    """Newcombe (1998), Statistics in Medicine 17, 873-890, table II, example (a), method 10."""
    data = pd.concat([answers("own", 70, 56), answers("rival", 80, 48)])  # repeated row labels
    row = trends.compare_competitors(data, metrics=[CSAT]).table.iloc[0]
    assert [row["gap"], row["low"], row["high"]] == pytest.approx([20.0, 5.24, 33.39], abs=0.005)
    assert row["standing"] == "ahead"
    assert (row["n_own"], row["n_competitor"], row["n"]) == (70, 80, 70)


def test_matching_takes_away_a_gap_that_is_only_mix() -> None:
    """By hand: each tier is equally satisfied with both brands; only the tiers differ."""
    data = pd.concat(
        [
            answers("own", 300, 240, "gold"),  # 80 %
            answers("own", 100, 40, "basic"),  # 40 %
            answers("rival", 100, 80, "gold"),
            answers("rival", 300, 120, "basic"),
        ],
        ignore_index=True,
    )
    plain = trends.compare_competitors(data, metrics=[CSAT])
    matched = trends.compare_competitors(data, metrics=[CSAT], match="tier")
    assert plain.table["gap"].iloc[0] == pytest.approx(70 - 50)
    assert plain.table["standing"].iloc[0] == "ahead"
    row = matched.table.iloc[0]
    assert row["gap"] == pytest.approx(0, abs=1e-6)
    assert row["own"] == pytest.approx(60, abs=1e-6)  # the pooled mix is half and half
    assert row["standing"] == "no clear difference"
    assert row["n_effective_own"] == pytest.approx(400**2 / (300 * (2 / 3) ** 2 + 100 * 4))
    assert matched.mix is not None
    assert matched.mix["weighted_share"].tolist() == pytest.approx([0.5] * 4)
    assert any("one mix of tier" in caveat for caveat in matched.caveats)


def test_matching_brands_of_one_mix_changes_nothing() -> None:
    rng = np.random.default_rng(4)
    data = pd.DataFrame(
        {
            "brand": ["own", "rival"] * 100,
            "nps": rng.integers(0, 11, 200).astype(float),
            "tier": np.repeat(["gold", "basic", "none", "new"], 50),
        }
    )
    plain = trends.compare_competitors(data, metrics=[NPS]).table
    matched = trends.compare_competitors(data, metrics=[NPS], match=["tier"]).table
    pd.testing.assert_frame_equal(plain, matched, rtol=1e-9)


def test_two_columns_are_matched_at_once() -> None:
    rng = np.random.default_rng(6)
    data = pd.DataFrame({"brand": rng.choice(["own", "a", "b"], 600, p=[0.5, 0.3, 0.2])})
    leaning = data["brand"].eq("own") * 0.4 + 0.3
    data["tier"] = np.where(rng.random(600) < leaning, "gold", "basic")
    data["channel"] = np.where(rng.random(600) < 1 - leaning, "web", "app")
    data["csat"] = np.where(data["tier"].eq("gold"), 5.0, 3.0) - (rng.random(600) < 0.2)
    data["weight"] = rng.uniform(0.5, 2, 600)
    found = trends.compare_competitors(data, metrics=[CSAT], match=["tier", "channel"])
    assert found.mix is not None
    spread = found.mix.groupby(["margin", "level"])["weighted_share"].agg(np.ptp)
    assert spread.max() < 1e-6
    before = found.mix.groupby(["margin", "level"])["sample_share"].agg(np.ptp)
    assert before.min() > 0.2
    plain = trends.compare_competitors(data, metrics=[CSAT]).table
    assert (found.table["gap"].abs() < plain["gap"].abs() / 2).all()


def test_a_level_that_one_brand_lacks_is_left_out_and_counted() -> None:
    data = pd.concat(
        [answers("own", 40, 30), answers("own", 7, 7, "founders"), answers("rival", 40, 20)],
        ignore_index=True,
    )
    found = trends.compare_competitors(data, metrics=[CSAT], match="tier")
    assert (found.n_used, found.n_dropped) == (80, 7)
    assert "7 rows are of a level of tier that some brand lacks and were left out." in found.caveats
    with pytest.raises(DataError, match="no level of column 'tier' is found in every brand"):
        trends.compare_competitors(data.iloc[40:], metrics=[CSAT], match="tier")


def test_every_kpi_and_competitor_is_one_family_without_the_withheld() -> None:
    rng = np.random.default_rng(9)
    data = pd.DataFrame({"brand": ["own"] * 60 + ["a"] * 60 + ["b"] * 9})
    data["nps"] = rng.integers(0, 11, 129).astype(float)
    data["csat"] = rng.integers(1, 6, 129).astype(float)
    table = trends.compare_competitors(data, metrics=[NPS, CSAT]).table
    assert table["competitor"].tolist() == ["a", "a", "b", "b"]
    assert table["withheld"].tolist() == [False, False, True, True]
    assert table["care"].tolist() == [False, False, True, True]
    assert table["p_adjusted"][:2].tolist() == adjust(table["p_value"][:2]).tolist()
    assert table["p_adjusted"][2:].isna().all()
    assert (table["standing"][2:] == "no clear difference").all()
    own = csat(data.loc[data["brand"] == "own", "csat"])
    theirs = csat(data.loc[data["brand"] == "a", "csat"])
    gap = difference(own, theirs)
    assert table.loc[1, ["gap", "low", "high", "p_value"]].tolist() == pytest.approx(
        [gap.value, gap.low, gap.high, gap.p_value]
    )


def test_swapping_the_brands_turns_the_gap_around() -> None:
    data = pd.concat([answers("own", 70, 56), answers("rival", 80, 48)], ignore_index=True)
    there = trends.compare_competitors(data, metrics=[CSAT]).table.iloc[0]
    back = trends.compare_competitors(data, metrics=[CSAT], own="rival").table.iloc[0]
    assert back["gap"] == pytest.approx(-there["gap"])
    assert (back["low"], back["high"]) == pytest.approx((-there["high"], -there["low"]))
    assert back["standing"] == "behind"


def test_lower_can_be_better() -> None:
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"brand": ["own"] * 50 + ["rival"] * 50})
    data["wait"] = np.r_[rng.normal(5, 1, 50), rng.normal(9, 1, 50)]
    row = trends.compare_competitors(data, metrics=[WAIT]).table.iloc[0]
    assert row["gap"] < 0
    assert row["standing"] == "ahead"


def test_touchpoints_are_compared_by_their_users() -> None:
    data = pd.DataFrame(
        {
            "brand": ["own"] * 40 + ["rival"] * 40,
            "booking": [4.0, 5.0] * 15 + [np.nan] * 10 + [3.0, 4.0] * 20,
        }
    )
    row = trends.compare_competitors(data, metrics=[Touchpoint("booking")]).table.iloc[0]
    assert row["gap"] == pytest.approx(1.0)
    assert (row["n_own"], row["n_competitor"]) == (30, 40)


def test_stable_rivals_are_rarely_called_different() -> None:
    rng = np.random.default_rng(21)
    brands = np.repeat(["own", "a", "b"], 80)
    tier = np.tile(["gold", "basic"], 120)
    wrong = 0
    for _ in range(60):
        data = pd.DataFrame({"brand": brands, "tier": tier})
        data["nps"] = rng.choice(11, 240, p=[0.04] * 7 + [0.12, 0.2, 0.2, 0.2]).astype(float)
        data["csat"] = rng.integers(1, 6, 240).astype(float)
        found = trends.compare_competitors(data, metrics=[NPS, CSAT], match="tier")
        wrong += found.table["standing"].ne("no clear difference").any()
    assert wrong <= 9  # 60 tables at 5 %: more than 9 has probability 0.001


def test_weights_count_and_unnamed_rows_do_not() -> None:
    data = pd.concat([answers("own", 70, 56), answers("rival", 80, 48)], ignore_index=True)
    data["weight"] = np.where(data["csat"].eq(5), 2.0, 1.0)
    data.loc[0, "brand"] = None
    found = trends.compare_competitors(data, metrics=[CSAT])
    row = found.table.iloc[0]
    assert row["own"] == pytest.approx(100 * 110 / 124)
    assert (found.n_used, found.n_dropped) == (149, 1)
    assert "1 rows name no brand and were left out." in found.caveats
    unweighted = trends.compare_competitors(data, metrics=[CSAT], weights=None).table.iloc[0]
    assert unweighted["own"] == pytest.approx(100 * 55 / 69)


def test_a_question_that_a_brand_was_not_asked_has_no_gap() -> None:
    data = pd.concat([answers("own", 40, 30), answers("rival", 40, 20)], ignore_index=True)
    data["nps"] = np.where(data["brand"].eq("own"), 9.0, np.nan)
    found = trends.compare_competitors(data, metrics=[NPS, CSAT])
    assert np.isnan(found.table.loc[0, "gap"])
    assert found.table.loc[0, "withheld"]
    assert "nps has no answers for some brand: no gap." in found.caveats


DATA = pd.concat([answers("own", 12, 6), answers("rival", 12, 6)], ignore_index=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metrics": []}, "no metric to compare"),
        ({"own": "ownn"}, "'ownn'; did you mean 'own'"),
        ({"brand": "brands"}, "did you mean 'brand'"),
        ({"match": "teir"}, "did you mean 'tier'"),
        ({"metrics": [NPS]}, "no column 'nps'"),
        ({"confidence": 95}, "not between 0 and 1"),
    ],
)
def test_comparisons_that_cannot_be_made_are_refused(
    options: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        trends.compare_competitors(DATA, **{"metrics": [CSAT]} | options)


def test_a_client_without_competitors_is_told_so() -> None:
    with pytest.raises(DataError, match="holds only 'own': there is no competitor"):
        trends.compare_competitors(DATA.iloc[:12], metrics=[CSAT])
