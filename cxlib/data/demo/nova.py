"""Nova Mall, a demo client: a stable shop whose returns are broken, in Chinese and English.

Nothing changes from month to month: whoever reports a change here reports noise. One file a year,
with columns that differ a little: packaging is asked since 2025, campaign is exported since 2026.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from cxlib.data.demo import _mess as mess
from cxlib.data.demo._comments import comments, planted
from cxlib.data.demo._orders import Orders, orders, write_orders
from cxlib.data.demo._survey import Dates, bounds, moments, simulate
from cxlib.data.demo._voice import write_steps, write_voice

NAME = "nova-mall"
SEED = 20_241_003
WAVES = tuple(str(m) for m in np.arange("2024-10", "2026-10", dtype="M8[M]"))
ANSWERS_A_WAVE = 240

MODEL, PHRASES = planted(NAME)
BROKEN = "returns"
"""The touchpoint that is clearly lowest and truly matters."""
CHANGED_WAVE = None
"""No wave differs from another by more than chance."""

PLATFORMS = {"App": 0.55, "小程序": 0.30, "Web": 0.15}
PLATFORM_WEIGHT = {"App": 0.8, "小程序": 1.15, "Web": 1.4}
"""What the panel provider weighs each platform's customers with; app users answer too often."""
PLATFORM_MOOD = {"App": 0.1, "小程序": 0.0, "Web": -0.25}
LANGUAGES = {"zh": 0.72, "en": 0.28}

HEADER = {
    "id": "客户编号 Customer", "date": "答题时间 Time", "platform": "平台 Platform",
    "language": "语言 Language", "buyer": "客户类型 Buyer", "weight": "权重 Weight",
    "nps": "推荐 Recommend", "csat": "满意 Satisfaction", "ces": "省力 Ease",
    "search": "搜索 Search", "product": "商品 Product", "checkout": "支付 Checkout",
    "delivery": "配送 Delivery", "packaging": "包装 Packaging",
    "customer_service": "客服 Service", "returns": "退换 Returns", "loyalty": "会员 Loyalty",
    "comment": "留言 Comment", "campaign": "来源 Campaign",
}  # fmt: skip
PACKAGING_SINCE, CAMPAIGN_SINCE = "2025", "2026"
_DATES = {"2024": mess.slashed, "2025": mess.iso_second, "2026": mess.iso_minute}


def build(folder: Path) -> list[Path]:
    """Write the raw files of this client into `folder`, always the same bytes."""
    rng = np.random.default_rng(SEED)
    bought = orders(rng)
    asked: set[int] = set()
    by_year: dict[str, list[mess.Row]] = {}
    for wave in WAVES:
        by_year.setdefault(wave[:4], []).extend(_wave(rng, wave, bought, asked))
    paths = []
    for year, clean in by_year.items():
        repeated = mess.submitted_twice(rng, clean, outcome=columns_of(year).index("nps"))
        at = columns_of(year).index("date")
        rows = mess.with_gaps(rng, repeated, blank=1, undated=2, date=at)
        header = [HEADER[key] for key in columns_of(year)]
        path = folder / f"survey_{year}.csv"
        paths.append(mess.write_csv(path, header, rows, encoding="utf-8-sig"))
    paths += [
        write_orders(folder / "orders.csv", bought),
        *write_voice(folder, MODEL, PHRASES, WAVES),
    ]
    return [*paths, write_steps(folder / "steps.csv", WAVES)]


def columns_of(year: str) -> list[str]:
    """Return which columns the file of a year has, in its order."""
    keys = [k for k in HEADER if k != "packaging" or year >= PACKAGING_SINCE]
    if year < CAMPAIGN_SINCE:
        keys.remove("campaign")
    else:  # the export of 2026 puts the comment first
        keys.remove("comment")
        keys.insert(2, "comment")
    return keys


def _wave(rng: np.random.Generator, wave: str, bought: Orders, asked: set[int]) -> list[mess.Row]:
    who, days, returning = _answering(rng, wave, bought, asked)
    n = len(who)
    platform = rng.choice(list(PLATFORMS), size=n, p=list(PLATFORMS.values())).tolist()
    language = rng.choice(list(LANGUAGES), size=n, p=list(LANGUAGES.values())).tolist()
    mood = rng.normal(0, 1, n) + np.array([PLATFORM_MOOD[p] for p in platform]) + 0.1 * returning
    answers = simulate(rng, MODEL, mood=mood)
    phrases = [PHRASES[code] for code in language]
    if wave[:4] < PACKAGING_SINCE:
        answers["packaging"] = np.full(n, np.nan)
    said = comments(rng, answers, phrases, share=0.36)
    weight = np.array([PLATFORM_WEIGHT[p] for p in platform]) * rng.uniform(0.85, 1.15, n)
    values: dict[str, list[str]] = {
        "id": [f"U{500_000 + 3 * k}" for k in who.tolist()],
        "date": mess.dated(rng, moments(rng, days), [(_DATES[wave[:4]], 1.0)]),
        "platform": mess.padded(rng, platform),
        "language": language,
        "buyer": np.where(returning, "returning", "new").tolist(),
        "weight": [f"{w:.3f}" for w in weight.tolist()],
        "comment": said,
        "campaign": rng.choice(["", "spring", "autumn"], size=n, p=[0.8, 0.1, 0.1]).tolist(),
    }
    for key, ratings in answers.items():
        codes = ("未使用", "N/A") if key != "packaging" else ("",)
        values[key] = mess.coded(rng, ratings, unused=codes)
    return [list(row) for row in zip(*(values[k] for k in columns_of(wave[:4])), strict=True)]


def _answering(
    rng: np.random.Generator, wave: str, bought: Orders, asked: set[int]
) -> tuple[npt.NDArray[np.int64], Dates, npt.NDArray[np.bool_]]:
    """Return customers who ordered this month and never answered before, and when they answer."""
    first, end = bounds(wave)
    inside = np.flatnonzero((bought.day >= first) & (bought.day < end))
    _, at = np.unique(bought.customer[inside], return_index=True)
    invited = inside[at]
    fresh = invited[[c not in asked for c in bought.customer[invited].tolist()]]
    order = rng.choice(fresh, ANSWERS_A_WAVE, replace=False)
    days = np.minimum(bought.day[order] + rng.integers(2, 9, len(order)), end - 1)
    order, days = order[np.argsort(days, kind="stable")], np.sort(days)
    asked.update(bought.customer[order].tolist())
    return bought.customer[order], days, bought.number[order] > 0
