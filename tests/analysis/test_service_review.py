"""The service chapter's tables, on logs small enough to be worked by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, isnan, sqrt
from typing import Any

import pandas as pd
import pytest

from cxlib.analysis import service_contract, service_course, service_groups, service_review
from cxlib.analysis import service_staffing as staffing
from cxlib.analysis._intervals import wilson
from cxlib.analysis.business_time import BusinessHours
from cxlib.analysis.service_terms import Terms, complaints_of, kpis, moment_of
from cxlib.analysis.staffing import agents_needed
from cxlib.errors import DataError


@dataclass(frozen=True)
class Target:
    metric: str
    target: float
    direction: str = "higher"
    due: str = "2026-12"
    baseline: str | float | None = None
    clause: str | None = "5.1"
    path: dict[str, float] = field(default_factory=dict)
    basis: str = "census"


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


def test_a_glance_holds_what_was_counted() -> None:
    seen = service_review.glance(log(), terms=TERMS, period="2026-03")
    rows = seen.headline.set_index("metric")
    assert rows.loc["resolution_sla", "value"] == pytest.approx(15 / 20)
    assert rows.loc["first_response_sla", "value"] == 1
    assert rows.loc["fcr", "value"] == pytest.approx(18 / 20)
    assert rows.loc["handle_time", "value"] == 300
    assert seen.durations.set_index("metric").loc["first_response", "median"] == 600
    assert (seen.n_used, seen.n_open, seen.previous) == (20, 0, None)


def test_without_an_sla_the_times_themselves_head_the_report() -> None:
    seen = service_review.glance(log(), terms=Terms(as_of="2026-12-31"), period="2026-03")
    assert {"first_response", "resolution"} <= set(seen.headline["metric"])
    assert seen.durations["within"].isna().all()


def test_the_change_of_two_shares_has_newcombes_interval() -> None:
    """Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10: 56/70 - 48/80."""
    whole = pd.concat([log("2026-02", n=80, late=32), log("2026-03", n=70, late=14)])
    seen = service_review.glance(whole, terms=TERMS, period="2026-03", previous="2026-02")
    row = seen.headline.set_index("metric").loc["resolution_sla"]
    assert row["change"] == pytest.approx(0.2)
    assert (row["change_low"], row["change_high"]) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_a_previous_period_without_tickets_is_none() -> None:
    seen = service_review.glance(log(), terms=TERMS, period="2026-03", previous="2026-02")
    assert seen.previous is None
    assert seen.headline["change"].isna().all()


def test_open_tickets_are_not_forgotten() -> None:
    tickets = log(n=10, late=0)
    tickets.loc[4:, ["resolved_at"]] = pd.NaT
    tickets["state"] = ["resolved"] * 4 + ["open"] * 6
    seen = service_review.glance(tickets, terms=TERMS, period="2026-03")
    resolution = seen.durations.set_index("metric").loc["resolution"]
    assert seen.n_open == 6
    assert seen.closed_median == 3600
    assert isnan(resolution["median"])


def test_the_verdicts_clock_is_the_contracts() -> None:
    hours = BusinessHours(hours="09:00-10:00")
    terms = Terms(calendar=hours, clock="business", sla={"resolution": 3300.0}, as_of="2026-12-31")
    tickets = log(n=10, late=0)  # an hour each, over closing time
    seen = service_review.glance(tickets, terms=terms, period="2026-03")
    by_clock = seen.durations.set_index(["metric", "clock"])["within"]
    row = seen.headline.set_index("metric").loc["resolution_sla", "value"]
    assert row == by_clock["resolution", "business"]
    assert by_clock["resolution", "calendar"] == 0
    assert row == 0.5  # opened after 09:05: less than 55 open minutes


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


def asked(share: float, target: float, n: int = 100) -> pd.Series:
    yes = round(share * n)
    answers = pd.array([True] * yes + [False] * (n - yes) + [None] * 50, dtype="boolean")
    tickets = log(n=n + 50, fcr_survey=answers)
    terms = Terms(sla=SLA, as_of="2026-12-31", fcr="survey")
    found = service_contract.contract(
        tickets, terms=terms, period="2026-03", targets=[Target("fcr", target)]
    )
    assert found is not None
    return found.table.iloc[0]


@pytest.mark.parametrize(
    ("share", "status"), [(0.9, "met"), (0.82, "cannot tell at this n"), (0.6, "not met")]
)
def test_first_contact_by_the_customers_own_word_is_a_sample(share: float, status: str) -> None:
    """Against 80 %, 100 answers of 150 tickets: the interval decides, not the value."""
    row = asked(share, 0.8)
    assert (row["basis"], row["n"], row["status"]) == ("sample", 100, status)
    assert (row["low"], row["high"]) == pytest.approx(wilson(share, 100, 0.95))


def test_first_contact_by_the_log_stays_a_count() -> None:
    aims = [Target("fcr", 0.9), Target("handle_time", 300.0, direction="lower")]
    assert list(service_contract.as_measured(aims, terms=TERMS)) == aims
    asked_ = service_contract.as_measured(aims, terms=Terms(fcr="survey"))
    assert [aim.basis for aim in asked_] == ["sample", "census"]
    found = service_contract.contract(log(), terms=TERMS, period="2026-03", targets=aims)
    assert found is not None
    assert found.table["status"].tolist() == ["met", "met"]


def test_each_group_is_tested_against_all_others() -> None:
    tickets = pd.concat([log(n=100, late=30, queue="a"), log("2026-03", n=100, late=10, queue="b")])
    tickets = tickets.assign(ticket_id=range(200))
    found = service_groups.groups(tickets, terms=TERMS, by=["queue", "team"], period="2026-03")
    row = found.compared.set_index(["level", "kpi"]).loc[("a", "resolution_sla")]
    z = (0.7 - 0.9) / sqrt(0.8 * 0.2 * (1 / 100 + 1 / 100))
    from scipy.stats import norm

    assert row["difference"] == pytest.approx(-0.2)
    assert row["p_value"] == pytest.approx(2 * norm.sf(abs(z)))
    low, _high = wilson(0.7, 100, 0.95)
    _low, high = wilson(0.9, 100, 0.95)
    assert row["difference_low"] == pytest.approx(-0.2 - sqrt((0.7 - low) ** 2 + (high - 0.9) ** 2))
    assert found.speed["level"].tolist() == ["a", "b"]


def test_the_late_ones_add_up_within_every_split() -> None:
    tickets = pd.concat([log(n=100, late=30, queue="a"), log("2026-03", n=60, late=10, queue="b")])
    tickets = tickets.assign(ticket_id=range(160))
    late = service_groups.groups(tickets, terms=TERMS, by=["queue"], period="2026-03").late
    late = late[late["kpi"] == "resolution_sla"].set_index("level")
    assert late["late"].to_dict() == {"a": 30, "b": 10}
    assert late["share"].sum() == pytest.approx(1)
    assert late.loc["a", "weight"] == pytest.approx((30 / 40) / (100 / 160))


def test_a_kpi_on_few_tickets_is_withheld_from_its_group() -> None:
    tickets = log(n=40, late=4, queue=["a"] * 20 + ["b"] * 20)
    tickets["csat"] = [5.0] * 12 + [None] * 8 + [4.0] * 3 + [None] * 17
    found = service_groups.groups(tickets, terms=TERMS, by=["queue"], period="2026-03")
    rated = found.quality.set_index("level")["ticket_csat"]
    assert rated["a"] == 5
    assert isnan(rated["b"])


def test_one_group_is_no_comparison() -> None:
    found = service_groups.groups(log(queue="a"), terms=TERMS, by=["queue"], period="2026-03")
    assert (len(found.speed), len(found.compared), len(found.late)) == (0, 0, 0)


def test_a_wait_that_doubles_is_dated_to_its_month() -> None:
    months = [f"2025-{m:02d}" for m in range(1, 13)] + [f"2026-{m:02d}" for m in range(1, 4)]
    parts = []
    for at, month in enumerate(months):
        part = log(month)
        minutes = (40 if month >= "2026-02" else 10) + at % 2
        wait = pd.Timedelta(minutes=minutes)
        parts.append(part.assign(first_response_at=part["created_at"] + wait))
    found = service_course.course(pd.concat(parts), terms=TERMS, period="2026-03")
    row = found.latest.set_index("metric").loc["first_response"]
    assert (row["variation"], row["since"]) == ("concerning", "2026-02")
    quiet = found.latest.set_index("metric").loc["handle_time"]
    assert quiet["since"] == ""


def test_a_course_ends_with_its_period() -> None:
    whole = pd.concat([log(f"2026-{m:02d}") for m in range(1, 7)])
    found = service_course.course(whole, terms=TERMS, period="2026Q1")
    assert found.table["period"].max() == "2026-03"


def test_two_months_make_no_chart() -> None:
    whole = pd.concat([log("2026-01"), log("2026-02")])
    found = service_course.course(whole, terms=TERMS, period="2026-02")
    assert not found.charts
    assert len(found.latest)


def test_a_contract_is_judged_from_baseline_to_now() -> None:
    whole = pd.concat([log("2026-01", n=20, late=10), log("2026-03", n=20, late=2)])
    aims = [
        Target("resolution_sla", 0.9, baseline="2026-01"),
        Target("handle_time", 240.0, direction="lower", baseline=360.0),
        Target("nps", 30.0),
    ]
    found = service_contract.contract(whole, terms=TERMS, period="2026-03", targets=aims)
    if found is None:
        raise AssertionError("nothing was judged")
    rows = found.table.set_index("metric")
    assert rows["status"].to_dict() == {"resolution_sla": "met", "handle_time": "not met"}
    assert rows.loc["resolution_sla", "baseline"] == pytest.approx(0.5)
    assert rows["n"].tolist() == [20, 20]
    assert rows.loc["handle_time", "unit"] == "seconds"


def test_a_rating_is_a_sample_of_the_customers() -> None:
    rated = log(n=40, csat=[5.0, 4.0] * 20)
    far = Target("ticket_csat", 4.0, basis="sample")
    near = Target("ticket_csat", 4.5, basis="sample")
    statuses = []
    for aim in (far, near):
        found = service_contract.contract(rated, terms=TERMS, period="2026-03", targets=[aim])
        statuses.append(None if found is None else found.table["status"].iloc[0])
    assert statuses == ["met", "cannot tell at this n"]


def test_a_contract_without_service_targets_is_not_judged() -> None:
    aims = [Target("nps", 30.0)]
    assert service_contract.contract(log(), terms=TERMS, period="2026-03", targets=aims) is None


def test_figures_of_shares_keep_their_numerators() -> None:
    table = service_contract.figures(log(), terms=TERMS, period="2026-03").set_index("kpi")
    assert table.loc["fcr", ["numerator", "denominator"]].tolist() == [18, 20]
    assert isnan(table.loc["handle_time", "denominator"])


def test_the_sheet_names_every_kpi_once_and_leaves_room_to_sign() -> None:
    seen = service_review.glance(log(), terms=TERMS, period="2026-03")
    aims = [Target("fcr", 0.95)]
    judged = service_contract.contract(log(), terms=TERMS, period="2026-03", targets=aims)
    sheet = service_contract.sign_off(seen, judged, blanks=("signature",)).table
    assert sheet["metric"].is_unique
    assert sheet["metric"].tolist()[0] == "fcr"
    assert set(sheet["signature"]) == {""}
    alone = service_contract.sign_off(seen, None, blanks=("signature",)).table
    assert set(alone["metric"]) == set(seen.headline["metric"])


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
    expected = agents_needed(calls_per_hour=200 * 4 / 5, handle_seconds=180, shrinkage=0.3)
    assert peak["calls_per_hour"] == pytest.approx(160)  # four of March's five Mondays
    assert (peak["agents"], peak["positions"]) == (expected.agents, expected.positions)
    assert plan.answered.iloc[0]["value"] == 0  # all wait 30 s
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
        (calls(1), "4 calls are too few"),
    ],
)
def test_no_staff_is_planned_without_calls(tickets: pd.DataFrame, said: str) -> None:
    plan = staffing.staff(tickets, terms=Terms(), period="2026-03", channels=["phone"])
    if plan.reason is None:
        raise AssertionError("staff was planned")
    assert said in plan.reason
    assert plan.table.empty


def test_the_rhythm_counts_every_ticket() -> None:
    week = staffing.rhythm(calls(7), terms=Terms(as_of="2026-03-31"), period="2026-03")
    assert week.table["tickets"].sum() == 28
    assert week.table["days"].max() == 5


def test_complaints_of_a_period_without_any_are_none() -> None:
    tickets = pd.concat([log("2026-02", complaint=True), log("2026-03", complaint=False)])
    terms = TERMS
    assert complaints_of(log(), terms=terms, period="2026-03", repeat_days=30) is None
    assert complaints_of(tickets, terms=terms, period="2026-03", repeat_days=30) is None
    found = complaints_of(tickets, terms=terms, period="2026-02", repeat_days=30)
    assert found is not None
    assert found.n_used == 20


def test_a_waves_name_is_the_whole_log() -> None:
    assert kpis(log(), terms=TERMS, period="wave 1").n_used == 20
