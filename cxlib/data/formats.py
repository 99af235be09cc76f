"""The data room: one raw file, in the format its suffix names, as a grid of text cells."""

from __future__ import annotations

import csv
import glob
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cxlib.data._extent import check_extent
from cxlib.data.cells import as_text, cell_text
from cxlib.data.encoding import decode
from cxlib.errors import DataError, SetupError, nearest

DELIMITED = (".csv", ".tsv", ".txt")
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
SUFFIXES = (*DELIMITED, *WORKBOOKS, ".parquet", ".sav")
SEPARATORS = (",", ";", "\t", "|")
_SAMPLE = 65536
_BREAK = re.compile(r"\r\n|\r|\n")
_BLANK = r"(?:[ \t]*(?:\r\n|\r|\n))*"
_ABOVE = re.compile(_BLANK + r'(?:"?sep=(?P<separator>[^\r\n"])"?(?:\r\n|\r|\n))?' + _BLANK)
"""What stands above the header and is no row: empty lines, and Excel's own ``sep=;``."""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The text cells of one file under its column names.

    Parameters
    ----------
    names : list of str
        The header, blanks collapsed; empty where a column has none.
    cells : pandas.DataFrame
        One ``str`` column a name, by position; a missing cell is an empty text.
    rows : numpy.ndarray of int
        The number of each row as a spreadsheet shows it.
    """

    names: list[str]
    cells: pd.DataFrame
    rows: np.ndarray[Any, np.dtype[np.int64]]


def read_grid(
    path: Path,
    content: bytes,
    *,
    file: str,
    sheet: str | None = None,
    header_rows: int = 1,
    encoding: str | None = None,
    separator: str | None = None,
) -> Grid:
    """Read one raw file.

    Parameters
    ----------
    path : Path
        Where it lies; its suffix names the format.
    content : bytes
        All of it.
    file : str
        What a message calls the file.
    sheet : str, optional
        The sheet of a workbook; without it, the first.
    header_rows : int
        Rows above the data: the first is the header, the rest are skipped (Qualtrics writes three).
    encoding, separator : str, optional
        Of a text file; without them, tried and detected.

    Returns
    -------
    Grid
        All rows below the header.

    Raises
    ------
    DataError
        If the file is empty, truncated, unreadable, or has a duplicate header.
    SetupError
        If the format needs an extra that is not installed.
    """
    suffix = path.suffix.lower()
    if not content.strip():
        raise DataError(f"{file} is empty.")
    if suffix in DELIMITED:
        text = decode(content, file=file, encoding=encoding)
        return _below_header(_delimited(text, file, separator), file, header_rows)
    if suffix in WORKBOOKS:
        return _below_header(_workbook(content, file, sheet), file, header_rows)
    if suffix == ".parquet":
        return _typed(_parquet(path, file), file)
    if suffix == ".sav":
        return _typed(_sav(path, file), file)
    raise DataError(f"{file}: the kit does not read {suffix or 'files without a suffix'}"
                    f"{nearest(suffix, SUFFIXES)}")  # fmt: skip


def _delimited(text: str, file: str, separator: str | None) -> pd.DataFrame:
    above = _ABOVE.match(text)
    skipped, text = (len(_BREAK.findall(above[0])), text[above.end() :]) if above else (0, text)
    if not text.strip():
        raise DataError(f"{file} is empty.")
    separator = separator or (above and above["separator"]) or _separator(text)
    try:
        grid = pd.read_csv(
            io.StringIO(text, newline=""),
            sep=separator,
            header=None,
            dtype=str,
            na_filter=False,
            skip_blank_lines=False,
            engine="c",
        )
        lengths = _lengths(text, separator)
    except (pd.errors.ParserError, csv.Error) as error:
        raise DataError(_unreadable(str(error), file, skipped)) from None
    blank = np.array([length <= 1 for length in lengths]) & (grid.iloc[:, 0].str.strip() == "")
    short = np.flatnonzero((np.array(lengths) < grid.shape[1]) & ~blank)
    if short.size:
        row = skipped + int(short[0]) + 1
        counts = f"has {lengths[short[0]]} fields of {grid.shape[1]}"
        if short[0] == len(lengths) - 1:
            raise DataError(f"{file} is truncated: its last row, {row}, {counts}.")
        raise DataError(
            f"{file}: row {row} {counts} ({short.size} such); a line break or separator inside "
            "a text must stand in quotation marks; an .xlsx file has no such trouble."
        )
    return grid if not skipped else _with_blank_rows(grid, skipped)


def _with_blank_rows(grid: pd.DataFrame, n: int) -> pd.DataFrame:
    """Put `n` empty rows above a grid, so that its rows keep the numbers that people see."""
    blank = pd.DataFrame("", index=range(n), columns=grid.columns, dtype="str")
    return pd.concat([blank, grid], ignore_index=True)


def _lengths(text: str, separator: str) -> list[int]:
    """Return each record's number of fields, which pandas does not tell when one is short."""
    if '"' not in text:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
        return [line.count(separator) + 1 for line in lines]
    return [len(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator)]


