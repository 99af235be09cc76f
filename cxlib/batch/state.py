"""What runs leave: locks, job folders, what became of each job; and how what jobs left is read."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from cxlib.data.keys import key_file
from cxlib.errors import RunError
from cxlib.workspace import (
    Workspace,
    check_client_name,
    file_digest,
    make_private,
    make_way,
    write_whole,
)

# --- locks ------------------------------------------------------------------------------------


def _take(file: IO[str], *, wait: bool) -> bool:
    """Lock an open file; returns False if another process has it and we should not wait."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(2**30)  # a byte beyond the text, which stays readable
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError as error:
        if isinstance(error, (BlockingIOError, PermissionError)) and not wait:
            return False
        raise
    return True


@contextmanager
def held(path: Path, *, waiting: Callable[[str], None] = lambda who: None) -> Iterator[None]:
    """Hold a lock file, made if need be, until it is free; `waiting` is told who holds it."""
    make_private(path.parent)
    make_way(path)
    if os.path.lexists(path) and not path.is_file():
        path.unlink()
    path.touch(0o600)
    with path.open("a+", encoding="utf-8") as file:
        if not _take(file, wait=False):
            file.seek(0)
            waiting(file.read().strip())
            while not _take(file, wait=True):
                continue
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


@contextmanager
def clients_held(
    workspace: Workspace, clients: Iterable[str], *, said: Callable[[str], None]
) -> Iterator[None]:
    """Hold the locks of clients, in one order everywhere, so that no two runs wait in a circle."""
    names = sorted(set(clients))
    _allow_files(len(names) + 256)
    with ExitStack() as stack:
        for name in names:

            def waiting(who: str, name: str = name) -> None:
                said(f"waiting for another run (process {who or 'unknown'}) that has {name}")

            stack.enter_context(held(workspace.state(name) / "lock", waiting=waiting))
        yield


def _allow_files(count: int) -> None:
    """Raise the limit of open files as far as a lock a client needs."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        most = count if hard == resource.RLIM_INFINITY else min(count, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


# --- job folders ------------------------------------------------------------------------------

_PREFIX, _NEW = "cx-job-", "cx-new-"
_LONGEST = 60
"""A socket's path has at most 107 bytes, of which the folder's own names need some forty."""


@contextmanager
def job_folder() -> Iterator[Path]:
    """Make a folder that only this user can enter, and remove it at the end.

    The job's notebook works in what is yielded; beside it lie ``w``, what its worker reads and
    writes, and ``k``, the line between the two.
    """
    fresh = Path(tempfile.mkdtemp(prefix=_NEW, dir=_base()))
    whole = fresh.with_name(fresh.name.replace(_NEW, _PREFIX))
    try:
        with held(fresh / "held"):  # held before it goes by the name that `sweep` looks for
            fresh.rename(whole)
            for name in ("j", "w"):
                (whole / name).mkdir(mode=0o700)
            yield whole / "j"
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(whole, ignore_errors=True)


def sweep() -> int:
    """Remove the folders of jobs whose run was killed; returns how many."""
    gone = 0
    for folder in _base().glob(f"{_PREFIX}*"):
        with suppress(OSError), (folder / "held").open("r+", encoding="utf-8") as file:
            if _take(file, wait=False):
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
    return gone


def _base() -> Path:
    base = Path(tempfile.gettempdir()).resolve()
    if len(str(base)) > _LONGEST and Path("/tmp").is_dir():
        return Path("/tmp").resolve()
    return base


def read_left(folder: Path, path: Path, *, most: int) -> bytes | None:
    """Return a file that a notebook left below its folder, or None; no link is ever followed.

    RunError if a link, a pipe, a device or a file of several names stands there, or a large one.
    """
    parts = path.relative_to(folder).parts
    nofollow = getattr(os, "O_NOFOLLOW", 0)
    handle = -1
    try:
        if os.open in os.supports_dir_fd:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | nofollow)
            for part in parts[:-1]:
                handle, above = _open(part, os.O_DIRECTORY | nofollow, handle), handle
                os.close(above)
            handle, above = _open(parts[-1], os.O_NONBLOCK | nofollow, handle), handle
            os.close(above)
        else:
            way = [folder.joinpath(*parts[:n]) for n in range(1, len(parts) + 1)]
            if any(step.is_symlink() for step in way):
                raise RunError(f"a link stands where its {path.name} belongs.")
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or about.st_nlink != 1:
            raise RunError(f"its {path.name} is not a file of its own.")
        with os.fdopen(handle, "rb") as file:
            handle = -1
            content = file.read(most + 1)
    except FileNotFoundError:
        return None
    except OSError:
        raise RunError(f"a link or another thing stands where its {path.name} belongs.") from None
    finally:
        if handle >= 0:
            os.close(handle)
    if len(content) > most:
        raise RunError(f"its {path.name} is larger than {most >> 20} MB.")
    return content


def _open(name: str, flags: int, folder: int) -> int:
    return os.open(name, os.O_RDONLY | os.O_CLOEXEC | flags, dir_fd=folder)


# --- records ----------------------------------------------------------------------------------

_SCHEMA = 3


@dataclass(frozen=True)
class Record:
    """How a job last ended.

    `files` holds by kind (``report``, ``notebook``, ``results``) the path, relative to the
    workspace where it lies there, and the SHA-256 of what the job left; `glance` what the index
    shows of its results; `file` the name that it goes by; `error` is empty if it succeeded.
    """

    fingerprint: str
    period: str
    language: str
    chapter: str
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    seconds: float = 0.0
    finished: str = ""
    error: str = ""
    title: str = ""
    file: str = ""
    glance: Mapping[str, Any] = field(default_factory=dict)

    def path(self, workspace: Workspace, kind: str) -> Path | None:
        """Return where a file of the job lies; None if it is gone or not as it was left."""
        if kind not in self.files:
            return None
        name, digest = self.files[kind]
        path = workspace.root / name
        try:
            whole = file_digest(path) == digest
        except OSError:
            return None
        return path if whole else None


Where = tuple[str, str, str, str]
"""Whose record: client, period, language, the chapter's stem."""


