"""What `cx new` makes of exports: own small files of the kinds that clients send."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cxlib import params
from cxlib.cli import main
from cxlib.data.check import check
from cxlib.data.draft import Drafted, lay_out, new, open_questions
from cxlib.data.ingest import ingest
from cxlib.data.tables import read_table
from cxlib.errors import CxError, SetupError
from cxlib.params import Client
from cxlib.workspace import Workspace

START = datetime(2026, 1, 3, 9)
SATISFIED = ["非常满意", "满意", "一般", "不满意", "非常不满意"]


def csv(path: Path, rows: list[list[Any]], encoding: str = "utf-8") -> Path:
    text = "\n".join(",".join(f'"{cell}"' for cell in map(str, row)) for row in rows)
    path.write_text(text.replace('"{', '"{') + "\n", encoding=encoding)
    return path


def drafted(shop: Any, *files: Path, name: str = "neu") -> tuple[Drafted, Client, str]:
    """Return the draft, the client it makes and its text; a draft passes the check."""
    made = new(name, files, shop.workspace)
    client = params.load(name, shop.workspace)
    errors = [str(f) for f in check(client, shop.workspace) if f.severity == "error"]
    assert errors == []
    return made, client, made.file.read_text(encoding="utf-8")


def wenjuanxing(folder: Path) -> Path:
    random.seed(1)
    header = ["序号", "提交答卷时间", "所用时间", "来源", "来自IP", "总分", "1、您的性别",
              "2、您对我们的总体满意度", "3、您向朋友推荐我们的可能性", "4、您对配送速度的满意度",
              "5、您对客服态度的满意度", "6、选择我们的原因(价格)", "6、选择我们的原因(质量)",
              "7、您从哪里了解我们", "8、您的建议", "9、手机号", "10、解决问题费力吗"]  # fmt: skip
    rows: list[list[Any]] = [header]
    for i in range(180):
        when = START + timedelta(days=i)
        rows.append([
            i + 1, f"{when.year}/{when.month}/{when.day} 9:00:00", "120秒", "微信", "1.2.3.4", 50,
            random.choice("男女"), random.choice(SATISFIED), [0, 3, 6, 7, 8, 9, 10, 10][i % 8],
            99 if i % 60 == 0 else i % 5 + 1, 6 if i % 30 == 0 else i % 5 + 1,
            i % 2, int(i % 3 == 0), ["朋友┋广告", "广告", "朋友", "门店┋广告"][i % 4],
            f"希望配送再快一点，谢谢{i}" if i % 2 else "", f"1380013{i:04}", i % 7 + 1,
        ])  # fmt: skip
    return csv(folder / "wjx.csv", rows, "gb18030")


def test_a_survey_of_wenjuanxing(shop: Any, tmp_path: Path) -> None:
    made, client, text = drafted(shop, wenjuanxing(tmp_path))
    survey = client.survey
    assert survey is not None
    assert client.period == "month"
    assert client.languages == ("zh",)
    assert survey.columns.id == "序号"
    assert survey.columns.date == "提交答卷时间"
    assert survey.columns.comment == "8、您的建议"
    kinds = {m.key: (m.kind, m.scale, m.direction) for m in client.metrics}
    assert kinds == {
        "csat": ("csat", (1, 5), "higher"),
        "nps": ("nps", (0, 10), "higher"),
        "ces": ("ces", (1, 7), "lower"),
    }
    assert survey.metrics["csat"].values == dict(zip(SATISFIED, (5, 4, 3, 2, 1), strict=True))
    assert [(t.key, t.scale) for t in survey.touchpoints] == [
        ("delivery", (1, 5)), ("service", (1, 5))]  # fmt: skip
    assert survey.touchpoints[0].missing == (99,)
    assert survey.touchpoints[1].not_applicable == (6,)
    assert [q.kind for q in survey.questions.values()] == ["multiple", "multiple"]
    assert list(survey.segments) == ["gender"]
    assert any("what does 99 mean (3×)" in question for question in made.questions)
    assert any("is 6 beside 1-5 'not applicable' (6×)" in question for question in made.questions)
    assert "手机号" not in text.replace("# not used: ", "#").partition("#")[0]
    assert "a 问卷星 export" in text
    ingest(client, shop.workspace)
    table = read_table(shop.workspace, "neu", "survey")
    assert len(table) == 180
    assert table["service_used"].eq(False).sum() == 6


def test_a_survey_of_qualtrics(shop: Any, tmp_path: Path) -> None:
    names = ["StartDate", "EndDate", "Status", "IPAddress", "Progress", "Finished", "RecordedDate",
             "ResponseId", "Q1", "Q2", "Q3_1", "Q3_2", "Q4_1", "Q4_2", "Q6", "Q6_TEXT"]  # fmt: skip
    wording = [*names[:8], "How likely are you to recommend Acme?",
               "Overall how satisfied are you? (1 = very satisfied)", "Please rate - Delivery",
               "Please rate - Support", "Which apply? - Price", "Which apply? - Brand",
               "Age group", "Other"]  # fmt: skip
    lines = [",".join(names), ",".join(wording)]
    lines.append(",".join(f'"{{""ImportId"":""{name}""}}"' for name in names))
    for i in range(150):
        day = f"{START + timedelta(days=i):%Y-%m-%d %H:%M:%S}"
        lines.append(",".join(map(str, [
            day, day, "IP Address", "1.1.1.1", 100, i % 9 > 0, day, f"R_{i:05}", i % 11 + 1,
            i % 5 + 1, i % 5 + 1, i % 4 + 2, "Price" if i % 2 else "", "Brand" if i % 3 else "",
            ["18-29", "30+"][i % 2], ""])))  # fmt: skip
    file = tmp_path / "q.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    made, client, text = drafted(shop, file)
    survey = client.survey
    assert survey is not None
    assert (survey.columns.id, survey.columns.date) == ("ResponseId", "RecordedDate")
    nps, csat = survey.metrics["nps"], survey.metrics["csat"]
    assert nps.scale == (0, 10)
    assert nps.label is None  # readers know the KPI by its own name
    assert "# “How likely are you to recommend Acme?”; " in text
    assert (nps.values["1"], nps.values["11"]) == (0, 10)
    assert any("0-10 stored as 1-11" in question for question in made.questions)
    assert csat.direction == "lower"
    assert [t.key for t in survey.touchpoints] == ["delivery", "support"]
    assert survey.questions["q4"].columns == ("Q4_1", "Q4_2")
    assert '# where: {Finished: ["True"]}' in text


def test_a_ticket_log_and_orders_of_one_client(shop: Any, tmp_path: Path) -> None:
    log: list[list[Any]] = [["Ticket ID", "Customer ID", "Created At", "Resolved At", "Status",
                             "Channel", "First response time (min)", "Subject"]]  # fmt: skip
    for i in range(120):
        opened = START + timedelta(hours=31 * i)
        state = ["Solved", "Closed", "Awaiting vendor", "Open"][i % 4]
        solved = f"{opened + timedelta(hours=5):%d/%m/%Y %H:%M}" if i % 4 < 2 else ""
        log.append([f"T{i:05}", f"C{i % 50:04}", f"{opened:%d/%m/%Y %H:%M}", solved, state,
                    ["email", "phone"][i % 2], i % 60 + 1, f"question {i}"])  # fmt: skip
    orders: list[list[Any]] = [["Customer ID", "Order ID", "Order date", "Amount", "Category"]]
    for i in range(100):
        day = START + timedelta(days=30 * (i % 12) + i % 3)
        orders.append([f"C{i % 50:04}", f"O{i}", f"{day:%Y-%m-%d}", f"{i}.50", ["a", "b"][i % 2]])
    preamble = csv(tmp_path / "orders.csv", [["Export of all orders"], [""], *orders])
    made, client, _text = drafted(shop, csv(tmp_path / "log.csv", log), preamble)
    assert client.survey is None
    tickets, bought = client.tickets, client.transactions
    assert tickets is not None
    assert bought is not None
    assert tickets.states is not None
    assert (tickets.columns.id, tickets.columns.created) == ("Ticket ID", "Created At")
    assert (tickets.columns.resolved, tickets.columns.customer) == ("Resolved At", "Customer ID")
    assert tickets.durations.first_response is not None
    assert tickets.durations.first_response.unit == "minutes"
    assert tickets.states.resolved == ("Solved",)
    assert set(tickets.states.open) == {"Open", "Awaiting vendor"}
    assert any("'Awaiting vendor'" in question for question in made.questions)
    assert bought.source.header_row == 3
    assert (bought.columns.member, bought.columns.amount) == ("Customer ID", "Amount")
    assert {path.name for path in made.copies} == {"log.csv", "orders.csv"}


def test_dates_that_do_not_tell_day_from_month_are_asked_about(shop: Any, tmp_path: Path) -> None:
    rows: list[list[Any]] = [["Order ID", "Member ID", "Date", "Amount"]]
    rows += [[f"O{i}", f"M{i % 9}", f"{1 + i // 12:02}/{1 + i % 12:02}/2026", 5] for i in range(60)]
    made, client, _text = drafted(shop, csv(tmp_path / "o.csv", rows))
    assert client.transactions is not None
    assert client.transactions.date_format == ("%m/%d/%Y",)  # five months, not twelve
    assert any("does not tell day from month" in question for question in made.questions)


def test_one_column_of_dates_tells_the_other(shop: Any, tmp_path: Path) -> None:
    log: list[list[Any]] = [["Ticket ID", "Created", "Resolved", "Closed", "Status"]]
    for i in range(60):
        opened = START + timedelta(hours=29 * i)
        day = f"{opened:%d/%m/%Y %H:%M}"
        log.append([f"T{i}", day, day if opened < datetime(2026, 1, 12) else "",
                    f"{opened + timedelta(days=1):%Y-%m-%d}", "Closed"])  # fmt: skip
    made, client, _text = drafted(shop, csv(tmp_path / "t.csv", log))
    assert client.tickets is not None
    assert client.tickets.date_format == ("%d/%m/%Y %H:%M", "%Y-%m-%d")
    assert not any("day from month" in question for question in made.questions)
    ingest(client, shop.workspace)
    table = read_table(shop.workspace, "neu", "tickets")
    assert (
        table["resolved_at"].dropna() == table["created_at"][table["resolved_at"].notna()]
    ).all()


def test_a_draft_of_the_demo_client_reads_what_its_own_file_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_config_dir", lambda *a, **k: str(tmp_path / "config"))
    lay_out(tmp_path, demo=True)
    workspace = Workspace(tmp_path.resolve())
    files = sorted(workspace.data("nova-mall").glob("survey_*.csv"))
    new("again", files, workspace)
    tables = {}
    for name in ("nova-mall", "again"):
        client = params.load(name, workspace)
        ingest(client, workspace)
        tables[name] = read_table(workspace, name, "survey")
    for key in ("nps", "csat", "ces", "search", "delivery", "returns", "weight", "period"):
        one, two = (table[key].value_counts().to_dict() for table in tables.values())
        assert one == two, key


@pytest.mark.parametrize(
    ("name", "answers", "kind", "scale", "asked"),
    [
        ("Overall satisfaction", range(1, 11), "csat", (1, 10), "or `kind: mean`"),
        ("Overall satisfaction", range(11), "csat", (0, 10), "or `kind: mean`"),
        ("总体满意度", range(1, 6), "csat", (1, 5), ""),
        ("总体满意度", range(1, 7), "csat", (1, 5), "is 6 beside 1-5"),
        ("总体满意度", range(6), "csat", (1, 5), "what does 0 beside 1-5"),
        ("总体满意度", [*range(1, 6), 9], "csat", (1, 5), "what does 9 beside 1-5"),
        ("Would you recommend us?", range(11), "nps", (0, 10), ""),
        ("Would you recommend us?", [*range(11), 99], "nps", (0, 10), "what does 99 mean"),
        ("Would you recommend us?", range(1, 11), "nps", (0, 10), "nobody answered 0"),
        ("是否愿意推荐", range(1, 6), "mean", (1, 5), "NPS is defined on 0-10"),
        ("How much effort did you have to put in?", range(1, 8), "ces", (1, 7), "hard work"),
        ("Ease of getting help (CES)", range(1, 8), "ces", (1, 7), ""),
    ],
)
def test_what_kind_of_score_a_question_is(
    shop: Any, tmp_path: Path, name: str, answers: Any, kind: str, scale: Any, asked: str
) -> None:
    cells = list(answers) * 40
    made, client, _text = drafted(shop, csv(tmp_path / "s.csv", [[name], *([c] for c in cells)]))
    (metric,) = client.metrics
    assert (metric.kind, metric.scale) == (kind, scale)
    about = [q for q in made.questions if not q.startswith(("what do readers", "do they work"))]
    assert any(asked in question for question in about) if asked else about == []


def test_years_of_one_survey_are_one_source(shop: Any, tmp_path: Path) -> None:
    for year in (2024, 2025):
        rows: list[list[Any]] = [["Response ID", "Date", "Recommend", "Rate delivery"]]
        for i in range(60):
            day = f"{year}-05-{i % 28 + 1:02}"
            rows.append([i + 10_000 * year, day, i % 11, 99 if i % 9 == 0 else 4 - i % 3])
        csv(tmp_path / f"s_{year}.csv", rows)
    made, client, _text = drafted(shop, tmp_path / "s_2024.csv", tmp_path / "s_2025.csv")
    assert client.survey is not None
    assert client.survey.source.files == "survey/*"
    assert {path.parent.name for path in made.copies} == {"survey"}
    ingest(client, shop.workspace)
    assert len(read_table(shop.workspace, "neu", "survey")) == 120


def test_waves_in_files_and_sheets(shop: Any, tmp_path: Path) -> None:
    from openpyxl import Workbook

    for year in (2024, 2025):
        csv(tmp_path / f"w{year}.csv", [["Recommend"], *([i % 11] for i in range(40 + year % 2))])
    made, client, _text = drafted(shop, tmp_path / "w2024.csv", tmp_path / "w2025.csv")
    assert any("the files' names do" in question for question in made.questions)
    ingest(client, shop.workspace)
    table = read_table(shop.workspace, "neu", "survey")
    assert table["period"].value_counts().to_dict() == {"2025": 41, "2024": 40}
    book = Workbook()
    for name in ("Shop 1", "Shop 2"):
        sheet = book.create_sheet(name)
        for row in (["Recommend"], *([i * len(book.sheetnames) % 11] for i in range(30))):
            sheet.append(row)
    del book["Sheet"]
    book.save(tmp_path / "shops.xlsx")
    made, client, _text = drafted(shop, tmp_path / "shops.xlsx", name="shops")
    assert any("are all meant?" in question for question in made.questions)
    ingest(client, shop.workspace)
    assert len(read_table(shop.workspace, "shops", "survey")) == 60


def test_an_encoding_that_cannot_be_told_is_asked_about(shop: Any, tmp_path: Path) -> None:
    rows = [["area", "recommend"], *([["Zürich Käse", "Genève"][i % 2], i % 11] for i in range(40))]
    made, client, _text = drafted(shop, csv(tmp_path / "a.csv", rows, "cp1252"))
    assert client.survey is not None
    assert client.survey.source.encoding == "cp1252"
    assert any("'Zürich Käse'" in question for question in made.questions)


def test_hostile_names_are_names_and_nothing_else(shop: Any, tmp_path: Path) -> None:
    names = ["a: {b} # c", "- x", "null", "1e5", "'\\\u2028", "*&!%@`", "推荐\u0085NPS"]
    rows = [[i % 5 + 1] * 6 + [i % 11] for i in range(60)]
    made, client, text = drafted(shop, csv(tmp_path / "#? [x].csv", [names, *rows]))
    assert client.survey is not None
    assert client.survey.source.files == "#? [x].csv"
    assert len(client.survey.touchpoints) + len(client.survey.metrics) >= 6
    assert "\u2028" not in text
    assert "\u0085" not in text
    assert made.copies[0].name == "#? [x].csv"


def test_nothing_is_overwritten_and_files_stay_where_they_were(shop: Any, tmp_path: Path) -> None:
    file = wenjuanxing(tmp_path)
    before = file.read_bytes()
    drafted(shop, file)
    assert file.read_bytes() == before
    with pytest.raises(SetupError, match="there already"):
        new("neu", [file], shop.workspace)
    shop.workspace.data("other").mkdir()
    (shop.workspace.data("other") / "wjx.csv").write_text("theirs")
    with pytest.raises(SetupError, match="there already"):
        new("other", [file], shop.workspace)
    assert not (shop.workspace.params / "other.yaml").exists()
    assert (shop.workspace.data("other") / "wjx.csv").read_text() == "theirs"
    (tmp_path / "b").mkdir()
    twin = tmp_path / "b" / file.name
    twin.write_bytes(b"Q1\n1\n")
    with pytest.raises(SetupError, match="two files"):
        new("third", [file, twin], shop.workspace)
    assert not shop.workspace.data("third").exists()


def test_check_repeats_a_question_until_its_line_is_removed(
    shop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_HOME", str(shop.workspace.root))
    run = CliRunner().invoke(main, ["new", "neu", str(wenjuanxing(tmp_path))])
    assert run.exit_code == 0, run.output
    assert "cx check neu" in run.output
    path = shop.workspace.client_file("neu")
    asked = open_questions("neu", shop.workspace)
    said = CliRunner().invoke(main, ["check", "--quick", "neu"])
    assert said.exit_code == 0, said.output
    assert asked
    for fault in asked:
        assert f"warning: {fault}" in said.output
        assert "# ?" in path.read_text(encoding="utf-8").splitlines()[fault.line - 1]
    text = path.read_text(encoding="utf-8")
    path.write_text("".join(line for line in text.splitlines(keepends=True) if "# ?" not in line),
                    encoding="utf-8")  # fmt: skip
    assert open_questions("neu", shop.workspace) == []
    assert "not answered yet" not in CliRunner().invoke(main, ["check", "--quick", "neu"]).output


def test_an_empty_folder_a_demo_and_a_half_filled_template(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_config_dir", lambda *a, **k: str(tmp_path / "config"))
    monkeypatch.setenv("CX_HOME", str(tmp_path / "nowhere"))
    for command in (["check"], ["run"], ["list"], ["lab"], ["new", "x", __file__]):
        run = CliRunner().invoke(main, command)
        assert run.exit_code == 1, command
        assert "params/" in run.output
    folder = tmp_path / "work"
    monkeypatch.setenv("CX_HOME", str(folder))
    assert CliRunner().invoke(main, ["init", str(folder)]).exit_code == 0
    for command in (["check"], ["run"], ["list"], ["lab"]):
        run = CliRunner().invoke(main, command)
        assert run.exit_code == 1, command
        assert "cx new CLIENT FILE" in run.output
    demo = CliRunner().invoke(main, ["init", str(folder), "--demo"])
    assert demo.exit_code == 0, demo.output
    assert Workspace(folder).clients() == ["nova-mall"]
    again = CliRunner().invoke(main, ["init", str(folder), "--demo"])
    assert (again.exit_code, "nothing was changed" in again.output) == (1, True)
    client = params.load("nova-mall", Workspace(folder))
    assert [f for f in check(client, Workspace(folder)) if f.severity == "error"] == []
    text = (folder / "params" / "template.yaml").read_text(encoding="utf-8")
    (folder / "params" / "half.yaml").write_text(text.replace("my-client ", "half "), "utf-8")
    half = CliRunner().invoke(main, ["check", "half"])
    assert half.exit_code == 1
    for section in ("survey", "tickets", "members", "transactions", "kpis.on_time"):
        assert f"{section}.source" in half.output or section in half.output


def figures_of_hospitals(folder: Path) -> Path:
    header = ["period", "org", "kind", "attendances", "breaches", "admissions"]
    rows: list[list[Any]] = [header]
    for month in range(24):
        for org in ("RA", "RB", "RC"):
            for kind in ("1", "2"):
                n = 100 + 7 * month + ord(org[1])
                day = f"{2024 + month // 12}-{month % 12 + 1:02}-01"
                rows.append([day, org, kind, n, (n + month) % 13 + 1, (n * month) % 47])
    return csv(folder / "figures.csv", rows)


def test_counts_by_month_and_place_are_reported_figures(shop: Any, tmp_path: Path) -> None:
    made, client, _text = drafted(shop, figures_of_hospitals(tmp_path))
    assert client.survey is None
    assert client.period == "month"
    kept = client.kpis["without_breaches"]
    assert (kept.numerator, kept.denominator, kept.complement) == ("breaches", "attendances", True)
    assert (kept.unit, kept.direction, kept.format) == ("org", "higher", "percent")
    assert not client.kpis["admissions"].complement
    assert any("all rows of 'kind'" in question for question in made.questions)
    ingest(client, shop.workspace)
    table = read_table(shop.workspace, "neu", "kpis")
    row = table[table["kpi"].eq("without_breaches") & table["unit"].eq("RA")].iloc[0]
    assert (row["period"], row["denominator"]) == ("2024-01", 2 * 165)  # both kinds, 100 + 65 each
    assert row["value"] == 1 - 2 * (165 % 13 + 1) / 330


def test_a_measure_is_a_figure_each_and_a_share_is_read_as_one(shop: Any, tmp_path: Path) -> None:
    rows: list[list[Any]] = [["Release Period", "Measure ID", "Bottom-box %", "Top-box %"]]
    rows += [
        [f"07_{year}", name, 5 + year % 7, 60 + (3 * year + len(name)) % 23]
        for year in range(2015, 2024)
        for name in ("NURSES", "QUIET", "FOOD")
    ]
    _made, client, _text = drafted(shop, csv(tmp_path / "hcahps.csv", rows))
    assert list(client.kpis) == ["food", "nurses", "quiet"]
    assert {kpi.value for kpi in client.kpis.values()} == {"Top-box %"}
    assert client.kpis["quiet"].where == {"Measure ID": ("QUIET",)}
    ingest(client, shop.workspace)
    table = read_table(shop.workspace, "neu", "kpis").set_index(["kpi", "period"])["value"]
    assert table["quiet", "2015-07"] == (60 + (3 * 2015 + 5) % 23) / 100


def test_texts_among_figures_are_missing_by_name_and_footnotes_are_none(
    shop: Any, tmp_path: Path
) -> None:
    head = ["Release Period", "Facility ID", "Completed Surveys", "Response Rate (%)", "Footnote"]
    rows: list[list[Any]] = [head]
    rows += [
        [f"07_{year}", 10001 + i, "FEWER THAN 50" if i % 3 == 1 else 300 + i,
         ["Not Available", 10 + (i + year) % 40][i % 4 > 0], i % 15 or ""]
        for year in (2021, 2022, 2023) for i in range(60)
    ]  # fmt: skip
    made, client, _text = drafted(shop, csv(tmp_path / "responses.csv", rows))
    rate = client.kpis["response_rate"]
    assert (rate.value, rate.missing, rate.unit) == (head[3], ("Not Available",), "Facility ID")
    assert any("'Not Available' mean?" in question for question in made.questions)
    ingest(client, shop.workspace)
    read = read_table(shop.workspace, "neu", "kpis")
    assert len(read) == 3 * 45
    known = [10 + (i + 2023) % 40 for i in range(60) if i % 4]
    assert read.loc[read["period"] == "2023-07", "value"].mean() == pytest.approx(sum(known) / 4500)
    rows = [[cell for at, cell in enumerate(row) if at != 3] for row in rows]
    _made, client, _text = drafted(shop, csv(tmp_path / "counts.csv", rows), name="counts")
    assert [(k.value, k.missing) for k in client.kpis.values()] == [(head[2], ("FEWER THAN 50",))]


def test_answers_of_one_survey_month_are_no_reported_figures(shop: Any, tmp_path: Path) -> None:
    rows: list[list[Any]] = [["Month", "Shop", "Age", "Delivery", "Staff", "Price"]]
    rows += [
        ["2024-01", f"S{i % 3}", 18 + i % 40, i % 5 + 1, i % 4 + 1, i % 3 + 3] for i in range(240)
    ]
    _made, client, _text = drafted(shop, csv(tmp_path / "answers.csv", rows))
    assert not client.kpis


@pytest.mark.parametrize(
    ("name", "cells", "drafted"),
    [
        (
            "Satisfaction Score",
            ["Good", "Bad", "Offered"],
            "csat: {column: Satisfaction Score, values: {Good: 1, Bad: 0}}",
        ),
        (
            "满意度",
            ["非常满意", "满意", "不满意"],
            "csat: {column: 满意度, values: {非常满意: 5, 满意: 4, 不满意: 2}}",
        ),
        ("是否超时", ["是", "否", "否"], "sla_met: {column: 是否超时, values: {是: 0, 否: 1}}"),
        ("First Contact Resolution", ["Yes", "No", "No"], "fcr_survey: First Contact Resolution"),
    ],
)
def test_ratings_in_words_and_flags_of_a_ticket_log_are_drafted_and_taken_in(
    tmp_path: Path, name: str, cells: list[str], drafted: str
) -> None:
    rows: list[list[Any]] = [["Ticket ID", "Created at", "Solved at", "Status", name]]
    for i in range(60):
        created = START + timedelta(days=i)
        rows.append([1000 + i, created, created + timedelta(hours=5), "Solved", cells[i % 3]])
    csv(tmp_path / "log.csv", rows)
    place = Workspace(tmp_path / "work")
    place.params.mkdir(parents=True)
    new("desk", [tmp_path / "log.csv"], place)
    assert drafted in place.client_file("desk").read_text("utf-8")
    assert not [f for f in check(params.load("desk", place), place) if f.severity == "error"]


def test_figures_named_by_a_month_once_a_year_are_yearly(tmp_path: Path) -> None:
    rows = [f"07_{year},{s},{60 + year % 7}" for year in range(2015, 2024) for s in ("AK", "AL")]
    (tmp_path / "top.csv").write_text("Release Period,State,Top-box Percentage\n" + "\n".join(rows))
    place = Workspace(tmp_path / "work")
    place.params.mkdir(parents=True)
    new("states", [tmp_path / "top.csv"], place)
    client = params.load("states", place)
    assert client.period == "year"
    assert not [f for f in check(client, place) if f.severity == "error"]


WEEKS = {
    "begins.csv": ("Week beginning,CSAT %", lambda i: f"{date(2024, 1, 1) + timedelta(7 * i)}"),
    "ends.csv": ("Week ending,CSAT %", lambda i: f"{date(2024, 1, 7) + timedelta(7 * i)}"),
    "iso.csv": ("Week,NPS", lambda i: f"2024-W{i + 1:02d}"),
    "zhou.csv": ("周,满意率", lambda i: f"2024年第{i + 1}周"),
}


@pytest.mark.parametrize("name", WEEKS)
def test_figures_of_weeks_are_drafted_as_figures_of_months(
    tmp_path: Path, shop: Any, name: str
) -> None:
    header, week = WEEKS[name]
    rows = [(week(i), 60 + (7 * i) % 31) for i in range(26)]
    path = tmp_path / name
    path.write_text(header + "\n" + "".join(f"{w},{x}\n" for w, x in rows), encoding="utf-8")
    drafted = new("weekly", [path], shop.workspace)
    assert any("each row a week" in question for question in drafted.questions)
    client = params.load("weekly", shop.workspace)
    assert client.survey is None
    (key,) = client.kpis
    ingest(client, shop.workspace)
    table = read_table(shop.workspace, "weekly", "kpis")
    months: dict[str, list[int]] = {}
    for i, (_week, figure) in enumerate(rows):  # a week counts where its Thursday lies
        months.setdefault(f"{date(2024, 1, 4) + timedelta(7 * i):%Y-%m}", []).append(figure)
    scale = 1 if name == "iso.csv" else 100
    assert dict(zip(table["period"], scale * table["value"], strict=True)) == {
        month: pytest.approx(sum(told) / len(told)) for month, told in months.items()
    }
    assert key in {"csat", "nps", "figure"}


def test_a_table_of_monthly_nps_is_no_survey(tmp_path: Path, shop: Any) -> None:
    path = tmp_path / "nps.csv"
    path.write_text("Month,NPS\n" + "".join(f"2024-{i:02d},{20 + i}\n" for i in range(1, 10)))
    new("monthly", [path], shop.workspace)
    client = params.load("monthly", shop.workspace)
    assert client.survey is None
    assert list(client.kpis) == ["nps"]


def test_a_log_that_tells_closings_alone_is_asked_whether_they_count(
    tmp_path: Path, shop: Any
) -> None:
    rows = [[f"T{i}", f"2024-05-{1 + i % 28:02d} 10:00", f"2024-05-{1 + i % 28:02d} 12:00",
             "Closed"] for i in range(40)]  # fmt: skip
    path = csv(tmp_path / "log.csv", [["Ticket ID", "Created", "Closed", "Status"], *rows])
    made, _client, text = drafted(shop, path)
    assert any("does the closing count" in question for question in made.questions)
    made.file.write_text(text.replace("# resolution: closed", "resolution: closed"), "utf-8")
    client = params.load("neu", shop.workspace)
    assert client.tickets is not None
    assert client.tickets.resolution == "closed"


def test_numbers_of_rows_are_no_answers(tmp_path: Path, shop: Any) -> None:
    rows = [[i + 1, 1 + i % 5, 1 + i % 4, 1 + i % 3] for i in range(11)]
    path = csv(tmp_path / "raters.csv", [["Units", "Rater1", "Rater2", "Rater3"], *rows])
    made = new("neu", [path], shop.workspace)
    survey = params.load("neu", shop.workspace).survey
    assert survey is not None
    assert [t.key for t in survey.touchpoints] == ["rater1", "rater2", "rater3"]
    assert not any("1-11" in question for question in made.questions)


def test_nobody_is_a_group_for_the_telephone_they_have(shop: Any, tmp_path: Path) -> None:
    rows = [["订单号", "下单时间", "客户手机号", "实付金额（元）", "订单状态"]]
    rows += [
        [f"E{i:06}", START + timedelta(days=3 * i), f"138{i % 15:08}", f"{30 + i}.00", "交易完成"]
        for i in range(60)
    ]
    _made, client, text = drafted(shop, csv(tmp_path / "orders.csv", rows))
    assert client.transactions is not None
    assert client.transactions.columns.member == "客户手机号"
    assert "segments" not in text
    rows = [["id", "nps", "联系人", "区"]]
    rows += [[i, i % 11, f"c{i % 3}@x.com" if i % 2 else "13800138000", "东"] for i in range(60)]
    csv(shop.folder / "a.csv", rows)
    survey = """
    survey:
      source: a.csv
      columns: {id: id}
      metrics: {nps: {column: nps, scale: [0, 10]}}
      segments: {who: {column: 联系人%s}}
      questions: {whom: {column: 联系人, kind: single}}
    """
    said = shop.says(shop.client(survey % ""))
    assert len(said) == 2
    assert all("holds what reaches people (4 different, the first [phone])" in one for one in said)
    assert "138" not in "".join(said)


def test_a_time_is_no_comment_and_a_comment_no_choice(shop: Any, tmp_path: Path) -> None:
    """As Alchemer writes times, and as shops' reviews are written."""
    parts = (
        ("退款太慢了", "客服态度很好", "物流一般", "包装破损"),
        ("希望改进", "下次还会来", "有点失望"),
    )
    rows = [
        [
            "Response ID",
            "Time Started",
            "Date Submitted",
            "评价内容",
            "How likely are you to recommend?",
        ]
    ]
    rows += [
        [i, *[f"{START + timedelta(days=i):%b %d, %Y %I:%M:%S %p}"] * 2,
         f"{parts[0][i % 4]}，{parts[1][i % 3]}{'，' * (i % 2)}{'' if i % 5 else i}", i % 11]
        for i in range(120)
    ]  # fmt: skip
    _made, client, _text = drafted(shop, csv(tmp_path / "alchemer.csv", rows))
    assert client.survey is not None
    assert client.survey.columns.comment == "评价内容"
    assert not client.survey.questions


