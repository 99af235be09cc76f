"""The sections of a drafted client file on what customers say outside the survey."""

from __future__ import annotations

import re
from pathlib import PurePath

from cxlib.data.guess import Column, Scale, is_text, numbers, scale_of
from cxlib.data.sections import (
    Keys,
    Lines,
    Table,
    always,
    dated,
    quoted,
    shown_range,
    write_formats,
    write_source,
    write_unused,
)
from cxlib.data.vocabulary import DATE_NAMES, HAN, IDS, PERSONAL, TICKETS, VOICE

MOSTLY = 0.6
"""Share of rows that hold the text in a file of comments; of a survey fewer comment."""

STOCK = (6, 10, 0.02)
"""Characters, rows and share of rows from which the same words are nobody's own."""
COMPLAINTS = re.compile(r"complain|投诉", re.IGNORECASE)


def is_voice(columns: list[Column]) -> bool:
    """Tell whether a table holds comments: a text in most rows, and at most one rating."""
    text = text_of(columns)
    if text is None or len(text.texts) < MOSTLY * text.rows:
        return False
    rated = [c for c in columns if (s := scale_of(c)) and s.high > 4]
    return len(rated) <= 1 and len(columns) <= 12


def text_of(columns: list[Column]) -> Column | None:
    """Return the column whose words are the comments: of several texts the longest."""
    texts = [c for c in columns if not c.texts.empty and is_text(c) and not c.called(PERSONAL)]

    def length(column: Column) -> float:
        wide = 2 if HAN.search("".join(column.texts.head(20))) else 1
        return float(column.texts.str.len().mean() * wide)

    return max(texts, key=length, default=None)


def comments(lines: Lines, table: Table, files: str) -> None:
    """Write one source of the comments section."""
    if "comments:" not in lines.lines:
        lines.add(0, "comments:")
    key = Keys().of(PurePath(files.removesuffix("/*")).stem.replace(".", "_"), "comments")
    part, text = Lines(), text_of(table.columns)
    if text is None:
        return
    table.used.add(text.name)
    write_source(part, table, files)
    part.add(1, "columns:")
    part.add(
        2,
        f"text: {quoted(text.name)}",
        f"{text.distinct} different in {text.rows} rows",
        _stock(text),
    )
    for pattern in DATE_NAMES:
        if found := dated(table, pattern):
            table.days = found[1].days
            said = f"date: {quoted(found[0].name)}"
            part.add(2, said, shown_range(found[1]), found[1].asks)
            break
    rating = table.take(VOICE["rating"], scale_of)
    if rating:
        part.add(2, f"rating: {quoted(rating.name)}", f"{rating.distinct} values")
    if customer := table.take(IDS[0], always):
        part.add(2, f"customer: {quoted(customer.name)}", f"{customer.distinct} different")
    for name in (VOICE["id"], TICKETS["id"], *(other.pattern for other in IDS[1:])):
        if ids := table.take(name, lambda c: c.distinct > 0.9 * len(c.texts) > 5):
            part.add(2, f"id: {quoted(ids.name)}", f"{ids.distinct} different")
            break
    if channel := table.take(VOICE["channel"], lambda c: c.distinct <= 40):
        part.add(2, f"channel: {quoted(channel.name)}", f"{channel.distinct} values")
    if rating and (scale := scale_of(rating)):
        _scale(part, scale)
    if COMPLAINTS.search(f"{files} {text.name}"):
        part.add(1, "asked: complaints", "by its name")
    write_formats(part, table)
    _segments(part, table)
    lines.add(1, f"{key}:")
    lines.lines += [f"  {line}" for line in part.lines]


def _stock(text: Column) -> list[str]:
    """Ask about words that come so often that nobody wrote them."""
    counts = text.texts[text.texts.str.len() >= STOCK[0]].value_counts()
    often = counts[counts > max(STOCK[1], STOCK[2] * len(text.texts))]
    return [
        f"{str(said)!r} stands {n} times: is it what the site writes for none? Then "
        f"`missing: [{quoted(str(said))}]`"
        for said, n in often.head(3).items()
    ]


def _scale(part: Lines, scale: Scale) -> None:
    part.add(1, f"scale: [{scale.low}, {scale.high}]", scale.why, scale.asks)
    none = [*scale.missing, *scale.not_applicable]
    if none:
        part.add(1, f"missing: [{', '.join(quoted(str(code)) for code in none)}]")
    if scale.answers:
        told = ", ".join(f"{quoted(text)}: {value}" for text, value in scale.answers.items())
        part.add(1, f"values: {{{told}}}")


def _segments(part: Lines, table: Table) -> None:
    keys, segments, left = Keys(), Lines(), []
    for column in table.rest():
        few = 2 <= column.distinct <= 20 and len(column.texts) > 2 * column.distinct
        if few and not numbers(column.texts).notna().all():
            name = keys.of(column.name, "segment")
            segments.add(2, f"{name}: {quoted(column.name)}", f"{column.distinct} values")
        else:
            left.append(column.name)
    if segments.lines:
        part.add(1, "segments:")
        part.lines += segments.lines
    write_unused(part, left)
