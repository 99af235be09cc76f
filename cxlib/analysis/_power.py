"""How many answers a change needs before it can be seen: the power arithmetic behind `targets`."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf, isfinite
from typing import Literal

from scipy.optimize import brentq

from cxlib.analysis._evidence import Measured, Metric
from cxlib.analysis._plan import ALPHA, POWER, UNIT, Design, Plan, plan_of, size_of, step_of
from cxlib.analysis.results import CARE_BASE, Caveat
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _


@dataclass(frozen=True, kw_only=True)
class SampleSize:
    """The answers that a change needs, and every assumption that the number stands on.

    ``n`` is a wave's answers (design effect included), ``n_total`` those of all waves together;
    ``change`` is in the metric's unit; ``variance`` is that of one answer, averaged over waves
    (NPS on −1…1, share on 0…1, mean in its own unit squared).
    """

    n: int
    n_total: int
    change: float
    variance: float
    metric: str
    design: str
    sides: int
    alpha: float
    power: float
    design_effect: float
    caveats: tuple[Caveat, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DetectableChange:
    """The smallest change that `n` answers show with the stated power.

    ``change`` is a positive size in the metric's unit, infinite where no change within the scale
    can be seen; ``n`` is a wave's answers, ``n_before`` those of the wave before (two waves).
    """

    change: float
    n: int
    n_before: int | None
    variance: float
    metric: str
    design: str
    sides: int
    alpha: float
    power: float
    design_effect: float
    caveats: tuple[Caveat, ...] = ()


def sample_size(
    *,
    change: float,
    variance: float | None = None,
    share: float | None = None,
    sd: float | None = None,
    score: Measured | None = None,
    metric: Metric | None = None,
    design: Design = "two waves",
    sides: int | None = None,
    alpha: float = ALPHA,
    power: float = POWER,
    design_effect: float = 1.0,
) -> SampleSize:
    """How many answers a wave needs to show a change of this size.

    The spread of one answer comes from exactly one of `variance`, `share`, `sd` and `score`.

    Parameters
    ----------
    change : float
        Change to be seen, in the metric's unit: NPS points, percentage points, or scale points of
        a mean; its sign matters only for a share.
    variance : float, optional
        Variance of one answer: NPS on −1…1 (p + d − (p − d)²), share on 0…1, mean in its own unit
        squared.
    share : float, optional
        Share of the base wave (two waves) or of the target (fixed target), in percent.
    sd : float, optional
        Standard deviation of one answer of a mean.
    score : Score, optional
        A measured baseline; the variance is n · standard_error², so its weights and clusters are
        already in it.
    metric : {"nps", "share", "mean"}, optional
        What `variance` belongs to; "nps" if not said. The others tell it themselves.
    design : {"two waves", "fixed target"}
        Two independent waves compared, or one wave against a number that is fixed.
    sides : {1, 2}, optional
        Sides of the test: 2 for two waves and 1 for a fixed target unless told otherwise.
    alpha, power : float
        Error rate of the test, and chance to see the change if it is there; each within (0, 1).
    design_effect : float
        Factor on the variance for weights and clusters that are not in it yet.

    Returns
    -------
    SampleSize
        ``n`` a wave, rounded up, with everything assumed.

    Raises
    ------
    DataError
        If the change is 0, leaves the scale, or an assumption is out of its range.

    Notes
    -----
    Two waves: n = (z₁₋α + z_power)² (v₁ + v₂) / change²; for shares v₁ and v₂ are each wave's own
    p(1 − p). Fixed target: n = (z₁₋α √v₀ + z_power √v₁)² / change², v₀ at the target and v₁ after
    the change, which are the same for NPS and means. Two-sided tests take z₁₋α/₂.

    References
    ----------
    .. [1] Fleiss, Levin, Paik (2003). Statistical Methods for Rates and Proportions, ch. 4.
    """
    plan = plan_of(
        variance=variance,
        share=share,
        sd=sd,
        score=score,
        metric=metric,
        design=design,
        sides=sides,
        alpha=alpha,
        power=power,
        design_effect=design_effect,
    )
    step = step_of(change, plan)
    null, alternative = plan.errors(step, 1.0, 1.0)
    ratio = (plan.z_alpha * null + plan.z_power * alternative) / step
    needed = ratio * ratio
    if not isfinite(needed):
        raise DataError(f"a change of {change:g} is too small for any number of answers.")
    n = max(1, ceil(needed - 1e-9))
    spread = (plan.variance + plan.spread(step)) / 2
    return SampleSize(
        n=n,
        n_total=2 * n if plan.design == "two waves" else n,
        change=float(change),
        variance=spread,
        metric=plan.metric,
        design=plan.design,
        sides=plan.sides,
        alpha=plan.alpha,
        power=plan.power,
        design_effect=plan.design_effect,
        caveats=rough(n),
    )


def detectable_change(
    *,
    n: float,
    n_before: float | None = None,
    direction: Literal["higher", "lower"] = "higher",
    variance: float | None = None,
    share: float | None = None,
    sd: float | None = None,
    score: Measured | None = None,
    metric: Metric | None = None,
    design: Design = "two waves",
    sides: int | None = None,
    alpha: float = ALPHA,
    power: float = POWER,
    design_effect: float = 1.0,
) -> DetectableChange:
    """How small a change a wave of `n` answers can show: the inverse of `sample_size`.

    Parameters
    ----------
    n : float
        Answers of the wave to come.
    n_before : float, optional
        Answers of the wave before, if they differ (two waves only).
    direction : {"higher", "lower"}
        Which way a share is to move; the other metrics do not depend on it.
    variance, share, sd, score, metric, design, sides, alpha, power, design_effect
        As in `sample_size`.

    Returns
    -------
    DetectableChange
        ``change`` in the metric's unit, infinite if a share has no room left for one.

    Raises
    ------
    DataError
        If `n` is not positive or an assumption is out of its range.
    """
    plan = plan_of(
        variance=variance,
        share=share,
        sd=sd,
        score=score,
        metric=metric,
        design=design,
        sides=sides,
        alpha=alpha,
        power=power,
        design_effect=design_effect,
    )
    if direction not in ("higher", "lower"):
        raise DataError(
            f"unknown direction {direction!r}{nearest(str(direction), ('higher', 'lower'))}"
        )
    after = size_of(n, "n")
    if n_before is not None and plan.design != "two waves":
        raise DataError("n_before belongs to two waves; a fixed target has no wave before it.")
    before = after if n_before is None else size_of(n_before, "n_before")
    return DetectableChange(
        change=_smallest(plan, after, before, 1.0 if direction == "higher" else -1.0)
        * UNIT[plan.metric],
        n=int(n),
        n_before=int(before) if plan.design == "two waves" else None,
        variance=plan.variance,
        metric=plan.metric,
        design=plan.design,
        sides=plan.sides,
        alpha=plan.alpha,
        power=plan.power,
        design_effect=plan.design_effect,
        caveats=rough(min(after, before)),
    )


def _smallest(plan: Plan, n: float, n_before: float, sign: float) -> float:
    """Smallest detectable step on the variance's scale."""

    def excess(step: float) -> float:
        null, alternative = plan.errors(sign * step, n, n_before)
        return step - plan.z_alpha * null - plan.z_power * alternative

    if plan.share is None:
        return -excess(0.0)
    room = 1 - plan.share if sign > 0 else plan.share
    # excess is convex and not positive at 0, so it crosses zero at most once on the way to the end
    if room <= 0 or excess(room) < 0:
        return inf
    return float(brentq(excess, 1e-12, room)) if excess(1e-12) < 0 else 0.0


def rough(n: float) -> tuple[Caveat, ...]:
    """Say that the normal approximation is rough on few answers."""
    if n >= CARE_BASE:
        return ()
    return (Caveat(_("Below {n} answers a wave these sizes are rough."), n=CARE_BASE),)
