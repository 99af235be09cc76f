"""The deck of a period: a finding a slide, editable, from what the chapters saved."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pandas as pd

from cxlib.errors import DataError
from cxlib.plots import native, theme
from cxlib.present.findings import MOST, Finding, in_order
from cxlib.report.saved import FIRST, Saved
from cxlib.report.slides import Look, Shown, Slides
from cxlib.words import Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.engagement import Engagement
    from cxlib.envelope import Part


DPI = 300
"""Of pictures: sharp on paper, and where one panel fills a slide."""


def deck(engagement: Engagement, chapters: Sequence[Saved], *, look: Look | None = None) -> bytes:
    """Return the deck of one client, period and language, in the client's `look`.

    Title, summary, each chapter's findings as the headlines of slides with the figure that shows
    them, and what the numbers are. Pictures are drawn only here, where no native chart will do.
    """
    words = engagement.words
    confidential = words.say(_("Confidential"))
    footer = f"{engagement.name} · {words.period(engagement.period)} · {confidential}"
    slides = Slides(words, replace(look or Look(), footer=(look and look.footer) or footer))
    made = [c for c in chapters if c.envelope is not None]
    told = [(c, f) for c in made for f in _top(c)]
    slides.title(engagement, [c.title for c in sorted(made, key=lambda c: c.stem != FIRST)])
    slides.summary(engagement, made, _gravest(told))
    said: set[str] = set()
    for chapter, finding in told:
        headline = finding.headline(words)
        if chapter.stem != FIRST and headline not in said:
            said.add(headline)
            part = figure_of(chapter, finding)
            text = chapter.texts.get(part.cell, "") if part else ""
            shown = drawn(part, words, text, finding) if part else None
            slides.finding(chapter, finding, shown)
    missing = [c.title for c in chapters if c.missing]
    slides.about(engagement, missing)
    return slides.content


def _top(chapter: Saved) -> list[Finding]:
    """Return what stands at the top of a chapter: at most five, one a subject; no notes."""
    found = chapter.envelope.findings if chapter.envelope else ()
    once: dict[str, Finding] = {}
    order = in_order(f for f in found if f.severity != "note" and not f.desk)
    for finding in sorted(order, key=lambda f: f.tier >= 0):  # the chapter's answer first
        once.setdefault(finding.subject, finding)
    return list(once.values())[:MOST]


def _gravest(told: Sequence[tuple[Saved, Finding]]) -> list[Finding]:
    """Return what the summary chapter says, then the gravest of all, one a subject."""
    own = [finding for chapter, finding in told if chapter.stem == FIRST]
    rest = in_order(finding for chapter, finding in told if chapter.stem != FIRST)
    once: dict[str, Finding] = {}
    for finding in (*own, *rest):
        once.setdefault(finding.subject, finding)
    return list(once.values())[:MOST]


# --- which figure shows a finding ---------------------------------------------------------------

_SUBJECTS = ("kpi", "driver", "touchpoint", "metric", "question")


def figure_of(chapter: Saved, finding: Finding) -> Part | None:
    """Return the figure that shows a finding best; None where none does.

    Of those that hold its subject the one in the same cell, else the one that holds least beside;
    a figure of the same cell also where it holds subjects of another kind.
    """
    parts = chapter.envelope.parts if chapter.envelope else ()
    cells = {p.cell for p in parts if p.kind == "findings" and finding.id in (p.result() or ())}
    best: tuple[float, Part] | None = None
    for part in (p for p in parts if p.kind == "figure"):
        share = _share(part.result(), finding)
        weight = share + (2.0 if part.cell in cells and share else 0.0)
        weight = weight or (0.01 if part.cell in cells else 0.0)
        if weight and (best is None or weight > best[0]):
            best = weight, part
    return best[1] if best else None


def _share(result: Any, finding: Finding) -> float:
    """Return the share of a figure's rows that are about a finding's subject."""
    results = result if isinstance(result, (list, tuple)) else [result]
    frames = [r if isinstance(r, pd.DataFrame) else getattr(r, "table", None) for r in results]
    rows = hits = 0
    for frame in frames:
        if isinstance(frame, pd.DataFrame):
            rows += len(frame)
            hits += int(_about(frame, finding).sum())
    return hits / rows if rows else 0.0


def _about(frame: pd.DataFrame, finding: Finding) -> Any:
    segment, equals, level = finding.subject.partition("=")
    if equals and {"segment", "level"} <= set(frame.columns):
        return (frame["segment"] == segment) & (frame["level"].astype(str) == level)
    known = [name for name in _SUBJECTS if name in frame.columns]
    hits = [frame[name].astype(str) == finding.subject for name in known]
    return hits[0] if hits else pd.Series(False, index=frame.index)


def _narrowed(result: Any, finding: Finding | None) -> Any:
    """Return of a figure of several panels the one that is about a finding, as far as there is."""
    panels = result if isinstance(result, list) and finding is not None else []
    frames = [r if isinstance(r, pd.DataFrame) else getattr(r, "table", None) for r in panels]
    own = [
        panel
        for panel, frame in zip(panels, frames, strict=True)
        if isinstance(frame, pd.DataFrame)
        and len(frame)
        and finding
        and _about(frame, finding).all()
    ]
    return own or result


def drawn(part: Part, words: Words, text: str, about: Finding | None = None) -> Shown:
    """Draw a saved figure again: as a chart that can be edited where its type allows it.

    Raises DataError if its plot is none of the kit's.
    """
    from importlib import import_module

    from cxlib.envelope import decode

    module, _colon, name = part.plot.partition(":")
    if not re.fullmatch(r"cxlib\.(?:chapters|plots)\.[\w.]+", module) or not name.isidentifier():
        raise DataError(f"a saved figure names {part.plot!r}, which is no plot of the kit.")
    plot = getattr(import_module(module), name, None)
    if getattr(plot, "__module__", "") != module or not callable(plot):
        raise DataError(f"a saved figure names {part.plot!r}, which this kit does not know.")
    with theme.applied():
        axes = plot(_narrowed(part.result(), about), words=words, **decode(part.options))
        figure = axes.get_figure()
        chart = native.noted(axes)
        alt = axes.get_label() or axes.get_gid() or ""
        if chart is not None:
            return Shown(chart=chart, about=alt, text=text)
        theme.fit(figure)
        png, size = _picture(figure)
        return Shown(chart=None, png=png, size=size, about=alt, text=text)


def _picture(figure: Any) -> tuple[bytes, tuple[float, float]]:
    """Return a drawn figure without its margins as a PNG, and its size in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    if figure._suptitle is not None:
        figure._suptitle.set_visible(False)  # the slide's headline stands above
    buffer = BytesIO()
    FigureCanvasAgg(figure)
    about = {"dpi": DPI, "bbox_inches": "tight", "metadata": {"Software": None}}
    figure.savefig(buffer, format="png", **about)
    png = buffer.getvalue()
    wide, high = struct.unpack(">II", png[16:24])
    return png, (wide / DPI, high / DPI)
