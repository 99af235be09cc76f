"""Two samples of people at equal mix: raked to each other's margins, resampled together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from math import nan
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, hstack
from scipy.stats import norm

from cxlib.analysis.estimation import contributions, percentiles, times_drawn
from cxlib.analysis.metrics import Metric, Questions, SurveyDesign, resolve
from cxlib.analysis.validate import Floats, Integers, drawn

THIN = 10
"""Levels with fewer answers in either sample are pooled before raking."""
CROSSED = 30
"""Where every combination of levels has as many in both samples, combinations are held equal."""
DRAWS = 1000
ROUNDS = 40
AT_ONCE = 100_000_000
"""Numbers held at once: 400 MB."""
MANY = 20_000
"""Rows above which those that are alike are drawn together."""
ROWS_AT_ONCE = 4_000_000
"""Rows times questions whose customers' totals are in memory at once."""
KINDS = 1_000_000
"""Kinds of rows that are told apart at most."""
SPLIT = (
    *("like", "like_low", "like_high", "like_p", "mix", "mix_low", "mix_high"),
    *("at_before", "at_after", "apart", "uncommon", "share_before", "share_after"),
)


class _Cells(NamedTuple):
    """Two samples as cells: each row's cell, and the level of each margin that a cell has."""

    cell: Integers
    levels: tuple[Integers, ...]
    common: Any  # per cell: whether all its levels are in both samples


_Read: TypeAlias = tuple[Metric, Integers, Floats, _Cells]
"""A question, the rows that answer it, their answers and cells."""


def _cells(groups: Sequence[Integers], late: Any) -> _Cells:
    """Return the cells of some rows, whose level of each segment `groups` has as a code."""
    columns, shared = [], np.ones(len(late), bool)
    for group in groups:
        codes = pd.factorize(group)[0]  # in the order in which these rows show them
        counts = np.stack([np.bincount(codes[s], minlength=codes.max() + 1) for s in (~late, late)])
        least = counts.min(axis=0)
        pool = np.flatnonzero((least > 0) & (least < THIN))
        if pool.size:  # with one another; if that is still thin, with the smallest of the rest
            rest = np.flatnonzero(least >= THIN)
            if counts[:, pool].sum(axis=1).min() < THIN and rest.size:
                pool = np.append(pool, rest[np.argmin(least[rest])])
            codes = np.where(np.isin(codes, pool), pool[0], codes)
        shared &= (least > 0)[codes]
        columns.append(codes)
    cell = np.zeros(len(late), dtype=np.intp)
    for codes in columns:  # the order of their combinations, however many columns there are
        cell = pd.factorize(cell * (codes.max() + 1) + codes, sort=True)[0]
    _known, first = np.unique(cell, return_index=True)
    common = np.ones(len(first), bool)
    common[cell[~shared]] = False
    sizes = [np.bincount(cell[side], minlength=len(first))[common] for side in (~late, late)]
    levels = tuple(codes[first] for codes in columns)
    if common.any() and min(size.min() for size in sizes) >= CROSSED:
        levels = (np.arange(len(first)),)
    return _Cells(cell, levels, common)


def _rake(mass: Floats, goal: Floats, levels: Sequence[Integers]) -> Floats:
    """Rake cell masses, draws by cells, to the margins of `goal`."""
    mass = mass.copy()
    members = [np.eye(int(codes.max()) + 1)[codes] for codes in levels]
    wanted = []
    for member in members:
        want = goal @ member
        whole = want.sum(axis=1, keepdims=True)
        wanted.append(np.divide(want, whole, out=np.zeros_like(want), where=whole > 0))
    for _round in range(ROUNDS):
        worst = 0.0
        for codes, member, want in zip(levels, members, wanted, strict=True):
            have = mass @ member
            want_mass = want * have.sum(axis=1, keepdims=True)
            ratio = np.divide(want_mass, have, out=np.ones_like(have), where=have > 0)
            mass *= ratio[:, codes]
            worst = max(worst, float(np.abs(ratio - 1).max()))
        if worst < 1e-5 or len(levels) == 1:
            break
    return mass


