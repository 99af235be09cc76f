"""What a report charts and compares: a chart a KPI, a figure's units, competitors at equal mix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from math import inf, nan
from typing import Any

import pandas as pd

from cxlib.analysis import validate
from cxlib.analysis.compare.benchmark import ends_of
from cxlib.analysis.compare.decompose import split
from cxlib.analysis.kpis import Estimates, contrast
from cxlib.analysis.kpis.estimates import OWN
from cxlib.analysis.metrics import Metric, SurveyDesign, Touchpoint, one_of, resolve
from cxlib.analysis.results import MINIMUM_BASE, Caveat, Tabled
from cxlib.analysis.trends.charts import XmrChart, score_chart, xmr
from cxlib.errors import DataError
from cxlib.words import mark as _

Rebase = Mapping[Any, Any]


class Charts(Tabled):
    """The process charts of a report, and what each amounts to.

    ``table``, a row a chart, of its latest measured period: ``kpi, source, unit, direction, basis,
    period, value, low, high, n, target; usual, usual_low, usual_high`` (centre and limits),
    ``until`` (the level before the latest shift or rebase), ``variation, assurance, miss_chance``
    (see `XmrChart`; of an unsettled chart no chance, and assurance only where every period bears it
    out), ``points`` (since then), ``trial, correlation, false_alarm_rate`` (NaN where not valid).
    ``history``: ``kpi, unit, direction, n`` and the rows of `XmrChart.table`.
    """

    history: pd.DataFrame
    charts: dict[str, XmrChart] = field(repr=False)  # by KPI
    n_charts: int
    n_without: int  # KPIs without a value to chart


def chart_kpis(
    estimates: pd.DataFrame,
    *,
    targets: Mapping[str, float] | None = None,
    rebase: Rebase | None = None,
    known_periods: Sequence[str] | None = None,
    minimum_base: int = MINIMUM_BASE,
) -> Charts:
    """Chart every KPI of a table of estimates, with the shifts of its level.

    Survey scores and shares of cases know each period's sample; other figures are XmR charts.
    `estimates` are the client's totals, a row a KPI and period; `targets` by KPI, in its unit.
    `rebase` maps periods to reasons: limits are recalculated from there on every chart; under a
    KPI's key, a mapping for that chart alone. Periods still to come are passed over; one that is
    not among `known_periods` is refused. Periods below `minimum_base` are gaps.
    """
    keys = list(dict.fromkeys(estimates["kpi"]))
    rebases = _rebases(rebase, keys, known_periods)
    charts, rows, courses, without = {}, [], [], []
    for key in keys:
        part = estimates[estimates["kpi"] == key].reset_index(drop=True)
        small = part["n"].astype("float64") < minimum_base
        part["value"] = part["value"].mask(small)
        if part["value"].isna().all():
            without.append(Caveat(_NO_CHART, kpi=key, n=minimum_base))
            continue
        chart = charts[key] = _chart(part, (targets or {}).get(key), rebases[key])
        rows.append(_row(part, chart))
        course = chart.table.merge(part[["period", "n"]], on="period", how="left")
        about = {name: part[name].iloc[0] for name in ("unit", "direction")}
        courses.append(course.assign(kpi=key, **about))
    return Charts(
        table=pd.DataFrame(rows, columns=COLUMNS).astype({"n": "Int64"}),
        history=pd.concat(courses, ignore_index=True) if courses else pd.DataFrame(),
        charts=charts,
        n_charts=len(charts),
        n_without=len(without),
        caveats=tuple(without),
    )


_NO_CHART = _("{kpi} has no period with {n} answers: no chart.")
_ABOUT = ["kpi", "source", "unit", "direction", "basis", "period", "value", "low", "high", "n"]
_USUAL = ("usual", "usual_low", "usual_high")
_JUDGED = ("variation", "assurance", "miss_chance", "trial")
_REST = ("points", "correlation", "false_alarm_rate")
COLUMNS = [*_ABOUT, "target", *_USUAL, "until", *_JUDGED, *_REST]


def _rebases(
    rebase: Rebase | None, keys: Sequence[str], known: Sequence[str] | None
) -> dict[str, dict[str, str]]:
    """Return each chart's rebases with their reasons."""
    found: dict[str, dict[str, str]] = {key: {} for key in keys}
    for name, reason in (rebase or {}).items():
        alone = isinstance(reason, Mapping)
        if alone:
            one_of(str(name), found, f"rebase names {name!r}, no KPI with a chart")
        for label, why in (reason if alone else {name: reason}).items():
            if known is not None:
                message = f"rebase names {str(label)!r}, no period of this client"
                one_of(str(label), known, message)
            for key in [str(name)] if alone else keys:
                found[key][str(label)] = str(why or "")
    return found


def _chart(part: pd.DataFrame, target: float | None, rebase: Mapping[str, str]) -> XmrChart:
    kind, first = str(part["kind"].iloc[0]), part.iloc[0]
    options: dict[str, Any] = {"improvement": first["direction"], "target": target}
    options |= {"rebase": _possible(rebase, part) or None, "shifts": True}
    share = kind in ("csat", "share")
    if share and not part["value"].between(0, 100).mask(part["value"].isna(), True).all():
        share = False  # complaints per hundred customers may exceed a hundred
    sampled = first["basis"] == "sample" and part["variance"].notna().any()
    if (share and part["n_star"].notna().any()) or sampled:
        ends = ends_of(kind, first["scale"])
        return score_chart(part, limits=None if ends[1] == inf else ends, **options)
    series = part.set_index("period")["value"].rename(str(first["kpi"]))
    return xmr(series, limits=(0.0, None) if kind == "duration" else None, **options)


