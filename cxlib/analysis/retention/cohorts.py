"""Those who joined together: who of them is still there, period by period."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from cxlib.analysis.metrics import check_options, one_of
from cxlib.analysis.results import Caveat, Tabled, counted
from cxlib.analysis.validate import column, dates_of, moment
from cxlib.errors import Count, DataError
from cxlib.words import mark as _

COLUMNS = {"joined": "joined", "left": "left", "member": "member_id", "date": "date"}
FREQUENCIES = {"month": "M", "quarter": "Q", "year": "Y"}


class Cohorts(Tabled):
    """Who of those who joined together is still there, period by period.

    ``table``: ``cohort, age`` (whole periods since), ``n`` (starters), ``stayed``, ``retention``
    (0 to 1): only ages that the whole cohort has reached. `kind` is "retention" or "repeat rate".
    """

    period: str
    kind: str

    def grid(self) -> pd.DataFrame:
        """Return retention with a row a cohort and a column an age."""
        return self.table.pivot_table(index="cohort", columns="age", values="retention", sort=True)


def cohorts(
    data: pd.DataFrame,
    *,
    as_of: Any,
    period: Literal["month", "quarter", "year"] = "quarter",
    records_begin: Any = None,
    **columns: str,
) -> Cohorts:
    """Follow those who joined in the same period.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a member, with when they joined and left (missing: still there). Where there is no
        column ``joined``: one row a purchase, with customer and date; a cohort then is those who
        first bought in a period, and the share that buys again in a later one is a repeat rate.
    as_of : date
        The last day of the records.
    period : {"month", "quarter", "year"}
    records_begin : date, optional
        Cohorts that joined before are left out: their early leavers are not in the records.
    **columns : str
        What ``joined, left, member`` ("member_id") and ``date`` are called, where not so.

    Raises
    ------
    DataError
        If a member left before joining.
    """
    one_of(period, FREQUENCIES, f"period is {period!r}")
    until, freq = moment(as_of), FREQUENCIES[period]
    last = int(pd.Period(until + pd.Timedelta(days=1), freq).ordinal) - 1  # the last whole one
    check_options(columns, COLUMNS)
    named = COLUMNS | columns
    contract = named["joined"] in data.columns
    if contract:
        starters, there, caveats = _stays(data, named, until, freq, last)
    else:
        starters, there, caveats = _returns(data, named, until, freq)
    if records_begin is not None:
        first = pd.Period(moment(records_begin), freq)
        first += int(first.start_time < moment(records_begin))
        kept = starters >= first.ordinal
        message = _(
            "{n} {n:member|members} joined before the records begin; {n:that cohort "
            "is|their cohorts are} left out."
        )
        caveats += counted(((~kept).sum(), message))
        starters, there = starters[kept], there[np.isin(there[:, 0], starters[kept])]
    counts = pd.DataFrame(there, columns=["cohort", "age"]).value_counts()
    sizes = (each.tolist() for each in np.unique(starters, return_counts=True))
    rows = [
        (str(pd.Period(ordinal=at, freq=freq)), age, n, int(counts.get((at, age), 0)))
        for at, n in zip(*sizes, strict=True)
        for age in range(1 if contract else 0, last - at + 1)
    ]
    table = pd.DataFrame(rows, columns=["cohort", "age", "n", "stayed"])
    table["retention"] = table["stayed"] / table["n"]
    kind = "retention" if contract else "repeat rate"
    return Cohorts(table=table, period=period, kind=kind, caveats=caveats)


def _ordinals(days: pd.Series, freq: str) -> Any:
    return days.dt.to_period(freq).astype("int64").to_numpy()


Told = tuple[Any, Any, tuple[Caveat, ...]]


def _stays(
    data: pd.DataFrame, named: dict[str, str], until: pd.Timestamp, freq: str, last: int
) -> Told:
    """Return each member's cohort, and (cohort, age) for every age at whose end they were there."""
    start, left = dates_of(column(data, named["joined"])), named["left"]
    end = dates_of(column(data, left)) if left in data else pd.Series(pd.NaT, index=data.index)
    wrong = end < start
    if wrong.any():
        raise DataError(
            f"{(many := Count(wrong.sum()))} {many:member|members} left before they joined; the "
            f"first is row {data.index[wrong][0]}: joined {start[wrong].iloc[0]:%Y-%m-%d}, left "
            f"{end[wrong].iloc[0]:%Y-%m-%d}."
        )
    known = start.notna() & (start <= until)
    message = _("{n} {n:member|members} without a day of joining up to then {n:is|are} left out.")
    caveats = counted(((~known).sum(), message))
    start, end = start[known], end[known].where(end[known] <= until)
    cohort, gone = _ordinals(start, freq), end.dt.to_period(freq)
    stop = np.where(gone.isna(), last + 1, gone.astype("int64")) - cohort  # first age not reached
    reach = np.minimum(stop - 1, last - cohort).clip(min=0).astype(int)
    ages = np.concatenate([np.arange(1, n + 1) for n in reach]) if len(reach) else np.array([])
    return cohort, np.column_stack([np.repeat(cohort, reach), ages]).astype(int), caveats


def _returns(data: pd.DataFrame, named: dict[str, str], until: pd.Timestamp, freq: str) -> Told:
    who, when = column(data, named["member"]), dates_of(column(data, named["date"]))
    known = who.notna() & when.notna() & (when < until + pd.Timedelta(days=1))
    if not known.any():
        raise DataError("no purchase with a customer and a day up to then.")
    rows = pd.DataFrame({"who": pd.factorize(who[known])[0]})
    rows["at"] = _ordinals(when[known], freq)
    rows = rows.drop_duplicates()
    first = rows.groupby("who")["at"].transform("min")
    cohort = rows.loc[rows["at"] == first, "at"].to_numpy()
    message = _("Without a contract nobody is known to have left: these are repeat rates.")
    there = np.column_stack([first, rows["at"] - first]).astype(int)
    return cohort, there, (Caveat(message),)


def rate(
    data: pd.DataFrame, *, start: Any, end: Any, joined: str = "joined", left: str = "left"
) -> float:
    """Return the share of the members of one day who are still members on a later one.

    Who joined in between counts on neither side.
    """
    began, gone = dates_of(column(data, joined)), dates_of(column(data, left))
    first, last = moment(start), moment(end)
    if last < first:
        raise DataError(f"end, {last:%Y-%m-%d}, lies before start, {first:%Y-%m-%d}.")
    starters = (began <= first) & ~(gone <= first)
    if not starters.any():
        raise DataError(f"nobody was a member on {first:%Y-%m-%d}.")
    return float((~(gone[starters] <= last)).mean())
