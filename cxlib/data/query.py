"""The data room: SQL over the files of one client's data folder, and over nothing else."""

from __future__ import annotations

import glob
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from cxlib.data.cells import as_text
from cxlib.data.formats import Grid, header_names
from cxlib.data.readers import Raw, find, united
from cxlib.errors import DataError

if TYPE_CHECKING:
    import duckdb

SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".json", ".gz")
_READ_ONLY = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
"""A `with` may hold a COPY, INSERT, UPDATE or DELETE: nodes of other kinds than these."""
_RUNS_TEXT = {"query", "query_table", "json_execute_serialized_sql", "sniff_csv", "getenv"}
_NAME = "the query"


def read_sql(folder: Path, sql: str) -> Raw:
    """Run one ``select`` by DuckDB over the files of a client's data folder.

    Parameters
    ----------
    folder : Path
        The client's data folder. A file stands in the query by its path below it, in quotation
        marks: ``select * from 'a.csv' join 'b.parquet' using (id)``.
    sql : str
        One ``select`` statement.

    Returns
    -------
    Raw
        The rows of the answer; its files are those of the folder, since any may be read.

    Raises
    ------
    DataError
        If it is no single ``select``, fails, reaches outside the folder, or finds no rows.
    """
    import duckdb

    folder = folder.resolve()
    _refuse_links(folder)
    with duckdb.connect() as connection:
        confine(connection, folder)
        try:
            asked = _absolute(sql, folder)
            _refuse_writing(connection, asked)
            frame = connection.execute(asked).df()
        except duckdb.Error as error:
            raise DataError(f"the query cannot be run: {_first_line(str(error), folder)}") from None
    cells = pd.DataFrame({i: as_text(frame.iloc[:, i]) for i in range(frame.shape[1])})
    names = header_names([str(name) for name in frame.columns], _NAME)
    grid = Grid(names=names, cells=cells, rows=(frame.index.to_numpy() + 1).astype("int64"))
    return united([grid], names=[_NAME], hashes=[query_hash(folder, sql)])


def confine(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Let a connection read `folder` and nothing else, for good.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A fresh connection.
    folder : Path
        Absolute and resolved.
    """
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
    told = connection.execute("SELECT json_serialize_sql($sql)", {"sql": sql}).fetchone()
    tree = json.loads(told[0]) if told else {"error": True}
    if tree.get("error"):
        raise DataError("`sql:` must be one plain select statement.")
    todo = [tree]
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            kind, name = str(part.get("type", "")), str(part.get("function_name", "")).lower()
            if (kind.endswith("_NODE") and kind not in _READ_ONLY) or name in _RUNS_TEXT:
                what = name or kind.partition("_")[0].lower()
                raise DataError(f"`sql:` may only read; it holds {what!r}.")
            todo += part.values()
        elif isinstance(part, list):
            todo += part


def _absolute(sql: str, folder: Path) -> str:
    """Make the files that a query names absolute: DuckDB starts from the process's folder."""
    import duckdb

    content = sql.encode("utf-8")  # the tokenizer counts bytes
    tokens = duckdb.tokenize(sql)
    ends = [start for start, _ in tokens[1:]] + [len(content)]
    parts = [content[: tokens[0][0]].decode("utf-8")] if tokens else []
    for (start, _), end in zip(tokens, ends, strict=True):
        token = content[start:end].decode("utf-8")
        body = token.rstrip()
        literal = body[1:-1] if len(body) > 2 and body[0] in "'\"" and body[-1] == body[0] else ""
        if literal.lower().endswith(SUFFIXES) and not Path(literal).is_absolute():
            find(folder, literal)
            path = f"{glob.escape(str(folder))}/{literal}".replace("'", "''")
            token = f"'{path}'{token[len(body) :]}"
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
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _first_line(error: str, folder: Path) -> str:
    return error.split("\n", 1)[0].replace(f"{folder}/", "")
