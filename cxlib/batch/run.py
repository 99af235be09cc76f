"""Execute a plan through an Executor, and keep what comes back, once the gate has seen it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
    wait,
)
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cxlib.batch.books import MADE, bind, is_part, mapped, outdated, printed
from cxlib.batch.forkserver import stop_fork_server
from cxlib.batch.gate import Gate
from cxlib.batch.job import run_job
from cxlib.batch.parcel import Outcome, Parcel
from cxlib.batch.plan import BOOK, Job, Plan, Request, made_of
from cxlib.batch.prepare import carried
from cxlib.batch.state import (
    Record,
    clients_held,
    read_record,
    record_path,
    sweep_parts,
    write_record,
)
from cxlib.errors import CxError, RunError, SetupError
from cxlib.workspace import Workspace, report_folder, write_whole


@dataclass
class Ended:
    """How one job of this run ended."""

    job: Job
    state: str
    error: str = ""
    seconds: float = 0.0
    report: Path | None = None
    notebook: Path | None = None
    attempts: int = 0
    isolation: str = ""


@dataclass
class Run:
    """What a run did, for the table, the manifest and the exit code."""

    ended: list[Ended] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def failed(self) -> bool:
        """Whether anything that was to run did not succeed."""
        bad = ("failed", "blocked", "interrupted")
        return bool(self.faults) or self.interrupted or any(e.state in bad for e in self.ended)


@contextmanager
def alone(
    workspace: Workspace, request: Request, *, said: Callable[[str], None] = lambda text: None
) -> Iterator[None]:
    """Hold the request's clients for this run alone, and clear what killed runs left of them."""
    known = set(workspace.clients())
    names = [name for name in request.clients or workspace.clients() if name in known]
    with clients_held(workspace, names, said=said):
        for name in names:
            sweep_parts(workspace.state(name), request.out / name)
        yield


def execute(
    workspace: Workspace,
    plan: Plan,
    request: Request,
    *,
    executor: Executor | None = None,
    said: Callable[[Ended], None] = lambda ended: None,
) -> Run:
    """Run a plan's jobs and keep what they bring back; interrupted or not, return what was done.

    Without an executor there are as many threads as jobs at once, each with a process of its own;
    the fork server stays warm for a next plan, until `stop_fork_server` or this process's end.
    `said` is told of every job as it ends.
    """
    run = Run(faults=dict(plan.faults))
    pool = executor or ThreadPoolExecutor(request.jobs, thread_name_prefix="cx")
    gate = Gate(workspace, plan.clients)
    conductor = _Conductor(workspace, request, pool, run, said, gate, carried=executor is not None)
    try:
        conductor.conduct(plan.jobs)
        conductor.bind(plan)
    except KeyboardInterrupt:
        run.interrupted = True
        stop_fork_server()
        pool.shutdown(wait=executor is None, cancel_futures=True)
        conductor.give_up()
    finally:
        if executor is None:
            pool.shutdown(wait=True, cancel_futures=True)
    return run