def test_a_card_number_makes_a_list_of_members(shop: Any, tmp_path: Path) -> None:
    rows = [["会员卡号", "手机号", "入会日期", "等级"]]
    rows += [
        [f"{i:06}", "1.38E+10", f"{START + timedelta(days=i):%Y-%m-%d}", ("金卡", "银卡")[i % 2]]
        for i in range(60)
    ]
    _made, client, _text = drafted(shop, csv(tmp_path / "list.csv", rows))
    assert client.members is not None
    assert client.members.columns.id == "会员卡号"


def test_choices_are_called_as_limesurvey_words_them(shop: Any, tmp_path: Path) -> None:
    rows = [["Response ID", "Date submitted", "NPS. How likely are you to recommend us?",
             "B2[1]. Which? [Pool]", "B2[2]. Which? [Spa (new)]"]]  # fmt: skip
    chosen = ("No", "Yes")
    rows += [
        [i, START + timedelta(days=i), i % 11, chosen[i % 2], chosen[bool(i % 4)]]
        for i in range(60)
    ]
    drafted(shop, csv(tmp_path / "lime.csv", rows))
    ingest(params.load("neu", shop.workspace), shop.workspace)
    table = read_table(shop.workspace, "neu", "survey")
    assert {name: int(table[name].sum()) for name in table if "=" in name} == {
        "b2=Pool": 30, "b2=Spa (new)": 45,
    }  # fmt: skip


