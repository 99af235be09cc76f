"""Business time: the open seconds between two moments, with holidays and clock changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from cxlib.analysis import validate
from cxlib.analysis.metrics import one_of
from cxlib.analysis.validate import Floats
from cxlib.errors import DataError, nearest

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 86_400
_PIECE = 1_000_000
"""Rows at a time: each takes some hundred bytes on the way."""
Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class BusinessHours:
    """When a service is open.

    Parameters
    ----------
    hours : str or mapping of str to str
        ``"09:00-18:00"`` for Monday to Friday, ``"24/7"`` for always, or hours by day:
        ``{"mon": "09:00-12:00, 13:00-18:00", "sat": "10:00-14:00"}``; a day left out is closed.
        A shift over midnight is written as two: ``"22:00-24:00"`` and ``"00:00-06:00"`` the day
        after.
    holidays : set of datetime.date
        Days closed whatever their weekday.
    working_days : set of datetime.date
        Weekend days worked in exchange (调休); they keep the hours of the first open weekday.
    timezone : str
        Name of the zone whose wall clock the hours are on, such as ``"Asia/Shanghai"``.

    Notes
    -----
    Seconds are counted as they pass: a day on which the clocks go forward has 23 hours.
    """

    hours: str | Mapping[str, str] = "09:00-18:00"
    holidays: frozenset[dt.date] = field(default_factory=frozenset)
    working_days: frozenset[dt.date] = field(default_factory=frozenset)
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        """Read the hours at once, so that a wrong one is an error here and not later."""
        for name in ("holidays", "working_days"):
            days = frozenset(validate.day(each, f"{name}:") for each in getattr(self, name))
            object.__setattr__(self, name, days)
        both = self.holidays & self.working_days
        if both:
            raise DataError(f"{min(both)} is both a holiday and a make-up working day.")
        if not any(self.week):
            raise DataError("no day has business hours; write 24/7 for a service always open.")
        if self.working_days and not any(self.week[:5]):
            raise DataError("make-up working days need hours on a weekday to take over.")
        _ = self.zone

    @classmethod
    def of(
        cls,
        country: str | None,
        *,
        years: Iterable[int],
        hours: str | Mapping[str, str] = "09:00-18:00",
        timezone: str = "UTC",
        subdivision: str | None = None,
    ) -> BusinessHours:
        """Build the calendar of a country, with its holidays and make-up working days.

        `country` and `subdivision` are ISO codes (``"CN"``; a region with holidays of its own, such
        as ``"BY"`` in Germany); None, or a service open 24/7, has no holidays. `years` are those
        that the data touch: governments announce make-up days a year ahead, so a year still to come
        may lack them.

        Raises
        ------
        DataError
            If the country, region or zone is unknown.
        """
        if country is None or hours == "24/7":
            return cls(hours=hours, timezone=timezone)
        import holidays as calendars

        try:
            days = calendars.country_holidays(country, subdiv=subdivision, years=list(years))
        except NotImplementedError as error:
            known = calendars.list_supported_countries()
            place = country if country not in known else f"{country}-{subdivision}"
            raise DataError(
                f"no holidays are known for {place!r}{nearest(country, known)}"
            ) from error
        wanted = set(map(int, years))
        makeup = {day for day in getattr(days, "weekend_workdays", ()) if day.year in wanted}
        return cls(
            hours=hours,
            holidays=frozenset(days) - makeup,
            working_days=frozenset(makeup),
            timezone=timezone,
        )

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the wall clock."""
        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise DataError(
                f"{self.timezone!r} is not a time zone; write one like 'Asia/Shanghai'."
            ) from error

    @cached_property
    def week(self) -> tuple[tuple[Span, ...], ...]:
        """Open spans of Monday to Sunday, in seconds after midnight."""
        if isinstance(self.hours, str):
            always = self.hours.strip() == "24/7"
            spans = ((0, _DAY),) if always else _spans(self.hours)
            return tuple(spans if always or day < 5 else () for day in range(7))
        if not isinstance(self.hours, Mapping):
            raise DataError(f"business hours {self.hours!r} are not like '09:00-18:00'.")
        for day in self.hours:
            one_of(day, DAYS, f"{day!r} is not a weekday")
        return tuple(_spans(self.hours[day]) if day in self.hours else () for day in DAYS)

    def open_on(self, day: dt.date) -> tuple[Span, ...]:
        """Return the open spans of a day, in seconds of wall clock after midnight."""
        if day in self.holidays:
            return ()
        if day in self.working_days and not self.week[day.weekday()]:
            return next(spans for spans in self.week[:5] if spans)
        return self.week[day.weekday()]

    def spans(self, first: dt.date, last: dt.date) -> tuple[Floats, Floats]:
        """Return when the service opens and closes between two dates, in seconds since 1970 UTC."""
        days = pd.date_range(first, last, freq="D")
        each = [self.open_on(day.date()) for day in days]
        midnight = np.repeat(days.to_numpy(), [len(spans) for spans in each])
        edges = np.array([span for spans in each for span in spans], dtype="int64").reshape(-1, 2)
        opens, closes = (
            self._instants(midnight + edges[:, side].astype("timedelta64[s]"), last=bool(side))
            for side in (0, 1)
        )
        if len(opens):  # midnight twice in one night: the second day starts where the first ended
            opens[1:] = np.maximum(opens[1:], closes[:-1])
        return opens, np.maximum(opens, closes)

    def _instants(self, walls: Any, *, last: bool) -> Floats:
        index = pd.DatetimeIndex(walls).as_unit("ns")
        utc = index.tz_localize(
            self.zone, ambiguous=np.full(len(index), not last), nonexistent="shift_forward"
        )
        return np.asarray(utc.asi8 / 1e9, dtype=np.float64)

    def elapsed(self, moments: Floats, *, opens: Floats, closes: Floats) -> Floats:
        """Return the open seconds before each moment (seconds since 1970 UTC; NaN stays NaN)."""
        if not len(opens):
            return np.where(np.isnan(moments), np.nan, 0.0)
        before = np.concatenate([[0.0], np.cumsum(closes - opens)])
        at = np.searchsorted(opens, moments, side="right")
        inside = np.minimum(moments, closes[np.maximum(at - 1, 0)]) - opens[np.maximum(at - 1, 0)]
        passed = np.where(at > 0, before[np.maximum(at - 1, 0)] + inside, 0.0)
        return np.where(np.isnan(moments), np.nan, passed)

    def seconds_between(self, start: pd.Series, end: pd.Series) -> pd.Series:
        """Return the open seconds from `start` to `end`, row by row; negative if `end` is earlier.

        Moments without a zone are on this calendar's wall clock, where an hour that comes twice is
        read as the first. NaN where either is missing or the clocks skipped it.

        Raises
        ------
        DataError
            If one side has a zone and one has not.
        """
        if (start.dt.tz is None) != (end.dt.tz is None):
            raise DataError(
                f"one of {start.name!r} and {end.name!r} has a time zone and one has not; "
                "put both on one clock."
            )
        passed = np.full(len(start), np.nan)
        known = pd.Series([start.min(), start.max(), end.min(), end.max()]).dropna()
        if known.empty:
            return pd.Series(passed, index=start.index)
        margin = pd.Timedelta(days=2)
        opens, closes = self.spans((known.min() - margin).date(), (known.max() + margin).date())
        for at in range(0, len(start), _PIECE):
            part = slice(at, at + _PIECE)
            before, after = (
                self.elapsed(
                    seconds_utc(to_utc(t.iloc[part], self.zone)), opens=opens, closes=closes
                )
                for t in (start, end)
            )
            passed[part] = after - before
        return pd.Series(passed, index=start.index)


