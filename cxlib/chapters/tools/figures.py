"""The chapter drawn: thin, on the kit's chart types."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from cxlib.columns import records
from cxlib.plots import theme
from cxlib.plots.bars import bars
from cxlib.plots.map import quadrants
from cxlib.words import Quantity, Said, Words, mark as _


def first_places(table: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw how often each option leads when the weights move; as `tables.ranking`."""
    shown = theme.known(table, "p_first")
    shown = shown.assign(share=shown["p_first"], low=float("nan"), high=float("nan"))
    first = shown.iloc[0]
    says = _("“{option}” comes first in {share} of the draws")
    share = Quantity(float(first["p_first"]), "share")
    ax = bars(
        shown,
        labels=words.labelled(shown["title"]),
        ylabel=words.say(_("First when weights move, %")),
        colours=[theme.MAIN] + [theme.QUIET] * (len(shown) - 1),
        ax=ax,
    )
    return theme.title(ax, words.say(says, option=first["title"], share=share))


def value_for_money(table: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw the weighted mean score against the cost over the years; as `tables.ranking`."""
    shown: Any = theme.known(table, "weighted_sum", "years_cost")
    shown = shown.assign(years_cost_low=shown["years_cost"], years_cost_high=shown["years_cost"],
                         weighted_sum_low=float("nan"), weighted_sum_high=float("nan"))  # fmt: skip
    best, cheap = (shown.sort_values(by, kind="stable", ascending=up).iloc[0]["title"]
                   for by, up in (("weighted_sum", False), ("years_cost", True)))  # fmt: skip
    same = _("Of the options left, “{best}” scores best and costs least")
    apart = _("Of the options left, “{best}” scores best, “{cheap}” costs least")
    title = words.say(same if best == cheap else apart, best=best, cheap=cheap)
    told = words.parted(
        words.say(
            _("{option}: score {score}, cost {cost}"),
            option=row["title"],
            score=Said(words.number(row["weighted_sum"], 2)),
            cost=Said(words.quantity(row["years_cost"], str(row.get("unit") or "count"))),
        )
        for row in records(shown)
    )
    names = (_("Cheap"), _("Reconsider"), _("Good value"), _("Good at a price"))
    ax = quadrants(
        shown,
        x="years_cost",
        y="weighted_sum",
        cuts=(float(shown["years_cost"].mean()), float(shown["weighted_sum"].mean())),
        labels=words.labelled(shown["title"]),
        names=[words.say(name) for name in names],
        title=title,
        alt=words.say(_("{title}. {list}."), title=Said(title), list=Said(told)),
        xlabel=words.say(
            _("Cost over {years} {years:year|years}, for {users} {users:user|users}"),
            **{name: int(shown[name].iloc[0]) for name in ("years", "users")},
        ),
        ylabel=words.say(_("Weighted mean score")),
        ax=ax,
    )
    unit = str(shown["unit"].iloc[0])
    ax.xaxis.set_major_formatter(lambda cost, _place: words.quantity(cost, unit))
    return ax
