"""What the last line of a cell shows: a result with what it comes to, an engagement as a card."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pandas as pd

from cxlib import columns
from cxlib.columns import COLUMNS, records
from cxlib.present import formats, tables
from cxlib.words import Said, Words, mark as _


def glance(result: Any, *, words: Words, minimum_base: int) -> tables.TableView:
    """Return a withheld result as a cell shows it by itself.

    Its numbers stand in a line above its table; without a table they are the table.

    Parameters
    ----------
    result : Result
    words : Words
    minimum_base : int
    """
    frames = {f.name: getattr(result, f.name) for f in fields(result)}
    frames = {n: v for n, v in frames.items() if isinstance(v, pd.DataFrame) and len(v.columns)}
    facts = numbers_of(result)
    laid: dict[str, Any] = {"words": words, "minimum_base": minimum_base}
    if not frames:
        unit = str(getattr(result, "unit", "") or "")
        known = {name: value for name, value in facts.items() if columns.kind_of(name)}
        row = pd.DataFrame([(known or facts) | ({"unit": unit} if unit else {})])
        named = [name for name in tables.choose(row, row, None) if name != "unit"]
        view = tables.view(row, columns=named, **laid)
        caveats = [formats.say_caveat(c, words) for c in getattr(result, "caveats", ())]
        return replace(view, notes=(*view.notes, *caveats))
    first = "table" if "table" in frames else next(iter(frames))
    frame = frames[first]
    wide = tables.choose(result, frame, None)
    wide = [name for name in wide if frame[name].dtype != bool or frame[name].any()]
    told = [name for name in wide if columns.kind_of(name) or name in getattr(result, "by", ())]
    narrow = len(wide) > MOST and len(told) > 2
    names = told[:MOST] if narrow else wide
    if "brand" in names and set(frame["brand"]) == {"own"}:
        names.remove("brand")
    view = tables.view(result, table=first, columns=names, **laid)
    others = [name for name in frames if name != first and len(frames[name])]
    if others:
        more = words.say(
            _('More in it: {names}; engagement.show(result, table="{first}") shows one.'),
            names=others, first=Said(others[0]),
        )  # fmt: skip
        view = replace(view, notes=(*view.notes, more))
    return replace(view, caption=_summary(facts, words, str(getattr(result, "unit", "") or "")))


def numbers_of(result: Any) -> dict[str, Any]:
    """Return a result's single numbers and words by name, those of a part of it too."""
    facts: dict[str, Any] = {}
    for field in fields(result):
        value = getattr(result, field.name)
        if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
            facts = numbers_of(value) | facts
        elif isinstance(value, (int, float, str, bool)) and field.name not in _SETTINGS:
            facts[field.name] = value
    return facts


MOST = 10
"""Columns from which on only those are shown that the registry explains, and so many of them."""
_SETTINGS = (
    *("unit", "kind", "method", "basis", "form", "level", "alpha"),
    *("confidence", "minimum_base"),
)
"""What was asked for, not what came out."""


def _summary(facts: dict[str, Any], words: Words, unit: str) -> str:
    ends = {end for name in facts if name in COLUMNS for end in COLUMNS[name].interval or ()}
    about: list[str] = []  # what it is of: the name is enough
    said: list[str] = []
    for name, value in facts.items():
        if name not in COLUMNS or name in ends or value in ("", None, 0) or value != value:  # noqa: PLR0124
            continue
        column = COLUMNS[name]
        if column.kind in columns.WORDS_KINDS and not isinstance(value, str):
            continue
        shown = formats.cell(value, column.kind, words=words, unit=unit)
        shown += tables.interval(facts, column, words, unit)
        named = column.kind == "key"
        (about if named else said).append(
            shown if named else f"{words.label(column.heading)} {shown}"
        )
    return " · ".join([*about, *said])


def card(
    *,
    name: str,
    periods: tuple[str, ...],
    period: str,
    kpis: pd.DataFrame,
    groups: pd.DataFrame,
    words: Words,
    named: tuple[str, ...],
) -> tables.TableView:
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
    named : tuple of str
        Names that `Engagement.table` takes.
    """
    rows = [
        (words.say(_("Period")), repr(period), words.period(period), ""),
        (words.say(_("Tables")), words.say("{names}", names=named), "", ""),
    ]
    if len(periods) > 1:
        ends = (periods[0], periods[-1])
        said = " – ".join(words.period(end) for end in ends)
        told = (words.say(_("Periods")), " … ".join(ends), said, words.number(len(periods)))
        rows.insert(1, told)
    for row in records(kpis):
        kind = _("Touchpoint") if row["source"] == "touchpoint" else _("KPI")
        rows.append((words.say(kind), row["kpi"], words.label(row["kpi"]), _count(row, words)))
    for segment, levels in groups.groupby("segment", sort=False):
        rows.append((words.say(_("Segment")), str(segment), words.label(segment), ""))
        for row in records(levels):
            shown = words.label(f"{segment}={row['level']}")
            rows.append(("", f"  {row['level']!r}", shown, _count(row, words)))
    heads = ("", _("In code"), _("As readers see it"), _("Answers"))
    return tables.TableView(
        headings=tuple(words.say(head) if head else "" for head in heads),
        rows=tuple(rows),
        numeric=(False, False, False, True),
        caption=name,
    )


def _count(row: dict[Any, Any], words: Words) -> str:
    return words.number(None if pd.isna(row["n"]) else float(row["n"]))
