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
    unit : str
        Of all values.
    target : float
    """
    ax = theme.row_axes(ax, round(1.5 * len(table)), extra=0.9)
    for y, row in enumerate(table.to_dict("records")):
        now = not np.isfinite(row["start"])
        colour = theme.MAIN if now else theme.ACCENT
        if not now:
            ax.plot([row["start"], row["value"]], [y, y], color=theme.QUIET, linewidth=1.2)
        if np.isfinite(row["low"]):
            ax.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=2.2, alpha=0.5)
        value, marker = float(row["value"]), "o" if now else "D"
        theme.dot(ax, value, y, colour=colour, filled=row["solid"], marker=marker)
        theme.note(ax, words.quantity(value, unit), (value, y), shift=(0, 6), size=8.5)
    theme.label_rows(ax, table["label"].tolist(), width=34)
    if np.isfinite(target):
        ax.axvline(target, color=theme.ACCENT, linestyle="--", linewidth=1.2)
        text = words.say(_("Target {target}"), target=Quantity(target, unit))
        theme.on_top(ax, text, target, size=8.5)
    low, high = ax.get_xlim()
    ax.set_xlim(low - 0.06 * (high - low), high + 0.06 * (high - low))
    low, high = ax.get_xlim()
    ticks = [tick for tick in ax.get_xticks() if low <= tick <= high]
    ax.set_xticks(ticks, tick_labels(ticks, words=words, unit=unit))
    return ax
