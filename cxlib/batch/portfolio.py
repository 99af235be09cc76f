"""Every client at a glance: what the index of the reports shows, from saved results."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib.batch.plan import BOOK
from cxlib.batch.state import records
from cxlib.errors import SetupError
from cxlib.report.index import GLANCE, LATE, NOTE, ClientEntry, Entry, Kpi
from cxlib.report.saved import TITLES
from cxlib.words import LANGUAGES, Words, as_words
from cxlib.workspace import Workspace, report_folder

if TYPE_CHECKING:
    from cxlib.batch.plan import Run


_STEM = re.compile(r"^\d+-")
LANGUAGE = "CX_LANGUAGE"
"""The consultancy's language, where it is not that of the machine."""


def consultancy() -> Words:
    """Return the consultancy's language: by ``CX_LANGUAGE``, else the machine's, else `en`.

    SetupError if ``CX_LANGUAGE`` names another language.
    """
    asked = os.environ.get(LANGUAGE, "")
    told = asked or next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    language = re.split("[-_.@]", told.strip().lower())[0]  # of zh_CN.UTF-8, as a machine says it
    if asked and language not in LANGUAGES:
        raise SetupError(f"{LANGUAGE} is {asked!r}; the index speaks {' or '.join(LANGUAGES)}.")
    return Words.load(language if language in LANGUAGES else "en")


def portfolio(
    workspace: Workspace, out: Path, run: Run, *, language: str = "en"
) -> list[ClientEntry]:
    """Return all clients of a workspace with their reports, those of earlier runs included.

    The index will lie in `out`; what is told of the run's jobs overrides what is recorded. Whoever
    needs attention comes first, then by name in `language`.
    """
    names = sorted({*workspace.clients(), *(job.client for job in run.ended)})
    found = [_client(workspace, out, run, name, language) for name in names]
    worst = sorted(found, key=lambda client: (client.title or client.name).casefold())
    return sorted(worst, key=lambda client: client.attention, reverse=True)


def _client(workspace: Workspace, out: Path, run: Run, name: str, language: str) -> ClientEntry:
    told: list[Entry] = []
    glances: dict[str, dict[str, Any]] = {}
    known = {*TITLES, BOOK.stem, *(_STEM.sub("", each.stem) for each in workspace.chapter_files())}
    for record in records(workspace, name):
        if record.error and record.chapter not in known:
            continue  # its notebook is gone: nobody can mend it
        made = record.path(workspace, "report")
        path = made and out / report_folder(name, record.period, record.language) / made.name
        state, file = "failed" if record.error else "done", record.file or record.chapter
        about = (record.chapter, record.title or record.chapter, record.period, record.language)
        told.append(Entry(*about, state, _link(path, out), record.error, file))
        glances.setdefault(record.period, {}).update(record.glance)
    for job in (job for job in run.ended if job.client == name):
        note = job.error or (job.reason if job.state == "not applicable" else "")
        about = (job.stem, job.chapter.title, job.period, job.language)
        told.append(Entry(*about, job.state, _link(job.report, out), note, job.chapter.file))
    entries = {(each.period, each.language, each.chapter): each for each in told}
    latest = max(glances, default="")
    glance = glances.get(latest, {})
    title, labels = _called(workspace, run, name, language)
    return ClientEntry(
        name=name,
        title=title,
        entries=tuple(sorted(entries.values(), key=_in_order)),
        period=latest,
        kpis=tuple(
            Kpi(labels.get(kpi) or as_words(kpi), **{field: row.get(field) for field in GLANCE})
            for kpi, row in glance.items()
            if isinstance(row, dict)
        ),
        late={
            key.removeprefix(LATE): int(n)
            for key, n in glance.items()
            if key.startswith(LATE) and n
        },
        notes=tuple(
            text
            for key, notes in glance.items()
            for spoken, text in (notes if key.startswith(NOTE) else ())
            if spoken == language
        ),
        fault=run.faults.get(name, ""),
    )


def _called(workspace: Workspace, run: Run, name: str, language: str) -> tuple[str, dict[str, str]]:
    """Return a client's name and labels in the consultancy's language; its key if it has none."""
    from cxlib import params
    from cxlib.errors import CxError

    try:
        client = run.clients.get(name) or params.load(name, workspace)
    except CxError:
        return name, {}
    return client.display_name(language), client.labels(language)


def _in_order(entry: Entry) -> tuple[tuple[int, ...], str, bool, str]:
    """Newest period first; in it by language, the book first, then the chapters as read."""
    newest = tuple(-ord(c) for c in entry.period)
    return newest, entry.language, entry.chapter != "book", entry.file


def _link(path: Path | None, out: Path) -> str:
    return Path(os.path.relpath(path, out)).as_posix() if path and path.is_file() else ""
