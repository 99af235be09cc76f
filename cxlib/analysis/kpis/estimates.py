"""Every KPI of a client with its uncertainty: one row a KPI, period, group and brand."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.analysis import _inputs
from cxlib.analysis._intervals import wilson
from cxlib.analysis._score import contributions
from cxlib.analysis._score import estimate as score_of
from cxlib.analysis.design import SurveyDesign
from cxlib.analysis.metrics import Metric, Touchpoint, resolve
from cxlib.analysis.results import Caveat, Result
from cxlib.errors import DataError

OWN = "own"
"""The client's own brand."""
TEXTS = ("kpi", "source", "period", "segment", "level", "brand", "kind", "scale", "unit")
NUMBERS = (
    *("value", "low", "high", "standard_error", "variance", "n_effective", "n_star", "df"),
    *("reach", "promoters", "detractors", "worth"),
)


@dataclass(frozen=True, kw_only=True)
class Estimates(Result):
    """KPIs of a client with their uncertainty.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a KPI, period, group and brand. ``kpi, source`` ("survey", "touchpoint", "tickets",
        "reported"), ``period, segment, level`` (None for the whole), ``brand`` ("own" or a
        competitor); ``value, low, high, standard_error, variance`` (of one answer) in the KPI's
        ``unit``: NPS in points, shares 0 to 100, times in seconds; ``n`` answers or tickets,
        ``n_effective, n_star, n_dropped, df``; ``reach`` (0 to 1, of touchpoints), ``promoters,
        detractors`` (0 to 1, of NPS), ``kind, scale, direction, basis`` ("sample", "census");
        ``worth``: points of the first KPI that go with one unit of this one. `judge` and `compare`
        add their columns.
    questions : tuple of Metric or Touchpoint
        The survey's questions, the first KPI first.
    design : SurveyDesign
        How the survey was drawn.
    caveats : tuple of Caveat
        Reservations.
    """

    table: pd.DataFrame
    questions: tuple[Metric | Touchpoint, ...] = ()
    design: SurveyDesign = field(default_factory=SurveyDesign)
    caveats: tuple[Caveat, ...] = ()

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
    questions: Sequence[Metric | Touchpoint] = (),
    segments: Sequence[str] = (),
    figures: pd.DataFrame | None = None,
    design: SurveyDesign | None = None,
) -> Estimates:
    """Estimate every KPI by period, brand and group.

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

    Returns
    -------
    Estimates
        In order of period, then as given. Groups without an answer are absent.

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
        weights = _inputs.weight_column(frame, design.weights)
        customers = _inputs.cluster_column(frame, design.cluster)
        cells = _cells(frame, segments)
        for question in questions:
            rows += _question(frame, question, cells, weights, customers, design.confidence)
    table = frame_of(rows)
    if figures is not None and len(figures):
        table = pd.concat([table, figures], ignore_index=True)
    order = {label: at for at, label in enumerate(periods.order(table["period"].unique()))}
    table = table.iloc[np.argsort(table["period"].map(order).to_numpy(), kind="stable")]
    return Estimates(table=table.reset_index(drop=True), questions=tuple(questions), design=design)


def frame_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return rows of estimates as a frame whose dtypes do not depend on what is there."""
    columns = [*TEXTS, *NUMBERS, "n", "n_dropped", "direction", "basis"]
    table = pd.DataFrame(rows, columns=columns)
    dtypes: dict[str, Any] = dict.fromkeys(NUMBERS, "float64") | {
        "n": "Int64",
        "n_dropped": "Int64",
    }
    texts = {name: table[name].astype(object) for name in (*TEXTS, "direction", "basis")}
    table = table.assign(**{k: v.where(v.notna(), None) for k, v in texts.items()})
    return table.astype(dtypes)


