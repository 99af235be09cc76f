"""Recency, frequency and money: who the members are by what they bought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis.members.purchases import days_of, moment
from cxlib.analysis.results import Caveat, Result
from cxlib.analysis.validate import count
from cxlib.errors import DataError
from cxlib.words import mark as _

SEGMENTS = (_("champions"), _("loyal"), _("new"), _("at risk"), _("lost"), _("in between"))
"""Named by recency and frequency: high and high, middle recency and high frequency, high and low,
low and high, low and low."""
_LABELS = {"r": _("recency"), "f": _("frequency"), "m": _("money")}


@dataclass(frozen=True, kw_only=True)
class Rfm(Result):
    """Members by recency, frequency and money.

    ``members``: ``member_id, recency`` (days since the last purchase), ``frequency`` (days with a
    purchase), ``money`` (all of it, refunds deducted), ``r, f, m`` (1 is worst) and ``segment``.
    ``table``: one row a segment: ``segment, level, n, share, recency, frequency, money`` (means)
    and ``money_share``. ``groups`` says how many groups each of r, f, m really has.
    """

    members: pd.DataFrame
    table: pd.DataFrame
    groups: dict[str, int]
    caveats: tuple[Caveat, ...] = ()


def rfm(
    transactions: pd.DataFrame,
    *,
    as_of: Any,
    groups: int = 5,
    member: str = "member_id",
    date: str = "date",
    amount: str = "amount",
) -> Rfm:
    """Sort customers into groups of about equal size by recency, frequency and money.

    Equal values always stand in one group: that of the lowest of them. Where too few different
    values exist there are fewer groups, numbered without a gap; none is invented.

    Parameters
    ----------
    transactions : pandas.DataFrame
        One row a purchase; rows of one customer and day are one, refunds (below 0) are deducted.
    as_of : date
        The last day; later rows are left out and counted.
    groups : int
        At most so many groups of each.
    member, date, amount : str
        Columns.

    Raises
    ------
    DataError
        Without a customer id.
    """
    if count(groups, "groups") < 2:
        raise DataError(f"groups is {groups}; RFM needs at least 2.")
    days = days_of(transactions, as_of=as_of, member=member, date=date, amount=amount)
    grouped = days.table.groupby("member_id", observed=True, sort=True)
    told = grouped.agg(last=("day", "max"), frequency=("day", "size"), money=("amount", "sum"))
    until = int(np.datetime64(moment(as_of), "D").astype("int64"))
    members = pd.DataFrame(
        {
            "member_id": told.index.to_numpy(),
            "recency": until - told["last"].to_numpy(),
            "frequency": told["frequency"].to_numpy(),
            "money": told["money"].to_numpy(),
        }
    )
    members["r"] = _scores(-members["recency"], groups)
    members["f"] = _scores(members["frequency"], groups)
    members["m"] = _scores(members["money"], groups)
    found = {name: int(members[name].max()) for name in _LABELS}
    message = _("{what} has too few different values for {asked} groups; there are {found}.")
    fewer = tuple(
        Caveat(message, what=_LABELS[name], asked=groups, found=n)
        for name, n in found.items()
        if n < groups
    )
    members["segment"] = _named(members, found)
    table = members.groupby("segment", sort=False)[["recency", "frequency", "money"]].mean()
    sizes = members["segment"].value_counts()
    money = members.groupby("segment")["money"].sum() / members["money"].sum()
    table = table.reindex([name for name in SEGMENTS if name in sizes.index])
    table = table.assign(n=sizes, share=sizes / len(members), money_share=money)
    table = table.rename_axis("level").reset_index().assign(segment="rfm")
    return Rfm(members=members, table=table, groups=found, caveats=(*days.caveats, *fewer))


def _scores(values: pd.Series, groups: int) -> Any:
    below = (values.rank(method="min") - 1) / len(values)
    raw = np.floor(below * groups).astype(int)
    return np.unique(raw, return_inverse=True)[1] + 1


def _named(members: pd.DataFrame, found: dict[str, int]) -> Any:
    """Return segments by the thirds of recency and frequency; a single group is neither."""
    third = {
        name: np.ceil(3 * members[name] / found[name]).astype(int) if found[name] > 1 else 2
        for name in ("r", "f")
    }
    r, f = third["r"], third["f"]
    if found["f"] == 2:  # once, or more than once
        f = np.where(members["f"] == 1, 1, 3)
    cases = [(r == 3) & (f == 3), (r == 2) & (f == 3), (r == 3) & (f == 1), (r == 1) & (f >= 2),
             (r == 1) & (f == 1)]  # fmt: skip
    return np.select(cases, list(SEGMENTS[:-1]), default=SEGMENTS[-1])
