"""The data room: e-mail addresses, telephone and identity-card numbers taken out of comments."""

from __future__ import annotations

import re
from collections import Counter

import pandas as pd

_PATTERNS = (
    ("[email]", re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")),
    (
        "[id card]",
        re.compile(
            r"(?<!\d)[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)"
        ),
    ),
    (
        "[phone]",
        re.compile(
            r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"  # Chinese mobile
            r"|(?<!\d)0\d{2,3}[- ]?\d{7,8}(?!\d)"  # Chinese land line, with its area code
            r"|\+\d{1,3}(?:[ .-]?\(?\d{1,4}\)?){2,5}(?!\d)"  # international
            r"|(?<!\d)0\d{3,4}[ -]\d{3}[ -]?\d{3,4}(?!\d)"  # British
            r"|(?<!\d)\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)"  # North American, and 400 numbers
        ),
    ),
)
_WORTH_A_LOOK = re.compile(r"@|\d(?:[ .()-]{0,2}\d){6}")
_PLAIN = str.maketrans("０１２３４５６７８９＠＋－（）", "0123456789@+-()")


def mask(comments: pd.Series) -> tuple[pd.Series, dict[str, int]]:
    """Replace what identifies or reaches a person by a marker.

    Names are left: no rule finds them.

    Parameters
    ----------
    comments : pandas.Series of str
        Free text; missing where there is none.

    Returns
    -------
    tuple of pandas.Series and dict
        The comments, and how many markers of each kind (``[email]``, ``[phone]``, ``[id card]``)
        were set.
    """
    counts: Counter[str] = Counter()
    codes, unique = pd.factorize(comments)
    times = pd.Series(codes).value_counts()
    masked: list[str | None] = []
    for code, text in enumerate(unique):
        clean, found = _mask(str(text))
        masked.append(clean)
        for marker, n in found.items():
            counts[marker] += n * int(times[code])
    values = pd.Series([*masked, None], dtype="str").array.take(codes)
    return pd.Series(values, index=comments.index, name=comments.name), dict(counts)


def _mask(text: str) -> tuple[str, dict[str, int]]:
    bare = text.translate(_PLAIN)
    found: dict[str, int] = {}
    if not _WORTH_A_LOOK.search(bare):
        return text, found
    for marker, pattern in _PATTERNS:
        bare, n = pattern.subn(marker, bare)
        if n:
            found[marker] = n
    return (bare if found else text), found
