"""Drivers drawn against others: a competitor's ratings, and the groups of a segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cxlib.plots import theme
from cxlib.plots._drivers_parts import beside, point
from cxlib.words import Quantity, Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxlib.analysis.driver_rivals import RivalGaps
    from cxlib.analysis.drivers import SegmentImportance

MARKERS = ("o", "s", "^", "D", "v", "P")
"""One a group: told apart on a grey printer, too."""


def rival(gaps: RivalGaps, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw the gap to a competitor by touchpoint, the most important on top.

    Parameters
    ----------
    gaps : RivalGaps
    words : Words
    ax : Axes, optional
    """
    table = gaps.table
    ax = theme.row_axes(ax, len(table), extra=1.5)
    for y, (_label, row) in enumerate(table.iterrows()):
        clear = row["low"] > 0 or row["high"] < 0
        colour = (theme.GOOD if row["gap"] > 0 else theme.BAD) if clear else theme.MUTED
        point(ax, y, row["gap"], row["low"], row["high"], colour=colour, filled=clear)
        beside(ax, row["high"], y, words.quantity(row["gap"], "mean", sign=True))
    ax.axvline(0, color=theme.MUTED, linewidth=0.8)
    theme.label_rows(ax, [words.label(key) for key in table["driver"]])
    ax.grid(axis="x")
    ax.margins(x=0.12)
    ax.set_xlabel(
        words.say(
            _("Own mean rating less that of {brand}, with 95 % interval; filled: clear"),
            brand=gaps.brand,
        ),
    )
    return theme.title(ax, _rival_title(gaps, words))


def _rival_title(gaps: RivalGaps, words: Words) -> str:
    behind = gaps.table[gaps.table["high"] < 0]
    if behind.empty:
        return words.say(
            _("No touchpoint is clearly rated lower than at {brand}"), brand=gaps.brand
        )
    worst = behind.sort_values("gap", kind="stable").iloc[0]
    return words.say(
        _("Furthest behind {brand}: {driver}, {gap}"),
        brand=gaps.brand,
        driver=worst["driver"],
        gap=Quantity(worst["gap"], "mean", sign=True),
    )


def segments(importance: SegmentImportance, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw each group's shares side by side; the title says whether they differ at all.

    Parameters
    ----------
    importance : SegmentImportance
    words : Words
    ax : Axes, optional
    """
    levels = importance.level_names
    drivers = list(importance.interactions["driver"])
    ax = theme.row_axes(ax, int(1.5 * len(drivers)), extra=1.9)
    offsets = np.linspace(-0.26, 0.26, len(levels)) if len(levels) > 1 else [0.0]
    for at, level in enumerate(levels):
        rows = importance.table[importance.table["segment"] == level].set_index("driver")
        rows = rows.reindex(drivers)
        colour = theme.SERIES[at % len(theme.SERIES)]
        y = np.arange(len(drivers)) + offsets[at]
        ax.hlines(y, 100 * rows["share_low"], 100 * rows["share_high"], color=colour, linewidth=1.6)
        ax.plot(
            100 * rows["share"], y, linestyle="", marker=MARKERS[at % len(MARKERS)], markersize=5.5,
            color=colour, label=words.label(f"{importance.segment}={level}"),
        )  # fmt: skip
    theme.label_rows(ax, [words.label(key) for key in drivers])
    ax.set_xlim(left=0)
    ax.grid(axis="x")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=min(len(levels), 4))
    ax.set_xlabel(
        words.say(_("Share of what all touchpoints explain in each group, %, with 95 % interval")),
    )
    return theme.title(ax, _segments_title(importance, words))


def _segments_title(importance: SegmentImportance, words: Words) -> str:
    differing = importance.interactions[importance.interactions["p_adjusted"] < 0.05]
    if importance.p_value >= 0.05:
        return words.say(
            _("{segment}: what goes with {outcome} differs no more than chance would have it"),
            segment=importance.segment,
            outcome=importance.outcome,
        )
    if differing.empty:
        return words.say(
            _("{segment}: the groups differ as a whole, no single touchpoint clearly"),
            segment=importance.segment,
        )
    return words.say(
        _("{segment}: {drivers} weigh differently between the groups"),
        segment=importance.segment,
        drivers=tuple(differing["driver"]),
    )
