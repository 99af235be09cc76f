"""Whether drivers differ between segments: importance in each, and a test that they really do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis._driver_columns import Array, Keyed, name_of, require_columns
from cxlib.analysis._driver_data import DriverData, Names, read
from cxlib.analysis._driver_tests import robust_fit
from cxlib.analysis._importance import DriverImportance, check_options, importance
from cxlib.analysis._inputs import levels_of
from cxlib.analysis._multiplicity import adjust
from cxlib.analysis.results import CARE_BASE, Caveat
from cxlib.errors import DataError
from cxlib.words import mark as _

ROWS_PER_DRIVER = 5
"""A segment is modelled on at least this many respondents a driver, and never on fewer than
`CARE_BASE`: with less, R² and the order of drivers within it are mostly chance."""


@dataclass(frozen=True, kw_only=True)
class SegmentImportance:
    """Importance within each level of a segment, and whether the levels differ.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a level and driver: ``segment`` (the level), then the columns of
        `DriverImportance.table`.
    interactions : pandas.DataFrame
        One row a driver: ``driver``, ``statistic`` (robust F of driver × segment), ``df`` and
        ``df_residual``, ``p_value``, ``p_adjusted`` (Holm).
    statistic, p_value : float
        The F of all interactions together, and its p-value.
    levels : tuple of DriverImportance
        The whole result of each level, in the order of ``level_names``.
    level_names, left_out : tuple of str
        Levels analysed; levels too small or too uniform for a model of their own.
    n_used, n_dropped : int
        Rows the test rests on, and all others.
    segment, outcome : str
        Their columns.
    caveats : tuple of Caveat
        What to know before the numbers are used.
    """

    table: pd.DataFrame
    interactions: pd.DataFrame
    statistic: float
    p_value: float
    levels: tuple[DriverImportance, ...]
    level_names: tuple[str, ...]
    left_out: tuple[str, ...]
    n_used: int
    n_dropped: int
    segment: str
    outcome: str
    caveats: tuple[Caveat, ...]


def by_segment(
    data: pd.DataFrame,
    *,
    outcome: str | Keyed,
    drivers: Sequence[str | Keyed],
    segment: str | Keyed,
    method: str = "shapley",
    weights: str | None = None,
    not_applicable: str = "indicator",
    bootstrap: int = 1000,
    permutations: int = 1000,
    cluster: str | None = None,
    confidence: float = 0.95,
    seed: int = 1,
) -> SegmentImportance:
    """Divide R² within each level of a segment, and test whether the levels differ.

    Different shares prove nothing: the test is the robust F of driver × segment in one model that
    lets every level have its own mean.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a response.
    segment : str or object with a ``key``
        Column whose levels are compared; rows without a level are dropped and counted.
    outcome, drivers, method, weights, not_applicable, bootstrap, permutations, cluster, \
