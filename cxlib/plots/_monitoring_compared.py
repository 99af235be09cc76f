"""Monitoring drawn: where a change sits, what is rate and what mix, and the gaps to competitors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cxlib.plots import theme
from cxlib.words import Quantity, Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxlib.analysis.competitors import Competition
    from cxlib.analysis.drilldown import Drilldown
    from cxlib.analysis.splits import ChangeSplits

ALPHA = 0.05
MANY = 12
"""More groups than this do not fit side by side; the table shows them all."""


def where(found: Drilldown, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw the change of every touchpoint in every group; clear ones framed.

    Parameters
    ----------
    found : Drilldown
    words : Words
    ax : Axes, optional
    """
    table = found.table
    questions = [q for q in dict.fromkeys(table["question"]) if q != found.metric]
    questions = questions or [found.metric]
    groups = list(dict.fromkeys(zip(table["segment"], table["level"], strict=True)))[: MANY + 1]
    ax = theme.axes(ax, height=1.5 + 0.3 * len(questions))
    shown = table[table["question"].isin(questions)]
    widest = float(shown["change"].abs().max()) or 1.0
    for _label, row in shown.iterrows():
        if (row["segment"], row["level"]) in groups:
            column = groups.index((row["segment"], row["level"]))
            _cell(ax, (column, questions.index(row["question"])), row, widest, words)
    ax.set_xlim(-0.5, len(groups) - 0.5)
    names = [
        theme.wrap(words.say(_("All")) if not s else words.label(f"{s}={level}"), width=6.5)
        for s, level in groups
    ]
    ax.set_xticks(range(len(groups)), names, fontsize=7.5)
    ax.xaxis.tick_top()
    ax.tick_params(axis="x", length=0, colors=theme.INK)
    theme.label_rows(ax, [words.label(q) for q in questions], width=18)
    for side in ax.spines.values():
        side.set_visible(False)
    ax.set_xlabel(
        words.say(
            _("Change since {before} at an equal mix of customers; framed: clear (adjusted)"),
            before=found.before,
        ),
        fontsize=8,
    )
    return theme.title(ax, _where_title(found, words))


def _cell(ax: Axes, place: tuple[int, int], row: pd.Series, widest: float, words: Words) -> None:
    from matplotlib.patches import Rectangle

    x, y = place
    change = float(row["change"])
    clear = bool(row["p_adjusted"] < ALPHA)
    worse = (change < 0) == (row["direction"] == "higher")
    colour = theme.BAD if worse else theme.MAIN
    strength = 0.0 if np.isnan(change) else 0.5 * abs(change) / widest
    box = (x - 0.46, y - 0.42)
    ax.add_patch(Rectangle(box, 0.92, 0.84, facecolor=colour, alpha=strength, linewidth=0))
    if clear:
        ax.add_patch(
            Rectangle(box, 0.92, 0.84, facecolor="none", edgecolor=theme.INK, linewidth=1.5)
        )
    text = _short(change, str(row["unit"]), words)
    ax.text(x, y, text, ha="center", va="center", fontsize=7.5, color=theme.INK)


def _where_title(found: Drilldown, words: Words) -> str:
    place, group = found.place, found.group
    whole = found.whole
    if place is None and whole["p_adjusted"] < ALPHA:
        return words.say(
            _("{metric} changed by {change} at an equal mix of customers, in all groups alike"),
            metric=found.metric,
            change=Quantity(whole["change"], found.unit, sign=True),
        )
    if place is None:
        return words.say(
            _("{metric}: no touchpoint and no group stands out once the mix is equal"),
            metric=found.metric,
        )
    facts: dict[str, Any] = {
        "metric": found.metric,
        "touchpoint": place["question"],
        "change": Quantity(place["change"], str(place["unit"]), sign=True),
    }
    if group is None:
        return words.say(
            _("{metric} moved with {touchpoint} ({change}), in all groups alike"), **facts
        )
    facts |= {
        "level": f"{group['segment']}={group['level']}",
        "change": Quantity(group["change"], str(group["unit"]), sign=True),
    }
    if place["question"] == found.metric:
        return words.say(_("{metric} changed most for {level}: {change}"), **facts)
    return words.say(
        _("{metric} moved with {touchpoint}, most of all for {level} ({change})"), **facts
    )


