"""The data room: canonical tables on disk, whole or not at all, the same bytes every time."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib.errors import DataError
from cxlib.workspace import file_digest, make_private, make_way

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from cxlib.data.schema import Column

RECORD = "ingest.json"
PIECE = 100
"""Of 2,048 rows each, as DuckDB hands them over: a piece of some 200,000 rows."""
GROUP = 20_480
"""Rows that lie together in a table's file: so many texts are in memory while it is written."""

_SQL_TYPES = {
    "str": "VARCHAR",
    "datetime64[us]": "TIMESTAMP",
    "float64": "DOUBLE",
    "Int64": "BIGINT",
    "boolean": "BOOLEAN",
}


def write_tables(
    folder: Path,
    frames: Mapping[str, tuple[Iterable[pd.DataFrame], Sequence[Column]]],
    record: Mapping[str, Any],
) -> None:
    """Replace a client's tables (by name: pieces, one below the other, and columns) and record.

    Everything is written beside first. While files are swapped the record is away, so that a crash
    in between leaves tables that are made again, never half of the old and half of the new.
    """
    make_private(folder)
    with _beside(folder) as aside:
        digests = {}
        for name, (pieces, columns) in frames.items():
            _write(pieces, columns, aside / f"{name}.parquet")
            digests[name] = file_digest(aside / f"{name}.parquet")
        text = json.dumps({**record, "digests": digests}, ensure_ascii=False, indent=1) + "\n"
        (aside / RECORD).write_text(text, encoding="utf-8")
        for path in aside.iterdir():
            path.chmod(0o600)
        for path in (folder / RECORD, *folder.glob("*.parquet")):
            make_way(path)
        (folder / RECORD).unlink(missing_ok=True)
        for path in folder.glob("*.parquet"):
            if path.stem not in frames:
                path.unlink()
        for name in frames:
            (aside / f"{name}.parquet").replace(folder / f"{name}.parquet")
        (aside / RECORD).replace(folder / RECORD)


