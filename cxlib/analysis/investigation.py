"""Analysis room: each early warning followed up: how sure, since when, where, in whose words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import pandas as pd

from cxlib.analysis.alerts import EarlyWarnings
from cxlib.analysis.drilldown import ALL, Drilldown, drill_down
from cxlib.analysis.figures import FigureSplit, split_figure
from cxlib.analysis.metrics import Metric, Touchpoint
from cxlib.analysis.pages import ChartPage
from cxlib.analysis.results import MINIMUM_BASE, Caveat
from cxlib.analysis.splits import ChangeSplits, split_changes
from cxlib.words import mark as _

COMMENTS = 3
"""Enough to hear the tone, too few to be mistaken for a count."""
LOW_SHARE = 0.5
"""Comments are taken from ratings in the lower half of the scale."""
NO_MEASURE = _("no measure recorded yet")


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
        ``touchpoint, segment, level`` (empty where no place is clear), ``change, low, high`` (of
        that place since before the signal), ``place_n``; ``measure`` (the one recorded against
        it, else that there is none).
    comments : pandas.DataFrame
        At most three a worsening: ``metric, touchpoint, segment, level, rating, period, comment``.
    causes : tuple of Cause
        In the table's order.
    level, false_alarm_rate, n_charts
        As in `alerts.EarlyWarnings`.
    n_used, n_dropped : int
        Warnings, and signals too weak for a page of so many charts.
    """

    table: pd.DataFrame
    comments: pd.DataFrame
    causes: tuple[Cause, ...]
    level: float
    false_alarm_rate: float
    n_charts: int
    n_used: int
    n_dropped: int
    caveats: tuple[Caveat, ...] = ()


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
    "touchpoint",
    "segment",
    "level",
    "change",
    "low",
    "high",
    "place_n",
    "measure",
)
COMMENT_COLUMNS = ("metric", "touchpoint", "segment", "level", "rating", "period", "comment")


def investigate(
    warnings: EarlyWarnings,
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
    warnings : EarlyWarnings
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
    for raised in warnings.table.to_dict("records"):
        key = str(raised["chart"])
        question = questions.get(key) if survey is not None else None
        steps = touchpoints if isinstance(question, Metric) else ()
        cause = _cause(
            raised, page, survey, question, steps, segments, cluster, minimum_base, measures or {}
        )
        causes.append(cause)
        if raised["direction"] == "worsening" and survey is not None and question is not None:
            comments.append(_heard(survey, question, cause, touchpoints, minimum_base))
    heard = [part for part in comments if len(part)]
    return WarningList(
        table=pd.DataFrame([cause.row for cause in causes], columns=list(COLUMNS)).reset_index(
            drop=True
        ),
        comments=pd.concat(heard, ignore_index=True)
        if heard
        else pd.DataFrame(columns=list(COMMENT_COLUMNS)),
        causes=tuple(causes),
        level=warnings.level,
        false_alarm_rate=warnings.false_alarm_rate,
        n_charts=warnings.n_charts,
        n_used=len(causes),
        n_dropped=len(warnings.held_back),
        caveats=warnings.caveats,
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
        units = units if units.n_used > 1 else None
    row = {name: raised.get(name) for name in COLUMNS}
    row |= {"metric": key, "unit": about["unit"], "base": about["base"]}
    row |= _where(found)
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
        empty = {"touchpoint": "", "segment": "", "level": ""}
        return empty | {"change": nan, "low": nan, "high": nan, "place_n": nan}
    group = found.group
    named = place if group is None else group
    return {
        "touchpoint": "" if place["question"] == found.metric else place["question"],
        "segment": named["segment"],
        "level": named["level"],
        "change": named["change"],
        "low": named["low"],
        "high": named["high"],
        "place_n": int(named["n"]),
    }


def _heard(
    survey: pd.DataFrame,
    question: Metric | Touchpoint,
    cause: Cause,
    touchpoints: Sequence[Touchpoint],
    minimum_base: int,
) -> pd.DataFrame:
    """Return up to three comments by those who rate the worst place low, lowest first."""
    row = cause.row
    by_key: dict[str, Metric | Touchpoint] = {t.key: t for t in touchpoints}
    asked = by_key.get(str(row["touchpoint"]), question)
    rows = survey[survey["period"] == row["period"]]
    if row["level"] != ALL:
        rows = rows[rows[row["segment"]].astype(object).astype(str) == row["level"]]
    if rows[asked.key].notna().sum() < minimum_base or "comment" not in rows or asked.scale is None:
        return pd.DataFrame(columns=list(COMMENT_COLUMNS))
    lowest, highest = asked.scale
    badness = rows[asked.key] if asked.direction == "higher" else lowest + highest - rows[asked.key]
    low = badness < lowest + LOW_SHARE * (highest - lowest)
    text = rows["comment"].astype("string").str.strip()
    said = rows[low & text.notna() & (text != "")].assign(_badness=badness, _length=text.str.len())
    said = said.sort_values(["_badness", "_length"], ascending=[True, False], kind="stable")
    said = said.drop_duplicates("comment").head(COMMENTS)
    return pd.DataFrame(
        {
            "metric": row["metric"],
            "touchpoint": "" if asked.key == question.key else asked.key,
            "segment": row["segment"],
            "level": row["level"],
            "rating": said[asked.key],
            "period": said["period"],
            "comment": said["comment"].astype(object),
        }
    ).reset_index(drop=True)
