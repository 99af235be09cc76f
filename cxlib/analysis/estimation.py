"""A KPI with its uncertainty: weighted moments, intervals, resamples, shrinkage, and the `Score`.

Own formulas: statsmodels' intervals and weights know frequencies, not an effective base n* or
customers who answer more than once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import hypot, inf, isnan, nan, sqrt
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from cxlib.analysis import validate
from cxlib.analysis.metrics import Direction, Kind, Metric
from cxlib.analysis.results import Caveat, Interval, said
from cxlib.analysis.validate import Floats, Integers, OffScale
from cxlib.errors import DataError
from cxlib.words import mark as _

ADDED_ANSWERS = 3.0
"""Answers that adjusted Wald adds to an NPS, a quarter of them each to promoters and detractors
(Rocks 2016): the fewest that bring coverage at n = 10 near its promise."""


class Moments(NamedTuple):
    """A weighted mean and what its interval needs: S² (`variance`), v (`linearised`), n* and df."""

    mean: float
    variance: float
    linearised: float
    units: int
    n: int
    n_effective: float
    n_star: float
    df: float
    clustered: bool


def even(weights: Floats) -> Floats:
    """Return weights around one; equal weights become exactly one, so that they change nothing."""
    if weights.size == 0 or np.ptp(weights) == 0:
        return np.ones_like(weights)
    scaled: Floats = weights / weights.max()  # first, so that no sum overflows
    around_one: Floats = scaled / scaled.mean()
    return around_one


def kish(weights: Floats) -> float:
    """Return the effective number of answers, (Σw)² / Σw² (Kish 1965, Survey Sampling)."""
    weights = even(weights)
    return float(weights.sum() ** 2 / (weights**2).sum())


def moments(x: Floats, weights: Floats | None = None, clusters: Integers | None = None) -> Moments:
    """Return the moments of `x`, one number a respondent, none missing, at least one.

    v = Σ(w(x − x̄)/Σw)² over respondents, or customers (Binder 1983, Int. Stat. Review 51); where
    it is 0 the answers say nothing about their own spread, and Kish's number of units stands in.
    G customers of n_g answers each tell their own spread badly: n* takes S²(G − 1)/(vG), and df
    is (Σn_g)²/Σn_g² − 1.
    """
    w = np.ones_like(x) if weights is None else even(weights)
    total = w.sum()
    mean = float(x[0]) if (x == x[0]).all() else float(w @ x / total)
    deviations = x - mean
    parts = w * deviations / total
    unit_weights, df, room = w, float(x.size - 1), 1.0
    if clusters is not None:
        codes: Any = np.unique(clusters, return_inverse=True)[1]
        parts = np.bincount(codes, parts).astype(float)
        unit_weights = np.bincount(codes, w).astype(float)
        if 1 < parts.size < x.size:  # one answer a customer is no cluster
            answers = np.bincount(codes).astype(float)
            df = float(answers.sum() ** 2 / (answers**2).sum() - 1)
            room = (parts.size - 1) / parts.size
        elif parts.size == 1:
            df = 0.0
    variance = float(w @ deviations**2 / total)
    linearised = float(parts @ parts) if parts.size > 1 else 0.0
    by_kish = float(total**2 / (w @ w))
    least = float(total**2 / (unit_weights @ unit_weights))
    n_star = min(by_kish, room * variance / linearised if linearised > 0 else least)
    units, clustered = int(parts.size), parts.size < x.size
    return Moments(mean, variance, linearised, units, x.size, by_kish, n_star, df, clustered)


def z_of(confidence: float, df: float = inf) -> float:
    """Return the two-sided quantile of a confidence: 1.96 for 0.95; of t where few customers."""
    tail = (1 + confidence) / 2
    return float(ndtri(tail) if df == inf else stdtrit(df, tail))  # what scipy.stats calls, at last


def wilson(share: float, n: float, confidence: float, df: float = inf) -> tuple[float, float]:
    """Return Wilson's interval (1927, JASA 22) of a share on `n` (effective) answers."""
    z = z_of(confidence, df)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * sqrt(max(share * (1 - share), 0) / n + z**2 / (4 * n**2))
    # the share itself lies within, which rounding must not undo at 0 and 1
    return min(max(centre - half, 0.0), share), max(min(centre + half, 1.0), share)


def adjusted_net(promoters: float, detractors: float, n: float) -> tuple[float, float]:
    """Return the adjusted net share and its variance (Rocks 2016, The American Statistician 70)."""
    more = n + ADDED_ANSWERS
    high = (promoters * n + ADDED_ANSWERS / 4) / more
    low = (detractors * n + ADDED_ANSWERS / 4) / more
    net = high - low
    return net, (high + low - net**2) / more


