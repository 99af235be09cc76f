"""One job, in a process of its own: a folder with one client's tables, papermill, the report."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cxlib.errors import CxError


@dataclass(frozen=True)
class Parcel:
    """Everything a job needs, and nothing of any other client.

    Parameters
    ----------
    key : str
    client, chapter, period, language : str
    notebook : str
        File name of the notebook, one of `files`.
    files : mapping of str to bytes or Path
        Inputs by their place in the job's folder, which is a small workspace: client file,
        canonical tables, results of chapters it reads, catalogues. A Path is copied; bytes travel.
    """

    key: str
    client: str
    chapter: str
    period: str
    language: str
    notebook: str
    files: Mapping[str, bytes | Path]


@dataclass(frozen=True)
class Outcome:
    """What a job brings back.

    Parameters
    ----------
    key : str
    files : mapping of str to bytes
        ``report`` (HTML), ``notebook`` (executed), ``results`` (envelope); those that exist.
    error : str
        One line that names cell and reason; empty if it succeeded.
    seconds : float
    """

    key: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    error: str = ""
    seconds: float = 0.0


def run_job(parcel: Parcel) -> Outcome:
    """Execute one job in a folder of its own, which is gone afterwards.

    Never raises for what a notebook or a client's data can do: the outcome says it.
    """
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="cx-") as name:
        folder = Path(name).resolve()
        _unpack(parcel, folder)
        error, executed = _execute(parcel, folder)
        files: dict[str, bytes] = {}
        if executed is not None:
            files["notebook"] = executed
        if not error:
            files["report"] = _report(parcel, folder)
        results = (
            folder / ".cx" / parcel.client / "results" / parcel.period / f"{parcel.chapter}.json"
        )
        if results.is_file():
            files["results"] = results.read_bytes()
    return Outcome(parcel.key, files, error, time.perf_counter() - began)


def _unpack(parcel: Parcel, folder: Path) -> None:
    import shutil

    for name, content in parcel.files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            target.write_bytes(content)
        else:
            shutil.copyfile(content, target)


def _execute(parcel: Parcel, folder: Path) -> tuple[str, bytes | None]:
    """Run the notebook by papermill; return its error line and the executed notebook."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    executed = folder / "executed.ipynb"
    parameters = {"client": parcel.client, "period": parcel.period, "language": parcel.language}
    saved = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ |= {
        "CX_HOME": str(folder),
        "CX_JOB": str(folder),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    try:
        papermill.execute_notebook(
            str(folder / "notebooks" / parcel.notebook),
            str(executed),
            parameters=parameters,
            progress_bar=False,
            log_output=False,
            cwd=str(folder),
        )
        error = ""
    except PapermillExecutionError as failed:
        error = f"cell {failed.exec_count or failed.cell_index}: {last_line(failed)}"
    except Exception as failed:  # noqa: BLE001 - one job's end is never another's
        error = f"{type(failed).__name__}: {last_line(failed)}"
    finally:
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
    return error, executed.read_bytes() if executed.is_file() else None


_ENVIRONMENT = ("CX_HOME", "CX_JOB", "PYDEVD_DISABLE_FILE_VALIDATION")


def last_line(error: Any) -> str:
    """Return what a consultant needs of an error: the kit's own message, or kind and text."""
    name, value = getattr(error, "ename", ""), str(getattr(error, "evalue", "") or error).strip()
    lines = value.splitlines() or [""]
    if name and not name.endswith(
        ("CxError", "DataError", "ParamsError", "SetupError", "InvalidParams")
    ):
        return f"{name}: {lines[-1]}"
    return " ".join(line.strip() for line in lines)


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
    words = Words.load(parcel.language, labels=client.labels(parcel.language), beside=beside)
    with (folder / "executed.ipynb").open(encoding="utf-8") as file:
        notebook = nbformat.read(file, as_version=4)
    cover = cover_of(client, place, period=parcel.period, words=words)
    html = render(notebook, words=words, cover=cover)
    if not html:
        raise CxError(f"{parcel.key}: the report came out empty.")
    return html.encode("utf-8")
