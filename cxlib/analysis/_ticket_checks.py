"""Analysis: what a ticket log must satisfy before a question is put to it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from cxlib.analysis.business_time import BusinessHours, to_utc
from cxlib.errors import DataError

TIMES = ("created_at", "first_response_at", "resolved_at", "closed_at", "updated_at")
AMOUNTS = ("handle_seconds", "reopened", "reassigned")
FLAGS = ("complaint", "upheld", "fcr_survey")
UTC_CLOCK = "datetime64[us]"
_A_PATTERN = 3
"""So many tickets early by whole hours are no accident."""


def check_order(frame: pd.DataFrame, zone: dt.tzinfo) -> None:
    """Raise DataError where a response, solution or closing stands before the creation.

    Times of `frame` are UTC; the message gives them on the wall clock of `zone`.
    """
    words = {
        "first_response_at": "were answered before they were created",
        "resolved_at": "were resolved before they were opened",
        "closed_at": "were closed before they were opened",
    }
    for column, what in words.items():
        if column not in frame:
            continue
        early = frame["created_at"] - frame[column]
        bad = early > pd.Timedelta(0)
        if bad.any():
            first = frame[bad].iloc[0]
            hours = float((early[bad].dt.total_seconds() / 3600).median())
            clocks = (
                f" They are {hours:.0f} h early: the two clocks may be in different time zones."
                if bad.sum() >= _A_PATTERN
                and round(hours) >= 1
                and abs(hours - round(hours)) < 0.25
                else ""
            )
            told, made = (_wall(first[name], zone) for name in (column, "created_at"))
            raise DataError(
                f"{int(bad.sum())} of {len(frame)} tickets {what}: the first is "
                f"{first['ticket_id']!r} (row {frame.index[bad][0]}), {column} "
                f"{told}, created_at {made}.{clocks}"
            )


def _wall(moment: pd.Timestamp, zone: dt.tzinfo) -> pd.Timestamp:
    return moment.tz_localize("UTC").tz_convert(zone).tz_localize(None)


def one_zone(tickets: pd.DataFrame, calendar: BusinessHours | None) -> dt.tzinfo:
    """Return the one zone of the table's clocks, or raise DataError."""
    zones: dict[str, dt.tzinfo | None] = {}
    for column in present_times(tickets):
        values = tickets[column]
        if not pd.api.types.is_datetime64_any_dtype(values):
            raise DataError(_not_times(values))
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


def _not_times(values: pd.Series) -> str:
    known = values.dropna()
    if all(isinstance(value, dt.datetime) for value in known):
        aware = [value.tzinfo is not None for value in known]
        odd = known[[each != aware[0] for each in aware]] if len(set(aware)) > 1 else known[1:]
        return (
            f"{values.name!r} mixes clocks: row {odd.index[0]} holds {odd.iloc[0]}, unlike row "
            f"{known.index[0]} with {known.iloc[0]} ({len(odd)} such); put all on one clock."
        )
    wrong = known[[not isinstance(value, dt.datetime) for value in known]]
    return (
        f"{values.name!r} holds {wrong.iloc[0]!r} (row {wrong.index[0]}, {len(wrong)} such), "
        "which is no date with a time; convert the column first."
    )


def in_utc(tickets: pd.DataFrame, zone: dt.tzinfo) -> tuple[pd.DataFrame, int]:
    """Return the table with every time in UTC, without a zone, to the microsecond.

    In an hour that came twice a time is read as the first, unless it then lay before the creation
    of its ticket; how many were read as the second is returned as well.
    """
    frame, n_second = tickets.copy(), 0
    filled = present_times(tickets)
    for column in TIMES:
        if column in filled:
            first, second = (
                to_utc(tickets[column], zone, last=last).dt.tz_localize(None).astype(UTC_CLOCK)
                for last in (False, True)
            )
            early = (first < second) & (column != "created_at")
            if early.any():
                early &= first < frame["created_at"]
                n_second += int(early.sum())
            frame[column] = first.mask(early, second)
        elif column in frame:
            frame[column] = pd.Series(pd.NaT, index=frame.index, dtype=UTC_CLOCK)
    return frame, n_second


def check_amounts(frame: pd.DataFrame) -> None:
    """Raise DataError where an amount is text, infinite or negative, or a flag is neither."""
    for column in (*AMOUNTS, "csat"):
        if column not in frame or frame[column].isna().all():
            continue
        values = frame[column]
        if not pd.api.types.is_numeric_dtype(values):
            raise DataError(f"{column!r} is {values.dtype}, not numbers.")
        amounts = values.astype("Float64")
        bad = ((amounts < 0) & (column in AMOUNTS) | (amounts.abs() == np.inf)).fillna(False)
        if bad.any():
            allowed = "a finite number, 0 or more" if column in AMOUNTS else "a finite number"
            raise DataError(
                f"{column!r} holds {values[bad].iloc[0]} (row {frame.index[bad][0]}, "
                f"{int(bad.sum())} such); it is {allowed}."
            )
    for column in FLAGS:
        if column not in frame:
            continue
        values = frame[column]
        odd = values.notna() & ~values.isin([True, False])
        if odd.any():
            raise DataError(
                f"{column!r} holds {values[odd].iloc[0]!r} (row {frame.index[odd][0]}, "
                f"{int(odd.sum())} such); it is true, false or missing."
            )


def present_times(tickets: pd.DataFrame) -> list[str]:
    """Return the time columns that hold anything."""
    return [column for column in TIMES if column in tickets and tickets[column].notna().any()]
