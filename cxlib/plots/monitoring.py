"""Monitoring drawn: process charts with verdicts, the places of a change, rate and mix, rivals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cxlib.plots import theme
from cxlib.plots._monitoring_compared import rivals, splits, where
from cxlib.plots._verdict_icons import verdicts
from cxlib.words import Quantity, Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxlib.analysis.pages import ChartPage

__all__ = ["chart", "rivals", "small_charts", "splits", "where"]

WORSE, BETTER, OTHER = "v", "^", "D"
_SIGNALS = {
    "worse": (WORSE, theme.BAD, _("signal, worse")),
    "better": (BETTER, theme.GOOD, _("signal, better")),
    "other": (OTHER, theme.ACCENT, _("signal")),
}
LABELLED = 9
"""At most about so many period labels fit under a chart."""


def chart(
    page: ChartPage,
    *,
    words: Words,
    metric: str,
    reference: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw one KPI's process chart with its limits, rebases, target, signals and verdicts.

    Parameters
    ----------
    page : ChartPage
    words : Words
    metric : str
        Which of its charts.
    reference : str, optional
        Another KPI of the page, drawn as a dotted line beside it.
    ax : Axes, optional
    """
    row = page.table[page.table["metric"] == metric].iloc[0]
    found, unit = page.charts[metric], str(row["unit"])
    ax = theme.axes(ax, height=2.9)
    _lines(ax, found.table, unit, linewidth=1.0)
    if reference is not None:
        _reference(ax, page, reference, found.table["period"].tolist(), unit, words)
    _points(ax, found.table, found.improvement, unit, size=5.0)
    _rebases(ax, found, words)
    if pd.notna(row["target"]):
        _target(ax, float(row["target"]), unit, words)
    _periods(ax, found.table["period"].tolist(), words)
    _latest(ax, found.table, unit, words)
    verdicts(
        ax,
        variation=row["variation"] if pd.notna(row["variation"]) else None,
        assurance=row["assurance"] if pd.notna(row["assurance"]) else None,
        up=bool(row["value"] > row["centre"]),
        words=words,
    )
    ax.set_xlabel(_about(row, unit, words), fontsize=8)
    ax.margins(y=0.14)
    _number_axis(ax, words)
    _legend(ax, found.table, found.improvement, words)
    return theme.title(ax, _sentence(row, unit, words), alt=_told(found.table, row, unit, words))


