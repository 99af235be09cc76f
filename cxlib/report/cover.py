"""What stands on a report beside its cells: whose, of when, how confidential, from which data."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from cxlib import __version__
from cxlib.report.html import Cover
from cxlib.report.saved import made_at
from cxlib.words import Said, Words, mark as _
from cxlib.workspace import Workspace

if TYPE_CHECKING:
    from cxlib.params import Client


TABLES = {
    "survey": _("Survey"),
    "fieldwork": _("Fieldwork"),
    "tickets": _("Tickets"),
    "members": _("Members"),
    "transactions": _("Transactions"),
    "benefits": _("Benefits used"),
    "comments": _("Comments"),
    "events": _("Steps of customers"),
    "coding": _("Comments coded by hand"),
    "points": _("Points ledger"),
    "kpis": _("KPI series"),
}


def cover_of(client: Client, workspace: Workspace, *, period: str, words: Words) -> Cover:
    """Return the cover of a client's report, its provenance from the record of ingest."""
    from cxlib.data.face import face_of
    from cxlib.data.tables import provenance

    face = face_of(client, workspace, words.language)
    zone = ZoneInfo(client.calendar.timezone) if client.calendar.timezone else None
    return Cover(
        client=client.display_name(words.language),
        period=words.period(period),
        confidential=face.confidential or words.say(_("Confidential")),
        face=face,
        provenance=tuple(_lines(provenance(workspace, client), period, words, zone)),
    )


def _lines(
    source: dict[str, Any], period: str, words: Words, zone: ZoneInfo | None
) -> list[tuple[str, str]]:
    lines = [
        (words.say(_("Client file")), source["params"][:16]),
        (words.say(_("Kit")), f"cxlib {__version__}"),
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
    return [*lines, (words.say(_("Made")), _moment(words, zone))]


def _moment(words: Words, zone: ZoneInfo | None) -> str:
    """Return the moment on the client's clock, as its reader writes it."""
    from babel.dates import get_timezone_name

    now = made_at().astimezone(zone or UTC)
    where = get_timezone_name(now, locale=words.language) if zone else "UTC"
    said = {"date": now.date(), "time": Said(f"{now:%H:%M}"), "zone": Said(where)}
    return words.say(_("{date}, {time} ({zone})"), **said)
