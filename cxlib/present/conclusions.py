"""Findings and headline numbers: shown in the notebook, lifted to the top of the report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

from cxlib.present import mime
from cxlib.present.findings import Finding, in_order
from cxlib.words import Words
from cxlib.words import mark as _

SEVERITY_WORDS = {
    "serious": _("Act"),
    "warning": _("Watch"),
    "good": _("Good"),
    "note": _("Note"),
}


@dataclass(frozen=True, kw_only=True)
class FindingsView:
    """Findings said in the reader's language, in order of consequence."""

    items: tuple[dict[str, Any], ...]

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, Any]:
        rows = "".join(
            f"<li><b>{escape(i['mark'])}.</b> {escape(i['text'])}"
            + (f" <i>{escape(i['next'])}</i>" if i["next"] else "")
            + "</li>"
            for i in self.items
        )
        plain = "\n".join(f"{i['mark']}: {i['text']} {i['next']}".rstrip() for i in self.items)
        return {
            mime.FINDINGS: {"items": list(self.items)},
            "text/html": f"<ul>{rows}</ul>",
            "text/plain": plain or "–",
        }


def view_findings(findings: Iterable[Finding], *, words: Words) -> FindingsView:
    """Say findings that rules made, in order."""
    items = [
        {
            "id": f.id,
            "subject": f.subject,
            "severity": f.severity,
            "tier": f.tier,
            "stake": f.stake,
            "mark": words.say(SEVERITY_WORDS[f.severity]),
            "text": f.headline(words),
            "evidence": f.proof(words),
            "next": f.step(words),
            "chapter": f.chapter,
        }
        for f in in_order(findings)
    ]
    return FindingsView(items=tuple(items))


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One headline number: its label, value, what stands beneath, and how it stands.

    Parameters
    ----------
    label, value : str
        Said already.
    lines : tuple of str
        Interval and base, change, target.
    state : str
        ``good``, ``bad``, ``open`` or empty.
    history : tuple of float
        Earlier values and this one, for a sparkline.
    """

    label: str
    value: str
    lines: tuple[str, ...] = ()
    state: str = ""
    history: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TilesView:
    """The headline numbers in a row, as a report begins with them."""

    tiles: tuple[Tile, ...]

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, Any]:
        data = [
            {
                "label": t.label,
                "value": t.value,
                "lines": list(t.lines),
                "state": t.state,
                "spark": spark(t.history),
            }
            for t in self.tiles
        ]
        plain = "\n".join(f"{t.label}: {t.value} ({'; '.join(t.lines)})" for t in self.tiles)
        cells = "".join(
            f"<td><b>{escape(t.value)}</b><br>{escape(t.label)}<br>"
            + "<br>".join(f"<small>{escape(line)}</small>" for line in t.lines)
            + "</td>"
            for t in self.tiles
        )
        return {
            mime.TILES: {"tiles": data},
            "text/html": f"<table><tr>{cells}</tr></table>",
            "text/plain": plain,
        }


def spark(history: tuple[float, ...]) -> list[list[float]]:
    """Return the points of a sparkline in a box of 100 by 20; none where nothing varies."""
    low, high = min(history, default=0.0), max(history, default=0.0)
    if len(history) < 3 or high <= low:
        return []
    step = 100 / (len(history) - 1)
    return [
        [round(i * step, 1), round(20 - 20 * (v - low) / (high - low), 1)]
        for i, v in enumerate(history)
    ]


@dataclass(frozen=True, kw_only=True)
class NoteView:
    """A sentence in place of something that cannot be shown."""

    text: str

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, Any]:
        return {mime.NOTE: {"text": self.text}, "text/plain": self.text}


def nothing_to_show(*, words: Words, minimum_base: int) -> NoteView:
    """Say that a figure is withheld, and why."""
    message = _("Withheld: fewer than {n} answers each; protects the people who gave them.")
    return NoteView(text=words.say(message, n=minimum_base))
