"""Was one contact enough? First-contact resolution by three methods, each named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Literal, get_args

import pandas as pd

from cxlib.analysis.service.log import TicketLog
from cxlib.errors import DataError, nearest

Fcr = Literal["reopened", "repeat", "survey"]
FCR_NEEDS: Mapping[str, str] = {
    "reopened": "reopened",
    "repeat": "customer_id",
    "survey": "fcr_survey",
}
"""The column that each way of judging first-contact resolution reads."""

_LONGEST_WINDOW = 36_525
"""A century of days: no customer comes again later."""


def check_fcr(method: object, repeat_days: object) -> None:
    """Refuse an unknown method, and a window that is none."""
    if method not in get_args(Fcr):
        raise DataError(f"there is no FCR method {method!r}{nearest(str(method), get_args(Fcr))}")
    known = isinstance(repeat_days, Real) and 0 < float(repeat_days) <= _LONGEST_WINDOW
    if method == "repeat" and not known:
        raise DataError(
            f"repeat_days is {repeat_days!r}; write days, more than 0 and up to "
            f"{_LONGEST_WINDOW:,}."
        )


def first_contact(
    log: TicketLog, tickets: pd.DataFrame, method: Fcr, repeat_days: float, same: Sequence[str]
) -> pd.DataFrame:
    """Return for each ticket: ``counted``, ``success``, ``window_open`` and ``unknown``."""
    for column in (FCR_NEEDS[method], *same):
        if column not in log.columns:
            raise DataError(
                f"FCR by {method} needs column {column!r}, which is not in the tickets"
                f"{nearest(column, log.columns)}"
            )
    window = pd.Series(False, index=tickets.index)
    if method == "survey":
        answer = tickets["fcr_survey"].astype("boolean")
        counted, success, unknown = answer.notna(), answer.fillna(False), answer.isna()
    elif method == "reopened":
        times = tickets["reopened"].astype("Float64")
        ever = tickets["done"] | (times > 0).fillna(False)
        counted, unknown = ever & times.notna(), ever & times.isna()
        success = tickets["done"] & (times == 0).fillna(False)
    else:
        keys = ["customer_id", *same]
        order = ["created_at", "ticket_id"]
        ordered = log.frame[[*order, *keys]].sort_values(order, kind="stable")
        following = ordered.groupby(keys, sort=False)["created_at"].shift(-1)
        next_at = pd.Series(following.to_numpy(), index=ordered["ticket_id"].to_numpy())
        again = next_at.reindex(tickets["ticket_id"]).set_axis(tickets.index)
        closes = tickets["resolved_at"] + pd.Timedelta(days=float(repeat_days))
        known = tickets[keys].notna().all(axis=1) & tickets["resolved_at"].notna()
        done = tickets["done"]
        window = done & known & (closes > log.as_of)
        counted, unknown = done & known & ~window, done & ~known
        success = ~(again.notna() & (again <= closes))
    return pd.DataFrame(
        {
            "counted": counted,
            "success": success & counted,
            "window_open": window,
            "unknown": unknown,
        }
    ).astype(bool)
