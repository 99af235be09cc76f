"""What the bytes of a workbook tell that its reader does not: how far it reaches, what failed."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Iterator
from html import unescape

from cxlib.errors import DataError

LARGEST = 100_000_000
"""Cells from A1 to the last one. More is no table but a stray cell: Excel's whole grid is 17
thousand million, which the reader would lay out in memory."""

UNPACKED = 2_000_000_000
"""Bytes that a packed file may hold: more is no survey, or a bomb."""
ERRORS = frozenset({
    "#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#GETTING_DATA", "#SPILL!",
    "#CALC!",
})  # fmt: skip
"""What spreadsheets show where a formula fails; their reader gives an empty cell."""
UNSAVED = "(a formula without its result)"
"""Stands in a cell whose formula no program has worked out yet."""
_BY_CODE = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?",
    0x24: "#NUM!", 0x2A: "#N/A", 0x2B: "#GETTING_DATA",
}  # fmt: skip
_FORMULA = rb"<(?:\w+:)?f\b[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
_FAILED = re.compile(
    rb"<(?:\w+:)?c\s(?=[^>]*?\bt=.e\b)[^>]*?\br=.([A-Z]+)(\d+)[^>]*>\s*(?:" + _FORMULA + rb")?"
    rb"<(?:\w+:)?v>\s*(#[^<\s]*)"
)
_SHOWN = re.compile(rb"<text:p[^>]*>\s*(#[^<\s]*|Err:\d+)")
_LONGEST = 1 << 28

Cells = dict[tuple[int, int], str]
"""Texts by row and column, from (0, 0)."""
_FILLED = re.compile(rb"<(?:\w+:)?c\s(?:[^>]*?\s)?r\s*=\s*[\"']([A-Z]+)(\d+)[\"']([^>]*)>")
_UNNAMED = re.compile(rb"<(?:\w+:)?c(?:>|\s(?!(?:[^>]*?\s)?r\s*=)[^>]*>)")
_ROW = re.compile(rb"<(?:\w+:)?row\s(?:[^>]*?\s)?r\s*=\s*[\"'](\d+)[\"']")
_ODS = re.compile(rb"<table:(table|table-row|table-cell|covered-table-cell)(\s[^>]*|/?)>")
_REPEATED = re.compile(rb"number-(?:rows|columns)-repeated\s*=\s*[\"']\s*(\d+)")
_CELLS = {*range(2, 12), 62}
"""Records of an .xlsb sheet that are cells and hold something."""
_FAILING = {3, 11}
_BUNDLE = 156
_PIECE = 1 << 22
_UNSAVED = re.compile(
    rb"<(?:\w+:)?c\s(?![^>]*\bt=.str)[^>]*?\br=.([A-Z]+)(\d+)[^>]*>\s*"
    + _FORMULA
    + rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)


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
                columns, rows = max(columns, column_number(letters)), max(rows, int(row))
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
            repeated = _times(told)
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


def _times(told: bytes) -> int:
    """Return how often an element of an .ods sheet is repeated, by its attributes."""
    found = _REPEATED.search(told)
    return max(int(found[1]), 1) if found else 1


def _records(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the records of an .xlsb part: what each is, where it begins, and its length."""
    at = 0
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
        yield kind, at, size
        at += size


def _check_binary(archive: zipfile.ZipFile, name: str, file: str) -> None:
    """Measure the records of an .xlsb sheet: a row says its number, a cell its column."""
    if archive.getinfo(name).file_size > UNPACKED:
        raise DataError(f"{file}: a sheet holds over {UNPACKED:,} bytes; save it as csv.")
    data = archive.read(name)
    columns = rows = row = 0
    for kind, at, _size in _records(data):
        if kind == 0 or kind in _CELLS:
            number = int.from_bytes(data[at : at + 4], "little")
            row = number if kind == 0 else row
            if kind:
                columns, rows = max(columns, number + 1), max(rows, row + 1)
    _check_reach(rows, columns, file)


def unread(content: bytes) -> dict[str, Cells]:
    """Return by sheet the cells that a reader gives as empty: of errors, and without a result.

    Programs that write workbooks leave the results of formulas out; Excel adds them when it saves.
    """
    try:
        if not content.startswith(b"PK"):
            return _of_xls(content)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if "content.xml" in archive.namelist():
                return _of_ods(archive.read("content.xml"))
            return {name: _of_sheet(archive, part) for name, part in _sheets(archive)}
    except (zipfile.BadZipFile, KeyError, IndexError, OSError, RuntimeError, struct.error):
        return {}  # no such workbook: its reader says what is wrong


def _sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Yield each sheet's name, and the part that holds its cells."""
    names = archive.namelist()
    book = next(
        (f"xl/workbook.{kind}" for kind in ("xml", "bin") if f"xl/workbook.{kind}" in names), ""
    )
    if not book:
        return
    told = archive.read(f"xl/_rels/{book[3:]}.rels").decode("utf-8", "replace")
    parts: dict[str, str] = {}
    for relation in re.findall(r"<Relationship\s[^>]*>", told):
        of = dict(re.findall(r'(\w+)="([^"]*)"', relation))
        parts[of["Id"]] = f"xl/{of['Target'].removeprefix('/xl/')}"
    data = archive.read(book)
    if book.endswith("bin"):
        for kind, at, _size in _records(data):
            if kind == _BUNDLE:
                identity, after = _wide(data, at + 8)
                yield _wide(data, after)[0], parts[identity]
        return
    for sheet in re.findall(r"<(?:\w+:)?sheet\s[^>]*>", data.decode("utf-8", "replace")):
        of = dict(re.findall(r'(\w+)="([^"]*)"', sheet))
        yield unescape(of["name"]), parts[of["id"]]


