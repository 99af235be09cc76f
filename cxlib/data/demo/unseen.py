"""Clients that nobody has seen, made from a seed, with a truth that is written apart.

For the course's last lesson, and for trying the kit: the trade, the touchpoints' levels, which of
them move recommendation, and what happened (a touchpoint broke, the mix of customers moved, or
nothing at all) are drawn from the seed.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import TypeAlias

import numpy as np

from cxlib.data.demo import _mess as mess, lakeside, nova
from cxlib.data.demo._comments import comments
from cxlib.data.demo._survey import Floats, Model, Touchpoint, days_within, moments, simulate
from cxlib.workspace import kit_file

WAVES = tuple(f"{year}Q{quarter}" for year in (2025, 2026) for quarter in (1, 2, 3, 4))[:7]
ANSWERS_A_WAVE = 500
EVENTS = ("broke", "mix", "nothing")
NAMES = ("Alder", "Birch", "Cedar", "Hazel", "Linden", "Maple", "Rowan", "Willow")
NAMES_ZH = ("桤木", "白桦", "雪松", "榛林", "椴树", "红枫", "花楸", "垂柳")
LOW = -0.9
"""How much lower the small segment feels, in moods."""


Trade: TypeAlias = SimpleNamespace
TRADES = (
    Trade(like=lakeside, phrases=lakeside.PHRASES["en"], ending=("Bank", "银行"),
          group="Product", label="产品",
          levels={"Current account": "活期账户", "Mortgage": "房贷", "Credit card": "信用卡"}),
    Trade(like=nova, phrases=nova.PHRASES["zh"], ending=("Mall", "商城"),
          group="Platform", label="平台",
          levels={"App": "App", "Web": "网页", "Kiosk": "自助终端"}),
)  # fmt: skip
"""What a trade's clients share: touchpoints and words, a kind of customer, its labels."""


Truth: TypeAlias = SimpleNamespace
"""What is planted in a client: what a capstone's talk is compared with.

``client, seed``; ``drivers``: points of the 0–10 rating that a point of each is worth; ``event`` in
``wave`` (of ``touchpoint``, by ``shift``; or of ``level``, ``share_before`` and ``share_after``);
``weakest``: the lowest touchpoint that also moves recommendation."""


def truth(seed: int) -> Truth:
    """Return what is planted in the client of a seed."""
    return _drawn(seed)[0]


def build_unseen(root: Path, seed: int, *, truth_to: Path | None = None) -> list[Path]:
    """Write an unseen client below `root`: its client file, raw data and public key; return them.

    The same seed makes the same bytes; what is there of it is left alone. The truth goes to
    ``<client>.yaml`` in the folder `truth_to`, for the trainer alone.
    """
    from cxlib.data.demo import KEY_FILE, demo_key

    planted, trade, model, rng = _drawn(seed)
    folder = root / "data" / planted.client
    file = root / "params" / f"{planted.client}.yaml"
    if folder.exists() or file.exists():
        return []
    folder.mkdir(parents=True)
    file.parent.mkdir(exist_ok=True)
    (folder / KEY_FILE).write_bytes(demo_key(planted.client).hex().encode("ascii") + b"\n")
    rows = [row for wave in WAVES for row in _wave(rng, wave, planted, trade, model)]
    rows = mess.submitted_twice(rng, rows, outcome=4)
    rows = mess.with_gaps(rng, rows, blank=2, undated=2, date=1)
    header = ["ID", "Date", trade.group, "Region", "NPS", "CSAT", "CES"]
    header += [f"T {point.key}" for point in model.touchpoints] + ["Comment"]
    survey = mess.write_csv(folder / "survey.csv", header, rows, encoding="utf-8-sig")
    file.write_text(_client_file(planted, trade, model), encoding="utf-8")
    written = [folder / KEY_FILE, survey, file]
    if truth_to is not None:
        truth_to.mkdir(parents=True, exist_ok=True)
        told = truth_to / f"{planted.client}.yaml"
        lines = [f"{name}: {value!r}\n" for name, value in vars(planted).items()]
        told.write_text("# For the trainer alone.\n" + "".join(lines), encoding="utf-8")
        written.append(told)
    return written


