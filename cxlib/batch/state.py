"""Run room: what became of each job, in a small record beside the client's tables."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib.workspace import Workspace

if TYPE_CHECKING:
    from cxlib.batch.plan import Job

_SCHEMA = 2


@dataclass(frozen=True)
class Record:
    """How a job last ended.

    Parameters
    ----------
    fingerprint : str
        Of what it ran on.
    files : mapping of str to (str, int)
        What it left: by kind (``report``, ``notebook``, ``results``) the path, relative to the
        workspace where it lies there, and the size in bytes.
    seconds : float
    finished : str
        ISO time.
    error : str
        Empty if it succeeded.
    title : str
        Of its chapter.
    glance : mapping
        What the index shows of its results.
    """

    fingerprint: str
    files: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    seconds: float = 0.0
    finished: str = ""
    error: str = ""
    title: str = ""
    glance: Mapping[str, Any] = field(default_factory=dict)

    def path(self, workspace: Workspace, kind: str) -> Path | None:
        """Return where a file of the job lies; None if it is gone or not as it was left."""
        if kind not in self.files:
            return None
        name, size = self.files[kind]
        path = workspace.root / name
        return path if path.is_file() and path.stat().st_size == size else None


def runs_folder(workspace: Workspace, job: Job) -> Path:
    """Return where a job's record and executed notebook are kept."""
    return workspace.state(job.client) / "runs" / job.period / job.language


def read_record(workspace: Workspace, job: Job) -> Record | None:
    """Return how a job last ended; None if it never ran, or its record is damaged."""
    return _read(runs_folder(workspace, job) / f"{job.chapter.stem}.json")


def records(workspace: Workspace, client: str) -> Iterator[tuple[str, str, str, Record]]:
    """Yield period, language, chapter and record of every job that a client ever had."""
    for path in sorted((workspace.state(client) / "runs").glob("*/*/*.json")):
        record = _read(path)
        if record is not None:
            yield path.parent.parent.name, path.parent.name, path.stem, record


def _read(path: Path) -> Record | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("schema") != _SCHEMA:
            return None
        files = {kind: (str(name), int(size)) for kind, (name, size) in data.pop("files").items()}
        return Record(**data, files=files)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def write_record(workspace: Workspace, job: Job, record: Record) -> None:
    """Write down how a job ended."""
    path = runs_folder(workspace, job) / f"{job.chapter.stem}.json"
    data = {"schema": _SCHEMA, **asdict(record)}
    write_whole(path, json.dumps(data, ensure_ascii=False, indent=1).encode("utf-8"))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, come what may: beside it first, to disk, then renamed.

    Parameters
    ----------
    path : Path
    content : bytes
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def sweep_parts(*folders: Path) -> None:
    """Remove what a killed run left half-written; call it while the client's lock is held."""
    for folder in folders:
        for part in folder.rglob(".*.part"):
            part.unlink(missing_ok=True)
