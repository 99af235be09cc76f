"""The data room: a ticket log on disk as one checked DuckDB table, cleaned as the analysis does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from cxlib.analysis._ticket_checks import TIMES
from cxlib.analysis.business_time import BusinessHours
from cxlib.analysis.tickets import DONE, EXCLUDED, STATES, bounds
from cxlib.data._ticket_clock import Clock
from cxlib.data._ticket_flags import as_flag, check_flags
from cxlib.errors import DataError, nearest

AMOUNTS = ("handle_seconds", "reopened", "reassigned", "csat")
ENDS = ("first_response_at", "resolved_at", "closed_at")
_FORMATS = {"month": "%Y-%m", "year": "%Y"}


@dataclass(frozen=True, kw_only=True)
class Relation:
    """The table ``tickets`` of a connection: times are microseconds since 1970 UTC.

    Attributes
    ----------
    columns : frozenset of str
        Columns of the source that hold anything.
    as_of : int
        The moment, in microseconds since 1970 UTC.
    counts : mapping of str to int
        ``duplicates``, ``excluded``, ``later``, ``undated`` and ``repeated`` (clock hours).
    """

    columns: frozenset[str]
    as_of: int
    counts: Mapping[str, int]


def quoted(name: str) -> str:
    """Return a name as SQL writes an identifier."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """Return a text as SQL writes a literal."""
    return "'" + value.replace("'", "''") + "'"


def prepare(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    *,
    zone: dt.tzinfo,
    as_of: pd.Timestamp | None,
    keys: Sequence[str],
    further: Sequence[str] = (),
) -> Relation:
    """Check the log that the SQL expression `source` reads, and keep it as table ``tickets``.

    Raises
    ------
    DataError
        As :func:`cxlib.analysis.tickets.read_log`.
    """
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    kinds = {str(name): str(kind) for name, kind, *_ in described}
    kinds = _without_empty_times(connection, source, kinds)
    _check_columns(kinds, keys, further)
    plain = ", ".join(f"{name}::TIMESTAMP AS {name}" for name in TIMES if name in kinds)
    source = f"(SELECT * REPLACE ({plain}) FROM {source})"
    clock = Clock.of(connection, source, kinds, zone)
    told = _first_pass(connection, source, kinds, clock)
    moment = told["last"] if as_of is None else clock.moment(as_of)
    rows = _one_row_each(connection, source, kinds, clock, moment)
    _keep(connection, rows, kinds, clock, moment, keys, further)
    gone, later, undated = _counts(connection)
    connection.execute("DELETE FROM tickets WHERE gone OR later OR created IS NULL")
    left = _one(connection, "SELECT count(*) AS n FROM tickets")["n"]
    if not left:
        raise DataError(
            f"no ticket is left of {told['rows']} rows: {gone} are cancelled or merged, "
            f"{later} were opened after the moment, {undated} have no creation time."
        )
    unfinished = not _one(connection, "SELECT coalesce(bool_or(done), false) AS d FROM tickets")[
        "d"
    ]
    counts = {
        "duplicates": told["rows"] - left - gone - later - undated,
        "excluded": gone,
        "later": later,
        "undated": undated,
        "repeated": told["repeated"],
    }
    columns = frozenset(
        name for name in kinds if told["filled"][name] or (unfinished and name in ENDS)
    )
    return Relation(columns=columns, as_of=moment, counts=counts)


def restrict(connection: duckdb.DuckDBPyConnection, period: str | int | None) -> str:
    """Return the SQL condition of a cohort, or raise DataError where it is empty."""
    if period is None:
        return "true"
    first, following = bounds(period)
    condition = f"opened >= TIMESTAMP '{first}' AND opened < TIMESTAMP '{following}'"
    told = _one(
        connection,
        f"SELECT count(*) FILTER ({condition}) AS n, min(opened)::DATE AS first, "
        "max(opened)::DATE AS last FROM tickets",
    )
    if not told["n"]:
        raise DataError(
            f"no ticket was opened in {period}; "
            f"the log runs from {told['first']} to {told['last']}."
        )
    return condition


def spans_table(connection: duckdb.DuckDBPyConnection, calendar: BusinessHours) -> None:
    """Write the open spans of a calendar around the tickets' times as table ``spans``."""
    edges = _one(
        connection,
        "SELECT min(created) AS first, max(greatest(created, responded, resolved)) AS last "
        "FROM tickets",
    )
    around = calendar.days_around(edges["first"] / 1e6, edges["last"] / 1e6)
    opens, closes = calendar.spans(around[0], around[1])
    spans = pd.DataFrame(
        {
            "opens": (opens * 1e6).astype("int64"),
            "closes": (closes * 1e6).astype("int64"),
            "before": np.concatenate([[0.0], np.cumsum(closes - opens)])[:-1],
        }
    )
    connection.register("spans_frame", spans)
    connection.execute("CREATE OR REPLACE TABLE spans AS SELECT * FROM spans_frame")
    connection.unregister("spans_frame")


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description or ()]
    return dict(zip(names, cursor.fetchall()[0], strict=True))


