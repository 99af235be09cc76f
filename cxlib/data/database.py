"""One query of a PostgreSQL database, read-only and in pieces, as a client's raw rows.

The address stands in an environment variable and nowhere else: no message holds any part of it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Generator, Iterator
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd

from cxlib.data.excel import LARGEST
from cxlib.data.formats import cell_text
from cxlib.data.layout import Grid
from cxlib.data.pieces import ROWS
from cxlib.data.platforms import header_name
from cxlib.data.readers import Raw, RawFile, united
from cxlib.errors import DataError, SetupError, nearest

if TYPE_CHECKING:
    from sqlalchemy import URL

    from cxlib.params.source import Source

PIECE = 10_000
"""Rows in memory as the database sends them, before they are text."""

PATIENCE = 10
"""Seconds that a server may take to accept a connection."""

_READING = "cx_reading"
_ANSWERS = (
    ("password authentication failed", "it refuses the login; are user and password right?"),
    ("no password supplied", "it asks for a password."),
    ("permission denied", "this user may not read what the query names."),
    ("no pg_hba.conf entry", "it lets nobody in from this machine."),
    ("could not translate host name", "there is no such host."),
    ("failed to resolve host", "there is no such host."),
    ("Name or service not known", "there is no such host."),
    ("Connection refused", "nothing listens there; is the server on?"),
    ("timeout", "it does not answer; is the server on, and the network?"),
    ("does not exist", "it has no such database or user."),
)
"""What a server says while one connects, and what that means."""


def name_of(source: Source) -> str:
    """Return what messages and records call a database source: its variable and its query."""
    told = json.dumps([source.sql, dict(source.parameters)], ensure_ascii=False)
    return f"{source.url_env} (query {hashlib.sha256(told.encode()).hexdigest()[:8]})"


def read_pieces(source: Source, *, whole: bool = False) -> Iterator[Raw]:
    """Yield the rows of a source's query as text, as a `whole` or many thousand at a time.

    The query runs in a read-only transaction that sees one state of the database, its
    `parameters` are bound, and the rows are fetched in pieces. The order of the rows is the
    query's: write ``order by`` where it matters which of two answers is the last. The hash of a
    piece is that of all rows up to it.
    """
    first = 0
    for frame, told in _joined(source) if whole else _frames(source):
        grid = Grid(cells=frame, rows=(frame.index.to_numpy() + first + 1).astype("int64"))
        read = RawFile(name=name_of(source), sha256=told, rows=len(frame),
                       columns=tuple(grid.names), told=("a PostgreSQL database",))  # fmt: skip
        yield united([grid], [read])
        first += len(frame)


def _joined(source: Source) -> Iterator[tuple[pd.DataFrame, str]]:
    """Yield all rows at once, with their hash."""
    frames, cells, digest = [], 0, ""
    for frame, digest in _frames(source):  # noqa: B007 - the last is that of all
        frames.append(frame)
        cells += frame.size
        if cells > LARGEST:
            raise DataError(
                f"the query returns more than {LARGEST:,} cells; name fewer columns or rows."
            )
    yield pd.concat(frames, ignore_index=True), digest


def _frames(source: Source) -> Iterator[tuple[pd.DataFrame, str]]:
    """Yield rows as text, with the hash of all so far."""
    total, kept = hashlib.sha256(), list[list[str]]()
    names: list[str] = []
    with closing(_pieces(source)) as found:
        for names, rows in found:
            _count(total, rows)
            kept += rows
            if len(kept) >= ROWS:
                yield pd.DataFrame(kept, columns=names, dtype="str"), total.hexdigest()
                kept = []
    if kept:
        yield pd.DataFrame(kept, columns=names, dtype="str"), total.hexdigest()
    elif not names:
        raise DataError("the query finds no rows.")


def digest(source: Source) -> str:
    """Return the hash of what a source's query returns now; errors as of `read_pieces`."""
    total = hashlib.sha256()
    for _names, rows in _pieces(source):
        _count(total, rows)
    return total.hexdigest()


def _count(total: Any, rows: list[list[str]]) -> None:
    for row in rows:
        total.update("\x1f".join(row).encode("utf-8", "surrogatepass") + b"\x1e")


