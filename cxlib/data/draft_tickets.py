"""The tickets section of a drafted client file."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

from cxlib.data import values
from cxlib.data.guess import Column, numbers
from cxlib.data.sections import (
    Lines,
    Table,
    always,
    dated,
    is_flag,
    is_number,
    quoted,
    shown_range,
    write_formats,
    write_source,
    write_unused,
)
from cxlib.data.vocabulary import (
    ABANDONED,
    ANSWER_WORDS,
    ANSWERED,
    BREACHED,
    DURATION_NAMES,
    PARTS_OF_CALL,
    STATE_WORDS,
    THUMBS,
    TICKETS,
    UNIT_WORDS,
    UNRATED,
)


def tickets(lines: Lines, table: Table, files: str) -> None:
    """Write the tickets section."""
    lines.add(0, "tickets:")
    write_source(lines, table, files)
    part, durations = Lines(), Lines()
    state: Column | None = None
    created = dated(table, TICKETS["created"])
    if created is None or (ids := table.take(TICKETS["id"], lambda c: c.distinct > 1)) is None:
        del lines.lines[-2:]
        lines.add(
            0,
            "",
            asks=[
                f"{files} looks like a ticket log, but no column tells "
                f"{'the id' if created else 'when a ticket was created'}"
            ],
        )
        return
    table.days = created[1].days
    again = len(ids.texts) - ids.distinct
    part.add(
        2,
        f"id: {quoted(ids.name)}",
        f"{ids.distinct} different in {ids.rows} rows",
        [f"{again} ids come again: is a row an event of a ticket? Then `events: true`"]
        if again
        else (),
    )
    part.add(2, f"created: {quoted(created[0].name)}", shown_range(created[1]), created[1].asks)
    for key in ("first_response", "resolved", "closed"):
        found = dated(table, TICKETS[key])
        if found is None:
            continue
        column, when = found
        early = int((when.days < table.days.reindex(when.days.index)).sum())
        asks = [*when.asks]
        if early > max(0.2 * len(column.texts), 5):
            asks.append(
                f"{early} tickets have {column.name!r} before they were created, so it is left "
                "out: another clock, or another meaning?"
            )
            part.add(2, f"# {key}: {quoted(column.name)}", asks=asks)
            continue
        part.add(
            2,
            f"{key}: {quoted(column.name)}",
            f"{int(when.days.notna().sum())} of {column.rows} filled; {shown_range(when)}",
            asks,
        )
    for key, pattern in DURATION_NAMES.items():
        whole = table.take(r"handl(e|ing) time.*", always) if key == "handle" else None
        if length := whole or table.take(pattern, always):
            _duration(durations, key, length, table)
    for key, fits in _TICKET_FITS.items():
        if other := table.take(TICKETS[key], fits):
            state = other if key == "state" else state
            if key == "csat" and not is_number(other):
                _rating(part, table, other)
                continue
            part.add(2, f"{key}: {quoted(other.name)}", f"{other.distinct} values",
                     [_WHO_SAYS] if key == "fcr_survey" else ())  # fmt: skip
        elif key == "sla_met" and (late := table.take(BREACHED.pattern, is_flag)):
            kept = 1 - values.flags(late.texts)[0].astype(int)
            known = dict(zip(late.texts, kept, strict=True))
            part.add(2, f"sla_met: {_coded(late, known)}", "it tells the breaches")
    answered = Lines() if state else _answered(part, table)
    lines.add(1, "columns:")
    lines.lines += part.lines
    write_formats(lines, table)
    if any(not line.lstrip().startswith("#") for line in durations.lines):
        lines.add(1, "durations:")
    lines.lines += durations.lines
    if state is not None:
        _states(lines, state)
    lines.lines += answered.lines
    lines.add(
        1, "# sla: {first_response: 4h, resolution: 2d}", "the contract's time limits, if any"
    )
    write_unused(lines, [column.name for column in table.rest()])


_WHO_SAYS = "do customers say so? Then `chapters: {service: {fcr: survey}}` goes by it"


def _rating(part: Lines, table: Table, column: Column) -> None:
    """Write a column of ratings in words: two of them, or a scale."""
    words = {str(raw): values.plain(str(raw)).casefold() for raw in column.texts.unique()}
    known: dict[str, int] = {raw: THUMBS[w] for raw, w in words.items() if w in THUMBS}
    if not known:
        known = {raw: ANSWER_WORDS[w] for raw, w in words.items() if w in ANSWER_WORDS}
    known = dict(sorted(known.items(), key=lambda pair: -pair[1]))
    rest = [raw for raw in words if raw not in known]
    strange = [raw for raw in rest if not UNRATED.fullmatch(words[raw])]
    asks = [f"what do {', '.join(map(repr, strange))} mean? They count as no answer here"]
    part.add(
        2, f"csat: {_coded(column, known)}", f"{column.distinct} values", asks if strange else ()
    )
    table.none += rest


def _coded(column: Column, known: Mapping[str, int]) -> str:
    told = ", ".join(f"{quoted(raw)}: {value}" for raw, value in known.items())
    return f"{{column: {quoted(column.name)}, values: {{{told}}}}}"


def _is_rating(column: Column) -> bool:
    """Tell whether a column holds ratings, as numbers or in words."""
    words = {values.plain(str(raw)).casefold() for raw in column.texts.unique()}
    known = len(words & {*THUMBS, *ANSWER_WORDS})
    return is_number(column) or (known > 1 and len(words) <= known + 3)


def _answered(part: Lines, table: Table) -> Lines:
    """Write the flag of calls that nobody answered as the state; return which cell says so."""
    lines, column = Lines(), table.take(ABANDONED, is_flag)
    if column is None:
        return lines
    part.add(2, f"state: {quoted(column.name)}", "whether somebody answered the call")
    yes = values.flags(column.texts)[0].astype(bool)
    answered = yes if ANSWERED.search(column.name) else ~yes
    lines.add(1, "states:")
    for state, rows in (("closed", answered), ("abandoned", ~answered)):
        if raws := ", ".join(quoted(str(raw)) for raw in column.texts[rows].unique()):
            lines.add(2, f"{state}: [{raws}]")
    return lines


def _duration(lines: Lines, key: str, column: Column, table: Table) -> None:
    """Write a column of durations; left out where a cell is none."""
    named = (u for u, words in UNIT_WORDS.items() if re.search(words, column.name, re.IGNORECASE))
    unit = next(named, "")
    asks = [] if unit or numbers(column.texts).isna().all() else ["are these minutes?"]
    unit = unit or "minutes"
    parts = [c.name for c in table.rest() if c.called(PARTS_OF_CALL)]
    if parts and column.called(r"talk.*|通话.*"):
        asks.append(
            f"handling a call is talk, hold and work after it, and {column.name!r} is one of them: "
            f"add {', '.join(map(repr, parts))} by `sql:`?"
        )
    strange = [t for t in column.texts.unique() if math.isnan(values.seconds(str(t), unit))]
    if strange:
        asks.append(f"{strange[0]!r} in {column.name!r} is no duration, so the column is left out")
    said = f"{key}: {{column: {quoted(column.name)}, unit: {unit}}}"
    lines.add(2, f"# {said}" if strange else said, asks=asks)


_TICKET_FITS: Mapping[str, Callable[[Column], bool]] = dict.fromkeys(
    ("state", "customer", "channel", "queue", "priority", "group", "agent"), always
) | {
    "reopened": is_number,
    "reassigned": is_number,
    "csat": _is_rating,
    "fcr_survey": is_flag,
    "category": always,
    "complaint": is_flag,
    "upheld": is_flag,
    "sla_met": is_flag,
    "comment": always,
}


def _states(lines: Lines, column: Column) -> None:
    found: dict[str, list[str]] = {}
    unknown = []
    for raw in map(str, column.texts.value_counts().index):
        word = values.plain(raw)
        state = next(
            (s for s, p in STATE_WORDS.items() if re.fullmatch(p, word, re.IGNORECASE)), ""
        )
        if not state:
            unknown.append(raw)
        found.setdefault(state or "open", []).append(raw)
    lines.add(1, "states:")
    asks = [f"what does the state {', '.join(map(repr, unknown))} mean? It stands under open"]
    for state, raws in found.items():
        lines.add(
            2,
            f"{state}: [{', '.join(map(quoted, raws))}]",
            asks=asks if state == "open" and unknown else (),
        )
