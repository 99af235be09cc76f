"""Small seeded surveys with planted drivers, shared by the tests of driver analysis."""

from __future__ import annotations

import numpy as np
import pandas as pd

NAMES = ["t0", "t1", "t2", "t3"]


def survey(
    n: int = 400, seed: int = 0, effects: tuple[float, ...] = (0.9, 0.5, 0.2, 0.0)
) -> pd.DataFrame:
    """Return ratings 1 to 5 that share a halo, and an outcome 0 to 10 that follows `effects`."""
    rng = np.random.default_rng(seed)
    halo = rng.normal(size=(n, 1))
    ratings = np.clip(np.rint(3.5 + 0.6 * halo + rng.normal(size=(n, len(effects)))), 1, 5)
    score = 6 + (ratings - 3.5) @ np.array(effects) + rng.normal(scale=1.2, size=n)
    data = pd.DataFrame(ratings, columns=[f"t{j}" for j in range(len(effects))])
    return data.assign(nps=np.clip(np.rint(score), 0, 10))


def with_use(data: pd.DataFrame, column: str, share: float, seed: int = 1) -> pd.DataFrame:
    """Let `share` of respondents not have used a touchpoint; use goes with the outcome."""
    rng = np.random.default_rng(seed)
    used = rng.random(len(data)) >= share * np.where(data["nps"] > 6, 1.4, 0.6)
    flags = pd.array(used, dtype="boolean")
    return data.assign(**{column: data[column].where(used), f"{column}_used": flags})
