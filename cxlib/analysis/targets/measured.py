"""A measured KPI as targets need it: its arithmetic, its spread, and how it stands to a number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf, isfinite, isnan, nan, sqrt
from typing import Any, Literal

from scipy.optimize import brentq
from scipy.stats import norm
from scipy.stats import t as student

from cxlib.analysis._benchmark import against
from cxlib.analysis._intervals import ADDED_ANSWERS, adjusted_net, adjusted_share
from cxlib.analysis.kpis.verdicts import POWER
from cxlib.analysis.metrics import Direction
from cxlib.errors import DataError

Form = Literal["nps", "share", "mean", "interval"]
FORMS: dict[str, Form] = {"nps": "nps", "points": "nps", "csat": "share", "share": "share"}
FORMS |= {"percent": "share", "%": "share", "ces": "mean", "mean": "mean"}
"""What the kind or unit of a KPI says about its arithmetic; anything else (a median, a percentile,
a duration) goes by its interval."""
SCALES: dict[str, tuple[float, float]] = {"nps": (-100.0, 100.0), "share": (0.0, 100.0)}
SAME = 1e-9  # a gap that floating point makes: 100 × (0.45 − 0.40) is 4.999…, and reaches 5


@dataclass(frozen=True)
class Measured:
    """A KPI with its uncertainty, in its own unit.

    ``variance`` is that of one answer, n · standard_error²: weights and clusters are in it.
    """

    form: Form
    value: float
    low: float
    high: float
    n: float
    n_star: float
    variance: float
    error: float
    df: float
    scale: tuple[float, float]
    confidence: float
    promoters: float
    detractors: float

    def tests(self, target: float, direction: Direction) -> tuple[float, float, float]:
        """Return one-sided p of having met and of having missed the target, and p_met."""
        if self.form == "interval":
            error = self._facing(target)
            if isnan(error):
                return nan, nan, nan
            better = (1.0 if direction == "higher" else -1.0) * (self.value - target)
            z = better / error if better else 0.0
            return float(norm.sf(z)), float(norm.cdf(z)), float(norm.cdf(z))
        return against(
            "csat" if self.form == "share" else self.form,
            self.value,
            target,
            direction=direction,
            n_star=self.n_star,
            promoters=self.promoters,
            detractors=self.detractors,
            standard_error=self.error,
            df=self.df,
        )[2:]

    def takes(self, target: float, direction: Direction, alpha: float) -> float:
        """Return the true value at which "met" has a chance of 80 %; NaN if the scale has none.

        The errors are those of the test: under the target's variance, then under the truth's.
        """
        sign = 1.0 if direction == "higher" else -1.0
        z, power = float(norm.isf(alpha)), float(norm.ppf(POWER))
        if self.form in ("mean", "interval"):
            z = float(student.isf(alpha, self.df)) if self.form == "mean" else z
            at = target + sign * (z + power) * self._facing(target)
            return at if self.scale[0] <= at <= self.scale[1] else nan

        def lead(value: float) -> float:
            noise = z * self._spread(target) + power * self._spread(value)
            return sign * (value - target) - noise / sqrt(self.n_star)

        end = self.scale[1] if sign > 0 else self.scale[0]
        if lead(end) < 0 or end == target:
            return nan
        return float(brentq(lead, target, end))

    def settle(self, target: float, alpha: float) -> float:
        """Return the answers that tell the present gap from none with 80 % power."""
        gap = abs(self.value - target)
        if gap <= SAME * max(1.0, abs(target)):
            return inf
        variance = self.variance
        if self.form == "interval":
            variance = self.n * self._facing(target) ** 2
        if not isfinite(variance) or variance == 0:
            return nan
        return float(variance * (norm.isf(alpha) + norm.ppf(POWER)) ** 2 / gap**2)

    def _spread(self, value: float) -> float:
        """Return the standard deviation of one answer if the KPI stood at `value`."""
        if self.form == "share":
            return sqrt(max(value * (100 - value), 0.0))
        net = value / 100  # as many passives as now
        either = max(self.promoters + self.detractors, abs(net))
        return 100 * sqrt(max(either - net**2, 0.0))

    def _facing(self, target: float) -> float:
        """Return the standard error of the side that faces `target`: a skewed interval counts."""
        side = (self.value - self.low) if target < self.value else (self.high - self.value)
        if self.form == "interval" and side > 0:  # an open end is infinite: nothing is known there
            return side / float(norm.ppf((1 + self.confidence) / 2))
        return self.error if self.error > 0 or self.form == "mean" else inf


def read(measured: Any) -> Measured:
    """Read a measured KPI: a `Score`, a row of `Estimates`, or anything with value, n and interval.

    Raises
    ------
    DataError
        If it lacks a value, a number of answers, or any uncertainty.
    """
    value, n = _number(measured, "value"), _number(measured, "n")
    if not isfinite(value):
        raise DataError(f"the measured value is {value:g}; a KPI without a value has no verdict.")
    if not (isfinite(n) and n >= 1):
        raise DataError(f"the measured KPI stands on n = {n:g}; it needs at least one answer.")
    form = _form_of(measured)
    low, high = _number(measured, "low"), _number(measured, "high")
    confidence = _number(measured, "confidence", 0.95)
    n_star = _number(measured, "n_star", _number(measured, "n_effective", n))
    error = _number(measured, "standard_error")
    if isnan(error) and form == "share":
        error = sqrt(max(value * (100 - value), 0.0) / n_star)
    elif isnan(error) and form == "interval":
        sides = [side for side in (value - low, high - value) if isfinite(side)]
        error = sum(sides) / len(sides) / norm.ppf((1 + confidence) / 2) if sides else nan
    variance = n * error**2
    if form in ("nps", "share") and not variance > 0:
        variance = _least_variance(form, value, n, n_star)
    net = value / 100  # without their shares: p + d follows from v = p + d − (p − d)²
    either = min(max(error**2 * n_star / 1e4 + net**2, abs(net)), 1.0) if form == "nps" else nan
    up, down = _shares(measured)
    return Measured(
        form=form,
        value=value,
        low=low,
        high=high,
        n=n,
        n_star=n_star,
        variance=variance,
        error=error,
        df=_df(measured, form, n),
        scale=SCALES.get(form) or _scale_of(getattr(measured, "scale", None), form),
        confidence=confidence,
        promoters=(either + net) / 2 if isnan(up) else up,
        detractors=(either - net) / 2 if isnan(down) else down,
    )


def _shares(measured: Any) -> tuple[float, float]:
    told = getattr(measured, "detail", None) or {}
    up, down = _number(measured, "promoters"), _number(measured, "detractors")
    return float(told.get("promoters", up)), float(told.get("detractors", down))


def _df(measured: Any, form: Form, n: float) -> float:
    """Return the degrees of freedom of the test: a normal one's are infinite."""
    if form == "mean" or getattr(measured, "clustered", False):
        return max(_number(measured, "df", n - 1), 1.0)
    return inf


