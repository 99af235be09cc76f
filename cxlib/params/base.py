"""Closed models, and the kinds of value that several sections hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
)

from cxlib import periods
from cxlib.params.faults import show
from cxlib.words import LANGUAGES

Language = Literal["en", "zh"]
Direction = Literal["higher", "lower"]
PeriodKind = Literal["month", "quarter", "year", "wave"]

CANONICAL = ("respondent_id", "date", "period", "weight", "brand", "comment")
"""Columns that every survey table has; no key may take their names."""

STAND_IN = "\0"
"""What stands for a period at fault while the rest of the file is checked."""

YEARS = range(1900, 2200)
"""Whole numbers that a yearly client may mean as a period."""

_KEY = re.compile(r"[a-z][a-z0-9_]*")
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(s|min|h|d)")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
_TRIAL = datetime(2026, 11, 23, 16, 45, 59)


class Closed(BaseModel):
    """A section of the client file: unknown keys are faults, nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


@dataclass(frozen=True)
class Duration:
    """A time limit as a contract writes it: ``30s``, ``20min``, ``4h`` or ``2d``; above 0."""

    amount: float
    unit: str

    def elapsed(self, *, day: timedelta = timedelta(days=1)) -> timedelta:
        """Return its length; `day` is how long one day counts, the open hours on business time."""
        if self.unit == "d":
            return self.amount * day
        return timedelta(seconds=self.amount * _SECONDS[self.unit])

    def __str__(self) -> str:
        return f"{self.amount:g}{self.unit}"


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError(f"{text!r} is empty; write a text or leave the key out.")
    return text


def _key(text: str) -> str:
    if not _KEY.fullmatch(text):
        raise ValueError(
            f"{text!r} is not a key: small letters, digits and _, a letter first; "
            "what readers see goes under label."
        )
    if text in CANONICAL or text.endswith("_used"):
        raise ValueError(f"{text!r} is a name the kit itself uses; choose another key.")
    return text


def _code(value: object) -> str | int | float:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"{show(value)} is not a code; write one number or one quoted text.")  # noqa: TRY004 - pydantic reads ValueError
    return value


def _raw(value: object) -> str:
    return str(_code(value))


def _cell(value: object) -> str | int | float:
    return str(value).lower() if isinstance(value, bool) else _code(value)


class Moment(NamedTuple):
    """A moment whose date and time of day stand in two columns."""

    date: str
    time: str


def _moment(value: object) -> str | Moment:
    if isinstance(value, str):
        return _filled(value)
    if isinstance(value, dict) and value.keys() == {"date", "time"}:
        date, time = value["date"], value["time"]
        if isinstance(date, str) and isinstance(time, str):
            return Moment(_filled(date), _filled(time))
    raise ValueError(f"{show(value)} is not a column; write its name, or {{date: …, time: …}}.")


def _options(value: object) -> object:
    return dict(zip(value, value, strict=True)) if isinstance(value, tuple) else value


def _listed(value: object) -> object:
    return value if isinstance(value, tuple) or value is None else (value,)


def _label(value: object) -> object:
    return dict.fromkeys(LANGUAGES, value) if isinstance(value, str) else value


def _scale(value: object) -> tuple[int, int]:
    if not isinstance(value, tuple) or len(value) != 2:
        raise ValueError(f"{show(value)} is not a scale; write [lowest, highest], such as [1, 5].")
    low, high = value
    if not all(isinstance(end, int) and not isinstance(end, bool) for end in value):
        raise ValueError(f"{show(value)} does not end in whole numbers; write such as [1, 5].")
    if low == high:
        raise ValueError(f"{show(value)} is a single point; a scale has two ends.")
    if low > high:
        raise ValueError(f"{show(value)} runs downwards; write [{high}, {low}].")
    return low, high


def _pair(value: object) -> tuple[int, int]:
    whole = isinstance(value, tuple) and len(value) == 2 and all(type(v) is int for v in value)
    if not isinstance(value, tuple) or not whole:
        raise ValueError(
            f"{show(value)} is not two whole numbers: [highest detractor, lowest promoter]."
        )
    return value[0], value[1]


