"""Findings: a rule table and a row make one; the headline is plain, the evidence beneath it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import pandas as pd

from cxlib import columns
from cxlib.columns import records
from cxlib.errors import CxError, nearest
from cxlib.present.formats import absent, cell, named
from cxlib.words import Quantity, Said, Words, mark as _

Severity = Literal["serious", "warning", "good", "note"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From what must be acted on to what is good to know."""
MOST = 5
"""Findings at the top of a chapter."""
INTERVAL = _("95% interval {low} to {high}, {n} {n:answer|answers}")
STATED = _("{value}; 95% interval {low} to {high}, {n} {n:answer|answers}")
ANSWERS = _("{n} {n:answer|answers}")
COUNTED = _("All {n} cases are counted")


@dataclass(frozen=True)
class Rule:
    """What is said of a row in which every column of `when` holds its case.

    Parameters
    ----------
    when : mapping
        Column to case, or to several cases, any of which fits.
    says : str
        The headline's sentence, a msgid; a rule without it only changes what follows.
    severity : {"serious", "warning", "good", "note"}, optional
        The last rule that names one has the last word.
    next_step : str
        A msgid: who does what; the last rule that names one has the last word.
    also : str
        How the same is said after another sentence about the same thing.
    stake : str
        The column that says what is at stake, in points of the first KPI.
    desk : bool
        It is the consultant's to act on: no report, deck or book tells the client.
    seeks : bool
        Its next step seeks somebody to act; an open action on record takes its place.
    who : str
        A msgid: who is to take that step, where the step itself names somebody.
    measuring : bool
        Its step mends how things are measured, not the business: the summary tells of it as a note
        on the evidence.
    """

    when: Mapping[str, Any]
    says: str = ""
    severity: Severity | str = ""
    next_step: str = ""
    also: str = ""
    stake: str = "stake"
    desk: bool = False
    seeks: bool = False
    who: str = ""
    measuring: bool = False

    def __post_init__(self) -> None:
        """Refuse a severity that nobody knows."""
        if self.severity and self.severity not in SEVERITIES:
            raise CxError(f"severity {self.severity!r} is not one of {', '.join(SEVERITIES)}.")

    def fits(self, row: Mapping[Any, Any]) -> bool:
        """Tell whether a row is such a case."""
        return all(_case(row.get(name), wanted) for name, wanted in self.when.items())


