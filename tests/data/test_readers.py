from __future__ import annotations

import builtins
import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from cxlib.data.layout import Named
from cxlib.data.readers import Raw, read as read_source
from cxlib.errors import DataError, SetupError
from cxlib.params.source import Source

Write = Callable[[str, str | bytes], Path]


def read(folder: Path, files: str, *, wanted: tuple[str, ...] = (), **options: Any) -> Raw:
    return read_source(folder, Source.model_construct(files=files, **options), Named(wanted))


def refusal(folder: Path, files: str, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        read(folder, files, **options)
    return str(caught.value)


def workbook(rows: list[list[Any]], sheet: str = "Sheet1") -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path: Path, write: Write, separator: str) -> None:
    lines = [["id", "q 1, overall; all", "x"], ["1", "5", "a"], ["2", "4", "b"]]
    write("a.csv", "\n".join(separator.join(f'"{c}"' for c in line) for line in lines))
    raw = read(tmp_path, "a.csv")
    assert raw.columns == ["id", "q 1, overall; all", "x"]
    assert raw.frame["x"].tolist() == ["a", "b"]


def test_decimal_commas_do_not_pass_for_separators(tmp_path: Path, write: Write) -> None:
    write("a.csv", "id;w\n1;1,5\n2;2,5\n")
    assert read(tmp_path, "a.csv").frame["w"].tolist() == ["1,5", "2,5"]


def test_every_cell_stays_the_text_it_is(tmp_path: Path, write: Write) -> None:
    write("a.csv", 'id,v\n007,NA\n1e5,null\n"a,""b""\nc", x \n')
    frame = read(tmp_path, "a.csv").frame
    assert frame["id"].tolist() == ["007", "1e5", 'a,"b"\nc']
    assert frame["v"].tolist() == ["NA", "null", " x "]


def test_rows_are_numbered_as_a_spreadsheet_numbers_them(tmp_path: Path, write: Write) -> None:
    write("a.csv", 'id,v\n1,"two\nlines"\n\n , \n2,x\n')
    raw = read(tmp_path, "a.csv")
    assert raw.row.tolist() == [2, 5]
    assert raw.at(1) == "a.csv row 5"
    assert (raw.empty, raw.files[0].rows) == (2, 4)


@given(
    cells=st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=6),
                 min_size=2, max_size=2),
        min_size=1, max_size=6,
    )
)  # fmt: skip
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_pandas_writes_is_read_back(tmp_path: Path, cells: list[list[str]]) -> None:
    frame = pd.DataFrame([["first", "row"], *cells], columns=["a", "b"])
    text = frame.to_csv(index=False, lineterminator="\n")
    odd = "\u200b\u2060\ufeff"  # nobody sees these, so they are taken out
    if any((ord(c) < 32 and c not in "\t\n\x0b\x0c\x1b") or c in odd for c in text):
        return
    (tmp_path / "a.csv").write_bytes(text.encode("utf-8"))
    raw = read(tmp_path, "a.csv", separator=",")
    filled = frame[(frame["a"].str.strip() != "") | (frame["b"].str.strip() != "")]
    assert raw.frame.to_numpy().tolist() == filled.to_numpy().tolist()


BROKEN_CSV = {
    "truncated last row": (
        "id,q1,q2\n1,2,3\n2,4",
        "a.csv is truncated: its last row, 3, has 2 fields of 3.",
    ),
    "truncated in quotation marks": (
        'id,q1\n1,2\n2,"so good th',
        "a.csv: row 3 opens a quotation mark that never closes; "
        "the file is truncated or its quotation marks are not doubled.",
    ),
    "a line broken in two": (
        "id,q1,q2\n1,2,so\n2,4\ngood,5\n3,4,x\n",
        "a.csv: row 3 has 2 fields of 3, and the next 2; a line break inside a text must stand in "
        "quotation marks; an .xlsx file has no such trouble.",
    ),
    "long row": (
        "id,q1\n1,2\n2,4,5\n",
        "a.csv: line 3 has 3 fields, its header 2: '5' stands under no name; a separator inside a "
        "text must stand in quotation marks, or declare `separator:` under `source:`.",
    ),
    "no rows": ("id,q1\n", "a.csv has a header and no rows below it."),
    "only blank rows": ("id,q1\n\n,\n", "a.csv has a header and no rows below it."),
}


