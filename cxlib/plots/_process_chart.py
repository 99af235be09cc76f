"""The parts of a process chart: limits, points, rebases, target, axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cxlib.plots import theme
from cxlib.words import Quantity, Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxlib.analysis.pages import ChartPage

WORSE, BETTER, OTHER = "v", "^", "D"
_SIGNALS = {
    "worse": (WORSE, theme.BAD, _("signal, worse")),
    "better": (BETTER, theme.GOOD, _("signal, better")),
    "other": (OTHER, theme.ACCENT, _("signal")),
}
CROWDED = 16
"""With so many periods the last point lies so close to the edge that its label goes left."""
LABELLED = 9
"""At most about so many period labels fit under a chart."""


def scale(unit: str) -> float:
    """Return what a value of `unit` is multiplied by on an axis: shares are drawn in percent."""
    return 100.0 if unit == "share" else 1.0


def lines(ax: Axes, table: pd.DataFrame, unit: str, *, linewidth: float) -> None:
    """Draw centre and limits, each segment by itself, and the band between them."""
    at = np.arange(len(table))
    for _number, part in table.groupby("segment", sort=False):
        x = at[part.index.to_numpy()]
        lower, upper, centre = (
            scale(unit) * part[name].to_numpy(dtype=float) for name in ("lower", "upper", "centre")
        )
        x, lower, upper, centre = _wide(x, lower, upper, centre)
        ax.fill_between(x, lower, upper, color=theme.MUTED, alpha=0.09, linewidth=0)
        for line in (lower, upper):
            ax.plot(x, line, color=theme.MUTED, linestyle=(0, (4, 2)), linewidth=linewidth)
        ax.plot(x, centre, color=theme.MUTED, linewidth=linewidth)


def _wide(x: Any, *lines: Any) -> tuple[Any, ...]:
    """Let lines reach half a period to either side, so that one point has limits too."""
    wide = np.r_[x[0] - 0.45, x, x[-1] + 0.45]
    return wide, *(np.r_[line[0], line, line[-1]] for line in lines)


def points(
    ax: Axes, table: pd.DataFrame, improvement: str | None, unit: str, *, size: float
) -> None:
    """Draw the values, signals by shape as well as colour."""
    at, values = np.arange(len(table)), scale(unit) * table["value"].to_numpy(dtype=float)
    ax.plot(at, values, color=theme.MAIN, linewidth=1.2)
    kinds = _kinds(table, improvement)
    plain = np.array([kind == "" for kind in kinds])
    ax.plot(at[plain], values[plain], "o", color=theme.MAIN, markersize=size)
    for kind, (marker, colour, _text) in _SIGNALS.items():
        here = np.array([each == kind for each in kinds])
        ax.plot(
            at[here],
            values[here],
            marker,
            color=colour,
            markersize=size * 1.7,
            markeredgecolor=theme.INK,
            markeredgewidth=0.6,
        )


def _kinds(table: pd.DataFrame, improvement: str | None) -> list[str]:
    """Return how each point is marked: empty without a signal."""
    kinds = []
    for row in table.itertuples():
        flags = str(row.flags)
        if not flags:
            kinds.append("")
        elif improvement is None or flags == "trend":
            kinds.append("other")
        else:
            above = float(row.value) > float(row.centre)  # type: ignore[arg-type]
            kinds.append("better" if above == (improvement == "higher") else "worse")
    return kinds


def reference(
    ax: Axes, page: ChartPage, key: str, shown: list[str], unit: str, words: Words
) -> None:
    """Draw another KPI of the page as a dotted line."""
    history = page.history[page.history["metric"] == key].set_index("period")["value"]
    values = scale(unit) * history.reindex(shown).to_numpy(dtype=float)
    ax.plot(
        np.arange(len(shown)),
        values,
        color=theme.ACCENT,
        linestyle=":",
        marker="s",
        markersize=3.5,
        linewidth=1.2,
        label=words.label(key),
    )


def rebases(ax: Axes, found: Any, words: Words) -> None:
    """Mark where limits were recalculated, with the reason."""
    labels = found.table["period"].tolist()
    for period, reason in found.rebased:
        x = labels.index(period) - 0.5
        ax.axvline(x, color=theme.INK, linewidth=0.8, linestyle=":")
        said = words.say(_("New limits: {reason}"), reason=reason) if reason else ""
        right = x > len(labels) / 2
        ax.annotate(
            theme.wrap(said, width=16),
            (x, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if right else 4, -2),
            textcoords="offset points",
            ha="right" if right else "left",
            va="top",
            fontsize=7.5,
            color=theme.INK,
            bbox={"facecolor": theme.PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 1},
        )


def target(ax: Axes, target: float, unit: str, words: Words) -> None:
    """Draw the target with its value."""
    ax.axhline(scale(unit) * target, color=theme.ACCENT, linestyle="-.", linewidth=1.2)
    ax.annotate(
        words.say(_("Target {target}"), target=Quantity(target, unit)),
        (0.0, scale(unit) * target),
        xycoords=("axes fraction", "data"),
        xytext=(3, 3),
        textcoords="offset points",
        ha="left",
        va="bottom",
        fontsize=8,
        color=theme.ACCENT,
    )


def latest(ax: Axes, table: pd.DataFrame, unit: str, words: Words) -> None:
    """Write the latest value beside its point."""
    measured = table[table["value"].notna()]
    last = measured.iloc[-1]
    above = last["value"] >= last["centre"] or pd.isna(last["centre"])
    ax.annotate(
        words.quantity(float(last["value"]), unit),
        (int(measured.index[-1]), scale(unit) * float(last["value"])),
        xytext=(0, 7 if above else -7),
        textcoords="offset points",
        ha="center" if len(table) < CROWDED else "right",
        va="bottom" if above else "top",
        fontsize=8.5,
        color=theme.INK,
        bbox={"facecolor": theme.PAPER, "edgecolor": "none", "alpha": 0.75, "pad": 0.6},
    )


def periods(ax: Axes, labels: list[str], words: Words) -> None:
    """Label the periods, the latest always, as many as fit."""
    step = max(1, -(-len(labels) // LABELLED))
    at = list(range(len(labels) - 1, -1, -step))[::-1]
    few = len(at) <= 4
    ax.set_xticks(
        at,
        [words.period(str(labels[i])) if few else str(labels[i]) for i in at],
        fontsize=8,
    )
    ax.set_xlim(-0.6, len(labels) - 0.4)


def number_axis(ax: Axes, words: Words) -> None:
    """Label few values, with a true minus sign."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    ax.yaxis.set_major_locator(MaxNLocator(nbins=5))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _at: f"{y:,g}".replace("-", "−")))


def legend(ax: Axes, table: pd.DataFrame, improvement: str | None, words: Words) -> None:
    """Explain the shapes that occur."""
    from matplotlib.lines import Line2D

    present = [kind for kind in _SIGNALS if kind in _kinds(table, improvement)]
    handles = [h for h in ax.get_lines() if not str(h.get_label()).startswith("_")]
    for kind in present:
        marker, colour, text = _SIGNALS[kind]
        handles.append(
            Line2D([], [], marker=marker, color=colour, linestyle="", label=words.say(text))
        )
    if handles:
        ax.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(0.0, 1.0),
            borderaxespad=0.2,
            ncols=3,
            fontsize=7.5,
            handletextpad=0.3,
        )
