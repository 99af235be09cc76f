"""The data room: yes-or-no columns of a ticket log in DuckDB, held to what the analysis accepts."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from cxlib.analysis._ticket_checks import FLAGS
from cxlib.errors import DataError

_PLAIN = "BOOLEAN"


def check_flags(
    connection: duckdb.DuckDBPyConnection, source: str, kinds: Mapping[str, str]
) -> None:
    """Raise DataError where a flag is anything but true, false, 1, 0 or missing."""
    for name in (n for n in FLAGS if kinds.get(n, _PLAIN) != _PLAIN):
        strange = f"{name} IS NOT NULL"
        if _number(kinds[name]):
            strange = f"coalesce({_known(name, kinds)} NOT IN (0, 1), false)"
        found = connection.execute(
            f"SELECT first({name}), count(*) FROM {source} WHERE {strange}"
        ).fetchall()
        value, n = found[0]
        if n:
            raise DataError(f"{name!r} holds {value!r} ({n} such); it is true, false or missing.")


def as_flag(name: str, kinds: Mapping[str, str]) -> str:
    """Return the SQL of a checked flag as a boolean."""
    return f"{_known(name, kinds)}::{_PLAIN} AS {name}"


def _number(kind: str) -> bool:
    return "INT" in kind or kind in ("FLOAT", "DOUBLE") or kind.startswith("DECIMAL")


def _known(name: str, kinds: Mapping[str, str]) -> str:
    """Return the SQL of a flag whose NaN is missing."""
    return f"nullif({name}, 'NaN'::DOUBLE)" if kinds[name] in ("FLOAT", "DOUBLE") else name
