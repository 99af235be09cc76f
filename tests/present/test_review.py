from __future__ import annotations

from cxlib.analysis import investigation, pages, splits, trends
from cxlib.findings import Finding
from cxlib.present import review
from cxlib.present.tables import view
from cxlib.words import Words
from tests.analysis.test_drilldown import NPS, STEPS, survey
from tests.analysis.test_pages import Aim


def page() -> pages.ChartPage:
    return pages.chart_page(survey(fall=-1.2), questions=[NPS, *STEPS], targets=[Aim("nps", 90.0)])


def warned(found: pages.ChartPage) -> investigation.WarningList:
    return investigation.investigate(
        trends.early_warnings(found.charts),
        page=found,
        survey=survey(fall=-1.2),
        metrics=[NPS],
        touchpoints=STEPS,
        segments=["hotel"],
    )


def test_the_sheet_holds_every_kpi_and_every_touchpoint_that_warns() -> None:
    found = page()
    sheet = review.review_sheet(
        found, warnings=warned(found), metrics=["nps"], measures={"nps": "Ms Li: training"}
    )
    rows = sheet.table.set_index("metric")
    assert rows.index.tolist() == ["nps", "desk"]
    assert rows.loc["nps", "since"] == "2025Q4"
    assert rows.loc["desk", "measure"] == "no measure recorded yet"
    assert rows["decision"].str.strip().eq("").all()


def test_the_sheet_is_signed_by_both_sides_in_the_readers_language() -> None:
    found = page()
    sheet = review.review_sheet(found, warnings=warned(found), metrics=["nps"])
    words = Words.load("zh", labels={"nps": "推荐意愿", "desk": "前台"})
    shown = view(sheet, words=words, minimum_base=10, table="signatures")
    assert [row[0] for row in shown.rows] == ["客户方", "顾问方"]
    body = view(sheet, words=words, minimum_base=10)
    assert "推荐意愿" in body.rows[0]
    assert "显著恶化" in body.rows[0]
    assert "2025年第4季度" in body.rows[0]


def test_tiles_show_value_interval_change_target_and_trend() -> None:
    found = page()
    compared = splits.period_changes(found, metrics=["nps"], period="2025Q4")
    tiles = review.page_tiles(found, words=Words(), metrics=["nps"], changes=compared).tiles
    assert len(tiles) == 1
    lines = tiles[0].lines
    assert lines[0].endswith(", n = 500")
    assert "since Q3 2025" in lines[1]
    assert lines[2:] == ("Target 90.0", "Trend: concerning")
    assert tiles[0].state == "bad"


def finding(name: str, **facts: object) -> Finding:
    return Finding(
        id=f"monitoring.{name}",
        message="{metric} moved.",
        facts={"metric": name, **facts},
        severity="warning",
        base=facts.get("n"),  # type: ignore[arg-type]
        next_step="Ask {who}.",
    )


def test_advice_says_each_step_once_and_nothing_on_few_answers() -> None:
    told = [finding("a", who="Li"), finding("b", who="Li"), finding("c", who="Wu", n=4)]
    table = review.advice(told, words=Words(), minimum_base=10).table
    assert table["step"].tolist() == ["Ask Li."]
    assert table["about"].tolist() == ["a, b"]
    assert table["mark"].tolist() == ["Watch"]
