"""The assessment drawn: scores with their intervals, the journey, the groups, the distribution."""

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

    from cxlib.analysis.compare import ChangeDecomposition
    from cxlib.analysis.scores import Distribution, Headline, ScoreTable

GROUP_COLOURS = {"detractor": theme.BAD, "passive": theme.QUIET, "promoter": theme.GOOD}


def trend(
    history: ScoreTable, *, words: Words, target: float | None = None, ax: Axes | None = None
) -> Axes:
    """Draw a KPI over its periods, each with its interval, and its target if it has one.

    Parameters
    ----------
    history : ScoreTable
        By period.
    words : Words
    target : float, optional
        In the KPI's unit.
    ax : Axes, optional
    """
    table, metric = history.table, str(history.metric)
    ax = theme.axes(ax, height=2.7)
    at = np.arange(len(table))
    ax.fill_between(at, table["low"], table["high"], color=theme.MAIN, alpha=0.15, linewidth=0)
    ax.plot(at, table["value"], color=theme.MAIN, marker="o", markersize=4.5)
    labelled = theme.label_periods(ax, [words.period(str(label)) for label in table["period"]])
    for x in labelled:
        row = table.iloc[x]
        ax.annotate(
            _said(row["value"], history.unit, words),
            (x, row["high"]),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=8,
            color=theme.INK,
        )
    if target is not None:
        ax.axhline(target, color=theme.ACCENT, linestyle="--", linewidth=1.2)
        ax.annotate(
            words.say(_("Target {target}"), target=Quantity(target, history.unit)),
            (1.01, target),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8,
            color=theme.ACCENT,
        )
    ax.margins(y=0.25)
    first, last = table.iloc[0], table.iloc[-1]
    text = words.say(
        _("{metric}: {first} in {start}, {last} in {end}; the band is the 95 % interval"),
        metric=metric,
        first=Quantity(first["value"], history.unit),
        last=Quantity(last["value"], history.unit),
        start=str(first["period"]),
        end=str(last["period"]),
    )
    return theme.title(ax, text)


