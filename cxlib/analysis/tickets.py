"""Analysis: the ticket log as every service question reads it: checked, folded, and as of a moment.

The canonical tickets table has one row a ticket. Only `ticket_id` and `created_at` are required;
a question that needs another column says so in a caveat where it is absent.

=================== ============== ================================================================
column              dtype          meaning
=================== ============== ================================================================
ticket_id           text           unique name of the ticket
created_at          datetime       when the customer opened it
first_response_at   datetime       first answer by a person
resolved_at         datetime       when it was (last) solved
closed_at           datetime       when it was closed for good
updated_at          datetime       when the row was written; the last row of a ticket wins
state               text           open, resolved, closed, cancelled or merged
customer_id         text           who opened it
channel, queue, priority, agent_group, agent, category   text   what tables are split by
handle_seconds      float          working time: talk, hold and after-call work, in seconds
reopened            integer        how often it was reopened
reassigned          integer        how often it changed hands
csat                float          the customer's rating of this ticket
fcr_survey          boolean        the customer says that one contact was enough
complaint, upheld   boolean        a complaint, and whether it was justified
=================== ============== ================================================================

All times are either without a zone (one wall clock) or in one and the same zone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.analysis._ticket_checks import (
    UTC_CLOCK,
    check_amounts,
    check_order,
    in_utc,
    one_zone,
    present_times,
)
from cxlib.analysis.business_time import BusinessHours, repeated_hours
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

STATES = ("open", "resolved", "closed", "cancelled", "merged")
DONE = ("resolved", "closed")
EXCLUDED = ("cancelled", "merged")

Moment = str | dt.datetime | dt.date | pd.Timestamp | None


@dataclass(frozen=True, kw_only=True)
class TicketLog:
    """A checked ticket log, as it stood at a moment.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row a ticket that was opened by `as_of` and neither cancelled nor merged; times are
        UTC without a zone, and those after `as_of` are missing. Beside the canonical columns:
        ``opened`` (wall clock of creation) and ``done`` (boolean: resolved or closed).
    as_of : pandas.Timestamp
        The moment, UTC without a zone.
    zone : datetime.tzinfo
        Zone of the wall clock.
    n_rows, n_duplicates, n_excluded, n_later, n_undated : int
        Rows given; rows that a later row of the same ticket replaced; tickets cancelled or merged;
        tickets opened after `as_of`; tickets without a creation time.
    columns : frozenset of str
        Columns that tell anything: those without a single value are as good as absent.
    caveats : tuple of Caveat
        What was left out, and how the clocks were read.
    """

    frame: pd.DataFrame
    as_of: pd.Timestamp
    zone: dt.tzinfo
    n_rows: int
    n_duplicates: int
    n_excluded: int
    n_later: int
    n_undated: int
    columns: frozenset[str]
    caveats: tuple[Caveat, ...]


def read_log(
    tickets: pd.DataFrame,
    *,
    as_of: Moment = None,
    calendar: BusinessHours | None = None,
    excluded: Literal["drop", "keep"] = "drop",
) -> TicketLog:
    """Check a tickets table and set it to a moment.

    Parameters
    ----------
    tickets : pandas.DataFrame
        The canonical table (see the module); several rows of one ticket are folded, the last wins.
    as_of : timestamp, optional
        What happened later is unknown; by default the last moment in the log.
    calendar : BusinessHours, optional
        Gives the wall clock of times without a zone; without it such a clock never changes.
    excluded : {"drop", "keep"}
        What becomes of cancelled and merged tickets: each was a contact, but not a case.

    Returns
    -------
    TicketLog

    Raises
    ------
    DataError
        If a column is missing or of the wrong kind, clocks are mixed, something happens before
        creation, a state is unknown, an amount is negative, or nothing is left.
    """
    require(tickets, ("ticket_id", "created_at"))
    if tickets.empty:
        raise DataError("the tickets table has no rows.")
    if tickets["ticket_id"].isna().any():
        raise DataError(f"{int(tickets['ticket_id'].isna().sum())} rows have no ticket_id.")
    if tickets["created_at"].isna().all():
        raise DataError(f"none of {len(tickets)} tickets has a creation time.")
    zone = one_zone(tickets, calendar)
    n_repeated = sum(repeated_hours(tickets[c], zone) for c in present_times(tickets))
    rows, n_second = in_utc(tickets, zone)
    moment = _moment(rows, as_of, zone)
    frame, n_duplicates = _last_rows(rows, moment)
    check_order(frame, zone)
    check_amounts(frame)
    undated = frame["created_at"].isna()
    frame = _as_it_stood(frame[~undated], moment)
    later = frame["created_at"] > moment
    gone = frame["state"].isin(EXCLUDED) & ~later & (excluded == "drop")
    kept = frame[~later & ~gone].reset_index(drop=True)
    if kept.empty:
        raise DataError(
            f"no ticket is left of {len(tickets)} rows: {int(gone.sum())} are cancelled or "
            f"merged, {int(later.sum())} were opened after {moment}, {int(undated.sum())} have no "
            "creation time."
        )
    kept["opened"] = (
        kept["created_at"].dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None)
    )
    kept["done"] = kept["state"].isin(DONE)
    counts = {
        "n_duplicates": n_duplicates,
        "n_excluded": int(gone.sum()),
        "n_later": int(later.sum()),
        "n_undated": int(undated.sum()),
    }
    caveats = left_out(**counts, n_repeated=n_repeated - n_second)
    return TicketLog(
        frame=kept,
        as_of=moment,
        zone=zone,
        n_rows=len(tickets),
        columns=_told(rows, unfinished=not kept["done"].any()),
        caveats=caveats,
        **counts,
    )


def cohort(log: TicketLog, period: str | int | None) -> pd.DataFrame:
    """Return the tickets opened in a period such as ``2026-09``; all of them for None.

    Raises
    ------
    DataError
        If no ticket was opened in the period.
    """
    if period is None:
        return log.frame
    opened = log.frame["opened"]
    first, following = bounds(period)
    inside = log.frame[(opened >= first) & (opened < following)]
    if inside.empty:
        raise DataError(
            f"no ticket was opened in {periods.parse(period)}; "
            f"the log runs from {opened.min():%Y-%m-%d} to {opened.max():%Y-%m-%d}."
        )
    return inside.reset_index(drop=True)


def bounds(period: str | int) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first moment of a period and the first one after it."""
    wanted = periods.parse(period)
    return pd.Timestamp(wanted.start), pd.Timestamp((wanted + 1).start)


