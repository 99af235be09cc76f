"""The index over all clients, a page for the consultancy only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cxlib.present.conclusions import spark
from cxlib.report.html import CONTENT_POLICY, lang_of, style
from cxlib.words import Said, Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.envelope import Envelope

_STATES = {"done": "good", "fresh": "good", "failed": "serious", "blocked": "warning"}
STATES = (
    *(_("done"), _("fresh"), _("failed"), _("blocked"), _("interrupted"), _("not applicable")),
    *(_("stale"), _("never run")),
)
"""How a job may stand, as the index says it."""
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
    history: tuple[float, ...] | list[float] | None = ()

    @property
    def verdict(self) -> str:
        """Before a target is due its course, from then on its status; empty without a target."""
        return str(self.status if self.course in DECIDES else self.course) if self.status else ""


LATE = "late: "
"""What precedes a chapter's stem where the glance counts what is late, not a KPI."""
GLANCE = tuple(field.name for field in fields(Kpi) if field.name != "label")
"""What the index shows of a KPI."""


def glance_of(envelope: Envelope) -> dict[str, Any]:
    """Return what the index shows of a chapter's saved results, as plain JSON: its KPIs by key.

    They come from the result named ``standing``, as `Engagement.standing` gives it.
    """
    late = _late(envelope)
    if late is not None:
        return {LATE + envelope.chapter: late}
    table = getattr(envelope.results.get("standing"), "table", None)
    if table is None or not {"kpi", "value", "source", "status"} <= set(table.columns):
        return {}
    return {
        str(row["kpi"]): {name: _plain(row.get(name)) for name in GLANCE}
        for row in table.to_dict("records")
        if row["source"] != "touchpoint"
    }


def _late(envelope: Envelope) -> int | None:
    """Return how much of a register of actions or obligations is late; None for other results."""
    import pandas as pd

    for name in ("plan", "open"):
        found = envelope.results.get(name)
        table = found if isinstance(found, pd.DataFrame) else getattr(found, "table", None)
        if isinstance(table, pd.DataFrame) and "days_late" in table:
            return int((pd.to_numeric(table["days_late"], errors="coerce") > 0).sum())
    return None


def _plain(value: Any) -> Any:
    import pandas as pd

    if isinstance(value, (tuple, list)):
        return [round(float(each), 4) for each in value if not pd.isna(each)]
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
    file: str = ""


@dataclass(frozen=True)
class ClientEntry:
    """One client on the index: its reports, newest period first, and its KPIs.

    `title` is the name that people know; `late` counts by chapter what is late in its registers;
    `fault` says why nothing of it could run.
    """

    name: str
    title: str = ""
    entries: tuple[Entry, ...] = ()
    period: str = ""
    kpis: tuple[Kpi, ...] = ()
    late: Mapping[str, int] = field(default_factory=dict)
    fault: str = ""

    @property
    def attention(self) -> tuple[int, int]:
        """How much it needs: trouble with its reports, then targets missed and what is late."""
        trouble = bool(self.fault) + sum(e.state in ("failed", "blocked") for e in self.entries)
        missed = sum(_VERDICTS.get(kpi.verdict) == "serious" for kpi in self.kpis)
        return trouble, missed + sum(self.late.values())

    @property
    def books(self) -> list[Entry]:
        """The books of its newest period."""
        return [e for e in self.entries if e.chapter == "book" and e.period == self.period]

    def told(self, words: Words) -> str:
        """Return how its reports stand, in a few words."""
        counts = Counter(e.state for e in self.entries if e.state != "not applicable")
        told = [
            words.say(_("{n} {state}"), n=n, state=Said(words.say(state)))
            for state, n in sorted(counts.items())
        ]
        if self.fault:
            return words.say(_("refused"))
        comma = "，" if words.language == "zh" else ", "
        return comma.join(told) or words.say(_("no report yet"))


def render_index(
    clients: Sequence[ClientEntry], *, faults: Sequence[str] = (), words: Words | None = None
) -> str:
    """Return the index page, as sealed as the reports it links to; `faults` are of notebooks.

    Parameters
    ----------
    clients : sequence of ClientEntry
        Whoever needs attention first.
    faults : sequence of str
        What is wrong with notebooks.
    words : Words, optional
        The consultancy's language, English by default.
    """
    words = words or Words()
    say = words.say
    heads = (_("Client"), _("KPIs"), _("Change and why"), _("Against its target"), _("Reports"))
    head = _row("th", [say(text) for text in heads], ' scope="col"')
    rows = "".join(_client_row(client, words) for client in clients)
    notes = "".join(f'<p class="note">{escape(fault)}</p>' for fault in faults)
    details = "".join(_details(client, words) for client in clients)
    title = escape(say(_("Clients and their reports")))
    group = f'role="group" tabindex="0" aria-label="{title}"'
    mark, warning = (
        escape(say(text))
        for text in (
            _("For the consultancy only"),
            _("It names all clients side by side: do not pass it on to any of them."),
        )
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{lang_of(words)}"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title><style>{style()}</style></head>\n"
        f'<body class="wide"><header><p class="mark">{mark}</p><h1>{title}</h1>'
        f"<p>{warning}</p></header>\n"
        f'<main>{notes}<div class="table" {group}><table><thead>{head}</thead>'
        f"<tbody>\n{rows}</tbody></table></div>\n{details}</main></body></html>\n"
    )


