"""Resampling whole units with replacement: the one draw behind every bootstrap of the kit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def times_drawn(rng: np.random.Generator, units: int, draws: int) -> npt.NDArray[np.int64]:
    """Return how often each of `units` is drawn in each of `draws` resamples: draws by units."""
    drawn = rng.integers(0, units, (draws, units)) + units * np.arange(draws)[:, None]
    return np.bincount(drawn.ravel(), minlength=draws * units).reshape(draws, units)
