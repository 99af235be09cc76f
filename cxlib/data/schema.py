"""The canonical tables, published: every column with its dtype and its meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cxlib.data.keys import AGENT, COMMENT, CUSTOMER, ORDER, TICKET
from cxlib.errors import DataError

STATES = ("open", "resolved", "closed", "cancelled", "merged", "abandoned")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a canonical table.

    `dtype` is ``str``, ``datetime64[us]``, ``float64``, ``Int64`` or ``boolean``; `filled` says
    that every row has a value, `key` which key under ``columns:`` of the client file names its raw
    column, `domain` what kind of person or thing an id names.
    """

    name: str
    dtype: str
    meaning: str
    filled: bool = False
    key: str = ""
    domain: str = ""


TIME, TEXT, NUMBER, COUNT, FLAG = "datetime64[us]", "str", "float64", "Int64", "boolean"

SURVEY = (
    Column(name="respondent_id", dtype=TEXT, filled=True, key="id", domain=CUSTOMER,
           meaning="pseudonym of the respondent; one person has one in every table"),
    Column(name="date", dtype=TIME, key="date", meaning="when it was answered"),
    Column(name="period", dtype=TEXT, filled=True, key="period",
           meaning="label of the period: 2026Q3, 2026-09, 2026, a wave's name, or all"),
    Column(name="weight", dtype=NUMBER, filled=True, key="weight",
           meaning="weight of the response; 1 where the client has none"),
    Column(name="brand", dtype=TEXT, filled=True, key="brand",
           meaning="own for the client itself, else the competitor's name"),
    Column(name="comment", dtype=TEXT, key="comment",
           meaning="free text; what identifies or reaches a person is masked"),
)  # fmt: skip
"""Then, by their keys: each metric (float64), each touchpoint (float64) with ``<key>_used``
(boolean), each segment (str), each further question: one choice or open text (str), or several
choices, each a column ``<key>=<choice>`` (boolean: chosen, not chosen, missing where the question
was not answered). A question of one choice is a segment wherever a column is asked for."""

TICKETS = (
    Column(name="ticket_id", dtype=TEXT, filled=True, key="id", domain=TICKET,
           meaning="pseudonym of the ticket"),
    Column(name="created_at", dtype=TIME, filled=True, key="created",
           meaning="when the customer opened it"),
    Column(name="first_response_at", dtype=TIME, key="first_response",
           meaning="first answer by a person"),
    Column(name="resolved_at", dtype=TIME, key="resolved", meaning="when it was solved"),
    Column(name="closed_at", dtype=TIME, key="closed", meaning="when it was closed for good"),
    Column(name="updated_at", dtype=TIME, meaning="last event (event logs only)"),
    Column(name="state", dtype=TEXT, key="state", meaning=", ".join(STATES)),
    Column(name="customer_id", dtype=TEXT, key="customer", domain=CUSTOMER,
           meaning="pseudonym of who opened it"),
    Column(name="channel", dtype=TEXT, key="channel", meaning="by which channel it came"),
    Column(name="queue", dtype=TEXT, key="queue", meaning="in which queue it waited"),
    Column(name="priority", dtype=TEXT, key="priority", meaning="its raw priority"),
    Column(name="agent_group", dtype=TEXT, key="group", meaning="the team that handled it"),
    Column(name="agent", dtype=TEXT, key="agent", domain=AGENT,
           meaning="pseudonym of who handled it"),
    Column(name="category", dtype=TEXT, key="category", meaning="what it was about"),
    Column(name="handle_seconds", dtype=NUMBER, key="handle_seconds",
           meaning="working time in seconds"),
    Column(name="first_response_seconds", dtype=NUMBER,
           meaning="time to the first answer as the log itself gives it, in seconds"),
    Column(name="resolution_seconds", dtype=NUMBER,
           meaning="time to the solution as the log itself gives it, in seconds"),
    Column(name="reopened", dtype=COUNT, key="reopened", meaning="how often it was reopened"),
    Column(name="reassigned", dtype=COUNT, key="reassigned", meaning="how often it changed hands"),
    Column(name="csat", dtype=NUMBER, key="csat", meaning="the customer's rating of this ticket"),
    Column(name="fcr_survey", dtype=FLAG, key="fcr_survey",
           meaning="whether the customer says that one contact was enough"),
    Column(name="complaint", dtype=FLAG, key="complaint", meaning="whether it is a complaint"),
    Column(name="upheld", dtype=FLAG, key="upheld", meaning="whether the complaint was justified"),
    Column(name="sla_met", dtype=FLAG, key="sla_met",
           meaning="whether the client's own system says that the time limit was kept"),
    Column(name="comment", dtype=TEXT, key="comment",
           meaning="free text; e-mail addresses, telephone and identity-card numbers masked"),
)  # fmt: skip

