"""One job, from its inputs to its outputs: what an Executor is given to run, and its work.

The work is done in a process or thread of its own: papermill, then the report. What the notebook
can write to is never trusted: the worker reads its own copies of client file and notebook, writes
where the notebook cannot, and follows no link that the notebook left.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib import __version__
from cxlib.batch import confine
from cxlib.batch.forkserver import STOPPED, DiedError, TimedOutError, can_fork, fork_server
from cxlib.batch.state import job_folder, read_left
from cxlib.data.apart import Limits
from cxlib.data.masking import mask_text
from cxlib.errors import CxError
from cxlib.workspace import Workspace

if TYPE_CHECKING:
    from cxlib.batch.provision import ForkedKernel, JobKernelManager

ATTEMPTS = 3
"""A worker that dies gets two more chances: it may not have been the job's fault."""

GRACE_SECONDS = 60.0
"""Beyond its time limit, what a job may take to keep its notebook and to write its report."""

KERNEL: ForkedKernel | None = None
"""The process that was forked for the job of this process; none in a cold run."""

OUR_ERRORS = ("CxError", "DataError", "ParamsError", "SetupError", "RunError", "InvalidParams")

_LARGEST = 256 << 20
"""Bytes of results or of a kernel's log; far more than any chapter saves."""


@dataclass(frozen=True)
class Parcel:
    """Everything a job needs, and nothing of any other client.

    `files` are the inputs by their place in the job's folder, which is a small workspace: client
    file, logo, canonical tables, estimates, results of chapters it reads, catalogues. A Path is
    copied; bytes travel. `notebook` is the file name of one of them, or else `format` what is made
    of all chapters but the `missing` ones, by stem; `kit` is the version that packed it; `links`
    tells by stem the reports of chapters it reads, and their questions.
    """

    client: str
    period: str
    language: str
    chapter: str
    notebook: str
    files: Mapping[str, bytes | Path]
    format: str = ""
    missing: tuple[str, ...] = ()
    links: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    kit: str = __version__


@dataclass(frozen=True)
class Outcome:
    """What a job brings back.

    `files` holds ``report`` (HTML), ``notebook`` (executed), ``results`` (envelope), those that
    exist; `error` one line that names cell and reason, empty if it succeeded; `glance` what the
    index shows; `isolation` how it was kept to its folder; `attempts` how often it was begun.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    error: str = ""
    seconds: float = 0.0
    glance: Mapping[str, Any] = field(default_factory=dict)
    isolation: str = ""
    attempts: int = 1


def run_job(parcel: Parcel, limits: Limits) -> Outcome:
    """Execute one job in a folder of its own, which is gone afterwards.

    Never raises for what a notebook or a client's data can do: the outcome says it.
    """
    began = time.perf_counter()
    if parcel.kit != __version__:
        error = f"this worker has cxlib {__version__}, the run is of {parcel.kit}; "
        return Outcome(error=f"{error}install that here.")
    attempt, again = 0, True
    while again and attempt < ATTEMPTS:
        attempt, again = attempt + 1, False
        try:
            with job_folder() as folder:
                unpack(parcel, folder)
                outcome = _begin(replace(parcel, files={}), folder, limits)
        except DiedError as died:
            error, again = f"{died}; begun {attempt} times", str(died) != STOPPED
        except TimedOutError:
            error = f"stopped: not done {GRACE_SECONDS:.0f} s after its time limit"
        except MemoryError:
            error = f"its outputs need more than its memory limit of {limits.memory} MB"
        except OSError as failed:
            name = Path(str(failed.filename)).name if failed.filename else "its folder"
            error = f"cannot set up the job: {name}: {failed.strerror or failed}"
        except Exception as failed:  # noqa: BLE001 - one job's end is never another's
            error = f"{type(failed).__name__}: {failed}"
        else:
            return replace(outcome, seconds=time.perf_counter() - began, attempts=attempt)
    return Outcome(error=error, seconds=time.perf_counter() - began, attempts=attempt)


def _begin(parcel: Parcel, folder: Path, limits: Limits) -> Outcome:
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


def confine_worker(parcel: Parcel, folder: Path, limits: Limits) -> None:
    """Keep this process, which forks the kernel next, to the job's folders, for good."""
    os.environ |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder.with_name("w") / "tmp"))
    confine.restrict(write=[folder.parent, *confine.DEVICES], read=confine.libraries())


