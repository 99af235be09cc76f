from __future__ import annotations

import json
import math
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from cxlib.analysis import trends
from cxlib.analysis.trends import rules
from cxlib.errors import DataError
from tests.reference import process_charts as published

TWELVE = [39, 41, 41, 41, 43, 44, 41, 42, 40, 41, 44, 40]


def months(n: int, first: str = "2024-01") -> list[str]:
    return [str(p) for p in pd.period_range(first, periods=n, freq="M")]


def chart_of(values: list[float], **options: object) -> trends.XmrChart:
    series = pd.Series(values, index=months(len(values)), dtype=float, name="csat")
    return trends.xmr(series, **{"improvement": "higher"} | options)


# --- limits ------------------------------------------------------------------------------------


def test_limits_are_the_mean_and_266_mean_moving_ranges() -> None:
    chart = chart_of(TWELVE)
    row = chart.table.iloc[0]
    assert row["centre"] == pytest.approx(497 / 12)
    assert row["upper"] == pytest.approx(497 / 12 + 2.66 * 19 / 11)  # moving ranges sum to 19
    rounded = row[["centre", "lower", "upper"]].astype(float).round(2)
    assert rounded.tolist() == [41.42, 36.82, 46.01]
    assert chart.n_used == 12
    assert not chart.trial
    assert chart.variation == "common cause"
    assert (chart.table["flags"] == "").all()


def test_limits_agree_with_the_nist_handbook() -> None:
    table = chart_of(list(published.NIST_FLOW)).table
    assert table["centre"].iloc[0] == pytest.approx(published.NIST_CENTRE)
    assert table["moving_range"].mean() == pytest.approx(published.NIST_MOVING_RANGE, abs=5e-5)
    # 2.66 rounds 3/1.128 = 2.6596: 0.0008 of a unit here
    assert table["lower"].iloc[0] == pytest.approx(published.NIST_LOWER, abs=1e-3)
    assert table["upper"].iloc[0] == pytest.approx(published.NIST_UPPER, abs=1e-3)


def test_a_leap_is_screened_out_of_the_limits_but_not_out_of_the_centre() -> None:
    values = [10, 11, 10, 11, 10, 11, 10, 11, 30, 31, 30, 31]  # ten ranges of 1, one of 19
    screened, raw = chart_of(values), chart_of(values, screen=False)
    assert screened.table["centre"].iloc[0] == pytest.approx(np.mean(values))
    assert screened.table["upper"].iloc[0] == pytest.approx(np.mean(values) + 2.66)
    assert raw.table["upper"].iloc[0] == pytest.approx(np.mean(values) + 2.66 * 29 / 11)
    assert screened.table["screened"].sum() == 1
    assert any(caveat.endswith("limits were set: 1.") for caveat in screened.caveats)


def test_screening_never_leaves_limits_without_width() -> None:
    chart = chart_of([5.0] * 11 + [9.0])  # screening would leave only zeros
    assert chart.table["upper"].iloc[0] > chart.table["lower"].iloc[0]
    assert chart.table["flags"].tolist()[-1] == "outside"


def test_a_constant_series_is_stable_whatever_its_rounding() -> None:
    chart = chart_of([0.1 + 0.2] * 14)
    assert (chart.table["flags"] == "").all()
    assert chart.variation == "common cause"
    assert any("do not vary" in caveat for caveat in chart.caveats)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 50), min_size=12, max_size=12),
    st.sampled_from([0.5, 2.0, 8.0]),
    st.integers(-20, 20),
)
def test_flags_do_not_depend_on_the_unit(values: list[int], scale: float, shift: int) -> None:
    plain = chart_of(list(map(float, values))).table
    moved = chart_of([scale * value + shift for value in values]).table
    assert plain["flags"].tolist() == moved["flags"].tolist()
    np.testing.assert_allclose(moved["upper"], scale * plain["upper"] + shift, atol=1e-9)


# --- rules -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("close", "side", "flagged"), published.TWO_IN_THREE)
def test_two_in_three_agrees_with_nhsrplotthedots(
    close: tuple[int, ...], side: tuple[int, ...], flagged: tuple[int, ...]
) -> None:
    none = np.zeros((1, len(close)), dtype=bool)
    found = rules.two_in_three(np.array([side], float), np.array([close], bool), none)
    assert found[0].tolist() == list(map(bool, flagged))


@pytest.mark.parametrize(("values", "expected"), published.SEVEN_POINT_TREND)
def test_the_trend_agrees_with_nhsrplotthedots(values: tuple[int, ...], expected: int) -> None:
    array = np.array([values], float)
    up = rules.part_of_run(rules.run_lengths(array, up=True))
    down = rules.part_of_run(rules.run_lengths(array, up=False))
    assert int(up[0, -1]) - int(down[0, -1]) == expected
    assert up.all() == (expected == 1)


