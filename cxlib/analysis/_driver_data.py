"""From a survey to what a driver model is fitted on: checked, counted, what is unused set apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.analysis._driver_columns import (
    Array,
    Flags,
    Keyed,
    finite,
    outcome_and_drivers,
    used,
)
from cxlib.analysis._inputs import cluster_column, weight_column
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

COLLINEAR = 1e-9
"""A driver with less than this share of its variance left after the others repeats them."""

LOST_TOO_MANY = 0.10
"""Above this share of incomplete rows, who answered everything is a question of its own."""

DRAWS_AT_ONCE = 2**22
"""Resampled rows held in memory at once (32 MB)."""


class Names(tuple[str, ...]):
    """Keys in a caveat: separated by commas in English; the translator writes its own list."""

    __slots__ = ()

    def __str__(self) -> str:
        return ", ".join(self)

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


@dataclass(frozen=True, kw_only=True)
class DriverData:
    """The rows and columns of a driver model; n rows, p drivers, q usage indicators.

    ``ratings`` are centred on their users' mean and 0 where the driver was not used: the same
    as filling in that mean, since an intercept stands beside them.
    """

    outcome_name: str
    names: tuple[str, ...]
    outcome: Array
    ratings: Array
    used: Flags
    unused: Array
    means: Array
    weights: Array
    groups: NDArray[np.intp] | None
    rows: NDArray[np.intp]
    n_dropped: int
    caveats: tuple[Caveat, ...]

    @property
    def n(self) -> int:
        """How many respondents the model rests on."""
        return len(self.outcome)

    @property
    def design(self) -> Array:
        """Intercept, usage indicators, ratings: one row a respondent, shape (n, 1 + q + p)."""
        return np.column_stack([np.ones(self.n), self.unused, self.ratings])

    @property
    def units(self) -> int:
        """How many independent units there are: respondents, or customers who repeat."""
        return self.n if self.groups is None else int(self.groups.max()) + 1

    def by_unit(self, columns: Array) -> Array:
        """Sum the rows of `columns` over each independent unit."""
        if self.groups is None:
            return columns
        totals = np.zeros((self.units, columns.shape[1]))
        np.add.at(totals, self.groups, columns)
        return totals

    def resamples(self, rng: np.random.Generator, count: int) -> Iterator[Array]:
        """Yield `count` draws in batches: how often each unit is drawn, shape (batch, units)."""
        batch = max(1, DRAWS_AT_ONCE // self.units)
        for start in range(0, count, batch):
            size = min(batch, count - start)
            drawn = rng.integers(0, self.units, (size, self.units))
            drawn += np.arange(size)[:, None] * self.units
            times = np.bincount(drawn.ravel(), minlength=size * self.units)
            yield times.reshape(size, self.units).astype(np.float64)


def read(
    data: pd.DataFrame,
    *,
    outcome: str | Keyed,
    drivers: Sequence[str | Keyed],
    weights: str | None = None,
    cluster: str | None = None,
    not_applicable: str = "indicator",
) -> DriverData:
    """Check the columns of a driver model and drop, counted, the rows it cannot use.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a response; a driver's column holds its rating, and ``<driver>_used`` (where
        there is one) False for a respondent who did not use it.
    outcome, drivers : str or an object with a ``key``
        Their columns.
    weights, cluster : str, optional
        The columns of survey weights and of the customer who may answer several times.
    not_applicable : {"indicator", "listwise"}
        What becomes of respondents who did not use a driver.

    Raises
    ------
    DataError
        If the data cannot answer the question.
    """
    target, names = outcome_and_drivers(data, outcome, drivers, weights, cluster)
    if not_applicable not in {"indicator", "listwise"}:
        hint = nearest(str(not_applicable), ("indicator", "listwise"))
        raise DataError(f"not_applicable={not_applicable!r} is unknown{hint}")
    mass = weight_column(data, weights)
    answers = _Answers(
        target=target,
        names=names,
        scores=finite(data, target),
        ratings=np.column_stack([finite(data, name) for name in names]),
        used=np.column_stack([used(data, name) for name in names]),
        mass=np.ones(len(data)) if mass is None else mass,
    )
    keep = answers.complete
    if not_applicable == "listwise":
        keep = keep & answers.used.all(axis=1)
    rows = np.flatnonzero(keep)
    if len(rows) < len(names) + 2:
        plural = "s" if len(names) > 1 else ""
        raise DataError(
            f"{len(rows)} of {len(data)} rows have {target!r} and all ratings: too few for "
            f"{len(names)} driver{plural}; name fewer drivers or join periods."
        )
    _refuse_constant(answers, rows)
    found = _assemble(answers, rows, _customers(data, cluster, rows))
    _refuse_collinear(found)
    return found


@dataclass(frozen=True, kw_only=True)
class _Answers:
    """The columns of all rows, before any is dropped."""

    target: str
    names: tuple[str, ...]
    scores: Array
    ratings: Array
    used: Flags
    mass: Array

    @property
    def asked(self) -> Flags:
        return ~np.isnan(self.scores)

    @property
    def open(self) -> Flags:
        return self.used & np.isnan(self.ratings)

    @property
    def complete(self) -> Flags:
        return self.asked & ~self.open.any(axis=1)


def _customers(
    data: pd.DataFrame, cluster: str | None, rows: NDArray[np.intp]
) -> NDArray[np.intp] | None:
    codes = cluster_column(data, cluster)
    if codes is None:
        return None
    known, numbered = np.unique(codes[rows], return_inverse=True)
    if len(known) < 2:
        raise DataError(f"cluster {cluster!r} has one value only: nothing to compare.")
    return numbered.astype(np.intp)


def _refuse_constant(answers: _Answers, rows: NDArray[np.intp]) -> None:
    scores = answers.scores[rows]
    if np.ptp(scores) == 0:
        raise DataError(
            f"{answers.target!r} is {scores[0]:g} in all {len(rows)} rows: nothing to explain."
        )
    for j, name in enumerate(answers.names):
        ratings = answers.ratings[rows, j][answers.used[rows, j]]
        if not len(ratings):
            raise DataError(f"none of the {len(rows)} complete rows used {name!r}; leave it out.")
        if np.ptp(ratings) == 0:
            raise DataError(
                f"{name!r} is {ratings[0]:g} in all {len(ratings)} rows: a constant explains "
                "nothing; leave it out."
            )


def _assemble(
    answers: _Answers, rows: NDArray[np.intp], customers: NDArray[np.intp] | None
) -> DriverData:
    mass = answers.mass[rows] / answers.mass[rows].mean()
    reached = answers.used[rows]
    ratings = np.where(reached, answers.ratings[rows], 0.0)
    means = (mass @ ratings) / (mass @ reached)
    return DriverData(
        outcome_name=answers.target,
        names=answers.names,
        outcome=answers.scores[rows],
        ratings=np.where(reached, ratings - means, 0.0),
        used=reached,
        unused=_indicators(reached, mass),
        means=means,
        weights=mass,
        groups=customers,
        rows=rows,
        n_dropped=len(answers.scores) - len(rows),
        caveats=_caveats(answers, rows),
    )


def _caveats(answers: _Answers, rows: NDArray[np.intp]) -> tuple[Caveat, ...]:
    caveats = []
    asked, complete = int(answers.asked.sum()), int(answers.complete.sum())
    if asked - complete > LOST_TOO_MANY * asked:
        message = _(
            "{n} of {total} respondents left a rating open and were left out, most often at "
            "{driver}: those who answered everything may differ from the rest."
        )
        worst = answers.names[int(answers.open[answers.asked].sum(axis=0).argmax())]
        caveats.append(Caveat(message, n=asked - complete, total=asked, driver=worst))
    if complete > len(rows):
        message = _("{n} respondents did not use every touchpoint and were left out on request.")
        caveats.append(Caveat(message, n=complete - len(rows)))
    stray = int((~answers.used & ~np.isnan(answers.ratings)).any(axis=1).sum())
    if stray:
        message = _("{n} respondents rated a touchpoint they did not use; this was ignored.")
        caveats.append(Caveat(message, n=stray))
    return tuple(caveats)


def _indicators(used: Flags, mass: Array) -> Array:
    """Usage indicators, without those that repeat others (R² is the same without them)."""
    root = np.sqrt(mass)
    basis = [root / np.linalg.norm(root)]
    kept = []
    for column in (~used).T.astype(np.float64):
        rest = column * root
        size = np.linalg.norm(rest)
        for _again in range(2):  # twice is enough to be orthogonal to rounding
            for direction in basis:
                rest = rest - direction * (direction @ rest)
        if np.linalg.norm(rest) > 1e-6 * max(float(size), 1e-300):
            basis.append(rest / np.linalg.norm(rest))
            kept.append(column)
    return np.column_stack(kept) if kept else np.empty((len(used), 0))


def _refuse_collinear(data: DriverData) -> None:
    design = data.design * np.sqrt(data.weights)[:, None]
    if data.n <= design.shape[1]:
        raise DataError(
            f"{data.n} complete rows are too few for {len(data.names)} drivers and "
            f"{data.unused.shape[1]} that some did not use; name fewer drivers or join periods."
        )
    fixed, ratings = design[:, : -len(data.names)], design[:, -len(data.names) :]
    basis = np.linalg.qr(fixed)[0]
    rest = ratings - basis @ (basis.T @ ratings)
    size = (ratings**2).sum(axis=0)
    left = (rest**2).sum(axis=0)
    for name, share in zip(data.names, left / size, strict=True):
        if share < COLLINEAR:
            raise DataError(
                f"{name!r} follows exactly from which touchpoints were used; leave it out."
            )
    values, vectors = np.linalg.eigh((rest.T @ rest) / np.sqrt(np.outer(left, left)))
    if values[0] < COLLINEAR:
        raise DataError(_collinear_message(data.names, vectors[:, values < COLLINEAR]))


def _collinear_message(names: tuple[str, ...], null_space: Array) -> str:
    involved = [n for n, row in zip(names, null_space, strict=True) if np.abs(row).max() > 1e-3]
    shown = ", ".join(repr(name) for name in involved[:-1]) + f" and {involved[-1]!r}"
    return f"drivers {shown} are perfectly collinear (one follows from the rest); leave one out."
