"""A KPI on its way to a target: what was measured, and the path from the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cxlib.plots import theme
from cxlib.words import Quantity, Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def path(
    table: pd.DataFrame, *, words: Words, unit: str, target: float, ax: Axes | None = None
) -> Axes:
    """Draw measured values with their intervals, the path, agreed steps and the target.

    Parameters
    ----------
    table : pandas.DataFrame
        A row a period, in order: ``period, value, low, high`` (NaN ahead), ``expected, agreed``
        (NaN off the path).
    words : Words
    unit : str
        Of all values.
    target : float
    ax : Axes, optional
    """
    ax = theme.axes(ax, height=3.0)
    at = np.arange(len(table), dtype=float)
    ax.axhline(target, color=theme.ACCENT, linestyle="--", linewidth=1.2)
    if table["expected"].notna().sum() > 1:
        label = words.say(_("path to the target"))
        ax.plot(
            at, table["expected"], color=theme.ACCENT, linestyle=":", linewidth=1.6, label=label
        )
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
    ax.annotate(
        words.say(_("Target\n{target}"), target=Quantity(target, unit)),
        (1.01, target),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize=8.5,
        color=theme.ACCENT,
        annotation_clip=False,
    )
    theme.label_periods(ax, [words.period(label) for label in table["period"].astype(str)])
    ax.margins(y=0.2)
    low, high = ax.get_ylim()
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
        ax.annotate(
            words.quantity(float(values[place]), unit),
            (at[place], values[place]),
            xytext=(0, 7 if over else -7),
            textcoords="offset points",
            ha="center",
            va="bottom" if over else "top",
            fontsize=8.5,
            bbox={"facecolor": theme.PAPER, "edgecolor": "none", "alpha": 0.8, "pad": 0.4},
        )
