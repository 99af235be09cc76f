"""What stands on a report beside its cells: whose, of when, how confidential, from which data."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cxlib import __version__
from cxlib.report.html import Cover
from cxlib.words import Words
from cxlib.words import mark as _
from cxlib.workspace import Workspace

if TYPE_CHECKING:
    from cxlib.params import Client


TABLES = {
    "survey": _("Survey"),
    "tickets": _("Tickets"),
    "members": _("Members"),
    "transactions": _("Transactions"),
    "benefits": _("Benefits used"),
    "points": _("Points ledger"),
    "kpis": _("KPI series"),
}


def cover_of(client: Client, workspace: Workspace, *, period: str, words: Words) -> Cover:
    """Return the cover of a client's report, its provenance from the record of ingest.

    Parameters
    ----------
    client : Client
    workspace : Workspace
        Holds the client's canonical tables.
    period : str
    words : Words
    """
    from cxlib.data.tables import provenance

    return Cover(
        client=client.display_name(words.language),
        period=words.period(period),
        confidential=words.say(_("Confidential")),
        provenance=tuple(_lines(provenance(workspace, client), period, words)),
    )


def _lines(source: dict[str, Any], period: str, words: Words) -> list[tuple[str, str]]:
    lines = [
        (words.say(_("Client file")), source["params"][:16]),
        (words.say(_("Kit")), f"cxlib {__version__}"),
        (words.say(_("Key")), source["key"]),
        (words.say(_("Period")), words.period(period)),
    ]
    for name, table in source["tables"].items():
        dropped = tuple(
            words.say(_("{reason}: {n}"), reason=words.say(reason), n=n)
            for reason, n in table["dropped"].items()
            if n
        )
        text = words.say(
            _("{kept} of {read} rows used"),
            kept=words.number(table["kept"]),
            read=words.number(table["read"]),
        )
        files = ", ".join(f"{file} ({digest[:12]})" for file, digest in table["files"].items())
        lines.append((words.say(TABLES[name]), " · ".join((text, *dropped, files))))
    pinned = os.environ.get("SOURCE_DATE_EPOCH")  # the same inputs give the same bytes
    now = datetime.fromtimestamp(int(pinned), UTC) if pinned else datetime.now(UTC)
    made = now.isoformat(timespec="minutes")
    return [*lines, (words.say(_("Made")), made)]