confidence, seed
        As in `importance`.

    Returns
    -------
    SegmentImportance
        Importance by level, and the tests.

    Raises
    ------
    DataError
        If fewer than two levels are large enough, or as `importance` does.
    """
    check_options(method, confidence, bootstrap, permutations)
    column = name_of(segment)
    require_columns(data, [column])
    options: dict[str, Any] = {
        "outcome": outcome,
        "drivers": drivers,
        "weights": weights,
        "cluster": cluster,
        "not_applicable": not_applicable,
    }
    whole = read(data, **options)
    if column in {*whole.names, whole.outcome_name}:
        raise DataError(f"segment {column!r} is also a driver or the outcome; name another column.")
    base = max(CARE_BASE, ROWS_PER_DRIVER * len(whole.names))
    large, small = _levels(data[column], whole, base)
    settings = options | {"method": method, "bootstrap": bootstrap, "permutations": permutations}
    settings |= {"confidence": confidence, "seed": seed}
    found, uniform = _each_level(data, column, large, settings)
    if len(found) < 2:
        raise DataError(
            f"segment {column!r}: {len(found)} of {len(large) + len(small)} levels can be "
            f"modelled (at least {base} complete answers that vary); two are needed, so join "
            "levels or periods."
        )
    test = _compare(data, column, list(found), options)
    caveats = (*_left_out(column, base, small, uniform), *_shared_caveats(found))
    parts = [r.table.assign(segment=str(level)) for level, r in found.items()]
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "segment", table.pop("segment"))
    return SegmentImportance(
        table=table,
        interactions=test.table,
        statistic=test.statistic,
        p_value=test.p_value,
        levels=tuple(found.values()),
        level_names=tuple(map(str, found)),
        left_out=tuple(map(str, [*small, *uniform])),
        n_used=test.n,
        n_dropped=len(data) - test.n,
        segment=column,
        outcome=whole.outcome_name,
        caveats=caveats,
    )


def _each_level(
    data: pd.DataFrame, column: str, levels: list[Any], settings: dict[str, Any]
) -> tuple[dict[Any, DriverImportance], list[Any]]:
    """Return the importances of each level, and the levels whose answers allow none."""
    found, uniform = {}, []
    for level in levels:
        rows = data[(data[column] == level).to_numpy(dtype=bool, na_value=False)]
        try:
            found[level] = importance(rows, **settings)
        except DataError:
            uniform.append(level)  # named in a caveat; the other levels can still be compared
    return found, uniform


def _levels(column: pd.Series, whole: DriverData, base: int) -> tuple[list[Any], list[Any]]:
    complete = column.iloc[whole.rows]
    counts = complete.value_counts()
    levels = levels_of(column)
    large = [level for level in levels if counts.get(level, 0) >= base]
    return large, [level for level in levels if level not in large]


@dataclass(frozen=True)
class _Test:
    table: pd.DataFrame
    statistic: float
    p_value: float
    n: int


def _compare(data: pd.DataFrame, column: str, levels: list[Any], options: dict[str, Any]) -> _Test:
    sample = read(data[data[column].isin(levels).to_numpy()], **options)
    labels = data[column][data[column].isin(levels).to_numpy()].iloc[sample.rows]
    dummies = np.column_stack(
        [(labels == level).to_numpy(dtype=np.float64) for level in levels[1:]]
    )
    products = [dummies * rating[:, None] for rating in sample.ratings.T]
    main = np.column_stack([sample.design, dummies])
    if sample.n <= main.shape[1] + sum(p.shape[1] for p in products):
        raise DataError(
            f"{sample.n} rows are too few to compare {len(levels)} levels of {column!r}."
        )
    fit = robust_fit(sample, np.column_stack([_independent(main, sample.weights), *products]))
    width = dummies.shape[1]
    start = len(fit.coefficients) - width * len(sample.names)
    blocks = [range(start + j * width, start + (j + 1) * width) for j in range(len(sample.names))]
    tests = [fit.p_value(block) for block in blocks]
    raw = np.array([p for _f, p in tests])
    statistic, p_value = fit.p_value(range(start, len(fit.coefficients)))
    table = pd.DataFrame(
        {
            "driver": list(sample.names),
            "statistic": [f for f, _p in tests],
            "df": width,
            "df_residual": fit.df,
            "p_value": raw,
            "p_adjusted": adjust(raw, method="holm"),
        }
    )
    return _Test(table, statistic, p_value, sample.n)


def _independent(columns: Array, mass: Array) -> Array:
    """Leave out main-effect columns that follow from earlier ones (usage may be the segment)."""
    r = np.linalg.qr(columns * np.sqrt(mass)[:, None], mode="r")
    size = np.linalg.norm(columns * np.sqrt(mass)[:, None], axis=0)
    return columns[:, np.abs(np.diag(r)) > 1e-9 * size]


def _left_out(column: str, base: int, small: list[Any], uniform: list[Any]) -> tuple[Caveat, ...]:
    found = []
    if small:
        message = _(
            "{segment}: fewer than {base} complete answers, so not modelled on their own: {levels}."
        )
        found.append(Caveat(message, segment=column, base=base, levels=Names(map(str, small))))
    if uniform:
        message = _("{segment}: answers too uniform to model on their own: {levels}.")
        found.append(Caveat(message, segment=column, levels=Names(map(str, uniform))))
    return tuple(found)


def _shared_caveats(found: dict[Any, DriverImportance]) -> tuple[Caveat, ...]:
    """Return the reservations of all levels, each said once."""
    return tuple(dict.fromkeys(caveat for result in found.values() for caveat in result.caveats))
