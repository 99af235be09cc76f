"""What a chart type drew, as numbers, and texts as they fit: a slide can be edited."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from cxlib.plots import wrapping
from cxlib.words import is_money

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = {"points": "0.0", "percent": '0.0"%"', "mean": "0.00", "count": "#,##0"}
Kind = Literal["forest", "trend", "bars", "waterfall"]
_NOTE = "cx_chart"


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One chart: a row of labelled values with their intervals; what is missing is None.

    `earlier` is where a forest's stroke stands, `totals` says which of a waterfall's values are
    levels, not steps; `axis` says what the values are, `shape` is their number format, `zero`
    whether nothing lies at 0, and `scale` the least and the greatest answer that they are means of.
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
    scale: tuple[float, ...] = ()


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
    shape = "#,##0" if is_money(unit) else FORMATS.get(unit, "0.00")
    scales = set(table["scale"]) if "scale" in table and columns[0] == "value" else set()
    ends = re.fullmatch(r"(-?\d+)-(-?\d+)", str(*scales)) if len(scales) == 1 else None
    scale = tuple(map(float, ends.groups())) if ends and unit == "mean" else ()
    about = {"shape": shape, "scale": scale} | drawn | about
    setattr(ax, _NOTE, Chart(kind=kind, labels=tuple(labels), **about))


def noted(ax: Axes) -> Chart | None:
    """Return what was drawn, if it is all of the figure; None for what only a picture can show."""
    figure = ax.get_figure()
    return getattr(ax, _NOTE, None) if figure is not None and len(figure.axes) == 1 else None


def first_lines(lines: Sequence[str], width: float, height: float, size: int) -> str:
    """Return as many of several lines, from the first, as a box in inches holds."""
    kept = list(lines)
    while len(kept) > 1 and sum(lines_of(x, width, size) for x in kept) * size * 1.32 / 72 > height:
        kept.pop()
    return "\n".join(kept)


def fitted(
    text: str, width: float, height: float, sizes: Sequence[int], most: int = 99
) -> tuple[int, str]:
    """Return the largest size at which a text fits a box in inches; cut where none does."""

    def fits(told: str, size: int) -> bool:
        lines = sum(lines_of(line, width, size) for line in told.split("\n"))
        return (lines * size * 1.32 / 72 <= height + 1e-6 and lines <= most) or lines <= 1

    size = next((size for size in sizes if fits(text, size)), sizes[-1])
    kept = text
    while len(kept) > 1 and not fits(kept if kept is text else f"{kept}…", size):
        kept = kept[: min(len(kept) - 1, int(0.97 * len(kept)))].rstrip()
    return size, kept if kept is text else f"{kept}…"


_WIDTHS = {**dict.fromkeys("WM@%m…", 1.0), **dict.fromkeys("iljt.,:;'|! ", 0.35)}


def lines_of(line: str, width: float, size: int) -> int:
    """Return how many lines a text takes: by its length, and word by word where words are long."""
    between = len(re.findall(r"[\u2e80-\uffff][!-~]|[!-~][\u2e80-\uffff]", line))  # spaced apart
    rough = -int(-(wrapping.em(line, 0.6) + 0.25 * between) * size / 72 // (0.92 * width))
    lines, used, room = 1, 0.0, width * 72 / size
    for word in line.split(" "):
        wide = sum(_WIDTHS.get(c, 0.7 if c.isupper() else wrapping.em(c, 0.6)) for c in word)
        if used and used + wide > room:
            lines, used = lines + 1, 0.0
        more = max(0, math.ceil(wide / room) - 1)
        lines, used = lines + more, used + wide - more * room + 0.35
    return max(1, rough, lines)
