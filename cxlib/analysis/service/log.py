"""The ticket log as every service question reads it: checked, one row a ticket, as of a moment.

The canonical tickets table has one row a ticket; its columns, their dtypes and meanings are those
of ``cxlib.data.schema.describe("tickets")``. Only `ticket_id` and `created_at` are required; a
question that needs another column says so in a caveat where it is absent. Times are datetimes, all
of them without a zone (one wall clock) or in one and the same zone; ``state`` is open, resolved,
closed, cancelled, merged or abandoned; ``handle_seconds`` is talk, hold and after-call work;
``first_response_seconds`` and ``resolution_seconds`` are durations on the log's own clock; of
several rows of a ticket the one last in ``updated_at`` wins.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.analysis.business_time import BusinessHours
from cxlib.analysis.results import Caveat
from cxlib.analysis.service.clock import ENDS, UTC_CLOCK, in_utc, one_zone, present_times, refuse
from cxlib.analysis.ticket_targets import DONE, EXCLUDED, STATES
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

GIVEN = {"first_response_at": "first_response_seconds", "resolved_at": "resolution_seconds"}
"""The duration that may stand in for a time."""

AMOUNTS = ("handle_seconds", "reopened", "reassigned", *GIVEN.values())
FLAGS = ("complaint", "upheld", "fcr_survey", "sla_met")
_A_PATTERN = 3
"""So many tickets early by whole hours are no accident."""

Moment = str | dt.datetime | dt.date | pd.Timestamp | None
Clock = Literal["calendar", "business"]


@dataclass(frozen=True, kw_only=True)
class TicketLog:
    """A checked ticket log, as it stood at a moment (`as_of`, UTC without a zone).

    ``frame`` has one row a ticket that was opened by then and neither cancelled nor merged; times
    are UTC without a zone, and later ones are missing. Beside the canonical columns: ``opened``
    (wall clock of creation), ``done`` (resolved or closed), ``abandoned`` (nobody answered it) and
    ``ended_at`` (when it was resolved, else closed).
    """

    frame: pd.DataFrame
    as_of: pd.Timestamp
    zone: dt.tzinfo
    columns: frozenset[str]  # that hold any value
    ends_known: bool  # whether anything (a time, a state) tells that a ticket is over
    n_duplicates: int  # rows that gave way to a later row of their ticket
    n_dropped: int  # tickets cancelled, merged, opened later, or without a creation time
    caveats: tuple[Caveat, ...]

    def wall(self, moment: pd.Timestamp) -> pd.Timestamp:
        """Return a moment in UTC on the log's wall clock."""
        return moment.tz_localize("UTC").tz_convert(self.zone).tz_localize(None)


_read: list[tuple[pd.DataFrame, tuple[Any, ...], TicketLog]] = []
"""The log read last: a chapter asks a dozen questions of one."""


def read_log(
    tickets: pd.DataFrame,
    *,
    as_of: Moment = None,
    calendar: BusinessHours | None = None,
    clock: Clock = "calendar",
    closing: bool = False,
    excluded: Literal["drop", "keep"] = "drop",
) -> TicketLog:
    """Check a tickets table and set it to a moment.

    Several rows of one ticket are folded, the last wins.

    Parameters
    ----------
    calendar : BusinessHours, optional
        Gives the wall clock of times without a zone; without it such a clock never changes.
    clock : {"calendar", "business"}
        On which the log's own durations were measured; those on calendar time give the time.
    closing : bool
        Whether the closing time stands in for a missing resolution.
    excluded : {"drop", "keep"}
        What becomes of cancelled and merged tickets: each was a contact, but not a case.

    Raises
    ------
    DataError
        If a column is missing or of the wrong kind, clocks are mixed, a state is unknown, an
        amount is negative, or nothing is left. Times of one ticket that contradict one another,
        and those in an hour that the clocks skipped, are set aside and counted.
    """
    terms = (as_of, calendar, clock, closing, excluded)
    for seen, its, log in _read:
        if its == terms and tickets.equals(seen):
            return log
    _read.clear()
    log = _checked(tickets, terms)
    _read[:] = [(tickets.copy(deep=False), terms, log)]  # shares its memory until one is changed
    return log