def _separator(text: str) -> str:
    """Return the separator whose number of fields agrees best between header and rows."""
    sample = text[:_SAMPLE]
    best, merit = ",", (0.0, 1)
    for separator in SEPARATORS:
        rows = [
            row for row in csv.reader(io.StringIO(sample, newline=""), delimiter=separator) if row
        ]
        rows = rows[:-1] if len(sample) < len(text) and len(rows) > 1 else rows
        width = len(rows[0]) if rows else 0
        if width < 2:
            continue
        agree = sum(len(row) == width for row in rows) / len(rows)
        if (agree, width) > merit:
            best, merit = separator, (agree, width)
    return best


def _unreadable(error: str, file: str, skipped: int) -> str:
    fields = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", error)
    if fields:
        expected, line, saw = map(int, fields.groups())
        if expected == 1 and line == 2:
            return (
                f"{file}: line {skipped + 1} has 1 field and line {skipped + 2} {saw}; if it is a "
                "title above the column names, delete it."
            )
        return (
            f"{file}: line {skipped + line} has {saw} fields, its header {expected}; a separator "
            "inside a text must stand in quotation marks, or declare `separator:` under `source:`."
        )
    quote = re.search(r"EOF inside string starting at row (\d+)", error)
    if quote:
        return (
            f"{file}: row {skipped + int(quote[1]) + 1} opens a quotation mark that never closes; "
            "the file is truncated or its quotation marks are not doubled."
        )
    return f"{file} cannot be read as separated text: {error.strip()}"


def _workbook(content: bytes, file: str, sheet: str | None) -> pd.DataFrame:
    import python_calamine as calamine

    check_extent(content, file)
    try:
        book = calamine.CalamineWorkbook.from_object(io.BytesIO(content))
        names = list(book.sheet_names)
        if sheet is not None and sheet not in names:
            raise DataError(f"{file} has no sheet {sheet!r}{nearest(sheet, names)}")
        name = sheet if sheet is not None else names[0]
        cells = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except calamine.PasswordError:
        raise DataError(f"{file} is protected by a password; save it without one.") from None
    except (calamine.CalamineError, IndexError, OSError) as error:
        raise DataError(f"{file} is truncated or no workbook: {error}.") from None
    if not cells or not any(cell_text(cell).strip() for row in cells for cell in row):
        raise DataError(f"{file}: sheet {name!r} is empty.")
    columns = zip(*cells, strict=True)
    return pd.DataFrame(
        {
            i: pd.Series([cell_text(cell) for cell in column], dtype="str")
            for i, column in enumerate(columns)
        }
    )


def _below_header(grid: pd.DataFrame, file: str, header_rows: int) -> Grid:
    filled = (grid != "").any(axis=1)
    header = int(filled.to_numpy().argmax())
    names = header_names(grid.iloc[header].tolist(), file)
    _not_a_title(names, grid, header, file)
    cells = grid.iloc[header + header_rows :]
    rows = np.arange(header + header_rows + 1, len(grid) + 1, dtype=np.int64)
    return Grid(names=names, cells=cells.reset_index(drop=True), rows=rows)


def _not_a_title(names: list[str], grid: pd.DataFrame, header: int, file: str) -> None:
    """Raise DataError where one text stands alone above rows of several."""
    alone = [name for name in names if name]
    below = grid.iloc[header + 1 : header + 2]
    if len(alone) == 1 and ((below != "").sum(axis=1) > 1).any():
        raise DataError(
            f"{file}: row {header + 1} holds {alone[0]!r} alone, a title above the column names; "
            "delete that row, so that the column names come first."
        )


def header_names(header: list[str], file: str) -> list[str]:
    """Return column names with their blanks collapsed.

    Raises
    ------
    DataError
        If two columns have one name.
    """
    names = [" ".join(str(name).replace("\ufeff", "").split()) for name in header]
    for name in dict.fromkeys(filter(None, names)):
        places = [str(i + 1) for i, other in enumerate(names) if other == name]
        if len(places) > 1:
            raise DataError(
                f"{file}: the header {name!r} stands over {len(places)} columns "
                f"({', '.join(places)}); rename all but one."
            )
    return names


def _typed(frame: pd.DataFrame, file: str) -> Grid:
    names = header_names([str(name) for name in frame.columns], file)
    cells = pd.DataFrame({i: as_text(frame.iloc[:, i]) for i in range(frame.shape[1])})
    return Grid(names=names, cells=cells, rows=np.arange(1, len(frame) + 1, dtype=np.int64))


def _parquet(path: Path, file: str) -> pd.DataFrame:
    import duckdb

    try:
        with duckdb.connect() as connection:
            frame: pd.DataFrame = connection.read_parquet(glob.escape(str(path))).df()
            return frame
    except duckdb.Error:
        raise DataError(f"{file} is truncated or no parquet file.") from None


def _sav(path: Path, file: str) -> pd.DataFrame:
    try:
        import pyreadstat
    except ImportError:
        raise SetupError(
            f"{file} is an SPSS file, which needs an extra: pip install 'cxlib[sav]'"
        ) from None
    try:
        frame, _ = pyreadstat.read_sav(str(path))
    except (pyreadstat.ReadstatError, UnicodeDecodeError) as error:
        raise DataError(f"{file} is truncated or no SPSS file: {error}.") from None
    return pd.DataFrame(frame)
