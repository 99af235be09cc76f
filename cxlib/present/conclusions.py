"""Findings and headline numbers: shown in the notebook, lifted to the top of the report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from cxlib.plots import theme
from cxlib.present import mime
from cxlib.present.findings import Finding, in_order
from cxlib.present.mime import View
from cxlib.words import Words, mark as _

SEVERITY_WORDS = {"serious": _("Act"), "warning": _("Watch"), "good": _("Good"), "note": _("Note")}
DESK = _("For the consultant")

COLOURS = {"serious": theme.BAD, "warning": theme.ACCENT, "good": theme.GOOD, "note": theme.MUTED}


def view_findings(findings: Iterable[Finding], *, words: Words) -> View:
    """Say findings that rules made, in order of consequence."""
    items: list[dict[str, Any]] = [
        {
            "id": f.id,
            "subject": f.subject,
            "severity": f.severity,
            "tier": f.tier,
            "stake": f.stake,
            "mark": words.say(DESK if f.desk else SEVERITY_WORDS[f.severity]),
            "desk": f.desk,
            "text": f.headline(words),
            "evidence": f.proof(words),
            "next": f.step(words),
            "chapter": f.chapter,
        }
        for f in in_order(findings)
    ]
    rows = "".join(
        f'<div style="border-left:4px solid {COLOURS[i["severity"]]};padding:.2em .8em;'
        f'margin:.5em 0;max-width:52em"><b>{escape(i["mark"])}</b> · {escape(i["text"])}'
        + (f"<br><small>{escape(i['evidence'])}</small>" if i["evidence"] else "")
        + (f"<br>→ <i>{escape(i['next'])}</i>" if i["next"] else "")
        + "</div>"
        for i in items
    )
    plain = "\n".join(f"{i['mark']}: {i['text']} {i['next']}".rstrip() for i in items)
    data = {"items": items}
    return View(kind=mime.FINDINGS, data=data, html=rows or "–", plain=plain or "–")


def view_tiles(tiles: Sequence[dict[str, Any]]) -> View:
    """Show headline numbers in a row, as a report begins with them.

    Each says its ``label`` and ``value``, the ``lines`` beneath (interval and base, change,
    target), its ``state`` (``good``, ``bad``, ``open`` or empty), ``spark`` (see `spark`) and its
    ``breaks``, where along it the level broke.
    """
    plain = "\n".join(f"{t['label']}: {t['value']} ({'; '.join(t['lines'])})" for t in tiles)
    card = "display:inline-block;vertical-align:top;width:13em;margin:0 .8em .8em 0;"
    cells = "".join(
        f'<div style="{card}padding:.5em .8em;border:1px solid #8884;'
        f'border-top:4px solid {theme.STATES.get(t["state"], theme.QUIET)}">'
        f'<div>{escape(t["label"])}</div><b style="font-size:1.6em">{escape(t["value"])}</b>'
        f"{_spark(t['spark'], t['breaks'])}"
        + "".join(f"<div><small>{escape(line)}</small></div>" for line in t["lines"])
        + "</div>"
        for t in tiles
    )
    return View(kind=mime.TILES, data={"tiles": [*tiles]}, html=f"<div>{cells}</div>", plain=plain)


def _spark(points: list[list[float]], breaks: list[float]) -> str:
    """Return a sparkline as a notebook shows it, in the page's own ink, its breaks dotted."""
    if not points:
        return ""
    at = " ".join(f"{x:g},{y:g}" for x, y in points)
    marks = "".join(f"M{x:g} -2V22" for x in breaks)
    return (
        '<svg viewBox="-2 -2 104 24" width="110" height="26" style="display:block" fill="none" '
        f'stroke="currentColor"><polyline points="{at}" stroke-width="1.5"/>'
        f'<path d="{marks}" stroke-dasharray="2"/></svg>'
    )


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


def nothing_to_show(*, words: Words, minimum_base: int) -> View:
    """Say, in place of a figure, that it is withheld, and why."""
    message = _("Withheld: a base below {n} each; protects the people behind them.")
    text = words.say(message, n=minimum_base)
    return View(kind=mime.NOTE, data={"text": text}, plain=text)
