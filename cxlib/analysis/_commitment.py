"""One target of a contract: its start, its demand, what can be proved, and the way there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any, Protocol

import pandas as pd

from cxlib import periods
from cxlib.analysis import _path as paths
from cxlib.analysis._difference import difference
from cxlib.analysis._evidence import Measured, evidence
from cxlib.analysis._gauge import Gauge, ending, waves_of
from cxlib.analysis._grounds import rebound_of
from cxlib.analysis._plan import UNIT
from cxlib.analysis._power import detectable_change, sample_size
from cxlib.analysis._provable import check
from cxlib.analysis._score import Score
from cxlib.analysis._shrink import shrink
from cxlib.analysis.results import Caveat
from cxlib.words import mark as _

TWO_WAVES, FIXED = _("two waves"), _("fixed number")
UNPROVABLE = {
    "design": "",
    "detectable_change": nan,
    "detectable": pd.NA,
    "n_needed": pd.NA,
    "n_next": pd.NA,
}
"""What is said of a target where there is nothing to prove."""


class Wanted(Protocol):
    """A target as a contract states it."""

    @property
    def metric(self) -> str: ...
    @property
    def target(self) -> float: ...
    @property
    def due(self) -> str: ...
    @property
    def direction(self) -> Any: ...
    @property
    def baseline(self) -> str | float | None: ...
    @property
    def clause(self) -> str | None: ...
    @property
    def path(self) -> Mapping[str, float]: ...
    @property
    def basis(self) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Start:
    """Where a target starts: a measured wave, a number, or nothing that is known."""

    label: str  # the last period that was measured; empty for a number
    value: float
    measured: Measured | float | None
    caveat: Caveat | None = None

    @property
    def score(self) -> Measured | None:
        """The measured baseline with its uncertainty, if it has one."""
        known = self.measured
        return None if known is None or isinstance(known, float) else known


def start_of(wanted: Wanted, gauge: Gauge, minimum_base: int) -> Start:
    """Return the baseline of a target, as far as the data or the contract know it."""
    if wanted.baseline is None:
        return Start(label="", value=nan, measured=None)
    if not isinstance(wanted.baseline, str):
        return Start(label="", value=float(wanted.baseline), measured=None)
    waves = waves_of(wanted.baseline, gauge.series["period"])
    found = gauge.measured(waves) if waves else None
    facts = {"metric": wanted.metric, "period": wanted.baseline}
    if found is None:
        message = _("{metric} was not measured in {period}, its baseline; what it asks is unknown.")
        return Start(label="", value=nan, measured=None, caveat=Caveat(message, **facts))
    if not isinstance(found, float) and found.n < minimum_base:
        message = _("{metric} has fewer than {n} answers in {period}: too few for a baseline.")
        few = Caveat(message, n=minimum_base, **facts)
        return Start(label="", value=nan, measured=None, caveat=few)
    value = found if isinstance(found, float) else found.value
    return Start(label=waves[-1], value=value, measured=found)


def change_since(start: Start, judged: Measured | float, period: str) -> dict[str, float]:
    """Return the change since the baseline with its interval; NaN where there is none to speak of.

    A baseline that is a number has no noise of its own.
    """
    if start.label == period or not isfinite(start.value):
        return {"change": nan, "change_low": nan, "change_high": nan}
    if isinstance(judged, Score) and isinstance(start.measured, Score):
        moved = difference(judged, start.measured)
        return {"change": moved.value, "change_low": moved.low, "change_high": moved.high}
    value, low, high = _ends(judged)
    return {
        "change": value - start.value,
        "change_low": low - start.value,
        "change_high": high - start.value,
    }


def _ends(judged: Measured | float) -> tuple[float, float, float]:
    if isinstance(judged, float):
        return judged, judged, judged
    return judged.value, judged.low, judged.high


def provable(wanted: Wanted, start: Start, judged: Measured | float, n_next: int) -> dict[str, Any]:
    """Return whether the way from baseline to target can be told from noise, and on how many.

    From a measured wave: two waves compared, two-sided. From a number: one wave against it,
    one-sided. Of a census, or where the baseline is unknown, there is nothing to prove.
    """
    known = start.score if start.score is not None else judged
    if wanted.basis == "census" or isinstance(known, float) or not isfinite(start.value):
        return dict(UNPROVABLE)
    seen = evidence(known)
    if not seen.variance > 0:
        return dict(UNPROVABLE)
    if start.score is not None:
        asked = check(known, wanted.target, direction=wanted.direction, n_next=n_next)
        smallest, needed, design = asked.detectable_change, asked.n_needed, TWO_WAVES
    else:
        spread: dict[str, Any] = {"variance": seen.variance / UNIT[seen.metric] ** 2}
        spread["metric"] = seen.metric
        if seen.form == "share":
            own = seen.value * (100 - seen.value)
            effect = seen.variance / own if own > 0 else 1.0
            spread = {"share": start.value, "design_effect": effect}
        spread["design"] = "fixed target"
        smallest = detectable_change(n=n_next, direction=wanted.direction, **spread).change
        needed = sample_size(change=wanted.target - start.value, **spread).n
        design = FIXED
    return {
        "design": design,
        "detectable_change": smallest if wanted.direction == "higher" else -smallest,
        "detectable": abs(wanted.target - start.value) >= smallest - 1e-9,
        "n_needed": needed,
        "n_next": n_next,
    }


def rebound(wanted: Wanted, start: Start, gauge: Gauge) -> tuple[float, int]:
    """Return what the worst of several periods regains by itself, and of how many it is worst."""
    if start.score is None or wanted.basis == "census":
        return nan, 0
    waves = gauge.series["period"].tolist()
    known = gauge.series.iloc[: waves.index(start.label) + 1]
    seen = evidence(start.score)
    sign = 1.0 if wanted.direction == "higher" else -1.0
    past = shrink(known, what="history")
    if len(past.labels) < paths.LEAST_HISTORY or not isfinite(seen.standard_error):
        return 0.0, len(past.labels)
    size, _warnings = rebound_of(seen.value, seen.standard_error, sign, past, None, None)
    return size, len(past.labels)


@dataclass(frozen=True, kw_only=True)
class Course:
    """A target's way, with what was measured before it.

    ``table``, a row a period: ``period``; ``value, low, high`` (measured; NaN ahead); ``n``
    (answers, ahead those planned); ``expected, expected_low, expected_high`` (the path and the
    interval a score on it would fall in); ``agreed`` (a step that the contract names);
    ``projected, projected_low, projected_high`` (what history alone leads to expect, ahead).
    """

    table: pd.DataFrame
    metric: str
    unit: str
    clause: str | None
    target: float
    direction: str
    due: str
    period: str
    reached: bool
    caveats: tuple[Caveat, ...]


def course(
    wanted: Wanted,
    gauge: Gauge,
    start: Start,
    judged: Measured | float,
    *,
    period: str,
    n_next: int,
    reached: bool,
) -> Course:
    """Lay what was measured and what is expected side by side."""
    due = ending(wanted.due, period)
    measured = gauge.series[["period", "value", "low", "high", "n"]]
    ahead = periods.between(period, due)[1:] if due is not None else []
    known = set(measured["period"])
    rest = pd.DataFrame({"period": [label for label in ahead if label not in known]})
    rest["n"] = n_next
    table = pd.concat([measured, rest], ignore_index=True) if len(rest) else measured.copy()
    way, caveats = _way(wanted, gauge, start, judged, period=period, due=due, n_next=n_next)
    table = table.merge(way, on="period", how="left")
    table["agreed"] = table["period"].map({k: float(v) for k, v in wanted.path.items()})
    table["agreed"] = table["agreed"].astype("float64")
    future = ~table["period"].isin(known)
    for name in ("projected", "projected_low", "projected_high"):
        table[name] = table[name].where(future)
    return Course(
        table=table.astype({"n": "Int64"}),
        metric=wanted.metric,
        unit=gauge.unit,
        clause=wanted.clause,
        target=float(wanted.target),
        direction=wanted.direction,
        due=wanted.due,
        period=period,
        reached=reached,
        caveats=caveats,
    )


_WAY = ("expected", "expected_low", "expected_high")
_PROJECTION = ("projected", "projected_low", "projected_high")


def _way(
    wanted: Wanted,
    gauge: Gauge,
    start: Start,
    judged: Measured | float,
    *,
    period: str,
    due: str | None,
    n_next: int,
) -> tuple[pd.DataFrame, tuple[Caveat, ...]]:
    """Return the path's columns by period; empty where there is no way to go."""
    names = ("period", *_WAY, *_PROJECTION)
    empty = pd.DataFrame({name: pd.Series(dtype="float64") for name in names})
    empty = empty.astype({"period": "str"})
    if due is None:
        message = _("{metric}: the waves have no calendar, so the way to the target is not drawn.")
        return empty, (Caveat(message, metric=wanted.metric),)
    base, begin = (start.score, start.label) if start.score is not None else (judged, period)
    if isinstance(base, float) or not _short(base.value, wanted) or not _before(begin, due):
        return empty, ()
    history = None if wanted.basis == "census" else gauge.series
    found = paths.path(
        base,
        wanted.target,
        start=begin,
        due=due,
        direction=wanted.direction,
        n=n_next,
        history=history,
    )
    table = found.table.rename(columns={"low": "expected_low", "high": "expected_high"})
    return table[list(names)], found.caveats


def _short(value: float, wanted: Wanted) -> bool:
    return value < wanted.target if wanted.direction == "higher" else value > wanted.target


def _before(begin: str, due: str) -> bool:
    return periods.parse(begin).ordinal < periods.parse(due).ordinal


def ahead_of(start: Start, wanted: Wanted) -> bool:
    """Say whether the baseline was short of the target: whether it asks for anything."""
    return isfinite(start.value) and _short(start.value, wanted)