def to_utc(times: pd.Series, zone: dt.tzinfo, *, last: bool = False) -> pd.Series:
    """Return datetimes as UTC; those without a zone are read on the wall clock of `zone`.

    An hour that comes twice as the clocks go back is read as the first, or the `last`; a moment
    that the clocks skipped is none.
    """
    if times.dt.tz is None:
        first = np.full(len(times), not last)
        times = times.dt.tz_localize(zone, ambiguous=first, nonexistent="NaT")
    moments: pd.Series = times.dt.tz_convert("UTC")
    return moments


def seconds_utc(times: pd.Series) -> Floats:
    """Return UTC datetimes as seconds since 1970, NaN where missing, to the microsecond."""
    whole = times.dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    seconds = whole.astype("int64") / 1e6
    return np.where(np.isnat(whole), np.nan, seconds)


def _spans(text: str) -> tuple[Span, ...]:
    spans: list[Span] = []
    for part in str(text).split(","):
        edges = part.strip().replace("–", "-").split("-")
        if len(edges) != 2:
            raise DataError(f"business hours {text!r} are not like '09:00-18:00'.")
        opens, closes = (_clock(edge, text) for edge in edges)
        if closes <= opens:
            raise DataError(
                f"business hours {part.strip()!r} close before they open; write a shift over "
                "midnight as '22:00-24:00' and, the day after, '00:00-06:00'."
            )
        if spans and opens < spans[-1][1]:
            raise DataError(f"business hours {text!r} overlap or are out of order.")
        spans.append((opens, closes))
    return tuple(spans)


def _clock(edge: str, text: str) -> int:
    parts = edge.strip().split(":")
    if len(parts) == 2 and all(part.isdigit() for part in parts):
        hour, minute = map(int, parts)
        if minute < 60 and hour * 60 + minute <= 24 * 60:
            return hour * 3600 + minute * 60
    raise DataError(
        f"{edge.strip()!r} in business hours {text!r} is not a time from 00:00 to 24:00."
    )
