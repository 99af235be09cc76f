"""What every result has in common: it shows itself, and caveats travel with its numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, dataclass_transform

from cxlib.words import filled

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
        caveat = super().__new__(cls, filled(message, told))
        caveat.message = message
        caveat.facts = facts
        return caveat

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.message,), self.facts


def said(holds: Any, message: str, /, **facts: Any) -> tuple[Caveat, ...]:
    """Return a caveat where it `holds`, as the parts of a list."""
    return (Caveat(message, **facts),) if holds else ()


def counted(*told: tuple[Any, str], **facts: Any) -> tuple[Caveat, ...]:
    """Return a caveat for each count above 0; its message says it as ``{n}``."""
    return tuple(Caveat(message, n=int(n), **facts) for n, message in told if n)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class Frozen:
    """Makes a frozen dataclass, with its fields given by name, of every class derived from it."""

    def __init_subclass__(cls) -> None:
        """Make a frozen dataclass of it."""
        dataclass(frozen=True, kw_only=True)(cls)


class Result(Frozen):
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


class Interval(Result):
    """A number with its interval, in the unit that its class says; NaN where there is none."""

    value: float
    low: float
    high: float


class Tested(Interval):
    """A difference with its interval and its test: ``statistic, df`` of t, or z (df infinite)."""

    p_value: float
    statistic: float
    df: float


class Tabled(Result):
    """A result with a table; what further tables and numbers it has, its own class says."""

    table: pd.DataFrame


class TableResult(Tabled):
    """A table, with the rows of data it rests on (`n_used`) and those left out (`n_dropped`)."""

    n_used: int
    n_dropped: int
