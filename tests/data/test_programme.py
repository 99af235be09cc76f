"""A loyalty programme's raw files: what is bad in them is said, counted and set aside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cxlib.data import pieces
from cxlib.data.draft import new
from cxlib.errors import CxError
from cxlib.params import load

MEMBERS = """
    currency: GBP
    members:
      source: m.csv
      columns: {id: id, joined: joined, left: left, tier: tier}
      attributes: {channel: {column: by, label: {en: Joined by, zh: 入会渠道}}}
      tiers: {Silver: {from: 0}, Gold: {from: 500, benefits: 20, points: 1.5}}
"""
SALES = """
    currency: GBP
    transactions:
      source: t.csv
      columns: {member: id, date: day, amount: paid, order: no, currency: cur, status: state}
      states: {paid: [ok], refunded: [Refund, 退款], cancelled: [void]}
"""
HEADER = "no,id,day,paid,cur,state\n"


def test_members_are_read_and_labelled(shop: Any) -> None:
    shop.file("m.csv", "id,joined,left,tier,by\nA,2025-01-02,,Gold,App\nA,2025-01-02,,Gold,App\n")
    client = shop.client(MEMBERS)
    shop.ingest(client)
    table = shop.read("members")
    assert table[["tier", "channel"]].to_numpy().tolist() == [["Gold", "App"]]
    assert client.labels("zh")["channel"] == "入会渠道"
    assert client.members.thresholds == {"Silver": 0, "Gold": 500}


def test_a_tier_outside_the_rules_stops_with_its_place(shop: Any) -> None:
    shop.file("m.csv", "id,joined,left,tier,by\nA,2025-01-02,,Glod,App\n")
    (told,) = shop.says(shop.client(MEMBERS))
    assert "'Glod' (m.csv row 2); did you mean 'Gold'?" in told


def test_who_left_before_joining_or_joins_later_is_left_out(shop: Any) -> None:
    rows = "".join(f"M{k},2025-01-02,,Silver,App\n" for k in range(30))
    rows += "X,2025-06-01,2025-05-01,Silver,App\nY,2199-01-01,,Gold,App\n"
    shop.file("m.csv", "id,joined,left,tier,by\n" + rows)
    client = shop.client(MEMBERS)
    done = shop.ingest(client)
    assert done.tables["members"].dropped == {"left before joining": 1, "joined in the future": 1}
    assert len(shop.says(client, "warning")) >= 2
    swapped = "".join(f"M{k},2025-06-02,2025-01-01,Silver,App\n" for k in range(30))
    shop.file("m.csv", "id,joined,left,tier,by\n" + swapped)
    assert "left before they joined" in shop.says(client)[0]


def test_refunds_by_sign_by_code_and_by_text_and_cancellations(shop: Any) -> None:
    shop.file("t.csv", HEADER + (
        "1,A,2025-01-02,50,GBP,ok\n"
        "2,A,2025-01-03,-10,GBP,ok\n"
        "3,A,2025-01-04,5,GBP,REFUND\n"
        "4,B,2025-01-05,7,GBP,退款\n"
        "5,B,2025-01-06,9,GBP,void\n"
        "6,B,2025-01-06,0,GBP,ok\n"
    ))  # fmt: skip
    done = shop.ingest(shop.client(SALES))
    assert shop.read("transactions")["amount"].tolist() == [50, -10, -5, -7, 0]
    assert done.tables["transactions"].dropped == {"cancelled": 1}
    shop.file("t.csv", HEADER + "1,A,2025-01-02,50,GBP,vod\n")
    assert "did you mean 'void'" in shop.says(shop.client(SALES))[0]


def test_duplicates_no_customer_and_the_future_are_counted(shop: Any) -> None:
    shop.file("t.csv", HEADER + (
        "1,A,2025-01-02,50,GBP,ok\n1,A,2025-01-02,50,GBP,ok\n1,A,2025-01-02,20,GBP,ok\n"
        "2,,2025-01-03,10,GBP,ok\n3,A,2199-01-03,10,GBP,ok\n"
    ))  # fmt: skip
    client = shop.client(SALES)
    done = shop.ingest(client)
    assert shop.read("transactions")["amount"].tolist() == [50, 20]  # two lines of one order
    assert done.tables["transactions"].dropped == {
        "dated in the future": 1, "repeats a row exactly": 1, "no member id": 1}  # fmt: skip
    assert any("future" in told for told in shop.says(client, "warning"))
    shop.file("t.csv", HEADER + "2,,2025-01-03,10,GBP,ok\n")
    assert "no row is left: no member id (1)" in shop.says(client)[0]


def test_currencies_are_mixed_only_at_a_rate(shop: Any) -> None:
    shop.file("t.csv", HEADER + "1,A,2025-01-02,50,GBP,ok\n2,A,2025-01-03,10,eur,ok\n")
    (told,) = shop.says(shop.client(SALES))
    assert "GBP (1), EUR (1)" in told
    shop.ingest(shop.client(SALES + "      rates: {EUR: 0.85}\n"))
    assert shop.read("transactions")["amount"].tolist() == [50, pytest.approx(8.5)]


def test_one_day_of_purchases_and_points_without_a_ledger_are_doubts(shop: Any) -> None:
    rows = "".join(f"{k},C{k},2025-01-02,5,{k}\n" for k in range(40))
    shop.file("t.csv", "no,id,day,paid,pts\n" + rows)
    client = shop.client("""
        transactions:
          source: t.csv
          columns: {member: id, date: day, amount: paid, order: no, points: pts}
    """)
    told = " ".join(shop.says(client, "warning"))
    assert "100% of 40 customers bought on one day only" in told
    assert "no `points:` ledger" in told


def test_a_points_ledger_is_sorted_by_code_or_sign(shop: Any) -> None:
    shop.file("p.csv", "id,day,pts,kind\nA,2025-01-02,100,发放\nA,2025-02-02,-30,兑换\n")
    section = """
        points:
          source: p.csv
          columns: {member: id, date: day, points: pts%s}
    """
    shop.ingest(shop.client(section % ""))
    assert shop.read("points")["kind"].tolist() == ["issued", "redeemed"]
    coded = section % ", kind: kind" + "      kinds: {issued: [发放], redeemed: [兑换]}\n"
    shop.ingest(shop.client(coded))
    assert shop.read("points")[["points", "kind"]].to_numpy().tolist() == [
        [100, "issued"], [30, "redeemed"]]  # fmt: skip


def test_a_list_without_dates_has_status_and_tenure(shop: Any) -> None:
    shop.file("m.csv", "id,months,gone\nA,12,Yes\nB,2,No\n")
    shop.ingest(
        shop.client("""
        members:
          source: m.csv
          columns: {id: id, tenure: months, status: gone}
          states: {left: ["Yes"], active: ["No"]}
    """)
    )
    table = shop.read("members")
    assert table["status"].tolist() == ["left", "active"]
    assert table["tenure"].tolist() == [pytest.approx(365.25), pytest.approx(60.875)]


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("tiers: {Gold: {from: 500}, Silver: {from: 0}}", "is not 0"),
        ("tiers: {S: {from: 0}, G: {from: 0}}", "lowest first"),
        ("records_begin: yesterday", "is no day"),
        ("states: {left: [x]}", "what do the states sort"),
        ("tiers: {S: {form: 0}}", "did you mean 'from'"),
    ],
)
def test_contradictory_rules_are_refused_at_their_line(shop: Any, section: str, told: str) -> None:
    with pytest.raises(CxError, match=told):
        shop.client(f"members:\n  source: m.csv\n  columns: {{id: id}}\n  {section}\n")


def test_new_knows_benefits_points_and_leavers(shop: Any, tmp_path: Path) -> None:
    files = {
        "use.csv": "member_id,date,benefit,cost\n" + "".join(
            f"M{k % 9},2025-01-{1 + k % 28:02},Lounge,{k}.5\n" for k in range(60)),
        "points.csv": "member_id,date,points,type\n" + "".join(
            f"M{k % 9},2025-01-{1 + k % 28:02},{k},earn\n" for k in range(60)),
        "subs.csv": "customerID,tenure,Contract,Churn\n" + "".join(
            f"K{k},{k % 40},{'Monthly' if k % 3 else 'Yearly'},{'Yes' if k % 4 else 'No'}\n"
            for k in range(60)),
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    new("club", [tmp_path / name for name in files], shop.workspace)
    client = load("club", shop.workspace)
    assert client.benefits.columns.cost == "cost"
    assert client.points.columns.kind == "type"
    assert client.members.columns.tenure == "tenure"
    assert client.members.states.left == ("Yes",)
    assert set(client.members.attributes) == {"contract"}


def test_sales_in_pieces_make_the_table_and_the_words_of_the_whole(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"{k},C{k % 37},2026-0{1 + k % 6}-1{k % 9},{k % 50}.5,GBP,ok" for k in range(400)]
    rows += [rows[3], rows[390], rows[399]]  # repeated: far away, near by, and in the same piece
    rows += [f"{500 + k},C{k},2026-05-01,9,GBP,Refund" for k in range(7)]
    rows += [
        "600,C1,2199-01-01,5,GBP,ok",
        "601,C2,2198-01-01,5,GBP,ok",
        "602,C3,2026-05-05,5,GBP,void",
    ]
    shop.file("t.csv", HEADER + "\n".join(rows) + "\n")
    client = shop.client(SALES)
    done = shop.ingest(client)
    whole, said = shop.read("transactions"), shop.says(client, "warning")
    monkeypatch.setattr(pieces, "LARGE", 1)
    monkeypatch.setattr(pieces, "ROWS", 16)
    again = shop.ingest(client, force=True)
    pd.testing.assert_frame_equal(shop.read("transactions"), whole)
    assert again.tables["transactions"].dropped == done.tables["transactions"].dropped == {
        "cancelled": 1, "dated in the future": 2, "repeats a row exactly": 3
    }  # fmt: skip
    assert shop.says(client, "warning") == said
    assert any("2 rows are dated in the future, the last 2199-01-01" in line for line in said)


def test_currencies_that_differ_between_pieces_are_refused(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"{k},C{k},2026-01-11,5,{'EUR' if k < 40 else 'USD'},ok" for k in range(80)]
    shop.file("t.csv", HEADER + "\n".join(rows) + "\n")
    client = shop.client(SALES.replace("    currency: GBP\n", "", 1))
    monkeypatch.setattr(pieces, "LARGE", 1)
    monkeypatch.setattr(pieces, "ROWS", 16)
    assert any("how much EUR one USD is worth" in line for line in shop.says(client))


@pytest.mark.parametrize("kind", ["sign", "code"])
def test_points_in_pieces_are_the_points_of_the_whole(
    shop: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    rows = [f"C{k % 9},2026-01-{10 + k % 9},{-k if k % 3 else k},{'out' if k % 3 else 'in'}"
            for k in range(1, 90)]  # fmt: skip
    shop.file("p.csv", "id,day,points,what\n" + "\n".join(rows) + "\n")
    kinds = "kinds: {issued: [in], redeemed: [out]}" if kind == "code" else ""
    columns = "columns: {member: id, date: day, points: points%s}" % (
        ", kind: what" if kinds else "")  # fmt: skip
    client = shop.client(f"""
    points:
      source: p.csv
      {columns}
      {kinds}
