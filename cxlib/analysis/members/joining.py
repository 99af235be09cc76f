"""Does joining change what members spend: members against comparable customers who had not joined.

Who joins is no random pick, so that members spend more than others proves nothing. Here both bought
in the month in which the member joined (both are customers then), at equal spend, purchases and
time as a customer well before it, and each is compared with what they spent before: difference in
differences, with the same comparison of two windows *before* joining as a check.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.stats import norm

from cxlib.analysis.members.purchases import dates_of, days_of, moment
from cxlib.analysis.metrics import number
from cxlib.analysis.results import CARE_BASE, Caveat, Result
from cxlib.analysis.validate import Floats, column, count, generator
from cxlib.errors import DataError
from cxlib.words import mark as _

MOST_PEOPLE = 200_000
"""Customers looked at; of more, as many are drawn."""
UNLIKE = 0.1
"""Standardised difference after weighting above which two groups are not comparable."""
WINDOWS = (
    _("long before joining"), _("before joining"), _("just before joining"), _("after joining"),
)  # fmt: skip
COVARIATES = (_("spend long before"), _("purchases long before"), _("time as a customer"))


@dataclass(frozen=True, kw_only=True)
class Joining(Result):
    """What members spend more once they have joined than comparable customers who had not.

    ``table``: one row: ``effect, effect_low, effect_high`` (money a member within the horizon),
    ``raw`` (members less all others afterwards), ``change`` (members, after less before),
    ``p_value, trend, trend_low, trend_high, p_trend`` (the same comparison before joining, which
    should be 0), ``n`` (members), ``n_others`` (customers weighted to be like them, effectively)
    and ``turn`` ("more", "less", "unclear", "no telling": earlier trends differ).
    ``balance``: ``covariate, mean, mean_others, mean_weighted, apart, apart_weighted``
    (standardised differences), ``n``. ``windows``: ``window, place, mean, mean_others, n``.
    """

    table: pd.DataFrame
    balance: pd.DataFrame
    windows: pd.DataFrame
    horizon: int
    caveats: tuple[Caveat, ...] = ()


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

    Parameters
    ----------
    members : pandas.DataFrame
        ``member_id, joined``, one row a member.
    transactions : pandas.DataFrame
        ``member_id, date, amount`` of members *and* of others; refunds are below 0.
    as_of : date
        The last day of the records.
    horizon : int
        Days of each of the two windows just before the month of joining, and of the one after it;
        as many at least must lie before them, and all of those are the earliest window.
    seed : int
        Of the draw where there are more than 200,000 customers.

    Raises
    ------
    DataError
        If there is no day of joining, nobody but members buys, members had not bought before they
        joined, or nobody else is like them.

    Notes
    -----
    Others are weighted by entropy balancing (Hainmueller 2012; own code, statsmodels has none) to
    the members' month of joining, and spend, purchases and time as a customer of the *earliest*
    window alone: whoever is matched on what they spent just before falls back to their usual
    afterwards (regression to the mean), which would look like an effect. A customer who joins later
    is an other until then. Standard errors are by customer.
    """
    horizon = count(horizon, "horizon")
    if not horizon:
        raise DataError("horizon is 0 days; spend after joining needs some.")
    z = norm.ppf(0.5 + number(confidence, "confidence") / 2)
    kept = days_of(transactions, as_of=as_of)
    rows, caveats = _rows(members, kept.table, moment(as_of), horizon, generator(seed))
    joined = rows["joined"].to_numpy(bool)
    design = np.column_stack([rows[name] for name in ("early", "early_days", "tenure")])
    weights = np.ones(len(rows))
    month = rows["month"].to_numpy()
    design = np.column_stack([design, month[:, None] == np.unique(month)[1:]]).astype(float)
    weights[~joined] = _balanced(design, joined)
    balance = _balance(rows, joined, weights)
    others = weights[~joined]
    each = rows.loc[~joined, "who"].to_frame().assign(w=others).groupby("who")["w"].sum()
    effective = float(each.sum() ** 2 / (each**2).sum())  # customers, each in several months
    if balance["apart_weighted"].abs().max() > UNLIKE or effective < CARE_BASE:
        raise DataError(
            "nobody else is like those who joined: no weights make other customers' earlier spend, "
            "purchases and time as a customer equal to theirs."
        )
    before = (rows["middle"] + rows["late"]) / 2
    of = (design, joined, weights, rows["who"])
    effect, error = _contrast(rows["after"] - before, *of)
    trend, trend_error = _contrast(rows["late"] - rows["middle"], *of)
    p, p_trend = (
        float(2 * norm.sf(abs(value / spread))) if spread > 0 else 1.0
        for value, spread in ((effect, error), (trend, trend_error))
    )
    turn = "more" if effect > 0 else "less"
    if p_trend < 1 - confidence:
        turn = "no telling"
    elif p >= 1 - confidence:
        turn = "unclear"
    after = rows["after"]
    row = {
        "effect": effect, "effect_low": effect - z * error, "effect_high": effect + z * error,
        "raw": float(after[joined].mean() - after[~joined].mean()),
        "change": float((after - before)[joined].mean()),
        "p_value": p, "trend": trend, "trend_low": trend - z * trend_error,
        "trend_high": trend + z * trend_error, "p_trend": p_trend,
        "n": int(joined.sum()), "n_others": int(effective), "turn": turn,
    }  # fmt: skip
    later = float(np.average(rows.loc[~joined, "later"], weights=others))
    if later > 0.01:
        message = _("{share:.0%} of the others joined later, within the {days} days.")
        caveats.append(Caveat(message, share=later, days=horizon))
    windows = pd.DataFrame(
        {
            "window": WINDOWS, "place": range(len(WINDOWS)), "n": int(joined.sum()),
            "mean": [rows.loc[joined, name].mean() for name in _SPENT],
            "mean_others": [np.average(rows.loc[~joined, name], weights=others) for name in _SPENT],
        }
    )  # fmt: skip
    return Joining(
        table=pd.DataFrame([row]), balance=balance, windows=windows, horizon=horizon,
        caveats=(*kept.caveats, *caveats),
    )  # fmt: skip


