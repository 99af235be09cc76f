"""The tiles a report begins with: one rule for every chapter, its colour the verdict's."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cxlib.analysis.kpis.changes import BETTER, MIX, UNCLEAR, WORSE
from cxlib.analysis.kpis.verdicts import BEHIND, DECIDED, MET, MISSED, ON, OPEN
from cxlib.columns import records
from cxlib.present.conclusions import spark, view_tiles
from cxlib.present.findings import facts
from cxlib.present.formats import absent
from cxlib.present.mime import View
from cxlib.words import Said, Words, mark as _

STATES = {MET: "good", ON: "good", MISSED: "bad", BEHIND: "bad"}
"""A verdict's colour, wherever one is shown; what is too close to call is open."""
LAST = 12
"""Periods of a sparkline."""


def kpi_tiles(standing: Any, *, words: Words) -> View:
    """Return one tile a KPI: value, verdict in words, movement, last year, competitor.

    Parameters
    ----------
    standing : Estimates
        As `Engagement.standing` gives it, small bases withheld; its column ``history`` holds the
        values of earlier periods, ``broken`` the places in it before which the level broke.
    words : Words
    """
    frame = standing if isinstance(standing, pd.DataFrame) else standing.table
    return view_tiles([_tile(row, words) for row in records(frame)])


def _tile(row: dict[Any, Any], words: Words) -> dict[str, Any]:
    said = facts({k: v for k, v in row.items() if k not in ("history", "broken")}, words)
    lines = [*_verdict(row, said, words), *_movement(row, said, words)]
    if not absent(row.get("last_year")):
        lines.append(words.say(_("A year ago: {last_year}"), **said))
    if not absent(row.get("competitor_value")):
        lines.append(words.say(_("{competitor}, unadjusted: {competitor_value}"), **said))
    history, broken = (
        tuple(row[name]) if isinstance(row.get(name), (tuple, list)) else ()
        for name in ("history", "broken")
    )
    points, cut = spark(history[-LAST:]), max(0, len(history) - LAST)
    steps = [at - cut for at in broken if at > cut and points]
    breaks = [(points[at - 1][0] + points[at][0]) / 2 for at in steps]
    named = {"label": words.label(row["kpi"]), "value": said["value"], "lines": lines}
    return named | {"state": verdict_state(row), "spark": points, "breaks": breaks}


def verdict_state(row: Any) -> str:
    """Return a verdict's colour: of its course before it is due, from then on of its status."""
    course, status = row.get("course"), row.get("status")
    if not isinstance(status, str) or row.get("withheld", False):
        return ""
    decides = course if course not in (*DECIDED, None) else status
    return STATES.get(str(decides), "open")


def _verdict(row: dict[Any, Any], said: dict[str, Said], words: Words) -> list[str]:
    if not isinstance(row.get("status"), str) or absent(row.get("value")):
        return []
    if row.get("course") in DECIDED or row.get("due") is None:
        return [words.say(_("Target {target}: {status}"), **said)]
    ahead = row["course"] == ON and row["status"] == MET
    course = _("Already met; {expected} expected now") if ahead else _COURSES[row["course"]]
    return [words.say(_("Target {target} by {due}"), **said), words.say(course, **said)]


_COURSES = {
    ON: _("On its path: {expected} expected now"),
    BEHIND: _("Behind its path: {expected} expected now"),
    OPEN: _("Too close to call: {expected} expected now"),
}
_MOVES = {
    WORSE: _("Worse in {at}, like for like: {like}"),
    BETTER: _("Better in {at}, like for like: {like}"),
}


def _movement(row: dict[Any, Any], said: dict[str, Said], words: Words) -> list[str]:
    if not isinstance(row.get("to"), str) or absent(row.get("change")):
        return []
    if row["turn"] != UNCLEAR and not absent(row.get("like")):
        return [words.say(_MOVES[row["turn"]], **said)]
    if row["turn"] != UNCLEAR:
        return [words.say(_("{change} in {at}"), **said)]
    if row["cause"] == MIX:
        return [words.say(_("{change} in {at}: other customers answered"), **said)]
    if row.get("basis") == "census":
        return [words.say(_("{change} since {to}"), **said)]
    return [words.say(_("No clear change since {to}"), **said)]
