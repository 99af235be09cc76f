"""Analysis room: which ratings to raise, as far as other groups or earlier periods reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from cxlib.analysis._importance import DriverImportance
from cxlib.analysis._mix import to_mix
from cxlib.analysis._scenario_model import ScenarioModel
from cxlib.analysis._score_table import score_table
from cxlib.analysis._shrink import random_effects
from cxlib.analysis.metrics import Touchpoint
from cxlib.analysis.priorities import Priorities
from cxlib.analysis.results import CARE_BASE, Caveat
from cxlib.words import mark as _

STEP = 0.1
"""Points of a rating: small enough to be believed, large enough to be seen in a mean of a few
hundred answers. What a change is worth is told for this much where nothing says what is reached."""

ASKED = _("asked for")
BEST_GROUP = _("what the best group reaches")
SMALL_STEP = _("a tenth of a point")
GROUNDS = (ASKED, BEST_GROUP, SMALL_STEP)
FIX_FIRST = "fix first"


@dataclass(frozen=True, kw_only=True)
class ChangePlan:
    """Which ratings a scenario raises, by how much, and on what grounds.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a driver: ``driver``; ``quadrant``; ``mean_now``; ``cap`` (the best group's
        shrunken mean, NaN where no group shows one); ``change`` (points of its rating);
        ``ground`` (one of `GROUNDS`).
    room : bool
        Whether any rating is to move by a hundredth of a point or more.
    caveats : tuple of Caveat
        Reservations.
    """

    table: pd.DataFrame
    room: bool
    caveats: tuple[Caveat, ...]

    @property
    def changes(self) -> dict[str, float]:
        """Driver to change, as a scenario takes them; empty where there is nothing to plan."""
        names = self.table["driver"]
        return dict(zip(names, self.table["change"].astype(float).tolist(), strict=True))


def plan(
    model: ScenarioModel,
    *,
    importance: DriverImportance,
    priorities: Priorities,
    asked: Mapping[str, float] | None = None,
    most: int = 3,
) -> ChangePlan:
    """Say which ratings a scenario should raise: those asked for, else the proven ones.

    Only drivers whose ``p_unique`` is below 1 − confidence are planned by default, those to "fix
    first" before all others, each raised to what the model's best segment reaches.

    Parameters
    ----------
    model : ScenarioModel
        Fitted with ``segments=``; its caps say how far a rating may rise.
    importance : DriverImportance
    priorities : Priorities
    asked : mapping of str to float, optional
        Driver to change, as the client wants it; the scenario still holds it to the cap.
    most : int
        Drivers planned by default, at most.
    """
    quadrants = dict(
        zip(priorities.table["driver"], priorities.table["quadrant"], strict=True),
    )
    names = list(asked) if asked else _to_raise(importance, quadrants, most)
    means = dict(zip(model.drivers, model.means, strict=True))
    caps = dict(zip(model.drivers, model.caps, strict=True))
    rows = []
    for name in names:
        mean, cap = means.get(name, np.nan), caps.get(name, np.nan)
        if asked:
            change, ground = float(asked[name]), ASKED
        elif np.isnan(cap):
            change, ground = STEP, SMALL_STEP
        else:
            change, ground = cap - mean, BEST_GROUP
        rows.append((name, quadrants.get(name), mean, cap, change, ground))
    columns = ["driver", "quadrant", "mean_now", "cap", "change", "ground"]
    table = pd.DataFrame(rows, columns=columns)
    message = _("No touchpoint is proven to go with the outcome, so no change is planned.")
    return ChangePlan(
        table=table,
        room=bool((table["change"].abs() >= STEP / 10).any()),
        caveats=() if names else (Caveat(message),),
    )


def _to_raise(importance: DriverImportance, quadrants: dict[str, str], most: int) -> list[str]:
    table = importance.table.sort_values("rank", kind="stable")
    proven = table.loc[table["p_unique"] < 1 - importance.confidence, "driver"]
    urgent = [name for name in proven if quadrants.get(name) == FIX_FIRST]
    return (urgent or list(proven))[:most]


@dataclass(frozen=True, kw_only=True)
class LostGround:
    """Where touchpoints stood at their best, and what has been lost since.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a touchpoint that earlier periods rated: ``driver``; ``period`` (its best);
        ``before`` (that period's mean, shrunken towards all earlier ones), ``now``, ``lost``
        (before less now) with ``low`` and ``high`` (adjusted for the number of comparisons);
        ``clear`` (the interval is above 0); ``n`` (ratings now), ``n_before``.
    periods : int
        Earlier periods looked at.
    """

    table: pd.DataFrame
    periods: int

    def changes(self, names: Sequence[str]) -> dict[str, float]:
        """Return what brings those of `names` that clearly lost ground back to their best."""
        clear = self.table[self.table["clear"] & self.table["driver"].isin(list(names))]
        return dict(zip(clear["driver"], clear["lost"].astype(float).tolist(), strict=True))


def lost_ground(
    history: pd.DataFrame,
    now: pd.DataFrame,
    *,
    drivers: Sequence[Touchpoint],
    match: Sequence[str] = (),
    weights: str = "weight",
    cluster: str | None = None,
    confidence: float = 0.95,
) -> LostGround:
    """Compare each touchpoint with its own best earlier period, chance allowed for.

    Parameters
    ----------
    history : pandas.DataFrame
        One row a response, of all periods; those in `now` are set apart.
    now : pandas.DataFrame
        The answers the present is read from.
    drivers : sequence of Touchpoint
    match : sequence of str
        Segment columns: every earlier period is weighted to today's mix of groups, so that other
        customers are not taken for lost ground.
    weights, cluster : str, optional
        Columns of survey weights, and of customers who answer more than once.
    confidence : float
        Coverage of all intervals together (Bonferroni over touchpoints and periods).

    Notes
    -----
    The best of several means is partly luck: each is drawn towards the mean of all earlier
    periods by τ²/(τ² + SE²) before the best is taken, and periods on fewer than 30 ratings are
    not looked at.
    """
    earlier = history[~history["period"].isin(set(now["period"]))]
    count = int(earlier["period"].nunique())
    waves = [
        to_mix(wave, now, match=match, weights=weights)[0] for _p, wave in earlier.groupby("period")
    ]
    earlier = pd.concat(waves, ignore_index=True) if waves else earlier
    rows = [
        _best_before(earlier, now, driver, {"weights": weights, "cluster": cluster})
        for driver in drivers
        if count and driver.key in earlier and earlier[driver.key].notna().any()
    ]
    names = ["driver", "period", "before", "now", "lost", "standard_error", "n", "n_before"]
    table = pd.DataFrame([row for row in rows if row], columns=names)
    z = norm.ppf(1 - (1 - confidence) / 2 / max(count * len(table), 1))
    half = z * table["standard_error"].astype(float)
    table = table.assign(low=table["lost"] - half, high=table["lost"] + half)
    return LostGround(table=table.assign(clear=table["low"].astype(float) > 0), periods=count)


def _best_before(
    earlier: pd.DataFrame,
    now: pd.DataFrame,
    driver: Touchpoint,
    columns: dict[str, Any],
) -> tuple[object, ...] | None:
    then = score_table(earlier, metric=driver, by="period", **columns).table
    then = then[(then["n"] >= CARE_BASE) & (then["standard_error"] > 0)].reset_index(drop=True)
    present = score_table(now.assign(whole="now"), metric=driver, by="whole", **columns).table
    if then.empty or present.empty:
        return None
    values, errors = (then[name].to_numpy(dtype=float) for name in ("value", "standard_error"))
    mean, tau2 = random_effects(values, errors)
    shrunken = mean + (values - mean) * tau2 / (tau2 + errors**2)
    at, today = int(shrunken.argmax()), present.iloc[0]
    error = float(np.hypot(errors[at], today["standard_error"]))
    lost = float(shrunken[at] - today["value"])
    best = then.iloc[at]
    return (driver.key, best["period"], float(shrunken[at]), float(today["value"]), lost, error,
            int(today["n"]), int(best["n"]))  # fmt: skip
