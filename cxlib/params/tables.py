"""Contact-centre tickets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from cxlib.params.base import (
    Closed,
    Duration,
    DurationText,
    Key,
    MomentColumn,
    Number,
    Raws,
    Text,
    mapping_of,
)
from cxlib.params.calendar import Calendar
from cxlib.params.faults import At, Problem
from cxlib.params.source import Read, Table, check_columns, check_source


class Coded(Closed):
    """A column of words, and the numbers they stand for: Good: 1, Bad: 0; a yes is 1, a no 0."""

    column: Text
    values: Mapping[Text, Number] = {}


CodedColumn = Annotated[Coded, mapping_of("column")]


class TicketColumns(Closed):
    """The columns of a ticket log, by the names they bear in the file."""

    id: Text
    created: MomentColumn
    customer: Text | None = None
    first_response: MomentColumn | None = None
    resolved: MomentColumn | None = None
    closed: MomentColumn | None = None
    state: Text | None = None
    channel: Text | None = None
    queue: Text | None = None
    priority: Text | None = None
    group: Text | None = None
    agent: Text | None = None
    handle_seconds: Text | None = None
    handle_minutes: Text | None = None
    reopened: Text | None = None
    reassigned: Text | None = None
    csat: CodedColumn | None = None
    fcr_survey: CodedColumn | None = None
    category: Text | None = None
    complaint: CodedColumn | None = None
    upheld: CodedColumn | None = None
    sla_met: CodedColumn | None = None
    comment: Text | None = None
    event_time: MomentColumn | None = None


class States(Closed):
    """Which raw states mean what."""

    open: Raws = ()
    resolved: Raws = ()
    closed: Raws = ()
    cancelled: Raws = ()
    merged: Raws = ()
    abandoned: Raws = ()


class DurationColumn(Closed):
    """A column of durations: ``h:mm:ss``, ``1d 2h 5m``, or plain numbers of a `unit`."""

    column: Text
    unit: Literal["seconds", "minutes", "hours", "days"] | None = None


class Durations(Closed):
    """How long a ticket took, where the log says so instead of when; counted from its creation."""

    first_response: Annotated[DurationColumn, mapping_of("column")] | None = None
    resolution: Annotated[DurationColumn, mapping_of("column")] | None = None
    handle: Annotated[DurationColumn, mapping_of("column")] | None = None


FOR_ALL = "*"
"""The priority under which a limit stands that holds for every ticket."""


ByPriority = Annotated[Mapping[Text, DurationText], mapping_of(FOR_ALL)]


class Sla(Closed):
    """Time limits, by raw priority; a limit that holds for all stands under ``*``."""

    first_response: ByPriority | None = None
    resolution: ByPriority | None = None

    def seconds(self, *, day: timedelta = timedelta(days=1)) -> dict[str, float | dict[str, float]]:
        """Return the limits in seconds: one number, or numbers by priority.

        `day` is how long a limit's day counts: on business time, the hours a day is open.
        """
        limits: dict[str, float | dict[str, float]] = {}
        for name in type(self).model_fields:
            by_priority: Mapping[str, Duration] = getattr(self, name) or {}
            seconds = {raw: d.elapsed(day=day).total_seconds() for raw, d in by_priority.items()}
            if seconds:
                limits[name] = seconds.get(FOR_ALL, seconds)
        return limits


class Tickets(Table):
    """A contact-centre log: one row a ticket, or (`events`) one row an event.

    `states` sorts the raw states, `sla` sets time limits on the `clock` (business or calendar
    time), and a customer who returns within `repeat_days` was not helped the first time.
    `durations` stand in for times, `resolution: closed` lets the closing time stand in for a
    missing resolution; `segments` are held equal when ticket KPIs are compared.
    """

    columns: TicketColumns
    events: bool = False
    states: States | None = None
    sla: Sla | None = None
    clock: Literal["business", "calendar"] = "calendar"
    repeat_days: Annotated[int, Field(ge=1)] = 7
    durations: Durations = Durations()
    resolution: Literal["resolved", "closed"] = "resolved"
    segments: Mapping[Key, Literal["channel", "queue", "priority", "group", "category"]] = {}


def check_tickets(tickets: Tickets, calendar: Calendar) -> Iterator[Problem]:
    """Yield every contradiction in a tickets section."""
    at, columns, durations = At("tickets"), tickets.columns, tickets.durations
    given = {name: getattr(durations, name) for name in type(durations).model_fields}
    spans = [(at.below(("durations", k, "column")), v.column) for k, v in given.items() if v]
    yield from check_source(tickets.source, at.below("source"), calendar)
    yield from check_columns([*_columns(columns, "tickets"), *spans])
    if durations.handle and (columns.handle_seconds or columns.handle_minutes):
        beside = "tickets.columns.handle_seconds or handle_minutes"
        yield at("durations.handle", f"stands beside {beside}; keep one.")
    if tickets.resolution == "closed" and columns.closed is None:
        message = "'closed' has no use without tickets.columns.closed."
        yield at("resolution", message, "columns.closed")
    for key, name in tickets.segments.items():
        if getattr(columns, name) is None:
            message = f"tickets.columns.{name} names no column."
            yield at(("segments", key), message, f"columns.{name}")
    if columns.handle_seconds and columns.handle_minutes:
        yield at("columns.handle_minutes", "stands beside handle_seconds; keep one.")
    if tickets.events and columns.event_time is None:
        yield at("columns.event_time", "is missing: what orders the events of a ticket?")
    if not tickets.events and columns.event_time is not None:
        yield at("columns.event_time", "has no use unless events: true.", "events")
    if tickets.states is not None:
        if columns.state is None:
            yield at("columns.state", "is missing: in which column do the states stand?")
        groups = {name: getattr(tickets.states, name) for name in type(tickets.states).model_fields}
        yield from At("tickets", "states").sorted_twice(groups, "tickets.states.{} as well")
    yield from _sla(tickets)
    if tickets.clock == "business" and calendar.business_hours is None:
        message = "'business' needs calendar.business_hours, such as \"09:00-18:00\"."
        yield at("clock", message, "/calendar", "/calendar.business_hours")


def _sla(tickets: Tickets) -> Iterator[Problem]:
    at = At("tickets")
    answered = {"first_response": ("first_response",), "resolution": ("resolved", "closed")}
    for name, columns in answered.items():
        limits, path = getattr(tickets.sla, name, None), ("sla", name)
        if limits is None:
            continue
        if not limits:
            yield at(path, "is empty; write such as 4h, or {high: 4h, normal: 2d}.")
        elif set(limits) != {FOR_ALL} and tickets.columns.priority is None:
            message = "goes by priority, but columns.priority names no column."
            yield at(path, message, "columns.priority")
        timed = any(getattr(tickets.columns, column) for column in columns)
        if not timed and getattr(tickets.durations, name) is None:
            wanted = " or ".join(f"tickets.columns.{column}" for column in columns)
            needed = [f"columns.{column}" for column in columns]
            yield at(path, f"cannot be measured without {wanted}.", *needed)


def _columns(columns: Closed, section: str) -> Iterator[Read]:
    for name in type(columns).model_fields:
        named = getattr(columns, name)
        yield (section, "columns", name), getattr(named, "column", named)
