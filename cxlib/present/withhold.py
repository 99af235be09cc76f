"""Small bases are withheld once, here, for every output alike."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd

R = TypeVar("R")

_KEPT = ("n_dropped", "n_previous", "rank")
_VERDICTS = (
    *("status", "course", "moved", "cause", "turn", "alike", "mix_level"),
    *("letters", "against_rest"),
)
"""Words that give away a number which is withheld."""
_BASES = ("n", "n_before", "n_after")
_OF_PREVIOUS = ("previous", "change", "change_low", "change_high", "p_value", "p_adjusted")


def withhold(result: R, minimum_base: int) -> R:
    """Return `result` with every estimate on a base below `minimum_base` blanked.

    Parameters
    ----------
    result : DataFrame, or a frozen result with ``table``-like frames or an ``n``
        Frames with a column ``n`` gain a boolean column ``withheld``; the floats of such rows
        become NaN, their labels stay. Where rows are the groups of a whole, further groups are
        withheld with a small one, so that the whole less the rest does not give it away. A single
        number with an ``n`` below the base is blanked.
    minimum_base : int
        Answers; the client's ``privacy: minimum_base``.
    """
    if isinstance(result, pd.DataFrame):
        return cast("R", _frame(result, minimum_base))
    if not is_dataclass(result) or isinstance(result, type):
        return result
    changed: dict[str, Any] = {}
    small = any(base < minimum_base for base in _own_bases(result))
    by = tuple(getattr(result, "by", ()) or ())
    for field in fields(result):
        value = getattr(result, field.name)
        if isinstance(value, pd.DataFrame):
            whole = _blanked(value) if small else value
            changed[field.name] = _frame(whole, minimum_base, by)
        elif is_dataclass(value) and not isinstance(value, type):
            changed[field.name] = withhold(value, minimum_base)
        elif small and isinstance(value, float):
            changed[field.name] = float("nan")
    if {"table", "pairs"} <= changed.keys():
        changed["table"], changed["pairs"] = _uncompared(changed["table"], changed["pairs"])
    changed = {name: value for name, value in changed.items() if value is not getattr(result, name)}
    return replace(result, **changed) if changed else result


def _uncompared(table: pd.DataFrame, pairs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Blank what a cross table compares with a withheld column: its difference, its letter."""
    keys = ["question", "choice", "segment"]
    hidden = table[table["withheld"]]
    gone = set(hidden[[*keys, "level"]].itertuples(index=False, name=None))
    sides = [pairs[[*keys, side]].itertuples(index=False, name=None) for side in ("level", "other")]
    touched = np.array([a in gone or b in gone for a, b in zip(*sides, strict=True)], dtype=bool)
    shown = pairs.assign(withheld=touched | pairs["withheld"])
    _blank(shown, shown.columns.difference(["withheld"]), shown["withheld"])
    lost = {key: set(rows["column"]) for key, rows in hidden.groupby(keys)}
    told = zip(table[keys].itertuples(index=False, name=None), table["letters"], strict=True)
    kept = [" ".join(c for c in (letters or "").split() if c not in lost.get(key, ()))
            for key, letters in told]  # fmt: skip
    return table.assign(letters=pd.Series(kept, table.index, dtype=object)), shown


def _own_bases(result: Any) -> list[int]:
    """Return the bases that a result as a whole rests on; of a change, each wave's own."""
    table = getattr(result, "table", None)
    if isinstance(table, pd.DataFrame) and {"n_before", "n_after"} <= set(table.columns):
        return [int(table["n_before"].sum()), int(table["n_after"].sum())]
    if getattr(result, "counts", "people") != "people":  # a chart's n_used are periods
        return []
    base = getattr(result, "n", getattr(result, "n_used", None))
    return [base] if isinstance(base, int) else []


