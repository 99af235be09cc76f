"""A log larger than memory: taken in by pieces, and the same table as all at once."""

from __future__ import annotations

import gzip
import os
import resource
import shutil
import subprocess
import sys

import duckdb
import numpy as np
import pandas as pd
import pytest

from cxlib import Engagement
from cxlib.analysis import service
from cxlib.data import pieces
from cxlib.data.check import examine
from cxlib.data.store import read_frame
from cxlib.data.tables import read_tickets
from cxlib.params.service import terms_of
from cxlib.workspace import JOB_VARIABLE
from tests.data.conftest import Shop

N = 480
TICKETS = """
    calendar: {timezone: Asia/Shanghai}
    period: month
    tickets:
      source: %s
      where: {Kind: [call, 投诉]}
      columns: {id: No, created: Opened, resolved: Solved, state: State, customer: Who,
                channel: Kind, handle_minutes: Minutes, csat: Rating}
      states: {open: [Open], resolved: [Done], cancelled: [Void]}
"""


def log(decimal: str = ".") -> pd.DataFrame:
    rng = np.random.default_rng(5)
    opened = pd.Timestamp("2026-03-01 08:00") + pd.to_timedelta(
        rng.integers(0, 60 * 24 * 90, N), unit="min"
    )
    solved = opened + pd.to_timedelta(rng.integers(5, 4000, N), unit="min")
    state = rng.choice(["Open", "Done", "Done", "Done", "Void"], N)
    frame = pd.DataFrame({"No": [f"{i:06d}" for i in range(N)], "Opened": opened, "Solved": solved})
    frame["Solved"] = frame["Solved"].where(state == "Done")
    for name in ("Opened", "Solved"):
        frame[name] = frame[name].dt.strftime("%d/%m/%Y %H:%M").fillna("")
    frame["State"], frame["Who"] = state, rng.integers(0, 90, N).astype(str)
    frame["Kind"] = rng.choice(["call", "投诉", "spam"], N)
    minutes = (rng.integers(1, 400, N) / 8).astype(str)
    frame["Minutes"] = [text.replace(".", decimal) for text in minutes]
    frame["Rating"] = rng.choice(["", "1", "5"], N)
    frame.loc[7, "Solved"] = "01/01/2026 00:00"
    return frame


def write(shop: Shop, kind: str) -> str:
    """Write the log in a format; return what the client file says of it."""
    shop.folder.mkdir(parents=True, exist_ok=True)
    frame = log("," if kind == "semicolons" else ".")
    if kind == "parquet":
        with duckdb.connect() as connection:
            connection.register("frame", frame)
            target = str(shop.folder / "log.parquet").replace("'", "''")
            connection.execute(f"COPY (SELECT * FROM frame) TO '{target}' (FORMAT parquet)")
        return "log.parquet"
    if kind == "files":
        for i in range(3):
            part = frame.iloc[i * 160 : (i + 1) * 160]
            part = part.drop(columns="Rating") if i == 1 else part
            part.to_csv(shop.folder / f"log{i}.csv", index=False)
        return '"log*.csv"'
    if kind == "sql":
        frame.to_csv(shop.folder / "log.csv", index=False)
        return "{sql: \"select * from read_csv('log.csv', all_varchar=true)\"}"
    separator = ";" if kind == "semicolons" else ","
    text = ("a log\n\n" if kind == "title" else "") + frame.to_csv(index=False, sep=separator)
    if kind == "footer":
        text += "\n合计,,,,,,,\n"
    content = text.encode("gb18030" if kind == "gb18030" else "utf-8")
    name = "log.csv.gz" if kind == "gzip" else "log.csv"
    (shop.folder / name).write_bytes(gzip.compress(content) if kind == "gzip" else content)
    return name


KINDS = ("plain", "semicolons", "title", "footer", "gb18030", "gzip", "parquet", "files", "sql")


