"""The test before and after: from answer sheets to the register that chapter 13 reads."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from click.testing import CliRunner

from cxlib import Engagement
from cxlib.chapters.training import tables
from cxlib.cli import main
from cxlib.errors import DataError
from cxlib.learn.marks import paper, register, sheet, the_test
from tests.conftest import copy_workspace

HELD = dt.date(2026, 9, 12)
ITEMS = {item["id"]: item["key"] for item in the_test()["items"]}


def answered(who: str, when: str, right: int) -> str:
    """Return a row with the first so many questions right, the last left empty if not."""
    letters = [
        key if n < right else "" if n == 9 else next(x for x in "abcd" if x != key)
        for n, key in enumerate(ITEMS.values())
    ]
    return ",".join([who, when, *letters]) + "\n"


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """Eleven participants: each gains three, one is lost after the first test."""
    path = tmp_path / "answers.csv"
    rows = [answered(f"p{n:02d}", "pre", 3 + n % 4) for n in range(1, 12)]
    rows += [answered(f"p{n:02d}", "post", 6 + n % 4) for n in range(1, 11)]
    path.write_text(sheet() + "".join(rows), encoding="utf-8")
    return path


def test_the_gain_that_was_taught_is_what_chapter_13_reports(answers: Path, tmp_path: Path) -> None:
    told = CliRunner().invoke(main, ["learn", "--mark", str(answers), "--held", "2026-09-12"])
    assert told.exit_code == 0, told.output
    workspace = copy_workspace(tmp_path / "w", "nova-mall")
    marked = answers.with_name("training.yaml").read_bytes()
    target = workspace.data("nova-mall") / "registers" / "training.yaml"
    target.write_bytes(marked)
    engagement = Engagement.open("nova-mall", chapter="training", workspace=workspace)
    engagement.learn("training")
    gained = tables.gains(engagement)
    assert len(gained) == 1
    assert gained["n"].iloc[0] == 10
    assert gained["change"].iloc[0] == pytest.approx(30)  # three marks of ten, in points of 100
    taken = tables.losses(engagement)
    assert sorted(taken["people"]) == [1, 10]
    asked = tables.questions(engagement)
    assert len(asked) == len(ITEMS) == 10
    again = CliRunner().invoke(main, ["learn", "--mark", str(answers)])
    assert again.exit_code == 1
    assert "already" in again.output


def test_the_paper_gives_nothing_away_and_the_key_is_whole() -> None:
    for language in ("en", "zh"):
        asked, key = paper(language), paper(language, key=True)
        assert asked.count("- a)") == asked.count("- d)") == 10
        assert sum(line.startswith("- ") for line in key.splitlines()) == 10
    assert {*ITEMS.values()} == set("abcd")
    for item in the_test()["items"]:
        assert {*item["title"], *item["options"]["a"]} == {"en", "zh"}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (answered("p01", "pre", 3).replace("p01,pre,", "p01,pre,z"), "is no option"),
        (answered("p01", "pre", 3) * 2, "has a pre test already"),
        (answered("p01", "later", 3), "pre, or post|pre, and|pre or post"),
        (answered("", "pre", 3), "a code"),
    ],
)
def test_a_faulty_sheet_is_named_by_line_and_value(tmp_path: Path, row: str, said: str) -> None:
    path = tmp_path / "answers.csv"
    path.write_text(sheet() + row, encoding="utf-8")
    with pytest.raises(DataError, match=said) as caught:
        register(path, HELD)
    assert "line" in str(caught.value)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_text("participant,when,q1\np01,pre,a\n", encoding="utf-8")
    with pytest.raises(DataError, match="no column 'q2'"):
        register(path, HELD)
