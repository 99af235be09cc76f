"""The KPIs of a ticket log: response, resolution, handling, first contact, complaints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan
from numbers import Real
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.analysis._intervals import check_confidence
from cxlib.analysis.business_time import BusinessHours
from cxlib.analysis.results import MINIMUM_BASE, Caveat
from cxlib.analysis.service.durations import Durations, Estimate, mean_t, wilson
from cxlib.analysis.service.log import (
    GIVEN,
    Clock,
    Moment,
    TicketLog,
    bounds,
    cohort,
    group_keys,
    groups_of,
    present_times,
    read_log,
)
from cxlib.analysis.ticket_targets import TICKET_KPIS, TicketKpi
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

Fcr = Literal["reopened", "repeat", "survey"]
Sla = Mapping[str, float | Mapping[str, float]]
Limits = dict[str, float | dict[str, float]]

FCR_NEEDS: Mapping[str, str] = {
    "reopened": "reopened",
    "repeat": "customer_id",
    "survey": "fcr_survey",
}
"""The column that each way of judging first-contact resolution reads."""

WHOLE = "all"
"""The period of a log that is one period as a whole."""

COLUMNS = ("kpi", "statistic", "value", "low", "high", "n", "unit", "clock", "open")
_QUANTILES = {"median": 0.5, "p80": 0.8, "p90": 0.9}
_TIMED = {"first_response": "first_response_at", "resolution": "resolved_at"}
_LONGEST_WINDOW = 36_525
"""A century of days: no customer comes again later."""


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


@dataclass(frozen=True, kw_only=True)
class TicketKpis:
    """The KPIs of a set of tickets; see `ticket_kpis` and `complaints` for the columns.

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
    clock: Clock = "calendar",
    period: str | int | None = None,
    as_of: Moment = None,
    closing: bool = False,
    fcr: Fcr = "reopened",
    repeat_days: float = 7,
    repeat_same: Sequence[str] = (),
    minimum_base: int = MINIMUM_BASE,
    confidence: float = 0.95,
) -> TicketKpis:
    """Compute every KPI that the columns of a ticket log allow.

    Parameters
    ----------
    tickets : pandas.DataFrame
        The canonical table of :mod:`cxlib.analysis.service.log`; several rows of one ticket are
        folded, the last wins.
    by : str or sequence of str, optional
        Columns to split by; ``"month"``, ``"quarter"`` and ``"year"`` are those of creation.
    calendar : BusinessHours, optional
        Adds business time, and is the wall clock of times without a zone.
    sla : mapping, optional
        Seconds allowed, by ``"first_response"`` and ``"resolution"``; each a number, or a mapping
        by priority that must name every priority.
    clock : {"calendar", "business"}
        The clock on which the `sla` was set and the log's own durations were measured; the share
        within the SLA is given on no other.
    period : str, optional
        The cohort: tickets opened in ``"2026-09"``, ``"2026Q3"`` or ``"2026"``.
    as_of : timestamp, optional
        The moment of the report; by default the last in the log. What came later is unknown, and
        tickets not resolved by then are open (censored).
    closing : bool
        Whether the closing time stands in for a missing resolution; it never does so silently.
    fcr : {"reopened", "repeat", "survey"}
        How first-contact resolution is judged. ``reopened``: among tickets ever resolved, those
        resolved and never reopened. ``repeat``: among resolved ones, those whose customer opened
        no other ticket until `repeat_days` after the resolution; tickets whose window is still
        open are left out and counted. ``survey``: among those answered, the customers who say
        that one contact was enough.
    repeat_days : float
        Window of method ``"repeat"``, in days.
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
        ``tickets``), ``clock`` (of durations), ``open`` (tickets among `n` still running). KPIs:
        ``tickets`` (all contacts); ``first_response`` and ``resolution`` (median, p80, p90) with
        ``…_sla``; ``handle_time`` (mean, median, p90); ``fcr``, ``reopen_rate``,
        ``reassign_rate``, ``csat``, ``sla_met``; ``abandonment_rate`` over all contacts, while
        every other KPI rests on those that were answered. A quantile that is not reached is NaN.
        ``first_contact``: the `by` columns, ``method``, ``window_days``, ``numerator``,
        ``denominator``, ``window_open``, ``unknown``.

    Raises
    ------
    DataError
        If the log is impossible (see `read_log`), the period has no ticket, a priority has no
        SLA, or an argument is unknown.

    References
    ----------
    .. [1] Brookmeyer, R., Crowley, J. (1982). A confidence interval for the median survival time.
       Biometrics 38, 29-41.
    .. [2] Wilson, E. B. (1927). Probable inference. JASA 22, 209-212.
    """
    check_confidence(confidence)
    limits = _check_sla(sla)
    _check_fcr(fcr, repeat_days)
    log = read_log(tickets, as_of=as_of, calendar=calendar, clock=clock, closing=closing)
    frame, keys, missing = group_keys(cohort(log, period), by)
    answered = frame[~frame["abandoned"]]
    judged = None
    if FCR_NEEDS[fcr] in log.columns:
        judged = first_contact(log, answered, fcr, repeat_days, repeat_same)
    waits = _Waits(log, answered, calendar, clock, limits)
    rows: list[dict[str, Any]] = []
    contacts: list[dict[str, Any]] = []
    for group, every in groups_of(frame, keys):
        part = every[~every["abandoned"]]
        made = [_row("tickets", "count", (float(len(every)), nan, nan), len(every), "tickets")]
        if frame["abandoned"].any() or log.frame["abandoned"].any():
            lost = int(every["abandoned"].sum())
            made.append(_share("abandonment_rate", lost, len(every), confidence))
        made += waits.rows(part, confidence) + _plain(log, part, confidence)
        if judged is not None:
            sums = judged.loc[part.index].sum().astype(int)
            made.append(_share("fcr", sums["success"], sums["counted"], confidence))
            contacts.append(
                group
                | {
                    "method": fcr,
                    "window_days": float(repeat_days) if fcr == "repeat" else nan,
                    "numerator": sums["success"],
                    "denominator": sums["counted"],
                    "window_open": sums["window_open"],
                    "unknown": sums["unknown"],
                }
            )
        rows += [group | row for row in made]
    table = pd.DataFrame(rows, columns=[*keys, *COLUMNS])
    return TicketKpis(
        table=table,
        first_contact=pd.DataFrame(contacts),
        as_of=log.as_of,
        n_used=len(frame),
        n_dropped=log.n_dropped,
        n_duplicates=log.n_duplicates,
        caveats=(
            *log.caveats,
            *missing,
            *_absent(log, fcr),
            *waits.caveats(),
            *_few(table, minimum_base),
        ),
    )


