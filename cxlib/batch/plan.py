"""From a request to a plan: clients × chapters × period × language, each job and why it is due."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cxlib.analysis.results import Caveat
from cxlib.batch.chapters import Chapter, Chapters, choose, discover, stray_settings
from cxlib.batch.forkserver import (
    DiedError,
    TimedOutError,
    allow_fork_server,
    can_fork,
    fork_server,
    stop_fork_server,
)
from cxlib.batch.issues import before
from cxlib.batch.prepare import Prepared, Seen, digest, prepare, prepare_unchanged, seen
from cxlib.batch.state import Where, read_record
from cxlib.data.apart import Limits, apart, died, late, short, within
from cxlib.data.masking import mask_text
from cxlib.errors import CxError, RunError
from cxlib.report.book import TITLE
from cxlib.report.saved import TITLES, file_name
from cxlib.words import Said, mark as _
from cxlib.workspace import Workspace, file_digest, kit_digest

if TYPE_CHECKING:
    from cxlib.params import Client

State = Literal[
    "fresh", "stale", "failed", "never run", "not applicable", "done", "blocked", "interrupted"
]
"""How a job stands by the record of its last run, and how it ended in this one."""


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line; no client or chapter named means all.

    `out` is where reports go, `jobs` how many run at once, `dask` the address of a scheduler;
    `book` asks for all chapters as one document, `pdf` for every report on paper, `formats` what is
    made of all chapters together beside their HTML: ``xlsx``, ``pptx``.
    """

    out: Path
    clients: tuple[str, ...] = ()
    chapters: tuple[str, ...] = ()
    period: str = "latest"
    language: str = ""
    force: bool = False
    jobs: int = 2
    limits: Limits = field(default_factory=Limits)
    dask: str = ""
    formats: tuple[str, ...] = ()
    book: bool = False
    pdf: bool = False


@dataclass(frozen=True)
class Job:
    """One chapter, or one format of all chapters, for one client, period and language.

    `fingerprint` is of everything its report depends on, `after` names the jobs whose results it
    reads, `inputs` the files as the fingerprint saw them, `reads` the chapters themselves, `binds`
    the chapters of a format, `face` the client's logo. What a run made of it: from `error` on.
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
    binds: tuple[Chapter, ...] = ()
    reads: tuple[Chapter, ...] = ()
    face: Path | None = None
    error: str = ""
    seconds: float = 0.0
    report: Path | None = None
    notebook: Path | None = None
    attempts: int = 0
    isolation: str = ""

    def links(self, out: Path) -> dict[str, tuple[str, str]]:
        """Return the reports that its own may lead to: of chapters it reads, and earlier evidence.

        By stem, file and title; of other periods by ``02-assessment 2026-01``.
        """
        told = {c.stem: (f"{c.file}.html", c.title) for c in self.reads}
        if "obligations" in self.chapter.sections:
            for path in sorted((out / self.client).glob(f"*/{self.language}/*.html")):
                period = path.parent.parent.name
                name = f"{path.stem} {period}"
                told[name] = (f"../../{period}/{path.parent.name}/{path.name}", name)
        return told

    @property
    def format(self) -> str:
        """What it makes of all chapters together: ``xlsx``, ``pptx``; empty for a chapter."""
        kind = self.chapter.path.suffix.removeprefix(".")
        return kind if kind in TITLES else ""

    @property
    def stem(self) -> str:
        """The chapter's stem."""
        return self.chapter.stem

    @property
    def where(self) -> Where:
        """Client, period, language and stem: where its record lies."""
        return self.client, self.period, self.language, self.stem

    @property
    def key(self) -> str:
        """What tells it from every other job."""
        return "/".join(self.where)

    @property
    def due(self) -> bool:
        """Whether it will run."""
        return self.state not in ("fresh", "not applicable")

    @property
    def registers(self) -> list[str]:
        """Sections whose registers it reads, or whose labels are in what it quotes."""
        of = (*(self.binds or (self.chapter,)), *self.reads)
        return sorted({name for each in of for name in each.every_section})


BOOK = Chapter("book", Path("book"), TITLE)
"""What binds all chapters: no notebook, but a job with a state and a record like any other."""


