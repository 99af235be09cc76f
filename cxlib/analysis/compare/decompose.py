"""Why did a score move: customers changed their minds, or other customers answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Unpack

import numpy as np
import pandas as pd

from cxlib.analysis import validate
from cxlib.analysis.estimation import answers_to, contributions, even, percentiles, times_drawn
from cxlib.analysis.metrics import Declared, Metric, SurveyDesign, Touchpoint, resolve
from cxlib.analysis.results import Caveat, TableResult, counted, said
from cxlib.analysis.validate import Floats, Integers, OffScale
from cxlib.errors import DataError
from cxlib.words import mark as _

RESAMPLES = 1000
"""Enough that a percentile interval moves by less than a tenth of its width from seed to seed."""
COLUMNS = (
    *("before", "after", "share_before", "share_after", "n_before", "n_after"),
    *("rate", "mix", "total"),
)
_CHUNK = 4_000_000  # drawn counts held at once: 32 MB


class ChangeDecomposition(TableResult):
    """A change between two waves, taken apart by cell, in the score's unit.

    ``table``, a row a cell: the `by` columns, ``before, after`` (NaN in a wave it is not in),
    ``share_before, share_after, n_before, n_after, rate, mix, total`` (its part of the change).
    `mix` counts a cell's gain in share by how far its score lies above the whole, so that a growing
    weak cell pulls down. Of the whole the same, with bootstrap intervals (NaN
    without a bootstrap, or where a wave is one customer).
    """

    rate: float
    rate_low: float
    rate_high: float
    mix: float
    mix_low: float
    mix_high: float
    total: float
    total_low: float
    total_high: float
    before: float
    after: float
    metric: str
    unit: str
    by: tuple[str, ...]
    bootstrap: int
    seed: int
    confidence: float


def decompose_change(
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    metric: str | Metric | Touchpoint,
    by: str | Sequence[str],
    weights: str | None = "weight",
    cluster: str | None = None,
    off_scale: OffScale = "error",
    bootstrap: int = RESAMPLES,
    seed: int = 20260101,
    confidence: float = 0.95,
    **declared: Unpack[Declared],
) -> ChangeDecomposition:
    """Split the change of a score into rate (within cells) and mix (between cells).

    Parameters
    ----------
    before, after : pandas.DataFrame
        The two waves, one row a response.
    metric : str, Metric or Touchpoint
        What changed.
    by : str or sequence of str
        Columns whose combinations are the cells. A missing level is a cell of its own, so that the
        parts add up to the change of the published score.
    weights, cluster : str or None
        Columns, as in `SurveyDesign`. With `cluster`, customers are resampled, not answers.
    off_scale : {"error", "missing"}
        As in `scores.nps`.
    bootstrap, seed, confidence
        Resamples of each wave (0 runs none), their seed, coverage of the percentile intervals.
    **declared
        ``kind, scale, top, direction, cut_points``, as in `metrics.resolve`.

    Returns
    -------
    ChangeDecomposition
        With midpoint weights (Kitagawa 1955, JASA 50): rate = Σ (s₀+s₁)/2 · (m₁−m₀), mix =
        Σ (s₁−s₀) · (m₀+m₁)/2, where a cell's share is s and its score m; a cell present in one wave
        only is mix. The two add up to the change exactly.

    Raises
    ------
    DataError
        If a column is absent, or a wave has no answers.
    """
    validate.check_confidence(confidence)
    bootstrap, rng = validate.count(bootstrap, "bootstrap"), validate.generator(seed)
    question = resolve(metric, **declared)
    columns = (by,) if isinstance(by, str) else tuple(by)
    if not columns:
        raise DataError("by= names no column to split the change by.")
    taken = next((name for name in columns if name in COLUMNS), None)
    if taken is not None:
        raise DataError(f"a segment cannot be called {taken!r}: the table uses that name.")
    codes, labels = _cells(before, after, columns)
    design = SurveyDesign(weights=weights, cluster=cluster)
    sides = np.split(codes, [len(before)])
    waves = [
        _wave(frame, cell, question, name, design, off_scale)
        for frame, cell, name in zip((before, after), sides, ("before", "after"), strict=True)
    ]
    cells = len(labels)
    sums = [_sums(wave, cells) for wave in waves]
    parts = split(*sums)
    alone = [wave for wave in waves if wave.alone]
    draws = split(*(_resample(wave, cells, 0 if alone else bootstrap, rng) for wave in waves))
    means = [float(total.sum() / weight.sum()) for weight, total in sums]
    n_used = sum(wave.x.size for wave in waves)
    n_of = [np.bincount(wave.cell, minlength=cells) for wave in waves]
    gains = (parts.rate, parts.mix, parts.rate + parts.mix)
    told = zip(COLUMNS, (*parts.scores, *parts.shares, *n_of, *gains), strict=True)
    table = labels.assign(**dict(told))
    caveats = _caveats(before, after, columns, cluster)
    single = _("A wave of one answer cannot be resampled to any purpose.")
    one = _("All {n} answers come from one customer: they count as one.")
    caveats += said(any(wave.x.size == 1 for wave in waves), single)
    caveats += counted(*((wave.x.size, one) for wave in alone if wave.x.size > 1))
    return ChangeDecomposition(
        table=table[(table["n_before"] + table["n_after"]) > 0].reset_index(drop=True),
        **_whole(parts, draws, confidence),
        before=means[0],
        after=means[1],
        metric=question.key,
        unit=question.unit,
        by=columns,
        bootstrap=bootstrap,
        seed=seed,
        confidence=confidence,
        n_used=n_used,
        n_dropped=len(before) + len(after) - n_used,
        caveats=caveats,
    )


class _Wave(NamedTuple):
    x: Floats
    w: Floats
    cell: Integers
    clusters: Integers | None

    @property
    def alone(self) -> bool:
        """Whether one customer gave all answers: nothing can be resampled."""
        return self.x.size == 1 or (self.clusters is not None and not self.clusters.any())


class Parts(NamedTuple):
    """Rate and mix by cell (last axis), and each wave's shares and scores."""

    rate: Floats
    mix: Floats
    shares: tuple[Floats, Floats]
    scores: tuple[Floats, Floats]


