"""What `cx run`, `cx list` and `cx check` say, the account they write, the code they exit with."""

from __future__ import annotations

import json
import os
import platform
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import click
from tqdm import tqdm

from cxlib import __version__
from cxlib.batch import confine
from cxlib.batch.books import freeze
from cxlib.batch.forkserver import stop_fork_server
from cxlib.batch.plan import Job, Request, Run, made_of, make_plan
from cxlib.batch.portfolio import consultancy, portfolio
from cxlib.batch.run import alone, cluster, elsewhere, execute, rehearse, report_path
from cxlib.errors import Count, CxError, RunError
from cxlib.report.saved import TITLES
from cxlib.words import Words
from cxlib.workspace import Workspace, kit_digest, write_whole

INTERRUPTED = 130
_SIGNS = {"done": "✓", "failed": "✗", "blocked": "–", "interrupted": "–"}


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def show_plan(workspace: Workspace, request: Request) -> int:
    """Say how every report stands, and why, changing nothing; returns the exit code."""
    plan = make_plan(workspace, request, write=False)
    for job in plan.jobs:
        named = f"{job.client:20} {_named(job):20} {_plain(job.period):8} {job.language:3}"
        why = " ".join(job.reason.split())
        click.echo(f"{named} {job.state:15} {why}".rstrip())
    for name, fault in plan.faults.items():
        click.echo(f"✗ {name}\n    " + fault.replace("\n", "\n    "), err=True)
    due = sum(job.due for job in plan.jobs)
    click.echo(f"{due} of {len(plan.jobs)} would run.")
    return 1 if plan.faults else 0


def run(workspace: Workspace, request: Request, *, as_json: bool, verbose: bool) -> int:
    """Run a request, say what happens, and return the exit code."""
    signal.signal(signal.SIGTERM, _as_interrupt)
    words, result = consultancy(), Run()  # a language that the index lacks is told before the work
    try:
        with ExitStack() as stack:
            stack.enter_context(_offspring())
            stack.enter_context(alone(workspace, request, said=_tell))
            executor = None
            if request.dask:
                executor, slots = stack.enter_context(cluster(request.dask))
                request = replace(request, jobs=slots)
            count = len(request.clients or workspace.clients())
            with _bar(count, "client") as bar:
                result = make_plan(workspace, request, said=lambda _name: bar.update())
            due = sum(job.due for job in result.jobs)
            progress = stack.enter_context(_bar(due, "job"))

            def said(job: Job) -> None:
                progress.update(job.due)
                if job.due or verbose:
                    progress.write(line(job), file=sys.stderr)

            execute(workspace, result, request, executor=executor, said=said)
    except KeyboardInterrupt:
        result.interrupted = True
    return _account(workspace, request, result, words, as_json=as_json)


@contextmanager
def _offspring() -> Iterator[None]:
    """End whatever processes were started meanwhile."""
    confine.adopt_orphans()  # should the fork server be killed, what cells left comes to us
    try:
        yield
    finally:
        stop_fork_server()
        confine.end_offspring()


def _named(job: Job) -> str:
    return job.chapter.path.name if job.format else job.chapter.file


def _plain(text: str) -> str:
    """Return a label as a terminal may show it: one short line without control characters."""
    shown = "".join(c if c.isprintable() else "\ufffd" for c in text)
    return shown if len(shown) <= _WIDEST else shown[: _WIDEST - 1] + "…"


_WIDEST = 40


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _bar(total: int, unit: str) -> tqdm[Any]:
    return tqdm(
        total=total, unit=unit, disable=not sys.stderr.isatty(), leave=False, dynamic_ncols=True
    )


def _tell(text: str) -> None:
    click.echo(f"cx: {text}", err=True)


