"""A service on its contract's terms: its KPIs by period, what customers say, its complaints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import nan
from typing import Any

import pandas as pd

from cxlib import periods
from cxlib.analysis.business_time import BusinessHours
from cxlib.analysis.results import MINIMUM_BASE, Caveat
from cxlib.analysis.service.clock import present_times
from cxlib.analysis.service.contact import Fcr, check_fcr, first_contact
from cxlib.analysis.service.kpis import TicketKpis, few, ticket_kpis
from cxlib.analysis.service.log import (
    Clock,
    Moment,
    TicketLog,
    bounds,
    group_keys,
    groups_of,
    opened_in,
    read_log,
)
from cxlib.analysis.service.waits import COLUMNS, Limits, Waits, check_sla, row, share
from cxlib.analysis.ticket_targets import TICKET_KPIS, TicketKpi
from cxlib.analysis.validate import check_confidence
from cxlib.errors import DataError
from cxlib.words import mark as _

WHOLE = "all"
"""The period of a log that is one period as a whole."""


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
        The clock on which the service levels are promised and the log's own durations measured;
        business time needs a `calendar`.
    sla : mapping, optional
        Seconds allowed, as `ticket_kpis` takes them.
    fcr : {"reopened", "repeat", "survey"}
        How first-contact resolution is judged.
    repeat_days : float
        Window of a repeat contact, in days.
    repeat_same : tuple of str
        Columns in which a repeat must agree.
    closing : bool
        Whether the closing time stands in for a missing resolution.

    Raises
    ------
    DataError
        If business time is promised without business hours.
    """

    as_of: Moment = None
    calendar: BusinessHours | None = None
    clock: Clock = "calendar"
    sla: Limits | None = None
    fcr: Fcr = "reopened"
    repeat_days: float = 7
    repeat_same: tuple[str, ...] = ()
    closing: bool = False

    def __post_init__(self) -> None:
        """Check that the clock can be read."""
        if self.clock == "business" and self.calendar is None:
            raise DataError("service levels on business time need business hours.")

    def log(self, tickets: pd.DataFrame) -> TicketLog:
        """Read a log on these terms."""
        return read_log(
            tickets,
            as_of=self.as_of,
            calendar=self.calendar,
            clock=self.clock,
            closing=self.closing,
        )


def kpis(
    tickets: pd.DataFrame,
    *,
    terms: Terms,
    period: str | None = None,
    by: str | Sequence[str] | None = None,
) -> TicketKpis:
    """Compute `ticket_kpis` of the tickets opened in a period, on the given terms.

    Parameters
    ----------
    tickets : pandas.DataFrame
    terms : Terms
    period : str, optional
        A calendar period; a wave's own name, or None, is the whole log.
    by : str or sequence of str, optional
    """
    return ticket_kpis(
        tickets,
        by=by,
        calendar=terms.calendar,
        sla=terms.sla,
        clock=terms.clock,
        period=calendar_period(period),
        as_of=terms.as_of,
        closing=terms.closing,
        fcr=terms.fcr,
        repeat_days=terms.repeat_days,
        repeat_same=terms.repeat_same,
    )


def kpi_rows(
    tickets: pd.DataFrame,
    *,
    terms: Terms,
    period_kind: periods.Kind | None = None,
    whole: str = WHOLE,
) -> pd.DataFrame:
    """Return every ticket KPI that a target may name, period by period.

    Parameters
    ----------
    tickets : pandas.DataFrame
        The canonical table.
    terms : Terms
    period_kind : {"month", "quarter", "year"}, optional
        Without one the whole log is one period.
    whole : str
        The name of that period.

    Returns
    -------
    pandas.DataFrame
        ``kpi`` (a key of :data:`cxlib.analysis.ticket_targets.TICKET_KPIS`), ``period``, ``value``
        (a share of 0 to 1, seconds on the clock of the terms, or a mean), ``low, high``,
        ``numerator, denominator`` (of shares; a share that censoring makes an estimate is scaled
        to its tickets), ``n``, ``open``.
    """
    parts = kpis(tickets, terms=terms, by=period_kind).table
    label = parts[period_kind] if period_kind is not None else whole
    rows = []
    for period, cells in parts.assign(_period=label).groupby("_period", sort=True):
        for key, wanted in TICKET_KPIS.items():
            row = row_of(cells, wanted, terms.clock)
            if row is None or not row["n"] or pd.isna(row["value"]):
                continue
            n, share = float(row["n"]), wanted.unit == "share"
            rows.append(
                {"kpi": key, "period": str(period)}
                | {name: float(row[name]) for name in ("value", "low", "high")}
                | {
                    "numerator": float(row["value"]) * n if share else nan,
                    "denominator": n if share else nan,
                    "n": int(n),
                    "open": int(row["open"]),
                }
            )
    columns = ("kpi", "period", "value", "low", "high", "numerator", "denominator", "n", "open")
    return pd.DataFrame(rows, columns=list(columns))