def _without_empty_times(
    connection: duckdb.DuckDBPyConnection, source: str, kinds: Mapping[str, str]
) -> dict[str, str]:
    """Leave out time columns that hold nothing: a file then has no type for them."""
    odd = [n for n in TIMES[1:] if n in kinds and not kinds[n].startswith("TIMESTAMP")]
    if not odd:
        return dict(kinds)
    filled = _one(
        connection, f"SELECT {', '.join(f'count({n}) AS {n}' for n in odd)} FROM {source}"
    )
    return {name: kind for name, kind in kinds.items() if filled.get(name, 1)}


def _check_columns(kinds: Mapping[str, str], keys: Sequence[str], further: Sequence[str]) -> None:
    derived = [key for key in keys if key in (*_FORMATS, "quarter") and key not in kinds]
    for name in ("ticket_id", "created_at", *keys, *further):
        if name not in kinds and name not in derived:
            raise DataError(f"column {name!r} is not in the tickets{nearest(name, kinds)}")
    for name in TIMES:
        if name in kinds and not kinds[name].startswith("TIMESTAMP"):
            raise DataError(f"{name!r} is {kinds[name]}, no date with a time; convert it first.")
        if name in kinds and "TIME ZONE" in kinds[name]:
            raise DataError(
                f"{name!r} carries a time zone; canonical tables keep one wall clock without one."
            )


def _first_pass(
    connection: duckdb.DuckDBPyConnection, source: str, kinds: Mapping[str, str], clock: Clock
) -> dict[str, Any]:
    """Count what is wrong in one reading of the log, and raise DataError for the first of it."""
    times = [name for name in TIMES if name in kinds]
    amounts = [name for name in AMOUNTS[:3] if name in kinds]
    skipped = " OR ".join(clock.skipped(name) for name in times)
    repeated = " + ".join(
        f"count(*) FILTER (({clock.repeated(name)}) AND NOT coalesce({clock.second(name)}, false))"
        for name in times
    )
    parts = ["count(*) AS rows", "count(ticket_id) AS named"]
    parts += [f"count({quoted(name)}) AS {quoted('filled ' + name)}" for name in kinds]
    parts += [f"count(*) FILTER ({skipped}) AS skipped", f"{repeated} AS repeated"]
    parts += [
        f"count(*) FILTER ({name} < 0 OR isinf({name}::DOUBLE)) AS bad_{name}" for name in amounts
    ]
    parts.append(f"max(greatest({', '.join(clock.utc(name) for name in times)})) AS last")
    if "state" in kinds:
        known = ", ".join(text(state) for state in STATES)
        parts.append(f"any_value(state) FILTER (state NOT IN ({known})) AS strange")
        parts.append(f"count(*) FILTER (state NOT IN ({known})) AS n_strange")
    told = _one(connection, f"SELECT {', '.join(parts)} FROM {source}")
    if not told["rows"]:
        raise DataError("the tickets table has no rows.")
    if told["named"] < told["rows"]:
        raise DataError(f"{told['rows'] - told['named']} rows have no ticket_id.")
    if told["skipped"]:
        raise DataError(
            f"{told['skipped']} rows hold an hour that the clocks of {clock.zone} skipped."
        )
    for name in amounts:
        if told[f"bad_{name}"]:
            raise DataError(f"{told[f'bad_{name}']} values of {name!r} are negative or infinite.")
    if told.get("n_strange"):
        raise DataError(
            f"'state' holds {told['strange']!r} ({told['n_strange']} such); "
            f"map it to one of {', '.join(STATES)}."
        )
    check_flags(connection, source, kinds)
    told["filled"] = {name: told[f"filled {name}"] for name in kinds}
    return told


