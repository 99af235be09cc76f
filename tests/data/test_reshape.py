"""What `cx new` makes of tables that lie otherwise than the kit reads them."""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cxlib import params
from cxlib.data.check import check
from cxlib.data.draft import Drafted, new
from cxlib.data.ingest import ingest
from cxlib.data.tables import read_table
from cxlib.errors import DataError
from cxlib.params import Client

N = 60
DRAW = random.Random(5)
NPS = [DRAW.choice([0, 3, 6, 7, 8, 9, 10, 10]) for _ in range(N)]
RATED = [[DRAW.choice([1, 2, 3, 4, 5, 5]) for _ in range(N)] for _ in range(3)]


def written(path: Path, rows: Sequence[Sequence[Any]], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def drafted(shop: Any, *files: Path, table: str = "survey") -> tuple[Drafted, Client, pd.DataFrame]:
    """Return the draft, the client it makes and its table as taken in; it passes the check."""
    made = new("neu", files, shop.workspace)
    client = params.load("neu", shop.workspace)
    assert [str(f) for f in check(client, shop.workspace) if f.severity == "error"] == []
    ingest(client, shop.workspace)
    return made, client, read_table(shop.workspace, "neu", table)


@pytest.mark.parametrize(
    ("names", "waves"),
    [
        (["Q1_2023 NPS", "Q1_2024 NPS", "Q2_2023 Delivery", "Q2_2024 Delivery"], ["2023", "2024"]),
        (["2023年推荐意愿", "2024年推荐意愿", "2023年配送", "2024年配送"], ["2023", "2024"]),
        (["NPS 2024Q1", "NPS 2024Q2", "Delivery 2024Q1", "Delivery 2024Q2"], ["2024Q1", "2024Q2"]),
        (["NPS (Wave 1)", "NPS (Wave 2)", "Price (Wave 1)", "Price (Wave 2)"],
         ["Wave 1", "Wave 2"]),
        (["推荐意愿（第1期）", "推荐意愿（第2期）", "配送（第1期）", "配送（第2期）"],
         ["第1期", "第2期"]),
    ],
)  # fmt: skip
def test_waves_in_columns_are_set_below_each_other(
    shop: Any, tmp_path: Path, names: list[str], waves: list[str]
) -> None:
    again = ["" if i % 3 == 0 else NPS[i] for i in range(N)]
    rows = [[f"C{i}", NPS[i], again[i], RATED[0][i], ""] for i in range(N)]
    rows[1][4] = rows[2][4] = rows[4][4] = 5
    file = written(tmp_path / "w.csv", [["Customer ID", *names], *rows], "utf-8")
    made, client, table = drafted(shop, file)
    assert any("columns of 2 waves" in question for question in made.questions)
    assert client.survey is not None
    assert client.survey.repeat_respondents
    assert table["period"].value_counts().to_dict() == {waves[0]: N, waves[1]: 40}
    first = table[table["period"] == waves[0]]["nps"]
    assert sorted(first) == sorted(NPS)
    assert table["respondent_id"].nunique() == N


@pytest.mark.parametrize("name", ["turned.csv", "turned.xlsx"])
def test_questions_in_rows_are_turned(shop: Any, tmp_path: Path, name: str) -> None:
    questions = [
        "Overall 'satisfaction'",
        "Delivery",
        "Staff",
        "Would you recommend us?",
        "Comment",
    ]
    words = [f"Nobody told me when it would come, {i}" for i in range(N)]
    cells = [*RATED, NPS, words]
    rows = [["Question", *(f"R{i + 1}" for i in range(N))]]
    rows += [[question, *answers] for question, answers in zip(questions, cells, strict=True)]
    if name.endswith("csv"):
        written(tmp_path / name, rows)
    else:
        pd.DataFrame(rows[1:], columns=rows[0]).to_excel(tmp_path / name, index=False)
    made, client, table = drafted(shop, tmp_path / name)
    assert any("respondents in columns ('R1' …)" in question for question in made.questions)
    assert {m.key: m.kind for m in client.metrics} == {"csat": "csat", "nps": "nps"}
    assert sorted(table["nps"]) == sorted(NPS)
    assert sorted(table["delivery"]) == sorted(RATED[1])
    assert table["comment"].notna().all()


def test_one_row_an_answer_becomes_one_row_a_respondent(shop: Any, tmp_path: Path) -> None:
    rows: list[list[Any]] = [["response_id", "date", "question", "answer"]]
    for i in range(N):
        rows += [[f"A{i}", f"2026-03-{i % 28 + 1:02}", "NPS", NPS[i]],
                 [f"A{i}", f"2026-03-{i % 28 + 1:02}", "Delivery", RATED[0][i]]]  # fmt: skip
    made, _client, table = drafted(shop, written(tmp_path / "long.csv", rows))
    assert any("one row an answer" in question for question in made.questions)
    assert len(table) == N
    assert sorted(table["nps"]) == sorted(NPS)
    assert sorted(table["delivery"]) == sorted(RATED[0])


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        (["Month", "Promoters", "Passives", "Detractors"], lambda p, a, d: [p, a, d]),
        (["月份", "推荐者", "被动者", "贬损者", "样本量"], lambda p, a, d: [p, a, d, p + a + d]),
        (["Month", "Promoters %", "Detractors %", "Responses"],
         lambda p, a, d: [f"{100 * p / 160}%", f"{100 * d / 160}%", 160]),
        (["Month", "NPS promoter share", "NPS detractor share", "n"],
         lambda p, a, d: [p / 160, d / 160, 160]),
    ],
)  # fmt: skip
def test_counts_of_promoters_and_detractors_are_a_reported_nps(
    shop: Any, tmp_path: Path, header: list[str], cells: Any
) -> None:
    counts = [(80 + 3 * m, 56 - m, 24 - 2 * m) for m in range(10)]  # 160 answers each
    rows = [[f"2025-{m + 1:02}", *cells(*counts[m])] for m in range(10)]
    made, client, table = drafted(shop, written(tmp_path / "n.csv", [header, *rows]), table="kpis")
    assert client.period == "month"
    assert client.survey is None
    assert any("counted already" in question for question in made.questions)
    assert client.kpis["nps"].format == "number"
    value = table.set_index("period")["value"]
    for month, (good, _passive, bad) in enumerate(counts):
        assert value[f"2025-{month + 1:02}"] == pytest.approx(100 * (good - bad) / 160)


