"""Whom to ask, how many, and is the field on course."""

from __future__ import annotations

from cxlib.analysis.fieldwork.plan import SamplePlan, VisitPlan, sample_plan, visit_plan
from cxlib.analysis.fieldwork.progress import Progress, progress

__all__ = ["Progress", "SamplePlan", "VisitPlan", "progress", "sample_plan", "visit_plan"]
