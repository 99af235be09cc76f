"""What a job may touch, use and leave running: Landlock, memory, processes; Linux only."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_LANDLOCK = "folder only"
"""What the manifest says where nothing but the folder keeps a job to itself."""

DEVICES = (Path("/dev/null"), Path("/dev/tty"))
"""What every process may write to."""

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_VERSION, _PATH_BENEATH = 1, 1
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 36, 38

# include/uapi/linux/landlock.h: bit by bit, in the order the ABI grew
_EXECUTE, _WRITE, _READ, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE | _IOCTL_DEV
_FS_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_SCOPES = 0b11  # abstract sockets and signals outside; ABI 6


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


@lru_cache(maxsize=1)
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


@lru_cache(maxsize=1)
def landlock_abi() -> int:
    """Return the version of Landlock this kernel enforces, 1 (Linux 5.13) or more; 0 for none."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(int(_libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)), 0)


def isolation() -> str:
    """Return how jobs are kept apart here, as the manifest says it."""
    abi = landlock_abi()
    return f"landlock {abi}" if abi else NO_LANDLOCK


def restrict(*, write: Iterable[Path], read: Iterable[Path]) -> str:
    """Confine this process, and all it starts, to some folders, for good; again: further.

    Call it while the process has one thread: Landlock binds the calling thread and its offspring.
    `write` is for reading too; what does not exist is passed over. OSError if the kernel refuses.
    """
    abi = landlock_abi()
    if not abi:
        return NO_LANDLOCK
    handled = _FS_BY_ABI[max(version for version in _FS_BY_ABI if version <= abi)]
    attributes = _Ruleset(fs=handled, net=0, scoped=_SCOPES if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = _checked(
        _libc().syscall(_CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), 0)
    )
    try:
        for path in write:
            _allow(ruleset, path, handled)
        for path in read:
            _allow(ruleset, path, (_EXECUTE | _READ | _READ_DIR) & handled)
        _checked(_libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _checked(_libc().syscall(_RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)
    return isolation()


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there needs no leave
    try:
        allowed = rights if path.is_dir() else rights & _OF_FILES
        rule = _Beneath(allowed=allowed, parent=handle)
        _checked(_libc().syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(handle)


def _checked(code: int) -> int:
    if code < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Landlock: {os.strerror(number)}")
    return code


def libraries() -> tuple[Path, ...]:
    """Return what a job reads besides its folder: Python, the system, fonts, devices.

    The kit's own package is among them, the folder around it is not: a checkout holds clients.
    """
    import site

    here = Path(__file__).resolve().parent.parent
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises where there is none
    found = [
        here,
        here.parent / "pyproject.toml",
        *(Path(p) for p in (sys.prefix, sys.base_prefix, sys.exec_prefix)),
        *(Path(p) for p in (*site.getsitepackages(), site.getusersitepackages())),
        *(Path(p) for p in sys.path if Path(p).name in ("site-packages", "dist-packages")),
        *(Path(p) for p in ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc", "/opt")),
        *(Path(p) for p in ("/proc", "/sys", "/nix/store", "/var/cache/fontconfig")),
        *(Path("/dev") / name for name in ("random", "urandom", "zero")),
        *(home / name for name in (".fonts", ".local/share/fonts", ".cache/matplotlib")),
        *(Path(os.environ[name]) for name in ("MPLCONFIGDIR",) if name in os.environ),
    ]
    return tuple(dict.fromkeys(path.resolve() for path in found))


LIBRARIES_MB = 256
"""What a kernel comes to hold of the libraries' own pages, which are not the notebook's."""

_EVERY = 0.2


@contextmanager
def memory_watched(
    root: Callable[[], int | None], megabytes: int, stop: Callable[[], None]
) -> Iterator[None]:
    """Call `stop` once a process and all it started hold more than so much, shared maps included.

    `RLIMIT_DATA` holds for each process alone and does not know shared memory.
    """
    if not megabytes or not sys.platform.startswith("linux"):
        yield
        return
    over, done = (megabytes + LIBRARIES_MB) * 1024, threading.Event()

    def watch() -> None:
        while not done.wait(_EVERY):
            pid = root()
            if pid is None:
                continue
            family = _listed(pid)
            resident = sum(_kilobytes(p, "status", ("RssAnon:", "RssShmem:")) for p in family)
            if resident <= over:
                continue
            share = (_kilobytes(p, "smaps_rollup", ("Pss_Anon:", "Pss_Shmem:")) for p in family)
            if sum(share) > over:  # pages that several hold are counted once
                stop()
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _kilobytes(pid: int, file: str, fields: tuple[str, ...]) -> int:
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0  # it has ended
    return sum(int(line.split()[1]) for line in lines.splitlines() if line.startswith(fields))


def _listed(pid: int) -> list[int]:
    """Return a process and its offspring; where the system lists children, without a search.

    Such a list may lack one while another ends: enough to watch by, not to end all by.
    """
    if not Path(f"/proc/self/task/{threading.get_native_id()}/children").exists():
        return [pid, *offspring(pid)]
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        for path in Path(f"/proc/{found[-1]}/task").glob("*/children"):
            with suppress(OSError):
                todo += map(int, path.read_text(encoding="ascii").split())
    return found


def offspring(pid: int, spare: Collection[int] = ()) -> list[int]:
    """Return what a process started, and what that started, but some and theirs; Linux."""
    children: dict[int, list[int]] = {}
    for entry in os.scandir("/proc") if os.path.isdir("/proc/self") else ():  # noqa: PTH112
        if entry.name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                told = Path(entry.path, "stat").read_bytes()
                parent = int(told[told.rindex(b")") + 2 :].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        born = [child for child in children.get(todo.pop(), ()) if child not in spare]
        found += born
        todo += born
    return found


def adopt_orphans() -> None:
    """Become the parent of what descendants leave behind, sessions of their own or not; Linux."""
    if sys.platform.startswith("linux"):
        _checked(_libc().prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))


def end_offspring(spare: Collection[int] = ()) -> None:
    """Kill and bury all that descends from this process but some and theirs; Linux."""
    until = time.monotonic() + 10
    while (left := offspring(os.getpid(), spare)) and time.monotonic() < until:
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        for pid in left:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(0.002)


def die_with_parent(parent: int, number: int = 9) -> None:
    """Have Linux send this process a signal when its parent ends; if it has, end now."""
    if sys.platform.startswith("linux"):
        _libc().prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
