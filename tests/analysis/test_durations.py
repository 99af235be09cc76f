from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import binom
from statsmodels.duration.survfunc import SurvfuncRight

from cxlib.analysis.service.waits import Durations, mean_t, wilson
from tests.reference import remissions


def done(*values: float) -> Durations:
    return Durations(values, [True] * len(values))


def test_without_open_ones_percentiles_are_linear() -> None:
    ten = done(*range(1, 11))
    assert ten.quantile(0.9, confidence=0.95)[0] == pytest.approx(9.1)
    assert ten.quantile(0.5, confidence=0.95)[0] == pytest.approx(5.5)


def test_the_median_of_ten_lies_between_the_second_and_the_ninth() -> None:
    """Conover (1999), Practical Nonparametric Statistics, 3.2: r = 2, s = 9 cover 97.9 %."""
    assert done(*range(1, 11)).quantile(0.5, confidence=0.95)[1:] == (2, 9)
    assert binom.cdf(8, 10, 0.5) - binom.cdf(1, 10, 0.5) == pytest.approx(0.979, abs=5e-4)


def test_a_percentile_that_few_values_cannot_bound_has_no_upper_limit() -> None:
    assert done(*range(1, 11)).quantile(0.9, confidence=0.95)[2] == math.inf
    assert done(5).quantile(0.5, confidence=0.95) == (5, 0, math.inf)


def test_kaplan_meier_gives_the_published_remissions() -> None:
    weeks = Durations(remissions.WEEKS, remissions.RELAPSED)
    for week, share in remissions.SURVIVAL.items():
        assert 1 - weeks.within(week, confidence=0.95)[0] == pytest.approx(share, abs=5e-4)
    assert weeks.quantile(0.5, confidence=0.95)[0] == remissions.MEDIAN
    assert (weeks.n, weeks.open) == (21, 12)


@pytest.mark.parametrize("q", [0.1, 0.2, 0.25, 0.5])
def test_kaplan_meier_quantiles_and_limits_agree_with_statsmodels(q: float) -> None:
    weeks = Durations(remissions.WEEKS, remissions.RELAPSED)
    theirs = SurvfuncRight(np.array(remissions.WEEKS, float), np.array(remissions.RELAPSED))
    value, low, high = weeks.quantile(q, confidence=0.95)
    assert value == theirs.quantile(q)
    limits = theirs.quantile_ci(q, alpha=0.05, method="cloglog")
    assert low == limits[0]
    assert high == limits[1] or (math.isinf(high) and not np.isfinite(limits[1]))


def test_the_log_log_band_uses_greenwoods_variance() -> None:
    weeks = Durations(remissions.WEEKS, remissions.RELAPSED)
    share, low, high = weeks.within(10, confidence=0.95)
    risk = [(21, 3), (17, 1), (15, 1)]  # at risk and relapsed at 6, 7 and 10 weeks
    stay = math.prod(1 - d / r for r, d in risk)
    error = stay * math.sqrt(sum(d / (r * (r - d)) for r, d in risk))
    spread = 1.959964 * error / (stay * abs(math.log(stay)))
    assert 1 - share == pytest.approx(stay)
    assert (1 - high, 1 - low) == pytest.approx(
        (stay ** math.exp(spread), stay ** math.exp(-spread))
    )


def test_a_quantile_too_few_have_reached_is_not_a_number() -> None:
    value, low, high = Durations([1, 2, 3, 4], [1, 0, 0, 0]).quantile(0.9, confidence=0.95)
    assert math.isnan(value)
    assert high == math.inf
    assert low > 0


def test_the_share_within_a_limit_is_one_minus_survival() -> None:
    # at risk 4, one ends at 1 (3/4 left); one runs on at 2; one of two ends at 3 (3/8 left)
    four = Durations([1, 2, 3, 4], [1, 0, 1, 1])
    assert four.within(3, confidence=0.95)[0] == pytest.approx(1 - 3 / 8)
    assert four.within(2.9, confidence=0.95)[0] == pytest.approx(1 / 4)
    assert four.within(0.5, confidence=0.95)[0] == 0
    assert four.within(9, confidence=0.95)[0] == pytest.approx(1)


def test_a_limit_longer_than_any_watch_says_nothing() -> None:
    running = Durations([1, 2, 3], [1, 1, 0])
    assert all(math.isnan(each) for each in running.within(10, confidence=0.95))
    assert running.within(3, confidence=0.95)[0] == pytest.approx(2 / 3)


def test_nothing_counted_has_no_numbers() -> None:
    nothing = Durations([], [])
    for estimate in (
        nothing.quantile(0.5, confidence=0.95),
        nothing.within(1, confidence=0.95),
        wilson(0, 0, 0.95),
        mean_t([], 0.95),
    ):
        assert all(math.isnan(each) for each in estimate)


def test_wilson_agrees_with_newcombe_1998_table_1() -> None:
    assert wilson(81, 263, 0.95)[1:] == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20, 0.95)[1] == 0
    assert wilson(20, 20, 0.95)[2] == 1


@given(
    st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=1, max_size=60),
    st.floats(0.05, 0.95),
)
@settings(max_examples=80, deadline=None)
def test_estimates_lie_within_their_limits(rows: list[tuple[int, bool]], q: float) -> None:
    values, ended = zip(*rows, strict=True)
    durations = Durations(values, ended)
    value, low, high = durations.quantile(q, confidence=0.95)
    if not math.isnan(value):
        assert low <= value <= high
    share, low, high = durations.within(25, confidence=0.95)
    if not math.isnan(share):
        assert 0 <= low <= share + 1e-12
        assert share <= high + 1e-12 <= 1 + 2e-12
    if all(ended):
        assert value == pytest.approx(np.quantile(values, q)) or durations.open
        assert durations.quantile(q, confidence=0.95)[0] == pytest.approx(np.quantile(values, q))


def test_the_order_statistic_interval_covers_what_it_promises() -> None:
    rng, covered = np.random.default_rng(3), 0
    for _ in range(400):
        low, high = done(*rng.exponential(1, 40)).quantile(0.8, confidence=0.95)[1:]
        covered += low <= -math.log(0.2) <= high
    assert covered / 400 > 0.93  # at least 95 %, less three standard errors of the simulation