_SPENT = ("early", "middle", "late", "after")


def _rows(
    members: pd.DataFrame,
    days: pd.DataFrame,
    until: pd.Timestamp,
    horizon: int,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, list[Caveat]]:
    """Return customers who bought in a month in which they joined, or had not yet joined."""
    listed = pd.DataFrame(
        {"member_id": column(members, "member_id"), "at": dates_of(column(members, "joined"))}
    ).drop_duplicates("member_id")
    caveats = []
    code, names = days["member_id"].cat.codes.to_numpy(), days["member_id"].cat.categories
    at = pd.Index(listed["member_id"]).get_indexer(pd.Index(names))
    dated = _days(listed["at"])
    day_joined = np.where(at >= 0, dated[at], _NEVER)  # of each customer
    if not (day_joined[np.unique(code)] == _NEVER).any():
        raise DataError(
            _(
                "only members buy in these transactions: there is nobody to compare them with. "
                "Ask for the purchases of customers who are no members."
            )
        )
    if len(names) > MOST_PEOPLE:
        drawn = np.zeros(len(names), dtype=bool)
        drawn[rng.choice(len(names), MOST_PEOPLE, replace=False)] = True
        days, code = days[drawn[code]], code[drawn[code]]
        caveats.append(Caveat(_("Compared on {n} customers drawn at random."), n=MOST_PEOPLE))
    day, money = days["day"].to_numpy(), days["amount"].to_numpy()
    first = np.full(len(names), np.iinfo("int32").max)
    np.minimum.at(first, code, day)
    parts, new = [], 0
    since, last = int(day.min()), int(np.datetime64(until, "D").astype("int64"))
    for month in pd.period_range(pd.Timestamp(since, unit="D"), until, freq="M"):
        start, stop = _days(pd.Series([month.start_time, (month + 1).start_time])).tolist()
        if start - 3 * horizon < since or stop + horizon - 1 > last:
            continue
        here = np.unique(code[(day >= start) & (day < stop)])
        here = here[day_joined[here] >= start]
        known = first[here] < start - 2 * horizon
        new += int((day_joined[here][~known] < stop).sum())
        here = here[known]
        table = _spent(day, money, code, here, (since, start, stop), horizon)
        table["month"], table["tenure"] = month.ordinal, np.log1p(start - first[here])
        table["joined"] = day_joined[here] < stop
        table["later"] = day_joined[here] < stop + horizon
        parts.append(table)
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"joined": []})
    joined = rows["joined"].astype(bool)
    if joined.sum() < CARE_BASE:
        raise DataError(
            f"{int(joined.sum())} members bought in the month in which they joined and had been "
            f"customers for {2 * horizon} days ({new} had not): a comparison of before and after "
            f"needs {CARE_BASE}."
        )
    if new:
        message = _("{n} members became customers only when they joined: they have no before.")
        caveats.append(Caveat(message, n=new))
    both = rows.groupby("month")["joined"].transform(lambda one: 0 < one.mean() < 1)
    rows = rows[both.astype(bool)].reset_index(drop=True)
    if len(rows) == 0 or min(rows["joined"].sum(), (~rows["joined"]).sum()) < CARE_BASE:
        raise DataError(
            f"fewer than {CARE_BASE} customers who had not joined bought in the months in which "
            "members joined: there is nobody to compare them with."
        )
    return rows, caveats


