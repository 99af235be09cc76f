from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from math import factorial
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings, strategies as st

from cxlib import envelope
from cxlib.analysis import drivers
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError
from tests.analysis.surveys import NAMES, survey, with_use
from tests.reference import driver_shares as published

QUICK: dict[str, Any] = {"bootstrap": 0, "permutations": 0}


def r_squared_of(data: pd.DataFrame, columns: list[str], weights: Any = 1.0) -> float:
    design = sm.add_constant(data[columns].astype(float), has_constant="add")
    return float(sm.WLS(data["nps"], design, weights=weights).fit().rsquared)


# --- published values ---------------------------------------------------------------------------


def test_lmg_and_johnson_of_swiss_are_those_published() -> None:
    names = list(published.SWISS.columns[1:])
    result = drivers.importance(published.SWISS, outcome="Fertility", drivers=names, **QUICK)
    assert result.r_squared == pytest.approx(published.SWISS_R_SQUARED, abs=5e-7)
    assert result.table["importance"].to_numpy() == pytest.approx(published.SWISS_LMG, abs=5e-8)
    assert result.table["johnson"].to_numpy() == pytest.approx(published.SWISS_JOHNSON, abs=5e-8)
    assert result.table["rank"].tolist() == [5, 2, 1, 4, 3]


def test_lmg_of_mtcars_is_that_published() -> None:
    expected = published.MTCARS_LMG
    result = drivers.importance(published.MTCARS, outcome="mpg", drivers=[*expected], **QUICK)
    assert dict(zip(result.table.driver, result.table.importance, strict=True)) == pytest.approx(
        expected, abs=5e-8
    )


# --- by hand and by brute force -----------------------------------------------------------------


def test_two_uncorrelated_drivers_share_by_their_squared_correlations() -> None:
    data = pd.DataFrame({"a": [1, 1, 2, 2], "b": [1, 2, 1, 2], "y": [1, 2, 4, 5]})
    # y = 3 + 1.5 (±1) for a + 0.5 (±1) for b: variances 2.25 and 0.25 of 2.5.
    result = drivers.importance(data, outcome="y", drivers=["a", "b"], **QUICK)
    assert result.table["importance"].tolist() == pytest.approx([0.9, 0.1])
    assert result.table["johnson"].tolist() == pytest.approx([0.9, 0.1])
    assert result.table["correlation"].tolist() == pytest.approx([0.9**0.5, 0.1**0.5])
    assert result.unexplained == pytest.approx(0)


def test_lmg_is_the_average_gain_over_all_orders_of_statsmodels_fits() -> None:
    data = survey(150)
    mass = np.random.default_rng(5).uniform(0.4, 2.5, len(data))
    subsets = [s for k in range(5) for s in itertools.combinations(NAMES, k)]
    fits = {s: r_squared_of(data, [*s], mass) if s else 0.0 for s in subsets}
    expected = dict.fromkeys(NAMES, 0.0)
    for order in itertools.permutations(NAMES):
        for k, name in enumerate(order):
            before = fits[tuple(sorted(order[:k]))]
            expected[name] += (fits[tuple(sorted(order[: k + 1]))] - before) / factorial(4)
    result = drivers.importance(
        data.assign(w=mass), outcome="nps", drivers=NAMES, weights="w", **QUICK
    )
    assert result.table["importance"].tolist() == pytest.approx([*expected.values()], abs=1e-10)
    assert result.r_squared == pytest.approx(fits[tuple(NAMES)], abs=1e-10)


def test_usage_enters_first_and_ratings_share_the_rest_as_in_statsmodels() -> None:
    data = with_use(with_use(survey(300), "t1", 0.3), "t2", 0.2, seed=2)
    filled = data.assign(
        **{name: data[name].fillna(data[name].mean()) for name in ("t1", "t2")},
        no1=~data["t1_used"],
        no2=~data["t2_used"],
    )
    use = ["no1", "no2"]
    expected = dict.fromkeys(NAMES, 0.0)
    for order in itertools.permutations(NAMES):
        gains = [r_squared_of(filled, [*use, *order[:k]]) for k in range(5)]
        for name, gain in zip(order, np.diff(gains), strict=True):
            expected[name] += gain / factorial(4)
    result = drivers.importance(data, outcome="nps", drivers=NAMES, **QUICK)
    assert result.r_squared_use == pytest.approx(r_squared_of(filled, use), abs=1e-10)
    assert result.r_squared_use > 0.01
    assert result.table["importance"].tolist() == pytest.approx([*expected.values()], abs=1e-10)
    assert result.table["n"].tolist() == [
        300,
        *(int(data[f"t{j}_used"].sum()) for j in (1, 2)),
        300,
    ]
    assert result.table["reach"].tolist() == pytest.approx(result.table["n"] / 300)