def _row(
    kpi: str,
    statistic: str,
    estimate: Estimate,
    n: int,
    unit: str,
    clock: str | None = None,
    running: int = 0,
) -> dict[str, Any]:
    return dict(zip(COLUMNS, (kpi, statistic, *estimate, n, unit, clock, running), strict=True))


def _share(kpi: str, successes: int, n: int, confidence: float) -> dict[str, Any]:
    return _row(kpi, "share", wilson(successes, n, confidence), int(n), "share")


def _plain(log: TicketLog, part: pd.DataFrame, confidence: float) -> list[dict[str, Any]]:
    """Return the KPIs that need no clock."""
    made = []
    has = log.columns
    if "handle_seconds" in has:
        over = part["done"] | (not log.ends_known)
        handled = part.loc[over, "handle_seconds"].dropna().astype("float64")
        n = len(handled)
        made.append(_row("handle_time", "mean", mean_t(handled, confidence), n, "seconds"))
        spread = Durations(handled, np.ones(n, dtype=bool))
        for name in ("median", "p90"):
            estimate = spread.quantile(_QUANTILES[name], confidence=confidence)
            made.append(_row("handle_time", name, estimate, n, "seconds"))
    if "reopened" in has:
        times = part["reopened"].astype("Float64").dropna()
        ever = part.loc[times.index, "done"] | (times > 0)
        made.append(_share("reopen_rate", int((times > 0).sum()), int(ever.sum()), confidence))
    if "reassigned" in has:
        moves = part["reassigned"].dropna()
        made.append(_share("reassign_rate", int((moves > 0).sum()), len(moves), confidence))
    if "csat" in has:
        ratings = part["csat"].dropna().astype("float64")
        made.append(_row("csat", "mean", mean_t(ratings, confidence), len(ratings), "rating"))
    if "sla_met" in has:
        flags = part["sla_met"].astype("boolean").dropna()
        made.append(_share("sla_met", int(flags.sum()), len(flags), confidence))
    return made


