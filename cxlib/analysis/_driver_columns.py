"""Columns of a survey table as arrays: found or nearly found, numeric, weighted, grouped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.analysis._inputs import column, numbers, row_of
from cxlib.errors import DataError, nearest

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Keyed(Protocol):
    """Anything declared under a key: a touchpoint of the client file."""

    @property
    def key(self) -> str:
        """The name of its column."""


def outcome_and_drivers(
    data: pd.DataFrame,
    outcome: str | Keyed,
    drivers: Sequence[str | Keyed],
    weights: str | None,
    cluster: str | None,
) -> tuple[str, tuple[str, ...]]:
    """Return the checked names of the outcome and the drivers."""
    target = name_of(outcome)
    listed: Iterable[str | Keyed] = [drivers] if isinstance(drivers, str) else drivers
    if not isinstance(listed, Iterable):
        raise DataError(f"drivers is {drivers!r}; name at least one column of ratings.")
    names = tuple(name_of(driver) for driver in listed)
    if not names:
        raise DataError("no drivers: name at least one column of ratings.")
    require_columns(data, [target, *names, *_given(weights, cluster)])
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise DataError(f"driver {twice!r} is named {names.count(twice)} times; name it once.")
    if target in names:
        raise DataError(f"the outcome {target!r} is also among the drivers; take it out of them.")
    if data.empty:
        raise DataError("the table has no rows.")
    return target, names


def _given(weights: str | None, cluster: str | None) -> list[str]:
    return [
        name
        for name, absent_is_none in ((weights, "weight"), (cluster, None))
        if isinstance(name, str) and name != absent_is_none
    ]


def name_of(column: str | Keyed) -> str:
    """Return a column's name, given as such or by a touchpoint or metric that has a ``key``."""
    return str(getattr(column, "key", column))


def require_columns(data: pd.DataFrame, names: Iterable[str]) -> None:
    """Raise a `DataError` that names the nearest column if one is not in `data`."""
    if not isinstance(data, pd.DataFrame):
        raise DataError(f"the data are a {type(data).__name__}, not a table with columns.")
    known = [str(c) for c in data.columns if not str(c).endswith("_used")]
    for name in names:
        if name not in data.columns:
            raise DataError(f"column {name!r} is not in the data{nearest(str(name), known)}")


def finite(data: pd.DataFrame, name: str) -> Array:
    """Return a column as floats, NaN where it is missing; refuse text and infinite values."""
    values = numbers(column(data, name))
    endless = np.flatnonzero(np.isinf(values))
    if len(endless):
        row = row_of(data.index, endless[0])
        raise DataError(f"{name!r} is infinite in row {row} ({len(endless)} such).")
    return values


def used(data: pd.DataFrame, name: str) -> Flags:
    """Return False where the table says that the respondent did not use it, else True."""
    flag = f"{name}_used"
    if flag not in data.columns:
        return np.ones(len(data), dtype=np.bool_)
    try:
        return data[flag].astype("boolean").fillna(value=True).to_numpy(dtype=np.bool_)
    except (TypeError, ValueError) as error:
        raise DataError(f"{flag!r} must hold true, false or nothing.") from error
