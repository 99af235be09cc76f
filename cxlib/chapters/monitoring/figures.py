"""Monitoring drawn: thin, on the kit's chart types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cxlib.columns import records
from cxlib.plots import theme
from cxlib.plots.forest import forest
from cxlib.plots.heat import change_map
from cxlib.plots.process_chart import process_chart, small_charts
from cxlib.words import Quantity, Said, Words, mark as _

MANY = 12
"""More groups than this do not fit side by side."""
SIGNALS = ("worse", "better", "high", "low")
_TITLES = {
    **dict.fromkeys(SIGNALS, _("{kpi}: {value}, a signal; usually {was} until then")),
    "mix": _("{kpi}: {value}, usually {was} until then; other customers answered"),
    "weak": _("{kpi}: {value}, outside its usual {lower} to {upper}, but too weak for a warning"),
}


def chart(course: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw one KPI's process chart with its limits, breaks, target and signals."""
    known: Any = theme.known(course, "value")
    last, unit = known.iloc[-1], str(known["unit"].iloc[-1])
    facts = {"kpi": last["kpi"], "value": Quantity(last["value"], unit)}
    facts |= {name: Quantity(last[name], unit) for name in ("was", "usual")}
    ends = words.span(last["lower"], last["upper"], unit)
    facts |= dict(zip(("lower", "upper"), map(Said, ends), strict=True))
    message = _TITLES.get(str(last["state"]))
    if message is None and np.isfinite(last["usual"]):
        message = _("{kpi}: {value}, usually {usual} ({lower} to {upper})")
    title = words.say(message or _("{kpi}: {value}; what is usual is not settled yet"), **facts)
    values = words.parted(
        f"{words.period(str(row['period']))} {words.quantity(row['value'], unit)}"
        for row in records(known)
    )
    alt = words.say(_("{title}. By period: {list}."), title=title, list=values)
    return process_chart(course, words=words, title=title, alt=alt, ax=ax)


def parts(courses: Sequence[pd.DataFrame], *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw the touchpoints' process charts side by side."""
    states = [(c["kpi"].iloc[0], c["state"].iloc[0]) for c in courses]
    signal = tuple(kpi for kpi, state in states if state in SIGNALS)
    mixed = tuple(kpi for kpi, state in states if state == "mix")
    facts = {"n": len(signal), "all": len(states), "names": signal, "others": mixed}
    if signal:
        some = _("{n} of {all} touchpoints {n:signals|signal}: {names}")
        every = len(signal) == len(states) > 1
        title = words.say(_("Every touchpoint signals") if every else some, **facts)
    elif mixed:
        title = words.say(
            _("No touchpoint signals; {others} moved because other customers answered"),
            **facts,
        )
    else:
        title = words.say(_("None of {all} touchpoints signals in the latest period"), **facts)
    last = pd.DataFrame([c.dropna(subset=["value"]).iloc[-1] for c in courses])
    return small_charts(
        courses,
        labels=[words.label(kpi) for kpi, _state in states],
        words=words,
        title=title,
        alt=words.say(
            _("{title}. Latest values: {list}."), title=title, list=theme.listed(last, words)
        ),
    )


def where(places: Any, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw how far each touchpoint moved for all customers and in each group."""
    table = places.table
    table = table.assign(group=list(zip(table["segment"], table["level"], strict=True)))
    groups = list(dict.fromkeys(table["group"]))[: MANY + 1]
    kpis = list(dict.fromkeys(table.loc[table["segment"] == "", "kpi"]))

    def grid(column: Any) -> pd.DataFrame:
        cells = table.assign(cell=column).drop_duplicates(["kpi", "group"])
        found = dict(
            zip(zip(cells["kpi"], cells["group"], strict=True), cells["cell"], strict=True)
        )
        return pd.DataFrame([[found.get((kpi, group)) for group in groups] for kpi in kpis])

    sign = np.where(table["direction"] == "lower", -1.0, 1.0)
    moved = grid(sign * table["moved_by"])
    texts = grid([words.number(by, 2, sign=True) for by in table["moved_by"]]).fillna("–")
    clear = grid(table["clear"].astype(object)).fillna(value=False).astype(bool)
    clearest = table[(table["segment"] == "") & table["clear"].astype(bool)]
    facts: dict[str, Any] = {"before": str(table["to"].iloc[0]), "n": len(clearest)}
    if len(clearest):
        row = clearest.iloc[int(clearest["moved_by"].abs().argmax())]
        facts |= {"kpi": row["kpi"], "by": Quantity(row["moved_by"], row["unit"], sign=True)}
        title = words.say(_("What moved most since {before}: {kpi}, {by}"), **facts)
    else:
        title = words.say(
            _("Since {before}, no touchpoint clearly moved among comparable customers"), **facts
        )
    names = [words.label(f"{s}={level}") if s else words.say(_("All")) for s, level in groups]
    ax = change_map(
        moved,
        clear=clear,
        texts=texts,
        rows=words.labelled(kpis),
        columns=names,
        xlabel=words.say(
            _("Change since {before} at an equal mix of customers; framed: clear"), **facts
        ),
        ax=ax,
    )
    return theme.title(ax, title)


def gaps(gaps: Any, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw the gap to each competitor on the touchpoints and other means, at an equal mix."""
    means = gaps.table["unit"] == "mean"
    table = theme.known(gaps.table[means], "like").reset_index(drop=True)
    others = tuple(dict.fromkeys(gaps.table.loc[~means, "kpi"]))
    said = [words.say(_("Own less competitor at an equal mix (95% interval); filled: clear"))]
    said += [words.say(_("in the table alone: {others}"), others=others)] if others else []
    several = len(set(table["brand"])) > 1
    clear = gaps.table["turn"].value_counts()
    title = words.say(
        _("Clearly ahead in {ahead} and behind in {behind} of {n} comparisons"),
        ahead=int(clear.get("better", 0)),
        behind=int(clear.get("worse", 0)),
        n=len(gaps.table),
    )
    ax = forest(
        table,
        labels=[
            words.label(row["kpi"]) + (f" · {words.label(row['brand'])}" if several else "")
            for row in records(table)
        ],
        value="like",
        xlabel=words.parted(said),
        colours=theme.by_turn(table["turn"]),
        zero=True,
        ax=ax,
    )
    return theme.title(ax, title)