def test_importance_among_users_is_that_of_the_users_alone() -> None:
    data = with_use(survey(300), "t1", 0.3)
    users = data[data["t1_used"]]
    alone = drivers.importance(users, outcome="nps", drivers=NAMES, **QUICK)
    result = drivers.importance(data, outcome="nps", drivers=NAMES, **QUICK)
    found = result.table["importance_users"]
    assert found[1] == pytest.approx(alone.table["importance"][1], abs=1e-10)
    assert found[0] == pytest.approx(result.table["importance"][0])
    assert alone.r_squared_use == 0


def test_listwise_deletion_only_on_request_and_counted() -> None:
    data = with_use(survey(300), "t1", 0.3)
    used = int(data["t1_used"].sum())
    result = drivers.importance(
        data, outcome="nps", drivers=NAMES, not_applicable="listwise", **QUICK
    )
    users = drivers.importance(data[data["t1_used"]], outcome="nps", drivers=NAMES, **QUICK)
    assert (result.n_used, result.n_dropped) == (used, 300 - used)
    assert result.r_squared == pytest.approx(users.r_squared)
    assert any(
        f"{300 - used} respondents did not use every touchpoint" in c for c in result.caveats
    )


def test_touchpoints_used_together_need_one_indicator() -> None:
    data = with_use(survey(300), "t1", 0.3)
    twins = data.assign(t2=data["t2"].where(data["t1_used"]), t2_used=data["t1_used"])
    result = drivers.importance(twins, outcome="nps", drivers=NAMES, **QUICK)
    filled = twins.assign(t1=twins["t1"].fillna(0), t2=twins["t2"].fillna(0), no=~twins["t1_used"])
    assert result.r_squared == pytest.approx(r_squared_of(filled, ["no", *NAMES]), abs=1e-10)


# --- missing answers and weights ----------------------------------------------------------------


def test_no_answer_is_dropped_counted_and_said() -> None:
    data = survey(200)
    data.loc[:29, "t2"] = np.nan
    data.loc[195:, "nps"] = np.nan
    data["t2_used"] = pd.array([None] * 30 + [True] * 170, dtype="boolean")
    result = drivers.importance(data, outcome="nps", drivers=NAMES, **QUICK)
    assert (result.n_used, result.n_dropped, result.r_squared_use) == (165, 35, 0)
    assert result.caveats[1].facts == {"n": 30, "total": 195, "driver": "t2"}


def test_equal_weights_change_nothing() -> None:
    data = survey(200).assign(w=3.7)
    plain = drivers.importance(data, outcome="nps", drivers=NAMES, bootstrap=50, permutations=50)
    weighted = drivers.importance(
        data, outcome="nps", drivers=NAMES, weights="w", bootstrap=50, permutations=50
    )
    numeric = plain.table.select_dtypes("number").astype(float)
    assert weighted.table[numeric.columns].astype(float).to_numpy() == pytest.approx(
        numeric.to_numpy(), rel=1e-9
    )
    assert weighted.p_any == plain.p_any


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), unused=st.floats(0, 0.4), count=st.integers(1, 4))
def test_parts_add_up_whatever_the_data(seed: int, unused: float, count: int) -> None:
    data = with_use(survey(120, seed), "t0", unused, seed)
    data["w"] = np.random.default_rng(seed).uniform(0.2, 3, len(data))
    for method in ("shapley", "johnson"):
        result = drivers.importance(
            data, outcome="nps", drivers=NAMES[:count], weights="w", method=method, **QUICK
        )
        table = result.table
        assert result.r_squared_use + table["importance"].sum() == pytest.approx(result.r_squared)
        assert result.r_squared_use + table["johnson"].sum() == pytest.approx(result.r_squared)
        assert result.r_squared + result.unexplained == pytest.approx(1)
        assert table["share"].sum() == pytest.approx(1)
        assert (table["importance"] >= 0).all()


