"""Trends: process charts of KPIs, and early warnings with a bound on false ones."""

from cxlib.analysis.trends._season import Seasonality, seasonality
from cxlib.analysis.trends.charts import XmrChart, score_chart, xmr
from cxlib.analysis.trends.warnings import EarlyWarnings, early_warnings

__all__ = [
    "EarlyWarnings",
    "Seasonality",
    "XmrChart",
    "early_warnings",
    "score_chart",
    "seasonality",
    "xmr",
]
