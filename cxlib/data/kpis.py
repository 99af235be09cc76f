"""The data room: figures that the client reports already aggregated, to one long table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.data import dates, labels, values
from cxlib.data.columns import read_numbers
from cxlib.data.ledger import Ledger, Path, examples
from cxlib.data.readers import Raw
from cxlib.errors import DataError
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.params import Client
    from cxlib.params.kpis import Kpi

ALL = "all"
"""The unit of a figure that is not split."""
COLUMNS = ("kpi", "period", "unit", "value", "numerator", "denominator")


def make_kpi(raw: Raw, client: Client, key: str, ledger: Ledger) -> pd.DataFrame:
    """Return the rows of one figure for the canonical kpis table.

    Parameters
    ----------
    raw : Raw
        The rows of the figure's source.
    client : Client
        Whose it is.
    key : str
        The figure's key.
    ledger : Ledger
        Takes every fault and every row dropped.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, one row a period and unit: a ratio's parts are summed over the rows of each
        of the client's periods; the complement's numerator is denominator less numerator, so that
        ``value`` is always ``numerator / denominator``. A plain value keeps the period it is
        reported for.
    """
    kpi, path = client.kpis[key], ("kpis", key)
    ledger.rows_read += len(raw.frame) + raw.empty
    ledger.drop(_("empty row"), raw.empty)
    kept = _where(raw, kpi, path, ledger)
    texts = ledger.column(raw, kpi.period, (*path, "period"))
    unit = ledger.column(raw, kpi.unit, (*path, "unit"))
    ratio = kpi.value is None
    names = ("numerator", "denominator") if ratio else ("value",)
    columns = {name: ledger.column(raw, getattr(kpi, name), (*path, name)) for name in names}
    if ledger.failed or texts is None:
        return pd.DataFrame(columns=COLUMNS)
    frame = pd.DataFrame({"period": _periods(raw, texts, kpi, client, ledger, path, kept)})
    frame["unit"] = ALL if unit is None else values.texts_or_missing(unit, missing=kpi.missing)
    for name, cells in columns.items():
        if cells is not None:
            shown = _percents(cells) if kpi.format == "percent" else cells
            where = (*path, name)
            frame[name] = read_numbers(raw, shown.where(kept, ""), kpi, ledger, where)
    ledger.drop(_("not among the rows of the figure"), int((~kept).sum()))
    frame = frame[kept]
    whole = frame.notna().all(axis=1)
    ledger.drop(_("no figure, period or unit"), int((~whole).sum()))
    frame = frame[whole]
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


def _where(raw: Raw, kpi: Kpi, path: Path, ledger: Ledger) -> pd.Series:
    kept = pd.Series(True, index=raw.frame.index)
    for name, wanted in kpi.where.items():
        cells = ledger.column(raw, name, (*path, "where", name))
        if cells is not None:
            kept &= values.is_code(cells, wanted)
    return kept


def _periods(
    raw: Raw,
    texts: pd.Series,
    kpi: Kpi,
    client: Client,
    ledger: Ledger,
    path: Path,
    kept: pd.Series,
) -> pd.Series:
    """Return period labels, from labels or from dates."""
    named = values.texts_or_missing(texts.where(kept, ""), missing=kpi.missing).fillna("")
    known = values.by_value(named, labels.label, "str")
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
        if read.unread.any():
            ledger.error(
                (*path, "period"),
                f"column {kpi.period!r} holds {int(read.unread.sum())} values that are neither a "
                f"period nor a date: {examples(raw, texts, read.unread)}; declare `date_format:`.",
                kpi.period,
            )
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
            f"{int(longer.sum())} rows are for longer than a {kind}, such as "
            f"{known[longer].iloc[0]}; this client reports by {kind}.",
        )
    return raised


def _percents(cells: pd.Series) -> pd.Series:
    """Write ``95%`` as 0.95."""
    plain = cells.map(values.plain)
    marked = plain.str.endswith("%")
    numbers = values.by_value(plain.str.removesuffix("%"), values.number, "float64") / 100
    read = marked & numbers.notna()
    return cells.where(~read, numbers.map(repr).astype("str"))


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
            f"{int(repeated.sum())} rows repeat a period and unit, first {first['period']}, "
            f"{first['unit']}; name the column that tells them apart as `unit:`, or select one by "
            "`where:`.",
        )
    rows = frame.reset_index(drop=True)
    if kpi.complement:
        rows["value"] = 1 - rows["value"]
    return rows.assign(numerator=np.nan, denominator=np.nan)
