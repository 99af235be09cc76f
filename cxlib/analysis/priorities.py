"""Where to begin: importance against performance, with the probability of each quadrant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from cxlib.analysis._driver_columns import Array
from cxlib.analysis._driver_data import Names
from cxlib.analysis._importance import DriverImportance
from cxlib.analysis._inputs import numbers
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

QUADRANTS = (_("fix first"), _("keep up"), _("watch"), _("maintain"))
"""Important and weak; important and strong; neither; strong but less important."""

_CUTS: dict[str, Callable[..., Any]] = {"median": np.median, "mean": np.mean}


@dataclass(frozen=True, kw_only=True)
class Priorities:
    """Drivers on a map of importance and performance.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a driver: ``driver``; ``importance`` (part of R²); ``share`` (of what all drivers
        explain, 0 to 1: the axis of the map) with ``share_low`` and ``share_high``;
        ``performance`` with ``performance_low`` and ``performance_high``; ``quadrant``;
        ``p_fix_first``, ``p_keep_up``, ``p_watch``, ``p_maintain`` (summing to 1). With a
        competitor also ``competitor``, and ``gap`` (own minus competitor's) with ``gap_low`` and
        ``gap_high``.
    importance_cut, performance_cut : float
        Share and performance at which the map is cut; a driver on a cut counts as important, or
        strong.
    cuts : str
        ``"median"``, ``"mean"`` or ``"fixed"``.
    outcome : str
        What the drivers are important for.
    n_used, n_dropped : int
        Rows behind the importances.
    caveats : tuple of Caveat
        What to know before the numbers are used.
    """

    table: pd.DataFrame
    importance_cut: float
    performance_cut: float
    cuts: str
    outcome: str
    n_used: int
    n_dropped: int
    caveats: tuple[Caveat, ...]


def priorities(
    importance: DriverImportance,
    performance: Any = None,
    *,
    cuts: str | tuple[float, float] = "median",
    competitor: Any = None,
) -> Priorities:
    """Place drivers on a map of importance and performance, with the probability of each quadrant.

    The probabilities come from the resamples behind the importances: in each, shares and users'
    mean ratings are computed on the same respondents, and the cuts anew. A `performance` of
    another kind (such as a top-box share) moves along with the mean rating of the same resample,
    over its own interval.

    Parameters
    ----------
    importance : DriverImportance
        From `importance`, with ``bootstrap`` above 0 for the probabilities.
    performance : pandas.DataFrame or a result with a ``table``, optional
        Columns ``driver`` or ``touchpoint``, ``value``, ``low``, ``high``; by default the mean
        ratings of the users.
    cuts : {"median", "mean"} or (float, float)
        Where importance (a share, 0 to 1) and performance (in its own unit) are cut.
    competitor : pandas.DataFrame or a result with a ``table``, optional
        The competitor's performance, like `performance`; drivers absent from it have no gap.

    Returns
    -------
    Priorities
        The map as a table.

    Raises
    ------
    DataError
        If a driver has no performance, or the cuts are neither a known word nor two numbers.

    References
    ----------
    .. [1] Martilla, J. A., James, J. C. (1977). Importance-performance analysis. J. Marketing 41.
    .. [2] Zou, G. Y., Donner, A. (2008). Construction of confidence limits about effect
       measures. Statistics in Medicine 27, 1693-1702 (the interval of the gap).
    """
    if not isinstance(importance, DriverImportance):
        raise DataError(f"give what drivers.importance returns, not a {type(importance).__name__}.")
    names = tuple(importance.table["driver"])
    share = importance.table["share"].to_numpy(dtype=np.float64)
    own, draws = _performance(importance, performance, names)
    centre, cut_draws = _cut_points(cuts, share, own[0], importance.share_draws, draws)
    columns: dict[str, Any] = {
        "driver": list(names),
        "importance": importance.table["importance"].to_numpy(),
        "share": share,
        "share_low": importance.table["share_low"].to_numpy(),
        "share_high": importance.table["share_high"].to_numpy(),
        "performance": own[0],
        "performance_low": own[1],
        "performance_high": own[2],
        "quadrant": [QUADRANTS[k] for k in _quadrant(share, own[0], centre[0], centre[1]).tolist()],
    }
    probability = _probabilities(importance.share_draws, draws, cut_draws)
    for k, quadrant in enumerate(QUADRANTS):
        columns["p_" + quadrant.replace(" ", "_")] = probability[:, k]
    if competitor is not None:
        columns |= _gap(own, _aligned(competitor, names, "competitor", complete=False))
    return Priorities(
        table=pd.DataFrame(columns),
        importance_cut=float(centre[0]),
        performance_cut=float(centre[1]),
        cuts=cuts if isinstance(cuts, str) else "fixed",
        outcome=importance.outcome,
        n_used=importance.n_used,
        n_dropped=importance.n_dropped,
        caveats=(*importance.caveats, *_caveats(importance, probability)),
    )


def _performance(
    importance: DriverImportance, given: Any, names: tuple[str, ...]
) -> tuple[Array, Array]:
    """Return value, low, high of each driver, and its draws."""
    tail = 100 * (1 - importance.confidence) / 2
    draws = importance.performance_draws
    means = np.array(importance.performance)
    if given is None:
        if not len(draws):
            return np.vstack([means, np.full((2, len(names)), np.nan)]), draws
        return np.vstack([means, np.nanpercentile(draws, [tail, 100 - tail], axis=0)]), draws
    own = _aligned(given, names, "performance", complete=True)
    if not len(draws):
        return own, draws
    spread = np.nanstd(draws, axis=0)
    moves = (draws - means) * np.divide(1, spread, out=np.zeros_like(spread), where=spread > 0)
    z = norm.ppf(1 - (1 - importance.confidence) / 2)
    half = np.where(moves < 0, own[0] - own[1], own[2] - own[0])
    return own, own[0] + moves * half / z


def _aligned(given: Any, names: tuple[str, ...], what: str, *, complete: bool) -> Array:
    table = getattr(given, "table", given)
    if not isinstance(table, pd.DataFrame):
        raise DataError(f"{what} is no table: give columns 'touchpoint', 'value', 'low', 'high'.")
    key = next((c for c in ("driver", "touchpoint") if c in table.columns), None)
    absent = [c for c in ("value", "low", "high") if c not in table.columns]
    if key is None or absent:
        lacking = absent[0] if absent else "touchpoint"
        raise DataError(f"{what} has no column {lacking!r}{nearest(lacking, map(str, table))}")
    keyed = table.assign(**{key: table[key].astype(str)})
    twice = keyed.loc[keyed[key].duplicated() & keyed[key].isin(names), key]
    if not twice.empty:
        raise DataError(f"{what} names {twice.iloc[0]!r} more than once; give one row a driver.")
    found = keyed.set_index(key)[["value", "low", "high"]].reindex(list(names))
    bare = found.index[found.isna().any(axis=1)]
    if complete and len(bare):
        raise DataError(f"{what} of {bare[0]!r} is missing{nearest(bare[0], keyed[key])}")
    return np.vstack([numbers(found[name]) for name in found])


def _cut_points(
    cuts: str | tuple[float, float], share: Array, performance: Array, shares: Array, draws: Array
) -> tuple[tuple[float, float], tuple[Array, Array]]:
    if isinstance(cuts, str):
        if cuts not in _CUTS:
            raise DataError(f"cuts {cuts!r} is unknown{nearest(cuts, _CUTS)}")
        middle = _CUTS[cuts]
        centre = float(middle(share)), float(middle(performance))
        if not len(draws):
            return centre, (np.empty(0), np.empty(0))
        return centre, (middle(shares, axis=1), middle(draws, axis=1))
    try:
        x, y = map(float, cuts)
    except (TypeError, ValueError) as error:
        raise DataError(f"cuts is {cuts!r}; give 'median', 'mean' or two numbers.") from error
    if not (np.isfinite(x) and np.isfinite(y)):
        raise DataError(f"cuts is {cuts!r}; both numbers must be finite.")
    return (x, y), (np.full(len(shares), x), np.full(len(draws), y))


def _quadrant(share: Array, performance: Array, x: Any, y: Any) -> Any:
    """Return places in `QUADRANTS`; on a cut counts as above it."""
    return np.where(share >= x, 0, 2) + (performance >= y)


def _probabilities(shares: Array, performance: Array, cuts: tuple[Array, Array]) -> Array:
    sound = ~(np.isnan(shares).any(axis=1) | np.isnan(performance).any(axis=1))
    if not sound.any():
        return np.full((shares.shape[1], len(QUADRANTS)), np.nan)
    x, y = cuts[0][sound, None], cuts[1][sound, None]
    places = _quadrant(shares[sound], performance[sound], x, y)
    return np.stack([(places == k).mean(axis=0) for k in range(len(QUADRANTS))], axis=1)


def _gap(own: Array, other: Array) -> dict[str, Array]:
    """Own minus the competitor's, two samples: squares of the half-widths add up."""
    gap = own[0] - other[0]
    return {
        "competitor": other[0],
        "gap": gap,
        "gap_low": gap - np.hypot(own[0] - own[1], other[2] - other[0]),
        "gap_high": gap + np.hypot(own[2] - own[0], other[0] - other[1]),
    }


def _caveats(importance: DriverImportance, probability: Array) -> list[Caveat]:
    if not len(importance.share_draws):
        return [Caveat(_("No resamples were drawn, so no quadrant has a probability."))]
    unsure = [
        name
        for name, row in zip(importance.table["driver"], probability, strict=True)
        if row.max() < importance.confidence
    ]
    if not unsure:
        return []
    message = _("These drivers may as well lie in another quadrant: {drivers}.")
    return [Caveat(message, drivers=Names(unsure))]
