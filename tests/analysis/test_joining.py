"""Members against comparable customers who had not joined: no effect where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import members
from cxlib.errors import DataError

BEGIN = pd.Timestamp("2024-10-01")
DAYS = 730
AS_OF = BEGIN + pd.Timedelta(days=DAYS - 1)


def world(seed: int, *, more: float = 0.0, rising: bool = False, n: int = 2_500) -> Any:
    """Draw customers of very different kinds, the better of whom join at one of their purchases.

    `more` is what joining makes them buy more, as a share; `rising`: who will join buys more and
    more already long before.
    """
    rng = np.random.default_rng(seed)
    kind = rng.gamma(1.5, 1 / 1.5, n)
    mean = rng.gamma(4.0, 12.5, n)
    start = np.where(rng.random(n) < 0.6, 0, rng.random(n) * DAYS)
    gap = rng.exponential(1.0, (n, 200)) / (kind[:, None] / 20)
    bought = start[:, None] + np.cumsum(gap, axis=1)
    chance = np.minimum(0.015 * kind * mean / 50, 1)
    joins = rng.random((n, 200)) < chance[:, None]
    first = np.where(joins.any(axis=1), np.argmax(joins, axis=1), 199)
    joined = bought[np.arange(n), first]
    when = np.where(bought > joined[:, None], joined[:, None] + (bought - joined[:, None]) /
                    (1 + more), bought)  # fmt: skip
    who, nth = np.nonzero(when < DAYS)
    amount = np.maximum(mean[who] * rng.gamma(4.0, 0.25, len(who)), 0.5)
    if rising:
        soon = (joined[who] - when[who, nth]) / DAYS
        amount *= np.where(joined[who] < DAYS, np.exp(-4 * np.maximum(soon, 0)), 1)
    ids = pd.Series(who.astype(str))
    day = BEGIN + pd.to_timedelta(when[who, nth].astype(int), "D")
    purchases = pd.DataFrame({"member_id": ids, "amount": amount, "date": day})
    inside = np.flatnonzero(joined < DAYS)
    day = BEGIN + pd.to_timedelta(joined[inside].astype(int), "D")
    listed = pd.DataFrame({"member_id": inside.astype(str), "joined": day})
    return listed, purchases


def told(seed: int, **kinds: Any) -> pd.Series:
    found = members.effect_of_joining(*world(seed, **kinds), as_of=AS_OF)
    return pd.concat([found.table.iloc[0], pd.Series({"after": found.windows["mean"].iloc[-1]})])


pytestmark = pytest.mark.xdist_group("joining")  # what the fixture makes is made once


@pytest.fixture(scope="module")
def nothing() -> pd.DataFrame:
    return pd.DataFrame([told(seed) for seed in range(24)])


def test_where_joining_changes_nothing_hardly_anything_is_found(nothing: pd.DataFrame) -> None:
    assert (nothing["raw"] > 40).all()  # members do spend far more than others
    assert nothing["turn"].isin(["more", "less"]).sum() <= 4  # 1 in 20, P(more than 4 of 24) = .006
    error = nothing["effect"].std() / np.sqrt(len(nothing))
    assert abs(nothing["effect"].mean()) < 2.6 * error
    half = (nothing["effect_high"] - nothing["effect_low"]).mean() / 2
    assert half == pytest.approx(1.96 * nothing["effect"].std(), rel=0.35)


def test_what_joining_adds_is_recovered(nothing: pd.DataFrame) -> None:
    found = pd.DataFrame([told(seed, more=0.5) for seed in range(8)])
    assert (found["turn"] == "more").sum() >= 6
    usual = nothing["after"].mean()
    error = found["effect"].std() / np.sqrt(len(found))
    assert abs(found["effect"].mean() - 0.5 * usual) < 3 * error


def test_where_members_were_on_another_course_before_no_effect_is_told() -> None:
    turns = [told(seed, rising=True)["turn"] for seed in range(4)]
    assert turns.count("no telling") >= 3


def test_members_and_others_are_alike_long_before_once_weighted() -> None:
    found = members.effect_of_joining(*world(1), as_of=AS_OF)
    assert (found.balance["apart"] > 0.1).any()
    assert found.balance["apart_weighted"].abs().max() < 0.01
    first = found.windows.iloc[0]
    assert first["mean"] == pytest.approx(first["mean_others"], rel=0.01)


def test_the_estimate_is_the_difference_of_the_windows_that_are_drawn() -> None:
    found = members.effect_of_joining(*world(2), as_of=AS_OF)
    gap = found.windows["mean"] - found.windows["mean_others"]
    row = found.table.iloc[0]
    assert row["effect"] == pytest.approx(gap[3] - (gap[1] + gap[2]) / 2)
    assert row["trend"] == pytest.approx(gap[2] - gap[1])


def test_the_unit_of_money_and_the_ids_do_not_matter() -> None:
    listed, bought = world(3)
    row = members.effect_of_joining(listed, bought, as_of=AS_OF).table.iloc[0]
    cents = members.effect_of_joining(
        listed.assign(member_id="m" + listed["member_id"]),
        bought.assign(member_id="m" + bought["member_id"], amount=100 * bought["amount"]),
        as_of=AS_OF,
    ).table.iloc[0]
    assert cents["effect"] == pytest.approx(100 * row["effect"], rel=1e-3)
    assert cents["p_value"] == pytest.approx(row["p_value"], abs=2e-3)


def test_what_cannot_be_compared_is_refused() -> None:
    listed, bought = world(4)
    mine = bought[bought["member_id"].isin(listed["member_id"])]
    with pytest.raises(DataError, match="only members buy"):
        members.effect_of_joining(listed, mine, as_of=AS_OF)
    first = bought.groupby("member_id")["date"].min()
    at_once = listed.assign(joined=listed["member_id"].map(first))
    with pytest.raises(DataError, match="had not been"):
        members.effect_of_joining(at_once, bought, as_of=AS_OF)
    with pytest.raises(DataError, match="joined"):
        members.effect_of_joining(listed[["member_id"]], bought, as_of=AS_OF)
    with pytest.raises(DataError, match="horizon"):
        members.effect_of_joining(listed, bought, as_of=AS_OF, horizon=0)
    rich = mine.assign(amount=mine["amount"] + 5_000)
    others = bought[~bought["member_id"].isin(listed["member_id"])]
    with pytest.raises(DataError, match="nobody else is like"):
        members.effect_of_joining(listed[:400], pd.concat([rich, others]), as_of=AS_OF)


def test_who_became_a_customer_by_joining_is_counted() -> None:
    listed, bought = world(5)
    new = pd.DataFrame({"member_id": [f"n{k}" for k in range(50)], "joined": "2025-11-10"})
    more = new.rename(columns={"joined": "date"}).assign(amount=20.0)
    found = members.effect_of_joining(
        pd.concat([listed, new.assign(joined=pd.Timestamp("2025-11-10"))]),
        pd.concat([bought, more.assign(date=pd.Timestamp("2025-11-10"))]), as_of=AS_OF,
    )  # fmt: skip
    said = [c.facts["n"] for c in found.caveats if "no before" in c.message]
    assert said[0] >= 50