def by_the_book(values: list[float]) -> list[str]:
    """Return the flags of one segment, slowly: one window after the other, in plain Python."""
    n = len(values)
    centre = sum(values) / n
    ranges = [abs(b - a) for a, b in pairwise(values)]
    kept = [r for r in ranges if r <= 3.267 * sum(ranges) / len(ranges)]
    kept = kept if sum(kept) else ranges
    half = 2.66 * sum(kept) / len(kept)
    gap = [0.0 if abs(v - centre) < 1e-7 else v - centre for v in values]
    outside = [abs(g) > half + 1e-7 for g in gap]
    outer = [abs(g) > half * 2 / 3 + 1e-7 and not out for g, out in zip(gap, outside, strict=True)]
    flags: list[set[str]] = [{"outside"} if out else set() for out in outside]
    for t in range(n - 6):
        seven = range(t, t + 7)
        if all(gap[i] > 0 for i in seven) or all(gap[i] < 0 for i in seven):
            [flags[i].add("shift") for i in seven]
        steps = [values[i + 1] - values[i] for i in seven[:-1]]
        if all(s > 0 for s in steps) or all(s < 0 for s in steps):
            [flags[i].add("trend") for i in seven]
    for t in range(n - 2):
        three = range(t, t + 3)
        one_side = all(gap[i] > 0 for i in three) or all(gap[i] < 0 for i in three)
        if one_side and sum(outer[i] for i in three) >= 2 and not any(outside[i] for i in three):
            [flags[i].add("two in three") for i in three if outer[i]]
    order = ("outside", "trend", "two in three", "shift")
    return [", ".join(rule for rule in order if rule in flag) for flag in flags]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=16, max_size=16), st.integers(0, 9), st.integers(0, 2))
def test_flags_agree_with_the_rules_read_window_by_window(
    noise: list[int], leap: int, slope: int
) -> None:
    values = [x + leap * (t > 8) + slope * t for t, x in enumerate(noise)]
    assert chart_of(values).table["flags"].tolist() == by_the_book(list(map(float, values)))


def test_seven_on_one_side_are_flagged_and_six_are_not() -> None:
    alternating = [1.0, -1.0]
    seven = chart_of([1, 2, 1, 2, 1, 2, 1, -1, -2, -1, -2, -1, -2, *alternating, 0])
    flagged = seven.table.loc[seven.table["flags"].str.contains("shift"), "period"]
    assert flagged.tolist() == months(7)
    six = chart_of([-2, 1, 2, 1, 2, 1, 2, -1, -2, -1, -2, -1, -2, *alternating, 1])
    assert not six.table["flags"].str.contains("shift").any()


def test_a_run_of_l_takes_two_to_the_l_minus_one_points_on_average() -> None:
    """Exact: enumerate every sequence of sides, then let the rule say when it first has L."""
    length, n = 3, 14
    sides = np.array(list(product([-1.0, 1.0], repeat=n)))
    run = np.maximum(rules.same_side(sides, 1), rules.same_side(sides, -1))
    waiting = [1.0] + [float((run[:, :t].max(axis=1) < length).mean()) for t in range(1, n + 1)]
    # beyond n the survival falls by the same factor each point: the golden ratio's half for L = 3
    factor = (1 + math.sqrt(5)) / 4
    assert waiting[-1] / waiting[-2] == pytest.approx(factor, abs=1e-4)
    mean = sum(waiting) + waiting[-1] * factor / (1 - factor)
    assert mean == pytest.approx(2**length - 1, abs=1e-3)


def test_a_run_of_seven_takes_127_points_on_average() -> None:
    transitions = np.zeros((rules.IN_A_ROW - 1, rules.IN_A_ROW - 1))  # run length 1 to 6
    transitions[:, 0] += 0.5
    for k in range(rules.IN_A_ROW - 2):
        transitions[k, k + 1] += 0.5
    waits = np.linalg.solve(np.eye(len(transitions)) - transitions, np.ones(len(transitions)))
    assert 1 + waits[0] == pytest.approx(2**rules.IN_A_ROW - 1)
    rng = np.random.default_rng(7)
    sides = np.sign(rng.standard_normal((2000, 1500)))
    run = np.maximum(rules.same_side(sides, 1), rules.same_side(sides, -1))
    first = (run >= rules.IN_A_ROW).argmax(axis=1) + 1
    assert first.mean() == pytest.approx(127, abs=4 * 122 / math.sqrt(2000))


# --- how often it cries wolf -------------------------------------------------------------------


@pytest.mark.parametrize(("n", "rate"), [(12, 0.07), (24, 0.19), (36, 0.29)])
def test_the_false_alarm_rate_of_a_chart_grows_with_its_length(n: int, rate: float) -> None:
    stable = np.random.default_rng(n).normal(80, 3, n)
    assert chart_of(list(stable)).false_alarm_rate == pytest.approx(rate, abs=0.01)


