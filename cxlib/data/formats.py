"""One raw file, in the format its content tells, as sheets of text cells."""

from __future__ import annotations

import datetime as dt
import glob
import gzip
import io
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cxlib.data import text as texts
from cxlib.errors import DataError, SetupError, nearest

DELIMITED = (".csv", ".tsv", ".txt")
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
PAGES = (".html", ".htm")
SUFFIXES = (*DELIMITED, *WORKBOOKS, *PAGES, ".parquet", ".sav")
LARGEST = 100_000_000
"""Cells from A1 to the last one. More is no table but a stray cell: Excel's whole grid is 17
thousand million, which the reader would lay out in memory."""

UNPACKED = 2_000_000_000
"""Bytes that a packed file may hold: more is no survey, or a bomb."""

_EXACT = 2.0**63
_OLE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
_FILLED = re.compile(rb"<(?:\w+:)?c\s(?:[^>]*?\s)?r\s*=\s*[\"']([A-Z]+)(\d+)[\"']([^>]*)>")
_UNNAMED = re.compile(rb"<(?:\w+:)?c(?:>|\s(?!(?:[^>]*?\s)?r\s*=)[^>]*>)")
_ROW = re.compile(rb"<(?:\w+:)?row\s(?:[^>]*?\s)?r\s*=\s*[\"'](\d+)[\"']")
_ODS = re.compile(rb"<table:(table|table-row|table-cell|covered-table-cell)(\s[^>]*|/?)>")
_REPEATED = re.compile(rb"number-(?:rows|columns)-repeated\s*=\s*[\"']\s*(\d+)")
_CELLS = {*range(2, 12), 62}
"""Records of an .xlsb sheet that are cells and hold something."""
_PIECE = 1 << 22
_SAME_LINE = re.compile(r"[^\r\n]*\t[^\r\n]*[\r\n]")

Named = Callable[[list[str]], int]


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table's cells as they stand: `rows` of text, `merged` ranges as (row, column) pairs."""

    name: str = ""
    rows: list[list[str]]
    merged: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Content:
    """A file's sheets; `typed` ones come from a format whose first row is the names.

    `hidden` sheets are not read; `encoding`, `sample` and `separator` tell how text was read, `odd`
    what the file is where its name says otherwise.
    """

    sheets: list[Sheet]
    hidden: dict[str, Sheet] = field(default_factory=dict)
    encoding: str = ""
    sample: str = ""
    separator: str = ""
    odd: str = ""
    typed: bool = False


_NO_TABLES = {  # how files begin that somebody gave a table's name
    rb"%PDF-": "a PDF",
    rb"\x89PNG|\xff\xd8\xff|GIF8": "a picture",
    rb"\[\s*[\[{]|\{\s*\"": "JSON",
}


