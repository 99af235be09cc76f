"""Which experiences go with the outcome: importance, its tests, and whether groups differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis._inputs import column, levels_of
from cxlib.analysis._options import count, generator, number
from cxlib.analysis.compare import adjust
from cxlib.analysis.drivers import shares
from cxlib.analysis.drivers.sample import (
    DRAWS_AT_ONCE,
    Array,
    Keyed,
    Sample,
    listed,
    name_of,
    read,
)
from cxlib.analysis.results import CARE_BASE, Caveat
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

EXACT_LIMIT = 20
"""Drivers up to which Shapley shares are exact: time and memory double with each driver (a tenth
of a second and 16 MB at 20). Above it Johnson's weights serve, which agree closely [1]_.

.. [1] LeBreton, Ployhart, Ladd (2004). A Monte Carlo comparison of relative importance
   methodologies. Organizational Research Methods 7, 258-282.
"""

INFLATED = 10.0
"""VIF from which a driver is called hard to tell from the others (Marquardt 1970)."""

ILL_CONDITIONED = 30.0
"""Condition number from which the whole set is called collinear (Belsley, Kuh, Welsch 1980)."""

ROWS_PER_DRIVER = 10
"""Respondents a driver below which shares mostly describe chance (Harrell 2015, section 4.4)."""

ROWS_PER_GROUP = 5
"""A group is modelled on at least this many respondents a driver, and never on fewer than
`CARE_BASE`: with less, R² and the order of drivers within it are mostly chance."""

FEW_CUSTOMERS = 30
"""Independent customers below which cluster-robust tests reject too often (Cameron, Miller
2015)."""

TOO_SMALL = _("groups too small or too uniform")


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
        ``proven`` (``p_unique`` is below 1 − confidence); ``johnson`` (relative weight, a part of
        R² too); ``vif`` (variance inflation).
    r_squared, r_squared_low, r_squared_high : float
        Share of the outcome's variance that the whole model explains, with its interval (basic
        bootstrap: a resample's R² is too high by about what the sample's is).
    r_squared_use : float
        Part of it that goes to which touchpoints were used at all, and to controls.
    unexplained : float
        What is left: 1 − ``r_squared``.
    p_any : float
        Whether the whole model explains more than chance (permutation test).
    condition_number : float
        Of the drivers' correlation matrix (root of the ratio of its extreme eigenvalues).
    suppressors : tuple of str
        Drivers that carry weight only in company of others, or against their own correlation.
    n_used, n_dropped, n_clusters : int
        Rows the model rests on, rows left out for a missing answer, and independent units:
        respondents, or customers where they repeat.
    method, outcome : str
        ``"shapley"`` or ``"johnson"``, as used; the outcome's column.
    confidence : float
        Coverage of the intervals.
    bootstrap, permutations : int
        How many draws were made.
    caveats : tuple of Caveat
        What to know before the numbers are used.
    performance : tuple of float
        Each driver's mean rating by its users.
    share_draws, performance_draws : numpy.ndarray, shape (bootstrap, p)
        Each driver's share and its users' mean rating in the same resamples.
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

    def leading(self, most: int = 3) -> pd.DataFrame:
        """Return one row on the proven drivers of the highest shares, at most `most`.

        ``drivers`` (their keys), ``count``; ``share`` with ``share_low, share_high`` (what they
        carry together of what all explain); ``p_set`` and ``p_order`` (how often they come first,
        in any order and in just this one); ``first`` and ``p_first``; ``outcome``, ``n``. No row
        where nothing is proven.
        """
        proven = self.table[self.table["proven"]].sort_values("rank", kind="stable").head(most)
        if proven.empty:
            return pd.DataFrame()
        draws = self.share_draws[~np.isnan(self.share_draws).any(axis=1)]
        low, high = _ends(draws[:, proven.index].sum(axis=1, keepdims=True), self.confidence)
        places = shares.ranks(draws)[:, proven.index] if len(draws) else np.full((1, 1), np.nan)
        sure = len(draws) > 0
        row = {
            "drivers": tuple(proven["driver"]),
            "count": len(proven),
            "share": float(proven["share"].sum()),
            "share_low": low[0],
            "share_high": high[0],
            "p_set": (places <= len(proven)).all(axis=1).mean() if sure else np.nan,
            "p_order": (np.diff(places, axis=1, prepend=0) == 1).all(axis=1).mean()
            if sure
            else np.nan,
            "first": proven["driver"].iloc[0],
            "p_first": (places[:, 0] == 1).mean() if sure else np.nan,
            "outcome": self.outcome,
            "n": self.n_used,
        }
        return pd.DataFrame([row])


def importance(
    data: pd.DataFrame,
    *,
    outcome: str | Keyed,
    drivers: Sequence[str | Keyed],
    method: str = "shapley",
    weights: str | None = None,
    not_applicable: str = "indicator",
    controls: Sequence[str | Keyed] = (),
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
        Column of the outcome's rating, treated as a number; 0 and 1 (a top box, renewed or not)
        make a linear probability model.
    drivers : sequence of str, or of objects with a ``key``
        Columns of the ratings; one that repeats earlier ones is left out, and said.
    method : {"shapley", "johnson"}
        Above `EXACT_LIMIT` drivers Johnson's relative weights are used in any case.
    weights : str, optional
        Column of survey weights.
    not_applicable : {"indicator", "listwise"}
        What becomes of respondents who did not use a touchpoint.
    controls : sequence of str, optional
        Columns held equal, such as demographics or coded comments: they enter with usage. Numbers
        enter as they are, anything else level by level; no answer is a level of its own.
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
        If a column is absent, constant or not numeric, or rows are too few.

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
        controls=controls,
        not_applicable=not_applicable,
    )
    chosen = method if len(sample.names) <= EXACT_LIMIT else "johnson"
    parts, by_use = shares.full_sample(sample, chosen)
    draws, r_squared_draws, performance = shares.bootstrap(sample, chosen, bootstrap, streams[0])
    inflation, condition = _collinearity(sample)
    fit = RobustFit(sample, sample.design)
    table = _table(sample, fit, parts, chosen, draws, confidence).assign(vif=inflation)
    r_squared = by_use + float(parts.sum())
    low, high = _ends(r_squared_draws[:, None], confidence)
    found = DriverImportance(
        table=table,
        r_squared=r_squared,
        r_squared_low=float(np.clip(2 * r_squared - high[0], 0, 1)),
        r_squared_high=float(np.clip(2 * r_squared - low[0], 0, 1)),
        r_squared_use=by_use,
        unexplained=1 - r_squared,
        p_any=_permutation_p(sample, permutations, streams[1]),
        condition_number=condition,
        suppressors=_suppressors(sample, fit, table),
        n_used=sample.n,
        n_dropped=sample.n_dropped,
        n_clusters=sample.units,
        method=chosen,
        outcome=sample.outcome_name,
        confidence=confidence,
        bootstrap=bootstrap,
        permutations=permutations,
        caveats=(),
        performance=tuple(map(float, sample.means)),
        share_draws=draws,
        performance_draws=performance,
    )
    object.__setattr__(found, "caveats", tuple(_caveats(sample, found)))
    return found


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


def _table(
    sample: Sample, fit: RobustFit, parts: Array, method: str, draws: Array, confidence: float
) -> pd.DataFrame:
    share = shares.shares(parts)
    low, high = _ends(draws, confidence)
    ranks = shares.ranks(draws[~np.isnan(draws).any(axis=1)])
    rank_low, rank_high = _ends(ranks, confidence, method="inverted_cdf")
    first = sample.design.shape[1] - len(parts)
    raw = np.array([fit.test([first + j])[1] for j in range(len(parts))])
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


def _ends(draws: Any, confidence: float, method: Any = "linear") -> tuple[Array, Array]:
    """Return both ends of the percentile interval, a value a column; NaN without draws."""
    sound = draws[~np.isnan(draws).any(axis=1)]
    if not len(sound):
        nothing = np.full(draws.shape[1], np.nan)
        return nothing, nothing
    tail = 100 * (1 - confidence) / 2
    low, high = np.percentile(sound, [tail, 100 - tail], axis=0, method=method)
    return low, high


def _correlations(sample: Sample) -> Array:
    found = np.full(len(sample.names), np.nan)
    for j, used in enumerate(sample.used.T):
        mass, x = sample.weights[used], sample.ratings[used, j]
        y = sample.outcome[used] - np.average(sample.outcome[used], weights=mass)
        size = np.sqrt((mass @ x**2) * (mass @ y**2))
        if size > 0:
            found[j] = mass @ (x * y) / size
    return found


def _collinearity(sample: Sample) -> tuple[Array, float]:
    """Return each rating's VIF, weighted (statsmodels' is not), and the condition number."""
    columns = sample.design[:, 1:]
    centred = columns - np.average(columns, weights=sample.weights, axis=0)
    moments = (centred * sample.weights[:, None]).T @ centred
    size = np.sqrt(np.diag(moments))
    correlation = moments / np.outer(size, size)
    values = np.linalg.eigvalsh(correlation)
    inflation = np.diag(np.linalg.inv(correlation))[-len(sample.names) :]
    return inflation, float(np.sqrt(values[-1] / max(values[0], 1e-300)))


class RobustFit:
    """Weighted least squares with a covariance that trusts neither variances nor repeats.

    HC3 [1]_, or CR1 by customer where customers repeat, with one degree of freedom less than there
    are customers [2]_.

    References
    ----------
    .. [1] Long, J. S., Ervin, L. H. (2000). Using heteroscedasticity consistent standard errors
       in the linear regression model. Am. Stat. 54, 217-224.
    .. [2] Cameron, A. C., Miller, D. L. (2015). A practitioner's guide to cluster-robust
       inference. J. Human Resources 50, 317-372.
    """

    def __init__(self, sample: Sample, design: Array) -> None:
        from statsmodels.regression.linear_model import WLS

        root = np.sqrt(sample.weights)[:, None]
        room = 1 - (np.linalg.qr(design * root)[0] ** 2).sum(axis=1)
        shared = room > 1e-10  # a row that a column describes alone is fitted exactly: without both
        rows = design[shared]
        kept = np.ones(design.shape[1], dtype=bool)
        if not shared.all():
            r = np.linalg.qr(rows * root[shared], mode="r")
            kept = np.abs(np.diag(r)) > 1e-9 * np.linalg.norm(rows * root[shared], axis=0).max()
        robust: dict[str, Any] = {"cov_type": "HC3"}
        if sample.groups is not None:
            robust = {"cov_type": "cluster", "cov_kwds": {"groups": sample.groups[shared]}}
        model = WLS(sample.outcome[shared], rows[:, kept], weights=sample.weights[shared])
        fit = model.fit(**robust, use_t=True)
        width = design.shape[1]
        self.coefficients = np.full(width, np.nan)
        self.coefficients[kept] = fit.params
        self.covariance = np.full((width, width), np.nan)
        self.covariance[np.ix_(kept, kept)] = fit.cov_params()
        self.df = int(fit.df_resid if sample.groups is None else sample.units - 1)

    def test(self, columns: Sequence[int]) -> tuple[float, float]:
        """Return F and p of the hypothesis that all coefficients of `columns` are 0.

        NaN where there are too few customers to test so many coefficients at once.
        """
        from scipy import stats

        chosen = list(columns)
        beta, covariance = self.coefficients[chosen], self.covariance[np.ix_(chosen, chosen)]
        if len(chosen) > self.df or not (np.diag(covariance) > 0).all():
            return np.nan, np.nan
        scale = np.sqrt(np.diag(covariance))
        inverse = np.linalg.pinv(covariance / np.outer(scale, scale), hermitian=True)
        f = float(beta / scale @ inverse @ (beta / scale)) / len(chosen)
        return f, float(stats.f.sf(f, len(chosen), self.df))


def _permutation_p(sample: Sample, count: int, rng: np.random.Generator) -> float:
    """Return how rarely chance alone explains as much: (1 + reached) / (1 + count) [1]_.

    The outcome is shuffled over respondents. Where customers repeat, their answers are no longer
    interchangeable; then the signs of whole customers' deviations from the mean are flipped [2]_.

    References
    ----------
    .. [1] Phipson, B., Smyth, G. K. (2010). Permutation p-values should never be zero. SAGMB 9.
    .. [2] Cameron, A. C., Gelbach, J. B., Miller, D. L. (2008). Bootstrap-based improvements for
       inference with clustered errors. REStat 90, 414-427.
    """
    if count == 0:
        return np.nan
    root = np.sqrt(sample.weights)
    centre = root / np.linalg.norm(root)
    basis = np.linalg.qr(sample.design * root[:, None])[0]
    deviation = sample.outcome - np.average(sample.outcome, weights=sample.weights)

    def explained(outcomes: Array) -> Array:
        scaled = outcomes * root
        scaled -= np.outer(scaled @ centre, centre)
        share: Array = ((scaled @ basis) ** 2).sum(axis=1) / (scaled**2).sum(axis=1)
        return share

    observed = explained(deviation[None])[0] * (1 - 1e-12)
    batch = max(1, DRAWS_AT_ONCE // sample.n)
    reached = 0
    for start in range(0, count, batch):
        size = min(batch, count - start)
        if sample.groups is None:
            drawn = rng.permuted(np.broadcast_to(deviation, (size, sample.n)), axis=1)
        else:
            signs = rng.integers(0, 2, (size, sample.units)) * 2.0 - 1.0
            drawn = signs[:, sample.groups] * deviation
        reached += int((explained(drawn) >= observed).sum())
    return (1 + reached) / (1 + count)


def _suppressors(sample: Sample, fit: RobustFit, table: pd.DataFrame) -> tuple[str, ...]:
    """Name the proven drivers that matter only beside others, or against their correlation.

    A suppressor adds more to the full model than it explains alone, or its coefficient has the
    other sign than its correlation (Tzelgov, Henik 1991, Psychological Bulletin 109).
    """
    root = np.sqrt(sample.weights)[:, None]
    basis = np.linalg.qr(np.column_stack([np.ones(sample.n), sample.fixed]) * root)[0]
    columns = np.column_stack([sample.ratings, sample.outcome]) * root
    left = columns - basis @ (basis.T @ columns)
    moments = left.T @ left
    inner = moments[:-1, :-1]
    alone = moments[:-1, -1] ** 2 / np.diag(inner)
    beta = fit.coefficients[-len(sample.names) :]
    added = beta**2 / np.diag(np.linalg.inv(inner))
    flagged = (beta * moments[:-1, -1] < 0) | (added > alone * (1 + 1e-9))
    return tuple(table.loc[table["proven"].to_numpy() & flagged, "driver"])


def _caveats(sample: Sample, found: DriverImportance) -> list[Caveat]:
    table, n = found.table, sample.n
    other = "johnson" if found.method == "shapley" else "shapley"
    exact = len(table) <= EXACT_LIMIT
    others = shares.ranks(shares.full_sample(sample, other)[0]) if exact else table["rank"]
    lists = {
        _("Shapley shares and Johnson's weights rank these drivers differently: {drivers}."): (
            table["rank"] != others
        ),
        _("The data can hardly tell these drivers apart from the others: {drivers}."): (
            table["vif"] > INFLATED
        ),
        _(
            "These drivers carry weight only beside others or against their own correlation, so "
            "their importance is not read off a simple comparison: {drivers}."
        ): table["driver"].isin(found.suppressors),
        _("Too few used these to refit the model on their users: {drivers}."): (
            table["importance_users"].isna()
        ),
    }
    few_units = sample.groups is not None and sample.units < FEW_CUSTOMERS
    failed = int(np.isnan(found.share_draws).any(axis=1).sum())
    singles: list[tuple[bool, str, dict[str, Any]]] = [
        (
            not exact,
            _(
                "{n} drivers are above the exact limit of {limit}: Johnson's relative weights "
                "stand in for Shapley shares."
            ),
            {"n": len(table), "limit": EXACT_LIMIT},
        ),
        (
            found.condition_number > ILL_CONDITIONED,
            _("The drivers overlap strongly as a set (condition number {value:.0f})."),
            {"value": found.condition_number},
        ),
        (
            n < ROWS_PER_DRIVER * len(table),
            _("{n} respondents are few for {drivers} drivers: a large part of R² is chance."),
            {"n": n, "drivers": len(table)},
        ),
        (
            few_units,
            _("Only {n} customers stand behind the tests, which then find too much."),
            {"n": sample.units},
        ),
        (
            found.p_any >= 1 - found.confidence,
            _(
                "Together the drivers explain no more than chance would (p = {p:.2f}); their order "
                "says nothing."
            ),
            {"p": found.p_any},
        ),
        (
            failed > 0,
            _("{n} resamples could not be divided and were left out of the intervals."),
            {"n": failed},
        ),
    ]
    numeric = _(
        "{outcome} is treated as a number, and importance says what is associated with it, not "
        "what causes it."
    )
    binary = _(
        "{outcome} is yes or no: importance divides the variance of its probability, and says what "
        "is associated with it, not what causes it."
    )
    about = Caveat(binary if sample.binary else numeric, outcome=found.outcome)
    named = {message: tuple(table.loc[where, "driver"]) for message, where in lists.items()}
    return [
        about,
        *sample.caveats,
        *(Caveat(message, drivers=names) for message, names in named.items() if names),
        *(Caveat(message, **facts) for holds, message, facts in singles if holds),
    ]


@dataclass(frozen=True, kw_only=True)
class SegmentImportance:
    """Whether the levels of segments have the same drivers.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a segment: ``segment``; ``levels`` (groups compared); ``statistic`` (robust F of
        all driver × segment interactions together), ``p_value``, ``p_adjusted`` (Holm over the
        segments); ``driver`` (the one that differs most) and ``p_driver`` (its own interaction,
        Holm over the drivers); ``n`` (rows behind the test); ``reason`` (why no test was made).
    interactions : pandas.DataFrame
        One row a segment and driver: ``segment``, ``driver``, ``statistic``, ``df``,
        ``df_residual``, ``p_value``, ``p_adjusted`` (Holm within the segment).
    by_level : pandas.DataFrame
        One row a segment, level and driver: ``segment``, ``level``, then the columns of
        `DriverImportance.table`.
    left_out : mapping of str to tuple of str
        By segment, levels too small or too uniform for a model of their own.
    n_used, n_dropped : int
        Rows behind the largest test, and all others.
    caveats : tuple of Caveat
        What to know before the numbers are used.
    """

    table: pd.DataFrame
    interactions: pd.DataFrame
    by_level: pd.DataFrame
    left_out: dict[str, tuple[str, ...]]
    n_used: int
    n_dropped: int
    caveats: tuple[Caveat, ...]


def by_segment(
    data: pd.DataFrame, *, segment: str | Keyed | Sequence[str | Keyed], **options: Any
) -> SegmentImportance:
    """Divide R² within each level of segments, and test whether the levels differ.

    Different shares prove nothing: the test is the robust F of driver × segment in one model that
    lets every level have its own mean. A segment with fewer than two levels that can be modelled
    is reported as untested.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a response.
    segment : str or object with a ``key``, or several
        Columns whose levels are compared; rows without a level are dropped and counted.
    **options
        As of `importance`: ``outcome``, ``drivers``, ``weights``, ``cluster``, ``controls``, ….

    Returns
    -------
    SegmentImportance
        Tests, and importance by level.

    Raises
    ------
    DataError
        If a column is absent or a segment is also a driver, or as `importance` does.
    """
    asked = {k: v for k, v in options.items() if k in _READ}
    whole = read(data, **asked)
    rows: list[dict[str, Any]] = []
    tests, levels, caveats = [], [], []
    left_out: dict[str, tuple[str, ...]] = {}
    for name in map(name_of, listed(segment, "segment")):
        if name in {*whole.names, whole.outcome_name}:
            raise DataError(f"segment {name!r} is also a driver or the outcome; name another.")
        labels = column(data, name)
        base = max(CARE_BASE, ROWS_PER_GROUP * len(whole.names))
        found, small = _levels(data, labels, whole, base, options)
        left_out[name] = tuple(map(str, small))
        if small:
            message = _(
                "{segment}: fewer than {base} complete answers that differ, so not modelled on "
                "their own: {levels}."
            )
            caveats.append(Caveat(message, segment=name, base=base, levels=left_out[name]))
        if len(found) < 2:
            rows.append({"segment": name, "levels": 0, "reason": TOO_SMALL})
            continue
        for level, result in found.items():
            levels.append(result.table.assign(segment=name, level=str(level)))
            caveats += result.caveats
        row, test = _interactions(data, labels, list(found), asked)
        rows.append({"segment": name, "levels": len(found), **row})
        tests.append(test.assign(segment=name))
    columns = ["segment", "levels", "statistic", "p_value", "driver", "p_driver", "n", "reason"]
    table = pd.DataFrame(rows, columns=columns)
    table = table.astype(dict.fromkeys(("statistic", "p_value", "p_driver", "n"), float))
    table.insert(4, "p_adjusted", adjust(table["p_value"], method="holm"))
    most = 0 if table["n"].isna().all() else int(table["n"].max())
    return SegmentImportance(
        table=table,
        interactions=_joined(tests, ["segment"]),
        by_level=_joined(levels, ["segment", "level"]),
        left_out=left_out,
        n_used=most,
        n_dropped=len(data) - most,
        caveats=tuple(dict.fromkeys(caveats)),
    )


_READ = ("outcome", "drivers", "weights", "cluster", "controls", "not_applicable")


def _joined(parts: list[pd.DataFrame], first: list[str]) -> pd.DataFrame:
    if not parts:
        return pd.DataFrame(columns=[*first, "driver"])
    whole = pd.concat(parts, ignore_index=True)
    return whole[[*first, *(c for c in whole if c not in first)]]


def _levels(
    data: pd.DataFrame, labels: pd.Series, whole: Sample, base: int, options: dict[str, Any]
) -> tuple[dict[Any, DriverImportance], list[Any]]:
    """Return the importances of each level large enough, and the levels that allow none."""
    counts = labels.iloc[whole.rows].value_counts()
    found, small = {}, []
    for level in levels_of(labels):
        rows = data[(labels == level).to_numpy(dtype=bool, na_value=False)]
        if counts.get(level, 0) < base:
            small.append(level)
            continue
        try:
            found[level] = importance(rows, **options)
        except DataError:
            small.append(level)  # too uniform: named in a caveat; the others can be compared
    return found, small


def _interactions(
    data: pd.DataFrame, labels: pd.Series, levels: list[Any], asked: dict[str, Any]
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return the test of all driver × segment products together, and that of each driver."""
    rows = labels.isin(levels).to_numpy()
    level = labels[rows].astype(str).astype(object)
    held = [*listed(asked.get("controls"), "controls"), str(labels.name)]
    sample = read(data[rows].assign(**{str(labels.name): level}), **asked | {"controls": held})
    level = level.iloc[sample.rows]
    dummies = np.column_stack([level == str(other) for other in levels[1:]]).astype(np.float64)
    products = [dummies * rating[:, None] for rating in sample.ratings.T]
    design = np.column_stack([sample.design, *products])
    width, start = dummies.shape[1], sample.design.shape[1]
    if sample.n <= design.shape[1]:
        return {"reason": TOO_SMALL}, pd.DataFrame({"driver": sample.names})
    fit = RobustFit(sample, design)
    tests = [
        fit.test(range(start + j * width, start + (j + 1) * width))
        for j in range(len(sample.names))
    ]
    table = pd.DataFrame(tests, columns=["statistic", "p_value"])
    table = table.assign(p_adjusted=adjust(table["p_value"], method="holm"))
    table = table.assign(driver=sample.names, df=width, df_residual=fit.df)
    statistic, p_value = fit.test(range(start, design.shape[1]))
    most = table.sort_values("p_value", kind="stable").iloc[0]
    row = {"n": sample.n, "statistic": statistic, "p_value": p_value, "driver": most["driver"]}
    return row | {"p_driver": most["p_adjusted"]}, table