def is_empty(result: Any) -> bool:
    """Tell whether a result has nothing to show: None, or tables without a row."""
    if isinstance(result, (list, tuple)):
        return all(is_empty(one) for one in result)
    table = result if isinstance(result, pd.DataFrame) else getattr(result, "table", None)
    return result is None or (isinstance(table, pd.DataFrame) and table.empty)


def is_withheld(result: Any) -> bool:
    """Tell whether nothing of a withheld result is left to show."""
    table = result if isinstance(result, pd.DataFrame) else getattr(result, "table", None)
    if isinstance(result, (list, tuple)):
        return bool(result) and all(is_withheld(one) for one in result)
    if not isinstance(table, pd.DataFrame) or "withheld" not in table:
        return False
    return len(table) > 0 and bool(table["withheld"].all())


def _blanked(frame: pd.DataFrame) -> pd.DataFrame:
    everything = pd.Series(True, index=frame.index)
    blank = frame.assign(withheld=everything)
    _blank(blank, blank.columns.difference(["withheld"]), everything)
    return blank


def _frame(frame: pd.DataFrame, minimum_base: int, by: tuple[str, ...] = ()) -> pd.DataFrame:
    bases = [name for name in _BASES if name in frame]
    if not bases:
        return frame
    small = frame.get("withheld", pd.Series(False, index=frame.index)).astype(bool)
    least = pd.Series(np.inf, index=frame.index)
    for base in bases:
        n = frame[base].astype(float)  # a figure without a base is a plain value, not a sample
        small |= (n < minimum_base) & ((n > 0) | (base == "n"))
        least = least.clip(upper=n.fillna(np.inf))
    small = _with_others(frame, small, least, minimum_base, by)
    shown = frame.assign(withheld=small)
    if small.any():
        _blank(shown, shown.columns.difference([*_KEPT, "withheld"]), small)
    if "n_previous" in frame:
        weak = frame["n_previous"].between(1, minimum_base - 1)
        _blank(shown, shown.columns.intersection(list(_OF_PREVIOUS)), weak)
    return shown


_WHOLE = (
    "kpi",
    "metric",
    "touchpoint",
    "question",
    "choice",
    "segment",
    "margin",
    "period",
    "brand",
    "source",
)
"""Columns that say of which whole a row's group is a part."""


def _with_others(
    frame: pd.DataFrame,
    small: pd.Series[bool],
    n: pd.Series[float],
    minimum_base: int,
    by: tuple[str, ...],
) -> pd.Series[bool]:
    """Return which rows are withheld with the small ones of their whole.

    The smallest non-empty group is added until at least two are withheld that together hold the
    minimum base: then no total, complement or share gives one of them away.
    """
    grouped = "level" in frame or any(name in frame and name != "period" for name in by)
    if not grouped or not small.any():
        return small
    keys = [name for name in _WHOLE if name in frame and name not in by]
    wholes = (
        frame[keys].astype(object).fillna("").astype(str).agg("\x1f".join, axis=1)
        if keys
        else pd.Series("", frame.index)
    )
    chosen = small.copy()
    part = frame["level"].notna() if "level" in frame else pd.Series(True, index=frame.index)
    for rows in frame[part].groupby(wholes[part]).groups.values():
        order = n.loc[rows][n.loc[rows] > 0].sort_values(kind="stable")
        held = [row for row in order.index if chosen.loc[row]]
        rest = [row for row in order.index if not chosen.loc[row]]
        while held and rest and (len(held) < 2 or order.loc[held].sum() < minimum_base):
            held.append(rest.pop(0))
        chosen.loc[held] = True
    return chosen


def _blank(frame: pd.DataFrame, names: pd.Index[str], rows: pd.Series[bool]) -> None:
    for name in names:
        column = frame[name]
        if pd.api.types.is_bool_dtype(column):
            continue
        if pd.api.types.is_float_dtype(column):
            frame[name] = column.mask(rows)
        elif pd.api.types.is_integer_dtype(column):
            frame[name] = column.astype("Int64").mask(rows)
        elif name in _VERDICTS:
            frame[name] = column.astype(object).where(~rows, None)
