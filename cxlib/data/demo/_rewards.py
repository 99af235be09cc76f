"""The demo bank's rewards programme: who joins, who leaves, what they spend, what it costs.

Everything that the membership chapter should find is planted here: what each step from detractor
to promoter is worth, a campaign whose members leave early, a tier whose benefits keep nothing, and
one whose benefits pay. It has its own seed; the survey and the tickets do not depend on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from cxlib.data.demo import _mess as mess
from cxlib.data.demo._survey import Dates, Floats

SEED = 20_241_004
BEGIN, END = np.datetime64("2024-10-01"), np.datetime64("2026-10-01")
"""Records: leavers and purchases of this time only."""
OTHERS = 900
"""Members who were never asked."""
LAUNCH = np.datetime64("2025-10-01")
"""Tiers are set on this day by the spend of the year before, and benefits begin."""
TIERS = {"Classic": 0.0, "Gold": 1_000.0, "Platinum": 2_000.0}
EXTRA_A_MONTH = {"Classic": 0.0, "Gold": 0.0, "Platinum": 90.0}
"""What a tier makes its members spend more: Gold keeps nothing."""
BENEFITS = {
    "Classic": ("Birthday voucher", 0.6, 5.0),
    "Gold": ("Lounge visit", 3.0, 30.0),
    "Platinum": ("Concierge", 1.0, 40.0),
}
"""Name, uses a year, cost of one: Gold costs £90 a year, Platinum £40."""
POINTS = {"Classic": 1.0, "Gold": 1.5, "Platinum": 2.0}
REDEEMED, EXPIRED = 0.35, 0.10
WORTH_IN_HORIZON, HORIZON = {"passive": 120.0, "promoter": 200.0}, 180
"""Spend more than a detractor's within so many days of the answer: £120 and £80 a step."""
CAMPAIGN, CAMPAIGN_QUARTER = "Cashback campaign", (
    np.datetime64("2025-04-01"), np.datetime64("2025-07-01"))  # fmt: skip
LEAVING_A_MONTH = {"Branch": 0.012, "App": 0.012, CAMPAIGN: 0.11}
"""The campaign's members leave early; app and branch alike."""
PURCHASES_A_MONTH, MONEY = (3.0, 0.3), (4.0, 85.0)
"""Gamma shape and scale of the rate; shape and mean of a member's own mean money."""
_MONTH = 30.4375


Rewards: TypeAlias = SimpleNamespace
"""Arrays, an element a member: ``number, joined, left`` (NaT: stayed), ``tier, channel``."""
Bought: TypeAlias = tuple[npt.NDArray[np.int64], Dates, Floats]
"""Who bought (a position in `Rewards`), when, and for how much."""


def write_rewards(folder: Path, answers: Mapping[str, tuple[str, str]]) -> list[Path]:
    """Write the programme's files; `answers` are customers' answer days and ratings, as texts."""
    rng = np.random.default_rng(SEED)
    people, answered, rating = _members(rng, answers)
    who, day, amount = _purchases(rng, people, answered, rating)
    year = (day >= BEGIN) & (day < LAUNCH)
    spent = np.bincount(who[year], amount[year], len(people.number))
    tier = np.array(list(TIERS))[np.searchsorted(list(TIERS.values()), spent, side="right") - 1]
    people.tier = tier
    more = _extra(rng, people)
    who, day, amount = _joined((who, day, amount), more)
    order = np.lexsort((who, day))
    bought = who[order], day[order], np.round(amount[order], 2)
    return [
        mess.write_table(folder / "rewards_members.csv", {
            "Customer": people.number, "Joined": people.joined, "Left": people.left,
            "Tier": people.tier, "Joined by": people.channel,
        }),
        _write_purchases(folder / "rewards_purchases.csv", rng, people, bought),
        _write_benefits(folder / "rewards_benefits.csv", rng, people),
        _write_points(folder / "rewards_points.csv", rng, people, bought),
    ]  # fmt: skip


def _members(
    rng: np.random.Generator, answers: Mapping[str, tuple[str, str]]
) -> tuple[Rewards, Dates, Floats]:
    asked = [key for key, (at, _rating) in answers.items() if at[:10] < "2026-04-01"]
    number = np.array([*asked, *(f"R{100_000 + k}" for k in range(OTHERS))])
    n = len(number)
    far = np.datetime64("2199-01-01")
    told = [np.datetime64(answers[key][0][:10]) for key in asked]
    answered = np.array([*told, *[far] * OTHERS], dtype="M8[D]")
    rating = np.array(
        [float(text) if text.isdigit() and int(text) <= 10 else np.nan
         for text in (*(answers[key][1] for key in asked), *[""] * OTHERS)]
    )  # fmt: skip
    latest = np.minimum(answered, np.datetime64("2026-07-01")) - np.timedelta64(1, "D")
    early = np.datetime64("2021-01-01") + rng.integers(0, 1_369, n)
    late = BEGIN + (rng.random(n) * (latest - BEGIN).astype(int)).astype("m8[D]")
    joined = np.where((rng.random(n) < 0.55) | (latest <= BEGIN), early, late)
    channel = rng.choice(["Branch", "App"], size=n, p=[0.55, 0.45]).astype("U20")
    inside = (joined >= CAMPAIGN_QUARTER[0]) & (joined < CAMPAIGN_QUARTER[1])
    channel[inside & (rng.random(n) < 0.7)] = CAMPAIGN
    monthly = np.array([LEAVING_A_MONTH[c] for c in channel.tolist()])
    stay = np.ceil(rng.exponential(_MONTH / monthly)).astype("m8[D]")
    left = np.maximum(joined, BEGIN) + stay
    gone = np.where(left < END, left, np.datetime64("NaT"))
    people = Rewards(number=number, joined=joined, left=gone, channel=channel)
    return people, answered, rating