class _Conductor:
    """Submits each job when what it reads is done, and keeps what comes back, in one thread."""

    def __init__(
        self,
        workspace: Workspace,
        request: Request,
        pool: Executor,
        run: Run,
        said: Callable[[Ended], None],
        gate: Gate,
        *,
        carried: bool,
    ) -> None:
        self.workspace, self.request, self.pool = workspace, request, pool
        self.run, self.said, self.gate, self.carried = run, said, gate, carried
        self.waiting: dict[str, Job] = {}
        self.running: dict[Future[Outcome], Job] = {}
        self.bad: set[str] = set()

    def conduct(self, jobs: tuple[Job, ...]) -> None:
        """Run all that is due."""
        for job in jobs:
            if job.chapter is BOOK:
                continue
            if job.due:
                self.waiting[job.key] = job
            elif job.state == "fresh":
                self._end(republish(self.workspace, job, self.request.out))
            else:
                self._end(Ended(job, job.state))
        while self.waiting or self.running:
            self._submit()
            if not self.running:
                continue
            done, _rest = wait(self.running, return_when=FIRST_COMPLETED)
            for future in done:
                job = self.running.pop(future)
                self._keep(job, _outcome(future, job))

    def bind(self, plan: Plan) -> None:
        """Bind the books that were asked for, and print what was; each when its chapters ended."""
        chapters = list(self.run.ended)
        for job in (job for job in plan.jobs if job.chapter is BOOK):
            own = [(e.job, e.state) for e in chapters if is_part(e.job, job)]
            if job.state == "fresh" and all(state in _STANDING for _job, state in own):
                ended = republish(self.workspace, job, self.request.out)
            else:
                base = made_of(each for each, _state in own)
                client = plan.clients[job.client]
                outcome = bind(self.workspace, client, job, own, base)
                ended = keep(self.workspace, job, outcome, self.request.out, self.gate)
                if ended.report and any(e.stem == "journey" and s in MADE for e, s in own):
                    self.run.notes += mapped(self.workspace, job, self.request.out)
            self._end(ended)
        if not self.request.book:
            self.run.notes += outdated(
                self.workspace, (e.job for e in chapters if e.state == "done")
            )
        asked = [
            ended
            for ended in self.run.ended
            if ended.report is not None and (self.request.pdf or ended.job.chapter is BOOK)
        ]
        with ThreadPoolExecutor(self.request.jobs, thread_name_prefix="cx-print") as pool:
            for ended, fault in zip(asked, pool.map(self._print, asked), strict=True):
                if fault and fault not in self.run.notes:
                    self.run.notes.append(fault)
                ended.error = ended.error or (fault if fault.startswith(_AMISS) else "")
                ended.state = "failed" if ended.error else ended.state

    def _print(self, ended: Ended) -> str:
        try:
            printed(self.workspace, ended.job)
        except SetupError as error:
            return f"{error} The HTML is made."
        except CxError as error:
            return f"{_AMISS}{ended.job.key}: {error}"
        return ""

    def give_up(self) -> None:
        """Account for what an interrupt left undone."""
        for job in (*self.running.values(), *self.waiting.values()):
            self._end(Ended(job, "interrupted"))

    def _submit(self) -> None:
        """Submit what can run, a few more than run at once, so that a cluster is not flooded."""
        busy = {job.key for job in self.running.values()}
        for key, job in list(self.waiting.items()):
            if any(up in self.bad for up in job.after) and not job.format:
                del self.waiting[key]
                self.bad.add(key)
                self._end(Ended(job, "blocked", "a chapter it reads failed"))
                continue
            if len(self.running) >= 2 * self.request.jobs:
                return
            if not any(up in self.waiting or up in busy for up in job.after):
                del self.waiting[key]
                try:
                    without = frozenset(self.bad)
                    parcel = make_parcel(self.workspace, job, carry=self.carried, without=without)
                except (CxError, OSError) as gone:
                    self._keep(job, Outcome(job.key, error=str(gone)))
                    continue
                future = self.pool.submit(run_job, parcel, self.request.limits)
                self.running[future] = job
                busy.add(key)

    def _keep(self, job: Job, outcome: Outcome) -> None:
        ended = keep(self.workspace, job, outcome, self.request.out, self.gate)
        if ended.state == "failed":
            self.bad.add(job.key)
        self._end(ended)

    def _end(self, ended: Ended) -> None:
        self.run.ended.append(ended)
        self.said(ended)


_STANDING = ("fresh", "not applicable")
_AMISS = "not printed: "


def _outcome(future: Future[Any], job: Job) -> Outcome:
    try:
        outcome: Outcome = future.result()
    except CancelledError:
        return Outcome(job.key, error="cancelled by the cluster")
    except Exception as error:  # noqa: BLE001 - a worker that is gone for good fails its job only
        return Outcome(job.key, error=f"{type(error).__name__}: {error}")
    return outcome


# --- into a job, and out of it ----------------------------------------------------------------


def make_parcel(
    workspace: Workspace, job: Job, *, carry: bool = False, without: frozenset[str] = frozenset()
) -> Parcel:
    """Collect a job's inputs: its client's file, tables and upstream results, its notebook.

    With `carry` the files' bytes travel, for a worker elsewhere; `without` are keys of failed jobs.
    RunError if one has changed or gone since the run was planned, OSError if it cannot be read.
    """
    for seen in job.inputs:
        seen.check()
    state = [workspace.client_file(job.client), *carried(workspace, job.client)]
    bound = job.binds or (job.chapter,)
    beside = [workspace.register(job.client, name) for name in job.registers]
    state += [path for path in beside if path.is_file()] + ([job.face.path] if job.face else [])
    for key in sorted({*job.after} - without):
        saved = workspace.result(job.client, job.period, key.rpartition("/")[2])
        state += [saved] if saved.is_file() else []
    files = {path.relative_to(workspace.root).as_posix(): path for path in state}
    for each in bound:
        for path in (each.path, *each.path.parent.glob(f"{each.file}.*.po")):
            files[f"notebooks/{path.name}"] = path
    return Parcel(
        key=job.key,
        client=job.client,
        chapter=job.chapter.stem,
        period=job.period,
        language=job.language,
        notebook="" if job.format else job.chapter.path.name,
        format=job.format,
        missing=tuple(key.rpartition("/")[2] for key in job.after if key in without),
        links=job.links(workspace.reports),
        files={name: path.read_bytes() if carry else path for name, path in files.items()},
    )