def test_figures_with_periods_in_columns_are_turned(shop: Any, tmp_path: Path) -> None:
    rows: list[list[Any]] = [["KPI", *(f"2025-{m:02}" for m in range(1, 13))]]
    rows += [["On-time %", *range(80, 92)], ["Complaints", *range(30, 42)]]
    made, client, table = drafted(shop, written(tmp_path / "k.csv", rows), table="kpis")
    assert any("are periods" in question for question in made.questions)
    assert client.kpis["complaints"].direction == "lower"
    assert client.kpis["on_time"].format == "percent"
    value = table.set_index(["kpi", "period"])["value"]
    assert value["on_time", "2025-03"] == pytest.approx(0.82)
    assert value["complaints", "2025-12"] == 41


def test_months_without_a_year_are_asked_about(shop: Any, tmp_path: Path) -> None:
    rows: list[list[Any]] = [["指标", *(f"{m}月" for m in range(1, 13))], ["投诉量", *range(12)]]
    made = new("neu", [written(tmp_path / "k.csv", rows)], shop.workspace)
    assert any("months without a year" in question for question in made.questions)


GOOD = [f"物流很快，包装也好，{i}，下次还来" for i in range(40)]
BAD = [f"等了三天，客服没人理，{i},退货" for i in range(30)]


