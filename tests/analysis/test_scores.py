from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings, strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from cxlib import envelope
from cxlib.analysis import scores
from cxlib.analysis.metrics import Metric, Touchpoint, resolve
from cxlib.errors import DataError

PUBLISHED = pd.read_csv(Path(__file__).parents[1] / "reference" / "intervals.csv", comment="#")
SHARES = PUBLISHED[PUBLISHED["n_b"].isna()]
few = settings(max_examples=25, deadline=None)


def answers(detractors: int, passives: int, promoters: int) -> pd.Series:
    ratings = [0, 6, 3] * detractors + [7, 8, 7] * passives + [9, 10, 9] * promoters
    picked = ratings[0 : 3 * detractors : 3]
    picked += ratings[3 * detractors : 3 * (detractors + passives) : 3]
    return pd.Series(picked + ratings[3 * (detractors + passives) :: 3], name="nps", dtype=float)


def weighted(n: int = 60) -> tuple[pd.Series, pd.Series, pd.Series]:
    rng = np.random.default_rng(7)
    ratings = pd.Series(rng.integers(0, 11, n), name="nps")
    return ratings, pd.Series(rng.gamma(2, size=n)), pd.Series(rng.integers(0, n // 3, n))


# --- published values -----------------------------------------------------------------------------


def test_nps_agrees_with_the_published_standard_error() -> None:
    # by hand: p = 1/2, d = 1/6, √((2/3 − 1/9) / 6) = .304290
    score = scores.nps(answers(1, 2, 3))
    assert score.value == pytest.approx(100 / 3, abs=1e-12)
    assert score.standard_error == pytest.approx(30.43, abs=0.005)


def test_nps_agrees_with_adjusted_wald_of_rocks_2016() -> None:
    score = scores.nps(answers(2, 11, 18))
    assert (round(score.value, 2), round(score.low, 2), round(score.high, 2)) == (
        51.61,
        25.51,
        68.61,
    )


@pytest.mark.parametrize(("hits", "n", "low", "high"), SHARES[["hits", "n", "low", "high"]].values)
def test_csat_agrees_with_newcombe_1998(hits: float, n: float, low: float, high: float) -> None:
    score = scores.csat(pd.Series([5] * int(hits) + [2] * int(n - hits)))
    # published to four decimals of a share
    assert (score.low, score.high) == pytest.approx((100 * low, 100 * high), abs=0.0051)


# --- independent calculations ---------------------------------------------------------------------


def test_csat_agrees_with_statsmodels_at_any_confidence() -> None:
    ratings = pd.Series(np.random.default_rng(7).integers(1, 6, 57))
    for confidence in (0.8, 0.95, 0.99):
        score = scores.csat(ratings, confidence=confidence)
        low, high = proportion_confint((ratings >= 4).sum(), 57, 1 - confidence, method="wilson")
        assert (score.low, score.high) == pytest.approx((100 * low, 100 * high))


def test_ces_agrees_with_scipys_t_interval() -> None:
    ratings = pd.Series(np.random.default_rng(7).integers(1, 8, 23))
    score = scores.ces(ratings)
    expected = stats.t.interval(0.95, 22, ratings.mean(), stats.sem(ratings))
    assert (score.low, score.high) == pytest.approx(expected)
    agree = proportion_confint((ratings >= 5).sum(), 23, method="wilson")
    assert (score.detail["agree_low"], score.detail["agree_high"]) == pytest.approx(agree)
    assert score.detail["agree_from"] == 5


def test_weighted_errors_agree_with_the_sandwich_of_statsmodels() -> None:
    ratings, weights, customers = weighted()
    net = 100.0 * (ratings >= 9) - 100.0 * (ratings <= 6)
    model = sm.WLS(net, np.ones(len(net)), weights=weights)
    score = scores.nps(ratings, weights=weights)
    assert score.value == pytest.approx(model.fit().params.iloc[0])
    assert score.standard_error == pytest.approx(model.fit(cov_type="HC0").bse.iloc[0])
    repeated = scores.nps(ratings, weights=weights, cluster=customers)
    grouped = {"groups": customers, "use_correction": False}
    sandwich = model.fit(cov_type="cluster", cov_kwds=grouped)
    assert repeated.standard_error == pytest.approx(sandwich.bse.iloc[0])


def test_a_weighted_mean_takes_the_small_sample_factor() -> None:
    ratings, weights, customers = weighted()
    model = sm.WLS(ratings, np.ones(len(ratings)), weights=weights)
    score = scores.mean(ratings, weights=weights)
    n = len(ratings)
    assert score.standard_error == pytest.approx(
        model.fit(cov_type="HC0").bse.iloc[0] * np.sqrt(n / (n - 1))
    )
    repeated = scores.mean(ratings, weights=weights, cluster=customers)
    grouped = {"groups": customers, "use_correction": False}
    m = customers.nunique()
    answers = customers.value_counts()
    assert repeated.df == pytest.approx(answers.sum() ** 2 / (answers**2).sum() - 1)
    assert repeated.standard_error == pytest.approx(
        model.fit(cov_type="cluster", cov_kwds=grouped).bse.iloc[0] * np.sqrt(m / (m - 1))
    )


def test_kish_by_hand() -> None:
    score = scores.nps(pd.Series([9, 3, 7]), weights=[1, 1, 2])
    assert score.n == 3
    assert score.n_effective == pytest.approx(16 / 6)


def test_weighted_adjusted_wald_covers_at_twenty_answers() -> None:
    rng = np.random.default_rng(20260101)
    hits = 0
    # two strata of unequal size, sampled alike: the true NPS is .8 · 30 + .2 · (−40) = 16
    mix = {0.8: [0.2, 0.3, 0.5], 0.2: [0.6, 0.2, 0.2]}
    for _repeat in range(400):
        ratings = [rng.choice([3, 7, 9], 10, p=shares) for shares in mix.values()]
        weights = np.repeat(list(mix), 10)
        score = scores.nps(pd.Series(np.concatenate(ratings)), weights=weights)
        hits += score.low <= 16 <= score.high
    assert hits / 400 >= 0.90  # promised 95 %; a simulation of 400 misses by at most 3 points


# --- invariants -----------------------------------------------------------------------------------


@few
@given(
    st.lists(st.integers(0, 10), min_size=1, max_size=40),
    st.floats(1e-6, 1e6, allow_nan=False),
)
def test_equal_weights_change_nothing(ratings: list[int], weight: float) -> None:
    series = pd.Series(ratings)
    assert scores.nps(series, weights=[weight] * len(ratings)) == scores.nps(series)
    shifted = series % 5 + 1
    assert scores.csat(shifted, weights=[weight] * len(ratings)) == scores.csat(shifted)


@few
@given(st.lists(st.integers(0, 10), min_size=2, max_size=40))
def test_nps_stays_on_its_scale_and_ignores_order(ratings: list[int]) -> None:
    score = scores.nps(pd.Series(ratings))
    turned = scores.nps(pd.Series(ratings[::-1]))
    assert -100 <= score.low <= score.high <= 100
    assert (turned.value, turned.low) == pytest.approx((score.value, score.low))
    detail = score.detail
    assert sum(detail[g] for g in ("promoters", "passives", "detractors")) == pytest.approx(1)
    assert score.value == pytest.approx(100 * (detail["promoters"] - detail["detractors"]))


def test_weights_are_never_frequencies() -> None:
    ratings, weights, _customers = weighted()
    once, tenfold = (scores.nps(ratings, weights=weights * times) for times in (1, 10))
    assert tenfold.standard_error == pytest.approx(once.standard_error)
    assert tenfold.n_effective == pytest.approx(once.n_effective)


def test_customers_who_each_answer_once_change_nothing() -> None:
    ratings, weights, _customers = weighted()
    alone = scores.mean(ratings, weights=weights)
    apart = scores.mean(ratings, weights=weights, cluster=pd.Series(range(len(ratings))))
    assert (apart.low, apart.high) == pytest.approx((alone.low, alone.high))


def test_a_customer_who_repeats_an_answer_adds_nothing_to_the_evidence() -> None:
    ratings = answers(5, 5, 10)
    twice = pd.concat([ratings, ratings], ignore_index=True)
    score = scores.nps(twice, cluster=list(range(20)) * 2)
    once = scores.nps(ratings)
    assert (score.n, score.n_star) == (
        40,
        pytest.approx(19),
    )  # G - 1
    assert once.high - once.low < score.high - score.low < 1.15 * (once.high - once.low)


def test_seven_customers_with_many_answers_are_covered() -> None:
    # z over the same n* covers 87 % here
    rng = np.random.default_rng(4)
    truth = 100 * (0.5 - 0.25)
    covered = 0
    for _run in range(600):
        lean = rng.beta(3, 3, 7)  # customers differ
        customers = np.repeat(np.arange(7), 10)
        up = rng.random(70) < lean[customers]
        ratings = pd.Series(np.where(up, 10, np.where(rng.random(70) < 0.5, 3, 7)))
        score = scores.nps(ratings, cluster=customers)
        covered += score.low <= truth <= score.high
    assert 0.90 <= covered / 600 <= 0.98


def test_a_score_survives_pickling() -> None:
    score = scores.nps(answers(1, 2, 3))
    assert pickle.loads(pickle.dumps(score)) == score


# --- edges ----------------------------------------------------------------------------------------


def test_one_answer_has_a_score_but_little_certainty() -> None:
    assert scores.nps(pd.Series([9])).value == 100
    single = scores.ces(pd.Series([6]))
    assert single.value == 6
    assert np.isnan([single.low, single.high, single.standard_error]).all()
    assert "no interval" in single.caveats[0]


def test_equal_answers_fall_back_on_kish() -> None:
    score = scores.csat(pd.Series([5] * 12), weights=list(range(1, 13)))
    assert score.n_star == pytest.approx(score.n_effective)
    assert score.standard_error == 0
    assert score.low < 100


def test_all_answers_of_one_customer_count_as_one() -> None:
    score = scores.nps(answers(1, 0, 3), cluster=["x"] * 4)
    assert score.n_star == 1
    assert np.isnan(score.standard_error)
    assert "one customer" in score.caveats[0]


@pytest.mark.parametrize(
    "ratings",
    [
        pd.Series([9, None, 3], dtype="Int64"),
        pd.Series([9, None, 3], dtype="Float64"),
        pd.Series(["9", None, " 3"], dtype="string"),
        pd.Series(["9", " ", "3"]),
        pd.Series([9, None, 3], dtype="category"),
        pd.Series([9, np.nan, 3], index=["a", "a", "b"]),
        pd.Series([9, None, 3], dtype=object),
    ],
    ids=lambda series: str(series.dtype),
)
def test_every_way_to_hold_a_rating_gives_one_score(ratings: pd.Series) -> None:
    score = scores.nps(ratings)
    assert (score.value, score.n, score.n_dropped) == (0, 2, 1)


def test_weights_find_their_answers_by_label() -> None:
    ratings = pd.Series([9, 3], index=["a", "b"])
    score = scores.nps(ratings, weights=pd.Series([1, 3], index=["b", "a"]))
    assert score.value == pytest.approx(50)


def test_an_answer_off_the_scale_is_missing_only_on_request() -> None:
    score = scores.nps(pd.Series([9, 8.5, 11, -1, 3]), off_scale="missing")
    assert (score.n, score.n_dropped) == (2, 3)
    assert "3 answers are off the scale" in score.caveats[0]


def test_direction_is_declared_and_does_not_move_a_number() -> None:
    ratings = pd.Series([2, 5, 6, 7])
    easy, hard = scores.ces(ratings), scores.ces(ratings, direction="lower")
    assert (easy.value, easy.low) == (hard.value, hard.low)
    assert (easy.detail["direction"], hard.detail["direction"]) == ("higher", "lower")


def test_another_scale_brings_its_own_cut_points() -> None:
    score = scores.nps(pd.Series([1, 4, 5, 5]), scale=(1, 5), cut_points=(3, 5))
    assert score.value == 25


Q = pd.Series([5, 4, 99], name="q2")
BAD = [
    (lambda: scores.csat(Q), "'q2' holds 99 (row 2, 1 such), off its scale 1-5"),
    (lambda: scores.nps(pd.Series([9, 8.5], name="q")), "'q' holds 8.5 (row 1, 1 such)"),
    (lambda: scores.nps(pd.Series([9, np.inf], name="q")), "'q' holds inf (row 1"),
    (lambda: scores.nps(pd.Series(["9", "ten"], index=["x", "y"], name="q")), "'ten' (row y, 1"),
    (lambda: scores.nps(pd.Series([9, True], dtype=object, name="q")), "'q' holds True (row 1"),
    (lambda: scores.nps(pd.Series([True, False], name="q")), "'q' holds yes/no values"),
    (lambda: scores.nps(pd.Series([np.nan] * 3, name="q")), "no answers in 'q': all 3"),
    (lambda: scores.nps(pd.Series([], dtype=float, name="q")), "no answers in 'q': all 0"),
    (lambda: scores.nps(pd.Series(pd.to_datetime(["2026-01-01"]), name="q")), "datetime64"),
    (lambda: scores.nps(Q, weights=[1, 0, 1], off_scale="missing"), "'weights' holds 0 (row 1, 1"),
    (lambda: scores.nps(Q, weights=[0, 0, 0], off_scale="missing"), "'weights' holds 0 (row 0, 3"),
    (lambda: scores.nps(Q, weights=[1, -2, 1], off_scale="missing"), "'weights' holds -2"),
    (lambda: scores.nps(Q, weights=[1, np.nan, 1], off_scale="missing"), "'weights' holds nan"),
    (lambda: scores.nps(Q, weights=[1, np.inf, 1], off_scale="missing"), "'weights' holds inf"),
    (lambda: scores.nps(Q, weights=[1], off_scale="missing"), "1 value for 3 answers"),
    (lambda: scores.nps(Q, weights=pd.Series([1.0]), off_scale="missing"), "none for row 1 (2"),
    (lambda: scores.nps(Q, scale=(1, 5)), "declare cut_points"),
    (lambda: scores.nps(Q, scale=(1, 5), cut_points=(5, 3)), "do not fit the scale 1-5"),
    (lambda: scores.csat(Q, top=5), "from 1 to 4 boxes"),
    (lambda: scores.csat(Q, scale=(5, 1)), "the lower first"),
    (lambda: scores.ces(Q, direction="up"), "not 'up'"),
    (lambda: scores.nps(Q.head(2), confidence=95), "0.95 for 95 %"),
    (lambda: scores.nps(Q, off_scale="drop"), "not 'drop'"),
    (lambda: scores.mean(pd.Series([1, np.inf])), "not finite"),
    (lambda: scores.mean(pd.Series([1, 1e200])), "holds 1e+200 (row 1, 1 such)"),
    (lambda: resolve("booking"), "say what 'booking' is"),
    (lambda: Metric("x", "npss"), "did you mean 'nps'?"),
]


@pytest.mark.parametrize(("wrong", "message"), BAD, ids=[message for _call, message in BAD])
def test_bad_input_is_named(wrong, message: str) -> None:
    with pytest.raises(DataError) as told:
        wrong()
    assert message in str(told.value)


# --- tables ---------------------------------------------------------------------------------------


def survey(n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    desk = pd.Series(rng.integers(1, 6, n), dtype=float)
    used = pd.Series(rng.choice([True, False], n, p=[0.7, 0.3]), dtype="boolean")
    return pd.DataFrame(
        {
            "period": rng.choice(["2026Q1", "2025Q4", "2025Q3"], n),
            "weight": rng.gamma(5, size=n),
            "nps": pd.Series(rng.integers(0, 11, n), dtype=float).mask(rng.random(n) < 0.1),
            "desk": desk.where(used.astype(bool)),
            "desk_used": used,
            "lift": pd.Series(rng.integers(1, 6, n), dtype=float),
            "tier": pd.Categorical(
                rng.choice(["Gold", "Basic", None], n), categories=["Gold", "Basic", "Club"]
            ),
            "age": rng.integers(1, 4, n),
        }
    )


def test_a_table_repeats_the_scores_of_its_cells() -> None:
    data = survey()
    found = scores.score_table(data, metric="nps", by="tier")
    assert found.table["tier"].tolist() == ["Gold", "Basic"]  # the categories' own order
    gold = data[data["tier"] == "Gold"]
    alone = scores.nps(gold["nps"], weights=gold["weight"])
    row = found.table.iloc[0]
    assert row["low"] == pytest.approx(alone.low)
    assert (row["n"], row["n_dropped"], row["care"]) == (alone.n, alone.n_dropped, False)
    assert found.n_used == found.table["n"].sum()
    assert found.n_used + found.n_dropped == len(data)
    assert any("have no tier" in caveat for caveat in found.caveats)


def test_periods_stand_in_time_order() -> None:
    found = scores.score_table(survey(), metric="nps", by="period")
    assert found.table["period"].tolist() == ["2025Q3", "2025Q4", "2026Q1"]


def test_touchpoints_leave_out_who_did_not_use_them() -> None:
    data = survey()
    found = scores.score_table(data, metric=[Touchpoint("desk"), Touchpoint("lift")], kind="csat")
    rows = found.table.set_index("touchpoint")
    assert rows.loc["desk", "n"] == data["desk_used"].sum()
    assert rows.loc["desk", "n_dropped"] == 0
    assert rows.loc["lift", "value"] == pytest.approx(
        scores.csat(data["lift"], weights=data["weight"]).value
    )


def test_segments_are_compared_with_everyone_else() -> None:
    from cxlib.analysis import compare

    data = survey()
    found = scores.score_table(data, metric="nps", by=["tier", "age"], versus="complement")
    assert found.table.columns[:2].tolist() == ["segment", "level"]
    row = found.table[(found.table["segment"] == "age") & (found.table["level"] == 2)].iloc[0]
    sides = [data[data["age"] == 2], data[data["age"] != 2]]
    gap = compare.difference(*(scores.nps(s["nps"], weights=s["weight"]) for s in sides))
    assert (row["difference"], row["p_value"]) == pytest.approx((gap.value, gap.p_value))
    adjusted = compare.adjust(found.table["p_value"])
    assert found.table["p_adjusted"].tolist() == pytest.approx(adjusted.tolist())


def test_small_cells_are_no_members_of_the_family() -> None:
    data = pd.DataFrame({"nps": [9, 3] * 30 + [9] * 5, "city": ["a", "b", "c"] * 20 + ["d"] * 5})
    found = scores.score_table(data, metric="nps", by="city", versus="complement")
    table = found.table.set_index("city")
    assert np.isnan(table.loc["d", "p_adjusted"])
    assert table.loc["d", "p_value"] > 0
    assert (table.loc["a", "p_adjusted"] <= 3 * table.loc["a", "p_value"]) and found.caveats


def test_a_cell_without_answers_stays_in_the_table() -> None:
    data = pd.DataFrame({"csat": [5.0, np.nan], "city": ["a", "b"]})
    table = scores.score_table(data, metric="csat", by="city").table
    assert table["n"].tolist() == [1, 0]
    assert np.isnan(table["value"].iloc[1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "nps", "by": "teir"}, "did you mean 'tier'?"),
        ({"metric": "lift", "by": "tier"}, "say what 'lift' is"),
        ({"metric": "nps"}, "by= names no column"),
        ({"metric": []}, "metric= names no column"),
        ({"metric": ["nps", Touchpoint("lift")]}, "one kind of score"),
        ({"metric": [Touchpoint("lift")], "versus": "complement"}, "have no complement"),
        ({"metric": "nps", "by": "tier", "weights": "wieght"}, "did you mean 'weight'?"),
    ],
)
def test_a_table_names_what_it_cannot_do(options: dict[str, object], message: str) -> None:
    with pytest.raises(DataError) as told:
        scores.score_table(survey(), **options)
    assert message in str(told.value)


def test_a_distribution_adds_up_to_its_score() -> None:
    data = survey()
    found = scores.distribution(data["nps"], scale=(0, 10), kind="nps", weights=data["weight"])
    table = found.table
    assert table["rating"].tolist() == list(range(11))
    assert table["share"].sum() == pytest.approx(1)
    assert (table["count"].sum(), found.n_dropped) == (found.n_used, data["nps"].isna().sum())
    groups = table.groupby("group")["share"].sum()
    score = scores.nps(data["nps"], weights=data["weight"])
    assert 100 * (groups["promoter"] - groups["detractor"]) == pytest.approx(score.value)
    assert (table["low"] <= table["share"]).all() and (table["share"] <= table["high"]).all()


@pytest.mark.parametrize("n", range(1, 40))
def test_a_share_of_all_or_none_ends_its_own_interval(n: int) -> None:
    # 1 is exact in arithmetic; in floating point the centre and half-width miss it by 1e-16
    assert scores.csat(pd.Series([5] * n)).high == 100
    assert scores.csat(pd.Series([1] * n)).low == 0


def test_a_score_read_back_is_equal_and_as_frozen_as_before() -> None:
    score = scores.nps(answers(1, 2, 3))
    back = envelope.decode(envelope.encode(score))
    assert back == score
    assert hash(back) == hash(score)


def test_strays_of_a_column_without_a_name_are_told_by_their_kind() -> None:
    (caveat,) = scores.nps(pd.Series([9, 11]), off_scale="missing").caveats
    assert caveat == "1 answer is off the scale of nps and counts as missing."