def _period(value: object, info: ValidationInfo) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError(f"{show(value)} is not a period; write such as 2026Q3, 2026-09 or 2026.")  # noqa: TRY004 - pydantic reads ValueError
    text = str(value).strip()
    kind = (info.context or {}).get("period", "wave")
    if kind == "wave" or text == STAND_IN:
        return _filled(text)
    found = periods.kind_of(text)
    if found is None:
        raise ValueError(f"{show(value)} is not a period; write such as {_example(kind)}.")
    if found != kind:
        period = periods.parse(text)
        raise ValueError(
            f"{text} is a {found}, but this client reports by {kind}; "
            f"write such as {periods.containing(period.end, kind)}."
        )
    return str(periods.parse(text))


def _example(kind: periods.Kind) -> str:
    return {"year": "2026", "quarter": "2026Q3", "month": "2026-09"}[kind]


def _baseline(value: object, info: ValidationInfo) -> str | float:
    kind = (info.context or {}).get("period", "wave")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _period(value, info) if kind == "year" and value in YEARS else float(value)
    if not isinstance(value, str):
        raise ValueError(f"{show(value)} is neither a period nor a number.")  # noqa: TRY004 - pydantic reads ValueError
    return _amount(value) if _DURATION.fullmatch(value.replace(" ", "")) else _period(value, info)


def _span(value: object, what: str) -> Duration:
    found = _DURATION.fullmatch(value.replace(" ", "")) if isinstance(value, str) else None
    if found is None or float(found[1]) == 0:
        raise ValueError(f"{show(value)} is not a {what}.")
    return Duration(float(found[1]), found[2])


def _duration(value: object) -> Duration:
    return _span(value, "duration; write such as 30s, 20min, 4h or 2d")


class Seconds(float):
    """A time given as a text such as ``6min``, in seconds."""


def _amount(value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    span = _span(value, "number")
    if span.unit == "d":
        raise ValueError(
            f"{show(value)} is not the same on every clock; write it in hours, such as 48h."
        )
    return Seconds(span.amount * _SECONDS[span.unit])


def _date_format(text: str) -> str:
    if text in ("excel", "excel 1904", "roc"):  # day numbers; years counted from 1911
        return text
    wanted = "write it with % directives, such as %Y-%m-%d or %d/%m/%Y %H:%M"
    try:
        read = datetime.strptime(_TRIAL.strftime(text), text)
    except (ValueError, re.error) as error:
        raise ValueError(f"{text!r} is not a date format; {wanted}.") from error
    if (read.year, read.month) != (_TRIAL.year, _TRIAL.month):
        raise ValueError(f"{text!r} does not tell year and month; {wanted}.")
    if "%p" in text and "%H" in text:
        raise ValueError(f"{text!r} reads 3:00 PM as 03:00: before %p the hour is %I, not %H.")
    return text


def mapping_of(key: str) -> BeforeValidator:
    """Return a validator that reads a bare value as a mapping with that value under `key`."""

    def spread(value: Any) -> Any:
        return value if isinstance(value, dict) or value is None else {key: value}

    return BeforeValidator(spread)


Text = Annotated[str, AfterValidator(_filled)]
Key = Annotated[str, AfterValidator(_key)]
Number = Annotated[float, Field()]
Amount = Annotated[float, PlainValidator(_amount)]
Code = Annotated[str | int | float, PlainValidator(_code)]
Codes = Annotated[tuple[Code, ...], BeforeValidator(_listed)]
Cells = Annotated[
    tuple[Annotated[str | int | float, PlainValidator(_cell)], ...], BeforeValidator(_listed)
]
"""Cells as a file may hold them; true and 1.0 are cells too."""
Columns = Annotated[tuple[Text, ...], Field(min_length=1), BeforeValidator(_listed)]
"""Column names, the first of which to hold an answer counts."""
MomentColumn = Annotated[str | Moment, PlainValidator(_moment)]
Raw = Annotated[str, PlainValidator(_raw)]
Raws = Annotated[tuple[Raw, ...], BeforeValidator(_listed)]
Label = Annotated[Mapping[Language, Text], BeforeValidator(_label)]
Options = Annotated[Mapping[Text, Label], BeforeValidator(_options)]
Scale = Annotated[tuple[int, int], PlainValidator(_scale)]
CutPoints = Annotated[tuple[int, int], PlainValidator(_pair)]
PeriodLabel = Annotated[str, PlainValidator(_period)]
Baseline = Annotated[str | float, PlainValidator(_baseline)]
DurationText = Annotated[Duration, PlainValidator(_duration)]
DateFormat = Annotated[str, AfterValidator(_date_format)]
DateFormats = Annotated[tuple[DateFormat, ...], BeforeValidator(_listed)]
Languages = Annotated[tuple[Language, ...], BeforeValidator(_listed)]
