"""Numbers as a reader reads them: rounded here, for the first and only time."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pandas as pd

from cxlib.analysis.results import Caveat
from cxlib.columns import Kind
from cxlib.words import Said, Words, mark as _

DASH = "–"


def absent(value: Any) -> bool:
    """Tell whether a cell holds nothing."""
    missing = value is None or value is pd.NA or value is pd.NaT
    return missing or (isinstance(value, float) and math.isnan(value))


RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
"""Letters that run from right to left, as a pattern's class: a number after them needs a hold."""


def legal(text: str) -> str:
    """Return a text as XML can hold it."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text)


def cell(
    value: Any, kind: Kind, *, words: Words, unit: str = "", beside: tuple[float, ...] = ()
) -> str:
    """Return one cell as text.

    Parameters
    ----------
    value : scalar
        As the result holds it, unrounded; missing values become a dash.
    kind : Kind
        Its format.
    words : Words
        The reader's language.
    unit : str
        ``points``, ``percent``, ``mean``, ``seconds``, …: of a ``unit`` or ``signed`` cell.
    beside : tuple of float
        The ends of its interval, with which it shares its precision.
    """
    if absent(value):
        return DASH
    text = _WORDED.get(kind)
    if text is not None:
        return text(value, words)
    if kind in ("unit", "signed"):
        return words.quantity(float(value), unit, sign=kind == "signed", beside=beside)
    if kind == "p":
        return p_value(float(value), words)
    if kind == "needed":
        number = float(value)
        return words.number(math.ceil(number - 1e-9) if math.isfinite(number) else number)
    if kind == "chance" and not 0.01 <= float(value) <= 0.99:
        return "< 1%" if float(value) < 0.5 else "> 99%"
    if kind in ("percent", "chance"):
        return words.quantity(float(value), "share")
    if kind == "share_change":
        return words.quantity(100 * float(value), "pp", sign=True)
    digits, scale = _NUMERIC.get(kind, (2, 1.0))
    return words.number(scale * float(value), digits)


def say_caveat(caveat: str, words: Words) -> str:
    """Return a caveat in the reader's language; levels under the labels of their segment."""
    if isinstance(caveat, Caveat):
        told, segment = caveat.facts, caveat.facts.get("segment")
        if segment and "levels" in told:
            told = {**told, "levels": tuple(f"{segment}={level}" for level in told["levels"])}
        return words.say(caveat.message, **told)
    return words.say(caveat) if "{" not in caveat else caveat


_SPEAKS = re.compile(r"[^\W\d_]{2}|[\u4e00-\u9fff]")
_ANSWERS = {"yes", "no", "true", "false", "是", "否", "有", "无"}


def named(key: object, words: Words) -> str:
    """Return a label that stands alone: a level that is a bare code or a yes, with its segment."""
    label, (segment, equals, value) = words.label(key), str(key).partition("=")
    bare = not _SPEAKS.search(label) or label.casefold() in _ANSWERS
    if not equals or label != value or not bare:
        return label
    return words.say(_("“{segment}: {level}”"), segment=segment, level=Said(label))


def p_value(p: float, words: Words) -> str:
    """Return a p-value with three decimals, never as zero."""
    return "< 0.001" if p < 0.001 else words.number(p, 3)


_WORDED: dict[str, Callable[[Any, Words], str]] = {
    "key": lambda value, words: (
        words.say("{key}", key=value) if isinstance(value, tuple) else words.label(value)
    ),
    "level": lambda value, words: words.label(value),
    "word": lambda value, words: (
        say_caveat(value, words)
        if isinstance(value, Caveat)
        else words.say(str(value))
        if "{" not in str(value)
        else words.label(value)
    ),
    "text": lambda value, words: str(value),
    "period": lambda value, words: words.period(str(value)),
    "date": lambda value, words: words.date(value),
    "mark": lambda value, words: "●" if bool(value) else "",
    "duration": lambda value, words: words.quantity(float(value), "seconds"),
}
_NUMERIC: dict[str, tuple[int, float]] = {
    "int": (0, 1.0),
    "points": (1, 1.0),
    "number": (2, 1.0),
    "hours": (1, 1 / 3600),
}
