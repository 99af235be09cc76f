"""Run room: the work of one job, in a process or thread of its own: papermill, then the report."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib.batch import confine
from cxlib.batch.job import Limits, Outcome, Parcel
from cxlib.errors import CxError

if TYPE_CHECKING:
    from cxlib.batch.provision import Embryo, JobKernelManager

EMBRYO: Embryo | None = None
"""The kernel that was forked for the job of this process; none in a cold run."""

OUR_ERRORS = ("CxError", "DataError", "ParamsError", "SetupError", "RunError", "InvalidParams")


def work(parcel: Parcel, folder: Path, limits: Limits) -> Outcome:
    """Execute a job's notebook in its folder and write its report.

    Parameters
    ----------
    parcel : Parcel
        Its files lie in `folder` already.
    folder : Path
    limits : Limits
    """
    error = _execute(parcel, folder, limits)
    files: dict[str, bytes] = {}
    glance: dict[str, Any] = {}
    executed = folder / "executed.ipynb"
    if executed.is_file():
        files["notebook"] = executed.read_bytes()
    results = folder / ".cx" / parcel.client / "results" / parcel.period / f"{parcel.chapter}.json"
    if not error:
        try:
            files["report"] = _report(parcel, folder)
            if results.is_file():
                from cxlib.batch.portfolio import glance_of

                files["results"] = results.read_bytes()
                glance = glance_of(results)
        except Exception as failed:  # noqa: BLE001 - one job's end is never another's
            error = f"its report: {type(failed).__name__}: {failed}"
    return Outcome(parcel.key, files, error, glance=glance, isolation=confine.isolation())


def _execute(parcel: Parcel, folder: Path, limits: Limits) -> str:
    """Run the notebook by papermill; return its error line, empty if it ran through."""
    from jupyter_core.utils import ensure_event_loop
    from papermill.exceptions import PapermillExecutionError
    from papermill.iorw import write_ipynb

    from cxlib.batch.provision import JobKernelManager

    executed = folder / "executed.ipynb"
    manager = JobKernelManager.for_job(folder, memory=limits.memory, embryo=EMBRYO)
    stopped: list[float] = []

    def stop() -> None:
        stopped.append(limits.timeout)
        manager.end_kernel()

    watch = threading.Timer(limits.timeout, stop)
    watch.daemon = True
    if limits.timeout:
        watch.start()
    try:
        _papermill(parcel, folder, executed, manager)
    except PapermillExecutionError as failed:
        at = failed.exec_count or failed.cell_index
        return f"cell [{at}]: {_kindly(failed, limits)}"
    except Exception as failed:  # noqa: BLE001 - one job's end is never another's
        if manager.notebook is not None:
            write_ipynb(manager.notebook, str(executed))
        at = _last_cell(manager.notebook)
        if stopped:
            return f"{at}stopped at its time limit of {limits.timeout:g} s"
        if type(failed).__name__ == "DeadKernelError" or "Kernel died" in str(failed):
            return f"{at}{_death(manager, limits)}"
        return _plain(failed)
    finally:
        watch.cancel()
        manager.end_kernel()
        ensure_event_loop().close()  # this thread's; nobody else closes it
    return ""


def _papermill(
    parcel: Parcel, folder: Path, executed: Path, manager: type[JobKernelManager]
) -> None:
    import papermill
    from papermill.engines import NBClientEngine, papermill_engines

    class Engine(NBClientEngine):  # type: ignore[misc]
        """Papermill's own, which also shows the notebook while a kernel may die under it."""

        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **kwargs: Any) -> Any:
            """Execute it."""
            kwargs["kernel_manager_class"].notebook = nb_man.nb
            return super().execute_managed_notebook(nb_man, kernel_name, **kwargs)

    papermill_engines.register("cx", Engine)
    papermill.execute_notebook(
        str(folder / "notebooks" / parcel.notebook),
        str(executed),
        parameters={
            "client": parcel.client,
            "period": parcel.period,
            "language": parcel.language,
        },
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
    status = manager.embryo.poll() if manager.embryo is not None else None
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


def _report(parcel: Parcel, folder: Path) -> bytes:
    import nbformat

    from cxlib import params
    from cxlib.report.cover import cover_of
    from cxlib.report.html import render
    from cxlib.words import Words
    from cxlib.workspace import Workspace

    place = Workspace(folder)
    client = params.load(parcel.client, place)
    beside = tuple(sorted(place.notebooks.glob(f"*.{parcel.language}.po")))
    labels, segments = client.labels(parcel.language), client.segments
    words = Words.load(parcel.language, labels=labels, beside=beside, segments=segments)
    with (folder / "executed.ipynb").open(encoding="utf-8") as file:
        notebook = nbformat.read(file, as_version=4)
    cover = cover_of(client, place, period=parcel.period, words=words)
    html = render(notebook, words=words, cover=cover)
    if not html:
        raise CxError(f"{parcel.key}: the report came out empty.")
    return html.encode("utf-8")
