"""Whom does the sample stand for: weights that bring it to known margins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isclose

import numpy as np
import pandas as pd

from cxlib.analysis import _inputs
from cxlib.analysis._margins import Margin, Margins, read_margins
from cxlib.analysis._options import number
from cxlib.analysis._survey_variance import Floats, even, kish
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError
from cxlib.words import mark as _

TOLERANCE = 1e-8
"""Largest gap, as a share of the sample, at which a margin counts as met."""

ROUNDS = 1000
"""Passes over all margins before raking gives up; a sample that can meet them needs a few dozen."""


@dataclass(frozen=True, kw_only=True)
class Raking:
    """Weights that bring a sample to known margins.

    Attributes
    ----------
    weights : pandas.Series
        One a row, in the rows' order. Margins given as shares or percent: mean 1; as counts: the
        weights sum to their total.
    converged : bool
        Whether every margin is met within the tolerance.
    iterations : int
        Passes over all margins.
    table : pandas.DataFrame
        One row a level: ``margin, level, n, sample_share`` (before raking), ``known_share,
        weighted_share, residual`` (weighted less known); shares 0 to 1, of rows whose level is
        known.
    residuals : mapping of str to float
        The largest absolute residual of each margin.
    design_effect : float
        Kish's n Σw² / (Σw)²: what weighting costs in variance.
    n_effective : float
        Kish's effective number of rows.
    cap : float or None
        Largest weight allowed, as a multiple of the mean.
    n_capped : int
        Rows at the cap.
    n_used, n_dropped : int
        Rows weighted; none is ever dropped.
    caveats : tuple of Caveat
        Reservations: a margin not met, rows without a level, rows capped.
    """

    weights: pd.Series
    converged: bool
    iterations: int
    table: pd.DataFrame
    residuals: Mapping[str, float]
    design_effect: float
    n_effective: float
    cap: float | None
    n_capped: int
    n_used: int
    n_dropped: int
    caveats: tuple[Caveat, ...] = ()


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
    tolerance : float
        Largest gap, as a share of the sample, at which a margin counts as met.
    max_iterations : int
        Passes before giving up, which a caveat then says.

    Returns
    -------
    Raking
        Weights, convergence, residuals, design effect.

    Raises
    ------
    DataError
        If the data are empty, a column is absent, levels of margin and data differ, a size is
        not positive, totals disagree, or the cap is not above 1.

    References
    ----------
    .. [1] Deming, W. E., Stephan, F. F. (1940). On a least squares adjustment of a sampled
       frequency table. Annals of Mathematical Statistics 11, 427-444.
    .. [2] Kalton, G., Flores-Cervantes, I. (2003). Weighting methods. Journal of Official
       Statistics 19, 81-97.
    """
    if cap is not None and not number(cap, "cap") > 1:
        raise DataError(f"cap={cap:g} must be above 1: it is a multiple of the mean weight.")
    if isinstance(data, pd.DataFrame) and data.empty:
        raise DataError("there are no rows to weight.")
    known, total = read_margins(data, margins)
    start = np.ones(len(data))
    if weights is not None:
        start = even(_inputs.read_weights(_inputs.column(data, weights), data.index))
    goals = [_goal(margin, start) for margin in known]
    raked, rounds = _fit(start, goals, cap, tolerance, max_iterations)
    table = _table(known, start, raked)
    gaps = table["residual"].abs().groupby(table["margin"], sort=False).max()
    converged = _worst(raked, goals) <= tolerance
    scale = 1.0 if _as_shares(total) else total / len(data)
    n_capped = 0 if cap is None else int((raked >= cap * (1 - 1e-9)).sum())
    return Raking(
        weights=pd.Series(raked * scale, index=data.index, name="weight"),
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
        caveats=_caveats(known, converged, float(gaps.max()), cap, n_capped),
    )


_Goal = tuple[np.ndarray[tuple[int], np.dtype[np.intp]], Floats]


def _goal(margin: Margin, start: Floats) -> _Goal:
    """Return each row's level (the missing one last) and what the levels' weights must sum to."""
    codes = np.where(margin.codes < 0, len(margin.levels), margin.codes)
    missing = float(start[margin.codes < 0].sum())
    sums = np.append(margin.known * (start.size - missing), missing)
    return codes, sums


def _fit(
    start: Floats, goals: list[_Goal], cap: float | None, tolerance: float, max_iterations: int
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


def _worst(w: Floats, goals: list[_Goal]) -> float:
    gaps = [
        np.abs(np.bincount(codes, w, minlength=goal.size) - goal).max() for codes, goal in goals
    ]
    return float(max(gaps)) / w.size


def _as_shares(total: float) -> bool:
    return any(isclose(total, whole, rel_tol=0.002) for whole in (1, 100))


def _table(known: tuple[Margin, ...], start: Floats, raked: Floats) -> pd.DataFrame:
    tables = []
    for margin in known:
        there = margin.codes >= 0
        codes, size = margin.codes[there], len(margin.levels)
        sample = np.bincount(codes, start[there], minlength=size)
        weighted = np.bincount(codes, raked[there], minlength=size)
        part = pd.DataFrame(
            {
                "margin": margin.name,
                "level": list(margin.levels),
                "n": np.bincount(codes, minlength=size),
                "sample_share": sample / sample.sum(),
                "known_share": margin.known,
                "weighted_share": weighted / weighted.sum(),
            }
        )
        tables.append(part.assign(residual=part["weighted_share"] - part["known_share"]))
    return pd.concat(tables, ignore_index=True)


def _caveats(
    known: tuple[Margin, ...], converged: bool, worst: float, cap: float | None, n_capped: int
) -> tuple[Caveat, ...]:
    caveats = []
    if not converged:
        message = _("The weights do not meet every margin: the largest gap is {gap:.2%}.")
        caveats.append(Caveat(message, gap=worst))
    for margin in known:
        if margin.n_missing:
            message = _("{n} rows have no {segment}; they keep their part of the sample.")
            caveats.append(Caveat(message, n=margin.n_missing, segment=margin.name))
    if cap is not None and n_capped:
        message = _("{n} rows carry the largest weight allowed, {cap:.1f} times the mean.")
        caveats.append(Caveat(message, n=n_capped, cap=float(cap)))
    return tuple(caveats)
