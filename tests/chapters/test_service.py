"""The service chapter of the demo bank recovers what was planted in its contact centre."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from cxlib import Engagement
from cxlib.analysis import (
    service,
    service_contract,
    service_course,
    service_groups,
    service_measures,
    service_review,
    service_staffing,
)
from cxlib.analysis.service_terms import Terms
from cxlib.data.demo import _tickets as planted
from cxlib.findings import Finding
from cxlib.findings import service as findings
from cxlib.params.service import measures_of, terms_of, ticket_targets
from cxlib.workspace import Workspace
from tests.conftest import copy_workspace

TARGETS = """
  - {metric: fcr, baseline: 2024Q4, target: 0.85, due: 2026Q4, clause: "5.1"}
  - {metric: handle_time, baseline: 8min, target: 7.5min, due: 2026Q4, clause: "5.2"}
  - {metric: ticket_csat, baseline: 4.0, target: 4.2, due: 2026Q4, clause: "5.5"}
"""


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Return the demo bank with targets on its tickets."""
    place = copy_workspace(tmp_path_factory.mktemp("bank"), "lakeside-bank")
    path: Path = place.client_file("lakeside-bank")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.rstrip() + TARGETS, encoding="utf-8")
    return place


@dataclass
class Reported:
    engagement: Engagement
    terms: Terms
    glance: service_review.Glance
    course: service_course.Course
    groups: service_groups.Groups
    found: dict[str, Finding]


def report(workspace: Workspace, period: str) -> Reported:
    e = Engagement.open(
        "lakeside-bank", period=period, language="en", chapter="service", workspace=workspace
    )
    tickets = e.table("tickets")
    terms = terms_of(e.client, tickets, period=e.period)
    glance = service_review.glance(tickets, terms=terms, period=e.period, previous=e.previous)
    course = service_course.course(tickets, terms=terms, period=e.period)
    by = ("channel", "queue", "priority", "agent_group")
    groups = service_groups.groups(tickets, terms=terms, by=by, period=e.period)
    review = service_contract.contract(
        tickets, terms=terms, period=e.period, targets=ticket_targets(e.client)
    )
    told = [
        *findings.scope(glance),
        *findings.contract(review, clauses=True),
        *findings.changes(glance, course),
        *findings.groups(groups),
        *findings.backlog(service.backlog(tickets, as_of=terms.as_of, each="month")),
    ]
    return Reported(e, terms, glance, course, groups, {finding.id: finding for finding in told})


@pytest.fixture(scope="module")
def quarter(bank: Workspace) -> Reported:
    return report(bank, "2026Q3")


def test_the_wait_is_dated_to_the_campaign(quarter: Reported) -> None:
    finding = quarter.found["service.first_response.course"]
    assert finding.facts["since"] == str(planted.SLOW_SINCE)[:7]
    assert finding.severity == "serious"


def test_calls_wait_so_much_longer(quarter: Reported) -> None:
    tickets = quarter.engagement.table("tickets")
    calls = tickets[tickets["channel"] == "phone"]
    wait = (calls["first_response_at"] - calls["created_at"]).dt.total_seconds()
    slow = calls["created_at"] >= planted.SLOW_SINCE
    assert wait[slow].median() / wait[~slow].median() == pytest.approx(planted.SLOW_FACTOR, rel=0.1)


def test_the_queue_that_reopens_is_named(quarter: Reported) -> None:
    worst = max(planted.REOPENED_SHARE, key=lambda queue: planted.REOPENED_SHARE[queue])
    finding = quarter.found[f"service.queue.{worst}.reopen_rate"]
    value, low, high = (finding.facts[name].value for name in ("value", "low", "high"))
    assert value == pytest.approx(planted.REOPENED_SHARE[worst], abs=0.02)
    assert 0 < low < high


def test_first_contact_is_what_was_planted_by_return_within_the_window(quarter: Reported) -> None:
    row = quarter.glance.first_contact.iloc[0]
    assert (row["method"], row["window_days"]) == ("repeat", planted.REPEAT_WITHIN_DAYS)
    fcr = quarter.glance.headline.set_index("metric").loc["fcr"]
    assert fcr["value"] == pytest.approx(1 - planted.REPEAT_SHARE, abs=0.03)
    assert row["window_open"] > 0


def test_first_response_in_business_time_keeps_out_of_the_night(quarter: Reported) -> None:
    rows = quarter.glance.durations.set_index(["metric", "clock"])
    business = rows.loc[("resolution", "business")]
    calendar = rows.loc[("resolution", "calendar")]
    assert business["p90"] < calendar["p90"] / 2
    assert quarter.glance.clock == "business"


def test_targets_on_tickets_are_judged(quarter: Reported) -> None:
    assert quarter.found["service.fcr.target"].severity == "good"
    assert quarter.found["service.handle_time.target"].severity == "serious"
    assert quarter.found["service.ticket_csat.target"].severity == "warning"


def test_a_past_month_is_seen_as_it_stood_then(bank: Workspace) -> None:
    month = report(bank, "2026-06")
    assert (month.engagement.period, month.engagement.previous) == ("2026-06", "2026-05")
    assert month.course.table["period"].max() == "2026-06"
    assert month.glance.as_of < planted.SLOW_SINCE
    assert "service.first_response.course" not in month.found
    assert month.glance.n_dropped > 0  # the tickets of the months that were still to come


def test_the_months_of_a_quarter_hold_its_tickets(bank: Workspace, quarter: Reported) -> None:
    tickets = quarter.engagement.table("tickets")
    n = 0
    for month in ("2026-07", "2026-08", "2026-09"):
        terms = terms_of(quarter.engagement.client, tickets, period=month)
        n += service_review.glance(tickets, terms=terms, period=month).n_used
    late = quarter.glance.n_used - n
    assert abs(late) <= 5  # a ticket cancelled after its month's end was still open at it


def test_staff_follows_the_mondays(quarter: Reported) -> None:
    tickets = quarter.engagement.table("tickets")
    plan = service_staffing.staff(
        tickets,
        terms=quarter.terms,
        period="2026Q3",
        channels=("phone",),
        shrinkage=0.3,
        max_occupancy=0.85,
    )
    assert plan.handle_seconds == pytest.approx(planted.HANDLE_MEAN["phone"], rel=0.05)
    by_day = plan.week.set_index("weekday")["calls"]
    assert by_day.idxmax() == "mon"
    assert list(by_day.index) == ["mon", "tue", "wed", "thu", "fri"]
    assert plan.answered.iloc[0]["high"] < plan.service_level


def test_withheld_groups_are_blank_everywhere(quarter: Reported) -> None:
    shown = quarter.engagement.withheld(quarter.groups)
    small = shown.speed["n"] < quarter.engagement.minimum_base
    assert shown.speed.loc[small, "within"].isna().all()


def test_the_demo_banks_measures_are_followed_up(bank: Workspace, quarter: Reported) -> None:
    e = quarter.engagement
    tickets, given = e.table("tickets"), e.client.chapters["service"]["measures"]
    state = service_measures.follow_up(
        tickets,
        measures=measures_of(e.client, given, language="en"),
        terms=quarter.terms,
        period=e.period,
        glance=quarter.glance,
        course=quarter.course,
    )
    rows = state.table.set_index("kpi")
    assert rows["overdue"].to_dict() == {
        "first_response": True,
        "handle_time": False,
        "reopen_rate": False,
    }
    assert rows["moved"]["handle_time"] == service_measures.UNMOVED  # nothing of it was planted
    told = {finding.id: finding for finding in findings.measures(state)}
    assert told["service.measure.1.first_response.overdue"].severity == "warning"
