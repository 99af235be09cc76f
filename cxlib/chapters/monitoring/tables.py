"""The rows of monitoring: charts, and warnings with their causes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis import trends
from cxlib.analysis.compare import adjust
from cxlib.analysis.kpis import Estimates, compare, estimate
from cxlib.analysis.results import Result
from cxlib.chapters.monitoring import meeting
from cxlib.chapters.rows import fell_with
from cxlib.columns import records
from cxlib.words import mark as _

KPIS, PARTS = ("survey", "reported"), ("touchpoint",)
RARE = 0.01
"""Below this chance, and above its complement, a figure would feign a precision it has not."""
ALPHA = 0.05
GROUP_DRAWS = 200
"""Resamples behind each group's test: a frame on a map, not an interval."""


class Monitored(Result):
    """A report's charts with their warnings, and the comparisons that say why."""

    charts: trends.Charts
    warnings: trends.EarlyWarnings | None
    since: dict[str, Estimates]  # last period before a signal → this period compared with it
    before: dict[str, str]  # chart → that period


def monitor(engagement: Any) -> Monitored:
    """Chart every KPI, touchpoint and reported figure, and warn of those that signal."""
    settings = engagement.settings
    own = engagement.kpis().own
    own = pd.concat([own[own["source"].isin(group)] for group in (KPIS, PARTS)])
    targets = engagement.judged().table.drop_duplicates("kpi").set_index("kpi")["target"]
    charts = trends.chart_kpis(
        own,
        targets=targets.dropna().to_dict(),
        rebase=settings.rebase,
        known_periods=engagement.periods,
        minimum_base=engagement.minimum_base,
    )
    charts = replace(charts, table=_promised(charts.table))
    if not charts.charts:
        return Monitored(charts=charts, warnings=None, since={}, before={})
    raised = trends.early_warnings(charts.charts, false_report=settings.false_report)
    before: dict[str, str] = {}
    for row in records(raised.table):
        course = charts.charts[row["chart"]].table.dropna(subset=["value"])["period"].tolist()
        at = course.index(row["since"])
        if at and row["period"] == engagement.period:
            before[row["chart"]] = course[at - 1]
    since = {period: engagement.compared(period) for period in dict.fromkeys(before.values())}
    causes = {
        kpi: str(_by_kpi(since[period].table).get(kpi, {}).get("cause", "not split"))
        for kpi, period in before.items()
    }
    warned = trends.early_warnings(charts.charts, false_report=settings.false_report, causes=causes)
    return Monitored(charts=charts, warnings=warned, since=since, before=before)


