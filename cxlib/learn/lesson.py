"""A lesson as its notebook sees it: clients to open, answers to check."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from cxlib.errors import CxError, nearest
from cxlib.words import Words, mark as _
from cxlib.workspace import Workspace, kit_yaml

if TYPE_CHECKING:
    from cxlib.engagement import Engagement
    from cxlib.learn.dirty import Dirty

FOLDER = Path(__file__).resolve().parent
MODULES = ("scores", "craft", "methods")
"""Modules of `cxlib.learn` that work out the answers."""
Told: TypeAlias = dict[str, Any]
"""``right``, and what usual mistakes give, by their names in ``questions.yaml``; of a sentence
whether it keeps each rule."""
_ANSWERS: dict[str, Callable[[Lesson], Told]] = {}
_SIGNS: Mapping[bool | None, str] = {True: "✓", False: "✗", None: "…"}


@dataclass(frozen=True)
class Reply:
    """What `check` says to an answer: whether it is `right`, None before there is one, and why."""

    right: bool | None
    text: str

    def __str__(self) -> str:
        return f"{_SIGNS[self.right]} {self.text}"

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        return f"**{_SIGNS[self.right]}** {self.text}"


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
        own = [name for name in questions() if name.split(".")[0] == str(self.number)]
        if question not in own:
            near = nearest(question, own)
            raise CxError(f"lesson {self.number} has no question {question!r}{near}")
        return judge(questions()[question], self.answers(question), answer, self.words)

    def answers(self, question: str) -> Told:
        """Work out the right answer of a question, and what its usual mistakes give."""
        for name in MODULES:
            import_module(f"cxlib.learn.{name}")
        return _ANSWERS[question](self)


def words_of(language: str) -> Words:
    """Return the words of the course: the kit's, and those of the lessons."""
    beside = tuple(path for path in (FOLDER / f"{language}.po",) if path.is_file())
    return Words.load(language, beside=beside)


@cache
def questions() -> dict[str, dict[str, Any]]:
    """Return what stands in ``questions.yaml``, by the question's number."""
    read: dict[str, dict[str, Any]] = kit_yaml(FOLDER / "questions.yaml")
    return read


def answers(question: str) -> Callable[[Callable[[Any], Told]], Callable[[Any], Told]]:
    """Mark the function that works out the answer of a question."""

    def marked(of: Callable[[Any], Told]) -> Callable[[Any], Told]:
        _ANSWERS[question] = of
        return of

    return marked


def judge(question: Mapping[str, Any], told: Told, answer: object, words: Words) -> Reply:
    """Return what is said to an answer: what follows from it, or a hint to each mistake."""
    if answer is ...:
        return Reply(None, words.say(_("Your turn: put your answer in place of the dots.")))
    if "rules" in question:
        hints = [_("A sentence in quotation marks is asked for.")]
        if isinstance(answer, str) and answer.strip():
            hints = [hint for rule, hint in question["rules"].items() if not told[rule](answer)]
    else:
        unit = question.get("unit", "points")
        right, within = told["right"], told.get("within", question.get("within", 0.06))
        mistakes = [(told[name], hint) for name, hint in question.get("wrong", {}).items()]
        if unit == "word":
            hint = _hint_to_word(answer, right, mistakes)
        else:
            hint = _hint_to_number(answer, right, mistakes, within, unit)
        hints = [hint] if hint else []
    said = [words.say(hint, **told) for hint in hints or [question["praise"]]]
    return Reply(not hints, ("" if words.language == "zh" else " ").join(said))


def _hint_to_word(answer: object, right: Any, mistakes: list[tuple[Any, str]]) -> str | None:
    if not isinstance(answer, str | set | frozenset | list | tuple):
        return _("A text in quotation marks is asked for, or several in curly brackets.")
    given, wanted = _plain(answer), _plain(right)
    if given == wanted:
        return None
    for mistaken, hint in mistakes:
        if given == _plain(mistaken):
            return hint
    if len(wanted) > 1 and given < wanted:
        return _("Right so far, but there are more.")
    return _("Not this one. Go back to the output above and read it row by row.")


def _plain(answer: Any) -> frozenset[str]:
    """Return an answer in words as it is compared: without case, spaces and order."""
    several = (answer,) if isinstance(answer, str) else answer
    return frozenset(str(one).strip().casefold() for one in several)


def _hint_to_number(
    answer: Any, right: float, mistakes: list[tuple[Any, str]], within: float, unit: str
) -> str | None:
    if hasattr(answer, "value") or hasattr(answer, "table"):
        return _("This is a whole result; give the one number that is asked for.")
    if isinstance(answer, str | bool) or not hasattr(answer, "__float__"):
        return _("A number is asked for, without quotation marks or units.")
    given = float(answer)
    if not math.isfinite(given):
        return _("This is not a number yet: are there empty answers among the ratings?")
    if abs(given - right) <= within:
        return None
    for mistaken, hint in mistakes:
        if abs(given - mistaken) <= within:
            return hint
    if right and abs(-given - right) <= within:
        return _("The size is right, the sign is not: a change is after less before.")
    if unit == "p" and abs(1 - given - right) <= within:
        return _("This is 1 − p. It is not the chance that the change is real.")
    if abs(given / 100 - right) <= within or given == 100 * right:
        return _("A hundred times too large: give a share from 0 to 1, not a percentage.")
    if abs(100 * given - right) <= max(within, 0.005 * abs(right)):
        return _("A hundred times too small: give points or a percentage, not a share.")
    if abs(given - right) <= 5 * within:
        return _("Very near. Did you round on the way? Round only what you show.")
    return _("Not yet. Go back to the cell above: which number answers the question?")
