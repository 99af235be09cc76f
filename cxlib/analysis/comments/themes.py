"""What customers speak of, how, and how far a hand-coded sample agrees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from cxlib.analysis import validate
from cxlib.analysis.agreement import krippendorff_alpha
from cxlib.analysis.comments.codebook import REACH, Codebook, Hit, clauses, fold
from cxlib.analysis.comments.codebook import codebook as read_codebook
from cxlib.analysis.results import Caveat, Result
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

TURNED = -0.8
"""What "not good" is worth where "good" is 1: negated praise is a complaint, a little milder."""
STRONG, WEAK = 1.5, 0.5
AFTER_CONTRAST = 1.5
"""What follows "but" weighs more than what stood before it."""


@dataclass(frozen=True, kw_only=True)
class Themes(Result):
    """Comments by theme.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a theme, most spoken of first: ``theme, parent, n`` (comments), ``share, low, high``
        (0 to 1, Wilson, of comments with words), ``positive, negative`` (comments in which it is
        praised, complained of; both are possible).
    matrix : pandas.DataFrame
        Comments by themes, True where a comment speaks of it or of one below it.
    hits : pandas.DataFrame
        One row a hit: ``comment`` (its row label), ``theme, term`` (as written), ``start, end``
        (characters), ``score`` (of its clause, below 0 a complaint).
    uncoded : pandas.Index
        Comments with words but without a theme.
    codebook : Codebook
        What was looked for.
    n_used, n_dropped : int
        Comments with words, and rows without any.
    caveats : tuple of Caveat
        Reservations.
    """

    table: pd.DataFrame
    matrix: pd.DataFrame
    hits: pd.DataFrame
    uncoded: pd.Index
    codebook: Codebook
    n_used: int
    n_dropped: int
    caveats: tuple[Caveat, ...] = ()

    def agreement_with(self, coded: pd.DataFrame) -> pd.DataFrame:
        """Compare with a hand-coded sample: see `agreement_with`."""
        return agreement_with(coded, found=self)


def themes(
    comments: pd.Series,
    *,
    codebook: Mapping[str, Any] | Codebook,
    language: str | None = None,
) -> Themes:
    """Find a codebook's themes in comments, several a comment, each hit traceable to its words.

    Parameters
    ----------
    comments : pandas.Series
        One comment a row; empty, missing and emoji-only ones are fine.
    codebook : mapping or Codebook
        As `comments.codebook` reads it.
    language : {"en", "zh"}, optional
        Of the comments, if known; words of both languages are always found.

    Returns
    -------
    Themes
        Counts and shares by theme, the matrix, and every hit.

    Raises
    ------
    DataError
        If comments are no column of text, or the codebook is wrong or has no theme.
    """
    if language not in (None, "en", "zh"):
        raise DataError(f"unknown language {language!r}{nearest(str(language), ('en', 'zh'))}")
    book = read_codebook(codebook)
    if not book.themes:
        raise DataError("codebook: there are no themes to look for.")
    texts = texts_of(comments)
    above = {key: _above(book, key) for key in book.themes}
    found = np.zeros((len(texts), len(book.themes)), dtype=bool)
    place = {key: at for at, key in enumerate(book.themes)}
    rows: list[tuple[Any, ...]] = []
    for row, text in enumerate(texts):
        hits = list(book.themes_in(text)) if text else []
        if not hits:
            continue
        parts = opinions(book, text)
        for hit in hits:
            score = next((s for start, end, s in parts if start <= hit.start < end), 0.0)
            for key in hit.names:
                found[row, [place[name] for name in above[key]]] = True
                rows.append((row, key, hit.start, hit.end, score))
    hits_table = pd.DataFrame(rows, columns=["row", "theme", "start", "end", "score"])
    written = comments.tolist()
    words = [
        written[r][s:e] for r, s, e in hits_table[["row", "start", "end"]].itertuples(index=False)
    ]
    hits_table.insert(0, "comment", comments.index.take(hits_table["row"].to_numpy(dtype=int)))
    hits_table.insert(2, "term", words)
    worded = np.array([bool(text.strip()) for text in texts], dtype=bool)
    n_used = int(worded.sum())
    table = _table(book, found, hits_table, above, n_used)
    matrix = pd.DataFrame(found, index=comments.index, columns=list(book.themes))
    bare = worded & ~found.any(axis=1)
    notes = []
    if n_used and bare.sum() > 0.4 * n_used:
        message = _("{share:.0%} of the comments speak of no theme: the codebook misses much.")
        notes.append(Caveat(message, share=float(bare.sum() / n_used)))
    return Themes(
        table=table,
        matrix=matrix,
        hits=hits_table.drop(columns="row"),
        uncoded=comments.index[bare],
        codebook=book,
        n_used=n_used,
        n_dropped=len(texts) - n_used,
        caveats=tuple(notes),
    )


def agreement_with(coded: pd.DataFrame, *, found: Themes | pd.DataFrame) -> pd.DataFrame:
    """Compare a codebook's hits with a sample coded by hand.

    Parameters
    ----------
    coded : pandas.DataFrame
        Comments (row labels as in `found`) by themes: true, false, or missing if not coded.
    found : Themes or pandas.DataFrame
        What the codebook found, or its matrix.

    Returns
    -------
    pandas.DataFrame
        One row a theme: ``theme, n`` (comments coded by hand), ``coded, found, both`` (counts),
        ``precision`` (of what was found, right) and ``recall`` (of what is there, found), each with
        ``_low, _high`` (Wilson), ``f1, alpha`` (Krippendorff, nominal) with ``low, high``; NaN
        where there is nothing to divide by.

    Raises
    ------
    DataError
        If a theme is unknown, a comment was not looked at, or nothing was coded.
    """
    matrix = found.matrix if isinstance(found, Themes) else found
    for theme in coded.columns:
        if theme not in matrix.columns:
            raise DataError(
                f"the coded sample has {theme!r}, no theme of the codebook"
                f"{nearest(str(theme), map(str, matrix.columns))}"
            )
    strange = coded.index.difference(matrix.index)
    if len(strange):
        raise DataError(f"the coded sample has row {strange[0]!r}, which is no comment here.")
    rows = []
    for theme in coded.columns:
        hand = coded[theme].dropna().astype(bool)
        if hand.empty:
            raise DataError(f"theme {str(theme)!r} was coded for no comment; leave its column out.")
        ours = matrix.loc[hand.index, theme].astype(bool)
        both, here, there = int((hand & ours).sum()), int(ours.sum()), int(hand.sum())
        pair = pd.DataFrame({"hand": hand.astype(int), "codebook": ours.astype(int)})
        alpha = krippendorff_alpha(pair, level="nominal")
        row = {"theme": theme, "n": len(hand), "coded": there, "found": here, "both": both}
        for name, base in (("precision", here), ("recall", there)):
            ends = proportion_confint(both, base, method="wilson") if base else (nan, nan)
            row |= {name: both / base if base else nan}
            row |= {f"{name}_low": float(ends[0]), f"{name}_high": float(ends[1])}
        row |= {"f1": 2 * both / (here + there) if here + there else nan}
        row |= {"alpha": alpha.value, "low": alpha.low, "high": alpha.high}
        rows.append(row)
    return pd.DataFrame(rows)


def opinions(book: Codebook, text: str) -> list[tuple[int, int, float]]:
    """Return each clause of a folded text with its score: above 0 praise, below a complaint."""
    parts: list[tuple[int, int, float]] = []
    hits = list(book.words_in(text))
    at = 0
    for begin, stop in clauses(text):
        inside: list[Hit] = []
        start, weight = begin, 1.0
        while at < len(hits) and hits[at].start < stop:
            hit = hits[at]
            at += 1
            if "contrast" in hit.names:
                if hit.start > start:
                    parts.append((start, hit.start, weight * _score(text, inside)))
                start, inside, weight = hit.start, [], AFTER_CONTRAST
            else:
                inside.append(hit)
        parts.append((start, stop, weight * _score(text, inside)))
    return parts


def _score(text: str, hits: list[Hit]) -> float:
    """Return the sum over words of praise and complaint, turned and scaled by what precedes."""
    total = 0.0
    turns: list[int] = []  # where each negation ends that has not met an opinion out of reach
    scale, scaled_at = 1.0, -1
    for hit in hits:
        role = hit.names[0]
        if role == "negation":
            turns.append(hit.end)
        elif role in ("strong", "weak"):
            scale, scaled_at = (STRONG if role == "strong" else WEAK), hit.end
        elif role in ("positive", "negative"):
            value = 1.0 if role == "positive" else -1.0
            if _near(text, scaled_at, hit.start, 2):
                value *= scale
            for turn in turns:
                if _near(text, turn, hit.start, None):
                    value *= TURNED
            total += value
            scaled_at = -1
            turns = turns if text[hit.start : hit.end].isascii() else []
    return total


def _near(text: str, end: int, start: int, words: int | None) -> bool:
    """Return whether few enough words (English) or characters (Chinese) stand between."""
    if end < 0:
        return False
    between = text[end:start]
    spaces = between.split()
    wide = sum(not c.isascii() for c in between)
    limit_words = REACH["en"] if words is None else words
    return len(spaces) <= limit_words and wide <= (REACH["zh"] if words is None else words + 1)


def texts_of(comments: Any) -> list[str]:
    """Return comments as they are searched, "" for none."""
    if not isinstance(comments, pd.Series):
        comments = validate.answers_of(comments)
    gone = comments.isna()
    wrong = [
        v for v, none in zip(comments, gone, strict=True) if not none and not isinstance(v, str)
    ]
    if wrong:
        raise DataError(f"comments hold {wrong[0]!r}, which is no text.")
    return ["" if none else fold(v) for v, none in zip(comments, gone, strict=True)]


def _above(book: Codebook, key: str) -> list[str]:
    chain: list[str] = []
    at: str | None = key
    while at is not None:
        chain.append(at)
        at = book.themes[at].parent
    return chain


def _table(
    book: Codebook,
    found: np.ndarray,
    hits: pd.DataFrame,
    above: Mapping[str, list[str]],
    n_used: int,
) -> pd.DataFrame:
    rows = []
    for at, (key, theme) in enumerate(book.themes.items()):
        below = [name for name, chain in above.items() if key in chain]
        mine = hits[hits["theme"].isin(below)]
        n = int(found[:, at].sum())
        low, high = proportion_confint(n, n_used, method="wilson") if n_used else (nan, nan)
        row = {"theme": key, "parent": theme.parent or "", "n": n}
        row |= {"share": n / n_used if n_used else nan, "low": low, "high": high}
        row |= {"positive": mine.loc[mine["score"] > 0, "row"].nunique()}
        row |= {"negative": mine.loc[mine["score"] < 0, "row"].nunique()}
        rows.append(row)
    return pd.DataFrame(rows).sort_values("n", ascending=False, kind="stable", ignore_index=True)
