"""What to agree on next: low, realistic and stretch targets of every KPI, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import pandas as pd

from cxlib.analysis._evidence import evidence
from cxlib.analysis._kpis import score
from cxlib.analysis._proposal import Proposal, propose
from cxlib.analysis._score import Score
from cxlib.analysis._score_table import score_table
from cxlib.analysis.metrics import Metric
from cxlib.analysis.results import CARE_BASE, MINIMUM_BASE, Caveat
from cxlib.words import mark as _

REASONS = {
    "scenario": _("what the planned changes are predicted to bring"),
    "scenario low": _("the cautious end of the planned changes"),
    "scenario high": _("the hopeful end of the planned changes"),
    "history quartile": _("the best quarter of the periods already seen"),
    "history best": _("the best period already seen"),
    "segment quartile": _("the best quarter of the groups"),
    "segment best": _("the best group"),
    "benchmark": _("the benchmark"),
    "detectable": _("the smallest change that the answers can show"),
    "regression": _("what comes back by itself after a bad period"),
    "scale end": _("the end of the scale"),
}
"""Each ground in words, without its numbers."""

HORIZON = 4
"""Periods until a proposed target would be due where nothing else is said: a year of quarters."""


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """Targets of one KPI to agree on, each with its grounds; values in its unit.

    ``table``, three rows: ``level`` (low, realistic, stretch), ``target, change, per_period,
    ground, grounds, detectable, n_needed`` (as in `targets.Proposal`), ``reason`` (the ground in
    words), ``n`` (answers now).
    ``candidates``: every ground looked at: ``ground, grounds, target, change, improves, n``.
    ``baseline, low, high`` is its present state, ``periods`` the time until due. Both tables are
    empty where nothing can be proposed, which a caveat says.
    """

    table: pd.DataFrame
    candidates: pd.DataFrame
    metric: str
    unit: str
    direction: str
    baseline: float
    low: float
    high: float
    n: int
    n_next: int
    detectable_change: float
    rebound: float
    periods: int
    caveats: tuple[Caveat, ...]


def proposals(
    survey: pd.DataFrame | None,
    *,
    metrics: Sequence[Metric],
    period: str,
    segments: Sequence[str] = (),
    scenario: Any = None,
    market: pd.DataFrame | None = None,
    benchmarks: Mapping[str, float] | None = None,
    horizon: int | Mapping[str, int] = HORIZON,
    answers: Mapping[str, int] | None = None,
    minimum_base: int = MINIMUM_BASE,
) -> tuple[Proposed, ...]:
    """Propose targets for every KPI from where it stands now.

    Parameters
    ----------
    survey : pandas.DataFrame or None
        One row a response of the client's own customers, of all periods up to `period`; None
        proposes nothing.
    metrics : sequence of Metric
    period : str
        The present one, whose scores are the baselines.
    segments : sequence of str
        Columns among whose groups the best is sought.
    scenario : Scenario, optional
        What the planned changes are predicted to do to its ``outcome``.
    market : pandas.DataFrame, optional
        Responses about all brands; the best competitor with 30 answers is a ground.
    benchmarks : mapping of str to float, optional
        A sector's value by metric; goes before a competitor's.
    horizon : int or mapping of str to int
        Periods until due, of all metrics or by metric.
    answers : mapping of str to int, optional
        Answers planned for the wave that will judge it.
    minimum_base : int
        Metrics on fewer answers are left out, and named.

    Returns
    -------
    tuple of Proposed
        One a metric, in their order.
    """
    if survey is None:
        return ()
    now = survey[survey["period"] == period]
    found = []
    for metric in metrics:
        answered = int(now[metric.key].notna().sum()) if metric.key in now else 0
        baseline = score(now, metric) if answered >= minimum_base else None
        due_in = max(1, horizon if isinstance(horizon, int) else horizon.get(metric.key, HORIZON))
        if baseline is None or not _has_room(baseline):
            found.append(_nothing(metric, baseline, due_in))
            continue
        groups = [s for s in segments if s in now and now[s].notna().any()]
        rival = best_rival(market, metric, period)
        proposal = propose(
            baseline,
            direction=metric.direction,
            history=score_table(survey, metric=metric, by="period"),
            segments=score_table(now, metric=metric, by=groups) if groups else None,
            scenario=scenario if getattr(scenario, "outcome", None) == metric.key else None,
            benchmark=(benchmarks or {}).get(metric.key, rival),
            periods=due_in,
            n_next=(answers or {}).get(metric.key),
        )
        found.append(_proposed(proposal, metric, baseline, due_in))
    return tuple(found)


def best_rival(market: pd.DataFrame | None, metric: Metric, period: str) -> float | None:
    """Return the best competitor's score of a period on at least 30 answers; None without one."""
    if market is None or metric.key not in market:
        return None
    rows = market[(market["brand"] != "own") & (market["period"] == period)]
    values = [
        score(brand, metric).value
        for _name, brand in rows.groupby("brand")
        if brand[metric.key].notna().sum() >= CARE_BASE
    ]
    if not values:
        return None
    return max(values) if metric.direction == "higher" else min(values)


def _has_room(baseline: Score) -> bool:
    seen = evidence(baseline)
    end = seen.scale[1] if baseline.direction == "higher" else seen.scale[0]
    return seen.variance > 0 and seen.value != end


def _proposed(proposal: Proposal, metric: Metric, baseline: Score, due_in: int) -> Proposed:
    # what is no more than noise stands in the table, row by row
    kept = [c for c in proposal.caveats if not {"needed", "smallest"} & c.facts.keys()]
    return Proposed(
        table=proposal.table.assign(
            reason=proposal.table["ground"].map(REASONS),
            n=baseline.n,
        ),
        candidates=proposal.candidates.assign(n=baseline.n),
        metric=metric.key,
        unit=metric.unit,
        direction=metric.direction,
        baseline=baseline.value,
        low=baseline.low,
        high=baseline.high,
        n=baseline.n,
        n_next=proposal.n_next,
        detectable_change=proposal.detectable_change,
        rebound=proposal.rebound,
        periods=due_in,
        caveats=tuple(kept),
    )


def _nothing(metric: Metric, baseline: Score | None, due_in: int) -> Proposed:
    if baseline is None:
        message = _("{metric} has too few answers for a proposal.")
    else:
        message = _("{metric} has no room left on its scale, or no spread: nothing is proposed.")
    empty = pd.DataFrame(columns=["level", "target", "change", "ground", "n"])
    return Proposed(
        table=empty,
        candidates=empty,
        metric=metric.key,
        unit=metric.unit,
        direction=metric.direction,
        baseline=nan if baseline is None else baseline.value,
        low=nan if baseline is None else baseline.low,
        high=nan if baseline is None else baseline.high,
        n=0 if baseline is None else baseline.n,
        n_next=0,
        detectable_change=nan,
        rebound=nan,
        periods=due_in,
        caveats=(Caveat(message, metric=metric.key),),
    )
