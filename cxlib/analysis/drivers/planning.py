"""Where to begin: what can be modelled, importance against performance, ratings to raise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis.drivers.groups import ROWS_PER_GROUP
from cxlib.analysis.drivers.model import DriverImportance
from cxlib.analysis.drivers.prediction import Scenario, ScenarioModel
from cxlib.analysis.estimation import z_of
from cxlib.analysis.metrics import Metric, Touchpoint, one_of
from cxlib.analysis.results import CARE_BASE, MINIMUM_BASE, Caveat, TableResult, said
from cxlib.analysis.validate import Flags, Floats, finite, numbers, once, require, used
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


class DriverChoice(TableResult):
    """What a driver model of these answers can hold; caveats say what stands against one.

    ``table``, a row a touchpoint: ``n`` (ratings beside the outcome), ``kept, reason`` (why not).
    ``n_used``: respondents with the outcome and every kept rating (or known not to have used it);
    ``n_needed``: those that a model of the kept `drivers` asks for.
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
    by_key = {metric.key: metric for metric in metrics}
    one_of(wanted, by_key, f"no KPI {wanted!r} to find drivers of")
    return by_key[wanted]


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
    or whose ratings are all the same. `only` names those to consider; an unknown one is an error.
    """
    known = [touchpoint.key for touchpoint in touchpoints]
    for key in only or ():
        one_of(key, known, f"{key!r} is no touchpoint")
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


QUADRANTS = (_("fix first"), _("keep up"), _("watch"), _("maintain"))
"""Important and weak; important and strong; neither, or not proven; strong but less important."""

_CUTS: dict[str, Callable[..., Any]] = {"median": np.median, "mean": np.mean}


class Priorities(TableResult):
    """Drivers on a map of importance and performance.

    ``table``, a row a driver: ``importance, share`` (the axis of the map) and ``performance`` with
    their intervals; ``quadrant`` ("watch" where not proven); ``p_fix_first, p_keep_up, p_watch,
    p_maintain`` (its place on the map, whatever the test). ``importance_cut, performance_cut``:
    where the map is cut; a driver on a cut counts as important, or strong.
    """

    importance_cut: float
    performance_cut: float
    cuts: str
    outcome: str


def priorities(
    importance: DriverImportance,
    performance: Any = None,
    *,
    cuts: str | tuple[float, float] = "median",
) -> Priorities:
    """Place drivers on a map of importance and performance, with the probability of each quadrant.

    Martilla, James (1977), J. Marketing 41. The probabilities come from the resamples behind the
    importances: in each, shares and users' mean ratings are computed on the same respondents, and
    the cuts anew. A `performance` of another kind (such as a top-box share) moves along with the
    mean rating of the same resample, over its own interval. The word follows the test too: a driver
    that is not proven (``p_unique``) is to be watched, wherever it lies.

    Parameters
    ----------
    importance : DriverImportance
        From `importance`, with ``bootstrap`` above 0 for the probabilities.
    performance : pandas.DataFrame or a result with a ``table``, optional
        Columns ``driver`` or ``touchpoint``, ``value``, ``low``, ``high``; by default the mean
        ratings of the users.
    cuts : {"median", "mean"} or (float, float)
        Where importance (a share, 0 to 1) and performance (in its own unit) are cut.
    """
    if not isinstance(importance, DriverImportance):
        raise DataError(f"give what drivers.importance returns, not a {type(importance).__name__}.")
    told = importance.table
    share = told["share"].to_numpy(dtype=np.float64)
    own, draws = _performance(importance, performance)
    (x, y), (x_draws, y_draws) = _cut_points(cuts, share, own[0], importance.share_draws, draws)
    chances = _chances(importance.share_draws, draws, x_draws, y_draws)
    place = np.where(told["proven"], _quadrant(share, own[0], x, y), QUADRANTS.index("watch"))
    same = ["driver", "importance", "share", "share_low", "share_high"]
    table = told[same].assign(
        **dict(zip(("performance", "performance_low", "performance_high"), own, strict=True)),
        **{name: told[name] for name in ("p_unique", "proven", "n")},
        quadrant=[QUADRANTS[k] for k in place.tolist()],
        **{f"p_{q.replace(' ', '_')}": chances[:, k] for k, q in enumerate(QUADRANTS)},
    )
    message = _("No resamples were drawn, so no quadrant has a probability.")
    return Priorities(
        table=table,
        importance_cut=float(x),
        performance_cut=float(y),
        cuts=cuts if isinstance(cuts, str) else "fixed",
        outcome=importance.outcome,
        n_used=importance.n_used,
        n_dropped=importance.n_dropped,
        caveats=importance.caveats + said(not len(importance.share_draws), message),
    )


def _performance(importance: DriverImportance, given: Any) -> tuple[Floats, Floats]:
    """Return value, low, high of each driver, and its draws."""
    tail = 100 * (1 - importance.confidence) / 2
    draws, means = importance.performance_draws, np.array(importance.performance)
    if given is None:
        ends = np.full((2, len(means)), np.nan)
        if len(draws):
            ends = np.nanpercentile(draws, [tail, 100 - tail], axis=0)
        return np.vstack([means, ends]), draws
    own = _aligned(given, importance.table["driver"].tolist())
    if not len(draws):
        return own, draws
    spread = np.nanstd(draws, axis=0)
    moves = (draws - means) * np.divide(1, spread, out=np.zeros_like(spread), where=spread > 0)
    half = np.where(moves < 0, own[0] - own[1], own[2] - own[0])
    return own, own[0] + moves * half / z_of(importance.confidence)


def _aligned(given: Any, names: list[str]) -> Floats:
    table = getattr(given, "table", given)
    if not isinstance(table, pd.DataFrame):
        raise DataError("performance is no table: give 'touchpoint', 'value', 'low', 'high'.")
    key = next((c for c in ("driver", "touchpoint") if c in table.columns), "touchpoint")
    require(table, (key, "value", "low", "high"), "performance")
    table = table[table[key].astype(str).isin(names)]
    once(table[key], "performance names {} more than once; give one row a driver.")
    found = table.set_index(table[key].astype(str))[["value", "low", "high"]].reindex(names)
    bare = found.index[found.isna().any(axis=1)]
    if len(bare):
        near = "." if bare[0] in set(table[key]) else nearest(bare[0], table[key])
        raise DataError(f"performance of {bare[0]!r} is missing{near}")
    return np.vstack([numbers(found[name]) for name in found])


def _cut_points(
    cuts: Any, share: Floats, performance: Floats, shares: Floats, draws: Floats
) -> tuple[tuple[float, float], tuple[Floats, Floats]]:
    if isinstance(cuts, str):
        one_of(cuts, _CUTS, f"cuts {cuts!r} is unknown")
        middle = _CUTS[cuts]
        moving = (middle(shares, axis=1), middle(draws, axis=1)) if len(draws) else (share, share)
        return (middle(share), middle(performance)), moving
    try:
        x, y = map(float, cuts)
    except (TypeError, ValueError) as error:
        raise DataError(f"cuts is {cuts!r}; give 'median', 'mean' or two numbers.") from error
    if not (np.isfinite(x) and np.isfinite(y)):
        raise DataError(f"cuts is {cuts!r}; both numbers must be finite.")
    return (x, y), (np.full(len(shares), x), np.full(len(draws), y))


def _quadrant(share: Floats, performance: Floats, x: Any, y: Any) -> Any:
    """Return places in `QUADRANTS`; on a cut counts as above it."""
    return np.where(share >= x, 0, 2) + (performance >= y)


def _chances(shares: Floats, performance: Floats, x: Floats, y: Floats) -> Floats:
    sound = ~(np.isnan(shares).any(axis=1) | np.isnan(performance).any(axis=1))
    if not sound.any():
        return np.full((shares.shape[1], len(QUADRANTS)), np.nan)
    places = _quadrant(shares[sound], performance[sound], x[sound, None], y[sound, None])
    return np.stack([(places == k).mean(axis=0) for k in range(len(QUADRANTS))], axis=1)


def plan(
    model: ScenarioModel,
    priorities: Priorities,
    *,
    asked: Mapping[str, float] | None = None,
    most: int = 3,
    headline: float | None = None,
) -> Scenario:
    """Predict what raising ratings would bring: those `asked` for, else at most `most` proven ones.

    `model` is fitted with ``segments=``: its caps say how far a rating may rise. The table has
    ``ground`` (why the rating moves so far) and ``quadrant`` too.
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
    message = _("No touchpoint is proven to go with the outcome, so no change is planned.")
    return replace(found, table=table, caveats=found.caveats + said(not changes, message))
