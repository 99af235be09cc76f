"""What a contract's targets start from, ask for and have reached; and what to agree on next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import Any

import pandas as pd

from cxlib import periods
from cxlib.analysis._acceptance import Verdicts, verdicts
from cxlib.analysis._commitment import (
    UNPROVABLE,
    Course,
    Start,
    Wanted,
    ahead_of,
    change_since,
    course,
    provable,
    rebound,
    start_of,
)
from cxlib.analysis._evidence import Measured
from cxlib.analysis._gauge import Gauge, ending, gauges
from cxlib.analysis._outlook import PLAN, RECOVERY, Outlook, outlook
from cxlib.analysis._plan import ALPHA
from cxlib.analysis._proposals import Proposed, proposals
from cxlib.analysis._verdict import Verdict, verdict
from cxlib.analysis.metrics import Metric
from cxlib.analysis.results import MINIMUM_BASE, Caveat
from cxlib.words import mark as _

__all__ = [
    "PLAN",
    "RECOVERY",
    "Course",
    "Outlook",
    "Proposed",
    "Review",
    "outlook",
    "proposals",
    "review",
]


@dataclass(frozen=True, kw_only=True)
class Review:
    """Every target of a contract: start, demand, state and verdict.

    ``table``, a row a target, values in its ``unit``: ``clause, metric, unit, direction, basis,
    due``; ``start`` (baseline's period, empty for a number), ``baseline, baseline_low,
    baseline_high``; ``period`` (judged), ``value, low, high, n``; ``change, change_low,
    change_high`` (since the baseline); ``target``, ``asked`` (target less baseline), ``short``
    (the baseline was short of it); ``remaining`` (periods until due; 0 or less: due), ``missing``
    (target less value). Can the asked change be told from noise: ``design, detectable_change``
    (signed like the way), ``detectable, n_needed, n_next``. ``rebound`` (comes back by itself),
    ``worst_of`` (periods the baseline was compared with); ``expected, expected_low,
    expected_high`` (the path, this period); ``progress, progress_low, progress_high`` (0 at the
    baseline, 1 at the target); ``reached, status, p_met, p_value, p_adjusted, p_missed,
    p_missed_adjusted, n_to_settle`` (as in `targets.Verdict`).
    ``verdicts`` is None where nothing could be judged; ``courses`` are the targets' ways.
    """

    table: pd.DataFrame
    verdicts: Verdicts | None
    courses: tuple[Course, ...]
    caveats: tuple[Caveat, ...]


def review(
    survey: pd.DataFrame | None,
    *,
    targets: Iterable[Wanted],
    period: str,
    metrics: Sequence[Metric] = (),
    kpis: pd.DataFrame | None = None,
    units: Mapping[str, str] | None = None,
    answers: Mapping[str, int] | None = None,
    all_required: bool = False,
    alpha: float = ALPHA,
    minimum_base: int = MINIMUM_BASE,
) -> Review:
    """Judge every target of a contract, and say what it takes to judge it.

    Parameters
    ----------
    survey : pandas.DataFrame or None
        One row a response, of all periods up to `period`; columns ``period``, ``weight`` and those
        of the metrics. None for a client without a survey.
    targets : iterable of Target
        With ``metric, target, due, direction, baseline, clause, path, basis``.
    period : str
        The present one. A target that fell due earlier is judged by the period it was due in.
    metrics : sequence of Metric
        The survey's questions.
    kpis : pandas.DataFrame, optional
        Reported figures: ``kpi, period, unit, value, numerator, denominator``.
    units : mapping, optional
        Unit of each figure: ``"share"`` or ``"number"``.
    answers : mapping of str to int, optional
        Answers planned for the next wave, by metric; as many as now if not said.
    all_required, alpha
        As in `targets.verdicts`.
    minimum_base : int
        Fewer answers are neither a baseline nor judged.

    Returns
    -------
    Review
        Targets that could not be judged are named in its caveats.

    Raises
    ------
    DataError
        If a target is off its metric's scale, or a sampled figure comes without cases.
    """
    known = gauges(survey, metrics=metrics, kpis=kpis, units=units or {})
    rows, judged, courses, caveats = [], [], [], []
    for wanted in targets:
        gauge = known.get(wanted.metric)
        when = None if gauge is None else _judged_in(gauge, wanted, period)
        found = None if gauge is None or when is None else gauge.measured([when])
        too_few = not isinstance(found, (float, type(None))) and found.n < minimum_base
        if gauge is None or when is None or found is None or too_few:
            message = _("{metric} has too few answers in {period}; its target is not judged.")
            caveats.append(Caveat(message, metric=wanted.metric, period=period))
            continue
        start = start_of(wanted, gauge, minimum_base)
        if start.caveat is not None:
            caveats.append(start.caveat)
        one = _verdict(found, wanted, start)
        judged.append(one)
        n_next = int((answers or {}).get(wanted.metric, 1 if isnan(one.n) else one.n))
        way = course(wanted, gauge, start, found, period=when, n_next=n_next, reached=one.reached)
        courses.append(way)
        rows.append(_row(wanted, gauge, start, one, way, when=when, now=period, n_next=n_next))
    together = verdicts(judged, all_required=all_required, alpha=alpha) if judged else None
    return Review(
        table=_table(rows, together),
        verdicts=together,
        courses=tuple(courses),
        caveats=tuple(caveats),
    )


def _judged_in(gauge: Gauge, wanted: Wanted, now: str) -> str | None:
    """Return the period that judges a target: the present one, or when it was due, if measured."""
    waves = gauge.series["period"].tolist()
    due = ending(wanted.due, now)
    if due is not None and due in waves and periods.parse(due).ordinal < periods.parse(now).ordinal:
        return due
    return now if now in waves else None


def _verdict(found: Measured | float, wanted: Wanted, start: Start) -> Verdict:
    return verdict(
        found,
        wanted.target,
        direction=wanted.direction,
        basis=wanted.basis,
        baseline=start.value if ahead_of(start, wanted) else None,
        clause=wanted.clause,
        metric=wanted.metric,
    )


def _row(
    wanted: Wanted,
    gauge: Gauge,
    start: Start,
    one: Verdict,
    way: Course,
    *,
    when: str,
    now: str,
    n_next: int,
) -> dict[str, Any]:
    due = ending(wanted.due, now)
    left = None if due is None else periods.parse(due).ordinal - periods.parse(now).ordinal
    short = ahead_of(start, wanted)
    demand = provable(wanted, start, one.measured, n_next) if short else dict(UNPROVABLE)
    size, worst_of = rebound(wanted, start, gauge)
    span = wanted.target - start.value if short else nan
    at = way.table[way.table["period"] == when].iloc[0]
    baseline = start.score
    return {
        "clause": wanted.clause,
        "metric": wanted.metric,
        "unit": gauge.unit,
        "direction": wanted.direction,
        "basis": wanted.basis,
        "due": wanted.due,
        "start": start.label,
        "baseline": start.value,
        "baseline_low": nan if baseline is None else baseline.low,
        "baseline_high": nan if baseline is None else baseline.high,
        "period": when,
        "value": one.value,
        "low": one.low if one.basis == "sample" else nan,
        "high": one.high if one.basis == "sample" else nan,
        "n": pd.NA if isnan(one.n) else int(one.n),
        **change_since(start, one.measured, when),
        "target": float(wanted.target),
        "asked": wanted.target - start.value,
        "short": short,
        "remaining": pd.NA if left is None else left,
        "missing": wanted.target - one.value,
        **demand,
        "rebound": size,
        "worst_of": worst_of,
        **{name: float(at[name]) for name in ("expected", "expected_low", "expected_high")},
        "progress": (one.value - start.value) / span,
        "progress_low": (one.low - start.value) / span,
        "progress_high": (one.high - start.value) / span,
    }


_VERDICT = (
    "reached",
    "status",
    "p_met",
    "p_value",
    "p_adjusted",
    "p_missed",
    "p_missed_adjusted",
    "n_to_settle",
)
_WORDS = ("clause", "metric", "unit", "direction", "basis", "due", "start", "period", "design")
_NUMBERS = (
    *("baseline", "baseline_low", "baseline_high", "value", "low", "high"),
    *("change", "change_low", "change_high", "target", "asked", "missing", "detectable_change"),
    *("rebound", "expected", "expected_low", "expected_high"),
    *("progress", "progress_low", "progress_high"),
)
_WHOLE = ("n", "remaining", "n_needed", "n_next")


def _table(rows: list[dict[str, Any]], together: Verdicts | None) -> pd.DataFrame:
    if together is None:
        names = (*_WORDS, *_NUMBERS, *_WHOLE, "short", "detectable", "worst_of", *_VERDICT)
        return pd.DataFrame({name: pd.Series(dtype=object) for name in names})
    table = pd.DataFrame(rows)
    table = table.astype(dict.fromkeys(_NUMBERS, "float64") | dict.fromkeys(_WHOLE, "Int64"))
    table["detectable"] = table["detectable"].astype("boolean")
    return table.join(together.table[list(_VERDICT)])
