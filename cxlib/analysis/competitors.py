"""Analysis room: how far the client lies ahead of its competitors, or behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis import _inputs
from cxlib.analysis.compare import adjust, difference
from cxlib.analysis.metrics import Metric, Touchpoint, resolve
from cxlib.analysis.results import CARE_BASE, MINIMUM_BASE, Caveat
from cxlib.analysis.scores import Score, score
from cxlib.analysis.weights import rake
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

Question = str | Metric | Touchpoint
_WEIGHT = "\u2063matched weight"  # no column of a client carries this name


@dataclass(frozen=True, kw_only=True)
class Competition:
    """Each KPI against each competitor.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a competitor and KPI: ``competitor``, ``metric``, ``kind``, ``unit``,
        ``direction``; ``own``, ``competitor_value`` and ``gap`` (own minus competitor) in `unit`;
        ``low``, ``high`` of the gap; ``p_value`` (two-sided), ``p_adjusted`` (Benjamini and
        Hochberg over the table, withheld rows left out); ``standing`` (``ahead``, ``behind`` or
        ``no clear difference``, by `p_adjusted` and the direction); ``n_own``, ``n_competitor``
        (answers), ``n_effective_own``, ``n_effective_competitor``, ``n`` (the smaller base),
        ``withheld`` (it is below the minimum base), ``care`` (it is below 30).
    mix : pandas.DataFrame or None
        Where matched, one row a brand and level: ``brand, margin, level, n, sample_share,
        known_share, weighted_share, residual`` (shares 0 to 1).
    own : str
    match : tuple of str
        Columns on which the brands were brought to one mix; empty for none.
    n_used, n_dropped : int
        Rows compared; rows without a brand, or of a level that not every brand has.
    """

    table: pd.DataFrame
    mix: pd.DataFrame | None
    own: str
    match: tuple[str, ...]
    minimum_base: int
    confidence: float
    n_used: int
    n_dropped: int
    caveats: tuple[Caveat, ...]


def compare_competitors(
    data: pd.DataFrame,
    *,
    metrics: Sequence[Question],
    brand: str = "brand",
    own: str = "own",
    match: str | Sequence[str] | None = None,
    weights: str | None = "weight",
    cluster: str | None = None,
    minimum_base: int = MINIMUM_BASE,
    confidence: float = 0.95,
) -> Competition:
    """Compare the client's KPIs and touchpoints with each competitor's, on one mix where asked.

    With `match`, every brand is raked to the same margins: the mix of all brands' rows together
    (weighted, where there are weights). So a brand with more members, or more web customers, is
    not ahead for that. Rows of a level that some brand lacks cannot be matched and are left out,
    counted. Different brands' answers are taken as independent.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a response: a column a metric, `brand`, and the columns of `match`.
    metrics : sequence of Metric, Touchpoint or str
        What is compared; a touchpoint is a mean.
    brand : str
        Column that names the brand of each response.
    own : str
        The client's own brand in it.
    match : str or sequence of str, optional
        Segment columns on which the brands are brought to one mix.
    weights : str or None
        Column of weights; an absent ``weight`` column means unweighted.
    cluster : str, optional
        Column of customers' ids, where customers repeat.
    minimum_base : int
        Rows on fewer answers of either brand are flagged to be withheld.
    confidence : float
        Coverage of the intervals, between 0 and 1; ``standing`` is read at 1 − confidence.

    Returns
    -------
    Competition

    Raises
    ------
    DataError
        If a column is missing, the client's brand or any competitor has no rows, no level is
        common to all brands, or an answer lies off its scale.

    References
    ----------
    .. [1] Kalton, G. and Flores-Cervantes, I. (2003). Weighting methods. J. Off. Stat. 19, 81-97.
    """
    questions = [resolve(question) for question in metrics]
    if not questions:
        raise DataError("there is no metric to compare; give compare_competitors at least one.")
    if not 0 < confidence < 1:
        raise DataError(f"confidence {confidence!r} is not between 0 and 1.")
    columns = [match] if isinstance(match, str) else list(match or ())
    branded, n_unnamed = _branded(data, brand, own)
    kept, lost = _common(branded, brand, columns)
    frames, mix, unmet = _matched(kept, brand, columns, weights)
    options: dict[str, Any] = {
        "weights": _WEIGHT if columns else weights,
        "cluster": cluster,
        "confidence": confidence,
    }
    rows = []
    for competitor in (name for name in frames if name != own):
        for question in questions:
            ours = _score(frames[own], question, options)
            theirs = _score(frames[competitor], question, options)
            rows.append(_row(competitor, question, ours, theirs))
    return Competition(
        table=_judged(pd.DataFrame(rows), minimum_base, confidence),
        mix=mix,
        own=own,
        match=tuple(columns),
        minimum_base=minimum_base,
        confidence=confidence,
        n_used=len(kept),
        n_dropped=len(data) - len(kept),
        caveats=_caveats(n_unnamed, lost, unmet, rows),
    )


def _branded(data: pd.DataFrame, brand: str, own: str) -> tuple[pd.DataFrame, int]:
    """Return the rows that name a brand, the brand as text, and how many name none."""
    names = _inputs.column(data, brand).astype(object)
    known = names.notna().to_numpy()
    rows = data[known].reset_index(drop=True)
    rows[brand] = [str(name).strip() for name in names[known]]
    present = list(dict.fromkeys(rows[brand]))
    if own not in present:
        raise DataError(f"no row of column {brand!r} is {own!r}{nearest(own, present)}")
    if len(present) == 1:
        raise DataError(f"column {brand!r} holds only {own!r}: there is no competitor to compare.")
    return rows, int((~known).sum())


def _common(
    rows: pd.DataFrame, brand: str, columns: list[str]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the rows whose levels every brand has, and how many rows each column cost."""
    brands = list(dict.fromkeys(rows[brand]))
    lost = dict.fromkeys(columns, 0)
    before = -1
    while before != len(rows):
        before = len(rows)
        for name in columns:
            levels = _inputs.column(rows, name)
            common = set(levels.dropna())
            for each in brands:
                common &= set(levels[rows[brand] == each].dropna())
            if not common:
                raise DataError(
                    f"no level of column {name!r} is found in every brand; leave it out of match."
                )
            fits = (levels.isna() | levels.isin(common)).to_numpy(dtype=bool)
            lost[name] += int((~fits).sum())
            rows = rows[fits]
    return rows, lost


