"""`cx learn`: a workspace of its own, in which nothing is overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cxlib.cli import main
from cxlib.learn import Lesson, exercises
from cxlib.learn.lesson import judge
from cxlib.words import Words


@pytest.fixture
def one_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """The smallest demo client alone, to be quick."""
    monkeypatch.setattr(exercises, "CLIENTS", ("harbour-hotels",))


def learn(*arguments: str) -> str:
    told = CliRunner().invoke(main, ["learn", *arguments], catch_exceptions=False)
    assert told.exit_code == 0, told.output
    return told.output


@pytest.mark.usefixtures("one_client")
def test_a_second_run_adds_only_what_is_missing(tmp_path: Path) -> None:
    folder = tmp_path / "a course"
    learn(str(folder), "-l", "zh")
    assert (folder / ".gitignore").read_text(encoding="utf-8") == "*\n"
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "data" / "harbour-hotels" / "survey.csv").is_file()
    assert not (folder / "trainer").exists()
    work, gone, *_ = sorted((folder / "lessons" / "zh").glob("*.ipynb"))
    work.write_text("mine", encoding="utf-8")
    gone.unlink()
    assert "1 added" in learn(str(folder), "-l", "zh")
    assert work.read_text(encoding="utf-8") == "mine"
    assert json.loads(gone.read_text(encoding="utf-8"))["nbformat"] == 4
    assert "Nothing was missing" in learn(str(folder), "-l", "zh")
    learn(str(folder), "-l", "en", "--trainer")
    solved = (folder / "trainer" / "en" / gone.name).read_text(encoding="utf-8")
    assert " = ..." not in solved


def test_a_workspace_of_clients_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "params").mkdir()
    told = CliRunner().invoke(main, ["learn", str(tmp_path)])
    assert told.exit_code == 1
    assert "a workspace already" in told.output
    assert [path.name for path in tmp_path.iterdir()] == ["params"]


@pytest.mark.usefixtures("one_client")
def test_the_language_is_the_options_the_clients_or_the_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, demo_workspace: object
) -> None:
    monkeypatch.setenv("CX_HOME", str(demo_workspace.root))  # type: ignore[attr-defined]
    monkeypatch.setenv("CX_LANGUAGE", "zh")
    assert "lessons/zh" in learn(str(tmp_path / "a"))
    assert "lessons/en" in learn(str(tmp_path / "b"), "--client", "lakeside-bank")
    assert "lessons/en" in learn(str(tmp_path / "c"), "-l", "en", "--client", "harbour-hotels")


def test_an_unknown_question_names_the_nearest(demo_workspace: object) -> None:
    from cxlib.errors import CxError

    with pytest.raises(CxError, match=r"lesson 1 has no question '1\.9'"):
        Lesson(1, workspace=demo_workspace).check("1.9", 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("unit", "right", "answer", "hint"),
    [
        ("points", -10.8, 10.8, "sign"),
        ("points", -10.8, -0.108, "too small"),
        ("share", 0.31, 31.0, "too large"),
        ("p", 0.03, 0.97, "1 − p"),
        ("points", 4.0, float("nan"), "empty answers"),
        ("points", 4.0, 4.2, "round"),
        ("points", 4.0, 9.0, "Not yet"),
        ("word", "mix", 3, "quotation marks"),
        ("word", "mix", "rate", "row by row"),
    ],
)
def test_hints_know_usual_mistakes(unit: str, right: object, answer: object, hint: str) -> None:
    question, told = {"unit": unit, "praise": "Yes.", "within": 0.05}, {"right": right}
    words = Words.load("en")
    reply = judge(question, told, answer, words)
    assert reply.right is False
    assert hint in reply.text
    assert judge(question, told, ..., words).right is None
    assert judge(question, told, right, words).right is True
