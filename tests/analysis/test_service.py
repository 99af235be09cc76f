from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from cxlib.analysis import service
from cxlib.analysis.business_time import BusinessHours
from cxlib.errors import CxError, DataError

START = pd.Timestamp("2026-09-07 09:00")  # a Monday
HOUR = 3600.0


def log(n: int = 10, **columns: Any) -> pd.DataFrame:
    """Return tickets opened on the hour; the i-th is resolved after i + 1 hours."""
    created = pd.Series(START + pd.to_timedelta(np.arange(n), unit="h"))
    frame = pd.DataFrame(
        {
            "ticket_id": [f"T{i}" for i in range(n)],
            "created_at": created,
            "resolved_at": created + pd.to_timedelta(np.arange(1, n + 1), unit="h"),
        }
    )
    return frame.assign(**columns)


def value(result: service.TicketKpis, kpi: str, statistic: str, clock: str | None = None) -> float:
    return float(row(result.table, kpi, statistic, clock)["value"])


def row(table: pd.DataFrame, kpi: str, statistic: str, clock: str | None = None) -> pd.Series:
    mine = table[(table["kpi"] == kpi) & (table["statistic"] == statistic)]
    mine = mine[mine["clock"] == clock] if clock else mine
    assert len(mine) == 1
    return mine.iloc[0]


def test_percentiles_of_closed_tickets_are_linear() -> None:
    found = service.ticket_kpis(log())
    assert value(found, "resolution", "p90") == pytest.approx(9.1 * HOUR)
    assert value(found, "resolution", "median") == pytest.approx(5.5 * HOUR)
    assert found.n_used == 10
    assert set(found.table["clock"].dropna()) == {"calendar"}


def test_open_tickets_are_waited_for_and_not_dropped() -> None:
    tickets = log(5)
    tickets.loc[2:, "resolved_at"] = pd.NaT
    found = service.ticket_kpis(tickets, sla={"resolution": HOUR}, as_of=START + pd.Timedelta("9h"))
    median = row(found.table, "resolution", "median")
    assert math.isnan(median["value"])
    assert (median["n"], median["open"]) == (5, 3)
    assert any("resolution: 3 values are not reached" in caveat for caveat in found.caveats)
    assert value(found, "resolution_sla", "share") == pytest.approx(1 / 5)


def test_a_censored_median_is_the_survival_functions() -> None:
    rng = np.random.default_rng(5)
    hours = rng.integers(1, 100, 200)
    created = START - pd.to_timedelta(rng.integers(0, 120, 200), unit="h")
    resolved = pd.Series(created + pd.to_timedelta(hours, unit="h"))
    tickets = pd.DataFrame(
        {
            "ticket_id": range(200),
            "created_at": created,
            "resolved_at": resolved.where(resolved <= START),
        }
    )
    ended = resolved <= START
    watched = np.where(ended, hours, (START - created) / pd.Timedelta("1h"))
    theirs = SurvfuncRight(watched, ended.astype(int))
    found = service.ticket_kpis(tickets, as_of=START, sla={"resolution": 24 * HOUR})
    assert value(found, "resolution", "median") / HOUR == theirs.quantile(0.5)
    at = np.searchsorted(theirs.surv_times, 24, side="right") - 1
    assert value(found, "resolution_sla", "share") == pytest.approx(1 - theirs.surv_prob[at])


def test_a_reopened_ticket_is_open_whatever_it_was_before() -> None:
    tickets = log(3, state=["closed", "open", "closed"])
    assert row(service.ticket_kpis(tickets).table, "resolution", "median")["open"] == 1


def test_cancelled_and_merged_tickets_are_left_out_and_counted() -> None:
    found = service.ticket_kpis(log(4, state=["closed", "cancelled", "merged", "closed"]))
    assert (found.n_used, found.n_dropped) == (2, 2)
    assert "2 cancelled or merged tickets were left out." in found.caveats
    assert value(found, "tickets", "count") == 2


