"""The data room: canonical tables on disk, whole or not at all, the same bytes every time."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib.errors import DataError
from cxlib.workspace import file_digest, make_private

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.data.schema import Column

RECORD = "ingest.json"

_SQL_TYPES = {
    "str": "VARCHAR",
    "datetime64[us]": "TIMESTAMP",
    "float64": "DOUBLE",
    "Int64": "BIGINT",
    "boolean": "BOOLEAN",
}


def write_tables(
    folder: Path,
    frames: Mapping[str, tuple[pd.DataFrame, Sequence[Column]]],
    record: Mapping[str, Any],
) -> None:
    """Replace a client's tables and their record.

    Everything is written beside first. While files are swapped the record is away, so that a crash
    in between leaves tables that are made again, never half of the old and half of the new.

    Parameters
    ----------
    folder : Path
        ``.cx/<client>/tables``.
    frames : mapping
        By table: the frame and its columns.
    record : mapping
        What stands in `RECORD`.
    """
    make_private(folder)
    with _beside(folder) as aside:
        digests = {}
        for name, (frame, columns) in frames.items():
            _write(frame, columns, aside / f"{name}.parquet")
            digests[name] = file_digest(aside / f"{name}.parquet")
        text = json.dumps({**record, "digests": digests}, ensure_ascii=False, indent=1) + "\n"
        (aside / RECORD).write_text(text, encoding="utf-8")
        for path in aside.iterdir():
            path.chmod(0o600)
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


def read_frame(path: Path, dtypes: Mapping[str, str]) -> pd.DataFrame:
    """Return a table with its canonical dtypes.

    Parameters
    ----------
    path : Path
        A parquet file that `write_tables` wrote.
    dtypes : mapping of str to str
        The columns to read, with their dtypes.

    Raises
    ------
    DataError
        If the file is damaged.
    """
    import duckdb

    listed = ", ".join(_quoted(name) for name in dtypes)
    try:
        with duckdb.connect() as connection:
            connection.execute("SET threads = 1")
            query = f"SELECT {listed} FROM read_parquet($path)"
            frame: pd.DataFrame = connection.execute(query, {"path": _literal(path)}).df()
    except duckdb.Error:
        raise DataError(f"the table {path} is damaged; the next run makes it again.") from None
    return frame.astype(dict(dtypes))


def read_coded(path: Path, key: str, columns: Sequence[str]) -> pd.DataFrame:
    """Return a table's columns with its ids as a category.

    Raises
    ------
    DataError
        If the file is damaged.
    """
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


def _write(frame: pd.DataFrame, columns: Sequence[Column], path: Path) -> None:
    import duckdb

    casts = ", ".join(
        f"CAST({_quoted(column.name)} AS {_SQL_TYPES[column.dtype]}) AS {_quoted(column.name)}"
        for column in columns
    )
    target = str(path).replace("'", "''")
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")  # one order of rows, one order of row groups
        connection.register("frame", frame)
        connection.execute(
            f"COPY (SELECT {casts} FROM frame) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
        )


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
