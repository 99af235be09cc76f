"""The data room: the questions put to a ticket log in DuckDB, answered as the analysis does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from cxlib.analysis._durations import Durations
from cxlib.analysis._kpi_rows import (
    BUSINESS,
    CALENDAR,
    COLUMNS,
    RESOLVED_BY,
    Row,
    absent_caveats,
    count_row,
    mean_row,
    quantile_rows,
    row_caveats,
    share_row,
    sla_row,
    unknown_priority,
    untimed_caveats,
)
from cxlib.analysis.business_time import BusinessHours
from cxlib.analysis.first_contact import NEEDS, Method
from cxlib.analysis.results import Caveat
from cxlib.analysis.service import TicketKpis
from cxlib.analysis.tickets import left_out
from cxlib.data import _ticket_relation as relation
from cxlib.errors import DataError
from cxlib.words import mark as _

_ENDS = {"first_response": "responded", "resolution": "resolved"}


class Summary:
    """The questions put to table ``tickets``, one group at a time, so that memory stays flat."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        log: relation.Relation,
        keys: list[str],
        calendar: BusinessHours | None,
        limits: dict[str, float | dict[str, float]],
        confidence: float,
    ) -> None:
        self.connection, self.log, self.keys = connection, log, keys
        self.calendar, self.limits, self.confidence = calendar, limits, confidence
        self.unknown = "NOT counted"
        self.measured = [
            kpi
            for kpi, needs in (
                ("first_response", {"first_response_at"}),
                ("resolution", RESOLVED_BY),
            )
            if needs & log.columns
        ]

    def choose(self, condition: str, fcr: Method, repeat_days: float) -> None:
        """Write the cohort as table ``cohort``: durations, limits, and the judgement of FCR."""
        now = self.log.as_of
        counted, success, window = self._judged(fcr, repeat_days)
        if fcr != "survey":
            self.unknown = "done AND NOT counted AND NOT window_open"
        repeats = fcr == "repeat" and NEEDS[fcr] in self.log.columns
        following = (
            "lead(created) OVER (PARTITION BY customer_id ORDER BY created, ticket_id)"
            if repeats
            else "NULL"
        )
        until = [
            f"CASE WHEN {end} IS NOT NULL THEN {end} WHEN NOT done THEN {now} END AS until_{kpi}"
            for kpi, end in _ENDS.items()
        ]
        self.connection.execute(
            f"CREATE VIEW chosen AS SELECT *, {counted} AS counted, {success} AS success, "
            f"{window} AS window_open, {', '.join(until)} FROM "
            f"(SELECT *, {following} AS next_created FROM tickets) WHERE {condition}"
        )
        seconds = [
            f"(until_{kpi} - created) / 1e6 AS {CALENDAR}_{kpi}" for kpi in self.measured
        ] + [f"{self._allowed(kpi)} AS allowed_{kpi}" for kpi in self.measured]
        table = "chosen"
        if self.calendar is not None:
            relation.spans_table(self.connection, self.calendar)
            moments = {"created": "created"} | {k: f"until_{k}" for k in self.measured}
            for name, column in moments.items():
                table = (
                    f"(SELECT x.*, coalesce(s.before + (least(x.{column}, s.closes) - s.opens) "
                    f"/ 1e6, CASE WHEN x.{column} IS NOT NULL THEN 0 END) AS passed_{name} "
                    f"FROM {table} x ASOF LEFT JOIN spans s ON x.{column} >= s.opens)"
                )
            seconds += [
                f"passed_{kpi} - passed_created AS {BUSINESS}_{kpi}" for kpi in self.measured
            ]
        made = ", ".join(seconds) or "NULL AS nothing"
        self.connection.execute(f"CREATE TABLE cohort AS SELECT *, {made} FROM {table}")
        for kpi in self.measured:
            self._check_priorities(kpi)

    def _judged(self, fcr: Method, repeat_days: float) -> tuple[str, str, str]:
        """Return the SQL of: in the denominator, a success, a window still open."""
        if NEEDS[fcr] not in self.log.columns:
            return "false", "false", "false"
        if fcr == "survey":
            return "fcr_survey IS NOT NULL", "coalesce(fcr_survey, false)", "false"
        if fcr == "reopened":
            ever = "(reopened IS NOT NULL AND (done OR reopened > 0))"
            return ever, "coalesce(done AND reopened = 0, false)", "false"
        if not 0 < repeat_days < np.inf:
            raise DataError(f"repeat_days is {repeat_days}; write days, more than 0.")
        closes = f"(resolved + {int(repeat_days * 86_400_000_000)})"
        known = "done AND customer_id IS NOT NULL AND resolved IS NOT NULL"
        window = f"coalesce({known} AND {closes} > {self.log.as_of}, false)"
        counted = f"coalesce({known} AND {closes} <= {self.log.as_of}, false)"
        fine = f"{counted} AND NOT coalesce(next_created <= {closes}, false)"
        return counted, fine, window

    def _allowed(self, kpi: str) -> str:
        limit = self.limits.get(kpi)
        if limit is None:
            return "NULL::DOUBLE"
        if not isinstance(limit, dict):
            return f"{limit!r}::DOUBLE"
        if "priority" not in self.log.columns:
            raise DataError(
                f"the SLA on {kpi} goes by priority, but the tickets have no 'priority'."
            )
        cases = " ".join(f"WHEN {relation.text(k)} THEN {v!r}" for k, v in limit.items())
        return f"(CASE priority::VARCHAR {cases} END)::DOUBLE"

    def _check_priorities(self, kpi: str) -> None:
        limit = self.limits.get(kpi)
        if not isinstance(limit, dict):
            return
        strange = self.connection.execute(
            f"SELECT priority, count(*) FROM cohort WHERE allowed_{kpi} IS NULL "
            f"AND {self._named()} GROUP BY 1 ORDER BY 2 DESC LIMIT 1"
        ).fetchall()
        if strange:
            priority, n = strange[0]
            raise unknown_priority(kpi, priority, n, list(limit))

    def _named(self) -> str:
        tests = [f"{relation.quoted('by ' + key)} IS NOT NULL" for key in self.keys]
        return " AND ".join(tests) or "true"

    def result(self, fcr: Method, repeat_days: float, minimum_base: int) -> TicketKpis:
        """Return the table of all groups, with what was left out."""
        rows: list[dict[str, Any]] = []
        contacts: list[dict[str, Any]] = []
        used = 0
        for group, where in self._groups():
            plain = self._plain(where)
            used += plain["n"]
            made = [*self._durations(where), *self._plain_rows(plain, where)]
            if NEEDS[fcr] in self.log.columns:
                made.append(share_row("fcr", plain["success"], plain["counted"], self.confidence))
                contacts.append(group | _contact(plain, fcr, repeat_days))
            rows += [group | row.cells() for row in made]
        table = pd.DataFrame(rows, columns=[*self.keys, *COLUMNS])
        counts = {f"n_{name}": n for name, n in self.log.counts.items()}
        caveats = (
            *left_out(**counts),
            *self._missing(),
            *absent_caveats(self.log.columns, fcr),
            *untimed_caveats(self._untimed()),
            *row_caveats(table, minimum_base),
        )
        return TicketKpis(
            table=table,
            first_contact=pd.DataFrame(contacts),
            as_of=pd.Timestamp(self.log.as_of, unit="us"),
            n_used=used,
            n_dropped=counts["n_excluded"] + counts["n_later"] + counts["n_undated"],
            n_duplicates=counts["n_duplicates"],
            caveats=caveats,
        )

    def _groups(self) -> list[tuple[dict[str, Any], str]]:
        if not self.keys:
            return [({}, "true")]
        names = [relation.quoted("by " + key) for key in self.keys]
        found = self.connection.execute(
            f"SELECT DISTINCT {', '.join(names)} FROM cohort WHERE {self._named()} "
            f"ORDER BY {', '.join(names)}"
        ).fetchall()
        groups = []
        for values in found:
            tests = [
                f"{name} = {relation.text(value)}"
                for name, value in zip(names, values, strict=True)
            ]
            groups.append((dict(zip(self.keys, values, strict=True)), " AND ".join(tests)))
        return groups

    def _counted(self, seconds: str, ended: str, where: str) -> Durations:
        found = self.connection.execute(
            f"SELECT {seconds} AS seconds, count(*) FILTER ({ended}) AS ended, "
            f"count(*) FILTER (NOT ({ended})) AS running FROM cohort "
            f"WHERE {where} AND {seconds} IS NOT NULL GROUP BY 1 ORDER BY 1"
        ).fetchnumpy()
        return Durations(
            np.asarray(found["seconds"], dtype=np.float64),
            np.asarray(found["ended"], dtype=np.int64),
            np.asarray(found["running"], dtype=np.int64),
        )

    def _durations(self, where: str) -> list[Row]:
        made: list[Row] = []
        clocks = (CALENDAR,) if self.calendar is None else (CALENDAR, BUSINESS)
        for kpi in self.measured:
            ended = f"{_ENDS[kpi]} IS NOT NULL"
            for clock in clocks:
                column = f"{clock}_{kpi}"
                durations = self._counted(column, ended, where)
                made += quantile_rows(kpi, durations, clock=clock, confidence=self.confidence)
                limit = self.limits.get(kpi)
                if isinstance(limit, dict):
                    durations = self._counted(f"{column} / allowed_{kpi}", ended, where)
                    limit = 1.0
                if limit is not None:
                    made.append(
                        sla_row(kpi, durations, limit, clock=clock, confidence=self.confidence)
                    )
        return made

    def _plain(self, where: str) -> dict[str, Any]:
        has = self.log.columns
        parts = ["count(*) AS n", "count(*) FILTER (counted) AS counted"]
        parts += ["count(*) FILTER (success) AS success"]
        parts += ["count(*) FILTER (window_open) AS window_open"]
        parts += [f"count(*) FILTER ({self.unknown}) AS unknown"]
        for name, test in (("handle_seconds", "done"), ("csat", "true")):
            if name in has:
                parts += [
                    f"count({name}) FILTER ({test}) AS n_{name}",
                    f"avg({name}) FILTER ({test}) AS mean_{name}",
                    f"stddev_samp({name}::DOUBLE) FILTER ({test}) AS sd_{name}",
                ]
        for name in ("reopened", "reassigned"):
            if name in has:
                parts.append(f"count(*) FILTER ({name} > 0) AS some_{name}")
                parts.append(f"count({name}) AS n_{name}")
        if "reopened" in has:
            parts.append(
                "count(*) FILTER (reopened IS NOT NULL AND (done OR reopened > 0)) AS ever"
            )
        cursor = self.connection.execute(f"SELECT {', '.join(parts)} FROM cohort WHERE {where}")
        names = [column[0] for column in cursor.description or ()]
        return dict(zip(names, cursor.fetchall()[0], strict=True))

    def _plain_rows(self, plain: Mapping[str, Any], where: str) -> list[Row]:
        sure = self.confidence
        made = [count_row("tickets", plain["n"])]
        if "n_handle_seconds" in plain:
            made.append(_mean("handle_time", plain, "handle_seconds", "seconds", sure))
            durations = self._counted("handle_seconds::DOUBLE", "true", f"{where} AND done")
            made += quantile_rows(
                "handle_time", durations, clock=None, confidence=sure, names=("median", "p90")
            )
        if "ever" in plain:
            made.append(share_row("reopen_rate", plain["some_reopened"], plain["ever"], sure))
        if "n_reassigned" in plain:
            made.append(
                share_row("reassign_rate", plain["some_reassigned"], plain["n_reassigned"], sure)
            )
        if "n_csat" in plain:
            made.append(_mean("csat", plain, "csat", "rating", sure))
        return made

    def _untimed(self) -> dict[str, int]:
        return {
            kpi: self._count(f"done AND {_ENDS[kpi]} IS NULL AND {self._named()}")
            for kpi in self.measured
        }

    def _missing(self) -> list[Caveat]:
        caveats = []
        for key in self.keys:
            n = self._count(f"{relation.quoted('by ' + key)} IS NULL")
            if n:
                caveats.append(Caveat(_("{n} tickets have no {column}."), n=n, column=key))
        return caveats

    def _count(self, condition: str) -> int:
        found = self.connection.execute(f"SELECT count(*) FROM cohort WHERE {condition}")
        return int(found.fetchall()[0][0])


def _mean(kpi: str, plain: Mapping[str, Any], column: str, unit: str, confidence: float) -> Row:
    mean, sd = plain[f"mean_{column}"], plain[f"sd_{column}"]
    return mean_row(
        kpi,
        np.nan if mean is None else float(mean),
        np.nan if sd is None else float(sd),
        plain[f"n_{column}"],
        unit,
        confidence,
    )


def _contact(plain: Mapping[str, Any], method: str, repeat_days: float) -> dict[str, Any]:
    return {
        "method": method,
        "window_days": float(repeat_days) if method == "repeat" else np.nan,
        "numerator": plain["success"],
        "denominator": plain["counted"],
        "window_open": plain["window_open"],
        "unknown": plain["unknown"],
    }
