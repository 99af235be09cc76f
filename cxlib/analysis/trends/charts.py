"""Process charts: XmR, and charts of survey scores, with the NHS rules and shifts of level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf, isnan, nan, sqrt
from typing import Any, ClassVar, Literal, TypedDict, Unpack

import pandas as pd
from scipy.stats import t as student

from cxlib.analysis.metrics import check_options, number, one_of
from cxlib.analysis.results import Caveat, TableResult, counted, said
from cxlib.analysis.trends.rules import RULES
from cxlib.analysis.trends.series import (
    Seasonality,
    Series,
    read_scores,
    read_values,
    rebased_at,
    season_of,
)
from cxlib.analysis.trends.stable import segments
from cxlib.analysis.validate import count
from cxlib.errors import DataError
from cxlib.words import mark as _

Improvement = Literal["higher", "lower"]
Ends = tuple[float | None, float | None]


class Drawn(TypedDict, total=False):
    """What every chart takes; see `xmr`."""

    target: float | None
    rebase: Sequence[str] | Mapping[str, str] | None
    screen: bool
    rules: str | Sequence[str]
    shifts: bool


TRIAL_POINTS = 12
"""Limits on fewer points still move with every new one (NHS England, Making data count)."""
VARIATION = {"better": _("improving"), "worse": _("concerning")}
VARIATION |= {"high": _("neither high"), "low": _("neither low")}
COMMON = _("common cause")
"""The NHS verdict on the latest point, by its signal; none where no limit can be set."""
UNSETTLED = 0.5
"""Share of points that signal from which on no level is called usual."""
MATERIAL_Z = 1.96
"""Lag-1 autocorrelations beyond this many standard errors (1/sqrt n) are called material."""


class XmrChart(TableResult):
    """A process chart: what is noise, what is signal, and how often the chart itself cries wolf.

    ``table``, a row a period in time order, gaps included: ``period, value, centre, lower, upper``
    (NaN from a shift on until 8 points have followed), ``flags`` (the rules that flag the point,
    joined by ", ": ``outside, trend, two in three, shift, new level``), ``signal`` (``better,
    worse``; ``high, low`` where neither is better), ``moving_range, screened`` (left out of the
    limits), ``segment`` (a new one at each rebase and shift); of a score ``standard_error``, by the
    pooled variance.
    """

    counts: ClassVar[str] = "periods"  # with a value, and without
    improvement: str | None  # "higher", "lower"; None where neither is better
    target: float | None  # in the KPI's unit
    # of the latest measured point: "improving", "concerning", "common cause", or without a
    # direction "neither high" and "neither low"; None without limits
    variation: str | None
    # latest limits against the target: "reaches", "misses", "may or may not"; None on trial limits
    assurance: str | None
    miss_chance: float  # of one more period, while the process stays (0 to 1, by t); else NaN
    false_alarm_rate: float  # share of stable series of this shape that the rules flag
    false_alarm_rate_valid: bool  # not where the autocorrelation is material
    autocorrelation: float  # lag-1, about the segments' centres; NaN where there is none
    trial: bool  # the latest limits rest on fewer than 12 points
    seasonality: Seasonality | None  # where 24 months or quarters are there; the chart stays raw
    rebased: tuple[tuple[str, str], ...]  # period and reason of each declared recalculation
    shifts: tuple[str, ...]  # periods at which the level shifted, where they were looked for
    before: float  # level before the latest rebase or shift; NaN without one
    rules: tuple[str, ...]
    screen: bool

    @property
    def unsettled(self) -> bool:
        """Whether at least half of the points since the latest break signal: nothing is usual."""
        measured = self.table[self.table["value"].notna()]
        here = measured.loc[measured["segment"] == measured["segment"].iloc[-1], "flags"]
        return len(here) > 1 and bool((here != "").mean() >= UNSETTLED)


def xmr(
    values: pd.Series,
    *,
    improvement: Improvement | None,
    window: int = 1,
    limits: Ends | None = None,
    **drawn: Unpack[Drawn],
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
    limits : (float or None, float or None), optional
        Lowest and highest possible value, None for no end; drawn limits stay within them.
    shifts : bool
        Look for shifts of level (stable charts show one in at most 1 % of cases) and set the limits
        anew from there once 8 points have followed; before that none are set behind it.

    Returns
    -------
    XmrChart
        Its false-alarm rate comes from 10,000 simulated stable series of the same shape.

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
    if count(number(window, "window", least=1), "window") > 1:
        raise DataError(
            f"a rolling window of {window} periods cannot be charted: neighbouring values share "
            "data, and 91 % of stable rolling series (3 months over 24) raise a flag; chart the "
            "single periods."
        )
    return _chart(read_values(values), improvement, limits, **drawn)


def score_chart(
    table: pd.DataFrame,
    *,
    improvement: Improvement | None,
    limits: tuple[float, float] | None = None,
    **drawn: Unpack[Drawn],
) -> XmrChart:
    """Chart a survey score, or a share of cases, with limits that know each period's sample.

    Limits are centre ± 3 sqrt(tau² + v_t), v_t = σ²/n_t. σ² is the variance of one answer pooled
    over the periods (of a share: that at the centre, as in a p chart), never a period's own: a
    month of 100 % has none. tau², what the process varies beyond its sampling noise, solves
    mean(abs(x_t+1 − x_t) / sqrt(2 tau² + v_t + v_t+1)) = sqrt(2/π), else it is 0; the centre is
    weighted by 1/(tau² + v_t). An additive variance, unlike Laney's factor.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a period: ``period``, ``value`` (the KPI's unit), ``n_star`` (answers, the design
        effect included) or ``n``, and ``variance`` (of one answer) or ``standard_error``; of a
        share a column ``kind`` that says ``share`` or ``csat`` instead. Or ``numerator`` and
        ``denominator`` instead of all these. A value without answers counts as a gap.
    improvement, **drawn
        As in `xmr`: ``target, rebase, screen, rules, shifts``; the outer third is that of the
        point's own limits.
    limits : (float, float), optional
        Lowest and highest possible score, of a share known without; drawn limits stay within.

    References
    ----------
    .. [1] Laney, D. B. (2002). Improved control charts for attributes. Quality Engineering 14.
    .. [2] Montgomery, D. C. (2009). Introduction to Statistical Quality Control, ch. 6.
    """
    series = read_scores(table, limits=limits)
    if limits is None and series.variance is None:
        limits = (0.0, series.whole)
    return _chart(series, improvement, limits, **drawn)


def _chart(
    series: Series, improvement: Improvement | None, limits: Ends | None, **drawn: Unpack[Drawn]
) -> XmrChart:
    check_options(drawn, Drawn.__annotations__)
    target, rules = drawn.get("target"), drawn.get("rules", "nhs")
    screen = drawn.get("screen", True)
    _check(improvement, target, limits)
    named = (rules,) if isinstance(rules, str) else tuple(rules or ())
    if not named:
        raise DataError(f"rules are {rules!r}; write 'nhs' for all, or one or more of them.")
    for rule in named:
        one_of(rule, (*RULES, "nhs"), f"there is no rule {rule!r}")
    chosen = tuple(rule for rule in RULES if rule in named or "nhs" in named)
    rebased, declared = rebased_at(series, drawn.get("rebase"))
    how: Any = {"improvement": improvement, "screen": screen, "rules": chosen}
    series = replace(series, **how, ends=limits or (None, None))
    table, shifted, rate = segments(series, declared, look=drawn.get("shifts", False))
    measured = table[table["value"].notna()]
    latest = measured.iloc[-1]
    now = measured[measured["segment"] == latest["segment"]]
    earlier = measured.loc[measured["segment"] < latest["segment"], "centre"].dropna()
    gap = table["value"] - table["value"].groupby(table["segment"]).transform("mean")
    correlation = _correlation(gap, table["segment"])
    trial, n = len(now) < TRIAL_POINTS or isnan(latest["centre"]), len(measured)
    judged = None if trial else _assurance(latest, target, improvement)
    chart = XmrChart(
        table=table,
        improvement=improvement,
        target=None if target is None else float(target),
        variation=VARIATION.get(latest["signal"], None if isnan(latest["upper"]) else COMMON),
        assurance=judged,
        miss_chance=nan if judged is None else _miss_chance(now, target, improvement),
        false_alarm_rate=rate,
        false_alarm_rate_valid=not abs(correlation + 1 / n) > MATERIAL_Z / sqrt(n),
        autocorrelation=correlation,
        trial=trial,
        seasonality=season_of(series.periods, series.points),
        rebased=rebased,
        shifts=shifted,
        before=float(earlier.iloc[-1]) if len(earlier) else nan,
        rules=chosen,
        screen=screen,
        n_used=n,
        n_dropped=len(table) - n,
    )
    return replace(chart, caveats=_caveats(chart, len(now), series.unplaced))


def _check(improvement: str | None, target: float | None, ends: Ends | None) -> None:
    if improvement is not None:
        message = f"improvement {improvement!r} is not 'higher', 'lower' or None"
        one_of(improvement, ("higher", "lower"), message)
    if ends is not None and None not in ends and not ends[0] < ends[1]:  # type: ignore[operator]
        raise DataError(f"limits {ends} are not a lowest and a highest value.")
    if target is None:
        return
    number(target, "target", above=-inf)
    if improvement is None:
        raise DataError(f"target {target:g} has no direction; say improvement='higher' or 'lower'.")


def _assurance(latest: pd.Series, target: float | None, improvement: str | None) -> str | None:
    """Return whether the latest limits lie clear of the target on the good or the bad side."""
    if target is None or isnan(latest["upper"]):
        return None
    worst, best = latest["lower"], latest["upper"]
    if improvement == "lower":
        worst, best, target = -best, -worst, -target
    if worst >= target:
        return _("reaches")
    return _("misses") if best <= target else _("may or may not")


def _miss_chance(now: pd.DataFrame, target: float | None, improvement: str | None) -> float:
    """Return the chance that one more period misses the target; never less than values scatter."""
    latest, n = now.iloc[-1], len(now)
    scatter = float(now["value"].var())
    reach = max(latest["upper"] - latest["centre"], latest["centre"] - latest["lower"]) / 3
    spread = sqrt(max(reach**2, scatter) * (1 + 1 / n))
    ahead = (latest["centre"] - (target or 0.0)) * (1 if improvement == "higher" else -1)
    if spread == 0:
        return float(ahead < 0)
    return float(student.cdf(-ahead / spread, n - 1))


def _correlation(gap: pd.Series, segment: pd.Series) -> float:
    if len(gap.dropna()) < 3 or float((gap**2).sum()) <= 0:
        return nan
    within = segment.eq(segment.shift())
    return float((gap * gap.shift()).where(within).sum() / (gap**2).sum())


def _caveats(chart: XmrChart, points: int, unplaced: int) -> tuple[Caveat, ...]:
    """Return the reservations about a chart, in the order in which a reader needs them."""
    latest = chart.table[chart.table["value"].notna()].iloc[-1]
    season = chart.seasonality
    rebased: tuple[Caveat, ...] = ()
    if chart.shifts and isnan(latest["centre"]):
        limits = said(True, _SHIFTED, period=chart.shifts[-1], n=points)
    elif isnan(latest["upper"]):
        limits = said(True, _("No two neighbouring periods have a value: no limits can be set."))
    else:
        limits = said(chart.trial, _TRIAL, n=points, needed=TRIAL_POINTS)
    for period, reason in chart.rebased:
        told = {"period": period} | ({"reason": reason} if reason else {})
        rebased += said(True, _REBASED if reason else _BARE, **told)
    return (
        *limits,
        *said(latest["upper"] == latest["lower"], _FLAT),
        *counted((chart.table["screened"].sum(), _SCREENED)),
        *counted((chart.n_dropped, _GAPS), total=len(chart.table)),
        *counted(
            (
                unplaced,
                _("{n} {n:value has|values have} no number of answers and {n:is a gap|are gaps}."),
            )
        ),
        *said(not chart.false_alarm_rate_valid, _CORRELATED, r=chart.autocorrelation),
        *(() if season is None else said(season.seasonal, _SEASON, p=season.p_value)),
        *rebased,
    )


_SHIFTED = _(
    "The level shifted in {period}; {n} {n:period since is|periods since are} too few "
    "to say what is usual."
)
_TRIAL = _("The limits rest on {n} {n:point|points} and are on trial; {needed} settle them.")
_FLAT = _("The values do not vary: the limits have no width.")
_SCREENED = _("Unusually large moving ranges that were left out when the limits were set: {n}.")
_GAPS = _(
    "{n} of {total} periods {n:has|have} no value; {n:it stays a gap|they stay gaps} and "
    "{n:ends a run|end runs}."
)
_CORRELATED = _(
    "Neighbouring values are correlated ({r:.2f}): limits, rules and the false-alarm rate assume "
    "independent ones and are not valid here."
)
_SEASON = _("The values follow a season (p = {p:.3f}): compare with the same time last year.")
_REBASED = _("Limits were recalculated from {period}: {reason}")
_BARE = _("Limits were recalculated from {period}; no reason was given.")
