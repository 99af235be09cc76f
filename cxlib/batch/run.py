"""Run room: ingest, plan, execute through an Executor, keep what comes back, say what happened."""

from __future__ import annotations

import os
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

from cxlib.batch.chapters import Chapters, choose, discover
from cxlib.batch.hearth import DiedError, can_fork
from cxlib.batch.job import Limits, Outcome, Parcel, put_out, run_job, warm_hearth
from cxlib.batch.keep import keep, make_parcel, report_path, republish
from cxlib.batch.lock import clients_held
from cxlib.batch.plan import Job, Plan, Prepared, plan_client, prepare
from cxlib.batch.state import sweep_parts
from cxlib.errors import CxError, RunError
from cxlib.workspace import Workspace


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line.

    Parameters
    ----------
    out : Path
        Where reports go.
    clients, chapters : tuple of str
        All, if empty.
    period : str
        A label or ``latest``.
    language : str
        ``en``, ``zh``, or empty for the client file's own.
    force : bool
        Run what is fresh as well.
    jobs : int
        Jobs at once.
    limits : Limits
        What each job may use, and whether its kernel starts cold.
    dask : str
        Address of a Dask scheduler; empty for this machine.
    """

    out: Path
    clients: tuple[str, ...] = ()
    chapters: tuple[str, ...] = ()
    period: str = "latest"
    language: str = ""
    force: bool = False
    jobs: int = 2
    limits: Limits = Limits()
    dask: str = ""


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
    """Hold the request's clients for this run alone, and clear what killed runs left of them.

    Parameters
    ----------
    workspace : Workspace
    request : Request
    said : callable
        Told when another run must be waited for.
    """
    known = set(workspace.clients())
    names = [name for name in request.clients or workspace.clients() if name in known]
    with clients_held(workspace, names, said=said):
        for name in names:
            sweep_parts(workspace.state(name), request.out / name)
        yield


def make_plan(
    workspace: Workspace,
    request: Request,
    *,
    write: bool = True,
    said: Callable[[str], None] = lambda name: None,
) -> Plan:
    """Return the jobs of a request, each after those it depends on; ingest what is new first.

    Parameters
    ----------
    workspace : Workspace
    request : Request
    write : bool
        False only looks: nothing is ingested or written, nothing runs.
    said : callable
        Told of every client as it is ready.

    Raises
    ------
    RunError
        If the chapters cannot be put in order, or one that was asked for does not exist.
    """
    every: Chapters = discover(workspace.notebooks)
    wanted = [c.stem for c in choose(every.chapters, request.chapters)]
    plan = Plan(faults={} if request.chapters else dict(every.faults))
    names = tuple(dict.fromkeys(request.clients)) or tuple(workspace.clients())
    jobs: list[Job] = []
    for ready in _prepared(workspace, request, names, write):
        said(ready.name)
        if ready.client is None:
            plan.faults[ready.name] = ready.fault
            continue
        languages = (request.language,) if request.language else ready.client.languages
        jobs += plan_client(
            workspace,
            ready,
            every.chapters,
            languages=languages,
            wanted=wanted,
            force=request.force,
        )
    return Plan(tuple(jobs), plan.faults)


def _prepared(
    workspace: Workspace, request: Request, names: tuple[str, ...], write: bool
) -> Iterator[Prepared]:
    """Yield the clients, ready to be planned, in order; several at once where forking is to be had."""
    arguments = [(str(workspace.root), name, request.period, write) for name in names]
    if request.limits.cold or not can_fork() or not write:
        yield from (prepare(*each) for each in arguments)
        return
    hearth = warm_hearth()

    def apart(each: tuple[str, str, str, bool]) -> Prepared:
        for _attempt in range(2):
            try:
                made: Prepared = hearth.call(prepare, *each, environ=dict(os.environ))
            except DiedError as died:
                made = Prepared(each[1], fault=f"reading its data: {died}")
            else:
                break
        return made

    with ThreadPoolExecutor(request.jobs) as pool:
        try:
            yield from pool.map(apart, arguments)
        except KeyboardInterrupt:
            put_out()  # else the pool would wait for clients that nobody wants any more
            raise


def execute(
    workspace: Workspace,
    plan: Plan,
    request: Request,
    *,
    executor: Executor | None = None,
    said: Callable[[Ended], None] = lambda ended: None,
) -> Run:
    """Run a plan's jobs and keep what they bring back.

    Parameters
    ----------
    workspace : Workspace
    plan : Plan
    request : Request
    executor : concurrent.futures.Executor, optional
        Any; if not given, as many threads as jobs at once, each with a process of its own.
    said : callable
        Told of every job as it ends.

    Returns
    -------
    Run
        Interrupted or not, what was done.
    """
    run = Run(faults=dict(plan.faults))
    pool = executor or ThreadPoolExecutor(request.jobs, thread_name_prefix="cx")
    conductor = _Conductor(workspace, request, pool, run, said, carried=executor is not None)
    try:
        conductor.conduct(plan.jobs)
    except KeyboardInterrupt:
        run.interrupted = True
        put_out()
        pool.shutdown(wait=executor is None, cancel_futures=True)
        conductor.give_up()
    finally:
        if executor is None:
            pool.shutdown(wait=True, cancel_futures=True)
            put_out()
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
        *,
        carried: bool,
    ) -> None:
        self.workspace, self.request, self.pool = workspace, request, pool
        self.run, self.said, self.carried = run, said, carried
        self.waiting: dict[str, Job] = {}
        self.running: dict[Future[Outcome], Job] = {}
        self.bad: set[str] = set()

    def conduct(self, jobs: tuple[Job, ...]) -> None:
        """Run all that is due."""
        for job in jobs:
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

    def give_up(self) -> None:
        """Account for what an interrupt left undone."""
        for job in (*self.running.values(), *self.waiting.values()):
            self._end(Ended(job, "interrupted"))

    def _submit(self) -> None:
        """Submit what can run, a few more than run at once, so that a cluster is not flooded."""
        busy = {job.key for job in self.running.values()}
        for key, job in list(self.waiting.items()):
            if any(up in self.bad for up in job.after):
                del self.waiting[key]
                self.bad.add(key)
                self._end(Ended(job, "blocked", "a chapter it reads failed"))
                continue
            if len(self.running) >= 2 * self.request.jobs:
                return
            if not any(up in self.waiting or up in busy for up in job.after):
                del self.waiting[key]
                try:
                    parcel = make_parcel(self.workspace, job, carried=self.carried)
                except (CxError, OSError) as gone:
                    self._keep(job, Outcome(job.key, error=str(gone)))
                    continue
                future = self.pool.submit(run_job, parcel, self.request.limits)
                self.running[future] = job
                busy.add(key)

    def _keep(self, job: Job, outcome: Outcome) -> None:
        ended = keep(self.workspace, job, outcome, self.request.out)
        if ended.state == "failed":
            self.bad.add(job.key)
        self._end(ended)

    def _end(self, ended: Ended) -> None:
        self.run.ended.append(ended)
        self.said(ended)


def _outcome(future: Future[Any], job: Job) -> Outcome:
    try:
        outcome: Outcome = future.result()
    except CancelledError:
        return Outcome(job.key, error="cancelled by the cluster")
    except Exception as error:  # noqa: BLE001 - a worker that is gone for good fails its job only
        return Outcome(job.key, error=f"{type(error).__name__}: {error}")
    return outcome


@contextmanager
def cluster(address: str) -> Iterator[tuple[Executor, int]]:
    """Connect to a Dask scheduler.

    Parameters
    ----------
    address : str
        ``tcp://host:8786``.

    Yields
    ------
    Executor, int
        The same interface as a local pool's, and how many jobs the cluster runs at once.

    Raises
    ------
    RunError
        If the extra is missing, the scheduler does not answer, or it has no workers.
    """
    try:
        from distributed import Client
    except ImportError:
        raise RunError("--dask needs the extra: pip install 'cxlib[dask]'.") from None
    try:
        client = Client(address, timeout="20s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise RunError(f"no Dask scheduler answers at {address} ({error}).") from None
    with client:
        slots = sum(client.ncores().values())
        if not slots:
            raise RunError(f"the Dask scheduler at {address} has no workers; start some first.")
        yield client.get_executor(retries=ATTEMPTS), slots


ATTEMPTS = 3
"""How often a job goes to another worker when its own is gone."""

__all__ = [
    "Ended",
    "Parcel",
    "Request",
    "Run",
    "alone",
    "cluster",
    "execute",
    "make_plan",
    "report_path",
]
