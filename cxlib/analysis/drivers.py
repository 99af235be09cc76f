"""Which experiences go with the outcome: the one door to everything driver analysis offers."""

from __future__ import annotations

from cxlib.analysis._importance import EXACT_LIMIT, DriverImportance, importance
from cxlib.analysis.driver_segments import SegmentImportance, by_segment
from cxlib.analysis.priorities import Priorities, priorities
from cxlib.analysis.scenario import Scenario, ScenarioModel, scenario, scenario_model

__all__ = [
    "EXACT_LIMIT",
    "DriverImportance",
    "Priorities",
    "Scenario",
    "ScenarioModel",
    "SegmentImportance",
    "by_segment",
    "importance",
    "priorities",
    "scenario",
    "scenario_model",
]
