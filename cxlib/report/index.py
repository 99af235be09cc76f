"""The index over all clients, a page for the consultancy only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cxlib.report.html import CONTENT_POLICY, style
from cxlib.words import Words

if TYPE_CHECKING:
    from cxlib.envelope import Envelope

_STATES = {"done": "good", "fresh": "good", "failed": "serious", "blocked": "warning"}
_VERDICTS = {"met": "good", "on course": "good", "missed": "serious", "behind": "serious"}
DECIDES = ("due", "no trajectory")
"""Courses that leave the word to the verdict."""


@dataclass(frozen=True)
class Kpi:
    """One KPI of a client as the core has it: value (None: withheld), verdict, change and cause."""

    label: str
    value: float | None
    unit: str | None = ""
    change: float | None = None
    cause: str | None = None
    at: str | None = None
    target: float | None = None
    status: str | None = None
    course: str | None = None

    @property
    def verdict(self) -> str:
        """Before a target is due its course, from then on its status; empty without a target."""
        return str(self.status if self.course in DECIDES else self.course) if self.status else ""


GLANCE = tuple(field.name for field in fields(Kpi) if field.name != "label")
"""What the index shows of a KPI."""


def glance_of(envelope: Envelope) -> dict[str, Any]:
    """Return what the index shows of a chapter's saved results, as plain JSON: its KPIs by key.

    They come from the result named ``standing``, as `Engagement.standing` gives it.
    """
    table = getattr(envelope.results.get("standing"), "table", None)
    if table is None or not {"kpi", "value", "source", "status"} <= set(table.columns):
        return {}
    return {
        str(row["kpi"]): {name: _plain(row.get(name)) for name in GLANCE}
        for row in table.to_dict("records")
        if row["source"] != "touchpoint"
    }


def _plain(value: Any) -> Any:
    import pandas as pd

    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    return value.item() if hasattr(value, "item") else value


@dataclass(frozen=True)
class Entry:
    """One report, or why there is none; its link is relative to the index."""

    chapter: str
    title: str
    period: str
    language: str
    state: str
    link: str = ""
    note: str = ""


@dataclass(frozen=True)
class ClientEntry:
    """One client on the index: its reports, newest period first, and its KPIs.

    `title` is the name that people know; `fault` says why nothing of it could run.
    """

    name: str
    title: str = ""
    entries: tuple[Entry, ...] = ()
    period: str = ""
    kpis: tuple[Kpi, ...] = ()
    fault: str = ""

    @property
    def attention(self) -> tuple[int, int]:
        """How much it needs: trouble with its reports first, then targets missed or behind."""
        trouble = bool(self.fault) + sum(e.state in ("failed", "blocked") for e in self.entries)
        return trouble, sum(_VERDICTS.get(kpi.verdict) == "serious" for kpi in self.kpis)

    @property
    def summary(self) -> str:
        """How its reports stand, in a few words."""
        counts = Counter(e.state for e in self.entries if e.state != "not applicable")
        told = ", ".join(f"{n} {state}" for state, n in sorted(counts.items()))
        return "refused" if self.fault else told or "no report yet"


def render_index(clients: Sequence[ClientEntry], *, faults: Sequence[str] = ()) -> str:
    """Return the index page, as sealed as the reports it links to; `faults` are of notebooks."""
    group = 'role="group" tabindex="0" aria-label="Clients"'
    head = _row("th", ("Client", "Period", "KPIs", "Targets", "Reports"), ' scope="col"')
    rows = "".join(_client_row(client) for client in clients)
    notes = "".join(f'<p class="note">{escape(fault)}</p>' for fault in faults)
    details = "".join(_details(client) for client in clients)
    title = "Clients and their reports"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title><style>{style()}</style></head>\n<body>"
        f'<header><p class="mark">For the consultancy only</p><h1>{title}</h1>'
        "<p>It names all clients side by side: do not pass it on to any of them.</p></header>\n"
        f'<main>{notes}<div class="table" {group}><table><thead>{head}</thead>'
        f"<tbody>\n{rows}</tbody></table></div>\n{details}</main></body></html>\n"
    )


def _row(tag: str, cells: Sequence[str], attributes: str = "") -> str:
    return "<tr>" + "".join(f"<{tag}{attributes}>{cell}</{tag}>" for cell in cells) + "</tr>\n"


def _client_row(client: ClientEntry) -> str:
    name = escape(client.title or client.name)
    kpis = "<br>".join(_kpi(kpi) for kpi in client.kpis if kpi.status or kpi.change is not None)
    verdicts = "<br>".join(
        f'<span class="{_VERDICTS.get(kpi.verdict, "warning")}">'
        f'<span class="badge">{escape(kpi.label)}</span></span> {escape(kpi.verdict)}'
        for kpi in client.kpis
        if kpi.verdict
    )
    worst = next((s for s in ("failed", "blocked") if _has(client, s)), "done")
    kind = "serious" if client.fault else _STATES[worst]
    state = f'<span class="{kind}"><span class="badge">{escape(client.summary)}</span></span>'
    return (
        f'<tr><th scope="row"><a href="#{quote(client.name)}">{name}</a></th>'
        f"<td>{escape(client.period)}</td><td>{kpis or '–'}</td><td>{verdicts or '–'}</td>"
        f"<td>{state}</td></tr>\n"
    )


def _has(client: ClientEntry, state: str) -> bool:
    return any(entry.state == state for entry in client.entries)


def _kpi(kpi: Kpi) -> str:
    words = Words()
    name = f"<strong>{escape(words.label(kpi.label))}</strong>"
    if kpi.value is None:
        return f"{name} withheld"
    value = escape(words.quantity(kpi.value, kpi.unit or ""))
    if kpi.change is None:
        return f"{name} {value}"
    change = escape(words.quantity(kpi.change, kpi.unit or "", sign=True))
    when = f" in {escape(words.period(kpi.at))}" if kpi.at else ""
    cause = f", {escape(kpi.cause)}" if kpi.cause and kpi.cause != "not split" else ""
    return f"{name} {value} ({change}{when}{cause})"


def _details(client: ClientEntry) -> str:
    head = _row("th", ("Chapter", "Period", "Language", "State", "Note"), ' scope="col"')
    rows = "".join(
        _row("td", (_link(e), *map(escape, (e.period, e.language, e.state, e.note))))
        for e in client.entries
    )
    fault = f'<pre class="plain">{escape(client.fault)}</pre>' if client.fault else ""
    group = f'role="group" tabindex="0" aria-label="{escape(client.name)}"'
    body = f"<thead>{head}</thead><tbody>\n{rows}</tbody>"
    table = f'<div class="table" {group}><table>{body}</table></div>'
    return (
        f'<section id="{escape(client.name)}"><h2>{escape(client.title or client.name)}</h2>{fault}'
        f"{table if client.entries else ''}</section>\n"
    )


def _link(entry: Entry) -> str:
    title = escape(entry.title)
    return f'<a href="{escape(quote(entry.link))}">{title}</a>' if entry.link else title
