"""A sample of comments goes out blind, comes back coded by people, and judges the codebook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from statsmodels.stats.proportion import proportion_confint

from cxlib import Engagement, params
from cxlib.batch.sample import drawn, sample
from cxlib.chapters.comments import coded, findings, tables
from cxlib.data.check import check
from cxlib.data.coding import key_of
from cxlib.errors import CxError
from cxlib.present.findings import tell
from cxlib.workspace import Workspace

FILE = """client: shop
language: [en, zh]
period: month
comments:
  reviews:
    source: reviews.csv
    columns: {text: text, date: day, rating: stars}
    scale: [1, 5]
chapters:
  comments: {codebook: general}
"""
SAID = (
    ("The staff were kind, my number is 13800138000, visit {i}", 5),
    ("排队等了{i}分钟，等待时间太长", 1),
    ("=HYPERLINK(1) the price is fair, order {i}", 4),
    ("Nothing much to say about visit {i}", 3),
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.delenv("CX_KEY_FILE", raising=False)
    monkeypatch.setattr("platformdirs.user_config_dir", lambda *a, **k: str(tmp_path / "config"))
    place = Workspace((tmp_path / "here").resolve())
    place.params.mkdir(parents=True)
    place.data("shop").mkdir(parents=True)
    (place.params / "shop.yaml").write_text(FILE, encoding="utf-8")
    rows = [f'"{SAID[i % 4][0].format(i=i)}",2026-01-05,{SAID[i % 4][1]}' for i in range(160)]
    text = "\n".join(["text,day,stars", *rows])
    (place.data("shop") / "reviews.csv").write_text(text, encoding="utf-8")
    return place


def sheet(path: Path) -> list[list[Any]]:
    rows: list[list[Any]] = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    return rows


def fill(path: Path, change: Callable[[list[str], list[Any]], None]) -> None:
    """Rewrite a coder's file, each row as `change` leaves it."""
    head, *rows = sheet(path)
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        out = book.add_worksheet("sample 样本")
        out.write_row(0, 0, head)
        for at, row in enumerate(rows, start=1):
            change(head, row)
            out.write_row(at, 0, row)


def mark(theme: str, when: Callable[[str], bool]) -> Callable[[list[str], list[Any]], None]:
    """Return a coder who reads every row, and marks one theme by a rule."""

    def change(head: list[str], row: list[Any]) -> None:
        row[3] = 1
        at = next(i for i, name in enumerate(head) if name.endswith(f"[{theme}]"))
        row[at] = "✓" if when(str(row[1])) else ""

    return change


def drew(shop: Workspace, **asked: Any) -> list[Path]:
    list(sample(shop, "shop", **asked))
    with (shop.params / "shop.yaml").open("a", encoding="utf-8") as file:
        file.write('coding: "coding/*.xlsx"\n')
    return sorted((shop.data("shop") / "coding").glob("*.xlsx"))


def result(shop: Workspace) -> tuple[Engagement, coded.Coded]:
    e = Engagement.open("shop", chapter="comments", workspace=shop)
    return e, coded.coded(e, tables.study(e))


def told(shop: Workspace) -> list[str]:
    return [str(fault) for fault in check(params.load("shop", shop), shop)]


def test_the_sheet_is_blind_masked_and_speaks_both_languages(shop: Workspace) -> None:
    (path,) = drew(shop, n=40)
    head, *rows = sheet(path)
    assert len(rows) == 40
    assert any(name.startswith("Staff 员工态度 [staff]") for name in head)
    assert all(not any(row[2:]) for row in rows)  # no code, no rating, no source
    said = "".join(str(row[1]) for row in rows)
    assert "13800138000" not in said
    assert "=HYPERLINK(1)" in said  # a text, not a formula
    assert [row[0] for row in rows] == [key_of(str(row[1])) for row in rows]
    kinds = pd.Series([str(row[1])[:3] for row in rows]).value_counts()
    assert kinds["排队等"] == kinds["Not"] == 10  # each stratum by its share: low, middle
    assert kinds["The"] + kinds["=HY"] == 20  # high


def test_a_sample_is_drawn_alike_by_one_seed_and_by_shares() -> None:
    strata = pd.Series(list("aaaaaabbbc") * 30)
    one, two = drawn(strata, 50, seed=1), drawn(strata, 50, seed=1)
    assert (one == two).all()
    assert strata.iloc[one].value_counts().to_dict() == {"a": 30, "b": 15, "c": 5}
    assert len(np.unique(one)) == 50
    assert (drawn(strata, 50, seed=2) != one).any()
    assert len(drawn(strata, 10_000, seed=1)) == len(strata)