def _possible(rebase: Mapping[str, str], part: pd.DataFrame) -> dict[str, str]:
    """Return the rebases that leave a measured period on either side of each."""
    labels, there = part["period"].tolist(), part["value"].notna()
    kept: dict[str, str] = {}
    last = 0
    for at in (labels.index(label) for label in labels if label in rebase):
        if there.iloc[last:at].any() and there.iloc[at:].any():
            kept[labels[at]] = rebase[labels[at]]
            last = at
    return kept


def _row(part: pd.DataFrame, chart: XmrChart) -> dict[str, Any]:
    measured = chart.table[chart.table["value"].notna()]
    latest = measured.iloc[-1]
    row: dict[str, Any] = dict(part.loc[part["period"] == latest["period"], _ABOUT].iloc[0])
    here = measured[measured["segment"].eq(latest["segment"])]
    told: dict[str, Any] = dict(zip(_USUAL, latest[["centre", "lower", "upper"]], strict=True))
    told |= {name: getattr(chart, name) for name in _JUDGED}
    if chart.unsettled and chart.assurance:  # limits foretell nothing; what every period did, does
        higher = chart.improvement == "higher"
        good = here["value"].ge(chart.target) if higher else here["value"].le(chart.target)
        every = not good.any() if chart.assurance == "misses" else good.all()
        told |= {"miss_chance": nan, "assurance": chart.assurance if every else None}
    return row | {
        "target": nan if chart.target is None else chart.target,
        "until": chart.before,
        **told,
        "points": len(here),
        "correlation": chart.autocorrelation,
        "false_alarm_rate": chart.false_alarm_rate if chart.false_alarm_rate_valid else nan,
    }


def split_figure(figures: pd.DataFrame, *, metric: str, before: str, after: str) -> pd.DataFrame:
    """Split the change of a reported figure between two periods into its units' parts.

    `figures` has ``kpi, period, unit, value, numerator, denominator``; plain values count alike:
    the figure is their mean. Returns one row a unit, largest part first: ``place`` (the unit),
    ``before, after`` (NaN in a period it is not in), ``share_before, share_after`` (of the
    denominator), ``rate, mix, total``. Kitagawa's split, as in `compare.decompose_change`; a count
    of everything: no intervals.
    """
    needed = ("kpi", "period", "unit", "value", "numerator", "denominator")
    validate.require(figures, needed, "figures")
    rows = figures[figures["kpi"] == metric]
    plain = rows["denominator"].isna()
    rows = rows.assign(
        numerator=rows["numerator"].where(~plain, rows["value"]),
        denominator=rows["denominator"].where(~plain, 1.0),
        unit=rows["unit"].astype(str),
    )
    names = sorted(set(rows.loc[rows["period"].isin((before, after)), "unit"]))
    sums = []
    for label in (before, after):
        wave = rows[rows["period"] == label]
        if wave.empty:
            raise DataError(f"{metric!r} has no figure in period {label!r}.")
        by = wave.groupby("unit")[["denominator", "numerator"]].sum()
        found = by.reindex(names, fill_value=0.0).to_numpy(dtype=float)
        sums.append((found[:, 0], found[:, 1]))
    parts = split(*sums)
    of = {"place": names, "before": parts.scores[0], "after": parts.scores[1]}
    of |= {"share_before": parts.shares[0], "share_after": parts.shares[1]}
    table = pd.DataFrame(of | {"rate": parts.rate, "mix": parts.mix})
    table["total"] = table["rate"] + table["mix"]
    order = table["total"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def compare_competitors(
    data: pd.DataFrame,
    *,
    metrics: Sequence[str | Metric | Touchpoint],
    segments: Sequence[str],
    brand: str = "brand",
    own: str = OWN,
    design: SurveyDesign | None = None,
) -> Estimates:
    """Compare the client's KPIs and touchpoints with each competitor's, at an equal mix.

    As `Engagement.competitors` does, by `kpis.contrast`: a brand with more members, or more web
    customers, is not ahead for that (Kalton, Flores-Cervantes 2003, J. Off. Stat. 19).

    Parameters
    ----------
    data : pandas.DataFrame
        One row a response of one period; rows that name no brand are left out.
    metrics : sequence of Metric, Touchpoint or str
        What is compared; a touchpoint is a mean.
    segments : sequence of str
        Columns held equal, all together; an empty sequence compares raw figures.
    brand, own : str
        Column that names the brand of each response, and the client's own brand in it.

    Returns
    -------
    Estimates
        One row a KPI and competitor (``brand``): ``after`` the client's value, ``before`` the
        competitor's, ``change`` the raw gap, ``like`` that at equal mix, ``turn`` (``better``:
        ahead).
    """
    questions = [each if isinstance(each, Touchpoint) else resolve(each) for each in metrics]
    if not questions:
        raise DataError("there is no metric to compare; give compare_competitors at least one.")
    for name in (*segments, *(question.key for question in questions)):
        validate.column(data, name)
    names = validate.column(data, brand)
    present = [str(name).strip() for name in pd.unique(names.dropna())]
    one_of(own, present, f"no row of column {brand!r} is {own!r}")
    if len(present) == 1:
        raise DataError(f"column {brand!r} holds only {own!r}: there is no competitor to compare.")
    rows = data[names.notna().to_numpy()].reset_index(drop=True)
    named = rows[brand].astype(object).map(lambda name: str(name).strip())
    others = named.where(named != OWN, "own brand")  # where another is compared as the own one
    rows = rows.assign(brand=others.mask(named == own, OWN))
    return contrast(rows, questions=questions, by="brand", segments=segments, design=design)
