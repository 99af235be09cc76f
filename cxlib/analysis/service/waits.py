"""How long each ticket took on each clock, some still running, and what it was allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import inf, nan
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binom, t

from cxlib.analysis import estimation
from cxlib.analysis.business_time import BusinessHours
from cxlib.analysis.metrics import number, one_of
from cxlib.analysis.retention.survival import first_down_to, log_log
from cxlib.analysis.service.log import GIVEN, Clock, Moment, TicketLog, read_log
from cxlib.errors import Count, DataError, nearest

Floats = npt.NDArray[np.float64]
Estimate = tuple[float, float, float]
UNKNOWN: Estimate = (nan, nan, nan)


def wilson(successes: float, n: float, confidence: float) -> Estimate:
    """Return a share with its Wilson interval; NaN where nothing was counted."""
    return (successes / n, *estimation.wilson(successes / n, n, confidence)) if n else UNKNOWN


def mean_t(values: npt.ArrayLike, confidence: float) -> Estimate:
    """Return a mean with its t interval (n − 1 df); one value has no interval."""
    found = np.asarray(values, dtype=np.float64)
    if found.size < 2:
        return (float(found[0]), nan, nan) if found.size else UNKNOWN
    half = t.ppf((1 + confidence) / 2, found.size - 1) * found.std(ddof=1) / np.sqrt(found.size)
    return float(found.mean()), float(found.mean() - half), float(found.mean() + half)


class Durations:
    """Durations and, for each, whether it is over; one still running lasts longer than its time.

    Kaplan–Meier and Greenwood are statsmodels'; the quantile is the smallest t with S(t) ≤ 1 − q
    (statsmodels' own takes S(t) < 1 − q).
    """

    def __init__(self, seconds: npt.ArrayLike, ended: npt.ArrayLike) -> None:
        values, over = np.asarray(seconds, dtype=np.float64), np.asarray(ended, dtype=bool)
        order = np.argsort(values, kind="stable")
        self.seconds, self.ended = values[order], over[order]
        self.n, self.open = len(values), int((~over).sum())

    @cached_property
    def _curve(self) -> tuple[Floats, Floats, Floats]:
        """Times at which any ended, the share left after each, and its standard error."""
        from statsmodels.duration.survfunc import SurvfuncRight

        found = SurvfuncRight(self.seconds, self.ended.astype(int))
        return tuple(  # type: ignore[return-value]
            np.asarray(each, dtype=np.float64)
            for each in (found.surv_times, found.surv_prob, found.surv_prob_se)
        )

    def _band(self, confidence: float) -> tuple[Floats, Floats]:
        """Return the log-log band of the curve; 0 where none is left."""
        _times, left, error = self._curve
        low, high = log_log(left, error, estimation.z_of(confidence))
        return low, np.nan_to_num(high)

    def quantile(self, q: float, *, confidence: float) -> Estimate:
        """Return the time by which a share `q` has ended, with its interval.

        Nothing running: the linear percentile and the interval of order statistics. Otherwise
        Kaplan–Meier, NaN if not reached, with Brookmeyer–Crowley limits. An upper limit that the
        data do not reach is infinite; a lower one is the longest time seen (0 if none ended).
        """
        if self.n == 0:
            return UNKNOWN
        if self.open == 0:
            tail = (1 - confidence) / 2
            low, high = int(binom.ppf(tail, self.n, q)), int(binom.ppf(1 - tail, self.n, q)) + 1
            return (
                float(np.quantile(self.seconds, q)),
                float(self.seconds[low - 1]) if low >= 1 else 0.0,
                float(self.seconds[high - 1]) if high <= self.n else inf,
            )
        if not self.ended.any():
            return nan, 0.0, inf
        times, left, _error = self._curve
        early, late = self._band(confidence)
        return (
            first_down_to(1 - q, times, left),
            first_down_to(1 - q, times, early, float(self.seconds[-1])),
            first_down_to(1 - q, times, late, inf),
        )

    def within(self, limit: float, *, confidence: float) -> Estimate:
        """Return the share that ended within `limit`: 1 − S(limit).

        Wilson's interval where none was still running before the limit, Greenwood's log-log
        interval otherwise; NaN if the longest duration is running and below the limit, for then
        nothing is known of the limit.
        """
        if self.n == 0:
            return UNKNOWN
        before = int(np.searchsorted(self.seconds, limit, side="left"))
        ended = int(self.ended[: int(np.searchsorted(self.seconds, limit, side="right"))].sum())
        running = int((~self.ended[:before]).sum())
        if not running:
            return wilson(ended, self.n, confidence)
        if before == self.n and not self.ended[self.seconds == self.seconds[-1]].all():
            return UNKNOWN
        if ended == 0:
            return wilson(0, self.n - running, confidence)
        times, left, _error = self._curve
        at = int(np.searchsorted(times, limit, side="right")) - 1
        if left[at] <= 0:
            return wilson(ended, ended, confidence)
        low, high = self._band(confidence)
        return 1 - float(left[at]), 1 - float(high[at]), 1 - float(low[at])


Limits = dict[str, float | dict[str, float]]
Fcr = Literal["reopened", "repeat", "survey"]
_LONGEST_WINDOW = 36_525
"""A century of days: no customer comes again later."""

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


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How a service is measured, as its contract says: the options of `ticket_kpis` as one value.

    ``as_of`` is the moment of the report (see `moment_of`); business time needs a ``calendar``;
    ``sla``: seconds allowed, as in `ticket_kpis`.

    Raises
    ------
    DataError
        If business time is promised without business hours, or a term is none.
    """

    as_of: Moment = None
    calendar: BusinessHours | None = None
    clock: Clock = "calendar"
    sla: Mapping[str, float | Mapping[str, float]] | None = None
    fcr: Fcr = "reopened"
    repeat_days: float = 7
    repeat_same: tuple[str, ...] = ()
    closing: bool = False

    @cached_property
    def limits(self) -> Limits:
        """The service levels as plain numbers."""
        return check_sla(self.sla)

    def __post_init__(self) -> None:
        """Check what is promised, and that the clock can be read."""
        _ = self.limits
        one_of(self.fcr, get_args(Fcr), f"there is no FCR method {self.fcr!r}")
        if self.fcr == "repeat":
            check_window(self.repeat_days)
        if self.clock == "business" and self.calendar is None:
            raise DataError("service levels on business time need business hours.")

    def log(self, tickets: pd.DataFrame) -> TicketLog:
        """Read a log on these terms."""
        given = {name: getattr(self, name) for name in ("as_of", "calendar", "clock", "closing")}
        return read_log(tickets, **given)


def check_window(repeat_days: object) -> None:
    """Refuse a window within which a customer comes again that is none."""
    number(repeat_days, "repeat_days", above=0, most=_LONGEST_WINDOW)


class Waits:
    """How long each ticket of a cohort took, on each clock, and what it was allowed."""

    def __init__(self, log: TicketLog, frame: pd.DataFrame, terms: Terms) -> None:
        clock, calendar, limits = terms.clock, terms.calendar, terms.limits
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
                ends = frame["created_at"], until
                if hours is None:
                    seconds = (ends[1] - ends[0]).dt.total_seconds()
                else:
                    seconds = hours.seconds_between(*(t.dt.tz_localize("UTC") for t in ends))
                self.seconds[kpi, name] = seconds.fillna(told) if name == clock else seconds
            if kpi in limits:
                self.allowed[kpi] = _allowed(frame, limits[kpi])

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


def check_priorities(log: TicketLog, frame: pd.DataFrame, terms: Terms) -> None:
    """Raise DataError for tickets of a priority that a service level by priority does not name."""
    for kpi, limit in terms.limits.items():
        timed = {TIMED[kpi], GIVEN[TIMED[kpi]]} & log.columns
        if not timed or not isinstance(limit, dict):
            continue
        if "priority" not in frame:
            raise DataError(
                f"the SLA on {kpi} goes by priority, but the tickets have no 'priority'."
            )
        found: dict[Any, int] = frame["priority"].value_counts(dropna=False, sort=False).to_dict()
        for level, n in found.items():
            if n and (pd.isna(level) or _name(level) not in limit):
                what = "no priority" if pd.isna(level) else f"priority {str(level)!r}"
                near = "; add it to the log." if pd.isna(level) else nearest(str(level), [*limit])
                raise DataError(
                    f"{n} {Count(n):ticket has|tickets have} {what}, for which there is no "
                    f"SLA on {kpi}{near}"
                )


def _allowed(frame: pd.DataFrame, limit: float | dict[str, float]) -> pd.Series:
    if not isinstance(limit, dict):
        return pd.Series(limit, index=frame.index)
    named = {level: limit[_name(level)] for level in frame["priority"].unique()}
    return frame["priority"].map(named).astype("float64")


def _name(priority: object) -> str:
    """Return a priority as text: 1.0, a whole number beside missing ones, is 1."""
    whole = isinstance(priority, float) and priority.is_integer()
    return str(int(priority) if whole else priority)  # type: ignore[call-overload]


def check_sla(sla: Any) -> Limits:
    """Return the service levels as plain numbers, or raise DataError for one that cannot be."""
    if sla is not None and not isinstance(sla, Mapping):
        raise DataError(f"sla is {sla!r}; write seconds by name, {{'first_response': 3600}}.")
    checked: Limits = {}
    for kpi, limit in (sla or {}).items():
        one_of(kpi, TIMED, f"there is no SLA on {kpi!r}")
        if isinstance(limit, Mapping):
            if not limit:
                raise DataError(f"the SLA of {kpi} names no priority.")
            checked[kpi] = {
                str(key): number(seconds, f"the SLA on {kpi} of {key} (seconds)", above=0)
                for key, seconds in limit.items()
            }
        else:
            checked[kpi] = number(limit, f"the SLA on {kpi} (seconds)", above=0)
    return checked
