"""How often customers buy again, and whether they still will: BG/NBD."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import gammaln, hyp2f1

from cxlib.analysis.lifetime.customers import (
    Unit,
    drawn,
    fit,
    given,
    parameters_of,
    refuse_few,
    unit_of,
)
from cxlib.analysis.results import Result
from cxlib.analysis.validate import Floats
from cxlib.errors import DataError


@dataclass(frozen=True, kw_only=True)
class BgNbd(Result):
    """Purchases of customers who may silently leave after any of them.

    Parameters
    ----------
    r, alpha : float
        Purchase rate ~ Gamma(r, alpha), a unit of time.
    a, b : float
        Chance of leaving after a purchase ~ Beta(a, b).
    log_likelihood : float
    n : int
        Customers.
    unit : str or None
        The time unit of the data, where it was said.
    covariance : ndarray
        Of the logarithms of r, alpha, a, b.
    table : DataFrame
        ``parameter, estimate, estimate_low, estimate_high``.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    n: int
    unit: str | None
    covariance: Floats
    table: pd.DataFrame

    @property
    def parameters(self) -> Floats:
        """``r, alpha, a, b``."""
        return np.array([self.r, self.alpha, self.a, self.b])

    def expected_purchases(self, t: float, frequency: Any, recency: Any, age: Any) -> Floats:
        """Return purchases expected within the next `t` units, given each customer's past."""
        x, t_x, age = (np.asarray(v, dtype=float) for v in (frequency, recency, age))
        return expected(self.parameters, float(t), x, t_x, age)

    def p_alive(self, frequency: Any, recency: Any, age: Any) -> Floats:
        """Return the chance that a customer is still one; NaN without a repeat purchase.

        There the model says 1 by its construction, which is no finding.
        """
        x, t_x, age = (np.asarray(v, dtype=float) for v in (frequency, recency, age))
        alive = 1 / (1 + _left(self.parameters, x, t_x, age))
        return np.where(x > 0, alive, np.nan)


def bg_nbd(
    data: Any,
    *,
    frequency: str | None = None,
    recency: str | None = None,
    age: str | None = None,
    unit: Unit | None = None,
) -> BgNbd:
    """Fit the BG/NBD model by maximum likelihood.

    Parameters
    ----------
    data : Summary or pandas.DataFrame
        One row a customer.
    frequency, recency, age : str, optional
        Columns: repeat purchases, time from the first purchase to the last, and to the end of
        observation; found by their usual names (``x, t_x, T``) if not given.
    unit : str, optional
        The time unit; a `Summary` says it itself.

    Raises
    ------
    DataError
        If a row contradicts itself, or fewer than 30 customers came again: use a repeat rate.
    """
    x, t_x, T = (
        given(data, what, name)
        for what, name in (("frequency", frequency), ("recency", recency), ("age", age))
    )
    rows = pd.DataFrame({"x": x, "t_x": t_x, "T": T})
    wrong = ~((x >= 0) & (x % 1 == 0) & (t_x >= 0) & (t_x <= T + 1e-9) & np.isfinite(T))
    wrong |= (x == 0) != (t_x == 0)
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"row {at} has frequency {x[at]:g}, recency {t_x[at]:g}, age {T[at]:g} ({wrong.sum()} "
            "such): a frequency is a whole number of repeat purchases, 0 ≤ recency ≤ age, and "
            "recency is 0 exactly where no purchase was repeated."
        )
    refuse_few(int((x > 0).sum()))
    some, caveats = drawn(rows.to_numpy())
    counts = pd.DataFrame(some, columns=rows.columns).groupby(["x", "t_x", "T"]).size()
    same = counts.reset_index(name="n")
    x, t_x, T, weight = same.to_numpy(dtype=float).T
    middle = float(np.average(T, weights=weight)) or 1.0  # time in its own middle: well scaled
    loss = partial(_bg_nbd_loss, x=x, t_x=t_x / middle, T=T / middle, weight=weight)
    fitted, covariance = fit(loss, [0.0, 0.0, 0.0, 1.0])
    parameters = np.exp(fitted) * np.array([1, middle, 1, 1])
    likelihood = float(-loss(fitted)) - float(np.log(middle) * np.sum(weight * x))
    known = unit or getattr(data, "unit", None)
    return BgNbd(
        **dict(zip(("r", "alpha", "a", "b"), parameters.tolist(), strict=True)),
        log_likelihood=likelihood,
        n=len(rows),
        unit=None if known is None else unit_of(known),
        covariance=covariance,
        table=parameters_of(("r", "alpha", "a", "b"), parameters, covariance),
        caveats=(*getattr(data, "caveats", ()), *caveats),
    )


def _bg_nbd_loss(logs: Floats, *, x: Floats, t_x: Floats, T: Floats, weight: Floats) -> float:
    r, alpha, a, b = np.exp(logs)
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    common += gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    stays = -(r + x) * np.log(alpha + T)
    leaves = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + t_x)
    whole = common + np.where(x > 0, np.logaddexp(stays, leaves), stays)
    return float(-np.sum(weight * whole))


def _left(parameters: Floats, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return the odds of having left; 0 without a repeat purchase."""
    r, alpha, a, b = parameters
    odds = a / (b + np.maximum(x, 1) - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x)
    return np.where(x > 0, odds, 0.0)


def expected(parameters: Floats, t: float, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return purchases expected in the next `t` units of time."""
    r, alpha, a, b = parameters
    a = a if abs(a - 1) > 1e-6 else 1 + 1e-6  # the formula has a removable gap there
    z = t / (alpha + T + t)
    with np.errstate(all="ignore"):
        series = hyp2f1(r + x, b + x, a + b + x - 1, z)
        rest = (1 - z) ** (r + x) * series
    told = (a + b + x - 1) / (a - 1) * (1 - rest) / (1 + _left(parameters, x, t_x, T))
    if not np.isfinite(told).all():
        raise DataError("purchases to come cannot be computed for so many or so few purchases.")
    return np.asarray(np.maximum(told, 0.0), dtype=float)
