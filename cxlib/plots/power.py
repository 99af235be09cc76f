"""What a sample can show: the chance to see a change, by its size and by the answers."""

from __future__ import annotations

from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from cxlib.plots import theme
from cxlib.words import Words
from cxlib.words import mark as _


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
