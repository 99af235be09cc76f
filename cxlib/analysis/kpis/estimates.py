"""Every KPI of a client with its uncertainty: one row a KPI, period, group and brand."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from math import nan
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.analysis.estimation import answers_to, contributions, estimate as score_of, wilson
from cxlib.analysis.metrics import Metric, Questions, SurveyDesign, Touchpoint, resolve
from cxlib.analysis.results import Tabled
from cxlib.analysis.validate import at, column, drawn, levels_of, member_of
from cxlib.columns import records
from cxlib.errors import DataError

OWN = "own"
"""The client's own brand."""
TEXTS = ("kpi", "source", "period", "segment", "level", "brand", "kind", "scale", "unit")
Cells: TypeAlias = list[tuple[Any, ...]]
BLOCK = 200_000
"""Rows of a model that are in memory at a time."""
NUMBERS = (
    *("value", "low", "high", "standard_error", "variance", "n_effective", "n_star", "df"),
    *("reach", "promoters", "detractors", "worth"),
)


class Estimates(Tabled):
    """KPIs of a client with their uncertainty, one row a KPI, period, group and brand.

    ``table``: ``kpi, source, period, segment, level`` (None for the whole), ``brand``; ``value,
    low, high, standard_error, variance`` (of one answer) in the KPI's ``unit``: NPS in points,
    shares 0 to 100, times in seconds; ``n, n_effective, n_star, n_dropped, df; reach, promoters,
    detractors`` (0 to 1); ``kind, scale, direction, basis`` ("sample", "census"), ``worth``.
    `judge` and `compare` add their columns. ``questions``: the survey's, the first KPI first.
    """

    questions: tuple[Metric | Touchpoint, ...] = ()
    design: SurveyDesign = field(default_factory=SurveyDesign)

    @property
    def own(self) -> pd.DataFrame:
        """The client's totals: of its own brand, of no segment."""
        return self.table[(self.table["brand"] == OWN) & self.table["segment"].isna()]

    def at(
        self, period: str, *, brand: str = OWN, source: str | Sequence[str] | None = None
    ) -> Estimates:
        """Return the totals of one period, of all sources or of those named."""
        table = self.table
        keep = (table["period"] == period) & (table["brand"] == brand) & table["segment"].isna()
        if source is not None:
            keep &= table["source"].isin([source] if isinstance(source, str) else list(source))
        return replace(self, table=table[keep].reset_index(drop=True))


def estimate(
    survey: pd.DataFrame | None,
    *,
    questions: Questions = (),
    segments: Sequence[str] = (),
    figures: pd.DataFrame | None = None,
    design: SurveyDesign | None = None,
) -> Estimates:
    """Estimate every KPI by period, brand and group; groups without an answer are absent.

    Parameters
    ----------
    survey : pandas.DataFrame or None
        One row a response; without ``period`` and ``brand`` it is all one of each.
    questions : sequence of Metric or Touchpoint
        What was asked; the first is the KPI in whose points consequences are told.
    segments : sequence of str
        Columns whose levels are estimated as well.
    figures : pandas.DataFrame, optional
        Rows of ticket or reported KPIs, as `kpis.counted` makes them.
    design : SurveyDesign, optional
        Weights, customers, confidence.

    Raises
    ------
    DataError
        If a column is absent, or answers are off their scale.
    """
    design = design or SurveyDesign()
    rows: list[dict[str, Any]] = []
    if survey is not None and len(survey) and questions:
        frame = survey.assign(
            period=survey["period"].astype(str) if "period" in survey else "all",
            brand=survey["brand"].astype(str) if "brand" in survey else OWN,
        )
        weighed = drawn(frame, design)
        cells = _cells(frame, segments)
        for question in questions:
            rows += _question(frame, question, cells, weighed, design.confidence)
    table = frame_of(rows)
    if figures is not None and len(figures):
        table = pd.concat([table, figures], ignore_index=True)
    order = {label: at for at, label in enumerate(periods.order(table["period"].unique()))}
    table = table.iloc[np.argsort(table["period"].map(order).to_numpy(), kind="stable")]
    return Estimates(table=table.reset_index(drop=True), questions=tuple(questions), design=design)