def _row(tag: str, cells: Sequence[str], attributes: str = "") -> str:
    return "<tr>" + "".join(f"<{tag}{attributes}>{cell}</{tag}>" for cell in cells) + "</tr>\n"


def _client_row(client: ClientEntry, words: Words) -> str:
    name = escape(client.title or client.name)
    period = escape(words.period(client.period)) if client.period else ""
    told = [kpi for kpi in client.kpis if kpi.status or kpi.change is not None]
    shown = [kpi for kpi in told if kpi.status] or told
    values = "".join(f'<div class="kpi">{_value(kpi, words)}</div>' for kpi in shown)
    moves = "".join(f'<div class="kpi">{_change(kpi, words)}</div>' for kpi in shown)
    verdicts = "".join(
        f'<div class="kpi {_VERDICTS.get(kpi.verdict, "warning")}">'
        f'<span class="badge">{escape(words.say(kpi.verdict))}</span></div>'
        if kpi.verdict
        else '<div class="kpi">–</div>'
        for kpi in shown
    )
    worst = next((s for s in ("failed", "blocked") if _has(client, s)), "done")
    kind = "serious" if client.fault else _STATES[worst]
    state = f'<span class="{kind}"><span class="badge">{escape(client.told(words))}</span></span>'
    books = " · ".join(_link(e, e.language) for e in client.books if e.link)
    bound = f"<br>{escape(words.say(_('Whole report:')))} {books}" if books else ""
    late = sum(client.late.values())
    due = escape(words.say(_("Late in the registers: {n}"), n=late))
    bound += f'<br><span class="serious"><span class="badge">{due}</span></span>' if late else ""
    return (
        f'<tr><th scope="row"><a href="#{quote(client.name)}">{name}</a><br>'
        f'<span class="next">{period}</span></th>'
        f"<td>{values or '–'}</td><td>{moves or '–'}</td><td>{verdicts or '–'}</td>"
        f"<td>{state}{bound}</td></tr>\n"
    )


def _has(client: ClientEntry, state: str) -> bool:
    return any(entry.state == state for entry in client.entries)


def _value(kpi: Kpi, words: Words) -> str:
    name = f"<strong>{escape(words.label(kpi.label))}</strong>"
    if kpi.value is None:
        return f"{name} {escape(words.say(_('withheld')))}"
    points = spark(tuple(kpi.history or ()))
    line = " ".join(f"{x:g},{y:g}" for x, y in points)
    drawn = (
        f'<svg class="spark" viewBox="-3 -3 106 26" aria-hidden="true"><polyline points="{line}" '
        'fill="none" stroke="currentColor" stroke-width="1.5"/></svg>'
        if points
        else ""
    )
    return f"{name} {escape(words.quantity(kpi.value, kpi.unit or ''))} {drawn}"


def _change(kpi: Kpi, words: Words) -> str:
    if kpi.value is None or kpi.change is None:
        return "–"
    change = escape(words.quantity(kpi.change, kpi.unit or "", sign=True))
    told = [escape(words.period(kpi.at))] if kpi.at else []
    told += [escape(words.say(kpi.cause))] if kpi.cause and kpi.cause != "not split" else []
    comma = "，" if words.language == "zh" else ", "
    return comma.join((change, *told))


def _details(client: ClientEntry, words: Words) -> str:
    heads = (_("Chapter"), _("Period"), _("Language"), _("State"), _("Note"))
    head = _row("th", [words.say(text) for text in heads], ' scope="col"')
    rows = "".join(
        _row(
            "td",
            (
                _link(e, words.say(e.title)),
                *map(escape, (words.period(e.period), e.language, words.say(e.state), e.note)),
            ),
        )
        for e in client.entries
    )
    fault = f'<pre class="plain">{escape(client.fault)}</pre>' if client.fault else ""
    title = escape(client.title or client.name)
    group = f'role="group" tabindex="0" aria-label="{title}"'
    body = f"<thead>{head}</thead><tbody>\n{rows}</tbody>"
    table = f'<div class="table" {group}><table>{body}</table></div>'
    return (
        f'<section id="{escape(client.name)}"><h2>{title}</h2>{fault}'
        f"{table if client.entries else ''}</section>\n"
    )


def _link(entry: Entry, text: str) -> str:
    shown = escape(text)
    return f'<a href="{escape(quote(entry.link))}">{shown}</a>' if entry.link else shown
