"""Tables that lie otherwise than the kit reads them: how `sql:` sets them right, what to ask."""

from __future__ import annotations

import gzip
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cxlib.data import text
from cxlib.data.guess import HAN, WORDS, Column, ask, found, pattern
from cxlib.data.labels import label
from cxlib.data.query import read_pieces
from cxlib.data.readers import Raw
from cxlib.data.scales import scale_of
from cxlib.errors import DataError

NET, ANSWERS = "net", "base"
"""Columns made of counts of promoters and detractors: their ratio is the NPS."""
Shape = tuple[str, str]
"""A query that sets a table right, and the question whether it is so."""
_MANY = 2
"""Columns of respondents for each row of questions, from which a table lies on its side."""
_PROSE = 12
"""Characters of a line on average, above which it is a sentence."""


def name(column: Column | str) -> str:
    """Return a column's name as SQL says it."""
    said = column if isinstance(column, str) else column.name
    return '"' + said.replace('"', '""') + '"'


def literal(said: str) -> str:
    """Return a text as SQL says it."""
    return "'" + said.replace("'", "''") + "'"


def reshaped(file: str, columns: Sequence[Column]) -> Shape | None:
    """Return how a table is set right that lies otherwise; None if it lies as the kit reads it."""
    filled = [column for column in columns if not column.texts.empty]
    ways = (_net, _aside, _waves, _one_row_an_answer)
    return next((shape for way in ways if (shape := way(literal(file), filled))), None)


