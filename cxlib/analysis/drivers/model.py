"""Which experiences go with the outcome: importance, its tests, and whether groups differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis.compare import adjust
from cxlib.analysis.drivers import shares
from cxlib.analysis.drivers.sample import OPTIONS, Sample, read
from cxlib.analysis.drivers.shares import RobustFit, collinearity, permutation_p, suppressors
from cxlib.analysis.estimation import percentiles
from cxlib.analysis.metrics import Question, check_options, one_of
from cxlib.analysis.results import Caveat, TableResult, said
from cxlib.analysis.validate import Floats, check_confidence, count, generator
from cxlib.words import mark as _

EXACT_LIMIT = 20
"""Drivers up to which Shapley shares are exact: time and memory double with each driver (a tenth
of a second and 16 MB at 20). Above it Johnson's weights serve, which agree closely (LeBreton,
Ployhart, Ladd 2004, Organizational Research Methods 7)."""
INFLATED = 10.0
"""VIF from which a driver is called hard to tell from the others (Marquardt 1970)."""
ILL_CONDITIONED = 30.0
"""Condition number from which the whole set is called collinear (Belsley, Kuh, Welsch 1980)."""
ROWS_PER_DRIVER = 10
"""Respondents a driver below which shares mostly describe chance (Harrell 2015, section 4.4)."""
FEW_CUSTOMERS = 30
"""Customers below which cluster-robust tests reject too often (Cameron, Miller 2015)."""


class DriverImportance(TableResult):
    """How the explained variance of the outcome divides over the drivers.

    ``table``, a row a driver, as given: ``driver, reach, n`` (who used it); ``correlation`` (among
    users); ``importance`` (its part of R²), ``importance_users`` (refitted on its users),
    ``johnson`` (relative weight, a part of R² too); ``share`` (of what all drivers explain) and
    ``rank`` with intervals, ``p_top3``; ``p_unique`` (robust F in the full model, Holm),
    ``p_unique_raw, proven`` (``p_unique`` below 1 − confidence); ``vif``. ``r_squared``, interval
    by the basic bootstrap, is ``r_squared_use`` (usage and controls) + the sum of ``importance``.
    ``p_any``: permutation test of the whole model. ``suppressors``: drivers that carry weight only
    beside others, or against their own correlation. ``performance``: each one's mean rating by its
    users. ``share_draws, performance_draws``: both in the same resamples, (bootstrap, p).
    """

    r_squared: float
    r_squared_low: float
    r_squared_high: float
    r_squared_use: float
    unexplained: float
    p_any: float
    condition_number: float
    suppressors: tuple[str, ...]
    n_clusters: int
    method: str
    outcome: str
    confidence: float
    bootstrap: int
    permutations: int
    performance: tuple[float, ...]
    share_draws: Floats = field(repr=False, compare=False)
    performance_draws: Floats = field(repr=False, compare=False)

    def leading(self, most: int = 3) -> pd.DataFrame:
        """Return one row on the proven drivers of the highest shares, at most `most`, or no row.

        ``share``: what they carry together of what all explain; ``p_set, p_order``: how often they
        come first, in any order and in just this one; ``first`` and ``p_first``.
        """
        proven = self.table[self.table["proven"]].sort_values("rank", kind="stable").head(most)
        if proven.empty:
            return pd.DataFrame()
        draws = self.share_draws[~np.isnan(self.share_draws).any(axis=1)]
        together = draws[:, proven.index].sum(axis=1, keepdims=True)
        low, high = percentiles(together, self.confidence)
        places = shares.ranks(draws)[:, proven.index] if len(draws) else np.full((1, 1), np.nan)
        chances = (
            (places <= len(proven)).all(axis=1),
            (np.diff(places, axis=1, prepend=0) == 1).all(axis=1),
            places[:, 0] == 1,
        )
        in_set, in_order, first = (c.mean() if len(draws) else np.nan for c in chances)
        row = {"drivers": tuple(proven["driver"]), "count": len(proven)}
        row |= {"share": float(proven["share"].sum()), "share_low": low[0], "share_high": high[0]}
        row |= {"p_set": in_set, "p_order": in_order, "first": proven["driver"].iloc[0]}
        return pd.DataFrame([row | {"p_first": first, "outcome": self.outcome, "n": self.n_used}])


def importance(
    data: pd.DataFrame,
    *,
    outcome: Question,
    drivers: Sequence[Question],
    method: str = "shapley",
    bootstrap: int = 1000,
    permutations: int = 1000,
    confidence: float = 0.95,
    seed: int = 1,
    **model: Any,
) -> DriverImportance:
    """Divide the explained variance of an outcome over the ratings associated with it.

    Shapley (LMG; Grömping 2006, J. Stat. Software 17) shares are each driver's gain in R², averaged
    over all orders in which the drivers can enter. Where ``<driver>_used`` is False a touchpoint
    was not used: usage indicators enter before all ratings, and the ratings, filled with their
    users' mean, share the rest.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a response.
    outcome : str, Metric or Touchpoint
        Column of the outcome's rating, treated as a number; 0 and 1 (a top box, renewed or not)
        make a linear probability model.
    drivers : sequence of str, Metric or Touchpoint
        Columns of the ratings; one that repeats earlier ones is left out, and said.
    method : {"shapley", "johnson"}
        Above `EXACT_LIMIT` drivers Johnson's relative weights are used in any case.
    weights, cluster : str, optional
        Columns of survey weights, and of the customer where customers answer more than once.
    not_applicable : {"indicator", "listwise"}
        What becomes of respondents who did not use a touchpoint.
    controls : sequence of str, optional
        Columns held equal, such as demographics or coded comments: they enter with usage. Numbers
        enter as they are, anything else level by level; no answer is a level of its own.
    bootstrap, permutations, seed : int
        Draws behind the intervals and behind ``p_any`` (0 runs none), and their seed.
    confidence : float
        Coverage of the intervals, between 0 and 1.

    Raises
    ------
    DataError
        If a column is absent, constant or not numeric, or rows are too few.
    """
    one_of(method, ("shapley", "johnson"), f"method {method!r} is unknown")
    check_options(model, OPTIONS)
    check_confidence(confidence)
    bootstrap, permutations = count(bootstrap, "bootstrap"), count(permutations, "permutations")
    streams = generator(seed).spawn(2)
    sample = read(data, outcome=outcome, drivers=drivers, **model)
    chosen = method if len(sample.names) <= EXACT_LIMIT else "johnson"
    parts, by_use = shares.full_sample(sample, chosen)
    draws, r_squared_draws, performance = shares.bootstrap(sample, chosen, bootstrap, streams[0])
    inflation, condition = collinearity(sample)
    fit = RobustFit(sample, sample.design)
    table = _table(sample, fit, parts, chosen, draws, confidence).assign(vif=inflation)
    r_squared = by_use + float(parts.sum())
    low, high = percentiles(r_squared_draws[:, None], confidence)
    found = DriverImportance(
        table=table,
        r_squared=r_squared,
        r_squared_low=float(np.clip(2 * r_squared - high[0], 0, 1)),
        r_squared_high=float(np.clip(2 * r_squared - low[0], 0, 1)),
        r_squared_use=by_use,
        unexplained=1 - r_squared,
        p_any=permutation_p(sample, permutations, streams[1]),
        condition_number=condition,
        suppressors=suppressors(sample, fit, table),
        n_used=sample.n,
        n_dropped=sample.n_dropped,
        n_clusters=sample.units,
        method=chosen,
        outcome=sample.outcome_name,
        confidence=confidence,
        bootstrap=bootstrap,
        permutations=permutations,
        performance=tuple(map(float, sample.means)),
        share_draws=draws,
        performance_draws=performance,
    )
    object.__setattr__(found, "caveats", tuple(_caveats(sample, found)))
    return found


def _table(
    sample: Sample, fit: RobustFit, parts: Floats, method: str, draws: Floats, confidence: float
) -> pd.DataFrame:
    share = shares.shares(parts)
    low, high = percentiles(draws, confidence)
    ranks = shares.ranks(draws[~np.isnan(draws).any(axis=1)])
    rank_low, rank_high = percentiles(ranks, confidence, "inverted_cdf")
    raw = fit.p_values[-len(parts) :]
    adjusted = adjust(raw, method="holm")
    return pd.DataFrame(
        {
            "driver": list(sample.names),
            "reach": sample.weights @ sample.used / sample.weights.sum(),
            "n": sample.used.sum(axis=0),
            "correlation": _correlations(sample),
            "importance": parts,
            "importance_users": shares.among_users(sample, method, parts),
            "share": share,
            "share_low": low,
            "share_high": high,
            "rank": shares.ranks(share),
            "rank_low": pd.Series(rank_low).astype("Int64"),
            "rank_high": pd.Series(rank_high).astype("Int64"),
            "p_top3": (ranks <= 3).mean(axis=0) if len(ranks) else np.nan,
            "p_unique": adjusted,
            "p_unique_raw": raw,
            "proven": adjusted < 1 - confidence,
            "johnson": parts if method == "johnson" else shares.full_sample(sample, "johnson")[0],
        }
    )


def _correlations(sample: Sample) -> Floats:
    mass, x = sample.weights[:, None] * sample.used, sample.ratings
    own = np.where(sample.used, sample.outcome[:, None] - sample.outcome @ mass / mass.sum(0), 0)
    size = np.sqrt((mass * x**2).sum(axis=0) * (mass * own**2).sum(axis=0))
    found = np.full(len(size), np.nan)
    np.divide((mass * x * own).sum(axis=0), size, out=found, where=size > 0)
    return found


def _caveats(sample: Sample, found: DriverImportance) -> list[Caveat]:
    table, n = found.table, sample.n
    exact = len(table) <= EXACT_LIMIT
    if found.method == "shapley":
        others: Any = shares.ranks(table["johnson"].to_numpy())
    else:
        others = shares.ranks(shares.full_sample(sample, "shapley")[0]) if exact else table["rank"]
    about = _YES_NO if sample.binary else _RATING
    caveats = [Caveat(about, outcome=found.outcome), *sample.caveats]
    for message, where in (
        (_RANKED_APART, table["rank"] != others),
        (_ALIKE, table["vif"] > INFLATED),
        (_SUPPRESSORS, table["driver"].isin(found.suppressors)),
        (_FEW_USERS, table["importance_users"].isna()),
    ):
        caveats += said(where.any(), message, drivers=tuple(table.loc[where, "driver"]))
    few = sample.groups is not None and sample.units < FEW_CUSTOMERS
    failed = int(np.isnan(found.share_draws).any(axis=1).sum())
    return [
        *caveats,
        *said(not exact, _INEXACT, n=len(table), limit=EXACT_LIMIT),
        *said(found.condition_number > ILL_CONDITIONED, _OVERLAP, value=found.condition_number),
        *said(n < ROWS_PER_DRIVER * len(table), _FEW_ROWS, n=n, drivers=len(table)),
        *said(few, _FEW_CUSTOMERS, n=sample.units),
        *said(found.p_any >= 1 - found.confidence, _BY_CHANCE, p=found.p_any),
        *said(failed, _UNDIVIDED, n=failed),
    ]


_RATING = _(
    "{outcome} is treated as a number, and importance says what is associated with it, not "
    "what causes it."
)
_YES_NO = _(
    "{outcome} is yes or no: importance divides the variance of its probability, and says "
    "what is associated with it, not what causes it."
)
_RANKED_APART = _("Shapley shares and Johnson's weights rank these drivers differently: {drivers}.")
_ALIKE = _("The data can hardly tell these drivers apart from the others: {drivers}.")
_SUPPRESSORS = _(
    "These drivers carry weight only beside others or against their own correlation, so "
    "their importance is not read off a simple comparison: {drivers}."
)
_FEW_USERS = _("Too few used these to refit the model on their users: {drivers}.")
_INEXACT = _(
    "{n} drivers are above the exact limit of {limit}: Johnson's relative weights stand in for "
    "Shapley shares."
)
_OVERLAP = _("The drivers overlap strongly as a set (condition number {value:.0f}).")
_FEW_ROWS = _("{n} respondents are few for {drivers} drivers: a large part of R² is chance.")
_FEW_CUSTOMERS = _(
    "Only {n} {n:customer stands|customers stand} behind the tests, which then find too much."
)
_BY_CHANCE = _(
    "Together the drivers explain no more than chance would (p = {p:.2f}); their order says "
    "nothing."
)
_UNDIVIDED = _(
    "{n} {n:resample|resamples} could not be divided and {n:was|were} left out of the intervals."
)
