"""Trends: process charts of KPIs, early warnings with a bound on false ones, competitors.

All raise DataError for a column, period, KPI or option that is missing, unknown or impossible, and
name the row, the value and the nearest fix.
"""

from __future__ import annotations

from cxlib.analysis.trends.charts import XmrChart, score_chart, xmr
from cxlib.analysis.trends.page import Charts, chart_kpis, compare_competitors, split_figure
from cxlib.analysis.trends.series import Seasonality, seasonality
from cxlib.analysis.trends.warnings import EarlyWarnings, early_warnings

__all__ = ["Charts", "EarlyWarnings", "Seasonality", "XmrChart", "chart_kpis",
           "compare_competitors", "early_warnings", "score_chart", "seasonality", "split_figure",
           "xmr"]  # fmt: skip
