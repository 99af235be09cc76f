"""The demo hotels' guests and their stays: who joins, who leaves, who comes again, who never joins.

Guests who are no members, and what members stayed before they joined, have a seed and a file of
their own; nothing else depends on them.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from cxlib.data.demo import _mess as mess
from cxlib.data.demo._survey import Dates, Floats

MEMBERS = 6_000
RECORDS_BEGIN, RECORDS_END = np.datetime64("2024-10-01"), np.datetime64("2026-10-01")
"""Members who left before the records begin are not in the file (left truncation)."""
TIERS = {"银卡": 0.62, "金卡": 0.28, "白金卡": 0.10}
LEAVING_A_MONTH = {"银卡": 0.022, "金卡": 0.010, "白金卡": 0.005}
"""Planted: constant monthly chance of leaving; higher tiers stay."""
STAYS_A_MONTH = {"银卡": 0.15, "金卡": 0.25, "白金卡": 0.45}
HOTELS = {"三亚海棠湾店": 0.35, "上海外滩店": 0.40, "青岛栈桥店": 0.25}
ROOMS = {"标准房": 480.0, "海景房": 760.0, "套房": 1_380.0}
MORE_OFTEN = 1.6
"""Planted: so many times as often as before do guests stay once they have joined."""
KNOWN_BEFORE = 0.6
"""Members who joined while records were kept had been guests before: so many, at the usual rate;
the more often they stay, the likelier, so that it is no random pick who joins."""
OTHERS, OTHERS_A_MONTH = 2_600, 0.13
"""Guests who never join."""
OTHERS_SEED = 20_250_311
POINTS_A_YUAN = {"银卡": 1.0, "金卡": 1.25, "白金卡": 1.5}

_MONTH = 30.4375

Texts = npt.NDArray[np.str_]
Guests: TypeAlias = SimpleNamespace
"""Arrays, a member each: ``number, joined, left`` (NaT: stayed), ``tier, birthday, gender``."""
Stays: TypeAlias = SimpleNamespace
"""Arrays in time order: ``guest`` (a position in `Guests`), ``day, hotel, room, amount``; and each
guest's ``rate`` a month."""


def guests(rng: np.random.Generator) -> Guests:
    """Draw the members: some joined before the records begin, others since."""
    before = rng.random(MEMBERS) < 0.6
    early = np.datetime64("2019-01-01") + rng.integers(0, 2_100, MEMBERS)
    late = RECORDS_BEGIN + rng.integers(0, 720, MEMBERS)
    joined = np.sort(np.where(before, early, late))
    tier = rng.choice(list(TIERS), size=MEMBERS, p=list(TIERS.values()))
    monthly = np.array([LEAVING_A_MONTH[t] for t in tier.tolist()])
    seen_from = np.maximum(joined, RECORDS_BEGIN)
    left = seen_from + np.ceil(rng.exponential(_MONTH / monthly)).astype("m8[D]")
    return Guests(
        number=np.array([f"HH{100_000 + 7 * i}" for i in range(MEMBERS)]),
        joined=joined,
        left=np.where(left < RECORDS_END, left, np.datetime64("NaT")),
        tier=tier,
        birthday=np.datetime64("1955-01-01") + rng.integers(0, 365 * 48, MEMBERS),
        gender=rng.choice(["男", "女", ""], size=MEMBERS, p=[0.52, 0.45, 0.03]),
    )


def stays(rng: np.random.Generator, people: Guests) -> Stays:
    """Draw the stays while each member is one, at a personal rate around its tier's."""
    begin = np.maximum(people.joined, RECORDS_BEGIN)
    end = np.where(np.isnat(people.left), RECORDS_END, people.left)
    days = (end - begin).astype(float)
    rate = np.array([STAYS_A_MONTH[t] for t in people.tier.tolist()]) * rng.gamma(2.0, 0.5, MEMBERS)
    guest = np.repeat(np.arange(MEMBERS), rng.poisson(rate * days / _MONTH))
    day = begin[guest] + (rng.random(len(guest)) * days[guest]).astype("m8[D]")
    return _booked(rng, rate, guest, day)