class _Waits:
    """How long each ticket of a cohort took, on each clock, and what it was allowed."""

    def __init__(
        self,
        log: TicketLog,
        frame: pd.DataFrame,
        calendar: BusinessHours | None,
        clock: Clock,
        limits: Limits,
    ) -> None:
        if clock == "business" and calendar is None:
            raise DataError("service levels on business time need business hours.")
        self.clock, self.limits = clock, limits
        self.seconds: dict[tuple[str, str], pd.Series] = {}
        self.ended: dict[str, pd.Series] = {}
        self.allowed: dict[str, pd.Series] = {}
        self.untimed: dict[str, int] = {}
        clocks = {"calendar": None} | ({"business": calendar} if calendar is not None else {})
        for kpi, column in _TIMED.items():
            given = GIVEN[column] if GIVEN[column] in log.columns else None
            if column not in log.columns and given is None:
                continue
            timed = frame[column].notna()
            told = pd.Series(nan, index=frame.index)
            if given is not None:  # a duration on the log's own clock, where no time is known
                over = frame["done"] | (kpi == "first_response")
                told = frame[given].astype("float64").where(~timed & over)
            self.ended[kpi] = timed | told.notna()
            self.untimed[kpi] = int((frame["done"] & ~self.ended[kpi]).sum())
            until = frame[column].mask(~self.ended[kpi] & ~frame["done"], log.as_of)
            for name, hours in clocks.items():
                seconds = _between(frame["created_at"], until, hours)
                self.seconds[kpi, name] = seconds.fillna(told) if name == clock else seconds
            if kpi in limits:
                self.allowed[kpi] = _allowed(kpi, frame, limits[kpi])

    def rows(self, part: pd.DataFrame, confidence: float) -> list[dict[str, Any]]:
        """Return quantiles of a group on each clock, and its share within the SLA on its own."""
        made = []
        for (kpi, clock), seconds in self.seconds.items():
            mine = seconds.loc[part.index].dropna()
            ended = self.ended[kpi].loc[mine.index]
            waits = Durations(mine, ended)
            for name, q in _QUANTILES.items():
                estimate = waits.quantile(q, confidence=confidence)
                made.append(_row(kpi, name, estimate, waits.n, "seconds", clock, waits.open))
            if kpi in self.limits and clock == self.clock:
                # each in units of what its priority allows
                scaled = Durations(mine / self.allowed[kpi].loc[mine.index], ended)
                estimate = scaled.within(1.0, confidence=confidence)
                row = _row(f"{kpi}_sla", "share", estimate, waits.n, "share", clock, waits.open)
                made.append(row)
        return made

    def caveats(self) -> list[Caveat]:
        """Return how many finished tickets lack the time that a KPI needs."""
        message = _("{kpi}: {n} finished tickets have no time for it and were left out.")
        return [Caveat(message, kpi=kpi, n=n) for kpi, n in self.untimed.items() if n]


def _between(start: pd.Series, end: pd.Series, calendar: BusinessHours | None) -> pd.Series:
    if calendar is None:
        return (end - start).dt.total_seconds()
    return calendar.seconds_between(start.dt.tz_localize("UTC"), end.dt.tz_localize("UTC"))


