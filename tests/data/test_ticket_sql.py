from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from cxlib.analysis.business_time import BusinessHours
from cxlib.analysis.service import ticket_kpis
from cxlib.data.ticket_sql import summarise_tickets
from cxlib.errors import DataError

BERLIN = BusinessHours.of("DE", years=[2026], timezone="Europe/Berlin")
SLA = {"first_response": 3600, "resolution": {"high": 86_400, "low": 172_800}}


def make(n: int, seed: int = 1) -> pd.DataFrame:
    """Return a log with everything in it: open, cancelled, repeated rows, missing values."""
    rng = np.random.default_rng(seed)
    # from February on, across the last Sunday of March, when the clocks of Berlin skip two to three
    created = pd.Series(
        pd.Timestamp("2026-02-01") + pd.to_timedelta(rng.integers(0, 100 * 86_400, n), unit="s")
    )
    created = created.mask(
        created.between("2026-03-29 02:00", "2026-03-29 02:59:59"), pd.Timestamp("2026-03-29 04:00")
    )
    answered = shifted(created, rng.exponential(3600, n))
    resolved = shifted(answered, rng.exponential(4 * 86_400, n))
    tickets = pd.DataFrame(
        {
            "ticket_id": [f"T{i}" for i in range(n)],
            "customer_id": rng.choice([*map(str, range(n // 3)), None], n),
            "created_at": created,
            "first_response_at": answered.mask(rng.random(n) < 0.02),
            "resolved_at": resolved.mask(resolved > "2026-05-10"),
            "closed_at": pd.NaT,
            "priority": rng.choice(["high", "low"], n),
            "channel": rng.choice(["phone", "e-mail, it's late", None], n),
            "reopened": pd.array(rng.poisson(0.1, n), dtype="Int64"),
            "reassigned": pd.array(rng.choice([0, 1, None], n), dtype="Int64"),
            "handle_seconds": rng.exponential(300, n),
            "csat": rng.choice([1.0, 2.0, 5.0, np.nan], n),
            "fcr_survey": pd.array(rng.choice([True, False, None], n), dtype="boolean"),
            "updated_at": created,
        }
    )
    tickets["state"] = np.where(tickets["resolved_at"].isna(), "open", "closed")
    tickets.loc[rng.random(n) < 0.03, "state"] = "cancelled"
    again = tickets.iloc[: n // 100].assign(
        updated_at=created.iloc[: n // 100] + pd.Timedelta("1D"), handle_seconds=60.0
    )
    return pd.concat([tickets, again], ignore_index=True)


def shifted(start: pd.Series, seconds: np.ndarray) -> pd.Series:
    moved = start + pd.to_timedelta(seconds.astype("int64"), unit="s")
    skipped = moved.between("2026-03-29 02:00", "2026-03-29 02:59:59")
    return moved.mask(skipped, moved + pd.Timedelta("1h"))


def write(tickets: pd.DataFrame, folder: Path) -> Path:
    path = folder / "tickets.parquet"
    with duckdb.connect() as connection:
        connection.register("tickets", tickets)
        connection.execute(f"COPY tickets TO '{path}' (FORMAT parquet)")
    return path


@pytest.mark.parametrize(
    "options",
    [
        {},
        {
            "by": ["channel", "month"],
            "calendar": BERLIN,
            "sla": SLA,
            "period": "2026Q1",
            "as_of": "2026-04-20 12:00",
            "fcr": "repeat",
        },
        {"by": "quarter", "fcr": "survey", "sla": {"resolution": 86_400}},
    ],
    ids=["all", "split", "survey"],
)
def test_sql_and_pandas_give_the_same_numbers(options: dict[str, Any], tmp_path: Path) -> None:
    """Counts are equal; floats to 1e-9, for sums run in another order."""
    tickets = make(20_000)
    expected = ticket_kpis(tickets, **options)
    found = summarise_tickets(write(tickets, tmp_path), **options)
    pd.testing.assert_frame_equal(
        found.table, expected.table.reset_index(drop=True), check_dtype=False, rtol=1e-9
    )
    pd.testing.assert_frame_equal(
        found.first_contact, expected.first_contact, check_dtype=False, rtol=1e-9
    )
    assert found.caveats == expected.caveats
    assert found.as_of == expected.as_of
    for count in ("n_used", "n_dropped", "n_duplicates"):
        assert getattr(found, count) == getattr(expected, count)


@pytest.mark.parametrize("dtype", ["boolean", "Int64", "float64", "object"])
def test_the_customers_own_word_may_be_written_as_a_number(dtype: str, tmp_path: Path) -> None:
    tickets = make(500)
    answers = tickets["fcr_survey"]
    if dtype == "float64":
        answers = answers.astype("Float64")
    tickets["fcr_survey"] = answers.astype(dtype)
    expected = ticket_kpis(tickets, fcr="survey", by="priority")
    found = summarise_tickets(write(tickets, tmp_path), fcr="survey", by="priority")
    pd.testing.assert_frame_equal(found.table, expected.table, check_dtype=False, rtol=1e-9)
    pd.testing.assert_frame_equal(found.first_contact, expected.first_contact, check_dtype=False)
    assert found.caveats == expected.caveats


@pytest.mark.parametrize("column", ["fcr_survey", "complaint", "upheld"])
@pytest.mark.parametrize("value", [2, 0.5, "yes"])
def test_a_flag_that_is_neither_true_nor_false_is_refused_alike(
    column: str, value: object, tmp_path: Path
) -> None:
    tickets = make(200).drop_duplicates("ticket_id").assign(**{column: value})
    said = rf"'{column}' holds .*{value}.*such\); it is true, false or missing"
    with pytest.raises(DataError, match=said):
        ticket_kpis(tickets)
    with pytest.raises(DataError, match=said):
        summarise_tickets(write(tickets, tmp_path))


def test_a_log_in_csv_and_in_parts_is_one_log(tmp_path: Path) -> None:
    tickets = make(400).drop(columns=["closed_at"])
    for part in (0, 1):
        tickets.iloc[part::2].to_csv(tmp_path / f"part{part}.csv", index=False, encoding="utf-8")
    found = summarise_tickets(f"{tmp_path}/part*.csv")
    expected = ticket_kpis(tickets)
    pd.testing.assert_frame_equal(found.table, expected.table, check_dtype=False, rtol=1e-9)


def test_a_small_memory_gives_the_same_numbers(tmp_path: Path) -> None:
    path = write(make(5000), tmp_path)
    small = summarise_tickets(path, by="priority", memory_limit="120MB", scratch=tmp_path)
    pd.testing.assert_frame_equal(small.table, summarise_tickets(path, by="priority").table)
    assert [each.name for each in tmp_path.iterdir()] == ["tickets.parquet"]


CLEAN = make(200).drop_duplicates("ticket_id")


@pytest.mark.parametrize(
    ("tickets", "options", "said"),
    [
        (CLEAN.drop(columns="created_at"), {}, "column 'created_at' is not in the tickets"),
        (CLEAN.assign(state="done"), {}, "'state' holds 'done'"),
        (CLEAN.assign(handle_seconds=-1.0), {}, "200 values of 'handle_seconds' are negative"),
        (CLEAN.assign(closed_at=pd.Timestamp("2020-01-01")), {}, "200 tickets were closed before"),
        (CLEAN.assign(ticket_id=None), {}, "200 rows have no ticket_id"),
        (make(200).drop(columns="updated_at"), {}, "2 rows repeat a ticket"),
        (
            CLEAN.assign(created_at=pd.Timestamp("2026-03-29 02:30")),
            {"calendar": BERLIN},
            "200 rows hold an hour that the clocks of Europe/Berlin skipped",
        ),
        (CLEAN, {"period": "2031"}, "no ticket was opened in 2031"),
        (CLEAN, {"by": "chanel"}, "did you mean 'channel'"),
        (CLEAN, {"sla": {"resolution": {"high": 60}}}, "tickets have priority 'low'"),
        (CLEAN, {"fcr": "repat"}, "did you mean 'repeat'"),
        (CLEAN.assign(state="merged"), {}, "no ticket is left of 200 rows"),
        (
            CLEAN.assign(created_at=CLEAN["created_at"].dt.tz_localize("UTC")),
            {},
            "'created_at' carries a time zone",
        ),
    ],
)
def test_an_impossible_log_is_refused(
    tickets: pd.DataFrame, options: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=said):
        summarise_tickets(write(tickets, tmp_path), **options)


def test_no_file_and_no_known_kind_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no file"):
        summarise_tickets(tmp_path / "*.parquet")
    (tmp_path / "log.txt").write_text("x", encoding="utf-8")
    with pytest.raises(DataError, match=r"is \.txt; write one kind of \.parquet, \.csv"):
        summarise_tickets(tmp_path / "log.txt")


def test_sql_and_pandas_read_the_hour_that_comes_twice_alike(tmp_path: Path) -> None:
    night = pd.to_datetime(["2026-10-25 02:30", "2026-10-25 02:10", "2026-10-25 01:00"])
    tickets = pd.DataFrame(
        {
            "ticket_id": ["T1", "T2", "T3"],
            "created_at": night,
            "first_response_at": pd.to_datetime(
                ["2026-10-25 02:10", "2026-10-25 02:40", "2026-10-25 04:00"]
            ),
            "resolved_at": pd.to_datetime(["2026-10-25 02:20", "2026-10-25 02:50", None]),
        }
    )
    hours = BusinessHours(hours="24/7", timezone="Europe/Berlin")
    expected = ticket_kpis(tickets, calendar=hours)
    found = summarise_tickets(write(tickets, tmp_path), calendar=hours)
    pd.testing.assert_frame_equal(found.table, expected.table, check_dtype=False, rtol=1e-9)
    assert found.caveats == expected.caveats
