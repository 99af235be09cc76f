"""What the best of several noisy scores is worth: shrinkage, and regression to the mean."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.integrate import quad
from scipy.stats import norm

from cxlib.analysis._inputs import numbers
from cxlib.errors import DataError, nearest

Floats = npt.NDArray[np.float64]
_MEASURES = {"value", "low", "high", "standard_error", "n", "touchpoint", "segment"}


@dataclass(frozen=True, kw_only=True)
class Shrunken:
    """Scores drawn towards their mean as far as their noise demands.

    ``labels`` and ``shrunken`` go together, in the table's order; ``raw`` are the scores as they
    were. ``mean`` and ``tau2`` are the mean and the variance of the true values behind them.
    """

    labels: tuple[str, ...]
    raw: Floats
    errors: Floats
    shrunken: Floats
    mean: float
    tau2: float
    n_dropped: int


def shrink(table: Any, *, what: str, minimum_base: int = 0) -> Shrunken:
    """Shrink a table of scores: value → mean + (value − mean) · τ² / (τ² + SE²).

    Parameters
    ----------
    table : pandas.DataFrame, or a result with such a ``table``
        ``value`` and ``standard_error``, ``n`` where there is a `minimum_base`; one row a score.
    what : str
        How a message calls the table.
    minimum_base : int
        Rows on fewer answers are left out, as are those without a value or a spread.

    Raises
    ------
    DataError
        If a column is missing.

    References
    ----------
    .. [1] DerSimonian, R., Laird, N. (1986). Meta-analysis in clinical trials. Controlled Clinical
       Trials 7, 177-188 (τ² by moments).
    .. [2] Efron, B., Morris, C. (1975). Data analysis using Stein's estimator. JASA 70, 311-319.
    """
    frame = getattr(table, "table", table)
    if not isinstance(frame, pd.DataFrame):
        raise DataError(f"{what} is a {type(table).__name__}; it must be a table of scores.")
    for name in ("value", "standard_error", *(["n"] if minimum_base else [])):
        if name not in frame:
            known = map(str, frame.columns)
            raise DataError(f"{what} has no column {name!r}{nearest(name, known)}")
    values, errors = numbers(frame["value"]), numbers(frame["standard_error"])
    kept = np.isfinite(values) & np.isfinite(errors) & (errors > 0)
    if minimum_base:
        kept &= np.nan_to_num(numbers(frame["n"])) >= minimum_base
    label = next((name for name in frame.columns if name not in _MEASURES), None)
    labels = frame.index.astype(str) if label is None else frame[label].astype(str)
    mean, tau2 = random_effects(values[kept], errors[kept])
    weight = tau2 / (tau2 + errors[kept] ** 2)
    return Shrunken(
        labels=tuple(np.asarray(labels, dtype=object)[kept]),
        raw=values[kept],
        errors=errors[kept],
        shrunken=mean + (values[kept] - mean) * weight,
        mean=mean,
        tau2=tau2,
        n_dropped=int((~kept).sum()),
    )


def random_effects(values: Floats, errors: Floats) -> tuple[float, float]:
    """Return mean and variance τ² of the true values behind noisy ones; NaN and 0 for none."""
    if values.size == 0:
        return float("nan"), 0.0
    weights = errors**-2.0
    fixed = float(weights @ values / weights.sum())
    spread = float(weights @ (values - fixed) ** 2) - (values.size - 1)
    scale = float(weights.sum() - (weights**2).sum() / weights.sum())
    tau2 = max(0.0, spread / scale) if scale > 0 else 0.0
    weights = 1 / (tau2 + errors**2)
    return float(weights @ values / weights.sum()), tau2


def expected_extreme(k: int) -> float:
    """Return the mean of the largest of `k` standard normal values.

    References
    ----------
    .. [1] Harter, H. L. (1961). Expected values of normal order statistics. Biometrika 48, 151-165.
    """
    if k < 2:
        return 0.0

    def density(x: float) -> float:
        return float(x * k * norm.pdf(x) * norm.cdf(x) ** (k - 1))

    return float(quad(density, -9, 9)[0])


def rebound_of_worst(k: int, standard_error: float, tau2: float) -> float:
    """Return how far the worst of `k` like scores comes back by itself when measured again.

    The worst stands e_k · √(τ² + SE²) from the mean, of which the share SE² / (τ² + SE²) is noise.
    """
    total = tau2 + standard_error**2
    return expected_extreme(k) * standard_error**2 / sqrt(total) if total > 0 else 0.0


def rebound_from(value: float, standard_error: float, mean: float, tau2: float) -> float:
    """Return how far `value` is expected to move towards `mean` when measured again (signed)."""
    total = tau2 + standard_error**2
    return (mean - value) * standard_error**2 / total if total > 0 else 0.0