STATES = ("done", "交易关闭", "refunded", "待付款")
ORDERS: dict[str, tuple[str, Callable[[int, str], str], int]] = {
    # who writes so: the header, a row's cells by number, lines of each order
    "有赞": ("订单号,下单时间,买家手机号,订单实付金额,订单状态",
           lambda i, s: f"E{i},2026-03-{1 + i % 28:02} 10:00,138001{i % 9:05},{i},{s}", 1),
    "淘宝": ("订单编号,买家会员名,总金额,买家实际支付金额,订单状态,订单创建时间",
           lambda i, s: f'="9{i}",tb{i % 9},{i + 5},{i},{s},2026-03-{1 + i % 28:02} 10:00', 1),
    "WooCommerce": ("order_id,date_created,status,customer_id,order_subtotal,order_total,item_name",
           lambda i, s: f"{i},2026-03-{1 + i % 28:02} 10:00,{s},{i % 9},{i + 5},{i},Item", 2),
    "Shopify": ("Name,Email,Financial Status,Subtotal,Total,Created at,Lineitem name",
           lambda i, s: f"#{i},c{i % 9}@x.org,{s},{i + 5},{i},2026-03-{1 + i % 28:02},Item", 3),
}  # fmt: skip


@pytest.mark.parametrize("writer", ORDERS)
def test_orders_that_are_no_sales_are_asked_about_and_each_counts_once(
    shop: Any, tmp_path: Path, writer: str
) -> None:
    header, row, lines = ORDERS[writer]
    rows = [header]
    for i in range(40):
        rows.append(row(i, STATES[i % 4]))
        more = row(i, STATES[i % 4]).split(",")
        if writer == "Shopify":  # whose further lines say nothing of the order
            more[2:5] = ["", "", ""]
        rows += [",".join([*more[:-1], f"Item {place}"]) for place in range(2, lines + 1)]
    path = tmp_path / "orders.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    made, client, text = drafted(shop, path)
    assert "'交易关闭' (10" in text or "'交易关闭' (20" in text
    assert any("no sales" in question for question in made.questions)
    assert any("whole order" in question for question in made.questions) == (lines > 1)
    if writer != "有赞":
        assert any("what a sale is worth" in question for question in made.questions)
    ingest(client, shop.workspace)
    sales = read_table(shop.workspace, "neu", "transactions")
    assert sorted(sales["amount"]) == [float(i) for i in range(40) if i % 4 == 0]


