"""Weighted likelihoods of ordered groups: proportional odds, and multinomial where these fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp
from scipy.stats import chi2

from cxlib.analysis._driver_columns import Array

Groups = NDArray[np.intp]

TOLERANCE = 1e-11
"""Newton stops when a step promises less than this gain in log-likelihood a respondent."""

STEPS = 60
"""A likelihood with a maximum is climbed in under ten steps; one without it never."""

SEPARATED = 30.0
"""Log-odds beyond which an answer is certain to double precision: the groups are separated."""


class OddsModel(Protocol):
    """What a scenario asks of a model; `x` has no intercept, weights have mean 1."""

    @property
    def groups(self) -> int:
        """How many groups there are."""

    def start(self, y: Groups, weights: Array, columns: int) -> Array:
        """Return parameters under which no driver matters."""

    def step(self, x: Array, y: Groups, weights: Array, at: Array) -> tuple[float, Array, Array]:
        """Return the log-likelihood, its gradient and its negative Hessian."""

    def log_odds(self, x: Array, at: Array) -> Array:
        """Return the linear predictors, for a check that they stay finite."""

    def expected(self, x: Array, at: Array, values: Array, weights: Array) -> tuple[Array, Array]:
        """Return each row's expected value, and its weighted sum's gradient by the parameters."""


@dataclass(frozen=True)
class ProportionalOdds:
    """P(group ≤ k) = logistic(θ_k − xβ); parameters θ_0 … θ_{J-2}, then β.

    References
    ----------
    .. [1] McCullagh, P. (1980). Regression models for ordinal data. JRSS B 42, 109-142.
    """

    groups: int

    def start(self, y: Groups, weights: Array, columns: int) -> Array:
        """Return the log-odds of the group shares, and no effects."""
        shares = np.bincount(y, weights, self.groups) / weights.sum()
        below = np.cumsum(shares)[:-1]
        return np.concatenate([np.log(below / (1 - below)), np.zeros(columns)])

    def log_odds(self, x: Array, at: Array) -> Array:
        """Return θ_k − xβ, shape (n, J − 1)."""
        return at[: self.groups - 1] - (x @ at[self.groups - 1 :])[:, None]

    def step(self, x: Array, y: Groups, weights: Array, at: Array) -> tuple[float, Array, Array]:
        """Return log-likelihood, gradient and negative Hessian; −inf where the θ cross."""
        cuts = self.groups - 1
        if (np.diff(at[:cuts]) <= 0).any():
            return -np.inf, at, np.empty((0, 0))
        below = np.column_stack([np.zeros(len(y)), expit(self.log_odds(x, at)), np.ones(len(y))])
        rows = np.arange(len(y))
        upper, lower = below[rows, y + 1], below[rows, y]
        chance = np.maximum(upper - lower, 1e-300)
        top, bottom = upper * (1 - upper), lower * (1 - lower)
        is_top = (y[:, None] == np.arange(cuts)) * 1.0  # θ_k is the answer's upper bound
        is_bottom = (y[:, None] == np.arange(1, cuts + 1)) * 1.0
        by_cut = is_top * (top / chance)[:, None] - is_bottom * (bottom / chance)[:, None]
        gradient = np.concatenate([weights @ by_cut, (weights * (upper + lower - 1)) @ x])
        both = top * bottom / chance**2
        pull = is_top * top[:, None] + is_bottom * bottom[:, None]
        hessian = np.empty((len(at), len(at)))
        hessian[cuts:, cuts:] = (x * (weights * (top + bottom))[:, None]).T @ x
        hessian[:cuts, cuts:] = -(pull * weights[:, None]).T @ x
        hessian[cuts:, :cuts] = hessian[:cuts, cuts:].T
        cross = (is_top * (weights * both)[:, None]).T @ is_bottom
        hessian[:cuts, :cuts] = np.diag(weights @ (pull + (is_top + is_bottom) * both[:, None]))
        hessian[:cuts, :cuts] -= cross + cross.T
        return float(weights @ np.log(chance)), gradient, hessian

    def expected(self, x: Array, at: Array, values: Array, weights: Array) -> tuple[Array, Array]:
        """Return each row's expected value, and its weighted sum's gradient by the parameters."""
        below = expit(self.log_odds(x, at))
        rises = np.diff(values)
        slopes = below * (1 - below) * rises
        gradient = np.concatenate([-(weights @ slopes), (weights * slopes.sum(axis=1)) @ x])
        return values[-1] - below @ rises, gradient


@dataclass(frozen=True)
class Multinomial:
    """P(group k) ∝ exp(a_k + x b_k), group 0 at 0; parameters a_1, b_1, a_2, b_2 and so on."""

    groups: int

    def start(self, y: Groups, weights: Array, columns: int) -> Array:
        """Return the log-odds of the group shares, and no effects."""
        shares = np.bincount(y, weights, self.groups) / weights.sum()
        at = np.zeros((self.groups - 1, columns + 1))
        at[:, 0] = np.log(shares[1:] / shares[0])
        return at.ravel()

    def log_odds(self, x: Array, at: Array) -> Array:
        """Return the linear predictors, shape (n, J − 1)."""
        split = at.reshape(self.groups - 1, -1)
        odds: Array = split[:, 0] + x @ split[:, 1:].T
        return odds

    def _chances(self, x: Array, at: Array) -> tuple[Array, Array]:
        odds = np.column_stack([np.zeros(len(x)), self.log_odds(x, at)])
        logs: Array = odds - logsumexp(odds, axis=1, keepdims=True)
        return np.exp(logs), logs

    def step(self, x: Array, y: Groups, weights: Array, at: Array) -> tuple[float, Array, Array]:
        """Return log-likelihood, gradient and negative Hessian."""
        chances, logs = self._chances(x, at)
        design = np.column_stack([np.ones(len(x)), x])
        others = chances[:, 1:]
        left = (y[:, None] == np.arange(1, self.groups)) - others
        gradient = ((left * weights[:, None]).T @ design).ravel()
        width = design.shape[1]
        hessian = np.empty((len(at), len(at)))
        for i in range(self.groups - 1):
            for j in range(self.groups - 1):
                mass = weights * others[:, i] * ((i == j) - others[:, j])
                block = (design * mass[:, None]).T @ design
                hessian[i * width : (i + 1) * width, j * width : (j + 1) * width] = block
        return float(weights @ logs[np.arange(len(y)), y]), gradient, hessian

    def expected(self, x: Array, at: Array, values: Array, weights: Array) -> tuple[Array, Array]:
        """Return each row's expected value, and its weighted sum's gradient by the parameters."""
        chances, _logs = self._chances(x, at)
        mean = chances @ values
        pull = chances[:, 1:] * (values[1:] - mean[:, None])
        design = np.column_stack([np.ones(len(x)), x])
        return mean, ((pull * weights[:, None]).T @ design).ravel()


@dataclass(frozen=True, kw_only=True)
class OddsFit:
    """Parameters at the maximum of a weighted likelihood."""

    parameters: Array
    log_likelihood: float
    information: Array


def fit(
    model: OddsModel, x: Array, y: Groups, weights: Array, *, start: Array | None = None
) -> OddsFit | None:
    """Climb the weighted likelihood by Newton steps, halved where they overshoot.

    Returns None where there is no maximum: a group is empty, or the drivers separate the groups.
    """
    if start is None:
        if (np.bincount(y, weights, minlength=model.groups) <= 0).any():
            return None
        start = model.start(y, weights, x.shape[1])
    at = start
    height, gradient, information = model.step(x, y, weights, at)
    if not np.isfinite(height):
        return None
    enough = TOLERANCE * weights.sum()
    for _step in range(STEPS):
        try:
            move = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            return None
        gain = float(gradient @ move)
        if gain < enough:
            certain = np.abs(model.log_odds(x[weights > 0], at)).max() > SEPARATED
            found = OddsFit(parameters=at, log_likelihood=height, information=information)
            return None if certain else found
        for _half in range(STEPS):
            tried = model.step(x, y, weights, at + move)
            if tried[0] > height - 1e-12 * abs(height):
                break
            move = move / 2
        else:
            return None
        at = at + move
        height, gradient, information = tried
    return None


def proportionality(
    x: Array, y: Groups, weights: Array, customers: Groups | None
) -> tuple[float, int, float]:
    """Test whether the drivers act alike at every cut between the groups.

    One logistic regression a cut, and a robust Wald test (by customer where they repeat) that
    their slopes are equal: Brant's test with a sandwich covariance.

    Returns
    -------
    (float, int, float)
        Chi-square, degrees of freedom, p; NaN where a cut's regression has no maximum.

    References
    ----------
    .. [1] Brant, R. (1990). Assessing proportionality in the proportional odds model for ordinal
       logistic regression. Biometrics 46, 1171-1178.
    """
    cuts, width = int(y.max()), x.shape[1]
    df = (cuts - 1) * width
    if not df:
        return np.nan, 0, np.nan
    logit = ProportionalOdds(2)
    slopes, influences = [], []
    for cut in range(cuts):
        above = (y > cut).astype(np.intp)
        found = fit(logit, x, above, weights)
        if found is None:
            return np.nan, df, np.nan
        chance = 1 - expit(logit.log_odds(x, found.parameters)[:, 0])
        pull = weights * (above - chance)
        scores = np.column_stack([-pull, pull[:, None] * x])
        slopes.append(found.parameters[1:])
        influences.append(np.linalg.solve(found.information, scores.T).T[:, 1:])
    contrast = np.concatenate([later - slopes[0] for later in slopes[1:]])
    influence = np.column_stack([later - influences[0] for later in influences[1:]])
    if customers is not None:
        totals = np.zeros((int(customers.max()) + 1, df))
        np.add.at(totals, customers, influence)
        influence = totals
    units = len(influence)
    if units <= df + 1:
        return np.nan, df, np.nan
    covariance = influence.T @ influence * units / (units - 1)
    chi_square = float(contrast @ np.linalg.pinv(covariance, hermitian=True) @ contrast)
    return chi_square, df, float(chi2.sf(chi_square, df))
