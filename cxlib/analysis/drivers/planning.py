"""Which touchpoints the answers allow to model, and which ratings a scenario should raise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxlib.analysis.drivers.groups import ROWS_PER_GROUP
from cxlib.analysis.drivers.place import Priorities
from cxlib.analysis.drivers.prediction import Scenario, ScenarioModel
from cxlib.analysis.metrics import Metric, Touchpoint
from cxlib.analysis.results import CARE_BASE, MINIMUM_BASE, Caveat, TableResult
from cxlib.analysis.validate import Flags, Floats, finite, used
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

FEW = _("too few ratings")
UNIFORM = _("every rating is the same")
UNASKED = _("not chosen")

ASKED = _("asked for")
BEST_GROUP = _("what the best group reaches")
SMALL_STEP = _("a tenth of a point")
STEP = 0.1
"""Points of a rating: small enough to be believed, large enough to be seen in a mean of a few
hundred answers. What a change is worth is told for this much where nothing says what is reached."""

AGAINST = (
    _("The survey rates no touchpoints, so there is nothing to weigh up."),
    _("Only {count} of {touchpoints} touchpoints can be modelled; two are needed."),
    _(
        "{given} respondents answered {outcome} and every touchpoint; {needed} are needed for "
        "{count} touchpoints."
    ),
    _("All {given} answers to {outcome} are the same, so nothing goes with them."),
)
"""What may stand against a model."""

LEAST_DRIVERS = 2
"""The whole of what one touchpoint explains is its own: there is nothing to divide."""


@dataclass(frozen=True, kw_only=True)
class DriverChoice(TableResult):
    """What a driver model of these answers can hold; caveats say what stands against one.

    ``table``: one row a touchpoint, in journey order: ``touchpoint``; ``n`` (ratings by respondents
    who answered the outcome); ``kept``; ``reason`` (why not, missing if kept). ``n_used`` counts
    respondents with the outcome and every kept rating (or known not to have used it), ``n_needed``
    those that a model of the kept `drivers` asks for; it is `possible` with enough of either, and
    answers that differ.
    """

    drivers: tuple[Touchpoint, ...]
    outcome: str
    n_needed: int
    possible: bool


def outcome_of(metrics: Sequence[Metric], wanted: str | None = None) -> Metric:
    """Return the KPI to be explained: the one wanted, else the first NPS, else the first."""
    if not metrics:
        raise DataError("the survey asks for no KPI, so there is nothing to find drivers of.")
    if wanted is None:
        return next((metric for metric in metrics if metric.kind == "nps"), metrics[0])
    found = next((metric for metric in metrics if metric.key == wanted), None)
    if found is None:
        hint = nearest(wanted, (metric.key for metric in metrics))
        raise DataError(f"no KPI {wanted!r} to find drivers of{hint}")
    return found


def recent(data: pd.DataFrame, *, periods: int = 1) -> pd.DataFrame:
    """Return the rows of the last `periods` periods: joined, they tell small drivers apart."""
    if isinstance(periods, bool) or not isinstance(periods, int) or periods < 1:
        raise DataError(f"periods is {periods!r}; it is how many to join, 1 or more.")
    last = sorted(data["period"].dropna().unique())[-periods:]
    return data[data["period"].isin(last)].reset_index(drop=True)


def oriented(data: pd.DataFrame, *, touchpoints: Sequence[Touchpoint]) -> pd.DataFrame:
    """Return the ratings with every touchpoint turned so that higher is better."""
    lower = [t for t in touchpoints if t.direction == "lower" and t.key in data]
    return data.assign(**{t.key: sum(t.scale) - data[t.key] for t in lower})


def choose(
    data: pd.DataFrame,
    *,
    outcome: Metric,
    touchpoints: Sequence[Touchpoint],
    only: Sequence[str] | None = None,
    minimum_base: int = MINIMUM_BASE,
) -> DriverChoice:
    """Choose the touchpoints that a driver model can hold, and say why the others are left out.

    Left out are touchpoints that fewer than 30 respondents (or the client's `minimum_base`) rated,
    or whose ratings are all the same.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a response, with ``<touchpoint>_used`` where use is known.
    outcome, touchpoints
        Metric, and touchpoints in journey order.
    only : sequence of str, optional
        Consider just these keys; an unknown one is an error.
    """
    known = [touchpoint.key for touchpoint in touchpoints]
    for key in only or ():
        if key not in known:
            raise DataError(f"{key!r} is no touchpoint{nearest(str(key), known)}")
    scores = finite(data, outcome.key)
    ratings = {key: np.where(used(data, key), finite(data, key), np.nan) for key in known}
    reasons = {key: "" if only is None or key in only else UNASKED for key in known}
    base = max(CARE_BASE, minimum_base)
    complete = _settle(data, scores, ratings, reasons, base)
    kept = tuple(touchpoint for touchpoint in touchpoints if not reasons[touchpoint.key])
    needed, n = max(base, ROWS_PER_GROUP * len(kept)), int(complete.sum())
    told = {"outcome": outcome.key, "count": len(kept), "touchpoints": len(known)}
    told |= {"given": n, "needed": needed}
    cases = (not known, len(kept) < LEAST_DRIVERS, n < needed, n and np.ptp(scores[complete]) == 0)
    against = [Caveat(m, **told) for m, holds in zip(AGAINST, cases, strict=True) if holds][:1]
    asked = ~np.isnan(scores)
    rows = [
        (key, int((asked & ~np.isnan(ratings[key])).sum()), not reason, reason or None)
        for key, reason in reasons.items()
    ]
    table = pd.DataFrame(rows, columns=["touchpoint", "n", "kept", "reason"])
    return DriverChoice(
        table=table,
        drivers=kept,
        outcome=outcome.key,
        n_used=n,
        n_dropped=len(data) - n,
        n_needed=needed,
        possible=not against,
        caveats=tuple(against),
    )


def _settle(
    data: pd.DataFrame,
    scores: Floats,
    ratings: dict[str, Floats],
    reasons: dict[str, str],
    base: int,
) -> Flags:
    """Leave out drivers until the complete rows carry every one; return these rows.

    Thin touchpoints go first: left open by nearly everyone they would take the rows along.
    """
    asked = ~np.isnan(scores)
    for key, x in ratings.items():
        if not reasons[key] and (asked & ~np.isnan(x)).sum() < base:
            reasons[key] = FEW
    while True:
        kept = [key for key, reason in reasons.items() if not reason]
        opened = [used(data, key) & np.isnan(ratings[key]) for key in kept]
        complete: Flags = asked & ~np.any(opened, axis=0) if kept else asked
        found = {key: _fault(ratings[key][complete], base) for key in kept}
        faults = {key: fault for key, fault in found.items() if fault}
        if not faults or complete.sum() < base:
            return complete
        reasons.update(faults)


def _fault(x: Floats, base: int) -> str:
    given = x[~np.isnan(x)]
    if len(given) < base:
        return FEW
    return UNIFORM if np.ptp(given) == 0 else ""


def plan(
    model: ScenarioModel,
    priorities: Priorities,
    *,
    asked: Mapping[str, float] | None = None,
    most: int = 3,
    headline: float | None = None,
) -> Scenario:
    """Predict what raising ratings would bring: those asked for, else the proven ones.

    By default only proven drivers are raised, those to "fix first" before all others, each to what
    the model's best segment reaches, or by a tenth of a point where no segment shows that. Where
    nothing is proven the scenario has no step, and says so.

    Parameters
    ----------
    model, priorities
        Fitted with ``segments=``: its caps say how far a rating may rise; and the map of drivers.
    asked : mapping of str to float, optional
        Driver to change, as the client wants it; the scenario still holds it to the cap.
    most : int
        Drivers planned by default, at most.
    headline : float, optional
        As in `ScenarioModel.predict`.

    Returns
    -------
    Scenario
        Its table has ``ground`` (why the rating moves so far) and ``quadrant`` too.
    """
    caps = dict(zip(model.drivers, zip(model.means, model.caps, strict=True), strict=True))
    grounds = dict.fromkeys(asked or (), ASKED)
    changes = dict(asked or {})
    if not asked:
        proven = priorities.table[priorities.table["proven"]]
        proven = proven.sort_values("share", ascending=False, kind="stable")
        urgent = proven[proven["quadrant"] == "fix first"]
        for name in (proven if urgent.empty else urgent)["driver"].head(most):
            mean, cap = caps.get(name, (np.nan, np.nan))
            changes[name] = STEP if np.isnan(cap) else cap - mean
            grounds[name] = SMALL_STEP if np.isnan(cap) else BEST_GROUP
    found = model.predict(changes, headline=headline)
    places = priorities.table.set_index("driver")["quadrant"]
    names = found.table["driver"]
    table = found.table.assign(ground=names.map(grounds), quadrant=names.map(places))
    caveats = found.caveats
    if not changes:
        message = _("No touchpoint is proven to go with the outcome, so no change is planned.")
        caveats = (*caveats, Caveat(message))
    return replace(found, table=table, caveats=caveats)
