"""What the demo mall's customers say outside the survey: reviews with stars, complaints on file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cxlib.data.demo import _mess as mess
from cxlib.data.demo._comments import Phrases, comments
from cxlib.data.demo._survey import Dates, Model, bounds, moments, simulate

SEED = 20_260_911
REVIEWS, COMPLAINTS = 50, 8
"""A month."""
RUSH = ("2026-09", 5)
"""A month in which so many times the usual complaints were filed; what they are about is as ever:
who pools the sources finds a rise of every complaint."""
SITES = {"应用商店": 0.5, "点评网站": 0.3, "社交媒体": 0.2}
FILED = {"电话": 0.55, "在线": 0.35, "信件": 0.1}
SILENT = "此用户没有填写评价"
"""What the site writes where a buyer gave stars and no words."""


def write_voice(
    folder: Path, model: Model, phrases: Mapping[str, Phrases], months: tuple[str, ...]
) -> list[Path]:
    """Write ``reviews.csv`` and ``complaints.csv``, always the same bytes."""
    rng = np.random.default_rng(SEED)
    reviews: list[mess.Row] = []
    filed: list[mess.Row] = []
    for month in months:
        said, stars = _said(rng, model, phrases, REVIEWS, mood=-1.2)
        silent = rng.random(REVIEWS) < 0.06
        site = rng.choice(list(SITES), REVIEWS, p=list(SITES.values())).tolist()
        for text, star, where, none, when in zip(
            said, stars.tolist(), site, silent.tolist(), _times(rng, month, REVIEWS), strict=True
        ):
            shown = "★" * star + "☆" * (5 - star) if where == "点评网站" else str(star)
            reviews.append(
                ["", mess.iso_minute(when.item()), where, shown, SILENT if none else text]
            )
        n = COMPLAINTS * (RUSH[1] if month == RUSH[0] else 1)
        texts, _stars = _said(rng, model, phrases, n, mood=-4.5)
        way = rng.choice(list(FILED), n, p=list(FILED.values())).tolist()
        for text, how, when in zip(texts, way, _times(rng, month, n), strict=True):
            filed.append([f"T{90_000 + len(filed)}", mess.iso_minute(when.item()), how, text])
    again = rng.choice(len(reviews), 12, replace=False)  # the site's export repeats a few
    reviews += [reviews[row] for row in np.sort(again)]
    for at, row in enumerate(reviews):
        row[0] = row[0] or f"R{30_000 + at}"
    return [
        mess.write_csv(folder / "reviews.csv", ["评价编号", "评价时间", "网站", "星级", "评价内容"],
                       reviews, encoding="utf-8-sig"),
        mess.write_csv(folder / "complaints.csv", ["投诉单号", "受理时间", "受理方式", "投诉内容"],
                       filed, encoding="gb18030"),
    ]  # fmt: skip


STEPS = ("浏览 View", "加购 Cart", "付款 Pay", "签收 Receive")
FURTHER = (0.55, 0.6, 0.97)
"""Planted: how many take the next step: most who view, or fill a cart, never pay."""
DAYS = (0.5, 1.0, 2.0)
"""Mean days until they do; nobody takes longer than the client file allows for."""


def write_steps(path: Path, months: tuple[str, ...], *, visits: int = 260) -> Path:
    """Write what customers did in the last months, a row a step, cut off where the log ends."""
    rng = np.random.default_rng(SEED + 1)
    end, rows = bounds(months[-1])[1].astype("M8[m]"), []
    for month in months[-4:]:
        for when in _times(rng, month, visits):
            who, time = f"U{500_000 + 3 * int(rng.integers(7_200))}", when.astype("M8[m]")
            for at, step in enumerate(STEPS):
                if at:
                    if rng.random() > FURTHER[at - 1]:
                        break
                    days = min(rng.exponential(DAYS[at - 1]), 4.9)
                    time = time + np.timedelta64(1 + int(1440 * days), "m")
                if time < end:
                    rows.append([who, mess.iso_minute(time.astype("M8[s]").item()), step])
    rows.sort(key=lambda row: row[1])
    return mess.write_csv(path, ["客户编号", "时间", "步骤"], rows, encoding="utf-8-sig")


def _said(
    rng: np.random.Generator, model: Model, phrases: Mapping[str, Phrases], n: int, *, mood: float
) -> tuple[list[str], np.ndarray]:
    answers = simulate(rng, model, mood=rng.normal(mood, 1, n))
    words = [phrases["zh" if chinese else "en"] for chinese in rng.random(n) < 0.8]
    return comments(rng, answers, words, share=1.0), answers["csat"].astype(int)


def _times(rng: np.random.Generator, month: str, n: int) -> Dates:
    first, end = bounds(month)
    days = np.sort(first + rng.integers(0, int((end - first).astype(int)), n))
    return moments(rng, days).astype("M8[s]")
