"""The canonical tables, published: every column with its dtype and its meaning."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

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

_DTYPES = {"time": TIME, "text": TEXT, "number": NUMBER, "count": COUNT, "flag": FLAG}


def _published() -> dict[str, tuple[Column, ...]]:
    tables: dict[str, tuple[Column, ...]] = {}
    with Path(__file__).with_name("schema.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            dtype, filled = _DTYPES[row.pop("dtype")], row.pop("filled") == "yes"
            table = row.pop("table")
            tables[table] = (*tables.get(table, ()), Column(dtype=dtype, filled=filled, **row))
    return tables


TABLES = _published()
"""The published columns of each table, as ``schema.csv`` lists them. After those of the survey come
its own, by their keys: each metric (float64), each touchpoint (float64) with ``<key>_used``
(boolean), each segment (str), each further question: one choice or open text (str), or several
choices, each a column ``<key>=<choice>`` (boolean: chosen, not chosen, missing where the question
was not answered); members and comments have the client's attributes and segments (str)."""
FIELDWORK = TABLES.pop("fieldwork")
"""Then the survey's metrics, touchpoints, segments and questions, as far as the log has them."""
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
        *TABLES["survey"],
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
    return pd.DataFrame(map(vars, TABLES[table]))[["name", "dtype", "filled", "meaning"]]


def validate(frame: pd.DataFrame, columns: Sequence[Column], *, table: str) -> pd.DataFrame:
    """Return a table that has exactly its published columns, in order; else raise DataError."""
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
        schema.validate(frame, lazy=True, inplace=True)
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
