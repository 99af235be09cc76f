"""Every table but the survey and reported figures: one mechanism over published columns."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cxlib.data import coding, comments, programme, values
from cxlib.data.keys import canonical
from cxlib.data.ledger import NO_TIME, Ledger, Path, examples
from cxlib.data.readers import Raw
from cxlib.data.schema import COUNT, FLAG, NUMBER, STATES, TABLES, TIME, Column
from cxlib.errors import Count, DataError
from cxlib.params.members import attributes_of
from cxlib.params.voice import Coding, Events
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.params import Client
    from cxlib.params.source import Table
    from cxlib.params.tables import Tickets

_UNFILLED = {
    "ticket_id": _("no ticket id"),
    "created_at": _("no creation time"),
    "member_id": _("no member id"),
    "date": _("no date"),
    "points": _("no points"),
    "period": _("no date or period"),
    "source": "",
    "customer_id": _("no customer id"),
    "step": _("no step"),
    "comment": _("no words"),
}


def make_records(raw: Raw, client: Client, at: Path, ledger: Ledger) -> pd.DataFrame:
    """Return the canonical table of the section at a path of the client file, with its real ids.

    `raw` may be a piece of the table, with the ledger that the pieces before it left; `settle` says
    what is to be said of them all. The table has those columns of `cxlib.data.schema.TABLES` that
    the client file names, in that order, then the section's own attributes. The ledger takes every
    fault and every row dropped; if it has failed, the table may lack columns.
    """
    name, section = str(at[0]), section_at(client, at)
    raw = ledger.chosen(raw, section, at, whole=False)
    zone = client.calendar.timezone
    if isinstance(section, Coding):
        return coding.settle(raw, section, at, ledger).reset_index(drop=True)
    columns: dict[str, pd.Series] = {}
    columns_of = section.columns  # type: ignore[attr-defined]
    for column in TABLES[name]:
        path: Path = (*at, "columns", column.key)
        raw_name = getattr(columns_of, column.key, None) if column.key else None
        coded = getattr(raw_name, "values", {})
        raw_name = getattr(raw_name, "column", raw_name)
        if column.dtype == TIME:
            moments = ledger.moments(raw, raw_name, section, path, zone)
            if moments is not None:
                columns[column.name] = moments
            continue
        texts = ledger.column(raw, raw_name, path)
        if texts is not None:
            texts = values.coded(texts, coded) if coded else texts
            columns[column.name] = _typed(raw, texts, column, section, ledger, path)
    for where, item in attributes_of(section).items():
        texts = ledger.column(raw, item.column, (*at, *where))
        if texts is not None:
            columns[where[1]] = values.texts_or_missing(texts, missing=section.missing)
    frame = pd.DataFrame(columns, index=raw.frame.index)
    if name == "tickets":
        frame = _tickets(raw, client, frame, ledger)
    elif isinstance(section, Events) and not ledger.failed:
        frame["step"] = programme.sorted_as(raw, frame["step"], section.steps, at, ledger)
    elif name == "comments" and not ledger.failed:
        frame = comments.settle(raw, client, at, frame, ledger)
    elif name in programme.SETTLED and not ledger.failed:
        frame = programme.SETTLED[name](raw, client, frame, ledger)
    frame = _filled(frame, TABLES[name], ledger)
    if client.tickets is not None and name == "tickets" and not ledger.failed:
        frame = _in_order(_one_row_each(frame, ledger), zone, ledger)
    return frame


def section_at(client: Client, at: Path) -> Table:
    """Return the section that stands at a path of the client file."""
    found: Any = getattr(client, str(at[0]))
    return found[at[1]] if len(at) > 1 else found  # type: ignore[no-any-return]


def _typed(
    raw: Raw, texts: pd.Series, column: Column, section: Table, ledger: Ledger, path: Path
) -> pd.Series:
    if column.domain:
        return canonical(texts)
    if column.dtype == NUMBER:
        lowest = 0 if column.name == "handle_seconds" else -np.inf
        return ledger.numbers(raw, texts, section, path, lowest=lowest)
    if column.dtype == FLAG:
        return ledger.flags(raw, texts, section, path)
    if column.dtype == COUNT:
        return _counts(raw, texts, section, ledger, path)
    known = values.texts_or_missing(texts, missing=section.missing)
    return ledger.hidden(known) if column.name == "comment" else known


def _check_breaches(raw: Raw, name: str, ledger: Ledger) -> None:
    """Refuse a bare yes or no under a name that speaks of breaches: it says the opposite."""
    texts = raw.texts(raw.find(name) or name)
    bare = values.is_code(texts, ("1", "true", "yes", "y", "是", "0", "false", "no", "n", "否"))
    if _BREACHED.search(name) and bare.any():
        ledger.error(
            ("tickets", "columns", "sla_met"),
            f"column {name!r} tells what broke the SLA, and `sla_met` what met it: "
            f"{examples(raw, texts, bare)}; write `sla_met: {{column: {name}, values: "
            "{…: 0, …: 1}}`.",
            name,
        )


def _counts(raw: Raw, texts: pd.Series, section: Table, ledger: Ledger, path: Path) -> pd.Series:
    """Return how often; a yes or no counts once or never."""
    flags, _stray = values.flags(texts, missing=section.missing)
    counts, _stray = values.numbers(texts, missing=section.missing)
    blank = values.is_blank(texts, section.missing)
    whole = counts.notna() & (counts >= 0) & (counts % 1 == 0)
    bad = ~blank & ~whole & (flags.isna() | counts.notna())
    ledger.stray(raw, texts, bad, path, "no count", "write whole numbers, or yes and no.")
    return counts.where(whole, flags.astype("Float64")).mask(bad).astype("Int64")


def _tickets(raw: Raw, client: Client, frame: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Sort the states, bring minutes to seconds, and fold event rows."""
    section = client.tickets
    if section is None:
        raise DataError(f"{client.client} has no `tickets:` section.")
    minutes = section.columns.handle_minutes
    path: Path = ("tickets", "columns", "handle_minutes")
    texts = ledger.column(raw, minutes, path)
    if texts is not None:
        frame["handle_seconds"] = 60 * ledger.numbers(raw, texts, section, path, lowest=0)
    frame = _durations(raw, section, frame, ledger)
    told = section.columns.sla_met
    if "sla_met" in frame and told is not None and not getattr(told, "values", {}):
        _check_breaches(raw, told.column, ledger)
    if "state" in frame:
        declared = {state: getattr(section.states, state, ()) for state in STATES}
        frame["state"] = programme.sorted_as(
            raw, frame["state"], declared, ("tickets", "states"), ledger,
            said="ticket has a state|tickets have a state",
        )  # fmt: skip
    if section.events and not ledger.failed:
        return _folded(raw, client, frame, section, ledger)
    order = [column.name for column in TABLES["tickets"] if column.name in frame]
    return frame[order]


