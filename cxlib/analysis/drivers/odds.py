"""Weighted likelihoods of ordered groups: proportional odds, and multinomial where these fail.

Own code, since statsmodels' OrderedModel and MNLogit take no survey weights.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp
from scipy.stats import chi2

from cxlib.analysis.drivers.sample import Sample, summed
from cxlib.analysis.validate import Floats, Integers, generator
from cxlib.errors import DataError

Pair = tuple[Floats, Floats]
Step = tuple[float, Floats, Floats]

TOLERANCE = 1e-11
"""Newton stops when a step promises less than this gain in log-likelihood a respondent."""

STEPS = 60
"""A likelihood with a maximum is climbed in under ten steps; one without it never."""

PROPORTIONALITY = 0.01
"""Proportional odds are given up below this p: at 5 % one sound model in twenty would be, and the
multinomial model pays with twice the parameters."""

SEPARATED = 30.0
"""Log-odds beyond which an answer is certain to double precision: the groups are separated."""


class NoMaximumError(DataError):
    """The likelihood has no maximum: groups are empty, or the drivers separate them."""


class ProportionalOdds(NamedTuple):
    """P(group ≤ k) = logistic(θ_k − xβ), McCullagh (1980); parameters θ_0 … θ_{J-2}, then β.

    With two groups it is a logistic regression.
    """

    groups: int

    def start(self, shares: Floats, columns: int) -> Floats:
        """Return the log-odds of the group shares, and no effects."""
        below = np.cumsum(shares)[:-1]
        return np.concatenate([np.log(below / (1 - below)), np.zeros(columns)])

    def log_odds(self, x: Floats, at: Floats) -> Floats:
        """Return θ_k − xβ, shape (n, J − 1)."""
        return at[: self.groups - 1] - (x @ at[self.groups - 1 :])[:, None]

    def step(self, x: Floats, y: Integers, weights: Floats, at: Floats) -> Step:
        """Return log-likelihood, gradient and negative Hessian; −inf where the θ cross."""
        cuts = self.groups - 1
        if (np.diff(at[:cuts]) <= 0).any():
            return -np.inf, at, np.empty((0, 0))
        below = np.column_stack([np.zeros(len(y)), expit(self.log_odds(x, at)), np.ones(len(y))])
        rows = np.arange(len(y))
        upper, lower = below[rows, y + 1], below[rows, y]
        chance = np.maximum(upper - lower, 1e-150)  # its square is no 0
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

    def expected(self, x: Floats, at: Floats, values: Floats, weights: Floats) -> Pair:
        """Return each row's expected value, and its weighted sum's gradient by the parameters."""
        below = expit(self.log_odds(x, at))
        rises = np.diff(values)
        slopes = below * (1 - below) * rises
        gradient = np.concatenate([-(weights @ slopes), (weights * slopes.sum(axis=1)) @ x])
        return values[-1] - below @ rises, gradient


class Multinomial(NamedTuple):
    """P(group k) ∝ exp(a_k + x b_k), group 0 at 0; parameters a_1, b_1, a_2, b_2 and so on."""

    groups: int

    def start(self, shares: Floats, columns: int) -> Floats:
        """Return the log-odds of the group shares, and no effects."""
        at = np.zeros((self.groups - 1, columns + 1))
        at[:, 0] = np.log(shares[1:] / shares[0])
        return at.ravel()

    def log_odds(self, x: Floats, at: Floats) -> Floats:
        """Return the linear predictors, shape (n, J − 1)."""
        split = at.reshape(self.groups - 1, -1)
        odds: Floats = split[:, 0] + x @ split[:, 1:].T
        return odds

    def _logs(self, x: Floats, at: Floats) -> Floats:
        odds = np.column_stack([np.zeros(len(x)), self.log_odds(x, at)])
        logs: Floats = odds - logsumexp(odds, axis=1, keepdims=True)
        return logs

    def step(self, x: Floats, y: Integers, weights: Floats, at: Floats) -> Step:
        """Return log-likelihood, gradient and negative Hessian."""
        logs = self._logs(x, at)
        design = np.column_stack([np.ones(len(x)), x])
        others = np.exp(logs[:, 1:])
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

    def expected(self, x: Floats, at: Floats, values: Floats, weights: Floats) -> Pair:
        """Return each row's expected value, and its weighted sum's gradient by the parameters."""
        chances = np.exp(self._logs(x, at))
        mean = chances @ values
        pull = chances[:, 1:] * (values[1:] - mean[:, None])
        design = np.column_stack([np.ones(len(x)), x])
        return mean, ((pull * weights[:, None]).T @ design).ravel()


Odds = ProportionalOdds | Multinomial
Fit = tuple[Floats, float, Floats]
"""Parameters at the maximum, the log-likelihood there, and the information."""


def fit(
    model: Odds, x: Floats, y: Integers, weights: Floats, *, start: Floats | None = None
) -> Fit | None:
    """Climb the weighted likelihood by Newton steps, halved where they overshoot.

    None where there is no maximum: a group is empty, or the drivers separate the groups.
    """
    if start is None:
        shares = np.bincount(y, weights, minlength=model.groups) / weights.sum()
        if (shares <= 0).any():
            return None
        start = model.start(shares, x.shape[1])
    at = start
    height, gradient, information = model.step(x, y, weights, at)
    if not np.isfinite(height):
        return None
    for _step in range(STEPS):
        try:
            move = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            return None
        if float(gradient @ move) < TOLERANCE * weights.sum():
            certain = np.abs(model.log_odds(x[weights > 0], at)).max() > SEPARATED
            return None if certain else (at, height, information)
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
    x: Floats, y: Integers, weights: Floats, customers: Integers | None
) -> tuple[float, int, float]:
    """Test whether the drivers act alike at every cut; return chi-square, df and p.

    One logistic regression a cut, and a robust Wald test (by customer where they repeat) that
    their slopes are equal: Brant's test (Biometrics 46, 1171-1178) with a sandwich covariance.
    NaN where a cut's regression has no maximum.
    """
    cuts, width = int(y.max()), x.shape[1]
    df = (cuts - 1) * width
    logit = ProportionalOdds(2)
    slopes, influences = [], []
    for cut in range(cuts if df else 0):
        above = (y > cut).astype(np.intp)
        found = fit(logit, x, above, weights)
        if found is None:
            return np.nan, df, np.nan
        pull = weights * (above - 1 + expit(logit.log_odds(x, found[0])[:, 0]))
        scores = np.column_stack([-pull, pull[:, None] * x])
        slopes.append(found[0][1:])
        influences.append(np.linalg.solve(found[2], scores.T).T[:, 1:])
    if not df:
        return np.nan, 0, np.nan
    contrast = np.concatenate([later - slopes[0] for later in slopes[1:]])
    influence = np.column_stack([later - influences[0] for later in influences[1:]])
    if customers is not None:
        influence = summed(influence, customers, int(customers.max()) + 1)
    units = len(influence)
    if units <= df + 1:
        return np.nan, df, np.nan
    covariance = influence.T @ influence * units / (units - 1)
    chi_square = float(contrast @ np.linalg.pinv(covariance, hermitian=True) @ contrast)
    return chi_square, df, float(chi2.sf(chi_square, df))


def choose(sample: Sample, groups: Integers, count: int) -> tuple[Odds, Floats, float]:
    """Return the likelihood that serves, its parameters, and p of proportional odds."""
    design = sample.design[:, 1:]
    found = fit(ProportionalOdds(count), design, groups, sample.weights)
    if found is None:
        sizes = ", ".join(map(str, np.bincount(groups)))
        raise NoMaximumError(
            f"the groups of {sample.outcome_name!r} ({sizes} answers) are too small or too cleanly "
            f"separated for {len(sample.names)} drivers; name fewer drivers or join periods."
        )
    p = proportionality(design, groups, sample.weights, sample.groups)[2]
    if p < PROPORTIONALITY:
        other = fit(Multinomial(count), design, groups, sample.weights)
        if other is not None:
            return Multinomial(count), other[0], p
    return ProportionalOdds(count), found[0], p


def resample(
    sample: Sample, groups: Integers, model: Odds, fitted: Floats, bootstrap: int, seed: int
) -> tuple[Sample, NDArray[np.float32], Floats]:
    """Refit on each resample; return the rows that differ, their weights drawn, and the moves.

    A likelihood only asks what rows and answers weigh: those that are alike are fitted as one.
    """
    rows, place = sample.alike()
    kinds, kind = np.unique(place * model.groups + groups, return_inverse=True)
    which, answers = np.divmod(kinds, model.groups)
    design = rows.design[which, 1:]
    drawn, moves = [], []
    for batch in sample.resamples(generator(seed), bootstrap):
        for times in batch:
            again = times if sample.groups is None else times[sample.groups]
            mass: Any = np.bincount(kind, sample.weights * again)
            found = fit(model, design, answers, mass, start=fitted)
            if found is not None:
                drawn.append(np.bincount(which, mass).astype(np.float32))
                moves.append(found[0] - fitted)
    if not drawn:
        return rows, np.empty((0, rows.n), dtype=np.float32), np.empty((0, len(fitted)))
    return rows, np.stack(drawn), np.stack(moves)
