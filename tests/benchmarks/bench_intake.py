"""How long 100,000 answers take, and how much memory a million, or 10 million tickets, need."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ANSWERS = 100_000
MILLION = 1_000_000
TICKETS = 10_000_000
CHAPTERS = ("02-assessment", "03-comments", "06-drivers", "11-monitoring")
ITEMS = [f"q{i}" for i in range(10)]
WORDS = "the staff were kind but waiting took long and the room good 服务 很好 等待 太久"
SURVEY = """client: many
language: en
period: month
survey:
  source: s.csv
  columns: {id: id, date: date, comment: comment}
  metrics:
    nps: {column: nps, scale: [0, 10]}
    csat: {column: csat, scale: [1, 5], top: 2}
  segments: {area: area, age: age}
  touchpoints:
"""
LOG = """client: many
language: en
period: quarter
calendar: {country: GB, business_hours: "08:00-20:00", timezone: Europe/London}
tickets:
  source: t.csv
  columns: {id: T, customer: C, created: Created, first_response: First, resolved: Solved,
            state: State, channel: Channel, queue: Queue, priority: Priority, group: Team,
            handle_seconds: Handle, reopened: Reopened, csat: CSAT}
  states: {open: [Open], resolved: [Solved], cancelled: [Cancelled]}
  sla: {first_response: {high: 1h, normal: 4h}, resolution: {high: 8h, normal: 24h}}
  clock: business
targets: [{metric: handle_time, target: 7.5min, due: 2026Q4}]
"""


def survey(folder: Path) -> Path:
    """Write a survey of `ANSWERS` rows: two KPIs, ten items, two segments, comments of words."""
    rng = np.random.default_rng(4)
    days = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 600, ANSWERS), unit="D")
    frame = pd.DataFrame({"id": [f"R_{i:09d}" for i in range(ANSWERS)], "date": days})
    frame["nps"], frame["csat"] = rng.integers(0, 11, ANSWERS), rng.integers(1, 6, ANSWERS)
    frame[ITEMS] = rng.integers(1, 6, (ANSWERS, len(ITEMS)))
    frame["area"], frame["age"] = (rng.choice(list("NSEW"), ANSWERS) for _ in range(2))
    said = [" ".join(rng.choice(WORDS.split(), rng.integers(3, 40))) for _ in range(ANSWERS)]
    frame["comment"] = np.where(rng.random(ANSWERS) < 0.6, said, "")
    workspace(folder, SURVEY + "".join(f"    - {{key: {q}, column: {q}, scale: [1, 5]}}\n"
                                       for q in ITEMS))  # fmt: skip
    frame.to_csv(folder / "data" / "many" / "s.csv", index=False)
    return folder


def answers(folder: Path) -> Path:
    """Write a survey of two years with a `MILLION` rows, 12 words of comment in three of five."""
    import duckdb

    items = "".join(f"    - {{key: {q}, column: {q}, scale: [1, 5]}}\n" for q in ITEMS[:6])
    workspace(folder, SURVEY.replace("period: month", "period: quarter") + items)
    listed = ", ".join(f"'{word}'" for word in WORDS.split())
    # what people share, each with a noise of its own: without it no model would have work
    rated = ", ".join(f"(1 + 4 * (g + random()) / 2)::INT AS {q}" for q in ITEMS[:6])
    duckdb.execute(f"""SET threads = 1; SELECT setseed(0.5); COPY (
      WITH a AS (SELECT i, random() AS g, random() AS r FROM range({MILLION}) _(i))
      SELECT 'R_' || lpad(i::VARCHAR, 9, '0') AS id,
        DATE '2024-10-01' + (random() * 729)::INT AS date,
        (10 * (g + random()) / 2)::INT AS nps, (1 + 4 * (g + random()) / 2)::INT AS csat, {rated},
        ['N', 'S', 'E', 'W'][1 + (i % 4)] AS area, ['young', 'old'][1 + (i % 2)] AS age,
        CASE WHEN r < .6 THEN list_aggregate(list_transform(range(12),
          lambda k: [{listed}][1 + (hash(i * 31 + k) % {len(WORDS.split())})::INT]), 'string_agg',
          ' ')
        END AS comment
      FROM a) TO '{folder / "data" / "many" / "s.csv"}' (HEADER)""")
    return folder


def tickets(folder: Path) -> Path:
    """Write a log of two years with `TICKETS` rows, one in fifteen still open."""
    import duckdb

    workspace(folder, LOG)
    at = folder / "data" / "many" / "t.csv"
    duckdb.execute(f"""SET threads = 1; SELECT setseed(0.5); COPY (
      WITH a AS (SELECT i, TIMESTAMP '2024-10-01' + to_seconds((i * 63072000.0 / {TICKETS})::BIGINT)
          AS created, random() r, random() s, random() t, random() u FROM range({TICKETS}) _(i)),
      b AS (SELECT *, created + to_seconds((-ln(1 - r) * 7200)::BIGINT) AS first FROM a),
      c AS (SELECT *, first + to_seconds((-ln(1 - s) * 50000)::BIGINT) AS solved FROM b)
      SELECT 'T' || lpad(i::VARCHAR, 9, '0') AS T, 'C' || (t * {TICKETS} / 4)::BIGINT AS C,
        created AS Created, first AS First, CASE WHEN u < .94 THEN solved END AS Solved,
        CASE WHEN u < .94 THEN 'Solved' WHEN u > .99 THEN 'Cancelled' ELSE 'Open' END AS State,
        ['phone', 'chat', 'email', 'web'][1 + (i * 7 % 4)::INT] AS Channel,
        ['Cards', 'Loans', 'Online'][1 + (i * 5 % 3)::INT] AS Queue,
        ['high', 'normal', 'normal'][1 + (i * 11 % 3)::INT] AS Priority,
        'Team ' || (i * 13 % 12)::INT AS Team, (60 - ln(1 - s) * 400)::INT AS Handle,
        (r < .05)::INT AS Reopened, CASE WHEN r < .3 THEN 1 + floor(s * 5) END AS CSAT
      FROM c) TO '{at}' (HEADER)""")
    return folder


def workspace(folder: Path, client: str) -> None:
    """Lay out a workspace of one client."""
    for name in ("params", "data/many"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "params" / "many.yaml").write_text(client, encoding="utf-8")


def intake(folder: Path) -> None:
    """Take the client's files in, as a run does."""
    from cxlib import params
    from cxlib.data.ingest import ingest
    from cxlib.workspace import Workspace

    place = Workspace(folder)
    ingest(params.load("many", place), place, force=True)


