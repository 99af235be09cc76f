"""The data room: the canonical tables, read back as they were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from cxlib import periods
from cxlib.analysis.metrics import EXCLUDED
from cxlib.data.schema import DATED, TABLES, TEXT
from cxlib.data.store import (
    count_rows,
    read_coded,
    read_distinct,
    read_frame,
    read_narrow,
    read_record,
)
from cxlib.data.survey import OWN
from cxlib.errors import DataError, SetupError, nearest
from cxlib.workspace import Workspace

if TYPE_CHECKING:
    from cxlib.params import Client


def read_table(
    workspace: Workspace, client_name: str, table: str, columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """Return a canonical table of a client, with the dtypes that `cxlib.data.schema` publishes.

    Only some `columns`, in their order, where they are named. `SetupError` if nothing has been
    taken in, `DataError` if there is no such table or column.
    """
    dtypes = _dtypes(workspace, client_name, table)
    if columns is not None:
        for column in columns:
            if column not in dtypes:
                raise DataError(f"{column!r} is not in the {table} table{nearest(column, dtypes)}")
        dtypes = {column: dtypes[column] for column in columns}
    return read_frame(workspace.tables(client_name) / f"{table}.parquet", dtypes)


def read_periods(
    workspace: Workspace,
    client_name: str,
    table: str,
    wanted: Sequence[str],
    *,
    kind_of: str,
    columns: Sequence[str] | None = None,
    share: float = 1.0,
) -> pd.DataFrame:
    """Return the rows of a table of the `wanted` periods, no others being read.

    Their labels are of the kind of the period `kind_of`, as `by_kind` gives them; `columns` as far
    as the table has them, beside ``period``. A table without periods comes whole. Of the rows a
    `share` as `read_frame` draws it.
    """
    dtypes = _dtypes(workspace, client_name, table)
    path = workspace.tables(client_name) / f"{table}.parquet"
    named = dtypes if columns is None else {"period": 0, **dict.fromkeys(columns)}
    chosen = {name: dtype for name, dtype in dtypes.items() if name in named}
    where, given = _within(path, dtypes, wanted, kind_of)
    if given or "period" not in dtypes:
        return read_frame(path, chosen, where, given, share=share)
    rows = read_frame(path, chosen | {"date": dtypes["date"]}, where, share=share)
    return by_kind(rows, kind_of)[list(chosen)]


def count_periods(
    workspace: Workspace,
    client_name: str,
    table: str,
    wanted: Sequence[str],
    *,
    kind_of: str,
    said: bool = False,
) -> int:
    """Return how many rows `read_periods` would give: of own customers, and with a comment."""
    dtypes = _dtypes(workspace, client_name, table)
    path = workspace.tables(client_name) / f"{table}.parquet"
    where, given = _within(path, dtypes, wanted, kind_of)
    own = f" AND \"brand\" = '{OWN}'" if "brand" in dtypes else ""
    words = " AND trim(\"comment\") <> ''" if said else ""
    none = said and "comment" not in dtypes
    return 0 if none else count_rows(path, f"({where}){own}{words}", given)


def _within(
    path: Path, dtypes: Mapping[str, str], wanted: Sequence[str], kind_of: str
) -> tuple[str, dict[str, list[str]]]:
    """Return the condition of SQL that holds of a table's rows of periods, and its values.

    By the days of periods, without values, where the table's own are of another kind.
    """
    if "period" not in dtypes:
        return "TRUE", {}
    by_date = periods.kind_of(kind_of) and "date" in dtypes
    if not by_date or kind_of in read_distinct(path, '"period"'):
        return '"period" IN (SELECT unnest($wanted))', {"wanted": list(wanted)}
    days = [
        f"\"date\"::DATE BETWEEN '{each.start}' AND '{each.end}'"
        for each in map(periods.parse, wanted)
    ]
    return " OR ".join(days) or "FALSE", {}


def silent_tables(workspace: Workspace, client: Client, period: str) -> tuple[str, ...]:
    """Return the tables that hold nothing of a period, so that no chapter can rest on them."""
    if client.tickets is None:
        return ()
    dtypes = _dtypes(workspace, client.client, "tickets")
    wanted = [name for name in ("created_at", "state") if name in dtypes]
    path = workspace.tables(client.client) / "tickets.parquet"
    log = read_narrow(path, {name: dtypes[name] for name in wanted}, {"state": "category"})
    return () if opened_in(log, period).any() else ("tickets",)


def opened_in(tickets: pd.DataFrame, period: str, *, or_before: bool = False) -> pd.Series:
    """Return which tickets were opened in a period and are neither cancelled nor merged.

    A period without a place in the calendar is all time.
    """
    found = tickets["created_at"].notna()
    if periods.kind_of(period):
        when = periods.parse(period)
        found &= tickets["created_at"] < pd.Timestamp((when + 1).start)
        found &= or_before | (tickets["created_at"] >= pd.Timestamp(when.start))
    return found & ~tickets["state"].isin(EXCLUDED) if "state" in tickets else found


_UNREAD = ("agent", "comment")
"""Columns of the ticket log that no question about the service reads."""


def read_tickets(workspace: Workspace, client_name: str) -> pd.DataFrame:
    """Return the ticket log as the questions about a service read it, however long it is.

    The canonical columns but for ``agent`` and ``comment``; texts as categoricals, pseudonyms as
    whole numbers: some 70 bytes a ticket. Errors as of `read_table`.
    """
    published = {column.name: column for column in TABLES["tickets"]}
    dtypes = {
        name: dtype
        for name, dtype in _dtypes(workspace, client_name, "tickets").items()
        if name not in _UNREAD
    }
    kinds = {
        name: "id" if published[name].domain else "category"
        for name, dtype in dtypes.items()
        if dtype == TEXT
    }
    return read_narrow(workspace.tables(client_name) / "tickets.parquet", dtypes, kinds)


def read_entries(
    workspace: Workspace, client_name: str, table: str, columns: Sequence[str]
) -> pd.DataFrame:
    """Return members' entries, their ids as a category: millions of rows stay small.

    `columns` are read as far as the table has them.
    """
    known = _record(workspace, client_name)["tables"][table]["columns"]
    path = workspace.tables(client_name) / f"{table}.parquet"
    return read_coded(path, "member_id", [name for name in columns if name in known])


def periods_of(workspace: Workspace, client: Client, asked: str = "latest") -> list[str]:
    """Return every period that a client's tables hold, in time order; waves as the rows come.

    Those of the client's own survey responses; without a survey, those of its kpis, tickets and
    transactions. If the period `asked` for is of another kind than the client's (a month of a
    client that reports by quarter; or just ``month``), and rows have dates, periods of that kind.
    """
    own = _own_periods(workspace, client)
    kind = asked if asked in periods.FREQUENCY else periods.kind_of(asked)
    if kind in (None, client.period) or (periods.kind_of(asked) and periods.has(own, asked)):
        return own
    return _dated_periods(workspace, client, kind) or own


def by_kind(frame: pd.DataFrame, period: str) -> pd.DataFrame:
    """Return dated rows with labels of the kind of `period`, where theirs are of another kind."""
    kind = periods.kind_of(period)
    if kind is None or "date" not in frame or (frame["period"] == period).any():
        return frame
    return frame.assign(period=periods.label_dates(frame["date"], kind))


def _dated_periods(workspace: Workspace, client: Client, kind: periods.Kind) -> list[str]:
    labels: list[str] = []
    tables = _record(workspace, client.client)["tables"]
    for table, column in {"survey": "date", **DATED}.items():
        if table in tables and column in tables[table]["columns"]:
            labels += _labels(workspace, client.client, table, column, kind)
    return periods.order(labels)


def _labels(
    workspace: Workspace, name: str, table: str, column: str, kind: periods.Kind
) -> list[str]:
    """Return the periods of a table's dates; each day is labelled once."""
    days = read_distinct(
        workspace.tables(name) / f"{table}.parquet", f"date_trunc('day', \"{column}\")"
    )
    dated = pd.Series(days, dtype="datetime64[us]")
    found: list[str] = periods.label_dates(dated, kind).dropna().unique().tolist()
    return found


