"""The demo mall's register of training: drawn from a seed of its own, with planted truth."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cxlib.data.demo._mess import register_text
from cxlib.data.demo._survey import Floats

SEED = 20260528
QUESTIONS = 10
TOO_EASY, WRONG_WAY = 3, 7
"""Planted in the test of `reading`: everybody gets q3 right, and q7 misleads those who know."""
GAIN, GAIN_WITHOUT = 14.0, 3.0
"""Planted for `returns`, points of 100: with the training, and of those who only sat the test."""
OBSERVED, SELF_RATED = 9.0, 22.0
"""Planted for `returns`: what is done at work eight weeks later, as seen and as told."""
ORGANISED = 3.2
"""Planted: how `returns` was organised, mean of 5; all else is near 4.4."""


def register() -> str:
    """Return the register as a YAML file."""
    rng = np.random.default_rng(SEED)
    attendance: list[str] = []
    tests = [*_reading(rng), *_returns(rng)]
    for session, first, size, away in (("s1", 1, 26, 2), ("s3", 41, 18, 2), ("s4", 59, 18, 2)):
        for place in range(size):
            present = "" if place < size - away else ", present: false"
            attendance.append(f"{{session: {session}, participant: p{first + place:02d}{present}}}")
    items = [f"{{course: reading, id: q{n}}}" for n in range(1, QUESTIONS + 1)]
    lists = {
        "attendance": attendance, "items": items, "tests": tests,
        "reactions": list(_reactions(rng)), "behaviour": list(_behaviour(rng)),
    }  # fmt: skip
    lines = [f"{name}:\n" + "".join(f"  - {row}\n" for row in rows) for name, rows in lists.items()]
    return register_text("training", drawn="".join(lines))


def _reading(rng: np.random.Generator) -> Iterator[str]:
    """Yield 24 participants' tests; the last three, weak ones, took the first only."""
    ability = np.append(np.linspace(-2.2, 2.2, 21), [-2.0, -1.6, -1.8])
    ease = np.linspace(0.9, -1.3, QUESTIONS)
    for place, able in enumerate(ability):
        before = rng.random(QUESTIONS) < _chance(2.5 * (able + ease - 0.4))
        knows = _chance(2.5 * (able + ease + 0.8))
        knows[TOO_EASY - 1], knows[WRONG_WAY - 1] = 1.0, _chance(-1.5 * able)
        right = rng.random(QUESTIONS) < knows
        row = f"course: reading, participant: p{place + 1:02d}, pre: {before.sum()}"
        if place < 21:
            named = ", ".join(f"q{n + 1}" for n in np.flatnonzero(right))
            row += f", post: {right.sum()}, right: [{named}]"
        yield f"{{{row}}}"


def _returns(rng: np.random.Generator) -> Iterator[str]:
    for first, size, gain in ((41, 32, GAIN), (101, 28, GAIN_WITHOUT)):
        before = np.clip(np.rint(rng.normal(58, 11, size)), 20, 85)
        after = np.clip(np.rint(before + rng.normal(gain, 7, size)), 0, 100)
        trained = "" if gain == GAIN else ", trained: false"
        for place in range(size):
            row = f"course: returns, participant: p{first + place}{trained}"
            yield f"{{{row}, pre: {before[place]:.0f}, post: {after[place]:.0f}}}"


def _reactions(rng: np.random.Generator) -> Iterator[str]:
    for course, size, organised in (("reading", 22, 4.4), ("returns", 30, ORGANISED)):
        means = (4.5, 4.4, 4.3, organised)
        given = np.clip(np.rint(rng.normal(means, 0.6, (size, 4))), 1, 5).astype(int)
        for n, (content, delivery, use, order) in enumerate(given):
            said = f"content: {content}, delivery: {delivery}, usefulness: {use}"
            yield f"{{course: {course}, sheet: r{n + 1}, {said}, organisation: {order}}}"


def _behaviour(rng: np.random.Generator) -> Iterator[str]:
    asked = (
        ("reading", 1, 16, "observed", 0.0), ("returns", 41, 28, "observed", OBSERVED),
        ("returns", 41, 30, "self-rated", SELF_RATED),
    )  # fmt: skip
    for course, first, size, told_by, rise in asked:
        before = np.clip(np.rint(rng.normal(52, 10, size)), 0, 80)
        after = np.clip(np.rint(before + rng.normal(rise, 10, size)), 0, 100)
        for place in range(size):
            row = f"course: {course}, participant: p{first + place:02d}, told_by: {told_by}"
            yield f"{{{row}, weeks: 8, before: {before[place]:.0f}, after: {after[place]:.0f}}}"


def _chance(logit: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-logit)))