def _spent(
    day: Any, money: Floats, code: Any, who: Any, at: tuple[int, int, int], horizon: int
) -> pd.DataFrame:
    """Return what customers spent in each window around a month from `at[1]` to before `at[2]`."""
    since, start, stop = at
    place = np.full(int(code.max()) + 1, -1)
    place[who] = np.arange(len(who))
    early = start - 2 * horizon
    spans = ((since, early), (early, start - horizon), (start - horizon, start),
             (stop, stop + horizon))  # fmt: skip
    table = pd.DataFrame({"who": who})
    for name, (begin, end) in zip(_SPENT, spans, strict=True):
        inside = (day >= begin) & (day < end) & (place[code] >= 0)
        rows = place[code[inside]]
        table[name] = np.bincount(rows, money[inside], len(who))
        if name == "early":  # a year of history says more of a customer than a quarter
            table[name] *= horizon / (end - begin)
            times = np.bincount(rows, minlength=len(who))
            table["early_days"] = np.sqrt(times * horizon / (end - begin))
    return table


_NEVER = np.iinfo("int64").max
"""A day of joining that does not come."""


def _days(moments: pd.Series) -> Any:
    """Return days since 1970; a missing one is the first of all: a member of unknown standing."""
    days = moments.to_numpy().astype("datetime64[D]").astype("int64")
    return np.where(moments.isna(), np.iinfo("int64").min // 2, days)


def _balanced(whole: Floats, joined: Any) -> Floats:
    """Return weights of others under which their means and months are those who joined's."""
    centred = whole[~joined] - whole[joined].mean(axis=0)
    spread = whole.std(axis=0)
    centred = centred[:, spread > 0] / spread[spread > 0]

    def dual(strength: Floats) -> tuple[float, Floats]:
        told = centred @ strength
        most = told.max()
        share = np.exp(told - most)
        total = share.sum()
        return float(np.log(total) + most), centred.T @ (share / total)

    found = minimize(dual, np.zeros(centred.shape[1]), jac=True, method="L-BFGS-B",
                     options={"maxiter": 500, "ftol": 1e-12, "gtol": 1e-7})  # fmt: skip
    told = centred @ found.x
    weights = np.exp(told - told.max())
    scaled: Floats = weights / weights.mean()
    return scaled


def _balance(rows: pd.DataFrame, joined: Any, weights: Floats) -> pd.DataFrame:
    told = []
    for name, says in zip(("early", "early_days", "tenure"), COVARIATES, strict=True):
        values = rows[name].to_numpy(float)
        values = (
            values**2 if name == "early_days" else np.expm1(values) if name == "tenure" else values
        )
        mine, others = values[joined].mean(), values[~joined].mean()
        weighted = np.average(values[~joined], weights=weights[~joined])
        spread = max(float(values[joined].std()), 1e-12)
        told.append(
            {"covariate": says, "mean": mine, "mean_others": others, "mean_weighted": weighted,
             "apart": (mine - others) / spread, "apart_weighted": (mine - weighted) / spread,
             "n": int(joined.sum())}
        )  # fmt: skip
    return pd.DataFrame(told)


def _contrast(
    change: pd.Series, design: Floats, joined: Any, weights: Floats, who: pd.Series
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
