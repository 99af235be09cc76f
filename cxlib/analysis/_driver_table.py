"""The table of drivers: estimates, intervals and tests side by side, one row a driver."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from cxlib.analysis import _driver_shares
from cxlib.analysis._driver_columns import Array
from cxlib.analysis._driver_data import DriverData
from cxlib.analysis._driver_tests import RobustFit
from cxlib.analysis._multiplicity import adjust


def table_of(
    sample: DriverData,
    fit: RobustFit,
    parts: Array,
    method: str,
    draws: _driver_shares.Draws,
    confidence: float,
) -> pd.DataFrame:
    """Return the table of `DriverImportance`."""
    drivers = len(sample.names)
    tail = 100 * (1 - confidence) / 2
    share = _driver_shares.shares(parts)
    low, high = quantiles(draws.share, tail)
    sound = draws.ranks[~np.isnan(draws.share).any(axis=1)]
    rank_low, rank_high = quantiles(sound, tail, method="inverted_cdf")
    first = sample.design.shape[1] - drivers
    raw = np.array([fit.p_value([first + j])[1] for j in range(drivers)])
    order = np.argsort(-share, kind="stable")
    rank = np.empty(drivers, dtype=np.int64)
    rank[order] = np.arange(1, drivers + 1)
    johnson = parts if method == "johnson" else _driver_shares.full_sample(sample, "johnson")[0]
    return pd.DataFrame(
        {
            "driver": list(sample.names),
            "reach": sample.weights @ sample.used / sample.weights.sum(),
            "n": sample.used.sum(axis=0),
            "correlation": _correlations(sample),
            "importance": parts,
            "importance_users": _driver_shares.among_users(sample, method, parts),
            "share": share,
            "share_low": low,
            "share_high": high,
            "rank": rank,
            "rank_low": pd.Series(rank_low).astype("Int64"),
            "rank_high": pd.Series(rank_high).astype("Int64"),
            "p_top3": (sound <= 3).mean(axis=0) if len(sound) else np.full(drivers, np.nan),
            "p_unique": adjust(raw, method="holm"),
            "p_unique_raw": raw,
            "johnson": johnson,
            "vif": collinearity(sample)[0],
        }
    )


def quantiles(
    draws: Array, tail: float, method: Literal["linear", "inverted_cdf"] = "linear"
) -> tuple[Array, Array]:
    """Return both ends of the percentile interval, a value a column; NaN without draws."""
    sound = draws[~np.isnan(draws).any(axis=1)]
    if not len(sound):
        nothing = np.full(draws.shape[1], np.nan)
        return nothing, nothing
    low, high = np.percentile(sound, [tail, 100 - tail], axis=0, method=method)
    return low, high


def _correlations(sample: DriverData) -> Array:
    found = np.empty(len(sample.names))
    for j, used in enumerate(sample.used.T):
        mass, x = sample.weights[used], sample.ratings[used, j]
        y = sample.outcome[used] - np.average(sample.outcome[used], weights=mass)
        size = np.sqrt((mass @ x**2) * (mass @ y**2))
        found[j] = mass @ (x * y) / size if size > 0 else np.nan
    return found


def collinearity(sample: DriverData) -> tuple[Array, float]:
    """Return each rating's variance inflation and the condition number of all columns."""
    columns = sample.design[:, 1:]
    centred = columns - np.average(columns, weights=sample.weights, axis=0)
    moments = (centred * sample.weights[:, None]).T @ centred
    size = np.sqrt(np.diag(moments))
    correlation = moments / np.outer(size, size)
    values = np.linalg.eigvalsh(correlation)
    inflation = np.diag(np.linalg.inv(correlation))[-len(sample.names) :]
    return inflation, float(np.sqrt(values[-1] / max(values[0], 1e-300)))
