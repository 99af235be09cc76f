"""The data room: the wall clock of a ticket log as SQL, through the changes of its zone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

from cxlib.analysis._ticket_checks import TIMES
from cxlib.errors import DataError


@dataclass(frozen=True)
class Clock:
    """Wall clock to UTC: offset in seconds before the first change, then (wall, offset) pairs."""

    zone: dt.tzinfo
    offset: int
    changes: tuple[tuple[pd.Timestamp, int, int], ...]

    @classmethod
    def of(
        cls,
        connection: duckdb.DuckDBPyConnection,
        source: str,
        kinds: Mapping[str, str],
        zone: dt.tzinfo,
    ) -> Clock:
        edges = ", ".join(
            f"min({c})::DATE AS {c}_0, max({c})::DATE AS {c}_1" for c in TIMES if c in kinds
        )
        row = connection.execute(f"SELECT {edges} FROM {source}").fetchall()[0]
        days = [day for day in row if day]
        if not days:
            raise DataError("no ticket has a creation time.")
        first, last = (pd.Timestamp(day) for day in (min(days), max(days)))
        hours = pd.date_range(
            first - pd.Timedelta(days=2), last + pd.Timedelta(days=2), freq="15min", tz="UTC"
        )
        walls = hours.tz_convert(zone).tz_localize(None)
        offsets = (walls.asi8 - hours.tz_localize(None).asi8) // _per_second(walls)
        at = np.flatnonzero(np.diff(offsets)) + 1
        changes = tuple(
            (
                hours[i].tz_localize(None) + pd.Timedelta(seconds=int(offsets[i - 1])),
                int(offsets[i - 1]),
                int(offsets[i]),
            )
            for i in map(int, at)
        )
        return cls(zone, int(offsets[0]), changes)

    def utc(self, column: str) -> str:
        """Return the SQL of a wall-clock column in microseconds UTC.

        A repeated hour is the first, unless it then lay before the creation of the ticket.
        """
        again = self.second(column)
        first, second = self._utc(column), self._utc(column, last=True)
        return first if again == "false" else f"CASE WHEN {again} THEN {second} ELSE {first} END"

    def second(self, column: str) -> str:
        """Return the SQL that is true where a repeated hour is read as the second."""
        repeated = self.repeated(column)
        if column == "created_at" or repeated == "false":
            return "false"
        return f"(({repeated}) AND {self._utc(column)} < {self._utc('created_at')})"

    def _utc(self, column: str, *, last: bool = False) -> str:
        offset = str(self.offset)
        for wall, before, after in self.changes:
            back = before - after if last and after < before else 0
            since = wall - pd.Timedelta(seconds=back)
            offset = f"CASE WHEN {column} >= TIMESTAMP '{since}' THEN {after} ELSE {offset} END"
        return f"(epoch_us({column}) - 1000000::BIGINT * ({offset}))"

    def moment(self, as_of: pd.Timestamp) -> int:
        """Return a moment in microseconds UTC."""
        moment = as_of
        if moment.tzinfo is None:
            moment = moment.tz_localize(self.zone, ambiguous=False, nonexistent="shift_forward")
        return int(moment.tz_convert("UTC").tz_localize(None).as_unit("us").value // 1000)

    def skipped(self, column: str) -> str:
        """Return the SQL that is true where the clock skipped the moment."""
        return self._around(column, gap=True)

    def repeated(self, column: str) -> str:
        """Return the SQL that is true where the moment came twice."""
        return self._around(column, gap=False)

    def _around(self, column: str, *, gap: bool) -> str:
        parts = []
        for wall, before, after in self.changes:
            width = pd.Timedelta(seconds=abs(after - before))
            if gap and after > before:
                parts.append((wall, wall + width))
            if not gap and after < before:
                parts.append((wall - width, wall))
        tests = [
            f"({column} >= TIMESTAMP '{low}' AND {column} < TIMESTAMP '{high}')"
            for low, high in parts
        ]
        return " OR ".join(tests) or "false"


def _per_second(walls: pd.DatetimeIndex) -> int:
    return {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[walls.unit]
