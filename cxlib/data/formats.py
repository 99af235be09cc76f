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
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cxlib.data import excel, text as texts
from cxlib.data.excel import UNPACKED
from cxlib.errors import DataError, SetupError, nearest

DELIMITED = (".csv", ".tsv", ".txt")
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
PAGES = (".html", ".htm")
SUFFIXES = (*DELIMITED, *WORKBOOKS, *PAGES, ".parquet", ".sav")
_EXACT = 2.0**63
_OLE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
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


_EXPORT = "export it as csv or xlsx"
_UNPACK = 'unpack it into the client\'s data folder and name the files in it, such as "*.csv"'
_QUERY = (
    "read it by `sql: select * from '{file}'`, its name ending in .json or .jsonl, or " + _EXPORT
)
_NO_TABLES = {  # how files begin that hold no table, what they are and what helps
    rb"%PDF-": ("a PDF, not a table", "ask for the table behind it, or type it into a sheet"),
    rb"\x89PNG|\xff\xd8\xff|GIF8": ("a picture, not a table", "ask for the table behind it"),
    rb"\[\s*[\[{]|\{\s*\"": ("JSON, not a table", _QUERY),
    rb"Rar!|7z\xbc\xaf|PK\x05\x06": ("an archive", _UNPACK),
    rb"(?s).{257}ustar": ("an archive", _UNPACK),
    rb"version https://git-lfs": ("a placeholder of Git LFS", "fetch the file itself"),
    rb"SQLite format 3|\x00\x01\x00\x00Standard": ("a database", _EXPORT),
    rb"From:|Received:|MIME-Version:": ("an e-mail", "save what is attached to it"),
}
_PARTS = {  # what stands in a zipped document, and in the streams of an older one
    "word/": ("a Word document", "copy its table into a sheet"),
    "ppt/": ("a PowerPoint file", "copy its table into a sheet"),
    ".iwa": ("a Numbers or Pages document of Apple", "export it from there as Excel or csv"),
    "EncryptedPackage": ("protected by a password", "open it in Excel with it, take it off under "
                         "File, Info, Protect Workbook, and save"),
    "WordDocument": ("a Word document", "copy its table into a sheet"),
    "PowerPoint Document": ("a PowerPoint file", "copy its table into a sheet"),
    "__substg1.0": ("an e-mail of Outlook", "save what is attached to it"),
    "__properties": ("an e-mail of Outlook", "save what is attached to it"),
}  # fmt: skip


def _refuse_others(content: bytes, file: str) -> None:
    """Refuse what holds no table, whatever its name says, with what it is and what helps."""
    head = content[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    told = next((told for start, told in _NO_TABLES.items() if re.match(start, head)), None)
    if content.startswith(_OLE):
        book = "Workbook\0".encode("utf-16-le") in content
        streams = (k for k in _PARTS if k.encode("utf-16-le") in content)
        told = None if book else next((_PARTS[k] for k in streams), None)
    elif content.startswith(_ZIP) and zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = [name for name in packed.namelist() if not name.endswith("/")]
        parts = (k for k in _PARTS if any(n.startswith(k) or n.endswith(k) for n in names))
        told = next((_PARTS[k] for k in parts), None)
        tables = [name for name in names if Path(name).suffix.lower() in SUFFIXES]
        book = any(name.startswith("xl/") or name == "content.xml" for name in names)
        if told is None and tables and not book:
            listed = ", ".join(map(repr, tables[:3])) + (", …" if len(tables) > 3 else "")
            told = f"an archive of {listed}", _UNPACK
    if told:
        raise DataError(f"{file} is {told[0]}; {told[1].format(file=file)}.")


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
    if suffix not in (".parquet", ".sav"):
        _refuse_others(content, file)
    if suffix not in SUFFIXES:
        what = f"{suffix} files" if suffix else "files whose name ends in nothing like .csv"
        raise DataError(
            f"{file}: the kit does not read {what}; export it as csv, xlsx, parquet or sav."
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

    excel.check_extent(content, file)
    shown, hidden, unread = [], {}, excel.unread(content)
    try:
        book = calamine.CalamineWorkbook.from_object(io.BytesIO(content))
        metadata = [m for m in book.sheets_metadata if m.typ == calamine.SheetTypeEnum.WorkSheet]
        names = [m.name for m in metadata]
        wanted = [name for name in names if sheet is None or matches(name, sheet)]
        if not wanted:
            raise DataError(
                f"{file} has no sheet {sheet!r}{nearest(sheet, names)}"
                if sheet
                else f"{file} is a workbook without a sheet of cells."
            )
        for found in metadata:
            if found.name not in wanted:
                continue
            page = book.get_sheet_by_name(found.name)
            rows = [[cell_text(c) for c in row] for row in page.to_python(skip_empty_area=False)]
            for (i, j), text in unread.get(found.name, {}).items():
                if i < len(rows) and j < len(rows[i]) and not rows[i][j]:
                    rows[i][j] = text
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