def test_the_stated_rate_is_the_one_that_other_stable_charts_show() -> None:
    rng = np.random.default_rng(99)
    flagged = [any(by_the_book(list(rng.normal(size=12)))) for _ in range(4000)]
    stated = chart_of(list(rng.normal(size=12))).false_alarm_rate
    assert np.mean(flagged) == pytest.approx(stated, abs=4 * math.sqrt(0.07 * 0.93 / 4000))


def test_a_rolling_window_is_refused_for_flagging_91_percent_of_stable_series() -> None:
    with pytest.raises(DataError, match=r"rolling window of 3 periods .* 91 % of stable"):
        chart_of(TWELVE, window=3)
    rng = np.random.default_rng(3)
    single = rng.standard_normal((4000, 26))
    rolling = (single[:, 2:] + single[:, 1:-1] + single[:, :-2]) / 3  # 24 points
    found = rules.signals(rolling, rules.limits(rolling, screen=True), rules.RULES)
    any_flag = np.any([flags.any(axis=1) for flags in found.flags.values()], axis=0)
    assert any_flag.mean() == pytest.approx(0.91, abs=0.02)


def test_carry_over_makes_the_false_alarm_rate_invalid_and_says_so() -> None:
    rng = np.random.default_rng(11)
    values = [0.0]
    for step in rng.standard_normal(47):
        values.append(0.8 * values[-1] + step)
    chart = chart_of(values)
    gap = np.array(values) - np.mean(values)
    assert chart.autocorrelation == pytest.approx((gap[1:] * gap[:-1]).sum() / (gap**2).sum())
    assert not chart.false_alarm_rate_valid
    assert any("correlated" in caveat for caveat in chart.caveats)


# --- verdicts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("improvement", "target", "expected"),
    [
        ("higher", 36, "reaches"),
        ("higher", 46.5, "misses"),
        ("higher", 41, "may or may not"),
        ("lower", 36, "misses"),
        ("lower", 46.5, "reaches"),
        ("lower", 41, "may or may not"),
        ("higher", None, None),
    ],
)
def test_assurance_compares_the_limits_with_the_target(
    improvement: str, target: float | None, expected: str | None
) -> None:
    assert chart_of(TWELVE, improvement=improvement, target=target).assurance == expected


@pytest.mark.parametrize(
    ("last", "improvement", "expected"),
    [
        (60, "higher", "improving"),
        (20, "higher", "concerning"),
        (60, "lower", "concerning"),
        (20, "lower", "improving"),
        (60, None, "neither high"),
        (20, None, "neither low"),
        (41, "higher", "common cause"),
    ],
)
def test_variation_reads_the_latest_point_in_the_direction_of_improvement(
    last: float, improvement: str | None, expected: str
) -> None:
    assert chart_of([*TWELVE, last], improvement=improvement).variation == expected


def test_a_falling_trend_above_the_centre_points_down() -> None:
    values = [1.0, 9, 2, 8, 1, 9, 2, 0, 1, 30, 27, 24, 21, 18, 15, 12]
    chart = chart_of(values, rules=("trend",))
    assert chart.table["value"].iloc[-1] > chart.table["centre"].iloc[-1]
    assert chart.variation == "concerning"


def test_the_peak_between_two_trends_belongs_to_the_later_one() -> None:
    values = np.array([[1.0, 2, 3, 4, 5, 6, 7, 6, 5, 4, 3, 2, 1]])
    found = rules.signals(values, rules.limits(values, screen=True), ("trend",))
    assert found.direction["trend"][0].tolist() == [1.0] * 6 + [-1.0] * 7


# --- periods, gaps, rebasing -------------------------------------------------------------------


def test_missing_values_are_counted_gaps_and_never_filled() -> None:
    chart = chart_of([*TWELVE[:6], float("nan"), *TWELVE[6:]])
    assert (chart.n_used, chart.n_dropped) == (12, 1)
    assert math.isnan(chart.table["value"].iloc[6])
    assert (
        chart.table["moving_range"].isna().tolist()
        == [True] + [False] * 5 + [True] * 2 + [False] * 5
    )
    # the range of 3 between the points beside the gap is not there: 16 over 10
    assert chart.table["upper"].iloc[0] == pytest.approx(497 / 12 + 2.66 * 16 / 10)
    assert "1 of 13 periods has no value; it stays a gap and ends a run." in chart.caveats


def test_an_absent_month_is_a_gap_like_an_empty_one() -> None:
    with_nan = chart_of([*TWELVE[:6], float("nan"), *TWELVE[6:]])
    labels = months(13)
    absent = pd.Series(TWELVE, index=labels[:6] + labels[7:], dtype=float)
    pd.testing.assert_frame_equal(
        trends.xmr(absent, improvement="higher").table, with_nan.table, check_dtype=False
    )


def test_a_gap_ends_a_run() -> None:
    high, low = [5.0, 6, 5, 6, 5, 6, 5, 6], [-5.0, -6, -5, -6, -5, -6, -5, -6]
    assert chart_of(high + low).table["flags"].str.contains("shift").all()
    broken = [*high[:4], float("nan"), *high[4:], *low[:4], float("nan"), *low[4:]]
    assert not chart_of(broken).table["flags"].str.contains("shift").any()


