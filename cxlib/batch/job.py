"""One job, from its inputs to its outputs; what an Executor is given to run."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path

from cxlib import __version__
from cxlib.batch.forkserver import STOPPED, DiedError, TimedOutError, can_fork, fork_server
from cxlib.batch.parcel import Outcome, Parcel
from cxlib.batch.state import job_folder
from cxlib.data.apart import Limits

ATTEMPTS = 3
"""A worker that dies gets two more chances: it may not have been the job's fault."""

GRACE_SECONDS = 60.0
"""Beyond its time limit, what a job may take to keep its notebook and to write its report."""


def run_job(parcel: Parcel, limits: Limits) -> Outcome:
    """Execute one job in a folder of its own, which is gone afterwards.

    Never raises for what a notebook or a client's data can do: the outcome says it.
    """
    began = time.perf_counter()
    if parcel.kit != __version__:
        error = (
            f"this worker has cxlib {__version__}, the run is of {parcel.kit}; install that here."
        )
        return Outcome(parcel.key, error=error)
    attempt, error = 0, ""
    while attempt < ATTEMPTS:
        attempt += 1
        try:
            with job_folder() as folder:
                unpack(parcel, folder)
                outcome = _work(replace(parcel, files={}), folder, limits)
                seconds = time.perf_counter() - began
                return replace(outcome, seconds=seconds, attempts=attempt)
        except DiedError as died:
            error = f"{died}; begun {attempt} times"
            if str(died) == STOPPED:
                break
        except TimedOutError:
            error = f"stopped: not done {GRACE_SECONDS:.0f} s after its time limit"
            break
        except MemoryError:
            error = f"its outputs need more than its memory limit of {limits.memory} MB"
            break
        except OSError as failed:
            name = Path(str(failed.filename)).name if failed.filename else "its folder"
            error = f"cannot set up the job: {name}: {failed.strerror or failed}"
            break
        except Exception as failed:  # noqa: BLE001 - one job's end is never another's
            error = f"{type(failed).__name__}: {failed}"
            break
    return Outcome(
        parcel.key, error=error, seconds=time.perf_counter() - began, attempts=max(attempt, 1)
    )


def _work(parcel: Parcel, folder: Path, limits: Limits) -> Outcome:
    from cxlib.batch.work import work

    if limits.cold or not can_fork():
        return work(parcel, folder, limits)
    patience = limits.timeout + GRACE_SECONDS if limits.timeout else None
    outcome: Outcome = fork_server().call(work, parcel, folder, limits, timeout=patience)
    return outcome


def unpack(parcel: Parcel, folder: Path) -> None:
    """Lay a parcel's files out for the notebook, and for its worker those that it reads itself."""
    own = folder.with_name("w")
    for name, content in parcel.files.items():
        large = name.startswith(".cx/") and not name.endswith("/tables/ingest.json")
        for place in (folder,) if large else (folder, own):
            target = place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                target.write_bytes(content)
            else:
                shutil.copyfile(content, target)
    for place in (folder, own):
        (place / "tmp").mkdir(exist_ok=True)
