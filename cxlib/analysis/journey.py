"""The journey as customers live it: stages and touchpoints in order, what hurts, what decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from cxlib.analysis import validate
from cxlib.analysis.metrics import one_of
from cxlib.analysis.results import Tabled, said
from cxlib.errors import DataError
from cxlib.words import mark as _

ALPHA = 0.05


class JourneyMap(Tabled):
    """A journey, stage by stage.

    ``table``: a row a touchpoint, in order: ``stage, touchpoint, position, n, reach, value, low,
    high, emotion`` (−1 worst answer, 1 best) and its ends, ``importance`` (share of what drivers
    explain), ``proven`` (by its own test), ``role``: "pain point" (clearly below the journey's
    mean), "moment of truth" (a proven driver of at least average importance), "failing moment of
    truth" (both), "strength" (clearly above), or "". ``stages``: ``stage, position, touchpoints,
    emotion`` (mean by answers), ``entered, left`` (went no further), ``drop_off`` with its Wilson
    interval; NaN without events. ``comments``: ``touchpoint, comment``. ``mean_emotion``: of the
    whole journey, by answers.
    """

    stages: pd.DataFrame
    comments: pd.DataFrame
    mean_emotion: float


def map_journey(
    stages: Mapping[str, Sequence[str]],
    *,
    scores: pd.DataFrame,
    scales: tuple[float, float] | Mapping[str, tuple[float, float]],
    importance: pd.DataFrame | None = None,
    events: pd.DataFrame | None = None,
    comments: pd.DataFrame | None = None,
    lower_is_better: Sequence[str] = (),
) -> JourneyMap:
    """Draw a journey from data.

    Parameters
    ----------
    stages : mapping of stage to sequence of touchpoint
        In the order in which customers live them.
    scores : pandas.DataFrame
        One row a touchpoint: ``touchpoint, value, low, high, n``, and ``reach`` if known.
    scales : (lowest, highest) or mapping of touchpoint to it
        Of the answers.
    importance : pandas.DataFrame, optional
        Drivers as `importance` returns them: ``driver, share, p_unique``.
    events : pandas.DataFrame, optional
        ``customer, stage`` (or ``touchpoint``): what each customer reached; order and repeats do
        not matter, a later stage implies the earlier ones.
    comments : pandas.DataFrame, optional
        ``touchpoint, comment``, chosen elsewhere.
    lower_is_better : sequence of str
        Touchpoints whose lowest answer is best.

    Raises
    ------
    DataError
        If a touchpoint stands in two stages, is scored but in no stage, an event names an unknown
        stage, or a column is absent.

    Notes
    -----
    "Clearly" below or above: the touchpoint's interval excludes the mean of the others by answers.
    """
    table = _placed(stages)
    known = _known(table["touchpoint"], scores)
    table = pd.concat([table, known], axis=1)
    table = pd.concat([table, _emotion(table, scales, lower_is_better)], axis=1)
    table["importance"], table["proven"] = nan, False
    if importance is not None:
        told = importance.set_index("driver")
        table["importance"] = table["touchpoint"].map(told["share"])
        table["proven"] = table["touchpoint"].map(told["p_unique"]).lt(ALPHA)
    felt = table["emotion"].fillna(0.0)
    n = table["n"].fillna(0.0).where(table["emotion"].notna(), 0.0)
    total, mass = float((n * felt).sum()), float(n.sum())
    others = (total - n * felt) / (mass - n).where(mass > n)
    pain, strength = table["emotion_high"] < others, table["emotion_low"] > others
    truth = table["proven"] & (table["importance"] >= table["importance"].mean())
    roles = [_("failing moment of truth"), _("pain point"), _("moment of truth"), _("strength")]
    table["role"] = np.select([pain & truth, pain, truth, strength], roles, "")
    unscored = table.loc[table["value"].isna(), "touchpoint"].tolist()
    message = _("No score is shown for {touchpoint} ({n} such touchpoints).")
    voices = pd.DataFrame(columns=["touchpoint", "comment"])
    if comments is not None:
        here = comments["touchpoint"].isin(table["touchpoint"])
        voices = comments.loc[here, ["touchpoint", "comment"]]
    return JourneyMap(
        table=table,
        stages=_stages(list(stages), table, events),
        comments=voices.reset_index(drop=True),
        mean_emotion=total / mass if mass else nan,
        caveats=said(unscored, message, touchpoint="".join(unscored[:1]), n=len(unscored)),
    )


def _placed(stages: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return each touchpoint with its stage, in order."""
    lists = {stage: [of] if isinstance(of, str) else of for stage, of in stages.items()}
    pairs = [(stage, name) for stage, names in lists.items() for name in names]
    table = pd.DataFrame(pairs, columns=["stage", "touchpoint"])
    if table.empty:
        raise DataError("the journey has no touchpoint: name stages with their touchpoints.")
    for stage, name in table[table["touchpoint"].duplicated()].to_numpy()[:1]:
        first = table.loc[table["touchpoint"] == name, "stage"].iloc[0]
        raise DataError(f"{name!r} stands in stage {first!r} and in {stage!r}.")
    return table.assign(position=range(1, len(table) + 1))


