"""What the best of several noisy scores is worth: shrinkage, and regression to the mean."""

from __future__ import annotations

from math import sqrt
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.integrate import quad
from scipy.stats import norm

from cxlib.analysis.validate import Floats, numbers, require
from cxlib.errors import DataError

NOT_A_LABEL = {"value", "low", "high", "standard_error", "n", "touchpoint", "segment"}


class Shrunken(NamedTuple):
    """Scores drawn towards their mean as far as their noise demands; mean and τ² of the truth."""

    labels: tuple[str, ...]
    raw: Floats
    shrunken: Floats
    mean: float
    tau2: float


def random_effects(values: Floats, errors: Floats) -> tuple[float, float]:
    """Return mean and variance τ² of the true values behind noisy ones; NaN and 0 for none.

    τ² by moments (DerSimonian, Laird 1986, Controlled Clinical Trials 7).
    """
    if values.size == 0:
        return float("nan"), 0.0
    weights = errors**-2.0
    fixed = float(weights @ values / weights.sum())
    spread = float(weights @ (values - fixed) ** 2) - (values.size - 1)
    scale = float(weights.sum() - (weights**2).sum() / weights.sum())
    tau2 = max(0.0, spread / scale) if scale > 0 else 0.0
    weights = 1 / (tau2 + errors**2)
    return float(weights @ values / weights.sum()), tau2


def shrink(table: Any, *, what: str, minimum_base: int = 0) -> Shrunken:
    """Shrink a table of scores (`what` in messages): mean + (value − mean) · τ² / (τ² + SE²).

    Rows without a value or a spread, or on fewer answers than `minimum_base`, are left out (Efron,
    Morris 1975, JASA 70).
    """
    frame = getattr(table, "table", table)
    if not isinstance(frame, pd.DataFrame):
        raise DataError(f"{what} is a {type(table).__name__}; it must be a table of scores.")
    require(frame, ("value", "standard_error", *(["n"] if minimum_base else [])), what)
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
    kept_labels = tuple(np.asarray(labels, dtype=object)[kept])
    drawn = mean + (values[kept] - mean) * tau2 / (tau2 + errors[kept] ** 2)
    return Shrunken(kept_labels, values[kept], drawn, mean, tau2)


def expected_extreme(k: int) -> float:
    """Return the mean of the largest of `k` standard normal values (Harter 1961, Biometrika 48)."""
    if k < 2:
        return 0.0
    return float(quad(lambda x: x * k * norm.pdf(x) * norm.cdf(x) ** (k - 1), -9, 9)[0])


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
