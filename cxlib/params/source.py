"""Which files a table is read from, and how."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from cxlib.params.base import Cells, Closed, Codes, DateFormats, Moment, Text, mapping_of
from cxlib.params.calendar import Calendar, TimeZone
from cxlib.params.faults import At, Path, Problem, dotted

_ONLY_FILES = ("sheet", "header_row", "header_rows", "separator", "decimal")


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


def _variable(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
        said = "that" if "://" in text or "@" in text else repr(text)
        raise ValueError(
            f"{said} is not the name of an environment variable; write such as CX_DB_URL, and set "
            "the variable to the address: no password stands in a client file."
        )
    return text


class Source(Closed):
    """Where rows come from: files (`files`: a path or glob in the client's data folder) or `sql`.

    `sheet` names an Excel sheet (``*`` stands for any text), `header_row` the row where the column
    names stand and `header_rows` how many rows there are from it to the first answer; `encoding`,
    `separator` and `decimal` say how a csv is written, `timezone` where its clock stood: the kit
    finds out what is left out. `period_from` is a regular expression over the file name whose group
    ``period`` is the period. `sql` is one DuckDB query over files of the client's data folder; with
    `url_env`, the name of an environment variable that holds the address, it is a query of that
    PostgreSQL database, and `parameters` are bound where it says ``:name``.
    """

    files: Annotated[Text, AfterValidator(_inside)] | None = None
    sql: Text | None = None
    url_env: Annotated[Text, AfterValidator(_variable)] | None = None
    parameters: Mapping[Text, str | int | float | bool | None] = {}
    sheet: Text | None = None
    header_row: Annotated[int, Field(ge=1)] | None = None
    header_rows: Annotated[int, Field(ge=1)] | None = None
    encoding: Annotated[str, AfterValidator(_encoding)] | None = None
    separator: Annotated[str, AfterValidator(_separator)] | None = None
    decimal: Literal[".", ","] | None = None
    timezone: TimeZone | None = None
    period_from: Annotated[str, AfterValidator(_period_from)] | None = None


class Table(Closed):
    """What every table says: its rows, how dates are written, what means "no answer".

    `where` keeps the rows whose columns hold one of these cells; the others are counted.
    """

    source: Annotated[Source, mapping_of("files")]
    where: Mapping[Text, Cells] = {}
    date_format: DateFormats = ()
    missing: Codes = ()


def check_source(source: Source, path: Path, calendar: Calendar) -> Iterator[Problem]:
    """Yield what is contradictory in a source that stands at `path`."""
    at, rows = At(*path), ("files", "sql")
    if source.timezone is not None and calendar.timezone is None:
        message = "says where the file's clock stood, but not what it is brought to; write "
        message += "calendar.timezone."
        yield at("timezone", message, "/calendar", "/calendar.timezone")
    if source.files is None and source.sql is None and source.url_env is None:
        yield at("", "names no rows; write files: survey.csv, or sql: select …", *rows)
    if source.files is not None and source.sql is not None:
        yield at("sql", "stands beside files; keep one of the two.", *rows)
    if source.url_env is None and source.parameters:
        yield at("parameters", "are bound in a database's query; they need url_env.")
    if source.sql is None:
        if source.url_env is not None:
            yield at("url_env", "names a database; write the query under sql.", *rows)
        return
    if source.url_env is not None and source.encoding is not None:
        yield at("encoding", "says how to read a file; it has no use with url_env.")
    for option in (*_ONLY_FILES, "period_from"):
        if getattr(source, option) is not None:
            yield at(option, "says how to read a file; it has no use beside sql.")


Read = tuple[Path, str | Moment | tuple[str, ...] | None]
"""Where the client file names columns, and which."""


def check_columns(columns: Iterable[Read]) -> Iterator[Problem]:
    """Yield each column that two keys read; two metrics may, and moments share a day's column."""
    seen: dict[str, Path] = {}
    halves: set[str] = set()
    metrics = ("survey", "metrics")
    for path, names in columns:
        moment = isinstance(names, Moment)
        for name in dict.fromkeys((names,) if isinstance(names, str) else names or ()):
            shared = name in halves if moment else False
            first = seen.setdefault(name, path)
            halves |= {name} if moment else set()
            if first == path or shared or first[:2] == path[:2] == metrics:
                continue
            yield Problem(
                path,
                f"column {name!r} is already read by {dotted(first)}; "
                "two keys may not read one column.",
                (first,),
            )