@pytest.mark.parametrize(
    "index",
    [
        pd.period_range("2025-01", periods=12, freq="M"),
        pd.date_range("2025-01-01", periods=12, freq="MS"),
        pd.date_range("2025-01-31", periods=12, freq="ME", tz="Asia/Shanghai"),
        months(12, "2025-01"),
    ],
)
def test_months_are_read_from_any_index(index: object) -> None:
    chart = trends.xmr(pd.Series(TWELVE, index=index), improvement="higher")
    assert chart.table["period"].tolist() == months(12, "2025-01")


def test_quarters_years_weeks_and_plain_positions_are_read_too() -> None:
    def periods(index: pd.Index) -> list[str]:
        values = pd.Series(np.arange(float(len(index))), index=index)
        return trends.xmr(values, improvement=None).table["period"].tolist()

    quarters = ["2025Q1", "2025Q2", "2025Q3"]
    assert periods(pd.date_range("2025-01-01", periods=3, freq="QS")) == quarters
    assert periods(pd.period_range("2025Q1", periods=3, freq="Q")) == quarters
    assert periods(pd.Index(["2025-Q3", "2025Q1", "2025q2"])) == quarters
    assert periods(pd.Index([2019, 2020, 2022])) == ["2019", "2020", "2021", "2022"]
    assert periods(pd.date_range("2025-12-31", periods=2, freq="YE")) == ["2025", "2026"]
    assert periods(pd.date_range("2025-01-06", periods=2, freq="W-MON")) == [
        "2025-01-06",
        "2025-01-13",
    ]
    assert periods(pd.RangeIndex(3)) == ["0", "1", "2"]
    assert periods(pd.Index(["wave b", "wave a"])) == ["wave b", "wave a"]


def test_months_every_third_are_quarters_without_gaps() -> None:
    values = pd.Series([1.0, 2, 3, 4], index=["2025-03", "2025-06", "2025-09", "2025-12"])
    assert trends.xmr(values, improvement="higher").n_dropped == 0


def test_unsorted_months_are_charted_in_time_order() -> None:
    series = pd.Series(TWELVE, index=months(12), dtype=float)
    shuffled = series.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(
        trends.xmr(shuffled, improvement="higher").table,
        trends.xmr(series, improvement="higher").table,
    )


def test_a_rebase_sets_limits_anew_and_keeps_its_reason() -> None:
    second = [60, 62, 61, 63, 60, 62, 61, 62, 60, 61, 63, 62]
    chart = chart_of(TWELVE + second, rebase={"2025-01": "new check-in desk"})
    alone = chart_of(second)
    table = chart.table
    assert table["segment"].tolist() == [1] * 12 + [2] * 12
    assert table["centre"].unique() == pytest.approx([497 / 12, np.mean(second)])
    assert table["upper"].iloc[-1] == pytest.approx(alone.table["upper"].iloc[0])
    assert math.isnan(table["moving_range"].iloc[12])
    assert (table["flags"] == "").all()
    assert chart.rebased == (("2025-01", "new check-in desk"),)
    assert any("new check-in desk" in caveat for caveat in chart.caveats)
    once = chart_of(TWELVE).false_alarm_rate
    assert chart.false_alarm_rate == pytest.approx(1 - (1 - once) ** 2)


WAVES = [90, 91, 90, 91, 90, 91, 90, 80, 81, 80, 81, 80, 81, 80] * 2
"""A course that swings: most points signal, none of them is usual."""


@pytest.mark.parametrize(
    ("values", "target", "unsettled", "assurance"),
    [
        (WAVES, 95, True, "misses"),
        ([96, *WAVES[1:]], 95, True, None),  # out of the limits' reach, and yet it was reached
        (WAVES, 70, True, "reaches"),
        ([41, 40, 42, 41, 43, 41, 40, 42, 41, 40, 43, 41], 95, False, "misses"),
    ],
)
def test_where_half_the_points_signal_only_what_every_period_did_is_told(
    values: list[float], target: float, unsettled: bool, assurance: str | None
) -> None:
    periods = pd.period_range("2024-01", periods=len(values), freq="M").astype(str)
    about = {"kpi": "k", "source": "reported", "kind": "other", "unit": "number", "scale": None}
    about |= {"direction": "higher", "basis": "census", "n": 100}
    rows = pd.DataFrame({"period": periods, "value": np.array(values, dtype=float)}).assign(**about)
    rows[["low", "high", "variance", "n_star"]] = math.nan
    told = trends.chart_kpis(rows, targets={"k": target})
    assert told.charts["k"].unsettled is unsettled
    assert math.isnan(told.table["miss_chance"].iloc[0]) is unsettled
    assert told.table["assurance"].iloc[0] == assurance


