"""The visits drawn: thin, on the kit's chart types."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from cxlib.columns import records
from cxlib.plots import theme
from cxlib.plots.forest import forest
from cxlib.plots.heat import heat
from cxlib.words import Words, mark as _

MOST = 24
"""Locations or standards that one figure can hold; the weakest are shown."""


def locations(table: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw each location's score with its interval, and where it stood in the round before."""
    shown = table.head(MOST)
    first = shown.iloc[0]
    facts = {"location": first["location"], "value": words.quantity(first["value"], "percent")}
    clear = _("{location} scores clearly below the others: {value}")
    alike = _("No location scores clearly below the others")
    then = bool(shown["then"].notna().any())
    axis = _("Visit score in percent, with 95% interval")
    stroke = _("Visit score in percent, with 95% interval; stroke: the round before")
    ax = forest(
        shown,
        labels=words.labelled(shown["location"]),
        xlabel=words.say(stroke if then else axis),
        reference="then" if then else "",
        colours=[theme.BAD if case == "below" else theme.MAIN for case in shown["case"]],
        ax=ax,
    )
    return theme.title(ax, words.say(clear if first["case"] == "below" else alike, **facts))


def standards(table: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw the standards that win the fewest points; critical ones stand out."""
    shown = table.head(MOST)
    first = shown.iloc[0]
    axis = _("Points won in percent, with 95% interval")
    red = _("Points won in percent, with 95% interval; red: critical standards")
    facts = {"standard": first["standard"], "failed": int(first["failed"])}
    ax = forest(
        shown,
        labels=words.labelled(shown["standard"]),
        xlabel=words.say(red if shown["is_critical"].any() else axis),
        value="won",
        colours=[theme.BAD if critical else theme.MAIN for critical in shown["is_critical"]],
        ax=ax,
    )
    facts |= {"visits": int(first["visits"])}
    text = _("“{standard}” fails most often: {failed} of {visits} visits")
    return theme.title(ax, words.say(text, **facts))


def cells(table: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw how often each standard failed at each location, darker for a larger share."""
    told = table.assign(said=[f"{row['failed']:.0f}/{row['visits']:.0f}" for row in records(table)])

    def grid(column: str) -> pd.DataFrame:
        wide = told.pivot_table(
            index="row", columns="column", values=column, aggfunc="first", dropna=False
        )
        names = told.drop_duplicates("row").set_index("row")["standard"]
        places = told.drop_duplicates("column").set_index("column")["location"]
        return wide.set_axis([words.label(names[at]) for at in wide.index], axis=0).set_axis(
            [words.label(places[at]) for at in wide.columns], axis=1
        )

    shares, texts = grid("failed_share"), grid("said").fillna("–")
    ax = heat(
        shares.astype(float),
        words=words,
        label=words.say(_("Failed of visits; without colour where too few visits to say")),
        texts=texts,
        ax=ax,
    )
    known = told.dropna(subset=["failed_share"])
    most = known.sort_values(["failed_share", "failed"], kind="stable").tail(1)
    if most.empty or not most["failed"].iloc[0]:
        return theme.title(ax, words.say(_("No standard failed where enough visits were made")))
    row = most.iloc[0]
    text = _("“{standard}” fails most at {location}: {failed} of {visits} {visits:visit|visits}")
    if row["failed"] == row["visits"]:
        text = _("“{standard}” fails most at {location}: at every visit")
    facts = {"standard": row["standard"], "location": row["location"]}
    facts |= {name: int(row[name]) for name in ("failed", "visits")}
    return theme.title(ax, words.say(text, **facts))
