"""Lines: several series over one axis, each named at its end, with bands where they are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cxlib.plots import theme

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_DASHES = ("-", "--", "-.", ":")


def lines(
    series: Mapping[str, pd.DataFrame],
    *,
    x: str,
    y: str,
    title: str,
    xlabel: str = "",
    ylabel: str = "",
    steps: bool = False,
    percent: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw each series (label to table) with its band ``<y>_low, <y>_high``.

    Parameters
    ----------
    series : mapping
        Label, said already, to its rows in order.
    x, y : str
        Columns.
    title, xlabel, ylabel : str
    steps : bool
        Whether a value holds until the next one.
    percent : bool
        Whether y is a share (0 to 1), shown in percent.
    ax : Axes, optional
    """
    ax = theme.axes(ax, height=3.1)
    scale = 100.0 if percent else 1.0
    ends: list[tuple[float, float, str, str]] = []
    for at, (label, table) in enumerate(series.items()):
        colour = theme.SERIES[at % len(theme.SERIES)]
        where, values = table[x].to_numpy(float), scale * table[y].to_numpy(float)
        style: dict[str, Any] = {"drawstyle": "steps-post"} if steps else {"marker": "o", "ms": 4}
        ax.plot(where, values, color=colour, linestyle=_DASHES[at % 4], lw=1.8, **style)
        if f"{y}_low" in table:
            low, high = (scale * table[f"{y}_{end}"].to_numpy(float) for end in ("low", "high"))
            step = "post" if steps else None
            ax.fill_between(where, low, high, step=step, color=colour, alpha=0.12, lw=0)  # type: ignore[arg-type]
        ends.append((where[-1], values[-1], label, colour))
    _name(ax, ends)
    if percent:
        ax.set_ylim(0, 104)
    ax.grid(axis="y")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    return theme.title(ax, title)


def _name(ax: Axes, ends: list[tuple[float, float, str, str]]) -> None:
    """Name the series at the right, apart from one another, in the order of their ends."""
    low, high = ax.get_ylim()
    room = 0.085 * (high - low)
    order = sorted(range(len(ends)), key=lambda k: ends[k][1])
    at = [ends[k][1] for k in order]
    for k in range(1, len(at)):
        at[k] = max(at[k], at[k - 1] + room)
    shift = max(0.0, (at[-1] if at else 0) - high) / 2
    right = ax.get_xlim()[1] if not ends else max(end[0] for end in ends)
    span = np.ptp(ax.get_xlim())
    for place, k in enumerate(order):
        ax.annotate(
            theme.wrap(ends[k][2], width=11),
            (right + 0.015 * span, at[place] - shift),
            va="center",
            fontsize=8.5,
            color=ends[k][3],
            annotation_clip=False,
        )
