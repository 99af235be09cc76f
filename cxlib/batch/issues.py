"""What was sent to a client, frozen: version, date, hashes, a copy; and what has changed since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from cxlib import __version__
from cxlib.errors import RunError
from cxlib.report.book import Since
from cxlib.words import Said, Words, mark as _
from cxlib.workspace import Workspace

if TYPE_CHECKING:
    from cxlib.params import Client

SCHEMA, ACCOUNT = 1, "issue.json"


@dataclass(frozen=True, kw_only=True)
class Issue:
    """One version (from 1) of a period's reports, as the client received it on a day (ISO 8601).

    `reason`: why it replaces the one before; `made_of`: by language the digest of its book's
    content; `figures`: by KPI ``value`` and ``unit``; `files`: by place the SHA-256 of each.
    """

    client: str
    period: str
    version: int
    issued: str
    reason: str = ""
    made_of: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    kit: str = __version__

    @property
    def digest(self) -> str:
        """What tells it from every other issue."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def issues(workspace: Workspace, client: str) -> list[Issue]:
    """Return all that was issued to a client, by period and version; RunError if one is damaged."""
    found = []
    for path in workspace.issued(client).glob(f"*/v*/{ACCOUNT}"):
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            schema = {SCHEMA: Issue}[data.pop("schema")]
            found.append(schema(**data))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise RunError(
                f"{workspace.shown(path)} is damaged ({error}); restore it from a backup."
            ) from None
    return sorted(found, key=lambda issue: (issue.period, issue.version))


def before(
    workspace: Workspace, client: str, period: str, language: str, made_of: str
) -> list[Issue]:
    """Return what a new book speaks of: the last issue of each period up to its own.

    Of its own period it is the last that was made of something else: a book that was issued as it
    is replaces what went before, not itself.
    """
    last = {
        issue.period: issue
        for issue in issues(workspace, client)
        if issue.period < period
        or (issue.period == period and issue.made_of.get(language) not in (None, made_of))
    }
    return list(last.values())


def since(
    workspace: Workspace, client: Client, found: Sequence[Issue], period: str, words: Words, *,
    reason: str = "",
) -> Since | None:  # fmt: skip
    """Return what changed since issues, and why: each figure that reads differently, by how much.

    `reason` is that of the report itself, where it is issued again.
    """
    if not found:
        return None
    from cxlib.engagement import Engagement

    engagement = Engagement.open(client.client, period=period, workspace=workspace)
    table = engagement.kpis().table
    total = table[table["segment"].isna() & (table["brand"] == "own")]
    values = zip(total["kpi"], total["period"], total["value"].astype(float), strict=True)
    now = {(kpi, at): value for kpi, at, value in values}
    rows, lines = [], []
    for issue in reversed(found):
        day = Said(words.date(date.fromisoformat(issue.issued)))
        at = Said(words.period(issue.period))
        said = {"version": issue.version, "date": day, "period": at}
        if issue.period == period:
            message = _("This report replaces version {version} for {period}, issued on {date}.")
            lines.append(words.say(message, **said))
            if reason:
                lines.append(words.say(_("The reason: {reason}"), reason=Said(reason)))
        if issue.reason:
            message = _("Version {version} for {period} was issued on {date} because: {reason}")
            lines.append(words.say(message, **said, reason=Said(issue.reason)))
        for kpi, figure in issue.figures.items():
            value, unit = now.get((kpi, issue.period)), str(figure["unit"] or "")
            if value is None or figure["value"] is None:
                continue
            told = [words.quantity(each, unit) for each in (float(figure["value"]), value)]
            if told[0] != told[1]:
                change = words.quantity(value - float(figure["value"]), unit, sign=True)
                rows.append([words.label(kpi), words.period(issue.period), *told, change])
    if not rows and lines:
        lines.append(words.say(_("No figure has changed.")))
    heads = (_("KPI"), _("Period"), _("As issued"), _("Now"), _("Change"))
    return Since(lines=lines, headings=[words.say(head) for head in heads], rows=rows)
