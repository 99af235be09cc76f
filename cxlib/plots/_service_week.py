"""The week drawn: when work comes in, and how many agents each half hour needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cxlib.plots import theme
from cxlib.words import Quantity, Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxlib.analysis.service_staffing import Rhythm, Staffing

DAYS = {
    "mon": _("Monday"),
    "tue": _("Tuesday"),
    "wed": _("Wednesday"),
    "thu": _("Thursday"),
    "fri": _("Friday"),
    "sat": _("Saturday"),
    "sun": _("Sunday"),
}
DARK = 0.6
"""Cells darker than this carry light numbers."""


def rhythm(rhythm: Rhythm, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw how many tickets come in each hour of each weekday, darker for more.

    Parameters
    ----------
    rhythm : Rhythm
    words : Words
    ax : Axes, optional
    """
    grid = _grid(rhythm.table, "tickets_per_hour")
    busy = grid.columns[(grid > 0).any()]
    grid = grid.loc[:, busy.min() : busy.max()]
    ax = _heat(ax, grid, words, digits=1)
    ax.set_xlabel(words.say(_("Hour of the day; tickets an hour, on average")))
    top = rhythm.table.iloc[int(rhythm.table["tickets_per_hour"].argmax())]
    text = words.say(
        _("Most comes in on {day} from {start}: {value:.1f} tickets an hour"),
        day=DAYS[str(top["weekday"])],
        start=str(top["start"]),
        value=float(top["tickets_per_hour"]),
    )
    return theme.title(ax, text)


def staff(plan: Staffing, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw how many agents each half hour of each weekday needs.

    Parameters
    ----------
    plan : Staffing
        With a plan.
    words : Words
    ax : Axes, optional
    """
    grid = _grid(plan.table, "agents")
    ax = _heat(ax, grid, words, digits=0)
    ax.set_xlabel(words.say(_("Start of the interval; agents at the telephone")))
    text = words.say(
        _("{hours:.0f} h a week answer {level} of calls within {answer}; at most {peak} agents"),
        hours=plan.agent_hours,
        level=Quantity(plan.service_level, "share"),
        answer=Quantity(plan.answer_seconds, "seconds"),
        peak=int(plan.table["agents"].max()),
    )
    return theme.title(ax, text)


def _grid(table: pd.DataFrame, value: str) -> pd.DataFrame:
    grid = table.set_index(["weekday", "start"])[value].unstack()  # noqa: PD010 - one value a cell
    return grid.reindex([day for day in DAYS if day in grid.index])


def _heat(ax: Axes | None, grid: pd.DataFrame, words: Words, *, digits: int) -> Axes:
    from matplotlib.colors import LinearSegmentedColormap

    ax = theme.axes(ax, height=1.25 + 0.3 * len(grid))
    values: Any = grid.to_numpy(dtype=float)
    highest = float(np.nanmax(values)) if values.size else 0.0
    colours = LinearSegmentedColormap.from_list("cx", [theme.PAPER, theme.MAIN])
    ax.imshow(values, aspect="auto", cmap=colours, vmin=0, vmax=max(highest, 1e-9))
    small = 7 if values.shape[1] <= 16 else 6
    for (y, x), value in np.ndenumerate(values):
        if np.isfinite(value) and value > 0:
            ax.annotate(
                words.number(float(value), digits),
                (x, y),
                ha="center",
                va="center",
                fontsize=small,
                color=theme.PAPER if value > DARK * highest else theme.INK,
            )
    every = 1 if len(grid.columns) <= 16 else 2 if len(grid.columns) <= 32 else 4
    marks = range(0, len(grid.columns), every)
    ax.set_xticks(list(marks), [str(grid.columns[at]) for at in marks], fontsize=7)
    ax.set_yticks(range(len(grid)), [words.label(DAYS[str(day)]) for day in grid.index])
    ax.tick_params(length=0)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    return ax
