"""Dates as people and platforms write them, read only where they can mean one thing."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cxlib.data.date_forms import (
    ABBREVIATED,
    AFTERNOON,
    EPOCH,
    ERAS,
    EXCEL,
    FIELDS,
    FIRST_YEAR,
    ISO,
    MIDNIGHT,
    MONTHS,
    MORNING,
    ROC,
    SERIAL,
    SERIALS,
    WEEK,
    WEEKDAY,
    ZONE,
    match_of,
    usual,
    with_offset,
)
from cxlib.data.date_order import Order, is_open
from cxlib.errors import Count, DataError

Parts = tuple[int, int, int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class Dates:
    """A column read as dates (`days`, without zone), and where something stands that is none.

    `counted` is the first cell that was taken for a day number of Excel, though no format says so,
    `weeks` the first that names a week, taken for its middle day, `dotted` the first whose day is
    taken to come first for its dots alone, `zoned` the share of different cells that tell their
    time zone and `offsets` what they tell.
    """

    days: pd.Series
    unread: pd.Series
    counted: str = ""
    weeks: str = ""
    dotted: str = ""
    zoned: float = 0.0
    offsets: frozenset[object] = frozenset()

    def doubt(self, name: str) -> str:
        """Return what a reader should know of how a column was read; empty for nothing."""
        if self.weeks:
            return (
                f"column {name!r} holds weeks: each counts by its middle day, {self.weeks} by its "
                "Thursday."
            )
        if self.dotted:
            one, two, year = re.findall(r"\d+", self.dotted)[:3]
            read = f"{year}-{int(two):02}-{int(one):02}"
            return (
                f"column {name!r} holds {self.dotted} and no day above 12: with dots the day comes "
                f"first, so it is read as {read}; were the month first, `date_format:` says so."
            )
        if not self.counted:
            return ""
        days = [counted(pd.Series([self.counted]), origin).iloc[0] for origin in EXCEL]
        return (
            f"column {name!r} holds day numbers of Excel: {self.counted} is read as "
            f"{days[0]:%Y-%m-%d}; counted from 1904, as old Macs did, it is {days[1]:%Y-%m-%d}."
            " Say which by `date_format: excel` or `date_format: excel 1904`."
        )


def parse(
    texts: pd.Series,
    *,
    name: str,
    formats: Sequence[str] = (),
    timezone: str | None = None,
    clock: str | None = None,
    at: Callable[[int], str] | None = None,
    settled: dict[str, bool] | None = None,
) -> Dates:
    """Read a column of dates; `DataError` where they can mean two things.

    ISO, ``2026/3/5``, ``2026年3月5日``, ``20260305``, ``5 March 2026``, ``22/Jan/24 3:04 PM``,
    with or without a time and its zone, Unix times and Excel's day numbers may stand side by side.
    Day-first and month-first dates are told apart by the whole column, or not at all; of a column
    in pieces, `settled` keeps by its name what the pieces so far tell.
    """
    plain = texts.fillna("").map(
        lambda text: (
            (text if text.isascii() else unicodedata.normalize("NFKC", text))
            .strip()
            .removeprefix("'")
        )  # with which Excel marks a text
    )
    codes, unique = pd.factorize(plain)
    words = pd.Series(unique.tolist(), dtype="object")
    weeks = (word for word in unique if (week := WEEK.fullmatch(word)) and not week[3])
    if not (formats or _iso(words).notna().all()):
        words = words.map(usual)
    words = words.map((lambda text: ABBREVIATED.sub("", text)) if clock else with_offset)
    offsets: frozenset[object] = frozenset()
    dotted = ""
    if formats:
        days, zoned = _by_formats(words, codes, formats, timezone, name)
    else:
        order = Order(
            name=name,
            at=at or (lambda position: f"row {position + 1}"),
            codes=codes,
            settled={} if settled is None else settled,
        )
        days, zoned, offsets = _recognised(words, timezone, order)
        dotted = next(iter(order.dotted), "")
    days = days.where(zoned, moved(days, clock, timezone))
    values = pd.Series(days.to_numpy()[codes], index=texts.index, name=texts.name)
    serial = () if formats else words[days.notna() & words.map(_is_serial)]
    return Dates(
        days=values.astype("datetime64[us]"),
        unread=values.isna() & (plain != ""),
        counted=next(iter(serial), ""),
        weeks=next(weeks, ""),
        dotted=dotted,
        offsets=offsets,
        zoned=float(zoned[words != ""].mean()) if (words != "").any() else 0.0,
    )


def _is_serial(word: str) -> bool:
    return SERIAL.fullmatch(word) is not None


def moved(days: pd.Series, clock: str | None, timezone: str | None) -> pd.Series:
    """Return moments of one clock as those of a zone; days without a time stay."""
    if not clock or not timezone or not (days.dt.normalize() != days)[days.notna()].any():
        return days
    away = days.dt.tz_localize(clock, ambiguous=True, nonexistent="shift_forward")
    here: pd.Series = away.dt.tz_convert(timezone).dt.tz_localize(None)
    return here.astype("datetime64[us]")


def abbreviated(texts: pd.Series) -> bool:
    """Tell whether every cell ends in an abbreviated zone, which means several."""
    return bool(texts.map(lambda text: ABBREVIATED.search(usual(text.strip())) is not None).all())


def _by_formats(
    words: pd.Series, codes: Any, formats: Sequence[str], timezone: str | None, name: str
) -> tuple[pd.Series, pd.Series]:
    zoned = pd.Series(False, index=words.index)
    days, first, plain = _empty(len(words)), pd.Series("", index=words.index), words.map(usual)
    for pattern in formats:
        try:
            read = (
                counted(words, pattern)
                if pattern in EXCEL
                else _of_taiwan(plain)
                if pattern == ROC
                else _strptime(words, pattern).fillna(_strptime(plain, pattern))
            )
        except ValueError as error:
            raise DataError(f"column {name!r}: {pattern!r} is no date format ({error}).") from None
        if read.dt.tz is not None:
            read = read.dt.tz_convert(timezone or "UTC").dt.tz_localize(None)
        other = days.notna() & read.notna() & (days != read)
        if other.any():
            n, i = int(np.isin(codes, np.flatnonzero(other)).sum()), int(np.flatnonzero(other)[0])
            total = int((words.to_numpy()[codes] != "").sum())
            raise DataError(
                f"column {name!r}: {n} of {total} cells "
                f"{Count(n):is|are} different days under {first[i]!r} and "
                f"{pattern!r}, such as {words[i]!r}; keep the format that is right."
            )
        zoned |= days.isna() & read.notna() & ("%z" in pattern)
        first = first.mask(days.isna() & read.notna(), pattern)
        days = days.fillna(read.astype("datetime64[us]"))
    open_ = days.isna() & words.str.contains("T", regex=False)
    days[open_] = _iso(words[open_])
    return days, zoned


def _strptime(words: pd.Series, pattern: str) -> pd.Series:
    late = words.str.contains(MIDNIGHT)
    plain = words.str.replace(MIDNIGHT, "00", regex=True) if late.any() else words
    read = pd.to_datetime(plain, format=pattern, errors="coerce", utc="%z" in pattern)
    return read.mask(late, read + pd.Timedelta(days=1)) if late.any() else read


def _of_taiwan(words: pd.Series) -> pd.Series:
    western = words.str.replace(
        r"^(\d{2,3})(?=\D|\d{4}(?!\d))", lambda m: str(int(m[1]) + ERAS["民國"]), regex=True
    )
    return _recognised(western, None, None)[0]


def _recognised(
    words: pd.Series, timezone: str | None, order: Order | None
) -> tuple[pd.Series, pd.Series, frozenset[object]]:
    """Return moments, where a cell itself told its zone, and the offsets told."""
    plain = _iso(words)
    if (plain.notna() | (words == "")).all():
        return plain, pd.Series(False, index=words.index), frozenset()
    epochs = _epochs(words, timezone)
    if epochs is not None:
        return epochs, epochs.notna(), frozenset([dt.timedelta()])
    local, offsets = _without_zone(words.map(lambda word: WEEKDAY.sub("", word)))
    days = _iso(local)
    rest = [int(i) for i in np.flatnonzero(days.isna() & (local != ""))]
    found = {i: match_of(local[i]) for i in rest}
    open_ = {i: match for i, match in found.items() if is_open(match)}
    day_first = order is None or order.decide(open_, local)
    matched = [(i, _parts(match, day_first)) for i, match in found.items() if match is not None]
    if matched:
        days.iloc[[i for i, _ in matched]] = _moments(np.array([parts for _, parts in matched]))
    serial = [i for i, match in found.items() if match is None and _is_serial(local[i])]
    if serial:
        days.iloc[serial] = counted(local[serial], "excel")
    zoned = pd.Series(False, index=days.index) if offsets is None else offsets.notna()
    if timezone is not None and offsets is not None:
        here = (days - offsets).dt.tz_localize("UTC").dt.tz_convert(timezone).dt.tz_localize(None)
        days = days.mask(zoned, here.astype("datetime64[us]"))
    told = frozenset[object]() if offsets is None else frozenset(offsets.dropna())
    return days, zoned, told


def _epochs(words: pd.Series, timezone: str | None) -> pd.Series | None:
    """Return moments where every cell is a Unix time, of seconds or of milliseconds."""
    whole = words[words != ""].str.removesuffix(".0")
    size = len(str(whole.iloc[0])) if len(whole) else 0
    if size not in EPOCH or not (whole.str.isdecimal() & (whole.str.len() == size)).all():
        return None
    ticks = whole.astype("int64") * (1_000_000 // EPOCH[size])
    moments = pd.Series(ticks.astype("datetime64[us]")).dt.tz_localize("UTC")
    local = moments.dt.tz_convert(timezone or "UTC").dt.tz_localize(None)
    return _empty(len(words)).fillna(local.astype("datetime64[us]"))


def time_of_day(text: str) -> float:
    """Return the seconds since midnight that a cell tells: 14:30, 2:30 PM, or 0.6 of a day."""
    word = unicodedata.normalize("NFKC", text).strip()
    if re.fullmatch(r"0?\.\d+|0", word):
        return round(86_400 * float(word))
    if re.fullmatch(r"\d{3,4}|\d{6}", word):  # 930, 0930, 093000
        word = ":".join(re.findall(r"\d\d", word.zfill(4)))
    word = word.rpartition("T")[2] if "T" in word else word
    found = match_of(f"2000-01-01 {word}")
    if found is None or not found["hour"]:
        return float("nan")
    hour, minute, second = _parts(found, day_first=True)[3:]
    seconds = 3600 * hour + 60 * minute + second
    return seconds if seconds <= 86_400 and minute < 60 else float("nan")


def _iso(words: pd.Series) -> pd.Series:
    days = _empty(len(words)).set_axis(words.index)
    iso = words.map(lambda word: ISO.fullmatch(word) is not None).astype(bool)
    if iso.any():
        read = pd.to_datetime(words[iso], format="ISO8601", errors="coerce")
        days[iso] = read.astype("datetime64[us]").where(read.dt.year >= FIRST_YEAR)
    return days


def _without_zone(words: pd.Series) -> tuple[pd.Series, pd.Series | None]:
    """Cut offsets from UTC off the times, and return them."""
    matches = [ZONE.fullmatch(word) for word in words]
    if not any(matches):
        return words, None
    local = [match[1] if match else word for match, word in zip(matches, words, strict=True)]
    offsets = [_offset(match[2]) if match else None for match in matches]
    return pd.Series(local, dtype="object"), pd.Series(offsets, dtype="timedelta64[us]")


def _offset(text: str) -> dt.timedelta:
    found = re.search(r"([+-])(\d{1,2}):?(\d{2})?", text)
    if found is None:
        return dt.timedelta()
    minutes = 60 * int(found[2]) + int(found[3] or 0)
    return dt.timedelta(minutes=-minutes if found[1] == "-" else minutes)


def _parts(match: re.Match[str], day_first: bool) -> Parts:
    """Return year to second of a match, which need not be a moment that exists."""
    found: dict[str, Any] = match.groupdict()
    if "one" in found:
        found["day"], found["month"] = (found["one"], found["two"])[:: 1 if day_first else -1]
    if "name" in found:
        found["month"] = MONTHS.get(found["name"].casefold(), 0)
    year, month, day, hour, minute, second = (int(found.get(field) or 0) for field in FIELDS)
    if len(found["year"]) == 2:
        year += 2000 if year < 70 else 1900
    half = (found.get("half") or found.get("after") or "").upper()
    if (half in AFTERNOON and hour < 12) or (half == "中午" and hour < 10):
        hour += 12
    elif half in MORNING and hour >= 12:
        hour = 0 if hour == 12 else 99
    return year, month, day, hour, minute, second


def _moments(parts: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, Any]:
    """Return moments from rows of year to second, and no moment where there is none such."""
    year, month, day, hour, minute, second = parts.T
    fits = (year >= FIRST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1)
    fits &= ((hour < 24) | (3600 * hour + 60 * minute + second == 86_400)) & (minute < 60)
    fits &= second < 60
    months = (12 * (year - 1970) + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    fits &= days.astype("datetime64[M]") == months
    moments = days.astype("datetime64[us]") + (
        (3600 * hour + 60 * minute + second) * 1_000_000
    ).astype("timedelta64[us]")
    return np.where(fits, moments, np.datetime64("NaT", "us"))


def counted(words: pd.Series, origin: str) -> pd.Series:
    """Return the moments of Excel's day numbers, counted from one of `EXCEL`."""
    numbers = words.where(words.map(_is_serial).astype(bool))
    numbers = numbers.str.replace(",", ".").astype("float64")
    seconds = (numbers.where(numbers.between(*SERIALS)) * 86_400).round()
    moments: pd.Series = pd.Timestamp(EXCEL[origin]) + pd.to_timedelta(seconds, unit="s")
    return moments.astype("datetime64[us]")


def _empty(n: int) -> pd.Series:
    return pd.Series(np.full(n, "NaT", dtype="datetime64[us]"))
