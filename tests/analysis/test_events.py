from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from cxlib.analysis import service
from cxlib.errors import DataError


def log(*rows: tuple[str, str, str | None, str, bool]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["ticket_id", "event", "at", "agent", "sla_met"])
    frame["at"] = pd.to_datetime(frame["at"], format="ISO8601")
    return frame


EVENTS = log(
    ("a", "created", "2026-09-01 09:00", "", True),
    ("a", "responded", "2026-09-01 09:10", "Li", True),
    ("a", "resolved", "2026-09-01 10:00", "Li", True),
    ("a", "reopened", "2026-09-02 10:00", "Wu", True),
    ("a", "resolved", "2026-09-03 10:00", "Wu", False),
    ("a", "closed", "2026-09-04 10:00", "Wu", False),
    ("b", "created", "2026-09-01 09:30", "Li", True),
    ("b", "resolved", "2026-09-01 12:00", "Li", True),
    ("b", "reopened", "2026-09-05 09:00", "Li", True),
    ("c", "created", "2026-09-02 09:00", "Li", True),
    ("c", "merged", "2026-09-02 09:05", "Li", True),
)


def folded(events: pd.DataFrame = EVENTS, **options: Any) -> pd.DataFrame:
    return service.fold_events(events, **options).table.set_index("ticket_id")


def test_the_last_state_of_a_ticket_wins() -> None:
    tickets = folded()
    assert tickets["state"].to_dict() == {"a": "closed", "b": "open", "c": "merged"}
    a = tickets.loc["a"]
    assert a["created_at"] == pd.Timestamp("2026-09-01 09:00")
    assert a["first_response_at"] == pd.Timestamp("2026-09-01 09:10")
    assert a["resolved_at"] == pd.Timestamp("2026-09-03 10:00")
    assert a["closed_at"] == pd.Timestamp("2026-09-04 10:00")
    assert pd.isna(tickets.loc["b", "resolved_at"])
    assert tickets["reopened"].to_dict() == {"a": 1, "b": 1, "c": 0}


def test_a_running_flag_counts_with_its_last_value() -> None:
    """SLA met is a property of a ticket's last state: 8 of 11 rows, but 2 of 3 tickets."""
    found = service.fold_events(EVENTS)
    assert found.table["sla_met"].mean() == pytest.approx(2 / 3)
    assert EVENTS["sla_met"].mean() != pytest.approx(2 / 3)
    assert "sla_met changes within 1 ticket; its last value counts." in found.caveats


def test_hands_that_change_are_counted() -> None:
    known = EVENTS.assign(agent=EVENTS["agent"].replace("", None))
    assert folded(known)["reassigned"].to_dict() == {"a": 1, "b": 0, "c": 0}


def test_order_and_repeats_of_rows_change_nothing() -> None:
    mixed = pd.concat([EVENTS, EVENTS.iloc[[2, 4]]]).sample(frac=1, random_state=1)
    found = service.fold_events(mixed)
    assert found.n_dropped == 2
    pd.testing.assert_frame_equal(found.table.set_index("ticket_id"), folded())


def test_snapshots_of_a_ticket_fold_by_their_state() -> None:
    snapshots = pd.DataFrame(
        {
            "ticket_id": ["a", "a", "a", "a"],
            "at": pd.to_datetime(["2026-09-01", "2026-09-02", "2026-09-03", "2026-09-04"]),
            "state": ["open", "resolved", "open", "resolved"],
            "priority": ["low", "low", "high", None],
        }
    )
    a = folded(snapshots).loc["a"]
    assert (a["state"], a["reopened"], a["priority"]) == ("resolved", 1, "high")
    assert a["resolved_at"] == pd.Timestamp("2026-09-04")


def test_folded_events_feed_the_kpis() -> None:
    found = service.ticket_kpis(service.fold_events(EVENTS).table)
    assert (found.n_used, found.n_dropped) == (2, 1)
    rates = found.table.set_index("kpi").loc["reopen_rate", ["value", "n"]].tolist()
    assert rates == [1.0, 2]


def test_events_without_a_time_are_counted() -> None:
    found = service.fold_events(
        log(("a", "created", "2026-09-01", "", True), ("a", "closed", None, "", True))
    )
    assert found.n_dropped == 1
    assert found.table["state"].tolist() == ["open"]


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (EVENTS.assign(event="opened"), r"'event' holds 'opened' \(row 0, 11 such\)"),
        (EVENTS.drop(columns="at"), "no column 'at' in the events"),
        (EVENTS.assign(at="soon"), "'at' is str, no dates"),
        (EVENTS.iloc[:0], "no rows"),
        (EVENTS.drop(columns="event"), "no column 'state' in the events"),
    ],
)
def test_impossible_events_are_refused(events: pd.DataFrame, said: str) -> None:
    with pytest.raises(DataError, match=said):
        service.fold_events(events)
