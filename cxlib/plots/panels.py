"""Process charts side by side: each KPI of a page within the limits of its usual months."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cxlib.plots import theme
from cxlib.plots.process_chart import limit_band, points
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
    last : int
        Periods that a panel shows.
    day : float
        Seconds of a working day, of times in business time.
    """
    figure, cells = theme.grid(len(keys), min(len(keys), 2), top=0.75, each=1.75)
    told = []
    for ax, key in zip(cells, keys, strict=True):
        rows = table[table["kpi"] == key].tail(last).reset_index(drop=True)
        told.append(_panel(ax, rows, words, day))
    first = cells[0]
    held = first.get_title(loc="left")
    end, join = ("。", "；") if words.language == "zh" else (". ", "; ")
    theme.title(first, title, alt=f"{title}{end}{join.join(told)}{end[:1]}")
    if len(keys) > 1:
        first.set_title(held, loc="left", fontsize=9, pad=4)
        theme.headline(figure, title)
    return first


def _panel(ax: Axes, table: pd.DataFrame, words: Words, day: float) -> str:
    unit = str(table["unit"].iloc[0])
    scale, name = _axis(table, unit, words, day)
    numbers = {c: scale * table[c].astype(float) for c in ("value", "lower", "upper", "centre")}
    marks = table["signal"].where(table["signal"].isin(("better", "worse")), "")
    drawn = table.assign(**numbers, marks=marks)
    limit_band(ax, drawn, linewidth=0.8)
    points(ax, drawn, words, size=2.8)
    for x in np.flatnonzero(table["segment"].diff() > 0):  # the level shifted
        ax.axvline(x - 0.5, color=theme.INK, linewidth=0.8, linestyle=":")
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