def frame_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return rows of estimates as a frame whose dtypes do not depend on what is there."""
    texts = (*TEXTS, "direction", "basis")
    table = pd.DataFrame(rows, columns=[*TEXTS, *NUMBERS, "n", "n_dropped", "direction", "basis"])
    plain = {name: table[name].astype(object) for name in texts}
    table = table.assign(**{name: v.where(v.notna(), None) for name, v in plain.items()})
    dtypes: dict[str, Any] = dict.fromkeys(NUMBERS, "float64") | {"n": "Int64"}
    return table.astype(dtypes | {"n_dropped": "Int64"})


def _cells(survey: pd.DataFrame, segments: Sequence[str]) -> Cells:
    """Return period, brand, segment, level and the rows of every wave and its groups."""
    groups: list[tuple[Any, ...]] = [(None, None, np.ones(len(survey), dtype=bool))]
    for name in segments:
        values = column(survey, name)
        groups += [(name, str(level), member_of(values, level)) for level in levels_of(values)]
    waves: Any = survey.groupby(["period", "brand"], sort=False).indices
    return [
        (period, brand, segment, level, at[member[at]])
        for (period, brand), at in waves.items()
        for segment, level, member in groups
    ]


def _question(
    survey: pd.DataFrame,
    question: Metric | Touchpoint,
    cells: Cells,
    weighed: Sequence[Any],
    confidence: float,
) -> list[dict[str, Any]]:
    metric = resolve(question)
    x, _off = answers_to(metric, column(survey, metric.key))
    used = survey.get(f"{metric.key}_used")
    told = None if used is None else used.astype("boolean").to_numpy(float, na_value=nan)
    rows = []
    for period, brand, segment, level, there in cells:
        answers = there[~np.isnan(x[there])]
        if not answers.size:
            continue
        found = score_of(x[answers], metric, *at(answers, *weighed), 0, confidence)
        unused, reach = 0, nan
        if told is not None:
            here = told[there]
            unused = int((here[np.isnan(x[there])] == 0).sum())  # whoever rated it is no gap
            known = here[~np.isnan(here)]
            reach = float(known.mean()) if known.size else nan
        place = {"period": period, "segment": segment, "level": level, "brand": brand}
        row = {
            "kpi": metric.key,
            "source": "touchpoint" if isinstance(question, Touchpoint) else "survey",
            "scale": None if metric.scale is None else "{}-{}".format(*metric.scale),
            "reach": reach,
            "n_dropped": int(there.size - answers.size) - unused,
            "basis": "sample",
        }
        rows.append(row | place | found.as_row())
    return rows


def counted(
    figures: pd.DataFrame, kinds: Mapping[str, Mapping[str, Any]], *, source: str
) -> pd.DataFrame:
    """Return figures that count every case as rows of `estimate`, in display units.

    `figures`: ``kpi, period, value`` (shares 0 to 1, times in seconds) and, where known, ``n``; a
    share whose ``basis`` is "sample" gets Wilson's interval. `kinds`: by KPI ``unit`` ("share",
    "seconds", "mean", "number" or "currency") and ``direction``. `source`: "tickets" or "reported".
    """
    kind_of = {"share": "share", "seconds": "duration", "mean": "mean"}
    rows = []
    for row in records(figures):
        if row["kpi"] not in kinds:
            raise DataError(f"nothing is known of the kpi {row['kpi']!r}.")
        kind = kinds[row["kpi"]]
        share, value, n = kind["unit"] == "share", float(row["value"]), row.get("n")
        sampled: dict[str, Any] = {"basis": "census"}
        if share and row.get("basis") == "sample" and n:
            low, high = wilson(value, float(n), 0.95)
            spread = 100.0**2 * value * (1 - value)
            sampled = {"basis": "sample", "low": 100 * low, "high": 100 * high, "df": np.inf}
            sampled |= {"variance": spread, "standard_error": float(np.sqrt(spread / n))}
        told = {"kpi": row["kpi"], "source": source, "period": str(row["period"]), "brand": OWN}
        told |= {"value": (100.0 if share else 1.0) * value, "direction": kind["direction"]}
        told |= {"n": None if n is None or pd.isna(n) else int(n)}
        told |= {"n_star": nan if n is None else float(n)}
        told |= {"kind": kind_of.get(kind["unit"], "number")}
        rows.append(told | {"unit": "percent" if share else kind["unit"]} | sampled)
    return frame_of(rows)


def worth(
    survey: pd.DataFrame, questions: Questions, *, weights: str | None = "weight"
) -> dict[str, float]:
    """Return points of the first KPI that go with one unit of each KPI and touchpoint.

    Touchpoints: coefficients of the linear model of the first KPI's answers on ratings and usage,
    times reach, never below 0. Other KPIs: the slope of the first KPI's answers on theirs, never
    against their direction. Both are associations. `survey` holds the rows of one period.
    """
    from statsmodels.regression.linear_model import WLS
    from statsmodels.tools.sm_exceptions import SingularMatrixWarning
    from statsmodels.tools.tools import add_constant

    def added(metric: Metric) -> Any:
        return contributions(survey[metric.key].to_numpy(float, na_value=np.nan), metric)

    first, *others = [resolve(question) for question in questions]
    y = added(first)
    answered = ~np.isnan(y)
    found = {first.key: 1.0}
    signs = {q.key: -1 if q.direction == "lower" else 1 for q in questions}
    touchpoints = [q.key for q in questions if isinstance(q, Touchpoint)]
    frame = survey[touchpoints]
    frame = frame.loc[:, frame.notna().any().to_numpy()]
    w, _codes = drawn(survey, SurveyDesign(weights=weights))
    means, rated = frame.mean(), frame.notna().mean()
    varied = [*frame.columns[frame.max() > frame.min()]]
    varied += [f"{key}_used" for key in frame.columns[rated < 1]]

    def rows(some: slice) -> tuple[Any, pd.DataFrame, Any]:
        """Return answers, ratings and usage, and weights of those who answered."""
        there, part = answered[some], frame[some].astype("float64")
        used = part.notna().add_suffix("_used").astype(float)
        design = pd.concat([part.fillna(means), used], axis=1)[varied][there]
        exog = add_constant(design, has_constant="add")
        return y[some][there], exog, 1.0 if w is None else w[some][there]

    if varied and answered.sum() > 3 * len(varied):
        with warnings.catch_warnings():  # twins share their worth: the fit of least norm
            warnings.simplefilter("ignore", SingularMatrixWarning)
            model = WLS(*_condensed(rows, len(survey))).fit()
        for key in frame.columns.intersection(model.params.index):
            gain = max(signs[key] * float(model.params[key]), 0.0)
            found[key] = signs[key] * gain * float(rated[key])
    for metric in others:
        if metric.key in found or metric.key in touchpoints:
            continue
        x = added(metric)
        both = answered & ~np.isnan(x)
        if np.unique(x[both]).size < 2:
            found[metric.key] = nan
            continue
        spread = np.cov(x[both], y[both], aweights=None if w is None else w[both])
        slope = signs[metric.key] * float(spread[0, 1] / spread[0, 0])
        found[metric.key] = signs[metric.key] * max(slope, 0.0)
    return found


def _condensed(rows: Callable[[slice], tuple[Any, pd.DataFrame, Any]], n: int) -> Any:
    """Return what `WLS` reads; of many rows the triangular few (QR) that give the same fit."""
    if n <= BLOCK:
        y, exog, mass = rows(slice(None))
        return y, exog, mass
    above: Any = None
    for start in range(0, n, BLOCK):
        y, exog, mass = rows(slice(start, start + BLOCK))
        names, both = exog.columns, np.column_stack([exog, y]) * np.sqrt(mass)[..., None]
        above = np.linalg.qr(both if above is None else np.vstack([above, both]), mode="r")
    return above[:, -1], pd.DataFrame(above[:, :-1], columns=names), 1.0