def _pieces(source: Source) -> Generator[tuple[list[str], list[list[str]]]]:
    """Yield the column names with some thousand rows at a time; the transaction is rolled back."""
    url = _url(source.url_env or "")
    import sqlalchemy as sa
    from sqlalchemy.exc import SQLAlchemyError

    query, bound = _query(source)
    known = {_READING: True, **source.parameters}
    engine = sa.create_engine(
        url,
        poolclass=sa.NullPool,
        hide_parameters=True,
        connect_args={"connect_timeout": PATIENCE, "application_name": "cx"},
        isolation_level="REPEATABLE READ",
    )
    connected = False
    try:
        with engine.connect() as plain:
            connected = True
            connection = plain.execution_options(postgresql_readonly=True)
            given = {name: known[name] for name in bound}
            with connection.execute(query, given, execution_options={"yield_per": PIECE}) as result:
                names = [header_name(name) for name in result.keys()]  # noqa: SIM118
                twice = [name for name in names if names.count(name) > 1]
                if twice:
                    raise DataError(
                        f"the query names two columns {twice[0]!r}; rename one by `as`."
                    )
                for rows in result.partitions(PIECE):
                    yield names, [[_text(cell) for cell in row] for row in rows]
    except SQLAlchemyError as error:
        raise DataError(_told(error, url, source.url_env or "", connected)) from None
    finally:
        engine.dispose()


def _url(variable: str) -> URL:
    """Return the address that an environment variable holds."""
    try:
        from importlib import import_module

        make_url = import_module("sqlalchemy").make_url
        import_module("psycopg")
        from sqlalchemy.exc import ArgumentError
    except ImportError:
        raise SetupError(
            "databases are read by an extra; install it: pip install 'cxlib[sql]'."
        ) from None
    given = os.environ.get(variable, "").strip()
    if not given:
        raise SetupError(
            f"the environment variable {variable} is not set; it holds the database's address: "
            "postgresql://user:password@host/database."
        )
    try:
        url: URL = make_url(given)
    except (ArgumentError, ValueError):
        raise SetupError(
            f"what {variable} holds is no database address; it looks like "
            "postgresql://user:password@host/database (special characters as %40)."
        ) from None
    if url.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise SetupError(
            f"{variable} is not the address of a PostgreSQL server; others cannot be read. It "
            "begins with postgresql://."
        )
    return url.set(drivername="postgresql+psycopg")


def _query(source: Source) -> tuple[Any, list[str]]:
    """Return the query as one that can only be a table, with the names that are bound in it.

    In brackets a statement that is no `select` is a fault of syntax, and with a value bound the
    server takes one statement alone: nothing can end the read-only transaction, and what a
    function does all the same is rolled back.
    """
    import sqlalchemy as sa

    sql = (source.sql or "").strip().rstrip(";")
    query = sa.text(f"select * from ({sql}\n) as cx_rows where :{_READING}")
    bound = list(query.compile().params)
    for name in bound:
        if name not in source.parameters and name != _READING:
            near = (
                nearest(name, source.parameters) or "; a colon that binds nothing is written \\:."
            )
            raise DataError(f"the query binds :{name}, which `parameters` lacks{near}")
    for name in source.parameters:
        if name not in bound:
            raise DataError(f"the query has no use for the parameter {name!r}; write :{name}.")
    return query, bound


def _text(cell: object) -> str:
    if isinstance(cell, Decimal):
        return format(cell.normalize(), "f") if cell.is_finite() else ""
    if isinstance(cell, list):
        return ";".join(map(_text, cell))
    if isinstance(cell, dict):
        return json.dumps(cell, ensure_ascii=False)
    return cell_text(cell)


def _told(error: Exception, url: URL, variable: str, connected: bool) -> str:
    """Return what went wrong without any part of the address."""
    said = str(getattr(error, "orig", None) or type(error).__name__).strip()
    if not connected:
        known = (meaning for text, meaning in _ANSWERS if text.lower() in said.lower())
        why = next(known, "the connection fails; are the address and the network right?")
        return f"the database of {variable} cannot be reached: {why}"
    if type(error).__name__ == "OperationalError":
        return f"the database of {variable} broke off; is the server still on? Try again."
    for secret in (url.password, url.host, url.username, url.database):
        said = said.replace(str(secret), "•") if secret else said
    return f"the query cannot be run: {said.splitlines()[0]}"
