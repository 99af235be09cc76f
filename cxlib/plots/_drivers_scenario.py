"""Scenarios drawn: steps from today to the prediction, and what a tenth of a point is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxlib.plots import theme
from cxlib.plots._drivers_parts import beside, point
from cxlib.words import Quantity, Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from cxlib.analysis.drivers import DriverImportance, Scenario

UNITS = {"nps": "points", "csat": "percent"}
"""Units of what a scenario predicts."""


def scenario(scenario: Scenario, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw a scenario as a staircase: today's score, each change's step, the prediction.

    Parameters
    ----------
    scenario : Scenario
    words : Words
    ax : Axes, optional
    """
    table, unit = scenario.table, UNITS[scenario.kind]
    ax = theme.row_axes(ax, len(table) + 2, extra=1.5)
    labels = [words.say(_("Today, as modelled"))]
    _score(ax, 0, (scenario.baseline, scenario.baseline_low, scenario.baseline_high), theme.MUTED)
    reached = scenario.baseline
    for y, (_label, row) in enumerate(table.iterrows(), start=1):
        colour = theme.GOOD if row["step"] >= 0 else theme.BAD
        ax.barh(y, row["step"], left=reached, height=0.5, color=colour, alpha=0.85)
        ax.plot([reached, reached], [y - 1, y], color=theme.RULE, linewidth=0.9, zorder=0)
        ax.plot(
            [reached + row["step_low"], reached + row["step_high"]], [y, y], color=theme.INK,
            linewidth=1.2, marker="|", markersize=6,
        )  # fmt: skip
        end = reached + max(row["step"], row["step_high"])
        beside(ax, end, y, words.quantity(row["step"], "points", sign=True))
        labels.append(_from_to(row, words))
        reached += row["step"]
    last = len(table) + 1
    ax.plot([reached, reached], [last - 1, last], color=theme.RULE, linewidth=0.9, zorder=0)
    _score(ax, last, (scenario.predicted, scenario.low, scenario.high), theme.MAIN)
    for y, value, high in (
        (0, scenario.baseline, scenario.baseline_high),
        (last, scenario.predicted, scenario.high),
    ):
        beside(ax, max(value, high), y, words.quantity(value, unit))
    labels.append(words.say(_("With all changes together")))
    theme.label_rows(ax, labels, width=24)
    ax.grid(axis="x")
    ax.margins(x=0.12)
    ax.set_xlabel(
        words.say(_("{outcome}, with 95 % interval; all else as it is"), outcome=scenario.outcome),
    )
    text = words.say(
        _(
            "{outcome} is predicted at {predicted} instead of {baseline}: {change} ({low} to "
            "{high})"
        ),
        outcome=scenario.outcome,
        predicted=Quantity(scenario.predicted, unit),
        baseline=Quantity(scenario.baseline, unit),
        change=Quantity(scenario.change, unit, sign=True),
        low=Quantity(scenario.change_low, unit, sign=True),
        high=Quantity(scenario.change_high, unit, sign=True),
    )
    return theme.title(ax, text)


def _from_to(row: pd.Series, words: Words) -> str:
    return words.say(
        _("{driver} {now:.2f} → {then:.2f}"),
        driver=row["driver"],
        now=float(row["mean_now"]),
        then=float(row["mean_used"]),
    )


def _score(ax: Axes, y: int, score: tuple[float, float, float], colour: str) -> None:
    value, low, high = score
    ax.plot([low, high], [y, y], color=colour, linewidth=2, solid_capstyle="round")
    ax.plot(value, y, marker="D", markersize=7, color=colour)


def sensitivity(
    scenario: Scenario, *, words: Words, importance: DriverImportance, ax: Axes | None = None
) -> Axes:
    """Draw what the same small rise of each rating goes with, the largest on top.

    Parameters
    ----------
    scenario : Scenario
        All ratings raised by the same small step, no cap.
    words : Words
    importance : DriverImportance
        Says which drivers are proven: these are filled.
    ax : Axes, optional
    """
    table = scenario.table.sort_values("step", ascending=False, kind="stable")
    unit = UNITS[scenario.kind]
    alpha = 1 - importance.confidence
    proven = set(importance.table.loc[importance.table["p_unique"] < alpha, "driver"])
    ax = theme.row_axes(ax, len(table), extra=1.5)
    for y, (_label, row) in enumerate(table.iterrows()):
        clear = row["driver"] in proven
        colour = theme.MAIN if clear else theme.MUTED
        ends = row["step_low"], row["step_high"]
        point(ax, y, row["step"], *ends, colour=colour, filled=clear)
        beside(
            ax, max(row["step"], row["step_high"]), y, words.quantity(row["step"], unit, sign=True)
        )
    ax.axvline(0, color=theme.MUTED, linewidth=0.8)
    theme.label_rows(ax, [words.label(key) for key in table["driver"]])
    ax.grid(axis="x")
    ax.margins(x=0.12)
    ax.set_xlabel(
        words.say(
            _("{outcome} per tenth of a point of the rating, with 95 % interval; filled: proven"),
            outcome=scenario.outcome,
        ),
    )
    return theme.title(ax, _sensitivity_title(table[table["driver"].isin(proven)], scenario, words))


def _sensitivity_title(proven: pd.DataFrame, scenario: Scenario, words: Words) -> str:
    if proven.empty:
        return words.say(
            _("No touchpoint is proven to go with {outcome}"), outcome=scenario.outcome
        )
    best = proven.iloc[0]
    return words.say(
        _(
            "Of all that is proven, a tenth of a point goes furthest at {driver}: {step} on "
            "{outcome}"
        ),
        driver=best["driver"],
        step=Quantity(best["step"], UNITS[scenario.kind], sign=True),
        outcome=scenario.outcome,
    )
