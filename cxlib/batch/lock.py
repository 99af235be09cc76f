"""Run room: locks, so that two runs never work on one client; they end with their process."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from cxlib.workspace import Workspace


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
def try_hold(path: Path) -> Iterator[bool]:
    """Hold a lock file that exists, if nobody else does.

    Yields
    ------
    bool
        Whether it is held now.
    """
    with path.open("r+", encoding="utf-8") as file:
        yield _take(file, wait=False)


@contextmanager
def held(path: Path, *, waiting: Callable[[str], None] = lambda who: None) -> Iterator[None]:
    """Hold a lock file, made if need be, waiting until it is free.

    Parameters
    ----------
    path : Path
    waiting : callable
        Told who holds it, if somebody does.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
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
    """Hold the locks of clients, in one order everywhere, so that no two runs wait in a circle.

    Parameters
    ----------
    workspace : Workspace
    clients : iterable of str
    said : callable
        Told, in a sentence, when another run must be waited for.
    """
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