@pytest.mark.parametrize("case", BROKEN_CSV)
def test_a_broken_csv_is_refused_with_its_row(tmp_path: Path, write: Write, case: str) -> None:
    text, message = BROKEN_CSV[case]
    write("a.csv", text)
    assert refusal(tmp_path, "a.csv") == message


def test_what_is_no_file_is_refused(tmp_path: Path, write: Write) -> None:
    write("survey.csv", "id\n1\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.csv").touch()
    write("notes.docx", "x")
    name = tmp_path.name
    assert (
        refusal(tmp_path, "survy.csv")
        == f"no file 'survy.csv' in {name}; did you mean 'survey.csv'?"
    )
    assert refusal(tmp_path, "empty.csv") == "empty.csv is empty."
    assert refusal(tmp_path, "folder").startswith("folder is a directory; name a file")
    assert "does not read .docx" in refusal(tmp_path, "notes.docx")
    write("data", "id\n1\n")
    assert "ends in nothing like .csv" in refusal(tmp_path, "data")
    for outside in ("../survey.csv", "/etc/passwd", "a/../../b.csv", "~/x.csv"):
        assert "leaves the client's data folder" in refusal(tmp_path, outside)
    assert "does not exist" in refusal(tmp_path / "nobody", "a.csv")


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("id\n1\n", encoding="utf-8")
    folder = tmp_path / "client"
    folder.mkdir()
    (folder / "a.csv").symlink_to(tmp_path / "other.csv")
    assert refusal(folder, "a.csv") == "a.csv is a link out of the client's data folder; copy it."
    assert "link out of" in refusal(folder, "*.csv")


def test_an_excel_cell_is_the_text_a_reader_sees(tmp_path: Path, write: Write) -> None:
    day = dt.datetime(2026, 3, 5)
    rows = [
        ["编号", "日期", "nps", "weight", "yes"],
        ["007", day, 10, 1.5, True],
        [12, day.replace(hour=14, minute=30), 9.0, None, False],
    ]
    write("a.xlsx", workbook(rows))
    frame = read(tmp_path, "a.xlsx").frame
    assert frame["编号"].tolist() == ["007", "12"]
    assert frame["日期"].tolist() == ["2026-03-05", "2026-03-05T14:30:00"]
    assert frame["nps"].tolist() == ["10", "9"]
    assert frame["weight"].tolist() == ["1.5", ""]
    assert frame["yes"].tolist() == ["true", "false"]


def test_a_sheet_is_found_by_name_and_a_wrong_name_is_told(tmp_path: Path, write: Write) -> None:
    write("a.xlsx", workbook([["id"], [1]], sheet="Answers"))
    assert read(tmp_path, "a.xlsx", sheet="Answers").frame["id"].tolist() == ["1"]
    message = refusal(tmp_path, "a.xlsx", sheet="Answer")
    assert message == "a.xlsx has no sheet 'Answer'; did you mean 'Answers'?"


def test_a_truncated_workbook_is_refused(tmp_path: Path, write: Write) -> None:
    write("a.xlsx", workbook([["id", "v"], *([i, "text"] for i in range(200))])[:-400])
    assert refusal(tmp_path, "a.xlsx").startswith("a.xlsx is truncated or no workbook: ")
    write("b.xlsx", b"not a workbook at all")
    assert refusal(tmp_path, "b.xlsx").startswith("b.xlsx is truncated or no workbook: ")
    write("c.xlsx", workbook([]))
    assert refusal(tmp_path, "c.xlsx") == "c.xlsx: sheet 'Sheet1' is empty."


