"""Period labels: calendar arithmetic, worked by hand and against pandas."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from cxlib import periods
from cxlib.errors import CxError
from cxlib.periods import Kind, Period

KINDS: tuple[Kind, ...] = ("year", "quarter", "month")
DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2200, 12, 31))
CODES: dict[Kind, str] = {"year": "Y", "quarter": "Q", "month": "M"}


@pytest.mark.parametrize(
    ("label", "kind", "start", "end", "said"),
    [
        ("2026", "year", "2026-01-01", "2026-12-31", "2026"),
        (2026, "year", "2026-01-01", "2026-12-31", "2026"),
        ("2026Q3", "quarter", "2026-07-01", "2026-09-30", "2026Q3"),
        ("2026-q1", "quarter", "2026-01-01", "2026-03-31", "2026Q1"),
        (" 2024-02 ", "month", "2024-02-01", "2024-02-29", "2024-02"),
        ("9999Q4", "quarter", "9999-10-01", "9999-12-31", "9999Q4"),
        ("0001", "year", "0001-01-01", "0001-12-31", "0001"),
    ],
)
def test_a_label_names_its_days(
    label: str | int, kind: str, start: str, end: str, said: str
) -> None:
    period = periods.parse(label)
    assert period.kind == kind
    assert (period.start, period.end) == (dt.date.fromisoformat(start), dt.date.fromisoformat(end))
    assert periods.label_of(period) == str(period) == said


@pytest.mark.parametrize(
    "label",
    ["2026Q5", "2026-13", "2026-00", "26", "Q3 2026", "0000", "２０２６", "2026-9", "wave 1", ""],
)
def test_what_is_no_calendar_period_is_a_waves_own_name(label: str) -> None:
    assert periods.kind_of(label) is None
    with pytest.raises(CxError, match="is not a period; write a quarter 2026Q3"):
        periods.parse(label)


@pytest.mark.parametrize(
    ("label", "by", "shifted"),
    [
        ("2026Q3", 1, "2026Q4"),
        ("2026Q4", 1, "2027Q1"),
        ("2026Q1", -5, "2024Q4"),
        ("2026-12", 1, "2027-01"),
        ("2026-01", -13, "2024-12"),
        (2026, -1, "2025"),
    ],
)
def test_shifting_crosses_years(label: str | int, by: int, shifted: str) -> None:
    assert periods.shift(label, by) == shifted


def test_the_calendar_has_ends() -> None:
    with pytest.raises(CxError, match="leaves the calendar"):
        periods.shift("9999Q4", 1)
    with pytest.raises(CxError, match="leaves the calendar"):
        periods.shift("0001-01", -1)


def test_all_periods_between_two() -> None:
    assert periods.between("2025Q4", "2026-Q2") == ["2025Q4", "2026Q1", "2026Q2"]
    assert periods.between("2026-02", "2026-02") == ["2026-02"]
    assert periods.between("2026", "2025") == []
    with pytest.raises(CxError, match="a quarter and 2026-05 a month"):
        periods.between("2026Q1", "2026-05")


def test_labels_are_put_in_time_order_and_waves_left_as_they_came() -> None:
    assert periods.order(["2026Q2", "2025Q4", "2026Q2", "2026Q1"]) == ["2025Q4", "2026Q1", "2026Q2"]
    assert periods.order(["2026-01", "2026Q1", "2026"]) == ["2026", "2026Q1", "2026-01"]
    assert periods.order(["second", "first", "2026Q1"]) == ["second", "first", "2026Q1"]
    assert periods.order([]) == []


@pytest.mark.parametrize(
    "in_time",
    [
        ["Wave 9", "Wave 10", "Wave 11"],
        ["第二期", "第三期", "第四期"],
        ["2024H2", "2025H1", "2025H2"],
        ["2024年第9周", "2024年第10周"],
        ["FY24", "FY25"],
    ],
)
def test_numbered_waves_go_by_number_however_the_file_is_sorted(in_time: list[str]) -> None:
    assert periods.order(in_time[::-1]) == periods.order(in_time) == in_time


@pytest.mark.parametrize(
    "as_they_came", [["11月", "12月", "1月"], ["Q4", "Q1"], ["12/2023", "01/2024"], ["B2", "A1"]]
)
def test_names_that_begin_anew_or_differ_stand_as_they_came(as_they_came: list[str]) -> None:
    assert periods.order(as_they_came) == as_they_came


@settings(max_examples=200, deadline=None)
@given(
    st.dates(dt.date(1900, 1, 1), dt.date(2200, 12, 31)),
    st.sampled_from(KINDS),
    st.integers(-99, 99),
)
def test_pandas_agrees(day: dt.date, kind: Kind, by: int) -> None:
    ours = periods.containing(day, kind)
    theirs = pd.Period(day, freq=CODES[kind])
    assert str(ours) == str(theirs)
    assert (ours.start, ours.end) == (theirs.start_time.date(), theirs.end_time.date())
    assert ours.start <= day <= ours.end
    assert periods.shift(str(ours), by) == str(theirs + by)
    assert (ours.year, ours.month) == (theirs.start_time.year, theirs.start_time.month)
    assert ours.quarter == theirs.start_time.quarter
    assert periods.parse(str(ours)) == ours == (ours + by) - by


def test_dates_get_the_label_of_their_period() -> None:
    dates = pd.Series(
        [pd.Timestamp("2026-01-31"), pd.NaT, pd.Timestamp("2026-12-01 23:59")], index=[5, 5, 9]
    )
    labels = periods.label_dates(dates, "quarter")
    assert labels.tolist()[0::2] == ["2026Q1", "2026Q4"]
    assert labels.isna().tolist() == [False, True, False]
    assert list(labels.index) == [5, 5, 9]
    assert periods.label_dates(dates, "month").iloc[2] == "2026-12"
    assert periods.label_dates(dates.iloc[:0], "year").empty
    assert periods.label_dates(dates.iloc[1:2], "year").isna().all()


def test_a_time_stamp_with_a_zone_keeps_its_own_day() -> None:
    dates = pd.Series(pd.to_datetime(["2026-01-01 00:30"])).dt.tz_localize("Asia/Shanghai")
    assert periods.label_dates(dates, "year").tolist() == ["2026"]


def test_periods_need_no_pandas() -> None:
    modules = "cxlib.periods, cxlib.words, cxlib.analysis.metrics"
    code = f"import sys, {modules}; print('pandas' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_periods_are_values() -> None:
    assert Period("quarter", 4 * 2026) == periods.parse("2026Q1")
    assert len({periods.parse("2026Q1"), periods.parse("2026-Q1")}) == 1