def test_order_of_columns_index_and_dtypes_do_not_matter() -> None:
    data = survey(150)
    plain = drivers.importance(data, outcome="nps", drivers=NAMES, **QUICK).table
    odd = data.astype({"t0": "Int64", "t1": "int8", "t2": "Float32"}).set_index(np.zeros(150, int))
    odd["t3"] = pd.Categorical(odd["t3"].astype(int), ordered=True)
    turned = drivers.importance(odd, outcome="nps", drivers=NAMES[::-1], **QUICK).table
    again = turned.set_index("driver").loc[NAMES]
    assert again["importance"].tolist() == pytest.approx(plain["importance"].tolist())
    assert again["rank"].tolist() == plain["rank"].tolist()


def test_one_driver_carries_all() -> None:
    result = drivers.importance(survey(60), outcome="nps", drivers=["t0"], bootstrap=50)
    row = result.table.iloc[0]
    assert (row["share"], row["share_low"], row["rank_high"], row["p_top3"]) == (1, 1, 1, 1)
    assert row["importance"] == pytest.approx(row["correlation"] ** 2)
    assert result.condition_number == pytest.approx(1)


def test_neither_draw_runs_when_none_is_asked_for() -> None:
    result = drivers.importance(survey(60), outcome="nps", drivers=NAMES, **QUICK)
    absent = ["share_low", "share_high", "rank_low", "rank_high", "p_top3"]
    assert result.table[absent].isna().all(axis=None)
    assert np.isnan(result.p_any) and np.isnan(result.r_squared_low)
    assert result.share_draws.shape == (0, 4)


def test_touchpoints_may_be_given_as_objects_with_a_key() -> None:
    @dataclass(frozen=True)
    class Touchpoint:
        key: str

    data = survey(60)
    named = drivers.importance(data, outcome="nps", drivers=NAMES, **QUICK)
    keyed = drivers.importance(
        data, outcome=Touchpoint("nps"), drivers=tuple(map(Touchpoint, NAMES)), **QUICK
    )
    pd.testing.assert_frame_equal(keyed.table, named.table)


def test_the_same_seed_gives_the_same_draws() -> None:
    def shares(seed: int) -> Any:
        options: dict[str, Any] = {"outcome": "nps", "drivers": NAMES, "bootstrap": 30}
        return drivers.importance(survey(80), **options, seed=seed).share_draws

    draws = shares(4), shares(4), shares(5)
    assert (draws[0] == draws[1]).all() and not (draws[0] == draws[2]).all()


# --- tests of significance ----------------------------------------------------------------------


def test_p_unique_is_the_hc3_test_of_statsmodels_adjusted_by_holm() -> None:
    data = with_use(survey(200), "t1", 0.2)
    mass = np.random.default_rng(3).uniform(0.5, 2, len(data))
    filled = data.assign(t1=data["t1"].fillna(0), no=~data["t1_used"])
    design = sm.add_constant(filled[["no", *NAMES]].astype(float))
    fit = sm.WLS(data["nps"], design, weights=mass).fit(cov_type="HC3", use_t=True)
    raw = fit.pvalues[NAMES].to_numpy()
    result = drivers.importance(
        data.assign(w=mass), outcome="nps", drivers=NAMES, weights="w", **QUICK
    )
    assert result.table["p_unique_raw"].to_numpy() == pytest.approx(raw, rel=1e-8)
    order = np.argsort(raw)
    holm = np.minimum(1, np.maximum.accumulate(raw[order] * [4, 3, 2, 1]))
    assert result.table["p_unique"].to_numpy()[order] == pytest.approx(holm, rel=1e-8)


def test_p_unique_by_customer_is_the_clustered_test_of_statsmodels() -> None:
    data = survey(200).assign(customer=np.arange(200) % 60)
    fit = sm.OLS(data["nps"], sm.add_constant(data[NAMES])).fit(
        cov_type="cluster", cov_kwds={"groups": data["customer"]}, use_t=True
    )
    result = drivers.importance(data, outcome="nps", drivers=NAMES, cluster="customer", **QUICK)
    assert result.table["p_unique_raw"].to_numpy() == pytest.approx(fit.pvalues[NAMES], rel=1e-8)
    assert result.n_clusters == 60


