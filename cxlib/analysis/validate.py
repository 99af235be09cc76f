"""What comes in, checked once and made arrays: answers, weights, customers' ids and options."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from cxlib import periods
from cxlib.analysis.metrics import SurveyDesign, number
from cxlib.errors import Count, DataError, nearest

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
Flags = NDArray[np.bool_]
OffScale = Literal["error", "missing"]
LARGEST = 1e100
"""A larger value is no measurement, and its square is none of the machine's numbers."""


def check_confidence(confidence: float) -> float:
    """Return a confidence; refuse one outside 0 to 1."""
    asked = number(confidence, "confidence")
    if not 0 < asked < 1:
        raise DataError(f"confidence lies between 0 and 1 (0.95 for 95 %), not {asked:g}.")
    return asked


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


def once(names: Iterable[Any], told: str) -> None:
    """Refuse `names` of which one is there twice; `told` says which ({}), how often ({n})."""
    listed = pd.Series(list(names), dtype=object)
    for twice in listed[listed.duplicated()]:
        times = str(listed.tolist().count(twice))
        raise DataError(told.replace("{n}", times).replace("{}", repr(str(twice))))


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
    if not isinstance(name, Hashable):
        raise DataError(f"name one column, not a {type(name).__name__}.")
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


def refuse(values: pd.Series, bad: Any, why: str) -> None:
    """Refuse the first bad value of a column, with its row, how many there are, and `why`."""
    rows = np.flatnonzero(bad)
    if rows.size:
        value, row = values.iloc[rows[0]], row_of(values.index, rows[0])
        value = value.item() if isinstance(value, np.generic) else value  # not np.int64(5)
        shown = f"{value:g}" if isinstance(value, float) else repr(value)
        raise DataError(f"{called(values)} holds {shown} (row {row}, {rows.size} such){why}")


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
    found = _floats(answers)
    huge = np.isfinite(found) & (abs(found) > LARGEST)
    why = f", which is not a number up to {LARGEST:g}."
    refuse(pd.Series(found, answers.index, name=answers.name), huge, why)
    return found


def _floats(answers: pd.Series) -> Floats:
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
    why = ", which is no number; declare it under `missing:` if it means no answer."
    refuse(values, parsed.isna().to_numpy() & ~missing, why)
    return parsed.to_numpy(dtype=float, na_value=np.nan)


def flags(cells: pd.Series) -> pd.Series:
    """Return a column of yes and no, 1 and 0 as booleans, NA where it says nothing."""
    if types.is_bool_dtype(cells.dtype):
        return cells.astype("boolean")
    told = cells.astype(object).map(lambda cell: _FLAGS.get(str(cell).strip().lower(), cell))
    wrong = told[told.notna() & ~told.isin((True, False))]
    if len(wrong):
        row = row_of(wrong.index, 0)
        raise DataError(
            f"{called(cells)} holds {wrong.iloc[0]!r} (row {row}, {len(wrong)} such); it says yes "
            "and no (1 and 0)."
        )
    return told.where(told.notna(), None).astype("boolean")


_FLAGS: dict[str, Any] = {"yes": True, "true": True, "1": True, "1.0": True, "": None}
_FLAGS |= {"no": False, "false": False, "0": False, "0.0": False}


def finite(data: pd.DataFrame, name: str) -> Floats:
    """Return a column as floats, NaN where it is missing; refuse text and infinite values."""
    values = numbers(column(data, name))
    refuse(pd.Series(values, data.index, name=name), np.isinf(values), ", which is not finite.")
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
    if off_scale == "error":
        place = "not finite" if scale is None else f"off its scale {scale[0]}-{scale[1]}"
        why = f", {place}; declare it under `missing:` if it means no answer."
        refuse(pd.Series(values, ratings.index, name=ratings.name), off, why)
    return np.where(off, np.nan, values), int(off.sum())


def aligned(values: Any, index: pd.Index, what: str) -> pd.Series:
    """Return `values` in the order of `index`: a Series by its labels, an array by position."""
    if not isinstance(values, pd.Series):
        array = np.asarray(values)
        if array.shape != (len(index),):
            n, many = Count(array.size), Count(len(index))
            told = f"{n} {n:value|values} for {many} {many:answer|answers}"
            raise DataError(f"{what}: {told}.")
        return pd.Series(array, index=index)
    if values.index.equals(index):
        return values
    if not (values.index.is_unique and index.is_unique):
        raise DataError(
            f"{what} cannot be matched to the answers: row labels repeat; reset_index() both first."
        )
    absent = index.difference(values.index)
    if len(absent):
        raise DataError(
            f"{what}: none for row {row_of(absent, 0)} "
            f"({(n := Count(len(absent)))} {n:such row|such rows})."
        )
    return values.reindex(index)


def read_weights(weights: Any, index: pd.Index) -> Floats:
    """Return one positive, finite weight a row."""
    values = numbers(aligned(weights, index, "weights").rename("weights"))
    with np.errstate(invalid="ignore"):
        wrong = ~(np.isfinite(values) & (values > 0))
    why = "; a weight is a positive number: leave out rows that should not count."
    refuse(pd.Series(values, index, name="weights"), wrong, why)
    return values


def read_clusters(cluster: Any, index: pd.Index) -> Integers:
    """Return each row's customer as a code; a row without an id is a customer of its own."""
    codes, known = pd.factorize(aligned(cluster, index, "cluster"))
    unknown = codes < 0
    codes = codes.astype(np.intp)
    codes[unknown] = len(known) + np.arange(int(unknown.sum()))
    return codes


def moment(as_of: Any) -> pd.Timestamp:
    """Return a day that a caller names, at midnight without a zone; refuse what is none."""
    try:
        day = pd.NaT if isinstance(as_of, (int, float)) else pd.Timestamp(as_of)
    except (ValueError, TypeError):
        day = pd.NaT
    if pd.isna(day):
        raise DataError(f"{as_of!r} is no date; write such as 2026-09-30.")
    return day.normalize().tz_localize(None)


def dates_of(cells: pd.Series) -> pd.Series:
    """Return a column as moments; refuse, naming the first, a cell that is no date."""
    if isinstance(cells.dtype, pd.DatetimeTZDtype):
        cells = cells.dt.tz_localize(None)
    if types.is_datetime64_dtype(cells):
        return cells.astype("datetime64[us]")
    if types.is_numeric_dtype(cells) and cells.notna().any():
        raise DataError(f"column {cells.name!r} holds numbers, not dates.")
    read = pd.to_datetime(cells, errors="coerce", format="ISO8601").astype("datetime64[us]")
    bad = read.isna() & cells.notna()
    if bad.any():
        first = cells[bad].iloc[0]
        raise DataError(
            f"column {cells.name!r} holds {first!r} ({int(bad.sum())} such), which is no date; "
            "write such as 2026-09-30."
        )
    return read


def day(value: Any, what: str) -> dt.date:
    """Return a day that a caller names (`what` in messages) as a date."""
    if isinstance(value, dt.datetime) and not pd.isna(value):
        return value.date()
    if isinstance(value, dt.date) and not pd.isna(value):
        return value
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        raise DataError(f"{what} {value!r} is not a day; write such as 2026-10-31.") from None


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
