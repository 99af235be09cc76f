"""Steps from where a KPI stands to where it may go: proposed targets, or what plans bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cxlib.plots import theme
from cxlib.plots.path import tick_labels
from cxlib.words import Quantity, Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def ladder(
    table: pd.DataFrame,
    *,
    words: Words,
    unit: str,
    target: float = np.nan,
    ax: Axes | None = None,
) -> Axes:
    """Draw a row a step: from its start to its value, with its range, and the target if any.

    Parameters
    ----------
    table : pandas.DataFrame
        ``label`` (text), ``start`` (NaN for the present state), ``value, low, high`` (the range;
        NaN for none), ``solid`` (False: within chance, drawn hollow).
    words : Words
    unit : str
        Of all values.
    target : float
    ax : Axes, optional
    """
    ax = theme.row_axes(ax, round(1.5 * len(table)), extra=0.9)
    for y, row in enumerate(table.to_dict("records")):
        now = not np.isfinite(row["start"])
        colour = theme.MAIN if now else theme.ACCENT
        if not now:
            ax.plot([row["start"], row["value"]], [y, y], color=theme.QUIET, linewidth=1.2)
        if np.isfinite(row["low"]):
            ax.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=2.2, alpha=0.5)
        face = colour if row["solid"] else theme.PAPER
        ax.plot(row["value"], y, "o" if now else "D", color=colour, markerfacecolor=face)
        ax.annotate(
            words.quantity(float(row["value"]), unit),
            (float(row["value"]), y),
            xytext=(0, 6),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=8.5,
        )
    theme.label_rows(ax, table["label"].tolist(), width=34)
    if np.isfinite(target):
        ax.axvline(target, color=theme.ACCENT, linestyle="--", linewidth=1.2)
        ax.annotate(
            words.say(_("Target {target}"), target=Quantity(target, unit)),
            (target, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=8.5,
            color=theme.ACCENT,
        )
    low, high = ax.get_xlim()
    ax.set_xlim(low - 0.06 * (high - low), high + 0.06 * (high - low))
    low, high = ax.get_xlim()
    ticks = [tick for tick in ax.get_xticks() if low <= tick <= high]
    ax.set_xticks(ticks, tick_labels(ticks, words=words, unit=unit))
    values = [words.quantity(float(value), unit) for value in table["value"]]
    theme.tells(ax, zip(table["label"], values, strict=True))
    return ax
