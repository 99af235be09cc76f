"""What if ratings changed: the predicted change of a score, in steps that add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.analysis.drivers import odds, reach
from cxlib.analysis.drivers.sample import OPTIONS, Sample, listed, name_of, read
from cxlib.analysis.estimation import percentiles
from cxlib.analysis.metrics import Question, check_options, number, one_of
from cxlib.analysis.results import Caveat, TableResult, said
from cxlib.analysis.validate import Floats, check_confidence, count
from cxlib.errors import DataError
from cxlib.words import mark as _

FAILED_TOO_MANY = 0.05
"""Share of resamples without a maximum above which an interval is called too narrow."""

ROUNDING = 1e-9
"""Means that differ by less are the same."""


_SCORES = [f"{part}{end}" for part in ("baseline", "change") for end in ("", "_low", "_high")]
_SCORES += ["predicted", "low", "high"]


UNITS = {"nps": "points", "csat": "percent", "share": "percent"}
"""Units of what a scenario predicts, by its kind."""


class Scenario(TableResult):
    """A predicted change of a score under changed ratings, in points (NPS) or percent.

    ``table``, a row a changed driver: ``mean_now, mean_asked, mean_used`` (mean rating by its
    users: now, demanded, after the cap), ``cap, capped, step`` with its interval (its part of
    ``change``, averaged over orders: they add up). ``baseline``: the headline, else what the model
    gives for the ratings as they are; ``baseline_observed``: the score of the model's respondents.
    ``predicted, low, high``: the baseline after the change. ``p_proportional``: of the robust Brant
    test, NaN with two groups.
    """

    baseline: float
    baseline_low: float
    baseline_high: float
    baseline_observed: float
    predicted: float
    low: float
    high: float
    change: float
    change_low: float
    change_high: float
    kind: str
    outcome: str
    model: str
    p_proportional: float
    confidence: float


@dataclass(frozen=True, kw_only=True, eq=False)
class ScenarioModel:
    """A fitted model that predicts scenarios in milliseconds (for sliders).

    ``means, caps``: mean rating of each driver's users, and the best segment's shrunken mean (NaN:
    unknown); ``at_rest``: the prediction for no change.
    """

    drivers: tuple[str, ...]
    means: tuple[float, ...]
    caps: tuple[float, ...]
    at_rest: Scenario
    _sample: Sample = field(repr=False)
    _limits: Floats = field(repr=False)
    _values: Floats = field(repr=False)
    _odds: odds.Odds = field(repr=False)
    _parameters: Floats = field(repr=False)
    _drawn: NDArray[np.float32] = field(repr=False)
    _moves: Floats = field(repr=False)
    _seed: int = field(repr=False)

    def predict(self, changes: Mapping[str, float], *, headline: float | None = None) -> Scenario:
        """Predict what happens to the score when mean ratings change together.

        The intervals rest on the resamples drawn when the model was fitted, carried to the scenario
        by its gradient; the amount by which each rating moves is held fixed over them.

        Parameters
        ----------
        changes : mapping of str to float
            Driver to change of its users' mean rating, in points of its scale, up or down.
        headline : float, optional
            The published score that the change is applied to; the model rests on those who rated
            everything, whose own score is another.

        Raises
        ------
        DataError
            If a driver is unknown or a change is no finite number.
        """
        table, moves = self._asked(changes)
        sample, count = self._sample, len(moves)
        now, now_gradient = self._expected(np.zeros((sample.n, 0)), [])
        steps = np.zeros((count, sample.n))
        gradients = np.zeros((count, len(self._parameters)))
        columns = [self.drivers.index(name) for name in table["driver"]]
        orders = reach.order_weights(count, np.random.default_rng(self._seed))
        for subset, weights in orders.items():
            chosen = [i for i in range(count) if subset >> i & 1]
            value, gradient = now, now_gradient
            if chosen:
                value, gradient = self._expected(moves[chosen].T, [columns[i] for i in chosen])
            steps += weights[:, None] * value
            gradients += weights[:, None] * gradient
        whole, slope = steps.sum(axis=0), gradients.sum(axis=0)
        values = np.vstack([steps, whole, now, now + whole])
        slopes = np.vstack([gradients, slope, now_gradient, now_gradient + slope])
        means = values @ sample.weights / sample.weights.sum()
        ends = (means, *self._intervals(values, means, slopes))
        shift = 0.0 if headline is None else number(headline, "headline", above=-np.inf) - means[-2]
        bounds = reach.KINDS[self.at_rest.kind][0]
        told: dict[str, Any] = {}
        for end, name in zip(ends, ("", "_low", "_high"), strict=True):
            level = np.clip(end + shift, bounds[0], bounds[-1])
            told |= {f"change{name}": float(end[-3]), f"baseline{name}": float(level[-2])}
            told[name.lstrip("_") or "predicted"] = float(level[-1])
        steps_of = zip(("step", "step_low", "step_high"), ends, strict=True)
        return replace(
            self.at_rest,
            table=table.assign(**{name: value[:count] for name, value in steps_of}),
            caveats=(*self.at_rest.caveats, *_cap_caveats(table)),
            **told,
        )

    def _asked(self, changes: Mapping[str, float]) -> tuple[pd.DataFrame, Floats]:
        """Return the table of changes so far, and each respondent's change, a row a driver."""
        if not isinstance(changes, (Mapping, pd.Series)):
            raise DataError(f"changes is {changes!r}; give {{driver: change}}.")
        rows, moves = [], np.zeros((len(changes), self._sample.n))
        for i, (name, change) in enumerate(changes.items()):
            if name in self._sample.repeats:
                others = ", ".join(self._sample.repeats[name]) or "who used what"
                raise DataError(f"{name!r} was left out: it follows from {others}.")
            one_of(name, self.drivers, f"{name!r} is not a driver here")
            number(change, f"the change of {name!r}", above=-np.inf)
            j = self.drivers.index(name)
            mean, cap, (low, high) = self.means[j], self.caps[j], self._limits[j].tolist()
            asked = mean + change
            target = asked
            if change:
                target = float(np.clip(asked, low, np.fmin(cap, high) if change > 0 else high))
            if abs(target - mean) > ROUNDING:
                used = self._sample.used[:, j]
                ratings = self._sample.ratings[used, j] + mean
                moves[i, used] = reach.moved(ratings, self._sample.weights[used], target, low, high)
            rows.append((name, mean, asked, target, cap, abs(target - asked) > ROUNDING))
        names = ["driver", "mean_now", "mean_asked", "mean_used", "cap", "capped"]
        return pd.DataFrame(rows, columns=names), moves

    def _expected(self, moves: Floats, columns: list[int]) -> tuple[Floats, Floats]:
        ratings = self._sample.ratings.copy()
        ratings[:, columns] += moves
        design = np.column_stack([self._sample.fixed, ratings])
        mass = self._sample.weights / self._sample.weights.sum()
        return self._odds.expected(design, self._parameters, self._values, mass)

    def _intervals(self, values: Floats, means: Floats, slopes: Floats) -> tuple[Floats, Floats]:
        apart = (values - means[:, None]).T.astype(np.float32)
        drawn = (self._drawn @ apart).astype(np.float64)
        drawn /= self._drawn.sum(axis=1, dtype=np.float64)[:, None]
        low, high = percentiles(means + drawn + self._moves @ slopes.T, self.at_rest.confidence)
        return low, high


