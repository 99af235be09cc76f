"""Heat maps of small tables: vector cells with their numbers, darker for more, or for changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cxlib.plots import theme, wrapping
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
        _cells(ax, grid, texts, (theme.BAD, theme.BAD), 20)
        ax.set_xlabel(label, fontsize=8)
        written, known = texts.to_numpy(dtype=object), np.argwhere(values > 0)
        names = [(str(grid.index[y]), str(grid.columns[x])) for y, x in known]
        theme.tells(ax, zip(names, (str(written[y, x]) for y, x in known), strict=True))
        return ax
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


def _cells(
    ax: Axes, grid: pd.DataFrame, texts: pd.DataFrame, faces: Sequence[str], width: float
) -> None:
    """Draw a text a cell, the farther from 0 the stronger in `faces`: below, and from 0 up."""
    from matplotlib.patches import Rectangle

    values, written = grid.to_numpy(dtype=float), texts.to_numpy(dtype=object)
    widest = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 1.0
    for (y, x), value in np.ndenumerate(values):
        empty = np.isnan(value)
        alpha = PALEST + (DARKEST - PALEST) * abs(value) / (widest or 1.0)
        alpha = 0.0 if empty or value == 0 else alpha
        look: dict[str, Any] = {"facecolor": faces[int(value >= 0)], "alpha": alpha, "linewidth": 0}
        ax.add_patch(Rectangle((x - 0.46, y - 0.42), 0.92, 0.84, **look))
        look = {"ha": "center", "va": "center", "fontsize": 8}
        ax.text(x, y, str(written[y, x]), color=theme.MUTED if empty else theme.INK, **look)
    ax.set_xlim(-0.5, len(grid.columns) - 0.5)
    names = [wrapping.wrap(str(name), width=6.5) for name in grid.columns]
    ax.set_xticks(range(len(names)), names, fontsize=8)
    ax.xaxis.tick_top()
    ax.tick_params(axis="x", length=0, colors=theme.INK)
    theme.label_rows(ax, [str(name) for name in grid.index], width=width)
    for side in ax.spines.values():
        side.set_visible(False)


def change_map(
    values: pd.DataFrame,
    *,
    clear: pd.DataFrame,
    texts: pd.DataFrame,
    rows: Sequence[str],
    columns: Sequence[str],
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
    grid = values.set_axis(list(rows)).set_axis(list(columns), axis=1)
    _cells(ax, grid, texts, (theme.BAD, theme.MAIN), 18)
    ax.set_xlabel(xlabel, fontsize=8)
    look: dict[str, Any] = {"facecolor": "none", "edgecolor": theme.INK, "linewidth": 1.5}
    framed, written = np.argwhere(clear.to_numpy(dtype=bool)), texts.to_numpy(dtype=object)
    for y, x in framed:
        ax.add_patch(Rectangle((x - 0.46, y - 0.42), 0.92, 0.84, **look))
    first = [(y, 0) for y in range(len(rows))]  # nothing is framed: what all of them did
    theme.tells(
        ax,
        [
            ((rows[y], columns[x]), str(written[y, x]))
            for y, x in (framed if len(framed) else first)
        ],
    )
    return ax
