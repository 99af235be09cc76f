"""The data room: cells as text, whatever their file's type, so that every format reads alike."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd

_EXACT = 2.0**63


def cell_text(cell: object) -> str:
    """Return a cell as text: empty for none, ``12`` for 12.0, ISO for dates.

    Parameters
    ----------
    cell : object
        What an Excel, Parquet or SPSS reader gave.
    """
    if isinstance(cell, str):
        return cell
    if cell is None or cell is pd.NaT or cell is pd.NA:
        return ""
    if isinstance(cell, (bool, np.bool_)):
        return "true" if cell else "false"
    if isinstance(cell, (float, np.floating)):
        return _number_text(float(cell))
    if isinstance(cell, (dt.datetime, dt.date, dt.time)):
        return cell.isoformat()
    return str(cell)


def _number_text(number: float) -> str:
    if math.isnan(number):
        return ""
    if number.is_integer() and abs(number) < _EXACT:
        return str(int(number))
    return repr(number)


def as_text(column: pd.Series) -> pd.Series:
    """Return a typed column as text cells, an empty text for a missing one.

    Parameters
    ----------
    column : pandas.Series
        Of any dtype; a number that is whole loses its ``.0``, a date becomes ISO text.

    Returns
    -------
    pandas.Series
        Of dtype ``str``, without missing values, on the same index.
    """
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
        codes, unique = pd.factorize(column, use_na_sentinel=True)
        texts = np.array([*map(cell_text, unique), ""], dtype=object)
        return pd.Series(texts[codes], index=column.index, dtype="str")
    if isinstance(column.dtype, np.dtype) and column.dtype.kind == "M":
        texts = np.datetime_as_string(column.to_numpy(), unit="us").astype(object)
        filled = pd.Series(texts, index=column.index, dtype="str").where(column.notna(), "")
        return filled.str.removesuffix(".000000")
    cells = [cell_text(cell) for cell in column.astype(object)]
    return pd.Series(cells, index=column.index, dtype="str")
