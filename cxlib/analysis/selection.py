"""Which tool to choose: weighted criteria, two ways to rank, and how firm the ranking is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis import validate
from cxlib.analysis.agreement import Agreement, krippendorff_alpha
from cxlib.analysis.metrics import number, one_of
from cxlib.analysis.results import Tabled, counted, said
from cxlib.analysis.validate import count, generator
from cxlib.errors import DataError
from cxlib.words import mark as _

RANDOM_INDEX = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49)
"""Saaty's mean consistency index of random comparisons of 1 to 10 criteria."""

CONSISTENT = 0.1
"""Saaty's bound: above it comparisons contradict one another too much to be used."""


class Weighting(Tabled):
    """What each criterion counts, from comparisons in pairs.

    ``weights``: one a criterion, summing to 1. ``consistency_ratio``: 0 where comparisons never
    contradict one another; above 0.1 they should be made again. ``principal_eigenvalue``: λmax of
    the matrix, the number of criteria where it is consistent. ``table``: comparisons that fit the
    weights least, worst first: ``criterion, other, given, implied``.
    """

    weights: pd.Series
    consistency_ratio: float
    principal_eigenvalue: float


class Selection(Tabled):
    """Options in their order, and how firm it is.

    ``table``: one row an option, best first by TOPSIS, knocked-out ones last: ``option,
    weighted_sum, topsis`` (0 to 1), ``rank, rank_weighted_sum, rank_low, rank_high`` (95% of the
    draws), ``p_first`` (share of the draws in which it leads), ``knocked_out`` (criteria it fails).
    ``weights``: what each criterion counts, summing to 1. ``agreement``: of several assessors:
    Krippendorff's alpha (interval) over their scores. ``n_missing``: scores not given; an
    assessor's gap leaves the mean of the others.
    """

    weights: pd.Series
    agreement: Agreement | None
    n_missing: int


def ahp(comparisons: Any, *, tolerance: float = 0.01) -> Weighting:
    """Return the weights behind comparisons in pairs (analytic hierarchy process).

    Parameters
    ----------
    comparisons : pandas.DataFrame or array, criteria by criteria
        How much more the row's criterion counts than the column's: 1 as much, 9 at most, 1/9 at
        least; what stands below the diagonal is one over what stands above.
    tolerance : float
        How far a product of the two may lie from 1: 0.33 and 3 are a pair.

    Raises
    ------
    DataError
        If the matrix is not square, not positive, or not reciprocal.

    References
    ----------
    .. [1] Saaty, T. L. (1980). The Analytic Hierarchy Process.
    """
    frame = comparisons if isinstance(comparisons, pd.DataFrame) else pd.DataFrame(comparisons)
    names = [str(name) for name in frame.columns]
    size = len(names)
    if frame.shape[0] != size or size < 2:
        raise DataError(f"comparisons form a square of criteria; this is {frame.shape}.")
    orders = (names, [str(i) for i in range(size)])
    if isinstance(comparisons, pd.DataFrame) and [str(i) for i in frame.index] not in orders:
        raise DataError("comparisons have the same criteria, in one order, in rows and columns.")
    given = np.column_stack([validate.numbers(frame[name]) for name in frame.columns])
    for row, column in np.ndindex(size, size):
        value, back = given[row, column], given[column, row]
        pair = f"{names[row]!r} against {names[column]!r}"
        if not (np.isfinite(value) and value > 0):
            raise DataError(f"{pair} is {value:g}; a comparison is a positive number, 1/9 to 9.")
        if abs(value * back - 1) > max(tolerance, 0.0) + 1e-12:
            raise DataError(
                f"{pair} is {value:g}, and the other way round {back:g}; "
                f"{1 / value:.3g} would be its reciprocal."
            )
    values, vectors = np.linalg.eig(given)
    leading = int(np.argmax(values.real))
    weights = np.abs(vectors[:, leading].real)
    weights /= weights.sum()
    largest = float(values[leading].real)
    random = RANDOM_INDEX[min(size, len(RANDOM_INDEX)) - 1]
    ratio = max(0.0, (largest - size) / (size - 1) / random) if random else 0.0
    rows, columns = np.triu_indices(size, 1)
    implied = weights[:, None] / weights
    misfit = pd.DataFrame(
        {
            "criterion": np.array(names)[rows],
            "other": np.array(names)[columns],
            "given": given[rows, columns],
            "implied": implied[rows, columns],
        }
    )
    apart = pd.Series(np.log(misfit["given"] / misfit["implied"])).abs()
    misfit = misfit.loc[apart.sort_values(ascending=False).index].reset_index(drop=True)
    message = _(
        "The comparisons contradict one another (consistency ratio {ratio:.2f}, at most 0.10): "
        "compare {criterion} with {other} once more."
    )
    worst = {name: misfit.loc[0, name] for name in ("criterion", "other")}
    return Weighting(
        weights=pd.Series(weights, index=names, name="weight"),
        consistency_ratio=ratio,
        principal_eigenvalue=largest,
        table=misfit,
        caveats=said(ratio > CONSISTENT, message, ratio=ratio, **worst),
    )


