"""Early warnings from the charts of a report, with a bound on false ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from cxlib.analysis.metrics import number
from cxlib.analysis.results import Caveat, TableResult, counted, said
from cxlib.analysis.trends.charts import XmrChart
from cxlib.analysis.trends.rules import (
    LEVEL,
    LEVEL_POINTS,
    Signals,
    limits,
    signals,
)
from cxlib.analysis.trends.series import without_season
from cxlib.analysis.trends.stable import Stable, signal_of, stable_like
from cxlib.errors import DataError
from cxlib.words import mark as _

FALSE_REPORT = 0.20
"""A client whose process is stable is wrongly warned in at most one report of five: rarer, and
real changes are seen months later; more often, and nobody reads the warnings."""
SERIOUS_REPORT = 0.05
"""A worsening that would pass even at one false report in twenty is serious."""
MOST_CARRY = 0.7
"""Charts that carry more over than this were not shown to keep the promise."""

COLUMNS = ["chart", "period", "since", "rule", "turn", "value", "centre", "p_value", "chance",
           "severity", "held_back"]  # fmt: skip


class EarlyWarnings(TableResult):
    """What the latest points of a report's charts warn of.

    ``table``, a row a warning, strongest first: ``chart, period`` (of its latest value), ``since``
    (where the signal began), ``rule`` (the strongest; ``new level`` for a shift within the last 7
    points), ``turn`` (``worse, better, high, low``), ``value, centre`` (the level before the
    signal, with the season), ``p_value`` (how often a stable chart of this shape, carry-over and
    skewness gives as strong a signal at its latest point), ``chance`` (at most so many reports of
    as many stable charts hold one as strong: what is quoted), ``severity`` (``serious, warning,
    good, note``). ``held_back``: signals that are no warnings, and why: ``weak`` (for so many
    charts) or ``mix`` (other customers answered).
    """

    counts: ClassVar[str] = "charts"  # with limits, and without (one value, or no neighbours)
    held_back: pd.DataFrame
    level: float  # the p-value at or below which a chart is warned of: `false_report` over charts
    false_report: float
    # at most this share of reports of stable charts holds any warning, however the charts move
    # together (Bonferroni); NaN where that is not promised
    false_alarm_rate: float
    unadjusted_rate: float  # of reports by the rules alone, if the charts were independent
    unpromised: tuple[str, ...]  # charts with more carry-over than the promise was shown for
    n_charts: int


def early_warnings(
    charts: Mapping[str, XmrChart] | Sequence[XmrChart],
    *,
    false_report: float = FALSE_REPORT,
    causes: Mapping[str, str] | None = None,
) -> EarlyWarnings:
    """Warn of charts whose latest value is a signal, sparing reports of stable charts.

    A stable chart flags its latest point 1.5 to 1.7 % of the time, so one of twenty does on more
    than a report in four. A chart is warned of where the rules, or a shift of level within the last
    7 points, give a signal that a stable chart of the same shape (points, gaps, screening, sampling
    noise, lag-1 correlation, skewness; 10,000 simulated) gives with probability ``false_report /
    charts`` or less. A season that 24 points show is taken off first, as in the simulation.

    Parameters
    ----------
    charts : mapping of str to XmrChart, or sequence of XmrChart
        The report's, by name; a sequence is numbered from 1.
    false_report : float
        Largest probability of any warning in a report of stable charts, between 0 and 1.
    causes : mapping of str to str, optional
        Why a chart's KPI moved, by name, as `kpis.compare` says: ``"mix"`` is no warning.

    References
    ----------
    .. [1] Woodall, W. H. (2006). The use of control charts in health-care and public-health
       surveillance. Journal of Quality Technology 38, 89-104.
    """
    named = _named(charts)
    number(false_report, "false_report", above=0, below=1)
    level, serious = false_report / len(named), SERIOUS_REPORT / len(named)
    rows: list[dict[str, Any]] = []
    attained, plain, unpromised = [], [], []
    for name, chart in named.items():
        row, stable, rules_alone, carry = _latest(chart)
        attained.append(stable.false_alarm(level))
        plain.append(rules_alone)
        unpromised += [name] if carry > MOST_CARRY else []
        if row is None:
            continue
        sure = "serious" if row["p_value"] <= serious else "warning"
        row["severity"] = {"worse": sure, "better": "good"}.get(row["turn"], "note")
        mixed = _("mix") if (causes or {}).get(name) == "mix" else ""
        row |= {"chart": name, "chance": min(row["p_value"] * len(named), 1.0)}
        row["held_back"] = _("weak") if row["p_value"] > level else mixed
        if row["p_value"] <= level or row["rule"] != LEVEL:
            rows.append(row)
    found = pd.DataFrame(rows, columns=COLUMNS).sort_values("p_value", kind="stable")
    warned = found["held_back"].eq("")
    limited = sum(
        bool(_measured(chart)["centre"].notna().any()) and chart.n_used > 1
        for chart in named.values()
    )
    return EarlyWarnings(
        table=found[warned].reset_index(drop=True),
        held_back=found[~warned].reset_index(drop=True),
        level=level,
        false_report=false_report,
        false_alarm_rate=float("nan") if unpromised else float(min(sum(attained), 1.0)),
        unadjusted_rate=float(1 - np.prod(1 - np.asarray(plain))),
        unpromised=tuple(unpromised),
        n_charts=len(named),
        n_used=limited,
        n_dropped=len(named) - limited,
        caveats=_caveats(named, unpromised, n_without=len(named) - limited),
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


def _latest(chart: XmrChart) -> tuple[dict[str, Any] | None, Stable, float, float]:
    """Return the row of a chart whose latest value signals, and how stable ones behave.

    The last two are how often the rules alone would flag the latest point, and the carry-over.
    """
    measured = _measured(chart)
    settled = measured.loc[measured["centre"].notna(), "segment"].iloc[-1]
    part = chart.table[chart.table["segment"] >= settled].loc[: measured.index[-1]]
    part = part.reset_index(drop=True)
    labels, raw = part["period"].tolist(), part["value"].to_numpy(dtype=float)
    noise = part["standard_error"].to_numpy(float) ** 2 if "standard_error" in part else None
    values, season = without_season(labels, raw)
    screen, rules = chart.screen, chart.rules
    stable, carry = stable_like(values, noise, season=season, screen=screen, rules=rules)
    simple, _none = stable_like(raw, noise, plain=True, screen=screen, rules=rules)
    limit = limits(values[None], noise, screen=screen)
    found = signals(values[None], limit, rules)
    strength = {rule: float(of[0]) for rule, of in found.strength.items()}
    singly = stable.p_values(strength)
    rule = min(singly, key=lambda each: singly[each])
    if strength[rule] <= 0:
        return None, stable, simple.latest_flag, carry
    way = float(np.sign(found.step[0]) if rule == LEVEL else found.direction[rule][0, -1])
    begins = [_began(r, found) for r in rules if strength[r] and found.direction[r][0, -1] == way]
    since = int(found.since[0]) if rule == LEVEL else min(begins)
    known_noise = None if noise is None else noise[:since]
    before = limits(values[None, :since], known_noise, screen=screen)
    known = (~np.isnan(values[:since])).sum() >= LEVEL_POINTS
    centre = float((before if known else limit).centre[0, 0])
    row = {"period": labels[-1], "since": labels[since], "rule": rule, "value": raw[-1]}
    row |= {"turn": signal_of(way, chart.improvement), "centre": centre + raw[-1] - values[-1]}
    return row | {"p_value": stable.p_value(strength)}, stable, simple.latest_flag, carry


def _began(rule: str, found: Signals) -> int:
    """Return the position where the signal that the rule sees at the last point began."""
    flags, way = found.flags[rule][0], found.direction[rule][0]
    at = len(flags) - 1
    if rule == "two in three":
        return at - int(np.flatnonzero(flags[::-1][:3] & (way[::-1][:3] == way[-1]))[-1])
    while at and flags[at - 1] and way[at - 1] == way[-1]:
        at -= 1
    return at


def _caveats(
    named: Mapping[str, XmrChart], unpromised: Sequence[str], *, n_without: int
) -> tuple[Caveat, ...]:
    caveats = [Caveat(_ALIKE, chart=name) for name in unpromised]
    message = _("The limits of {chart} are on trial: few points.")
    caveats += [Caveat(message, chart=name) for name, chart in named.items() if chart.trial]
    apart = len({str(_measured(chart)["period"].iloc[-1]) for chart in named.values()}) > 1
    message = _("The charts do not all end in the same period; each is judged at its own.")
    without = counted((n_without, _("{n} {n:chart has|charts have} too few values for limits.")))
    return (*caveats, *said(apart, message), *without)


_ALIKE = _(
    "Neighbouring values of {chart} are so alike that a warning about it may be false more often "
    "than stated."
)