def _allowed(kpi: str, frame: pd.DataFrame, limit: float | dict[str, float]) -> pd.Series:
    if not isinstance(limit, dict):
        return pd.Series(limit, index=frame.index)
    if "priority" not in frame:
        raise DataError(f"the SLA on {kpi} goes by priority, but the tickets have no 'priority'.")
    priority = frame["priority"].astype("object").where(frame["priority"].notna(), None)
    allowed = priority.map(_name).map(limit).astype("float64")
    strange = priority[allowed.isna()]
    if len(strange):
        first = strange.iloc[0]
        n = int(strange.isna().sum() if first is None else (strange == first).sum())
        what = "no priority" if first is None else f"priority {str(first)!r}"
        near = "; add it to the log." if first is None else nearest(str(first), list(limit))
        raise DataError(f"{n} tickets have {what}, for which there is no SLA on {kpi}{near}")
    return allowed


def _name(priority: object) -> str | None:
    """Return a priority as text: 1.0, a whole number beside missing ones, is 1."""
    if priority is None:
        return None
    whole = isinstance(priority, float) and priority.is_integer()
    return str(int(priority) if whole else priority)  # type: ignore[call-overload]


def _check_sla(sla: Sla | None) -> Limits:
    if sla is not None and not isinstance(sla, Mapping):
        raise DataError(f"sla is {sla!r}; write seconds by name, {{'first_response': 3600}}.")
    checked: Limits = {}
    for kpi, limit in (sla or {}).items():
        if kpi not in _TIMED:
            raise DataError(f"there is no SLA on {kpi!r}{nearest(str(kpi), _TIMED)}")
        if isinstance(limit, Mapping):
            if not limit:
                raise DataError(f"the SLA of {kpi} names no priority.")
            checked[kpi] = {str(key): _limit(v, f"{kpi} of {key}") for key, v in limit.items()}
        else:
            checked[kpi] = _limit(limit, kpi)
    return checked


def _limit(limit: object, name: str) -> float:
    valid = isinstance(limit, Real) and not isinstance(limit, bool)
    if not valid or not 0 < float(limit) < float("inf"):  # type: ignore[arg-type]
        raise DataError(f"the SLA on {name} is {limit!r}; write seconds, more than 0.")
    return float(limit)  # type: ignore[arg-type]


def _check_fcr(method: object, repeat_days: object) -> None:
    if method not in get_args(Fcr):
        raise DataError(f"there is no FCR method {method!r}{nearest(str(method), get_args(Fcr))}")
    known = isinstance(repeat_days, Real) and 0 < float(repeat_days) <= _LONGEST_WINDOW
    if method == "repeat" and not known:
        raise DataError(
            f"repeat_days is {repeat_days!r}; write days, more than 0 and up to "
            f"{_LONGEST_WINDOW:,}."
        )


def first_contact(
    log: TicketLog, tickets: pd.DataFrame, method: Fcr, repeat_days: float, same: Sequence[str]
) -> pd.DataFrame:
    """Return for each ticket: ``counted``, ``success``, ``window_open`` and ``unknown``."""
    for column in (FCR_NEEDS[method], *same):
        if column not in log.columns:
            raise DataError(
                f"FCR by {method} needs column {column!r}, which is not in the tickets"
                f"{nearest(column, log.columns)}"
            )
    window = pd.Series(False, index=tickets.index)
    if method == "survey":
        answer = tickets["fcr_survey"].astype("boolean")
        counted, success, unknown = answer.notna(), answer.fillna(False), answer.isna()
    elif method == "reopened":
        times = tickets["reopened"].astype("Float64")
        ever = tickets["done"] | (times > 0).fillna(False)
        counted, unknown = ever & times.notna(), ever & times.isna()
        success = tickets["done"] & (times == 0).fillna(False)
    else:
        keys = ["customer_id", *same]
        ordered = log.frame.sort_values(["created_at", "ticket_id"], kind="stable")
        following = ordered.groupby(keys, sort=False)["created_at"].shift(-1)
        next_at = pd.Series(following.to_numpy(), index=ordered["ticket_id"].to_numpy())
        again = next_at.reindex(tickets["ticket_id"]).set_axis(tickets.index)
        closes = tickets["resolved_at"] + pd.Timedelta(days=float(repeat_days))
        known = tickets[keys].notna().all(axis=1) & tickets["resolved_at"].notna()
        done = tickets["done"]
        window = done & known & (closes > log.as_of)
        counted, unknown = done & known & ~window, done & ~known
        success = ~(again.notna() & (again <= closes))
    return pd.DataFrame(
        {
            "counted": counted,
            "success": success & counted,
            "window_open": window,
            "unknown": unknown,
        }
    ).astype(bool)


