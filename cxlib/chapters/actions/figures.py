"""The chapter drawn: thin, on the kit's chart types."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from cxlib.columns import records
from cxlib.plots.map import quadrants
from cxlib.words import Said, Words, mark as _


def effort(table: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw what each open action is expected to bring against its effort; as `tables.first`."""
    title = words.say(_("“{title}” brings most for its effort"), title=table["title"].iloc[0])
    shown: Any = table.assign(effort_low=table["effort"], effort_high=table["effort"])
    names = (_("Fill in"), _("Reconsider"), _("Do first"), _("Plan well"))
    told = words.parted(
        words.say(
            _("{action}: {points} points for {days} days"),
            action=row["title"],
            points=Said(words.number(row["in_points"], 1)),
            days=Said(words.number(row["effort"])),
        )
        for row in records(table.dropna(subset=["in_points", "effort"]))
    )
    return quadrants(
        shown,
        x="effort",
        y="in_points",
        cuts=(float(table["effort"].median()), float(table["in_points"].median())),
        labels=words.labelled(table["title"]),
        names=[words.say(name) for name in names],
        title=title,
        alt=words.say(_("{title}. {list}."), title=Said(title), list=Said(told)),
        xlabel=words.say(_("Effort, person-days")),
        ylabel=words.say(_("Expected, points of the first KPI")),
        ax=ax,
    )