def read_content(
    path: Path,
    content: bytes,
    *,
    file: str,
    named: Named = len,
    sheet: str | None = None,
    encoding: str | None = None,
    separator: str | None = None,
) -> Content:
    """Read one raw file; what it is, its content says before its name does."""
    suffix = path.suffix.lower()
    if suffix == ".gz":
        suffix, content = Path(path.stem).suffix.lower(), _unpacked(content, file)
    if suffix not in SUFFIXES:
        raise DataError(
            f"{file}: the kit does not read {suffix or 'files without a suffix'}"
            f"{nearest(suffix, SUFFIXES)}"
        )
    if not content.strip():
        raise DataError(f"{file} is empty.")
    if suffix == ".parquet":
        return _typed(_parquet(path, file))
    if suffix == ".sav":
        return _typed(_sav(path, file))
    if content.startswith((_ZIP, _OLE)):
        book = _workbook(content, file, sheet)
        odd = "" if suffix in WORKBOOKS else f"{file} is an Excel workbook, whatever its name says"
        return Content(sheets=book[0], hidden=book[1], odd=odd)
    head = content[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    for start, kind in _NO_TABLES.items():
        if re.match(start, head):
            raise DataError(f"{file} is {kind}, not a table; export it as csv or xlsx.")
    if suffix in PAGES or re.match(
        rb"<(!doctype|html|table|\?xml|meta|head|body|div|style)", head, re.IGNORECASE
    ):
        return _page(content, file, encoding, odd=suffix not in PAGES)
    if suffix in WORKBOOKS and not _is_separated(content):
        raise DataError(
            f"{file} is truncated or no workbook: open it in Excel and save it as xlsx, or as csv."
        )
    text, read_in = texts.decode(content, file=file, encoding=encoding)
    rows, found = texts.delimited(text, file, separator, named)
    odd = f"{file} is separated text, whatever its name says" if suffix in WORKBOOKS else ""
    return Content(
        sheets=[Sheet(rows=rows)],
        encoding=read_in,
        sample=texts.sample(rows),
        separator=found,
        odd=odd,
    )


def _unpacked(content: bytes, file: str) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            unpacked = packed.read(UNPACKED + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{file} is truncated or no gzip file: {error}.") from None
    if len(unpacked) > UNPACKED:
        raise DataError(f"{file} holds over {UNPACKED:,} bytes; unpack it and read it by `sql:`.")
    return unpacked


def _is_separated(content: bytes) -> bool:
    try:
        text, _encoding = texts.decode(content, file="")
    except DataError:
        return False
    return _SAME_LINE.match(text) is not None or text.split("\n", 1)[0].count(",") > 0


def _page(content: bytes, file: str, encoding: str | None, *, odd: bool) -> Content:
    declared = re.search(rb"charset=[\"']?([\w-]+)", content[:4096], re.IGNORECASE)
    try:
        text, read_in = texts.decode(content, file=file, encoding=encoding)
    except DataError:
        if declared is None:
            raise
        text, read_in = texts.decode(content, file=file, encoding=declared[1].decode("ascii"))
    tables = texts.html_tables(text)
    if not tables:
        raise DataError(f"{file} is an HTML or XML page without a table; save it as xlsx or csv.")
    sheets = [Sheet(name=f"table {i + 1}", rows=rows) for i, rows in enumerate(tables)]
    told = f"{file} is an HTML or XML page, whatever its name says" if odd else ""
    sample = texts.sample(row for table in tables for row in table)
    return Content(sheets=sheets, encoding=read_in, sample=sample, odd=told)


def _workbook(content: bytes, file: str, sheet: str | None) -> tuple[list[Sheet], dict[str, Sheet]]:
    """Return the visible sheets that a name or pattern calls for, and the hidden ones."""
    import python_calamine as calamine

    check_extent(content, file)
    shown, hidden, unsaved = [], {}, texts.unsaved_formulas(content)
    try:
        book = calamine.CalamineWorkbook.from_object(io.BytesIO(content))
        metadata = [m for m in book.sheets_metadata if m.typ == calamine.SheetTypeEnum.WorkSheet]
        names = [m.name for m in metadata]
        wanted = [name for name in names if sheet is None or matches(name, sheet)]
        if not wanted:
            raise DataError(f"{file} has no sheet {sheet!r}{nearest(sheet or '', names)}")
        for found in metadata:
            if found.name not in wanted:
                continue
            page = book.get_sheet_by_name(found.name)
            rows = [[cell_text(c) for c in row] for row in page.to_python(skip_empty_area=False)]
            for i, j in unsaved.get(found.name, ()):
                if i < len(rows) and j < len(rows[i]) and not rows[i][j]:
                    rows[i][j] = texts.UNSAVED
            read = Sheet(name=found.name, rows=rows, merged=_merged(page))
            if found.visible == calamine.SheetVisibleEnum.Visible or sheet == found.name:
                shown.append(read)
            else:
                hidden[found.name] = read
    except calamine.PasswordError:
        raise DataError(f"{file} is protected by a password; save it without one.") from None
    except (calamine.CalamineError, IndexError, OSError) as error:
        raise DataError(f"{file} is truncated or no workbook: {error}.") from None
    filled = [page for page in shown if any(cell.strip() for row in page.rows for cell in row)]
    if not filled:
        listed = ", ".join(repr(page.name) for page in shown) or "every sheet"
        raise DataError(f"{file}: sheet {listed} is empty.")
    return filled, hidden


def _merged(page: Any) -> tuple[tuple[tuple[int, int], tuple[int, int]], ...]:
    try:
        return tuple(page.merged_cell_ranges or ())
    except Exception:  # noqa: BLE001 - formats without such ranges say so each in its own way
        return ()


def matches(name: str, pattern: str) -> bool:
    """Tell whether a name fits a pattern, in which only ``*`` stands for other text."""
    literal = re.sub(r"([\[?])", r"[\1]", pattern)
    return name == pattern or ("*" in pattern and fnmatchcase(name, literal))


def check_extent(content: bytes, file: str) -> None:
    """Raise DataError where a sheet of a packed workbook reaches too far to be a table."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                sheet = name.startswith("xl/worksheets/")
                if sheet and name.endswith(".xml"):
                    _check_sheet(archive, name, file)
                elif sheet and name.endswith(".bin"):
                    _check_binary(archive, name, file)
                elif name == "content.xml":
                    _check_ods(archive, name, file)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError):
        return  # the reader itself says what is wrong with it


def _pieces(archive: zipfile.ZipFile, name: str, file: str) -> Iterator[bytes]:
    """Yield a part in pieces that end where a tag does."""
    kept = b""
    with archive.open(name) as part:
        while piece := part.read(_PIECE):
            kept += piece
            end = kept.rfind(b"<") if kept.rfind(b"<") > kept.rfind(b">") else len(kept)
            yield kept[:end]
            kept = kept[end:]
            if len(kept) > _PIECE:
                raise DataError(
                    f"{file} is no workbook: a tag of a sheet holds {len(kept):,} bytes."
                )


def _check_reach(rows: int, columns: int, file: str) -> None:
    if columns * rows > LARGEST:
        raise DataError(
            f"{file}: a sheet reaches to row {rows:,} and column {columns:,}; a stray cell stands "
            "far from the table: copy the table to a workbook of its own."
        )


def _check_sheet(archive: zipfile.ZipFile, name: str, file: str) -> None:
    """Measure by the cells themselves, in pieces: what `dimension` says may not be so."""
    columns = rows = farthest = 0
    unnamed = False
    for piece in _pieces(archive, name, file):
        for letters, row, rest in _FILLED.findall(piece):
            if not rest.endswith(b"/"):  # an empty cell, formatted, takes no room
                columns, rows = max(columns, texts.column_number(letters)), max(rows, int(row))
        farthest = max(farthest, *map(int, _ROW.findall(piece)), 0)
        unnamed = unnamed or _UNNAMED.search(piece) is not None
    if unnamed:  # a cell that does not say where it stands stands in its row
        columns, rows = max(columns, 1), max(rows, farthest)
    _check_reach(rows, columns, file)


def _check_ods(archive: zipfile.ZipFile, name: str, file: str) -> None:
    """Measure by the cells that hold something, each as often as it is said to be repeated."""
    columns = rows = row = times = column = 0
    for piece in _pieces(archive, name, file):
        for kind, told in _ODS.findall(piece):
            repeated = max(int(found[1]) if (found := _REPEATED.search(told)) else 1, 1)
            if kind == b"table":
                _check_reach(rows, columns, file)
                columns = rows = row = times = 0
            elif kind == b"table-row":
                row, times, column = row + times, repeated, 0
            else:
                column += repeated
                if not told.endswith(b"/") or b"value" in told:
                    columns, rows = max(columns, column), max(rows, row + times)
    _check_reach(rows, columns, file)


def _check_binary(archive: zipfile.ZipFile, name: str, file: str) -> None:
    """Measure the records of an .xlsb sheet: a row says its number, a cell its column."""
    if archive.getinfo(name).file_size > UNPACKED:
        raise DataError(f"{file}: a sheet holds over {UNPACKED:,} bytes; save it as csv.")
    data = archive.read(name)
    columns = rows = row = at = 0
    while at + 2 <= len(data):
        kind, at = data[at], at + 1
        if kind & 0x80:
            kind, at = kind & 0x7F | data[at] << 7, at + 1
        size = shift = 0
        while at < len(data) and shift < 28:
            byte, at = data[at], at + 1
            size, shift = size | (byte & 0x7F) << shift, shift + 7
            if not byte & 0x80:
                break
        if kind == 0 or kind in _CELLS:
            number = int.from_bytes(data[at : at + 4], "little")
            row = number if kind == 0 else row
            if kind:
                columns, rows = max(columns, number + 1), max(rows, row + 1)
        at += size
    _check_reach(rows, columns, file)


def _typed(frame: pd.DataFrame) -> Content:
    columns = [as_text(frame.iloc[:, i]).tolist() for i in range(frame.shape[1])]
    rows = [[str(name) for name in frame.columns], *map(list, zip(*columns, strict=True))]
    return Content(sheets=[Sheet(rows=rows)], typed=True)


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


def cell_text(cell: object) -> str:
    """Return a cell as text: empty for none, ``12`` for 12.0, ISO for dates."""
    if isinstance(cell, str):
        bare = cell.isascii() and "\0" not in cell
        return cell if bare else cell.translate(texts.INVISIBLE)
    if cell is None or cell is pd.NaT or cell is pd.NA:
        return ""
    if isinstance(cell, (bool, np.bool_)):
        return "true" if cell else "false"
    if isinstance(cell, (float, np.floating)):
        number = float(cell)
        if math.isnan(number):
            return ""
        return str(int(number)) if number.is_integer() and abs(number) < _EXACT else repr(number)
    if isinstance(cell, dt.timedelta):
        return _clock(cell)
    if isinstance(cell, (dt.datetime, dt.date, dt.time)):
        return cell.isoformat()
    return str(cell)


def _clock(span: dt.timedelta) -> str:
    """Return a duration as hours, minutes and seconds."""
    seconds = round(span.total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def as_text(column: pd.Series) -> pd.Series:
    """Return a typed column as text cells (``str``), an empty text for a missing one."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
        codes, unique = pd.factorize(column, use_na_sentinel=True)
        known = np.array([*map(cell_text, unique), ""], dtype=object)
        return pd.Series(known[codes], index=column.index, dtype="str")
    if isinstance(column.dtype, np.dtype) and column.dtype.kind == "M":
        moments = np.datetime_as_string(column.to_numpy(), unit="us").astype(object)
        filled = pd.Series(moments, index=column.index, dtype="str").where(column.notna(), "")
        return filled.str.removesuffix(".000000")
    cells = [cell_text(cell) for cell in column.astype(object)]
    return pd.Series(cells, index=column.index, dtype="str")
