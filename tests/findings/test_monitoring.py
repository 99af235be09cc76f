from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import investigation, pages, splits, trends
from cxlib.analysis.competitors import Competition
from cxlib.findings import Finding
from cxlib.findings import monitoring as findings
from cxlib.words import Words
from tests.analysis.test_drilldown import NPS, STEPS, survey
from tests.analysis.test_pages import Aim, Definition, figures

LABELS = {"nps": "NPS", "desk": "Front desk", "hotel": "Hotel", "hotel=a": "Bund"}
ZH = {"nps": "推荐意愿（NPS）", "desk": "前台", "hotel": "酒店", "hotel=a": "外滩店"}


def said(finding: Finding, language: str = "en") -> str:
    words = Words.load(language, labels=ZH if language == "zh" else LABELS)
    step = words.say(finding.next_step, **finding.facts) if finding.next_step else ""
    return f"{words.say(finding.message, **finding.facts)} {step}".strip()


def page_of(data: pd.DataFrame, **options: Any) -> pages.ChartPage:
    return pages.chart_page(data, questions=[NPS, *STEPS], **options)


def followed(data: pd.DataFrame, page: pages.ChartPage) -> investigation.WarningList:
    return investigation.investigate(
        trends.early_warnings(page.charts),
        page=page,
        survey=data,
        metrics=[NPS],
        touchpoints=STEPS,
        segments=["hotel"],
    )


def by_id(told: list[Finding]) -> dict[str, Finding]:
    return {finding.id: finding for finding in told}


def reported(values: list[float], **options: Any) -> pages.ChartPage:
    definition = Definition(**options)
    return pages.chart_page(None, figures=figures(values), definitions={"calls": definition})


def test_a_warning_says_since_when_how_sure_and_who() -> None:
    data = survey(fall=-1.2)
    page = page_of(data)
    told = by_id(findings.warnings(followed(data, page), page))
    row = page.table.set_index("metric").loc["nps"]
    value, centre = (f"{row[name]:.1f}".replace("-", "−") for name in ("value", "centre"))
    assert said(told["monitoring.nps.warning"]) == (
        f"NPS is worsening since Q4 2025: {value}, usually {centre} (n = 500); a stable process "
        "signals so strongly in fewer than 1 report of 1,000. "
        "No measure is recorded against it yet: name who answers for it."
    )
    assert said(told["monitoring.nps.warning"], "zh") == (
        f"推荐意愿（NPS）自2025年第4季度起恶化：现为 {value}，常态 {centre}（n = 500）；"
        "稳定流程出现这么强的信号，一千份报告中不到一份。 尚未记录应对措施：请指定负责人。"
    )
    assert "2 of 3 charts warn" in said(told["monitoring.warning.page"])


def test_the_place_is_told_once_for_every_kpi_that_it_explains() -> None:
    data = survey(fall=-1.2)
    page = page_of(data)
    told = findings.places(followed(data, page), page)
    assert len(told) == 1
    assert said(told[0]).startswith(
        "What moved with NPS since Q3 2025 is Front desk, in all groups alike: −"
    )
    local = survey(fall=-2.2, only="a")
    page = page_of(local)
    told = findings.places(followed(local, page), page)
    assert "most of all for Bund (Hotel)" in said(told[0])
    assert "以外滩店（酒店）为最" in said(told[0], "zh")


def test_a_different_mix_is_not_blamed_on_the_service() -> None:
    data = survey(shares=0.95)
    page = page_of(data)
    told = by_id(findings.places(followed(data, page), page))
    assert "is a different mix of Hotel" in said(told["monitoring.nps.place"])
    assert "the service did not change" in said(told["monitoring.nps.place"])


