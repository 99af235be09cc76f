"""Known margins of a population, matched to a sample's columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isclose, isfinite
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from cxlib.analysis import _inputs
from cxlib.analysis._survey_variance import Floats, Integers
from cxlib.errors import DataError, nearest

Margins: TypeAlias = Mapping[str, Mapping[Any, float]]

ROUNDING = 0.002
"""How far margins may disagree in total: shares published to three places seldom miss by more."""


@dataclass(frozen=True, kw_only=True)
class Margin:
    """One known margin: its levels' shares of the population, and each row's level.

    ``codes`` is −1 where the sample's level is missing.
    """

    name: str
    levels: tuple[str, ...]
    known: Floats
    codes: Integers

    @property
    def n_missing(self) -> int:
        """Rows without a level."""
        return int((self.codes < 0).sum())


def read_margins(data: pd.DataFrame, margins: Margins) -> tuple[tuple[Margin, ...], float]:
    """Match margins to columns; return them as shares, with their common total.

    Raises
    ------
    DataError
        If there is none, a count is not positive, totals disagree, a column is absent, or its
        levels and the margin's are not the same.
    """
    if not margins:
        raise DataError("no margins are given; name a column and the known size of each level.")
    margins = _as_mappings(margins)
    totals = {name: _total(name, known) for name, known in margins.items()}
    (first, total), *others = totals.items()
    for name, other in others:
        if not isclose(other, total, rel_tol=ROUNDING):
            raise DataError(
                f"margin totals disagree: {first!r} sums to {total:g}, {name!r} to {other:g}."
            )
    if total < 1 + ROUNDING and not isclose(total, 1, rel_tol=ROUNDING):
        raise DataError(f"the shares of margin {first!r} sum to {total:g}, not to 1.")
    return tuple(_match(data, name, margins[name]) for name in margins), total


def _as_mappings(margins: Any) -> dict[str, dict[Any, Any]]:
    """Return margins as plain mappings of a level to its size, each level once."""
    if not isinstance(margins, Mapping):
        raise DataError(f"margins is a {type(margins).__name__}; give {{column: {{level: size}}}}.")
    plain = {}
    for name, known in margins.items():
        if not isinstance(known, (Mapping, pd.Series)):
            raise DataError(f"margin {name!r} is no {{level: size}}: {known!r}.")
        texts = [_text(level) for level, _size in known.items()]
        twice = next((text for text in texts if texts.count(text) > 1), None)
        if twice is not None:
            raise DataError(f"margin {name!r} names level {twice!r} more than once.")
        plain[str(name)] = dict(known.items())
    return plain


def _total(name: str, known: Mapping[Any, float]) -> float:
    if not len(known):
        raise DataError(f"margin {name!r} is empty.")
    for level, size in known.items():
        number = isinstance(size, (int, float, np.number)) and not isinstance(size, bool)
        if not number or not isfinite(size) or size <= 0:
            raise DataError(f"margin {name!r}, level {level!r}: {size!r} is no positive number.")
    return float(sum(known.values()))


def _match(data: pd.DataFrame, name: str, known: Mapping[Any, float]) -> Margin:
    values = _inputs.column(data, name)
    texts = [_text(level) for level in known]
    sample = values.astype(object).map(_text, na_action="ignore")
    found = [str(level) for level in pd.unique(sample.dropna())]
    if not found:
        raise DataError(f"column {name!r} has no values to match its margin.")
    absent = [level for level in texts if level not in found]
    if absent:
        raise DataError(
            f"margin {name!r} has a level {absent[0]!r} that no row of the data has"
            f"{nearest(absent[0], found)}"
        )
    unknown = [level for level in found if level not in texts]
    if unknown:
        rows = int((sample == unknown[0]).sum())
        raise DataError(
            f"column {name!r} has a level {unknown[0]!r} ({rows} rows) that its margin lacks"
            f"{nearest(unknown[0], texts)}"
        )
    sizes = np.array([float(size) for size in known.values()])
    codes = pd.Index(texts).get_indexer(pd.Index(sample)).astype(np.intp)
    return Margin(name=name, levels=tuple(texts), known=sizes / sizes.sum(), codes=codes)


def _text(level: object) -> str:
    """Return a level as text, so that 2 in a file meets 2.0 in a frame."""
    if isinstance(level, (float, np.floating)) and float(level).is_integer():
        return str(int(level))
    return str(level)