def test_repeating_customers_widen_the_intervals() -> None:
    once = survey(100).assign(customer=np.arange(100))
    fourfold = pd.concat([once] * 4)
    of_one = drivers.importance(once, outcome="nps", drivers=NAMES, bootstrap=400)
    honest = drivers.importance(
        fourfold, outcome="nps", drivers=NAMES, bootstrap=400, cluster="customer"
    )
    naive = drivers.importance(fourfold, outcome="nps", drivers=NAMES, bootstrap=400)

    def width(result: drivers.DriverImportance) -> float:
        return float((result.table["share_high"] - result.table["share_low"]).sum())

    assert width(honest) == pytest.approx(width(of_one), rel=0.1)  # 400 draws: some 5 %
    assert width(naive) < 0.65 * width(honest)


@pytest.mark.parametrize("cluster", [None, "customer"])
def test_p_any_is_uniform_on_null_data_and_small_on_real(cluster: str | None) -> None:
    rng = np.random.default_rng(11)
    found = []
    for seed in range(60):
        data = survey(80, seed).assign(customer=np.repeat(np.arange(40), 2))
        noise = np.repeat(rng.normal(size=40), 2) + rng.normal(size=80)
        null = data.assign(nps=noise if cluster else rng.normal(size=80))
        found.append(
            drivers.importance(
                null, outcome="nps", drivers=NAMES, cluster=cluster, bootstrap=0, permutations=99
            ).p_any
        )
    assert np.mean(np.array(found) <= 0.1) <= 0.2  # 6 expected of 60; 12 has p < .02
    assert 0.35 < np.mean(found) < 0.65
    real = drivers.importance(survey(80), outcome="nps", drivers=NAMES, bootstrap=0)
    assert real.p_any == pytest.approx(1 / 1001)


def test_planted_drivers_are_found_and_null_ones_rarely() -> None:
    found, false_alarms, reps = [], 0, 60
    for seed in range(reps):
        table = drivers.importance(survey(300, seed), outcome="nps", drivers=NAMES, **QUICK).table
        clear = table["p_unique"] < 0.05
        found.append(clear[:2].all() and table["rank"].tolist()[:2] == [1, 2])
        false_alarms += bool(clear[3])
    assert np.mean(found) >= 0.95
    assert false_alarms <= 7  # at most 3 expected; 8 or more has p < .02


def test_null_data_yield_a_driver_no_more_often_than_stated() -> None:
    rng, reps, alarms = np.random.default_rng(2), 200, 0
    for seed in range(reps):
        data = survey(120, seed).assign(nps=rng.integers(0, 11, 120))
        table = drivers.importance(data, outcome="nps", drivers=NAMES, **QUICK).table
        alarms += bool((table["p_unique"] < 0.05).any())
    assert alarms / reps <= 0.05 + 2 * (0.05 * 0.95 / reps) ** 0.5


def test_share_intervals_cover_true_shares_above_zero() -> None:
    """At least 90 % over 4 drivers with shares from .06 to .5; exact shares from a large sample."""
    effects = (0.9, 0.6, 0.4, 0.25)
    true = drivers.importance(survey(200_000, 99, effects), outcome="nps", drivers=NAMES, **QUICK)
    shares, reps = true.table["share"].to_numpy(), 100
    assert shares.min() > 0.05
    covered = np.zeros(4)
    for seed in range(reps):
        table = drivers.importance(
            survey(300, seed, effects),
            outcome="nps",
            drivers=NAMES,
            bootstrap=200,
            permutations=0,
            seed=seed,
        ).table
        covered += ((table["share_low"] <= shares) & (shares <= table["share_high"])).to_numpy()
    assert covered.mean() / reps >= 0.90
    assert covered.min() / reps >= 0.85  # a single driver: 90 % less two standard errors


# --- methods, flags and caveats -----------------------------------------------------------------


def test_above_the_exact_limit_johnson_serves_and_says_so() -> None:
    count = drivers.EXACT_LIMIT + 1
    data = survey(400, effects=(0.3,) * count)
    names = [f"t{j}" for j in range(count)]
    result = drivers.importance(data, outcome="nps", drivers=names, **QUICK)
    assert result.method == "johnson"
    assert result.table["importance"].sum() == pytest.approx(r_squared_of(data, names))
    assert any("21 drivers are above the exact limit of 20" in c for c in result.caveats)


