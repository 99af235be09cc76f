"""How does the client stand: every KPI of a period, beside the period before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import pandas as pd

from cxlib import periods
from cxlib.analysis import _inputs
from cxlib.analysis._difference import difference
from cxlib.analysis._inputs import OffScale
from cxlib.analysis._kpis import score
from cxlib.analysis._multiplicity import adjust
from cxlib.analysis._score import Score
from cxlib.analysis.metrics import Metric, Touchpoint, resolve
from cxlib.analysis.results import CARE_BASE, Caveat
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

_OWN = ("value", "low", "high", "standard_error", "n", "n_effective", "n_dropped")
_CHANGE = ("change", "change_low", "change_high", "p_value")


@dataclass(frozen=True, kw_only=True)
class Headline:
    """Every KPI of a period with its interval, and its change since the period before.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a metric: ``metric, kind, unit, direction``; ``value, low, high, standard_error``
        in that unit; ``n, n_effective, n_dropped, care`` (fewer than 30 answers);
        ``reach`` (0 to 1; share of respondents who used a touchpoint, NaN for KPIs; those who did
        not are not among ``n_dropped``); ``previous,
        n_previous``; ``change, change_low, change_high, p_value`` (two-sided) and ``p_adjusted``
        (Benjamini-Hochberg over the table), NaN where there is
        nothing to compare with.
    scores : mapping of str to Score
        The scores themselves, by metric, for targets and comparisons; metrics without an answer
        are absent.
    period, previous : str or None
        The two periods; None where the data tell none apart.
    confidence : float
        Coverage of the intervals.
    n_used, n_dropped : int
        Rows of the period with an answer to any metric, and the others.
    caveats : tuple of Caveat
        Reservations.
    """

    table: pd.DataFrame
    scores: dict[str, Score]
    period: str | None
    previous: str | None
    confidence: float
    n_used: int
    n_dropped: int
    caveats: tuple[Caveat, ...] = ()


def headline(
    survey: pd.DataFrame,
    *,
    metrics: Sequence[Metric | Touchpoint],
    period: str | int | None = None,
    previous: str | int | None = None,
    weights: str | None = "weight",
    cluster: str | None = None,
    off_scale: OffScale = "error",
    confidence: float = 0.95,
) -> Headline:
    """Score every metric of a period and compare it with the period before.

    Parameters
    ----------
    survey : pandas.DataFrame
        One row a response; without a ``period`` column it is all one period.
    metrics : sequence of Metric or Touchpoint
        What is scored, in the order shown.
    period : str, optional
        The period; by default the latest in the survey.
    previous : str, optional
        What it is compared with; by default the last one before it in the survey, if any.
    weights, cluster : str or None
        Columns; an absent ``weight`` column means unweighted.
    off_scale, confidence
        As in `scores.nps`.

    Returns
    -------
    Headline
        One row a metric. The two periods are compared as different people.

    Raises
    ------
    DataError
        If there are no metrics, a column is absent, a period has no rows, or none of the metrics
        has an answer.
    """
    if not len(metrics):
        raise DataError("no metrics are given to score.")
    questions = [resolve(metric) for metric in metrics]
    now, before = _periods(survey, period, previous)
    frames = {label: _rows(survey, label) for label in (now, before) if label is not None}
    current = survey if now is None else frames[now]
    past = None if before is None else frames[before]
    options: dict[str, Any] = {
        "weights": weights,
        "cluster": cluster,
        "off_scale": off_scale,
        "confidence": confidence,
    }
    rows, scores, caveats = [], {}, []
    for metric in questions:
        found = _score(current, metric, options)
        if found is None:
            caveats.append(Caveat(_("{metric} has no answers in this period."), metric=metric.key))
        else:
            scores[metric.key] = found
            caveats += found.caveats
        earlier = None if past is None else _score(past, metric, options)
        rows.append(_row(metric, current, found, earlier))
    if not scores:
        raise DataError(f"none of the metrics has an answer in {now or 'the survey'}.")
    answered = current[[metric.key for metric in questions]].notna().any(axis=1)
    table = pd.DataFrame(rows).astype({"n": int, "n_dropped": int, "n_previous": int})
    return Headline(
        table=table.assign(p_adjusted=adjust(table["p_value"])),
        scores=scores,
        period=now,
        previous=before,
        confidence=confidence,
        n_used=int(answered.sum()),
        n_dropped=int((~answered).sum()),
        caveats=tuple(dict.fromkeys(caveats)),
    )


def _periods(
    survey: pd.DataFrame, period: str | int | None, previous: str | int | None
) -> tuple[str | None, str | None]:
    if "period" not in survey.columns:
        if period is not None or previous is not None:
            raise DataError("the survey has no column 'period' to choose from.")
        return None, None
    present = [str(label) for label in survey["period"].dropna().unique()]
    labels = list(periods.order(present))
    for wanted in (period, previous):
        if wanted is not None and str(wanted) not in labels:
            raise DataError(f"no rows of period {str(wanted)!r}{nearest(str(wanted), labels)}")
    if not labels:
        return None, None
    now = labels[-1] if period is None else str(period)
    if previous is not None:
        if str(previous) == now:
            raise DataError(f"period {now!r} cannot be compared with itself.")
        return now, str(previous)
    place = labels.index(now)
    return now, labels[place - 1] if place else None


def _rows(survey: pd.DataFrame, label: str) -> pd.DataFrame:
    return survey[survey["period"].astype("string").eq(label).fillna(False).to_numpy(dtype=bool)]


def _score(data: pd.DataFrame, metric: Metric, options: dict[str, Any]) -> Score | None:
    """Score a metric; None where no row has an answer."""
    if len(data) == 0 or _inputs.column(data, metric.key).isna().all():
        return None
    return score(data, metric, **options)


def _row(
    metric: Metric, data: pd.DataFrame, now: Score | None, before: Score | None
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "metric": metric.key,
        "kind": metric.kind,
        "unit": metric.unit,
        "direction": metric.direction,
    }
    if now is None:
        row |= dict.fromkeys(_OWN, nan) | {"n": 0, "n_effective": 0.0, "n_dropped": len(data)}
    else:
        row |= {name: getattr(now, name) for name in _OWN}
    row |= _use(data, metric.key, row["n_dropped"])
    row["care"] = row["n"] < CARE_BASE
    row["previous"] = nan if before is None else before.value
    row["n_previous"] = 0 if before is None else before.n
    row |= dict.fromkeys(_CHANGE, nan)
    if now is not None and before is not None:
        gap = difference(now, before)
        row |= zip(_CHANGE, (gap.value, gap.low, gap.high, gap.p_value), strict=True)
    return row


def _use(data: pd.DataFrame, key: str, n_dropped: int) -> dict[str, Any]:
    """Return a touchpoint's reach; who did not use it has not failed to answer."""
    if f"{key}_used" not in data.columns:
        return {"reach": nan}
    used = data[f"{key}_used"].astype("boolean")
    known = int(used.notna().sum())
    reach = float(used.sum()) / known if known else nan
    return {"reach": reach, "n_dropped": n_dropped - int((~used).sum())}
