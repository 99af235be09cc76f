"""The sections of a drafted client file: what they share."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from cxlib.data import values
from cxlib.data.guess import Column, numbers
from cxlib.data.guess_dates import When, when_of
from cxlib.data.masking import mask_text
from cxlib.data.readers import Raw
from cxlib.data.values import common_start
from cxlib.data.vocabulary import (
    ANSWERS,
    ASKED,
    DATE_NAMES,
    HAN,
    IDS,
    ISO_FORMATS,
    KEY_WORDS,
    NUMBERED,
    UNFINISHED,
    WAVE,
)
from cxlib.params.base import CANONICAL
from cxlib.params.source import Source

_BARE = re.compile(r"[A-Za-z_\u4e00-\u9fff][\w.\u4e00-\u9fff-]*(?: [\w\u4e00-\u9fff]+)*")

_RESERVED = frozenset({"null", "true", "false"})


@dataclass(kw_only=True)
class Lines:
    """The client file in the making."""

    lines: list[str] = field(default_factory=list)

    def add(self, depth: int, text: str, why: str = "", asks: Sequence[str] = ()) -> None:
        """Add a line with what speaks for it, the questions that it raises above it."""
        for ask in asks:
            self.lines.append("  " * depth + f"# ? {shown(ask)}")
        self.lines.append(("  " * depth + text + (f"  # {shown(why)}" if why else "")).rstrip())


@dataclass(kw_only=True)
class Table:
    """One source: its files, how it is read, its columns and those already spoken for."""

    paths: list[Path]
    source: Source
    notes: list[str]
    raw: Raw
    columns: list[Column]
    asks: list[str] = field(default_factory=list)
    kind: str = ""
    used: set[str] = field(default_factory=set)
    days: pd.Series | None = None
    dropped: set[str] = field(default_factory=set)
    formats: list[str] = field(default_factory=list)
    none: list[str] = field(default_factory=list)
    labelled: str = ""
    comment_at: int = 0
    dates: list[Column] = field(default_factory=list)

    def take(
        self, pattern: re.Pattern[str] | str, fits: Callable[[Column], object]
    ) -> Column | None:
        """Return the first free column whose name matches and which fits; it is free no more."""
        for column in self.columns:
            free = column.name not in self.used and not column.texts.empty
            if free and column.called(pattern) and fits(column):
                self.used.add(column.name)
                return column
        return None

    def rest(self) -> list[Column]:
        """Return the filled columns that are still free."""
        return [c for c in self.columns if c.name not in self.used and not c.texts.empty]


def quoted(text: str) -> str:
    """Return a text as a YAML scalar that is read as this text."""
    if _BARE.fullmatch(text) and text.casefold() not in _RESERVED:
        return text
    said = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in said)


def shown(text: str) -> str:
    """Return a text as a comment: on one line, personal data masked."""
    return mask_text("".join(c if c.isprintable() else " " for c in text))


def write_source(lines: Lines, table: Table, files: str, *, depth: int = 1) -> None:
    """Write where a section's rows are, and how they are read."""
    source = table.source
    told = {"files": quoted(files)}
    told |= {"sheet": quoted(source.sheet)} if source.sheet else {}
    told |= {"header_row": str(source.header_row)} if source.header_row else {}
    told |= {"encoding": quoted(source.encoding)} if source.encoding else {}
    told |= {"header_rows": str(source.header_rows)} if source.header_rows else {}
    asks = [*table.asks, *([said] if (said := _row_an_answer(table)) else [])]
    if pattern := _period_from(table):
        told["period_from"] = quoted(pattern)
        asks.append("no column tells the period, but the files' names do: is it so?")
    flow = ", ".join(f"{key}: {value}" for key, value in told.items())
    why = "; ".join((f"{table.columns[0].rows} rows", *table.notes))
    lines.add(
        depth, f"source: {{{flow}}}" if len(told) > 1 else f"source: {quoted(files)}", why, asks
    )


def _row_an_answer(table: Table) -> str:
    """Return a question where each row of a survey holds one answer, not one respondent."""
    asked = next((c for c in table.columns if c.called(ASKED) and 1 < c.distinct <= 60), None)
    said = next((c for c in table.columns if c.called(ANSWERS)), None)
    ids = [c for c in table.columns for pattern in IDS if c.called(pattern)]
    who = next((c for c in ids if c.distinct <= 0.7 * len(c.texts)), None)
    if table.kind != "survey" or not asked or not said or not who:
        return ""
    if table.raw.frame[[who.name, asked.name]].duplicated().mean() > 0.05:
        return ""
    one, two, three = (json.dumps(c.name, ensure_ascii=False) for c in (who, said, asked))
    first = str(asked.texts.iloc[0]).replace("'", "''")
    return (
        f"{who.name!r} stands in a row for each {asked.name!r}: one row an answer? Then answers to "
        f"different questions are mixed here. Set them beside each other by `sql:` under `source:`,"
        f" such as select {one}, max({two}) filter (where {three} = '{first}') as "
        f"{json.dumps(str(asked.texts.iloc[0]), ensure_ascii=False)}, … from "
        f"'{table.paths[0].name}' group by {one}"
    )


