"""Raw data that would fill the memory or never end refuse their own client, and nobody else's."""

from __future__ import annotations

import re
import shutil
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from cxlib import Engagement
from cxlib.batch.forkserver import can_fork
from cxlib.data.apart import VARIABLE
from cxlib.data.formats import read_content
from cxlib.errors import DataError, SetupError
from tests.batch.conftest import Place, place, two

__all__ = ["place", "two"]


ENDLESS = "select count(*) as rec, 1 as sat from range(1000000000000)"
LARGE = "select repeat('x', 1000000) || i as id, 9 as rec, 5 as sat from range(2000) t(i)"


def add_query(place: Place, name: str, sql: str) -> None:
    place.add_client(name)
    path = place.root / "params" / f"{name}.yaml"
    text = path.read_text("utf-8").replace("source: survey.csv", f'source: {{sql: "{sql}"}}')
    path.write_text(text, encoding="utf-8")


@pytest.mark.skipif(not can_fork(), reason="intake is forked from a warm process where we can fork")
def test_one_clients_intake_ends_at_its_limits_and_the_others_go_on(two: Place) -> None:
    add_query(two, "endless", ENDLESS)
    add_query(two, "large", LARGE)
    two.add_client("quoting")
    data = two.workspace.data("quoting") / "survey.csv"
    data.write_text(data.read_text("utf-8") + "r99,2026-05-11,138 1234 5678,9\n", encoding="utf-8")
    two.limits = replace(two.limits, timeout=8.0, memory=512)
    run = two.run()
    assert {e.client: e.state for e in run.ended} == {"c00": "done", "c01": "done"}
    assert run.faults["endless"] == "reading its data: stopped at its time limit of 8 s"
    assert "512 MB" in run.faults["large"]
    assert "[phone]" in run.faults["quoting"]
    assert "138" not in run.faults["quoting"]


def by_cold_run(place: Place, seconds: float, megabytes: int) -> str:
    limits = replace(place.limits, timeout=seconds, memory=megabytes, cold=True)
    return str(place.run(clients=("hostile",), limits=limits).faults.get("hostile", ""))


def by_check(place: Place, _seconds: float, _megabytes: int) -> str:
    return place.cx("check", "hostile").stdout


def in_a_notebook(place: Place, _seconds: float, _megabytes: int) -> str:
    with pytest.raises(DataError) as error:
        Engagement.open("hostile", workspace=place.workspace)
    return str(error.value)


