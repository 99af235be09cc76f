"""Which of many comparisons stand: p-values of one family, adjusted for their number."""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from statsmodels.stats.multitest import multipletests

from cxlib.analysis import _inputs
from cxlib.analysis._survey_variance import Floats
from cxlib.errors import DataError, nearest

Method = Literal["bh", "holm", "bonferroni"]


@overload
def adjust(p_values: pd.Series, *, method: Method = "bh") -> pd.Series: ...
@overload
def adjust(p_values: ArrayLike, *, method: Method = "bh") -> Floats: ...
def adjust(p_values: Any, *, method: Method = "bh") -> pd.Series | Floats:
    """Adjust the p-values of one family for their number.

    Parameters
    ----------
    p_values : pandas.Series or array
        One a comparison; a missing one (a withheld cell) is no member of the family.
    method : {"bh", "holm", "bonferroni"}
        ``"bh"`` keeps the false discovery rate, the others the chance of any false alarm.

    Returns
    -------
    pandas.Series or array
        In the order given, a Series for a Series; missing ones stay missing.

    Raises
    ------
    DataError
        If a p-value lies outside 0 to 1, or the method is unknown.

    References
    ----------
    .. [1] Benjamini, Y., Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57,
       289-300.
    .. [2] Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian
       Journal of Statistics 6, 65-70.
    """
    if method not in ("bh", "holm", "bonferroni"):
        known = ("bh", "holm", "bonferroni")
        raise DataError(f"{method!r} is no adjustment{nearest(str(method), known)}")
    if isinstance(p_values, pd.DataFrame) or np.ndim(p_values) > 1:
        raise DataError("p-values of one family come in one column or list, not in a table.")
    series = p_values if isinstance(p_values, pd.Series) else pd.Series(p_values, dtype=object)
    values = _inputs.numbers(series.rename("p_values"))
    family = np.flatnonzero(~np.isnan(values))
    p = values[family]
    if p.size and (p.min() < 0 or p.max() > 1):
        raise DataError(f"a p-value lies between 0 and 1, not {p[(p < 0) | (p > 1)][0]:g}.")
    adjusted = np.full(values.shape, np.nan)
    if p.size:
        adjusted[family] = multipletests(p, method="fdr_bh" if method == "bh" else method)[1]
    if isinstance(p_values, pd.Series):
        return pd.Series(adjusted, index=p_values.index, name=p_values.name)
    return adjusted
