"""The deck of a period: a finding a slide, editable, from what the chapters saved."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pandas as pd

from cxlib.chapters.summary.tables import board
from cxlib.data.face import Face
from cxlib.errors import DataError
from cxlib.plots import native, theme
from cxlib.present.findings import MOST, Finding, in_order
from cxlib.report.saved import FIRST, Saved
from cxlib.report.slides import PICTURE, Shown, Slides
from cxlib.words import Words, mark as _

if TYPE_CHECKING:
    from cxlib.engagement import Engagement
    from cxlib.envelope import Part


DPI = 300
"""Of pictures: sharp on paper, and where one panel fills a slide."""


def deck(engagement: Engagement, chapters: Sequence[Saved], *, face: Face | None = None) -> bytes:
    """Return the deck of one client, period and language, in the client's `face`.

    Title, summary, each chapter's findings as the headlines of slides with the figure that shows
    them, and what the numbers are. Pictures are drawn only here, where no native chart will do.
    """
    words = engagement.words
    face = face or Face()
    whose = face.footer or engagement.name
    confidential = face.confidential or words.say(_("Confidential"))
    footer = f"{whose} · {words.period(engagement.period)} · {confidential}"
    slides = Slides(words, replace(face, footer=footer))
    made = [c for c in chapters if c.envelope is not None]
    told = [(c, f) for c in made for f in _top(c)]
    slides.title(engagement, [c.title for c in sorted(made, key=lambda c: c.stem != FIRST)])
    slides.summary(engagement, made, _gravest(engagement, told))
    said: set[str] = set()
    for chapter in (c for c in made if c.stem != FIRST):
        plain: list[Finding] = []
        pictures: dict[bytes, tuple[list[Finding], Shown | None]] = {}
        for finding in (f for c, f in told if c is chapter and f.headline(words) not in said):
            said.add(finding.headline(words))
            part = figure_of(chapter, finding)
            if part or len(slides.known(finding)) > 1:
                text = chapter.texts.get(part.cell, "") if part else ""
                shown = drawn(part, words, text, finding) if part else None
                same = shown.png if shown and shown.png else finding.id.encode()
                pictures.setdefault(same, ([], shown))[0].append(finding)
            else:
                plain.append(finding)
        for about, shown in pictures.values():
            slides.finding(chapter, about, shown)
        if plain:
            slides.findings(chapter, plain)
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


def _gravest(engagement: Engagement, told: Sequence[tuple[Saved, Finding]]) -> list[Finding]:
    """Return what the summary says: of itself, then the gravest of the business, as it has them."""
    own = [finding for chapter, finding in told if chapter.stem == FIRST]
    here = {finding.chapter for _chapter, finding in told}
    rest = [f for f in board(engagement) if f.severity != "note" and f.chapter in here]
    return [*own, *(f for f in rest if f not in own)][:MOST]


# --- which figure shows a finding ---------------------------------------------------------------

_SUBJECTS = ("kpi", "driver", "touchpoint", "metric", "question", "customer_group", "subject")


def figure_of(chapter: Saved, finding: Finding) -> Part | None:
    """Return the figure that shows a finding best; None where none does.

    Of those that hold its subject the one in the same cell, else the one that holds least beside;
    a figure of the same cell also where it holds subjects of another kind. What is said of a
    competitor is shown with it.
    """
    parts = chapter.envelope.parts if chapter.envelope else ()
    cells = {p.cell for p in parts if p.kind == "findings" and finding.id in (p.result() or ())}
    best: tuple[float, Part] | None = None
    for part in (p for p in parts if p.kind == "figure"):
        share = _share(part.result(), finding, _rival(finding))
        weight = share + (2.0 if part.cell in cells and share else 0.0)
        weight = weight or (0.01 if part.cell in cells else 0.0)
        if weight and (best is None or weight > best[0]):
            best = weight, part
    return best[1] if best else None


def _share(result: Any, finding: Finding, rival: Any = None) -> float:
    """Return the share of a figure's rows that are about a finding's subject, and its rival."""
    rows = hits = 0
    for frame in _frames(result if isinstance(result, (list, tuple)) else [result]):
        if isinstance(frame, pd.DataFrame):
            rows += len(frame)
            beside = rival is None or (frame.astype(str) == str(rival)).any(axis=1)
            hits += int((_about(frame, finding) & beside).sum())
    return hits / rows if rows else 0.0


def _about(frame: pd.DataFrame, finding: Finding) -> Any:
    segment, equals, level = finding.subject.partition("=")
    if equals and {"segment", "level"} <= set(frame.columns):
        return (frame["segment"] == segment) & (frame["level"].astype(str) == level)
    known = [name for name in _SUBJECTS if name in frame.columns]
    hits = [frame[name].astype(str) == finding.subject for name in known]
    found = pd.concat(hits, axis=1).any(axis=1) if hits else pd.Series(False, index=frame.index)
    groups = "level" in frame.columns and "kpi" in known  # of a KPI, not the KPI
    return found & frame["level"].isna() if groups else found


def _narrowed(result: Any, finding: Finding | None) -> Any:
    """Return of a figure of several panels the one that is about a finding, as far as there is."""
    panels = result if isinstance(result, list) and finding is not None else []
    own = [
        panel
        for panel, frame in zip(panels, _frames(panels), strict=True)
        if isinstance(frame, pd.DataFrame) and len(frame) and finding
        and _about(frame, finding).all()
    ]  # fmt: skip
    return own or result


def _frames(results: Sequence[Any]) -> list[Any]:
    return [r if isinstance(r, pd.DataFrame) else getattr(r, "table", None) for r in results]


def drawn(part: Part, words: Words, text: str, about: Finding | None = None) -> Shown | None:
    """Draw a saved figure again: as a chart that can be edited where its type allows it.

    None if it leaves out what it is to show. Raises DataError if its plot is none of the kit's.
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
        try:
            axes = plot(_narrowed(part.result(), about), words=words, **decode(part.options))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise DataError(f"a saved figure, {name}, cannot be drawn again ({error}).") from error
        figure = axes.get_figure()
        chart = native.noted(axes)
        alt = axes.get_label() or axes.get_gid() or ""
        if chart is not None and about and not _told(chart, about, words):
            return None
        if chart is not None:
            return Shown(chart=chart, about=alt, text=text)
        _alone(figure, words.label(about.subject) if about else "")
        wide, high = figure.get_size_inches()
        figure.set_size_inches(wide, max(high, wide * PICTURE[3] / PICTURE[2]))  # as a slide's room
        theme.fit(figure)
        png, size = _picture(figure)
        return Shown(chart=None, png=png, size=size, about=alt, text=text)


def _told(chart: native.Chart, about: Finding, words: Words) -> bool:
    """Tell whether a chart that holds single subjects holds the one that a slide is about."""
    label = words.label(about.subject)
    return not _rival(about) or any(each.endswith(label) for each in chart.labels)


def _rival(finding: Finding) -> Any:
    """Return the competitor that a finding is first of all about; None if it is about none."""
    return finding.row.get("rated_brand") if "{rated_brand}" in finding.rules[0].says else None


def _alone(figure: Any, label: str) -> None:
    """Let the one panel that is about a slide's subject fill it."""
    drawn = [ax for ax in figure.axes if ax.axison and ax.get_visible()]
    named = re.compile(rf"{re.escape(label)}\s*([:：]|$)")
    own = [ax for ax in drawn if label and named.match(ax.get_title(loc="left"))]
    panel = own if len(own) == 1 else drawn
    if len(panel) != 1 or len(figure.axes) == 1:
        return
    for ax in (ax for ax in figure.axes if ax is not panel[0]):
        ax.set_visible(False)
    figure.set_size_inches(theme.WIDTH, theme.WIDTH * PICTURE[3] / PICTURE[2])
    panel[0].set_subplotspec(figure.add_gridspec(1, 1)[0])


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
