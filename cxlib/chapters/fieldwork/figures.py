"""The chapter drawn: thin, on the kit's chart types."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from cxlib.plots import theme
from cxlib.plots.bars import bars
from cxlib.plots.forest import forest
from cxlib.plots.lines import lines
from cxlib.words import Words, mark as _

ENOUGH = 0.995
"""A part of the answers needed that rounds to all of them."""
MOST = 12


def coverage(table: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw what part of the answers it needs the budget brings to each group; `tables.coverage`."""
    shown = table.head(MOST)
    short = [words.label(g) for g in shown.loc[shown["share"] < ENOUGH, "customer_group"]]
    every = _("The budget brings enough answers for all that is asked")
    none = _("The budget brings too few answers for all that is asked")
    some = _("The budget brings too few answers for {list}")
    title = every if not short else none if len(short) == len(shown) else some
    ax = bars(
        shown,
        labels=words.labelled(shown["customer_group"]),
        ylabel=words.say(_("Of the answers needed, %")),
        colours=[theme.ACCENT if share < ENOUGH else theme.MAIN for share in shown["share"]],
        ax=ax,
    )
    return theme.title(ax, words.say(title, list=tuple(short)))


def course(table: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw the answers against the plan, and where they go at this rate; as `tables.ahead`."""
    last = table.iloc[-1]
    now = table[~table["is_ahead"]].iloc[-1]
    facts = {"so_far": int(now["answers"]), "quota": int(last["quota"])}
    facts |= {"day": int(now["field_day"])}
    title = _("{so_far} of {quota} answers on day {day} of fieldwork")
    series = {words.say(_("Answers, then at this rate")): table}
    if table["planned"].notna().all():
        series[words.say(_("Even plan"))] = table[["field_day"]].assign(answers=table["planned"])
    ax = lines(
        series,
        x="field_day",
        y="answers",
        xlabel=words.say(_("Day of fieldwork; dotted: today, then 95% band")),
        ylabel=words.say(_("Finished interviews")),
        steps=True,
        words=words,
        ax=ax,
    )
    theme.title(ax, words.say(title, **facts))
    ax.axvline(now["field_day"], color=theme.MUTED, linewidth=0.9, linestyle=":")
    return ax


def by_day(table: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw the part of its quota that each group reached, day by day; as `tables.by_day`."""
    ends = table.drop_duplicates("customer_group", keep="last").sort_values("share", kind="stable")
    lowest = ends.iloc[0]
    share = words.quantity(float(lowest["share"]), "share")
    ax = lines(
        {words.label(group): rows for group, rows in table.groupby("customer_group", sort=False)},
        x="field_day",
        y="share",
        xlabel=words.say(_("Day of fieldwork")),
        ylabel=words.say(_("Of the quota, %")),
        steps=True,
        percent=True,
        words=words,
        ax=ax,
    )
    title = _("{group} is furthest from its quota: {share} of it")
    return theme.title(ax, words.say(title, group=lowest["customer_group"], share=share))


def drop_off(table: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw who breaks off at each question, in their order; as `tables.drop_off`."""
    names = {"share_left": "value", "share_left_low": "low", "share_left_high": "high"}
    shown = table.assign(unit="percent", **{new: 100 * table[old] for old, new in names.items()})
    leaks = shown["case"] == "leaks"
    top = shown.nlargest(1, "value").iloc[0]
    clear = _("More people break off at “{question}” than anywhere else")
    alike = _("Nowhere do clearly more break off than elsewhere")
    ax = forest(
        shown,
        labels=words.labelled(shown["question"]),
        xlabel=words.say(_("Leave there, % of those who reach it, with 95% interval")),
        colours=[theme.BAD if leak else theme.MAIN for leak in leaks],
        ax=ax,
    )
    return theme.title(ax, words.say(clear if leaks.any() else alike, question=top["question"]))
