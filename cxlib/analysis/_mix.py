"""Analysis room: other customers weighted to the mix of groups of those they are compared with."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cxlib.analysis.weights import rake

CAP = 5.0
"""No respondent counts for more than five: beyond it variance outgrows bias."""


def to_mix(
    rows: pd.DataFrame, like: pd.DataFrame, *, match: Sequence[str], weights: str
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return `rows` weighted to the mix of `like`, and the columns in which that was possible.

    Parameters
    ----------
    rows, like : pandas.DataFrame
        One row a response.
    match : sequence of str
        Segment columns; those whose levels are not the same in both are passed over.
    weights : str
        Column of survey weights, with which both start where they have it.
    """
    shared = tuple(c for c in match if _levels(like, c) and _levels(rows, c) == _levels(like, c))
    if not shared:
        return rows, shared
    margins = {column: _shares(like, column, weights) for column in shared}
    start = weights if weights in rows else None
    return rows.assign(**{weights: rake(rows, margins, weights=start, cap=CAP).weights}), shared


def _levels(rows: pd.DataFrame, column: str) -> set[str]:
    return set(rows[column].dropna().astype(str)) if column in rows else set()


def _shares(rows: pd.DataFrame, column: str, weights: str) -> dict[str, float]:
    known = rows[rows[column].notna()]
    mass = known[weights] if weights in known else pd.Series(1.0, index=known.index)
    sums = mass.groupby(known[column].astype(str).to_numpy()).sum()
    return {str(level): float(size / sums.sum()) for level, size in sums.items()}