def _case(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, (tuple, frozenset, set, list)):
        return any(_case(value, one) for one in wanted)
    if wanted is None or value is None:
        return value is wanted
    missing = pd.isna(value)
    return not (isinstance(missing, bool) and missing) and bool(value == wanted)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing the client should know: what it is about, its facts, and the rules that word it.

    Parameters
    ----------
    id : str
        ``<chapter>.<subject>``; later chapters refer to it.
    row : mapping
        The facts: the row of a table, unrounded and language-neutral.
    rules : tuple of Rule
        Those that fit it, in order.
    evidence : str
        The small line beneath, a msgid.
    """

    id: str
    row: Mapping[str, Any]
    rules: tuple[Rule, ...]
    evidence: str = ""

    @property
    def chapter(self) -> str:
        """The stem of the chapter that found it."""
        return self.id.partition(".")[0]

    @property
    def subject(self) -> str:
        """The KPI, touchpoint or group it is about."""
        return self.id.partition(".")[2]

    @property
    def answered_by(self) -> tuple[str, ...]:
        """KPIs an action on which answers it: its own, and the part that it moved with."""
        part = self.row.get("fell_with")
        return (self.subject,) if absent(part) else (self.subject, str(part))

    @property
    def severity(self) -> str:
        """How grave it is."""
        return next((r.severity for r in reversed(self.rules) if r.severity), "note")

    @property
    def next_step(self) -> str:
        """What follows from it, a msgid; empty if nothing."""
        return next((r.next_step for r in reversed(self.rules) if r.next_step), "")

    @property
    def desk(self) -> bool:
        """Whether it is for the consultant alone."""
        return all(rule.desk for rule in self.rules if rule.says)

    @property
    def measuring(self) -> bool:
        """Whether it is about how things are measured alone."""
        return all(rule.measuring for rule in self.rules if rule.says)

    @property
    def seeks(self) -> bool:
        """Whether what follows from it is that somebody must be found to act."""
        return next((r.seeks for r in reversed(self.rules) if r.next_step), False)

    @property
    def tier(self) -> int:
        """0 for a KPI, 1 for its parts (touchpoints, groups), -1 for the chapter's own answer."""
        if self.row.get("answers") is True:
            return -1
        part = self.row.get("source") == "touchpoint" or not absent(self.row.get("segment"))
        return int(part)

    @property
    def stake(self) -> float:
        """Points of the first KPI that are missing or lost; good news has none."""
        if self.severity not in ("serious", "warning"):
            return 0.0
        bad = [self.row.get(r.stake) for r in self.rules if r.severity in ("serious", "warning")]
        return max((abs(float(s)) for s in bad if s is not None and not absent(s)), default=0.0)

    @property
    def base(self) -> int | None:
        """Answers it rests on."""
        n = self.row.get("n")
        return None if absent(n) else int(n)  # type: ignore[arg-type]

    def headline(self, words: Words) -> str:
        """Return the sentences a director reads: no interval, no n, no p."""
        said = facts(self.row, words)
        first, *more = [rule for rule in self.rules if rule.says]
        texts = [first.says, *(rule.also or rule.says for rule in more)]
        return ("" if words.language == "zh" else " ").join(words.say(t, **said) for t in texts)

    def step(self, words: Words) -> str:
        """Return what follows from it, said; empty if nothing."""
        return words.say(self.next_step, **facts(self.row, words)) if self.next_step else ""

    def whose(self, words: Words) -> str:
        """Return who is to take that step: whom it names, or whose the row is; empty if nobody."""
        named = next((r.who for r in reversed(self.rules) if r.next_step), "")
        known = (self.row.get(name) for name in ("owed_by", "whose", "owner"))
        row = next((str(owner) for owner in known if owner and not absent(owner)), "")
        return words.say(named, **facts(self.row, words)) if named else words.label(row)

    def proof(self, words: Words) -> str:
        """Return the small line beneath: the interval of the number that is stated, the base.

        Nothing where nothing that it tells of is known, as of a wave that nobody began.
        """
        said, line = facts(self.row, words), self.evidence
        told = _named(line)
        if told and all(absent(self.row[name]) for name in told):
            return ""
        if line == INTERVAL:
            sentence = next(rule.says for rule in self.rules if rule.says)
            stating = [columns.COLUMNS.get(name) for name in _named(sentence)]
            ends = [column.interval for column in stating if column]
            stated = next((e for e in ends if e and not absent(self.row.get(e[0]))), None)
            if stated:
                said |= dict(zip(("low", "high"), (said[end] for end in stated), strict=True))
            elif not absent(self.row.get("value")):
                line = STATED
        return words.say(line, **said)


RECORDED = Rule(
    {}, next_step=_("Action on record: {action}. Ask at the meeting how far it has come.")
)
"""What follows from a finding that an open action answers, whatever its chapter advised."""


def on_record(finding: Finding, actions: Mapping[str, str]) -> Finding:
    """Return a finding that seeks somebody to act with the open action on its KPI, if one is."""
    action = next((actions[kpi] for kpi in finding.answered_by if kpi in actions), None)
    return with_action(finding, action) if action is not None and finding.seeks else finding


def with_action(finding: Finding, action: str) -> Finding:
    """Return a finding with the action that answers it in place of its own next step."""
    row = dict(finding.row) | {"action": action}
    return replace(finding, row=row, rules=(*finding.rules, RECORDED))


