"""Service: how a contact centre keeps its promises, from a log of its tickets."""

from __future__ import annotations

from cxlib.analysis.business_time import BusinessHours
from cxlib.analysis.service.actions import Action, FollowUp, answering, follow_up, last_day
from cxlib.analysis.service.course import Course, course
from cxlib.analysis.service.events import FoldedEvents, fold_events
from cxlib.analysis.service.flow import Arrivals, Backlog, arrivals, backlog
from cxlib.analysis.service.groups import SHOWN, Groups, groups
from cxlib.analysis.service.kpis import TicketKpis, ticket_kpis
from cxlib.analysis.service.reasons import Reasons, contact_reasons
from cxlib.analysis.service.terms import (
    Terms,
    complaints,
    kpi_rows,
    kpis,
    moment_of,
    ratings,
    unit_of,
)

__all__ = [
    "SHOWN",
    "Action",
    "Arrivals",
    "Backlog",
    "BusinessHours",
    "Course",
    "FoldedEvents",
    "FollowUp",
    "Groups",
    "Reasons",
    "Terms",
    "TicketKpis",
    "answering",
    "arrivals",
    "backlog",
    "complaints",
    "contact_reasons",
    "course",
    "fold_events",
    "follow_up",
    "groups",
    "kpi_rows",
    "kpis",
    "last_day",
    "moment_of",
    "ratings",
    "ticket_kpis",
    "unit_of",
]
