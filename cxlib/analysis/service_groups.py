"""Analysis: a service group by group: side by side, against all others, and who is late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, isfinite, nan, sqrt
from typing import Any

import pandas as pd
from scipy.stats import norm

from cxlib.analysis._intervals import wilson
from cxlib.analysis.compare import adjust
from cxlib.analysis.results import MINIMUM_BASE, Caveat
from cxlib.analysis.service_review import row_of
from cxlib.analysis.service_terms import Terms, kpis
from cxlib.analysis.ticket_targets import TICKET_KPIS
from cxlib.words import mark as _

MOST_GROUPS = 8
"""Groups of one kind that a table shows, the largest ones; more is a list, not a comparison."""

_KEYS = ("segment", "level", "n")
_SPEED = {
    "first_response": "first_response",
    "within": "first_response_sla",
    "resolution_p90": "resolution_p90",
    "resolved_within": "resolution_sla",
}
_QUALITY = ("handle_time", "fcr", "reopen_rate", "reassign_rate", "ticket_csat")
_TESTED = ("first_response_sla", "resolution_sla", "fcr", "reopen_rate", "reassign_rate")


@dataclass(frozen=True, kw_only=True)
class Groups:
    """A service's KPIs by group; see `groups` for the columns."""

    speed: pd.DataFrame
    quality: pd.DataFrame
    late: pd.DataFrame
    compared: pd.DataFrame
    caveats: tuple[Caveat, ...]


def groups(
    tickets: pd.DataFrame,
    *,
    terms: Terms,
    by: Sequence[str],
    period: str | None,
    minimum_base: int = MINIMUM_BASE,
) -> Groups:
    """Set the KPIs of every group beside one another, and test each group against all others.

    Parameters
    ----------
    tickets : pandas.DataFrame
        The canonical table.
    terms : Terms
    by : sequence of str
        Columns to split by, one at a time; those that tell nothing apart are passed over, and of
        many values the largest `MOST_GROUPS` are shown.
    period : str or None
    minimum_base : int
        A KPI of a group that rests on fewer tickets is NaN: the group as a whole may be larger.

    Returns
    -------
    Groups
        ``speed``: ``segment, level, n`` (tickets), ``first_response`` (median) and its ``within``
        the SLA, ``resolution_p90`` and its ``resolved_within``, ``unit``. ``quality``:
        ``segment, level, n, handle_time`` (mean), ``fcr, reopen_rate, reassign_rate,
        ticket_csat``. ``compared``, the group's share against that of all others: ``segment,
        level, kpi, direction, value, others, difference, difference_low, difference_high,
        p_value`` (pooled z test), ``p_adjusted`` (Benjamini–Hochberg over the table), ``n``.
        ``late``: ``segment, level, kpi, n, late`` (tickets beyond the SLA), ``share`` (of all
        late ones), ``share_of_tickets`` and their ratio ``weight``: above 1 a group is late more
        often than its size explains.
    """
    whole = kpis(tickets, terms=terms, period=period)
    found, caveats = [], []
    for column in by:
        if column not in tickets or not tickets[column].notna().any():
            continue
        parts = kpis(tickets, terms=terms, period=period, by=column).table
        sizes = parts.loc[parts["kpi"] == "tickets"].set_index(column)["n"]
        if len(sizes) < 2:
            continue
        shown = sizes.nlargest(MOST_GROUPS).index
        if len(sizes) > MOST_GROUPS:
            message = _("{column}: the {n} largest of {all} groups are shown.")
            caveats.append(Caveat(message, column=column, n=MOST_GROUPS, all=len(sizes)))
        for level in sizes.index[sizes.index.isin(shown)]:
            cells = parts[parts[column] == level]
            found.append((column, str(level), int(sizes[level]), cells))
    speed = [_speed(*each, terms.clock, minimum_base) for each in found]
    quality = [_quality(*each, terms.clock, minimum_base) for each in found]
    tested = [
        row for each in found for row in _against_others(*each, whole.table, terms, minimum_base)
    ]
    return Groups(
        speed=pd.DataFrame(speed, columns=[*_KEYS, *_SPEED, "unit"]),
        quality=_measured(pd.DataFrame(quality, columns=[*_KEYS, *_QUALITY])),
        compared=_adjusted(tested),
        late=_late(tested, whole.table, terms),
        caveats=tuple(caveats),
    )


