"""What lies ahead drawn: what a sample can show, what the plan brings, what to agree on next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cxlib.plots import theme
from cxlib.words import Quantity, Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxlib.analysis.contract import Outlook, Proposed
    from cxlib.analysis.targets import PowerCurve


def power(curve: PowerCurve, *, words: Words, n: int | None = None, ax: Axes | None = None) -> Axes:
    """Draw the chance to see each change by the answers of a wave.

    Parameters
    ----------
    curve : PowerCurve
    words : Words
    n : int, optional
        The answers of a wave now; one of the curve's sizes.
    ax : Axes, optional
    """
    ax = theme.axes(ax, height=3.1)
    unit = {"nps": "points", "share": "percent"}.get(curve.metric, "mean")
    styles = ("-", "--", "-.", ":")
    for i, (change, rows) in enumerate(curve.table.groupby("change")):
        colour = theme.SERIES[i % len(theme.SERIES)]
        ax.plot(
            rows["n"],
            100 * rows["power"],
            color=colour,
            linestyle=styles[i % len(styles)],
            label=words.quantity(float(str(change)), unit, sign=True),
        )
    ax.axhline(100 * curve.power, color=theme.MUTED, linewidth=0.8)
    ax.set_xscale("log")
    sizes = sorted(set(curve.table["n"]) - {n})
    shown = [size for size in sizes if str(size)[0] in "125"]
    ax.set_xticks(shown, [words.number(size) for size in shown])
    ax.set_xticks([], minor=True)
    ax.set_xlabel(words.say(_("Answers a wave")))
    ax.set_ylabel(words.say(_("Chance to see the change, %")))
    ax.set_ylim(0, 103)
    ax.legend(
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
        title=words.say(_("Change")),
        reverse=True,
    )
    if n is not None:
        ax.axvline(n, color=theme.INK, linewidth=0.9, linestyle=":")
        ax.annotate(
            words.say(_("now: {n}"), n=n),
            (n, 3),
            xytext=(4, 0),
            textcoords="offset points",
            fontsize=8.5,
        )
    return theme.title(ax, _power_title(curve, unit, n, words))


def _power_title(curve: PowerCurve, unit: str, n: int | None, words: Words) -> str:
    size = int(curve.table["n"].max()) if n is None else n
    rows = curve.table[curve.table["n"] == size]
    seen = rows[rows["enough"]]
    if seen.empty:
        message = _("{n} answers a wave show no change of up to {change} with {power:.0f} % chance")
        change = rows["change"].max()
    else:
        message = _(
            "{n} answers a wave show a change of {change} with {power:.0f} % chance or more"
        )
        change = seen["change"].min()
    facts = {"n": size, "power": 100 * curve.power}
    return words.say(message, change=Quantity(change, unit), **facts)


def waterfall(outlook: Outlook, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw the plan's steps from the present score to what it leads to, and the target.

    Parameters
    ----------
    outlook : Outlook
    words : Words
    ax : Axes, optional
    """
    table, unit = outlook.table, outlook.unit
    ax = theme.row_axes(ax, len(table), extra=1.4)
    sign = 1.0 if outlook.direction == "higher" else -1.0
    rows = table.to_dict("records")
    for y, row in enumerate(rows):
        right = _bar(ax, y, row, sign)
        total = row["role"] == "total"
        text = words.quantity(row["end"] if total else row["change"], unit, sign=not total)
        ax.annotate(
            text,
            (right, y),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
        )
        if y + 1 < len(rows):
            ax.plot([row["end"]] * 2, [y, y + 1], color=theme.QUIET, linewidth=0.8, zorder=0)
    if np.isfinite(outlook.target):
        ax.axvline(outlook.target, color=theme.ACCENT, linestyle="--", linewidth=1.2)
    theme.label_rows(ax, [words.label(row["step"]) for row in rows], width=20)
    ax.margins(x=0.12)
    ax.set_xlabel(
        words.say(
            _("{metric}; bars are steps, lines 95 % intervals, dashed the target"),
            metric=outlook.metric,
        ),
        loc="right",
    )
    facts = {
        "plan": outlook.plan,
        "change": Quantity(outlook.change, unit, sign=True),
        "now": Quantity(outlook.now, unit),
        "predicted": Quantity(outlook.predicted, unit),
        "target": Quantity(outlook.target, unit),
        "chance": Quantity(min(max(outlook.p_reach, 0.001), 0.999), "share"),
    }
    if np.isfinite(outlook.target):
        message = _(
            "{plan} brings {change}: {now} → {predicted}; chance to reach {target}: {chance}"
        )
    else:
        message = _("{plan} brings {change}: {now} → {predicted}")
    return theme.title(ax, words.say(message, **facts))