def report_path(out: Path, job: Job) -> Path:
    """Return where a job's report lies: ``client/period/language/02-assessment.html``."""
    folder = report_folder(job.client, job.period, job.language)
    return out / folder / f"{job.chapter.file}.{job.format or 'html'}"


def keep(workspace: Workspace, job: Job, outcome: Outcome, out: Path, gate: Gate) -> Ended:
    """Write down what a job brought back, the record last; a failure keeps its notebook only."""
    error = outcome.error or gate.check(job.client, outcome.files)
    places = {
        "notebook": record_path(workspace, job.where).with_name(f"{job.chapter.file}.ipynb"),
        "results": workspace.result(job.client, job.period, job.chapter.stem),
        "report": report_path(out, job),
    }
    kept: dict[str, Path] = {}
    try:
        for kind, path in places.items():
            if kind in outcome.files and (kind == "notebook" or not error):
                write_whole(path, outcome.files[kind])
                kept[kind] = path
        if "report" in kept:
            places["report"].with_suffix(".pdf").unlink(missing_ok=True)  # of the report before
    except OSError as failed:
        error = f"cannot write {places[kind]}: {failed.strerror}"
    record = Record(
        fingerprint=job.fingerprint,
        period=job.period,
        language=job.language,
        chapter=job.chapter.stem,
        files={
            kind: (workspace.shown(path), hashlib.sha256(outcome.files[kind]).hexdigest())
            for kind, path in kept.items()
        },
        seconds=outcome.seconds,
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        error=error,
        title=job.chapter.title,
        file=job.chapter.file,
        glance=dict(outcome.glance) if not error else {},
    )
    try:
        write_record(workspace, job.where, record)
    except OSError as failed:
        error = error or f"cannot write its record: {failed.strerror}"
    return Ended(
        job,
        "failed" if error else "done",
        error,
        outcome.seconds,
        report=None if error else kept.get("report"),
        notebook=kept.get("notebook"),
        attempts=outcome.attempts,
        isolation=outcome.isolation,
    )


def republish(workspace: Workspace, job: Job, out: Path) -> Ended:
    """Return a fresh job as ended, its report copied to where this run wants it."""
    record = read_record(workspace, job.where)
    known = record.path(workspace, "report") if record else None
    report = report_path(out, job)
    if record is None or known is None or known == report:
        return Ended(job, "fresh", report=report)
    papers = (record.path(workspace, kind) for kind in ("report", "pdf"))
    copies = {report.with_suffix(path.suffix): path for path in papers if path is not None}
    try:
        for copy, path in copies.items():
            content = path.read_bytes()
            if not copy.is_file() or copy.read_bytes() != content:
                write_whole(copy, content)
    except OSError as failed:
        return Ended(job, "failed", f"cannot write {report}: {failed.strerror}")
    return Ended(job, "fresh", report=report)


# --- elsewhere --------------------------------------------------------------------------------

DASK_ATTEMPTS = 3
"""How often a job goes to another worker when its own is gone."""

PATIENCE = "20s"
"""How long a scheduler may take to answer."""


@contextmanager
def cluster(address: str) -> Iterator[tuple[Executor, int]]:
    """Connect to a Dask scheduler; yield its Executor, and how many jobs it runs at once."""
    try:
        from distributed import Client
    except ImportError:
        raise RunError("--dask needs the extra: pip install 'cxlib[dask]'.") from None
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise RunError(f"no Dask scheduler answers at {address} ({error}).") from None
    with client:
        slots = sum(client.ncores().values())
        if not slots:
            raise RunError(f"the Dask scheduler at {address} has no workers; start some first.")
        yield client.get_executor(retries=DASK_ATTEMPTS), slots
