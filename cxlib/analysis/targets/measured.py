"""How a measured KPI stands to a target: met, missed, or too close to call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf, isfinite, isnan, nan, sqrt
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.stats import norm

from cxlib.analysis.compare.benchmark import POWER, against, ends_of, provable
from cxlib.analysis.estimation import ADDED_ANSWERS, Score, adjusted_net, z_of
from cxlib.analysis.kpis.verdicts import ALPHA, MET, MISSED, OPEN
from cxlib.analysis.metrics import Direction, check_direction, number, one_of
from cxlib.analysis.results import CARE_BASE, Caveat, Interval, said
from cxlib.errors import DataError
from cxlib.words import mark as _

Basis = Literal["sample", "census"]
FORMS = {"nps": "nps", "points": "nps", "csat": "share", "share": "share", "percent": "share"}
FORMS |= {"%": "share", "ces": "mean", "mean": "mean"}
"""What the kind or unit of a KPI says about its arithmetic; anything else (a median, a percentile,
a duration) goes by its interval."""
SAME = 1e-9  # a gap that floating point makes: 100 × (0.45 − 0.40) is 4.999…, and reaches 5


class Measured(Interval):
    """A KPI with its uncertainty, in its own unit: `kind` is "nps", "share", "mean" or "interval".

    ``variance`` is that of one answer, n · standard_error²: weights and clusters are in it.
    """

    kind: str
    n: float
    n_star: float
    variance: float
    standard_error: float
    df: float
    scale: tuple[float, float]
    confidence: float
    promoters: float
    detractors: float

    def tests(self, target: float, direction: Direction) -> tuple[float, float, float]:
        """Return one-sided p of having met and of having missed the target, and p_met."""
        if self.kind != "interval":
            return against(vars(self), target, direction)[2:]
        error = self._facing(target)
        if isnan(error):
            return nan, nan, nan
        better = (1.0 if direction == "higher" else -1.0) * (self.value - target)
        z = better / error if better else 0.0
        return float(norm.sf(z)), float(norm.cdf(z)), float(norm.cdf(z))

    def takes(self, target: float, direction: Direction, alpha: float) -> float:
        """Return the true value at which "met" has a chance of 80 %; NaN if the scale has none."""
        error = self.standard_error if self.kind != "interval" else self._facing(target)
        return provable(vars(self) | {"standard_error": error}, target, direction, alpha)

    def settle(self, target: float, alpha: float) -> float:
        """Return the answers that tell the present gap from none with 80 % power."""
        gap = abs(self.value - target)
        if gap <= SAME * max(1.0, abs(target)):
            return inf
        variance = self.variance
        if self.kind == "interval":
            variance = self.n * self._facing(target) ** 2
        if not isfinite(variance) or variance == 0:
            return nan
        return float(variance * (norm.isf(alpha) + norm.ppf(POWER)) ** 2 / gap**2)

    def _facing(self, target: float) -> float:
        """Return the standard error of the side that faces `target`: a skewed interval counts."""
        side = (self.value - self.low) if target < self.value else (self.high - self.value)
        if self.kind == "interval" and side > 0:  # an open end is infinite: nothing is known there
            return side / float(norm.ppf((1 + self.confidence) / 2))
        return self.standard_error if self.standard_error > 0 or self.kind == "mean" else inf


def read(measured: Any) -> Measured:
    """Read a `Score`, a row of `Estimates`, or anything with value, n and interval."""
    measured = _row(measured)
    value, n = _number(measured, "value"), _number(measured, "n")
    if not isfinite(value):
        raise DataError(f"the measured value is {value:g}; a KPI without a value has no verdict.")
    if not (isfinite(n) and n >= 1):
        raise DataError(f"the measured KPI stands on n = {n:g}; it needs at least one answer.")
    words = [getattr(measured, name, None) for name in ("kind", "unit", "metric")]
    known = (FORMS[word] for word in words if isinstance(word, str) and word in FORMS)
    kind = next(known, "interval")
    low, high = _number(measured, "low"), _number(measured, "high")
    confidence = _number(measured, "confidence", 0.95)
    n_star = _number(measured, "n_star", _number(measured, "n_effective", n))
    error = _number(measured, "standard_error")
    if isnan(error) and kind == "share":
        error = sqrt(max(value * (100 - value), 0.0) / n_star)
    elif isnan(error) and kind == "interval":
        sides = [side for side in (value - low, high - value) if isfinite(side)]
        error = sum(sides) / len(sides) / z_of(confidence) if sides else nan
    variance = n * error**2
    if kind in ("nps", "share") and not variance > 0:
        variance = _least_variance(kind, value, n, n_star)
    net = value / 100  # without their shares: p + d follows from v = p + d − (p − d)²
    either = min(max(error**2 * n_star / 1e4 + net**2, abs(net)), 1.0) if kind == "nps" else nan
    up, down = (_number(measured, name) for name in ("promoters", "detractors"))
    df = _number(measured, "df")
    df = (n - 1 if kind == "mean" else inf) if isnan(df) else df
    return Measured(
        kind=kind,
        value=value,
        low=low,
        high=high,
        n=n,
        n_star=n_star,
        variance=variance,
        standard_error=error,
        df=max(df, 1.0),
        scale=ends_of(kind, getattr(measured, "scale", None) if kind == "mean" else None),
        confidence=confidence,
        promoters=(either + net) / 2 if isnan(up) else up,
        detractors=(either - net) / 2 if isnan(down) else down,
    )


def _row(measured: Any) -> Any:
    """Return a score as a row of estimates, and any row with its columns as attributes."""
    if isinstance(measured, Score):
        about = {"scale": measured.scale, "confidence": measured.confidence}
        measured = measured.as_row() | about
    return SimpleNamespace(**measured) if isinstance(measured, (Mapping, pd.Series)) else measured


def _least_variance(kind: str, value: float, n: float, n_star: float) -> float:
    """Return the variance of one answer when all answered alike: the adjusted estimate's."""
    net = value / 100
    if kind == "share":
        z = z_of(0.95)
        centre = (net * n_star + z**2 / 2) / (n_star + z**2)
        return 1e4 * centre * (1 - centre) * n / n_star
    spread = adjusted_net(max(net, 0.0), max(-net, 0.0), n_star)[1]
    return 1e4 * spread * (n_star + ADDED_ANSWERS) * n / n_star


