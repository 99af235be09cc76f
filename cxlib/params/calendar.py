"""Where and when the client works, what it counts money in, and how few is too few."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from holidays.registry import COUNTRIES
from pydantic import AfterValidator, Field, PlainValidator

from cxlib.analysis.results import MINIMUM_BASE
from cxlib.errors import nearest
from cxlib.params.base import Closed
from cxlib.params.faults import show

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])\s*[-–]\s*([01]?[0-9]|2[0-4]):([0-5][0-9])")
_CODES = frozenset(str(codes[1]) for codes in COUNTRIES.values())


def _country(text: str) -> str:
    if text not in _CODES:
        capitals = {"UK": "GB"}.get(text.upper(), text.upper())
        hint = f"; did you mean {capitals!r}?" if capitals in _CODES else "."
        raise ValueError(
            f"{text!r} is not a country with a known calendar; write its two capital letters{hint}"
        )
    return text


def _timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError) as error:
        zones = available_timezones()
        raise ValueError(
            f"{text!r} is not a time zone, such as Asia/Shanghai{_hint(text, zones)}"
        ) from error
    return text


def _currency(text: str) -> str:
    from babel.numbers import list_currencies

    known = list_currencies()
    if text not in known:
        hint = _hint(text.upper(), known) if text.upper() in known else "."
        raise ValueError(
            f"{text!r} is not a currency; write its three capital letters, such as CNY{hint}"
        )
    return text


def _hint(text: str, known: frozenset[str] | set[str]) -> str:
    if text in known:
        return f"; did you mean {text!r}?"
    hint = nearest(text, sorted(known))
    return hint if "did you mean" in hint else "."


def _hours(value: Any) -> str | Mapping[str, str]:
    if not isinstance(value, dict):
        return "24/7" if value == "24/7" else _spans(value)
    if not value:
        raise ValueError("no day has business hours; write 24/7 for a service always open.")
    faults = [f"{day!r} is not a day{nearest(day, DAYS)}" for day in value if day not in DAYS]
    for text in value.values():
        try:
            _spans(text)
        except ValueError as error:
            faults.append(str(error))
    if faults:
        raise ValueError(" ".join(faults))
    return {day: _spans(text) for day, text in value.items()}


def _spans(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    before = -1
    for part in text.split(","):
        found = _SPAN.fullmatch(part.strip())
        if found is None:
            raise ValueError(
                f"{show(value)} is not business hours; write such as "
                '"09:00-18:00", "09:00-12:00, 13:00-18:00" or "24/7".'
            )
        opens, closes = (60 * int(found[at]) + int(found[at + 1]) for at in (1, 3))
        if closes > 24 * 60 or opens >= closes:
            raise ValueError(
                f"{part.strip()!r} ends before it begins; "
                "write a shift over midnight as two: until 24:00, and from 00:00 the day after."
            )
        if opens < before:
            raise ValueError(f"{part.strip()!r} begins before the hours ahead of it end.")
        before = closes
    return text


Currency = Annotated[str, AfterValidator(_currency)]
TimeZone = Annotated[str, AfterValidator(_timezone)]


class Calendar(Closed):
    """Where and when the client works.

    `country` (ISO 3166 letters) decides the public holidays, `timezone` (IANA name) what day a time
    stamp belongs to, and `business_hours` what counts as business time: a text for Monday to Friday
    (``"09:00-18:00"``), ``"24/7"``, or hours by day (``{mon: "09:00-12:00, 13:00-18:00"}``).
    """

    country: Annotated[str, AfterValidator(_country)] | None = None
    business_hours: Annotated[str | Mapping[str, str], PlainValidator(_hours)] | None = None
    timezone: TimeZone | None = None

    @property
    def working_day(self) -> float | None:
        """Seconds that the first open weekday lasts; None without business hours of its own."""
        hours = self.business_hours
        if hours is None or hours == "24/7":
            return None
        text = hours if isinstance(hours, str) else next(hours[d] for d in DAYS if d in hours)
        edges = [tuple(map(int, found.groups())) for found in _SPAN.finditer(text)]
        return float(sum(3600 * (e[2] - e[0]) + 60 * (e[3] - e[1]) for e in edges))


class Privacy(Closed):
    """How few people a cell may show, and whom no comment may name.

    `minimum_base` is 10 answers unless the contract says more; `names` are staff (or others) whose
    names are taken out of comments.
    """

    minimum_base: Annotated[int, Field(ge=1)] = MINIMUM_BASE
    names: tuple[Annotated[str, Field(min_length=2)], ...] = ()