def group_keys(
    frame: pd.DataFrame, by: str | Iterable[str] | None
) -> tuple[pd.DataFrame, list[str], list[Caveat]]:
    """Return the tickets that have every `by` value, the names of `by`, and what was left out.

    ``month``, ``quarter`` and ``year`` are those of creation, unless the table has such a column.
    """
    keys = [by] if isinstance(by, str) else list(by or ())
    derived = {
        key: periods.label_dates(frame["opened"], key)
        for key in keys
        if key in periods.FREQUENCY and key not in frame
    }
    frame = frame.assign(**derived)
    require(frame, keys)
    caveats = []
    for key in keys:
        n = int(frame[key].isna().sum())
        if n:
            caveats.append(Caveat(_("{n} tickets have no {column}."), n=n, column=key))
    return frame.dropna(subset=keys) if keys else frame, keys, caveats


def groups_of(frame: pd.DataFrame, keys: list[str]) -> list[tuple[dict[str, Any], pd.DataFrame]]:
    """Return the values of `keys` with the tickets that have them, in order; one group for none."""
    if not keys:
        return [({}, frame)]
    grouped = frame.groupby(keys, sort=True, observed=True)
    return [(dict(zip(keys, names, strict=True)), part) for names, part in grouped]


def require(frame: pd.DataFrame, columns: Iterable[str]) -> None:
    """Raise DataError for the first of `columns` that a tickets table lacks."""
    for column in columns:
        if column not in frame:
            raise DataError(
                f"column {column!r} is not in the tickets{nearest(column, map(str, frame.columns))}"
            )


def _told(rows: pd.DataFrame, *, unfinished: bool) -> frozenset[str]:
    """Return the columns that tell anything; while nothing is finished, an empty time tells too."""
    waiting = {"first_response_at", "resolved_at", "closed_at"} if unfinished else set()
    return frozenset(
        str(column) for column in rows if column in waiting or rows[column].notna().any()
    )