def test_only_the_last_row_of_a_ticket_counts() -> None:
    tickets = log(3, updated_at=START + pd.Timedelta("4h"), state="closed", sla_met=True)
    early = tickets.iloc[[1]].assign(
        updated_at=START + pd.Timedelta("2h"), state="open", resolved_at=pd.NaT
    )
    for order in ([tickets, early], [early, tickets]):
        found = service.ticket_kpis(pd.concat(order, ignore_index=True))
        assert (found.n_used, found.n_duplicates) == (3, 1)
        assert row(found.table, "resolution", "median")["open"] == 0
    past = service.ticket_kpis(
        pd.concat([tickets, early], ignore_index=True), as_of=START + pd.Timedelta("3h")
    )
    assert row(past.table, "resolution", "median")["open"] == 2


def test_a_past_month_is_seen_as_it_stood_then() -> None:
    moment = START + pd.Timedelta("3h30min")
    found = service.ticket_kpis(log(), as_of=moment)
    assert found.n_used == 4
    assert any("6 tickets opened after" in caveat for caveat in found.caveats)
    # opened at 0, 1, 2, 3 h; resolved at 1, 3, 5, 7 h: the last two are open
    assert row(found.table, "resolution", "median")["open"] == 2


def test_business_time_stands_beside_calendar_time() -> None:
    office = BusinessHours(hours="09:00-18:00")
    tickets = log(1).assign(resolved_at=START + pd.Timedelta("26h"))  # Tuesday 11:00
    for clock, kept in (("calendar", 0), ("business", 1)):
        found = service.ticket_kpis(
            tickets, calendar=office, sla={"resolution": 11 * HOUR}, clock=clock
        )
        assert value(found, "resolution", "median", "calendar") == 26 * HOUR
        assert value(found, "resolution", "median", "business") == 11 * HOUR
        sla = row(found.table, "resolution_sla", "share")  # one row: on the clock it was set on
        assert (sla["value"], sla["clock"]) == (kept, clock)


def test_business_time_needs_business_hours() -> None:
    with pytest.raises(DataError, match="need business hours"):
        service.ticket_kpis(log(2), clock="business")


def test_each_priority_has_its_own_sla() -> None:
    tickets = log(4, priority=["high", "high", "low", "low"])  # resolved after 1 2 3 4 hours
    limits = {"resolution": {"high": 1 * HOUR, "low": 4 * HOUR}}
    found = service.ticket_kpis(tickets, sla=limits)
    assert value(found, "resolution_sla", "share") == 0.75
    split = service.ticket_kpis(tickets, sla=limits, by="priority").table
    shares = split[split["kpi"] == "resolution_sla"].set_index("priority")["value"]
    assert shares.to_dict() == {"high": 0.5, "low": 1.0}


def test_numbered_priorities_match_with_gaps_in_the_log_or_without() -> None:
    limits = {"resolution": {1: HOUR, 2: 2 * HOUR}}
    found = service.ticket_kpis(log(2, priority=[1, 2]), sla=limits)
    assert value(found, "resolution_sla", "share") == 1
    floats = service.ticket_kpis(log(2, priority=[1.0, 2.0]), sla=limits)
    assert value(floats, "resolution_sla", "share") == 1


def test_one_ticket_that_nobody_touched_has_a_log_of_nothing() -> None:
    tickets = log(1, first_response_at=pd.NaT, resolved_at=pd.NaT)
    found = service.ticket_kpis(tickets, sla={"first_response": HOUR, "resolution": HOUR})
    assert found.table[found.table["kpi"] == "tickets"]["value"].tolist() == [1]
    waiting = row(found.table, "resolution", "median")
    assert (waiting["n"], waiting["open"]) == (1, 1)
    assert math.isnan(waiting["value"])


def test_a_priority_without_an_sla_is_named() -> None:
    with pytest.raises(DataError, match=r"1 ticket has priority 'hgh', .* mean 'high'"):
        service.ticket_kpis(
            log(2, priority=["high", "hgh"]), sla={"resolution": {"high": 1.0, "low": 2.0}}
        )
    with pytest.raises(DataError, match="1 ticket has no priority"):
        service.ticket_kpis(log(2, priority=["high", None]), sla={"resolution": {"high": 1.0}})
    with pytest.raises(DataError, match="no 'priority'"):
        service.ticket_kpis(log(2), sla={"resolution": {"high": 1.0}})