def test_fewer_than_twelve_points_give_trial_limits() -> None:
    assert chart_of(TWELVE[:11]).trial
    assert any("on trial" in caveat for caveat in chart_of(TWELVE[:11]).caveats)
    assert not chart_of(TWELVE).trial
    assert chart_of([*TWELVE, 50.0, 51.0], rebase=["2025-01"]).trial


def test_one_value_has_a_centre_and_no_limits() -> None:
    chart = chart_of([41.0], target=40)
    assert math.isnan(chart.table["upper"].iloc[0])
    assert chart.variation is None
    assert chart.assurance is None
    assert any("no limits can be set" in caveat for caveat in chart.caveats)


def test_flags_and_verdicts_survive_json() -> None:
    table = chart_of([*TWELVE, 60]).table
    back = pd.DataFrame(json.loads(json.dumps(table.astype(object).to_dict("list"))))
    assert back["flags"].tolist() == table["flags"].tolist()
    assert table["flags"].iloc[-1] == "outside"


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "int64", "object", "string"])
def test_any_numeric_dtype_is_read(dtype: str) -> None:
    series = pd.Series(TWELVE, index=months(12)).astype(dtype)
    assert trends.xmr(series, improvement="higher").table["value"].tolist() == TWELVE


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([], {}, "'csat' has no values: all 0 are missing"),
        ([float("nan")] * 3, {}, "all 3 are missing"),
        ([1.0, float("inf")], {}, r"'csat' holds inf \(row 2024-02, 1 such\)"),
        (TWELVE, {"target": 95, "improvement": None}, "target 95 has no direction"),
        (TWELVE, {"target": float("nan")}, "target is nan"),
        (TWELVE, {"improvement": "higer"}, "did you mean 'higher'"),
        (TWELVE, {"rebase": ["2024-13"]}, "rebase names '2024-13', no period of 'csat'"),
        (TWELVE, {"rebase": ["2026-01"]}, "rebase names '2026-01'"),
        (TWELVE, {"rules": ("shfit",)}, "did you mean 'shift'"),
        (TWELVE, {"rules": []}, r"rules are \[\]; write 'nhs' for all"),
        (TWELVE, {"rules": None}, "rules are None; write 'nhs' for all"),
        (TWELVE, {"rules": [7]}, "there is no rule 7"),
        (TWELVE, {"target": "85"}, "target is '85'"),
        (TWELVE, {"target": pd.NA}, "target is <NA>"),
        (TWELVE, {"target": True}, "target is True"),
        (TWELVE, {"window": 0}, "window is 0; it must be at least 1"),
        (TWELVE, {"window": np.int64(3)}, "a rolling window of 3 periods cannot be charted"),
        ([1.0, 2.0, float("nan")], {"rebase": ["2024-03"]}, "there is no value before the next"),
    ],
)
def test_what_cannot_be_charted_is_said(
    values: list[float], options: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        chart_of(values, **options)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (pd.Series([1.0, 2.0], index=["2024-01", "2024-01"]), "period '2024-01' 2 times"),
        (pd.Series([1.0, 2.0], index=["2024-01", "2024Q2"]), "mixes kinds of periods"),
        (pd.Series([1.0, "n/a"], index=months(2)), "holds 'n/a'"),
        (pd.Series([1.0, 2.0], index=["2024-01", None]), "no period in row 1"),
        (pd.Series([1.0, 2.0, 3.0], index=["2024-01", "2024-02", "2204-03"]), "mistyped"),
        (pd.DataFrame({"a": [1, 2]}), "a chart takes one series, not a DataFrame"),
        (pd.Series([1 + 2j, 2]), "holds complex128 values, not numbers"),
        (pd.Series([1e300, 2e300]), "which is not a number up to 1e\\+100"),
        (pd.Series([1.0, 2], index=pd.MultiIndex.from_tuples([(2026, 1), (2026, 2)])),
         "is indexed by 2 levels; keep the periods alone"),
    ],
)  # fmt: skip
def test_what_is_no_series_of_measurements_is_refused(values: object, told: str) -> None:
    with pytest.raises(DataError, match=told):
        trends.xmr(values, improvement="higher")


# --- survey scores -----------------------------------------------------------------------------


def scores(values: list[float], n: list[float], **columns: object) -> pd.DataFrame:
    table = pd.DataFrame({"period": months(len(values)), "value": values, "n": n})
    return table.assign(**{"variance": 1.0} | columns)


def test_limits_rest_on_the_pooled_variance_of_one_answer_and_each_periods_answers() -> None:
    values, n = [50.0, 50, 50, 50], [100, 100, 400, 400]
    variance = [2500.0, 1500, 2000, 2000]  # pooled by answers: (250 + 150 + 800 + 800) / 1000
    chart = trends.score_chart(scores(values, n, variance=variance), improvement="higher")
    half = chart.table["upper"] - chart.table["centre"]
    assert half.tolist() == pytest.approx([3 * math.sqrt(2000 / each) for each in n])
    errors = [math.sqrt(v / k) for v, k in zip(variance, n, strict=True)]
    by_error = scores(values, n, standard_error=errors).drop(columns="variance")
    again = trends.score_chart(by_error, improvement="higher")
    assert again.table["upper"].tolist() == pytest.approx(chart.table["upper"].tolist())


