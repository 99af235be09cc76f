"""Which of the client's units a reported figure's change comes from."""

from __future__ import annotations

import pandas as pd

from cxlib.analysis.compare.decompose import split
from cxlib.analysis.trends._series import require
from cxlib.errors import DataError


def split_figure(figures: pd.DataFrame, *, metric: str, before: str, after: str) -> pd.DataFrame:
    """Split the change of a reported figure between two periods into its units' parts.

    Parameters
    ----------
    figures : pandas.DataFrame
        ``kpi, period, unit, value, numerator, denominator``. Plain values count alike: the
        figure is their mean.
    metric : str
        Which figure.
    before, after : str
        The periods compared.

    Returns
    -------
    pandas.DataFrame
        One row a unit, largest part first: ``place`` (the unit), ``before, after`` (its figure;
        NaN in a period it is not in), ``share_before, share_after`` (its part of the denominator,
        0 to 1), ``rate, mix, total`` (its part of the change; they add up to it over the units).
        Kitagawa's split with midpoint weights; a unit present in one period only is mix. A count
        of everything: no intervals.

    Raises
    ------
    DataError
        If a column is missing, or a period has no rows of the figure.

    References
    ----------
    .. [1] Kitagawa, E. M. (1955). Components of a difference between two rates. JASA 50.
    """
    require(figures, ("kpi", "period", "unit", "value", "numerator", "denominator"))
    rows = figures[figures["kpi"] == metric]
    plain = rows["denominator"].isna()
    rows = rows.assign(
        numerator=rows["numerator"].where(~plain, rows["value"]),
        denominator=rows["denominator"].where(~plain, 1.0),
        unit=rows["unit"].astype(str),
    )
    names = sorted(set(rows.loc[rows["period"].isin((before, after)), "unit"]))
    sums = []
    for label in (before, after):
        wave = rows[rows["period"] == label]
        if wave.empty:
            raise DataError(f"{metric!r} has no figure in period {label!r}.")
        by = wave.groupby("unit")[["denominator", "numerator"]].sum()
        found = by.reindex(names, fill_value=0.0).to_numpy(dtype=float)
        sums.append((found[:, 0], found[:, 1]))
    parts = split(sums[0], sums[1])
    table = pd.DataFrame(
        {
            "place": names,
            "before": parts.scores[0],
            "after": parts.scores[1],
            "share_before": parts.shares[0],
            "share_after": parts.shares[1],
            "rate": parts.rate,
            "mix": parts.mix,
            "total": parts.rate + parts.mix,
        }
    )
    order = table["total"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)