@dataclass
class Run:
    """The jobs of a run, each after those it depends on; and what became of it.

    `faults` are the clients and notebooks that cannot run at all, and why; `ended` are the jobs as
    they ended, for the table, the manifest and the exit code.
    """

    jobs: tuple[Job, ...] = ()
    faults: dict[str, str] = field(default_factory=dict)
    clients: Mapping[str, Client] = field(default_factory=dict)
    ended: list[Job] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def failed(self) -> bool:
        """Whether anything that was to run did not succeed."""
        bad = ("failed", "blocked", "interrupted")
        return bool(self.faults) or self.interrupted or any(j.state in bad for j in self.ended)


def make_plan(
    workspace: Workspace,
    request: Request,
    *,
    write: bool = True,
    said: Callable[[str], object] = lambda name: None,
) -> Run:
    """Return the jobs of a request, each after those it depends on; ingest what is new first.

    Without `write` it only looks; `said` is told of every client as it is ready. RunError if the
    chapters cannot be put in order, or one that was asked for does not exist.
    """
    if request.book and request.chapters:
        raise RunError("a book holds all chapters: leave out --chapter, or --book.")
    every: Chapters = discover(workspace)
    wanted = [c.stem for c in choose(every.chapters, request.chapters)]
    faults = {} if request.chapters else dict(every.faults)
    names = tuple(dict.fromkeys(request.clients)) or tuple(workspace.known())
    allow_fork_server()
    jobs: list[Job] = []
    clients: dict[str, Client] = {}
    for ready in _prepared(workspace, request, names, write):
        said(ready.name)
        if ready.client is None:
            faults[ready.name] = mask_text(ready.fault)
            continue
        stray = stray_settings(ready.client, every.chapters)
        if stray:
            faults[ready.name] = "\n".join(map(str, stray))
            continue
        clients[ready.name] = ready.client
        for language in (request.language,) if request.language else ready.client.languages:
            jobs += _plan_client(workspace, ready, every.chapters, language, request, wanted)
    return Run(tuple(jobs), faults, clients)


def _prepared(
    workspace: Workspace, request: Request, names: tuple[str, ...], write: bool
) -> Iterator[Prepared]:
    """Yield the clients, ready to be planned, in order; several at once where we can fork."""
    arguments = [(str(workspace.root), name, request.period, write) for name in names]
    if not write:
        yield from (prepare(*each) for each in arguments)
        return

    known = set(workspace.known())
    unchanged: dict[str, Prepared] = {}

    def together(some: Sequence[str]) -> list[Prepared]:
        try:
            told = (prepare_unchanged, str(workspace.root), some, request.period)
            return _forked(request.limits, *told) if some else []
        except (DiedError, TimedOutError, CxError):
            return []  # each by itself, then, so that one does not stop the others

    def made(each: tuple[str, str, str, bool]) -> Prepared:
        if each[1] not in known:  # said at once: nothing is read of it
            return prepare(*each)
        ready = unchanged.get(each[1]) or _apart(each, request.limits)
        return replace(ready, fault=short(ready.fault, request.limits.memory))

    with ThreadPoolExecutor(request.jobs) as pool:
        try:
            if len(names) > request.jobs and can_fork() and not request.limits.cold:
                several = [names[at :: request.jobs] for at in range(request.jobs)]
                unchanged |= {p.name: p for found in pool.map(together, several) for p in found}
            yield from pool.map(made, arguments)
        except KeyboardInterrupt:
            stop_fork_server()  # else the pool would wait for clients that nobody wants any more
            raise


def _apart(each: tuple[str, str, str, bool], limits: Limits) -> Prepared:
    """Prepare a client in a process of its own; a forked one that died gets a second chance."""
    fault = ""
    if limits.cold or not can_fork():
        try:
            return apart(prepare, *each, limits=limits)
        except CxError as error:
            return Prepared(each[1], fault=str(error))
    for _attempt in range(2):
        try:
            made: Prepared = _forked(limits, prepare, *each)
        except DiedError as ended:
            fault = died(ended, limits)
        except TimedOutError:
            return Prepared(each[1], fault=late(limits))
        else:
            return made
    return Prepared(each[1], fault=fault)


def _forked(limits: Limits, function: Callable[..., Any], *told: Any) -> Any:
    """Return what a function does in a forked process, within the limits."""
    return fork_server().call(
        within, limits.memory, function, *told,
        timeout=limits.timeout or None, environ=dict(os.environ),
    )  # fmt: skip


