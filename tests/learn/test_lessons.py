"""Every lesson, in both languages: its solution passes its checks, its exercise asks kindly."""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cxlib import Engagement
from cxlib.analysis.results import Result
from cxlib.learn import Reply, exercises
from cxlib.learn.exercises import exercise, lay_out, lessons, solution
from cxlib.learn.lesson import Lesson, judge, questions
from cxlib.workspace import Workspace
from tests.conftest import ROOT, taken_in

LESSONS = lessons()
pytestmark = pytest.mark.xdist_group("course")  # one warm process
each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("course") / "课程 folder"
    for client in exercises.CLIENTS:  # the same data as the course makes, taken in already
        shutil.copytree(ROOT / "data" / client, folder / "data" / client)
        shutil.copytree(taken_in(client), Workspace(folder).state(client))
    lay_out(folder, "en", trainer=True)
    return folder


OPENED: dict[tuple[object, ...], Engagement] = {}


@pytest.fixture(autouse=True)
def one_process(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in the course's workspace, as a notebook there does; open each client once."""
    opened = Engagement.open

    def fresh(client: str, **of: Any) -> Engagement:
        key = (client, *map(str, of.values()))
        if client not in exercises.CLIENTS:
            return opened(client, **of)
        if key not in OPENED:
            OPENED[key] = opened(client, **of)
        page = copy.copy(OPENED[key])
        vars(page).update(_results={}, _findings={}, _parts=[], _unwritten=False)
        vars(page).pop("_printed", None)
        Result._shown = page.view
        return page

    monkeypatch.setenv("CX_HOME", str(course))
    monkeypatch.setattr(Engagement, "open", fresh)


def replies(notebook: dict[str, Any]) -> Iterator[Reply]:
    """Execute a notebook's cells in this process; yield what the checks say."""
    names: dict[str, Any] = {"__name__": "lesson"}
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        body = ast.parse(cell["source"]).body
        last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(ast.Module(body, []), "cell", "exec"), names)
            shown = last and eval(compile(ast.Expression(last.value), "cell", "eval"), names)
        if isinstance(shown, Reply):
            yield shown


def asked(path: Path) -> list[str]:
    return re.findall(r'check\(\\"([\d.]+)\\"', path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", ["en", "zh"])
@each_lesson
def test_a_solution_passes_all_its_checks(path: Path, language: str) -> None:
    said = list(replies(solution(path, language)))
    assert [reply.right for reply in said] == [True] * len(asked(path)), [*map(str, said)]
    assert all(bool(re.search("[一-鿿]", reply.text)) == (language == "zh") for reply in said)


@each_lesson
def test_an_exercise_runs_to_its_end_and_asks(path: Path) -> None:
    said = list(replies(exercise(path, "zh")))
    assert len(said) == len(asked(path)) >= 3
    assert {reply.right for reply in said} == {None}
    assert {reply.text for reply in said} == {"轮到您了：把省略号换成您的答案。"}


@each_lesson
def test_an_exercise_is_the_solution_less_its_answers(path: Path) -> None:
    for language in ("en", "zh"):
        given, solved = exercise(path, language)["cells"], solution(path, language)["cells"]
        assert [c["cell_type"] for c in given] == [c["cell_type"] for c in solved]
        for left, whole in zip(given, solved, strict=True):
            kept = [line for line in left["source"].splitlines() if not line.endswith(" = ...")]
            kept = [line for line in kept if not re.match("# (Your turn|轮到您了)", line)]
            assert [line for line in whole["source"].splitlines() if line in kept] == kept
            assert "SOLUTION" not in left["source"] + whole["source"]
    prompts = sum(cell["source"].count(" = ...") for cell in exercise(path, "en")["cells"])
    assert prompts >= len(asked(path))


@each_lesson
def test_a_lesson_says_what_for_how_long_and_what_stays(path: Path) -> None:
    text = "".join(c["source"] for c in exercise(path, "en")["cells"] if c["cell_type"] != "code")
    number = int(path.stem[:2])
    assert re.search(rf"\*\*Lesson {number} of 14 · \d+ minutes · Before it: .+\*\*", text)
    for part in ("Afterwards you can:", "## Predict", "## Run", "## Explain", "## Take away"):
        assert part in text
    assert "## Change something" in text
    assert {name.split(".")[0] for name in asked(path)} == {str(number)}


def test_every_question_is_asked_once() -> None:
    every = [name for path in LESSONS for name in asked(path)]
    assert sorted(every) == sorted(set(every)) == sorted(questions())


def test_a_usual_mistake_is_recognised() -> None:
    lesson = Lesson(1)
    ratings = lesson.open("lakeside-bank").survey()["nps"].dropna()
    top, low = (ratings >= 9).mean(), (ratings <= 6).mean()
    net = 100 * (top - low)
    said = {
        "detractors less promoters": -net,
        "share of promoters": 100 * top,
        "mean rating": ratings.mean(),
        "hundred times too small": net / 100,
        "without quotation marks": "−2.4",
    }
    for hint, answer in said.items():
        reply = lesson.check("1.1", answer)
        assert reply.right is False
        assert hint in reply.text
    score = Engagement.open("lakeside-bank").kpis()
    assert "whole result" in lesson.check("1.1", score).text
    assert lesson.check("1.1", net).right
    p = Lesson(2).check("2.2", 0.70)
    assert p.right
    assert "1 − p" in Lesson(2).check("2.2", 0.30).text
    assert "there are more" in lesson.check("1.5", {"csat"}).text


@cache
def lesson_of(number: str) -> Lesson:
    lesson = Lesson(int(number))
    lesson.seed = 7
    return lesson


@cache
def answers_of(name: str) -> tuple[Lesson, dict[str, Any]]:
    lesson = lesson_of(name.split(".", maxsplit=1)[0])
    return lesson, lesson.answers(name)


def test_every_hint_is_reached_by_its_mistake() -> None:
    """No hint stands in the shadow of another, and none calls a right answer wrong."""
    for name, question in questions().items():
        lesson, told = answers_of(name)
        assert {*question.get("wrong", {}), *question.get("rules", {"right": ""})} <= {*told}
        for mistake, hint in question.get("wrong", {}).items():
            if told[mistake] != told["right"]:
                said = judge(question, told, told[mistake], lesson.words)
                assert (said.right, said.text) == (False, lesson.words.say(hint, **told)), name


def test_no_answer_stands_in_what_a_learner_gets(course: Path) -> None:
    """The numbers that are asked for are written in no exercise."""
    for path in sorted((course / "lessons" / "en").glob("*.ipynb")):
        text = path.read_text(encoding="utf-8")
        for name in asked(path):
            right = answers_of(name)[1].get("right")
            if isinstance(right, float) and right != round(right):
                assert f"{abs(right):.2f}" not in text, name
