"""What a driver model is fitted on: columns checked, rows counted, what was not used set apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis.estimation import times_drawn
from cxlib.analysis.metrics import Question, SurveyDesign, one_of
from cxlib.analysis.results import MINIMUM_BASE, Caveat, Result, counted, said
from cxlib.analysis.validate import Flags, Floats, Integers, column, drawn, finite, once, used
from cxlib.errors import DataError
from cxlib.words import mark as _

REPEATS = 1e-6
"""A column with less than this share of its variance left after the earlier ones repeats them."""
LOST_TOO_MANY = 0.10
"""Above this share of incomplete rows, who answered everything is a question of its own."""
DRAWS_AT_ONCE = 2**22
"""Resampled rows held in memory at once (32 MB)."""


class Sample(Result):
    """Rows and columns of a driver model: n rows, p drivers, q fixed columns.

    ``ratings`` are centred on their users' mean and 0 where the driver was not used: the same as
    filling in that mean, since an intercept stands beside them. ``fixed`` are usage indicators and
    controls, which enter first; ``repeats`` names what was left out and what it repeats.
    """

    outcome_name: str
    names: tuple[str, ...]
    outcome: Floats
    ratings: Floats
    used: Flags
    fixed: Floats
    means: Floats
    weights: Floats
    groups: Integers | None
    rows: Integers
    n_dropped: int
    repeats: Mapping[str, tuple[str, ...]]

    @property
    def n(self) -> int:
        """How many respondents the model rests on."""
        return len(self.outcome)

    @property
    def binary(self) -> bool:
        """Whether the outcome is yes or no."""
        return set(np.unique(self.outcome)) == {0.0, 1.0}

    @property
    def design(self) -> Floats:
        """Intercept, fixed columns, ratings: shape (n, 1 + q + p)."""
        return np.column_stack([np.ones(self.n), self.fixed, self.ratings])

    @property
    def units(self) -> int:
        """How many independent units there are: respondents, or customers who repeat."""
        return self.n if self.groups is None else int(self.groups.max()) + 1

    def by_unit(self, columns: Floats) -> Floats:
        """Sum the rows of `columns` over each independent unit."""
        return columns if self.groups is None else summed(columns, self.groups, self.units)

    def alike(self) -> tuple[Sample, Integers]:
        """Return rows that no column tells apart as one, with all their weight, and each's place.

        Its outcome is their mean; whoever resamples draws the rows, not these.
        """
        place = np.zeros(self.n, dtype=np.intp)
        for values in np.column_stack([self.fixed, self.used, self.ratings]).T:
            codes = pd.factorize(values)[0]
            place = pd.factorize(place * (codes.max() + 1) + codes)[0]
        first = np.unique(place, return_index=True)[1]
        each = (self.weights, self.weights * self.outcome)
        mass, total = (np.bincount(place, w).astype(float) for w in each)
        mean = np.divide(total, mass, out=np.zeros_like(total), where=mass > 0)
        own = {name: getattr(self, name)[first] for name in ("fixed", "used", "ratings", "rows")}
        return replace(self, outcome=mean, weights=mass, groups=None, **own), place

    def resamples(self, rng: np.random.Generator, count: int) -> Iterator[Floats]:
        """Yield `count` draws in batches: how often each unit is drawn, shape (batch, units)."""
        for size in batches(count, self.units):
            yield times_drawn(rng, self.units, size).astype(np.float64)


def summed(columns: Floats, groups: Integers, count: int) -> Floats:
    """Sum the rows of `columns` over groups."""
    totals = np.zeros((count, columns.shape[1]))
    np.add.at(totals, groups, columns)
    return totals


def batches(count: int, rows: int) -> Iterator[int]:
    """Yield the sizes of the batches in which `count` draws of so many rows fit into memory."""
    batch = max(1, DRAWS_AT_ONCE // rows)
    for start in range(0, count, batch):
        yield min(batch, count - start)


def name_of(given: Question) -> str:
    """Return a column's name, given as such or by something that has a ``key``."""
    return str(getattr(given, "key", given))


