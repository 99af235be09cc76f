"""What a workbook's reader keeps silent about: cells of errors; formats that few tools write."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cxlib.data import excel
from cxlib.data.check import examine

FILES = Path(__file__).parent / "files"
"""Workbooks as LibreOffice saves them."""
SHOP = """
    survey:
      source: {source}
      columns: {{id: id}}
      metrics: {{nps: {{column: nps, scale: [0, 10]{more}}}}}
"""
CELLS = [
    ["id", "nps", "area"], [1, 9, "N"], [2, "#N/A", "S"], [3, "#REF!", "#NAME?"], [4, 8, "N"],
    ["", "", "#N/A"], ["Exported by Tool", "", ""],
]  # fmt: skip
CODES = {"#N/A": 0x2A, "#REF!": 0x17, "#NAME?": 0x1D}


def xlsx(rows: list[list[Any]]) -> bytes:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)  # type: ignore[union-attr]
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def xlsb(rows: list[list[Any]]) -> bytes:
    """Write the few records of [MS-XLSB] that a table needs."""

    def record(kind: int, data: bytes = b"") -> bytes:
        head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
        size, n = b"", len(data)
        while n > 0x7F:
            size, n = size + bytes([n & 0x7F | 0x80]), n >> 7
        return head + size + bytes([n]) + data

    def text(told: str) -> bytes:
        return struct.pack("<I", len(told)) + told.encode("utf-16-le")

    extent = (0, len(rows) - 1, 0, max(map(len, rows)) - 1)
    sheet = record(129) + record(148, struct.pack("<4I", *extent)) + record(145)
    for i, row in enumerate(rows):
        sheet += record(0, struct.pack("<IIHBBBI", i, 0, 300, 0, 0, 0, 0))
        for j, cell in enumerate(row):
            at = struct.pack("<II", j, 0)
            if isinstance(cell, int):
                sheet += record(5, at + struct.pack("<d", cell))
            elif cell in CODES:
                sheet += record(3, at + bytes([CODES[cell]]))
            elif cell:
                sheet += record(6, at + text(cell))
    book = record(156, struct.pack("<II", 0, 1) + text("rId1") + text("Antworten 答"))
    office = "http://schemas.openxmlformats.org/"
    relations = (
        f'<Relationships xmlns="{office}package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{office}officeDocument/2006/relationships/{{}}" Target="{{}}"/></Relationships>'
    )
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": f'<Types xmlns="{office}package/2006/content-types"/>',
        "_rels/.rels": relations.format("officeDocument", "xl/workbook.bin"),
        "xl/workbook.bin": record(131) + record(143) + book + record(144) + record(132),
        "xl/_rels/workbook.bin.rels": relations.format("worksheet", "worksheets/sheet1.bin"),
        "xl/worksheets/sheet1.bin": sheet + record(146) + record(130),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def csv(rows: list[list[Any]]) -> bytes:
    return "\n".join(",".join(map(str, row)) for row in rows).encode()


@pytest.mark.parametrize("made", [xlsx, xlsb, csv], ids=lambda function: function.__name__)
def test_errors_of_a_spreadsheet_are_no_answers_and_said(shop: Any, made: Any) -> None:
    shop.file(name := f"a.{made.__name__}", made(CELLS))
    found = examine(shop.client(SHOP.format(source=name, more="")), shop.workspace)
    warned = [str(fault) for fault in found.faults if "shows an error" in str(fault)]
    assert len(warned) == 1
    assert f"column 'nps' of {name}" in warned[0]
    assert "in 2 rows, the first #N/A in row 3;" in warned[0]
    (noted,) = [line for line in found.intake if "'area'" in line]  # not asked for, so no warning
    assert "in 1 row, the first #NAME? in row 4;" in noted  # a row of errors alone is none
    shop.ingest(shop.client(SHOP.format(source=name, more="")))
    assert shop.read()["nps"].tolist()[::3] == [9, 8]
    assert shop.read()["nps"].isna().tolist() == [False, True, True, False]


def test_an_error_that_the_client_file_explains_is_its_code(shop: Any) -> None:
    shop.file("a.xlsx", xlsx(CELLS))
    told = SHOP.format(source="a.xlsx", more=', missing: ["#N/A", "#REF!"]')
    assert not [line for line in shop.says(shop.client(told), "warning") if "error" in line]


@pytest.mark.parametrize("kind", ["xls", "ods"])
def test_errors_are_found_as_other_formats_keep_them(kind: str) -> None:
    found = excel.unread((FILES / f"errors.{kind}").read_bytes())["Sheet"]
    assert found == {
        (2, 1): "#N/A", (3, 1): "#REF!", (3, 2): "#NAME?", (4, 1): "#DIV/0!",
        (5, 2): "#DIV/0!", (6, 2): "#N/A",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["xls", "ods"])
def test_a_damaged_workbook_is_refused_whatever_its_errors(shop: Any, kind: str) -> None:
    whole = (FILES / f"errors.{kind}").read_bytes()
    for size in (600, len(whole) // 2, len(whole) - 700):
        excel.unread(whole[:size])  # does not stumble
    shop.file(f"a.{kind}", whole[: len(whole) // 2])
    (said,) = shop.says(shop.client(SHOP.format(source=f"a.{kind}", more="")))
    assert "truncated or no workbook" in said


def test_a_query_over_a_workbook_tells_its_errors(shop: Any) -> None:
    shop.file("a.xlsx", xlsx(CELLS))
    query = "{sql: \"select id, nps from 'a.xlsx' where id is not null\"}"
    told = shop.client(SHOP.format(source=query, more=""))
    warned = [line for line in shop.says(told, "warning") if "shows an error" in line]
    assert any("'nps in a.xlsx'" in line and "in 2 rows" in line for line in warned)
