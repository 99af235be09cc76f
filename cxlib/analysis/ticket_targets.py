"""What a ticket may be, and the KPIs of a log that a contract may set targets on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from cxlib.analysis.metrics import Direction

STATES = ("open", "resolved", "closed", "cancelled", "merged", "abandoned")
DONE = ("resolved", "closed")
EXCLUDED = ("cancelled", "merged")


@dataclass(frozen=True)
class TicketKpi:
    """One KPI of a ticket log, and the keys under ``tickets.columns``, one of which it cannot lack.

    `kpi` and `statistic` say where it stands in :func:`cxlib.analysis.service.ticket_kpis`; the
    `unit` is a share from 0 to 1, seconds, or a mean rating.
    """

    kpi: str
    statistic: str
    unit: Literal["share", "seconds", "mean"]
    direction: Direction
    needs: tuple[str, ...]


_SHARES: tuple[tuple[str, Direction, tuple[str, ...]], ...] = (
    ("fcr", "higher", ("customer", "reopened", "fcr_survey")),
    ("first_response_sla", "higher", ("first_response",)),
    ("resolution_sla", "higher", ("resolved", "closed")),
    ("sla_met", "higher", ("sla_met",)),
    ("abandonment_rate", "lower", ("state",)),
    ("reopen_rate", "lower", ("reopened",)),
    ("reassign_rate", "lower", ("reassigned",)),
)
_TIMES = (
    ("handle_time", "handle_time", "mean", ("handle_seconds", "handle_minutes")),
    ("first_response", "first_response", "median", ("first_response",)),
    ("first_response_p90", "first_response", "p90", ("first_response",)),
    ("resolution", "resolution", "median", ("resolved", "closed")),
    ("resolution_p90", "resolution", "p90", ("resolved", "closed")),
)

TICKET_KPIS: Mapping[str, TicketKpi] = MappingProxyType(
    {"ticket_csat": TicketKpi("csat", "mean", "mean", "higher", ("csat",))}
    | {key: TicketKpi(key, "share", "share", way, needs) for key, way, needs in _SHARES}
    | {key: TicketKpi(kpi, name, "seconds", "lower", needs) for key, kpi, name, needs in _TIMES}
)
"""By the key that a target names: the KPIs that a contract on service usually holds."""
