"""How demo customers answer: a mood moves every rating, and some ratings move the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Dates = npt.NDArray[np.datetime64]

MOOD_LOADING = 0.55
"""How far one standard deviation of a customer's mood moves each rating: what makes ratings
correlate though they cause nothing."""

NPS_NOISE = 1.3
"""Standard deviation of what recommendation owes to no touchpoint at all."""

_HOUR_OF_ANSWER = np.array([0.0] * 7 + [1, 3, 5, 6, 6, 7, 5, 5, 5, 5, 6, 7, 9, 10, 8, 5, 2])


@dataclass(frozen=True, kw_only=True)
class Touchpoint:
    """A part of the experience: where its ratings (1 to 5) would centre had the scale no ends.

    `effect` and `ease`: points of the 0–10 and the 1–7 outcome that one point of it is worth, the
    planted truth (0: it only correlates, since moods are shared); `reach`: share who use it.
    """

    key: str
    mean: float
    effect: float = 0.0
    ease: float = 0.0
    reach: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Model:
    """A client's touchpoints in journey order, and the outcomes of who rates each at its mean."""

    touchpoints: tuple[Touchpoint, ...]
    nps: float
    csat: float
    ces: float

    @property
    def drivers(self) -> dict[str, float]:
        """The touchpoints that truly move recommendation, with their effects."""
        return {t.key: t.effect for t in self.touchpoints if t.effect}

    @property
    def partly_used(self) -> dict[str, float]:
        """The touchpoints that not everyone uses, with their reach."""
        return {t.key: t.reach for t in self.touchpoints if t.reach < 1}


def simulate(
    rng: np.random.Generator,
    model: Model,
    *,
    mood: Floats,
    shifts: Mapping[str, Floats] | None = None,
    grudge: Floats | None = None,
) -> dict[str, Floats]:
    """Draw ``nps, csat, ces`` and each touchpoint (NaN: not used) of a customer per `mood`.

    `shifts` are added to touchpoints or ``"ces"``; `grudge` to recommendation, beyond any rating.
    """
    n = len(mood)
    moved = dict(shifts or {})
    ratings: dict[str, Floats] = {}
    index, effort = np.zeros(n), np.zeros(n)
    for point in model.touchpoints:
        latent = point.mean + MOOD_LOADING * mood + moved.get(point.key, 0.0)
        rating = on_scale(latent + rng.normal(0, 0.75, n), 1, 5)
        used = rng.random(n) < point.reach
        index += np.where(used, point.effect * (rating - point.mean), 0)
        effort += np.where(used, point.ease * (rating - point.mean), 0)
        ratings[point.key] = np.where(used, rating, np.nan)
    nps = model.nps + index + (0 if grudge is None else grudge) + rng.normal(0, NPS_NOISE, n)
    csat = model.csat + 0.42 * index + rng.normal(0, 0.55, n)
    ces = model.ces + effort + moved.get("ces", 0.0) + rng.normal(0, 0.9, n)
    outcomes = {"nps": on_scale(nps, 0, 10), "csat": on_scale(csat, 1, 5)}
    return outcomes | {"ces": on_scale(ces, 1, 7)} | ratings


def on_scale(latent: Floats, lowest: int, highest: int) -> Floats:
    """Return the whole number on the questionnaire's scale that is nearest to each latent value."""
    return np.clip(np.floor(latent + 0.5), lowest, highest)


def bounds(period: str) -> tuple[np.datetime64, np.datetime64]:
    """Return the first day of a quarter (``2026Q3``) or month (``2026-09``), and of the next."""
    if "Q" in period:
        year, quarter = period.split("Q")
        first = np.datetime64(f"{year}-{3 * int(quarter) - 2:02d}", "M")
        months = 3
    else:
        first, months = np.datetime64(period, "M"), 1
    return first.astype("M8[D]"), (first + np.timedelta64(months, "M")).astype("M8[D]")


def moments(rng: np.random.Generator, days: Dates) -> Dates:
    """Return each day with a time at which people answer surveys: evenings most, nights never."""
    hours = rng.choice(24, size=len(days), p=_HOUR_OF_ANSWER / _HOUR_OF_ANSWER.sum())
    minutes = 60 * hours + rng.integers(0, 60, len(days))
    times: Dates = days.astype("M8[m]") + minutes.astype("m8[m]")
    return times


def days_within(rng: np.random.Generator, period: str, n: int) -> Dates:
    """Return `n` random days of a period, in time order."""
    first, end = bounds(period)
    return np.sort(first + rng.integers(0, int((end - first).astype(int)), n))
