"""Mystery visits to Harbour Hotels: a form, two rounds of visits, and their planted truth."""

from __future__ import annotations

import numpy as np

SEED = 20_260_904
HOTELS = ("三亚海棠湾店", "上海外滩店", "青岛栈桥店")
VISITORS = ("M1", "M2", "M3", "M4")
ROUNDS = ("2026-02", "2026-08")
"""Month of each round: every visitor goes to every hotel twice."""
FAILING, CRITICAL, FAILS = "青岛栈桥店", "privacy", 0.6
"""The hotel that fails a critical standard, and how often; the others never do."""
STRICT, STRICTER_BY = "M3", 0.22
"""The visitor who scores fewer points than the others at the same places."""
SLOW, SLOW_FROM = "wait", "2026-08"
"""Check-in within five minutes fails at most visits of the second round, as guests say too."""
WEAKER_BY = 0.2
"""How much rarer the failing hotel meets the other standards."""

FORM = """\
# 植入的事实：青岛栈桥店的关键标准“不当众报出房号”常不达标；访客 M3 评分偏严；
# 2026年8月各店“5分钟内办好入住”多不达标。访客只用代号，不写姓名。
sections:
  - {id: arrival, title: {en: Arrival, zh: 抵店}, weight: 15}
  - {id: checkin, title: {en: Check-in, zh: 入住办理}, weight: 30}
  - {id: room, title: {en: Room, zh: 客房}, weight: 30}
  - {id: breakfast, title: {en: Breakfast, zh: 早餐}, weight: 15}
  - {id: checkout, title: {en: Check-out, zh: 退房}, weight: 10}
standards:
  - {id: door, title: {en: Greeted at the door, zh: 门口有人迎候}, section: arrival}
  - {id: luggage, title: {en: Help with luggage is offered, zh: 主动协助搬运行李}, section: arrival}
  - {id: lobby, title: {en: The lobby is clean, zh: 大堂整洁}, section: arrival}
  - {id: wait, title: {en: Checked in within five minutes, zh: 5分钟内办好入住}, section: checkin, weight: 3}
  - {id: name, title: {en: Addressed by name, zh: 以姓氏称呼客人}, section: checkin}
  - {id: privacy, title: {en: Room number is not said aloud, zh: 不当众报出房号}, section: checkin, critical: true}
  - {id: explains, title: {en: Breakfast and facilities are explained, zh: 介绍早餐与设施}, section: checkin}
  - {id: tidy, title: {en: The room is clean, zh: 客房洁净}, section: room, maximum: 3, weight: 2}
  - {id: works, title: {en: Everything in the room works, zh: 房内设备完好}, section: room, maximum: 3}
  - {id: escape, title: {en: The escape route is free, zh: 疏散通道畅通}, section: room, critical: true}
  - {id: warm, title: {en: Hot dishes are hot, zh: 热菜够热}, section: breakfast}
  - {id: refill, title: {en: Empty dishes are refilled within ten minutes, zh: 空盘10分钟内补齐}, section: breakfast}
  - {id: invoice, title: {en: The invoice is right at once, zh: 发票一次开对}, section: checkout}
  - {id: farewell, title: {en: Asked how the stay was, zh: 询问入住感受}, section: checkout}
"""  # noqa: E501 - a row of the register a line
CHANCES = {
    "door": 0.9, "luggage": 0.85, "lobby": 0.95, "wait": 0.85, "name": 0.8, "privacy": 1.0,
    "explains": 0.85, "tidy": 0.92, "works": 0.9, "escape": 1.0, "warm": 0.9, "refill": 0.8,
    "invoice": 0.92, "farewell": 0.75,
}  # fmt: skip
"""How often a standard is met at the other hotels, by the other visitors."""


def register() -> str:
    """Return the register of visits, always the same text."""
    rng = np.random.default_rng(SEED)
    visits, scores = ["visits:"], ["scores:"]
    for month in ROUNDS:
        for hotel in HOTELS:
            for visitor in [*VISITORS, *VISITORS]:
                name = f"v{len(visits):02d}"
                date = f"{month}-{rng.integers(3, 27):02d}"
                told = f"location: {hotel}, visitor: {visitor}, date: {date}"
                visits.append(f"  - {{id: {name}, {told}}}")
                for standard, chance in CHANCES.items():
                    points = _points(rng, standard, chance, hotel, visitor, month)
                    told = "" if points is None else f", points: {points}"
                    scores.append(f"  - {{visit: {name}, standard: {standard}{told}}}")
    return FORM + "\n".join([*visits, *scores]) + "\n"


def _points(
    rng: np.random.Generator, standard: str, chance: float, hotel: str, visitor: str, month: str
) -> int | None:
    most = 3 if standard in ("tidy", "works") else 1
    draw, applies = rng.random(most), rng.random() >= 0.08
    if chance == 1.0:
        return int(hotel != FAILING or standard != CRITICAL or draw[0] >= FAILS)
    if standard == "luggage" and not applies:
        return None  # no luggage
    chance = 0.2 if standard == SLOW and month >= SLOW_FROM else chance
    chance -= WEAKER_BY * (hotel == FAILING) + STRICTER_BY * (visitor == STRICT)
    return int((draw < chance).sum())