def _scale_of(scale: Any, form: Form) -> tuple[float, float]:
    """Return the ends of a mean's scale: (1, 7), or 1-7 as a row of estimates has it."""
    if form != "mean" or not isinstance(scale, (str, tuple, list)):
        return -inf, inf
    found = re.fullmatch(r"(-?\d+)-(-?\d+)", scale) if isinstance(scale, str) else None
    ends = list(scale) if found is None else list(found.groups())
    return float(ends[0]), float(ends[1])


def _form_of(measured: object) -> Form:
    for name in ("kind", "unit", "metric"):
        said = getattr(measured, name, None)
        if isinstance(said, str) and said in FORMS:
            return FORMS[said]
    return "interval"


def _least_variance(form: Form, value: float, n: float, n_star: float) -> float:
    """Return the variance of one answer when all answered alike: the adjusted estimate's."""
    if form == "share":
        centre = adjusted_share(value / 100, n_star, 0.95)[0]
        return 1e4 * centre * (1 - centre) * n / n_star
    net = value / 100
    spread = adjusted_net(max(net, 0.0), max(-net, 0.0), n_star)[1]
    return 1e4 * spread * (n_star + ADDED_ANSWERS) * n / n_star


def _number(measured: object, name: str, default: float = nan) -> float:
    value = getattr(measured, name, None)
    try:
        return default if value is None else float(value)
    except (TypeError, ValueError):
        raise DataError(f"the measured {name} is {value!r}, not a number.") from None
