"""Which words set groups apart, and what comments hold that no codebook looks for."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from cxlib.analysis import validate
from cxlib.analysis.comments.codebook import COMMON
from cxlib.analysis.comments.themes import texts_of
from cxlib.analysis.compare import adjust
from cxlib.analysis.estimation import z_of
from cxlib.analysis.metrics import number
from cxlib.analysis.results import Caveat, TableResult
from cxlib.analysis.validate import check_confidence, count
from cxlib.errors import DataError
from cxlib.words import mark as _

CHINESE = re.compile(r"[\u4e00-\u9fff]+")
LATIN = re.compile(r"[a-z][a-z'-]+")


class Keyness(TableResult):
    """Terms that set one group of comments apart from the others.

    ``table``: one row a term, most telling first: ``term, n, n_others`` (comments that hold it),
    ``share, share_others`` (0 to 1), ``log_odds, low, high`` (above 0: more in the group),
    ``p_value, p_adjusted`` (Benjamini-Hochberg over all terms). ``n, n_others``: comments with
    words in the group, and in the others.
    """

    n: int
    n_others: int


class Topics(TableResult):
    """Topics found without a codebook, to be read and named by a person.

    ``table``: one row a topic, largest first: ``topic`` (number), ``terms`` (the ten that weigh
    most), ``n, share`` (comments that it fits best, and of all). ``comments``, by row label:
    ``topic, weight``, the topic that fits best (0 for none). ``n_used, n_dropped``: comments with
    terms that are common enough, and the rest.
    """

    comments: pd.DataFrame


def tokens(text: str) -> list[str]:
    """Return the words of a folded text: English by spelling, Chinese as segmented."""
    import rjieba

    words: list[str] = []
    for piece in re.findall(f"{CHINESE.pattern}|{LATIN.pattern}", text):
        words += rjieba.cut(piece) if CHINESE.match(piece) else [piece]
    return words


def _telling(text: str) -> list[str]:
    return [w for w in tokens(text) if w not in COMMON and len(w) > 1]


def keyness(
    comments: pd.Series,
    *,
    group: Any,
    minimum: int = 5,
    prior: float = 10.0,
    confidence: float = 0.95,
) -> Keyness:
    """Find the terms that set a group of comments apart (log-odds with an informative prior).

    Parameters
    ----------
    comments : pandas.Series
        One comment a row.
    group : array-like of bool
        Which comments are the group's (detractors); missing ones are left out.
    minimum : int
        Comments that must hold a term.
    prior : float
        Pseudo-comments of the prior, spread as terms are over all comments: rare terms shrink.
    confidence : float
        Coverage of the intervals.

    Raises
    ------
    DataError
        If either group has no comment with words, or `minimum` or `prior` is not positive.

    Notes
    -----
    A comment counts a term once, however often it repeats it. δ = log((y + α)/(n + α₀ − y − α)) of
    the group less that of the others, variance 1/(y + α) + 1/(y' + α): Monroe, Colaresi, Quinn
    (2008), Fightin' Words, Political Analysis 16.
    """
    if count(minimum, "minimum") < 1 or not number(prior, "prior") > 0:
        raise DataError("minimum and prior are positive numbers.")
    comments, texts = texts_of(comments)
    member = validate.flags(validate.aligned(group, comments.index, "group").rename("group"))
    told = member.notna().to_numpy() & np.array([bool(t.strip()) for t in texts], dtype=bool)
    inside = member.fillna(False).to_numpy(dtype=bool)
    held: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    sizes = [0, 0]
    for text, here, used in zip(texts, inside.astype(int), told, strict=True):
        if used:
            held[here].update(set(_telling(text)))
            sizes[here] += 1
    if not all(sizes):
        raise DataError("keyness compares two groups of comments; one of them has no words.")
    often = held[0] + held[1]  # what every comment holds sets nobody apart
    terms = sorted(term for term, times in often.items() if minimum <= times < sum(sizes))
    y = np.array([[held[side][t] for t in terms] for side in (1, 0)], dtype=float).reshape(2, -1)
    n = np.array([sizes[1], sizes[0]], dtype=float)[:, None]
    alpha = prior * y.sum(axis=0) / n.sum()
    odds = np.log((y + alpha) / (n + prior - y - alpha))
    delta, se = odds[0] - odds[1], np.sqrt((1 / (y + alpha)).sum(axis=0))
    z = z_of(check_confidence(confidence))
    p = 2 * norm.sf(np.abs(delta) / se)
    table = pd.DataFrame(
        {"term": terms, "n": y[0].astype(int), "n_others": y[1].astype(int)}
        | {"share": y[0] / n[0], "share_others": y[1] / n[1]}
        | {"log_odds": delta, "low": delta - z * se, "high": delta + z * se}
        | {"p_value": p, "p_adjusted": adjust(p) if len(p) else p}
    )
    order = (-np.abs(delta) / se).argsort(kind="stable")
    return Keyness(table=table.iloc[order].reset_index(drop=True), n=sizes[1], n_others=sizes[0],
                   n_used=sum(sizes), n_dropped=len(texts) - sum(sizes))  # fmt: skip


def topics(comments: pd.Series, *, n: int = 8, minimum: int = 5, seed: int = 20240601) -> Topics:
    """Group comments by the words they share (non-negative matrix factorisation of TF-IDF).

    Empty where too little is said.

    Parameters
    ----------
    comments : pandas.Series
        One comment a row: those that a codebook leaves uncoded show what it misses.
    n : int
        Topics sought, 2 or more; fewer where there are fewer terms or comments.
    minimum : int
        Comments that must hold a term.
    seed : int
        Of the factorisation.
    """
    from sklearn.decomposition import NMF
    from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

    if count(n, "n") < 2:
        raise DataError(f"n is {n}; topics come in twos or more.")
    comments, texts = texts_of(comments)
    words = [_telling(text) for text in texts]
    often = Counter(w for each in words for w in set(each))
    terms = sorted(w for w, times in often.items() if times >= minimum)
    kept = np.flatnonzero([not set(terms).isdisjoint(each) for each in words])
    best = pd.DataFrame({"topic": 0, "weight": 0.0}, index=comments.index)
    rows: list[dict[str, Any]] = []
    size = min(n, len(terms), len(kept))
    if size >= 2:
        counts = CountVectorizer(analyzer=list, vocabulary=terms)
        tfidf = TfidfTransformer(sublinear_tf=True)
        matrix = tfidf.fit_transform(counts.transform([words[at] for at in kept]))
        model = NMF(size, init="nndsvda", random_state=seed, max_iter=500, tol=1e-3)
        weights = model.fit_transform(matrix)
        fits, most = weights.argmax(axis=1), weights.max(axis=1)
        sizes = np.bincount(fits[most > 0], minlength=size)
        order = np.argsort(-sizes, kind="stable")
        best.iloc[kept, 0] = np.where(most > 0, (np.argsort(order) + 1)[fits], 0)
        best.iloc[kept, 1] = most
        for place, topic in enumerate(order, 1):
            heavy = np.argsort(-model.components_[topic], kind="stable")[:10]
            told = [terms[h] for h in heavy if model.components_[topic][h] > 0]
            rows.append({"topic": place, "terms": ", ".join(told), "n": int(sizes[topic])})
    table = pd.DataFrame(rows, columns=["topic", "terms", "n"])
    table["share"] = table["n"] / max(1, len(kept))
    message = _("Too little is said to find topics: no two terms occur in {n} comments.")
    notes = () if rows else (Caveat(message, n=minimum),)
    left = len(comments) - len(kept)
    return Topics(table=table, comments=best, n_used=len(kept), n_dropped=left, caveats=notes)
