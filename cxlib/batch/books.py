"""The book of a client: its chapters bound, and any report printed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib.batch import issues
from cxlib.batch.parcel import Outcome
from cxlib.batch.plan import BOOK, Job
from cxlib.batch.state import Record, read_record, write_record
from cxlib.errors import CxError, RunError
from cxlib.report.book import Part, render_book
from cxlib.report.cover import cover_of
from cxlib.report.pdf import print_pdf
from cxlib.words import Words, mark as _
from cxlib.workspace import Workspace, write_whole

if TYPE_CHECKING:
    from cxlib.params import Client

FIRST = "summary"
"""The chapter that a book begins with."""
MADE = ("done", "fresh")
FAILED = _("It could not be made for this period.")
BLOCKED = _("It rests on a chapter that could not be made for this period.")


def bind(
    workspace: Workspace, client: Client, job: Job, ended: Sequence[tuple[Job, str]], made_of: str
) -> Outcome:
    """Bind the reports of one client, period and language, whose chapters have `ended` in some way.

    `made_of` is the digest of all that goes into it.
    """
    labels, segments = client.labels(job.language), client.segments
    beside = tuple(
        sorted(
            path
            for each, _state in ended
            for path in each.chapter.path.parent.glob(f"{each.chapter.file}.{job.language}.po")
        )
    )
    words = Words.load(job.language, labels=labels, beside=beside, segments=segments)
    parts, missing = [], []
    for each, state in sorted(ended, key=lambda e: (e[0].stem != FIRST, e[0].chapter.file)):
        if state == "not applicable":
            continue
        record = read_record(workspace, each.where)
        path = record.path(workspace, "report") if record and not record.error else None
        if state in MADE and path is not None:
            html = path.read_text(encoding="utf-8")
            parts.append(Part(stem=each.stem, file=each.chapter.file, html=html))
        else:
            why = BLOCKED if state == "blocked" else FAILED
            missing.append((words.say(each.chapter.title), words.say(why)))
    if not parts:
        return Outcome(job.key, error="no chapter could be made: there is nothing to bind.")
    try:
        found = issues.before(workspace, job.client, job.period, job.language, made_of)
        html = render_book(
            parts,
            words=words,
            cover=cover_of(client, workspace, period=job.period, words=words),
            missing=missing,
            since=issues.since(workspace, client, found, job.period, words),
        )
    except CxError as failed:
        return Outcome(job.key, error=str(failed))
    return Outcome(job.key, {"report": html.encode("utf-8")})


def is_part(job: Job, book: Job) -> bool:
    """Tell whether a job is a chapter of a book: a notebook of its client, period and language."""
    return job.chapter.path.suffix == ".ipynb" and job.where[:3] == book.where[:3]


def mapped(workspace: Workspace, book: Job, out: Path) -> list[str]:
    """Draw the journey for the wall beside a book; return the line that says where, or why not."""
    from cxlib.batch.sample import wall_maps

    asked: dict[str, Any] = {"period": book.period, "languages": (book.language,), "out": out}
    try:
        return [f"for the wall: {path}" for path in wall_maps(workspace, book.client, **asked)]
    except Exception as failed:  # noqa: BLE001 - a client's map never stops its book
        return [f"{book.client}: no map for the wall: {failed}"]


def outdated(workspace: Workspace, made: Iterable[Job]) -> list[str]:
    """Return a line for each book that is older than the chapters just made."""
    books = dict.fromkeys(replace(job, chapter=BOOK) for job in made)
    old = dict.fromkeys("/".join(b.where[:3]) for b in books if read_record(workspace, b.where))
    return [
        f"{name}: its book is older than its chapters; bind it anew with --book." for name in old
    ]


def printed(workspace: Workspace, job: Job) -> None:
    """Print a job's report beside it, unless that is done already.

    SetupError if the machine has no Chromium, RunError if it cannot be printed or written.
    """
    record: Record | None = read_record(workspace, job.where)
    report = record.path(workspace, "report") if record else None
    if record is None or report is None or record.path(workspace, "pdf") is not None:
        return
    content = print_pdf(report.read_text(encoding="utf-8"), pages=job.chapter is BOOK)
    path = report.with_suffix(".pdf")
    try:
        write_whole(path, content)
    except OSError as failed:
        raise RunError(f"cannot write {path}: {failed.strerror}") from None
    told = (workspace.shown(path), hashlib.sha256(content).hexdigest())
    write_record(workspace, job.where, replace(record, files={**record.files, "pdf": told}))
