"""Analysis room: how sure the order of the drivers is, and whether segments share it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis._driver_columns import Array
from cxlib.analysis._importance import DriverImportance
from cxlib.analysis._multiplicity import adjust
from cxlib.analysis.driver_segments import SegmentImportance, by_segment
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError
from cxlib.words import mark as _

TOO_SMALL = _("groups too small or too uniform")


@dataclass(frozen=True, kw_only=True)
class OrderCertainty:
    """How often each driver takes each rank, over the resamples behind its importance.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a driver, the most important first: ``driver``; ``rank`` and ``rank_johnson`` (by
        either method); ``share`` and ``share_johnson`` (of what all explain); ``proven`` (its
        ``p_unique`` is below 1 − confidence); ``rank_low``, ``rank_high``; ``p_top3``; then
        ``p_rank_1`` … ``p_rank_p``, summing to 1 (NaN without resamples).
    leading : tuple of str
        The proven drivers of the highest shares, at most `most`.
    share, share_low, share_high : float
        What they carry together of what all explain (0 to 1), with its interval.
    p_set, p_order : float
        How often they are the first, in any order and in just this one.
    agree : bool
        Whether Shapley shares and Johnson's weights give one order.
    n_used, n_dropped : int
        Rows behind it.
    caveats : tuple of Caveat
        Reservations.
    """

    table: pd.DataFrame
    leading: tuple[str, ...]
    share: float
    share_low: float
    share_high: float
    p_set: float
    p_order: float
    agree: bool
    n_used: int
    n_dropped: int
    caveats: tuple[Caveat, ...]


def certainty(importance: DriverImportance, *, most: int = 3) -> OrderCertainty:
    """Say how sure the order of the drivers is, from the resamples behind their importance.

    Parameters
    ----------
    importance : DriverImportance
        With ``bootstrap`` above 0 for the probabilities.
    most : int
        Drivers that are looked at together, at most.

    Raises
    ------
    DataError
        If `most` is below 1.
    """
    if most < 1:
        raise DataError(f"most is {most}; look at one driver together with none, or at more.")
    table = importance.table.sort_values("rank", kind="stable").reset_index(drop=True)
    order = [list(importance.table["driver"]).index(name) for name in table["driver"]]
    sound = importance.share_draws[~np.isnan(importance.share_draws).any(axis=1)][:, order]
    proven = table["p_unique"].to_numpy(dtype=float) < 1 - importance.confidence
    johnson = table["johnson"].to_numpy(dtype=float)
    rank_johnson = _ranks(johnson[None, :])[0]
    shown = table[["driver", "rank", "share", "rank_low", "rank_high", "p_top3"]].assign(
        rank_johnson=rank_johnson, share_johnson=johnson / johnson.sum(), proven=proven
    )
    ranks = _ranks(sound)
    for place in range(1, len(table) + 1):
        shown[f"p_rank_{place}"] = (ranks == place).mean(axis=0) if len(ranks) else np.nan
    first = np.flatnonzero(proven)[:most]
    share, low, high, p_set, p_order = _together(table, sound, ranks, first, importance.confidence)
    return OrderCertainty(
        table=shown,
        leading=tuple(table["driver"].iloc[first]),
        share=share,
        share_low=low,
        share_high=high,
        p_set=p_set,
        p_order=p_order,
        agree=bool((rank_johnson == table["rank"]).all()),
        n_used=importance.n_used,
        n_dropped=importance.n_dropped,
        caveats=() if len(sound) else (Caveat(_("No resamples were drawn: no rank is sure.")),),
    )


def _ranks(values: Array) -> Any:
    """Return the rank of each value within its row, 1 the largest; ties keep the order given."""
    return np.argsort(np.argsort(-values, axis=1, kind="stable"), axis=1, kind="stable") + 1


def _together(
    table: pd.DataFrame, draws: Array, ranks: Any, first: Any, confidence: float
) -> tuple[float, float, float, float, float]:
    share = float(table["share"].iloc[first].sum())
    if not len(draws) or not len(first):
        return share if len(first) else np.nan, np.nan, np.nan, np.nan, np.nan
    tail = 100 * (1 - confidence) / 2
    low, high = np.percentile(draws[:, first].sum(axis=1), [tail, 100 - tail])
    places = ranks[:, first]
    p_set = float((places <= len(first)).all(axis=1).mean())
    p_order = float((places == np.arange(1, len(first) + 1)).all(axis=1).mean())
    return share, float(low), float(high), p_set, p_order


@dataclass(frozen=True, kw_only=True)
class SegmentComparison:
    """Whether drivers differ between the levels of each segment.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a segment: ``segment``; ``levels`` (groups compared); ``statistic`` (robust F of
        all driver × segment interactions together), ``p_value``, ``p_adjusted`` (Holm over the
        segments); ``driver`` (the one that differs most) and ``p_driver`` (its own interaction,
        Holm over the drivers); ``n`` (rows behind the test, NaN where there was none); ``reason``
        (why no test was made, missing where it was).
    results : tuple of SegmentImportance
        Importances by level, of the segments that could be tested.
    caveats : tuple of Caveat
        Groups that were too small or too uniform to be compared.
    """

    table: pd.DataFrame
    results: tuple[SegmentImportance, ...]
    caveats: tuple[Caveat, ...]

    def of(self, segment: str | None = None) -> SegmentImportance | None:
        """Return one segment's importances: the named, else the one whose levels differ most.

        None where it could not be tested.
        """
        if segment is not None:
            return next((r for r in self.results if r.segment == segment), None)
        return min(self.results, key=lambda r: r.p_value, default=None)


def compare_segments(
    data: pd.DataFrame, *, segments: Sequence[str], **settings: Any
) -> SegmentComparison:
    """Test, segment by segment, whether its levels have the same drivers.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a response.
    segments : sequence of str
        Columns; one whose levels are too small or too uniform is reported as untested.
    **settings
        As of `drivers.by_segment`: ``outcome``, ``drivers``, ``weights``, ``cluster``, ….

    Returns
    -------
    SegmentComparison
    """
    rows: list[dict[str, Any]] = []
    results: list[SegmentImportance] = []
    for segment in segments:
        try:
            result = by_segment(data, segment=segment, **settings)
        except DataError:
            rows.append({"segment": segment, "levels": 0, "reason": TOO_SMALL})
            continue
        results.append(result)
        most = result.interactions.sort_values("p_value", kind="stable").iloc[0]
        rows.append(
            {
                "segment": segment,
                "levels": len(result.level_names),
                "n": result.n_used,
                "statistic": result.statistic,
                "p_value": result.p_value,
                "driver": most["driver"],
                "p_driver": most["p_adjusted"],
                "reason": None,
            }
        )
    columns = ["segment", "levels", "statistic", "p_value", "driver", "p_driver", "n", "reason"]
    table = pd.DataFrame(rows, columns=columns).astype(
        {"statistic": float, "p_value": float, "p_driver": float, "n": float}
    )
    table.insert(4, "p_adjusted", adjust(table["p_value"], method="holm") if rows else 0.0)
    caveats = tuple(
        caveat
        for result in results
        for caveat in result.caveats
        if "segment" in caveat.facts  # groups left out; the rest stands with each group's result
    )
    return SegmentComparison(table=table, results=tuple(results), caveats=caveats)
