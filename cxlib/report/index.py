"""The index over all clients, a page for the consultancy only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from cxlib.analysis.results import Caveat
from cxlib.chapters import register
from cxlib.columns import records
from cxlib.present.conclusions import spark
from cxlib.present.findings import Finding
from cxlib.present.formats import say_caveat
from cxlib.report.html import CONTENT_POLICY, page_of, style
from cxlib.words import LANGUAGES, Said, Words, mark as _

if TYPE_CHECKING:
    from cxlib.envelope import Envelope

_STATES = {"failed": "serious", "blocked": "warning", "done": "good", "fresh": "good"}
STATES = (
    *(_("done"), _("fresh"), _("failed"), _("blocked"), _("interrupted"), _("not applicable")),
    *(_("stale"), _("never run")),
)
"""How a job may stand, as the index says it."""
_VERDICTS = {"met": "good", "on course": "good", "missed": "serious", "behind": "serious"}
SPOKEN = {"en": "English", "zh": "中文"}
"""Languages by their own names."""
COURSES = ("on course", "behind", "too close to call")
"""Courses that have the word before the verdict, as `kpis.verdicts.stands` has it."""


@dataclass(frozen=True)
class Kpi:
    """One KPI of a client as the core has it: value (None: withheld), verdict, change and cause."""

    label: str
    value: float | None
    unit: str | None = ""
    change: float | None = None
    cause: str | None = None
    at: str | None = None
    target: float | None = None
    status: str | None = None
    course: str | None = None
    history: tuple[float, ...] | list[float] | None = ()

    @property
    def verdict(self) -> str:
        """Before a target is due or met its course, else its status; empty without a target."""
        early = self.course in COURSES and self.status != "met"
        return str(self.course if early else self.status or "")

    @property
    def line(self) -> str:
        """Its history as the points of a line."""
        return " ".join(f"{x:g},{y:g}" for x, y in spark(tuple(self.history or ())))

    def said(self, words: Words) -> str:
        """Return its value."""
        return words.quantity(self.value or 0.0, self.unit or "")

    def moved(self, words: Words) -> str:
        """Return its change, since when and why."""
        if self.value is None or self.change is None:
            return "–"
        told = [words.quantity(self.change, self.unit or "", sign=True)]
        told += [words.period(self.at)] if self.at else []
        told += [words.say(self.cause)] if self.cause else []
        return _comma(words).join(told)


FIRST = 5
"""KPIs shown of a client whose first period knows neither target nor change."""
LATE = "late: "
"""What precedes a chapter's stem where the glance counts what is late, not a KPI."""
NOTE = "note: "
"""What precedes a chapter's stem where the glance holds its notes to the consultant: each with its
language and text."""
GLANCE = tuple(field.name for field in fields(Kpi) if field.name != "label")
"""What the index shows of a KPI."""
_REGISTERS = ("plan", "open")
SHOWN = ("standing", *_REGISTERS)
"""Results of which it shows something."""


def glance_of(envelope: Envelope) -> dict[str, Any]:
    """Return what the index shows of a chapter's saved results, as plain JSON: its KPIs by key.

    They come from the result named ``standing``, as `Engagement.standing` gives it.
    """
    told: dict[str, Any] = {}
    notes = [f for f in envelope.findings if isinstance(f, Finding) and f.desk]
    if notes:
        register(envelope.chapter)
        told[NOTE + envelope.chapter] = [
            [name, f"{finding.headline(words)} {finding.step(words)}".strip()]
            for name, words in ((name, Words.load(name)) for name in LANGUAGES)
            for finding in notes
        ]
    late = _late(envelope)
    if late is not None:
        return told | {LATE + envelope.chapter: late}
    table = getattr(envelope.results.get("standing"), "table", None)
    if table is None or not {"kpi", "value", "source"} <= set(table.columns):
        return told
    return told | {
        str(row["kpi"]): {name: _plain(row.get(name)) for name in GLANCE}
        for row in records(table)
        if row["source"] != "touchpoint"
    }