def test_of_three_header_rows_the_first_is_the_header(tmp_path: Path, write: Write) -> None:
    imports = '"{""ImportId"":""QID1""}"'
    write("q.csv", f"Q1,Q2\nHow likely?,Why?\n{imports},{imports}\n9,good\n")
    raw = read(tmp_path, "q.csv", header_rows=3)
    assert raw.frame.to_dict("list") == {"Q1": ["9"], "Q2": ["good"]}
    assert raw.row.tolist() == [4]
    write("q.xlsx", workbook([[None, None], ["Q1", "Q2"], ["a", "b"], ["c", "d"], [9, "good"]]))
    assert read(tmp_path, "q.xlsx", header_rows=3).frame.to_dict("list") == {
        "Q1": ["9"],
        "Q2": ["good"],
    }


def test_columns_without_a_name_are_left_and_names_lose_their_blanks(
    tmp_path: Path, write: Write
) -> None:
    write("a.csv", '\ufeff id ,"overall\n satisfaction",,\n1,5,,\n')
    assert read(tmp_path, "a.csv").columns == ["id", "overall satisfaction"]


def test_yearly_files_are_united_by_the_names_of_their_columns(
    tmp_path: Path, write: Write
) -> None:
    write("s_2025.csv", "id,nps,old\n1,9,x\n")
    write("s_2026.csv", "nps;id;new\n7;2;y\n8;3;z\n")
    write("~$s_2026.csv", "lock")
    raw = read(tmp_path, "s_*.csv", period_from=r"s_(?P<period>\d{4})")
    assert raw.frame.to_dict("list") == {
        "id": ["1", "2", "3"],
        "nps": ["9", "7", "8"],
        "old": ["x", "", ""],
        "new": ["", "y", "z"],
    }
    assert [file.absent for file in raw.files] == [("new",), ("old",)]
    assert raw.period is not None
    assert raw.period.tolist() == ["2025", "2026", "2026"]
    assert raw.at(2) == "s_2026.csv row 3"
    message = refusal(tmp_path, "s_*.csv", period_from=r"wave(?P<period>\d)")
    assert message.startswith("the name s_2025.csv tells no period")


def test_parquet_keeps_its_types_as_text(tmp_path: Path, write: Write) -> None:
    import duckdb

    folder = tmp_path / "a [1] folder"
    folder.mkdir()
    query = (
        "SELECT '007' AS id, DATE '2026-03-05' AS day, TIMESTAMP '2026-03-05 10:00:01' AS at, "
        "4::DOUBLE AS nps, NULL::INTEGER AS csat, true AS ok, 12::BIGINT AS n"
    )
    duckdb.sql(f"COPY ({query}) TO '{folder}/a.parquet'")
    row = read(folder, "a.parquet").frame.iloc[0].to_dict()
    assert row == {
        "id": "007",
        "day": "2026-03-05T00:00:00",
        "at": "2026-03-05T10:00:01",
        "nps": "4",
        "csat": "",
        "ok": "true",
        "n": "12",
    }
    (folder / "b.parquet").write_bytes((folder / "a.parquet").read_bytes()[:-20])
    assert refusal(folder, "b.parquet") == "b.parquet is truncated or no parquet file."


def test_spss_files_are_read(tmp_path: Path) -> None:
    pyreadstat = pytest.importorskip("pyreadstat")
    frame = pd.DataFrame({"id": ["a", "b"], "q1": [9.0, None]})
    pyreadstat.write_sav(frame, str(tmp_path / "a.sav"))
    raw = read(tmp_path, "a.sav")
    assert raw.frame.to_dict("list") == {"id": ["a", "b"], "q1": ["9", ""]}
    (tmp_path / "b.sav").write_bytes((tmp_path / "a.sav").read_bytes()[:100])
    assert refusal(tmp_path, "b.sav").startswith("b.sav is truncated or no SPSS file")


