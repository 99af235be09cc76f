"""Was the target met, was it missed, or is it too close to call: alone, and as one contract."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import isfinite, isnan, nan
from typing import Any, Literal

import numpy as np
import pandas as pd

from cxlib.analysis._options import number
from cxlib.analysis.compare import adjust
from cxlib.analysis.metrics import Direction, check_direction
from cxlib.analysis.results import CARE_BASE, Caveat
from cxlib.analysis.targets.measured import SAME, Measured, read
from cxlib.analysis.targets.power import ALPHA
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

Basis = Literal["sample", "census"]
MET, MISSED, OPEN = _("met"), _("missed"), _("too close to call")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One target against what was measured.

    ``reached`` is whether the point estimate is on the target's side (the usual wording of a
    clause; equality counts). ``status`` is ``"met"``, ``"missed"`` or ``"too close to call"``.
    ``p_value`` is the one-sided p of having met the target, ``p_missed`` that of having missed it,
    each with its ``…_adjusted`` form for a contract's other targets; ``p_met`` is Φ(z) of
    `compare.benchmark`: one half or more exactly where the target is reached. ``n_to_settle`` is
    the number of answers that tells the present gap from none with 80 % power, infinite at no gap;
    ``takes`` the true value at which "met" has a chance of 80 % at this sample, NaN where the scale
    has none. Both stand at the level after adjustment, ``level``.
    A census has no p-values (NaN), and ``p_met`` 1 or 0.
    """

    measured: Measured | None
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
    takes: float
    level: float
    basis: Basis
    clause: str | None
    metric: str | None
    value: float
    low: float
    high: float
    n: float
    caveats: tuple[Caveat, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """A contract's targets, as they go before the client for acceptance.

    ``table``, a row a target: the fields of `Verdict`. ``all_met`` is True if every target is met,
    False if one is missed, and None while one is too close to call.
    """

    table: pd.DataFrame
    all_met: bool | None
    all_required: bool
    alpha: float
    items: tuple[Verdict, ...]
    caveats: tuple[Caveat, ...]


def verdict(
    measured: Any,
    target: float,
    *,
    direction: Direction,
    basis: Basis = "sample",
    clause: str | None = None,
    metric: str | None = None,
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
    clause, metric : str, optional
        The contract's clause and the KPI's key, carried into the table.
    alpha : float
        One-sided error rate: how often a missed target may pass for met, and the other way round.

    Returns
    -------
    Verdict
        Alone; `verdicts` adjusts for the contract's other targets.

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
    alpha = check_alpha(alpha)
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
    p_value = p_missed = nan
    p_met = float(reached)
    if seen is not None and basis == "sample":
        p_value, p_missed, p_met = seen.tests(target, direction)
    return _judged(
        Verdict(
            measured=seen,
            target=target,
            direction=direction,
            reached=reached,
            status="",
            p_value=p_value,
            p_adjusted=p_value,
            p_missed=p_missed,
            p_missed_adjusted=p_missed,
            p_met=p_met,
            n_to_settle=nan,
            takes=nan,
            level=alpha,
            basis=basis,
            clause=clause,
            metric=metric,
            value=value,
            low=value if seen is None else seen.low,
            high=value if seen is None else seen.high,
            n=nan if seen is None else seen.n,
            caveats=_reservations(basis, seen, p_value),
        ),
        p_value,
        p_missed,
        alpha,
        alpha,
    )


def verdicts(
    items: Iterable[Verdict] | Verdict, *, all_required: bool = False, alpha: float = ALPHA
) -> Verdicts:
    """Judge a contract's targets together.

    Parameters
    ----------
    items : Verdict or iterable of Verdict
        One `verdict` a target.
    all_required : bool
        Acceptance needs every target. Then none is adjusted: to declare all of them met by chance,
        each must pass at alpha (intersection–union).
    alpha : float
        Error rate of the contract's verdicts as a whole: the chance that any missed target is
        called met, and the chance that any met one is called missed, are each at most this.

    Returns
    -------
    Verdicts
        With Holm-adjusted p-values over the sampled targets, and what follows from them.

    Raises
    ------
    DataError
        If there is no target, or something is no `Verdict`.

    References
    ----------
    .. [1] Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian
       Journal of Statistics 6, 65-70.
    .. [2] Berger, R. L. (1982). Multiparameter hypothesis testing and acceptance sampling.
       Technometrics 24, 295-300.
    """
    given = tuple(items) if isinstance(items, Iterable) else (items,)
    if not given:
        raise DataError("there is no target to judge.")
    wrong = [type(item).__name__ for item in given if not isinstance(item, Verdict)]
    if wrong:
        raise DataError(f"{wrong[0]} is no verdict; call targets.verdict on each target first.")
    alpha = check_alpha(alpha)
    met, missed = [item.p_value for item in given], [item.p_missed for item in given]
    holm_met, holm_missed = (_holm(p) for p in (met, missed))
    judged = tuple(
        _judged(
            item,
            item.p_value if all_required else p,
            item.p_missed if all_required else q,
            alpha,
            alpha if all_required else _level(item, met, missed, alpha),
        )
        for item, p, q in zip(given, holm_met, holm_missed, strict=True)
    )
    caveats = [caveat for item in judged for caveat in item.caveats]
    samples = sum(item.basis == "sample" for item in judged)
    chance = [q for q, item in zip(holm_missed, judged, strict=True) if item.status == MISSED]
    if all_required and samples > 1 and chance and all(q > alpha for q in chance):
        message = _("With {n} targets one may look missed by chance; none does after adjustment.")
        caveats.append(Caveat(message, n=samples))
    names = [name for name in Verdict.__dataclass_fields__ if name not in ("measured", "caveats")]
    table = pd.DataFrame([{name: getattr(item, name) for name in names} for item in judged])
    statuses = {item.status for item in judged}
    return Verdicts(
        table=table.astype({"n": "Int64"}),
        all_met=False if MISSED in statuses else None if OPEN in statuses else True,
        all_required=all_required,
        alpha=alpha,
        items=judged,
        caveats=tuple(dict.fromkeys(caveats)),
    )


def check_alpha(alpha: float) -> float:
    """Refuse a one-sided error rate outside 0 to 0.5."""
    if not 0 < number(alpha, "alpha") < 0.5:
        raise DataError(f"alpha is {alpha:g}; it lies between 0 and 0.5.")
    return float(alpha)


def _judged(item: Verdict, p: float, q: float, alpha: float, level: float) -> Verdict:
    """Return the verdict with what follows from its adjusted p-values and level."""
    if item.basis == "census" or item.measured is None:
        return replace(item, status=MET if item.reached else MISSED, level=nan)
    return replace(
        item,
        p_adjusted=p,
        p_missed_adjusted=q,
        status=MET if p <= alpha else MISSED if q <= alpha else OPEN,
        level=level,
        n_to_settle=item.measured.settle(item.target, level),
        takes=item.measured.takes(item.target, item.direction, level),
    )


def _level(item: Verdict, met: list[float], missed: list[float], alpha: float) -> float:
    """Return the level after adjustment on the side to which a target leans."""
    own, family = (item.p_value, met) if item.reached else (item.p_missed, missed)
    return holm_level(own, family, alpha)


def holm_level(p: float, family: Iterable[float], alpha: float = ALPHA) -> float:
    """Return the level at which Holm tests one p-value of a family; missing ones do not count."""
    return alpha / max(1, int(np.sum(np.asarray(list(family), dtype=float) >= p)))


def _holm(p_values: Sequence[float]) -> list[float]:
    """Holm-adjust the p-values that are there; a missing one (census) is no part of the family."""
    return [float(p) for p in adjust(list(p_values), method="holm")]


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
