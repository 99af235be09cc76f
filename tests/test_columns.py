"""Rows of a frame: read at once, as pandas reads them one column after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib.columns import records

MOMENT = pd.Timestamp("2026-01-31 10:00")
COLUMNS: dict[str, Any] = {
    "float": pd.Series([1.5, np.nan, -0.0]),
    "float32": pd.Series([1.5, np.nan, 2], dtype="float32"),
    "int": pd.Series([1, 2, 3]),
    "int8": pd.Series([1, 2, 3], dtype="int8"),
    "bool": pd.Series([True, False, True]),
    "Int64": pd.Series([1, None, 3], dtype="Int64"),
    "Float64": pd.Series([1.5, None, 3], dtype="Float64"),
    "boolean": pd.Series([True, None, False], dtype="boolean"),
    "string": pd.Series(["a", None, "客"], dtype="string"),
    "str": pd.Series(["a", None, "客"], dtype="str"),
    "category": pd.Series(["a", None, "b"], dtype="category"),
    "numbers as categories": pd.Series([1, 2, 1], dtype="category"),
    "datetime": pd.Series([MOMENT, pd.NaT, MOMENT], dtype="datetime64[us]"),
    "with zone": pd.Series([MOMENT, pd.NaT, MOMENT]).dt.tz_localize("Asia/Shanghai"),
    "duration": pd.Series([pd.Timedelta("1h"), pd.NaT, pd.Timedelta("2D")]),
    "period": pd.Series(pd.PeriodIndex(["2026Q1", None, "2026Q3"], freq="Q")),
    "things": pd.Series([{"a": 1}, ("b", 2), None], dtype=object),
    "numpy's": pd.Series([np.int64(3), np.float64(0.5), np.bool_(True)], dtype=object),
    "missing": pd.Series([pd.NA, pd.NaT, np.nan], dtype=object),
    3: pd.Series([1, 2, 3]),
}


def told(rows: list[dict[Any, Any]]) -> list[list[tuple[Any, type, str]]]:
    return [[(name, type(value), repr(value)) for name, value in row.items()] for row in rows]


@pytest.mark.parametrize("name", COLUMNS, ids=str)
def test_a_column_is_read_as_pandas_reads_it(name: Any) -> None:
    for frame in (
        pd.DataFrame({name: COLUMNS[name]}),
        pd.DataFrame({name: COLUMNS[name], "text": ["x", "y", "z"], "n": [1.0, 2.0, 3.0]}),
    ):
        assert told(records(frame)) == told(frame.to_dict("records"))


def test_a_whole_table_is_read_as_pandas_reads_it() -> None:
    frame = pd.DataFrame(COLUMNS)
    for shown in (frame, frame.iloc[::-1], frame.set_index("int"), frame.head(0), pd.DataFrame()):
        assert told(records(shown)) == told(shown.to_dict("records"))


def test_of_two_columns_of_one_name_the_last_is_read_as_pandas_does_with_a_warning() -> None:
    frame = pd.DataFrame([[1, 2.5], [3, 4.5]], columns=["a", "a"])
    with pytest.warns(UserWarning, match="not unique"):
        usual = frame.to_dict("records")
    assert records(frame) == usual
