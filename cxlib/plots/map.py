"""A map of two measures: points with both intervals in named quadrants, labels that stand apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cxlib.columns import records
from cxlib.plots import theme

CORNERS: Any = ((0.01, 0.015, "left", "bottom"), (0.99, 0.015, "right", "bottom"),
                (0.01, 0.985, "left", "top"), (0.99, 0.985, "right", "top"))  # fmt: skip
"""Where a quadrant's name stands, in parts of the axes: low left, low right, high left, right."""

DISTANCES = (9, 16, 26, 38, 52, 68, 86, 106, 128)
SIDES = ((1, 1), (1, -1), (-1, 1), (-1, -1), (1, 0.4), (1, -0.4), (0, 1), (0, -1), (1, 0), (-1, 0))
"""Where a label is tried, from its point: as parts of its distance to the right and upwards."""


def quadrants(
    table: pd.DataFrame,
    *,
    x: str,
    y: str,
    cuts: tuple[float, float],
    labels: Sequence[str],
    names: Sequence[str],
    title: str,
    xlabel: str = "",
    ylabel: str = "",
    filled: str = "",
    percent: bool = False,
    alt: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw each row as a point, the filled ones with both intervals, in four named quadrants.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns `x` and `y` with ``<x>_low, <x>_high`` and the same of `y`.
    cuts : (float, float)
        Where the map is cut.
    labels, names : sequence of str
        Of the rows; of the quadrants: low left, low right, high left, high right.
    filled : str
        Column that says which points are filled; all by default.
    percent : bool
        Whether `x` is a share, drawn in percent.
    """
    ax = theme.axes(ax, height=4.6)
    scale = 100.0 if percent else 1.0
    table = table.assign(label=list(labels)).dropna(subset=[x, y])
    for row in records(table):
        clear = not filled or bool(row[filled])
        colour = theme.MAIN if clear else theme.QUIET
        line: Any = {"color": colour, "lw": 0.9, "alpha": 0.6}
        if clear and np.isfinite(row[f"{x}_low"]):
            ax.hlines(row[y], scale * row[f"{x}_low"], scale * row[f"{x}_high"], **line)
        if clear and np.isfinite(row[f"{y}_low"]):
            ax.vlines(scale * row[x], row[f"{y}_low"], row[f"{y}_high"], **line)
        theme.dot(ax, scale * row[x], row[y], colour=colour, filled=clear, size=6.5)
    ax.axvline(scale * cuts[0], color=theme.ACCENT, linestyle="--", linewidth=1)
    ax.axhline(cuts[1], color=theme.ACCENT, linestyle="--", linewidth=1)
    if percent:
        ax.set_xlim(left=0)
    ax.margins(x=0.06, y=0.14)
    corners = [
        ax.text(u, v, name, transform=ax.transAxes, ha=ha, va=va, fontsize=9, color=theme.ACCENT)
        for name, (u, v, ha, va) in zip(names, CORNERS, strict=True)
    ]
    ax.set(xlabel=xlabel, ylabel=ylabel)
    theme.title(ax, title, alt=alt)
    first = [filled or x, x] if len(table) > theme.MANY else y  # else so that names keep that order
    ordered = table.sort_values(first, ascending=False)
    places = list(zip(scale * ordered[x], ordered[y], strict=True))
    _label(ax, places, ordered["label"].tolist(), corners)
    return ax


def _label(
    ax: Axes, places: list[tuple[float, float]], labels: list[str], corners: list[Any]
) -> None:
    """Name each point where its name covers no other name, point or corner.

    Of very many points one that finds no such place has no name: the table has it.
    """
    figure = ax.get_figure(root=True)
    if figure is None:
        return
    theme.fit(figure)  # the labels are placed for the axes as they now stand
    point = figure.dpi / 72
    spots = ax.transData.transform(places)
    frame = ax.get_window_extent().extents
    taken = [corner.get_window_extent().extents for corner in corners]
    taken += [np.concatenate([spot, spot]) + 4 * point * _UNIT for spot in spots]
    for place, spot, label in zip(places, spots, labels, strict=True):
        text = theme.fitted(label, width=16, most=3)
        measured = ax.text(*place, text, fontsize=8)
        low_x, low_y, high_x, high_y = measured.get_window_extent().extents
        measured.remove()
        size = (high_x - low_x, high_y - low_y)
        cost, (dx, dy), box = _best(spot, size, point, taken, frame)
        if cost > 0 and len(labels) > theme.MANY:
            continue
        taken.append(box)
        ax.annotate(
            text, place, xytext=(dx / point, dy / point), textcoords="offset points", fontsize=8,
            color=theme.INK, ha="center", va="center",
            bbox={"facecolor": theme.PAPER, "edgecolor": "none", "alpha": 0.75, "pad": 0.6},
            arrowprops={"arrowstyle": "-", "color": theme.QUIET, "lw": 0.6, "shrinkB": 3},
        )  # fmt: skip


_UNIT = np.array([-1.0, -1.0, 1.0, 1.0])


def _best(
    spot: Any, size: tuple[float, float], point: float, taken: list[Any], frame: Any
) -> tuple[float, tuple[float, float], Any]:
    """Return what a label covers, how far from its point its centre stands, and its box there."""
    best: tuple[float, tuple[float, float], Any] = (np.inf, (0.0, 0.0), frame)
    for distance, (right, up) in product(DISTANCES, SIDES):
        reach = distance * point * (0.72 if right and up else 1.0)
        dx = right * reach + np.sign(right) * size[0] / 2
        dy = up * reach + np.sign(up) * size[1] / 2 * (abs(up) == 1)
        half = np.array([size[0], size[1], size[0], size[1]]) / 2 + 1
        box = np.concatenate([spot, spot]) + [dx, dy, dx, dy] + _UNIT * half
        outside = np.maximum(_UNIT * (box - frame), 0).sum() * sum(size)
        cost = 5 * sum(_overlap(box, other) for other in taken) + 20 * outside
        if cost < best[0]:
            best = (cost, (dx, dy), box)
        if cost == 0:
            break
    return best


def _overlap(one: Any, other: Any) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return float(width * height) if width > 0 and height > 0 else 0.0
