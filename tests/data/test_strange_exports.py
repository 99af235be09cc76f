"""Exports as clients and platforms really write them, taken in by editing the client file alone."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pandas as pd
import pytest

from cxlib.data.check import examine

NPS = """
    survey:
      source: {source}
      columns: {{id: id}}
      metrics: {{nps: {{column: {column}, scale: [0, 10]}}}}
"""
ROWS = [(i, i % 11) for i in range(22)]
RIGHT = [float(i % 11) for i in range(22)]


def csv(*above: str, mark: str = ",", header: str = "id,nps") -> str:
    lines = [*above, header.replace(",", mark), *(f"{i}{mark}{n}" for i, n in ROWS)]
    return "\n".join(lines) + "\n"


def book(rows: list[list[Any]], *, before: tuple[list[Any], ...] = (), merge: str = "") -> bytes:
    made = openpyxl.Workbook()
    page = made.active
    assert page is not None
    for row in (*before, *rows):
        page.append(row)
    if merge:
        page.merge_cells(merge)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


LAYOUTS: dict[str, tuple[str, str | bytes, str]] = {
    "a title, a blank line, semicolons": ("a.csv", csv("Quelle: Tool;2024", "", mark=";"), "nps"),
    "tabs in a csv": ("a.csv", csv(mark="\t"), "nps"),
    "remarks that hold separators": ("a.csv", csv("# a, b, c", "# d"), "nps"),
    "quotation marks and Windows lines": (
        "a.csv",
        ("\ufeff" + csv(header='"id","nps"')).replace("\n", "\r\n"),
        "nps",
    ),
    "subtotals and a total": (
        "a.csv",
        csv().replace("\n9,9\n", "\n9,9\n小计,5\n") + "总计:,6\n",
        "nps",
    ),
    "the header every few rows": ("a.csv", csv().replace("\n9,9\n", "\n9,9\n ID ,NPS\n"), "nps"),
    "UTF-16, as Excel saves Unicode text": ("a.txt", csv(mark="\t").encode("utf-16"), "nps"),
    "a table that begins at C5": (
        "a.xlsx",
        book([[None, None, *r] for r in [("id", "nps"), *ROWS]], before=([], ["", "notes"], [], [])),  # noqa: E501
        "nps",
    ),
    "names over two lines": ("a.xlsx", book([["id", "推荐\n意愿"], *map(list, ROWS)]), "推荐 意愿"),
    "two rows of names under a merged cell": (
        "a.xlsx",
        book([["id", "Ratings", None], [None, "nps", "x"], *([i, n, 1] for i, n in ROWS)], merge="B1:C1"),  # noqa: E501
        "Ratings / nps",
    ),
    "an export of Chinese software in GB18030, tab-separated and named xls": (
        "a.xls",
        csv(mark="\t", header="id,推荐意愿").encode("gb18030"),
        "推荐意愿",
    ),
    "a note below the table": ("a.csv", csv() + "Exported by Tool 3.1,\n", "nps"),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_strange_layout_is_read_right(shop: Any, layout: str) -> None:
    name, content, column = LAYOUTS[layout]
    shop.file(name, content)
    shop.ingest(shop.client(NPS.format(source=name, column=column)))
    assert shop.read()["nps"].tolist() == RIGHT


RATED = (
    "survey: {{source: a.csv, metrics: {{m: {{column: q, kind: mean, scale: {scale}{more}}}}}}}\n"
)


@pytest.mark.parametrize(
    ("scale", "texts", "numbers"),
    [
        (
            "[1, 5]",
            ("1. Very poor", "2、较差", "3 - Fair", "4=Good", "5: Very good"),
            (1, 2, 3, 4, 5),
        ),
        ("[0, 10]", ("8/10", "9 out of 10", "10 - Extremely likely", "0"), (8, 9, 10, 0)),
        ("[1, 5]", ("5星", "3颗星", "⭐⭐⭐⭐", "★★☆☆☆", "4 stars"), (5, 3, 4, 2, 4)),
        ("[1, 5]", ("满意(4分)", "5分", "一般（3分）", "评分：2"), (4, 5, 3, 2)),
        ("[1, 5]", ("Very satisfied (5)", "Neutral [3]", "Dissatisfied - 2"), (5, 3, 2)),
        ("[1, 5]", ("4,5", "3,25", "4"), (4.5, 3.25, 4)),
        (
            "[1, 5]",
            ("5 Sterne", "4 étoiles", "3 von 5 Sternen", "二星", "1 Stern"),
            (5, 4, 3, 2, 1),
        ),
        ("[1, 5]", ("★★★★★ Top", "★★☆☆☆ Poor", "4"), (5, 2, 4)),
        ("[1, 5]", ("5 Very good", "3_Fair", "1很差"), (5, 3, 1)),
    ],
)
def test_the_number_in_a_text_is_the_answer(
    shop: Any, scale: str, texts: tuple[str, ...], numbers: tuple[float, ...]
) -> None:
    shop.file("a.csv", "q\n" + "".join(f'"{text}"\n' for text in texts))
    shop.ingest(shop.client(RATED.format(scale=scale, more="")))
    assert shop.read()["m"].tolist() == list(numbers)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("Agree", "Disagree"), "`values: {'Agree': …"),
        (("A1", "A2", "A5"), "`values:"),  # codes of options tell no order
        (("8/10", "4/10"), "`values:"),  # of ten, on a scale to five
        (("0", "1", "2", "3", "4"), "looks like 1-5 stored as 0-4"),
        (("2", "3", "4", "5", "6"), "looks like 1-5 stored as 2-6"),
        (("1", "5", "12", "44"), "look like codes of the options"),
        (("分", *"12345" * 9), "write `header_rows: 2`"),
    ],
)
def test_what_is_no_answer_is_refused_with_the_way_out_that_helps(
    shop: Any, texts: tuple[str, ...], said: str
) -> None:
    shop.file("a.csv", "q\n" + "".join(f"{text}\n" for text in texts))
    (told, *_more) = shop.says(shop.client(RATED.format(scale="[1, 5]", more="")))
    assert said in told
    assert "off_scale: missing" not in told


def test_a_trace_of_numbers_off_the_scale_may_be_counted_as_missing(shop: Any) -> None:
    shop.file("a.csv", "q\n" + "1\n2\n3\n4\n5\n" * 30 + "99\n")
    (told,) = shop.says(shop.client(RATED.format(scale="[1, 5]", more="")))
    assert "set `off_scale: missing`" in told


def test_codes_and_texts_belong_to_their_question(shop: Any) -> None:
    shop.file("a.csv", "q,r\n满 意,0\n非常满意,6\n不知道,3\n")
    words = "values: {满意: 4, 非常满意: 5}, missing: [不知道]"
    shop.ingest(
        shop.client(f"""
        survey:
          source: a.csv
          metrics:
            csat: {{column: q, scale: [1, 5], {words}}}
            csat_mean: {{column: q, scale: [1, 5], kind: mean, {words}}}
          touchpoints:
            - {{key: desk, column: r, scale: [1, 5], missing: [0], not_applicable: [6]}}
    """)
    )
    survey = shop.read()
    assert (
        survey["csat"].fillna(-1).tolist() == survey["csat_mean"].fillna(-1).tolist() == [4, 5, -1]
    )
    assert survey["desk"].fillna(-1).tolist() == [-1, -1, 3]
    assert survey["desk_used"].isna().tolist() == [True, False, False]
    assert survey["desk_used"].dropna().tolist() == [False, True]


QUESTIONS = """
    survey:
      source: a.csv
      metrics: {{nps: {{column: nps}}}}
      questions: {{why: {why}}}
