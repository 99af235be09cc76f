from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from cxlib.data.schema import TABLES, describe, validate
from cxlib.errors import DataError

TICKETS = """
    tickets:
      source: t.csv
      columns: {id: no, created: opened, resolved: solved, state: 状态, customer: who, agent: by,
                handle_minutes: min, reopened: again, complaint: 投诉}
      missing: ["-"]
      states: {open: [处理中], resolved: [已解决], cancelled: [Void]}
"""
HEADER = "no,opened,solved,状态,who,by,min,again,投诉\n"


def test_tickets_are_read_by_their_published_columns(shop: Any) -> None:
    shop.file("t.csv", HEADER + (
        "T1,2026-03-05 10:00,2026-03-05 11:00,已解决,7,7,1.5,2,是\n"
        "T2,2026/3/5 12:00,,处理中,8,,-,否,否\n"
        "T3,,,void,,,,,\n"
        ",2026-03-05 10:00,,处理中,,,,,\n"
    ))  # fmt: skip
    done = shop.ingest(shop.client(TICKETS))
    tickets = shop.read("tickets")
    assert tickets["created_at"].tolist() == list(
        pd.to_datetime(["2026-03-05 10:00", "2026-03-05 12:00"])
    )
    assert tickets["state"].tolist() == ["resolved", "open"]
    assert tickets["handle_seconds"].fillna(-1).tolist() == [90, -1]
    assert tickets["reopened"].tolist() == [2, 0]
    assert tickets["complaint"].tolist() == [True, False]
    assert tickets.loc[0, "customer_id"] != tickets.loc[0, "agent"]
    assert done.tables["tickets"].dropped == {"no ticket id": 1, "no creation time": 1}
    published = {column.name: column.dtype for column in TABLES["tickets"]}
    assert all(published[name] == str(dtype) for name, dtype in tickets.dtypes.items())


