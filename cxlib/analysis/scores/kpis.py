"""How well are we doing: each KPI of a column of answers, and how often each answer was given."""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

import numpy as np
import pandas as pd

from cxlib.analysis.estimation import Score, answered, answers_to, matched, score_answers, share_of
from cxlib.analysis.metrics import (
    TOP_BOXES,
    Direction,
    Kind,
    Metric,
    Scale,
    SurveyDesign,
    Touchpoint,
    check_options,
    resolve,
)  # fmt: skip
from cxlib.analysis.results import TableResult
from cxlib.analysis.validate import OffScale, answers_of, at, check_confidence, column, drawn
from cxlib.errors import DataError
from cxlib.words import mark as _


def nps(
    ratings: pd.Series,
    *,
    weights: Any = None,
    cluster: Any = None,
    scale: Scale = (0, 10),
    cut_points: Scale | None = None,
    off_scale: OffScale = "error",
    confidence: float = 0.95,
) -> Score:
    """Compute the Net Promoter Score: promoters less detractors, in points.

    Parameters
    ----------
    ratings : pandas.Series
        One answer to "how likely are you to recommend us" a respondent, whole numbers within
        `scale` (lowest and highest answer). Missing answers are left out and counted in
        ``n_dropped``.
    weights : pandas.Series or array, optional
        One positive weight an answer, matched by row label (an array by position). Never
        frequencies: doubling all of them changes nothing.
    cluster : pandas.Series or array, optional
        Who answered, where customers answer more than once.
    cut_points : (int, int), optional
        Highest detractor and lowest promoter: 6 and 9 on 0-10, to be declared on any other scale.
    off_scale : {"error", "missing"}
        What an answer off the scale is; as missing it is counted in ``n_dropped`` and a caveat.
    confidence : float
        Coverage of the interval, between 0 and 1.

    Returns
    -------
    Score
        In points, −100 to 100. Variance of one answer p + d − (p − d)²; ``standard_error`` is
        linearised; the interval is adjusted Wald (Rocks 2016, The American Statistician 70) on
        n* = min(Kish, S²/v), cut at ±100, around an estimate that stays raw.

    Raises
    ------
    DataError
        If no answer is left, one is off the scale or no number, a weight is not positive, or the
        scale has no cut points.
    """
    metric = Metric(_name(ratings), "nps", scale, cut_points=cut_points)
    return score_answers(ratings, metric, weights, cluster, off_scale, confidence)


class Given(TypedDict, total=False):
    """What every score takes beside its answers; see `nps`."""

    weights: Any
    cluster: Any
    off_scale: OffScale
    confidence: float


def csat(
    ratings: pd.Series, *, scale: Scale = (1, 5), top: int = TOP_BOXES, **given: Unpack[Given]
) -> Score:
    """Compute the share of answers in the top boxes of a satisfaction scale, in percent.

    As `nps`, with Wilson's interval (1927, JASA 22) on n*.

    Parameters
    ----------
    ratings, scale, **given
        As in `nps`: ``weights, cluster, off_scale, confidence``.
    top : int
        How many of the highest answers count as satisfied.
    """
    return score_answers(ratings, Metric(_name(ratings), "csat", scale, top), **given)


def ces(
    ratings: pd.Series,
    *,
    scale: Scale = (1, 7),
    direction: Direction = "higher",
    **given: Unpack[Given],
) -> Score:
    """Compute the Customer Effort Score: the mean answer, with the share who agree beside it.

    As `nps`, with the t interval of a mean (respondents less one degrees of freedom; customers
    where they repeat). ``detail["agree"]`` is the share above the middle of the scale (5 to 7 of 7;
    Dixon, Freeman, Toman 2010), with its own Wilson interval, whichever direction is better.

    Parameters
    ----------
    ratings, scale, **given
        As in `nps`.
    direction : {"higher", "lower"}
        Which way is better: ``"higher"`` for "it was easy", ``"lower"`` for "how much effort".
    """
    metric = Metric(_name(ratings), "ces", scale, direction=direction)
    return score_answers(ratings, metric, **given)


def mean(
    ratings: pd.Series,
    *,
    scale: Scale | None = None,
    direction: Direction = "higher",
    **given: Unpack[Given],
) -> Score:
    """Compute the mean of ratings, or of any finite number a respondent, with its t interval.

    Parameters as in `nps` and `ces`; halves are welcome. Standard error √(Σ(w(x−x̄)/Σw)²) ·
    √(n/(n−1)), by customer (sums and n) where customers repeat.
    """
    metric = Metric(_name(ratings), "mean", scale, direction=direction)
    return score_answers(ratings, metric, **given)


def score(
    data: pd.DataFrame,
    metric: Metric | Touchpoint,
    *,
    weights: str | None = "weight",
    cluster: str | None = None,
    off_scale: OffScale = "error",
    confidence: float = 0.95,
) -> Score:
    """Score one declared question of a survey table, as `nps`, `csat`, `ces` or `mean` do.

    A touchpoint is a mean; `weights, cluster` name columns, as in `SurveyDesign`; the rest as in
    `nps`.
    """
    question = resolve(metric)
    ratings = column(data, question.key)
    given = drawn(data, SurveyDesign(weights=weights, cluster=cluster))
    return score_answers(ratings, question, *given, off_scale, confidence)


def _name(ratings: Any) -> str:
    return str(getattr(ratings, "name", None) or "")


class Distribution(TableResult):
    """How often each answer was given: one row an answer the scale allows, lowest first.

    ``table``: ``rating, count`` (unweighted), ``share`` (weighted, 0 to 1), ``low, high`` (Wilson
    on n*); for NPS also ``group`` ("detractor", "passive" or "promoter").
    """

    metric: str
    confidence: float


def distribution(
    ratings: pd.Series,
    *,
    scale: Scale | None,
    kind: Kind | None = None,
    cut_points: Scale | None = None,
    **given: Unpack[Given],
) -> Distribution:
    """Count the answers behind a score, answers never given included.

    As `nps`, but the `scale` cannot be left open; `kind` "nps", or `cut_points`, adds the group of
    each answer.
    """
    if scale is None:
        raise DataError("declare the scale of the answers: scale=(lowest, highest) answer.")
    ratings = answers_of(ratings)
    kind = "nps" if cut_points is not None else kind or "mean"
    name = "" if ratings.name is None else str(ratings.name)
    metric = Metric(name, kind, scale, cut_points=cut_points)
    check_options(given, Given.__annotations__)
    confidence = check_confidence(given.get("confidence", 0.95))
    x, caveats = answers_to(metric, ratings, given.get("off_scale", "error"), whole=True)
    there = answered(x, ratings)
    w, codes = at(there, *matched(ratings, given.get("weights"), given.get("cluster")))
    lowest, highest = metric.scale or scale
    rows = []
    for rating in range(lowest, highest + 1):
        hits = (x[there] == rating).astype(float)
        rows.append((rating, int(hits.sum()), *share_of(hits, w, codes, confidence)))
    table = pd.DataFrame(rows, columns=["rating", "count", "share", "low", "high"])
    if metric.cut_points is not None:
        detractor, promoter = metric.cut_points
        cuts = [table["rating"] <= detractor, table["rating"] >= promoter]
        table["group"] = np.select(cuts, [_("detractor"), _("promoter")], _("passive"))
    return Distribution(
        table=table,
        metric=name,
        confidence=confidence,
        n_used=int(there.sum()),
        n_dropped=int((~there).sum()),
        caveats=caveats,
    )
