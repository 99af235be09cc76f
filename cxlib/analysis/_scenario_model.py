"""A fitted scenario model: predicts any set of changes in milliseconds, with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.analysis._driver_columns import Array
from cxlib.analysis._driver_data import DriverData
from cxlib.analysis._odds import OddsModel
from cxlib.analysis._scenario_parts import Reach, order_weights
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

ROUNDING = 1e-9
"""Means that differ by less are the same."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A predicted score under changed ratings; scores are on −100…100 (NPS) or 0…100 (CSAT).

    Attributes
    ----------
    table : pandas.DataFrame
        One row a changed driver: ``driver``; ``mean_now``, ``mean_asked`` and ``mean_used`` (mean
        rating by its users: now, demanded, and after the cap); ``cap`` (the best segment's
        shrunken mean, NaN where none is known); ``capped``; ``step`` with ``step_low`` and
        ``step_high`` (its part of ``change``, averaged over orders).
    baseline, baseline_low, baseline_high : float
        What the model predicts for the ratings as they are.
    baseline_observed : float
        The score of the same respondents, without a model.
    predicted, low, high : float
        What the model predicts under all changes together.
    change, change_low, change_high : float
        Predicted minus baseline: the sum of the steps.
    kind, outcome, model : str
        ``"nps"`` or ``"csat"``; the outcome's column; the likelihood used.
    p_proportional : float
        Whether the drivers act alike at every cut (robust Brant test), NaN with two groups.
    n_used, n_dropped : int
        Rows the model rests on, and rows left out for a missing answer.
    confidence : float
        Coverage of the intervals.
    caveats : tuple of Caveat
        What to know before the numbers are used.
    """

    table: pd.DataFrame
    baseline: float
    baseline_low: float
    baseline_high: float
    baseline_observed: float
    predicted: float
    low: float
    high: float
    change: float
    change_low: float
    change_high: float
    kind: str
    outcome: str
    model: str
    p_proportional: float
    n_used: int
    n_dropped: int
    confidence: float
    caveats: tuple[Caveat, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class ScenarioModel:
    """A fitted model that predicts scenarios in milliseconds (for sliders).

    Attributes
    ----------
    drivers : tuple of str
        What can be changed.
    means, caps : tuple of float
        Mean rating of each driver's users, and the best segment's shrunken mean (NaN: unknown).
    kind, outcome : str
        As in `Scenario`.
    """

    drivers: tuple[str, ...]
    means: tuple[float, ...]
    caps: tuple[float, ...]
    kind: str
    outcome: str
    model: str
    p_proportional: float
    observed: float
    confidence: float
    caveats: tuple[Caveat, ...]
    _sample: DriverData = field(repr=False)
    _reaches: tuple[Reach, ...] = field(repr=False)
    _values: Array = field(repr=False)
    _odds: OddsModel = field(repr=False)
    _parameters: Array = field(repr=False)
    _times: NDArray[np.float32] = field(repr=False)
    _moves: Array = field(repr=False)
    _seed: int = field(repr=False)

    def predict(self, changes: Mapping[str, float]) -> Scenario:
        """Predict the score when the mean ratings of some drivers change together.

        Parameters
        ----------
        changes : mapping of str to float
            Driver to change of its users' mean rating, in points of its scale, up or down.

        Returns
        -------
        Scenario
            The prediction, its steps and their intervals. The intervals rest on the resamples
            drawn when the model was fitted, carried to the scenario by its gradient; the amount
            by which each rating moves is held fixed over them.

        Raises
        ------
        DataError
            If a driver is unknown or a change is no finite number.
        """
        table, moves = self._asked(changes)
        design = self._design(np.zeros((self._sample.n, 0)), [])
        now, now_gradient = self._expected(design)
        steps = np.zeros((len(moves), self._sample.n))
        gradients = np.zeros((len(moves), len(self._parameters)))
        columns = [self.drivers.index(name) for name in table["driver"]]
        for subset, weights in order_weights(len(moves), np.random.default_rng(self._seed)).items():
            chosen = [i for i in range(len(moves)) if subset >> i & 1]
            shifted = self._design(moves[chosen].T, [columns[i] for i in chosen])
            value, gradient = self._expected(shifted) if chosen else (now, now_gradient)
            steps += weights[:, None] * value
            gradients += weights[:, None] * gradient
        values = np.vstack([steps, steps.sum(axis=0), now, now + steps.sum(axis=0)])
        slopes = np.vstack([gradients, gradients.sum(axis=0), now_gradient])
        slopes = np.vstack([slopes, now_gradient + gradients.sum(axis=0)])
        means = values @ self._sample.weights / self._sample.weights.sum()
        low, high = self._intervals(values, means, slopes)
        count = len(moves)
        return Scenario(
            table=table.assign(step=means[:count], step_low=low[:count], step_high=high[:count]),
            change=float(means[count]),
            change_low=float(low[count]),
            change_high=float(high[count]),
            baseline=float(means[count + 1]),
            baseline_low=float(low[count + 1]),
            baseline_high=float(high[count + 1]),
            predicted=float(means[count + 2]),
            low=float(low[count + 2]),
            high=float(high[count + 2]),
            baseline_observed=self.observed,
            kind=self.kind,
            outcome=self.outcome,
            model=self.model,
            p_proportional=self.p_proportional,
            n_used=self._sample.n,
            n_dropped=self._sample.n_dropped,
            confidence=self.confidence,
            caveats=(*self.caveats, *_cap_caveats(table)),
        )

    def _asked(self, changes: Mapping[str, float]) -> tuple[pd.DataFrame, Array]:
        """Return the table of changes so far, and each respondent's change, a row a driver."""
        rows, moves = [], np.zeros((len(changes), self._sample.n))
        for i, (name, change) in enumerate(changes.items()):
            if name not in self.drivers:
                raise DataError(f"{name!r} is not a driver here{nearest(str(name), self.drivers)}")
            if isinstance(change, str) or not np.isfinite(change):
                raise DataError(f"the change of {name!r} is {change!r}; give a number such as 0.3.")
            j = self.drivers.index(name)
            reach, cap = self._reaches[j], self.caps[j]
            asked = reach.mean + change
            ceiling = np.fmin(cap, reach.high) if change > 0 else reach.high
            target = float(np.clip(asked, reach.low, ceiling)) if change else asked
            if abs(target - reach.mean) > ROUNDING:
                moves[i, self._sample.used[:, j]] = reach.moved(target)
            capped = abs(target - asked) > ROUNDING
            rows.append((name, reach.mean, asked, target, cap, capped))
        names = ["driver", "mean_now", "mean_asked", "mean_used", "cap", "capped"]
        return pd.DataFrame(rows, columns=names), moves

    def _design(self, moves: Array, columns: list[int]) -> Array:
        ratings = self._sample.ratings.copy()
        ratings[:, columns] += moves
        return np.column_stack([self._sample.unused, ratings])

    def _expected(self, design: Array) -> tuple[Array, Array]:
        mass = self._sample.weights / self._sample.weights.sum()
        return self._odds.expected(design, self._parameters, self._values, mass)

    def _intervals(self, values: Array, means: Array, slopes: Array) -> tuple[Array, Array]:
        if not len(self._times):
            nothing = np.full(len(means), np.nan)
            return nothing, nothing
        sample = self._sample
        weighted = sample.by_unit(((values - means[:, None]) * sample.weights).T)
        mass = sample.by_unit(sample.weights[:, None])[:, 0]
        drawn = (self._times @ weighted.astype(np.float32)).astype(np.float64)
        drawn /= (self._times @ mass.astype(np.float32))[:, None]
        draws = means + drawn + self._moves @ slopes.T
        tail = 100 * (1 - self.confidence) / 2
        low, high = np.percentile(draws, [tail, 100 - tail], axis=0)
        return low, high


def _cap_caveats(table: pd.DataFrame) -> list[Caveat]:
    by_segment = _(
        "{driver}: {asked:.2f} was asked for; chance allowed for, no segment is above {used:.2f}."
    )
    by_scale = _("{driver}: {asked:.2f} was asked for, off the scale; {used:.2f} was used.")
    capped = table[table["capped"].astype(bool)]
    columns = capped[["mean_asked", "mean_used", "cap"]].to_numpy(dtype=np.float64).tolist()
    return [
        Caveat(by_segment if used == cap else by_scale, driver=str(name), asked=asked, used=used)
        for name, (asked, used, cap) in zip(capped["driver"], columns, strict=True)
    ]
