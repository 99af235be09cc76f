"""Whom does the sample stand for: weights that bring it to known margins."""

from __future__ import annotations

from collections.abc import Mapping
from math import isclose
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from cxlib.analysis.estimation import even, kish
from cxlib.analysis.metrics import number, one_of
from cxlib.analysis.results import TableResult, counted, said
from cxlib.analysis.validate import Floats, Integers, column, count, once, read_weights
from cxlib.errors import Count, DataError
from cxlib.words import mark as _

Margins: TypeAlias = Mapping[str, Mapping[Any, float]]

TOLERANCE = 1e-8
"""Largest gap, as a share of the sample, at which a margin counts as met."""
ROUNDS = 1000
"""Passes over all margins before raking gives up; a sample that can meet them needs a few dozen."""
ROUNDING = 0.002
"""How far margins may disagree in total: shares published to three places seldom miss by more."""


class Raking(TableResult):
    """Weights that bring a sample to known margins.

    ``weights``, one a row: margins given as shares or percent: mean 1; as counts: they sum to their
    total. ``table``, of rows whose level is known: ``margin, level, n, sample_share, known_share,
    weighted_share, residual`` (weighted less known); ``residuals``: the largest of each margin.
    ``design_effect, n_effective``: Kish's n Σw² / (Σw)², and n over it. ``n_capped``: rows at the
    `cap`.
    """

    weights: pd.Series
    converged: bool
    iterations: int
    residuals: Mapping[str, float]
    design_effect: float
    n_effective: float
    cap: float | None
    n_capped: int


def rake(
    data: pd.DataFrame,
    margins: Margins,
    *,
    weights: str | None = None,
    cap: float | None = None,
    tolerance: float = TOLERANCE,
    max_iterations: int = ROUNDS,
) -> Raking:
    """Weight a sample so that each margin matches the population (iterative proportional fitting).

    Deming, Stephan (1940), Annals of Mathematical Statistics 11; Kalton, Flores-Cervantes (2003),
    Journal of Official Statistics 19.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a respondent.
    margins : mapping of str to mapping of level to number
        For each column the known size of each level: shares that sum to 1, percent that sum to
        100, or counts with one total. Levels are matched as text. A row whose level is missing
        keeps its part of the sample in that margin.
    weights : str, optional
        Column of weights to start from.
    cap : float, optional
        Largest weight, as a multiple of the mean weight; rows above it are trimmed and the rest
        raked again.
    tolerance, max_iterations
        Largest gap, as a share of the sample, at which a margin counts as met, and passes before
        giving up, which a caveat then says.

    Raises
    ------
    DataError
        If the data are empty, a column is absent, levels of margin and data differ, a size is
        not positive, totals disagree, the cap is not above 1, or the tolerance not above 0.
    """
    cap = None if cap is None else number(cap, "cap (a multiple of the mean weight)", above=1)
    tolerance = number(tolerance, "tolerance", above=0)
    rounds = count(max_iterations, "max_iterations")
    if isinstance(data, pd.DataFrame) and data.empty:
        raise DataError("there are no rows to weight.")
    known, total = read_margins(data, margins)
    start = np.ones(len(data))
    if weights is not None:
        start = even(read_weights(column(data, weights), data.index))
    goals = [margin.goal(start) for margin in known]
    raked, rounds = _fit(start, goals, cap, tolerance, rounds)
    table = pd.concat([_met(margin, start, raked) for margin in known], ignore_index=True)
    gaps = table["residual"].abs().groupby(table["margin"], sort=False).max()
    converged = _worst(raked, goals) <= tolerance
    shares = any(isclose(total, whole, rel_tol=ROUNDING) for whole in (1, 100))
    n_capped = 0 if cap is None else int((raked >= cap * (1 - 1e-9)).sum())
    unmet = _("The weights do not meet every margin: the largest gap is {gap:.2%}.")
    caveats = said(not converged, unmet, gap=float(gaps.max()))
    message = _(
        "{n} {n:row has|rows have} no {segment} and {n:keeps its|keep their} part of the sample."
    )
    for margin in known:
        caveats += counted((margin.n_missing, message), segment=margin.name)
    message = _(
        "{n} {n:row carries|rows carry} the largest weight allowed, {cap:.1f} times the mean."
    )
    caveats += counted((n_capped, message), cap=cap)
    scaled = raked * (1.0 if shares else total / len(data))
    return Raking(
        weights=pd.Series(scaled, index=data.index, name="weight"),
        converged=converged,
        iterations=rounds,
        table=table,
        residuals={str(name): float(gap) for name, gap in gaps.items()},
        design_effect=len(data) / kish(raked),
        n_effective=kish(raked),
        cap=cap,
        n_capped=n_capped,
        n_used=len(data),
        n_dropped=0,
        caveats=caveats,
    )


