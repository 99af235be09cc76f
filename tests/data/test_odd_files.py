"""Odd files of the kinds that clients send: read right, or refused with the true reason."""

from __future__ import annotations

import io
from typing import Any

import pytest
import xlsxwriter

from cxlib.data.check import examine
from cxlib.data.draft import new
from cxlib.errors import DataError

N = 33
HEAD = ["id", "date", "nps", "csat"]
ROWS = [[f"r{i}", f"2024-0{1 + i % 3}-1{i % 9}", i % 11, i % 5 + 1] for i in range(N)]
CLIENT = """
    period: month
    survey:
      source: "*.*"
      columns: {{id: id, date: date}}
      {extra}
      metrics: {{nps: {{column: nps, scale: [0, 10]}}, csat: {{column: csat, scale: [1, 5]}}}}
"""


def table(
    rows: list[list[Any]], *, head: list[str] = HEAD, mark: str = ",", end: str = "\n"
) -> str:
    return "".join(mark.join(map(str, row)) + end for row in [head, *rows])


READ: dict[str, tuple[str, str | bytes, str, int]] = {
    "UTF-16 with tabs": ("a.csv", table(ROWS, mark="\t").encode("utf-16"), "", N),
    "Excel's line of the separator": ("a.csv", "sep=;\n" + table(ROWS, mark=";"), "", N),
    "a Mac's ends of lines": ("a.csv", table(ROWS, end="\r"), "", N),
    "text named .xls": ("a.xls", table(ROWS, mark="\t"), "", N),
    "subtotals": (
        "a.csv",
        table([*ROWS[:9], ["小计", "", 40, 20], *ROWS[9:], ["总计", "", 160, 90]]),
        "",
        N,
    ),
    "ten of ten": ("a.csv", table([[a, b, f"{c}/10", d] for a, b, c, d in ROWS]), "", N),
    "TRUE for true": (
        "a.csv",
        table([[*row, "TRUE" if row[2] else "FALSE"] for row in ROWS], head=[*HEAD, "Finished"]),
        "where: {Finished: [true]}",
        N - 3,
    ),
}


@pytest.mark.parametrize("case", READ)
def test_an_odd_file_is_read_right(shop: Any, case: str) -> None:
    name, content, extra, n = READ[case]
    shop.file(name, content)
    client = shop.client(CLIENT.format(extra=extra))
    assert not shop.says(client)
    shop.ingest(client)
    survey = shop.read()
    assert survey["csat"].notna().sum() == survey["nps"].between(0, 10).sum() == n


REFUSED: dict[str, tuple[str | bytes, str]] = {
    "JSON": ('[{"id": 1, "nps": 9}]', "is JSON, not a table"),
    "a PDF": (b"%PDF-1.4\n1 0 obj\n", "is a PDF, not a table"),
    "a picture": (b"\x89PNG\r\n\x1a\n0000", "is a picture, not a table"),
    "full-width names": (
        table(ROWS, head=["ＩＤ", "ｄａｔｅ", "ｎｐｓ", "ｃｓａｔ"]),
        "did you mean 'ＩＤ'?",
    ),
    "1-5 stored as 0-4": (table([[a, b, c, d - 1] for a, b, c, d in ROWS]), "1-5 stored as 0-4"),
    "a word for a where": (
        table([[*row, "Complete"] for row in ROWS], head=[*HEAD, "Status"]),
        "'Complete' (33)",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_odd_file_is_refused_for_its_true_reason(shop: Any, case: str) -> None:
    content, why = REFUSED[case]
    shop.file("a.csv", content)
    extra = "where: {Status: [Completed]}" if "where" in case else ""
    said = [str(fault) for fault in examine(shop.client(CLIENT.format(extra=extra)),
                                            shop.workspace).faults]  # fmt: skip
    assert any(why in line for line in said)
    assert not any("off_scale" in line for line in said)


def test_formulas_without_their_results_are_refused_where_they_count(shop: Any) -> None:
    def book(column: int) -> bytes:
        content = io.BytesIO()
        with xlsxwriter.Workbook(content) as made:
            made.add_worksheet("notes & more").write(0, 0, "see the other sheet")
            sheet = made.add_worksheet("答卷")
            for i, row in enumerate([[*HEAD, "unused"], *[[*row, ""] for row in ROWS]]):
                sheet.write_row(i, 0, row)
            sheet.write_formula(5, column, "=A1&1", None, "")
        return content.getvalue()

    source = CLIENT.format(extra="")
    shop.file("a.xlsx", book(HEAD.index("nps")))
    (said,) = shop.says(shop.client(source))
    assert "'nps' holds formulas without their results in 1 cell, the first" in said
    assert "the first in row 6" in said
    assert "Open it in Excel" in said
    with pytest.raises(DataError, match="without their results"):
        new("drafted", [shop.folder / "a.xlsx"], shop.workspace)
    shop.file("a.xlsx", book(len(HEAD)))
    assert not shop.says(shop.client(source))
