"""Run room: the plan: clients × chapters × period × language, each job with its fingerprint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

from cxlib import __version__
from cxlib.batch.chapters import Chapter
from cxlib.batch.prepare import Prepared, Seen, digest, file_digest
from cxlib.batch.state import Record, read_record
from cxlib.workspace import Workspace

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
    inputs : tuple of Seen
        The files its fingerprint is of.
    """

    client: str
    chapter: Chapter
    period: str
    language: str
    fingerprint: str = ""
    state: State = "never run"
    reason: str = ""
    after: tuple[str, ...] = ()
    inputs: tuple[Seen, ...] = ()

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
    """Clients and notebooks that cannot run at all, and why."""


def plan_client(
    workspace: Workspace,
    ready: Prepared,
    chapters: Sequence[Chapter],
    *,
    languages: Iterable[str],
    wanted: Iterable[str],
    force: bool = False,
) -> list[Job]:
    """Return one client's jobs for a period that it has.

    Parameters
    ----------
    workspace : Workspace
    ready : Prepared
        Has a client.
    chapters : sequence of Chapter
        All chapters, each after those it reads.
    languages : iterable of str
    wanted : iterable of str
        Stems asked for; what they read comes along.
    force : bool
        Run what is fresh as well.
    """
    asked, jobs = set(wanted), []
    needed = _needed(chapters, asked)
    for language in languages:
        done: dict[str, Job] = {}
        for chapter in chapters:
            if chapter.stem not in needed:
                continue
            job = _job(workspace, ready, chapter, language, done)
            if force and job.state == "fresh" and chapter.stem in asked:
                job = replace(job, state="stale", reason="forced")
            done[chapter.stem] = job
        jobs += list(done.values())
    return jobs


def _needed(chapters: Sequence[Chapter], asked: set[str]) -> set[str]:
    needed = set(asked)
    for chapter in reversed(chapters):
        if chapter.stem in needed:
            needed |= {*chapter.reads, *chapter.reads_if_there}
    return needed


def _job(
    workspace: Workspace,
    ready: Prepared,
    chapter: Chapter,
    language: str,
    done: Mapping[str, Job],
) -> Job:
    job = Job(ready.name, chapter, ready.period, language)
    missing = [stem for stem in chapter.reads if done[stem].state == "not applicable"]
    lacking = (chapter.lacks(ready.client) if ready.client else ready.fault) or (
        f"it reads {missing[0]!r}, which does not apply" if missing else ""
    )
    if lacking:
        return replace(job, state="not applicable", reason=lacking)
    read = [done[stem] for stem in (*chapter.reads, *chapter.reads_if_there)]
    upstream = [u for u in read if u.state != "not applicable"]
    fingerprint = digest(
        kit_digest(),
        ready.client.hash if ready.client else "",
        ready.tables,
        chapter.file,
        file_digest(chapter.path),
        _catalogue_digest(chapter, language),
        ready.period,
        language,
        *(f"{u.chapter.stem}:{u.fingerprint}" for u in upstream),
    )
    state, reason = _state(workspace, job, fingerprint, upstream)
    if ready.changed and state == "fresh":
        state, reason = "stale", ready.changed
    after = tuple(u.key for u in upstream)
    inputs = (*ready.inputs, Seen.now(chapter.path))
    job = replace(job, fingerprint=fingerprint, after=after, inputs=inputs)
    return replace(job, state=state, reason=reason)


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
    if any(record.path(workspace, kind) is None for kind in ("report", *record.files)):
        return "stale", "its report is gone or was altered"
    due = [u.chapter.stem for u in upstream if u.due]
    return ("stale", f"{due[0]} will run anew") if due else ("fresh", "")


def _catalogue_digest(chapter: Chapter, language: str) -> str:
    beside = chapter.path.with_name(f"{chapter.file}.{language}.po")
    return file_digest(beside) if beside.is_file() else ""


@lru_cache(maxsize=1)
def kit_digest() -> str:
    """Return the digest of the kit itself: its version and, file by file, its code and words."""
    package = Path(__file__).resolve().parent.parent
    files = sorted(
        p
        for p in package.rglob("*")
        if p.suffix in (".py", ".po", ".j2", ".css", ".json") and "_kit" not in p.parts
    )
    return digest(__version__, *(f"{p.relative_to(package)}:{file_digest(p)}" for p in files))