def score(
    scores: Any,
    *,
    weights: Mapping[str, float] | Sequence[float] | pd.Series | Weighting,
    directions: Mapping[str, str] | None = None,
    knock_outs: Mapping[str, float] | None = None,
    draws: int = 1000,
    spread: float = 0.25,
    seed: int = 20240601,
) -> Selection:
    """Rank options by weighted criteria: the weighted sum, and TOPSIS.

    Parameters
    ----------
    scores : pandas.DataFrame or array of options by criteria
        One row an option, one column a criterion, numbers; or long: columns ``option, criterion,
        assessor, score``, of which assessors' means are ranked.
    weights : mapping, sequence, Series or Weighting
        What each criterion counts, positive; they are brought to sum 1.
    directions : mapping of criterion to {"higher", "lower"}, optional
        Which is better; higher unless told. In the weighted sum a criterion that is better low is
        mirrored within the scores given.
    knock_outs : mapping of criterion to float, optional
        The least (or, where lower is better, the most) that an option must reach.
    draws : int
        How often weights are moved to see whether the order holds; 0 for never.
    spread : float
        How far: each weight is multiplied by a log-normal factor of this standard deviation.
    seed : int
        Of those draws.

    Raises
    ------
    DataError
        If a score is missing for every assessor or is no number, a weight is absent or not
        positive, or a name in `directions` or `knock_outs` is no criterion.

    Notes
    -----
    TOPSIS: columns are divided by their Euclidean norm and weighted; an option's value is its
    distance from the worst of each over the sum of its distances from worst and best.

    References
    ----------
    .. [1] Hwang, C. L., Yoon, K. (1981). Multiple Attribute Decision Making.
    """
    table, agreement, missing = _read_scores(scores)
    criteria = [str(name) for name in table.columns]
    counts = _read_weights(weights, criteria)
    higher = np.ones(len(criteria), dtype=bool)
    for name, way in (directions or {}).items():
        if way not in ("higher", "lower"):
            raise DataError(f"direction of {name!r} is {way!r}; 'higher' or 'lower' is better.")
        higher[_position(name, criteria, "directions")] = way == "higher"
    x = table.to_numpy(dtype=float)
    failed: list[list[str]] = [[] for _row in range(len(x))]
    for name, bound in (knock_outs or {}).items():
        at = _position(name, criteria, "knock_outs")
        least = number(bound, f"knock_outs[{name!r}]")
        for row in np.flatnonzero(x[:, at] < least if higher[at] else x[:, at] > least):
            failed[row].append(criteria[at])
    stays = np.array([not criteria_failed for criteria_failed in failed])
    if not stays.any():
        raise DataError("every option is knocked out: there is nothing left to rank.")
    sums, closeness = _rank_values(x[stays], counts[None, :], higher)
    result = pd.DataFrame({"option": table.index.astype(str)})
    for name, values in (("weighted_sum", sums[0]), ("topsis", closeness[0])):
        result[name] = np.nan
        result.loc[stays, name] = values
    result["rank"] = result["topsis"].rank(ascending=False, method="min")
    result["rank_weighted_sum"] = result["weighted_sum"].rank(ascending=False, method="min")
    drawn = ["rank_low", "rank_high", "p_first"]
    result[drawn] = np.nan
    if times := count(draws, "draws"):
        noise = generator(seed).standard_normal((times, len(criteria)))
        moved = counts * np.exp(number(spread, "spread") * noise)
        result.loc[stays, drawn] = _firmness(x[stays], moved, higher)
    result["knocked_out"] = [", ".join(names) for names in failed]
    result = result.sort_values(["rank", "option"], na_position="last", ignore_index=True)
    first = result.iloc[0]
    leaders = {"option": first["option"]}
    leaders["other"] = result.loc[result["rank_weighted_sum"].eq(1), "option"].iloc[0]
    message = _("The two rankings differ: {option} leads by TOPSIS, {other} by weighted sum.")
    notes = said(first["rank_weighted_sum"] > 1, message, **leaders)
    message = _("{n} {n:score was|scores were} not given; the other assessors' mean stands.")
    return Selection(
        table=result,
        weights=pd.Series(counts, index=criteria, name="weight"),
        agreement=agreement,
        n_missing=missing,
        caveats=notes + counted((missing, message)),
    )


