"""The headline numbers a report begins with: value, interval, change and target of each KPI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from cxlib.present.conclusions import Tile, TilesView
from cxlib.words import Quantity, Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.analysis.scores import Headline


def headline_tiles(headline: Headline, *, words: Words, targets: Sequence[Any] = ()) -> TilesView:
    """Return one tile a KPI.

    Parameters
    ----------
    headline : Headline
        Small bases withheld.
    words : Words
    targets : sequence
        Targets with ``metric``, ``target`` and ``direction``; the first of a KPI is shown.
    """
    by_metric = {target.metric: target for target in reversed(targets)}
    tiles = [
        _tile(row, headline.previous, by_metric.get(str(row["metric"])), words)
        for _label, row in headline.table.iterrows()
    ]
    return TilesView(tiles=tuple(tiles))


def _tile(row: pd.Series[Any], previous: str | None, target: Any, words: Words) -> Tile:
    unit = str(row["unit"])
    lines = []
    if pd.notna(row["low"]):
        lines.append(
            words.say(
                _("{low} to {high}, n = {n}"),
                low=Quantity(row["low"], unit),
                high=Quantity(row["high"], unit),
                n=int(row["n"]),
            )
        )
    if previous and pd.notna(row["change"]):
        change = Quantity(row["change"], unit, sign=True)
        message = (
            _("{change} since {previous}")
            if row["p_value"] < 0.05
            else _("{change} since {previous}, within noise")
        )
        lines.append(words.say(message, change=change, previous=previous))
    state = ""
    if target is not None and pd.notna(row["low"]):
        state = _state(row, target)
        lines.append(words.say(_("Target {target}"), target=Quantity(target.target, unit)))
    return Tile(
        label=words.label(row["metric"]),
        value=words.quantity(float(row["value"]), unit),
        lines=tuple(lines),
        state=state,
    )


def _state(row: pd.Series[Any], target: Any) -> str:
    above, below = row["low"] > target.target, row["high"] < target.target
    if target.direction == "lower":
        above, below = below, above
    return "good" if above else "bad" if below else "open"