@pytest.mark.parametrize("way", [by_cold_run, by_check, in_a_notebook])
def test_the_limits_hold_wherever_data_are_read(
    place: Place, way: Callable[[Place, float, int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.add_notebook("01-sound", "1")
    add_query(place, "hostile", ENDLESS)
    monkeypatch.setenv(VARIABLE, "3,0")
    assert "reading its data: stopped at its time limit of 3 s" in way(place, 3.0, 0)
    shutil.rmtree(place.root / "data" / "hostile")
    add_query(place, "hostile", LARGE)
    monkeypatch.setenv(VARIABLE, "0,512")
    assert "512 MB" in way(place, 0.0, 512)
    assert not place.workspace.tables("hostile").exists()


def test_reading_apart_gives_the_same_and_raises_the_same(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.add_client("c00")
    monkeypatch.setenv(VARIABLE, "600,4096")
    opened = Engagement.open("c00", workspace=place.workspace)
    assert len(opened.survey(period="history")) == 40
    data = place.workspace.data("c00") / "survey.csv"
    data.write_text(data.read_text("utf-8") + "r99,2026-05-11,77,9\n", encoding="utf-8")
    told = []
    for limits in ("600,4096", "0,0"):
        monkeypatch.setenv(VARIABLE, limits)
        with pytest.raises(DataError, match="row 42") as error:
            Engagement.open("c00", workspace=place.workspace)
        told.append(str(error.value))
    assert told[0] == told[1]
    monkeypatch.setenv(VARIABLE, "ten minutes")
    with pytest.raises(SetupError, match="600,4096"):
        Engagement.open("c00", workspace=place.workspace)


FAR = {
    "as Excel writes it": (b"", b""),
    "spaces in the tag": (b'r="XFD1048576"', b' r\n=\t"XFD1048576" '),
    "a long tag": (b'<c r="XFD1048576"', b"<c " + b" " * 9000 + b'r="XFD1048576"'),
    "single quotes": (b'r="XFD1048576"', b"r='XFD1048576'"),
}


@pytest.mark.parametrize("how", FAR)
@pytest.mark.parametrize("lies", [False, True], ids=["far cell", "and the dimension lies"])
def test_a_far_cell_is_refused_before_memory_is_asked_for(
    tmp_path: Path, lies: bool, how: str
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (("id", "rec"), ("a", 9), ("b", 7)):
        sheet.append(row)
    sheet["XFD1048576"] = 1
    path = tmp_path / "far.xlsx"
    book.save(path)
    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            told = content.replace(*FAR[how]) if FAR[how][0] else content
            if lies:
                told = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:B3"', told)
            target.writestr(name, told)
    with pytest.raises(DataError, match="row 1,048,576 and column 16,384"):
        read_content(path, path.read_bytes(), file=path.name)


def ods(table: str) -> dict[str, bytes]:
    names = "".join(
        f' xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"'
        for n in ("office", "table", "text")
    )
    body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    content = f"<office:document-content{names}>{body}</office:document-content>"
    return {
        "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": b"<x/>",
        "content.xml": content.encode(),
    }


CELL = (
    '<table:table-cell office:value-type="float" office:value="9"><text:p>9</text:p>'
    "</table:table-cell>"
)


def table_of(rows: str) -> str:
    head = '<table:table-cell office:value-type="string"><text:p>rec</text:p></table:table-cell>'
    rows = f"<table:table-row>{head}</table:table-row>{rows}"
    return f'<table:table table:name="a">{rows}</table:table>'


def empty(rows: int, columns: int) -> str:
    """Rows of empty cells, as every spreadsheet of LibreOffice ends."""
    return (
        f'<table:table-row table:number-rows-repeated="{rows}">'
        f'<table:table-cell table:number-columns-repeated="{columns}"/></table:table-row>'
    )


def record(kind: int, content: bytes) -> bytes:
    first = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    return first + bytes([len(content)]) + content


def xlsb(row: int, column: int) -> dict[str, bytes]:
    def number(*values: int) -> bytes:
        return b"".join(value.to_bytes(4, "little") for value in values)

    def wide(text: str) -> bytes:
        return number(len(text)) + text.encode("utf-16-le")

    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    sheet = record(129, b"") + record(148, number(0, 1, 0, 0)) + record(145, b"")
    for at, cell in ((0, 0), (row, column)):
        value = number(cell, 0) + struct.pack("<d", 9.0)
        sheet += record(0, number(at) + bytes(13)) + record(5, value)
    sheet += record(146, b"") + record(130, b"")
    listed = record(156, number(0, 1) + wide("rId1") + wide("a"))
    packages = "http://schemas.openxmlformats.org/package/2006/relationships"
    related = (
        f'<Relationships xmlns="{packages}"><Relationship Id="rId1" '
        f'Type="{relations}/worksheet" Target="worksheets/sheet1.bin"/></Relationships>'
    )
    return {
        "xl/_rels/workbook.bin.rels": related.encode(),
        "xl/workbook.bin": record(131, b"") + record(143, b"") + listed + record(144, b"")
        + record(132, b""),
        "xl/worksheets/sheet1.bin": sheet,
    }  # fmt: skip


def packed(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return path


REACH = {
    "a far cell.ods": ods(table_of(
        empty(1_048_574, 1)
        + f'<table:table-row><table:table-cell table:number-columns-repeated="16383"/>{CELL}'
          "</table:table-row>"
    )),
    "a row said again.ods": ods(table_of(
        '<table:table-row table:number-rows-repeated="1048575">'
        + CELL.replace(" office", ' table:number-columns-repeated="16384" office', 1)
        + "</table:table-row>"
    )),
    "a far cell.xlsb": xlsb(1_048_575, 16_383),
}  # fmt: skip


@pytest.mark.parametrize("name", REACH)
def test_a_far_cell_of_other_workbooks_is_refused_as_well(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / name, REACH[name])
    with pytest.raises(DataError, match="row 1,048,576 and column 16,384"):
        read_content(path, path.read_bytes(), file=path.name)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a.ods", ods(table_of(f"<table:table-row>{CELL}</table:table-row>{empty(9**6, 16384)}"))),
        ("a.xlsb", xlsb(1, 0)),
    ],
)
def test_a_table_that_only_seems_large_is_read(
    tmp_path: Path, name: str, parts: dict[str, bytes]
) -> None:
    path = packed(tmp_path / name, parts)
    (sheet,) = read_content(path, path.read_bytes(), file=path.name).sheets
    assert [row[0] for row in sheet.rows][1:] == ["9"]


@pytest.mark.parametrize("suffix", ["csv", "sql"])
def test_a_cell_of_a_megabyte_is_refused_by_its_row_and_column(place: Place, suffix: str) -> None:
    place.add_client("c00")
    data = place.workspace.data("c00") / "survey.csv"
    rows = data.read_text("utf-8").splitlines()
    rows = [rows[0] + ",said", *(f"{row},fine" for row in rows[1:])]
    rows[17] = rows[17].replace(",fine", "," + "x" * 1_000_000)
    data.write_text("\n".join(rows) + "\n", encoding="utf-8")
    path = place.root / "params" / "c00.yaml"
    text = path.read_text("utf-8").replace("date: date}", "date: date, comment: said}")
    if suffix == "sql":
        text = text.replace("source: survey.csv", "source: {sql: \"select * from 'survey.csv'\"}")
    path.write_text(text, encoding="utf-8")
    row = 17 if suffix == "sql" else 18
    with pytest.raises(DataError, match=f"row {row}: column 'said' holds 1,000,000 characters"):
        Engagement.open("c00", workspace=place.workspace)
