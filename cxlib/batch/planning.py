"""Run room: from a request to a plan: chapters in order, clients read, jobs told apart."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from cxlib.batch.chapters import Chapters, choose, discover, stray_settings
from cxlib.batch.hearth import DiedError, can_fork
from cxlib.batch.job import put_out, warm_hearth
from cxlib.batch.plan import Job, Plan, plan_client
from cxlib.batch.prepare import Prepared, prepare
from cxlib.batch.request import Request
from cxlib.workspace import Workspace


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
        stray = stray_settings(ready.client, every.chapters)
        if stray:
            plan.faults[ready.name] = "\n".join(map(str, stray))
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
    """Yield the clients, ready to be planned, in order; several at once where we can fork."""
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
