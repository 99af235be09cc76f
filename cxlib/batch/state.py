"""What became of each job: a small record beside the client's tables."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cxlib.workspace import Workspace

if TYPE_CHECKING:
    from cxlib.batch.plan import Job


@dataclass(frozen=True)
class Record:
    """How a job last ended.

    Parameters
    ----------
    fingerprint : str
        Of what it ran on.
    files : tuple of str
        What it left, relative to the workspace.
    seconds : float
    finished : str
        ISO time.
    error : str
        Empty if it succeeded.
    """

    fingerprint: str
    files: tuple[str, ...] = ()
    seconds: float = 0.0
    finished: str = ""
    error: str = ""


def runs_folder(workspace: Workspace, job: Job) -> Path:
    """Return where a job's record and executed notebook are kept."""
    return workspace.state(job.client) / "runs" / job.period / job.language


def read_record(workspace: Workspace, job: Job) -> Record | None:
    """Return how a job last ended; None if it never ran, or its record is damaged."""
    path = runs_folder(workspace, job) / f"{job.chapter.stem}.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Record(**{**data, "files": tuple(data["files"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write_record(workspace: Workspace, job: Job, record: Record) -> None:
    """Write down how a job ended."""
    path = runs_folder(workspace, job) / f"{job.chapter.stem}.json"
    write_whole(path, json.dumps(asdict(record), ensure_ascii=False, indent=1).encode("utf-8"))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: beside it first, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
