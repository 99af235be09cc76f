"""Monitoring drawn: process charts with verdicts, the places of a change, rate and mix, rivals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from cxlib.plots import _process_chart as parts
from cxlib.plots import theme
from cxlib.plots._monitoring_compared import rivals, splits, where
from cxlib.plots._verdict_icons import verdicts
from cxlib.words import Quantity, Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxlib.analysis.pages import ChartPage

__all__ = ["chart", "rivals", "small_charts", "splits", "where"]


_SIGNALLED = ("improving", "concerning", "neither high", "neither low")


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
    parts.lines(ax, found.table, unit, linewidth=1.0)
    if reference is not None:
        parts.reference(ax, page, reference, found.table["period"].tolist(), unit, words)
    parts.points(ax, found.table, found.improvement, unit, size=5.0)
    parts.rebases(ax, found, words)
    if pd.notna(row["target"]):
        parts.target(ax, float(row["target"]), unit, words)
    parts.periods(ax, found.table["period"].tolist(), words)
    parts.latest(ax, found.table, unit, words)
    verdicts(
        ax,
        variation=row["variation"] if pd.notna(row["variation"]) else None,
        assurance=row["assurance"] if pd.notna(row["assurance"]) else None,
        up=bool(row["value"] > row["centre"]),
        words=words,
    )
    ax.set_xlabel(_about(row, unit, words), fontsize=8)
    ax.margins(y=0.14)
    parts.number_axis(ax, words)
    parts.legend(ax, found.table, found.improvement, words)
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

    found_rows = page.table[page.table["metric"].isin(list(metrics))]
    rows = {str(row["metric"]): row for row in found_rows.to_dict("records")}
    keys = [key for key in metrics if key in rows]
    columns = 3
    deep = -(-len(keys) // columns)
    figure = Figure(figsize=(theme.WIDTH, 0.55 + 1.45 * deep))
    axes = figure.subplots(deep, columns, squeeze=False)
    for place, cell in zip(keys, axes.flat, strict=False):
        found, unit = page.charts[place], str(rows[place]["unit"])
        parts.lines(cell, found.table, unit, linewidth=0.8)
        parts.points(cell, found.table, found.improvement, unit, size=2.6)
        cell.set_title(theme.wrap(words.label(place), width=20), loc="left", fontsize=8.5, pad=4)
        shown = found.table["period"].tolist()
        ends = [0, len(shown) - 1] if len(shown) > 1 else [0]
        cell.set_xticks(ends, [str(shown[at]) for at in ends], fontsize=7)
        cell.tick_params(axis="y", labelsize=7)
        cell.margins(x=0.09, y=0.16)
        parts.number_axis(cell, words)
    for cell in axes.flat[len(keys) :]:
        cell.set_axis_off()
    signals = [k for k in keys if rows[k]["variation"] in _SIGNALLED]
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
        f"{words.label(k)} {words.quantity(rows[k]['value'], str(rows[k]['unit']))}" for k in keys
    )
    first.set_label(f"{text}. {told}.")
    return first


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
