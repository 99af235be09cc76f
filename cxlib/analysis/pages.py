"""Analysis room: a page of process charts, one a KPI, from answers and from reported figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import nan
from typing import Any, Protocol

import pandas as pd

from cxlib.analysis import _reported
from cxlib.analysis.trends import XmrChart, score_chart, xmr
from cxlib.analysis.metrics import Metric, Touchpoint, resolve
from cxlib.analysis.results import MINIMUM_BASE, Caveat
from cxlib.analysis.scores import score_table
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

Rebase = Mapping[Any, Any]
MEASURES = ("value", "low", "high", "standard_error", "base")
COLUMNS = (
    "metric",
    "unit",
    "direction",
    "period",
    "value",
    "low",
    "high",
    "base",
    "target",
    "centre",
    "lower",
    "upper",
    "variation",
    "assurance",
    "points",
    "trial",
    "false_alarm_rate",
)
_NO_CHART = _("{metric} has no period with {n} answers: no chart.")
_KINDS_LIMITS = {"nps": (-100.0, 100.0), "csat": (0.0, 100.0)}


class Aim(Protocol):
    """A target as the client file states it."""

    @property
    def metric(self) -> str:
        """The KPI's key."""

    @property
    def target(self) -> float:
        """What is to be reached, in the KPI's unit."""


@dataclass(frozen=True, kw_only=True)
class ChartPage:
    """The process charts of a report, and what each amounts to.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a chart: ``metric, unit, direction``; of its latest measured ``period``: ``value,
        low, high`` (95 % interval; NaN for a reported figure, which counts everything), ``base``
        (answers, or the denominator of a reported ratio; NaN for a plain figure); ``target``;
        ``centre, lower, upper`` (its limits there); ``variation`` and ``assurance`` (see
        `charts.XmrChart`; ``open while it changes`` where a signal the other way puts the second
        in doubt); ``points`` (periods with a value), ``trial`` (fewer than 12 since the
        last rebase), ``false_alarm_rate`` (of this chart, 0 to 1). Values in `unit`.
    history : pandas.DataFrame
        One row a chart and period: ``metric, unit, direction, period, value, low, high,
        standard_error, base``.
    charts : dict of str to XmrChart
        By KPI.
    units : pandas.DataFrame
        The reported figures by unit: ``kpi, period, unit, value, numerator, denominator``.
    n_charts, n_without : int
        Charts, and KPIs without a value to chart.
    caveats : tuple of Caveat
        Reservations about KPIs; those about a chart stand with it.
    """

    table: pd.DataFrame
    history: pd.DataFrame
    charts: dict[str, XmrChart] = field(repr=False)
    units: pd.DataFrame = field(repr=False)
    n_charts: int
    n_without: int
    caveats: tuple[Caveat, ...] = ()


def chart_page(
    survey: pd.DataFrame | None,
    *,
    questions: Sequence[Metric | Touchpoint] = (),
    figures: pd.DataFrame | None = None,
    definitions: Mapping[str, _reported.Definition] | None = None,
    targets: Sequence[Aim] = (),
    rebase: Rebase | None = None,
    known_periods: Sequence[str] | None = None,
    weights: str | None = "weight",
    cluster: str | None = None,
    minimum_base: int = MINIMUM_BASE,
) -> ChartPage:
    """Chart every KPI of a report: survey scores with their sampling noise, figures as XmR.

    Parameters
    ----------
    survey : pandas.DataFrame or None
        One row a response of the client's own customers, every period up to the report's.
    questions : sequence of Metric or Touchpoint
        What is charted from it, in the order shown; a touchpoint is a mean.
    figures : pandas.DataFrame, optional
        Already aggregated figures: ``kpi, period, unit, value, numerator, denominator``. Ratios
        are summed over units, plain values of several units averaged.
    definitions : mapping of str to definition
        Direction, target and format of each figure, by its key; figures without one are left out.
    targets : sequence
        With ``metric`` and ``target``; the first of a KPI counts, and before a figure's own.
    rebase : mapping
        Period to reason: limits are recalculated from there on every chart; under a KPI's key, a
        mapping of period to reason for that chart alone. Periods still to come are passed over.
    known_periods : sequence of str, optional
        All periods the client has, past the report's too: a rebase of any other is refused.
    weights, cluster : str or None
        As in `scores.score_table`.
    minimum_base : int
        Periods on fewer answers are gaps.

    Returns
    -------
    ChartPage

    Raises
    ------
    DataError
        If a rebase names an unknown period or KPI, or the data cannot be charted.
    """
    aims = {t.metric: float(t.target) for t in reversed(targets)}
    series: list[pd.DataFrame] = []
    reported: dict[str, _reported.Reported] = {}
    units = pd.DataFrame(columns=list(_reported.COLUMNS))
    if survey is not None:
        series += [_asked(survey, q, weights, cluster, minimum_base) for q in questions]
    if figures is not None and definitions:
        units = figures[figures["kpi"].isin(list(definitions))].reset_index(drop=True)
        read = [_reported.read(units, key, definitions[key]) for key in definitions]
        series += [each.series for each in read]
        reported = {each.key: each for each in read}
        aims = {k: d.target for k, d in definitions.items() if d.target is not None} | aims
    history = pd.concat(series, ignore_index=True) if series else _empty()
    keys = list(dict.fromkeys(history["metric"]))
    rebases = _rebases(rebase, keys, known_periods)
    ends = {q.key: _ends(q) for q in questions}
    charts: dict[str, XmrChart] = {}
    for key in keys:
        chart = _chart(
            history[history["metric"] == key],
            reported=key in reported,
            target=aims.get(key),
            rebase=rebases.get(key, {}),
            limits=ends.get(key),
        )
        charts |= {} if chart is None else {key: chart}
    rows = [_row(history, key, charts[key]) for key in keys if key in charts]
    return ChartPage(
        table=pd.DataFrame(rows, columns=list(COLUMNS)),
        history=history,
        charts=charts,
        units=units,
        n_charts=len(charts),
        n_without=len(keys) - len(charts),
        caveats=(
            *(Caveat(_NO_CHART, metric=k, n=minimum_base) for k in keys if k not in charts),
            *(caveat for each in reported.values() for caveat in each.caveats),
        ),
    )


