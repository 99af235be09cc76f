"""Purchases by member and day, which every question about members starts from, and RFM."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from cxlib.analysis.results import Caveat, Tabled, counted
from cxlib.analysis.validate import column, count, dates_of, generator, moment, numbers
from cxlib.errors import DataError
from cxlib.words import mark as _

_DAYS = 1 << 20
"""More days than any record has, so that member and day make one number."""
SEGMENTS = (_("champions"), _("loyal"), _("new"), _("at risk"), _("lost"), _("in between"))
"""Named by recency and frequency: high and high, middle recency and high frequency, high and low,
low and high, low and low."""
_LABELS = {"r": _("recency"), "f": _("frequency"), "m": _("money")}


def coded(ids: pd.Series) -> tuple[Any, Any]:
    """Return ids as numbers, and what the numbers stand for."""
    if isinstance(ids.dtype, pd.CategoricalDtype):
        return ids.cat.codes.to_numpy(), ids.cat.categories
    return pd.factorize(ids, sort=False)


def wald(name: str, value: float, error: float, z: float) -> dict[str, float]:
    """Return a number by its name, with its interval."""
    return {name: value, f"{name}_low": value - z * error, f"{name}_high": value + z * error}


def p_of(value: float, error: float) -> float:
    """Return the two-sided p-value of a number, 1 where it does not vary."""
    return float(2 * norm.sf(abs(value / error))) if error > 0 else 1.0


def fitted_on(n: int, most: int, seed: int = 0) -> tuple[Any, tuple[Caveat, ...]]:
    """Return which of `n` rows a model is fitted on: all, or `most` drawn at random, said so."""
    if n <= most:
        return np.arange(n), ()
    drawn = np.sort(generator(seed).choice(n, most, replace=False))
    return drawn, (Caveat(_("Fitted on {n} members drawn at random."), n=most),)


def days_of(
    transactions: pd.DataFrame,
    *,
    as_of: Any,
    member: str = "member_id",
    date: str = "date",
    amount: str = "amount",
) -> tuple[pd.DataFrame, tuple[Caveat, ...]]:
    """Return ``member_id, day`` (since 1970), ``amount``: the purchases of one day, less refunds.

    Only days with money left; what names no customer is refused.
    """
    if isinstance(transactions, pd.DataFrame) and member not in transactions.columns:
        raise DataError(
            f"there is no column {member!r} of customers: purchases of nobody in particular are "
            "no RFM, no retention and no lifetime value."
        )
    who = column(transactions, member)
    day = dates_of(column(transactions, date)).to_numpy()
    money = numbers(column(transactions, amount)) if amount in transactions else np.ones(len(who))
    until = np.datetime64(moment(as_of), "D")
    unnamed = who.isna().to_numpy() | np.isnan(money) | np.isnat(day)
    future = (day > until + np.timedelta64(1, "D") - np.timedelta64(1, "us")) & ~unnamed
    kept = ~(unnamed | future)
    if not kept.any():
        raise DataError(
            f"no purchase with customer, day and money up to {until}: "
            f"{int(unnamed.sum())} lack one of them, {int(future.sum())} lie after it."
        )
    codes, known = coded(who[kept])
    paid = money[kept]
    key = codes.astype("int64") * _DAYS + _DAYS // 2
    key += day[kept].astype("datetime64[D]").astype("int64")
    sums = pd.Series(paid).groupby(key, sort=True).sum()  # one narrow key: millions of rows fit
    merged = pd.DataFrame(
        {
            "member_id": (sums.index // _DAYS).astype("int32"),
            "day": (sums.index % _DAYS - _DAYS // 2).astype("int32"),
            "amount": sums.to_numpy(),
        }
    )
    refunds = int((paid < 0).sum())
    if refunds:  # a return comes later than its purchase: it lowers that member's last one before
        merged = _deducted(merged)
    merged = merged[merged["amount"] > 0]
    if merged.empty:
        raise DataError(_("no purchase is left once refunds are deducted; is the sign right?"))
    merged["member_id"] = pd.Categorical.from_codes(merged["member_id"], known)
    caveats = counted(
        (unnamed.sum(), _("{n} {n:row|rows} without customer, day or money {n:is|are} left out.")),
        (future.sum(), _("{n} {n:row|rows} dated later {n:is|are} left out.")),
        (
            refunds,
            _("{n} {n:refund is|refunds are} deducted from the purchase before {n:it|them}."),
        ),
        (
            (paid == 0).sum(),
            _("{n} {n:row|rows} of amount 0 {n:is|are} no {n:purchase|purchases}."),
        ),
    )
    return merged.reset_index(drop=True), caveats


def _deducted(days: pd.DataFrame) -> pd.DataFrame:
    """Carry a day's deficit back to the member's days before it, the nearest first."""
    days = days.sort_values(["member_id", "day"], kind="stable", ignore_index=True)
    short = np.flatnonzero(days["amount"].to_numpy() < 0)
    who, money = days["member_id"].to_numpy(), days["amount"].to_numpy(copy=True)
    for at in short:
        owed, money[at] = -money[at], 0.0
        back = at - 1
        while owed > 0 and back >= 0 and who[back] == who[at]:
            paid = min(owed, max(money[back], 0.0))
            money[back], owed, back = money[back] - paid, owed - paid, back - 1
    return days.assign(amount=money)


class Rfm(Tabled):
    """Members by recency, frequency and money.

    ``members``: ``member_id, recency`` (days since the last purchase), ``frequency`` (days with a
    purchase), ``money`` (all of it, refunds deducted), ``r, f, m`` (1 is worst) and ``segment``.
    ``table``: a row a segment with its members' means, its ``share`` and its ``money_share``.
    ``groups`` says how many groups each of r, f, m really has.
    """

    members: pd.DataFrame
    groups: dict[str, int]


def rfm(transactions: pd.DataFrame, *, as_of: Any, groups: int = 5, **columns: str) -> Rfm:
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
    **columns
        ``member, date, amount``: what the columns are called, by default ``member_id, date,
        amount``.

    Raises
    ------
    DataError
        Without a customer id.
    """
    if count(groups, "groups") < 2:
        raise DataError(f"groups is {groups}; RFM needs at least 2.")
    days, caveats = days_of(transactions, as_of=as_of, **columns)
    grouped = days.groupby("member_id", observed=True, sort=True)
    members = grouped.agg(
        recency=("day", "max"), frequency=("day", "size"), money=("amount", "sum")
    )
    members = members.set_axis(pd.Index(members.index.to_numpy(), name="member_id")).reset_index()
    until = int(np.datetime64(moment(as_of), "D").astype("int64"))
    members["recency"] = until - members["recency"]
    scored = (("r", -members["recency"]), ("f", members["frequency"]), ("m", members["money"]))
    for name, values in scored:
        below = (values.rank(method="min") - 1) / len(values)
        place = np.floor(below * groups).astype(int)
        members[name] = np.unique(place, return_inverse=True)[1] + 1
    found = {name: int(members[name].max()) for name in _LABELS}
    message = _("Too few different values of {what} for {asked} groups: there are {found}.")
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
    return Rfm(members=members, table=table, groups=found, caveats=(*caveats, *fewer))


def _named(members: pd.DataFrame, found: dict[str, int]) -> Any:
    """Return segments by the thirds of recency and frequency; a single group is neither."""
    r, f = (
        np.ceil(3 * members[name] / found[name]).astype(int) if found[name] > 1 else 2
        for name in ("r", "f")
    )
    if found["f"] == 2:  # once, or more than once
        f = np.where(members["f"] == 1, 1, 3)
    cases = [(r == 3) & (f == 3), (r == 2) & (f == 3), (r == 3) & (f == 1)]
    cases += [(r == 1) & (f >= 2), (r == 1) & (f == 1)]
    return np.select(cases, list(SEGMENTS[:-1]), default=SEGMENTS[-1])
