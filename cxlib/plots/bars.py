"""Bars: how often each answer was given, shares beside what they should be, stacks over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from cxlib.plots import native, theme
from cxlib.words import Words

SHADES = ("#dfe5ea", "#b9c5cf", "#8ba3b8", "#5580a6", "#1f5f99", "#b3372f")
"""From fresh to old, darker with age, so that grey print tells them apart too."""


def bars(
    table: pd.DataFrame,
    *,
    labels: Sequence[str],
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
    sns.barplot(x=at, y=share, errorbar=None, color=theme.MAIN, saturation=1, ax=theme.named(ax))
    for bar, colour in zip(ax.containers[-1], colours or (), strict=False):
        bar.set_facecolor(colour)
    low, high = 100 * table["low"].to_numpy(float), 100 * table["high"].to_numpy(float)
    error = np.nan_to_num(np.maximum([share - low, high - share], 0.0))
    known = np.isfinite(low)  # what has no interval has no whiskers
    look: Any = {"fmt": "none", "elinewidth": 0.8, "ecolor": theme.MUTED, "capsize": 2}
    ax.errorbar(at[known], share[known], yerr=error[:, known], **look)
    for x, value, top in zip(at, share, share + error[1], strict=True):
        theme.note(ax, f"{value:.0f}", (x, top), shift=(0, 2), va="baseline")
    ax.set_xticks(at, list(labels))
    theme.tells(ax, zip(labels, (f"{value:.0f}%" for value in share), strict=True))
    ax.set(xlabel=xlabel, ylabel=ylabel)
    drawn = pd.DataFrame({"share": share, "low": low, "high": high})
    look = {"colours": tuple(colours or ()), "shape": '0"%"'}
    look["axis"] = " · ".join(filter(None, (xlabel, ylabel)))
    native.note(ax, "bars", drawn, ("share", "low", "high"), labels, **look)
    return ax


def shares(
    table: pd.DataFrame,
    *,
    value: str,
    beside: str,
    heavy: Sequence[bool],
    labels: Sequence[str],
    label: str,
    ax: Axes | None = None,
) -> Axes:
    """Draw a bar a row (`value`, 0 to 1) with a stroke at another share (`beside`) of the row.

    Rows that are `heavy` stand out; `label` says what the axis shows.
    """
    ax = theme.row_axes(ax, len(table), extra=1.35)
    for y, (share, of_all, big) in enumerate(zip(table[value], table[beside], heavy, strict=True)):
        look: Any = {"color": theme.BAD, "hatch": "//"} if big else {"color": theme.QUIET}
        ax.barh(y, 100 * share, height=0.6, edgecolor=theme.PAPER, linewidth=0, **look)
        ax.plot(100 * of_all, y, marker="|", markersize=13, color=theme.INK, mew=2)
    theme.label_rows(ax, list(labels), width=24)
    ax.grid(axis="x")
    ax.set_xlim(left=0)
    theme.tells(ax, zip(labels, (f"{100 * share:.0f}%" for share in table[value]), strict=True))
    ax.set_xlabel(label)
    return ax


def stacks(counts: pd.DataFrame, *, words: Words, label: str, ax: Axes | None = None) -> Axes:
    """Draw a stack a row, its parts the columns from bottom to top, its total above.

    The index of `counts` holds period labels, its columns what the legend says; `label` says what
    is counted.
    """
    ax = theme.axes(ax, height=3.0)
    at, below = np.arange(len(counts)), np.zeros(len(counts))
    for colour, name in zip(SHADES, counts.columns, strict=False):
        part = counts[name].to_numpy(dtype=float)
        look: Any = {"color": colour, "edgecolor": theme.PAPER, "linewidth": 0.4}
        ax.bar(at, part, bottom=below, width=0.72, label=str(name), **look)
        below += part
    for x, total in enumerate(below):
        theme.note(ax, words.number(total), (x, total), shift=(0, 2), va="baseline")
    ends = [x for x in (0, len(counts) - 1) if x >= 0]
    theme.tells(ax, [(words.period(str(counts.index[x])), words.number(below[x])) for x in ends])
    step = -(-len(counts) // 6)
    shown = list(range(len(counts) - 1, -1, -step))[::-1]
    ax.set_xticks(shown, [words.period(str(counts.index[x])) for x in shown], fontsize=8)
    ax.set_ylabel(label)
    ax.margins(y=0.1)
    handles, names = ax.get_legend_handles_labels()
    theme.legend(ax, handles=handles[::-1], labels=names[::-1], fontsize=8)
    return ax