MEMBERS = (
    Column(name="member_id", dtype=TEXT, filled=True, key="id", domain=CUSTOMER,
           meaning="pseudonym of the member; joins respondent_id"),
    Column(name="joined", dtype=TIME, key="joined", meaning="when the membership began"),
    Column(name="left", dtype=TIME, key="left", meaning="when it ended; missing if it goes on"),
    Column(name="tier", dtype=TEXT, key="tier", meaning="level of the programme"),
    Column(name="birthday", dtype=TIME, key="birthday", meaning="date of birth"),
    Column(name="status", dtype=TEXT, key="status", meaning="active or left"),
    Column(name="tenure", dtype=NUMBER, key="tenure",
           meaning="days as a member, where the list has no dates"),
)  # fmt: skip
"""Then the client's own attributes (str), by their keys."""

TRANSACTIONS = (
    Column(name="member_id", dtype=TEXT, filled=True, key="member", domain=CUSTOMER,
           meaning="pseudonym of who bought; joins members and respondents"),
    Column(name="date", dtype=TIME, filled=True, key="date", meaning="when it was bought"),
    Column(name="amount", dtype=NUMBER, key="amount", meaning="in the client's currency"),
    Column(name="order_id", dtype=TEXT, key="order", domain=ORDER,
           meaning="pseudonym of the order"),
    Column(name="points", dtype=NUMBER, key="points", meaning="points earned or spent"),
    Column(name="category", dtype=TEXT, key="category", meaning="what was bought"),
)  # fmt: skip

BENEFITS = (
    Column(name="member_id", dtype=TEXT, filled=True, key="member", domain=CUSTOMER,
           meaning="pseudonym of who used it"),
    Column(name="date", dtype=TIME, filled=True, key="date", meaning="when it was used"),
    Column(name="benefit", dtype=TEXT, key="benefit", meaning="which benefit"),
    Column(name="cost", dtype=NUMBER, key="cost", meaning="what it cost the client"),
)  # fmt: skip

POINTS = (
    Column(name="member_id", dtype=TEXT, filled=True, key="member", domain=CUSTOMER,
           meaning="pseudonym of whose account it is"),
    Column(name="date", dtype=TIME, filled=True, key="date", meaning="when it was entered"),
    Column(name="points", dtype=NUMBER, filled=True, key="points", meaning="how many, above 0"),
    Column(name="kind", dtype=TEXT, key="kind", meaning="issued, redeemed or expired"),
)  # fmt: skip

COMMENTS = (
    Column(name="comment_id", dtype=TEXT, key="id", domain=COMMENT,
           meaning="pseudonym of the comment"),
    Column(name="customer_id", dtype=TEXT, key="customer", domain=CUSTOMER,
           meaning="pseudonym of who wrote it; joins members and respondents"),
    Column(name="date", dtype=TIME, key="date", meaning="when it was written"),
    Column(name="period", dtype=TEXT, filled=True, meaning="label of the period, as of the survey"),
    Column(name="source", dtype=TEXT, filled=True, meaning="key of the source in the client file"),
    Column(name="channel", dtype=TEXT, key="channel", meaning="by which channel or site it came"),
    Column(name="rating", dtype=NUMBER, meaning="the rating beside it, on the source's scale"),
    Column(name="comment", dtype=TEXT, filled=True, key="text",
           meaning="free text; what identifies or reaches a person is masked"),
)  # fmt: skip
"""Then the sources' segments (str), by their keys; missing where a source has none."""

EVENTS = (
    Column(name="customer_id", dtype=TEXT, filled=True, key="customer", domain=CUSTOMER,
           meaning="pseudonym of who took the step"),
    Column(name="date", dtype=TIME, filled=True, key="time", meaning="when the step was taken"),
    Column(name="step", dtype=TEXT, filled=True, key="step", meaning="key of touchpoint or stage"),
)  # fmt: skip

CODING = (
    Column(name="comment_key", dtype=TEXT, filled=True, meaning="digest of the comment's words"),
    Column(name="coder", dtype=TEXT, filled=True, meaning="who coded it, or else the file's name"),
    Column(name="named", dtype=TEXT, meaning="keys of the themes that it speaks of"),
    Column(name="looked_for", dtype=TEXT, filled=True, meaning="keys of the themes looked for"),
)