def _period_from(table: Table) -> str:
    """Return an expression of what differs in the names of a survey's files, if no column dates."""
    named = any(c.called(p) for c in table.columns for p in (*DATE_NAMES, WAVE))
    if table.kind != "survey" or len(table.paths) < 2 or named:
        return ""
    names = [path.name for path in table.paths]
    before = common_start(names).rstrip("0123456789")
    after = common_start([name[::-1] for name in names])[::-1].lstrip("0123456789")
    if any(len(name) <= len(before) + len(after) for name in names):
        return ""
    return f"^{re.escape(before)}(?P<period>.+){re.escape(after)}$"


def dated(table: Table, pattern: re.Pattern[str] | str) -> tuple[Column, When] | None:
    """Return the first free column of dates that matches, and what dates it holds."""
    found: dict[str, When] = {}

    def fits(column: Column) -> bool:
        when = when_of(column, table.formats) or when_of(column)
        if when:
            found[column.name] = when
        return when is not None

    column = table.take(pattern, fits)
    if column is None:
        return None
    when = found[column.name]
    if when.format and when.format not in table.formats:
        turned = re.sub("%[dm]", lambda m: {"%d": "%m", "%m": "%d"}[m[0]], when.format)
        for other in table.dates:  # a column that tells day from month tells it of the others
            told = [f for f in (when.format, turned) if when_of(other, [f])]
            when = when_of(column, told) or when if len(told) == 1 else when
        table.formats.append(when.format)
    table.dates.append(column)
    table.none += [text for text in when.none if text not in table.none]
    return column, when


def shown_range(when: When) -> str:
    """Return the first and last day of a column, as a comment says them."""
    return f"{when.first:%Y-%m-%d} to {when.last:%Y-%m-%d}"


def write_formats(lines: Lines, table: Table) -> None:
    """Write the formats that a section's dates need."""
    for column in table.dates if table.formats else ():
        if when_of(column, table.formats) is None:
            table.formats += [f for f in ISO_FORMATS if when_of(column, [*table.formats, f])][:1]
    if table.formats:
        lines.add(1, f"date_format: [{', '.join(map(json.dumps, table.formats))}]")
    if table.none and table.kind != "survey":
        listed = ", ".join(map(json.dumps, table.none))
        lines.add(1, f"missing: [{listed}]", "no answer")


def write_unused(lines: Lines, names: Sequence[str]) -> None:
    """Write which columns no key names."""
    if names:
        lines.add(1, f"# not used: {shown(', '.join(map(repr, names)))}")


def write_unfinished(lines: Lines, table: Table) -> None:
    """Offer to leave out answers that were not finished, or were tried out."""
    kept = []
    for column in table.columns:
        plain = column.texts.str.casefold()
        odd = plain.isin(UNFINISHED.get(column.name.casefold(), ()))
        if odd.any() and not odd.all():
            good = str(column.texts[~odd].value_counts().index[0])
            kept.append(f"{quoted(column.name)}: [{quoted(good)}]")
    if kept:
        lines.add(
            1, f"# where: {{{', '.join(kept)}}}", "would leave out unfinished answers and tests"
        )


class Keys:
    """Keys for columns: plain words of their names, none twice."""

    def __init__(self) -> None:
        self.taken = {*CANONICAL, *_RESERVED, "nps", "csat", "ces"}

    def of(self, name: str, other: str) -> str:
        """Return a new key for a name, from `other` where the name has no words for one."""
        plain = NUMBERED.sub("", name, count=1)
        plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", plain)
        word = re.sub(r"[^a-z0-9]+", "_", plain.casefold()).strip("_")[:30].strip("_")
        if HAN.search(plain) or not word:
            known = (key for key, words in KEY_WORDS.items() if re.search(words, plain))
            word = next(known, word if re.match("[a-z]{3}", word) else other)
        word = word if re.match("[a-z]", word) and not word.endswith("_used") else f"{other}_{word}"
        key, n = word.strip("_"), 2
        while key in self.taken:
            key, n = f"{word}_{n}", n + 1
        self.taken.add(key)
        return key


def is_flag(column: Column) -> bool:
    """Tell whether a column holds yes and no."""
    return not values.flags(column.texts)[1].any()


def is_number(column: Column) -> bool:
    """Tell whether a column holds numbers."""
    return bool(numbers(column.texts).notna().all())


def always(column: Column) -> bool:
    """Take any column."""
    return True