def _matched(
    rows: pd.DataFrame, brand: str, columns: list[str], weights: str | None
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame | None, tuple[str, ...]]:
    """Return each brand's rows, raked to the mix of all where asked, and whom that failed."""
    frames = {str(name): part for name, part in rows.groupby(brand, sort=False)}
    if not columns:
        return frames, None, ()
    start = _inputs.weight_column(rows, weights)
    base = pd.Series(1.0 if start is None else start, index=rows.index)
    base /= base.groupby(rows[brand]).transform("mean")
    margins = {}
    for name in columns:
        sizes = base.groupby(rows[name].astype(object)).sum()
        margins[name] = (sizes / sizes.sum()).to_dict()
    mixes, unmet = [], []
    for name, part in frames.items():
        raked = rake(part.assign(**{_WEIGHT: base}), margins, weights=_WEIGHT)
        frames[name] = part.assign(**{_WEIGHT: raked.weights})
        mixes.append(raked.table.assign(brand=name))
        unmet += [] if raked.converged else [name]
    mix = pd.concat(mixes, ignore_index=True)
    return frames, mix[["brand", *mix.columns.drop("brand")]], tuple(unmet)


def _score(rows: pd.DataFrame, question: Metric, options: dict[str, Any]) -> Score | None:
    if _inputs.column(rows, question.key).isna().all():
        return None
    return score(rows, question, **options)


def _row(
    competitor: str, question: Metric, ours: Score | None, theirs: Score | None
) -> dict[str, Any]:
    gap = None if ours is None or theirs is None else difference(ours, theirs)
    n_own, n_competitor = (0 if each is None else each.n for each in (ours, theirs))
    return {
        "competitor": competitor,
        "metric": question.key,
        "kind": question.kind,
        "unit": question.unit,
        "direction": question.direction,
        "own": nan if ours is None else ours.value,
        "competitor_value": nan if theirs is None else theirs.value,
        "gap": nan if gap is None else gap.value,
        "low": nan if gap is None else gap.low,
        "high": nan if gap is None else gap.high,
        "p_value": nan if gap is None else gap.p_value,
        "n_own": n_own,
        "n_competitor": n_competitor,
        "n_effective_own": 0.0 if ours is None else ours.n_effective,
        "n_effective_competitor": 0.0 if theirs is None else theirs.n_effective,
        "n": min(n_own, n_competitor),
    }


def _judged(table: pd.DataFrame, minimum_base: int, confidence: float) -> pd.DataFrame:
    withheld = table["n"] < minimum_base
    adjusted = adjust(table["p_value"].mask(withheld))
    clear = adjusted.lt(1 - confidence)
    better = table["gap"].gt(0) == table["direction"].eq("higher")
    standing = np.select(
        [clear & better, clear], [_("ahead"), _("behind")], _("no clear difference")
    )
    after = list(table.columns).index("p_value") + 1
    table.insert(after, "p_adjusted", adjusted)
    table.insert(after + 1, "standing", standing.astype(object))
    return table.assign(withheld=withheld, care=table["n"] < CARE_BASE)


def _caveats(
    n_unnamed: int, lost: dict[str, int], unmet: tuple[str, ...], rows: list[dict[str, Any]]
) -> tuple[Caveat, ...]:
    caveats = []
    if n_unnamed:
        caveats.append(Caveat(_("{n} rows name no brand and were left out."), n=n_unnamed))
    caveats += [
        Caveat(
            _("{n} rows are of a level of {segment} that some brand lacks and were left out."),
            n=n,
            segment=name,
        )
        for name, n in lost.items()
        if n
    ]
    caveats += [
        Caveat(_("All brands are weighted to one mix of {segment}."), segment=name) for name in lost
    ]
    caveats += [
        Caveat(_("The rows of {brand} could not be brought to that mix exactly."), brand=name)
        for name in unmet
    ]
    silent = list(dict.fromkeys(row["metric"] for row in rows if row["n"] == 0))
    caveats += [
        Caveat(_("{metric} has no answers for some brand: no gap."), metric=key) for key in silent
    ]
    return tuple(caveats)