@pytest.mark.parametrize("kind", KINDS)
def test_pieces_make_the_table_that_the_whole_makes(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    client = shop.client(TICKETS % write(shop, kind))
    if kind != "sql":  # which always comes in pieces, of more rows than this
        whole = examine(client, shop.workspace)
        shop.ingest(client)
        before = shop.read("tickets")
    monkeypatch.setattr(pieces, "LARGE", 1)
    monkeypatch.setattr(pieces, "ROWS", 50)
    monkeypatch.setattr("cxlib.data.query.ROWS", 9)
    told = examine(client, shop.workspace)
    done = shop.ingest(client, force=True)
    assert done.tables["tickets"].dropped["times that contradict each other"] == 1
    assert done.tables["tickets"].read == N + (2 if kind == "footer" else 0)
    if kind != "sql":
        pd.testing.assert_frame_equal(shop.read("tickets"), before)
        assert [str(f) for f in told.faults] == [str(f) for f in whole.faults]
        parts, same = ({part for line in each.intake for part in line.split("; ")}
                       for each in (whole, told))  # fmt: skip
        assert {part for part in parts if " rows in, " in part or "left out" in part} <= same
    assert not list(shop.workspace.state("shop").glob("tmp*"))


def test_a_ticket_that_comes_again_in_a_later_piece_counts_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = log()
    frame["Kind"] = "call"
    frame.loc[310, "No"], frame.loc[470, "No"] = frame.loc[5, "No"], frame.loc[5, "No"]
    frame.loc[420, "No"], frame.loc[430] = frame.loc[421, "No"], frame.loc[20]
    frame.to_csv(shop.folder / "log.csv", index=False)
    client = shop.client(TICKETS % "log.csv")
    whole = examine(client, shop.workspace)
    shop.ingest(client)
    before = shop.read("tickets")
    monkeypatch.setattr(pieces, "LARGE", 1)
    monkeypatch.setattr(pieces, "ROWS", 50)
    told = examine(client, shop.workspace)
    done = shop.ingest(client, force=True)
    dropped = done.tables["tickets"].dropped
    assert dropped["another row of the same ticket"] >= 3
    assert dropped["repeats a row exactly"] == 1
    pd.testing.assert_frame_equal(shop.read("tickets"), before)
    assert len(shop.read("tickets")) == shop.read("tickets")["ticket_id"].nunique()
    assert [str(f) for f in told.faults] == [str(f) for f in whole.faults]


SURVEY = """
    calendar: {timezone: Asia/Shanghai}
    period: month
    survey:
      source: %s
      where: {Status: [done, 完成]}
      missing: [99]
      columns: {id: No, date: Day, weight: Weight, comment: Said}
      metrics: {nps: {column: NPS, scale: [0, 10]},
                csat: {column: [Q1, Q1 new], scale: [1, 5], values: {很好: 5}}}
      touchpoints: [{key: queue, column: Queue, scale: [1, 5]}]
      not_applicable: [N/A]
      off_scale: missing
      questions: {heard: {columns: "Heard_*", kind: multiple}, why: {column: Why, kind: multiple},
                  more: {column: More, kind: open}}
      segments: {area: {column: Area}}
      duplicates: last
"""


def answers() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    days = pd.Timestamp("2026-03-01") + pd.to_timedelta(rng.integers(0, 90, N), unit="D")
    frame = pd.DataFrame({"No": rng.integers(0, 400, N).astype(str)})
    frame["Day"] = days.strftime("%d/%m/%Y")
    frame["Status"] = rng.choice(["done", "完成", "broken off"], N)
    frame["Weight"] = (rng.integers(8, 17, N) / 8).astype(str)
    frame["Said"] = [f"call me at 0171 5550{i:03d}" if i % 9 == 0 else "" for i in range(N)]
    frame["NPS"] = rng.choice([*map(str, range(11)), "99", ""], N)
    frame["Q1"], frame["Q1 new"] = rng.choice(["1", "2", "很好", ""], (2, N))
    frame["Queue"] = rng.choice(["1", "4", "N/A", ""], N)
    for choice in ("web", "TV"):
        frame[f"Heard_{choice}"] = rng.choice(["0", "1"], N)
    frame["Why"] = rng.choice(["price;place", "price", "staff;place", ""], N)
    frame["Area"] = rng.choice(["North", "南"], N)
    frame["More"] = [f"write to a{i}@b.com" if i % 3 else "" for i in range(N)]
    frame.loc[[3, 470], "NPS"] = "12"
    frame.loc[[11, 300], "No"], frame.loc[120, "No"] = "", "1.2E+11"
    return frame.assign(**{f"unused {i}": frame["Said"] for i in range(3)})


@pytest.mark.parametrize("kind", ["plain", "files", "workbook and text"])
def test_a_survey_in_pieces_makes_the_table_that_the_whole_makes(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    frame = answers()
    if kind == "plain":
        frame.to_csv(shop.folder / "a.csv", index=False)
    else:
        frame.iloc[:200].drop(columns="Queue").to_csv(shop.folder / "a1.csv", index=False)
        if kind == "files":
            frame.iloc[200:].to_csv(shop.folder / "a2.csv", index=False)
        else:
            frame.iloc[200:].to_excel(shop.folder / "a2.xlsx", index=False, engine="xlsxwriter")
    client = shop.client(SURVEY % '"a*"')
    whole = examine(client, shop.workspace)
    shop.ingest(client)
    before = shop.read()
    monkeypatch.setattr(pieces, "LARGE", 1)
    monkeypatch.setattr(pieces, "ROWS", 50)
    told = examine(client, shop.workspace)
    done = shop.ingest(client, force=True)
    assert done.tables["survey"].read == N
    assert done.tables["survey"].off_scale == {"nps": 2}
    pd.testing.assert_frame_equal(shop.read(), before)
    assert [str(f) for f in told.faults] == [str(f) for f in whole.faults]
    assert told.intake == whole.intake
    assert told.distributions == whole.distributions


def test_what_is_read_of_a_table_is_what_was_written(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers().to_csv(shop.folder / "a.csv", index=False)
    client = shop.client(SURVEY % "a.csv")
    shop.ingest(client)
    whole = shop.read()
    at = shop.workspace.tables("shop") / "survey.parquet"
    monkeypatch.setattr("cxlib.data.store.PIECE", 1)
    dtypes = {str(name): str(dtype) for name, dtype in whole.dtypes.items()}
    large = pd.concat([whole] * 9, ignore_index=True)
    with duckdb.connect() as connection:
        connection.register("large", large)
        connection.execute(f"COPY (SELECT * FROM large) TO '{shop.folder}/l.parquet'")
    pd.testing.assert_frame_equal(read_frame(at, dtypes), whole)
    found = read_frame(shop.folder / "l.parquet", dtypes)
    pd.testing.assert_frame_equal(found, large)
    assert len({id(text) for text in found["area"]}) == found["area"].nunique()
    for when in ("2026-04", "2026Q2"):
        engagement = Engagement.open("shop", period=when, workspace=shop.workspace)
        labels = whole["date"].dt.to_period("M" if when == "2026-04" else "Q").astype(str)
        same = whole[labels == when].reset_index(drop=True).assign(period=when)
        pd.testing.assert_frame_equal(engagement.survey(), same)
        few = engagement.survey(columns=["nps", "area", "nothing"])
        pd.testing.assert_frame_equal(few, same[list(few)])
        assert {"nps", "area", "period", "brand", "weight"} == set(few)
        assert not {"comment", "more", "respondent_id"} & {*engagement.closed}


def test_a_share_of_the_rows_is_the_same_rows_whatever_is_asked_of_them(shop: Shop) -> None:
    rows = pd.concat([answers()] * 4, ignore_index=True).assign(No=range(10**6, 10**6 + 4 * N))
    rows.to_csv(shop.folder / "a.csv", index=False)
    client = shop.client((SURVEY % "a.csv").replace("duplicates: last", ""))
    shop.ingest(client)
    for when in ("2026-04", "2026Q2"):
        engagement = Engagement.open("shop", period=when, workspace=shop.workspace)
        every = engagement.survey()
        said = int(every["comment"].fillna("").str.strip().ne("").sum())
        assert engagement.share_of(10**9) == (1.0, said)
        share, n = engagement.share_of(len(every) // 3, "answers")
        assert (share, n) == (len(every) // 3 / len(every), len(every))
        some = engagement.survey(share=share)
        assert 0.2 * len(every) < len(some) < 0.5 * len(every)
        few = engagement.survey(columns=["nps", "area"], share=share)
        pd.testing.assert_frame_equal(few, some[list(few)])
        assert set(some["respondent_id"]) <= set(every["respondent_id"])
        halves = engagement.survey(share=share / 2)
        assert set(halves["respondent_id"]) <= set(some["respondent_id"])


def test_the_kpis_of_many_answers_are_those_of_a_few(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = answers()
    frame["Whom"] = np.random.default_rng(3).choice(["us", "them"], N)
    frame.to_csv(shop.folder / "a.csv", index=False)
    brands = "comment: Said, brand: Whom"
    client = shop.client((SURVEY % "a.csv").replace("comment: Said", brands)
                         .replace("off_scale:", "own_brand: us\n      off_scale:"))  # fmt: skip
    shop.ingest(client)
    tables = []
    for together in (500_000, 0):
        monkeypatch.setattr("cxlib.standing.TOGETHER", together)
        engagement = Engagement.open("shop", workspace=shop.workspace)
        tables.append(engagement.kpis().table)
        shutil.rmtree(shop.workspace.state("shop") / "kpis")
    assert tables[0]["period"].nunique() == 3
    assert set(tables[0]["brand"]) == {"own", "them"}
    pd.testing.assert_frame_equal(*tables)


@pytest.mark.parametrize("rows", [480, 50])
def test_a_survey_that_may_be_too_large_for_a_chapter_is_said_to_be(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    answers().to_csv(shop.folder / "a.csv", index=False)
    client = shop.client(SURVEY % "a.csv")
    heavy = "--memory 16000"
    monkeypatch.setenv("CX_INTAKE_LIMITS", "0,0")
    monkeypatch.setattr(pieces, "ROWS", rows)
    monkeypatch.setattr(pieces, "LARGE", 1)
    assert not any(heavy in line for line in shop.says(client, "warning"))
    monkeypatch.setattr("cxlib.data.doubts.HEAVY", 1e-5)
    assert any(heavy in line for line in shop.says(client, "warning"))
    monkeypatch.setattr("cxlib.data.doubts.HEAVY", 1e5)
    assert not any(heavy in line for line in shop.says(client, "warning"))
    monkeypatch.setattr("cxlib.data.doubts.SLOW", 0.1)
    (said,) = [line for line in shop.says(client, "warning") if heavy in line]
    assert "--timeout 3600" in said


def test_the_same_rows_in_another_order_are_seen_in_pieces_too(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_INTAKE_LIMITS", "0,0")
    monkeypatch.setattr(pieces, "ROWS", 50)
    monkeypatch.setattr(pieces, "LARGE", 1)
    rows = answers()
    rows.to_csv(shop.folder / "a1.csv", index=False)
    client = shop.client(SURVEY % "a*.csv")
    shuffled = rows.sample(frac=1, random_state=1)
    shuffled[shuffled.columns[::-1]].to_csv(shop.folder / "a2.csv", index=False)
    (said,) = [line for line in shop.says(client) if "same rows" in line]
    assert "a2.csv holds the same rows as a1.csv" in said
    shuffled.iloc[0, 0] = "77777"
    shuffled.to_csv(shop.folder / "a2.csv", index=False)
    assert not [line for line in shop.says(client) if "same rows" in line]


def test_a_survey_in_pieces_says_what_its_file_has_instead(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers().rename(columns={"NPS": "Nps"}).to_csv(shop.folder / "a.csv", index=False)
    monkeypatch.setattr(pieces, "LARGE", 1)
    monkeypatch.setattr(pieces, "ROWS", 50)
    said = shop.says(shop.client(SURVEY % "a.csv"))
    assert any("did you mean 'Nps'" in line for line in said), said


@pytest.mark.parametrize(
    ("column", "odd", "why"),
    [("Opened", "03/25/2026 10:00", "mixes day-first and month-first"),
     ("Minutes", "1,5", "declare `decimal:`")],
)  # fmt: skip
def test_a_column_means_one_thing_in_all_its_pieces(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, column: str, odd: str, why: str
) -> None:
    frame = log()
    frame.loc[400:, column] = odd
    frame["Kind"] = "call"
    shop.folder.mkdir(parents=True, exist_ok=True)
    frame.to_csv(shop.folder / "log.csv", index=False)
    client = shop.client(TICKETS % "log.csv")
    monkeypatch.setattr(pieces, "LARGE", 1)
    monkeypatch.setattr(pieces, "ROWS", 50)
    said = shop.says(client)
    assert any(why in line for line in said), said


def test_the_narrow_log_gives_the_service_the_numbers_of_the_whole_one(shop: Shop) -> None:
    client = shop.client(TICKETS % write(shop, "plain"))
    shop.ingest(client)
    engagement = Engagement.open("shop", workspace=shop.workspace)
    whole, narrow = shop.read("tickets"), read_tickets(shop.workspace, "shop")
    assert isinstance(whole, pd.DataFrame)
    assert len(narrow) == len(whole)
    assert narrow["customer_id"].nunique() == whole["customer_id"].nunique()
    assert narrow.memory_usage(deep=True).sum() < 0.3 * whole.memory_usage(deep=True).sum()
    for by in (None, "channel"):
        found = [
            service.kpis(frame, terms=terms_of(client, frame, period=engagement.period), by=by)
            for frame in (whole, narrow)
        ]
        pd.testing.assert_frame_equal(
            found[0].table, found[1].table, check_dtype=False, check_categorical=False
        )


PEAK = "print(*(v.split()[1] for v in open('/proc/self/status') if v.startswith('VmHWM')))"
"""Says a process's own peak in kB: that of getrusage begins with what its parent held."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is limited on Linux alone")
@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(shop: Shop) -> None:
    frame = log()
    frame["Kind"] = "call"
    shop.folder.mkdir(parents=True, exist_ok=True)
    shop.client(TICKETS % "log.csv")

    def peak(times: int) -> int:
        header, *rows = frame.to_csv(index=False).splitlines(keepends=True)
        text = "".join(rows)
        with (shop.folder / "log.csv").open("w", encoding="utf-8") as file:
            file.write(header)
            for _time in range(times):
                file.write(text)
        code = (
            "import sys; from pathlib import Path; from cxlib import params;"
            "from cxlib.data import pieces; from cxlib.data.check import examine;"
            "from cxlib.workspace import Workspace; pieces.LARGE, pieces.ROWS = 1, 5000;"
            "place = Workspace(Path(sys.argv[1])); examine(params.load('shop', place), place);"
            f"{PEAK}"
        )
        told = subprocess.run(
            [sys.executable, "-c", code, str(shop.workspace.root)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return int(told.stdout)

    few, many = peak(40), peak(240)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >= few
    rows = 200 * N
    assert (many - few) * 1024 / rows < 200, "bytes a row"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is limited on Linux alone")
@pytest.mark.slow
def test_a_survey_takes_few_bytes_a_row_however_long_its_comments(shop: Shop) -> None:
    shop.client((SURVEY % "a.csv").replace("duplicates: last", ""))
    at_once, words = 5_000, "the queue was long and nobody knew why " * 8
    code = (
        "import sys; from pathlib import Path; from cxlib import params;"
        "from cxlib.data import pieces, store; from cxlib.data.ingest import ingest;"
        "from cxlib.workspace import Workspace; store.GROUP = 2_048;"
        f"pieces.LARGE, pieces.ROWS = 1, {at_once};"
        "place = Workspace(Path(sys.argv[1])); ingest(params.load('shop', place), place);"
        f"{PEAK}"
    )

    def peak(rows: int) -> int:
        part = pd.concat([answers()] * (rows // N), ignore_index=True)
        part["No"] = np.arange(len(part)) + 10**9
        part["Said"] = [f"{words}{i}" for i in range(len(part))]
        part["More"] = part["Said"]
        part.to_csv(shop.folder / "a.csv", index=False)
        told = subprocess.run([sys.executable, "-c", code, str(shop.workspace.root)],
                              capture_output=True, text=True, check=True)  # fmt: skip
        return int(told.stdout)

    few, many = (3 * at_once // N * N, 9 * at_once // N * N)
    assert (peak(many) - peak(few)) * 1024 / (many - few) < 600, "bytes a row"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is limited on Linux alone")
@pytest.mark.slow
def test_comments_that_are_not_drawn_are_not_held(shop: Shop) -> None:
    client = shop.client(SURVEY % "a.csv")
    words = "the queue was long and nobody knew why, not even the clerk at the desk " * 60
    code = (
        "import sys; from pathlib import Path; from cxlib import Engagement;"
        "from cxlib.chapters.comments import heard; from cxlib.workspace import Workspace;"
        "place = Workspace(Path(sys.argv[1]));"
        "e = Engagement.open('shop', chapter='comments', workspace=place);"
        "share, n = e.share_of(int(sys.argv[2]));"
        f"rows = heard.heard(e, e.period, e.scored, share=share); print(n, len(rows)); {PEAK}"
    )

    part = answers()
    part["Said"] = [f"{words}{i}" for i in range(N)]
    part.to_csv(shop.folder / "a.csv", index=False)
    shop.ingest(client)
    at = shop.tables / "survey.parquet"
    shutil.copy(at, shop.folder / "once.parquet")

    def read(times: int, most: int) -> tuple[int, int, int]:
        with duckdb.connect() as connection:
            rows = f"FROM read_parquet('{shop.folder}/once.parquet') t, range({times})"
            how = "FORMAT parquet, ROW_GROUP_SIZE 2048"
            connection.execute(f"COPY (SELECT t.* {rows}) TO '{at}' ({how})")
        told = subprocess.run(
            [sys.executable, "-c", code, str(shop.workspace.root), str(most)],
            capture_output=True, text=True, check=True, env={**os.environ, JOB_VARIABLE: "1"},
        )  # fmt: skip
        heard, kept, peak = map(int, told.stdout.split())
        return heard, kept, peak

    few, many = (read(times, 1000) for times in (12, 60))
    assert many[0] == 5 * few[0] > 5_000
    assert all(800 < kept < 1200 for _heard, kept, _peak in (few, many))
    assert (many[2] - few[2]) * 1024 / (many[0] - few[0]) < len(words), "bytes a comment"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is limited on Linux alone")
@pytest.mark.slow
def test_what_a_kpi_is_worth_copies_no_answers() -> None:
    code = (
        "import sys; import numpy as np, pandas as pd; from cxlib.analysis.kpis import estimates;"
        "from cxlib.analysis.metrics import Metric, Touchpoint; rng = np.random.default_rng(1);"
        "n, keys = int(sys.argv[1]), [f't{i}' for i in range(20)]; estimates.BLOCK = 20_000;"
        "asked = [Metric('nps', 'nps'), *map(Touchpoint, keys)];"
        "few = pd.DataFrame(rng.integers(1, 6, (1000, 20)).astype(float), columns=keys);"
        "estimates.worth(few.assign(nps=few['t1'] + few['t2'], weight=1.0), asked);"
        "rows = pd.DataFrame(rng.integers(1, 6, (n, 20), dtype=np.int8), columns=keys)"
        ".astype(float).mask(lambda x: x == 5).assign(weight=1.0);"
        "rows['nps'] = rows['t1'].fillna(0) + rows['t2'].fillna(0);"
        "open('/proc/self/clear_refs', 'w').write('5');"
        f"estimates.worth(rows, asked); {PEAK}"
    )
    few, many = (
        int(subprocess.run([sys.executable, "-c", code, str(n)], capture_output=True, text=True,
                           check=True).stdout)
        for n in (100_000, 400_000)
    )  # fmt: skip
    held = 22 * 8  # bytes of an answer in the table itself
    assert (many - few) * 1024 / 300_000 < 2.6 * held
