"""Was the target met, was it missed, or is it too close to call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite, isnan, nan
from typing import Any, Literal

import numpy as np

from cxlib.analysis._options import number
from cxlib.analysis.kpis.verdicts import ALPHA, MET, MISSED, OPEN
from cxlib.analysis.metrics import Direction, check_direction
from cxlib.analysis.results import CARE_BASE, Caveat
from cxlib.analysis.targets.measured import SAME, Measured, read
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

Basis = Literal["sample", "census"]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One target against what was measured.

    ``reached`` is whether the point estimate is on the target's side (the usual wording of a
    clause; equality counts). ``status`` is ``"met"``, ``"missed"`` or ``"too close to call"``.
    ``p_value`` is the one-sided p of having met the target, ``p_missed`` that of having missed it;
    ``p_met`` is Φ(z) of `compare.benchmark`: one half or more exactly where the target is reached.
    ``n_to_settle`` is the number of answers that tells the present gap from none with 80 % power,
    infinite at no gap; ``takes`` the true value at which "met" has a chance of 80 % at this sample,
    NaN where the scale has none. A census has no p-values (NaN), and ``p_met`` 1 or 0.
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
    value: float
    low: float
    high: float
    n: float
    caveats: tuple[Caveat, ...] = ()


def verdict(
    measured: Any,
    target: float,
    *,
    direction: Direction,
    basis: Basis = "sample",
    alpha: float = ALPHA,
) -> Verdict:
    """Say whether a target is met, missed, or too close to call.

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

    Returns
    -------
    Verdict
        Alone; `kpis.judge` judges a contract's targets together.

    Raises
    ------
    DataError
        If the direction or basis is unknown, the target is no number or off the KPI's scale, or a
        sample comes without uncertainty.

    Notes
    -----
    The test is that of `compare.benchmark`: NPS by the score test, corrected for skewness, a share
    by the score z, a mean by t. Anything else goes by the side of its interval that faces the
    target. n_to_settle = variance · (z₁₋α + z.₈)² / gap², with the variance of one measured answer
    (n · SE², so that weights and clusters count). ``takes`` solves
    θ − T = (z₁₋α √v_T + z.₈ √v_θ) / √n*, with v the variance of one answer at T and at θ.
    """
    check_direction(direction)
    if basis not in ("sample", "census"):
        raise DataError(f"unknown basis {basis!r}{nearest(str(basis), ('sample', 'census'))}")
    if not 0 < number(alpha, "alpha") < 0.5:
        raise DataError(f"alpha is {alpha:g}; it lies between 0 and 0.5.")
    target = number(target, "the target")
    if not isfinite(target):
        raise DataError(f"the target is {target:g}; it must be a number.")
    seen = _read(measured, basis)
    value = float(measured) if seen is None else seen.value
    if seen is not None and not seen.scale[0] <= target <= seen.scale[1]:
        raise DataError(
            f"target {target:g} is off the scale {seen.scale[0]:g} to {seen.scale[1]:g}."
        )
    sign = 1.0 if direction == "higher" else -1.0
    reached = bool(sign * (value - target) >= -SAME * max(1.0, abs(target)))
    p_value = p_missed = n_to_settle = takes = nan
    p_met, status = float(reached), MET if reached else MISSED
    if seen is not None and basis == "sample":
        p_value, p_missed, p_met = seen.tests(target, direction)
        status = MET if p_value <= alpha else MISSED if p_missed <= alpha else OPEN
        n_to_settle, takes = seen.settle(target, alpha), seen.takes(target, direction, alpha)
    return Verdict(
        target=target,
        direction=direction,
        reached=reached,
        status=status,
        p_value=p_value,
        p_missed=p_missed,
        p_met=p_met,
        n_to_settle=n_to_settle,
        takes=takes,
        alpha=float(alpha),
        basis=basis,
        value=value,
        low=value if seen is None else seen.low,
        high=value if seen is None else seen.high,
        n=nan if seen is None else seen.n,
        caveats=_reservations(basis, seen, p_value),
    )


def holm_level(p: float, family: Iterable[float], alpha: float = ALPHA) -> float:
    """Return the level at which Holm tests one p-value of a family; missing ones do not count."""
    return alpha / max(1, int(np.sum(np.asarray(list(family), dtype=float) >= p)))


def _read(measured: Any, basis: Basis) -> Measured | None:
    """Return what was measured; None for a plain number, which only a census may be."""
    bare = isinstance(measured, (int, float, np.number))
    if bare and not isfinite(measured) and basis == "census":
        raise DataError(f"the measured value is {measured:g}; without a value there is no verdict.")
    seen = None if bare else read(measured)
    told = any(getattr(measured, name, None) is not None for name in ("low", "standard_error"))
    known = told and seen is not None and not (seen.form == "interval" and isnan(seen.error))
    if basis == "sample" and not (known or (seen is not None and seen.form == "share")):
        raise DataError(
            f"{measured if seen is None else seen.value:g} comes without uncertainty; give the "
            'score it is from, or basis="census" if it counts every case.'
        )
    return seen


def _reservations(basis: Basis, seen: Measured | None, p_value: float) -> tuple[Caveat, ...]:
    if basis == "census" or seen is None:
        return ()
    caveats = []
    if seen.n < CARE_BASE:
        message = _("A verdict on {n} answers is rough: interpret with care.")
        caveats.append(Caveat(message, n=int(seen.n)))
    if isnan(p_value):
        caveats.append(Caveat(_("The answers do not differ, so nothing says how sure they are.")))
    return tuple(caveats)