def _drawn(seed: int) -> tuple[Truth, Trade, Model, np.random.Generator]:
    rng = np.random.default_rng([20_261_001, seed])
    trade = TRADES[rng.integers(len(TRADES))]
    keys = [point.key for point in trade.like.MODEL.touchpoints]
    moving = rng.choice(keys, 3, replace=False).tolist()
    weakest = moving[0]
    points = tuple(
        Touchpoint(
            key=key,
            mean=round(3.3 if key == weakest else rng.uniform(4.0, 4.4), 2),
            effect=round(rng.uniform(0.6, 0.8), 2) if key in moving else 0.0,
            ease=0.25 if key in moving[:2] else 0.0,
            reach=0.6 if key == keys[-1] and key not in moving else 1.0,
        )
        for key in keys
    )
    event = EVENTS[rng.integers(len(EVENTS))]
    name = int(rng.integers(len(NAMES)))
    planted = Truth(
        client=f"unseen-{seed}",
        seed=seed,
        drivers={point.key: point.effect for point in points if point.effect},
        weakest=weakest,
        event=event,
        wave=WAVES[-1] if event != "nothing" else "",
        touchpoint=moving[1] if event == "broke" else "",
        shift=-1.0 if event == "broke" else 0.0,
        level=list(trade.levels)[-1] if event == "mix" else "",
        share_before=0.15,
        share_after=0.5 if event == "mix" else 0.15,
    )
    named = f"{NAMES[name]} {trade.ending[0]}", f"{NAMES_ZH[name]}{trade.ending[1]}"
    model = Model(touchpoints=points, nps=8.4, csat=4.25, ces=5.4)
    return planted, Trade(**vars(trade) | {"name": named}), model, rng


def _wave(
    rng: np.random.Generator, wave: str, planted: Truth, trade: Trade, model: Model
) -> list[mess.Row]:
    n, happened = ANSWERS_A_WAVE, wave == planted.wave
    low = planted.share_after if happened else planted.share_before
    kinds = list(trade.levels)
    group = rng.choice(kinds, n, p=[0.6 * (1 - low), 0.4 * (1 - low), low])
    mood = rng.normal(0, 1, n) + np.where(group == kinds[-1], LOW, 0.0)
    shifts: dict[str, Floats] = {}
    if happened and planted.touchpoint:
        shifts[planted.touchpoint] = np.full(n, planted.shift)
    answers = simulate(rng, model, mood=mood, shifts=shifts)
    said = comments(rng, answers, [trade.phrases] * n, share=0.3)
    when = mess.dated(rng, moments(rng, days_within(rng, wave, n)), [(mess.iso_minute, 1.0)])
    ids = [f"K{100_000 + WAVES.index(wave) * n + i}" for i in range(n)]
    region = rng.choice(["North", "South"], n, p=[0.45, 0.55])
    coded = [mess.coded(rng, values, unused=("N/A",)) for values in answers.values()]
    every = (ids, when, group.tolist(), region.tolist(), *coded, said)
    return [list(row) for row in zip(*every, strict=True)]


def _client_file(planted: Truth, trade: Trade, model: Model) -> str:
    """Return the client file; touchpoints bear the labels that the trade's demo client gives."""
    told = (kit_file("params") / f"{trade.like.NAME}.yaml").read_text(encoding="utf-8")
    labels = dict(re.findall(r"(?m)^ *- \{key: ([^,]+),.*label: (.*)\}$", told))
    points = "".join(
        f"    - {{key: {key}, column: T {key}, scale: [1, 5], top: 2, label: {labels[key]}}}\n"
        for key in (point.key for point in model.touchpoints)
    )
    values = "".join(
        f"        {level}: {{en: {level}, zh: {chinese}}}\n"
        for level, chinese in trade.levels.items()
    )
    return mess.register_text(
        "unseen", seed=planted.seed, client=planted.client, name=trade.name[0],
        name_zh=trade.name[1], points=points, values=values, group=trade.group,
        label=trade.group, label_zh=trade.label, baseline=WAVES[0],
    )  # fmt: skip