def line(job: Job) -> str:
    """Return what is said of a job that ended; of a failed one, what and where to look."""
    named = [job.client, _named(job), _plain(job.period), job.language]
    if job.seconds:
        named.append(f"{job.seconds:.1f} s")
    text = f"{_SIGNS.get(job.state, '·')} {' · '.join(named)}"
    if job.state in ("fresh", "not applicable", "interrupted"):
        text += f" · {job.state}" + (f": {job.reason}" if job.reason else "")
    if job.error:
        text += f"\n    {job.error}"
    if job.error and job.notebook:
        text += f"\n    see {shown(job.notebook)}"
    return text


def _account(
    workspace: Workspace, request: Request, result: Run, words: Words, *, as_json: bool
) -> int:
    """Write the manifest and the index, say how it went; returns the exit code."""
    from cxlib.report import handbook

    code = INTERRUPTED if result.interrupted else 1 if result.failed else 0
    manifest, index = workspace.manifest, request.out / "index.html"
    content = manifest_of(request, result, workspace)
    for path, made in ((manifest, content), (index, _index(workspace, request, result, words))):
        try:
            write_whole(path, made.encode("utf-8"))
        except OSError as failed:
            click.echo(f"cx: cannot write {path}: {failed.strerror}", err=True)
            code = code or 1
    if not result.interrupted and any(job.state == "done" for job in result.ended):
        try:
            handbook.write(request.out, kit_digest())
        except OSError as failed:  # every report stands without it
            _tell(f"cannot write the handbook of methods to {request.out}: {failed.strerror}")
    if as_json:
        click.echo(content)
    else:
        _summary(result, index, manifest)
    return code


SCHEMA = 2


def manifest_of(request: Request, run: Run, workspace: Workspace) -> str:
    """Return what a run did, job by job, as JSON; paths are relative to the workspace."""
    limits = request.limits
    data = {
        "schema": SCHEMA,
        "kit": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "started": run.started,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "interrupted": run.interrupted,
        "out": str(request.out),
        "kernels": "cold" if limits.cold else "warm",
        "executor": request.dask or f"{request.jobs} local",
        "isolation": confine.isolation(),
        "limits": {"timeout_seconds": limits.timeout, "memory_megabytes": limits.memory},
        "faults": run.faults,
        "jobs": [
            {
                "client": job.client,
                "chapter": job.stem,
                "period": job.period,
                "language": job.language,
                "state": job.state,
                "reason": job.reason,
                "error": job.error,
                "seconds": round(job.seconds, 3),
                "attempts": job.attempts,
                "isolation": job.isolation,
                "report": workspace.shown(job.report) if job.report else None,
                "notebook": workspace.shown(job.notebook) if job.notebook else None,
            }
            for job in run.ended
        ],
    }
    return json.dumps(data, ensure_ascii=False, indent=1)


def _index(workspace: Workspace, request: Request, result: Run, words: Words) -> str:
    from cxlib.report.index import render_index

    clients = portfolio(workspace, request.out, result, language=words.language)
    names = {client.name for client in clients}
    faults = [fault for name, fault in result.faults.items() if name not in names]
    return render_index(clients, faults=faults, words=words)


def _summary(result: Run, index: Path, manifest: Path) -> None:
    for name, fault in result.faults.items():
        click.echo(f"✗ {name}\n    " + fault.replace("\n", "\n    "), err=True)
    counts = Counter(job.state for job in result.ended)
    told = ", ".join(f"{n} {state}" for state, n in counts.items()) or "nothing to do"
    if result.faults:
        told += f", {len(result.faults)} refused"
    if result.interrupted:
        told += "; interrupted, the next run goes on from here"
    click.echo(told)
    for note in result.notes:
        click.echo(f"  {note}")
    reports = [job for job in result.ended if job.report and job.state in ("done", "fresh")]
    if len(reports) <= _MANY:
        for job in reports:
            click.echo(f"  {job.state:6} {shown(job.report or index)}")
    click.echo(f"Index: {shown(index)}\nManifest: {shown(manifest)}")


