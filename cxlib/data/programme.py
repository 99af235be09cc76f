"""A loyalty programme's tables once they are typed: states, currencies, refunds, what cannot be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cxlib.data import values
from cxlib.data.ledger import Ledger, Path, examples
from cxlib.data.readers import Raw
from cxlib.errors import Count, nearest
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.params import Client

MANY = 0.2
"""More members than this who left before joining have wrong columns."""
_UNIT_DAYS = {"days": 1.0, "weeks": 7.0, "months": 30.4375, "years": 365.25}


def _settle_members(raw: Raw, client: Client, frame: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Sort the states, check tiers and dates, and keep a member's last row."""
    section = client.members
    if section is None:
        return frame
    if "status" in frame:
        told = {name: getattr(section.states, name, ()) for name in ("active", "left")}
        frame["status"] = sorted_as(raw, frame["status"], told, ("members", "states"), ledger)
    if "tenure" in frame:
        frame["tenure"] *= _UNIT_DAYS[section.tenure_unit]
    if section.tiers and "tier" in frame:
        strange = frame["tier"].notna() & ~frame["tier"].isin(section.tiers)
        if strange.any():
            first = str(frame.loc[strange, "tier"].iloc[0])
            ledger.error(
                ("members", "tiers"),
                f"{(n := Count(strange.sum()))} {n:member holds|members hold} a tier that no rule "
                f"names: {examples(raw, frame['tier'], strange)}{nearest(first, section.tiers)}",
                first,
            )
    return _one_row_each(_dated(frame, ledger), ledger)