def plain(folder: Path) -> None:
    """Do by hand what an intake comes down to: read, parse, check, hash ids, mask, write."""
    import duckdb

    frame = pd.read_csv(folder / "data" / "many" / "s.csv", dtype=str)
    frame["date"] = pd.to_datetime(frame["date"])
    for name in ("nps", "csat", *ITEMS):
        frame[name] = pd.to_numeric(frame[name])
        assert frame[name].between(0, 10).all()
    frame["id"] = [hmac.digest(b"k", i.encode(), hashlib.sha256).hex() for i in frame["id"]]
    masked = re.compile(r"[\w.]+@[\w.]+|\+?\d[\d -]{7,}\d")
    frame["comment"] = [masked.sub("[x]", text) for text in frame["comment"].fillna("")]
    duckdb.sql("FROM frame").write_parquet(str(folder / "plain.parquet"))


def chapter(folder: Path, stem: str) -> None:
    """Execute the cells of a chapter on what was taken in."""
    import matplotlib as mpl
    from IPython.core.interactiveshell import InteractiveShell

    from cxlib.workspace import kit_file

    mpl.use("Agg")
    os.environ["CX_HOME"] = str(folder)
    shell = InteractiveShell.instance()
    notebook = kit_file("notebooks") / f"{stem}.ipynb"
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            shell.run_cell("".join(cell["source"]).replace("harbour-hotels", "many"))
            assert shell.last_execution_succeeded


def measured(what: str, folder: Path) -> tuple[float, float]:
    """Return the processor seconds and the peak in GB of one of the above, in its own process."""
    environment = os.environ | {
        "CX_INTAKE_LIMITS": "0,0",
        "CX_KEY_FILE": str(folder / "key"),
    }
    command = [sys.executable, __file__, what, str(folder)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    seconds, peak = map(float, told.stdout.split()[-2:])
    print(f"{what}: {seconds:.1f} s of processor, {peak:.2f} GB")
    return seconds, peak


@pytest.mark.bench
def test_a_hundred_thousand_answers_take_few_times_what_plain_pandas_takes(tmp_path: Path) -> None:
    survey(tmp_path)
    took = {
        what: min(measured(what, tmp_path)[0] for _ in range(2)) for what in ("intake", "plain")
    }
    print(f"intake: {took['intake'] / took['plain']:.1f} times plain pandas by hand")
    assert took["intake"] < 6 * took["plain"]


@pytest.mark.bench
def test_ten_million_tickets_go_through_intake_and_chapter_within_4_gb(tmp_path: Path) -> None:
    tickets(tmp_path)
    assert max(measured(what, tmp_path)[1] for what in ("intake", "09-service")) < 4


@pytest.mark.bench
def test_a_million_answers_go_through_intake_and_chapters_within_a_gigabyte_and_a_half(
    tmp_path: Path,
) -> None:
    answers(tmp_path)
    assert max(measured(what, tmp_path)[1] for what in ("intake", *CHAPTERS)) < 1.5


if __name__ == "__main__":
    what, at = sys.argv[1], Path(sys.argv[2])
    started = time.process_time()
    {"intake": intake, "plain": plain}.get(what, partial(chapter, stem=what))(at)
    told = Path("/proc/self/status").read_text("ascii")  # getrusage begins with the parent's peak
    peak = int(told.partition("VmHWM:")[2].split()[0]) / 1e6
    print(time.process_time() - started, peak)
