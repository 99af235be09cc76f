"""What did customers say: KPIs with their intervals, by cell, answer by answer, and tabulated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis import _inputs, _intervals
from cxlib.analysis._crosstab import Crosstab, crosstab
from cxlib.analysis._inputs import OffScale
from cxlib.analysis._kpis import ces, csat, mean, nps, score
from cxlib.analysis._score import Detail, Score, share_of
from cxlib.analysis._score_table import ScoreTable, score_table
from cxlib.analysis.metrics import Kind, Metric
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError
from cxlib.words import mark as _

__all__ = [
    "Crosstab",
    "Detail",
    "Distribution",
    "Score",
    "ScoreTable",
    "ces",
    "crosstab",
    "csat",
    "distribution",
    "mean",
    "nps",
    "score",
    "score_table",
]


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """How often each answer was given.

    Attributes
    ----------
    table : pandas.DataFrame
        One row an answer the scale allows, lowest first: ``rating, count`` (unweighted), ``share``
        (weighted, 0 to 1), ``low, high`` (Wilson on n*); for NPS also ``group``: ``"detractor"``,
        ``"passive"`` or ``"promoter"``.
    metric : str
        The column.
    confidence : float
        Coverage of each interval.
    n_used, n_dropped : int
        Answers, and rows without one.
    caveats : tuple of Caveat
        Reservations.
    """

    table: pd.DataFrame
    metric: str
    confidence: float
    n_used: int
    n_dropped: int
    caveats: tuple[Caveat, ...] = ()


def distribution(
    ratings: pd.Series,
    *,
    scale: tuple[int, int] | None,
    kind: Kind | None = None,
    cut_points: tuple[int, int] | None = None,
    weights: Any = None,
    cluster: Any = None,
    off_scale: OffScale = "error",
    confidence: float = 0.95,
) -> Distribution:
    """Count the answers behind a score.

    Parameters
    ----------
    ratings : pandas.Series
        One answer a respondent, whole numbers within `scale`.
    scale : (int, int)
        Lowest and highest answer; it cannot be left open, since answers never given count too.
    kind : {"nps", "csat", "ces", "mean"}, optional
        ``"nps"`` adds the group of each answer.
    cut_points : (int, int), optional
        NPS: highest detractor and lowest promoter, as in `nps`; giving them implies the kind.
    weights, cluster, off_scale, confidence
        As in `nps`.

    Returns
    -------
    Distribution
        One row an answer, answers never given included.

    Raises
    ------
    DataError
        As in `nps`, and if there is no scale.
    """
    if scale is None:
        raise DataError("declare the scale of the answers: scale=(lowest, highest) answer.")
    ratings = _inputs.answers_of(ratings)
    kind = "nps" if cut_points is not None else kind or "mean"
    name = "" if ratings.name is None else str(ratings.name)
    metric = Metric(name, kind, scale, cut_points=cut_points)
    _intervals.check_confidence(confidence)
    x, n_off = _inputs.ratings_of(ratings, scale=metric.scale, whole=True, off_scale=off_scale)
    answered = ~np.isnan(x)
    if not answered.any():
        raise DataError(f"no answers in {_inputs.called(ratings)}: all {len(x)} are missing.")
    w = None if weights is None else _inputs.read_weights(weights, ratings.index)[answered]
    codes = None if cluster is None else _inputs.read_clusters(cluster, ratings.index)[answered]
    lowest, highest = metric.scale or scale
    rows = []
    for rating in range(lowest, highest + 1):
        hits = (x[answered] == rating).astype(float)
        share, low, high = share_of(hits, w, codes, confidence)
        row: dict[str, Any] = {"rating": rating, "count": int(hits.sum())}
        row |= {"share": share, "low": low, "high": high}
        if metric.cut_points is not None:
            row["group"] = _group(rating, metric.cut_points)
        rows.append(row)
    message = _("{n} answers are off the scale of {metric} and count as missing.")
    return Distribution(
        table=pd.DataFrame(rows),
        metric=name,
        confidence=confidence,
        n_used=int(answered.sum()),
        n_dropped=int((~answered).sum()),
        caveats=(Caveat(message, n=n_off, metric=name or kind),) if n_off else (),
    )


def _group(rating: int, cut_points: tuple[int, int]) -> str:
    detractor, promoter = cut_points
    if rating <= detractor:
        return _("detractor")
    return _("promoter") if rating >= promoter else _("passive")
