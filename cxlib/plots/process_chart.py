"""A process chart: values within their limits, signals, breaks and target, of any chapter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cxlib.plots import theme, wrapping
from cxlib.plots.trend import target_line, turning_points
from cxlib.words import Said, Words, mark as _

MARKS = {
    "worse": ("v", theme.BAD, _("signal, worse")),
    "better": ("^", theme.GOOD, _("signal, better")),
    "high": ("D", theme.ACCENT, _("signal")),
    "low": ("D", theme.ACCENT, _("signal")),
    "mix": ("D", theme.ACCENT, _("other customers answered")),
    "weak": ("o", theme.QUIET, _("outside, too weak for a warning")),
    "earlier": ("o", theme.QUIET, _("earlier signal")),
}
"""How a point is marked: by shape as well as colour."""
_STEPS = ((3 * 86_400, 86_400, _("days")), (2 * 3_600, 3_600, _("hours")), (120, 60, _("minutes")))


def process_chart(
    table: pd.DataFrame, *, words: Words, title: str, alt: str = "", ax: Axes | None = None
) -> Axes:
    """Draw one KPI's process chart.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a period: ``period, value, centre, lower, upper, segment, unit``; ``marks`` (a key
        of `MARKS`, or empty), ``breaks`` (what is said where the limits begin anew, else None);
        ``target``; ``reference, reference_value`` (another KPI beside it, or None).
    """
    ax, unit = theme.axes(ax, height=2.9), str(table["unit"].iloc[0])
    _limits(ax, table, linewidth=1.0)
    if table["reference"].notna().any():
        look: Any = {"color": theme.ACCENT, "linestyle": ":", "marker": "s", "markersize": 3.5}
        other = table["reference_value"].to_numpy(dtype=float)
        ax.plot(np.arange(len(table)), other, label=words.label(table["reference"].iloc[0]), **look)
    _points(ax, table, words, size=5.0)
    theme.label_periods(ax, [words.period(str(label)) for label in table["period"]])
    for x in turning_points(table["value"].to_numpy(dtype=float)):
        _value(ax, table, x, unit, words)
    _breaks(ax, table, words)
    target: Any = table["target"].iloc[-1]
    if target is not None and np.isfinite(float(target)):
        target_line(ax, target, unit, words, "-.")
    ax.margins(y=0.2)
    few_numbers(ax)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, fontsize=8)
    return theme.title(ax, title, alt=alt)


def small_charts(
    tables: Sequence[pd.DataFrame],
    *,
    labels: Sequence[str],
    words: Words,
    title: str,
    alt: str = "",
) -> Axes:
    """Draw many process charts side by side, signals marked; see `process_chart`."""
    figure, cells = theme.grid(len(tables), 3, top=0.55, each=1.45)
    for table, label, cell in zip(tables, labels, cells, strict=True):
        _limits(cell, table, linewidth=0.8)
        _points(cell, table, words, size=2.8)
        cell.set_title(theme.fitted(label, width=14), loc="left", fontsize=8.5, pad=4)
        ends = sorted({0, len(table) - 1})
        named = [wrapping.wrap(words.period(str(table["period"].iloc[x])), width=5.5) for x in ends]
        cell.set_xticks(ends, named, fontsize=8)
        cell.tick_params(axis="y", labelsize=8)
        cell.margins(x=0.09, y=0.16)
        few_numbers(cell)
    theme.headline(figure, title)
    cells[0].set_label(alt or title)
    return cells[0]


def _limits(ax: Axes, table: pd.DataFrame, *, linewidth: float) -> None:
    """Draw centre and limits, each segment by itself, and the band between them."""
    at = np.arange(len(table))
    for _number, part in table.groupby("segment", sort=False):
        x = at[part.index.to_numpy()]
        x = np.r_[x[0] - 0.45, x, x[-1] + 0.45]  # so that one point has limits too
        lower, upper, centre = (
            np.r_[line[0], line, line[-1]]
            for line in (part[name].to_numpy(dtype=float) for name in ("lower", "upper", "centre"))
        )
        ax.fill_between(x, lower, upper, color=theme.MUTED, alpha=0.09, linewidth=0)
        for line in (lower, upper):
            ax.plot(x, line, color=theme.MUTED, linestyle=(0, (4, 2)), linewidth=linewidth)
        ax.plot(x, centre, color=theme.MUTED, linewidth=linewidth)


def _points(ax: Axes, table: pd.DataFrame, words: Words, *, size: float) -> None:
    """Draw the values and mark the signals, by shape as well as colour."""
    at, values = np.arange(len(table)), table["value"].to_numpy(dtype=float)
    marks = table["marks"].to_numpy(dtype=object)
    ax.plot(at, values, color=theme.MAIN, linewidth=1.2)
    plain = marks == ""
    ax.plot(at[plain], values[plain], "o", color=theme.MAIN, markersize=size)
    for kind, (marker, colour, text) in MARKS.items():
        here = marks == kind
        if here.any():
            hollow = kind in ("weak", "earlier")
            look: Any = {"color": colour, "markeredgecolor": theme.INK, "markeredgewidth": 0.7}
            look |= {"markersize": size * (1.3 if hollow else 1.7), "label": words.say(text)}
            face = theme.PAPER if hollow else colour
            ax.plot(at[here], values[here], marker, markerfacecolor=face, **look)


def _value(ax: Axes, table: pd.DataFrame, x: int, unit: str, words: Words) -> None:
    row = table.iloc[x]
    values = table["value"].to_numpy(dtype=float)
    level, target = float(np.nanmean(values)), float(table["target"].iloc[-1] or np.nan)
    if abs(row["value"] - target) < 0.2 * np.ptp(values[np.isfinite(values)]):
        level = target  # the label goes to the side away from the line
    above = bool(row["value"] >= level)
    text, place = words.quantity(float(row["value"]), unit), (x, float(row["value"]))
    theme.above_or_below(ax, text, place, above=above)


def _breaks(ax: Axes, table: pd.DataFrame, words: Words) -> None:
    """Mark where a level begins, with what is said of it."""
    for x, said in enumerate(table["breaks"]):
        if said is None or pd.isna(said):
            continue
        ax.axvline(x - 0.5, color=theme.INK, linewidth=0.8, linestyle=":")
        right = x > len(table) / 2
        text, foot = wrapping.wrap(words.label(said), width=14), ("data", "axes fraction")
        shift, ha = ((-4, 2), "right") if right else ((4, 2), "left")
        theme.note(ax, text, (x - 0.5, 0.0), shift=shift, frame=foot, ha=ha, backed=0.85)


def few_numbers(ax: Axes) -> None:
    """Label few values, with a true minus sign."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    ax.yaxis.set_major_locator(MaxNLocator(nbins=5))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _at: f"{y:,g}".replace("-", "−")))


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
    end = "。" if words.language == "zh" else ". "
    theme.title(first, title, alt=f"{title}{end}{words.parted(told)}{end[:1]}")
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
    _limits(ax, drawn, linewidth=0.8)
    _points(ax, drawn, words, size=2.8)
    for x in table.dropna(subset="segment").drop_duplicates("segment").index:
        if x:  # the level shifted
            ax.axvline(x - 0.5, color=theme.INK, linewidth=0.8, linestyle=":")
    target = table["target"].iloc[-1] if "target" in table else np.nan
    if pd.notna(target):
        ax.axhline(scale * float(target), color=theme.ACCENT, linestyle="-.", linewidth=1.1)
    ends = [0, len(table) - 1] if len(table) > 1 else [0]
    named = [words.period(str(table["period"][each])) for each in ends]
    known = table["value"].dropna()
    label = words.label(str(table["kpi"].iloc[0]))
    said = words.quantity(float(known.iloc[-1]), unit) if len(known) else ""
    if said:  # the value of that month, not of the report's period
        when = words.period(str(table["period"][known.index[-1]]))
        said = words.say(_("{label}: {value}"), label=Said(when), value=Said(said))
        named[-1] = said if known.index[-1] == ends[-1] else named[-1]
    ax.set_xticks(ends, named, fontsize=8)
    labels = ax.get_xticklabels()
    labels[0].set_horizontalalignment("left")
    labels[-1].set_horizontalalignment("right")
    ax.tick_params(axis="y", labelsize=8)
    ax.margins(x=0.04, y=0.18)
    ax.set_ylabel(name, fontsize=8)
    ax.set_title(label, loc="left", fontsize=9, pad=4)
    return words.say(_("{label}: {value}"), label=label, value=Said(said))


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
