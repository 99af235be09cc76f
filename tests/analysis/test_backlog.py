from __future__ import annotations

import pandas as pd
import pytest

from cxlib.analysis import service
from cxlib.errors import DataError


def times(*moments: str | None) -> pd.Series:
    return pd.Series(pd.to_datetime(list(moments), format="ISO8601"))


def log() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "ticket_id": list("abcd"),
            "queue": ["x", "x", "y", "y"],
            "created_at": times("2026-07-01", "2026-07-30", "2026-08-10", "2026-08-31 12:00"),
            "resolved_at": times("2026-07-05", "2026-08-20", None, None),
        }
    )


def test_each_month_ends_with_what_lay_open_then() -> None:
    found = service.backlog(log(), each="month", as_of="2026-09-01").table
    assert found[["period", "opened", "resolved", "open"]].to_numpy().tolist() == [
        ["2026-07", 2, 1, 1],
        ["2026-08", 2, 1, 2],
        ["2026-09", 0, 0, 2],
    ]
    # as August ends: open since 10 August (22 days) and since yesterday noon (12 hours)
    ages = found.iloc[1]
    assert ages["age_oldest"] == pytest.approx(22 * 86_400, abs=1e-3)
    assert ages["age_median"] == pytest.approx((22 + 0.5) / 2 * 86_400, abs=1e-3)


def test_opened_less_resolved_is_the_growth_of_the_pile() -> None:
    found = service.backlog(log(), each="month", as_of="2026-09-30").table
    growth = found["open"].diff().fillna(found["open"].iloc[0])
    assert (growth == found["opened"] - found["resolved"]).all()


def test_ages_fall_into_classes_that_add_up() -> None:
    found = service.backlog(log(), as_of="2026-09-01", by="queue")
    y = found.ageing[found.ageing["queue"] == "y"]
    assert y["tickets"].tolist() == [1, 0, 0, 0, 1, 0]
    assert y["share"].sum() == 1
    x = found.ageing[found.ageing["queue"] == "x"]
    assert x["tickets"].sum() == 0
    assert x["share"].isna().all()
    assert found.table["open"].tolist() == [0, 2]


def test_edges_and_periods_that_cannot_be_are_refused() -> None:
    with pytest.raises(DataError, match="do not ascend"):
        service.backlog(log(), age_days=(3, 1))
    with pytest.raises(DataError, match="each is 'week'"):
        service.backlog(log(), each="week")  # type: ignore[arg-type]


def test_arrivals_average_over_days_with_none() -> None:
    # two Mondays: three calls after nine on the first, one on the second
    moments = ["2026-09-07 09:01", "2026-09-07 09:05", "2026-09-07 09:29", "2026-09-14 09:10"]
    tickets = pd.DataFrame({"ticket_id": list("abcd"), "created_at": times(*moments)})
    found = service.arrivals(tickets, minutes=30)
    nine = found.table[(found.table["weekday"] == "mon") & (found.table["start"] == "09:00")].iloc[
        0
    ]
    assert nine[["calls", "calls_per_hour", "n", "tickets"]].tolist() == [2, 4, 2, 4]
    # t with 1 df: 12.7062 × sd √2 / √2 = 12.7062 calls, 25.41 an hour
    assert nine["low"] == 0
    assert nine["high"] == pytest.approx(4 + 2 * 12.7062, rel=1e-5)
    assert found.table["tickets"].sum() == found.n == 4
    assert len(found.table) == 7 * 48
    assert found.table[found.table["weekday"] == "tue"]["n"].eq(1).all()


def test_arrivals_over_a_period_count_its_quiet_days() -> None:
    tickets = pd.DataFrame(
        {
            "ticket_id": list("abc"),
            "state": ["closed", "merged", "open"],
            "created_at": times("2026-09-09 10:00", "2026-09-16 10:00", "2026-10-01 09:00"),
        }
    )
    found = service.arrivals(tickets, minutes=60, period="2026-09")
    wednesday = found.table[
        (found.table["weekday"] == "wed") & (found.table["start"] == "10:00")
    ].iloc[0]
    assert (wednesday["tickets"], wednesday["n"]) == (2, 5)  # five Wednesdays in September 2026
    assert (found.first, found.last) == (pd.Timestamp("2026-09-01"), pd.Timestamp("2026-09-30"))


def test_arrivals_feed_a_schedule() -> None:
    from cxlib.analysis import staffing

    moments = pd.date_range("2026-09-07 09:00", "2026-09-07 09:29", periods=100)
    tickets = pd.DataFrame({"ticket_id": range(100), "created_at": moments})
    coming = service.arrivals(tickets, minutes=30).table
    plan = staffing.schedule(coming, handle_seconds=180, shrinkage=0.3)
    busiest = plan.table.loc[plan.table["calls_per_hour"].idxmax()]
    assert busiest[["weekday", "start", "calls_per_hour", "agents", "positions"]].tolist() == [
        "mon",
        "09:00",
        200,
        14,
        20,
    ]


def test_an_interval_that_does_not_fit_a_day_is_refused() -> None:
    with pytest.raises(DataError, match="minutes is 25"):
        service.arrivals(log(), minutes=25)


def test_complaints_are_followed_to_their_outcome() -> None:
    tickets = log().assign(
        complaint=pd.array([True, True, True, None], dtype="boolean"),
        upheld=pd.array([True, False, None, None], dtype="boolean"),
        customer_id=["p", "p", "q", "q"],
    )
    found = service.complaints(
        tickets,
        terms=service.Terms(sla={"resolution": 5 * 86_400.0}, as_of="2026-12-01"),
        repeat_days=30,
        period="2026Q3",
    )
    rows = found.table.set_index(["kpi", "statistic"])
    assert rows.loc[("received", "count"), "value"] == 3
    assert rows.loc[("answered", "share"), "value"] == pytest.approx(2 / 3)
    assert rows.loc[("upheld", "share"), ["value", "n"]].tolist() == [0.5, 2]
    # a is resolved on 5 July and p complains again on the 30th; b's window passes quietly
    assert rows.loc[("repeated", "share"), ["value", "n"]].tolist() == [0.5, 2]
    assert rows.loc[("resolution_sla", "share"), "value"] == pytest.approx(1 / 3)
    assert any("1 ticket does not say" in caveat for caveat in found.caveats)


def test_without_complaints_there_is_nothing_to_follow() -> None:
    for tickets in (log(), log().assign(complaint=False)):
        found = service.complaints(tickets)
        assert (len(found.table), found.n_used) == (0, 0)


def test_age_classes_as_a_text_are_refused() -> None:
    tickets = pd.DataFrame({"ticket_id": ["T1"], "created_at": [pd.Timestamp("2026-09-07")]})
    with pytest.raises(DataError, match="write a list of days"):
        service.backlog(tickets, age_days="7")
