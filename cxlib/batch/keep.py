"""Run room: what goes into a job and where what it brings back is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cxlib.batch.job import Outcome, Parcel
from cxlib.batch.plan import Job
from cxlib.batch.request import Ended
from cxlib.batch.state import Record, read_record, runs_folder, write_record, write_whole
from cxlib.workspace import Workspace


def make_parcel(workspace: Workspace, job: Job, *, carried: bool = False) -> Parcel:
    """Collect a job's inputs: its client's file, tables and upstream results, its notebook.

    Parameters
    ----------
    workspace : Workspace
    job : Job
    carried : bool
        Put the files' bytes in, for a worker elsewhere; otherwise their paths.

    Raises
    ------
    RunError
        If one of them has changed or gone since the run was planned.
    OSError
        If one cannot be read.
    """
    for seen in job.inputs:
        seen.check()
    files: dict[str, Path] = {
        f"params/{job.client}.yaml": workspace.params / f"{job.client}.yaml",
        f"notebooks/{job.chapter.path.name}": job.chapter.path,
    }
    for path in sorted(workspace.tables(job.client).glob("*")):
        files[f".cx/{job.client}/tables/{path.name}"] = path
    for path in sorted((workspace.kpis(job.client) / job.period).glob("*.json")):
        files[f".cx/{job.client}/kpis/{job.period}/{path.name}"] = path
    read = {key.rpartition("/")[2] for key in job.after}
    for stem in sorted(read):
        saved = workspace.results(job.client) / job.period / f"{stem}.json"
        if saved.is_file():
            files[f".cx/{job.client}/results/{job.period}/{stem}.json"] = saved
    for path in job.chapter.path.parent.glob(f"{job.chapter.file}.*.po"):
        files[f"notebooks/{path.name}"] = path
    contents = {name: path.read_bytes() if carried else path for name, path in files.items()}
    return Parcel(
        key=job.key,
        client=job.client,
        chapter=job.chapter.stem,
        period=job.period,
        language=job.language,
        notebook=job.chapter.path.name,
        files=contents,
    )


def report_path(out: Path, job: Job) -> Path:
    """Return where a job's report lies: ``client/period/language/02-assessment.html``."""
    return out / job.client / job.period / job.language / f"{job.chapter.file}.html"


def keep(workspace: Workspace, job: Job, outcome: Outcome, out: Path) -> Ended:
    """Write down what a job brought back, the record last; a failure keeps its notebook only.

    Parameters
    ----------
    workspace : Workspace
    job : Job
    outcome : Outcome
    out : Path
        Where reports go.
    """
    error = outcome.error
    places = {
        "notebook": runs_folder(workspace, job) / f"{job.chapter.file}.ipynb",
        "results": workspace.results(job.client) / job.period / f"{job.chapter.stem}.json",
        "report": report_path(out, job),
    }
    kept: dict[str, Path] = {}
    try:
        for kind, path in places.items():
            if kind in outcome.files and (kind == "notebook" or not error):
                write_whole(path, outcome.files[kind])
                kept[kind] = path
    except OSError as failed:
        error = f"cannot write {places[kind]}: {failed.strerror}"
    record = Record(
        fingerprint=job.fingerprint,
        files={
            kind: (workspace.shown(path), len(outcome.files[kind])) for kind, path in kept.items()
        },
        seconds=outcome.seconds,
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        error=error,
        title=job.chapter.title,
        glance=dict(outcome.glance) if not error else {},
    )
    try:
        write_record(workspace, job, record)
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
    record = read_record(workspace, job)
    known = record.path(workspace, "report") if record else None
    report = report_path(out, job)
    if known is None or known == report:
        return Ended(job, "fresh", report=report)
    try:
        content = known.read_bytes()
        if not report.is_file() or report.read_bytes() != content:
            write_whole(report, content)
    except OSError as failed:
        return Ended(job, "failed", f"cannot write {report}: {failed.strerror}")
    return Ended(job, "fresh", report=report)
