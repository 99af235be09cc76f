"""SQL over the files of one client's data folder, and over nothing else."""

from __future__ import annotations

import glob
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from cxlib.data import text as texts, values
from cxlib.data.formats import DELIMITED, WORKBOOKS, read_content
from cxlib.data.layout import lay_out
from cxlib.data.pieces import ROWS, chunks
from cxlib.data.platforms import header_name
from cxlib.data.readers import Raw, RawFile, find, united
from cxlib.errors import DataError
from cxlib.workspace import file_digest

if TYPE_CHECKING:
    import duckdb

SUFFIXES = (*DELIMITED, *WORKBOOKS, ".parquet", ".json", ".jsonl", ".ndjson", ".gz")
_READ_ONLY = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
"""A `with` may hold a COPY, INSERT, UPDATE or DELETE: nodes of other kinds than these."""
_RUNS_TEXT = {
    *("query", "query_table", "json_execute_serialized_sql", "sniff_csv", "getenv"),
    *("write_log", "enable_logging", "disable_logging", "truncate_duckdb_logs"),
    *("checkpoint", "force_checkpoint"),
}
_NAME = "the query"
_CALL = re.compile(r"\b(read_\w+)\s*\([^()]*$", re.IGNORECASE)
"""A function of DuckDB that reads files, still open at the end of a query's first part."""
_SETTLED = re.compile(r"\b(dateformat|timestampformat|all_varchar|columns|types)\b", re.IGNORECASE)
_TYPES = ["BOOLEAN", "BIGINT", "DOUBLE", "TIME", "VARCHAR"]
"""What DuckDB may make of the cells of a file whose dates it would guess: they stay text."""


def read_pieces(
    folder: Path, sql: str, *, encoding: str | None = None, whole: bool = False
) -> Iterator[Raw]:
    """Run one ``select`` by DuckDB over the files of a client's data folder, and nothing else.

    Yields what it finds, as a `whole` or many thousand rows at a time. A file stands in the query
    by its path below the folder, in quotation marks: ``select * from 'a.csv' join 'b.xlsx' using
    (id)``. Workbooks, and text in another encoding than UTF-8, are read as everywhere in the kit,
    numbers as numbers.
    """
    import duckdb

    folder = folder.resolve()
    _refuse_links(folder)
    digest = query_hash(folder, sql)
    with duckdb.connect() as connection:
        try:
            _refuse_writing(connection, sql)
            spoilt: dict[str, tuple[int, str]] = {}
            absolute = _absolute(sql, folder, connection, encoding, spoilt)
            confine(connection, folder)
            found = connection.execute(absolute)
            names = [header_name(column[0]) for column in found.description]
            twice = [name for name in names if names.count(name) > 1]
            if twice:
                raise DataError(f"the query names two columns {twice[0]!r}; rename one by `as`.")
            for grid, _told, _decimal in chunks(found, None if whole else ROWS):
                n = len(grid.cells)
                read = RawFile(name=_NAME, sha256=digest, rows=n, columns=tuple(grid.names),
                               spoilt=dict(spoilt))  # fmt: skip
                spoilt.clear()
                yield united([grid], [read])
        except duckdb.OutOfMemoryException as error:
            raise MemoryError(f"the query: {str(error).splitlines()[0]}") from None
        except duckdb.Error as error:
            told = str(error).replace(f"{folder}/", "").strip()
            raise DataError(f"the query cannot be run: {told}") from None


