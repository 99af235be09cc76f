"""What mystery visitors found: by location and standard, critical failures, rater effects."""

from __future__ import annotations

from math import nan
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.proportion import proportion_confint

from cxlib.analysis import validate
from cxlib.analysis.agreement import Agreement, krippendorff_alpha
from cxlib.analysis.compare import adjust
from cxlib.analysis.metrics import one_of
from cxlib.analysis.results import Caveat, Tabled, counted
from cxlib.errors import DataError
from cxlib.words import mark as _


class Scorecard(Tabled):
    """Visits summed up; scores in percent, differences and effects in points.

    ``table``: a row a level of `by`, weakest first: the level's column, ``n`` (visits), ``value``
    (mean) with its t interval, ``adjusted`` (at the average visitor; NaN where visitors cannot be
    told from places), ``critical`` (visits with a critical failure), ``difference`` with its
    interval and ``p_adjusted`` (from the mean of the other places, at the same visitors where these
    can be told; one variance for all). ``sections``: ``section, n, value, low, high``.
    ``standards``, most often failed first: ``standard, section, n`` (visits to which it applied),
    ``failed, value`` (of the points) with Wilson's interval, ``critical, weakest`` (the level where
    it fails most). ``visitors``: ``visitor, n, effect, low, high, p_adjusted``: how far above the
    others at the same places; empty with one visitor. ``visits``: ``visit, value, critical`` and
    the level of `by`. ``agreement``: of two visitors at one place in one wave; None without such.
    ``n_used, n_dropped``: visits, and rows that did not apply.
    """

    sections: pd.DataFrame
    standards: pd.DataFrame
    visitors: pd.DataFrame
    visits: pd.DataFrame
    agreement: Agreement | None
    n_used: int
    n_dropped: int


def scorecard(
    visits: pd.DataFrame,
    *,
    by: str = "location",
    confidence: float = 0.95,
    **columns: str,
) -> Scorecard:
    """Sum up mystery visits.

    Parameters
    ----------
    visits : pandas.DataFrame
        One row a standard of a visit.
    by : str
        Column of what is compared: the location, its region or format.
    confidence : float
        Coverage of the intervals.
    **columns : str
        What columns are called, where not by these names: ``visit, standard, score`` (which visit,
        which standard, points won: true/false or 0/1 count as points; missing points mean that the
        standard did not apply); and, where there are such, a standard's ``section``, its full
        points (``maximum``, else 1), its ``weight`` within the section (else 1), the
        ``section_weight`` (else as its standards weigh), whether failing it is ``critical``, who
        visited (``visitor``), and in which ``wave``.

    Raises
    ------
    DataError
        If a column is absent, a score is no number or above its maximum, a weight is not positive,
        or one visit scores a standard twice or is of two places.

    Notes
    -----
    A visit's section score is Σ w·points / Σ w·maximum over the standards that applied, its score
    the weighted mean of its sections. Visitor effects are the coefficients of an ordinary least
    squares fit of visit scores on place and visitor, against the mean of all visitors; they need
    visitors who went to the same places.
    """
    for name in columns:
        one_of(name, _COLUMNS, f"a scorecard has no {name!r}")
    named = {"by": by, **dict(zip(_COLUMNS, _COLUMNS, strict=True)), **columns}
    data = _read(visits, named)
    used = data[data["score"].notna()]
    if used.empty:
        raise DataError(f"no standard was scored: {named['score']!r} is empty throughout.")
    used = used.assign(failed=used["score"] < used["maximum"])
    used["critical_failed"] = used["failed"] & used["critical"]
    each, parts = _scored(used)
    level = validate.check_confidence(confidence)
    visitors, adjusted, notes = _visitors(each, level)
    table = _means(each, "by", level).rename(columns={"by": by})
    table["adjusted"] = table[by].map(adjusted).astype(float)
    table["critical"] = each.groupby("by", sort=False, observed=True)["critical"].sum().to_numpy()
    gaps = ["difference", "difference_low", "difference_high", "p_adjusted"]
    table[gaps] = nan
    if len(table) > 1:
        names = sorted(each["by"].astype(str).unique())
        apart = _contrasts(each, "by", level, each[[]], "difference")
        told = pd.DataFrame(apart, index=names).loc[list(table[by].astype(str))]
        told["p_adjusted"] = adjust(told.pop("p_value"))
        table[gaps] = told.to_numpy()
    table = table.sort_values("value", kind="stable", ignore_index=True)
    message = _("{n} of {all} {n:was|were} visited once: one visit says nothing of the next.")
    once = counted(((table["n"] == 1).sum(), message), all=len(table))
    return Scorecard(
        table=table,
        sections=_means(parts.reset_index(), "section", level),
        standards=_standards(used, level),
        visitors=visitors,
        visits=each.rename(columns={"by": by}).reset_index(),
        agreement=_agreement(used),
        n_used=len(each),
        n_dropped=int(data["score"].isna().sum()),
        caveats=notes + once,
    )