@pytest.mark.parametrize(
    ("sla", "said"),
    [
        ({"resolutoin": 5}, "no SLA on 'resolutoin'; did you mean 'resolution'"),
        ({"resolution": 0}, r"resolution \(seconds\) is 0; it must be above 0"),
        ({"resolution": math.nan}, r"\(seconds\) is nan"),
        ({"resolution": {"high": -1}}, r"resolution of high \(seconds\) is -1"),
        ({"resolution": {}}, "names no priority"),
    ],
)
def test_an_sla_that_cannot_be_is_refused(sla: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        service.ticket_kpis(log(2, priority="high"), sla=sla)


def test_handle_time_is_of_closed_contacts_and_led_by_the_mean() -> None:
    tickets = log(4, handle_seconds=[100.0, 200.0, 600.0, 9000.0])
    tickets.loc[3, "resolved_at"] = pd.NaT
    found = service.ticket_kpis(tickets)
    mean = row(found.table, "handle_time", "mean")
    assert (mean["value"], mean["n"], mean["open"]) == (300, 3, 0)
    assert value(found, "handle_time", "median") == 200
    half = 4.302653 * np.std([100, 200, 600], ddof=1) / math.sqrt(3)  # t with 2 df
    assert (mean["low"], mean["high"]) == pytest.approx((300 - half, 300 + half), rel=1e-6)


def test_rates_and_ratings_rest_on_their_own_bases() -> None:
    tickets = log(5, reopened=[0, 1, 0, 2, 0], reassigned=[1, 0, 0, None, 0])
    tickets["csat"] = [5, 3, np.nan, np.nan, 4]
    tickets.loc[4, "resolved_at"] = pd.NaT
    found = service.ticket_kpis(tickets)
    assert value(found, "reopen_rate", "share") == 2 / 4
    assert value(found, "fcr", "share") == 2 / 4
    assert value(found, "reassign_rate", "share") == 1 / 4
    assert row(found.table, "csat", "mean")[["value", "n"]].tolist() == [4, 3]


def test_repeats_within_the_window_undo_first_contact_resolution() -> None:
    days = pd.to_timedelta([0, 3, 20, 0, 29], unit="D")
    created = pd.Series(START + days)
    tickets = pd.DataFrame(
        {
            "ticket_id": list("abcde"),
            "customer_id": ["x", "x", "x", "y", None],
            "created_at": created,
            "resolved_at": created + pd.Timedelta("1D"),
        }
    )
    found = service.ticket_kpis(tickets, fcr="repeat", as_of=START + pd.Timedelta("25D"))
    # a comes back on day 3; b and y stay away; c's window runs to day 28
    told = found.first_contact.iloc[0]
    assert told[["method", "window_days"]].tolist() == ["repeat", 7]
    assert told[["numerator", "denominator", "window_open"]].tolist() == [2, 3, 1]
    later = service.ticket_kpis(tickets, fcr="repeat", as_of=START + pd.Timedelta("40D"))
    told = later.first_contact.iloc[0]
    assert (told["numerator"], told["denominator"], told["unknown"]) == (3, 4, 1)
    wide = service.ticket_kpis(
        tickets, fcr="repeat", repeat_days=18, as_of=START + pd.Timedelta("40D")
    )
    assert wide.first_contact["numerator"].iloc[0] == 2  # b repeats on day 20, 16 after the 4th


def test_a_repeat_may_have_to_be_about_the_same_matter() -> None:
    created = pd.Series(START + pd.to_timedelta([0, 2], unit="D"))
    tickets = pd.DataFrame(
        {
            "ticket_id": ["a", "b"],
            "customer_id": "x",
            "category": ["card", "loan"],
            "created_at": created,
            "resolved_at": created,
        }
    )
    options: dict[str, Any] = {"fcr": "repeat", "as_of": START + pd.Timedelta("30D")}
    assert value(service.ticket_kpis(tickets, **options), "fcr", "share") == 0.5
    same = service.ticket_kpis(tickets, **options, repeat_same=("category",))
    assert value(same, "fcr", "share") == 1


def test_customers_can_say_that_one_contact_was_enough() -> None:
    answers = pd.array([True, False, None, True], dtype="boolean")
    found = service.ticket_kpis(log(4, fcr_survey=answers), fcr="survey")
    assert value(found, "fcr", "share") == pytest.approx(2 / 3)
    assert found.first_contact["unknown"].iloc[0] == 1


def test_what_the_log_lacks_is_said_and_not_guessed() -> None:
    found = service.ticket_kpis(log(2, csat=np.nan))
    assert set(found.table["kpi"]) == {"tickets", "resolution"}
    assert "ticket_csat is not computed: the tickets have no csat." in found.caveats
    assert "fcr is not computed: the tickets have no reopened." in found.caveats
    assert found.first_contact.empty


def test_finished_tickets_without_a_response_time_are_counted() -> None:
    tickets = log(3, first_response_at=[START, None, None])
    tickets.loc[2, "resolved_at"] = pd.NaT
    found = service.ticket_kpis(tickets)
    assert row(found.table, "first_response", "median")[["n", "open"]].tolist() == [2, 1]
    assert any("first_response: 1 finished ticket " in caveat for caveat in found.caveats)


def test_groups_are_split_and_the_nameless_counted() -> None:
    tickets = log(4, channel=["phone", "chat", None, "phone"])
    found = service.ticket_kpis(tickets, by=["channel", "month"])
    counts = found.table[found.table["kpi"] == "tickets"]
    assert counts[["channel", "month", "value"]].to_numpy().tolist() == [
        ["chat", "2026-09", 1.0],
        ["phone", "2026-09", 2.0],
    ]
    assert "1 ticket has no channel." in found.caveats
    assert list(found.table.columns)[:3] == ["channel", "month", "kpi"]


def test_the_cohort_is_opened_in_the_period_on_the_clients_clock() -> None:
    tickets = log(2)
    tickets["created_at"] = pd.to_datetime(["2026-08-31 15:59", "2026-08-31 16:00"], utc=True)
    tickets["resolved_at"] = tickets["created_at"] + pd.Timedelta("1h")
    shanghai = BusinessHours(timezone="Asia/Shanghai")
    assert service.ticket_kpis(tickets, period="2026-09", calendar=shanghai).n_used == 1
    assert service.ticket_kpis(tickets, period="2026Q3").n_used == 2


def test_a_month_without_tickets_says_what_there_is() -> None:
    with pytest.raises(DataError, match=r"no ticket was opened in 2026-08; .* 2026-09-07 to"):
        service.ticket_kpis(log(), period="2026-08")


def test_small_bases_are_counted() -> None:
    found = service.ticket_kpis(log(3), minimum_base=4)
    assert "4 rows rest on fewer than 4 tickets." in found.caveats


def bad(**columns: Any) -> pd.DataFrame:
    return log(3, **columns)


SHIFTED = {"first_response_at": log(3)["created_at"] - pd.Timedelta("7h58min")}


@pytest.mark.parametrize(
    ("tickets", "said"),
    [
        (bad().drop(columns="created_at"), "no column 'created_at' in the tickets"),
        (bad().iloc[:0], "no rows"),
        (bad(ticket_id=["a", None, "c"]), "1 row has no ticket_id"),
        (
            bad(resolved_at=pd.Series([START] * 3).dt.tz_localize("UTC")),
            "clocks of the tickets are mixed: created_at has no time zone, resolved_at has UTC",
        ),
        (
            bad(
                created_at=log(3)["created_at"].dt.tz_localize("Asia/Shanghai"),
                resolved_at=log(3)["resolved_at"].dt.tz_localize("UTC"),
            ),
            "mixed: created_at has Asia/Shanghai, resolved_at has UTC",
        ),
        (
            bad(created_at=pd.Series([START, START.tz_localize("UTC"), START], dtype="object")),
            "'created_at' mixes clocks: row 1 holds",
        ),
        (bad(resolved_at=["soon"] * 3), "'resolved_at' holds 'soon'"),
        (bad(state=["closed", "Closed", "done"]), r"'state' holds 'Closed' \(row 1, 2 such\)"),
        (bad(handle_seconds=[1.0, -5.0, 2.0]), r"'handle_seconds' holds -5 \(row 1, 1 such\)"),
        (bad(reopened=["0", "1", "x"]), "'reopened' is str, not numbers"),
        (bad(csat=["good"] * 3), "'csat' is str, not numbers"),
        (bad(csat=[1.0, math.inf, 2.0]), r"'csat' holds inf \(row 1, 1 such\)"),
        (bad(complaint=["yes", "no", "no"]), r"'complaint' holds 'yes' \(row 0, 3 such\)"),
        (bad(created_at=pd.NaT), "none of 3 tickets has a creation time"),
        (bad(state="cancelled"), "no ticket is left of 3 rows: 3 are cancelled"),
    ],
)
def test_an_impossible_log_is_refused_with_its_row(tickets: pd.DataFrame, said: str) -> None:
    with pytest.raises(DataError, match=said):
        service.ticket_kpis(tickets)


def test_times_before_the_creation_are_set_aside_and_counted() -> None:
    tickets = log(200)
    tickets.loc[7, "resolved_at"] = tickets.loc[7, "created_at"] - pd.Timedelta("1min")
    found = service.ticket_kpis(tickets)
    assert row(found.table, "resolution", "median")[["n", "open"]].tolist() == [199, 0]
    said = [c.facts for c in found.caveats if "set aside" in c.message and "column" in c.facts]
    assert said == [{"n": 1, "column": "resolved_at"}]
    assert any("resolution: 1 finished ticket " in caveat for caveat in found.caveats)


def test_times_early_by_whole_hours_hint_at_two_clocks() -> None:
    found = service.ticket_kpis(bad(**SHIFTED))
    assert [c.facts["hours"] for c in found.caveats if "time zones" in c.message] == [8]
    assert "first_response" not in set(found.table.dropna(subset=["value"])["kpi"])


def test_a_time_that_the_clients_clock_skipped_is_set_aside() -> None:
    berlin = BusinessHours(timezone="Europe/Berlin")
    tickets = log(3)
    tickets.loc[1, "created_at"] = pd.Timestamp("2026-03-29 02:30")
    found = service.ticket_kpis(tickets, calendar=berlin)
    assert (found.n_used, found.n_dropped) == (2, 1)
    assert "1 time in an hour that the clocks skipped: set aside." in found.caveats
    twice = log(2).assign(created_at=pd.Timestamp("2025-10-26 02:30"))
    found = service.ticket_kpis(twice, calendar=berlin)
    assert "2 times in an hour that came twice: read as the first." in found.caveats


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"fcr": "reopend"}, "no FCR method 'reopend'; did you mean 'reopened'"),
        ({"by": "chanel"}, "no column 'chanel' in the tickets; did you mean 'channel'"),
        ({"as_of": "last Monday"}, "as_of is 'last Monday'; write a moment"),
        ({"period": "Q3"}, "'Q3' is not a period"),
        ({"confidence": 95}, "between 0 and 1"),
        ({"fcr": "repeat", "repeat_days": 0}, "repeat_days is 0"),
        ({"fcr": "repeat", "repeat_days": "7"}, "repeat_days is '7'"),
        ({"fcr": "repeat", "repeat_days": 1e9}, r"1e\+09; it must be above 0 and at most 36525"),
        ({"fcr": None}, "there is no FCR method None"),
        ({"sla": 3600}, "sla is 3600; write seconds by name"),
        ({"calendar": "24/7"}, "calendar is '24/7'; write BusinessHours"),
    ],
)
def test_an_impossible_question_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(CxError, match=said):
        service.ticket_kpis(log(2, channel="phone", customer_id="x"), **options)


