"""The log of interviews: what is one, what is finished, and what is asked about."""

from __future__ import annotations

from typing import Any

PARAMS = """
    period: quarter
    survey:
      source: s.csv
      columns: {id: id, date: end}
      where: {state: [done]}
      not_applicable: [n/a]
      metrics: {nps: {column: q}}
      touchpoints: [{key: app, column: app, scale: [1, 5]}]
      segments: {tier: {column: t}}
      invited: {2026Q3: 60}
    fieldwork:
      columns: {started: begin, ended: end, finished: state}
      finished: [done]
      budget: 100
      waves: {2026Q3: {start: 2026-07-01, end: 2026-07-31}}
"""
HEAD = "id,begin,end,state,q,app,t\n"
ROWS = HEAD + "".join(
    f"{i},2026-07-0{1 + i % 9} 10:00:00,2026-07-0{1 + i % 9} 10:04:00,done,{i % 11},4,gold\n"
    for i in range(1, 31)
)


def test_what_the_survey_leaves_out_is_in_the_log(shop: Any) -> None:
    more = "40,2026-07-05 09:00:00,,left,7,,gold\n41,2026-07-05 09:00:00,,left,,,\n"
    more += "7,2026-07-08 09:00:00,,left,,,gold\n"  # began again an hour later, and finished
    shop.file("s.csv", ROWS + more)
    shop.ingest(shop.client(PARAMS))
    field: Any = shop.read("fieldwork")
    assert (len(field), int(field["finished"].sum())) == (32, 30)
    assert field.loc[field["finished"].astype(bool), "seconds"].eq(240).all()
    assert len(shop.read()) == 30
    assert field["respondent_id"].nunique() == 32  # a pseudonym each
    assert "7" not in set(field["respondent_id"])
    assert field["app_used"].isna().sum() == 2


def test_an_end_before_the_start_is_no_duration_and_is_asked_about(shop: Any) -> None:
    shop.file("s.csv", ROWS.replace("10:04:00,done,1,", "09:04:00,done,1,"))
    client = shop.client(PARAMS)
    assert shop.says(client) == []
    (said,) = [x for x in shop.says(client, "warning") if "end before they start" in x]
    assert "fieldwork.columns.ended" in said


def test_a_field_without_its_file_has_not_begun(shop: Any) -> None:
    shop.file("s.csv", ROWS)
    client = shop.client(
        PARAMS.replace("    fieldwork:\n", "    fieldwork:\n      source: log.csv\n")
    )
    assert shop.says(client) == []
    assert any("the field has not begun" in x for x in shop.says(client, "warning"))
    shop.ingest(client)
    assert len(shop.read("fieldwork")) == 0
    shop.file("log.csv", HEAD)  # a header alone
    assert shop.says(client) != []


def test_what_the_chapter_needs_is_asked_for(shop: Any) -> None:
    shop.file("s.csv", ROWS)
    bare = PARAMS.replace("      invited: {2026Q3: 60}\n", "").replace("      budget: 100\n", "")
    bare = bare.replace(", ended: end, finished: state", "").replace("      finished: [done]\n", "")
    bare = bare.replace("end: 2026-07-31}", "end: 2026-07-31, quotas: {tier: {gold: 9, tin: 4}}}")
    said = "\n".join(shop.says(shop.client(bare), "warning"))
    for message in (
        "nothing tells how many of those invited answer",
        "nothing limits the plan",
        "nobody is counted as invited to '2026Q3'",
        "nobody of 'tin' began an interview; the data hold 'gold'",
        "nothing tells how long an interview took",
    ):
        assert message in said


def test_words_for_finished_are_asked_for_and_checked(shop: Any) -> None:
    shop.file("s.csv", ROWS)
    client = shop.client(PARAMS.replace("      finished: [done]\n", ""))
    (said,) = shop.says(client)
    assert "write which cells mean finished" in said
    client = shop.client(PARAMS.replace("      finished: [done]\n", "      finished: [完成]\n"))
    assert any("no interview was finished" in x for x in shop.says(client, "warning"))
