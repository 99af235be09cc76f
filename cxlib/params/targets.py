"""The targets a contract sets, each against the metric it is set on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from cxlib import periods
from cxlib.errors import nearest
from cxlib.params.base import Amount, Baseline, Closed, Direction, PeriodLabel, Seconds, Text
from cxlib.params.faults import Path, Problem


class Target(Closed):
    """One target of the contract.

    `metric` is the key of a metric, of a kpi, or of what a ticket log tells
    (`cxlib.analysis.metrics`; its times may be written ``6min``); `baseline` a period or a
    number; `due` the period by which `target` is to be reached, `path` the way there by period;
    `clause` where the contract says so; `basis` whether the figure comes from a sample or counts
    everything (census).
    """

    metric: Text
    target: Amount
    due: PeriodLabel
    direction: Direction | None = None
    baseline: Baseline | None = None
    clause: Text | None = None
    path: Mapping[PeriodLabel, Amount] = {}
    basis: Literal["sample", "census"] | None = None


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """What a target may be set on.

    `path` is where it is declared, `rests_on` the keys there that decide its range `low` to `high`,
    which a message calls `unit`; values may be in `percent` (a share such as 0.85 is a slip) or
    times, in seconds; a `census` counts everything: no sampling stands between it and its target.
    """

    path: Path
    rests_on: tuple[str, ...]
    direction: Direction
    low: float
    high: float
    unit: str
    percent: bool = False
    census: bool = False
    time: bool = False


def check_targets(targets: tuple[Target, ...], gauges: Mapping[str, Gauge]) -> Iterator[Problem]:
    """Yield every contradiction between targets and what they are set on."""
    for place, target in enumerate(targets):
        path: Path = ("targets", place)
        gauge = gauges.get(target.metric)
        if gauge is None:
            yield Problem(
                (*path, "metric"),
                f"{target.metric!r} is neither a metric, a touchpoint nor a kpi"
                f"{nearest(target.metric, gauges) or '; there is none.'}",
                (("survey", "metrics", target.metric), ("kpis", target.metric)),
            )
            direction = target.direction or "higher"
        else:
            direction = target.direction or gauge.direction
            yield from _against_gauge(target, gauge, path)
        if gauge is None or direction == gauge.direction:
            yield from _sides(target, direction, path)
        yield from _when(target, path)


def _against_gauge(target: Target, gauge: Gauge, path: Path) -> Iterator[Problem]:
    metric = (*path, "metric")
    about = (metric, *((*gauge.path, name) for name in gauge.rests_on))
    if target.direction not in (None, gauge.direction):
        yield Problem(
            (*path, "direction"),
            f"{target.direction!r} contradicts {target.metric}, where {gauge.direction} is better.",
            (metric, (*gauge.path, "direction"), (*gauge.path, "kind")),
        )
    values: list[tuple[Path, float]] = [((*path, "target"), target.target)]
    if isinstance(target.baseline, float):
        values.append(((*path, "baseline"), target.baseline))
    values += [((*path, "path", period), value) for period, value in target.path.items()]
    for where, value in values:
        if isinstance(value, Seconds) and not gauge.time:
            yield Problem(where, f"{value:g} s is a time, and {target.metric} is none.", about)
        elif not gauge.low <= value <= gauge.high:
            yield Problem(
                where, f"{value:g} is off the range of {target.metric}, {gauge.unit}.", about
            )
        elif gauge.percent and 0 < value < 1:
            yield Problem(
                where,
                f"{value:g} is less than one percent; {target.metric} is in percent: "
                f"write {100 * value:g}.",
                about,
            )


def _sides(target: Target, direction: Direction, path: Path) -> Iterator[Problem]:
    if not isinstance(target.baseline, float):
        return
    sign = 1 if direction == "higher" else -1
    about = tuple((*path, name) for name in ("baseline", "direction", "target", "metric"))
    values: list[tuple[Path, float]] = [((*path, "target"), target.target)]
    values += [((*path, "path", period), value) for period, value in target.path.items()]
    for where, value in values:
        if sign * (value - target.baseline) < 0:
            yield Problem(
                where,
                f"{value:g} is on the wrong side of the baseline {target.baseline:g}: "
                f"{direction} is better.",
                about,
            )


def _when(target: Target, path: Path) -> Iterator[Problem]:
    due = _period(target.due)
    start = _period(target.baseline) if isinstance(target.baseline, str) else None
    about = ((*path, "due"), (*path, "baseline"))
    if due is None:
        return
    if start is not None and start.kind == due.kind and start.ordinal >= due.ordinal:
        relation = (
            "is the baseline itself" if start == due else f"comes before the baseline {start}"
        )
        yield Problem((*path, "due"), f"{due} {relation}.", about)
    for label in target.path:
        step = _period(label)
        if step is None or step.kind != due.kind:
            continue
        if step.ordinal > due.ordinal:
            yield Problem(
                (*path, "path", label), f"{step} comes after {due}, when it is due.", about
            )
        elif start is not None and start.kind == step.kind and step.ordinal <= start.ordinal:
            yield Problem(
                (*path, "path", label), f"{step} is not after the baseline {start}.", about
            )


def _period(label: str) -> periods.Period | None:
    return periods.parse(label) if periods.kind_of(label) else None
