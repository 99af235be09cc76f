from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import trends
from cxlib.errors import DataError


def table(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns)


MONTHS = table(
    period=["2025-09", "2026-08", "2026-09"],
    value=[30.0, 44.0, 40.0],
    standard_error=[4.0, 3.0, 3.0],
)


def test_a_score_is_compared_with_last_period_and_last_year() -> None:
    found = trends.changes(MONTHS)
    rows = found.table.set_index("against")
    assert rows["reference"].to_dict() == {"last period": "2026-08", "last year": "2025-09"}
    assert rows["change"].to_dict() == {"last period": -4.0, "last year": 10.0}
    # by hand: 10 ± 1.959964 · 5, z = 2 → p = .0455
    assert rows.loc["last year", ["low", "high"]].tolist() == pytest.approx([0.20018, 19.79982])
    assert rows.loc["last year", "p_value"] == pytest.approx(0.0455003, abs=1e-7)
    assert rows.loc["last year", "p_adjusted"] == pytest.approx(2 * 0.0455003, abs=1e-6)
    assert (found.n_used, found.n_dropped) == (2, 0)


def test_an_earlier_period_is_judged_as_it_stood_then() -> None:
    found = trends.changes(MONTHS, period="2026-08").table
    assert found["reference"].tolist() == ["2026-07", "2025-08"]
    assert found["change"].isna().all()


def test_an_absent_reference_is_counted() -> None:
    found = trends.changes(MONTHS.iloc[1:])
    assert found.n_dropped == 1
    assert found.caveats[0].startswith("1 of 2 comparisons")


def test_unanimous_samples_get_no_interval() -> None:
    found = trends.changes(MONTHS.assign(standard_error=0.0))
    assert found.table["change"].notna().all()
    assert found.table[["low", "high", "p_value"]].isna().all(axis=None)
    assert found.n_used == 0


def test_kpis_are_kept_apart_and_share_one_family() -> None:
    both = pd.concat([MONTHS.assign(kpi="nps"), MONTHS.assign(kpi="csat", value=[40.0] * 3)])
    found = trends.changes(both, by="kpi").table
    assert found["kpi"].tolist() == ["nps", "nps", "csat", "csat"]
    assert found.loc[2:, "change"].tolist() == [0.0, 0.0]
    assert found.loc[1, "p_adjusted"] == pytest.approx(min(1, 4 * 0.0455003), abs=1e-6)


def test_quarters_years_and_waves_find_their_references() -> None:
    def references(labels: list[str]) -> list[str]:
        rows = table(period=labels, value=[1.0] * len(labels), standard_error=[1.0] * len(labels))
        return trends.changes(rows).table["reference"].tolist()

    assert references(["2025Q3", "2026Q2", "2026Q3"]) == ["2026Q2", "2025Q3"]
    assert references(["2025", "2026"]) == ["2025"]
    assert references(["wave 1", "wave 2"]) == ["wave 1"]
    assert references(["wave 1"]) == []


def test_intervals_cover_a_true_change() -> None:
    rng = np.random.default_rng(3)
    inside = 0
    for _ in range(400):
        values = [rng.normal(30, 4), rng.normal(35, 3), rng.normal(40, 3)]
        row = trends.changes(MONTHS.assign(value=values)).table.iloc[1]
        inside += row["low"] <= 10 <= row["high"]
    assert inside / 400 == pytest.approx(0.95, abs=0.035)


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        (MONTHS.drop(columns="value"), {}, "no column 'value'"),
        (MONTHS, {"by": "kpi"}, "no column 'kpi'"),
        (MONTHS, {"period": "2027-01"}, "period '2027-01' is not in the table"),
        (MONTHS, {"confidence": 95}, "not between 0 and 1"),
        (MONTHS.assign(standard_error=-1.0), {}, "negative in row 0"),
        (MONTHS.iloc[:0], {}, "no rows"),
        (pd.concat([MONTHS, MONTHS]), {}, "'2025-09' 2 times"),
    ],
)
def test_tables_that_cannot_be_compared_are_refused(
    rows: pd.DataFrame, options: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        trends.changes(rows, **options)
