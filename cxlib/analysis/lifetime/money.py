"""Money a purchase: Gamma-Gamma."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import gammaln

from cxlib.analysis.lifetime.customers import drawn, fit, given, parameters_of, refuse_few
from cxlib.analysis.results import Caveat, Result
from cxlib.analysis.validate import Floats
from cxlib.errors import DataError
from cxlib.words import mark as _

RELATED, TOO_RELATED = 0.1, 0.3
"""|r| of frequency and money above which a caveat stands, and above which nothing is fitted."""


@dataclass(frozen=True, kw_only=True)
class GammaGamma(Result):
    """Money a purchase: Gamma(p, nu) with nu ~ Gamma(q, v), whatever the frequency.

    Parameters
    ----------
    p, q, v : float
    log_likelihood : float
    correlation : float
        Pearson's, of frequency and money, over customers who came again.
    n : int
        Those customers.
    table : DataFrame
        ``parameter, estimate, estimate_low, estimate_high``.
    """

    p: float
    q: float
    v: float
    log_likelihood: float
    correlation: float
    n: int
    covariance: Floats
    table: pd.DataFrame

    def expectedmoney_of(self, frequency: Any, money: Any) -> Floats:
        """Return the money that each customer's next purchase is expected to bring."""
        x, mean = (np.asarray(v, dtype=float) for v in (frequency, money))
        return money_of(np.array([self.p, self.q, self.v]), x, mean)


def gamma_gamma(data: Any, *, frequency: str | None = None, money: str | None = None) -> GammaGamma:
    """Fit the Gamma-Gamma model to the customers who came again.

    Parameters
    ----------
    data : Summary or pandas.DataFrame
        One row a customer.
    frequency, money : str, optional
        Columns: repeat purchases and their mean money; found by their usual names if not given.

    Raises
    ------
    DataError
        If frequency and money are correlated above .3 (the model assumes that they are not), or
        fewer than 30 customers came again.
    """
    x, mean = given(data, "frequency", frequency), given(data, "money", money)
    again = (x > 0) & (mean > 0)
    refuse_few(int(again.sum()))
    x, mean = x[again], mean[again]
    related = float(np.corrcoef(x, mean)[0, 1]) if min(np.ptp(x), np.ptp(mean)) > 0 else 0.0
    if abs(related) > TOO_RELATED:
        raise DataError(
            f"money and frequency are correlated (r = {related:.2f}), which the Gamma-Gamma model "
            "rules out; value members by their own group's mean margin instead."
        )
    some, caveats = drawn(np.column_stack([x, mean]))
    x, mean = some.T
    if abs(related) > RELATED:
        message = _("Money and frequency are correlated (r = {r:.2f}); values may be off.")
        caveats = (*caveats, Caveat(message, r=related))
    scale = float(mean.mean())
    loss = partial(_gamma_loss, x=x, mean=mean / scale)
    fitted, covariance = fit(loss, [1.0, 1.0, 0.0])
    values = np.exp(fitted) * np.array([1, 1, scale])
    if values[1] <= 1:
        raise DataError(
            f"q is {values[1]:.2f}: the mean money of customers has no finite expectation; value "
            "members by their own group's mean margin instead."
        )
    return GammaGamma(
        **dict(zip(("p", "q", "v"), values.tolist(), strict=True)),
        log_likelihood=float(-loss(fitted)) - len(x) * float(np.log(scale)),
        correlation=related,
        n=len(x),
        covariance=covariance,
        table=parameters_of(("p", "q", "v"), values, covariance),
        caveats=caveats,
    )


def _gamma_loss(logs: Floats, *, x: Floats, mean: Floats) -> float:
    p, q, v = np.exp(logs)
    shape = p * x
    told = gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(v)
    told += (shape - 1) * np.log(mean) + shape * np.log(x) - (shape + q) * np.log(v + x * mean)
    return float(-np.sum(told))


def money_of(parameters: Floats, x: Floats, mean: Floats) -> Floats:
    """Return the money of the next purchase: everybody's and their own mean, as far as known."""
    p, q, v = parameters
    own = p * x / (p * x + q - 1)
    told: Floats = (1 - own) * p * v / (q - 1) + own * np.where(x > 0, np.nan_to_num(mean), 0.0)
    return told