def test_without_its_extra_an_spss_file_names_what_to_install(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.sav", "x")
    there = builtins.__import__

    def without(name: str, *args: Any) -> Any:
        if name == "pyreadstat":
            raise ImportError(name)
        return there(name, *args)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SetupError, match=r"pip install 'cxlib\[sav\]'"):
        read(tmp_path, "a.sav")


@pytest.mark.parametrize("files", ["a" * 300 + ".csv", "**.csv"])
def test_a_source_that_no_file_can_have_is_refused(
    tmp_path: Path, write: Write, files: str
) -> None:
    write("a.csv", "a\n1\n")
    assert f"{files!r} cannot be looked for: " in refusal(tmp_path, files)


@pytest.mark.parametrize("above", ["\n", "\r\n \r\n", "sep=;\n", '"sep=;"\r\n', "\nsep=;\n\n"])
def test_what_stands_above_the_header_is_no_row_but_is_numbered(
    tmp_path: Path, write: Write, above: str
) -> None:
    write("a.csv", above + "id;nps\nr1;9\nr2;3\n")
    raw = read(tmp_path, "a.csv")
    assert raw.frame.to_dict("list") == {"id": ["r1", "r2"], "nps": ["9", "3"]}
    lines = above.count("\n")
    assert raw.row.tolist() == [lines + 2, lines + 3]
    write("a.csv", above + "id;nps\nr1;9;9\n")
    assert f"line {lines + 2} has 3 fields, its header 2" in refusal(tmp_path, "a.csv")
    write("a.csv", above + "id;nps\nr1;9\nr2")
    assert f"its last row, {lines + 3}, has 1 fields of 2" in refusal(tmp_path, "a.csv")


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n", "\n".encode("utf-16")])
def test_a_file_of_marks_and_blank_lines_is_empty(
    tmp_path: Path, write: Write, content: bytes
) -> None:
    write("a.csv", content)
    encoding = "utf-16" if content[0] == 0xFF else None
    assert refusal(tmp_path, "a.csv", encoding=encoding) == "a.csv is empty."


def test_a_title_above_the_column_names_is_passed_over(tmp_path: Path, write: Write) -> None:
    write("a.xlsx", workbook([["Survey 2026", None], ["id", "nps"], ["r1", 9]]))
    for text in (
        "Survey 2026,\nid,nps\nr1,9\n",
        "Survey 2026\nid,nps\nr1,9\n",
        "#x\n#a, b, c\nid,nps\nr1,9\n",
    ):
        write("a.csv", text)
        for file in ("a.csv", "a.xlsx"):
            raw = read(tmp_path, file, wanted=("id", "nps"))
            assert raw.frame.to_dict("list") == {"id": ["r1"], "nps": ["9"]}


def test_a_header_borne_by_two_columns_is_told_apart_by_position(
    tmp_path: Path, write: Write
) -> None:
    write("a.csv", "id,q1, q1,Comment#2,Comment,Comment\n1,2,3,x,y,z\n")
    raw = read(tmp_path, "a.csv")
    assert raw.frame.iloc[0].to_dict() == {
        "id": "1", "q1#1": "2", "q1#2": "3", "Comment#2": "x", "Comment#1": "y", "Comment##2": "z",
    }  # fmt: skip
    assert raw.repeated["q1"] == ["q1#1", "q1#2"]
    assert raw.find("q1") is None
    assert raw.find("Comment#2") == "Comment#2"


def test_under_two_header_rows_a_column_is_named_top_and_sub(tmp_path: Path, write: Write) -> None:
    rows = [["ID", "Rate", None, "Why"], [None, "Staff", "Price", "Open-Ended Response"],
            [1, 5, 4, "x"]]  # fmt: skip
    write("a.xlsx", workbook(rows))
    raw = read(tmp_path, "a.xlsx", header_rows=2)
    assert raw.columns == ["ID", "Rate / Staff", "Rate / Price", "Why"]
    assert raw.find("Why / Open-Ended Response") == raw.find("Why") == "Why"
    assert raw.find("Rate") is None  # which of the two?
    found = read(tmp_path, "a.xlsx", wanted=("ID", "Rate / Price"))
    assert found.frame["Rate / Price"].tolist() == ["4"]


