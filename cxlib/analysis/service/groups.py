"""A service group by group: side by side, against all others, who is late; reasons of contact."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan, nan, sqrt
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from cxlib.analysis.compare import adjust
from cxlib.analysis.estimation import newcombe, z_of
from cxlib.analysis.metrics import TICKET_KPIS, number
from cxlib.analysis.results import MINIMUM_BASE, Caveat, Tabled, said
from cxlib.analysis.service.kpis import first_contact
from cxlib.analysis.service.log import cohort
from cxlib.analysis.service.terms import calendar_period, kpis, row_of
from cxlib.analysis.service.waits import Terms
from cxlib.analysis.validate import require
from cxlib.words import mark as _

MOST_GROUPS = 8
"""Groups of one kind that a table shows, the largest ones; more is a list, not a comparison."""

SAME = 0.95
"""Two groups that share so much of what they hold together are one group by two names."""

SHOWN = ("first_response", "first_response_sla", "resolution_p90", "resolution_sla", "handle_time",
         "fcr", "reopen_rate", "reassign_rate", "ticket_csat")  # fmt: skip
_TESTED = ("first_response_sla", "resolution_sla", "sla_met", "fcr", "reopen_rate", "reassign_rate")
_LATE = ("first_response_sla", "resolution_sla")
_COMPARED = ("kpi", "segment", "level", "same_segment", "same_level", "value", "others")
_GAP = ("difference", "difference_low", "difference_high", "p_value", "n")
_REASON = ["segment", "level", "n", "share", "handle", "hours", "repeats", "saved"]
_REASON += ["saved_low", "saved_high"]
_LOST = ("late", "share_of_late", "share_of_tickets", "direction", "unit")


class Groups(Tabled):
    """A service's KPIs by group.

    ``table``: a row a group, with the KPIs of `SHOWN` (times in seconds, shares of 0 to 1).
    ``compared``: a row a group and share, in percent, against that of all others, as they come (not
    at equal mix); ``same_segment, same_level`` where an earlier group holds the same tickets. For
    service levels ``late`` (tickets beyond the SLA) and ``share_of_late`` (of all late ones).
    """

    compared: pd.DataFrame


def groups(
    tickets: pd.DataFrame,
    *,
    terms: Terms,
    by: Sequence[str],
    period: str | None = None,
    minimum_base: int = MINIMUM_BASE,
) -> Groups:
    """Set the KPIs of every group beside one another, and test each group against all others.

    Columns are split by one at a time; those that tell nothing apart are passed over, and of many
    values the largest `MOST_GROUPS` are shown. A KPI of a group below `minimum_base` is NaN.
    Newcombe intervals, pooled z tests; Benjamini-Hochberg, each set of tickets once.
    """
    whole = kpis(tickets, terms=terms, period=period).table
    frame = cohort(terms.log(tickets), calendar_period(period))
    table: list[dict[str, Any]] = []
    tested: list[dict[str, Any]] = []
    caveats: list[Caveat] = []
    members: dict[tuple[str, str], pd.Series] = {}
    for column in by:
        if column not in frame or frame[column].nunique() < 2:
            continue
        parts = kpis(tickets, terms=terms, period=period, by=column).table
        sizes = parts.loc[parts["kpi"] == "tickets"].set_index(column)["n"]
        shown = sizes.nlargest(MOST_GROUPS).index
        many, told = len(sizes) > MOST_GROUPS, {"n": MOST_GROUPS, "all": len(sizes)}
        message = _("{column}: the {n} largest of {all} groups are shown.")
        caveats += said(many, message, column=column, **told)
        for level in sizes.index[sizes.index.isin(shown)]:
            cells = parts[parts[column] == level]
            mine = frame[column] == level
            key = {"segment": column, "level": str(level)}
            values = {name: _cell(cells, name, terms.clock, minimum_base) for name in SHOWN}
            table.append(key | {"n": int(sizes[level])} | values)
            twin = next((k for k, theirs in members.items() if _same(mine, theirs)), ("", ""))
            members[column, str(level)] = mine
            key |= {"same_segment": twin[0], "same_level": twin[1]}
            tested += [key | row for row in _against(cells, whole, terms.clock, minimum_base)]
    compared = pd.DataFrame(tested, columns=[*_COMPARED, *_GAP, *_LOST])
    once = compared["same_segment"] == ""
    p_values = compared["p_value"].astype("float64").where(once)
    compared["p_adjusted"] = adjust(p_values, method="bh")
    return Groups(
        table=pd.DataFrame(table, columns=["segment", "level", "n", *SHOWN]),
        compared=compared,
        caveats=tuple(caveats),
    )


def _same(mine: pd.Series, theirs: pd.Series) -> bool:
    both, either = int((mine & theirs).sum()), int((mine | theirs).sum())
    return both >= SAME * either


def _cell(cells: pd.DataFrame, key: str, clock: str, least: int) -> float:
    row = row_of(cells, TICKET_KPIS[key], clock)
    return nan if row is None or row["n"] < least else float(row["value"])


def _against(
    cells: pd.DataFrame, whole: pd.DataFrame, clock: str, least: int
) -> list[dict[str, Any]]:
    """Return a group's shares against those of all other tickets."""
    rows = []
    for key in _TESTED:
        mine, every = (row_of(t, TICKET_KPIS[key], clock) for t in (cells, whole))
        if mine is None or every is None or mine["n"] < least or every["n"] - mine["n"] < least:
            continue
        n, rest = float(mine["n"]), float(every["n"] - mine["n"])
        value, total = float(mine["value"]), float(every["value"])
        others = min(max((total * every["n"] - value * n) / rest, 0.0), 1.0)
        if isnan(value) or isnan(others):  # too many still open to say
            continue
        low, high = newcombe(value, n, others, rest, 0.95)
        spread = total * (1 - total) * (1 / n + 1 / rest)
        p_value = float(2 * norm.sf(abs(value - others) / sqrt(spread))) if spread > 0 else nan
        lost, all_lost = (1 - value) * n, (1 - total) * float(every["n"])
        late = key in _LATE and all_lost > 0
        shares = {"value": value, "others": others, "difference": value - others}
        shares |= {"difference_low": low, "difference_high": high}
        rows.append(
            {name: 100 * share for name, share in shares.items()}
            | {"kpi": key, "p_value": p_value, "n": int(n), "late": round(lost) if late else 0}
            | {"share_of_late": lost / all_lost if late else nan}
            | {"share_of_tickets": n / float(every["n"]), "unit": "percent"}
            | {"direction": TICKET_KPIS[key].direction}
        )
    return rows


