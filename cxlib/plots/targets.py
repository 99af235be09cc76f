"""The targets drawn: verdicts, the way with its fan, the power of a sample, the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cxlib.plots import theme
from cxlib.plots._targets_plan import ladder, power, waterfall
from cxlib.words import Quantity, Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from cxlib.analysis.contract import Course, Review

__all__ = ["ladder", "power", "verdicts", "waterfall", "way"]

STATUSES = {
    "met": (theme.GOOD, "o", True),
    "not met": (theme.BAD, "X", True),
    "cannot tell at this n": (theme.MUTED, "o", False),
}
"""Colour, marker and filling of each verdict: apart in grey print too."""
FURTHEST = (-1.0, 2.5)
"""Progress beyond these ends is drawn there with an arrow: one row must not flatten the others."""
MOST_TICKS = 9


def verdicts(review: Review, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw how far each KPI has come from its baseline to its target, with the verdict beside it.

    Parameters
    ----------
    review : Review
    words : Words
    ax : Axes, optional
    """
    table = review.table
    ax = theme.row_axes(ax, round(1.3 * len(table)), extra=1.2)
    ax.axvline(1, color=theme.ACCENT, linestyle="--", linewidth=1.2)
    ax.axvline(0, color=theme.QUIET, linewidth=0.9)
    for y, row in enumerate(table.to_dict("records")):
        _progress(ax, y, row, words)
    theme.label_rows(
        ax, [f"{row['clause'] or ''} {words.label(row['metric'])}".strip() for row in _each(table)]
    )
    low, high = _reach(table)
    ax.set_xlim(low - 0.15, high + 0.15)
    ticks = [tick for tick in np.arange(-1, 2.51, 0.5) if low - 0.1 <= tick <= high + 0.1]
    ax.set_xticks(ticks, [f"{100 * tick:.0f} %".replace("-", "−") for tick in ticks])
    label = _("Way from the baseline (0 %) to the target (100 %), 95 % interval; arrow: further")
    ax.set_xlabel(words.say(label), loc="left")
    status = table["status"].tolist()
    text = words.say(
        _("Of {total} targets {met} met, {missed} not met, {open} not to be told at this n"),
        total=len(status),
        met=status.count("met"),
        missed=status.count("not met"),
        open=status.count("cannot tell at this n"),
    )
    told = "; ".join(
        f"{words.label(row['metric'])} {words.quantity(row['value'], row['unit'])}, "
        f"{words.say(row['status'])}"
        for row in _each(table)
    )
    return theme.title(ax, text, alt=f"{text}. {told}.")


def _each(table: pd.DataFrame) -> list[dict[Any, Any]]:
    return table.to_dict("records")


def _reach(table: pd.DataFrame) -> tuple[float, float]:
    seen = table[["progress_low", "progress", "progress_high"]].to_numpy(dtype=float)
    seen = seen[np.isfinite(seen)]
    ends = np.clip([*seen, 0.0, 1.0], *FURTHEST)
    return float(ends.min()), float(ends.max())


def _progress(ax: Axes, y: int, row: dict[Any, Any], words: Words) -> None:
    colour, marker, filled = STATUSES[row["status"]]
    if not np.isfinite(row["value"]):
        return
    numbers = words.say(
        _("{value}, target {target}"),
        value=Quantity(row["value"], row["unit"]),
        target=Quantity(row["target"], row["unit"]),
    )
    said = f"{words.say(row['status'])}\n{numbers}"
    place = float(np.clip(row["progress"], *FURTHEST)) if np.isfinite(row["progress"]) else np.nan
    ax.annotate(
        said,
        (1.01, y),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize=8.5,
        color=colour,
        annotation_clip=False,
    )
    if not np.isfinite(place):
        text = words.say(_("no baseline to measure the way from"))
        ax.annotate(text, (0.02, y), va="center", fontsize=8, color=theme.MUTED)
        return
    low, high = np.clip([row["progress_low"], row["progress_high"]], *FURTHEST)
    ax.plot([low, high], [y, y], color=colour, linewidth=2, solid_capstyle="round")
    if place != row["progress"]:
        marker = ">" if row["progress"] > 0 else "<"
    face = colour if filled else theme.PAPER
    ax.plot(place, y, marker=marker, markersize=7.5, color=colour, markerfacecolor=face)