def _own_periods(workspace: Workspace, client: Client) -> list[str]:
    name = client.client
    tables = _record(workspace, name)["tables"]
    if "survey" in tables:
        path = workspace.tables(name) / "survey.parquet"
        return periods.order(read_distinct(path, '"period"', f"\"brand\" = '{OWN}'"))
    labels: list[str] = []
    for table in [each for each in ("kpis", "comments") if each in tables]:
        labels += read_distinct(workspace.tables(name) / f"{table}.parquet", '"period"')
    kind = client.period
    for table, column in DATED.items():
        if table in tables and kind != "wave":
            labels += _labels(workspace, name, table, column, kind)
    return periods.order(labels) or ["all"]


def ordered(survey: pd.DataFrame, client: Client) -> pd.DataFrame:
    """Return `survey` with its segments in the declared order, the values not listed after them.

    Segments without an ``order:`` stay as they are.
    """
    segments = client.survey.segments if client.survey is not None else {}
    columns = {}
    for key, segment in segments.items():
        if segment.order and key in survey:
            present = list(survey[key].dropna().unique())
            listed = [value for value in segment.order if value in present]
            others = sorted(set(present) - set(listed))
            columns[key] = pd.Categorical(survey[key], categories=[*listed, *others])
    return survey.assign(**columns)


def provenance(workspace: Workspace, client: Client) -> dict[str, Any]:
    """Return where a client's numbers come from.

    ``params`` (hash of the client file), ``key`` (id of the key), ``kit`` (version) and ``tables``:
    by name ``read`` and ``kept`` (rows), ``dropped`` (rows by reason), ``off_scale`` (values by
    key), ``masked`` (markers by kind) and ``files`` (hash by name).
    """
    record = _record(workspace, client.client)
    told = ("read", "kept", "dropped", "off_scale", "masked", "files")
    return {
        "params": record["params"],
        "key": record["key"],
        "kit": record["kit"],
        "tables": {
            name: {key: table[key] for key in told} for name, table in record["tables"].items()
        },
    }


def columns_of(workspace: Workspace, client_name: str, table: str) -> list[str]:
    """Return the names of a table's columns."""
    return list(_dtypes(workspace, client_name, table))


def _dtypes(workspace: Workspace, client_name: str, table: str) -> dict[str, str]:
    tables = _record(workspace, client_name)["tables"]
    if table not in tables:
        raise DataError(f"{client_name} has no {table} table{nearest(table, tables)}")
    found: dict[str, str] = tables[table]["columns"]
    return found


def _record(workspace: Workspace, client_name: str) -> dict[str, Any]:
    record = read_record(workspace.tables(client_name))
    if record is None:
        raise SetupError(f"{client_name} has no tables yet; `cx run {client_name}` makes them.")
    return record