class Margin(NamedTuple):
    """One known margin: its levels' shares of the population, and each row's level (−1: none)."""

    name: str
    levels: tuple[str, ...]
    known: Floats
    codes: Integers

    @property
    def n_missing(self) -> int:
        """Rows without a level."""
        return int((self.codes < 0).sum())

    def goal(self, start: Floats) -> tuple[Integers, Floats]:
        """Return each row's level (the missing one last) and what the levels must sum to."""
        missing = float(start[self.codes < 0].sum())
        codes = np.where(self.codes < 0, len(self.levels), self.codes)
        return codes, np.append(self.known * (start.size - missing), missing)


def read_margins(data: pd.DataFrame, margins: Any) -> tuple[tuple[Margin, ...], float]:
    """Match margins to columns; return them as shares, with their common total."""
    if not margins:
        raise DataError("no margins are given; name a column and the known size of each level.")
    if not isinstance(margins, Mapping):
        raise DataError(f"margins is a {type(margins).__name__}; give {{column: {{level: size}}}}.")
    plain: dict[str, dict[Any, float]] = {}
    for name, known in margins.items():
        if not isinstance(known, (Mapping, pd.Series)):
            raise DataError(f"margin {name!r} is no {{level: size}}: {known!r}.")
        levels = (_text(level) for level, _size in known.items())
        once(levels, f"margin {name!r} names level {{}} more than once.")
        if not len(known):
            raise DataError(f"margin {name!r} is empty.")
        sizes = {k: number(v, f"margin {name!r}, level {k!r}", above=0) for k, v in known.items()}
        plain[str(name)] = sizes
    totals = {name: sum(known.values()) for name, known in plain.items()}
    (first, total), *others = totals.items()
    for name, other in others:
        if not isclose(other, total, rel_tol=ROUNDING):
            raise DataError(
                f"margin totals disagree: {first!r} sums to {total:g}, {name!r} to {other:g}."
            )
    if total < 1 + ROUNDING and not isclose(total, 1, rel_tol=ROUNDING):
        raise DataError(f"the shares of margin {first!r} sum to {total:g}, not to 1.")
    return tuple(_match(data, name, known) for name, known in plain.items()), total


def _match(data: pd.DataFrame, name: str, known: Mapping[Any, float]) -> Margin:
    sample = column(data, name).astype(object).map(_text, na_action="ignore")
    texts = [_text(level) for level in known]
    found = [str(level) for level in pd.unique(sample.dropna())]
    if not found:
        raise DataError(f"column {name!r} has no values to match its margin.")
    for level in texts:
        one_of(level, found, f"margin {name!r} has a level {level!r} that no row of the data has")
    for there, rows in sample.value_counts(sort=False).items():
        message = (
            f"column {name!r} has a level {there!r} ({rows} {Count(rows):row|rows}) "
            "that its margin lacks"
        )
        one_of(there, texts, message)
    sizes = np.array(list(known.values()))
    codes = pd.Index(texts).get_indexer(pd.Index(sample)).astype(np.intp)
    return Margin(name, tuple(texts), sizes / sizes.sum(), codes)


def _text(level: object) -> str:
    """Return a level as text, so that 2 in a file meets 2.0 in a frame."""
    if isinstance(level, (float, np.floating)) and float(level).is_integer():
        return str(int(level))
    return str(level)


def _fit(
    start: Floats, goals: list[Any], cap: float | None, tolerance: float, max_iterations: int
) -> tuple[Floats, int]:
    """Rake until every margin is met, trimming after each pass where there is a cap."""
    w = start.copy()
    passes = 0
    while passes < max_iterations:
        passes += 1
        for codes, goal in goals:
            have = np.bincount(codes, w, minlength=goal.size)
            w = w * np.divide(goal, have, out=np.ones_like(goal), where=have > 0)[codes]
        if cap is not None:
            w = np.minimum(w, cap)
        if _worst(_rescaled(w, cap), goals) <= tolerance:  # as it will be returned
            break
    return _rescaled(w, cap), passes


def _rescaled(w: Floats, cap: float | None) -> Floats:
    """Bring trimmed weights back to mean one, none above the cap."""
    if cap is None:
        return w
    for _pass in range(100):
        if isclose(w.mean(), 1, rel_tol=1e-14):
            break
        free = w < cap
        w = np.where(free, w * (w.size - w[~free].sum()) / w[free].sum(), w)
        w = np.minimum(w, cap)
    return w


def _worst(w: Floats, goals: list[Any]) -> float:
    gaps = [abs(np.bincount(codes, w, minlength=goal.size) - goal).max() for codes, goal in goals]
    return float(max(gaps)) / w.size


def _met(margin: Margin, start: Floats, raked: Floats) -> pd.DataFrame:
    there = margin.codes >= 0
    codes, size = margin.codes[there], len(margin.levels)
    sample, weighted = (np.bincount(codes, w[there], minlength=size) for w in (start, raked))
    return pd.DataFrame(
        {
            "margin": margin.name,
            "level": list(margin.levels),
            "n": np.bincount(codes, minlength=size),
            "sample_share": sample / sample.sum(),
            "known_share": margin.known,
            "weighted_share": weighted / weighted.sum(),
            "residual": weighted / weighted.sum() - margin.known,
        }
    )
