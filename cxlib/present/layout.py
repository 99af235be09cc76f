"""How a result is laid out as a table: which columns, in which order, in which format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cxlib.columns import Kind
from cxlib.words import mark as _


@dataclass(frozen=True)
class Column:
    """One shown column.

    Parameters
    ----------
    name : str
        The result's column.
    kind : Kind
        Its format.
    heading : str or None
        A msgid; the column's name as a word if None.
    low, high : str or None
        Columns of its interval, shown beside the number in brackets.
    """

    name: str
    kind: Kind = "text"
    heading: str | None = None
    low: str | None = None
    high: str | None = None


@dataclass(frozen=True)
class Layout:
    """The shown columns of one table, in order; columns that a result lacks are left out."""

    columns: tuple[Column, ...]
    caption: str | None = None


#: Formats of columns that mean the same everywhere; what no layout names is shown like this.
COMMON: Mapping[str, Kind] = {
    "metric": "key",
    "touchpoint": "key",
    "driver": "key",
    "segment": "key",
    "level": "level",
    "stage": "key",
    "brand": "key",
    "kpi": "key",
    "unit": "word",
    "status": "word",
    "direction": "word",
    "quadrant": "word",
    "period": "period",
    "value": "unit",
    "low": "unit",
    "high": "unit",
    "previous": "unit",
    "target": "unit",
    "change": "signed",
    "difference": "signed",
    "n": "int",
    "n_dropped": "int",
    "n_effective": "int",
    "count": "int",
    "share": "percent",
    "p_value": "p",
    "p_adjusted": "p",
    "p_unique": "p",
    "care": "mark",
}

#: Headings of columns that mean the same everywhere.
HEADINGS: Mapping[str, str] = {
    "metric": _("KPI"),
    "kpi": _("KPI"),
    "touchpoint": _("Touchpoint"),
    "driver": _("Touchpoint"),
    "segment": _("Segment"),
    "level": _("Group"),
    "stage": _("Stage"),
    "brand": _("Brand"),
    "unit": _("Unit"),
    "status": _("Status"),
    "direction": _("Better is"),
    "period": _("Period"),
    "value": _("Value"),
    "low": _("From"),
    "high": _("To"),
    "previous": _("Previous period"),
    "target": _("Target"),
    "change": _("Change"),
    "difference": _("Difference"),
    "n": _("n"),
    "n_dropped": _("Left out"),
    "n_effective": _("Effective n"),
    "count": _("Count"),
    "share": _("Share"),
    "p_value": _("p"),
    "p_adjusted": _("p (adjusted)"),
    "p_unique": _("p (adjusted)"),
    "care": _("Care"),
    "clause": _("Clause"),
    "rank": _("Rank"),
    "reach": _("Reach"),
}

#: Words that results use as values.
VALUES: tuple[str, ...] = (
    _("points"),
    _("percent"),
    _("mean"),
    _("higher"),
    _("lower"),
)
