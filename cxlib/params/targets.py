"""Figures that the client reports already aggregated, and the targets that a contract sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from cxlib import periods
from cxlib.params.base import (
    Amount,
    Baseline,
    Closed,
    Direction,
    Label,
    Number,
    PeriodLabel,
    Scale,
    Seconds,
    Text,
)
from cxlib.params.calendar import Calendar
from cxlib.params.faults import At, Path, Problem
from cxlib.params.source import Table, check_source


class Kpi(Table):
    """One figure by period, from rows of a table.

    Either the column `value`, or `numerator` over `denominator` (`complement`: what is left of 1);
    `unit` is the column of the place a row belongs to. A percent is written as a share, 0.95,
    unless `scale: [0, 100]` says that the column holds 95.
    """

    period: Text
    direction: Direction
    value: Text | None = None
    numerator: Text | None = None
    denominator: Text | None = None
    unit: Text | None = None
    complement: bool = False
    target: Number | None = None
    label: Label | None = None
    format: Literal["number", "percent", "currency"] = "number"
    scale: Scale | None = None


def check_kpis(kpis: Mapping[str, Kpi], calendar: Calendar) -> Iterator[Problem]:
    """Yield every contradiction in the kpis section."""
    for key, kpi in kpis.items():
        at, percent = At("kpis", key), kpi.format == "percent"
        yield from check_source(kpi.source, at.below("source"), calendar)
        if kpi.scale and (not percent or kpi.scale not in ((0, 1), (0, 100))):
            message = (
                "is of a percent only: [0, 1] where a column holds 0.95, [0, 100] where it has 95."
            )
            yield at("scale", message, "format")
        yield from _parts(kpi, at)
        if kpi.target is not None and percent and not 0 <= kpi.target <= 1:
            message = f"{kpi.target:g} is not a share; write 95 percent as 0.95."
            yield at("target", message, "format")


def _parts(kpi: Kpi, at: At) -> Iterator[Problem]:
    parts = ("value", "numerator", "denominator")
    ratio = (kpi.numerator, kpi.denominator)
    if kpi.value is None and ratio == (None, None):
        message = "names no figure; write value, or numerator and denominator (columns)."
        yield at("", message, *parts)
    elif kpi.value is not None and ratio != (None, None):
        yield at("value", "stands beside a numerator or denominator; keep one way.", *parts)
    elif kpi.value is None and None in ratio:
        lacking = "numerator" if kpi.numerator is None else "denominator"
        yield at(lacking, "is missing: a ratio has two parts.", *parts)
    elif kpi.numerator is not None and kpi.numerator == kpi.denominator:
        yield at("denominator", f"column {kpi.denominator!r} is the numerator as well.", *parts)
    if kpi.complement and kpi.value is not None and kpi.format != "percent":
        yield at("complement", "means 1 minus a share; this figure is none.", *parts)


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


@dataclass(frozen=True)
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
        at, gauge = At("targets", place), gauges.get(target.metric)
        what = "neither a metric, a touchpoint nor a kpi"
        declared = (("survey", "metrics", target.metric), ("kpis", target.metric))
        yield from at.unknown("metric", target.metric, what, gauges, *declared)
        direction = target.direction or (gauge.direction if gauge else "higher")
        if gauge is not None:
            yield from _against_gauge(target, gauge, at)
        if gauge is None or direction == gauge.direction:
            yield from _sides(target, direction, at)
        yield from _when(target, at)


def _values(target: Target) -> list[tuple[Path, float]]:
    steps: list[tuple[Path, float]] = [(("path", when), v) for when, v in target.path.items()]
    return [(("target",), target.target), *steps]


def _against_gauge(target: Target, gauge: Gauge, at: At) -> Iterator[Problem]:
    name, about = target.metric, [(*gauge.path, key) for key in gauge.rests_on]
    if target.direction not in (None, gauge.direction):
        message = f"{target.direction!r} contradicts {name}, where {gauge.direction} is better."
        yield at("direction", message, "metric", (*gauge.path, "direction"), (*gauge.path, "kind"))
    values = _values(target)
    if isinstance(target.baseline, float):
        values.insert(1, (("baseline",), target.baseline))
    for where, value in values:
        if isinstance(value, Seconds) and not gauge.time:
            message = f"{value:g} s is a time, and {name} is none."
        elif not gauge.low <= value <= gauge.high:
            message = f"{value:g} is off the range of {name}, {gauge.unit}."
        elif gauge.percent and 0 < value < 1:
            message = f"{value:g} is less than one percent; {name} is in percent: "
            message += f"write {100 * value:g}."
        else:
            continue
        yield at(where, message, "metric", *about)


def _sides(target: Target, direction: Direction, at: At) -> Iterator[Problem]:
    start, sign = target.baseline, 1 if direction == "higher" else -1
    if not isinstance(start, float):
        return
    for where, value in _values(target):
        if sign * (value - start) < 0:
            message = f"{value:g} is on the wrong side of the baseline {start:g}: "
            message += f"{direction} is better."
            yield at(where, message, "baseline", "direction", "target", "metric")


def _when(target: Target, at: At) -> Iterator[Problem]:
    due, about = _period(target.due), ("due", "baseline")
    start = _period(target.baseline) if isinstance(target.baseline, str) else None
    if due is None:
        return
    if start is not None and start.kind == due.kind and start.ordinal >= due.ordinal:
        before = "is the baseline itself" if start == due else f"comes before the baseline {start}"
        yield at("due", f"{due} {before}.", *about)
    for label in target.path:
        step = _period(label)
        if step is None or step.kind != due.kind:
            continue
        if step.ordinal > due.ordinal:
            yield at(("path", label), f"{step} comes after {due}, when it is due.", *about)
        elif start is not None and start.kind == step.kind and step.ordinal <= start.ordinal:
            yield at(("path", label), f"{step} is not after the baseline {start}.", *about)


def _period(label: str) -> periods.Period | None:
    return periods.parse(label) if periods.kind_of(label) else None
