"""Harbour Hotels, a demo client: its check-in collapses in 2026Q2, and nothing else changes.

Chinese; members answer after a stay, many of them in several quarters.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from cxlib.data.demo import _field, _mess as mess
from cxlib.data.demo._comments import comments, planted
from cxlib.data.demo._guests import (
    Guests,
    Stays,
    guests,
    stays,
    write_members,
    write_others,
    write_stays,
)
from cxlib.data.demo._survey import Dates, Floats, bounds, moments, simulate

NAME = "harbour-hotels"
SEED = 20_241_001
WAVES = ("2024Q4", "2025Q1", "2025Q2", "2025Q3", "2025Q4", "2026Q1", "2026Q2", "2026Q3")
ANSWERS_A_WAVE = 625

MODEL, PHRASES = planted(NAME)
BROKEN = "checkin"
"""The touchpoint that is clearly lowest and truly matters."""
CHANGED_WAVE = "2026Q2"
"""The wave in which recommendation fell: check-in collapsed, the mix of guests did not change."""
CHECKIN_SHIFT = {"2026Q2": -1.1, "2026Q3": -1.0}
EASIER_SINCE, EASIER_BY = "2025Q3", 0.6
"""The booking site was relaunched: effort ratings rise from here on, recommendation does not."""

TIER_MOOD = {"银卡": 0.0, "金卡": 0.15, "白金卡": 0.3}
PURPOSE_MOOD = {"商务": -0.15, "休闲": 0.1}
ANSWERS_LIKELIER = {"银卡": 1.0, "金卡": 1.6, "白金卡": 2.2}
"""Higher tiers answer more often than their share of guests: why the survey must be raked."""
PERSON_SHARE = 0.4
"""Share of a mood's variance that a guest carries from quarter to quarter."""

HEADER = (
    "答卷编号", "提交时间", "会员号", "会员等级", "出行目的", "酒店",
    "推荐意愿", "总体满意度", "省力程度", "预订",
    "到店交通", "入住办理", "客房", "早餐", "网络", "康体设施",
    "员工服务", "退房结账", "您的建议",
)  # fmt: skip


def build(folder: Path) -> list[Path]:
    """Write the raw files of this client into `folder`, always the same bytes."""
    rng = np.random.default_rng(SEED)
    people = guests(rng)
    visits = stays(rng, people)
    rows = _survey_rows(rng, people, visits)
    rows = mess.submitted_twice(rng, rows, outcome=HEADER.index("推荐意愿"))
    rows = mess.with_gaps(rng, rows, blank=3, undated=5, date=1)
    return [
        mess.write_csv(folder / "survey.csv", HEADER, rows, encoding="gb18030"),
        _field.write(folder / "field.csv", people, MODEL, HEADER),
        write_members(folder / "members.csv", people),
        write_stays(folder / "stays.csv", people, visits),
        write_others(folder / "stays_before.csv", people, visits),
    ]


def _survey_rows(rng: np.random.Generator, people: Guests, visits: Stays) -> list[mess.Row]:
    person = rng.normal(0, 1, (2, len(people.number)))
    rows: list[mess.Row] = []
    for wave in WAVES:
        stay, days = _answering(rng, people, visits, wave)
        member = visits.guest[stay]
        purpose = rng.choice(["商务", "休闲"], size=len(stay), p=[0.55, 0.45])
        tier = people.tier[member]
        mood = (
            np.sqrt(PERSON_SHARE) * person[0, member]
            + np.sqrt(1 - PERSON_SHARE) * rng.normal(0, 1, len(stay))
            + np.array([TIER_MOOD[t] for t in tier.tolist()])
            + np.array([PURPOSE_MOOD[p] for p in purpose.tolist()])
        )
        easier = EASIER_BY if wave >= EASIER_SINCE else 0.0
        shifts: dict[str, Floats] = {
            "checkin": np.full(len(stay), CHECKIN_SHIFT.get(wave, 0.0)),
            "booking": np.full(len(stay), easier / 2),
            "ces": np.full(len(stay), easier),
        }
        answers = simulate(rng, MODEL, mood=mood, shifts=shifts, grudge=0.6 * person[1, member])
        columns = _columns(rng, answers, moments(rng, days))
        number = [f"A{len(rows) + i + 1:05d}" for i in range(len(stay))]
        ids = mess.padded(rng, people.number[member].tolist())
        facts = (tier.tolist(), purpose.tolist(), visits.hotel[stay].tolist())
        said = comments(rng, answers, [PHRASES["zh"]] * len(stay), share=0.34)
        rows += map(list, zip(number, columns[0], ids, *facts, *columns[1:], said, strict=True))
    return rows


def _answering(
    rng: np.random.Generator, people: Guests, visits: Stays, wave: str
) -> tuple[npt.NDArray[np.int64], Dates]:
    """Return the stays of a wave that were answered (one a guest), and the days of the answers."""
    first, end = bounds(wave)
    inside = np.flatnonzero((visits.day >= first) & (visits.day < end))
    _, latest = np.unique(visits.guest[inside][::-1], return_index=True)
    invited = inside[::-1][latest]
    likely = np.array([ANSWERS_LIKELIER[t] for t in people.tier[visits.guest[invited]].tolist()])
    chosen = rng.choice(len(invited), ANSWERS_A_WAVE, replace=False, p=likely / likely.sum())
    stay = invited[chosen]
    days = np.minimum(visits.day[stay] + rng.integers(1, 6, len(stay)), end - 1)
    order = np.argsort(days, kind="stable")
    return stay[order], days[order]


def _columns(rng: np.random.Generator, answers: dict[str, Floats], when: Dates) -> list[list[str]]:
    formats = ((mess.slashed, 0.7), (mess.iso_day, 0.2), (mess.chinese_day, 0.1))
    columns = [mess.dated(rng, when, formats)]
    for values in answers.values():
        texts = mess.coded(rng, values, unused=("不适用",))
        columns.append(mess.padded(rng, mess.widened(rng, texts)))
    return columns