def read_record(folder: Path) -> dict[str, Any] | None:
    """Return the record of a client's tables, or None if there is none that can be read."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def are_whole(folder: Path, digests: Mapping[str, str]) -> bool:
    """Return whether files are there as they were written, by their SHA-256."""
    try:
        return all(file_digest(folder / name) == digest for name, digest in digests.items())
    except OSError:
        return False


def read_frame(
    path: Path,
    dtypes: Mapping[str, str],
    where: str = "TRUE",
    given: Mapping[str, Any] | None = None,
    *,
    share: float = 1.0,
) -> pd.DataFrame:
    """Return columns of a table that `write_tables` wrote, with their canonical dtypes.

    Only the rows `where` a condition of SQL holds, with the values `given` by name; of these a
    `share`, drawn by chance, the same rows whatever the columns. A text that repeats stands once in
    memory, and a column is put together at a time.
    """
    import duckdb
    import pandas as pd

    listed = ", ".join(_quoted(name) for name in dtypes)
    lots = "" if share >= 1 else f" AND hash(file_row_number) < {int(share * 2**64)}::UBIGINT"
    table = f"read_parquet($path{lots and ', file_row_number = true'})"
    query = f"SELECT {listed} FROM {table} WHERE ({where}){lots}"
    parts: list[pd.DataFrame] = []
    repeats: set[str] = set()
    try:
        with own_connection().cursor() as cursor:
            cursor.execute(query, {"path": _literal(path), **(given or {})})
            while len(part := cursor.fetch_df_chunk(PIECE)) or not parts:
                if len(parts) == 1:
                    texts = [n for n in dtypes if dtypes[n] == "str"]
                    repeats = {n for n in texts if parts[0][n].nunique() < len(parts[0]) / 2}
                    parts[0] = _once(parts[0], repeats)
                parts.append(_once(part, repeats) if parts else part)
    except duckdb.Error:
        raise DataError(f"the table {path} is damaged; the next run makes it again.") from None
    if len(parts) == 1:
        return parts[0].astype(dict(dtypes))
    columns: dict[str, Any] = {}
    for name, dtype in dtypes.items():
        cells = [part.pop(name) for part in parts]
        both = pd.api.types.union_categoricals(cells) if name in repeats else pd.concat(cells)
        columns[name] = pd.DataFrame({name: both}).astype({name: dtype})[name].array
        del cells, both
    return pd.DataFrame(columns, copy=False)


def _once(part: pd.DataFrame, repeats: set[str]) -> pd.DataFrame:
    return part.astype(dict.fromkeys(repeats, "category"))


def read_distinct(path: Path, value: str, where: str = "TRUE") -> list[Any]:
    """Return the values of an expression of SQL, in the order in which they first come."""
    import duckdb

    query = f"""SELECT v FROM (
        SELECT {value} AS v, file_row_number AS place
        FROM read_parquet($path, file_row_number = true) WHERE {where}
    ) GROUP BY v ORDER BY min(place)"""
    try:
        with own_connection().cursor() as cursor:
            return [row[0] for row in cursor.execute(query, {"path": _literal(path)}).fetchall()]
    except duckdb.Error:
        raise DataError(f"the table {path} is damaged; the next run makes it again.") from None


def count_rows(path: Path, where: str, given: Mapping[str, Any]) -> int:
    """Return how many rows there are `where` a condition of SQL holds, as `read_frame` has it."""
    import duckdb

    query = f"SELECT count(*) FROM read_parquet($path) WHERE {where}"
    try:
        with own_connection().cursor() as cursor:
            told = {"path": _literal(path), **given}
            return int(cursor.execute(query, told).fetchall()[0][0])
    except duckdb.Error:
        raise DataError(f"the table {path} is damaged; the next run makes it again.") from None


@cache
def own_connection() -> duckdb.DuckDBPyConnection:
    """Return a connection without threads, which a fork keeps: opening one takes six reads."""
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET enable_progress_bar = false")
    with contextlib.suppress(duckdb.Error):  # before DuckDB 2 there are none
        connection.execute("SET async_threads = 0")
    return connection


def read_narrow(path: Path, dtypes: Mapping[str, str], kinds: Mapping[str, str]) -> pd.DataFrame:
    """Return columns of a table in a fraction of the memory, read one at a time.

    A column's kind may be ``category``: text as a categorical; or ``id``: a pseudonym as a number,
    the first 60 of its 128 bits (in one log of 20,000, two of ten million ids would be the same).
    Numbers take less room where that is exact.
    """
    import duckdb
    import pandas as pd

    columns: dict[str, Any] = {}
    named = _literal(path).replace("'", "''")
    rows = f"FROM read_parquet('{named}')"
    try:
        with duckdb.connect() as connection:
            connection.execute("SET threads = 1")
            connection.execute("SET enable_progress_bar = false")
            for name, published in dtypes.items():
                wanted, dtype = _quoted(name), published
                if kinds.get(name) == "category":
                    levels = (
                        f"SELECT DISTINCT {wanted} {rows} WHERE {wanted} IS NOT NULL ORDER BY 1"
                    )
                    connection.execute(f"CREATE OR REPLACE TEMP TYPE level AS ENUM ({levels})")
                    found = connection.execute(f"SELECT {wanted}::level AS v {rows}").df()["v"]
                    columns[name] = found.cat.as_unordered()
                    continue
                if kinds.get(name) == "id":
                    wanted, dtype = f"('0x' || {wanted}[1:15])::BIGINT", "Int64"
                elif dtype == "float64":
                    exact = f"SELECT bool_and({wanted}::FLOAT::DOUBLE = {wanted}) {rows}"
                    dtype = "float32" if connection.execute(exact).fetchall()[0][0] else dtype
                elif dtype == "Int64":
                    most = connection.execute(f"SELECT max(abs({wanted})) {rows}").fetchall()[0][0]
                    dtype = "Int16" if (most or 0) < 2**15 else dtype
                cells = connection.execute(f"SELECT {wanted} AS v {rows}").fetchnumpy()["v"]
                columns[name] = _column(cells, dtype)
    except duckdb.Error:
        raise DataError(f"the table {path} is damaged; the next run makes it again.") from None
    return pd.DataFrame(columns, copy=False)


def _column(cells: Any, dtype: str) -> Any:
    """Return what DuckDB hands over, masked where it is missing, in a dtype of pandas."""
    import numpy as np
    import pandas as pd

    gone, data = np.ma.getmaskarray(cells), np.ma.getdata(cells)
    if dtype == "boolean":
        return pd.arrays.BooleanArray(data.astype(bool), gone)
    if dtype.startswith("Int"):
        whole = data.astype(dtype.lower(), copy=False)
        return pd.arrays.IntegerArray(whole, gone) if gone.any() else whole
    data = data.astype(dtype, copy=False)
    data[gone] = "NaT" if dtype.startswith("datetime") else np.nan
    return data


def read_coded(path: Path, key: str, columns: Sequence[str]) -> pd.DataFrame:
    """Return a table's columns with its ids as a category."""
    import duckdb
    import pandas as pd

    listed = "".join(f", {_quoted(name)}" for name in columns)
    query = f"SELECT {_quoted(key)}::ids AS {_quoted(key)}{listed} FROM read_parquet($path)"
    where = {"path": _literal(path)}
    try:
        with duckdb.connect() as connection:
            connection.execute("SET threads = 1")
            ids = connection.execute(
                f"SELECT DISTINCT {_quoted(key)} FROM read_parquet($path) ORDER BY 1", where
            ).df()[key]
            connection.register("known", pd.DataFrame({"id": ids}))
            connection.execute("CREATE TYPE ids AS ENUM (SELECT id FROM known)")
            frame: pd.DataFrame = connection.execute(query, where).df()
    except duckdb.Error:
        raise DataError(f"the table {path} is damaged; the next run makes it again.") from None
    return frame


def _write(pieces: Iterable[pd.DataFrame], columns: Sequence[Column], path: Path) -> None:
    import duckdb

    casts = ", ".join(
        f"CAST({_quoted(column.name)} AS {_SQL_TYPES[column.dtype]}) AS {_quoted(column.name)}"
        for column in columns
    )

    def save(rows: str, target: Path) -> None:
        named = str(target).replace("'", "''")
        how = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {GROUP}"
        connection.execute(f"COPY ({rows}) TO '{named}' ({how})")

    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")  # one order of rows, one order of row groups
        connection.execute("SET enable_progress_bar = false")
        parts: list[Path] = []
        for frame in pieces:
            connection.register("frame", frame)
            parts.append(path.with_suffix(f".{len(parts)}"))
            save(f"SELECT {casts} FROM frame", parts[-1])
            connection.unregister("frame")
        if len(parts) == 1:
            parts[0].replace(path)
            return
        listed = ", ".join("'" + _literal(part).replace("'", "''") + "'" for part in parts)
        save(f"SELECT * FROM read_parquet([{listed}])", path)
        for part in parts:
            part.unlink()


@contextlib.contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-{os.getpid()}-"))
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(path: Path) -> str:
    """Return a path that DuckDB does not take for a pattern."""
    import glob

    return glob.escape(str(path))
