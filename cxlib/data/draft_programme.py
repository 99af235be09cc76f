"""The sections of a drafted client file on a loyalty programme."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from cxlib.data import values
from cxlib.data.guess import Column, numbers
from cxlib.data.sections import (
    Keys,
    Lines,
    Table,
    always,
    dated,
    is_flag,
    is_number,
    quoted,
    shown_range,
    write_formats,
    write_source,
    write_unused,
)
from cxlib.data.vocabulary import BENEFITS, MEMBERS, PERSONAL, POINTS, TRANSACTIONS


def members(lines: Lines, table: Table, files: str) -> None:
    """Write the members section."""
    lines.add(0, "members:")
    write_source(lines, table, files)
    lines.add(1, "columns:")
    if ids := table.take(MEMBERS["id"], lambda c: c.distinct == len(c.texts)):
        lines.add(2, f"id: {quoted(ids.name)}", f"{ids.distinct} different in {ids.rows} rows")
    for key in ("joined", "left", "birthday"):
        if found := dated(table, MEMBERS[key]):
            lines.add(2, f"{key}: {quoted(found[0].name)}", shown_range(found[1]), found[1].asks)
    if tier := table.take(MEMBERS["tier"], lambda c: c.distinct <= 20):
        lines.add(2, f"tier: {quoted(tier.name)}", f"{tier.distinct} values")
    if tenure := table.take(MEMBERS["tenure"], is_number):
        asks = ["is the tenure in months? Say `tenure_unit:` otherwise"]
        lines.add(2, f"tenure: {quoted(tenure.name)}", f"{tenure.distinct} values", asks)
    left = _left(table)
    if left:
        lines.add(2, f"status: {quoted(left[0].name)}", f"{left[0].distinct} values")
    keys, attributes, unused = Keys(), Lines(), []
    keys.taken |= set(MEMBERS)
    for column in table.rest():
        if not column.called(PERSONAL) and 2 <= column.distinct <= 20:
            attributes.add(
                2,
                f"{keys.of(column.name, 'attribute')}: {quoted(column.name)}",
                f"{column.distinct} values",
            )
        else:
            unused.append(column.name)
    if attributes.lines:
        lines.add(1, "attributes:")
        lines.lines += attributes.lines
    if left:
        lines.add(1, left[1], asks=["does this status mean that somebody left, and not another?"])
    write_formats(lines, table)
    write_unused(lines, unused)


def _left(table: Table) -> tuple[Column, str] | None:
    """Return a yes-or-no column of who left, and how its texts are sorted."""
    column = table.take(MEMBERS["status"], lambda c: c.distinct == 2 and is_flag(c))
    if column is None:
        return None
    texts = [str(t) for t in column.texts.unique()]
    flags = values.flags(pd.Series(texts, name=column.name))[0]
    stays = bool(re.search(r"active|有效", column.name, re.IGNORECASE))  # yes: still there
    words = {"active": "", "left": ""} | {
        "active" if bool(flag) == stays else "left": text
        for text, flag in zip(texts, flags, strict=True)
    }
    told = ", ".join(f"{word}: [{quoted(text)}]" for word, text in words.items() if text)
    return column, f"states: {{{told}}}"


def transactions(lines: Lines, table: Table, files: str) -> None:
    """Write the transactions section."""
    _ledger(lines, table, files, "transactions", TRANSACTIONS, "orders")


def benefits(lines: Lines, table: Table, files: str) -> None:
    """Write the benefits section."""
    _ledger(lines, table, files, "benefits", BENEFITS, "benefits used")


def points(lines: Lines, table: Table, files: str) -> None:
    """Write the points section."""
    _ledger(lines, table, files, "points", POINTS, "a points ledger")
    lines.add(1, "# kinds: {issued: [], redeemed: [], expired: []}", "which kind means what")


_LEDGER = ("order", "amount", "points", "category", "benefit", "cost", "kind")
_NUMBERS = ("amount", "points", "cost")


def _ledger(
    lines: Lines, table: Table, files: str, name: str, known: Mapping[str, str], what: str
) -> None:
    """Write a section of dated entries of members."""
    lines.add(0, f"{name}:")
    write_source(lines, table, files)
    member = table.take(known["member"], always)
    day = dated(table, known["date"])
    if member is None or day is None:
        del lines.lines[-2:]
        asks = [f"{files} looks like {what}, but no column tells who, or when"]
        lines.add(0, "", asks=asks)
        return
    table.days = day[1].days
    lines.add(1, "columns:")
    lines.add(
        2, f"member: {quoted(member.name)}", f"{member.distinct} customers, {member.rows} rows"
    )
    lines.add(2, f"date: {quoted(day[0].name)}", shown_range(day[1]), day[1].asks)
    for key in _LEDGER:
        fits = is_number if key in _NUMBERS else always
        if key in known and (column := table.take(known[key], fits)):
            told = f"{column.distinct} values"
            if key in _NUMBERS:
                cells = numbers(column.texts)
                told = f"{cells.min():g} to {cells.max():g}"
            lines.add(2, f"{key}: {quoted(column.name)}", told)
    write_formats(lines, table)
    write_unused(lines, [column.name for column in table.rest()])