def test_dtypes_and_index_change_no_number() -> None:
    tickets = log(6, channel=list("aabbab"), reopened=[0, 1, 0, 0, 2, 0])
    plain = service.ticket_kpis(tickets, by="channel").table
    odd = tickets.astype({"reopened": "Int64", "channel": "category", "ticket_id": "string"})
    odd = odd.set_index(pd.Index([3, 3, 1, 1, 9, 9])).astype({"created_at": "datetime64[s]"})
    pd.testing.assert_frame_equal(
        service.ticket_kpis(odd, by="channel").table, plain, check_dtype=False
    )


def test_the_input_is_left_as_it_was() -> None:
    tickets = log(4, state=["open", "closed", "closed", "cancelled"])
    before = tickets.copy(deep=True)
    service.ticket_kpis(tickets, by="month")
    pd.testing.assert_frame_equal(tickets, before)


def test_new_york_requests_mislead_when_the_open_ones_are_dropped(public_data: Path) -> None:
    file = public_data / "nyc311" / "311_Service_Requests.csv"
    if not file.exists():
        pytest.skip("nyc311 is not in the shared data")
    raw = pd.read_csv(file, parse_dates=["created_date", "closed_date"])
    tickets = pd.DataFrame(
        {
            "ticket_id": raw["unique_key"],
            "created_at": raw["created_date"],
            "closed_at": raw["closed_date"],
            "state": raw["status"].map(lambda s: "closed" if s == "Closed" else "open"),
            "channel": raw["open_data_channel_type"],
        }
    )
    silent = service.ticket_kpis(tickets)
    assert "resolution" not in set(silent.table["kpi"])  # a closing is no resolution by itself
    assert any("resolution: closed" in caveat for caveat in silent.caveats)
    everyone = service.ticket_kpis(tickets, closing=True)
    median = row(everyone.table, "resolution", "median")
    assert (median["n"], median["open"]) == (500, 268)
    closed = service.ticket_kpis(tickets[tickets["state"] == "closed"], closing=True)
    naive = value(closed, "resolution", "median")
    assert naive == pytest.approx(0.273611 * HOUR, rel=1e-4)  # a quarter of an hour, seemingly
    watched = tickets["closed_at"].fillna(everyone.as_of) - tickets["created_at"]
    watched = watched.dt.total_seconds()
    theirs = SurvfuncRight(watched, tickets["closed_at"].notna().astype(int)).quantile(0.5)
    assert median["value"] == pytest.approx(theirs, nan_ok=True)
    assert not median["value"] < 2 * naive  # at least twice as long, or not reached at all


