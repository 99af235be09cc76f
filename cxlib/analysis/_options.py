"""Analysis room: what a caller asks for (numbers, counts, a seed), checked before it is used."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

from cxlib.errors import DataError

if TYPE_CHECKING:
    import numpy as np


def number(value: Any, what: str) -> float:
    """Return an option as a float.

    Raises
    ------
    DataError
        If it is text, nothing, true or false, or another thing that is no number.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise DataError(f"{what} is {value!r}; it must be a number.")
    return float(value)


def count(value: Any, what: str) -> int:
    """Return how many draws are asked for: a whole number, or 0 for none."""
    asked = number(value, what)
    if not (asked >= 0 and asked.is_integer()):
        raise DataError(f"{what} is {asked:g}; it is a whole number, 0 or more.")
    return int(asked)


def generator(seed: Any) -> np.random.Generator:
    """Return the random generator of a seed."""
    import numpy as np  # only here: `metrics` reads options too, and a client file only those

    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError):
        raise DataError(f"seed is {seed!r}; it is a whole number from 0.") from None
