"""What a cell means: no answer, not used, a number, an answer in words, yes or no."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cxlib.data.text import INVISIBLE
from cxlib.periods import NUMERALS
from cxlib.workspace import kit_yaml

Code = str | int | float

WORDS: dict[str, Any] = kit_yaml(Path(__file__).with_name("vocabulary.yaml"))
"""The words, guesses and questions of ``vocabulary.yaml``."""
LIKERT = {word: value for value, words in WORDS["likert"].items() for word in words.split("|")}
"""What answers in words say, 1 (worst) to 5 (best)."""

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?")
_POINTS = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+")
"""Thousands parted by points, or decimals of three digits."""
_DECIMAL_COMMA = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+),\d+")
_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(?:[ '’]\d{3})+(?:[.,]\d+)?")
_CURRENCY = re.compile(r"(?<=^-)[¥￥$€£]\s*|^[¥￥$€£]\s*|\s*[元€]$")
_OWED = re.compile(r"\((.*\d[.,]\d\d)\)")
"""An accountant's amount below 0; a bare number in brackets is none."""
_TRUE = frozenset(
    [
        *("1", "true", "yes", "y", "t", "是", "有", "对", "√", "✓", "ja", "oui", "sí", "met"),
        *("within sla", "in sla", "achieved", "已达标", "达标", "按时", "及时", "未超时", "pass"),
        *("resolved", "solved", "已解决"),
        *("on time", "in time", "compliant", "passed", "eingehalten", "respecté", "准时", "合格"),
    ]
)
_FALSE = frozenset(
    [
        *("0", "false", "no", "n", "f", "否", "无", "没有", "不是", "×", "nein", "non", "missed"),
        *("sla violated", "violated", "breached", "not met", "未达标", "不达标", "超时", "已超时"),
        *("unresolved", "not resolved", "未解决"),
        *("overdue", "late", "fail", "failed", "non-compliant", "not compliant", "noncompliant"),
        *("outside sla", "out of sla", "verletzt", "überschritten", "dépassé", "逾期", "不合格"),
    ]
)
_STARS = re.compile(r"([★⭐]+)([☆✩]*)\ufe0f?(?:\s+\D+)?")
_MARKS = r"分|颗?星|stars?|points?|pts?|sternen?|stern|punkte?|étoiles?|estrellas?|stell[ae]"
_NUMERAL = re.compile(rf"([{NUMERALS}])(?=\s*颗?[星分]$)")
_IN_TEXT = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        rf"(?P<n>-?\d+)\s*(?:{_MARKS})?",
        rf"(?P<n>\d+)\s*(?:/|out of|von|sur|de)\s*(?P<of>\d+)(?:\s*(?:{_MARKS}))?",
        r"(?P<n>-?\d+)\s*(?:分|星|stars?|points?)?\s*(?:[-–—=:：.。)）、|]|\s[-–—]\s)\s*[^\d\s].*",
        r"(?P<n>-?\d+)\s*(?:分|星|stars?|points?)?\s*[(（\[][^\d]+[)）\]]",
        r"(?P<n>-?\d+)\s*\[[A-Z]\w*\]",
        r"[^\d]+[(（\[]\s*(?P<n>-?\d+)\s*(?:分|星|stars?|points?)?\s*[)）\]]",
        r"[^\d]*[^\d\s]\s*[-–—=:：]\s*(?P<n>\d+)\s*(?:分|星|stars?|points?)?",
    )
)
_ENDS = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (r"(?P<n>\d+)(?P<word>\D+)", r"(?P<word>\D+)(?P<n>\d+)")
)
"""A number at the beginning or end: an answer where each text has its own, beside its own words."""


@dataclass(frozen=True, kw_only=True)
class Answers:
    """A rating question: `ratings` on the scale, `used` (True, False, unknown), `stray` cells.

    `read` holds the texts whose number was found in them.
    """

    ratings: pd.Series
    used: pd.Series
    stray: pd.Series
    read: Mapping[str, float]