def way(course: Course, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw a KPI's history, the path to its target with its fan, and what history alone expects.

    Parameters
    ----------
    course : Course
    words : Words
    ax : Axes, optional
    """
    table, unit = course.table, course.unit
    ax = theme.axes(ax, height=3.2)
    at = np.arange(len(table), dtype=float)
    _band(ax, at, table, "projected", theme.QUIET, words.say(_("if nothing changes")))
    _band(ax, at, table, "expected", theme.ACCENT, words.say(_("path to the target")))
    measured = table["value"].notna().to_numpy()
    error = np.abs(table[["low", "high"]].sub(table["value"], axis=0).to_numpy(dtype=float).T)
    ax.errorbar(
        at[measured],
        table["value"][measured],
        yerr=np.nan_to_num(error[:, measured]),
        color=theme.MAIN,
        marker="o",
        markersize=4.5,
        elinewidth=1,
        capsize=2,
        label=words.say(_("measured, 95 % interval")),
    )
    if table["agreed"].notna().any():
        label = words.say(_("agreed step"))
        ax.plot(at, table["agreed"], "D", color=theme.ACCENT, markersize=5, label=label)
    ax.axhline(course.target, color=theme.ACCENT, linestyle="--", linewidth=1.2)
    ax.annotate(
        words.say(_("Target {target}"), target=Quantity(course.target, unit)),
        (0.0, course.target),
        xycoords=("axes fraction", "data"),
        xytext=(2, 3),
        textcoords="offset points",
        fontsize=8.5,
        color=theme.ACCENT,
        bbox={"facecolor": theme.PAPER, "edgecolor": "none", "alpha": 0.8, "pad": 0.5},
    )
    _periods(ax, table["period"].astype(str).tolist(), words)
    ax.margins(y=0.15)
    ax.set_ylabel(words.label(course.metric))
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, borderaxespad=0.2)
    text = _way_title(course, words)
    return theme.title(ax, text)


def _band(
    ax: Axes, at: np.ndarray[Any, Any], table: pd.DataFrame, name: str, colour: str, label: str
) -> None:
    if table[name].notna().sum() < 1:
        return
    low, high = (table[f"{name}_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
    known = np.isfinite(low)
    if known.sum() == 1:  # one period is no band: a bar beside it
        shift = 0.12 if name == "projected" else 0.0
        ax.vlines(
            at[known] + shift,
            low[known],
            high[known],
            color=colour,
            alpha=0.45,
            linewidth=7,
            label=label,
        )
        return
    ax.fill_between(at, low, high, color=colour, alpha=0.22, linewidth=0, label=label)
    ax.plot(at, table[name], color=colour, linestyle=":", linewidth=1.4)


def _periods(ax: Axes, labels: list[str], words: Words) -> None:
    step = -(-len(labels) // MOST_TICKS)
    shown = range((len(labels) - 1) % step, len(labels), step)  # the last one is always told
    long = len(labels) > 5
    ax.set_xticks(
        list(shown),
        [words.period(labels[i]) for i in shown],
        rotation=30 if long else 0,
        ha="right" if long else "center",
    )
    ax.set_xlim(-0.4, len(labels) - 0.6)


def _way_title(course: Course, words: Words) -> str:
    now = course.table[course.table["period"] == course.period].iloc[0]
    facts = {
        "metric": course.metric,
        "value": Quantity(now["value"], course.unit),
        "period": course.period,
        "target": Quantity(course.target, course.unit),
        "due": course.due,
        "missing": Quantity(course.target - now["value"], course.unit, sign=True),
    }
    if course.reached:
        message = _("{metric}: {value} in {period}, on the right side of the {target} due in {due}")
    else:
        message = _("{metric}: from {value} in {period} to {target} in {due} takes {missing}")
    return words.say(message, **facts)
