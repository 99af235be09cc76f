"""Analysis: how long each ticket of a cohort took, on each clock, and what it was allowed."""

from __future__ import annotations

import pandas as pd

from cxlib.analysis._durations import Durations
from cxlib.analysis._kpi_rows import (
    BUSINESS,
    CALENDAR,
    Row,
    quantile_rows,
    sla_row,
    unknown_priority,
    untimed_caveats,
)
from cxlib.analysis.business_time import BusinessHours
from cxlib.analysis.results import Caveat
from cxlib.analysis.tickets import TicketLog
from cxlib.errors import DataError


class Measures:
    """The durations of a cohort on each clock: seconds, whether ended, and the SLA of each row."""

    def __init__(
        self,
        log: TicketLog,
        frame: pd.DataFrame,
        calendar: BusinessHours | None,
        limits: dict[str, float | dict[str, float]],
    ) -> None:
        self.limits = limits
        self.seconds: dict[tuple[str, str], pd.Series] = {}
        self.ended: dict[str, pd.Series] = {}
        self.unknown: dict[str, int] = {}
        self.allowed: dict[str, pd.Series] = {}
        clocks: dict[str, BusinessHours | None] = {CALENDAR: None}
        if calendar is not None:
            clocks[BUSINESS] = calendar
        for kpi, column, needs in (
            ("first_response", "first_response_at", {"first_response_at"}),
            ("resolution", "resolved_at", {"resolved_at", "closed_at"}),
        ):
            if not needs & log.columns:
                continue
            self.ended[kpi] = frame[column].notna()
            self.unknown[kpi] = int((frame["done"] & ~self.ended[kpi]).sum())
            until = frame[column].mask(~self.ended[kpi] & ~frame["done"], log.as_of)
            for clock, hours in clocks.items():
                self.seconds[kpi, clock] = _seconds(frame["created_at"], until, hours)
            if kpi in limits:
                self.allowed[kpi] = _allowed(kpi, frame, limits[kpi])

    def rows(self, part: pd.DataFrame, confidence: float) -> list[Row]:
        """Return quantiles and SLA shares of a group of the cohort."""
        made: list[Row] = []
        for (kpi, clock), seconds in self.seconds.items():
            mine = seconds.loc[part.index].dropna()
            ended = self.ended[kpi].loc[mine.index]
            durations = Durations.of(mine, ended)
            made += quantile_rows(kpi, durations, clock=clock, confidence=confidence)
            limit = self.limits.get(kpi)
            if isinstance(limit, dict):  # each in units of what its priority allows
                scaled = Durations.of(mine / self.allowed[kpi].loc[mine.index], ended)
                made.append(sla_row(kpi, scaled, 1.0, clock=clock, confidence=confidence))
            elif limit is not None:
                made.append(sla_row(kpi, durations, limit, clock=clock, confidence=confidence))
        return made

    def caveats(self) -> list[Caveat]:
        """Return how many finished tickets lack the time that a KPI needs."""
        return untimed_caveats(self.unknown)


def _seconds(start: pd.Series, end: pd.Series, calendar: BusinessHours | None) -> pd.Series:
    if calendar is None:
        return (end - start).dt.total_seconds()
    zoned = [moments.dt.tz_localize("UTC") for moments in (start, end)]
    return calendar.seconds_between(*zoned)


def _allowed(kpi: str, frame: pd.DataFrame, limit: float | dict[str, float]) -> pd.Series:
    if not isinstance(limit, dict):
        return pd.Series(limit, index=frame.index)
    if "priority" not in frame:
        raise DataError(f"the SLA on {kpi} goes by priority, but the tickets have no 'priority'.")
    priority = frame["priority"].astype("object").where(frame["priority"].notna(), None)
    names = priority.map(_name)
    allowed = names.map(limit).astype("float64")
    strange = priority[allowed.isna()]
    if len(strange):
        first = strange.iloc[0]
        n = int(strange.isna().sum() if first is None else (strange == first).sum())
        raise unknown_priority(kpi, first, n, list(limit))
    return allowed


def _name(priority: object) -> str | None:
    """Return a priority as text: 1.0, a whole number beside missing ones, is 1."""
    if priority is None:
        return None
    whole = isinstance(priority, float) and priority.is_integer()
    return str(int(priority) if whole else priority)  # type: ignore[call-overload]
