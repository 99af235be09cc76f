"""The data room: dates as people write them, read only where they can mean one thing."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cxlib.errors import DataError

_HALF = "上午|下午|凌晨|早上|中午|晚上|AM|PM"
_TIME = (
    rf"(?:(?:\s+|T|(?<=[日号])\s*)(?P<half>{_HALF})?\s*(?P<hour>\d{{1,2}})[:时点](?P<minute>\d{{1,2}})"
    r"(?:[:分](?P<second>\d{1,2})(?:\.\d+)?)?[分秒]?\s*(?P<after>AM|PM)?)?"
)
_ZONE = re.compile(r"(.*\d:\d\d(?::\d\d)?(?:\.\d+)?)\s*(Z|UTC|[+-]\d{2}:?\d{2})", re.IGNORECASE)
_ORDINAL = r"(?:st|nd|rd|th)?"
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?P<year>\d{{4}})[-/.年]\s*(?P<month>\d{{1,2}})[-/.月]\s*(?P<day>\d{{1,2}})[日号]?{_TIME}",
        r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})"
        r"(?:[ T]?(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2}))?)?",
        rf"(?P<day>\d{{1,2}}){_ORDINAL}[- ](?P<name>[A-Z]{{3,9}})\.?,?[- ](?P<year>\d{{4}}){_TIME}",
        rf"(?P<name>[A-Z]{{3,9}})\.? (?P<day>\d{{1,2}}){_ORDINAL},? (?P<year>\d{{4}}){_TIME}",
        rf"(?P<one>\d{{1,2}})[-/.](?P<two>\d{{1,2}})[-/.](?P<year>\d{{4}}){_TIME}",
    )
)
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_SERIALS = (20_000, 80_000)
"""Excel day numbers taken for dates: October 1954 to January 2119."""
_FIRST_YEAR = 1900
_LONG_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august",
                "september", "october", "november", "december")  # fmt: skip
_MONTHS = {name: i + 1 for i, month in enumerate(_LONG_MONTHS) for name in (month, month[:3])} | {
    "sept": 9
}
_AFTERNOON = frozenset({"PM", "下午", "晚上"})
_MORNING = frozenset({"AM", "上午", "凌晨", "早上"})
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?")
_FIELDS = ("year", "month", "day", "hour", "minute", "second")

Parts = tuple[int, int, int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class Dates:
    """A column read as dates.

    Parameters
    ----------
    days : pandas.Series of datetime64[us]
        Without time zone; missing where there is no date.
    unread : pandas.Series of bool
        True where something stands that is no date.
    """

    days: pd.Series
    unread: pd.Series


def parse(
    texts: pd.Series,
    *,
    name: str,
    formats: Sequence[str] = (),
    timezone: str | None = None,
    at: Callable[[int], str] | None = None,
) -> Dates:
    """Read a column of dates.

    ISO, ``2026/3/5``, ``2026年3月5日``, ``20260305``, ``5 March 2026``, all with or without a time,
    and Excel's day numbers may stand side by side. Day-first and month-first dates are told
    apart by the whole column, or not at all.

    Parameters
    ----------
    texts : pandas.Series of str
        The cells; an empty text is no date.
    name : str
        The column, for messages.
    formats : sequence of str
        ``strptime`` formats tried in order instead; full ISO timestamps are still understood.
    timezone : str, optional
        Where times with an offset are brought to; without it, they stay as written.
    at : callable, optional
        Tells where the row at a position stands.

    Returns
    -------
    Dates
        The dates, and which cells could not be read.

    Raises
    ------
    DataError
        If day and month cannot be told apart, or a format is no format.
    """
    plain = texts.fillna("").map(lambda text: unicodedata.normalize("NFKC", text).strip())
    codes, unique = pd.factorize(plain)
    words = pd.Series(unique, dtype="object")
    if formats:
        days = _by_formats(words, formats, timezone, name)
    else:
        order = _Order(name=name, at=at or (lambda position: f"row {position + 1}"), codes=codes)
        days = _recognised(words, timezone, order)
    values = pd.Series(days.to_numpy()[codes], index=texts.index, name=texts.name)
    return Dates(days=values.astype("datetime64[us]"), unread=values.isna() & (plain != ""))


def _by_formats(
    words: pd.Series, formats: Sequence[str], timezone: str | None, name: str
) -> pd.Series:
    days = _empty(len(words))
    for pattern in formats:
        open_ = days.isna()
        try:
            read = pd.to_datetime(
                words[open_], format=pattern, errors="coerce", utc="%z" in pattern
            )
        except ValueError as error:
            raise DataError(f"column {name!r}: {pattern!r} is no date format ({error}).") from None
        if read.dt.tz is not None:
            read = read.dt.tz_convert(timezone or "UTC").dt.tz_localize(None)
        days[open_] = read.astype("datetime64[us]")
    open_ = days.isna() & words.str.contains("T", regex=False)
    days[open_] = _iso(words[open_])
    return days


def _recognised(words: pd.Series, timezone: str | None, order: _Order) -> pd.Series:
    local, offsets = _without_zone(words)
    days = _iso(local)
    rest = [int(i) for i in np.flatnonzero(days.isna() & (local != ""))]
    found = {i: _match(local[i]) for i in rest}
    day_first = order.decide({i: match for i, match in found.items() if _is_open(match)}, local)
    matched = [(i, _parts(match, day_first)) for i, match in found.items() if match is not None]
    if matched:
        days.iloc[[i for i, _ in matched]] = _moments(np.array([parts for _, parts in matched]))
    serial = [i for i, match in found.items() if match is None and _SERIAL.fullmatch(local[i])]
    if serial:
        days.iloc[serial] = _serials(np.array([float(local[i]) for i in serial]))
    if timezone is not None and offsets is not None:
        moved = (days - offsets).dt.tz_localize("UTC").dt.tz_convert(timezone).dt.tz_localize(None)
        days = days.mask(offsets.notna(), moved.astype("datetime64[us]"))
    return days


def _iso(words: pd.Series) -> pd.Series:
    days = _empty(len(words)).set_axis(words.index)
    iso = words.map(lambda word: _ISO.fullmatch(word) is not None).astype(bool)
    if iso.any():
        read = pd.to_datetime(words[iso], format="ISO8601", errors="coerce")
        days[iso] = read.astype("datetime64[us]").where(read.dt.year >= _FIRST_YEAR)
    return days


def _without_zone(words: pd.Series) -> tuple[pd.Series, pd.Series | None]:
    """Cut offsets from UTC off the times, and return them."""
    matches = [_ZONE.fullmatch(word) for word in words]
    if not any(matches):
        return words, None
    local = [match[1] if match else word for match, word in zip(matches, words, strict=True)]
    offsets = [_offset(match[2]) if match else None for match in matches]
    return pd.Series(local, dtype="object"), pd.Series(offsets, dtype="timedelta64[us]")


def _offset(text: str) -> dt.timedelta:
    digits = [int(digit) for digit in re.findall(r"\d", text)] or [0, 0, 0, 0]
    minutes = 600 * digits[0] + 60 * digits[1] + 10 * digits[2] + digits[3]
    return dt.timedelta(minutes=-minutes if text.startswith("-") else minutes)


def _match(word: str) -> re.Match[str] | None:
    return next((m for pattern in _PATTERNS if (m := pattern.fullmatch(word))), None)


def _is_open(match: re.Match[str] | None) -> bool:
    return match is not None and "one" in match.groupdict()


def _parts(match: re.Match[str], day_first: bool) -> Parts:
    """Return year to second of a match, which need not be a moment that exists."""
    found: dict[str, Any] = match.groupdict()
    if "one" in found:
        found["day"], found["month"] = (found["one"], found["two"])[:: 1 if day_first else -1]
    if "name" in found:
        found["month"] = _MONTHS.get(found["name"].casefold(), 0)
    year, month, day, hour, minute, second = (int(found.get(field) or 0) for field in _FIELDS)
    half = (found.get("half") or found.get("after") or "").upper()
    if (half in _AFTERNOON and hour < 12) or (half == "中午" and hour < 10):
        hour += 12
    elif half in _MORNING and hour == 12:
        hour = 0
    return year, month, day, hour, minute, second


def _moments(parts: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, Any]:
    """Return moments from rows of year to second, and no moment where there is none such."""
    year, month, day, hour, minute, second = parts.T
    fits = (year >= _FIRST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1)
    fits &= (hour < 24) & (minute < 60) & (second < 60)
    months = (12 * (year - 1970) + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    fits &= days.astype("datetime64[M]") == months
    moments = days.astype("datetime64[us]") + (
        (3600 * hour + 60 * minute + second) * 1_000_000
    ).astype("timedelta64[us]")
    return np.where(fits, moments, np.datetime64("NaT", "us"))


def _serials(numbers: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, Any]:
    seconds = np.round(numbers * 86_400).astype("int64")
    moments = np.datetime64("1899-12-30", "us") + (seconds * 1_000_000).astype("timedelta64[us]")
    fits = (numbers >= _SERIALS[0]) & (numbers <= _SERIALS[1])
    return np.where(fits, moments, np.datetime64("NaT", "us"))


def _empty(n: int) -> pd.Series:
    return pd.Series(np.full(n, "NaT", dtype="datetime64[us]"))


@dataclass(frozen=True, kw_only=True)
class _Order:
    """Whether the dates of a column put the day or the month first."""

    name: str
    at: Callable[[int], str]
    codes: Any

    def decide(self, found: dict[int, re.Match[str] | None], words: pd.Series) -> bool:
        """Return whether the day comes first; refuse to guess."""
        pairs = {i: (int(m["one"]), int(m["two"])) for i, m in found.items() if m is not None}
        day = [i for i, (one, two) in pairs.items() if one > 12 >= two]
        month = [i for i, (one, two) in pairs.items() if two > 12 >= one]
        unclear = [i for i, (one, two) in pairs.items() if one <= 12 and two <= 12 and one != two]
        way_out = 'declare `date_format:`, "%d/%m/%Y" or "%m/%d/%Y" or the like.'
        if day and month:
            raise DataError(
                f"column {self.name!r} mixes day-first and month-first dates: "
                f"{self._show(day[0], words)} and {self._show(month[0], words)}; {way_out}"
            )
        if unclear and not day and not month:
            examples = " and ".join(self._show(i, words) for i in unclear[:2])
            raise DataError(
                f"column {self.name!r} does not tell day from month: {examples}; {way_out}"
            )
        return not month

    def _show(self, i: int, words: pd.Series) -> str:
        position = int(np.flatnonzero(self.codes == i)[0])
        return f"{words[i]!r} ({self.at(position)})"