@cache
def pattern(words: str) -> re.Pattern[str]:
    """Return an expression, whatever the case: an entry of the words by its name, or itself."""
    return re.compile(WORDS.get(words, words), re.IGNORECASE)


def found(words: str, text: str) -> bool:
    """Tell whether a text holds such words."""
    return pattern(words).search(text) is not None


def plain(text: str) -> str:
    """Return a cell as it is compared: full-width characters plain, blanks around cut."""
    return unicodedata.normalize("NFKC", text).translate(INVISIBLE).strip()


def by_value(texts: pd.Series, function: Callable[[str], Any], dtype: str) -> pd.Series:
    """Apply `function` once to each different text of a column without missing values."""
    codes, unique = pd.factorize(texts)
    values = pd.Series([function(text) for text in unique.tolist()], dtype=dtype)
    return pd.Series(values.array.take(codes), index=texts.index, name=texts.name)


def _bare(text: str) -> str:
    """Return a cell without its currency and the blanks or apostrophes that part thousands."""
    bare = _CURRENCY.sub("", plain(text).removeprefix("'"))
    if owed := _OWED.fullmatch(bare):
        bare = f"-{_CURRENCY.sub('', owed[1])}"
    return re.sub(r"[ '’]", "", bare) if _GROUPS.fullmatch(bare) else bare


def number(text: str, decimal: str = ".") -> float:
    """Return the number that a cell writes, or NaN; thousands and a currency are understood."""
    bare = _bare(text)
    if decimal == "," and _DECIMAL_COMMA.fullmatch(bare):
        bare = bare.replace(".", "").replace(",", ".")
    elif decimal == "," and _POINTS.fullmatch(bare):
        bare = bare.replace(".", "")
    elif _THOUSANDS.fullmatch(bare):
        bare = bare.replace(",", "")
    return float(bare) if _NUMBER.fullmatch(bare) else float("nan")


def decimal_of(texts: pd.Series, decimal: str) -> str:
    """Return the decimal sign of a column: as declared, or as its cells can only mean it.

    In a file with semicolons a comma is decimal; elsewhere it is if some cell writes it so that it
    cannot part thousands (1,5) and none writes a point. Points alone part thousands where a cell
    has two, or where commas part decimals.
    """
    unique = [_bare(text) for text in texts.unique()]
    commas = [text for text in unique if "," in text]
    points = [text for text in unique if "." in text]
    if points and not commas and all(_POINTS.fullmatch(text) for text in points):
        return "," if decimal == "," or any(text.count(".") > 1 for text in points) else "."
    if not commas or not all(_DECIMAL_COMMA.fullmatch(text) for text in commas):
        return "."
    if decimal:
        return decimal
    odd = any(not _THOUSANDS.fullmatch(text) for text in commas)
    return "," if odd and not points else "."


def is_code(texts: pd.Series, codes: Sequence[Code]) -> pd.Series:
    """Return where a cell is one of the codes; ``99``, ``99.0`` and ``９９`` are all 99."""
    if not codes:
        return pd.Series(False, index=texts.index, name=texts.name)
    return by_value(texts, _among(codes), "bool")


def _among(codes: Sequence[Code]) -> Callable[[str], bool]:
    words = {plain(str(code)).casefold() for code in codes}
    numbers = {value for code in codes if not np.isnan(value := number(str(code)))}

    def matches(text: str) -> bool:
        bare = plain(text).casefold()
        return bare in words or number(bare) in numbers

    return matches if codes else lambda text: False


def is_blank(texts: pd.Series, missing: Sequence[Code] = ()) -> pd.Series:
    """Return where a cell holds nothing, or a code that means no answer."""
    code = _among(missing)
    return by_value(texts, lambda text: not text.strip() or code(text), "bool")


