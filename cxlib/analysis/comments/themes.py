"""What customers speak of, how, and how far a hand-coded sample agrees."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from math import nan
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from cxlib.analysis import validate
from cxlib.analysis.agreement import krippendorff_alpha
from cxlib.analysis.comments.codebook import (
    REACH,
    Codebook,
    Hit,
    clauses,
    codebook as read_codebook,
    fold,
)
from cxlib.analysis.metrics import one_of
from cxlib.analysis.results import TableResult, said
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

TURNED = -0.8
"""What "not good" is worth where "good" is 1: negated praise is a complaint, a little milder."""
STRONG, WEAK = 1.5, 0.5
AFTER_CONTRAST = 1.5
"""What follows "but" weighs more than what stood before it."""


class Themes(TableResult):
    """Comments by theme.

    ``table``: a row a theme, most spoken of first: ``theme, parent, n`` (comments), ``share, low,
    high`` (Wilson, of comments with words), ``positive, negative`` (comments in which it is
    praised, complained of; both are possible). ``matrix``: comments by themes, True where one
    speaks of it or of one below it. ``hits``: ``comment`` (its row label), ``theme, term`` (as
    written), ``start, end`` (characters), ``score`` (of its clause, below 0 a complaint).
    ``uncoded``: comments with words but without a theme. ``n_used, n_dropped``: comments with
    words, and without.
    """

    matrix: pd.DataFrame
    hits: pd.DataFrame
    uncoded: pd.Index
    codebook: Codebook

    def agreement_with(self, coded: pd.DataFrame) -> pd.DataFrame:
        """Compare with a hand-coded sample: see `agreement_with`."""
        return agreement_with(coded, found=self)


def themes(
    comments: pd.Series, *, codebook: Mapping[str, Any] | Codebook, language: str | None = None
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
    comments, texts = texts_of(comments)
    keys = list(book.themes)
    above = {key: [keys.index(name) for name in book.chain(key)] for key in keys}
    found = np.zeros((len(texts), len(keys)), dtype=bool)
    written, terms, scores = comments.tolist(), dict[str, int](), array("d")
    row_of, term_of, theme_of, starts, ends = places = [array("q") for _ in range(5)]
    for row, text in enumerate(texts):
        hits = list(book.themes_in(text))
        parts = opinions(book, text) if hits else []
        for hit in hits:
            score = next((s for start, end, s in parts if start <= hit.start < end), 0.0)
            term = written[row][hit.start : hit.end]
            for key in hit.names:
                found[row, above[key]] = True
                cells = (row, terms.setdefault(term, len(terms)), keys.index(key), *hit[:2])
                for column, value in zip(places, cells, strict=True):
                    column.append(value)
                scores.append(score)
    hits_table = pd.DataFrame({
        "comment": comments.index.take(np.array(row_of)),
        "term": pd.Series([*terms], dtype="str").array.take(np.array(term_of)),
        "theme": pd.Series(keys, dtype="str").array.take(np.array(theme_of)),
        "start": np.array(starts), "end": np.array(ends), "score": np.array(scores),
        "row": np.array(row_of),
    })  # fmt: skip
    worded = np.array([bool(text.strip()) for text in texts], dtype=bool)
    n_used = int(worded.sum())
    table = []
    for at, (key, theme) in enumerate(book.themes.items()):
        mine = hits_table[hits_table["theme"].isin([name for name in keys if at in above[name]])]
        n = int(found[:, at].sum())
        told = {"theme": key, "parent": theme.parent or "", "n": n} | _part(n, n_used, "share")
        told |= {"positive": mine.loc[mine["score"] > 0, "row"].nunique()}
        table.append(told | {"negative": mine.loc[mine["score"] < 0, "row"].nunique()})
    bare = worded & ~found.any(axis=1)
    share = float(bare.sum() / max(n_used, 1))
    message = _("{share:.0%} of the comments speak of no theme: the codebook misses much.")
    return Themes(
        table=pd.DataFrame(table).sort_values(
            "n", ascending=False, kind="stable", ignore_index=True
        ),
        matrix=pd.DataFrame(found, index=comments.index, columns=keys),
        hits=hits_table.drop(columns="row"),
        uncoded=comments.index[bare],
        codebook=book,
        n_used=n_used,
        n_dropped=len(texts) - n_used,
        caveats=said(share > 0.4, message, share=share),
    )


def _part(count: int, base: int, name: str, prefix: str = "") -> dict[str, Any]:
    """Return a share with its Wilson interval; NaN where there is nothing to divide by."""
    low, high = proportion_confint(count, base, method="wilson") if base else (nan, nan)
    share = count / base if base else nan
    return {name: share, f"{prefix}low": float(low), f"{prefix}high": float(high)}


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
        one_of(theme, matrix.columns, f"the coded sample has {theme!r}, no theme of the codebook")
    strange = coded.index.difference(matrix.index)
    if len(strange):
        raise DataError(f"the coded sample has row {strange[0]!r}, which is no comment here.")
    rows = []
    for theme in coded.columns:
        hand = validate.flags(coded[theme]).dropna().astype(bool)
        if hand.empty:
            raise DataError(f"theme {str(theme)!r} was coded for no comment; leave its column out.")
        ours = matrix.loc[hand.index, theme].astype(bool)
        both, here, there = int((hand & ours).sum()), int(ours.sum()), int(hand.sum())
        pair = pd.DataFrame({"hand": hand.astype(int), "codebook": ours.astype(int)})
        alpha = krippendorff_alpha(pair, level="nominal")
        row = {"theme": theme, "n": len(hand), "coded": there, "found": here, "both": both}
        row |= _part(both, here, "precision", "precision_") | _part(
            both, there, "recall", "recall_"
        )
        row |= {"f1": 2 * both / (here + there) if here + there else nan}
        rows.append(row | {"alpha": alpha.value, "low": alpha.low, "high": alpha.high})
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
            if "contrast" not in hit.names:
                inside.append(hit)
                continue
            if hit.start > start:
                parts.append((start, hit.start, weight * _score(text, inside)))
            start, inside, weight = hit.start, [], AFTER_CONTRAST
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
            if scaled_at >= 0 and _near(text[scaled_at : hit.start], 2, 3):
                value *= scale
            for turn in turns:
                if _near(text[turn : hit.start], REACH["en"], REACH["zh"]):
                    value *= TURNED
            total += value
            scaled_at = -1
            turns = turns if text[hit.start : hit.end].isascii() else []
    return total


def _near(between: str, words: int, characters: int) -> bool:
    """Return whether few enough words (English) and characters (Chinese) stand between."""
    return len(between.split()) <= words and sum(not c.isascii() for c in between) <= characters


def texts_of(comments: Any) -> tuple[pd.Series, list[str]]:
    """Return comments as a column, and as they are searched, "" for none."""
    texts, answers = [], validate.answers_of(comments)
    for text, none in zip(answers, answers.isna(), strict=True):
        if not (none or isinstance(text, str)):
            raise DataError(f"comments hold {text!r}, which is no text.")
        texts.append("" if none else fold(text))
    return answers, texts