def test_short_rows_are_filled_up_and_separators_at_the_end_cut(
    tmp_path: Path, write: Write
) -> None:
    write("a.csv", "id,q1,q2\n1,2\n2,4,5,,\n3,1,1\n")
    assert read(tmp_path, "a.csv").frame["q2"].tolist() == ["", "5", "1"]


@pytest.mark.parametrize(
    ("tail", "reason"),
    [
        ("合计,7,8", "total of the rows above"),
        ("Total (2),7,8", "total of the rows above"),
        (",Average,6.5", "total of the rows above"),
        ("id,q1,q2", "repeats the header"),
        ("Exported 2026-01-02 by Tool,,", "note below the table"),
        ("注：以上为本季度数据，仅供内部参考,,", "note below the table"),
    ],
)
def test_what_is_no_answer_is_left_out_and_counted(
    tmp_path: Path, write: Write, tail: str, reason: str
) -> None:
    write("a.csv", f"id,q1,q2\n1,2,3\n2,4,5\n{tail}\n")
    raw = read(tmp_path, "a.csv")
    assert raw.frame["id"].tolist() == ["1", "2"]
    assert raw.left == {reason: 1}
    assert raw.files[0].rows == 3


def test_a_brand_called_total_is_no_total(tmp_path: Path, write: Write) -> None:
    write("a.csv", "brand,q1\nTotal,2\nShell,4\nTotal,5\nTotal,1\n")
    assert len(read(tmp_path, "a.csv").frame) == 4


@pytest.mark.parametrize("name", ["a.xls", "a.xlsx"])
def test_what_is_no_workbook_is_read_as_what_it_is(tmp_path: Path, write: Write, name: str) -> None:
    page = "<html><body><table><tr><th>id</th><th colspan=2>q</th></tr><tr><td>1</td><td>9</td><td>x &amp; y</td></tr></table></body></html>"  # noqa: E501
    xml = (
        '<?xml version="1.0"?><Workbook xmlns:ss="x"><Worksheet ss:Name="S"><Table><Row><Cell><Data>id</Data>'  # noqa: E501
        '</Cell><Cell><Data>q</Data></Cell></Row><Row><Cell><Data>1</Data></Cell><Cell ss:Index="2">'  # noqa: E501
        "<Data>9</Data></Cell></Row></Table></Worksheet></Workbook>"
    )
    for content in (page, xml, "id\tq\n1\t9\n"):
        write(name, content)
        raw = read(tmp_path, name, wanted=("id", "q"))
        assert (raw.frame["id"].tolist(), raw.frame["q"].tolist()) == (["1"], ["9"])
        assert "whatever its name says" in raw.warnings[0]
    write("b.csv", workbook([["id"], [7]]))
    assert read(tmp_path, "b.csv").frame["id"].tolist() == ["7"]


def test_a_formula_that_keeps_zeros_is_its_text(tmp_path: Path, write: Write) -> None:
    write("a.csv", 'id,q\n="0001",9\n"=""0002""",8\n')
    assert read(tmp_path, "a.csv").frame["id"].tolist() == ["0001", "0002"]


