"""What to know before importances are used: loss, collinearity, suppressors, disagreement."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxlib.analysis._driver_columns import Array
from cxlib.analysis._driver_data import DriverData, Names
from cxlib.analysis._driver_tests import RobustFit
from cxlib.analysis.results import Caveat
from cxlib.words import mark as _

INFLATED = 10.0
"""VIF from which a driver is called hard to tell from the others (Marquardt 1970)."""

ILL_CONDITIONED = 30.0
"""Condition number from which the whole set is called collinear (Belsley, Kuh, Welsch 1980)."""

ROWS_PER_DRIVER = 10
"""Respondents a driver below which shares mostly describe chance (Harrell 2015, section 4.4)."""

FEW_CUSTOMERS = 30
"""Independent customers below which cluster-robust tests reject too often (Cameron, Miller
2015)."""


def find_suppressors(
    sample: DriverData, fit: RobustFit, table: pd.DataFrame, alpha: float
) -> tuple[str, ...]:
    """Name the drivers that matter (p_unique) only beside others, or against their correlation.

    A suppressor adds more to the full model than it explains alone, or its coefficient has the
    other sign than its correlation.

    References
    ----------
    .. [1] Tzelgov, J., Henik, A. (1991). Suppression situations in psychological research.
       Psychological Bulletin 109, 524-536.
    """
    root = np.sqrt(sample.weights)[:, None]
    basis = np.linalg.qr(np.column_stack([np.ones(sample.n), sample.unused]) * root)[0]
    columns = np.column_stack([sample.ratings, sample.outcome]) * root
    left = columns - basis @ (basis.T @ columns)
    moments = left.T @ left
    inner = moments[:-1, :-1]
    alone = moments[:-1, -1] ** 2 / np.diag(inner)
    beta = fit.coefficients[-len(sample.names) :]
    added = beta**2 / np.diag(np.linalg.inv(inner))
    opposed = beta * moments[:-1, -1] < 0
    clear = table["p_unique"].to_numpy() < alpha
    flagged = clear & (opposed | (added > alone * (1 + 1e-9)))
    return tuple(name for name, flag in zip(sample.names, flagged, strict=True) if flag)


def caveats_of(
    sample: DriverData,
    table: pd.DataFrame,
    *,
    others: Array | None,
    limit: int,
    condition: float,
    suppressors: tuple[str, ...],
    p_any: float,
    alpha: float,
    failed: int,
) -> tuple[Caveat, ...]:
    """Collect every reservation; `others` are what the other method gives, None above `limit`."""
    numeric = _(
        "{outcome} is treated as a number, and importance says what is associated with it, not "
        "what causes it."
    )
    found = [Caveat(numeric, outcome=sample.outcome_name), *sample.caveats]
    found += _about_methods(table, others, limit)
    found += _about_collinearity(table, condition, suppressors)
    found += _about_size(sample, table)
    if p_any >= alpha:
        message = _(
            "Together the drivers explain no more than chance would (p = {p:.2f}); their order "
            "says nothing."
        )
        found.append(Caveat(message, p=p_any))
    if failed:
        message = _("{n} resamples could not be divided and were left out of the intervals.")
        found.append(Caveat(message, n=failed))
    return tuple(found)


def _about_methods(table: pd.DataFrame, others: Array | None, limit: int) -> list[Caveat]:
    if others is None:
        message = _(
            "{n} drivers are above the exact limit of {limit}: Johnson's relative weights stand "
            "in for Shapley shares."
        )
        return [Caveat(message, n=len(table), limit=limit)]
    ranks = np.argsort(np.argsort(-others, kind="stable"), kind="stable") + 1
    moved = table.loc[table["rank"].to_numpy() != ranks, "driver"]
    if moved.empty:
        return []
    message = _("Shapley shares and Johnson's weights rank these drivers differently: {drivers}.")
    return [Caveat(message, drivers=Names(moved))]


def _about_collinearity(
    table: pd.DataFrame, condition: float, suppressors: tuple[str, ...]
) -> list[Caveat]:
    found = []
    inflated = table.loc[table["vif"] > INFLATED, "driver"]
    if not inflated.empty:
        message = _("The data can hardly tell these drivers apart from the others: {drivers}.")
        found.append(Caveat(message, drivers=Names(inflated)))
    if condition > ILL_CONDITIONED:
        message = _("The drivers overlap strongly as a set (condition number {value:.0f}).")
        found.append(Caveat(message, value=condition))
    if suppressors:
        message = _(
            "These drivers carry weight only beside others or against their own correlation, so "
            "their importance is not read off a simple comparison: {drivers}."
        )
        found.append(Caveat(message, drivers=Names(suppressors)))
    return found


def _about_size(sample: DriverData, table: pd.DataFrame) -> list[Caveat]:
    found = []
    if sample.n < ROWS_PER_DRIVER * len(sample.names):
        message = _("{n} respondents are few for {drivers} drivers: a large part of R² is chance.")
        found.append(Caveat(message, n=sample.n, drivers=len(sample.names)))
    if sample.groups is not None and sample.units < FEW_CUSTOMERS:
        message = _("Only {n} customers stand behind the tests, which then find too much.")
        found.append(Caveat(message, n=sample.units))
    thin = table.loc[table["importance_users"].isna(), "driver"]
    if not thin.empty:
        message = _("Too few used these to refit the model on their users: {drivers}.")
        found.append(Caveat(message, drivers=Names(thin)))
    return found