"""
MULTIPLE = {
    "one cell, parted by what is found": (
        "{column: why, kind: multiple}",
        "nps,why\n9,朋友┋网络\n8,网络\n7,\n6,朋友\n",
        {"why=朋友": [True, False, None, True], "why=网络": [True, True, None, False]},
    ),
    "one cell, choices that hold the comma": (
        '{column: why, kind: multiple, separator: ";", options: ["Price, value", Staff, Never]}',
        'nps,why\n9,"Price, value;Staff"\n8,Staff\n',
        {"why=Price, value": [True, False], "why=Staff": [True, True], "why=Never": [False, False]},
    ),
    "columns that hold the choice's text": (
        '{columns: "Why*", kind: multiple}',
        "nps,Why - Price,Why - Staff,Why_TEXT\n9,Price,,x\n8,,,\n7,Price,Staff,\n6,,Staff,\n",
        {"why=Price": [True, None, True, False], "why=Staff": [False, None, True, True]},
    ),
    "columns of 0 and 1, named in brackets": (
        '{columns: "9、原因*", kind: multiple}',
        "nps,9、原因(价格),9、原因(服务)\n9,1,0\n8,0,0\n7,,\n",
        {"why=价格": [True, False, None], "why=服务": [False, False, None]},
    ),
    "columns whose names begin with nothing in common": (
        '{columns: "* why", kind: multiple}',
        "nps,Price why,Service quality why\n9,1,0\n8,0,1\n",
        {"why=Price why": [True, False], "why=Service quality why": [False, True]},
    ),
    "columns of codes": (
        '{columns: "Q9_*", kind: multiple, chosen: [1], options: {Q9_1: Price, Q9_2: Staff}}',
        "nps,Q9_1,Q9_2\n9,1,2\n8,2,1\n",
        {"why=Q9_1": [True, False], "why=Q9_2": [False, True]},
    ),
}


@pytest.mark.parametrize("case", MULTIPLE)
def test_several_choices_become_a_column_each(shop: Any, case: str) -> None:
    why, text, wanted = MULTIPLE[case]
    shop.file("a.csv", text)
    client = shop.client(QUESTIONS.format(why=why))
    shop.ingest(client)
    survey = shop.read()
    for name, values in wanted.items():
        found = [None if pd.isna(value) else bool(value) for value in survey[name]]
        assert found == values
    base = int(survey[next(iter(wanted))].notna().sum())
    checked = examine(client, shop.workspace)
    assert any(f"base {base}" in line for line in checked.intake)
    assert any(line.startswith(f"why (base {base})") for line in checked.distributions)


def test_open_text_is_masked_and_a_choice_is_text(shop: Any) -> None:
    shop.file("a.csv", "nps,why\n9,call 13812345678\n8,\n")
    shop.ingest(shop.client(QUESTIONS.format(why="{column: why, kind: open}")))
    assert shop.read()["why"].fillna("-").tolist() == ["call [phone]", "-"]
    shop.ingest(shop.client(QUESTIONS.format(why="why")))
    assert shop.read()["why"].dropna().tolist() == ["call 13812345678"]


DATES = {
    "Google Forms": ("2024/03/01 1:05:12 PM GMT+8", "2024-03-01 13:05:12"),
    "Jira": ("22/Jan/24 3:04 PM", "2024-01-22 15:04"),
    "Chinese": ("2024年3月1日 下午3点05分", "2024-03-01 15:05"),
    "Chinese, noon": ("2024/3/1 上午12:04:05", "2024-03-01 00:04:05"),
    "mail": ("Tue, 05 Mar 2024 15:04:00 +0000", "2024-03-05 23:04"),
    "JavaScript": ("Wed Mar 06 2024 15:04", "2024-03-06 15:04"),
    "American": ("March 5, 2024, 3:04 PM", "2024-03-05 15:04"),
    "German": ("25. März 2024", "2024-03-25"),
    "Unix seconds": ("1709251200", "2024-03-01 08:00"),
    "Unix milliseconds": ("1709251200000", "2024-03-01 08:00"),
    "Excel": ("45352.5", "2024-03-01 12:00"),
    "two digits": ("25/03/24 15:04", "2024-03-25 15:04"),
    "JavaScript, whole": ("Wed Mar 06 2024 15:04:00 GMT+0800 (CST)", "2024-03-06 15:04"),
    "American, at": ("March 5, 2024 at 3:04 PM", "2024-03-05 15:04"),
    "German, Uhr": ("25.03.2024, 15:04 Uhr", "2024-03-25 15:04"),
    "Spanish": ("5 de marzo de 2024", "2024-03-05"),
    "English, of": ("5th of March 2024", "2024-03-05"),
    "Chinese, weekday": ("2024-03-05 星期二 15:04", "2024-03-05 15:04"),
    "Japanese": ("2024年03月05日（火） 15時04分", "2024-03-05 15:04"),
    "Korean": ("2024. 3. 5. 오후 3:04", "2024-03-05 15:04"),
    "Unix microseconds": ("1709251200000000", "2024-03-01 08:00"),
    "a text of Excel": ("'2024-03-05", "2024-03-05"),
}


@pytest.mark.parametrize("writer", DATES)
def test_dates_are_read_as_their_writers_mean_them(shop: Any, writer: str) -> None:
    cell, wanted = DATES[writer]
    shop.file("a.csv", f'd,nps\n"{cell}",9\n"{cell}",8\n')
    shop.ingest(shop.client("""
        calendar: {timezone: Asia/Shanghai}
        survey: {source: a.csv, columns: {date: d}, metrics: {nps: {column: nps}}}
    """))  # fmt: skip
    assert shop.read()["date"].tolist() == [pd.Timestamp(wanted)] * 2


def test_the_clock_of_a_source_is_brought_to_the_calendar(shop: Any) -> None:
    shop.file("a.csv", "d,nps\n2024-03-05 15:04:00 EST,9\n2024-03-06 01:00:00 EST,8\n")
    zone = "calendar: {{timezone: Asia/Shanghai}}\nsurvey: {{source: {}, columns: {{date: d}}, metrics: {{nps: {{column: nps}}}}}}\n"  # noqa: E501
    (told,) = shop.says(shop.client(zone.format("a.csv")))[:1]
    assert "`timezone:` under `source:`" in told
    shop.ingest(shop.client(zone.format("{files: a.csv, timezone: America/New_York}")))
    assert shop.read()["date"].tolist() == list(
        pd.to_datetime(["2024-03-06 04:04", "2024-03-06 14:00"])
    )
    shop.file("a.csv", "d,nps\n2024-03-05,9\n2024-03-06,8\n")  # days have no hour to move
    shop.ingest(shop.client(zone.format("{files: a.csv, timezone: America/New_York}")))
    assert shop.read()["date"].tolist() == list(pd.to_datetime(["2024-03-05", "2024-03-06"]))


def test_years_that_could_be_days_and_two_formats_of_one_cell_are_refused(shop: Any) -> None:
    survey = (
        "survey: {{source: a.csv, columns: {{date: d}}, {} metrics: {{nps: {{column: nps}}}}}}\n"
    )
    shop.file("a.csv", "d,nps\n24/03/25,9\n24/04/02,8\n24/05/07,8\n")
    assert "does not tell the year: '24/03/25'" in shop.says(shop.client(survey.format("")))[0]
    both = 'date_format: ["%d/%m/%y", "%y/%m/%d"],'
    assert "3 of 3 cells are different days" in shop.says(shop.client(survey.format(both)))[0]


def test_beside_2024_01_a_spreadsheets_2024_1_is_october(shop: Any) -> None:
    shop.file("k.csv", "m,n,d\n2024.01,1,2\n2024.1,2,2\n2024.11,2,2\nDec-24,1,1\n")
    shop.ingest(shop.client("""
        period: month
        kpis: {k: {source: k.csv, period: m, numerator: n, denominator: d, direction: higher}}
    """))  # fmt: skip
    assert shop.read("kpis")["period"].tolist() == ["2024-01", "2024-10", "2024-11", "2024-12"]


TICKETS = """
    calendar: {{timezone: Europe/London}}
    tickets:
      source: t.csv
      where: {{kind: [TRUE, 1]}}
      columns: {{id: id, created: {{date: day, time: hour}}, state: s, closed: c, sla_met: ok}}
      durations: {{first_response: {{column: f, unit: {unit}}}, resolution: r, handle: h}}
      states: {{closed: [Closed], abandoned: [No answer]}}
      resolution: closed
      segments: {{}}
