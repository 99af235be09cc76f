"""Run room: what `cx run` and `cx list` say, and the code they exit with."""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import click
from tqdm import tqdm

from cxlib.batch.cluster import cluster
from cxlib.batch.job import put_out
from cxlib.batch.manifest import manifest_of, manifest_path
from cxlib.batch.plan import Plan
from cxlib.batch.planning import make_plan
from cxlib.batch.portfolio import portfolio
from cxlib.batch.request import Ended, Request, Run
from cxlib.batch.run import alone, execute
from cxlib.batch.state import write_whole
from cxlib.workspace import Workspace

INTERRUPTED = 130
_SIGNS = {"done": "✓", "failed": "✗", "blocked": "–", "interrupted": "–"}


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def show_plan(workspace: Workspace, request: Request, *, reasons: bool) -> int:
    """Say how every report stands, and why, changing nothing; returns the exit code.

    Parameters
    ----------
    workspace : Workspace
    request : Request
    reasons : bool
        Whether to say why.
    """
    plan = make_plan(workspace, request, write=False)
    for job in plan.jobs:
        named = f"{job.client:20} {job.chapter.file:20} {job.period:8} {job.language:3}"
        why = " ".join(job.reason.split()) if reasons else ""
        click.echo(f"{named} {job.state:15} {why}".rstrip())
    for name, fault in plan.faults.items():
        click.echo(f"✗ {name}\n    " + fault.replace("\n", "\n    "), err=True)
    due = sum(job.due for job in plan.jobs)
    click.echo(f"{due} of {len(plan.jobs)} would run.")
    return 1 if plan.faults else 0


def run(workspace: Workspace, request: Request, *, as_json: bool, verbose: bool) -> int:
    """Run a request, say what happens, and return the exit code.

    Parameters
    ----------
    workspace : Workspace
    request : Request
    as_json : bool
        Print the manifest on standard output.
    verbose : bool
        Also say what needed no run.
    """
    signal.signal(signal.SIGTERM, _as_interrupt)
    result = Run()
    try:
        with ExitStack() as stack:
            stack.callback(put_out)
            stack.enter_context(alone(workspace, request, said=_tell))
            executor = None
            if request.dask:
                executor, slots = stack.enter_context(cluster(request.dask))
                request = replace(request, jobs=slots)
            plan = _planned(workspace, request)
            due = sum(job.due for job in plan.jobs)
            bar = stack.enter_context(_bar(due, "job"))

            def said(ended: Ended) -> None:
                if ended.job.due or ended.state == "failed":
                    bar.update()
                    bar.write(line(ended, workspace), file=sys.stderr)
                elif verbose:
                    bar.write(line(ended, workspace), file=sys.stderr)

            result = execute(workspace, plan, request, executor=executor, said=said)
    except KeyboardInterrupt:
        result.interrupted = True
    return _account(workspace, request, result, as_json=as_json)


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _planned(workspace: Workspace, request: Request) -> Plan:
    count = len(request.clients or workspace.clients())
    with _bar(count, "client") as bar:
        return make_plan(workspace, request, said=lambda name: _step(bar))


def _step(bar: tqdm[Any]) -> None:
    bar.update()


def _bar(total: int, unit: str) -> tqdm[Any]:
    return tqdm(
        total=total, unit=unit, disable=not sys.stderr.isatty(), leave=False, dynamic_ncols=True
    )


def _tell(text: str) -> None:
    click.echo(f"cx: {text}", err=True)


def line(ended: Ended, workspace: Workspace) -> str:
    """Return what is said of a job that ended; of a failed one, what and where to look.

    Parameters
    ----------
    ended : Ended
    workspace : Workspace
    """
    job = ended.job
    named = [job.client, job.chapter.file, job.period, job.language]
    if ended.seconds:
        named.append(f"{ended.seconds:.1f} s")
    text = f"{_SIGNS.get(ended.state, '·')} {' · '.join(named)}"
    if ended.state in ("fresh", "not applicable", "interrupted"):
        text += f" · {ended.state}" + (f": {job.reason}" if job.reason else "")
    if ended.error:
        text += f"\n    {ended.error}"
    if ended.error and ended.notebook:
        text += f"\n    see {shown(ended.notebook)}"
    return text


def _account(workspace: Workspace, request: Request, result: Run, *, as_json: bool) -> int:
    """Write the manifest and the index, say how it went; returns the exit code."""
    code = INTERRUPTED if result.interrupted else 1 if result.failed else 0
    manifest, index = manifest_path(workspace), request.out / "index.html"
    content = manifest_of(request, result, workspace)
    for path, made in ((manifest, content), (index, _index(workspace, request, result))):
        try:
            write_whole(path, made.encode("utf-8"))
        except OSError as failed:
            click.echo(f"cx: cannot write {path}: {failed.strerror}", err=True)
            code = code or 1
    if as_json:
        click.echo(content)
    else:
        _summary(result, index, manifest)
    return code


def _index(workspace: Workspace, request: Request, result: Run) -> str:
    from cxlib.report.index import render_index

    clients = portfolio(workspace, request.out, result)
    names = {client.name for client in clients}
    faults = [fault for name, fault in result.faults.items() if name not in names]
    return render_index(clients, faults=faults)


def _summary(result: Run, index: Path, manifest: Path) -> None:
    for name, fault in result.faults.items():
        click.echo(f"✗ {name}\n    " + fault.replace("\n", "\n    "), err=True)
    counts = Counter(ended.state for ended in result.ended)
    told = ", ".join(f"{n} {state}" for state, n in counts.items()) or "nothing to do"
    if result.faults:
        told += f", {len(result.faults)} refused"
    if result.interrupted:
        told += "; interrupted, the next run goes on from here"
    click.echo(told)
    reports = [e for e in result.ended if e.report is not None and e.state in ("done", "fresh")]
    if len(reports) <= _MANY:
        for ended in reports:
            click.echo(f"  {ended.state:6} {shown(ended.report or index)}")
    click.echo(f"Index: {shown(index)}\nManifest: {shown(manifest)}")


_MANY = 40
"""More reports than this are found by the index, not by reading a terminal."""


def shown(path: Path) -> str:
    """Return a path as it is named from here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
