"""The sections of a drafted client file: what they share."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from cxlib.data.guess import HAN, WORDS, Column, When, ask, pattern, when_of
from cxlib.data.masking import mask_text
from cxlib.data.readers import Raw
from cxlib.data.scales import Scale
from cxlib.data.values import common_start
from cxlib.params.base import CANONICAL
from cxlib.params.source import Source

_BARE = re.compile(r"[A-Za-z_\u4e00-\u9fff][\w.\u4e00-\u9fff-]*(?: [\w\u4e00-\u9fff]+)*")
_RESERVED = frozenset({"null", "true", "false"})


@dataclass(kw_only=True)
class Lines:
    """The client file in the making."""

    lines: list[str] = field(default_factory=list)

    def add(self, depth: int, text: str, why: str = "", asks: Iterable[str] = ()) -> None:
        """Add a line with what speaks for it, the questions that it raises above it."""
        self.ask(depth, *asks)
        self.lines.append(("  " * depth + text + (f"  # {shown(why)}" if why else "")).rstrip())

    def ask(self, depth: int, *asks: str) -> None:
        """Add questions."""
        self.lines += ["  " * depth + f"# ? {shown(question)}" for question in asks]

    def put(self, part: Lines, heading: str = "", why: str = "") -> None:
        """Add the lines of a part, if it has any, under a heading."""
        if part.lines and heading:
            self.add(1, heading, why)
        self.lines += part.lines

    def __contains__(self, text: str) -> bool:
        return any(line.strip().startswith(text) for line in self.lines)


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
    days: pd.Series | None = None
    labelled: str = ""
    formats: list[str] = field(default_factory=list)
    none: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)
    found: dict[str, Column] = field(default_factory=dict)
    dates: dict[str, tuple[Column, When]] = field(default_factory=dict)

    def take(self, names: Iterable[str], fits: Callable[[Column], object] = bool) -> Column | None:
        """Return the first free column that is called so and fits; it is free no more."""
        for name in names:
            for column in self.rest():
                if column.called(name) and fits(column):
                    self.used.add(column.name)
                    return column
        return None

    def rest(self) -> list[Column]:
        """Return the filled columns that are still free."""
        return [c for c in self.columns if c.name not in self.used and not c.texts.empty]

    def drop(self, names: str) -> None:
        """Leave out the free columns that are called so."""
        gone = {c.name for c in self.columns if c.called(names)} - self.used
        self.used |= gone
        self.dropped |= gone


def quoted(text: str) -> str:
    """Return a text as a YAML scalar that is read as this text."""
    if _BARE.fullmatch(text) and text.casefold() not in _RESERVED:
        return text
    said = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in said)


def shown(text: str) -> str:
    """Return a text as a comment: on one line, personal data masked."""
    return mask_text("".join(c if c.isprintable() else " " for c in text))


def flow(items: Iterable[object]) -> str:
    """Return a YAML list of texts and whole numbers."""
    return f"[{', '.join(str(i) if isinstance(i, int) else quoted(str(i)) for i in items)}]"


def mapping(items: Mapping[str, object]) -> str:
    """Return a YAML mapping of texts to what is YAML already."""
    return f"{{{', '.join(f'{quoted(key)}: {value}' for key, value in items.items())}}}"


def write_source(lines: Lines, table: Table, files: str, *, depth: int = 1) -> None:
    """Write where a section's rows are, and how they are read."""
    source, asks, table.asks = table.source, table.asks, []
    why = "; ".join((f"{table.columns[0].rows} rows", *table.notes))
    told = {
        "files": quoted(files),
        "sheet": source.sheet and quoted(source.sheet),
        "header_row": source.header_row,
        "encoding": source.encoding and quoted(source.encoding),
        "header_rows": source.header_rows,
    }
    if named := _period_from(table):
        told["period_from"] = quoted(named)
        asks.append(ask("period_from"))
    told = {key: value for key, value in told.items() if value}
    if source.sql:
        lines.add(depth, "source:", why, asks)
        if source.encoding:
            lines.add(depth + 1, f"encoding: {quoted(source.encoding)}")
        plain = source.sql.replace("\n", "").isprintable()
        lines.add(depth + 1, "sql: |" if plain else f"sql: {quoted(source.sql)}")
        for line in source.sql.splitlines() if plain else ():
            lines.lines.append("  " * (depth + 2) + line)
        return
    whole = mapping(told) if len(told) > 1 else told["files"]
    lines.add(depth, f"source: {whole}", why, asks)


def _period_from(table: Table) -> str:
    """Return an expression of what differs in the names of a survey's files, if no column dates."""
    named = any(c.called(*WORDS["date_names"], "wave") for c in table.columns)
    if table.kind != "survey" or len(table.paths) < 2 or named:
        return ""
    names = [path.name for path in table.paths]
    before = common_start(names).rstrip("0123456789")
    after = common_start([name[::-1] for name in names])[::-1].lstrip("0123456789")
    if any(len(name) <= len(before) + len(after) for name in names):
        return ""
    return f"^{re.escape(before)}(?P<period>.+){re.escape(after)}$"


def write_scale(scale: Scale) -> dict[str, str]:
    """Return what a scale's codes and texts mean, as keys of a question."""
    told = {key: str(value) for key, value in scale.answers.items()}
    codes = {"missing": (*scale.codes, *scale.missing), "not_applicable": scale.not_applicable}
    return ({"values": mapping(told)} if told else {}) | {
        key: flow(found) for key, found in codes.items() if found
    }


def write_formats(lines: Lines, table: Table) -> None:
    """Write the formats that a section's dates need, and which texts are no dates."""
    for column, _when in table.dates.values() if table.formats else ():
        if when_of(column, table.formats) is None:
            needed = [f for f in WORDS["iso_formats"] if when_of(column, [*table.formats, f])]
            table.formats += needed[:1]
    if table.formats:
        lines.add(1, f"date_format: [{', '.join(map(json.dumps, table.formats))}]")
    if table.none and table.kind != "survey":
        lines.add(1, f"missing: [{', '.join(map(json.dumps, table.none))}]", "no answer")


def write_unused(lines: Lines, names: Sequence[str]) -> None:
    """Write which columns no key names."""
    if names:
        lines.add(1, f"# not used: {shown(', '.join(map(repr, names)))}")


class Keys:
    """Keys for columns: plain words of their names, none twice."""

    def __init__(self, *taken: str) -> None:
        self.taken = {*CANONICAL, *_RESERVED, "nps", "csat", "ces", *taken}

    def of(self, name: str, other: str) -> str:
        """Return a new key for a name, from `other` where the name has no words for one."""
        plain = pattern("numbered").sub("", name, count=1)
        plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", plain)
        word = re.sub(r"[^a-z0-9]+", "_", plain.casefold()).strip("_")[:30].strip("_")
        if HAN.search(plain) or not word:
            known = (key for key, words in WORDS["key_words"].items() if re.search(words, plain))
            word = next(known, word if re.match("[a-z]{3}", word) else other)
        word = word if re.match("[a-z]", word) and not word.endswith("_used") else f"{other}_{word}"
        key, n = word.strip("_"), 2
        while key in self.taken:
            key, n = f"{word}_{n}", n + 1
        self.taken.add(key)
        return key