def test_the_design_effect_counts() -> None:
    table = scores([50.0, 51, 49, 50], [200] * 4, variance=2000.0, n_star=[100.0] * 4)
    chart = trends.score_chart(table, improvement="higher")
    assert chart.table["standard_error"].tolist() == pytest.approx([math.sqrt(20)] * 4)


def test_tau_makes_standardised_moving_ranges_average_as_a_normals_do() -> None:
    n = np.array([400.0, 100, 250, 50, 900, 120, 300, 80, 60, 500, 150, 220])
    values = [39.0, 45, 40, 47, 44, 38, 46, 41, 49, 40, 45, 38]
    table = scores(values, list(n), variance=900.0)
    chart = trends.score_chart(table, improvement="higher", screen=False)
    v = 900 / n
    half = (chart.table["upper"] - chart.table["centre"]).to_numpy()
    tau2 = (half / 3) ** 2 - v
    assert tau2 == pytest.approx(np.full(12, tau2[0]))
    assert tau2[0] > 0
    ranges = np.abs(np.diff(values)) / np.sqrt(2 * tau2[0] + v[1:] + v[:-1])
    assert ranges.mean() == pytest.approx(math.sqrt(2 / math.pi), rel=1e-6)
    weight = 1 / (tau2[0] + v)
    assert chart.table["centre"].iloc[0] == pytest.approx(np.average(values, weights=weight))


def test_values_calmer_than_their_sampling_noise_have_no_process_variation() -> None:
    n = [400.0, 100, 250, 50] * 3
    chart = trends.score_chart(scores([40.0, 41] * 6, n, variance=900.0), improvement="higher")
    assert chart.table["standard_error"].tolist() == pytest.approx([30 / k**0.5 for k in n])
    half = chart.table["upper"] - chart.table["centre"]
    assert half.tolist() == pytest.approx([90 / k**0.5 for k in n])


def test_a_leap_is_screened_out_of_tau_once() -> None:
    values = [40.0, 41, 40, 41, 40, 41, 40, 41, 80, 81, 80, 81]
    screened = trends.score_chart(scores(values, [4.0] * 12), improvement="higher")
    raw = trends.score_chart(scores(values, [4.0] * 12), improvement="higher", screen=False)
    assert screened.table["screened"].sum() == 1
    assert screened.table["upper"].iloc[0] < raw.table["upper"].iloc[0]


def test_scores_of_endless_samples_are_an_xmr_chart() -> None:
    chart = trends.score_chart(scores(TWELVE, [1e15] * 12), improvement="higher")
    plain = chart_of(TWELVE)
    # sqrt(π)/2 × 3 = 2.6587 against 2.66
    np.testing.assert_allclose(chart.table["upper"], plain.table["upper"], atol=3e-3)
    assert chart.false_alarm_rate == pytest.approx(plain.false_alarm_rate, abs=0.005)


def test_a_share_takes_its_variance_at_the_centre_as_a_p_chart() -> None:
    """By hand: 90, 100 and 80 of 100 are 90 %; 3 sqrt(.9 × .1 / 100) = .09, of 400: .045."""
    table = pd.DataFrame({"period": months(4), "numerator": [90.0, 360, 92, 88]})
    table["denominator"] = [100, 400, 100, 100]
    chart = trends.score_chart(table, improvement="higher")
    assert chart.table["centre"].iloc[0] == pytest.approx(630 / 700)
    half = chart.table["centre"] - chart.table["lower"]
    assert half.tolist() == pytest.approx([0.09, 0.045, 0.09, 0.09])
    percent = pd.DataFrame({"period": months(4), "value": [90.0, 90, 92, 88], "kind": "csat"})
    again = trends.score_chart(percent.assign(n_star=table["denominator"]), improvement="higher")
    assert again.table["lower"].tolist() == pytest.approx((100 * chart.table["lower"]).tolist())


def test_a_month_of_100_percent_is_no_signal_and_limits_stay_on_the_scale() -> None:
    values = [92.0, 90, 93, 100, 91, 94, 92, 90, 95, 91, 93, 92]
    table = scores(values, [30.0] * 12, kind="csat", standard_error=0.0)
    chart = trends.score_chart(table, improvement="higher", target=100)
    assert (chart.table["flags"] == "").all()
    assert chart.table["upper"].max() == 100
    negative = chart_of([1.0, 9, 2, 8, 1, 7, 3, 9, 2, 8, 1, 4], limits=(0, None))
    assert negative.table["lower"].min() == 0
    assert chart_of([1.0, 9, 2, 8, 1, 7, 3, 9, 2, 8, 1, 4]).table["lower"].min() < 0


