"""The comments drawn: thin, on the kit's chart types."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from cxlib.plots import theme
from cxlib.plots.forest import forest
from cxlib.words import Quantity, Words, mark as _

TONES = {"complaint": theme.BAD, "praise": theme.GOOD}


def named(table: Any, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw how many comments name each theme; its colour is the tone that clearly prevails."""
    shown = theme.known(table, "mentioned").head(12)
    first = shown.iloc[0]
    text, share = _("“{theme}” is named most: by {share} of the comments"), first["mentioned"]
    title = words.say(text, theme=first["theme"], share=Quantity(share, "share"))
    told = theme.listed(shown, words, key="theme", value="mentioned", unit="share")
    percent = {"value": "", "low": "_low", "high": "_high", "before": "_before"}
    ax = forest(
        shown.assign(
            unit="percent",
            **{name: 100 * shown[f"mentioned{end}"] for name, end in percent.items()},
        ),
        labels=words.labelled(shown["theme"]),
        xlabel=words.say(
            _("Share of comments with 95% interval, %; red: mostly complaint, green: mostly praise")
        ),
        reference="before",
        colours=[TONES.get(tone, theme.MAIN) for tone in shown["tone"]],
        ax=ax,
    )
    return theme.title(ax, title, alt=words.say(_("{title}. {list}."), title=title, list=told))


def gaps(table: Any, *, words: Words, kpi: Any, ax: Axes | None = None) -> Axes:
    """Draw how those who name a theme judge against comparable customers who commented."""
    shown = theme.known(table, "like").sort_values("like", kind="stable")
    clear = int(shown["turn"].isin(("worse", "better")).sum())
    if clear:
        message = _("On {clear} of {all} themes, those who name the theme judge differently")
        if clear == len(shown):
            message = _("Whatever theme they name, those who name it judge differently")
        title = words.say(message, clear=clear, all=len(shown))
    else:
        title = words.say(_("Those who name a theme judge not clearly differently from others"))
    ax = forest(
        shown,
        labels=words.labelled(shown["theme"]),
        value="like",
        xlabel=words.say(
            _("{kpi} of those who name it, against comparable customers who commented"),
            kpi=getattr(kpi, "key", ""),
        ),
        colours=theme.by_turn(shown["turn"]),
        zero=True,
        ax=ax,
    )
    return theme.title(ax, title)
