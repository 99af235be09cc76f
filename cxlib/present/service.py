"""The service at a glance: one tile a KPI, against its target and the period before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from cxlib.present.conclusions import Tile, TilesView
from cxlib.words import Quantity, Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.analysis.service_review import Glance


def service_tiles(glance: Glance, *, words: Words, targets: Sequence[Any] = ()) -> TilesView:
    """Return one tile a KPI of the headline.

    Parameters
    ----------
    glance : Glance
        Small bases withheld.
    words : Words
    targets : sequence
        Targets with ``metric``, ``target``, ``direction`` and ``basis``; the first of a KPI is
        shown. A KPI over all tickets is a fact, so its value alone decides the tile's state.
    """
    by_metric = {target.metric: target for target in reversed(targets)}
    rows = glance.headline.dropna(subset=["value"]).to_dict("records")
    return TilesView(
        tiles=tuple(
            _tile(row, by_metric.get(str(row["metric"])), glance.previous, words) for row in rows
        )
    )


def _tile(row: dict[Any, Any], target: Any, previous: str | None, words: Words) -> Tile:
    unit = str(row["unit"])
    lines = [words.say(_("{n} tickets"), n=int(row["n"]))]
    if previous and pd.notna(row["change"]):
        clear = row["change_low"] > 0 or row["change_high"] < 0
        message = _("{change} since {previous}")
        if not clear:
            message = _("{change} since {previous}, within noise")
        change = Quantity(row["change"], unit, sign=True)
        lines.append(words.say(message, change=change, previous=previous))
    state = ""
    if target is not None:
        state = _state(row, target)
        lines.append(words.say(_("Target {target}"), target=Quantity(target.target, unit)))
    return Tile(
        label=words.label(row["metric"]),
        value=words.quantity(float(row["value"]), unit),
        lines=tuple(lines),
        state=state,
    )


def _state(row: dict[Any, Any], target: Any) -> str:
    """Return how a KPI stands: a sample must be clear of its target, a count need only reach it."""
    sign = 1 if target.direction == "higher" else -1
    worst, best = sorted(sign * row[name] for name in ("low", "high"))
    if target.basis == "census":
        worst = best = sign * row["value"]
    if worst >= sign * target.target:
        return "good"
    return "bad" if best < sign * target.target else "open"