def change(changes: Sequence[ChangeDecomposition], *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw a change split into judgement within groups and mix of groups, one pair a segment.

    Parameters
    ----------
    changes : sequence of ChangeDecomposition
        Of one metric, one a segment.
    words : Words
    ax : Axes, optional
    """
    ax = theme.row_axes(ax, 2 * len(changes), extra=1.2)
    labels = []
    for at, part in enumerate(changes):
        for step, (name, value, low, high) in enumerate(
            (
                (_("{segment}: judged differently"), part.rate, part.rate_low, part.rate_high),
                (_("{segment}: different mix"), part.mix, part.mix_low, part.mix_high),
            )
        ):
            y = 2 * at + step
            _interval(ax, y, value, low, high, colour=theme.MAIN if step == 0 else theme.ACCENT)
            ax.annotate(
                words.quantity(value, part.unit, sign=True),
                (1.01, y),
                xycoords=("axes fraction", "data"),
                va="center",
                fontsize=8,
            )
            labels.append(words.say(name, segment=part.by[0]))
    ax.axvline(0, color=theme.MUTED, linewidth=0.8)
    theme.label_rows(ax, labels, width=26)
    ax.margins(x=0.15)
    ax.set_xlabel(words.say(_("Change of {metric}, with 95 % interval"), metric=changes[0].metric))
    largest = max(changes, key=lambda part: max(abs(part.rate), abs(part.mix)))
    text = words.say(
        _("{metric} changed by {total}: {rate} by judgement, {mix} by mix of {segment}"),
        metric=largest.metric,
        total=Quantity(largest.total, largest.unit, sign=True),
        rate=Quantity(largest.rate, largest.unit, sign=True),
        mix=Quantity(largest.mix, largest.unit, sign=True),
        segment=largest.by[0],
    )
    return theme.title(ax, text)


def journey(journey: Headline, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw every touchpoint in journey order: now with its interval, and where it stood before.

    Parameters
    ----------
    journey : Headline
        Of the touchpoints.
    words : Words
    ax : Axes, optional
    """
    table = journey.table
    ax = theme.row_axes(ax, len(table))
    for y, (_label, row) in enumerate(table.iterrows()):
        if np.isfinite(row["previous"]):
            ax.plot(
                row["previous"], y, marker="|", markersize=11, color=theme.ACCENT, markeredgewidth=2
            )
        _interval(ax, y, row["value"], row["low"], row["high"], colour=theme.MAIN)
    theme.label_rows(ax, [words.label(key) for key in table["metric"]])
    ax.grid(axis="x")
    ax.margins(x=0.08)
    label = (
        _("Mean rating with 95 % interval; the stroke is {previous}")
        if journey.previous
        else _("Mean rating with 95 % interval")
    )
    ax.set_xlabel(words.say(label, previous=journey.previous or ""))
    shown = table.dropna(subset=["value"])
    weakest = shown.iloc[int(shown["value"].argmin())]
    text = words.say(
        _("Weakest touchpoint: {touchpoint}, {value}"),
        touchpoint=weakest["metric"],
        value=Quantity(weakest["value"], weakest["unit"]),
    )
    return theme.title(ax, text, alt=_list(text, table, words))


def segments(groups: ScoreTable, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw each group's score with its interval; filled where it clearly differs from the others.

    Parameters
    ----------
    groups : ScoreTable
        By segments against their complement.
    words : Words
    ax : Axes, optional
    """
    table = groups.table
    ax = theme.row_axes(ax, len(table))
    labels = [
        f"{words.label(row['segment'])} · {words.label(row['segment'] + '=' + str(row['level']))}"
        for _label, row in table.iterrows()
    ]
    for y, (_label, row) in enumerate(table.iterrows()):
        clear = row["p_adjusted"] < 0.05
        colour = (theme.BAD if row["difference"] < 0 else theme.GOOD) if clear else theme.QUIET
        _interval(ax, y, row["value"], row["low"], row["high"], colour=colour, filled=clear)
    theme.label_rows(ax, labels, width=24)
    ax.grid(axis="x")
    ax.margins(x=0.08)
    ax.set_xlabel(
        words.say(
            _("{metric} with 95 % interval; filled: clearly unlike all others (adjusted)"),
            metric=str(groups.metric),
        )
    )
    clear_rows = int((table["p_adjusted"] < 0.05).sum())
    text = words.say(
        _("{clear} of {all} groups clearly differ from the others"),
        clear=clear_rows,
        all=len(table),
    )
    return theme.title(ax, text)


def distribution(distribution: Distribution, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw how often each answer was given; promoters, passives and detractors by colour.

    Parameters
    ----------
    distribution : Distribution
    words : Words
    ax : Axes, optional
    """
    table = distribution.table
    ax = theme.axes(ax, height=2.6)
    groups = table.get("group")
    colours = [GROUP_COLOURS[g] for g in groups] if groups is not None else theme.MAIN
    share = 100 * table["share"]
    error = np.maximum([share - 100 * table["low"], 100 * table["high"] - share], 0.0)
    ax.bar(
        table["rating"],
        share,
        color=colours,
        width=0.8,
        yerr=error,
        error_kw={"elinewidth": 0.8, "ecolor": theme.MUTED, "capsize": 2},
    )
    for x, value, high in zip(table["rating"], share, 100 * table["high"], strict=True):
        ax.annotate(
            f"{value:.0f}",
            (x, high),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=8,
        )
    ax.set_xticks(table["rating"])
    ax.set_xlabel(words.say(_("Answer to {metric}"), metric=distribution.metric))
    ax.set_ylabel(words.say(_("Share of answers, %")))
    return theme.title(ax, _distribution_title(table, groups, distribution.metric, words))


def _distribution_title(
    table: pd.DataFrame, groups: pd.Series | None, metric: str, words: Words
) -> str:
    if groups is None:
        top = table.iloc[int(table["share"].argmax())]
        return words.say(
            _("{metric}: the most frequent answer is {answer}, given by {share}"),
            metric=metric,
            answer=int(top["rating"]),
            share=Quantity(top["share"], "share"),
        )
    shares = table.groupby(groups, sort=False)["share"].sum()
    return words.say(
        _(
            "{promoters} promoters (green), {passives} passives (grey), {detractors} detractors "
            "(red)"
        ),
        **{f"{name}s": Quantity(shares.get(name, 0.0), "share") for name in GROUP_COLOURS},
    )


def _interval(
    ax: Axes, y: float, value: float, low: float, high: float, *, colour: str, filled: bool = True
) -> None:
    ax.plot([low, high], [y, y], color=colour, linewidth=2, solid_capstyle="round")
    ax.plot(
        value,
        y,
        marker="o",
        markersize=6,
        color=colour,
        markerfacecolor=colour if filled else theme.PAPER,
    )


def _said(value: Any, unit: str, words: Words) -> str:
    return words.number(float(value), 0 if unit != "mean" else 2)


def _list(title: str, table: pd.DataFrame, words: Words) -> str:
    told = tuple(
        f"{words.label(row['metric'])} {words.quantity(row['value'], row['unit'])}"
        for _label, row in table.iterrows()
    )
    return words.say(_("{title}. In journey order: {list}."), title=title, list=told)
