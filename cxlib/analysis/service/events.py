"""An event log folded to one row a ticket: the last state wins, changes are counted."""

from __future__ import annotations

import pandas as pd

from cxlib.analysis.metrics import DONE, STATES
from cxlib.analysis.results import Caveat, TableResult, counted
from cxlib.analysis.validate import refuse, require
from cxlib.errors import DataError
from cxlib.words import mark as _

EVENTS: dict[str, str | None] = {
    **dict.fromkeys(("created", "assigned", "responded", "updated")),
    "reopened": "open",
    **{state: state for state in STATES if state != "open"},
}
"""What an event does to the state of its ticket; None leaves it."""


def fold_events(
    events: pd.DataFrame, *, at: str = "at", event: str = "event", state: str = "state"
) -> TableResult:
    """Fold event rows, or repeated snapshots of a ticket, to one row a ticket.

    The table is the canonical one of :mod:`cxlib.analysis.service.log`; rows that repeat another,
    or have no time, are dropped. A column that changes within tickets (a caveat says in how many)
    is a property of the moment: its last value counts.

    `events` has ``ticket_id``, the time `at`, and either `event` (one of :data:`EVENTS`) or
    `state`; whatever else there is (agent, queue, flags) is carried over with its last known value.
    ``created_at`` is a ticket's first time, ``updated_at`` its last; ``resolved_at`` and
    ``closed_at`` the last time it became so, if it still is; ``reopened`` and ``reassigned`` count
    changes.
    """
    kind = event if event in events else state
    require(events, ("ticket_id", at, kind), "events")
    if events.empty:
        raise DataError("the event log has no rows.")
    if not pd.api.types.is_datetime64_any_dtype(events[at]):
        raise DataError(f"{at!r} is {events[at].dtype}, no dates with times; convert it first.")
    if events["ticket_id"].isna().any():
        raise DataError(f"{int(events['ticket_id'].isna().sum())} events have no ticket_id.")
    known = EVENTS if kind == event else dict.fromkeys(STATES)
    strange = events[kind].notna() & ~events[kind].isin(list(known))
    refuse(events[kind], strange, f"; map it to one of {', '.join(known)}.")
    repeated = events.duplicated()
    undated = events[at].isna() & ~repeated
    rows = events[~repeated & ~undated].sort_values(["ticket_id", at], kind="stable")
    rows = rows.reset_index(drop=True)
    became = rows[kind].map(EVENTS) if kind == event else rows[kind]
    current = became.groupby(rows["ticket_id"], sort=False).ffill().fillna("open")
    derived = _milestones(rows, current.astype("object"), at=at, event=event)
    carried = [str(c) for c in events if c not in {"ticket_id", at, event, state}]
    by_ticket = rows.groupby("ticket_id")
    tickets = derived.assign(**{c: by_ticket[c].last() for c in carried})  # the last known value
    values = by_ticket[carried].nunique()
    changed = {c: int(n) for c, n in (values > 1).sum().items() if n}
    message = _("{column} changes within {n} {n:ticket|tickets}; its last value counts.")
    return TableResult(
        table=tickets.reset_index(),
        n_used=len(rows),
        n_dropped=len(events) - len(rows),
        caveats=(
            *counted(
                (
                    repeated.sum(),
                    _("{n} {n:event repeats|events repeat} another and {n:was|were} left out."),
                ),
                (undated.sum(), _("{n} {n:event|events} without a time {n:was|were} left out.")),
            ),
            *(Caveat(message, column=column, n=n) for column, n in changed.items()),
        ),
    )


def _milestones(rows: pd.DataFrame, current: pd.Series, *, at: str, event: str) -> pd.DataFrame:
    ticket, when = rows["ticket_id"], rows[at]
    done = current.isin(DONE)
    before = done.groupby(ticket, sort=False).shift(fill_value=False)
    was_closed = (current == "closed").groupby(ticket, sort=False).shift(fill_value=False)

    def last_time(mask: pd.Series) -> pd.Series:
        return when.where(mask).groupby(ticket).max()

    times = when.groupby(ticket)
    table = pd.DataFrame({"created_at": times.min(), "updated_at": times.max()})
    table["state"] = current.groupby(ticket).last()
    if event in rows:
        responded = when.where(rows[event] == "responded")
        table["first_response_at"] = responded.groupby(ticket).min()
    table["resolved_at"] = last_time(done & ~before).where(table["state"].isin(DONE))
    closing = last_time((current == "closed") & ~was_closed)
    gone = last_time(current.isin(["cancelled", "merged", "abandoned"]))
    table["closed_at"] = closing.where(table["state"] == "closed").fillna(gone)
    table["reopened"] = (before & (current == "open")).groupby(ticket).sum().astype("int64")
    hands = next((column for column in ("agent_group", "agent") if column in rows), None)
    if hands is not None:
        holder = rows[hands].groupby(ticket, sort=False).ffill()
        former = holder.groupby(ticket, sort=False).shift()
        moved = holder.notna() & former.notna() & (holder != former)
        table["reassigned"] = moved.groupby(ticket).sum().astype("int64")
    return table
