"""Which experiences go with the outcome, where to begin, and what an improvement would be worth."""

from __future__ import annotations

from cxlib.analysis.drivers.groups import SegmentImportance, by_segment
from cxlib.analysis.drivers.model import EXACT_LIMIT, DriverImportance, importance
from cxlib.analysis.drivers.planning import (
    QUADRANTS,
    DriverChoice,
    Priorities,
    choose,
    oriented,
    outcome_of,
    plan,
    priorities,
    recent,
)
from cxlib.analysis.drivers.prediction import (
    UNITS,
    Scenario,
    ScenarioModel,
    scenario,
    scenario_model,
)

__all__ = ["EXACT_LIMIT", "QUADRANTS", "UNITS", "DriverChoice", "DriverImportance", "Priorities",
           "Scenario", "ScenarioModel", "SegmentImportance", "by_segment", "choose", "importance",
           "oriented", "outcome_of", "plan", "priorities", "recent", "scenario",
           "scenario_model"]  # fmt: skip
