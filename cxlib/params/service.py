"""Ask room: the terms by which a client's service is measured, from its file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from cxlib.analysis.business_time import BusinessHours
from cxlib.analysis.first_contact import Method
from cxlib.analysis.service_terms import Terms, moment_of
from cxlib.analysis.ticket_targets import TICKET_KPIS
from cxlib.errors import DataError
from cxlib.params._service_measures import measures_of

if TYPE_CHECKING:
    from cxlib.params.client import Client
    from cxlib.params.targets import Target

__all__ = ["business_hours", "measures_of", "terms_of", "ticket_targets"]

_COLUMNS: Mapping[Method, str] = {
    "survey": "fcr_survey",
    "repeat": "customer_id",
    "reopened": "reopened",
}
"""What each way of judging first-contact resolution reads, the strictest first: the customer's own
word, then whether they came again, then whether the ticket was reopened."""


def terms_of(
    client: Client,
    tickets: pd.DataFrame,
    *,
    period: str | None,
    fcr: str | None = None,
    fcr_same: tuple[str, ...] | list[str] = (),
) -> Terms:
    """Return the terms of a client's service, as of the end of a period.

    Parameters
    ----------
    client : Client
        With a tickets section.
    tickets : pandas.DataFrame
        Its canonical tickets.
    period : str or None
        The period of the report.
    fcr : str, optional
        How first-contact resolution is judged; by default the strictest way the columns allow.
    fcr_same : sequence of str
        Columns in which a repeat contact must agree.

    Raises
    ------
    DataError
        If the client has no tickets section.
    """
    section = client.tickets
    if section is None:
        raise DataError(f"{client.client} has no `tickets:` section.")
    hours = business_hours(client, tickets)
    day = timedelta(days=1)
    if section.clock == "business" and hours is not None:
        day = timedelta(seconds=_open_seconds(hours))
    method: Any = fcr or next((way for way, name in _COLUMNS.items() if _told(tickets, name)), None)
    return Terms(
        as_of=moment_of(tickets, period),
        calendar=hours,
        clock=section.clock,
        sla=section.sla.seconds(day=day) if section.sla is not None else None,
        fcr=method or "reopened",
        repeat_days=float(section.repeat_days),
        repeat_same=tuple(fcr_same),
    )


def business_hours(client: Client, tickets: pd.DataFrame) -> BusinessHours | None:
    """Return when the client is open, over the years of its tickets; None if its file is silent."""
    calendar = client.calendar
    if calendar.business_hours is None:
        return None
    years = tickets["created_at"].dt.year.dropna()
    span = range(int(years.min()), int(years.max()) + 2) if len(years) else range(0)
    return BusinessHours.of(
        calendar.country,
        years=span,
        hours=calendar.business_hours,
        timezone=calendar.timezone or "UTC",
    )


def ticket_targets(client: Client) -> tuple[Target, ...]:
    """Return the contract's targets on what the tickets tell."""
    other = {*(metric.key for metric in client.metrics), *client.kpis}
    return tuple(t for t in client.targets if t.metric in TICKET_KPIS and t.metric not in other)


def _open_seconds(hours: BusinessHours) -> float:
    """Return the open time of the first open weekday: what a contract's working day lasts."""
    spans = next(day for day in hours.week if day)
    return float(sum(closes - opens for opens, closes in spans))


def _told(tickets: pd.DataFrame, column: str) -> bool:
    return column in tickets and bool(tickets[column].notna().any())