def small_charts(
    page: ChartPage, *, words: Words, metrics: Sequence[str], ax: Axes | None = None
) -> Axes:
    """Draw many process charts side by side, signals marked: the touchpoints at a glance.

    Parameters
    ----------
    page : ChartPage
    words : Words
    metrics : sequence of str
        Which; those without a chart are passed over.
    ax : Axes, optional
        Not used for more than one chart: they need a figure of their own.
    """
    from matplotlib.figure import Figure

    rows = page.table[page.table["metric"].isin(list(metrics))].set_index("metric")
    keys = [key for key in metrics if key in rows.index]
    columns = 3
    deep = -(-len(keys) // columns)
    figure = Figure(figsize=(theme.WIDTH, 0.55 + 1.45 * deep))
    axes = figure.subplots(deep, columns, squeeze=False)
    for place, cell in zip(keys, axes.flat, strict=False):
        found, unit = page.charts[place], str(rows.loc[place, "unit"])
        _lines(cell, found.table, unit, linewidth=0.8)
        _points(cell, found.table, found.improvement, unit, size=2.6)
        cell.set_title(theme.wrap(words.label(place), width=20), loc="left", fontsize=8.5, pad=4)
        shown = found.table["period"].tolist()
        ends = [0, len(shown) - 1] if len(shown) > 1 else [0]
        cell.set_xticks(ends, [_short(shown[at]) for at in ends], fontsize=7)
        cell.tick_params(axis="y", labelsize=7)
        cell.margins(x=0.09, y=0.16)
        _number_axis(cell, words)
    for cell in axes.flat[len(keys) :]:
        cell.set_axis_off()
    signals = [k for k in keys if rows.loc[k, "variation"] not in ("common cause", None)]
    signals = [k for k in signals if pd.notna(rows.loc[k, "variation"])]
    text = (
        words.say(
            _("{n} of {all} touchpoints signal: {names}"),
            n=len(signals),
            all=len(keys),
            names=tuple(signals),
        )
        if signals
        else words.say(_("None of {all} touchpoints signals"), all=len(keys))
    )
    width = theme.WIDTH * 72 / 10.5 * 0.98
    figure.suptitle(
        theme.wrap(text, width=width), x=0.01, ha="left", fontsize=10.5, color=theme.INK
    )
    first: Axes = axes.flat[0]
    told = "; ".join(
        f"{words.label(k)} {words.quantity(rows.loc[k, 'value'], str(rows.loc[k, 'unit']))}"
        for k in keys
    )
    first.set_label(f"{text}. {told}.")
    return first


def _scale(unit: str) -> float:
    return 100.0 if unit == "share" else 1.0


def _lines(ax: Axes, table: pd.DataFrame, unit: str, *, linewidth: float) -> None:
    """Draw centre and limits, each segment by itself, and the band between them."""
    at = np.arange(len(table))
    for _number, part in table.groupby("segment", sort=False):
        x = at[part.index.to_numpy()]
        lower, upper, centre = (
            _scale(unit) * part[name].to_numpy(dtype=float) for name in ("lower", "upper", "centre")
        )
        x, lower, upper, centre = _wide(x, lower, upper, centre)
        ax.fill_between(x, lower, upper, color=theme.MUTED, alpha=0.09, linewidth=0)
        for line in (lower, upper):
            ax.plot(x, line, color=theme.MUTED, linestyle=(0, (4, 2)), linewidth=linewidth)
        ax.plot(x, centre, color=theme.MUTED, linewidth=linewidth)


def _wide(x: Any, *lines: Any) -> tuple[Any, ...]:
    """Let lines reach half a period to either side, so that one point has limits too."""
    wide = np.r_[x[0] - 0.45, x, x[-1] + 0.45]
    return wide, *(np.r_[line[0], line, line[-1]] for line in lines)


def _points(
    ax: Axes, table: pd.DataFrame, improvement: str | None, unit: str, *, size: float
) -> None:
    at, values = np.arange(len(table)), _scale(unit) * table["value"].to_numpy(dtype=float)
    ax.plot(at, values, color=theme.MAIN, linewidth=1.2)
    kinds = _kinds(table, improvement)
    plain = np.array([kind == "" for kind in kinds])
    ax.plot(at[plain], values[plain], "o", color=theme.MAIN, markersize=size)
    for kind, (marker, colour, _text) in _SIGNALS.items():
        here = np.array([each == kind for each in kinds])
        ax.plot(
            at[here],
            values[here],
            marker,
            color=colour,
            markersize=size * 1.7,
            markeredgecolor=theme.INK,
            markeredgewidth=0.6,
        )


def _kinds(table: pd.DataFrame, improvement: str | None) -> list[str]:
    """Return how each point is marked: empty without a signal."""
    kinds = []
    for row in table.itertuples():
        flags = str(row.flags)
        if not flags:
            kinds.append("")
        elif improvement is None or flags == "trend":
            kinds.append("other")
        else:
            above = float(row.value) > float(row.centre)  # type: ignore[arg-type]
            kinds.append("better" if above == (improvement == "higher") else "worse")
    return kinds


def _reference(
    ax: Axes, page: ChartPage, key: str, shown: list[str], unit: str, words: Words
) -> None:
    history = page.history[page.history["metric"] == key].set_index("period")["value"]
    values = _scale(unit) * history.reindex(shown).to_numpy(dtype=float)
    ax.plot(
        np.arange(len(shown)),
        values,
        color=theme.ACCENT,
        linestyle=":",
        marker="s",
        markersize=3.5,
        linewidth=1.2,
        label=words.label(key),
    )


def _rebases(ax: Axes, found: Any, words: Words) -> None:
    labels = found.table["period"].tolist()
    for period, reason in found.rebased:
        x = labels.index(period) - 0.5
        ax.axvline(x, color=theme.INK, linewidth=0.8, linestyle=":")
        said = words.say(_("New limits: {reason}"), reason=reason) if reason else ""
        right = x > len(labels) / 2
        ax.annotate(
            theme.wrap(said, width=16),
            (x, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if right else 4, -2),
            textcoords="offset points",
            ha="right" if right else "left",
            va="top",
            fontsize=7.5,
            color=theme.INK,
            bbox={"facecolor": theme.PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 1},
        )


def _target(ax: Axes, target: float, unit: str, words: Words) -> None:
    ax.axhline(_scale(unit) * target, color=theme.ACCENT, linestyle="-.", linewidth=1.2)
    ax.annotate(
        words.say(_("Target {target}"), target=Quantity(target, unit)),
        (0.0, _scale(unit) * target),
        xycoords=("axes fraction", "data"),
        xytext=(3, 3),
        textcoords="offset points",
        ha="left",
        va="bottom",
        fontsize=8,
        color=theme.ACCENT,
    )


def _latest(ax: Axes, table: pd.DataFrame, unit: str, words: Words) -> None:
    measured = table[table["value"].notna()]
    last = measured.iloc[-1]
    above = last["value"] >= last["centre"] or pd.isna(last["centre"])
    ax.annotate(
        words.quantity(float(last["value"]), unit),
        (int(measured.index[-1]), _scale(unit) * float(last["value"])),
        xytext=(0, 7 if above else -7),
        textcoords="offset points",
        ha="center",
        va="bottom" if above else "top",
        fontsize=8.5,
        color=theme.INK,
    )


def _periods(ax: Axes, labels: list[str], words: Words) -> None:
    step = max(1, -(-len(labels) // LABELLED))
    at = list(range(len(labels) - 1, -1, -step))[::-1]
    few = len(at) <= 4
    ax.set_xticks(
        at,
        [words.period(str(labels[i])) if few else _short(labels[i]) for i in at],
        fontsize=8,
    )
    ax.set_xlim(-0.6, len(labels) - 0.4)


def _short(label: str) -> str:
    return str(label)


def _number_axis(ax: Axes, words: Words) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    ax.yaxis.set_major_locator(MaxNLocator(nbins=5))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _at: f"{y:,g}".replace("-", "−")))


def _legend(ax: Axes, table: pd.DataFrame, improvement: str | None, words: Words) -> None:
    from matplotlib.lines import Line2D

    present = [kind for kind in _SIGNALS if kind in _kinds(table, improvement)]
    handles = [h for h in ax.get_lines() if not str(h.get_label()).startswith("_")]
    for kind in present:
        marker, colour, text = _SIGNALS[kind]
        handles.append(
            Line2D([], [], marker=marker, color=colour, linestyle="", label=words.say(text))
        )
    if handles:
        ax.legend(handles=handles, loc="lower left", ncols=3, fontsize=7.5, handletextpad=0.3)


def _about(row: pd.Series, unit: str, words: Words) -> str:
    if pd.isna(row["lower"]):
        return words.say(_("No limits yet: they need two neighbouring periods"))
    facts = {
        "lower": Quantity(row["lower"], unit),
        "upper": Quantity(row["upper"], unit),
        "points": int(row["points"]),
        "rate": Quantity(row["false_alarm_rate"], "share"),
    }
    message = (
        _(
            "Grey band: {lower} to {upper}, where a stable process stays; on trial, {points} "
            "periods. A stable chart like this shows a signal in {rate} of cases"
        )
        if row["trial"]
        else _(
            "Grey band: {lower} to {upper}, where a stable process stays; {points} periods. A "
            "stable chart like this shows a signal in {rate} of cases"
        )
    )
    return theme.wrap(words.say(message, **facts), width=58)


_TITLES = {
    "improving": _("{metric}: {value}, a signal of improvement (usually {centre})"),
    "concerning": _("{metric}: {value}, a signal of worsening (usually {centre})"),
    "neither high": _("{metric}: {value}, unusually high (usually {centre})"),
    "neither low": _("{metric}: {value}, unusually low (usually {centre})"),
    "common cause": _("{metric}: {value}, within its usual noise around {centre}"),
}


def _sentence(row: pd.Series, unit: str, words: Words) -> str:
    facts = {
        "metric": row["metric"],
        "value": Quantity(row["value"], unit),
        "centre": Quantity(row["centre"], unit),
        "target": Quantity(row["target"], unit),
    }
    title = words.say(_TITLES.get(str(row["variation"]), _("{metric}: {value}")), **facts)
    if row["assurance"] == "misses":
        title += words.say(_("; the present process will not meet {target}"), **facts)
    return title


def _told(table: pd.DataFrame, row: pd.Series, unit: str, words: Words) -> str:
    values = "; ".join(
        f"{words.period(str(each.period))} {words.quantity(float(each.value), unit)}"  # type: ignore[arg-type]
        for each in table.itertuples()
    )
    return f"{_sentence(row, unit, words)}. {_about(row, unit, words)}. {values}.".replace(
        "\n", " "
    )
