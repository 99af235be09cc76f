"""What the kit tells a consultant when it cannot go on, and the nearest fix."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Iterable
from difflib import get_close_matches
from unicodedata import normalize

_ONE = re.compile(
    r"(?<!row )(?<!line )(?<![\w.,:'\"-])1 (of [\d,]+ )?"
    r"(more |different |respondent |such |header )?"
    r"(row|value|cell|ticket|id|member|mark|weight|comment|file|column|question|time|text|period"
    r"|sheet|answer|customer|respondent|client|chapter|report)s\b( that)?( \w+)?"
)
_VERBS = {"have": "has", "are": "is", "were": "was", "do": "does", "repeat": "repeats",
          "hold": "holds", "name": "names", "count": "counts", "come": "comes"}  # fmt: skip


class CxError(Exception):
    """Anything the kit tells a consultant: what is wrong, where, and the nearest fix."""

    def __str__(self) -> str:
        return singular(super().__str__())

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows: the message alone, unless ``CX_TRACEBACK`` asks for all."""
        if os.environ.get("CX_TRACEBACK") or os.environ.get("CX_JOB"):
            return traceback.format_exception(self)
        return [f"\x1b[31m✗\x1b[0m {self}"]


class ParamsError(CxError):
    """The client file says something that it cannot mean."""


class DataError(CxError):
    """The client's data cannot answer the question."""


class SetupError(CxError):
    """The machine lacks something: a font, a key, an extra, a workspace."""


class RunError(CxError):
    """A run of chapters cannot be planned or finished."""


def singular(message: str) -> str:
    """Return a message in English with ``1 rows have`` as ``1 row has``."""

    def one(found: re.Match[str]) -> str:
        of, adjective, noun, that, then = found.groups(default="")
        plural = "s" if of and of != "of 1 " else ""
        verb = _VERBS.get(then[1:], then[1:])
        return f"1 {of}{adjective}{noun}{plural}{that} {verb}".rstrip()

    return _ONE.sub(one, message)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'osat'?"``, or the known names where none is near."""
    options = list(dict.fromkeys(map(str, known)))
    folded = {_folded(option): option for option in reversed(options)}
    near = get_close_matches(_folded(name), folded, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {folded[near[0]]!r}?"
    if not options:
        return ""
    shown = ", ".join(repr(option) for option in options[:12])
    return f"; there is {shown}{', …' if len(options) > 12 else ''}."


def _folded(text: str) -> str:
    return normalize("NFKC", text).casefold()  # full-width letters are letters
