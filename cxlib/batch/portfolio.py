"""Every client at a glance: what the index of the reports shows, from saved results."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib.batch.state import records
from cxlib.report.index import GLANCE, LATE, NOTE, ClientEntry, Entry, Kpi
from cxlib.words import Words
from cxlib.workspace import Workspace, report_folder

if TYPE_CHECKING:
    from cxlib.batch.run import Run


LANGUAGE = "CX_LANGUAGE"
"""The consultancy's language, where it is not that of the machine."""


def consultancy() -> Words:
    """Return the consultancy's language: by ``CX_LANGUAGE``, else the machine's, else `en`."""
    told = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return Words.load(os.environ.get(LANGUAGE) or ("zh" if told.startswith("zh") else "en"))


def portfolio(
    workspace: Workspace, out: Path, run: Run, *, language: str = "en"
) -> list[ClientEntry]:
    """Return all clients of a workspace with their reports, those of earlier runs included.

    The index will lie in `out`; what is told of the run's jobs overrides what is recorded. Whoever
    needs attention comes first, then by name in `language`.
    """
    names = sorted({*workspace.clients(), *(e.job.client for e in run.ended)})
    found = [_client(workspace, out, run, name, language) for name in names]
    worst = sorted(found, key=lambda client: (client.title or client.name).casefold())
    return sorted(worst, key=lambda client: client.attention, reverse=True)


def _client(workspace: Workspace, out: Path, run: Run, name: str, language: str) -> ClientEntry:
    entries: dict[tuple[str, str, str], Entry] = {}
    glances: dict[str, dict[str, Any]] = {}
    for record in records(workspace, name):
        path = record.path(workspace, "report")
        report = out / report_folder(name, record.period, record.language)
        entries[record.period, record.language, record.chapter] = Entry(
            chapter=record.chapter,
            title=record.title or record.chapter,
            period=record.period,
            language=record.language,
            state="failed" if record.error else "done",
            link=_link(report / path.name, out) if path else "",
            note=record.error,
            file=record.file or record.chapter,
        )
        glances.setdefault(record.period, {}).update(record.glance)
    for ended in run.ended:
        job = ended.job
        if job.client != name:
            continue
        entries[job.period, job.language, job.chapter.stem] = Entry(
            chapter=job.chapter.stem,
            title=job.chapter.title,
            period=job.period,
            language=job.language,
            state=ended.state,
            link=_link(ended.report, out) if ended.report else "",
            note=ended.error or (job.reason if ended.state == "not applicable" else ""),
            file=job.chapter.file,
        )
    latest = max(glances, default="")
    title, labels = _called(workspace, name, language)
    return ClientEntry(
        name=name,
        title=title,
        entries=tuple(sorted(entries.values(), key=_in_order)),
        period=latest,
        kpis=tuple(
            Kpi(labels.get(kpi, kpi), **{field: row.get(field) for field in GLANCE})
            for kpi, row in glances.get(latest, {}).items()
            if isinstance(row, dict)
        ),
        late={
            key.removeprefix(LATE): int(n)
            for key, n in glances.get(latest, {}).items()
            if key.startswith(LATE) and n
        },
        notes=tuple(
            text
            for key, told in glances.get(latest, {}).items()
            if key.startswith(NOTE)
            for spoken, text in told
            if spoken == language
        ),
        fault=run.faults.get(name, ""),
    )


def _called(workspace: Workspace, name: str, language: str) -> tuple[str, dict[str, str]]:
    """Return a client's name and labels in the consultancy's language; its key if it has none."""
    from cxlib import params
    from cxlib.errors import CxError

    try:
        client = params.load(name, workspace)
    except CxError:
        return name, {}
    return client.display_name(language), client.labels(language)


def _in_order(entry: Entry) -> tuple[tuple[int, ...], str, bool, str]:
    """Newest period first; in it by language, the book first, then the chapters as read."""
    newest = tuple(-ord(c) for c in entry.period)
    return newest, entry.language, entry.chapter != "book", entry.file


def _link(path: Path, out: Path) -> str:
    return Path(os.path.relpath(path, out)).as_posix() if path.is_file() else ""
