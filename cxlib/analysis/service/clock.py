"""The clocks of a ticket log: one zone, every time in UTC, doubtful hours counted."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import pandas as pd

from cxlib.analysis.business_time import BusinessHours, to_utc
from cxlib.errors import DataError

TIMES = ("created_at", "first_response_at", "resolved_at", "closed_at", "updated_at")
ENDS = ("first_response_at", "resolved_at", "closed_at")
UTC_CLOCK: Literal["datetime64[us]"] = "datetime64[us]"


def refuse(values: pd.Series, bad: pd.Series, wanted: str) -> None:
    """Raise DataError for the first bad value of a column: its row, how many there are, the fix."""
    if bad.any():
        first = values[bad].iloc[0]
        shown = repr(first) if isinstance(first, (str, bool, dt.date)) else first
        raise DataError(
            f"{values.name!r} holds {shown} (row {values.index[bad][0]}, {int(bad.sum())} such)"
            f"{wanted}"
        )


def present_times(tickets: pd.DataFrame) -> list[str]:
    """Return the time columns that hold anything."""
    return [column for column in TIMES if column in tickets and tickets[column].notna().any()]


def one_zone(tickets: pd.DataFrame, calendar: BusinessHours | None) -> dt.tzinfo:
    """Return the one zone of the table's clocks, or raise DataError."""
    zones: dict[str, dt.tzinfo | None] = {}
    for column in present_times(tickets):
        values = tickets[column]
        if not pd.api.types.is_datetime64_any_dtype(values):
            _refuse_times(values)
        zones[column] = values.dt.tz
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

    In an hour that came twice a time is read as the first, unless it then lay before the creation
    of its ticket; an hour that the clocks skipped is no time.
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