def split(before: tuple[Floats, ...], after: tuple[Floats, ...]) -> Parts:
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


def _cells(
    before: pd.DataFrame, after: pd.DataFrame, columns: Sequence[str]
) -> tuple[Integers, pd.DataFrame]:
    """Code both waves' cells together, in natural order; a missing level comes last."""
    codes = np.zeros(len(before) + len(after), dtype=np.intp)
    orders: list[list[Any]] = []
    for name in columns:
        values = [validate.column(wave, name) for wave in (before, after)]
        both = pd.concat(values, ignore_index=True)
        order = [*validate.levels_of(both), None]
        found = pd.Index(order[:-1]).get_indexer(both.astype(object))
        codes = codes * len(order) + np.where(found < 0, len(order) - 1, found)
        orders.append(order)
    present, cell = np.unique(codes, return_inverse=True)
    places = np.unravel_index(present, [len(order) for order in orders])
    labels = {
        name: pd.Series([order[i] for i in place])
        for name, order, place in zip(columns, orders, places, strict=True)
    }
    return cell.astype(np.intp), pd.DataFrame(labels)


def _wave(
    data: pd.DataFrame,
    cell: Integers,
    metric: Metric,
    name: str,
    design: SurveyDesign,
    off: OffScale,
) -> _Wave:
    x = contributions(answers_to(metric, validate.column(data, metric.key), off)[0], metric)
    kept = ~np.isnan(x)
    if not kept.any():
        raise DataError(f"no answers in {metric.key!r} {name} the change: all {len(x)} missing.")
    w, codes = validate.drawn(data, design)
    return _Wave(
        x[kept],
        even(np.ones(int(kept.sum())) if w is None else w[kept]),
        cell[kept],
        None if codes is None else np.unique(codes[kept], return_inverse=True)[1],
    )


def _resample(
    wave: _Wave, cells: int, draws: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return sums of weights and weighted answers by cell, one row a resample.

    Answers alike in cell, score and weight are drawn together, which is the same and quicker.
    """
    if wave.clusters is None:
        rows = np.column_stack([wave.cell, wave.x, wave.w])
        alike, unit = np.unique(rows, axis=0, return_inverse=True)
        copies = np.bincount(unit.ravel())
        cell, x, w = alike[:, 0].astype(np.intp), alike[:, 1], alike[:, 2]
        owner: Any = np.arange(copies.size)
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
        result[start : start + size] = _draw(copies, size, rng) @ sums
    return result[:, :cells], result[:, cells:]


def _draw(copies: Integers, size: int, rng: np.random.Generator) -> Floats:
    n = int(copies.sum())
    if copies.size < n / 4:
        return rng.multinomial(n, copies / n, size=size).astype(float)
    drawn = times_drawn(rng, n, size)
    return np.add.reduceat(drawn, np.cumsum(copies) - copies, axis=1).astype(float)


def _sums(wave: _Wave, cells: int) -> tuple[Floats, Floats]:
    """Return sums of weights and of weighted answers, by cell."""
    weight, total = (np.bincount(wave.cell, of, cells) for of in (wave.w, wave.w * wave.x))
    return weight.astype(float), total.astype(float)


def _whole(parts: Parts, draws: Parts, confidence: float) -> dict[str, float]:
    """Return rate, mix and total of all cells, each with its bootstrap interval."""
    rate, mix = float(parts.rate.sum()), float(parts.mix.sum())
    rates, mixes = draws.rate.sum(axis=-1), draws.mix.sum(axis=-1)
    low, high = percentiles(np.column_stack([rates, mixes, rates + mixes]), confidence).tolist()
    names = ("rate", "mix", "total")
    told = {"": (rate, mix, rate + mix), "_low": low, "_high": high}
    return {f"{n}{end}": at for end, ats in told.items() for n, at in zip(names, ats, strict=True)}


def _caveats(
    before: pd.DataFrame, after: pd.DataFrame, columns: Sequence[str], cluster: str | None
) -> tuple[Caveat, ...]:
    caveats: tuple[Caveat, ...] = ()
    message = _(
        "{n} {n:answer has|answers have} no {segment} and {n:forms|form} a cell of "
        "{n:its|their} own."
    )
    for name in columns:
        missing = before[name].isna().sum() + after[name].isna().sum()
        caveats += counted((missing, message), segment=name)
    if cluster is None:
        return caveats
    shared = set(before[cluster].dropna()) & set(after[cluster].dropna())
    message = _(
        "{n} {n:customer|customers} answered in both waves; the waves are resampled apart, so "
        "the intervals are wide rather than narrow."
    )
    return (*caveats, *counted((len(shared), message)))
