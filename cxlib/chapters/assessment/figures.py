"""The assessment drawn: thin, on the kit's chart types."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from cxlib.analysis.scores import Distribution
from cxlib.columns import records
from cxlib.plots import theme
from cxlib.plots.bars import bars
from cxlib.plots.forest import forest
from cxlib.plots.trend import trend as draw_trend
from cxlib.words import Quantity, Said, Words, mark as _

GROUPS = {"detractor": theme.BAD, "passive": theme.QUIET, "promoter": theme.GOOD}
COMPARED = (
    _("No group clearly differs from comparable customers"),
    _("{n} of {all} groups judge differently from comparable customers"),
    _("Every group judges differently from comparable customers"),
)
OPPOSED = (
    _("No group clearly differs from the others"),
    _("{n} of {all} groups judge differently from the others"),
    _("Every group judges differently from the others"),
)
"""Of none, of some, of all."""


def trend(series: Any, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw a KPI over its periods, with its target and the steps that broke it."""
    table = series.table
    first, last = table.iloc[0], table.iloc[-1]
    facts = {"kpi": first["kpi"], "start": str(first["period"]), "end": str(last["period"])}
    facts |= {"first": Quantity(first["value"], first["unit"])}
    facts |= {"last": Quantity(last["value"], last["unit"])}
    title = words.say(_("{kpi}: {first} in {start}, {last} in {end}"), **facts)
    return draw_trend(
        table, words=words, title=title, target=last["target"], breaks=last["breaks_at"], ax=ax
    )


def journey(standing: Any, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw every touchpoint in journey order, with a stroke where it stood a step before."""
    table = standing.table
    shown = theme.known(table, "value")
    weakest = shown.iloc[int(shown["value"].argmin())]
    value = Quantity(weakest["value"], weakest["unit"])
    title = words.say(_("Lowest rated: {kpi}, {value}"), kpi=weakest["kpi"], value=value)
    ax = forest(
        table,
        labels=words.labelled(table["kpi"]),
        xlabel=words.say(_("Mean rating with 95% interval; stroke: before its latest change")),
        reference="before",
        ax=ax,
    )
    alt, told = _("{title}. In journey order: {list}."), theme.listed(shown, words)
    return theme.title(ax, title, alt=words.say(alt, title=title, list=told))


def groups(groups: Any, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw each group's gap to comparable customers (to all others if there is but one segment)."""
    table = groups.table
    colours = theme.by_turn(table["turn"])
    clear = sum(c != theme.QUIET for c in colours)
    split = bool(table["like"].notna().any())
    title = (COMPARED if split else OPPOSED)[(clear > 0) + (clear == len(table))]
    against = (
        _("{kpi} against comparable customers, with 95% interval; filled: clearly different")
        if split
        else _("{kpi} against all others, with 95% interval; filled: clearly different")
    )
    ax = forest(
        table,
        labels=[
            f"{words.label(row['segment'])} · {words.label(row['segment'] + '=' + row['level'])}"
            for row in records(table)
        ],
        value="like" if split else "change",
        xlabel=words.say(against, kpi=str(table["kpi"].iloc[0])),
        colours=colours,
        zero=True,
        ax=ax,
    )
    return theme.title(ax, words.say(title, n=clear, all=len(table)))


def distribution(distribution: Distribution, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw how often each answer was given; promoters, passives and detractors by colour."""
    table, metric = distribution.table, distribution.metric
    if "group" in table:
        shares = table.groupby("group", sort=False)["share"].sum()
        text = _(
            "{promoters} promoters (green), {passives} passives (grey), {detractors} detractors "
            "(red)"
        )
        told = {f"{name}s": Said(f"{shares.get(name, 0.0):.0%}") for name in GROUPS}
        title = words.say(text, **told)
    else:
        top = table.iloc[int(table["share"].argmax())]
        text = _("{kpi}: the most frequent answer is {answer}, given by {share}")
        share = Quantity(top["share"], "share")
        title = words.say(text, kpi=metric, answer=int(top["rating"]), share=share)
    ax = bars(
        table,
        labels=[str(rating) for rating in table["rating"]],
        xlabel=words.say(_("Answer to {kpi}"), kpi=metric),
        ylabel=words.say(_("Share of answers, %")),
        colours=[GROUPS[g] for g in table["group"]] if "group" in table else None,
        ax=ax,
    )
    return theme.title(ax, title)
