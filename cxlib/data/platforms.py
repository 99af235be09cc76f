"""Which platform wrote a table, and how it names the columns of a questionnaire."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cxlib.data.formats import matches
from cxlib.data.text import INVISIBLE

_NUMBER = re.compile(r"\d+\s*[、.．]\s*|[A-Za-z][A-Za-z0-9]*\.\s+")
_PART = re.compile(r"(\w+)\[(\w+)\]")
LEADING = ("问卷星", "LimeSurvey")
"""Who puts the question's text, numbered or coded, where the column's name should stand."""

PLATFORMS: tuple[tuple[str, int, frozenset[str]], ...] = tuple(
    (name, least, frozenset(headers.split("|")))
    for name, least, headers in (
        ("Qualtrics", 3, "startdate|enddate|responseid|recordeddate|status|finished|progress"),
        ("SurveyMonkey", 2, "respondent id|collector id|custom data 1"),
        ("问卷星", 2, "序号|提交答卷时间|所用时间|来源|来自ip|总分"),
        ("腾讯问卷", 2, "答题序号|开始答题时间|结束答题时间|答题时长|清洗数据结果"),
        ("Typeform", 2, "#|network id|start date (utc)|submit date (utc)|response type"),
        ("LimeSurvey", 3, "response id|date submitted|last page|start language|seed"),
        ("LimeSurvey", 3, "id|submitdate|lastpage|startlanguage|seed"),
        ("Jira", 3, "issue key|issue id|issue type|resolved|created|status"),
        ("ServiceNow", 3, "number|opened_at|resolved_at|closed_at|incident_state|sys_created_on"),
        ("ServiceNow", 3, "number|opened|caller|short description|assignment group"),
        ("Salesforce", 3, "case number|date/time opened|date/time closed|case origin|case owner"),
        ("Freshdesk", 3, "ticket id|created time|resolved time|closed time|agent interactions"),
        ("Zendesk", 3, "created at|solved at|requester|assignee|full resolution time in minutes|"
         "first reply time in minutes|ticket id|satisfaction score"),
        ("Google Forms", 1, "timestamp|时间戳记|时间戳|時間戳記"),
    )
)  # fmt: skip
"""Who writes such headers, and how many of them at least tell it."""


def header_name(name: object) -> str:
    """Return a column name as it is compared: blanks collapsed, invisible characters gone."""
    return " ".join(str(name).translate(INVISIBLE).split())


def platform(header: Sequence[str]) -> str:
    """Return who writes such column names, if it is known."""
    plain = {header_name(cell).casefold() for cell in header}
    plain |= {name.partition(". ")[2] for name in plain}  # LimeSurvey: "id. Response ID"
    for name, least, known in PLATFORMS:
        if len(plain & known) >= least:
            return name
    return ""


def as_asked(header: Sequence[str], wanted: Sequence[str]) -> Sequence[str]:
    """Return the names of columns, those that lead a question's text as the client file has them.

    As `cx form` asks: "3、Q1：How likely …", "q3. Q1: How likely …"; "Q8[2]" is Q8_2.
    """
    if platform(header) not in LEADING:
        return header
    names = sorted({*wanted} - {header_name(cell) for cell in header}, key=len, reverse=True)

    def asked(cell: str) -> str:
        text = header_name(cell)
        for plain in (text, _NUMBER.sub("", text, count=1), text.partition(". ")[0]):
            part = _PART.fullmatch(plain)
            whole = f"{part[1]}_{part[2]}" if part else plain
            for name in names:
                if whole == name or (part and matches(whole, name)):
                    return whole
                if plain.startswith((f"{name}:", f"{name}：")):
                    return name
        return cell

    return [asked(cell) for cell in header]
