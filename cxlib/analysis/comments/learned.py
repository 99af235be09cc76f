"""What is learned from comments: terms that set groups apart, topics, and praise or complaint."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from itertools import chain, pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from cxlib.analysis import validate
from cxlib.analysis.comments.codebook import COMMON, NOTHING, Codebook, codebook as read_codebook
from cxlib.analysis.comments.themes import opinions, texts_of
from cxlib.analysis.compare import adjust
from cxlib.analysis.estimation import z_of
from cxlib.analysis.metrics import number, one_of
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


ENOUGH = 50
"""Rated comments of either kind below which no model is trained."""
TRAINED_ON = 10_000
"""Comments that a model learns from at most, drawn at random."""
AT_ONCE = 20_000
"""Comments whose words are in memory at a time."""
FOLDS = 5
ASKED = ("open", "complaints", "praise")


class Sentiment(TableResult):
    """What each comment says, and how far that can be trusted.

    ``table``: one row a comment, by its row label: ``score`` (sum over its clauses), ``label``
    ("positive", "negative", "mixed", "none"), and with a model ``p_positive`` (0 to 1; of rated
    comments from the folds that did not see them). ``accuracy``: one row a method ("model",
    "lexicon", "always the larger group"), over rated comments: ``method, n, accuracy, low, high``
    (Wilson), ``balanced`` (mean of both groups' shares right); a comment that the lexicon leaves
    open counts as half right. ``n_used, n_dropped``: comments with words, and rows without.
    """

    accuracy: pd.DataFrame


def sentiment(
    comments: pd.Series,
    *,
    codebook: Mapping[str, Any] | Codebook | None = None,
    ratings: Any = None,
    negative_to: float | None = None,
    positive_from: float | None = None,
    asked: Any = "open",
    seed: int = 20240601,
) -> Sentiment:
    """Tell praise from complaint, and measure how well on these customers' own ratings.

    The lexicon finds plain words, negation ("not happy", 不高兴) and degree; it does not know
    irony, or comparisons with others.

    Parameters
    ----------
    comments : pandas.Series
        One comment a row; empty, missing and emoji-only ones are fine.
    codebook : mapping or Codebook, optional
        Adds words to the kit's own.
    ratings : array-like, optional
        The respondents' own ratings, higher is better; they train and judge a model (TF-IDF and
        logistic regression, five folds).
    negative_to, positive_from : float, optional
        Ratings up to the one are complaints, from the other on praise, those between are left out.
        Unless told: 6 and 9 where ratings go up to 10, 2 and 4 up to 5, else halves.
    asked : {"open", "complaints", "praise"} or array-like
        What the question asked for, of all comments or of each: "nothing" to a question for
        complaints is praise.
    seed : int
        Of the folds.

    Raises
    ------
    DataError
        If comments are no text, ratings no numbers, or `asked` is unknown.
    """
    comments, texts = texts_of(comments)
    told = [asked] * len(comments) if isinstance(asked, str) else list(asked)
    for word in dict.fromkeys(told):
        one_of(word, ASKED, f"asked is {word!r}")
    if len(told) != len(comments):
        raise DataError(f"asked is told of {len(told)} comments; there are {len(comments)}.")
    book = read_codebook(codebook)
    worded = np.array([bool(text.strip()) for text in texts], dtype=bool)
    score, voiced = np.zeros(len(texts)), np.zeros(len(texts), dtype=bool)
    for row, (text, word) in enumerate(zip(texts, told, strict=True)):
        if word != "open" and text.strip(" .。!！~～") in NOTHING:
            score[row] = 1.0 if word == "complaints" else -1.0
        elif text:
            scores = [each for *_at, each in opinions(book, text)]
            score[row], voiced[row] = sum(scores), any(scores)
    label = np.select(
        [score > 0, score < 0, voiced],
        [_("positive"), _("negative"), _("mixed")],
        _("none"),
    )
    table = pd.DataFrame({"score": score, "label": label}, index=comments.index)
    accuracy = pd.DataFrame(columns=["method", "n", "accuracy", "low", "high", "balanced"])
    notes: list[Caveat] = []
    if ratings is not None:
        good = _good(ratings, comments.index, negative_to, positive_from)
        rated = worded & ~np.isnan(good)
        truth = good[rated] == 1
        if min(truth.sum(), (~truth).sum()) < 1:
            raise DataError("the ratings hold no praise, or no complaint: nothing to tell apart.")
        guesses = {_("lexicon"): np.where(score[rated] == 0, 0.5, (score[rated] > 0) == truth)}
        if min(truth.sum(), (~truth).sum()) >= ENOUGH:
            table["p_positive"] = _model(texts, worded, good, seed)
            right = (table["p_positive"].to_numpy()[rated] > 0.5) == truth
            guesses = {_("model"): right.astype(float), **guesses}
        else:
            message = _("Fewer than {n} rated comments of either kind: no model was trained.")
            notes.append(Caveat(message, n=ENOUGH))
        larger = truth.mean() >= 0.5
        guesses[_("always the larger group")] = (truth == larger).astype(float)
        accuracy = pd.DataFrame([_judged(name, g, truth) for name, g in guesses.items()])
    n_used, noted = int(worded.sum()), tuple(notes)
    left = len(texts) - n_used
    return Sentiment(table=table, accuracy=accuracy, n_used=n_used, n_dropped=left, caveats=noted)


def _good(
    ratings: Any, index: pd.Index, negative_to: float | None, positive_from: float | None
) -> np.ndarray:
    """Return 1 for praise, 0 for complaint, NaN for what lies between or was not rated."""
    x = validate.numbers(validate.aligned(ratings, index, "ratings").rename("ratings"))
    if np.isnan(x).all():
        return x
    top = np.nanmax(x)
    low, high = (6.0, 9.0) if 7 < top <= 10 else (2.0, 4.0) if 2 < top <= 5 else (np.nan, np.nan)
    if np.isnan(low):
        low, high = (float(np.nanmin(x)), top) if top <= 2 else (top * 0.4, top * 0.75)
    low = low if negative_to is None else float(negative_to)
    high = high if positive_from is None else float(positive_from)
    if not low < high:
        raise DataError(f"negative_to is {low:g} and positive_from {high:g}: they do not overlap.")
    return np.select([x >= high, x <= low], [1.0, 0.0], np.nan)


def _model(texts: list[str], worded: np.ndarray, good: np.ndarray, seed: int) -> np.ndarray:
    """Return P(praise) of each comment, of rated ones by the folds that did not see them."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    rng, used = np.random.default_rng(seed), np.flatnonzero(worded)
    rated = np.flatnonzero(worded & ~np.isnan(good))
    if len(rated) > TRAINED_ON:
        rated = np.sort(rng.choice(rated, TRAINED_ON, replace=False))
    # the vocabulary sees no rating: one for all folds
    vocabulary = _Vocabulary(texts, used)
    matrix = vocabulary.weighed(rated)

    def learnt(rows: np.ndarray) -> LogisticRegression:
        model = LogisticRegression(solver="liblinear", class_weight="balanced", random_state=0)
        return model.fit(matrix[rows], good[rated[rows]])

    told = np.full(len(texts), np.nan)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=int(rng.integers(2**31)))
    for seen, unseen in folds.split(rated, good[rated]):
        told[rated[unseen]] = learnt(seen).predict_proba(matrix[unseen])[:, 1]
    others = np.setdiff1d(used, rated)
    if len(others):
        model = learnt(np.arange(len(rated)))
        for rows in _some(others):
            told[rows] = model.predict_proba(vocabulary.weighed(rows))[:, 1]
    return told


