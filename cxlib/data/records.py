"""The data room: tickets, members and transactions, all by one mechanism over published columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cxlib.data import values
from cxlib.data._ticket_looks import look_at_tickets
from cxlib.data.columns import read_dates, read_flags, read_numbers
from cxlib.data.keys import canonical
from cxlib.data.ledger import Ledger, Path, examples
from cxlib.data.readers import Raw
from cxlib.data.schema import COUNT, FLAG, NUMBER, STATES, TABLES, TIME, Column
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.params import Client
    from cxlib.params.tables import Members, Tickets, Transactions

SECTIONS = ("tickets", "members", "transactions")

_UNFILLED = {
    "ticket_id": _("no ticket id"),
    "created_at": _("no creation time"),
    "member_id": _("no member id"),
    "date": _("no date"),
}


def make_records(raw: Raw, client: Client, name: str, ledger: Ledger) -> pd.DataFrame:
    """Return the canonical tickets, members or transactions table, ids not yet pseudonyms.

    Parameters
    ----------
    raw : Raw
        The rows of the section's source.
    client : Client
        Whose they are.
    name : str
        The section: one of `SECTIONS`.
    ledger : Ledger
        Takes every fault and every row dropped.

    Returns
    -------
    pandas.DataFrame
        Those columns of `cxlib.data.schema.TABLES` that the client file names, in that order, then
        the members' own attributes. If the ledger has failed it may lack columns.
    """
    section: Tickets | Members | Transactions = getattr(client, name)
    ledger.rows_read += len(raw.frame) + raw.empty
    ledger.drop(_("empty row"), raw.empty)
    columns: dict[str, pd.Series] = {}
    for column in TABLES[name]:
        path: Path = (name, "columns", column.key)
        raw_name = getattr(section.columns, column.key, None) if column.key else None
        texts = ledger.column(raw, raw_name, path)
        if texts is not None:
            zone = client.calendar.timezone
            columns[column.name] = _typed(raw, texts, column, section, ledger, path, zone)
    for key, raw_name in getattr(section, "attributes", {}).items():
        texts = ledger.column(raw, raw_name, (name, "attributes", key))
        if texts is not None:
            columns[key] = values.texts_or_missing(texts, missing=section.missing)
    frame = pd.DataFrame(columns, index=raw.frame.index)
    if name == "tickets":
        frame = _tickets(raw, client, frame, ledger)
    frame = _filled(frame, TABLES[name], ledger)
    if client.tickets is not None and name == "tickets" and not ledger.failed:
        look_at_tickets(frame, client.tickets, ledger)
    return _one_row_each(frame, ledger) if name == "members" else frame


def _typed(
    raw: Raw,
    texts: pd.Series,
    column: Column,
    section: Tickets | Members | Transactions,
    ledger: Ledger,
    path: Path,
    zone: str | None,
) -> pd.Series:
    if column.domain:
        return canonical(texts)
    if column.dtype == TIME:
        return read_dates(raw, texts, section, ledger, path, timezone=zone)
    if column.dtype == NUMBER:
        lowest = 0 if column.name == "handle_seconds" else -np.inf
        return read_numbers(raw, texts, section, ledger, path, lowest=lowest)
    if column.dtype == FLAG:
        return read_flags(raw, texts, section, ledger, path)
    if column.dtype == COUNT:
        return _counts(raw, texts, section, ledger, path)
    return values.texts_or_missing(texts, missing=section.missing)


def _counts(
    raw: Raw,
    texts: pd.Series,
    section: Tickets | Members | Transactions,
    ledger: Ledger,
    path: Path,
) -> pd.Series:
    """Return how often; a yes or no counts once or never."""
    flags, _stray = values.flags(texts, missing=section.missing)
    counts, _stray = values.numbers(texts, missing=section.missing)
    blank = (texts.str.strip() == "") | values.is_code(texts, section.missing)
    whole = counts.notna() & (counts >= 0) & (counts % 1 == 0)
    bad = ~blank & ~whole & (flags.isna() | counts.notna())
    if bad.any():
        ledger.error(
            path,
            f"column {texts.name!r} holds {int(bad.sum())} values that are no count: "
            f"{examples(raw, texts, bad)}; write whole numbers, or yes and no.",
            texts.name,
        )
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
        frame["handle_seconds"] = 60 * read_numbers(raw, texts, section, ledger, path, lowest=0)
    if "state" in frame:
        frame["state"] = _states(raw, frame["state"], section, ledger)
    if section.events and not ledger.failed:
        return _folded(raw, client, frame, section, ledger)
    order = [column.name for column in TABLES["tickets"] if column.name in frame]
    return frame[order]


def _states(raw: Raw, texts: pd.Series, section: Tickets, ledger: Ledger) -> pd.Series:
    known = {state: state for state in STATES}
    for state in STATES:
        declared = getattr(section.states, state) if section.states else ()
        known |= {values.plain(raw_state).casefold(): state for raw_state in declared}
    plain = texts.map(lambda text: values.plain(text).casefold(), na_action="ignore")
    states = plain.map(known).astype("str")
    strange = states.isna() & texts.notna()
    if strange.any():
        first = str(texts[strange].iloc[0])
        ledger.error(
            ("tickets", "states"),
            f"{int(strange.sum())} tickets have a state that stands under none of "
            f"{', '.join(STATES)}: {examples(raw, texts, strange)}{nearest(first, known)}",
            first,
        )
    return states


def _folded(
    raw: Raw, client: Client, frame: pd.DataFrame, section: Tickets, ledger: Ledger
) -> pd.DataFrame:
    """Fold event rows to one row a ticket."""
    from cxlib.analysis.service import fold_events

    path: Path = ("tickets", "columns", "event_time")
    texts = ledger.column(raw, section.columns.event_time, path)
    if texts is None:
        return frame
    zone = client.calendar.timezone
    when = read_dates(raw, texts, section, ledger, path, timezone=zone)
    events = frame.assign(at=when)
    unnamed = events["ticket_id"].isna()
    ledger.drop(_("no ticket id"), int(unnamed.sum()))
    try:
        folded = fold_events(events[~unnamed].reset_index(drop=True))
    except DataError as error:
        ledger.error(path, str(error))
        return frame
    ledger.drop(_("repeats an event"), folded.n_duplicates)
    ledger.drop(_("event without a time"), folded.n_undated)
    tickets = folded.tickets
    ledger.drop(
        _("event folded into its ticket"),
        folded.n_events - folded.n_duplicates - folded.n_undated - len(tickets),
    )
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


def _one_row_each(frame: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Keep a member's last row."""
    if "member_id" not in frame:
        return frame
    same = frame.duplicated(keep="last")
    ledger.drop(_("repeats a row exactly"), int(same.sum()))
    frame = frame[~same]
    former = frame["member_id"].duplicated(keep="last")
    if former.any():
        ledger.warn(
            ("members", "columns", "id"),
            f"{int(former.sum())} rows repeat a member's id with other contents; the last row of "
            "each member is kept.",
        )
    ledger.drop(_("an earlier row of the same member"), int(former.sum()))
    return frame[~former].reset_index(drop=True)
