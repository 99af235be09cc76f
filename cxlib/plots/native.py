"""What a chart type drew, as numbers: from it a slide gets a chart that can be edited."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = {"points": "0.0", "percent": '0.0"%"', "mean": "0.00", "count": "#,##0"}
Kind = Literal["forest", "trend", "bars", "waterfall"]
_NOTE = "cx_chart"


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One chart: a row of labelled values with their intervals; what is missing is None.

    `earlier` is where a forest's stroke stands, `totals` says which of a waterfall's values are
    levels, not steps; `axis` says what the values are, `shape` is their number format, and `zero`
    whether nothing lies at 0.
    """

    kind: Kind
    labels: tuple[str, ...]
    values: tuple[float | None, ...]
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    earlier: tuple[float | None, ...] = ()
    colours: tuple[str, ...] = ()
    totals: tuple[bool, ...] = ()
    target: float | None = None
    target_label: str = ""
    axis: str = ""
    shape: str = "0.00"
    zero: bool = False


def numbers(values: Iterable[Any]) -> tuple[float | None, ...]:
    """Return numbers as a chart takes them, None for those that are missing."""
    known = (None if v is None or v != v else float(v) for v in values)  # noqa: PLR0124 - NaN
    return tuple(known)


def axis_of(label: str) -> str:
    """Return what an axis says of its numbers; not its key to strokes and fills after that."""
    return re.split("[;；]", label)[0].strip()


def note(
    ax: Axes, kind: Kind, table: Any, columns: Sequence[str], labels: Iterable[str], **about: Any
) -> None:
    """Leave with the axes what was drawn on them: `columns` hold value, low, high and earlier."""
    fields = zip(("values", "low", "high", "earlier"), columns, strict=False)
    drawn = {field: numbers(table[column]) for field, column in fields}
    unit = str(table["unit"].iloc[0]) if "unit" in table else ""
    about = {"shape": FORMATS.get(unit, "0.00")} | drawn | about
    setattr(ax, _NOTE, Chart(kind=kind, labels=tuple(labels), **about))


def noted(ax: Axes) -> Chart | None:
    """Return what was drawn, if it is all of the figure; None for what only a picture can show."""
    figure = ax.get_figure()
    return getattr(ax, _NOTE, None) if figure is not None and len(figure.axes) == 1 else None