def test_no_warning_is_good_news_with_its_false_alarm_rate() -> None:
    page = reported([5.0, 6, 5, 6, 5, 6, 5, 6, 5, 6, 5, 6])
    found = investigation.investigate(trends.early_warnings(page.charts), page=page, survey=None)
    told = findings.warnings(found, page)
    assert [finding.severity for finding in told] == ["good"]
    assert said(told[0]).startswith("No early warning: none of 1 charts signals")
    assert "Leave the process alone" in said(told[0])


def test_stability_is_no_comfort_where_the_target_is_out_of_reach() -> None:
    page = reported([5.0, 6, 5, 6, 5, 6, 5, 6, 5, 6, 5, 6], target=9.0)
    found = investigation.investigate(trends.early_warnings(page.charts), page=page, survey=None)
    assert findings.warnings(found, page)[0].next_step is None
    told = findings.assurance(page)[0]
    assert told.severity == "serious"
    assert said(told).startswith("The present process will not meet the target of 9.00 for calls")


@pytest.mark.parametrize(
    ("target", "severity", "words"),
    [
        (1.0, "good", "meets the target of 1.00 for calls whatever the noise"),
        (5.5, "note", "may or may not meet the target of 5.50 for calls"),
        (9.0, "serious", "will not meet the target of 9.00 for calls"),
    ],
)
def test_assurance_has_three_verdicts(target: float, severity: str, words: str) -> None:
    told = findings.assurance(reported([5.0, 6, 5, 6, 5, 6, 5, 6], target=target))
    assert told[0].severity == severity
    assert words in said(told[0])


def test_a_lower_is_better_figure_is_judged_the_other_way() -> None:
    told = findings.assurance(reported([5.0, 6, 5, 6, 5, 6, 5, 6], target=1.0, direction="lower"))
    assert "will not meet" in said(told[0])


def test_trial_limits_are_said_with_their_periods() -> None:
    told = by_id(findings.charts(reported([5.0, 6, 5, 6, 5, 6, 5, 6])))
    assert said(told["monitoring.page.trial"]).startswith(
        "Limits are on trial for calls: they rest on 8 periods, and 12 settle them."
    )
    settled = by_id(findings.charts(reported([5.0, 7, 6, 6, 5, 7, 7, 5, 6, 5, 7, 6])))
    assert "monitoring.page.trial" not in settled


def test_a_rebase_is_told_with_its_reason() -> None:
    page = page_of(survey(), rebase={"2025Q1": "new counter"})
    told = by_id(findings.charts(page))["monitoring.page.rebase.2025Q1"]
    assert said(told) == "Limits were recalculated from Q1 2025 on for all charts: new counter."
    assert said(told, "zh") == "全部图表自2025年第1季度起重新计算控制限：new counter。"


def test_carry_over_and_alternation_are_told_apart() -> None:
    drift = by_id(findings.charts(reported([float(v) for v in range(20)])))
    zigzag = by_id(findings.charts(reported([5.0, 9.0] * 10)))
    assert "resemble one another" in said(drift["monitoring.page.autocorrelation.drift"])
    assert "alternate up" in said(zigzag["monitoring.page.autocorrelation.zigzag"])


def test_one_period_gets_a_plain_sentence() -> None:
    data = survey()
    page = page_of(data[data["period"] == "2025Q4"].assign(period="all"))
    told = findings.single(page, period="all")
    assert said(told[0]).startswith("There is only one period so far (one wave)")
    assert said(told[0], "zh").startswith("目前只有一期数据（一次调查）")
    assert findings.single(page_of(data), period="2025Q4") == []


def test_too_few_answers_everywhere_is_said_and_not_charted() -> None:
    few = survey().groupby("period").head(5)
    page = page_of(few)
    found = investigation.investigate(None, page=page, survey=few)
    assert findings.warnings(found, page) == []
    assert said(findings.single(page, period="2025Q4")[0]) == (
        "No indicator has a period with enough answers: nothing can be charted. Collect more "
        "answers a period, or report less often."
    )


