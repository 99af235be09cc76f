"""Analysis room: what a process chart amounts to, and the reservations about it."""

from __future__ import annotations

from math import isnan, sqrt
from typing import TYPE_CHECKING

import pandas as pd

from cxlib.analysis._rules import IN_A_ROW
from cxlib.analysis._series import Series
from cxlib.analysis.results import Caveat
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.analysis.charts import XmrChart

TRIAL_POINTS = 12
"""Limits on fewer points still move with every new one (NHS England, Making data count)."""
MATERIAL_Z = 1.96
"""Lag-1 autocorrelations beyond this many standard errors (1/sqrt n) are called material."""


def variation(latest: pd.Series, direction: float, improvement: str | None) -> str | None:
    """Return the NHS variation verdict on the latest point; None where no limit can be set."""
    if direction == 0:
        return None if isnan(latest["upper"]) else _("common cause")
    if improvement is None:
        return _("neither high") if direction > 0 else _("neither low")
    return _("improving") if (direction > 0) == (improvement == "higher") else _("concerning")


def assurance(latest: pd.Series, target: float | None, improvement: str | None) -> str | None:
    """Return whether the latest limits lie clear of the target on the good or the bad side."""
    if target is None or isnan(latest["upper"]):
        return None
    worst, best = latest["lower"], latest["upper"]
    if improvement == "lower":
        worst, best, target = -best, -worst, -target
    if worst >= target:
        return _("reaches")
    return _("misses") if best <= target else _("may or may not")


def autocorrelation(table: pd.DataFrame) -> float:
    """Return the lag-1 autocorrelation about the segments' centres; gaps break pairs."""
    gap = table["value"] - table["centre"]
    total = float((gap**2).sum())
    if total <= 0 or len(gap.dropna()) < 3:
        return float("nan")
    within = table["segment"].eq(table["segment"].shift())
    return float((gap * gap.shift()).where(within).sum() / total)


def material(correlation: float, *, n: int) -> bool:
    """Return whether a lag-1 autocorrelation is beyond what `n` independent values show."""
    return abs(correlation + 1 / n) > MATERIAL_Z / sqrt(n)


def caveats_of(chart: XmrChart, series: Series) -> tuple[Caveat, ...]:
    """Return the reservations about a chart, in the order in which a reader needs them."""
    return (
        *_about_limits(chart),
        *_about_rows(chart, series),
        *_about_noise(chart),
        *(_rebase(period, reason) for period, reason in chart.rebased),
    )


def _about_limits(chart: XmrChart) -> list[Caveat]:
    caveats = []
    measured = chart.table[chart.table["value"].notna()]
    latest = measured.iloc[-1]
    n = int(measured["segment"].eq(latest["segment"]).sum())
    if isnan(latest["upper"]):
        caveats.append(Caveat(_("No two neighbouring periods have a value: no limits can be set.")))
    elif chart.trial:
        caveats.append(
            Caveat(
                _("The limits rest on {n} points and are on trial; {needed} settle them."),
                n=n,
                needed=TRIAL_POINTS,
            )
        )
    if latest["upper"] == latest["lower"]:
        caveats.append(Caveat(_("The values do not vary: the limits have no width.")))
    screened = int(chart.table["screened"].sum())
    if screened:
        caveats.append(
            Caveat(
                _("{n} unusually large moving ranges were left out when the limits were set."),
                n=screened,
            )
        )
    return caveats


def _about_rows(chart: XmrChart, series: Series) -> list[Caveat]:
    caveats = []
    if chart.n_dropped:
        caveats.append(
            Caveat(
                _("{n} of {total} periods have no value; they stay gaps and end runs."),
                n=chart.n_dropped,
                total=len(chart.table),
            )
        )
    if series.unplaced:
        caveats.append(
            Caveat(_("{n} values have no standard error and are gaps."), n=series.unplaced)
        )
    return caveats


def _about_noise(chart: XmrChart) -> list[Caveat]:
    caveats = []
    if not chart.false_alarm_rate_valid:
        caveats.append(
            Caveat(
                _(
                    "Neighbouring values are correlated ({r:.2f}): limits, rules and the "
                    "false-alarm rate assume independent ones and are not valid here."
                ),
                r=chart.autocorrelation,
            )
        )
    if chart.seasonality is not None and chart.seasonality.seasonal:
        caveats.append(
            Caveat(
                _(
                    "The values follow a season (p = {p:.3f}): compare with the same time last "
                    "year; a run of {length} may be the time of year."
                ),
                p=chart.seasonality.p_value,
                length=IN_A_ROW,
            )
        )
    return caveats


def _rebase(period: str, reason: str) -> Caveat:
    if reason:
        return Caveat(
            _("Limits were recalculated from {period}: {reason}"), period=period, reason=reason
        )
    return Caveat(_("Limits were recalculated from {period}; no reason was given."), period=period)