def answers(
    texts: pd.Series,
    *,
    scale: tuple[float, float],
    missing: Sequence[Code] = (),
    not_applicable: Sequence[Code] = (),
    whole: bool = True,
    values: Mapping[str, float] | None = None,
    decimal: str = "",
) -> Answers:
    """Read a rating question, keeping *no answer* and *did not use it* apart."""
    known = {_word(text): value for text, value in (values or {}).items()}
    absent = is_code(texts, not_applicable)
    blank = is_blank(texts, missing) | absent
    sign = decimal_of(texts[~blank], decimal)
    found = in_texts(list(texts[~blank].unique()), scale, known) if not texts.empty else {}

    def rating(text: str) -> float:
        value = known.get(_word(text), number(text, sign))
        return found.get(text, value)

    numbers = by_value(texts, rating, "float64")
    on_scale = numbers.between(*scale) & ((numbers % 1 == 0) if whole else True)
    used = pd.Series(pd.NA, index=texts.index, dtype="boolean", name=texts.name)
    used[on_scale & ~blank] = True
    used[absent] = False
    return Answers(
        ratings=numbers.where(on_scale & ~blank), used=used, stray=~on_scale & ~blank, read=found
    )


def may_be_thousands(texts: pd.Series) -> str:
    """Return a cell such as 1.300, where every point of a column could part thousands."""
    points = [bare for text in texts.unique() if "." in (bare := _bare(text))]
    return points[0] if points and all(_POINTS.fullmatch(text) for text in points) else ""


def _word(text: str) -> str:
    return "".join(plain(text).casefold().split())


def coded(texts: pd.Series, values: Mapping[str, float]) -> pd.Series:
    """Return a column with the numbers that words stand for, as text; other cells as they are."""
    known = {_word(text): f"{value:g}" for text, value in values.items()}
    return by_value(texts, lambda text: known.get(_word(text), text), "str")


def in_texts(
    texts: Sequence[str], scale: tuple[float, float], known: Mapping[str, float]
) -> dict[str, float]:
    """Return the answers that texts hold themselves: "10 - Very likely", 满意(4分), 4/5, ★★★★☆."""
    found: dict[str, float] = {}
    rest: list[str] = []
    for text in texts:
        bare = _NUMERAL.sub(lambda m: str(1 + NUMERALS.index(m[1])), plain(text))
        if not np.isnan(number(bare)) or _word(text) in known:
            continue
        rest.append(text)
        stars = _STARS.fullmatch(text.strip())
        if stars and len(stars[1]) + len(stars[2]) in (len(stars[1]), scale[1]):
            found[text] = float(len(stars[1]))
            continue
        hit = next((m for pattern in _IN_TEXT if (m := pattern.fullmatch(bare))), None)
        if hit and float(hit.groupdict().get("of") or scale[1]) == scale[1]:
            found[text] = float(hit["n"])
    rest = [text for text in rest if text not in found]
    for pattern in _ENDS:
        ends = {text: m for text in rest if (m := pattern.fullmatch(plain(text)))}
        words, ranks = ({m[part] for m in ends.values()} for part in ("word", "n"))
        if len(words) == len(ranks) == len(rest) > 1:
            found |= {text: float(m["n"]) for text, m in ends.items()}
    return {text: value for text, value in found.items() if scale[0] <= value <= scale[1]}


def numbers(
    texts: pd.Series, *, missing: Sequence[Code] = (), decimal: str = ""
) -> tuple[pd.Series, pd.Series]:
    """Return a column's numbers (float64), and where something stands that is none."""
    blank = is_blank(texts, missing)
    sign = decimal_of(texts[~blank], decimal)
    values = by_value(texts, lambda text: number(text, sign), "float64")
    return values.mask(blank), values.isna() & ~blank


def flags(texts: pd.Series, *, missing: Sequence[Code] = ()) -> tuple[pd.Series, pd.Series]:
    """Return a column's yes and no (boolean), and where something stands that is neither.

    ``1``, ``true``, ``yes``, ``是`` and their opposites; a number above 0 (a count) is yes.
    """
    blank = is_blank(texts, missing)
    values = by_value(texts, _flag, "boolean")
    values = values.mask(blank)
    return values, values.isna() & ~blank