@pytest.mark.parametrize("minutes", ["30", 0.5, math.nan, 7, 0, None])
def test_an_interval_that_fits_no_day_is_refused(minutes: Any) -> None:
    with pytest.raises(DataError, match="a day is not a whole number of such intervals"):
        service.arrivals(log(), minutes=minutes)


def test_arrivals_take_minutes_of_any_kind_and_check_their_confidence() -> None:
    same = [service.arrivals(log(), minutes=m).table for m in (30, 30.0, np.int64(30))]
    pd.testing.assert_frame_equal(same[0], same[1])
    pd.testing.assert_frame_equal(same[0], same[2])
    with pytest.raises(DataError, match="confidence"):
        service.arrivals(log(), confidence=95)


def autumn() -> pd.DataFrame:
    """Return two tickets of the night in which the clocks of Berlin show 02:00 to 03:00 twice."""
    night = "2026-10-25 "
    return pd.DataFrame(
        {
            "ticket_id": ["T1", "T2"],
            "created_at": pd.to_datetime([night + "02:30", night + "02:10"]),
            "first_response_at": pd.to_datetime([night + "02:10", night + "02:40"]),
            "resolved_at": pd.to_datetime([night + "03:30", night + "02:50"]),
        }
    )


def test_an_answer_in_the_hour_that_comes_twice_follows_its_ticket() -> None:
    hours = BusinessHours(hours="24/7", timezone="Europe/Berlin")
    result = service.ticket_kpis(autumn(), calendar=hours)
    # 02:30 first to 02:10 second is 40 minutes, to 03:30 two hours; the other times are all first
    assert value(result, "first_response", "median", "calendar") == (40 + 30) / 2 * 60
    assert value(result, "resolution", "median", "calendar") == (120 + 40) / 2 * 60
    said = [c.facts["n"] for c in result.caveats if "came twice" in c.message]
    assert said == [4]


