"""How well are we doing: each KPI of a column of answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis import _inputs
from cxlib.analysis._inputs import OffScale
from cxlib.analysis._score import Score, estimate
from cxlib.analysis.metrics import TOP_BOXES, Direction, Metric, Touchpoint, resolve
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError
from cxlib.words import mark as _


def nps(
    ratings: pd.Series,
    *,
    weights: Any = None,
    cluster: Any = None,
    scale: tuple[int, int] = (0, 10),
    cut_points: tuple[int, int] | None = None,
    off_scale: OffScale = "error",
    confidence: float = 0.95,
) -> Score:
    """Compute the Net Promoter Score: promoters less detractors, in points.

    Parameters
    ----------
    ratings : pandas.Series
        One answer to "how likely are you to recommend us" a respondent, whole numbers within
        `scale`. Missing answers are left out and counted in ``n_dropped``.
    weights : pandas.Series or array, optional
        One positive weight an answer, matched by row label (an array by position). Never
        frequencies: doubling all of them changes nothing.
    cluster : pandas.Series or array, optional
        Who answered, where customers answer more than once.
    scale : (int, int)
        Lowest and highest answer.
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
        linearised; the interval is adjusted Wald on n* = min(Kish, S²/v), cut at ±100, around an
        estimate that stays raw.

    Raises
    ------
    DataError
        If no answer is left, one is off the scale or no number, a weight is not positive, or the
        scale has no cut points.

    References
    ----------
    .. [1] Rocks, B. (2016). Interval estimation for the Net Promoter Score. The American
       Statistician 70, 365-372.
    """
    metric = Metric(_name(ratings), "nps", scale, cut_points=cut_points)
    return score_answers(
        ratings,
        metric,
        weights=weights,
        cluster=cluster,
        off_scale=off_scale,
        confidence=confidence,
    )


def csat(
    ratings: pd.Series,
    *,
    scale: tuple[int, int] = (1, 5),
    top: int = TOP_BOXES,
    weights: Any = None,
    cluster: Any = None,
    off_scale: OffScale = "error",
    confidence: float = 0.95,
) -> Score:
    """Compute the share of answers in the top boxes of a satisfaction scale, in percent.

    Parameters
    ----------
    ratings : pandas.Series
        One answer a respondent, whole numbers within `scale`.
    scale : (int, int)
        Lowest and highest answer the questionnaire allows.
    top : int
        How many of the highest answers count as satisfied.
    weights, cluster, off_scale, confidence
        As in `nps`.

    Returns
    -------
    Score
        In percent, 0 to 100, with Wilson's interval on n*.

    Raises
    ------
    DataError
        As in `nps`, and if the scale has too few answers for `top`.

    References
    ----------
    .. [1] Wilson, E. B. (1927). Probable inference. JASA 22, 209-212.
    """
    metric = Metric(_name(ratings), "csat", scale, top)
    return score_answers(
        ratings,
        metric,
        weights=weights,
        cluster=cluster,
        off_scale=off_scale,
        confidence=confidence,
    )


def ces(
    ratings: pd.Series,
    *,
    scale: tuple[int, int] = (1, 7),
    direction: Direction = "higher",
    weights: Any = None,
    cluster: Any = None,
    off_scale: OffScale = "error",
    confidence: float = 0.95,
) -> Score:
    """Compute the Customer Effort Score: the mean answer, with the share who agree beside it.

    Parameters
    ----------
    ratings : pandas.Series
        One answer a respondent, whole numbers within `scale`.
    scale : (int, int)
        Lowest and highest answer.
    direction : {"higher", "lower"}
        Which way is better: ``"higher"`` for "it was easy", ``"lower"`` for "how much effort".
    weights, cluster, off_scale, confidence
        As in `nps`.

    Returns
    -------
    Score
        A mean with its t interval (respondents less one degrees of freedom; customers where they
        repeat). ``detail["agree"]`` is the share above the middle of the scale (5 to 7 of 7), with
        its own Wilson interval, whichever direction is better.

    Raises
    ------
    DataError
        As in `nps`.

    References
    ----------
    .. [1] Dixon, M., Freeman, K., Toman, N. (2010). Stop trying to delight your customers. Harvard
       Business Review 88 (7/8).
    """
    metric = Metric(_name(ratings), "ces", scale, direction=direction)
    return score_answers(
        ratings,
        metric,
        weights=weights,
        cluster=cluster,
        off_scale=off_scale,
        confidence=confidence,
    )


def mean(
    ratings: pd.Series,
    *,
    weights: Any = None,
    cluster: Any = None,
    scale: tuple[int, int] | None = None,
    direction: Direction = "higher",
    off_scale: OffScale = "error",
    confidence: float = 0.95,
) -> Score:
    """Compute the mean of ratings, or of any finite number a respondent.

    Parameters
    ----------
    ratings : pandas.Series
        One number a respondent; halves are welcome.
    scale : (int, int), optional
        Lowest and highest number allowed.
    weights, cluster, direction, off_scale, confidence
        As in `nps` and `ces`.

    Returns
    -------
    Score
        A mean with its t interval; standard error √(Σ(w(x−x̄)/Σw)²) · √(n/(n−1)), by customer
        (sums and n) where customers repeat.

    Raises
    ------
    DataError
        As in `nps`.
    """
    metric = Metric(_name(ratings), "mean", scale, direction=direction)
    return score_answers(
        ratings,
        metric,
        weights=weights,
        cluster=cluster,
        off_scale=off_scale,
        confidence=confidence,
    )


def score(
    data: pd.DataFrame,
    metric: Metric | Touchpoint,
    *,
    weights: str | None = "weight",
    cluster: str | None = None,
    off_scale: OffScale = "error",
    confidence: float = 0.95,
) -> Score:
    """Score one declared question of a survey table.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a response.
    metric : Metric or Touchpoint
        What is scored, and how; a touchpoint is a mean.
    weights : str or None
        Column of weights; an absent ``weight`` column means unweighted.
    cluster : str or None
        Column that says who answered.
    off_scale, confidence
        As in `nps`.

    Returns
    -------
    Score
        As `nps`, `csat`, `ces` or `mean` give it.

    Raises
    ------
    DataError
        As in `nps`, and if a column is absent.
    """
    question = resolve(metric)
    return score_answers(
        _inputs.column(data, question.key),
        question,
        weights=_inputs.weight_column(data, weights),
        cluster=_inputs.cluster_column(data, cluster),
        off_scale=off_scale,
        confidence=confidence,
    )


def score_answers(
    ratings: pd.Series,
    metric: Metric,
    *,
    weights: Any = None,
    cluster: Any = None,
    off_scale: OffScale = "error",
    confidence: float = 0.95,
) -> Score:
    """Score a column of answers as `metric` declares."""
    ratings = _inputs.answers_of(ratings)
    x, n_off = _inputs.ratings_of(
        ratings, scale=metric.scale, whole=metric.kind != "mean", off_scale=off_scale
    )
    index = ratings.index
    w = None if weights is None else _inputs.read_weights(weights, index)
    codes = None if cluster is None else _inputs.read_clusters(cluster, index)
    answered = ~np.isnan(x)
    if not answered.any():
        raise DataError(f"no answers in {_inputs.called(ratings)}: all {len(x)} are missing.")
    result = estimate(
        x[answered],
        metric,
        weights=None if w is None else w[answered],
        clusters=None if codes is None else codes[answered],
        n_dropped=int((~answered).sum()),
        confidence=confidence,
    )
    if not n_off:
        return result
    message = _("{n} answers are off the scale of {metric} and count as missing.")
    return result.with_caveats(Caveat(message, n=n_off, metric=metric.key or metric.kind))


def _name(ratings: Any) -> str:
    return str(getattr(ratings, "name", None) or "")
