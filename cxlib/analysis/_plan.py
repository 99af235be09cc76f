"""A planned test: the spread of one answer, the design, the errors allowed, all checked."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Literal

from scipy.stats import norm

from cxlib.analysis._evidence import FORMS, Measured, evidence
from cxlib.analysis._options import number
from cxlib.errors import DataError, nearest

Design = Literal["two waves", "fixed target"]
DESIGNS: dict[str, int] = {"two waves": 2, "fixed target": 1}
"""Designs and their usual number of sides: a change between waves may go either way, a contract's
target is passed on one side only."""
UNIT: dict[str, float] = {"nps": 100.0, "share": 100.0, "mean": 1.0}
"""How many points of the metric's own unit make 1 on the scale of its variance."""
ALPHA = 0.05
POWER = 0.80  # the usual four chances in five (Cohen 1988); the definition of every n here


@dataclass(frozen=True)
class Plan:
    """A test that is planned: the spread of one answer, the design, and the errors allowed."""

    metric: str
    variance: float  # of one answer, on the variance's own scale; of the base wave for a share
    share: float | None  # the base wave's share on 0…1 where the variance follows the share
    design: str
    sides: int
    alpha: float
    power: float
    design_effect: float

    @property
    def z_alpha(self) -> float:
        return float(norm.isf(self.alpha / self.sides))

    @property
    def z_power(self) -> float:
        return float(norm.ppf(self.power))

    def spread(self, change: float) -> float:
        """Variance of one answer after `change` (on the variance's scale)."""
        if self.share is None:
            return self.variance
        moved = min(max(self.share + change, 0.0), 1.0)
        base = self.share * (1 - self.share)
        return moved * (1 - moved) * (self.variance / base if base else 1.0)

    def errors(self, change: float, n: float, n_before: float) -> tuple[float, float]:
        """Return the standard errors of the difference if nothing changed, and if it did."""
        before, after = self.variance * self.design_effect, self.spread(change) * self.design_effect
        if self.design == "two waves":
            both = sqrt(before / n_before + after / n)
            return both, both
        return sqrt(before / n), sqrt(after / n)


def plan_of(
    *,
    variance: float | None,
    share: float | None,
    sd: float | None,
    score: Measured | None,
    metric: str | None,
    design: str,
    sides: int | None,
    alpha: float,
    power: float,
    design_effect: float,
) -> Plan:
    given = {"variance": variance, "share": share, "sd": sd, "score": score}
    said = [name for name, value in given.items() if value is not None]
    for name in set(said) - {"score"}:
        number(given[name], name)
    if len(said) != 1:
        raise DataError(
            f"give exactly one of variance, share, sd and score; got {', '.join(said) or 'none'}."
        )
    if design not in DESIGNS:
        raise DataError(f"unknown design {design!r}{nearest(str(design), DESIGNS)}")
    if sides not in (None, 1, 2):
        raise DataError(f"sides is {sides!r}; a test has 1 or 2.")
    for name, value in (("alpha", alpha), ("power", power)):
        if not 0 < number(value, name) < 1:
            raise DataError(f"{name} is {value:g}; it lies between 0 and 1, both excluded.")
    if power <= alpha / (sides or DESIGNS[design]):
        raise DataError(f"power {power:g} is no more than the error rate: ask for more.")
    if not (isfinite(number(design_effect, "design_effect")) and design_effect > 0):
        raise DataError(f"design_effect is {design_effect:g}; it is a positive factor, 1 for none.")
    kind, spread, level = _spread(variance, share, sd, score, metric)
    return Plan(kind, spread, level, design, sides or DESIGNS[design], alpha, power, design_effect)


def _spread(
    variance: float | None,
    share: float | None,
    sd: float | None,
    score: Measured | None,
    metric: str | None,
) -> tuple[str, float, float | None]:
    """Return metric kind, variance of one answer, and the share that the variance follows."""
    if metric is not None:
        if metric not in FORMS:
            raise DataError(f"unknown metric {metric!r}{nearest(str(metric), UNIT)}")
        metric = FORMS[metric]
    level: float | None = None
    if share is not None:
        kind, level = "share", share / 100
        if not 0 <= level <= 1:
            raise DataError(f"share is {share!r}; it is in percent, 0 to 100.")
        spread = level * (1 - level)
    elif sd is not None:
        kind, spread = "mean", sd * abs(sd)
    elif score is not None:
        seen = evidence(score)
        kind, spread = seen.metric, seen.variance / UNIT[seen.metric] ** 2
        level = seen.value / 100 if kind == "share" and 0 < seen.value < 100 else None
    else:
        kind, spread = metric or "nps", float("nan" if variance is None else variance)
    if metric is not None and metric != kind:
        raise DataError(f"metric is {metric!r}, but what was given describes a {kind}.")
    if not (isfinite(spread) and (spread > 0 or level is not None)):
        raise DataError(f"the variance of one answer is {spread:g}; it must be positive.")
    if kind != "mean" and spread > 1 and variance is not None:
        scale = "−1…1" if kind == "nps" else "0…1"
        raise DataError(
            f"variance {variance:g} is impossible on {scale}; in points², divide it by 10,000."
        )
    return kind, spread, level


def step_of(change: float, plan: Plan) -> float:
    """Return the change on the variance's scale, checked."""
    step = number(change, "change") / UNIT[plan.metric]
    if not isfinite(step) or step == 0:
        raise DataError(f"change is {change:g}; it must be a number other than 0.")
    if plan.metric != "mean" and abs(step) > (2 if plan.metric == "nps" else 1):
        raise DataError(f"a change of {change:g} is more than the whole scale of a {plan.metric}.")
    if plan.share is not None and not -1e-12 <= plan.share + step <= 1 + 1e-12:
        raise DataError(
            f"a change of {change:g} takes a share of {100 * plan.share:g} % off the scale 0-100."
        )
    return step


def size_of(n: float, name: str) -> float:
    if not (isfinite(number(n, name)) and n >= 1):
        raise DataError(f"{name} is {n:g}; a number of answers is at least 1.")
    return float(n)
