"""A measured KPI as targets need it: of what form, how spread, and how far from a target."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, isnan, nan, sqrt
from typing import Literal, Protocol

from scipy.stats import norm
from scipy.stats import t as student

from cxlib.analysis._intervals import adjusted_net, adjusted_share
from cxlib.errors import DataError

Form = Literal["nps", "share", "mean", "interval"]
Metric = Literal["nps", "share", "mean"]
FORMS: dict[str, Form] = {
    "nps": "nps",
    "points": "nps",
    "csat": "share",
    "share": "share",
    "percent": "share",
    "%": "share",
    "ces": "mean",
    "mean": "mean",
}
"""What the kind or the unit of a score says about its arithmetic; anything else goes by its
interval (medians, percentiles, durations)."""
RANGES: dict[str, tuple[float, float]] = {"nps": (-100.0, 100.0), "share": (0.0, 100.0)}
_TINY = 1e-9


class Measured(Protocol):
    """Anything measured with its uncertainty, in its own unit: a `Score`, a percentile, a rate.

    ``standard_error`` may be missing where ``low`` and ``high`` are there.
    """

    @property
    def value(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def n(self) -> int: ...


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a measured KPI says about a target.

    ``value``, ``low``, ``high``, ``adjusted`` and the standard errors are in the KPI's unit;
    ``variance`` is that of one answer, n · standard_error², in its unit squared: weights and
    clusters are in it. ``scale`` is where the KPI can be.
    """

    form: Form
    value: float
    low: float
    high: float
    n: float
    n_star: float
    variance: float
    standard_error: float
    adjusted: float
    adjusted_error: float
    confidence: float
    df: float
    scale: tuple[float, float]

    @property
    def metric(self) -> Metric:
        """Form of the arithmetic of sample sizes: an interval counts as a mean."""
        return "mean" if self.form == "interval" else self.form

    def error_towards(self, target: float) -> float:
        """Return the standard error that stands between the KPI and `target`.

        NPS: of the adjusted estimate. Share: with the target's own variance (score test). Mean:
        the usual one. Anything else: from the side of its interval that faces the target, so that
        a skewed interval counts as it is.
        """
        if self.form == "nps":
            return self.adjusted_error
        if self.form == "share":
            share = min(max(target / 100, 0.0), 1.0)
            return 100 * sqrt(share * (1 - share) / self.n_star)
        if self.form == "mean":
            return self.standard_error
        z = float(norm.ppf((1 + self.confidence) / 2))
        side = (self.value - self.low) if target < self.value else (self.high - self.value)
        if side > 0:  # an open end is infinite: nothing is known on that side
            return side / z
        return self.standard_error if self.standard_error > 0 else inf

    def p_at_most(self, target: float) -> tuple[float, float]:
        """Return one-sided p that the truth is at most `target`, and that it is at least so.

        A small first p says "above", a small second one "below".
        """
        gap = self.adjusted - target
        error = self.error_towards(target)
        if isnan(error) or (error == 0 and self.form == "mean"):
            return nan, nan
        if error == 0:
            # a share against 0 or 100 %: one answer on the other side settles it, none proves it
            return (1.0 if gap <= _TINY else 0.0), (1.0 if gap >= -_TINY else 0.0)
        if self.form == "mean":
            return float(student.sf(gap / error, self.df)), float(student.cdf(gap / error, self.df))
        return float(norm.sf(gap / error)), float(norm.cdf(gap / error))

    def p_above(self, target: float) -> float:
        """Return Φ((adjusted estimate − target) / SE)."""
        gap, error = self.adjusted - target, self.error_towards(target)
        if isnan(error) or (error == 0 and self.form == "mean"):
            return nan
        if error == 0:
            return 0.5 if abs(gap) <= _TINY else float(gap > 0)
        return float(norm.cdf(gap / error))


def evidence(measured: Measured) -> Evidence:
    """Read a measured KPI, whatever object it is.

    Raises
    ------
    DataError
        If it lacks a value, a number of answers, or any uncertainty.
    """
    value = _number(measured, "value")
    n = _number(measured, "n")
    if not isfinite(value):
        raise DataError(f"the measured value is {value:g}; a KPI without a value has no verdict.")
    if not (isfinite(n) and n >= 1):
        raise DataError(f"the measured KPI stands on n = {n:g}; it needs at least one answer.")
    low, high = _number(measured, "low"), _number(measured, "high")
    confidence = _number(measured, "confidence", 0.95)
    form = form_of(measured)
    error = _number(measured, "standard_error")
    n_star = _number(measured, "n_star", _number(measured, "n_effective", n))
    if isnan(error) and form == "share":
        error = sqrt(max(value * (100 - value), 0.0) / n_star)
    elif isnan(error) and form == "interval":
        error = _error_of(value, low, high, confidence)
    variance = n * error**2
    adjusted, adjusted_error = value, error
    if form == "nps":
        adjusted, adjusted_error = _adjusted_nps(measured, value, variance, n_star)
    if form in ("nps", "share") and not variance > 0:
        variance = _least_variance(form, value, n, n_star)
    return Evidence(
        form=form,
        value=value,
        low=low,
        high=high,
        n=n,
        n_star=n_star,
        variance=variance,
        standard_error=error,
        adjusted=adjusted,
        adjusted_error=adjusted_error,
        confidence=confidence,
        df=max(_number(measured, "df", n - 1), 1.0),
        scale=_scale_of(measured, form),
    )


def form_of(measured: object) -> Form:
    """Return which arithmetic fits a measured object, by its kind or its unit."""
    for name in ("kind", "unit", "metric"):
        said = getattr(measured, name, None)
        if isinstance(said, str) and said in FORMS:
            return FORMS[said]
    return "interval"


def _scale_of(measured: object, form: Form) -> tuple[float, float]:
    if form in RANGES:
        return RANGES[form]
    scale = getattr(measured, "scale", None) if form == "mean" else None
    return (float(scale[0]), float(scale[1])) if scale else (-inf, inf)


def _error_of(value: float, low: float, high: float, confidence: float) -> float:
    """Return the standard error that an interval stands for, its finite sides averaged."""
    z = float(norm.ppf((1 + confidence) / 2))
    sides = [side for side in (value - low, high - value) if isfinite(side)]
    return sum(sides) / len(sides) / z if sides else nan


def _adjusted_nps(
    measured: object, value: float, variance: float, n_star: float
) -> tuple[float, float]:
    adjusted, error = _number(measured, "adjusted"), _number(measured, "adjusted_error")
    if not (isnan(adjusted) or isnan(error)):
        return adjusted, error
    net = value / 100
    either = min(max(variance / 1e4 + net**2, abs(net)), 1.0)  # from v = p + d − (p − d)²
    estimate, spread = adjusted_net((either + net) / 2, (either - net) / 2, n_star)
    return 100 * estimate, 100 * sqrt(spread)


def _least_variance(form: Form, value: float, n: float, n_star: float) -> float:
    """Variance of one answer when all answered alike: that of the adjusted estimate."""
    if form == "share":
        centre = adjusted_share(value / 100, n_star, 0.95)[0]
        return 1e4 * centre * (1 - centre) * n / n_star
    net = value / 100
    spread = adjusted_net(max(net, 0.0), max(-net, 0.0), n_star)[1]
    return 1e4 * spread * (n_star + 3) * n / n_star


def _number(measured: object, name: str, default: float = nan) -> float:
    value = getattr(measured, name, None)
    if value is None:
        return default
    try:
        return float(value)
    except (TypeError, ValueError):
        raise DataError(f"the measured {name} is {value!r}, not a number.") from None