def _said(text: str) -> list[str]:
    """Return a text's words and pairs of neighbours."""
    words = tokens(text)
    return words + [" ".join(pair) for pair in pairwise(words)]


class _Vocabulary:
    """The words and pairs of neighbours that two texts or more hold, some texts at a time."""

    def __init__(self, texts: list[str], rows: np.ndarray) -> None:
        self._texts = texts
        known, n = np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int64)
        for some in _some(rows):
            terms, here = np.unique(self._counted(some)[1], return_counts=True)
            known, place = np.unique(np.append(known, terms), return_inverse=True)
            n = np.bincount(place, np.append(n, here)).astype(np.int64)
        self._known = known[n >= 2]
        self._idf = np.log((1 + len(rows)) / (1 + n[n >= 2])) + 1

    def _counted(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return which text holds which term how often; a term is its hash of 64 bits."""
        said = [_said(self._texts[row]) for row in rows]
        of = np.repeat(np.arange(len(rows)), [len(each) for each in said])
        terms = pd.util.hash_array(np.array([*chain.from_iterable(said)], dtype=object))
        whole = pd.DataFrame({"of": of, "term": terms}).groupby(["of", "term"]).size().reset_index()
        return whole["of"].to_numpy(), whole["term"].to_numpy(), whole[0].to_numpy()

    def weighed(self, rows: np.ndarray) -> csr_array:
        """Return texts by terms: TF-IDF with 1 + log(tf), each text of length 1."""
        of, terms, times = self._counted(rows)
        there = np.isin(terms, self._known)
        of, at = (
            v.astype(np.int32) for v in (of[there], np.searchsorted(self._known, terms[there]))
        )
        weight = (1 + np.log(times[there])) * self._idf[at]
        length = np.sqrt(np.bincount(of, weight**2, minlength=len(rows)))
        return csr_array((weight / length[of], (of, at)), shape=(len(rows), len(self._known)))


def _some(rows: np.ndarray) -> list[np.ndarray]:
    """Return rows some at a time."""
    return [rows[at : at + AT_ONCE] for at in range(0, len(rows), AT_ONCE)]


def _judged(method: str, right: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    n = len(right)
    low, high = proportion_confint(right.sum(), n, method="wilson")
    balanced = (right[truth].mean() + right[~truth].mean()) / 2
    row: dict[str, Any] = {"method": method, "n": n, "accuracy": float(right.mean())}
    return row | {"low": float(low), "high": float(high), "balanced": float(balanced)}
