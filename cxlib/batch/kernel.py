"""A kernel of one job, confined: forked from the warm process, or started cold.

``python -m cxlib.batch.kernel ORDER`` is the cold way; both ways end in `serve`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from cxlib.batch import confine
from cxlib.data.apart import limit_memory

SAFE = (
    *("HOME", "MPLCONFIGDIR"),
    *("PATH", "LANG", "LANGUAGE", "TZ", "SOURCE_DATE_EPOCH", "VIRTUAL_ENV", "CONDA_PREFIX"),
    *("SYSTEMROOT", "WINDIR", "COMSPEC", "NUMBER_OF_PROCESSORS", "LD_LIBRARY_PATH"),
)
"""Of the environment, what a kernel may know; keys, passwords and addresses are not among it."""


def environment(folder: Path | None = None) -> dict[str, str]:
    """Return the environment of a kernel: no secrets, one thread, everything private to its job.

    Without a folder, that of the process that kernels are forked from.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in SAFE or name.startswith(("LC_", "PYTHON"))
    }
    kept |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
    kept |= {"PYDEVD_DISABLE_FILE_VALIDATION": "1", "PYTHONHASHSEED": "0"}
    kept |= {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    if folder is not None:
        private = str(folder / "tmp")
        kept |= dict.fromkeys(("TMPDIR", "TEMP", "TMP", "IPYTHONDIR"), private)
        kept |= {"CX_HOME": str(folder), "CX_JOB": str(folder)}
    return kept


def serve(*, connection_file: str, folder: Path, memory: int, parent: int) -> None:
    """Be the kernel until told to stop; does not return.

    It is told where its connection file lies, the folder to work and write in, the megabytes it may
    allocate on top of the libraries (0: no limit), and the process that it must not survive.
    """
    confine.die_with_parent(parent)
    kept = environment(folder)
    os.environ.clear()
    os.environ.update(kept)
    os.chdir(folder)
    _quieten(folder / "tmp" / "kernel.log")
    _reseed()
    limit_memory(memory)
    sockets = Path(connection_file).parent
    confine.restrict(write=[folder, sockets, *confine.DEVICES], read=confine.libraries())
    from traitlets.config import Config

    told = {"connection_file": connection_file, "capture_fd_output": False, "log_level": "CRITICAL"}
    kernel: Any = application().instance(
        config=Config(IPKernelApp=told, HistoryManager={"enabled": False})
    )
    kernel.initialize()
    kernel.start()


@cache
def application() -> Any:
    """Return the kernel's application, which knows all it needs; made once, before any fork."""
    from ipykernel import ipkernel
    from ipykernel.kernelapp import IPKernelApp

    ipkernel.sys = _NoModules()  # type: ignore[attr-defined, assignment]

    class Kernel(IPKernelApp):
        """Has no command line to parse, and no file of settings."""

        def parse_command_line(self, argv: Any = None) -> None:
            """Do nothing."""

        def load_config_file(self, *_told: Any, **_options: Any) -> None:
            """Do nothing."""

    return Kernel


class _NoModules:
    """Is ``sys`` to the kernel, which lists every module for a debugger that no job has.

    Looking at them all costs a forked process, which copies what it touches, a thirtieth of a job.
    """

    modules: ClassVar[dict[str, Any]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)


def _quieten(log: Path) -> None:
    """Let what libraries print past Python end in the job's folder, not on the run's terminal."""
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor in (1, 2):
        os.dup2(handle, descriptor)
    os.close(handle)


def _reseed() -> None:
    """Give the global random generators states of their own: forks share their parent's."""
    import random

    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def read_order(content: bytes) -> dict[str, Any]:
    """Return what `serve` is told, from JSON."""
    order: dict[str, Any] = json.loads(content)
    return order | {"folder": Path(order["folder"])}


def main() -> None:
    """Start cold: read the order from a file, and be the kernel, or what ends all it started."""
    order = read_order(Path(sys.argv[1]).read_bytes())
    if not sys.platform.startswith("linux"):
        serve(**order)
    keeper = os.getpid()
    confine.adopt_orphans()
    pid = os.fork()
    if pid == 0:
        serve(**order | {"parent": keeper})

    def end(number: int, frame: Any) -> None:
        os.kill(pid, signal.SIGKILL)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    confine.die_with_parent(order["parent"], signal.SIGTERM)
    _pid, status = os.waitpid(pid, 0)
    confine.end_offspring()
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(keeper, -code)
    os._exit(code)


if __name__ == "__main__":
    main()