def _by_kpi(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return the first row of each KPI."""
    rows = table.drop_duplicates("kpi") if len(table) else table
    return {str(row["kpi"]): {str(k): v for k, v in row.items()} for row in records(rows)}


def settled(found: Monitored) -> Any:
    """Return the charts, without what would be usual where that is not settled yet."""
    charts = found.charts
    unsettled = charts.table["kpi"].isin([k for k, c in charts.charts.items() if c.unsettled])
    usual = {name: charts.table[name].mask(unsettled) for name in _USUAL if name in charts.table}
    return replace(charts, table=charts.table.assign(**usual))


def standing(engagement: Any, found: Monitored, sources: Sequence[str]) -> Estimates:
    """Return one row a KPI: estimate, verdict, signal and cause, limits, competitor, action."""
    stands: Estimates = engagement.standing(*sources)
    table, charts = stands.table, _by_kpi(settled(found).table)
    rivals, given, extra = _rivals(engagement), meeting.recorded(engagement), []
    kpis = table.where(table["source"] == "survey")
    fell = fell_with(kpis, engagement.standing("touchpoint").table)
    for row, part in zip(records(table), fell, strict=True):
        kpi = str(row["kpi"])
        chart = charts.get(kpi, {})
        told = _SILENT | {name: chart.get(name) for name in _CHART}
        told |= {"trial": bool(chart.get("trial", True)), "miss": _rarity(chart.get("miss_chance"))}
        told |= _signal(found, kpi, row) | rivals.get(kpi, {}) | _reference(engagement, found, kpi)
        if not told["signal"]:
            told["fell_with"] = part
        action = given.get(told["fell_with"] or "", given.get(kpi))
        extra.append(told | {"action": action, "on_record": "no" if action is None else "yes"})
    added = pd.DataFrame(extra, index=table.index, columns=[*_SILENT, *_CHART, "trial", "miss"])
    words = added.select_dtypes(exclude="number").columns
    added[words] = added[words].astype(object)
    kept = table.drop(columns=[name for name in added if name in table])
    return replace(stands, table=pd.concat([kept, added], axis=1))


_USUAL = ("usual", "usual_low", "usual_high")
_CHART = (*_USUAL, "variation", "assurance", "miss_chance", "points")
_SILENT: dict[str, Any] = {
    **{"signal": "", "began": "", "since": None, "was": nan, "chance": nan, "rule": ""},
    **{"gravity": "", "held_back": "", "why": "", "alike_since": "", "fell_with": None},
    **{"with_part": "no", "by_chance": "no", "stake_moved": 0.0},
    **{"rated_brand": None, "brand_turn": ""},
    **dict.fromkeys(("brand_gap", "brand_gap_low", "brand_gap_high"), nan),
    **{"reference": None, "reference_value": nan, "reference_turn": ""},
    **{"periods_better": 0, "periods_both": 0, "action": None, "on_record": "no"},
}
"""What is told of a KPI of which nothing is to be told."""


def _promised(table: pd.DataFrame) -> pd.DataFrame:
    """Return charts in which a target that hardly any period misses, or meets, is called so."""
    if "miss_chance" not in table:
        return table
    rarity, judged = table["miss_chance"].map(_rarity), table["assurance"].notna()
    word = table["assurance"].mask(judged & (rarity == "rare"), "reaches")
    return table.assign(assurance=word.mask(judged & (rarity == "usual"), "misses"))


def _rarity(chance: Any) -> str:
    if chance is None or np.isnan(chance):
        return ""
    return "rare" if chance < RARE else "usual" if chance > 1 - RARE else "some"


BY_CHANCE = 0.05
"""Chance in a stable report above which a signal is said to be perhaps none: one chart in few."""


def _signal(found: Monitored, kpi: str, row: dict[Any, Any]) -> dict[str, Any]:
    if found.warnings is None:
        return {}
    every = pd.concat([found.warnings.table, found.warnings.held_back])
    raised = _by_kpi(every.rename(columns={"chart": "kpi"})).get(kpi)
    if raised is None or raised["held_back"] == "weak" or raised["period"] != row["period"]:
        return {}
    told = {"signal": raised["turn"], "was": raised["centre"], "gravity": raised["severity"]}
    told["began"] = "now" if raised["since"] == raised["period"] else "earlier"
    told |= {name: raised[name] for name in ("since", "rule", "chance", "held_back")}
    told["by_chance"] = "yes" if raised["chance"] > BY_CHANCE else "no"
    before = found.before.get(kpi)
    if before is None:
        return told | {"why": "not split"}
    compared = found.since[before].table
    moved = _by_kpi(compared).get(kpi, {})
    told |= {"why": moved.get("cause", "not split"), "alike_since": moved.get("alike", "open")}
    heard = moved.get("like", nan)
    heard = moved.get("change", nan) if np.isnan(heard) else heard
    worth = row.get("worth", nan)
    told["stake_moved"] = 0.0 if np.isnan(heard * worth) else abs(heard * worth)
    parts = compared[(compared["source"] == "touchpoint") & (compared["turn"] == raised["turn"])]
    if len(parts) and row["source"] == "survey" and moved.get("turn") == raised["turn"]:
        lost = (parts["like"].fillna(parts["change"]) * parts["worth"]).abs()
        told |= {"fell_with": parts["kpi"].iloc[int(lost.fillna(0).argmax())], "with_part": "yes"}
    return told


def _rivals(engagement: Any) -> dict[str, dict[str, Any]]:
    """Return the competitor with the clearest gap, by KPI."""
    gaps = engagement.withheld(engagement.competitors()).table
    if "turn" not in gaps:  # no survey, no competitors
        return {}
    gaps = gaps[gaps["turn"].isin(("better", "worse"))]
    for end in ("", "_low", "_high"):
        gaps[f"brand_gap{end}"] = gaps[f"like{end}"].fillna(gaps[f"change{end}"]).astype(float)
    clearest = gaps.sort_values("brand_gap", key=lambda gap: -gap.abs(), kind="stable")
    named = clearest.rename(columns={"brand": "rated_brand", "turn": "brand_turn"})
    told = [name for name in _SILENT if name in named]
    return {kpi: {name: row[name] for name in told} for kpi, row in _by_kpi(named).items()}


def _reference(engagement: Any, found: Monitored, kpi: str) -> dict[str, Any]:
    other = engagement.settings.reference.get(kpi)
    course = found.charts.history
    if other is None or course.empty:
        return {}
    wide = course.pivot_table(index="period", columns="kpi", values="value", sort=False)
    if not {kpi, other} <= set(wide):
        return {}
    pair = wide[[kpi, other]].dropna()
    lower = course.loc[course["kpi"] == kpi, "direction"].iloc[0] == "lower"
    better = (pair[kpi] < pair[other]) if lower else (pair[kpi] > pair[other])
    if pair.empty or pair.index[-1] != engagement.period:
        return {}
    return {
        "reference": other,
        "reference_value": float(pair[other].iloc[-1]),
        "reference_turn": "better" if better.iloc[-1] else "worse",
        "periods_better": int(better.sum()),
        "periods_both": len(pair),
    }


def warned(*tables: Estimates, held_back: bool = False) -> pd.DataFrame:
    """Return the rows that warn; with those `held_back` because other customers explain them."""
    every = pd.concat([each.table for each in tables], ignore_index=True)
    shown = every[(every["signal"] != "") & (held_back | (every["held_back"] == ""))]
    return shown.sort_values(["held_back", "chance"], kind="stable").reset_index(drop=True)


def page(engagement: Any, found: Monitored) -> pd.DataFrame:
    """Return what is to be said of the charts as a whole, if nothing else is."""
    charts, warned = found.charts, found.warnings
    case = ""
    if not charts.charts:
        case = "empty"
    elif len(set(charts.history["period"])) == 1:
        case = "single"
    elif warned is not None and warned.table.empty:
        settled = not charts.table["trial"].any() and len(warned.unpromised) == 0
        calm = settled and not charts.table["assurance"].eq("misses").any()
        case = "calm" if calm and warned.held_back.empty else "quiet"
    row = {"case": case, "charts": charts.n_charts, "period": engagement.period}
    row["rate"] = nan if warned is None else warned.false_alarm_rate
    return pd.DataFrame([row] if case else [], columns=[*row])


def courses(standing: Estimates, found: Monitored) -> list[pd.DataFrame]:
    """Return each KPI's course with its limits, one frame a chart: what its figure says."""
    every, rows = found.charts.history, records(standing.table)
    if every.empty or len(set(every["period"])) == 1:
        return []
    told = [_course(row, found) for row in rows if row["kpi"] in found.charts.charts]
    return [each for each in told if each["value"].notna().any()]


def _course(row: dict[Any, Any], found: Monitored) -> pd.DataFrame:
    """Return a chart's periods with state, marks, breaks and reference."""
    every, kpi = found.charts.history, str(row["kpi"])
    chart, rows = found.charts.charts[kpi], every[every["kpi"] == kpi].reset_index(drop=True)
    labels = rows["period"].tolist()
    since = labels.index(row["since"]) if row["since"] in labels else len(labels)
    current = np.arange(len(rows)) >= since
    now = "mix" if row["held_back"] == "mix" else row["signal"]
    if not now and rows["flags"].iloc[-1]:  # too weak for a warning, but drawn outside its limits
        recent = row["cause"] == "mix" and row["at"] == labels[-1]
        now, current = "mix" if recent else "weak", np.arange(len(rows)) == len(rows) - 1
    marks = np.where(rows["flags"] == "", "", np.where(current, now, "earlier"))
    reasons = {period: why or _("limits set anew") for period, why in chart.rebased}
    word = row["fell_with"] or (_("other customers") if row["why"] == "mix" else _("new level"))
    reasons = dict.fromkeys(chart.shifts, _("new level")) | reasons
    if row["since"] in chart.shifts:
        reasons[row["since"]] = word
    reference = row.get("reference")
    beside = every[every["kpi"] == reference].set_index("period")["value"]
    return rows.assign(
        marks=marks,
        breaks=pd.Series([reasons.get(label) for label in labels], dtype=object),
        target=row.get("target", nan),
        reference=reference,
        reference_value=beside.reindex(labels).to_numpy(dtype=float) if reference else nan,
        state=now,
        began=row["began"],
        was=row["was"] if row["since"] in labels else row["usual"],
        usual=row["usual"],
        n=rows["n"].astype("Int64").mask(rows["value"].isna()),
    )


def places(engagement: Any, found: Monitored) -> Estimates | None:
    """Return how far each touchpoint moved, and in each group, since before the gravest signal.

    Everything at an equal mix of the other segments; None where nothing signals.
    """
    if found.warnings is None or not found.before:
        return None
    every = pd.concat([found.warnings.table, found.warnings.held_back])
    every = every[every["chart"].isin(list(found.before))]
    every = every.sort_values("turn", key=lambda turn: turn != "worse", kind="stable")
    before = found.before[every["chart"].iloc[0]]
    whole = found.since[before]
    parts = whole.table[whole.table["source"] == "touchpoint"].assign(segment="", level="")
    if parts.empty:
        return None
    rows = pd.concat(
        [
            engagement.survey(period=p, columns=engagement.closed)
            for p in (before, engagement.period)
        ]
    )
    tables = [parts]
    for segment in engagement.segments:
        held = [name for name in engagement.mix_segments if name != segment]
        for level in engagement.kpis().table.query("segment == @segment")["level"].unique():
            group = rows[rows[segment].astype(object).astype(str) == level].reset_index(drop=True)
            if set(group["period"]) != {before, engagement.period}:
                continue
            each = estimate(group, questions=engagement.touchpoints, design=engagement.design)
            told = compare(
                each, group, to=before, segments=held, period=engagement.period, draws=GROUP_DRAWS
            ).table
            n = told[["n", "n_before"]].astype("float64").min(axis=1)
            tables.append(told.assign(segment=segment, level=level, n=n.astype("Int64")))
    shown = pd.concat(tables, ignore_index=True)
    heard, p_value = shown["like"].fillna(shown["change"]), shown["like_p"].fillna(shown["p_value"])
    groups = shown["level"] != ""
    clear = adjust(p_value.mask(~groups).astype(float)) < ALPHA
    shown = shown.assign(
        moved_by=heard, clear=np.where(groups, clear, shown["turn"] != "unclear"), to=before
    )
    return replace(whole, table=shown)


def units(engagement: Any, found: Monitored) -> list[pd.DataFrame]:
    """Return, of each reported figure that signals, the client's units its change comes from."""
    tables = []
    for kpi, before in found.before.items():
        if kpi not in engagement.client.kpis:
            continue
        figures = engagement.rows("kpis", period="history")
        figures = figures.assign(unit=figures["unit"].fillna(""))
        if len(set(figures.loc[figures["kpi"] == kpi, "unit"])) > 1:
            parts = trends.split_figure(figures, metric=kpi, before=before, after=engagement.period)
            share = engagement.client.kpis[kpi].format == "percent"
            parts[["before", "after", "total"]] *= 100.0 if share else 1.0
            named = parts.rename(columns={"place": "client_unit"})
            tables.append(named.assign(unit="percent" if share else "number"))
    return tables


def changes(engagement: Any) -> Estimates:
    """Return each KPI against the period before and the same one a year ago."""
    last: Estimates = engagement.compared("previous")
    year: Estimates = engagement.compared("last_year")
    both = pd.concat([last.table, year.table[year.table["to"].notna()]], ignore_index=True)
    both = both[both["source"].isin(KPIS) & both["to"].notna()]
    both = both.sort_values("kpi", key=lambda keys: pd.factorize(keys)[0], kind="stable")
    return replace(last, table=both.drop_duplicates(["kpi", "to"]).reset_index(drop=True))


def gaps(engagement: Any) -> Estimates:
    """Return every KPI and touchpoint against each competitor, at an equal mix and raw."""
    found: Estimates = engagement.competitors()
    table = found.table
    if table.empty:
        return found
    named = table.assign(competitor=table["brand"], competitor_value=table["before"])
    return replace(found, table=named)
