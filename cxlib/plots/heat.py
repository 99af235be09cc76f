"""A heat map of a small table: vector cells with their numbers, darker for more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cxlib.plots import theme
from cxlib.words import Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PALEST, DARKEST = 0.04, 0.5
"""Opacity of the cells: ink stays legible on the darkest."""


def heat(
    grid: pd.DataFrame, *, words: Words, label: str, digits: int = 1, ax: Axes | None = None
) -> Axes:
    """Draw a grid of numbers, rows as they come, labelled by its index and columns.

    `label` says what the columns and cells are, `digits` how many decimals cells have.
    """
    import seaborn as sns
    from matplotlib.colors import LinearSegmentedColormap, to_rgba

    ax = theme.axes(ax, height=1.25 + 0.3 * len(grid))
    values = grid.to_numpy(dtype=float)
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
    return ax