def _checked(tickets: pd.DataFrame, terms: tuple[Any, ...]) -> TicketLog:
    as_of, calendar, clock, closing, excluded = terms
    require(tickets, ("ticket_id", "created_at"))
    if tickets.empty:
        raise DataError("the tickets table has no rows.")
    if tickets["ticket_id"].isna().any():
        raise DataError(f"{int(tickets['ticket_id'].isna().sum())} rows have no ticket_id.")
    if tickets["created_at"].isna().all():
        raise DataError(f"none of {len(tickets)} tickets has a creation time.")
    _check_amounts(tickets)
    zone = one_zone(tickets, calendar)
    rows, read = in_utc(tickets, zone)
    told = {str(column) for column in tickets if tickets[column].notna().any()}
    for column, seconds in GIVEN.items():
        if clock == "calendar" and seconds in told:
            given = rows["created_at"] + pd.to_timedelta(rows[seconds].astype("float64"), unit="s")
            rows[column] = rows[column].fillna(given.astype(UTC_CLOCK))
            told.add(column)
    moment = _moment(rows, as_of, zone)
    frame = _last_rows(rows, moment)
    n_duplicates = len(rows) - len(frame)
    undated = frame["created_at"].isna()
    frame, stood_in = _as_it_stood(only(frame, ~undated), moment, closing=closing)
    frame, contradicting = _set_aside(frame)
    later = frame["created_at"] > moment
    gone = frame["state"].isin(EXCLUDED) & ~later & (excluded == "drop")
    kept = only(frame, ~later & ~gone).reset_index(drop=True)
    if kept.empty:
        raise DataError(
            f"no ticket is left of {len(tickets)} rows: {int(gone.sum())} are cancelled or "
            f"merged, {int(later.sum())} were opened after {moment}, {int(undated.sum())} have no "
            "creation time."
        )
    wall = kept["created_at"].dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None)
    kept["opened"] = wall
    kept["abandoned"] = kept["state"] == "abandoned"
    if not kept["done"].any():  # while nothing is finished, an empty time tells too
        told |= {column for column in ENDS if column in tickets}
    if stood_in:
        told.add("resolved_at")
    abandoned = int(kept["abandoned"].sum())
    counts = (
        (n_duplicates, _("{n} earlier or repeated rows of a ticket gave way to its last row.")),
        (int(gone.sum()), _("{n} cancelled or merged tickets were left out.")),
        (int(later.sum()), _("{n} tickets opened after the moment of the report were left out.")),
        (int(undated.sum()), _("{n} tickets without a creation time were left out.")),
        (read["skipped"], _("{n} times lie in an hour that the clocks skipped; set aside.")),
        (read["first"], _("{n} times lie in an hour that came twice and were read as the first.")),
        (stood_in, _("{n} tickets have no resolution; the closing time stands in for it.")),
        (abandoned, _("{n} abandoned contacts count in the abandonment rate alone.")),
    )
    return TicketLog(
        frame=kept,
        as_of=moment,
        zone=zone,
        columns=frozenset(told),
        ends_known=bool({"resolved_at", "closed_at", "state"} & told),
        n_duplicates=n_duplicates,
        n_dropped=int(gone.sum() + later.sum() + undated.sum()),
        caveats=(*(Caveat(message, n=n) for n, message in counts if n), *contradicting),
    )


def cohort(log: TicketLog, period: str | int | None) -> pd.DataFrame:
    """Return the tickets opened in a period such as ``2026-09``; all of them for None."""
    if period is None:
        return log.frame
    opened = log.frame["opened"]
    inside = log.frame[opened_in(opened, period)]
    if inside.empty:
        raise DataError(
            f"no ticket was opened in {periods.parse(period)}; "
            f"the log runs from {opened.min():%Y-%m-%d} to {opened.max():%Y-%m-%d}."
        )
    return inside.reset_index(drop=True)


def opened_in(opened: pd.Series, period: str | int) -> pd.Series:
    """Return which tickets were opened in a period."""
    first, following = bounds(period)
    return (opened >= first) & (opened < following)


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
    message = _("{n} tickets have no {column}.")
    counts = {key: int(frame[key].isna().sum()) for key in keys}
    caveats = [Caveat(message, n=n, column=key) for key, n in counts.items() if n]
    return frame.dropna(subset=keys) if caveats else frame, keys, caveats


