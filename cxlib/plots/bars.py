"""Bars: how often each answer was given, with intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from cxlib.plots import native, theme


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

    `table` has ``share, low, high``, one row a column, and one of `labels` and `colours` each.
    """
    ax = theme.axes(ax, height=2.6)
    at, share = np.arange(len(table)), 100 * table["share"].to_numpy(float)
    palette = list(colours or [theme.MAIN] * len(at))
    sns.barplot(x=at, y=share, hue=at, palette=palette, legend=False, ax=ax)
    low, high = 100 * table["low"].to_numpy(float), 100 * table["high"].to_numpy(float)
    error = np.nan_to_num(np.maximum([share - low, high - share], 0.0))
    ax.errorbar(at, share, yerr=error, fmt="none", elinewidth=0.8, ecolor=theme.MUTED, capsize=2)
    for x, value, top in zip(at, share, share + error[1], strict=True):
        theme.note(ax, f"{value:.0f}", (x, top), shift=(0, 2), va="baseline")
    ax.set_xticks(at, list(labels))
    theme.tells(ax, zip(labels, (f"{value:.0f}%" for value in share), strict=True))
    ax.set(xlabel=xlabel, ylabel=ylabel)
    drawn = native.Chart(
        kind="bars", labels=tuple(labels), values=native.numbers(share), low=native.numbers(low),
        high=native.numbers(high), colours=tuple(colours or ()), shape='0"%"',
        axis=" · ".join(filter(None, (xlabel, ylabel))),
    )  # fmt: skip
    native.note(ax, drawn)
    return theme.title(ax, title)