def _bar(ax: Axes, y: int, row: dict[Any, Any], sign: float) -> float:
    """Draw one row of the waterfall; return where its label may begin."""
    if row["role"] == "total":
        ax.plot([row["end_low"], row["end_high"]], [y, y], color=theme.MAIN, linewidth=2)
        ax.plot(row["end"], y, "D", color=theme.MAIN, markersize=7)
        return float(np.nanmax([row["end_high"], row["end"]]))
    begin, end = row["begin"], row["end"]
    if row["role"] == "gap":
        ax.barh(
            y,
            end - begin,
            left=begin,
            height=0.55,
            facecolor=theme.PAPER,
            edgecolor=theme.ACCENT,
            hatch="////",
        )
        return float(max(begin, end))
    colour = theme.GOOD if sign * row["change"] >= 0 else theme.BAD
    ax.barh(y, end - begin, left=begin, height=0.55, color=colour)
    low, high = begin + row["change_low"], begin + row["change_high"]
    if np.isfinite(low):
        ax.plot([low, high], [y, y], color=theme.INK, linewidth=1)
    return float(np.nanmax([begin, end, high]))


def ladder(proposed: Proposed, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw the proposed targets of a KPI beside its present state, each with its grounds.

    Parameters
    ----------
    proposed : Proposed
        With at least one proposal.
    words : Words
    ax : Axes, optional
    """
    table, unit = proposed.table, proposed.unit
    ax = theme.axes(ax, height=2.6)
    ax.plot([proposed.low, proposed.high], [0, 0], color=theme.MAIN, linewidth=2)
    ax.plot(proposed.baseline, 0, "o", color=theme.MAIN, markersize=6.5)
    labels = [words.say(_("Now, n = {n}"), n=proposed.n)]
    for y, row in enumerate(table.to_dict("records"), start=1):
        ax.plot([proposed.baseline, row["target"]], [y, y], color=theme.QUIET, linewidth=1.2)
        face = theme.ACCENT if row["detectable"] else theme.PAPER
        ax.plot(row["target"], y, "D", color=theme.ACCENT, markersize=7, markerfacecolor=face)
        grounds = row["grounds"]
        said = words.say(grounds.message, **grounds.facts)
        level = words.say(row["level"])
        labels.append(words.say(_("{level}: {reason}"), level=level, reason=said))
    for y, value in enumerate([proposed.baseline, *table["target"]]):
        right = proposed.high if y == 0 else max(value, proposed.baseline)
        ax.annotate(
            words.quantity(float(value), unit),
            (right, y),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
        )
    theme.label_rows(ax, labels, width=30)
    ax.margins(x=0.15)
    ax.set_xlabel(
        words.say(
            _("{metric}; hollow: {n} answers a wave could not tell it from noise"),
            metric=proposed.metric,
            n=proposed.n_next,
        ),
        loc="right",
    )
    low, real, far = (Quantity(value, unit) for value in table["target"])
    text = words.say(
        _("{metric}: {low} is the least to agree on, {real} realistic, {far} a stretch"),
        metric=proposed.metric,
        low=low,
        real=real,
        far=far,
    )
    return theme.title(ax, text)
