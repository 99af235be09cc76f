"""Obligations: working days, review windows, lateness and fees, each counted by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from cxlib.analysis import obligations
from cxlib.analysis.obligations import WorkingDays
from cxlib.errors import DataError

CHINA = WorkingDays("CN")


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def status(rows: Any, as_of: str = "2026-10-20", **options: Any) -> Any:
    return obligations.status(pd.DataFrame(rows), as_of=as_of, country="CN", **options)


def test_chinas_make_up_days_are_worked_and_its_holidays_are_not() -> None:
    # State Council: National Day is 1 to 7 October 2026; 20 September and 10 October are worked
    assert not any(CHINA.is_working(dt.date(2026, 10, d)) for d in range(1, 8))
    assert CHINA.is_working(day("2026-09-20"))  # a Sunday
    assert CHINA.is_working(day("2026-10-10"))  # a Saturday
    assert CHINA.add(day("2026-09-30"), 1) == day("2026-10-08")
    assert CHINA.add(day("2026-09-30"), 3) == day("2026-10-10")
    assert WorkingDays("GB").add(day("2026-12-24"), 1) == day("2026-12-29")  # Boxing Day moved


@given(st.dates(dt.date(2025, 1, 1), dt.date(2026, 11, 30)), st.integers(1, 15))
def test_adding_and_counting_working_days_undo_each_other(start: dt.date, count: int) -> None:
    assert CHINA.between(start, CHINA.add(start, count)) == count
    assert CHINA.is_working(CHINA.add(start, count))


@pytest.mark.parametrize(
    ("as_of", "state"),
    [("2026-09-28", "open"), ("2026-09-30", "under review"), ("2026-10-12", "under review"),
     ("2026-10-13", "deemed accepted")],
)  # fmt: skip
def test_no_reply_in_five_working_days_is_deemed_accepted(as_of: str, state: str) -> None:
    # delivered Tue 29 Sept: 30 Sept, 8, 9, 10 (Saturday, worked), 12 October are five working days
    rows = [{"id": "d1", "due": "2026-09-30", "delivered": "2026-09-29"}]
    found = status(rows, as_of).table.iloc[0]
    assert found["state"] == state
    if state != "open":
        assert found["review_ends"] == day("2026-10-12")
    accepted = day("2026-10-12") if state == "deemed accepted" else None
    assert found["accepted_on"] == accepted


def test_a_reply_counts_within_the_window_only() -> None:
    base = {"id": "d1", "due": "2026-09-30", "delivered": "2026-09-29", "reply": "rejected"}
    assert status([base | {"replied": "2026-10-12"}]).table["state"].tolist() == ["rejected"]
    assert status([base | {"replied": "2026-10-13"}]).table["state"].tolist() == ["deemed accepted"]
    row = base | {"reply": "accepted", "replied": "2026-09-30"}
    found = status([row]).table.iloc[0]
    assert (found["state"], found["accepted_on"]) == ("accepted", day("2026-09-30"))
    assert status([row], review_days=0).table["state"].tolist() == ["accepted"]


def test_what_is_due_on_a_holiday_is_due_on_the_next_working_day() -> None:
    rows = [{"id": "d1", "due": "2026-10-03", "delivered": "2026-10-09", "amount": 100_000}]
    found = status(rows, late_fee=0.001).table.iloc[0]
    assert (found["on_holiday"], found["due_on"]) == (True, day("2026-10-08"))
    assert (found["days_late"], found["fee"]) == (1, 100.0)


def test_a_fee_runs_by_the_day_and_stops_at_its_cap() -> None:
    rows = [{"id": "d1", "due": "2026-09-16", "amount": 200_000}]
    found = status(rows, "2026-09-26", late_fee=0.0005, fee_cap=0.05).table.iloc[0]
    assert (found["days_late"], found["fee"]) == (10, 1_000.0)
    found = status(rows, "2027-09-16", late_fee=0.0005, fee_cap=0.05).table.iloc[0]
    assert found["fee"] == 10_000.0
    # 17, 18, 20 (Sunday, worked), 21 to 24 September; the 25th is Mid-Autumn
    found = status(rows, "2026-09-26", late_fee=0.0005, fee_days="working").table.iloc[0]
    assert (found["working_days_late"], found["fee"]) == (7, 700.0)


def test_an_instalment_follows_the_acceptance() -> None:
    rows = [
        {"id": "d1", "due": "2026-09-30", "delivered": "2026-09-29"},
        {"id": "d2", "due": "2026-12-31"},
    ]
    payments = pd.DataFrame(
        [
            {"id": "p1", "amount": 50_000.0, "after": "d1", "days": 30, "late_fee": 0.0005},
            {"id": "p2", "amount": 50_000.0, "after": "d2", "days": 30},
            {"id": "p3", "amount": 10_000.0, "due": "2026-08-03", "paid": "2026-08-07"},
        ]
    )  # fmt: skip
    found = status(rows, "2026-11-16", payments=payments, late_fee=0.001).payments.set_index("id")
    # accepted on 12 October; 30 days later is 11 November, a Wednesday
    assert found["due_on"].to_dict() == {
        "p1": day("2026-11-11"),
        "p2": None,
        "p3": day("2026-08-03"),
    }
    assert found["state"].to_dict() == {"p1": "late", "p2": "open", "p3": "paid"}
    assert found["fee"].to_dict() == {"p1": 125.0, "p2": 0.0, "p3": 40.0}


def test_dates_of_the_contract_give_notice_and_pass() -> None:
    dates = pd.DataFrame(
        [
            {"id": "end", "due": "2026-12-31", "notice_days": 60},
            {"id": "duty", "due": "2026-06-30", "acts": False},
            {"id": "kick-off", "due": "2026-03-02", "done": "2026-03-05"},
            {"id": "go-live", "due": "2026-10-12"},
        ]
    )
    found = status([{"id": "d1", "due": "2026-12-01"}], dates=dates)
    table = found.dates.set_index("id")
    assert table.loc["end", "notice_by"] == day("2026-11-01")
    assert table["state"].to_dict() == {
        "end": "coming up", "duty": "passed", "kick-off": "done", "go-live": "late",
    }  # fmt: skip
    assert table["days_late"].to_dict() == {"end": 0, "duty": 0, "kick-off": 3, "go-live": 8}
    assert found.open["id"].tolist() == ["go-live", "d1", "end"]


def test_a_year_without_its_official_calendar_is_said() -> None:
    found = status([{"id": "d1", "due": "2029-05-07"}])
    assert "2029" in found.caveats[0]
    assert "2026" not in found.caveats[0]
    british = obligations.status(
        pd.DataFrame([{"id": "d1", "due": "2029-05-07"}]), as_of="2026-10-20", country="GB"
    )
    assert british.caveats == ()


@pytest.mark.parametrize(
    ("rows", "options", "said"),
    [
        ([{"id": "d1", "due": "2026-10-09"}] * 2, {}, "'d1' is given twice"),
        ([{"id": "d1", "due": "soon"}], {}, "'soon' is not a day"),
        ([{"id": "d1", "due": "2026-10-09"}], {"late_fee": 5}, r"0\.05 \(5%\) meant"),
        ([{"id": "d1", "due": "2026-10-09", "reply": "accept"}], {}, "did you mean 'accepted'"),
        (
            [{"id": "d1", "due": "2026-10-09", "delivered": "2026-10-09", "replied": "2026-10-08"}],
            {}, "before it was delivered",
        ),
        (
            [{"id": "d1", "due": "2026-10-09"}],
            {"payments": pd.DataFrame([{"id": "p", "amount": 1.0, "after": "d2"}])},
            "'p' follows 'd2'; there is 'd1'",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(rows: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        status(rows, **options)
