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
    EXCEL,
    FIELDS,
    FIRST_YEAR,
    ISO,
    MONTHS,
    MORNING,
    SERIAL,
    SERIALS,
    WEEKDAY,
    ZONE,
    match_of,
    usual,
)
from cxlib.errors import Count, DataError

Parts = tuple[int, int, int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class Dates:
    """A column read as dates (`days`, without zone), and where something stands that is none.

    `counted` is the first cell that was taken for a day number of Excel, though no format says so,
    `zoned` the share of different cells that tell their time zone.
    """

    days: pd.Series
    unread: pd.Series
    counted: str = ""
    zoned: float = 0.0


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
    if not (formats or _iso(words).notna().all()):
        words = words.map(usual)
    if clock:
        words = words.map(lambda text: ABBREVIATED.sub("", text))
    if formats:
        days, zoned = _by_formats(words, codes, formats, timezone, name)
    else:
        order = _Order(
            name=name,
            at=at or (lambda position: f"row {position + 1}"),
            codes=codes,
            settled={} if settled is None else settled,
        )
        days, zoned = _recognised(words, timezone, order)
    days = days.where(zoned, moved(days, clock, timezone))
    values = pd.Series(days.to_numpy()[codes], index=texts.index, name=texts.name)
    serial = () if formats else words[days.notna() & words.map(_is_serial)]
    return Dates(
        days=values.astype("datetime64[us]"),
        unread=values.isna() & (plain != ""),
        counted=next(iter(serial), ""),
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


def is_unsettled(texts: pd.Series) -> bool:
    """Tell whether cells could all be of either order, and some would be another day."""
    words = [usual(word.strip()) for word in texts.unique() if word.strip()]
    found = [match_of(WEEKDAY.sub("", word)) for word in words]
    pairs = [(int(m["one"]), int(m["two"])) for m in found if m is not None and _is_open(m)]
    return all(max(pair) <= 12 for pair in pairs) and any(one != two for one, two in pairs)


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
    return pd.to_datetime(words, format=pattern, errors="coerce", utc="%z" in pattern)


def _recognised(
    words: pd.Series, timezone: str | None, order: _Order
) -> tuple[pd.Series, pd.Series]:
    """Return moments, and where a cell itself told its zone."""
    plain = _iso(words)
    if (plain.notna() | (words == "")).all():
        return plain, pd.Series(False, index=words.index)
    epochs = _epochs(words, timezone)
    if epochs is not None:
        return epochs, epochs.notna()
    local, offsets = _without_zone(words.map(lambda word: WEEKDAY.sub("", word)))
    days = _iso(local)
    rest = [int(i) for i in np.flatnonzero(days.isna() & (local != ""))]
    found = {i: match_of(local[i]) for i in rest}
    day_first = order.decide({i: match for i, match in found.items() if _is_open(match)}, local)
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
    return days, zoned


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
    return 3600 * hour + 60 * minute + second if hour < 24 and minute < 60 else float("nan")


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


def _is_open(match: re.Match[str] | None) -> bool:
    return match is not None and "one" in match.groupdict()


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
    elif half in MORNING and hour == 12:
        hour = 0
    return year, month, day, hour, minute, second


def _moments(parts: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, Any]:
    """Return moments from rows of year to second, and no moment where there is none such."""
    year, month, day, hour, minute, second = parts.T
    fits = (year >= FIRST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1)
    fits &= (hour < 24) & (minute < 60) & (second < 60)
    months = (12 * (year - 1970) + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    fits &= days.astype("datetime64[M]") == months
    moments = days.astype("datetime64[us]") + (
        (3600 * hour + 60 * minute + second) * 1_000_000
    ).astype("timedelta64[us]")
    return np.where(fits, moments, np.datetime64("NaT", "us"))


def counted(words: pd.Series, origin: str) -> pd.Series:
    """Return the moments of Excel's day numbers, counted from one of `EXCEL`."""
    numbers = words.where(words.map(_is_serial).astype(bool)).astype("float64")
    seconds = (numbers.where(numbers.between(*SERIALS)) * 86_400).round()
    moments: pd.Series = pd.Timestamp(EXCEL[origin]) + pd.to_timedelta(seconds, unit="s")
    return moments.astype("datetime64[us]")


def _empty(n: int) -> pd.Series:
    return pd.Series(np.full(n, "NaT", dtype="datetime64[us]"))


@dataclass(frozen=True, kw_only=True)
class _Order:
    """Whether the dates of a column put the day or the month first."""

    name: str
    at: Callable[[int], str]
    codes: Any
    settled: dict[str, bool]

    def decide(self, found: dict[int, re.Match[str] | None], words: pd.Series) -> bool:
        """Return whether the day comes first; refuse to guess."""
        pairs = {i: (int(m["one"]), int(m["two"])) for i, m in found.items() if m is not None}
        day = [i for i, (one, two) in pairs.items() if one > 12 >= two]
        month = [i for i, (one, two) in pairs.items() if two > 12 >= one]
        unclear = [i for i, (one, two) in pairs.items() if one <= 12 and two <= 12 and one != two]
        self._check_years(found, words)
        whole = next((_formats(words[i], found[i]) for i in (unclear or day)), ("", ""))
        way_out = f'declare `date_format:`, "{whole[0]}" or "{whole[1]}".'
        before = self.settled.get(self.name)
        if before is not None and (month if before else day):
            odd = (month if before else day)[0]
            raise DataError(
                f"column {self.name!r} mixes day-first and month-first dates: "
                f"{self._show(odd, words)} is unlike those above it; {way_out}"
            )
        if day and month:
            raise DataError(
                f"column {self.name!r} mixes day-first and month-first dates: "
                f"{self._show(day[0], words)} and {self._show(month[0], words)}; {way_out}"
            )
        if before is None and unclear and not day and not month:
            examples = " and ".join(self._show(i, words) for i in unclear[:2])
            raise DataError(
                f"column {self.name!r} does not tell day from month: {examples}; {way_out}"
            )
        if day or month:
            self.settled[self.name] = not month
        return self.settled.get(self.name, not month)

    def _check_years(self, found: dict[int, re.Match[str] | None], words: pd.Series) -> None:
        """Refuse years of two digits that could as well be days."""
        short = {i: m for i, m in found.items() if m is not None and len(m["year"]) == 2}
        years, ones = ({m[part] for m in short.values()} for part in ("year", "one"))
        if short and (len(years) > len(ones) or any(int(one) > 31 for one in ones)):
            i = next(iter(short))
            formats = _formats(words[i], short[i])
            raise DataError(
                f"column {self.name!r} does not tell the year: {self._show(i, words)}; declare "
                f'`date_format:`, "{formats[0]}", "{formats[1]}" or "%y{formats[0][2]}%m'
                f'{formats[0][2]}%d".'
            )

    def _show(self, i: int, words: pd.Series) -> str:
        position = int(np.flatnonzero(self.codes == i)[0])
        return f"{words[i]!r} ({self.at(position)})"


def _formats(word: str, match: re.Match[str] | None) -> tuple[str, str]:
    """Return the formats, day first and month first, that read a cell whole."""
    if match is None:
        return "%d/%m/%Y", "%m/%d/%Y"
    mark = word[match.end("one")]
    year = "%Y" if len(match["year"]) == 4 else "%y"
    time = ""
    if match["hour"]:
        time = " %I:%M" if match["after"] else " %H:%M"
        time += (":%S" if match["second"] else "") + (" %p" if match["after"] else "")
    return tuple(f"{a}{mark}{b}{mark}{year}{time}" for a, b in (("%d", "%m"), ("%m", "%d")))  # type: ignore[return-value]