def test_stable_csat_charts_rarely_flag_a_point() -> None:
    """A period's own errors flag 65 % of stable charts of CSAT 92 % at n = 30; pooled 7 to 12 %."""
    rng = np.random.default_rng(30)
    shares = rng.binomial(30, 0.92, (1500, 12)) / 30
    centre = shares.mean(axis=1)
    pooled = own = 0
    for middle in np.unique(centre):  # charts of one centre have the same sampling noise
        rows = shares[centre == middle]
        limit = rules.limits(rows, np.full(12, middle * (1 - middle) / 30), screen=True)
        flags = rules.signals(rows, limit, rules.RULES).flags
        pooled += np.any([each.any(axis=1) for each in flags.values()], axis=0).sum()
        own += (np.abs(rows - middle) > 3 * np.sqrt(rows * (1 - rows) / 30)).any(axis=1).sum()
    assert own / 1500 > 0.5
    assert pooled / 1500 < 0.13


def test_uneven_samples_do_not_raise_false_flags() -> None:
    rng = np.random.default_rng(10)
    n = np.array([10.0, 300] * 12)
    values = 40 + rng.standard_normal((3000, 24)) * np.sqrt(7000 / n)
    weighted = rules.signals(values, rules.limits(values, 7000 / n, screen=True), rules.RULES)
    plain = rules.signals(values, rules.limits(values, screen=True), rules.RULES)
    rates = [
        np.any([flag.any(axis=1) for flag in found.flags.values()], axis=0).mean()
        for found in (weighted, plain)
    ]
    stated = trends.score_chart(
        scores(list(values[0]), list(n), variance=7000.0), improvement="higher"
    ).false_alarm_rate
    assert rates[0] == pytest.approx(stated, abs=0.05)


def test_a_small_sample_may_stray_where_a_large_one_may_not() -> None:
    values = [40.0, 41, 39, 40, 41, 39, 40, 41, 39, 40, 41, 50]
    small = trends.score_chart(
        scores(values, [100.0] * 11 + [3.0], variance=100.0), improvement="higher"
    )
    large = trends.score_chart(scores(values, [100.0] * 12, variance=100.0), improvement="higher")
    assert small.variation == "common cause"
    assert large.variation == "improving"


def test_a_score_without_answers_is_a_counted_gap() -> None:
    table = scores(list(map(float, TWELVE)), [100.0] * 11 + [float("nan")])
    chart = trends.score_chart(table, improvement="higher")
    assert (chart.n_used, chart.n_dropped) == (11, 1)
    assert "1 value has no number of answers and is a gap." in chart.caveats


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"variance": [-1.0] * 12}, "'variance' holds -1"),
        ({"value": [120.0] * 12}, "'value' holds 120 .* beyond its limits 0 to 100"),
        ({"value": [None] * 12}, "no scores with a number of answers in 12 rows"),
        ({"n": [-5] * 12}, "-5 answers in row 0"),
    ],
)
def test_impossible_scores_are_refused(change: dict[str, list[float]], message: str) -> None:
    table = scores(TWELVE, [50.0] * 12).assign(**change)
    with pytest.raises(DataError, match=message):
        trends.score_chart(table, improvement="higher", limits=(0, 100))


def test_a_missing_column_is_named() -> None:
    table = scores(TWELVE, [50.0] * 12)
    with pytest.raises(DataError, match=r"no column 'value' in the table; did you mean 'values'"):
        trends.score_chart(table.rename(columns={"value": "values"}), improvement="higher")
    with pytest.raises(DataError, match="no column 'n'"):
        trends.score_chart(table.drop(columns="n"), improvement="higher")
    with pytest.raises(DataError, match=r"neither 'variance' .* nor 'standard_error'"):
        trends.score_chart(table.drop(columns="variance"), improvement="higher")
    with pytest.raises(DataError, match="a share lies between 0 and 1, not at 44"):
        trends.score_chart(table.assign(kind="share"), improvement="higher")


# --- shifts of level, assurance ----------------------------------------------------------------

CALM = [31.0, 29, 33, 30, 32, 31, 30, 33, 29, 31, 32, 30]


def test_after_a_shift_usual_is_the_level_since_once_eight_points_have_followed() -> None:
    low = [9.0, 11, 10, 8, 10, 9, 11, 10]
    short, settled = (chart_of([*CALM, *low[:n]], shifts=True, target=5) for n in (5, 8))
    assert short.shifts == settled.shifts == ("2025-01",)
    assert short.table["centre"].iloc[:12].unique() == pytest.approx([np.mean(CALM)])
    assert short.table[["centre", "lower", "upper"]].iloc[12:].isna().all(axis=None)
    assert (short.table["flags"].iloc[12:] == "new level").all()
    assert (short.table["flags"].iloc[:12] == "").all()  # the good old months are not "better"
    assert (short.variation, short.assurance) == ("concerning", None)
    assert short.before == pytest.approx(np.mean(CALM))
    assert settled.table["centre"].iloc[-1] == pytest.approx(np.mean(low))
    assert settled.trial
    assert settled.assurance is None
    assert settled.variation == "common cause"


