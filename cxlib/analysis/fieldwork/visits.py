"""Who visits where and when: a balanced round of mystery visits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

import numpy as np
import pandas as pd

from cxlib.analysis.results import Caveat, Result
from cxlib.errors import DataError
from cxlib.words import mark as _

DAYPARTS = (_("morning"), _("afternoon"), _("evening"))


@dataclass(frozen=True, kw_only=True)
class VisitPlan(Result):
    """A round of visits.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a visit, in time order: ``date, daypart, location, visitor``.
    caveats : tuple of Caveat
        What so few visits cannot balance.
    """

    table: pd.DataFrame
    caveats: tuple[Caveat, ...] = ()


def visit_plan(
    locations: Sequence[str],
    *,
    visitors: Sequence[str],
    each: int,
    start: dt.date,
    end: dt.date,
    dayparts: Sequence[str] = DAYPARTS,
    seed: int = 0,
) -> VisitPlan:
    """Plan who visits which location when, so that a strict visitor makes no location weak.

    Parameters
    ----------
    locations, visitors : sequence of str
        Places, and codes of people.
    each : int
        Visits to each location.
    start, end : datetime.date
        First and last day, both included.
    dayparts : sequence of str
        Parts of the day to spread over.
    seed : int
        Of the draw; the same seed gives the same plan.

    Returns
    -------
    VisitPlan
        Loads differ by one visit at most; nobody returns to a location before all others were
        there; a location's visits are spread over the days and differ by one at most by daypart;
        nobody has two visits on one day, where there are days enough.

    Raises
    ------
    DataError
        If there is nothing to plan, or the end lies before the start.

    Notes
    -----
    Visits are dealt in rounds, visitor after visitor; after V / gcd(L, V) rounds, when all have
    the same load, the deal is shifted by one, so that each location meets all V visitors.
    """
    if not locations or not visitors or each < 1:
        raise DataError("nothing to plan: name locations, visitors and at least one visit each.")
    if end < start:
        raise DataError(f"end is {end}, before the start, {start}.")
    rng = np.random.default_rng(seed)
    places, people = (list(rng.permutation(list(names))) for names in (locations, visitors))
    n, v = len(places), len(people)
    days = (end - start).days + 1
    cycle = v // gcd(n, v)
    busy: set[tuple[str, int]] = set()
    rows = []
    for turn in range(each):
        for at, place in enumerate(places):
            who = str(people[(turn * n + at + turn // cycle) % v])
            span = (turn * days // each, max((turn + 1) * days // each, turn * days // each + 1))
            wanted = [int(day) for day in rng.permutation(np.arange(*span)) if day < days]
            anywhere = [int(day) for day in rng.permutation(days)]
            free = [day for day in (*wanted, *anywhere) if (who, day) not in busy]
            day = (free or wanted or anywhere)[0]
            busy.add((who, day))
            part = dayparts[(turn + at) % len(dayparts)]
            rows.append({"date": start + dt.timedelta(days=day), "daypart": part,
                         "location": str(place), "visitor": who})  # fmt: skip
    table = pd.DataFrame(rows).sort_values(["date", "location"], kind="stable", ignore_index=True)
    seen = table.groupby("visitor")["location"].nunique()
    notes = []
    if n > 1 and (seen < 2).any():
        message = _(
            "{n} of {all} visitors see one location only: send fewer people, or more often."
        )
        notes.append(Caveat(message, n=int((seen < 2).sum()), all=len(seen)))
    return VisitPlan(table=table, caveats=tuple(notes))
