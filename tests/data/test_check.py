from __future__ import annotations

from typing import Any

PARAMS = """
    period: quarter
    survey:
      source: "s_*.csv"
      columns: {id: id, date: day}
      metrics:
        nps: {column: q}
      segments:
        tier: {column: t, order: [gold, silver, platinum]}
      margins: {tier: {gold: 0.2, silver: 0.7, bronze: 0.1}}
      invited: {2026Q2: 100}
"""


def rows(day: str, n: int, tier: str, start: int = 0) -> str:
    return "".join(f"{i},{day},9,{tier}\n" for i in range(start, start + n))


def test_what_a_consultant_should_know_is_a_warning(shop: Any) -> None:
    shop.file("s_1.csv", "id,day,q,t\n" + rows("2026-01-05", 20, "gold"))
    shop.file("s_2.csv", "id,day,q\n" + "90,2026-07-05,9\n")
    shop.file(
        "s_3.csv",
        "id,day,q,t\n" + rows("2026-07-05", 20, "silvr", 10) + rows("2026-08-01", 3, "tin", 70),
    )
    client = shop.client(PARAMS)
    assert shop.says(client) == []
    said = "\n".join(shop.says(client, "warning"))
    for message in (
        "survey.segments.tier.column: column 't' is missing in 1 of 3 files (s_2.csv); it counts "
        "as no answer there.",
        "period: no response in 2026Q2, between periods that have some.",
        "survey.invited.2026Q2: 2026Q2 has invitations and no response",
        "survey.columns.id: 10 respondent ids come again in a later period: are they the same "
        "people? If so, set `repeat_respondents: true`",
        "survey.segments.tier: fewer than 10 responses in 'tin' (3) of segment 'tier'; their "
        "numbers will be withheld.",
        "survey.segments.tier.order: 'silver' is no value in the data; did you mean 'silvr'?",
        "survey.segments.tier.order: the data hold 'silvr', 'tin' as well; did you mean 'silver'?",
        "survey.margins.tier.bronze: 'bronze' has a share of the population and no response; "
        "weights cannot make up for it",
        "survey.margins.tier: the data hold 'silvr', 'tin' as well; did you mean 'silver'?",
    ):
        assert message in said


def test_one_respondent_can_be_read_and_is_warned_of(shop: Any) -> None:
    shop.file("s_1.csv", "id,day,q,t\n1,2026-01-05,9,gold\n")
    client = shop.client(PARAMS)
    assert shop.says(client) == []
    assert (
        "there is 1 response in all, fewer than the minimum base of 10: every number will be "
        "withheld." in "\n".join(shop.says(client, "warning"))
    )


def test_a_small_period_is_warned_of(shop: Any) -> None:
    both = rows("2026-01-05", 20, "gold") + rows("2026-04-05", 9, "gold", 50)
    shop.file("s_1.csv", "id,day,q,t\n" + both)
    said = "\n".join(shop.says(shop.client(PARAMS), "warning"))
    assert "fewer than 10 responses in 2026Q2; their numbers will be withheld." in said


def test_damaged_ids_are_warned_of(shop: Any) -> None:
    shop.file("s_1.csv", "id,day,q,t\n1.23457E+14,2026-01-05,9,gold\n2,2026-01-05,9,gold\n")
    said = "\n".join(shop.says(shop.client(PARAMS), "warning"))
    assert "1 id was damaged by a spreadsheet: '1.23457E+14' (s_1.csv row 2)" in said


def test_a_check_leaves_no_trace_and_names_every_source(shop: Any) -> None:
    shop.file("s_1.csv", "")
    client = shop.client(PARAMS + "    members: {source: m.csv, columns: {id: id}}\n")
    before = sorted(shop.workspace.root.rglob("*"))
    said = shop.says(client)
    assert said == [
        "params/shop.yaml:5: survey.source: s_1.csv is empty.",
        "params/shop.yaml:13: members.source: no file 'm.csv' in shop; did you mean 's_1.csv'?",
    ]
    assert sorted(shop.workspace.root.rglob("*")) == before
    assert not (shop.workspace.root.parent / "config").exists()


def test_a_client_file_without_data_is_told(shop: Any) -> None:
    (said,) = shop.says(shop.client("language: en\n"))
    assert said.endswith("it has no survey, tickets or other table, and no register.")


TICKETS = """
    tickets:
      source: t.csv
      columns: {id: id, created: made, resolved: done, state: s, priority: p}
      states: {resolved: [ok], cancelled: [no]}
      sla: {resolution: {high: 4h}}
"""


def test_tickets_that_no_service_can_be_measured_on_are_told(shop: Any) -> None:
    client = shop.client(TICKETS)
    shop.file(
        "t.csv",
        "id,made,done,s,p\n"
        "1,2026-01-02 09:00,2026-01-02 10:00,ok,high\n"
        "2,2026-01-02 09:00,2026-01-01 10:00,ok,high\n"
        "4,2026-01-02 09:00,2026-01-02 10:00,ok,hihg\n"
        "3,2026-01-02 09:00,,no,odd\n",
    )
    assert shop.says(client) == []
    lost, late, limit = (line.split(": ", 1)[1] for line in shop.says(client, "warning"))
    assert "1 of 4 rows would be dropped" in lost
    assert late == (
        "tickets.columns: 1 of 4 tickets ended before they were created, the first: resolved "
        "2026-01-01 10:00:00, created 2026-01-02 09:00:00; they are set aside."
    )
    assert limit == (
        "tickets.sla.resolution: 1 ticket has a priority without a limit, the first priority "
        "'hihg'; did you mean 'high'?"
    )
    shop.file("t.csv", "id,made,done,s,p\n3,2026-01-02 09:00,,no,high\n")
    (gone,) = shop.says(client, "warning")
    assert "all 1 ticket is cancelled or merged" in gone