def test_a_first_bad_point_is_judged_by_the_limits_before_it() -> None:
    chart = chart_of([*CALM, 10.0], shifts=True)
    assert chart.table["centre"].unique() == pytest.approx([np.mean(CALM)])
    assert (chart.table["flags"].iloc[-1], chart.table["signal"].iloc[-1]) == ("outside", "worse")
    assert (chart.table["flags"].iloc[:-1] == "").all()


def test_one_bad_month_that_passed_is_no_new_level() -> None:
    chart = chart_of([*CALM[:8], 10.0, *CALM[8:], *CALM], shifts=True)
    assert chart.shifts == ()


@pytest.mark.parametrize("n", [8, 24])
def test_stable_charts_are_hardly_ever_divided(n: int) -> None:
    rng = np.random.default_rng(n)
    found = [chart_of(list(rng.normal(50, 3, n)), shifts=True).shifts for _ in range(300)]
    assert np.mean([bool(each) for each in found]) <= 0.01 + 3 * math.sqrt(0.01 * 0.99 / 300)


def test_assurance_prints_the_chance_of_a_miss_and_is_not_given_on_trial_limits() -> None:
    chart = chart_of(TWELVE, target=41.42)
    assert chart.miss_chance == pytest.approx(0.5, abs=0.01)
    sure = chart_of(TWELVE, target=36)
    assert sure.assurance == "reaches"
    assert 0 < sure.miss_chance < 0.01
    assert chart_of(TWELVE, target=46.5).miss_chance > 0.99
    lower = chart_of(TWELVE, target=36, improvement="lower")
    assert lower.miss_chance == pytest.approx(1 - sure.miss_chance)
    trial = chart_of(TWELVE[:11], target=36)
    assert trial.assurance is None
    assert math.isnan(trial.miss_chance)


def test_the_chance_of_a_miss_is_what_further_periods_show() -> None:
    rng = np.random.default_rng(77)
    series = rng.normal(50, 4, (400, 21))
    stated = [chart_of(list(row[:20]), target=46).miss_chance for row in series]
    assert np.mean(stated) == pytest.approx((series[:, 20] < 46).mean(), abs=0.05)


# --- a real process ----------------------------------------------------------------------------


def test_the_nhs_cannot_meet_its_four_hour_target(public_data: Path) -> None:
    file = public_data / "nhs_ae" / "ae_attendances.csv"
    if not file.exists():
        pytest.skip("nhs_ae is not in the public data")
    data = pd.read_csv(file, parse_dates=["period"])
    total = data.groupby("period")[["attendances", "breaches"]].sum()
    overall = 100 * (1 - total["breaches"].sum() / total["attendances"].sum())
    assert overall == pytest.approx(88.48, abs=0.005)
    share = 100 * (1 - total["breaches"] / total["attendances"])
    chart = trends.xmr(share, improvement="higher", target=95)
    raw = trends.xmr(share, improvement="higher", target=95, screen=False)
    assert chart.table[["lower", "upper"]].iloc[0].tolist() == pytest.approx([86.0, 90.9], abs=0.05)
    assert raw.table[["lower", "upper"]].iloc[0].tolist() == pytest.approx([85.6, 91.3], abs=0.05)
    assert chart.autocorrelation == pytest.approx(0.76, abs=0.005)
    assert not chart.false_alarm_rate_valid
    assert chart.assurance == "misses"
    assert chart.seasonality is not None
    assert chart.seasonality.seasonal


def test_the_nhs_rules_may_stand_in_a_list_and_a_window_of_one_is_any_whole_number() -> None:
    assert chart_of(TWELVE, rules=["nhs"]).rules == chart_of(TWELVE).rules
    assert chart_of(TWELVE, window=np.int64(1)).n_used == 12


@pytest.mark.parametrize(
    "index",
    [
        pd.DatetimeIndex(["2026-01-18", "2026-01-04", "2026-01-11"]),
        pd.PeriodIndex(["2026-01-18", "2026-01-04", "2026-01-11"], freq="D"),
        pd.Index(["2026-01-18", "2026-01-04", "2026-01-11"]),
    ],
)
def test_days_and_weeks_are_charted_in_time_order(index: pd.Index) -> None:
    table = trends.xmr(pd.Series([3.0, 1, 2], index=index), improvement="higher").table
    assert table["value"].tolist() == [1, 2, 3]
    assert table["period"].tolist() == ["2026-01-04", "2026-01-11", "2026-01-18"]


def test_years_that_became_floats_are_years() -> None:
    chart = trends.xmr(pd.Series([3.0, 1, 2], index=[2026.0, 2024, 2025]), improvement="higher")
    assert chart.table["period"].tolist() == ["2024", "2025", "2026"]
