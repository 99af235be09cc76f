"""Execute a plan through an Executor, and keep what comes back, once the gate has seen it."""

from __future__ import annotations

import hashlib
import os
import tempfile
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
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cxlib.analysis.results import Caveat
from cxlib.batch.books import MADE, bind, is_part, mapped, outdated, printed
from cxlib.batch.forkserver import allow_fork_server, stop_fork_server
from cxlib.batch.gate import Gate
from cxlib.batch.plan import BOOK, Job, Request, Run, made_of, make_plan
from cxlib.batch.prepare import carried, seen
from cxlib.batch.state import (
    Record,
    clients_held,
    read_record,
    record_path,
    sweep_parts,
    write_record,
)
from cxlib.batch.work import Outcome, Parcel, run_job
from cxlib.errors import CxError, RunError, SetupError
from cxlib.words import mark as _
from cxlib.workspace import Workspace, report_folder, write_whole

if TYPE_CHECKING:
    from cxlib.params import Client, Fault

_STANDING = ("fresh", "not applicable")
_AMISS = "not printed: "
_FAILED = Caveat(_("a chapter it reads failed"))


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
    run: Run,
    request: Request,
    *,
    executor: Executor | None = None,
    said: Callable[[Job], object] = lambda job: None,
) -> Run:
    """Run a plan's jobs and keep what they bring back; interrupted or not, return what was done.

    Without an executor there are as many threads as jobs at once, each with a process of its own;
    the fork server stays warm for a next plan, until `stop_fork_server` or this process's end.
    `said` is told of every job as it ends.
    """
    allow_fork_server()
    pool = executor or ThreadPoolExecutor(request.jobs, thread_name_prefix="cx")
    conductor = _Conductor(workspace, request, run, said)
    try:
        conductor.conduct(pool, carry=executor is not None)
        conductor.bind()
    except KeyboardInterrupt:
        run.interrupted = True
        pool.shutdown(wait=False, cancel_futures=True)
        stop_fork_server()  # and so ends what began
        pool.shutdown(wait=executor is None)
        conductor.give_up()
    finally:
        if executor is None:
            pool.shutdown(wait=True, cancel_futures=True)
    return run


