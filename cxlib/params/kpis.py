"""Ask room: figures that the client reports already aggregated, period by period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from cxlib.params.base import Codes, Direction, Label, Number, Text
from cxlib.params.faults import Path, Problem
from cxlib.params.source import Table, check_source


class Kpi(Table):
    """One figure by period, from rows of a table.

    Either the column `value`, or `numerator` over `denominator` (`complement`: what is left of 1);
    `unit` is the column of the place a row belongs to, `where` keeps the rows whose columns hold
    these values. A percent is written as a share: 0.95.
    """

    period: Text
    direction: Direction
    value: Text | None = None
    numerator: Text | None = None
    denominator: Text | None = None
    unit: Text | None = None
    complement: bool = False
    where: Mapping[Text, Codes] = {}
    target: Number | None = None
    label: Label | None = None
    format: Literal["number", "percent", "currency"] = "number"


def check_kpis(kpis: Mapping[str, Kpi]) -> Iterator[Problem]:
    """Yield every contradiction in the kpis section."""
    for key, kpi in kpis.items():
        path: Path = ("kpis", key)
        yield from check_source(kpi.source, (*path, "source"))
        yield from _parts(kpi, path)
        if kpi.target is not None and kpi.format == "percent" and not 0 <= kpi.target <= 1:
            yield Problem(
                (*path, "target"),
                f"{kpi.target:g} is not a share; write 95 percent as 0.95.",
                ((*path, "format"),),
            )


def _parts(kpi: Kpi, path: Path) -> Iterator[Problem]:
    parts = tuple((*path, name) for name in ("value", "numerator", "denominator"))
    ratio = (kpi.numerator, kpi.denominator)
    if kpi.value is None and ratio == (None, None):
        yield Problem(
            path, "names no figure; write value, or numerator and denominator (columns).", parts
        )
    elif kpi.value is not None and ratio != (None, None):
        yield Problem(parts[0], "stands beside a numerator or denominator; keep one way.", parts)
    elif kpi.value is None and None in ratio:
        lacking = "numerator" if kpi.numerator is None else "denominator"
        yield Problem((*path, lacking), "is missing: a ratio has two parts.", parts)
    elif kpi.numerator is not None and kpi.numerator == kpi.denominator:
        yield Problem(parts[2], f"column {kpi.denominator!r} is the numerator as well.", parts)
    if kpi.complement and kpi.value is not None and kpi.format != "percent":
        yield Problem((*path, "complement"), "means 1 minus a share; this figure is none.", parts)