def _purchases(
    rng: np.random.Generator, people: Rewards, answered: Dates, rating: Floats
) -> Bought:
    """Draw purchases while members are in, and what a better answer brings after it."""
    n = len(people.number)
    begin, end = _since(people, BEGIN)
    mean = rng.gamma(MONEY[0], MONEY[1] / MONEY[0], n)
    usual = _drawn(rng, rng.gamma(*PURCHASES_A_MONTH, n), begin, end, mean)
    level = np.select([rating <= 6, rating <= 8], ["detractor", "passive"], "promoter")
    more = np.array([WORTH_IN_HORIZON.get(word, 0.0) for word in level.tolist()])
    more[np.isnan(rating)] = 0.0
    start = answered + np.timedelta64(1, "D")
    until = np.minimum(start + np.timedelta64(HORIZON, "D"), end)
    extra = _drawn(rng, more / 40 / (HORIZON / _MONTH), start, until, np.full(n, 40.0))
    return _joined(usual, extra)


def _joined(some: Bought, more: Bought) -> Bought:
    who, day, amount = (np.concatenate(pair) for pair in zip(some, more, strict=True))
    return who, day, amount


def _drawn(
    rng: np.random.Generator, rate: Floats, begin: Dates, end: Dates, mean: Floats
) -> Bought:
    days = np.maximum((end - begin).astype(float), 0.0)
    who = np.repeat(np.arange(len(rate)), rng.poisson(rate * days / _MONTH))
    day = begin[who] + (rng.random(len(who)) * days[who]).astype("m8[D]")
    return who, day, np.maximum(mean[who] * rng.gamma(4.0, 0.25, len(who)), 0.5)


def _since(people: Rewards, day: np.datetime64) -> tuple[Dates, Dates]:
    """Return from when each is a member, of the time since a day, and until when."""
    end = np.where(np.isnat(people.left), END, people.left)
    return np.maximum(people.joined, day), end


def _extra(rng: np.random.Generator, people: Rewards) -> Bought:
    """Draw what a tier makes its members buy once benefits have begun."""
    begin, end = _since(people, LAUNCH)
    rate = np.array([EXTRA_A_MONTH[t] for t in people.tier.tolist()]) / 60
    return _drawn(rng, rate, begin, end, np.full(len(rate), 60.0))


def _write_purchases(path: Path, rng: np.random.Generator, people: Rewards, bought: Bought) -> Path:
    """Write the purchases; some cards were declined, which a row says, before they went through."""
    who, day, amount = bought
    at = np.repeat(np.arange(len(who)), 1 + (rng.random(len(who)) < 0.004))
    declined = np.diff(at, append=-1) == 0
    columns = {
        "Reference": np.char.add(np.where(declined, "D", "P"), (100_000 + at).astype(str)),
        "Customer": people.number[who[at]], "Day": day[at], "Amount": amount[at],
        "State": np.where(declined, "Declined", "Settled"),
    }  # fmt: skip
    return mess.write_table(path, columns)


def _write_benefits(path: Path, rng: np.random.Generator, people: Rewards) -> Path:
    rows = []
    begin, end = _since(people, LAUNCH)
    days = np.maximum((end - begin).astype(float), 0.0)
    for tier, (name, uses, cost) in BENEFITS.items():
        inside = np.flatnonzero(people.tier == tier)
        who = np.repeat(inside, rng.poisson(uses * days[inside] / 365.25))
        day = begin[who] + (rng.random(len(who)) * days[who]).astype("m8[D]")
        dates = day.astype("M8[D]").astype(str).tolist()
        rows += [[m, d, name, f"{cost:.2f}"]
                 for m, d in zip(people.number[who].tolist(), dates, strict=True)]  # fmt: skip
    rows.sort(key=lambda row: (row[1], row[0]))
    return mess.write_csv(path, ("Customer", "Day", "Benefit", "Cost"), rows, encoding="utf-8")


def _write_points(path: Path, rng: np.random.Generator, people: Rewards, bought: Bought) -> Path:
    """Write the ledger: points of a half-year are posted at its end, some are used, some expire."""
    who, day, amount = bought
    ledger: list[tuple[str, str, int, str]] = []
    rate = np.array([POINTS[t] for t in people.tier.tolist()])
    for first, last in (("2025-10-01", "2026-03-31"), ("2026-04-01", "2026-09-30")):
        inside = (day >= np.datetime64(first)) & (day <= np.datetime64(last))
        spent = np.bincount(who[inside], amount[inside], len(people.number))
        for member in np.flatnonzero(spent):
            name, points = people.number[member], int(spent[member] * rate[member])
            ledger.append((name, last, points, "Issued"))
            if rng.random() < 0.7 and points:
                ledger.append((name, last, -int(points * REDEEMED / 0.7), "Redeemed"))
            if last > "2026-09" and rng.random() < 0.2:
                ledger.append((name, last, -int(points * EXPIRED / 0.2), "Expired"))
    return mess.write_csv(path, ("Customer", "Day", "Points", "Entry"), ledger)