def confine(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Let a connection read `folder` (absolute, resolved) and nothing else, for good."""
    # DuckDB checks a path as it is written, so a folder with a bracket is allowed in both spellings
    spellings = {str(folder).replace("'", "''"), glob.escape(str(folder)).replace("'", "''")}
    allowed = ", ".join(f"'{spelling}'" for spelling in sorted(spellings))
    connection.execute(f"SET allowed_directories = [{allowed}]")
    connection.execute("SET temp_directory = ''")
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET threads = 1")  # a parallel join may return its rows in any order
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _refuse_writing(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raise DataError unless a query is one `select` that reads at every depth."""
    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type.name != "SELECT":
        raise DataError("`sql:` must be one select statement.")
    (told,) = connection.execute("SELECT json_serialize_sql($sql)", {"sql": sql}).fetchall()
    tree = json.loads(told[0])
    if tree.get("error"):
        raise DataError("`sql:` must be one plain select statement.")
    todo = [tree]
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            named = [part.get("name"), *(part.get("column_names") or ())]
            if any(str(each).lower() == "ignore_errors" for each in named):
                raise DataError("`ignore_errors` would drop rows that nobody counts; leave it out.")
            kind, name = str(part.get("type", "")), str(part.get("function_name", "")).lower()
            if (kind.endswith("_NODE") and kind not in _READ_ONLY) or name in _RUNS_TEXT:
                what = name or kind.partition("_")[0].lower()
                raise DataError(f"`sql:` may only read; it holds {what!r}.")
            todo += part.values()
        elif isinstance(part, list):
            todo += part


def _absolute(
    sql: str, folder: Path, connection: duckdb.DuckDBPyConnection, encoding: str | None,
    spoilt: dict[str, tuple[int, str]],
) -> str:  # fmt: skip
    """Make the files that a query names absolute, or tables of what DuckDB does not read itself.

    Errors of a spreadsheet that these hold are added to what is `spoilt`.
    """
    import duckdb

    content = sql.encode("utf-8")  # the tokenizer counts bytes
    tokens = duckdb.tokenize(sql)
    ends = [start for start, _ in tokens[1:]] + [len(content)]
    parts = [content[: tokens[0][0]].decode("utf-8")] if tokens else []
    for (start, _), end in zip(tokens, ends, strict=True):
        token = content[start:end].decode("utf-8")
        body = token.rstrip()
        mark = body[:1]
        whole = len(body) > 2 and mark in ("'", '"') and body.endswith(mark)
        literal = body[1:-1].replace(2 * mark, mark) if whole else ""
        if literal.lower().endswith(SUFFIXES):
            if Path(literal).is_absolute():
                if not Path(literal).is_relative_to(folder):
                    parts.append(token)  # which DuckDB refuses
                    continue
                literal = Path(literal).relative_to(folder).as_posix()
            found = find(folder, literal)
            foreign = [path for path in found if _foreign(path, encoding)]
            call = _CALL.search("".join(parts))
            if foreign and call:
                raise DataError(
                    f"{call[1]}() reads plain UTF-8 only, which {foreign[0].name} is not: write "
                    f"`from '{literal}'` without it; the kit finds its encoding, separator and "
                    "header row itself."
                )
            if foreign:
                name = f"file {len(parts)}"
                connection.register(name, _together(found, folder, encoding, spoilt))
                parts.append(f'"{name}"{token[len(body) :]}')
                continue
            path = f"{glob.escape(str(folder))}/{literal}".replace("'", "''")
            guessed = next((p for p in found if not foreign and _guesses(connection, p)), None)
            if guessed and call and not _SETTLED.search(sql):
                raise DataError(
                    f"{call[1]}() would guess which part of a date in {guessed.name} is the day: "
                    f"write `from '{literal}'` without it, or say it by `dateformat=`."
                )
            source = f"'{path}'"
            if guessed and not call:
                source = f"read_csv('{path}', auto_type_candidates={_TYPES})"
            token = source + token[len(body) :]
        parts.append(token)
    return "".join(parts)


def _refuse_links(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_symlink() and not path.resolve().is_relative_to(folder):
            raise DataError(
                f"{path.relative_to(folder)} is a link out of the client's data folder; copy it."
            )


def query_hash(folder: Path, sql: str) -> str:
    """Return one hash of a query and every file that it could read."""
    total = hashlib.sha256(sql.encode("utf-8"))
    for path in sorted(
        p for p in folder.rglob("*") if p.is_file() and p.suffix.lower() in SUFFIXES
    ):
        total.update(path.relative_to(folder).as_posix().encode("utf-8"))
        total.update(bytes.fromhex(file_digest(path)))
    return total.hexdigest()


def _foreign(path: Path, encoding: str | None) -> bool:
    """Tell whether DuckDB alone would not read a file: a workbook, or text that is not UTF-8."""
    suffix = path.suffix.lower()
    if suffix not in DELIMITED:
        return suffix in WORKBOOKS
    return texts.decode(path.read_bytes(), file=path.name, encoding=encoding)[1].lower() != "utf-8"


def _guesses(connection: duckdb.DuckDBPyConnection, path: Path) -> bool:
    """Tell whether DuckDB takes cells of a text file for dates that do not begin with the year."""
    import duckdb

    if path.suffix.lower() not in DELIMITED:
        return False
    try:
        sniffed = connection.execute("SELECT DateFormat, TimestampFormat FROM sniff_csv($path)",
                                     {"path": glob.escape(str(path))})  # fmt: skip
    except duckdb.Error:  # no file of columns: reading it says so
        return False
    return any(told and not told.startswith("%Y") for told in sniffed.fetchall()[0])


def _together(
    paths: list[Path], folder: Path, encoding: str | None, spoilt: dict[str, tuple[int, str]]
) -> pd.DataFrame:
    """Return the tables of all files of a pattern one below the other, if their columns agree."""
    tables = [_table(p, p.relative_to(folder).as_posix(), encoding, spoilt) for p in paths]
    for path, table in zip(paths, tables, strict=True):
        if list(table) != list(tables[0]):
            raise DataError(
                f"{path.name} has other columns than {paths[0].name} ({list(table)}, there "
                f"{list(tables[0])}): name each by itself, and bring them together by `union all`."
            )
    return pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0]


def _table(
    path: Path, file: str, encoding: str | None, spoilt: dict[str, tuple[int, str]]
) -> pd.DataFrame:
    """Return a file's table, columns of numbers as numbers, unless zeros lead them."""
    sheet = read_content(path, path.read_bytes(), file=file, encoding=encoding).sheets[0]
    grid = lay_out(sheet, file=file)
    cells = grid.cells
    spoilt |= {f"{name} in {file}": told for name, told in grid.spoilt.items()}
    columns: dict[str, pd.Series] = {}
    for name, column in cells.items():
        bare = column.str.strip()
        numbers, stray = values.numbers(column)
        coded = bare.str.fullmatch(r"0\d+").any() or stray.any() or numbers.isna().all()
        if not coded and (numbers.dropna() % 1 == 0).all():
            columns[str(name)] = numbers.astype("Int64")
        else:
            columns[str(name)] = bare.mask(bare == "") if coded else numbers
    return pd.DataFrame(columns)