def record_path(workspace: Workspace, where: Where) -> Path:
    """Return where a job's record lies, its executed notebook beside it."""
    return workspace.runs(*where[:3]) / f"{where[3]}.json"


def read_record(workspace: Workspace, where: Where) -> Record | None:
    """Return how a job last ended; None if it never ran, or its record is damaged."""
    return _read(record_path(workspace, where))


def records(workspace: Workspace, client: str) -> Iterator[Record]:
    """Yield the record of every job that a client ever had."""
    for path in sorted((workspace.state(client) / "runs").glob("*/*/*.json")):
        record = _read(path)
        if record is not None:
            yield record


def _read(path: Path) -> Record | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("schema") != _SCHEMA:
            return None
        files = {kind: (str(name), str(digest)) for kind, (name, digest) in data["files"].items()}
        return Record(**{**data, "files": files, "glance": dict(data["glance"])})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def write_record(workspace: Workspace, where: Where, record: Record) -> None:
    """Write down how a job ended."""
    data = {"schema": _SCHEMA, **asdict(record)}
    content = json.dumps(data, ensure_ascii=False, indent=1).encode("utf-8", "replace")
    write_whole(record_path(workspace, where), content)


def sweep_parts(*folders: Path) -> None:
    """Remove what a killed run left half-written, pipes and sockets, and links to nowhere.

    Call it while the client's lock is held.
    """
    for path in (path for folder in folders for path in folder.rglob("*")):
        part = path.name.startswith(".") and path.name.endswith(".part")
        if not path.is_dir() and (part or not path.is_file()):
            path.unlink(missing_ok=True)


# --- to forget a client -----------------------------------------------------------------------


def footprint(workspace: Workspace, client: str, *, raw: bool = False) -> list[Path]:
    """Return all that the kit keeps of a client, in the workspace and elsewhere; raw data if asked.

    The manifest and the index of the last run name the client too; the next run makes them again.
    """
    name = check_client_name(client)
    key = key_file(name, workspace)
    own_key = key.parent.name == "keys" and key.stem == name  # else it may be another client's too
    reports = workspace.reports / name
    elsewhere = (
        workspace.root / path
        for record in records(workspace, name)
        for kind, (path, _digest) in record.files.items()
        if kind in ("report", "pdf")
    )
    found = [
        workspace.state(name),
        reports,
        *(path for path in elsewhere if not path.is_relative_to(reports)),
        workspace.explored(name),
        workspace.issued(name),
        workspace.forms(name),
        *([key] if own_key else []),
    ]
    if raw:
        found += [workspace.data(name), workspace.params / f"{name}.yaml"]
    kept = [path for path in dict.fromkeys(found) if path.exists() or path.is_symlink()]
    named = (workspace.manifest, workspace.reports / "index.html")
    return [*kept, *(path for path in named if kept and path.exists())]


def forget(workspace: Workspace, client: str, *, raw: bool = False) -> list[Path]:
    """Remove a client's footprint, once no run works on it; returns what was removed."""
    state = workspace.state(client)
    with held(state / "lock"):
        paths = footprint(workspace, client, raw=raw)
        for path in paths:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
                kinds = (".html", ".pdf", ".xlsx", ".pptx")
                for above in list(path.parents)[: 3 * (path.suffix in kinds)]:
                    with suppress(OSError):  # language, period and client, where nothing is left
                        above.rmdir()
    return paths
