"""What the service chapter says, in both languages, on results worked by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from cxlib.analysis import (
    service,
    service_contract,
    service_course,
    service_groups,
    service_review,
    service_staffing,
)
from cxlib.analysis.service_terms import Terms, complaints_of
from cxlib.findings import Finding
from cxlib.findings import service as findings
from cxlib.words import Words
from tests.analysis.test_service_review import SLA, TERMS, Target, calls, log

EN, ZH = Words.load("en"), Words.load("zh")


def said(finding: Finding, words: Words = EN) -> str:
    return words.say(finding.message, **finding.facts)


def one(found: list[Finding], id_: str) -> Finding:
    return next(finding for finding in found if finding.id == id_)


def judged(**target: Any) -> list[Finding]:
    aim = Target(**target)
    review = service_contract.contract(log(), terms=TERMS, period="2026-03", targets=[aim])
    return findings.contract(review, clauses=True)


def test_a_target_kept_is_said_with_all_tickets_counted() -> None:
    (finding,) = judged(metric="resolution_sla", target=0.7)
    assert finding.severity == "good"
    assert said(finding) == (
        "Resolution in SLA keeps its target of 70.0 %: 75.0 % in March 2026, "
        "all 20 tickets counted."
    )
    assert said(finding, ZH) == "按时解决率达到目标 70.0%：2026年3月为 75.0%，全部 20 件工单计入。"


def test_a_target_missed_says_by_how_much() -> None:
    (finding,) = judged(metric="handle_time", target=240.0, direction="lower")
    assert finding.severity == "serious"
    assert "Handle time is not at its target of 4.0 min: 5.0 min" in said(finding)
    assert "(+1.0 min)" in said(finding)
    assert EN.say(finding.next_step or "", **finding.facts).startswith(
        "Agree on the measure for clause 5.1"
    )


def test_a_sample_too_near_its_target_is_left_open() -> None:
    rated = log(n=40, csat=[5.0, 4.0] * 20)
    aim = Target("ticket_csat", 4.5, basis="sample")
    review = service_contract.contract(rated, terms=TERMS, period="2026-03", targets=[aim])
    (finding,) = findings.contract(review, clauses=True)
    assert finding.severity == "warning"
    assert "too near its target of 4.50" in said(finding)


def test_a_sample_clear_of_its_target_says_its_interval() -> None:
    answers = pd.array([True] * 60 + [False] * 40, dtype="boolean")
    terms = Terms(sla=SLA, as_of="2026-12-31", fcr="survey")
    aim = Target("fcr", 0.8, clause="5.1")
    review = service_contract.contract(
        log(n=100, fcr_survey=answers), terms=terms, period="2026-03", targets=[aim]
    )
    (finding,) = findings.contract(review, clauses=True)
    assert said(finding) == (
        "First-contact resolution misses its target of 80.0 %: 60.0 % in March 2026 "
        "(50.2 % to 69.1 %, n = 100)."
    )


def test_no_targets_are_said_to_be_none() -> None:
    (finding,) = findings.contract(None, clauses=False)
    assert "sets no target on the service" in said(finding)
    assert findings.contract(None, clauses=True) == []


def both(late_before: int, late_now: int) -> tuple[Any, Any]:
    whole = pd.concat(
        [log("2026-01", n=100, late=late_before), log("2026-02", n=100, late=late_now)]
    )
    glance = service_review.glance(whole, terms=TERMS, period="2026-02", previous="2026-01")
    three = pd.concat([log("2025-12", n=100, late=late_before), whole])
    return glance, service_course.course(three, terms=TERMS, period="2026-02")


def test_a_clear_change_is_said_and_the_quiet_ones_are_named_together() -> None:
    found = findings.changes(*both(10, 40))
    moved = one(found, "service.resolution_sla.change")
    assert moved.severity == "warning"
    assert "Resolution in SLA is worse than in January 2026: −30.0 pp" in said(moved)
    quiet = one(found, "service.quiet")
    assert "First-contact resolution" in said(quiet)
    assert "Resolution in SLA" not in said(quiet)
    assert one(findings.changes(*both(40, 10)), moved.id).severity == "good"


def test_a_signal_of_the_months_stands_for_the_change() -> None:
    glance, course = both(10, 40)
    latest = course.latest.copy()
    at = latest["metric"] == "resolution_sla"
    latest.loc[at, ["variation", "since"]] = ["concerning", "2026-02"]
    latest.loc[at, ["centre", "lower", "upper"]] = [0.9, 0.85, 0.95]
    found = findings.changes(glance, replace(course, latest=latest))
    ids = [finding.id for finding in found]
    assert "service.resolution_sla.change" not in ids
    told = said(one(found, "service.resolution_sla.course"))
    assert told == (
        "Resolution in SLA is worse than usual since February 2026: 60.0 % in February 2026, "
        "ordinary months lie around 90.0 % (85.0 % to 95.0 %), n = 100."
    )


def test_a_short_log_has_no_course() -> None:
    glance = service_review.glance(log(), terms=TERMS, period="2026-03")
    course = service_course.course(log(), terms=TERMS, period="2026-03")
    (finding,) = findings.changes(glance, course)
    assert "fewer than three months" in said(finding)


def test_open_tickets_and_a_running_period_are_said() -> None:
    tickets = log(n=20, late=0)
    tickets.loc[5:, "resolved_at"] = pd.NaT
    tickets["state"] = ["resolved"] * 5 + ["open"] * 15
    terms = Terms(sla=SLA, as_of="2026-03-02 12:00")
    glance = service_review.glance(tickets, terms=terms, period="2026-03")
    found = findings.scope(glance)
    assert said(one(found, "service.open")) == (
        "15 of 20 tickets (75.0 %) are still open, so half of all are not solved yet; the 1.0 h "
        "of the closed ones alone say nothing about the rest."
    )
    assert "March 2026 is not over: the log ends on 2 March 2026" in said(
        one(found, "service.period.running")
    )
    assert findings.scope(service_review.glance(log(), terms=TERMS, period="2026-03")) == []


def test_the_worst_group_is_named_once_by_whatever_name_it_goes() -> None:
    slow = log(n=100, late=60, queue="a", channel="email")
    fast = log("2026-03", n=100, late=5, queue="b", channel="phone")
    tickets = pd.concat([slow, fast]).assign(ticket_id=range(200))
    groups = service_groups.groups(tickets, terms=TERMS, by=["queue", "channel"], period="2026-03")
    found = findings.groups(groups)
    worse = [f for f in found if f.id != "service.late.resolution_sla"]
    assert len(worse) == 1
    assert said(worse[0]).startswith(
        "Served worse than all others: a (Queue), with Resolution in SLA 40.0 % against 95.0 %"
    )


def test_where_no_group_differs_nothing_is_said() -> None:
    halves = [log(n=100, late=10, queue="a"), log("2026-03", n=100, late=10, queue="b")]
    tickets = pd.concat(halves).assign(ticket_id=range(200))
    groups = service_groups.groups(tickets, terms=TERMS, by=["queue"], period="2026-03")
    assert findings.groups(groups) == []


def test_an_old_and_growing_pile_is_said() -> None:
    old = log("2026-01", n=20, late=0).assign(resolved_at=pd.NaT, state="open")
    new = log("2026-03", n=30, late=0).assign(resolved_at=pd.NaT, state="open")
    pile = service.backlog(pd.concat([old, new]), as_of="2026-03-31", each="month")
    found = findings.backlog(pile)
    assert "20 of 50 open tickets (40.0 %) are older than 30 days" in said(
        one(found, "service.backlog.age")
    )
    assert "grew from 20 to 50 in March 2026: 30 came, 0 were solved" in said(
        one(found, "service.backlog.grows")
    )


def test_an_empty_pile_needs_no_word() -> None:
    assert findings.backlog(service.backlog(log(), as_of="2026-03-31", each="month")) == []


def plan(**how: Any) -> service_staffing.Staffing:
    return service_staffing.staff(
        calls(100), terms=Terms(as_of="2026-03-31"), period="2026-03", channels=["phone"], **how
    )


def test_calls_answered_late_are_serious() -> None:
    found = findings.staffing(plan(shrinkage=0.3))
    answered = one(found, "service.calls.answered")
    assert answered.severity == "serious"
    assert "Only 0.0 % of calls" in said(answered)
    assert "80.0 % is the aim" in said(answered)
    assert one(findings.staffing(plan(answer_seconds=60)), answered.id).severity == "good"
    assert "mean wait" in said(one(found, "service.staffing.one_fewer"))
    endless = one(findings.staffing(plan(service_level=0.01)), "service.staffing.one_fewer")
    assert "the queue would never clear" in said(endless)


def test_why_no_staff_is_planned_is_said_in_both_languages() -> None:
    nothing = service_staffing.staff(
        calls(5).assign(channel="email"), terms=Terms(), period="2026-03", channels=["phone"]
    )
    (finding,) = findings.staffing(nothing)
    assert said(finding) == "No staff is planned: no ticket came by phone."
    assert said(finding, ZH) == "未作排班测算：没有经电话来的工单。"


def test_complaints_settled_late_are_a_warning() -> None:
    tickets = log(n=100, late=40, complaint=True, upheld=[True] * 25 + [False] * 75)
    terms = Terms(sla={"resolution": 5400.0}, as_of="2026-12-31")
    found = findings.complaints(
        complaints_of(tickets, terms=terms, period="2026-03", repeat_days=30), clock="calendar"
    )
    assert [f.severity for f in found] == ["warning", "note"]
    assert said(found[0]).startswith("60.0 % of complaints were settled in time")
    assert "25.0 % of the complaints decided were justified" in said(found[1])
    assert findings.complaints(None, clock="calendar") == []


@pytest.mark.parametrize("words", [EN, ZH])
def test_every_finding_can_be_said_with_its_step(words: Words) -> None:
    glance, course = both(10, 40)
    every = [*findings.changes(glance, course), *findings.scope(glance)]
    every += [*findings.staffing(plan()), *judged(metric="fcr", target=0.95)]
    for finding in every:
        assert finding.next_step or finding.severity in ("good", "note")
        text = said(finding, words) + words.say(finding.next_step or "", **finding.facts)
        assert "{" not in text
