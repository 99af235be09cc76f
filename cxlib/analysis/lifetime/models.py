"""Purchases to come (BG/NBD), money a purchase (Gamma-Gamma), yearly renewals (sBG).

Fader, Hardie and Lee 2005; Fader and Hardie 2013 and 2007. Own code: statsmodels has none of them,
and the packages that do are dead or pin an old pandas.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import betaln, gammaln, hyp2f1

from cxlib.analysis.lifetime import customers
from cxlib.analysis.members.purchases import fitted_on
from cxlib.analysis.metrics import number
from cxlib.analysis.results import Caveat, Tabled, said
from cxlib.analysis.validate import Floats, count, numbers
from cxlib.errors import DataError
from cxlib.words import mark as _

RELATED, TOO_RELATED = 0.1, 0.3
"""|r| of frequency and money above which a caveat stands, and above which nothing is fitted."""


class BgNbd(Tabled):
    """Purchases of customers who may silently leave after any of them.

    Purchase rate ~ Gamma(`r`, `alpha`), a unit of time; chance of leaving after a purchase ~
    Beta(`a`, `b`). ``unit``: the time unit of the data, where it was said; ``covariance``: of the
    logarithms of r, alpha, a, b; ``table``: ``parameter, estimate``, with its interval.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    n: int
    unit: str | None
    covariance: Floats

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
    unit: customers.Unit | None = None,
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
        customers.given(data, what, name)
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
    customers.refuse_few(int((x > 0).sum()))
    drawn, caveats = fitted_on(len(rows), customers.MOST_FITTED)
    counts = rows.iloc[drawn].groupby(["x", "t_x", "T"]).size()
    same = counts.reset_index(name="n")
    x, t_x, T, weight = same.to_numpy(dtype=float).T
    middle = float(np.average(T, weights=weight)) or 1.0  # time in its own middle: well scaled
    loss = partial(bg_nbd_loss, x=x, t_x=t_x / middle, T=T / middle, weight=weight)
    fitted, covariance = customers.fit(loss, [0.0, 0.0, 0.0, 1.0])
    parameters = np.exp(fitted) * np.array([1, middle, 1, 1])
    likelihood = float(-loss(fitted)) - float(np.log(middle) * np.sum(weight * x))
    known = unit or getattr(data, "unit", None)
    return BgNbd(
        **dict(zip(("r", "alpha", "a", "b"), parameters.tolist(), strict=True)),
        log_likelihood=likelihood,
        n=len(rows),
        unit=None if known is None else customers.unit_of(known),
        covariance=covariance,
        table=customers.parameters_of(("r", "alpha", "a", "b"), parameters, covariance),
        caveats=(*getattr(data, "caveats", ()), *caveats),
    )


def bg_nbd_loss(logs: Floats, *, x: Floats, t_x: Floats, T: Floats, weight: Floats) -> float:
    """Return the negative log-likelihood of the logarithms of r, alpha, a, b."""
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


class GammaGamma(Tabled):
    """Money a purchase: Gamma(p, nu) with nu ~ Gamma(q, v), whatever the frequency.

    ``correlation``: Pearson's, of frequency and money, over the `n` customers who came again;
    ``covariance``: of the logarithms of p, q, v; ``table``: ``parameter, estimate``, with its
    interval.
    """

    p: float
    q: float
    v: float
    log_likelihood: float
    correlation: float
    n: int
    covariance: Floats


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
    x, mean = customers.given(data, "frequency", frequency), customers.given(data, "money", money)
    again = (x > 0) & (mean > 0)
    customers.refuse_few(int(again.sum()))
    x, mean = x[again], mean[again]
    related = float(np.corrcoef(x, mean)[0, 1]) if min(np.ptp(x), np.ptp(mean)) > 0 else 0.0
    if abs(related) > TOO_RELATED:
        why = _(
            "money and frequency are correlated (r = {r:.2f}), which the Gamma-Gamma model rules "
            "out; value members by their own group's mean margin instead."
        )
        raise DataError(Caveat(why, r=related))
    drawn, caveats = fitted_on(len(x), customers.MOST_FITTED)
    x, mean = x[drawn], mean[drawn]
    message = _("Money and frequency are correlated (r = {r:.2f}); values may be off.")
    caveats += said(abs(related) > RELATED, message, r=related)
    scale = float(mean.mean())
    loss = partial(gamma_loss, x=x, mean=mean / scale)
    fitted, covariance = customers.fit(loss, [1.0, 1.0, 0.0])
    values = np.exp(fitted) * np.array([1, 1, scale])
    if values[1] <= 1:
        why = _(
            "q is {q:.2f}: the mean money of customers has no finite expectation; value members by "
            "their own group's mean margin instead."
        )
        raise DataError(Caveat(why, q=float(values[1])))
    return GammaGamma(
        **dict(zip(("p", "q", "v"), values.tolist(), strict=True)),
        log_likelihood=float(-loss(fitted)) - len(x) * float(np.log(scale)),
        correlation=related,
        n=len(x),
        covariance=covariance,
        table=customers.parameters_of(("p", "q", "v"), values, covariance),
        caveats=caveats,
    )


