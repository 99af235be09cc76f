"""Analysis room: each early warning followed up: how sure, since when, where, in whose words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import pandas as pd

from cxlib.analysis._voices import COMMENT_COLUMNS, group_of, heard_from
from cxlib.analysis.trends import EarlyWarnings
from cxlib.analysis.drilldown import Drilldown, drill_down
from cxlib.analysis.figures import FigureSplit, split_figure
from cxlib.analysis.metrics import Metric, Touchpoint
from cxlib.analysis.pages import ChartPage
from cxlib.analysis.results import MINIMUM_BASE, Caveat
from cxlib.analysis.splits import ChangeSplits, split_changes
from cxlib.words import mark as _

NO_MEASURE = _("no measure recorded yet")
EVERYWHERE = _("everywhere alike")
OTHER_CUSTOMERS = _("other customers, not the service")
UNKNOWN = _("not to be told")
BY_UNIT = _("see its units below")


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One early warning, followed up.

    Attributes
    ----------
    row : pandas.Series
        Its row of `WarningList.table`.
    before : str or None
        The period before the signal began; None where it began with the first.
    drilldown : Drilldown or None
        Touchpoints and groups between `before` and now; None for a reported figure.
    mix : pandas.Series or None
        The split by the segment whose mix explains most, where its interval excludes zero.
    units : FigureSplit or None
        Units of a reported figure, where it has several.
    """

    row: pd.Series
    before: str | None
    drilldown: Drilldown | None
    mix: pd.Series | None
    units: FigureSplit | None


@dataclass(frozen=True, kw_only=True)
class WarningList:
    """A report's early warnings, each with what can be said of it.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a warning, strongest first: ``metric, unit, direction`` (``worsening``, …),
        ``period, since, value, centre`` (KPI units), ``rule``, ``p_value`` (how often a stable
        process of this shape gives as strong a signal), ``severity``, ``base``; where it sits:
        ``where`` (a touchpoint, or in words), ``touchpoint, segment, level`` (empty where no
        place is clear), ``group`` (``segment=level``), ``change, low, high`` (of that place since
        before the signal), ``place_n``; ``measure`` (the one recorded against
        it, else that there is none).
    comments : pandas.DataFrame
        At most three a place: ``metric, touchpoint`` (what was rated), ``segment, level, group,
        rating, period, comment``.
    causes : tuple of Cause
        In the table's order.
    level, false_alarm_rate, n_charts
        As in `alerts.EarlyWarnings`.
    n_held_back : int
        Signals too weak for a page of so many charts.
    """

    table: pd.DataFrame
    comments: pd.DataFrame
    causes: tuple[Cause, ...]
    level: float
    false_alarm_rate: float
    n_charts: int
    n_held_back: int
    caveats: tuple[Caveat, ...] = ()

    @property
    def maps(self) -> tuple[Drilldown, ...]:
        """The drill-downs worth drawing: each pair of periods once, unlike groups apart."""
        kept: dict[tuple[str, str, str], Drilldown] = {}
        for found in (cause.drilldown for cause in self.causes):
            if found is None:
                continue
            several = len(set(found.table["question"])) > 1
            if several or found.group is not None:
                key = ("" if several else found.metric, found.before, found.after)
                kept.setdefault(key, found)
        return tuple(kept.values())


COLUMNS = (
    "metric",
    "unit",
    "direction",
    "period",
    "since",
    "value",
    "centre",
    "rule",
    "p_value",
    "severity",
    "base",
    "where",
    "touchpoint",
    "segment",
    "level",
    "group",
    "change",
    "low",
    "high",
    "place_n",
    "measure",
)


