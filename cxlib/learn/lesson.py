"""A lesson as its notebook sees it: clients to open, answers to check."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib.errors import CxError, nearest
from cxlib.words import Words
from cxlib.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxlib.engagement import Engagement
    from cxlib.learn.dirty import Dirty
    from cxlib.learn.replies import Key, Reply, Rubric

FOLDER = Path(__file__).resolve().parent
QUESTIONS = ("scores", "craft", "methods", "flow", "voice")
"""Modules of `cxlib.learn` that hold the lessons' questions."""


class Lesson:
    """One lesson of the course, in one language.

    The answers to its questions are stored nowhere: each is worked out from the client's data when
    it is checked, by another road than the lesson's wherever there is one, so that it holds for any
    client, and also proves the lesson.

    Parameters
    ----------
    number : int
        1 to 14.
    language : str
        ``"en"`` or ``"zh"``.
    workspace : Workspace, optional
        Found from ``CX_HOME`` or the working directory if not given.
    """

    def __init__(
        self, number: int, *, language: str = "en", workspace: Workspace | None = None
    ) -> None:
        self.number = number
        self.words = words_of(language)
        self.workspace = workspace or Workspace.find()
        self.seed = 0
        self._opened: dict[tuple[str, str], Engagement] = {}

    def open(self, client: str, *, period: str = "latest") -> Engagement:
        """Open a client of the course in the learner's language; see `Engagement.open`."""
        from cxlib.engagement import Engagement

        if (client, period) not in self._opened:
            self._opened[client, period] = Engagement.open(
                client, period=period, language=self.words.language, workspace=self.workspace
            )
        return self._opened[client, period]

    def dirty(self) -> Dirty:
        """Return the client that is to be put right (lesson 4)."""
        from cxlib.learn.dirty import Dirty

        return Dirty(self.workspace)

    def unseen(self, seed: int) -> Engagement:
        """Open the client of a seed, which is made if it is not there (lesson 14)."""
        from cxlib.data.demo.unseen import build_unseen

        self.seed = seed
        build_unseen(self.workspace.root, seed)
        return self.open(f"unseen-{seed}")

    def check(self, question: str, answer: object) -> Reply:
        """Say whether an answer is right, and what a usual mistake it may be.

        Parameters
        ----------
        question : str
            ``"2.3"``: the third question of lesson 2.
        answer : number or text
            The learner's; ``...`` where there is none yet.

        Raises
        ------
        CxError
            If the lesson has no such question.
        """
        known = _questions()
        own = [name for name in known if name.split(".")[0] == str(self.number)]
        if question not in own:
            near = nearest(question, own)
            raise CxError(f"lesson {self.number} has no question {question!r}{near}")
        return known[question](self).reply(answer, self.words)


def words_of(language: str) -> Words:
    """Return the words of the course: the kit's, and those of the lessons."""
    beside = tuple(path for path in (FOLDER / f"{language}.po",) if path.is_file())
    return Words.load(language, beside=beside)


@cache
def _questions() -> dict[str, Callable[[Lesson], Key | Rubric]]:
    """Return every question by its number."""
    found: dict[str, Any] = {}
    for name in QUESTIONS:
        found |= import_module(f"cxlib.learn.{name}").QUESTIONS
    return found
