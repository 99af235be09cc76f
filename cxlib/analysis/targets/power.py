"""How many answers a change needs before it can be seen, by `statsmodels.stats.power`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import ceil, inf, isfinite, nan, sqrt
from typing import Any, Literal, TypedDict, Unpack

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm
from statsmodels.stats.power import normal_power_het, normal_sample_size_one_tail

from cxlib.analysis.compare.benchmark import POWER
from cxlib.analysis.kpis.verdicts import ALPHA
from cxlib.analysis.metrics import check_direction, check_options, number, one_of
from cxlib.analysis.results import CARE_BASE, Caveat, Result, Tabled, said
from cxlib.analysis.targets.measured import FORMS, read
from cxlib.errors import DataError
from cxlib.words import mark as _

TWO_WAVES, FIXED = _("two waves"), _("fixed target")
DESIGNS: dict[str, int] = {TWO_WAVES: 2, FIXED: 1}
"""Designs and their usual number of sides: a change between waves may go either way, a contract's
target is passed on one side only."""
UNIT: dict[str, float] = {"nps": 100.0, "share": 100.0, "mean": 1.0}
"""How many points of the KPI's own unit make 1 on the scale of its variance."""
CHANGES = {"nps": (2.0, 3.0, 5.0, 8.0, 10.0, 15.0), "share": (1.0, 2.0, 3.0, 5.0, 8.0, 10.0)}
EFFECTS = (0.1, 0.2, 0.3, 0.5, 0.8)  # Cohen's small, medium and large, and what lies between
SIZES = (50, 100, 200, 300, 500, 800, 1200, 2000, 3000, 5000)


class Assumed(TypedDict, total=False):
    """What a sample size stands on; see `sample_size`."""

    variance: float | None
    share: float | None
    sd: float | None
    score: Any
    metric: Literal["nps", "share", "mean"] | None
    design: Literal["two waves", "fixed target"]
    sides: int | None
    alpha: float
    power: float
    design_effect: float


class SampleSize(Result):
    """The answers that a change needs, or the change that answers show, and all it stands on.

    ``n`` is a wave's answers (design effect included), ``n_before`` those of the wave before (NaN
    against a fixed target); ``change`` is in the KPI's unit, infinite where no change within the
    scale can be seen; ``variance`` is that of one answer (NPS on −1…1, share on 0…1, mean in its
    own unit squared); ``share`` the base wave's on 0…1 where the variance follows it.
    """

    metric: str
    variance: float
    share: float | None
    design: str
    sides: int
    alpha: float
    power: float
    design_effect: float
    n: int = 0
    n_before: float = nan
    change: float = nan

    @property
    def n_total(self) -> int:
        """Answers of all waves together."""
        return self.n + (int(self.n_before) if isfinite(self.n_before) else 0)

    @classmethod
    def of(cls, **assumed: Unpack[Assumed]) -> SampleSize:
        """Check what a plan assumes, before there is a size."""
        check_options(assumed, Assumed.__annotations__)
        design, sides = assumed.get("design", TWO_WAVES), assumed.get("sides")
        one_of(design, DESIGNS, f"unknown design {design!r}")
        if sides not in (None, 1, 2):
            raise DataError(f"sides is {sides!r}; a test has 1 or 2.")
        sides = sides or DESIGNS[design]
        alpha, power = assumed.get("alpha", ALPHA), assumed.get("power", POWER)
        for name, value in (("alpha", alpha), ("power", power)):
            number(value, name, above=0, below=1)
        if power <= alpha / sides:
            raise DataError(f"power {power:g} is no more than the error rate: ask for more.")
        effect = number(assumed.get("design_effect", 1.0), "design_effect", above=0)
        metric, variance, share = _spread_of(assumed)
        plan: Any = {"metric": metric, "variance": variance, "share": share, "design": design}
        return cls(**plan, sides=sides, alpha=alpha, power=power, design_effect=effect)

    def step(self, change: float) -> float:
        """Return the change on the variance's scale, checked."""
        step = number(change, "change", above=-inf) / UNIT[self.metric]
        if step == 0:
            raise DataError(f"change is {change:g}; it must be a number other than 0.")
        if self.metric != "mean" and abs(step) > (2 if self.metric == "nps" else 1):
            raise DataError(
                f"a change of {change:g} is more than the whole scale of a {self.metric}."
            )
        if self.share is not None and not -1e-12 <= self.share + step <= 1 + 1e-12:
            raise DataError(
                f"a change of {change:g} takes a share of {100 * self.share:g}% off the scale."
            )
        return step

    def spread(self, step: float) -> float:
        """Return the variance of one answer after a change."""
        if self.share is None:
            return self.variance
        moved = min(max(self.share + step, 0.0), 1.0)
        base = self.share * (1 - self.share)
        return moved * (1 - moved) * (self.variance / base if base else 1.0)

    def errors(self, step: float, n: float, n_before: float) -> tuple[float, float]:
        """Return the standard errors of the difference if nothing changed, and if it did."""
        before, after = self.variance * self.design_effect, self.spread(step) * self.design_effect
        if self.design == TWO_WAVES:
            both = sqrt(before / n_before + after / n)
            return both, both
        return sqrt(before / n), sqrt(after / n)

    def smallest(self, n: float, n_before: float, sign: float) -> float:
        """Return the smallest step that is seen; infinite where a share has no room for one."""
        z, power = float(norm.isf(self.alpha / self.sides)), float(norm.ppf(self.power))

        def excess(step: float) -> float:
            null, real = self.errors(sign * step, n, n_before)
            return step - z * null - power * real

        if self.share is None:
            return -excess(0.0)
        room = 1 - self.share if sign > 0 else self.share
        # convex and not positive at 0: it crosses zero at most once on the way to the end
        if room <= 0 or excess(room) < 0:
            return inf
        return float(brentq(excess, 1e-12, room)) if excess(1e-12) < 0 else 0.0

    def chance(self, step: float, n: float) -> float:
        """Return the chance to see a step with `n` answers a wave."""
        null, real = self.errors(step, n, n)
        if real == 0:
            return float(abs(step) > norm.isf(self.alpha / self.sides) * null)
        sides = "two-sided" if self.sides == 2 else "larger"
        return float(normal_power_het(abs(step), 1, self.alpha, null, real, alternative=sides))

    def sized(self, n: int, n_before: float, change: float, variance: float) -> SampleSize:
        """Return a size or a change with everything it stands on."""
        before = n_before if self.design == TWO_WAVES else nan
        told: Any = {"n": n, "n_before": before, "change": change, "variance": variance}
        return replace(self, **told, caveats=rough(min(n, n_before)))