def test_one_amount_in_each_row_of_an_order_is_told(shop: Any) -> None:
    rows = "".join(f"{i},2026-03-01,m{i % 9},{i},{k}\n" for i in range(30) for k in range(2))
    shop.file("o.csv", "order,day,who,total,item\n" + rows)
    client = shop.client("""
        transactions:
          source: o.csv
          columns: {member: who, date: day, order: order, amount: total}
    """)
    assert any("30 orders stand in several rows" in said for said in shop.says(client, "warning"))
    with pytest.raises(CxError, match="which texts of the status"):
        shop.client(
            "transactions: {source: o.csv, columns: {member: who, date: day, status: item}}\n"
        )
    lines = "".join(f"{i},2026-03-01,m{i % 9},{i + k},{k}\n" for i in range(30) for k in range(2))
    shop.file("o.csv", "order,day,who,total,item\n" + lines)
    assert not any("several rows" in said for said in shop.says(client, "warning"))


@pytest.mark.parametrize(
    ("header", "staff", "customer"),
    [
        ("消息时间,发送者,发送者类型,消息内容", "员工", "客户"),
        ("发送时间,发送方,角色,内容", "机器人", "访客"),
        ("created_at,author_name,author_type,body", "admin", "user"),
        ("Date,From,Direction,Message", "outbound", "inbound"),
        ("Created at,Sender,Author role,Comment", "Agent", "End-user"),
    ],
)
def test_messages_of_staff_are_no_comments_of_customers(
    shop: Any, tmp_path: Path, header: str, staff: str, customer: str
) -> None:
    said = ("您好，请问有什么可以帮您？我们马上处理", "我的订单还没有到货，请帮我查询一下物流")
    rows = [header.split(",")]
    rows += [
        [f"2026-03-{1 + i % 28:02} 10:00:00", f"N{i % 7}", who, f"{said[i % 2]} {i}"]
        for i, who in enumerate((staff, customer) * 30)
    ]
    made, client, _text = drafted(shop, csv(tmp_path / "chat.csv", rows))
    assert any(repr(staff) in q and "own people" in q for q in made.questions)
    ingest(client, shop.workspace)
    kept = read_table(shop.workspace, "neu", "comments")
    assert len(kept) == 30
    assert kept["comment"].str.startswith("我的订单").all()
    alone = [[cell for i, cell in enumerate(row) if i != 2] for row in rows]
    asked = new("zwei", [csv(tmp_path / "alone.csv", alone)], shop.workspace).questions
    assert any("tells who wrote" in question for question in asked)