def _one_row_each(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    kinds: Mapping[str, str],
    clock: Clock,
    moment: int,
) -> str:
    """Return the SQL of the log with one row a ticket: its last one known at the moment."""
    told = _one(connection, f"SELECT count(*) - count(DISTINCT ticket_id) AS surplus FROM {source}")
    if not told["surplus"]:
        return source
    if "updated_at" not in kinds:
        raise DataError(
            f"{told['surplus']} rows repeat a ticket, and no updated_at says which is the last; "
            "add the column, or fold the events first."
        )
    known = f"coalesce({clock.utc('updated_at')} <= {moment}, false)"
    return (
        f"(SELECT * FROM {source} QUALIFY row_number() OVER (PARTITION BY ticket_id "
        f"ORDER BY {known} DESC, updated_at DESC NULLS LAST) = 1)"
    )


def _keep(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    kinds: Mapping[str, str],
    clock: Clock,
    moment: int,
    keys: Sequence[str],
    further: Sequence[str],
) -> None:
    """Write the table ``tickets`` as it stood at the moment, having checked the order of times."""
    utc = {n: clock.utc(n) if n in kinds else "NULL::BIGINT" for n in ("created_at", *ENDS)}
    state = "state" if "state" in kinds else "NULL"
    finished, outside = (", ".join(map(text, states)) for states in (DONE, EXCLUDED))
    carried = [n for n in dict.fromkeys((*AMOUNTS, "priority", *further)) if n in kinds]
    named = [quoted(n) for n in carried]
    named += [as_flag(n, kinds) for n in ("fcr_survey",) if n in kinds]
    named += [f"({_key(k, kinds)})::VARCHAR AS {quoted('by ' + k)}" for k in keys]
    connection.execute(
        f"""CREATE TABLE tickets AS
        WITH moments AS (
            SELECT *, {utc["created_at"]} AS created, {utc["first_response_at"]} AS first_answer,
                {utc["resolved_at"]} AS solved, {utc["closed_at"]} AS shut FROM {rows}),
        states AS (
            SELECT *, coalesce(solved, shut) AS ended,
                coalesce({state}, CASE WHEN coalesce(solved, shut) IS NULL THEN 'open'
                    ELSE 'resolved' END) AS given FROM moments),
        judged AS (
            SELECT *, given IN ({outside})
                    AND NOT coalesce(coalesce(shut, solved) > {moment}, false) AS gone,
                given IN ({finished}) AND NOT coalesce(ended > {moment}, false) AS done FROM states)
        SELECT {", ".join([*named, "created", "done"])},
            created_at AS opened, created > {moment} AS later,
            gone AND NOT coalesce(created > {moment}, false) AND created IS NOT NULL AS gone,
            CASE WHEN first_answer <= {moment} THEN first_answer END AS responded,
            CASE WHEN done THEN ended END AS resolved,
            first_answer < created AS early_answer, solved < created AS early_end,
            shut < created AS early_close
        FROM judged"""
    )
    words = {
        "early_answer": "were answered before they were created",
        "early_end": "were resolved before they were opened",
        "early_close": "were closed before they were opened",
    }
    for flag, what in words.items():
        n = _one(connection, f"SELECT count(*) FILTER ({flag}) AS n FROM tickets")["n"]
        if n:
            raise DataError(f"{n} tickets {what}; correct the log or its columns.")


def _key(key: str, kinds: Mapping[str, str]) -> str:
    if key in kinds:
        return quoted(key)
    if key == "quarter":
        return "(strftime(created_at, '%Y') || 'Q' || quarter(created_at))"
    return f"strftime(created_at, '{_FORMATS[key]}')"


def _counts(connection: duckdb.DuckDBPyConnection) -> tuple[int, int, int]:
    told = _one(
        connection,
        "SELECT count(*) FILTER (gone) AS gone, count(*) FILTER (later) AS later, "
        "count(*) FILTER (created IS NULL) AS undated FROM tickets",
    )
    return told["gone"], told["later"], told["undated"]
