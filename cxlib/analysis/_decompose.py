"""Why did a score move: customers changed their minds, or other customers answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis import _inputs, _intervals
from cxlib.analysis._inputs import OffScale
from cxlib.analysis._options import count, generator
from cxlib.analysis._rate_and_mix import Parts, Wave, resample, split, spread_of, sums_of
from cxlib.analysis._score import contributions
from cxlib.analysis._survey_variance import Integers, even
from cxlib.analysis.metrics import Direction, Kind, Metric, Touchpoint, resolve
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError
from cxlib.words import mark as _

RESAMPLES = 1000
"""Enough that a percentile interval moves by less than a tenth of its width from seed to seed."""


COLUMNS = (
    "before",
    "after",
    "share_before",
    "share_after",
    "n_before",
    "n_after",
    "rate",
    "mix",
    "total",
)


@dataclass(frozen=True, kw_only=True)
class ChangeDecomposition:
    """A change between two waves, taken apart by cell.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a cell: the `by` columns, ``before, after`` (its score; NaN in a wave it is not
        in), ``share_before, share_after`` (0 to 1), ``n_before, n_after``, ``rate, mix, total``
        (its part of the change, in the score's unit). `mix` counts a cell's gain in share by how
        far its score lies above the whole, so that a growing weak cell pulls down.
    rate, rate_low, rate_high : float
        Change within cells, and its bootstrap interval.
    mix, mix_low, mix_high : float
        Change of the cells' shares, and its interval.
    total, total_low, total_high : float
        ``rate + mix``, the whole change, and its interval. Intervals are NaN without a bootstrap.
    before, after : float
        The score of either wave.
    metric, unit : str
        What changed: its column, and its unit.
    by : tuple of str
        What makes a cell.
    bootstrap, seed : int
        Resamples and their seed.
    confidence : float
        Coverage of the intervals.
    n_used, n_dropped : int
        Answers of both waves, and rows without one.
    caveats : tuple of Caveat
        Reservations.
    """

    table: pd.DataFrame
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
    n_used: int
    n_dropped: int
    caveats: tuple[Caveat, ...] = ()


def decompose_change(
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    metric: str | Metric | Touchpoint,
    by: str | Sequence[str],
    kind: Kind | None = None,
    scale: tuple[int, int] | None = None,
    top: int | None = None,
    direction: Direction | None = None,
    cut_points: tuple[int, int] | None = None,
    weights: str | None = "weight",
    cluster: str | None = None,
    off_scale: OffScale = "error",
    bootstrap: int = RESAMPLES,
    seed: int = 20260101,
    confidence: float = 0.95,
) -> ChangeDecomposition:
    """Split the change of a score into rate (within cells) and mix (between cells).

    Parameters
    ----------
    before, after : pandas.DataFrame
        The two waves, one row a response.
    metric : str, Metric or Touchpoint
        What changed; a plain column name may need `kind`.
    by : str or sequence of str
        Columns whose combinations are the cells. A missing level is a cell of its own, so that the
        parts add up to the change of the published score.
    kind, scale, top, direction, cut_points
        As in `metrics.Metric`.
    weights, cluster : str or None
        Columns; an absent ``weight`` column means unweighted. With `cluster`, customers are
        resampled, not answers.
    off_scale : {"error", "missing"}
        As in `scores.nps`.
    bootstrap : int
        Resamples of each wave; 0 runs none.
    seed : int
        Of the resampling.
    confidence : float
        Coverage of the percentile intervals.

    Returns
    -------
    ChangeDecomposition
        With midpoint weights: rate = Σ (s₀+s₁)/2 · (m₁−m₀), mix = Σ (s₁−s₀) · (m₀+m₁)/2, where
        a cell's share is s and its score m; a cell present in one wave only is mix. The two add
        up to the change exactly.

    Raises
    ------
    DataError
        If a column is absent, or a wave has no answers.

    References
    ----------
    .. [1] Kitagawa, E. M. (1955). Components of a difference between two rates. JASA 50,
       1168-1194.
    """
    _intervals.check_confidence(confidence)
    bootstrap = count(bootstrap, "bootstrap")
    rng = generator(seed)
    question = resolve(
        metric, kind=kind, scale=scale, top=top, direction=direction, cut_points=cut_points
    )
    columns = (by,) if isinstance(by, str) else tuple(by)
    if not columns:
        raise DataError("by= names no column to split the change by.")
    taken = next((name for name in columns if name in COLUMNS), None)
    if taken is not None:
        raise DataError(f"a segment cannot be called {taken!r}: the table uses that name.")
    codes, labels = _cells(before, after, columns)
    frames = {"before": (before, codes[: len(before)]), "after": (after, codes[len(before) :])}
    waves = [
        _wave(frame, code, question, name, weights, cluster, off_scale)
        for name, (frame, code) in frames.items()
    ]
    sums = [sums_of(wave, len(labels)) for wave in waves]
    parts = split(*sums)
    draws = [resample(wave, len(labels), bootstrap, rng) for wave in waves]
    spread = spread_of(split(*draws), confidence)
    rate, mix = float(parts.rate.sum()), float(parts.mix.sum())
    means = [float(total.sum() / weight.sum()) for weight, total in sums]
    n_used = sum(wave.x.size for wave in waves)
    return ChangeDecomposition(
        table=_table(labels, parts, waves),
        rate=rate,
        mix=mix,
        total=rate + mix,
        **spread,
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
        caveats=_caveats(before, after, columns, cluster, waves),
    )


def _cells(
    before: pd.DataFrame, after: pd.DataFrame, columns: tuple[str, ...]
) -> tuple[Integers, pd.DataFrame]:
    """Code both waves' cells together, in natural order; a missing level comes last."""
    codes = np.zeros(len(before) + len(after), dtype=np.intp)
    orders: list[list[Any]] = []
    for name in columns:
        sides = [_inputs.column(before, name), _inputs.column(after, name)]
        both = pd.concat(sides, ignore_index=True)
        order = [*_inputs.levels_of(both), None]
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
    weights: str | None,
    cluster: str | None,
    off_scale: OffScale,
) -> Wave:
    ratings = _inputs.column(data, metric.key)
    whole = metric.kind != "mean"
    x = _inputs.ratings_of(ratings, scale=metric.scale, whole=whole, off_scale=off_scale)[0]
    x = contributions(x, metric)
    kept = ~np.isnan(x)
    if not kept.any():
        raise DataError(f"no answers in {metric.key!r} {name} the change: all {len(x)} missing.")
    w = _inputs.weight_column(data, weights)
    codes = _inputs.cluster_column(data, cluster)
    return Wave(
        x[kept],
        even(np.ones(int(kept.sum())) if w is None else w[kept]),
        cell[kept],
        None if codes is None else np.unique(codes[kept], return_inverse=True)[1],
    )


