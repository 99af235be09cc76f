"""The KPIs of a ticket log: response, resolution, handling, first contact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis.metrics import check_options, one_of
from cxlib.analysis.results import MINIMUM_BASE, Caveat, TableResult, counted
from cxlib.analysis.service.log import GIVEN, TicketLog, cohort, group_keys, groups_of, only
from cxlib.analysis.service.waits import (
    COLUMNS,
    QUANTILES,
    Durations,
    Fcr,
    Terms,
    Waits,
    check_priorities,
    mean_t,
    row,
    share,
)
from cxlib.analysis.validate import check_confidence
from cxlib.words import mark as _

FCR_NEEDS = {"reopened": "reopened", "repeat": "customer_id", "survey": "fcr_survey"}
"""The column that each way of judging first-contact resolution reads."""


class TicketKpis(TableResult):
    """The KPIs of a set of tickets.

    ``table``: the ``by`` columns, ``kpi, statistic, value, low, high, n, unit`` ("seconds", "share"
    of 0 to 1, "rating", "tickets"), ``clock`` (of durations), ``open`` (tickets still running).
    KPIs: ``tickets`` and ``abandonment_rate`` of all contacts; of those answered ``first_response``
    and ``resolution`` (median, p80, p90) with ``…_sla``; ``handle_time`` (mean, median, p90);
    ``fcr, reopen_rate, reassign_rate, csat, sla_met``. A quantile that is not reached is NaN
    (Brookmeyer, Crowley 1982, Biometrics 38). ``first_contact``, what the FCR rests on: ``method,
    window_days, numerator, denominator, window_open, unknown``. ``n_dropped``: cancelled, merged,
    opened later, undated; ``n_duplicates``: rows that gave way to a later row of their ticket.
    """

    first_contact: pd.DataFrame
    as_of: pd.Timestamp
    n_duplicates: int

    @classmethod
    def of(
        cls,
        log: TicketLog,
        frame: pd.DataFrame,
        rows: Sequence[Mapping[str, Any]],
        keys: Sequence[str],
        *,
        caveats: Iterable[Caveat],
        minimum_base: int,
        first_contact: Sequence[Mapping[str, Any]] = (),
    ) -> TicketKpis:
        """Assemble the rows of a cohort, with what a reader must know of those that say little."""
        table = pd.DataFrame(rows, columns=[*keys, *COLUMNS])
        small, message = (
            table["n"] < minimum_base,
            _("{n} {n:row rests|rows rest} on fewer than {base} tickets."),
        )
        told = [*caveats, *counted((small.sum(), message), base=minimum_base)]
        message = _(
            "{kpi}: {n} {n:value is|values are} not reached, too many tickets are still open."
        )
        undecided = table[table["value"].isna() & (table["open"] > 0)]
        for kpi, part in undecided.groupby("kpi", sort=False):
            told.append(Caveat(message, kpi=str(kpi), n=len(part)))
        return cls(
            table=table,
            first_contact=pd.DataFrame(first_contact),
            as_of=log.as_of,
            n_used=len(frame),
            n_dropped=log.n_dropped,
            n_duplicates=log.n_duplicates,
            caveats=tuple(told),
        )


def ticket_kpis(
    tickets: pd.DataFrame,
    *,
    by: str | Sequence[str] | None = None,
    period: str | int | None = None,
    terms: Terms | None = None,
    minimum_base: int = MINIMUM_BASE,
    confidence: float = 0.95,
    **asked: Any,
) -> TicketKpis:
    """Compute every KPI that the columns of a ticket log allow.

    Several rows of one ticket are folded, the last wins; ``by="month"``, ``"quarter"`` and
    ``"year"`` are those of creation. Tickets not resolved by `as_of` are open (censored).

    Parameters
    ----------
    terms : Terms, optional
        How the service is measured; what is named beside it (below) stands instead.
    calendar : BusinessHours, optional
        Adds business time, and is the wall clock of times without a zone.
    sla : mapping, optional
        Seconds allowed, by ``"first_response"`` and ``"resolution"``; each a number, or a mapping
        by priority that must name every priority.
    clock : {"calendar", "business"}
        The clock on which the `sla` was set and the log's own durations were measured; the share
        within the SLA is given on no other.
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

    Raises
    ------
    DataError
        If the period has no ticket, a priority has no SLA, or an argument is unknown.
    """
    check_confidence(confidence)
    check_options(asked, Terms.__annotations__)
    terms = replace(terms or Terms(), **asked)
    log, fcr = terms.log(tickets), terms.fcr
    frame, keys, missing = group_keys(cohort(log, period), by)
    answered = only(frame, ~frame["abandoned"])
    judged = None
    if FCR_NEEDS[fcr] in log.columns:
        judged = first_contact(log, answered, fcr, terms.repeat_days, terms.repeat_same)
    check_priorities(log, answered, terms)
    untimed: Counter[str] = Counter()
    rows: list[dict[str, Any]] = []
    contacts: list[dict[str, Any]] = []
    for group, every in groups_of(frame, keys):
        part = only(every, ~every["abandoned"])
        made = [row("tickets", "count", (float(len(every)), nan, nan), len(every), "tickets")]
        if frame["abandoned"].any() or log.frame["abandoned"].any():
            lost = int(every["abandoned"].sum())
            made.append(share("abandonment_rate", lost, len(every), confidence))
        waits = Waits(log, part, terms)
        untimed.update(waits.untimed)
        made += waits.rows(part, confidence) + _plain(log, part, confidence)
        if judged is not None:
            sums = judged.loc[part.index].sum().astype(int)
            made.append(share("fcr", sums["success"], sums["counted"], confidence))
            window = {"window_days": float(terms.repeat_days) if fcr == "repeat" else nan}
            shares = {"numerator": sums["success"], "denominator": sums["counted"]}
            others = {name: sums[name] for name in ("window_open", "unknown")}
            contacts.append(group | {"method": fcr} | window | shares | others)
        rows += [group | each for each in made]
    message = _(
        "{kpi}: {n} finished {n:ticket has|tickets have} no time for it and {n:was|were} left out."
    )
    left = [caveat for kpi, n in untimed.items() for caveat in counted((n, message), kpi=kpi)]
    told = (*log.caveats, *missing, *_absent(log, fcr), *left)
    return TicketKpis.of(
        log, frame, rows, keys, caveats=told, minimum_base=minimum_base, first_contact=contacts
    )


def _plain(log: TicketLog, part: pd.DataFrame, confidence: float) -> list[dict[str, Any]]:
    """Return the KPIs that need no clock."""
    made = []
    has = log.columns
    if "handle_seconds" in has:
        over = part["done"] | (not log.ends_known)
        handled = part.loc[over, "handle_seconds"].dropna().astype("float64")
        n = len(handled)
        made.append(row("handle_time", "mean", mean_t(handled, confidence), n, "seconds"))
        spread = Durations(handled, np.ones(n, dtype=bool))
        for name in ("median", "p90"):
            estimate = spread.quantile(QUANTILES[name], confidence=confidence)
            made.append(row("handle_time", name, estimate, n, "seconds"))
    if "reopened" in has:
        times = part["reopened"].astype("Float64").dropna()
        ever = part.loc[times.index, "done"] | (times > 0)
        made.append(share("reopen_rate", int((times > 0).sum()), int(ever.sum()), confidence))
    if "reassigned" in has:
        moves = part["reassigned"].dropna()
        made.append(share("reassign_rate", int((moves > 0).sum()), len(moves), confidence))
    if "csat" in has:
        ratings = part["csat"].dropna().astype("float64")
        made.append(row("csat", "mean", mean_t(ratings, confidence), len(ratings), "rating"))
    if "sla_met" in has:
        flags = part["sla_met"].astype("boolean").dropna()
        made.append(share("sla_met", int(flags.sum()), len(flags), confidence))
    return made


def _absent(log: TicketLog, fcr: str) -> list[Caveat]:
    """Return a caveat for each KPI whose column the tickets lack."""
    needs = {
        "first_response": "first_response_at",
        "resolution": "resolved_at",
        "handle_time": "handle_seconds",
        "fcr": FCR_NEEDS[fcr],
        "reopen_rate": "reopened",
        "reassign_rate": "reassigned",
        "ticket_csat": "csat",
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


def first_contact(
    log: TicketLog, tickets: pd.DataFrame, method: Fcr, repeat_days: float, same: Sequence[str]
) -> pd.DataFrame:
    """Return for each ticket: ``counted``, ``success``, ``window_open`` and ``unknown``."""
    for column in (FCR_NEEDS[method], *same):
        message = f"FCR by {method} needs column {column!r}, which is not in the tickets"
        one_of(column, log.columns, message)
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
        order = ["created_at", "ticket_id"]
        ordered = log.frame[[*order, *keys]].sort_values(order, kind="stable")
        following = ordered.groupby(keys, sort=False)["created_at"].shift(-1)
        next_at = pd.Series(following.to_numpy(), index=ordered["ticket_id"].to_numpy())
        again = next_at.reindex(tickets["ticket_id"]).set_axis(tickets.index)
        closes = tickets["resolved_at"] + pd.Timedelta(days=float(repeat_days))
        known = tickets[keys].notna().all(axis=1) & tickets["resolved_at"].notna()
        done = tickets["done"]
        window = done & known & (closes > log.as_of)
        counted, unknown = done & known & ~window, done & ~known
        success = ~(again.notna() & (again <= closes))
    told = {"counted": counted, "success": success & counted}
    return pd.DataFrame(told | {"window_open": window, "unknown": unknown}).astype(bool)