def test_few_mixtures_few_comments_and_numbers_of_people_are_no_groups(
    shop: Any, tmp_path: Path
) -> None:
    rows: list[list[Any]] = [["date", "How likely to recommend us", "Why", "其他意见", "客户编号"]]
    for i in range(90):
        why = ("Price", "Price; Service", "Quality")[i % 3]
        said = ("服务挺好的", "价格有点贵", "希望改进物流", "没有", "都很不错")[i % 5]
        rows.append([f"2026-03-{1 + i % 28:02}", i % 11, why, said, f"100{i % 6}-22"])
    _made, client, text = drafted(shop, csv(tmp_path / "s.csv", rows))
    assert client.survey is not None
    assert client.survey.segments == {}
    assert 'separator: ";"' in text
    shop.file("own.csv", "nps,said\n" + "".join(f"9,这是第{i}位客户的意见\n" for i in range(60)))
    own = shop.client(
        "survey: {source: own.csv, metrics: {nps: {column: nps}}, segments: {said: said}}\n"
    )
    assert any("`kind: open`" in told for told in shop.says(own, "warning"))


DESKS = {  # who writes so: the header, a ticket's cells by number; replies after 30 minutes
    "HubSpot": ("Ticket ID,Ticket status,Create date,Close date,First agent email response date,"
                "Ticket owner", "{i},Closed,{d} 10:00,{d} 12:00,{d} 10:30,O{k}"),
    "Udesk": ("工单编号,工单状态,创建时间,首次响应时间,解决时间,受理客服,满意度评价",
              "#{i},已解决,{d} 10:00:00,{d} 10:30:00,{d} 12:00:00,客服{k},满意"),
    "七鱼": ("会话ID,访客,接待客服,会话开始时间,会话结束时间,首次响应时长,会话时长,是否解决",
           "s{i},访客{i},客服{k},{d} 10:00:00,{d} 12:00:00,00:30:00,02:00:00,已解决"),
    "Salesforce": ("Case Number,Status,Opened Date,Closed Date,Case Owner,First Response Date",
                   "{i},Closed,{d} 10:00,{d} 12:00,O{k},{d} 10:30"),
    "Intercom": ("Conversation ID,Conversation started at,Conversation state,First response at,"
                 "Closed at", "{i},{d} 10:00,closed,{d} 10:30,{d} 12:00"),
}  # fmt: skip


