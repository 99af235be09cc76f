"""Analysis: what becomes of complaints: received, answered, in time, upheld, repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from cxlib.analysis._intervals import check_confidence
from cxlib.analysis._kpi_rows import (
    COLUMNS,
    Row,
    check_sla,
    count_row,
    row_caveats,
    share_row,
)
from cxlib.analysis._measures import Measures
from cxlib.analysis.business_time import BusinessHours
from cxlib.analysis.first_contact import first_contact
from cxlib.analysis.results import MINIMUM_BASE, Caveat
from cxlib.analysis.tickets import Moment, TicketLog, cohort, group_keys, groups_of, read_log
from cxlib.errors import DataError
from cxlib.words import mark as _


@dataclass(frozen=True, kw_only=True)
class Complaints:
    """How complaints were handled; see :func:`complaints` for the columns.

    Attributes
    ----------
    table : pandas.DataFrame
    n_used : int
        Complaints of the cohort.
    caveats : tuple of Caveat
    """

    table: pd.DataFrame
    n_used: int
    caveats: tuple[Caveat, ...]


def complaints(
    tickets: pd.DataFrame,
    *,
    by: str | Sequence[str] | None = None,
    calendar: BusinessHours | None = None,
    sla: float | Mapping[str, float] | None = None,
    period: str | int | None = None,
    as_of: Moment = None,
    repeat_days: float = 30,
    minimum_base: int = MINIMUM_BASE,
    confidence: float = 0.95,
) -> Complaints:
    """Follow the complaints of a period from receipt to outcome.

    Parameters
    ----------
    tickets : pandas.DataFrame
        The canonical table of :mod:`cxlib.analysis.tickets`, with a ``complaint`` column.
    by, calendar, period, as_of, minimum_base, confidence
        As in :func:`cxlib.analysis.service.ticket_kpis`.
    sla : float or mapping, optional
        Seconds allowed for the resolution of a complaint, one number or by priority.
    repeat_days : float
        A complaint is repeated if its customer complains again until so many days after its
        resolution.

    Returns
    -------
    Complaints
        ``table`` with the columns of :func:`cxlib.analysis.service.ticket_kpis`; KPIs:
        ``received`` (count), ``answered`` (share answered or finished), ``resolution`` (median,
        p80, p90) and ``resolution_sla`` (share in time, by clock), ``upheld`` (share of those
        decided), ``repeated`` (share of resolved ones whose window is over).

    Raises
    ------
    DataError
        If the log is impossible, marks no complaints, or the period has none.
    """
    check_confidence(confidence)
    log = read_log(tickets, as_of=as_of, calendar=calendar)
    if "complaint" not in log.columns:
        raise DataError("the tickets have no 'complaint' column that says which are complaints.")
    unmarked = int(log.frame["complaint"].isna().sum())
    marked = log.frame["complaint"].astype("boolean").fillna(False).astype(bool)
    log = replace(log, frame=log.frame[marked].reset_index(drop=True))
    if log.frame.empty:
        raise DataError("no ticket of the log is a complaint.")
    frame, keys, missing = group_keys(cohort(log, period), by)
    limits = check_sla(None if sla is None else {"resolution": sla})
    measures = Measures(log, frame, calendar, limits)
    rows: list[dict[str, Any]] = []
    for group, part in groups_of(frame, keys):
        made = [
            count_row("received", len(part)),
            share_row("answered", int(_answered(part).sum()), len(part), confidence),
            *(row for row in measures.rows(part, confidence) if row.kpi != "first_response"),
            *_outcomes(log, part, repeat_days, confidence),
        ]
        rows += [group | row.cells() for row in made]
    table = pd.DataFrame(rows, columns=[*keys, *COLUMNS])
    caveats = (
        *log.caveats,
        *missing,
        *_caveats(log, unmarked),
        *(each for each in measures.caveats() if each.facts["kpi"] == "resolution"),
        *row_caveats(table, minimum_base),
    )
    return Complaints(table=table, n_used=len(frame), caveats=caveats)


def _answered(part: pd.DataFrame) -> pd.Series:
    answered: pd.Series = part["first_response_at"].notna() | part["done"]
    return answered


def _outcomes(
    log: TicketLog, part: pd.DataFrame, repeat_days: float, confidence: float
) -> list[Row]:
    made = []
    if "upheld" in log.columns:
        decided = part["upheld"].astype("boolean").dropna()
        made.append(share_row("upheld", int(decided.sum()), len(decided), confidence))
    if "customer_id" in log.columns:
        judged = first_contact(log, part, method="repeat", repeat_days=repeat_days).sum()
        again = int(judged["counted"] - judged["success"])
        made.append(share_row("repeated", again, int(judged["counted"]), confidence))
    return made


def _caveats(log: TicketLog, unmarked: int) -> list[Caveat]:
    caveats = []
    if unmarked:
        message = _("{n} tickets do not say whether they are complaints and were taken as none.")
        caveats.append(Caveat(message, n=unmarked))
    message = _("{kpi} is not computed: the tickets have no {column}.")
    for kpi, column in (("upheld", "upheld"), ("repeated", "customer_id")):
        if column not in log.columns:
            caveats.append(Caveat(message, kpi=kpi, column=column))
    return caveats
