"""Harbour Hotels' wave of 2026Q4 as it is in the field: the platform's log of its first 14 days."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cxlib.data.demo import _mess as mess
from cxlib.data.demo._guests import HOTELS, Guests
from cxlib.data.demo._survey import Model, moments, simulate

SEED = 20_261_022
FIRST, DAYS = np.datetime64("2026-10-08"), 14
BEGUN = 380
"""Interviews begun in those days; the daily number is the same but for chance."""
LEFT, LEAVES_AT = 0.2, "康体设施"
"""Part of those who began that broke off, half of them before this question."""
SPEEDERS, FLAT = 17, 14
"""Finished interviews that took a sixth of the usual time, and whose ratings are all alike."""
AGAIN = 5
"""Who broke off and began again on the same day: one interview each."""
TIERS = {"银卡": 0.56, "金卡": 0.36, "白金卡": 0.08}
"""Of those who began: platinum members are reached too seldom for their quota."""
USUAL_SECONDS = 260
HEADER = ("开始时间", "结束时间", "答题状态")


def write(path: Path, people: Guests, model: Model, header: tuple[str, ...]) -> Path:
    """Write the log of interviews, always the same bytes."""
    rng = np.random.default_rng(SEED)
    tier = rng.permutation(np.repeat(list(TIERS), np.round(BEGUN * np.array(list(TIERS.values())))
                                     .astype(int)))  # fmt: skip
    n = len(tier)
    member = np.array([rng.choice(np.flatnonzero(people.tier == t)) for t in tier.tolist()])
    began = np.sort(moments(rng, FIRST + rng.integers(0, DAYS, n)).astype("M8[s]"))
    took = np.round(USUAL_SECONDS * np.exp(rng.normal(0, 0.35, n))).astype(int)
    left = rng.random(n) < LEFT
    marked = rng.permutation(np.flatnonzero(~left))[: SPEEDERS + FLAT]
    took[marked[:SPEEDERS]] = USUAL_SECONDS // 6
    answers = simulate(rng, model, mood=rng.normal(0, 1, n))
    columns = {name: mess.coded(rng, values, unused=("不适用",), share=0.0)
               for name, values in zip(header[6:], answers.values(), strict=False)}  # fmt: skip
    asked = list(columns)
    for name in asked[3:]:
        for row in marked[SPEEDERS:].tolist():
            columns[name][row] = "4"
    for row in np.flatnonzero(left).tolist():
        at = asked.index(LEAVES_AT) if rng.random() < 0.5 else int(rng.integers(1, len(asked)))
        for name in asked[at:]:
            columns[name][row] = ""
    hotel = rng.choice(list(HOTELS), size=n, p=list(HOTELS.values()))
    purpose = rng.choice(["商务", "休闲"], size=n, p=[0.55, 0.45])
    rows = []
    for row in range(n):
        start = began[row]
        end = "" if left[row] else mess.iso_second((start + np.timedelta64(took[row], "s")).item())
        told = [f"B{row + 1:05d}", people.number[member[row]], tier[row], purpose[row], hotel[row]]
        told += [columns[name][row] for name in asked]
        rows.append(
            [mess.iso_second(start.item()), end, "中途退出" if left[row] else "完成", *told]
        )
    for row in np.flatnonzero(~left)[10 : 10 + AGAIN].tolist():
        before = [*rows[row]]
        earlier = began[row] - np.timedelta64(min(120, _since_midnight(began[row])), "s")
        before[:3] = [mess.iso_second(earlier.item()), "", "中途退出"]
        rows.append([*before[:8], *[""] * len(asked)])
    names = (*HEADER, header[0], *header[2:6], *asked)
    return mess.write_csv(path, names, rows, encoding="gb18030")


def _since_midnight(moment: np.datetime64) -> int:
    return int((moment - moment.astype("M8[D]")).astype(int))
