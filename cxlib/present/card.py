"""The card of an engagement: who, when, what was asked, and which groups there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from cxlib.present.tables import TableView
from cxlib.words import Words
from cxlib.words import mark as _


def card(
    *,
    name: str,
    periods: tuple[str, ...],
    period: str,
    kpis: pd.DataFrame,
    groups: pd.DataFrame,
    words: Words,
    tables: tuple[str, ...],
) -> TableView:
    """Return what an engagement holds: keys as code needs them, beside what readers see.

    Parameters
    ----------
    name, period : str
    periods : tuple of str
        All of the client.
    kpis : pandas.DataFrame
        ``kpi, source, n`` of this period, small bases withheld.
    groups : pandas.DataFrame
        ``segment, level, n`` of this period's own customers, small bases withheld.
    words : Words
    tables : tuple of str
        Names that `Engagement.table` takes.
    """
    rows = [
        (words.say(_("Period")), repr(period), words.period(period), ""),
        *_ends(periods, words),
        (words.say(_("Tables")), words.say("{names}", names=tables), "", ""),
    ]
    for row in kpis.to_dict("records"):
        kind = _("Touchpoint") if row["source"] == "touchpoint" else _("KPI")
        rows.append((words.say(kind), row["kpi"], words.label(row["kpi"]), _count(row, words)))
    for segment, levels in groups.groupby("segment", sort=False):
        rows.append((words.say(_("Segment")), str(segment), words.label(segment), ""))
        for row in levels.to_dict("records"):
            shown = words.label(f"{segment}={row['level']}")
            rows.append(("", f"  {row['level']!r}", shown, _count(row, words)))
    heads = ("", _("In code"), _("As readers see it"), _("Answers"))
    return TableView(
        headings=tuple(words.say(head) if head else "" for head in heads),
        rows=tuple(rows),
        numeric=(False, False, False, True),
        caption=name,
    )


def _ends(periods: tuple[str, ...], words: Words) -> Iterator[tuple[str, str, str, str]]:
    if len(periods) > 1:
        first, last = periods[0], periods[-1]
        said = f"{words.period(first)} – {words.period(last)}"
        yield words.say(_("Periods")), f"{first} … {last}", said, words.number(len(periods))


def _count(row: dict[Any, Any], words: Words) -> str:
    return words.number(None if pd.isna(row["n"]) else float(row["n"]))
