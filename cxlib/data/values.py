"""The data room: what a cell means: no answer, not used, a number, yes or no."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

Code = str | int | float

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_THOUSANDS = re.compile(r"([+-]?[1-9]\d{0,2})((?:,\d{3})+)(\.\d*)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_CURRENCY = re.compile(r"^[¥￥$€£]\s*|\s*元$")
_TRUE = frozenset({"1", "true", "yes", "y", "t", "是", "有", "对", "√", "✓"})
_FALSE = frozenset({"0", "false", "no", "n", "f", "否", "无", "没有", "不是", "×"})


@dataclass(frozen=True, kw_only=True)
class Answers:
    """A column of answers to a rating question.

    Parameters
    ----------
    ratings : pandas.Series of float64
        The answers; missing where there is none on the scale.
    used : pandas.Series of boolean
        True where it was rated, False where the respondent did not use it, else unknown.
    stray : pandas.Series of bool
        True where something stands that is no answer on the scale.
    """

    ratings: pd.Series
    used: pd.Series
    stray: pd.Series


def plain(text: str) -> str:
    """Return a cell as it is compared: full-width characters plain, blanks around cut."""
    return unicodedata.normalize("NFKC", text).strip()


def by_value(texts: pd.Series, function: Callable[[str], Any], dtype: str) -> pd.Series:
    """Apply `function` once to each different text of a column.

    Parameters
    ----------
    texts : pandas.Series of str
        Without missing values.
    function : callable
        From a text to a value of `dtype`.
    dtype : str
        Of the result.

    Returns
    -------
    pandas.Series
        On the same index.
    """
    codes, unique = pd.factorize(texts)
    values = pd.Series([function(text) for text in unique], dtype=dtype)
    return pd.Series(values.array.take(codes), index=texts.index, name=texts.name)


def number(text: str) -> float:
    """Return the number that a cell writes, or NaN; thousands commas and ¥ are understood."""
    bare = _CURRENCY.sub("", plain(text))
    grouped = _THOUSANDS.fullmatch(bare)
    if grouped:
        bare = bare.replace(",", "")
    return float(bare) if _NUMBER.fullmatch(bare) else float("nan")


def decimal_commas(texts: pd.Series) -> bool:
    """Tell whether some cells, none of them a number, all write a comma for the decimal point."""
    unique = texts.unique()
    return len(unique) > 0 and all(_DECIMAL_COMMA.fullmatch(plain(text)) for text in unique)


def is_code(texts: pd.Series, codes: Sequence[Code]) -> pd.Series:
    """Return where a cell is one of the codes, compared as text and as number.

    Parameters
    ----------
    texts : pandas.Series of str
        The cells; ``99``, ``99.0`` and ``９９`` are all the code 99.
    codes : sequence of str, int or float
        As the client file declares them.

    Returns
    -------
    pandas.Series of bool
        On the same index.
    """
    words = {plain(str(code)).casefold() for code in codes}
    numbers = {value for code in codes if not np.isnan(value := number(str(code)))}

    def matches(text: str) -> bool:
        bare = plain(text).casefold()
        return bare in words or number(bare) in numbers

    return by_value(texts, matches, "bool")


def answers(
    texts: pd.Series,
    *,
    scale: tuple[float, float],
    missing: Sequence[Code] = (),
    not_applicable: Sequence[Code] = (),
    whole: bool = True,
) -> Answers:
    """Read a rating question, keeping *no answer* and *did not use it* apart.

    Parameters
    ----------
    texts : pandas.Series of str
        The cells.
    scale : (number, number)
        Lowest and highest answer of the questionnaire.
    missing, not_applicable : sequence of codes
        What stands for no answer, and for not having used it.
    whole : bool
        Whether only whole numbers are answers.

    Returns
    -------
    Answers
        The ratings, usage, and what lies off the scale.
    """
    absent = is_code(texts, not_applicable)
    blank = (texts.str.strip() == "") | is_code(texts, missing) | absent
    values = by_value(texts, number, "float64")
    on_scale = values.between(*scale) & ((values % 1 == 0) if whole else True)
    used = pd.Series(pd.NA, index=texts.index, dtype="boolean", name=texts.name)
    used[on_scale & ~blank] = True
    used[absent] = False
    return Answers(ratings=values.where(on_scale & ~blank), used=used, stray=~on_scale & ~blank)


def numbers(texts: pd.Series, *, missing: Sequence[Code] = ()) -> tuple[pd.Series, pd.Series]:
    """Return a column's numbers, and where something stands that is none.

    Parameters
    ----------
    texts : pandas.Series of str
        The cells.
    missing : sequence of codes
        What stands for no value.

    Returns
    -------
    tuple of pandas.Series
        Of float64, missing where there is none; of bool.
    """
    blank = (texts.str.strip() == "") | is_code(texts, missing)
    values = by_value(texts, number, "float64")
    return values.mask(blank), values.isna() & ~blank


def flags(texts: pd.Series, *, missing: Sequence[Code] = ()) -> tuple[pd.Series, pd.Series]:
    """Return a column's yes and no, and where something stands that is neither.

    Parameters
    ----------
    texts : pandas.Series of str
        ``1``, ``true``, ``yes``, ``是`` and their opposites; a number above 0 (a count) is yes.
    missing : sequence of codes
        What stands for no value.

    Returns
    -------
    tuple of pandas.Series
        Of nullable boolean; of bool.
    """
    blank = (texts.str.strip() == "") | is_code(texts, missing)
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
    """Return a column as text, blanks around cut, missing where there is nothing or a code.

    Parameters
    ----------
    texts : pandas.Series of str
        The cells.
    missing : sequence of codes
        What stands for no value.

    Returns
    -------
    pandas.Series of str
        On the same index.
    """
    bare = texts.str.strip()
    return bare.mask((bare == "") | is_code(texts, missing))