def _dated(frame: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Leave out members who left before they joined, or joined in the future."""
    if "joined" not in frame:
        return frame
    now = pd.Timestamp.now() + pd.Timedelta(days=1)
    early = frame.get("left", pd.Series(pd.NaT, index=frame.index)) < frame["joined"]
    late = frame["joined"] > now
    path = ("members", "columns", "joined")
    if early.sum() > max(MANY * len(frame), 5):
        ledger.error(
            path,
            f"{int(early.sum())} of {len(frame)} members left before they joined; are the columns "
            "and date formats right?",
        )
    for reason, rows, said in (
        (_("left before joining"), early, "left before they joined"),
        (_("joined in the future"), late & ~early, "joined in the future"),
    ):
        if rows.any():
            first = frame.loc[rows, "joined"].iloc[0]
            ledger.warn(
                path,
                f"{(n := Count(rows.sum()))} {n:member|members} {said}, the first joined "
                f"{first:%Y-%m-%d}; they are left out.",
            )
            ledger.drop(reason, int(rows.sum()))
    return frame[~(early | late)]


def _one_row_each(frame: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Keep a member's last row."""
    if "member_id" not in frame:
        return frame
    named = frame["member_id"].notna()
    same = frame.duplicated(keep="last") & named
    ledger.drop(_("repeats a row exactly"), int(same.sum()))
    frame, named = frame[~same], named[~same]
    former = frame["member_id"].duplicated(keep="last") & named
    if former.any():
        ledger.warn(
            ("members", "columns", "id"),
            f"{(n := Count(former.sum()))} {n:row repeats|rows repeat} a member's id with other "
            "contents; the last row of each member is kept.",
        )
    ledger.drop(_("an earlier row of the same member"), int(former.sum()))
    return frame[~former].reset_index(drop=True)


def _settle_transactions(
    raw: Raw, client: Client, frame: pd.DataFrame, ledger: Ledger
) -> pd.DataFrame:
    """Bring amounts to one currency, refunds below 0, and leave out what is no purchase.

    `frame` may be a piece of the table: what is said of the whole is said by `told_of_purchases`.
    """
    section = client.transactions
    if section is None:
        return frame
    names = section.columns
    gone: dict[str, Any] = {}
    if "amount" in frame:
        frame["amount"] *= _rates(raw, client, ledger)
    status = ledger.column(raw, names.status, ("transactions", "columns", "status"))
    if status is not None and section.states is not None:
        told = {n: getattr(section.states, n) for n in ("paid", "refunded", "cancelled")}
        known = values.texts_or_missing(status, missing=section.missing)
        state = sorted_as(raw, known, told, ("transactions", "states"), ledger)
        for name in ("amount", "points"):
            if name in frame:
                frame[name] = frame[name].where(state != "refunded", -frame[name].abs())
        gone[_("cancelled")] = state == "cancelled"
    day = frame.get("date", pd.Series(pd.NaT, index=frame.index))
    late = day > pd.Timestamp.now() + pd.Timedelta(days=1)
    if late.any():
        ledger.last = max(ledger.last or day.max(), day.max())
    gone[FUTURE] = late
    if "order_id" in frame:  # without an order's number two equal rows may be two purchases
        gone[_("repeats a row exactly")] = ledger.repeated(raw.frame) & frame["order_id"].notna()
    if "order_id" in frame and "amount" in frame:
        here = frame[~gone[_("repeats a row exactly")] & frame["order_id"].notna()]
        ledger.orders += whole_orders(here["order_id"], here["amount"])
    kept = pd.Series(True, index=frame.index)
    for reason, rows in gone.items():
        ledger.drop(reason, int((rows & kept).sum()))
        kept &= ~rows
    if "amount" in frame:
        ledger.refunds += int((frame.loc[kept, "amount"] < 0).sum())
    return frame[kept]


def whole_orders(orders: pd.Series, amounts: pd.Series) -> int:
    """Return how many orders of several rows have one amount, if nearly all of these do."""
    by = amounts.reindex(orders.index).groupby(orders)
    several = by.size() > 1
    same = int((by.nunique()[several] <= 1).sum())
    return same if same > max(2, 0.9 * several.sum() - 1) else 0


FUTURE = _("dated in the future")


def told_of_purchases(ledger: Ledger) -> None:
    """Say of all pieces of the transactions what was left out and deducted."""
    if ledger.last is not None:
        ledger.warn(
            ("transactions", "columns", "date"),
            f"{(n := Count(ledger.dropped[FUTURE]))} {n:row is|rows are} dated in the future, the "
            f"last {ledger.last:%Y-%m-%d}; they are left out.",
        )
    if ledger.orders:
        ledger.warn(
            ("transactions", "columns", "amount"),
            f"{ledger.orders} orders stand in several rows with one amount: if it is the whole "
            "order's, it counts once a row. Name the column of the line's own amount, or read one "
            "row of each by `sql: select * … qualify row_number() over (partition by …) = 1`.",
        )
    if ledger.refunds:
        ledger.notes.append(f"{ledger.refunds} refunds (amounts below 0) are deducted")


def _rates(raw: Raw, client: Client, ledger: Ledger) -> Any:
    """Return what each row's amount is multiplied with, to be in the client's currency."""
    section = client.transactions
    name = section.columns.currency if section is not None else None
    texts = ledger.column(raw, name, ("transactions", "columns", "currency"))
    if section is None or texts is None:
        return 1.0
    known = values.texts_or_missing(texts, missing=section.missing).str.upper()
    counts = known.value_counts()
    ledger.currency = (
        client.currency or ledger.currency or str(counts.index[0] if len(counts) else "")
    )
    rates = {ledger.currency: 1.0, **section.rates}
    other = known[known.notna() & ~known.isin(rates)]
    if len(other):
        told = ", ".join(f"{code} ({n})" for code, n in counts.items())
        ledger.error(
            ("transactions", "rates"),
            f"amounts are in several currencies: {told}. Say under `rates:` how much "
            f"{ledger.currency} one {other.iloc[0]} is worth.",
            other.iloc[0],
        )
    return known.map(rates).fillna(1.0).astype("float64")


def _settle_points(raw: Raw, client: Client, frame: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Sort a ledger's entries by their code, or by their sign; points are above 0 then."""
    section = client.points
    if section is None or "points" not in frame:
        return frame
    sign = np.where(frame["points"] < 0, "redeemed", "issued")
    kind = pd.Series(sign, index=frame.index, dtype="str")
    if section.kinds is not None and "kind" in frame:
        told = {n: getattr(section.kinds, n) for n in ("issued", "redeemed", "expired")}
        kind = sorted_as(raw, frame["kind"], told, ("points", "kinds"), ledger)
    return frame.assign(points=frame["points"].abs(), kind=kind.astype("str"))


def sorted_as(
    raw: Raw,
    texts: pd.Series,
    told: Mapping[str, Any],
    path: Path,
    ledger: Ledger,
    *,
    said: str = "row holds a text|rows hold a text",
) -> pd.Series:
    """Return raw texts as the words under which the client file sorts them."""
    known = {word: word for word in told}
    known |= {values.plain(raw).casefold(): word for word, raws in told.items() for raw in raws}
    plain = texts.map(lambda text: values.plain(text).casefold(), na_action="ignore")
    words = plain.map(known).astype("str")
    strange = words.isna() & texts.notna()
    if strange.any():
        first = str(texts[strange].iloc[0])
        ledger.error(
            path,
            f"{(n := Count(strange.sum()))} {n:{said}} that stands under none of "
            f"{', '.join(told)}: {examples(raw, texts, strange)}{nearest(first, known)}",
            first,
        )
    return words


SETTLED: dict[str, Callable[[Raw, Client, pd.DataFrame, Ledger], pd.DataFrame]] = {
    "members": _settle_members,
    "transactions": _settle_transactions,
    "points": _settle_points,
}
"""What a table needs once its columns are typed; those without an entry need nothing."""
WHOLE = ("members",)
"""Tables whose rows need one another: they are never read in pieces."""
