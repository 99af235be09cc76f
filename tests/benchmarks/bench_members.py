"""A million members with twenty million transactions: memory, beside plain pandas.

The steps of the membership chapter that read every row, against what pandas takes to read the
table and sum it by member and day. ``CX_BENCH_MEMBERS`` sets another number of members.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

MEMBERS = int(os.environ.get("CX_BENCH_MEMBERS", "1000000"))
EACH = 20


def make(path: Path) -> None:
    """Write both tables as intake would: ids as long texts, moments, amounts."""
    import duckdb

    with duckdb.connect() as db:
        db.execute("SET memory_limit = '2GB'; SELECT setseed(.5)")
        db.execute(
            f"COPY (SELECT sha256(m::VARCHAR)[:32] member_id, (TIMESTAMP '2023-01-01' + "
            f"INTERVAL 1 DAY * (random()*900)::INT) AS joined, CASE WHEN random() < .2 THEN "
            f"TIMESTAMP '2025-07-01' + INTERVAL 1 DAY * (random()*360)::INT END AS \"left\", "
            f"['S','G','P'][1 + (random()*2.99)::INT % 3] tier FROM range({MEMBERS}) t(m)) "
            f"TO '{path}/members.parquet' (FORMAT parquet, COMPRESSION zstd)"
        )
        db.execute(
            f"COPY (SELECT sha256((x % {MEMBERS})::VARCHAR)[:32] member_id, "
            "TIMESTAMP '2024-07-01' + INTERVAL 1 DAY * (random()*730)::INT AS date, "
            "round(exp(random()*4), 2) amount FROM "
            f"range({MEMBERS * EACH}) t(x)) TO '{path}/transactions.parquet' "
            "(FORMAT parquet, COMPRESSION zstd)"
        )


def study(path: Path) -> None:
    """Run the steps of the chapter that read every row."""
    import pandas as pd

    from cxlib.analysis import lifetime, members, retention
    from cxlib.data.store import read_coded, read_frame

    kinds = {"member_id": "str", "joined": "datetime64[us]", "left": "datetime64[us]"}
    bought = read_coded(path / "transactions.parquet", "member_id", ["date", "amount"])
    print(f"  read: {peak():.2f} GB")
    members.rfm(bought, as_of="2026-06-30")
    print(f"  rfm: {peak():.2f} GB")
    told = lifetime.summary(bought, as_of="2026-06-30", unit="weeks")
    print(f"  summary of {len(told.table):,}: {peak():.2f} GB")
    people = read_frame(path / "members.parquet", kinds)
    retention.cohorts(people, as_of="2026-06-30")
    end = people["left"].fillna(pd.Timestamp("2026-06-30"))
    rows = pd.DataFrame({"time": (end - people["joined"]).dt.days, "left": people["left"].notna()})
    retention.survival(rows[rows["time"] > 0], duration="time", event="left")
    print(f"  survival and cohorts: {peak():.2f} GB")


def plain(path: Path) -> None:
    """Let pandas read the table and sum money by member and day."""
    import duckdb

    frame = duckdb.connect().execute(f"FROM '{path}/transactions.parquet'").df()
    frame.groupby(["member_id", frame["date"].dt.normalize()])["amount"].sum()


def peak() -> float:
    """Return this process's peak memory in GB."""
    told = Path("/proc/self/status").read_text("ascii")  # getrusage begins with the parent's peak
    return int(told.partition("VmHWM:")[2].split()[0]) / 1e6


@pytest.mark.bench
def test_a_million_members_with_twenty_million_transactions_fit_in_4_gb(tmp_path: Path) -> None:
    make(tmp_path)
    peaks = {}
    for what in ("study", "plain"):
        command = [sys.executable, __file__, what, str(tmp_path)]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        print(told)
        peaks[what] = float(told.split()[-2])
    print(f"peak memory: {peaks['study'] / peaks['plain']:.2f} of plain pandas' sums alone")
    assert peaks["study"] < 4


if __name__ == "__main__":
    started = time.perf_counter()
    {"study": study, "plain": plain, "make": make}[sys.argv[1]](Path(sys.argv[2]))
    print(f"{sys.argv[1]}: {time.perf_counter() - started:.1f} s, {peak():.2f} GB")