def ratings(
    tickets: pd.DataFrame,
    *,
    terms: Terms,
    period_kind: periods.Kind | None = None,
    whole: str = WHOLE,
) -> pd.DataFrame:
    """Return what customers said of their answered tickets, as the answers of a sample.

    Returns
    -------
    pandas.DataFrame
        One row a ticket with an answer: ``period``, ``weight`` (1), ``ticket_csat``, ``fcr`` (0 or
        1; only where the terms take the customer's word for it), ``customer_id`` where known, and
        the columns tickets are split by.
    """
    frame = terms.log(tickets).frame
    frame = frame[~frame["abandoned"]]
    label = periods.label_dates(frame["opened"], period_kind) if period_kind else whole
    told = pd.DataFrame({"period": label, "weight": 1.0}, index=frame.index)
    blank = pd.Series(nan, index=frame.index)
    told["ticket_csat"] = frame.get("csat", blank).astype("float64")
    asked = ["ticket_csat"]
    if terms.fcr == "survey" and "fcr_survey" in frame:
        told["fcr"] = frame["fcr_survey"].astype("Float64").astype("float64")
        asked.append("fcr")
    carried = ("customer_id", "channel", "queue", "priority", "agent_group", "category")
    told = told.assign(**{name: frame[name] for name in carried if name in frame})
    return told.dropna(subset=asked, how="all").reset_index(drop=True)


def unit_of(kpi: str, clock: str) -> str:
    """Return a KPI's display unit: waits on business time in the client's hours and days."""
    unit = TICKET_KPIS[kpi].unit
    timed = unit == "seconds" and kpi != "handle_time" and clock == "business"
    return "working" if timed else {"share": "percent"}.get(unit, unit)


def row_of(table: pd.DataFrame, wanted: TicketKpi, clock: str) -> pd.Series | None:
    """Return the row of a KPI on one clock; None where it is not there."""
    rows = table[(table["kpi"] == wanted.kpi) & (table["statistic"] == wanted.statistic)]
    rows = rows[rows["clock"].isna() | (rows["clock"] == clock)]
    return None if rows.empty else rows.iloc[0]


def calendar_period(period: str | None) -> str | None:
    """Return a period that has a place in the calendar, or None: the whole log."""
    return period if period is not None and periods.kind_of(period) else None


def moment_of(tickets: pd.DataFrame, period: str | None) -> pd.Timestamp | None:
    """Return the moment of a period's report: its last, or the last that the log knows of.

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


def complaints(
    tickets: pd.DataFrame,
    *,
    terms: Terms | None = None,
    by: str | Sequence[str] | None = None,
    period: str | None = None,
    repeat_days: float = 30,
    minimum_base: int = MINIMUM_BASE,
    confidence: float = 0.95,
) -> TicketKpis:
    """Follow the complaints of a period from receipt to outcome.

    Parameters
    ----------
    tickets : pandas.DataFrame
        The canonical table, with a ``complaint`` column.
    terms : Terms, optional
        Its limit on the resolution is that of complaints.
    by, period, minimum_base, confidence
        As in `ticket_kpis`.
    repeat_days : float
        A complaint is repeated if its customer complains again until so many days after its
        resolution.

    Returns
    -------
    TicketKpis
        KPIs: ``received`` (count), ``answered`` (share answered or finished), ``resolution``
        (median, p80, p90) and ``resolution_sla``, ``upheld`` (share of those decided),
        ``repeated`` (share of resolved ones whose window is over). The table is empty where no
        ticket of the period is marked as a complaint.
    """
    check_confidence(confidence)
    check_fcr("repeat", repeat_days)
    terms = terms or Terms()
    log = terms.log(tickets)
    caveats = list(log.caveats)
    marked = pd.Series(False, index=log.frame.index)
    if "complaint" in log.columns:
        unmarked = int(log.frame["complaint"].isna().sum())
        if unmarked:
            caveats.append(Caveat(_UNMARKED, n=unmarked))
        marked = log.frame["complaint"].astype("boolean").fillna(False).astype(bool)
    frame = log.frame[marked]
    known = calendar_period(period)
    if known is not None:
        frame = frame[opened_in(frame["opened"], known)]
    frame, keys, missing = group_keys(frame, by)
    limits = check_sla(terms.sla)
    waits = Waits(log, frame, terms.calendar, terms.clock, limits)
    others = replace(log, frame=log.frame[marked])
    rows: list[dict[str, Any]] = []
    for group, part in groups_of(frame, keys) if len(frame) else ():
        answered = int((part["first_response_at"].notna() | part["done"]).sum())
        made = [
            row("received", "count", (float(len(part)), nan, nan), len(part), "tickets"),
            share("answered", answered, len(part), confidence),
            *(row for row in waits.rows(part, confidence) if row["kpi"].startswith("resolution")),
        ]
        if "upheld" in log.columns:
            decided = part["upheld"].astype("boolean").dropna()
            made.append(share("upheld", int(decided.sum()), len(decided), confidence))
        if "customer_id" in log.columns:
            sums = first_contact(others, part, "repeat", repeat_days, ()).sum().astype(int)
            again = sums["counted"] - sums["success"]
            made.append(share("repeated", again, sums["counted"], confidence))
        rows += [group | each for each in made]
    table = pd.DataFrame(rows, columns=[*keys, *COLUMNS])
    return TicketKpis(
        table=table,
        first_contact=pd.DataFrame(),
        as_of=log.as_of,
        n_used=len(frame),
        n_dropped=log.n_dropped,
        n_duplicates=log.n_duplicates,
        caveats=(*caveats, *missing, *few(table, minimum_base)),
    )


_UNMARKED = _("{n} tickets do not say whether they are complaints and were taken as none.")