WRONG = {
    "an unknown state": (
        "T1,2026-03-05,,已解绝,7,7,1,0,是\n",
        "tickets.states: 1 ticket has a state that stands under none of open, resolved, closed, "
        "cancelled, merged, abandoned: '已解绝' (t.csv row 2); did you mean '已解决'?",
    ),
    "a negative time": (
        "T1,2026-03-05,,已解决,7,7,-1,0,是\n",
        "tickets.columns.handle_minutes: column 'min' holds 1 value that is not a number from 0 "
        "up: '-1' (t.csv row 2); declare `missing:` if they mean none.",
    ),
    "no count": (
        "T1,2026-03-05,,已解决,7,7,1,1.5,是\n",
        "tickets.columns.reopened: column 'again' holds 1 value that is no count: '1.5' "
        "(t.csv row 2); write whole numbers, or yes and no.",
    ),
    "neither yes nor no": (
        "T1,2026-03-05,,已解决,7,7,1,1,maybe\n",
        "tickets.columns.complaint: column '投诉' holds 1 value that is neither yes nor no: "
        "'maybe' (t.csv row 2); write 1 and 0, or declare `missing:` if they mean none.",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_ticket_is_named_with_its_row(shop: Any, case: str) -> None:
    rows, message = WRONG[case]
    shop.file("t.csv", HEADER + rows)
    assert [line.split(": ", 1)[1] for line in shop.says(shop.client(TICKETS))] == [message]


def test_event_rows_are_folded_to_one_row_a_ticket(shop: Any) -> None:
    shop.file("e.csv", (
        "no,opened,at,state,by\n"
        "A,2026-03-05 10:00,2026-03-05 10:00,open,x\n"
        "A,2026-03-05 10:00,2026-03-05 12:00,resolved,y\n"
        "A,2026-03-05 10:00,2026-03-05 12:00,resolved,y\n"
        "B,2026-03-06 10:00,2026-03-06 10:00,open,x\n"
        "B,2026-03-06 10:00,,resolved,x\n"
        ",2026-03-06 10:00,2026-03-06 10:00,open,x\n"
    ))  # fmt: skip
    done = shop.ingest(
        shop.client("""
        tickets:
          source: e.csv
          events: true
          columns: {id: no, created: opened, state: state, event_time: at, agent: by}
    """)
    )
    tickets = shop.read("tickets")
    assert tickets["state"].tolist() == ["resolved", "open"]
    assert tickets["resolved_at"].tolist()[0] == pd.Timestamp("2026-03-05 12:00")
    assert tickets["reassigned"].tolist() == [1, 0]
    table = done.tables["tickets"]
    assert table.read == table.kept + sum(table.dropped.values())
    assert table.dropped == {
        "no ticket id": 1,
        "repeats an event": 1,
        "event without a time": 1,
        "event folded into its ticket": 1,
    }


def test_members_keep_one_row_each_and_their_attributes(shop: Any) -> None:
    shop.file(
        "m.csv",
        "no,since,sex\n1,2026-01-01,f\n1,2026-01-01,f\n2,2026-01-01,m\n2,2026-02-01,m\n,,f\n",
    )
    client = shop.client("""
        members:
          source: m.csv
          columns: {id: no, joined: since}
          attributes: {gender: sex}
    """)
    done = shop.ingest(client)
    members = shop.read("members")
    assert list(members.columns) == ["member_id", "joined", "gender"]
    assert members["gender"].tolist() == ["f", "m"]
    assert members["joined"].tolist()[1] == pd.Timestamp("2026-02-01")
    assert done.tables["members"].dropped == {
        "no member id": 1,
        "repeats a row exactly": 1,
        "an earlier row of the same member": 1,
    }
    assert "1 row repeats a member's id with other contents" in "".join(
        shop.says(client, "warning")
    )


def test_transactions_that_are_alike_are_all_kept(shop: Any) -> None:
    shop.file(
        "t.csv", 'who,day,yuan\n1,2026-01-01,"￥1,085"\n1,2026-01-01,"￥1,085"\n,2026-01-01,5\n'
    )
    done = shop.ingest(
        shop.client(
            "transactions: {source: t.csv, columns: {member: who, date: day, amount: yuan}}\n"
        )
    )
    bought = shop.read("transactions")
    assert bought["amount"].tolist() == [1085, 1085]
    assert done.tables["transactions"].dropped == {"no member id": 1}


def test_every_table_is_published_with_a_meaning_for_each_column() -> None:
    for table, columns in TABLES.items():
        told = describe(table)
        assert told["name"].tolist() == [column.name for column in columns]
        assert (told["meaning"].str.len() > 5).all()


def test_a_table_that_leaves_its_schema_is_refused() -> None:
    frame = pd.DataFrame(
        {
            "member_id": pd.Series(["a"], dtype="str"),
            "date": pd.to_datetime(["2026-01-01"]).as_unit("us"),
        }
    )
    columns = TABLES["transactions"][:2]
    assert validate(frame, columns, table="transactions") is frame
    for wrong in (
        frame.assign(date="2026-01-01"),
        frame.assign(extra=1),
        frame[["member_id"]],
        frame[["date", "member_id"]],
        frame.assign(member_id=pd.Series([None], dtype="str")),
    ):
        with pytest.raises(DataError, match="the transactions table does not fit its schema"):
            validate(wrong, columns, table="transactions")


def test_words_stand_for_ratings_and_flags_where_the_client_file_says_so(shop: Any) -> None:
    shop.file(
        "t.csv",
        "T,C,S,Late\n1,2026-05-02 10:00,Good,no\n2,2026-05-03 10:00,bad,YES\n"
        "3,2026-05-04 10:00,Offered,\n",
    )
    section = """
        period: month
        tickets:
          source: t.csv
          columns:
            id: T
            created: C
            csat: {{column: S, values: {{{words}}}}}
            sla_met: {{column: Late, values: {{yes: 0, no: 1}}}}
          missing: [Offered]
    """
    shop.ingest(shop.client(section.format(words="Good: 1, Bad: 0")))
    log = shop.read("tickets")
    assert log["csat"].tolist()[:2] == [1, 0]
    assert log["csat"].isna().tolist() == [False, False, True]
    assert log["sla_met"].tolist()[:2] == [True, False]
    (said,) = shop.says(shop.client(section.format(words="Good: 1")))
    assert "'bad'" in said
    assert "values:" in said
