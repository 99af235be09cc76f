"""The journey: what customers feel at each touchpoint, as a figure, and on A3 for the wall."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cxlib.columns import records
from cxlib.plots import theme, wrapping

SMALLEST, LARGEST = 5.0, 13.0
"""Diameter of a touchpoint that explains nothing of the score, and of one that explains most."""


LONG, SHORT = 16.54, 11.69
"""Inches of an A3 sheet."""
UPRIGHT = 18
"""Touchpoints from which the sheet stands on its short side."""
SMALL, PLAIN, LARGE = 8.5, 10.0, 20.0
"""Points, on a full sheet; a short journey is written larger."""
COLUMNS = (("stage", 0.1), ("label", 0.14), ("reach", 0.05), ("rating", 0.09), ("feeling", 0.28),
           ("voice", 0.18), ("owner", 0.16))  # fmt: skip
"""What stands beside each other, and its share of the width."""


def journey_map(
    table: pd.DataFrame,
    *,
    labels: Sequence[str],
    stages: Sequence[str],
    notes: Sequence[str],
    colours: Sequence[str],
    xlabel: str,
    ends: tuple[str, str, str],
    ax: Axes | None = None,
) -> Axes:
    """Draw the curve of feeling down the page, a touchpoint a row, its stage a band.

    Parameters
    ----------
    table : pandas.DataFrame
        In journey order: ``emotion, emotion_low, emotion_high`` (−1 to 1, NaN where not shown),
        ``importance`` (0 to 1 or NaN: the size of the point).
    labels, stages, notes, colours : sequence of str
        One a row, said already: the touchpoint, its stage, what is said of it ("": nothing), and
        its colour.
    ends : (str, str, str)
        What the worst answer, the middle of the scale and the best answer are called.
    """
    ax = theme.row_axes(ax, len(table), extra=1.6)
    at, emotion = np.arange(len(table)), table["emotion"].to_numpy(float)
    for band, (first, last) in enumerate(_bands(stages)):
        if band % 2 == 0:
            ax.axhspan(first - 0.5, last - 0.5, color=theme.RULE, alpha=0.35, linewidth=0)
        place, frame = (1.02, (first + last - 1) / 2), ("axes fraction", "data")
        said = wrapping.wrap(stages[first], width=7)
        theme.note(ax, said, place, frame=frame, ha="left", va="center", size=9)
    known = ~np.isnan(emotion)
    ax.axvline(0, color=theme.MUTED, linewidth=0.8)
    ax.plot(emotion[known], at[known], color=theme.MUTED, linewidth=1.4, alpha=0.6, zorder=1)
    sizes = _sizes(table, SMALLEST, LARGEST)
    low, high = table["emotion_low"].to_numpy(float), table["emotion_high"].to_numpy(float)
    for row in at[known]:
        ax.plot([low[row], high[row]], [row, row], color=colours[row], linewidth=2, zorder=2)
        ax.plot(emotion[row], row, "o", markersize=sizes[row], color=colours[row], zorder=3)
        left = emotion[row] > 0.25
        side = min(low[row], emotion[row]) if left else max(high[row], emotion[row])
        shift, ha = ((-9, 0), "right") if left else ((9, 0), "left")
        look: Any = {"ha": ha, "va": "center", "size": 8.5, "colour": colours[row]}
        theme.note(ax, notes[row], (side, row), shift=shift, **look)
    theme.label_rows(ax, list(labels), width=22)
    ax.set_xlim(-1.05, 1.05)
    ax.set_xticks([-1, 0, 1], list(ends))
    ax.grid(visible=False)
    ax.set_xlabel(xlabel)
    return ax


def _bands(stages: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the first row of each stage, and of what follows it."""
    begin = (row for row in range(1, len(stages)) if stages[row] != stages[row - 1])
    return pairwise((0, *begin, len(stages)))


def _sizes(table: pd.DataFrame, smallest: float, largest: float) -> np.ndarray:
    """Return the diameter of each touchpoint's dot, its area by what it explains."""
    share = table["importance"].to_numpy(float)
    most = np.nanmax(share) if (share > 0).any() else 1.0
    part: np.ndarray = np.sqrt(np.clip(np.nan_to_num(share) / most, 0, 1))
    return smallest + (largest - smallest) * part


