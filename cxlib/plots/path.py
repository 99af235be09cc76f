"""A KPI and its target: the path to it, the steps that lead there, how far it has come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MultipleLocator

from cxlib.columns import records
from cxlib.plots import theme
from cxlib.words import Quantity, Words, mark as _

FURTHEST = (-1.0, 2.0)
"""What lies beyond is drawn there with an arrow: one row must not flatten the others."""
_TIMES = (1, 2, 6, 12, 30, 60, 120, 360, 720, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 1e6, 1e9)
"""Seconds between two marks of an axis of times."""
LOOK = {"good": (theme.GOOD, "o"), "bad": (theme.BAD, "X"), "open": (theme.MUTED, "o")}


def path(
    table: pd.DataFrame, *, words: Words, unit: str, target: float, ax: Axes | None = None
) -> Axes:
    """Draw measured values with their intervals, the path, agreed steps and the target.

    Parameters
    ----------
    table : pandas.DataFrame
        A row a period, in order: ``period, value, low, high`` (NaN ahead), ``expected, agreed``
        (NaN off the path).
    unit : str
        Of all values.
    target : float
    """
    ax = theme.axes(ax, height=3.0)
    at = np.arange(len(table), dtype=float)
    ax.axhline(target, color=theme.ACCENT, linestyle="--", linewidth=1.2)
    if table["expected"].notna().sum() > 1:
        label = words.say(_("path to the target"))
        look: Any = {"color": theme.ACCENT, "linestyle": ":", "linewidth": 1.6}
        ax.plot(at, table["expected"], label=label, **look)
    if table["agreed"].notna().any():
        label = words.say(_("agreed step"))
        ax.plot(at, table["agreed"], "D", color=theme.ACCENT, markersize=5, label=label)
    known = table["value"].notna().to_numpy()
    ends = table[["low", "high"]].fillna(table["value"].to_frame("low").assign(high=table["value"]))
    ax.vlines(at, ends["low"], ends["high"], color=theme.MAIN, linewidth=1, alpha=0.55)
    sampled = bool(table["low"].notna().any())
    label = words.say(_("measured, 95% interval") if sampled else _("measured"))
    style: dict[str, Any] = {"color": theme.MAIN, "marker": "o", "markersize": 4.5}
    ax.plot(at[known], table["value"][known], label=label, **style)
    _values(ax, at[known], table["value"][known].to_numpy(float), words, unit)
    text = words.say(_("Target\n{target}"), target=Quantity(target, unit))
    theme.beside(ax, text, target, size=8.5)
    theme.label_periods(ax, [words.period(label) for label in table["period"].astype(str)])
    ax.margins(y=0.2)
    low, high = ax.get_ylim()
    if unit in ("seconds", "working"):  # whole tenths of the unit that the labels are in
        ax.yaxis.set_major_locator(MultipleLocator(next(s for s in _TIMES if high - low < 7 * s)))
    ticks = [tick for tick in ax.get_yticks() if low <= tick <= high]
    ax.set_yticks(ticks, tick_labels(ticks, words=words, unit=unit))
    seen = table[table["value"].notna()]
    told = [words.quantity(float(value), unit) for value in seen["value"]]
    theme.tells(ax, zip(map(words.period, seen["period"].astype(str)), told, strict=True))
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, borderaxespad=0.2)
    return ax


def tick_labels(ticks: Sequence[float], *, words: Words, unit: str) -> list[str]:
    """Return the labels of an axis in its unit, without decimals where none is needed."""
    if unit not in ("points", "percent") or any(tick % 1 for tick in ticks):
        return [words.quantity(tick, unit) for tick in ticks]
    return [words.number(tick) + ("%" if unit == "percent" else "") for tick in ticks]


def _values(ax: Axes, at: np.ndarray, values: np.ndarray, words: Words, unit: str) -> None:
    """Write the first, the last, the lowest and the highest value beside their points."""
    if not len(values):
        return
    for place in sorted({0, len(values) - 1, int(values.argmin()), int(values.argmax())}):
        beside = values[max(place - 1, 0) : place + 2]
        over = values[place] >= beside.mean()
        text, point = words.quantity(float(values[place]), unit), (at[place], values[place])
        theme.above_or_below(ax, text, point, above=bool(over), size=8.5)


def ladder(
    table: pd.DataFrame, *, words: Words, unit: str, target: float = np.nan, ax: Axes | None = None
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
    for y, row in enumerate(records(table)):
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
    values = [words.quantity(float(value), unit) for value in table["value"]]
    theme.tells(ax, zip(table["label"], values, strict=True))
    return ax


def progress(table: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw a row a KPI: where it stands between its start and its target.

    Parameters
    ----------
    table : pandas.DataFrame
        ``kpi, unit, start, target, value, low, high`` and ``look`` ("good", "bad" or "open") with
        ``said`` (the word for it, a msgid).
    """
    ax = theme.row_axes(ax, round(1.4 * len(table)), extra=0.9)
    ax.axvline(1, color=theme.ACCENT, linestyle="--", linewidth=1.2)
    ax.axvline(0, color=theme.QUIET, linewidth=0.9)
    span = table["target"] - table["start"]
    ends = table[["low", "value", "high"]].sub(table["start"], axis=0).div(span, axis=0)
    way = ends.to_numpy(dtype=float)
    shown, told = np.clip(way, *FURTHEST), list[str]()
    for y, row in enumerate(records(table)):
        colour, marker = LOOK[row["look"]]
        if np.isfinite(shown[y, 0]):
            ax.plot(shown[y, [0, 2]], [y, y], color=colour, linewidth=2, solid_capstyle="round")
        if shown[y, 1] != way[y, 1]:
            marker = ">" if way[y, 1] > 0 else "<"
        filled = row["look"] != "open"
        theme.dot(ax, shown[y, 1], y, colour=colour, filled=filled, marker=marker, size=7.5)
        facts = {name: Quantity(row[name], row["unit"]) for name in ("value", "target")}
        told.append(words.say(_("{said}\n{value}, target {target}"), said=row["said"], **facts))
        theme.beside(ax, told[-1], y, size=8.5, colour=colour)
    theme.label_rows(ax, [words.label(kpi) for kpi in table["kpi"]])
    theme.tells(ax, zip([words.label(kpi) for kpi in table["kpi"]], told, strict=True))
    seen = [0.0, 1.0, *shown[np.isfinite(shown)]]
    ax.set_xlim(min(seen) - 0.12, max(seen) + 0.12)
    ax.set_xticks([0, 1], [words.say(_("Start")), words.say(_("Target"))])
    if (shown[:, 1] != way[:, 1]).any():
        ax.set_xlabel(words.say(_("An arrow: further off than drawn")))
    return ax
