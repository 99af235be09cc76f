"""The journey drawn: the map for the wall, and the same for groups of customers."""

from __future__ import annotations

from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from cxlib.columns import records
from cxlib.plots import theme
from cxlib.plots.journey_map import journey_map, wall as sheet
from cxlib.words import Said, Words, mark as _

COLOURS = {
    "failing moment of truth": theme.BAD,
    "pain point": theme.BAD,
    "moment of truth": theme.ACCENT,
    "strength": theme.GOOD,
}
NAMED = 3
"""Touchpoints that a title names; of more it names the worst two."""
ENDS = (_("worst answer"), _("middle"), _("best answer"))


def journey(found: Any, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw every touchpoint in its stage: how it feels, what it weighs, what it is."""
    table = found.table
    title = _title(table, words, named=NAMED)
    told = tuple(
        f"{words.label(row['kpi'])} {words.quantity(row['value'], row['unit'])}"
        for row in records(table.dropna(subset=["value"]))
    )
    weighs = bool(table["importance"].notna().any())
    axis = _("Rating with 95% interval; larger points weigh more in the score")
    ax = journey_map(
        table,
        labels=words.labelled(table["kpi"]),
        stages=words.labelled(table["stage"]),
        notes=[words.say(role) if role else "" for role in table["role"]],
        colours=[COLOURS.get(role, theme.MAIN) for role in table["role"]],
        xlabel=words.say(axis if weighs else _("Rating with 95% interval")),
        ends=tuple(words.say(end) for end in ENDS),  # type: ignore[arg-type]
        ax=ax,
    )
    return theme.title(
        ax, title, alt=words.say(_("{title}. In journey order: {list}."), title=title, list=told)
    )


HEADS = (_("Stage"), _("Touchpoint"), _("Used by"), _("Rating"), _("How it feels"),
         _("In customers’ words"), _("Who does what about it"))  # fmt: skip
FOOT = _(
    "Rating with 95% interval, by those who used the touchpoint; larger points weigh more in the "
    "score. A pain point feels clearly worse than the rest of the journey; a moment of truth is a "
    "proven driver of the score. Quotes are masked; they illustrate, they do not count."
)


def _title(table: Any, words: Words, *, named: int) -> str:
    """Say where the journey hurts: so many touchpoints, of more the worst two."""
    pains = table[table["role"].str.contains("pain|failing")]
    if pains.empty:
        return words.say(_("No touchpoint feels clearly worse than the rest of the journey"))
    if len(pains) <= named:
        return words.say(_("Where the journey hurts: {list}"), list=tuple(pains["kpi"]))
    worst = tuple(pains.nsmallest(2, "emotion")["kpi"])
    return words.say(_("Where the journey hurts most: {list}"), list=worst)


def wall(table: Any, *, words: Words, about: str, ax: Axes | None = None) -> Axes:
    """Draw the journey on one A3 sheet; `about` says whose it is, and when."""
    title = _title(table, words, named=0)
    rows = records(table)
    told = table.assign(
        stage=[words.label(row["stage"]) for row in rows],
        beside=[_lost(row, words) for row in rows],
        label=[words.label(row["kpi"]) for row in rows],
        reach=[words.quantity(row["reach"], "share") for row in rows],
        rating=[_rated(row, words) for row in rows],
        voice=[f"“{row['comment']}”" if isinstance(row["comment"], str) else "" for row in rows],
        owner=[_owner(row, words) for row in rows],
        role=[words.say(row["role"]) if row["role"] else "" for row in rows],
        colour=[COLOURS.get(row["role"], theme.MAIN) for row in rows],
    )
    listed = tuple(f"{row['label']} {row['rating']}" for row in records(told))
    return sheet(
        told,
        title=title,
        beneath=about,
        heads=[words.say(head) for head in HEADS],
        ends=tuple(words.say(end) for end in ENDS),  # type: ignore[arg-type]
        foot=words.say(FOOT),
        alt=words.say(_("{title}. In journey order: {list}."), title=title, list=listed),
        ax=ax,
    )


def _lost(row: Any, words: Words) -> str:
    if row["left_share"] != row["left_share"]:
        return ""
    low, high = words.span(100 * row["left_low"], 100 * row["left_high"], "percent")
    share = words.quantity(row["left_share"], "share")
    message = _("{share} go no further ({low} to {high})")
    return words.say(message, share=Said(share), low=Said(low), high=Said(high))


def _rated(row: Any, words: Words) -> str:
    if row["value"] != row["value"]:
        return words.number(None)
    low, high = words.span(row["low"], row["high"], row["unit"])
    message = _("{value} ({low} to {high})")
    value = words.quantity(row["value"], row["unit"])
    return words.say(message, value=Said(value), low=Said(low), high=Said(high))


def _owner(row: Any, words: Words) -> str:
    if not isinstance(row["open_action"], str):
        return ""
    due = words.period(row["action_due"]) if isinstance(row["action_due"], str) else ""
    owner = words.label(row["led_by"]) if isinstance(row["led_by"], str) else ""
    late = words.say("late") if row["action_state"] == "late" else ""
    return " · ".join(part for part in (words.label(row["open_action"]), owner, due, late) if part)


def groups(
    table: pd.DataFrame, *, words: Words, furthest: str = "", ax: Axes | None = None
) -> Axes:
    """Draw each group's journey as a line; `furthest` is where two are most clearly apart."""
    order = list(dict.fromkeys(table["kpi"]))
    ax = theme.row_axes(ax, len(order), extra=1.9)
    segment = str(table["segment"].iloc[0])
    shown = table.assign(
        row=table["kpi"].map(order.index),
        who=[words.label(f"{segment}={level}") for level in table["level"]],
    )
    sns.lineplot(
        shown,
        x="emotion",
        y="row",
        hue="who",
        style="who",
        orient="y",
        markers=True,
        dashes=False,
        palette=theme.SERIES[: shown["who"].nunique()],
        ax=ax,
    )
    theme.label_rows(ax, words.labelled(order), width=22)
    theme.legend(ax, title="", loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8.5)
    ax.grid(axis="x")
    ax.set(ylabel="", xlabel=words.say(_("Feeling: −1 worst answer, 0 middle, 1 best answer")))
    worst = shown.loc[shown.groupby("who", sort=False)["emotion"].idxmin()]
    says = _("lowest at {touchpoint}, {feeling}")
    told = [
        words.say(says, touchpoint=kpi, feeling=Said(words.number(feeling, 2)))
        for kpi, feeling in zip(worst["kpi"], worst["emotion"], strict=True)
    ]
    theme.tells(ax, zip(worst["who"], told, strict=True))
    title = _("The journey by {segment}: groups are furthest apart at {furthest}")
    if not furthest:
        title = _("The journey by {segment}: at no touchpoint are two groups clearly apart")
    return theme.title(ax, words.say(title, segment=segment, furthest=furthest))
