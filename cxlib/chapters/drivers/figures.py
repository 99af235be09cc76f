"""The drivers drawn: thin, on the kit's chart types."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from cxlib.columns import records
from cxlib.plots import theme
from cxlib.plots.forest import forest
from cxlib.plots.map import quadrants
from cxlib.plots.waterfall import TOTAL, waterfall as draw_waterfall
from cxlib.words import Quantity, Said, Words, mark as _


def importance(table: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw each touchpoint's relative importance; the proven ones are filled."""
    outcome, proven = str(table["outcome"].iloc[0]), table[table["proven"]]
    text = _("Proven to go with {outcome}: {drivers}")
    if proven.empty:
        text = _("No touchpoint is proven to go with {outcome}")
    elif len(proven) == len(table):
        text = _("Every touchpoint is proven to go with {outcome}")
    title = words.say(text, outcome=outcome, drivers=tuple(proven["driver"]))
    told = theme.listed(table, words, key="driver", value="relative", unit="share")
    percent = table[["relative", "relative_low", "relative_high"]] * 100
    ax = forest(
        percent,
        value="relative",
        labels=words.labelled(table["driver"]),
        xlabel=words.say(_("Relative importance, %, with 95% interval; filled: proven")),
        colours=[theme.MAIN if known else theme.QUIET for known in table["proven"]],
        ax=ax,
    )
    return theme.title(ax, title, alt=words.say(_("{title}. {list}."), title=title, list=told))


def priorities(priorities: Any, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw the map of importance and performance, the proven touchpoints filled."""
    table = priorities.table
    urgent = table[table["quadrant"] == "fix first"].sort_values("share", ascending=False)
    title = words.say(_("Nothing that is proven to matter is clearly rated low"))
    if len(urgent):
        message = _("To fix first, being proven to matter and rated low: {drivers}")
        title = words.say(message, drivers=tuple(urgent["driver"]))
    message = _("{driver}: {quadrant} ({importance}, rated {rating})")
    places = tuple(
        words.say(
            message,
            driver=row["driver"],
            quadrant=Said(words.say(row["quadrant"])),
            importance=Said(words.quantity(row["share"], "share")),
            rating=Said(words.number(row["performance"], 2)),
        )
        for row in records(table)
    )
    return quadrants(
        table,
        x="share",
        y="performance",
        cuts=(priorities.importance_cut, priorities.performance_cut),
        labels=words.labelled(table["driver"]),
        names=[words.say(name) for name in ("watch", "fix first", "maintain", "keep up")],
        title=title,
        xlabel=words.say(_("Relative importance, %; filled: proven to matter")),
        ylabel=words.say(_("Mean rating")),
        filled="proven",
        percent=True,
        alt=words.say(_("{title}. {list}."), title=title, list=places),
        ax=ax,
    )


def waterfall(steps: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw a scenario from the headline of today, step by step, to what it comes to."""
    first, last = steps.iloc[0], steps.iloc[-1]
    unit = str(first["unit"])
    labels: list[str] = []
    texts: list[str] = []
    for row in records(steps):
        total = row["role"] == TOTAL
        texts.append(words.quantity(row["value"], unit, sign=not total))
        if total:
            labels.append(words.say(_("With all changes") if labels else _("Today")))
        else:
            now, then = (words.number(row[name], 2) for name in ("mean_now", "mean_used"))
            labels.append(f"{words.label(row['driver'])} {now} → {then}")
    ends = {"before": Quantity(first["value"], unit), "after": Quantity(last["value"], unit)}
    text = _("{kpi}: from {before} to {after} if all else stays as it is")
    title = words.say(text, kpi=first["outcome"], **ends)
    ax = draw_waterfall(
        steps,
        labels=labels,
        texts=texts,
        xlabel=words.say(_("{kpi}; black lines: 95% interval of a step"), kpi=first["outcome"]),
        ax=ax,
    )
    return theme.title(ax, title)
