"""What comes in, checked once and made arrays: answers, weights, customers' ids and options."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from cxlib import periods
from cxlib.analysis.metrics import SurveyDesign, number
from cxlib.errors import DataError, nearest

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
Flags = NDArray[np.bool_]
OffScale = Literal["error", "missing"]


def check_confidence(confidence: float) -> None:
    """Refuse a confidence outside 0 to 1."""
    asked = number(confidence, "confidence")
    if not 0 < asked < 1:
        raise DataError(f"confidence lies between 0 and 1 (0.95 for 95 %), not {asked:g}.")


def count(value: Any, what: str) -> int:
    """Return how many draws are asked for: a whole number, or 0 for none."""
    asked = number(value, what)
    if not (asked >= 0 and asked.is_integer()):
        raise DataError(f"{what} is {asked:g}; it is a whole number, 0 or more.")
    return int(asked)


def generator(seed: Any) -> np.random.Generator:
    """Return the random generator of a seed."""
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError):
        raise DataError(f"seed is {seed!r}; it is a whole number from 0.") from None


def repeated(names: Iterable[Any]) -> Any:
    """Return the first of `names` that is there more than once, or None."""
    listed = list(names)
    return next((name for name in listed if listed.count(name) > 1), None)


def require(table: Any, names: Iterable[Any], what: str = "data") -> None:
    """Refuse what lacks one of these columns (`what` in the message)."""
    if not hasattr(table, "columns"):
        raise DataError(f"the {what} is a {type(table).__name__}, not a table with columns.")
    for name in names:
        if name not in table.columns:
            near = nearest(str(name), map(str, table.columns))
            raise DataError(f"there is no column {name!r} in the {what}{near}")


def column(data: pd.DataFrame, name: str) -> pd.Series:
    """Return one column of a frame, which must be there once."""
    if not isinstance(data, pd.DataFrame):
        raise DataError(f"the data are a {type(data).__name__}, not a table with columns.")
    require(data, (name,))
    if (there := int((data.columns == name).sum())) > 1:
        raise DataError(f"column {name!r} is in the data {there} times; rename all but one.")
    series: pd.Series = data[name]
    return series


def drawn(data: pd.DataFrame, design: SurveyDesign) -> tuple[Floats | None, Integers | None]:
    """Return a table's weights and its customers' codes; None for unweighted, or independent."""
    for given, what in ((design.weights, "weights"), (design.cluster, "cluster")):
        if not (given is None or isinstance(given, str)):
            raise DataError(f"{what}= takes the name of a column, not a {type(given).__name__}.")
    w = codes = None
    if design.weights is not None and not (
        design.weights == "weight" and "weight" not in data.columns
    ):
        w = read_weights(column(data, design.weights), data.index)
    if design.cluster is not None:
        codes = read_clusters(column(data, design.cluster), data.index)
    return w, codes


def at(rows: Any, w: Any, codes: Any) -> tuple[Floats | None, Integers | None]:
    """Return the weights and customers of some rows."""
    return None if w is None else w[rows], None if codes is None else codes[rows]


def called(series: pd.Series) -> str:
    """Return how a message names a series."""
    return "the column" if series.name is None else repr(series.name)


def row_of(index: pd.Index, position: Any) -> str:
    """Return how a message names a row: its label, without numpy's or pandas' own wrapping."""
    label = index[position]
    return f"({', '.join(map(str, label))})" if isinstance(label, tuple) else str(label)


def answers_of(ratings: Any) -> pd.Series:
    """Return a column of answers; a list or an array counts as one without a name."""
    if isinstance(ratings, pd.Series):
        return ratings
    listed = isinstance(ratings, (list, tuple, range))
    if getattr(ratings, "ndim", 1 if listed else 0) != 1:
        raise DataError(f"give one column of answers, not a {type(ratings).__name__}.")
    return pd.Series(ratings, dtype=None if len(ratings) else float)


def numbers(answers: pd.Series) -> Floats:
    """Return answers as floats, missing ones as NaN; text must read as numbers."""
    if isinstance(answers.dtype, pd.CategoricalDtype):
        answers = answers.astype(object)
    if types.is_numeric_dtype(answers.dtype) and not types.is_complex_dtype(answers.dtype):
        return answers.to_numpy(dtype=float, na_value=np.nan)
    if not (types.is_object_dtype(answers.dtype) or types.is_string_dtype(answers.dtype)):
        raise DataError(f"{called(answers)} holds {answers.dtype} values, not numbers.")
    values = answers.astype(object)
    blank = [bool(pd.isna(v)) or (isinstance(v, str) and not v.strip()) for v in values]
    missing = np.array(blank, dtype=bool)
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
    return parsed.to_numpy(dtype=float, na_value=np.nan)


def finite(data: pd.DataFrame, name: str) -> Floats:
    """Return a column as floats, NaN where it is missing; refuse text and infinite values."""
    values = numbers(column(data, name))
    endless = np.flatnonzero(np.isinf(values))
    if len(endless):
        row = row_of(data.index, endless[0])
        raise DataError(f"{name!r} is infinite in row {row} ({len(endless)} such).")
    return values


def ratings_of(
    ratings: pd.Series, scale: tuple[int, int] | None, whole: bool, off_scale: OffScale = "error"
) -> tuple[Floats, int]:
    """Return ratings with NaN for no answer, and how many were off the scale or not `whole`."""
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
    """Return one positive, finite weight a row."""
    values = numbers(aligned(weights, index, "weights").rename("weights"))
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
    codes, known = pd.factorize(aligned(cluster, index, "cluster"))
    unknown = codes < 0
    codes = codes.astype(np.intp)
    codes[unknown] = len(known) + np.arange(int(unknown.sum()))
    return codes


def levels_of(values: pd.Series) -> list[Any]:
    """Return the levels that occur: in a categorical's order, by calendar, or sorted."""
    present = values.dropna()
    if isinstance(values.dtype, pd.CategoricalDtype):
        occurring = set(present.astype(object))
        return [level for level in values.dtype.categories if level in occurring]
    levels: list[Any] = list(pd.unique(present))
    if all(isinstance(level, str) and periods.kind_of(level) for level in levels):
        return list(periods.order(levels))
    try:
        return sorted(levels)
    except TypeError:
        return sorted(levels, key=str)


def member_of(values: pd.Series, level: Any) -> Any:
    """Return which rows are of a level."""
    return values.eq(level).fillna(False).to_numpy(dtype=bool)


def used(data: pd.DataFrame, key: str) -> Any:
    """Return which rows a question concerns: all but those known not to have used a touchpoint."""
    flag = f"{key}_used"
    if flag not in data.columns:
        return np.ones(len(data), dtype=bool)
    try:
        return data[flag].astype("boolean").fillna(value=True).to_numpy(dtype=bool)
    except (TypeError, ValueError) as error:
        raise DataError(f"{flag!r} must hold true, false or nothing.") from error
