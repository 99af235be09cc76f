"""One KPI with its uncertainty: the result that scores, comparisons and verdicts share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import inf, isnan, nan, sqrt
from typing import TypeAlias

import numpy as np
from scipy.stats import t as student

from cxlib.analysis import _intervals
from cxlib.analysis._survey_variance import Floats, Integers, Moments, moments
from cxlib.analysis.metrics import Direction, Kind, Metric
from cxlib.analysis.results import Caveat
from cxlib.words import mark as _

Fact: TypeAlias = float | int | str


class Detail(Mapping[str, Fact]):
    """A small mapping that does not change."""

    __slots__ = ("_facts",)

    def __init__(self, **facts: Fact) -> None:
        self._facts = facts

    def __getitem__(self, key: str) -> Fact:
        return self._facts[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)

    def __hash__(self) -> int:
        return hash(tuple(self._facts.items()))

    def __repr__(self) -> str:
        return f"Detail({', '.join(f'{key}={fact!r}' for key, fact in self._facts.items())})"


@dataclass(frozen=True, kw_only=True)
class Score:
    """One KPI with its uncertainty; `value`, `low` and `high` are in the KPI's own unit.

    Attributes
    ----------
    value : float
        The point estimate: −100 to 100 points, 0 to 100 percent, or a mean on the scale.
    low, high : float
        Its interval. NaN where one independent answer leaves none, which a caveat says.
    standard_error : float
        Linearised, in the score's unit. NaN where all answers come from one customer.
    n : int
        Answers used, unweighted.
    n_effective : float
        Kish's effective number of answers.
    n_dropped : int
        Rows without a usable answer.
    detail : mapping
        Weighted shares (0 to 1) and unweighted counts behind the score. NPS: ``promoters,
        passives, detractors, n_promoters, n_passives, n_detractors, detractor_to,
        promoter_from``. CSAT: ``share, n_top, top``. CES: ``agree, agree_low, agree_high,
        n_agree, agree_from, direction``. Means: ``deviation`` (weighted standard deviation).
    unit : str
        ``"points"``, ``"percent"`` or ``"mean"``.
    metric : str
        The kind: ``"nps"``, ``"csat"``, ``"ces"`` or ``"mean"``.
    key : str
        The column that was scored, empty if it had no name.
    direction : str
        Which way is better.
    scale : (int, int) or None
        The scale of the answers.
    confidence : float
        Coverage of the interval.
    variance : float
        Weighted population variance S² of one answer, in the unit squared; of means × n/(n − 1).
    n_star : float
        Answers an unweighted, unclustered sample would need to be as precise:
        min(`n_effective`, S²/v).
    units : int
        Independent respondents: customers where they repeat, else answers.
    df : float
        Degrees of freedom of its t: answers less one; where customers repeat (Σn_g)²/Σn_g² − 1.
    clustered : bool
        Whether customers repeat.
    caveats : tuple of Caveat
        Reservations.
    """

    value: float
    low: float
    high: float
    standard_error: float
    n: int
    n_effective: float
    n_dropped: int
    detail: Mapping[str, Fact]
    unit: str
    metric: Kind
    key: str = ""
    direction: Direction = "higher"
    scale: tuple[int, int] | None = None
    confidence: float = 0.95
    variance: float = nan
    n_star: float = nan
    units: int = 0
    df: float = nan
    clustered: bool = False
    caveats: tuple[Caveat, ...] = ()

    def __post_init__(self) -> None:
        """Keep the detail from change, also where it was read back as a plain mapping."""
        if not isinstance(self.detail, Detail):
            object.__setattr__(self, "detail", Detail(**self.detail))

    def with_caveats(self, *caveats: Caveat) -> Score:
        """Return the score with further caveats."""
        return replace(self, caveats=self.caveats + caveats)


def contributions(x: Floats, metric: Metric) -> Floats:
    """Return what each answer adds to the score: ±100 or 0 for NPS, 100 or 0 for CSAT, else itself.

    The (weighted) mean of these is the score. NaN stays NaN.
    """
    with np.errstate(invalid="ignore"):
        if metric.kind == "nps":
            detractor, promoter = metric.cut_points or (0, 0)
            value = 100.0 * (x >= promoter) - 100.0 * (x <= detractor)
        elif metric.kind == "csat" and metric.scale and metric.top:
            value = 100.0 * metric.satisfied(x)
        else:
            return x
    return np.where(np.isnan(x), np.nan, value)


def estimate(
    x: Floats,
    metric: Metric,
    *,
    weights: Floats | None,
    clusters: Integers | None,
    n_dropped: int,
    confidence: float,
) -> Score:
    """Score the answers `x`, at least one and none missing."""
    _intervals.check_confidence(confidence)
    found = moments(contributions(x, metric), weights, clusters)
    single = found.units == 1 and found.n > 1
    error = nan if single else sqrt(found.linearised)
    shape = {"nps": _nps, "csat": _csat}.get(metric.kind, _mean)
    value, low, high, detail = shape(x, metric, found, weights, clusters, confidence)
    variance = found.variance
    if metric.kind in ("ces", "mean"):
        inflate = found.units / (found.units - 1) if found.units > 1 else nan
        error, variance = error * sqrt(inflate), variance * inflate
    caveats = _caveats(found, low, single)
    return Score(
        value=value,
        low=low,
        high=high,
        standard_error=error,
        n=found.n,
        n_effective=found.n_effective,
        n_dropped=n_dropped,
        detail=detail,
        unit=metric.unit,
        metric=metric.kind,
        key=metric.key,
        direction=metric.direction,
        scale=metric.scale,
        confidence=confidence,
        variance=variance,
        n_star=found.n_star,
        units=found.units,
        df=found.df,
        clustered=found.clustered,
        caveats=caveats,
    )


def _caveats(found: Moments, low: float, single: bool) -> tuple[Caveat, ...]:
    if single:
        message = _("All {n} answers come from one customer: they count as one.")
        return (Caveat(message, n=found.n),)
    if isnan(low):
        return (Caveat(_("One answer has no spread, so its mean has no interval.")),)
    if found.variance == 0 and found.n > 1:
        return (Caveat(_("All {n} answers fall together, so they show no spread."), n=found.n),)
    return ()


Shape: TypeAlias = tuple[float, float, float, Detail]


def share_of(
    hits: Floats, weights: Floats | None, clusters: Integers | None, confidence: float
) -> tuple[float, float, float]:
    """Return a weighted share of 0/1 `hits` with its Wilson interval on n*."""
    found = moments(hits, weights, clusters)
    return found.mean, *_intervals.wilson(found.mean, found.n_star, confidence, _df(found))


def _df(found: Moments) -> float:
    """Shares and nets use z, and t where customers repeat."""
    return max(found.df, 1.0) if found.clustered else inf


def _nps(
    x: Floats,
    metric: Metric,
    found: Moments,
    weights: Floats | None,
    clusters: Integers | None,
    confidence: float,
) -> Shape:
    detractor, promoter = metric.cut_points or (0, 0)
    up, down = (x >= promoter).astype(float), (x <= detractor).astype(float)
    promoters, passives, detractors = (moments(g, weights).mean for g in (up, 1 - up - down, down))
    low, high = _intervals.adjusted_wald(
        promoters, detractors, found.n_star, confidence, _df(found)
    )
    n_up, n_down = int(up.sum()), int(down.sum())
    detail = Detail(
        promoters=promoters,
        passives=passives,
        detractors=detractors,
        n_promoters=n_up,
        n_passives=found.n - n_up - n_down,
        n_detractors=n_down,
        detractor_to=detractor,
        promoter_from=promoter,
    )
    return found.mean, 100 * low, 100 * high, detail


def _csat(
    x: Floats,
    metric: Metric,
    found: Moments,
    weights: Floats | None,
    clusters: Integers | None,
    confidence: float,
) -> Shape:
    hits = (contributions(x, metric) > 0).astype(float)
    share = moments(hits, weights).mean
    low, high = _intervals.wilson(share, found.n_star, confidence, _df(found))
    detail = Detail(share=share, n_top=int(hits.sum()), top=metric.top or 0)
    return found.mean, 100 * low, 100 * high, detail


def _mean(
    x: Floats,
    metric: Metric,
    found: Moments,
    weights: Floats | None,
    clusters: Integers | None,
    confidence: float,
) -> Shape:
    low = high = nan
    scale = nan
    if found.units > 1:
        scale = sqrt(found.units / (found.units - 1))
        quantile = float(student.ppf((1 + confidence) / 2, found.df))
        half = quantile * sqrt(found.linearised) * scale
        low, high = found.mean - half, found.mean + half
    if metric.kind == "mean" or metric.scale is None:
        return found.mean, low, high, Detail(deviation=sqrt(found.variance) * scale)
    middle = (metric.scale[0] + metric.scale[1]) / 2
    agree = (x > middle).astype(float)
    share, agree_low, agree_high = share_of(agree, weights, clusters, confidence)
    detail = Detail(
        agree=share,
        agree_low=agree_low,
        agree_high=agree_high,
        n_agree=int(agree.sum()),
        agree_from=int(middle) + 1,
        direction=metric.direction,
    )
    return found.mean, low, high, detail