def others(people: Guests, visits: Stays) -> tuple[Texts, Stays]:
    """Draw the stays of guests who were no members at the time, and the numbers of all guests.

    Who joins does so at a stay, within the ten days before the day of joining and in its month.
    """
    rng = np.random.default_rng(OTHERS_SEED)
    late = np.flatnonzero(people.joined >= RECORDS_BEGIN + np.timedelta64(30, "D"))
    often = visits.rate[late] / visits.rate[late].mean()
    known = late[rng.random(len(late)) < KNOWN_BEFORE * often]
    rate = np.concatenate([visits.rate / MORE_OFTEN, OTHERS_A_MONTH * rng.gamma(2.0, 0.5, OTHERS)])
    until = np.full(len(rate), RECORDS_BEGIN)
    until[known] = people.joined[known]
    until[MEMBERS:] = RECORDS_END
    days = (until - RECORDS_BEGIN).astype(float)
    guest = np.repeat(np.arange(len(rate)), rng.poisson(rate * days / _MONTH))
    day = RECORDS_BEGIN + (rng.random(len(guest)) * days[guest]).astype("m8[D]")
    joined = people.joined[known]
    in_month = (joined - joined.astype("M8[M]").astype("M8[D]")).astype(int)
    at = joined - (rng.random(len(known)) * np.minimum(in_month, 10)).astype("m8[D]")
    numbers = np.concatenate([people.number, [f"G{100_000 + 3 * i}" for i in range(OTHERS)]])
    found = _booked(rng, rate, np.concatenate([guest, known]), np.concatenate([day, at]))
    return numbers, found


def _booked(
    rng: np.random.Generator, rate: Floats, guest: npt.NDArray[np.int64], day: Dates
) -> Stays:
    """Draw where and how long each stay was, and what it cost."""
    order = np.lexsort((guest, day))
    guest, day = guest[order], day[order]
    room = rng.choice(list(ROOMS), size=len(guest), p=[0.6, 0.3, 0.1])
    price = np.array([ROOMS[r] for r in room.tolist()])
    nights = rng.choice([1, 2, 3, 4], size=len(guest), p=[0.45, 0.32, 0.15, 0.08])
    return Stays(
        rate=rate,
        guest=guest,
        day=day,
        hotel=rng.choice(list(HOTELS), size=len(guest), p=list(HOTELS.values())),
        room=room,
        amount=np.round(price * nights * rng.lognormal(0, 0.2, len(guest))),
    )


def write_members(path: Path, people: Guests) -> Path:
    """Write the members' file."""
    columns = {
        "会员号": people.number, "入会日期": people.joined, "退会日期": people.left,
        "等级": people.tier, "生日": people.birthday, "性别": people.gender,
    }  # fmt: skip
    return mess.write_table(path, columns, encoding="gb18030")


def write_stays(path: Path, people: Guests, visits: Stays) -> Path:
    """Write the stays' file; points follow from the amount and the tier."""
    factor = np.array([POINTS_A_YUAN[t] for t in people.tier[visits.guest].tolist()])
    points = np.floor(visits.amount * factor).astype(int)
    return _write_stays(path, "S2", people.number, visits, points)


def write_others(path: Path, people: Guests, visits: Stays) -> Path:
    """Write the stays of guests who were no members at the time, by the number they got later."""
    numbers, found = others(people, visits)
    return _write_stays(path, "W5", numbers, found, 0)


def _write_stays(path: Path, begins: str, numbers: Texts, found: Stays, points: Any) -> Path:
    columns = {
        "订单号": [f"{begins}{i:05d}" for i in range(len(found.guest))],
        "会员号": numbers[found.guest], "入住日期": found.day, "酒店": found.hotel,
        "房型": found.room, "消费金额": found.amount.astype(int), "获得积分": points,
    }  # fmt: skip
    return mess.write_table(path, columns, encoding="gb18030")