class Reasons(Tabled):
    """Contact reasons by the work they make, most first.

    ``table``: ``handle`` (mean, seconds), ``hours`` (n × handle), ``repeats`` (share of the
    resolved whose customer came back for the same reason within the terms' window; NaN where
    customers are not known), ``saved`` (hours of such a period; the interval holds the next
    period's number of contacts, Poisson, and the mean's own error, not the assumption `answered`).
    """

    answered: float
    n_used: int


def contact_reasons(
    tickets: pd.DataFrame,
    *,
    terms: Terms,
    period: str | None = None,
    by: str = "category",
    answered: float = 0.2,
    confidence: float = 0.95,
) -> Reasons:
    """Rank contact reasons, the column `by`, by volume × handle time, with those that came back.

    `answered` is the share of each reason's contacts that a knowledge base would answer, 0 to 1: an
    assumption.
    """
    number(answered, "answered", least=0, most=1)
    log = terms.log(tickets)
    require(log, (by, "handle_seconds"), "tickets")
    mine = cohort(log, calendar_period(period))
    mine = mine[~mine["abandoned"] & mine[by].notna()]
    again = pd.Series(np.nan, index=mine.index)
    if "customer_id" in log.columns:
        found = first_contact(log, mine, "repeat", terms.repeat_days, (by,))
        again = (~found["success"]).astype(float).where(found["counted"])
    z, rows = z_of(confidence), []
    for level, group in mine.groupby(by, sort=True):
        handle = group["handle_seconds"].dropna().astype(float)
        n, mean = len(group), float(handle.mean()) if len(handle) else np.nan
        error = float(handle.std() / np.sqrt(len(handle))) if len(handle) > 1 else np.nan
        hours = n * mean / 3600
        spread = z * np.sqrt(1 / n + (error / mean) ** 2) if mean else np.nan
        saved = answered * hours
        row = {"segment": by, "level": level, "n": n, "share": n / len(mine), "handle": mean}
        row |= {"hours": hours, "repeats": float(again[group.index].mean()), "saved": saved}
        row |= {"saved_low": max(saved * (1 - spread), 0.0), "saved_high": saved * (1 + spread)}
        rows.append(row)
    table = pd.DataFrame(rows, columns=_REASON)
    table = table.sort_values("hours", ascending=False, kind="stable", ignore_index=True)
    return Reasons(table=table, answered=answered, n_used=len(mine))
