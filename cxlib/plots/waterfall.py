"""A waterfall: from one total to the next in steps that add up, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cxlib.columns import records
from cxlib.plots import native, theme

TOTAL, STEP = "total", "step"


def waterfall(
    table: pd.DataFrame,
    *,
    labels: Sequence[str],
    texts: Sequence[str],
    xlabel: str = "",
    target: float | None = None,
    target_label: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw totals as marks and steps as bars that begin where the one before ended.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a bar: ``role`` ("total" or "step"), ``value`` (a total's level, a step's change),
        ``low, high`` (its interval; missing: none is drawn).
    labels, texts : sequence of str
        What stands left of each row, and beside its bar.
    target : float, optional
        A level to be reached, with `target_label` above it.
    """
    ax = theme.row_axes(ax, len(table), extra=1.5)
    reached = 0.0
    for y, row in enumerate(records(table)):
        value, low, high = (float(row[name]) for name in ("value", "low", "high"))
        start = 0.0 if row["role"] == TOTAL else reached
        if y:
            ax.plot([reached, reached], [y - 1, y], color=theme.RULE, linewidth=0.9, zorder=0)
        if row["role"] == TOTAL:
            colour = theme.MUTED if y == 0 else theme.MAIN
            ax.plot(value, y, marker="D", markersize=7, color=colour)
        else:
            colour = theme.GOOD if value >= 0 else theme.BAD
            ax.barh(y, value, left=start, height=0.5, color=colour, alpha=0.85)
        if np.isfinite(low):
            ends = [start + low, start + high]
            ax.plot(ends, [y, y], color=theme.INK, linewidth=1.2, marker="|", markersize=6)
        reached = start + value
        right = np.nanmax([reached, start + high, reached if row["role"] == TOTAL else start])
        theme.note(ax, texts[y], (right, y), shift=(7, 0), ha="left", va="center")
    if target is not None:
        ax.axvline(target, color=theme.ACCENT, linestyle="--", linewidth=1)
        theme.on_top(ax, target_label, target)
    theme.label_rows(ax, list(labels), width=26)
    ax.grid(axis="x")
    ax.use_sticky_edges = False  # a bar that begins at the edge is not cut off there
    ax.margins(x=0.12)
    ax.set_xlabel(xlabel)
    aim: Any = {"target": target, "target_label": target_label, "axis": xlabel, "shape": "0.0"}
    totals = tuple(role == TOTAL for role in table["role"])
    native.note(ax, "waterfall", table, ["value"], labels, totals=totals, **aim)
    theme.tells(ax, zip(labels, texts, strict=True))
    return ax
