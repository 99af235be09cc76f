"""What if ratings changed: predicted NPS or CSAT with its interval, in steps that add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.analysis import _odds
from cxlib.analysis._driver_columns import Array, Keyed
from cxlib.analysis._driver_data import DriverData, read
from cxlib.analysis._importance import check_options
from cxlib.analysis._options import generator
from cxlib.analysis._scenario_model import Scenario, ScenarioModel
from cxlib.analysis._scenario_parts import kind_and_cuts, outcome_groups, reaches, segment_caps
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError
from cxlib.words import mark as _

PROPORTIONALITY = 0.01
"""Proportional odds are given up below this p: at 5 % one sound model in twenty would be, and the
multinomial model pays with twice the parameters."""

FAILED_TOO_MANY = 0.05
"""Share of resamples without a maximum above which an interval is called too narrow."""

__all__ = ["Scenario", "ScenarioModel", "scenario", "scenario_model"]

NAMES = {True: _("proportional odds"), False: _("multinomial")}


def scenario(
    data: pd.DataFrame,
    *,
    outcome: str | Keyed,
    drivers: Sequence[str | Keyed],
    changes: Mapping[str, float],
    kind: str | None = None,
    cut_points: Sequence[float] | None = None,
    weights: str | None = None,
    cluster: str | None = None,
    segments: Sequence[str | Keyed] | None = None,
    scale: tuple[float, float] | None = None,
    bootstrap: int = 500,
    confidence: float = 0.95,
    seed: int = 1,
) -> Scenario:
    """Predict NPS (or CSAT) when the mean ratings of some drivers change together.

    Every user's rating of a changed driver moves by one amount, clipped to the scale, so that
    the users' mean reaches what is demanded; everything else stays as it is.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a response.
    outcome : str or object with a ``key``
        Column of the outcome's rating.
    drivers : sequence of str, or of objects with a ``key`` and perhaps a ``scale``
        All ratings of the model, changed or not.
    changes : mapping of str to float
        Driver to change of its users' mean rating, in points of its scale, up or down.
    kind : {"nps", "csat"}, optional
        Detractors, passives and promoters, or satisfied and not; by default what a metric given
        as the outcome is, else NPS.
    cut_points : sequence of float, optional
        NPS: the highest rating of a detractor and the lowest of a promoter, 6 and 9 on the scale
        of 0 to 10. CSAT: the lowest rating that counts as satisfied, 4 on the scale of 1 to 5.
    weights, cluster : str, optional
        Columns of survey weights, and of customers who answer more than once.
    segments : sequence of str, optional
        Columns among whose levels the best mean is sought; no driver is raised above it.
    scale : (float, float), optional
        Lowest and highest rating of all drivers; by default each driver's own ``scale``, else
        the lowest and highest rating given.
    bootstrap : int
        Resamples behind the intervals; 0 draws none.
    confidence : float
        Coverage of the intervals, between 0 and 1.
    seed : int
        Of the resamples.

    Returns
    -------
    Scenario
        The prediction, its steps and their intervals.

    Raises
    ------
    DataError
        If nothing is changed, a driver is unknown, the outcome is off its scale, or the model has
        no maximum.
    """
    if not isinstance(changes, Mapping):
        raise DataError(f"changes is {changes!r}; give {{driver: change}}.")
    if not changes:
        raise DataError("changes is empty: name at least one driver and its change.")
    model = scenario_model(
        data,
        outcome=outcome,
        drivers=drivers,
        kind=kind,
        cut_points=cut_points,
        weights=weights,
        cluster=cluster,
        segments=segments,
        scale=scale,
        bootstrap=bootstrap,
        confidence=confidence,
        seed=seed,
    )
    return model.predict(changes)


def scenario_model(
    data: pd.DataFrame,
    *,
    outcome: str | Keyed,
    drivers: Sequence[str | Keyed],
    kind: str | None = None,
    cut_points: Sequence[float] | None = None,
    weights: str | None = None,
    cluster: str | None = None,
    segments: Sequence[str | Keyed] | None = None,
    scale: tuple[float, float] | None = None,
    bootstrap: int = 500,
    confidence: float = 0.95,
    seed: int = 1,
) -> ScenarioModel:
    """Fit the model behind `scenario` once, to predict many scenarios from it.

    A proportional-odds model of the outcome's groups, or a multinomial one where the drivers
    visibly act differently at the cuts (robust Brant test, 1 %).

    Parameters
    ----------
    data, outcome, drivers, kind, cut_points, weights, cluster, segments, scale, bootstrap, \
