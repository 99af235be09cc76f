"""What the kit tells a consultant when it cannot go on, and the nearest fix."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterable
from difflib import get_close_matches
from unicodedata import normalize


class Count(int):
    """How many, in a message: ``f"{n} {n:row is|rows are} left out"`` agrees with it."""

    def __format__(self, spec: str) -> str:
        return agreeing(self, spec) if "|" in spec else format(int(self), spec)


def agreeing(number: object, forms: str) -> str:
    """Return the one of ``one|many`` that is said of a number of things."""
    one, _bar, many = forms.partition("|")
    return one if str(number).strip("\ue000\ue001") in ("1", "1.0") else many


class CxError(Exception):
    """Anything the kit tells a consultant: what is wrong, where, and the nearest fix."""

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
