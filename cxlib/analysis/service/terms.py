"""A service on its contract's terms: its KPIs by period, what customers say, its complaints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import nan
from typing import Any

import pandas as pd

from cxlib import periods
from cxlib.analysis.metrics import TICKET_KPIS, TicketKpi
from cxlib.analysis.results import MINIMUM_BASE, counted
from cxlib.analysis.service.kpis import TicketKpis, first_contact, ticket_kpis
from cxlib.analysis.service.log import bounds, opened_in, present_times
from cxlib.analysis.service.waits import Terms, Waits, check_priorities, check_window, row, share
from cxlib.analysis.validate import check_confidence
from cxlib.words import mark as _

WHOLE = "all"
"""The period of a log that is one period as a whole."""


def kpis(
    tickets: pd.DataFrame,
    *,
    terms: Terms,
    period: str | None = None,
    by: str | Sequence[str] | None = None,
) -> TicketKpis:
    """Compute `ticket_kpis` of a calendar period (anything else is the whole log) on `terms`."""
    return ticket_kpis(tickets, by=by, period=calendar_period(period), terms=terms)


def kpi_rows(
    tickets: pd.DataFrame,
    *,
    terms: Terms,
    period_kind: periods.Kind | None = None,
    whole: str = WHOLE,
) -> pd.DataFrame:
    """Return every ticket KPI that a target may name, by period; without a kind all is `whole`.

    ``value`` is a share of 0 to 1, seconds on the clock of the terms, or a mean; ``numerator,
    denominator`` are of shares: one that censoring makes an estimate is scaled to its tickets.
    """
    parts = kpis(tickets, terms=terms, by=period_kind).table
    label = parts[period_kind] if period_kind is not None else whole
    rows = []
    for period, cells in parts.assign(_period=label).groupby("_period", sort=True):
        for key, wanted in TICKET_KPIS.items():
            row = row_of(cells, wanted, terms.clock)
            if row is None or not row["n"] or pd.isna(row["value"]):
                continue
            n = float(row["n"]) if wanted.unit == "share" else nan
            counts: dict[str, Any] = {"numerator": float(row["value"]) * n, "denominator": n}
            counts |= {name: int(row[name]) for name in ("n", "open")}
            number = {name: float(row[name]) for name in ("value", "low", "high")}
            rows.append({"kpi": key, "period": str(period)} | number | counts)
    columns = ["kpi", "period", "value", "low", "high", "numerator", "denominator", "n", "open"]
    return pd.DataFrame(rows, columns=columns)


def ratings(
    tickets: pd.DataFrame,
    *,
    terms: Terms,
    period_kind: periods.Kind | None = None,
    whole: str = WHOLE,
) -> pd.DataFrame:
    """Return what customers said of their answered tickets, one row an answer, as a sample's.

    ``weight`` is 1; ``fcr`` (0 or 1) is there only where the terms take the customer's word for it.
    """
    frame = terms.log(tickets).frame
    said = [name for name in ("csat", "fcr_survey") if name in frame]
    frame = frame[~frame["abandoned"] & frame[said].notna().any(axis=1)]
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
    told = zip(table["kpi"], table["statistic"], table["clock"], strict=True)
    for at, (kpi, statistic, on) in enumerate(told):
        asked = kpi == wanted.kpi and statistic == wanted.statistic
        if asked and (on == clock or pd.isna(on)):
            return table.iloc[at]
    return None


def calendar_period(period: str | None) -> str | None:
    """Return a period that has a place in the calendar, or None: the whole log."""
    return period if period is not None and periods.kind_of(period) else None


def moment_of(tickets: pd.DataFrame, period: str | None) -> pd.Timestamp | None:
    """Return the moment of a period's report: its last, or the last that the log knows of.

    It is on the log's own clock; None for a log without times.
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
    period: str | None = None,
    repeat_days: float = 30,
    minimum_base: int = MINIMUM_BASE,
    confidence: float = 0.95,
) -> TicketKpis:
    """Follow the complaints of a period from receipt to outcome.

    The tickets have a ``complaint`` column; the limit of `terms` on the resolution is that of
    complaints; one is repeated if its customer complains again until `repeat_days` after its
    resolution. KPIs: ``received`` (count), ``answered`` (share answered or finished),
    ``resolution`` with ``resolution_sla``, ``upheld`` (of those decided), ``repeated`` (of resolved
    ones whose window is over); none where no ticket of the period is a complaint.
    """
    check_confidence(confidence)
    check_window(repeat_days)
    terms = terms or Terms()
    log = terms.log(tickets)
    marked = unmarked = pd.Series(False, index=log.frame.index)
    if "complaint" in log.columns:
        unmarked = log.frame["complaint"].isna()
        marked = log.frame["complaint"].astype("boolean").fillna(False).astype(bool)
    frame = log.frame[marked]
    known = calendar_period(period)
    if known is not None:
        frame = frame[opened_in(frame["opened"], known)]
    check_priorities(log, frame, terms)
    waits = Waits(log, frame, terms)
    others = replace(log, frame=log.frame[marked])
    rows: list[dict[str, Any]] = []
    if len(frame):
        answered = int((frame["first_response_at"].notna() | frame["done"]).sum())
        rows = [
            row("received", "count", (float(len(frame)), nan, nan), len(frame), "tickets"),
            share("answered", answered, len(frame), confidence),
            *(row for row in waits.rows(frame, confidence) if row["kpi"].startswith("resolution")),
        ]
        if "upheld" in log.columns:
            decided = frame["upheld"].astype("boolean").dropna()
            rows.append(share("upheld", int(decided.sum()), len(decided), confidence))
        if "customer_id" in log.columns:
            sums = first_contact(others, frame, "repeat", repeat_days, ()).sum().astype(int)
            again = sums["counted"] - sums["success"]
            rows.append(share("repeated", again, sums["counted"], confidence))
    message = _(
        "{n} {n:ticket does|tickets do} not say whether {n:it is a complaint|they are "
        "complaints} and {n:was|were} taken as none."
    )
    told = (*log.caveats, *counted((unmarked.sum(), message)))
    return TicketKpis.of(log, frame, rows, (), caveats=told, minimum_base=minimum_base)
