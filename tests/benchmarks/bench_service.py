"""Time and peak memory of ten million tickets: DuckDB in bounded memory against plain pandas.

``python tests/benchmarks/bench_service.py [rows]`` prints both. Each side runs in its own process,
so that its peak is its own; under pytest ``CX_BENCH_ROWS`` sets the size.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

ROWS = 10_000_000
SLA = {"first_response": 3600.0, "resolution": 86_400.0}
TOLERANCE = 1e-9


def generate(path: Path, rows: int) -> None:
    """Write a log of two years to parquet; one ticket in fifty is still open."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")  # a seed gives one log only on one thread
        connection.execute("SELECT setseed(0.5)")
        connection.execute(
            f"""COPY (
            SELECT 'T' || i AS ticket_id, created AS created_at,
                created + to_seconds(waited) AS first_response_at,
                CASE WHEN drawn > 0.02 THEN created + to_seconds(waited + worked) END
                    AS resolved_at,
                CASE WHEN drawn > 0.02 THEN 'closed' ELSE 'open' END AS state,
                ['phone', 'chat', 'email', 'app'][1 + i % 4] AS channel,
                round(-300 * ln(1 - random()), 1) AS handle_seconds,
                (random() < 0.08)::INTEGER AS reopened,
                1 + (i * 7919) % 5 AS csat
            FROM (
                SELECT i, random() AS drawn,
                    TIMESTAMP '2024-10-01' + to_seconds((random() * 63e6)::BIGINT) AS created,
                    (-3600 * ln(1 - random()))::BIGINT AS waited,
                    (-90000 * ln(1 - random()))::BIGINT AS worked
                FROM range({rows}) t(i))
            ) TO '{path}' (FORMAT parquet)"""
        )


def with_duckdb(path: Path) -> list[list[Any]]:
    from cxlib.data.ticket_sql import summarise_tickets

    table = summarise_tickets(path, by="channel", sla=SLA).table
    wanted = table[table["kpi"].isin(["first_response", "first_response_sla", "handle_time"])]
    return sorted(wanted[["channel", "kpi", "statistic", "value"]].to_numpy().tolist())


def with_pandas(path: Path) -> list[list[Any]]:
    """The same uncensored numbers the plain way: the whole log in a frame, then group by."""
    import duckdb

    with duckdb.connect() as connection:
        tickets = connection.read_parquet(str(path)).df()
    waited = (tickets["first_response_at"] - tickets["created_at"]).dt.total_seconds()
    took = (tickets["resolved_at"] - tickets["created_at"]).dt.total_seconds()
    frame = tickets.assign(waited=waited, took=took, in_time=waited <= SLA["first_response"])
    closed = frame[frame["state"] == "closed"].groupby("channel")["handle_seconds"]
    groups = frame.groupby("channel")
    found: dict[tuple[str, str], pd.Series] = {
        ("first_response", name): groups["waited"].quantile(q)
        for name, q in (("median", 0.5), ("p80", 0.8), ("p90", 0.9))
    }
    found["first_response_sla", "share"] = groups["in_time"].mean()
    found["handle_time", "mean"] = closed.mean()
    found["handle_time", "median"], found["handle_time", "p90"] = (
        closed.median(),
        closed.quantile(0.9),
    )
    groups["took"].quantile([0.5, 0.8, 0.9])  # and of the closed ones alone, as plain pandas would
    return sorted(
        [channel, *name, float(value)]
        for name, values in found.items()
        for channel, value in values.items()
    )


def measured(work: Callable[[Path], list[list[Any]]], path: Path) -> dict[str, Any]:
    """Run `work` in a fresh process; return its seconds, its peak megabytes and its numbers."""
    context = multiprocessing.get_context("spawn")
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=_measure, args=(work, path, writer))
    process.start()
    writer.close()
    told: dict[str, Any] = json.loads(reader.recv())
    process.join()
    return told


def _measure(work: Callable[[Path], list[list[Any]]], path: Path, writer: Any) -> None:
    start = time.perf_counter()
    numbers = work(path)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    writer.send(json.dumps({"seconds": seconds, "megabytes": peak, "numbers": numbers}))


def compare(rows: int, folder: Path) -> dict[str, dict[str, Any]]:
    path = folder / "tickets.parquet"
    generate(path, rows)
    return {work.__name__: measured(work, path) for work in (with_duckdb, with_pandas)}


@pytest.mark.bench
def test_duckdb_gives_the_numbers_of_pandas_in_bounded_memory(tmp_path: Path) -> None:
    told = compare(int(os.environ.get("CX_BENCH_ROWS", "300000")), tmp_path)
    sql, frame = told["with_duckdb"], told["with_pandas"]
    assert [row[:3] for row in sql["numbers"]] == [row[:3] for row in frame["numbers"]]
    assert [row[3] for row in sql["numbers"]] == pytest.approx(
        [row[3] for row in frame["numbers"]], rel=TOLERANCE
    )
    assert sql["megabytes"] < 2500  # the limit of 1 GB, Python with its libraries, and the counts


def main(rows: int = ROWS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        told = compare(rows, Path(folder))
    print(f"{rows:,} tickets")
    for name, each in told.items():
        print(f"{name:12} {each['seconds']:7.1f} s {each['megabytes']:8,.0f} MB")
    pairs = zip(told["with_duckdb"]["numbers"], told["with_pandas"]["numbers"], strict=True)
    worst = max(abs(a[3] - b[3]) / max(abs(b[3]), 1e-300) for a, b in pairs)
    print(f"largest relative difference {worst:.1e}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
