"""How every text of the kit reaches a reader: an immutable translator with the client's labels."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Any

from cxlib import periods
from cxlib.errors import CxError, agreeing

LANGUAGES = ("en", "zh")
_CATALOGUES = ("locale/{language}/*.po", "chapters/*/{language}.po")
_DASH = "–"


class _Agreeing(Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        if "|" in format_spec:
            return agreeing(value, format_spec)
        return str(super().format_field(value, format_spec))


def filled(message: str, facts: Mapping[str, Any]) -> str:
    """Fill a message's facts; ``{n} {n:row is|rows are} left out.`` agrees with its number."""
    return _Agreeing().vformat(message, (), facts) if "|" in message else message.format(**facts)


def mark(message: str) -> str:
    """Mark `message` for the catalogue (imported as ``_``); it is translated when it is said."""
    return message


@dataclass(frozen=True)
class Quantity:
    """A number with its unit, as a fact of a message: each language writes it its own way.

    Parameters
    ----------
    value : float
    unit : str
        ``points``, ``percent`` (0 to 100), ``share`` (0 to 1), ``pp`` (a difference of two
        percentages, said in points),
        ``mean``, ``seconds``, ``working`` (seconds of the client's opening hours), ``count``, or a
        currency by its three letters.
    sign : bool
        A change: with its sign, a percentage in percentage points.
    """

    value: float
    unit: str
    sign: bool = False


class Said(str):
    """A fact that is said already: it is neither a key nor a period."""

    __slots__ = ()


NAMES: Mapping[str, str] = MappingProxyType(
    {
        "ticket_csat": mark("Rating per ticket"),
        "fcr": mark("First-contact resolution"),
        "handle_time": mark("Handle time"),
        "first_response": mark("First response"),
        "first_response_p90": mark("First response, 90% within"),
        "first_response_sla": mark("First response in SLA"),
        "resolution": mark("Resolution"),
        "resolution_p90": mark("Resolution, 90% within"),
        "resolution_sla": mark("Resolution in SLA"),
        "reopen_rate": mark("Reopened tickets"),
        "reassign_rate": mark("Reassigned tickets"),
        "received": mark("Received"),
        "answered": mark("Given an answer"),
        "upheld": mark("Justified"),
        "repeated": mark("Repeated"),
        "channel": mark("Channel"),
        "queue": mark("Queue"),
        "priority": mark("Priority"),
        "agent_group": mark("Team"),
        "category": mark("Topic"),
        "sla_met": mark("Service level kept (the client's own flag)"),
        "abandonment_rate": mark("Abandoned contacts"),
        "rating": mark("Rating"),
        "first_response_at": mark("time of the first response"),
        "resolved_at": mark("time of resolution"),
        "handle_seconds": mark("handle time"),
        "fcr_survey": mark("answer on first contact"),
        "reopened": mark("number of reopenings"),
        "reassigned": mark("number of reassignments"),
        "source=survey": mark("Survey"),
        "channel=phone": mark("Phone"),
        "channel=chat": mark("Chat"),
        "channel=email": mark("Email"),
        "priority=high": mark("High"),
        "priority=normal": mark("Normal"),
        "priority=low": mark("Low"),
    }
)
"""Keys that are the kit's own, by the names that readers know."""
_ACRONYMS = re.compile(r"\b(nps|csat|ces|fcr|sla|crm|atm)\b")


def as_words(key: str) -> str:
    """Return a key as words: ``first_response_time`` is *First response time*, ``nps`` *NPS*.

    One of the kit's own stays, for whoever says it to name, and what is no word: ``t1``, ``Q5``.
    """
    if key in NAMES or not re.fullmatch("[a-z]{3,}|.*_.*", key):
        return key
    told = _ACRONYMS.sub(lambda found: found[0].upper(), key.replace("_", " "))
    return told[:1].upper() + told[1:]


PLAIN: Mapping[str, str] = MappingProxyType(
    {
        "like for like": "judged differently",
        "mix": "other customers",
        "not split": "not looked into",
        "no trajectory": "no path agreed",
        "stay": "still a member",
    }
)
"""Words of results that English readers meet in plainer ones; a catalogue translates the former."""

_DIGITS = {"points": 1, "percent": 1, "share": 1, "pp": 1, "mean": 2, "count": 0}
_DAY = 86_400.0
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}").fullmatch
_LARGER = (
    (1.95 * 365.25 * _DAY, 365.25 * _DAY, 1, mark("{number} years")),
    (60 * _DAY, 30.44 * _DAY, 0, mark("{number} months")),
    (2 * _DAY, _DAY, 1, mark("{number} days")),
    (3600, 3600, 1, mark("{number} h")),
    (60, 60, 1, mark("{number} min")),
)


_HAN = "[\u4e00-\u9fff]"
_SPACES = (
    (re.compile(f"({_HAN})\ue001 (?={_HAN})"), r"\1"),  # 7.5 分钟 的
    (re.compile(f"([A-Za-z)])\ue001(?={_HAN})"), r"\1 "),  # App支付
    (re.compile(f"({_HAN})\ue000(?=[A-Za-z])"), r"\1 "),
    (re.compile("([）。；，：？！”》、]\ue001?) (?=[^ ])"), r"\1"),  # 净推荐值（NPS） 9.1
)


