"""A service group by group: side by side, against all others, and who is late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan, sqrt
from typing import Any

import pandas as pd
from scipy.stats import norm

from cxlib.analysis.compare import adjust
from cxlib.analysis.estimation import newcombe
from cxlib.analysis.results import MINIMUM_BASE, Caveat, Result
from cxlib.analysis.service.log import cohort
from cxlib.analysis.service.terms import Terms, calendar_period, kpis, row_of
from cxlib.analysis.ticket_targets import TICKET_KPIS
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
_LOST = ("late", "share_of_late", "share_of_tickets", "direction", "unit")


@dataclass(frozen=True, kw_only=True)
class Groups(Result):
    """A service's KPIs by group; see `groups` for the columns."""

    table: pd.DataFrame
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
    values the largest `MOST_GROUPS` are shown. A KPI of a group below `minimum_base` is NaN: the
    group as a whole may be larger.

    Returns
    -------
    Groups
        ``table``: ``segment, level, n`` (tickets) and the KPIs of `SHOWN` (times in seconds,
        shares of 0 to 1). ``compared``, the group's share against that of all others, as they
        come (not at equal mix): ``kpi, segment, level``; ``same_segment, same_level`` where an
        earlier group holds the same tickets; ``value, others, difference`` with its Newcombe
        interval, in percent; ``p_value`` (pooled z test) and ``p_adjusted`` (Benjamini–Hochberg
        over the table, each set of tickets once); ``n``; for service levels ``late`` (tickets
        beyond the SLA), ``share_of_late`` (of all late ones) and ``share_of_tickets``, 0 to 1.
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
        if len(sizes) > MOST_GROUPS:
            message = _("{column}: the {n} largest of {all} groups are shown.")
            caveats.append(Caveat(message, column=column, n=MOST_GROUPS, all=len(sizes)))
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
