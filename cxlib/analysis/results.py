"""What every result has in common: it shows itself, and caveats travel with its numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import pandas as pd

MINIMUM_BASE = 10
"""Cells on fewer answers are withheld: the intervals of such cells say nothing, and fewer than ten
people can recognise one another (the usual floor of official statistics and employee surveys)."""

CARE_BASE = 30
"""Cells on fewer answers are marked "interpret with care": below it the normal approximations
behind most intervals of the kit are rough."""


class Caveat(str):
    """A reservation about a result: English text that a report can say again in Chinese.

    Parameters
    ----------
    message : str
        An English msgid with ``{named}`` facts.
    **facts
        What fills it: numbers, or keys of touchpoints, metrics and segments.
    """

    __slots__ = ("facts", "message")
    message: str
    facts: dict[str, Any]

    def __new__(cls, message: str, /, **facts: Any) -> Caveat:
        """Fill the message, and keep it with its facts for the translator."""
        # a list of names reads the same when it comes back from a file as a plain tuple
        told = {k: ", ".join(map(str, v)) if isinstance(v, tuple) else v for k, v in facts.items()}
        caveat = super().__new__(cls, message.format(**told))
        caveat.message = message
        caveat.facts = facts
        return caveat

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.message, self.facts)


def _restore(message: str, facts: dict[str, Any]) -> Caveat:
    return Caveat(message, **facts)


def said(holds: Any, message: str, /, **facts: Any) -> tuple[Caveat, ...]:
    """Return a caveat where it `holds`, as the parts of a list."""
    return (Caveat(message, **facts),) if holds else ()


def counted(*told: tuple[Any, str], **facts: Any) -> tuple[Caveat, ...]:
    """Return a caveat for each count above 0; its message says it as ``{n}``."""
    return tuple(Caveat(message, n=int(n), **facts) for n, message in told if n)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What every result has in common; as the last line of a cell it shows itself.

    Labelled and withheld as the engagement that was opened last would show it. The columns of all
    tables are explained in `cxlib.columns`; ``caveats`` are reservations about the numbers.
    """

    caveats: tuple[Caveat, ...] = ()
    _shown: ClassVar[Callable[[Any], Any] | None] = None

    def _repr_mimebundle_(self, **_options: object) -> dict[str, Any]:
        if Result._shown is None:
            return {"text/plain": repr(self)}
        bundle: dict[str, Any] = Result._shown(self)._repr_mimebundle_()
        return bundle


@dataclass(frozen=True, kw_only=True)
class TableResult(Result):
    """A table, with the rows of data it rests on (`n_used`) and those left out (`n_dropped`)."""

    table: pd.DataFrame
    n_used: int
    n_dropped: int
