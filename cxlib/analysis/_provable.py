"""Can a target be told from where the metric stands: the warning before a contract is signed."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from cxlib.analysis._evidence import Measured, evidence
from cxlib.analysis._options import number
from cxlib.analysis._plan import ALPHA, POWER, size_of
from cxlib.analysis._power import detectable_change, sample_size
from cxlib.analysis._verdict import check_baseline, check_on_scale
from cxlib.analysis.metrics import Direction, check_direction
from cxlib.analysis.results import Caveat
from cxlib.words import mark as _


@dataclass(frozen=True, kw_only=True)
class TargetCheck:
    """Whether a target can be told from its baseline at all.

    ``change`` is signed, ``detectable_change`` a size, both in the metric's unit; ``n_needed`` are
    the answers a wave (two waves compared), ``n_needed_fixed`` those of one wave that is to clear
    the baseline as a fixed number; ``n_next`` are those planned.
    """

    baseline: float
    target: float
    change: float
    detectable_change: float
    detectable: bool
    n_needed: int
    n_needed_fixed: int
    n_next: int
    caveats: tuple[Caveat, ...]


def check(
    baseline: Measured,
    target: float,
    *,
    direction: Direction,
    n_next: int | None = None,
    design_effect: float = 1.0,
    alpha: float = ALPHA,
    power: float = POWER,
) -> TargetCheck:
    """Say whether reaching `target` could be told from noise.

    Parameters
    ----------
    baseline : Score
        Where the metric starts.
    target : float
        What is to be reached, in the metric's unit.
    direction : {"higher", "lower"}
        Which way is better.
    n_next : int, optional
        Answers of the wave that will be compared with the baseline; as many as now if not said.
    design_effect, alpha, power : float
        As in `sample_size`; the waves are compared two-sided.

    Returns
    -------
    TargetCheck
        With a caveat if the target lies closer than the detectable change.

    Raises
    ------
    DataError
        If the target is off the scale, or on the wrong side of the baseline.
    """
    check_direction(direction)
    seen = evidence(baseline)
    target = number(target, "the target")
    check_on_scale(seen, target)
    check_baseline(baseline, target, direction)
    planned = int(seen.n if n_next is None else size_of(n_next, "n_next"))
    change = target - seen.value
    smallest = detectable_change(
        score=baseline,
        n=planned,
        n_before=seen.n,
        direction=direction,
        design_effect=design_effect,
        alpha=alpha,
        power=power,
    ).change
    waves = sample_size(
        score=baseline, change=change, design_effect=design_effect, alpha=alpha, power=power
    ).n
    fixed = sample_size(
        score=baseline,
        change=change,
        design="fixed target",
        design_effect=design_effect,
        alpha=alpha,
        power=power,
    ).n
    detectable = abs(change) >= smallest - 1e-9
    caveats: tuple[Caveat, ...] = ()
    if not detectable:
        caveats = (noise(target, change, smallest, planned, waves),)
    return TargetCheck(
        baseline=seen.value,
        target=target,
        change=change,
        detectable_change=smallest,
        detectable=bool(detectable),
        n_needed=waves,
        n_needed_fixed=fixed,
        n_next=planned,
        caveats=caveats,
    )


def noise(target: float, change: float, smallest: float, n: int, needed: float) -> Caveat:
    """Return the warning that a target lies closer than the detectable change."""
    if smallest == inf:
        message = _(
            "No change can be told from noise with {n} answers; {needed} would tell {target:.1f}."
        )
    else:
        message = _(
            "A target of {target:.1f} cannot be told from noise: {n} answers show a change of "
            "{smallest:.1f}, not {change:.1f}; that takes {needed} a wave."
        )
    facts = {"target": target, "change": abs(change), "smallest": smallest}
    return Caveat(message, n=n, needed=int(needed), **facts)
