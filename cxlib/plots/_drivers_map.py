"""The map of importance and performance: points with both intervals, labels that do not collide."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Literal

import numpy as np

from cxlib.plots import theme
from cxlib.words import Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.text import Text
    from matplotlib.transforms import BboxBase

    from cxlib.analysis.drivers import DriverImportance, Priorities

Box = tuple[float, float, float, float]

CORNERS: dict[str, tuple[float, float, Literal["left", "right"], Literal["bottom", "top"]]] = {
    "watch": (0.01, 0.015, "left", "bottom"),
    "maintain": (0.01, 0.985, "left", "top"),
    "fix first": (0.99, 0.015, "right", "bottom"),
    "keep up": (0.99, 0.985, "right", "top"),
}
"""Where each quadrant's name stands, in parts of the axes."""

TICKS = (0, 1, 2, 5, 10, 20, 30, 40, 50, 60, 80, 100)
DISTANCES = (9, 16, 26, 38, 52, 68, 86, 106, 128)
DIRECTIONS = (
    (1, 1),
    (1, -1),
    (-1, 1),
    (-1, -1),
    (1, 0.4),
    (1, -0.4),
    (0, 1),
    (0, -1),
    (1, 0),
    (-1, 0),
)
"""Where a label is tried, from its point: as parts of its distance to the right and upwards."""


def priorities(
    priorities: Priorities, *, words: Words, importance: DriverImportance, ax: Axes | None = None
) -> Axes:
    """Draw the map of importance and performance with intervals on both axes.

    Parameters
    ----------
    priorities : Priorities
    words : Words
    importance : DriverImportance
        Says which drivers are proven: these are filled.
    ax : Axes, optional
    """
    table = priorities.table.dropna(subset=["share", "performance"])
    proven = set(importance.table.loc[importance.table["p_unique"] < 0.05, "driver"])
    ax = theme.axes(ax, height=4.8)
    for _label, row in table.iterrows():
        x, y = 100 * row["share"], row["performance"]
        colour = theme.MAIN if row["driver"] in proven else theme.MUTED
        if np.isfinite(row["share_low"]):
            ax.hlines(
                y, 100 * row["share_low"], 100 * row["share_high"], color=colour, lw=0.8, alpha=0.5
            )
            ax.vlines(
                x, row["performance_low"], row["performance_high"], color=colour, lw=0.8, alpha=0.5
            )
        fill = colour if row["driver"] in proven else theme.PAPER
        ax.plot(x, y, marker="o", markersize=6, color=colour, markerfacecolor=fill)
    ax.axvline(100 * priorities.importance_cut, color=theme.ACCENT, linestyle="--", linewidth=1)
    ax.axhline(priorities.performance_cut, color=theme.ACCENT, linestyle="--", linewidth=1)
    _spread(ax, 100 * float(np.nanmax([table["share"].max(), table["share_high"].max()])))
    ax.margins(y=0.12)
    corners = [_corner(ax, quadrant, words) for quadrant in CORNERS]
    ax.set_xlabel(
        words.say(
            _("Share of what all touchpoints explain, %, small ones drawn apart; filled: proven")
        ),
    )
    ax.set_ylabel(words.say(_("Mean rating")))
    text = _title(priorities, proven, words)
    theme.title(ax, text, alt=_alt(text, priorities, words))
    _label_points(ax, table, words, corners)
    return ax


def _spread(ax: Axes, largest: float) -> None:
    """Give small shares, where most touchpoints crowd, more room than large ones."""
    ax.set_xscale("function", functions=(lambda x: np.sqrt(np.maximum(x, 0)), np.square))
    ax.set_xlim(0, 1.06 * largest)
    ax.set_xticks([tick for tick in TICKS if tick <= largest], minor=False)
    ax.set_xticks([], minor=True)
    ax.xaxis.set_major_formatter("{x:g}")


def _corner(ax: Axes, quadrant: str, words: Words) -> Text:
    x, y, ha, va = CORNERS[quadrant]
    return ax.text(
        x, y, words.say(quadrant), transform=ax.transAxes, ha=ha, va=va, fontsize=9,
        color=theme.ACCENT,
    )  # fmt: skip


