"""Lines: several series over one axis, and what a sample can show by its size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from cxlib.plots import theme, wrapping
from cxlib.words import Said, Words, mark as _

_DASHES = ("-", "--", "-.", ":")
_FINEST = 300
"""Steps across a figure: finer ones are not seen, and thousands of them weigh a report down."""


def lines(
    series: Mapping[str, pd.DataFrame],
    *,
    x: str,
    y: str,
    words: Words,
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
    words : Words
        In whose language the alternative text says where each series begins, ends and turns.
    steps : bool
        Whether a value holds until the next one.
    percent : bool
        Whether y is a share (0 to 1), shown in percent.
    """
    ax = theme.axes(ax, height=3.1)
    scale = 100.0 if percent else 1.0
    ends: list[tuple[float, float, str, str]] = []
    told: list[tuple[str, str]] = []
    for at, (label, table) in enumerate(series.items()):
        colour = theme.SERIES[at % len(theme.SERIES)]
        rows = _thinned(table, x) if steps else table
        where, values = rows[x].to_numpy(float), scale * rows[y].to_numpy(float)
        style: dict[str, Any] = {"drawstyle": "steps-post"} if steps else {"marker": "o", "ms": 4}
        ax.plot(where, values, color=colour, linestyle=_DASHES[at % 4], lw=1.8, **style)
        if f"{y}_low" in rows:
            low, high = (scale * rows[f"{y}_{end}"].to_numpy(float) for end in ("low", "high"))
            step = "post" if steps else None
            ax.fill_between(where, low, high, step=step, color=colour, alpha=0.12, lw=0)  # type: ignore[arg-type]
        ends.append((where[-1], values[-1], label, colour))
        told.append((label, _course(where, values, words, percent=percent)))
    _name(ax, ends)
    if percent:
        ax.set_ylim(0, 104)
    ax.grid(axis="y")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    theme.tells(ax, told)
    return ax


def _course(where: Any, values: Any, words: Words, *, percent: bool) -> str:
    """Say where a series begins and ends, and its extremes where those lie between."""
    known = ~np.isnan(values)
    where, values = where[known], values[known]
    if not len(values):
        return words.number(None)

    whole = bool(np.all(np.abs(values - values.round()) < 1e-9)) or np.abs(values).max() >= 100

    def said(at: int) -> str:
        share = words.quantity(float(values[at]), "percent")
        value = share if percent else words.number(float(values[at]), 0 if whole else 2)
        place = Said(words.number(float(where[at])))
        return words.say(_("{value} at {place}"), value=Said(value), place=place)

    turns = sorted({0, int(values.argmin()), int(values.argmax()), len(values) - 1})
    return words.listed(Said(said(at)) for at in turns)


def _thinned(table: pd.DataFrame, x: str) -> pd.DataFrame:
    """Keep the first row and the last of each of the steps that can be seen."""
    bins = (_FINEST * (table[x] - table[x].min()) / max(np.ptp(table[x]), 1e-9)).round()
    kept: pd.DataFrame = table[~bins.duplicated(keep="last") | (np.arange(len(table)) == 0)]
    return kept


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
        look: Any = {"va": "center", "fontsize": 8.5, "color": ends[k][3]}
        ax.text(
            right + 0.015 * span, at[place] - shift, wrapping.wrap(ends[k][2], width=11), **look
        )


def power(
    table: pd.DataFrame,
    *,
    words: Words,
    unit: str,
    n: float,
    enough: float = 0.8,
    ax: Axes | None = None,
) -> Axes:
    """Draw the chance to see each change by the answers of a period.

    Parameters
    ----------
    table : pandas.DataFrame
        ``change`` (in `unit`), ``n``, ``power`` (0 to 1).
    unit : str
        Of the changes: points, percent or mean.
    n : float
        The answers of a period now.
    enough : float
        The chance that counts as enough.
    """
    ax = theme.axes(ax, height=3.0)
    shown = table.assign(chance=100 * table["power"])
    changes = sorted(table["change"].unique())
    orders: Any = {"hue_order": changes, "style_order": changes, "errorbar": None, "legend": False}
    palette = list(theme.SERIES[: len(changes)])
    by: Any = {"x": "n", "y": "chance", "hue": "change", "style": "change"}
    sns.lineplot(data=shown, palette=palette, ax=ax, **by, **orders)
    for change, line in zip(changes, ax.get_lines(), strict=False):
        line.set_label(words.quantity(change, unit, sign=True))
    at = shown.loc[shown["n"] <= max(n, shown["n"].min())].groupby("change")["chance"].last()
    said = [(words.quantity(c, unit, sign=True), f"{chance:.0f}%") for c, chance in at.items()]
    theme.tells(ax, said)
    ax.set_xscale("log")
    sizes = [size for size in (50, 100, 200, 500, 1000, 2000, 5000) if size <= table["n"].max()]
    ax.set_xticks(sizes, [words.number(size) for size in sizes])
    ax.minorticks_off()
    ax.axhline(100 * enough, color=theme.MUTED, linestyle="--", linewidth=1)
    ax.axvline(n, color=theme.MUTED, linewidth=1)
    text = words.say(_("now {n}"), n=int(n))
    theme.note(ax, text, (n, 3), shift=(4, 0), ha="left", va="baseline", size=8.5)
    marks = range(0, 101, 20)
    ax.set_yticks(marks, [f"{mark}%" for mark in marks])
    ax.set_ylim(0, 103)
    ax.set_xlabel(words.say(_("Answers per period")))
    ax.set_ylabel(words.say(_("Chance to see the change")))
    title = words.say(_("Change of"))
    ax.legend(title=title, loc="center left", bbox_to_anchor=(1.0, 0.5), borderaxespad=0.3)
    return ax