def _known(names: pd.Series, scores: pd.DataFrame) -> pd.DataFrame:
    """Return what is known of each touchpoint's score; missing where it is not scored."""
    scored = validate.column(scores, "touchpoint")
    for name in scored:
        one_of(name, list(names), f"touchpoint {str(name)!r} is scored but in no stage")
    validate.once(scored, "{} is scored twice.")
    known = scores.set_index("touchpoint").reindex(index=names, columns=_SCORE)
    return known.astype("float64").reset_index(drop=True)  # None: no error


def _emotion(table: pd.DataFrame, scales: Any, lower_is_better: Sequence[str]) -> pd.DataFrame:
    """Return scores and their ends on −1 to 1, the best answer above."""
    ends = pd.DataFrame(index=table.index, columns=["emotion", "emotion_low", "emotion_high"])
    for at in np.flatnonzero(table[_SCORE].notna().any(axis=1)).tolist():
        name = table["touchpoint"].iloc[at]
        if isinstance(scales, Mapping):
            one_of(name, scales, f"no scale is told for {name!r}")
        low, high = scales[name] if isinstance(scales, Mapping) else scales
        if not low < high:
            raise DataError(f"the scale of {name!r} goes from {low:g} to {high:g}.")
        told = 2 * (table[["value", "low", "high"]].to_numpy(float)[at] - low) / (high - low) - 1
        ends.iloc[at] = -told[[0, 2, 1]] if name in lower_is_better else told
    return ends.astype(float)