def _wide(data: bytes, at: int) -> tuple[str, int]:
    """Return a counted text of UTF-16, and where it ends."""
    end = at + 4 + 2 * struct.unpack_from("<I", data, at)[0]
    return data[at + 4 : end].decode("utf-16-le", "replace"), end


def _of_sheet(archive: zipfile.ZipFile, part: str) -> Cells:
    if archive.getinfo(part).file_size >= _LONGEST:
        return {}
    data, found, row = archive.read(part), Cells(), 0
    if part.endswith(".bin"):
        for kind, at, size in _records(data):
            if kind == 0:
                (row,) = struct.unpack_from("<I", data, at)
            elif kind in _FAILING and size > 8:
                (column,) = struct.unpack_from("<I", data, at)
                found[row, column] = _BY_CODE.get(data[at + 8], "#N/A")
        return found
    told = [(*place, UNSAVED) for place in _UNSAVED.findall(data)]
    if b"#" in data:
        told += [(*place, text.decode()) for *place, text in _FAILED.findall(data)]
    return {(int(n) - 1, column_number(letters) - 1): text for letters, n, text in told}


def _of_ods(data: bytes) -> dict[str, Cells]:
    found: dict[str, Cells] = {}
    if b'"error"' not in data:
        return found
    row = below = column = 0
    here = Cells()
    for tag in _ODS.finditer(data):
        kind, told = tag.groups()
        repeated = _times(told)
        if kind == b"table":
            name = re.search(rb'table:name="([^"]*)"', told)
            here = found.setdefault(unescape(name[1].decode("utf-8")) if name else "", Cells())
            below = 0
        elif kind == b"table-row":
            row, below, column = below, below + repeated, 0
        else:
            if b'value-type="error"' in told and (shown := _SHOWN.match(data, tag.end())):
                text = shown[1].decode()
                here[row, column] = text if text in ERRORS else "#VALUE!"
            column += repeated
    return found


def _of_xls(content: bytes) -> dict[str, Cells]:
    """Read the errors of an .xls file: cells that hold one, and formulas that gave one."""
    data = _stream(content)
    sheets: dict[int, str] = {}
    found: dict[str, Cells] = {}
    at, here = 0, Cells()
    while at + 4 <= len(data):
        kind, size = struct.unpack_from("<HH", data, at)
        if kind == 0x809:  # a sheet begins
            here = found.setdefault(sheets.get(at, ""), Cells())
        at += 4
        if kind == 0x85:
            (start,), n = struct.unpack_from("<I", data, at), data[at + 6]
            wide = data[at + 7] & 1
            name = data[at + 8 : at + 8 + n * (1 + wide)]
            sheets[start] = name.decode("utf-16-le" if wide else "latin-1", "replace")
        code = -1
        if kind == 0x205 and data[at + 7]:
            code = data[at + 6]
        elif kind == 0x06 and data[at + 6] == 2 and data[at + 12 : at + 14] == b"\xff\xff":
            code = data[at + 8]
        if code >= 0:
            here[struct.unpack_from("<HH", data, at)] = _BY_CODE.get(code, "#N/A")
        at += size
    return found


def _stream(content: bytes) -> bytes:
    """Return the stream ``Workbook`` of a compound file (MS-CFB)."""
    size, small = (1 << power for power in struct.unpack_from("<HH", content, 0x1E))
    (first,), (cutoff, first_small) = (
        struct.unpack_from("<I", content, 0x30),
        struct.unpack_from("<II", content, 0x38),
    )

    def sector(n: int) -> bytes:
        return content[(n + 1) * size : (n + 2) * size]

    def numbers(data: bytes) -> list[int]:
        return list(struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4]))

    def chain(n: int, following: list[int]) -> Iterator[int]:
        for _step in following:
            if n >= len(following):
                return
            yield n
            n = following[n]

    tables = numbers(content[0x4C:0x200])
    (more,) = struct.unpack_from("<I", content, 0x44)
    while more < len(content) // size:
        *listed, more = numbers(sector(more))
        tables += listed
    table = [n for at in tables if at < len(content) // size for n in numbers(sector(at))]
    folder = b"".join(map(sector, chain(first, table)))
    root = b""
    for at in range(0, len(folder) - 127, 128):
        name = folder[at : at + max(0, struct.unpack_from("<H", folder, at + 64)[0] - 2)]
        start, length = struct.unpack_from("<II", folder, at + 116)
        if at == 0:
            root = b"".join(map(sector, chain(start, table)))
        if name.decode("utf-16-le", "replace") not in ("Workbook", "Book"):
            continue
        if length >= cutoff:
            return b"".join(map(sector, chain(start, table)))[:length]
        following = numbers(b"".join(map(sector, chain(first_small, table))))
        pieces = (root[n * small : (n + 1) * small] for n in chain(start, following))
        return b"".join(pieces)[:length]
    return b""


def column_number(letters: bytes) -> int:
    """Return which column, from 1, a spreadsheet calls so."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number