def _number(measured: object, name: str, default: float = nan) -> float:
    value = getattr(measured, name, None)
    try:
        return default if value is None else float(value)
    except (TypeError, ValueError):
        raise DataError(f"the measured {name} is {value!r}, not a number.") from None


class Verdict(Interval):
    """One target against what was measured.

    ``reached, p_value, p_missed, p_met``: as in `compare.Benchmark`; a census has no p-values, and
    ``p_met`` 1 or 0. ``status``: "met", "missed" or "too close to call". ``n_to_settle``: answers
    that tell the present gap from none with 80 % power, infinite at no gap. ``takes``: the true
    value at which "met" has a chance of 80 % at this sample, NaN where the scale has none.
    """

    target: float
    direction: Direction
    reached: bool
    status: str
    p_value: float
    p_missed: float
    p_met: float
    n_to_settle: float
    takes: float
    alpha: float
    basis: Basis
    n: float


def verdict(
    measured: Any,
    target: float,
    *,
    direction: Direction,
    basis: Basis = "sample",
    alpha: float = ALPHA,
) -> Verdict:
    """Say whether a target is met, missed, or too close to call; `kpis.judge` judges several.

    The test is that of `compare.benchmark`; anything but NPS, shares and means goes by the side of
    its interval that faces the target. n_to_settle = variance · (z₁₋α + z.₈)² / gap², with the
    variance of one measured answer (n · SE², so that weights and clusters count). ``takes`` solves
    θ − T = (z₁₋α √v_T + z.₈ √v_θ) / √n*, with v the variance of one answer at T and at θ.

    Parameters
    ----------
    measured : Score, row of Estimates, or another object with value, low, high and n
        What was measured: NPS points, a share in percent, a mean, a percentile or a duration. A
        plain number will do for a census.
    target : float
        What was agreed, in the same unit.
    direction : {"higher", "lower"}
        Which side of the target is better.
    basis : {"sample", "census"}
        A survey stands for customers who were not asked; a KPI over all tickets is a fact.
    alpha : float
        One-sided error rate: how often a missed target may pass for met, and the other way round.
        Of several targets of one contract, the level of this one after adjustment (`holm_level`).

    Raises
    ------
    DataError
        If the direction or basis is unknown, the target is no number or off the KPI's scale, or a
        sample comes without uncertainty.
    """
    check_direction(direction)
    one_of(basis, ("sample", "census"), f"unknown basis {basis!r}")
    alpha = number(alpha, "alpha", above=0, below=0.5)
    target = number(target, "the target", above=-inf)
    measured = _row(measured)
    seen = _measured(measured, basis)
    value = float(measured) if seen is None else seen.value
    if seen is not None and not seen.scale[0] <= target <= seen.scale[1]:
        raise DataError(
            f"target {target:g} is off the scale {seen.scale[0]:g} to {seen.scale[1]:g}."
        )
    sign = 1.0 if direction == "higher" else -1.0
    reached = bool(sign * (value - target) >= -SAME * max(1.0, abs(target)))
    tested: dict[str, Any] = dict.fromkeys(("p_value", "p_missed", "n_to_settle", "takes"), nan)
    tested |= {"p_met": float(reached), "status": MET if reached else MISSED}
    caveats: tuple[Caveat, ...] = ()
    if seen is not None and basis == "sample":
        p_value, p_missed, p_met = seen.tests(target, direction)
        tested = {"p_value": p_value, "p_missed": p_missed, "p_met": p_met}
        tested["status"] = MET if p_value <= alpha else MISSED if p_missed <= alpha else OPEN
        tested["n_to_settle"] = seen.settle(target, alpha)
        tested["takes"] = seen.takes(target, direction, alpha)
        rough = _("A verdict on {n} answers is rough: interpret with care.")
        alike = _("The answers do not differ, so nothing says how sure they are.")
        caveats = (*said(seen.n < CARE_BASE, rough, n=int(seen.n)), *said(isnan(p_value), alike))
    return Verdict(
        **tested,
        target=target,
        direction=direction,
        reached=reached,
        alpha=alpha,
        basis=basis,
        value=value,
        low=value if seen is None else seen.low,
        high=value if seen is None else seen.high,
        n=nan if seen is None else seen.n,
        caveats=caveats,
    )


def _measured(given: Any, basis: Basis) -> Measured | None:
    """Return what was measured, None for a plain number; a sample's needs its uncertainty."""
    bare = isinstance(given, (int, float, np.number))
    if bare and basis == "census":
        number(given, "the measured value", above=-inf)
    seen, known = None if bare else read(given), False
    if seen is not None:
        told = any(getattr(given, name, None) is not None for name in ("low", "standard_error"))
        unsure = seen.kind == "interval" and isnan(seen.standard_error)
        known = seen.kind == "share" or (told and not unsure)
    if basis == "sample" and not known:
        raise DataError(
            f"{given if seen is None else seen.value:g} comes without uncertainty; give the "
            'score it is from, or basis="census" if it counts every case.'
        )
    return seen


def holm_level(p: float, family: Iterable[float], alpha: float = ALPHA) -> float:
    """Return the level at which Holm tests one p-value of a family; missing ones do not count."""
    return alpha / max(1, int(np.sum(np.asarray(list(family), dtype=float) >= p)))
