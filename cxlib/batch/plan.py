"""Run room: the plan of a run: clients × chapters × period × language, each job with its fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cxlib import __version__
from cxlib.batch.chapters import Chapter
from cxlib.batch.state import Record, read_record
from cxlib.errors import CxError, RunError
from cxlib.workspace import Workspace

if TYPE_CHECKING:
    from cxlib.params import Client

State = Literal["fresh", "stale", "failed", "never run", "not applicable"]


@dataclass(frozen=True)
class Seen:
    """A file as it was when the run was planned.

    Parameters
    ----------
    path : Path
    size, changed : int
        Bytes, and when it was last written, in nanoseconds.
    """

    path: Path
    size: int
    changed: int

    @classmethod
    def now(cls, path: Path) -> Seen:
        """Return a file as it is now."""
        told = path.stat()
        return cls(path, told.st_size, told.st_mtime_ns)

    def check(self) -> None:
        """Raise if the file is not as it was.

        Raises
        ------
        RunError
            If it has changed or gone.
        """
        try:
            same = Seen.now(self.path) == self
        except OSError:
            same = False
        if not same:
            raise RunError(f"{self.path.name} has changed or gone since the run was planned.")


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


@dataclass(frozen=True)
class Prepared:
    """A client, ready to be planned, or why not.

    Parameters
    ----------
    name : str
    client : Client or None
    period : str
    tables : str
        Digest of its canonical tables; empty if it has none yet.
    changed : str
        Why its tables will be made anew, if they will.
    fault : str
        Why nothing of it can run.
    inputs : tuple of Seen
        The client's file and tables.
    """

    name: str
    client: Client | None = None
    period: str = ""
    tables: str = ""
    changed: str = ""
    fault: str = ""
    inputs: tuple[Seen, ...] = ()


def prepare(root: str, name: str, period: str, write: bool) -> Prepared:
    """Read a client's file, and its data if they changed; runs in a process of its own.

    Parameters
    ----------
    root : str
        The workspace.
    name : str
    period : str
        A label or ``latest``.
    write : bool
        Ingest what is new; otherwise only look, and leave everything as it is.
    """
    from cxlib import params, periods
    from cxlib.data.tables import periods_of

    workspace = Workspace(Path(root))
    try:
        client = params.load(name, workspace)
        changed = ""
        if write:
            from cxlib.data.ingest import ingest

            ingest(client, workspace)
        else:
            changed = _changed(client, workspace)
        if not _tables(workspace, name):
            return Prepared(name, client, period, changed=changed)
        chosen = periods.choose(period, periods_of(workspace, client, period))
        read = (workspace.client_file(name), *_tables(workspace, name))
        inputs = tuple(Seen.now(path) for path in read)
        tables = _tables_digest(workspace, name)
        return Prepared(name, client, chosen, tables, changed, inputs=inputs)
    except CxError as error:
        return Prepared(name, fault=str(error))
    except Exception as error:  # noqa: BLE001 - one client's data never stop another's run
        return Prepared(name, fault=f"{type(error).__name__}: {error}")


def _changed(client: Client, workspace: Workspace) -> str:
    """Return why a client's tables would be made anew, without making them."""
    from cxlib.data.making import source_hashes
    from cxlib.data.store import read_record as read_tables_record

    record = read_tables_record(workspace.tables(client.client))
    if record is None:
        return "its data have not been read yet"
    if record.get("params") != client.hash:
        return "its client file has changed"
    if record.get("sources") != source_hashes(client, workspace):
        return "its data have changed"
    return "" if record.get("kit") == __version__ else "the kit has changed"


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


def _tables(workspace: Workspace, name: str) -> list[Path]:
    return sorted(p for p in workspace.tables(name).glob("*") if p.is_file())


def _tables_digest(workspace: Workspace, name: str) -> str:
    return digest(*(f"{p.name}:{file_digest(p)}" for p in _tables(workspace, name)))


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


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(*parts: str) -> str:
    """Return the SHA-256 of some texts, each apart from the next."""
    return hashlib.sha256(json.dumps(parts).encode("utf-8")).hexdigest()