"""


def test_a_ticket_log_is_declared_as_it_is(shop: Any) -> None:
    shop.file("t.csv", (
        "id,kind,day,hour,s,c,ok,f,r,h\n"
        "1,TRUE,2024-05-06,14:30,Closed,2024-05-06 18:00,Yes,15,2h,0:01:30\n"
        "2,1.0,2024-05-06,2:45 PM,Closed,2024-05-06 18:00,no,20,,90秒\n"
        "3,true,45418,0.5,No answer,,,,,\n"
        "4,false,2024-05-06,10:00,Closed,,,,,\n"
        "5,TRUE,2024-05-06,,Closed,,,,,\n"
    ))  # fmt: skip
    client = shop.client(TICKETS.format(unit="minutes"))
    done = shop.ingest(client)
    tickets = shop.read("tickets")
    assert tickets["created_at"].tolist() == list(
        pd.to_datetime(["2024-05-06 14:30", "2024-05-06 14:45", "2024-05-06 12:00"])
    )
    assert tickets["state"].tolist() == ["closed", "closed", "abandoned"]
    assert tickets["sla_met"].tolist()[:2] == [True, False]
    assert tickets["first_response_seconds"].fillna(-1).tolist() == [900, 1200, -1]
    assert tickets["handle_seconds"].fillna(-1).tolist() == [90, 90, -1]
    took = (tickets["resolved_at"] - tickets["created_at"]).dt.total_seconds()
    assert took.fillna(-1).tolist() == [7200, 3.25 * 3600, -1]  # a duration, the closing, neither
    assert done.tables["tickets"].dropped == {
        "not among the rows asked for": 1, "no creation time": 1
    }  # fmt: skip
    lines = examine(client, shop.workspace).intake
    assert "tickets: where kind: 1 left out, 'false' (1)" in lines
    assert "tickets: the closing time stands in for 1 resolutions" in lines


def test_a_duration_that_could_be_two_things_asks_for_its_unit(shop: Any) -> None:
    text = "id,kind,day,hour,s,c,ok,f,r,h\n1,1,2024-05-06,14:30,Closed,,,5:30,,\n"
    shop.file("t.csv", text)
    bare = TICKETS.format(unit="minutes").replace("{column: f, unit: minutes}", "f")
    assert "declare `unit:`" in shop.says(shop.client(bare))[0]
    for unit, seconds in (("minutes", 330), ("hours", 19_800)):
        shop.ingest(shop.client(TICKETS.format(unit=unit)))
        assert shop.read("tickets")["first_response_seconds"].tolist() == [seconds]


def test_a_log_whose_times_contradict_throughout_is_refused(shop: Any) -> None:
    late = "".join(f"{i},2024-05-0{i} 10:00,2024-05-0{i} 0{5 + i % 4}:00\n" for i in range(1, 10))
    shop.file("t.csv", "id,made,done\n" + late)
    client = shop.client(
        "tickets: {source: t.csv, columns: {id: id, created: made, resolved: done}}\n"
    )
    assert "are columns and time zone right?" in shop.says(client)[0]


def test_a_share_without_its_sign_is_never_guessed(shop: Any) -> None:
    kpi = "period: month\nkpis: {{k: {{source: k.csv, period: m, value: v, direction: higher, format: percent{}}}}}\n"  # noqa: E501
    shop.file("k.csv", "m,v\n2024-01,88\n2024-02,87.5\n2024-03,90%\n合计,88\n")
    assert "is it 88%?" in shop.says(shop.client(kpi.format("")))[0]
    shop.ingest(shop.client(kpi.format(", scale: [0, 100]")))
    assert shop.read("kpis")["value"].tolist() == [0.88, 0.875, 0.9]
    shop.file("k.csv", "m,v\n2024-01,0.88\n2024-02,1.04\n")
    shop.ingest(shop.client(kpi.format("")))
    assert shop.read("kpis")["value"].tolist() == [0.88, 1.04]
    (told,) = shop.says(shop.client(kpi.format("")), "warning")
    assert "which is 104%" in told


def test_sql_reads_workbooks_and_chinese_text_as_everywhere(shop: Any) -> None:
    shop.file("b.xlsx", book([["id", "nps", "code"], *([i, n, f"0{n}"] for i, n in ROWS)]))
    shop.file("a.csv", csv(header="id,备注").encode("gb18030"))
    query = "select a.id, b.nps from 'a.csv' a join 'b.xlsx' b on a.id = b.id where b.nps > 5 and code <> '07'"  # noqa: E501
    source = '{sql: "' + query + '"}'
    shop.ingest(shop.client(NPS.format(source=source, column="nps")))
    assert set(shop.read()["nps"]) == {6, 8, 9, 10}


def test_what_an_intake_line_tells(shop: Any) -> None:
    shop.file("a.csv", csv("时间：今天").encode("gb18030") + "合计,5\n".encode("gb18030"))
    checked = examine(shop.client(NPS.format(source="a.csv", column="nps")), shop.workspace)
    assert checked.intake == [
        "survey: a.csv: 23 rows; gb18030, e.g. '时间：今天'; the column names stand in row 2",
        "survey: 23 rows in, 22 used; 1 total of the rows above",
        "survey: answers: nps 22",
    ]
    (line,) = checked.distributions
    assert line.startswith("nps: 0: 2, 1: 2,")
    assert line.endswith("no answer: 0")


def test_a_csat_whose_best_answer_is_1_counts_the_lowest(shop: Any) -> None:
    from cxlib.analysis.scores import score_table

    shop.file("a.csv", "q\n1\n1\n2\n5\n4\n3\n6\n")
    client = shop.client(
        "survey: {source: a.csv, metrics: {csat: {column: q, scale: [1, 5], direction: lower, "
        "missing: [6]}, low: {column: q, kind: mean, scale: [1, 5], direction: lower, missing: [6]}}}\n"  # noqa: E501
    )
    shop.ingest(client)
    csat, mean = client.metrics
    assert (csat.best, csat.direction, mean.best, mean.direction) == (
        "lower", "higher", "lower", "lower",
    )  # fmt: skip
    survey = shop.read()
    table = score_table(survey, metric=csat, by="period")
    assert getattr(table, "table", table)["value"].tolist() == [50.0]
    assert survey["low"].mean() == pytest.approx(16 / 6)  # raw: lower is better


def test_margins_are_brought_to_what_was_answered(shop: Any) -> None:
    from cxlib.data.weighting import known_margins, rake

    shop.file("a.csv", "q,g\n" + "9,a\n" * 30 + "5,b\n" * 10 + "3,z\n" * 10)
    client = shop.client(
        "survey: {source: a.csv, metrics: {nps: {column: q}}, segments: {g: g}, "
        "margins: {g: {a: 0.5, b: 0.3, c: 0.2}}}\n"
    )
    assert shop.says(client) == []
    shop.ingest(client)
    survey = shop.read()
    margins, caveats = known_margins(survey, client)
    assert margins["g"] == pytest.approx({"a": 0.5, "b": 0.3, "z": 0.2})
    assert len(caveats) == 2
    raked = rake(survey, client)
    shares = raked.weights.groupby(survey["g"]).sum() / raked.weights.sum()
    assert shares.to_dict() == pytest.approx({"a": 0.5, "b": 0.3, "z": 0.2})
    assert set(caveats) <= set(raked.caveats)
    assert client.mix_segments == ("g",)


def test_what_a_platform_writes_for_no_answer_is_none(shop: Any) -> None:
    shop.file(
        "a.csv",
        "序号,提交答卷时间,q,r,g\n1,2024/5/1 10:00:00,(跳过),-3,(空)\n2,2024/5/2 10:00:00,4,5,a\n",
    )
    shop.ingest(shop.client("""
        survey:
          source: a.csv
          columns: {id: 序号, date: 提交答卷时间}
          metrics: {csat: {column: q, scale: [1, 5]}}
          touchpoints: [{key: desk, column: r, scale: [1, 5]}]
          segments: {g: g}
    """))  # fmt: skip
    survey = shop.read()
    assert survey["csat"].isna().tolist() == survey["desk"].isna().tolist() == [True, False]
    assert survey["g"].isna().tolist() == [True, False]


def test_previews_that_nobody_takes_out_are_told(shop: Any) -> None:
    rows = "".join(
        f"x,{'Survey Preview' if i < 3 else 'IP Address'},True,R{i},{i % 11}\n" for i in range(30)
    )
    shop.file("a.csv", "StartDate,Status,Finished,ResponseId,Q1\n" + rows)
    survey = "survey: {{source: a.csv, {}columns: {{id: ResponseId}}, metrics: {{nps: {{column: Q1}}}}}}\n"  # noqa: E501
    said = "".join(shop.says(shop.client(survey.format("")), "warning"))
    assert "3 rows count whose Status is 'Survey Preview'" in said
    kept = shop.client(survey.format("where: {Status: [IP Address]}, "))
    assert "Survey Preview" not in "".join(shop.says(kept, "warning"))
    assert len(examine(kept, shop.workspace).faults) == 0


def test_dates_far_from_all_others_are_told_and_the_future_set_aside(shop: Any) -> None:
    days = [f"2024-05-{i + 1:02d}" for i in range(28)] + ["1980-01-01", "2204-05-03"]
    shop.file("a.csv", "d,nps\n" + "".join(f"{day},9\n" for day in days))
    client = shop.client(
        "period: month\nsurvey: {source: a.csv, columns: {date: d}, metrics: {nps: {column: nps}}}\n"  # noqa: E501
    )
    said = "".join(shop.says(client, "warning"))
    assert "from another age: '1980-01-01'" in said
    assert "far in the future: '2204-05-03'" in said
    shop.ingest(client)
    assert shop.read()["date"].max() == pd.Timestamp("2024-05-28")
    assert shop.read()["date"].min() == pd.Timestamp("2024-05-01")
    shop.file("a.csv", "d,nps\n" + "".join(f"{day},9\n" for day in [*days[:28], "2022-05-01"]))
    assert "over a year before all others" in "".join(shop.says(client, "warning"))


@pytest.mark.parametrize("text", ["1 085,5", "1'085.5", "1,085.5", "￥1,085.5", "1.085,5"])
def test_thousands_are_read_as_their_country_writes_them(shop: Any, text: str) -> None:
    shop.file("t.csv", f'm;d;a\n1;2024-01-01;"{text}"\n')
    shop.ingest(
        shop.client("transactions: {source: t.csv, columns: {member: m, date: d, amount: a}}\n")
    )
    assert shop.read("transactions")["amount"].tolist() == [1085.5]


def test_points_that_may_part_thousands_are_never_read_silently(shop: Any) -> None:
    kpi = "period: month\nkpis: {{k: {{source: {}, period: m, numerator: n, denominator: d, direction: higher}}}}\n"  # noqa: E501
    shop.file("k.csv", "m,n,d\n2024-01,950,1.000\n2024-02,1.300,2.100\n")
    told = shop.says(shop.client(kpi.format("k.csv")), "warning")
    assert sum("could be" in line for line in told) == 2
    shop.file("s.csv", "m;n;d\n2024-01;950;1.000\n2024-02;1.300;2.100\n")
    for source in ("{files: k.csv, decimal: ','}", "s.csv"):
        shop.ingest(shop.client(kpi.format(source)))
        assert shop.read("kpis")["denominator"].tolist() == [1000, 2100]


@pytest.mark.parametrize(("best", "fits"), [("higher", False), ("lower", True)])
def test_words_that_contradict_the_direction_are_told(shop: Any, best: str, fits: bool) -> None:
    texts = ("1 - Very satisfied", "2 - Satisfied", "4 - Dissatisfied", "5 - Very dissatisfied")
    shop.file("a.csv", "q\n" + "".join(f"{text}\n" for text in texts * 5))
    metric = f"kind: csat, top: 2, scale: [1, 5], direction: {best}"
    client = shop.client(f"survey: {{source: a.csv, metrics: {{m: {{column: q, {metric}}}}}}}\n")
    told = [line for line in shop.says(client, "warning") if "sound better" in line]
    assert bool(told) != fits


def test_of_two_routes_a_code_of_no_answer_is_none(shop: Any) -> None:
    shop.file("a.csv", "a,b\n99,7\n8,99\n99,99\n,6\n-1,99\n-1,5\n")
    shop.ingest(shop.client("""
        survey:
          source: a.csv
          metrics: {nps: {column: [a, b], missing: [99], not_applicable: [-1]}}
    """))  # fmt: skip
    assert shop.read()["nps"].fillna(-9).tolist() == [7, 8, -9, 6, -9, 5]


LOG = "tickets: {source: t.csv, columns: {id: id, created: made, resolved: done%s}}\n"


def test_a_ticket_counts_once_and_no_date_is_from_another_age(shop: Any) -> None:
    rows = [f"{i},2024-05-0{i} 10:00,2024-05-0{i} 11:00" for i in range(1, 8)]
    again = [rows[0], "2,2024-05-02 10:00,2024-05-09 12:00"]  # a row twice, a ticket reopened
    odd = ["8,1900-01-01 10:00,2024-05-08 11:00", "9,2024-05-08 10:00,2204-05-08 11:00"]
    shop.file("t.csv", "\n".join(["id,made,done", *rows, *again, *odd]) + "\n")
    client = shop.client(LOG % "")
    told = "\n".join(shop.says(client, "warning"))
    assert all(said in told for said in ("another row of a ticket", "decades back", "far in the"))
    dropped = shop.ingest(client).tables["tickets"].dropped
    assert sorted(dropped.values()) == [1, 1, 1, 1]
    log = shop.read("tickets")
    assert len(log) == 7
    assert log["resolved_at"].max() == pd.Timestamp("2024-05-09 12:00")


def test_a_flag_of_breaches_is_not_taken_for_one_of_what_was_met(shop: Any) -> None:
    shop.file(
        "t.csv",
        "id,made,done,SLA breached\n1,2024-05-01,2024-05-02,Yes\n2,2024-05-01,2024-05-03,No\n",
    )
    assert "what broke the SLA" in shop.says(shop.client(LOG % ", sla_met: SLA breached"))[0]
    coded = LOG % ", sla_met: {column: SLA breached, values: {'Yes': 0, 'No': 1}}"
    shop.ingest(shop.client(coded))
    assert shop.read("tickets")["sla_met"].tolist() == [False, True]


def test_day_numbers_are_asked_about_and_settled_in_the_client_file(shop: Any) -> None:
    shop.file("s.csv", "d,q\n" + "".join(f"{43830 + i},{i % 11}\n" for i in range(40)))
    text = """
        period: month
        survey:
          source: s.csv
          columns: {date: d}
          metrics: {nps: {column: q, scale: [0, 10]}}
    """
    (said,) = [w for w in shop.says(shop.client(text), "warning") if "day numbers" in w]
    assert "2019-12-31" in said
    assert "2024-01-01" in said
    settled = text.replace("columns:", "date_format: excel 1904\n          columns:")
    client = shop.client(settled)
    assert not any("day numbers" in w for w in shop.says(client, "warning"))
    shop.ingest(client)
    assert shop.read()["date"].min() == pd.Timestamp(2024, 1, 1)


DATED = "period: month\nsurvey: {source: %s, columns: {date: d}, metrics: {nps: {column: nps}}}\n"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("2024Q1", "`period: d` in place of `date:`"),
        ("2024年第一季度", "`period: d` in place of `date:`"),
        ("2024年上半年", "`period: wave`"),
        ("2024H1", "`period: wave`"),
        ("113/05/03", "`date_format: roc`"),
        ("2024-05-03 14:00 CST", "`timezone:` under `source:`"),
    ],
)
def test_what_names_no_day_is_refused_with_the_setting_that_helps(
    shop: Any, cell: str, said: str
) -> None:
    shop.file("a.csv", "d,nps\n" + f"{cell},9\n" * 20)
    assert said in "".join(shop.says(shop.client(DATED % "a.csv")))


def test_a_file_whose_order_another_file_alone_tells_is_said(shop: Any) -> None:
    shop.file("uk.csv", "d,nps\n" + "".join(f"{13 + i}/05/2024,9\n" for i in range(15)))
    shop.file("us.csv", "d,nps\n" + "".join(f"05/{2 + i:02d}/2024,9\n" for i in range(9)))
    said = "".join(shop.says(shop.client(DATED % '"*.csv"'), "warning"))
    assert "us.csv does not tell day from month" in said
    assert "'05/02/2024' is 2024-02-05" in said
    shop.file("us.csv", "d,nps\n" + "".join(f"{1 + i}/05/2024,9\n" for i in range(20)))
    assert "day from month" not in "".join(shop.says(shop.client(DATED % '"*.csv"'), "warning"))


def test_years_of_another_calendar_are_refused(shop: Any) -> None:
    shop.file("a.csv", "d,nps\n" + "".join(f"2567-05-{1 + i:02d},9\n" for i in range(28)))
    assert "another calendar" in "".join(shop.says(shop.client(DATED % "a.csv")))


def test_columns_in_a_hidden_sheet_alone_are_named_with_it(shop: Any) -> None:
    book = openpyxl.Workbook()
    book.active.append(["see the other sheet"])
    page = book.create_sheet("data")
    page.sheet_state = "hidden"
    for row in [["d", "nps"], *(["2024-05-01", i % 11] for i in range(30))]:
        page.append(row)
    file = io.BytesIO()
    book.save(file)
    shop.file("a.xlsx", file.getvalue())
    (said,) = shop.says(shop.client(DATED % "a.xlsx"))
    assert "the columns stand in the hidden sheet 'data'" in said


def test_clocks_that_differ_within_a_log_are_told(shop: Any) -> None:
    log = "".join(
        f"{i},2024-05-{1 + i:02d}T10:00:00Z,2024-05-{1 + i:02d} 12:00\n" for i in range(9)
    )
    shop.file("t.csv", "k,c,r\n" + log)
    text = "period: month\ntickets: {source: t.csv, columns: {id: k, created: c, resolved: r}}\n"
    (said,) = [w for w in shop.says(shop.client(text), "warning") if "time zone" in w]
    assert "'c'" in said
    assert "'r'" in said
    known = shop.client("calendar: {country: CN, timezone: Asia/Shanghai}\n" + text)
    assert not any("time zone, and" in w for w in shop.says(known, "warning"))
    shop.file("t.csv", "k,c,r\n" + log.replace(" 12:00", "T20:00+08:00"))
    assert "different time zones" in "".join(shop.says(shop.client(text)))
    shop.ingest(shop.client("calendar: {country: CN, timezone: Asia/Shanghai}\n" + text))
    kept = shop.read("tickets")
    assert (kept["resolved_at"] - kept["created_at"] == pd.Timedelta(hours=2)).all()