def _plan_client(
    workspace: Workspace, ready: Prepared, chapters: Sequence[Chapter], language: str,
    request: Request, wanted: Sequence[str],
) -> list[Job]:  # fmt: skip
    """Return one client's jobs in one language; what a wanted chapter reads comes along."""
    needed = set(wanted)
    for chapter in reversed(chapters):
        if chapter.stem in needed:
            needed |= {*chapter.every_read}
    done: dict[str, Job] = {}
    for chapter in (chapter for chapter in chapters if chapter.stem in needed):
        force = request.force and chapter.stem in wanted
        done[chapter.stem] = _plan_chapter(workspace, ready, chapter, language, done, force)
    bound = [job for job in done.values() if job.state != "not applicable"]
    planned = list(done.values())
    for kind in request.formats if bound else ():
        place = Path(file_name(ready.name, ready.period, kind))
        chapter = Chapter(place.name, place, TITLES[kind])  # a stem that no notebook can have
        job = Job(
            ready.name, chapter, ready.period, language, face=ready.face, inputs=ready.inputs,
            binds=tuple(u.chapter for u in bound),
        )  # fmt: skip
        parts = (kind, ready.tables, language)
        planned.append(_settled(workspace, job, bound, parts, "forced" if request.force else ""))
    if request.book and bound:
        book = Job(ready.name, BOOK, ready.period, language)
        told = before(workspace, *book.where[:3], made_of(bound))
        planned.append(_settled(workspace, book, bound, [issue.digest for issue in told]))
    return planned


def _plan_chapter(
    workspace: Workspace, ready: Prepared, chapter: Chapter, language: str,
    done: Mapping[str, Job], force: bool,
) -> Job:  # fmt: skip
    job = Job(ready.name, chapter, ready.period, language, face=ready.face)
    missing = [stem for stem in chapter.reads if done[stem].state == "not applicable"]
    lacking = (chapter.lacks(ready.client, ready.silent) if ready.client else ready.fault) or (
        Caveat(_("it reads '{chapter}', which does not apply"), chapter=Said(missing[0]))
        if missing
        else ""
    )
    if lacking:
        return replace(job, state="not applicable", reason=lacking)
    upstream = [u for stem in chapter.every_read if (u := done[stem]).state != "not applicable"]
    beside = chapter.path.with_name(f"{chapter.file}.{language}.po")
    parts = (
        ready.client.hash if ready.client else "",
        file_digest(ready.face) if ready.face else "",
        ready.tables,
        chapter.file,
        notebook_digest(chapter.path),
        file_digest(beside) if beside.is_file() else "",
        ready.period,
        language,
        *(f"{n}:{d}" for n, d in ready.registers.items() if n in chapter.every_section),
    )
    reads, inputs = tuple(u.chapter for u in upstream), (*ready.inputs, seen(chapter.path))
    job = replace(job, reads=reads, inputs=inputs)
    return _settled(workspace, job, upstream, parts, ready.changed or ("forced" if force else ""))


def made_of(jobs: Iterable[Job]) -> str:
    """Return the digest of the kit and of all that goes into some chapters."""
    bound = (u for u in jobs if u.state != "not applicable")
    return digest(kit_digest(), *(f"{u.stem}:{u.fingerprint}" for u in bound))


def _settled(
    workspace: Workspace, job: Job, upstream: Sequence[Job], parts: Sequence[str], why: str = ""
) -> Job:
    """Return a job with its fingerprint, what it comes after, and how its last run left it.

    It is of the kit, of what it reads, and of its own `parts`; `why` a fresh one runs all the same.
    """
    job = replace(job, fingerprint=digest(made_of(upstream), *parts))
    record, due = read_record(workspace, job.where), [u.stem for u in upstream if u.due]
    state: State = "stale"
    if record is None:
        state, reason = "never run", "no report yet"
    elif record.error:
        state, reason = "failed", record.error
    elif record.fingerprint != job.fingerprint:
        reason = "its notebook, parameters, data, the kit or what it reads has changed"
    elif any(record.path(workspace, kind) is None for kind in {"report", *record.files}):
        reason = "its report is gone or was altered"
    elif due:
        reason = f"{due[0]} will run anew"
    elif why:
        reason = why
    else:
        state, reason = "fresh", ""
    return replace(job, state=state, reason=reason, after=tuple(u.key for u in upstream))


def notebook_digest(path: Path) -> str:
    """Return the digest of what a notebook says: its cells' sources and tags and its metadata.

    Outputs and what JupyterLab notes of its own do not count: looking at a chapter changes nothing.
    """
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [
        (cell["cell_type"], "".join(cell["source"]), cell.get("metadata", {}).get("tags", []))
        for cell in notebook["cells"]
    ]
    return digest(json.dumps([notebook["metadata"].get("cx"), cells]))
