"""Process charts side by side: each KPI of a page within the limits of its usual months."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cxlib.plots import theme
from cxlib.words import Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STEPS = ((3 * 86_400, 86_400, _("days")), (2 * 3_600, 3_600, _("hours")), (120, 60, _("minutes")))


def panels(
    table: pd.DataFrame,
    *,
    keys: Sequence[str],
    words: Words,
    title: str,
    last: int = 24,
    day: float = 86_400.0,
) -> Axes:
    """Draw a small process chart of every key.

    Parameters
    ----------
    table : pandas.DataFrame
        ``kpi, period, value, centre, lower, upper, signal, segment, unit`` and, where agreed,
        ``target``.
    keys : sequence of str
        In reading order.
    words : Words
    title : str
        What they show, as a sentence.
    last : int
        Periods that a panel shows.
    day : float
        Seconds of a working day, of times in business time.
    """
    from matplotlib.figure import Figure

    columns = 2 if len(keys) > 1 else 1
    deep = -(-len(keys) // columns)
    figure = Figure(figsize=(theme.WIDTH, 0.75 + 1.75 * deep))
    grid = figure.subplots(deep, columns, squeeze=False).ravel()
    told = []
    for ax, key in zip(grid, keys, strict=False):
        rows = table[table["kpi"] == key].tail(last).reset_index(drop=True)
        told.append(_panel(ax, rows, words, day))
    for ax in grid[len(keys) :]:
        ax.set_axis_off()
    first: Axes = grid[0]
    held = first.get_title(loc="left")
    end, join = ("。", "；") if words.language == "zh" else (". ", "; ")
    theme.title(first, title, alt=f"{title}{end}{join.join(told)}{end[:1]}")
    if len(keys) > 1:
        first.set_title(held, loc="left", fontsize=9, pad=4)
        text = theme.wrap(title, width=theme.WIDTH * 72 / 10.5 * 0.98)
        theme.headline(figure, text)
    return first


def _panel(ax: Axes, table: pd.DataFrame, words: Words, day: float) -> str:
    unit = str(table["unit"].iloc[0])
    scale, name = _axis(table, unit, words, day)
    at = np.arange(len(table))
    low, high, centre, value = (
        scale * table[name].to_numpy(dtype=float) for name in ("lower", "upper", "centre", "value")
    )
    for _number, rows in table.groupby("segment", sort=False):
        x = rows.index.to_numpy()
        ax.fill_between(x, low[x], high[x], color=theme.MUTED, alpha=0.13, linewidth=0)
        ax.plot(x, centre[x], color=theme.MUTED, linewidth=0.8)
        if x[0]:  # the level shifted
            ax.axvline(x[0] - 0.5, color=theme.INK, linewidth=0.8, linestyle=":")
    ax.plot(at, value, color=theme.MAIN, linewidth=1.2, marker="o", markersize=2.6)
    for marker, colour, word in (("^", theme.GOOD, "better"), ("v", theme.BAD, "worse")):
        there = (table["signal"] == word).to_numpy()
        ax.plot(
            at[there],
            value[there],
            marker,
            markersize=6,
            color=colour,
            markeredgecolor=theme.INK,
            markeredgewidth=0.5,
        )
    target = table["target"].iloc[-1] if "target" in table else np.nan
    if pd.notna(target):
        ax.axhline(scale * float(target), color=theme.ACCENT, linestyle="-.", linewidth=1.1)
    ends = [0, len(table) - 1] if len(table) > 1 else [0]
    ax.set_xticks(ends, [words.period(str(table["period"][each])) for each in ends], fontsize=8)
    labels = ax.get_xticklabels()
    labels[0].set_horizontalalignment("left")
    labels[-1].set_horizontalalignment("right")
    ax.tick_params(axis="y", labelsize=8)
    ax.margins(x=0.04, y=0.18)
    ax.set_ylabel(name, fontsize=8)
    known = table["value"].dropna()
    said = words.quantity(float(known.iloc[-1]), unit) if len(known) else ""
    label = words.label(str(table["kpi"].iloc[0]))
    text = words.say(_("{label}: {value}"), label=label, value=said)
    ax.set_title(text, loc="left", fontsize=9, pad=4)
    return text


def _axis(table: pd.DataFrame, unit: str, words: Words, day: float) -> tuple[float, str]:
    """Return what values are multiplied by, and the unit that the axis then has."""
    if unit not in ("seconds", "working"):
        return 1.0, "%" if unit == "percent" else ""
    largest = float(table[["value", "upper"]].max().max())
    for least, size, name in _STEPS:
        whole = day if unit == "working" and size == 86_400 else size
        if largest >= least * whole / size:
            return 1 / whole, words.say(name)
    return 1.0, words.say(_("seconds"))
