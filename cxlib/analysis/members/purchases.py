"""Purchases by member and day: what every question about members starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis.results import Caveat
from cxlib.analysis.validate import column, numbers
from cxlib.errors import DataError
from cxlib.words import mark as _

_DAYS = 1 << 20
"""More days than any record has, so that member and day make one number."""


def coded(ids: pd.Series) -> tuple[Any, Any]:
    """Return ids as numbers, and what the numbers stand for."""
    if isinstance(ids.dtype, pd.CategoricalDtype):
        return ids.cat.codes.to_numpy(), ids.cat.categories
    return pd.factorize(ids, sort=False)


@dataclass(frozen=True, kw_only=True)
class Days:
    """``table``: ``member_id, day`` (days since 1970), ``amount``: one row a member's day.

    Only days with money left after refunds; `refunds` are the rows below 0.
    """

    table: pd.DataFrame
    refunds: int
    caveats: tuple[Caveat, ...] = ()


def days_of(
    transactions: pd.DataFrame,
    *,
    as_of: Any,
    member: str = "member_id",
    date: str = "date",
    amount: str = "amount",
) -> Days:
    """Merge the purchases of one day, refunds deducted.

    Raises
    ------
    DataError
        Without a customer id, or without a purchase: then there are no members to speak of.
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
    refunds, nothing = int((paid < 0).sum()), int((paid == 0).sum())
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
    if refunds:  # a return comes later than its purchase: it lowers that member's last one before
        merged = _deducted(merged)
    merged = merged[merged["amount"] > 0]
    if merged.empty:
        raise DataError("no purchase is left once refunds are deducted; is the sign right?")
    caveats = []
    if unnamed.any():
        message = _("{n} rows without customer, day or money are left out.")
        caveats.append(Caveat(message, n=int(unnamed.sum())))
    if future.any():
        caveats.append(Caveat(_("{n} rows dated later are left out."), n=int(future.sum())))
    if refunds:
        message = _("{n} refunds are deducted from the purchase before them.")
        caveats.append(Caveat(message, n=refunds))
    if nothing:
        caveats.append(Caveat(_("{n} rows of amount 0 are no purchases."), n=nothing))
    merged["member_id"] = pd.Categorical.from_codes(merged["member_id"], known)
    return Days(table=merged.reset_index(drop=True), refunds=refunds, caveats=tuple(caveats))


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


def moment(as_of: Any) -> pd.Timestamp:
    """Return a day that a caller names.

    Raises
    ------
    DataError
        If it is none.
    """
    try:
        day = pd.Timestamp(as_of)
    except (ValueError, TypeError):
        raise DataError(f"{as_of!r} is no date; write such as 2026-09-30.") from None
    if pd.isna(day) or isinstance(as_of, (int, float)):
        raise DataError(f"{as_of!r} is no date; write such as 2026-09-30.")
    return day.normalize().tz_localize(None)


def dates_of(cells: pd.Series) -> pd.Series:
    """Return a column as moments; what is no date is an error.

    Raises
    ------
    DataError
        Naming the first cell that is none.
    """
    if isinstance(cells.dtype, pd.DatetimeTZDtype):
        cells = cells.dt.tz_localize(None)
    if pd.api.types.is_datetime64_dtype(cells):
        return cells.astype("datetime64[us]")
    if pd.api.types.is_numeric_dtype(cells) and cells.notna().any():
        raise DataError(f"column {cells.name!r} holds numbers, not dates.")
    read = pd.to_datetime(cells, errors="coerce", format="ISO8601").astype("datetime64[us]")
    bad = read.isna() & cells.notna()
    if bad.any():
        first = cells[bad].iloc[0]
        raise DataError(
            f"column {cells.name!r} holds {first!r} ({int(bad.sum())} such), which is no date; "
            "write such as 2026-09-30."
        )
    return read
