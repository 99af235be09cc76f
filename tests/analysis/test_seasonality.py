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


def test_a_series_without_season_is_said_seasonal_once_in_twenty() -> None:
    rng = np.random.default_rng(5)
    found = [
        trends.seasonality(pd.Series(carried(rng, 36, 0.0), index=months(36))) for _ in range(600)
    ]
    rate = np.mean([f.seasonal for f in found])
    assert rate == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 600))


@pytest.mark.parametrize(("n", "form"), [(30, "wave"), (60, "months")])
def test_a_planted_season_is_found_with_its_effects(n: int, form: str) -> None:
    rng = np.random.default_rng(6)
    planted = 3 * np.sin(2 * np.pi * np.arange(n) / 12)
    if form == "months":  # one month alone, which no wave can follow
        planted = np.where(np.arange(n) % 12 == 5, 8.0, 0.0)
    found = trends.seasonality(pd.Series(50 + planted + rng.normal(0, 1, n), index=months(n)))
    assert found.seasonal
    assert found.form == form
    assert found.p_value < 1e-4
    np.testing.assert_allclose(found.table["effect"], planted - planted.mean(), atol=1.6)
    assert found.n_used == n - 1


def test_the_latest_point_takes_no_part_in_the_season() -> None:
    rng = np.random.default_rng(3)
    values = 50 + 3 * np.sin(2 * np.pi * np.arange(30) / 12) + rng.normal(0, 1, 30)
    other = np.r_[values[:-1], 999.0]
    one, two = (trends.seasonality(pd.Series(v, index=months(30))) for v in (values, other))
    pd.testing.assert_frame_equal(one.table, two.table)
    assert one.p_value == two.p_value


def test_the_f_test_agrees_with_statsmodels() -> None:
    values = pd.Series(carried(np.random.default_rng(8), 40, 0.3), index=months(40))
    ordinal = np.array([p.ordinal for p in pd.PeriodIndex(values.index, freq="M")])[:-1]
    angle = 2 * np.pi * ordinal / 12
    design = np.column_stack([np.ones(39), np.sin(angle), np.cos(angle)])
    p_value = sm.OLS(values.to_numpy()[:-1], design).fit().f_pvalue
    assert trends.seasonality(values).p_value == pytest.approx(p_value)


def test_24_points_are_needed_and_charts_stay_silent_below_them() -> None:
    short = pd.Series(np.arange(23.0) % 12, index=months(23), name="csat")
    with pytest.raises(DataError, match="'csat' is too short for a season: 23 values"):
        trends.seasonality(short)
    assert trends.xmr(short, improvement="higher").seasonality is None
    with pytest.raises(DataError, match="too short"):
        trends.seasonality(pd.Series(np.arange(30.0)))


def test_a_chart_says_its_season_from_24_points_on() -> None:
    rng = np.random.default_rng(4)
    season = np.tile([0, 0, 0, 8, 8, 8, 0, 0, 0, -8, -8, -8], 2) + rng.normal(0, 0.5, 24)
    chart = trends.xmr(pd.Series(season, index=months(24)), improvement="higher")
    assert chart.seasonality is not None
    assert chart.seasonality.seasonal
    assert any("follow a season" in caveat for caveat in chart.caveats)


def test_a_constant_series_has_no_season() -> None:
    assert not trends.seasonality(pd.Series(np.full(36, 7.0), index=months(36))).seasonal
