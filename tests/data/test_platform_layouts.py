"""Ten layouts of survey and ticket platforms and of Excel by hand, from `cx new` to the numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from cxlib import params
from cxlib.data.check import check
from cxlib.data.draft import new
from cxlib.data.ingest import ingest
from cxlib.data.tables import read_table

Rows = list[list[Any]]
N = 66
START = datetime(2024, 1, 22, 15, 4)
NPS = [i % 11 for i in range(N)]
CSAT = [i % 5 + 1 for i in range(N)]
DAYS = [START + timedelta(days=i) for i in range(N)]
SERIALS = [(day - datetime(1899, 12, 30)) / timedelta(days=1) for day in DAYS]


def text(rows: Rows, encoding: str = "utf-8", mark: str = ",") -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=mark, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode(encoding)


def book(rows: Rows, *merged: str) -> bytes:
    made = openpyxl.Workbook()
    page = made.active
    assert page is not None
    for row in rows:
        page.append(row)
    for area in merged:
        page.merge_cells(area)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def chinese(day: datetime) -> str:
    half = "下午" if day.hour >= 12 else "上午"
    return f"{day.year}年{day.month}月{day.day}日 {half}{(day.hour - 1) % 12 + 1}:{day:%M}"


def wenjuanxing() -> bytes:
    """A matrix of 问卷星, its times in words, -3 for a question that was skipped."""
    head = ["序号", "提交答卷时间", "所用时间", "来源", "1、您会向朋友推荐我们吗？",
            "2、请评价—总体满意度", "2、请评价—物流速度", "3、您的建议"]  # fmt: skip
    rows = [
        [i + 1, chinese(DAYS[i]), f"{i + 60}秒", "微信", NPS[i], CSAT[i],
         -3 if i % 11 == 0 else CSAT[i], "(空)" if i % 2 else f"物流再快一点就更好了{i}"]
        for i in range(N)
    ]  # fmt: skip
    return text([head, *rows], "gb18030")


def qualtrics() -> bytes:
    """Three header rows, serial numbers as text for dates, -99 for seen and not answered."""
    names = ["StartDate", "EndDate", "Status", "Progress", "Finished", "RecordedDate",
             "ResponseId", "Q1_NPS_GROUP", "Q1", "Q2_1", "Q2_2"]  # fmt: skip
    said = [*names[:7], "Recommend - Group", "How likely are you to recommend us to a friend?",
            "Please rate - Overall satisfaction", "Please rate - Delivery"]  # fmt: skip
    ids = [f'{{"ImportId":"{name}"}}' for name in names]
    groups = ["Detractor"] * 7 + ["Passive"] * 2 + ["Promoter"] * 2
    rows = [
        [f"{SERIALS[i]:.5f}", f"{SERIALS[i]:.5f}", "IP Address", 100, "True", f"{SERIALS[i]:.5f}",
         f"R_{i:04}", groups[NPS[i]], NPS[i], CSAT[i], -99 if i % 11 == 0 else CSAT[i]]
        for i in range(N)
    ]  # fmt: skip
    return book([names, said, ids, *rows])


def survey_monkey() -> bytes:
    """Two header rows; the answer holds its number; a choice has a column each."""
    head = ["Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address",
            "How likely is it that you would recommend us?", "Overall, how satisfied are you?",
            "Which did you use?", "", "Any comments?"]  # fmt: skip
    below = ["", "", "", "", "", "Response", "Response", "Shop", "Website", "Open-Ended Response"]
    words = ["Very dissatisfied", "Dissatisfied", "Neither satisfied nor dissatisfied",
             "Satisfied", "Very satisfied"]  # fmt: skip
    ends = {0: "Not at all likely - 0", 10: "Extremely likely - 10"}
    rows = [
        [11400000000 + i, 9, f"{DAYS[i]:%m/%d/%Y %I:%M:%S %p}", f"{DAYS[i]:%m/%d/%Y %I:%M:%S %p}",
         "1.1.1.1", ends.get(NPS[i], NPS[i]), words[CSAT[i] - 1], "Shop" if i % 2 else "",
         "Website" if i % 3 else "", f"the staff were kind, number {i}" if i % 4 else ""]
        for i in range(N)
    ]  # fmt: skip
    return text([head, below, *rows], "utf-8-sig")


def lime_survey() -> bytes:
    """Question codes for names, answers in codes such as A3, semicolons."""
    head = ["id. Response ID", "submitdate. Date submitted", "lastpage. Last page",
            "startlanguage. Start language", "nps. How likely are you to recommend us?",
            "sat[SQ001]. Overall satisfaction", "sat[SQ002]. Delivery"]  # fmt: skip
    rows = [
        [i + 1, f"{DAYS[i]:%Y-%m-%d %H:%M:%S}", 3, "en", NPS[i], f"A{CSAT[i]}",
         "" if i % 11 == 0 else f"A{CSAT[i]}"]
        for i in range(N)
    ]  # fmt: skip
    return text([head, *rows], mark=";")


def google_forms() -> bytes:
    """Times with their half of the day and GMT+8 behind."""
    head = ["时间戳记", "您有多大可能推荐我们？", "整体满意度", "配送服务"]
    half = ["上午", "下午"]
    rows = [
        [f"{day.year}/{day.month:02}/{day.day:02} {(day.hour - 1) % 12 + 1}:{day:%M:%S} "
         f"{half[day.hour // 12]} GMT+8", NPS[i], CSAT[i], "" if i % 11 == 0 else CSAT[i]]
        for i, day in enumerate(DAYS)
    ]  # fmt: skip
    return text([head, *rows])


def by_hand() -> bytes:
    """A title, merged regions, a subtotal below each, `Jan-24` for dates, who made it below."""
    rows: Rows = [["2024年客户满意度调查表", *[None] * 4], ["单位：分", *[None] * 4], [None] * 5,
                  ["地区", "客户编号", "调查月份", "推荐意愿", "总体满意度"]]  # fmt: skip
    merged = ["A1:E1"]
    for place, region in enumerate(("华东", "华南", "华北")):
        first = len(rows) + 1
        for i in range(place * 22, place * 22 + 22):
            rows.append([region, f"{i:05}", f"{DAYS[i]:%b-%y}", NPS[i], CSAT[i]])
        merged.append(f"A{first}:A{len(rows)}")
        rows.append(["小计", None, None, 110, 66])
    rows += [["合计", None, None, 330, 198], [None] * 5, ["制表人：王小明", *[None] * 4]]
    return book(rows, *merged)


def zendesk() -> bytes:
    """Minutes beside the times, the time zone behind them, `-` for none, satisfaction in words."""
    head = ["Ticket ID", "Requester ID", "Created at", "Solved at", "Status", "Group", "Priority",
            "First reply time in minutes", "Full resolution time in minutes",
            "Satisfaction Score"]  # fmt: skip
    rows = [
        [i + 1, 500 + i, f"{DAYS[i]:%Y-%m-%d %H:%M:%S} +0800",
         "-" if i % 11 == 0 else f"{DAYS[i] + timedelta(hours=5):%Y-%m-%d %H:%M:%S} +0800",
         "Open" if i % 11 == 0 else "Solved", "Support", "Normal", 30 + i,
         "" if i % 11 == 0 else 300, ["Good", "Bad", "Offered"][i % 3]]
        for i in range(N)
    ]  # fmt: skip
    return text([head, *rows])


def jira() -> bytes:
    """`22/Jan/24 3:04 PM`, the comments in columns of one name."""
    head = ["Summary", "Issue key", "Issue id", "Issue Type", "Status", "Priority", "Assignee",
            "Created", "Resolved", "Comment", "Comment"]  # fmt: skip
    rows = [
        [f"broken, {i}", f"CX-{i}", 1000 + i, "Bug", "To Do" if i % 11 == 0 else "Done", "High",
         f"agent{i % 3}", jira_time(DAYS[i]),
         "" if i % 11 == 0 else jira_time(DAYS[i] + timedelta(hours=5)), "first\nline", ""]
        for i in range(N)
    ]  # fmt: skip
    return text([head, *rows])


def jira_time(day: datetime) -> str:
    return f"{day.day}/{day:%b/%y} {(day.hour - 1) % 12 + 1}:{day:%M %p}"


def service_now() -> bytes:
    """Names of fields, whether the promise was kept, an Excel made by hand of the export."""
    head = ["number", "opened_at", "resolved_at", "closed_at", "incident_state", "priority",
            "assignment_group", "made_sla", "reopen_count"]  # fmt: skip
    rows = [
        [f"INC{i:07}", f"{DAYS[i]:%d/%m/%Y %H:%M:%S}",
         "" if i % 11 == 0 else f"{DAYS[i] + timedelta(hours=5):%d/%m/%Y %H:%M:%S}", "",
         "In Progress" if i % 11 == 0 else "Resolved", "3 - Moderate", "Desk",
         "false" if i % 3 == 0 else "true", i % 2]
        for i in range(N)
    ]  # fmt: skip
    return book([["Incident"], [], head, *rows, [], ["Run By : admin", None, "Total: 66"]])


def freshdesk() -> bytes:
    """h:mm:ss for the durations, whether the SLA was kept in words."""
    head = ["Ticket ID", "Subject", "Status", "Priority", "Source", "Agent", "Group",
            "Created time", "Resolved time", "Closed time", "Agent interactions",
            "First response time (in hrs)", "Resolution time (in hrs)",
            "Resolution status"]  # fmt: skip
    rows = [
        [i + 1, "help", "Open" if i % 11 == 0 else "Resolved", "Low", "Email", "a", "Desk",
         f"{DAYS[i]:%Y-%m-%d %H:%M:%S}",
         "" if i % 11 == 0 else f"{DAYS[i] + timedelta(hours=5):%Y-%m-%d %H:%M:%S}", "", 1,
         "00:30:00", "" if i % 11 == 0 else "05:00:00",
         "SLA Violated" if i % 3 == 0 else "Within SLA"]
        for i in range(N)
    ]  # fmt: skip
    return text([head, *rows])


def salesforce() -> bytes:
    """A report saved as .xls, which is an HTML page: a title above, totals and a notice below."""
    head = ["Case Number", "Date/Time Opened", "Date/Time Closed", "Resolved", "Status", "Priority",
            "Case Owner", "Case Origin", "Case Reason", "Subject"]  # fmt: skip
    rows = [["Cases"], ["As of 2024-06-01"], [], head]
    for i in range(N):
        done = "" if i % 11 == 0 else american(DAYS[i] + timedelta(hours=5))
        rows.append([f"{i + 1:08}", american(DAYS[i]), done, done, "Solved" if done else "New",
                     "High", f"Agent {i % 3}", "Web", "Billing", f"problem {i}"])  # fmt: skip
    rows += [[], ["Grand Totals (66 records)"], ["Confidential. Do not distribute"]]
    cells = ("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<html><table>{''.join(cells)}</table></html>".encode()


def american(day: datetime) -> str:
    return f"{day.month}/{day.day}/{day.year}, {(day.hour - 1) % 12 + 1}:{day:%M %p}"


SURVEYS = (wenjuanxing, qualtrics, survey_monkey, lime_survey, google_forms, by_hand)
LOGS = (zendesk, jira, service_now, freshdesk, salesforce)


def taken_in(shop: Any, folder: Path, layout: Callable[[], bytes]) -> tuple[pd.DataFrame, str]:
    """Return the table that a draft of a layout makes, as it was drafted, and the draft."""
    content = layout()
    file = folder / f"sent.{'xlsx' if content.startswith(b'PK') else 'csv'}"
    file.write_bytes(content)
    draft = new("neu", [file], shop.workspace).file.read_text(encoding="utf-8")
    client = params.load("neu", shop.workspace)
    assert [str(f) for f in check(client, shop.workspace) if f.severity == "error"] == []
    ingest(client, shop.workspace)
    return read_table(shop.workspace, "neu", "survey" if client.survey else "tickets"), draft


@pytest.mark.parametrize("layout", SURVEYS, ids=lambda layout: layout.__name__)
def test_a_survey_is_drafted_and_every_answer_is_its_own(
    shop: Any, tmp_path: Path, layout: Callable[[], bytes]
) -> None:
    table, draft = taken_in(shop, tmp_path, layout)
    assert table["nps"].tolist() == NPS
    assert table["csat"].tolist() == CSAT
    if "delivery" in table:
        asked = [value for i, value in enumerate(CSAT) if i % 11]
        assert table["delivery"].dropna().tolist() == asked
    if layout is by_hand:
        assert table["period"].unique().tolist() == ["2024Q1"]
        assert sorted(table["region"].unique()) == ["华东", "华北", "华南"]
    else:
        assert table["date"].tolist() == DAYS
    if "comment" in table:
        assert not table["comment"].isin(["(空)"]).any()
    assert "label: Response" not in draft
    assert ("Codes do not tell" in draft) == (layout is lime_survey)


@pytest.mark.parametrize("layout", LOGS, ids=lambda layout: layout.__name__)
def test_a_ticket_log_is_drafted_and_every_time_is_its_own(
    shop: Any, tmp_path: Path, layout: Callable[[], bytes]
) -> None:
    table, _draft = taken_in(shop, tmp_path, layout)
    assert table["created_at"].tolist() == DAYS
    took = table["resolved_at"] - table["created_at"]
    ended = [i % 11 > 0 for i in range(N)]
    assert table["resolved_at"].notna().tolist() == ended
    assert took.dropna().eq(timedelta(hours=5)).all()
    assert table["state"].eq("resolved").tolist() == ended
    if "sla_met" in table:
        assert table["sla_met"].tolist() == [i % 3 > 0 for i in range(N)]
    if layout is zendesk:
        assert table["first_response_seconds"].tolist() == [60 * (30 + i) for i in range(N)]


@pytest.mark.parametrize("told", ["SLA breached", "是否超时"])
def test_a_flag_of_breaches_is_never_taken_for_kept(shop: Any, tmp_path: Path, told: str) -> None:
    head = ["Ticket ID", "Created at", "Solved at", "Status", told]
    rows = [
        [i, DAYS[i], DAYS[i] + timedelta(hours=5), "Solved", ["Yes", "No"][i % 2]] for i in range(N)
    ]
    table, draft = taken_in(shop, tmp_path, lambda: text([head, *rows]))
    assert table["sla_met"].tolist() == [bool(i % 2) for i in range(N)]
    assert "it tells the breaches" in draft


def test_a_date_that_nobody_can_read_is_asked_about_and_no_choice(
    shop: Any, tmp_path: Path
) -> None:
    rows = [[f"24/13/{i % 28 + 1:02} h{i}", i % 11] for i in range(N)]
    head = ["Date of interview", "How likely are you to recommend us?"]
    table, draft = taken_in(shop, tmp_path, lambda: text([head, *rows]))
    assert not any("=" in name for name in table)
    assert "# ? 'Date of interview' is named like a date" in draft


def test_a_rating_called_time_stays_a_rating(shop: Any, tmp_path: Path) -> None:
    rows = [[i, i % 11, i % 5 + 1] for i in range(N)]
    head = ["id", "How likely are you to recommend us?", "Delivery time"]
    table, _draft = taken_in(shop, tmp_path, lambda: text([head, *rows]))
    assert table["delivery_time"].tolist() == CSAT


def german(day: datetime) -> str:
    months = "Januar Februar März April".split()  # noqa: SIM905 - as one reads them
    return f"{day.day}. {months[day.month - 1]} {day.year}"


def utc(day: datetime) -> str:
    return f"{day:%Y-%m-%dT%H:%M:%S}" + ("Z" if day.day % 2 else "+00:00")


def taiwan(day: datetime) -> str:
    half = "下午" if day.hour > 11 else "上午"
    return f"{day:%Y/%m/%d} {half} {(day.hour - 1) % 12 + 1}:{day:%M}:05 [GMT+8]"


CELLS: dict[str, tuple[list[str], Callable[[datetime], str], Callable[[int], str], str, str]] = {
    "days of any name": (
        ["respid", "interview_end"], "{:%d.%m.%Y %H:%M}".format, str, "utf-8", ","),
    "moments with their zones": (["id", "submitted_at"], utc, str, "utf-8", ","),
    "months in German, commas in numbers": (
        ["id", "Datum", "Empfehlung (0-10)", "Zufriedenheit"],
        german, "{},0".format, "cp1252", ";"),
    "Excel's numbers of days": (
        ["id", "Completed"],
        lambda day: f"{(day - datetime(1899, 12, 30)) / timedelta(days=1):.5f}",
        str, "utf-8", ","),
    "brackets around the zone": (["id", "时间戳记"], taiwan, str, "utf-8", ","),
    "Japanese in Shift-JIS": (
        ["番号", "日付", "推奨度", "満足度"], "{:%Y年%m月%d日}".format, str, "cp932", ","),
    "Big5": (["編號", "日期", "推薦意願", "滿意度"], "{:%Y/%m/%d}".format, str, "big5", ","),
    "an answer and its code": (
        ["Response ID", "Date submitted"], str, "{0} [A{0}]".format, "utf-8", ","),
    "codes alone": (["Response ID", "Date submitted"], str, "A{:02}".format, "utf-8", ","),
}  # fmt: skip
"""By kind: names, how a day and an answer are written, encoding and separator."""


@pytest.mark.parametrize("kind", CELLS)
def test_a_survey_written_in_a_manner_of_its_own_is_drafted(
    shop: Any, tmp_path: Path, kind: str
) -> None:
    names, day, answer, encoding, mark = CELLS[kind]
    head = [*names, *["Would you recommend us?", "Overall satisfaction"][len(names) - 2 :]]
    rows = [[i, day(DAYS[i]), answer(NPS[i]), answer(CSAT[i])] for i in range(N)]
    table, draft = taken_in(shop, tmp_path, lambda: text([head, *rows], encoding, mark))
    assert table["nps"].tolist() == NPS
    assert table["csat"].tolist() == CSAT
    assert table["respondent_id"].nunique() == N
    assert ("the day of the answer?" in draft) == (names[1] == "interview_end")
    assert table["date"].dt.date.tolist() == [moment.date() for moment in DAYS]


def test_choices_of_wenjuanxing_and_of_typeform_are_one_question(shop: Any, tmp_path: Path) -> None:
    head = ["序号", "提交答卷时间", "1、您会推荐我们吗？", "2、您从哪里知道(朋友)",
            "2、您从哪里知道(其他)", "App", "Shop", "3、性别"]  # fmt: skip
    rows = [
        [i, DAYS[i], NPS[i], i % 2, ["0", "1〖路过〗"][i % 3 == 0], ["App", ""][i % 2],
         ["Shop", ""][i % 4 == 0], ["男", "(跳过)"][i % 2]]
        for i in range(N)
    ]  # fmt: skip
    table, draft = taken_in(shop, tmp_path, lambda: text([head, *rows]))
    assert "kind: multiple" in draft
    chosen = {str(name).partition("=")[2]: int(table[name].sum()) for name in table if "=" in name}
    assert chosen == {"朋友": 33, "其他": 22, "App": 33, "Shop": 49}
    assert "# ? to which question do these choices belong?" in draft


@pytest.mark.parametrize(
    ("flag", "yes", "lost"),
    [("Abandoned", "Yes", 22), ("是否接听", "否", 22), ("Answered", "N", 22)],
)
def test_calls_that_nobody_answered_are_drafted(
    shop: Any, tmp_path: Path, flag: str, yes: str, lost: int
) -> None:
    other = {"Yes": "No", "否": "是", "N": "Y"}[yes]
    head = ["Call ID", "Start Time", "Queue", "Agent", "Wait (s)", "Talk Time", "Wrap-up", flag]
    rows = [
        [i, DAYS[i], "Care", "A", i, "0:02:30", "0:00:20", other if i % 3 else yes]
        for i in range(N)
    ]
    table, draft = taken_in(shop, tmp_path, lambda: text([head, *rows]))
    assert table["state"].eq("abandoned").sum() == lost
    assert table["first_response_seconds"].tolist() == [*map(float, range(N))]
    assert table["handle_seconds"].eq(150).all()
    assert "add 'Wrap-up' by `sql:`" in draft


def test_amounts_below_0_as_accountants_write_them_are_refunds(shop: Any, tmp_path: Path) -> None:
    head = ["Order No", "Customer ID", "Order Date", "Amount"]
    written = ["£1,012.50", "(£12.50)", "-£3.20", "£(0.40)"]
    rows = [[i, f"C{i % 9}", DAYS[i].date(), written[i % 4]] for i in range(N)]
    (tmp_path / "orders.csv").write_bytes(text([head, *rows]))
    new("geld", [tmp_path / "orders.csv"], shop.workspace)
    ingest(params.load("geld", shop.workspace), shop.workspace)
    paid = read_table(shop.workspace, "geld", "transactions")["amount"]
    assert sorted(paid.unique()) == [-12.5, -3.2, -0.4, 1012.5]
