"""Does joining change what members spend: members against comparable customers who had not joined.

Who joins is no random pick, so that members spend more than others proves nothing. Here both bought
in the month in which the member joined (both are customers then), at equal spend, purchases and
time as a customer well before it, and each is compared with what they spent before: difference in
differences, with the same comparison of two windows *before* joining as a check.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from cxlib.analysis.estimation import z_of
from cxlib.analysis.members.purchases import days_of, p_of, wald
from cxlib.analysis.results import CARE_BASE, Caveat, Tabled, counted, said
from cxlib.analysis.validate import (
    Flags,
    Floats,
    check_confidence,
    column,
    count,
    dates_of,
    generator,
    moment,
)
from cxlib.errors import DataError
from cxlib.words import mark as _

MOST_PEOPLE = 200_000
"""Customers looked at; of more, as many are drawn."""
UNLIKE = 0.1
"""Standardised difference after weighting above which two groups are not comparable."""
WINDOWS = {
    "early": _("long before joining"),
    "middle": _("before joining"),
    "late": _("just before joining"),
    "after": _("after joining"),
}
COVARIATES = {
    "early": _("spend long before"),
    "early_days": _("purchases long before"),
    "tenure": _("time as a customer"),
}
_NEVER = np.iinfo("int64").max
"""A day of joining that does not come."""


class Joining(Tabled):
    """What members spend more once they have joined than comparable customers who had not.

    ``table``, one row: ``effect`` with its interval (money a member within the horizon), ``raw``
    (members less all others afterwards), ``change`` (members, after less before), ``p_value``,
    ``trend`` with its interval and ``p_trend`` (the same before joining: should be 0), ``n,
    n_others`` (effectively, as weighted), ``turn`` ("more", "less", "unclear", "no telling":
    earlier trends differ). ``balance``: ``covariate, mean, mean_others, mean_weighted, apart,
    apart_weighted`` (standardised), ``n``. ``windows``: ``window, place, mean, mean_others, n``.
    """

    balance: pd.DataFrame
    windows: pd.DataFrame
    horizon: int


def effect_of_joining(
    members: pd.DataFrame,
    transactions: pd.DataFrame,
    *,
    as_of: Any,
    horizon: int = 90,
    confidence: float = 0.95,
    seed: int = 0,
) -> Joining:
    """Compare members, before and after they joined, with comparable customers who had not.

    `members`: ``member_id, joined``; `transactions`: ``member_id, date, amount`` of members *and*
    of others, refunds below 0. `horizon`: days of each of the two windows just before the month of
    joining, and of the one after it; as many at least must lie before them, and all of those are
    the earliest window. Refused where there is no day of joining, nobody but members buys, members
    had not bought before they joined, or nobody else is like them.

    Others are weighted by entropy balancing (Hainmueller 2012; own code, statsmodels has none) to
    the members' month of joining, and spend, purchases and time as a customer of the *earliest*
    window alone: whoever is matched on what they spent just before falls back to their usual
    afterwards (regression to the mean), which would look like an effect. A customer who joins later
    is an other until then. Standard errors are by customer.
    """
    horizon, z = count(horizon, "horizon"), z_of(check_confidence(confidence))
    if not horizon:
        raise DataError("horizon is 0 days; spend after joining needs some.")
    (days, caveats), until = days_of(transactions, as_of=as_of), moment(as_of)
    joining, drawn, days = _joining_days(members, days, generator(seed))
    rows, fresh = _rows(joining, days, until, horizon)
    joined = rows["joined"].to_numpy(bool)
    design, weights = _balanced(rows, joined)
    balance = _balance(rows, joined, weights)
    others = weights[~joined]
    each = pd.Series(others).groupby(rows.loc[~joined, "who"].to_numpy()).sum()
    effective = float(each.sum() ** 2 / (each**2).sum())  # customers, each in several months
    if balance["apart_weighted"].abs().max() > UNLIKE or effective < CARE_BASE:
        raise DataError(
            _(
                "nobody else is like those who joined: no weights make other customers' earlier "
                "spend, purchases and time as a customer equal to theirs."
            )
        )
    after, before = rows["after"], (rows["middle"] + rows["late"]) / 2
    of = (design, joined, weights, rows["who"])
    effect, error = _contrast(after - before, *of)
    trend, trend_error = _contrast(rows["late"] - rows["middle"], *of)
    p, p_trend = p_of(effect, error), p_of(trend, trend_error)
    turn = "unclear" if p >= 1 - confidence else "more" if effect > 0 else "less"
    n = int(joined.sum())
    row: dict[str, Any] = wald("effect", effect, error, z)
    row |= {"raw": float(after[joined].mean() - after[~joined].mean())}
    row |= {"change": float((after - before)[joined].mean()), "p_value": p}
    row |= wald("trend", trend, trend_error, z) | {"p_trend": p_trend, "n": n}
    row |= {"n_others": int(effective), "turn": "no telling" if p_trend < 1 - confidence else turn}
    later = float(np.average(rows.loc[~joined, "later"], weights=others))
    caveats += drawn + fresh
    message = _("{share:.0%} of the others joined later, within the {days} days.")
    caveats += said(later > 0.01, message, share=later, days=horizon)
    spent = rows[list(WINDOWS)]
    windows = pd.DataFrame(
        {"window": list(WINDOWS.values()), "place": range(len(WINDOWS)), "n": n}
        | {"mean": spent[joined].mean().to_numpy()}
        | {"mean_others": np.average(spent[~joined], weights=others, axis=0)}
    )
    table = pd.DataFrame([row])
    return Joining(table=table, balance=balance, windows=windows, horizon=horizon, caveats=caveats)


def _joining_days(
    members: pd.DataFrame, days: pd.DataFrame, rng: np.random.Generator
) -> tuple[Any, tuple[Caveat, ...], pd.DataFrame]:
    """Return the day on which each customer joined, and the purchases that are looked at."""
    listed = pd.DataFrame(
        {"member_id": column(members, "member_id"), "at": dates_of(column(members, "joined"))}
    ).drop_duplicates("member_id")
    code, names = days["member_id"].cat.codes.to_numpy(), days["member_id"].cat.categories
    at = pd.Index(listed["member_id"]).get_indexer(pd.Index(names))
    joining = np.where(at >= 0, _days(listed["at"])[at], _NEVER)
    if not (joining[np.unique(code)] == _NEVER).any():
        raise DataError(
            _(
                "only members buy in these transactions: there is nobody to compare them with. "
                "Ask for the purchases of customers who are not members."
            )
        )
    if len(names) <= MOST_PEOPLE:
        return joining, (), days
    drawn = np.zeros(len(names), dtype=bool)
    drawn[rng.choice(len(names), MOST_PEOPLE, replace=False)] = True
    caveats = counted((MOST_PEOPLE, _("Compared on {n} customers drawn at random.")))
    return joining, caveats, days[drawn[code]]


def _rows(
    joining: Any, days: pd.DataFrame, until: pd.Timestamp, horizon: int
) -> tuple[pd.DataFrame, tuple[Caveat, ...]]:
    """Return customers who bought in a month in which they joined, or had not yet joined."""
    code, day = days["member_id"].cat.codes.to_numpy(), days["day"].to_numpy()
    first = np.full(len(joining), np.iinfo("int32").max)
    np.minimum.at(first, code, day)
    parts, new = [], 0
    since, last = int(day.min()), int(np.datetime64(until, "D").astype("int64"))
    for month in pd.period_range(pd.Timestamp(since, unit="D"), until, freq="M"):
        start, stop = _days(pd.Series([month.start_time, (month + 1).start_time])).tolist()
        if start - 3 * horizon < since or stop + horizon - 1 > last:
            continue
        here = np.unique(code[(day >= start) & (day < stop)])
        here = here[joining[here] >= start]
        known = first[here] < start - 2 * horizon
        new += int((joining[here][~known] < stop).sum())
        here = here[known]
        if not len(here):
            continue
        table = _spent(days, here, (since, start, stop), horizon)
        table["month"], table["tenure"] = month.ordinal, np.log1p(start - first[here])
        table["joined"] = joining[here] < stop
        parts.append(table.assign(later=joining[here] < stop + horizon))
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"joined": []})
    joined = rows["joined"].astype(bool)
    if joined.sum() < CARE_BASE:
        why = _(
            "{n} {n:member|members} bought in the month of joining after {days} days as {n:a "
            "customer|customers} ({new} had not been): a comparison of before and after needs "
            "{least}."
        )
        held = {"n": int(joined.sum()), "new": int(new)}
        raise DataError(Caveat(why, **held, days=2 * horizon, least=CARE_BASE))
    both = rows.groupby("month")["joined"].transform(lambda one: 0 < one.mean() < 1)
    rows = rows[both.astype(bool)].reset_index(drop=True)
    if len(rows) == 0 or min(rows["joined"].sum(), (~rows["joined"]).sum()) < CARE_BASE:
        why = _(
            "fewer than {least} customers who had not joined bought in the months in which members "
            "joined: there is nobody to compare them with."
        )
        raise DataError(Caveat(why, least=CARE_BASE))
    message = _(
        "{n} {n:member|members} became {n:a customer|customers} only {n:on joining: "
        "there is|when they joined: they have} no before."
    )
    return rows, counted((new, message))


def _spent(days: pd.DataFrame, who: Any, at: tuple[int, int, int], horizon: int) -> pd.DataFrame:
    """Return what customers spent in each window around a month from `at[1]` to before `at[2]`."""
    since, start, stop = at
    code = days["member_id"].cat.codes.to_numpy()
    day, money = days["day"].to_numpy(), days["amount"].to_numpy()
    place = np.full(int(code.max()) + 1, -1)
    place[who] = np.arange(len(who))
    edges = (since, start - 2 * horizon, start - horizon, start)
    spans = (*pairwise(edges), (stop, stop + horizon))
    table = pd.DataFrame({"who": who})
    for name, (begin, end) in zip(WINDOWS, spans, strict=True):
        inside = (day >= begin) & (day < end) & (place[code] >= 0)
        rows = place[code[inside]]
        table[name] = np.bincount(rows, money[inside], len(who))
        if name == "early":  # a year of history says more of a customer than a quarter
            table[name] *= horizon / (end - begin)
            times = np.bincount(rows, minlength=len(who))
            table["early_days"] = np.sqrt(times * horizon / (end - begin))
    return table


def _days(moments: pd.Series) -> Any:
    """Return days since 1970; a missing one is the first of all: a member of unknown standing."""
    days = moments.to_numpy().astype("datetime64[D]").astype("int64")
    return np.where(moments.isna(), np.iinfo("int64").min // 2, days)


def _balanced(rows: pd.DataFrame, joined: Flags) -> tuple[Floats, Floats]:
    """Return what is balanced, and weights that give others the means of those who joined."""
    month = rows["month"].to_numpy()[:, None]
    told = [rows[list(COVARIATES)].to_numpy(float), month == np.unique(month)[1:]]
    design = np.column_stack(told).astype(float)
    centred = design[~joined] - design[joined].mean(axis=0)
    spread = design.std(axis=0)
    centred = centred[:, spread > 0] / spread[spread > 0]

    def dual(strength: Floats) -> tuple[float, Floats]:
        told = centred @ strength
        share = np.exp(told - told.max())
        total = share.sum()
        return float(np.log(total) + told.max()), centred.T @ (share / total)

    options: Any = {"maxiter": 500, "ftol": 1e-12, "gtol": 1e-7}
    start = np.zeros(centred.shape[1])
    strength = minimize(dual, start, jac=True, method="L-BFGS-B", options=options).x
    weights, told = np.ones(len(rows)), centred @ strength
    weights[~joined] = np.exp(told - told.max())
    weights[~joined] /= weights[~joined].mean()
    return design, weights


def _balance(rows: pd.DataFrame, joined: Flags, weights: Floats) -> pd.DataFrame:
    days, tenure = rows["early_days"] ** 2, np.expm1(rows["tenure"])
    told = []
    for says, values in zip(COVARIATES.values(), (rows["early"], days, tenure), strict=True):
        inside, outside = values[joined].to_numpy(), values[~joined].to_numpy()
        mean, others = inside.mean(), outside.mean()
        weighted, spread = np.average(outside, weights=weights[~joined]), max(inside.std(), 1e-12)
        row = {"covariate": says, "mean": mean, "mean_others": others, "mean_weighted": weighted}
        row |= {"apart": (mean - others) / spread, "apart_weighted": (mean - weighted) / spread}
        told.append(row | {"n": int(joined.sum())})
    return pd.DataFrame(told)


def _contrast(
    change: pd.Series, design: Floats, joined: Flags, weights: Floats, who: pd.Series
) -> tuple[float, float]:
    """Return how much more the change is of those who joined, with its error by customer.

    The error is that of what others' weights do not explain: they follow those who joined.
    """
    y, code = change.to_numpy(float), pd.factorize(who)[0]
    root = np.sqrt(weights[~joined])
    known = np.column_stack([np.ones(len(y)), design])
    fit = np.linalg.lstsq(known[~joined] * root[:, None], y[~joined] * root, rcond=None)[0]
    rest = y - known @ fit
    value, parts = 0.0, np.zeros(code.max() + 1)
    for side, sign in ((joined, 1.0), (~joined, -1.0)):
        share = np.where(side, weights, 0.0) / weights[side].sum()
        told = np.bincount(code, share * (rest - share @ rest)) / (1 - np.bincount(code, share))
        value, parts = value + sign * float(share @ y), parts + sign * told
    return value, float(np.sqrt(np.sum(np.square(parts))))
