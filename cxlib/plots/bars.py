"""Bars: how often each answer was given, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import seaborn as sns

from cxlib.plots import theme

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def bars(
    table: pd.DataFrame,
    *,
    labels: Sequence[str],
    title: str,
    xlabel: str = "",
    ylabel: str = "",
    colours: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw shares (0 to 1) as columns in percent, with ``low, high`` where they are known.

    Parameters
    ----------
    table : pandas.DataFrame
        ``share, low, high``, one row a column.
    labels : sequence of str
        One a column, said already.
    title, xlabel, ylabel : str
    colours : sequence of str, optional
        One a column.
    ax : Axes, optional
    """
    ax = theme.axes(ax, height=2.6)
    at, share = np.arange(len(table)), 100 * table["share"].to_numpy(float)
    sns.barplot(
        x=at, y=share, hue=at, palette=list(colours or [theme.MAIN] * len(at)), legend=False, ax=ax
    )
    low, high = 100 * table["low"].to_numpy(float), 100 * table["high"].to_numpy(float)
    error = np.nan_to_num(np.maximum([share - low, high - share], 0.0))
    ax.errorbar(at, share, yerr=error, fmt="none", elinewidth=0.8, ecolor=theme.MUTED, capsize=2)
    for x, value, top in zip(at, share, share + error[1], strict=True):
        ax.annotate(
            f"{value:.0f}",
            (x, top),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=8,
        )
    ax.set_xticks(at, list(labels))
    theme.tells(ax, zip(labels, (f"{value:.0f}%" for value in share), strict=True))
    ax.set(xlabel=xlabel, ylabel=ylabel)
    return theme.title(ax, title)