def listed(given: Any, what: str) -> list[Any]:
    """Return one name, or several, as a list."""
    if given is None or isinstance(given, str) or hasattr(given, "key"):
        return [] if given is None else [given]
    if not isinstance(given, Iterable):
        raise DataError(f"{what} is {given!r}; name columns.")
    return list(given)


OPTIONS = ("weights", "cluster", "controls", "not_applicable")
"""What `read` takes beside outcome and drivers."""


def read(
    data: pd.DataFrame,
    *,
    outcome: Question,
    drivers: Sequence[Question],
    weights: str | None = None,
    cluster: str | None = None,
    controls: Sequence[Question] = (),
    not_applicable: str = "indicator",
) -> Sample:
    """Check the columns of a driver model and drop, counted, the rows it cannot use."""
    target, names = name_of(outcome), [name_of(driver) for driver in listed(drivers, "drivers")]
    _check_names(target, names, not_applicable)
    scores = finite(data, target)
    ratings = np.column_stack([finite(data, name) for name in names])
    reached = np.column_stack([used(data, name) for name in names])
    mass, codes = drawn(data, SurveyDesign(weights=weights, cluster=cluster))
    complete = ~np.isnan(scores) & ~(reached & np.isnan(ratings)).any(axis=1)
    keep = complete & reached.all(axis=1) if not_applicable == "listwise" else complete
    rows = np.flatnonzero(keep)
    if len(rows) < len(names) + 2:
        raise DataError(
            f"{len(rows)} of {len(data)} rows have {target!r} and all ratings: too few for "
            f"{len(names)} driver(s); name fewer drivers or join periods."
        )
    message = _(
        "{n} {n:respondent|respondents} did not use every touchpoint and {n:was|were} "
        "left out on request."
    )
    caveats = _about_rows(scores, ratings, reached, names, complete)
    caveats += counted((complete.sum() - len(rows), message))
    scores, ratings, reached = scores[rows], ratings[rows], reached[rows]
    _refuse_constant(target, scores, names, ratings, reached)
    w = np.ones(len(rows)) if mass is None else mass[rows] / mass[rows].mean()
    filled = np.where(reached, ratings, 0.0)
    means = (w @ filled) / (w @ reached)
    centred = np.where(reached, filled - means, 0.0)
    held = [name_of(control) for control in listed(controls, "controls")]
    columns = np.column_stack([~reached, *(_dummies(data, name, rows, target) for name in held)])
    kept, within, repeats = _told_apart(columns, centred, np.sqrt(w)[:, None], names)
    if len(rows) <= 1 + len(kept) + len(within):
        raise DataError(
            f"{len(rows)} complete rows are too few for {len(names)} drivers and {len(kept)} "
            "columns on who used what; name fewer drivers or join periods."
        )
    groups = None if codes is None else np.unique(codes[rows], return_inverse=True)[1]
    if groups is not None and not groups.any():
        raise DataError(f"cluster {cluster!r} has one value only: nothing to compare.")
    for name, others in repeats.items():
        facts = {"driver": name} | ({"others": others} if others else {})
        caveats.append(Caveat(_FOLLOWS if others else _BY_USE, **facts))
    return Sample(
        outcome_name=target,
        names=tuple(names[j] for j in within),
        outcome=scores,
        ratings=centred[:, within],
        used=reached[:, within],
        fixed=columns[:, kept].astype(np.float64),
        means=means[within],
        weights=w,
        groups=groups,
        rows=rows,
        n_dropped=len(data) - len(rows),
        caveats=tuple(caveats),
        repeats=repeats,
    )


_FOLLOWS = _("{driver} was left out: it follows exactly from {others}.")
_BY_USE = _("{driver} was left out: it follows exactly from which touchpoints were used.")


