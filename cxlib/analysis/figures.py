"""Analysis room: which units a reported figure's change comes from."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from cxlib.analysis._rate_and_mix import split
from cxlib.analysis.trends._series import require
from cxlib.errors import DataError


@dataclass(frozen=True, kw_only=True)
class FigureSplit:
    """A reported figure's change, taken apart by unit.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a unit, largest part first: ``place`` (the unit), ``before, after`` (its figure;
        NaN in a period it is not in), ``share_before, share_after`` (its part of the denominator,
        0 to 1), ``rate, mix, total`` (its part of the change; over units they sum to ``rate``,
        ``mix`` and ``total``). A count of everything: no intervals.
    metric : str
    before, after : str
        The periods.
    rate, mix, total : float
        Change within units, by their shares, and together; in the figure's unit.
    n_units : int
    """

    table: pd.DataFrame
    metric: str
    before: str
    after: str
    rate: float
    mix: float
    total: float
    n_units: int


def split_figure(figures: pd.DataFrame, *, metric: str, before: str, after: str) -> FigureSplit:
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
    FigureSplit
        Kitagawa's split with midpoint weights; a unit present in one period only is mix.

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
    )
    waves = [rows[rows["period"] == label] for label in (before, after)]
    for label, wave in zip((before, after), waves, strict=True):
        if wave.empty:
            raise DataError(f"{metric!r} has no figure in period {label!r}.")
    names = sorted({str(name) for wave in waves for name in wave["unit"]})
    sums = []
    for wave in waves:
        by = wave.groupby(wave["unit"].astype(str))[["denominator", "numerator"]].sum()
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
    return FigureSplit(
        table=table.loc[order].reset_index(drop=True),
        metric=metric,
        before=before,
        after=after,
        rate=float(parts.rate.sum()),
        mix=float(parts.mix.sum()),
        total=float((parts.rate + parts.mix).sum()),
        n_units=len(names),
    )
