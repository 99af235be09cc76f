"""The plan of a run: clients × chapters × period × language, each job with its fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cxlib import __version__
from cxlib.batch.chapters import Chapter
from cxlib.batch.state import Record, read_record
from cxlib.workspace import Workspace

if TYPE_CHECKING:
    from cxlib.params import Client

State = Literal["fresh", "stale", "failed", "never run", "not applicable"]


@dataclass(frozen=True)
class Job:
    """One chapter for one client, period and language.

    Parameters
    ----------
    client, period, language : str
    chapter : Chapter
    fingerprint : str
        Of everything its report depends on.
    state : State
        How it stands before the run.
    reason : str
        Why it will run, or why not.
    after : tuple of str
        Keys of the jobs whose results it reads.
    """

    client: str
    chapter: Chapter
    period: str
    language: str
    fingerprint: str = ""
    state: State = "never run"
    reason: str = ""
    after: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What tells it from every other job."""
        return "/".join((self.client, self.period, self.language, self.chapter.stem))

    @property
    def due(self) -> bool:
        """Whether it will run."""
        return self.state not in ("fresh", "not applicable")


@dataclass(frozen=True)
class Plan:
    """The jobs of a run, each after those it depends on."""

    jobs: tuple[Job, ...] = ()
    faults: dict[str, str] = field(default_factory=dict)
    """Clients that cannot run at all, and why."""


def plan_client(
    workspace: Workspace,
    client: Client,
    chapters: Sequence[Chapter],
    *,
    period: str,
    languages: Iterable[str],
    wanted: Iterable[str],
    force: bool = False,
) -> list[Job]:
    """Return one client's jobs for a period that it has.

    Parameters
    ----------
    workspace : Workspace
    client : Client
        Its tables are ingested.
    chapters : sequence of Chapter
        All chapters, each after those it reads.
    period : str
    languages : iterable of str
    wanted : iterable of str
        Stems asked for; what they read is added if it has never run.
    force : bool
        Run what is fresh as well.
    """
    base = _client_digest(workspace, client)
    asked, jobs = set(wanted), []
    for language in languages:
        done: dict[str, Job] = {}
        needed = _needed(chapters, asked)
        for chapter in chapters:
            if chapter.stem not in needed:
                continue
            upstream = [done[stem] for stem in chapter.reads if stem in done]
            job = _job(workspace, client, chapter, period, language, base, upstream)
            if force and job.state == "fresh" and chapter.stem in asked:
                job = _with(job, state="stale", reason="forced")
            done[chapter.stem] = job
        jobs += list(done.values())
    return jobs


def _needed(chapters: Sequence[Chapter], asked: set[str]) -> set[str]:
    needed = set(asked)
    for chapter in reversed(chapters):
        if chapter.stem in needed:
            needed |= set(chapter.reads)
    return needed


def _job(
    workspace: Workspace,
    client: Client,
    chapter: Chapter,
    period: str,
    language: str,
    base: str,
    upstream: Sequence[Job],
) -> Job:
    job = Job(client.client, chapter, period, language)
    missing = [u for u in upstream if u.state == "not applicable"]
    lacking = chapter.lacks(client) or (
        f"it reads {missing[0].chapter.stem!r}, which does not apply" if missing else ""
    )
    if lacking:
        return _with(job, state="not applicable", reason=lacking)
    fingerprint = _digest(
        base,
        __version__,
        chapter.file,
        _file_digest(chapter.path),
        _catalogue_digest(chapter, language),
        period,
        language,
        *(u.fingerprint for u in upstream),
    )
    state, reason = _state(workspace, job, fingerprint, upstream)
    return _with(
        job,
        fingerprint=fingerprint,
        state=state,
        reason=reason,
        after=tuple(u.key for u in upstream),
    )


def _state(
    workspace: Workspace, job: Job, fingerprint: str, upstream: Sequence[Job]
) -> tuple[State, str]:
    record: Record | None = read_record(workspace, job)
    if record is None:
        return "never run", "no report yet"
    if record.error:
        return "failed", record.error
    if record.fingerprint != fingerprint:
        return "stale", "its notebook, parameters, data, the kit or what it reads has changed"
    if not all((workspace.root / name).is_file() for name in record.files):
        return "stale", "its report is gone"
    due = [u.chapter.stem for u in upstream if u.due]
    return ("stale", f"{due[0]} will run anew") if due else ("fresh", "")


def _client_digest(workspace: Workspace, client: Client) -> str:
    tables = workspace.tables(client.client)
    return _digest(client.hash, *(_file_digest(p) for p in sorted(tables.glob("*"))))


def _catalogue_digest(chapter: Chapter, language: str) -> str:
    beside = chapter.path.with_suffix(f".{language}.po")
    return _file_digest(beside) if beside.is_file() else ""


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode("utf-8")).hexdigest()


def _with(job: Job, **changes: object) -> Job:
    from dataclasses import replace

    return replace(job, **changes)  # type: ignore[arg-type]
