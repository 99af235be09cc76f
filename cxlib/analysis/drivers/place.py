"""Where to begin: importance against performance, with the probability of each quadrant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from cxlib.analysis.drivers.model import DriverImportance
from cxlib.analysis.results import Caveat, TableResult
from cxlib.analysis.validate import Floats, numbers
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

QUADRANTS = (_("fix first"), _("keep up"), _("watch"), _("maintain"))
"""Important and weak; important and strong; neither, or not proven; strong but less important."""

_CUTS: dict[str, Callable[..., Any]] = {"median": np.median, "mean": np.mean}


@dataclass(frozen=True, kw_only=True)
class Priorities(TableResult):
    """Drivers on a map of importance and performance.

    ``table``: one row a driver: ``driver``; ``importance`` (part of R²); ``share`` (of what all
    drivers explain: the axis of the map) with ``share_low, share_high``; ``performance`` with
    ``performance_low, performance_high``; ``p_unique, proven, n`` as in `DriverImportance`;
    ``quadrant`` (its place, "watch" where it is not proven); ``p_fix_first, p_keep_up, p_watch,
    p_maintain`` (of its place on the map, whatever the test; summing to 1). ``importance_cut,
    performance_cut``: where the map is cut ("median", "mean" or "fixed"); a driver on a cut counts
    as important, or strong.
    """

    importance_cut: float
    performance_cut: float
    cuts: str
    outcome: str


def priorities(
    importance: DriverImportance,
    performance: Any = None,
    *,
    cuts: str | tuple[float, float] = "median",
) -> Priorities:
    """Place drivers on a map of importance and performance, with the probability of each quadrant.

    Martilla, James (1977), J. Marketing 41. The probabilities come from the resamples behind the
    importances: in each, shares and users' mean ratings are computed on the same respondents, and
    the cuts anew. A `performance` of another kind (such as a top-box share) moves along with the
    mean rating of the same resample, over its own interval. The word follows the test too: a driver
    that is not proven (``p_unique``) is to be watched, wherever it lies.

    Parameters
    ----------
    importance : DriverImportance
        From `importance`, with ``bootstrap`` above 0 for the probabilities.
    performance : pandas.DataFrame or a result with a ``table``, optional
        Columns ``driver`` or ``touchpoint``, ``value``, ``low``, ``high``; by default the mean
        ratings of the users.
    cuts : {"median", "mean"} or (float, float)
        Where importance (a share, 0 to 1) and performance (in its own unit) are cut.

    Raises
    ------
    DataError
        If a driver has no performance, or the cuts are neither a known word nor two numbers.
    """
    if not isinstance(importance, DriverImportance):
        raise DataError(f"give what drivers.importance returns, not a {type(importance).__name__}.")
    told = importance.table
    share = told["share"].to_numpy(dtype=np.float64)
    own, draws = _performance(importance, performance)
    (x, y), (x_draws, y_draws) = _cut_points(cuts, share, own[0], importance.share_draws, draws)
    chances = _chances(importance.share_draws, draws, x_draws, y_draws)
    place = np.where(told["proven"], _quadrant(share, own[0], x, y), QUADRANTS.index("watch"))
    measured = dict(zip(("performance", "performance_low", "performance_high"), own, strict=True))
    same = ["driver", "importance", "share", "share_low", "share_high", "p_unique", "proven", "n"]
    table = told[same].assign(
        quadrant=[QUADRANTS[k] for k in place.tolist()],
        **{f"p_{q.replace(' ', '_')}": chances[:, k] for k, q in enumerate(QUADRANTS)},
    )
    for at, (name, values) in enumerate(measured.items(), start=5):
        table.insert(at, name, values)
    caveats = list(importance.caveats)
    if not len(importance.share_draws):
        caveats.append(Caveat(_("No resamples were drawn, so no quadrant has a probability.")))
    return Priorities(
        table=table,
        importance_cut=float(x),
        performance_cut=float(y),
        cuts=cuts if isinstance(cuts, str) else "fixed",
        outcome=importance.outcome,
        n_used=importance.n_used,
        n_dropped=importance.n_dropped,
        caveats=tuple(caveats),
    )


def _performance(importance: DriverImportance, given: Any) -> tuple[Floats, Floats]:
    """Return value, low, high of each driver, and its draws."""
    tail = 100 * (1 - importance.confidence) / 2
    draws, means = importance.performance_draws, np.array(importance.performance)
    if given is None:
        ends = np.full((2, len(means)), np.nan)
        if len(draws):
            ends = np.nanpercentile(draws, [tail, 100 - tail], axis=0)
        return np.vstack([means, ends]), draws
    own = _aligned(given, importance.table["driver"].tolist())
    if not len(draws):
        return own, draws
    spread = np.nanstd(draws, axis=0)
    moves = (draws - means) * np.divide(1, spread, out=np.zeros_like(spread), where=spread > 0)
    half = np.where(moves < 0, own[0] - own[1], own[2] - own[0])
    return own, own[0] + moves * half / norm.ppf(1 - tail / 100)


def _aligned(given: Any, names: list[str]) -> Floats:
    table = getattr(given, "table", given)
    if not isinstance(table, pd.DataFrame):
        raise DataError("performance is no table: give 'touchpoint', 'value', 'low', 'high'.")
    key = next((c for c in ("driver", "touchpoint") if c in table.columns), "touchpoint")
    for lacking in (key, "value", "low", "high"):
        if lacking not in table.columns:
            hint = nearest(lacking, map(str, table))
            raise DataError(f"performance has no column {lacking!r}{hint}")
    table = table[table[key].astype(str).isin(names)]
    if table[key].duplicated().any():
        twice = table.loc[table[key].duplicated(), key].iloc[0]
        raise DataError(f"performance names {twice!r} more than once; give one row a driver.")
    found = table.set_index(table[key].astype(str))[["value", "low", "high"]].reindex(names)
    bare = found.index[found.isna().any(axis=1)]
    if len(bare):
        raise DataError(f"performance of {bare[0]!r} is missing{nearest(bare[0], table[key])}")
    return np.vstack([numbers(found[name]) for name in found])


def _cut_points(
    cuts: Any, share: Floats, performance: Floats, shares: Floats, draws: Floats
) -> tuple[tuple[float, float], tuple[Floats, Floats]]:
    if isinstance(cuts, str):
        if cuts not in _CUTS:
            raise DataError(f"cuts {cuts!r} is unknown{nearest(cuts, _CUTS)}")
        middle = _CUTS[cuts]
        moving = (middle(shares, axis=1), middle(draws, axis=1)) if len(draws) else (share, share)
        return (middle(share), middle(performance)), moving
    try:
        x, y = map(float, cuts)
    except (TypeError, ValueError) as error:
        raise DataError(f"cuts is {cuts!r}; give 'median', 'mean' or two numbers.") from error
    if not (np.isfinite(x) and np.isfinite(y)):
        raise DataError(f"cuts is {cuts!r}; both numbers must be finite.")
    return (x, y), (np.full(len(shares), x), np.full(len(draws), y))


def _quadrant(share: Floats, performance: Floats, x: Any, y: Any) -> Any:
    """Return places in `QUADRANTS`; on a cut counts as above it."""
    return np.where(share >= x, 0, 2) + (performance >= y)


def _chances(shares: Floats, performance: Floats, x: Floats, y: Floats) -> Floats:
    sound = ~(np.isnan(shares).any(axis=1) | np.isnan(performance).any(axis=1))
    if not sound.any():
        return np.full((shares.shape[1], len(QUADRANTS)), np.nan)
    places = _quadrant(shares[sound], performance[sound], x[sound, None], y[sound, None])
    return np.stack([(places == k).mean(axis=0) for k in range(len(QUADRANTS))], axis=1)