def adjusted_wald(
    promoters: float, detractors: float, n: float, confidence: float, df: float = inf
) -> tuple[float, float]:
    """Return the adjusted Wald interval of a net share, within -1 to 1."""
    net, variance = adjusted_net(promoters, detractors, n)
    half = z_of(confidence, df) * sqrt(variance)
    return max(net - half, -1.0), min(net + half, 1.0)


def newcombe(
    share_a: float, n_a: float, share_b: float, n_b: float, confidence: float
) -> tuple[float, float]:
    """Return the hybrid score interval of ``share_a - share_b`` (Newcombe 1998, method 10)."""
    low_a, high_a = wilson(share_a, n_a, confidence)
    low_b, high_b = wilson(share_b, n_b, confidence)
    gap = share_a - share_b
    low = gap - hypot(share_a - low_a, high_b - share_b)
    return low, gap + hypot(high_a - share_a, share_b - low_b)


def times_drawn(rng: np.random.Generator, units: int, draws: int) -> NDArray[np.int64]:
    """Return how often each of `units` is drawn in each of `draws` resamples: draws by units."""
    times = np.empty((draws, units), dtype=np.int64)
    for row in times:  # one at a time: what is drawn stays in the cache
        row[:] = np.bincount(rng.integers(0, units, units), minlength=units)
    return times


def percentiles(draws: Any, confidence: float, method: Any = "linear") -> Floats:
    """Return low and high of each column over its draws (rows without a gap); NaN without any."""
    sound = draws[~np.isnan(draws).any(axis=1)]
    if not len(sound):
        return np.full((2, draws.shape[1]), np.nan)
    tail = 100 * (1 - confidence) / 2
    ends: Floats = np.percentile(sound, [tail, 100 - tail], axis=0, method=method)
    return ends


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


OF_SCORE = (
    *("value", "low", "high", "standard_error", "variance", "n", "n_effective", "n_star"),
    *("unit", "direction"),
)


class Score(Interval):
    """One KPI with its uncertainty, in its own unit: points, percent, or a mean on the scale.

    The interval is NaN where one independent answer leaves none, the linearised ``standard_error``
    where all answers come from one customer. ``detail``: weighted shares (0 to 1) and unweighted
    counts behind it: NPS ``promoters, passives, detractors``, the same as ``n_…``, ``detractor_to,
    promoter_from``; CSAT ``share, n_top, top``; CES ``agree, agree_low, agree_high, n_agree,
    agree_from, direction``; means ``deviation``. ``variance``: weighted S² of one answer, of means
    × n/(n − 1); ``n_star``: min(`n_effective`, S²/v). ``units, df, clustered``: independent
    respondents, degrees of freedom of its t (answers less one; (Σn_g)²/Σn_g² − 1 where customers
    repeat), and whether they do.
    """

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

    def __post_init__(self) -> None:
        """Keep the detail from change, also where it was read back as a plain mapping."""
        if not isinstance(self.detail, Detail):
            object.__setattr__(self, "detail", Detail(**self.detail))

    def as_row(self) -> dict[str, Any]:
        """Return it as a row of `kpis.Estimates`: z (infinite df) unless a mean or clustered."""
        row = {name: getattr(self, name) for name in OF_SCORE}
        shares = {name: float(self.detail.get(name, nan)) for name in ("promoters", "detractors")}
        by_t = self.clustered or self.unit == "mean"
        return row | shares | {"kind": self.metric, "df": self.df if by_t else inf}


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


def answers_to(
    metric: Metric, ratings: pd.Series, off_scale: OffScale = "error", *, whole: bool = False
) -> tuple[Floats, tuple[Caveat, ...]]:
    """Return the answers to a question, NaN for none, and a caveat on those off its scale."""
    whole = whole or metric.kind != "mean"
    x, n_off = validate.ratings_of(ratings, metric.scale, whole, off_scale)
    message = _(
        "{n} {n:answer is|answers are} off the scale of {metric} and {n:counts|count} as missing."
    )
    return x, said(n_off, message, n=n_off, metric=metric.key or metric.kind)


def answered(x: Floats, ratings: pd.Series) -> Any:
    """Return which rows hold an answer; refuse a column without any."""
    there = ~np.isnan(x)
    if not there.any():
        raise DataError(f"no answers in {validate.called(ratings)}: all {len(x)} are missing.")
    return there


def share_of(
    hits: Floats, weights: Floats | None, clusters: Integers | None, confidence: float
) -> tuple[float, float, float]:
    """Return a weighted share of 0/1 `hits` with its Wilson interval on n*."""
    found = moments(hits, weights, clusters)
    return found.mean, *wilson(found.mean, found.n_star, confidence, _df(found))


