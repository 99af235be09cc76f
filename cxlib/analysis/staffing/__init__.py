"""Staffing: what a staffed queue does to callers, and what staff a service level takes."""

from __future__ import annotations

from cxlib.analysis.staffing.plan import AgentsNeeded, Schedule, agents_needed, paid, schedule
from cxlib.analysis.staffing.queues import ErlangA, ErlangC, erlang_a, erlang_c
from cxlib.analysis.staffing.week import NOT_PLANNED, Staffing, staff

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
