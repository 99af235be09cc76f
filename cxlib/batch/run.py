"""A run: ingest, plan, execute through an Executor, keep what comes back, say what happened."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from cxlib import __version__, params, periods
from cxlib.batch.chapters import Chapter, choose, discover
from cxlib.batch.job import Outcome, Parcel, run_job
from cxlib.batch.plan import Job, Plan, plan_client
from cxlib.batch.state import Record, runs_folder, write_record, write_whole
from cxlib.errors import CxError
from cxlib.workspace import Workspace


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line.

    Parameters
    ----------
    clients, chapters : tuple of str
        All, if empty.
    period : str
        A label or ``latest``.
    language : str
        ``en``, ``zh``, or empty for the client file's own.
    out : Path
        Where reports go.
    force : bool
        Run what is fresh as well.
    jobs : int
        Processes.
    """

    out: Path
    clients: tuple[str, ...] = ()
    chapters: tuple[str, ...] = ()
    period: str = "latest"
    language: str = ""
    force: bool = False
    jobs: int = 2


@dataclass
class Ended:
    """How one job of this run ended."""

    job: Job
    state: str
    error: str = ""
    seconds: float = 0.0
    report: Path | None = None


@dataclass
class Run:
    """What a run did, for the table, the manifest and the exit code."""

    ended: list[Ended] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether anything that was to run did not succeed."""
        return bool(self.faults) or any(e.state in ("failed", "blocked") for e in self.ended)


def make_plan(workspace: Workspace, request: Request) -> Plan:
    """Ingest what is new and return the jobs, each after those it depends on."""
    from cxlib.data.ingest import ingest
    from cxlib.data.tables import periods_of

    every = discover(workspace.notebooks)
    wanted = [c.stem for c in choose(every, request.chapters)]
    jobs: list[Job] = []
    faults: dict[str, str] = {}
    for name in request.clients or workspace.clients():
        try:
            client = params.load(name, workspace)
            ingest(client, workspace)
            period = periods.choose(request.period, periods_of(workspace, client))
            languages = (request.language,) if request.language else client.languages
            jobs += plan_client(
                workspace,
                client,
                every,
                period=period,
                languages=languages,
                wanted=wanted,
                force=request.force,
            )
        except CxError as error:
            faults[name] = str(error)
    return Plan(tuple(jobs), faults)


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
        Any; a pool of processes on this machine if not given.
    said : callable
        Told of every job as it ends.
    """
    run = Run(faults=dict(plan.faults))
    pool = executor or ProcessPoolExecutor(request.jobs, mp_context=get_context("spawn"))
    try:
        _drive(workspace, plan.jobs, request, pool, run, said)
    finally:
        if executor is None:
            pool.shutdown(wait=True, cancel_futures=True)
    _write_manifest(workspace, run)
    return run


def _drive(
    workspace: Workspace,
    jobs: Iterable[Job],
    request: Request,
    pool: Executor,
    run: Run,
    said: Callable[[Ended], None],
) -> None:
    waiting = {job.key: job for job in jobs if job.due}
    bad: set[str] = set()
    for job in jobs:
        if not job.due:
            _end(run, said, Ended(job, job.state, report=report_path(request.out, job)))
    running: dict[Future[Outcome], Job] = {}
    while waiting or running:
        for key, job in list(waiting.items()):
            if any(up in bad for up in job.after):
                del waiting[key]
                bad.add(key)
                _end(run, said, Ended(job, "blocked", "a chapter it reads failed"))
            elif not any(
                up in waiting or up in {j.key for j in running.values()} for up in job.after
            ):
                del waiting[key]
                running[pool.submit(run_job, make_parcel(workspace, job))] = job
        done, _rest = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            job = running.pop(future)
            ended = _keep(workspace, job, _outcome(future, job), request.out)
            if ended.state == "failed":
                bad.add(job.key)
            _end(run, said, ended)


def _outcome(future: Future[Outcome], job: Job) -> Outcome:
    error = future.exception()
    return Outcome(job.key, error=f"{type(error).__name__}: {error}") if error else future.result()