def work(parcel: Parcel, folder: Path, limits: Limits) -> Outcome:
    """Execute a job's notebook in its folder, where its files lie, and write its report."""
    if parcel.format:
        return _format(parcel, folder)
    own = folder.with_name("w")
    error, notebook = _execute(parcel, folder, own, limits)
    files: dict[str, bytes] = {}
    glance: dict[str, Any] = {}
    executed = own / "executed.ipynb"
    if executed.is_file():
        files["notebook"] = executed.read_bytes()
    if not error:
        try:
            files["report"] = _report(parcel, own, notebook)
            left = Workspace(folder).result(
                parcel.client, parcel.period, parcel.language, parcel.chapter
            )
            saved = read_left(folder, left, most=_LARGEST)
            if saved is not None:
                glance = _glance(saved, parcel, own)
                files["results"] = saved
        except CxError as failed:
            error = f"what it left: {failed}"
        except Exception as failed:  # noqa: BLE001 - one job's end is never another's
            error = f"its report: {type(failed).__name__}: {failed}"
    error = mask_text(error)
    return Outcome(files, error, glance=glance, isolation=confine.isolation())


def _format(parcel: Parcel, folder: Path) -> Outcome:
    """Make a spreadsheet or a deck of what the chapters saved; no notebook runs here."""
    from cxlib.report.exports import make

    made, error = {}, ""
    try:
        made["report"] = make(
            parcel.format, Workspace(folder), parcel.client, period=parcel.period,
            language=parcel.language, missing=parcel.missing,
        )  # fmt: skip
    except CxError as failed:
        error = str(failed)
    except Exception as failed:  # noqa: BLE001 - one job's end is never another's
        error = _plain(failed)
    return Outcome(made, mask_text(error), isolation=confine.isolation())


def _glance(saved: bytes, parcel: Parcel, own: Path) -> dict[str, Any]:
    """Return what the index shows of saved results, which must be of this very job."""
    from cxlib.envelope import read
    from cxlib.report.index import SHOWN, glance_of

    path = own / "results.json"
    path.write_bytes(saved)
    envelope = read(path, only=SHOWN)
    said = (envelope.client, envelope.period, envelope.chapter)
    if said != (parcel.client, parcel.period, parcel.chapter):
        raise CxError(f"its results say that they are of {' '.join(map(str, said))}.")
    return glance_of(envelope)


def _execute(parcel: Parcel, folder: Path, own: Path, limits: Limits) -> tuple[str, Any]:
    """Run the notebook by papermill; return its error line, empty if it ran through, and itself."""
    from jupyter_core.utils import ensure_event_loop
    from papermill.exceptions import PapermillExecutionError
    from papermill.iorw import write_ipynb

    from cxlib.batch.provision import JobKernelManager

    executed = own / "executed.ipynb"
    manager = JobKernelManager.for_job(folder, memory=limits.memory, forked=KERNEL)
    stopped: list[str] = []

    def stop(why: str) -> None:
        stopped.append(why)
        manager.end_kernel()

    late = f"stopped at its time limit of {limits.timeout:g} s"
    large = f"stopped: its processes together need more than its memory limit of {limits.memory} MB"
    watch = threading.Timer(limits.timeout, stop, [late])
    watch.daemon = True
    if limits.timeout:
        watch.start()
    try:
        with confine.memory_watched(lambda: _pid(manager), limits.memory, lambda: stop(large)):
            notebook = _papermill(parcel, folder, executed, manager)
    except PapermillExecutionError as failed:
        at = failed.exec_count or failed.cell_index
        return f"cell [{at}]: {_kindly(failed, limits)}", None
    except MemoryError:
        raise
    except Exception as failed:  # noqa: BLE001 - one job's end is never another's
        if manager.notebook is not None:
            write_ipynb(manager.notebook, str(executed))
        at = _last_cell(manager.notebook)
        if stopped:
            return f"{at}{stopped[0]}", None
        if type(failed).__name__ == "DeadKernelError" or "Kernel died" in str(failed):
            return f"{at}{_death(manager, limits)}", None
        return _plain(failed), None
    finally:
        watch.cancel()
        manager.end_kernel()
        ensure_event_loop().close()  # this thread's; nobody else closes it
    log = b""
    with suppress(CxError):
        log = read_left(folder, folder / "tmp" / "kernel.log", most=_LARGEST) or b""
    if limits.memory and b"MemoryError" in log:
        return f"output was lost to its memory limit of {limits.memory} MB", None
    return "", notebook


