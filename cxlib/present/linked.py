"""Which cells of linked tables are withheld together: groups, their crossings and their wholes.

A table by hotel, one by tier and one of hotel × tier hang together: each row of the crossing adds
up to a cell of the first, each column to one of the second, and both to the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

Cell = frozenset[tuple[str, str]]
"""A group by its segments and levels; of the whole, empty."""
Line = tuple[Cell, list[Cell]]
"""A cell and the cells that it is the sum of."""
Measure = tuple[str, ...]
"""What a number is of: KPI or question, period, brand, and whether it is a change."""
By = frozenset[str]
"""The segments that a table crosses."""


def by_of(cell: Cell) -> By:
    """Return the segments of a group."""
    return frozenset(segment for segment, _level in cell)


@dataclass
class Lattice:
    """One measure's cells: `n` answers each, the `small` ones, `hidden` and already `told` ones."""

    minimum_base: int
    n: dict[Cell, float] = field(default_factory=dict)
    small: set[Cell] = field(default_factory=set)
    hidden: set[Cell] = field(default_factory=set)
    told: set[Cell] = field(default_factory=set)
    sums: set[Cell] = field(default_factory=set)
    """Cells that no table has, with what theirs add up to."""
    strange: set[By] = field(default_factory=set)
    """Crossings that no other chapter can know of: each is shown whole or not at all."""
    sealed: set[By] = field(default_factory=set)
    """Crossings of which not even the rows are shown: which groups are empty would tell."""

    def agrees(self, n: Mapping[Cell, float]) -> bool:
        """Tell whether cells rest on the same answers as those known of the same groups."""
        known = ((self.n[cell], of) for cell, of in n.items() if cell in self.n.keys() - self.sums)
        return all(a == b or np.inf in (a, b) for a, b in known)

    def add(self, n: Mapping[Cell, float], small: Iterable[Cell]) -> None:
        """Take cells in: the `small` ones may not be shown, nor be worked out."""
        for cell, of in n.items():
            self.n[cell] = of if cell in self.sums else min(of, self.n.get(cell, np.inf))
        self.sums -= n.keys()
        self.small |= set(small) - self.told
        self.hidden |= self.small

    def settle(self) -> None:
        """Hide further cells until no small one follows from what is shown; nothing told changes.

        The smallest non-empty cell of a sum is hidden with it, until at least two are that
        together hold the minimum base; then as long as a small one is still the only solution.
        """
        if self.small and self.n.keys() - self.told:
            lines = self._lines()
            self.small |= {c for c in self.sums if self.n[c] < self.minimum_base}
            self.hidden |= self.small | {c for c in self.sums if len(c) > 1}
            while self._hide_more(lines, solved := self._solved(lines)):
                pass
            self.hidden -= solved - self.small - self.told - self.sums  # they hid nothing
            stuck = {by_of(c) for c in self.hidden} & self.strange
            self.sealed |= stuck | {by for c in solved & self.small if len(by := by_of(c)) > 1}
        self.told |= self.n.keys() - self.sums

    def seals(self, cell: Cell) -> bool:
        """Tell whether a cell's row is not shown either."""
        return any(by <= by_of(cell) for by in self.sealed)

    def _lines(self) -> list[Line]:
        """Return the sums; a whole or a group that was not printed may be known all the same."""
        parts: dict[tuple[Cell, str], dict[Cell, float]] = {}
        most = max(map(len, self.n), default=0)
        for size in range(most, -1, -1):
            for cell in [cell for cell in self.n if len(cell) == size and self.n[cell] > 0]:
                for one in cell:
                    parts.setdefault((cell - {one}, one[0]), {})[cell] = self.n[cell]
            for (above, _by), of in parts.items():
                if len(above) == size - 1 and above not in self.n:
                    self.n[above] = sum(of.values())
                    self.sums.add(above)
        order = {cell: (n, sorted(cell)) for cell, n in self.n.items()}
        return [(above, sorted(of, key=order.__getitem__)) for (above, _by), of in parts.items()]

    def _hide_more(self, lines: list[Line], solved: set[Cell]) -> bool:
        """Hide what the sums ask for; tell whether anything was."""
        before, whole = len(self.hidden), cast("Cell", frozenset())
        settled = self.told | {whole}
        for above, of in lines:
            held = [c for c in of if c in self.hidden and (c in self.small or c not in solved)]
            free = [c for c in of if c not in self.hidden and c not in settled]
            if above in self.hidden:
                if not held and not (above in self.sums and len(above) > 1) and free:
                    self.hidden.add(free[0])
                continue
            while held and free and not self._enough(held):
                held.append(free.pop(0))
                self.hidden.add(held[-1])
            if held and not self._enough(held) and above not in settled:
                self.hidden.add(above)
        if len(self.hidden) == before and solved & self.small:
            near = [{above, *of} for above, of in lines]
            for cells in (solved & self.small, solved, self.hidden):
                open_ = set().union(*(line for line in near if line & cells))
                if open_ := open_ - self.hidden - settled:
                    self.hidden.add(min(open_, key=lambda c: (self.n[c], sorted(c))))
                    break
        return len(self.hidden) > before

    def _enough(self, held: list[Cell]) -> bool:
        return len(held) > 1 and sum(self.n[c] for c in held) >= self.minimum_base

    def _solved(self, lines: list[Line]) -> set[Cell]:
        """Return the hidden cells that the shown ones determine, by linear algebra."""
        at = {cell: i for i, cell in enumerate(c for c in self.hidden if self.n[c] > 0)}
        rows = []
        for above, of in lines:
            row = np.zeros(len(at))
            for cell, sign in ((above, -1.0), *((c, 1.0) for c in of)):
                if cell in at:
                    row[at[cell]] = sign
            rows.append(row)
        if not at or not rows:
            return set()
        _left, spread, right = np.linalg.svd(np.array(rows))
        free = right[int((spread > 1e-9).sum()) :]
        open_ = (np.abs(free) > 1e-9).any(axis=0)
        return {cell for cell, i in at.items() if not open_[i]}


@dataclass
class Printed:
    """The cells of all tables that a notebook puts out, by what they measure.

    `before` returns what any chapter may show of KPIs by so many segments at once, given what of
    which periods is asked for: that is settled first, one segment, then two …, so that the same is
    withheld in every chapter, whichever run and in whatever order.
    """

    minimum_base: int
    before: Callable[[int, set[tuple[str, str]]], list[Any]] | None = None
    of: dict[Measure, list[Lattice]] = field(default_factory=dict)
    asked: dict[int, set[tuple[str, str]]] = field(default_factory=dict)

    def take(
        self, measure: Measure, n: Mapping[Cell, float], small: Iterable[Cell], *, ours: bool
    ) -> Lattice:
        """Take a table's cells in beside those of the same measure on the same answers.

        What is hidden of a measure stays unknown on other answers too; of an unnamed one, whatever
        is hidden of any. `ours` are cells that the notebook shows, not those of `before`.
        """
        own = self.of.setdefault(measure, [])
        found = next((each for each in own if each.agrees(n)), None)
        if found is None:
            found = Lattice(self.minimum_base)
            own.append(found)
        found.add(n, small)
        known = set(found.told)
        for other, lattices in self.of.items():
            if other == measure or (not measure[0] and other[1:3] == measure[1:3]):
                for each in lattices:
                    same = each.agrees(n)
                    known |= each.told if same else set()
                    hidden = {c: each.n[c] for c in each.hidden if same or c not in found.n}
                    found.add(hidden, hidden)
        if ours and self.before:
            found.strange |= {by_of(c) for c in n.keys() - known if len(c) > 1 and n[c] > 0}
        return found
