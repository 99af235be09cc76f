"""The service chapter's tables, on logs small enough to be worked by hand."""

from __future__ import annotations

from math import inf, isnan, sqrt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from cxlib.analysis import service, staffing
from cxlib.analysis.estimation import wilson
from cxlib.analysis.service import Terms, moment_of
from cxlib.errors import DataError


def log(month: str = "2026-03", *, n: int = 20, late: int = 5, **more: Any) -> pd.DataFrame:
    """Return `n` tickets a minute apart, `late` of which take two hours and the others one."""
    opened = pd.Timestamp(f"{month}-02 09:00") + pd.to_timedelta(range(n), unit="min")
    hours = [2] * late + [1] * (n - late)
    return pd.DataFrame(
        {
            "ticket_id": [f"{month}/{at}" for at in range(n)],
            "created_at": opened,
            "first_response_at": opened + pd.Timedelta(minutes=10),
            "resolved_at": opened + pd.to_timedelta(hours, unit="h"),
            "state": "resolved",
            "reopened": pd.array([1] * (n // 10) + [0] * (n - n // 10), dtype="Int64"),
            "handle_seconds": 300.0,
        }
    ).assign(**more)


SLA: dict[str, float | dict[str, float]] = {"first_response": 900.0, "resolution": 5400.0}
TERMS = Terms(sla=SLA, as_of="2026-12-31")


def test_business_time_without_hours_is_refused() -> None:
    with pytest.raises(DataError, match="need business hours"):
        Terms(clock="business")


def test_the_report_is_as_of_the_periods_end_or_the_logs() -> None:
    tickets = pd.concat([log("2026-02"), log("2026-03")])
    assert moment_of(tickets, "2026-02") == pd.Timestamp("2026-02-28 23:59:59.999999")
    assert moment_of(tickets, "2026-03") == tickets["resolved_at"].max()
    assert moment_of(tickets, "wave 1") == tickets["resolved_at"].max()
    undated = tickets.assign(created_at=pd.NaT, first_response_at=pd.NaT, resolved_at=pd.NaT)
    assert moment_of(undated, "2026-03") is None


def test_each_group_is_tested_against_all_others() -> None:
    tickets = pd.concat([log(n=100, late=30, queue="a"), log("2026-03", n=100, late=10, queue="b")])
    tickets = tickets.assign(ticket_id=range(200))
    found = service.groups(tickets, terms=TERMS, by=["queue", "team"], period="2026-03")
    row = found.compared.set_index(["level", "kpi"]).loc[("a", "resolution_sla")]
    z = (0.7 - 0.9) / sqrt(0.8 * 0.2 * (1 / 100 + 1 / 100))
    assert (row["value"], row["others"], row["unit"]) == (pytest.approx(70), 90, "percent")
    assert row["difference"] == pytest.approx(-20)
    assert row["p_value"] == pytest.approx(2 * norm.sf(abs(z)))
    low, _high = wilson(0.7, 100, 0.95)
    _low, high = wilson(0.9, 100, 0.95)
    gap = 100 * sqrt((0.7 - low) ** 2 + (high - 0.9) ** 2)
    assert row["difference_low"] == pytest.approx(-20 - gap)
    assert found.table["level"].tolist() == ["a", "b"]


def test_the_late_ones_add_up_within_every_split() -> None:
    tickets = pd.concat([log(n=100, late=30, queue="a"), log("2026-03", n=60, late=10, queue="b")])
    tickets = tickets.assign(ticket_id=range(160))
    late = service.groups(tickets, terms=TERMS, by=["queue"], period="2026-03").compared
    late = late[late["kpi"] == "resolution_sla"].set_index("level")
    assert late["late"].to_dict() == {"a": 30, "b": 10}
    assert late["share_of_late"].sum() == pytest.approx(1)
    assert late.loc["a", "share_of_late"] == pytest.approx(30 / 40)
    assert late.loc["a", "share_of_tickets"] == pytest.approx(100 / 160)


def test_a_kpi_on_few_tickets_is_withheld_from_its_group() -> None:
    tickets = log(n=40, late=4, queue=["a"] * 20 + ["b"] * 20)
    tickets["csat"] = [5.0] * 12 + [None] * 8 + [4.0] * 3 + [None] * 17
    found = service.groups(tickets, terms=TERMS, by=["queue"], period="2026-03")
    rated = found.table.set_index("level")["ticket_csat"]
    assert rated["a"] == 5
    assert isnan(rated["b"])


def test_one_group_is_no_comparison() -> None:
    found = service.groups(log(queue="a"), terms=TERMS, by=["queue"], period="2026-03")
    assert (len(found.table), len(found.compared)) == (0, 0)


def test_the_same_tickets_by_two_names_are_one_group() -> None:
    """Email goes to the back office only: one culprit, told once, tested once."""
    channel = ["email"] * 60 + ["phone"] * 140
    team = ["back office"] * 60 + ["front"] * 70 + ["late"] * 70
    tickets = log(n=200, late=40, channel=channel, agent_group=team)
    found = service.groups(
        tickets, terms=TERMS, by=["channel", "agent_group"], period="2026-03"
    ).compared
    twins = found[found["level"] == "back office"]
    assert set(twins["same_segment"]) == {"channel"}
    assert set(twins["same_level"]) == {"email"}
    assert twins["p_adjusted"].isna().all()
    assert (found.loc[found["level"] == "email", "same_segment"] == "").all()


def test_a_wait_that_doubles_is_dated_to_its_month() -> None:
    months = [f"2025-{m:02d}" for m in range(1, 13)] + [f"2026-{m:02d}" for m in range(1, 4)]
    parts = []
    for at, month in enumerate(months):
        part = log(month)
        minutes = (40 if month >= "2026-02" else 10) + at % 2
        wait = pd.Timedelta(minutes=minutes)
        parts.append(part.assign(first_response_at=part["created_at"] + wait))
    found = service.course(pd.concat(parts), terms=TERMS, period="2026-03")
    row = found.latest.set_index("kpi").loc["first_response"]
    assert (row["variation"], row["since"]) == ("concerning", "2026-02")
    quiet = found.latest.set_index("kpi").loc["handle_time"]
    assert quiet["since"] == ""


def test_a_course_ends_with_its_period() -> None:
    whole = pd.concat([log(f"2026-{m:02d}") for m in range(1, 7)])
    found = service.course(whole, terms=TERMS, period="2026Q1")
    assert found.table["period"].max() == "2026-03"


def test_two_months_make_no_chart() -> None:
    whole = pd.concat([log("2026-01"), log("2026-02")])
    found = service.course(whole, terms=TERMS, period="2026-02")
    assert not found.charts
    assert len(found.latest)


def test_shares_are_charted_in_percent_within_what_they_can_be() -> None:
    whole = pd.concat([log(f"2026-{m:02d}", late=1 + m % 2) for m in range(1, 10)])
    table = service.course(whole, terms=TERMS).table
    kept = table[table["kpi"] == "resolution_sla"]
    assert kept["value"].tolist() == pytest.approx([90, 95] * 4 + [90])
    assert (kept["upper"] <= 100).all()
    assert set(kept["unit"]) == {"percent"}


def test_a_month_of_all_in_time_lies_within_the_limits() -> None:
    """By its own standard error, which is 0, a month of 100 % would lie outside any limits."""
    late = [2, 3, 2, 0, 3, 2, 4, 2, 3, 0, 2, 3]
    whole = pd.concat([log(f"2026-{m:02d}", n=30, late=k) for m, k in enumerate(late, 1)])
    found = service.course(whole, terms=TERMS, kpis=["resolution_sla"]).table
    assert found["value"].max() == 100
    assert (found["flags"] == "").all()


def test_a_month_without_a_late_ticket_is_no_signal_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Simulated: a stable 92 % on 30 tickets a month has months of 100 %, which are no event."""
    monkeypatch.setattr("cxlib.analysis.trends.stable.SIMULATED", 1000)
    rng = np.random.default_rng(11)
    flagged = 0
    for _ in range(60):
        late = rng.binomial(30, 0.08, 12)
        months = [log(f"2026-{m:02d}", n=30, late=k) for m, k in enumerate(late, 1)]
        asked = pd.concat(months)[["ticket_id", "created_at", "resolved_at", "state"]]
        found = service.course(asked, terms=TERMS, kpis=["resolution_sla"]).table
        flagged += bool((found["flags"] != "").any())
    assert flagged / 60 < 0.25


def calls(per_half_hour: int) -> pd.DataFrame:
    """Return four Mondays with so many calls from nine to half past."""
    mondays = pd.date_range("2026-03-02", periods=4, freq="7D")
    opened = [
        day + pd.Timedelta(hours=9, seconds=s) for day in mondays for s in range(per_half_hour)
    ]
    frame = pd.DataFrame({"ticket_id": range(len(opened)), "created_at": opened})
    return frame.assign(
        first_response_at=frame["created_at"] + pd.Timedelta(seconds=30),
        resolved_at=frame["created_at"] + pd.Timedelta(seconds=210),
        handle_seconds=180.0,
        channel="phone",
        state="closed",
    )


def test_staff_follows_the_published_erlang_example() -> None:
    """200 calls an hour of 180 s, 80 % in 20 s, 30 % shrinkage: 14 agents, 20 positions."""
    plan = staffing.staff(
        calls(100),
        terms=Terms(as_of="2026-03-31"),
        period="2026-03",
        channels=["phone"],
        shrinkage=0.3,
    )
    peak = plan.table.loc[plan.table["calls_per_hour"].idxmax()]
    expected = staffing.agents_needed(calls_per_hour=200 * 4 / 5, handle_seconds=180, shrinkage=0.3)
    assert peak["calls_per_hour"] == pytest.approx(160)  # four of March's five Mondays
    assert (peak["agents"], peak["positions"]) == (expected.agents, expected.positions)
    assert plan.answered == 0  # all wait 30 s
    now, fewer = plan.cost["service_level"]
    assert now > 0.8 > fewer
    assert plan.week["n"].sum() == 400


def test_a_queue_that_never_clears_waits_without_end() -> None:
    plan = staffing.staff(
        calls(100), terms=Terms(as_of="2026-03-31"), period="2026-03", channels=["phone"],
        service_level=0.01,
    )  # fmt: skip
    assert plan.cost["mean_wait"].iloc[1] == inf
    assert plan.cost["never_clears"].iloc[1] == 1


@pytest.mark.parametrize(
    ("tickets", "said"),
    [
        (calls(5).drop(columns="handle_seconds"), "the tickets have no handle time"),
        (calls(5).drop(columns="channel"), "no channel tells calls from letters"),
        (calls(5).assign(channel="email"), "no ticket came by"),
        (calls(1), "there are too few calls"),
    ],
)
def test_no_staff_is_planned_without_calls(tickets: pd.DataFrame, said: str) -> None:
    plan = staffing.staff(tickets, terms=Terms(), period="2026-03", channels=["phone"])
    if plan.reason is None:
        raise AssertionError("staff was planned")
    assert said in plan.reason
    assert plan.table.empty


def test_hours_are_added_before_shrinkage() -> None:
    """107 hours at the desk at 30 % are 153 paid hours; each half hour alone would make 170."""
    assert staffing.paid(107, 0.3) == 153
    arrivals = pd.DataFrame(
        {"weekday": "mon", "start": [f"{at:03d}" for at in range(214)], "calls_per_hour": 1.0}
    )
    plan = staffing.schedule(arrivals, handle_seconds=180)
    assert plan.agent_hours == 107
    shrunk = staffing.schedule(arrivals, handle_seconds=180, shrinkage=0.3)
    assert shrunk.paid_hours == 153
    assert shrunk.table["positions"].sum() / 2 == 214


def test_a_weeks_paid_hours_are_of_its_added_hours() -> None:
    plan = staffing.staff(
        calls(100), terms=Terms(as_of="2026-03-31"), period="2026-03", channels=["phone"],
        shrinkage=0.3,
    )  # fmt: skip
    assert plan.paid_hours == staffing.paid(plan.agent_hours, 0.3)
    assert plan.week["paid_hours"].tolist() == [
        staffing.paid(hours, 0.3) for hours in plan.week["agent_hours"]
    ]


def test_a_waves_name_is_the_whole_log() -> None:
    assert service.kpis(log(), terms=TERMS, period="wave 1").n_used == 20
