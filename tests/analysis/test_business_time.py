from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from cxlib.analysis.business_time import BusinessHours
from cxlib.errors import DataError

CHINA = BusinessHours.of("CN", years=[2025], timezone="Asia/Shanghai")


def times(*moments: str | None, tz: str | None = None) -> pd.Series:
    read = pd.Series(pd.to_datetime(list(moments), format="ISO8601"), name="created_at")
    return read.dt.tz_localize(tz) if tz else read


def hours(calendar: BusinessHours, start: str, end: str, tz: str | None = None) -> float:
    found = calendar.seconds_between(times(start, tz=tz), times(end, tz=tz))
    return float(found.iloc[0] / 3600)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2025-03-03 10:00", "2025-03-03 11:30", 1.5),  # Monday, within the day
        ("2025-03-03 07:00", "2025-03-03 23:00", 9),
        ("2025-03-07 17:00", "2025-03-10 10:00", 2),  # over a weekend
        ("2025-03-08 10:00", "2025-03-09 12:00", 0),  # within it
        ("2025-01-24 17:00", "2025-01-26 10:00", 2),  # Sunday the 26th is worked in exchange
        ("2025-09-30 17:00", "2025-10-09 10:00", 2),  # the national holidays
        ("2025-10-10 17:00", "2025-10-11 10:00", 2),  # a Saturday worked in exchange
    ],
)
def test_business_time_follows_the_chinese_calendar(start: str, end: str, expected: float) -> None:
    assert hours(CHINA, start, end) == pytest.approx(expected)


def test_lunch_and_saturday_hours_count_as_written() -> None:
    shop = BusinessHours(hours={"fri": "09:00-12:00, 13:00-18:00", "sat": "10:00-14:00"})
    assert hours(shop, "2025-03-07 11:00", "2025-03-08 11:00") == pytest.approx(1 + 5 + 1)


def test_a_service_always_open_counts_real_hours_over_clock_changes() -> None:
    berlin = BusinessHours(hours="24/7", timezone="Europe/Berlin")
    assert hours(berlin, "2026-03-28 12:00", "2026-03-29 12:00") == pytest.approx(23)
    assert hours(berlin, "2026-10-24 12:00", "2026-10-25 12:00") == pytest.approx(25)


def test_midnight_twice_in_one_night_is_not_counted_twice() -> None:
    havana = BusinessHours(hours="24/7", timezone="America/Havana")
    assert hours(havana, "2026-10-31 12:00", "2026-11-01 12:00") == pytest.approx(25)


def test_moments_with_a_zone_are_read_on_the_calendars_clock() -> None:
    # 01:00 to 02:00 UTC is 09:00 to 10:00 in Shanghai
    assert hours(CHINA, "2025-03-03 00:00", "2025-03-03 02:00", tz="UTC") == pytest.approx(1)


def test_an_hour_that_the_clocks_skipped_is_no_moment() -> None:
    berlin = BusinessHours(hours="24/7", timezone="Europe/Berlin")
    assert np.isnan(hours(berlin, "2026-03-29 02:30", "2026-03-29 12:00"))


def test_a_zone_on_one_side_only_is_refused() -> None:
    with pytest.raises(DataError, match="put both on one clock"):
        CHINA.seconds_between(times("2025-03-03"), times("2025-03-04", tz="UTC"))


def test_missing_moments_stay_missing_and_the_index_is_kept() -> None:
    start = times("2025-03-03 10:00", None).set_axis([7, 7])
    found = CHINA.seconds_between(start, start + pd.Timedelta(hours=1))
    assert found.index.tolist() == [7, 7]
    assert found.iloc[0] == 3600
    assert np.isnan(found.iloc[1])
    empty = CHINA.seconds_between(start.iloc[:0], start.iloc[:0])
    assert empty.empty


def by_minute(calendar: BusinessHours, start: dt.datetime, end: dt.datetime) -> float:
    """Count open minutes one by one: slow and plain."""
    zone, minute, open_minutes = ZoneInfo(calendar.timezone), dt.timedelta(minutes=1), 0
    moment = start.replace(tzinfo=zone).astimezone(dt.UTC)
    last = end.replace(tzinfo=zone).astimezone(dt.UTC)
    while moment < last:
        wall = moment.astimezone(zone)
        second = wall.hour * 3600 + wall.minute * 60
        open_minutes += any(a <= second < b for a, b in calendar.open_on(wall.date()))
        moment += minute
    return open_minutes * 60.0


@given(start=st.integers(0, 8 * 1440), length=st.integers(0, 3 * 1440))
@settings(max_examples=25, deadline=None)
def test_business_time_equals_counting_minutes(start: int, length: int) -> None:
    office = BusinessHours(
        hours={"mon": "08:00-12:00,12:30-17:00", "fri": "00:00-24:00", "sun": "01:00-04:00"},
        holidays=frozenset({dt.date(2026, 3, 27)}),
        timezone="Europe/Berlin",
    )
    first = dt.datetime(2026, 3, 23) + dt.timedelta(minutes=start)
    last = first + dt.timedelta(minutes=length)
    if any(m.date() == dt.date(2026, 3, 29) and m.hour == 2 for m in (first, last)):
        return  # a moment that does not exist is refused elsewhere
    found = office.seconds_between(
        pd.Series([pd.Timestamp(first)]), pd.Series([pd.Timestamp(last)])
    )
    assert found.iloc[0] == pytest.approx(by_minute(office, first, last))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"hours": "18:00-09:00"}, "close before they open"),
        ({"hours": "9 to 5"}, "not like '09:00-18:00'"),
        ({"hours": "09:00-25:00"}, "'25:00' .* is not a time"),
        ({"hours": "09:00-12:00,11:00-13:00"}, "overlap"),
        ({"hours": {"mo": "09:00-18:00"}}, "'mo' is not a weekday; did you mean 'mon'"),
        ({"hours": {}}, "no day has business hours"),
        ({"holidays": ["1st of May"]}, "holidays: '1st of May' is not a day"),
        ({"holidays": [None]}, "None is not a day"),
        ({"timezone": "Asia/Shangai"}, "'Asia/Shangai' is not a time zone"),
        (
            {
                "holidays": frozenset({dt.date(2025, 1, 1)}),
                "working_days": frozenset({dt.date(2025, 1, 1)}),
            },
            "2025-01-01 is both",
        ),
    ],
)
def test_a_calendar_that_cannot_be_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        BusinessHours(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("of", [str, np.datetime64, pd.Timestamp, lambda day: day])
def test_a_holiday_is_a_day_however_it_is_written(of: Callable[[dt.date], Any]) -> None:
    day = dt.date(2026, 10, 1)
    assert BusinessHours(holidays=[of(day)]).open_on(day) == ()  # type: ignore[arg-type]


def test_an_unknown_country_is_named() -> None:
    with pytest.raises(DataError, match="no holidays are known for 'CNN'"):
        BusinessHours.of("CNN", years=[2025])


def test_hours_that_are_none_are_refused() -> None:
    with pytest.raises(DataError, match="business hours None are not like '09:00-18:00'"):
        BusinessHours(hours=None)  # type: ignore[arg-type]