def tell(
    table: Any, rules: Iterable[Rule], *, chapter: str, about: str = "kpi", evidence: str = ""
) -> list[Finding]:
    """Return one finding for every row that a rule speaks of.

    Parameters
    ----------
    table : DataFrame, or a result with a ``table``
    rules : iterable of Rule
        In order: the first that speaks words the headline, the others join it.
    chapter : str
        Stem of the chapter.
    about : str
        The column whose value is the subject; ``"level"`` is told with its segment.
    evidence : str, optional
        A msgid for the line beneath instead of interval and base.

    Raises
    ------
    CxError
        If a sentence tells of a column that the table has not got.
    """
    frame = table if isinstance(table, pd.DataFrame) else table.table
    told, rules = [], tuple(rules)
    for row in records(frame):
        if bool(row.get("withheld", False)):
            continue
        fit = tuple(rule for rule in rules if rule.fits(row))
        if any(rule.says for rule in fit):
            subject = f"{row['segment']}={row['level']}" if about == "level" else str(row[about])
            known = {str(name): value for name, value in row.items()}
            line = evidence or _evidence(row)
            made = Finding(id=f"{chapter}.{subject}", row=known, rules=fit, evidence=line)
            told.append(_whole(made))
    return told


def _whole(finding: Finding) -> Finding:
    """Return a finding whose row has every fact that its sentences tell."""
    told = (text for rule in finding.rules for text in (rule.says, rule.who))
    for text in (*told, finding.next_step, finding.evidence):
        for name in _named(text):
            if name not in finding.row:
                near = nearest(name, map(str, finding.row))
                raise CxError(f"finding {finding.id}: no column {name!r} for {text!r}{near}")
    return finding


def _named(text: str) -> list[str]:
    """Return the columns that a sentence tells of."""
    return [name.removeprefix("by_") for name in re.findall(r"{(\w+)", text)]


def _evidence(row: Mapping[Any, Any]) -> str:
    if absent(row.get("n")):
        return ""
    if not absent(row.get("low")):
        return INTERVAL
    return COUNTED if row.get("basis") == "census" else ANSWERS


def facts(row: Mapping[str, Any], words: Words) -> dict[str, Said]:
    """Return a row's facts as its reader reads them: each in the format of its column.

    ``by_<name>`` is the amount of a change without its sign.
    """
    unit, told = str(row.get("unit") or ""), {}
    for name, value in row.items():
        kind = columns.kind_of(name) or _plain_kind(value)
        if isinstance(value, str) and kind not in columns.WORDS_KINDS:
            kind = "text"  # another chapter's number has the same name
        shown = value
        if kind == "level" or name == "mix_level":
            of = row.get("mix_segment" if name == "mix_level" else "segment", name)
            shown, kind = f"{of}={value}", "level"
        alone = kind in ("level", "key") and isinstance(shown, str)
        told[name] = Said(
            named(shown, words) if alone else cell(shown, kind, words=words, unit=unit)
        )
        start = row.get(f"{name[:-4]}low") if name.endswith("high") else None
        if kind in ("signed", "unit", "percent") and not absent(value) and not absent(start):
            scale = "share" if kind == "percent" else unit
            ends = words.span(float(start), float(value), scale, sign=kind == "signed")  # type: ignore[arg-type]
            told[f"{name[:-4]}low"], told[name] = map(Said, ends)
        if kind in ("signed", "unit") and not absent(value):
            amount = Quantity(abs(float(value)), "pp" if unit == "percent" else unit)
            told[f"by_{name}"] = Said(words.quantity(amount.value, amount.unit))
    return told


def _plain_kind(value: Any) -> columns.Kind:
    if isinstance(value, bool):
        return "mark"
    if isinstance(value, int):
        return "int"
    return "number" if isinstance(value, float) else "text"


def silence(table: Any, case: str, *, of: Any = ...) -> pd.DataFrame:
    """Return the case that is told where a table has nothing to show; no row where it has.

    Nothing is told of what was not looked at: where `of`, what the table was made from, is empty.
    """
    silent, unseen = (one is None or len(one) == 0 for one in (table, [0] if of is ... else of))
    return pd.DataFrame({"case": [case]} if silent and not unseen else {})


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings gravest first, KPIs before their parts, then by what is at stake."""
    rank: dict[str, int] = {severity: at for at, severity in enumerate(SEVERITIES)}
    return sorted(findings, key=lambda f: (rank[f.severity], f.tier, -f.stake))
