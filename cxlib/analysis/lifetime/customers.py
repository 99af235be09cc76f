"""Customers as the models of lifetime value see them, and what the fits share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.optimize import approx_fprime, minimize
from scipy.stats import norm

from cxlib.analysis.members.purchases import days_of
from cxlib.analysis.metrics import one_of
from cxlib.analysis.results import Caveat, Tabled
from cxlib.analysis.validate import Floats, column, numbers
from cxlib.errors import DataError
from cxlib.words import mark as _

Unit = Literal["days", "weeks", "months", "years"]
DAYS: dict[str, float] = {"days": 1.0, "weeks": 7.0, "months": 30.4375, "years": 365.25}
"""Length of a time unit in days."""
LEAST_REPEATS = 30
"""Customers with a repeat purchase below which nothing is fitted."""

MOST_FITTED = 50_000
"""Customers that a model is fitted on; of more, as many are drawn: its parameters are known to a
few per mille then."""

_FARTHEST = 9.0
"""Size of the logarithm of a parameter beyond which a likelihood has no inner maximum."""

_NAMES = {
    "frequency": ("frequency", "x"),
    "recency": ("recency", "t_x"),
    "age": ("age", "T"),
    "money": ("money", "monetary_value", "zbar", "monetary"),
}


class Summary(Tabled):
    """Customers as the models see them.

    ``table``: ``member_id, frequency`` (repeat purchases, those of one day merged), ``recency`` and
    ``age`` (time of the last purchase and of observation since the first, in `unit`), ``money``
    (mean of the repeat purchases; missing without one).
    """

    unit: str


def summary(transactions: pd.DataFrame, *, as_of: Any, unit: Unit, **columns: str) -> Summary:
    """Return each customer's repeat purchases up to `as_of`, their timing and their mean money.

    Refunds (below 0) lower the money of their customer's day; a day without money left is no
    purchase. **columns as in `members.rfm`.
    """
    unit_of(unit)
    days, caveats = days_of(transactions, as_of=as_of, **columns)
    grouped = days.groupby("member_id", observed=True, sort=True)
    table = grouped["day"].agg(["min", "max", "size"])
    again = days["day"].to_numpy() != table["min"].reindex(days["member_id"]).to_numpy()
    until = np.datetime64(pd.Timestamp(as_of).normalize(), "D").astype("int64")
    table = table.assign(
        frequency=table["size"] - 1,
        recency=(table["max"] - table["min"]) / DAYS[unit],
        age=(until - table["min"]) / DAYS[unit],
        money=days[again].groupby("member_id", observed=True)["amount"].mean(),
    ).drop(columns=["min", "max", "size"])
    table.index = pd.Index(table.index.to_numpy(), name="member_id")
    return Summary(table=table.reset_index(), unit=unit, caveats=caveats)


def unit_of(unit: Any) -> str:
    """Return a time unit that is one."""
    one_of(unit, DAYS, f"unit is {unit!r}; a time unit is needed")
    return str(unit)


def given(data: Any, what: str, name: str | None) -> Floats:
    """Return a column of a customers' summary by its given or a usual name."""
    frame = data.table if isinstance(data, Summary) else data
    if name is None and isinstance(frame, pd.DataFrame):
        name = next((n for n in _NAMES[what] if n in frame.columns), what)
    return numbers(column(frame, name or what))


def refuse_few(repeats: int) -> None:
    """Refuse to fit where hardly anybody came again."""
    if repeats < LEAST_REPEATS:
        why = _(
            "{n} {n:customer|customers} came again; a model of repeat purchases needs {least}. "
            "Use a repeat rate (retention.cohorts) and RFM groups (rfm) instead."
        )
        raise DataError(Caveat(why, n=repeats, least=LEAST_REPEATS))


def fit(loss: Callable[[Floats], float], start: Sequence[float]) -> tuple[Floats, Floats]:
    """Return the logarithms that minimise a negative log-likelihood, and their covariance."""

    def inside(logs: Floats) -> float:  # far out, differences of large logarithms are noise
        return loss(logs) if np.abs(logs).max() < _FARTHEST else np.inf

    with np.errstate(all="ignore"):
        found = minimize(inside, start, method="Nelder-Mead", options={"maxiter": 4000,
                         "maxfev": 4000, "xatol": 1e-6, "fatol": 1e-8})  # fmt: skip
        found = minimize(loss, found.x, method="BFGS")
        gradient = partial(approx_fprime, f=loss, epsilon=1e-5)
        columns = [
            (gradient(found.x + step) - gradient(found.x - step)) / 2e-3
            for step in 1e-3 * np.eye(len(found.x))
        ]
    hessian = (np.array(columns) + np.array(columns).T) / 2
    bad = not np.isfinite(found.fun) or np.abs(found.x).max() > _FARTHEST - 0.5
    if bad or np.linalg.eigvalsh(hessian).min() <= 0:
        raise DataError(
            _(
                "the model does not settle on these customers: its likelihood has no inner "
                "maximum. Their purchases do not vary as it assumes; use a repeat rate and RFM "
                "groups instead."
            )
        )
    return np.asarray(found.x, dtype=float), np.asarray(np.linalg.inv(hessian), dtype=float)


def parameters_of(names: Sequence[str], values: Floats, covariance: Floats) -> pd.DataFrame:
    """Return fitted parameters with their intervals, which are those of their logarithms."""
    spread = np.exp(norm.ppf(0.975) * np.sqrt(np.diag(covariance)))
    table = pd.DataFrame({"parameter": list(names), "estimate": values})
    return table.assign(estimate_low=values / spread, estimate_high=values * spread)
