"""The table book and its toplines: which rows and columns, read back and by hand."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pandas as pd
import pytest

from cxlib.analysis.metrics import Metric, SurveyDesign, Touchpoint
from cxlib.analysis.scores import crosstab
from cxlib.engagement import Engagement
from cxlib.errors import CxError
from cxlib.present.withhold import withhold
from cxlib.present.workbooks import Workbook
from cxlib.report import tablebook
from cxlib.words import Words
from tests.conftest import copy_workspace
from tests.report.test_exports import find


def test_banners_nest_and_nets_stand_before_their_answers(tmp_path: Path) -> None:
    from cxlib.report.workbook import workbook

    place = copy_workspace(tmp_path / "w", "lakeside-bank")
    engagement = Engagement.open("lakeside-bank", language="en", workspace=place)
    book = openpyxl.load_workbook(BytesIO(workbook(engagement, [])))
    assert book.sheetnames == ["Contents", "Toplines", "Table book"]
    sheet = book["Table book"]
    banner = next(r for r in sheet.iter_rows() if r[1].value == "All")[0].row
    family = find(sheet, "North · Main product")
    assert sheet.cell(banner, family.column).value == "Credit card"
    at = find(sheet, engagement.words.label("csat")).row
    said = [sheet.cell(r, 1).value for r in range(at + 1, at + 14)]
    order = [t for t in said if isinstance(t, int) or (t and t[0] in "SDP")]
    assert order[:4] == ["Percent", "Satisfied (4–5)", "Dissatisfied (1–2)", 1]
    rows = engagement.survey()
    north = rows[(rows["region"] == "North") & (rows["product"] == "Credit card")]["csat"]
    net = sheet.cell(find(sheet, "Satisfied (4–5)").row, family.column).value
    assert net == pytest.approx((north.dropna() >= 4).mean())
    topline = book["Toplines"]
    assert topline.max_column == 4  # with the ends of the interval
    level = engagement.words.label("region=North")
    assert topline.cell(find(topline, level).row, 2).value == pytest.approx(
        (rows["region"] == "North").mean()
    )
    assert topline.cell(find(topline, "Satisfied (4–5)").row, 2).value == pytest.approx(
        (rows["csat"].dropna() >= 4).mean()
    )


def test_a_net_of_an_answer_that_nobody_gave_names_its_place(tmp_path: Path) -> None:
    place = copy_workspace(tmp_path / "w", "lakeside-bank")
    file = place.params / "lakeside-bank.yaml"
    text = file.read_text("utf-8").replace("\n  segments:", QUESTION, 1)
    file.write_text(
        text.replace("  nets:\n", "  nets:\n    where: {far: [Wset, South]}\n"), "utf-8"
    )
    with pytest.raises(CxError, match=r"yaml:\d+: tablebook\.nets\.where\.far: .*'Wset'.*'West'"):
        Engagement.open("lakeside-bank", language="en", workspace=place)


QUESTION = "\n  questions: {where: Region}\n  segments:"


def written(data: pd.DataFrame, rows: Any, **of: Any) -> Any:
    """Return the sheet of one question by `group`, the small cells withheld."""
    asked = crosstab(data, rows=rows, by="group", answers=True, **of)
    told = [("q", withhold(asked, 10))]
    book = Workbook(Words(language="en"))
    columns = tablebook.banner(told)
    engagement: Any = SimpleNamespace(minimum_base=10)
    tablebook.write_sheet(book, engagement, told, "Table book", "Title", columns)
    return openpyxl.load_workbook(BytesIO(book.content))["Table book"]


def rows_of(sheet: Any) -> list[list[Any]]:
    """Return the rows of its one question."""
    at = find(sheet, "q").row
    told = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=at + 1)]
    return [row for row in told if any(value is not None for value in row)]


@pytest.fixture
def sixty() -> pd.DataFrame:
    """Ten times six people of two groups; weights .5 .5 1 | 1 1.5 1.5."""
    data = pd.DataFrame({"group": list("XXXYYY"), "w": [1, 1, 2, 2, 3, 3]})
    data["q=A"] = pd.array([1, 1, 0, 1, 1, None], "boolean")
    data["q=B"] = pd.array([0, 1, 1, 0, 1, None], "boolean")
    data["visit"] = [1, 2, 5, None, 4, 4]
    data["visit_used"] = pd.array([True] * 3 + [False, True, True], "boolean")
    return pd.concat([data] * 10, ignore_index=True)


def test_a_multiple_choice_tells_people_and_answers_by_hand(sixty: pd.DataFrame) -> None:
    rows = rows_of(written(sixty, {"q": "multiple"}, design=SurveyDesign(weights="w")))
    assert rows[0] == ["Answers (base)", 50, 30, 20]
    assert rows[1][1:] == pytest.approx([45, 20, 25])
    assert rows[2][1:] == pytest.approx([45**2 / 47.5, 20**2 / 15, 25**2 / 32.5])
    assert rows[3] == ["No answer", 10, 0, 10]
    told = {row[0]: row[1:] for row in rows[4:] if row[0]}
    assert [row[0] for row in rows if row[0] == "A"] == ["A", "A"]
    share = next(row[1:] for row in rows if row[0] == "A")
    assert share == pytest.approx([3.5 / 4.5, 0.5, 1])  # of people
    assert told["A"] == pytest.approx([3.5 / 6.5, 1 / 2.5, 2.5 / 4])  # of answers
    assert told["Answers a person"] == pytest.approx([6.5 / 4.5, 1.25, 1.6])


def test_a_rating_tells_its_spread_and_who_was_not_asked(sixty: pd.DataFrame) -> None:
    rows = rows_of(written(sixty, Touchpoint("visit"), nets={"visit": {"Top 2 (4–5)": [4, 5]}}))
    assert [row[0] for row in rows if row[0]] == [
        "Answers (base)", "Effective base", "Not asked", "Mean", "Standard deviation",
        "Top 2 (4–5)", 1, 2, 3, 4, 5,
    ]  # fmt: skip
    told = {row[0]: row[1:] for row in rows}
    assert told["Not asked"] == [10, 0, 10]
    assert told["Mean"] == pytest.approx([160 / 50, 80 / 30, 4])
    assert told["Standard deviation"][0] == pytest.approx((108 / 49) ** 0.5)
    assert told["Top 2 (4–5)"] == pytest.approx([0.6, 1 / 3, 1])


def test_no_row_of_a_small_column_is_told(sixty: pd.DataFrame) -> None:
    few = sixty[(sixty["group"] == "X") | (sixty.index < 12)]
    for rows in ({"q": "multiple"}, Touchpoint("visit")):
        for row in rows_of(written(few, rows, design=SurveyDesign(weights="w")))[:-1]:
            assert set(row[2:]) <= {"–", None}  # of two columns, one small: neither


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (Touchpoint("visit"), {"Top 2 (4–5)": {4, 5}, "Bottom 2 (1–2)": {1, 2}}),
        (Touchpoint("visit", direction="lower"), {"Top 2 (1–2)": {1, 2}, "Bottom 2 (4–5)": {4, 5}}),
        (Metric("csat", "csat", top=1), {"Bottom 1 (1)": {1}}),
        (Metric("csat", "csat", scale=(1, 3)), {}),
        (Metric("nps", "nps"), {}),
        (None, {}),
    ],
)
def test_the_ends_of_a_scale_are_told_together(question: Any, said: dict[str, Any]) -> None:
    found = tablebook.boxes(question, Words(language="en"))
    assert {name: set(of) for name, of in found.items()} == said
