"""What did whom say: every question by every segment, with the columns that differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import inf, nan, sqrt
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from cxlib.analysis import validate
from cxlib.analysis.compare.difference import adjust, by_t, difference
from cxlib.analysis.estimation import Score, contributions, even
from cxlib.analysis.metrics import SurveyDesign, number
from cxlib.analysis.results import CARE_BASE, MINIMUM_BASE, Result
from cxlib.analysis.scores.asked import Asked, Nets, columns_of, rows_of
from cxlib.analysis.scores.table import Answers, Question, few_answers
from cxlib.analysis.validate import Floats, OffScale
from cxlib.errors import DataError
from cxlib.words import mark as _

Rows: TypeAlias = list[dict[str, Any]]
HIGHER, LOWER = _("higher"), _("lower")
_GAP = ("difference", "difference_low", "difference_high", "p_value")
_TESTED = ("low", "high", "p_value", "standard_error")
_ESTIMATE = ("value", "low", "high", "standard_error", "n", "n_effective", "n_dropped")


@dataclass(frozen=True, kw_only=True)
class Crosstab(Result):
    """Questions by segments, a row a cell.

    ``table``: for each row of the cross table (``question``, and ``choice`` where shares of answers
    are told; ``net`` where several are told together) first everybody (``segment, level`` missing),
    then each level of each segment: ``column``, its letter within the segment; ``value, low, high,
    standard_error`` in ``unit``; ``n`` (unweighted base of the question in this column),
    ``n_effective`` (Kish), ``n_dropped``, ``care``; against all other levels ``difference,
    difference_low, difference_high, p_value, p_adjusted, against_rest`` ("higher", "lower" or
    empty); ``letters``: the columns of its segment that it lies significantly above. ``pairs``: the
    pairwise family: ``question, choice, segment, level, other, difference, standard_error, p_value,
    p_adjusted``, and ``least``, the smaller base of the two. ``by``: the segments.
    ``minimum_base``: smaller columns are in neither family. ``alpha``: level of the letters: one
    less the confidence. ``confidence``: coverage of the intervals. ``n_used``: respondents.
    """

    table: pd.DataFrame
    pairs: pd.DataFrame
    by: tuple[str, ...]
    minimum_base: int
    alpha: float
    confidence: float
    n_used: int


def crosstab(
    data: pd.DataFrame,
    *,
    rows: Question | Sequence[Question] | Mapping[str, Asked],
    by: str | Sequence[str | Sequence[str]],
    design: SurveyDesign | None = None,
    answers: bool = False,
    nets: Nets | None = None,
    minimum_base: int = MINIMUM_BASE,
    off_scale: OffScale = "error",
) -> Crosstab:
    """Tabulate questions by segments: percent or mean, bases, and which columns differ.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a response.
    rows : str, Metric, Touchpoint, a sequence of them, or a mapping of str to a kind
        The questions. A rating gives one row, its score (net points, percent or mean); a single or
        multiple choice one a choice, the percent of those who answered (of several: who were shown
        it); an open question the percent of respondents who wrote something. A plain name is
        multiple where the data have columns ``name=choice``, a rating by its kind where it is
        called nps, csat or ces, a mean where it holds numbers, the percent of yes where it holds
        yes or no, else single; a mapping says it: ``{"why": "open"}``.
    by : str or sequence of str
        Segments, or multiple choices, whose columns may share respondents. A sequence among them
        is a nested banner: ``["age", ("region", "tier")]`` has every tier within every region,
        compared within its region; the table then has a column ``region``.
    design : SurveyDesign, optional
        Weights, customers and confidence.
    answers : bool
        Whether a rating's score is followed by the percent of each answer; of NPS, of each group.
    nets : mapping, optional
        Answers told together, by question and name: ``{"why": {"money": ["fees", "rates"]}}`` is
        the percent of those who gave any of them. Their rows have ``net``, before the answers.
    minimum_base : int
        Columns on fewer answers are in no family of comparisons.
    off_scale : {"error", "missing"}
        As in `scores.nps`.

    Raises
    ------
    DataError
        If a column is absent, a kind is unknown, or the data hold something that is no rating.

    Notes
    -----
    Two families of tests, each Benjamini-Hochberg adjusted over the whole table: every column
    against its complement, and every pair of columns of one segment. Columns of different people
    are compared as `compare.difference` does. Where two columns share respondents, or customers,
    the variance of their difference is Σ(u_a − u_b)² with u_i = w_i·1[i∈a](x_i − x̄_a)/Σ_a w, summed
    over each customer first; shares and nets use z (t where customers repeat), means t.

    References
    ----------
    .. [1] Kish, L. (1965). Survey Sampling, chapter 12.10 (comparisons of overlapping subclasses).
    .. [2] Benjamini, Y., Hochberg, Y. (1995). JRSS B 57, 289-300.
    """
    design = design or SurveyDesign()
    validate.check_confidence(design.confidence)
    number(minimum_base, "minimum_base")
    given_by = (by,) if isinstance(by, str) else tuple(by)
    banners = dict.fromkeys((one,) if isinstance(one, str) else tuple(one) for one in given_by)
    if not all(banners) or not banners:
        raise DataError("by= names no column: whose levels shall be the columns?")
    families = [family for banner in banners for family in columns_of(data, banner)]
    questions = list(rows_of(data, rows, design, off_scale, answers, nets or {}))
    if not questions:
        raise DataError("rows= names no question to tabulate.")
    told: Rows = []
    pairs: Rows = []
    for choice, net, given in questions:
        row = {"question": given.metric.key, "choice": choice, "net": net}
        row |= {"unit": given.metric.unit}
        everyone = np.ones(len(data), dtype=bool)
        told.append(row | {"segment": None, "level": None} | _estimate(given, everyone)[0])
        for own in families:
            estimates = [_estimate(given, cell) for _place, cell, _rest in own]
            for (place, cell, rest), (found, score) in zip(own, estimates, strict=True):
                other = given.score(rest)
                gap = _gap(given, (cell, score), (rest, other))
                n_other = 0 if other is None else other.n
                told.append(row | place | gap | found | {"_n_other": n_other})
            for a, b in combinations(range(len(own)), 2):
                gap = _gap(given, (own[a][1], estimates[a][1]), (own[b][1], estimates[b][1]))
                place = own[a][0] | {"other": own[b][0]["level"]}
                n = min(estimates[a][0]["n"], estimates[b][0]["n"])
                pairs.append(row | place | gap | {"least": n})
    alpha = 1 - design.confidence
    outer = tuple(dict.fromkeys(name for banner in banners for name in banner[:-1]))
    table, compared = _frames(told, pairs, outer, minimum_base, alpha)
    return Crosstab(
        table=table,
        pairs=compared,
        by=tuple(dict.fromkeys(name for banner in banners for name in banner)),
        minimum_base=minimum_base,
        alpha=alpha,
        confidence=design.confidence,
        n_used=len(data),
        caveats=few_answers(table, minimum_base)
        + tuple(c for _choice, _net, given in questions for c in given.caveats),
    )


# --- how much, and whether it differs ---------------------------------------------------------


def _estimate(answers: Answers, rows: Any) -> tuple[dict[str, Any], Score | None]:
    score = answers.score(rows)
    if score is None:
        empty = dict.fromkeys(_ESTIMATE, nan) | {"n": 0, "n_effective": 0.0}
        return empty | {"n_dropped": int((rows & answers.asked).sum()), "care": True}, None
    few = min(score.n, score.units) < CARE_BASE
    return {name: getattr(score, name) for name in _ESTIMATE} | {"care": few}, score


def _gap(
    answers: Answers, a: tuple[Any, Score | None], b: tuple[Any, Score | None]
) -> dict[str, float]:
    """Return ``a - b`` with its interval, standard error and p; NaN where a side is empty."""
    (rows_a, score_a), (rows_b, score_b) = a, b
    if score_a is None or score_b is None:
        return dict.fromkeys((*_GAP, "standard_error"), nan)
    answered = answers.asked & ~np.isnan(answers.x)
    rows_a, rows_b = rows_a & answered, rows_b & answered
    who = np.arange(answers.x.size) if answers.clusters is None else answers.clusters
    both = np.intersect1d(who[rows_a], who[rows_b])
    if both.size:
        parts = _influence(answers, rows_a) - _influence(answers, rows_b)
        error = sqrt(float((np.bincount(who, parts) ** 2).sum()))
        if error > 0:
            by_mean = score_a.unit == "mean"
            df = min(score_a.df, score_b.df) if score_a.clustered or score_b.clustered else inf
            if by_mean and df == inf:
                df = float(np.union1d(who[rows_a], who[rows_b]).size - 1)
            found = by_t(score_a.value - score_b.value, error, max(df, 1.0), score_a.confidence)
            told = (score_a.value - score_b.value, *(found[name] for name in _TESTED))
            return dict(zip((*_GAP, "standard_error"), told, strict=True))
    apart = difference(score_a, score_b)
    told = (apart.value, *(getattr(apart, name) for name in _TESTED))
    return dict(zip((*_GAP, "standard_error"), told, strict=True))


def _influence(answers: Answers, rows: Any) -> Floats:
    """Return u_i = w_i (x_i − x̄)/Σw of some rows, 0 of the others."""
    x = contributions(answers.x[rows], answers.metric)
    w = np.ones_like(x) if answers.weights is None else even(answers.weights[rows])
    told = np.zeros(answers.x.size)
    told[rows] = w * (x - w @ x / w.sum()) / w.sum()
    return told


def _frames(
    told: Rows, pairs: Rows, outer: tuple[str, ...], minimum_base: int, alpha: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both families, each adjusted over the table, and the letters that follow."""
    head = ["question", "choice", *outer, "segment", "level"]
    names = [*head, "net", "unit", *_ESTIMATE, "care", *_GAP, "_n_other"]
    table = pd.DataFrame(told, columns=names)
    for name in (*outer, "segment", "level"):
        table[name] = table[name].astype(object).where(table[name].notna(), None)
    family_of = ["segment", *outer]
    table.insert(len(head), "column", _letters(table, family_of))
    table = table.astype({"n": "int64", "n_dropped": "int64", "care": bool})
    family = (table["n"] >= minimum_base) & (table.pop("_n_other") >= minimum_base)
    table["p_adjusted"] = adjust(table["p_value"].where(family))
    clear = table["p_adjusted"] < alpha
    turn = np.where(table["difference"] > 0, HIGHER, LOWER)
    table["against_rest"] = pd.Series(np.where(clear, turn, ""), dtype=object)
    columns = [*head, "other", "unit", "difference", "standard_error", "p_value", "least"]
    compared = pd.DataFrame(pairs, columns=columns)
    compared["p_adjusted"] = adjust(compared["p_value"].where(compared["least"] >= minimum_base))
    above: dict[tuple[Any, ...], list[str]] = {}
    for name in outer:
        compared[name] = compared[name].astype(object).where(compared[name].notna(), None)
    places = zip(*(table[name] for name in (*outer, "segment", "level")), strict=True)
    letter = dict(zip(places, table["column"], strict=True))
    for pair in compared[compared["p_adjusted"] < alpha].to_dict("records"):
        high, low = ("level", "other") if pair["difference"] > 0 else ("other", "level")
        place = *(pair[name] for name in outer), pair["segment"]
        key = (pair["question"], pair["choice"], *place, pair[high])
        above.setdefault(key, []).append(letter[*place, pair[low]])
    keys = zip(*(table[name] for name in head), strict=True)
    found = [sorted(above.get(key, ()), key=lambda letter: (len(letter), letter)) for key in keys]
    table["letters"] = pd.Series([" ".join(each) for each in found], dtype=object)
    return table, compared


def _letters(table: pd.DataFrame, family: list[str]) -> list[str | None]:
    """Return each row's column letter: A, B, … Z, AA, … within its family."""
    seen: dict[Any, list[Any]] = {}
    letters: list[str | None] = []
    for *of, level in table[[*family, "level"]].itertuples(index=False, name=None):
        if of[0] is None:
            letters.append(None)
            continue
        levels = seen.setdefault(tuple(of), [])
        if level not in levels:
            levels.append(level)
        at = levels.index(level)
        letters.append(("" if at < 26 else chr(64 + at // 26)) + chr(65 + at % 26))
    return letters