def issue(workspace: Workspace, client: str, period: str, *, reason: str) -> None:
    """Freeze what is sent to a client for a period, and say where it lies."""
    of = replace(Request(out=workspace.reports), clients=(client,), period=period)
    request = replace(of, book=True, formats=tuple(TITLES))
    with alone(workspace, request, said=_tell):
        plan = make_plan(workspace, request, write=False)
        if client in plan.faults:
            raise RunError(plan.faults[client])
        chapters = [job for job in plan.jobs if job.chapter.path.suffix == ".ipynb"]
        languages = {job.language for job in plan.jobs}
        told = {at: made_of(job for job in chapters if job.language == at) for at in languages}
        there = [j for j in plan.jobs if not j.format or report_path(request.out, j).is_file()]
        made, folder = freeze(workspace, plan.clients[client], there, told, reason=reason)
    click.echo(
        f"Version {made.version} of {made.period}, {(n := Count(len(made.files)))} "
        f"{n:file|files}: {shown(folder)}"
    )


_MANY = 40
"""More reports than this are found by the index, not by reading a terminal."""


def shown(path: Path) -> str:
    """Return a path as it is named from here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def check(
    workspace: Workspace, request: Request, *, data: bool = False, quick: bool = False
) -> int:
    """Say all that is wrong with clients' files, registers and data; return 1 if anything is.

    Where nothing is, each chapter is tried as a run would make it, unless it is to be `quick`.
    """
    from cxlib import params
    from cxlib.batch.chapters import discover, settings_faults
    from cxlib.batch.gate import is_said_anyway
    from cxlib.chapters import registers_of
    from cxlib.data.check import examine
    from cxlib.data.draft import open_questions
    from cxlib.data.ingest import keep
    from cxlib.data.registers import read_register
    from cxlib.report.catalogue import bring

    chapters = discover(workspace).chapters
    untold = [(path, lacking) for path, _n, lacking in bring(workspace, write=False) if lacking]
    bad = False
    for name in request.clients or workspace.known():
        asked = open_questions(name, workspace)
        try:
            client = params.load(name, workspace)
            with elsewhere(workspace) as place:
                then = None if quick else partial(keep, client, place)
                checked = examine(client, workspace, limits=request.limits, then=then)
                faults = [*settings_faults(client, chapters), *checked.faults, *asked]
                for said in filter(is_said_anyway, {*(client.name or {}).values()}):
                    told = (f"{said!r} is what every report may say, so other clients' reports are "
                            "not searched for it; name the client in full.")  # fmt: skip
                    faults.append(client.fault(("name",), told, said, severity="warning"))
                models = registers_of(client)
                for section, model in models.items():
                    faults += read_register(client, section, model, workspace, beside=models).faults
                if not quick and not any(fault.severity == "error" for fault in faults):
                    with _bar(len(chapters) * len(client.languages), "report") as bar, _offspring():
                        each = replace(request, clients=(name,))
                        faults += rehearse(
                            client, workspace, each, place=place, said=lambda _job: bar.update()
                        )
        except CxError as error:
            click.echo(f"✗ {name}\n    " + str(error).replace("\n", "\n    "))
            for fault in asked:
                click.echo(f"    {fault.severity}: {fault}")
            bad = True
            continue
        errors = [fault for fault in faults if fault.severity == "error"]
        bad = bad or bool(errors)
        click.echo(f"{'✗' if errors else '✓'} {name}")
        for fault in faults:
            click.echo(f"    {fault.severity}: {fault}")
        shown = checked.distributions if data else ()
        for path, lacking in untold:
            if set(path.suffixes) & {f".{language}" for language in client.languages}:
                n, where = len(lacking), workspace.shown(path)
                click.echo(f"    warning: {where}: {n} messages untranslated (cx catalogue)")
        for line in (*checked.intake, *checked.changes, *shown):
            click.echo(f"    {line}")
    return int(bad)
