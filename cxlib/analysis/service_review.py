"""Analysis: a service at a glance: its KPIs side by side, and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, nan
from typing import Any

import pandas as pd

from cxlib.analysis.results import Caveat
from cxlib.analysis.service import TicketKpis
from cxlib.analysis.service_terms import Terms, calendar_period, kpis
from cxlib.analysis.ticket_targets import TICKET_KPIS, TicketKpi
from cxlib.analysis.tickets import bounds, cohort, read_log

HEADLINE = ("ticket_csat", "fcr", "handle_time", "first_response_sla", "resolution_sla")
"""What service contracts are usually judged by, in the order in which they are read."""

INSTEAD = {"first_response_sla": "first_response", "resolution_sla": "resolution"}
"""What stands for a share within the SLA where none is agreed."""

RATES = ("ticket_csat", "fcr", "reopen_rate", "reassign_rate")
DURATIONS = ("first_response", "resolution", "handle_time")


@dataclass(frozen=True, kw_only=True)
class Glance:
    """A service's KPIs in one period; see `glance` for the columns.

    Attributes
    ----------
    headline, rates, durations, first_contact : pandas.DataFrame
    period, previous : str or None
    clock : str
        On which the service levels are judged.
    n_open : int
        Tickets of the period that are still open at the moment of the report.
    closed_median : float
        Median resolution of the closed ones alone, in seconds of `clock`: what a report that
        forgets the open ones would say.
    as_of : pandas.Timestamp
    n_used, n_dropped : int
    caveats : tuple of Caveat
    """

    headline: pd.DataFrame
    rates: pd.DataFrame
    durations: pd.DataFrame
    first_contact: pd.DataFrame
    period: str | None
    previous: str | None
    clock: str
    n_open: int
    closed_median: float
    as_of: pd.Timestamp
    n_used: int
    n_dropped: int
    caveats: tuple[Caveat, ...]


def glance(
    tickets: pd.DataFrame, *, terms: Terms, period: str | None, previous: str | None = None
) -> Glance:
    """Lay the KPIs of a period side by side, and say what changed since the period before.

    Parameters
    ----------
    tickets : pandas.DataFrame
        The canonical table of :mod:`cxlib.analysis.tickets`, the previous period included.
    terms : Terms
    period, previous : str or None
        Calendar periods; None, or a wave's own name, is the whole log.

    Returns
    -------
    Glance
        ``headline`` and ``rates``: ``metric`` (a key of
        :data:`cxlib.analysis.ticket_targets.TICKET_KPIS`), ``value, low, high``, ``previous``,
        ``change, change_low, change_high``, ``n``, ``n_previous``, ``unit``, ``direction``,
        ``open``. ``durations``: ``metric``, ``clock``, ``mean``, ``median`` with ``median_low``
        and ``median_high``, ``p80``, ``p90``, ``within`` (share within the SLA) with
        ``within_low`` and ``within_high``, ``n``, ``open``, ``unit``.

    Raises
    ------
    DataError
        If the log is impossible or the period has no ticket.

    Notes
    -----
    The interval of a change is square-and-add: each side's distance from its own limit, added in
    quadrature. For two shares that is Newcombe's method; it holds for means and medians as well.

    References
    ----------
    .. [1] Zou, G. Y., Donner, A. (2008). Construction of confidence limits about effect measures.
       Statistics in Medicine 27, 1693-1702.
    """
    now = kpis(tickets, terms=terms, period=period)
    before = None
    if previous is not None and _opened_in(tickets, previous):
        before = kpis(tickets, terms=terms, period=previous)
    headline = [key for each in HEADLINE if (key := _or_instead(now, terms, each))]
    return Glance(
        headline=_numbers(headline, now, before, terms),
        rates=_numbers(RATES, now, before, terms),
        durations=_durations(now),
        first_contact=now.first_contact,
        period=period,
        previous=previous if before is not None else None,
        clock=terms.clock,
        n_open=int(now.table["open"].max()) if len(now.table) else 0,
        closed_median=_closed_median(tickets, terms, period),
        as_of=now.as_of,
        n_used=now.n_used,
        n_dropped=now.n_dropped,
        caveats=now.caveats,
    )


def _closed_median(tickets: pd.DataFrame, terms: Terms, period: str | None) -> float:
    log = read_log(tickets, as_of=terms.as_of, calendar=terms.calendar)
    closed = cohort(log, calendar_period(period)).dropna(subset=["resolved_at"])
    times = [closed[name].dt.tz_localize("UTC") for name in ("created_at", "resolved_at")]
    if terms.clock == "business" and terms.calendar is not None:
        return float(terms.calendar.seconds_between(times[0], times[1]).median())
    return float((times[1] - times[0]).dt.total_seconds().median())


def _opened_in(tickets: pd.DataFrame, period: str) -> bool:
    """Tell whether a calendar period has tickets: without them there is nothing to compare with."""
    if calendar_period(period) is None:
        return False
    opened = tickets["created_at"].dt.tz_localize(None)
    first, following = bounds(period)
    return bool(((opened >= first) & (opened < following)).any())


def row_of(table: pd.DataFrame, wanted: TicketKpi, clock: str) -> pd.Series | None:
    """Return the row of a KPI on one clock; None where it is not there."""
    rows = table[(table["kpi"] == wanted.kpi) & (table["statistic"] == wanted.statistic)]
    rows = rows[rows["clock"].isna() | (rows["clock"] == clock)]
    return None if rows.empty else rows.iloc[0]


def _or_instead(now: TicketKpis, terms: Terms, key: str) -> str | None:
    for each in (key, INSTEAD.get(key)):
        if each and row_of(now.table, TICKET_KPIS[each], terms.clock) is not None:
            return each
    return None


def _numbers(
    keys: Sequence[str], now: TicketKpis, before: TicketKpis | None, terms: Terms
) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for key in keys:
        known = TICKET_KPIS[key]
        row = row_of(now.table, known, terms.clock)
        if row is None or not row["n"]:
            continue
        was = None if before is None else row_of(before.table, known, terms.clock)
        rows.append(
            {
                "metric": key,
                **{name: float(row[name]) for name in ("value", "low", "high")},
                **_change(row, was),
                "n": int(row["n"]),
                "unit": known.unit,
                "direction": known.direction,
                "open": int(row["open"]),
            }
        )
    columns = ("metric", "value", "low", "high", "previous", "n_previous", "change")
    more = ("change_low", "change_high", "n", "unit", "direction", "open")
    return pd.DataFrame(rows, columns=[*columns, *more]).astype({"n_previous": "Int64"})


def _change(now: pd.Series, was: pd.Series | None) -> dict[str, Any]:
    names = ("previous", "change", "change_low", "change_high")
    if was is None or not was["n"]:
        return dict.fromkeys(names, nan) | {"n_previous": pd.NA}
    gap = float(now["value"] - was["value"])
    down = hypot(now["value"] - now["low"], was["high"] - was["value"])
    up = hypot(now["high"] - now["value"], was["value"] - was["low"])
    values = (float(was["value"]), gap, gap - down, gap + up)
    return dict(zip(names, values, strict=True)) | {"n_previous": int(was["n"])}


def _durations(now: TicketKpis) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for kpi in DURATIONS:
        mine = now.table[now.table["kpi"] == kpi]
        for clock in mine["clock"].drop_duplicates():
            same = mine["clock"].isna() if pd.isna(clock) else mine["clock"] == clock
            cells = {str(row["statistic"]): row for row in mine[same].to_dict("records")}
            median = cells["median"]
            rows.append(
                {
                    "metric": kpi,
                    "clock": clock,
                    "median_low": median["low"],
                    "median_high": median["high"],
                    "n": int(median["n"]),
                    "open": int(median["open"]),
                    "unit": "seconds",
                    **{name: cell["value"] for name, cell in cells.items()},
                    **_within(now.table, kpi, clock),
                }
            )
    columns = ("metric", "clock", "mean", "median", "median_low", "median_high", "p80", "p90")
    more = ("within", "within_low", "within_high", "n", "open", "unit")
    return pd.DataFrame(rows, columns=[*columns, *more])


def _within(table: pd.DataFrame, kpi: str, clock: object) -> dict[str, float]:
    names = ("within", "within_low", "within_high")
    found = table[(table["kpi"] == f"{kpi}_sla") & (table["clock"] == clock)]
    if found.empty:
        return dict.fromkeys(names, nan)
    row = found.iloc[0]
    return dict(zip(names, map(float, (row["value"], row["low"], row["high"])), strict=True))