class _Conductor:
    """Submits each job when what it reads is done, and keeps what comes back, in one thread."""

    def __init__(
        self, workspace: Workspace, request: Request, run: Run, said: Callable[[Job], object]
    ) -> None:
        self.workspace, self.request, self.run, self.said = workspace, request, run, said
        self.gate = Gate(workspace, run.clients)
        self.waiting: dict[str, Job] = {}
        self.running: dict[Future[Outcome], Job] = {}
        self.bad: set[str] = set()

    def conduct(self, pool: Executor, *, carry: bool) -> None:
        """Run all that is due; with `carry` the bytes of its files travel."""
        for job in self.run.jobs:
            if job.chapter is BOOK:
                continue
            if job.due:
                self.waiting[job.key] = job
            else:
                self._end(self._republished(job) if job.state == "fresh" else job)
        while self.waiting or self.running:
            self._submit(pool, carry)
            if not self.running:
                continue
            done, _rest = wait(self.running, return_when=FIRST_COMPLETED)
            for future in done:
                job = self.running.pop(future)
                self._end(self._kept(job, _outcome(future)))

    def bind(self) -> None:
        """Bind the books that were asked for, and print what was; each when its chapters ended."""
        chapters, run = list(self.run.ended), self.run
        for job in (job for job in run.jobs if job.chapter is BOOK):
            own = [each for each in chapters if is_part(each, job)]
            if job.state == "fresh" and all(each.state in _STANDING for each in own):
                self._end(self._republished(job))
                continue
            outcome = bind(self.workspace, run.clients[job.client], job, own, made_of(own))
            ended = self._kept(job, outcome)
            if ended.report and any(e.stem == "journey" and e.state in MADE for e in own):
                run.notes += mapped(self.workspace, job, self.request.out)
            self._end(ended)
        if not self.request.book:
            run.notes += outdated(self.workspace, (e for e in chapters if e.state == "done"))
        asked = [
            (at, job)
            for at, job in enumerate(run.ended)
            if job.report is not None and (self.request.pdf or job.chapter is BOOK)
        ]
        with ThreadPoolExecutor(self.request.jobs, thread_name_prefix="cx-print") as pool:
            told = pool.map(self._print, [job for _at, job in asked])
            for (at, job), fault in zip(asked, told, strict=True):
                if fault and fault not in run.notes:
                    run.notes.append(fault)
                if fault.startswith(_AMISS):
                    run.ended[at] = replace(job, state="failed", error=job.error or fault)

    def _print(self, job: Job) -> str:
        try:
            printed(self.workspace, job)
        except SetupError as error:
            return f"{error} The HTML is made."
        except CxError as error:
            return f"{_AMISS}{job.key}: {error}"
        return ""

    def give_up(self) -> None:
        """Account for what an interrupt left undone."""
        for job in (*self.running.values(), *self.waiting.values()):
            self._end(replace(job, state="interrupted"))

    def _submit(self, pool: Executor, carry: bool) -> None:
        """Submit what can run, a few more than run at once, so that a cluster is not flooded."""
        busy = {job.key for job in self.running.values()}
        for key, job in list(self.waiting.items()):
            if any(up in self.bad for up in job.after) and not job.format:
                del self.waiting[key]
                self.bad.add(key)
                self._end(replace(job, state="blocked", error=_FAILED))
                continue
            if len(self.running) >= 2 * self.request.jobs:
                return
            if not any(up in self.waiting or up in busy for up in job.after):
                del self.waiting[key]
                try:
                    without = frozenset(self.bad)
                    parcel = make_parcel(self.workspace, job, carry=carry, without=without)
                except (CxError, OSError) as gone:
                    self._end(self._kept(job, Outcome(error=str(gone))))
                    continue
                self.running[pool.submit(run_job, parcel, self.request.limits)] = job
                busy.add(key)

    def _end(self, job: Job) -> None:
        self.run.ended.append(job)
        self.said(job)

    def _kept(self, job: Job, outcome: Outcome) -> Job:
        """Write down what a job brought back, the record last; a failed one keeps its notebook."""
        workspace = self.workspace
        error = outcome.error or self.gate.check(job.client, outcome.files)
        places = {
            "notebook": record_path(workspace, job.where).with_name(f"{job.chapter.file}.ipynb"),
            "results": workspace.result(*job.where),
            "report": report_path(self.request.out, job),
        }
        kept: dict[str, Path] = {}
        try:
            for kind, path in places.items():
                if kind in outcome.files and (kind == "notebook" or not error):
                    write_whole(path, outcome.files[kind])
                    kept[kind] = path
            if "report" in kept:
                places["report"].with_suffix(".pdf").unlink(missing_ok=True)  # of the one before
        except OSError as failed:
            error = f"cannot write {places[kind]}: {failed.strerror}"
        record = Record(
            fingerprint=job.fingerprint,
            period=job.period,
            language=job.language,
            chapter=job.stem,
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
        self.bad |= {job.key} if error else set()
        return replace(
            job, state="failed" if error else "done", error=error, seconds=outcome.seconds,
            report=None if error else kept.get("report"), notebook=kept.get("notebook"),
            attempts=outcome.attempts, isolation=outcome.isolation,
        )  # fmt: skip

    def _republished(self, job: Job) -> Job:
        """Return a fresh job as ended, its report copied to where this run wants it."""
        record = read_record(self.workspace, job.where)
        report = report_path(self.request.out, job)
        papers = [record.path(self.workspace, kind) for kind in ("report", "pdf")] if record else ()
        try:
            for path in filter(None, papers):
                copy, content = report.with_suffix(path.suffix), path.read_bytes()
                if path != copy and not (copy.is_file() and copy.read_bytes() == content):
                    write_whole(copy, content)
        except OSError as failed:
            error = f"cannot write {report}: {failed.strerror}"
            return replace(job, state="failed", error=error)
        return replace(job, report=report)


def _outcome(future: Future[Outcome]) -> Outcome:
    try:
        return future.result()
    except CancelledError:
        return Outcome(error="cancelled by the cluster")
    except Exception as error:  # noqa: BLE001 - a worker that is gone for good fails its job only
        return Outcome(error=f"{type(error).__name__}: {error}")


# --- into a job -------------------------------------------------------------------------------


def make_parcel(
    workspace: Workspace, job: Job, *, carry: bool = False, without: frozenset[str] = frozenset()
) -> Parcel:
    """Collect a job's inputs: its client's file, tables and upstream results, its notebook.

    With `carry` the files' bytes travel, for a worker elsewhere; `without` are keys of failed jobs.
    RunError if one has changed or gone since the run was planned, OSError if it cannot be read.
    """
    for before in job.inputs:
        if seen(before[0]) != before:
            raise RunError(f"{before[0].name} has changed or gone since the run was planned.")
    state = [workspace.client_file(job.client), *carried(workspace, job.client)]
    bound = job.binds or (job.chapter,)
    beside = [workspace.register(job.client, name) for name in job.registers]
    state += [path for path in beside if path.is_file()] + ([job.face] if job.face else [])
    for key in sorted({*job.after} - without):
        saved = workspace.result(*job.where[:3], key.rpartition("/")[2])
        state += [saved] if saved.is_file() else []
    files = {path.relative_to(workspace.root).as_posix(): path for path in state}
    for each in bound:
        for path in (each.path, *each.path.parent.glob(f"{each.file}.*.po")):
            files[f"notebooks/{path.name}"] = path
    return Parcel(
        *job.where,
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


# --- a run that leaves nothing ------------------------------------------------------------------


@contextmanager
def elsewhere(workspace: Workspace) -> Iterator[Workspace]:
    """Yield a workspace of the same files, under a key of no worth, that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="cx-check-") as folder:
        place = Workspace(Path(folder))
        for shared in ("params", "data", "notebooks"):
            (place.root / shared).symlink_to(workspace.root / shared)
        before = dict(os.environ)
        os.environ["CX_KEY_FILE"] = str(place.root / "key")
        try:
            yield place
        finally:
            os.environ.clear()
            os.environ.update(before)


def rehearse(
    client: Client,
    workspace: Workspace,
    request: Request,
    *,
    place: Workspace | None = None,
    said: Callable[[Job], object] = lambda job: None,
) -> list[Fault]:
    """Run all that a request would for a client in a `place` elsewhere; return what stops.

    What stands fresh in the workspace has run, and is not tried again.
    """
    if not any(job.due for job in make_plan(workspace, request, write=False).jobs):
        return []
    if place is None:
        with elsewhere(workspace) as there:
            return rehearse(client, workspace, request, place=there, said=said)
    asked = replace(request, out=place.reports)
    run = execute(place, make_plan(place, asked), asked, said=said)
    told: dict[str, tuple[str, ...]] = dict.fromkeys(run.faults.values(), ())
    for job in run.ended:
        if job.state == "failed":
            where = ("chapters", job.stem) if job.stem in client.chapters else ()
            told |= {f"chapter {job.stem}, {job.period}: {job.error}": where}
    return [client.fault(where, message) for message, where in told.items()]


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
