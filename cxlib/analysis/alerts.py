"""Analysis room: early warnings from a page of process charts, with a bound on false ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from cxlib.analysis import _rules
from cxlib.analysis._stable import StableCharts, stable_like
from cxlib.analysis.charts import XmrChart
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError
from cxlib.words import mark as _

FALSE_REPORT = 0.20
"""A client whose process is stable is wrongly warned in at most one report of five: rarer, and
real changes are seen months later; more often, and nobody reads the warnings."""
SERIOUS_REPORT = 0.05
"""A worsening that would pass even at one false report in twenty is serious."""

COLUMNS = (
    "chart",
    "period",
    "since",
    "rule",
    "direction",
    "value",
    "centre",
    "p_value",
    "severity",
)


@dataclass(frozen=True, kw_only=True)
class EarlyWarnings:
    """What the latest points of a page of charts warn of.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a warning, strongest first: ``chart`` (its name), ``period`` (of its latest value),
        ``since`` (where the signal began), ``rule`` (the strongest of the rules that flag it),
        ``direction`` (``worsening``, ``improving``; ``rising`` or ``falling`` where neither is
        better), ``value``, ``centre`` (KPI units), ``p_value`` (how often a stable chart of this
        shape gives as strong a signal at its latest point), ``severity`` (``serious``,
        ``warning``, ``good``, ``note``).
    held_back : pandas.DataFrame
        The same columns: latest points that the rules flag, but too weakly for a page of so many
        charts.
    level : float
        The p-value at or below which a chart is warned of: `false_report` over the charts.
    false_alarm_rate : float
        At most this share of pages of stable charts holds any warning, however the charts move
        together (Bonferroni).
    unadjusted_rate : float
        Share of pages that would hold one by the rules alone, if the charts were independent.
    n_charts : int
    n_used, n_dropped : int
        Charts on the page with limits, and those without (one value, or no neighbours).
    """

    counts: ClassVar[str] = "charts"
    table: pd.DataFrame
    held_back: pd.DataFrame
    level: float
    false_report: float
    false_alarm_rate: float
    unadjusted_rate: float
    n_charts: int
    n_used: int
    n_dropped: int
    caveats: tuple[Caveat, ...]


def early_warnings(
    charts: Mapping[str, XmrChart] | Sequence[XmrChart], *, false_report: float = FALSE_REPORT
) -> EarlyWarnings:
    """Warn of charts whose latest value is a signal, sparing pages of stable charts.

    A stable chart flags its latest point 1.5 to 1.7 % of the time, so one of twenty does on more
    than a page in four. A chart is warned of where the rules flag its latest value and a stable
    chart of the same shape (points, gaps, screening, standard errors; 20,000 simulated) would give
    as strong a signal with probability ``false_report / charts`` or less.

    Parameters
    ----------
    charts : mapping of str to XmrChart, or sequence of XmrChart
        The page, by name; a sequence is numbered from 1.
    false_report : float
        Largest probability of any warning on a page of stable charts, between 0 and 1.

    Returns
    -------
    EarlyWarnings

    Raises
    ------
    DataError
        If there is no chart, or `false_report` is not between 0 and 1.

    References
    ----------
    .. [1] Woodall, W. H. (2006). The use of control charts in health-care and public-health
       surveillance. Journal of Quality Technology 38, 89-104.
    """
    named = _named(charts)
    if not 0 < false_report < 1:
        raise DataError(f"false_report {false_report!r} is not between 0 and 1.")
    level = false_report / len(named)
    serious = SERIOUS_REPORT / len(named)
    rows: list[dict[str, Any]] = []
    attained, plain = [], []
    for name, chart in named.items():
        row, alike = _latest(name, chart, serious=serious)
        attained.append(alike.false_alarm(level))
        plain.append(alike.latest_flag)
        rows += [row] if row else []
    found = pd.DataFrame(rows, columns=COLUMNS).sort_values("p_value", kind="stable")
    warned = found["p_value"].le(level)
    limited = sum(bool(_measured(chart)["upper"].notna().iloc[-1]) for chart in named.values())
    return EarlyWarnings(
        table=found[warned].reset_index(drop=True),
        held_back=found[~warned].reset_index(drop=True),
        level=level,
        false_report=false_report,
        false_alarm_rate=float(min(sum(attained), 1.0)),
        unadjusted_rate=float(1 - np.prod(1 - np.asarray(plain))),
        n_charts=len(named),
        n_used=limited,
        n_dropped=len(named) - limited,
        caveats=_caveats(named, n_without=len(named) - limited),
    )


def _named(charts: Mapping[str, XmrChart] | Sequence[XmrChart]) -> dict[str, XmrChart]:
    if isinstance(charts, Mapping):
        named = {str(name): chart for name, chart in charts.items()}
    elif isinstance(charts, Sequence):
        named = {str(number): chart for number, chart in enumerate(charts, start=1)}
    else:
        raise DataError(
            f"early_warnings takes charts by name, or a list of them, not {type(charts).__name__}."
        )
    if not named:
        raise DataError("there is no chart to warn of; give early_warnings at least one.")
    for name, chart in named.items():
        if not isinstance(chart, XmrChart):
            raise DataError(
                f"{name!r} is no chart but {type(chart).__name__}; use trends.xmr first."
            )
    return named


def _measured(chart: XmrChart) -> pd.DataFrame:
    return chart.table[chart.table["value"].notna()]


def _latest(
    name: str, chart: XmrChart, *, serious: float
) -> tuple[dict[str, Any] | None, StableCharts]:
    """Return the row of a chart whose latest value is flagged, and how stable ones behave."""
    segment = chart.table["segment"].eq(_measured(chart)["segment"].iloc[-1])
    part = chart.table[segment].loc[: _measured(chart).index[-1]]
    values = part["value"].to_numpy(dtype=float)
    errors = part["standard_error"].to_numpy(dtype=float) if "standard_error" in part else None
    alike = stable_like(values, errors, screen=chart.screen, rules=chart.rules)
    limit = _rules.limits(values[None], errors, screen=chart.screen)
    found = _rules.signals(values[None], limit, chart.rules)
    strength = {rule: float(found.strength[rule][0]) for rule in chart.rules}
    singly = alike.p_values(strength)
    flagged = [rule for rule in chart.rules if strength[rule] > 0]
    if not flagged:
        return None, alike
    rule = min(flagged, key=lambda each: singly[each])
    way = float(found.direction[rule][0, -1])
    begins = [_began(r, found) for r in flagged if found.direction[r][0, -1] == way]
    p_value = alike.p_value(strength)
    direction, severity = _meaning(way, chart.improvement, p_value=p_value, serious=serious)
    row = {
        "chart": name,
        "period": part["period"].iloc[-1],
        "since": part["period"].iloc[min(begins)],
        "rule": rule,
        "direction": direction,
        "value": part["value"].iloc[-1],
        "centre": part["centre"].iloc[-1],
        "p_value": p_value,
        "severity": severity,
    }
    return row, alike


def _began(rule: str, found: _rules.Signals) -> int:
    """Return the position where the signal that the rule sees at the last point began."""
    flags, way = found.flags[rule][0], found.direction[rule][0]
    at = len(flags) - 1
    if rule == "two in three":
        return at - int(np.flatnonzero(flags[::-1][:3] & (way[::-1][:3] == way[-1]))[-1])
    while at and flags[at - 1] and way[at - 1] == way[-1]:
        at -= 1
    return at


def _meaning(
    way: float, improvement: str | None, *, p_value: float, serious: float
) -> tuple[str, str]:
    if improvement is None:
        return (_("rising") if way > 0 else _("falling")), "note"
    if (way > 0) == (improvement == "higher"):
        return _("improving"), "good"
    return _("worsening"), "serious" if p_value <= serious else "warning"


def _caveats(named: Mapping[str, XmrChart], *, n_without: int) -> tuple[Caveat, ...]:
    caveats = [
        Caveat(
            _(
                "Neighbouring values of {chart} are correlated: a warning about it may be false "
                "more often than stated."
            ),
            chart=name,
        )
        for name, chart in named.items()
        if not chart.false_alarm_rate_valid
    ]
    caveats += [
        Caveat(_("The limits of {chart} are on trial: few points."), chart=name)
        for name, chart in named.items()
        if chart.trial
    ]
    latest = {str(_measured(chart)["period"].iloc[-1]) for chart in named.values()}
    if len(latest) > 1:
        caveats.append(
            Caveat(_("The charts do not all end in the same period; each is judged at its own."))
        )
    if n_without:
        caveats.append(Caveat(_("{n} charts have too few values for limits."), n=n_without))
    return tuple(caveats)