def _end(run: Run, said: Callable[[Ended], None], ended: Ended) -> None:
    run.ended.append(ended)
    said(ended)


def make_parcel(workspace: Workspace, job: Job) -> Parcel:
    """Collect a job's inputs: its client's file, tables and upstream results, its notebook."""
    files: dict[str, bytes | Path] = {
        f"params/{job.client}.yaml": workspace.client_file(job.client),
        f"notebooks/{job.chapter.path.name}": job.chapter.path,
    }
    for path in workspace.tables(job.client).glob("*"):
        files[f".cx/{job.client}/tables/{path.name}"] = path
    for stem in job.chapter.reads:
        saved = workspace.results(job.client) / job.period / f"{stem}.json"
        files[f".cx/{job.client}/results/{job.period}/{stem}.json"] = saved
    for path in job.chapter.path.parent.glob(f"{job.chapter.file}.*.po"):
        files[f"notebooks/{path.name}"] = path
    return Parcel(
        key=job.key,
        client=job.client,
        chapter=job.chapter.stem,
        period=job.period,
        language=job.language,
        notebook=job.chapter.path.name,
        files=files,
    )


def report_path(out: Path, job: Job) -> Path:
    """Return where a job's report lies: ``client/period/language/02-assessment.html``."""
    return out / job.client / job.period / job.language / f"{job.chapter.file}.html"


def _keep(workspace: Workspace, job: Job, outcome: Outcome, out: Path) -> Ended:
    report = report_path(out, job)
    kept: list[Path] = []
    try:
        places = {
            "notebook": runs_folder(workspace, job) / f"{job.chapter.file}.ipynb",
            "results": workspace.results(job.client) / job.period / f"{job.chapter.stem}.json",
            "report": report,
        }
        for name, path in places.items():
            if name in outcome.files and (name == "notebook" or not outcome.error):
                write_whole(path, outcome.files[name])
                kept.append(path)
        error = outcome.error
    except OSError as failed:
        error = f"cannot write {failed.filename}: {failed.strerror}"
    names = tuple(_relative(path, workspace.root) for path in kept)
    finished = datetime.now(UTC).isoformat(timespec="seconds")
    write_record(workspace, job, Record(job.fingerprint, names, outcome.seconds, finished, error))
    state = "failed" if error else "done"
    return Ended(job, state, error, outcome.seconds, None if error else report)


def _relative(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _write_manifest(workspace: Workspace, run: Run) -> None:
    """Write the machine-readable account of the run: ``.cx/manifest.json``."""
    data = {
        "schema": 1,
        "kit": __version__,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "faults": run.faults,
        "jobs": [
            {
                "client": e.job.client,
                "chapter": e.job.chapter.stem,
                "period": e.job.period,
                "language": e.job.language,
                "state": e.state,
                "error": e.error,
                "seconds": round(e.seconds, 3),
                "report": _relative(e.report, workspace.root) if e.report else None,
            }
            for e in run.ended
        ],
    }
    content = json.dumps(data, ensure_ascii=False, indent=1).encode("utf-8")
    write_whole(workspace.root / ".cx" / "manifest.json", content)


def list_chapters(workspace: Workspace) -> tuple[Chapter, ...]:
    """Return the chapters of a workspace, in the order they run."""
    return discover(workspace.notebooks)


def write_run_index(out: Path, run: Run) -> Path:
    """Write ``index.html`` over the run's reports, and return its path."""
    from cxlib.report.index import Entry, write_index

    entries = [
        Entry(
            client=e.job.client,
            title=f"{e.job.chapter.file}: {e.job.chapter.title}",
            period=e.job.period,
            language=e.job.language,
            state=e.state,
            link=_relative(e.report, out) if e.report and e.report.is_file() else "",
            note=e.error or (e.job.reason if e.state == "not applicable" else ""),
        )
        for e in run.ended
    ]
    entries += [
        Entry(client, "", "", "", "refused", note=why) for client, why in run.faults.items()
    ]
    return write_index(out, entries)