def test_at_the_exact_limit_shares_are_still_shapley() -> None:
    rng = np.random.default_rng(0)
    names = [f"x{j}" for j in range(drivers.EXACT_LIMIT)]
    # Orthogonal drivers: every order gives the squared correlation.
    q = np.linalg.qr(np.column_stack([np.ones(60), rng.normal(size=(60, 21))]))[0]
    data = pd.DataFrame(q[:, 1:21], columns=names).assign(y=q[:, 1:] @ np.arange(1.0, 22.0))
    result = drivers.importance(data, outcome="y", drivers=names, **QUICK)
    squares = np.arange(1.0, 22.0) ** 2
    assert result.method == "shapley"
    assert result.table["importance"].to_numpy() == pytest.approx(squares[:20] / squares.sum())


def test_disagreement_of_the_methods_is_said() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(100, 5)) + 1.5 * rng.normal(size=(100, 1))
    data = pd.DataFrame(x, columns=list("abcde"))
    data["y"] = x @ [1, 0.5, 0.5, -0.3, 0.4] + rng.normal(size=100)
    result = drivers.importance(data, outcome="y", drivers=list("abcde"), **QUICK)
    johnson = result.table["johnson"].rank(ascending=False).astype(int)
    moved = tuple(result.table["driver"][johnson != result.table["rank"]])
    told = [c.facts["drivers"] for c in result.caveats if "rank these drivers" in c]
    assert told == [moved]


def test_a_suppressor_is_flagged() -> None:
    rng = np.random.default_rng(0)
    noise, truth = rng.normal(size=(2, 400))
    data = pd.DataFrame({"a": truth + noise, "b": noise, "y": truth + 0.3 * rng.normal(size=400)})
    result = drivers.importance(data, outcome="y", drivers=["a", "b"], **QUICK)
    assert abs(result.table["correlation"][1]) < 0.1
    assert "b" in result.suppressors
    assert not drivers.importance(survey(300), outcome="nps", drivers=NAMES, **QUICK).suppressors


def test_vif_and_condition_number_are_those_of_the_correlation_matrix() -> None:
    from statsmodels.stats.outliers_influence import variance_inflation_factor

    data = survey(300)
    data["t3"] = data["t0"] + np.random.default_rng(0).normal(scale=0.1, size=300)
    result = drivers.importance(data, outcome="nps", drivers=NAMES, **QUICK)
    design = sm.add_constant(data[NAMES]).to_numpy()
    expected = [variance_inflation_factor(design, j) for j in range(1, 5)]
    assert result.table["vif"].tolist() == pytest.approx(expected)
    values = np.linalg.eigvalsh(data[NAMES].corr())
    assert result.condition_number == pytest.approx((values[-1] / values[0]) ** 0.5)
    assert any("hardly tell these drivers apart" in c and "t0, t3" in c for c in result.caveats)


# --- what cannot be answered --------------------------------------------------------------------


def spoil(column: str, value: Any) -> pd.DataFrame:
    return survey(60).assign(**{column: value})


