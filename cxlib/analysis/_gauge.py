"""What a metric showed, wave by wave: answers of a survey, or figures that count every case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import nan, sqrt

import pandas as pd

from cxlib import periods
from cxlib.analysis._evidence import Measured
from cxlib.analysis._intervals import wilson
from cxlib.analysis._kpis import score
from cxlib.analysis._score_table import score_table
from cxlib.analysis.metrics import Direction, Metric

SERIES = ("period", "value", "low", "high", "standard_error", "n")


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A share counted over `n` cases, 0 to 1; its interval is for cases that are a sample."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """A metric with all that was measured of it.

    ``series``: ``period, value, low, high, standard_error, n``, a row a period that has a value.
    """

    key: str
    unit: str
    direction: Direction
    series: pd.DataFrame
    rows: pd.DataFrame
    metric: Metric | None

    def measured(self, waves: Sequence[str]) -> Measured | float:
        """Return what these periods together showed."""
        rows = self.rows[self.rows["period"].isin(waves)]
        if self.metric is not None:
            repeats = len(waves) > 1 and "respondent_id" in rows
            return score(rows, self.metric, cluster="respondent_id" if repeats else None)
        if rows["denominator"].notna().all():
            return _share(rows)
        return float(rows["value"].mean())


def gauges(
    survey: pd.DataFrame | None,
    *,
    metrics: Iterable[Metric],
    kpis: pd.DataFrame | None,
    units: Mapping[str, str],
) -> dict[str, Gauge]:
    """Return every metric and figure that has a value, by key."""
    found: dict[str, Gauge] = {}
    for metric in metrics if survey is not None else ():
        if survey is None or metric.key not in survey or not survey[metric.key].notna().any():
            continue
        series = score_table(survey, metric=metric, by="period").table
        series = series.dropna(subset=["value"]).reset_index(drop=True)
        found[metric.key] = Gauge(
            key=metric.key,
            unit=metric.unit,
            direction=metric.direction,
            series=series[list(SERIES)],
            rows=survey,
            metric=metric,
        )
    if kpis is not None:
        for key, rows in kpis.groupby("kpi", sort=False):
            whole = _whole(rows)
            if len(whole):
                found[str(key)] = Gauge(
                    key=str(key),
                    unit=units.get(str(key), "number"),
                    direction="higher",
                    series=_series(whole),
                    rows=whole,
                    metric=None,
                )
    return found


def waves_of(label: str, known: Iterable[str]) -> list[str]:
    """Return the known periods that a label names or spans: 2026 spans 2026Q1 to 2026Q4."""
    waves = list(known)
    if label in waves or periods.kind_of(label) is None:
        return [label] if label in waves else []
    span = periods.parse(label)
    calendar = {wave: periods.parse(wave) for wave in waves if periods.kind_of(wave)}
    return [w for w, p in calendar.items() if p.start >= span.start and p.end <= span.end]


def ending(label: str, like: str) -> str | None:
    """Return the period of the kind of `like` in which `label` ends; None without a calendar."""
    kind = periods.kind_of(like)
    if kind is None or periods.kind_of(label) is None:
        return None
    return str(periods.containing(periods.parse(label).end, kind))


def _whole(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep periods that have one figure: parts that can be summed, or a single row."""
    single = ~rows.duplicated("period", keep=False)
    return rows[single | rows["denominator"].notna()].reset_index(drop=True)


def _share(rows: pd.DataFrame) -> Counted:
    n = float(rows["denominator"].sum())
    share = float(rows["numerator"].sum()) / n
    low, high = wilson(share, n, 0.95)
    return Counted(value=share, low=low, high=high, n=int(n))


def _series(rows: pd.DataFrame) -> pd.DataFrame:
    found: list[tuple[object, ...]] = []
    for label in periods.order(rows["period"].astype(str)):
        wave = rows[rows["period"] == label]
        if wave["denominator"].notna().all():
            share = _share(wave)
            error = sqrt(share.value * (1 - share.value) / share.n)
            found.append((label, share.value, share.low, share.high, error, share.n))
        else:
            value = float(wave["value"].iloc[0])
            found.append((label, value, value, value, nan, pd.NA))
    return pd.DataFrame(found, columns=list(SERIES)).astype({"n": "Int64"})
