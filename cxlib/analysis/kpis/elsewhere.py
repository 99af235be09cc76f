"""A change where something was done against the change where it was not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import nan, sqrt
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from cxlib import periods
from cxlib.analysis.estimation import answers_to, contributions
from cxlib.analysis.kpis.equal_mix import DRAWS, THIN, _mean, _rake, resampled, totals
from cxlib.analysis.metrics import Metric, SurveyDesign, Touchpoint, resolve
from cxlib.analysis.results import Result
from cxlib.analysis.validate import Floats, column, drawn
from cxlib.errors import DataError
from cxlib.words import mark as _

ALPHA = 0.05
AHEAD, BEHIND = _("better than elsewhere"), _("worse than elsewhere")
SAME = _("no clear difference")
DRIFT, FEW = _("apart before it already"), _("too few groups to tell")


class Elsewhere(Result):
    """A difference in differences.

    ``value, low, high``: the change where it was done (``there``) less that ``elsewhere``, in the
    KPI's unit; ``p_value, df, standard_error`` of its t test. ``earlier, earlier_p``: how far the
    two drew apart a period before it. ``levels, others, before``: the groups on either side, and
    the periods up to it. ``n, least``: all answers, and the fewest of a side before or after.
    """

    value: float = nan
    low: float = nan
    high: float = nan
    p_value: float = nan
    df: float = nan
    standard_error: float = nan
    there: float = nan
    elsewhere: float = nan
    earlier: float = nan
    earlier_p: float = nan
    verdict: str = FEW
    levels: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    n: int = 0
    least: int = 0


def difference_in_differences(
    data: pd.DataFrame,
    *,
    question: Metric | Touchpoint,
    by: str,
    levels: Collection[str],
    before: str,
    after: str,
    segments: Sequence[str] = (),
    design: SurveyDesign | None = None,
    draws: int = DRAWS,
    seed: int = 20250101,
) -> Elsewhere:
    """Compare a KPI's change in the groups where something was done with that in all others.

    `data` has a row a response with ``period``, of all periods up to `after`; those earlier than
    `before` tell how groups move by themselves. Every group and period is raked on `segments` to
    the customers of `levels` in both periods, groups keep their shares, and customers are resampled
    over all groups and periods together. Levels with fewer than 10 answers in either period are
    left out, and earlier periods in which any other has as few. DataError if a column, a level or a
    period is not there, or the levels are all there are.

    Groups move by themselves, which no resampling of customers shows (Bertrand, Duflo and
    Mullainathan 2004, Quarterly Journal of Economics 119). So the standard error is the larger of
    the bootstrap's and that of groups by periods (Donald and Lang 2007, Review of Economics and
    Statistics 89), with t on (groups - 1)(periods - 1) - 1 degrees of freedom; without one there is
    no verdict. Earlier trends: the slope of the gap up to `before`, from three periods on; a slope
    that is not found is no proof of parallel ones (Roth 2022).
    """
    design = design or SurveyDesign()
    metric = resolve(question)
    when, where = column(data, "period").astype(str), column(data, by).astype(object)
    known = periods.order(when.unique())
    for label in (before, after):
        if label not in known:
            raise DataError(f"there are no answers of {label!r} to compare.")
    if known.index(after) <= known.index(before):
        raise DataError(f"{after!r} is not after {before!r}; a change runs forward in time.")
    told = {str(level) for level in where.dropna().unique()}
    wanted = {str(level) for level in ([levels] if isinstance(levels, str) else levels)}
    if lost := wanted - told:
        raise DataError(f"{min(lost)!r} is no level of {by!r}; there are {sorted(told)}.")
    if not told - wanted:
        raise DataError(f"every level of {by!r} is among those where it was done.")
    used = [*known[: known.index(before) + 1], after]
    w, customers = drawn(data, design)
    y = contributions(answers_to(metric, column(data, metric.key))[0], metric)
    there = ~np.isnan(y) & where.notna().to_numpy() & when.isin(used).to_numpy()
    rows = pd.DataFrame({"p": when, "g": where.astype(str)})[there]
    counts = pd.crosstab(rows["g"], rows["p"]).reindex(columns=used, fill_value=0)
    counts = counts[(counts[[before, after]] >= THIN).all(axis=1)]
    used = [p for p in used if (counts[p] >= THIN).all()]
    groups = [*sorted(wanted & set(counts.index)), *sorted(set(counts.index) - wanted)]
    inside = np.array([g in wanted for g in groups], dtype=bool)
    if not inside.any() or inside.all():
        return Elsewhere()
    keep = np.flatnonzero(there)[(rows["p"].isin(used) & rows["g"].isin(groups)).to_numpy()]
    unit = rows["g"].map({g: k for k, g in enumerate(groups)}) * len(used)
    unit = (unit + rows["p"].map({p: k for k, p in enumerate(used)})).dropna()
    place = unit.to_numpy(int)
    people = np.arange(len(data)) if customers is None else pd.factorize(customers)[0]
    weight = (np.ones(len(data)) if w is None else w)[keep]
    held = data.iloc[keep][[name for name in segments if name != by]]
    parts = pd.DataFrame({"y": y[keep], "w": weight, "who": people[keep], "place": place})
    parts["cell"], margins = _common(held, place, len(groups) * len(used))
    means = _means(parts, inside, margins, draws, seed)
    share = np.bincount(place // len(used), weight, minlength=len(groups)).astype(float)
    found = _tested(means, inside, share, -1.0 if metric.direction == "lower" else 1.0)
    return Elsewhere(
        **found,
        levels=tuple(g for g in groups if g in wanted),
        others=tuple(g for g in groups if g not in wanted),
        before=tuple(used[:-1]),
        least=int(counts.groupby(counts.index.isin(wanted))[[before, after]].sum().min().min()),
        n=len(keep),
    )


def _common(held: pd.DataFrame, place: Any, places: int) -> tuple[Any, list[Any]]:
    """Return each row's cell of the mix, and the level of each margin that a cell has.

    Levels that are thin in any group and period are pooled; one margin's leftovers are no margin.
    """
    columns = [np.zeros(len(held), dtype=int)]
    for name in held:
        codes = pd.factorize(held[name].astype(object), use_na_sentinel=False)[0]
        width = int(codes.max()) + 1
        least = np.bincount(place * width + codes, minlength=places * width)
        thin = np.flatnonzero(least.reshape(places, width).min(axis=0) < THIN)
        columns.append(np.where(np.isin(codes, thin), width, codes))
    levels, cell = np.unique(np.column_stack(columns), axis=0, return_inverse=True)
    return cell.ravel(), [pd.factorize(levels[:, k])[0] for k in range(levels.shape[1])]


def _means(rows: pd.DataFrame, inside: Any, margins: list[Any], draws: int, seed: int) -> Floats:
    """Return the mean of every draw, group and period at the mix of those inside."""
    place, cell, w, y = (rows[name].to_numpy() for name in ("place", "cell", "w", "y"))
    cells, who = int(cell.max()) + 1, pd.factorize(rows["who"])[0]
    many = (int(place.max()) + 1) // len(inside)
    size = len(inside) * many * cells
    block = totals(who, place * cells + cell, w, y, (int(who.max()) + 1, 2 * size))
    sums = resampled(block, draws, seed)
    shape = (draws + 1, 2, len(inside), many, cells)
    mass, total = sums.reshape(shape).transpose(1, 0, 2, 3, 4)
    goal = mass[:, inside].sum(axis=1)[:, -2:].sum(axis=1)
    score = np.divide(total, mass, out=np.zeros_like(mass), where=mass > 0)
    told: Floats = np.stack(
        [
            [_mean(_rake(mass[:, g, p], goal, margins), score[:, g, p]) for p in range(many)]
            for g in range(len(inside))
        ]
    ).transpose(2, 0, 1)
    return told


def _tested(means: Floats, inside: Any, share: Floats, sign: float) -> dict[str, Any]:
    """Return the difference in differences of draw 0, its test and that of the earlier slope."""
    own = np.where(inside, share, 0) / share[inside].sum()
    rest = np.where(inside, 0, share) / share[~inside].sum()
    step = means[:, :, -1] - means[:, :, -2]
    gaps = np.einsum("dgp,g->dp", means, own - rest)
    value = gaps[0, -1] - gaps[0, -2]
    spread = float(np.nanstd(gaps[1:, -1] - gaps[1:, -2], ddof=1)) if len(gaps) > 2 else nan
    groups, many = means.shape[1:]
    df = (groups - 1) * (many - 1) - 1
    facts: dict[str, Any] = {"value": float(value), "there": float(step[0] @ own)}
    facts |= {"elsewhere": float(step[0] @ rest)}
    if df < 1 or not spread > 0:
        return facts
    # what two-way effects and the one difference leave unexplained, of groups by periods
    done = np.outer(inside, np.arange(many) == many - 1).astype(float)
    left, mark = (x - x.mean(0) - x.mean(1, keepdims=True) + x.mean() for x in (means[0], done))
    left = left - mark * (left * mark).sum() / (mark * mark).sum()
    noise = (left**2).sum() / df * (own @ own + rest @ rest)
    error = max(spread, sqrt(2 * noise))
    half = float(student.ppf(1 - ALPHA / 2, df)) * error
    p_value = 2 * float(student.sf(abs(value) / error, df))
    facts |= {"standard_error": error, "df": float(df), "p_value": p_value}
    facts |= {"low": float(value - half), "high": float(value + half)}
    drift = nan
    if many >= 4:  # three periods or more up to it
        time = np.arange(many - 1) - (many - 2) / 2
        slopes = gaps[:, :-1] @ time / (time @ time)
        about = max(float(np.nanstd(slopes[1:], ddof=1)), sqrt(noise / (time @ time)))
        drift = 2 * float(student.sf(abs(slopes[0]) / about, df))
        facts |= {"earlier": float(slopes[0]), "earlier_p": drift}
    clear = AHEAD if sign * value > 0 else BEHIND
    verdict = DRIFT if drift < ALPHA else clear if p_value < ALPHA else SAME
    return facts | {"verdict": verdict}
