"""Analysis: how a service keeps its promises: response, resolution, handling, first contact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis._durations import Durations
from cxlib.analysis._intervals import check_confidence
from cxlib.analysis._kpi_rows import (
    COLUMNS,
    Row,
    Sla,
    absent_caveats,
    check_sla,
    count_row,
    mean_row,
    quantile_rows,
    row_caveats,
    share_row,
)
from cxlib.analysis._measures import Measures
from cxlib.analysis.arrivals import Arrivals, arrivals
from cxlib.analysis.backlog import Backlog, backlog
from cxlib.analysis.business_time import BusinessHours
from cxlib.analysis.complaints import Complaints, complaints
from cxlib.analysis.events import FoldedEvents, fold_events
from cxlib.analysis.first_contact import NEEDS, Method, first_contact
from cxlib.analysis.results import MINIMUM_BASE, Caveat
from cxlib.analysis.tickets import Moment, TicketLog, cohort, group_keys, groups_of, read_log


@dataclass(frozen=True, kw_only=True)
class TicketKpis:
    """The KPIs of a set of tickets; see :func:`ticket_kpis` for the columns.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group, KPI and statistic.
    first_contact : pandas.DataFrame
        What the FCR rests on, one row a group; empty where it is not computed.
    as_of : pandas.Timestamp
        Moment of the report, UTC without a zone.
    n_used, n_dropped, n_duplicates : int
        Tickets of the cohort; tickets left out (cancelled, merged, later, undated); rows that gave
        way to a later row of their ticket.
    caveats : tuple of Caveat
    """

    table: pd.DataFrame
    first_contact: pd.DataFrame
    as_of: pd.Timestamp
    n_used: int
    n_dropped: int
    n_duplicates: int
    caveats: tuple[Caveat, ...]


def ticket_kpis(
    tickets: pd.DataFrame,
    *,
    by: str | Sequence[str] | None = None,
    calendar: BusinessHours | None = None,
    sla: Sla | None = None,
    period: str | int | None = None,
    as_of: Moment = None,
    fcr: Method = "reopened",
    repeat_days: float = 7,
    repeat_same: Sequence[str] = (),
    minimum_base: int = MINIMUM_BASE,
    confidence: float = 0.95,
) -> TicketKpis:
    """Compute every KPI that the columns of a ticket log allow.

    Parameters
    ----------
    tickets : pandas.DataFrame
        The canonical table of :mod:`cxlib.analysis.tickets`; several rows of one ticket are
        folded, the last wins.
    by : str or sequence of str, optional
        Columns to split by; ``"month"``, ``"quarter"`` and ``"year"`` are those of creation.
    calendar : BusinessHours, optional
        Adds business time, and is the wall clock of times without a zone.
    sla : mapping, optional
        Seconds allowed, by ``"first_response"`` and ``"resolution"``; each a number, or a mapping
        by priority that must name every priority.
    period : str, optional
        The cohort: tickets opened in ``"2026-09"``, ``"2026Q3"`` or ``"2026"``.
    as_of : timestamp, optional
        The moment of the report; by default the last in the log. What came later is unknown, and
        tickets not resolved by then are open (censored).
    fcr : {"reopened", "repeat", "survey"}
        How first-contact resolution is judged; see :func:`cxlib.analysis.first_contact`.
    repeat_days : float
        Window of method ``"repeat"``, in days after the resolution.
    repeat_same : sequence of str
        Columns in which a repeat must agree, such as ``("category",)``.
    minimum_base : int
        Rows on fewer tickets are counted in a caveat.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    TicketKpis
        ``table``: the `by` columns, ``kpi``, ``statistic``, ``value``, ``low``, ``high``, ``n``
        (tickets it rests on), ``unit`` (``seconds``, ``share`` of 0 to 1, ``rating``,
        ``tickets``), ``clock`` (``calendar`` or ``business`` for durations, else none), ``open``
        (tickets among `n` still running). KPIs: ``tickets``; ``first_response`` and
        ``resolution`` (median, p80, p90) with ``…_sla``; ``handle_time`` (mean, median, p90);
        ``fcr``, ``reopen_rate``, ``reassign_rate``, ``csat``. A quantile that is not reached is
        NaN. ``first_contact``: the `by` columns, ``method``, ``window_days``, ``numerator``,
        ``denominator``, ``window_open``, ``unknown``.

    Raises
    ------
    DataError
        If the log is impossible (see :func:`cxlib.analysis.tickets.read_log`), the period has no
        ticket, a priority has no SLA, or an argument is unknown.

    References
    ----------
    .. [1] Brookmeyer, R., Crowley, J. (1982). A confidence interval for the median survival time.
       Biometrics 38, 29-41.
    .. [2] Wilson, E. B. (1927). Probable inference. JASA 22, 209-212.
    """
    check_confidence(confidence)
    limits = check_sla(sla)
    log = read_log(tickets, as_of=as_of, calendar=calendar)
    frame = cohort(log, period)
    frame, keys, missing = group_keys(frame, by)
    judged = None
    if NEEDS.get(fcr, "") in log.columns or fcr not in NEEDS:
        judged = first_contact(log, frame, method=fcr, repeat_days=repeat_days, same=repeat_same)
    measures = Measures(log, frame, calendar, limits)
    rows: list[dict[str, Any]] = []
    contacts: list[dict[str, Any]] = []
    for group, part in groups_of(frame, keys):
        made = measures.rows(part, confidence) + _plain_rows(log, part, confidence)
        if judged is not None:
            mine = judged.loc[part.index].sum()
            made.append(share_row("fcr", int(mine["success"]), int(mine["counted"]), confidence))
            contacts.append(group | _contact(mine, fcr, repeat_days))
        rows += [group | row.cells() for row in made]
    table = pd.DataFrame(rows, columns=[*keys, *COLUMNS])
    caveats = (
        *log.caveats,
        *missing,
        *absent_caveats(log.columns, fcr),
        *measures.caveats(),
        *row_caveats(table, minimum_base),
    )
    return TicketKpis(
        table=table,
        first_contact=pd.DataFrame(contacts),
        as_of=log.as_of,
        n_used=len(frame),
        n_dropped=log.n_excluded + log.n_later + log.n_undated,
        n_duplicates=log.n_duplicates,
        caveats=caveats,
    )


def _plain_rows(log: TicketLog, part: pd.DataFrame, confidence: float) -> list[Row]:
    """Return the KPIs that need no clock: volume, handle time, reopening, reassigning, CSAT."""
    made = [count_row("tickets", len(part))]
    if "handle_seconds" in log.columns:
        closed = part.loc[part["done"], "handle_seconds"].dropna().astype("float64")
        mean, sd = _moments(closed)
        made.append(mean_row("handle_time", mean, sd, len(closed), "seconds", confidence))
        durations = Durations.of(closed, np.ones(len(closed), dtype=bool))
        made += quantile_rows(
            "handle_time", durations, clock=None, confidence=confidence, names=("median", "p90")
        )
    if "reopened" in log.columns:
        times = part["reopened"].astype("Float64").dropna()
        ever = part.loc[times.index, "done"] | (times > 0)
        made.append(share_row("reopen_rate", int((times > 0).sum()), int(ever.sum()), confidence))
    if "reassigned" in log.columns:
        moves = part["reassigned"].dropna()
        made.append(share_row("reassign_rate", int((moves > 0).sum()), len(moves), confidence))
    if "csat" in log.columns:
        ratings = part["csat"].dropna().astype("float64")
        mean, sd = _moments(ratings)
        made.append(mean_row("csat", mean, sd, len(ratings), "rating", confidence))
    return made


def _moments(values: pd.Series) -> tuple[float, float]:
    return float(values.mean()), float(values.std(ddof=1))


def _contact(sums: pd.Series, method: str, repeat_days: float) -> dict[str, Any]:
    return {
        "method": method,
        "window_days": float(repeat_days) if method == "repeat" else np.nan,
        "numerator": int(sums["success"]),
        "denominator": int(sums["counted"]),
        "window_open": int(sums["window_open"]),
        "unknown": int(sums["unknown"]),
    }


__all__ = [
    "Arrivals",
    "Backlog",
    "Complaints",
    "FoldedEvents",
    "TicketKpis",
    "arrivals",
    "backlog",
    "complaints",
    "fold_events",
    "ticket_kpis",
]
