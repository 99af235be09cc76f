"""The demo bank's register of a service desk: scores from a seed of its own, with planted truth."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from cxlib.data.demo._mess import register_text

SEED = 20260901
WEIGHTS = {
    "routing": 0.24, "channels": 0.20, "security": 0.17, "reporting": 0.13,
    "knowledge": 0.10, "ease": 0.09, "integration": 0.07,
}  # fmt: skip
"""Planted behind the comparisons, which are rounded to Saaty's scale."""
QUALITY = {
    "deskwise": (5, 4, 4, 4, 4, 4, 4),
    "ticketfox": (3, 3, 4, 4, 3, 3, 3),
    "callgrid": (4, 5, 4, 3, 3, 4, 5),
    "cloudline": (5, 5, 4, 5, 5, 5, 5),
    "minidesk": (3, 2, 2, 2, 2, 4, 2),
}
"""Planted, in the weights' order: deskwise leads; cloudline fails a must, minidesk security."""
ASSESSORS = {"service": 1.0, "it": -1.5, "risk": 0.0, "branches": 0.0}
"""Planted: what each adds on ease of use: the head of service and IT see it differently."""
HALF = "branches"
"""Planted: this assessor scored the first half of the options only."""


def register() -> str:
    """Return the register as a YAML file."""
    rng = np.random.default_rng(SEED)
    knock_out = {"security": ", knock_out: 3"}
    criteria = [f"  - {{id: {name}{knock_out.get(name, '')}}}" for name in WEIGHTS]
    pairs = [
        f"  - {{criterion: {a}, other: {b}, value: {_saaty(WEIGHTS[a] / WEIGHTS[b])}}}"
        for a, b in combinations(WEIGHTS, 2)
    ]
    scores = []
    for assessor, lift in ASSESSORS.items():
        asked = [(option, n) for option in QUALITY for n in range(len(WEIGHTS))]
        for option, n in asked[: len(asked) // 2] if assessor == HALF else asked:
            name = list(WEIGHTS)[n]
            noise = rng.choice((-1, 0, 1), p=(0.1, 0.8, 0.1))
            given = QUALITY[option][n] + noise + (lift if name == "ease" else 0.0)
            told = f"option: {option}, criterion: {name}, assessor: {assessor}"
            scores.append(f"  - {{{told}, score: {int(np.clip(np.floor(given), 1, 5))}}}")
    lists = {"criteria": criteria, "comparisons": pairs, "scores": scores}
    return register_text("tools", **{name: "\n".join(rows) for name, rows in lists.items()})


def _saaty(ratio: float) -> str:
    return f"{round(ratio)}" if ratio >= 1 else f"1/{round(1 / ratio)}"
