"""Analysis: was one contact enough? First-contact resolution by three methods, each named."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Literal, get_args

import pandas as pd

from cxlib.analysis.tickets import TicketLog
from cxlib.errors import DataError, nearest

Method = Literal["reopened", "repeat", "survey"]
NEEDS: dict[str, str] = {
    "reopened": "reopened",
    "repeat": "customer_id",
    "survey": "fcr_survey",
}
"""The column that each method reads."""
LONGEST_WINDOW = 36_525
"""A century of days: no customer comes again later."""


def first_contact(
    log: TicketLog,
    tickets: pd.DataFrame,
    *,
    method: Method = "reopened",
    repeat_days: float = 7,
    same: Sequence[str] = (),
) -> pd.DataFrame:
    """Judge for each ticket whether its first contact resolved it.

    Parameters
    ----------
    log : TicketLog
        The whole log, in which customers come again.
    tickets : pandas.DataFrame
        The part of it to judge.
    method : {"reopened", "repeat", "survey"}
        ``reopened``: among tickets ever resolved, those resolved and never reopened. ``repeat``:
        among resolved ones, those whose customer opened no other ticket from then until
        `repeat_days` after the resolution. ``survey``: among those answered, the customers who
        say that one contact was enough.
    repeat_days : float
        Length of the repeat window in days.
    same : sequence of str
        Columns that must agree for a later ticket to be a repeat, such as ``("category",)``.

    Returns
    -------
    pandas.DataFrame
        With the index of `tickets`: ``counted`` (in the denominator), ``success``,
        ``window_open`` (left out because a repeat may still come) and ``unknown`` (left out
        because what the method reads is missing), all boolean.

    Raises
    ------
    DataError
        If the method is unknown, its column absent, or the window not positive.
    """
    if method not in get_args(Method):
        near = nearest(str(method), get_args(Method))
        raise DataError(f"there is no FCR method {method!r}{near}")
    for column in (NEEDS[method], *same):
        if column not in log.columns:
            raise DataError(
                f"FCR by {method} needs column {column!r}, which is not in the tickets"
                f"{nearest(column, log.columns)}"
            )
    if method == "repeat":
        return _by_repeat(log, tickets, repeat_days, same)
    if method == "survey":
        answer = tickets["fcr_survey"].astype("boolean")
        return _judged(answer.notna(), answer.fillna(False), unknown=answer.isna())
    times = tickets["reopened"].astype("Float64")
    ever = tickets["done"] | (times > 0).fillna(False)
    counted = ever & times.notna()
    success = tickets["done"] & (times == 0).fillna(False)
    return _judged(counted, success, unknown=ever & times.isna())


def _by_repeat(
    log: TicketLog, tickets: pd.DataFrame, repeat_days: float, same: Sequence[str]
) -> pd.DataFrame:
    if not isinstance(repeat_days, Real) or not 0 < float(repeat_days) <= LONGEST_WINDOW:
        raise DataError(
            f"repeat_days is {repeat_days!r}; write days, more than 0 and up to {LONGEST_WINDOW:,}."
        )
    keys = ["customer_id", *same]
    ordered = log.frame.sort_values(["created_at", "ticket_id"], kind="stable")
    following = ordered.groupby(keys, sort=False)["created_at"].shift(-1)
    next_at = pd.Series(following.to_numpy(), index=ordered["ticket_id"].to_numpy())
    comes_again = next_at.reindex(tickets["ticket_id"]).set_axis(tickets.index)
    closes = tickets["resolved_at"] + pd.Timedelta(days=float(repeat_days))
    known = tickets[keys].notna().all(axis=1) & tickets["resolved_at"].notna()
    resolved = tickets["done"]
    window_open = resolved & known & (closes > log.as_of)
    repeated = comes_again.notna() & (comes_again <= closes)
    return _judged(
        resolved & known & ~window_open,
        ~repeated,
        unknown=resolved & ~known,
        window_open=window_open,
    )


def _judged(
    counted: pd.Series,
    success: pd.Series,
    *,
    unknown: pd.Series,
    window_open: pd.Series | None = None,
) -> pd.DataFrame:
    table = pd.DataFrame({"counted": counted, "success": success & counted, "unknown": unknown})
    table["window_open"] = False if window_open is None else window_open
    return table.astype(bool)[["counted", "success", "window_open", "unknown"]]