def groups_of(
    frame: pd.DataFrame, keys: list[str]
) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Yield the values of `keys` with the tickets that have them, in order; one group for none.

    One group at a time is in memory: pandas would sort a copy of the whole log.
    """
    if not keys:
        yield {}, frame
        return
    grouped = frame.groupby(keys, sort=True, observed=True)
    sizes, order = grouped.size(), np.argsort(grouped.ngroup().to_numpy(), kind="stable")
    parts = np.split(order, sizes.to_numpy().cumsum()[:-1])
    for names, rows in zip(sizes.index, parts, strict=True):
        values = names if isinstance(names, tuple) else (names,)
        yield dict(zip(keys, values, strict=True)), frame.take(rows)


def only(frame: pd.DataFrame, mask: pd.Series) -> pd.DataFrame:
    """Return the rows under a mask, sharing memory where that is all of them."""
    return frame.copy(deep=False) if mask.all() else frame[mask]


def require(frame: pd.DataFrame, columns: Iterable[str]) -> None:
    """Raise DataError for the first of `columns` that a tickets table lacks."""
    for column in columns:
        if column not in frame:
            raise DataError(
                f"column {column!r} is not in the tickets{nearest(column, map(str, frame.columns))}"
            )


def _check_amounts(frame: pd.DataFrame) -> None:
    for column in (*AMOUNTS, "csat"):
        if column not in frame or frame[column].isna().all():
            continue
        values = frame[column]
        if not pd.api.types.is_numeric_dtype(values):
            raise DataError(f"{column!r} is {values.dtype}, not numbers.")
        amounts, positive = values.astype("Float64"), column in AMOUNTS
        bad = ((amounts < 0) & positive | (amounts.abs() == np.inf)).fillna(False)
        refuse(values, bad, f"; it is a finite number{', 0 or more' if positive else ''}.")
    for column in frame.columns.intersection(list(FLAGS)):
        values = frame[column]
        odd = values.notna() & ~values.isin([True, False])
        refuse(values, odd, "; it is true, false or missing.")


def _last_rows(frame: pd.DataFrame, moment: pd.Timestamp) -> pd.DataFrame:
    """Keep each ticket's last row, by ``updated_at`` where there is one, else by position.

    A row written after the moment counts only where the ticket has no earlier one.
    """
    if not frame["ticket_id"].duplicated().any():
        return frame
    ordered = frame
    if "updated_at" in frame:
        known = (frame["updated_at"] <= moment).rename("known")
        order = pd.DataFrame({"known": known, "at": frame["updated_at"]}).reset_index(drop=True)
        order = order.sort_values(["known", "at"], kind="stable", na_position="first")
        ordered = frame.iloc[order.index]
    return ordered.drop_duplicates("ticket_id", keep="last")


def _moment(frame: pd.DataFrame, as_of: Moment, zone: dt.tzinfo) -> pd.Timestamp:
    if as_of is None:
        return cast(pd.Timestamp, max(frame[column].max() for column in present_times(frame)))
    try:
        moment = pd.Timestamp(as_of)
    except (ValueError, TypeError):
        moment = pd.NaT  # type: ignore[assignment]
    if pd.isna(moment):
        raise DataError(f"as_of is {as_of!r}; write a moment such as '2026-09-30 18:00'.")
    if moment.tzinfo is None:
        moment = moment.tz_localize(zone, ambiguous=False, nonexistent="shift_forward")
    return moment.tz_convert("UTC").tz_localize(None)


def _as_it_stood(
    frame: pd.DataFrame, moment: pd.Timestamp, *, closing: bool
) -> tuple[pd.DataFrame, int]:
    """Forget what happened after `moment`, and fill in the state that then held.

    Returned as well: for how many finished tickets the closing stands in for the resolution.
    """
    ended = frame["resolved_at"].fillna(frame["closed_at"])
    state = _states(frame, ended.notna())
    gone = frame["closed_at"].fillna(frame["resolved_at"])
    state = state.mask(state.isin((*EXCLUDED, "abandoned")) & (gone > moment), "open")
    state = state.mask(state.isin(DONE) & (ended > moment), "open")
    done = state.isin(DONE)
    stands_in = frame["resolved_at"].isna() & frame["closed_at"].notna() & done & closing
    frame["state"], frame["done"] = state, done
    frame["ended_at"] = ended.where(done)
    frame["resolved_at"] = frame["resolved_at"].mask(stands_in, frame["closed_at"]).where(done)
    for column in ENDS:
        frame[column] = frame[column].mask(frame[column] > moment)
    return frame, int(stands_in.sum())


def _states(frame: pd.DataFrame, over: pd.Series) -> pd.Series:
    codes = np.where(over, STATES.index("resolved"), STATES.index("open")).astype("int8")
    known = pd.CategoricalDtype(list(STATES))
    by_times = pd.Series(pd.Categorical.from_codes(codes, dtype=known), index=frame.index)
    if "state" not in frame:
        return by_times
    given = frame["state"]
    strange = given.notna() & ~given.isin(STATES)
    refuse(given, strange, f"; map it to one of {', '.join(STATES)}.")
    return given.astype(known).where(given.notna(), by_times)


def _set_aside(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Caveat]]:
    """Drop times that lie before the creation of their ticket, and say how many it were."""
    caveats = []
    for column in (*ENDS, "ended_at"):
        early = frame["created_at"] - frame[column]
        bad = early > pd.Timedelta(0)
        if not bad.any():
            continue
        frame[column] = frame[column].mask(bad)
        if column == "ended_at":
            continue
        hours = float((early[bad].dt.total_seconds() / 3600).median())
        caveats.append(Caveat(_EARLY, n=int(bad.sum()), column=column))
        if bad.sum() >= _A_PATTERN and round(hours) >= 1 and abs(hours - round(hours)) < 0.25:
            caveats.append(Caveat(_ZONES, column=column, hours=round(hours)))
    return frame, caveats


_EARLY = _("{n} tickets have a {column} before their creation; those times were set aside.")
_ZONES = _("Times in {column} are {hours} h early: the clocks may be in different time zones.")