def equal_mix(
    frame: pd.DataFrame,
    late: Any,
    questions: Questions,
    segments: Sequence[str],
    design: SurveyDesign,
    draws: int = DRAWS,
    seed: int = 20250101,
) -> list[dict[str, Any]]:
    """Split ``late - other`` of every question into like for like and mix, over all segments.

    Both samples are raked to the other's margins; like for like is the mean of the two directed
    gaps. Customers are resampled across both samples together.
    """
    weights, customers = drawn(frame, design)
    w = np.ones(len(frame)) if weights is None else weights
    people = np.arange(len(frame)) if customers is None else pd.factorize(customers)[0]
    draws = draws if people.size and people.max() else 0  # one customer shows no spread
    level_of = {name: frame[name].astype(object) for name in segments}
    groups = {n: pd.factorize(level, use_na_sentinel=False)[0] for n, level in level_of.items()}
    named = {name: _named(level) for name, level in level_of.items()}

    def read(metric: Metric) -> _Read:
        y = contributions(frame[metric.key].to_numpy(float, na_value=np.nan), metric)
        there = np.flatnonzero(~np.isnan(y))
        cells = _cells([codes[there] for codes in groups.values()], late[there])
        return metric, there, y[there], cells

    def split(one: _Read, sums: Floats) -> dict[str, Any]:
        metric, there, y, cells = one
        parts = sums.reshape(len(sums), 4, -1).transpose(1, 0, 2)
        levels = {name: (codes[there], of) for name, (codes, of) in named.items()}
        whose = _whose(levels, late[there], y, w[there])
        return {"kpi": metric.key} | _split(parts[:2], parts[2:], cells) | whose

    metrics = list(map(resolve, questions))
    if len(frame) > MANY and customers is None:
        each = map(read, metrics)  # one question in memory at a time
        return [split(one, _of_many(one, late, w, draws, seed)) for one in each]
    if len(frame) > MANY:
        told: list[dict[str, Any]] = []
        step = max(1, ROWS_AT_ONCE // len(frame))  # a draw serves some questions
        for start in range(0, len(metrics), step):
            some = list(map(read, metrics[start : start + step]))
            told += map(split, some, _of_units(some, late, w, people, draws, seed))
        return told
    asked = list(map(read, metrics))
    blocks: list[Any] = []
    for _metric, there, y, cells in asked:
        # one column a sample and cell: first the weights, then weights times answers
        block = np.zeros((len(frame), 4, len(cells.common)), dtype=np.float32)
        side = late[there].astype(int)
        block[there, side, cells.cell] = w[there]
        block[there, 2 + side, cells.cell] = w[there] * y
        blocks.append(block.reshape(len(frame), 4 * len(cells.common)))
    sums = _drawn(blocks, people, draws, seed) if blocks else ()
    return [split(one, sum_of) for one, sum_of in zip(asked, sums, strict=True)]


def _of_many(one: _Read, late: Any, w: Floats, draws: int, seed: int) -> Floats:
    """Return the sums of one question in every draw, as `_drawn` does, of many rows.

    Rows that are alike (sample, cell, answer, weight) are drawn together, as a multinomial count:
    the same resamples, without a column of them for each row. Where hardly two rows are alike, each
    is drawn.
    """
    _metric, there, y, cells = one
    wide, side = len(cells.common), late[there].astype(np.intp)
    (ys, answer), (ws, heavy) = (np.unique(v, return_inverse=True) for v in (y, w[there]))
    if 2 * wide * len(ys) * len(ws) > KINDS:
        return _of_units([one], late, w, np.arange(len(late)), draws, seed)[0]
    kind = ((side * wide + cells.cell) * len(ys) + answer) * len(ws) + heavy
    counts = np.bincount(kind)
    kinds = np.flatnonzero(counts)
    counts = counts[kinds]
    place, which = np.divmod(kinds, len(ys) * len(ws))
    mass, rated = ws[which % len(ws)], ys[which // len(ws)]
    chances = np.append(counts, len(late) - len(there)) / len(late)  # the last: no answer
    rng, batch = np.random.default_rng(seed), AT_ONCE // 20 // len(chances)
    sizes = [batch] * (draws // batch) + [draws % batch]
    again = (rng.multinomial(len(late), chances, size=size)[:, :-1] for size in sizes)
    block = totals(np.arange(len(place)), place, mass, rated, (len(place), 4 * wide))
    return np.vstack([t.astype(float) @ block for t in chain([counts[None, :]], again)])


def _of_units(
    some: Sequence[_Read], late: Any, w: Floats, people: Integers, draws: int, seed: int
) -> list[Floats]:
    """Return the sums of some questions in every draw: each customer's totals are drawn whole."""
    count, blocks = int(people.max()) + 1, []
    for _metric, there, y, cells in some:
        wide = len(cells.common)
        place = late[there].astype(np.intp) * wide + cells.cell
        blocks.append(totals(people[there], place, w[there], y, (count, 4 * wide)))
    sums = resampled(hstack(blocks), draws, seed)
    return np.split(sums, np.cumsum([block.shape[1] for block in blocks])[:-1], axis=1)


def resampled(block: Any, draws: int, seed: int) -> Floats:
    """Return the sums of sparse columns, of all units and in every draw of them: one at a time."""
    rng, columns = np.random.default_rng(seed), block.T.tocsr()
    again = (times_drawn(rng, block.shape[0], 1)[0] for _draw in range(draws))
    return np.stack([columns @ t.astype(float) for t in chain([np.ones(block.shape[0])], again)])


def totals(
    unit: Integers, place: Integers, mass: Floats, rated: Floats, shape: tuple[int, int]
) -> Any:
    """Return each unit's weight by sample and cell, then its weighted answers, sparse."""
    where = np.tile(unit, 2), np.append(place, place + shape[1] // 2)
    return csr_array((np.append(mass, mass * rated), where), shape=shape)


def _drawn(blocks: list[Any], people: Integers, draws: int, seed: int) -> Iterable[Floats]:
    """Yield the sums of each block in every draw; all blocks at once where memory allows."""
    together = sum(block.size for block in blocks) <= AT_ONCE
    for group in [blocks] if together else [[block] for block in blocks]:
        every = np.hstack(group)
        sums = np.vstack([times @ every for times in _resamples(people, draws, seed)])
        for part in np.split(sums, np.cumsum([b.shape[1] for b in group])[:-1], axis=1):
            yield part.astype(float)


def _resamples(people: Integers, draws: int, seed: int) -> Iterable[Any]:
    """Yield how often each row is drawn, draws by rows; the first draw is the sample itself."""
    rng = np.random.default_rng(seed)
    count = int(people.max()) + 1 if people.size else 0
    batch = max(1, min(draws, AT_ONCE // 20 // max(people.size, 1)))
    yield np.ones((1, people.size), dtype=np.float32)
    for start in range(0, draws, batch):
        size = min(batch, draws - start)
        yield times_drawn(rng, count, size)[:, people].astype(np.float32)


def _split(mass: Floats, sums: Floats, cells: _Cells) -> dict[str, Any]:
    """Return the split of the sample (draw 0) with its bootstrap intervals."""
    before, after = (_ratio(s.sum(axis=1), w.sum(axis=1)) for s, w in zip(sums, mass, strict=True))
    common = cells.common
    if not common.any():
        return dict.fromkeys(SPLIT, nan) | {"uncommon": 1.0}
    levels = [codes[common] for codes in cells.levels]
    w0, w1 = mass[:, :, common]
    m0, m1 = (
        np.divide(s[:, common], w, out=np.zeros_like(w), where=w > 0)
        for s, w in zip(sums, (w0, w1), strict=True)
    )
    at_before = _mean(_rake(w1, w0, levels), m1) - _mean(w0, m0)
    at_after = _mean(w1, m1) - _mean(_rake(w0, w1, levels), m0)
    like = (at_before + at_after) / 2
    mix = after - before - like
    told = np.column_stack([like, mix, at_before - at_after])[1:]
    told = told[np.isfinite(like[1:])]  # a draw may leave one of the samples empty
    enough = len(told) > 2 and bool(np.ptp(told[:, 0]) > 1e-12)  # answers all alike show no spread
    low, high = percentiles(told if enough else told[:0], 0.95).tolist()
    spread = float(np.std(told[:, 0], ddof=1)) if enough else nan
    like_p = float(2 * norm.sf(abs(like[0]) / spread)) if spread > 0 else nan
    told_like = (float(like[0]), low[0], high[0], like_p)
    told_mix = (float(mix[0]), low[1], high[1], float(at_before[0]), float(at_after[0]))
    apart = float(low[2] > 0 or high[2] < 0)
    uncommon = float(1 - mass[:, 0][:, common].sum() / mass[:, 0].sum())
    return dict(zip(SPLIT, (*told_like, *told_mix, apart, uncommon), strict=False))


def _mean(w: Floats, m: Floats) -> Floats:
    return _ratio((w * m).sum(axis=1), w.sum(axis=1))


def _ratio(sums: Floats, mass: Floats) -> Floats:
    found: Floats = np.divide(sums, mass, out=np.full_like(mass, nan), where=mass > 0)
    return found


def _named(level: pd.Series[Any]) -> tuple[Integers, Any]:
    """Return each row's level as a code (-1: not known), and what the codes say, in order."""
    codes, names = pd.factorize(level.astype(str).where(level.notna()).to_numpy(object), sort=True)
    return codes, names


def _whose(
    levels: Mapping[str, tuple[Integers, Any]], late: Any, y: Floats, w: Floats
) -> dict[str, Any]:
    """Name the level whose share moved the score most, with its shares."""
    best: dict[str, Any] = {"mix_segment": None, "mix_level": None}
    most = 0.0
    told = pd.DataFrame({"w": w, "wy": w * y})
    for segment, (codes, names) in levels.items():
        known = codes >= 0
        if not (late[known].any() and (~late[known]).any()):
            continue
        cell = 2 * codes[known] + late[known]
        sums = told[known].groupby(cell).sum()  # pandas adds without losing what is small
        there = np.unique(cell // 2)
        every = sums.reindex(np.add.outer(2 * there, (0, 1)).ravel(), fill_value=0.0)
        mass, points = (every[name].to_numpy().reshape(-1, 2) for name in ("w", "wy"))
        with np.errstate(invalid="ignore"):  # of people who weigh nothing nobody is named
            share = mass / mass.sum(axis=0)
            away = points.sum(axis=1) / mass.sum(axis=1) - float(points.sum()) / float(mass.sum())
        moved = share[:, 1] - share[:, 0]
        part = abs(float((moved * away).sum()))
        if part > most:
            most, at = part, int(np.argmax(moved))
            best = {"mix_segment": segment, "mix_level": str(names[there[at]])}
            best |= {"share_before": float(share[at, 0]), "share_after": float(share[at, 1])}
    return best
