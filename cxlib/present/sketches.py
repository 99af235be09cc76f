"""An idea drawn in a line: any table of scores as a forest or a trend, labels and titles found."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pandas as pd

from cxlib import columns
from cxlib.columns import records
from cxlib.errors import CxError, DataError, nearest
from cxlib.plots import forest as forests, lines as several, theme, trend as trends
from cxlib.present.tables import SHARED, column_of, frame_of, value_of
from cxlib.words import Words, mark as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUBJECTS = ("touchpoint", "driver", "kpi", "metric", "segment", "level", "brand")
"""Columns that say what a row is about."""


def forest(
    result: Any, *, words: Words, value: str = "", title: str = "", ax: Axes | None = None
) -> Axes:
    """Draw every row with its interval, by whatever says what the row is about.

    Parameters
    ----------
    result : result or DataFrame
        A table with a column and its interval: ``value, low, high``, ``share, share_low,
        share_high`` …; all in one unit.
    words : Words
    value : str, optional
        Which column, where several have an interval; the first if not given.
    title : str, optional
        Said already.
    ax : Axes, optional

    Raises
    ------
    DataError
        If no column has an interval, or the rows are in several units.
    """
    table, what = _measured(result, value, words)
    subjects = [s for s in (*_groups(result), *SUBJECTS, "period") if s in table]
    told = [s for s in dict.fromkeys(subjects) if _varies(table, s)] or subjects[:1]
    labels = [_label(row, told, result, words) for row in records(table)]
    title = title or words.say(_("{what}, each with its 95% interval"), what=what)
    ax = forests.forest(table, labels=labels, xlabel=what, ax=ax)
    return theme.title(ax, title)


def trend(
    result: Any, *, words: Words, value: str = "", title: str = "", ax: Axes | None = None
) -> Axes:
    """Draw scores over their periods: one with its band and turning points, or up to six beside.

    Parameters
    ----------
    result : result or DataFrame
        ``period`` and a column with its interval; ``kpi``, ``level`` … tell series apart.
    words, value, title, ax
        As for `forest`.

    Raises
    ------
    DataError
        If there are no periods, no column has an interval, or there are too many series.
    """
    table, what = _measured(result, value, words)
    if "period" not in table:
        raise DataError(
            f"a trend needs periods, and this table has none{nearest('period', map(str, table))}"
        )
    subjects = [s for s in dict.fromkeys((*_groups(result), *SUBJECTS)) if s in table]
    told = [s for s in subjects if s != "period" and _varies(table, s)]
    title = title or words.say(_("{what}, period by period"), what=what)
    if not told:
        return trends.trend(table, words=words, title=title, ax=ax)
    series: dict[str, pd.DataFrame] = {}
    periods = list(dict.fromkeys(table["period"]))
    for _key, rows in table.groupby(told, sort=False, dropna=False):
        label = _label(rows.iloc[0].to_dict(), told, result, words)
        band = rows.rename(columns={"low": "value_low", "high": "value_high"})
        series[label] = band.assign(at=rows["period"].map(periods.index))
    if len(series) > len(theme.SERIES):
        raise DataError(
            f"{len(series)} lines in one figure cannot be told apart; choose at most "
            f"{len(theme.SERIES)}, by rows of the table."
        )
    axes = several.lines(series, x="at", y="value", words=words, ax=ax)
    theme.title(axes, title)
    theme.label_periods(axes, [words.period(str(label)) for label in periods])
    return axes


SKETCHES: dict[str, Callable[..., Any]] = {"forest": forest, "trend": trend}


def named(plot: Any, options: Any = ()) -> Callable[..., Any]:
    """Return what draws: a function as it is; by a name, its module or its bare type, a sketch."""
    if isinstance(plot, ModuleType):
        plot = plot.__name__.rpartition(".")[2]
    if plot is forests.forest or (plot is trends.trend and "title" not in options):
        plot = plot.__name__
    if isinstance(plot, str) and plot not in SKETCHES:
        raise CxError(f"no sketch {plot!r}{nearest(plot, SKETCHES)}")
    if isinstance(plot, str):
        return SKETCHES[plot]
    if not callable(plot):
        raise CxError(
            f"draw(plot, result): the plot is {type(plot).__name__}; give a figure's function, "
            "'forest' or 'trend'."
        )
    drawn: Callable[..., Any] = plot
    return drawn


def mistaken(plot: Callable[..., Any], result: Any, error: Exception) -> DataError:
    """Return, as one line, why a plot cannot draw what it was given."""
    name = getattr(plot, "__name__", "the plot")
    why = str(error)
    if isinstance(error, KeyError):
        table = result if isinstance(result, pd.DataFrame) else getattr(result, "table", None)
        known = table.columns if isinstance(table, pd.DataFrame) else ()
        why = f"it has no {error}{nearest(str(error.args[0]), known)}"
    told = f"{name} cannot draw {type(result).__name__}: {why.rstrip('.')}"
    return DataError(f"{told}. `{name}?` says what it takes.")


def _measured(result: Any, value: str, words: Words) -> tuple[pd.DataFrame, str]:
    """Return the rows that can be drawn with ``value, low, high``, and what these are in words."""
    table = result if isinstance(result, pd.DataFrame) else frame_of(result, "table")
    whole = [n for n in map(str, table) if set(_ends(n)) <= set(table)]
    if not whole or (value and value not in whole):
        known = ", ".join(map(str, table.columns[:12]))
        asked = f"{value!r} has no interval" if value else "no column has an interval"
        raise DataError(f"{asked} in this table; it holds {known}.")
    name = value or whole[0]
    if "withheld" in table:
        table = table[~table["withheld"].astype(bool)]
    table = table[table[name].notna()].reset_index(drop=True)
    unit = str(getattr(result, "unit", "") or "")
    if "unit" not in table and unit:
        table = table.assign(unit=unit)
    units = list(dict.fromkeys(table["unit"])) if "unit" in table else []
    if len(units) > 1:
        raise DataError(f"one figure has one axis, and these rows are in {', '.join(units)}.")
    column = column_of(table, name)
    if column.kind in ("percent", "chance"):
        numbers = [name, *_ends(name)]
        table = table.assign(unit="percent", **{n: 100 * table[n] for n in numbers})
    ends = dict(zip(_ends(name), ("low", "high"), strict=True))
    table = table.rename(columns=ends).assign(value=table[name])
    alike = [table[k].iloc[0] for k in ("kpi", "metric") if k in table and not _varies(table, k)]
    keys = [k for k in (getattr(result, "metric", None), *alike) if isinstance(k, str) and k]
    return table, words.label(keys[0]) if keys else words.say(column.heading)


def _varies(table: pd.DataFrame, name: str) -> bool:
    return len(set(table[name].dropna())) > 1


def _ends(name: str) -> tuple[str, str]:
    known = columns.COLUMNS.get(name)
    if known is not None and known.interval is not None:
        return known.interval
    return f"{name}_low", f"{name}_high"


def _groups(result: Any) -> tuple[str, ...]:
    if isinstance(result, pd.DataFrame):
        named = [n for n in map(str, result) if not pd.api.types.is_numeric_dtype(result[n])]
        return tuple(n for n in named if n not in columns.COLUMNS and n != "withheld")
    by = getattr(result, "by", ())
    return tuple(by) if isinstance(by, (tuple, list)) else ()


def _label(row: dict[Any, Any], told: list[str], result: Any, words: Words) -> str:
    return " · ".join(_said(row, name, result, words) for name in told if not pd.isna(row[name]))


def _said(row: dict[Any, Any], name: str, result: Any, words: Words) -> str:
    if name == "period":
        return words.period(str(row[name]))
    if name in _groups(result) and name not in SHARED:
        return words.label(f"{name}={row[name]}")
    column = columns.COLUMNS.get(name, columns.Column(name, "key"))
    return words.label(value_of(row, name, column, words))
