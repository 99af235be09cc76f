"""Run room: the machine-readable account of a run, on disk whatever happened."""

from __future__ import annotations

import json
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cxlib import __version__
from cxlib.batch import confine
from cxlib.workspace import Workspace

if TYPE_CHECKING:
    from cxlib.batch.request import Request, Run

SCHEMA = 2


def manifest_path(workspace: Workspace) -> Path:
    """Return where the account of the last run lies."""
    return workspace.root / ".cx" / "manifest.json"


def manifest_of(request: Request, run: Run, workspace: Workspace) -> str:
    """Return what a run did, job by job, as JSON.

    Parameters
    ----------
    request : Request
    run : Run
    workspace : Workspace
        Paths are told relative to it.
    """
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
                "client": e.job.client,
                "chapter": e.job.chapter.stem,
                "period": e.job.period,
                "language": e.job.language,
                "state": e.state,
                "reason": e.job.reason,
                "error": e.error,
                "seconds": round(e.seconds, 3),
                "attempts": e.attempts,
                "isolation": e.isolation,
                "report": workspace.shown(e.report) if e.report else None,
                "notebook": workspace.shown(e.notebook) if e.notebook else None,
            }
            for e in run.ended
        ],
    }
    return json.dumps(data, ensure_ascii=False, indent=1)
