"""The ticket log as every service question reads it: checked, one row a ticket, as of a moment.

``cxlib.data.schema.describe("tickets")`` tells its columns; only `ticket_id` and `created_at` are
required. Times are datetimes, all without a zone (one wall clock) or all in one zone; ``state`` is
one of `STATES`; ``handle_seconds`` is talk, hold and after-call work; ``first_response_seconds``
and ``resolution_seconds`` are durations on the log's own clock. Of several rows of a ticket the one
last in ``updated_at`` wins.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any, Literal, cast

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.analysis.business_time import BusinessHours, to_utc
from cxlib.analysis.metrics import DONE, EXCLUDED, STATES
from cxlib.analysis.results import Caveat, Result, counted
from cxlib.analysis.validate import refuse, require
from cxlib.errors import Count, DataError
from cxlib.words import mark as _

TIMES = ("created_at", "first_response_at", "resolved_at", "closed_at", "updated_at")
ENDS = ("first_response_at", "resolved_at", "closed_at")
UTC_CLOCK: Literal["datetime64[us]"] = "datetime64[us]"
GIVEN = {"first_response_at": "first_response_seconds", "resolved_at": "resolution_seconds"}
"""The duration that may stand in for a time."""

AMOUNTS = ("handle_seconds", "reopened", "reassigned", *GIVEN.values())
FLAGS = ("complaint", "upheld", "fcr_survey", "sla_met")
_A_PATTERN = 3  # so many tickets early by whole hours are no accident

Moment = str | dt.datetime | dt.date | pd.Timestamp | None
Clock = Literal["calendar", "business"]


class TicketLog(Result):
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
    """Check a tickets table and set it to a moment; several rows of one ticket are folded.

    `calendar` gives the wall clock of times without a zone (without it such a clock never changes);
    `clock` is the one on which the log's own durations were measured: those on calendar time give
    the time. `closing` lets the closing time stand in for a missing resolution. `excluded` tickets
    (cancelled, merged) were contacts, but no cases. Refused are missing columns and wrong kinds,
    mixed clocks, unknown states, amounts below 0, and a log of which nothing is left; times that
    contradict, or in an hour that the clocks skipped, are set aside and counted.
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
    _check(tickets)
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
    created = kept["created_at"].dt.tz_localize("UTC")
    kept["opened"] = created.dt.tz_convert(zone).dt.tz_localize(None)
    kept["abandoned"] = kept["state"] == "abandoned"
    if not kept["done"].any():  # while nothing is finished, an empty time tells too
        told |= {column for column in ENDS if column in tickets}
    if stood_in:
        told.add("resolved_at")
    caveats = counted(
        (n_duplicates, _("{n} earlier {n:row|rows} of a ticket gave way to its last row.")),
        (gone.sum(), _("{n} cancelled or merged {n:ticket was|tickets were} left out.")),
        (later.sum(), _("{n} {n:ticket|tickets} opened after this report {n:was|were} left out.")),
        (undated.sum(), _("{n} {n:ticket|tickets} without a creation time {n:was|were} left out.")),
        (read["skipped"], _("{n} {n:time|times} in an hour that the clocks skipped: set aside.")),
        (read["first"], _("{n} {n:time|times} in an hour that came twice: read as the first.")),
        (
            stood_in,
            _("{n} {n:ticket has|tickets have} no resolution; the closing time stands in for it."),
        ),
        (
            kept["abandoned"].sum(),
            _("{n} abandoned {n:contact counts|contacts count} in the abandonment rate alone."),
        ),
    )
    return TicketLog(
        frame=kept,
        as_of=moment,
        zone=zone,
        columns=frozenset(told),
        ends_known=bool({"resolved_at", "closed_at", "state"} & told),
        n_duplicates=n_duplicates,
        n_dropped=int(gone.sum() + later.sum() + undated.sum()),
        caveats=(*caveats, *contradicting),
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
    """Return the tickets that have every `by` value, the names of `by`, and what was left out."""
    keys = [by] if isinstance(by, str) else list(by or ())
    derived = {  # month, quarter and year are those of creation, unless there is such a column
        key: periods.label_dates(frame["opened"], key)
        for key in keys
        if key in periods.FREQUENCY and key not in frame
    }
    frame = frame.assign(**derived)
    require(frame, keys, "tickets")
    caveats: list[Caveat] = []
    for key in keys:
        caveats += counted(
            (frame[key].isna().sum(), _("{n} {n:ticket has|tickets have} no {column}.")), column=key
        )
    return frame.dropna(subset=keys) if caveats else frame, keys, caveats


def groups_of(
    frame: pd.DataFrame, keys: list[str]
) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Yield the values of `keys` with the tickets that have them, in order; one group for none."""
    if not keys:
        yield {}, frame
        return
    grouped = frame.groupby(keys, sort=True, observed=True)  # its own loop copies the whole log
    sizes, order = grouped.size(), np.argsort(grouped.ngroup().to_numpy(), kind="stable")
    parts = np.split(order, sizes.to_numpy().cumsum()[:-1])
    for names, rows in zip(sizes.index, parts, strict=True):
        values = names if isinstance(names, tuple) else (names,)
        yield dict(zip(keys, values, strict=True)), frame.take(rows)


def only(frame: pd.DataFrame, mask: pd.Series) -> pd.DataFrame:
    """Return the rows under a mask, sharing memory where that is all of them."""
    return frame.copy(deep=False) if mask.all() else frame[mask]


def _check(frame: pd.DataFrame) -> None:
    """Refuse a log without tickets, ids or times of creation, or with amounts that are none."""
    require(frame, ("ticket_id", "created_at"), "tickets")
    if frame.empty:
        raise DataError("the tickets table has no rows.")
    if frame["ticket_id"].isna().any():
        raise DataError(
            f"{(n := Count(frame['ticket_id'].isna().sum()))} {n:row has|rows have} no ticket_id."
        )
    if frame["created_at"].isna().all():
        raise DataError(f"none of {len(frame)} tickets has a creation time.")
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
    """Keep each ticket's last row by then (by ``updated_at``, else position), else its first."""
    if not frame["ticket_id"].duplicated().any():
        return frame
    if "updated_at" in frame:
        order = pd.DataFrame({"at": frame["updated_at"]}).reset_index(drop=True)
        order = order.assign(known=order["at"] <= moment)
        order = order.sort_values(["known", "at"], kind="stable", na_position="first")
        frame = frame.iloc[order.index]
    return frame.drop_duplicates("ticket_id", keep="last")


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
    """Forget what came after `moment`; count for how many the closing is the resolution."""
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
    caveats: list[Caveat] = []
    for column in (*ENDS, "ended_at"):
        early = frame["created_at"] - frame[column]
        bad = early > pd.Timedelta(0)
        if not bad.any():
            continue
        frame[column] = frame[column].mask(bad)
        if column == "ended_at":
            continue
        hours = float((early[bad].dt.total_seconds() / 3600).median())
        message = _(
            "{n} {n:ticket has|tickets have} a {column} before {n:its creation; that time "
            "was|their creation; those times were} set aside."
        )
        caveats += counted((bad.sum(), message), column=column)
        if bad.sum() >= _A_PATTERN and round(hours) >= 1 and abs(hours - round(hours)) < 0.25:
            message = _(
                "Times in {column} are {hours} h early: the clocks may be in different time zones."
            )
            caveats.append(Caveat(message, column=column, hours=round(hours)))
    return frame, caveats


def present_times(tickets: pd.DataFrame) -> list[str]:
    """Return the time columns that hold anything."""
    return [column for column in TIMES if column in tickets and tickets[column].notna().any()]


def one_zone(tickets: pd.DataFrame, calendar: BusinessHours | None) -> dt.tzinfo:
    """Return the one zone of the table's clocks, or raise DataError."""
    zones: dict[str, dt.tzinfo | None] = {}
    for column in present_times(tickets):
        if not pd.api.types.is_datetime64_any_dtype(tickets[column]):
            _refuse_times(tickets[column])
        zones[column] = tickets[column].dt.tz
    names = {column: str(zone) if zone else "no time zone" for column, zone in zones.items()}
    if len(set(names.values())) > 1:
        listed = ", ".join(f"{column} has {name}" for column, name in names.items())
        raise DataError(f"the clocks of the tickets are mixed: {listed}; put all on one clock.")
    if calendar is not None:
        if not isinstance(calendar, BusinessHours):
            raise DataError(f"calendar is {calendar!r}; write BusinessHours(hours='09:00-18:00').")
        return calendar.zone
    return next((zone for zone in zones.values() if zone is not None), dt.UTC)


def _refuse_times(values: pd.Series) -> None:
    known = values.dropna()
    if all(isinstance(value, dt.datetime) for value in known):
        aware = [value.tzinfo is not None for value in known]
        odd = known[[each != aware[0] for each in aware]] if len(set(aware)) > 1 else known[1:]
        raise DataError(
            f"{values.name!r} mixes clocks: row {odd.index[0]} holds {odd.iloc[0]}, unlike row "
            f"{known.index[0]} with {known.iloc[0]} ({len(odd)} such); put all on one clock."
        )
    wrong = known.map(lambda value: not isinstance(value, dt.datetime)).astype(bool)
    refuse(known, wrong, ", which is no date with a time; convert the column first.")


def in_utc(tickets: pd.DataFrame, zone: dt.tzinfo) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the table with every time in UTC, without a zone, and how doubtful ones were read.

    An hour that came twice is the first, unless that lies before the creation of its ticket.
    """
    frame, read = tickets.copy(deep=False), {"first": 0, "skipped": 0}
    filled = present_times(tickets)
    for column in TIMES:
        if column in filled:
            first, second = (
                to_utc(tickets[column], zone, last=last).dt.tz_localize(None).astype(UTC_CLOCK)
                for last in (False, True)
            )
            read["skipped"] += int((first.isna() & tickets[column].notna()).sum())
            twice = first < second
            early = twice & (column != "created_at")
            if early.any():
                early &= first < frame["created_at"]
            read["first"] += int(twice.sum()) - int(early.sum())
            frame[column] = first.mask(early, second)
        elif column in frame or column in ENDS:
            frame[column] = pd.Series(pd.NaT, index=frame.index, dtype=UTC_CLOCK)
    return frame, read