def _table(labels: pd.DataFrame, parts: Parts, waves: list[Wave]) -> pd.DataFrame:
    counts = [np.bincount(wave.cell, minlength=len(labels)) for wave in waves]
    table = labels.assign(
        before=parts.scores[0],
        after=parts.scores[1],
        share_before=parts.shares[0],
        share_after=parts.shares[1],
        n_before=counts[0],
        n_after=counts[1],
        rate=parts.rate,
        mix=parts.mix,
        total=parts.rate + parts.mix,
    )
    return table[(table["n_before"] + table["n_after"]) > 0].reset_index(drop=True)


def _caveats(
    before: pd.DataFrame,
    after: pd.DataFrame,
    columns: tuple[str, ...],
    cluster: str | None,
    waves: list[Wave],
) -> tuple[Caveat, ...]:
    caveats: list[Caveat] = []
    for name in columns:
        missing = int(before[name].isna().sum() + after[name].isna().sum())
        if missing:
            message = _("{n} answers have no {segment}; they form a cell of their own.")
            caveats.append(Caveat(message, n=missing, segment=name))
    if cluster is not None:
        shared = set(before[cluster].dropna()) & set(after[cluster].dropna())
        if shared:
            message = _(
                "{n} customers answered in both waves; the waves are resampled apart, so the "
                "intervals are wide rather than narrow."
            )
            caveats.append(Caveat(message, n=len(shared)))
    single = [wave for wave in waves if wave.x.size == 1]
    if single:
        caveats.append(Caveat(_("A wave of one answer cannot be resampled to any purpose.")))
    return tuple(caveats)