def _cap_caveats(table: pd.DataFrame) -> list[Caveat]:
    by_segment = _(
        "{driver}: {asked:.2f} was asked for; chance allowed for, no segment is above {used:.2f}."
    )
    by_scale = _("{driver}: {asked:.2f} was asked for, off the scale; {used:.2f} was used.")
    names = ["driver", "mean_asked", "mean_used", "cap"]
    return [
        Caveat(by_segment if used == cap else by_scale, driver=driver, asked=asked, used=used)
        for driver, asked, used, cap in table.loc[table["capped"], names].itertuples(index=False)
    ]


def scenario(
    data: pd.DataFrame,
    *,
    changes: Mapping[str, float],
    headline: float | None = None,
    **options: Any,
) -> Scenario:
    """Predict what NPS (or CSAT) becomes when the mean ratings of some drivers change together.

    Every user's rating of a changed driver moves by one amount, clipped to the scale, so that
    the users' mean reaches what is demanded; everything else stays as it is.

    Parameters
    ----------
    data, **options
        As in `scenario_model`, which needs ``outcome`` and ``drivers``.
    changes, headline
        As in `ScenarioModel.predict`; at least one change.

    Raises
    ------
    DataError
        If nothing is changed, a driver is unknown, the outcome is off its scale, or the model has
        no maximum.
    """
    if not isinstance(changes, (Mapping, pd.Series)) or not len(changes):
        raise DataError("changes names no driver: give {driver: change}, at least one.")
    return scenario_model(data, **options).predict(changes, headline=headline)


