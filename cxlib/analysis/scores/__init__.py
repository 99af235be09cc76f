"""What did customers say: KPIs with their intervals, by cell, and answer by answer."""

from __future__ import annotations

from cxlib.analysis.estimation import Detail, Score
from cxlib.analysis.scores.kpis import Distribution, ces, csat, distribution, mean, nps, score
from cxlib.analysis.scores.table import ScoreTable, score_table

__all__ = [
    "Detail",
    "Distribution",
    "Score",
    "ScoreTable",
    "ces",
    "csat",
    "distribution",
    "mean",
    "nps",
    "score",
    "score_table",
]