def test_a_closing_stands_in_for_a_resolution_only_if_asked_and_says_so() -> None:
    tickets = log(4, state="closed").rename(columns={"resolved_at": "closed_at"})
    assert "resolution" not in set(service.ticket_kpis(tickets).table["kpi"])
    found = service.ticket_kpis(tickets, closing=True)
    assert value(found, "resolution", "median") == 2.5 * HOUR
    message = "4 tickets have no resolution; the closing time stands in for it."
    assert message in found.caveats


def test_a_log_that_never_tells_an_end_has_no_resolution_and_no_backlog() -> None:
    calls = log(5, handle_seconds=60.0).drop(columns="resolved_at")
    found = service.ticket_kpis(calls)
    assert not {"resolution", "first_response"} & set(found.table["kpi"])
    assert row(found.table, "handle_time", "mean")[["value", "n"]].tolist() == [60, 5]
    lying = service.backlog(calls, each="month")
    assert lying.table.empty
    assert any("nothing in the tickets tells that one ended" in c for c in lying.caveats)


def test_a_state_without_times_tells_only_what_is_open_now() -> None:
    tickets = log(4, state=["closed", "open", "open", "abandoned"]).drop(columns="resolved_at")
    lying = service.backlog(tickets, each="month")
    assert lying.table["open"].tolist() == [2]