def _cells(survey: pd.DataFrame, segments: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return period, brand, segment, level and the rows of every wave and its groups."""
    groups: list[tuple[Any, ...]] = [(None, None, np.ones(len(survey), dtype=bool))]
    for name in segments:
        values = _inputs.column(survey, name)
        groups += [
            (name, str(level), values.eq(level).fillna(False).to_numpy(bool))
            for level in _inputs.levels_of(values)
        ]
    waves: Any = survey.groupby(["period", "brand"], sort=False).indices
    return [
        (period, brand, segment, level, at[member[at]])
        for (period, brand), at in waves.items()
        for segment, level, member in groups
    ]


def _question(
    survey: pd.DataFrame,
    question: Metric | Touchpoint,
    cells: Sequence[tuple[Any, ...]],
    weights: Any,
    customers: Any,
    confidence: float,
) -> list[dict[str, Any]]:
    metric = resolve(question)
    ratings = _inputs.column(survey, metric.key)
    x, _off = _inputs.ratings_of(ratings, scale=metric.scale, whole=metric.kind != "mean")
    used = survey.get(f"{metric.key}_used")
    rows = []
    for period, brand, segment, level, there in cells:
        answers = there[~np.isnan(x[there])]
        if not answers.size:
            continue
        found = score_of(
            x[answers],
            metric,
            weights=None if weights is None else weights[answers],
            clusters=None if customers is None else customers[answers],
            n_dropped=0,
            confidence=confidence,
        )
        unused = 0
        reach = nan
        if used is not None:
            known = used.iloc[there].astype("boolean").dropna()
            unused = int((~known).sum())
            reach = float(known.mean()) if len(known) else nan
        rows.append(
            {
                "kpi": metric.key,
                "source": "touchpoint" if isinstance(question, Touchpoint) else "survey",
                "period": period,
                "segment": segment,
                "level": level,
                "brand": brand,
                "kind": metric.kind,
                "scale": None if metric.scale is None else "{}-{}".format(*metric.scale),
                "df": found.df if found.unit == "mean" or found.clustered else np.inf,
                "reach": reach,
                "promoters": found.detail.get("promoters", nan),
                "detractors": found.detail.get("detractors", nan),
                "n_dropped": int(there.size - answers.size) - unused,
                "basis": "sample",
            }
            | {name: getattr(found, name) for name in _OF_SCORE}
        )
    return rows


_OF_SCORE = (
    *("value", "low", "high", "standard_error", "variance", "n", "n_effective", "n_star"),
    *("unit", "direction"),
)


def counted(
    figures: pd.DataFrame, kinds: Mapping[str, Mapping[str, Any]], *, source: str
) -> pd.DataFrame:
    """Return figures that count every case as rows of `estimate`, in display units.

    Parameters
    ----------
    figures : pandas.DataFrame
        ``kpi, period, value`` (shares 0 to 1, times in seconds) and, where known, ``n``; a share
        whose ``basis`` is "sample" gets Wilson's interval.
    kinds : mapping
        By KPI ``unit`` ("share", "seconds", "mean", "number" or "currency") and ``direction``.
    source : {"tickets", "reported"}
        Where they come from.

    Raises
    ------
    DataError
        If a figure has no kind.
    """
    kind_of = {"share": "share", "seconds": "duration", "mean": "mean"}
    rows = []
    for row in figures.to_dict("records"):
        if row["kpi"] not in kinds:
            raise DataError(f"nothing is known of the kpi {row['kpi']!r}.")
        kind = kinds[row["kpi"]]
        share = kind["unit"] == "share"
        n = row.get("n")
        sampled: dict[str, Any] = {"basis": "census"}
        if share and row.get("basis") == "sample" and n:
            low, high = wilson(float(row["value"]), float(n), 0.95)
            spread = 100.0**2 * float(row["value"]) * (1 - float(row["value"]))
            sampled = {"basis": "sample", "low": 100 * low, "high": 100 * high, "df": np.inf}
            sampled |= {"variance": spread, "standard_error": float(np.sqrt(spread / n))}
        rows.append(
            {
                "kpi": row["kpi"],
                "source": source,
                "period": str(row["period"]),
                "brand": OWN,
                "value": (100.0 if share else 1.0) * float(row["value"]),
                "n": None if n is None or pd.isna(n) else int(n),
                "n_star": nan if n is None else float(n),
                "kind": kind_of.get(kind["unit"], "number"),
                "unit": "percent" if share else kind["unit"],
                "direction": kind["direction"],
            }
            | sampled
        )
    return frame_of(rows)


def worth(
    survey: pd.DataFrame,
    questions: Sequence[Metric | Touchpoint],
    *,
    weights: str | None = "weight",
) -> dict[str, float]:
    """Return points of the first KPI that go with one unit of each KPI and touchpoint.

    Touchpoints: coefficients of the linear model of the first KPI's answers on ratings and usage,
    times reach, never below 0. Other KPIs: the standardised effect, a standard deviation for one.

    Parameters
    ----------
    survey : pandas.DataFrame
        The rows of one period.
    questions : sequence of Metric or Touchpoint
    weights : str or None
        Column of weights.
    """
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import SingularMatrixWarning

    first, *others = [resolve(question) for question in questions]
    y = contributions(survey[first.key].to_numpy(float, na_value=np.nan), first)
    answered = ~np.isnan(y)
    found = {first.key: 1.0}
    spread = float(np.nanstd(y)) if answered.any() else nan
    touchpoints = [q.key for q in questions if isinstance(q, Touchpoint)]
    frame = survey[touchpoints].astype("float64")
    frame = frame.loc[:, frame.notna().any().to_numpy()]
    rated = frame.notna()
    design = pd.concat(
        [frame.fillna(frame.mean()), rated.add_suffix("_used").astype(float)], axis=1
    )
    design = design.loc[:, design.std() > 0]
    w = _inputs.weight_column(survey, weights)
    if len(design.columns) and answered.sum() > 3 * len(design.columns):
        with warnings.catch_warnings():  # twins share their worth: the fit of least norm
            warnings.simplefilter("ignore", SingularMatrixWarning)
            model = sm.WLS(
                y[answered],
                sm.add_constant(design)[answered],
                weights=1.0 if w is None else w[answered],
            ).fit()
        for key in frame.columns.intersection(model.params.index):
            sign = next(-1 if q.direction == "lower" else 1 for q in questions if q.key == key)
            found[key] = sign * max(sign * float(model.params[key]), 0.0) * float(rated[key].mean())
    for metric in others:
        if metric.key in found or metric.key in touchpoints:
            continue
        x = contributions(survey[metric.key].to_numpy(float, na_value=np.nan), metric)
        own = float(np.nanstd(x)) if (~np.isnan(x)).any() else 0.0
        found[metric.key] = spread / own if own > 0 else nan
    return found
