"""What the rows of several chapters share: blank and missing cells, quotes, sheets to sign."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import wraps
from typing import Any

import pandas as pd

from cxlib.analysis.actions import OPEN, last_day, past
from cxlib.columns import records
from cxlib.errors import DataError
from cxlib.words import Words, mark as _

BLANK = "\u2007" * 16
"""A cell to be filled in by hand."""


def given(make: Callable[..., pd.DataFrame]) -> Callable[..., pd.DataFrame]:
    """Have a function of a chapter's results return no row where one of them is None."""

    @wraps(make)
    def made(*results: Any, **options: Any) -> pd.DataFrame:
        nothing = any(result is None for result in results)
        return pd.DataFrame() if nothing else make(*results, **options)

    return made


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose missing cells are None, as rules read them."""
    told: pd.DataFrame = table.astype(object)
    return told.where(told.notna(), None)


def joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return tables one beneath the other; no row where there is none."""
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def moved(standing: Any) -> Any:
    """Return how KPIs stand that an earlier period can be compared with."""
    return replace(standing, table=standing.table[standing.table["change"].notna()])


def fell_with(table: pd.DataFrame, parts: pd.DataFrame) -> pd.Series:
    """Return, by KPI's row, the touchpoint that got worse in the same step; the costliest first."""
    parts = parts[parts["turn"] == "worse"].sort_values("stake_moved", ascending=False)
    first = parts.drop_duplicates("at").set_index("at")["kpi"]
    found = [
        first.get(at) if turn == "worse" and cause != "not split" else None
        for at, turn, cause in zip(table["at"], table["turn"], table["cause"], strict=True)
    ]
    return pd.Series(found, table.index, dtype=object)


def recorded(engagement: Any) -> dict[str, str]:
    """Return what is being done, by KPI: of its open actions the first due, whose, until when."""
    try:
        register = engagement.register("actions")
    except DataError:  # a chapter that does not ask for it
        return {}
    if register is None:
        return {}
    words = engagement.words
    told: dict[str, str] = {}
    rows = records(register.frame("actions"))
    open_ = [row for row in rows if row["state"] in OPEN and row["kpi"]]
    days = [row["due"] and last_day(row["due"]) for row in open_]
    for row, day in sorted(zip(open_, days, strict=True), key=lambda one: one[1] or dt.date.max):
        named = action_named(words, row["title"], row["owner"], day, engagement.last_day)
        told.setdefault(row["kpi"], named)
    return told


def action_named(words: Words, title: Any, owner: Any, day: Any, today: Any = None) -> str:
    """Return an action as reports name it: what is done, whose it is, until or since when."""
    when = "past" if past(day, today) else "day"
    known = {"owner": words.label(owner or ""), when: None if pd.isna(day) else day}
    known = {name: fact for name, fact in known.items() if fact}
    return words.say(_NAMED[tuple(known)], title=words.label(title), **known)


_NAMED = {
    ("owner", "day"): _("{title} ({owner}, due on {day})"),
    ("owner", "past"): _("{title} ({owner}, overdue since {past})"),
    ("owner",): _("{title} ({owner})"),
    ("day",): _("{title} (no owner yet, due on {day})"),
    ("past",): _("{title} (no owner yet, overdue since {past})"),
    (): _("{title} (no owner yet)"),
}


QUOTED = (6, 160)
"""Characters a quote may have."""
QUOTES = 2
"""Quotes of one thing: enough to hear the tone, too few to be mistaken for a count."""


READ = 100_000
"""Comments of a period that are read at most: of more, so many are drawn at random."""


def quotes(said: pd.Series, told: Collection[str] = ()) -> pd.Series:
    """Return the first few of what people said that are short enough and not told already."""
    fit = said[said.str.len().between(*QUOTED) & ~said.isin(list(told))]
    return fit.drop_duplicates().head(QUOTES)  # two who write the same are quoted once


def displeased(answers: pd.DataFrame, question: Any) -> pd.DataFrame:
    """Return the answers of those who rate a question low and say something, the worst first.

    ``bad``: the rating, turned so that higher is better; ``comment`` without spaces around it.
    """
    low, high = question.scale
    rated = answers[question.key].astype(float)
    rated = rated if question.direction == "higher" else low + high - rated
    said = answers.assign(bad=rated)[(rated < (low + high) / 2).to_numpy(bool)]
    text = said["comment"].astype("string").str.strip().fillna("")
    said = said.assign(comment=text.astype(object))[text.ne("").to_numpy(bool)]
    worst: pd.DataFrame = said.sort_values("bad", kind="stable")
    return worst


def signatures() -> pd.DataFrame:
    """Return the lines on which both sides sign."""
    parties = [_("For the client"), _("For the consultants")]
    names = ("signatory", "signature", "signed_on")
    return pd.DataFrame({"party": parties} | dict.fromkeys(names, BLANK))