def test_abandoned_contacts_are_neither_open_nor_cancelled() -> None:
    """12 of 60 calls that nobody answered: 20 %; the others' FCR and ratings rest on the 48."""
    states = ["abandoned"] * 12 + ["closed"] * 48
    calls = log(60, state=states, reopened=0, csat=4.0).drop(columns="resolved_at")
    found = service.ticket_kpis(calls)
    lost = row(found.table, "abandonment_rate", "share")
    assert (lost["value"], lost["n"], found.n_used, found.n_dropped) == (0.2, 60, 60, 0)
    assert row(found.table, "fcr", "share")["n"] == 48
    assert row(found.table, "csat", "mean")["n"] == 48
    assert any("12 abandoned contacts" in caveat for caveat in found.caveats)
    assert "abandonment_rate" not in set(service.ticket_kpis(log(3)).table["kpi"])


def test_the_clients_own_flag_is_a_kpi_of_its_own() -> None:
    flags = pd.array([True] * 8 + [False] * 2 + [None], dtype="boolean")
    found = service.ticket_kpis(log(11, sla_met=flags), sla={"resolution": HOUR})
    assert row(found.table, "sla_met", "share")[["value", "n"]].tolist() == [0.8, 10]
    assert value(found, "resolution_sla", "share") == pytest.approx(1 / 11)


def test_a_duration_stands_in_for_a_time_on_the_logs_own_clock() -> None:
    seconds = {"first_response_seconds": [1800.0] * 4, "resolution_seconds": [HOUR, 2, 3, 4]}
    tickets = log(4, state="closed", **seconds).drop(columns="resolved_at")
    plain = service.ticket_kpis(tickets, sla={"first_response": 1800})
    assert value(plain, "first_response", "median") == 1800
    assert value(plain, "first_response_sla", "share") == 1
    assert value(plain, "resolution", "p90") == pytest.approx(np.quantile([HOUR, 2, 3, 4], 0.9))
    assert service.backlog(tickets).table["open"].tolist() == [0]
    office = BusinessHours(hours="09:00-18:00")
    worked = service.ticket_kpis(tickets, calendar=office, clock="business")
    assert value(worked, "first_response", "median", "business") == 1800
    assert row(worked.table, "first_response", "median", "calendar")["n"] == 0


def test_rows_of_a_contract_are_in_the_units_of_its_targets() -> None:
    tickets = log(20, reopened=[1, *[0] * 19], csat=[4.0] * 20)
    terms = service.Terms(sla={"resolution": 10 * HOUR}, as_of="2026-12-31")
    rows = service.kpi_rows(tickets, terms=terms, period_kind="quarter").set_index("kpi")
    fcr = rows.loc["fcr", ["period", "value", "numerator", "denominator", "n"]]
    assert fcr.tolist() == ["2026Q3", 0.95, 19, 20, 20]
    assert rows.loc["resolution", "value"] == 10.5 * HOUR
    assert rows.loc["resolution_sla", "value"] == 0.5
    assert math.isnan(rows.loc["ticket_csat", "denominator"])
    whole = service.kpi_rows(tickets, terms=terms, whole="wave 1")
    assert set(whole["period"]) == {"wave 1"}


def test_ratings_are_the_answers_of_those_who_gave_one() -> None:
    asked = pd.array([True, False, None, None], dtype="boolean")
    tickets = log(4, csat=[5.0, None, 3.0, None], fcr_survey=asked, channel="phone")
    terms = service.Terms(fcr="survey")
    told = service.ratings(tickets, terms=terms, period_kind="month")
    assert told["ticket_csat"].sum() == 8
    assert told["fcr"].sum() == 1
    assert len(told) == 3
    assert set(told["channel"]) == {"phone"}
