"""The mean and the variance of the true values behind noisy ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def random_effects(values: Floats, errors: Floats) -> tuple[float, float]:
    """Return mean and variance τ² of the true values behind noisy ones; NaN and 0 for none.

    References
    ----------
    .. [1] DerSimonian, R., Laird, N. (1986). Meta-analysis in clinical trials. Controlled Clinical
       Trials 7, 177-188 (τ² by moments).
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
