"""What comes in: answers, weights and customers' ids, checked once and made arrays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import pandas as pd
from pandas.api import types

from cxlib import periods
from cxlib.analysis._survey_variance import Floats, Integers
from cxlib.errors import DataError, nearest

OffScale = Literal["error", "missing"]


def column(data: pd.DataFrame, name: str) -> pd.Series:
    """Return one column of a frame.

    Raises
    ------
    DataError
        If it is absent, or there twice.
    """
    if not isinstance(data, pd.DataFrame):
        raise DataError(f"the data are a {type(data).__name__}, not a table with columns.")
    count = int((data.columns == name).sum())
    if count == 0:
        known = [str(known) for known in data.columns]
        raise DataError(f"there is no column {name!r} in the data{nearest(str(name), known)}")
    if count > 1:
        raise DataError(f"column {name!r} is in the data {count} times; rename all but one.")
    series: pd.Series = data[name]
    return series


def weight_column(data: pd.DataFrame, weights: str | None) -> Floats | None:
    """Return the weights of a survey table; an absent ``weight`` column means unweighted."""
    _check_name(weights, "weights")
    if weights is None or (weights == "weight" and weights not in data.columns):
        return None
    return read_weights(column(data, weights), data.index)


def cluster_column(data: pd.DataFrame, cluster: str | None) -> Integers | None:
    """Return customers' codes of a survey table, or None if answers are independent."""
    _check_name(cluster, "cluster")
    return None if cluster is None else read_clusters(column(data, cluster), data.index)


def _check_name(given: object, what: str) -> None:
    if not (given is None or isinstance(given, str)):
        raise DataError(f"{what}= takes the name of a column, not a {type(given).__name__}.")


def called(series: pd.Series) -> str:
    """Return how a message names a series."""
    return "the column" if series.name is None else repr(series.name)


def row_of(index: pd.Index, position: Any) -> str:
    """Return how a message names a row: its label, without numpy's or pandas' own wrapping."""
    label = index[position]
    return f"({', '.join(map(str, label))})" if isinstance(label, tuple) else str(label)


def answers_of(ratings: Any) -> pd.Series:
    """Return a column of answers; a list or an array counts as one without a name.

    Raises
    ------
    DataError
        If it is a table, a single number or nothing.
    """
    if isinstance(ratings, pd.Series):
        return ratings
    listed = isinstance(ratings, (list, tuple, range))
    if getattr(ratings, "ndim", 1 if listed else 0) != 1:
        raise DataError(f"give one column of answers, not a {type(ratings).__name__}.")
    return pd.Series(ratings, dtype=None if len(ratings) else float)


def numbers(answers: pd.Series) -> Floats:
    """Return answers as floats, missing ones as NaN; text must read as numbers.

    Raises
    ------
    DataError
        If an answer is text, a date or another thing that is no number.
    """
    if isinstance(answers.dtype, pd.CategoricalDtype):
        answers = answers.astype(object)
    if types.is_bool_dtype(answers.dtype) or types.is_integer_dtype(answers.dtype):
        return answers.to_numpy(dtype=float, na_value=np.nan)
    if types.is_float_dtype(answers.dtype):
        return answers.to_numpy(dtype=float, na_value=np.nan)
    if not (types.is_object_dtype(answers.dtype) or types.is_string_dtype(answers.dtype)):
        raise DataError(f"{called(answers)} holds {answers.dtype} values, not ratings.")
    values = answers.astype(object)
    missing = np.array([bool(pd.isna(v)) or _blank(v) for v in values], dtype=bool)
    numeric = [
        None if gone or isinstance(v, (bool, np.bool_)) else v
        for v, gone in zip(values, missing, strict=True)
    ]
    parsed = pd.to_numeric(pd.Series(numeric, dtype=object), errors="coerce")
    wrong = np.flatnonzero(parsed.isna().to_numpy() & ~missing)
    if wrong.size:
        row = wrong[0]
        raise DataError(
            f"{called(answers)} holds {values.iloc[row]!r} (row {row_of(answers.index, row)}, "
            f"{wrong.size} such), which is no number; declare it under `missing:` if it means no "
            "answer."
        )
    floats: Floats = parsed.to_numpy(dtype=float, na_value=np.nan)
    return floats


def _blank(value: object) -> bool:
    return isinstance(value, str) and not value.strip()


