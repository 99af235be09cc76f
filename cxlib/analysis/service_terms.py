"""Analysis: the terms by which a service is measured, the same in every table of its report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from cxlib import periods
from cxlib.analysis._ticket_checks import present_times
from cxlib.analysis.business_time import BusinessHours
from cxlib.analysis.complaints import Complaints, complaints
from cxlib.analysis.first_contact import Method
from cxlib.analysis.service import TicketKpis, ticket_kpis
from cxlib.analysis.tickets import Moment, bounds
from cxlib.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How a service is measured, as its contract says.

    Parameters
    ----------
    as_of : timestamp, optional
        The moment of the report; see `moment_of`.
    calendar : BusinessHours, optional
        When the service is open.
    clock : {"calendar", "business"}
        The clock on which the service levels are promised; business time needs a `calendar`.
    sla : mapping, optional
        Seconds allowed, as :func:`cxlib.analysis.service.ticket_kpis` takes them.
    fcr : {"reopened", "repeat", "survey"}
        How first-contact resolution is judged.
    repeat_days : float
        Window of a repeat contact, in days.
    repeat_same : tuple of str
        Columns in which a repeat must agree.

    Raises
    ------
    DataError
        If business time is promised without business hours.
    """

    as_of: Moment = None
    calendar: BusinessHours | None = None
    clock: Literal["calendar", "business"] = "calendar"
    sla: dict[str, float | dict[str, float]] | None = None
    fcr: Method = "reopened"
    repeat_days: float = 7
    repeat_same: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that the clock can be read."""
        if self.clock == "business" and self.calendar is None:
            raise DataError("service levels on business time need business hours.")


def kpis(
    tickets: pd.DataFrame,
    *,
    terms: Terms,
    period: str | None = None,
    by: str | Sequence[str] | None = None,
) -> TicketKpis:
    """Compute the KPIs of the tickets opened in a period, on the given terms.

    Parameters
    ----------
    tickets : pandas.DataFrame
        The canonical table of :mod:`cxlib.analysis.tickets`.
    terms : Terms
    period : str, optional
        A calendar period; a wave's own name, or None, is the whole log.
    by : str or sequence of str, optional
        Columns to split by.

    Returns
    -------
    TicketKpis

    Raises
    ------
    DataError
        As :func:`cxlib.analysis.service.ticket_kpis`.
    """
    return ticket_kpis(
        tickets,
        by=by,
        calendar=terms.calendar,
        sla=terms.sla,
        period=calendar_period(period),
        as_of=terms.as_of,
        fcr=terms.fcr,
        repeat_days=terms.repeat_days,
        repeat_same=terms.repeat_same,
    )


def calendar_period(period: str | None) -> str | None:
    """Return a period that has a place in the calendar, or None: the whole log."""
    return period if period is not None and periods.kind_of(period) else None


def moment_of(tickets: pd.DataFrame, period: str | None) -> pd.Timestamp | None:
    """Return the moment of a period's report: its last, or the last that the log knows of.

    Parameters
    ----------
    tickets : pandas.DataFrame
        The canonical table.
    period : str or None
        A calendar period; None for a wave's own name or none at all is the log's last moment.

    Returns
    -------
    pandas.Timestamp or None
        On the log's own clock; None for a log without times.
    """
    moments: list[pd.Timestamp] = [tickets[column].max() for column in present_times(tickets)]
    last = max(moments, default=None)
    known = calendar_period(period)
    if last is None or known is None:
        return last
    end = bounds(known)[1] - pd.Timedelta(microseconds=1)
    if last.tzinfo is not None:
        end = end.tz_localize(last.tzinfo, ambiguous=False, nonexistent="shift_forward")
    return min(end, last)


def complaints_of(
    tickets: pd.DataFrame, *, terms: Terms, period: str | None, repeat_days: float
) -> Complaints | None:
    """Follow the complaints of a period on the given terms.

    Parameters
    ----------
    tickets : pandas.DataFrame
        The canonical tickets.
    terms : Terms
    period : str or None
    repeat_days : float
        Window of a repeated complaint.

    Returns
    -------
    Complaints or None
        None where the log marks no complaint of the period.
    """
    if "complaint" not in tickets:
        return None
    known = calendar_period(period)
    opened = tickets["created_at"].dt.tz_localize(None)
    marked = tickets["complaint"].fillna(False).astype(bool)
    if known is not None:
        first, following = bounds(known)
        marked &= (opened >= first) & (opened < following)
    if not marked.any():
        return None
    return complaints(
        tickets,
        calendar=terms.calendar,
        sla=(terms.sla or {}).get("resolution"),
        period=known,
        as_of=terms.as_of,
        repeat_days=repeat_days,
    )
