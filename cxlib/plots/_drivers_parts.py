"""What the figures of the drivers chapter share: points with intervals, numbers beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxlib.plots import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def point(
    ax: Axes, y: float, value: float, low: float, high: float, *, colour: str, filled: bool
) -> None:
    """Draw an estimate with its interval on row `y`; what is withheld leaves a gap."""
    ax.plot([low, high], [y, y], color=colour, linewidth=2, solid_capstyle="round")
    fill = colour if filled else theme.PAPER
    ax.plot(value, y, marker="o", markersize=6.5, color=colour, markerfacecolor=fill)


def beside(ax: Axes, x: float, y: float, text: str) -> None:
    """Write a number beside the end of its interval."""
    ax.annotate(
        text,
        (x, y),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
        color=theme.INK,
    )