def is_money(unit: str) -> bool:
    """Tell whether a unit is a currency, by its three letters."""
    return len(unit) == 3 and unit.isupper()


def _spaced(text: str) -> str:
    """Set a fact apart from the Chinese around it: Latin by a space, Chinese by none."""
    for found, put in _SPACES:
        text = found.sub(put, text)
    return text.replace("\ue000", "").replace("\ue001", "")


@dataclass(frozen=True)
class Words:
    """A language and a client's labels: how every text of the kit reaches a reader.

    Parameters
    ----------
    language : str
        ``"en"`` or ``"zh"``.
    catalogue : mapping of str to str
        English msgid to translation; what it lacks is said in English.
    labels : mapping of str to str
        The client's own names of its metrics, touchpoints, stages and segments, by key.
    segments : tuple of str, optional
        Keys before the ``=`` of ``segment=value``; anything else keeps its ``=``.
    day : float
        How long the client's working day lasts, in seconds: what durations of unit ``working``
        are told in.
    """

    language: str = "en"
    catalogue: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    segments: tuple[str, ...] | None = None
    day: float = _DAY

    @classmethod
    def load(
        cls,
        language: str,
        *,
        labels: Mapping[str, str] | None = None,
        beside: tuple[Path, ...] = (),
        segments: tuple[str, ...] | None = None,
    ) -> Words:
        """Read the kit's catalogues of `language`, and those that lie `beside` added notebooks."""
        if language not in LANGUAGES:
            raise CxError(f"language {language!r} is not one of {', '.join(LANGUAGES)}.")
        catalogue = dict(_catalogue(language))
        for path in beside:
            catalogue |= read_catalogue(path)
        known = MappingProxyType(dict(labels or {}))
        return cls(language, MappingProxyType(catalogue), known, segments)

    def say(self, message: str, /, **facts: object) -> str:
        """Translate `message` (an English msgid) and fill its ``{named}`` facts.

        Facts that are keys of the client come out as their labels, dates and missing numbers as
        the reader's language writes them.
        """
        text = self.catalogue.get(message) or PLAIN.get(message, message)
        said = {name: self._fact(fact) for name, fact in facts.items()}
        if self.language != "zh":
            return filled(text, said)
        marked = {n: f"\ue000{v}\ue001" if isinstance(v, str) else v for n, v in said.items()}
        return _spaced(filled(text, marked))

    def label(self, key: object) -> str:
        """Return the client's label of `key`, else the kit's word for it, else the key itself."""
        text = str(key)
        known = self.labels.get(text) or self.catalogue.get(text)
        if not known and text in NAMES:
            return self.catalogue.get(NAMES[text]) or NAMES[text]
        if known or "=" not in text:
            return known or text
        of, _equals, value = text.partition("=")
        if self.segments is not None and of not in (*self.segments, *NAMES):
            return text
        plain = of in NAMES and value.isascii() and value.islower()  # as ticket exports write them
        return (value[:1].upper() + value[1:] if plain else value) or text

    def listed(self, items: Iterable[object]) -> str:
        """Return things one after another: ``A, B and C``, ``A、B和C``.

        A name that holds an “and” itself is set apart from the last one.
        """
        said = [str(self._fact(item)) for item in items]
        *first, last = said or [""]
        if not first:
            return last
        if self.language != "zh":
            return f"{', '.join(first)}{',' * any(' and ' in s for s in said)} and {last}"
        joint = "以及" if any(mark_ in s for s in said for mark_ in "和与及") else "和"
        before, after = (" " * (c.isascii()) for c in (first[-1][-1:], last[:1]))
        return f"{'、'.join(first)}{before}{joint}{after}{last}"

    def parted(self, said: Iterable[str]) -> str:
        """Return what was said of several things one after another, semicolons between."""
        return ("；" if self.language == "zh" else "; ").join(said)

    def labelled(self, keys: Iterable[object]) -> list[str]:
        """Return the label of each of several keys."""
        return [self.label(key) for key in keys]

    def quantity(
        self, value: float, unit: str, *, sign: bool = False, beside: Iterable[float] = ()
    ) -> str:
        """Return a number in its unit: ``−3.2``, ``81.0%``, ``+2.0 points``, ``3.2 min``.

        Money that stands `beside` larger sums has their precision.
        """
        if unit in ("seconds", "working"):
            return self._duration(value, sign=sign, working=unit == "working")
        if is_money(unit):
            return self._money(value, unit, sign=sign, beside=beside)
        scaled = 100 * value if unit == "share" else value
        number = self.number(scaled, _DIGITS.get(unit, 2), sign=sign)
        if unit not in ("percent", "share", "pp") or number == _DASH:
            return number
        if sign or unit == "pp":
            return self.say(mark("{number} points"), number=Said(number))
        return f"{number}%"

    def span(self, low: float, high: float, unit: str, *, sign: bool = False) -> tuple[str, str]:
        """Return both ends of an interval; the unit is said once, at its end."""
        ends = (low, high)
        first, last = (self.quantity(end, unit, sign=sign, beside=ends) for end in ends)
        for suffix in (self.say(mark("{number} points"), number=Said("")).strip(), "%"):
            if first.endswith(suffix) and last.endswith(suffix):
                return first.removesuffix(suffix).rstrip(), last
        return first, last

    def _money(self, value: float, currency: str, *, sign: bool, beside: Iterable[float]) -> str:
        from babel.numbers import get_currency_symbol

        if not math.isfinite(value):
            return self.number(value)
        symbol = get_currency_symbol(
            currency, locale="zh_Hans_CN" if self.language == "zh" else "en"
        )
        largest = max(map(abs, (value, *filter(math.isfinite, beside))))
        number = self.number(value, 0 if largest >= 9.995 else 2, sign=sign)
        mark_ = number[0] if number[0] in "+−" else ""
        space = " " if symbol.isalpha() else ""
        return f"{mark_}{symbol}{space}{number.removeprefix(mark_)}"

    def _duration(self, seconds: float, *, sign: bool, working: bool) -> str:
        if not math.isfinite(seconds):
            return self.number(seconds)
        for least, size, digits, message in self._steps(working):
            if abs(seconds) >= least:
                text = self.number(seconds / size, digits, sign=sign).removesuffix(".0")
                return self.say(message, number=Said(text))
        return self.say(mark("{number} s"), number=Said(self.number(seconds, 0, sign=sign)))

    def _steps(self, working: bool) -> tuple[tuple[float, float, int, str], ...]:
        """Return from how many seconds on a duration is told in which unit."""
        if not working:
            return _LARGER
        days = (2 * self.day, self.day, 1, mark("{number} working days"))
        return (days, (3600, 3600, 1, mark("{number} working hours")), _LARGER[-1])

    def period(self, label: str) -> str:
        """Return a period label as this language writes it: ``Q3 2026``, ``2026年第3季度``."""
        if label == "all":
            return self.say(mark("All answers"))
        if periods.kind_of(label) is None:
            return self.date(dt.date.fromisoformat(label)) if _ISO(label) else self.label(label)
        period, zh = periods.parse(label), self.language == "zh"
        if period.kind == "year":
            return f"{period.year}年" if zh else str(period.year)
        if period.kind == "quarter":
            number = period.quarter
            return f"{period.year}年第{number}季度" if zh else f"Q{number} {period.year}"
        return f"{period.year}年{period.month}月" if zh else f"{period.start:%B %Y}"

    def date(self, day: dt.date) -> str:
        """Return a date as this language writes it: ``5 March 2026``, ``2026年3月5日``."""
        if self.language == "zh":
            return f"{day.year}年{day.month}月{day.day}日"
        return f"{day.day} {day:%B %Y}"

    def number(self, value: float | None, digits: int = 0, *, sign: bool = False) -> str:
        """Return a number with thousands separators and a true minus sign; a dash for none."""
        if value is None or math.isnan(value):
            return _DASH
        if math.isinf(value):
            return "∞" if value > 0 else "−∞"
        rounded = round(value, digits) + 0.0  # no "-0"
        return f"{rounded:{'+' if sign and rounded else ''},.{digits}f}".replace("-", "−")

    def _fact(self, fact: object) -> object:
        if isinstance(fact, (bool, Said)) or fact is None:
            return fact
        if isinstance(fact, Quantity):
            return self.quantity(fact.value, fact.unit, sign=fact.sign)
        if isinstance(fact, str):
            return self.period(fact) if periods.kind_of(fact) else self.label(fact)
        if isinstance(fact, dt.date):
            return self.date(fact)
        if isinstance(fact, (list, tuple)):
            return self.listed(fact)
        if isinstance(fact, (int, float)) or hasattr(fact, "__float__"):
            return _Number(float(fact)) if not isinstance(fact, int) else _Integer(fact)
        return fact


class _Number(float):
    """A float that formats with a true minus sign, and as a dash or ∞ where it is not a number."""

    def __format__(self, spec: str) -> str:
        if math.isnan(self):
            return _DASH
        if math.isinf(self):
            return "∞" if self > 0 else "−∞"
        text = format(float(self), spec)
        if text.startswith("-") and not any(digit in text for digit in "123456789"):
            text = text[1:]
        return text.replace("-", "−")


class _Integer(int):
    """An integer that formats with thousands separators unless told otherwise."""

    def __format__(self, spec: str) -> str:
        return format(int(self), spec or ",").replace("-", "−")


def read_catalogue(path: Path) -> dict[str, str]:
    """Return msgid to translation of one ``.po`` file, without untranslated and fuzzy entries."""
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        entries: Any = read_po(file)
    return {str(e.id): str(e.string) for e in entries if e.id and e.string and not e.fuzzy}


@cache
def _catalogue(language: str) -> Mapping[str, str]:
    merged: dict[str, str] = {}
    for pattern in _CATALOGUES:
        for path in sorted(Path(__file__).parent.glob(pattern.format(language=language))):
            merged |= read_catalogue(path)
    return MappingProxyType(merged)
