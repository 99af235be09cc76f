"""Staffing: what a staffed queue does to callers, and what staff a service level takes."""

from __future__ import annotations

from cxlib.analysis.staffing.plan import (
    NOT_PLANNED,
    AgentsNeeded,
    Schedule,
    Staffing,
    agents_needed,
    paid,
    schedule,
    staff,
)
from cxlib.analysis.staffing.queues import ErlangA, ErlangC, erlang_a, erlang_c

__all__ = [
    "NOT_PLANNED",
    "AgentsNeeded",
    "ErlangA",
    "ErlangC",
    "Schedule",
    "Staffing",
    "agents_needed",
    "erlang_a",
    "erlang_c",
    "paid",
    "schedule",
    "staff",
]