_COLUMNS = (
    *("visit", "standard", "score", "section", "maximum", "weight", "section_weight", "critical"),
    *("visitor", "wave"),
)


def _read(visits: pd.DataFrame, of: dict[str, str]) -> pd.DataFrame:
    """Return the rows under the names used here, what may be absent filled in, and checked."""
    needed = ("by", "visit", "standard", "score")
    data = pd.DataFrame({name: validate.column(visits, of[name]).to_numpy() for name in needed})
    data["score"] = validate.numbers(data["score"].rename(of["score"]))
    for name, default in (("maximum", 1.0), ("weight", 1.0), ("section_weight", nan)):
        data[name] = validate.numbers(visits[of[name]]) if of[name] in visits else default
    for name in ("section", "wave"):
        data[name] = visits[of[name]].astype(str).to_numpy() if of[name] in visits else ""
    who, fatal = of["visitor"], of["critical"]
    data["visitor"] = visits[who].astype("string").to_numpy() if who in visits else pd.NA
    data["critical"] = False
    if fatal in visits:
        data["critical"] = validate.flags(visits[fatal]).fillna(value=False).to_numpy(bool)
    _check(data)
    return data


def _scored(used: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return each visit's score, and that of each of its sections, in percent."""
    used = used.assign(**{at: used["weight"] * used[of] for at, of in _POINTS.items()})
    parts = used.groupby(["visit", "section"], sort=False).agg(
        won=("won", "sum"), most=("most", "sum"), given=("section_weight", "first")
    )
    parts["value"] = 100 * parts["won"] / parts["most"]
    parts["counts"] = parts["given"].fillna(parts["most"])
    parts["counted"] = parts["counts"] * parts["value"]
    sums = parts.groupby("visit", sort=False)[["counted", "counts"]].sum()
    each = used.groupby("visit", sort=False).agg(
        by=("by", "first"),
        visitor=("visitor", "first"),
        wave=("wave", "first"),
        critical=("critical_failed", "any"),
    )
    each.insert(0, "value", sums["counted"] / sums["counts"])
    return each, parts


_POINTS = {"won": "score", "most": "maximum"}


def change(
    before: Scorecard, after: Scorecard, *, by: str = "location", confidence: float = 0.95
) -> pd.DataFrame:
    """Return how the score of each place moved between two rounds of visits, and that of all.

    A row a place of both scorecards, the first row all of them (its `by` is missing): `by`,
    ``visits_before, visits_after, before, after, change, change_low, change_high, p_adjusted`` (one
    family, Benjamini and Hochberg). The change is the coefficient of the round in a least squares
    fit on place, visitor and round, so neither who went nor where moves it; visitors are left out
    where they cannot be told from the round.
    """
    level = validate.check_confidence(confidence)
    rounds = [one.visits.assign(later=float(at)) for at, one in enumerate((before, after))]
    places = [p for p in before.table[by] if p in set(after.table[by])]
    both = pd.concat(rounds, ignore_index=True)
    both = both[both[by].isin(places)]
    rows = []
    for place in [None, *places] if places else []:
        mine = both if place is None else both[both[by] == place]
        old, new = (mine.loc[mine["later"] == at, "value"].to_numpy(float) for at in (0, 1))
        row = {by: place, "visits_before": len(old), "visits_after": len(new)}
        row |= {"before": old.mean(), "after": new.mean()}
        rows.append(row | _contrasts(mine, by, level, mine[["later"]], "change")[0])
    table = pd.DataFrame(rows)
    if rows:
        table["p_adjusted"] = adjust(table.pop("p_value").to_numpy(float))
    return table


def _contrasts(
    visits: pd.DataFrame, by: str, confidence: float, more: pd.DataFrame, name: str
) -> list[dict[str, float]]:
    """Return the coefficients of `more`, or else how far each place lies from all others.

    At the same places and visitors; the latter only where they can be told from the rest.
    """
    places = pd.get_dummies(visits[by].astype(str), dtype=float)
    design = np.column_stack([more, places])
    if visits["visitor"].notna().all():
        people = pd.get_dummies(visits["visitor"], dtype=float).to_numpy()
        fuller = np.column_stack([design, people[:, 1:]])
        if np.linalg.matrix_rank(fuller) == fuller.shape[1] < len(visits):
            design = fuller
    fit = OLS(visits["value"].to_numpy(float), design).fit()
    count, k = places.shape[1], more.shape[1]
    wanted = np.zeros((k or count, design.shape[1]))
    if k:
        wanted[:, :k] = np.eye(k)
    elif count > 1:
        wanted[:, :count] = np.eye(count) - (1 - np.eye(count)) / (count - 1)
    ends = np.full((len(wanted), 2), nan)
    p = np.full(len(wanted), nan)
    if fit.df_resid >= 1 and fit.ssr > 1e-9 and wanted.any():
        test = fit.t_test(wanted)
        ends, p = test.conf_int(1 - confidence), np.ravel(test.pvalue)
    names = (name, f"{name}_low", f"{name}_high", "p_value")
    found = np.column_stack([wanted @ fit.params, ends, p]).tolist()
    return [dict(zip(names, row, strict=True)) for row in found]


def _check(data: pd.DataFrame) -> None:
    for name in ("weight", "maximum", "section_weight"):
        wrong = data[data[name].notna() & ~(data[name] > 0)]
        if len(wrong):
            row = wrong.iloc[0]
            raise DataError(f"{name} of {row['standard']!r} is {row[name]:g}; it is positive.")
    wrong = data[(data["score"] < 0) | (data["score"] > data["maximum"])]
    if len(wrong):
        row = wrong.iloc[0]
        raise DataError(
            f"visit {row['visit']!r} scores {row['score']:g} on {row['standard']!r}, "
            f"which goes from 0 to {row['maximum']:g}."
        )
    twice = data[data.duplicated(["visit", "standard"])]
    if len(twice):
        row = twice.iloc[0]
        raise DataError(f"visit {row['visit']!r} scores {row['standard']!r} twice; leave one.")
    places = data.groupby("visit")["by"].nunique()
    if (places > 1).any():
        raise DataError(f"visit {places[places > 1].index[0]!r} is of two places.")


def _means(scores: pd.DataFrame, by: str, confidence: float) -> pd.DataFrame:
    """Return each group's mean score with its t interval; none on one score."""
    told = scores.groupby(by, sort=False, observed=True)["value"].agg(["size", "mean", "std"])
    n, mean = told["size"].to_numpy(), told["mean"]
    half = student.ppf((1 + confidence) / 2, np.maximum(n - 1, 1)) * told["std"] / np.sqrt(n)
    ends = {"low": (mean - half).clip(lower=0.0), "high": (mean + half).clip(upper=100.0)}
    return pd.DataFrame({"n": n, "value": mean, **ends}).reset_index()


def _standards(used: pd.DataFrame, confidence: float) -> pd.DataFrame:
    table = used.groupby("standard", sort=False).agg(
        section=("section", "first"), n=("score", "size"), failed=("failed", "sum"),
        won=("score", "sum"), most=("maximum", "sum"), critical=("critical", "any"),
    )  # fmt: skip
    share = table.pop("won") / table.pop("most")
    ends = proportion_confint(share * table["n"], table["n"], 1 - confidence, "wilson")
    for at, (name, values) in enumerate(zip(("value", "low", "high"), (share, *ends), strict=True)):
        table.insert(3 + at, name, 100 * values)
    failing = used.groupby(["standard", "by"], sort=False, observed=True)["failed"].mean()
    worst = failing.groupby("standard").idxmax().map(lambda at: at[1] if failing[at] > 0 else "")
    table = table.assign(weakest=worst).reset_index()
    return table.sort_values("value", kind="stable", ignore_index=True)


def _visitors(
    each: pd.DataFrame, confidence: float
) -> tuple[pd.DataFrame, dict[Any, float], tuple[Caveat, ...]]:
    """Return each visitor's effect, places at the average visitor, and what stood in the way."""
    columns = ["visitor", "n", "effect", "low", "high", "p_adjusted"]
    known = each[each["visitor"].notna()]
    names = list(known["visitor"].unique())
    if len(names) < 2:
        return pd.DataFrame(columns=columns), {}, ()
    places = pd.get_dummies(known["by"].astype(str), dtype=float)
    # effects sum to zero over visitors: each is told against their mean
    people = pd.get_dummies(known["visitor"], dtype=float)[names]
    centred = people[names[:-1]].sub(people[names[-1]], axis=0)
    design = np.column_stack([places.to_numpy(), centred.to_numpy()])
    spare = len(known) - design.shape[1]
    if np.linalg.matrix_rank(design) < design.shape[1] or spare < 2:
        message = _(
            "Visitors went to different places: strict visitors cannot be told from weak places."
        )
        return pd.DataFrame(columns=columns), {}, (Caveat(message),)
    fit = OLS(known["value"].to_numpy(), design).fit()
    contrasts = np.zeros((len(names), design.shape[1]))
    contrasts[:, places.shape[1] :] = np.vstack([np.eye(len(names) - 1), -np.ones(len(names) - 1)])
    test = fit.t_test(contrasts)
    ends = test.conf_int(1 - confidence)
    facts = (names, known["visitor"].value_counts()[names].to_numpy(), np.ravel(test.effect))
    told = (*facts, ends[:, 0], ends[:, 1], adjust(np.ravel(test.pvalue)))
    table = pd.DataFrame(dict(zip(columns, told, strict=True)))
    by_name = dict(zip(places.columns, fit.params[: places.shape[1]], strict=True))
    adjusted = {place: float(by_name[str(place)]) for place in known["by"].unique()}
    message = _(
        "{n} {n:visitor scores|visitors score} clearly higher or lower than the others "
        "at the same places."
    )
    return table, adjusted, counted(((table["p_adjusted"] < 0.05).sum(), message))


def _agreement(used: pd.DataFrame) -> Agreement | None:
    """Return how far two visitors of one place and wave agree, standard by standard."""
    known = used[used["visitor"].notna()]
    pairs = known.groupby(["by", "wave"], sort=False, observed=True)["visitor"].nunique()
    if not (pairs > 1).any():
        return None
    wide = known.assign(share=known["score"] / known["maximum"]).pivot_table(
        index=["by", "wave", "standard"], columns="visitor", values="share", observed=True
    )
    return krippendorff_alpha(wide.reset_index(drop=True), level="interval")
