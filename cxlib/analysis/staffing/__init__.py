"""Staffing: what a staffed queue does to callers, and what staff a service level takes.

All raise DataError for a number that is impossible, and name it.
"""

from __future__ import annotations

from cxlib.analysis.staffing.plan import NOT_PLANNED, Schedule, Staffing, schedule, staff
from cxlib.analysis.staffing.queues import (
    AgentsNeeded,
    Queue,
    agents_needed,
    blocking,
    erlang_a,
    erlang_c,
    paid,
)

__all__ = ["NOT_PLANNED", "AgentsNeeded", "Queue", "Schedule", "Staffing", "agents_needed",
           "blocking", "erlang_a", "erlang_c", "paid", "schedule", "staff"]  # fmt: skip