def sheets(*pages: tuple[str, list[list[Any]], bool]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows, hidden in pages:
        page = book.create_sheet(name)
        page.sheet_state = "hidden" if hidden else "visible"
        for row in rows:
            page.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_the_visible_sheet_that_holds_the_columns_is_read(tmp_path: Path, write: Write) -> None:
    data = [["id", "nps"], [1, 9]]
    write(
        "a.xlsx", sheets(("codes", data, True), ("notes", [["read me"]], False), ("d", data, False))
    )
    raw = read(tmp_path, "a.xlsx", wanted=("id", "nps"))
    assert raw.frame["nps"].tolist() == ["9"]
    assert "sheet 'd'" in raw.files[0].told
    assert raw.warnings == ()
    write("b.xlsx", sheets(("N", data, False), ("S", data, False), ("x", [["?"]], False)))
    raw = read(tmp_path, "b.xlsx", wanted=("id", "nps"))
    assert "1 more sheet has the same columns ('S')" in raw.warnings[0]
    both = read(tmp_path, "b.xlsx", wanted=("id", "nps"), sheet="*")
    assert [file.name for file in both.files] == ["b.xlsx (N)", "b.xlsx (S)"]
    assert both.at(1) == "b.xlsx (S) row 2"


def test_merged_cells_are_filled_down_and_said(tmp_path: Path, write: Write) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in (["area", "q"], ["N", 1], [None, 2], ["S", 3], [None, 4]):
        page.append(row)
    page.merge_cells("A2:A3")
    page.merge_cells("A4:A5")
    buffer = io.BytesIO()
    book.save(buffer)
    write("a.xlsx", buffer.getvalue())
    raw = read(tmp_path, "a.xlsx", wanted=("area", "q"))
    assert raw.frame["area"].tolist() == ["N", "N", "S", "S"]
    assert "merged cells of column 'area' are filled down" in raw.warnings[0]


def test_one_file_twice_is_read_once_and_the_same_rows_are_refused(
    tmp_path: Path, write: Write
) -> None:
    text = "id,q\n" + "".join(f"{i},{i % 5}\n" for i in range(12))
    write("s.csv", text)
    write("s (1).csv", text)
    raw = read(tmp_path, "s*.csv")
    assert len(raw.frame) == 12
    assert "is the same file as" in raw.warnings[0]
    write("s (1).csv", text.replace(",", ";"))
    assert "holds the same rows as" in refusal(tmp_path, "s*.csv")


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (range(40), range(10, 30), "all 20 rows of b.csv stand in a.csv"),
        (range(40), range(25, 60), "the last 15 rows of a.csv are the first of b.csv"),
        (range(25, 60), range(40), "the last 15 rows of b.csv are the first of a.csv"),
        (range(30), range(30, 60), ""),
        (range(40), [*range(0, 40, 2), *range(39, 0, -2)], "b.csv holds the same rows as a.csv"),
        (range(39, 9, -1), range(60), "all 30 rows of a.csv stand in b.csv"),
        ([i % 13 for i in range(390)], [i % 13 for i in range(40, 0, -1)], ""),  # by chance
        ([1] * 30, [1] * 20, ""),  # too alike to tell
    ],
)
def test_exports_that_overlap_are_refused(
    tmp_path: Path, write: Write, first: list[int], second: list[int], said: str
) -> None:
    for name, rows in (("a.csv", first), ("b.csv", second)):
        write(name, "day,q\n" + "".join(f"{i % 13},{i}\n" for i in rows))
    if said:
        assert said in refusal(tmp_path, "*.csv")
    else:
        assert len(read(tmp_path, "*.csv").frame) == len(first) + len(second)


PLATFORMS = {
    "Qualtrics": "StartDate,EndDate,Status,ResponseId,Q1",
    "SurveyMonkey": "Respondent ID,Collector ID,Start Date,Q1",
    "问卷星": "序号,提交答卷时间,所用时间,来源,Q1",
    "Google Forms": "Timestamp,Q1",
    "Typeform": "#,Q1,Start Date (UTC),Submit Date (UTC),Network ID",
    "LimeSurvey": "id,submitdate,lastpage,startlanguage,Q1",
    "Zendesk": "Id,Requester,Assignee,Created at,Solved at",
    "Jira": "Issue key,Issue id,Issue Type,Created,Resolved",
    "Freshdesk": "Ticket ID,Created time,Resolved time,Closed time",
    "ServiceNow": "number,opened_at,resolved_at,closed_at",
}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_who_wrote_a_file_is_recognised_and_said(
    tmp_path: Path, write: Write, platform: str
) -> None:
    header = PLATFORMS[platform]
    write("a.csv", f"{header}\n" + ",".join("1" * (header.count(",") + 1)) + "\n")
    assert f"a {platform} export" in read(tmp_path, "a.csv").files[0].told


