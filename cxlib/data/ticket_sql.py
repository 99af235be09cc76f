"""The data room: the service KPIs of a ticket log too large for memory, by DuckDB."""

from __future__ import annotations

import datetime as dt
import glob
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import duckdb

from cxlib.analysis._intervals import check_confidence
from cxlib.analysis._kpi_rows import Sla, check_sla
from cxlib.analysis.business_time import BusinessHours
from cxlib.analysis.first_contact import Method
from cxlib.analysis.results import MINIMUM_BASE
from cxlib.analysis.service import TicketKpis
from cxlib.analysis.tickets import Moment, read_moment
from cxlib.data import _ticket_relation as relation
from cxlib.data._ticket_summary import Summary
from cxlib.errors import DataError, nearest

MEMORY_LIMIT = "1GB"
"""Sorting and grouping beyond it go to disk; ten million tickets then fit on a laptop."""
_READERS = {".parquet": "read_parquet", ".csv": "read_csv"}


def summarise_tickets(
    path: str | Path,
    *,
    by: str | Sequence[str] | None = None,
    calendar: BusinessHours | None = None,
    sla: Sla | None = None,
    period: str | int | None = None,
    as_of: Moment = None,
    fcr: Method = "reopened",
    repeat_days: float = 7,
    minimum_base: int = MINIMUM_BASE,
    confidence: float = 0.95,
    memory_limit: str = MEMORY_LIMIT,
    scratch: Path | None = None,
) -> TicketKpis:
    """Compute :func:`cxlib.analysis.service.ticket_kpis` without loading the log.

    Raises
    ------
    DataError
        As there; also if no file fits the pattern, or its kind is unknown.
    """
    check_confidence(confidence)
    limits = check_sla(sla)
    if fcr not in get_args(Method):
        raise DataError(f"there is no FCR method {fcr!r}{nearest(fcr, get_args(Method))}")
    keys = [by] if isinstance(by, str) else list(by or ())
    source = _source(path)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        connection = duckdb.connect(str(Path(folder) / "tickets.duckdb"))
        try:
            connection.execute(f"SET memory_limit = {relation.text(memory_limit)}")
            connection.execute(f"SET temp_directory = {relation.text(folder)}")
            connection.execute("SET preserve_insertion_order = false")
            connection.execute("SET enable_progress_bar = false")
            log = relation.prepare(
                connection,
                source,
                zone=calendar.zone if calendar else dt.UTC,
                as_of=None if as_of is None else read_moment(as_of),
                keys=keys,
                further=("ticket_id", "customer_id") if fcr == "repeat" else (),
            )
            summary = Summary(connection, log, keys, calendar, limits, confidence)
            summary.choose(relation.restrict(connection, period), fcr, repeat_days)
            return summary.result(fcr, repeat_days, minimum_base)
        finally:
            connection.close()


def _source(path: str | Path) -> str:
    found = sorted(glob.glob(str(path)))  # noqa: PTH207 (a pattern may be absolute)
    if not found and Path(path).exists():
        found = [str(path)]
    if not found:
        raise DataError(f"there is no file {str(path)!r}.")
    kinds = {Path(each).suffix.lower() for each in found}
    if len(kinds) > 1 or not kinds <= _READERS.keys():
        raise DataError(
            f"{str(path)!r} is {', '.join(sorted(kinds))}; write one kind of {', '.join(_READERS)}."
        )
    files = ", ".join(relation.text(glob.escape(each)) for each in found)
    return f"{_READERS[kinds.pop()]}([{files}])"
