"""The service chapter of the demo bank recovers what was planted in its contact centre."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cxlib import Engagement
from cxlib.analysis import service, staffing
from cxlib.analysis.service import actions as acts
from cxlib.chapters.service import findings, subjects, tables
from cxlib.columns import COLUMNS
from cxlib.data.demo import _tickets as planted
from cxlib.params.service import terms_of
from cxlib.present.findings import Finding, tell
from cxlib.words import Words
from cxlib.workspace import Workspace
from tests.conftest import copy_workspace

BY = ("channel", "queue", "priority", "agent_group")


@dataclass
class Reported:
    engagement: Engagement
    tickets: Any
    of: dict[str, Any]
    course: service.Course
    groups: service.Groups
    kpis: service.TicketKpis
    standing: Any
    found: dict[str, Finding]


def report(workspace: Workspace, period: str) -> Reported:
    e = Engagement.open(
        "lakeside-bank", period=period, language="en", chapter="service", workspace=workspace
    )
    tickets = e.table("tickets")
    terms = terms_of(e.client, tickets, period=e.period)
    of: dict[str, Any] = {"terms": terms, "period": e.period}
    standing = e.standing("tickets")
    actions = tables.agreed(e)
    course = service.course(tickets, **of, kpis=tables.charted(standing, actions))
    groups = service.groups(tickets, **of, by=BY)
    follow_up = service.follow_up(actions, course=course, end=tables.end_of(**of))
    kpis = service.kpis(tickets, **of)
    told = [
        *tell(subjects.kpis(standing, course, follow_up, groups), findings.KPIS, chapter="service"),
        *tell(subjects.worst(groups), findings.GROUPS, chapter="service", about="level"),
        *tell(
            subjects.backlog(service.backlog(tickets, as_of=terms.as_of, each="month")),
            findings.BACKLOG,
            chapter="service",
            about="subject",
        ),
    ]
    found = {finding.subject: finding for finding in told}
    return Reported(e, tickets, of, course, groups, kpis, standing, found)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return copy_workspace(tmp_path_factory.mktemp("bank"), "lakeside-bank")


@pytest.fixture(scope="module")
def quarter(bank: Workspace) -> Reported:
    return report(bank, "2026Q3")


def test_the_wait_is_dated_to_the_campaign(quarter: Reported) -> None:
    finding = quarter.found["first_response"]
    assert finding.row["since"] == str(planted.SLOW_SINCE)[:7]
    assert finding.severity == "warning"  # the service level on it is kept all the same


def test_the_level_before_the_shift_is_what_was_usual(quarter: Reported) -> None:
    row = quarter.found["first_response"].row
    assert not row["settled"]
    earlier = quarter.course.table.query("kpi == 'first_response' and period < '2026-07'")
    assert row["usual"] == pytest.approx(earlier["value"].mean(), rel=0.05)


def test_calls_wait_so_much_longer(quarter: Reported) -> None:
    calls = quarter.tickets[quarter.tickets["channel"] == "phone"]
    wait = (calls["first_response_at"] - calls["created_at"]).dt.total_seconds()
    slow = calls["created_at"] >= planted.SLOW_SINCE
    assert wait[slow].median() / wait[~slow].median() == pytest.approx(planted.SLOW_FACTOR, rel=0.1)


def test_the_queue_that_reopens_is_named(quarter: Reported) -> None:
    worst = max(planted.REOPENED_SHARE, key=lambda queue: planted.REOPENED_SHARE[queue])
    row = quarter.found[f"queue={worst}"].row
    assert row["kpi"] == "reopen_rate"
    assert row["value"] == pytest.approx(100 * planted.REOPENED_SHARE[worst], abs=2)
    assert 0 < row["difference_low"] < row["difference_high"]


def test_email_and_the_back_office_are_one_culprit(quarter: Reported) -> None:
    assert "channel=email" in quarter.found
    assert "agent_group=Back office" not in quarter.found
    assert quarter.found["channel=email"].row["twin"] == "agent_group=Back office"


def test_one_finding_a_kpi_says_verdict_place_and_action(quarter: Reported) -> None:
    late = quarter.found["resolution_sla"]
    assert (late.severity, late.row["late_level"]) == ("serious", "channel=email")
    handled = quarter.found["handle_time"]
    assert (handled.severity, handled.row["done_moved"]) == ("serious", acts.UNMOVED)
    families = [acts.family(key) for key in quarter.found if "=" not in key and key != "backlog"]
    assert len(families) == len(set(families))


def test_an_overdue_action_is_told_with_its_kpi(quarter: Reported) -> None:
    wait = quarter.found["first_response"]
    assert wait.row["answer"] == "overdue"
    assert wait.row["action"] in wait.headline(Words.load("en"))


def test_first_contact_is_what_was_planted_by_return_within_the_window(quarter: Reported) -> None:
    row = quarter.kpis.first_contact.iloc[0]
    assert (row["method"], row["window_days"]) == ("repeat", planted.REPEAT_WITHIN_DAYS)
    assert row["window_open"] > 0
    fcr = quarter.standing.table.set_index("kpi").loc["fcr"]
    assert fcr["value"] == pytest.approx(100 * (1 - planted.REPEAT_SHARE), abs=3)
    assert fcr["n"] == row["denominator"]


def test_waits_are_told_in_the_clients_working_time(quarter: Reported) -> None:
    words = quarter.engagement.words
    assert words.day == 12 * 3600  # open 08:00 to 20:00
    assert words.quantity(3 * 12 * 3600, "working") == "3 working days"
    units = quarter.standing.table.set_index("kpi")["unit"]
    assert (units["resolution"], units["handle_time"]) == ("working", "seconds")
    rows = tables.waits(quarter.kpis).set_index(["kpi", "clock"])["p90"]
    business, calendar = (rows["resolution", f"{c} time"] for c in ("business", "calendar"))
    assert business < calendar / 2


def test_the_chapters_numbers_are_the_cores(quarter: Reported) -> None:
    core = quarter.standing.table.set_index("kpi")["value"]
    mine = tables.waits(quarter.kpis, clock="business").set_index("kpi")
    assert core["resolution_sla"] == pytest.approx(100 * mine.loc["resolution", "within"])
    assert core["first_response"] == mine.loc["first_response", "median"]


def test_every_rule_speaks_of_columns_that_the_registry_knows_or_cases(quarter: Reported) -> None:
    known = set(COLUMNS)
    assert {"since", "late_level", "due_on", "usual"} <= known
    rules = (findings.KPIS, findings.GROUPS, findings.OPEN, findings.BACKLOG, findings.CALLS)
    for rule in (rule for group in rules for rule in group):
        assert "{n}" not in rule.says
        assert "{low}" not in rule.says


def test_a_past_month_is_seen_as_it_stood_then(bank: Workspace) -> None:
    month = report(bank, "2026-06")
    assert (month.engagement.period, month.engagement.previous) == ("2026-06", "2026-05")
    assert month.course.table["period"].max() == "2026-06"
    assert month.kpis.as_of < planted.SLOW_SINCE
    assert "first_response" not in month.found
    assert month.kpis.n_dropped > 0  # the tickets of the months that were still to come


def test_the_months_of_a_quarter_hold_its_tickets(quarter: Reported) -> None:
    n = 0
    for month in ("2026-07", "2026-08", "2026-09"):
        terms = terms_of(quarter.engagement.client, quarter.tickets, period=month)
        n += service.kpis(quarter.tickets, terms=terms, period=month).n_used
    late = quarter.kpis.n_used - n
    assert abs(late) <= 5  # a ticket cancelled after its month's end was still open at it


def test_staff_follows_the_mondays(quarter: Reported) -> None:
    asked = quarter.engagement.settings
    plan = staffing.staff(quarter.tickets, **quarter.of, channels=asked.calls, **asked.staffing)
    assert plan.handle_seconds == pytest.approx(planted.HANDLE_MEAN["phone"], rel=0.05)
    by_day = plan.week.set_index("weekday")["calls"]
    assert by_day.idxmax() == "mon"
    assert list(by_day.index) == ["mon", "tue", "wed", "thu", "fri"]
    assert plan.answered < plan.service_level
    row = subjects.needed(plan).iloc[0]
    assert (row["case"], row["paid_hours"]) == ("short", plan.paid_hours)


def test_the_older_name_of_the_actions_is_read(tmp_path: Path) -> None:
    place = copy_workspace(tmp_path, "lakeside-bank")
    path: Path = place.client_file("lakeside-bank")
    text = path.read_text(encoding="utf-8")
    one = "{measure: Call back, kpi: fcr, owner: Ann, due: 2026-10, state: planned}"
    older = text.replace("actions: registers/actions.yaml\n", "")
    older = older.replace("chapters:\n", f"chapters:\n  service: {{measures: [{one}]}}\n")
    path.write_text(older, encoding="utf-8")
    e = Engagement.open("lakeside-bank", chapter="service", language="en", workspace=place)
    assert tables.agreed(e)["action"].tolist() == ["Call back"]