REFUSED: list[tuple[str, pd.DataFrame, dict[str, Any], str]] = [
    ("constant driver", spoil("t1", 4.0), {}, "'t1' is 4 in all 60 rows: a constant"),
    ("constant outcome", spoil("nps", 7.0), {}, "'nps' is 7 in all 60 rows: nothing to explain"),
    ("text", spoil("t1", "good"), {}, "'t1' holds 'good' .row 0, 60 such"),
    (
        "infinite",
        spoil("t1", [np.inf] + [1.0, 2.0] * 29 + [3.0]),
        {},
        "'t1' holds inf .row 0, 1 such., which is not finite",
    ),
    ("all missing", spoil("t1", np.nan), {}, "0 of 60 rows have 'nps' and all ratings"),
    ("never used", spoil("t1_used", False), {}, "none of the 60 complete rows used 't1'"),
    ("flags", spoil("t1_used", "never"), {}, "'t1_used' must hold true, false or nothing"),
    ("few rows", survey(5), {}, "5 of 5 rows have 'nps' and all ratings: too few for 4 driver"),
    ("no rows", survey(60).iloc[:0], {}, "0 of 0 rows"),
    ("outcome", survey(60), {"drivers": ["t0", "nps"]}, "outcome 'nps' is also among the drivers"),
    ("unknown driver", survey(60), {"drivers": ["t0", "T_1"]}, "no column 'T_1' .*mean 't1'"),
    ("unknown outcome", survey(60), {"outcome": "nsp"}, "no column 'nsp' .*'nps'"),
    ("none", survey(60), {"drivers": []}, "no drivers"),
    ("twice", survey(60), {"drivers": ["t0", "t1", "t0"]}, "'t0' is named 2 times"),
    ("method", survey(60), {"method": "shaply"}, "method 'shaply' is unknown; .*'shapley'"),
    ("n/a", survey(60), {"not_applicable": "drop"}, "not_applicable='drop' is unknown"),
    ("confidence", survey(60), {"confidence": 95}, "confidence lies between 0 and 1"),
    ("draws", survey(60), {"bootstrap": -1}, "bootstrap is -1"),
    ("weight", spoil("w", -1.0), {"weights": "w"}, "'weights' holds -1 .row 0, 60 such"),
    ("no weight", survey(60), {"weights": "w"}, "no column 'w'"),
    ("one customer", spoil("c", "x"), {"cluster": "c"}, "cluster 'c' has one value only"),
]


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [case[1:] for case in REFUSED],
    ids=[case[0] for case in REFUSED],
)
def test_what_cannot_be_answered_is_refused_with_a_reason(
    data: pd.DataFrame, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        drivers.importance(data, **{"outcome": "nps", "drivers": NAMES} | QUICK | options)


# --- drivers that repeat each other ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("repeat", "others"),
    [
        (lambda d: 2 * d["t1"] - 1, ("t1",)),
        (lambda d: d["t0"] + d["t1"], ("t0", "t1")),
        (lambda d: d["t1"] + 1e-9 * d["t0"], ("t1",)),
    ],
)
def test_a_driver_that_follows_from_others_is_left_out_and_said(repeat: Any, others: Any) -> None:
    data = survey(200)
    data["t3"] = repeat(data)
    result = drivers.importance(data, outcome="nps", drivers=NAMES, bootstrap=20)
    without = drivers.importance(data, outcome="nps", drivers=NAMES[:3], bootstrap=20)
    pd.testing.assert_frame_equal(result.table, without.table)
    told = [c.facts for c in result.caveats if "was left out" in c]
    assert told == [{"driver": "t3", "others": others}]


def test_a_rating_that_follows_from_use_is_left_out_and_said() -> None:
    data = with_use(survey(100), "t1", 0.4)
    data["t2"] = np.where(data["t1_used"], 5.0, 2.0)
    result = drivers.importance(data, outcome="nps", drivers=NAMES, **QUICK)
    assert result.table["driver"].tolist() == ["t0", "t1", "t3"]
    assert [c.facts for c in result.caveats if "was left out" in c] == [{"driver": "t2"}]


@pytest.mark.parametrize("noise", [1e-1, 1e-2, 3e-3])
def test_near_twins_share_what_one_of_them_would_have(noise: float) -> None:
    data = survey(300)
    data["t3"] = data["t0"] + noise * np.random.default_rng(0).normal(size=300)
    result = drivers.importance(data, outcome="nps", drivers=NAMES, bootstrap=50)
    table = result.table.set_index("driver")["importance"]
    assert table["t0"] == pytest.approx(table["t3"], abs=0.03)
    assert result.r_squared == pytest.approx(r_squared_of(data, NAMES), abs=1e-6)


# --- controls and yes-or-no outcomes --------------------------------------------------------------


def test_controls_enter_first_as_in_statsmodels() -> None:
    data = survey(300).assign(region=np.resize(["n", "s", None], 300), age=np.arange(300.0) % 37)
    data.loc[:4, "age"] = np.nan
    held = pd.DataFrame({"s": data["region"] == "s", "none": data["region"].isna()})
    held = held.assign(age=data["age"].fillna(data["age"].mean()), unknown=data["age"].isna())
    filled = data.assign(**held).astype(dict.fromkeys(held, float))
    result = drivers.importance(
        data, outcome="nps", drivers=NAMES, controls=["region", "age"], **QUICK
    )
    assert result.r_squared_use == pytest.approx(r_squared_of(filled, [*held]), abs=1e-10)
    assert result.r_squared == pytest.approx(r_squared_of(filled, [*held, *NAMES]), abs=1e-10)
    with pytest.raises(DataError, match="no column 'regoin'"):
        drivers.importance(data, outcome="nps", drivers=NAMES, controls=["regoin"], **QUICK)


