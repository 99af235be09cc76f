"""Small bases are withheld once, here, for every output alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd

from cxlib.present.formats import absent
from cxlib.present.linked import Cell, Lattice, Measure, Printed

R = TypeVar("R")

_KEPT = ("n_dropped", "n_previous", "rank")
_VERDICTS = (
    *("status", "course", "moved", "cause", "turn", "alike", "mix_level"),
    *("letters", "against_rest"),
)
"""Words that give away a number which is withheld."""
_PEOPLE = {"respondent_id", "member_id", "customer_id"}
"""Columns of pseudonyms: no output holds rows of single people."""
_BASES = ("n", "n_before", "n_after")
_ABOUT = ("kpi", "metric", "touchpoint", "question")
_MEASURED = (*_ABOUT, "period", "brand")
"""Columns that say what a row's group is a part of."""
_OF_PREVIOUS = ("previous", "change", "change_low", "change_high", "p_value", "p_adjusted")


def withhold(
    result: R,
    minimum_base: int,
    *,
    by: Iterable[str] = (),
    period: str = "",
    printed: Printed | None = None,
) -> R:
    """Return `result` with every estimate on a base below `minimum_base` blanked.

    Parameters
    ----------
    result : DataFrame, a frozen result with ``table``-like frames or an ``n``, or several of them
        Frames with a column ``n`` gain a boolean column ``withheld``; the floats of such rows
        become NaN, their labels stay. Where rows are the groups of a whole, further groups are
        withheld with a small one, so that the whole less the rest does not give it away: over
        rows, columns and all tables handed over together. A single number with an ``n`` below the
        base is blanked.
    minimum_base : int
        Answers; the client's ``privacy: minimum_base``.
    by : iterable of str
        Columns that are segments, where a plain frame has them.
    period : str
        Of what has no column ``period``.
    printed : Printed, optional
        What was put out before, and is known; it comes to know these.

    Notes
    -----
    Of a crossing that only this notebook has, and of one whose small groups follow even so from
    which groups are empty, no row is left.
    """
    return _withheld(result, printed or Printed(minimum_base), tuple(by), period, ours=True)


def _withheld(result: R, known: Printed, by: tuple[str, ...], period: str, *, ours: bool) -> R:
    minimum_base = known.minimum_base
    parts: list[_Part] = []

    def look(frame: pd.DataFrame, own: tuple[str, ...], metric: str) -> pd.DataFrame:
        parts.append(_Part(frame, minimum_base, (*own, *by), (metric, period)))
        return frame

    _walk(result, minimum_base, look)
    asked = {(about, when) for part in parts for about, when, *_of in part.measures}
    for deep in range(1, 1 + max((part.depth for part in parts), default=0)):
        new = asked - known.asked.setdefault(deep, set())
        if new and known.before is not None:
            known.asked[deep] |= new
            _withheld(known.before(deep, new), known, by, period, ours=False)
    found = [part.taken(known, ours=ours) for part in parts]
    for lattice in (lattice for of in found for lattice in of.values()):
        lattice.settle()
    each = iter(zip(parts, found, strict=True))

    def blank(frame: pd.DataFrame, _own: tuple[str, ...], _metric: str) -> pd.DataFrame:
        part, lattices = next(each)
        return part.blanked(frame, lattices)

    return cast("R", _walk(result, minimum_base, blank))


_Visit = Callable[[pd.DataFrame, tuple[str, ...], str], pd.DataFrame]
"""What is done to a frame, told the columns its result is by, and what that measures."""


def _walk(result: Any, minimum_base: int, visit: _Visit) -> Any:
    """Return a result with each of its frames as `visit` returns it."""
    if isinstance(result, pd.DataFrame):
        return visit(_crowd(result), (), "")
    if isinstance(result, (list, tuple)):
        return [_walk(one, minimum_base, visit) for one in result]
    if isinstance(result, Mapping):
        return {name: _walk(one, minimum_base, visit) for name, one in result.items()}
    if not is_dataclass(result) or isinstance(result, type):
        return result
    changed: dict[str, Any] = {}
    small = any(base < minimum_base for base in _own_bases(result))
    by, metric = tuple(getattr(result, "by", ()) or ()), getattr(result, "metric", "")
    for field in fields(result):
        value = getattr(result, field.name)
        if isinstance(value, pd.DataFrame):
            whole = _crowd(_blanked(value) if small else value)
            changed[field.name] = visit(whole, by, metric if isinstance(metric, str) else "")
        elif is_dataclass(value) and not isinstance(value, type):
            changed[field.name] = _walk(value, minimum_base, visit)
        elif small and isinstance(value, float):
            changed[field.name] = float("nan")
    if {"table", "pairs"} <= changed.keys() and "withheld" in changed["table"]:
        changed["table"], changed["pairs"] = _uncompared(changed["table"], changed["pairs"], by)
    changed = {name: value for name, value in changed.items() if value is not getattr(result, name)}
    return replace(result, **changed) if changed else result


