"""Raw data is read in a process of its own, which ends at its limits of time and memory.

`within` is what such a process does; `apart` starts one. Where a warm process is at hand, a run
forks it there instead.
"""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from cxlib.errors import CxError, DataError, SetupError

R = TypeVar("R")

VARIABLE = "CX_INTAKE_LIMITS"
"""``seconds,megabytes`` for intakes of `cx check` and of notebooks; 0 is no limit."""

_SHORT = re.compile(r"MemoryError|out of memory|bad.?alloc", re.IGNORECASE)


@dataclass(frozen=True)
class Limits:
    """What a job, or an intake, may use: seconds and megabytes, 0 for no limit; cold or forked."""

    timeout: float = 600.0
    memory: int = 4096
    cold: bool = False


def usual() -> Limits:
    """Return the limits that the environment sets, else the kit's."""
    told = os.environ.get(VARIABLE)
    if told is None:
        return Limits()
    numbers = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*,\s*(\d+)\s*", told)
    if numbers is None:
        raise SetupError(f"{VARIABLE} is {told!r}; write seconds and megabytes, such as 600,4096.")
    return Limits(timeout=float(numbers[1]), memory=int(numbers[2]))


def apart(function: Callable[..., R], *arguments: Any, limits: Limits | None = None) -> R:
    """Return what a module's function returns, or raise what it raises, from a process of its own.

    Without limits it is called here. At the end of its time or memory it is a `DataError`.
    """
    limits = limits or usual()
    if not (limits.timeout or limits.memory):
        return function(*arguments)
    try:
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "cxlib.data.apart"],
            input=pickle.dumps((limits.memory, function, arguments)),
            capture_output=True,
            timeout=limits.timeout or None,
            check=False,
        )
        good, answer = pickle.loads(ended.stdout)
    except subprocess.TimeoutExpired:
        raise DataError(late(limits)) from None
    except (EOFError, pickle.UnpicklingError):
        raise DataError(died("its process was killed or crashed", limits)) from None
    if good:
        made: R = answer
        return made
    raise answer


def late(limits: Limits) -> str:
    """Say that an intake took too long."""
    return f"reading its data: stopped at its time limit of {limits.timeout:g} s"


def died(how: object, limits: Limits) -> str:
    """Say that an intake did not live to answer."""
    told = f" (its memory limit is {limits.memory} MB)" if limits.memory else ""
    return f"reading its data: {how}{told}"


def within(memory: int, function: Callable[..., R], *arguments: Any) -> R:
    """Call a function in this process, which is for nothing else, with so many megabytes."""
    limit_memory(memory)
    os.environ[VARIABLE] = "0,0"  # this very process has its limits
    try:
        return function(*arguments)
    except Exception as error:
        if memory and _SHORT.search(_told(error)):
            raise DataError(short(error, memory)) from None
        raise


def short(error: object, memory: int) -> str:
    """Return an error's words, with the memory limit if it came of that."""
    told = _told(error)
    return f"{told} (its memory limit is {memory} MB)" if memory and _SHORT.search(told) else told


def _told(error: object) -> str:
    plain = isinstance(error, (str, CxError))
    return str(error) if plain else f"{type(error).__name__}: {error}"


def limit_memory(megabytes: int) -> None:
    """Let this process, and each it starts, allocate at most so much more than it has now.

    Linux counts what is written or could be (``RLIMIT_DATA``), so that an allocation too many is
    a `MemoryError` where it is asked for. Elsewhere, and for 0, nothing is limited.
    """
    if not megabytes or not sys.platform.startswith("linux"):
        return
    import resource

    status = Path("/proc/self/status").read_text(encoding="ascii")
    now = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmData:"))
    limit = now * 1024 + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def main() -> None:
    """Do what is asked on standard input, and answer on standard output, which is nobody else's."""
    answer_to = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    memory, function, arguments = pickle.loads(sys.stdin.buffer.read())
    try:
        answer: tuple[bool, Any] = (True, within(memory, function, *arguments))
    except Exception as error:  # noqa: BLE001 - it is raised again where it was asked for
        answer = (False, error if isinstance(error, CxError) else RuntimeError(_told(error)))
    with answer_to:
        answer_to.write(pickle.dumps(answer))


if __name__ == "__main__":
    main()