def test_a_control_takes_what_only_stands_for_it() -> None:
    """Groups that differ in level on rating and score alike make a driver; held equal, none."""
    rng = np.random.default_rng(4)
    group = np.resize([0, 1], 600)
    ratings = pd.DataFrame(rng.normal(size=(600, 2)), columns=["a", "b"])
    data = ratings.assign(a=ratings["a"] + 2 * group, y=3 * group + rng.normal(size=600))
    data["group"] = np.where(group, "x", "y")
    options: dict[str, Any] = {"outcome": "y", "drivers": ["a", "b"]} | QUICK
    assert drivers.importance(data, **options).table["proven"].tolist() == [True, False]
    controlled = drivers.importance(data, controls="group", **options)
    assert controlled.table["p_unique"].min() > 0.01


def test_a_yes_or_no_outcome_makes_a_linear_probability_model() -> None:
    data = survey(400).assign(renewed=lambda d: d["nps"] >= 7)
    result = drivers.importance(data, outcome="renewed", drivers=NAMES, **QUICK)
    number = drivers.importance(
        data.assign(renewed=data["renewed"] * 1.0), outcome="renewed", drivers=NAMES, **QUICK
    )
    assert result.table["importance"].tolist() == number.table["importance"].tolist()
    assert result.r_squared == pytest.approx(
        r_squared_of(data.assign(nps=data["renewed"].astype(float)), NAMES)
    )
    assert "yes or no" in result.caveats[0]


def test_a_row_that_one_column_describes_alone_does_not_disturb_the_tests() -> None:
    """One respondent did not use t1: its indicator fits that row exactly (leverage 1)."""
    data = survey(100)
    data["t1_used"] = pd.array([False] + [True] * 99, dtype="boolean")
    result = drivers.importance(data, outcome="nps", drivers=NAMES, **QUICK)
    without = drivers.importance(data.iloc[1:], outcome="nps", drivers=NAMES, **QUICK)
    assert result.table["p_unique_raw"].tolist() == pytest.approx(
        without.table["p_unique_raw"].tolist(), rel=1e-6
    )


# --- how sure the order is ------------------------------------------------------------------------


def test_what_leads_is_counted_from_the_resamples() -> None:
    result = drivers.importance(survey(), outcome="nps", drivers=NAMES, bootstrap=20)
    draws = np.array(
        [[0.5, 0.3, 0.15, 0.05], [0.3, 0.5, 0.15, 0.05], [0.5, 0.1, 0.35, 0.05], [np.nan] * 4]
    )
    row = replace(result, share_draws=draws).leading(2).iloc[0]
    assert (row["drivers"], row["first"], row["count"]) == (("t0", "t1"), "t0", 2)
    assert (row["p_set"], row["p_order"], row["p_first"]) == pytest.approx((2 / 3, 1 / 3, 2 / 3))
    assert row["share_low"] == pytest.approx(np.percentile([0.8, 0.8, 0.6], 2.5))
    assert row["share"] == pytest.approx(result.table["share"][:2].sum())


def test_where_nothing_is_proven_nothing_leads() -> None:
    none = drivers.importance(survey(effects=(0.0,) * 4), outcome="nps", drivers=NAMES, **QUICK)
    assert none.leading().empty
    bare = drivers.importance(survey(), outcome="nps", drivers=NAMES, **QUICK).leading().iloc[0]
    assert np.isnan(bare["p_set"]) and bare["share"] > 0.9


# --- what was ignored, what is told ---------------------------------------------------------------


def test_a_rating_of_something_unused_is_ignored_and_said() -> None:
    data = with_use(survey(200), "t1", 0.3)
    stray = data.assign(t1=data["t1"].fillna(5.0))
    expected = drivers.importance(data, outcome="nps", drivers=NAMES, **QUICK)
    result = drivers.importance(stray, outcome="nps", drivers=NAMES, **QUICK)
    pd.testing.assert_frame_equal(result.table, expected.table)
    assert any("rated a touchpoint without" in c for c in result.caveats)


def test_a_caveat_that_lists_drivers_reads_the_same_when_it_comes_back_from_a_file() -> None:
    listed = Caveat("These drivers: {drivers}.", drivers=("t0", "t1"))
    assert listed == "These drivers: t0, t1."
    assert envelope.decode(envelope.encode(listed)) == listed


def test_an_exact_fit_proves_what_it_is_made_of_and_no_rounding_error() -> None:
    data = survey().assign(nps=lambda d: d["t0"] + d["t1"])
    result = drivers.importance(data, outcome="nps", drivers=NAMES, **QUICK)
    assert result.table["p_unique"].tolist() == [0, 0, 1, 1]
    assert result.table["proven"].tolist() == [True, True, False, False]
