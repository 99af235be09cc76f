"""Was the target met, is it not, or can it not be told yet: one verdict on one target."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, isnan, nan
from typing import Literal

import numpy as np
from scipy.stats import norm

from cxlib.analysis._evidence import Evidence, Measured, evidence
from cxlib.analysis._options import number
from cxlib.analysis._plan import ALPHA, POWER
from cxlib.analysis.metrics import Direction, check_direction
from cxlib.analysis.results import CARE_BASE, Caveat
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

Basis = Literal["sample", "census"]
MET, NOT_MET, OPEN = _("met"), _("not met"), _("cannot tell at this n")
NOTHING = 1e-9  # a gap that floating point makes: 100 × (0.45 − 0.40) is 4.999…, and reaches 5


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One target against what was measured.

    ``reached`` is whether the point estimate is on the target's side (the usual wording of a
    clause; equality counts). ``status`` is ``"met"``, ``"not met"`` or ``"cannot tell at this n"``.
    ``p_value`` is the one-sided p of having met the target, ``p_missed`` that of having missed it,
    each with its ``…adjusted`` form for a contract's other targets; ``p_met`` is
    Φ((adjusted estimate − target)/SE) in the target's direction. ``n_to_settle`` is the number of
    answers (or cases) that tells the present gap from none with 80 % power, infinite at no gap.
    A census has no p-values (NaN), and ``p_met`` 1 or 0.
    """

    measured: Measured | float
    target: float
    direction: Direction
    reached: bool
    status: str
    p_value: float
    p_adjusted: float
    p_missed: float
    p_missed_adjusted: float
    p_met: float
    n_to_settle: float
    basis: Basis
    alpha: float
    clause: str | None
    metric: str | None
    baseline: float | None
    value: float
    low: float
    high: float
    n: float
    caveats: tuple[Caveat, ...] = ()


def verdict(
    measured: Measured | float,
    target: float,
    *,
    direction: Direction,
    basis: Basis = "sample",
    baseline: Measured | float | None = None,
    clause: str | None = None,
    metric: str | None = None,
    alpha: float = ALPHA,
) -> Verdict:
    """Say whether a target is met, is not, or cannot be told yet.

    Parameters
    ----------
    measured : Score or another object with value, low, high and n
        What was measured: NPS points, a share in percent, a mean, a percentile or a duration. A
        plain number will do for a census.
    target : float
        What was agreed, in the same unit.
    direction : {"higher", "lower"}
        Which side of the target is better.
    basis : {"sample", "census"}
        A survey stands for customers who were not asked; a KPI over all tickets is a fact.
    baseline : Score or float, optional
        Where it started; a target on its wrong side is refused.
    clause, metric : str, optional
        The contract's clause and the metric's key, carried into the table.
    alpha : float
        One-sided error rate: how often a missed target may pass for met, and the other way round.

    Returns
    -------
    Verdict
        Alone; `verdicts` adjusts for the contract's other targets.

    Raises
    ------
    DataError
        If the direction or basis is unknown, the target is no number, off the metric's scale or on
        the wrong side of the baseline, or a sample comes without uncertainty.

    Notes
    -----
    The test is that of `compare.benchmark`: NPS by its adjusted estimate and error, a share by the
    score z with the target in the variance, a mean by t. Anything else goes by the side of its
    interval that faces the target. Shares therefore have ``p_met`` = 1 − ``p_value``.
    n_to_settle = variance · (z₁₋α + z.₈)² / gap², with the variance of one measured answer
    (n · SE², so weights and clusters count) and the gap between value and target.
    """
    check_direction(direction)
    if basis not in ("sample", "census"):
        raise DataError(f"unknown basis {basis!r}{nearest(str(basis), ('sample', 'census'))}")
    alpha = check_alpha(alpha)
    target = number(target, "the target")
    if not isfinite(target):
        raise DataError(f"the target is {target:g}; it must be a number.")
    seen, value, low, high, n = _read(measured, basis)
    if seen is not None:
        check_on_scale(seen, target)
    start = check_baseline(baseline, target, direction)
    gap = value - target if direction == "higher" else target - value
    reached = gap >= -NOTHING * max(1.0, abs(target))
    p_value = p_missed = n_to_settle = nan
    p_met = float(reached)
    if seen is not None and basis == "sample":
        p_value, p_missed, p_met = _tests(seen, target, direction)
        n_to_settle = settling(seen, target, alpha)
    return Verdict(
        measured=measured,
        target=target,
        direction=direction,
        reached=bool(reached),
        status=status_of(basis, bool(reached), p_value, p_missed, alpha),
        p_value=p_value,
        p_adjusted=p_value,
        p_missed=p_missed,
        p_missed_adjusted=p_missed,
        p_met=p_met,
        n_to_settle=n_to_settle,
        basis=basis,
        alpha=alpha,
        clause=clause,
        metric=metric,
        baseline=start,
        value=value,
        low=low,
        high=high,
        n=n,
        caveats=_reservations(basis, n, p_value),
    )


