"""The journey map: what customers feel at each touchpoint, in the order in which they live it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from cxlib.plots import theme

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SMALLEST, LARGEST = 5.0, 13.0
"""Diameter of a touchpoint that explains nothing of the score, and of one that explains most."""


def journey_map(
    table: pd.DataFrame,
    *,
    labels: Sequence[str],
    stages: Sequence[str],
    notes: Sequence[str],
    colours: Sequence[str],
    title: str,
    xlabel: str,
    ends: tuple[str, str, str],
    alt: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw the curve of feeling down the page, a touchpoint a row, its stage a band.

    Parameters
    ----------
    table : pandas.DataFrame
        In journey order: ``emotion, emotion_low, emotion_high`` (−1 to 1, NaN where not shown),
        ``importance`` (0 to 1 or NaN: the size of the point).
    labels, stages, notes, colours : sequence of str
        One a row, said already: the touchpoint, its stage, what is said of it ("": nothing), and
        its colour.
    title, xlabel : str
    ends : (str, str, str)
        What the worst answer, the middle of the scale and the best answer are called.
    alt : str
        What someone who cannot see it should know.
    ax : Axes, optional
    """
    ax = theme.row_axes(ax, len(table), extra=1.6)
    at, emotion = np.arange(len(table)), table["emotion"].to_numpy(float)
    borders = [0, *(row for row in at[1:] if stages[row] != stages[row - 1]), len(table)]
    for band, (first, last) in enumerate(pairwise(borders)):
        if band % 2 == 0:
            ax.axhspan(first - 0.5, last - 0.5, color=theme.RULE, alpha=0.35, linewidth=0)
        ax.annotate(
            theme.wrap(stages[first], width=7),
            (1.02, (first + last - 1) / 2),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=9,
            color=theme.INK,
        )
    known = ~np.isnan(emotion)
    ax.axvline(0, color=theme.MUTED, linewidth=0.8)
    ax.plot(emotion[known], at[known], color=theme.MUTED, linewidth=1.4, alpha=0.6, zorder=1)
    share = table["importance"].to_numpy(float)
    most = np.nanmax(share) if (share > 0).any() else 1.0
    sizes = SMALLEST + (LARGEST - SMALLEST) * np.sqrt(np.clip(np.nan_to_num(share) / most, 0, 1))
    low, high = table["emotion_low"].to_numpy(float), table["emotion_high"].to_numpy(float)
    for row in at[known]:
        ax.plot([low[row], high[row]], [row, row], color=colours[row], linewidth=2, zorder=2)
        ax.plot(emotion[row], row, "o", markersize=sizes[row], color=colours[row], zorder=3)
        left = emotion[row] > 0.25
        side = min(low[row], emotion[row]) if left else max(high[row], emotion[row])
        ax.annotate(
            notes[row],
            (side, row),
            xytext=(-9 if left else 9, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=8.5,
            color=colours[row],
        )
    theme.label_rows(ax, list(labels), width=22)
    ax.set_xlim(-1.05, 1.05)
    ax.set_xticks([-1, 0, 1], list(ends))
    ax.grid(visible=False)
    ax.set_xlabel(xlabel)
    return theme.title(ax, title, alt=alt)
