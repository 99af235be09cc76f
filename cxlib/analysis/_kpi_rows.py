"""Analysis: the rows of a service table, made alike from tickets in memory and counts from SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from numbers import Real

import pandas as pd

from cxlib.analysis._durations import Durations, Estimate, mean_t, wilson
from cxlib.analysis.first_contact import NEEDS
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

QUANTILES = {"median": 0.5, "p80": 0.8, "p90": 0.9}
DURATIONS = ("first_response", "resolution")
RESOLVED_BY = {"resolved_at", "closed_at"}
CALENDAR, BUSINESS = "calendar", "business"
COLUMNS = ("kpi", "statistic", "value", "low", "high", "n", "unit", "clock", "open")

Sla = Mapping[str, float | Mapping[str, float]]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One number of one group; see :func:`cxlib.analysis.service.ticket_kpis`."""

    kpi: str
    statistic: str
    estimate: Estimate
    n: int
    unit: str
    clock: str | None = None
    open: int = 0

    def cells(self) -> dict[str, object]:
        """Return the cells of the table in their order."""
        value, low, high = self.estimate
        known = (self.kpi, self.statistic, value, low, high, self.n, self.unit, self.clock)
        return dict(zip(COLUMNS, (*known, self.open), strict=True))


def count_row(kpi: str, n: int) -> Row:
    """Return a count: all there are, so it has no interval."""
    return Row(kpi=kpi, statistic="count", estimate=(float(n), nan, nan), n=n, unit="tickets")


def share_row(kpi: str, successes: int, n: int, confidence: float) -> Row:
    """Return a share from 0 to 1 with its Wilson interval."""
    estimate = wilson(successes, n, confidence)
    return Row(kpi=kpi, statistic="share", estimate=estimate, n=n, unit="share")


def mean_row(kpi: str, mean: float, sd: float, n: int, unit: str, confidence: float) -> Row:
    """Return a mean with its t interval."""
    return Row(kpi=kpi, statistic="mean", estimate=mean_t(mean, sd, n, confidence), n=n, unit=unit)


def quantile_rows(
    kpi: str,
    durations: Durations,
    *,
    clock: str | None,
    confidence: float,
    names: Sequence[str] = tuple(QUANTILES),
) -> list[Row]:
    """Return the quantiles of durations in seconds."""
    return [
        Row(
            kpi=kpi,
            statistic=name,
            estimate=durations.quantile(QUANTILES[name], confidence=confidence),
            n=durations.n,
            unit="seconds",
            clock=clock,
            open=durations.open,
        )
        for name in names
    ]


def sla_row(kpi: str, durations: Durations, limit: float, *, clock: str, confidence: float) -> Row:
    """Return the share of durations that ended within `limit`."""
    estimate = durations.within(limit, confidence=confidence)
    return Row(
        kpi=f"{kpi}_sla",
        statistic="share",
        estimate=estimate,
        n=durations.n,
        unit="share",
        clock=clock,
        open=durations.open,
    )


def check_sla(
    sla: Sla | None, known: Sequence[str] = DURATIONS
) -> dict[str, float | dict[str, float]]:
    """Return the service levels as plain numbers, or raise DataError for one that cannot be."""
    checked: dict[str, float | dict[str, float]] = {}
    if sla is not None and not isinstance(sla, Mapping):
        raise DataError(f"sla is {sla!r}; write seconds by name, {{{known[0]!r}: 3600}}.")
    for kpi, limit in (sla or {}).items():
        if kpi not in known:
            raise DataError(f"there is no SLA on {kpi!r}{nearest(str(kpi), known)}")
        if isinstance(limit, Mapping):
            if not limit:
                raise DataError(f"the SLA of {kpi} names no priority.")
            checked[kpi] = {
                str(key): _seconds(each, f"{kpi} of {key}") for key, each in limit.items()
            }
        else:
            checked[kpi] = _seconds(limit, kpi)
    return checked


def unknown_priority(kpi: str, value: object, n: int, known: Sequence[str]) -> DataError:
    """Return the error for tickets whose priority has no SLA."""
    missing = value is None or value is pd.NA or value != value  # noqa: PLR0124 (NaN)
    what = "no priority" if missing else f"priority {str(value)!r}"
    near = nearest(str(value), known) if not missing else "; add it to the log."
    return DataError(f"{n} tickets have {what}, for which there is no SLA on {kpi}{near}")


def row_caveats(table: pd.DataFrame, minimum_base: int) -> list[Caveat]:
    """Return what a reader must know of rows that rest on little, or that time has not decided."""
    caveats = []
    small = int((table["n"] < minimum_base).sum())
    if small:
        caveats.append(
            Caveat(_("{n} rows rest on fewer than {base} tickets."), n=small, base=minimum_base)
        )
    undecided = table[table["value"].isna() & (table["open"] > 0)]
    for kpi, part in undecided.groupby("kpi", sort=False):
        caveats.append(
            Caveat(
                _("{kpi}: {n} values are not reached, too many tickets are still open."),
                kpi=str(kpi),
                n=len(part),
            )
        )
    return caveats


def untimed_caveats(unknown: Mapping[str, int]) -> list[Caveat]:
    """Return a caveat for each KPI that some finished tickets have no time for."""
    message = _("{kpi}: {n} finished tickets have no time for it and were left out.")
    return [Caveat(message, kpi=kpi, n=n) for kpi, n in unknown.items() if n]


def absent_caveats(columns: Collection[str], fcr: str) -> list[Caveat]:
    """Return a caveat for each KPI whose column the tickets lack."""
    needs = {
        "first_response": "first_response_at",
        "handle_time": "handle_seconds",
        "fcr": NEEDS[fcr],
        "reopen_rate": "reopened",
        "reassign_rate": "reassigned",
        "csat": "csat",
    }
    if not RESOLVED_BY & set(columns):
        needs["resolution"] = "resolved_at"
    message = _("{kpi} is not computed: the tickets have no {column}.")
    return [
        Caveat(message, kpi=kpi, column=column)
        for kpi, column in needs.items()
        if column not in columns
    ]


def _seconds(limit: object, name: str) -> float:
    valid = isinstance(limit, Real) and not isinstance(limit, bool)
    if not valid or not 0 < float(limit) < float("inf"):  # type: ignore[arg-type]
        raise DataError(f"the SLA on {name} is {limit!r}; write seconds, more than 0.")
    return float(limit)  # type: ignore[arg-type]
