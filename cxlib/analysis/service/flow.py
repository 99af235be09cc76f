"""What comes in and what lies open: arrivals by weekday and hour, the backlog and its ages."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.stats import t

from cxlib import periods
from cxlib.analysis.business_time import DAYS, BusinessHours
from cxlib.analysis.results import Caveat, Tabled, counted, said
from cxlib.analysis.service.log import (
    Moment,
    TicketLog,
    bounds,
    cohort,
    group_keys,
    groups_of,
    read_log,
)
from cxlib.analysis.validate import check_confidence
from cxlib.errors import DataError
from cxlib.words import mark as _

AGE_DAYS = (1.0, 3.0, 7.0, 14.0, 30.0)
"""Upper edges of the age classes in days: today, this week, two weeks, a month, and beyond."""

FEW_WEEKS = 4
"""With fewer days behind a weekday, one odd day decides its average."""


class Backlog(Tabled):
    """Open tickets, their ages and their flow; empty where nothing tells that a ticket ended.

    ``table``: a row a look and group: ``period`` (its label, or the moment's date), ``at`` (on the
    log's wall clock), ``opened, resolved`` (since the look before; missing where the log does not
    tell when), ``open``, ``age_median, age_p90, age_oldest`` (seconds). ``ageing``: ``from_days,
    to_days`` (infinite for the last), ``tickets, share``. All tickets are counted: no interval.
    """

    ageing: pd.DataFrame


def backlog(
    tickets: pd.DataFrame,
    *,
    as_of: Moment = None,
    by: str | Sequence[str] | None = None,
    each: Literal["month", "quarter", "year"] | None = None,
    age_days: Sequence[float] = AGE_DAYS,
) -> Backlog:
    """Count open tickets and their ages at a moment, or at the end of every period up to it.

    A log with one row a ticket forgets: a ticket reopened later counts as open ever since its
    creation. Cancelled, merged and abandoned contacts are in no backlog. `each` looks back at the
    end of each period, too (a log that tells only by its states that tickets are over, not when, is
    looked at as of the moment alone); `age_days` are ascending edges of the age classes.
    """
    if isinstance(age_days, str):
        raise DataError(f"age_days is {age_days!r}; write a list of days, such as [1, 7, 30].")
    edges = np.array([0.0, *age_days, np.inf])
    if not (np.diff(edges) > 0).all():
        raise DataError(f"age_days {list(age_days)} do not ascend from above 0.")
    if each not in (None, *periods.FREQUENCY):
        raise DataError(f"each is {each!r}; write 'month', 'quarter' or 'year'.")
    log = read_log(tickets, as_of=as_of)
    if not log.ends_known:
        told = (*log.caveats, Caveat(_NO_ENDS))
        return Backlog(table=pd.DataFrame(), ageing=pd.DataFrame(), caveats=told)
    frame, keys, missing = group_keys(log.frame, by)
    undated = frame["done"] & frame["ended_at"].isna()
    dated = bool({"resolved_at", "closed_at"} & log.columns)
    mine = ["created_at", "ended_at", "done", *keys]
    frame = frame.loc[~(undated & dated) & ~frame["abandoned"], mine]
    moments = _moments(log, each)[0 if dated else -1 :]
    groups = list(groups_of(frame, keys))
    table: list[dict[str, Any]] = []
    ageing: list[dict[str, Any]] = []
    since = pd.Timestamp.min
    for label, at in moments:
        for group, part in groups:
            ended = part["ended_at"]
            is_open = (part["created_at"] <= at) & (ended.isna() & ~part["done"] | (ended > at))
            ages = (at - part.loc[is_open, "created_at"]).dt.total_seconds()
            row = {"period": label, "at": log.wall(at)} | group
            for name, when in (("opened", part["created_at"]), ("resolved", ended)):
                row[name] = int(((when <= at) & (when > since)).sum())
            row |= {} if dated else {"resolved": pd.NA}
            row |= {"open": len(ages), "age_median": float(ages.median())}
            row |= {"age_p90": float(ages.quantile(0.9)), "age_oldest": float(ages.max())}
            table.append(row)
            counts = np.histogram(ages / 86_400, bins=edges)[0]
            for low, high, n in zip(edges, edges[1:], counts, strict=False):
                share = n / len(ages) if len(ages) else np.nan
                span = {"from_days": low, "to_days": high, "tickets": int(n), "share": share}
                ageing.append({"period": label} | group | span)
        since = at
    message = _(
        "{n} finished {n:ticket has|tickets have} no time of resolution and {n:is|are} "
        "in no backlog."
    )
    caveats = (*log.caveats, *missing, *counted((undated.sum(), message)))
    return Backlog(table=pd.DataFrame(table), ageing=pd.DataFrame(ageing), caveats=caveats)


_NO_ENDS = _(
    "No backlog is counted: nothing in the tickets tells that one ended. A state, or the time of "
    "resolution or closing (tickets: columns: in the client file), would give it."
)


def _moments(log: TicketLog, each: periods.Kind | None) -> list[tuple[str, pd.Timestamp]]:
    """Return label and moment (UTC) of every look, the last of them the moment of the log."""
    now = log.wall(log.as_of)
    if each is None:
        return [(f"{now:%Y-%m-%d}", log.as_of)]
    first, last = periods.label_dates(pd.Series([log.frame["opened"].min(), now]), each)
    looks = []
    for label in periods.between(first, last):
        end = bounds(label)[1] - pd.Timedelta(microseconds=1)
        end = end.tz_localize(log.zone, ambiguous=True, nonexistent="shift_forward")
        looks.append((label, min(end.tz_convert("UTC").tz_localize(None), log.as_of)))
    return looks


class Arrivals(Tabled):
    """Arrivals by weekday and time of day, from the day `first` to `last`, `n` tickets in all.

    ``table``: one row for every interval of every weekday that occurs: ``calls`` (mean per
    interval), ``calls_per_hour`` (t interval over days; NaN from one day), ``n`` (days) and
    ``tickets`` (their sum).
    """

    n: int
    first: pd.Timestamp
    last: pd.Timestamp


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

    Cancelled, merged and abandoned tickets were contacts too, so they count; all days of the period
    do, or those from the first in the log to the last; a `calendar` gives the wall clock, and days
    without business hours are left out. `minutes` is a divisor of 1,440.
    """
    if not isinstance(minutes, Real) or not minutes >= 1 or 1440 % minutes or minutes % 1:
        raise DataError(f"minutes is {minutes!r}; a day is not a whole number of such intervals.")
    check_confidence(confidence)
    log = read_log(tickets, as_of=as_of, calendar=calendar, excluded="keep")
    frame, keys, missing = group_keys(cohort(log, period), by)
    first, last = log.frame["opened"].min().normalize(), log.frame["opened"].max().normalize()
    if period is not None:
        first, following = bounds(period)
        last = min(following - pd.Timedelta(days=1), log.wall(log.as_of).normalize())
    days = pd.date_range(first, last, freq="D")
    if calendar is not None:
        days = days[[bool(calendar.open_on(day.date())) for day in days]]
    inside = frame["opened"].dt.normalize().isin(days)
    closed = int((~inside).sum())
    frame = frame[inside]
    if frame.empty:
        raise DataError("no ticket was opened on a day with business hours.")
    message = _(
        "{n} {n:ticket|tickets} came on {n:a day|days} without business hours and "
        "{n:was|were} left out."
    )
    caveats = [*log.caveats, *missing, *counted((closed, message))]
    fewest = int(pd.Series(days.day_of_week).value_counts().min())
    message = _("Some weekday occurs only {n} {n:time|times}, so one odd day weighs heavily.")
    caveats += said(fewest < FEW_WEEKS, message, n=fewest)
    table = _by_slot(frame, keys, days, int(minutes), confidence)
    told: dict[str, Any] = {"n": len(frame), "first": days[0], "last": days[-1]}
    return Arrivals(table=table, caveats=tuple(caveats), **told)


def _by_slot(
    frame: pd.DataFrame, keys: list[str], days: pd.DatetimeIndex, minutes: int, confidence: float
) -> pd.DataFrame:
    """Return mean and interval of every group, weekday and slot from sums and sums of squares."""
    slots = 1440 // minutes
    opened = frame["opened"]
    marked = frame[keys].assign(day=opened.dt.normalize(), weekday=opened.dt.day_of_week)
    marked["slot"] = (opened.dt.hour * 60 + opened.dt.minute) // minutes
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
