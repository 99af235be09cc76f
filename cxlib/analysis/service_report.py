"""Analysis: what a service report is made of; the one door to its tables."""

from __future__ import annotations

from cxlib.analysis.backlog import backlog
from cxlib.analysis.service_contract import as_measured, sign_off
from cxlib.analysis.service_course import course
from cxlib.analysis.service_groups import groups
from cxlib.analysis.service_measures import follow_up
from cxlib.analysis.service_review import glance
from cxlib.analysis.service_staffing import rhythm, staff
from cxlib.analysis.service_terms import complaints_of

__all__ = [
    "as_measured",
    "backlog",
    "complaints_of",
    "course",
    "follow_up",
    "glance",
    "groups",
    "rhythm",
    "sign_off",
    "staff",
]