def _late(envelope: Envelope) -> int | None:
    """Return how much of a register of actions or obligations is late; None for other results."""
    import pandas as pd

    for name in _REGISTERS:
        found = envelope.results.get(name)
        table = found if isinstance(found, pd.DataFrame) else getattr(found, "table", None)
        if isinstance(table, pd.DataFrame) and "days_late" in table:
            return int((pd.to_numeric(table["days_late"], errors="coerce") > 0).sum())
    return None


def _plain(value: Any) -> Any:
    import pandas as pd

    if isinstance(value, (tuple, list)):
        return [round(float(each), 4) for each in value if not pd.isna(each)]
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    return value.item() if hasattr(value, "item") else value


@dataclass(frozen=True)
class Entry:
    """One report, or why there is none; its link is relative to the index."""

    chapter: str
    title: str
    period: str
    language: str
    state: str
    link: str = ""
    note: str = ""
    file: str = ""


@dataclass(frozen=True)
class ClientEntry:
    """One client on the index: its reports, newest period first, and its KPIs.

    `title` is the name that people know; `late` counts by chapter what is late in its registers;
    `notes` are what its chapters leave to the consultant; `fault` says why nothing of it could run.
    """

    name: str
    title: str = ""
    entries: tuple[Entry, ...] = ()
    period: str = ""
    kpis: tuple[Kpi, ...] = ()
    late: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    fault: str = ""

    @property
    def attention(self) -> tuple[int, int]:
        """How much it needs: trouble with its reports, then targets missed and what is late."""
        trouble = bool(self.fault) + sum(e.state in ("failed", "blocked") for e in self.entries)
        missed = sum(_VERDICTS.get(kpi.verdict) == "serious" for kpi in self.kpis)
        return trouble, missed + sum(self.late.values())

    @property
    def books(self) -> list[Entry]:
        """The books of its newest period."""
        return [e for e in self.entries if e.chapter == "book" and e.period == self.period]

    @property
    def reports(self) -> dict[tuple[str, str], dict[str, Entry]]:
        """Its reports by period and chapter, each by language."""
        rows: dict[tuple[str, str], dict[str, Entry]] = {}
        for each in self.entries:
            rows.setdefault((each.period, each.chapter), {})[each.language] = each
        return rows

    @property
    def languages(self) -> dict[str, str]:
        """The languages of its reports, by their own names."""
        return {code: SPOKEN.get(code, code) for code in sorted({e.language for e in self.entries})}

    @property
    def told(self) -> list[Kpi]:
        """The KPIs that are shown: those with a verdict, else with a change, else the first."""
        told = [kpi for kpi in self.kpis if kpi.status or kpi.change is not None]
        known = [kpi for kpi in self.kpis if kpi.value is not None]
        return [kpi for kpi in told if kpi.status] or told or known[:FIRST]

    @property
    def kind(self) -> str:
        """How grave its worst report stands."""
        states = {entry.state for entry in self.entries}
        worst = next((state for state in _STATES if state in states), "")
        return "serious" if self.fault else _STATES.get(worst, "note")

    def stands(self, words: Words) -> str:
        """Return how its reports stand, in a few words."""
        counts = Counter(e.state for e in self.entries if e.state != "not applicable")
        told = [
            words.say(_("{n} {state}"), n=n, state=Said(words.say(state)))
            for state, n in sorted(counts.items())
        ]
        if self.fault:
            return words.say(_("refused"))
        return _comma(words).join(told) or words.say(_("no report yet"))


def _comma(words: Words) -> str:
    return "，" if words.language == "zh" else ", "


def render_index(
    clients: Sequence[ClientEntry], *, faults: Sequence[str] = (), words: Words | None = None
) -> str:
    """Return the index page, as sealed as the reports it links to.

    Whoever needs attention comes first among `clients`; `faults` are of notebooks; `words` speak
    the consultancy's language, English by default.
    """
    words = words or Words()
    return page_of(
        "portfolio.html.j2", words, policy=CONTENT_POLICY, style=style(), clients=clients,
        faults=faults, verdicts=_VERDICTS, period=words.period, label=words.label, spoken=SPOKEN,
        states=_STATES,
        noted=lambda note: say_caveat(note, words) if isinstance(note, Caveat) else note,
    )  # fmt: skip