def wall(
    table: pd.DataFrame,
    *,
    title: str,
    beneath: str,
    heads: Sequence[str],
    ends: tuple[str, str, str],
    foot: str,
    alt: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw the journey on A3, lying for a short one and upright for a long one.

    Parameters
    ----------
    table : pandas.DataFrame
        In journey order, texts said already: ``stage, beside`` (beneath the stage's name), ``label,
        reach, rating, voice, owner`` and ``role`` (""), ``colour``; numbers: ``emotion,
        emotion_low, emotion_high`` (−1 to 1, NaN where not shown), ``importance`` (NaN: unknown).
    title, beneath, foot : str
        The conclusion, whose journey this is, and how to read it.
    heads : sequence of str
        One heading a column: stage, touchpoint, used by, rating, feeling, voice, owner.
    ends : (str, str, str)
        What the worst answer, the middle of the scale and the best answer are called.
    """
    from matplotlib.patches import Rectangle

    wide, high = (SHORT, LONG) if len(table) > UPRIGHT else (LONG, SHORT)
    sheet = ax is None
    ax = theme.axes(ax, height=high, width=wide)
    figure: Any = ax.get_figure(root=True)
    if sheet:
        figure.set_layout_engine("none")
        ax.set_position((0.025, 0.07, 0.95, 0.8))
    ax.set_axis_off()
    ax.set(xlim=(0, 1), ylim=(len(table), 0))
    names, shares = zip(*COLUMNS, strict=True)
    left = dict(zip(names, np.cumsum([0, *shares]), strict=False))
    room = {name: share * wide * 0.95 * 72 for name, share in COLUMNS}
    small, plain = (size * min(1.4, max(1.0, 14 / len(table))) for size in (SMALL, PLAIN))
    lines = max(1, int(high * 0.8 * 72 / len(table) / (small * 1.3)))

    def put(
        name: str, y: float, text: str, *, size: float = small, deep: int = lines, **how: Any
    ) -> None:
        fitted = wrapping.wrap(" ".join(text.split()), width=(room[name] - 12) / size)
        rows = fitted.split("\n")
        if len(rows) > deep:
            rows = [*rows[: deep - 1], rows[deep - 1].rstrip("，。,. ") + "…"]
        look: dict[str, Any] = {"va": "center", "color": theme.INK, "linespacing": 1.15} | how
        ax.text(left[name] + 0.004, y, "\n".join(rows), fontsize=size, **look)

    for name, head in zip(names, heads, strict=True):
        put(name, -0.012 * len(table), head, deep=2, va="bottom", color=theme.MUTED)
    for band, (first, last) in enumerate(_bands(table["stage"].tolist())):
        if band % 2 == 0:
            look: Any = {"color": theme.RULE, "alpha": 0.35, "linewidth": 0}
            ax.add_patch(Rectangle((0, first), 1, last - first, **look))
        top, deep = table.iloc[first], max(1, lines * (last - first) - 1)
        said = wrapping.wrap(top["stage"], width=(room["stage"] - 10) / plain).split("\n")[:deep]
        put("stage", first + 0.12, " ".join(said), size=plain, deep=deep, va="top")
        if top["beside"]:
            beneath_it = first + 0.12 + len(said) * plain * 1.25 / (high * 0.8 * 72 / len(table))
            how: Any = {"va": "top", "color": theme.ACCENT}
            put("stage", beneath_it, top["beside"], deep=deep + 1, **how)
    _feel(ax, table, left["feeling"] + 0.012, COLUMNS[4][1] - 0.024, ends, small)
    for y, row in enumerate(records(table)):
        put("label", y + 0.5, row["label"], size=plain if lines > 2 else small)
        for name in ("reach", "rating", "voice", "owner"):
            put(name, y + 0.5, row[name])
    _frame(figure, wide, title, beneath, foot)
    ax.set_label(alt or title)
    ax.set_gid(title)
    return ax


def _frame(figure: Any, wide: float, title: str, beneath: str, foot: str) -> None:
    """Write what stands over and under the sheet: the conclusion in two lines at most."""
    told = wrapping.wrap(title, width=wide * 0.95 * 72 / LARGE).split("\n")
    told = told if len(told) < 3 else [told[0], f"{told[1].rstrip('，。,. ')}…"]
    for text, height, size, colour, va in (
        ("\n".join(told), 0.97, LARGE, theme.INK, "top"),
        (beneath, 0.9, PLAIN, theme.MUTED, "bottom"),
        (wrapping.wrap(foot, width=wide * 0.95 * 72 / SMALL), 0.015, SMALL, theme.MUTED, "bottom"),
    ):
        figure.text(0.025, height, text, fontsize=size, color=colour, va=va, linespacing=1.15)


def _feel(
    ax: Axes, table: pd.DataFrame, start: float, width: float, ends: Sequence[str], size: float
) -> None:
    """Draw the curve of feeling within its column, each point with what it is."""
    emotion = table["emotion"].to_numpy(float)
    at = np.arange(len(table)) + 0.5
    known = ~np.isnan(emotion)

    def x(value: Any) -> Any:
        return start + width * (np.asarray(value) + 1) / 2

    for value, end, ha in zip((-1, 0, 1), ends, ("left", "center", "right"), strict=True):
        ax.plot([x(value)] * 2, [0, len(table)], color=theme.RULE, linewidth=0.8, zorder=0)
        ax.text(x(value), len(table), end, fontsize=size, color=theme.MUTED, ha=ha, va="top")
    ax.plot(x(emotion[known]), at[known], color=theme.MUTED, linewidth=1.6, alpha=0.6, zorder=1)
    sizes = _sizes(table, 6.0, 18.0)
    for y, row in enumerate(records(table)):
        if not known[y]:
            continue
        ends_at = x([row["emotion_low"], row["emotion_high"]])
        ax.plot(ends_at, [at[y]] * 2, color=row["colour"], linewidth=2.4, zorder=2)
        ax.plot(x(emotion[y]), at[y], "o", markersize=sizes[y], color=row["colour"], zorder=3)
        on_left, reach = emotion[y] > 0, sizes[y] / 1600
        at_point = x(emotion[y])
        side = min(ends_at[0], at_point - reach) if on_left else max(ends_at[1], at_point + reach)
        look = {"ha": "right" if on_left else "left", "va": "center", "color": row["colour"]}
        ax.text(side + (-0.006 if on_left else 0.006), at[y], row["role"], fontsize=size, **look)