def test_reviews_one_a_line_are_comments_rated_by_their_file(shop: Any, tmp_path: Path) -> None:
    for name, lines in (("pos", GOOD), ("neg", BAD)):
        (tmp_path / f"{name}.txt.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    files = [tmp_path / "pos.txt.gz", tmp_path / "neg.txt.gz"]
    made, client, table = drafted(shop, *files, table="comments")
    assert client.languages == ("zh",)
    assert sum("tells good from bad" in question for question in made.questions) == 1
    assert table["rating"].value_counts().to_dict() == {5: 40, 1: 30}


def test_lines_without_names_are_comments(shop: Any, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("\n".join(GOOD), encoding="utf-8")
    made, _client, table = drafted(shop, tmp_path / "words.txt", table="comments")
    assert any("each line a text" in question for question in made.questions)
    assert sorted(table["comment"]) == sorted(GOOD)  # the first line is no name
    (tmp_path / "words.txt").write_text("\n".join(GOOD), encoding="gb18030")
    with pytest.raises(DataError, match="UTF-8"):
        new("other", [tmp_path / "words.txt"], shop.workspace)


def test_text_with_names_and_cells_is_a_table(shop: Any, tmp_path: Path) -> None:
    rows = [["ID", "Recommend", "Comment"], *([i, NPS[i], GOOD[i % 40]] for i in range(N))]
    _made, client, table = drafted(shop, written(tmp_path / "t.txt", rows))
    assert client.survey is not None
    assert client.survey.source.sql is None
    assert sorted(table["nps"]) == sorted(NPS)


def test_a_sheet_that_no_query_can_name_is_asked_about_and_stays(shop: Any, tmp_path: Path) -> None:
    rows: list[list[Any]] = [["Some report of ours"], [""], ["ID", "NPS_2023", "NPS_2024"]]
    rows += [[i, NPS[i], NPS[-i]] for i in range(N)]
    made, client, _table = drafted(shop, written(tmp_path / "w.csv", rows))
    assert client.survey is not None
    assert client.survey.source.header_row == 3
    assert any("save the sheet alone" in question for question in made.questions)


@pytest.mark.parametrize(
    ("name", "cells", "scale", "asked"),
    [
        ("How satisfied are you? (0-100)", range(0, 101, 4), (0, 100), ""),
        ("满意度评分", range(40, 101, 5), (0, 100), "slider of 0-100"),
        ("Satisfaction score", [*range(0, 100, 3), 999], (0, 100), "what does 999 mean"),
        ("Overall satisfaction", range(1, 11), (1, 10), ""),
    ],
)
def test_a_slider_is_a_rating(
    shop: Any, tmp_path: Path, name: str, cells: Any, scale: tuple[int, int], asked: str
) -> None:
    file = written(tmp_path / "s.csv", [[name], *([cell] for cell in list(cells) * 5)])
    made, client, table = drafted(shop, file)
    (metric,) = client.metrics
    assert metric.scale == scale
    assert metric.kind == ("mean" if scale[1] == 100 else "csat")
    assert asked in " ".join(made.questions)
    assert table[metric.key].max() <= scale[1]


def test_an_age_or_an_amount_is_no_slider(shop: Any, tmp_path: Path) -> None:
    rows = [["Recommend", "Age", "Spend"], *([NPS[i], 18 + i, 3 * i] for i in range(N))]
    _made, client, _table = drafted(shop, written(tmp_path / "s.csv", rows))
    assert [metric.key for metric in client.metrics] == ["nps"]
    assert client.touchpoints == ()


def test_anonymous_ratings_of_lecturers_by_students(shop: Any, tmp_path: Path) -> None:
    rows: list[list[Any]] = [["s", "d", "studage", "service", "dept", "y"]]
    rows += [
        [DRAW.randint(1, 300), DRAW.randint(1, 120), DRAW.choice([2, 4, 6, 8]),
         DRAW.randint(0, 1), DRAW.randint(1, 14), DRAW.randint(1, 5)]
        for _ in range(1500)
    ]  # fmt: skip
    made, client, table = drafted(shop, written(tmp_path / "i.csv", rows))
    assert [(t.key, t.scale) for t in client.touchpoints] == [("y", (1, 5))]
    assert {"studage", "service", "dept"} <= set(client.segments)
    assert any("'s' (" in question and "'d' (" in question for question in made.questions)
    assert len(table) == 1500  # no rating is dropped as a repeat of its rater


def test_a_sorted_sample_of_comments_has_its_rating(shop: Any, tmp_path: Path) -> None:
    rows = [["label", "text"], *([1, text] for text in GOOD), *([0, text] for text in BAD)]
    made, _client, table = drafted(shop, written(tmp_path / "r.csv", rows), table="comments")
    assert any("is '1' a good comment?" in question for question in made.questions)
    assert table["rating"].value_counts().to_dict() == {5: 40, 1: 30}
