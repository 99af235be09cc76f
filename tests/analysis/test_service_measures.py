"""Which measures are late, what moved since, and which KPIs have none: logs worked by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from cxlib import periods
from cxlib.analysis import service_contract, service_course, service_measures, service_review
from cxlib.analysis.service_measures import NO_MEASURE, FollowUp, Measure, answering, last_day
from cxlib.analysis.service_terms import Terms
from tests.analysis.test_service_review import TERMS, Target, log

MONTHS = periods.between("2025-01", "2026-03")


def measure(kpi: str = "resolution_sla", **more: Any) -> Measure:
    given = {"measure": "M", "owner": "Ann", "due": "2026-03", "state": "planned"} | more
    return Measure(kpi=kpi, **given)


def course_of(late: list[int]) -> pd.DataFrame:
    """Return 100 tickets a month, the last months of 15 with so many of them late."""
    before = [10, 11] * 15
    counts = [*before[: len(MONTHS) - len(late)], *late]
    return pd.concat([log(m, n=100, late=k) for m, k in zip(MONTHS, counts, strict=True)])


def follow(
    *measures: Measure, late: list[int] | None = None, period: str = "2026-03", **more: Any
) -> FollowUp:
    tickets = course_of(late or [10])
    targets = more.pop("targets", ())
    return service_measures.follow_up(
        tickets,
        measures=measures,
        terms=TERMS,
        period=period,
        glance=service_review.glance(tickets, terms=TERMS, period=period),
        course=service_course.course(tickets, terms=TERMS, period=period),
        review=service_contract.contract(tickets, terms=TERMS, period=period, targets=targets),
        **more,
    )


@pytest.mark.parametrize(
    ("due", "state", "overdue"),
    [
        ("2026-03", "planned", True),  # the report is of the end of March
        ("2026-03-31", "under way", True),
        ("2026-04", "planned", False),
        ("2026Q1", "planned", True),
        ("2026Q2", "planned", False),
        ("2026-02", "done", False),
        ("2026-02", "stopped", False),
    ],
)
def test_overdue_is_what_was_due_by_the_periods_end(due: str, state: str, overdue: bool) -> None:
    found = follow(measure(due=due, state=state))
    assert found.as_of == dt.date(2026, 3, 31)
    assert found.table["overdue"].tolist() == [overdue]


def test_the_overdue_come_first_then_the_next_due() -> None:
    given = [measure(due=due, measure=due) for due in ("2026-12", "2026-06-01", "2026-01")]
    assert follow(*given).table["due"].tolist() == ["2026-01", "2026-06-01", "2026-12"]


@pytest.mark.parametrize(
    ("late", "finished", "moved", "months"),
    [
        ([10, 0, 0], "2026-01", "better than usual", 2),
        ([10, 0, 0], "2026-03", "too early to tell", 0),
        ([0, 0, 0], "2026-02", "better, but already before", 1),
        ([40], "2026-01", "worse than usual", 2),
        ([10], "2025-12", "within its ordinary months", 3),
        ([10, 0, 0], "2026-04", None, 0),  # not yet done when the period ended
    ],
)
def test_what_became_of_a_done_measures_kpi(
    late: list[int], finished: str, moved: str | None, months: int
) -> None:
    found = follow(measure(state="done", due=finished, finished=finished), late=late)
    row = found.table.iloc[0]
    assert (row["moved"], row["months"]) == (moved, months)


def test_nothing_is_said_of_a_kpi_on_few_tickets_or_not_in_the_log() -> None:
    done = measure(state="done", due="2025-12", finished="2025-12")
    assert follow(done, minimum_base=101).table["moved"].isna().all()
    unknown = measure("ticket_csat", state="done", due="2025-12", finished="2025-12")
    found = follow(unknown)
    assert found.table["moved"].isna().all()
    assert found.kpis.empty


def test_a_kpi_that_the_report_does_not_chart_is_charted_for_its_measure() -> None:
    found = follow(measure("reopen_rate", state="done", due="2025-12", finished="2025-12"))
    assert found.kpis["kpi"].tolist() == ["reopen_rate"]
    assert found.kpis["value"].iloc[0] == pytest.approx(0.1)
    assert found.table["moved"].tolist() == ["within its ordinary months"]


def test_what_misses_its_target_and_what_got_worse_without_a_measure_is_listed() -> None:
    aims = [Target("handle_time", 240.0, direction="lower"), Target("resolution_sla", 0.5)]
    found = follow(late=[10], targets=aims)
    assert found.unanswered.to_dict("records") == [
        {"kpi": "handle_time", "n": 100, "unit": "seconds", "measure": NO_MEASURE}
    ]
    worse = follow(late=[40], targets=aims)
    assert worse.unanswered["kpi"].tolist() == ["handle_time", "resolution_sla"]
    answered = follow(measure("resolution_p90"), measure("handle_time"), late=[40], targets=aims)
    assert answered.unanswered.empty


def test_a_done_or_stopped_measure_answers_nothing_any_more() -> None:
    aims = [Target("handle_time", 240.0, direction="lower")]
    found = follow(measure("handle_time", state="stopped"), targets=aims)
    assert found.unanswered["measure"].tolist() == [service_measures.NONE_LEFT]


def test_the_first_due_of_the_running_measures_answers() -> None:
    given = [
        measure("first_response", due="2026-09"),
        measure("first_response_p90", due="2026-08-15"),
        measure("first_response", due="2026-01", state="done"),
    ]
    assert answering(given, "first_response_sla") == given[1]
    assert answering(given, "resolution_sla") is None


def test_a_client_without_measures_or_calendar_has_an_empty_list() -> None:
    tickets = log()
    terms = Terms(as_of="2026-12-31")
    glance = service_review.glance(tickets, terms=terms, period="wave 1")
    course = service_course.course(tickets, terms=terms, period="wave 1")
    found = service_measures.follow_up(
        tickets, measures=(), terms=terms, period="wave 1", glance=glance, course=course
    )
    assert found.table.empty
    assert found.unanswered.empty
    assert found.as_of == dt.date(2026, 12, 31)


def test_a_periods_last_day_counts() -> None:
    assert last_day("2026-02") == dt.date(2026, 2, 28)
    assert last_day("2026-02-10") == dt.date(2026, 2, 10)