def test_changes_name_the_mix_or_the_judgement() -> None:
    data = survey(shares=0.95)
    page = page_of(data)
    compared = splits.period_changes(page, metrics=["nps"], period="2025Q4")
    parts = splits.split_changes(
        data, metrics=[NPS], segments=["hotel"], period="2025Q4", bootstrap=200
    )
    told = by_id(findings.changes(compared, parts))
    assert "mostly a different mix of Hotel" in said(told["monitoring.nps.change.last_period"])
    assert told["monitoring.nps.change.last_period"].base == 500
    quiet = survey()
    still = splits.period_changes(page_of(quiet), metrics=["nps"], period="2025Q4")
    assert said(findings.changes(still, None)[0]).startswith(
        "No clear change against Q3 2025 (last period): NPS."
    )


def test_a_counted_figure_has_no_interval_and_says_why() -> None:
    page = reported([5.0, 6, 5, 7])
    told = findings.changes(splits.period_changes(page, metrics=["calls"], period="2025-04"), None)
    assert said(told[0]).startswith(
        "calls is 7.00, +2.00 against March 2025 (last period). The figure counts every case"
    )


def test_a_reference_is_compared_over_all_periods() -> None:
    frame = pd.concat([figures([70.0, 69.0, 66.0], "ours"), figures([71.0, 71.0, 70.0], "nation")])
    page = pages.chart_page(
        None, figures=frame, definitions={"ours": Definition(), "nation": Definition()}
    )
    told = findings.benchmarks(page, against={"ours": "nation"})[0]
    assert told.facts["better"] == 0
    assert said(told).startswith(
        "ours stands at 66.0 against 70.0 of nation in March 2025 (−4.0); it was better in 0 of 3 "
        "periods, the gap between −4.0 and −1.0."
    )
    assert findings.benchmarks(page, against={"ours": "gone"}) == []


ROW: dict[str, Any] = {
    "competitor": "Northgate",
    "metric": "desk",
    "unit": "mean",
    "direction": "higher",
    "own": 3.17,
    "competitor_value": 3.78,
    "gap": -0.61,
    "low": -0.91,
    "high": -0.32,
    "standing": "behind",
    "n_own": 373,
    "n_competitor": 89,
    "n": 89,
    "withheld": False,
}


def competition(**changes: Any) -> Competition:
    match = changes.pop("match", ())
    return Competition(
        table=pd.DataFrame([ROW | changes]),
        mix=None,
        own="own",
        match=match,
        minimum_base=10,
        confidence=0.95,
        n_used=462,
        n_dropped=0,
        caveats=(),
    )


def test_a_rivals_lead_is_told_with_both_bases() -> None:
    told = findings.rivals(competition())[0]
    assert said(told) == (
        "Behind Northgate in Front desk: 3.17 against 3.78, −0.61 (−0.91 to −0.32, n = 373 and "
        "89). Find out what Northgate does differently there."
    )
    matched = findings.rivals(competition(match=("hotel",)))[0]
    assert "at the same mix of Hotel" in said(matched)
    assert "在相同的酒店构成下，前台落后于Northgate" in said(matched, "zh")


def test_withheld_rivals_are_not_told() -> None:
    assert findings.rivals(competition(withheld=True, gap=np.nan, low=np.nan, high=np.nan)) == []
    none = findings.rivals(competition(standing="no clear difference"))
    assert said(none[0]).startswith("No clear difference from Northgate in 1 comparisons.")


def test_every_message_is_said_in_chinese() -> None:
    data = survey(fall=-2.2, only="a")
    page = page_of(data, targets=[Aim("nps", 30.0)])
    found = followed(data, page)
    told = [
        *findings.warnings(found, page),
        *findings.places(found, page),
        *findings.charts(page),
        *findings.assurance(page),
    ]
    for finding in told:
        text = said(finding, "zh")
        assert not any(word in text for word in (" the ", " is ", " of ", " to ")), text
