"""A client's figures beside the survey's: of tickets and of reported rows, as estimates' rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cxlib import periods

if TYPE_CHECKING:
    from cxlib.params import Client


def ticket_figures(client: Client, tickets: pd.DataFrame, period: str) -> list[pd.DataFrame]:
    """Return ticket KPIs as of the end of a period: a census but for what customers are asked."""
    from cxlib.analysis import kpis
    from cxlib.analysis.metrics import TICKET_KPIS, Metric
    from cxlib.analysis.service import kpi_rows, ratings, unit_of
    from cxlib.params.service import terms_of

    asked = client.chapters.get("service", {})
    terms = terms_of(
        client,
        tickets,
        period=period,
        fcr=asked.get("fcr"),
        fcr_same=tuple(asked.get("fcr_same", ())),
    )
    kind = periods.kind_of(period)
    known = kpi_rows(tickets, terms=terms, period_kind=kind, whole=period)
    if terms.fcr == "survey":
        known = known.assign(basis=["sample" if k == "fcr" else "census" for k in known["kpi"]])
    kinds = {key: {"unit": k.unit, "direction": k.direction} for key, k in TICKET_KPIS.items()}
    counted = kpis.counted(known[known["kpi"] != "ticket_csat"], kinds, source="tickets")
    counted["unit"] = [unit_of(kpi, terms.clock) for kpi in counted["kpi"]]
    rows = [counted]
    rated = ratings(tickets, terms=terms, period_kind=kind, whole=period)
    rated = rated.dropna(subset=["ticket_csat"])
    if len(rated):
        asked_of = (Metric("ticket_csat", "mean"),)
        found = kpis.estimate(rated.assign(brand="own"), questions=asked_of)
        rows.append(found.table.assign(source="tickets"))
    return rows


def reported_figures(client: Client, rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Return reported figures: ratios summed over their units, plain values averaged."""
    from cxlib.analysis import kpis

    by = rows.groupby(["kpi", "period"], sort=False)
    sums = by[["numerator", "denominator"]].sum(min_count=1)
    value = (sums["numerator"] / sums["denominator"]).fillna(by["value"].mean())
    known = sums.assign(value=value, n=sums["denominator"]).reset_index()
    kinds = {
        key: {"unit": {"percent": "share"}.get(kpi.format, kpi.format), "direction": kpi.direction}
        for key, kpi in client.kpis.items()
    }
    return [kpis.counted(known[known["kpi"].isin(kinds)], kinds, source="reported")]
