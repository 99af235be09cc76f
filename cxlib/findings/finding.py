"""What a finding is: one sentence a client should know, with its number, interval and base."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from cxlib.errors import CxError
from cxlib.words import Quantity

if TYPE_CHECKING:
    import pandas as pd

Severity = Literal["serious", "warning", "good", "note"]
ALPHA = 0.05
"""The usual error rate of a finding; families of tests are adjusted before they are held to it."""

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From what must be acted on to what is good to know."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing the client should know.

    Parameters
    ----------
    id : str
        Stable and dotted, its first part the chapter: ``assessment.nps.target``. Later chapters
        refer to findings by it.
    message : str
        An English msgid that `facts` fill.
    facts : mapping
        Numbers, period labels and keys; the translator formats them.
    severity : {"serious", "warning", "good", "note"}
    consequence : float
        Rank within a severity: the larger, the earlier it is said.
    base : int or None
        Answers it rests on; a finding on fewer than the client's minimum base is not shown.
    next_step : str or None
        What follows from it, a msgid that `facts` fill too.
    """

    id: str
    message: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity = "note"
    consequence: float = 0.0
    base: int | None = None
    next_step: str | None = None

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise CxError(
                f"finding {self.id!r}: severity {self.severity!r} is not one of {SEVERITIES}."
            )

    @property
    def chapter(self) -> str:
        """The stem of the chapter that found it."""
        return self.id.partition(".")[0]


def ranked(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings in order of consequence: by severity, then by rank, then as they came."""
    return tuple(sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), -f.consequence)))


def change_facts(row: Mapping[str, Any] | pd.Series[Any], previous: str) -> dict[str, Any]:
    """Return the facts of a change since the previous period, each in the unit of its row.

    Parameters
    ----------
    row : mapping
        ``unit, value, change, change_low, change_high, n``.
    previous : str
        The period it is compared with.

    Returns
    -------
    dict
        ``previous, change, low, high`` (signed), ``value`` and ``n``.
    """
    unit = str(row["unit"])
    return {
        "previous": previous,
        "change": Quantity(row["change"], unit, sign=True),
        "low": Quantity(row["change_low"], unit, sign=True),
        "high": Quantity(row["change_high"], unit, sign=True),
        "value": Quantity(row["value"], unit),
        "n": int(row["n"]),
    }
