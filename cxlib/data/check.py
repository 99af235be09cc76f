"""Everything that is to be said of a client's data before a run, writing nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from cxlib import periods
from cxlib.data.apart import Limits, apart
from cxlib.data.changes import changes
from cxlib.data.intake import NO_DATA, Made, make_tables, source_hashes
from cxlib.data.masking import mask_text
from cxlib.data.schema import DATED
from cxlib.data.store import read_record
from cxlib.data.survey import own_of
from cxlib.errors import Count
from cxlib.workspace import Workspace

if TYPE_CHECKING:
    from cxlib.params import Client, Fault

_DATED = {
    "survey": "date",
    "fieldwork": "date",
    **DATED,
    "members": "joined",
    "benefits": "date",
    "points": "date",
}
_COMMON = 12
"""Values of a question that are shown; the rest is counted."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a check found: `faults` (errors and warnings), `intake` lines, `distributions`.

    `changes` are lines on what is new since the last intake.
    """

    faults: list[Fault]
    intake: list[str]
    distributions: list[str]
    changes: list[str] = field(default_factory=list)


def check(client: Client, workspace: Workspace) -> list[Fault]:
    """Return what is wrong with a client's raw files, as ingest would read them.

    Errors stop an ingest; warnings are what a consultant should know. In the order of the client
    file. Nothing is written, and no key is made.
    """
    return examine(client, workspace).faults


def examine(
    client: Client,
    workspace: Workspace,
    *,
    limits: Limits | None = None,
    then: Callable[[list[Made]], object] | None = None,
) -> Checked:
    """Read all of a client's raw files as ingest would, and say all there is to say of them.

    Where nothing is wrong, `then` takes the tables: what comes next need not read the files again.
    """
    return apart(_examine, client, workspace, then, limits=limits)


def _examine(
    client: Client, workspace: Workspace, then: Callable[[list[Made]], object] | None
) -> Checked:
    tables = make_tables(client, workspace)
    faults = _face(client, workspace)
    if not tables and not client.registers:
        return Checked(faults=[*faults, client.fault((), NO_DATA)], intake=[], distributions=[])
    faults = sorted([*faults, *faults_of(client, tables)], key=lambda fault: fault.line)
    told = Checked(
        faults=faults,
        intake=[line for made in tables for line in _intake(client, made)],
        distributions=[line for made in tables for line in _distributions(client, made)],
        changes=_changes(client, workspace, tables),
    )
    if then is not None and not any(fault.severity == "error" for fault in faults):
        then(tables)
    return told


def _face(client: Client, workspace: Workspace) -> list[Fault]:
    from cxlib.data.face import face_of
    from cxlib.params.faults import InvalidParams

    try:
        face_of(client, workspace, client.languages[0])
    except InvalidParams as wrong:
        return list(wrong.faults)
    return []


def _changes(client: Client, workspace: Workspace, tables: list[Made]) -> list[str]:
    """Return what changed since the last intake; if nothing did, what had changed at that one."""
    before = read_record(workspace.tables(client.client))
    if before is None or any(made.ledger.failed for made in tables):
        return []
    if "summary" not in before:
        return ["since the last intake: an older kit kept no summary; the next intake does."]
    hashes = source_hashes(client, workspace, tables=tables)
    if before.get("sources") == hashes and before.get("params") == client.hash:
        told = ["since the last intake: nothing has changed."]
        return told + [f"at the last intake: {line}" for line in before.get("changes", [])]
    told = changes(client, workspace, tables, before, hashes)
    return [f"since the last intake: {line}" for line in told]


def faults_of(client: Client, tables: Iterable[Made]) -> list[Fault]:
    """Return what the ledgers of tables hold, each at its line of the client file."""
    faults = [
        client.fault(issue.path, mask_text(issue.message), issue.value, severity=issue.severity)
        for made in tables
        for issue in made.ledger.issues
    ]
    return sorted(faults, key=lambda fault: fault.line)


def _intake(client: Client, made: Made) -> list[str]:
    """Return how a source was read: files, rows in, used and dropped, dates, answers."""
    ledger, frame = made.ledger, made.frame
    lines = [f"{made.name}: {name}: {told}" for name, told in made.told.items()]
    if frame is None:
        return lines
    parts = [f"{(many := Count(ledger.rows_read))} {many:row|rows} in, {len(frame)} used"]
    parts += [f"{n} {reason}" for reason, n in ledger.dropped.items()]
    column = _DATED.get(made.name)
    if column in frame and frame[column].notna().any():
        parts.append(f"{frame[column].min():%Y-%m-%d} to {frame[column].max():%Y-%m-%d}")
    elif made.name == "kpis":
        known = periods.order(frame["period"])
        parts.append(f"{known[0]} to {known[-1]}")
    lines.append(f"{made.name}: " + "; ".join(parts))
    if made.name == "survey":
        own = own_of(frame)
        asked = [key for key, _scale in _asked(client) if key in own]
        told = ", ".join(f"{key} {int(own[key].notna().sum()):,}" for key in asked)
        lines.append(
            f"survey: answers: {told}"
            if told
            else "survey: no KPI and no touchpoint is named: no chapter can be made of it"
        )
    return lines + [f"{made.name}: {note}" for note in ledger.told]


def _asked(client: Client) -> list[tuple[str, tuple[int, int] | None]]:
    return [(m.key, m.scale) for m in client.metrics] + [
        (t.key, t.scale) for t in client.touchpoints
    ]


def _distributions(client: Client, made: Made) -> list[str]:
    """Return how often each answer of each question was given."""
    frame = made.frame
    if frame is None or client.survey is None or made.name != "survey" or "brand" not in frame:
        return []
    own, lines = own_of(frame), []
    for key, scale in _asked(client):
        if key not in own:
            continue
        counts = own[key].value_counts()
        steps = range(scale[0], scale[1] + 1) if scale and scale[1] - scale[0] < 20 else ()
        told = [f"{step}: {int(counts.get(step, 0))}" for step in steps] or _common(own[key])
        odd = (
            [f"{value:g}: {n}" for value, n in counts.items() if value not in steps]
            if steps
            else []
        )
        unused = own.get(f"{key}_used")
        told += odd + ([f"not used: {int((unused == False).sum())}"] if unused is not None else [])  # noqa: E712
        lines.append(f"{key}: {', '.join(told)}, no answer: {int(own[key].isna().sum())}")
    for key in (*client.segments, *client.survey.questions):
        choices = [name for name in own if str(name).startswith(f"{key}=")]
        if choices:
            told = [f"{str(n).partition('=')[2]!r}: {int(own[n].sum())}" for n in choices]
            base = int(own[choices[0]].notna().sum())
            lines.append(f"{key} (base {base}): {', '.join(told)}")
        elif key in own and getattr(client.survey.questions.get(key), "kind", "") != "open":
            none = int(own[key].isna().sum())
            lines.append(f"{key}: {', '.join(_common(own[key]))}, no answer: {none}")
        elif key in own:
            lines.append(f"{key}: {(many := Count(own[key].notna().sum()))} {many:text|texts}")
    return lines


def _common(cells: pd.Series) -> list[str]:
    counts = cells.value_counts()
    shown = [f"{value!r}: {n}" for value, n in counts.head(_COMMON).items()]
    rest = len(counts) - _COMMON
    others = f"{rest} more {Count(rest):value|values}: {int(counts.iloc[_COMMON:].sum())}"
    return shown + [others] * (rest > 0)
