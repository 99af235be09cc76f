"""The customer's own word on first contact, and periods of another kind than the client's."""

from __future__ import annotations

from typing import Any

from cxlib.analysis.service import ticket_kpis
from cxlib.data.tables import by_kind, periods_of

TICKETS = """
    period: quarter
    tickets:
      source: t.csv
      columns: {id: no, created: opened, resolved: solved, fcr_survey: 一次解决}
"""
ROWS = (
    "no,opened,solved,一次解决\n"
    "T1,2026-01-05 10:00,2026-01-05 11:00,是\n"
    "T2,2026-02-05 10:00,2026-02-05 11:00,否\n"
    "T3,2026-05-05 10:00,2026-05-05 11:00,是\n"
    "T4,2026-05-06 10:00,2026-05-06 11:00,\n"
)


def test_first_contact_goes_by_the_customers_word(shop: Any) -> None:
    shop.file("t.csv", ROWS)
    shop.ingest(shop.client(TICKETS))
    tickets = shop.read("tickets")
    assert str(tickets["fcr_survey"].dtype) == "boolean"
    found = ticket_kpis(tickets, fcr="survey").table.set_index("kpi").loc["fcr"]
    assert (found["value"], found["n"]) == (2 / 3, 3)


def test_a_month_of_a_quarterly_client_is_a_period(shop: Any) -> None:
    shop.file("t.csv", ROWS)
    client = shop.client(TICKETS)
    shop.ingest(client)
    assert periods_of(shop.workspace, client) == ["2026Q1", "2026Q2"]
    assert periods_of(shop.workspace, client, "2026Q2") == ["2026Q1", "2026Q2"]
    assert periods_of(shop.workspace, client, "2026-02") == ["2026-01", "2026-02", "2026-05"]
    assert periods_of(shop.workspace, client, "month")[-1] == "2026-05"
    assert periods_of(shop.workspace, client, "2026") == ["2026"]
    assert periods_of(shop.workspace, client, "wave 3") == ["2026Q1", "2026Q2"]


def test_answers_are_counted_by_their_dates_where_the_kind_differs() -> None:
    import pandas as pd

    frame = pd.DataFrame({"period": ["2026Q1"], "date": pd.to_datetime(["2026-02-03"])})
    assert by_kind(frame, "2026-02")["period"].tolist() == ["2026-02"]
    assert by_kind(frame, "2026Q1")["period"].tolist() == ["2026Q1"]
    assert by_kind(frame, "wave 1")["period"].tolist() == ["2026Q1"]