def _absent(log: TicketLog, fcr: str) -> list[Caveat]:
    """Return a caveat for each KPI whose column the tickets lack."""
    needs = {
        "first_response": "first_response_at",
        "resolution": "resolved_at",
        "handle_time": "handle_seconds",
        "fcr": FCR_NEEDS[fcr],
        "reopen_rate": "reopened",
        "reassign_rate": "reassigned",
        "csat": "csat",
    }
    message = _("{kpi} is not computed: the tickets have no {column}.")
    closed = _(
        "{kpi} is not computed: the tickets tell when they were closed, not when they were "
        "resolved; if the closing is to stand in, say so in the client file (tickets: "
        "resolution: closed)."
    )
    found = []
    for kpi, column in needs.items():
        if not {column, GIVEN.get(column, column)} & log.columns:
            stands = kpi == "resolution" and "closed_at" in log.columns
            found.append(Caveat(closed if stands else message, kpi=kpi, column=column))
    return found


def _few(table: pd.DataFrame, minimum_base: int) -> list[Caveat]:
    """Return what a reader must know of rows that rest on little, or that time has not decided."""
    caveats = []
    small = int((table["n"] < minimum_base).sum())
    if small:
        message = _("{n} rows rest on fewer than {base} tickets.")
        caveats.append(Caveat(message, n=small, base=minimum_base))
    message = _("{kpi}: {n} values are not reached, too many tickets are still open.")
    undecided = table[table["value"].isna() & (table["open"] > 0)]
    for kpi, part in undecided.groupby("kpi", sort=False):
        caveats.append(Caveat(message, kpi=str(kpi), n=len(part)))
    return caveats


# --- on a contract's terms ------------------------------------------------------------------------


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
    _check_fcr("repeat", repeat_days)
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
        first, following = bounds(known)
        frame = frame[(frame["opened"] >= first) & (frame["opened"] < following)]
    frame, keys, missing = group_keys(frame, by)
    limits = _check_sla(terms.sla)
    waits = _Waits(log, frame, terms.calendar, terms.clock, limits)
    others = replace(log, frame=log.frame[marked])
    rows: list[dict[str, Any]] = []
    for group, part in groups_of(frame, keys) if len(frame) else ():
        answered = int((part["first_response_at"].notna() | part["done"]).sum())
        made = [
            _row("received", "count", (float(len(part)), nan, nan), len(part), "tickets"),
            _share("answered", answered, len(part), confidence),
            *(row for row in waits.rows(part, confidence) if row["kpi"].startswith("resolution")),
        ]
        if "upheld" in log.columns:
            decided = part["upheld"].astype("boolean").dropna()
            made.append(_share("upheld", int(decided.sum()), len(decided), confidence))
        if "customer_id" in log.columns:
            sums = first_contact(others, part, "repeat", repeat_days, ()).sum().astype(int)
            again = sums["counted"] - sums["success"]
            made.append(_share("repeated", again, sums["counted"], confidence))
        rows += [group | row for row in made]
    table = pd.DataFrame(rows, columns=[*keys, *COLUMNS])
    return TicketKpis(
        table=table,
        first_contact=pd.DataFrame(),
        as_of=log.as_of,
        n_used=len(frame),
        n_dropped=log.n_dropped,
        n_duplicates=log.n_duplicates,
        caveats=(*caveats, *missing, *_few(table, minimum_base)),
    )


_UNMARKED = _("{n} tickets do not say whether they are complaints and were taken as none.")