""")
    shop.ingest(client)
    whole = shop.read("points")
    monkeypatch.setattr(pieces, "LARGE", 1)
    monkeypatch.setattr(pieces, "ROWS", 16)
    shop.ingest(client, force=True)
    pd.testing.assert_frame_equal(shop.read("points"), whole)
    assert set(whole["kind"]) == {"issued", "redeemed"}


@pytest.mark.parametrize(
    ("section", "columns"),
    [
        ("transactions", "{member: who, date: day}"),
        ("tickets", "{id: no, created: day}"),
        ("comments", "{text: said, date: day}"),
    ],
)
def test_a_latest_period_of_one_day_is_told_of_every_dated_table(
    shop: Any, section: str, columns: str
) -> None:
    days = [f"2025-{1 + k // 28:02}-{1 + k % 28:02}" for k in range(3 * 28)] + ["2025-04-01"] * 3
    rows = "".join(f"{k},C{k % 9},{day},words {k}\n" for k, day in enumerate(days))
    shop.file("t.csv", "no,who,day,said\n" + rows)
    body = f"source: t.csv, columns: {columns}"
    told = f"{section}: {{{body}}}" if section != "comments" else f"comments: {{web: {{{body}}}}}"
    said = " ".join(shop.says(shop.client(f"period: month\n{told}\n"), "warning"))
    assert "2025-04, the latest period, has only its first day (3 rows, usually 28)" in said
    assert "`cx run --period 2025-03`" in said
    said = " ".join(shop.says(shop.client(f"period: quarter\n{told}\n"), "warning"))
    assert "2025Q2, the latest period, has only its first day" in said
