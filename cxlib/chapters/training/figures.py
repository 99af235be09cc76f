"""The chapter drawn: thin, on the kit's chart types."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from cxlib.plots import theme
from cxlib.plots.bars import bars
from cxlib.plots.forest import forest
from cxlib.words import Words, mark as _

RISES = (
    _("None of the changes is larger than chance"),
    _("{n} of {all} changes {n:is|are} larger than chance"),
    _("Every change is larger than chance"),
)
"""Of none, of some, of all."""


def changes(table: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw paired changes with their intervals; as `tables.gains` or `tables.behaviours`."""
    shown = theme.known(table, "change")
    by: Any = shown.get("told_by")
    names = words.labelled(shown["title"])
    if by is not None:
        told = _("{title} ({told_by})")
        pairs = zip(names, by, strict=True)
        names = [words.say(told, title=name, told_by=words.label(who)) for name, who in pairs]
    clear = int((shown["moved"] != "unclear").sum())
    title = words.say(RISES[(clear > 0) + (clear == len(shown))], n=clear, all=len(shown))
    colours = [theme.QUIET if m == "unclear" else theme.MAIN for m in shown["moved"]]
    xlabel = words.say(_("After less before, points, with 95% interval"))
    ax = forest(
        shown, value="change", labels=names, xlabel=xlabel, colours=colours, zero=True, ax=ax
    )
    return theme.title(ax, title)  # fmt: skip


def questions(table: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw how many got each question of a test right, those to look at apart."""
    shown = table.assign(share=table["difficulty"], low=float("nan"), high=float("nan"))
    wrong = [
        str(item) for item, advice in zip(table["item"], table["advice"], strict=True) if advice
    ]
    title = words.say(_("Look at again: {list}"), list=tuple(wrong)) if wrong else words.say(
        _("No question needs a second look")
    )  # fmt: skip
    ax = bars(
        shown,
        labels=[str(item) for item in table["item"]],
        ylabel=words.say(_("Got it right, %")),
        colours=[theme.BAD if advice else theme.MAIN for advice in table["advice"]],
        ax=ax,
    )
    return theme.title(ax, title)
