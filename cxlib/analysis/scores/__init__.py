"""What did customers say: KPIs with their intervals, by cell, answer by answer, and tabulated."""

from __future__ import annotations

from cxlib.analysis.estimation import Detail, Score
from cxlib.analysis.scores.crosstab import Crosstab, crosstab
from cxlib.analysis.scores.kpis import Distribution, ces, csat, distribution, mean, nps, score
from cxlib.analysis.scores.table import ScoreTable, score_table

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
