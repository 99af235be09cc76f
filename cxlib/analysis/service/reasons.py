"""Why customers make contact, what each reason costs, and what answering a part would save."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.analysis.results import Result
from cxlib.analysis.service.kpis import first_contact
from cxlib.analysis.service.log import cohort
from cxlib.analysis.service.terms import Terms, calendar_period
from cxlib.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Reasons(Result):
    """Contact reasons by the work they make; see `contact_reasons` for the columns."""

    table: pd.DataFrame
    answered: float
    n_used: int


def contact_reasons(
    tickets: pd.DataFrame,
    *,
    terms: Terms,
    period: str | None = None,
    by: str = "category",
    answered: float = 0.2,
    confidence: float = 0.95,
) -> Reasons:
    """Rank contact reasons by volume × handle time, with the contacts that came back.

    Parameters
    ----------
    tickets : pandas.DataFrame
        The canonical table, with `by` and ``handle_seconds``.
    terms : Terms
    period : str, optional
        A calendar period; None is the whole log.
    by : str
        The column of the reason.
    answered : float
        Share of each reason's contacts that a knowledge base would answer, 0 to 1: an assumption.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    Reasons
        ``table``, most work first: ``segment`` (`by`), ``level, n, share`` (of all contacts),
        ``handle`` (mean, in seconds), ``hours`` (n × handle), ``repeats`` (share of the resolved
        whose customer came back for the same reason within the terms' window; NaN where customers
        are not known), ``saved, saved_low, saved_high`` (hours of such a period). The interval
        holds the next period's number of contacts (Poisson) and the mean's own error, not the
        assumption.

    Raises
    ------
    DataError
        If a column is missing, or the share lies outside 0 to 1.
    """
    if not 0 <= answered <= 1:
        raise DataError(f"answered is {answered:g}; write a share from 0 to 1, such as 0.2.")
    log = terms.log(tickets)
    for name in (by, "handle_seconds"):
        if name not in log.columns:
            raise DataError(f"contact reasons need column {name!r}, which the tickets do not have.")
    mine = cohort(log, calendar_period(period))
    mine = mine[~mine["abandoned"] & mine[by].notna()]
    again = pd.Series(np.nan, index=mine.index)
    if "customer_id" in log.columns:
        found = first_contact(log, mine, "repeat", terms.repeat_days, (by,))
        again = (~found["success"]).astype(float).where(found["counted"])
    z = stats.norm.ppf((1 + confidence) / 2)
    rows = []
    for level, group in mine.groupby(by, sort=True):
        handle = group["handle_seconds"].dropna().astype(float)
        n, mean = len(group), float(handle.mean()) if len(handle) else np.nan
        error = float(handle.std() / np.sqrt(len(handle))) if len(handle) > 1 else np.nan
        hours = n * mean / 3600
        spread = z * np.sqrt(1 / n + (error / mean) ** 2) if mean else np.nan
        saved = answered * hours
        rows.append(
            {
                "segment": by, "level": level, "n": n, "share": n / len(mine), "handle": mean,
                "hours": hours, "repeats": float(again[group.index].mean()), "saved": saved,
                "saved_low": max(saved * (1 - spread), 0.0), "saved_high": saved * (1 + spread),
            }
        )  # fmt: skip
    columns = ["segment", "level", "n", "share", "handle", "hours", "repeats", "saved",
               "saved_low", "saved_high"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    table = table.sort_values("hours", ascending=False, kind="stable", ignore_index=True)
    return Reasons(table=table, answered=answered, n_used=len(mine))
