"""Analysis room: changes against last period and last year, each split into rate and mix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cxlib.analysis._decompose import RESAMPLES, decompose_change
from cxlib.analysis.trends._series import earlier
from cxlib.analysis.changes import AGAINST, changes
from cxlib.analysis.metrics import Metric, Touchpoint, resolve
from cxlib.analysis.pages import ChartPage
from cxlib.analysis.results import MINIMUM_BASE, Caveat
from cxlib.errors import DataError

COLUMNS = (
    "metric",
    "unit",
    "direction",
    "against",
    "reference",
    "segment",
    "before",
    "after",
    *(f"{part}{end}" for part in ("total", "rate", "mix") for end in ("", "_low", "_high")),
    "n_before",
    "n",
)


@dataclass(frozen=True, kw_only=True)
class ChangeSplits:
    """Each change taken apart by each segment.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a KPI, reference and segment: ``metric, unit, direction``; ``against`` (``last
        period`` or ``last year``), ``reference`` (that period), ``segment``; ``before, after``
        (scores), ``total`` (the change), ``rate`` (within groups), ``mix`` (of groups; the two sum
        to the total), each with ``_low`` and ``_high``; ``n_before``, ``n`` (answers of
        either period).
    period : str
    bootstrap : int
    confidence : float
    n_splits, n_without : int
        Rows, and changes that too few answers in one of the periods did not allow.
    """

    table: pd.DataFrame
    period: str
    bootstrap: int
    confidence: float
    n_splits: int
    n_without: int
    caveats: tuple[Caveat, ...] = ()

    def main(self, metric: str, against: str) -> pd.Series | None:
        """Return the split of one change by the segment whose mix explains most of it."""
        table = self.table
        rows = table[(table["metric"] == metric) & (table["against"] == against)]
        rows = rows.dropna(subset=["mix"])
        return None if rows.empty else rows.iloc[int(rows["mix"].abs().argmax())]


@dataclass(frozen=True, kw_only=True)
class PeriodChanges:
    """Each KPI of a page against last period and last year.

    Attributes
    ----------
    table : pandas.DataFrame
        As `changes.Changes`, by ``metric, unit, direction``, with ``base`` (answers of the period,
        or the denominator of a reported ratio) and ``counted`` (a reported figure: no interval).
    period : str
    confidence : float
    caveats : tuple of Caveat
    """

    table: pd.DataFrame
    period: str
    confidence: float
    caveats: tuple[Caveat, ...] = ()


def period_changes(
    page: ChartPage, *, metrics: Sequence[str], period: str, confidence: float = 0.95
) -> PeriodChanges:
    """Compare the KPIs of a page with last period and with last year.

    Parameters
    ----------
    page : ChartPage
    metrics : sequence of str
        Keys of the KPIs: the family over which p-values are adjusted.
    period : str
        The period to compare.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    PeriodChanges
        Without rows where the page has one period only.
    """
    history = page.history[page.history["metric"].isin(list(metrics))]
    by = ["metric", "unit", "direction"]
    if period not in set(history["period"]):
        columns = [*by, "period", "against", "reference", "value", "reference_value", "change"]
        empty = pd.DataFrame(
            columns=[*columns, "low", "high", "p_value", "p_adjusted", "base", "counted"]
        )
        return PeriodChanges(table=empty, period=period, confidence=confidence)
    found = changes(history, by=by, period=period, confidence=confidence)
    about = history[["metric", "period", "base"]].assign(counted=history["standard_error"].isna())
    table = found.table.merge(about, on=["metric", "period"], how="left")
    lacking = table["p_value"].isna() & ~(table["counted"].eq(True) & table["change"].notna())
    return PeriodChanges(
        table=table,
        period=period,
        confidence=confidence,
        caveats=found.caveats if lacking.any() else (),
    )


def split_changes(
    survey: pd.DataFrame,
    *,
    metrics: Sequence[Metric | Touchpoint],
    segments: Sequence[str],
    period: str,
    previous: str | None = None,
    weights: str | None = "weight",
    cluster: str | None = None,
    minimum_base: int = MINIMUM_BASE,
    bootstrap: int = RESAMPLES,
    confidence: float = 0.95,
) -> ChangeSplits:
    """Split each KPI's change against last period and last year into rate and mix, by segment.

    Parameters
    ----------
    survey : pandas.DataFrame
        One row a response, with ``period``.
    metrics : sequence of Metric or Touchpoint
    segments : sequence of str
        Columns whose levels are the groups; a split is made for each by itself.
    period : str
        The period to explain.
    previous : str, optional
        The last period; by default the calendar period before.
    weights, cluster, confidence
        As in `compare.decompose_change`.
    minimum_base : int
        Changes on fewer answers in either period are left out.
    bootstrap : int
        Resamples behind each interval.

    Returns
    -------
    ChangeSplits

    Raises
    ------
    DataError
        If the survey has no rows of the period, or a column is missing.

    References
    ----------
    .. [1] Kitagawa, E. M. (1955). Components of a difference between two rates. JASA 50.
    """
    now = survey[survey["period"] == period]
    if now.empty:
        raise DataError(f"the survey has no rows of period {period!r}.")
    last = previous or earlier(period, steps=1)
    references = dict(zip(AGAINST, (last, earlier(period, years=1)), strict=True))
    if references[AGAINST[1]] == last:
        del references[AGAINST[1]]
    rows: list[dict[str, Any]] = []
    skipped = 0
    for question in map(resolve, metrics):
        for against, reference in references.items():
            then = survey[survey["period"] == reference]
            n_before, n = (int(wave[question.key].notna().sum()) for wave in (then, now))
            if min(n_before, n) < minimum_base:
                skipped += 1
                continue
            named = {
                "metric": question.key,
                "unit": question.unit,
                "direction": question.direction,
                "against": against,
                "reference": reference,
                "n_before": n_before,
                "n": n,
            }
            for segment in segments:
                part = decompose_change(
                    then,
                    now,
                    metric=question,
                    by=segment,
                    weights=weights,
                    cluster=cluster,
                    bootstrap=bootstrap,
                    confidence=confidence,
                )
                told = {name: getattr(part, name) for name in COLUMNS[6:-2]}
                rows.append(named | {"segment": segment} | told)
    return ChangeSplits(
        table=pd.DataFrame(rows, columns=list(COLUMNS)),
        period=period,
        bootstrap=bootstrap,
        confidence=confidence,
        n_splits=len(rows),
        n_without=skipped,
    )
