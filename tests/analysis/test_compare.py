from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

from cxlib.analysis import compare, scores
from cxlib.analysis.compare.benchmark import score_test
from cxlib.analysis.metrics import Metric, Touchpoint
from cxlib.errors import DataError

PUBLISHED = pd.read_csv(Path(__file__).parents[1] / "reference" / "intervals.csv", comment="#")
PAIRS = PUBLISHED[PUBLISHED["n_b"].notna()].to_numpy()
few = settings(max_examples=25, deadline=None)


def share(hits: float, n: float, **options: object) -> scores.Score:
    return scores.csat(pd.Series([5] * int(hits) + [2] * int(n - hits)), **options)


def nps(detractors: int, passives: int, promoters: int) -> scores.Score:
    return scores.nps(pd.Series([3] * detractors + [7] * passives + [10] * promoters))


# --- difference -----------------------------------------------------------------------------------


@pytest.mark.parametrize("row", PAIRS, ids=lambda row: "/".join(f"{v:g}" for v in row[:4]))
def test_shares_agree_with_newcombe_1998(row: np.ndarray) -> None:
    hits, n, hits_b, n_b, low, high = row
    found = compare.difference(share(hits, n), share(hits_b, n_b))
    assert (found.low, found.high) == pytest.approx((100 * low, 100 * high), abs=0.0051)


def test_shares_are_tested_by_the_pooled_z_of_statsmodels() -> None:
    z, p_value = proportions_ztest([56, 48], [70, 80])
    found = compare.difference(share(56, 70), share(48, 80))
    assert (found.statistic, found.p_value) == pytest.approx((z, p_value))


def test_nps_by_hand() -> None:
    # adjusted: (18.75 − 2.75)/34 = .470588, (10.75 − 10.75)/34 = 0
    # variances: (.632353 − .221453)/34 = .012085, (.632353 − 0)/34 = .018599; se .175169
    found = compare.difference(nps(2, 11, 18), nps(10, 11, 10))
    assert found.value == pytest.approx(100 * 16 / 31)
    assert found.statistic == pytest.approx(0.470588 / 0.175169, abs=1e-4)
    assert found.low == pytest.approx(100 * (0.470588 - 1.959964 * 0.175169), abs=1e-3)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(2.686480), abs=1e-5)


def test_means_agree_with_welch() -> None:
    rng = np.random.default_rng(1)
    a, b = pd.Series(rng.integers(1, 8, 30)), pd.Series(rng.integers(2, 8, 17))
    found = compare.difference(scores.ces(a), scores.ces(b))
    welch = stats.ttest_ind(a, b, equal_var=False)
    interval = welch.confidence_interval(0.95)
    assert (found.statistic, found.p_value) == pytest.approx((welch.statistic, welch.pvalue))
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))


