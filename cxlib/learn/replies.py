"""What a question of a lesson asks for, and what is said to an answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cxlib.words import Words
from cxlib.words import mark as _

Unit = Literal["points", "percent", "share", "p", "count", "number", "word"]
"""What is asked for; `share` and `p` run from 0 to 1, a `word` may be a key, a period or a set."""


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


_SIGNS: Mapping[bool | None, str] = {True: "✓", False: "✗", None: "…"}


@dataclass(frozen=True, kw_only=True)
class Key:
    """The answer of a question, worked out from the data when it is checked.

    Parameters
    ----------
    right : float, str or set of str
        The answer.
    praise : str
        A msgid: what follows from it.
    wrong : mapping of str to Any
        What usual mistakes give, by the msgid of the hint.
    unit : str
        See `Unit`.
    within : float
        How far a number may lie off.
    facts : mapping of str to object
        What fills the messages.
    """

    right: Any
    praise: str
    wrong: Mapping[str, Any] = field(default_factory=dict)
    unit: Unit = "points"
    within: float = 0.06
    facts: Mapping[str, object] = field(default_factory=dict)

    def reply(self, answer: object, words: Words) -> Reply:
        """Return what is said to an answer."""
        if answer is ...:
            return Reply(None, words.say(_("Your turn: put your answer in place of the dots.")))
        hint = self._word(answer) if self.unit == "word" else self._number(answer)
        if hint is None:
            return Reply(True, words.say(self.praise, **self.facts))
        return Reply(False, words.say(hint, **self.facts))

    def _word(self, answer: object) -> str | None:
        if not isinstance(answer, str | set | frozenset | list | tuple):
            return _("A text in quotation marks is asked for, or several in curly brackets.")
        if _told(answer) == _told(self.right):
            return None
        for hint, mistaken in self.wrong.items():
            if _told(answer) == _told(mistaken):
                return hint
        given, wanted = _told(answer), _told(self.right)
        if len(wanted) > 1 and given < wanted:
            return _("Right so far, but there are more.")
        return _("Not this one. Go back to the output above and read it row by row.")

    def _number(self, answer: object) -> str | None:
        if hasattr(answer, "value") or hasattr(answer, "table"):
            return _("This is a whole result; give the one number that is asked for.")
        if isinstance(answer, str | bool) or not hasattr(answer, "__float__"):
            return _("A number is asked for, without quotation marks or units.")
        given = float(answer)
        if not math.isfinite(given):
            return _("This is not a number yet: are there empty answers among the ratings?")
        if self._is(given, self.right):
            return None
        for hint, mistaken in self.wrong.items():
            if self._is(given, mistaken):
                return hint
        return self._usual(given)

    def _usual(self, given: float) -> str:
        """Return the hint for a mistake that any question knows."""
        if self.right and self._is(-given, self.right):
            return _("The size is right, the sign is not: a change is after less before.")
        if self.unit == "p" and self._is(1 - given, self.right):
            return _("This is 1 − p. It is not the chance that the change is real.")
        if self._is(given / 100, self.right) or given == 100 * self.right:
            return _("A hundred times too large: give a share from 0 to 1, not a percentage.")
        if abs(100 * given - self.right) <= max(self.within, 0.005 * abs(self.right)):
            return _("A hundred times too small: give points or a percentage, not a share.")
        if abs(given - self.right) <= 5 * self.within:
            return _("Very near. Did you round on the way? Round only what you show.")
        return _("Not yet. Go back to the cell above: which number answers the question?")

    def _is(self, given: float, wanted: float) -> bool:
        return abs(given - wanted) <= self.within


@dataclass(frozen=True, kw_only=True)
class Rubric:
    """What a sentence of the learner's own must fulfil, and what is said of a broken rule.

    ``rules``: msgid to a function of the sentence, true where it is kept.
    """

    rules: Mapping[str, Callable[[str], bool]]
    praise: str
    facts: Mapping[str, object] = field(default_factory=dict)

    def reply(self, answer: object, words: Words) -> Reply:
        """Return what is said to a sentence: all that is still to be mended."""
        if answer is ...:
            return Reply(None, words.say(_("Your turn: put your answer in place of the dots.")))
        if not isinstance(answer, str) or not answer.strip():
            return Reply(False, words.say(_("A sentence in quotation marks is asked for.")))
        broken = [
            words.say(rule, **self.facts) for rule, kept in self.rules.items() if not kept(answer)
        ]
        if not broken:
            return Reply(True, words.say(self.praise, **self.facts))
        return Reply(False, ("" if words.language == "zh" else " ").join(broken))


def _told(answer: Any) -> frozenset[str]:
    """Return an answer in words as it is compared: without case, spaces and order."""
    several = (answer,) if isinstance(answer, str) else answer
    return frozenset(str(one).strip().casefold() for one in several)