def investigate(
    warnings: EarlyWarnings | None,
    *,
    page: ChartPage,
    survey: pd.DataFrame | None,
    metrics: Sequence[Metric] = (),
    touchpoints: Sequence[Touchpoint] = (),
    segments: Sequence[str] = (),
    measures: Mapping[str, str] | None = None,
    cluster: str | None = None,
    minimum_base: int = MINIMUM_BASE,
) -> WarningList:
    """Follow up each warning: where it sits, what customers say there, whose measure answers it.

    Parameters
    ----------
    warnings : EarlyWarnings or None
        None where there is no chart to warn of.
    page : ChartPage
        The charts that it was raised from.
    survey : pandas.DataFrame or None
        Answers of every period up to now.
    metrics, touchpoints, segments
        The KPIs asked, the touchpoints and the segment columns.
    measures : mapping of str to str, optional
        What is being done and by whom, by the key of a KPI or touchpoint.
    cluster : str, optional
        Column of customers' ids, where customers repeat.
    minimum_base : int
        Groups on fewer answers are neither named nor quoted.

    Returns
    -------
    WarningList
    """
    asked: list[Metric | Touchpoint] = [*metrics, *touchpoints]
    questions = {question.key: question for question in asked}
    causes, comments = [], []
    raised_of = [] if warnings is None else warnings.table.to_dict("records")
    for raised in raised_of:
        key = str(raised["chart"])
        question = questions.get(key) if survey is not None else None
        steps = touchpoints if isinstance(question, Metric) else ()
        cause = _cause(
            raised, page, survey, question, steps, segments, cluster, minimum_base, measures or {}
        )
        causes.append(cause)
        if raised["direction"] == "worsening" and survey is not None and question is not None:
            comments.append(heard_from(survey, question, cause.row, touchpoints, minimum_base))
    heard = [part for part in comments if len(part)]
    place = ["touchpoint", "segment", "level", "comment"]
    return WarningList(
        table=pd.DataFrame([cause.row for cause in causes], columns=list(COLUMNS)).reset_index(
            drop=True
        ),
        comments=pd.concat(heard).drop_duplicates(place).reset_index(drop=True)
        if heard
        else pd.DataFrame(columns=list(COMMENT_COLUMNS)),
        causes=tuple(causes),
        level=0.0 if warnings is None else warnings.level,
        false_alarm_rate=0.0 if warnings is None else warnings.false_alarm_rate,
        n_charts=0 if warnings is None else warnings.n_charts,
        n_held_back=0 if warnings is None else len(warnings.held_back),
        caveats=()
        if warnings is None
        else tuple(c for c in warnings.caveats if "chart" not in c.facts),
    )


def _cause(
    raised: dict[Any, Any],
    page: ChartPage,
    survey: pd.DataFrame | None,
    question: Metric | Touchpoint | None,
    steps: Sequence[Touchpoint],
    segments: Sequence[str],
    cluster: str | None,
    minimum_base: int,
    measures: Mapping[str, str],
) -> Cause:
    key, now = str(raised["chart"]), str(raised["period"])
    about = page.table[page.table["metric"] == key].iloc[0]
    before = _before(page, key, str(raised["since"]))
    found: Drilldown | None = None
    mix: pd.Series | None = None
    units: FigureSplit | None = None
    if before is not None and question is not None and survey is not None:
        found = drill_down(
            survey,
            metric=question,
            before=before,
            after=now,
            touchpoints=steps,
            segments=segments,
            cluster=cluster,
            minimum_base=minimum_base,
        )
        pair = survey[survey["period"].isin([before, now])]
        mix = _clear_mix(
            split_changes(
                pair,
                metrics=[question],
                segments=segments,
                period=now,
                previous=before,
                cluster=cluster,
                minimum_base=minimum_base,
            ),
            key,
        )
    elif before is not None and page.units["kpi"].eq(key).any():
        units = split_figure(page.units, metric=key, before=before, after=now)
        units = units if units.n_units > 1 else None
    row = {name: raised.get(name) for name in COLUMNS}
    row |= {"metric": key, "unit": about["unit"], "base": about["base"]}
    row |= _where(found) | {"where": _in_words(found, mix, units)}
    answering = (str(row["touchpoint"]), key)
    row["measure"] = next((measures[k] for k in answering if k in measures), NO_MEASURE)
    return Cause(row=pd.Series(row), before=before, drilldown=found, mix=mix, units=units)


def _before(page: ChartPage, key: str, since: str) -> str | None:
    """Return the last measured period before a signal began."""
    measured = page.charts[key].table.dropna(subset=["value"])["period"].tolist()
    at = measured.index(since)
    return str(measured[at - 1]) if at else None


def _clear_mix(splits: ChangeSplits, key: str) -> pd.Series | None:
    row = splits.main(key, "last period")
    if row is None or row["mix_low"] <= 0 <= row["mix_high"]:
        return None
    return row


def _where(found: Drilldown | None) -> dict[str, Any]:
    place = None if found is None else found.place
    if found is None or place is None:
        empty = {"touchpoint": "", "segment": "", "level": "", "group": ""}
        return empty | {"change": nan, "low": nan, "high": nan, "place_n": nan}
    group = found.group
    named = place if group is None else group
    return {
        "touchpoint": "" if place["question"] == found.metric else place["question"],
        "segment": named["segment"],
        "level": named["level"],
        "group": group_of(named["segment"], named["level"]),
        "change": named["change"],
        "low": named["low"],
        "high": named["high"],
        "place_n": int(named["n"]),
    }


def _in_words(found: Drilldown | None, mix: pd.Series | None, units: FigureSplit | None) -> str:
    """Return where a warning sits: a touchpoint's key, or a message."""
    if found is None:
        return UNKNOWN if units is None else BY_UNIT
    place = found.place
    if place is not None:
        return str(place["question"])
    mixed = mix is not None and abs(mix["mix"]) > abs(mix["rate"])
    return OTHER_CUSTOMERS if mixed else EVERYWHERE