def _title(priorities: Priorities, proven: set[str], words: Words) -> str:
    table = priorities.table.sort_values("share", ascending=False, kind="stable")
    urgent = table[(table["quadrant"] == "fix first") & table["driver"].isin(proven)]
    if urgent.empty:
        return words.say(_("Nothing that is proven to matter is rated below the middle"))
    return words.say(
        _("To fix first, being proven to matter and rated low: {drivers}"),
        drivers=tuple(urgent["driver"]),
    )


def _alt(title: str, priorities: Priorities, words: Words) -> str:
    told = "; ".join(
        f"{words.label(row['driver'])}: {words.say(row['quadrant'])}"
        for _label, row in priorities.table.iterrows()
    )
    return f"{title}. {told}."


def _label_points(ax: Axes, table: pd.DataFrame, words: Words, corners: list[Text]) -> None:
    """Name each point where its name covers no other name, point, line or corner."""
    from matplotlib.patheffects import withStroke

    figure = ax.get_figure(root=True)
    if figure is None:
        return
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # the labels are placed for the axes as they now stand
    point = figure.dpi / 72
    table = table.sort_values("performance", ascending=False)  # so that names keep that order
    at = np.column_stack([100 * table["share"].to_numpy(), table["performance"].to_numpy()])
    spots = ax.transData.transform(at)
    frame = _box(ax.get_window_extent())
    taken = [_box(corner.get_window_extent()) for corner in corners]
    taken += [_around(x, y, 4 * point) for x, y in spots.tolist()]
    lines = [_box(line.get_window_extent()) for line in ax.get_lines()]
    thin = [(x0 - 1, y0 - 1, x1 + 1, y1 + 1) for x0, y0, x1, y1 in lines]
    for (x, y), where, name in zip(at.tolist(), spots.tolist(), table["driver"], strict=True):
        text = theme.wrap(words.label(name), width=16)
        measured = ax.text(x, y, text, fontsize=8)
        size = _box(measured.get_window_extent())
        measured.remove()
        wide, high = size[2] - size[0], size[3] - size[1]
        dx, dy, box = _best_place(where, (wide, high), point, taken, thin, frame)
        taken.append(box)
        ax.annotate(
            text,
            (x, y),
            xytext=(dx / point, dy / point),
            textcoords="offset points",
            fontsize=8,
            color=theme.INK,
            ha="center",
            va="center",
            path_effects=[withStroke(linewidth=2, foreground=theme.PAPER)],
            arrowprops={"arrowstyle": "-", "color": theme.QUIET, "lw": 0.6, "shrinkB": 3},
        )


def _best_place(
    where: list[float],
    size: tuple[float, float],
    point: float,
    taken: list[Box],
    thin: list[Box],
    frame: Box,
) -> tuple[float, float, Box]:
    """Return how far from its point a label's centre stands, and the box it takes there."""
    wide, high = size
    found: list[tuple[float, float, float, Box]] = []
    for distance, (right, up) in product(DISTANCES, DIRECTIONS):
        reach = distance * point * (0.72 if right and up else 1.0)
        dx = right * reach + np.sign(right) * wide / 2
        dy = up * reach + np.sign(up) * high / 2 * (abs(up) == 1)
        x, y = where[0] + dx, where[1] + dy
        box = (x - wide / 2 - 1, y - high / 2 - 1, x + wide / 2 + 1, y + high / 2 + 1)
        cost = 5 * sum(_overlap(box, other) for other in taken) + 20 * _outside(box, frame)
        cost += sum(_overlap(box, other) for other in thin)
        if cost == 0:
            return dx, dy, box
        found.append((cost, dx, dy, box))
    _cost, dx, dy, box = min(found, key=lambda place: place[0])
    return dx, dy, box


def _box(extent: BboxBase) -> Box:
    return (extent.x0, extent.y0, extent.x1, extent.y1)


def _around(x: float, y: float, reach: float) -> Box:
    return (x - reach, y - reach, x + reach, y + reach)


def _overlap(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return width * height if width > 0 and height > 0 else 0.0


def _outside(box: Box, frame: Box) -> float:
    over = max(frame[0] - box[0], 0) + max(box[2] - frame[2], 0)
    beyond = max(frame[1] - box[1], 0) + max(box[3] - frame[3], 0)
    return over * (box[3] - box[1]) + beyond * (box[2] - box[0])
