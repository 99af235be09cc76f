"""A score over its periods, of any chapter: with its band, its target and its turning points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import seaborn as sns

from cxlib.plots import theme
from cxlib.words import Quantity, Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def trend(
    table: pd.DataFrame,
    *,
    words: Words,
    title: str,
    target: float | None = None,
    broken_at: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a KPI over its periods; the first, last, lowest and highest are labelled.

    Parameters
    ----------
    table : pandas.DataFrame
        ``period, value, low, high, unit``, one row a period; small bases withheld.
    words : Words
    title : str
        What the figure shows, as a sentence.
    target : float, optional
    broken_at : str, optional
        The period in which the level broke: marked by a dotted line before it.
    ax : Axes, optional
    """
    ax = theme.axes(ax, height=2.7)
    unit, at = str(table["unit"].iloc[0]), np.arange(len(table))
    ax.fill_between(
        at,
        table["low"].astype(float),
        table["high"].astype(float),
        color=theme.MAIN,
        alpha=0.15,
        lw=0,
    )
    sns.lineplot(
        x=at,
        y=table["value"].to_numpy(),
        ax=ax,
        color=theme.MAIN,
        marker="o",
        ms=4.5,
        mec=theme.MAIN,
    )
    periods = table["period"].astype(str).tolist()
    theme.label_periods(ax, [words.period(label) for label in periods])
    for x in turning_points(table["value"].to_numpy(float)):
        row = table.iloc[x]
        high = row["high"] if np.isfinite(row["high"]) else row["value"]
        ax.annotate(
            words.quantity(float(row["value"]), unit),
            (x, high),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=8,
            color=theme.INK,
        )
    if broken_at in periods:
        ax.axvline(periods.index(broken_at) - 0.5, color=theme.MUTED, linestyle=":", linewidth=1.2)
    if target is not None and np.isfinite(target):
        target_line(ax, target, unit, words)
    ax.margins(y=0.25)
    ax.set(xlabel="", ylabel="")
    values = [words.quantity(float(value), unit) for value in table["value"]]
    theme.tells(ax, zip(map(words.period, periods), values, strict=True))
    return theme.title(ax, title)


def target_line(ax: Axes, target: float, unit: str, words: Words, style: str = "--") -> None:
    """Draw a target across the axes, its number beside them."""
    ax.axhline(target, color=theme.ACCENT, linestyle=style, linewidth=1.2)
    ax.annotate(
        words.say(_("Target {target}"), target=Quantity(target, unit)),
        (1.01, target),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize=8,
        color=theme.ACCENT,
    )


def turning_points(values: np.ndarray) -> list[int]:
    """Return where the first, last, lowest and highest values stand; all of a short series."""
    known = np.flatnonzero(np.isfinite(values))
    if known.size <= 5:
        return known.tolist()
    ends = {known[0], known[-1], known[np.argmin(values[known])], known[np.argmax(values[known])]}
    return sorted(int(x) for x in ends)
