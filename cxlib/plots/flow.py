"""A flow: groups before at the left, groups after at the right, and who went where between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cxlib.plots import theme
from cxlib.words import Words

_GAP = 0.045
"""Space between groups, as a share of the height."""
_TOLD = 6
"""Moves that the alternative text tells, the largest first."""


def flow(
    table: pd.DataFrame,
    *,
    order: Sequence[str],
    labels: Mapping[str, str],
    colours: Sequence[str],
    heads: tuple[str, str],
    words: Words,
    ax: Axes | None = None,
) -> Axes:
    """Draw bands as wide as the number of people in them.

    Parameters
    ----------
    table : pandas.DataFrame
        ``before, after, n``; a withheld row has no n and is not drawn.
    order : sequence of str
        The groups from top to bottom.
    labels : mapping
        Group to what stands beside it, said already.
    colours : sequence of str
        One a row.
    heads : (str, str)
        What stands over either side.
    """
    ax = theme.axes(ax, height=3.4)
    rows = table.assign(colour=list(colours)).dropna(subset=["n"])
    total = float(rows["n"].sum()) or 1.0
    places = {side: _places(rows, side, order, total) for side in ("before", "after")}
    rank = {group: at for at, group in enumerate(order)}
    rows = rows.assign(a=rows["before"].map(rank), b=rows["after"].map(rank))
    inner = {side: dict.fromkeys(order, 0.0) for side in places}
    bands = {}
    for side, keys in (("before", ["a", "b"]), ("after", ["b", "a"])):
        for at, row in rows.sort_values(keys).iterrows():
            start = places[side][row[side]][0] - inner[side][row[side]]
            inner[side][row[side]] += row["n"] / total
            bands[(at, side)] = (start, start - row["n"] / total)
    t = np.linspace(0, 1, 40)
    ease = t * t * (3 - 2 * t)
    for at, row in rows.iterrows():
        (top, foot), (top2, foot2) = bands[(at, "before")], bands[(at, "after")]
        upper, lower = top + (top2 - top) * ease, foot + (foot2 - foot) * ease
        ax.fill_between(t, lower, upper, color=row["colour"], alpha=0.45, lw=0)
    for side, x, align in (("before", -0.02, "right"), ("after", 1.02, "left")):
        for group, (top, size) in places[side].items():
            if size:
                edge = 0.0 if side == "before" else 1.0
                ax.plot([edge, edge], [top - size, top], color=theme.INK, lw=3)
                ax.text(x, top - size / 2, labels[group], ha=align, va="center", fontsize=8.5)
    for x, text in zip((0.0, 1.0), heads, strict=True):
        align = "left" if x == 0 else "right"
        ax.text(x, 1.03, text, ha=align, va="bottom", fontsize=8.5, color=theme.MUTED)
    ax.set(xlim=(-0.32, 1.32), ylim=(-_GAP * len(order), 1.1))
    ax.set_axis_off()
    moved = rows[rows["before"] != rows["after"]].nlargest(_TOLD, "n")
    pairs = zip(moved["before"], moved["after"], moved["n"], strict=True)
    theme.tells(ax, ((f"{labels[a]} → {labels[b]}", words.number(float(n))) for a, b, n in pairs))
    return ax


def _places(
    rows: pd.DataFrame, side: str, order: Sequence[str], total: float
) -> dict[str, tuple[float, float]]:
    """Return where each group begins (from the top) and how high it is."""
    sizes = rows.groupby(side)["n"].sum()
    top, found = 1.0, {}
    for group in order:
        size = float(sizes.get(group, 0.0)) / total
        found[group] = (top, size)
        top -= size + (_GAP if size else 0.0)
    return found
