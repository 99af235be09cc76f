"""The chapter drawn: thin, on the kit's chart types."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from cxlib.chapters.needs.tables import SOURCES
from cxlib.plots import theme, wrapping
from cxlib.plots.heat import heat
from cxlib.plots.lines import lines
from cxlib.words import Words, mark as _


def sources(table: Any, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw how many people name each need in each source; `NeedRegister.sources`."""
    grid = table[["voices", *SOURCES]].astype(float).fillna(0)
    grid = grid.set_axis([wrapping.wrap(words.label(t), width=24) for t in table["title"]])
    grid = grid.set_axis([words.say(s) for s in (_("all sources"), *SOURCES)], axis=1)
    label = words.say(_("People who name it; empty: nobody, or too few answers to say"))
    says = words.say(_("“{title}” is named most often"), title=table.iloc[0]["title"])
    return theme.title(heat(grid, words=words, label=label, digits=0, ax=ax), says)


def saturation(course: Any, *, words: Words, reached: bool, ax: Axes | None = None) -> Axes:
    """Draw how many needs are known after each conversation; as `tables.saturation`."""
    ax = lines(
        {words.say(_("Needs known")): course},
        x="position",
        y="known",
        xlabel=words.say(_("Conversations, in order")),
        ylabel=words.say(_("Different needs named so far")),
        words=words,
        ax=ax,
    )
    full = _("The last conversations bring hardly anything new")
    unsure = _("Whether every need was heard cannot be said yet")
    theme.title(ax, words.say(full if reached else unsure))
    ax.set_ylim(bottom=0)
    ax.locator_params(axis="y", integer=True)
    return ax