KPIS = (
    Column(name="kpi", dtype=TEXT, filled=True, meaning="key of the figure in the client file"),
    Column(name="period", dtype=TEXT, filled=True, meaning="label of the period"),
    Column(name="unit", dtype=TEXT, filled=True, meaning="place or team, or all"),
    Column(name="value", dtype=NUMBER, filled=True,
           meaning="the figure; numerator / denominator where it is a ratio"),
    Column(name="numerator", dtype=NUMBER, meaning="cases counted, or their complement"),
    Column(name="denominator", dtype=NUMBER, meaning="cases in all"),
)  # fmt: skip

TABLES = {
    "survey": SURVEY,
    "tickets": TICKETS,
    "members": MEMBERS,
    "transactions": TRANSACTIONS,
    "benefits": BENEFITS,
    "points": POINTS,
    "comments": COMMENTS,
    "events": EVENTS,
    "coding": CODING,
    "kpis": KPIS,
}
SECTIONS = tuple(name for name in TABLES if name not in ("survey", "kpis"))
"""Tables that `cxlib.data.records` reads by their published columns alone."""


DATED = {"tickets": "created_at", "transactions": "date", "comments": "date",
         "events": "date"}  # fmt: skip
"""The column that places a row in time, where a table has no period of its own."""


CHOICES = {
    "tickets": ("state", "channel", "queue", "priority", "agent_group", "category"),
    "transactions": ("category",),
    "members": ("tier",),
    "comments": ("source", "channel"),
    "events": ("step",),
}
"""Columns that hold one of a few texts."""


def survey_columns(
    metrics: Sequence[str],
    touchpoints: Sequence[str],
    segments: Sequence[str],
    questions: Mapping[str, str] | None = None,
) -> tuple[Column, ...]:
    """Return the columns of one client's survey table, by its keys; questions with their dtypes."""
    rated = [
        column
        for key in touchpoints
        for column in (
            Column(name=key, dtype=NUMBER, meaning="rating; missing if none was given"),
            Column(
                name=f"{key}_used",
                dtype=FLAG,
                meaning="True: rated; False: did not use it; missing: no answer",
            ),
        )
    ]
    return (
        *SURVEY,
        *(Column(name=key, dtype=NUMBER, meaning="answer") for key in metrics),
        *rated,
        *(Column(name=key, dtype=TEXT, meaning="segment, raw value") for key in segments),
        *(
            Column(name=key, dtype=dtype, meaning="chosen" if dtype == FLAG else "answer, raw")
            for key, dtype in (questions or {}).items()
        ),
    )


def describe(table: str) -> pd.DataFrame:
    """Return a canonical table's published columns: ``name, dtype, filled, meaning``."""
    columns = TABLES[table]
    return pd.DataFrame(
        {
            "name": [column.name for column in columns],
            "dtype": [column.dtype for column in columns],
            "filled": [column.filled for column in columns],
            "meaning": [column.meaning for column in columns],
        }
    )


def validate(frame: pd.DataFrame, columns: Sequence[Column], *, table: str) -> pd.DataFrame:
    """Return a table that has exactly its published columns, in order.

    Raises
    ------
    DataError
        If a column is missing, surplus, of another dtype, or empty where it must be filled.
    """
    import pandera.pandas as pandera

    schema = pandera.DataFrameSchema(
        {
            column.name: pandera.Column(
                None if column.dtype == TEXT else column.dtype,
                checks=_checks(column, pandera),
                nullable=not column.filled,
            )
            for column in columns
        },
        strict=True,
        ordered=True,
    )
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        first = error.failure_cases.iloc[0]
        raise DataError(
            f"the {table} table does not fit its schema: column {first['column']!r} fails "
            f"{first['check']} ({len(error.failure_cases)} failures)."
        ) from None
    return frame


def _checks(column: Column, pandera: Any) -> list[Any]:
    checks = []
    if column.dtype == TEXT:
        checks.append(pandera.Check(lambda s: isinstance(s.dtype, pd.StringDtype), name="is text"))
    if column.name in ("weight", "reopened", "reassigned") or column.name.endswith("_seconds"):
        checks.append(pandera.Check.ge(0))
    if column.name == "state":
        checks.append(pandera.Check.isin(STATES))
    return checks