def _rank_values(
    x: np.ndarray, weights: np.ndarray, higher: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return weighted sum and closeness of each option (draws by options)."""
    mirrored = np.where(higher, x, x.max(axis=0) + x.min(axis=0) - x)
    norm = np.sqrt((x**2).sum(axis=0))
    shares = x / np.where(norm == 0, 1, norm)
    best = np.where(higher, shares.max(axis=0), shares.min(axis=0))
    worst = np.where(higher, shares.min(axis=0), shares.max(axis=0))
    squared = weights**2
    to_best, to_worst = (np.sqrt(squared @ ((shares - end) ** 2).T) for end in (best, worst))
    both = to_best + to_worst
    # options that do not differ at all are as near to the best as to the worst
    closeness = np.divide(to_worst, both, out=np.full_like(both, 0.5), where=both > 0)
    return weights @ mirrored.T, closeness


def _firmness(x: np.ndarray, weights: np.ndarray, higher: np.ndarray) -> np.ndarray:
    """Return each option's lowest and highest rank, and how often it is first, over the draws."""
    drawn = _rank_values(x, weights / weights.sum(axis=1, keepdims=True), higher)[1]
    ranks = 1 + (drawn[:, None, :] > drawn[:, :, None] + 1e-12).sum(axis=2)
    ends = np.quantile(ranks, [0.025, 0.975], axis=0, method="inverted_cdf")
    return np.column_stack([*ends, (ranks == 1).mean(axis=0)])


def _read_scores(scores: Any) -> tuple[pd.DataFrame, Agreement | None, int]:
    """Return options by criteria, the assessors' agreement, and how many scores are missing."""
    frame = scores if isinstance(scores, pd.DataFrame) else pd.DataFrame(np.asarray(scores))
    if not {"option", "criterion", "score"} <= set(map(str, frame.columns)):
        table = pd.DataFrame({str(c): validate.numbers(frame[c]) for c in frame}, index=frame.index)
        return _whole(table), None, 0
    long = frame.assign(score=validate.numbers(frame["score"]))
    long["assessor"] = long["assessor"].astype(str) if "assessor" in long else ""
    twice = long.duplicated(["option", "criterion", "assessor"])
    if twice.any():
        row = long[twice].iloc[0]
        raise DataError(
            f"{row['assessor'] or 'the sheet'} scored {row['option']!r} on {row['criterion']!r} "
            "twice; leave one."
        )
    wide = long.pivot_table(
        index=["option", "criterion"], columns="assessor", values="score", dropna=False, sort=False
    )
    mean = long.pivot_table(index="option", columns="criterion", values="score", aggfunc="mean")
    order = [list(dict.fromkeys(long[name])) for name in ("option", "criterion")]
    table = _whole(mean.reindex(index=order[0], columns=order[1]))
    if wide.shape[1] < 2:
        return table, None, 0
    agreement = krippendorff_alpha(wide.reset_index(drop=True), level="interval")
    return table, agreement, int(wide.isna().to_numpy().sum())


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    gaps = np.argwhere(table.isna().to_numpy())
    if len(table) < 2:
        raise DataError(f"a choice needs two options; there is {len(table)}.")
    if len(gaps):
        row, column = gaps[0]
        raise DataError(
            f"option {str(table.index[row])!r} has no score on {str(table.columns[column])!r} "
            f"({len(gaps)} such): score it, or leave the criterion out."
        )
    return table


def _position(name: str, criteria: list[str], what: str) -> int:
    one_of(str(name), criteria, f"{what} names {name!r}, no criterion")
    return criteria.index(str(name))


def _read_weights(weights: Any, criteria: list[str]) -> np.ndarray:
    """Return weights in the order of the criteria, summing to 1."""
    given = weights.weights if isinstance(weights, Weighting) else weights
    if isinstance(given, (Mapping, pd.Series)):
        named = {str(name): value for name, value in given.items()}
        for name in named:
            _position(name, criteria, "weights")
        absent = [name for name in criteria if name not in named]
        if absent:
            raise DataError(f"no weight for {absent[0]!r}: every criterion counts for something.")
        given = [named[name] for name in criteria]
    values = [number(value, "a weight") for value in given]
    if len(values) != len(criteria):
        raise DataError(f"{len(values)} weights for {len(criteria)} criteria.")
    wrong = [value for value in values if not (np.isfinite(value) and value > 0)]
    if wrong:
        raise DataError(f"a weight is {wrong[0]:g}; weights are positive.")
    return np.array(values) / sum(values)
