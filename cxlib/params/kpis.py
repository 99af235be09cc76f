"""Figures that the client reports already aggregated, period by period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from cxlib.params.base import Direction, Label, Number, Scale, Text
from cxlib.params.calendar import Calendar
from cxlib.params.faults import At, Problem
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
