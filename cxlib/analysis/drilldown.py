"""Analysis room: where a score changed, by touchpoint and group, at an equal mix of customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, nan
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from cxlib.analysis import _inputs
from cxlib.analysis.compare import adjust, difference
from cxlib.analysis.metrics import Metric, Touchpoint, resolve
from cxlib.analysis.results import MINIMUM_BASE, Caveat
from cxlib.analysis.scores import Score, score
from cxlib.analysis.weights import rake
from cxlib.errors import DataError
from cxlib.words import mark as _

CAP = 5.0
"""No earlier answer counts for more than five when the mixes are made equal."""
_WEIGHT = "\u2063equal mix"  # no column of a client carries this name
ALL = ""
"""The level of the row that holds all customers."""


@dataclass(frozen=True, kw_only=True)
class Drilldown:
    """Where a score changed between two periods, the earlier one brought to the later one's mix.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a question and group: ``question`` (the KPI first, then touchpoints), ``unit``,
        ``direction``, ``segment, level`` (both empty: all customers); ``before`` (at the later
        mix), ``after``, ``change`` (after minus before), ``low, high, p_value`` and ``p_adjusted``
        (Benjamini and Hochberg over the table, small cells left out); ``contrast`` (by how much
        the group changed more than the segment's other groups together) and
        ``contrast_p`` (Benjamini and Hochberg over the groups of a question); ``n_before,
        n_after``, ``n`` (the smaller).
    metric, unit, direction : str
        The KPI that signalled.
    before, after : str
        The periods compared.
    segments : tuple of str
        On which the mixes were made equal.
    confidence : float
        Coverage of the intervals.
    n_used, n_dropped : int
        Rows of both periods compared; rows of a group that only one period has.
    """

    table: pd.DataFrame
    metric: str
    unit: str
    direction: str
    before: str
    after: str
    segments: tuple[str, ...]
    minimum_base: int
    confidence: float
    n_used: int
    n_dropped: int
    caveats: tuple[Caveat, ...] = ()

    @property
    def overall(self) -> pd.DataFrame:
        """The rows over all customers: the KPI, then every touchpoint."""
        return self.table[self.table["level"] == ALL].reset_index(drop=True)

    @property
    def whole(self) -> pd.Series:
        """The row of the KPI over all customers: its change at an equal mix."""
        rows = self.table[(self.table["question"] == self.metric) & (self.table["level"] == ALL)]
        return rows.iloc[0]

    @property
    def place(self) -> pd.Series | None:
        """The row that moved most surely the way the KPI did; None where none is clear.

        A touchpoint over all customers comes first; then a touchpoint within one group; then, for
        want of either, the KPI in one group that changed unlike the others.
        """
        table = self.table
        way = float(np.sign(self.whole["after"] - self.whole["before"]))
        alike = table["direction"] == self.direction
        same = np.sign(table["change"]) == np.where(alike, way, -way)
        clear = table[same & (table["p_adjusted"] < self.alpha)]
        steps, groups = clear["question"] != self.metric, clear["level"] != ALL
        unlike = groups & ~steps & (clear["contrast_p"] < self.alpha)
        for chosen in (steps & ~groups, steps & groups, unlike):
            if chosen.any():
                rows = clear[chosen]
                strength = (rows["change"] / (rows["high"] - rows["low"])).abs()
                found: pd.Series = rows.iloc[int(strength.argmax())]
                return found
        return None

    @property
    def group(self) -> pd.Series | None:
        """The group in which `place` clearly changed more than in the others, if there is one."""
        place = self.place
        if place is None or place["level"] != ALL:
            return place
        table = self.table
        rows = table[(table["question"] == place["question"]) & (table["level"] != ALL)]
        further = np.sign(rows["contrast"]) == np.sign(place["change"])
        clear = rows[further & (rows["contrast_p"] < self.alpha)]
        return None if clear.empty else clear.sort_values("contrast_p").iloc[0]

    @property
    def alpha(self) -> float:
        """The level at which a cell is called clear."""
        return 1 - self.confidence


def drill_down(
    survey: pd.DataFrame,
    *,
    metric: Metric | Touchpoint,
    before: str,
    after: str,
    touchpoints: Sequence[Touchpoint] = (),
    segments: Sequence[str] = (),
    weights: str | None = "weight",
    cluster: str | None = None,
    minimum_base: int = MINIMUM_BASE,
    confidence: float = 0.95,
) -> Drilldown:
    """Compare two periods question by question and group by group, at an equal mix of customers.

    The earlier period's answers are raked to the later period's margins of all segments (weights
    of at most five times the mean), so that a group of customers that grew does not show as a
    touchpoint that got worse. Rows of a level that only one of the periods has are left out.

    Parameters
    ----------
    survey : pandas.DataFrame
        One row a response, with ``period``.
    metric : Metric or Touchpoint
        The KPI that signalled.
    before, after : str
        The period before the signal began, and the one to explain.
    touchpoints : sequence of Touchpoint
        What is looked into besides the KPI, as means.
    segments : sequence of str
        Columns that make the groups.
    weights, cluster : str or None
        As in `scores.score`.
    minimum_base : int
        Cells on fewer answers in either period take no part in the family of tests.
    confidence : float
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    Drilldown

    Raises
    ------
    DataError
        If a column is missing, or one of the periods has no rows.

    References
    ----------
    .. [1] Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57.
    """
    waves = [survey[survey["period"] == label].reset_index(drop=True) for label in (before, after)]
    for label, wave in zip((before, after), waves, strict=True):
        if wave.empty:
            raise DataError(f"the survey has no rows of period {label!r}.")
    (then, now), used, caveats = _alike(waves[0], waves[1], tuple(segments), weights)
    questions = [resolve(metric)]
    questions += [resolve(t) for t in touchpoints if t.key != questions[0].key]
    options: dict[str, Any] = {"weights": _WEIGHT, "cluster": cluster, "confidence": confidence}
    rows: list[dict[str, Any]] = []
    for question in questions:
        rows += _cells(then, now, question, tuple(segments), options, confidence)
    table = _adjusted(pd.DataFrame(rows), minimum_base)
    return Drilldown(
        table=table,
        metric=questions[0].key,
        unit=questions[0].unit,
        direction=questions[0].direction,
        before=before,
        after=after,
        segments=used,
        minimum_base=minimum_base,
        confidence=confidence,
        n_used=len(then) + len(now),
        n_dropped=sum(map(len, waves)) - len(then) - len(now),
        caveats=caveats,
    )


def _alike(
    before: pd.DataFrame, after: pd.DataFrame, segments: tuple[str, ...], weights: str | None
) -> tuple[tuple[pd.DataFrame, pd.DataFrame], tuple[str, ...], tuple[Caveat, ...]]:
    """Return both waves with a weight that gives them one mix, and on which segments."""
    waves = [before, after]
    for name in segments:
        known = [set(_inputs.column(wave, name).dropna()) for wave in waves]
        common = known[0] & known[1]
        if common:
            waves = [wave[wave[name].isna() | wave[name].isin(common)] for wave in waves]
    then, now = (wave.reset_index(drop=True) for wave in waves)
    starts = [_inputs.weight_column(wave, weights) for wave in (then, now)]
    then, now = (
        wave.assign(**{_WEIGHT: 1.0 if start is None else start})
        for wave, start in zip((then, now), starts, strict=True)
    )
    margins = {}
    for name in segments:
        sizes = now.groupby(now[name].astype(object))[_WEIGHT].sum()
        if len(sizes) > 1 and set(sizes.index) == set(then[name].dropna()):
            margins[name] = (sizes / sizes.sum()).to_dict()
    if not margins:
        return (then, now), (), ()
    raked = rake(then, margins, weights=_WEIGHT, cap=CAP)
    caveats = (
        ()
        if raked.converged
        else (
            Caveat(
                _("The mix of {before} could not be brought to that of {after} exactly."),
                before=str(before["period"].iloc[0]),
                after=str(after["period"].iloc[0]),
            ),
        )
    )
    return (then.assign(**{_WEIGHT: raked.weights}), now), tuple(margins), caveats


def _cells(
    then: pd.DataFrame,
    now: pd.DataFrame,
    question: Metric,
    segments: tuple[str, ...],
    options: dict[str, Any],
    confidence: float,
) -> list[dict[str, Any]]:
    base = {"question": question.key, "unit": question.unit, "direction": question.direction}
    rows = [base | {"segment": ALL, "level": ALL} | _moved(then, now, question, options)]
    rows[0] |= {"contrast": nan, "contrast_p": nan}
    for name in segments:
        labels = [wave[name].astype(object) for wave in (then, now)]
        for level in _inputs.levels_of(pd.concat(labels, ignore_index=True)):
            inside = [label.eq(level).to_numpy(dtype=bool) for label in labels]
            others = [
                label.notna().to_numpy(dtype=bool) & ~mask
                for label, mask in zip(labels, inside, strict=True)
            ]
            cell = _moved(then[inside[0]], now[inside[1]], question, options)
            rest = _moved(then[others[0]], now[others[1]], question, options)
            named = base | {"segment": name, "level": str(level)}
            rows.append(named | cell | _contrast(cell, rest, confidence))
    return rows


def _moved(
    then: pd.DataFrame, now: pd.DataFrame, question: Metric, options: dict[str, Any]
) -> dict[str, Any]:
    old, new = (_score(wave, question, options) for wave in (then, now))
    n_before, n_after = (0 if each is None else each.n for each in (old, new))
    gap = None if old is None or new is None else difference(new, old)
    return {
        "before": nan if old is None else old.value,
        "after": nan if new is None else new.value,
        "change": nan if gap is None else gap.value,
        "low": nan if gap is None else gap.low,
        "high": nan if gap is None else gap.high,
        "p_value": nan if gap is None else gap.p_value,
        "n_before": n_before,
        "n_after": n_after,
        "n": min(n_before, n_after),
    }


def _score(rows: pd.DataFrame, question: Metric, options: dict[str, Any]) -> Score | None:
    if len(rows) == 0 or _inputs.column(rows, question.key).isna().all():
        return None
    return score(rows, question, **options)


def _contrast(cell: dict[str, Any], rest: dict[str, Any], confidence: float) -> dict[str, Any]:
    """Return how much more a group changed than the others, with a normal test."""
    gap = cell["change"] - rest["change"]
    z = float(norm.ppf((1 + confidence) / 2))
    errors = [(part["high"] - part["low"]) / (2 * z) for part in (cell, rest)]
    error = hypot(*errors)
    p_value = float(2 * norm.sf(abs(gap) / error)) if error > 0 else nan
    return {"contrast": gap, "contrast_p": p_value}


def _adjusted(table: pd.DataFrame, minimum_base: int) -> pd.DataFrame:
    small = table["n"] < minimum_base
    adjusted = adjust(table["p_value"].mask(small))
    table.insert(list(table.columns).index("p_value") + 1, "p_adjusted", adjusted)
    contrast = table["contrast_p"].mask(small)
    table["contrast_p"] = contrast.groupby(table["question"]).transform(adjust)
    return table