def ratings_of(
    ratings: pd.Series,
    *,
    scale: tuple[int, int] | None,
    whole: bool,
    off_scale: OffScale = "error",
) -> tuple[Floats, int]:
    """Return ratings with NaN for no answer, and how many were off the scale.

    Parameters
    ----------
    ratings : pandas.Series
        One answer a respondent.
    scale : (int, int), optional
        Lowest and highest answer; without one any finite number will do.
    whole : bool
        Whether answers must be whole numbers.
    off_scale : {"error", "missing"}
        What an answer off the scale is.

    Raises
    ------
    DataError
        If an answer is no number, or off the scale where that is an error.
    """
    if off_scale not in ("error", "missing"):
        raise DataError(f"off_scale is 'error' or 'missing', not {off_scale!r}.")
    if types.is_bool_dtype(ratings.dtype) and scale != (0, 1):
        raise DataError(f"{called(ratings)} holds yes/no values, not ratings.")
    values = numbers(ratings)
    with np.errstate(invalid="ignore"):
        off = np.isinf(values) | (whole & (values % 1 != 0))
        if scale is not None:
            off |= (values < scale[0]) | (values > scale[1])
    off &= ~np.isnan(values)
    stray = np.flatnonzero(off)
    if stray.size and off_scale == "error":
        row = stray[0]
        place = "not finite" if scale is None else f"off its scale {scale[0]}-{scale[1]}"
        raise DataError(
            f"{called(ratings)} holds {values[row]:g} (row {row_of(ratings.index, row)}, "
            f"{stray.size} such), {place}; declare it under `missing:` if it means no answer."
        )
    return np.where(off, np.nan, values), int(stray.size)


def aligned(values: Any, index: pd.Index, what: str) -> pd.Series:
    """Return `values` in the order of `index`: a Series by its labels, an array by position."""
    if not isinstance(values, pd.Series):
        array = np.asarray(values)
        if array.shape != (len(index),):
            raise DataError(f"{what}: {array.size} values for {len(index)} answers.")
        return pd.Series(array, index=index)
    if values.index.equals(index):
        return values
    if not (values.index.is_unique and index.is_unique):
        raise DataError(
            f"{what} cannot be matched to the answers: row labels repeat; reset_index() both first."
        )
    absent = index.difference(values.index)
    if len(absent):
        raise DataError(f"{what}: none for row {row_of(absent, 0)} ({len(absent)} such rows).")
    return values.reindex(index)


def read_weights(weights: Any, index: pd.Index) -> Floats:
    """Return one positive, finite weight a row.

    Raises
    ------
    DataError
        If a weight is missing, zero, negative or infinite, or does not match the answers.
    """
    series = aligned(weights, index, "weights")
    values = numbers(series.rename("weights"))
    with np.errstate(invalid="ignore"):
        wrong = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
    if wrong.size:
        row = wrong[0]
        raise DataError(
            f"weights hold {values[row]:g} (row {row_of(index, row)}, {wrong.size} such); "
            "a weight is a positive number: leave out rows that should not count."
        )
    return values


def read_clusters(cluster: Any, index: pd.Index) -> Integers:
    """Return each row's customer as a code; a row without an id is a customer of its own."""
    ids = aligned(cluster, index, "cluster")
    codes, known = pd.factorize(ids)
    unknown = codes < 0
    codes = codes.astype(np.intp)
    codes[unknown] = len(known) + np.arange(int(unknown.sum()))
    return codes


def levels_of(values: pd.Series) -> list[Any]:
    """Return the levels that occur, in their natural order.

    A categorical keeps the order of its categories, calendar periods follow time, numbers and text
    are sorted.
    """
    present = values.dropna()
    if isinstance(values.dtype, pd.CategoricalDtype):
        occurring = set(present.astype(object))
        return [level for level in values.dtype.categories if level in occurring]
    levels: list[Any] = list(pd.unique(present))
    if all(isinstance(level, str) and periods.kind_of(level) for level in levels):
        return list(periods.order(levels))
    return _sorted(levels)


def _sorted(levels: Iterable[Any]) -> list[Any]:
    levels = list(levels)
    try:
        return sorted(levels)
    except TypeError:
        return sorted(levels, key=str)


def asked(data: pd.DataFrame, key: str) -> Any:
    """Return which rows a question concerns: all but those known not to have used a touchpoint."""
    if f"{key}_used" not in data.columns:
        return np.ones(len(data), dtype=bool)
    return ~data[f"{key}_used"].eq(False).fillna(False).to_numpy(dtype=bool)
