"""Which actions are late, what moved since, and which KPIs have none: logs worked by hand."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

import pandas as pd
import pytest

from cxlib import periods
from cxlib.analysis import service
from cxlib.analysis.actions import last_day
from cxlib.analysis.service import Course, FollowUp, Terms
from cxlib.analysis.service.actions import ACTIONS
from tests.analysis.test_service_parts import TERMS, log

MONTHS = periods.between("2025-01", "2026-03")


def action(kpi: str = "resolution_sla", **more: Any) -> dict[str, str]:
    given = {"action": "M", "owner": "Ann", "due": "2026-03", "state": "planned"} | more
    return {"kpi": kpi, "finished": "", "note": "", **given}


@cache
def course_of(*late: int) -> Course:
    """Return the course of 100 tickets a month, the last of 15 months with so many late."""
    counts = [*([10, 11] * 15)[: len(MONTHS) - len(late)], *late]
    logs = [log(m, n=100, late=k) for m, k in zip(MONTHS, counts, strict=True)]
    return service.course(pd.concat(logs), terms=TERMS, period="2026-03")


def follow(*actions: dict[str, str], late: tuple[int, ...] = (10,), **more: Any) -> FollowUp:
    end = dt.date(2026, 3, 31)
    return service.follow_up(pd.DataFrame(actions), course=course_of(*late), end=end, **more)


@pytest.mark.parametrize(
    ("due", "state", "overdue"),
    [
        ("2026-03", "planned", False),  # its last day is not over: late from April on
        ("2026-03-31", "under way", False),
        ("2026-03-30", "under way", True),
        ("2026-04", "planned", False),
        ("2025Q4", "planned", True),
        ("2026Q2", "planned", False),
        ("2026-02", "done", False),
        ("2026-02", "stopped", False),
    ],
)
def test_overdue_is_what_was_due_before_the_periods_last_day(
    due: str, state: str, overdue: bool
) -> None:
    found = follow(action(due=due, state=state))
    assert found.as_of == dt.date(2026, 3, 31)
    assert found.table["overdue"].tolist() == [overdue]


def test_the_overdue_come_first_then_the_next_due() -> None:
    given = [action(due=due, action=due) for due in ("2026-12", "2026-06-01", "2026-01")]
    assert follow(*given).table["due"].tolist() == ["2026-01", "2026-06-01", "2026-12"]


@pytest.mark.parametrize(
    ("late", "finished", "moved", "months"),
    [
        ((10, 0, 0), "2026-01", "better than usual", 2),
        ((10, 0, 0), "2026-03", "too early to tell", 0),
        ((0, 0, 0), "2026-02", "better, but already before", 1),
        ((40,), "2026-01", "worse than usual", 2),
        ((10,), "2025-12", "within its usual months", 3),
        ((10, 0, 0), "2026-04", None, 0),  # not yet done when the period ended
    ],
)
def test_what_became_of_a_done_actions_kpi(
    late: tuple[int, ...], finished: str, moved: str | None, months: int
) -> None:
    found = follow(action(state="done", due=finished, finished=finished), late=late)
    row = found.table.iloc[0]
    assert (row["moved"], row["months"]) == (moved, months)


def test_nothing_is_said_of_a_kpi_on_few_tickets_or_not_in_the_log() -> None:
    done = action(state="done", due="2025-12", finished="2025-12")
    assert follow(done, minimum_base=101).table["moved"].isna().all()
    unknown = action("ticket_csat", state="done", due="2025-12", finished="2025-12")
    found = follow(unknown)
    assert found.table["moved"].isna().all()
    assert found.table["value"].isna().all()


def test_every_actions_kpi_is_charted() -> None:
    found = follow(action("reopen_rate", state="done", due="2025-12", finished="2025-12"))
    assert found.table["value"].iloc[0] == pytest.approx(10)
    assert found.table["moved"].tolist() == ["within its usual months"]


def test_a_client_without_actions_or_calendar_has_an_empty_list() -> None:
    course = service.course(log(), terms=Terms(as_of="2026-12-31"), period="wave 1")
    found = service.follow_up(pd.DataFrame(columns=list(ACTIONS)), course=course, end=None)
    assert found.table.empty


def test_a_periods_last_day_counts() -> None:
    assert last_day("2026-02") == dt.date(2026, 2, 28)
