"""The mess of real exports, bounded and seeded: codes, wide digits, stray spaces, repeated rows."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import pandas as pd

from cxlib.data.demo._survey import Dates, Floats

Row = list[str]
Format = Callable[[dt.datetime], str]

_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
MISSING_SHARE = 0.012
"""Share of single answers that a customer who was asked left out."""


def coded(
    rng: np.random.Generator,
    values: Floats,
    *,
    unused: Sequence[str] = (),
    missing: Sequence[str] = ("99", "-", ""),
    share: float = MISSING_SHARE,
) -> list[str]:
    """Write ratings as an export does: not used (NaN) and, for `share`, unanswered as codes."""
    left_out = rng.random(len(values)) < share
    which = rng.random(len(values))
    texts = []
    for value, gone, pick in zip(values.tolist(), left_out.tolist(), which.tolist(), strict=True):
        codes = unused if math.isnan(value) else missing if gone else ()
        texts.append(codes[int(pick * len(codes))] if codes else f"{value:.0f}")
    return texts


def widened(rng: np.random.Generator, texts: Sequence[str], share: float = 0.004) -> list[str]:
    """Write the digits of a few answers full width, as a Chinese keyboard does."""
    hit = rng.random(len(texts)) < share
    return [t.translate(_WIDE) if h else t for t, h in zip(texts, hit.tolist(), strict=True)]


def padded(rng: np.random.Generator, texts: Sequence[str], share: float = 0.004) -> list[str]:
    """Leave a trailing space behind a few texts that are not empty."""
    hit = rng.random(len(texts)) < share
    return [t + " " if h and t else t for t, h in zip(texts, hit.tolist(), strict=True)]


def dated(
    rng: np.random.Generator, moments: Dates, formats: Sequence[tuple[Format, float]]
) -> list[str]:
    """Write each moment in one of several formats, drawn by their shares."""
    chances = np.array([chance for _, chance in formats])
    which = rng.choice(len(formats), size=len(moments), p=chances / chances.sum())
    times = moments.astype("M8[s]").tolist()
    return [formats[k][0](time) for time, k in zip(times, which.tolist(), strict=True)]


def slashed(time: dt.datetime) -> str:
    """Write ``2026/3/5 14:02``."""
    return f"{time.year}/{time.month}/{time.day} {time.hour}:{time.minute:02d}"


def iso_day(time: dt.datetime) -> str:
    """Write ``2026-03-05``."""
    return f"{time.year}-{time.month:02d}-{time.day:02d}"


def iso_minute(time: dt.datetime) -> str:
    """Write ``2026-03-05 14:02``."""
    return f"{iso_day(time)} {time.hour:02d}:{time.minute:02d}"


def iso_second(time: dt.datetime) -> str:
    """Write ``2026-03-05 14:02:11``."""
    return f"{iso_minute(time)}:{time.second:02d}"


def chinese_day(time: dt.datetime) -> str:
    """Write ``2026年3月5日``."""
    return f"{time.year}年{time.month}月{time.day}日"


def submitted_twice(
    rng: np.random.Generator, rows: Sequence[Row], *, outcome: int, share: float = 0.008
) -> list[Row]:
    """Put an earlier version, with another `outcome`, right before a few rows: the last counts."""
    chosen = set(rng.choice(len(rows), size=round(share * len(rows)), replace=False).tolist())
    out: list[Row] = []
    for number, row in enumerate(rows):
        if number in chosen:
            earlier = list(row)
            earlier[outcome] = str(int(rng.integers(3, 9)))
            out.append(earlier)
        out.append(row)
    return out


def with_gaps(
    rng: np.random.Generator, rows: Sequence[Row], *, blank: int, undated: int, date: int
) -> list[Row]:
    """Insert `blank` empty rows and take the date from `undated` others (at position `date`)."""
    out = [list(row) for row in rows]
    for number in rng.choice(len(out), size=undated, replace=False).tolist():
        out[number][date] = ""
    for number in sorted(rng.choice(len(out), size=blank, replace=False).tolist(), reverse=True):
        out.insert(number, [""] * len(rows[0]))
    return out


def register_text(name: str, /, **drawn: object) -> str:
    """Return a register: what is written by hand in ``<name>.yaml``, with what was drawn in it."""
    text = Path(__file__).with_name(f"{name}.yaml").read_text(encoding="utf-8")
    return Template(text).substitute(drawn)


def write_csv(
    path: Path, header: Sequence[str], rows: Sequence[Sequence[object]], *, encoding: str = "utf-8"
) -> Path:
    """Write rows as comma-separated text with Unix line ends, the same bytes on any system."""
    return write_table(path, pd.DataFrame(rows, columns=list(header)), encoding=encoding)


def write_table(
    path: Path, columns: pd.DataFrame | Mapping[str, object], *, encoding: str = "utf-8"
) -> Path:
    """Write columns in that way; a missing date is empty, an amount has cents."""
    look: dict[str, Any] = {"encoding": encoding, "lineterminator": "\n", "float_format": "%.2f"}
    pd.DataFrame(columns).to_csv(path, index=False, **look)
    return path
