"""Heat maps of small tables: vector cells with their numbers, darker for more, or for changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cxlib.plots import theme
from cxlib.words import Words

PALEST, DARKEST = 0.04, 0.5
"""Opacity of the cells: ink stays legible on the darkest."""


def heat(
    grid: pd.DataFrame,
    *,
    words: Words,
    label: str,
    digits: int = 1,
    texts: pd.DataFrame | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a grid of numbers, rows as they come, labelled by its index and columns.

    `label` says what the columns and cells are, `digits` how many decimals cells have; `texts`, of
    the same shape, is written in the cells instead, also where there is no number.
    """
    import seaborn as sns
    from matplotlib.colors import LinearSegmentedColormap, to_rgba

    ax = theme.axes(ax, height=1.25 + 0.3 * len(grid))
    values = grid.to_numpy(dtype=float)
    if texts is not None:
        return _told(grid, texts, label, ax)
    with np.errstate(invalid="ignore"):  # an empty cell is no number
        said = np.vectorize(lambda v: words.number(v, digits) if v > 0 else "")(values)
    colours = LinearSegmentedColormap.from_list(
        "cx", [to_rgba(theme.MAIN, PALEST), to_rgba(theme.MAIN, DARKEST)]
    )
    look = {"linewidths": 0.4, "linecolor": theme.PAPER, "cmap": colours, "vmin": 0, "cbar": False}
    look |= {"xticklabels": list(grid.columns), "yticklabels": list(grid.index)}
    text = {"fontsize": 8, "color": theme.INK}
    sns.heatmap(grid, ax=ax, annot=said, fmt="", annot_kws=text, **look)
    ax.tick_params(length=0, labelsize=8, rotation=0)
    ax.set_ylabel("")
    ax.set_xlabel(label)
    top = [(y, int(np.nanargmax(row))) for y, row in enumerate(values) if np.isfinite(row).any()]
    names = [(str(grid.index[y]), str(grid.columns[x])) for y, x in top]
    theme.tells(ax, zip(names, (words.number(values[at], digits) for at in top), strict=True))
    return ax


def _told(grid: pd.DataFrame, texts: pd.DataFrame, label: str, ax: Axes) -> Axes:
    """Draw a grid whose cells say something else than their number; those without are pale."""
    from matplotlib.patches import Rectangle

    values, written = grid.to_numpy(dtype=float), texts.to_numpy(dtype=object)
    most = float(np.nanmax(values)) if np.isfinite(values).any() else 1.0
    for (y, x), value in np.ndenumerate(values):
        alpha = 0.0 if np.isnan(value) else PALEST + (DARKEST - PALEST) * value / (most or 1.0)
        look: dict[str, Any] = {"facecolor": theme.BAD, "alpha": alpha, "linewidth": 0}
        ax.add_patch(Rectangle((x - 0.47, y - 0.44), 0.94, 0.88, **look))
        colour = theme.MUTED if np.isnan(value) else theme.INK
        ax.text(x, y, str(written[y, x]), ha="center", va="center", fontsize=8, color=colour)
    ax.set_xlim(-0.5, len(grid.columns) - 0.5)
    names = [theme.wrap(str(name), width=6.5) for name in grid.columns]
    ax.set_xticks(range(len(names)), names, fontsize=8)
    ax.xaxis.tick_top()
    ax.tick_params(axis="x", length=0, colors=theme.INK)
    theme.label_rows(ax, [str(name) for name in grid.index], width=20)
    for side in ax.spines.values():
        side.set_visible(False)
    ax.set_xlabel(label, fontsize=8)
    cells = [(y, x) for y, x in np.ndindex(values.shape) if values[y, x] > 0]
    told = [((str(grid.index[y]), str(grid.columns[x])), str(written[y, x])) for y, x in cells]
    theme.tells(ax, told)
    return ax


def change_map(
    values: pd.DataFrame,
    *,
    clear: pd.DataFrame,
    texts: pd.DataFrame,
    rows: Sequence[str],
    columns: Sequence[str],
    title: str,
    xlabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw a table of changes, worse ones red and better ones blue, by how far they went.

    Parameters
    ----------
    values : pandas.DataFrame
        Changes, positive for the better; NaN draws an empty cell.
    clear, texts : pandas.DataFrame
        Of the same shape: which cells are framed, and what is written in each.
    rows, columns : sequence of str
        Labels.
    """
    from matplotlib.patches import Rectangle

    ax = theme.axes(ax, height=1.5 + 0.3 * len(rows))
    found = values.to_numpy(dtype=float)
    framed, written = clear.to_numpy(dtype=bool), texts.to_numpy(dtype=object)
    widest = float(np.nanmax(np.abs(found))) if np.isfinite(found).any() else 1.0
    for (y, x), value in np.ndenumerate(found):
        strength = 0.0 if np.isnan(value) else 0.5 * abs(value) / (widest or 1.0)
        colour, box = theme.BAD if value < 0 else theme.MAIN, (x - 0.46, y - 0.42)
        ax.add_patch(Rectangle(box, 0.92, 0.84, facecolor=colour, alpha=strength, linewidth=0))
        if framed[y, x]:
            frame = Rectangle(box, 0.92, 0.84, facecolor="none", edgecolor=theme.INK, linewidth=1.5)
            ax.add_patch(frame)
        ax.text(x, y, str(written[y, x]), ha="center", va="center", fontsize=8, color=theme.INK)
    ax.set_xlim(-0.5, len(columns) - 0.5)
    ax.set_xticks(range(len(columns)), [theme.wrap(c, width=6.5) for c in columns], fontsize=8)
    ax.xaxis.tick_top()
    ax.tick_params(axis="x", length=0, colors=theme.INK)
    theme.label_rows(ax, list(rows), width=18)
    for side in ax.spines.values():
        side.set_visible(False)
    ax.set_xlabel(xlabel, fontsize=8)
    told = [((rows[y], columns[x]), str(written[y, x])) for y, x in np.argwhere(framed)]
    if told:
        theme.tells(ax, told)
    return theme.title(ax, title)