@pytest.mark.parametrize("writer", DESKS)
def test_the_tickets_of_a_desk_are_drafted_with_their_times(
    shop: Any, tmp_path: Path, writer: str
) -> None:
    header, row = DESKS[writer]
    rows = [row.format(i=i, k=i % 3, d=f"2026-03-{1 + i % 28:02}") for i in range(60)]
    path = tmp_path / "desk.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    _made, client, _text = drafted(shop, path)
    ingest(client, shop.workspace)
    log = read_table(shop.workspace, "neu", "tickets")
    waited = (log["first_response_at"] - log["created_at"]).dt.total_seconds() / 60
    ended = log["resolved_at"] if "resolved_at" in log else log["closed_at"]
    assert waited.tolist() == [30.0] * 60
    assert ((ended - log["created_at"]).dt.total_seconds() == 7200).all()


@pytest.mark.parametrize(
    ("head", "spoilt"),
    [
        ("id,date,nps", "date"),
        ("member_id,joined,tier", "joined"),
        ("order_id,customer_id,order_date,amount", "order_date"),
        ("会员号,入会日期,等级", "入会日期"),
    ],
)
@pytest.mark.parametrize("cells", [("31.02.2026", "notadate"), ("03.02.2026", "soon")])
def test_a_column_named_like_a_date_that_holds_none_is_asked_about(
    head: str, spoilt: str, cells: tuple[str, str], shop: Any, tmp_path: Path
) -> None:
    names = head.split(",")
    rows = [[cells[i] if name == spoilt else f"{i + 7}" for name in names] for i in range(2)]
    made = new("neu", [csv(tmp_path / "sent.csv", [names, *rows])], shop.workspace)
    wrong = cells[0] if cells[0].startswith("31") else cells[1]
    asked = [q for q in made.questions if repr(spoilt) in q]
    assert len(asked) == 1
    assert repr(wrong) in asked[0]
