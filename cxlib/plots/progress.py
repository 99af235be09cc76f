"""How far each KPI has come from its start to its target, whatever its unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cxlib.plots import theme
from cxlib.words import Quantity, Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

FURTHEST = (-1.0, 2.0)
"""What lies beyond is drawn there with an arrow: one row must not flatten the others."""
LOOK = {"good": (theme.GOOD, "o"), "bad": (theme.BAD, "X"), "open": (theme.MUTED, "o")}


def progress(table: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw a row a KPI: where it stands between its start and its target.

    Parameters
    ----------
    table : pandas.DataFrame
        ``kpi, unit, start, target, value, low, high`` and ``look`` ("good", "bad" or "open") with
        ``said`` (the word for it, a msgid).
    words : Words
    ax : Axes, optional
    """
    ax = theme.row_axes(ax, round(1.4 * len(table)), extra=0.9)
    ax.axvline(1, color=theme.ACCENT, linestyle="--", linewidth=1.2)
    ax.axvline(0, color=theme.QUIET, linewidth=0.9)
    span = table["target"] - table["start"]
    ends = table[["low", "value", "high"]].sub(table["start"], axis=0).div(span, axis=0)
    way = ends.to_numpy(dtype=float)
    shown, told = np.clip(way, *FURTHEST), list[str]()
    for y, row in enumerate(table.to_dict("records")):
        colour, marker = LOOK[row["look"]]
        if np.isfinite(shown[y, 0]):
            ax.plot(shown[y, [0, 2]], [y, y], color=colour, linewidth=2, solid_capstyle="round")
        if shown[y, 1] != way[y, 1]:
            marker = ">" if way[y, 1] > 0 else "<"
        face = theme.PAPER if row["look"] == "open" else colour
        ax.plot(shown[y, 1], y, marker=marker, markersize=7.5, color=colour, markerfacecolor=face)
        facts = {name: Quantity(row[name], row["unit"]) for name in ("value", "target")}
        told.append(words.say(_("{said}\n{value}, target {target}"), said=row["said"], **facts))
        ax.annotate(
            told[-1],
            (1.01, y),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8.5,
            color=colour,
            annotation_clip=False,
        )
    theme.label_rows(ax, [words.label(kpi) for kpi in table["kpi"]])
    theme.tells(ax, zip([words.label(kpi) for kpi in table["kpi"]], told, strict=True))
    seen = [0.0, 1.0, *shown[np.isfinite(shown)]]
    ax.set_xlim(min(seen) - 0.12, max(seen) + 0.12)
    ax.set_xticks([0, 1], [words.say(_("Start")), words.say(_("Target"))])
    return ax