def _flag(text: str) -> object:
    word = plain(text).casefold()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    count = number(word)
    return count > 0 if count >= 0 else pd.NA


def texts_or_missing(texts: pd.Series, *, missing: Sequence[Code] = ()) -> pd.Series:
    """Return a column as text, blanks around cut, missing where there is nothing or a code."""
    code = _among(missing)
    return by_value(texts, lambda text: None if code(text) else text.strip() or None, "str")


_SPLIT = ("┋", "\n", ";", "；", "|", "、", ",", "，", "/")
"""What parts several choices in one cell, the surest first."""
FEW = 10
_SURE = frozenset("┋\n;；|")
"""What hardly stands inside a choice."""


def separator_of(texts: pd.Series, options: Sequence[str] = ()) -> str:
    """Return what parts several choices in the cells of a column; empty if nothing does.

    The parts must come again: in other cells, alone or beside others.
    """
    unique = [text.strip() for text in texts.dropna().unique() if text.strip()]
    for mark in _SPLIT:
        several = [text for text in unique if mark in text]
        if not several:
            continue
        cells = ({part.strip() for part in text.split(mark)} for text in unique)
        distinct = Counter(part for cell in cells for part in cell if part)
        again = sum(times > 1 for times in distinct.values())
        if options and distinct.keys() <= set(options):
            return mark
        enough = (0.5 if mark in _SURE else 0.7) * len(distinct)
        if mark in _SURE and len(unique) <= FEW:  # of few mixtures hardly any part comes again
            enough = 1
        if len(distinct) <= 60 and again >= enough and len(distinct) < len(unique) + 3:
            return mark
    return ""


_CLOCK = re.compile(r"(?:(\d+)\s*(?:d|days?|天)[\s,]*)?(?:(\d+):)?(\d+):(\d{1,2})(?:\.\d+)?")
_UNITS = re.compile(
    r"P?(?:(?P<w>[\d.]+)\s*(?:w|wks?|weeks?|周)[\s,]*)?"
    r"(?:(?P<d>[\d.]+)\s*(?:d|days?|天|tage?|jours?|j)[\s,]*)?T?"
    r"(?:(?P<h>[\d.]+)\s*(?:h|hrs?|hours?|小时|时|std\.?|stunden?|heures?)[\s,]*)?"
    r"(?:(?P<m>[\d.]+)\s*(?:m|mins?\.?|minuten?|minutes?|分钟|分|(?<=h\d\d)$)[\s,]*)?"
    r"(?:(?P<s>[\d.]+)\s*(?:s|secs?|seconds?|sek\.?|sekunden?|秒))?",
    re.IGNORECASE,
)
_LENGTH = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
_NAMED = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}


def seconds(text: str, unit: str | None, decimal: str = ".") -> float:
    """Return a duration in seconds: ``1:02:03``, ``1d 2h``, ``90分钟``, or a number of a unit.

    Two parts, ``2:03``, need a unit: under hours h:mm, under minutes m:ss.
    """
    bare = plain(text)
    value = number(bare, decimal)
    if not np.isnan(value):
        return value * _NAMED[unit] if unit else float("nan")
    clock = _CLOCK.fullmatch(bare)
    if clock:
        days, hours, minutes, rest = (int(part or 0) for part in clock.groups())
        if clock[2] is None and unit not in ("hours", "minutes"):
            return float("nan")
        if clock[2] is None and unit == "hours":
            hours, minutes, rest = minutes, rest, 0
        return float(86_400 * days + 3600 * hours + 60 * minutes + rest)
    told = _UNITS.fullmatch(bare)
    if told and any(told.groups()):
        return sum(float(n) * _LENGTH[part] for part, n in told.groupdict().items() if n)
    return float("nan")


def common_start(texts: Sequence[str]) -> str:
    """Return what all texts begin with."""
    low, high = min(texts), max(texts)  # what these two begin with, all do
    pairs = enumerate(zip(low, high, strict=False))
    return low[: next((i for i, pair in pairs if len({*pair}) > 1), min(len(low), len(high)))]
