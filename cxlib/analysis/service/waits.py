"""How long each ticket took, on each clock, and what it was allowed."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from numbers import Real
from typing import Any

import pandas as pd

from cxlib.analysis.business_time import BusinessHours
from cxlib.analysis.results import Caveat
from cxlib.analysis.service.durations import Durations, Estimate, wilson
from cxlib.analysis.service.log import GIVEN, Clock, TicketLog
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

Sla = Mapping[str, float | Mapping[str, float]]
Limits = dict[str, float | dict[str, float]]

COLUMNS = ("kpi", "statistic", "value", "low", "high", "n", "unit", "clock", "open")
QUANTILES = {"median": 0.5, "p80": 0.8, "p90": 0.9}
TIMED = {"first_response": "first_response_at", "resolution": "resolved_at"}


def row(
    kpi: str,
    statistic: str,
    estimate: Estimate,
    n: int,
    unit: str,
    clock: str | None = None,
    running: int = 0,
) -> dict[str, Any]:
    """Return one number of one group."""
    return dict(zip(COLUMNS, (kpi, statistic, *estimate, n, unit, clock, running), strict=True))


def share(kpi: str, successes: int, n: int, confidence: float) -> dict[str, Any]:
    """Return the row of a share from 0 to 1 with its Wilson interval."""
    return row(kpi, "share", wilson(successes, n, confidence), int(n), "share")


class Waits:
    """How long each ticket of a cohort took, on each clock, and what it was allowed."""

    def __init__(
        self,
        log: TicketLog,
        frame: pd.DataFrame,
        calendar: BusinessHours | None,
        clock: Clock,
        limits: Limits,
    ) -> None:
        if clock == "business" and calendar is None:
            raise DataError("service levels on business time need business hours.")
        self.clock, self.limits = clock, limits
        self.seconds: dict[tuple[str, str], pd.Series] = {}
        self.ended: dict[str, pd.Series] = {}
        self.allowed: dict[str, pd.Series] = {}
        self.untimed: dict[str, int] = {}
        clocks = {"calendar": None} | ({"business": calendar} if calendar is not None else {})
        for kpi, column in TIMED.items():
            given = GIVEN[column] if GIVEN[column] in log.columns else None
            if column not in log.columns and given is None:
                continue
            timed = frame[column].notna()
            told = pd.Series(nan, index=frame.index)
            if given is not None:  # a duration on the log's own clock, where no time is known
                over = frame["done"] | (kpi == "first_response")
                told = frame[given].astype("float64").where(~timed & over)
            self.ended[kpi] = timed | told.notna()
            self.untimed[kpi] = int((frame["done"] & ~self.ended[kpi]).sum())
            until = frame[column].mask(~self.ended[kpi] & ~frame["done"], log.as_of)
            for name, hours in clocks.items():
                seconds = _between(frame["created_at"], until, hours)
                self.seconds[kpi, name] = seconds.fillna(told) if name == clock else seconds
            if kpi in limits:
                self.allowed[kpi] = _allowed(kpi, frame, limits[kpi])

    def rows(self, part: pd.DataFrame, confidence: float) -> list[dict[str, Any]]:
        """Return quantiles of a group on each clock, and its share within the SLA on its own."""
        made = []
        for (kpi, clock), seconds in self.seconds.items():
            mine = seconds.loc[part.index].dropna()
            ended = self.ended[kpi].loc[mine.index]
            waits = Durations(mine, ended)
            for name, q in QUANTILES.items():
                estimate = waits.quantile(q, confidence=confidence)
                made.append(row(kpi, name, estimate, waits.n, "seconds", clock, waits.open))
            if kpi in self.limits and clock == self.clock:
                # each in units of what its priority allows
                scaled = Durations(mine / self.allowed[kpi].loc[mine.index], ended)
                estimate = scaled.within(1.0, confidence=confidence)
                kept = row(f"{kpi}_sla", "share", estimate, waits.n, "share", clock, waits.open)
                made.append(kept)
        return made

    def caveats(self) -> list[Caveat]:
        """Return how many finished tickets lack the time that a KPI needs."""
        message = _("{kpi}: {n} finished tickets have no time for it and were left out.")
        return [Caveat(message, kpi=kpi, n=n) for kpi, n in self.untimed.items() if n]


def _between(start: pd.Series, end: pd.Series, calendar: BusinessHours | None) -> pd.Series:
    if calendar is None:
        return (end - start).dt.total_seconds()
    return calendar.seconds_between(start.dt.tz_localize("UTC"), end.dt.tz_localize("UTC"))


def _allowed(kpi: str, frame: pd.DataFrame, limit: float | dict[str, float]) -> pd.Series:
    if not isinstance(limit, dict):
        return pd.Series(limit, index=frame.index)
    if "priority" not in frame:
        raise DataError(f"the SLA on {kpi} goes by priority, but the tickets have no 'priority'.")
    priority = frame["priority"].astype("object").where(frame["priority"].notna(), None)
    allowed = priority.map(_name).map(limit).astype("float64")
    strange = priority[allowed.isna()]
    if len(strange):
        first = strange.iloc[0]
        n = int(strange.isna().sum() if first is None else (strange == first).sum())
        what = "no priority" if first is None else f"priority {str(first)!r}"
        near = "; add it to the log." if first is None else nearest(str(first), list(limit))
        raise DataError(f"{n} tickets have {what}, for which there is no SLA on {kpi}{near}")
    return allowed


def _name(priority: object) -> str | None:
    """Return a priority as text: 1.0, a whole number beside missing ones, is 1."""
    if priority is None:
        return None
    whole = isinstance(priority, float) and priority.is_integer()
    return str(int(priority) if whole else priority)  # type: ignore[call-overload]


def check_sla(sla: Sla | None) -> Limits:
    """Return the service levels as plain numbers, or raise DataError for one that cannot be."""
    if sla is not None and not isinstance(sla, Mapping):
        raise DataError(f"sla is {sla!r}; write seconds by name, {{'first_response': 3600}}.")
    checked: Limits = {}
    for kpi, limit in (sla or {}).items():
        if kpi not in TIMED:
            raise DataError(f"there is no SLA on {kpi!r}{nearest(str(kpi), TIMED)}")
        if isinstance(limit, Mapping):
            if not limit:
                raise DataError(f"the SLA of {kpi} names no priority.")
            checked[kpi] = {str(key): _limit(v, f"{kpi} of {key}") for key, v in limit.items()}
        else:
            checked[kpi] = _limit(limit, kpi)
    return checked


def _limit(limit: object, name: str) -> float:
    valid = isinstance(limit, Real) and not isinstance(limit, bool)
    if not valid or not 0 < float(limit) < float("inf"):  # type: ignore[arg-type]
        raise DataError(f"the SLA on {name} is {limit!r}; write seconds, more than 0.")
    return float(limit)  # type: ignore[arg-type]
