"""Spreadsheets: numbers typed, small bases withheld, text never a formula."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from openpyxl.utils import get_column_letter

from cxlib.errors import CxError
from cxlib.present.sheets import Grid, grid, typed
from cxlib.present.withhold import withhold
from cxlib.present.workbooks import ACROSS, Workbook, workbook_of
from cxlib.words import Words

WORDS = Words()


def read(content: bytes) -> Any:
    return openpyxl.load_workbook(BytesIO(content))


@pytest.mark.parametrize(
    ("value", "kind", "unit", "told", "shape"),
    [
        (81.25, "unit", "percent", 0.8125, "0.0%"),
        (31.04, "unit", "points", 31.04, "0.0"),
        (4.126, "unit", "mean", 4.126, "0.00"),
        (5400.0, "unit", "seconds", 0.0625, "[h]:mm:ss"),
        (-2.5, "signed", "percent", -2.5, "+0.0;-0.0;0.0"),
        (0.25, "percent", "", 0.25, "0.0%"),
        (7200.0, "hours", "", 2.0, "0.0"),
        (0.004, "chance", "", 0.004, '[<0.01]"< 1%";[>0.99]"> 99%";0.0%'),
        (0.00004, "p", "", 0.00004, '[<0.001]"< 0.001";0.000'),
        (12.2, "needed", "", 13, "#,##0"),
        (float("inf"), "number", "", "∞", ""),
        (float("nan"), "unit", "percent", None, ""),
        ("nps", "key", "", "nps", ""),
        (dt.date(2026, 3, 5), "date", "", dt.datetime(2026, 3, 5), "yyyy-mm-dd"),
        ("2026-03-05", "period", "", dt.datetime(2026, 3, 5), "yyyy-mm-dd"),
        ("2026-03", "period", "", "March 2026", ""),
        (pd.Timestamp("2026-03-31 23:59:59"), "period", "", dt.datetime(2026, 3, 31), "yyyy-mm-dd"),
    ],
)
def test_a_cell_keeps_its_number_and_says_how_it_is_shown(
    value: Any, kind: Any, unit: str, told: Any, shape: str
) -> None:
    assert typed(value, kind, words=WORDS, unit=unit) == (told, shape)


def table() -> pd.DataFrame:
    rows = {"kpi": ["csat", "csat"], "level": ["a", "b"], "segment": ["s", "s"], "n": [80, 20]}
    rows |= {"value": [75.0, 50.0], "low": [64.5, 29.9], "high": [83.2, 70.1]}
    return pd.DataFrame(rows).assign(unit="percent")


def test_intervals_and_bases_join_what_was_asked_for() -> None:
    found = grid(table(), words=WORDS, minimum_base=10, columns="level value")
    assert found.headings == ("Group", "Value", "Value: from", "Value: to", "Answers")
    values, shapes = zip(*found.rows[0][1:], strict=True)
    assert values == pytest.approx((0.75, 0.645, 0.832, 80))
    assert shapes == ("0.0%", "0.0%", "0.0%", "#,##0")
    assert found.rows[1][-1] == (20, '#,##0" *"')
    assert any(note.startswith("*") for note in found.notes)


def test_a_withheld_cell_stays_withheld_and_says_so() -> None:
    small = withhold(table().assign(n=[80, 4]), 10)
    found = grid(small, words=WORDS, minimum_base=10, columns="level value n")
    numbers = [cell[0] for row in found.rows for cell in row[1:]]
    assert set(numbers) == {"–"}  # of two groups, one small: neither may be told
    assert found.notes[0].startswith("–")


def test_a_number_under_the_name_of_a_word_is_no_word() -> None:
    stretches = table().assign(segment=[1, 2])  # of a process chart, not of the client
    assert "Segment" in grid(table(), words=WORDS, minimum_base=10).headings
    assert "Segment" not in grid(stretches, words=WORDS, minimum_base=10).headings


@pytest.mark.parametrize(("columns", "pages"), [(3, 1), (30, 3)])
def test_a_sheet_prints_as_wide_as_can_be_read(columns: int, pages: int) -> None:
    wide = Grid(title="t", headings=("a heading",) * columns,
                rows=((("x", ""), *[(1.0, "0")] * (columns - 1)),),
                notes=("a note " * 20,))  # fmt: skip
    book = Workbook(WORDS, subject="Q & A", mark="board only")
    book.tables("s", "title", [wide])
    sheet = read(book.content).worksheets[0]
    assert not sheet.sheet_properties.pageSetUpPr.fitToPage  # fitted, Excel would heed no break
    cuts = [0, *(at.id for at in sheet.col_breaks.brk), columns]
    assert len(cuts) == pages + 1
    sizes = {c.font.size for row in sheet.iter_rows() for c in row if c.value is not None}
    assert min(sizes) * (sheet.page_setup.scale or 100) / 100 >= 8  # points, as printed
    wide_of = [sheet.column_dimensions[get_column_letter(at + 1)].width for at in range(columns)]
    for begin, end in pairwise(cuts):
        page = wide_of[begin:end] + (wide_of[:1] if begin else [])
        assert (
            sum(5.25 * width + 3.75 for width in page) * (sheet.page_setup.scale or 100) / 100
            <= ACROSS
        )
    assert (sheet.page_setup.pageOrder == "overThenDown") == (pages > 1)
    assert sheet.print_title_rows == "$1:$1"
    assert (sheet.print_title_cols == "$A:$A") == (pages > 1)
    assert (sheet.oddHeader.left.text, sheet.oddHeader.right.text) == ("Q && A", "board only")
    assert sheet.freeze_panes == "B2"
    assert bool(sheet.merged_cells.ranges) == (pages == 1)  # else every page would cut the note


def test_no_page_ends_within_a_table_that_fits_one_nor_is_a_note_cut() -> None:
    long = tuple((("x", ""), (1.0, "0")) for _ in range(120))
    grids = [
        Grid(title=f"t{n}", headings=("a", "b"), rows=long if n == 2 else long[: 9 + n],
             notes=("a note " * 30,))
        for n in range(8)
    ]  # fmt: skip
    book = Workbook(WORDS)
    _name, starts = book.tables("s", "title", grids)
    sheet = read(book.content).worksheets[0]
    breaks = [page.id for page in sheet.row_breaks.brk]
    assert breaks
    for start, end, each in zip(starts, [*starts[1:], 10_000], grids, strict=True):
        inside = [at for at in breaks if start < at < end]
        assert not inside or len(each.rows) == 120
        assert sheet.cell(start + 1, 1).value == each.title
    notes = [m for m in sheet.merged_cells.ranges if m.min_col == 1]
    assert len(notes) == len(grids)
    row = notes[0].min_row
    assert sheet.cell(row, 1).alignment.wrap_text
    assert sheet.row_dimensions[row].height > 50


def test_what_is_not_for_paper_stands_below_the_print_area_and_is_told_where_it_begins() -> None:
    row = (("x", ""), (1.0, "0"))
    shown = Grid(title="shown", headings=("a", "b"), rows=(row,) * 5)
    behind = Grid(title="behind", headings=("a", *"bcdef"), rows=((*row, *row, *row),) * 500,
                  printed=False)  # fmt: skip
    book = Workbook(WORDS)
    _name, starts = book.tables("s", "title", [shown, behind])
    sheet = read(book.content).worksheets[0]
    assert sheet.print_area == "'s'!$A$1:$B$9"
    assert sheet.cell(starts[1] + 1, 1).value == "behind"
    assert sheet.cell(starts[1] + 502, 6).value == 1.0
    assert not sheet.row_breaks.brk


def test_a_row_is_as_high_as_its_longest_text() -> None:
    rows = ((("w " * 200, ""),), (("short", ""),), (("长" * 200, ""),))
    content = workbook_of([Grid(title="", headings=("t",), rows=rows)], words=WORDS, subject="x")
    high = [read(content).worksheets[0].row_dimensions[at].height for at in (4, 5, 6)]
    assert high[1] is None
    assert min(high[0], high[2]) > 100


HOSTILE = ["=1+1", "+49 30", "-2", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x")', "1e5", "007"]


def test_text_is_text_whatever_it_looks_like() -> None:
    cells = tuple(((text, ""),) for text in HOSTILE)
    content = workbook_of([Grid(title="", headings=("t",), rows=cells)], words=WORDS, subject="x")
    sheet = read(content).worksheets[0]
    got = {c.value: c for row in sheet.iter_rows() for c in row if c.value in HOSTILE}
    assert set(got) == set(HOSTILE)
    assert {cell.data_type for cell in got.values()} == {"s"}
    assert got["=1+1"].quotePrefix  # a text also after someone has edited it
    assert all(cell.hyperlink is None for cell in got.values())


def test_sheet_names_are_what_a_workbook_can_bear() -> None:
    book = Workbook(WORDS)
    given = [
        "a/b:c*?[d]\\e",
        "x" * 60,
        "x" * 60,
        "X" * 60,
        "",
        "History",
        "'quoted'",
        "会员 等级" * 9,
    ]
    names = [book.sheet(name)[0] for name in given]
    assert read(book.content).sheetnames == names
    assert all(1 <= len(name) <= 31 for name in names)


def test_same_inputs_give_the_same_bytes_and_control_characters_no_damage() -> None:
    made = [
        workbook_of(
            [Grid(title="t", headings=("h",), rows=((("a\x00b\x1f" + "c" * 40_000, ""),),))],
            words=WORDS, subject="& client",
        )
        for _ in range(2)
    ]  # fmt: skip
    assert made[0] == made[1]
    texts = [c.value for row in read(made[0]).worksheets[0].iter_rows() for c in row if c.value]
    assert any(text.startswith("a\ufffdb") for text in texts)


def test_nothing_to_export_is_said() -> None:
    with pytest.raises(CxError, match="nothing to export"):
        workbook_of([], words=WORDS, subject="")


def test_an_engagement_exports_what_it_shows(demo_workspace: Any, tmp_path: Path) -> None:
    from cxlib.analysis.scores import crosstab
    from cxlib.engagement import Engagement

    engagement = Engagement.open("nova-mall", language="zh", workspace=demo_workspace)
    told = crosstab(engagement.survey(), rows=["nps"], by=engagement.segments[:1])
    path = engagement.export(told, tmp_path / "x.xlsx", "level value letters")
    sheet = openpyxl.load_workbook(path).worksheets[0]
    rows = [[c.value for c in row] for row in sheet.iter_rows()]
    n = len(told.table)
    assert [row[1] for row in rows[3 : 3 + n]] == pytest.approx(told.table["value"].tolist())
    assert [row[5] for row in rows[3 : 3 + n]] == told.table["n"].tolist()
    with pytest.raises(CxError, match=r"\.xlsx"):
        engagement.export(told, tmp_path / "x.csv")
