"""Lakeside Bank, a demo client: in 2026Q3 its score falls, though no customer thinks worse of it.

English, in Excel; a card campaign brings many of the customers who always scored lowest. A
competitor's customers answer the same questions. `_tickets` holds its contact centre, `_rewards`
its programme for customers who use their cards.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xlsxwriter

from cxlib.data.demo import _mess as mess
from cxlib.data.demo._comments import comments, planted
from cxlib.data.demo._rewards import write_rewards
from cxlib.data.demo._survey import Dates, Floats, days_within, moments, simulate
from cxlib.data.demo._tickets import CUSTOMERS, write_tickets

NAME = "lakeside-bank"
SEED = 20_241_002
WAVES = ("2024Q4", "2025Q1", "2025Q2", "2025Q3", "2025Q4", "2026Q1", "2026Q2", "2026Q3")
OWN, COMPETITOR = "Lakeside", "Northgate"
ANSWERS_A_WAVE = {OWN: 600, COMPETITOR: 150}

MODEL, PHRASES = planted(NAME)
BROKEN = "contact_centre"
"""The touchpoint that is clearly lowest and truly matters."""
CHANGED_WAVE = "2026Q3"
"""The wave in which recommendation fell because the mix of products changed, and only that."""
LOW_SEGMENT = "Credit card"
PRODUCTS = {"Current account": 0.55, "Mortgage": 0.27, "Credit card": 0.18}
PRODUCTS_AFTER = {"Current account": 0.32, "Mortgage": 0.16, "Credit card": 0.52}
CARD_SHIFT = {"app": -0.6, "contact_centre": -0.6, "fees": -1.1, "statements": -0.5, "alerts": -0.4}
"""What a card customer rates lower, in every wave alike: the rates never change."""
COMPETITOR_SHIFT = {"app": 0.15, "contact_centre": 0.7, "branch": -0.4, "fees": -0.1}
"""Northgate's contact centre is what Lakeside's should be; its branches are worse."""
EASIER_SINCE, EASIER_BY = "2025Q4", 0.6
"""Fewer forms: effort ratings of all of Lakeside's customers rise, recommendation does not."""

AGES = {"18-34": 0.28, "35-54": 0.38, "55+": 0.34}
REGIONS = {"North": 0.3, "South": 0.45, "West": 0.25}
HEADER = (
    "Response ID", "Completed", "Brand", "Main product", "Age group", "Region",
    "Q1 Recommend", "Q2 Satisfaction", "Q3 Easy to deal with",
    "Q4a Opening an account", "Q4b Mobile app", "Q4c Branch", "Q4d Payments",
    "Q4e Statements", "Q4f Fees and rates", "Q4g Contact centre", "Q4h Security alerts",
    "Q5 Comment",
)  # fmt: skip
_TEXT_COLUMNS = 6


def build(folder: Path) -> list[Path]:
    """Write the raw files of this client into `folder`, always the same bytes."""
    rng = np.random.default_rng(SEED)
    own = rng.permutation(CUSTOMERS)
    rows: list[mess.Row] = []
    for number, wave in enumerate(WAVES):
        for brand, n in ANSWERS_A_WAVE.items():
            if brand == OWN:
                ids = [f"C{400_000 + k}" for k in own[number * n : (number + 1) * n].tolist()]
            else:
                ids = [f"N{900_000 + number * n + k}" for k in range(n)]
            rows += _wave(rng, wave, brand, ids)
    outcome, own_rows = HEADER.index("Q1 Recommend"), [row for row in rows if row[2] == OWN]
    answers = {row[0].strip(): (row[1], row[outcome].strip()) for row in own_rows}
    rows = mess.submitted_twice(rng, rows, outcome=HEADER.index("Q1 Recommend"))
    rows = mess.with_gaps(rng, rows, blank=2, undated=4, date=1)
    return [
        _write_survey(folder / "survey.xlsx", rows),
        write_tickets(folder / "tickets.csv", np.random.default_rng(SEED + 1)),
        *write_rewards(folder, answers),
    ]


def _wave(rng: np.random.Generator, wave: str, brand: str, ids: Sequence[str]) -> list[mess.Row]:
    n = len(ids)
    shares = PRODUCTS_AFTER if brand == OWN and wave == CHANGED_WAVE else PRODUCTS
    product = rng.choice(list(shares), size=n, p=list(shares.values()))
    age = rng.choice(list(AGES), size=n, p=list(AGES.values()))
    region = rng.choice(list(REGIONS), size=n, p=list(REGIONS.values()))
    card = np.where(product == LOW_SEGMENT, 1.0, 0.0)
    shifts: dict[str, Floats] = {key: by * card for key, by in CARD_SHIFT.items()}
    if brand == COMPETITOR:
        for key, by in COMPETITOR_SHIFT.items():
            shifts[key] = shifts.get(key, np.zeros(n)) + by
    elif wave >= EASIER_SINCE:
        shifts["ces"] = np.full(n, EASIER_BY)
    mood = rng.normal(0, 1, n) + np.where(age == "55+", 0.15, -0.05)
    answers = simulate(rng, MODEL, mood=mood, shifts=shifts)
    said = comments(rng, answers, [PHRASES["en"]] * n, share=0.32)
    when = moments(rng, days_within(rng, wave, n))
    facts = (mess.padded(rng, product.tolist(), share=0.01), age.tolist(), region.tolist())
    coded = [mess.coded(rng, v, unused=("N/A", "88")) for v in answers.values()]
    columns = (ids, _excel_dates(when), [brand] * n, *facts, *coded, said)
    return [list(row) for row in zip(*columns, strict=True)]


def _excel_dates(when: Dates) -> list[str]:
    return [mess.iso_minute(time) for time in when.astype("M8[s]").tolist()]


def _write_survey(path: Path, rows: Sequence[mess.Row]) -> Path:
    """Write the workbook: real dates, but every fortieth as text; numbers as numbers."""
    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"title": "Customer survey", "created": dt.datetime(2026, 10, 1)})
    day = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
    notes = book.add_worksheet("Read me")
    notes.write_string(0, 0, "Export of the customer survey; answers are on the sheet Responses.")
    sheet = book.add_worksheet("Responses")
    sheet.set_column(1, 1, 17)
    for column, name in enumerate(HEADER):
        sheet.write_string(0, column, name)
    for number, row in enumerate(rows, start=1):
        for column, text in enumerate(row):
            if not text:
                continue
            if column == 1 and number % 40:
                sheet.write_datetime(number, column, dt.datetime.fromisoformat(text), day)
            elif column >= _TEXT_COLUMNS and text.isascii() and text.isdigit():
                sheet.write_number(number, column, int(text))
            else:
                sheet.write_string(number, column, text)
    book.close()
    return path
