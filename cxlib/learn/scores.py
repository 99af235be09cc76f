"""Answers on scores, their changes and their bases (lessons 1, 2, 3 and 13)."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from cxlib.learn.lesson import Lesson, Told, answers


def signs(ratings: Any) -> Any:
    """Return −1 for detractors, 0 for passives and 1 for promoters."""
    return np.sign(np.digitize(ratings, [6.5, 8.5]) - 1)


def net(ratings: Any, weights: Any = 1.0) -> float:
    """Return promoters less detractors in points, by plain counting."""
    w = np.broadcast_to(np.asarray(weights, dtype=float), len(ratings))
    return float(100 * (w * signs(ratings)).sum() / w.sum())


def _rows(lesson: Lesson, client: str, *, period: str = "latest", of: str | None = None) -> Any:
    rows = lesson.open(client, period=period).survey(period=of)
    return rows[rows["nps"].notna()]


def _bank(lesson: Lesson) -> tuple[Any, float]:
    """Return the bank's ratings, and the standard deviation of −1, 0 and +1 in points."""
    ratings = _rows(lesson, "lakeside-bank")["nps"]
    return ratings, float(100 * signs(ratings).std())


@answers("1.1")
def _net_score(lesson: Lesson) -> Told:
    r, _spread = _bank(lesson)
    top, low = 100 * (r >= 9).mean(), 100 * (r <= 6).mean()
    eights = 100 * (r >= 8).mean() - low
    return {"right": top - low, "promoters": top, "mean": r.mean(), "eights": eights,
            "turned": low - top}  # fmt: skip


@answers("1.2")
def _reach(lesson: Lesson) -> Told:
    ratings, spread = _bank(lesson)
    error = spread / math.sqrt(len(ratings))
    return {"right": 1.96 * error, "whole": 2 * 1.96 * error, "error": error}


@answers("1.3")
def _reach_of_few(lesson: Lesson) -> Told:
    ratings, spread = _bank(lesson)
    error, fourfold = spread / math.sqrt(150), 4 * 1.96 * spread / math.sqrt(len(ratings))
    return {"right": 1.96 * error, "fourfold": fourfold, "error": error}


@answers("1.4")
def _answers_needed(lesson: Lesson) -> Told:
    ratings, spread = _bank(lesson)
    n, needed = len(ratings), (1.96 * spread / 3) ** 2
    twice = n * 1.96 * spread / math.sqrt(n) / 3
    return {"right": needed, "within": 0.02 * needed, "twice": twice, "more": needed - n}


@answers("1.5")
def _too_close(lesson: Lesson) -> Told:
    status = lesson.open("lakeside-bank").standing().table.set_index("kpi")["status"]
    cases = {"right": "too close to call", "missed": "missed", "met": "met"}
    return {name: set(status[status == case].index) for name, case in cases.items()}


# --- lesson 2 --------------------------------------------------------------------------------


def _weighted(rows: Any) -> tuple[float, float]:
    """Return a weighted net score, and its linearised standard error."""
    w, value = rows["weight"].to_numpy(float), net(rows["nps"], rows["weight"])
    centred = 100 * signs(rows["nps"]) - value
    return value, float(math.sqrt((w**2 * centred**2).sum()) / w.sum())


def _step(before: Any, after: Any) -> tuple[float, float]:
    """Return the change of the score, and its two-sided p-value."""
    (was, doubt), (now, doubt_now) = _weighted(before), _weighted(after)
    z = (now - was) / math.hypot(doubt, doubt_now)
    return now - was, math.erfc(abs(z) / math.sqrt(2))


def _quarters(lesson: Lesson) -> tuple[Any, Any]:
    before = _rows(lesson, "nova-mall", period="2026Q3", of="previous")
    return before, _rows(lesson, "nova-mall", period="2026Q3")