def scenario_model(
    data: pd.DataFrame,
    *,
    outcome: Question,
    drivers: Sequence[Question],
    kind: str | None = None,
    cut_points: Sequence[float] | None = None,
    segments: str | Sequence[Question] | None = None,
    scale: tuple[float, float] | None = None,
    bootstrap: int = 500,
    confidence: float = 0.95,
    seed: int = 1,
    **model: Any,
) -> ScenarioModel:
    """Fit the model behind `scenario` once, to predict many scenarios from it.

    A proportional-odds model of the outcome's groups (a logit where there are two), or a
    multinomial one where the drivers visibly act differently at the cuts (robust Brant test, 1 %).

    Parameters
    ----------
    data, outcome, confidence, seed, **model
        As in `importance`: ``weights, cluster, controls``.
    drivers : sequence of str, Metric or Touchpoint
        All ratings of the model, changed or not.
    kind : {"nps", "csat", "share"}, optional
        Detractors, passives and promoters; satisfied or not; yes or no. By default what a metric
        given as the outcome is, else "share" for 0 and 1, else NPS.
    cut_points : sequence of float, optional
        NPS: the highest rating of a detractor and the lowest of a promoter, 6 and 9 on the scale
        of 0 to 10. CSAT: the lowest rating that counts as satisfied, 4 on the scale of 1 to 5.
    segments : sequence of str, optional
        Columns among whose levels the best mean is sought; no driver is raised above it.
    scale : (float, float), optional
        Lowest and highest rating of all drivers; by default each driver's own ``scale``, else
        the lowest and highest rating given.
    bootstrap : int
        Resamples behind the intervals; 0 draws none.
    """
    check_options(model, OPTIONS)
    check_confidence(confidence)
    bootstrap = count(bootstrap, "bootstrap")
    sample = read(data, outcome=outcome, drivers=drivers, **model)
    kind, groups, values = reach.groups(sample, outcome, kind, cut_points, data.index)
    limits = reach.limits(sample, {name_of(d): d for d in listed(drivers, "drivers")}, scale)
    caps = reach.caps(data, sample, [name_of(segment) for segment in listed(segments, "segments")])
    chosen, fitted, p_proportional = odds.choose(sample, groups, len(values))
    rows, drawn, moves = odds.resample(sample, groups, chosen, fitted, bootstrap, seed)
    proportional = isinstance(chosen, odds.ProportionalOdds)
    failed = bootstrap - len(drawn)
    message = _("{n} of {total} resamples had no solution; the intervals are too narrow.")
    caveats = [
        *_caveats(sample, len(values), p_proportional, caps),
        *said(failed > FAILED_TOO_MANY * bootstrap, message, n=failed, total=bootstrap),
    ]
    at_rest = Scenario(
        table=pd.DataFrame(),
        baseline_observed=float(np.average(values[groups], weights=sample.weights)),
        kind=kind,
        outcome=sample.outcome_name,
        model=_("proportional odds") if proportional else _("multinomial"),
        p_proportional=p_proportional,
        n_used=sample.n,
        n_dropped=sample.n_dropped,
        confidence=confidence,
        caveats=tuple(caveats),
        **dict.fromkeys(_SCORES, np.nan),
    )
    model_of = ScenarioModel(
        drivers=sample.names,
        means=tuple(map(float, sample.means)),
        caps=tuple(map(float, caps)),
        at_rest=at_rest,
        _sample=rows,
        _limits=limits,
        _values=values,
        _odds=chosen,
        _parameters=fitted,
        _drawn=drawn,
        _moves=moves,
        _seed=seed,
    )
    return replace(model_of, at_rest=model_of.predict({}))


def _caveats(sample: Sample, groups: int, p: float, caps: Floats) -> list[Caveat]:
    message = _(
        "All else is held as it is: the prediction says which {outcome} is associated with such "
        "ratings today, not what a change will cause."
    )
    apart = _("The drivers act differently on low and high scores (p = {p:.4f}).")
    untested = _("Whether the drivers act alike on all scores could not be tested.")
    uncapped = _("Changes are limited by the scale only where no segment shows what is reached.")
    return [
        Caveat(message, outcome=sample.outcome_name),
        *sample.caveats,
        *said(p < odds.PROPORTIONALITY, apart, p=p),
        *said(np.isnan(p) and groups > 2, untested),
        *said(np.isnan(caps).any(), uncapped),
    ]