def test_paired_answers_agree_with_students_sleep_data() -> None:
    # Student (1908). The probable error of a mean. Biometrika 6, 1-25; as in R's `sleep`.
    first = pd.Series([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    second = pd.Series([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    found = compare.difference(second, first, paired=True)
    assert found.value == pytest.approx(1.58)
    assert found.statistic == pytest.approx(4.0621, abs=5e-5)
    assert found.p_value == pytest.approx(0.002833, abs=5e-7)


def test_pairs_are_matched_by_label_and_losses_counted() -> None:
    before = pd.Series([3, 9, 7, 9], index=["a", "b", "c", "d"])
    after = pd.Series([9, np.nan, 9, 7], index=["c", "b", "a", "e"])
    found = compare.difference(after, before, paired=True, metric=Metric("nps", "nps"))
    assert (found.value, found.n_a, found.n_dropped) == (150, 2, 3)


@few
@given(st.tuples(*[st.integers(0, 9)] * 6).filter(lambda c: sum(c[:3]) > 0 and sum(c[3:]) > 0))
def test_a_difference_turns_with_its_sides(counts: tuple[int, ...]) -> None:
    a, b = nps(*counts[:3]), nps(*counts[3:])
    one, other = compare.difference(a, b), compare.difference(b, a)
    assert (one.value, one.low, one.p_value) == pytest.approx(
        (-other.value, -other.high, other.p_value)
    )
    assert compare.difference(a, a).p_value == pytest.approx(1)


def test_no_spread_means_no_verdict() -> None:
    found = compare.difference(scores.ces(pd.Series([5, 5])), scores.ces(pd.Series([6, 6])))
    assert np.isnan([found.low, found.p_value]).all()
    assert "no test" in found.caveats[0]
    assert compare.difference(share(5, 5), share(7, 7)).p_value == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: compare.difference(nps(1, 1, 1), share(1, 2)), "a nps cannot be compared"),
        (lambda: compare.difference(share(1, 2), share(1, 2, top=1)), "top is 2 in one"),
        (
            lambda: compare.difference(share(1, 2), share(1, 2, scale=(1, 10))),
            "scales (1, 5) and (1, 10)",
        ),
        (lambda: compare.difference(share(1, 2), share(1, 2, confidence=0.9)), "pass confidence="),
        (lambda: compare.difference(share(1, 2), share(1, 2), paired=True), "needs both columns"),
        (
            lambda: compare.difference(pd.Series([1.0]), pd.Series([np.nan]), paired=True),
            "no pair is complete",
        ),
    ],
)
def test_what_cannot_be_compared_is_said(call, message: str) -> None:
    with pytest.raises(DataError) as told:
        call()
    assert message in str(told.value)


# --- benchmark ------------------------------------------------------------------------------------


def test_a_share_takes_the_targets_variance() -> None:
    z, p_value = proportions_ztest(81, 263, value=0.25, alternative="larger", prop_var=0.25)
    found = compare.benchmark(share(81, 263), 25, direction="higher")
    assert (found.statistic, found.p_value) == pytest.approx((z, p_value))
    assert found.reached


def test_a_mean_takes_students_t() -> None:
    ratings = pd.Series([5, 6, 7, 3, 4, 6])
    expected = stats.ttest_1samp(ratings, 4, alternative="greater")
    found = compare.benchmark(scores.ces(ratings), 4, direction="higher")
    assert found.p_value == pytest.approx(expected.pvalue)


def test_nps_against_a_target_is_the_published_score_test() -> None:
    # Tango (1998): b = 30, c = 12, n = 60 against .1
    z, z_c = score_test(30 / 60, 12 / 60, 60, 0.1)
    assert z == pytest.approx(1.8774, abs=1e-4)
    assert z_c != z
    found = compare.benchmark(nps(12, 18, 30), 10, direction="higher")
    assert found.statistic == pytest.approx(1.8774, abs=1e-4)
    assert found.p_met == pytest.approx(stats.norm.cdf(1.8774), abs=1e-5)
    assert found.p_value == pytest.approx(1 - found.p_missed)


def test_p_met_is_at_least_a_half_exactly_where_the_target_is_reached() -> None:
    for detractors, passives, promoters in itertools.product(range(0, 12, 2), repeat=3):
        if detractors + passives + promoters:
            score = nps(detractors, passives, promoters)
            for target in (-100, -40, 0, 25, 60, 100):
                for way in ("higher", "lower"):
                    found = compare.benchmark(score, target, direction=way)
                    assert found.reached == (found.p_met >= 0.5)


@pytest.mark.parametrize("target", [0, 30, 70])
def test_a_client_exactly_on_its_nps_target_is_called_met_and_missed_alike(target: int) -> None:
    """Enumerate every sample of 60 whose true NPS is the target: both errors near .05."""
    n, d = 60, 0.12
    p = target / 100 + d
    assert min(p, d, 1 - p - d) * n >= 2
    errors = np.zeros(2)
    for up in range(n + 1):
        down = np.arange(n - up + 1)
        weight = stats.multinomial.pmf(
            np.stack([np.full(down.size, up), down, n - up - down], axis=1), n, [p, d, 1 - p - d]
        )
        tails = np.array([score_test(up / n, k / n, n, target / 100)[1] for k in down])
        errors += [weight[tails > 1.644854].sum(), weight[tails < -1.644854].sum()]
    assert ((errors > 0.041) & (errors < 0.063)).all()


def test_the_two_directions_share_one_probability() -> None:
    score = share(40, 90)
    up, down = (compare.benchmark(score, 50, direction=d) for d in ("higher", "lower"))
    assert up.p_value + down.p_value == pytest.approx(1)
    assert (up.reached, down.reached) == (False, True)


def test_a_target_beyond_the_scale_is_refused() -> None:
    with pytest.raises(DataError, match="lies outside 0 to 100"):
        compare.benchmark(share(5, 9), 101, direction="higher")
    with pytest.raises(DataError, match="direction is"):
        compare.benchmark(share(5, 9), 50, direction="up")
    assert compare.benchmark(share(9, 9), 100, direction="higher").p_met == 0.5
    assert compare.benchmark(share(8, 9), 100, direction="higher").p_value == 1
    assert compare.benchmark(share(8, 9), 100, direction="lower").p_value == 0
    assert np.isnan(compare.benchmark(scores.ces(pd.Series([5])), 4, direction="higher").p_value)


# --- adjust ---------------------------------------------------------------------------------------

# Benjamini & Hochberg (1995), section 3.2: at 5 % their procedure rejects 4 of 15, Bonferroni 3
BH_1995 = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240]
BH_1995 += [0.4262, 0.5719, 0.6528, 0.7590, 1.0]