def _measured(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table that measures anything; without its rows if all it knows is how many."""
    return table if table[list(_QUALITY)].notna().any(axis=None) else table[:0]


def _speed(
    segment: str, level: str, n: int, cells: pd.DataFrame, clock: str, least: int
) -> dict[str, Any]:
    values = {name: _cell(cells, key, clock, least) for name, key in _SPEED.items()}
    return {"segment": segment, "level": level, "n": n, **values, "unit": "seconds"}


def _quality(
    segment: str, level: str, n: int, cells: pd.DataFrame, clock: str, least: int
) -> dict[str, Any]:
    values = {key: _cell(cells, key, clock, least) for key in _QUALITY}
    return {"segment": segment, "level": level, "n": n, **values}


def _cell(cells: pd.DataFrame, key: str, clock: str, least: int) -> float:
    row = row_of(cells, TICKET_KPIS[key], clock)
    return nan if row is None or row["n"] < least else float(row["value"])


def _against_others(
    segment: str,
    level: str,
    n: int,
    cells: pd.DataFrame,
    whole: pd.DataFrame,
    terms: Terms,
    least: int,
) -> list[dict[str, Any]]:
    rows = []
    for key in _TESTED:
        known = TICKET_KPIS[key]
        mine, all_ = (row_of(t, known, terms.clock) for t in (cells, whole))
        if mine is None or all_ is None or mine["n"] < least or all_["n"] - mine["n"] < least:
            continue
        n_mine, n_rest = float(mine["n"]), float(all_["n"] - mine["n"])
        rest = float(all_["value"] * all_["n"] - mine["value"] * n_mine)
        others = min(max(rest / n_rest, 0.0), 1.0)  # censoring makes shares estimates
        rest_low, rest_high = wilson(others, n_rest, 0.95)
        spread = all_["value"] * (1 - all_["value"]) * (1 / n_mine + 1 / n_rest)
        gap = float(mine["value"] - others)
        z = gap / sqrt(spread) if spread > 0 and isfinite(gap) else nan
        rows.append(
            {
                "segment": segment,
                "level": level,
                "kpi": key,
                "direction": known.direction,
                "value": float(mine["value"]),
                "others": others,
                "difference": gap,
                "difference_low": gap - hypot(mine["value"] - mine["low"], rest_high - others),
                "difference_high": gap + hypot(mine["high"] - mine["value"], others - rest_low),
                "p_value": float(2 * norm.sf(abs(z))),
                "n": int(mine["n"]),
            }
        )
    return rows


def _late(rows: list[dict[str, Any]], whole: pd.DataFrame, terms: Terms) -> pd.DataFrame:
    """Return how many of all late tickets each group holds."""
    late = []
    for row in rows:
        if row["kpi"] not in ("first_response_sla", "resolution_sla"):
            continue
        total = row_of(whole, TICKET_KPIS[row["kpi"]], terms.clock)
        if total is None:
            continue
        beyond, all_beyond = (1 - row["value"]) * row["n"], (1 - total["value"]) * total["n"]
        share = beyond / all_beyond if all_beyond > 0 else nan
        of_tickets = row["n"] / total["n"]
        late.append(
            {
                **{name: row[name] for name in ("segment", "level", "kpi", "n")},
                "late": round(beyond) if isfinite(beyond) else 0,
                "share": share,
                "share_of_tickets": of_tickets,
                "weight": share / of_tickets,
            }
        )
    columns = ("segment", "level", "kpi", "n", "late", "share", "share_of_tickets", "weight")
    table = pd.DataFrame(late, columns=list(columns))
    return table.sort_values("late", ascending=False, kind="stable", ignore_index=True)


def _adjusted(rows: list[dict[str, Any]]) -> pd.DataFrame:
    columns = ("segment", "level", "kpi", "direction", "value", "others", "difference")
    more = ("difference_low", "difference_high", "p_value", "n")
    table = pd.DataFrame(rows, columns=[*columns, *more])
    table["p_adjusted"] = adjust(table["p_value"].astype("float64"), method="bh")
    return table.assign(unit="share")