def tried(path: Path, sql: str, encoding: str | None) -> Raw | None:
    """Return what a query finds in a copy of a file; None if it cannot be run."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(path, Path(folder) / path.name)
        try:
            return next(read_pieces(Path(folder), sql, encoding=encoding, whole=True))
        except DataError:
            return None


def _net(file: str, columns: list[Column]) -> Shape | None:
    """Set promoters and detractors, counts or shares by period, as an NPS."""
    kinds = ("promoters", "detractors", "passives", "all_answers")
    first = {kind: next((c for c in columns if c.called(kind)), None) for kind in kinds}
    good, bad, passive, whole = (first[kind] for kind in kinds)
    if not good or not bad or good.distinct < 3:
        return None

    def cell(column: Column) -> str:
        return f"replace({name(column)}::varchar, '%', '')::double"

    percent = good.texts.str.endswith("%").any() or found("share", good.name)
    top = float(good.texts.str.removesuffix("%").astype("float64").max())
    if percent or top <= 1:
        points = f"{'100 * ' if top <= 1 else ''}({cell(good)} - {cell(bad)})"
        answers = cell(whole) if whole else "1"
        points = f"{points} * {answers}"
    elif whole or passive:
        points = f"100 * ({cell(good)} - {cell(bad)})"
        answers = cell(whole) if whole else " + ".join(cell(c) for c in (good, bad, passive) if c)
    else:
        return None
    made = {c.name for c in (good, bad, passive, whole) if c} | {
        c.name for c in columns if pattern("nps").fullmatch(c.name)
    }
    kept = [name(c) for c in columns if c.name not in made]
    said = [*kept, f"{points} as {NET}", f"{answers} as {ANSWERS}"]
    sql = f"select\n{_listed(said)}\nfrom {file}"
    return sql, ask("net", good=good.name, bad=bad.name, over=whole.name if whole else "them all")


def _aside(file: str, columns: list[Column]) -> Shape | None:
    """Set a table upright whose first column holds the questions, or whose columns are periods."""
    first, others = columns[0], columns[1:]
    words = first.texts.str.contains(r"[^\W\d]{2}|[\u4e00-\u9fff]").all()
    if first.again or first.blank or not words or len(others) < 3:
        return None
    rest = f"columns(* exclude ({name(first)}))"
    long = (
        f"unpivot (select {name(first)}, {rest}::varchar from {file})\n"
        f"  on {rest} into name {{}} value {{}}"
    )
    if all(label(c.name) for c in others) and not any(label(str(t)) for t in first.texts):
        sql = f"select * from ({long.format('period', 'value')})"
        return sql, ask("periods_aside", first=others[0].name, name=first.name)
    if all(found("month_alone", c.name) for c in others):
        return "", ask("months_aside", first=others[0].name, name=first.name)
    stems = {re.sub(r"\d+", "", c.name).strip() for c in others}
    if len(stems) > 1 or len(others) < max(_MANY * first.rows, 10):
        return None
    parts = [f"max(answer) filter (where {name(first)} = {literal(t)}) as {name(t)}"
             for t in map(str, first.texts)]  # fmt: skip
    sql = (
        f"select respondent,\n{_listed(parts)}\n"
        f"from ({long.format('respondent', 'answer')})\ngroup by respondent"
    )
    return sql, ask("aside", first=others[0].name, name=first.name)


def _listed(parts: Sequence[str]) -> str:
    return ",\n".join(f"  {part}" for part in parts)


def _waves(file: str, columns: list[Column]) -> Shape | None:
    """Set the waves below each other where the same question stands in a column for each."""
    for words in WORDS["in_a_name"]:
        parts: dict[str, dict[str, Column]] = {}
        for column in columns:
            if (m := pattern(words).search(column.name)) and scale_of(column):
                stem = re.sub(r"[(（\[【]\s*[)）\]】]", "", pattern(words).sub(" ", column.name, 1))
                stem = " ".join(stem.strip(" _-–:：/|.、").split())
                parts.setdefault(m[0].strip(" _-()（）"), {})[stem] = column
        stems = [{*asked} for asked in parts.values()]
        again = set.intersection(*stems) if len(stems) > 1 else set()
        if again and all(re.search(r"[^\W\d_]", stem) for stem in again):
            break
    else:
        return None
    taken = {column.name for asked in parts.values() for column in asked.values()}
    kept = [name(c) for c in columns if c.name not in taken]
    rows = []
    for wave, asked in parts.items():
        said = [*kept, *(f"{name(column)} as {name(stem)}" for stem, column in asked.items())]
        cells = ", ".join(f"{name(column)}::varchar" for column in asked.values())
        rows.append(
            f"select {literal(wave)} as period,\n{_listed(said)}\n"
            f"from {file} where coalesce({cells}) is not null"
        )
    told = [c.name for asked in parts.values() for c in list(asked.values())[:1]]
    listed = ", ".join(map(repr, told[:3]))
    return "\nunion all by name ".join(rows), ask("waves", listed=listed, n=len(parts))


def _one_row_an_answer(file: str, columns: list[Column]) -> Shape | None:
    """Set the answers of one respondent beside each other where each has a row."""
    asked = next((c for c in columns if c.called("asked") and 1 < c.distinct <= 60), None)
    said = next((c for c in columns if c.called("answers")), None)
    ids = [c for words in WORDS["ids"] for c in columns if c.called(words)]
    who = next((c for c in ids if c.distinct <= 0.7 * len(c.texts)), None)
    if not asked or not said or not who:
        return None
    if len(asked.texts) - len((who.texts + "\0" + asked.texts).unique()) > 0.05 * asked.rows:
        return None
    kept = [c for c in columns if c.name not in (asked.name, said.name, who.name)]
    parts = [name(who), *(f"any_value({name(c)}) as {name(c)}" for c in kept)]
    parts += [
        f"max({name(said)}) filter (where {name(asked)} = {literal(t)}) as {name(t)}"
        for t in map(str, asked.texts.unique())
    ]
    sql = f"select\n{_listed(parts)}\nfrom {file}\ngroup by {name(who)}"
    return sql, ask("row_an_answer", who=who.name, asked=asked.name)


def lines_of(path: Path) -> Shape | None:
    """Return how a file without names is read whose every line is a comment; None if it is none."""
    suffixes = [suffix.casefold() for suffix in path.suffixes]
    if suffixes[-2:] not in ([".txt"], [".txt", ".gz"]):
        return None
    content = path.read_bytes()
    if suffixes[-1] == ".gz":
        with gzip.open(path) as packed:
            content = packed.read(1 << 16).rpartition(b"\n")[0]
    try:
        lines = [s for s in text.decode(content, file=path.name)[0].splitlines() if s.strip()]
    except DataError:
        return None
    if len(lines) < 2 or "\t" in "".join(lines) or _columnar(lines):
        return None
    size = sum(map(_wide, lines)) / len(lines)
    if size < _PROSE or (_wide(lines[0]) < size / 2 and found("is_text", lines[0])):
        return None
    sql = (
        f"from read_csv({literal(path.name)}, header = false, delim = '\\x01', quote = '',\n"
        "  columns = {'line': 'VARCHAR'})"
    )
    for rating, words in ((5, "good_file"), (1, "bad_file")):
        if found(words, path.stem):
            return f"select line, {rating} as rating\n{sql}", ask("rated_file")
    return f"select line\n{sql}", ask("lines")


def _columnar(lines: list[str]) -> bool:
    """Tell whether lines are parted alike, into cells that are no sentences, under names."""
    for mark in ",;|":
        if {line.count(mark) for line in lines[:200]} in ({n} for n in range(1, 60)):
            names, *rows = ([cell.strip() for cell in line.split(mark)] for line in lines[:200])
            named = not any(cell in below for cell, *below in zip(names, *rows, strict=True))
            return named and sum(map(_wide, lines[:200])) < _PROSE * len(lines[:200]) * len(names)
    return False


def _wide(line: str) -> int:
    return len(line) + sum(map(len, HAN.findall(line)))
