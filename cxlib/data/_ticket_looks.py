"""The data room: what the service chapter will refuse of tickets that can be read all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cxlib.analysis.ticket_targets import EXCLUDED
from cxlib.data.ledger import Ledger
from cxlib.errors import nearest
from cxlib.params.tables import FOR_ALL

if TYPE_CHECKING:
    from cxlib.params.tables import Tickets

_ENDS = {
    "first_response_at": ("first_response", "answered"),
    "resolved_at": ("resolved", "resolved"),
    "closed_at": ("closed", "closed"),
}


def look_at_tickets(frame: pd.DataFrame, section: Tickets, ledger: Ledger) -> None:
    """Add warnings about a canonical tickets table: its order in time, states and priorities.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table, ids not yet pseudonyms.
    section : Tickets
        What the client file says of it.
    ledger : Ledger
        Takes the warnings.
    """
    gone = frame["state"].isin(EXCLUDED) if "state" in frame else pd.Series(False, frame.index)
    if len(frame) and gone.all():
        ledger.warn(
            ("tickets", "states"),
            f"all {len(frame)} tickets are cancelled or merged; no service can be measured.",
        )
    for column, (key, done) in _ENDS.items():
        if column in frame:
            early = frame[column] < frame["created_at"]
            if early.any():
                first = frame[early].iloc[0]
                ledger.warn(
                    ("tickets", "columns", key),
                    f"{int(early.sum())} tickets were {done} before they were created, the first "
                    f"{first['ticket_id']!r} ({first[column]}, created {first['created_at']}); "
                    "those times are set aside: correct them, or the time zone.",
                )
    if "priority" in frame:
        _unlimited(frame.loc[~gone, "priority"], section, ledger)


def _unlimited(priorities: pd.Series, section: Tickets, ledger: Ledger) -> None:
    """Warn of priorities that have no time limit where limits go by priority."""
    for name in ("first_response", "resolution"):
        limits = getattr(section.sla, name, None) or {}
        if not limits or FOR_ALL in limits:
            continue
        without = priorities[~priorities.isin(limits)]
        if without.empty:
            continue
        value = without.iloc[0]
        blank = pd.isna(value)
        what = "no priority" if blank else f"priority {value!r}"
        near = "; add it to the log." if blank else nearest(str(value), limits)
        ledger.warn(
            ("tickets", "sla", name),
            f"{len(without)} tickets have a priority without a limit, the first {what}{near}",
            None if blank else value,
        )