def _crowd(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame without its rows where each is a person: their base is one."""
    return frame.head(0) if not _PEOPLE.isdisjoint(frame.columns) else frame


def _uncompared(
    table: pd.DataFrame, pairs: pd.DataFrame, by: tuple[str, ...]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Blank what a cross table compares with a withheld column: its difference, its letter."""
    keys = ["question", "choice", *(name for name in by if name in table), "segment"]
    hidden = table[table["withheld"]]
    gone = set(hidden[[*keys, "level"]].itertuples(index=False, name=None))
    sides = [pairs[[*keys, side]].itertuples(index=False, name=None) for side in ("level", "other")]
    touched = np.array([a in gone or b in gone for a, b in zip(*sides, strict=True)], dtype=bool)
    shown = pairs.assign(withheld=touched)
    _blank(shown, shown.columns.difference(["withheld"]), shown["withheld"])
    lost = {key: set(rows["column"]) for key, rows in hidden.groupby(keys, dropna=False)}
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


def is_empty(result: Any, table: str = "table") -> bool:
    """Tell whether a result has nothing to show: None, or tables without a row."""
    if isinstance(result, (list, tuple)):
        return all(is_empty(one, table) for one in result)
    shown = result if isinstance(result, pd.DataFrame) else getattr(result, table, None)
    return result is None or (isinstance(shown, pd.DataFrame) and shown.empty)


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


class _Part:
    """A frame's rows as cells: which are small by themselves, and of which measure and group."""

    def __init__(
        self, frame: pd.DataFrame, minimum_base: int, by: tuple[str, ...], told: tuple[str, str]
    ) -> None:
        bases = [name for name in _BASES if name in frame]
        self.minimum_base = minimum_base
        self.based, self.small = bool(bases), np.zeros(len(frame), dtype=bool)
        self.measures: list[Measure] = []
        self.cells: list[Cell] = []
        self.n = np.full(len(frame), np.inf)
        if not bases:
            return
        if "withheld" in frame:
            self.small |= frame["withheld"].to_numpy(dtype=bool)
        for base in bases:  # a figure without a base is a plain value, not a sample
            n = frame[base].to_numpy(dtype=float, na_value=np.nan)
            self.small |= (n < minimum_base) & ((n > 0) | (base == "n"))
            self.n = np.fmin(self.n, n)
        by = tuple(name for name in dict.fromkeys(by) if name in frame and name not in _MEASURED)
        if by or "level" in frame:
            change = "change" if "n_before" in frame else ""
            columns = [frame[name] for name in _MEASURED if name in frame]
            names = [column.name for column in columns]
            for row in zip(*columns, strict=True) if columns else [()] * len(frame):
                of = {k: str(v) for k, v in zip(names, row, strict=True) if not absent(v)}
                about = next((of[name] for name in _ABOUT if name in of), told[0])
                when, brand = of.get("period", told[1]), of.get("brand", "own")
                self.measures.append((about, when, brand, change))
            self.cells = _cells(frame, by)

    @property
    def depth(self) -> int:
        """By how many segments at once its groups are made."""
        return max(map(len, self.cells), default=0)

    def taken(self, printed: Printed, *, ours: bool) -> dict[Measure, Lattice]:
        """Have the cells taken in, measure by measure."""
        n: dict[Measure, dict[Cell, float]] = {}
        small: dict[Measure, set[Cell]] = {}
        for measure, cell, base, low in (
            zip(self.measures, self.cells, self.n, self.small, strict=True) if self.cells else ()
        ):
            of = n.setdefault(measure, {})
            of[cell] = min(base, of.get(cell, np.inf))
            small.setdefault(measure, set()).update([cell] if low else [])
        return {m: printed.take(m, of, small[m], ours=ours) for m, of in n.items()}

    def blanked(self, frame: pd.DataFrame, lattices: Mapping[Measure, Lattice]) -> pd.DataFrame:
        """Return the frame without what is withheld."""
        if not self.based:
            return frame
        small = self.small.copy()
        if self.cells:
            of = [
                (lattices[measure], cell)
                for measure, cell in zip(self.measures, self.cells, strict=True)
            ]
            small |= np.array([cell in lattice.hidden for lattice, cell in of], dtype=bool)
            kept = np.array([not lattice.seals(cell) for lattice, cell in of], dtype=bool)
            if not kept.all():
                frame, small = frame[kept], small[kept]
        shown = frame.assign(withheld=small)
        if small.any():
            open_ = {*_KEPT, "withheld"} - ({"rank"} if self.cells else set())  # between which two
            _blank(shown, shown.columns.difference(sorted(open_)), small)
        if "n_previous" in frame:
            weak = frame["n_previous"].between(1, self.minimum_base - 1)
            _blank(shown, shown.columns.intersection(list(_OF_PREVIOUS)), weak)
        return shown


def _cells(frame: pd.DataFrame, by: tuple[str, ...]) -> list[Cell]:
    """Return the group of each row; a row without a level is of all levels together."""
    pairs = [[(name, value) for value in frame[name]] for name in by]
    if "level" in frame:
        of = next((frame[name] for name in ("segment", "margin") if name in frame), None)
        segments = [""] * len(frame) if of is None else ["" if absent(v) else v for v in of]
        pairs.append(list(zip(map(str, segments), frame["level"], strict=True)))
    return [
        frozenset((name, str(value)) for name, value in row if not absent(value))
        for row in zip(*pairs, strict=True)
    ]


def _blank(frame: pd.DataFrame, names: pd.Index[str], rows: Any) -> None:
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
