"""Mystery visits to Harbour Hotels: a form, two rounds of visits, and their planted truth."""

from __future__ import annotations

import numpy as np

from cxlib.data.demo._mess import register_text

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

CHANCES = {
    "door": 0.9, "luggage": 0.85, "lobby": 0.95, "wait": 0.85, "name": 0.8, "privacy": 1.0,
    "explains": 0.85, "tidy": 0.92, "works": 0.9, "escape": 1.0, "warm": 0.9, "refill": 0.8,
    "invoice": 0.92, "farewell": 0.75,
}  # fmt: skip
"""How often a standard is met at the other hotels, by the other visitors."""


def register() -> str:
    """Return the register of visits, always the same text."""
    rng = np.random.default_rng(SEED)
    visits: list[str] = []
    scores: list[str] = []
    for month in ROUNDS:
        for hotel in HOTELS:
            for visitor in [*VISITORS, *VISITORS]:
                name = f"v{len(visits) + 1:02d}"
                date = f"{month}-{rng.integers(3, 27):02d}"
                told = f"location: {hotel}, visitor: {visitor}, date: {date}"
                visits.append(f"  - {{id: {name}, {told}}}")
                for standard, chance in CHANCES.items():
                    points = _points(rng, standard, chance, hotel, visitor, month)
                    told = "" if points is None else f", points: {points}"
                    scores.append(f"  - {{visit: {name}, standard: {standard}{told}}}")
    return register_text("visits", visits="\n".join(visits), scores="\n".join(scores))


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
