"""A score over its periods, of any chapter: with its band, its target and its turning points."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from cxlib.plots import native, theme
from cxlib.words import Quantity, Words, mark as _


def trend(
    table: pd.DataFrame,
    *,
    words: Words,
    title: str,
    target: float | None = None,
    breaks: Collection[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw a KPI over its periods; the first, last, lowest and highest are labelled.

    Parameters
    ----------
    table : pandas.DataFrame
        ``period, value, low, high, unit``, one row a period.
    target : float, optional
    breaks : collection of str
        The periods in which the level broke: each marked by a dotted line before it.
    """
    ax = theme.axes(ax, height=2.7)
    unit, at = str(table["unit"].iloc[0]), np.arange(len(table))
    low, high = table["low"].astype(float), table["high"].astype(float)
    ax.fill_between(at, low, high, color=theme.MAIN, alpha=0.15, lw=0)
    look: Any = {"color": theme.MAIN, "marker": "o", "ms": 4.5, "mec": theme.MAIN}
    sns.lineplot(x=at, y=table["value"].to_numpy(), estimator=None, ax=theme.named(ax), **look)
    periods = table["period"].astype(str).tolist()
    theme.label_periods(ax, [words.period(label) for label in periods])
    for x in turning_points(table["value"].to_numpy(float)):
        value, top = float(table["value"].iloc[x]), table["high"].iloc[x]
        place = (x, top if np.isfinite(top) else value)
        theme.note(ax, words.quantity(value, unit), place, shift=(0, 4))
    for x in (periods.index(label) for label in breaks if label in periods):
        ax.axvline(x - 0.5, color=theme.MUTED, linestyle=":", linewidth=1.2)
    aimed = target if target is not None and np.isfinite(target) else None
    if aimed is not None:
        target_line(ax, aimed, unit, words)
    said = words.say(_("Target {target}"), target=Quantity(aimed or 0.0, unit))
    aim: Any = {"target": aimed, "target_label": said}
    native.note(ax, "trend", table, ("value", "low", "high"), map(words.period, periods), **aim)
    ax.margins(y=0.25)
    ax.set(xlabel=words.say(_("Band: 95% interval")), ylabel="")
    values = [words.quantity(float(value), unit) for value in table["value"]]
    theme.tells(ax, zip(map(words.period, periods), values, strict=True))
    return theme.title(ax, title)


def target_line(ax: Axes, target: float, unit: str, words: Words, style: str = "--") -> None:
    """Draw a target across the axes, its number beside them."""
    ax.axhline(target, color=theme.ACCENT, linestyle=style, linewidth=1.2)
    theme.beside(ax, words.say(_("Target {target}"), target=Quantity(target, unit)), target)


def turning_points(values: np.ndarray) -> list[int]:
    """Return where the first, last, lowest and highest values stand; all of a short series."""
    known = np.flatnonzero(np.isfinite(values))
    if known.size <= 5:
        return known.tolist()
    ends = {known[0], known[-1], known[np.argmin(values[known])], known[np.argmax(values[known])]}
    return sorted(int(x) for x in ends)
