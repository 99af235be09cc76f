"""Service: how a contact centre keeps its promises, from a log of its tickets.

What its questions share: ``tickets`` is the canonical table of :mod:`cxlib.analysis.service.log`;
``terms`` how the contract measures; ``period`` the tickets opened in it (``"2026-09"``,
``"2026Q3"``, ``"2026"``; a wave's own name, or None, is the whole log); ``by`` one or more columns
to split by; ``as_of`` the moment of the report, by default the last in the log, after which nothing
is known; ``minimum_base`` the fewest tickets that a number may rest on; ``confidence`` the coverage
of the intervals. All raise DataError for a log that is impossible (see `log.read_log`).
"""

from __future__ import annotations

from cxlib.analysis.business_time import BusinessHours
from cxlib.analysis.service.actions import Course, FollowUp, course, follow_up
from cxlib.analysis.service.events import fold_events
from cxlib.analysis.service.flow import Arrivals, Backlog, arrivals, backlog
from cxlib.analysis.service.groups import SHOWN, Groups, Reasons, contact_reasons, groups
from cxlib.analysis.service.kpis import TicketKpis, ticket_kpis
from cxlib.analysis.service.log import cohort, opened_in
from cxlib.analysis.service.terms import (
    calendar_period,
    complaints,
    kpi_rows,
    kpis,
    moment_of,
    ratings,
    unit_of,
)
from cxlib.analysis.service.waits import Durations, Terms

__all__ = ["SHOWN", "Arrivals", "Backlog", "BusinessHours", "Course", "Durations",
           "FollowUp", "Groups", "Reasons", "Terms", "TicketKpis", "arrivals", "backlog",
           "calendar_period", "cohort", "complaints", "contact_reasons", "course", "fold_events",
           "follow_up", "groups", "kpi_rows", "kpis", "moment_of", "opened_in", "ratings",
           "ticket_kpis", "unit_of"]  # fmt: skip
