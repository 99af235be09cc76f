"""Analysis: when work comes in, by weekday and time of day: the input of staffing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd
from scipy.stats import t

from cxlib.analysis._intervals import check_confidence
from cxlib.analysis.business_time import DAYS, BusinessHours
from cxlib.analysis.results import Caveat
from cxlib.analysis.tickets import Moment, bounds, cohort, group_keys, read_log
from cxlib.errors import DataError
from cxlib.words import mark as _

FEW_WEEKS = 4
"""With fewer days behind a weekday, one odd day decides its average."""


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """Arrivals by weekday and time of day; see :func:`arrivals` for the columns.

    Attributes
    ----------
    table : pandas.DataFrame
    n : int
        Tickets counted.
    first, last : pandas.Timestamp
        First and last day counted.
    caveats : tuple of Caveat
    """

    table: pd.DataFrame
    n: int
    first: pd.Timestamp
    last: pd.Timestamp
    caveats: tuple[Caveat, ...]


def arrivals(
    tickets: pd.DataFrame,
    *,
    minutes: int = 30,
    by: str | Sequence[str] | None = None,
    period: str | int | None = None,
    as_of: Moment = None,
    calendar: BusinessHours | None = None,
    confidence: float = 0.95,
) -> Arrivals:
    """Average what arrives in each interval of each weekday, days without any counted as none.

    Parameters
    ----------
    tickets : pandas.DataFrame
        The canonical table of :mod:`cxlib.analysis.tickets`; cancelled and merged tickets were
        contacts too, so they count.
    minutes : int
        Length of an interval; a divisor of 1,440.
    by : str or sequence of str, optional
        Columns to split by.
    period : str, optional
        Tickets opened in it, over all its days; by default from the first day of the log to its
        last.
    as_of : timestamp, optional
        Days after it are not counted.
    calendar : BusinessHours, optional
        Its wall clock is used, and days without business hours are left out.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    Arrivals
        ``table``: the `by` columns, ``weekday`` (``mon`` to ``sun``), ``start`` (``"09:30"``),
        ``calls`` (mean per interval), ``calls_per_hour`` with ``low`` and ``high`` (t interval
        over days; NaN from one day), ``n`` (days) and ``tickets`` (their sum). One row for every
        interval of every weekday that occurs.

    Raises
    ------
    DataError
        If the log is impossible, the period has no ticket, or the interval does not fit a day.
    """
    if not isinstance(minutes, Real) or not minutes >= 1 or 1440 % minutes or minutes % 1:
        raise DataError(f"minutes is {minutes!r}; a day is not a whole number of such intervals.")
    check_confidence(confidence)
    log = read_log(tickets, as_of=as_of, calendar=calendar, excluded="keep")
    frame, keys, missing = group_keys(cohort(log, period), by)
    end = log.as_of.tz_localize("UTC").tz_convert(log.zone).tz_localize(None)
    days = _days(log.frame["opened"], period, end)
    if calendar is not None:
        days = days[[bool(calendar.open_on(day.date())) for day in days]]
    inside = frame["opened"].dt.normalize().isin(days)
    closed = int((~inside).sum())
    frame = frame[inside]
    if frame.empty:
        raise DataError("no ticket was opened on a day with business hours.")
    table = _table(frame, keys, days, int(minutes), confidence)
    return Arrivals(
        table=table,
        n=len(frame),
        first=days[0],
        last=days[-1],
        caveats=(*log.caveats, *missing, *_caveats(closed, days)),
    )


def _days(opened: pd.Series, period: str | int | None, end: pd.Timestamp) -> pd.DatetimeIndex:
    if period is None:
        return pd.date_range(opened.min().normalize(), opened.max().normalize(), freq="D")
    first, following = bounds(period)
    last = min(following - pd.Timedelta(days=1), end.normalize())
    return pd.date_range(first, last, freq="D")


def _table(
    frame: pd.DataFrame, keys: list[str], days: pd.DatetimeIndex, minutes: int, confidence: float
) -> pd.DataFrame:
    """Return mean and interval of every group, weekday and slot from sums and sums of squares."""
    slots = 1440 // minutes
    opened = frame["opened"]
    marked = frame[keys].assign(
        day=opened.dt.normalize(),
        weekday=opened.dt.day_of_week,
        slot=(opened.dt.hour * 60 + opened.dt.minute) // minutes,
    )
    daily = marked.groupby([*keys, "weekday", "slot", "day"], observed=True).size()
    counts = daily.rename("tickets").reset_index()
    counts["square"] = counts["tickets"] ** 2
    sums = counts.groupby([*keys, "weekday", "slot"], observed=True)[["tickets", "square"]].sum()
    n_days = pd.Series(days.day_of_week).value_counts().sort_index()
    grid = pd.MultiIndex.from_product([n_days.index, range(slots)], names=["weekday", "slot"])
    every = grid.to_frame(index=False)
    if keys:
        every = frame[keys].drop_duplicates().sort_values(keys).merge(every, how="cross")
    table = every.merge(sums.reset_index(), how="left", on=[*keys, "weekday", "slot"])
    table[["tickets", "square"]] = table[["tickets", "square"]].fillna(0)
    n = table["weekday"].map(n_days)
    mean = table["tickets"] / n
    several = n.where(n > 1)
    variance = (table["square"] - n * mean**2).clip(lower=0) / (several - 1)
    half = t.ppf((1 + confidence) / 2, several - 1) * np.sqrt(variance / several)
    hourly = 60 / minutes
    start = table["slot"] * minutes
    return table[keys].assign(
        weekday=table["weekday"].map(dict(enumerate(DAYS))),
        start=[f"{each // 60:02d}:{each % 60:02d}" for each in start],
        calls=mean,
        calls_per_hour=mean * hourly,
        low=((mean - half) * hourly).clip(lower=0),
        high=(mean + half) * hourly,
        n=n.astype("int64"),
        tickets=table["tickets"].astype("int64"),
    )


def _caveats(closed: int, days: pd.DatetimeIndex) -> list[Caveat]:
    caveats = []
    if closed:
        message = _("{n} tickets came on days without business hours and were left out.")
        caveats.append(Caveat(message, n=closed))
    fewest = int(pd.Series(days.day_of_week).value_counts().min())
    if fewest < FEW_WEEKS:
        caveats.append(
            Caveat(
                _("Some weekday occurs only {n} times, so one odd day weighs heavily."), n=fewest
            )
        )
    return caveats
