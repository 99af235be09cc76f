from __future__ import annotations

import json
from typing import Any

from cxlib.data.check import examine
from cxlib.data.store import RECORD

PARAMS = """
    period: quarter
    survey:
      source: "s_*.csv"
      columns: {id: id, date: day}
      metrics:
        nps: {column: q}
        osat: {column: o, scale: [1, 5], kind: mean}
      segments:
        tier: t
"""
HEADER = "id,day,q,o,t\n"


def rows(day: str, answers: list[int], tier: str = "gold", start: int = 0, osat: str = "4") -> str:
    return "".join(f"{start + i},{day},{q},{osat},{tier}\n" for i, q in enumerate(answers))


FIRST = HEADER + rows("2026-01-05", [10] * 10 + [0] * 10) + rows("2026-04-05", [10] * 20, start=50)


def told(shop: Any, client: Any) -> list[str]:
    prefix = "since the last intake: "
    lines = examine(client, shop.workspace).changes
    assert all(line.startswith((prefix, "at the last intake: ")) for line in lines)
    return [line.split(": ", 1)[1] for line in lines]


def test_nothing_is_said_before_an_intake_and_that_nothing_changed_after(shop: Any) -> None:
    client = shop.client(PARAMS)
    shop.file("s_1.csv", FIRST)
    assert told(shop, client) == []
    shop.ingest(client)
    assert told(shop, client) == ["nothing has changed."]


def test_a_new_wave_is_told_by_files_periods_columns_and_values(shop: Any) -> None:
    client = shop.client(PARAMS)
    shop.file("s_1.csv", FIRST)
    shop.ingest(client)
    wave = rows("2026-07-05", [10] * 30, "tin", start=90, osat="")
    shop.file("s_2.csv", "id,day,q,o,t,extra\n" + wave.replace("\n", ",x\n"))
    lines = told(shop, client)
    assert "sources: new: 's_2.csv'." in lines
    assert "survey: 40 → 70 rows used (+30)." in lines
    assert "survey: new periods: 2026Q3 (30 rows)." in lines
    assert "survey: new in the files: column 'extra'." in lines
    unanswered = [line for line in shop.says(client, "warning") if "has no answer in" in line]
    assert ["'osat'" in line and "2026Q3" in line for line in unanswered] == [True]
    assert "survey: tier: never seen before: 'tin'." in lines
    assert "survey: tier: 'gold' jumped from 100% of 2026Q2 to 0% of 2026Q3." in lines
    assert "survey: osat: 'no answer' jumped" not in "\n".join(lines)
    assert "survey: osat: no answer jumped from 0% of 2026Q2 to 100% of 2026Q3." in lines
    assert not any("restated" in line for line in lines)


def test_corrected_old_data_restate_the_old_period_and_name_the_reports(shop: Any) -> None:
    client = shop.client(PARAMS)
    shop.file("s_1.csv", FIRST)
    shop.ingest(client)
    (shop.workspace.reports / "shop" / "2026Q1" / "en").mkdir(parents=True)
    shop.file("s_1.csv", FIRST + rows("2026-02-05", [10] * 5, start=200))
    lines = told(shop, client)
    assert "survey: 2026Q1, taken in before, has 25 rows instead of 20 (+5)." in lines
    assert "restated: nps of 2026Q1: 0.0 → 20.0 (+20.0), on 25 instead of 20." in lines
    assert "restated: reports that show them: 2026Q1 (en)." in lines
    assert not any("nps of 2026Q2" in line or "osat of" in line for line in lines)


def test_an_old_period_whose_answers_vanish_is_corrected_not_added_to(shop: Any) -> None:
    client = shop.client(PARAMS)
    shop.file("s_1.csv", FIRST)
    shop.ingest(client)
    before, after = FIRST.split("50,2026-04-05", 1)
    shop.file("s_1.csv", f"{before}50,2026-04-05{after.replace(',4,gold', ',,gold')}")
    lines = told(shop, client)
    assert "survey: osat: no answer jumped from 0% of 2026Q2 to 100% of it now." in lines
    assert "restated: osat of 2026Q2: 4.00 → no figure any more." in lines
    assert not any("rows added" in line for line in lines)


def test_what_an_intake_restated_is_still_said_after_it(shop: Any) -> None:
    client = shop.client(PARAMS)
    shop.file("s_1.csv", FIRST)
    shop.ingest(client)
    shop.file("s_1.csv", FIRST.replace("50,2026-04-05,10", "50,2026-04-05,0"))
    before = told(shop, client)
    assert "restated: nps of 2026Q2: 100.0 → 90.0 (-10.0)." in before
    shop.ingest(client)
    assert told(shop, client) == ["nothing has changed.", *before]


def test_a_figure_under_the_minimum_base_is_not_told(shop: Any) -> None:
    client = shop.client(PARAMS)
    small = HEADER + rows("2026-01-05", [10] * 5) + rows("2026-04-05", [10] * 20, start=50)
    shop.file("s_1.csv", small)
    shop.ingest(client)
    shop.file("s_1.csv", small + rows("2026-02-05", [0] * 3, start=200))
    lines = "\n".join(told(shop, client))
    assert "restated" not in lines
    assert "2026Q1, taken in before, has another number of rows (under the minimum base)." in lines


def test_the_summary_holds_published_figures_weighted_and_for_the_client_alone(shop: Any) -> None:
    client = shop.client(PARAMS + "      margins: {tier: {gold: 0.5, tin: 0.5}}\n")
    data = rows("2026-01-05", [10] * 30) + rows("2026-01-06", [0] * 10, "tin", start=50)
    shop.file("s_1.csv", HEADER + data)
    shop.ingest(client)
    record = json.loads((shop.tables / RECORD).read_text(encoding="utf-8"))
    (nps,) = (figure for figure in record["summary"]["figures"] if figure[0] == "nps")
    assert nps[1] == "2026Q1"
    assert abs(nps[2] - 0.0) < 1e-6  # half promoters, half detractors, once weighted
    assert nps[3] == 40


TICKETS = """
    period: quarter
    tickets:
      source: t.csv
      columns: {id: id, created: made, resolved: done, channel: c}
      sla: {resolution: 4h}
"""


def test_tickets_solved_later_than_told_restate_their_quarter(shop: Any) -> None:
    client = shop.client(TICKETS)
    lines = [f"{i},2026-01-{i + 1:02} 09:00,2026-01-{i + 1:02} 10:00,phone" for i in range(20)]
    lines += [f"{i},2026-04-{i - 19:02} 09:00,2026-04-{i - 19:02} 10:00,web" for i in range(20, 40)]
    shop.file("t.csv", "id,made,done,c\n" + "\n".join(lines) + "\n")
    shop.ingest(client)
    lines[3] = lines[3].replace("10:00", "19:00")
    shop.file("t.csv", "id,made,done,c\n" + "\n".join(lines) + "\n")
    said = told(shop, client)
    assert "restated: resolution_sla of 2026Q1: 100.0% → 95.0% (-5.0)." in said
    assert not any("of 2026Q2" in line for line in said)


def test_a_former_record_without_a_summary_is_said(shop: Any) -> None:
    client = shop.client(PARAMS)
    shop.file("s_1.csv", FIRST)
    shop.ingest(client)
    path = shop.tables / RECORD
    record = json.loads(path.read_text(encoding="utf-8"))
    del record["summary"]
    path.write_text(json.dumps(record), encoding="utf-8")
    assert "kept no summary" in "".join(examine(client, shop.workspace).changes)