def _durations(raw: Raw, section: Tickets, frame: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Read how long tickets took; a duration stands in for a time that the log does not hold."""
    for name, end in (("first_response", "first_response_at"), ("resolution", "resolved_at"),
                      ("handle", None)):  # fmt: skip
        item = getattr(section.durations, name)
        path: Path = ("tickets", "durations", name, "column")
        texts = ledger.column(raw, item.column if item else None, path)
        if item is None or texts is None:
            continue
        blank = values.is_blank(texts, section.missing)
        sign = ledger.decimal(raw, texts, section, path)
        spans = values.by_value(
            texts, partial(values.seconds, unit=item.unit, decimal=sign), "float64"
        )
        bad = ~blank & ~(spans >= 0)
        if bad.any():
            bare = bool(re.fullmatch(r"[\d.,]+(:\d+)?", str(texts[bad].iloc[0]).strip()))
            way_out = (
                "declare `unit:` (of 2:03: hours for h:mm, minutes for m:ss)."
                if bare and not item.unit
                else "write such as 1:02:03."
            )
            ledger.stray(raw, texts, bad, path, "no duration", way_out)
        frame[f"{name}_seconds"] = spans.mask(blank)
        if end and "created_at" in frame:
            until = frame["created_at"] + pd.to_timedelta(spans.mask(blank | bad), unit="s")
            until = until.astype("datetime64[us]")
            frame[end] = frame[end].fillna(until) if end in frame else until
    if section.resolution == "closed" and "closed_at" in frame:
        resolved = frame.get("resolved_at", pd.Series(NO_TIME, frame.index))
        instead = resolved.isna() & frame["closed_at"].notna()
        frame["resolved_at"] = resolved.fillna(frame["closed_at"])
        ledger.stood_in += int(instead.sum())
    return frame


FAR, PAST = _("date far in the future"), _("date far in the past")
AGAIN = _("another row of the same ticket")
_BREACHED = re.compile(r"breach|violat|overdue|超时|逾期|违约", re.IGNORECASE)
CONTRADICT = _("times that contradict each other")
SKIPPED = _("time that the clock skipped")
OLDEST = pd.Timedelta(days=50 * 365)
"""A ticket older than this is none: its date is a zero of a spreadsheet or of Unix."""
MANY = 0.2
"""More tickets than this whose times contradict have a wrong time zone, or wrong columns."""


def _one_row_each(frame: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Leave out rows that repeat one exactly, and of a ticket's other rows all but the last."""
    if "ticket_id" not in frame or not ledger.repeated(frame[["ticket_id"]]).any():
        return frame
    same = frame.duplicated(keep="last")
    ledger.drop(_("repeats a row exactly"), int(same.sum()))
    frame = frame[~same]
    former = frame["ticket_id"].duplicated(keep="last")
    n, example = ledger.aside.get(AGAIN, (0, ""))
    if former.any():
        example = example or f"created {frame.loc[former, 'created_at'].iloc[0]}"
    ledger.aside[AGAIN] = (n + int(former.sum()), example)
    return frame[~former].reset_index(drop=True)


def _in_order(frame: pd.DataFrame, zone: str | None, ledger: Ledger) -> pd.DataFrame:
    """Leave out tickets that ended before they began or at a time that never was, and say so."""
    wrong = {CONTRADICT: pd.Series(False, index=frame.index)}
    wrong |= {reason: wrong[CONTRADICT].copy() for reason in (SKIPPED, FAR, PAST)}
    said: dict[str, str] = {}
    now = pd.Timestamp.now()
    for column, key in (("created_at", "created"), ("first_response_at", "first_response"),
                        ("resolved_at", "resolved"), ("closed_at", "closed")):  # fmt: skip
        if column not in frame:
            continue
        early = frame[column] < frame["created_at"]
        gap = pd.Series(False, index=frame.index)
        if zone is not None:
            known = frame[column].dt.tz_localize(zone, ambiguous=True, nonexistent="NaT")
            gap = known.isna() & frame[column].notna()
        far = frame[column] > now + pd.Timedelta(days=366)
        past = frame[column] < now - OLDEST
        for reason, found in (
            (FAR, far),
            (PAST, past),
            (CONTRADICT, early & ~past),
            (SKIPPED, gap & ~early),
        ):
            if found.any():
                first = frame[found].iloc[0]
                said.setdefault(reason, f"{key} {first[column]}, created {first['created_at']}")
                wrong[reason] |= found
    for reason, rows in wrong.items():
        n, example = ledger.aside.get(reason, (0, ""))
        aside = rows[frame.index]
        ledger.aside[reason] = (n + int(aside.sum()), example or said.get(reason, ""))
        frame = frame[~aside]
    return frame.reset_index(drop=True)


def settle(client: Client, ledger: Ledger, kept: int) -> None:
    """Say of all pieces of the ticket log what was set aside, now that it is known how much."""
    said = {
        CONTRADICT: "ended before they were created",
        SKIPPED: f"{{n:has|have}} a time that the clocks of {client.calendar.timezone} skipped",
        FAR: "{n:has|have} a date far in the future",
        PAST: "{n:has|have} a date decades back",
        AGAIN: "{n:is|are} another row of a ticket (a log of events? write `events: true`)",
    }
    total = kept + sum(n for n, _first in ledger.aside.values())
    for reason, (n, first) in ledger.aside.items():
        if not n:
            continue
        told = f"{n} of {total} tickets {said[reason].format(n=Count(n))}, the first: {first}"
        if n > max(MANY * total, 5) and reason == CONTRADICT:
            ledger.error(("tickets", "columns"), f"{told}; are columns and time zone right?")
        else:
            ledger.warn(("tickets", "columns"), f"{told}; they are set aside.")
            ledger.drop(reason, n)
    if ledger.stood_in:
        ledger.notes.append(f"the closing time stands in for {ledger.stood_in} resolutions")


def _folded(
    raw: Raw, client: Client, frame: pd.DataFrame, section: Tickets, ledger: Ledger
) -> pd.DataFrame:
    """Fold event rows to one row a ticket."""
    from cxlib.analysis.service import fold_events

    path: Path = ("tickets", "columns", "event_time")
    when = ledger.moments(raw, section.columns.event_time, section, path, client.calendar.timezone)
    if when is None:
        return frame
    events = frame.assign(at=when)
    unnamed = events["ticket_id"].isna()
    ledger.drop(_("no ticket id"), int(unnamed.sum()))
    try:
        folded = fold_events(events[~unnamed].reset_index(drop=True))
    except DataError as error:
        ledger.error(path, str(error))
        return frame
    tickets, repeats = folded.table, int(events[~unnamed].duplicated().sum())
    ledger.drop(_("repeats an event"), repeats)
    ledger.drop(_("event without a time"), folded.n_dropped - repeats)
    ledger.drop(_("event folded into its ticket"), folded.n_used - len(tickets))
    columns = {column.name: column for column in TABLES["tickets"] if column.name in tickets}
    return tickets[list(columns)].astype({name: column.dtype for name, column in columns.items()})


def _filled(frame: pd.DataFrame, columns: tuple[Column, ...], ledger: Ledger) -> pd.DataFrame:
    """Leave out rows without what every row must have, each counted by its reason."""
    for column in columns:
        if column.filled and column.name in frame:
            gone = frame[column.name].isna()
            ledger.drop(_UNFILLED[column.name], int(gone.sum()))
            frame = frame[~gone]
    return frame.reset_index(drop=True)
