"""The data room: how far a workbook's sheets reach, told before memory is asked for all of it."""

from __future__ import annotations

import io
import re
import zipfile

from cxlib.errors import DataError

LARGEST = 100_000_000
"""Cells from A1 to the last one. More is no table but a stray cell: Excel's whole grid is 17
thousand million, which the reader would lay out in memory."""

_FILLED = re.compile(rb"<(?:\w+:)?c\s(?:[^>]*?\s)?r=[\"']([A-Z]+)(\d+)[\"']([^>]*)>")
_PIECE, _TAG = 1 << 22, 4096


def check_extent(content: bytes, file: str) -> None:
    """Raise DataError where a sheet of an .xlsx or .xlsm file reaches too far to be a table.

    Parameters
    ----------
    content : bytes
        The file; other formats than these are let through.
    file : str
        What a message calls it.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                    _check_sheet(archive, name, file)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError):
        return  # the reader itself says what is wrong with it


def _check_sheet(archive: zipfile.ZipFile, name: str, file: str) -> None:
    """Measure by the cells themselves, in pieces: what `dimension` says may not be so."""
    columns = rows = 0
    with archive.open(name) as sheet:
        kept = b""
        while piece := sheet.read(_PIECE):
            kept += piece
            for letters, row, rest in _FILLED.findall(kept):
                if not rest.endswith(b"/"):  # an empty cell, formatted, takes no room
                    columns, rows = max(columns, _column(letters)), max(rows, int(row))
            kept = kept[-_TAG:]
    if columns * rows > LARGEST:
        raise DataError(
            f"{file}: a sheet reaches to row {rows:,} and column {columns:,}; a stray cell stands "
            "far from the table: copy the table to a workbook of its own."
        )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number
