"""How much faster than solving every subset in a plain pass: exact shares and their bootstrap."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import factorial

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import drivers

PLAIN = 12
"""Drivers of the plain pass that is timed; larger ones are extrapolated by their subsets."""


def ratings(n: int, count: int, seed: int = 0) -> pd.DataFrame:
    """Return `count` ratings with a halo, and an outcome that follows them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, count)) + rng.normal(size=(n, 1))
    data = pd.DataFrame(x, columns=[f"t{j}" for j in range(count)])
    return data.assign(nps=x @ rng.uniform(0, 0.5, count) + rng.normal(size=n))


def plain_pass(data: pd.DataFrame) -> list[float]:
    """Return Shapley shares of R² by solving every subset's normal equations with numpy."""
    correlation = np.corrcoef(data.to_numpy().T)
    count = len(correlation) - 1
    r_squared = [0.0]
    for subset in range(1, 2**count):
        chosen = [j for j in range(count) if subset >> j & 1]
        with_outcome = correlation[chosen, -1]
        beta = np.linalg.solve(correlation[np.ix_(chosen, chosen)], with_outcome)
        r_squared.append(float(with_outcome @ beta))
    weight = [factorial(s) * factorial(count - s - 1) / factorial(count) for s in range(count)]
    shares = [0.0] * count
    for subset, explained in enumerate(r_squared):
        size = subset.bit_count()
        for j in range(count):
            if not subset >> j & 1:
                shares[j] += weight[size] * (r_squared[subset | 1 << j] - explained)
    return shares


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """Return the shortest of some runs: what the work takes when nothing else disturbs it."""
    taken = []
    for _run in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def exact(count: int, bootstrap: int = 0) -> Callable[[], drivers.DriverImportance]:
    """Return the public function ready to run on 2,000 rows, tests and tables included."""
    data = ratings(2000, count)
    return lambda: drivers.importance(
        data, outcome="nps", drivers=list(data.columns[:-1]), bootstrap=bootstrap, permutations=0
    )


def main() -> dict[str, float]:
    """Print what was timed and return the ratios."""
    plain = seconds(lambda: plain_pass(ratings(2000, PLAIN)), times=2)
    eighteen, resampled = seconds(exact(18)), seconds(exact(12, bootstrap=1000))
    ratios = {
        "exact importance of 18 drivers": plain * 2 ** (18 - PLAIN) / eighteen,
        "1,000 bootstraps of 12 drivers": plain * 1000 / resampled,
    }
    print(f"One plain pass over the {2**PLAIN:,} subsets of {PLAIN} drivers: {plain:.3f} s.")
    print("Ratios are to plain passes extrapolated from it: 64 for 18 drivers, 1,000 for 1,000.")
    for (name, ratio), took in zip(ratios.items(), (eighteen, resampled), strict=True):
        print(f"{name:<32} {took:8.3f} s {ratio:8.0f} times faster")
    return ratios


@pytest.mark.bench
def test_exact_shares_and_their_bootstrap_outrun_a_plain_pass() -> None:
    ratios = main()
    assert ratios["exact importance of 18 drivers"] >= 50
    assert ratios["1,000 bootstraps of 12 drivers"] >= 20


def test_the_plain_pass_gives_the_same_shares() -> None:
    data = ratings(200, 5)
    result = drivers.importance(
        data, outcome="nps", drivers=list(data.columns[:-1]), bootstrap=0, permutations=0
    )
    assert result.table["importance"].tolist() == pytest.approx(plain_pass(data))


if __name__ == "__main__":
    main()
