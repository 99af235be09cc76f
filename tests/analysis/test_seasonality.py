from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from cxlib.analysis import trends
from cxlib.errors import DataError


def months(n: int) -> list[str]:
    return [str(p) for p in pd.period_range("2023-04", periods=n, freq="M")]


def carried(rng: np.random.Generator, n: int, carry: float) -> np.ndarray:
    noise = rng.standard_normal(n + 50)
    for t in range(1, n + 50):
        noise[t] += carry * noise[t - 1]
    return noise[50:]


@pytest.mark.parametrize("carry", [0.0, 0.6])
def test_a_series_without_season_is_said_seasonal_once_in_a_hundred(carry: float) -> None:
    rng = np.random.default_rng(5)
    found = [
        trends.seasonality(pd.Series(carried(rng, 36, carry), index=months(36))) for _ in range(600)
    ]
    assert np.mean([f.seasonal for f in found]) <= 0.01 + 3 * np.sqrt(0.01 * 0.99 / 600)
    assert np.mean([f.p_value < 0.05 for f in found]) == pytest.approx(0.05, abs=0.03)


def test_a_planted_season_is_found_with_its_effects() -> None:
    rng = np.random.default_rng(6)
    t = np.arange(48)
    planted = 3 * np.sin(2 * np.pi * t / 12)
    values = pd.Series(50 + 0.1 * t + planted + rng.normal(0, 1, 48), index=months(48))
    found = trends.seasonality(values)
    assert found.seasonal
    assert found.p_value < 1e-4
    calendar = pd.PeriodIndex(values.index, freq="M").month
    expected = pd.Series(planted).groupby(np.asarray(calendar)).mean()
    np.testing.assert_allclose(found.table["effect"], expected, atol=1.5)
    assert found.table["effect"].sum() == pytest.approx(0, abs=1e-9)
    assert found.n_used == 47


def test_the_f_test_agrees_with_statsmodels() -> None:
    values = pd.Series(carried(np.random.default_rng(8), 40, 0.3), index=months(40))
    month = pd.PeriodIndex(values.index, freq="M").month
    dummies = pd.get_dummies(pd.Series(month), dtype=float).to_numpy()[1:]
    other = np.column_stack([np.arange(1, 40), values.to_numpy()[:-1]])
    full = sm.OLS(values.to_numpy()[1:], np.column_stack([dummies, other])).fit()
    less = sm.OLS(values.to_numpy()[1:], sm.add_constant(other)).fit()
    statistic, p_value, _df = full.compare_f_test(less)
    found = trends.seasonality(values)
    assert found.statistic == pytest.approx(statistic)
    assert found.p_value == pytest.approx(p_value)


def test_two_years_are_needed_and_charts_stay_silent_below_them() -> None:
    short = pd.Series(np.arange(23.0) % 12, index=months(23), name="csat")
    with pytest.raises(DataError, match="'csat' is too short for a season: 23 values"):
        trends.seasonality(short)
    assert trends.xmr(short, improvement="higher").seasonality is None


def test_a_chart_says_its_season_from_24_points_on() -> None:
    rng = np.random.default_rng(4)
    season = np.tile([0, 0, 0, 8, 8, 8, 0, 0, 0, -8, -8, -8], 2) + rng.normal(0, 0.5, 24)
    chart = trends.xmr(pd.Series(season, index=months(24)), improvement="higher")
    assert chart.seasonality is not None
    assert chart.seasonality.seasonal
    assert any("follow a season" in caveat for caveat in chart.caveats)


def test_quarters_have_seasons_and_waves_have_none() -> None:
    quarters = [str(p) for p in pd.period_range("2022Q1", periods=12, freq="Q")]
    values = np.tile([0.0, 5, 0, -5], 3) + np.random.default_rng(2).normal(0, 0.3, 12)
    assert trends.seasonality(pd.Series(values, index=quarters)).seasonal
    with pytest.raises(DataError, match="too short"):
        trends.seasonality(pd.Series(np.arange(30.0)))


def test_a_constant_or_straight_series_has_no_season() -> None:
    for values in (np.full(36, 7.0), np.arange(36.0)):
        found = trends.seasonality(pd.Series(values, index=months(36)))
        assert not found.seasonal
