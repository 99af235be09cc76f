"""What customers are worth over a horizon, and whether such a model held before."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from cxlib.analysis.lifetime.customers import DAYS, Summary, Unit, given, summary, unit_of
from cxlib.analysis.lifetime.models import BgNbd, GammaGamma, bg_nbd, expected, money_of
from cxlib.analysis.members.purchases import days_of
from cxlib.analysis.metrics import number
from cxlib.analysis.results import Tabled
from cxlib.analysis.validate import Floats, column, generator
from cxlib.errors import DataError

_DRAWS, _DRAWN_ON = 40, 1_000


class Value(Tabled):
    """Discounted margin expected of each customer over a horizon.

    ``customers``: the given rows with what is expected over the horizon: ``purchases,
    money_a_purchase, p_alive, worth`` (margin, discounted). ``table``: one row a group, or one for
    all: ``level, n, total, total_low, total_high, mean, share`` (of all groups' total).
    """

    customers: pd.DataFrame
    horizon: float
    unit: str
    margin: float
    discount: float


def value(
    data: Any,
    purchases: BgNbd,
    money: GammaGamma | float,
    *,
    unit: Unit,
    horizon: float,
    margin: float = 1.0,
    discount: float = 0.1,
    by: str | None = None,
    seed: int = 0,
) -> Value:
    """Return what customers are worth: discounted future margin over a stated horizon.

    Parameters
    ----------
    data : Summary or pandas.DataFrame
        One row a customer, as for `bg_nbd` and `gamma_gamma`.
    purchases : BgNbd
    money : GammaGamma or float
        A number is the money of every purchase.
    unit : {"days", "weeks", "months", "years"}
        The time unit of the data, of the fitted model and of `horizon`.
    horizon : float
        How far ahead, in `unit`.
    margin : float
        Share of the money that is margin, above 0 and at most 1.
    discount : float
        A year's, such as 0.1.
    by : str, optional
        Column of groups.

    Raises
    ------
    DataError
        If the unit is missing or not the model's own.
    """
    unit_, known = unit_of(unit), purchases.unit or getattr(data, "unit", None)
    if known not in (None, unit_):
        raise DataError(f"unit is {unit!r}, but the purchases were fitted in {known}.")
    horizon, margin = number(horizon, "horizon"), number(margin, "margin")
    discount = number(discount, "discount")
    if not (horizon > 0 and 0 < margin <= 1 and discount > -1):
        raise DataError("horizon is above 0, margin above 0 and at most 1, discount above -1.")
    frame = data.table if isinstance(data, Summary) else data
    x, t_x, T = (given(data, what, None) for what in ("frequency", "recency", "age"))
    mean = given(data, "money", None) if isinstance(money, GammaGamma) else np.zeros(len(x))
    past = np.column_stack([x, t_x, T, mean])
    alone, back = np.unique(np.nan_to_num(past), axis=0, return_inverse=True)
    worth_of = partial(_worth, horizon=horizon, unit=unit_, margin=margin, discount=discount)
    each = worth_of(alone, purchases.parameters, _money_parameters(money))
    bought = expected(purchases.parameters, horizon, *alone.T[:3])
    customers = frame.assign(
        purchases=bought[back],
        money_a_purchase=_money_each(_money_parameters(money), *alone.T[[0, 3]])[back],
        p_alive=purchases.p_alive(x, t_x, T),
        worth=each[back],
    )
    levels = column(frame, by).astype(object).fillna("–") if by else pd.Series("all", frame.index)
    groups = levels.to_numpy()
    grouped = customers["worth"].groupby(groups, sort=False)
    table = grouped.agg(["size", "sum", "mean"]).reset_index()
    table.columns = ["level", "n", "total", "mean"]
    ratio = _spread(past, groups, worth_of, purchases, money, seed)
    table["total_low"] = table["total"] * table["level"].map(lambda level: ratio[level][0])
    table["total_high"] = table["total"] * table["level"].map(lambda level: ratio[level][1])
    table["share"] = table["total"] / table["total"].sum()
    caveats = (*purchases.caveats, *(money.caveats if isinstance(money, GammaGamma) else ()))
    return Value(
        customers=customers, table=table, horizon=horizon, unit=unit_, margin=margin,
        discount=discount, caveats=tuple(dict.fromkeys(caveats)),
    )  # fmt: skip


def _money_parameters(money: GammaGamma | float) -> Any:
    if isinstance(money, GammaGamma):
        return np.array([money.p, money.q, money.v])
    return number(money, "money")


def _money_each(parameters: Any, x: Floats, mean: Floats) -> Floats:
    if isinstance(parameters, float):
        return np.full(len(x), parameters)
    return money_of(parameters, x, mean)


def _worth(
    past: Floats, parameters: Floats, money: Any, *, horizon: float, unit: str, margin: float,
    discount: float,
) -> Floats:  # fmt: skip
    """Return discounted margin, summed over 12 equal steps of the horizon (middle of each)."""
    x, t_x, T, mean = past.T
    edges = np.linspace(0, horizon, 13)
    upto = np.array([expected(parameters, t, x, t_x, T) if t else 0 * x for t in edges])
    years = (edges[1:] + edges[:-1]) / 2 * DAYS[unit] / DAYS["years"]
    return margin * _money_each(money, x, mean) * ((1 + discount) ** -years @ np.diff(upto, axis=0))


def _spread(
    past: Floats, levels: Any, worth_of: Callable[..., Floats], purchases: BgNbd, money: Any,
    seed: int,
) -> dict[Any, tuple[float, float]]:  # fmt: skip
    """Return each group's interval as a ratio of its total: parameters drawn, people resampled."""
    rng = generator(seed)
    found = {}
    for level in pd.unique(levels):
        rows = np.flatnonzero(levels == level)
        n = len(rows)
        rows = rng.choice(rows, _DRAWN_ON, replace=False) if n > _DRAWN_ON else rows
        here = np.nan_to_num(past[rows])
        base = worth_of(here, purchases.parameters, _money_parameters(money))
        if base.sum() <= 0:
            found[level] = (np.nan, np.nan)
            continue
        totals = []
        for _draw in range(_DRAWS):
            drawn = np.exp(rng.multivariate_normal(np.log(purchases.parameters),
                                                   purchases.covariance))  # fmt: skip
            spent = _money_parameters(money)
            if isinstance(money, GammaGamma):
                spent = np.exp(rng.multivariate_normal(np.log(spent), money.covariance))
                spent[1] = max(spent[1], 1.05)
            totals.append(worth_of(here, drawn, spent).sum() / base.sum())
        of_people = base.std() / base.mean() / np.sqrt(n)
        width = norm.ppf(0.975) * np.hypot(np.std(np.log(totals)), of_people)
        found[level] = (float(np.exp(-width)), float(np.exp(width)))
    return found


class Holdout(Tabled):
    """Purchases after a day against what the model fitted up to that day expected.

    ``table``: ``frequency`` (repeat purchases before; the last row and more), ``n, expected,
    actual`` (mean purchases a customer in the holdout); `ratio` is all expected over all actual.
    """

    ratio: float
    n: int
    model: BgNbd


def holdout(
    transactions: pd.DataFrame,
    *,
    split: Any,
    as_of: Any,
    unit: Unit,
    most: int = 7,
    **columns: str,
) -> Holdout:
    """Fit on purchases up to `split`, and hold the model against those up to `as_of`."""
    split, as_of = pd.Timestamp(split).normalize(), pd.Timestamp(as_of).normalize()
    if not split < as_of:
        raise DataError(f"split {split:%Y-%m-%d} lies not before as_of {as_of:%Y-%m-%d}.")
    told = summary(transactions, as_of=split, unit=unit, **columns)
    model = bg_nbd(told)
    kept, _caveats = days_of(transactions, as_of=as_of, **columns)
    after = kept[kept["day"] > np.datetime64(split, "D").astype("int64")]
    counts = after.groupby("member_id", observed=True).size()
    rows = told.table.assign(
        actual=counts.reindex(told.table["member_id"]).fillna(0).to_numpy(),
        expected=model.expected_purchases(
            (as_of - split).days / DAYS[unit],
            *(told.table[name] for name in ("frequency", "recency", "age")),
        ),
    )
    binned = rows.assign(frequency=rows["frequency"].clip(upper=most)).groupby("frequency")
    means = {name: (name, "mean") for name in ("expected", "actual")}
    table = binned.agg(n=("actual", "size"), **means).reset_index()
    actual = float(rows["actual"].sum())
    ratio = float(rows["expected"].sum()) / actual if actual else np.inf
    return Holdout(table=table, ratio=ratio, n=len(rows), model=model, caveats=told.caveats)