def _check_names(target: str, names: list[str], not_applicable: str) -> None:
    if not names:
        raise DataError("no drivers: name at least one column of ratings.")
    once(names, "driver {} is named {n} times; name it once.")
    if target in names:
        raise DataError(f"the outcome {target!r} is also among the drivers; take it out of them.")
    message = f"not_applicable={not_applicable!r} is unknown"
    one_of(not_applicable, ("indicator", "listwise"), message)


def _about_rows(
    scores: Floats, ratings: Floats, reached: Flags, names: list[str], complete: Flags
) -> list[Caveat]:
    asked = ~np.isnan(scores)
    lost, total = int(asked.sum() - complete.sum()), int(asked.sum())
    worst = names[int((reached & np.isnan(ratings))[asked].sum(axis=0).argmax())]
    message = _(
        "{n} of {total} respondents left a rating open and {n:was|were} left out, most often at "
        "{driver}: those who answered everything may differ from the rest."
    )
    stray = _(
        "{n} {n:respondent|respondents} rated a touchpoint without having used it; this "
        "was ignored."
    )
    return [
        *said(lost > LOST_TOO_MANY * total, message, n=lost, total=total, driver=worst),
        *counted(((~reached & ~np.isnan(ratings)).any(axis=1).sum(), stray)),
    ]


def _refuse_constant(
    target: str, scores: Floats, names: list[str], ratings: Floats, reached: Flags
) -> None:
    if np.ptp(scores) == 0:
        raise DataError(
            f"{target!r} is {scores[0]:g} in all {len(scores)} rows: nothing to explain."
        )
    for j, name in enumerate(names):
        given = ratings[reached[:, j], j]
        if not len(given):
            raise DataError(f"none of the {len(scores)} complete rows used {name!r}; leave it out.")
        if np.ptp(given) == 0:
            raise DataError(
                f"{name!r} is {given[0]:g} in all {len(given)} rows: a constant explains nothing; "
                "leave it out."
            )


def _dummies(data: pd.DataFrame, name: str, rows: Integers, target: str) -> Floats:
    """Return a control's columns: a number as it is, else one a level; no answer is a level too."""
    if name == target:
        raise DataError(f"the outcome {name!r} is also among the controls; take it out of them.")
    values = column(data, name).iloc[rows]
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        x = finite(data, name)[rows]
        known = ~np.isnan(x)
        return np.column_stack([np.where(known, x, x[known].mean() if known.any() else 0), ~known])
    codes = pd.factorize(values.astype(object))[0]
    sizes = np.bincount(codes + 1)
    return np.column_stack([codes + 1 == k for k in np.flatnonzero(sizes >= MINIMUM_BASE)])


def _independent(columns: Floats, basis: list[Floats]) -> tuple[list[int], list[Floats]]:
    """Return which columns add a direction to an orthonormal basis, and the basis with them."""
    kept, basis = [], list(basis)
    for j, whole in enumerate(columns.T):
        rest = whole
        for _again in range(2):  # twice is enough to be orthogonal to rounding
            for direction in basis:
                rest = rest - direction * (direction @ rest)
        size = np.linalg.norm(rest)
        if size > REPEATS**0.5 * max(float(np.linalg.norm(whole)), 1e-300):
            basis.append(rest / size)
            kept.append(j)
    return kept, basis


def _told_apart(
    fixed: Floats, ratings: Floats, root: Floats, names: list[str]
) -> tuple[list[int], list[int], dict[str, tuple[str, ...]]]:
    """Return the fixed columns and ratings that add something, and what each other follows from."""
    ratings = ratings * root
    kept, basis = _independent(fixed * root, [root[:, 0] / np.linalg.norm(root)])
    use = np.column_stack(basis)
    within = _independent(ratings, basis)[0]
    ratings = ratings / np.linalg.norm(ratings, axis=0)
    ratings = ratings - use @ (use.T @ ratings)
    found = {}
    for j in set(range(len(names))) - set(within):
        beta = np.linalg.lstsq(ratings[:, within], ratings[:, j], rcond=None)[0]
        others = zip(within, beta, strict=True)
        found[names[j]] = tuple(names[k] for k, b in others if abs(b) > 1e-3)
    return kept, within, found