confidence, seed
        As in `scenario`.

    Returns
    -------
    ScenarioModel
        With a method ``predict(changes)``.

    Raises
    ------
    DataError
        As in `scenario`.
    """
    bootstrap, _permutations = check_options("shapley", confidence, bootstrap, 0)
    sample = read(data, outcome=outcome, drivers=drivers, weights=weights, cluster=cluster)
    kind, cut_points, answers = kind_and_cuts(outcome, kind, cut_points)
    groups, values = outcome_groups(sample, kind, cut_points, answers, data.index)
    movable = reaches(sample, drivers, scale)
    named = () if segments is None else [segments] if isinstance(segments, str) else segments
    caps = segment_caps(data, sample, named)
    odds, fitted, p_proportional = _fit(sample, groups, len(values))
    times, moves = _resample(sample, groups, odds, fitted, bootstrap, seed)
    return ScenarioModel(
        drivers=sample.names,
        means=tuple(map(float, sample.means)),
        caps=tuple(map(float, caps)),
        kind=kind,
        outcome=sample.outcome_name,
        model=NAMES[isinstance(odds, _odds.ProportionalOdds)],
        p_proportional=p_proportional,
        observed=float(np.average(values[groups], weights=sample.weights)),
        confidence=confidence,
        caveats=(
            *_caveats(sample, odds, p_proportional, caps),
            *_lost_draws(bootstrap, bootstrap - len(times)),
        ),
        _sample=sample,
        _reaches=movable,
        _values=values,
        _odds=odds,
        _parameters=fitted,
        _times=times,
        _moves=moves,
        _seed=seed,
    )


def _fit(
    sample: DriverData, groups: NDArray[np.intp], count: int
) -> tuple[_odds.OddsModel, Array, float]:
    design = sample.design[:, 1:]
    odds: _odds.OddsModel = _odds.ProportionalOdds(count)
    found = _odds.fit(odds, design, groups, sample.weights)
    if found is None:
        sizes = ", ".join(map(str, np.bincount(groups)))
        raise DataError(
            f"the groups of {sample.outcome_name!r} ({sizes} answers) are too small or too cleanly "
            f"separated for {len(sample.names)} drivers; name fewer drivers or join periods."
        )
    p = _odds.proportionality(design, groups, sample.weights, sample.groups)[2]
    if p < PROPORTIONALITY:
        other = _odds.fit(_odds.Multinomial(count), design, groups, sample.weights)
        if other is not None:
            return _odds.Multinomial(count), other.parameters, p
    return odds, found.parameters, p


def _resample(
    sample: DriverData,
    groups: NDArray[np.intp],
    odds: _odds.OddsModel,
    fitted: Array,
    bootstrap: int,
    seed: int,
) -> tuple[NDArray[np.float32], Array]:
    """Refit on each resample; return how often units were drawn, and how parameters moved."""
    design = sample.design[:, 1:]
    drawn, moves = [], []
    for batch in sample.resamples(generator(seed), bootstrap):
        for times in batch:
            rows = times if sample.groups is None else times[sample.groups]
            mass = sample.weights * rows
            found = _odds.fit(odds, design, groups, mass, start=fitted)
            if found is not None:
                drawn.append(times.astype(np.float32))
                moves.append(found.parameters - fitted)
    if not drawn:
        return np.empty((0, sample.units), dtype=np.float32), np.empty((0, len(fitted)))
    return np.stack(drawn), np.stack(moves)


def _caveats(sample: DriverData, odds: _odds.OddsModel, p: float, caps: Array) -> list[Caveat]:
    message = _(
        "All else is held as it is: the prediction says which {outcome} is associated with such "
        "ratings today, not what a change will cause."
    )
    found = [Caveat(message, outcome=sample.outcome_name), *sample.caveats]
    if p < PROPORTIONALITY:
        message = _("The drivers act differently on low and high scores (p = {p:.4f}).")
        found.append(Caveat(message, p=p))
    elif np.isnan(p) and odds.groups > 2:
        found.append(Caveat(_("Whether the drivers act alike on all scores could not be tested.")))
    if np.isnan(caps).any():
        message = _("Changes are limited by the scale only where no segment shows what is reached.")
        found.append(Caveat(message))
    return found


def _lost_draws(count: int, failed: int) -> list[Caveat]:
    if failed <= FAILED_TOO_MANY * count:
        return []
    message = _("{n} of {total} resamples had no solution; the intervals are too narrow.")
    return [Caveat(message, n=failed, total=count)]
