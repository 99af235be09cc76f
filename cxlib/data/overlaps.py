"""Exports of one source that hold the same rows, which would count twice."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd

from cxlib.data.layout import Grid
from cxlib.errors import DataError

Rows = np.ndarray[Any, np.dtype[np.uint64]]
OVERLAP = 10
"""Rows that, alike in two files and in one order, are no coincidence."""
RARE = 1e-6
"""A chance so small that rows alike in two files, in any order, are no coincidence."""


def same_rows(grids: list[Grid], files: list[str]) -> None:
    """Refuse a file of a source that begins within another, or whose rows all stand in it."""
    known = []
    for grid, file in sorted(zip(grids, files, strict=True), key=lambda pair: -len(pair[0].rows)):
        ordered = grid.cells[sorted(map(str, grid.cells.columns))]
        rows = pd.util.hash_pandas_object(ordered, index=False).to_numpy().astype(np.uint64)
        known.append((tuple(ordered.columns), rows, file))
    for (names, rows, name), (others, within, other) in permutations(known, 2):
        n = _shared(rows, within) if names == others else 0
        if not n and names == others and _stand_in(rows, within):
            n = len(rows)
        if n == len(rows) == len(within) > 0:
            raise DataError(f"{other} holds the same rows as {name}; take one of them away.")
        if n == len(rows) > 0:
            raise DataError(f"all {n} rows of {name} stand in {other} as well; take it away.")
        if n:
            raise DataError(
                f"the last {n} rows of {other} are the first of {name} as well; take them out of "
                "one of the two."
            )


def sum_of_rows(cells: pd.DataFrame) -> int:
    """Return the sum of the rows' hashes: the same in any order, and of pieces to be added."""
    return int(pd.util.hash_pandas_object(cells, index=False).to_numpy().sum(dtype=np.uint64))


def _stand_in(rows: Rows, within: Rows) -> bool:
    """Tell whether all rows stand among others in any order, as by chance they would not.

    By chance a row does as often as rows there repeat one another (Good 1953).
    """
    known, often = np.unique(within, return_counts=True)
    mine, n = np.unique(rows, return_counts=True)
    if not OVERLAP <= len(rows) <= len(within) or len(mine) <= OVERLAP:
        return False
    at = np.searchsorted(known, mine).clip(max=len(known) - 1)
    if (known[at] != mine).any() or (often[at] < n).any():
        return False
    repeated = 1 - float((often == 1).sum()) / len(within)
    return len(rows) == len(within) or repeated ** len(rows) < RARE


def _shared(rows: Rows, within: Rows) -> int:
    """Return how many rows at the beginning stand in others, in one order, up to either's end."""
    most = len(within) - OVERLAP + 1
    if min(len(rows), len(within)) < OVERLAP or len(np.unique(rows[:OVERLAP])) < OVERLAP / 2:
        return 0
    begins = np.logical_and.reduce([within[i : most + i] == rows[i] for i in range(OVERLAP)])
    for start in np.flatnonzero(begins).tolist():
        n = min(len(rows), len(within) - start)
        if (within[start : start + n] == rows[:n]).all():
            return n
    return 0
