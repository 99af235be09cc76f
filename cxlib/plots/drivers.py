"""Drivers drawn: shares with intervals, how sure the order is, and what all of it adds up to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cxlib.plots import theme
from cxlib.plots._drivers_groups import rival, segments
from cxlib.plots._drivers_map import priorities
from cxlib.plots._drivers_parts import beside, point
from cxlib.plots._drivers_scenario import scenario, sensitivity
from cxlib.words import Quantity, Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

    from cxlib.analysis.driver_order import OrderCertainty
    from cxlib.analysis.drivers import DriverImportance

__all__ = [
    "account",
    "importance",
    "priorities",
    "ranks",
    "rival",
    "scenario",
    "segments",
    "sensitivity",
]

DARK_CELL = 0.55
"""Probability from which a cell of the heat map is dark enough for white figures."""


def importance(
    importance: DriverImportance, *, words: Words, order: OrderCertainty, ax: Axes | None = None
) -> Axes:
    """Draw each touchpoint's share with its interval, the proven ones filled.

    Parameters
    ----------
    importance : DriverImportance
    words : Words
    order : OrderCertainty
        What the leading drivers carry together.
    ax : Axes, optional
    """
    table = importance.table.sort_values("rank", kind="stable").reset_index(drop=True)
    ax = theme.row_axes(ax, len(table), extra=1.5)
    alpha = 1 - importance.confidence
    for y, (_label, row) in enumerate(table.iterrows()):
        proven = row["p_unique"] < alpha
        colour = theme.MAIN if proven else theme.MUTED
        x, low, high = (100 * row[name] for name in ("share", "share_low", "share_high"))
        point(ax, y, x, low, high, colour=colour, filled=proven)
        if np.isfinite(x):
            beside(ax, np.nanmax([x, high]), y, words.quantity(row["share"], "share"))
    theme.label_rows(ax, [words.label(key) for key in table["driver"]])
    ax.grid(axis="x")
    ax.set_xlim(left=0)
    ax.margins(x=0.12)
    ax.set_xlabel(
        words.say(
            _(
                "Share of what all touchpoints explain of {outcome}, %, with 95 % interval; "
                "filled: proven"
            ),
            outcome=importance.outcome,
        ),
    )
    text = _leading(order, importance.outcome, words)
    told = "; ".join(
        f"{words.label(row['driver'])} {words.quantity(row['share'], 'share')}"
        for _label, row in table.iterrows()
    )
    return theme.title(ax, text, alt=f"{text}. {told}.")


def _leading(order: OrderCertainty, outcome: str, words: Words) -> str:
    if not order.leading:
        return words.say(_("No touchpoint is proven to go with {outcome}"), outcome=outcome)
    if len(order.leading) == len(order.table):
        return words.say(_("Every touchpoint is proven to go with {outcome}"), outcome=outcome)
    message = (
        _("{drivers} carries {share} of what the touchpoints explain of {outcome}")
        if len(order.leading) == 1
        else _("{drivers} carry {share} of what the touchpoints explain of {outcome}")
    )
    share = Quantity(order.share, "share")
    return words.say(message, drivers=order.leading, share=share, outcome=outcome)


def ranks(order: OrderCertainty, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw the probability of each rank as a heat map: how sure the order is.

    Parameters
    ----------
    order : OrderCertainty
        With resamples.
    words : Words
    ax : Axes, optional
    """
    table = order.table
    ax = theme.row_axes(ax, len(table), extra=1.5)
    places = [name for name in table if str(name).startswith("p_rank_")]
    cells = table[places].to_numpy(dtype=float)
    ax.imshow(cells, cmap=_shades(), vmin=0, vmax=1, aspect="auto")
    for y, x in zip(*np.nonzero(cells >= 0.01), strict=True):
        ax.text(
            x, y, words.number(100 * cells[y, x]), ha="center", va="center", fontsize=8,
            color=theme.PAPER if cells[y, x] >= DARK_CELL else theme.INK,
        )  # fmt: skip
    theme.label_rows(ax, [words.label(key) for key in table["driver"]])
    ax.set_ylim(len(table) - 0.5, -0.5)
    ax.set_xticks(range(len(places)), [str(place + 1) for place in range(len(places))])
    ax.set_xlabel(words.say(_("Rank by importance; probability in %, from resamples")))
    for side in ax.spines.values():
        side.set_visible(False)
    return theme.title(ax, _rank_title(order, words))


def _rank_title(order: OrderCertainty, words: Words) -> str:
    first = order.table.iloc[0]
    facts = {"driver": first["driver"], "p": Quantity(first["p_rank_1"], "share")}
    if len(order.leading) < 2:
        return words.say(_("{driver} ranks first in {p} of resamples"), **facts)
    return words.say(
        _("{driver} ranks first in {p} of resamples; {drivers} are the first {count} in {p_set}"),
        **facts,
        drivers=order.leading,
        count=len(order.leading),
        p_set=Quantity(order.p_set, "share"),
    )


def _shades() -> Colormap:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("cx", [theme.PAPER, theme.MAIN])


def account(importance: DriverImportance, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw what the differences in the outcome add up to: each touchpoint, use, and the rest.

    Parameters
    ----------
    importance : DriverImportance
    words : Words
    ax : Axes, optional
    """
    table = importance.table.sort_values("rank", kind="stable")
    parts = [(words.label(row["driver"]), row["importance"]) for _i, row in table.iterrows()]
    if importance.r_squared_use > 0:
        parts.append((words.say(_("Which ones were used at all")), importance.r_squared_use))
    parts.append((words.say(_("Not explained by the touchpoints")), importance.unexplained))
    colours = [theme.MAIN] * len(table) + [theme.ACCENT] * (len(parts) - len(table) - 1)
    ax = theme.row_axes(ax, len(parts), extra=1.5)
    ends = np.cumsum([0.0, *(value for _label, value in parts)])
    for y, ((_label, value), colour) in enumerate(zip(parts, [*colours, theme.QUIET], strict=True)):
        ax.barh(y, 100 * value, left=100 * ends[y], height=0.62, color=colour)
        ax.plot(
            [100 * ends[y + 1]] * 2,
            [y, min(y + 1, len(parts) - 1)],
            color=theme.MUTED,
            linewidth=0.6,
        )
        inside = ends[y + 1] > 0.9
        ax.annotate(
            words.quantity(value, "share"), (100 * (ends[y] if inside else ends[y + 1]), y),
            xytext=(-5 if inside else 5, 0), textcoords="offset points", va="center",
            ha="right" if inside else "left", fontsize=8, color=theme.INK,
        )  # fmt: skip
    theme.label_rows(ax, [label for label, _value in parts])
    ax.set_xlim(0, 100)
    ax.grid(axis="x")
    ax.set_xlabel(
        words.say(
            _("Share of the differences between answers to {outcome}, %"),
            outcome=importance.outcome,
        ),
    )
    text = words.say(
        _(
            "The touchpoints explain {explained} of the differences in {outcome}; {rest} lies "
            "elsewhere"
        ),
        explained=Quantity(importance.r_squared, "share"),
        rest=Quantity(importance.unexplained, "share"),
        outcome=importance.outcome,
    )
    told = "; ".join(f"{label} {words.quantity(value, 'share')}" for label, value in parts)
    return theme.title(ax, text, alt=f"{text}. {told}.")
