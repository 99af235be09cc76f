"""Analysis room: process charts (XmR, and charts of survey scores) with the NHS rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from cxlib.analysis import _rules
from cxlib.analysis._series import Series, read_scores, read_values, rebased_at
from cxlib.analysis._stable import stable_like
from cxlib.analysis._verdicts import (
    TRIAL_POINTS,
    assurance,
    autocorrelation,
    caveats_of,
    material,
    variation,
)
from cxlib.analysis.results import Caveat
from cxlib.analysis.seasonality import Seasonality, season_of
from cxlib.errors import DataError, nearest

Improvement = Literal["higher", "lower"]


@dataclass(frozen=True, kw_only=True)
class XmrChart:
    """A process chart: what is noise, what is signal, and how often the chart itself cries wolf.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a period in time order, gaps included: ``period`` (text), ``value``, ``centre``,
        ``lower``, ``upper`` (in the KPI's unit), ``flags`` (text: the rules that flag the point,
        joined by ", ", of ``outside``, ``trend``, ``two in three``, ``shift``; empty for none),
        ``moving_range``, ``screened`` (moving range left out of the limits), ``segment`` (1, 2, …,
        a new one at each rebase); a score chart also has ``standard_error``.
    improvement : str or None
        ``"higher"``, ``"lower"``, or None where neither is better.
    target : float or None
        The target, in the KPI's unit.
    variation : str or None
        Of the latest measured point: ``"improving"``, ``"concerning"``, ``"common cause"``, or
        without a direction ``"neither high"`` and ``"neither low"``; None without limits.
    assurance : str or None
        Against the latest limits: ``"reaches"`` the target whatever the noise, ``"misses"`` it, or
        ``"may or may not"``; None without a target.
    false_alarm_rate : float
        Share of stable series of this shape on whose charts at least one point is flagged (0 to 1).
    false_alarm_rate_valid : bool
        False where the autocorrelation is material: the rate assumes independent points.
    autocorrelation : float
        Lag-1, of the values about their segment's centre; NaN where it cannot be calculated.
    trial : bool
        The latest limits rest on fewer than 12 points.
    seasonality : Seasonality or None
        The test for a season, where 24 months (or 8 quarters) are there.
    rebased : tuple of (str, str)
        Period and reason of each recalculation; the reason is empty where none was given.
    n_used, n_dropped : int
        Periods with and without a value.
    """

    counts: ClassVar[str] = "periods"
    table: pd.DataFrame
    improvement: str | None
    target: float | None
    variation: str | None
    assurance: str | None
    false_alarm_rate: float
    false_alarm_rate_valid: bool
    autocorrelation: float
    trial: bool
    seasonality: Seasonality | None
    rebased: tuple[tuple[str, str], ...]
    rules: tuple[str, ...]
    screen: bool
    n_used: int
    n_dropped: int
    caveats: tuple[Caveat, ...]


def xmr(
    values: pd.Series,
    *,
    improvement: Improvement | None,
    target: float | None = None,
    rebase: Sequence[str] | Mapping[str, str] | None = None,
    screen: bool = True,
    window: int = 1,
    rules: str | Sequence[str] = "nhs",
) -> XmrChart:
    """Chart one KPI over time: mean ± 2.66 mean moving ranges, and the NHS rules.

    Flagged are a point outside the limits; seven in a row on one side of the centre; seven points
    rising or falling; and, of three in a row on one side with none outside, the two or three in the
    outer third. Rules, moving ranges and limits do not reach across a rebase or a gap.

    Parameters
    ----------
    values : pandas.Series
        One value a period, in the KPI's unit, indexed by period labels (``2026-09``, ``2026Q3``,
        ``2026``), a PeriodIndex, a DatetimeIndex, or any order (a plain index, waves' names).
        Calendar periods are sorted; missing values and absent periods are gaps, never filled.
    improvement : "higher", "lower" or None
        Which way is better; None for neither.
    target : float, optional
        In the KPI's unit; needs `improvement`.
    rebase : sequence of str, or mapping of str to str, optional
        Periods from which limits are recalculated, with the reason where a mapping is given.
    screen : bool
        Leave moving ranges above 3.267 times their mean out once when limits are set.
    window : int
        Periods that one value covers. Above 1 is refused: the values share data.
    rules : "nhs" or sequence of str
        All four rules, or some of ``outside``, ``trend``, ``two in three``, ``shift``.

    Returns
    -------
    XmrChart
        Its false-alarm rate comes from 20,000 simulated stable series of the same shape.

    Raises
    ------
    DataError
        If there is no value, one is not a finite number, a period comes twice, `rebase` names an
        unknown period, a target has no direction, or `window` is above 1.

    References
    ----------
    .. [1] Wheeler, D. J. (1993). Understanding Variation. SPC Press.
    .. [2] NHS England (2024). Making data count: Strengthening your decisions.
    .. [3] Reading, C. et al. NHSRplotthedots (R package): rules and their order.
    """
    if isinstance(window, bool) or not isinstance(window, Integral) or window < 1:
        raise DataError(f"window {window!r} is not a whole number of periods from 1.")
    if window > 1:
        raise DataError(
            f"a rolling window of {window} periods cannot be charted: neighbouring values share "
            "data, and 91 % of stable rolling series (3 months over 24) raise a flag; chart the "
            "single periods."
        )
    return _chart(
        read_values(values),
        improvement=improvement,
        target=target,
        rebase=rebase,
        screen=screen,
        rules=rules,
        bounds=None,
    )


def score_chart(
    table: pd.DataFrame,
    *,
    improvement: Improvement | None,
    target: float | None = None,
    rebase: Sequence[str] | Mapping[str, str] | None = None,
    screen: bool = True,
    rules: str | Sequence[str] = "nhs",
    limits: tuple[float, float] | None = None,
) -> XmrChart:
    """Chart a survey score over time with limits that know each period's sample.

    Limits are centre ± 3 sqrt(tau² + SE_t²) with tau² = max(0, (mean moving range/1.128)² − mean
    SE²): what the process varies beyond its sampling noise. The centre is the plain mean. Rules,
    gaps and screening as in `xmr`; the outer third is that of the point's own limits.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``period``, ``value`` and ``standard_error`` (the KPI's unit); one row a period.
        A value without a standard error cannot be placed and counts as a gap.
    improvement, target, rebase, screen, rules
        As in `xmr`.
    limits : (float, float), optional
        Lowest and highest possible score; the drawn limits are clipped to them.

    Returns
    -------
    XmrChart
        With a ``standard_error`` column in its table.

    Raises
    ------
    DataError
        As `xmr`; also if a column is missing, a standard error is negative, or a value lies
        beyond `limits`.

    References
    ----------
    .. [1] Laney, D. B. (2002). Improved control charts for attributes. Quality Engineering 14.
    .. [2] Montgomery, D. C. (2009). Introduction to Statistical Quality Control, ch. 6.
    """
    return _chart(
        read_scores(table, limits=limits),
        improvement=improvement,
        target=target,
        rebase=rebase,
        screen=screen,
        rules=rules,
        bounds=limits,
    )


def _chart(
    series: Series,
    *,
    improvement: Improvement | None,
    target: float | None,
    rebase: Sequence[str] | Mapping[str, str] | None,
    screen: bool,
    rules: str | Sequence[str],
    bounds: tuple[float, float] | None,
) -> XmrChart:
    _check(improvement, target)
    chosen = _chosen(rules)
    rebased, segments = rebased_at(series, rebase)
    table, direction, alarms = _tabulate(series, segments, screen, chosen)
    if bounds is not None:
        table[["lower", "upper"]] = table[["lower", "upper"]].clip(*bounds)
    measured = table[table["value"].notna()]
    latest = measured.iloc[-1]
    per_segment = measured.groupby("segment")["value"].count()
    correlation = autocorrelation(table)
    chart = XmrChart(
        table=table,
        improvement=improvement,
        target=None if target is None else float(target),
        variation=variation(latest, direction, improvement),
        assurance=assurance(latest, target, improvement),
        false_alarm_rate=float(1 - np.prod(1 - np.asarray(alarms))),
        false_alarm_rate_valid=not material(correlation, n=len(measured)),
        autocorrelation=correlation,
        trial=bool(per_segment.iloc[-1] < TRIAL_POINTS),
        seasonality=season_of(series.periods, series.points),
        rebased=rebased,
        rules=chosen,
        screen=screen,
        n_used=len(measured),
        n_dropped=len(table) - len(measured),
        caveats=(),
    )
    return replace(chart, caveats=caveats_of(chart, series))


def _check(improvement: str | None, target: float | None) -> None:
    if improvement not in ("higher", "lower", None):
        near = nearest(str(improvement), ("higher", "lower"))
        raise DataError(f"improvement {improvement!r} is not 'higher', 'lower' or None{near}")
    if target is None:
        return
    if isinstance(target, bool) or not isinstance(target, Real) or not np.isfinite(target):
        raise DataError(f"target {target!r} is not a number.")
    if improvement is None:
        raise DataError(f"target {target:g} has no direction; say improvement='higher' or 'lower'.")


def _chosen(rules: str | Sequence[str]) -> tuple[str, ...]:
    named = (rules,) if isinstance(rules, str) else tuple(rules or ())
    if not named:
        raise DataError(f"rules are {rules!r}; write 'nhs' for all, or one or more of them.")
    for rule in named:
        if rule not in (*_rules.RULES, "nhs"):
            near = nearest(str(rule), (*_rules.RULES, "nhs"))
            raise DataError(f"there is no rule {rule!r}{near}")
    if "nhs" in named:
        return _rules.RULES
    return tuple(rule for rule in _rules.RULES if rule in named)


def _tabulate(
    series: Series, segments: list[slice], screen: bool, rules: tuple[str, ...]
) -> tuple[pd.DataFrame, float, list[float]]:
    """Return the table, the direction of the latest measured point, and each segment's alarms."""
    parts, alarms, direction = [], [], 0.0
    for number, rows in enumerate(segments, start=1):
        values = series.points[None, rows]
        errors = None if series.errors is None else series.errors[rows]
        limit = _rules.limits(values, errors, screen=screen)
        found = _rules.signals(values, limit, rules)
        last = int(np.flatnonzero(~np.isnan(values[0]))[-1])
        ways = (float(found.direction[rule][0, last]) for rule in rules)
        direction = next((way for way in ways if way), 0.0)
        alarms.append(stable_like(values[0], errors, screen=screen, rules=rules).any_flag)
        part = pd.DataFrame(
            {
                "period": series.periods[rows],
                "value": values[0],
                "centre": limit.centre[0, 0],
                "lower": (limit.centre - limit.half)[0],
                "upper": (limit.centre + limit.half)[0],
                "flags": _joined(found.flags),
                "moving_range": limit.moving[0],
                "screened": limit.screened[0],
                "segment": number,
            }
        )
        parts.append(part if errors is None else part.assign(standard_error=errors))
    return pd.concat(parts, ignore_index=True), direction, alarms


def _joined(flags: Mapping[str, _rules.Flags]) -> list[str]:
    n = next(iter(flags.values())).shape[1] if flags else 0
    return [", ".join(rule for rule in flags if flags[rule][0, t]) for t in range(n)]