def drop_off(
    events: pd.DataFrame,
    *,
    stages: Sequence[str],
    window: Any,
    since: Any = None,
    until: Any = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Count where customers go no further, from what they did and when.

    `events`: ``customer, stage, time``, a row a step, in any order; stages without an event are
    left out. `window` (days, or a time): who takes no step of a later stage for so long went no
    further; after so long a silence a step begins a new journey. Journeys count whose window ended
    from `since` to `until`, by default up to the last event; what happened later is not known.

    A row a stage: ``stage, position, n`` (customers), ``entered`` (times it was reached), ``left``
    (of those, how often nothing later followed within the window), ``drop_off`` with its Wilson
    interval (NaN for the last stage), ``still_open`` (reached too lately to tell, and counted
    nowhere else).

    Right-censoring: a stage reached less than a window before the end may yet be followed. Leaving
    out only those that have *not* gone on would make the drop-off too low, counting them as lost
    too high; so all that were reached too lately are left out, whatever followed.

    Order: of steps of one moment the earlier stage comes first. A stage is reached by a step of it
    or of any later one. The same step again, or a step back, within a window of the one before is
    the same journey and counts nowhere; the window runs from when the stage was first reached, so
    repeating a step prolongs nothing.
    """
    length: Any
    try:
        length = pd.Timedelta(window, unit="D" if isinstance(window, (int, float)) else None)
    except ValueError:
        length = pd.NaT
    if not length > pd.Timedelta(0):
        raise DataError(f"window is {window}; it is a time above 0.")
    named = validate.column(events, "stage").astype(str)
    time = validate.dates_of(validate.column(events, "time"))
    for name in named.unique():
        one_of(name, stages, f"events name {name!r}, no stage")
    if time.isna().any():
        raise DataError(f"{int(time.isna().sum())} events have no time.")
    known = [stage for stage in stages if (named == stage).any()]
    frame = pd.DataFrame(
        {
            "customer": pd.factorize(validate.column(events, "customer"))[0],
            "at": named.map({stage: at for at, stage in enumerate(known)}).astype("int64"),
            "time": time,
        }
    ).sort_values(["customer", "time", "at"], kind="stable")
    end = frame["time"].max() if until is None else pd.Timestamp(until)
    frame = frame[frame["time"] <= end]
    rows = []
    for at, stage in enumerate(known):
        row: dict[str, Any] = {"stage": stage, "position": at + 1}
        row |= _gone(frame, at, length, (since, end), confidence)
        if at == len(known) - 1:
            row |= dict.fromkeys(("left", *_GONE), nan)
        rows.append(row)
    columns = ["stage", "position", "n", "entered", "left", *_GONE, "still_open"]
    return pd.DataFrame(rows, columns=columns)


_GONE = ["drop_off", "low", "high"]
_SCORE = ["n", "reach", "value", "low", "high"]


def _stages(names: list[str], table: pd.DataFrame, events: pd.DataFrame | None) -> pd.DataFrame:
    told = table[table["emotion"].notna()]
    mass = told.groupby("stage")["n"].sum()
    felt = (told["emotion"] * told["n"]).groupby(told["stage"]).sum() / mass.where(mass > 0)
    frame = pd.DataFrame({"stage": names, "position": range(1, len(names) + 1)})
    frame["touchpoints"] = frame["stage"].map(table["stage"].value_counts()).fillna(0).astype(int)
    frame["emotion"] = frame["stage"].map(felt).astype(float)
    frame[["entered", "left", *_GONE]] = nan
    if events is None:
        return frame
    customer = validate.column(events, "customer")
    if "stage" in events:
        reached = events["stage"].astype(str)
    else:
        touched = validate.column(events, "touchpoint")
        reached = touched.map(table.set_index("touchpoint")["stage"]).fillna(touched)
    for stage in reached.unique():
        one_of(stage, names, f"events name {str(stage)!r}, no stage")
    furthest = reached.map({stage: at for at, stage in enumerate(names)}).groupby(customer).max()
    left = np.bincount(furthest.to_numpy(int), minlength=len(names)).astype(float)
    entered = left[::-1].cumsum()[::-1]
    frame["entered"], frame["left"] = entered, left
    went = (entered > 0) & (np.arange(len(names)) < len(names) - 1)
    low, high = proportion_confint(left[went], entered[went], method="wilson")
    frame.loc[went, _GONE] = np.column_stack([left[went] / entered[went], low, high])
    return frame


def _gone(
    frame: pd.DataFrame, at: int, length: Any, span: tuple[Any, Any], confidence: float
) -> dict[str, Any]:
    """Return how often a stage was reached, and how often nothing later followed."""
    since, end = span
    mine = frame[frame["at"] >= at]
    before = mine.groupby("customer")["time"].shift()
    starts = mine[before.isna() | (mine["time"] - before > length)].sort_values("time")
    later = frame.loc[frame["at"] > at, ["customer", "time"]].assign(on=lambda d: d["time"])
    met = pd.merge_asof(starts, later.sort_values("time"), on="time", by="customer",
                        direction="forward")  # fmt: skip
    went = (met["on"] - met["time"] <= length).to_numpy()
    decided = (met["time"] + length <= end).to_numpy()
    first = met["time"].min() if since is None else pd.Timestamp(since)
    inside = decided & (met["time"] + length > first).to_numpy()
    entered, left = int(inside.sum()), int((inside & ~went).sum())
    low, high = nan, nan
    if entered:
        low, high = map(float, proportion_confint(left, entered, 1 - confidence, method="wilson"))
    row: dict[str, Any] = {"n": int(met.loc[inside, "customer"].nunique()), "entered": entered}
    row |= {"left": left, "drop_off": left / entered if entered else nan, "low": low, "high": high}
    return row | {"still_open": int((~decided & ~went).sum())}
