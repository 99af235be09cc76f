"""Yearly memberships: how many renew, now and beyond the data (shifted beta-geometric)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import betaln

from cxlib.analysis.lifetime.customers import fit
from cxlib.analysis.metrics import number
from cxlib.analysis.results import Result
from cxlib.analysis.validate import Floats, numbers
from cxlib.errors import DataError


@dataclass(frozen=True, kw_only=True)
class ShiftedBetaGeometric(Result):
    """Renewals of a cohort whose members each have their own constant chance of leaving.

    Parameters
    ----------
    alpha, beta : float
        That chance ~ Beta(alpha, beta).
    log_likelihood : float
    initial : float
        Members at the start.
    observed : tuple of float
        Survivors at each renewal so far.
    table : DataFrame
        ``time, survivors, expected, retention`` (of those at the last renewal, by the model).
    """

    alpha: float
    beta: float
    log_likelihood: float
    initial: float
    observed: tuple[float, ...]
    table: pd.DataFrame

    def survival(self, time: Any) -> Floats:
        """Return the expected share of the start that is left after `time` renewals."""
        t = np.asarray(time, dtype=float)
        left = np.exp(betaln(self.alpha, self.beta + t) - betaln(self.alpha, self.beta))
        return np.asarray(left, dtype=float)

    def project(self, n: int) -> pd.Series:
        """Return survivors expected at the `n` renewals after the last one seen, by renewal."""
        ahead = len(self.observed) + 1 + np.arange(int(number(n, "n")))
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
            f"survivors {list(np.round(whole, 3))} of {begun:g} are no falling series of at least "
            "two renewals; is `initial` the number at the start?"
        )
    lost = -np.diff(whole)
    if lost.sum() == 0:
        raise DataError("nobody left, so nothing tells how long members stay.")
    t = np.arange(1, len(left) + 1)

    def loss(logs: Floats) -> float:
        alpha, beta = np.exp(logs)
        chance = betaln(alpha + 1, beta + t - 1) - betaln(alpha, beta)
        stay = betaln(alpha, beta + t[-1]) - betaln(alpha, beta)
        return float(-(lost @ chance + left[-1] * stay))

    fitted, _covariance = fit(loss, [0.0, 1.0])
    alpha, beta = np.exp(fitted).tolist()
    model = ShiftedBetaGeometric(
        alpha=alpha, beta=beta, log_likelihood=-loss(fitted), initial=begun,
        observed=tuple(left.tolist()), table=pd.DataFrame(),
    )  # fmt: skip
    table = pd.DataFrame({"time": t, "survivors": left, "expected": begun * model.survival(t)})
    table["retention"] = (beta + t - 1) / (alpha + beta + t - 1)
    return replace(model, table=table)