@cache
def _months(lesson: Lesson) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the steps of the monthly score, and their p-values."""
    survey = lesson.open("nova-mall").survey(period="history")
    parts = [rows for _month, rows in survey[survey["nps"].notna()].groupby("period")]
    steps, p_values = zip(*(_step(*pair) for pair in pairwise(parts)), strict=True)
    return steps, p_values


@answers("2.1")
def _no_change(lesson: Lesson) -> Told:
    before, now = _quarters(lesson)
    return {"right": _step(before, now)[0], "raw": net(now["nps"]) - net(before["nps"])}


@answers("2.2")
def _chance_of_it(lesson: Lesson) -> Told:
    p = _step(*_quarters(lesson))[1]
    return {"right": p, "one_sided": p / 2}


@answers("2.3")
def _largest_rise(lesson: Lesson) -> Told:
    steps, _p_values = _months(lesson)
    return {"right": max(steps), "fall": min(steps)}


@answers("2.4")
def _alarms(lesson: Lesson) -> Told:
    steps, p_values = _months(lesson)
    rises, found = sum(step > 0 for step in steps), sum(p < 0.05 for p in p_values)
    return {"right": found, "expected": 0.05 * len(p_values), "rises": rises}


@answers("2.5")
def _after_adjusting(lesson: Lesson) -> Told:
    ordered = sorted(_months(lesson)[1])
    m, smallest = len(ordered), ordered[0]
    right = min(min(1.0, p * m / (rank + 1)) for rank, p in enumerate(ordered))
    return {"right": right, "smallest": smallest, "bonferroni": min(1, m * smallest)}


# --- lesson 3 --------------------------------------------------------------------------------


def _fall(lesson: Lesson) -> tuple[Any, Any]:
    return _rows(lesson, "lakeside-bank", of="previous"), _rows(lesson, "lakeside-bank")


def _split(lesson: Lesson, by: str) -> tuple[float, float, float]:
    """Return rate, mix and total of the bank's fall, cell by cell from counts."""
    before, now = _fall(lesson)
    rate = mix = 0.0
    for level in sorted(set(now[by].dropna()) | set(before[by].dropna())):
        a, b = before[before[by] == level], now[now[by] == level]
        s, t, m, n = len(a) / len(before), len(b) / len(now), net(a["nps"]), net(b["nps"])
        rate += (s + t) / 2 * (n - m)
        mix += (t - s) * (m + n) / 2
    return rate, mix, net(now["nps"]) - net(before["nps"])


@answers("3.1")
def _the_fall(lesson: Lesson) -> Told:
    return {"right": _split(lesson, "product")[2]}


@answers("3.2")
def _more_cards(lesson: Lesson) -> Told:
    was, now = (100 * (rows["product"] == "Credit card").mean() for rows in _fall(lesson))
    return {"right": now - was, "growth": 100 * (now / was - 1), "after": now}


@answers("3.3")
def _by_mix(lesson: Lesson) -> Told:
    rate, mix, total = _split(lesson, "product")
    return {"right": mix, "rate": rate, "total": total}


@answers("3.4")
def _by_rate_of_regions(lesson: Lesson) -> Told:
    rate, mix, _total = _split(lesson, "region")
    return {"right": rate, "mix": mix}


@answers("3.5")
def _why_it_fell(lesson: Lesson) -> Told:
    rate, mix, total = _split(lesson, "product")
    right = "mix" if mix * total > 0 > rate * total else "both"
    return {"right": right, "like": "like for like", "both": "both"}


# --- lesson 13 -------------------------------------------------------------------------------


def _west(lesson: Lesson) -> tuple[Any, Any]:
    """Return the answers of one month in the West, and how many there are by product."""
    rows = _rows(lesson, "lakeside-bank", period="2026-09")
    rows = rows[rows["region"] == "West"]
    return rows, rows["product"].value_counts(ascending=True)


@answers("13.1")
def _given_away(lesson: Lesson) -> Told:
    west, sizes = _west(lesson)
    of = {name: net(rows["nps"]) for name, rows in west.groupby("product")}
    subtracted = net(west["nps"]) - of["Credit card"] - of["Current account"]
    whole = of["Mortgage"] * sizes["Mortgage"] / len(west)
    return {"right": of["Mortgage"], "subtracted": subtracted, "whole": whole}


@answers("13.2")
def _held_back(lesson: Lesson) -> Told:
    _rows_there, sizes = _west(lesson)
    small = set(sizes[sizes < 10].index)
    return {"right": {*small, sizes.index[len(small)]}, "small": small}


@answers("13.3")
def _behind_the_gap(lesson: Lesson) -> Told:
    _rows_there, sizes = _west(lesson)
    return {"right": int(sizes.iloc[:2].sum()), "smallest": sizes.iloc[0]}


@answers("13.4")
def _masked(lesson: Lesson) -> Told:
    rows = lesson.open("lakeside-bank", period="2026-09").survey(period="history")
    texts = [str(text) for text in rows["comment"].dropna()]
    phone, email = (["[" + of + "]" in text for text in texts] for of in ("phone", "email"))
    return {"right": int(np.logical_or(phone, email).sum()), "phone": sum(phone),
            "email": sum(email)}  # fmt: skip
