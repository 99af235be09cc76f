"""The figures of this chapter: chart types with the conclusion that they show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cxlib.columns import records
from cxlib.plots import theme
from cxlib.plots.lines import power
from cxlib.plots.path import ladder, path, progress
from cxlib.words import Quantity, Words, mark as _

UNIT = {"nps": "points", "share": "percent"}


def standing(table: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw how far each KPI has come; `table` as of `tables.underway`."""
    counts = {name: int(table[name].iloc[0]) for name in ("total", "good", "bad", "open")}
    looks = {"good": _("{n} met or on course"), "bad": _("{n} missed or behind")}
    looks["open"] = _("{n} too close to call")
    said = tuple(words.say(text, n=counts[name]) for name, text in looks.items() if counts[name])
    text = words.say(
        _("Of {total} {total:target|targets}: {said}"), total=counts["total"], said=said
    )
    ax = progress(table, words=words, ax=ax)
    if left := counts["total"] - len(table):
        more = _("{n} without a start, or at the target from the start, not drawn")
        ax.set_xlabel(words.parted(filter(None, (ax.get_xlabel(), words.say(more, n=left)))))
    return theme.title(ax, text)


def way(table: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw a KPI's way to its target; `table` as one of `tables.paths`."""
    row = table.iloc[0]
    seen = theme.known(table, "value").iloc[-1]
    unit = row["unit"]
    facts = {"kpi": row["kpi"], "due": row["due"], "value": Quantity(seen["value"], unit)}
    facts |= {
        name: Quantity(v, unit)
        for name, v in (("target", row["target"]), ("expected", seen["expected"]))
    }
    message = _("{kpi}: {value}; the target is {target}")
    if np.isfinite(seen["expected"]):
        message = _("{kpi}: {value}, where the path to {target} stands at {expected}")
    drawn = path(table, words=words, unit=unit, target=row["target"], ax=ax)
    return theme.title(drawn, words.say(message, **facts))


def sample(curve: Any, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw what a period's answers can show; `curve` as of `targets.power_curve`."""
    unit = UNIT.get(curve.metric, "mean")
    facts = {"n": int(curve.n), "change": Quantity(curve.smallest, unit)}
    message = _("Two periods of {n} answers each show a change of {change} in four cases of five")
    if not np.isfinite(curve.smallest):
        message = _("Two periods of {n} answers each show no change in four cases of five")
    drawn = power(curve.table, words=words, unit=unit, n=curve.n, enough=curve.power, ax=ax)
    return theme.title(drawn, words.say(message, **facts))


def outlook(table: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw what plans bring a KPI, half the effect with a quarter to all of it, and its target."""
    first = table.iloc[0]
    unit = first["unit"]
    now = {"label": words.say(_("Now")), "value": first["value"], "start": np.nan, "solid": True}
    rows: list[dict[str, Any]] = [now | {"low": np.nan, "high": np.nan}]
    for row in records(table):
        ends = {"low": row["predicted_low"], "high": row["predicted_high"], "start": row["value"]}
        label = words.say(row["means"])
        label = label[:1].upper() + label[1:]
        rows.append({"label": label, "value": row["predicted"], "solid": True} | ends)
    drawn = ladder(pd.DataFrame(rows), words=words, unit=unit, target=float(first["target"]), ax=ax)
    drawn.set_xlabel(
        words.say(_("Diamond: half of the predicted effect; line: a quarter to all of it")),
        loc="right",
    )
    best = table.iloc[int(table["full_change"].abs().argmax())]
    facts = {"means": words.say(best["means"]), "kpi": first["kpi"]}
    facts["predicted"] = Quantity(best["predicted"], unit)
    message = _("{kpi}: {means} would bring it to {predicted}, half the effect counted")
    if words.quantity(best["predicted"], unit) == words.quantity(best["value"], unit):
        message = _("{kpi}: {means} would bring next to nothing")
    return theme.title(drawn, words.say(message, **facts))


def levels(table: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw what to agree on next beside where a KPI stands; `table`: rows of `tables.rungs`."""
    first = table.iloc[0]
    unit = first["unit"]
    now = {"label": words.say(_("Now")), "value": first["value"], "start": np.nan, "solid": True}
    rows: list[dict[str, Any]] = [now | {"low": first["low"], "high": first["high"]}]
    for row in records(table):
        label = words.say(row["rung"])
        label = label[:1].upper() + label[1:]
        bar = {"value": row["target"], "start": row["value"], "solid": bool(row["detectable"])}
        rows.append({"label": label, "low": np.nan, "high": np.nan} | bar)
    drawn = ladder(pd.DataFrame(rows), words=words, unit=unit, ax=ax)
    drawn.set_xlabel(words.say(_("Hollow: within chance")), loc="right")
    middle = table[table["rung"].str.contains("realistic")].iloc[0]
    facts = {"kpi": first["kpi"], "target": Quantity(middle["target"], unit)}
    facts["stretch"] = Quantity(table["target"].iloc[-1], unit)
    message = _("{kpi}: {target} is realistic, {stretch} would be a stretch")
    if middle["ground"] == "hold":
        message = _("{kpi}: holding {target} is realistic, {stretch} would be a stretch")
    elif "stretch" in middle["rung"]:
        message = _("{kpi}: {target} is realistic, and nothing speaks for more")
    return theme.title(drawn, words.say(message, **facts))
