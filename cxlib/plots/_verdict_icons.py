"""The verdicts of a process chart as icons: shapes that differ in grey too, with their words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cxlib.plots import theme
from cxlib.words import Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RING = 21
"""Points: the diameter of an icon."""
_VARIATION = {
    "improving": (theme.GOOD, _("Signal: improving")),
    "concerning": (theme.BAD, _("Signal: worsening")),
    "neither high": (theme.ACCENT, _("Signal: high")),
    "neither low": (theme.ACCENT, _("Signal: low")),
    "common cause": (theme.MUTED, _("No signal: noise")),
}
_ASSURANCE = {
    "reaches": (theme.GOOD, _("Target: will be met")),
    "misses": (theme.BAD, _("Target: will not be met")),
    "may or may not": (theme.MUTED, _("Target: left to chance")),
    "open while it changes": (theme.MUTED, _("Target: open")),
}
PLACES = (0.80, 0.30)


def verdicts(
    ax: Axes, *, variation: str | None, assurance: str | None, up: bool, words: Words
) -> None:
    """Draw both verdicts to the right of `ax`, each as a ring with a sign and its words.

    Parameters
    ----------
    ax : Axes
    variation, assurance : str or None
        As `XmrChart` has them; None draws nothing.
    up : bool
        Whether the latest value lies above its centre: which way a signal's arrow points.
    words : Words
    """
    if variation in _VARIATION:
        colour, text = _VARIATION[variation]
        _ring(ax, PLACES[0], colour, words.say(text), hollow=variation == "common cause")
        _sign(ax, PLACES[0], _arrow(variation, up), colour)
    if assurance in _ASSURANCE:
        colour, text = _ASSURANCE[assurance]
        hollow = assurance not in ("reaches", "misses")
        _ring(ax, PLACES[1], colour, words.say(text), hollow=hollow)
        _sign(ax, PLACES[1], _seal(assurance), colour)


def _ring(ax: Axes, y: float, colour: str, text: str, *, hollow: bool) -> None:
    ax.plot(
        [1.085],
        [y],
        transform=ax.transAxes,
        clip_on=False,
        marker="o",
        markersize=RING,
        markerfacecolor=theme.PAPER if hollow else colour,
        markeredgecolor=colour,
        markeredgewidth=1.6,
    )
    ax.text(
        1.085,
        y - 0.115,
        theme.wrap(text, width=9),
        transform=ax.transAxes,
        ha="center",
        va="top",
        fontsize=7.5,
        color=theme.INK,
        linespacing=1.1,
    )


def _sign(ax: Axes, y: float, marker: Any, colour: str) -> None:
    hollow = marker in _ON_PAPER
    ax.plot(
        [1.085],
        [y],
        transform=ax.transAxes,
        clip_on=False,
        marker=_glyph(marker) if hollow else marker,
        markersize=RING * 0.5,
        markerfacecolor="none" if marker == "_" else (colour if hollow else theme.PAPER),
        markeredgecolor=colour if hollow else theme.PAPER,
        markeredgewidth=0 if hollow else 1.2,
    )


_WAVE, _ASK = "~", "?"
_ON_PAPER = (_WAVE, _ASK)


def _arrow(variation: str | None, up: bool) -> Any:
    if variation == "common cause":
        return _WAVE
    return "^" if up else "v"


def _seal(assurance: str | None) -> Any:
    if assurance == "reaches":
        return _tick()
    return "X" if assurance == "misses" else _ASK


def _glyph(character: str) -> Any:
    from matplotlib.textpath import TextPath
    from matplotlib.transforms import Affine2D

    drawn = TextPath((0, 0), character, size=10)
    box = drawn.get_extents()
    middle = Affine2D().translate(-(box.x0 + box.x1) / 2, -(box.y0 + box.y1) / 2)
    return drawn.transformed(middle)


def _tick() -> Any:
    from matplotlib.path import Path

    return Path([(-1.0, 0.0), (-0.3, -0.8), (1.0, 0.9), (-0.3, -0.35), (-1.0, 0.0)])
