"""The journey drawn: the map for the wall, and the same for groups of customers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import seaborn as sns

from cxlib.plots import theme
from cxlib.plots.journey_map import journey_map
from cxlib.words import Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

COLOURS = {
    "failing moment of truth": theme.BAD,
    "pain point": theme.BAD,
    "moment of truth": theme.ACCENT,
    "strength": theme.GOOD,
}
ENDS = (_("worst answer"), _("middle"), _("best answer"))


def journey(found: Any, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw every touchpoint in its stage: how it feels, what it weighs, what it is."""
    table = found.table
    pains = [words.label(k) for k in table.loc[table["role"].str.contains("pain|failing"), "kpi"]]
    if pains:
        title = words.say(_("Where the journey hurts: {list}"), list=tuple(pains))
    else:
        title = words.say(_("No touchpoint feels clearly worse than the rest of the journey"))
    told = tuple(
        f"{words.label(row['kpi'])} {words.quantity(row['value'], row['unit'])}"
        for row in table.dropna(subset=["value"]).to_dict("records")
    )
    weighs = bool(table["importance"].notna().any())
    axis = _("Rating with 95% interval; larger points weigh more in the score")
    return journey_map(
        table,
        labels=[words.label(kpi) for kpi in table["kpi"]],
        stages=[words.label(words.say(stage)) for stage in table["stage"]],
        notes=[words.say(role) if role else "" for role in table["role"]],
        colours=[COLOURS.get(role, theme.MAIN) for role in table["role"]],
        title=title,
        xlabel=words.say(axis if weighs else _("Rating with 95% interval")),
        ends=tuple(words.say(end) for end in ENDS),  # type: ignore[arg-type]
        alt=words.say(_("{title}. In journey order: {list}."), title=title, list=told),
        ax=ax,
    )


def groups(table: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw each group's journey as a line over the same touchpoints."""
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
    theme.label_rows(ax, [words.label(kpi) for kpi in order], width=22)
    ax.legend(title="", loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8.5)
    ax.grid(axis="x")
    ax.set(ylabel="", xlabel=words.say(_("Feeling: −1 worst answer, 0 middle, 1 best answer")))
    return theme.title(ax, words.say(_("The journey by {segment}"), segment=segment))