def check_alpha(alpha: float) -> float:
    """Refuse a one-sided error rate outside 0 to 0.5."""
    if not 0 < number(alpha, "alpha") < 0.5:
        raise DataError(f"alpha is {alpha:g}; it lies between 0 and 0.5.")
    return float(alpha)


def check_on_scale(seen: Evidence, target: float) -> None:
    """Refuse a target that the metric cannot take."""
    lowest, highest = seen.scale
    if not lowest <= target <= highest:
        raise DataError(f"target {target:g} is off the scale {lowest:g} to {highest:g}.")


def check_baseline(
    baseline: Measured | float | None, target: float, direction: Direction
) -> float | None:
    """Return the baseline's value; refuse a target that would be no improvement on it."""
    if baseline is None:
        return None
    start = number(getattr(baseline, "value", baseline), "the baseline")
    if not isfinite(start):
        raise DataError(f"the baseline is {start:g}; it must be a number.")
    if (target <= start) if direction == "higher" else (target >= start):
        raise DataError(
            f"target {target:g} is on the wrong side of the baseline {start:g}: {direction} is "
            "better; change the target or the direction."
        )
    return start


def _read(
    measured: Measured | float, basis: Basis
) -> tuple[Evidence | None, float, float, float, float]:
    """Return the evidence (none for a plain number), value, low, high and n."""
    if not isinstance(measured, (int, float, np.number)):
        seen = evidence(measured)
        told = (getattr(measured, name, None) for name in ("low", "high", "standard_error"))
        if basis == "sample" and seen.form != "share" and all(each is None for each in told):
            raise _without_uncertainty(seen.value)
        return seen, seen.value, seen.low, seen.high, seen.n
    value = float(measured)
    if basis == "sample":
        raise _without_uncertainty(value)
    if not isfinite(value):
        raise DataError(f"the measured value is {value:g}; without a value there is no verdict.")
    return None, value, value, value, nan


def _without_uncertainty(value: float) -> DataError:
    return DataError(
        f"{value:g} comes without uncertainty; give the score it is from, or "
        'basis="census" if it counts every case.'
    )


def _tests(seen: Evidence, target: float, direction: Direction) -> tuple[float, float, float]:
    """Return one-sided p of having met and of having missed the target, and p_met."""
    at_most, at_least = seen.p_at_most(target)
    above = seen.p_above(target)
    if direction == "higher":
        return at_most, at_least, above
    return at_least, at_most, 1 - above


def settling(seen: Evidence, target: float, alpha: float) -> float:
    """Return the answers that tell the present gap from none with 80 % power."""
    gap = abs(seen.value - target)
    if gap <= NOTHING * max(1.0, abs(target)):
        return inf
    variance = seen.variance
    if seen.form == "interval":
        variance = seen.n * seen.error_towards(target) ** 2
    if not isfinite(variance) or variance == 0:
        return nan
    z = float(norm.isf(alpha) + norm.ppf(POWER))
    return float(variance * z**2 / gap**2)


def status_of(basis: str, reached: bool, p_met: float, p_missed: float, alpha: float) -> str:
    """Return the word of the verdict."""
    if basis == "census":
        return MET if reached else NOT_MET
    if p_met <= alpha:
        return MET
    return NOT_MET if p_missed <= alpha else OPEN


def _reservations(basis: str, n: float, p_value: float) -> tuple[Caveat, ...]:
    if basis == "census":
        return ()
    caveats = []
    if n < CARE_BASE:
        caveats.append(
            Caveat(_("A verdict on {n} answers is rough: interpret with care."), n=int(n))
        )
    if isnan(p_value):
        caveats.append(Caveat(_("The answers do not differ, so nothing says how sure they are.")))
    return tuple(caveats)
