"""The book of a client: its chapters bound, any report printed, and what is sent, frozen."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib.batch import issues
from cxlib.batch.gate import Gate
from cxlib.batch.plan import BOOK, Job
from cxlib.batch.state import read_record, write_record
from cxlib.batch.work import Outcome
from cxlib.chapters import words_of
from cxlib.errors import CxError, RunError
from cxlib.report.book import Part, render_book
from cxlib.report.cover import cover_of
from cxlib.report.pdf import print_pdf
from cxlib.report.saved import made_at
from cxlib.words import mark as _
from cxlib.workspace import Workspace, as_name, make_private, write_whole

if TYPE_CHECKING:
    from cxlib.params import Client

FIRST = "summary"
"""The chapter that a book begins with."""
MADE = ("done", "fresh")
FAILED = _("It could not be made for this period.")
BLOCKED = _("It rests on a chapter that could not be made for this period.")


def bind(
    workspace: Workspace, client: Client, job: Job, ended: Sequence[Job], made_of: str, *,
    reason: str = "",
) -> Outcome:  # fmt: skip
    """Bind the reports of one client, period and language, whose chapters have `ended` in some way.

    `made_of` is the digest of all that goes into it, `reason` why it is issued again.
    """
    parts, missing = [], []
    try:
        words = words_of(client, workspace, job.language)
        for each in sorted(ended, key=lambda e: (e.stem != FIRST, e.chapter.file)):
            if each.state == "not applicable":
                continue
            record = read_record(workspace, each.where)
            path = record.path(workspace, "report") if record and not record.error else None
            if each.state in MADE and path is not None:
                html = path.read_text(encoding="utf-8")
                parts.append(Part(stem=each.stem, file=each.chapter.file, html=html))
            else:
                why = BLOCKED if each.state == "blocked" else FAILED
                missing.append((words.say(each.chapter.title), words.say(why)))
        if not parts:
            return Outcome(error="no chapter could be made: there is nothing to bind.")
        found = issues.before(workspace, *job.where[:3], "" if reason else made_of)
        html = render_book(
            parts,
            words=words,
            cover=cover_of(client, workspace, period=job.period, words=words),
            missing=missing,
            since=issues.since(workspace, client, found, job.period, words, reason=reason),
        )
    except CxError as failed:
        return Outcome(error=str(failed))
    return Outcome({"report": html.encode("utf-8")})


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
    told = "its book is older than its chapters; bind it anew with --book."
    books = dict.fromkeys((*job.where[:3], BOOK.stem) for job in made)
    return [f"{'/'.join(b[:3])}: {told}" for b in books if read_record(workspace, b)]


def printed(workspace: Workspace, job: Job) -> None:
    """Print a job's report beside it, unless that is done already.

    SetupError if the machine has no Chromium, RunError if it cannot be printed or written.
    """
    record = read_record(workspace, job.where)
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


def freeze(
    workspace: Workspace, of: Client, jobs: Sequence[Job], made_of: Mapping[str, str], *,
    reason: str = "",
) -> tuple[issues.Issue, Path]:  # fmt: skip
    """Freeze the reports of one client and period as they are; return the account and its folder.

    `jobs` are those of the period in all languages as a plan finds them, with books and the formats
    that were made; `made_of` says by language what its book is made of. A book that is issued again
    is bound with the reason. RunError if a report is missing, stale or failed, if a version is
    there and no `reason` is given, or nothing changed.
    """
    client, period, reason = jobs[0].client, jobs[0].period, reason.strip()
    formats = ",".join(dict.fromkeys(job.format for job in jobs if job.format))
    again = f"`cx run {client} --period {period} --book{formats and f' --format {formats}'}`"
    due = next((job for job in jobs if job.due), None)
    if due is not None:
        raise RunError(f"{due.key} is not as it should be: {due.reason}; {again} first.")
    files: dict[str, bytes] = {}
    figures: dict[str, Mapping[str, Any]] = {}
    for job in jobs:
        record = read_record(workspace, job.where)
        if job.state == "not applicable" or record is None:
            continue
        for kind in record.files.keys() - {"notebook", "results"}:
            path = record.path(workspace, kind)
            if path is None:
                raise RunError(f"{job.key}: its {kind} is gone or was altered; {again} first.")
            files[f"{as_name(job.language)}/{path.name}"] = path.read_bytes()
        for kpi, row in record.glance.items():
            if isinstance(row, dict):  # else a count of what is late, no figure
                figures.setdefault(kpi, {"value": row.get("value"), "unit": row.get("unit")})
    earlier = [each for each in issues.issues(workspace, client) if each.period == period]
    last = earlier[-1] if earlier else None
    if last and last.made_of == made_of:
        raise RunError(
            f"nothing has changed since version {last.version}, issued on {last.issued}."
        )
    if last and not reason:
        raise RunError(
            f"version {last.version} of {period} was issued on {last.issued}; "
            "a reissue says why: --reason '…'."
        )
    if last:
        files |= _reasoned(workspace, of, jobs, made_of, reason)
    made = issues.Issue(
        client=client,
        period=period,
        version=last.version + 1 if last else 1,
        issued=made_at().date().isoformat(),
        reason=reason,
        made_of=dict(made_of),
        figures=figures,
        files={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    )
    return made, _freeze(workspace, made, files)


def _reasoned(
    workspace: Workspace, of: Client, jobs: Sequence[Job], made_of: Mapping[str, str], reason: str
) -> dict[str, bytes]:
    """Return each book bound anew with the reason of its reissue, and its print."""
    files, gate = {}, Gate(workspace, {of.client: of})
    for job in (job for job in jobs if job.chapter is BOOK):
        own = [each for each in jobs if is_part(each, job)]
        bound = bind(workspace, of, job, own, made_of[job.language], reason=reason)
        if error := bound.error or gate.check(of.client, bound.files):
            raise RunError(f"{job.key}: {error}")
        html, record = bound.files["report"], read_record(workspace, job.where)
        for kind in ("report", "pdf"):
            if record and (path := record.path(workspace, kind)):
                told = html if kind == "report" else print_pdf(html.decode("utf-8"), pages=True)
                files[f"{as_name(job.language)}/{path.name}"] = told
    return files


def _freeze(workspace: Workspace, made: issues.Issue, files: Mapping[str, bytes]) -> Path:
    """Write an issue whole or not at all: beside first, then renamed; nobody writes in it again."""
    above = workspace.issued(made.client) / as_name(made.period)
    make_private(workspace.issued(made.client).parent)
    folder, beside = above / f"v{made.version}", above / f".v{made.version}.{os.getpid()}.part"
    for name, content in files.items():
        write_whole(beside / name, content)
    account = json.dumps({"schema": issues.SCHEMA, **asdict(made)}, ensure_ascii=False, indent=1)
    write_whole(beside / issues.ACCOUNT, account.encode("utf-8"))
    for path in beside.rglob("*"):
        if path.is_file():
            path.chmod(0o400)
    try:
        beside.rename(folder)
    except OSError as error:
        raise RunError(f"cannot write {workspace.shown(folder)}: {error.strerror}") from None
    return folder