def test_a_cell_astray_at_the_end_of_the_grid_is_told(tmp_path: Path, write: Write) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page["A1"], page["A2"], page["XFD1048576"] = "nps", 9, "x"
    buffer = io.BytesIO()
    book.save(buffer)
    write("a.xlsx", buffer.getvalue())
    told = "a sheet reaches to row 1,048,576 and column 16,384; a stray cell stands far"
    assert told in refusal(tmp_path, "a.xlsx")


def test_a_packed_csv_is_read_and_a_broken_one_refused(tmp_path: Path, write: Write) -> None:
    import gzip

    packed = gzip.compress(b"id,q\n1,9\n")
    write("a.csv.gz", packed)
    assert read(tmp_path, "a.csv.gz").frame["q"].tolist() == ["9"]
    write("b.csv.gz", packed[:-9])
    assert refusal(tmp_path, "b.csv.gz").startswith("b.csv.gz is truncated or no gzip file")


def packed(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "id,q\n1,9\n")
    return buffer.getvalue()


def streams(*names: str) -> bytes:
    """Return the beginning of an older document and the names of what it holds."""
    entries = (name.encode("utf-16-le").ljust(128, b"\0") for name in ("Root Entry", *names))
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(1024, b"\0") + b"".join(entries)


NO_TABLES: dict[str, tuple[bytes, str, str]] = {  # content, what is said of it, what helps
    "a.xlsx": (streams("EncryptionInfo", "EncryptedPackage"), "by a password", "take it off"),
    "b.doc": (streams("WordDocument"), "a Word document", "copy its table"),
    "c.msg": (streams("__properties_version1.0"), "an e-mail of Outlook", "attached"),
    "d.docx": (packed("word/document.xml"), "a Word document", "copy its table"),
    "e.xlsx": (packed("word/document.xml"), "a Word document", "copy its table"),
    "f.pptx": (packed("ppt/presentation.xml"), "a PowerPoint file", "copy its table"),
    "g.numbers": (packed("Index/Document.iwa"), "Numbers or Pages", "export it from there"),
    "h.zip": (packed("a.csv", "b.csv"), "an archive of 'a.csv', 'b.csv'", "*.csv"),
    "i.csv": (packed("a.csv"), "an archive of 'a.csv'", "unpack it"),
    "j.rar": (b"Rar!\x1a\x07\x00", "an archive", "unpack it"),
    "k.pdf": (b"%PDF-1.7 x", "a PDF", "ask for the table"),
    "l.json": (b'[{"id": 1}]', "JSON", "select * from 'l.json'"),
    "m.jsonl": (b'{"id": 1}\n{"id": 2}\n', "JSON", "select * from 'm.jsonl'"),
    "n.db": (b"SQLite format 3\0", "a database", "export it"),
    "o.csv": (b"version https://git-lfs.github.com/spec/v1\n", "a placeholder", "fetch"),
}


@pytest.mark.parametrize("name", NO_TABLES)
def test_what_holds_no_table_is_called_what_it_is(tmp_path: Path, write: Write, name: str) -> None:
    content, what, way_out = NO_TABLES[name]
    write(name, content)
    said = refusal(tmp_path, name)
    assert what in said
    assert way_out in said


def test_a_workbook_that_holds_other_documents_is_a_workbook(tmp_path: Path, write: Write) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in (["id", "q"], [1, 9]):
        page.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("xl/embeddings/notes.docx", "x")
        archive.writestr("xl/embeddings/table.xlsx", "x")
    write("a.xlsx", buffer.getvalue())
    assert read(tmp_path, "a.xlsx").frame["q"].tolist() == ["9"]