def gamma_loss(logs: Floats, *, x: Floats, mean: Floats) -> float:
    """Return the negative log-likelihood of the logarithms of p, q, v."""
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


class ShiftedBetaGeometric(Tabled):
    """Renewals of a cohort whose members each have their own constant chance of leaving.

    That chance ~ Beta(`alpha`, `beta`). ``initial``: members at the start; ``observed``: survivors
    at each renewal so far; ``table``: ``time, survivors, expected, retention`` (of those at the
    last renewal, by the model).
    """

    alpha: float
    beta: float
    log_likelihood: float
    initial: float
    observed: tuple[float, ...]

    def survival(self, time: Any) -> Floats:
        """Return the expected share of the start that is left after `time` renewals."""
        t = np.asarray(time, dtype=float)
        left = np.exp(betaln(self.alpha, self.beta + t) - betaln(self.alpha, self.beta))
        return np.asarray(left, dtype=float)

    def project(self, n: int) -> pd.Series:
        """Return survivors expected at the `n` renewals after the last one seen, by renewal."""
        ahead = len(self.observed) + 1 + np.arange(count(n, "n"))
        expected = self.initial * self.survival(ahead)
        return pd.Series(expected, index=pd.Index(ahead, name="time"), name="survivors")


def sbg(survivors: Any, *, initial: float = 100) -> ShiftedBetaGeometric:
    """Fit the shifted beta-geometric model to the survivors of one cohort.

    Parameters
    ----------
    survivors : sequence of float
        Members left after the first, second, … renewal.
    initial : float
        Members before the first; 100 if survivors are percentages.

    Raises
    ------
    DataError
        If survivors rise, exceed the start, or nobody left.
    """
    left = numbers(pd.Series(survivors, dtype=object))
    begun = number(initial, "initial")
    whole = np.concatenate([[begun], left])
    if len(left) < 2 or not np.isfinite(whole).all() or (np.diff(whole) > 0).any() or left[-1] < 0:
        raise DataError(
            f"survivors {np.round(whole, 3).tolist()} of {begun:g} are no falling series of at "
            "least two renewals; is `initial` the number at the start?"
        )
    lost = -np.diff(whole)
    if lost.sum() == 0:
        raise DataError(_("nobody left, so nothing tells how long members stay."))
    t = np.arange(1, len(left) + 1)

    def loss(logs: Floats) -> float:
        alpha, beta = np.exp(logs)
        chance = betaln(alpha + 1, beta + t - 1) - betaln(alpha, beta)
        stay = betaln(alpha, beta + t[-1]) - betaln(alpha, beta)
        return float(-(lost @ chance + left[-1] * stay))

    fitted, _covariance = customers.fit(loss, [0.0, 1.0])
    alpha, beta = np.exp(fitted).tolist()
    model = ShiftedBetaGeometric(
        alpha=alpha, beta=beta, log_likelihood=-loss(fitted), initial=begun,
        observed=tuple(left.tolist()), table=pd.DataFrame(),
    )  # fmt: skip
    table = pd.DataFrame({"time": t, "survivors": left, "expected": begun * model.survival(t)})
    table["retention"] = (beta + t - 1) / (alpha + beta + t - 1)
    return replace(model, table=table)