def _df(found: Moments) -> float:
    """Shares and nets use z, and t where customers repeat."""
    return max(found.df, 1.0) if found.clustered else inf


def estimate(
    x: Floats,
    metric: Metric,
    weights: Floats | None,
    clusters: Integers | None,
    n_dropped: int,
    confidence: float,
) -> Score:
    """Score the answers `x`, at least one and none missing."""
    validate.check_confidence(confidence)
    found = moments(contributions(x, metric), weights, clusters)
    single = found.units == 1 and found.n > 1
    error, variance = nan if single else sqrt(found.linearised), found.variance
    if metric.kind in ("nps", "csat"):
        (low, high), detail = _of_shares(x, metric, weights, found, confidence)
    else:
        several = found.units > 1
        inflate = found.units / (found.units - 1) if several else nan
        half = z_of(confidence, found.df) * sqrt(found.linearised) * sqrt(inflate)
        low, high = found.mean - half, found.mean + half
        detail = Detail(deviation=sqrt(variance) * sqrt(inflate))
        if metric.kind == "ces" and metric.scale is not None:
            middle = sum(metric.scale) / 2
            hits = (x > middle).astype(float)
            agree = share_of(hits, weights, clusters, confidence)
            about = {"n_agree": int(hits.sum()), "agree_from": int(middle) + 1}
            shares = zip(("agree", "agree_low", "agree_high"), agree, strict=True)
            detail = Detail(**dict(shares), **about, direction=metric.direction)
        error, variance = error * sqrt(inflate), variance * inflate
    message = ""
    if single:
        message = _("All {n} answers come from one customer: they count as one.")
    elif isnan(low):
        message = _("One answer has no spread, so its mean has no interval.")
    elif found.variance == 0 and found.n > 1:
        message = _("All {n} answers fall together, so they show no spread.")
    told = ("n", "n_effective", "n_star", "units", "df", "clustered")
    return Score(
        value=found.mean,
        low=low,
        high=high,
        standard_error=error,
        variance=variance,
        n_dropped=n_dropped,
        detail=detail,
        metric=metric.kind,
        confidence=confidence,
        caveats=said(message, message, n=found.n),
        **{name: getattr(found, name) for name in told},
        **{name: getattr(metric, name) for name in ("unit", "key", "direction", "scale")},
    )


def _of_shares(
    x: Floats, metric: Metric, weights: Floats | None, found: Moments, confidence: float
) -> tuple[tuple[float, float], Detail]:
    """Return the interval of an NPS (points) or a top-box share (percent), and what it is of."""
    if metric.kind == "csat":
        hits = (contributions(x, metric) > 0).astype(float)
        share = moments(hits, weights).mean
        low, high = wilson(share, found.n_star, confidence, _df(found))
        detail = Detail(share=share, n_top=int(hits.sum()), top=metric.top or 0)
        return (100 * low, 100 * high), detail
    detractor, promoter = metric.cut_points or (0, 0)
    up, down = (x >= promoter).astype(float), (x <= detractor).astype(float)
    groups = {"promoters": up, "passives": 1 - up - down, "detractors": down}
    shares = {name: moments(of, weights).mean for name, of in groups.items()}
    net = shares["promoters"], shares["detractors"]
    low, high = adjusted_wald(*net, found.n_star, confidence, _df(found))
    counts = {f"n_{name}": int(of.sum()) for name, of in groups.items()}
    cuts = {"detractor_to": detractor, "promoter_from": promoter}
    return (100 * low, 100 * high), Detail(**shares, **counts, **cuts)


def score_answers(
    ratings: pd.Series,
    metric: Metric,
    weights: Any = None,
    cluster: Any = None,
    off_scale: OffScale = "error",
    confidence: float = 0.95,
) -> Score:
    """Score a column of answers as `metric` declares."""
    ratings = validate.answers_of(ratings)
    x, caveats = answers_to(metric, ratings, off_scale)
    w, codes = matched(ratings, weights, cluster)
    there = answered(x, ratings)
    found = estimate(
        x[there], metric, *validate.at(there, w, codes), int((~there).sum()), confidence
    )
    return replace(found, caveats=found.caveats + caveats)


def matched(ratings: pd.Series, weights: Any, cluster: Any) -> tuple[Any, Any]:
    """Return weights and customers of each answer, where they are given."""
    w = None if weights is None else validate.read_weights(weights, ratings.index)
    return w, None if cluster is None else validate.read_clusters(cluster, ratings.index)
