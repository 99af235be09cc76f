"""Analysis: what lies open at a moment, how old it is, and whether the pile grows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.analysis.results import Caveat
from cxlib.analysis.tickets import Moment, TicketLog, bounds, group_keys, groups_of, read_log
from cxlib.errors import DataError
from cxlib.words import mark as _

AGE_DAYS = (1.0, 3.0, 7.0, 14.0, 30.0)
"""Upper edges of the age classes in days: today, this week, two weeks, a month, and beyond."""


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """Open tickets, their ages and their flow; see :func:`backlog` for the columns.

    Attributes
    ----------
    table, ageing : pandas.DataFrame
    caveats : tuple of Caveat
    """

    table: pd.DataFrame
    ageing: pd.DataFrame
    caveats: tuple[Caveat, ...]


def backlog(
    tickets: pd.DataFrame,
    *,
    as_of: Moment = None,
    by: str | Sequence[str] | None = None,
    each: Literal["month", "quarter", "year"] | None = None,
    age_days: Sequence[float] = AGE_DAYS,
) -> Backlog:
    """Count open tickets and their ages at a moment, or at the end of every period up to it.

    Parameters
    ----------
    tickets : pandas.DataFrame
        The canonical table of :mod:`cxlib.analysis.tickets`.
    as_of : timestamp, optional
        The moment; by default the last in the log.
    by : str or sequence of str, optional
        Columns to split by.
    each : {"month", "quarter", "year"}, optional
        Also look back at the end of each period.
    age_days : sequence of float
        Ascending edges of the age classes, in days.

    Returns
    -------
    Backlog
        ``table``: ``period`` (its label, or the moment's date), ``at`` (the moment on the log's
        wall clock), the `by` columns, ``opened`` and ``resolved`` (during the period, or since the
        log began), ``open``, ``age_median``, ``age_p90`` and ``age_oldest`` (seconds; NaN where
        nothing is open). ``ageing``: ``period``, the `by` columns, ``from_days``, ``to_days``
        (infinite for the last), ``tickets``, ``share``. These count all tickets, so they have no
        interval.

    Raises
    ------
    DataError
        If the log is impossible, or the edges do not ascend.

    Notes
    -----
    A log with one row a ticket forgets: a ticket reopened later counts as open ever since its
    creation, and cancelled and merged tickets are in no backlog.
    """
    if isinstance(age_days, str):
        raise DataError(f"age_days is {age_days!r}; write a list of days, such as [1, 7, 30].")
    edges = np.array([0.0, *age_days, np.inf])
    if not (np.diff(edges) > 0).all():
        raise DataError(f"age_days {list(age_days)} do not ascend from above 0.")
    log = read_log(tickets, as_of=as_of)
    frame, keys, missing = group_keys(log.frame, by)
    undated = frame["done"] & frame["resolved_at"].isna()
    frame = frame[~undated]
    moments = _moments(log, each)
    groups = groups_of(frame, keys)
    table: list[dict[str, Any]] = []
    ageing: list[dict[str, Any]] = []
    since: pd.Timestamp | None = None
    for label, at in moments:
        for group, part in groups:
            ages = _ages(part, at)
            row = {"period": label, "at": _wall(at, log)} | group
            table.append(row | _flow(part, since, at) | _summary(ages))
            counts = np.histogram(ages / 86_400, bins=edges)[0]
            for low, high, n in zip(edges, edges[1:], counts, strict=False):
                share = n / len(ages) if len(ages) else np.nan
                span = {"from_days": low, "to_days": high, "tickets": int(n), "share": share}
                ageing.append({"period": label} | group | span)
        since = at
    caveats = (*log.caveats, *missing, *_caveats(int(undated.sum())))
    return Backlog(table=pd.DataFrame(table), ageing=pd.DataFrame(ageing), caveats=caveats)


def _moments(log: TicketLog, each: str | None) -> list[tuple[str, pd.Timestamp]]:
    """Return label and moment (UTC) of every look, the last of them the moment of the log."""
    now = _wall(log.as_of, log)
    if each is None:
        return [(f"{now:%Y-%m-%d}", log.as_of)]
    if each not in periods.FREQUENCY:
        raise DataError(f"each is {each!r}; write 'month', 'quarter' or 'year'.")
    kind: periods.Kind = each
    marks = pd.Series([log.frame["opened"].min(), now])
    first, last = periods.label_dates(marks, kind)
    looks = []
    for label in periods.between(first, last):
        last = bounds(label)[1] - pd.Timedelta(microseconds=1)
        end = last.tz_localize(log.zone, ambiguous=True, nonexistent="shift_forward")
        looks.append((label, min(end.tz_convert("UTC").tz_localize(None), log.as_of)))
    return looks


def _wall(moment: pd.Timestamp, log: TicketLog) -> pd.Timestamp:
    return moment.tz_localize("UTC").tz_convert(log.zone).tz_localize(None)


def _ages(part: pd.DataFrame, at: pd.Timestamp) -> pd.Series:
    ended = part["resolved_at"]
    is_open = (part["created_at"] <= at) & (ended.isna() | (ended > at))
    ages: pd.Series = (at - part.loc[is_open, "created_at"]).dt.total_seconds()
    return ages


def _flow(part: pd.DataFrame, since: pd.Timestamp | None, at: pd.Timestamp) -> dict[str, int]:
    flow = {}
    for name, column in (("opened", "created_at"), ("resolved", "resolved_at")):
        inside = part[column] <= at
        if since is not None:
            inside &= part[column] > since
        flow[name] = int(inside.sum())
    return flow


def _summary(ages: pd.Series) -> dict[str, float]:
    return {
        "open": len(ages),
        "age_median": float(ages.median()),
        "age_p90": float(ages.quantile(0.9)),
        "age_oldest": float(ages.max()),
    }


def _caveats(undated: int) -> list[Caveat]:
    message = _("{n} finished tickets have no time of resolution and are in no backlog.")
    return [Caveat(message, n=undated)] if undated else []
