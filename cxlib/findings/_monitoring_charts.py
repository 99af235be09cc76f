"""What monitoring found in the charts: targets out of reach, trial limits, seasons, one period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from cxlib.analysis.trends.charts import TRIAL_POINTS
from cxlib.analysis.pages import ChartPage
from cxlib.findings.finding import Finding, Severity
from cxlib.words import Quantity
from cxlib.words import mark as _


def single(page: ChartPage, *, period: str) -> list[Finding]:
    """Say plainly that one period makes no trend, or that there is nothing to chart.

    Parameters
    ----------
    page : ChartPage
    period : str
        The report's.
    """
    if not page.charts:
        return [
            Finding(
                id="monitoring.page.empty",
                message=_("No indicator has a period with enough answers: nothing can be charted."),
                consequence=300,
                next_step=_("Collect more answers a period, or report less often."),
            )
        ]
    if len(set(page.history["period"])) > 1:
        return []
    known = period if period != "all" else _("one wave")
    return [
        Finding(
            id="monitoring.page.single",
            message=_(
                "There is only one period so far ({period}): nothing to compare it with, so no "
                "trend, no limits and no early warning."
            ),
            facts={"period": known},
            consequence=300,
            next_step=_("Ask the same questions again: twelve periods settle the limits."),
        )
    ]


def assurance(page: ChartPage, *, metrics: Sequence[str] | None = None) -> list[Finding]:
    """Say of every KPI with a target whether its present process can be relied on to meet it.

    While a KPI signals, "may or may not" says nothing of the process to come and is left out.

    Parameters
    ----------
    page : ChartPage
    metrics : sequence of str, optional
        Only these.
    """
    rows = page.table.dropna(subset=["target", "lower"])
    if metrics is not None:
        rows = rows[rows["metric"].isin(list(metrics))]
    chance = rows["assurance"].eq("may or may not") & rows["variation"].ne("common cause")
    return [_assured(row) for _label, row in rows[~chance].iterrows()]


def _assured(row: pd.Series) -> Finding:
    unit = str(row["unit"])
    facts = {
        "metric": row["metric"],
        "target": Quantity(row["target"], unit),
        "value": Quantity(row["value"], unit),
        "lower": Quantity(row["lower"], unit),
        "upper": Quantity(row["upper"], unit),
        "points": int(row["points"]),
    }
    severity: Severity = "note"
    step: str | None
    if row["assurance"] == "misses":
        message = _(
            "The present process will not meet the target of {target} for {metric}: it runs "
            "between {lower} and {upper} ({points} periods)."
        )
        severity = "serious"
        step = _("Change how {metric} comes about; more effort in the same process will not do.")
    elif row["assurance"] == "reaches":
        message = _(
            "The present process meets the target of {target} for {metric} whatever the noise: it "
            "runs between {lower} and {upper} ({points} periods)."
        )
        severity, step = "good", None
    elif row["assurance"] == "may or may not":
        message = _(
            "The present process may or may not meet the target of {target} for {metric}: it runs "
            "between {lower} and {upper} ({points} periods), so that noise decides."
        )
        step = _("Raise the usual level of {metric} or narrow its ups and downs.")
    else:
        message = _(
            "Whether {metric} keeps to its target of {target} is open while it changes: {value} "
            "now, {lower} to {upper} until now ({points} periods)."
        )
        severity = "warning"
        step = _("Once the cause is known, recalculate the limits from there, with the reason.")
    base = None if pd.isna(row["base"]) else int(row["base"])
    return Finding(
        id=f"monitoring.{row['metric']}.assurance",
        message=message,
        facts=facts,
        severity=severity,
        consequence=100,
        base=base,
        next_step=step,
    )


def charts(page: ChartPage) -> list[Finding]:
    """Say which limits are on trial, not valid, seasonal, or recalculated.

    Parameters
    ----------
    page : ChartPage
    """
    found: list[Finding] = []
    table = page.table.dropna(subset=["lower"])
    trial = table[table["trial"]]
    if len(trial):
        found.append(
            Finding(
                id="monitoring.page.trial",
                message=_(
                    "Limits are on trial for {metrics}: they rest on {points} periods, and "
                    "{needed} settle them."
                ),
                facts={
                    "metrics": _all_or(trial, table),
                    "points": _span(trial["points"]),
                    "needed": TRIAL_POINTS,
                },
                consequence=15,
                next_step=_("Read signals as questions until then, and expect the limits to move."),
            )
        )
    found += _correlated(page, table["metric"].tolist())
    found += _seasons(page, table["metric"].tolist())
    found += _rebases(page)
    return found


def _correlated(page: ChartPage, keys: Sequence[str]) -> list[Finding]:
    doubtful = [k for k in keys if not page.charts[k].false_alarm_rate_valid]
    found = []
    for way, alike in (("drift", True), ("zigzag", False)):
        named = [k for k in doubtful if (page.charts[k].autocorrelation > 0) == alike]
        if not named:
            continue
        message, step = (
            (
                _(
                    "Neighbouring periods of {metrics} resemble one another (lag-1 correlation up "
                    "to {r:.2f}): false alarms are more frequent there than stated."
                ),
                _("Take a signal there as a slow drift, and look for a cause over months."),
            )
            if alike
            else (
                _(
                    "Neighbouring periods of {metrics} alternate up and down (lag-1 correlation "
                    "down to {r:.2f}): the limits are too wide there."
                ),
                _("Ask whether something alternates with the periods: a campaign, a panel."),
            )
        )
        values = [page.charts[k].autocorrelation for k in named]
        found.append(
            Finding(
                id=f"monitoring.page.autocorrelation.{way}",
                message=message,
                facts={"metrics": tuple(named), "r": max(values, key=abs)},
                consequence=14,
                next_step=step,
            )
        )
    return found


def _seasons(page: ChartPage, keys: Sequence[str]) -> list[Finding]:
    seasonal = [k for k in keys if (s := page.charts[k].seasonality) is not None and s.seasonal]
    if not seasonal:
        return []
    return [
        Finding(
            id="monitoring.page.season",
            message=_("The time of year shows in {metrics} (p < {level:.2f})."),
            facts={"metrics": tuple(seasonal), "level": 0.01},
            consequence=13,
            next_step=_("Compare them with the same period last year, not with the last one."),
        )
    ]


def _rebases(page: ChartPage) -> list[Finding]:
    said: dict[tuple[str, str], list[str]] = {}
    for key, chart in page.charts.items():
        for at in chart.rebased:
            said.setdefault(at, []).append(key)
    return [
        Finding(
            id=f"monitoring.page.rebase.{period}",
            message=_("Limits were recalculated from {period} on for {metrics}: {reason}.")
            if reason
            else _("Limits were recalculated from {period} on for {metrics}; no reason was given."),
            facts={
                "period": period,
                "reason": reason,
                "metrics": tuple(keys) if len(keys) < len(page.charts) else _("all charts"),
            },
            consequence=12,
        )
        for (period, reason), keys in said.items()
    ]


def benchmarks(page: ChartPage, *, against: Mapping[str, str]) -> list[Finding]:
    """Say how a figure stands to the one it is compared with, now and over its periods.

    Parameters
    ----------
    page : ChartPage
    against : mapping of str to str
        Key of a KPI to the key of its reference.
    """
    found = []
    for own, reference in against.items():
        pair = page.history[page.history["metric"].isin([own, reference])]
        wide = pair.pivot_table(index="period", columns="metric", values="value")
        wide = wide.reindex(pair["period"].unique()).dropna()
        if own not in wide or reference not in wide or wide.empty:
            continue
        about = page.table.set_index("metric").loc[own]
        gap = wide[own] - wide[reference]
        better = gap > 0 if about["direction"] == "higher" else gap < 0
        unit = str(about["unit"])
        found.append(
            Finding(
                id=f"monitoring.{own}.benchmark",
                message=_(
                    "{metric} stands at {value} against {reference_value} of {reference} in "
                    "{period} ({gap}); it was better in {better} of {n} periods, the gap between "
                    "{least} and {most}. Both are reported figures: no interval."
                ),
                facts={
                    "metric": own,
                    "reference": reference,
                    "period": str(wide.index[-1]),
                    "value": Quantity(float(wide[own].iloc[-1]), unit),
                    "reference_value": Quantity(float(wide[reference].iloc[-1]), unit),
                    "gap": Quantity(float(gap.iloc[-1]), unit, sign=True),
                    "least": Quantity(float(gap.min()), unit, sign=True),
                    "most": Quantity(float(gap.max()), unit, sign=True),
                    "better": int(better.sum()),
                    "n": len(wide),
                },
                severity="good" if bool(better.iloc[-1]) else "warning",
                consequence=60,
                next_step=None
                if bool(better.iloc[-1])
                else _("Ask whether the whole market moved before changing your own service."),
            )
        )
    return found


def _all_or(rows: pd.DataFrame, table: pd.DataFrame) -> tuple[str, ...] | str:
    return _("all charts") if len(rows) == len(table) > 1 else tuple(rows["metric"])


def _span(points: pd.Series) -> str:
    least, most = int(points.min()), int(points.max())
    return str(least) if least == most else f"{least}–{most}"
