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
    """Draw a grid of numbers, rows as they come.

    Parameters
    ----------
    grid : pandas.DataFrame
        Rows and columns are labelled by what stands in its index and columns.
    words : Words
    label : str
        What the columns and cells are.
    digits : int
        Decimals of the cells.
    ax : Axes, optional
    """
    import seaborn as sns
    from matplotlib.colors import LinearSegmentedColormap, to_rgba

    ax = theme.axes(ax, height=1.25 + 0.3 * len(grid))
    values = grid.to_numpy(dtype=float)
    with np.errstate(invalid="ignore"):  # an empty cell is no number
        said = np.vectorize(lambda v: words.number(v, digits) if v > 0 else "")(values)
    colours = LinearSegmentedColormap.from_list(
        "cx", [to_rgba(theme.MAIN, PALEST), to_rgba(theme.MAIN, DARKEST)]
    )
    sns.heatmap(
        grid,
        ax=ax,
        annot=said,
        fmt="",
        cmap=colours,
        vmin=0,
        cbar=False,
        linewidths=0.4,
        linecolor=theme.PAPER,
        annot_kws={"fontsize": 8, "color": theme.INK},
        xticklabels=list(grid.columns),
        yticklabels=list(grid.index),
    )
    ax.tick_params(length=0, labelsize=8, rotation=0)
    ax.set_ylabel("")
    ax.set_xlabel(label)
    return ax
