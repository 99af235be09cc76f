"""Analysis room: trends of key indicators; the one door to charts, warnings, changes and rivals."""

from __future__ import annotations

from cxlib.analysis.alerts import EarlyWarnings, early_warnings
from cxlib.analysis.changes import Changes, changes
from cxlib.analysis.charts import XmrChart, score_chart, xmr
from cxlib.analysis.competitors import Competition, compare_competitors
from cxlib.analysis.seasonality import Seasonality, seasonality

__all__ = [
    "Changes",
    "Competition",
    "EarlyWarnings",
    "Seasonality",
    "XmrChart",
    "changes",
    "compare_competitors",
    "early_warnings",
    "score_chart",
    "seasonality",
    "xmr",
]
