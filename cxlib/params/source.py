"""Ask room: which files a table is read from, and how."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated

from pydantic import AfterValidator, Field

from cxlib.params.base import Closed, Codes, DateFormats, Text, mapping_of
from cxlib.params.faults import Path, Problem, dotted

_ONLY_FILES = ("sheet", "header_rows", "encoding", "separator")


def _inside(text: str) -> str:
    parts = PurePosixPath(text.replace("\\", "/")).parts
    if ".." in parts or text.startswith(("/", "\\", "~")) or PureWindowsPath(text).drive:
        raise ValueError(f"{text!r} leaves the client's data folder; write a path inside it.")
    return text


def _encoding(text: str) -> str:
    try:
        codecs.lookup(text)
    except (LookupError, ValueError) as error:
        raise ValueError(f"{text!r} is not an encoding; write utf-8 or gb18030.") from error
    return text


def _separator(text: str) -> str:
    if len(text) != 1 or text in "\r\n\"'":
        raise ValueError(f'{text!r} is not one character, such as ";" or "\\t".')
    return text


def _period_from(text: str) -> str:
    try:
        groups = re.compile(text).groupindex
    except re.error as error:
        raise ValueError(f"{text!r} is not a regular expression: {error}.") from error
    if "period" not in groups:
        raise ValueError(
            f"{text!r} names no period; put (?P<period>…) around that part of the file name."
        )
    return text


class Source(Closed):
    """Where rows come from: files (`files`: a path or glob in the client's data folder) or `sql`.

    `sheet` names an Excel sheet, `header_rows` how many rows stand above the first answer,
    `encoding` and `separator` how a csv is written where the kit should not find out by itself;
    `period_from` is a regular expression over the file name whose group ``period`` is the period.
    `sql` is one DuckDB query over files of the client's data folder.
    """

    files: Annotated[Text, AfterValidator(_inside)] | None = None
    sql: Text | None = None
    sheet: Text | None = None
    header_rows: Annotated[int, Field(ge=1)] = 1
    encoding: Annotated[str, AfterValidator(_encoding)] | None = None
    separator: Annotated[str, AfterValidator(_separator)] | None = None
    period_from: Annotated[str, AfterValidator(_period_from)] | None = None


class Table(Closed):
    """What every table says: where its rows are, how dates are written, what means "no answer"."""

    source: Annotated[Source, mapping_of("files")]
    date_format: DateFormats = ()
    missing: Codes = ()


def check_source(source: Source, path: Path) -> Iterator[Problem]:
    """Yield what is contradictory in a source that stands at `path`."""
    broken = ((*path, "files"), (*path, "sql"))
    if source.files is None and source.sql is None:
        yield Problem(path, "names no rows; write files: survey.csv, or sql: select …", broken)
    if source.files is not None and source.sql is not None:
        yield Problem((*path, "sql"), "stands beside files; keep one of the two.", broken)
    if source.sql is None:
        return
    for option in (*_ONLY_FILES, "period_from"):
        if option in source.model_fields_set and getattr(source, option) is not None:
            yield Problem((*path, option), "says how to read a file; it has no use beside sql.")


def check_columns(columns: Iterable[tuple[Path, str | None]]) -> Iterator[Problem]:
    """Yield each column that two keys read."""
    seen: dict[str, Path] = {}
    for path, column in columns:
        if column is None:
            continue
        if column in seen:
            first = seen[column]
            yield Problem(
                path,
                f"column {column!r} is already read by {dotted(first)}; "
                "two keys may not read one column.",
                (first,),
            )
        seen.setdefault(column, path)