def test_what_a_coder_may_have_filled_in_is_not_written_over(shop: Workspace) -> None:
    list(sample(shop, "shop", coders=["li"]))
    with pytest.raises(CxError, match="may hold a coder's work"):
        list(sample(shop, "shop", coders=["li"]))
    assert len(list(sample(shop, "shop", coders=["../../wang"]))) == 3
    assert not list(shop.root.parent.glob("*wang*"))


def test_right_and_found_are_counted_against_people(shop: Workspace) -> None:
    (path,) = drew(shop, n=80)
    fill(path, mark("waiting", lambda text: "等" in text or "visit 3" in text))
    e, got = result(shop)
    row = got.table.set_index("theme").loc["waiting"]
    hand = sum("等" in str(r[1]) or "visit 3" in str(r[1]) for r in sheet(path)[1:])
    found = sum("等" in str(r[1]) for r in sheet(path)[1:])
    assert (row["n"], row["precision"]) == (80, 1)
    assert row["recall"] == pytest.approx(found / hand)
    assert (row["recall_low"], row["recall_high"]) == pytest.approx(
        proportion_confint(found, hand, method="wilson")
    )
    staff = got.table.set_index("theme").loc["staff"]
    assert staff["precision"] == 0  # this coder never marks it
    assert staff["case"] == "finds too much"
    assert pd.isna(staff["recall"])
    said = tell(e.withheld(got.table), findings.CODED, chapter="comments", about="theme")
    assert {finding.subject for finding in said} >= {"staff"}


def test_two_coders_are_compared_and_what_they_differ_on_is_listed(shop: Workspace) -> None:
    li, wang = drew(shop, n=80, coders=["li", "wang"])
    fill(li, mark("waiting", lambda text: "等" in text))
    fill(wang, mark("waiting", lambda text: "等" in text and "1分" not in text))
    _e, got = result(shop)
    row = got.table.set_index("theme").loc["waiting"]
    differ = sum("1分" in str(r[1]) for r in sheet(li)[1:])
    assert 0 < differ == len(got.apart.query("theme == 'waiting'"))
    assert row["n"] == 80 - differ  # only what they agree on judges the codebook
    assert 0 < row["coders_alpha_low"] < row["coders_alpha"] < 1
    assert set(got.apart["said_yes"]) == {"li"}
    assert set(got.apart["said_no"]) == {"wang"}
    assert got.apart["comment"].str.contains("1分").all()


def test_a_half_left_blank_counts_for_nothing_and_is_told(shop: Workspace) -> None:
    (path,) = drew(shop, n=40)
    seen: list[int] = []

    def change(head: list[str], row: list[Any]) -> None:
        seen.append(1)
        if len(seen) <= 20:
            mark("waiting", lambda text: "等" in text)(head, row)

    fill(path, change)
    assert any("20 of 40 rows are not coded" in fault for fault in told(shop))
    table = result(shop)[1].table
    assert table["n"].max() == 20
    shown = {"precision", "recall", "codes_alpha", "coders_alpha"}  # by the notebook, known or not
    assert shown <= set(table)
    assert table["coders_alpha"].isna().all()  # one coder agrees with nobody


def test_nobody_has_begun(shop: Workspace) -> None:
    drew(shop, n=40)
    _e, got = result(shop)
    assert got.table.empty
    assert got.page["case"].tolist() == ["not coded"]


def test_changed_words_and_strange_marks_are_named_by_their_row(shop: Workspace) -> None:
    (path,) = drew(shop, n=40)
    rows: list[int] = []

    def change(head: list[str], row: list[Any]) -> None:
        rows.append(1)
        mark("waiting", lambda text: "等" in text)(head, row)
        if len(rows) == 3:
            row[1] = "other words"

    fill(path, change)
    assert any("1 comment is not the words" in f and "row 4" in f for f in told(shop))
    assert result(shop)[1].table["n"].max() == 39

    def maybe(head: list[str], row: list[Any]) -> None:
        row[4] = "maybe"

    fill(path, maybe)
    (fault,) = {f for f in told(shop) if "neither yes nor no" in f}
    assert "'maybe'" in fault
    assert "row 2" in fault


def test_a_theme_that_the_codebook_does_not_have_is_named(shop: Workspace) -> None:
    (path,) = drew(shop, n=40)
    fill(path, mark("waiting", lambda text: "等" in text))
    head, *rows = sheet(path)
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        out = book.add_worksheet("sample 样本")
        for at, row in enumerate([[*head[:-1], "Parking [parking]"], *rows]):
            out.write_row(at, 0, row)
    page = result(shop)[1].page
    assert page.query("case == 'unknown code'")["theme"].tolist() == ["parking"]