def _empty() -> pd.DataFrame:
    return pd.DataFrame(columns=["metric", "unit", "direction", "period", *MEASURES])


def _asked(
    survey: pd.DataFrame,
    question: Metric | Touchpoint,
    weights: str | None,
    cluster: str | None,
    minimum_base: int,
) -> pd.DataFrame:
    """Return a question's score by period, small bases blanked."""
    metric = resolve(question)
    found = score_table(survey, metric=metric, by="period", weights=weights, cluster=cluster).table
    small = found["n"] < minimum_base
    measures = ["value", "low", "high", "standard_error"]
    found[measures] = found[measures].mask(small)
    found = found.rename(columns={"n": "base"}).astype({"base": float})
    named = found[["period", *MEASURES]].assign(
        metric=metric.key, unit=metric.unit, direction=metric.direction
    )
    return named[["metric", "unit", "direction", "period", *MEASURES]]


def _ends(question: Metric | Touchpoint) -> tuple[float, float] | None:
    metric = resolve(question)
    if metric.kind in _KINDS_LIMITS:
        return _KINDS_LIMITS[metric.kind]
    return None if metric.scale is None else (float(metric.scale[0]), float(metric.scale[1]))


def _rebases(
    rebase: Rebase | None, keys: Sequence[str], known: Sequence[str] | None
) -> dict[str, dict[str, str]]:
    """Return each chart's rebases with their reasons."""
    found: dict[str, dict[str, str]] = {key: {} for key in keys}
    for name, reason in (rebase or {}).items():
        if isinstance(reason, Mapping):
            if str(name) not in found:
                near = nearest(str(name), keys)
                raise DataError(f"rebase names {name!r}, no KPI with a chart{near}")
            entries, wanted = reason, [str(name)]
        else:
            entries, wanted = {name: reason}, list(keys)
        for label, why in entries.items():
            if known is not None and str(label) not in known:
                near = nearest(str(label), known)
                raise DataError(f"rebase names {str(label)!r}, no period of this client{near}")
            for key in wanted:
                found[key][str(label)] = str(why or "")
    return found


def _chart(
    part: pd.DataFrame,
    *,
    reported: bool,
    target: float | None,
    rebase: Mapping[str, str],
    limits: tuple[float, float] | None,
) -> XmrChart | None:
    values = part.set_index("period")["value"].astype(float)
    if values.isna().all():
        return None
    options: dict[str, Any] = {
        "improvement": part["direction"].iloc[0],
        "target": target,
        "rebase": _possible(rebase, values) or None,
    }
    if reported:
        return xmr(values.rename(part["metric"].iloc[0]), **options)
    return score_chart(part, limits=limits, **options)


def _possible(rebase: Mapping[str, str], values: pd.Series) -> dict[str, str]:
    """Return the rebases that leave a measured period on either side of each."""
    labels = list(values.index)
    kept: dict[str, str] = {}
    last = 0
    for label in (each for each in labels if each in rebase):
        at = labels.index(label)
        if values.iloc[last:at].notna().any() and values.iloc[at:].notna().any():
            kept[label] = rebase[label]
            last = at
    return kept


def _row(history: pd.DataFrame, key: str, chart: XmrChart) -> dict[str, Any]:
    measured = chart.table[chart.table["value"].notna()]
    latest = measured.iloc[-1]
    part = history[(history["metric"] == key) & (history["period"] == latest["period"])]
    row: dict[str, Any] = dict(part.iloc[0])
    row |= {name: latest[name] for name in ("centre", "lower", "upper")}
    return row | {
        "target": nan if chart.target is None else chart.target,
        "variation": chart.variation,
        "assurance": _assured(chart),
        "points": int(measured["segment"].eq(latest["segment"]).sum()),
        "trial": chart.trial,
        "false_alarm_rate": chart.false_alarm_rate,
    }


def _assured(chart: XmrChart) -> str | None:
    """Return the assurance verdict, unless a signal the other way puts it in doubt."""
    doubtful = {("reaches", "concerning"), ("misses", "improving")}
    if (chart.assurance, chart.variation) in doubtful:
        return _("open while it changes")
    return chart.assurance
