"""Figures that the client reports already aggregated, to one long table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.data import dates, labels, values
from cxlib.data.layout import TOTAL, is_total
from cxlib.data.ledger import Ledger, Path
from cxlib.data.readers import Raw
from cxlib.errors import Count, DataError
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.params import Client
    from cxlib.params.targets import Kpi

LARGEST_SHARE = 2.0
"""More than 200% is a percentage written without its sign."""
ALL = "all"
"""The unit of a figure that is not split."""
COLUMNS = ("kpi", "period", "unit", "value", "numerator", "denominator")


def make_kpi(raw: Raw, client: Client, key: str, ledger: Ledger) -> pd.DataFrame:
    """Return the rows of one figure for the canonical kpis table, one a period and unit.

    A ratio's parts are summed over the rows of each of the client's periods; the complement's
    numerator is denominator less numerator, so that ``value`` is always ``numerator /
    denominator``. A plain value keeps the period it is reported for.
    """
    kpi, path = client.kpis[key], ("kpis", key)
    raw = ledger.chosen(raw, kpi, path)
    texts = ledger.column(raw, kpi.period, (*path, "period"))
    unit = ledger.column(raw, kpi.unit, (*path, "unit"))
    ratio = kpi.value is None
    names = ("numerator", "denominator") if ratio else ("value",)
    columns = {name: ledger.column(raw, getattr(kpi, name), (*path, name)) for name in names}
    if ledger.failed or texts is None:
        return pd.DataFrame(columns=COLUMNS)
    frame = pd.DataFrame({"period": _periods(raw, texts, kpi, client, ledger, path)})
    frame["unit"] = ALL if unit is None else values.texts_or_missing(unit, missing=kpi.missing)
    for name, cells in columns.items():
        if cells is not None:
            share = kpi.format == "percent" and name == "value"
            shown, marked = _percents(cells, raw.decimal) if share else (cells, None)
            frame[name] = ledger.numbers(raw, shown, kpi, (*path, name))
            if share and marked is not None:
                frame[name] = _shares(frame[name], marked, kpi, (*path, name), ledger)
    whole = frame.notna().all(axis=1)
    ledger.drop(_("no figure, period or unit"), int((~whole).sum()))
    frame = frame[whole]
    frame = _parts(frame, kpi, path, ledger)
    if frame.empty and not ledger.failed:
        ledger.error(path, f"{key!r} has no row with a period and a figure in {raw.name}.")
    rows = _ratio(frame, kpi, ledger) if ratio else _plain(frame, kpi, path, ledger)
    if rows.empty and not ledger.failed:
        ledger.error(
            (*path, "denominator"),
            f"column {kpi.denominator!r} has no sum above 0 in any period; {key!r} is no ratio.",
            kpi.denominator,
        )
    return rows.assign(kpi=key).astype({"kpi": "str", "unit": "str"})[list(COLUMNS)]


def _parts(frame: pd.DataFrame, kpi: Kpi, path: Path, ledger: Ledger) -> pd.DataFrame:
    """Leave out units that are the total of the others, which would count twice."""
    others = frame.groupby("period")["unit"].transform("nunique") > 2
    total = frame["unit"].map(is_total).astype(bool) & others
    if kpi.value is None and len(set(frame["period"])) > 1:
        parts = ["numerator", "denominator"]
        sums = frame.groupby(["unit", "period"])[parts].sum()
        twice = (2 * sums == sums.groupby("period").transform("sum")).all(axis=1)
        alike = twice.groupby("unit").all()
        total |= frame["unit"].map(alike).astype(bool) & others
    if total.any():
        named = str(frame.loc[total, "unit"].iloc[0])
        ledger.warn(
            (*path, "unit"),
            f"{named!r} is the total of the other units and would count them twice; its "
            f"{(n := Count(total.sum()))} {n:row is|rows are} left out.",
            named,
        )
        ledger.drop(TOTAL, int(total.sum()))
    return frame[~total]


def _periods(
    raw: Raw, texts: pd.Series, kpi: Kpi, client: Client, ledger: Ledger, path: Path
) -> pd.Series:
    """Return period labels, from labels or from dates."""
    named = values.texts_or_missing(texts, missing=kpi.missing).fillna("")
    named = labels.written_out(named)
    known = values.by_value(named, labels.label, "str")
    if kpi.date_format:  # a declared format says that these are dates, whatever they look like
        known = known.where(pd.Series(False, index=known.index))
    rest = known.isna() & (named != "")
    if rest.any():
        kind: periods.Kind = "month" if client.period == "wave" else client.period
        try:
            read = dates.parse(
                named.where(rest, ""), name=kpi.period, formats=kpi.date_format, at=raw.at
            )
        except DataError as error:
            ledger.error((*path, "period"), str(error), kpi.period)
            return known
        if client.period == "wave" and read.unread[rest].all():  # waves have names
            return known.where(~rest, named)
        ledger.counted(read, kpi.period, (*path, "period"))
        what = "neither a period nor a date"
        way_out = "declare `date_format:`, or `missing:` if they mean none."
        if not kpi.date_format and read.unread[rest].all() and len(named[rest].unique()) > 1:
            way_out = (
                f"this client reports by {client.period}: write such as 2026Q3 or 2026-09 (by "
                "`sql:`), or report by named waves, `period: wave`."
            )
        ledger.stray(raw, texts, read.unread, (*path, "period"), what, way_out)
        known = known.where(~rest, periods.label_dates(read.days, kind))
    if kpi.value is None and client.period != "wave":
        return _raised(known, client.period, ledger, (*path, "period"))
    return known


def _raised(known: pd.Series, kind: periods.Kind, ledger: Ledger, path: Path) -> pd.Series:
    raised = known.map(lambda name: labels.raised(name, kind), na_action="ignore").astype("str")
    longer = raised.isna() & known.notna()
    if longer.any():
        ledger.error(
            path,
            f"{(n := Count(longer.sum()))} {n:row is|rows are} for longer than a {kind}, such as "
            f"{known[longer].iloc[0]}; this client reports by {kind}.",
        )
    return raised


def _percents(cells: pd.Series, decimal: str) -> tuple[pd.Series, pd.Series]:
    """Write ``95%`` as 0.95, and say where a percent sign stood."""
    plain = cells.map(values.plain)
    marked = plain.str.endswith("%")
    bare = plain.str.removesuffix("%")
    sign = values.decimal_of(bare, decimal)
    numbers = values.by_value(bare, lambda text: values.number(text, sign), "float64") / 100
    read = marked & numbers.notna()
    return cells.where(~read, numbers.map(repr).astype("str")), read


def _shares(
    figures: pd.Series, marked: pd.Series, kpi: Kpi, path: Path, ledger: Ledger
) -> pd.Series:
    """Return shares from 0 to 1; a bare 88 is never taken for 8,800%, nor silently for 88%."""
    bare = figures[~marked].dropna()
    if kpi.scale == (0, 100):
        if len(bare) and bare.abs().max() <= 1:
            ledger.warn(
                path,
                f"no figure is above 1, the largest {bare.max():g}, though `scale: [0, 100]` says "
                "that 95% is written 95.",
            )
        return figures.where(marked, figures / 100)
    if len(bare) and bare.abs().max() > LARGEST_SHARE:
        first = bare[bare.abs() > LARGEST_SHARE].iloc[0]
        target = f" with a target of {kpi.target:g}" if kpi.target is not None else ""
        ledger.error(
            path,
            f"holds {first:g}{target}, where a share from 0 to 1 is expected: is it {first:g}%? If "
            "so, write `scale: [0, 100]`.",
            first,
        )
    elif len(bare) and bare.max() > 1 and kpi.value is not None:
        ledger.warn(
            path,
            f"holds {bare.max():g}, which is {bare.max():.0%}: if {bare.max():g}% is meant, write "
            "`scale: [0, 100]`.",
        )
    return figures


def _ratio(frame: pd.DataFrame, kpi: Kpi, ledger: Ledger) -> pd.DataFrame:
    sums = frame.groupby(["period", "unit"], sort=False, as_index=False)[
        ["numerator", "denominator"]
    ].sum()
    sums = sums.astype({"period": "str", "unit": "str"})
    ledger.drop(_("summed with others of its period and unit"), len(frame) - len(sums))
    empty = sums["denominator"] <= 0
    ledger.drop(_("denominator of 0"), int(empty.sum()))
    sums = sums[~empty].reset_index(drop=True)
    if kpi.complement:
        sums["numerator"] = sums["denominator"] - sums["numerator"]
    return sums.assign(value=sums["numerator"] / sums["denominator"])


def _plain(frame: pd.DataFrame, kpi: Kpi, path: Path, ledger: Ledger) -> pd.DataFrame:
    repeated = frame.duplicated(["period", "unit"])
    if repeated.any():
        first = frame[repeated].iloc[0]
        ledger.error(
            (*path, "value"),
            f"{(n := Count(repeated.sum()))} {n:row repeats|rows repeat} a period and unit, first "
            f"{first['period']}, {first['unit']}; name the column that tells them apart as "
            "`unit:`, or select one by `where:`.",
        )
    rows = frame.reset_index(drop=True)
    if kpi.complement:
        rows["value"] = 1 - rows["value"]
    return rows.assign(numerator=np.nan, denominator=np.nan)
