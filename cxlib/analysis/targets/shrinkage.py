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
from cxlib.analysis._shrink import random_effects
from cxlib.errors import DataError, nearest

Floats = npt.NDArray[np.float64]
NOT_A_LABEL = {"value", "low", "high", "standard_error", "n", "touchpoint", "segment"}


@dataclass(frozen=True, kw_only=True)
class Shrunken:
    """Scores drawn towards their mean as far as their noise demands, in the table's order.

    ``mean`` and ``tau2`` are the mean and the variance of the true values behind them.
    """

    labels: tuple[str, ...]
    raw: Floats
    shrunken: Floats
    mean: float
    tau2: float


def shrink(table: Any, *, what: str, minimum_base: int = 0) -> Shrunken:
    """Shrink a table of scores: value → mean + (value − mean) · τ² / (τ² + SE²).

    `what` is how a message calls the table. Rows without a value or a spread, or on fewer answers
    than `minimum_base`, are left out.

    References
    ----------
    .. [1] Efron, B., Morris, C. (1975). Data analysis using Stein's estimator. JASA 70, 311-319.
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
    labels: Any = frame.index.astype(str)
    if what == "segments" and {"segment", "level"} <= set(frame.columns):
        labels = frame["segment"].astype(str) + "=" + frame["level"].astype(str)
    elif named := [n for n in ("period", *frame.columns) if n in frame and n not in NOT_A_LABEL]:
        labels = frame[named[0]].astype(str)
    mean, tau2 = random_effects(values[kept], errors[kept])
    return Shrunken(
        labels=tuple(np.asarray(labels, dtype=object)[kept]),
        raw=values[kept],
        shrunken=mean + (values[kept] - mean) * tau2 / (tau2 + errors[kept] ** 2),
        mean=mean,
        tau2=tau2,
    )


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


def rebound_of(value: float, error: float, sign: float, past: Shrunken | None) -> float:
    """Return what a baseline regains by itself if it is the worst of its history, else 0."""
    if past is None or len(past.labels) < 2 or (sign * (past.raw - value) < -1e-9).any():
        return 0.0
    total = past.tau2 + error**2
    return max(0.0, sign * (past.mean - value) * error**2 / total) if total > 0 else 0.0
