"""Analysis: a service against its contract: every target on a ticket KPI, from baseline to now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan
from typing import Any

import pandas as pd

from cxlib import periods
from cxlib.analysis._commitment import Wanted
from cxlib.analysis.contract import Review, review
from cxlib.analysis.metrics import Metric
from cxlib.analysis.results import MINIMUM_BASE
from cxlib.analysis.service_review import Glance, row_of
from cxlib.analysis.service_terms import Terms, calendar_period, kpis
from cxlib.analysis.ticket_targets import TICKET_KPIS

RATED = "ticket_csat"
"""A sample stands for it: the customers who rated their ticket."""

ASKED = "fcr"
"""A sample stands for it where customers are asked whether one contact was enough."""

WHOLE = "all"


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """A target on what a sample of customers tells."""

    metric: str
    target: float
    due: str
    direction: Any
    baseline: str | float | None
    clause: str | None
    path: Mapping[str, float]
    basis: str = "sample"


@dataclass(frozen=True, kw_only=True)
class SignOff:
    """The sheet that the review meeting fills in and signs; see `sign_off` for the columns."""

    table: pd.DataFrame


def figures(tickets: pd.DataFrame, *, terms: Terms, period: str | None) -> pd.DataFrame:
    """Return every ticket KPI, period by period, as a contract's review reads figures.

    Parameters
    ----------
    tickets : pandas.DataFrame
        The canonical table.
    terms : Terms
    period : str or None
        Its kind (month, quarter, year) is that of the figures; without a place in the calendar
        the whole log is one period.

    Returns
    -------
    pandas.DataFrame
        ``kpi`` (a key of :data:`cxlib.analysis.ticket_targets.TICKET_KPIS`), ``period, unit,
        value, numerator, denominator`` (of shares; a share that censoring makes an estimate is
        scaled to its tickets), ``n``.
    """
    known = calendar_period(period)
    kind = periods.kind_of(known) if known is not None else None
    parts = kpis(tickets, terms=terms, by=kind).table
    labelled = parts.assign(_period=parts[kind] if kind is not None else period or WHOLE)
    rows = []
    for label, cells in labelled.groupby("_period", sort=True):
        for key, wanted in TICKET_KPIS.items():
            row = row_of(cells, wanted, terms.clock)
            if row is None or not row["n"] or pd.isna(row["value"]):
                continue
            share = wanted.unit == "share"
            rows.append(
                {
                    "kpi": key,
                    "period": str(label),
                    "unit": WHOLE,
                    "value": float(row["value"]),
                    "numerator": float(row["value"] * row["n"]) if share else nan,
                    "denominator": float(row["n"]) if share else nan,
                    "n": int(row["n"]),
                }
            )
    columns = ("kpi", "period", "unit", "value", "numerator", "denominator", "n")
    return pd.DataFrame(rows, columns=list(columns))


def as_measured(targets: Iterable[Wanted], *, terms: Terms) -> tuple[Wanted, ...]:
    """Return targets with the basis that the terms give them.

    Parameters
    ----------
    targets : iterable of Target
    terms : Terms
        With ``fcr="survey"``, first-contact resolution is a share of those who answered, so that
        its target is judged as a sample's, whatever it says.

    Returns
    -------
    tuple of Target
        In their order.
    """
    names = ("metric", "target", "due", "direction", "baseline", "clause", "path")
    return tuple(
        Sampled(**{name: getattr(target, name) for name in names})
        if target.metric == ASKED and terms.fcr == "survey"
        else target
        for target in targets
    )


def contract(
    tickets: pd.DataFrame,
    *,
    terms: Terms,
    period: str | None,
    targets: Iterable[Wanted],
    minimum_base: int = MINIMUM_BASE,
) -> Review | None:
    """Judge every target on a ticket KPI.

    Parameters
    ----------
    tickets : pandas.DataFrame
        The canonical table, with the periods of the baselines.
    terms : Terms
    period : str or None
    targets : iterable of Target
        As :func:`cxlib.analysis.contract.review` takes them; those on anything else are passed
        over.
    minimum_base : int
        Fewer tickets are not judged.

    Returns
    -------
    Review or None
        None where no target is on a ticket KPI. KPIs over all tickets are judged as a census:
        met or not met; what customers are asked is a sample (see `as_measured`).

    Raises
    ------
    DataError
        As :func:`cxlib.analysis.contract.review`.
    """
    wanted = [t for t in as_measured(targets, terms=terms) if t.metric in TICKET_KPIS]
    if not wanted:
        return None
    known = figures(tickets, terms=terms, period=period)
    sampled = any(target.metric == RATED and target.basis == "sample" for target in wanted)
    found = review(
        ratings(tickets, terms, period) if sampled else None,
        targets=wanted,
        period=period or WHOLE,
        metrics=(Metric(RATED, "mean"),) if sampled else (),
        kpis=known[known["kpi"] != RATED] if sampled else known,
        units={key: kpi.unit for key, kpi in TICKET_KPIS.items()},
        minimum_base=minimum_base,
    )
    if "value" not in found.table:
        return found
    bases = known.set_index(["kpi", "period"])["n"]
    at = pd.MultiIndex.from_frame(found.table[["metric", "period"]])
    n = pd.Series(bases.reindex(at).to_numpy(), index=found.table.index).astype("Int64")
    return replace(found, table=found.table.assign(n=found.table["n"].fillna(n)))


def ratings(tickets: pd.DataFrame, terms: Terms, period: str | None) -> pd.DataFrame:
    """Return the customers' ratings of their tickets as answers of a survey."""
    from cxlib.analysis.tickets import read_log

    log = read_log(tickets, as_of=terms.as_of, calendar=terms.calendar)
    frame = log.frame
    known = calendar_period(period)
    kind = periods.kind_of(known) if known is not None else None
    labels: object = period or WHOLE
    if kind is not None:
        labels = periods.label_dates(frame["opened"], kind)
    rated = pd.DataFrame({"period": labels, "weight": 1.0}, index=frame.index)
    rating = frame["csat"] if "csat" in frame else pd.Series(nan, index=frame.index)
    return rated.assign(**{RATED: rating.astype("float64")}).dropna(subset=[RATED])


def sign_off(glance: Glance, review: Review | None, *, blanks: Sequence[str] = ()) -> SignOff:
    """Return the sheet for the review meeting: what was measured, and room for what it decides.

    Parameters
    ----------
    glance : Glance
        Small bases withheld.
    review : Review or None
        The contract's verdicts; without any the headline KPIs stand alone.
    blanks : sequence of str
        Names of empty columns, to be filled in by hand.

    Returns
    -------
    SignOff
        ``table``: ``clause, metric, value, target, unit, status, n``, then the `blanks`.
    """
    columns = ["clause", "metric", "value", "target", "unit", "status", "n"]
    judged = pd.DataFrame(columns=columns)
    if review is not None and "value" in review.table:
        judged = review.table[columns]
    rest = glance.headline[~glance.headline["metric"].isin(judged["metric"])]
    open_ = rest[["metric", "value", "unit", "n"]].assign(clause="", target=nan, status="")
    table = pd.concat([judged, open_[columns]], ignore_index=True) if len(judged) else open_
    table = table.assign(clause=table["clause"].fillna(""), **dict.fromkeys(blanks, ""))
    return SignOff(table=table[[*columns, *blanks]].reset_index(drop=True))