def test_adjustment_agrees_with_benjamini_hochberg_1995() -> None:
    assert (compare.adjust(BH_1995) <= 0.05).sum() == 4
    assert (compare.adjust(BH_1995, method="bonferroni") <= 0.05).sum() == 3


@settings(max_examples=10, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_adjustment_agrees_with_statsmodels(p_values: list[float]) -> None:
    names = {"bh": "fdr_bh", "holm": "holm", "bonferroni": "bonferroni"}
    for method, name in names.items():
        expected = multipletests(p_values, method=name)[1]
        assert compare.adjust(p_values, method=method) == pytest.approx(expected)


def test_a_withheld_cell_is_no_member_of_the_family() -> None:
    p_values = pd.Series([0.01, np.nan, 0.04], index=["a", "b", "c"])
    found = compare.adjust(p_values)
    assert found.index.tolist() == ["a", "b", "c"]
    assert found.tolist() == pytest.approx([0.02, np.nan, 0.04], nan_ok=True)
    assert compare.adjust([]).size == 0
    with pytest.raises(DataError, match=r"not 1\.5"):
        compare.adjust([0.1, 1.5])
    with pytest.raises(DataError, match="is no adjustment"):
        compare.adjust([0.1], method="tukey")


# --- change ---------------------------------------------------------------------------------------


def wave(**cells: tuple[int, int]) -> pd.DataFrame:
    """Return answers by cell: so many satisfied of so many."""
    rows = [(cell, 5.0 if i < hits else 1.0) for cell, (hits, n) in cells.items() for i in range(n)]
    return pd.DataFrame(rows, columns=["tier", "csat"])


def test_a_change_by_hand() -> None:
    # gold: share .5 → .75, score 80 → 60; basic: .5 → .25, 40 → 40; whole 60 → 55, middle 57.5
    before, after = wave(gold=(8, 10), basic=(4, 10)), wave(gold=(9, 15), basic=(2, 5))
    found = compare.decompose_change(before, after, metric="csat", by="tier", bootstrap=0)
    assert (found.rate, found.mix, found.total) == pytest.approx((-12.5, 7.5, -5))
    table = found.table.set_index("tier")
    assert table.loc["gold", ["rate", "mix"]].tolist() == pytest.approx([-12.5, 0.25 * 12.5])
    assert table.loc["basic", ["rate", "mix"]].tolist() == pytest.approx([0, 0.25 * 17.5])
    assert np.isnan([found.rate_low, found.mix_high]).all()


def test_a_cell_of_one_wave_only_is_mix() -> None:
    before, after = wave(gold=(8, 10)), wave(gold=(8, 10), club=(0, 10))
    found = compare.decompose_change(before, after, metric="csat", by="tier", bootstrap=50)
    assert (found.rate, found.mix) == pytest.approx((0, -40))
    club = found.table.set_index("tier").loc["club"]
    assert (club["rate"], club["n_before"]) == (0, 0)


def waves(n: int, *, shift: float = 0.0, seed: int = 5) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    frames = []
    for mean in (7.0, 7.0 + shift):
        rating = np.clip(np.round(rng.normal(mean, 2, n)), 0, 10)
        frames.append(
            pd.DataFrame(
                {
                    "nps": pd.Series(rating).mask(rng.random(n) < 0.05),
                    "tier": pd.Series(rng.choice(["a", "b", "c"], n)).mask(rng.random(n) < 0.05),
                    "channel": rng.choice(["web", "shop"], n),
                    "weight": rng.gamma(4, size=n),
                    "id": rng.integers(0, n // 2, n),
                }
            )
        )
    return frames[0], frames[1]


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("by", ["tier", ["tier", "channel"]])
def test_the_parts_add_up_to_the_change_of_the_score(by: object, weights: str | None) -> None:
    before, after = waves(200, shift=0.5)
    found = compare.decompose_change(
        before, after, metric="nps", by=by, weights=weights, bootstrap=20
    )
    ends = [
        scores.score(frame, Metric("nps", "nps"), weights=weights).value
        for frame in (before, after)
    ]
    assert found.total == found.rate + found.mix
    assert found.total == pytest.approx(ends[1] - ends[0], abs=1e-10)
    parts = found.table[["rate", "mix", "total"]].sum()
    assert parts.tolist() == pytest.approx([found.rate, found.mix, found.total], abs=1e-10)
    assert found.n_used + found.n_dropped == 400
    assert "have no tier" in found.caveats[0]


def test_the_bootstrap_agrees_with_the_standard_error_of_the_change() -> None:
    before, after = waves(1500, shift=0.4)
    metric = Metric("nps", "nps")
    for options in ({}, {"cluster": "id"}):
        found = compare.decompose_change(before, after, metric=metric, by="tier", **options)
        errors = [scores.score(w, metric, **options).standard_error for w in (before, after)]
        width = found.total_high - found.total_low
        # 1000 resamples give the width to about 4 %
        assert width == pytest.approx(2 * 1.96 * np.hypot(*errors), rel=0.1)
        again = compare.decompose_change(before, after, metric=metric, by="tier", **options)
        assert (found.rate_low, found.mix_high) == (again.rate_low, again.mix_high)


def test_a_change_of_what_is_no_number_is_refused() -> None:
    before, after = waves(30)
    for options, message in (
        ({"metric": "nps", "by": "teir"}, "did you mean 'tier'?"),
        ({"metric": "nps", "by": []}, "by= names no column"),
        ({"metric": "nps", "by": "tier", "bootstrap": -1}, "0 or more"),
        ({"metric": Touchpoint("nps", (1, 5)), "by": "tier"}, "off its scale 1-5"),
    ):
        with pytest.raises(DataError) as told:
            compare.decompose_change(before, after, **options)
        assert message in str(told.value)
    with pytest.raises(DataError, match="no answers in 'nps' after"):
        compare.decompose_change(before, after.iloc[:0], metric="nps", by="tier")


def test_one_customer_shows_no_spread_however_often_he_answers() -> None:
    before, after = waves(30)
    found = compare.decompose_change(
        before.assign(id=1), after, metric="nps", by="tier", cluster="id", bootstrap=20
    )
    ends = (found.rate_low, found.rate_high, found.mix_low, found.total_high)
    assert np.isnan(ends).all()
    assert any("come from one customer" in caveat for caveat in found.caveats)
