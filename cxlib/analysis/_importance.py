"""How the explained variance of an outcome divides over its drivers, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from cxlib.analysis import _driver_shares
from cxlib.analysis._driver_caveats import caveats_of, find_suppressors
from cxlib.analysis._driver_columns import Array, Keyed
from cxlib.analysis._driver_data import DriverData, read
from cxlib.analysis._driver_table import collinearity, quantiles, table_of
from cxlib.analysis._driver_tests import RobustFit, permutation_p, robust_fit
from cxlib.analysis._options import count, generator, number
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError, nearest

EXACT_LIMIT = 20
"""Drivers up to which Shapley shares are exact: time and memory double with each driver (a tenth
of a second and 16 MB at 20). Above it Johnson's weights serve, which agree closely [1]_.

.. [1] LeBreton, Ployhart, Ladd (2004). A Monte Carlo comparison of relative importance
   methodologies. Organizational Research Methods 7, 258-282.
"""


ACCOUNTING = 1e-7
"""Largest rounding difference between the sum of the parts and R²; more is collinearity."""


@dataclass(frozen=True, kw_only=True)
class DriverImportance:
    """How the explained variance of the outcome divides over the drivers.

    ``r_squared_use`` + the sum of ``table.importance`` = ``r_squared``, and with ``unexplained``
    that makes 1.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a driver, in the order given: ``driver``; ``reach`` (share of the respondents, 0 to
        1, who used it); ``n`` (how many these are); ``correlation`` (with the outcome, among
        users); ``importance`` (its part of R²); ``importance_users`` (the same, refitted on its
        users); ``share`` (of what all drivers explain, summing to 1) with ``share_low`` and
        ``share_high``; ``rank`` (1 the most important) with ``rank_low`` and ``rank_high``;
        ``p_top3`` (how often among the three most important); ``p_unique`` (robust F of the
        driver in the full model, Holm-adjusted) and ``p_unique_raw`` (before adjustment);
        ``johnson`` (relative weight, a part of R² too); ``vif`` (variance inflation).
    r_squared, r_squared_low, r_squared_high : float
        Share of the outcome's variance that the whole model explains, with its interval (basic
        bootstrap: a resample's R² is too high by about what the sample's is).
    r_squared_use : float
        Part of it that goes to which touchpoints were used at all.
    unexplained : float
        What is left: 1 − ``r_squared``.
    p_any : float
        Whether the whole model explains more than chance (permutation test).
    condition_number : float
        Of the drivers' correlation matrix (root of the ratio of its extreme eigenvalues).
    suppressors : tuple of str
        Drivers that carry weight only in company of others, or against their own correlation.
    n_used, n_dropped : int
        Rows the model rests on, and rows left out for a missing answer.
    n_clusters : int
        Independent units: respondents, or customers where they repeat.
    method : str
        ``"shapley"`` or ``"johnson"``, as used.
    outcome : str
        The outcome's column.
    confidence : float
        Coverage of the intervals.
    bootstrap, permutations : int
        How many draws were made.
    caveats : tuple of Caveat
        What to know before the numbers are used.
    share_draws, performance_draws : numpy.ndarray, shape (bootstrap, p)
        Each driver's share and its users' mean rating in the same resamples.
    performance : tuple of float
        Each driver's mean rating by its users.
    """

    table: pd.DataFrame
    r_squared: float
    r_squared_low: float
    r_squared_high: float
    r_squared_use: float
    unexplained: float
    p_any: float
    condition_number: float
    suppressors: tuple[str, ...]
    n_used: int
    n_dropped: int
    n_clusters: int
    method: str
    outcome: str
    confidence: float
    bootstrap: int
    permutations: int
    caveats: tuple[Caveat, ...]
    performance: tuple[float, ...]
    share_draws: Array = field(repr=False, compare=False)
    performance_draws: Array = field(repr=False, compare=False)


def importance(
    data: pd.DataFrame,
    *,
    outcome: str | Keyed,
    drivers: Sequence[str | Keyed],
    method: str = "shapley",
    weights: str | None = None,
    not_applicable: str = "indicator",
    bootstrap: int = 1000,
    permutations: int = 1000,
    cluster: str | None = None,
    confidence: float = 0.95,
    seed: int = 1,
) -> DriverImportance:
    """Divide the explained variance of an outcome over the ratings associated with it.

    Shapley (LMG) shares are each driver's gain in R², averaged over all orders in which the
    drivers can enter. Where ``<driver>_used`` is False a touchpoint was not used: usage indicators
    enter before all ratings, and the ratings, filled with their users' mean, share the rest.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a response.
    outcome : str or object with a ``key``
        Column of the outcome's rating, treated as a number.
    drivers : sequence of str, or of objects with a ``key``
        Columns of the ratings.
    method : {"shapley", "johnson"}
        Above `EXACT_LIMIT` drivers Johnson's relative weights are used in any case.
    weights : str, optional
        Column of survey weights.
    not_applicable : {"indicator", "listwise"}
        What becomes of respondents who did not use a touchpoint.
    bootstrap, permutations : int
        Draws behind the intervals and behind ``p_any``; 0 runs none.
    cluster : str, optional
        Column of the customer, where customers answer more than once.
    confidence : float
        Coverage of the intervals, between 0 and 1.
    seed : int
        Of the random draws.

    Returns
    -------
    DriverImportance
        Shares with intervals, tests, and what to beware of.

    Raises
    ------
    DataError
        If a column is absent, constant, not numeric or collinear with others, or rows are too few.

    References
    ----------
    .. [1] Lindeman, Merenda, Gold (1980). Introduction to Bivariate and Multivariate Analysis.
    .. [2] Grömping, U. (2006). Relative importance for linear regression in R: the package
       relaimpo. J. Stat. Software 17(1).
    .. [3] Johnson, J. W. (2000). Multivariate Behavioral Research 35, 1-19.
    """
    bootstrap, permutations = check_options(method, confidence, bootstrap, permutations)
    streams = generator(seed).spawn(2)
    sample = read(
        data,
        outcome=outcome,
        drivers=drivers,
        weights=weights,
        cluster=cluster,
        not_applicable=not_applicable,
    )
    used = method if len(sample.names) <= EXACT_LIMIT else "johnson"
    parts, by_use = _driver_shares.full_sample(sample, used)
    fit = robust_fit(sample, sample.design)
    r_squared = _checked_sum(by_use, parts, fit)
    draws = _driver_shares.bootstrap(sample, used, bootstrap, streams[0])
    p_any = permutation_p(sample, sample.design, permutations, streams[1])
    table = table_of(sample, fit, parts, used, draws, confidence)
    r_low, r_high = _around(r_squared, draws.r_squared, confidence)
    suppressors = find_suppressors(sample, fit, table, 1 - confidence)
    condition = collinearity(sample)[1]
    found = _Flags(condition, suppressors, p_any, 1 - confidence, draws)
    return DriverImportance(
        table=table,
        r_squared=r_squared,
        r_squared_low=r_low,
        r_squared_high=r_high,
        r_squared_use=by_use,
        unexplained=1 - r_squared,
        p_any=p_any,
        condition_number=condition,
        suppressors=suppressors,
        n_used=sample.n,
        n_dropped=sample.n_dropped,
        n_clusters=sample.units,
        method=used,
        outcome=sample.outcome_name,
        confidence=confidence,
        bootstrap=bootstrap,
        permutations=permutations,
        caveats=_caveats(sample, table, used, found),
        performance=tuple(map(float, sample.means)),
        share_draws=draws.share,
        performance_draws=draws.performance,
    )


class _Flags(NamedTuple):
    """What the caveats go by, beside the table."""

    condition: float
    suppressors: tuple[str, ...]
    p_any: float
    alpha: float
    draws: _driver_shares.Draws


def _caveats(
    sample: DriverData, table: pd.DataFrame, method: str, found: _Flags
) -> tuple[Caveat, ...]:
    return caveats_of(
        sample,
        table,
        others=_other_method(sample, method),
        limit=EXACT_LIMIT,
        condition=found.condition,
        suppressors=found.suppressors,
        p_any=found.p_any,
        alpha=found.alpha,
        failed=int(np.isnan(found.draws.share).any(axis=1).sum()),
    )


def _checked_sum(by_use: float, parts: Array, fit: RobustFit) -> float:
    """Return R² as the sum of its parts, which must be that of the regression itself."""
    r_squared = by_use + float(parts.sum())
    if abs(r_squared - fit.r_squared) > ACCOUNTING:
        raise DataError(
            f"the drivers' parts add up to {r_squared:.6f}, not to R² {fit.r_squared:.6f}: some "
            "drivers nearly repeat each other; leave one of them out."
        )
    return r_squared


def _around(r_squared: float, draws: Array, confidence: float) -> tuple[float, float]:
    """Return the basic bootstrap interval: a resample's R² is too high by what the sample's is."""
    low, high = quantiles(draws[:, None], 100 * (1 - confidence) / 2)
    ends = np.clip([2 * r_squared - high[0], 2 * r_squared - low[0]], 0.0, 1.0)
    return float(ends[0]), float(ends[1])


def check_options(
    method: str, confidence: float, bootstrap: int, permutations: int
) -> tuple[int, int]:
    """Refuse options outside their range, with a `DataError`; return both counts."""
    if method not in {"shapley", "johnson"}:
        hint = nearest(str(method), ("shapley", "johnson"))
        raise DataError(f"method {method!r} is unknown{hint}")
    if not 0 < number(confidence, "confidence") < 1:
        raise DataError(f"confidence is {confidence}; it lies between 0 and 1, such as 0.95.")
    return count(bootstrap, "bootstrap"), count(permutations, "permutations")


def _other_method(sample: DriverData, method: str) -> Array | None:
    """Return what the method not used would give, None where that is out of reach."""
    if len(sample.names) > EXACT_LIMIT:
        return None
    other = "johnson" if method == "shapley" else "shapley"
    return _driver_shares.full_sample(sample, other)[0]