def _pid(manager: type[JobKernelManager]) -> int | None:
    process = manager.process()
    return process.pid if process is not None and process.poll() is None else None


def _papermill(
    parcel: Parcel, folder: Path, executed: Path, manager: type[JobKernelManager]
) -> Any:
    import papermill
    from papermill.engines import NBClientEngine, papermill_engines

    class Engine(NBClientEngine):  # type: ignore[misc]
        """Papermill's own, which also shows the notebook while a kernel may die under it."""

        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **kwargs: Any) -> Any:
            """Execute it."""
            kwargs["kernel_manager_class"].notebook = nb_man.nb
            about = dict.fromkeys(("input_path", "output_path"), parcel.notebook)
            nb_man.nb.metadata.papermill |= about  # that it ran in some folder is nobody's business
            return super().execute_managed_notebook(nb_man, kernel_name, **kwargs)

    papermill_engines.register("cx", Engine)
    return papermill.execute_notebook(
        str(executed.parent / "notebooks" / parcel.notebook),
        str(executed),
        parameters={"client": parcel.client, "period": parcel.period, "language": parcel.language},
        engine_name="cx",
        kernel_name="python3",
        language="python",
        progress_bar=False,
        log_output=False,
        request_save_on_cell_execute=False,
        kernel_manager_class=manager,
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(folder)}},
    )


def _death(manager: type[JobKernelManager], limits: Limits) -> str:
    """Say how a kernel ended that nobody stopped."""
    process = manager.process()
    status = process.poll() if process is not None else None
    how = ""
    if status is not None:
        how = f" ({signal.Signals(-status).name})" if status < 0 else f" (exit status {status})"
    limit = f"; its memory limit is {limits.memory} MB" if limits.memory else ""
    return f"the kernel died{how}{limit}"


def _plain(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()] or [""]
    return f"{type(error).__name__}: {lines[0]}"


def _last_cell(notebook: Any) -> str:
    """Return ``cell [n]: ``, the last cell that began, counted as the kernel counts them."""
    begun = 0
    cells = notebook.cells if notebook is not None else ()
    for number, cell in enumerate((c for c in cells if c.cell_type == "code"), start=1):
        if cell.metadata.get("papermill", {}).get("start_time"):
            begun = number
    return f"cell [{begun}]: " if begun else ""


def _kindly(error: Any, limits: Limits) -> str:
    """Return what a consultant needs of an error: the kit's own message, or kind and text."""
    name, value = str(error.ename or ""), str(error.evalue or "").strip()
    lines = value.splitlines() or [""]
    if name.endswith(OUR_ERRORS):
        return " ".join(line.strip() for line in lines)
    if limits.memory and ("MemoryError" in name or "OutOfMemory" in name):
        return f"{name}: it needs more than its memory limit of {limits.memory} MB: {lines[0]}"
    return f"{name}: {lines[-1]}"


def _report(parcel: Parcel, own: Path, notebook: Any) -> bytes:
    from cxlib import params
    from cxlib.chapters import words_of
    from cxlib.report.cover import cover_of
    from cxlib.report.handbook import of_chapter
    from cxlib.report.html import Link, render

    place = Workspace(own)
    client = params.load(parcel.client, place)
    words = words_of(client, place, parcel.language)
    cover = cover_of(client, place, period=parcel.period, words=words)
    links = {s: Link(file, words.say(title)) for s, (file, title) in parcel.links.items()}
    methods = of_chapter(parcel.chapter, parcel.language)
    html = render(notebook, words=words, cover=cover, links=links, methods=methods)
    return html.encode("utf-8")
