"""The chance to see a change, by its size and by the answers a wave has: what the figure draws."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, sqrt

import pandas as pd
from scipy.stats import norm

from cxlib.analysis._evidence import Measured, Metric
from cxlib.analysis._plan import ALPHA, POWER, Design, Plan, plan_of, size_of, step_of
from cxlib.analysis._power import rough
from cxlib.analysis.results import Caveat

CHANGES = {"nps": (2.0, 3.0, 5.0, 8.0, 10.0, 15.0), "share": (1.0, 2.0, 3.0, 5.0, 8.0, 10.0)}
SIZES = (50, 100, 200, 300, 500, 800, 1200, 2000, 3000, 5000)


@dataclass(frozen=True, kw_only=True)
class PowerCurve:
    """The chance to see a change, by its size and by the answers a wave has.

    ``table``: ``change`` (metric's unit), ``n`` (answers a wave), ``power`` (0 to 1),
    ``enough`` (power reaches `power`).
    """

    table: pd.DataFrame
    metric: str
    design: str
    sides: int
    alpha: float
    power: float
    design_effect: float
    caveats: tuple[Caveat, ...] = ()


def power_curve(
    *,
    changes: Iterable[float] | None = None,
    sizes: Iterable[float] = SIZES,
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
) -> PowerCurve:
    """Return the chance to see each change at each sample size: what the power figure draws.

    Parameters
    ----------
    changes : iterable of float, optional
        Changes in the metric's unit; a handful of usual ones if not said (for a mean 0.1, 0.2,
        0.3, 0.5 and 0.8 standard deviations). Changes of a share that leave the scale are an error.
    sizes : iterable of float
        Answers a wave.
    variance, share, sd, score, metric, design, sides, alpha, power, design_effect
        As in `sample_size`; `power` only marks which are ``enough``.

    Returns
    -------
    PowerCurve
        ``table`` with ``change``, ``n``, ``power`` and ``enough``, one row a pair.

    Raises
    ------
    DataError
        As `sample_size` does.
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
    if changes is None:
        changes = CHANGES.get(plan.metric, tuple(sqrt(plan.variance) * d for d in _EFFECTS))
        changes = [c for c in changes if plan.share is None or plan.share + c / 100 <= 1]
    counts = [size_of(n, "sizes") for n in sizes]
    rows = [(c, n, _chance(plan, step_of(c, plan), n)) for c in changes for n in counts]
    table = pd.DataFrame(rows, columns=["change", "n", "power"]).astype({"n": "int64"})
    return PowerCurve(
        table=table.assign(enough=table["power"] >= plan.power - 1e-9),
        metric=plan.metric,
        design=plan.design,
        sides=plan.sides,
        alpha=plan.alpha,
        power=plan.power,
        design_effect=plan.design_effect,
        caveats=rough(min(counts, default=inf)),
    )


_EFFECTS = (0.1, 0.2, 0.3, 0.5, 0.8)  # Cohen's small, medium and large, and what lies between


def _chance(plan: Plan, step: float, n: float) -> float:
    null, alternative = plan.errors(step, n, n)
    if alternative == 0:
        return 1.0 if abs(step) > plan.z_alpha * null else 0.0
    cut = plan.z_alpha * null
    seen = norm.sf((cut - abs(step)) / alternative)
    wrong_side = norm.sf((cut + abs(step)) / alternative) if plan.sides == 2 else 0.0
    return float(seen + wrong_side)
