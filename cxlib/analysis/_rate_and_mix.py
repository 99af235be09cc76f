"""The arithmetic of a change taken apart, for one pair of waves or a thousand resampled ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cxlib.analysis._survey_variance import Floats, Integers

_CHUNK = 4_000_000  # drawn counts held at once: 32 MB


class Wave(NamedTuple):
    """The answers of one wave: score contribution, weight, cell, customer."""

    x: Floats
    w: Floats
    cell: Integers
    clusters: Integers | None


class Parts(NamedTuple):
    """Rate and mix by cell (last axis), and each wave's shares and scores."""

    rate: Floats
    mix: Floats
    shares: tuple[Floats, Floats]
    scores: tuple[Floats, Floats]


def sums_of(wave: Wave, cells: int) -> tuple[Floats, Floats]:
    """Return sums of weights, and of weighted answers, by cell."""
    weight: Floats = np.bincount(wave.cell, wave.w, minlength=cells).astype(float)
    total: Floats = np.bincount(wave.cell, wave.w * wave.x, minlength=cells).astype(float)
    return weight, total


def split(before: tuple[Floats, Floats], after: tuple[Floats, Floats]) -> Parts:
    """Split into rate and mix from sums of weights, and of weighted answers, by cell (last axis).

    Mix is counted from the middle of the two whole scores: shares sum to one in both waves, so
    that changes no total, and makes a cell's part mean what it says.
    """
    shares, scores, wholes = [], [], []
    for weight, total in (before, after):
        base = weight.sum(axis=-1, keepdims=True)
        shares.append(weight / base)
        scores.append(np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > 0))
        wholes.append(total.sum(axis=-1, keepdims=True) / base)
    (s0, s1), (m0, m1) = shares, scores
    both = ~np.isnan(m0) & ~np.isnan(m1)
    rate = np.where(both, (s0 + s1) / 2 * (m1 - m0), 0.0)
    middle = np.where(both, (m0 + m1) / 2, np.where(np.isnan(m0), m1, m0))
    mix = np.where(np.isnan(middle), 0.0, (s1 - s0) * (middle - (wholes[0] + wholes[1]) / 2))
    return Parts(rate, mix + 0.0, (s0, s1), (m0, m1))


def resample(wave: Wave, cells: int, draws: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return sums of weights and weighted answers by cell, one row a resample.

    Answers alike in cell, score and weight are drawn together, which is the same and quicker.
    """
    if wave.clusters is None:
        rows = np.column_stack([wave.cell, wave.x, wave.w])
        alike, unit = np.unique(rows, axis=0, return_inverse=True)
        copies = np.bincount(unit.ravel())
        cell, w = alike[:, 0].astype(np.intp), alike[:, 2]
        owner, x = np.arange(copies.size), alike[:, 1]
    else:
        copies = np.ones(int(wave.clusters.max()) + 1, dtype=np.intp)
        owner, cell, x, w = wave.clusters, wave.cell, wave.x, wave.w
    sums = np.zeros((copies.size, 2 * cells))
    np.add.at(sums, (owner, cell), w)
    np.add.at(sums, (owner, cells + cell), w * x)
    result = np.empty((draws, 2 * cells))
    step = max(1, _CHUNK // copies.size)
    for start in range(0, draws, step):
        size = min(step, draws - start)
        counts = _draw(copies, size, rng)
        result[start : start + size] = counts @ sums
    return result[:, :cells], result[:, cells:]


def _draw(copies: Integers, size: int, rng: np.random.Generator) -> Floats:
    n = int(copies.sum())
    if copies.size < n / 4:
        return rng.multinomial(n, copies / n, size=size).astype(float)
    units = np.repeat(np.arange(copies.size), copies)
    picked = units[rng.integers(0, n, size=(size, n))]
    picked += copies.size * np.arange(size)[:, None]
    counted = np.bincount(picked.ravel(), minlength=size * copies.size)
    return counted.reshape(size, copies.size).astype(float)


def spread_of(parts: Parts, confidence: float) -> dict[str, float]:
    """Return the percentile intervals of rate, mix and total over resamples."""
    rate, mix = parts.rate.sum(axis=-1), parts.mix.sum(axis=-1)
    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    spread: dict[str, float] = {}
    for name, draws in (("rate", rate), ("mix", mix), ("total", rate + mix)):
        low, high = np.quantile(draws, ends) if draws.size else (np.nan, np.nan)
        spread |= {f"{name}_low": float(low), f"{name}_high": float(high)}
    return spread