def _last_rows(frame: pd.DataFrame, moment: pd.Timestamp) -> tuple[pd.DataFrame, int]:
    """Keep each ticket's last row, by ``updated_at`` where there is one, else by position.

    A row written after the moment counts only where the ticket has no earlier one.
    """
    if not frame["ticket_id"].duplicated().any():
        return frame, 0
    ordered = frame
    if "updated_at" in frame:
        known = (frame["updated_at"] <= moment).rename("known")
        order = pd.DataFrame({"known": known, "at": frame["updated_at"]}).reset_index(drop=True)
        order = order.sort_values(["known", "at"], kind="stable", na_position="first")
        ordered = frame.iloc[order.index]
    last = ordered.drop_duplicates("ticket_id", keep="last")
    return last, len(frame) - len(last)


def read_moment(as_of: str | dt.date) -> pd.Timestamp:
    """Return a moment given as text or date, or raise DataError if it is none."""
    try:
        moment = pd.Timestamp(as_of)
    except (ValueError, TypeError):
        moment = pd.NaT  # type: ignore[assignment]
    if pd.isna(moment):
        raise DataError(f"as_of is {as_of!r}; write a moment such as '2026-09-30 18:00'.")
    return moment


def _moment(frame: pd.DataFrame, as_of: Moment, zone: dt.tzinfo) -> pd.Timestamp:
    if as_of is None:
        return cast(pd.Timestamp, max(frame[column].max() for column in present_times(frame)))
    moment = read_moment(as_of)
    if moment.tzinfo is None:
        moment = moment.tz_localize(zone, ambiguous=False, nonexistent="shift_forward")
    return moment.tz_convert("UTC").tz_localize(None)


def _as_it_stood(frame: pd.DataFrame, moment: pd.Timestamp) -> pd.DataFrame:
    """Forget what happened after `moment`, and fill in the state that then held."""
    frame = frame.copy()
    for column in ("first_response_at", "resolved_at", "closed_at"):
        if column not in frame:
            frame[column] = pd.Series(pd.NaT, index=frame.index, dtype=UTC_CLOCK)
    ended = frame["resolved_at"].fillna(frame["closed_at"])
    over = ended.notna()
    state = _states(frame, over)
    gone = frame["closed_at"].fillna(frame["resolved_at"])
    state = state.mask(state.isin(EXCLUDED) & (gone > moment), "open")
    state = state.mask(state.isin(DONE) & (ended > moment), "open")
    frame["state"] = state
    frame["resolved_at"] = ended.where(state.isin(DONE))
    for column in ("first_response_at", "resolved_at", "closed_at"):
        frame[column] = frame[column].mask(frame[column] > moment)
    return frame


def _states(frame: pd.DataFrame, over: pd.Series) -> pd.Series:
    by_times = pd.Series(np.where(over, "resolved", "open"), index=frame.index, dtype="object")
    if "state" not in frame:
        return by_times
    given = frame["state"].astype("object").where(frame["state"].notna(), None)
    strange = given.notna() & ~given.isin(STATES)
    if strange.any():
        value = given[strange].iloc[0]
        raise DataError(
            f"'state' holds {value!r} (row {frame.index[strange][0]}, {int(strange.sum())} such); "
            f"map it to one of {', '.join(STATES)}."
        )
    return given.where(given.notna(), by_times)


def left_out(
    *, n_duplicates: int, n_excluded: int, n_later: int, n_undated: int, n_repeated: int
) -> tuple[Caveat, ...]:
    """Return a caveat for every kind of row that was left out or read with a doubt."""
    said = (
        (n_duplicates, _("{n} earlier or repeated rows of a ticket gave way to its last row.")),
        (n_excluded, _("{n} cancelled or merged tickets were left out.")),
        (n_later, _("{n} tickets opened after the moment of the report were left out.")),
        (n_undated, _("{n} tickets without a creation time were left out.")),
        (n_repeated, _("{n} times lie in an hour that came twice and were read as the first.")),
    )
    return tuple(Caveat(message, n=n) for n, message in said if n)