class PowerCurve(Tabled):
    """The chance to see a change, by its size and by the answers of a wave.

    ``table``: ``change`` (KPI's unit), ``n`` (answers a wave), ``power`` (0 to 1), ``enough``
    (reaches the power asked for). ``smallest`` is the change that the `n` answers of a wave now
    show with that power, computed and not read off the table; NaN if `n` was not given.
    """

    metric: str
    design: str
    power: float
    n: float
    smallest: float


def sample_size(*, change: float, **assumed: Unpack[Assumed]) -> SampleSize:
    """How many answers a wave needs to show a change of this size.

    Two waves: n = (z₁₋α/₂ + z_power)² (v₁ + v₂) / change²; for shares v₁ and v₂ are each wave's own
    p(1 − p). Fixed target: n = (z₁₋α √v₀ + z_power √v₁)² / change², v₀ at the target and v₁ after
    the change, which are the same for NPS and means (Fleiss, Levin, Paik 2003, ch. 4).

    Parameters
    ----------
    change : float
        Change to be seen, in the KPI's unit: NPS points, percentage points, or scale points of a
        mean; its sign matters only for a share.
    variance, share, sd, score
        Exactly one tells the spread of one answer: its variance (NPS on −1…1, p + d − (p − d)²;
        share on 0…1; mean in its own unit squared); the share of the base wave, or of the fixed
        target, in percent; the standard deviation of a mean; or a measured baseline (Score or row
        of Estimates), whose variance n · standard_error² has weights and clusters in it.
    metric : {"nps", "share", "mean"}, optional
        What `variance` belongs to; "nps" if not said. The others tell it themselves.
    design : {"two waves", "fixed target"}
        Two independent waves compared, or one wave against a number that is fixed.
    sides : {1, 2}, optional
        Sides of the test: 2 for two waves and 1 for a fixed target unless told otherwise.
    alpha, power : float
        Error rate of the test (0.05), and chance to see the change if it is there (0.80).
    design_effect : float
        Factor on the variance for weights and clusters that are not in it yet.

    Raises
    ------
    DataError
        If the change is 0, leaves the scale, or an assumption is out of its range.
    """
    test = SampleSize.of(**assumed)
    step = test.step(change)
    null, real = test.errors(step, 1.0, 1.0)
    errors = test.power, test.alpha / test.sides
    with np.errstate(over="ignore"):
        needed = float(normal_sample_size_one_tail(abs(step), *errors, null, real))
    if not isfinite(needed):
        raise DataError(f"a change of {change:g} is too small for any number of answers.")
    n = max(1, ceil(needed - 1e-9))
    return test.sized(n, n, float(change), (test.variance + test.spread(step)) / 2)


