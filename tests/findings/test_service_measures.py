"""What the service chapter says of its improvement measures, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from cxlib.findings import Finding
from cxlib.findings import service as findings
from cxlib.present.tables import view
from cxlib.present.withhold import withhold
from cxlib.words import Words
from tests.analysis.test_service_measures import follow, measure
from tests.analysis.test_service_review import TERMS, Target, log

EN, ZH = Words.load("en"), Words.load("zh")
AIM = Target("handle_time", 240.0, direction="lower")


def said(finding: Finding, words: Words = EN) -> str:
    return words.say(finding.message, **finding.facts)


def step(finding: Finding, words: Words = EN) -> str:
    return words.say(finding.next_step or "", **finding.facts)


def told(*measures: Any, **more: Any) -> list[Finding]:
    return findings.measures(withhold(follow(*measures, **more), 10))


def test_an_overdue_measure_names_its_owner_and_how_its_kpi_stands() -> None:
    (finding,) = told(measure(measure="Call back", due="2026-02", state="under way"))
    assert finding.severity == "warning"
    assert said(finding) == (
        "Overdue: “Call back” (Ann) was due February 2026 and is under way; "
        "Resolution in SLA is at 90.0 % in March 2026 (n = 100)."
    )
    assert said(finding, ZH) == (
        "逾期：“Call back”（Ann）应于2026年2月完成，目前状态：进行中；"
        "按时解决率在2026年3月为 90.0%（n = 100）。"
    )
    assert step(finding) == "Agree with Ann on a new date, or stop the measure."


def test_an_overdue_measure_on_what_the_log_does_not_tell_is_still_overdue() -> None:
    (finding,) = told(measure("ticket_csat", due="2026-02-14"))
    assert said(finding).endswith(
        "was due 14 February 2026 and is planned; it is for Rating per ticket."
    )


@pytest.mark.parametrize(
    ("late", "finished", "severity", "part"),
    [
        ([10, 0, 0], "2026-01", "good", "has been better than usual since February 2026: 100.0 %"),
        ([0, 0, 0], "2026-02", "note", "is better than usual, but already since January 2026"),
        ([10], "2025-12", "warning", "yet Resolution in SLA has not clearly moved: 90.0 % in"),
        ([10], "2026-01", "note", "has not clearly moved"),  # two months are too few to blame it
        ([10], "2026-03", "note", "it is too early to tell whether Resolution in SLA moves"),
    ],
)
def test_what_became_of_a_done_measure(
    late: list[int], finished: str, severity: str, part: str
) -> None:
    (finding,) = told(measure(state="done", due=finished, finished=finished), late=late)
    assert finding.severity == severity
    assert part in said(finding)
    assert "n = 100" in said(finding)
    assert said(finding, ZH) != said(finding)


def test_a_done_measure_whose_kpi_got_worse_is_a_warning() -> None:
    done = measure(state="done", due="2025-12", finished="2025-12")
    found = {finding.id: finding for finding in told(done, late=[40])}
    finding = found["service.measure.1.resolution_sla.done"]
    assert finding.severity == "warning"
    assert "is worse than usual since March 2026: 60.0 % in March 2026" in said(finding)
    assert "service.measures.over" in found


def test_a_kpi_outside_its_target_without_a_measure_is_the_next_step() -> None:
    (finding,) = told(targets=[AIM])
    assert said(finding).startswith("No measure recorded yet for Handle time; KPIs that miss")
    assert "1 of 5 (n = 100)" in said(finding)
    assert step(finding) == "Agree on a measure for Handle time: what, who, by when."
    assert step(finding, ZH) == "就处理时长商定措施：做什么、由谁负责、何时完成。"


def test_a_stopped_measure_leaves_its_kpi_without_one() -> None:
    (finding,) = told(measure("handle_time", state="stopped"), targets=[AIM])
    assert said(finding).startswith("No measure is left for Handle time: all are done or stopped.")


def test_nothing_recorded_and_nothing_needed_is_said() -> None:
    (finding,) = told()
    assert said(finding).startswith("No measure is recorded, and none of ")
    assert told(measure(due="2026-12")) == []


def test_a_target_missed_names_the_measure_that_answers_it() -> None:
    from cxlib.analysis import service_contract

    review = service_contract.contract(log(), terms=TERMS, period="2026-03", targets=[AIM])
    running = measure("handle_time", measure="Templates", due="2026-09-30")
    (finding,) = findings.contract(review, clauses=True, measures=[running])
    assert step(finding) == (
        "“Templates” answers it (Ann, due 30 September 2026): ask whether it will be enough."
    )
    (alone,) = findings.contract(review, clauses=True, measures=[measure("fcr")])
    assert step(alone) == "Agree on the measure for clause 5.1, and who owns it."


def test_a_signal_for_the_worse_says_whose_measure_answers_it() -> None:
    from cxlib.analysis import service_course, service_review
    from tests.analysis.test_service_measures import course_of

    tickets = course_of([40])
    glance = service_review.glance(tickets, terms=TERMS, period="2026-03")
    course = service_course.course(tickets, terms=TERMS, period="2026-03")
    found = findings.changes(glance, course, measures=[measure(due="2026-05")])
    finding = next(each for each in found if each.id == "service.resolution_sla.course")
    assert step(finding).startswith("“M” answers it (Ann, due May 2026). Ask what was changed in")


def test_the_table_reads_in_both_languages() -> None:
    found = follow(
        measure(measure="Call back", due="2026-02", note="late supplier"),
        measure(state="done", due="2025-12", finished="2025-12"),
    )
    table = view(found, words=EN, minimum_base=10)
    assert table.headings == (
        "Measure", "KPI", "Owner", "Due", "State", "Overdue", "Its KPI since then", "Remark",
    )  # fmt: skip
    assert table.rows[0][3:7] == ("February 2026", "planned", "●", "–")
    assert table.rows[1][3:7] == ("December 2025", "done", "", "within its ordinary months")
    chinese = view(found, words=ZH, minimum_base=10)
    assert chinese.rows[0][1:6] == ("按时解决率", "Ann", "2026年2月", "计划中", "●")
