"""A forest: rows of estimates with their intervals, of any chapter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from cxlib.plots import native, theme
from cxlib.words import Words, is_money


def forest(
    table: pd.DataFrame,
    *,
    labels: Sequence[str],
    xlabel: str = "",
    value: str = "value",
    reference: str = "",
    colours: Sequence[str] | None = None,
    zero: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw each row's value with its interval, and a stroke at its reference.

    Parameters
    ----------
    table : pandas.DataFrame
        ``low, high`` (of `value`: ``<value>_low, <value>_high``).
    labels : sequence of str
        One a row.
    value : str
        The drawn column.
    reference : str
        Column of the stroke: an earlier value, or the target.
    colours : sequence of str, optional
        One a row; hollow where it is `theme.QUIET`.
    zero : bool
        Whether nothing lies at 0, so that it is marked.
    """
    ends = ("low", "high") if value == "value" else (f"{value}_low", f"{value}_high")
    ax = theme.row_axes(ax, len(table))
    for y, (_label, row) in enumerate(table.iterrows()):
        colour = theme.MAIN if colours is None else colours[y]
        if reference and _there(row[reference]):
            ax.plot(row[reference], y, marker="|", markersize=11, color=theme.ACCENT, mew=2)
        if _there(row[ends[0]]):
            ax.plot([row[ends[0]], row[ends[1]]], [y, y], color=colour, linewidth=2)
        theme.dot(ax, row[value], y, colour=colour, filled=colour != theme.QUIET)
    if zero:
        ax.axvline(0, color=theme.MUTED, linewidth=0.8)
    theme.label_rows(ax, list(labels), width=26)
    ax.grid(axis="x")
    ax.margins(x=0.08)
    ax.set_xlabel(xlabel)
    columns = (value, *ends, *([reference] if reference else []))
    axis = xlabel if reference else native.axis_of(xlabel)
    look: Any = {"colours": tuple(colours or ()), "zero": zero, "axis": axis}
    native.note(ax, "forest", table, columns, labels, **look)
    units = table["unit"] if "unit" in table else ["points"] * len(table)
    said = [_said(float(v), str(unit), zero) for v, unit in zip(table[value], units, strict=True)]
    theme.tells(ax, zip(labels, said, strict=True))
    return ax


def _said(value: float, unit: str, sign: bool) -> str:
    """Write a number alike in every language; money with the letters of its currency."""
    money = is_money(unit)
    number = Words().number(value, 0 if money else 2 if unit == "mean" else 1, sign=sign)
    return f"{number} {unit}" if money else number


def _there(value: Any) -> bool:
    return value is not None and value == value  # noqa: PLR0124 - NaN is unlike itself