def detectable_change(
    *,
    n: float,
    n_before: float | None = None,
    direction: Literal["higher", "lower"] = "higher",
    **assumed: Unpack[Assumed],
) -> SampleSize:
    """How small a change a wave of `n` answers can show: the inverse of `sample_size`.

    Parameters
    ----------
    n, n_before : float
        Answers of the wave to come, and of the wave before if they differ (two waves only).
    direction : {"higher", "lower"}
        Which way a share is to move; the other KPIs do not depend on it.
    **assumed
        As in `sample_size`, which also says the errors.

    Returns
    -------
    SampleSize
        ``change`` in the KPI's unit, infinite if a share has no room left for one.
    """
    test = SampleSize.of(**assumed)
    check_direction(direction)
    after = size_of(n, "n")
    if n_before is not None and test.design != TWO_WAVES:
        raise DataError("n_before belongs to two waves; a fixed target has no wave before it.")
    before = after if n_before is None else size_of(n_before, "n_before")
    step = test.smallest(after, before, 1.0 if direction == "higher" else -1.0)
    return test.sized(int(n), before, step * UNIT[test.metric], test.variance)


def power_curve(
    *,
    changes: Iterable[float] | None = None,
    sizes: Iterable[float] = SIZES,
    n: float | None = None,
    **assumed: Unpack[Assumed],
) -> PowerCurve:
    """Return the chance to see each change at each sample size: what the power figure draws.

    `changes` in the KPI's unit, by default a handful of usual ones (of a mean in standard
    deviations); `sizes` are answers a wave, `n` those of a wave now, which join them; **assumed as
    in `sample_size`, whose `power` only marks which are ``enough``.
    """
    test = SampleSize.of(**assumed)
    if changes is None:
        changes = CHANGES.get(test.metric, tuple(sqrt(test.variance) * d for d in EFFECTS))
        changes = [c for c in changes if test.share is None or test.share + c / 100 <= 1]
    counts = {size_of(each, "sizes") for each in sizes}
    counts |= set() if n is None else {size_of(n, "n")}
    rows = [(c, m, test.chance(test.step(c), m)) for c in changes for m in sorted(counts)]
    table = pd.DataFrame(rows, columns=["change", "n", "power"]).astype({"n": "int64"})
    return PowerCurve(
        table=table.assign(enough=table["power"] >= test.power - 1e-9),
        metric=test.metric,
        design=test.design,
        power=test.power,
        n=nan if n is None else float(n),
        smallest=nan if n is None else test.smallest(n, n, 1.0) * UNIT[test.metric],
        caveats=rough(min(counts, default=inf)),
    )


def _spread_of(assumed: Assumed) -> tuple[str, float, float | None]:
    """Return kind of KPI, variance of one answer, and the share that the variance follows."""
    given = {name: assumed.get(name) for name in ("variance", "share", "sd", "score")}
    told = {name: value for name, value in given.items() if value is not None}
    if len(told) != 1:
        raise DataError(
            f"give exactly one of variance, share, sd and score; got {', '.join(told) or 'none'}."
        )
    (source, value), metric = next(iter(told.items())), assumed.get("metric")
    if metric is not None:
        one_of(metric, FORMS, f"unknown metric {metric!r}")
    level: float | None = None
    if source == "score":
        seen = read(value)
        kind = "mean" if seen.kind == "interval" else seen.kind
        spread = seen.variance / UNIT[kind] ** 2
        level = seen.value / 100 if kind == "share" and 0 < seen.value < 100 else None
    else:
        kinds = {"share": "share", "sd": "mean", "variance": FORMS[metric or "nps"]}
        kind, spread = kinds[source], number(value, source)
        if source == "share":
            level = spread / 100
            if not 0 <= level <= 1:
                raise DataError(f"share is {value!r}; it is in percent, 0 to 100.")
            spread = level * (1 - level)
        elif source == "sd":
            spread *= abs(spread)
    if metric is not None and FORMS[metric] != kind:
        raise DataError(f"metric is {metric!r}, but what was given describes a {kind}.")
    if not (isfinite(spread) and (spread > 0 or level is not None)):
        raise DataError(f"the variance of one answer is {spread:g}; it must be positive.")
    if kind != "mean" and spread > 1 and source == "variance":
        scale = "−1…1" if kind == "nps" else "0…1"
        raise DataError(
            f"variance {value:g} is impossible on {scale}; in points², divide it by 10,000."
        )
    return kind, spread, level


def size_of(n: float, name: str) -> float:
    """Return a number of answers, checked."""
    return number(n, name, least=1)


def rough(n: float) -> tuple[Caveat, ...]:
    """Say that the normal approximation is rough on few answers."""
    message = _("Below {n} answers per period these sizes are rough.")
    return said(n < CARE_BASE, message, n=CARE_BASE)
