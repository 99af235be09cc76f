"""Is the target met: one rule for every tile, table, finding, figure, summary and index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import inf, isfinite, nan
from numbers import Real
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.analysis.compare import adjust
from cxlib.analysis.compare.benchmark import against, gap_of, is_reached, provable
from cxlib.analysis.kpis.estimates import Estimates
from cxlib.analysis.metrics import number, one_of
from cxlib.columns import records
from cxlib.words import mark as _

ALPHA = 0.05
"""Chance that a client exactly on target is called met, and as much that it is called missed."""
MET, MISSED, OPEN = _("met"), _("missed"), _("too close to call")
ON, BEHIND, NO_WAY, DUE = _("on course"), _("behind"), _("no trajectory"), _("due")
DECIDED = (DUE, NO_WAY)
"""Courses that leave the word to the verdict."""


def stands(table: pd.DataFrame) -> pd.Series:
    """Return in one word how each judged KPI stands: met, on course, behind, missed or open.

    Until a target is due its course says it, unless it is met already.

    Parameters
    ----------
    table : DataFrame
        Columns ``status, course``, as `judge` returns them.
    """
    course, status = table["course"], table["status"]
    early = course.isin((ON, BEHIND, OPEN)) & (status != MET)
    return course.where(early, status)


def judge(
    estimates: Estimates,
    targets: Iterable[Any] | Mapping[str, float],
    *,
    period: str | None = None,
    all_required: bool = False,
    alpha: float = ALPHA,
) -> Estimates:
    """Judge KPIs against the targets of a contract; what counts every case is met or missed.

    Parameters
    ----------
    estimates : Estimates
        Of all periods, or of one; earlier ones give the baselines of trajectories.
    targets : iterable of object, or mapping of str to float
        By KPI, or as the client file states them (shares of tickets and reported figures 0 to 1):
        ``metric, target`` and, where known, ``due, direction, baseline`` (a period or a
        number), ``path`` (agreed steps by period), ``clause, basis``. Those of KPIs without an
        estimate are left out.
    period : str, optional
        By default the latest.
    all_required : bool
        Whether acceptance needs every target: then nothing is adjusted (intersection-union).
    alpha : float
        One-sided error in either direction, between 0 and 0.5.

    Returns
    -------
    Estimates
        One row a target: the KPI's row with ``target, clause, due, baseline, start`` (the
        baseline's value), ``gap`` (value less target), ``reached`` (the point estimate),
        ``p_value, p_missed, p_met`` (`compare.benchmark`), ``p_adjusted`` (Holm over the sampled
        targets, of the side on which the estimate lies), ``status`` ("met", "missed", "too close
        to call"), ``expected`` (where the trajectory stands this period), ``course`` ("on course",
        "behind", "too close to call", "no trajectory"; "due" from then on), ``needs`` (the true
        value that would be called met in four of five such samples).

    Raises
    ------
    DataError
        If the period is not there, or `alpha` is no such error.
    """
    number(alpha, "alpha", above=0, below=0.5)
    told: Any = targets
    if isinstance(targets, Mapping):
        told = [{"metric": key, "target": value} for key, value in targets.items()]
    told = [SimpleNamespace(**t) if isinstance(t, Mapping) else t for t in told]
    own = estimates.own
    known = periods.order(own["period"].unique())
    if period is None:
        period = known[-1] if known else ""
    else:
        one_of(period, known, f"there are no estimates of {period!r}")
    now = own[own["period"] == period].drop_duplicates("kpi")
    there = {row["kpi"]: row for row in _records(now)}
    series = {kpi: rows.set_index("period")[["value", "n"]] for kpi, rows in own.groupby("kpi")}
    rows = [_row(there[t.metric], t, series[t.metric], period) for t in told if t.metric in there]
    table = pd.DataFrame(rows, columns=[*estimates.table.columns, *_ADDED])
    for name in ("p_value", "p_missed"):
        p = table[name].astype(float)
        table[f"_{name}"] = p if all_required else adjust(p, method="holm")
    reached = table["reached"].astype(bool)
    table["p_adjusted"] = np.where(reached, table["_p_value"], table["_p_missed"]).astype(float)
    census = table["basis"] == "census"
    table["status"] = np.select(
        [
            (census & reached) | (table["_p_value"] < alpha),
            (census & ~reached) | (table["_p_missed"] < alpha),
        ],
        [MET, MISSED],
        OPEN,
    )
    plain = np.where(reached, table["p_value"], table["p_missed"]).astype(float)
    level = alpha / np.maximum(table["p_adjusted"] / np.where(plain > 0, plain, nan), 1.0)
    level = level.where(np.isfinite(level), alpha)
    table["needs"] = [
        r["target"] if r["basis"] == "census" else provable(r, r["target"], r["direction"], at)
        for r, at in zip(_records(table), level, strict=True)
    ]
    return replace(estimates, table=table.drop(columns=["_p_value", "_p_missed"]))


_ADDED = (
    *("target", "clause", "due", "baseline", "start", "gap", "reached", "p_value", "p_missed"),
    *("p_met", "p_adjusted", "status", "expected", "course", "needs"),
)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in records(table)]


def _row(row: dict[str, Any], target: Any, series: pd.DataFrame, period: str) -> dict[str, Any]:
    scale = 100.0 if row["source"] in ("tickets", "reported") and row["unit"] == "percent" else 1.0
    given: Mapping[str, float] = getattr(target, "path", None) or {}
    steps = {label: scale * value for label, value in given.items()}
    row = row | {"direction": getattr(target, "direction", None) or row["direction"]}
    if getattr(target, "basis", None) and row["basis"] == "sample":
        row["basis"] = target.basis
    aim = scale * number(target.target, f"the target of {target.metric!r}", above=-inf)
    due, baseline = getattr(target, "due", None), getattr(target, "baseline", None)
    start, since = nan, None
    if isinstance(baseline, Real):  # agreed as a number: it stands from the first period
        start, since = scale * float(baseline), periods.order(series.index)[0]
    elif baseline is not None:
        start, since = _measured(series, str(baseline))
    gap = gap_of(row["value"], aim)
    row |= {"target": aim, "clause": getattr(target, "clause", None), "due": due}
    row |= {"baseline": None if baseline is None else str(baseline), "start": start}
    row |= {"gap": gap, "reached": is_reached(gap, row["direction"])}
    row |= zip(("p_value", "p_missed", "p_met"), _tails(row, aim), strict=True)
    way = [] if due is None else [*steps.items(), (due, aim)]
    if way and since is not None and since != period:
        way.append((since, start))
    expected = trajectory(period, way)
    return row | {"expected": expected, "course": _course(row, expected, period, due)}


def _measured(series: pd.DataFrame, baseline: str) -> tuple[float, str | None]:
    """Return a baseline as it was measured, and its period; a year pools the periods in it."""
    if baseline in series.index:
        return float(series.loc[baseline, "value"]), baseline  # type: ignore[arg-type]
    if periods.kind_of(baseline) is None:
        return nan, None
    whole = periods.parse(baseline)
    spans = {name: periods.parse(name) for name in map(str, series.index) if periods.kind_of(name)}
    inside = [n for n, at in spans.items() if whole.start <= at.start and at.end <= whole.end]
    if not inside:
        return nan, None
    rows = series.loc[inside]
    n = rows["n"].astype(float).fillna(1.0)
    return float((rows["value"] * n).sum() / n.sum()), periods.order(inside)[-1]


def _tails(row: Mapping[str, Any], target: float) -> tuple[float, float, float]:
    """Return p_value, p_missed and p_met; NaN where every case is counted."""
    if row["basis"] == "census":
        return nan, nan, nan
    return against(row, target, row["direction"])[2:]


def trajectory(period: str, way: list[tuple[str, float]]) -> float:
    """Return where a way of periods and values stands: straight in days from one to the next."""
    now, points = _end(period), {_end(label): value for label, value in way}
    known = sorted((day, value) for day, value in points.items() if day is not None)
    if now is None or len(known) < 2 or now < known[0][0]:
        return nan
    days, values = zip(*known, strict=True)
    return float(np.interp(now, days, values))


def _end(label: Any) -> int | None:
    """Return the last day of a calendar period as a number; None for a wave's own name."""
    return None if periods.kind_of(label) is None else periods.parse(label).end.toordinal()


def _course(row: Mapping[str, Any], expected: float, period: str, due: str | None) -> str:
    now, then = _end(period), None if due is None else _end(due)
    if due is not None and (due == period or (None not in (now, then) and now >= then)):  # type: ignore[operator]
        return DUE
    if not isfinite(expected):
        return NO_WAY
    if row["basis"] == "census":
        return ON if is_reached(gap_of(row["value"], expected), row["direction"]) else BEHIND
    p_value, p_missed, _p_met = _tails(row, expected)
    return ON if p_value < ALPHA else BEHIND if p_missed < ALPHA else OPEN
