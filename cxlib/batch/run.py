"""Run room: ingest, plan, execute through an Executor, keep what comes back, say what happened."""

from __future__ import annotations

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
from typing import Any

from cxlib.batch.job import Outcome, put_out, run_job
from cxlib.batch.keep import keep, make_parcel, republish
from cxlib.batch.lock import clients_held
from cxlib.batch.plan import Job, Plan
from cxlib.batch.planning import make_plan
from cxlib.batch.request import Ended, Request, Run
from cxlib.batch.state import sweep_parts
from cxlib.errors import CxError
from cxlib.workspace import Workspace


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


__all__ = ["Ended", "Request", "Run", "alone", "execute", "make_plan"]
