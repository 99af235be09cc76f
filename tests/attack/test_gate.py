"""The gate finds what must not leave wherever it can be seen, and lets the rest pass."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any
from urllib.parse import quote

import nbformat
import openpyxl
import pptx
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE

from cxlib import params
from cxlib.batch.gate import Gate, _folded, _quoted, _texts
from cxlib.data.ingest import ingest
from tests.batch.conftest import Place, place

__all__ = ["place"]


@pytest.fixture
def check(place: Place) -> Callable[..., str]:
    for name in ("harbour-north", "nova-mall-7"):
        place.add_client(name)
        path = place.root / "params" / f"{name}.yaml"
        text = path.read_text("utf-8")
        both = "{en: Nova Mall, zh: 新星广场}" if "nova" in name else "Harbour North"
        path.write_text(
            text.replace("demo: true", f"name: {both}\ndemo: true\nprivacy: {{names: [Li Lei]}}"),
            encoding="utf-8",
        )
    data = place.workspace.data("harbour-north") / "survey.csv"
    rows = data.read_text("utf-8").replace("\nr1,", "\nR-2024-00017,").replace("\nr2,", "\n777123,")
    data.write_text(rows, encoding="utf-8")
    client = params.load("harbour-north", place.workspace)
    ingest(client, place.workspace)
    gate = Gate(place.workspace, {"harbour-north": client})

    def look(**files: str) -> str:
        return gate.check("harbour-north", {kind: text.encode() for kind, text in files.items()})

    return look


LEAKS = {
    "a raw id": ["R-2024-00017", "R-2024\u200b-00017",
                 "（R-2024-00017）", "id:R-2024-00017/x", "777123", "客户777123说",
                 "Ｒ－2024－00017"],
    "an e-mail address": ["wang@example.com", "wang[at]example[dot]com", "wang\u00ad@example.com"],
    "a telephone number": ["138 1234 5678", "+44 20 7946 0958", "(86)138-1234-5678",
                           "138\u200b1234\u00ad5678", "138\u20601234\u202e5678"],
    "an identity number": ["110105199003078888"],
    "a bank card": ["6222 0212 3456 7890 128"],
    "an IBAN": ["DE89 3704 0044 0532 0130 00"],
    "a name of `privacy: names`": ["thanks to Li Lei"],
    "another client's name": ["better than Nova Mall", "新星广场", "see nova-mall-7", "NOVA  MALL"],
    "an absolute path": ["/home/ann/data.csv", "/tmp/cx-job-1/j/x", "C:\\Users\\ann\\x.csv",
                         "see file:///srv/x"],
    "a secret": [
        "ab" * 32, "postgresql://ann:hunter22@db/x", "-----BEGIN RSA PRIVATE KEY-----",
        "password = hunter22x", "AKIAABCDEFGHIJKLMNOP", "PaſſWord: hunter22x", "Passwd=hunter22x",
        "SECRET: hunter22x", "Api-Key: hunter22x", "APIKEY = hunter22x", "accessToken: hunter22",
        "asiaABCDEFGHIJKLMNOP", *(f"gh{kind}_{'a1' * 18}" for kind in "pousr"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in LEAKS.items() for text in texts]
)
def test_what_must_not_leave_is_found_wherever_it_is_seen(
    check: Callable[..., str], kind: str, text: str
) -> None:
    quoted = text.replace('"', "&quot;")
    for seen in (
        f"<p>{text}</p>",
        f'<img alt="{quoted}" src="data:image/png;base64,aa">',
        f'<svg aria-label="{quoted}"></svg>',
        f'<meta name="x" content="{quoted}">',
        f"<svg><text>{text}</text></svg>",
        f"<!-- {text} -->",
        f"<!DOCTYPE {text}>",
        f"<?about {text}?>",
        f"</style></script><p>{text}</p>",
        f"<style>p {{}}</style><p>{text[:2]}<b>{text[2:4]}</b><span>{text[4:]}</span></p>",
        f'<td data-of="{quoted}" abbr="x">1</td>',
        f'<a href="x?q={quote(text)}">x</a>',
    ):
        found = check(report=seen)
        assert kind in found, seen
        assert text not in found or "name" in kind or "path" in kind
    assert kind in check(results=json.dumps({"a": [{"b": text}]}))
    assert kind in check(results=json.dumps({text: 1}, ensure_ascii=False))
    cell = nbformat.v4.new_code_cell("x")
    for output in (
        nbformat.v4.new_output("stream", text=text),
        nbformat.v4.new_output("display_data", data={"text/html": f"<b>{text}</b>"}),
        nbformat.v4.new_output("display_data", data={"application/vnd.cx+json": {"a": [text]}}),
    ):
        cell.outputs = [output]
        assert kind in check(notebook=nbformat.writes(nbformat.v4.new_notebook(cells=[cell])))


def deck(text: str) -> Iterator[pptx.presentation.Presentation]:
    """Yield decks that say a text, each in another place."""
    for where in ("parted", "table", "notes", "alt", "link", "title", "author", "chart"):
        made = pptx.Presentation()
        slide = made.slides.add_slide(made.slide_layouts[6])
        box = slide.shapes.add_textbox(0, 0, 99, 99)
        if where == "parted":
            for part, bold in ((text[:4], True), (text[4:], False)):
                run = box.text_frame.paragraphs[0].add_run()
                run.text, run.font.bold = part, bold
        elif where == "table":
            slide.shapes.add_table(1, 1, 0, 0, 9, 9).table.cell(0, 0).text = text
        elif where == "notes":
            slide.notes_slide.notes_text_frame.text = text
        elif where == "alt":
            box.element.nvSpPr.cNvPr.set("descr", text)
        elif where == "link":
            run = box.text_frame.paragraphs[0].add_run()
            run.text, run.hyperlink.address = "x", text
        elif where == "chart":
            data = CategoryChartData()
            data.categories = ["x", text]
            data.add_series("y", (1, 2))
            slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, 0, 0, 99, 99, data)
        else:
            setattr(made.core_properties, where, text)
        yield made


def book(text: str) -> Iterator[openpyxl.Workbook]:
    """Yield spreadsheets that say a text, each in another place."""
    for where in ("cell", "parted", "comment", "sheet", "header", "tip", "prompt", "title", "name"):
        made = openpyxl.Workbook()
        page = made.active
        page["A1"] = "x"
        if where == "cell":
            page["A1"] = text
        elif where == "parted":
            bold = TextBlock(InlineFont(b=True), text[:4])
            page["A1"] = CellRichText(bold, TextBlock(InlineFont(), text[4:]))
        elif where == "comment":
            page["A1"].comment = Comment(text, "x")
        elif where == "sheet":
            page.title = text
        elif where == "header":
            page.oddHeader.center.text = text
        elif where == "tip":
            page["A1"].hyperlink = Hyperlink(ref="A1", location="Sheet!A1", tooltip=text)
        elif where == "prompt":
            asked = DataValidation(type="list", formula1='"a"', prompt=text, promptTitle="x")
            asked.add("A1")
            page.add_data_validation(asked)
        elif where == "title":
            made.properties.title = text
        else:
            made.properties.lastModifiedBy = text
        yield made


@pytest.mark.parametrize("make", [deck, book])
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("a telephone number", "138 1234 5678"),
        ("an e-mail address", "wang@example.com"),
        ("a raw id", "R-2024-00017"),
        ("another client's name", "Nova Mall"),
    ],
)
def test_wherever_a_deck_or_a_spreadsheet_says_it(
    place: Place, check: Callable[..., str], make: Callable[[str], Iterator[Any]], kind: str,
    text: str,
) -> None:  # fmt: skip
    gate = Gate(place.workspace, {"harbour-north": params.load("harbour-north", place.workspace)})
    for at, made in enumerate(make(text)):
        held = BytesIO()
        made.save(held)
        assert kind in gate.check("harbour-north", {"report": held.getvalue()}), at


@pytest.mark.parametrize(
    "text",
    [
        "Harbour North scores 42.7 (−3.2), 1,234,567 answers in 2026Q3; harbour-north",
        "2026-09-01 to 2026-09-30, 95% interval 10.1 to 12.3, p = 0.0312345678",
        "survey_2026.csv (a1b2c3d4e5f6), nova, mall and new malls / and or / 3/4",
        '=HYPERLINK("http://x.test")：@SUM(A1)，../etc/passwd：平均满意度为八分',
        "https://example.com/a/home/x and 12:30–13:45, ¥1,234.50, order 6222021234567890128",
    ],
)
def test_what_may_leave_passes(check: Callable[..., str], text: str) -> None:
    assert check(report=f"<p>{text}</p>", results=json.dumps({"a": text, "b": 777123})) == ""


@pytest.mark.parametrize("name", ["Target", "At The End", "目标"])
def test_a_name_that_every_report_says_keeps_none_back(
    place: Place, check: Callable[..., str], name: str
) -> None:
    place.add_client("other")
    path = place.root / "params" / "other.yaml"
    path.write_text(
        path.read_text("utf-8").replace("demo: true", f"name: {name}\ndemo: true"), "utf-8"
    )
    gate = Gate(place.workspace, {"harbour-north": params.load("harbour-north", place.workspace)})
    said = f"<p>{name} 12.0 by Q4, one period at the end</p>"
    assert gate.check("harbour-north", {"report": said.encode()}) == ""
    assert "another client's name" in gate.check("harbour-north", {"report": b"<p>Nova Mall</p>"})
    told = place.says("check", "other", "--quick").output
    assert f"'{name}' is what every report may say" in told
    assert "every report may say" not in place.says("check", "harbour-north", "--quick").output


def test_no_writing_of_a_name_escapes_the_first_look() -> None:
    cased = [c for c in map(chr, range(sys.maxunicode + 1)) if {c.lower(), c.casefold()} != {c}]
    every = "".join(cased)
    for letter in cased:
        taken_for_one = re.findall(re.escape(letter), every, re.IGNORECASE)
        assert {_folded(other) for other in taken_for_one} <= {_folded(letter)}


def test_style_pictures_and_hashes_are_not_read(check: Callable[..., str]) -> None:
    page = "<style>/* 138 1234 5678 */</style><img src='data:image/png;base64,13812345678'>"
    assert check(report=page) == ""


def test_a_log_that_stays_may_name_a_folder_and_nothing_else(check: Callable[..., str]) -> None:
    cell = nbformat.v4.new_code_cell("x")
    for text, passes in (("/home/x/lib.py:3: UserWarning", True), ("138 1234 5678", False)):
        cell.outputs = [nbformat.v4.new_output("stream", name="stderr", text=text)]
        told = check(notebook=nbformat.writes(nbformat.v4.new_notebook(cells=[cell])))
        assert (told == "") is passes


def test_a_client_may_be_named_where_the_own_file_names_it(place: Place) -> None:
    for name in ("harbour-north", "nova-mall-7"):
        place.add_client(name)
    path = place.root / "params" / "harbour-north.yaml"
    path.write_text(path.read_text("utf-8") + "# against nova-mall-7\n", encoding="utf-8")
    client = params.load("harbour-north", place.workspace)
    ingest(client, place.workspace)
    gate = Gate(place.workspace, {"harbour-north": client})
    assert gate.check("harbour-north", {"report": b"<p>nova-mall-7</p>"}) == ""


def test_an_output_that_cannot_be_read_does_not_pass(check: Callable[..., str]) -> None:
    assert "cannot be searched" in check(results="{")


@pytest.mark.parametrize(
    "saved", [{}, "a", 7, [], {'a"b': ["x\\", '字\n"q', {"k": 1.5}], "\\": "\\n\u2028"}]
)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_every_text_and_key_of_saved_results_is_seen(saved: Any, ascii_only: bool) -> None:
    content = json.dumps(saved, ensure_ascii=ascii_only)
    assert sorted(_quoted(content).split("\n")) == sorted(_texts(saved).split("\n"))


def test_a_number_on_too_few_answers_does_not_leave(check: Callable[..., str]) -> None:
    def results(n: int, value: float | None) -> str:
        columns = [["n", {"$series": "n", "values": [n]}]]
        columns.append(["value", {"$series": "value", "values": [value]}])
        return json.dumps({"results": {"t": {"$frame": columns, "index": None, "rows": 1}}})

    assert "fewer than 10" in check(results=results(4, 12.5))
    assert check(results=results(4, None)) == ""
    assert check(results=results(10, 12.5)) == ""