def splits(found: ChangeSplits, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw each KPI's change as like for like and mix, a panel a KPI.

    Parameters
    ----------
    found : ChangeSplits
    words : Words
    ax : Axes, optional
        Not used: the panels need a figure of their own.
    """
    from matplotlib.figure import Figure

    metrics = list(dict.fromkeys(found.table["metric"]))
    against = list(dict.fromkeys(found.table["against"]))
    figure = Figure(figsize=(theme.WIDTH, 1.25 + 0.62 * len(against)))
    panels = figure.subplots(1, len(metrics), squeeze=False)[0]
    labels = []
    for each in against:
        labels += [
            words.say(_("{against}: like for like"), against=each),
            words.say(_("{against}: different mix"), against=each),
        ]
    for place, (panel, metric) in enumerate(zip(panels, metrics, strict=True)):
        for at, each in enumerate(against):
            row = found.main(metric, each)
            if row is not None:
                _pair(panel, 2 * at, row, words)
        panel.axvline(0, color=theme.MUTED, linewidth=0.8)
        panel.set_title(theme.wrap(words.label(metric), width=20), loc="left", fontsize=8.5, pad=4)
        theme.label_rows(panel, labels if place == 0 else [""] * len(labels), width=15)
        panel.tick_params(axis="x", labelsize=7)
        panel.margins(x=0.22)
    text = _splits_title(found, words)
    width = theme.WIDTH * 72 / 10.5 * 0.98
    figure.suptitle(
        theme.wrap(text, width=width), x=0.01, ha="left", fontsize=10.5, color=theme.INK
    )
    panels[0].set_label(text)
    first: Axes = panels[0]
    return first


def _splits_title(found: ChangeSplits, words: Words) -> str:
    pairs = dict.fromkeys(zip(found.table["metric"], found.table["against"], strict=True))
    rows = [row for pair in pairs if (row := found.main(*pair)) is not None]
    clear = [row for row in rows if row["total_low"] * row["total_high"] > 0]
    mixed = [row for row in clear if abs(row["mix"]) > abs(row["rate"])]
    if not clear:
        return words.say(_("No clear change against last period or last year"))
    row = (mixed or clear)[0]
    return words.say(
        _("{metric} against {reference}: {total}, of which {mix} is a different mix of {segment}"),
        metric=row["metric"],
        reference=row["reference"],
        total=Quantity(row["total"], str(row["unit"]), sign=True),
        mix=Quantity(row["mix"], str(row["unit"]), sign=True),
        segment=row["segment"],
    )


def _pair(panel: Axes, y: int, row: pd.Series, words: Words) -> None:
    for step, (part, colour, marker) in enumerate(
        (("rate", theme.MAIN, "o"), ("mix", theme.ACCENT, "D"))
    ):
        low, high = row[f"{part}_low"], row[f"{part}_high"]
        clear = low > 0 or high < 0
        panel.plot([low, high], [y + step] * 2, color=colour, linewidth=1.8)
        panel.plot(
            row[part],
            y + step,
            marker,
            color=colour,
            markersize=5.5,
            markerfacecolor=colour if clear else theme.PAPER,
        )
        panel.annotate(
            _short(float(row[part]), str(row["unit"]), words),
            (row[part], y + step),
            xytext=(0, 5),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=7,
        )


def rivals(found: Competition, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw the gap to each competitor per KPI and touchpoint, a panel a unit of measurement.

    Parameters
    ----------
    found : Competition
        Small bases withheld.
    words : Words
    ax : Axes, optional
        Not used: the panels need a figure of their own.
    """
    from matplotlib.figure import Figure

    table = found.table
    units = list(dict.fromkeys(table["unit"]))
    parts = [table[table["unit"] == unit].reset_index(drop=True) for unit in units]
    heights = [len(part) + 1.1 for part in parts]
    figure = Figure(figsize=(theme.WIDTH, 0.8 + 0.27 * sum(heights)))
    panels = figure.subplots(len(parts), 1, squeeze=False, height_ratios=heights)[:, 0]
    several = len(set(table["competitor"])) > 1
    for panel, part in zip(panels, parts, strict=True):
        _gaps(panel, part, words, several=several)
    panels[-1].set_xlabel(
        words.say(_("Own less competitor, with 95 % interval; filled: clear (adjusted)"))
    )
    clear = table[table["standing"].isin(["behind", "ahead"])]
    text = words.say(
        _("Clearly ahead in {ahead} and behind in {behind} of {n} comparisons"),
        ahead=int(clear["standing"].eq("ahead").sum()),
        behind=int(clear["standing"].eq("behind").sum()),
        n=len(table),
    )
    width = theme.WIDTH * 72 / 10.5 * 0.98
    figure.suptitle(
        theme.wrap(text, width=width), x=0.01, ha="left", fontsize=10.5, color=theme.INK
    )
    told = "; ".join(
        f"{words.label(row['metric'])} {words.quantity(row['gap'], row['unit'], sign=True)}"
        for _label, row in table.iterrows()
    )
    first: Axes = panels[0]
    first.set_label(f"{text}. {told}.")
    return first


def _gaps(panel: Axes, part: pd.DataFrame, words: Words, *, several: bool) -> None:
    shapes = {"ahead": (theme.GOOD, "^"), "behind": (theme.BAD, "v")}
    for y, (_label, row) in enumerate(part.iterrows()):
        colour, marker = shapes.get(str(row["standing"]), (theme.QUIET, "o"))
        clear = str(row["standing"]) in shapes
        panel.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=2)
        panel.plot(
            row["gap"],
            y,
            marker,
            color=colour,
            markersize=7,
            markerfacecolor=colour if clear else theme.PAPER,
        )
        panel.annotate(
            _short(float(row["gap"]), str(row["unit"]), words),
            (np.nanmax([row["high"], row["gap"]]), y) if pd.notna(row["gap"]) else (0, y),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
        )
    panel.axvline(0, color=theme.MUTED, linewidth=0.8)
    names = [
        words.label(row["metric"]) + (f" · {row['competitor']}" if several else "")
        for _label, row in part.iterrows()
    ]
    theme.label_rows(panel, names, width=24)
    panel.tick_params(axis="x", labelsize=7.5)
    panel.margins(x=0.16)


def _short(change: float, unit: str, words: Words) -> str:
    """Return a change without its unit, which stands on the axis or in the label."""
    if unit == "share":
        return words.number(100 * change, 1, sign=True)
    return words.number(change, 1 if unit in ("points", "percent") else 2, sign=True)
