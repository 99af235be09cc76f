"""The data room: a client's raw files, one or many, as one frame of text that knows its rows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cxlib.data.formats import SUFFIXES, Grid, read_grid
from cxlib.errors import DataError, nearest

_GLOB = re.compile(r"[*?\[]")
Integers = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, kw_only=True)
class RawFile:
    """One file as it was read.

    Parameters
    ----------
    name : str
        Its path below the client's data folder.
    sha256 : str
        The hash of its bytes.
    rows : int
        Its rows below the header.
    absent : tuple of str
        Columns that other files of the same source have and this one lacks.
    """

    name: str
    sha256: str
    rows: int
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Raw:
    """The rows of a source, all cells as text.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``str`` columns by the files' own headers; no answer is an empty text.
    files : tuple of RawFile
        What was read, in order.
    file : numpy.ndarray of int
        For each row, which of `files` it stands in.
    row : numpy.ndarray of int
        For each row, its number as a spreadsheet shows it.
    empty : int
        Wholly empty rows, which are not in `frame`.
    period : pandas.Series or None
        For each row, the period that its file's name says.
    """

    frame: pd.DataFrame
    files: tuple[RawFile, ...]
    file: Integers
    row: Integers
    empty: int = 0
    period: pd.Series | None = field(default=None)

    def at(self, position: int) -> str:
        """Return where the row at `position` stands: ``survey.csv row 17``."""
        return f"{self.files[self.file[position]].name} row {self.row[position]}"

    @property
    def name(self) -> str:
        """What a message calls the source."""
        names = [file.name for file in self.files]
        return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"

    @property
    def columns(self) -> list[str]:
        """The names of all columns."""
        return [str(name) for name in self.frame.columns]


def read(
    folder: Path,
    files: str,
    *,
    sheet: str | None = None,
    header_rows: int = 1,
    encoding: str | None = None,
    separator: str | None = None,
    period_from: str | None = None,
) -> Raw:
    """Read one file, or all files of a pattern one below the other.

    Parameters
    ----------
    folder : Path
        The client's data folder; nothing outside it is read.
    files : str
        A path or glob below `folder`: ``survey.csv``, ``survey_*.xlsx``. Files whose columns differ
        are united by name; a column that a file lacks is empty there, and `RawFile.absent` says so.
    sheet, header_rows, encoding, separator
        See `cxlib.data.formats.read_grid`.
    period_from : str, optional
        A regular expression on the file's name whose group ``period`` is the period of its rows.

    Returns
    -------
    Raw
        All rows that are not wholly empty.

    Raises
    ------
    DataError
        If a path leaves the folder, no file is found, one cannot be read, its name tells no
        period, or there are no rows at all.
    """
    paths = find(folder, files)
    grids: list[Grid] = []
    hashes: list[str] = []
    for path in paths:
        content = _content(path, _shown(path, folder))
        hashes.append(hashlib.sha256(content).hexdigest())
        grids.append(
            read_grid(
                path,
                content,
                file=_shown(path, folder),
                sheet=sheet,
                header_rows=header_rows,
                encoding=encoding,
                separator=separator,
            )
        )
    return united(
        grids,
        names=[_shown(path, folder) for path in paths],
        hashes=hashes,
        periods=[_period(path, folder, period_from) for path in paths] if period_from else None,
    )


def find(folder: Path, files: str) -> list[Path]:
    """Return the files that a path or glob names, sorted by name.

    Raises
    ------
    DataError
        If it leaves the folder, names a directory, or finds nothing.
    """
    if not folder.is_dir():
        raise DataError(f"the client's data folder {folder} does not exist.")
    if Path(files).is_absolute() or ".." in Path(files).parts or files.startswith("~"):
        raise DataError(f"{files!r} leaves the client's data folder; a source lies below it.")
    try:
        found = _found(folder, files)
    except (OSError, ValueError) as error:  # no path of this system, or no pattern
        raise DataError(f"{files!r} cannot be looked for: {error}.") from None
    if not found:
        raise DataError(f"no file {files!r} in {folder.name}{nearest(files, _readable(folder))}")
    for path in found:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise DataError(
                f"{_shown(path, folder)} is a link out of the client's data folder; copy it."
            )
    return found


def _found(folder: Path, files: str) -> list[Path]:
    literal = folder / files
    if literal.is_dir():
        raise DataError(
            f"{files} is a directory; name a file, or a pattern such as '{files}/*.csv'."
        )
    if literal.is_file():
        return [literal]
    if not _GLOB.search(files):
        return []
    return sorted(p for p in folder.glob(files) if p.is_file() and p.name[0] not in "~.")


def _readable(folder: Path) -> Iterable[str]:
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    return [_shown(path, folder) for path in paths]


def united(
    grids: list[Grid], *, names: list[str], hashes: list[str], periods: list[str] | None = None
) -> Raw:
    """Stack grids one below the other by the names of their columns.

    Parameters
    ----------
    grids : list of Grid
        One a file.
    names, hashes : list of str
        The files' names and the hashes of their bytes.
    periods : list of str, optional
        The period of each file.

    Raises
    ------
    DataError
        If there are no rows at all.
    """
    columns = list(dict.fromkeys(name for grid in grids for name in grid.names if name))
    parts: list[pd.DataFrame] = []
    keep: list[np.ndarray[Any, np.dtype[np.bool_]]] = []
    for grid in grids:
        part = grid.cells.set_axis(grid.names, axis=1)
        filled = np.zeros(len(part), dtype=bool)
        for position in range(part.shape[1]):
            filled |= (part.iloc[:, position].str.strip() != "").to_numpy(dtype=bool)
        named = part.loc[filled, [name != "" for name in grid.names]]
        parts.append(named.reindex(columns=columns, fill_value="").astype("str"))
        keep.append(filled)
    frame = pd.concat(parts, ignore_index=True)
    if frame.empty:
        raise DataError(f"{names[0]} has a header and no rows below it.")
    file = np.repeat(np.arange(len(grids)), [len(part) for part in parts])
    return Raw(
        frame=frame,
        files=tuple(
            RawFile(
                name=name,
                sha256=sha256,
                rows=len(grid.rows),
                absent=tuple(column for column in columns if column not in set(grid.names)),
            )
            for grid, name, sha256 in zip(grids, names, hashes, strict=True)
        ),
        file=file,
        row=np.concatenate([grid.rows[mask] for grid, mask in zip(grids, keep, strict=True)]),
        empty=int(sum((~mask).sum() for mask in keep)),
        period=pd.Series(np.array(periods, dtype=object)[file], dtype="str") if periods else None,
    )


def file_hash(path: Path, name: str) -> str:
    """Return the hash of a file's bytes.

    Raises
    ------
    DataError
        If the file cannot be read; calls it `name`.
    """
    return hashlib.sha256(_content(path, name)).hexdigest()


def _content(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}.") from None


def _period(path: Path, folder: Path, pattern: str) -> str:
    found = re.search(pattern, path.name)
    if found is None or not found["period"]:
        raise DataError(
            f"the name {_shown(path, folder)} tells no period: it does not match {pattern!r}."
        )
    return str(found["period"])


def _shown(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()
