"""Chapter 14: what the demo contracts plant is what the chapter says."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest

from cxlib import Engagement
from cxlib.analysis.obligations import LATE
from cxlib.chapters.engagement import findings, tables
from cxlib.chapters.summary import tables as summary
from cxlib.envelope import Envelope, write
from cxlib.present.findings import tell
from tests.conftest import copy_workspace


@pytest.fixture(scope="module")
def mall(tmp_path_factory: pytest.TempPathFactory) -> Engagement:
    place = copy_workspace(tmp_path_factory.mktemp("contract"), "nova-mall")
    return Engagement.open("nova-mall", language="en", chapter="engagement", workspace=place)


def test_what_was_planted_is_found(mall: Engagement) -> None:
    found = tables.status(mall)
    assert found.as_of == dt.date(2026, 9, 30)
    table = found.table.set_index("id")
    assert table["state"].to_dict() == {
        "d1": "accepted", "d2": "deemed accepted", "d3": "accepted", "d4": "accepted",
        "d5": "accepted", "d6": "late", "d8": "under review", "d10": "open", "d9": "open",
    }  # fmt: skip
    assert table.loc["d2", "accepted_on"] == dt.date(2026, 3, 5)  # 28 February is worked
    assert (table.loc["d3", "days_late"], table.loc["d3", "fee"]) == (5, pytest.approx(150.0))
    assert (table.loc["d6", "due_on"], table.loc["d6", "days_late"]) == (dt.date(2026, 9, 20), 10)
    assert table.loc["d8", "review_ends"] == dt.date(2026, 10, 10)
    assert table.loc["d10", "due_on"] == dt.date(2026, 10, 8)
    assert "2027" in found.caveats[0]
    payments = found.payments.set_index("id")
    assert payments["state"].to_dict() == {"p1": "paid", "p2": "paid", "p3": "late", "p4": "open"}
    assert payments.loc["p3", "due_on"] == dt.date(2026, 8, 19)
    assert payments.loc["p3", "fee"] == pytest.approx(120_000 * 0.0005 * 42)
    assert found.dates.set_index("id").loc["contract", "notice_by"] == dt.date(2026, 11, 1)


def test_findings_say_what_is_late_and_who_does_what(mall: Engagement) -> None:
    told = tell(
        tables.told(mall, tables.status(mall)),
        findings.OBLIGATIONS,
        chapter="engagement",
        about="id",
    )
    by_id = {finding.subject: finding for finding in told}
    assert by_id["d6"].severity == "serious"
    assert "20 September 2026" in by_id["d6"].headline(mall.words)
    assert {"d2", "d8", "p3"} <= set(by_id)
    assert not {"d1", "d9", "p4", "u1"} & set(by_id)


@pytest.mark.parametrize(
    ("by", "told"), [("2026-09-29", 0), ("2026-11-01", 1), ("2026-11-30", 1), ("2026-12-01", 0)]
)
def test_a_notice_is_told_before_the_next_report_would_come_too_late(
    mall: Engagement, by: str, told: int
) -> None:
    found = tables.status(mall)  # of September: October's report is read in November
    days = [dt.date.fromisoformat(by) if i == "contract" else None for i in found.dates["id"]]
    dates = found.dates.assign(notice_by=pd.Series(days, found.dates.index, dtype=object))
    near = tables.told(mall, replace(found, dates=dates)).query("case == 'notice'")
    assert len(near) == told


def test_the_sheet_holds_what_was_handed_over_and_its_proof(mall: Engagement) -> None:
    sheet = tables.acceptance(mall, tables.status(mall))
    assert set(sheet["id"]) == {"d1", "d2", "d3", "d4", "d5", "d8"}
    assert sheet["proof"].notna().all()
    criteria = tables.criteria(mall)
    core = mall.judged().table
    assert criteria["status"].tolist() == core["status"].tolist()
    assert set(tables.training(mall, tables.status(mall))["id"]) == {"d4", "d6"}


def test_the_summary_shows_what_is_open_late_first(mall: Engagement) -> None:
    items = tables.open_items(tables.status(mall))
    states = items["state"].tolist()
    assert states == sorted(states, key=lambda state: state != "late")
    assert not {"u1", "u2", "contract"} & set(items["id"])
    path = mall.workspace.result("nova-mall", mall.period, mall.words.language, "engagement")
    known = {"client": "nova-mall", "chapter": "engagement", "period": mall.period}
    write(path, Envelope(**known, kit="0", results={"open": items}, findings=()))  # type: ignore[arg-type]
    reader = Engagement.open(
        "nova-mall", language="zh", chapter="summary", workspace=mall.workspace
    )
    shown = summary.obligations(reader)
    assert shown["id"].tolist() == items["id"].tolist()[: len(shown)]
    assert reader.words.label(shown["title"].iloc[0]) in ("培训：应对不满买家", "第三期款（30%）")


def test_the_summary_shows_every_notice_that_chapter_14_tells_of(mall: Engagement) -> None:
    status = tables.status(mall)
    told = tables.told(mall, status)
    notices = tables.notices(mall, status)
    assert set(notices["id"]) == set(told.loc[told["case"] == "notice", "id"]) == {"contract"}
    saved = {"open": tables.open_items(status), "notices": notices}
    path = mall.workspace.result("nova-mall", mall.period, mall.words.language, "engagement")
    known = {"client": "nova-mall", "chapter": "engagement", "period": mall.period}
    write(path, Envelope(**known, kit="0", results=saved, findings=()))  # type: ignore[arg-type]
    shown = summary.obligations(mall).set_index("id")
    assert len(shown) == summary.MOST_OPEN
    ends = status.dates.set_index("id").loc["contract", "notice_by"]
    assert shown.loc["contract", "notice_by"] == ends < shown.loc["contract", "due_on"]
    rest = shown[shown["state"] != LATE]
    assert rest["notice_by"].fillna(rest["due_on"]).is_monotonic_increasing
    assert shown["state"].eq(LATE).tolist() == sorted(shown["state"].eq(LATE), reverse=True)
